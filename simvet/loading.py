"""Scenario files and data tables -> Scenario; complaints name file, line and the cure."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, NodeEvent
from ruamel.yaml.reader import ReaderError

from simvet.catalogue import require_in_bounds, require_key, require_quantity
from simvet.errors import InputError, nearest
from simvet.levers import OPERATIONS, Lever
from simvet.pathway import Pathway, pathway_from
from simvet.rules.names import LIMITS
from simvet.scenario import Project, RegionCase, Scenario, Spread, Target
from simvet.tables import SCHOOL_YEARS, Row, home, number_of, place_of, read_text, region_rows, require_region

LAST_YEAR = 2035
"""The feeder (births and primary grades) is given up to this school year."""
LARGEST_SCENARIO = 1_000_000
"""Bytes; a scenario is a page of text."""
DEEPEST = 20
"""Blocks within blocks; a scenario has four levels, the pathway five."""
LARGEST_NUMBER = 1e9
"""Persons; more than live on earth in any region, and far from where numbers lose their last digit."""
MOST_VALUES = 20_000
"""Values of a scenario, aliases written out; a hundred levers are a thousand."""
LARGEST_FACTOR = 1000
FIRST_YEAR = 2000
READABLE_FIGURES = {
    ("enrolment", "primary"): 3, ("enrolment", "middle"): 2, ("enrolment", "general_high"): 3,
    ("enrolment", "secondary_vocational"): 3, ("enrolment", "higher_vocational"): 1,
    ("enrolment", "vocational_bachelor"): 0, ("enrolment", "bachelor"): 0,
    ("entrants", "primary"): 5, ("entrants", "middle"): 2, ("entrants", "general_high"): 5,
    ("entrants", "secondary_vocational"): 5, ("entrants", "higher_vocational"): 2,
    ("graduates", "primary"): 0, ("graduates", "middle"): 5, ("graduates", "general_high"): 2,
    ("graduates", "secondary_vocational"): 2, ("graduates", "higher_vocational"): 0,
    ("enrolment_change", "primary"): 0, ("enrolment_change", "middle"): 2, ("graduates_total", ""): 0,
    ("general_vocational_ratio_of_entrants", ""): 5, ("general_vocational_ratio_of_enrolment", ""): 3,
    ("progression_rate", ""): 0, ("topup_rate", ""): 0, ("transition_rate", "middle"): 5,
}  # fmt: skip
"""Figures that the opening balance can read, with the years back from the base year for which it can."""
STAGED_INDICATORS = ("enrolment", "entrants", "graduates")
"""Indicators that mean nothing for a region as a whole."""
REGISTER_COLUMNS = (
    "doc", "region", "locator", "key", "name_zh", "name_en", "stage", "kind", "unit", "base_year", "base_value",
    "comparator", "target", "target_year", "note",
)  # fmt: skip
STAGE_LIMITS = {
    "general_high": ("intake_plan",),
    "secondary_vocational": ("entry_capacity", "places", "teachers"),
    "higher_vocational": ("intake_plan",),
    "vocational_bachelor": ("licence",),
    "bachelor": ("intake_plan",),
}
"""Limits that the engine reads for each stage."""
COLLEGES = ("higher_vocational", "vocational_bachelor", "bachelor")
"""Stages whose seats are divided into blocks, and so must be counted."""
COMPARATORS = (">=", "<=", "==", "~")
OWNERS = ("province", "city", "school", "enterprise", "none")
_NAME = re.compile(r"^[a-z][a-z0-9_]*$")

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Labels(_Strict):
    zh: Text
    en: Text


class _SpreadFile(_Strict):
    value: float
    low: float
    high: float


class _LeverFile(_Strict):
    name: Text
    title: _Labels | None = None
    quantity: Text
    region: Text | None = None
    key: Text = ""
    operation: Text
    value: float
    unit: Text | None = None
    start: int = Field(alias="from")
    end: int | None = Field(default=None, alias="to")
    owner: Text
    source: Text


class _ProjectFile(_Strict):
    name: Text
    title: _Labels
    region: Text | None = None
    stage: Text
    places: _SpreadFile | float
    opening: _SpreadFile | int
    owner: Text
    source: Text
    status: Literal["published", "derived", "assumed"]


class _RegionFile(_Strict):
    region: Text
    base_year: int
    limits: dict[str, list[str]]


class _TargetFile(_Strict):
    key: Text
    stage: Text
    comparator: Text
    target: float
    year: int
    region: Text | None = None
    title: _Labels


class _ScenarioFile(_Strict):
    base: Text | None = None
    title: _Labels
    regions: list[_RegionFile] | None = None
    until: int | None = None
    as_of: int | None = None
    seats_spill: bool | None = None
    five_year_counts: bool | None = None
    province: Text | None = None
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
    path = home() / "data" / "pathway.yaml"
    try:
        return pathway_from(_parse(path))
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            place_of(path), "the pathway lacks a block or has a wrong one ({problem})",
            "Restore the file, or correct the block", problem=str(error),
        ) from None  # fmt: skip


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
    place = place_of(path)
    if len(text) > LARGEST_SCENARIO:
        raise InputError(
            place, "the file has {size} MB", "Files of more than {most} MB are refused; give the right one",
            size=round(len(text) / 1e6, 1), most=LARGEST_SCENARIO // 1_000_000,
        )  # fmt: skip
    try:
        _require_plain(text, place)
        content = YAML(typ="rt").load(text)
    except DuplicateKeyError as error:
        line = (error.problem_mark.line + 1) if error.problem_mark else 1
        raise InputError(f"{place}:{line}", "a key stands twice", "Keep one of the two") from None
    except MarkedYAMLError as error:
        raise _not_yaml(error, text, place) from None
    except ReaderError as error:
        line = text[: error.position].count("\n") + 1
        raise InputError(f"{place}:{line}", "this is not YAML", "Save the file as plain UTF-8 text") from None
    except (YAMLError, ValueError, TypeError, AttributeError, AssertionError):
        raise InputError(place, "this is not YAML", "Save the file as plain UTF-8 text") from None
    except RecursionError:
        raise InputError(place, "the file is nested too deeply", "A scenario has at most four levels") from None
    if not isinstance(content, CommentedMap):
        raise InputError(place, "a scenario is a list of keys with values", "Start from a file in scenarios/")
    return content


def _require_plain(text: str, place: str) -> None:
    """Complain about what only a hostile or broken file holds: depth, types, aliases that multiply."""
    sizes: dict[str, int] = {}
    open_blocks: list[tuple[str | None, int]] = []
    total = 0
    for event in YAML(typ="rt").parse(text):
        where = f"{place}:{event.start_mark.line + 1}"
        if getattr(event, "tag", None) is not None:
            raise InputError(where, "types (!) are not read", "Write the plain value; quote a text that begins so")
        if isinstance(event, CollectionEndEvent):
            anchor, before = open_blocks.pop()
            sizes[anchor or ""] = total - before
        elif isinstance(event, AliasEvent):
            if event.anchor not in sizes and any(event.anchor == anchor for anchor, _ in open_blocks):
                raise InputError(where, "the alias {name!r} holds itself", "Write the block out", name=event.anchor)
            total += sizes.get(event.anchor, 1)
        elif isinstance(event, NodeEvent):
            total += 1
            if isinstance(event, CollectionStartEvent):
                open_blocks.append((event.anchor, total))
        if len(open_blocks) > DEEPEST:
            raise InputError(where, "the file is nested too deeply", "A scenario has at most four levels")
        if total > MOST_VALUES:
            raise InputError(
                where, "the file holds more than {most} values", "A scenario is a page of text; give the right file",
                most=MOST_VALUES,
            )  # fmt: skip


def _not_yaml(error: MarkedYAMLError, text: str, place: str) -> InputError:
    # What was opened and never closed is at fault where it opens, not at the end of the file.
    opened = error.context is not None and ("quoted" in error.context or "flow" in error.context)
    mark = error.context_mark if opened and error.context_mark else error.problem_mark
    line = mark.line if mark else 0
    lines = text.splitlines()
    if line < len(lines) and "\t" in lines[line][: len(lines[line]) - len(lines[line].lstrip())]:
        return InputError(f"{place}:{line + 1}", "the line begins with a tab", "Indent with spaces")
    if opened:
        return InputError(f"{place}:{line + 1}", "a quote or bracket opens here and is not closed", "Close it")
    return InputError(f"{place}:{line + 1}", "this is not YAML", "Look at indents, colons and quotes here")


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
    empty = _empty_place(content)
    if empty:
        raise InputError(
            f"{path.name}:{_line(content, empty)}", "key {key!r} is empty", "Write a value, or leave the key out",
            key=str(next((part for part in reversed(empty) if isinstance(part, str)), empty[-1])),
        )  # fmt: skip
    try:
        return _ScenarioFile.model_validate(_plain(content)), content, path
    except ValidationError as error:
        raise _complaint(error, content, path) from None


def _empty_place(content: Any) -> tuple[Any, ...]:
    """Return the place of the first key or list item without a value, () if there is none."""
    pairs = content.items() if isinstance(content, Mapping) else enumerate(content) if isinstance(content, list) else ()
    for key, value in pairs:
        if value is None or key is None:
            return (key,)
        below = _empty_place(value)
        if below:
            return (key, *below)
    return ()


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


_KNOWN_KEYS: dict[str, type[BaseModel]] = {
    "levers": _LeverFile,
    "projects": _ProjectFile,
    "regions": _RegionFile,
    "targets": _TargetFile,
    "title": _Labels,
    "places": _SpreadFile,
    "opening": _SpreadFile,
}


def _complaint(error: ValidationError, content: CommentedMap, path: Path) -> InputError:
    # A union reports one fault for each branch; the fault inside a block says more than "not a number".
    faults = error.errors()
    fault = max(faults, key=lambda e: (_TELLING.get(e["type"], 0), len(e["loc"]), "model" not in e["type"]))
    branches = ("_SpreadFile", "float", "int", "[key]")
    location = tuple(part for part in fault["loc"] if part not in branches)
    where = f"{path.name}:{_line(content, location)}"
    key = str(location[-1]) if location else ""
    if fault["type"] in ("extra_forbidden", "invalid_key"):
        owner = next((part for part in reversed(location[:-1]) if isinstance(part, str)), "")
        fields = _KNOWN_KEYS.get(owner, _ScenarioFile).model_fields
        lacking = [e["loc"][-1] for e in faults if e["type"] == "missing" and e["loc"][:-1] == fault["loc"][:-1]]
        known = [str(name) for name in lacking] or [field.alias or name for name, field in fields.items()]
        return InputError(
            where, "key {key!r} is unknown here", "Did you mean {near!r}?", key=key, near=nearest(key, known)
        )
    if fault["type"] == "missing":
        return InputError(where, "key {key!r} is missing", "Add it", key=key)
    if isinstance(location[-1] if location else None, int):
        key = str(next((part for part in reversed(location) if isinstance(part, str)), key))
    wanted = _wanted(fault["type"])
    if wanted.endswith("number") and isinstance(fault["input"], str) and _is_number(fault["input"]):
        wanted = f"{wanted} without quotes"
    elif key in ("places", "opening"):
        wanted = "a number, or a block with value, low and high"
    return InputError(
        where, "{key!r} is {given!r}, which is not {wanted}", "Write {wanted}", key=key, given=_shown(fault["input"]),
        wanted=wanted,
    )  # fmt: skip


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


_TELLING = {"extra_forbidden": 2, "invalid_key": 2, "missing": 1}


def _shown(given: object) -> str:
    if isinstance(given, bool):
        return str(given).lower()
    text = " ".join(str(given).split())
    return text if len(text) <= 40 else text[:37] + "..."


def _wanted(kind: str) -> str:
    return next((words for start, words in _WANTED.items() if kind.startswith(start)), "text")


_WANTED = {
    "float": "a number",
    "decimal": "a number",
    "int": "a whole number",
    "bool": "true or false",
    "list": "a list (lines that begin with -)",
    "tuple": "a list (lines that begin with -)",
    "dict": "a block of keys with values",
    "model": "a block of keys with values",
    "mapping": "a block of keys with values",
    "literal": "published, derived or assumed",
    "string_too_short": "a text with at least one character",
}


def _chain(path: Path) -> list[tuple[_ScenarioFile, CommentedMap, Path]]:
    """Return the file and those it inherits from, the root first."""
    chain = [_read(path)]
    visited = [path.resolve()]
    while (base := chain[-1][0].base) is not None:
        where = f"{chain[-1][2].name}:{_line(chain[-1][1], ('base',))}"
        if not _NAME.match(base):
            raise InputError(
                where, "base {base!r} is not the name of a scenario",
                "Write the name of a file in scenarios/ without folder and ending",
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
            raise InputError(
                where, "base {base!r} leads back to this file", "A scenario cannot inherit from itself", base=base
            )
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
    last, _, path = chain[-1]
    regions = _regions(chain, pathway)
    names = [case.region for case in regions]
    until = int(_inherited(chain, "until"))
    first = min(case.base_year for case in regions)
    require_horizon(until, max(case.base_year for case in regions), _place(chain, "until"))
    projects: dict[str, Project] = {}
    levers: list[Lever] = []
    targets = [target for target in load_register() if target.region in names]
    for file, tree, source in chain:
        for position, lever in enumerate(file.levers):
            levers.append(_lever(lever, f"{source.name}:{_line(tree, ('levers', position))}", names, first, until))
        named: set[str] = set()
        for position, project in enumerate(file.projects):
            where = f"{source.name}:{_line(tree, ('projects', position))}"
            if project.name in named:
                raise InputError(
                    where, "project {name!r} stands twice", "Give each project its own name", name=project.name
                )
            named.add(project.name)
            projects[project.name] = _project(project, where, names, pathway)
        for position, target in enumerate(file.targets):
            where = f"{source.name}:{_line(tree, ('targets', position))}"
            targets.append(_target(target, where, names, pathway, first))
    as_of = int(_inherited(chain, "as_of"))
    if not first <= as_of <= LAST_YEAR:
        raise InputError(
            _place(chain, "as_of"), "year {year} is outside the horizon {first} to {last}", "Choose a year inside it",
            year=as_of, first=first, last=LAST_YEAR,
        )  # fmt: skip
    rows = {name: region_rows(name) for name in names}
    for case in regions:
        seen = sorted({row.year for row in rows[case.region] if row.use == "figure"})
        if case.base_year not in seen:
            raise InputError(
                _place(chain, "regions"), "there are no figures of {region!r} for base_year {year}",
                "Write one of {known}", region=case.region, year=case.base_year,
                known=", ".join(str(year) for year in seen) or "none",
            )  # fmt: skip
        _require_readable(case, rows[case.region], pathway)
    return Scenario(
        name=path.stem,
        labels={"zh": last.title.zh, "en": last.title.en},
        regions=regions,
        until=until,
        as_of=as_of,
        seats_spill=bool(_inherited(chain, "seats_spill")),
        five_year_counts=bool(_inherited(chain, "five_year_counts")),
        province=_province(chain),
        levers=tuple(levers),
        projects=tuple(projects.values()),
        headlines=_headlines(chain, targets),
        targets=tuple(targets),
        pathway=pathway,
        rows=rows,
        where=path.name,
    )


def _place(chain: list[tuple[_ScenarioFile, CommentedMap, Path]], field: str) -> str:
    """Return file and line of the key that counts: that of the last file which gives it."""
    file = next(item for item in reversed(chain) if getattr(item[0], field) is not None)
    return f"{file[2].name}:{_line(file[1], (field,))}"


def _headlines(chain: list[tuple[_ScenarioFile, CommentedMap, Path]], targets: list[Target]) -> tuple[str, ...]:
    headlines = tuple(_inherited(chain, "headlines"))
    known = {target.key for target in (*load_register(), *targets)}
    for key in headlines:
        if key not in known:
            raise InputError(
                _place(chain, "headlines"), "headline {key!r} is no target", "Did you mean {near!r}?",
                key=key, near=nearest(key, known) if known else "",
            )  # fmt: skip
    return headlines


def _require_readable(case: RegionCase, rows: tuple[Row, ...], pathway: Pathway) -> None:
    """Complain about rows that the opening balance would not read, or would read as something else."""
    stages = (*pathway.stages, *(gate.key for gate in pathway.gates), "region")
    for row in rows:
        if row.use not in ("figure", "check", "prior"):
            continue
        if row.stage not in stages:
            raise InputError(
                row.where, "stage {stage!r} is not on the pathway", "Did you mean {near!r}?", stage=row.stage,
                near=nearest(row.stage, stages),
            )  # fmt: skip
        if row.use == "prior":
            continue
        back = READABLE_FIGURES.get((row.indicator, row.stage), READABLE_FIGURES.get((row.indicator, "")))
        if back is None:
            raise InputError(
                row.where, "no form reads a figure of {name!r} for {key!r}",
                "Give the row use = history, or add the form", name=row.indicator, key=row.stage,
            )  # fmt: skip
        if not case.base_year - back <= row.year <= case.base_year:
            raise InputError(
                row.where, "the balance of {base} does not see {name!r} of {key!r} in {year}",
                "Give the row use = history, or change base_year", base=case.base_year, name=row.indicator,
                key=row.stage, year=row.year,
            )  # fmt: skip


def _province(chain: list[tuple[_ScenarioFile, CommentedMap, Path]]) -> str:
    name = str(_inherited(chain, "province"))
    if name not in ("none", *scenario_files()):
        raise InputError(
            _place(chain, "province"), "province {name!r} is not a scenario",
            "Did you mean {near!r}? Write none if there is none",
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
            where, "until is {until}, outside {first} to {last}",
            "Choose a year after the base year and within the feeder",
            until=until, first=base_year + 1, last=LAST_YEAR,
        )  # fmt: skip
    return until


def _regions(chain: list[tuple[_ScenarioFile, CommentedMap, Path]], pathway: Pathway) -> tuple[RegionCase, ...]:
    given: list[_RegionFile] = _inherited(chain, "regions")
    file = next(item for item in reversed(chain) if item[0].regions is not None)
    cases = []
    for position, region in enumerate(given):
        where = f"{file[2].name}:{_line(file[1], ('regions', position))}"
        require_region(region.region, where)
        if not FIRST_YEAR <= region.base_year < LAST_YEAR:
            raise InputError(where, "base_year is {year}", "Write a school year from 2000 on", year=region.base_year)
        _require_limits(region.limits, where, pathway)
        cases.append(
            RegionCase(region.region, region.base_year, {s: tuple(limits) for s, limits in region.limits.items()})
        )
    if not cases:
        raise InputError(file[2].name, "no region is given", "Name at least one under regions")
    if len({case.region for case in cases}) != len(cases):
        raise InputError(file[2].name, "a region stands twice", "Name each region once")
    return tuple(cases)


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
    for stage in COLLEGES:
        if not limits.get(stage):
            raise InputError(
                where, "stage {stage!r} has no limit, and its seats would be endless", "Write {known} under limits",
                stage=stage, known=f"{stage}: [{STAGE_LIMITS[stage][0]}]",
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


def _require_word(word: str, kind: str, known: tuple[str, ...], where: str) -> str:
    if word not in known:
        raise InputError(
            where, "{kind} {word!r} is unknown", "Did you mean {near!r}? It takes {known}", kind=kind, word=word,
            near=nearest(word, known), known=", ".join(known),
        )  # fmt: skip
    return word


def _lever(file: _LeverFile, where: str, regions: list[str], first: int, until: int) -> Lever:
    quantity = require_quantity(file.quantity, where)
    region = _own_region(file.region, regions, where)
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
        raise InputError(
            where,
            "the lever ends in {end}, before it starts in {start}",
            "Swap the years",
            end=file.end,
            start=file.start,
        )
    if file.operation == "ramp" and file.end is None:
        raise InputError(where, "key {key!r} is missing", "A ramp needs the year in which it arrives", key="to")
    if file.operation in ("set", "ramp"):
        require_in_bounds(file.quantity, file.value, where)
    _require_finite("value", file.value, where)
    if file.operation == "multiply" and not 0 <= file.value <= LARGEST_FACTOR:
        raise InputError(
            where, "a factor of {value:g} is outside 0 to {most}", "Write a factor inside; 1 changes nothing",
            value=file.value, most=LARGEST_FACTOR,
        )  # fmt: skip
    return Lever(
        file.name, file.quantity, region, key, file.operation, float(file.value), file.start, file.end,  # type: ignore[arg-type]
        file.owner, file.source, where, {"zh": file.title.zh, "en": file.title.en} if file.title else {},
    )  # fmt: skip


def _require_finite(name: str, value: float, where: str) -> None:
    if not math.isfinite(value):
        raise InputError(where, "{name!r} is {value}, not a number", "Write a finite number", name=name, value=value)
    if abs(value) > LARGEST_NUMBER:
        raise InputError(
            where,
            "{name!r} is {value:g}, more than any region has people",
            "Look for digits too many",
            name=name,
            value=value,
        )


def _spread(given: _SpreadFile | float, name: str, where: str) -> Spread:
    spread = (
        Spread(given.value, given.low, given.high)
        if isinstance(given, _SpreadFile)
        else Spread(float(given), float(given), float(given))
    )
    for number in (spread.value, spread.low, spread.high):
        _require_finite(name, number, where)
    if not spread.low <= spread.value <= spread.high:
        raise InputError(
            where, "{value:g} is not between low {low:g} and high {high:g}", "Put the three in order",
            value=spread.value, low=spread.low, high=spread.high,
        )  # fmt: skip
    return spread


def _project(file: _ProjectFile, where: str, regions: list[str], pathway: Pathway) -> Project:
    require_key("places", pathway.require_stage(file.stage, where), where)
    places = _spread(file.places, "places", where)
    if places.low < 0 < places.high:
        raise InputError(where, "a project either opens or closes places", "Write two projects")
    _require_word(file.owner, "owner", OWNERS, where)
    if not isinstance(file.opening, _SpreadFile) and abs(file.opening) > SCHOOL_YEARS[1]:
        raise InputError(
            where, "opening is {year:g}", "Write a school year", year=min(file.opening, int(LARGEST_NUMBER))
        )
    opening = _spread(file.opening, "opening", where)
    for year in (opening.low, opening.value, opening.high):
        if year != int(year) or not FIRST_YEAR <= year <= SCHOOL_YEARS[1]:
            raise InputError(where, "opening is {year:g}", "Write a school year", year=year)
    return Project(
        file.name, {"zh": file.title.zh, "en": file.title.en}, _own_region(file.region, regions, where), file.stage,
        places, opening, file.owner, file.source, file.status, where,
    )  # fmt: skip


def _target(file: _TargetFile, where: str, regions: list[str], pathway: Pathway, first: int) -> Target:
    if file.stage != "region":
        pathway.require_stage(file.stage, where)
    _require_word(file.comparator, "comparator", COMPARATORS, where)
    _require_finite("target", file.target, where)
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
    _require_word(row["comparator"], "comparator", COMPARATORS, where)
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
