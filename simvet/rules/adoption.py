"""Shares that spread, amounts that grow, and things that are built or won."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simvet.rules.chance import keyed_uniform
from simvet.rules.compiled import compiled
from simvet.rules.quantiles import binomial_quantile

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SMALLEST = 1e-9
"""Share below which nobody counts, so that its logit is finite."""


def adopted_share(base: Floats, lift: Floats, drift: Floats, units: float) -> Floats:
    """Return a share that spreads: logit-linear in the lift.

    Parameters
    ----------
    base : (draw,) array in [0, 1]; the share before.
    lift : (draw, year) array, logit; all lifts up to a year added up.
    drift : (draw, year) array, logit; zero where nothing wanders.
    units : float; number of whole things that the share is of, ``nan`` where it is of persons.

    Returns
    -------
    (draw, year) array in [0, 1]; in whole units where there are any.

    Notes
    -----
    ``logit share = logit base + lift + drift``. A share of exactly zero or one was written by someone and stays. A
    share of 45 schools is 44/45 or 45/45, never between. Errors: none. Source: MODEL, section 6.
    """
    inside = np.clip(base, SMALLEST, 1.0 - SMALLEST)
    level = np.log(inside / (1.0 - inside))[:, None] + lift + drift
    share = 1.0 / (1.0 + np.exp(-level))
    share = np.where((base <= 0.0)[:, None], 0.0, np.where((base >= 1.0)[:, None], 1.0, share))
    return np.asarray(np.rint(share * units) / units) if np.isfinite(units) else share


@compiled
def won_by_year(
    seed_low: int, seed_high: int, decision: int, cohort: int, first_year: int, starts: Floats, success: Floats,
    lead: Floats, phase: Floats, rows: Ints,
) -> Floats:  # fmt: skip
    """Return how many things have been built or won by each year.

    Parameters
    ----------
    seed_low, seed_high, decision, cohort : int; the key, see :mod:`simvet.draws`.
    first_year : int; school year of the first column.
    starts : (draw, year) array, starts/year; fractions add up over the years.
    success : (draw, year) array in [0, 1]; share of a year's starts that succeed.
    lead : (draw, year) array, years from start to counting, taken in whole years.
    phase : (draw,) array in [0, 1); how far the next start has come when the first year begins.
    rows : (draw,) array; row of every draw, see ``Draws.rows``.

    Returns
    -------
    (draw, year) array, whole things counted by the year, those from before not among them.

    Notes
    -----
    Starts are whole: those of a year are what the sum of all starts so far gained in whole numbers; with phases spread
    evenly over the draws as many are begun on average as ``starts`` says. Luck is
    the year's: whole starts added in a year never win fewer, a start that moves to another year meets that one's luck.
    Errors: none. Source: MODEL, section 6.
    """
    draws, years = starts.shape
    counted = np.zeros((draws, years))
    for draw in range(draws):
        planned = phase[draw]
        for position in range(years):
            before = np.floor(planned + 1e-9)
            planned += max(starts[draw, position], 0.0)
            begun = np.floor(planned + 1e-9) - before
            if begun > 0.0:
                uniform = keyed_uniform(seed_low, seed_high, decision, first_year + position, cohort, rows[draw])
                won = binomial_quantile(uniform, begun, success[draw, position])
                arrival = position + int(np.rint(lead[draw, position]))
                if arrival < years:
                    counted[draw, arrival] += won
        for position in range(1, years):
            counted[draw, position] += counted[draw, position - 1]
    return counted
