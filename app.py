"""The planner's screen: choose a scenario, read the verdicts. Start it with: streamlit run app.py."""

from __future__ import annotations

import streamlit as st

from simvet.loading import load_scenario, scenario_files
from simvet.report.export import verdict_frame
from simvet.report.wording import LANGUAGES, Language, number, word
from simvet.result import simulate
from simvet.targets import Verdict, not_modelled

DRAWS = 300


@st.cache_data(show_spinner=False)
def verdicts_of(name: str, digest: str, draws: int) -> list[Verdict]:
    """Return the verdicts of a scenario; the digest makes an edited file a new question."""
    del digest
    return simulate(name, draws).verdicts()


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
        column.metric(
            verdict.target.labels[language],
            f"{verdict.probability * 100:.0f}%",
            f"{number(verdict.median, verdict.unit, language)} / {number(verdict.bound, verdict.unit, language)}",
            delta_color="off",
        )
    st.dataframe(verdict_frame(verdicts), hide_index=True)
    others = not_modelled(scenario)
    st.caption(word("text", "other_title", language, count=len(others)))
    st.caption("、".join(target.labels[language] for target in others))


st.set_page_config(page_title="simvet", layout="wide")
chosen: Language = st.radio("语言 / Language", LANGUAGES, horizontal=True)
show(chosen)
