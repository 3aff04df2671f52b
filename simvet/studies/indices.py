"""Indices of sensitivity on plain functions: Morris screening and Sobol shares of variance, by SALib.

Nothing here knows of regions or runs: a function of points between 0 and 1 is all that is asked for, so that functions
with known indices test the very code that judges a plan.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simvet.errors import InputError

Floats = NDArray[np.float64]
Evaluate = Callable[[Floats], Floats]
"""(point, factor) array in [0, 1] -> (point, outcome) array."""

LEVELS = 4
"""Levels of Morris' grid: ends and thirds of every range."""
RESAMPLES = 200
"""Bootstrap resamples behind every confidence band."""
CONFIDENCE = 0.95
"""Bands hold with this probability."""
MIXED = 0.5
"""A factor whose effects cancel by more than this share has no sign."""


@dataclass(frozen=True)
class Indices:
    """Indices of one outcome.

    Notes
    -----
    Shape: (factor,) arrays. Morris: ``first`` is mu*, ``second`` sigma, for a move across the factor's whole range, in
    the outcome's unit; ``second_confidence`` is nan. Sobol: ``first`` is S1, ``second`` ST, shares of the variance.
    Confidences are half-widths of 95 % bands. ``sign`` is 1, -1, or 0 where effects point both ways. ``variance`` is
    that of the outcome over the design. Errors: none. Source: Morris (1991), Campolongo et al. (2007), Saltelli et al.
    (2010); SALib.
    """

    first: Floats
    first_confidence: Floats
    second: Floats
    second_confidence: Floats
    sign: NDArray[np.int64]
    mean: float
    variance: float

    @property
    def moves(self) -> bool:
        """Return whether the outcome differs between points by more than rounding."""
        return self.variance > (1e-9 * max(abs(self.mean), 1e-9)) ** 2


def problem_of(factors: int) -> dict[str, object]:
    """Return SALib's description of so many factors, each between 0 and 1; unit, errors: none; source: SALib."""
    names = [f"x{place}" for place in range(factors)]
    return {"num_vars": factors, "names": names, "bounds": [[0.0, 1.0]] * factors}


def morris_points(factors: int, samples: int, seed: int) -> Floats:
    """Return Morris' trajectories.

    Parameters
    ----------
    factors, samples, seed : int; ``samples`` trajectories.

    Returns
    -------
    (samples * (factors + 1), factors) array in [0, 1].

    Raises
    ------
    InputError : there are fewer than two factors or trajectories.

    Notes
    -----
    Unit: place within each range. Source: Morris (1991); ``SALib.sample.morris``.
    """
    from SALib.sample import morris  # noqa: PLC0415 - a second of import that other studies do without

    _require(factors, samples, power=False)
    return np.asarray(morris.sample(problem_of(factors), samples, num_levels=LEVELS, seed=seed), dtype=np.float64)


def sobol_points(factors: int, samples: int, seed: int) -> Floats:
    """Return Saltelli's points for first and total indices.

    Parameters
    ----------
    factors, samples, seed : int; ``samples`` is a power of two.

    Returns
    -------
    (samples * (factors + 2), factors) array in [0, 1].

    Raises
    ------
    InputError : there are fewer than two factors, or the number of samples is no power of two.

    Notes
    -----
    Unit: place within each range. Source: Saltelli et al. (2010) on scrambled Sobol points; ``SALib.sample.sobol``.
    """
    from SALib.sample import sobol  # noqa: PLC0415

    _require(factors, samples, power=True)
    found = sobol.sample(problem_of(factors), samples, calc_second_order=False, seed=seed)
    return np.asarray(found, dtype=np.float64)


def morris_indices(points: Floats, values: Floats, seed: int) -> Indices:
    """Return Morris' measures of one outcome.

    Parameters
    ----------
    points : (point, factor) array; as :func:`morris_points` gives them.
    values : (point,) array.
    seed : int; of the bootstrap.

    Returns
    -------
    Indices; ``first`` mu*, ``second`` sigma.

    Notes
    -----
    Unit: the outcome's, for a move across the whole range. Errors: none. Source: Morris (1991), Campolongo et al.
    (2007); ``SALib.analyze.morris``.
    """
    from SALib.analyze import morris  # noqa: PLC0415

    factors = points.shape[1]
    mean, variance = float(values.mean()), float(values.var())
    found = morris.analyze(
        problem_of(factors), points, values, num_resamples=RESAMPLES, conf_level=CONFIDENCE, num_levels=LEVELS,
        seed=seed,
    )  # fmt: skip
    effect, size = (np.ma.filled(np.ma.asarray(found[key]), 0.0).astype(np.float64) for key in ("mu", "mu_star"))
    sign = np.where(np.abs(effect) > MIXED * size, np.sign(effect), 0.0).astype(np.int64)
    return Indices(
        size, np.asarray(found["mu_star_conf"], dtype=np.float64), np.asarray(found["sigma"], dtype=np.float64),
        np.full(factors, np.nan), sign, mean, variance,
    )  # fmt: skip


def sobol_indices(points: Floats, values: Floats, seed: int) -> Indices:
    """Return Sobol's shares of the variance of one outcome.

    Parameters
    ----------
    points : (point, factor) array; as :func:`sobol_points` gives them.
    values : (point,) array.
    seed : int; of the bootstrap.

    Returns
    -------
    Indices; ``first`` S1, ``second`` ST; zeros where the outcome does not move.

    Notes
    -----
    Unit: share of the variance. The sign is that of the rank correlation. Errors: none. Source: Saltelli et al. (2010);
    ``SALib.analyze.sobol``.
    """
    from SALib.analyze import sobol  # noqa: PLC0415

    factors = points.shape[1]
    nothing = np.zeros(factors)
    mean, variance = float(values.mean()), float(values.var())
    still = Indices(nothing, nothing, nothing, nothing, nothing.astype(np.int64), mean, variance)
    if not still.moves:
        return still
    # SALib takes seed 0 for "no seed": the bands would then come from numpy's global state.
    found = sobol.analyze(
        problem_of(factors), values, calc_second_order=False, num_resamples=RESAMPLES, conf_level=CONFIDENCE,
        seed=seed + 1,
    )  # fmt: skip
    first, first_half, total, total_half = (
        np.asarray(found[key], dtype=np.float64) for key in ("S1", "S1_conf", "ST", "ST_conf")
    )
    # Only A and B are independent draws of all factors; the others repeat their columns.
    step = factors + 2
    free = np.concatenate([np.arange(0, len(points), step), np.arange(step - 1, len(points), step)])
    sign = _signs(points[free], values[free])
    return Indices(first, first_half, total, total_half, sign, mean, variance)


def _signs(points: Floats, values: Floats) -> NDArray[np.int64]:
    from scipy.stats import rankdata  # noqa: PLC0415

    ranks = rankdata(values) - 0.5 * (len(values) + 1)
    places = rankdata(points, axis=0) - 0.5 * (len(points) + 1)
    size = np.sqrt((places**2).sum(axis=0) * (ranks**2).sum())
    strength = np.divide(places.T @ ranks, size, out=np.zeros(points.shape[1]), where=size > 0)
    # Below two standard errors a rank correlation says nothing about direction.
    return np.where(np.abs(strength) > 2.0 / np.sqrt(len(points)), np.sign(strength), 0.0).astype(np.int64)


POINTS = {"morris": morris_points, "sobol": sobol_points}
"""Number of factors, samples, seed -> points, by method."""
ANALYSES = {"morris": morris_indices, "sobol": sobol_indices}
"""Points, values, seed -> Indices, by method."""


def indices(method: str, factors: int, evaluate: Evaluate, samples: int, seed: int) -> list[Indices]:
    """Return the indices of every outcome of a function.

    Parameters
    ----------
    method : str; a key of ANALYSES.
    factors : int.
    evaluate : callable; (point, factor) array in [0, 1] -> (point, outcome) array.
    samples, seed : int.

    Returns
    -------
    list of Indices, one an outcome.

    Raises
    ------
    InputError : as :func:`morris_points` and :func:`sobol_points`.

    Notes
    -----
    Unit: see Indices. Source: SALib.
    """
    points = POINTS[method](factors, samples, seed)
    values = np.asarray(evaluate(points), dtype=np.float64)
    return [ANALYSES[method](points, np.ascontiguousarray(column), seed) for column in values.T]


def _require(factors: int, samples: int, power: bool) -> None:
    if factors < 2:
        raise InputError("factors", "{count} factors cannot be compared", "Name two or more", count=factors)
    if samples < 2:
        raise InputError("samples", "{number} {name} cannot be run", "Choose {near} or more", number=samples,
                         name="samples", near=2)  # fmt: skip
    if power and samples & (samples - 1):
        raise InputError(
            "samples", "{points} is no power of two, which Sobol points need", "Choose {near}", points=samples,
            near=2 ** round(np.log2(samples)),
        )  # fmt: skip


__all__ = ["ANALYSES", "POINTS", "Indices", "indices", "morris_indices", "sobol_indices"]
