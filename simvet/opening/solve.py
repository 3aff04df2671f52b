"""Bounded weighted least squares, for many draws.

Each draw perturbs the prior and the figures by their own spread and solves again ("randomise, then optimise"): with
linear rows and normal spreads the solutions are draws from the prior conditioned on the figures.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import lsq_linear

from simvet.rules.compiled import compiled

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

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
    active set, draw by draw. Source: Hintermueller, Ito & Kunisch (2002); Bardsley et al. (2014) for
    randomise-then-optimise; draws whose active set does not settle are solved by ``scipy.optimize.lsq_linear``.
    """
    if np.any(spread <= 0.0):
        raise ValueError("every row needs a spread above zero")
    found = np.empty_like(prior)
    for draw in range(prior.shape[0]):
        given = (rows[draw], wanted[draw], spread[draw], prior[draw], prior_spread[draw])
        if not _settle(*given, ROUNDS, found[draw]):
            found[draw] = _solve_one(*given)
    return np.maximum(found, 0.0)


@compiled
def _settle(
    rows: Floats, wanted: Floats, spread: Floats, prior: Floats, prior_spread: Floats, rounds: int, found: Floats
) -> bool:
    """Fill ``found`` with one draw's solution; return whether the set of unknowns held at zero has settled.

    Plain loops instead of a linear-algebra library, whose sums depend on the number of its threads.
    """
    unknowns = prior.shape[0]
    at_zero = np.zeros(unknowns, dtype=np.bool_)
    least = np.abs(prior).max() * 1e-12
    for _ in range(rounds):
        weight = _weigh_misfit(rows, wanted, spread, prior, prior_spread, at_zero)
        settled = True
        for unknown in range(unknowns):
            variance = prior_spread[unknown] ** 2
            pull = 0.0
            for row in range(rows.shape[0]):
                pull += rows[row, unknown] * weight[row]
            if at_zero[unknown]:
                # The slope of the goal at zero: where it is upward the unknown wants to stay there.
                to_zero = variance <= 0.0 or -prior[unknown] / variance - pull >= 0.0
                found[unknown] = 0.0
            else:
                found[unknown] = prior[unknown] + variance * pull
                to_zero = found[unknown] < -least
            settled = settled and to_zero == at_zero[unknown]
            at_zero[unknown] = to_zero
        if settled:
            return True
    return False


@compiled
def _weigh_misfit(
    rows: Floats, wanted: Floats, spread: Floats, prior: Floats, prior_spread: Floats, at_zero: Flags
) -> Floats:
    """Return what each row's misfit weighs when the unknowns at zero are held there: Cholesky, row by row."""
    count = rows.shape[0]
    gain = np.zeros((count, count))
    weight = wanted.copy()
    for row in range(count):
        gain[row, row] = spread[row] ** 2
    for unknown in range(prior.shape[0]):
        if at_zero[unknown]:
            continue
        variance = prior_spread[unknown] ** 2
        for row in range(count):
            if rows[row, unknown] != 0.0:
                weight[row] -= rows[row, unknown] * prior[unknown]
                for other in range(row, count):
                    gain[row, other] += rows[row, unknown] * variance * rows[other, unknown]
    _eliminate(gain, weight)
    return weight


@compiled
def _eliminate(gain: Floats, weight: Floats) -> None:
    """Solve ``gain x = weight`` in place by Cholesky's rows; only the upper half of ``gain`` is read."""
    count = weight.shape[0]
    for pivot in range(count):
        scale = np.sqrt(gain[pivot, pivot])
        for other in range(pivot, count):
            gain[pivot, other] /= scale
        weight[pivot] /= scale
        for row in range(pivot + 1, count):
            factor = gain[pivot, row]
            if factor != 0.0:
                weight[row] -= factor * weight[pivot]
                for other in range(row, count):
                    gain[row, other] -= factor * gain[pivot, other]
    for row in range(count - 1, -1, -1):
        for other in range(row + 1, count):
            weight[row] -= gain[row, other] * weight[other]
        weight[row] /= gain[row, row]


def _solve_one(rows: Floats, wanted: Floats, spread: Floats, prior: Floats, prior_spread: Floats) -> Floats:
    free = prior_spread > 0.0
    matrix = np.vstack([rows[:, free] / spread[:, None], np.diag(1.0 / prior_spread[free])])
    target = np.concatenate([(wanted - rows[:, ~free] @ prior[~free]) / spread, prior[free] / prior_spread[free]])
    found = prior.copy()
    found[free] = lsq_linear(matrix, target, bounds=(0.0, np.inf), method="bvls").x
    return found
