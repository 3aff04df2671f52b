"""The files that every scenario shares: the pathway, and the register of the plans' targets."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import lru_cache

from simvet.errors import InputError
from simvet.loading.checks import COMPARATORS, require_word
from simvet.loading.yaml_file import parse
from simvet.pathway import Pathway, pathway_from, require_carried
from simvet.rules.names import PROJECT_STAGES
from simvet.scenario import ProjectStandard, Spread, Target
from simvet.tables import (
    SCHOOL_YEARS,
    STATUSES,
    home,
    number_of,
    place_of,
    read_cells,
    read_text,
    require_filled,
    require_words,
)  # fmt: skip

REGISTER_COLUMNS = (
    "doc", "region", "locator", "key", "name_zh", "name_en", "stage", "kind", "unit", "base_year", "base_value",
    "comparator", "target", "target_year", "note",
)  # fmt: skip
"""Columns of the register, in the order of its header."""
MISSING_COLUMNS = ("document", "key", "stage", "missing_zh", "missing_en")
PROJECT_COLUMNS = ("kind", "part", "value", "low", "high", "unit", "status", "source_title", "grade", "note")
PROJECT_PARTS = (*PROJECT_STAGES, "failure", "cost_per_place")
"""Lines that each kind of project needs."""


@lru_cache(maxsize=1)
def load_pathway() -> Pathway:
    """Return the pathway of ``data/pathway.yaml``.

    Returns
    -------
    Pathway.

    Raises
    ------
    InputError : the file is missing or not YAML.

    Notes
    -----
    Shape and unit: see Pathway. Source: ``data/pathway.yaml``.
    """
    path = home() / "data" / "pathway.yaml"
    try:
        return require_carried(pathway_from(parse(path)), place_of(path))
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            place_of(path), "the pathway lacks a block or has a wrong one ({problem})",
            "Restore the file, or correct the block", problem=str(error),
        ) from None  # fmt: skip


@lru_cache(maxsize=1)
def load_register() -> tuple[Target, ...]:
    """Return the register of every quantitative target of the plans.

    Returns
    -------
    tuple of Target; 207 rows.

    Raises
    ------
    InputError : the register is missing or not UTF-8.

    Notes
    -----
    Unit: each row's own. Source: ``data/targets/register.csv``, drawn from the five plans.
    """
    path = home() / "data" / "targets" / "register.csv"
    place = place_of(path)
    reader = csv.DictReader(read_text(path).splitlines(), strict=True)
    try:
        missing = [column for column in REGISTER_COLUMNS if column not in (reader.fieldnames or ())]
        if missing:
            raise InputError(f"{place}:1", "column {column!r} is missing", "Add it to the header", column=missing[0])
        return tuple(_register_row(row, f"{place}:{reader.line_num}") for row in reader)
    except csv.Error:
        raise InputError(
            f"{place}:{reader.line_num}",
            "a cell holds more than 131072 characters",
            "Look for a quote that is not closed",
        ) from None


def _register_row(row: dict[str, str], where: str) -> Target:
    if None in row or None in row.values():
        raise InputError(
            where, "the row has {found} cells, the header {wanted}",
            "Look for a comma outside quotes or a quote that is not closed", wanted=len(REGISTER_COLUMNS),
            found=sum(value is not None for key, value in row.items() if key) + len(row.get(None) or ()),  # type: ignore[call-overload]
        )  # fmt: skip
    require_word(row["comparator"], "comparator", COMPARATORS, where)
    years = [number_of(row[column], column, where) if row[column] else None for column in ("base_year", "target_year")]
    for column, year in zip(("base_year", "target_year"), years, strict=True):
        if (year is None and column == "target_year") or (
            year is not None and not SCHOOL_YEARS[0] <= year <= SCHOOL_YEARS[1]
        ):
            raise InputError(
                where, "{key!r} is {value}, not a year from {first} to {last}", "Write a whole year with four digits",
                key=column, value=row[column] or "''", first=SCHOOL_YEARS[0], last=SCHOOL_YEARS[1],
            )  # fmt: skip
    return Target(
        document=row["doc"], region=row["region"], locator=row["locator"], key=row["key"],
        labels={"zh": row["name_zh"], "en": row["name_en"]}, stage=row["stage"], kind=row["kind"],
        unit=row["unit"], base_year=None if years[0] is None else int(years[0]),
        base_value=number_of(row["base_value"], "base_value", where) if row["base_value"] else None,
        comparator=row["comparator"],
        bound=None if row["target"] == "provincial" else number_of(row["target"], "target", where),
        year=int(years[1] or 0), note=row["note"], where=where,
    )  # fmt: skip


@lru_cache(maxsize=1)
def load_project_standards() -> Mapping[str, ProjectStandard]:
    """Return what every kind of project usually takes.

    Returns
    -------
    mapping of kind -> ProjectStandard, in the order of the file.

    Raises
    ------
    InputError : the table is missing or wrong, or a kind lacks a line.

    Notes
    -----
    Unit: years, share, CNY/place. Source: ``data/standards/projects.csv``.
    """
    path = home() / "data" / "standards" / "projects.csv"
    found: dict[str, dict[str, Spread]] = {}
    for cells, where in read_cells(path, PROJECT_COLUMNS):
        require_filled(cells, PROJECT_COLUMNS, where)
        require_words(cells, (("part", PROJECT_PARTS), ("status", STATUSES)), where)
        value, low, high = (number_of(cells[name], name, where) for name in ("value", "low", "high"))
        if not 0.0 <= low <= value <= high:
            raise InputError(
                where, "{value:g} is not between low {low:g} and high {high:g}", "Put the three in order", value=value,
                low=low, high=high,
            )  # fmt: skip
        if cells["part"] in found.setdefault(cells["kind"], {}):
            raise InputError(
                where, "the row stands twice, first at {first}", "Keep one of the two", first=place_of(path)
            )
        found[cells["kind"]][cells["part"]] = Spread(value, low, high)
    for kind, given in found.items():
        lacking = [name for name in PROJECT_PARTS if name not in given]
        if lacking:
            raise InputError(
                place_of(path), "project kind {name!r} has no line for {key!r}", "Add it", name=kind, key=lacking[0]
            )
    return {
        kind: ProjectStandard({s: given[s] for s in PROJECT_STAGES}, given["failure"], given["cost_per_place"])
        for kind, given in found.items()
    }


@lru_cache(maxsize=1)
def load_missing() -> Mapping[tuple[str, str, str], dict[str, str]]:
    """Return the targets that cannot be computed, with the datum that each lacks.

    Returns
    -------
    mapping of (document, key, stage) -> language -> text.

    Raises
    ------
    InputError : the table is missing or wrong, or names a row that is not in the register.

    Notes
    -----
    Unit: none. Source: ``data/targets/missing.csv``.
    """
    known = {(t.document, t.key, t.stage) for t in load_register()}
    found: dict[tuple[str, str, str], dict[str, str]] = {}
    for cells, where in read_cells(home() / "data" / "targets" / "missing.csv", MISSING_COLUMNS):
        require_filled(cells, MISSING_COLUMNS, where)
        row = (cells["document"], cells["key"], cells["stage"])
        if row not in known:
            raise InputError(
                where, "the register has no row {name!r}", "Write document, key and stage as they stand in it",
                name="/".join(row),
            )  # fmt: skip
        found[row] = {"zh": cells["missing_zh"], "en": cells["missing_en"]}
    return found
