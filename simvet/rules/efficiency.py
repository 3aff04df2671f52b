"""The reconstructed cohort: years of schooling that a graduate takes, and what that costs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def reconstructed_cohort(promotion: Floats, repetition: Floats) -> tuple[Floats, Floats, Floats]:
    """Return survival to the end, years per graduate and the coefficient of efficiency.

    Parameters
    ----------
    promotion, repetition : (..., grade) arrays in [0, 1), share/year of the autumn stock; the last grade's promotion is
        its graduation.

    Returns
    -------
    survival : (...) array; share of entrants who graduate in the end.
    years : (...) array, years of schooling for each graduate, years of those who leave included.
    efficiency : (...) array in [0, 1]; the programme's years / ``years``.

    Raises
    ------
    ValueError : a rate is outside [0, 1], or a grade keeps everybody for ever.

    Notes
    -----
    ``s[g] = prod_{h<g} p[h] / (1 - r[h])``, efficiency ``n * s[n+1] / sum_g s[g] / (1 - r[g])``. Check: p = (.94, .96,
    .97), r = (.03, .02, .01) give 0.9301175, 3.2024567 and 0.9367808. Source: MODEL, section 3; UNESCO Institute for
    Statistics, Education Indicators: Technical Guidelines.
    """
    p, r = np.asarray(promotion, dtype=np.float64), np.asarray(repetition, dtype=np.float64)
    if np.any((p < 0.0) | (r < 0.0) | (p + r > 1.0 + 1e-12)) or np.any(r >= 1.0):
        raise ValueError("promotion and repetition must be shares that add up to at most 1, repetition below 1")
    passed = np.cumprod(p / (1.0 - r), axis=-1)
    reached = np.concatenate([np.ones_like(passed[..., :1]), passed[..., :-1]], axis=-1)
    spent = (reached / (1.0 - r)).sum(axis=-1)
    survival = passed[..., -1]
    with np.errstate(divide="ignore"):
        years = np.where(survival > 0.0, spent / np.where(survival > 0.0, survival, 1.0), np.inf)
    efficiency = np.asarray(p.shape[-1] * survival / spent, dtype=np.float64)
    return np.asarray(survival, dtype=np.float64), np.asarray(years, dtype=np.float64), efficiency
