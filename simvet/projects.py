"""Projects drawn: when each unit opens in each draw, what it brings and what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from simvet.draws import Draws
from simvet.rules.names import PROJECT_STAGES
from simvet.rules.pipeline import FIRST_OF_SEPTEMBER, NEVER, filled_share, latest_start, opening_year, spent_in_year
from simvet.sampling import triangular
from simvet.scenario import Project, Spread

Floats = NDArray[np.float64]


class Drawn(Protocol):
    """A spread -> its value in every draw, keyed by part and unit."""

    def __call__(self, spread: Spread, part: str, unit: int = 0) -> Floats:
        """Return the values, shape (draw,), in the spread's unit."""


CONFIDENCE = 0.5
"""Part of the draws in which a project approved in the latest year has to make it: more likely than not."""
GRADUALLY = "closing"
"""Kind of project whose places go grade by grade, as the students in them finish."""


@dataclass(frozen=True)
class Built:
    """A project in every draw.

    Notes
    -----
    Shape: (draw, unit). Unit: ``places`` and ``cost`` of each unit in places (persons/year for an upgrade) and CNY,
    ``opening`` school years, ``start`` and ``finish`` calendar years, ``duration`` years. Units beyond a drawn count
    bring nothing and cost nothing. Errors: none. Source: the project.
    """

    project: Project
    places: Floats
    opening: Floats
    start: Floats
    finish: Floats
    duration: Floats
    cost: Floats
    exists: NDArray[np.bool_]

    def open_by(self, year: int) -> NDArray[np.bool_]:
        """Return which units are open by 1 September of a year, shape (draw, unit)."""
        return self.exists & (self.opening <= year)

    def brought(self, year: int) -> Floats:
        """Return what the units open by a year bring, shape (draw,)."""
        return np.asarray(np.where(self.open_by(year), self.places, 0.0).sum(axis=1))

    def usable(self, year: int, grades: int) -> Floats:
        """Return the places that can hold students in a year: a new school fills, a closing one empties, by grade."""
        gradual = self.project.kind == GRADUALLY or self.project.places.high > 0.0
        share = filled_share(self.opening, year, grades) if gradual else (self.opening <= year).astype(np.float64)
        return np.asarray(np.where(self.exists, self.places * share, 0.0).sum(axis=1))

    def spent(self, year: int) -> Floats:
        """Return what the units cost in a calendar year, CNY/year, shape (draw,); a failed one costs nothing."""
        cost = np.where(self.exists & (self.opening < NEVER), self.cost, 0.0)
        return np.asarray(spent_in_year(self.start, self.finish, cost, year).sum(axis=1))

    def latest_start(self, year: int) -> int:
        """Return the last calendar year at whose beginning such a unit could be approved to be open in ``year``."""
        return latest_start(self.duration[:, 0], year, CONFIDENCE)


def build(project: Project, draws: Draws, count: int, vary: bool) -> Built:
    """Return a project in every draw.

    Parameters
    ----------
    project : Project.
    draws : Draws, the keyed random numbers.
    count : int, draws.
    vary : bool; False holds everything at its central value, and lets nothing fail.

    Returns
    -------
    Built.

    Notes
    -----
    Unit: see Built. Errors: none; projects are checked when they are read. Every unit has its own durations and its own
    luck; places, start, count and risk are the project's. Source: MODEL, section 5.
    """
    if not project.durations and project.opening is None:
        raise ValueError(f"project {project.name!r} has neither an opening nor durations")
    units = int(np.ceil(project.count.high))

    def drawn(spread: Spread, part: str, unit: int = 0) -> Floats:
        name = f"{project.region}/{project.name}/{part}"
        if name in draws.given:
            return draws.given[name]
        if not vary:
            return np.full(count, spread.value)
        return triangular(draws.each("project", unit, name, count), spread.low, spread.value, spread.high)

    number = np.rint(drawn(project.count, "count"))
    exists = np.arange(units)[None, :] < number[:, None]
    each = [drawn(project.places, "places", unit) for unit in range(units)]
    costs = [drawn(project.cost, "cost", unit) for unit in range(units)]
    durations = [_duration(project, drawn, unit) for unit in range(units)]
    duration = np.stack(durations, axis=1) if project.durations else np.zeros((count, units))
    failed = np.zeros((count, units), dtype=np.bool_)
    if vary:
        risk = drawn(project.failure, "failure")
        luck = [draws.each("project", u, f"{project.region}/{project.name}/luck", count) for u in range(units)]
        failed = np.stack(luck, axis=1) < risk[:, None]
    if project.opening is not None:
        # The date is given to see what it decides: it holds, and nothing fails.
        fixed = np.rint(drawn(project.opening, "opening"))
        opening = np.repeat(fixed[:, None], units, axis=1)
        finish = opening + FIRST_OF_SEPTEMBER
        start = finish - duration
    else:
        start = _starts(project, drawn, number, units)
        finish = start + _left(project, drawn, duration, units)
        opening = opening_year(start, finish - start, failed)
    return Built(project, np.stack(each, axis=1), opening, start, finish, duration, np.stack(costs, axis=1), exists)


def _duration(project: Project, drawn: Drawn, unit: int) -> Floats:
    """Return the years of all stages of one unit, shape (draw,)."""
    total = [drawn(project.durations[s], s, unit) for s in PROJECT_STAGES if s in project.durations]
    return np.asarray(sum(total))


def _left(project: Project, drawn: Drawn, duration: Floats, units: int) -> Floats:
    """Return the years that are still to go from ``start`` on: the stages before the one reached are behind it."""
    if not project.reached:
        return duration
    gone = PROJECT_STAGES[: PROJECT_STAGES.index(project.reached)]
    behind = [
        np.asarray(sum(drawn(project.durations[s], s, unit) for s in gone) + np.zeros(duration.shape[0]))
        for unit in range(units)
    ]
    return duration - np.stack(behind, axis=1)


def _starts(project: Project, drawn: Drawn, number: Floats, units: int) -> Floats:
    """Return when each unit starts: one after the other from the start to the last start."""
    if project.start is None:
        raise ValueError(f"project {project.name!r} has no start")
    first = drawn(project.start, "start")
    steps = np.arange(units)[None, :] / np.maximum(number - 1.0, 1.0)[:, None]
    room = np.maximum(project.last_start - first, 0.0)
    return np.asarray(first[:, None] + room[:, None] * np.clip(steps, 0.0, 1.0))
