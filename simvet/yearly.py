"""The one year loop."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from simvet.books import Books
from simvet.indicators import progression_rate, retention_rate
from simvet.schedule import Schedule, YearTerms
from simvet.supply.yearly import Supply

Floats = NDArray[np.float64]


class World(Protocol):
    """An engine's state, moved on a school year at a time.

    Notes
    -----
    Shape: (draw, region, ...), as ``books.AXES`` has them. Unit: persons. Errors: none. Source: ARCHITECTURE, the
    heart.
    """

    def opening_rows(self) -> dict[str, Floats]:
        """Return what the opening balances say of the first year."""

    def step(self, year: int, terms: YearTerms) -> dict[str, Floats]:
        """Move on to autumn of ``year`` and report what happened."""


class YearLoop:
    """A run on its way: students, resources and books, one school year after the other.

    Notes
    -----
    Shape: books are (draw, year, region, ...). Unit: persons, persons/year. Errors: BalanceError from :meth:`finish`.
    Source: ARCHITECTURE, the heart.
    """

    def __init__(self, schedule: Schedule, world: World) -> None:
        self.schedule, self.world = schedule, world
        scenario = schedule.scenario
        regions = tuple(case.region for case in scenario.regions)
        kept = tuple(int(year) for year in schedule.calendar if year >= scenario.base_year)
        self.books = Books.empty(scenario.pathway, regions, kept, schedule.count, schedule.uncertainty.chance)
        self.supply = Supply(schedule)
        self.year = schedule.first
        rows = world.opening_rows()
        rows.update(self.supply.close_year(self.year, rows["stock"]))
        self.books.enter(self.year, rows)
        self.base = self._seen(rows)
        self.attractiveness = np.zeros((schedule.count, len(regions)))

    @property
    def over(self) -> bool:
        """Return whether the last school year has been reached."""
        return self.year >= int(self.schedule.calendar[-1])

    def advance(self) -> dict[str, Floats]:
        """Move on by one school year; return its rows."""
        self.year += 1
        terms = self.schedule.terms(self.year, self.attractiveness, self.supply.open_year(self.year))
        rows = self.world.step(self.year, terms)
        rows.update(self.supply.close_year(self.year, rows["stock"]))
        self.books.enter(self.year, rows)
        self.attractiveness = attractiveness_since(self.schedule, self.base, self._seen(rows))
        return rows

    def finish(self) -> Books:
        """Run the years that are left and return the books, balanced.

        Raises
        ------
        BalanceError : the engine lost or invented a student.
        """
        while not self.over:
            self.advance()
        self.books.check_balance()
        return self.books

    def _seen(self, rows: dict[str, Floats]) -> dict[str, Floats]:
        """Return what families look at, shape (draw, region) each."""
        return {**_rates(self.books, rows), **self.supply.families_see(rows, self.year)}


def _rates(books: Books, rows: dict[str, Floats]) -> dict[str, Floats]:
    """Return what families look at, read off the rows of one year, shape (draw, region) each."""
    page = replace(books, years=(0,), arrays={name: values[:, None] for name, values in rows.items()})
    return {"progression": progression_rate(page)[:, 0], "work_retention": retention_rate(page)[:, 0]}


def attractiveness_since(schedule: Schedule, base: dict[str, Floats], now: dict[str, Floats]) -> Floats:
    """Return how much more attractive vocational school has become since each region's base year.

    Parameters
    ----------
    schedule : Schedule; holds the weights.
    base, now : dict of weight name -> (draw, region) array, share.

    Returns
    -------
    (draw, region) array, share; zero in the base year.

    Notes
    -----
    Errors: none. Progression, work retention, dual-qualified teachers and modernised schools move it. Where a rate is
    not known (nobody graduates, no modernised schools are counted) it does not move. Source: MODEL, section 4.
    """
    moved = np.zeros((schedule.count, len(schedule.openings)))
    for position, opening in enumerate(schedule.openings):
        for key, rate in now.items():
            change = np.nan_to_num(rate[:, position] - base[key][:, position])
            moved[:, position] += opening.sample.of("attractiveness_weight", key) * change
    return moved
