"""Data and assumptions: every number with its source; edited in place, signed, or brought along as a workbook."""

from __future__ import annotations

import datetime
import io
import math
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from simvet.edits import Edit, identity_of
from simvet.errors import InputError
from simvet.loading.workbook import read_region_workbook
from simvet.loading.workbook_template import write_region_workbook
from simvet.own_region import check_region_workbook
from simvet.planning.own import find_plan_scenario, keep_scenario, regions_folder
from simvet.planning.plan import Plan, Signature
from simvet.planning.words import quantity_name
from simvet.report.wording import word
from simvet.screen.session import Session, session
from simvet.screen.settings import MOST_UPLOAD
from simvet.screen.signing import Register, register_of
from simvet.screen.takeaway import unsigned_mark
from simvet.tables import Row

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
    facts = {"base": scenario.base_year, "as_of": desk.plan.as_of or scenario.as_of, "until": scenario.until}
    st.markdown(desk.say("data_years", **facts))
    _as_of(desk, scenario.base_year, scenario.until, int(facts["as_of"]))
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
    key = f"as_of|{desk.epoch}"
    st.session_state.setdefault(key, now)
    years = list(range(base + 1, until + 1))
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
    key = f"rows|{desk.epoch}|{desk.language}|{status}|{wanted}"
    # The editor keeps what was typed as changes to one fixed frame: a frame that follows would lose every second one.
    held = st.session_state.get("data_frame")
    if held is None or held[0] != key:
        held = (key, [identity_of(row) for row in rows], _frame(desk, rows, register), desk.plan)
        st.session_state["data_frame"] = held
    st.data_editor(
        held[2], key=key, hide_index=True, height=460, num_rows="fixed", on_change=_edited, args=(key,),
        disabled=[desk.say(f"column_{name}") for name in TOLD], column_config=_columns(desk),
    )  # fmt: skip


def _sign_all(desk: Session, rows: list[Row]) -> None:
    """Offer to sign every assumption that is shown at once."""
    with st.expander(desk.say("sign_shown", count=len(rows))), st.form("sign", border=False):
        owner = st.text_input(desk.say("column_owner"), max_chars=60, key="sign_owner")
        name = st.text_input(desk.say("column_signed_by"), max_chars=60, key="sign_name")
        day = st.date_input(desk.say("column_signed_on"), key="sign_day")
        if st.form_submit_button(desk.say("sign"), key="sign_button"):
            if not name.strip() or not owner.strip():
                st.error(desk.say("sign_who"))
                return
            plan = desk.plan
            for row in rows:
                plan = plan.with_signature(Signature(identity_of(row), owner.strip(), str(day), name.strip()))
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
    """Take what was typed: the plan as it was when the table was drawn, and every change since."""
    desk = session()
    held = st.session_state.get("data_frame")
    if held is None or held[0] != key:
        return
    _, rows, frame, plan = held
    names = {desk.say(f"column_{name}"): name for name in (*NUMBERS, "reason", *SIGNED)}
    plan = replace(plan, settings=desk.plan.settings, as_of=desk.plan.as_of)
    for position, typed in st.session_state[key]["edited_rows"].items():
        before = {names[column]: frame.iloc[int(position)][column] for column in names}
        after = before | {names[column]: value for column, value in typed.items() if column in names}
        plan = _changed(plan, rows[int(position)], before, after, desk)
    desk.adopt(plan, forget=False)


def _changed(plan: Plan, row: Any, before: dict[str, Any], after: dict[str, Any], desk: Session) -> Plan:
    numbers = [_number(after[name]) for name in NUMBERS]
    if numbers != [_number(before[name]) for name in NUMBERS] or str(after["reason"]) != str(before["reason"]):
        reason = str(after["reason"] or "").strip() or desk.say("no_reason")
        plan = plan.with_edit(Edit(row, *_in_order(numbers, before), reason))
    if any(str(after[name]) != str(before[name]) for name in SIGNED):
        day = after["signed_on"]
        plan = plan.with_signature(
            Signature(
                row, str(after["owner"] or "").strip(), "" if day is None or pd.isna(day) else str(day)[:10],
                str(after["signed_by"] or "").strip(),
            )
        )  # fmt: skip
    return plan


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)


def _in_order(numbers: list[float], before: dict[str, Any]) -> tuple[float, float, float]:
    """Return value, low and high; a value typed outside its old range takes the range with it, in proportion."""
    value, low, high = numbers
    old = [_number(before[name]) for name in NUMBERS]
    if [low, high] == old[1:] and math.isfinite(value) and not low <= value <= high and old[0] != 0.0:
        ends = sorted((low * value / old[0], high * value / old[0]))
        return value, min(ends[0], value), max(ends[1], value)
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
    region = scenario.regions[0].region
    base = desk.plan.scenario if region == desk.plan.scenario else region
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
        signed = tuple(Signature((book.key, *row[1:]), *told) for row, told in sorted(book.signatures.items()))
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
        desk.adopt(Plan(name))
        desk.notices.append(("info", desk.say("uploaded", title=find_plan_scenario(name).labels[desk.language])))
    except InputError as error:
        desk.tell(error)
    st.rerun()
