"""Capacity: places against demand, what binds where, what it costs, when projects open, and what stays empty."""

from __future__ import annotations

import math
from html import escape

import streamlit as st

from simvet.planning.answering import plan_scenario
from simvet.planning.views import Bar, Bind, Cohorts
from simvet.planning.words import plan_title
from simvet.report.figures import find_target
from simvet.report.why_figures import PALETTE
from simvet.report.wording import number, word
from simvet.rules.names import LIMITS, PROVIDERS
from simvet.scenario import Scenario
from simvet.screen.charts import gantt, heat, mark_of, places_demand
from simvet.screen.charts_base import STYLE, Cell, clauses, facts_table, joined, named, told
from simvet.screen.charts_maps import dominant
from simvet.screen.frame import watch
from simvet.screen.overview import badge
from simvet.screen.session import Session, best_answer, session, viewed
from simvet.screen.students import find_fan, full_title, heading, show_fan, vega

STAGE = "secondary_vocational"
PER_STAGE = ("students_per_teacher", "dual_qualified_share", "equipment_per_student")
MONEY = ("recurrent_need", "capital_need", "financing_gap")


def show() -> None:
    """Draw the page; unit: on the page; errors: told; source: the answer to the plan."""
    desk = session()
    scenario = plan_scenario(desk.plan)
    answer = best_answer(desk)
    title = desk.say("capacity_title", plan=plan_title(desk.plan, desk.language))
    st.html(STYLE)
    st.html(f"<h3>{escape(title)}</h3>{badge(desk, answer)}")
    _places(desk, scenario)
    _cohorts(desk, scenario)
    _binding(desk, scenario)
    _resources(desk, scenario)
    _projects(desk, scenario)
    watch(desk)


def _places(desk: Session, scenario: Scenario) -> None:
    heading(desk, "capacity_places")
    region = scenario.regions[0].region
    asked = (("places", "region"), ("effective_places", STAGE), ("enrolment", STAGE))
    found = [find_fan(desk, region, *pair) for pair in asked]
    lacking = [full_title(desk, *pair) for pair, one in zip(asked, found, strict=True) if one is None]
    for name in lacking:
        st.info(desk.say("students_unknown", name=name))
    places, usable, enrolment = found
    if places is None or usable is None or enrolment is None:
        return
    mark = mark_of(find_target(scenario, "places", "region", region), places, desk.language)
    vega(places_demand(places, usable, enrolment, desk.language, mark))
    st.caption(desk.say("chart_legend_note_many"))


def _cohorts(desk: Session, scenario: Scenario) -> None:
    found = viewed(desk, "cohorts", scenario.regions[0].region)
    if not isinstance(found, Cohorts):
        return
    heading(desk, "capacity_cohorts", last=found.last)
    columns = st.columns(4)
    years = tuple(f"{year:.0f}" for year in found.peak)
    columns[0].metric(
        desk.say("capacity_peak"), desk.say("capacity_peak_year", year=years[1]), delta_color="off", delta_arrow="off",
        delta=desk.say("capacity_metric_band", low=years[0], high=years[2]),
    )  # fmt: skip
    held = (("empty", "places", found.empty), ("excess", "places", found.excess), ("excess_cost", "CNY", found.cost))
    for column, (key, unit, three) in zip(columns[1:], held, strict=True):
        median = told(three[1], unit, desk.language)
        low, high = (number(value, unit, desk.language) for value in (three[0], three[2]))
        delta = desk.say("capacity_metric_band", low=low, high=high) if low != high else None
        column.metric(
            desk.say(f"capacity_{key}", last=found.last), median, delta=delta, delta_color="off", delta_arrow="off"
        )
    st.markdown(_sentence(desk, found, scenario.as_of))


def _sentence(desk: Session, found: Cohorts, as_of: int) -> str:
    """Return what falling cohorts mean, as a planner says it; unit: with each number; errors: none; source: view."""
    lang = desk.language
    peaked = "capacity_sentence" if found.peak[1] > as_of else "capacity_sentence_past"
    text = desk.say(
        peaked, peak=f"{found.peak[1]:.0f}", most=told(found.peak_students, "persons", lang), last=found.last,
        end=told(found.last_students, "persons", lang),
    )  # fmt: skip
    if found.empty[1] < 0.5:
        return text + desk.say("capacity_sentence_full")
    text += desk.say("capacity_sentence_empty", empty=told(found.empty[1], "places", lang))
    if found.excess[1] < 0.5:
        return text + desk.say("capacity_sentence_none_built")
    excess, cost = told(found.excess[1], "places", lang), told(found.cost[1], "CNY", lang)
    return text + desk.say("capacity_sentence_excess", excess=excess, cost=cost)


def _binding(desk: Session, scenario: Scenario) -> None:
    heading(desk, "capacity_binding")
    found = viewed(desk, "binding", scenario.regions[0].region)
    binds = [one for one in found if isinstance(one, Bind)] if isinstance(found, list) else []
    if not binds:
        st.info(desk.say("students_unknown", name=desk.say("capacity_binding")))
        return
    vega(heat(binds, desk.language))
    st.caption(desk.say("capacity_binding_note"))
    heads = [desk.say(f"capacity_{key}") for key in ("limit", "limit_short", "limit_means", "limit_where")]
    st.html(facts_table(desk.say("capacity_limit_caption"), heads, _limit_rows(desk, binds)))


def _limit_rows(desk: Session, binds: list[Bind]) -> list[list[Cell]]:
    """Return the legend of the heat map: each limit that comes first somewhere, and where; source: the view."""
    tops, rows = dominant(binds), []
    for limit in LIMITS:
        mine = [one for one in tops if one.limit == limit]
        if not mine:
            continue
        where = []
        for stage in dict.fromkeys(one.stage for one in mine):
            years = spans([one.year for one in mine if one.stage == stage])
            where.append(desk.say("capacity_where", stage=word("stage", stage, desk.language), years=years))
        rows.append([
            Cell(word("limit", limit, desk.language), colour=PALETTE[limit]), Cell(desk.say(f"chart_limit_{limit}")),
            Cell(desk.say(f"capacity_means_{limit}")), Cell(clauses(where, desk.language)),
        ])  # fmt: skip
    return rows


def spans(years: list[int]) -> str:
    """Return years as spans, such as "2021–2024, 2030"; unit: school years; errors: none; source: the years."""
    runs: list[list[int]] = []
    for year in sorted(years):
        if runs and year == runs[-1][1] + 1:
            runs[-1][1] = year
        else:
            runs.append([year, year])
    return ", ".join(f"{first}" if first == last else f"{first}–{last}" for first, last in runs)


def _resources(desk: Session, scenario: Scenario) -> None:
    heading(desk, "capacity_resources")
    kept = st.session_state.get("capacity_stage_kept", PROVIDERS[0])
    stage = st.selectbox(
        desk.say("capacity_stage"), PROVIDERS, index=PROVIDERS.index(kept), key=f"capacity_stage|{desk.language}",
        format_func=lambda one: word("stage", one, desk.language),
    )  # fmt: skip
    st.session_state["capacity_stage_kept"] = stage
    _side_by_side(desk, scenario, [(name, stage) for name in PER_STAGE])
    st.markdown(f"**{desk.say('capacity_money')}**")
    _side_by_side(desk, scenario, [(name, "region") for name in MONEY])
    st.caption(desk.say("chart_legend_note"))


def _side_by_side(desk: Session, scenario: Scenario, pairs: list[tuple[str, str]]) -> None:
    for column, (name, stage) in zip(st.columns(len(pairs), gap="medium"), pairs, strict=True):
        with column:
            st.markdown(full_title(desk, name, stage))
            show_fan(desk, scenario, name, stage)


def _projects(desk: Session, scenario: Scenario) -> None:
    heading(desk, "capacity_projects")
    found = viewed(desk, "timeline", scenario.regions[0].region)
    bars = [one for one in found if isinstance(one, Bar)] if isinstance(found, list) else []
    if not bars:
        st.info(desk.say("capacity_no_projects"))
        return
    late = sum(bar.too_late for bar in bars)
    if late:
        st.warning(desk.say("capacity_late_count", count=len(bars), late=late))
    vega(gantt(bars, desk.language))
    st.caption(desk.say("capacity_projects_note"))
    heads = [desk.say(f"capacity_{key}") for key in ("project", "start", "finish", "needed", "in_time", "never",
                                                     "added", "cost", "latest")]  # fmt: skip
    several = {bar.name for bar in bars if bar.number > 1}
    rows = [_project_row(desk, bar, bar.name in several) for bar in bars]
    table = facts_table(desk.say("capacity_projects_caption", count=len(bars)), heads, rows)
    with st.expander(desk.say("capacity_projects_table"), expanded=len(bars) <= 8):
        st.html(table)


def _project_row(desk: Session, bar: Bar, several: bool) -> list[Cell]:
    language = desk.language
    name = named(bar.name, bar.labels, language)
    percent = number(bar.in_time, "share", language) if bar.needed_by is not None else desk.say("capacity_no_need")
    return [
        Cell(desk.say("capacity_unit", name=name, number=bar.number) if several else name,
             joined([word("stage", bar.stage, language), word("owner", bar.owner, language)], language)),
        _dated(bar.start), _dated(bar.finish),
        Cell(desk.say("chart_september", year=bar.needed_by) if bar.needed_by is not None else "–"),
        Cell(desk.say("capacity_never_late", percent=percent) if bar.too_late else percent,
             css="late" if bar.too_late else ""),
        Cell(number(bar.never, "share", language)), Cell(told(bar.places, "places", language)),
        Cell(told(bar.cost, "CNY", language) if bar.cost > 0.0 else "–"),
        Cell(str(bar.latest_start) if bar.latest_start is not None else "–"),
    ]  # fmt: skip


def _dated(three: tuple[float, float, float]) -> Cell:
    if not math.isfinite(three[1]):
        return Cell("–")
    return Cell(f"{three[1]:.1f}", f"{three[0]:.1f}–{three[2]:.1f}")
