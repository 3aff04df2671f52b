"""A region of which only the stocks of a few years are known: cohorts by least squares, with rates that are usual."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.optimize import least_squares

from simvet.errors import InputError
from simvet.histories.components import Floats
from simvet.histories.labels import StageFacts, stage_facts
from simvet.histories.posterior import keyed_normals
from simvet.histories.table import History
from simvet.tables import home, number_of, read_cells, require_filled

USUAL = "data/histories/usual_rates.csv"
USUAL_COLUMNS = ("stage", "retention", "retention_spread", "share", "share_spread", "jump", "status", "source")
COUNTED = 0.005
"""Relative error of a published stock or flow: rounding to hundreds in a city. Assumed."""
SMOOTH = 0.08
"""Usual log change from one cohort to the next. Assumed, wide."""
LINKED = 0.05
"""Log error of entrants against leavers times their share, year by year. Assumed."""
KEPT = 0.004
"""Yearly log change of retention ahead. Assumed."""
FEWEST = 2
"""Years of a stock from which a stage is fitted."""


@dataclass(frozen=True)
class Usual:
    """Rates of a stage as they are in China at large, with how far a region may be from them.

    Notes
    -----
    Unit: log points a year, logits, log points. Errors: checked when read. Source: ``data/histories/usual_rates.csv``.
    """

    retention: float
    retention_spread: float
    share: float
    share_spread: float
    jump: float


@lru_cache(maxsize=1)
def usual_rates() -> dict[str, Usual]:
    """Return the usual rates by stage.

    Returns
    -------
    dict of stage -> Usual; ``share`` is NaN where nobody feeds the stage.

    Raises
    ------
    InputError : the table is wrong.

    Notes
    -----
    Shape: none. Unit: see Usual. Source: ``data/histories/usual_rates.csv``.
    """
    found = {}
    for cells, where in read_cells(home() / USUAL, USUAL_COLUMNS):
        require_filled(cells, ("stage", "retention", "retention_spread", "jump", "status", "source"), where)
        numbers = [
            number_of(cells[name], name, where) if cells[name] else float("nan")
            for name in ("retention", "retention_spread", "share", "share_spread", "jump")
        ]
        found[stage_facts(cells["stage"], where).canonical] = Usual(*numbers)
    return found


@dataclass(frozen=True)
class FewYears:
    """A region's cohorts and rates with their posterior.

    Notes
    -----
    Shape: ``best`` (parameter,), ``root`` (parameter, parameter); the parameters are log entrants of each stage from
    ``first`` on, then retention and the logit of the share of leavers, stage by stage. Unit: log persons, log points,
    logits. Errors: none. Source: :func:`fit_few_years`.
    """

    history: History
    facts: tuple[StageFacts, ...]
    first: tuple[int, ...]
    best: Floats
    root: Floats

    def cohort_slice(self, stage: int) -> slice:
        """Return where the cohorts of a stage stand among the parameters."""
        lengths = [self.history.years[-1] - first + 1 for first in self.first]
        start = int(sum(lengths[:stage]))
        return slice(start, start + lengths[stage])

    def rates(self, theta: Floats) -> tuple[Floats, Floats]:
        """Return retention and shares of all stages; the last axis of ``theta`` is the parameters."""
        stages = len(self.facts)
        shares = 1.0 / (1.0 + np.exp(-theta[..., -stages:]))
        return theta[..., -2 * stages : -stages], shares


def fit_few_years(history: History) -> FewYears:
    """Fit cohorts and rates to the stocks of a few years.

    Parameters
    ----------
    history : History of kind ``stages`` with one region; entrants and graduates where they are known.

    Returns
    -------
    FewYears.

    Raises
    ------
    InputError : there are several regions, or a stage has fewer than two years.

    Notes
    -----
    Least squares over unknown cohorts, retention and shares; usual rates of the country pull where the data are silent.
    The posterior is taken as normal around the best fit (Laplace). Unit: log points. Source: MODEL, section 1.
    """
    facts = tuple(stage_facts(column.stage) for column in history.columns)
    _require(history, facts)
    last = history.years[-1]
    # Cohorts reach back to those that are in the first stock, and to those that feed the cohorts of later stages.
    first = [history.years[0] - one.years + 1 for one in facts]
    names = [one.canonical for one in facts]
    for later, one in sorted(enumerate(facts), key=lambda pair: -pair[1].position):
        for feeder in (names.index(name) for name in one.feeders if name in names):
            first[feeder] = min(first[feeder], max(first[later], history.years[0]) - facts[feeder].years)
    shape = FewYears(history, facts, tuple(first), np.zeros(0), np.zeros((0, 0)))
    start = np.concatenate([_start(shape, s) for s in range(len(facts))] + [_usual_start(facts)])
    residuals = _residuals(shape, last)
    found = least_squares(residuals, start, method="trf", x_scale="jac")
    covariance = np.linalg.pinv(found.jac.T @ found.jac, hermitian=True)
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.clip(values, 0.0, None))
    return FewYears(history, facts, tuple(first), np.asarray(found.x, dtype=float), root)


def _require(history: History, facts: tuple[StageFacts, ...]) -> None:
    if history.kind != "stages" or len(history.regions) != 1:
        raise InputError(
            history.name, "a history of few years must have one region and whole stages", "Give one region at a time"
        )
    for stage, one in enumerate(facts):
        if np.isfinite(history.enrolment[0, stage]).sum() < FEWEST:
            raise InputError(
                history.name, "stage {stage!r} has fewer than {least} years of enrolment", "Leave the stage out",
                stage=one.key, least=FEWEST,
            )  # fmt: skip


def _start(shape: FewYears, stage: int) -> Floats:
    known = shape.history.enrolment[0, stage]
    level = np.log(np.nanmean(known) / shape.facts[stage].years)
    part = shape.cohort_slice(stage)
    return np.full(part.stop - part.start, float(level))


def _usual_start(facts: tuple[StageFacts, ...]) -> Floats:
    usual = [usual_rates()[one.canonical] for one in facts]
    shares = np.array([one.share if np.isfinite(one.share) else 0.5 for one in usual])
    return np.concatenate([[one.retention for one in usual], np.log(shares / (1 - shares))])


def _residuals(shape: FewYears, last: int) -> Callable[[Floats], Floats]:
    """Return the function of residuals, each in standard deviations."""
    history, facts = shape.history, shape.facts
    usual = [usual_rates()[one.canonical] for one in facts]
    names = [one.canonical for one in facts]
    start = _usual_start(facts)[len(facts) :]

    def residuals(theta: Floats) -> Floats:
        retention, shares = shape.rates(theta)
        cohorts = [theta[shape.cohort_slice(s)] for s in range(len(facts))]
        found: list[float] = []
        for s, one in enumerate(facts):
            for place, year in enumerate(history.years):
                at = year - shape.first[s]
                in_stock = np.arange(one.years)
                stock = np.exp(cohorts[s][at - in_stock] + retention[s] * in_stock).sum()
                for count, model in (
                    (history.enrolment[0, s, place], float(np.log(stock))),
                    (history.entrants[0, s, place], float(cohorts[s][at])),
                ):
                    if np.isfinite(count) and count > 0:
                        found.append((float(np.log(count)) - model) / COUNTED)
                left = history.graduates[0, s, place]
                if np.isfinite(left) and left > 0 and at - one.years >= 0:
                    kept = cohorts[s][at - one.years] + retention[s] * one.years
                    found.append(float(np.log(left) - kept) / (2 * COUNTED))
            found += list(np.diff(cohorts[s]) / SMOOTH)
            found.append(float(retention[s] - usual[s].retention) / usual[s].retention_spread)
            feeders = [names.index(name) for name in one.feeders if name in names]
            spread = usual[s].share_spread if feeders else 1.0
            found.append(float(theta[len(theta) - len(facts) + s] - start[s]) / spread)
            for year in range(max(shape.first[s], history.years[0]), last + 1) if feeders else ():
                leavers = sum(_leavers(shape, cohorts[f], retention[f], f, year) for f in feeders)
                found.append(float(cohorts[s][year - shape.first[s]] - np.log(shares[s] * leavers)) / LINKED)
        return np.array(found)

    return residuals


def _leavers(shape: FewYears, cohorts: Floats, retention: Floats | float, stage: int, year: int) -> Floats:
    """Return those who leave a stage in a summer; the last axis of ``cohorts`` is the year of entry."""
    years = shape.facts[stage].years
    place = year - years - shape.first[stage]
    left: Floats = np.exp(cohorts[..., max(place, 0)] + np.asarray(retention) * years)
    return left


def carry_few_years(fit: FewYears, leads: int, draws: int = 1000, seed: int = 1) -> Floats:
    """Carry the stocks of a region forward.

    Parameters
    ----------
    fit : FewYears.
    leads : int, years ahead.
    draws : int.
    seed : int.

    Returns
    -------
    (draw, stage, lead) array, persons.

    Notes
    -----
    Cohorts and rates are drawn from their posterior; new cohorts of the first stage wander around the last one, those
    of later stages are the leavers times a share that wanders as usual (``jump``). Errors: none. Source: MODEL, 1.
    """
    last, stages = fit.history.years[-1], len(fit.facts)
    key = ("few years", fit.history.regions[0], last)
    theta = fit.best + keyed_normals(seed, (*key, "posterior"), (draws, len(fit.best))) @ fit.root.T
    retention, shares = fit.rates(theta)
    names = [one.canonical for one in fit.facts]
    # Stages of a history stand in the order of the pathway, so that feeders come before those they feed.
    cohorts: list[Floats] = []
    for s in range(stages):
        known = theta[:, fit.cohort_slice(s)]
        steps = keyed_normals(seed, (*key, "jump", names[s]), (draws, leads)) * usual_rates()[names[s]].jump
        feeders = [names.index(name) for name in fit.facts[s].feeders if name in names]
        new = known[:, -1:] + np.cumsum(steps, axis=1)
        if feeders:
            years = range(last + 1, last + leads + 1)
            left = [sum(_leavers(fit, cohorts[f], retention[:, f], f, year) for f in feeders) for year in years]
            new = np.log(shares[:, s, None] * np.stack(left, axis=1)) + np.cumsum(steps, axis=1)
        cohorts.append(np.concatenate([known, new], axis=1))
    stocks = np.empty((draws, stages, leads))
    for s in range(stages):
        change = np.cumsum(keyed_normals(seed, (*key, "kept", names[s]), (draws, leads)) * KEPT, axis=1)
        for lead in range(1, leads + 1):
            at = last + lead - fit.first[s]
            ages = np.arange(fit.facts[s].years)
            kept = (retention[:, s, None] + change[:, lead - 1 : lead]) * ages
            stocks[:, s, lead - 1] = np.exp(cohorts[s][:, at - ages] + kept).sum(axis=1)
    return stocks
