"""A forecast of any history: its series, most likely values and draws, by grade or by stage."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simvet.errors import InputError
from simvet.histories.components import Floats
from simvet.histories.grades import GradeFit, carry_grades, fit_grades
from simvet.histories.stages import StageFit, carry_stages, fit_stages
from simvet.histories.table import History

LEAST_YEARS_FIT = 4
"""Years of a region from which rates are fitted: three changes. Four years are the least on which anything rests."""
MEASURES = ("enrolment", "entrants", "graduates")


@dataclass(frozen=True, order=True)
class Series:
    """What is foretold: a count of a stage, or of one grade of it.

    Notes
    -----
    Shape: none. Unit: persons, persons/year for entrants and graduates. Errors: none. Source: the history.
    """

    measure: str
    stage: str
    grade: int | None = None

    @property
    def group(self) -> tuple[str, str]:
        """Return the series whose errors are alike: a stage's own, and all single grades together."""
        return (self.measure, self.stage if self.grade is None else "grade")


@dataclass(frozen=True)
class Sight:
    """The series of a history as they were counted.

    Notes
    -----
    Shape: ``counts`` (region, series, year), NaN where unknown. Unit: persons. Errors: none. Source: the history.
    """

    series: tuple[Series, ...]
    counts: Floats


@dataclass(frozen=True)
class Outlook:
    """What a history lets one expect.

    Notes
    -----
    Shape: ``middle`` (region, series, lead); ``drawn`` (draw, region, series, lead), both before any widening by
    experience. Unit: persons, persons/year. Errors: none. Source: :func:`outlook`.
    """

    regions: tuple[str, ...]
    origin: int
    series: tuple[Series, ...]
    middle: Floats
    drawn: Floats
    fit: GradeFit | StageFit

    @cached_property
    def small(self) -> NDArray[np.bool_]:
        """Return which regions belong to the smaller half, by their students; (region,)."""
        with np.errstate(invalid="ignore"):
            sizes = np.nanmean(self.fit.history.enrolment, axis=(1, 2))
        smaller: NDArray[np.bool_] = sizes < np.median(sizes)
        return smaller

    @cached_property
    def deviation(self) -> Floats:
        """Return the standard deviation of the log counts, by the middle 80 % of draws; (region, series, lead)."""
        with np.errstate(invalid="ignore", divide="ignore"):
            low, high = np.quantile(np.log(np.maximum(self.drawn, 1e-9)), (0.1, 0.9), axis=0)
        return np.asarray((high - low) / (2 * 1.2815515655446004), dtype=float)


def sight_of(history: History) -> Sight:
    """Return the series of a history that can be foretold, as they were counted.

    Parameters
    ----------
    history : History.

    Returns
    -------
    Sight.

    Notes
    -----
    Unit: persons. A stage of several grades is a series of its own; it is unknown where one of its grades is. Errors:
    none. Source: the history.
    """
    if history.kind == "stages":
        series = [Series(m, column.stage) for m in MEASURES for column in history.columns]
        counts = np.concatenate([history.enrolment, history.entrants, history.graduates], axis=1)
        return Sight(tuple(series), counts)
    cells = [Series("enrolment", column.stage, column.grade) for column in history.columns]
    sums = stage_sums(history)
    whole = [Series("enrolment", stage) for stage, _ in sums]
    summed = [history.enrolment[:, list(columns)].sum(axis=1) for _, columns in sums]
    leaving = [Series("graduates", history.columns[-1].stage)]
    counts = np.concatenate([history.enrolment, np.stack(summed, axis=1), history.graduates[:, -1:]], axis=1)
    return Sight(tuple(cells + whole + leaving), counts)


def stage_sums(history: History) -> list[tuple[str, tuple[int, ...]]]:
    """Return each stage of a history by grade with the columns of its grades."""
    stages = list(dict.fromkeys(column.stage for column in history.columns))
    return [(s, tuple(k for k, column in enumerate(history.columns) if column.stage == s)) for s in stages]


def outlook(history: History, leads: int, draws: int = 400, seed: int = 1) -> Outlook:
    """Return what a history lets one expect.

    Parameters
    ----------
    history : History.
    leads : int, years ahead.
    draws : int.
    seed : int.

    Returns
    -------
    Outlook.

    Raises
    ------
    InputError : no lead or no draw is asked for.

    Notes
    -----
    Unit: persons. Source: MODEL, section 9.
    """
    if leads < 1 or draws < 2:
        raise InputError("forecast", "at least one year ahead and two draws are needed", "Ask for more")
    series = sight_of(history).series
    if history.kind == "stages":
        stage_fit = fit_stages(history, leads)
        found = carry_stages(stage_fit, draws, seed)
        middle = np.concatenate([found.enrolment, found.entrants, found.graduates], axis=1)
        drawn = np.concatenate([found.drawn_enrolment, found.drawn_entrants, found.drawn_graduates], axis=2)
        return Outlook(history.regions, history.years[-1], series, middle, drawn, stage_fit)
    fit = fit_grades(history)
    ahead = carry_grades(fit, leads, draws, seed)
    sums = [list(columns) for _, columns in stage_sums(history)]
    leaving = np.full((len(history.regions), 1, leads), np.nan)
    drawn_leaving = np.full((draws, *leaving.shape), np.nan)
    if ahead.graduates is not None and ahead.drawn_graduates is not None:
        leaving, drawn_leaving = ahead.graduates[:, None], ahead.drawn_graduates[:, :, None]
    whole = np.stack([ahead.enrolment[:, some].sum(axis=1) for some in sums], axis=1)
    drawn_whole = np.stack([ahead.drawn[:, :, some].sum(axis=2) for some in sums], axis=2)
    middle = np.concatenate([ahead.enrolment, whole, leaving], axis=1)
    drawn = np.concatenate([ahead.drawn, drawn_whole, drawn_leaving], axis=2)
    return Outlook(history.regions, history.years[-1], series, middle, drawn, fit)
