"""Parts of a scenario: what a file says of levers, projects, regions and targets -> the same, checked."""

from __future__ import annotations

from collections.abc import Mapping

from simvet.catalogue import require_in_bounds, require_key, require_quantity
from simvet.errors import InputError, nearest
from simvet.levers import OPERATIONS, Lever
from simvet.loading.checks import COMPARATORS, FIRST_YEAR, LARGEST_NUMBER, LAST_YEAR, require_finite, require_word
from simvet.loading.schema import LeverFile, ProjectFile, RegionFile, SpreadFile, TargetFile
from simvet.pathway import Pathway
from simvet.rules.names import LIMITS, STAGE_LIMITS
from simvet.scenario import Project, RegionCase, Spread, Target
from simvet.tables import SCHOOL_YEARS, require_region

LARGEST_FACTOR = 1000
"""No lever multiplies by more."""
STAGED_INDICATORS = ("enrolment", "entrants", "graduates")
"""Indicators that mean nothing for a region as a whole."""
COLLEGES = ("higher_vocational", "vocational_bachelor", "bachelor")
"""Stages whose seats are divided into blocks, and so must be counted."""
OWNERS = ("province", "city", "school", "enterprise", "none")
"""Who can pull a lever or build."""


def region_case(given: RegionFile, where: str, pathway: Pathway) -> RegionCase:
    """Return a region of a scenario, checked.

    Parameters
    ----------
    given : RegionFile.
    where : str, the place to name in a complaint.
    pathway : Pathway.

    Returns
    -------
    RegionCase.

    Raises
    ------
    InputError : there are no data of the region, the base year is out of range, or a limit is wrong or missing.

    Notes
    -----
    Unit: ``base_year`` a school year. Source: the file.
    """
    require_region(given.region, where)
    if not FIRST_YEAR <= given.base_year < LAST_YEAR:
        raise InputError(where, "base_year is {year}", "Write a school year from 2000 on", year=given.base_year)
    _require_limits(given.limits, where, pathway)
    return RegionCase(given.region, given.base_year, {s: tuple(limits) for s, limits in given.limits.items()})


def _require_limits(limits: Mapping[str, list[str]], where: str, pathway: Pathway) -> None:
    for stage, named in limits.items():
        pathway.require_stage(stage, where)
        for limit in named:
            if limit not in LIMITS[:-1]:
                raise InputError(
                    where, "limit {limit!r} is unknown", "Did you mean {near!r}?", limit=limit,
                    near=nearest(limit, LIMITS[:-1]),
                )  # fmt: skip
            if limit not in STAGE_LIMITS.get(stage, ()):
                raise InputError(
                    where, "limit {limit!r} does nothing for stage {stage!r}",
                    "Leave it out; stages and limits: {known}", limit=limit, stage=stage,
                    known="; ".join(f"{s}: {', '.join(names)}" for s, names in STAGE_LIMITS.items()),
                )  # fmt: skip
    for stage in ("general_high", *COLLEGES):
        if not limits.get(stage):
            raise InputError(
                where, "stage {stage!r} has no limit, and its seats would be endless", "Write {known} under limits",
                stage=stage, known=f"{stage}: [{STAGE_LIMITS[stage][0]}]",
            )  # fmt: skip


def lever(file: LeverFile, where: str, bases: Mapping[str, int], until: int) -> Lever:
    """Return a lever, checked.

    Parameters
    ----------
    file : LeverFile.
    where : str, the place to name in a complaint.
    bases : mapping of the scenario's regions -> base year.
    until : int, school year; the last year of the run.

    Returns
    -------
    Lever.

    Raises
    ------
    InputError : what it pulls, how, by how much, when or who does is wrong.

    Notes
    -----
    Unit: that of the quantity; a factor when it multiplies. Source: the file.
    """
    quantity = require_quantity(file.quantity, where)
    region = _own_region(file.region, list(bases), where)
    if quantity.keys and not file.key:
        raise InputError(
            where, "key {key!r} is missing", "Say which of {known} is meant", key="key", known=", ".join(quantity.keys)
        )
    key = require_key(file.quantity, file.key, where)
    if not quantity.lever:
        raise InputError(
            where, "quantity {name!r} belongs to the past and cannot be pulled",
            "Change a quantity that acts in later years",
            name=file.quantity,
        )  # fmt: skip
    require_word(file.operation, "operation", OPERATIONS, where)
    require_word(file.owner, "owner", OWNERS, where)
    wanted = "factor" if file.operation == "multiply" else quantity.unit
    if file.unit is not None and file.unit != wanted:
        raise InputError(
            where, "{name!r} is given in {given!r}", "Its unit is {wanted!r}; convert the value", name=file.quantity,
            given=file.unit, wanted=wanted,
        )  # fmt: skip
    _require_lever_years(file, where, bases[region], until)
    _require_lever_value(file, where)
    return Lever(
        file.name, file.quantity, region, key, file.operation, float(file.value), file.start, file.end,  # type: ignore[arg-type]
        file.owner, file.source, where, {"zh": file.title.zh, "en": file.title.en} if file.title else {},
    )  # fmt: skip


def _require_lever_years(file: LeverFile, where: str, first: int, until: int) -> None:
    for year in (file.start, file.end):
        if year is not None and not first < year <= LAST_YEAR:
            raise InputError(
                where, "year {year} is outside the horizon {first} to {last}", "Choose a year inside it", year=year,
                first=first + 1, last=max(until, LAST_YEAR),
            )  # fmt: skip
    if file.end is not None and file.end < file.start:
        raise InputError(
            where,
            "the lever ends in {end}, before it starts in {start}",
            "Swap the years",
            end=file.end,
            start=file.start,
        )
    if file.operation == "ramp" and file.end is None:
        raise InputError(where, "key {key!r} is missing", "A ramp needs the year in which it arrives", key="to")


def _require_lever_value(file: LeverFile, where: str) -> None:
    if file.operation in ("set", "ramp"):
        require_in_bounds(file.quantity, file.value, where)
    require_finite("value", file.value, where)
    if file.operation == "multiply" and not 0 <= file.value <= LARGEST_FACTOR:
        raise InputError(
            where, "a factor of {value:g} is outside 0 to {most}", "Write a factor inside; 1 changes nothing",
            value=file.value, most=LARGEST_FACTOR,
        )  # fmt: skip


def project(file: ProjectFile, where: str, bases: Mapping[str, int], pathway: Pathway) -> Project:
    """Return a construction project, checked.

    Parameters
    ----------
    file : ProjectFile.
    where : str, the place to name in a complaint.
    bases : mapping of the scenario's regions -> base year.
    pathway : Pathway.

    Returns
    -------
    Project.

    Raises
    ------
    InputError : its stage, region, owner, places or opening is wrong.

    Notes
    -----
    Unit: places; ``opening`` a school year. Source: the file.
    """
    require_key("places", pathway.require_stage(file.stage, where), where)
    places = _spread(file.places, "places", where)
    if places.low < 0 < places.high:
        raise InputError(where, "a project either opens or closes places", "Write two projects")
    require_word(file.owner, "owner", OWNERS, where)
    if not isinstance(file.opening, SpreadFile) and abs(file.opening) > SCHOOL_YEARS[1]:
        raise InputError(
            where, "opening is {year:g}", "Write a school year", year=min(file.opening, int(LARGEST_NUMBER))
        )
    opening = _spread(file.opening, "opening", where)
    for year in (opening.low, opening.value, opening.high):
        if year != int(year) or not FIRST_YEAR <= year <= SCHOOL_YEARS[1]:
            raise InputError(where, "opening is {year:g}", "Write a school year", year=year)
    region = _own_region(file.region, list(bases), where)
    if opening.low <= bases[region]:
        raise InputError(
            where, "opening is {year:g}, not after the base year {base}",
            "What is open in the base year is in its places already", year=opening.low, base=bases[region],
        )  # fmt: skip
    return Project(
        file.name, {"zh": file.title.zh, "en": file.title.en}, region, file.stage, places, opening, file.owner,
        file.source, file.status, where,
    )  # fmt: skip


def _spread(given: SpreadFile | float, name: str, where: str) -> Spread:
    spread = (
        Spread(given.value, given.low, given.high)
        if isinstance(given, SpreadFile)
        else Spread(float(given), float(given), float(given))
    )
    for number in (spread.value, spread.low, spread.high):
        require_finite(name, number, where)
    if not spread.low <= spread.value <= spread.high:
        raise InputError(
            where, "{value:g} is not between low {low:g} and high {high:g}", "Put the three in order",
            value=spread.value, low=spread.low, high=spread.high,
        )  # fmt: skip
    return spread


def target(file: TargetFile, where: str, regions: list[str], pathway: Pathway, first: int) -> Target:
    """Return a target that a scenario adds, checked.

    Parameters
    ----------
    file : TargetFile.
    where : str, the place to name in a complaint.
    regions : list of str, those of the scenario.
    pathway : Pathway.
    first : int, school year; the first base year.

    Returns
    -------
    Target, of the document ``own``.

    Raises
    ------
    InputError : its stage, region, comparator, bound or year is wrong.

    Notes
    -----
    Unit: that of the indicator. Source: the file.
    """
    if file.stage != "region":
        pathway.require_stage(file.stage, where)
    require_word(file.comparator, "comparator", COMPARATORS, where)
    require_finite("target", file.target, where)
    if file.stage == "region" and file.key in STAGED_INDICATORS:
        raise InputError(
            where, "target {key!r} needs a stage", "Write one of {known}", key=file.key, known=", ".join(pathway.stages)
        )
    if not first < file.year <= LAST_YEAR:
        raise InputError(
            where, "year {year} is outside the horizon {first} to {last}", "Choose a year inside it", year=file.year,
            first=first + 1, last=LAST_YEAR,
        )  # fmt: skip
    return Target(
        "own", _own_region(file.region, regions, where), where, file.key, {"zh": file.title.zh, "en": file.title.en},
        file.stage, "own", "", None, None, file.comparator, float(file.target), file.year, "", where,
    )  # fmt: skip


def _own_region(given: str | None, regions: list[str], where: str) -> str:
    if given is None:
        if len(regions) > 1:
            raise InputError(
                where, "key {key!r} is missing", "Say which of {known} is meant", key="region", known=", ".join(regions)
            )
        return regions[0]
    if given not in regions:
        raise InputError(
            where, "region {region!r} is not in this scenario", "Did you mean {near!r}?", region=given,
            near=nearest(given, regions),
        )  # fmt: skip
    return given
