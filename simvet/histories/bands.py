"""Bands that have been right: the spread of a forecast, scaled by how far earlier forecasts were off."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simvet.histories.components import Floats
from simvet.histories.outlook import Series

AIM = 0.81
"""Quantile of past errors that is taken for the 80 % that a band is meant to cover, one point more because errors of a
year come together. Assumed."""
NORMAL = 1.2815515655446004
"""Standard deviations that hold the inner 80 % of a normal distribution."""
START = {"stage": 0.62, "grade": 0.82, "graduates": 0.75, "stages": 0.8}
"""Scale before there is any experience: of whole stages, single grades and graduates in histories by grade, and of
histories by stage; assumed, after the first origins of hindcasts."""
ORIGINS_WORTH = {"grades": 1.0, "stages": 3.0}
"""Sets of errors that what is already thought is worth against one seen; in a history by stage a set has few errors.
Assumed."""
LEAST_SCALE = 0.5
"""Least scale of a band of which fewer errors than FEWEST_ALIKE were seen: two good guesses are no proof. Assumed."""
ALIKE = 0.7
"""Weight of regions of the same size against all regions. Assumed."""
FEWEST_ALIKE = 8
"""Errors from which regions of a size get a scale of their own."""
FARTHEST = 6.0
"""Standard deviations at which an error is cut, so that one break does not set the scale alone."""


@dataclass
class Experience:
    """Errors of forecasts made before, in units of the spread that they were made with.

    Notes
    -----
    Shape: ``errors`` maps (group, lead) to (year in which they were seen, (region,) errors, (region,) whether it is one
    of the small). Unit: standard deviations. Errors: none. Source: hindcasts from earlier origins of the same history.
    """

    kind: str
    errors: dict[tuple[tuple[str, str], int], list[tuple[int, Floats, NDArray[np.bool_]]]] = field(default_factory=dict)

    def add(self, series: Series, lead: int, seen: int, errors: Floats, small: NDArray[np.bool_]) -> None:
        """Keep the errors of all regions of one series at one lead, seen in a year."""
        known = np.isfinite(errors)
        if known.any():
            cut = np.minimum(np.abs(errors[known]), FARTHEST)
            self.errors.setdefault((series.group, lead), []).append((seen, cut, small[known]))
            if self.kind == "stages":
                self.errors.setdefault((_together(series), lead), []).append((seen, cut, small[known]))

    def scale(self, series: Series, lead: int, now: int, small: bool) -> float:
        """Return by how much the spread of a series at a lead is to be multiplied, from what was seen up to a year.

        Parameters
        ----------
        series : Series.
        lead : int, years ahead.
        now : int; errors seen later do not count.
        small : bool; whether the region is one of the smaller half.

        Returns
        -------
        float.

        Notes
        -----
        The AIM quantile of past errors against a normal one's (split conformal): mostly those of regions of its
        size; by stage half of all stages, half of its own. It is drawn to the scale of the lead before by the number of
        origins; a lead of which nothing was seen is taken to be no better known than the start. Unit:
        ratio. Errors: none. Source: Angelopoulos & Bates, A gentle introduction to conformal prediction (2023), 1.
        """
        start = found = START[self._start_of(series)]
        for step in range(1, lead + 1):
            own = self._seen(series.group, step, now)
            found = max(found, start)
            if own:
                weight = len(own) / (len(own) + ORIGINS_WORTH[self.kind])
                logs, count = self._logs(series, step, now, small)
                learned = float(np.exp(weight * logs + (1 - weight) * np.log(found)))
                found = learned if count >= FEWEST_ALIKE else max(learned, LEAST_SCALE)
        return found

    def _seen(self, group: tuple[str, str], lead: int, now: int) -> list[tuple[Floats, NDArray[np.bool_]]]:
        return [(errors, size) for seen, errors, size in self.errors.get((group, lead), []) if seen <= now]

    def _logs(self, series: Series, lead: int, now: int, small: bool) -> tuple[float, int]:
        """Return the log of the scale that errors speak for, and how many of the series' own there are."""
        own = self._seen(series.group, lead, now)
        alike = np.concatenate([errors if self.kind == "stages" else errors[size == small] for errors, size in own])
        wider = self._seen(_together(series), lead, now) if self.kind == "stages" else own
        every = np.concatenate([errors for errors, _ in wider])
        own_count = sum(errors.size for errors, _ in own)
        if self.kind == "grades" and alike.size < FEWEST_ALIKE:
            return float(np.log(_reach(every))), own_count
        weight = ALIKE if self.kind == "grades" else 0.5
        return float(weight * np.log(_reach(alike)) + (1 - weight) * np.log(_reach(every))), own_count

    def _start_of(self, series: Series) -> str:
        if self.kind == "stages":
            return "stages"
        if series.measure == "graduates":
            return "graduates"
        return "stage" if series.grade is None else "grade"


def _together(series: Series) -> tuple[str, str]:
    """Return the group of all stages of a measure: one region has too few errors of each."""
    return (series.measure, "")


def _reach(errors: Floats) -> float:
    """Return the AIM quantile of errors, one more being on its way, in the 80 % quantile of a normal distribution."""
    some = np.sort(errors)
    place = min(int(np.ceil(AIM * (some.size + 1))), some.size) - 1
    return max(float(some[place]) / NORMAL, 0.1)


def widened(drawn: Floats, middle: Floats, scale: Floats) -> Floats:
    """Return draws whose log distance from the most likely value is scaled.

    Parameters
    ----------
    drawn : (draw, ...) array, persons.
    middle : (...) array, persons.
    scale : (...) array.

    Returns
    -------
    (draw, ...) array, persons.

    Notes
    -----
    Unit: persons. Errors: none. Source: none.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        away = np.log(np.maximum(drawn, 1e-9)) - np.median(np.log(np.maximum(drawn, 1e-9)), axis=0)
        found: Floats = middle * np.exp(scale * away)
    return found
