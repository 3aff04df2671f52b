"""What a fit says of each rate, how sure it is, and which parameters the data cannot tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from simvet.histories.components import Cells, Floats, Pairs, Prior
from simvet.histories.fitting import Fitted, loss_curvature
from simvet.histories.grades import GradeFit
from simvet.histories.posterior import foresee, keyed_normals
from simvet.histories.stages import CEILING, StageFit
from simvet.histories.trends import Path

NORMAL_90 = 1.6448536269514722
TOLD = 0.7
"""Share of the prior's spread below which the data are said to tell a parameter. Assumed."""


@dataclass(frozen=True)
class Rate:
    """One rate of one region with its 90 % interval.

    Notes
    -----
    Shape: none. Unit: ``unit``; ``kind`` is entry, progression, graduation, retention, share, intake or places;
    ``leaned`` the share of the estimate that comes from other regions, NaN where they are not pooled. Errors: none.
    Source: the fit.
    """

    region: str
    stage: str
    grade: int | None
    kind: str
    value: float
    low: float
    high: float
    unit: str
    leaned: float


@dataclass(frozen=True)
class Parameter:
    """A parameter of the covariances, on the scale that it is fitted on, with what the data add to its prior.

    Notes
    -----
    Unit: variances as logs, persistences as logits. ``told`` is whether the data narrow the prior. Errors: none.
    Source: curvature of the penalised likelihood (Laplace).
    """

    name: str
    value: float
    spread: float
    prior_spread: float

    @property
    def told(self) -> bool:
        """Return whether the data say more about it than was thought before."""
        return self.spread < TOLD * self.prior_spread


def grade_rates(fit: GradeFit) -> list[Rate]:
    """Return the underlying rates of a history by grade in its last year.

    Parameters
    ----------
    fit : GradeFit.

    Returns
    -------
    list of Rate, region by region along the pathway.

    Notes
    -----
    What comes and goes with a year is left out. Unit: persons a year later per person;
    entry per birth. Errors: none. Source: MODEL, section 3.
    """
    mean, deviation = underlying_rates(fit)
    own = _own_weight(fit)
    rates: list[Rate] = []
    columns = fit.history.columns
    for r, region in enumerate(fit.history.regions):
        for k, series in enumerate(fit.carried):
            leaving = fit.rates.with_graduates and series == fit.rates.series - 1
            kind = "graduation" if leaving else "entry" if series == 0 else "progression"
            column = columns[-1] if leaving else columns[series]
            unit = "per birth" if kind == "entry" else "per person a year before"
            low, value, high = np.exp(mean[r, k] + NORMAL_90 * deviation[r, k] * np.array([-1.0, 0.0, 1.0]))
            grade = None if leaving else column.grade
            rates.append(
                Rate(region, column.stage, grade, kind, float(value), float(low), float(high), unit, float(own[r, k]))
            )
    return rates


def underlying_rates(fit: GradeFit) -> tuple[Floats, Floats]:
    """Return mean and standard deviation of the log rates of the last year; (region, series)."""
    cells = _last_cells(fit)
    shared = foresee(fit.shared, cells, noise=False)
    if fit.own is None:
        return shared.mean, np.sqrt(shared.variance())
    own = foresee(fit.own, cells, noise=False)
    return shared.mean + own.mean, np.sqrt(shared.variance() + own.variance())


def rate_draws(fit: GradeFit, draws: int, seed: int) -> Floats:
    """Return draws of the log rates that go on, for an ensemble.

    Parameters
    ----------
    fit : GradeFit.
    draws : int.
    seed : int.

    Returns
    -------
    (draw, region, series) array, log points; series as in ``fit.carried``.

    Notes
    -----
    Keyed by region and last year. Errors: none. Source: the posterior, given the fitted covariances.
    """
    cells = _last_cells(fit)
    last = fit.history.years[-1]
    names = fit.history.regions
    shape = (draws, len(cells.year))
    shared = foresee(fit.shared, cells, noise=False)
    if fit.own is None:
        parts = [keyed_normals(seed, ("rates", n, last), shape) @ shared.roots[r].T for r, n in enumerate(names)]
        return shared.mean + np.stack(parts, axis=1)
    own = foresee(fit.own, cells, noise=False)
    together = keyed_normals(seed, ("rates", "all", last), shape) @ shared.roots[0].T
    parts = [keyed_normals(seed, ("rates", n, last), shape) @ own.roots[r].T for r, n in enumerate(names)]
    drawn: Floats = shared.mean + own.mean + together[:, None] + np.stack(parts, axis=1)
    return drawn


def _last_cells(fit: GradeFit) -> Cells:
    return fit.cells(range(fit.history.years[-1], fit.history.years[-1] + 1))


def _own_weight(fit: GradeFit) -> Floats:
    """Return the share of what a region's departure would be on its own data that pooling takes away."""
    shape = (len(fit.history.regions), len(fit.carried))
    if fit.own is None:
        return np.full(shape, np.nan)
    cells = _last_cells(fit)
    before = np.diag(fit.own.covariance(Pairs.of(cells, cells), fit.own.at))
    after = foresee(fit.own, cells, noise=False).variance() / fit.own.scales[:, None] ** 2
    return np.clip(after / before, 0.0, 1.0)


def stage_rates(fit: StageFit) -> list[Rate]:
    """Return the rates of a history by stage in the year after it.

    Parameters
    ----------
    fit : StageFit.

    Returns
    -------
    list of Rate: retention, entry per leaver that earlier options leave, growth of intake and of enrolment.

    Notes
    -----
    Retention is what is left after dropout and departure, arrivals taken in: the parts are not told apart. Unit: said
    with each. Errors: none. Source: MODEL, section 3.
    """
    rates: list[Rate] = []
    last = fit.history.years[-1]
    for (region, stage), ways in fit.ways.items():
        name, where = fit.history.regions[region], fit.facts[stage].canonical

        def add(kind: str, path: Path, unit: str, name: str = name, where: str = where, base: float = 0.0) -> None:
            step = np.array([-1.0, 0.0, 1.0]) * NORMAL_90 * float(path.root[0, 0])
            low, value, high = (_of(kind, float(path.mean[0]) - base + one) for one in step)
            rates.append(Rate(name, where, None, kind, value, low, high, unit, float("nan")))

        add("retention", ways.retention, "per student a year before, entrants and graduates aside")
        if ways.share is not None:
            add("share", ways.share, "entrants per leaver left by earlier options")
        position = fit.history.years.index(last)
        entrants = fit.history.entrants[region, stage, position]
        if np.isfinite(entrants) and entrants > 0:
            add("intake", ways.intake, "entrants per entrant a year before", base=float(np.log(entrants)))
        enrolment = fit.history.enrolment[region, stage, position]
        if np.isfinite(enrolment) and enrolment > 0:
            add("places", ways.places, "students per student a year before", base=float(np.log(enrolment)))
    return rates


def _of(kind: str, value: float) -> float:
    return float(CEILING / (1.0 + np.exp(-value))) if kind == "share" else float(np.exp(value))


def parameters_of(fitted: Fitted, priors: Mapping[str, Prior], prefix: str) -> list[Parameter]:
    """Return the parameters of a panel with what the data add to their priors.

    Parameters
    ----------
    fitted : Fitted.
    priors : mapping of parameter -> Prior.
    prefix : str; said before each name.

    Returns
    -------
    list of Parameter.

    Notes
    -----
    The posterior is taken as normal around its peak; its spread is the root of the inverse curvature. Unit: see
    Parameter. Errors: none. Source: Laplace's approximation, Tierney & Kadane (1986).
    """
    curvature = loss_curvature(fitted, priors)
    spread = np.sqrt(np.clip(np.diag(np.linalg.pinv(curvature, hermitian=True)), 0.0, None))
    return [
        Parameter(f"{prefix}{name}", fitted.at[name], float(min(spread[k], prior.spread)), prior.spread)
        for k, (name, prior) in enumerate(priors.items())
    ]
