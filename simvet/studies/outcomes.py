"""What a study reads off every draw: values of indicators, and whether targets are reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simvet.errors import InputError, nearest
from simvet.indicators import find_indicator
from simvet.runs import Run
from simvet.scenario import Scenario, Target
from simvet.targets import column_of, is_modelled, is_reached, is_roughly_equal, readings_of, unit_of

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Outcome:
    """One number that a study keeps of every draw.

    Notes
    -----
    Shape: one number a draw. ``name`` is its column. ``target`` is the target that is read, None for an indicator
    alone; its column ``reached`` then stands beside the value. Unit: ``unit``. Errors: none. Source: the register, or
    the study.
    """

    name: str
    indicator: str
    stage: str
    region: str
    year: int
    unit: str
    target: Target | None = field(default=None)

    @property
    def reached_name(self) -> str:
        """Return the column that says whether the target is reached."""
        return f"{self.name}__reached"

    def label(self, language: str) -> str:
        """Return what the register calls it, or its column where no target is read."""
        return self.target.labels[language] if self.target else self.name


def target_outcomes(scenario: Scenario, wanted: Sequence[str] | None, where: str) -> list[Outcome]:
    """Return the outcomes of a scenario's targets, every reading of each.

    Parameters
    ----------
    scenario : Scenario.
    wanted : sequence of str or None; keys of targets (``progression_rate``, ``enrolment/vocational_bachelor``), all
        that a run answers by default.
    where : str; the place to name in a complaint.

    Returns
    -------
    list of Outcome, in register order.

    Raises
    ------
    InputError : no target that a run answers has such a key.

    Notes
    -----
    Unit: each target's. Source: the register and the scenario's own targets.
    """
    answered = [t for t in scenario.targets if is_modelled(t) and scenario.base_year <= t.year <= scenario.until]
    for name in wanted or ():
        known = {t.key for t in answered} | {f"{t.key}/{t.stage}" for t in answered}
        if name not in known:
            raise InputError(
                where, "{kind} {word!r} is unknown", "Did you mean {near!r}?", kind="target", word=name,
                near=nearest(name, known) if known else "",
            )  # fmt: skip
    chosen = [t for t in answered if wanted is None or t.key in wanted or f"{t.key}/{t.stage}" in wanted]
    many = len(scenario.regions) > 1
    found: list[Outcome] = []
    names: dict[str, int] = {}
    for target in chosen:
        for reading in readings_of(target):
            name = _column(target.region if many else "", reading, target.stage, target.year)
            # Two plans may set a bound on one figure of one year: the later row gets a number.
            names[name] = names.get(name, 0) + 1
            numbered = name if names[name] == 1 else f"{name}__{names[name]}"
            found.append(
                Outcome(numbered, reading, target.stage, target.region, target.year, unit_of(target, reading), target)
            )
    return found


def indicator_outcomes(
    scenario: Scenario, indicator: str, stage: str, years: Sequence[int], region: str, where: str
) -> list[Outcome]:
    """Return the outcomes of an indicator, one a year.

    Parameters
    ----------
    scenario : Scenario.
    indicator, stage : str; ``region`` for an indicator of the region as a whole.
    years : sequence of int; school years.
    region : str.
    where : str; the place to name in a complaint.

    Returns
    -------
    list of Outcome.

    Raises
    ------
    InputError : there is no such indicator, stage, region or year.

    Notes
    -----
    Unit: the indicator's. Source: INDICATORS.
    """
    found = find_indicator(scenario, indicator, stage)
    regions = [case.region for case in scenario.regions]
    if region not in regions:
        raise InputError(
            where, "{kind} {word!r} is unknown", "Did you mean {near!r}?", kind="region", word=region,
            near=nearest(region, regions),
        )  # fmt: skip
    if stage != "region":
        scenario.pathway.require_stage(stage, where)
    for year in years:
        if not scenario.base_year <= year <= scenario.until:
            raise InputError(
                where, "year {year} is outside the horizon {first} to {last}", "Choose a year inside it", year=year,
                first=scenario.base_year, last=scenario.until,
            )  # fmt: skip
    prefix = region if len(regions) > 1 else ""
    return [
        Outcome(_column(prefix, indicator, stage, year), indicator, stage, region, year, found.unit) for year in years
    ]


def _column(region: str, indicator: str, stage: str, year: int) -> str:
    parts = [region, indicator, "" if stage == "region" else stage, str(year)]
    return "__".join(part for part in parts if part)


def read_outcomes(run: Run, outcomes: Sequence[Outcome], province: Run | None) -> tuple[Floats, Flags]:
    """Return the values of a run, and which targets it reaches.

    Parameters
    ----------
    run : Run.
    outcomes : sequence of Outcome.
    province : Run or None; the province in the same draws, for targets that are measured against it.

    Returns
    -------
    values : (draw, outcome) array, in each outcome's unit.
    reached : (draw, outcome) array of bool; False where the outcome is no target.

    Raises
    ------
    InputError : a target is relative and there is no province.

    Notes
    -----
    Source: the books of the run.
    """
    values = np.empty((run.draws, len(outcomes)))
    reached = np.zeros((run.draws, len(outcomes)), dtype=np.bool_)
    paths: dict[tuple[str, str], Floats] = {}
    for place, outcome in enumerate(outcomes):
        key = (outcome.indicator, outcome.stage)
        if key not in paths:
            paths[key] = run.indicator(*key)
        column, region = column_of(run, outcome.year), run.books.regions.index(outcome.region)
        values[:, place] = paths[key][:, column, region]
        if outcome.target is not None:
            bound = bound_of(outcome, run, province)
            reached[:, place] = is_reached(outcome.target, values[:, place], bound)
    return values, reached


def needs_province(outcomes: Sequence[Outcome]) -> bool:
    """Return whether a target is measured against the province; unit, errors: none; source: the register."""
    return any(outcome.target is not None and outcome.target.bound is None for outcome in outcomes)


def bound_of(outcome: Outcome, run: Run, province: Run | None) -> Floats:
    """Return the bound of a target in every draw, shape (draw,), in its unit; InputError where the province lacks."""
    target = outcome.target
    if target is None or target.bound is not None:
        number = 0.5 if target is None or is_roughly_equal(target) else float(target.bound or 0.0)
        return np.full(run.draws, number)
    if province is None:
        raise InputError(
            target.where, "{name!r} is measured against the province, and none is given",
            "Write province: with the name of its scenario", name=target.labels["en"],
        )  # fmt: skip
    return province.indicator(outcome.indicator, outcome.stage)[:, column_of(province, outcome.year), 0]
