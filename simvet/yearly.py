"""The one year loop."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simvet.books import Books
from simvet.draws import Draws
from simvet.engines import ENGINES
from simvet.indicators import progression_rate, retention_rate
from simvet.schedule import Schedule

Floats = NDArray[np.float64]


def run_years(schedule: Schedule, engine: str = "cohort", seed: int = 0) -> Books:
    """Return the balanced books of a run.

    Parameters
    ----------
    schedule : Schedule.
    engine : str; a key of ENGINES.
    seed : int.

    Returns
    -------
    Books; (draw, year, region, ...) arrays from the common base year on.

    Raises
    ------
    BalanceError : the engine lost or invented a student.

    Notes
    -----
    Unit: persons and persons/year. Source: ARCHITECTURE, the heart.
    """
    scenario = schedule.scenario
    regions = tuple(case.region for case in scenario.regions)
    kept = tuple(int(year) for year in schedule.calendar if year >= scenario.base_year)
    books = Books.empty(scenario.pathway, regions, kept, schedule.count, schedule.uncertainty.chance)
    world = ENGINES[engine](schedule, Draws(seed))
    books.enter(schedule.first, world.opening_rows())
    attractiveness = np.zeros((schedule.count, len(regions)))
    for year in schedule.years:
        books.enter(year, world.step(year, schedule.terms(year, attractiveness)))
        if year in books.years:
            attractiveness = last_attractiveness(schedule, books, year)
    books.check_balance()
    return books


def last_attractiveness(schedule: Schedule, books: Books, year: int) -> Floats:
    """Return how much more attractive vocational school has become since the base year.

    Parameters
    ----------
    schedule : Schedule; holds the weights.
    books : Books, written up to ``year``.
    year : int, school year.

    Returns
    -------
    (draw, region) array, share; zero in the base year.

    Notes
    -----
    Errors: none. Progression and work retention move it; modernised and dual-qualified shares stand still until the
    capacity model carries them, so their weights rest. Source: MODEL, section 4.
    """
    moved = np.zeros((schedule.count, len(books.regions)))
    for position, opening in enumerate(schedule.openings):
        for key, rate in (("progression", progression_rate), ("work_retention", retention_rate)):
            path = rate(books)
            change = path[:, books.years.index(year), position] - path[:, 0, position]
            moved[:, position] += opening.sample.of("attractiveness_weight", key) * np.nan_to_num(change)
    return moved
