"""Data tables with provenance: every row checked on the way in, complaints name file and line."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from simvet.errors import InputError, nearest

COLUMNS = (
    "region", "year", "indicator", "stage", "track", "definition", "value", "unit", "low", "high", "distribution",
    "status", "use", "formula", "source_title", "locator", "address", "grade", "note",
)  # fmt: skip
STATUSES = ("published", "derived", "assumed")
USES = ("figure", "check", "path", "quantity", "prior", "history")
DISTRIBUTIONS = ("exact", "rounding", "fixed", "triangular", "uniform")
UNITS = (
    "persons", "persons/year", "share", "share/year", "ratio", "schools", "CNY/student", "CNY/student/year",
    "persons per 100000", "students/teacher", "year", "years", "count", "count/year", "logit", "logit/year", "log/year",
    "per year", "places", "CNY",
)  # fmt: skip
LARGEST_FILE = 20_000_000
"""Bytes; a table of every figure of every prefecture of China stays below a tenth of this."""


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
    where = path.name
    if path.is_dir():
        raise InputError(where, "this is a folder, not a file", "Name the file inside it")
    if not path.exists():
        raise InputError(where, "there is no such file", "Check the name and the folder")
    size = path.stat().st_size
    if size > LARGEST_FILE:
        raise InputError(
            where, "the file has {size} MB", "Files of more than {most} MB are refused; give the right one",
            size=size // 1_000_000, most=LARGEST_FILE // 1_000_000,
        )  # fmt: skip
    raw = path.read_bytes()
    if not raw.strip():
        raise InputError(where, "the file is empty", "Fill it, or start from a copy of a file in scenarios/")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise InputError(
            f"{where}:{line}", "the text is not UTF-8", "Save the file as UTF-8 (Excel: CSV UTF-8)"
        ) from None


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
    text = read_text(path)
    if "\x00" in text:
        raise InputError(path.name, "the text holds a zero byte", "Save the file as UTF-8 (Excel: CSV UTF-8)")
    reader = csv.reader(text.splitlines())
    header = next(reader)
    for column in header:
        if column not in COLUMNS:
            raise InputError(
                f"{path.name}:1", "column {column!r} is unknown", "Did you mean {near!r}?",
                column=column, near=nearest(column, COLUMNS),
            )  # fmt: skip
    missing = [column for column in COLUMNS if column not in header]
    if missing:
        raise InputError(f"{path.name}:1", "column {column!r} is missing", "Add it to the header", column=missing[0])
    rows = []
    seen: dict[tuple[object, ...], str] = {}
    for number, cells in enumerate(reader, start=2):
        where = f"{path.name}:{number}"
        if len(cells) != len(header):
            raise InputError(
                where, "the row has {found} cells, the header {wanted}", "Look for a comma outside quotes",
                found=len(cells), wanted=len(header),
            )  # fmt: skip
        row = _row(dict(zip(header, cells, strict=True)), where)
        identity = (row.region, row.year, row.indicator, row.stage, row.track, row.definition, row.use)
        if row.use != "history" and identity in seen:
            raise InputError(
                where, "the row stands twice, first at {first}", "Keep one of the two, or give one use = history",
                first=seen[identity],
            )  # fmt: skip
        seen[identity] = where
        rows.append(row)
    return tuple(rows)


def _row(cells: dict[str, str], where: str) -> Row:
    for column in ("region", "year", "indicator", "stage", "value", "unit", "low", "high", "status", "use", "grade"):
        if not cells[column].strip():
            raise InputError(
                where, "{column!r} is empty", "A missing number is an error; write it, or leave the row out",
                column=column,
            )  # fmt: skip
    for column, words in (("status", STATUSES), ("use", USES), ("distribution", DISTRIBUTIONS), ("unit", UNITS)):
        if cells[column] not in words:
            raise InputError(
                where, "{column!r} is {word!r}", "Did you mean {near!r}?",
                column=column, word=cells[column], near=nearest(cells[column], words),
            )  # fmt: skip
    value, low, high = (_number(cells[column], column, where) for column in ("value", "low", "high"))
    if not low <= value <= high:
        raise InputError(
            where, "{value:g} is not between low {low:g} and high {high:g}", "Put the three in order",
            value=value, low=low, high=high,
        )  # fmt: skip
    if cells["status"] == "derived" and not cells["formula"].strip():
        raise InputError(where, "a derived number has no formula", "Write how it was derived")
    if cells["status"] == "assumed" and not cells["note"].strip():
        raise InputError(where, "an assumed number has no reason", "Say in note why it is assumed and so wide")
    year = _number(cells["year"], "year", where)
    text = {column: cells[column] for column in COLUMNS if column not in ("year", "value", "low", "high")}
    return Row(year=int(year), value=value, low=low, high=high, where=where, **text)


def _number(text: str, column: str, where: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise InputError(
            where, "{column!r} is {text!r}, not a number", "Write digits with a point, no thousands mark, no unit",
            column=column, text=text,
        ) from None  # fmt: skip
    if not math.isfinite(number):
        raise InputError(where, "{column!r} is {text!r}, not a number", "Write a finite number", column=column, text=text)
    return number


def home() -> Path:
    """Return the folder that holds ``data`` and ``scenarios``: the checkout, or the copy inside an installed package.

    Returns
    -------
    Path.

    Raises
    ------
    InputError : neither is there.

    Notes
    -----
    Unit and shape: none. Source: the layout in ARCHITECTURE.
    """
    package = Path(__file__).resolve().parent
    for folder in (package.parent, package / "_home"):
        if (folder / "data" / "pathway.yaml").exists():
            return folder
    raise InputError("simvet", "the folder data/ is missing", "Run from a checkout, or install simvet again")


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
    InputError : the region has no folder, or a table is wrong.

    Notes
    -----
    Unit: each row's own. Source: ``data/<region>/values.csv`` and ``assumptions.csv``, ``data/standards/values.csv``.
    """
    data = (folder or home()) / "data"
    known = sorted(path.name for path in data.iterdir() if (path / "assumptions.csv").exists())
    if region not in known:
        raise InputError(
            f"data/{region}", "region {region!r} has no data", "Did you mean {near!r}? Known: {known}",
            region=region, near=nearest(region, known), known=", ".join(known),
        )  # fmt: skip
    files = (data / region / "values.csv", data / region / "assumptions.csv", data / "standards" / "values.csv")
    return tuple(row for path in files for row in read_table(path))
