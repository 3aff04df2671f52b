"""Parts of a scenario: what a file says of levers, projects, regions and targets -> the same, checked."""

from __future__ import annotations

import math
from collections.abc import Mapping

from simvet.catalogue import CATALOGUE, Quantity, keys_of, require_in_bounds, require_key, require_quantity
from simvet.errors import InputError, nearest
from simvet.items import PACES, region_items
from simvet.levers import OPERATIONS, Lever
from simvet.loading.checks import COMPARATORS, FIRST_YEAR, LARGEST_NUMBER, LAST_YEAR, require_finite, require_word
from simvet.loading.register import require_years
from simvet.loading.schema import LeverFile, ProjectFile, RegionFile, SpreadFile, TargetFile
from simvet.pathway import Pathway
from simvet.rules.names import LIMITS, PROJECT_STAGES, STAGE_LIMITS
from simvet.rules.pipeline import FIRST_OF_SEPTEMBER
from simvet.scenario import Project, ProjectStandard, RegionCase, Spread, Target
from simvet.tables import SCHOOL_YEARS, require_region

MOST_SHOWN = 8
"""Keys that a complaint names at most."""
LARGEST_FACTOR = 1000
"""No lever multiplies by more."""
STAGED_INDICATORS = ("enrolment", "entrants", "graduates")
"""Indicators that mean nothing for a region as a whole."""
COLLEGES = ("higher_vocational", "vocational_bachelor", "bachelor")
"""Stages whose seats are divided into blocks, and so must be counted."""
LARGEST_COST = 1e12
"""CNY; no building programme of a region costs more."""
MOST_UNITS = 200
"""Units of a project that stands for many of a kind."""
CLOSING_KINDS = ("closing", "merging")
"""Kinds of project that take places away."""
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
                    where, "limit {limit!r} is unknown", "Did you mean {near!r}? It takes {known}", limit=limit,
                    near=nearest(limit, LIMITS[:-1]), known=", ".join(LIMITS[:-1]),
                )  # fmt: skip
            if limit not in STAGE_LIMITS.get(stage, ()):
                raise InputError(
                    where, "limit {limit!r} does nothing for stage {stage!r}",
                    "Leave it out; stages and limits: {known}", limit=limit, stage=stage,
                    known="; ".join(f"{s}: {', '.join(names)}" for s, names in STAGE_LIMITS.items()),
                )  # fmt: skip
    for stage in ("general_high", *COLLEGES):
        # A card limits only where one is held.
        if not set(limits.get(stage, ())) - {"card"}:
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
    known = keys_of(file.quantity, region)
    if quantity.axis in ("item", "process"):
        _require_counted(file, quantity, region, where)
    if quantity.axis != "region" and not file.key:
        shown = ", ".join(known[:MOST_SHOWN]) + (", ..." if len(known) > MOST_SHOWN else "")
        raise InputError(where, "key {key!r} is missing", "Say which of {known} is meant", key="key", known=shown)
    key = require_key(file.quantity, file.key, where, region)
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


def _require_counted(file: LeverFile, quantity: Quantity, region: str, where: str) -> None:
    """Complain about an item that the region does not count, or that another quantity moves."""
    items = region_items(region)
    if not items:
        raise InputError(
            where, "region {region!r} counts nothing that {name!r} could move", "Fill data/{region}/items.csv first",
            region=region, name=file.quantity,
        )  # fmt: skip
    if quantity.axis == "process" or not file.key:
        return
    if file.key in items and items[file.key].family not in quantity.families:
        raise InputError(
            where, "{name!r} does not move {key!r}, an item of family {family!r}", "Write quantity: {pace}",
            name=file.quantity, key=file.key, family=items[file.key].family, pace=PACES[items[file.key].family],
        )  # fmt: skip
    if file.key not in items and file.key in keys_of(file.quantity):
        raise InputError(
            where, "region {region!r} does not count {key!r}",
            "Choose an item of the region, such as {near!r}, or add a line to data/{region}/items.csv", region=region,
            key=file.key, near=nearest(file.key, keys_of(file.quantity, region) or items),
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
    quantity = CATALOGUE[file.quantity]
    if file.operation in ("set", "ramp"):
        _require_no_percentage(file, quantity, where)
        require_in_bounds(file.quantity, file.value, where)
    require_finite("value", file.value, where)
    if file.operation == "add" and abs(file.value) > quantity.high - quantity.low:
        raise InputError(
            where, "{name!r} lies between {low:g} and {high:g} {unit} and cannot move by {value:g}",
            "Write a smaller step, in {unit}; of a share, 0.01 is one percentage point", name=file.quantity,
            low=quantity.low, high=quantity.high, unit=quantity.unit, value=file.value,
        )  # fmt: skip
    if file.operation == "multiply" and not 0 <= file.value <= LARGEST_FACTOR:
        raise InputError(
            where, "a factor of {value:g} is outside 0 to {most}", "Write a factor inside; 1 changes nothing",
            value=file.value, most=LARGEST_FACTOR,
        )  # fmt: skip


def _require_no_percentage(file: LeverFile, quantity: Quantity, where: str) -> None:
    """Complain about a share above its bound that would be right as so many per cent."""
    if quantity.unit.startswith("share") and quantity.high < file.value <= 100.0 * quantity.high:
        raise InputError(
            where, "{name!r} is {value:g}, outside {low:g} to {high:g} {unit}",
            "Write a value inside these bounds; {share:g} for {value:g} %", name=file.quantity, value=file.value,
            low=quantity.low, high=quantity.high, unit=quantity.unit, share=file.value / 100.0,
        )  # fmt: skip


def project(
    file: ProjectFile, where: str, bases: Mapping[str, int], pathway: Pathway, standard: Mapping[str, ProjectStandard]
) -> Project:
    """Return a project, checked; what the file leaves out comes from the standard of its kind.

    Parameters
    ----------
    file : ProjectFile.
    where : str, the place to name in a complaint.
    bases : mapping of the scenario's regions -> base year.
    pathway : Pathway.
    standard : mapping of kind -> ProjectStandard.

    Returns
    -------
    Project.

    Raises
    ------
    InputError : its kind, stage, region, owner, places, dates, durations, failure or cost is wrong.

    Notes
    -----
    Unit: places (intake a year for an upgrade), CNY, school years. Source: the file and
    ``data/standards/projects.csv``.
    """
    pathway.require_stage(file.stage, where)
    require_word(file.kind, "project kind", tuple(standard), where)
    usual = standard[file.kind]
    meant = ("vocational_bachelor",) if file.kind == "upgrade" else keys_of("places")
    if file.stage not in meant:
        raise InputError(
            where, "a project of kind {name!r} is about {wanted}, not {stage}", "Correct stage, or kind",
            name=file.kind, wanted=", ".join(meant), stage=file.stage,
        )  # fmt: skip
    require_word(file.owner, "owner", OWNERS, where)
    region = _own_region(file.region, list(bases), where)
    count = _spread(1.0 if file.count is None else file.count, "count", where)
    if not count.low >= 1.0 or count.high > MOST_UNITS:
        raise InputError(
            where, "a project has {value:g} units", "Write a count from 1 to {most}", most=MOST_UNITS,
            value=count.low if count.low < 1 else count.high,
        )  # fmt: skip
    places = _places(file, where)
    opening, start, last = _dates(file, where, bases[region], count)
    durations = _durations(file, usual, where)
    if start is not None:
        _require_later(file, start, durations, where, bases[region])
    failure = usual.failure if file.failure is None else _spread(file.failure, "failure", where)
    if not 0.0 <= failure.low <= failure.high <= 1.0:
        raise InputError(
            where, "{name!r} is {value:g}, outside {low:g} to {high:g} {unit}", "Write 0.42 for 42 %", name="failure",
            value=failure.high if failure.high > 1.0 else failure.low, low=0, high=1, unit="share",
        )  # fmt: skip
    return Project(
        name=file.name, labels={"zh": file.title.zh, "en": file.title.en}, region=region, stage=file.stage,
        places=places, opening=opening, owner=file.owner, source=file.source, status=file.status, where=where,
        kind=file.kind, count=count, start=start, last_start=last, reached=file.reached or "", durations=durations,
        failure=failure, cost=_cost(file, usual, places, where),
    )  # fmt: skip


def _places(file: ProjectFile, where: str) -> Spread:
    places = _spread(file.places, "places", where)
    if places.low < 0 < places.high:
        raise InputError(where, "a project either opens or closes places", "Write two projects")
    # A file that gives only a date and places below zero closes them, whatever the kind.
    dated = file.opening is not None and "kind" not in file.model_fields_set
    if places.low < 0 and file.kind not in CLOSING_KINDS and not dated:
        raise InputError(
            where, "a project of kind {name!r} takes no places away",
            "Write kind: closing or kind: merging, or places from 0 on", name=file.kind,
        )  # fmt: skip
    if places.high > 0 and file.kind in CLOSING_KINDS:
        raise InputError(where, "a project of kind {name!r} opens no places", "Write places below 0", name=file.kind)
    return places


def _dates(file: ProjectFile, where: str, base: int, count: Spread) -> tuple[Spread | None, Spread | None, float]:
    """Return when the project opens, or when it starts and, for one of many units, when the last unit starts."""
    if (file.opening is None) == (file.start is None):
        raise InputError(
            where, "a project needs either {first} or {second}", "Write one of the two", first="opening", second="start"
        )
    if file.opening is not None:
        for name, given in (("reached", file.reached), ("last_start", file.last_start)):
            if given is not None:
                raise InputError(
                    where, "key {key!r} does nothing beside a fixed opening", "Leave it out, or write start", key=name
                )
        return _opening(file.opening, where, base), None, 0.0
    start = _spread(file.start if file.start is not None else 0, "start", where)
    last = float(start.high if file.last_start is None else file.last_start)
    require_finite("last_start", last, where)
    for name, year in (("start", start.low), ("start", start.high), ("last_start", last)):
        if not FIRST_YEAR - 10 <= year <= SCHOOL_YEARS[1]:
            raise InputError(
                where, "{key!r} is {value}, not a year from {first} to {last}",
                "Write a calendar year, such as 2021 or 2021.5", key=name, value=f"{year:g}", first=FIRST_YEAR - 10,
                last=SCHOOL_YEARS[1],
            )  # fmt: skip
    if file.last_start is not None and count.high <= 1.0:
        raise InputError(
            where, "key {key!r} does nothing for a single unit", "Leave it out, or write count", key="last_start"
        )
    if last < start.high:
        raise InputError(
            where, "last_start is {last:g}, before start {start:g}", "Write a year from start on", last=last,
            start=start.high,
        )  # fmt: skip
    if file.reached is not None:
        require_word(file.reached, "project stage", PROJECT_STAGES, where)
    return None, start, last


def _require_later(file: ProjectFile, start: Spread, durations: Mapping[str, Spread], where: str, base: int) -> None:
    """Complain about a project that could be open by the base year, whose places hold it already."""
    require_after_base(start, file.reached or "", durations, where, base)


def require_after_base(start: Spread, reached: str, durations: Mapping[str, Spread], where: str, base: int) -> None:
    """Complain about a project that could be open by the base year, whose places hold it already.

    Parameters
    ----------
    start : Spread; when it starts.
    reached : str; the stage that it has reached, "" for the first.
    durations : mapping of stage -> Spread.
    where : str, the place to name in the complaint.
    base : int; base year of its region.

    Raises
    ------
    InputError : it could be open in the base year.

    Notes
    -----
    Unit: calendar years, school years for ``base``. Source: MODEL, section 5.
    """
    ahead = PROJECT_STAGES[PROJECT_STAGES.index(reached) if reached else 0 :]
    ready = start.low + sum(durations[stage].low for stage in ahead)
    year = math.ceil(ready - FIRST_OF_SEPTEMBER - 1e-9)
    if year <= base:
        raise InputError(
            where, "started in {start:g}, it could be open in {year}, not after the base year {base}",
            "What is open in the base year is in its places already", start=start.low, year=year, base=base,
        )  # fmt: skip


def _opening(given: SpreadFile | int, where: str, base: int) -> Spread:
    if not isinstance(given, SpreadFile) and abs(given) > SCHOOL_YEARS[1]:
        raise InputError(where, "opening is {year:g}", "Write a school year", year=min(given, int(LARGEST_NUMBER)))
    opening = _spread(given, "opening", where)
    for year in (opening.low, opening.value, opening.high):
        if year != int(year) or not FIRST_YEAR <= year <= SCHOOL_YEARS[1]:
            raise InputError(where, "opening is {year:g}", "Write a school year", year=year)
    if opening.low <= base:
        raise InputError(
            where, "opening is {year:g}, not after the base year {base}",
            "What is open in the base year is in its places already", year=opening.low, base=base,
        )  # fmt: skip
    return opening


def _durations(file: ProjectFile, usual: ProjectStandard, where: str) -> dict[str, Spread]:
    """Return the years of every stage: the file's, and the usual ones for what it leaves out."""
    for name in file.durations:
        require_word(name, "project stage", PROJECT_STAGES, where)
    durations = {}
    for name in PROJECT_STAGES:
        spread = _spread(file.durations[name], name, where) if name in file.durations else usual.durations[name]
        require_years(name, spread.low, spread.high, where)
        durations[name] = spread
    return durations


def _cost(file: ProjectFile, usual: ProjectStandard, places: Spread, where: str) -> Spread:
    """Return what one unit costs, CNY: as printed, or the usual cost of a place times its places."""
    if file.cost is None:
        each = usual.cost_per_place
        value, low, high = (max(p, 0.0) for p in (places.value, places.low, places.high))
        return Spread(each.value * value, each.low * low, each.high * high)
    cost = _spread(file.cost, "cost", where, LARGEST_COST)
    if cost.low < 0.0:
        raise InputError(
            where, "{name!r} is {value:g} at its lowest, less than nothing", "Write a number from 0 on", name="cost",
            value=cost.low,
        )  # fmt: skip
    return cost


def _spread(given: SpreadFile | float, name: str, where: str, most: float = LARGEST_NUMBER) -> Spread:
    spread = (
        Spread(given.value, given.low, given.high)
        if isinstance(given, SpreadFile)
        else Spread(float(given), float(given), float(given))
    )
    for number in (spread.value, spread.low, spread.high):
        require_finite(name, number, where, most)
    if not spread.low <= spread.value <= spread.high:
        raise InputError(
            where, "{name!r} is {value:g}, not between low {low:g} and high {high:g}", "Put the three in order",
            name=name, value=spread.value, low=spread.low, high=spread.high,
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
