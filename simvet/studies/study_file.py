"""A study as a YAML file: read, checked line by line, and made a Study."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml.comments import CommentedMap

from simvet.errors import InputError, nearest
from simvet.loading import load_scenario, require_horizon
from simvet.loading.schema import Labels, Text, complaint
from simvet.loading.yaml_file import empty_place, line_of, parse, plain
from simvet.sampling import Uncertainty
from simvet.scenario import Scenario
from simvet.studies.factors import Factor, lever_factor, uncertainty_factor
from simvet.studies.outcomes import Outcome, indicator_outcomes, target_outcomes
from simvet.studies.study import Study, require_study
from simvet.tables import home

FOLDER = "scenarios/studies"
"""Studies that can be named."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class DesignFile(_Strict):
    """Which points are run: ``points`` of a sample, or even levels of each factor of a grid that lists none."""

    kind: Text = "draws"
    points: int = 1


class StudyLever(_Strict):
    """A lever of the study; what stands None is the lever's own range, for good, from the year after ``as_of``."""

    lever: Text
    low: float | None = None
    high: float | None = None
    values: list[float] = []
    start: int | None = Field(default=None, alias="from")
    end: int | None = Field(default=None, alias="to")
    ramp: bool = False


class StudyUncertainty(_Strict):
    """A drawn number of the study, by its address or the end of it; without a range of its own, its row's triangle."""

    name: Text
    low: float | None = None
    high: float | None = None
    values: list[float] = []


class StudyOutcome(_Strict):
    """What is kept of every draw: a target, or an indicator in some years."""

    target: Text | None = None
    indicator: Text | None = None
    stage: Text = "region"
    region: Text | None = None
    years: list[int] = []


class NoiseFile(_Strict):
    """What is drawn in every experiment besides its factors."""

    parameters: bool = True
    opening: bool = True
    drift: bool = True
    chance: bool = False


class StudyFile(_Strict):
    """A study as a file writes it."""

    title: Labels
    scenario: Text | None = None
    policies: list[Text] = []
    engine: Literal["cohort", "agents"] = "cohort"
    until: int | None = None
    seed: int = 1
    draws: int = 1000
    luck: Text = "common"
    chunk: int = 0
    design: DesignFile = DesignFile()
    levers: list[StudyLever] = []
    uncertainties: list[StudyUncertainty] = []
    outcomes: list[StudyOutcome] = []
    noise: NoiseFile = NoiseFile()


_BLOCKS: dict[str, type[BaseModel]] = {
    "title": Labels,
    "design": DesignFile,
    "levers": StudyLever,
    "uncertainties": StudyUncertainty,
    "outcomes": StudyOutcome,
    "noise": NoiseFile,
}


@dataclass(frozen=True)
class _Sheet:
    """A study file with the lines on which it says what it says."""

    given: StudyFile
    tree: CommentedMap
    path: Path

    def place(self, *parts: str | int) -> str:
        return f"{self.path.name}:{line_of(self.tree, parts)}"


def study_files() -> dict[str, Path]:
    """Return the studies that can be named, with their files; unit, errors: none; source: ``scenarios/studies``."""
    return {path.stem: path for path in sorted((home() / FOLDER).glob("*.yaml"))}


def find_study(given: str) -> Path:
    """Return the file of a study given by name or by path.

    Parameters
    ----------
    given : str; a name of ``scenarios/studies``, or the path of a YAML file.

    Returns
    -------
    Path.

    Raises
    ------
    InputError : there is no such study; the nearest name is offered.

    Notes
    -----
    Unit: none. Source: the folder.
    """
    if given.endswith((".yaml", ".yml")):
        return Path(given)
    known = study_files()
    if given not in known:
        raise InputError(
            FOLDER, "there is no study {name!r}", "Did you mean {near!r}? Or give the path of a .yaml file", name=given,
            near=nearest(given, known),
        )  # fmt: skip
    return known[given]


def load_study(given: str | Path) -> Study:
    """Return a study, resolved and checked.

    Parameters
    ----------
    given : str or Path; a name of ``scenarios/studies``, or the path of a YAML file.

    Returns
    -------
    Study.

    Raises
    ------
    InputError : anything in the file, or in the scenarios and data that it leads to, is wrong; with file and line.

    Notes
    -----
    Unit: see Study. Source: the file.
    """
    sheet = _read(find_study(str(given)))
    file = sheet.given
    policies = _policies(sheet)
    first = policies[0]
    factors: list[Factor] = []
    for number, lever in enumerate(file.levers):
        where = sheet.place("levers", number, "lever")
        _require_values(lever.values, where)
        factors.append(
            lever_factor(
                first, lever.lever, lever.low, lever.high, tuple(lever.values), lever.start, lever.end, lever.ramp,
                where,
            )
        )  # fmt: skip
    for number, drawn in enumerate(file.uncertainties):
        where = sheet.place("uncertainties", number, "name")
        _require_values(drawn.values, where)
        factors.append(uncertainty_factor(first, drawn.name, drawn.low, drawn.high, tuple(drawn.values), where))
    study = Study(
        policies, tuple(factors), tuple(_outcomes(sheet, first)), file.design.kind, file.design.points, file.draws,
        file.seed, file.engine, Uncertainty(**file.noise.model_dump()), file.luck, file.chunk,
        {"zh": file.title.zh, "en": file.title.en}, where=sheet.path.name,
    )  # fmt: skip
    return require_study(study)


def _read(path: Path) -> _Sheet:
    content = parse(path)
    empty = empty_place(content)
    if empty:
        raise InputError(
            f"{path.name}:{line_of(content, empty)}", "key {key!r} is empty", "Write a value, or leave the key out",
            key=str(next((part for part in reversed(empty) if isinstance(part, str)), empty[-1])),
        )  # fmt: skip
    try:
        return _Sheet(StudyFile.model_validate(plain(content)), content, path)
    except ValidationError as error:
        raise complaint(error, content, path, StudyFile, _BLOCKS) from None


def _policies(sheet: _Sheet) -> tuple[Scenario, ...]:
    file = sheet.given
    if bool(file.scenario) == bool(file.policies):
        raise InputError(
            sheet.place("policies" if file.policies else "title"), "a study names one scenario, or a list of policies",
            "Write scenario: or policies:, not both or neither",
        )  # fmt: skip
    names = [file.scenario] if file.scenario else file.policies
    loaded = [load_scenario(_beside(str(name), sheet.path)) for name in names]
    if file.until is not None:
        until = require_horizon(file.until, loaded[0].base_year, sheet.place("until"))
        loaded = [scenario.with_horizon(until) for scenario in loaded]
    return tuple(loaded)


def _beside(name: str, study: Path) -> str:
    """Return the path of a scenario file that is named relative to its study."""
    return str(study.parent / name) if name.endswith((".yaml", ".yml")) else name


def _outcomes(sheet: _Sheet, scenario: Scenario) -> list[Outcome]:
    if not sheet.given.outcomes:
        return target_outcomes(scenario, None, sheet.path.name)
    found: list[Outcome] = []
    for number, outcome in enumerate(sheet.given.outcomes):
        where = sheet.place("outcomes", number)
        if (outcome.target is None) == (outcome.indicator is None):
            raise InputError(
                where, "an outcome is a target or an indicator", "Write target: or indicator:, not both or neither"
            )
        if outcome.target is not None:
            found += target_outcomes(scenario, [outcome.target], where)
            continue
        if not outcome.years:
            raise InputError(where, "key {key!r} is missing", "Add it", key="years")
        region = outcome.region or scenario.regions[0].region
        found += indicator_outcomes(scenario, str(outcome.indicator), outcome.stage, outcome.years, region, where)
    return found


def _require_values(values: list[float], where: str) -> None:
    for value in values:
        if not math.isfinite(value):
            raise InputError(where, "{name!r} is {value}, not a number", "Write a finite number", name="values",
                             value=value)  # fmt: skip
    if len(set(values)) < len(values):
        raise InputError(where, "a value stands twice", "Keep one of the two")
