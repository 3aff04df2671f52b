"""Bounded weighted least squares, for many draws at once.

Each draw perturbs the prior and the figures by their own spread and solves again ("randomise, then optimise"): with
linear rows and normal spreads the solutions are draws from the prior conditioned on the figures.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import lsq_linear

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

CHUNK = 250
"""Draws solved together; 250 draws of 100 unknowns and 100 rows take 20 MB."""
ROUNDS = 40
"""Changes of the active set after which the few draws left go to scipy's solver one by one."""


def solve_bounded(rows: Floats, wanted: Floats, spread: Floats, prior: Floats, prior_spread: Floats) -> Floats:
    """Return the non-negative unknowns nearest to prior and rows, each weighted by its spread.

    Parameters
    ----------
    rows : (draw, row, unknown) array; the linear forms.
    wanted : (draw, row) array; the value each form should take.
    spread : (draw, row) array, above zero, in the unit of ``wanted``.
    prior : (draw, unknown) array, persons.
    prior_spread : (draw, unknown) array, persons; zero holds an unknown at its prior.

    Returns
    -------
    (draw, unknown) array, persons, none below zero.

    Raises
    ------
    ValueError : a spread of a row is not above zero.

    Notes
    -----
    Minimises ``sum(((x - prior)/prior_spread)**2) + sum(((rows x - wanted)/spread)**2)`` with x >= 0 by a primal-dual
    active set over all draws together. Source: Hintermueller, Ito & Kunisch (2002); Bardsley et al. (2014) for
    randomise-then-optimise; draws whose active set does not settle are solved by ``scipy.optimize.lsq_linear``.
    """
    if np.any(spread <= 0.0):
        raise ValueError("every row needs a spread above zero")
    found = np.empty_like(prior)
    for start in range(0, prior.shape[0], CHUNK):
        part = slice(start, start + CHUNK)
        found[part] = _solve_chunk(rows[part], wanted[part], spread[part], prior[part], prior_spread[part])
    return found


def _solve_chunk(rows: Floats, wanted: Floats, spread: Floats, prior: Floats, prior_spread: Floats) -> Floats:
    draws, unknowns = prior.shape
    at_zero: Flags = np.zeros((draws, unknowns), dtype=bool)
    found = np.empty((draws, unknowns))
    open_draws = np.arange(draws)
    for _ in range(ROUNDS):
        solved, multiplier = _condition(
            rows[open_draws], wanted[open_draws], spread[open_draws], prior[open_draws],
            prior_spread[open_draws], at_zero[open_draws],
        )  # fmt: skip
        scale = np.abs(prior[open_draws]).max(axis=1, keepdims=True) * 1e-12
        zero_now = np.where(at_zero[open_draws], multiplier >= 0.0, solved < -scale)
        settled = np.all(zero_now == at_zero[open_draws], axis=1)
        found[open_draws[settled]] = solved[settled]
        at_zero[open_draws] = zero_now
        open_draws = open_draws[~settled]
        if open_draws.size == 0:
            break
    for draw in open_draws:
        found[draw] = _solve_one(rows[draw], wanted[draw], spread[draw], prior[draw], prior_spread[draw])
    return np.maximum(found, 0.0)


def _condition(
    rows: Floats, wanted: Floats, spread: Floats, prior: Floats, prior_spread: Floats, at_zero: Flags
) -> tuple[Floats, Floats]:
    """Return the solution with some unknowns held at zero, and the pressure on those."""
    variance = np.where(at_zero, 0.0, prior_spread**2)
    centre = np.where(at_zero, 0.0, prior)
    gain = np.einsum("dru,du,dsu->drs", rows, variance, rows, optimize=True)
    index = np.arange(rows.shape[1])
    gain[:, index, index] += spread**2
    misfit = wanted - np.einsum("dru,du->dr", rows, centre)
    weight = np.linalg.solve(gain, misfit[..., None])[..., 0]
    pull = np.einsum("dru,dr->du", rows, weight)
    solved = centre + variance * pull
    # The slope of the goal at zero: where it is upward the unknown wants to stay there.
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.where(prior_spread > 0.0, (0.0 - prior) / prior_spread**2, np.inf) - pull
    return solved, slope


def _solve_one(rows: Floats, wanted: Floats, spread: Floats, prior: Floats, prior_spread: Floats) -> Floats:
    free = prior_spread > 0.0
    matrix = np.vstack([rows[:, free] / spread[:, None], np.diag(1.0 / prior_spread[free])])
    target = np.concatenate([(wanted - rows[:, ~free] @ prior[~free]) / spread, prior[free] / prior_spread[free]])
    found = prior.copy()
    found[free] = lsq_linear(matrix, target, bounds=(0.0, np.inf), method="bvls").x
    return found
