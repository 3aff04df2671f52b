"""The register with its answers as a table for the terminal, and which targets pull each other down."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from simvet.conflicts import Conflict
from simvet.needs import Need
from simvet.register import INSTRUMENT, LACKING, Instrument, RegisterRow
from simvet.report.explain import labels_of
from simvet.report.register_file import lacking_text
from simvet.report.terminal import (
    bound_text,
    cause_text,
    change_text,
    full_name,
    gap_text,
    new_table,
    probability_text,
    target_name,
)  # fmt: skip
from simvet.report.trust_words import light_text, trust_lines
from simvet.report.wording import Language, band, number, word
from simvet.scenario import Target
from simvet.targets import unit_of
from simvet.verdicts import Verdict


def register_table(rows: Sequence[RegisterRow], language: Language) -> RenderableType:
    """Return the register with its answers for the terminal, one table a region.

    Parameters
    ----------
    rows : sequence of RegisterRow.
    language : str.

    Returns
    -------
    rich renderable.

    Notes
    -----
    Unit: printed with each number. Errors: none. Source: the run.
    """
    parts: list[RenderableType] = []
    for region in dict.fromkeys(row.target.region for row in rows):
        parts.append(_region_table([row for row in rows if row.target.region == region], region, language))
    parts += [Text(line) for line in summary(rows, language)]
    parts.append(Text(word("text", "probability_note", language), style="dim"))
    regions = " ".join(dict.fromkeys(row.target.region for row in rows))
    named = [(target_name(row.target, language), row.trust) for row in rows if row.trust is not None]
    lines = trust_lines([trust for _, trust in named], named, regions, language) if named else []
    parts += [Text(line, style="dim") for line in lines]
    return Group(*parts)


COLUMNS = (
    ("column_row", 4, True), ("column_target", 32, False), ("column_bound", 18, False), ("column_median", 24, False),
    ("column_gap", 12, True), ("column_probability", 11, True), ("column_trust", 8, False),
    ("column_first_short", 6, False),
    ("column_cause_short", 26, False), ("column_owner_short", 10, False), ("column_need", 27, False),
    ("column_fights", 26, False),
)  # fmt: skip
"""Columns of the register's table: wording key, width, flush right."""


def _region_table(rows: Sequence[RegisterRow], region: str, language: Language) -> Table:
    title = word(
        "text", "register_title", language, region=word("region", region, language),
        count=len({row.number for row in rows}),
    )  # fmt: skip
    table = new_table(title)
    for name, width, right in COLUMNS:
        # What is mostly numbers keeps its room; a cut number is hard to read.
        least = width if name in ("column_median", "column_gap", "column_probability") else None
        table.add_column(
            word("text", name, language),
            justify="right" if right else "left",
            min_width=least,
            max_width=width,
            overflow="fold",
        )
    told = [(row.target.labels[language], row.verdict.reading if row.verdict else "") for row in rows]
    targets = [row.target for row in rows]
    for row, pair in zip(rows, told, strict=True):
        table.add_row(*_cells(row, language, told.count(pair) > 1, targets))
    return table


def _cells(row: RegisterRow, language: Language, twice: bool, targets: Sequence[Target]) -> list[RenderableType]:
    number_cell = str(row.number) if row.number else "–"
    if row.verdict is not None:
        v = row.verdict
        return [
            number_cell, full_name(v.target, v.reading, language, twice),
            word("text", "bound_cell", language, bound=bound_text(v, language), year=v.target.year),
            band(v.median, v.low, v.high, v.unit, language), gap_text(v, language), probability_text(v),
            light_text(row.trust, language) if row.trust else "–",
            str(v.first_year) if v.first_year else "–", cause_text(v, language, short=True),
            word("owner", v.owner, language) if v.owner else "–", need_text(v, language),
            word("text", "list_separator", language).join(target_name(t, language) for t in v.fights) or "–",
        ]  # fmt: skip
    name = target_name(row.target, language)
    blank: list[RenderableType] = ["–"] * (len(COLUMNS) - 4)
    if row.status == LACKING:
        told = word("text", "lacking_cell", language, missing=lacking_text(row, language))
        return [number_cell, name, Text(told, style="dim"), "–", *blank]
    if row.instrument is None:
        return [number_cell, name, Text(word("text", "instrument_cell", language), style="dim"), "–", *blank]
    told, effect = instrument_text(row.instrument, targets, language)
    owner = word("owner", row.instrument.owner, language)
    return [number_cell, name, Text(told, style="dim"), effect, "–", "–", "–", "–", "–", owner, "–", "–"]


def instrument_text(instrument: Instrument, targets: Sequence[Target], language: Language) -> tuple[str, str]:
    """Return what an instrument is set to, and what that changes, as two texts."""
    level = number(instrument.level, instrument.level_unit, language)
    labels = labels_of(instrument.indicator, instrument.stage, targets)
    name = labels[language] if labels else word("indicator", instrument.indicator, language)
    shown = [change_text(v, instrument.unit, language) for v in (instrument.change, instrument.low, instrument.high)]
    effect = word("text", "instrument_effect", language, indicator=name, change=shown[0], low=shown[1], high=shown[2])
    return word("text", "instrument_level", language, level=level), effect


def need_text(v: Verdict, language: Language) -> str:
    """Return what it would take for a target to be likely, with the latest start where time is what is short."""
    parts = []
    if v.late is not None and v.late.too_late:
        parts.append(word("text", "too_late_cell", language, year=v.late.latest_start))
    elif v.late is not None and v.probability < 1.0:
        parts.append(word("text", "latest_cell", language, year=v.late.latest_start))
    # Where no start is early enough any more, no pace helps.
    if v.need is not None and not (v.late is not None and v.late.too_late):
        parts.append(_need(v.need, v, language))
    return word("text", "clause_separator", language).join(parts) or "–"


def _need(need: Need, v: Verdict, language: Language) -> str:
    if need.kind == "change":
        now, needed = _changes(need, v.unit, language)
    else:
        now, needed = _paces(need, language)
    if math.isinf(need.needed):
        needed = word("text", "out_of_reach", language)
    told = word("text", "need_cell", language, kind=word("need", need.kind, language), now=now, needed=needed)
    if math.isfinite(need.besides):
        told += word("text", "need_hires", language, hires=f"{need.besides:,.0f}")
    return told


def _changes(need: Need, unit: str, language: Language) -> tuple[str, str]:
    """Return the yearly change now and needed; shares as points, with a second digit where the first tells nothing."""
    if unit != "share":
        return change_text(need.now, unit, language), change_text(need.needed, unit, language)
    digits = 2 if abs(need.now - need.needed) < 0.002 else 1
    now, needed = (f"{value * 100 + 0.0:+.{digits}f}" for value in (need.now, need.needed))
    return now, word("text", "points", language, value=needed)


def _paces(need: Need, language: Language) -> tuple[str, str]:
    """Return the pace now and needed; what is needed rounded up where both would read the same."""
    now, needed = (pace_text(value, need.unit, language) for value in (need.now, need.needed))
    if now == needed and need.unit == "count/year":
        now, needed = f"{need.now:.2f}", f"{math.ceil(need.needed * 100) / 100:.2f}"
    return now, needed


def pace_text(value: float, unit: str, language: Language) -> str:
    """Return a yearly pace: persons and counts plain, shares as points, logits with two digits."""
    if unit == "share/year":
        return f"{value * 100:+.1f}%"
    if unit == "count/year":
        return f"{value:.2f}" if abs(value) < 1 else f"{value:.1f}" if abs(value) < 10 else f"{value:.0f}"
    if unit == "logit/year":
        return f"{value:.2f}"
    return number(value, unit, language)


def summary(rows: Sequence[RegisterRow], language: Language) -> list[str]:
    """Return how many rows were answered and how, and what the others lack."""
    by_number: dict[object, RegisterRow] = {}
    for row in rows:
        by_number.setdefault(row.number or row.target.where, row)
    outcomes = [row for row in by_number.values() if row.target.kind != "baseline"]
    answered = [row for row in outcomes if row.verdict is not None]
    likely = sum(row.verdict.probability >= 0.8 for row in answered if row.verdict)
    unlikely = sum(row.verdict.probability <= 0.2 for row in answered if row.verdict)
    lines = [
        word(
            "text", "register_summary", language, rows=len(by_number), answered=len(answered), likely=likely,
            middling=len(answered) - likely - unlikely, unlikely=unlikely,
            assumed=sum(row.verdict.assumed_base for row in answered if row.verdict),
            lacking=sum(row.status == LACKING for row in by_number.values()),
            instruments=sum(row.status == INSTRUMENT for row in by_number.values()),
            figures=len(by_number) - len(outcomes),
        )
    ]  # fmt: skip
    late = [
        row for row in rows if row.verdict is not None and row.verdict.late is not None and row.verdict.late.too_late
    ]
    for row in late:
        if row.verdict is not None and row.verdict.late is not None:
            lines.append(
                word(
                    "text", "too_late_line", language, year=row.target.year, latest=row.verdict.late.latest_start,
                    target=full_name(row.target, row.verdict.reading, language, False),
                )
            )  # fmt: skip
    return lines


def conflict_table(conflicts: Sequence[Conflict], language: Language, most: int) -> RenderableType:
    """Return conflicts between targets as a table.

    Parameters
    ----------
    conflicts : sequence of Conflict, the largest losses first.
    language : str.
    most : int; rows at most.

    Returns
    -------
    rich renderable.

    Notes
    -----
    One row for a lever and what it pulls down. Unit: printed with each number. Errors: none. Source: the run.
    """
    pulls: dict[tuple[str, ...], list[Conflict]] = {}
    for c in conflicts:
        pulls.setdefault((c.cause, c.hurt.key, c.hurt.stage, c.hurt_reading), []).append(c)
    table = new_table(word("text", "conflict_title", language, count=len(pulls)))
    for name in ("column_lever", "column_hurt", "column_loss", "column_loss_probability", "column_helped"):
        table.add_column(word("text", name, language), overflow="fold")
    for found in list(pulls.values())[:most]:
        one = found[0]
        table.add_row(
            word("cause", one.cause, language), full_name(one.hurt, one.hurt_reading, language, False),
            change_text(one.loss, unit_of(one.hurt, one.hurt_reading), language),
            word("text", "points", language, value=f"{one.loss_probability * 100:+.0f}"), _helped(found, language),
        )  # fmt: skip
    return table


def _helped(conflicts: Sequence[Conflict], language: Language) -> str:
    """Return what a lever raises while it pulls another target down, each target once, with the size of its gain."""
    told: dict[str, str] = {}
    for c in conflicts:
        gain = change_text(c.gain, unit_of(c.helped, c.helped_reading), language)
        told.setdefault(full_name(c.helped, c.helped_reading, language, False), gain)
    separator = word("text", "clause_separator", language)
    return separator.join(f"{name} {gain}" for name, gain in told.items())
