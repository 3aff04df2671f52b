"""The rows of a table of histories or births as they lie in a CSV file or a workbook, every cell checked by itself."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from simvet.errors import InputError, nearest
from simvet.histories.labels import BIRTHS_COLUMNS, HISTORY_COLUMNS, OPTIONAL_COLUMNS, Table, column_names, plain_label
from simvet.loading.list_file import ENDINGS, LETTERS, MOST_ROWS, Line, Odd, Value, _sheet_rows, _text_rows
from simvet.tables import SCHOOL_YEARS, number_of, place_of

COLUMNS: dict[Table, tuple[str, ...]] = {"column": HISTORY_COLUMNS, "births": BIRTHS_COLUMNS}
PLAIN_NUMBER = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*", re.ASCII)
MOST_PERSONS = 1e10
"""More than the people on earth."""
LONGEST_NAME = 80
"""Characters of the name of a region."""
FORMULA_MARKS = ("=", "+", "-", "@")
"""What a spreadsheet takes for the begin of a formula; the name of a region is written into workbooks again."""


def table_lines(path: Path, table: Table) -> Iterator[Line]:
    """Yield the rows that are not blank, their cells by the columns' English names.

    Parameters
    ----------
    path : Path of a CSV file or workbook.
    table : str; ``column`` for a table of histories, ``births`` for one of births.

    Yields
    ------
    Line; an optional column that the file lacks is empty.

    Raises
    ------
    InputError : the file cannot be read, a column is wrong, or a cell holds no plain value.

    Notes
    -----
    Shape and unit: none. Source: the file.
    """
    header: list[str] = []
    letters: dict[str, str] = {}
    lacking = dict.fromkeys(OPTIONAL_COLUMNS, "")
    found, book = False, path.suffix.lower() == ".xlsx"
    for place, number, values in _rows(path):
        line = Line({}, place, number, letters)
        if not header:
            header = _header(values, table, Line({}, place, number, {"": "A"} if book else {}))
            letters = dict(zip(header, LETTERS, strict=False)) if book else {}
        elif not all(map(_blank, values)):
            found = True
            line.cells.update(lacking)
            _fill(line, header, values)
            yield line
    if not found:
        raise InputError(place_of(path), "the table has no rows", "Write one row for each region, year and series")


def header_of(path: Path) -> Table | None:
    """Return which table the header of a file announces.

    Parameters
    ----------
    path : Path of a CSV file or workbook.

    Returns
    -------
    str; ``births`` or ``column`` (a table of histories), None where it is neither.

    Raises
    ------
    InputError : the file cannot be read.

    Notes
    -----
    Shape and unit: none. A column may be misspelt: what is missing is said when the file is read. Source: the file.
    """
    for _, _, values in islice(_rows(path), 1):
        names = {plain_label(value) for value in values if isinstance(value, str)}
        known = {table: {key for label, key in column_names(table).items() if label in names} for table in COLUMNS}
        if "births" in known["births"] and len(known["births"]) > len(known["column"]):
            return "births"
        return "column" if len(known["column"]) > 2 else None
    return None


def _rows(path: Path) -> Iterator[tuple[str, int, list[Value]]]:
    if path.suffix.lower() not in ENDINGS:
        raise InputError(
            place_of(path), "no table of histories ends in {ending!r}", "Choose one of {known}", ending=path.suffix,
            known=", ".join(ENDINGS),
        )  # fmt: skip
    try:
        yield from (_sheet_rows if path.suffix.lower() == ".xlsx" else _text_rows)(path)
    except InputError as error:
        if error.facts != {"most": MOST_ROWS}:
            raise
        raise InputError(
            error.where, "the table has more than {most} rows", "Split it into files by region", most=MOST_ROWS
        ) from None


def _blank(value: Value) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _header(values: list[Value], table: Table, line: Line) -> list[str]:
    """Return the English names of the columns; blank cells after the last one are none."""
    names, header = column_names(table), []
    while values and _blank(values[-1]):
        values.pop()
    for value in values:
        text = value.kind if isinstance(value, Odd) else str("" if value is None else value).strip()
        column = names.get(plain_label(text))
        if column is None:
            raise InputError(
                line.where(""), "column {column!r} is unknown", "Did you mean {near!r}? It takes {known}", column=text,
                near=nearest(text, names), known=", ".join(COLUMNS[table]),
            )  # fmt: skip
        if column in header:
            raise InputError(line.where(""), "column {column!r} stands twice", "Keep one of the two", column=text)
        header.append(column)
    for column in COLUMNS[table] if header else ():
        if column not in header and column not in OPTIONAL_COLUMNS:
            raise InputError(line.where(""), "column {column!r} is missing", "Add it to the header", column=column)
    return header


def _fill(line: Line, header: list[str], values: list[Value]) -> None:
    """Put the cells of a row under their columns."""
    given = len(values)
    while len(values) > len(header) and _blank(values[-1]):
        values.pop()
    if len(values) > len(header) or (given < len(header) and not line.letters):
        raise InputError(
            line.where(header[0]), "the row has {found} cells, the header {wanted}",
            "Look for a cell beside the table, a comma outside quotes or a quote that is not closed",
            found=len(values), wanted=len(header),
        )  # fmt: skip
    for column, value in zip(header, values, strict=False):
        if type(value) is str:
            line.cells[column] = value
        elif isinstance(value, Odd):
            raise InputError(
                line.where(column), "{column!r} holds {kind}, not a plain value",
                "Paste formulas as values, and format codes and names as text", column=column, kind=value.kind,
            )  # fmt: skip
        else:
            line.cells[column] = "" if value is None else f"{value:.15g}" if isinstance(value, float) else str(value)
    for column in header[len(values) :]:
        line.cells[column] = ""


def region_in(line: Line) -> str:
    """Return the region of a row; errors: InputError for no plain name; shape, unit: none; source: the row."""
    name, where = line.cells["region"].strip(), line.where("region")
    if not name:
        raise InputError(where, "{column!r} is empty", "Write the name of the region in every row", column="region")
    if name.startswith(FORMULA_MARKS):
        raise InputError(
            where, "{column!r} holds {kind}, not a plain value",
            "Paste formulas as values, and format codes and names as text", column="region", kind="a formula",
        )  # fmt: skip
    unseen = next((letter for letter in name if not letter.isprintable()), None)
    if unseen is not None:
        raise InputError(
            where, "the cell holds a line break or an invisible character (U+{code})",
            "Write the text in one line, without it", code=f"{ord(unseen):04X}",
        )  # fmt: skip
    if len(name) > LONGEST_NAME:
        raise InputError(
            where, "the cell holds {size} characters", "Shorten it to {most} characters", size=len(name),
            most=LONGEST_NAME,
        )  # fmt: skip
    return name


def year_in(line: Line, column: str) -> int:
    """Return a year of a row; errors: InputError for no whole year in reach; unit: year; source: the row."""
    text, where = line.cells[column], line.where(column)
    year = _number(text, column, where)
    if year != math.floor(year) or not SCHOOL_YEARS[0] <= year <= SCHOOL_YEARS[1]:
        raise InputError(
            where, "{key!r} is {value}, not a year from {first} to {last}", "Write a whole year with four digits",
            key=column, value=text, first=SCHOOL_YEARS[0], last=SCHOOL_YEARS[1],
        )  # fmt: skip
    return int(year)


def count_in(line: Line, column: str) -> float:
    """Return a count of a row, NaN for an empty cell; errors: InputError for none; unit: persons; source: the row."""
    text = line.cells[column]
    if not text or text.isspace():
        return math.nan
    if text.isdecimal() and text.isascii() and len(text) < 10:
        # Most cells; a large table is read twice as fast.
        return float(text)
    count = _number(text, column, line.where(column))
    if not 0.0 <= count <= MOST_PERSONS:
        raise InputError(
            line.where(column), "{column!r} is {text!r}, not a number of persons",
            "Write a number from 0 to {most:.0f}; leave the cell empty where it is not known", column=column,
            text=text, most=MOST_PERSONS,
        )  # fmt: skip
    return count + 0.0


def _number(text: str, column: str, where: str) -> float:
    """Return the number in a cell; what only Python reads as one (1_000, digits of other scripts) is none."""
    number = number_of(text, column, where)
    if not PLAIN_NUMBER.fullmatch(text):
        raise InputError(
            where, "{column!r} is {text!r}, not a number in plain digits",
            "Write digits with a point, no thousands mark, no unit", column=column, text=text,
        )  # fmt: skip
    return number
