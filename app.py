"""The planner's screen: choose a scenario, read the verdicts. Start it with: streamlit run app.py."""

from __future__ import annotations

import streamlit as st

from simvet.loading import load_scenario, scenario_files
from simvet.report.register import need_text
from simvet.report.terminal import bound_text, cause_text, gap_text
from simvet.report.wording import LANGUAGES, Language, band, number, word
from simvet.result import simulate
from simvet.targets import missing_datum, not_modelled
from simvet.verdicts import Verdict

DRAWS = 300
# Pixels: some twenty targets at once. A string here would be shown on the page.
TALL = 640


@st.cache_data(show_spinner=False)
def verdicts_of(name: str, digest: str, draws: int) -> list[Verdict]:
    """Return the verdicts of a scenario; the digest makes an edited file a new question."""
    del digest
    return simulate(name, draws).verdicts()


def row_of(verdict: Verdict, language: Language) -> dict[str, str]:
    """Return a verdict as a row of the table, in the words of the terminal."""
    name = verdict.target.labels[language]
    reading = word("reading", verdict.reading, language)
    if reading != verdict.reading:
        name = word("text", "reading", language, name=name, reading=reading)
    bound = word("text", "bound_cell", language, bound=bound_text(verdict, language), year=verdict.target.year)
    mark = " †" if verdict.assumed_base else ""
    cells = (
        ("column_target", name),
        ("column_bound", bound),
        ("column_median", band(verdict.median, verdict.low, verdict.high, verdict.unit, language)),
        ("column_gap", gap_text(verdict, language)),
        ("column_probability", f"{verdict.probability * 100:.0f}% ±{verdict.error * 100:.1f}{mark}"),
        ("column_cause_short", cause_text(verdict, language, short=True)),
        ("column_owner_short", word("owner", verdict.owner, language) if verdict.owner else "–"),
        ("column_need", need_text(verdict, language)),
    )
    return {word("text", key, language): cell for key, cell in cells}


def show(language: Language) -> None:
    """Draw the page."""
    names = list(scenario_files())
    titles = {name: load_scenario(name).labels[language] for name in names}
    name = st.selectbox(
        word("text", "list_title", language),
        names,
        format_func=titles.__getitem__,
        index=names.index("zhejiang"),
        key="scenario",
    )
    scenario = load_scenario(name)
    with st.spinner(word("text", "progress_run", language)):
        verdicts = verdicts_of(name, scenario.digest + scenario.data_digest, DRAWS)
    heads = [verdict for verdict in verdicts if verdict.headline][:4]
    for column, verdict in zip(st.columns(len(heads)), heads, strict=True):
        value, bound = number(verdict.median, verdict.unit, language), bound_text(verdict, language)
        column.metric(verdict.target.labels[language], f"{verdict.probability * 100:.0f}%")
        column.caption(f"{value} · {bound}")
    st.dataframe([row_of(verdict, language) for verdict in verdicts], hide_index=True, height=TALL)
    st.caption(word("text", "probability_note", language))
    for target in not_modelled(scenario):
        missing = missing_datum(target)
        if missing is not None:
            name = target.labels[language]
            st.caption(word("text", "lacking_line", language, name=name, missing=missing[language]))


st.set_page_config(page_title="simvet", layout="wide")
chosen: Language = st.radio("语言 / Language", LANGUAGES, horizontal=True)
show(chosen)
