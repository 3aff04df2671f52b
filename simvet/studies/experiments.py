"""Experiments run side by side: one pass over the years for all that differ in drawn numbers alone."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simvet.controls import find_control, levers_of
from simvet.draws import Draws
from simvet.opening.state import Opening
from simvet.runs import Run, require_students, run_world
from simvet.sampling import Uncertainty
from simvet.scenario import Scenario, digest_of
from simvet.schedule import Schedule
from simvet.studies.factors import Factor
from simvet.studies.outcomes import needs_province, read_outcomes
from simvet.studies.study import Study
from simvet.verdicts import province_of

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

MOST_BASES = 4
"""Opening balances kept in a process: experiments of one chunk share theirs, the next chunk has others."""


@dataclass
class Base:
    """What runs of the same regions, data and random numbers have in common.

    Notes
    -----
    Shape: openings by region. ``province`` is run once, for no lever of a city moves it. Unit: persons. Errors: none.
    Source: the schedule that was opened first.
    """

    openings: list[Opening]
    shared: dict[tuple[object, ...], Any]
    province: Run | None = None


_BASES: OrderedDict[tuple[object, ...], Base] = OrderedDict()


def run_experiments(
    study: Study, policy: int, levers: Mapping[int, float], drawn: Floats, first: int, draws: int, common: bool = True
) -> tuple[Floats, Flags]:
    """Run experiments of one policy and one setting of its levers, each on the same rows of chance.

    Parameters
    ----------
    study : Study.
    policy : int; place of the scenario among the policies.
    levers : mapping of place among the factors -> value of that lever.
    drawn : (experiment, factor) array; values of the uncertainties, columns of levers are not read.
    first, draws : int; rows of chance of each experiment.
    common : bool; all meet these rows, else the second meets those that follow on the first's, and so on.

    Returns
    -------
    values : (experiment, draw, outcome) array, in each outcome's unit.
    reached : (experiment, draw, outcome) array of bool.

    Raises
    ------
    InputError : a lever or a drawn number does not fit the scenario.

    Notes
    -----
    Experiments stand side by side on the draw axis. Source: MODEL, section 7 (common random numbers).
    """
    points = len(drawn)
    given = {
        factor.name: np.repeat(drawn[:, place], draws)
        for place, factor in enumerate(study.factors)
        if factor.kind == "uncertainty"
    }
    luck = Draws(study.seed, first, draws if common else 0, given)
    scenario = scenario_with(study.policies[policy], study.factors, levers)
    run, base = _run(study, scenario, luck, points * draws)
    if base.province is None and needs_province(study.outcomes):
        base.province = province_of(run)
    values, reached = read_outcomes(run, study.outcomes, base.province)
    shape = (points, draws, len(study.outcomes))
    return values.reshape(shape), reached.reshape(shape)


def run_policy(study: Study, levers: Mapping[int, float], policy: int = 0) -> tuple[Run, Run | None]:
    """Run one setting of a study's levers on its first rows of chance.

    Parameters
    ----------
    study : Study; ``draws`` draws.
    levers : mapping of place among the factors -> value; a lever that is not there is left alone.
    policy : int; place of the scenario among the policies.

    Returns
    -------
    run : Run.
    province : Run or None; the province in the same draws, where a target is measured against it.

    Raises
    ------
    InputError : a value lies outside the lever's bounds.

    Notes
    -----
    Unit: persons. Source: MODEL, section 7 (common random numbers).
    """
    scenario = scenario_with(study.policies[policy], study.factors, levers)
    run, base = _run(study, scenario, Draws(study.seed), study.draws)
    if base.province is None and needs_province(study.outcomes):
        base.province = province_of(run)
    return run, base.province


def scenario_with(scenario: Scenario, factors: tuple[Factor, ...], levers: Mapping[int, float]) -> Scenario:
    """Return a policy with the study's levers pulled.

    Parameters
    ----------
    scenario : Scenario.
    factors : tuple of Factor.
    levers : mapping of place among the factors -> value.

    Returns
    -------
    Scenario; the same where no lever is pulled.

    Raises
    ------
    InputError : a value lies outside the lever's bounds.

    Notes
    -----
    Unit: each lever's. Source: the study.
    """
    region = scenario.regions[0].region
    pulled = [
        lever
        for place, value in levers.items()
        for lever in levers_of(
            find_control(factors[place].name), value, factors[place].start, factors[place].end, factors[place].ramp,
            region,
        )
    ]  # fmt: skip
    return scenario.with_levers(*pulled) if pulled else scenario


def _run(study: Study, scenario: Scenario, luck: Draws, count: int) -> tuple[Run, Base]:
    """Run a scenario on openings that earlier experiments of the same numbers may have solved already."""
    numbers = digest_of([[name, value.tolist()] for name, value in sorted(luck.given.items())]) if luck.given else ""
    noise = study.noise
    cases = tuple((case.region, case.base_year, case.province) for case in scenario.regions)
    key = (
        scenario.data_digest, cases, luck.seed, luck.first, luck.period, count, numbers, scenario.until,
        (noise.parameters, noise.opening, noise.drift, noise.chance or study.engine == "agents"),
    )  # fmt: skip
    base = _BASES.pop(key, None)
    schedule = Schedule(
        scenario, luck, count, _persons(study), base.openings if base else None, base.shared if base else None
    )
    if base is None:
        base = Base(schedule.openings, schedule.shared)
    _BASES[key] = base
    while len(_BASES) > MOST_BASES:
        _BASES.popitem(last=False)
    if study.engine == "agents":
        require_students(schedule)
    books, world = run_world(schedule, study.engine, study.seed)
    return Run(scenario, schedule, books, study.seed, study.engine, world), base


def _persons(study: Study) -> Uncertainty:
    # Students of the agent engine are persons, whatever the study draws besides.
    return replace(study.noise, chance=True) if study.engine == "agents" else study.noise
