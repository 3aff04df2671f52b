"""Single lives: one student's years as a table, and the same person under the scenario before any lever was moved."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from simvet.lives import Biography
from simvet.planning.plan import Plan
from simvet.report.wording import word
from simvet.scenario import Scenario
from simvet.screen.pieces import html_table
from simvet.screen.session import Session

if TYPE_CHECKING:
    from simvet.screen.people_run import PeopleFound

LIFE, OUTCOME, REACHED, NUMBER = "people_life", "people_outcome", "people_reached", "people_number"
WANTED = "people_wanted"
"""The student whose life is fetched by another run: shown once it is there."""
STUDYING = "studying"
"""Outcome of a life that is still at school when the run ends."""
Start = Callable[[Plan, int | None, bool], None]


def outcome_of(life: Biography) -> str:
    """Return how a life ends in the run, a ``life_`` key of the wording or STUDYING; unit, errors: none; source: it."""
    if not life.chapters:
        return "left"
    last = life.chapters[-1]
    return last.what if not last.stage else STUDYING


def reached_by(life: Biography) -> str:
    """Return the last stage that a life reaches, "" where none is known; unit, errors: none; source: its chapters."""
    return next((chapter.stage for chapter in reversed(life.chapters) if chapter.stage), "")


def outcome_text(desk: Session, outcome: str) -> str:
    """Return an outcome in words; unit: none; errors: KeyError for an unknown one; source: the catalogue."""
    if not outcome:
        return desk.say("targets_all")
    return desk.say("people_studying") if outcome == STUDYING else word("text", f"life_{outcome}", desk.language)


def show_life(desk: Session, scenario: Scenario, found: PeopleFound, plan: Plan, beside: bool, start: Start) -> None:
    """Draw the choice of a life, and the life.

    Parameters
    ----------
    desk : Session.
    scenario : Scenario; it names stages and tracks.
    found : PeopleFound.
    plan : Plan; the one that was run.
    beside : bool; the same persons were run under the scenario alone.
    start : callable; runs all students again with one more life wanted.

    Notes
    -----
    Unit: school years. Errors: told on the page. Source: the biographies.
    """
    lives = found.lives
    stages = {stage: text[desk.language] for stage, text in scenario.pathway.stage_labels.items()}
    st.caption(desk.say("people_lives_note", count=len(lives)))
    shown = _chosen(desk, lives, stages)
    _by_number(desk, found, plan, beside, start)
    if shown is not None:
        _life(desk, scenario, shown, lives[shown])


def _chosen(desk: Session, lives: dict[int, Biography], stages: dict[str, str]) -> int | None:
    """Draw filters, list and the way to the next life, and return the student that is chosen."""
    outcomes = sorted({outcome_of(life) for life in lives.values()})
    reached = [stage for stage in stages if stage in {reached_by(life) for life in lives.values()}]
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        outcome = st.selectbox(
            desk.say("people_filter_outcome"), ["", *outcomes], key=OUTCOME, width=200,
            format_func=lambda one: outcome_text(desk, one),
        )  # fmt: skip
        stage = st.selectbox(
            desk.say("people_filter_reached"), ["", *reached], key=REACHED, width=200,
            format_func=lambda one: stages.get(one, desk.say("targets_all")),
        )  # fmt: skip
        rows = [
            row for row, life in lives.items()
            if outcome in ("", None, outcome_of(life)) and stage in ("", None, reached_by(life))
        ]  # fmt: skip
        if not rows:
            st.info(desk.say("targets_none_fit"))
            return None
        if st.session_state.get(WANTED) in rows:
            st.session_state[LIFE] = st.session_state.pop(WANTED)
        if st.session_state.get(LIFE) not in rows:
            st.session_state[LIFE] = rows[0]
        chosen = st.selectbox(
            desk.say("people_which"), rows, key=LIFE, width=340,
            format_func=lambda row: _listed(desk, row, lives.get(row), stages),
        )  # fmt: skip
        st.button(desk.say("people_next"), on_click=_next, args=(rows,), key="people_next")
    return chosen


def _listed(desk: Session, row: int, life: Biography | None, stages: dict[str, str]) -> str:
    if life is None:
        return f"{row:,}"
    return f"{row:,} · {stages.get(reached_by(life), '–')} · {outcome_text(desk, outcome_of(life))}"


def _next(rows: list[int]) -> None:
    at = st.session_state.get(LIFE)
    place = rows.index(at) + 1 if at in rows else 0
    st.session_state[LIFE] = rows[place % len(rows)]


def _by_number(desk: Session, found: PeopleFound, plan: Plan, beside: bool, start: Start) -> None:
    """Draw a field for a student's number: shown at once if the life is at hand, else all students run again."""
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        wanted = st.number_input(
            desk.say("people_number", last=f"{found.students - 1:,}"), min_value=0, max_value=found.students - 1,
            value=None, step=1, key=NUMBER, width=260, placeholder="0",
        )  # fmt: skip
        if wanted is None:
            return
        number = int(wanted)
        if number in found.lives:
            st.button(desk.say("people_see"), on_click=_see, args=(number,), key="people_see")
        else:
            st.button(
                desk.say("people_again"), on_click=_again, args=(start, plan, number, beside), key="people_again",
                help=desk.say("people_again_help"),
            )  # fmt: skip


def _see(number: int) -> None:
    st.session_state[OUTCOME] = st.session_state[REACHED] = ""
    st.session_state[LIFE] = number


def _again(start: Start, plan: Plan, number: int, beside: bool) -> None:
    st.session_state[OUTCOME] = st.session_state[REACHED] = ""
    start(plan, number, beside)


def _life(desk: Session, scenario: Scenario, row: int, life: Biography) -> None:
    from simvet.report.agents import chapter_text  # noqa: PLC0415

    language, pathway = desk.language, scenario.pathway
    title = word(
        "text", "life_title", language, person=f"{row:,}", region=word("region", life.region, language),
        district=life.district, score=f"{life.score / 10:.1f}",
    )  # fmt: skip
    mine = {chapter.year: chapter for chapter in life.chapters}
    theirs = {chapter.year: chapter for chapter in life.other or ()}
    heads = [word("text", "column_year", language), desk.say("at_hand")]
    if life.other is not None:
        heads.append(desk.say("baseline"))
    rows = []
    for year in sorted({*mine, *theirs}):
        cells = [str(year), chapter_text(mine.get(year), pathway, language)]
        if life.other is not None:
            cells.append(chapter_text(theirs.get(year), pathway, language))
        rows.append(cells)
    st.html(html_table(title, heads, rows, "life", "5rem"))
    if life.other is None:
        st.caption(desk.say("people_no_twin"))
    else:
        key = "life_parts" if life.parts else "life_same"
        st.caption(word("text", key, language, year=life.parts or 0))
