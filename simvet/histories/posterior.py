"""What a fitted panel says of years to come: means, covariances and keyed draws."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simvet.histories.components import Cells, Floats, Pairs, noise_variance
from simvet.histories.fitting import Fitted, pattern_groups

JITTER = 1e-10
"""Variance added so that a covariance of nearly equal paths still has a root; squared log points, or that part of the
largest variance where it is above one."""


NOTHING = -60.0
"""Log of a variance that counts as none."""


@dataclass(frozen=True)
class Foreseen:
    """Posterior of the cells asked for.

    Notes
    -----
    Shape: ``mean`` (region, cell); ``roots`` maps each region to the (cell, cell) lower root of its covariance. Unit:
    log points. Errors: none. Source: :func:`foresee`.
    """

    mean: Floats
    roots: tuple[Floats, ...]

    def variance(self) -> Floats:
        """Return the posterior variance; (region, cell), squared log points."""
        return np.array([(root**2).sum(axis=1) for root in self.roots])


def foresee(fitted: Fitted, cells: Cells, noise: bool = True) -> Foreseen:
    """Return the posterior of cells given what a panel was fitted on.

    Parameters
    ----------
    fitted : Fitted.
    cells : Cells asked for, of years to come or of years gone.
    noise : bool; whether what comes and goes with a year belongs to the answer (a forecast) or not (a lasting rate).

    Returns
    -------
    Foreseen.

    Notes
    -----
    Unit: log points. Errors: none. Source: conditioning of a Gaussian, Rasmussen & Williams (2006), equation 2.24.
    """
    asked = fitted.at if noise else _lasting(fitted.at)
    ahead = fitted.covariance(Pairs.of(cells, cells), asked)
    if noise:
        ahead = ahead + np.diag(noise_variance(cells, fitted.at))
    mean = np.zeros((len(fitted.values), len(cells.year)))
    roots: list[Floats] = [np.zeros((0, 0))] * len(fitted.values)
    for known, members in pattern_groups(fitted.values):
        some = fitted.cells.take(known)
        across = fitted.covariance(Pairs.of(cells, some), asked)
        weights = across @ fitted.precision(known)
        left = ahead - weights @ across.T
        jitter = JITTER * max(1.0, float(np.diag(left).max(initial=0.0)))
        root = np.linalg.cholesky((left + left.T) / 2 + jitter * np.eye(len(left)))
        mean[members] = fitted.values[np.ix_(members, np.flatnonzero(known))] @ weights.T
        for region in members:
            roots[region] = root * fitted.scales[region]
    return Foreseen(mean, tuple(roots))


def _lasting(at: dict[str, float]) -> dict[str, float]:
    """Return the parameters without noise of counts and, where it does not persist, what hits a year."""
    gone = {"count": NOTHING} if "count" in at else {}
    if "count" in at and at["year_persistence"] < 0:
        gone["year"] = NOTHING
    return at | gone


def keyed_normals(seed: int, words: Sequence[object], shape: tuple[int, ...]) -> Floats:
    """Return standard normal numbers that depend on their key alone.

    Parameters
    ----------
    seed : int.
    words : sequence; decision, region, origin and whatever else tells this draw from every other.
    shape : tuple of int.

    Returns
    -------
    array of that shape.

    Notes
    -----
    Counter-based (Philox), keyed by a digest: the same numbers whatever was drawn before, in whichever process. Unit:
    standard deviations. Errors: none. Source: Salmon et al. (2011).
    """
    text = "|".join(str(word) for word in (seed, *words))
    key = int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "little")
    return np.random.Generator(np.random.Philox(key=key)).standard_normal(shape)
