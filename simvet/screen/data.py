"""Data and assumptions: every number with its source; edited in place, signed, or brought along as a workbook."""

from __future__ import annotations

import datetime
import io
import math
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from simvet.catalogue import CATALOGUE
from simvet.edits import Edit, Identity, identity_of
from simvet.errors import InputError
from simvet.loading.workbook import read_region_workbook
from simvet.loading.workbook_template import write_region_workbook
from simvet.own_region import check_region_workbook
from simvet.planning.link import clean
from simvet.planning.own import clear_regions, find_plan_scenario, keep_scenario, regions_folder
from simvet.planning.plan import Plan, Signature
from simvet.planning.words import edits_of, quantity_name
from simvet.report.wording import word
from simvet.screen.session import Session, session
from simvet.screen.settings import MOST_UPLOAD
from simvet.screen.signing import Register, register_of
from simvet.screen.takeaway import unsigned_mark
from simvet.tables import NEVER_NEGATIVE, Row

NUMBERS = ("value", "low", "high")
SIGNED = ("owner", "signed_on", "signed_by")
TOLD = ("name", "stage", "year", "unit", "status", "grade", "source", "locator", "address", "note")
"""Columns that are read; NUMBERS, ``reason`` and SIGNED can be written."""
STATUSES = ("published", "derived", "assumed")


def show() -> None:
    """Draw the page; unit: each number's own; errors: told on it; source: the data of the plan's region."""
    desk = session()
    st.title(desk.say("page_data"))
    unsigned_mark(desk)
    register = register_of(desk.plan)
    _reference_dates(desk, register)
    _table(desk, register)
    st.divider()
    _workbook(desk)
    _scenario(desk)


def _reference_dates(desk: Session, register: Register) -> None:
    scenario = find_plan_scenario(desk.plan.scenario)
    st.subheader(desk.say("data_dates"))
    st.markdown(desk.say("data_years", base=scenario.base_year, as_of=scenario.as_of, until=scenario.until))
    last = max((target.year for target in scenario.targets), default=scenario.until)
    _as_of(desk, scenario.base_year, min(last, scenario.until), desk.plan.as_of or scenario.as_of)
    rows = []
    for use in ("figure", "path", "prior", "quantity"):
        held = [row for row in register.rows if row.use == use]
        if held:
            count = {status: sum(row.status == status for row in held) for status in STATUSES}
            rows.append(
                [desk.say(f"use_{use}"), len(held), f"{min(r.year for r in held)}–{max(r.year for r in held)}",
                 *count.values()]
            )  # fmt: skip
    heads = [desk.say(key) for key in ("data_use", "data_count", "data_span")]
    frame = pd.DataFrame(rows, columns=[*heads, *(word("status", status, desk.language) for status in STATUSES)])
    st.dataframe(frame, hide_index=True)


def _as_of(desk: Session, base: int, until: int, now: int) -> None:
    """Let the planner choose the year of the milestones: not beyond the last target, for there is none to be seen."""
    key = f"as_of|{desk.epoch}"
    st.session_state.setdefault(key, now)
    years = list(range(base + 1, max(until, now) + 1))
    st.selectbox(desk.say("as_of"), years, key=key, on_change=_seen_from, args=(key,), width=220)


def _seen_from(key: str) -> None:
    desk = session()
    year = int(st.session_state[key])
    same = year == find_plan_scenario(desk.plan.scenario).as_of
    desk.adopt(replace(desk.plan, as_of=None if same else year), forget=False)


def _table(desk: Session, register: Register) -> None:
    st.subheader(desk.say("data_table"))
    st.caption(desk.say("data_table_note"))
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        status = st.selectbox(
            desk.say("data_status"), ["", *STATUSES, "unsigned"], width=220, key="data_status",
            format_func=lambda one: desk.say("all") if not one else desk.say("status_unsigned") if one == "unsigned"
            else word("status", one, desk.language),
        )  # fmt: skip
        wanted = st.text_input(desk.say("data_search"), key="data_search", width=320, max_chars=60).strip().lower()
    rows = [row for row in register.rows if _is_wanted(row, status, wanted, register, desk)]
    st.caption(desk.say("data_shown", shown=len(rows), count=len(register.rows)))
    if not rows:
        return
    assumed = [row for row in rows if row.status == "assumed"]
    if assumed:
        _sign_all(desk, assumed)
    _restore(desk)
    key = f"rows|{desk.epoch}|{desk.tables}|{desk.language}|{status}|{wanted}"
    # The editor keeps what was typed as changes to one fixed frame: a frame that follows would lose every second one.
    # Once it has forgotten them, because another page was open, the frame begins anew from the plan.
    held = st.session_state.get("data_frame")
    if held is None or held[0] != key or key not in st.session_state:
        held = (key, [identity_of(row) for row in rows], _frame(desk, rows, register))
        st.session_state["data_frame"] = held
    st.data_editor(
        held[2], key=key, hide_index=True, height=460, num_rows="fixed", on_change=_edited, args=(key,),
        disabled=[desk.say(f"column_{name}") for name in TOLD], column_config=_columns(desk),
    )  # fmt: skip


def _restore(desk: Session) -> None:
    """Offer to put back the numbers that were replaced, one by one."""
    for number, (edit, told) in enumerate(zip(desk.plan.edits, edits_of(desk.plan, desk.language), strict=True)):
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            st.text(told)
            st.button(desk.say("restore"), key=f"restore|{number}", on_click=_put_back, args=(edit.row,))


def _put_back(row: Identity) -> None:
    session().adopt(session().plan.without_edit(row))


def _sign_all(desk: Session, rows: list[Row]) -> None:
    """Offer to sign every assumption that is shown at once."""
    with st.expander(desk.say("sign_shown", count=len(rows))), st.form("sign", border=False):
        owner = st.text_input(desk.say("column_owner"), max_chars=60, key="sign_owner")
        name = st.text_input(desk.say("column_signed_by"), max_chars=60, key="sign_name")
        day = st.date_input(desk.say("column_signed_on"), key="sign_day")
        if st.form_submit_button(desk.say("sign"), key="sign_button"):
            owner, name = clean(owner, 60), clean(name, 60)
            if not name or not owner:
                st.error(desk.say("sign_who"))
                return
            plan = desk.plan
            for row in rows:
                plan = plan.with_signature(Signature(identity_of(row), owner, str(day), name))
            desk.adopt(plan)
            st.rerun()


def _is_wanted(row: Row, status: str, wanted: str, register: Register, desk: Session) -> bool:
    if status == "unsigned":
        if row.status != "assumed" or register.is_signed(row):
            return False
    elif status and row.status != status:
        return False
    if not wanted:
        return True
    text = f"{row.indicator} {quantity_name(row.indicator, desk.language)} {row.stage} {row.source_title} {row.note}"
    return wanted in text.lower()


def _frame(desk: Session, rows: list[Row], register: Register) -> pd.DataFrame:
    reasons = {edit.row: edit.reason for edit in desk.plan.edits}
    told = []
    for row in rows:
        signature = register.signature(row)
        day = signature.signed_on if signature else ""
        told.append(
            {
                "name": quantity_name(row.indicator, desk.language), "stage": word("stage", row.stage, desk.language),
                "year": row.year, "value": row.value, "low": row.low, "high": row.high,
                "unit": desk.say("unit_share") if row.unit == "share" else word("unit", row.unit, desk.language),
                "status": word("status", row.status, desk.language),
                "reason": reasons.get(identity_of(row), ""), "owner": signature.owner if signature else "",
                "signed_on": datetime.date.fromisoformat(day) if day else None,
                "signed_by": signature.signed_by if signature else "", "grade": row.grade, "source": row.source_title,
                "locator": row.locator, "address": row.address, "note": row.note,
            }
        )  # fmt: skip
    return pd.DataFrame(told).rename(columns=lambda name: desk.say(f"column_{name}"))


def _columns(desk: Session) -> dict[str, Any]:
    number = st.column_config.NumberColumn
    columns: dict[str, Any] = {desk.say(f"column_{name}"): number(format="%.6g", width="small") for name in NUMBERS}
    columns[desk.say("column_year")] = number(format="%d", width="small")
    columns[desk.say("column_signed_on")] = st.column_config.DateColumn(format="YYYY-MM-DD", width="small")
    for name in ("reason", "owner", "signed_by"):
        columns[desk.say(f"column_{name}")] = st.column_config.TextColumn(max_chars=200)
    return columns


def _edited(key: str) -> None:
    """Take what was typed into the plan: cell by cell on top of what the plan says now."""
    desk = session()
    held = st.session_state.get("data_frame")
    if held is None or held[0] != key:
        return
    _, rows, frame = held
    names = {desk.say(f"column_{name}"): name for name in (*NUMBERS, "reason", *SIGNED)}
    register = register_of(desk.plan)
    present = {identity_of(row): row for row in register.rows}
    plan, waiting = desk.plan, False
    for position, typed in st.session_state[key]["edited_rows"].items():
        said = {names[column]: value for column, value in typed.items() if column in names}
        shown = {names[column]: frame.iloc[int(position)][column] for column in names}
        row = present[rows[int(position)]]
        renumbered, unsaid = _renumbered(plan, row, said, shown)
        waiting = waiting or unsaid
        # A number that is replaced loses its signature, one typed a moment ago too: another number was signed.
        plan = renumbered if renumbered is not plan else _signed(plan, row, said)
    if waiting:
        desk.notices.append(("info", desk.say("reason_wanted")))
    numbers_changed = plan.edits != desk.plan.edits
    if desk.adopt(plan, forget=False) and numbers_changed:
        # Status, range and grade of an edited row are others now: draw them.
        desk.tables += 1


def _renumbered(plan: Plan, row: Row, said: dict[str, Any], shown: dict[str, Any]) -> tuple[Plan, bool]:
    """Return the plan with the numbers typed into a row, and whether they wait for a reason."""
    identity = identity_of(row)
    old = next((edit for edit in plan.edits if edit.row == identity), None)
    reason = clean(str(said.get("reason", old.reason if old else "") or ""))
    if not any(name in said for name in (*NUMBERS, "reason")) or (old is None and not any(n in said for n in NUMBERS)):
        return plan, False
    if not reason:
        return plan, True
    before = {name: float(shown[name]) for name in NUMBERS}
    typed = {name: _number(said[name]) for name in NUMBERS if name in said}
    numbers = _in_order(before, typed, row)
    if old is not None and (old.value, old.low, old.high, old.reason) == (*numbers, reason):
        return plan, False
    return plan.with_edit(Edit(identity, *numbers, reason)), False


def _signed(plan: Plan, row: Row, said: dict[str, Any]) -> Plan:
    """Return the plan with owner, day and name as typed into a row."""
    if not any(name in said for name in SIGNED):
        return plan
    old = next((s for s in plan.signatures if s.row == identity_of(row)), Signature(identity_of(row), ""))
    told = {name: clean(str(said[name] or ""), 200) for name in SIGNED if name in said}
    if "signed_on" in told:
        told["signed_on"] = told["signed_on"][:10]
    owner, day, name = (told.get(part, getattr(old, part)) for part in SIGNED)
    return plan.with_signature(Signature(old.row, owner, day, name))


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)


def _possible(row: Row) -> tuple[float, float]:
    """Return the least and the largest number that a row can hold; unit: its own; errors: none; source: catalogue."""
    if row.use == "quantity" and row.indicator in CATALOGUE:
        return CATALOGUE[row.indicator].low, CATALOGUE[row.indicator].high
    return (
        (0.0, 1.0) if row.unit == "share" else (0.0, math.inf) if row.unit in NEVER_NEGATIVE else (-math.inf, math.inf)
    )


def _in_order(before: dict[str, float], typed: dict[str, float], row: Row) -> tuple[float, float, float]:
    """Return value, low and high; a value typed alone and outside its range takes the range with it, in proportion."""
    least, most = _possible(row)
    value, low, high = ({**before, **typed}[name] for name in NUMBERS)
    if set(typed) == {"value"} and math.isfinite(value) and not low <= value <= high and before["value"] != 0.0:
        ends = sorted((low * value / before["value"], high * value / before["value"]))
        return value, min(max(ends[0], least), value), max(min(ends[1], most), value)
    return value, low, high


@st.cache_data(show_spinner=False, max_entries=12)
def _template(name: str, digest: str) -> bytes:
    del digest
    made = io.BytesIO()
    write_region_workbook(name, made)
    return made.getvalue()


def _workbook(desk: Session) -> None:
    st.subheader(desk.say("data_workbook"))
    st.caption(desk.say("data_workbook_note", most=MOST_UPLOAD))
    scenario = find_plan_scenario(desk.plan.scenario)
    base = scenario.regions[0].region
    try:
        st.download_button(
            desk.say("download_template"), _template(base, scenario.data_digest), f"simvet_{base}.xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", key="template",
        )  # fmt: skip
    except InputError as error:
        desk.tell(error)
    given = st.file_uploader(
        desk.say("upload_workbook"), key=f"workbook|{desk.uploads}", max_upload_size=MOST_UPLOAD,
        help=desk.say("upload_help", most=MOST_UPLOAD),
    )  # fmt: skip
    if given is not None:
        _take_workbook(desk, given.getvalue(), given.name)


def _take_workbook(desk: Session, raw: bytes, name: str) -> None:
    desk.uploads += 1
    shown = name.replace("\\", "/").rsplit("/", 1)[-1][:60] or "workbook.xlsx"
    try:
        with st.spinner(desk.say("uploading")):
            book = read_region_workbook(raw, shown)
            scenario = check_region_workbook(raw, regions_folder(), shown)
        signed = tuple(
            Signature((book.key, *row[1:]), *(clean(part, 200) for part in told))
            for row, told in sorted(book.signatures.items())
        )
        clear_regions()
        desk.brought.append(scenario.name)
        desk.adopt(Plan(scenario.name, signatures=signed))
        desk.notices.append(("info", desk.say("uploaded", title=scenario.labels[desk.language])))
    except InputError as error:
        desk.tell(error)
    st.rerun()


def _scenario(desk: Session) -> None:
    st.subheader(desk.say("data_scenario"))
    st.caption(desk.say("data_scenario_note"))
    given = st.file_uploader(
        desk.say("upload_scenario"), key=f"scenario|{desk.uploads}", max_upload_size=1,
        help=desk.say("upload_help", most=1),
    )  # fmt: skip
    if given is None:
        return
    desk.uploads += 1
    try:
        name = keep_scenario(given.getvalue(), given.name)
        desk.brought.append(name)
        desk.adopt(Plan(name))
        desk.notices.append(("info", desk.say("uploaded", title=find_plan_scenario(name).labels[desk.language])))
    except InputError as error:
        desk.tell(error)
    st.rerun()
