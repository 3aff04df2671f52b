"""The one year loop."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from simvet.books import Books
from simvet.draws import Draws
from simvet.engines import ENGINES
from simvet.indicators import progression_rate, retention_rate
from simvet.schedule import Schedule
from simvet.supply.yearly import Supply

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
    supply = Supply(schedule)
    rows = world.opening_rows()
    rows.update(supply.close_year(schedule.first, rows["stock"]))
    books.enter(schedule.first, rows)
    base = {**_rates(books, rows), **supply.families_see(rows, schedule.first)}
    attractiveness = np.zeros((schedule.count, len(regions)))
    for year in schedule.years:
        rows = world.step(year, schedule.terms(year, attractiveness, supply.open_year(year)))
        rows.update(supply.close_year(year, rows["stock"]))
        books.enter(year, rows)
        seen = {**_rates(books, rows), **supply.families_see(rows, year)}
        attractiveness = attractiveness_since(schedule, base, seen)
    books.check_balance()
    return books


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
