"""The smallest step back: the bound that would be likely in time, or the first year in which the bound would be."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simvet.scenario import Scenario
from simvet.studies.experiments import run_policy
from simvet.studies.margins import margin_of
from simvet.studies.offers import Package
from simvet.studies.outcomes import Outcome, bound_of
from simvet.studies.study import Study, study_of
from simvet.targets import is_roughly_equal

Floats = NDArray[np.float64]


def relaxed(
    scenario: Scenario, study: Study, packages: Sequence[Package], targets: Sequence[int], probability: float
) -> list[tuple[float | None, int | None]]:
    """Return for each target the bound, and the year, that would be likely under a package.

    Parameters
    ----------
    scenario : Scenario; its horizon is how far later years are looked at.
    study : Study of the packages' levers.
    packages : sequence of Package; the one that helps each target most.
    targets : sequence of int; places of the targets among the study's outcomes.
    probability : float.

    Returns
    -------
    list of (bound or None, year or None).

    Notes
    -----
    Unit: the target's; school year. A bound is None where the target has two sides or hits a mark; a year is None
    where no year up to the horizon is likely. Errors: InputError as a run's. Source: MODEL, section 8, (c).
    """
    if not targets:
        return []
    longer = study_of(
        scenario, factors=study.factors, outcomes=study.outcomes, draws=study.draws, seed=study.seed,
        table=study.table, design="given",
    )  # fmt: skip
    return [
        _relaxed(longer, longer.outcomes[target], package, probability)
        for package, target in zip(packages, targets, strict=True)
    ]


def _relaxed(study: Study, outcome: Outcome, package: Package, probability: float) -> tuple[float | None, int | None]:
    target = outcome.target
    if target is None:
        raise ValueError(f"{outcome.name} reads no target")
    run, province = run_policy(study, {n: value for n, value in enumerate(package) if not np.isnan(value)})
    years, place = run.books.years, run.books.regions.index(outcome.region)
    values = run.indicator(outcome.indicator, outcome.stage)[:, :, place]
    bound = None
    at = values[:, years.index(outcome.year)]
    if target.comparator in (">=", "~", "<=") and not is_roughly_equal(target) and np.isfinite(at).all():
        bound = _likely_value(at, probability, target.comparator == "<=")
    limit = bound_of(outcome, run, province)
    for column, year in enumerate(years):
        if year > outcome.year and _share(margin_of(target, values[:, column], limit)) >= probability:
            return bound, year
    return bound, None


def _share(margin: Floats) -> float:
    return float((np.nan_to_num(margin, nan=-1.0) >= 0.0).mean())


def _likely_value(values: Floats, probability: float, fewer: bool) -> float:
    """Return the largest value that this share of draws has at least; for ``<=`` the smallest that it has at most."""
    draws = len(values)
    needed = min(max(int(np.ceil(probability * draws - 1e-9)), 1), draws)
    ordered = np.sort(values)
    return float(ordered[needed - 1] if fewer else ordered[draws - needed])
