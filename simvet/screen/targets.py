"""All targets of the register: which are likely, which not, which cannot be computed, and everything about each."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from simvet.conflicts import Conflict, conflicts_of
from simvet.controls import OWNERS
from simvet.register import RegisterRow
from simvet.report.register import summary
from simvet.report.terminal import bound_text, cause_text, change_text, full_name
from simvet.report.trust_words import light_text
from simvet.report.wording import band, number, word
from simvet.scenario import digest_of
from simvet.screen.frame import watch
from simvet.screen.overview import badge
from simvet.screen.pieces import LABELS, html_table
from simvet.screen.session import Session, best_answer, session
from simvet.screen.target_details import show_details
from simvet.screen.target_rows import (
    EVERY_REGION,
    STANDINGS,
    UNKNOWN,
    Filters,
    names_of,
    owner_of,
    region_of,
    regions_of,
    row_id,
    rows_of,
    standing,
)
from simvet.targets import unit_of

KINDS = (
    "flow", "resource", "project_count", "project_share", "partnership", "attainment", "service", "lever", "baseline",
    "own",
)  # fmt: skip
"""Kinds of rows, in the order in which they are offered."""
CHOICE, TABLE, AT, TURN = "targets_choice", "targets_table", "targets_at", "targets_turn"
MOST_CONFLICTS = 40
"""Pulls that are listed; the hardest first."""


def show() -> None:
    """Draw the page; unit: printed with each number; errors: told on the page; source: the register and the runs."""
    desk = session()
    answer = best_answer(desk)
    st.html(LABELS)
    st.title(desk.say("page_targets"))
    st.html(badge(desk, answer))
    filters = _filters(desk)
    every = rows_of(desk, filters.region)
    if filters.region != region_of(desk.plan):
        st.caption(desk.say("targets_other_regions", region=word("region", region_of(desk.plan), desk.language)))
    for line in summary(every, desk.language):
        st.caption(line)
    rows = [row for row in every if filters.lets(row)]
    counted = len({(row.number, row.target.where) for row in rows})
    all_of_them = len({(row.number, row.target.where) for row in every})
    st.markdown(f"**{desk.say('targets_count', shown=counted, rows=all_of_them, readings=len(rows))}**")
    if rows:
        _choose(desk, rows, names_of(every, desk.language))
    else:
        st.info(desk.say("targets_none_fit"))
    _conflicts(desk)
    watch(desk)


def _filters(desk: Session) -> Filters:
    own = region_of(desk.plan)
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        regions = [own, EVERY_REGION, *(name for name in regions_of(desk) if name != own)]
        region = st.selectbox(
            desk.say("targets_filter_region"), regions, key=f"targets_region|{own}", width=180,
            format_func=lambda r: desk.say("targets_all") if r == EVERY_REGION else word("region", r, desk.language),
        )  # fmt: skip
        standings = st.multiselect(
            desk.say("targets_filter_verdict"), STANDINGS, key="targets_standings", width=230,
            format_func=lambda s: desk.say(f"targets_standing_{s}"), placeholder=desk.say("targets_all"),
        )  # fmt: skip
        kinds = st.multiselect(
            desk.say("targets_filter_kind"), KINDS, key="targets_kinds", width=230,
            format_func=lambda k: desk.say(f"targets_kind_{k}"), placeholder=desk.say("targets_all"),
        )  # fmt: skip
        owners = st.multiselect(
            desk.say("targets_filter_owner"), [*OWNERS, "none", UNKNOWN], key="targets_owners", width=200,
            format_func=lambda owner: _owner_text(desk, owner), placeholder=desk.say("targets_all"),
        )  # fmt: skip
        text = st.text_input(desk.say("targets_filter_text"), max_chars=60, key="targets_text", width=200)
    return Filters(region or own, tuple(kinds), tuple(owners), tuple(standings), text or "")


def _owner_text(desk: Session, owner: str) -> str:
    return desk.say("targets_owner_unknown") if owner == UNKNOWN else word("owner", owner, desk.language)


def _choose(desk: Session, rows: Sequence[RegisterRow], names: dict[str, str]) -> None:
    """Draw the table and the list beneath it; a click in either opens the details of the same row."""
    ids = [row_id(row) for row in rows]
    if st.session_state.get(CHOICE) not in ids:
        before = st.session_state.get(AT)
        st.session_state[CHOICE] = before if before in ids else ids[0]
    st.caption(desk.say("targets_table_note"))
    # A mark in the table is a place in it: it goes when other rows stand there, or the list has the last word.
    table = f"{TABLE}|{st.session_state.get(TURN, 0)}|{digest_of(ids)[:8]}"
    st.dataframe(
        _frame(desk, rows, names), hide_index=True, height=min(420, 40 + 35 * len(rows)), key=table,
        on_select=lambda: _picked(table, ids), selection_mode="single-row",
        alt=desk.say("targets_table_alt", count=len(rows)),
        column_config={
            desk.say("targets_column_number"): st.column_config.TextColumn(width=50),
            desk.say("targets_column_target"): st.column_config.TextColumn(width=260),
            desk.say("targets_column_probability"): st.column_config.ProgressColumn(
                format="%.0f%%", min_value=0.0, max_value=100.0, width=110
            ),
        },
    )  # fmt: skip
    by_id = dict(zip(ids, rows, strict=True))
    chosen = st.selectbox(
        desk.say("targets_which"), ids, key=CHOICE, on_change=_listed_choice,
        format_func=lambda one: _listed(desk, by_id[one], names) if one in by_id else str(one),
    )  # fmt: skip
    st.session_state[AT] = chosen
    if chosen in by_id:
        show_details(desk, by_id[chosen], names[chosen])


def _listed_choice() -> None:
    st.session_state[TURN] = st.session_state.get(TURN, 0) + 1


def _picked(table: str, ids: list[str]) -> None:
    """Open the row that was clicked."""
    event = st.session_state.get(table)
    places = list(event.selection.rows) if event is not None else []
    if places and 0 <= places[0] < len(ids):
        st.session_state[CHOICE] = ids[places[0]]


def _listed(desk: Session, row: RegisterRow, names: dict[str, str]) -> str:
    number_told = f"{row.number} · " if row.number else ""
    region = word("region", row.target.region, desk.language)
    return f"{number_told}{region} · {names[row_id(row)]} · {row.target.year}"


def _frame(desk: Session, rows: Sequence[RegisterRow], names: dict[str, str]) -> pd.DataFrame:
    heads = ("number", "region", "target", "bound", "probability", "verdict", "trust", "expected", "cause", "owner")
    columns = [desk.say(f"targets_column_{head}") for head in heads]
    frame = pd.DataFrame([_cells(desk, row, names[row_id(row)]) for row in rows], columns=columns)
    return frame if len({row.target.region for row in rows}) > 1 else frame.drop(columns=columns[1])


def _cells(desk: Session, row: RegisterRow, name: str) -> list[object]:
    language, v, t = desk.language, row.verdict, row.target
    bound = "–" if t.bound is None else f"{t.comparator} {number(t.bound, t.unit, language)}"
    owner = owner_of(row)
    owner_told = "–" if owner == UNKNOWN else word("owner", owner, language)
    expected = cause = "–"
    probability = None
    if v is not None:
        bound = bound_text(v, language)
        expected = band(v.median, v.low, v.high, v.unit, language)
        probability = v.probability * 100
        cause = cause_text(v, language, short=True) if v.causes else "–"
    elif row.missing is not None:
        cause = word("text", "lacking_cell", language, missing=row.missing[language])
    return [
        str(row.number or "–"), word("region", t.region, language), name,
        word("text", "bound_cell", language, bound=bound, year=t.year), probability,
        desk.say(f"targets_standing_{standing(row)}"), light_text(row.trust, language) if row.trust else "–",
        expected, cause, owner_told,
    ]  # fmt: skip


def _conflicts(desk: Session) -> None:
    """Draw which targets pull each other down, once the causes of the plan at hand are searched."""
    st.header(desk.say("targets_conflicts"))
    searched = best_answer(desk)
    if not searched.searched:
        st.caption(desk.say("targets_conflicts_wait"))
        return
    pulls: dict[tuple[str, ...], list[Conflict]] = {}
    for one in conflicts_of(searched.verdicts):
        pulls.setdefault((one.cause, one.hurt.key, one.hurt.stage, one.hurt_reading), []).append(one)
    if not pulls:
        st.caption(desk.say("targets_conflicts_none"))
        return
    heads = ("column_lever", "column_hurt", "column_loss", "column_loss_probability", "column_helped")
    rows = [_pull(desk, found) for found in list(pulls.values())[:MOST_CONFLICTS]]
    caption = desk.say("targets_conflicts_count", shown=len(rows), count=len(pulls))
    st.html(html_table(caption, [word("text", head, desk.language) for head in heads], rows, "conflicts"))


def _pull(desk: Session, found: Sequence[Conflict]) -> list[str]:
    language, one = desk.language, found[0]
    helped: dict[str, str] = {}
    for c in found:
        gain = change_text(c.gain, unit_of(c.helped, c.helped_reading), language)
        helped.setdefault(full_name(c.helped, c.helped_reading, language, False), gain)
    return [
        word("cause", one.cause, language), full_name(one.hurt, one.hurt_reading, language, False),
        change_text(one.loss, unit_of(one.hurt, one.hurt_reading), language),
        word("text", "points", language, value=f"{one.loss_probability * 100:+.0f}"),
        word("text", "clause_separator", language).join(f"{name} {gain}" for name, gain in helped.items()),
    ]  # fmt: skip
