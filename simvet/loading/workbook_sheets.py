"""The sheets of a region's workbook as rows of text: which sheets and columns there are, and that cells are plain."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from simvet.errors import InputError, nearest
from simvet.items import ITEM_COLUMNS
from simvet.loading.school_list import PLAIN_NUMBER
from simvet.loading.workbook_file import MOST_ROWS, SheetCells, Strange, Value, letter_of
from simvet.rules.names import STAGE_LIMITS
from simvet.tables import COLUMNS

SIGNATURE_COLUMNS = ("owner", "signed_on", "signed_by")
"""Who answers for an assumption; the model reads none of it."""
TARGET_COLUMNS = ("key", "stage", "comparator", "target", "year", "title_zh", "title_en")
SPREADS = ("count", "places", "cost", "start", "opening", "failure")
"""What a project gives as most likely value, lowest and highest."""
PROJECT_COLUMNS = (
    "name", "title_zh", "title_en", "stage", "kind",
    *(f"{name}{end}" for name in SPREADS for end in ("", "_low", "_high")),
    "last_start", "reached", "owner", "source", "status",
)  # fmt: skip
KEY_COLUMNS = ("key", "value", "meaning_zh", "meaning_en")
REGION_KEYS = (
    "region", "title_zh", "title_en", "base_year", "until", "as_of", "province", "seats_spill", "five_year_counts",
    "headlines",
)  # fmt: skip
LIMIT_KEYS = tuple(f"limits_{stage}" for stage in STAGE_LIMITS)
"""Limits that are switched on, one key a stage."""
MAY_BE_EMPTY = ("headlines", "province", *LIMIT_KEYS)
YES_OR_NO = ("seats_spill", "five_year_counts")
YEAR_KEYS = ("base_year", "until", "as_of")
SHEET_COLUMNS = {
    "region": KEY_COLUMNS, "figures": COLUMNS, "assumptions": (*COLUMNS, *SIGNATURE_COLUMNS),
    "resources": (*COLUMNS, *SIGNATURE_COLUMNS), "items": ITEM_COLUMNS, "targets": TARGET_COLUMNS,
    "projects": PROJECT_COLUMNS,
}  # fmt: skip
"""Columns of every sheet that is read."""
OPTIONAL_COLUMNS = (*SIGNATURE_COLUMNS, "meaning_zh", "meaning_en")
SHEETS = ("readme", *SHEET_COLUMNS)
NUMBER_COLUMNS = frozenset(
    {"year", "value", "low", "high", "units", "since", "total_from", "target", "last_start"}
    | {f"{name}{end}" for name in ("base", "pace", *SPREADS) for end in ("", "_low", "_high")}
)
"""Columns that hold numbers; on sheet ``region``, ``value`` holds whatever its key takes."""
FREE_COLUMNS = ("formula", "source_title", "locator", "address", "note", "source", *KEY_COLUMNS[2:])
"""Columns that hold whatever their author has to say."""
LONGEST_FREE, LONGEST_WORD = 5_000, 300
"""Characters of such a cell, and of any other; looking for the word that was meant takes time with its length."""
MOST_LISTED = {"region": 100, "targets": 500, "projects": 200, "items": 1_000}
"""Rows of the sheets that become blocks or paths of a run; those of numbers have ``workbook_file.MOST_ROWS``."""
CODE = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
"""A region's code, which becomes part of a folder's name."""
BETWEEN_WORDS = re.compile("[,;\\s\uff0c\u3001\uff1b]+")
UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Kinds of characters that nobody sees and that would break a line of a table."""
Cells = dict[str, str]


@dataclass(frozen=True)
class SheetTable:
    """A sheet as rows of text by column; ``letters`` of its columns, ``first`` the row of its header.

    Notes
    -----
    Shape and unit: none. Errors: none. Source: the workbook.
    """

    sheet: str
    place: str
    letters: dict[str, str]
    first: int
    rows: tuple[tuple[int, Cells], ...]

    def where(self, column: str, row: int) -> str:
        """Return how a complaint names a cell; unit: none; errors: none; source: the header."""
        return f"{self.place}!{self.letters.get(column, 'A')}{row}"


def require_sheets(found: list[str], place: str) -> None:
    """Complain about sheets unknown or missing; unit: none; errors: InputError; source: SHEETS."""
    for sheet in found:
        if sheet not in SHEETS:
            shown = clean(sheet)[:40]
            raise InputError(
                f"{place}: {shown}", "sheet {sheet!r} is unknown", "Did you mean {near!r}? It takes {known}",
                sheet=shown, near=nearest(sheet[:40], SHEETS), known=", ".join(SHEETS),
            )  # fmt: skip
    for sheet in SHEET_COLUMNS:
        if sheet not in found:
            raise InputError(
                place, "sheet {sheet!r} is missing", "Add it with its header, as the template has it", sheet=sheet
            )


def clean(text: str) -> str:
    """Return a text without what nobody sees; unit: none; errors: none; source: the name of a file or sheet."""
    return "".join(letter for letter in text if not _is_unseen(letter))


def _is_unseen(letter: str) -> bool:
    return unicodedata.category(letter) in UNSEEN or ord(letter) & 0xFFFE == 0xFFFE


def sheet_table(sheet: str, cells: SheetCells, name: str) -> SheetTable:
    """Return the rows of a sheet as text, blank rows left out.

    Parameters
    ----------
    sheet : str; one of SHEET_COLUMNS.
    cells : SheetCells.
    name : str; how a complaint names the workbook.

    Returns
    -------
    SheetTable.

    Raises
    ------
    InputError : the header is wrong, cells are merged, or a cell is no plain value.

    Notes
    -----
    Shape and unit: none; numbers in the fewest digits that give them back. Source: the workbook.
    """
    place = f"{name}: {sheet}"
    if cells.merged:
        raise InputError(
            f"{place}!{cells.merged[0]}", "cells are merged", "Split them, and write a value into each cell"
        )
    numbers = sorted(cells.rows)
    if not numbers:
        raise InputError(
            f"{place}!A1", "sheet {sheet!r} is empty", "Add it with its header, as the template has it", sheet=sheet
        )
    header = {column: _text(value, "", f"{place}!{letter_of(column)}{numbers[0]}")
              for column, value in sorted(cells.rows[numbers[0]].items())}  # fmt: skip
    _require_header(header, sheet, f"{place}!", numbers[0])
    most = MOST_LISTED.get(sheet, MOST_ROWS)
    if len(numbers) > most + 1:
        raise InputError(
            f"{place}!A{numbers[most + 1]}", "the sheet has more than {most} rows",
            "Delete rows below the table, empty ones too", most=most,
        )  # fmt: skip
    rows = []
    for number in numbers[1:]:
        line = dict.fromkeys(SHEET_COLUMNS[sheet], "")
        for column, value in sorted(cells.rows[number].items()):
            where = f"{place}!{letter_of(column)}{number}"
            if column not in header:
                raise InputError(
                    where, "the cell stands beside the table", "Delete it, or move it to a sheet of your own file"
                )
            known = sheet != "region" or header[column] in FREE_COLUMNS
            line[header[column]] = _text(value, header[column] if known else "", where)
        rows.append((number, line))
    letters = {column: letter_of(number) for number, column in header.items()}
    return SheetTable(sheet, place, letters, numbers[0], tuple(rows))


def _require_header(header: Mapping[int, str], sheet: str, place: str, row: int) -> None:
    known, given = SHEET_COLUMNS[sheet], list(header.values())
    for number, column in header.items():
        where = f"{place}{letter_of(number)}{row}"
        if column not in known:
            raise InputError(
                where, "column {column!r} is unknown", "Did you mean {near!r}? It takes {known}", column=column[:40],
                near=nearest(column[:40], known), known=", ".join(known),
            )  # fmt: skip
        if list(header.values()).index(column) < list(header).index(number):
            raise InputError(where, "column {column!r} stands twice", "Keep one of the two", column=column)
    for column in known:
        if column not in given and column not in OPTIONAL_COLUMNS:
            raise InputError(f"{place}A{row}", "column {column!r} is missing", "Add it to the header", column=column)


def _text(value: Value, column: str, where: str) -> str:
    """Return a cell as the text that a table holds."""
    if isinstance(value, Strange):
        if value.kind == "a date" and column == "signed_on" and value.text:
            return value.text
        raise InputError(
            where, "the cell holds {kind}, not a plain value",
            "Paste formulas as values, and format codes and names as text", kind=value.kind,
        )  # fmt: skip
    if isinstance(value, bool):
        if not column:
            return str(value).lower()
        raise InputError(
            where, "the cell holds {kind}, not a plain value",
            "Paste formulas as values, and format codes and names as text", kind="true or false",
        )  # fmt: skip
    if isinstance(value, float):
        return shown_number(value)
    unseen = next((letter for letter in value if _is_unseen(letter)), None)
    if unseen is not None:
        raise InputError(
            where, "the cell holds a line break or an invisible character (U+{code})",
            "Write the text in one line, without it", code=f"{ord(unseen):04X}",
        )  # fmt: skip
    longest = LONGEST_FREE if column in FREE_COLUMNS else LONGEST_WORD
    if len(value) > longest:
        raise InputError(
            where, "the cell holds {size} characters", "Write at most {most}", size=len(value), most=longest
        )
    if column not in NUMBER_COLUMNS:
        return value
    if not PLAIN_NUMBER.fullmatch(value.strip()):
        raise InputError(
            where, "{column!r} is the text {text!r}, not a number", "Format the cell as a number and type plain digits",
            column=column, text=value[:40],
        )  # fmt: skip
    return shown_number(float(value))


def shown_number(number: float) -> str:
    """Return a number in the fewest digits that give it back; unit: its own; errors: none; source: a cell."""
    whole = abs(number) < 1e15 and number == int(number)
    return str(int(number)) if whole else repr(number)
