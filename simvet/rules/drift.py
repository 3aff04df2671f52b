"""Year-to-year drift: rates wander around their path and come back."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simvet.rules.chance import keyed_uniform
from simvet.rules.compiled import compiled
from simvet.rules.quantiles import normal_quantile, poisson_quantile

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@compiled
def wander(
    seed_low: int, seed_high: int, decision: int, cohort: int, first_year: int, years: int, base_year: int,
    persistence: Floats, spread: Floats, rows: Ints,
) -> Floats:  # fmt: skip
    """Return AR(1) paths that start at zero in the base year.

    Parameters
    ----------
    seed_low, seed_high, decision, cohort : int; the key, see :mod:`simvet.draws`.
    first_year, years : int; the school years covered.
    base_year : int; zero up to and in this year.
    persistence : (draw,) array in [0, 1), per year.
    spread : (draw,) array; standard deviation of a year's innovation, on the scale of the result (logit or log).
    rows : (draw,) array; row of every draw, see ``Draws.rows``.

    Returns
    -------
    (draw, year) array.

    Notes
    -----
    ``x[t] = persistence * x[t-1] + spread * z[t]``. Errors: none. Source: MODEL, section 7.
    """
    paths = np.zeros((persistence.shape[0], years))
    for draw in range(persistence.shape[0]):
        value = 0.0
        for position in range(years):
            year = first_year + position
            if year > base_year:
                uniform = keyed_uniform(seed_low, seed_high, decision, year, cohort, rows[draw])
                value = persistence[draw] * value + spread[draw] * normal_quantile(uniform)
                paths[draw, position] = value
    return paths


@compiled
def poisson_counts(
    seed_low: int, seed_high: int, decision: int, cohort: int, first_year: int, mean: Floats, rows: Ints
) -> Floats:
    """Return keyed Poisson counts.

    Parameters
    ----------
    seed_low, seed_high, decision, cohort : int; the key, see :mod:`simvet.draws`.
    first_year : int; school year of the first column.
    mean : (draw, year) array, events/year.
    rows : (draw,) array; row of every draw.

    Returns
    -------
    (draw, year) array, whole events/year.

    Notes
    -----
    Errors: none. Source: rare decisions, such as approvals of institutions, come in whole numbers.
    """
    counts = np.zeros(mean.shape)
    for draw in range(mean.shape[0]):
        for position in range(mean.shape[1]):
            uniform = keyed_uniform(seed_low, seed_high, decision, first_year + position, cohort, rows[draw])
            counts[draw, position] = poisson_quantile(uniform, mean[draw, position])
    return counts
