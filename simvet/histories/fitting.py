"""Fit the covariances of a panel of rates: penalised likelihood by scipy, outliers pulled in, regions scaled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve
from scipy.optimize import minimize

from simvet.histories.components import Cells, Covariance, Floats, Pairs, Prior, noise_variance

ROUNDS = 3
"""Fits, outliers being pulled in between them."""
ITERATIONS = 40
BREAK = 12.0
"""Squared standard deviations from which a year in which all of a region's rates jump counts as a break."""
OUTLIER = 3.5
"""Standard deviations from which a single rate is pulled in (Huber's bend)."""
FIRST_CLIP = 8.0
"""Median absolute deviations at which values are cut before the first fit."""
SCALE_STRENGTH = 20.0
"""Cells that the guess from a region's size is worth, when its own spread is estimated."""
LARGEST = 1e12
FARTHEST = 100.0
"""Value of a parameter, either way, past which its exponential is no variance any more."""
BEND = 0.05
"""Step by which the curvature of the loss is taken."""
STEP = 1e-5
"""Step by which the slope of a covariance is taken, on the scale that parameters are fitted on."""


@dataclass(frozen=True)
class Fitted:
    """Parameters of a panel with the data that they were fitted on.

    Notes
    -----
    Shape: ``values`` (region, cell), cleaned, NaN where unknown; ``scales`` (region,), standard deviation of a region
    against the panel's; ``breaks`` (region, year of ``years``), shocks taken out, log points. Unit: log points. Errors:
    none. Source: :func:`fit_panel`.
    """

    covariance: Covariance
    at: dict[str, float]
    cells: Cells
    values: Floats
    scales: Floats
    breaks: Mapping[tuple[int, int], float]

    def precision(self, keep: NDArray[np.bool_]) -> Floats:
        """Return the inverse of the covariance of the cells kept, noise included; (cell, cell), 1/log points^2."""
        some = self.cells.take(keep)
        return _precision(self.covariance, self.at, some)


def pattern_groups(values: Floats) -> list[tuple[NDArray[np.bool_], NDArray[np.int64]]]:
    """Return the patterns of known cells with the regions that have them; regions of a pattern share their algebra.

    Parameters
    ----------
    values : (region, cell) array, NaN where unknown.

    Returns
    -------
    list of ((cell,) bool array, (region,) indices), first region first.

    Notes
    -----
    Unit: none. Errors: none. Source: none.
    """
    groups: dict[bytes, list[int]] = {}
    known = np.isfinite(values)
    for region in range(len(values)):
        groups.setdefault(known[region].tobytes(), []).append(region)
    return [(known[members[0]], np.array(members)) for members in groups.values()]


def fit_panel(
    covariance: Covariance, priors: Mapping[str, Prior], cells: Cells, values: Floats, sizes: Floats | None = None
) -> Fitted:
    """Fit the parameters of a panel.

    Parameters
    ----------
    covariance : callable, one of ``simvet.histories.components``.
    priors : mapping of parameter -> Prior.
    cells : Cells.
    values : (region, cell) array, log points, NaN where unknown.
    sizes : (region,) array, persons, or None where regions are not scaled nor cleaned of breaks.

    Returns
    -------
    Fitted.

    Notes
    -----
    The penalised marginal likelihood of a Gaussian process, maximised by L-BFGS-B; between rounds breaks are taken
    out, outliers pulled in and each region's own scale is estimated, shrunk towards that of regions of its size.
    Errors: none. Source: Rasmussen & Williams (2006), chapter 5; Huber & Ronchetti (2009), section 7.8.
    """
    names = list(priors)
    x = np.array([priors[name].mean for name in names])
    scales = np.ones(len(values))
    clean = _clipped(values) if sizes is not None else values
    breaks: dict[tuple[int, int], float] = {}
    rounds = ROUNDS if sizes is not None else 1
    for number in range(rounds):
        x = _maximise(covariance, priors, cells, clean / scales[:, None], x)
        at = dict(zip(names, map(float, x), strict=True))
        if sizes is not None and number + 1 < rounds:
            clean, breaks = _cleaned(covariance, at, cells, values, scales)
            scales = _region_scales(covariance, at, cells, clean, sizes)
    # The last word on the size of errors is the data's: priors that smooth would leave the bands too wide.
    scales = _region_scales(covariance, at, cells, clean, sizes)
    return Fitted(covariance, at, cells, clean, scales, breaks)


def _maximise(
    covariance: Covariance, priors: Mapping[str, Prior], cells: Cells, values: Floats, start: Floats
) -> Floats:
    loss = loss_of(covariance, priors, cells, values)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": ITERATIONS})
    best: Floats = found.x
    return best


def loss_of(
    covariance: Covariance, priors: Mapping[str, Prior], cells: Cells, values: Floats
) -> Callable[[Floats], tuple[float, Floats]]:
    """Return the penalised negative log likelihood of a panel as a function of its parameters, with its slope.

    Parameters
    ----------
    covariance : callable.
    priors : mapping of parameter -> Prior.
    cells : Cells.
    values : (region, cell) array, log points, NaN where unknown.

    Returns
    -------
    callable: (parameter,) array -> (loss, (parameter,) slope).

    Notes
    -----
    Unit: nats. Errors: none; a covariance that has no root costs ``LARGEST``. Source: Rasmussen & Williams (2006),
    equations 5.8 and 5.9.
    """
    groups = [
        (np.flatnonzero(known), len(members), values[np.ix_(members, np.flatnonzero(known))])
        for known, members in pattern_groups(values)
    ]
    pairs = Pairs.of(cells, cells)
    means = np.array([prior.mean for prior in priors.values()])
    spreads = np.array([prior.spread for prior in priors.values()])

    def full_at(x: Floats) -> Floats:
        at = dict(zip(priors, x, strict=True))
        return covariance(pairs, at) + np.diag(noise_variance(cells, at))

    def loss(x: Floats) -> tuple[float, Floats]:
        if np.abs(x).max() > FARTHEST:
            return LARGEST, np.zeros(len(x))
        full = full_at(x)
        away = (x - means) / spreads
        total, pull = 0.5 * float((away**2).sum()), np.zeros_like(full)
        for known, members, here in groups:
            try:
                root = np.linalg.cholesky(full[np.ix_(known, known)])
            except np.linalg.LinAlgError:
                return LARGEST, np.zeros(len(x))
            inverse = cho_solve((root, True), np.eye(len(known)))
            fitted = here @ inverse
            total += 0.5 * float((here * fitted).sum()) + members * float(np.log(np.diag(root)).sum())
            pull[np.ix_(known, known)] += 0.5 * (members * inverse - fitted.T @ fitted)
        # The covariance is cheap to build and dear to invert: its slope is taken by differences, the rest is exact.
        slope = np.empty(len(x))
        for k in range(len(x)):
            moved = x.copy()
            moved[k] += STEP
            slope[k] = float((pull * (full_at(moved) - full)).sum()) / STEP
        return total, slope + away / spreads

    return loss


def loss_curvature(fitted: Fitted, priors: Mapping[str, Prior]) -> Floats:
    """Return the curvature of the penalised negative log likelihood at the fit.

    Parameters
    ----------
    fitted : Fitted.
    priors : mapping of parameter -> Prior, those that it was fitted with.

    Returns
    -------
    (parameter, parameter) array, symmetric.

    Notes
    -----
    Differences of the slope. Unit: nats per squared unit of the parameters. Errors: none. Source: none.
    """
    loss = loss_of(fitted.covariance, priors, fitted.cells, fitted.values / fitted.scales[:, None])
    x = np.array([fitted.at[name] for name in priors])
    rows = []
    for k in range(len(x)):
        up, down = x.copy(), x.copy()
        up[k] += BEND
        down[k] -= BEND
        rows.append((loss(up)[1] - loss(down)[1]) / (2 * BEND))
    found: Floats = np.array(rows)
    return (found + found.T) / 2


def _precision(covariance: Covariance, at: Mapping[str, float], cells: Cells) -> Floats:
    full = covariance(Pairs.of(cells, cells), at) + np.diag(noise_variance(cells, at))
    return np.asarray(np.linalg.inv(full), dtype=float)


def _clipped(values: Floats) -> Floats:
    if not np.isfinite(values).any():
        return values
    middle = np.nanmedian(np.abs(values))
    return np.clip(values, -FIRST_CLIP * 1.4826 * middle, FIRST_CLIP * 1.4826 * middle)


def _cleaned(
    covariance: Covariance, at: Mapping[str, float], cells: Cells, values: Floats, scales: Floats
) -> tuple[Floats, dict[tuple[int, int], float]]:
    clean = values.copy()
    breaks: dict[tuple[int, int], float] = {}
    for known, members in pattern_groups(values):
        if not known.any():
            continue
        some = cells.take(known)
        inverse = _precision(covariance, at, some)
        years = np.unique(some.year)
        hits = np.array([(some.year == year) & ~some.leaving for year in years], dtype=float)
        pressed = hits @ inverse
        weight = np.maximum((pressed * hits).sum(axis=1), 1e-300)
        own = np.sqrt(np.diag(inverse))
        for region in members:
            here = values[region, known].copy()
            for _ in range(len(years)):
                strength = (pressed @ here) ** 2 / weight / scales[region] ** 2
                worst = int(np.argmax(strength))
                if strength[worst] < BREAK or (int(region), int(years[worst])) in breaks:
                    break
                shock = float(pressed[worst] @ here / weight[worst])
                breaks[int(region), int(years[worst])] = shock
                here -= shock * hits[worst]
            for _ in range(2):
                pull = inverse @ here
                far = np.abs(pull) / own / scales[region]
                bent = np.where(far > OUTLIER, 1.0 - OUTLIER / np.maximum(far, OUTLIER), 0.0)
                here -= bent * pull / own**2
            clean[region, known] = here
    return clean, breaks


def _region_scales(
    covariance: Covariance, at: Mapping[str, float], cells: Cells, values: Floats, sizes: Floats | None
) -> Floats:
    squares, counts = np.zeros(len(values)), np.zeros(len(values))
    for known, members in pattern_groups(values):
        some = cells.take(known)
        inverse = _precision(covariance, at, some)
        here = values[np.ix_(members, np.flatnonzero(known))]
        squares[members] = (here * (here @ inverse)).sum(axis=1)
        counts[members] = known.sum()
    own = squares / np.maximum(counts, 1.0)
    guess = _guess_by_size(own, counts, sizes) if sizes is not None else np.full(len(own), own.mean())
    return np.sqrt((SCALE_STRENGTH * guess + squares) / (SCALE_STRENGTH + counts))


def _guess_by_size(own: Floats, counts: Floats, sizes: Floats) -> Floats:
    """Return the variance that regions of a size usually have; it never rises with size."""
    usable = (counts > 0) & (own > 0) & (sizes > 0)
    if usable.sum() < 8:
        return np.full(len(own), float(own[usable].mean()) if usable.any() else 1.0)
    x, y = np.log(sizes[usable]), np.log(own[usable])
    slope = float(np.clip(np.cov(x, y)[0, 1] / np.var(x, ddof=1), -1.0, 0.0)) if np.var(x) > 0 else 0.0
    level = float(np.mean(y - slope * x))
    guess: Floats = np.exp(level + slope * np.log(np.maximum(sizes, 1.0)))
    return guess
