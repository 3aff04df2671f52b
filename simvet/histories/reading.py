"""Reading histories and births: whole files and folders; complaints name the file and the line."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np

from simvet.errors import InputError
from simvet.histories.labels import grade_of, stage_facts
from simvet.histories.record import Births, Column, Record, frozen
from simvet.histories.rows import count_in, header_of, region_in, table_lines, year_in
from simvet.histories.table import LEAST_YEARS, History, history_of
from simvet.loading.list_file import ENDINGS, Line
from simvet.tables import place_of

MOST_CELLS = 4_000_000
"""Regions by columns by years; every county of China by grade over fifty years is about as many."""
Key = tuple[str, int, Column]
Cells = tuple[float, float, float, str, int]
"""Enrolment, entrants and graduates of a row, how its grade was written, and its line."""


def read_history(path: Path, births_path: Path | None = None, least: int = LEAST_YEARS) -> History:
    """Return the history that a file holds.

    Parameters
    ----------
    path : Path of a CSV file or workbook with the columns region, year, stage, grade, enrolment and, where known,
        entrants and graduates, in any order, English or Chinese.
    births_path : Path, optional; a table of births, by default the one that :func:`find_births` finds.
    least : int; consecutive years that a region must have to be learned from.

    Returns
    -------
    History, named after the file.

    Raises
    ------
    InputError : the file cannot be read, a column or cell is wrong, a row stands twice, or no region has enough years.

    Notes
    -----
    Unit: persons. Source: the file.
    """
    record = _read_record(path)
    found = births_path or _births_beside(path, record.regions)
    if found is None:
        return history_of(record, least)
    births = read_births(found)
    if not set(births.regions) & set(record.regions):
        raise InputError(
            place_of(found), "no region of {name} has births here", "Write the regions' names as they stand there",
            name=place_of(path),
        )  # fmt: skip
    return history_of(replace(record, births=births.only(record.regions)), least)


def read_births(path: Path) -> Births:
    """Return the births behind the first grade that a file holds.

    Parameters
    ----------
    path : Path of a CSV file or workbook with the columns region, year_of_grade1, birth_year and births.

    Returns
    -------
    Births, regions and years in order.

    Raises
    ------
    InputError : the file cannot be read, a column or cell is wrong, a row stands twice, or no births are known.

    Notes
    -----
    Unit: persons. Source: the file.
    """
    found: dict[tuple[str, int], tuple[int, float, int]] = {}
    for line in table_lines(path, "births"):
        key = region_in(line), year_in(line, "year_of_grade1")
        born = year_in(line, "birth_year")
        if born >= key[1]:
            raise InputError(
                line.where("birth_year"), "birth_year {born} is not before year_of_grade1 {year}",
                "Write the year in which those who enter grade 1 were born", born=born, year=key[1],
            )  # fmt: skip
        if key in found:
            raise _twice(line, found[key][-1])
        found[key] = born, count_in(line, "births"), line.number
    known = _births(path, found)
    if known is None:
        raise InputError(
            place_of(path), "column {column!r} has no number", "Fill it, or take the file away", column="births"
        )
    return known


def _births(path: Path, found: dict[tuple[str, int], tuple[int, float, int]]) -> Births | None:
    regions, years = sorted({region for region, _ in found}), sorted({year for _, year in found})
    _require_room(path, len(regions), 1, len(years))
    at = ([regions.index(region) for region, _ in found], [years.index(year) for _, year in found])
    born_in, births = (
        np.zeros((len(regions), len(years)), dtype=np.int64),
        np.full((len(regions), len(years)), math.nan),
    )
    born_in[at], births[at], _ = zip(*found.values(), strict=True)
    return Births(tuple(regions), tuple(years), born_in, births).only(tuple(regions))


def find_births(path: Path) -> Path | None:
    """Return the table of births that lies beside a history and shares regions with it.

    Parameters
    ----------
    path : Path of the history.

    Returns
    -------
    Path, None where there is none; the first one by name of those that share most regions.

    Raises
    ------
    InputError : the history, or a table of births beside it, is wrong.

    Notes
    -----
    Unit: none. Source: the folder of the file; only CSV files are looked at.
    """
    return _births_beside(path, _read_record(path).regions)


def read_folder(folder: Path, least: int = LEAST_YEARS) -> tuple[History, ...]:
    """Return every history that lies in a folder.

    Parameters
    ----------
    folder : Path; tables of births, other files and folders in it are left alone.
    least : int; consecutive years that a region must have to be learned from.

    Returns
    -------
    tuple of History, by file name.

    Raises
    ------
    InputError : there is no such folder, no history in it, a table that is neither a history nor one of births, two of
        one name, or a file is wrong.

    Notes
    -----
    Unit: persons. Source: the folder.
    """
    if not folder.is_dir():
        raise InputError(place_of(folder), "there is no such folder", "Check the name and the folder")
    found: dict[str, History] = {}
    for path in _tables_in(folder):
        kind = header_of(path)
        if kind is None and path.suffix.lower() == ".csv":
            raise InputError(
                place_of(path), "the header is neither that of a history nor of births",
                "A history has region, year, stage, grade and enrolment; keep other tables elsewhere",
            )  # fmt: skip
        if kind == "column":
            if path.stem in found:
                raise InputError(place_of(path), "{name!r} stands twice", "Keep one of the two", name=path.stem)
            found[path.stem] = read_history(path, least=least)
    if not found:
        raise InputError(place_of(folder), "the folder holds no history", "Put a CSV file or workbook into it")
    return tuple(found.values())


def _tables_in(folder: Path) -> list[Path]:
    """Return the tables of a folder; what editors and systems leave there begins with a point or ``~``."""
    paths = (path for path in folder.iterdir() if path.suffix.lower() in ENDINGS and path.is_file())
    return sorted(path for path in paths if not path.name.startswith((".", "~")))


def _births_beside(path: Path, regions: tuple[str, ...]) -> Path | None:
    shared = {}
    for other in _tables_in(path.parent):
        if other.suffix.lower() == ".csv" and other != path and _announces_births(other):
            shared[other] = len(set(read_births(other).regions) & set(regions))
    best = max(shared, key=lambda other: shared[other], default=None)
    return best if best is not None and shared[best] else None


def _announces_births(path: Path) -> bool:
    try:
        return header_of(path) == "births"
    except InputError:
        # A file that cannot be read is no business of a history that lies beside it.
        return False


def _read_record(path: Path) -> Record:
    """Return the cells of a file; what many rows repeat is looked at once."""
    found: dict[Key, Cells] = {}
    columns: dict[tuple[str, str], Column] = {}
    names: dict[str, str] = {}
    years: dict[str, int] = {}
    for line in table_lines(path, "column"):
        stage, grade, region, year = (line.cells[name] for name in ("stage", "grade", "region", "year"))
        if (stage, grade) not in columns:
            columns[stage, grade] = _column_in(line)
        if region not in names:
            names[region] = region_in(line)
        if year not in years:
            years[year] = year_in(line, "year")
        key = names[region], years[year], columns[stage, grade]
        if key in found:
            raise _twice(line, found[key][-1])
        counts = (count_in(line, "enrolment"), count_in(line, "entrants"), count_in(line, "graduates"))
        found[key] = (*counts, grade.strip(), line.number)
    return _record(path, found)


def _column_in(line: Line) -> Column:
    stage = line.cells["stage"]
    if not stage.strip():
        raise InputError(
            line.where("stage"), "{column!r} is empty", "Write the name of the stage in every row", column="stage"
        )
    grade = grade_of(line.cells["grade"], line.where("grade"))
    return Column(stage_facts(stage, line.where("stage")).canonical, grade)


def _twice(line: Line, first: int) -> InputError:
    return InputError(
        line.where("region"), "the row stands twice, first at {first}", "Keep one of the two",
        first=replace(line, number=first).where("region"),
    )  # fmt: skip


def _record(path: Path, found: dict[Key, Cells]) -> Record:
    regions = sorted({region for region, _, _ in found})
    first, last = min(year for _, year, _ in found), max(year for _, year, _ in found)
    columns = sorted({column for _, _, column in found}, key=_pathway_order)
    shape = (len(regions), len(columns), last - first + 1)
    _require_room(path, *shape)
    rows, places = ({name: place for place, name in enumerate(names)} for names in (regions, columns))
    at = (
        [rows[region] for region, _, _ in found], [places[column] for _, _, column in found],
        [year - first for _, year, _ in found],
    )  # fmt: skip
    counts, written = np.full((3, *shape), math.nan), np.full(shape, None, dtype=object)
    *numbers, labels, _ = zip(*found.values(), strict=True)
    for place, series in enumerate(numbers):
        counts[place][at] = series
    written[at] = labels
    return Record(
        path.stem, tuple(regions), tuple(range(first, last + 1)), tuple(columns), frozen(counts), frozen(written), None
    )


def _pathway_order(column: Column) -> tuple[int, int, str, int]:
    facts = stage_facts(column.stage)
    return facts.position, facts.admitted, column.stage, column.grade or 0


def _require_room(path: Path, regions: int, columns: int, years: int) -> None:
    if regions * columns * years > MOST_CELLS:
        raise InputError(
            place_of(path), "the table spans {regions} regions, {columns} series and {years} years",
            "Split it into files by region, or look for a wrong year", regions=regions, columns=columns, years=years,
        )  # fmt: skip
