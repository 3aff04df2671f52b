"""Student by student: the agent engine at full scale, its schools, its gates, and single lives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from simvet.planning.answering import SEED
from simvet.planning.own import find_plan_scenario
from simvet.planning.plan import Plan
from simvet.scenario import Scenario
from simvet.screen.people_lives import WANTED, show_life
from simvet.screen.pieces import LABELS, html_table, line_spec
from simvet.screen.progress import Kept, kept, running, show_task, tell_age
from simvet.screen.service import service
from simvet.screen.session import Session, session
from simvet.screen.target_rows import same_region

if TYPE_CHECKING:
    from simvet.screen.people_run import PeopleFound

PEOPLE = "people"
MEASURES = ("first_choice_share", "mismatch_share")
SHOWN_CUTOFFS = 2_000
"""Rows of cut-offs that are sent to the browser at once; a filter brings the others."""


def show() -> None:
    """Draw the page; unit: printed with each number; errors: told on the page; source: the agent engine."""
    desk = session()
    scenario = find_plan_scenario(desk.plan.scenario)
    st.html(LABELS)
    st.title(desk.say("page_people"))
    st.caption(desk.say("people_intro"))
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        beside = st.checkbox(desk.say("people_beside"), key="people_beside")
        st.button(
            desk.say("people_start"), on_click=start, args=(desk.plan, None, bool(beside)), type="primary",
            disabled=running(desk, PEOPLE), key="people_start",
        )  # fmt: skip
    st.caption(desk.say("people_estimate_two" if beside else "people_estimate"))
    show_task(desk, PEOPLE, about=lambda year: desk.say("people_year", year=year), most=1)
    found = kept(PEOPLE, desk.plan, lambda one: same_region(one.plan, desk.plan))
    if found is None:
        st.info(desk.say("people_none"))
        return
    tell_age(desk, found)
    _results(desk, scenario, found)


def start(plan: Plan, student: int | None, beside: bool) -> None:
    """Run every student one by one; unit: persons; errors: told by the task; source: the agent engine."""
    if student is not None:
        st.session_state[WANTED] = student
    service().tasks.start(session().user, PEOPLE, plan, SEED, student, beside)


def _results(desk: Session, scenario: Scenario, one: Kept) -> None:
    found: PeopleFound = one.result
    facts = [
        (desk.say("people_students"), f"{found.students:,}"),
        (desk.say("people_schools"), f"{len(found.schools):,}"),
        (desk.say("people_seed"), str(one.arguments[0])),
    ]
    st.html(html_table(desk.say("people_run"), (), facts, "people_facts"))
    synthetic = bool(found.schools["synthetic"].any())
    (st.warning if synthetic else st.info)(desk.say("people_synthetic" if synthetic else "people_real"))
    names = ("life", "schools", "cutoffs", "matching")
    life, schools, cutoffs, matching = st.tabs([desk.say(f"people_tab_{name}") for name in names])
    with life:
        show_life(desk, scenario, found, one.plan, one.arguments[2], start)
    with schools:
        _schools(desk, scenario, found)
    with cutoffs:
        _cutoffs(desk, scenario, found)
    with matching:
        _matching(desk, scenario, found)


def _schools(desk: Session, scenario: Scenario, found: PeopleFound) -> None:
    """Draw how full the schools are: a line for each stage over the years, then every school."""
    labels = {stage: text[desk.language] for stage, text in scenario.pathway.stage_labels.items()}
    fills = found.fills[found.fills["seats"] > 0]
    year, share = (desk.say(f"people_column_{name}") for name in ("year", "fill"))
    lines = pd.DataFrame(
        {"x": fills["year"], "y": fills["placed"] / fills["seats"], "line": fills["stage"].map(labels)}
    )
    order = [labels[name] for name in scenario.pathway.stages if name in set(fills["stage"])]
    st.markdown(f"**{desk.say('people_fill_title')}**")
    st.vega_lite_chart(
        None, line_spec(lines, (year, share), order, from_zero=False), theme=None, width="stretch", key="people_fill",
        alt=desk.say("people_fill_title"),
    )  # fmt: skip
    last = found.admissions[found.admissions["year"] == found.admissions["year"].max()]
    by_code = last[last["school"] != ""].groupby("code")[["seats", "placed"]].sum()
    joined = found.schools.merge(by_code, how="left", left_on="code", right_index=True)
    chosen = st.selectbox(
        desk.say("people_filter_stage"), ["", *dict.fromkeys(joined["stage"])], key="people_schools_stage",
        format_func=lambda name: labels.get(name, desk.say("targets_all")),
    )  # fmt: skip
    if chosen:
        joined = joined[joined["stage"] == chosen]
    columns = ("school", "stage", "district", "seats", "placed", "fill", "enrolment", "progression", "synthetic")
    joined = joined.assign(
        stage=joined["stage"].map(labels), fill=100 * joined["placed"] / joined["seats"],
        progression=100 * joined["progression"], synthetic=_marked(desk, joined["synthetic"]),
    )  # fmt: skip
    heads = {name: desk.say(f"people_column_{name}") for name in columns}
    st.caption(desk.say("people_schools_note", year=int(last["year"].max()), count=len(joined)))
    st.dataframe(
        joined[list(columns)].rename(columns=heads), hide_index=True, height=380, key="people_schools_table",
        alt=desk.say("people_tab_schools"),
        column_config={heads[name]: st.column_config.NumberColumn(format="%.0f%%") for name in ("fill", "progression")},
    )  # fmt: skip


def _marked(desk: Session, synthetic: pd.Series[bool]) -> pd.Series[str]:
    told = {True: desk.say("people_is_synthetic"), False: desk.say("people_is_real")}
    return synthetic.map(told)


def _cutoffs(desk: Session, scenario: Scenario, found: PeopleFound) -> None:
    """Draw where every programme closed, filtered by gate, stage and field."""
    from simvet.schools import known_fields  # noqa: PLC0415

    frame = found.admissions[found.admissions["school"] != ""]
    frame = frame.assign(stage=frame["option"].str.partition("/")[0])
    stages = {stage: text[desk.language] for stage, text in scenario.pathway.stage_labels.items()}
    gates = {gate.key: gate.labels[desk.language] for gate in scenario.pathway.gates}
    fields = {name: field.labels[desk.language] for name, field in known_fields().items()}
    with st.container(horizontal=True, gap="small"):
        for name, labels in (("gate", gates), ("stage", stages), ("field", fields)):
            frame = _filtered(desk, frame, name, labels)
    tracks = {track.name: track.labels[desk.language] for track in scenario.pathway.tracks}
    frame = frame.sort_values(["year", "cutoff", "code"], ascending=[False, False, True])
    shown = frame.head(SHOWN_CUTOFFS)
    shown = shown.assign(
        gate=shown["gate"].map(gates), option=shown["option"].map(lambda name: tracks.get(name, name)),
        field=shown["field"].map(lambda name: fields.get(name, "–")), cutoff=100 * shown["cutoff"],
        synthetic=_marked(desk, shown["synthetic"]),
    )  # fmt: skip
    columns = ("year", "gate", "school", "option", "field", "seats", "placed", "unfilled", "first_choices", "cutoff",
               "position", "synthetic")  # fmt: skip
    heads = {name: desk.say(f"people_column_{name}") for name in columns}
    st.caption(desk.say("people_cutoffs_note", count=len(frame), shown=len(shown)))
    if found.cut:
        st.caption(desk.say("people_cut"))
    st.dataframe(
        shown[list(columns)].rename(columns=heads), hide_index=True, height=420, key="people_cutoffs_table",
        alt=desk.say("people_tab_cutoffs"),
        column_config={
            heads["cutoff"]: st.column_config.NumberColumn(format="%.1f%%"),
            heads["year"]: st.column_config.NumberColumn(format="%d"),
        },
    )  # fmt: skip


def _filtered(desk: Session, frame: pd.DataFrame, name: str, labels: dict[str, str]) -> pd.DataFrame:
    """Return the rows of what is chosen in a list; unit, errors: none; source: the planner."""
    chosen = st.selectbox(
        desk.say(f"people_filter_{name}"), ["", *(str(one) for one in frame[name].unique() if one)],
        key=f"people_cutoffs_{name}", width=220, format_func=lambda one: labels.get(one, desk.say("targets_all")),
    )  # fmt: skip
    return frame[frame[name] == chosen] if chosen else frame


def _matching(desk: Session, scenario: Scenario, found: PeopleFound) -> None:
    """Draw how well applicants and seats met, gate by gate."""
    gates = {gate.key: gate.labels[desk.language] for gate in scenario.pathway.gates}
    measure = st.selectbox(
        desk.say("people_measure"), MEASURES, key="people_measure", width=320,
        format_func=lambda name: desk.say(f"people_column_{name}"),
    )  # fmt: skip
    frame = found.matching.assign(gate=found.matching["gate"].map(gates))
    year, share = (desk.say(f"people_column_{name}") for name in ("year", measure or MEASURES[0]))
    known = frame[frame[measure or MEASURES[0]].notna()]
    lines = pd.DataFrame({"x": known["year"], "y": known[measure or MEASURES[0]], "line": known["gate"]})
    order = [name for name in gates.values() if name in set(known["gate"])]
    st.vega_lite_chart(
        None, line_spec(lines, (year, share), order), theme=None, width="stretch", key="people_match",
        alt=desk.say("people_match_alt", measure=share),
    )  # fmt: skip
    columns = ("year", "gate", "applicants", "listed", "placed", "first_choice_share", "supplementary", "unfilled",
               "mismatch_share")  # fmt: skip
    frame = frame.assign(**{name: 100 * frame[name] for name in MEASURES})
    place = {name: number for number, name in enumerate(gates.values())}
    frame = frame.assign(place=frame["gate"].map(place)).sort_values(["place", "year"])
    heads = {name: desk.say(f"people_column_{name}") for name in columns}
    shares = {heads[name]: st.column_config.NumberColumn(format="%.1f%%") for name in MEASURES}
    st.dataframe(
        frame[list(columns)].rename(columns=heads), hide_index=True, height=380, key="people_match_table",
        alt=desk.say("people_tab_matching"),
        column_config={**shares, heads["year"]: st.column_config.NumberColumn(format="%d")},
    )  # fmt: skip
    st.caption(desk.say("people_matching_note"))
