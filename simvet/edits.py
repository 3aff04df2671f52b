"""Numbers of the data that somebody replaced: which row, by what, and why."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from simvet.catalogue import CATALOGUE, require_in_bounds
from simvet.errors import InputError
from simvet.tables import NEVER_NEGATIVE, Row, require_share

EDITED = "edited by the planner"
"""Source of a number that a planner has put in the place of another."""
Identity = tuple[str, int, str, str, str, str, str]
"""Region, year, indicator, stage, track, definition and use of a row: what tells it from every other."""


@dataclass(frozen=True)
class Edit:
    """One number of the data that a planner replaced.

    Notes
    -----
    Unit: that of the row. Errors: checked by :func:`edited_rows`. Source: ``reason``.
    """

    row: Identity
    value: float
    low: float
    high: float
    reason: str


def identity_of(row: Row) -> Identity:
    """Return what tells a row from every other one.

    Parameters
    ----------
    row : Row.

    Returns
    -------
    tuple of region, year, indicator, stage, track, definition and use.

    Notes
    -----
    Unit: none. Errors: none. Source: the check for rows that stand twice in ``simvet.tables``.
    """
    return (row.region, row.year, row.indicator, row.stage, row.track, row.definition, row.use)


def edited_rows(
    rows: Mapping[str, tuple[Row, ...]], edits: Sequence[Edit], where: str = "data"
) -> dict[str, tuple[Row, ...]]:
    """Return the data of regions with numbers replaced.

    Parameters
    ----------
    rows : mapping of region -> rows.
    edits : sequence of Edit.
    where : str, the place to name when there is no such row.

    Returns
    -------
    dict of region -> rows; a replaced row is assumed, of grade D, and says that it was edited.

    Raises
    ------
    InputError : there is no such row, or the numbers are out of order or out of bounds.

    Notes
    -----
    Unit: each row's own. History is not read by a run, so it cannot be edited. Source: ``reason`` of each edit.
    """
    wanted = {edit.row: edit for edit in edits}
    found: set[Identity] = set()

    def after(row: Row) -> Row:
        edit = wanted.get(identity_of(row))
        if edit is None or row.use == "history":
            return row
        found.add(edit.row)
        return _replaced(row, edit)

    changed = {region: tuple(after(row) for row in held) for region, held in rows.items()}
    lost = [row for row in wanted if row not in found]
    if lost:
        raise InputError(
            where, "there is no row for {name!r} of {key!r}", "Reset the number; the data have changed",
            name=lost[0][2], key=lost[0][3],
        )  # fmt: skip
    return changed


def _replaced(row: Row, edit: Edit) -> Row:
    where = f"{row.indicator} {row.stage} {row.year}"
    for name in ("value", "low", "high"):
        if not math.isfinite(getattr(edit, name)):
            raise InputError(
                where, "{name!r} is {value}, not a number", "Write a finite number", name=name,
                value=getattr(edit, name),
            )  # fmt: skip
    if not edit.low <= edit.value <= edit.high:
        raise InputError(
            where, "{value:g} is not between low {low:g} and high {high:g}", "Put the three in order",
            value=edit.value, low=edit.low, high=edit.high,
        )  # fmt: skip
    if row.unit == "share":
        require_share(edit.low, edit.high, where)
    if row.unit in NEVER_NEGATIVE and edit.low < 0.0:
        raise InputError(
            where, "{value:g} is outside {low:g} to {high:g}", "Choose a value inside", value=edit.low, low=0.0,
            high=math.inf,
        )  # fmt: skip
    if row.use == "quantity" and row.indicator in CATALOGUE:
        require_in_bounds(row.indicator, edit.low, where)
        require_in_bounds(row.indicator, edit.high, where)
    if not edit.reason.strip():
        raise InputError(where, "an assumed number has no reason", "Say why the number was replaced")
    # A figure with a width of its own keeps a shape that has room for the new range.
    shape = "fixed" if edit.low == edit.high else row.distribution
    if shape in ("exact", "fixed") and edit.low != edit.high:
        shape = "triangular"
    return replace(
        row, value=edit.value, low=edit.low, high=edit.high, distribution=shape, status="assumed", grade="D",
        formula="", source_title=EDITED, locator="", address="", note=edit.reason,
    )  # fmt: skip
