"""Scenario files and data tables -> Scenario; complaints name file, line and the cure."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from simvet.catalogue import require_in_bounds, require_key, require_quantity
from simvet.errors import InputError, nearest
from simvet.levers import OPERATIONS, Lever
from simvet.pathway import Pathway, pathway_from
from simvet.rules.names import LIMITS
from simvet.scenario import Project, RegionCase, Scenario, Spread, Target
from simvet.tables import home, read_text, region_rows

LAST_YEAR = 2035
"""The feeder (births and primary grades) is given up to this school year."""
LARGEST_SCENARIO = 1_000_000
"""Bytes; a scenario is a page of text."""
COMPARATORS = (">=", "<=", "==", "~")
OWNERS = ("province", "city", "school", "enterprise", "none")
_NAME = re.compile(r"^[a-z][a-z0-9_]*$")

Number = Annotated[float, Field(strict=False)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Labels(_Strict):
    zh: str
    en: str


class _SpreadFile(_Strict):
    value: Number
    low: Number
    high: Number


class _LeverFile(_Strict):
    name: str
    quantity: str
    region: str | None = None
    key: str = ""
    operation: str
    value: Number
    unit: str | None = None
    start: int = Field(alias="from")
    end: int | None = Field(default=None, alias="to")
    owner: str
    source: str


class _ProjectFile(_Strict):
    name: str
    title: _Labels
    region: str | None = None
    stage: str
    places: _SpreadFile | Number
    opening: _SpreadFile | int
    owner: str
    source: str
    status: Literal["published", "derived", "assumed"]


class _RegionFile(_Strict):
    region: str
    base_year: int
    limits: dict[str, list[str]]


class _TargetFile(_Strict):
    key: str
    stage: str
    comparator: str
    target: Number
    year: int
    region: str | None = None
    title: _Labels


class _ScenarioFile(_Strict):
    base: str | None = None
    title: _Labels
    regions: list[_RegionFile] | None = None
    until: int | None = None
    as_of: int | None = None
    seats_spill: bool | None = None
    five_year_counts: bool | None = None
    province: str | None = None
    levers: list[_LeverFile] = []
    projects: list[_ProjectFile] = []
    headlines: list[str] | None = None
    targets: list[_TargetFile] = []


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
    return pathway_from(_parse(home() / "data" / "pathway.yaml"))


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


def _parse(path: Path) -> CommentedMap:
    text = read_text(path)
    if len(text) > LARGEST_SCENARIO:
        raise InputError(
            path.name, "the file has {size} MB", "Files of more than {most} MB are refused; give the right one",
            size=round(len(text) / 1e6, 1), most=LARGEST_SCENARIO // 1_000_000,
        )  # fmt: skip
    try:
        content = YAML(typ="rt").load(text)
    except DuplicateKeyError as error:
        line = (error.problem_mark.line + 1) if error.problem_mark else 1
        raise InputError(f"{path.name}:{line}", "a key stands twice", "Keep one of the two") from None
    except MarkedYAMLError as error:
        line = (error.problem_mark.line + 1) if error.problem_mark else 1
        raise InputError(
            f"{path.name}:{line}", "this is not YAML ({problem})", "Look at indents, colons and quotes here",
            problem=error.problem or "unreadable",
        ) from None  # fmt: skip
    except YAMLError:
        raise InputError(path.name, "this is not YAML", "Save the file as plain UTF-8 text") from None
    except RecursionError:
        raise InputError(path.name, "the file is nested too deeply", "A scenario has at most four levels") from None
    if not isinstance(content, CommentedMap):
        raise InputError(path.name, "a scenario is a list of keys with values", "Start from a file in scenarios/")
    return content


def _line(content: Any, path: tuple[Any, ...]) -> int:
    """Return the line of the deepest part of ``path`` that the file holds."""
    line = 0
    here = content
    for part in path:
        try:
            if isinstance(here, CommentedMap) and part in here:
                line = here.lc.key(part)[0]
            elif isinstance(here, CommentedSeq) and isinstance(part, int) and part < len(here):
                line = here.lc.item(part)[0]
            else:
                break
            here = here[part]
        except (KeyError, AttributeError, TypeError):
            break
    return line + 1


def _read(path: Path) -> tuple[_ScenarioFile, CommentedMap, Path]:
    content = _parse(path)
    try:
        return _ScenarioFile.model_validate(_plain(content)), content, path
    except ValidationError as error:
        raise _complaint(error, content, path) from None


def _plain(content: Any) -> Any:
    if isinstance(content, Mapping):
        return {key: _plain(value) for key, value in content.items()}
    if isinstance(content, list):
        return [_plain(value) for value in content]
    if isinstance(content, bool):
        return content
    if isinstance(content, int):
        return int(content)
    if isinstance(content, float):
        return float(content)
    return str(content) if isinstance(content, str) else content


_KNOWN_KEYS = {
    "levers": _LeverFile,
    "projects": _ProjectFile,
    "regions": _RegionFile,
    "targets": _TargetFile,
    "title": _Labels,
    "places": _SpreadFile,
    "opening": _SpreadFile,
}


def _complaint(error: ValidationError, content: CommentedMap, path: Path) -> InputError:
    # A union reports one fault for each branch; the fault inside a mapping says more than "not a number".
    fault = max(error.errors(), key=lambda e: (e["type"] in ("extra_forbidden", "missing"), len(e["loc"])))
    location = tuple(part for part in fault["loc"] if not (isinstance(part, str) and part.startswith(("_", "float", "int"))))
    where = f"{path.name}:{_line(content, location)}"
    key = str(location[-1]) if location else ""
    if fault["type"] == "extra_forbidden":
        owner = next((part for part in reversed(location[:-1]) if isinstance(part, str)), "")
        model = _KNOWN_KEYS.get(owner, _ScenarioFile)
        known = [field.alias or name for name, field in model.model_fields.items()]
        return InputError(where, "key {key!r} is unknown here", "Did you mean {near!r}?", key=key, near=nearest(key, known))
    if fault["type"] == "missing":
        return InputError(where, "key {key!r} is missing", "Add it", key=key)
    return InputError(
        where, "{key!r} is {given!r}, which is not {wanted}", "Write {wanted}", key=key, given=_shown(fault["input"]),
        wanted=_wanted(fault["type"]),
    )  # fmt: skip


def _shown(given: object) -> str:
    text = str(given)
    return text if len(text) <= 40 else text[:37] + "..."


def _wanted(kind: str) -> str:
    if kind.startswith(("float", "decimal")):
        return "a number"
    if kind.startswith("int"):
        return "a whole number"
    if kind.startswith("bool"):
        return "true or false"
    if kind.startswith(("list", "tuple")):
        return "a list (lines that begin with -)"
    if kind.startswith(("dict", "model", "mapping")):
        return "a block of keys with values"
    if kind.startswith("literal"):
        return "published, derived or assumed"
    return "text"


def _chain(path: Path) -> list[tuple[_ScenarioFile, CommentedMap, Path]]:
    """Return the file and those it inherits from, the root first."""
    chain = [_read(path)]
    visited = [path.resolve()]
    while (base := chain[-1][0].base) is not None:
        where = f"{chain[-1][2].name}:{_line(chain[-1][1], ('base',))}"
        if not _NAME.match(base):
            raise InputError(
                where, "base {base!r} is not the name of a scenario", "Write the name of a file in scenarios/ without folder and ending",
                base=base,
            )  # fmt: skip
        beside = chain[-1][2].parent / f"{base}.yaml"
        target = beside if beside.exists() else scenario_files().get(base)
        if target is None:
            raise InputError(
                where, "base {base!r} does not exist", "Did you mean {near!r}?", base=base,
                near=nearest(base, scenario_files()),
            )  # fmt: skip
        if target.resolve() in visited:
            raise InputError(where, "base {base!r} leads back to this file", "A scenario cannot inherit from itself", base=base)
        visited.append(target.resolve())
        chain.append(_read(target))
    return chain[::-1]


def _inherited(chain: list[tuple[_ScenarioFile, CommentedMap, Path]], field: str) -> Any:
    for file, _, _ in reversed(chain):
        value = getattr(file, field)
        if value is not None:
            return value
    raise InputError(chain[-1][2].name, "key {key!r} is missing", "Add it", key=field)


def _build(chain: list[tuple[_ScenarioFile, CommentedMap, Path]]) -> Scenario:
    pathway = load_pathway()
    last, content, path = chain[-1]
    regions = _regions(chain, pathway)
    names = [case.region for case in regions]
    until = int(_inherited(chain, "until"))
    first = min(case.base_year for case in regions)
    where = f"{path.name}:{_line(content, ('until',))}"
    require_horizon(until, max(case.base_year for case in regions), where)
    projects: dict[str, Project] = {}
    levers: list[Lever] = []
    targets = [target for target in load_register() if target.region in names]
    for file, tree, source in chain:
        for position, lever in enumerate(file.levers):
            levers.append(_lever(lever, f"{source.name}:{_line(tree, ('levers', position))}", names, first, until))
        for position, project in enumerate(file.projects):
            projects[project.name] = _project(
                project, f"{source.name}:{_line(tree, ('projects', position))}", names, pathway
            )
        for position, target in enumerate(file.targets):
            targets.append(_target(target, f"{source.name}:{_line(tree, ('targets', position))}", names, pathway))
    return Scenario(
        name=path.stem,
        labels={"zh": last.title.zh, "en": last.title.en},
        regions=regions,
        until=until,
        as_of=int(_inherited(chain, "as_of")),
        seats_spill=bool(_inherited(chain, "seats_spill")),
        five_year_counts=bool(_inherited(chain, "five_year_counts")),
        province=_province(chain),
        levers=tuple(levers),
        projects=tuple(projects.values()),
        headlines=tuple(_inherited(chain, "headlines")),
        targets=tuple(targets),
        pathway=pathway,
        rows={name: region_rows(name) for name in names},
        where=path.name,
    )


def _province(chain: list[tuple[_ScenarioFile, CommentedMap, Path]]) -> str:
    name = str(_inherited(chain, "province"))
    if name not in ("none", *scenario_files()):
        raise InputError(
            chain[-1][2].name, "province {name!r} is not a scenario", "Did you mean {near!r}? Write none if there is none",
            name=name, near=nearest(name, scenario_files()),
        )  # fmt: skip
    return name


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
            where, "until is {until}, outside {first} to {last}", "Choose a year after the base year and within the feeder",
            until=until, first=base_year + 1, last=LAST_YEAR,
        )  # fmt: skip
    return until


def _regions(chain: list[tuple[_ScenarioFile, CommentedMap, Path]], pathway: Pathway) -> tuple[RegionCase, ...]:
    given: list[_RegionFile] = _inherited(chain, "regions")
    file = next(item for item in reversed(chain) if item[0].regions is not None)
    cases = []
    for position, region in enumerate(given):
        where = f"{file[2].name}:{_line(file[1], ('regions', position))}"
        region_rows(region.region)
        if not 2000 <= region.base_year < LAST_YEAR:
            raise InputError(where, "base_year is {year}", "Write a school year from 2000 on", year=region.base_year)
        for stage, limits in region.limits.items():
            pathway.require_stage(stage, where)
            for limit in limits:
                if limit not in LIMITS[:-1]:
                    raise InputError(
                        where, "limit {limit!r} is unknown", "Did you mean {near!r}?", limit=limit,
                        near=nearest(limit, LIMITS[:-1]),
                    )  # fmt: skip
        cases.append(
            RegionCase(region.region, region.base_year, {s: tuple(limits) for s, limits in region.limits.items()})
        )
    if not cases:
        raise InputError(file[2].name, "no region is given", "Name at least one under regions")
    if len({case.region for case in cases}) != len(cases):
        raise InputError(file[2].name, "a region stands twice", "Name each region once")
    return tuple(cases)


def _own_region(given: str | None, regions: list[str], where: str) -> str:
    if given is None:
        if len(regions) > 1:
            raise InputError(where, "key {key!r} is missing", "Say which of {known} is meant", key="region", known=", ".join(regions))
        return regions[0]
    if given not in regions:
        raise InputError(
            where, "region {region!r} is not in this scenario", "Did you mean {near!r}?", region=given,
            near=nearest(given, regions),
        )  # fmt: skip
    return given


def _require_word(word: str, what: str, known: tuple[str, ...], where: str) -> str:
    if word not in known:
        raise InputError(
            where, "{what} {word!r} is unknown", "Did you mean {near!r}?", what=what, word=word, near=nearest(word, known)
        )
    return word


def _lever(file: _LeverFile, where: str, regions: list[str], first: int, until: int) -> Lever:
    quantity = require_quantity(file.quantity, where)
    region = _own_region(file.region, regions, where)
    key = require_key(file.quantity, file.key, where)
    if not quantity.lever:
        raise InputError(
            where, "quantity {name!r} belongs to the past and cannot be pulled", "Change a quantity that acts in later years",
            name=file.quantity,
        )  # fmt: skip
    _require_word(file.operation, "operation", OPERATIONS, where)
    _require_word(file.owner, "owner", OWNERS, where)
    wanted = "factor" if file.operation == "multiply" else quantity.unit
    if file.unit is not None and file.unit != wanted:
        raise InputError(
            where, "{name!r} is given in {given!r}", "Its unit is {wanted!r}; convert the value", name=file.quantity,
            given=file.unit, wanted=wanted,
        )  # fmt: skip
    for year in (file.start, file.end):
        if year is not None and not first < year <= LAST_YEAR:
            raise InputError(
                where, "year {year} is outside the horizon {first} to {last}", "Choose a year inside it", year=year,
                first=first + 1, last=max(until, LAST_YEAR),
            )  # fmt: skip
    if file.end is not None and file.end < file.start:
        raise InputError(where, "the lever ends in {end}, before it starts in {start}", "Swap the years", end=file.end, start=file.start)
    if file.operation == "ramp" and file.end is None:
        raise InputError(where, "key {key!r} is missing", "A ramp needs the year in which it arrives", key="to")
    if file.operation in ("set", "ramp"):
        require_in_bounds(file.quantity, file.value, where)
    elif not math.isfinite(file.value) or (file.operation == "multiply" and file.value < 0):
        raise InputError(where, "{name!r} is {value}, not a number", "Write a finite number", name="value", value=file.value)
    return Lever(
        file.name, file.quantity, region, key, file.operation, float(file.value), file.start, file.end,  # type: ignore[arg-type]
        file.owner, file.source, where,
    )  # fmt: skip


def _spread(given: _SpreadFile | float, name: str, where: str) -> Spread:
    spread = (
        Spread(given.value, given.low, given.high)
        if isinstance(given, _SpreadFile)
        else Spread(float(given), float(given), float(given))
    )
    if not all(math.isfinite(number) for number in (spread.value, spread.low, spread.high)):
        raise InputError(where, "{name!r} is {value}, not a number", "Write a finite number", name=name, value=spread.value)
    if not spread.low <= spread.value <= spread.high:
        raise InputError(
            where, "{value:g} is not between low {low:g} and high {high:g}", "Put the three in order",
            value=spread.value, low=spread.low, high=spread.high,
        )  # fmt: skip
    return spread


def _project(file: _ProjectFile, where: str, regions: list[str], pathway: Pathway) -> Project:
    pathway.require_stage(file.stage, where)
    places = _spread(file.places, "places", where)
    if places.low < 0 < places.high:
        raise InputError(where, "a project either opens or closes places", "Write two projects")
    _require_word(file.owner, "owner", OWNERS, where)
    opening = _spread(file.opening, "opening", where)
    if not 2000 <= opening.low <= opening.high <= 2100:
        raise InputError(where, "opening is {year:g}", "Write a school year", year=opening.value)
    return Project(
        file.name, {"zh": file.title.zh, "en": file.title.en}, _own_region(file.region, regions, where), file.stage,
        places, opening, file.owner, file.source, file.status, where,
    )  # fmt: skip


def _target(file: _TargetFile, where: str, regions: list[str], pathway: Pathway) -> Target:
    if file.stage != "region":
        pathway.require_stage(file.stage, where)
    _require_word(file.comparator, "comparator", COMPARATORS, where)
    if not math.isfinite(file.target):
        raise InputError(where, "{name!r} is {value}, not a number", "Write a finite number", name="target", value=file.target)
    return Target(
        "own", _own_region(file.region, regions, where), where, file.key, {"zh": file.title.zh, "en": file.title.en},
        file.stage, "own", "", None, None, file.comparator, float(file.target), file.year, "", where,
    )  # fmt: skip


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
    rows = csv.DictReader(read_text(path).splitlines())
    return tuple(
        Target(
            document=row["doc"], region=row["region"], locator=row["locator"], key=row["key"],
            labels={"zh": row["name_zh"], "en": row["name_en"]}, stage=row["stage"], kind=row["kind"],
            unit=row["unit"], base_year=int(row["base_year"]) if row["base_year"] else None,
            base_value=float(row["base_value"]) if row["base_value"] else None, comparator=row["comparator"],
            bound=None if row["target"] == "provincial" else float(row["target"]), year=int(row["target_year"]),
            note=row["note"], where=f"register.csv:{number}",
        )  # fmt: skip
        for number, row in enumerate(rows, start=2)
    )
