"""Bands that have been right: the spread of a forecast, scaled by how far earlier forecasts were off."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simvet.histories.components import Floats
from simvet.histories.outlook import Series

INNER = 0.8
"""Part of the cases that a band is meant to cover."""
AIM = 0.81
"""Quantile of past errors that is taken for it, one point more because errors of a year come together. Assumed."""
NORMAL = 1.2815515655446004
"""Standard deviations that hold the inner 80 % of a normal distribution."""
START = {"stage": 0.68, "grade": 0.82, "graduates": 0.65, "stages": 0.8}
"""Scale before there is any experience: of whole stages, single grades and graduates in histories by grade, and of
histories by stage; assumed, after the first origins of hindcasts."""
ORIGINS_WORTH = 1.0
"""Origins that what is already thought is worth against those that have been seen."""
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
        The 80 % quantile of past errors against a normal one's (split conformal), half of all regions, half of those
        of its size, drawn to the scale of the lead before by the number of origins; a lead of which nothing was seen
        is taken to be no better known than the start. Unit: ratio. Errors: none. Source: Angelopoulos & Bates, A
        gentle introduction to conformal prediction (2023), section 1.
        """
        start = found = START[self._start_of(series)]
        for step in range(1, lead + 1):
            past = [(errors, size) for seen, errors, size in self.errors.get((series.group, step), []) if seen <= now]
            found = max(found, start)
            if past:
                weight = len(past) / (len(past) + ORIGINS_WORTH)
                every = np.concatenate([errors for errors, _ in past])
                alike = np.concatenate([errors[size == small] for errors, size in past])
                logs = np.log(_reach(every)) if alike.size < FEWEST_ALIKE else np.log(_reach(every) * _reach(alike)) / 2
                found = float(np.exp(weight * logs + (1 - weight) * np.log(found)))
        return found

    def _start_of(self, series: Series) -> str:
        if self.kind == "stages":
            return "stages"
        if series.measure == "graduates":
            return "graduates"
        return "stage" if series.grade is None else "grade"


def _reach(errors: Floats) -> float:
    """Return the 80 % quantile of errors, one more being on its way, in that of a normal distribution."""
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
