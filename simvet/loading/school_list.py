"""A region's own list of schools and programmes, a CSV file or a workbook -> SchoolList; every fault named by place."""

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

import numpy as np

from simvet.errors import InputError, nearest
from simvet.loading.checks import require_word
from simvet.schools import FIELDLESS, STAGES, TRACKS, SchoolList, known_fields
from simvet.tables import LARGEST_FILE, number_of, place_of, read_text, require_bare, require_filled

LIST_COLUMNS = ("code", "name", "stage", "district", "field", "track", "seats", "quality")
OPTIONAL_COLUMNS = ("quality",)
NUMBER_COLUMNS = ("seats", "quality")
"""Columns that a workbook must hold as numbers."""
SCHOOL_COLUMNS = ("name", "stage", "district", "quality")
"""Columns that must say the same in every row of a school."""
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
MOST_SEATS = 20_000
"""First-year seats of a programme; more than the largest university admits in all."""
MOST_QUALITY = 5.0
"""Standard deviations; not one school in a million lies beyond."""
MUST_EXIST = ("general_high", "secondary_vocational")
"""Stages that every region has, and to which its pupils apply."""
PLAIN_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)
BROKEN_WORKBOOK = (
    zipfile.BadZipFile, zlib.error, OSError, EOFError, KeyError, ValueError, TypeError, AttributeError, IndexError,
    SyntaxError, RuntimeError, AssertionError,
)  # fmt: skip
"""What reading a file that only looks like a workbook raises, a parse error being a SyntaxError."""
EXAMPLE: tuple[tuple[str | int, ...], ...] = (
    ("S001", "示例普高", "general_high", 1, "", "regular", 400, 0),
    ("S002", "示例中职", "secondary_vocational", 1, "equipment_manufacturing", "regular", 90, 0),
    ("S002", "示例中职", "secondary_vocational", 1, "equipment_manufacturing", "integrated_higher", 45, 0),
    ("S002", "示例中职", "secondary_vocational", 1, "electronics_information", "regular", 120, 0),
    ("S003", "示例高职", "higher_vocational", 1, "finance_commerce", "regular", 300, 0),
)


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


def read_school_list(path: Path, region: str, districts: int | tuple[str, ...]) -> SchoolList:
    """Return the schools of an uploaded list, one row a programme.

    Parameters
    ----------
    path : Path of a CSV file (UTF-8) or a workbook (.xlsx, first sheet) with the columns of LIST_COLUMNS.
    region : str; the region that the list is about.
    districts : int or tuple of str; how many districts the region has, or their names. With names, a row gives a
        district's name or number (from 1); with a number alone, rows give numbers, or names throughout, which are
        then numbered in alphabetical order.

    Returns
    -------
    SchoolList, not synthetic.

    Raises
    ------
    InputError : the file cannot be read, a cell is wrong, rows contradict each other, or a stage that every region has
        is not there.

    Notes
    -----
    Shape and unit: see SchoolList; seats in persons. Source: the file.
    """
    schools: dict[str, Line] = {}
    programmes: dict[tuple[str, str, str], tuple[Line, float]] = {}
    names: dict[str, Line] = {}
    for line in _lines(path):
        seats = _check_cells(line)
        _check_district(line, districts, names)
        code = line.cells["code"]
        _check_same_school(schools.setdefault(code, line), line)
        key = (code, line.cells["field"], line.cells["track"])
        if key in programmes:
            raise InputError(
                line.where("code"), "the row stands twice, first at {first}", "Keep one of the two",
                first=programmes[key][0].where("code"),
            )  # fmt: skip
        programmes[key] = (line, seats)
    for stage in MUST_EXIST:
        if not any(seats for line, seats in programmes.values() if line.cells["stage"] == stage):
            raise InputError(
                place_of(path), "the list has no school of stage {stage!r} with seats",
                "Add the schools of this stage; pupils of every region apply to them", stage=stage,
            )  # fmt: skip
    odd = next((line for line in schools.values() if names and line.cells["district"] not in names), None)
    if odd:
        raise InputError(
            odd.where("district"),
            "districts are written both as numbers and as names",
            "Write all of them the same way",
        )
    known = districts if isinstance(districts, tuple) else tuple(sorted(names))
    return _assemble(path, region, districts, known, schools, programmes)


def _assemble(
    path: Path, region: str, districts: int | tuple[str, ...], names: tuple[str, ...], schools: dict[str, Line],
    programmes: dict[tuple[str, str, str], tuple[Line, float]],
) -> SchoolList:  # fmt: skip
    stage_of = {code: STAGES.index(line.cells["stage"]) for code, line in schools.items()}
    codes = tuple(sorted(schools, key=lambda code: (stage_of[code], code)))
    position = {code: number for number, code in enumerate(codes)}
    fields = {key: number for number, key in enumerate(known_fields())}
    cells = [schools[code].cells for code in codes]
    places = [c["district"] for c in cells]
    rows = sorted(
        (position[code], TRACKS[STAGES[stage_of[code]]].index(track), fields.get(field, -1), seats)
        for (code, field, track), (_, seats) in programmes.items()
    )
    return SchoolList(
        region=region, districts=len(districts) if isinstance(districts, tuple) else districts, district_names=names,
        synthetic=False, source=place_of(path), codes=codes, names=tuple(c["name"] for c in cells),
        stage=np.array([stage_of[code] for code in codes], dtype=np.int8),
        district=np.array([names.index(p) if p in names else int(p) - 1 for p in places], dtype=np.int16),
        quality=np.array([float(c["quality"] or 0.0) for c in cells], dtype=np.float64),
        programme_school=np.array([row[0] for row in rows], dtype=np.int32),
        programme_track=np.array([row[1] for row in rows], dtype=np.int8),
        programme_field=np.array([row[2] for row in rows], dtype=np.int16),
        programme_seats=np.array([row[3] for row in rows], dtype=np.float64),
    )  # fmt: skip


def _check_cells(line: Line) -> float:
    """Complain about a cell that is wrong by itself; return the seats."""
    cells = line.cells
    for column, cell in cells.items():
        if not cell.strip() and column not in ("field", *OPTIONAL_COLUMNS):
            require_filled(cells, (column,), line.where(column))
        if cell[:1].isspace() or cell[-1:].isspace():
            require_bare(cells, (column,), line.where(column))
    stage = require_word(cells["stage"], "stage", STAGES, line.where("stage"))
    require_word(cells["track"], "track", TRACKS[stage], line.where("track"))
    if stage not in FIELDLESS:
        require_filled(cells, ("field",), line.where("field"))
        if cells["field"] not in known_fields():
            require_word(cells["field"], "field", tuple(known_fields()), line.where("field"))
    elif cells["field"]:
        raise InputError(
            line.where("field"), "a school of stage {stage!r} has no fields, and {word!r} is given",
            "Leave the cell empty", stage=stage, word=cells["field"],
        )  # fmt: skip
    if cells["quality"]:
        quality = _number(line, "quality")
        if abs(quality) > MOST_QUALITY:
            raise InputError(
                line.where("quality"), "{name!r} is {value:g}, outside {low:g} to {high:g} {unit}",
                "Write a value inside these bounds", name="quality", value=quality, low=-MOST_QUALITY,
                high=MOST_QUALITY, unit="sd",
            )  # fmt: skip
    seats = _number(line, "seats")
    if seats < 0.0 or seats != int(seats):
        raise InputError(
            line.where("seats"), "{name!r} is {value:g}, not a whole number from 0 on", "Write how many there are",
            name="seats", value=seats,
        )  # fmt: skip
    if seats > MOST_SEATS:
        raise InputError(
            line.where("seats"), "{name!r} is {value:g}, more than the {most} that one programme may have",
            "Look for digits too many", name="seats", value=seats, most=MOST_SEATS,
        )  # fmt: skip
    return seats


def _number(line: Line, column: str) -> float:
    text = line.cells[column]
    if not PLAIN_NUMBER.fullmatch(text):
        raise InputError(
            line.where(column), "{column!r} is {text!r}, not a number in plain digits",
            "Write 0 to 9 as ASCII, without thousands marks, full-width digits or a unit", column=column, text=text,
        )  # fmt: skip
    return number_of(text, column, line.where(column))


def _check_district(line: Line, districts: int | tuple[str, ...], names: dict[str, Line]) -> None:
    """Complain about a district that the region does not have; note the names where only their number is known."""
    text, where = line.cells["district"], line.where("district")
    most = districts if isinstance(districts, int) else len(districts)
    if isinstance(districts, tuple) and text in districts:
        return
    if text.isascii() and text.isdigit():
        if not 1 <= int(text[:9]) <= most or len(text) > 9:
            raise InputError(
                where, "district {word} is outside 1 to {most}", "Write the number of one of the region's districts",
                word=text, most=most,
            )  # fmt: skip
        return
    if isinstance(districts, tuple):
        require_word(text, "district", districts, where)
    names.setdefault(text, line)
    if len(names) > most:
        raise InputError(
            where, "{word!r} is one district more than the {most} of the region",
            "Look for two spellings of one district, or write numbers from 1 to {most}", word=text, most=most,
        )  # fmt: skip


def _check_same_school(first: Line, line: Line) -> None:
    """Complain about two schools under one code."""
    for column in SCHOOL_COLUMNS:
        if line.cells[column] != first.cells[column]:
            raise InputError(
                line.where(column), "code {key!r} has {column!r} {word!r} here and {other!r} at {first}",
                "Give each school a code of its own, or correct the cell", key=line.cells["code"], column=column,
                word=line.cells[column], other=first.cells[column], first=first.where(column),
            )  # fmt: skip


def _lines(path: Path) -> Iterator[Line]:
    """Yield the rows of the list that are not blank, their header and the kind of every cell checked."""
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


def write_school_template(path: Path) -> None:
    """Write a small example list to start from.

    Parameters
    ----------
    path : Path of a file that is not there yet and ends in .csv or .xlsx.

    Raises
    ------
    InputError : the ending is another, the file is there already, or it cannot be written.

    Notes
    -----
    Shape and unit: the columns of LIST_COLUMNS, one row a programme. Source: invented schools.
    """
    place = place_of(path)
    if path.suffix.lower() not in ENDINGS:
        raise InputError(
            place, "no school list ends in {ending!r}", "Choose one of {known}", ending=path.suffix,
            known=", ".join(ENDINGS),
        )  # fmt: skip
    if path.exists():
        raise InputError(place, "the file is there already", "Choose another name; nothing is overwritten")
    try:
        if path.suffix.lower() == ".csv":
            # The mark at the start is what lets Excel read Chinese.
            with path.open("w", encoding="utf-8-sig", newline="") as file:
                csv.writer(file).writerows((LIST_COLUMNS, *EXAMPLE))
            return
        from openpyxl import Workbook  # noqa: PLC0415 - few runs write a workbook

        book = Workbook()
        for row in (LIST_COLUMNS, *EXAMPLE):
            book.active.append(row)
        book.save(path)
    except OSError as error:
        raise InputError(
            place, "the output cannot be written ({problem})", "Free the disk, or send the output elsewhere",
            problem=error.strerror or str(error),
        ) from None  # fmt: skip
