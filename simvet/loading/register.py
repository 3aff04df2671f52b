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
    GRADES,
    SCHOOL_YEARS,
    STATUSES,
    home,
    number_of,
    place_of,
    read_cells,
    read_text,
    require_bare,
    require_filled,
    require_not_negative,
    require_share,
    require_words,
)

REGISTER_COLUMNS = (
    "doc", "region", "locator", "key", "name_zh", "name_en", "stage", "kind", "unit", "base_year", "base_value",
    "comparator", "target", "target_year", "note",
)  # fmt: skip
"""Columns of the register, in the order of its header."""
MISSING_COLUMNS = ("document", "key", "stage", "missing_zh", "missing_en")
PROJECT_COLUMNS = ("kind", "part", "value", "low", "high", "unit", "status", "source_title", "grade", "note")
PROJECT_PARTS = {**dict.fromkeys(PROJECT_STAGES, "years"), "failure": "share", "cost_per_place": "CNY/place"}
"""Lines that each kind of project needs, with their units."""
PROJECT_KINDS = ("new_school", "extension", "closing", "merging", "upgrade")
"""Kinds of project that the rules tell apart; the table may hold more."""
LONGEST_STAGE = 20
"""Years that a stage of a project may last."""


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
    InputError : the table is missing or wrong, a kind lacks a line, or a kind that the rules know is not there.

    Notes
    -----
    Unit: years, share, CNY/place. Source: ``data/standards/projects.csv``.
    """
    path = home() / "data" / "standards" / "projects.csv"
    found: dict[str, dict[str, Spread]] = {}
    places: dict[tuple[str, str], str] = {}
    for cells, where in read_cells(path, PROJECT_COLUMNS):
        spread = _project_line(cells, where)
        kind, part = cells["kind"], cells["part"]
        if (kind, part) in places:
            raise InputError(
                where, "the row stands twice, first at {first}", "Keep one of the two", first=places[(kind, part)]
            )
        places[(kind, part)] = where
        found.setdefault(kind, {})[part] = spread
    for kind in (*found, *PROJECT_KINDS):
        given = found.get(kind, {})
        lacking = next((name for name in PROJECT_PARTS if name not in given), None)
        if lacking:
            at = places[(kind, next(iter(given)))] if given else place_of(path)
            raise InputError(
                at, "project kind {name!r} has no line for {key!r}", "Add it, or correct the kind; known: {known}",
                name=kind, key=lacking, known=", ".join(PROJECT_KINDS),
            )  # fmt: skip
    return {
        kind: ProjectStandard({s: given[s] for s in PROJECT_STAGES}, given["failure"], given["cost_per_place"])
        for kind, given in found.items()
    }


def _project_line(cells: dict[str, str], where: str) -> Spread:
    """Return the range that a line of the table of projects gives, checked."""
    require_filled(cells, PROJECT_COLUMNS, where)
    require_bare(cells, ("kind",), where)
    require_words(cells, (("part", tuple(PROJECT_PARTS)), ("status", STATUSES), ("grade", GRADES)), where)
    part, wanted = cells["part"], PROJECT_PARTS[cells["part"]]
    if cells["unit"] != wanted:
        raise InputError(
            where, "{name!r} is given in {given!r}", "Its unit is {wanted!r}; convert the value", name=part,
            given=cells["unit"], wanted=wanted,
        )  # fmt: skip
    value, low, high = (number_of(cells[name], name, where) for name in ("value", "low", "high"))
    if not low <= value <= high:
        raise InputError(
            where, "{value:g} is not between low {low:g} and high {high:g}", "Put the three in order", value=value,
            low=low, high=high,
        )  # fmt: skip
    require_not_negative(part, low, where)
    if wanted == "share":
        require_share(low, high, where)
    if wanted == "years":
        require_years(part, low, high, where)
    return Spread(value, low, high)


def require_years(name: str, low: float, high: float, where: str) -> None:
    """Complain about a stage of a project that lasts less than nothing or beyond all patience.

    Parameters
    ----------
    name : str; the stage.
    low, high : float, years.
    where : str, the place to name in the complaint.

    Raises
    ------
    InputError : the range leaves 0 to LONGEST_STAGE.

    Notes
    -----
    Unit: years. Source: assumed; no stage of a school was ever that long.
    """
    if not 0.0 <= low <= high <= LONGEST_STAGE:
        raise InputError(
            where, "stage {name!r} lasts {low:g} to {high:g} years", "Write years from 0 to {most}", name=name, low=low,
            high=high, most=LONGEST_STAGE,
        )  # fmt: skip


@lru_cache(maxsize=1)
def load_missing() -> Mapping[tuple[str, str, str], dict[str, str]]:
    """Return the targets that cannot be computed, with the datum that each lacks.

    Returns
    -------
    mapping of (document, key, stage) -> language -> text.

    Raises
    ------
    InputError : the table is missing or wrong, names a row that is not in the register, or names one twice.

    Notes
    -----
    Unit: none. Source: ``data/targets/missing.csv``.
    """
    known = {(t.document, t.key, t.stage) for t in load_register()}
    found: dict[tuple[str, str, str], dict[str, str]] = {}
    places: dict[tuple[str, str, str], str] = {}
    for cells, where in read_cells(home() / "data" / "targets" / "missing.csv", MISSING_COLUMNS):
        for column in MISSING_COLUMNS:
            if not cells[column].strip():
                raise InputError(
                    where, "{column!r} is empty", "Name the row of the register and, in both languages, what it lacks",
                    column=column,
                )  # fmt: skip
        row = (cells["document"], cells["key"], cells["stage"])
        if row not in known:
            raise InputError(
                where, "the register has no row {name!r}", "Write document, key and stage as they stand in it",
                name="/".join(row),
            )  # fmt: skip
        if row in found:
            raise InputError(where, "the row stands twice, first at {first}", "Keep one of the two", first=places[row])
        places[row] = where
        found[row] = {"zh": cells["missing_zh"], "en": cells["missing_en"]}
    return found
