"""The rows of a school list as they lie in a CSV file or a workbook, with the place of every cell."""

from __future__ import annotations

import csv
import io
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simvet.errors import InputError, nearest
from simvet.tables import LARGEST_FILE, place_of, read_text

LIST_COLUMNS = ("code", "name", "stage", "district", "field", "track", "seats", "quality")
OPTIONAL_COLUMNS = ("quality",)
NUMBER_COLUMNS = ("seats", "quality")
"""Columns that a workbook must hold as numbers."""
ENDINGS = (".csv", ".xlsx")
ROW_TAG = re.compile(rb"<(?:\w+:)?row[\s/>]")
BLOCK = 1_000_000
"""Bytes of a sheet that are searched for rows at a time."""
ODD_KINDS = {"f": "a formula", "e": "an error of the workbook", "b": "true or false"}
"""What a workbook calls the cells that hold no plain value, and how a complaint calls them."""
MOST_ROWS = 100_000
"""Rows of a list; all programmes of all schools of China at one level are about as many."""
MOST_UNPACKED = 100_000_000
"""Bytes of a workbook when unpacked; a list of MOST_ROWS takes about half of it, a zip bomb far more."""
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""Columns of a sheet that are looked at, so that a stray cell at its far edge does not widen every row."""
BROKEN_WORKBOOK = (
    zipfile.BadZipFile, zlib.error, OSError, EOFError, KeyError, ValueError, TypeError, AttributeError, IndexError,
    SyntaxError, RuntimeError, AssertionError,
)  # fmt: skip
"""What reading a file that only looks like a workbook raises, a parse error being a SyntaxError."""


@dataclass(frozen=True)
class Odd:
    """A cell that holds no plain value; unit: none; errors: none; source: a workbook."""

    kind: str


Value = str | int | float | Odd | None


@dataclass(frozen=True)
class Line:
    """A row of the list as text, with what it takes to name its place.

    Notes
    -----
    Shape and unit: none. Errors: none. Source: ``place``, the file or ``file!sheet``; ``letters`` are the columns of a
    workbook by name, empty for a CSV file.
    """

    cells: dict[str, str]
    place: str
    number: int
    letters: dict[str, str]

    def where(self, column: str) -> str:
        """Return how a complaint names a cell; unit: none; errors: none; source: the file."""
        if self.letters:
            return f"{self.place}!{self.letters.get(column, 'A')}{self.number}"
        return f"{self.place}:{self.number}"


def list_lines(path: Path) -> Iterator[Line]:
    """Yield the rows of a list that are not blank, their header and the kind of every cell checked.

    Parameters
    ----------
    path : Path of a CSV file or workbook.

    Yields
    ------
    Line.

    Raises
    ------
    InputError : the file cannot be read, a column is wrong, or a cell holds no plain value.

    Notes
    -----
    Shape and unit: none. Source: the file.
    """
    book = path.suffix.lower() == ".xlsx"
    if not book and path.suffix.lower() not in ENDINGS:
        raise InputError(
            place_of(path), "no school list ends in {ending!r}", "Choose one of {known}", ending=path.suffix,
            known=", ".join(ENDINGS),
        )  # fmt: skip
    header: tuple[str, ...] = ()
    letters: dict[str, str] = {}
    found = False
    for place, number, values in _sheet_rows(path) if book else _text_rows(path):
        given = len(values)
        while values and _blank(values[-1]):
            values.pop()
        if not header:
            header = tuple(value.kind if isinstance(value, Odd) else str(value or "") for value in values)
            letters = dict(zip(header, LETTERS, strict=False)) if book else {}
            if header:
                _require_header(header, Line({}, place, number, letters))
        elif values:
            found = True
            if len(values) > len(header) or (given < len(header) and not book):
                raise InputError(
                    f"{place}!{LETTERS[len(values) - 1]}{number}" if book else f"{place}:{number}",
                    "the row has {found} cells, the header {wanted}",
                    "Look for a cell beside the table, a comma outside quotes or a quote that is not closed",
                    found=max(len(values), given if given < len(header) else 0), wanted=len(header),
                )  # fmt: skip
            line = Line({}, place, number, letters)
            full = (*values, *[""] * (len(header) - len(values)))
            line.cells.update((c, _plain(value, c, line)) for c, value in zip(header, full, strict=True))
            for column in OPTIONAL_COLUMNS:
                line.cells.setdefault(column, "")
            yield line
    if not found:
        raise InputError(place_of(path), "the list has no rows", "Write one row for each programme of each school")


def _blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _require_header(header: tuple[str, ...], line: Line) -> None:
    for column in header:
        where = line.where(column)
        if column not in LIST_COLUMNS:
            raise InputError(
                where, "column {column!r} is unknown", "Did you mean {near!r}? It takes {known}", column=column,
                near=nearest(column, LIST_COLUMNS), known=", ".join(LIST_COLUMNS),
            )  # fmt: skip
        if header.count(column) > 1:
            raise InputError(where, "column {column!r} stands twice", "Keep one of the two", column=column)
    for column in LIST_COLUMNS:
        if column not in header and column not in OPTIONAL_COLUMNS:
            raise InputError(line.where(column), "column {column!r} is missing", "Add it to the header", column=column)


def _plain(value: Value, column: str, line: Line) -> str:
    """Return a cell as text; a workbook's number must be one, and its formulas, dates and errors are no values."""
    if isinstance(value, Odd):
        raise InputError(
            line.where(column), "{column!r} holds {kind}, not a plain value",
            "Paste formulas as values, and format codes and names as text", column=column, kind=value.kind,
        )  # fmt: skip
    if not isinstance(value, str):
        return "" if value is None else f"{value:.15g}" if isinstance(value, float) else str(value)
    if line.letters and column in NUMBER_COLUMNS and value.strip():
        raise InputError(
            line.where(column), "{column!r} is the text {text!r}, not a number",
            "Format the cell as a number and type plain digits", column=column, text=value,
        )  # fmt: skip
    return value


def _text_rows(path: Path) -> Iterator[tuple[str, int, list[Value]]]:
    """Yield (place, line, cells) of a CSV file."""
    place, reader = place_of(path), csv.reader(io.StringIO(read_text(path), newline=None))
    rows: list[tuple[str, int, list[Value]]] = []
    last = 0
    try:
        # Counted before any cell is looked at, so that a list far too long is refused at once.
        for cells in reader:
            rows.append((place, last + 1, list(cells)))
            last = reader.line_num
            _require_few(len(rows), place)
    except csv.Error:
        raise InputError(
            f"{place}:{reader.line_num}",
            "a cell holds more than 131072 characters",
            "Look for a quote that is not closed",
        ) from None
    yield from rows


def _sheet_rows(path: Path) -> Iterator[tuple[str, int, list[Value]]]:
    """Yield (file!sheet, row, cells) of a workbook's first sheet."""
    from openpyxl import load_workbook  # type: ignore[import-untyped] # noqa: PLC0415 - few runs read a workbook

    place, book = place_of(path), None
    _require_unpackable(path, place)
    try:
        with warnings.catch_warnings():
            # It warns of styles and of what it does not support, which a list does not need.
            warnings.simplefilter("ignore")
            book = load_workbook(path, read_only=True, keep_links=False)
        sheet = book.worksheets[0]
        # The size that a sheet claims is not believed: it may be every row that a sheet can have.
        sheet.reset_dimensions()
        _count_rows(path, sheet._worksheet_path, f"{place}!{sheet.title}")
        for number, row in enumerate(sheet.iter_rows(max_col=len(LETTERS)), start=1):
            _require_few(number, f"{place}!{sheet.title}")
            yield f"{place}!{sheet.title}", number, [_cell_value(cell) for cell in row]
    except BROKEN_WORKBOOK:
        raise _broken(place) from None
    finally:
        if book:
            book.close()


def _cell_value(cell: Any) -> Value:
    value, kind = cell.value, cell.data_type
    if kind in ODD_KINDS:
        return Odd(ODD_KINDS[kind])
    return value if value is None or isinstance(value, str | int | float) else Odd("a date")


def _count_rows(path: Path, part: str, place: str) -> None:
    """Complain about too many rows before they are parsed, which takes a hundred times as long as counting them."""
    rows, rest = 0, b""
    with zipfile.ZipFile(path) as packed, packed.open(part) as file:
        while block := file.read(BLOCK):
            text = rest + block
            rows += len(ROW_TAG.findall(text))
            # The end of a block may cut a tag in two; the tags counted already are not in the rest.
            last = text[text.rfind(b"<") :]
            rest = b"" if ROW_TAG.match(last) or len(last) > BLOCK else last
            _require_few(rows, place)


def _require_few(rows: int, place: str) -> None:
    if rows > MOST_ROWS + 1:
        raise InputError(
            place, "the list has more than {most} rows", "Delete rows that are no programmes, empty ones too",
            most=MOST_ROWS,
        )  # fmt: skip


def _require_unpackable(path: Path, place: str) -> None:
    """Complain about a file that is no workbook, or so large that reading it would take minutes."""
    if path.is_dir():
        raise InputError(place, "this is a folder, not a file", "Name the file inside it")
    if not path.exists():
        raise InputError(place, "there is no such file", "Check the name and the folder")
    if not path.is_file():
        raise InputError(place, "this is a device or a pipe, not a file", "Name a file that lies on the disk")
    size = path.stat().st_size
    try:
        if size <= LARGEST_FILE:
            with zipfile.ZipFile(path) as packed:
                size = sum(part.file_size for part in packed.infolist())
    except BROKEN_WORKBOOK:
        raise _broken(place) from None
    if size > MOST_UNPACKED or path.stat().st_size > LARGEST_FILE:
        raise InputError(
            place, "the workbook holds {size} MB", "A list has at most {rows} rows; {most} MB are enough for it",
            size=size // 1_000_000, rows=MOST_ROWS, most=MOST_UNPACKED // 1_000_000,
        )  # fmt: skip


def _broken(place: str) -> InputError:
    return InputError(
        place, "this is not a workbook that can be read", "Save it again as .xlsx without a password, or as CSV UTF-8"
    )
