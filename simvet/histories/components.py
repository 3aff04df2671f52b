"""Covariances of what rates do: levels that differ and fade, years that hit everybody, drift, noise of counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Cells:
    """Where observations stand: which series, which year, and whether the series is a graduation ratio.

    Notes
    -----
    Shape: three (cell,) arrays. Unit: ``series`` counts from 0 along the pathway, ``year`` school years. Errors: none.
    Source: the history.
    """

    series: Ints
    year: Ints
    leaving: NDArray[np.bool_]

    def take(self, keep: NDArray[np.bool_]) -> Cells:
        """Return the cells that are kept."""
        return Cells(self.series[keep], self.year[keep], self.leaving[keep])


@dataclass(frozen=True)
class Prior:
    """What is thought of a parameter before the data speak: normal on the scale that it is fitted on.

    Notes
    -----
    Unit: variances on the log scale, persistences on the logit scale, per year. Errors: none. Source: assumed; the
    spreads of variances are wide (a factor of three to five either way), those of persistences narrow.
    """

    mean: float
    spread: float


@dataclass(frozen=True)
class Pairs:
    """What two sets of cells have to do with each other, worked out once for all parameters that are tried.

    Notes
    -----
    Shape: (cell, cell) arrays; ``apart`` whole years, ``along`` whether the two ratios share a count (the grade that
    one ends in is where the other begins). Unit: years. Errors: none. Source: the cells.
    """

    same: NDArray[np.bool_]
    apart: Ints
    studying: NDArray[np.bool_]
    leaving: NDArray[np.bool_]
    along: NDArray[np.bool_]
    entering: NDArray[np.bool_]

    @classmethod
    def of(cls, one: Cells, other: Cells) -> Pairs:
        """Return the pairs of two sets of cells."""
        step = one.series[:, None] - other.series[None]
        years = one.year[:, None] - other.year[None]
        along = ((step == 1) & (years == 1)) | ((step == -1) & (years == -1))
        studying = ~one.leaving[:, None] & ~other.leaving[None]
        entering = (one.series[:, None] == 0) & (other.series[None] == 0)
        return cls(step == 0, np.abs(years), studying, one.leaving[:, None] & other.leaving[None], along, entering)

    def fade(self, persistence: float) -> Floats:
        """Return the persistence to the power of the years between, by a table of its powers."""
        powers = persistence ** np.arange(int(self.apart.max(initial=0)) + 1.0)
        return np.asarray(powers[self.apart], dtype=float)


Covariance = Callable[[Pairs, Mapping[str, float]], Floats]

SHARED_PRIORS = {
    "fading": Prior(2.4, 0.1),
    "momentum": Prior(0.0, 0.15),
    "level": Prior(-5.0, 1.0),
    "entry": Prior(-5.0, 0.5),
    "year": Prior(-11.0, 1.0),
    "year_persistence": Prior(0.0, 1.0),
    "noise": Prior(-9.7, 0.3),
}
"""Rates of all regions taken together. ``fading``: what a rate loses or gains against full promotion shrinks by some
8 % a year; ``momentum``: half of a change goes on in the next year; ``entry``: entry per birth moves more than
progression does."""

REGION_PRIORS = {
    "region": Prior(-9.0, 0.5),
    "cell": Prior(-8.0, 2.0),
    "year": Prior(-10.0, 1.5),
    "year_persistence": Prior(0.7, 0.7),
    "drift": Prior(-9.0, 1.5),
    "drift_persistence": Prior(1.0, 1.5),
    "noise": Prior(-9.0, 1.5),
    "count": Prior(-10.0, 1.5),
}
LEAVING_PRIORS = {
    "leaving_level": Prior(-6.0, 1.5),
    "leaving_drift": Prior(-7.0, 1.5),
    "leaving_persistence": Prior(1.0, 1.5),
    "leaving_noise": Prior(-8.0, 1.5),
}
"""How a region departs from all regions; graduation ratios have their own, because rules of counting differ more."""


LEAST_NOISE = 1e-10
"""Least variance of a cell, squared log points: one person in 100 000. Without it rates that never vary have no
inverse."""


def logistic(x: float) -> float:
    """Return the persistence that a number on the logit scale stands for."""
    return float(1.0 / (1.0 + np.exp(-x)))


def momentum_kernel(distance: Floats, slow: float, fast: float) -> Floats:
    """Return the correlation of a series that fades and has momentum: an AR(2) with two real roots.

    Parameters
    ----------
    distance : array, years apart.
    slow, fast : float in [0, 1); what is left of a level, and of a change, after a year; ``fast`` below ``slow``.

    Returns
    -------
    array of the same shape, 1 where the distance is zero.

    Notes
    -----
    ``x[t] = (slow + fast) x[t-1] - slow fast x[t-2] + e``. Unit: none. Errors: none. Source: autocovariance of an
    autoregression, Hamilton, Time Series Analysis (1994), chapter 3.
    """

    def part(k: Floats | float) -> Floats:
        left: Floats = slow ** (np.asarray(k) + 1.0) / (1.0 - slow**2) - fast ** (np.asarray(k) + 1.0) / (1.0 - fast**2)
        return left

    return part(distance) / part(0.0)


def shared_covariance(pairs: Pairs, at: Mapping[str, float]) -> Floats:
    """Return the covariance of rates that all regions share.

    Parameters
    ----------
    pairs : Pairs.
    at : mapping of the names of ``SHARED_PRIORS`` -> value.

    Returns
    -------
    (cell, cell) array, squared log points; noise is not in it.

    Notes
    -----
    Every series has its own fading level with momentum; one effect a year hits all series (people moving). Errors:
    none. Source: MODEL, section 9; the structure was chosen on hindcasts, see docs/validation.md.
    """
    slow = logistic(at["fading"])
    fast = 0.999 * slow * logistic(at["momentum"])
    levels = momentum_kernel(np.arange(float(pairs.apart.max(initial=0) + 1)), slow, fast)
    size = np.exp(at["level"]) * pairs.same + np.exp(at["entry"]) * pairs.entering
    together = np.exp(at["year"]) * pairs.studying * pairs.fade(logistic(at["year_persistence"]))
    return np.asarray(size * levels[pairs.apart] + together, dtype=float)


def region_covariance(pairs: Pairs, at: Mapping[str, float]) -> Floats:
    """Return the covariance of how one region's rates depart from the shared ones.

    Parameters
    ----------
    pairs : Pairs.
    at : mapping of the names of ``REGION_PRIORS`` (and ``LEAVING_PRIORS`` where there are graduates) -> value.

    Returns
    -------
    (cell, cell) array, squared log points; noise is not in it.

    Notes
    -----
    A level of the region, a level of each series, an effect of each year on all series (people moving in and out),
    drift of each series, and noise in the counts themselves, which raises one ratio and lowers the next. Errors: none.
    Source: as :func:`shared_covariance`.
    """
    found = np.exp(at["region"]) + np.exp(at["year"]) * pairs.fade(logistic(at["year_persistence"]))
    lasting = np.exp(at["cell"]) + np.exp(at["drift"]) * pairs.fade(logistic(at["drift_persistence"]))
    found = found + pairs.same * (lasting + 2.0 * np.exp(at["count"]) * (pairs.apart == 0))
    covariance: Floats = pairs.studying * (found - np.exp(at["count"]) * pairs.along)
    if "leaving_level" in at:
        left = np.exp(at["leaving_level"])
        left = left + np.exp(at["leaving_drift"]) * pairs.fade(logistic(at["leaving_persistence"]))
        covariance = covariance + pairs.leaving * left
    return covariance


def noise_variance(cells: Cells, at: Mapping[str, float]) -> Floats:
    """Return the variance of what is new in each cell and does not last.

    Parameters
    ----------
    cells : Cells.
    at : mapping of parameter -> value.

    Returns
    -------
    (cell,) array, squared log points.

    Notes
    -----
    Errors: none. Source: the fit.
    """
    usual, leaving = np.exp(at["noise"]), np.exp(at.get("leaving_noise", at["noise"]))
    return np.asarray(np.maximum(np.where(cells.leaving, leaving, usual), LEAST_NOISE), dtype=float)
