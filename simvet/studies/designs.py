"""Designs: which points of the factors' ranges are run. scipy draws them; the seed is the study's."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from simvet.errors import InputError
from simvet.studies.factors import Factor

Floats = NDArray[np.float64]
Design = Callable[[Sequence[Factor], int, int], Floats]
"""Factors, number of points, seed -> (point, factor) array, every number between 0 and 1."""


def latin_hypercube(factors: Sequence[Factor], points: int, seed: int) -> Floats:
    """Return points that fill every range evenly, one in each of ``points`` slices.

    Parameters
    ----------
    factors : sequence of Factor.
    points : int.
    seed : int.

    Returns
    -------
    (point, factor) array in [0, 1].

    Raises
    ------
    InputError : there is nothing to vary.

    Notes
    -----
    Unit: place within each range. Source: McKay, Beckman & Conover (1979); ``scipy.stats.qmc.LatinHypercube``.
    """
    from scipy.stats import qmc  # noqa: PLC0415 - the slowest import of a small study

    _require_factors(factors, "latin_hypercube")
    return np.asarray(qmc.LatinHypercube(len(factors), rng=np.random.default_rng(seed)).random(points))


def sobol_points(factors: Sequence[Factor], points: int, seed: int) -> Floats:
    """Return scrambled Sobol points; a power of two keeps their balance.

    Parameters
    ----------
    factors, points, seed : as for :func:`latin_hypercube`.

    Returns
    -------
    (point, factor) array in [0, 1].

    Raises
    ------
    InputError : there is nothing to vary, or the number is no power of two.

    Notes
    -----
    Unit: place within each range. Source: Owen (1998); ``scipy.stats.qmc.Sobol``.
    """
    from scipy.stats import qmc  # noqa: PLC0415

    _require_factors(factors, "sobol")
    if points & (points - 1):
        raise InputError(
            "points", "{points} is no power of two, which Sobol points need", "Choose {near}", points=points,
            near=2 ** round(math.log2(points)),
        )  # fmt: skip
    return np.asarray(qmc.Sobol(len(factors), rng=np.random.default_rng(seed)).random(points))


def grid(factors: Sequence[Factor], points: int, seed: int) -> Floats:  # noqa: ARG001 - a grid draws nothing
    """Return every combination of the factors' levels; a factor without levels gets ``points`` even ones.

    Parameters
    ----------
    factors : sequence of Factor.
    points : int; levels of a factor that names none.
    seed : int; not used.

    Returns
    -------
    (point, factor) array in [0, 1]; the last factor runs fastest.

    Raises
    ------
    InputError : there is nothing to vary.

    Notes
    -----
    Unit: place within each range; both ends are among the even levels. Source: full factorial design.
    """
    _require_factors(factors, "grid")
    rows = [_places(factor, points) for factor in factors]
    return np.array(list(product(*rows)))


def draws_alone(factors: Sequence[Factor], points: int, seed: int) -> Floats:  # noqa: ARG001
    """Return the one point of a study that varies nothing but the policy: plain Monte Carlo.

    Parameters
    ----------
    factors : sequence of Factor; must be empty.
    points, seed : int; not used.

    Returns
    -------
    (1, 0) array.

    Raises
    ------
    InputError : there are factors, which this design would leave alone.

    Notes
    -----
    Unit: none. Source: MODEL, section 7.
    """
    if factors:
        raise InputError(
            "design", "design {name!r} leaves {factor!r} where it is", "Choose latin_hypercube, sobol or grid",
            name="draws", factor=factors[0].name,
        )  # fmt: skip
    return np.zeros((1, 0))


DESIGNS: dict[str, Design] = {
    "draws": draws_alone,
    "latin_hypercube": latin_hypercube,
    "sobol": sobol_points,
    "grid": grid,
    "factorial": grid,
}
"""Every design by name; ``factorial`` is the grid of those who list levels and policies."""


def most_points(design: str, factors: Sequence[Factor], points: int) -> int:
    """Return how many points a design is going to have, before it is made; unit: points; errors: none; source: it."""
    if design not in ("grid", "factorial"):
        return 1 if design == "draws" else points
    return math.prod(len(factor.levels) or points for factor in factors)


def _places(factor: Factor, points: int) -> Floats:
    if factor.levels:
        # In the middle of its slice, so that rounding never moves a point to the level beside it.
        return (np.arange(len(factor.levels)) + 0.5) / len(factor.levels)
    return np.linspace(0.0, 1.0, points) if points > 1 else np.array([0.5])


def _require_factors(factors: Sequence[Factor], design: str) -> None:
    if not factors:
        raise InputError(
            "design", "design {name!r} has nothing to vary", "Name levers or uncertainties, or choose draws",
            name=design,
        )  # fmt: skip
