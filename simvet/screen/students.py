"""Students: where they go, how many there are, the ratios that plans are judged by, and where gates close."""

from __future__ import annotations

import math
from collections import Counter
from html import escape

import streamlit as st

from simvet.errors import InputError
from simvet.planning.answering import plan_scenario
from simvet.planning.views import STUDENT_FANS, CutOff, Fan, Flow
from simvet.planning.words import plan_title
from simvet.report.figures import find_target
from simvet.report.wording import number, word
from simvet.scenario import Scenario, Target
from simvet.screen.charts import closing as closing_options
from simvet.screen.charts import cut_offs, fan, is_empty, mark_of, mark_text, option_name, sankey
from simvet.screen.charts_base import STYLE, Cell, Drawn, facts_table, joined
from simvet.screen.frame import watch
from simvet.screen.overview import badge
from simvet.screen.session import Session, best_answer, session, viewed

FIRST_LOOK = 2025
"""Year at which most plans' targets stand: the one that the page opens with."""
SANKEY = 540
"""Pixels; the least at which nine destinations keep their labels apart."""
RATIOS = ("general_vocational_ratio", "progression_rate", "topup_rate", "integrated_share", "dropout_rate",
          "local_retention")  # fmt: skip
ROUGH = "general_vocational_ratio"
"""The ratio whose target is a range of its own, not a number."""


def show() -> None:
    """Draw the page; unit: on the page; errors: told; source: the answer to the plan."""
    desk = session()
    scenario = plan_scenario(desk.plan)
    answer = best_answer(desk)
    title = desk.say("students_title", plan=plan_title(desk.plan, desk.language))
    st.html(STYLE)
    st.html(f"<h3>{escape(title)}</h3>{badge(desk, answer)}")
    _flows(desk, scenario)
    _numbers(desk, scenario)
    _ratios(desk, scenario)
    _cut_offs(desk, scenario)
    watch(desk)


def heading(desk: Session, key: str, **facts: object) -> None:
    """Write the heading of a part; unit, errors: none; source: the catalogue."""
    st.html(f'<h4 class="part">{escape(desk.say(key, **facts))}</h4>')


def vega(drawn: Drawn) -> None:
    """Show a chart of Vega as wide as the page; unit: on the chart; errors: none; source: the chart."""
    st.vega_lite_chart(drawn.rows, drawn.spec, width="stretch", theme=None, alt=drawn.alt)


def find_fan(desk: Session, region: str, name: str, stage: str) -> Fan | None:
    """Return an indicator over the years, None where the region knows nothing of it.

    Notes
    -----
    Unit: the indicator's. Errors: none; an indicator that the region lacks is None. Source: the answer to the plan.
    """
    try:
        found = viewed(desk, "fan", region, name, stage)
    except InputError:
        return None
    return found if isinstance(found, Fan) and not is_empty(found) else None


def full_title(desk: Session, name: str, stage: str) -> str:
    """Return an indicator's name with its stage; unit, errors: none; source: the catalogue."""
    told = word("indicator", name, desk.language)
    if stage == "region":
        return told
    return word("text", "of_stage", desk.language, stage=word("stage", stage, desk.language), name=told)


def show_fan(desk: Session, scenario: Scenario, name: str, stage: str) -> None:
    """Draw an indicator with its target, or say that nothing is known of it.

    Notes
    -----
    Unit: on the chart. Errors: none. Source: the answer.
    """
    region = scenario.regions[0].region
    title = full_title(desk, name, stage)
    found = find_fan(desk, region, name, stage)
    if found is None:
        st.info(desk.say("students_unknown", name=title))
        return
    mark = mark_of(find_target(scenario, name, stage, region), found, desk.language)
    vega(fan([(title, found)], desk.language, mark, milestone=True))


def target_year(scenario: Scenario) -> int:
    """Return the year in which most of the region's targets stand; unit: school year; errors: none; source: targets."""
    region = scenario.regions[0].region
    years = Counter(t.year for t in scenario.targets if t.region == region and t.kind not in ("baseline", "lever"))
    return years.most_common(1)[0][0] if years else FIRST_LOOK


def _flows(desk: Session, scenario: Scenario) -> None:
    region = scenario.regions[0].region
    years = range(scenario.base_year + 1, scenario.until + 1)
    heading(desk, "students_flows")
    year = _year_slider(desk, list(years))
    found = viewed(desk, "flows", region, year)
    flows = [one for one in found if isinstance(one, Flow)] if isinstance(found, list) else []
    if not flows:
        st.info(desk.say("students_unknown", name=desk.say("students_flows")))
        return
    drawn = sankey(flows, year, desk.language)
    st.echarts_chart(drawn.spec, height=SANKEY, theme=None, renderer="svg", alt=drawn.alt, key="students_sankey")
    st.caption(desk.say("students_flows_note"))
    heads = [desk.say(f"students_{key}") for key in ("from", "to", "persons", "share")]
    rows = [
        [Cell(row["from"]), Cell(row["to"]), Cell(row["band"] or row["persons"]),
         Cell(number(row["share"], "share", desk.language))]
        for row in drawn.rows
    ]  # fmt: skip
    with st.expander(desk.say("students_flow_table")):
        st.html(facts_table(desk.say("students_flow_caption", year=year), heads, rows))


def _year_slider(desk: Session, years: list[int]) -> int:
    """Return the year chosen; it is kept while other pages are looked at, as far as the next region has it."""
    kept = st.session_state.get("students_year_kept")
    start = kept if kept in years else FIRST_LOOK if FIRST_LOOK in years else years[len(years) // 2]
    # Limits of another region would break a slider that remembers its value: each range has one of its own.
    key = f"students_year|{years[0]}|{years[-1]}"
    if key not in st.session_state:
        st.session_state[key] = start
    year = int(st.slider(desk.say("students_year"), years[0], years[-1], step=1, key=key))
    st.session_state["students_year_kept"] = year
    return year


def _numbers(desk: Session, scenario: Scenario) -> None:
    heading(desk, "students_numbers")
    key = "students_series_kept"
    kept = st.session_state.get(key, 0)
    place = st.selectbox(
        desk.say("students_choose"), range(len(STUDENT_FANS)), index=kept, key=f"students_series|{desk.language}",
        format_func=lambda one: full_title(desk, *STUDENT_FANS[one]),
    )  # fmt: skip
    st.session_state[key] = place
    show_fan(desk, scenario, *STUDENT_FANS[place])
    st.caption(desk.say("chart_legend_note"))


def _ratios(desk: Session, scenario: Scenario) -> None:
    heading(desk, "students_ratios")
    region, language = scenario.regions[0].region, desk.language
    heads = [
        desk.say("students_ratio"), desk.say("students_in_as_of", year=scenario.as_of), desk.say("students_in_target"),
        desk.say("students_in_last", year=scenario.until), desk.say("students_target"),
    ]  # fmt: skip
    rows = []
    for name in RATIOS:
        target = find_target(scenario, name, "region", region)
        if name == ROUGH:
            target = next((t for t in scenario.targets if t.key == ROUGH and t.region == region), None)
        year = target.year if target else target_year(scenario)
        found = find_fan(desk, region, name, "region")
        what = Cell(word("indicator", name, language), word("formula", name, language))
        cells = [_value(desk, found, one) for one in (scenario.as_of, year, scenario.until)]
        cells[1] = Cell(cells[1].text, f"{cells[1].small} · {desk.say('capacity_peak_year', year=year)}".lstrip(" ·"))
        rows.append([what, *cells, Cell(_target(desk, target))])
        if name == ROUGH:
            rows.append(_enrolment_ratio(desk, scenario, (scenario.as_of, year, scenario.until)))
    st.html(facts_table(desk.say("students_ratios_caption"), heads, rows))


def _target(desk: Session, target: Target | None) -> str:
    if target is None:
        return desk.say("students_no_target")
    return mark_text(target, desk.language)


def _value(desk: Session, found: Fan | None, year: int) -> Cell:
    if found is None:
        return Cell("–")
    if year not in found.years:
        return Cell(desk.say("students_outside"))
    five = [float(value) for value in found.quantiles[:, found.years.index(year)]]
    if not math.isfinite(five[2]):
        return Cell("–")
    low, median, high = (number(five[place], found.unit, desk.language) for place in (0, 2, 4))
    return Cell(median, f"{low.removesuffix('%')}–{high}")


def _enrolment_ratio(desk: Session, scenario: Scenario, years: tuple[int, int, int]) -> list[Cell]:
    """Return the row of the ratio that no view has: medians divided, and said to be so; source: two views."""
    region = scenario.regions[0].region
    general = find_fan(desk, region, "enrolment", "general_high")
    vocational = find_fan(desk, region, "enrolment", "secondary_vocational")
    cells = [Cell(desk.say("students_enrolment_ratio"), desk.say("students_enrolment_formula"))]
    for place, year in enumerate(years):
        text = "–"
        if general is not None and vocational is not None and year in general.years:
            column = general.years.index(year)
            above, beside = float(general.quantiles[2, column]), float(vocational.quantiles[2, column])
            text = number(above / (above + beside), "share", desk.language) if above + beside > 0.0 else text
        cells.append(Cell(text, desk.say("capacity_peak_year", year=year) if place == 1 else ""))
    return [*cells, Cell(desk.say("students_no_target"))]


def _cut_offs(desk: Session, scenario: Scenario) -> None:
    heading(desk, "students_cutoffs")
    found = viewed(desk, "cutoffs", scenario.regions[0].region)
    cuts = [one for one in found if isinstance(one, CutOff)] if isinstance(found, list) else []
    gates = [gate.key for gate in scenario.pathway.gates if any(one.gate == gate.key for one in cuts)]
    if not gates:
        st.info(desk.say("students_unknown", name=desk.say("students_cutoffs")))
        return
    names = {key: scenario.pathway.gate(key).labels[desk.language] for key in gates}
    kept = st.session_state.get("students_gate_kept")
    gate = st.selectbox(
        desk.say("students_gate"), gates, index=gates.index(kept) if kept in gates else 0,
        format_func=names.__getitem__, key=f"students_gate|{desk.language}",
    )  # fmt: skip
    st.session_state["students_gate_kept"] = gate
    closing, open_ones = closing_options(cuts, gate)
    if closing:
        vega(cut_offs(cuts, gate, names[gate], desk.language))
        st.caption(desk.say("students_cutoffs_note"))
    else:
        st.info(desk.say("students_cutoffs_none"))
    if closing and open_ones:
        listed = joined([option_name(option, desk.language) for option in open_ones], desk.language)
        st.caption(desk.say("students_cutoffs_open", options=listed))
