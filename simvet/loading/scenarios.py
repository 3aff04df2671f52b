"""Scenarios: found by name or path, completed by what they inherit, built from their parts."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from simvet.edits import Edit, edited_rows
from simvet.errors import InputError, nearest
from simvet.items import item_rows, region_items
from simvet.levers import Lever
from simvet.loading import parts
from simvet.loading.agents import agent_choices
from simvet.loading.checks import LAST_YEAR
from simvet.loading.register import load_pathway, load_project_standards, load_register
from simvet.loading.schema import Sheet, read_sheet
from simvet.pathway import Pathway
from simvet.readable import require_readable
from simvet.scenario import Project, RegionCase, Scenario, Target
from simvet.tables import Row, home, region_rows, uploaded_scenario

_NAME = re.compile(r"^[a-z][a-z0-9_]{0,79}$")


def scenario_files(folder: Path | None = None) -> dict[str, Path]:
    """Return the scenarios that can be named, with their files.

    Parameters
    ----------
    folder : Path, optional; by default ``scenarios/`` of the project.

    Returns
    -------
    dict of name -> Path, in alphabetical order.

    Notes
    -----
    Unit: none. Errors: none. Source: the folder.
    """
    return {path.stem: path for path in sorted((folder or home() / "scenarios").glob("*.yaml"))}


def find_scenario(given: str) -> Path:
    """Return the file of a scenario given by name or by path.

    Parameters
    ----------
    given : str; ``zhejiang`` or ``my/folder/plan.yaml``.

    Returns
    -------
    Path.

    Raises
    ------
    InputError : there is no such scenario; the nearest name is offered.

    Notes
    -----
    Unit: none. Source: ``scenarios/``.
    """
    if given.endswith((".yaml", ".yml")):
        return Path(given)
    known = scenario_files()
    if given not in known:
        raise InputError(
            "scenarios/", "there is no scenario {name!r}", "Did you mean {near!r}? simvet list shows all of them",
            name=given, near=nearest(given, known),
        )  # fmt: skip
    return known[given]


def load_scenario(given: str | Path) -> Scenario:
    """Return a scenario, resolved and checked.

    Parameters
    ----------
    given : str or Path; the name of a file in ``scenarios/``, or the path of a YAML file.

    Returns
    -------
    Scenario.

    Raises
    ------
    InputError : anything in the file or in the data that it leads to is wrong.

    Notes
    -----
    Unit: see Scenario. Source: the file; what a file does not say comes from the scenario that it names as ``base``.
    """
    return _build(_chain(find_scenario(str(given))))


def require_horizon(until: int, base_year: int, where: str) -> int:
    """Return the last year of a run if the data carry it; complain if not.

    Parameters
    ----------
    until, base_year : int, school years.
    where : str, the place to name in the complaint.

    Returns
    -------
    int.

    Raises
    ------
    InputError : the year is not after the base year or lies beyond the feeder.

    Notes
    -----
    Unit: school year. Source: births and primary grades are given up to LAST_YEAR.
    """
    if not base_year < until <= LAST_YEAR:
        raise InputError(
            where, "until is {until}, outside {first} to {last}",
            "Choose a year after the base year and within the feeder",
            until=until, first=base_year + 1, last=LAST_YEAR,
        )  # fmt: skip
    return until


def _chain(path: Path) -> list[Sheet]:
    """Return the file and those it inherits from, the root first."""
    chain = [read_sheet(path)]
    visited = [path.resolve()]
    while (base := chain[-1].given.base) is not None:
        where = chain[-1].place("base")
        if not _NAME.match(base):
            raise InputError(
                where, "base {base!r} is not the name of a scenario",
                "Write the name of a file in scenarios/ without folder and ending",
                base=base,
            )  # fmt: skip
        beside = chain[-1].path.parent / f"{base}.yaml"
        found = beside if beside.exists() else scenario_files().get(base, uploaded_scenario(base))
        if found is None:
            raise InputError(
                where, "base {base!r} does not exist", "Did you mean {near!r}?", base=base,
                near=nearest(base, scenario_files()),
            )  # fmt: skip
        if found.resolve() in visited:
            raise InputError(
                where, "base {base!r} leads back to this file", "A scenario cannot inherit from itself", base=base
            )
        visited.append(found.resolve())
        chain.append(read_sheet(found))
    return chain[::-1]


def _giver(chain: list[Sheet], field: str) -> Sheet:
    """Return the last file that gives a key: the one that counts."""
    for sheet in reversed(chain):
        if getattr(sheet.given, field) is not None:
            return sheet
    raise InputError(chain[-1].path.name, "key {key!r} is missing", "Add it", key=field)


def _inherited(chain: list[Sheet], field: str) -> Any:
    return getattr(_giver(chain, field).given, field)


def _place(chain: list[Sheet], field: str) -> str:
    """Return file and line of the key that counts."""
    return _giver(chain, field).place(field)


def _build(chain: list[Sheet]) -> Scenario:
    pathway = load_pathway()
    last = chain[-1]
    province = _province(chain)
    regions = tuple(replace(case, province=_deciding_region(province)) for case in _regions(chain, pathway))
    names = [case.region for case in regions]
    until = int(_inherited(chain, "until"))
    first = min(case.base_year for case in regions)
    require_horizon(until, max(case.base_year for case in regions), _place(chain, "until"))
    targets = [target for target in load_register() if target.region in names]
    levers, projects, own = _parts(chain, {case.region: case.base_year for case in regions}, until, pathway)
    targets += own
    as_of = _as_of(chain, first)
    rows = _rows(chain, regions, pathway)
    return Scenario(
        name=last.path.stem,
        labels={"zh": last.given.title.zh, "en": last.given.title.en},
        regions=regions,
        until=until,
        as_of=as_of,
        seats_spill=bool(_inherited(chain, "seats_spill")),
        five_year_counts=bool(_inherited(chain, "five_year_counts")),
        province=province,
        levers=levers,
        projects=projects,
        headlines=_headlines(chain, targets),
        targets=tuple(targets),
        pathway=pathway,
        rows=rows,
        items={case.region: region_items(case.region) for case in regions},
        where=last.path.name,
        agents=agent_choices(chain, tuple(names)),
    )


def _regions(chain: list[Sheet], pathway: Pathway) -> tuple[RegionCase, ...]:
    sheet = _giver(chain, "regions")
    given = sheet.given.regions or []
    cases = [parts.region_case(region, sheet.place("regions", n), pathway) for n, region in enumerate(given)]
    if not cases:
        raise InputError(sheet.path.name, "no region is given", "Name at least one under regions")
    if len({case.region for case in cases}) != len(cases):
        raise InputError(sheet.path.name, "a region stands twice", "Name each region once")
    return tuple(cases)


def _parts(
    chain: list[Sheet], bases: dict[str, int], until: int, pathway: Pathway
) -> tuple[tuple[Lever, ...], tuple[Project, ...], list[Target]]:
    """Return levers, projects and own targets of the whole chain; a project of the same name replaces the base's."""
    levers: list[Lever] = []
    projects: dict[str, Project] = {}
    targets: list[Target] = []
    names, first = list(bases), max(bases.values())
    for sheet in chain:
        for position, lever in enumerate(sheet.given.levers):
            levers.append(parts.lever(lever, sheet.place("levers", position), bases, until))
        named: set[str] = set()
        for position, project in enumerate(sheet.given.projects):
            where = sheet.place("projects", position)
            if project.name in named:
                raise InputError(
                    where, "project {name!r} stands twice", "Give each project its own name", name=project.name
                )
            named.add(project.name)
            projects[project.name] = parts.project(project, where, bases, pathway, load_project_standards())
        for position, target in enumerate(sheet.given.targets):
            targets.append(parts.target(target, sheet.place("targets", position), names, pathway, first))
    return tuple(levers), tuple(projects.values()), targets


def _as_of(chain: list[Sheet], first: int) -> int:
    as_of = int(_inherited(chain, "as_of"))
    if not first <= as_of <= LAST_YEAR:
        raise InputError(
            _place(chain, "as_of"), "year {year} is outside the horizon {first} to {last}", "Choose a year inside it",
            year=as_of, first=first, last=LAST_YEAR,
        )  # fmt: skip
    return as_of


def _rows(chain: list[Sheet], regions: tuple[RegionCase, ...], pathway: Pathway) -> dict[str, tuple[Row, ...]]:
    """Return the data of every region, which must hold figures of its base year."""
    rows = {case.region: (*region_rows(case.region), *item_rows(case.region)) for case in regions}
    rows = _edited(chain, rows)
    for case in regions:
        seen = sorted({row.year for row in rows[case.region] if row.use == "figure"})
        if case.base_year not in seen:
            raise InputError(
                _place(chain, "regions"), "there are no figures of {region!r} for base_year {year}",
                "Write one of {known}", region=case.region, year=case.base_year,
                known=", ".join(str(year) for year in seen) or "none",
            )  # fmt: skip
        require_readable(rows[case.region], case.base_year, pathway)
    return rows


def _edited(chain: list[Sheet], rows: dict[str, tuple[Row, ...]]) -> dict[str, tuple[Row, ...]]:
    """Return the data with the numbers that the files replace, one after the other."""
    first = next(iter(rows))
    for sheet in chain:
        for position, given in enumerate(sheet.given.edits):
            where = sheet.place("edits", position)
            row = (
                given.region or first,
                given.year,
                given.indicator,
                given.stage,
                given.track,
                given.definition,
                given.use,
            )
            rows = edited_rows(rows, [Edit(row, given.value, given.low, given.high, given.reason)], where)
    return rows


def _province(chain: list[Sheet]) -> str:
    name = str(_inherited(chain, "province"))
    if name not in ("none", *scenario_files()):
        raise InputError(
            _place(chain, "province"), "province {name!r} is not a scenario",
            "Did you mean {near!r}? Write none if there is none",
            name=name, near=nearest(name, scenario_files()),
        )  # fmt: skip
    return name


def _deciding_region(province: str) -> str:
    """Return the region whose decisions the scenario's regions share, "" where no province is named."""
    if province == "none":
        return ""
    first: str = _inherited(_chain(find_scenario(province)), "regions")[0].region
    return first


def _headlines(chain: list[Sheet], targets: list[Target]) -> tuple[str, ...]:
    headlines = tuple(_inherited(chain, "headlines"))
    known = {target.key for target in (*load_register(), *targets)}
    for key in headlines:
        if key not in known:
            raise InputError(
                _place(chain, "headlines"), "headline {key!r} is no target", "Did you mean {near!r}?",
                key=key, near=nearest(key, known) if known else "",
            )  # fmt: skip
    return headlines
