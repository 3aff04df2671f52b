"""Forecast of a history by grade: progression, entry and graduation rates, pooled over regions, carried forward."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from simvet.histories.components import (
    LEAVING_PRIORS,
    REGION_PRIORS,
    SHARED_PRIORS,
    Cells,
    Floats,
    Prior,
    region_covariance,
    shared_covariance,
)
from simvet.histories.fitting import Fitted, fit_panel
from simvet.histories.posterior import Foreseen, foresee, keyed_normals

if TYPE_CHECKING:
    from simvet.histories.table import History

FEWEST_REGIONS = 4
"""Regions from which the median of all is taken for what they share; fewer are each fitted for themselves."""
ENTRY_PRIORS = SHARED_PRIORS | {"level": Prior(-6.5, 0.5), "noise": Prior(-7.5, 0.5)}
"""Growth of entrants where no births are known: it fades, and swings more than progression does. Assumed."""


@dataclass(frozen=True)
class Rates:
    """Yearly rates read off a history by grade, on the log scale.

    Notes
    -----
    Shape: ``progression`` (region, series, year): series 0 is entry (into the first grade, per birth, or against the
    year before where births are unknown), then one for each later grade, the last one graduation where graduates are
    known. The year is that in which the step ends: graduates of school year t stand at t + 1. Unit: log of a ratio.
    Errors: none. Source: the history; unknown or zero counts give NaN.
    """

    years: tuple[int, ...]
    values: Floats
    by_births: bool
    with_graduates: bool

    @property
    def series(self) -> int:
        """Return the number of series."""
        return int(self.values.shape[1])


def rates_of(history: History) -> Rates:
    """Return the yearly rates of a history by grade.

    Parameters
    ----------
    history : History of kind ``grades``.

    Returns
    -------
    Rates over its years and one more.

    Notes
    -----
    Unit: log points. Errors: none. Source: grade progression ratios, MODEL, section 3.
    """
    enrolment = np.where(history.enrolment > 0, history.enrolment, np.nan)
    regions, columns, years = enrolment.shape
    graduates = np.where(history.graduates[:, -1] > 0, history.graduates[:, -1], np.nan)
    with_graduates = bool(np.isfinite(graduates).any())
    values = np.full((regions, columns + with_graduates, years + 1), np.nan)
    births = births_by_year(history, history.years)
    # Births of years that are all still to come say nothing about how many of them enter.
    by_births = births is not None and bool(np.isfinite(enrolment[:, 0] / births).any())
    with np.errstate(invalid="ignore", divide="ignore"):
        if births is not None and by_births:
            values[:, 0, :-1] = np.log(enrolment[:, 0] / births)
        else:
            values[:, 0, 1:-1] = np.log(enrolment[:, 0, 1:] / enrolment[:, 0, :-1])
        values[:, 1:columns, 1:-1] = np.log(enrolment[:, 1:, 1:] / enrolment[:, :-1, :-1])
        if with_graduates:
            values[:, columns, 1:] = np.log(graduates / enrolment[:, -1])
    return Rates((*history.years, history.years[-1] + 1), values, by_births, with_graduates)


def births_by_year(history: History, years: tuple[int, ...]) -> Floats | None:
    """Return births by the year in which the children enter the first grade; the last known ones are held.

    Parameters
    ----------
    history : History.
    years : tuple of int, school years.

    Returns
    -------
    (region, year) array, births; None where the history has none.

    Notes
    -----
    Unit: births/year. Errors: none. Source: the history.
    """
    if history.births is None:
        return None
    known = history.births
    found = np.full((len(history.regions), len(years)), np.nan)
    for position, year in enumerate(years):
        before = [k for k, first in enumerate(known.first_grade_years) if first <= year]
        if before and (known.first_grade_years[before[-1]] == year or year > max(known.first_grade_years)):
            found[:, position] = known.births[:, before[-1]]
    return np.where(found > 0, found, np.nan)


@dataclass(frozen=True)
class GradeFit:
    """A history by grade with its fitted rates.

    Notes
    -----
    ``shared`` holds one row where rates are pooled, else one a region; ``own`` is None without pooling; ``entry`` is
    the growth of entrants where births are unknown. Unit: log points. Errors: none. Source: :func:`fit_grades`.
    """

    history: History
    rates: Rates
    shared: Fitted
    own: Fitted | None
    entry: Fitted | None

    @property
    def pooled(self) -> bool:
        """Return whether regions lend each other strength."""
        return self.own is not None

    @cached_property
    def carried(self) -> tuple[int, ...]:
        """Return the series of the panel, in its order; entry is apart where births are unknown."""
        return tuple(range(0 if self.rates.by_births else 1, self.rates.series))

    def cells(self, years: range) -> Cells:
        """Return the cells of all carried series in some years, series outermost."""
        return _cells(self.carried, tuple(years), self.rates)


def _cells(series: tuple[int, ...], years: tuple[int, ...], rates: Rates) -> Cells:
    one, year = (axis.ravel() for axis in np.meshgrid(series, years, indexing="ij"))
    leaving = (one == rates.series - 1) & rates.with_graduates
    return Cells(one.astype(np.int64), year.astype(np.int64), leaving)


def fit_grades(history: History) -> GradeFit:
    """Fit the rates of a history by grade.

    Parameters
    ----------
    history : History of kind ``grades``.

    Returns
    -------
    GradeFit.

    Notes
    -----
    What all regions share is the median over regions, series by series and year by year; how each departs from it is
    fitted with parameters common to all (empirical Bayes), so that a short or noisy history leans on the others.
    Errors: none. Source: MODEL, section 9.
    """
    rates = rates_of(history)
    first = 0 if rates.by_births else 1
    series = tuple(range(first, rates.series))
    values = rates.values[:, first:]
    cells = _cells(series, rates.years, rates)
    entry = None
    if not rates.by_births:
        entry_cells = Cells(
            np.zeros(len(rates.years), dtype=np.int64), np.array(rates.years), np.zeros(len(rates.years), dtype=bool)
        )
        entry = fit_panel(shared_covariance, ENTRY_PRIORS, entry_cells, rates.values[:, 0])
    if len(history.regions) < FEWEST_REGIONS:
        shared = fit_panel(shared_covariance, SHARED_PRIORS, cells, values.reshape(len(values), -1))
        return GradeFit(history, rates, shared, None, entry)
    middle = middle_of(values)
    shared = fit_panel(shared_covariance, SHARED_PRIORS, cells, middle.reshape(1, -1))
    priors = REGION_PRIORS | (LEAVING_PRIORS if rates.with_graduates else {})
    sizes = np.nanmean(history.enrolment, axis=(1, 2))
    own = fit_panel(region_covariance, priors, cells, (values - middle).reshape(len(values), -1), sizes)
    return GradeFit(history, rates, shared, own, entry)


def middle_of(values: Floats) -> Floats:
    """Return the median over regions where at least half of those that could be known are, else NaN.

    Parameters
    ----------
    values : (region, series, year) array.

    Returns
    -------
    (series, year) array.

    Notes
    -----
    Unit: that of the values. A region could be known that has the series in some year, and that year in some series:
    one that begins later, has ended or never counts graduates does not hide what the others have. Errors: none.
    Source: none.
    """
    known = np.isfinite(values)
    could = known.any(axis=2).astype(float).T @ known.any(axis=1).astype(float)
    enough = (known.sum(axis=0) * 2 >= could) & known.any(axis=0)
    filled = np.where(enough[None], values, 0.0)
    middle = np.nanmedian(filled, axis=0)
    return np.where(enough, middle, np.nan)


@dataclass(frozen=True)
class Ahead:
    """Counts to come of a history by grade.

    Notes
    -----
    Shape: ``enrolment`` (region, column, lead) and ``graduates`` (region, lead), most likely values; ``drawn`` and
    ``drawn_graduates`` the same with a leading draw axis. Unit: persons, persons/year. Errors: none. Source:
    :func:`carry_grades`.
    """

    enrolment: Floats
    graduates: Floats | None
    drawn: Floats
    drawn_graduates: Floats | None


def carry_grades(fit: GradeFit, leads: int, draws: int, seed: int) -> Ahead:
    """Carry a history by grade forward.

    Parameters
    ----------
    fit : GradeFit.
    leads : int, years ahead.
    draws : int.
    seed : int.

    Returns
    -------
    Ahead.

    Notes
    -----
    Each grade is the one below a year before times its ratio; the first grade follows births. Parameters, drift and
    noise are drawn together, keyed by region and last year. Unit: persons. Errors: none. Source: cohort survival,
    Shaw, Theory and practice of enrollment projection (1984).
    """
    last = fit.history.years[-1]
    mean, drawn = _rate_paths(fit, leads, draws, seed, last)
    births = births_by_year(fit.history, tuple(range(last + 1, last + leads + 1))) if fit.rates.by_births else None
    start = np.where(fit.history.enrolment[:, :, -1] > 0, fit.history.enrolment[:, :, -1], np.nan)
    columns = start.shape[1]
    middle = _roll(start, mean, births, columns, fit.rates)
    spread = _roll(np.broadcast_to(start, (draws, *start.shape)), drawn, births, columns, fit.rates)
    return Ahead(middle[0], middle[1], spread[0], spread[1])


def _rate_paths(fit: GradeFit, leads: int, draws: int, seed: int, last: int) -> tuple[Floats, Floats]:
    """Return log rates (region, series, lead + 1) and draws of them with a leading draw axis."""
    years = range(last + 1, last + leads + 2)
    cells = fit.cells(years)
    regions, carried = len(fit.history.regions), len(fit.carried)
    shape = (regions, carried, len(years))
    shared = foresee(fit.shared, cells)
    mean = np.broadcast_to(shared.mean.reshape(len(shared.mean), carried, len(years)), shape).copy()
    noise = np.zeros((draws, *shape))
    names = ["all"] if fit.pooled else list(fit.history.regions)
    for row, name in enumerate(names):
        here = _paths(shared, row, draws, seed, ("shared", name, last)).reshape(draws, 1, carried, len(years))
        noise[:, slice(None) if fit.pooled else slice(row, row + 1)] += here
    if fit.own is not None:
        own = foresee(fit.own, cells)
        mean += own.mean.reshape(shape)
        for row, name in enumerate(fit.history.regions):
            noise[:, row] += _paths(own, row, draws, seed, ("region", name, last)).reshape(draws, *shape[1:])
    if fit.entry is None:
        return mean, mean + noise
    zero = np.zeros(len(years), dtype=np.int64)
    entry = foresee(fit.entry, Cells(zero, np.array(years), zero.astype(bool)))
    first = np.stack([_paths(entry, r, draws, seed, ("entry", n, last)) for r, n in enumerate(fit.history.regions)], 1)
    # Without births nobody knows where entry turns: it is held, and its past swings set the spread alone.
    mean = np.concatenate([np.zeros((regions, 1, len(years))), mean], axis=1)
    return mean, mean + np.concatenate([first[:, :, None], noise], axis=2)


def _paths(found: Foreseen, row: int, draws: int, seed: int, key: tuple[object, ...]) -> Floats:
    root = found.roots[row]
    paths: Floats = keyed_normals(seed, key, (draws, len(root))) @ root.T
    return paths


def _roll(
    start: Floats, log_rates: Floats, births: Floats | None, columns: int, rates: Rates
) -> tuple[Floats, Floats | None]:
    leads = log_rates.shape[-1] - 1
    now = start
    path = np.empty((*start.shape, leads))
    left = np.empty((*start.shape[:-1], leads)) if rates.with_graduates else None
    for lead in range(leads):
        rate = np.exp(log_rates[..., :, lead])
        following = np.empty(start.shape)
        following[..., 1:] = now[..., :-1] * rate[..., 1:columns]
        following[..., 0] = (births[:, lead] if births is not None else now[..., 0]) * rate[..., 0]
        now = following
        path[..., lead] = now
        if left is not None:
            left[..., lead] = now[..., -1] * np.exp(log_rates[..., -1, lead + 1])
    return path, left


def describe(fit: GradeFit) -> Mapping[str, float]:
    """Return the parameters of a fit by name, shared ones first."""
    found = {f"shared_{name}": value for name, value in fit.shared.at.items()}
    return found | ({f"region_{name}": value for name, value in fit.own.at.items()} if fit.own else {})
