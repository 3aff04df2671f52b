"""Data tables with provenance: every row checked on the way in, complaints name file and line."""

from __future__ import annotations

import csv
import math
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from simvet.errors import InputError, nearest
from simvet.rules.names import CARD_INDICATORS, PROVIDERS

COLUMNS = (
    "region", "year", "indicator", "stage", "track", "definition", "value", "unit", "low", "high", "distribution",
    "status", "use", "formula", "source_title", "locator", "address", "grade", "note",
)  # fmt: skip
NAMED_COLUMNS = ("name", "value", "unit", "meaning_zh", "meaning_en", "status", "reason")
TOLERANCES = "data/opening/tolerances.csv"
"""Assumed widths, floors and sizes of the opening balance, the same for every region."""
STATUSES = ("published", "derived", "assumed")
USES = ("figure", "check", "path", "quantity", "prior", "history")
DISTRIBUTIONS = ("exact", "rounding", "fixed", "triangular", "normal_90")
UNITS = (
    "persons", "persons/year", "share", "share/year", "ratio", "schools", "CNY/student", "CNY/student/year",
    "persons per 100000", "students/teacher", "year", "years", "count", "count/year", "logit", "logit/year", "log/year",
    "per year", "points", "students/class",
    "places", "CNY", "CNY/year", "amount/year", "m2/student", "volumes/student", "CNY/place",
)  # fmt: skip
LARGEST_FILE = 20_000_000
"""Bytes; a table of every figure of every prefecture of China stays below a tenth of this."""
GRADES = ("A", "B", "C", "D")
SCHOOL_YEARS = (1900, 2100)
CALCULATED = ("figure", "check", "prior", "path")
"""Uses whose rows enter the balance or the feeder as they stand; bounds of quantities are in the catalogue."""
NEVER_NEGATIVE = ("persons", "persons/year", "places", "schools", "count")
STANDARDS = (
    *(
        (f"{name}_standard", stage)
        for stage in PROVIDERS
        for name in ("students_per_teacher", "floor_area", "land", "equipment", "books")
    ),
    *((f"card_limit_{name}", "region") for name in CARD_INDICATORS),
)
"""National standards that every region is held against: (quantity, stage)."""
STANDARDS_REGION = "china"
"""Region of the rows that count everywhere."""
OWN_REGION = re.compile(r"own_[a-z][a-z0-9_]{0,39}_[0-9a-f]{8}", re.ASCII)
"""Name of an uploaded region; its end is the digest of its content, so that what is cached under it stays true."""
_KEPT: ContextVar[Path | None] = ContextVar("kept", default=None)
"""Folder of uploaded regions that this thread looks into instead of the one that SIMVET_REGIONS names."""


@dataclass(frozen=True)
class Row:
    """One number with its provenance.

    Notes
    -----
    Unit: ``unit`` with period and denominator. Errors: none once it is read. Source: ``source_title``, ``locator`` and
    ``address``; ``grade`` is A for an official page, B for a copy of one, C for secondary text, D for an assumption.
    """

    region: str
    year: int
    indicator: str
    stage: str
    track: str
    definition: str
    value: float
    unit: str
    low: float
    high: float
    distribution: str
    status: str
    use: str
    formula: str
    source_title: str
    locator: str
    address: str
    grade: str
    note: str
    where: str


@dataclass(frozen=True)
class NamedNumber:
    """One number that code asks for by name, the same for every region, with its reason.

    Notes
    -----
    Unit: ``unit``; ``meaning_en`` says what it is a share of. Errors: none once it is read. Source: ``reason``.
    """

    name: str
    value: float
    unit: str
    meaning_zh: str
    meaning_en: str
    status: str
    reason: str
    where: str

    @property
    def key(self) -> list[object]:
        """Return what of the row changes results, for a digest."""
        return [self.name, self.value, self.unit, self.status]


def read_text(path: Path) -> str:
    """Return the text of a user's file.

    Parameters
    ----------
    path : Path.

    Returns
    -------
    str, decoded as UTF-8 with or without a byte-order mark.

    Raises
    ------
    InputError : the file is missing, a folder, empty, too large or not UTF-8.

    Notes
    -----
    Unit: none. Source: ARCHITECTURE, house habit 3.
    """
    where = place_of(path)
    try:
        if path.is_dir():
            raise InputError(where, "this is a folder, not a file", "Name the file inside it")
        if not path.exists():
            raise InputError(where, "there is no such file", "Check the name and the folder")
        if not path.is_file():
            raise InputError(where, "this is a device or a pipe, not a file", "Name a file that lies on the disk")
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise InputError(
                where, "the file has {size} MB", "Files of more than {most} MB are refused; give the right one",
                size=size // 1_000_000, most=LARGEST_FILE // 1_000_000,
            )  # fmt: skip
        raw = path.read_bytes()
    except (OSError, ValueError):
        raise InputError(where[-80:], "the file cannot be read", "Check its name and your right to read it") from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise InputError(
            f"{where}:{line}", "the text is not UTF-8", "Save the file as UTF-8 (Excel: CSV UTF-8)"
        ) from None
    if not text.strip():
        raise InputError(where, "the file is empty", "Fill it, or start from a copy of a file in scenarios/")
    if "\x00" in text:
        line = text[: text.index("\x00")].count("\n") + 1
        raise InputError(f"{where}:{line}", "the text holds a zero byte", "Save the file as UTF-8 (Excel: CSV UTF-8)")
    return text


def place_of(path: Path) -> str:
    """Return how a complaint names a file: ``data/lishui/values.csv`` for a table, else the name alone.

    Parameters
    ----------
    path : Path.

    Returns
    -------
    str, without the folders of the user's machine.

    Notes
    -----
    Unit: none. Errors: none. Source: tables of several regions bear the same name.
    """
    parts = path.parts[-3:]
    return "/".join(parts[parts.index("data") :]) if "data" in parts[:-1] else path.name


def read_table(path: Path) -> tuple[Row, ...]:
    """Return the rows of a data table.

    Parameters
    ----------
    path : Path of a CSV file with the columns of COLUMNS.

    Returns
    -------
    tuple of Row, in file order.

    Raises
    ------
    InputError : a column is missing or unknown, a cell is empty, not a number, out of its words, or a row stands twice.

    Notes
    -----
    Unit: each row's own. Source: the table.
    """
    rows: list[Row] = []
    seen: dict[tuple[object, ...], str] = {}
    for cells, where in read_cells(path, COLUMNS):
        row = _row(cells, where)
        identity = (row.region, row.year, row.indicator, row.stage, row.track, row.definition, row.use)
        if row.use != "history" and identity in seen:
            raise InputError(
                where, "the row stands twice, first at {first}", "Keep one of the two, or give one use = history",
                first=seen[identity],
            )  # fmt: skip
        seen[identity] = where
        rows.append(row)
    return tuple(rows)


@lru_cache(maxsize=8)
def named_numbers(path: Path) -> Mapping[str, NamedNumber]:
    """Return the rows of a table of named numbers; a table is read once.

    Parameters
    ----------
    path : Path of a CSV file with the columns of NAMED_COLUMNS.

    Returns
    -------
    mapping of name -> NamedNumber, sorted by name.

    Raises
    ------
    InputError : a column is missing or unknown, a cell is empty, not a number above 0, out of its words, or a row
        stands twice.

    Notes
    -----
    Unit: each row's own. Source: the table.
    """
    found: dict[str, NamedNumber] = {}
    for cells, where in read_cells(path, NAMED_COLUMNS):
        require_filled(cells, NAMED_COLUMNS[:-1], where)
        require_bare(cells, ("name",), where)
        require_words(cells, (("status", ("assumed",)), ("unit", UNITS)), where)
        name, value = cells["name"], number_of(cells["value"], "value", where)
        if value <= 0.0:
            raise InputError(
                where, "{name!r} is {value:g}, not above 0", "Write a number above 0", name=name, value=value
            )
        if cells["unit"] == "share":
            require_share(value, value, where)
        if not cells["reason"].strip():
            raise InputError(where, "an assumed number has no reason", "Say in reason why it is assumed and so wide")
        if name in found:
            raise InputError(
                where, "the row stands twice, first at {first}", "Keep one of the two", first=found[name].where
            )
        text = {column: cells[column] for column in NAMED_COLUMNS if column != "value"}
        found[name] = NamedNumber(value=value, where=where, **text)
    return MappingProxyType(dict(sorted(found.items())))


def read_cells(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[dict[str, str], str]]:
    """Yield each row of a table as column -> cell, with the place to name in a complaint about it.

    Parameters
    ----------
    path : Path of a CSV file.
    columns : tuple of str; the header that it must have, in any order.

    Yields
    ------
    (dict of column -> cell, str).

    Raises
    ------
    InputError : a column is missing, unknown or doubled, or a row has more or fewer cells than the header.

    Notes
    -----
    Unit: none. Source: the table.
    """
    place = place_of(path)
    reader = csv.reader(read_text(path).splitlines())
    try:
        header = next(reader)
        _require_header(header, columns, place)
        last = reader.line_num
        for cells in reader:
            where = f"{place}:{last + 1}"
            last = reader.line_num
            if len(cells) != len(header):
                raise InputError(
                    where, "the row has {found} cells, the header {wanted}",
                    "Look for a comma outside quotes or a quote that is not closed", found=len(cells),
                    wanted=len(header),
                )  # fmt: skip
            yield dict(zip(header, cells, strict=True)), where
    except csv.Error:
        raise InputError(
            f"{place}:{reader.line_num}",
            "a cell holds more than 131072 characters",
            "Look for a quote that is not closed",
        ) from None


def _require_header(header: list[str], columns: tuple[str, ...], place: str) -> None:
    for column in header:
        if column not in columns:
            raise InputError(
                f"{place}:1", "column {column!r} is unknown", "Did you mean {near!r}?",
                column=column, near=nearest(column, columns),
            )  # fmt: skip
        if header.count(column) > 1:
            raise InputError(f"{place}:1", "column {column!r} stands twice", "Keep one of the two", column=column)
    missing = [column for column in columns if column not in header]
    if missing:
        raise InputError(f"{place}:1", "column {column!r} is missing", "Add it to the header", column=missing[0])


def _row(cells: dict[str, str], where: str) -> Row:
    filled = ("region", "year", "indicator", "stage", "value", "unit", "low", "high", "status", "use", "grade")
    require_filled(cells, filled, where)
    require_bare(cells, ("region", "indicator", "stage", "track", "definition"), where)
    words = (("status", STATUSES), ("use", USES), ("distribution", DISTRIBUTIONS), ("unit", UNITS), ("grade", GRADES))
    require_words(cells, words, where)
    value, low, high = (number_of(cells[column], column, where) for column in ("value", "low", "high"))
    if not low <= value <= high:
        raise InputError(
            where, "{value:g} is not between low {low:g} and high {high:g}", "Put the three in order",
            value=value, low=low, high=high,
        )  # fmt: skip
    if cells["status"] == "derived" and not cells["formula"].strip():
        raise InputError(where, "a derived number has no formula", "Write how it was derived")
    if cells["status"] == "assumed" and not cells["note"].strip():
        raise InputError(where, "an assumed number has no reason", "Say in note why it is assumed and so wide")
    _require_possible(cells, low, high, where)
    year = number_of(cells["year"], "year", where)
    if year != int(year) or not SCHOOL_YEARS[0] <= year <= SCHOOL_YEARS[1]:
        raise InputError(
            where, "{key!r} is {value}, not a year from {first} to {last}", "Write a whole year with four digits",
            key="year", value=cells["year"], first=SCHOOL_YEARS[0], last=SCHOOL_YEARS[1],
        )  # fmt: skip
    text = {column: cells[column] for column in COLUMNS if column not in ("year", "value", "low", "high")}
    return Row(year=int(year), value=value, low=low, high=high, where=where, **text)


def require_filled(cells: dict[str, str], columns: tuple[str, ...], where: str) -> None:
    """Complain about an empty cell; errors: InputError; unit: none; source: a missing number is never a zero."""
    for column in columns:
        if not cells[column].strip():
            raise InputError(
                where, "{column!r} is empty", "A missing number is an error; write it, or leave the row out",
                column=column,
            )  # fmt: skip


def require_bare(cells: dict[str, str], columns: tuple[str, ...], where: str) -> None:
    """Complain about a name with blanks around it; errors: InputError; unit: none; source: it would match nothing."""
    for column in columns:
        if cells[column] != cells[column].strip():
            raise InputError(
                where,
                "{column!r} has blanks around {word!r}",
                "Take the blanks away",
                column=column,
                word=cells[column],
            )


def require_words(cells: dict[str, str], known: tuple[tuple[str, tuple[str, ...]], ...], where: str) -> None:
    """Complain about a cell that is none of its column's words; errors: InputError; unit: none; source: the table."""
    for column, words in known:
        if not cells[column].strip():
            raise InputError(where, "{column!r} is empty", "It takes {known}", column=column, known=", ".join(words))
        if cells[column] not in words:
            raise InputError(
                where, "{column!r} is {word!r}", "Did you mean {near!r}? It takes {known}", column=column,
                word=cells[column], near=nearest(cells[column], words), known=", ".join(words),
            )  # fmt: skip


def require_share(low: float, high: float, where: str) -> None:
    """Complain about a share outside 0 to 1; errors: InputError; unit: share; source: most were meant as per cent."""
    if not 0.0 <= low <= high <= 1.0:
        raise InputError(
            where, "a share of {low:g} to {high:g} is outside 0 to 1", "Write 0.42 for 42 %", low=low, high=high
        )


def _require_possible(cells: dict[str, str], low: float, high: float, where: str) -> None:
    """Complain about shares outside 0 to 1 and counts below zero in rows that are calculated with."""
    if cells["use"] not in CALCULATED or cells["indicator"].endswith("_change"):
        return
    if cells["unit"] == "share":
        require_share(low, high, where)
    if cells["unit"] in NEVER_NEGATIVE:
        require_not_negative(cells["indicator"], low, where)


def require_not_negative(name: str, low: float, where: str) -> None:
    """Complain about a range that begins below zero; errors: InputError; unit: its row's; source: nothing is least."""
    if low < 0.0:
        raise InputError(
            where, "{name!r} is {value:g} at its lowest, less than nothing", "Write a number from 0 on", name=name,
            value=low,
        )  # fmt: skip


def number_of(text: str, column: str, where: str) -> float:
    """Return the number in a cell.

    Parameters
    ----------
    text : str; the cell.
    column : str; its column.
    where : str; the place to name in the complaint.

    Returns
    -------
    float, finite.

    Raises
    ------
    InputError : the cell holds no finite number.

    Notes
    -----
    Unit: the row's own. Source: the table.
    """
    try:
        number = float(text)
    except ValueError:
        raise InputError(
            where, "{column!r} is {text!r}, not a number", "Write digits with a point, no thousands mark, no unit",
            column=column, text=text,
        ) from None  # fmt: skip
    if not math.isfinite(number):
        raise InputError(
            where, "{column!r} is {text!r}, not a number", "Write a finite number", column=column, text=text
        )
    return number


def home() -> Path:
    """Return the folder that holds ``data`` and ``scenarios``: the checkout, or the copy inside an installed package.

    Returns
    -------
    Path.

    Raises
    ------
    InputError : neither is there, or the environment variable SIMVET_HOME names a folder without data.

    Notes
    -----
    Unit and shape: none. Source: the layout in ARCHITECTURE.
    """
    chosen = os.environ.get("SIMVET_HOME")
    if chosen:
        if (Path(chosen) / "data" / "pathway.yaml").exists():
            return Path(chosen)
        raise InputError(
            "SIMVET_HOME", "the folder {folder!r} holds no data/pathway.yaml",
            "Name a folder with data/ and scenarios/, or unset the variable", folder=chosen,
        )  # fmt: skip
    package = Path(__file__).resolve().parent
    for folder in (package.parent, package / "_home"):
        if (folder / "data" / "pathway.yaml").exists():
            return folder
    raise InputError("simvet", "the folder data/ is missing", "Run from a checkout, or install simvet again")


def region_folder(region: str, folder: Path | None = None) -> Path:
    """Return where the tables of a region lie: with the project's own data, or where uploaded regions are kept.

    Parameters
    ----------
    region : str.
    folder : Path, optional; where data lie, by default the project's own, and only then where uploaded regions are.

    Returns
    -------
    Path, which need not exist; ``data/<region>``, or ``<kept>/<region>/data/<region>``.

    Raises
    ------
    InputError : the project's own data are missing.

    Notes
    -----
    Shape and unit: none. Source: the environment variable SIMVET_REGIONS names the folder of uploaded regions.
    """
    own = (folder or home()) / "data" / region
    chosen = _KEPT.get() or os.environ.get("SIMVET_REGIONS")
    if folder is not None or not chosen or not OWN_REGION.fullmatch(region) or own.exists():
        return own
    return Path(chosen) / region / "data" / region


def uploaded_scenario(name: str) -> Path | None:
    """Return the scenario file of an uploaded region, None where there is none; errors, unit: none; source: its folder.

    Notes
    -----
    It lies under the folder that SIMVET_REGIONS names, beside the region's data.
    """
    chosen = _KEPT.get() or os.environ.get("SIMVET_REGIONS")
    if not chosen or not OWN_REGION.fullmatch(name):
        return None
    path = Path(chosen) / name / f"{name}.yaml"
    return path if path.is_file() else None


@contextmanager
def regions_in(folder: Path) -> Iterator[None]:
    """Look for uploaded regions in a folder, in this thread alone, whatever SIMVET_REGIONS names.

    Parameters
    ----------
    folder : Path.

    Notes
    -----
    Shape and unit: none. Errors: none. Source: the caller; a process serves many users, who share its environment.
    """
    token = _KEPT.set(folder)
    try:
        yield
    finally:
        _KEPT.reset(token)


@lru_cache(maxsize=64)
def region_rows(region: str, folder: Path | None = None) -> tuple[Row, ...]:
    """Return every row of a region, with the national standards behind them.

    Parameters
    ----------
    region : str; a folder under data/.
    folder : Path, optional; where data lie, by default the project's own.

    Returns
    -------
    tuple of Row.

    Raises
    ------
    InputError : the region has no folder, a table is wrong, or a national standard is missing.

    Notes
    -----
    Unit: each row's own. Source: ``data/<region>/values.csv``, ``assumptions.csv`` and ``resources.csv`` (of an
    uploaded region see :func:`region_folder`), and ``data/standards/values.csv``.
    """
    data = (folder or home()) / "data"
    require_region(region, f"data/{region}", folder)
    own = [region_folder(region, folder) / name for name in ("values.csv", "assumptions.csv", "resources.csv")]
    files = (*own, data / "standards" / "values.csv")
    rows = tuple(row for path in files for row in read_table(path))
    for row in rows:
        if row.region != region and f"/{region}/" in row.where:
            raise InputError(
                row.where, "the row belongs to region {given!r}",
                "Tables in data/{region} hold rows of {region!r} only", given=row.region, region=region,
            )  # fmt: skip
        if row.region != STANDARDS_REGION and row.where.startswith("data/standards/"):
            raise InputError(
                row.where, "the row belongs to region {given!r}",
                "Rows here count for every region; write {wanted!r}, or move the row to data/{given}",
                given=row.region, wanted=STANDARDS_REGION,
            )  # fmt: skip
    held = {(row.indicator, row.stage) for row in rows if row.use == "quantity"}
    for name, stage in STANDARDS:
        if (name, stage) not in held:
            raise InputError(
                "data/standards/values.csv", "there is no row for {name!r} of {key!r}",
                "Add a row with value, range, unit, status and reason", name=name, key=stage,
            )  # fmt: skip
    return rows


def require_region(region: str, where: str, folder: Path | None = None) -> str:
    """Return the region if there are data for it; complain with the nearest known one if not.

    Parameters
    ----------
    region : str; the name of a folder under data/.
    where : str, the place to name in the complaint.
    folder : Path, optional; where data lie, by default the project's own.

    Returns
    -------
    str.

    Raises
    ------
    InputError : there is no such region.

    Notes
    -----
    Unit: none. Source: the folders under ``data/`` that hold ``assumptions.csv``. Uploaded regions are found by their
    name and never listed: whoever uploaded one knows it, and nobody else is to learn of it.
    """
    data = (folder or home()) / "data"
    known = sorted(path.name for path in data.iterdir() if (path / "assumptions.csv").exists())
    kept = folder is None and OWN_REGION.fullmatch(region) and (region_folder(region) / "assumptions.csv").exists()
    if region not in known and not kept:
        raise InputError(
            where, "region {region!r} has no data", "Did you mean {near!r}? Known: {known}",
            region=region, near=nearest(region, known) if known else "", known=", ".join(known),
        )  # fmt: skip
    return region
