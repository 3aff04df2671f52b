"""Two scenarios on the same luck: the difference is policy, not chance."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from simvet.errors import InputError
from simvet.loading import load_scenario
from simvet.result import Result, simulate
from simvet.runs import DEFAULT_DRAWS, rerun
from simvet.sampling import Uncertainty
from simvet.scenario import Scenario, Target
from simvet.targets import Reading, column_of, read_targets
from simvet.verdicts import province_of


@dataclass(frozen=True)
class Difference:
    """How a second scenario changes one target, draw by draw.

    Notes
    -----
    Unit: the target's. ``change`` is the median of the paired differences, ``low`` and ``high`` bound their central
    80 %; ``probability_change`` carries the paired Monte Carlo error. Errors: none. Source: common random numbers.
    """

    target: Target
    reading: str
    median_first: float
    median_second: float
    change: float
    low: float
    high: float
    probability_first: float
    probability_second: float
    probability_change: float
    error: float
    identical: bool


@dataclass(frozen=True)
class Comparison:
    """Two runs and their differences.

    Notes
    -----
    Unit: see Difference. Errors: none. Source: the two scenarios.
    """

    first: Result
    second: Result
    differences: tuple[Difference, ...]


def compare(
    first: Scenario | str | Path, second: Scenario | str | Path, draws: int = DEFAULT_DRAWS, seed: int = 1,
    until: int | None = None, uncertainty: Uncertainty | None = None,
) -> Comparison:  # fmt: skip
    """Compare two scenarios of the same regions on common random numbers.

    Parameters
    ----------
    first, second : Scenario, or names or paths.
    draws : int.
    seed : int.
    until : int, optional; last school year.
    uncertainty : Uncertainty, optional.

    Returns
    -------
    Comparison; a scenario against itself differs by exactly zero.

    Raises
    ------
    InputError : a scenario is wrong, or the two have other regions or base years.

    Notes
    -----
    Unit: each target's. Source: MODEL, section 7.
    """
    one = simulate(first, draws, seed, until, uncertainty=uncertainty)
    other = second if isinstance(second, Scenario) else load_scenario(second)
    if [(c.region, c.base_year) for c in other.regions] != [(c.region, c.base_year) for c in one.scenario.regions]:
        raise InputError(
            other.where or "compare",
            "the two scenarios have other regions or base years",
            "Compare variants of one region",
        )
    again = rerun(one, other.with_horizon(one.scenario.until))
    two = Result(again.scenario, again.schedule, again.books, again.seed)
    # A target that only one of the two sets itself is asked of both.
    asked = (*one.scenario.targets, *(t for t in two.scenario.targets if t not in one.scenario.targets))
    pairs = zip(_read(one, asked), _read(two, asked), strict=True)
    differences = []
    for a, b in pairs:
        column = column_of(one, a.target.year)
        change = b.value[:, column] - a.value[:, column]
        reached = b.reached(column).astype(float) - a.reached(column).astype(float)
        low, median, high = (float(q) for q in np.nanquantile(change, [0.1, 0.5, 0.9]))
        differences.append(
            Difference(
                a.target,
                a.name,
                float(np.nanmedian(a.value[:, column])),
                float(np.nanmedian(b.value[:, column])),
                median,
                low,
                high,
                float(a.reached(column).mean()),
                float(b.reached(column).mean()),
                float(reached.mean()),
                float(reached.std() / np.sqrt(len(reached))),
                bool(np.array_equal(a.value, b.value, equal_nan=True)),
            )
        )
    return Comparison(one, two, tuple(differences))


def _read(result: Result, targets: tuple[Target, ...]) -> list[Reading]:
    """Return targets as a run sees them, each against its own province."""
    province = province_of(result) if any(target.bound is None for target in targets) else None
    return read_targets(replace(result, scenario=replace(result.scenario, targets=targets)), province)
