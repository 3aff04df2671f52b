"""A region's own list of schools and programmes, a CSV file or a workbook -> SchoolList; every fault named by place."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np

from simvet.errors import InputError
from simvet.loading.checks import require_word
from simvet.loading.list_file import (
    ENDINGS,
    LIST_COLUMNS,
    MOST_ROWS,
    MOST_UNPACKED,
    OPTIONAL_COLUMNS,
    Line,
    list_lines,
)
from simvet.schools import FIELDLESS, STAGES, TRACKS, SchoolList, known_fields
from simvet.tables import number_of, place_of, require_bare, require_filled

SCHOOL_COLUMNS = ("name", "stage", "district", "quality")
"""Columns that must say the same in every row of a school."""
MOST_SCHOOLS = 30_000
"""Schools of a list; the number of a school takes two bytes of a student's row."""
MOST_SEATS = 20_000
"""First-year seats of a programme; more than the largest university admits in all."""
MOST_QUALITY = 5.0
"""Standard deviations; not one school in a million lies beyond."""
MUST_EXIST = ("general_high", "secondary_vocational")
"""Stages that every region has, and to which its pupils apply."""
PLAIN_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)
EXAMPLE: tuple[tuple[str | int, ...], ...] = (
    ("S001", "示例普高", "general_high", 1, "", "regular", 400, 0),
    ("S002", "示例中职", "secondary_vocational", 1, "equipment_manufacturing", "regular", 90, 0),
    ("S002", "示例中职", "secondary_vocational", 1, "equipment_manufacturing", "integrated_higher", 45, 0),
    ("S002", "示例中职", "secondary_vocational", 1, "electronics_information", "regular", 120, 0),
    ("S003", "示例高职", "higher_vocational", 1, "finance_commerce", "regular", 300, 0),
)


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
    for line in list_lines(path):
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
    if len(schools) > MOST_SCHOOLS:
        raise InputError(
            place_of(path), "the list has {count} schools", "At most {most} can be told apart; split the region",
            count=len(schools), most=MOST_SCHOOLS,
        )  # fmt: skip
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
        by_name = {field.labels["zh"]: key for key, field in known_fields().items()}
        cells["field"] = by_name.get(cells["field"], cells["field"])
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
        from openpyxl import Workbook  # type: ignore[import-untyped] # noqa: PLC0415 - few runs write a workbook

        book = Workbook()
        for row in (LIST_COLUMNS, *EXAMPLE):
            book.active.append(row)
        book.save(path)
    except OSError as error:
        raise InputError(
            place, "the output cannot be written ({problem})", "Free the disk, or send the output elsewhere",
            problem=error.strerror or str(error),
        ) from None  # fmt: skip


__all__ = ["LIST_COLUMNS", "MOST_ROWS", "MOST_UNPACKED", "read_school_list", "write_school_template"]
