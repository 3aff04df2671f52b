"""Short series that go on: trends that damp, trends of plans that last, and how far either may be off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simvet.histories.components import Floats

SLOPE = 0.3
"""Variance of a year's slope against that of the year's own shock; assumed, judged by hindcasts."""
SLOPE_PERSISTENCE = 0.85
LASTING = 0.1
"""Variance of a slope that never damps, against the year's own shock."""
MISREAD = 0.3
"""Variance of what is misread in one year and comes back in the next, against the year's own shock."""
GUESS_WEIGHT = 3.0
"""Years that the guessed size of shocks is worth."""
GUESS = 0.012
"""Guessed size of a yearly shock, log points: between progression (0.005) and entry (0.05). Assumed."""
RECENT = 0.8
"""Weight of a year's change against the next one's, when a plan's trend is read off."""
LASTING_ERROR = 0.9
"""Part of a year's shock by which the trend of a plan itself may be off, in every year ahead. Assumed."""


@dataclass(frozen=True)
class Path:
    """A series to come.

    Notes
    -----
    Shape: ``mean`` (lead,); ``root`` (lead, lead), lower root of its covariance; ``freedom`` the years of experience
    behind its size. Unit: that of the series, log points or logits. Errors: none. Source: see the function.
    """

    mean: Floats
    root: Floats
    freedom: float


def last_run(values: Floats) -> Floats:
    """Return the last unbroken run of known values of a series; empty if there is none.

    Parameters
    ----------
    values : (year,) array, NaN where unknown.

    Returns
    -------
    (year,) array.

    Notes
    -----
    Unit: that of the values. Errors: none. Source: none.
    """
    known = np.isfinite(values)
    if not known.any():
        return values[:0]
    end = int(np.flatnonzero(known)[-1]) + 1
    gaps = np.flatnonzero(~known[:end])
    return values[gaps[-1] + 1 if gaps.size else 0 : end]


def damped_path(series: Floats, leads: int) -> Path:
    """Return how a rate goes on whose trend damps.

    Parameters
    ----------
    series : (year,) array without gaps, at least one value.
    leads : int.

    Returns
    -------
    Path.

    Notes
    -----
    Yearly changes are a slope that fades, a slope that lasts, a shock, and misreading that comes back; the best linear
    forecast of that. Unit: that of the series. Errors: none. Source: structural time series, Harvey (1989), chapter 2.
    """
    changes = np.diff(series)
    past, ahead = np.arange(float(len(changes))), np.arange(len(changes), len(changes) + float(leads))

    def covariance(one: Floats, other: Floats) -> Floats:
        apart = np.abs(one[:, None] - other[None])
        slope = SLOPE * SLOPE_PERSISTENCE**apart + LASTING
        found: Floats = slope + (1.0 + 2.0 * MISREAD) * (apart == 0) - MISREAD * (apart == 1)
        return found

    total = covariance(ahead, ahead)
    if not len(changes):
        return _path(series[-1] + np.zeros(leads), total, 0.0, 0)
    inverse = np.linalg.inv(covariance(past, past))
    across = covariance(ahead, past)
    mean = series[-1] + np.cumsum(across @ inverse @ changes)
    return _path(mean, total - across @ inverse @ across.T, float(changes @ inverse @ changes), len(changes))


def slope_of(series: Floats, recent: float = RECENT) -> float:
    """Return the mean yearly change of a series, later years weighing more; 0 for a single value.

    Parameters
    ----------
    series : (year,) array.
    recent : float in (0, 1]; weight of a year against the next.

    Returns
    -------
    float.

    Notes
    -----
    Unit: that of the series, per year. Errors: none. Source: none.
    """
    changes = np.diff(series)
    if not len(changes):
        return 0.0
    weights = recent ** np.arange(len(changes) - 1, -1, -1.0)
    return float((weights * changes).sum() / weights.sum())


def lasting_path(series: Floats, slope: float, leads: int) -> Path:
    """Return how a series goes on that follows a plan: its slope lasts.

    Parameters
    ----------
    series : (year,) array without gaps, at least one value.
    slope : float, per year.
    leads : int.

    Returns
    -------
    Path.

    Notes
    -----
    Unit: that of the series. Errors: none. Source: drift of a random walk; its own error grows with the lead.
    """
    changes = np.diff(series) - slope
    ahead = np.arange(1.0, leads + 1)
    covariance = np.eye(leads) + LASTING_ERROR**2
    return _path(series[-1] + slope * ahead, covariance, float((changes**2).sum()), len(changes))


def _path(mean: Floats, of_changes: Floats, squares: float, years: int) -> Path:
    """Return a path from the covariance of its yearly changes in units of the shock, and the shocks seen."""
    freedom = GUESS_WEIGHT + years
    size = (GUESS_WEIGHT * GUESS**2 + squares) / freedom
    steps: Floats = np.tril(np.ones((len(mean), len(mean))))
    covariance = size * steps @ of_changes @ steps.T
    root = np.linalg.cholesky((covariance + covariance.T) / 2 + 1e-14 * np.eye(len(mean)))
    return Path(mean, np.asarray(root, dtype=float), freedom)


def drawn_paths(path: Path, normals: Floats, sizes: Floats) -> Floats:
    """Return draws of a path.

    Parameters
    ----------
    path : Path.
    normals : (draw, lead) array, standard normal.
    sizes : (draw,) array, standard normal; turned into how large the shocks really are.

    Returns
    -------
    (draw, lead) array.

    Notes
    -----
    Unit: that of the series. The size of shocks is drawn from its posterior by the Wilson-Hilferty root of a
    chi-square. Errors: none. Source: Wilson & Hilferty (1931).
    """
    third = 2.0 / (9.0 * path.freedom)
    chi = np.maximum(1.0 - third + sizes * np.sqrt(third), 0.2) ** 3
    drawn: Floats = path.mean + (normals @ path.root.T) / np.sqrt(chi)[:, None]
    return drawn
