"""Where a complaint about an uploaded region belongs: file and line of what was kept -> sheet and cell of the user."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass

from simvet.errors import InputError

Place = tuple[str, int, str]
"""Sheet, row and column of a cell, the column by its name in the header."""
FILES = {
    "figures": "values.csv", "assumptions": "assumptions.csv", "resources": "resources.csv", "items": "items.csv",
}  # fmt: skip
"""Sheets that are kept as tables."""
TOLD_COLUMNS = {
    "the row stands twice, first at {first}": ("indicator", "key"),
    "{value:g} is not between low {low:g} and high {high:g}": ("value",),
    "{name!r} is {value:g} at its lowest, less than nothing": ("low",),
    "{name!r} is given in {given!r}": ("unit",),
    "quantity {name!r} is not in the catalogue": ("indicator",),
    "{name!r} has no {axis} {key!r}": ("key", "stage"),
    "{name!r} has one value for a region and takes no {axis} {key!r}": ("stage",),
    "an assumed number has no reason": ("note",),
    "no form reads a figure of {name!r} for {key!r}": ("indicator",),
    "the balance of {base} does not see {name!r} of {key!r} in {year}": ("year",),
    "target {key!r} has no such indicator": ("key",),
    "target {key!r} needs a stage": ("stage",),
    "target {key!r} says nothing of stage {stage!r}": ("stage",),
    "a project has {value:g} units": ("count",),
    "a project either opens or closes places": ("places",),
    "a project needs either {first} or {second}": ("opening",),
    "a project of kind {name!r} is about {wanted}, not {stage}": ("stage",),
    "a project of kind {name!r} takes no places away": ("places",),
    "a project of kind {name!r} opens no places": ("places",),
    "started in {start:g}, it could be open in {year}, not after the base year {base}": ("start",),
    "there are no figures of {region!r} for base_year {year}": ("base_year",),
    "the run ends in {until}, before the target year {year}": ("until",),
}
"""Complaints whose words do not name the column that they mean."""


OUT_OF_BOUNDS = (
    "a share of {low:g} to {high:g} is outside 0 to 1", "{name!r} is {value:g}, outside {low:g} to {high:g} {unit}",
)  # fmt: skip
"""Complaints about one number of a range, which is looked for in the row."""


@dataclass(frozen=True)
class Origins:
    """Where the parts of a kept region came from.

    Notes
    -----
    Shape: ``rows`` maps a sheet to the row of every line of its table, the header first; ``letters`` maps a sheet to
    the letter of each column; ``tables`` holds the tables as they were kept; ``lines`` holds the cell of every line of
    the scenario file; ``keys`` maps a key of sheet ``region`` to its row. Unit: none. Errors: none. Source: the
    workbook.
    """

    workbook: str
    region: str
    key: str
    rows: Mapping[str, tuple[int, ...]]
    letters: Mapping[str, Mapping[str, str]]
    tables: Mapping[str, str]
    lines: tuple[Place, ...]
    keys: Mapping[str, int]


def located(error: InputError, origins: Origins) -> InputError:
    """Return a complaint about what was kept as one about the workbook, with sheet and cell.

    Parameters
    ----------
    error : InputError; of the tables or the scenario file that a workbook was kept as.
    origins : Origins.

    Returns
    -------
    InputError, with the same words; the user's own code stands in place of the unique one.

    Notes
    -----
    Shape and unit: none. Errors: none; a complaint about another file keeps its place. Source: the facts of the
    complaint name the column, else its words do, else the line it is about.
    """
    facts = {name: _told(fact, origins) if isinstance(fact, str) else fact for name, fact in error.facts.items()}
    return InputError(_place(error, origins), error.what, error.cure, **facts)


def _told(text: str, origins: Origins) -> str:
    """Return a text with cells in place of lines, and the user's code in place of the unique one."""

    def cell(found: re.Match[str]) -> str:
        sheet, row = _table_row(found[1], int(found[2]), origins)
        return f"{sheet}!A{row}"

    text = re.sub(rf"data/{origins.key}/([a-z]+\.csv):([0-9]+)", cell, text)
    return text.replace(origins.key, origins.region)


def _table_row(file: str, line: int, origins: Origins) -> tuple[str, int]:
    sheet = next(sheet for sheet, name in FILES.items() if name == file)
    rows = origins.rows[sheet]
    return sheet, rows[min(line, len(rows)) - 1]


def _place(error: InputError, origins: Origins) -> str:
    name, key = origins.workbook, origins.key
    table = re.fullmatch(rf"data/{key}/([a-z]+\.csv)(?::([0-9]+))?", error.where)
    scenario = re.fullmatch(rf"(?:.*/)?{key}\.yaml:([0-9]+)", error.where)
    foreign = error.where.startswith("data/") and not error.where.startswith(f"data/{key}")
    if table and table[2]:
        sheet, row = _table_row(table[1], int(table[2]), origins)
        column = _out_of_bounds(error, origins.tables[table[1]], int(table[2]))
        name = f"{name}: {sheet}!{_letter(error, sheet, column, origins)}{row}"
    elif table:
        name = f"{name}: {next(sheet for sheet, file in FILES.items() if file == table[1])}"
    elif scenario:
        sheet, row, column = origins.lines[min(int(scenario[1]), len(origins.lines)) - 1]
        known = sheet != "region"
        cell = f"{_letter(error, sheet, column, origins)}{row}" if known else f"B{_region_row(error, row, origins)}"
        name = f"{name}: {sheet}!{cell}"
    elif error.where == "--until":
        name = f"{name}: region!B{origins.keys['until']}"
    return error.where if foreign else name


def _out_of_bounds(error: InputError, table: str, line: int) -> str:
    """Return the column whose number is out of bounds, "" where the complaint is another."""
    lines = table.splitlines()
    if error.what not in OUT_OF_BOUNDS or line > len(lines):
        return ""
    low, high = (float(str(error.facts[name])) for name in ("low", "high"))
    wrong = error.facts.get("value", low if low < 0.0 else high)
    for column, cell in next(csv.DictReader([lines[0], lines[line - 1]])).items():
        try:
            if column != "year" and float(cell) == wrong:
                return column
        except ValueError:
            continue
    return ""


def _letter(error: InputError, sheet: str, column: str, origins: Origins) -> str:
    letters = origins.letters[sheet]
    facts = [error.facts[name] for name in ("column", "key", "name", "kind") if name in error.facts]
    named = [str(fact).split()[-1] for fact in facts if str(fact).strip()]
    candidates = [made for fact in named for made in (f"{column}_{fact}", fact, f"title_{fact}")]
    found = error.what in OUT_OF_BOUNDS and error.facts.get("name") not in letters
    told = (column,) if found else TOLD_COLUMNS.get(error.what)
    words = re.findall(r"[a-z_]+", re.sub(r"\{[^}]*\}", " ", error.what))
    candidates = [*told, *candidates] if told else [*candidates, *words]
    return next((letters[name] for name in (*candidates, column) if name in letters), "A")


def _region_row(error: InputError, row: int, origins: Origins) -> int:
    """Return the row of sheet ``region`` that a complaint means."""
    stage = f"limits_{error.facts.get('stage', '')}"
    told = TOLD_COLUMNS.get(error.what, ())
    named = str(error.facts.get("key", ""))
    if "limit" in error.facts and stage not in origins.keys:
        limits = [line[1] for line in origins.lines if line[0] == "region" and line[2] == error.facts["limit"]]
        return limits[0] if limits else row
    words = re.findall(r"[a-z_]+", re.sub(r"\{[^}]*\}", " ", error.what))
    candidates = (stage, *told, named, f"title_{named}", *(word for word in words if word != "region"))
    return next((origins.keys[name] for name in candidates if name in origins.keys), row)
