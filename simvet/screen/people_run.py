"""Every student of a region, one by one, with word of how far the years have come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from simvet.draws import Draws
from simvet.engines import ENGINES
from simvet.lives import Biography
from simvet.result import Result
from simvet.runs import AGENT_DRAWS, MOST_LIKELY, require_students, will_compile
from simvet.scenario import Scenario
from simvet.schedule import Schedule
from simvet.yearly import YearLoop

Tell = Callable[[float, str], None]
SAMPLED = 400
"""Lives that are handed to the screen, spread evenly over all students."""
AFTER_THE_YEARS = 0.9
"""Part of the work that is done when the last year is."""
MOST_ROWS = 50_000
"""Rows of admissions that are handed over; beyond that only those of the last years, then only schools as a whole."""
LAST_YEARS = 3


@dataclass(frozen=True)
class PeopleFound:
    """What a run of single students leaves for the screen.

    Notes
    -----
    Shape: frames as :mod:`simvet.admissions` describes them; where there are more than MOST_ROWS, ``admissions`` holds
    the last years only and ``cut`` says so. ``fills`` has columns year, stage, seats and placed for all years, studies
    elsewhere aside; ``lives`` map rows of the student store to biographies. Unit: in the frames; ``fills`` persons.
    Errors: none. Source: the agent engine.
    """

    digest: str
    students: int
    schools: pd.DataFrame
    admissions: pd.DataFrame
    matching: pd.DataFrame
    fills: pd.DataFrame
    lives: dict[int, Biography]
    cut: bool = False


def run_people(scenario: Scenario, seed: int, tell: Tell, part: float = 1.0, begun: float = 0.0) -> Result:
    """Run the agent engine on a scenario.

    Parameters
    ----------
    scenario : Scenario.
    seed : int.
    tell : callable; told the part that is done and the year that has come.
    part, begun : float; which part of all the work this run is, and how much was done before it.

    Returns
    -------
    Result; one world at the most likely numbers.

    Raises
    ------
    InputError : there are more students than the machine carries.

    Notes
    -----
    Unit: persons. Source: the agent engine.
    """
    schedule = Schedule(scenario, Draws(seed), AGENT_DRAWS, MOST_LIKELY)
    require_students(schedule)
    tell(begun, "compiling" if will_compile(schedule) else "")
    world = ENGINES["agents"](schedule, Draws(seed))
    loop = YearLoop(schedule, world)
    years = len(schedule.calendar) - 1
    while not loop.over:
        loop.advance()
        done = (loop.year - schedule.first) / years
        tell(begun + part * AFTER_THE_YEARS * done, str(loop.year))
    return Result(scenario, schedule, loop.finish(), seed, "agents", world)


def found_by_person(
    digest: str, scenario: Scenario, seed: int, student: int | None, other: Scenario | None, tell: Tell
) -> PeopleFound:
    """Return schools, admissions and lives of a run of single students.

    Parameters
    ----------
    digest : str; of the plan.
    scenario : Scenario.
    seed : int.
    student : int, optional; a row of the student store whose life is wanted whatever the sample.
    other : Scenario, optional; the same persons under it are told beside.
    tell : callable.

    Returns
    -------
    PeopleFound.

    Raises
    ------
    InputError : as :func:`run_people`, or there is no such student.

    Notes
    -----
    Unit: persons. Source: the agent engine.
    """
    part = 0.5 if other is not None else 1.0
    mine = run_people(scenario, seed, tell, part)
    theirs = run_people(other, seed, tell, part, 0.5) if other is not None else None
    rows = mine.agents.populations[0].students.rows
    chosen = sorted({int(rows * (number + 0.5) / SAMPLED) for number in range(SAMPLED)})
    if student is not None:
        chosen.append(student)
    lives = {row: mine.biography(row, theirs) for row in chosen}
    whole = mine.admissions()
    admissions = trimmed(whole)
    cut = len(admissions) < len(whole)
    return PeopleFound(digest, rows, mine.schools(), admissions, mine.matching(), fills_of(whole), lives, cut)


def fills_of(admissions: pd.DataFrame) -> pd.DataFrame:
    """Return seats and placed by year and stage; unit: persons; errors: none; source: the admissions."""
    here = admissions[admissions["school"] != ""]
    by_stage = here.assign(stage=here["option"].str.partition("/")[0])
    summed: pd.DataFrame = by_stage.groupby(["year", "stage"], as_index=False)[["seats", "placed"]].sum()
    return summed


def trimmed(admissions: pd.DataFrame, most: int = MOST_ROWS) -> pd.DataFrame:
    """Return admissions in few enough rows to send.

    Parameters
    ----------
    admissions : DataFrame; see ``simvet.admissions``.
    most : int.

    Returns
    -------
    DataFrame; the same columns, the last years only where there are more than ``most`` rows, and if that is not enough
    a school's fields in one row, ``cutoff`` and ``position`` those of the field that was easiest to enter.

    Notes
    -----
    Unit: as before. Errors: none. Source: the admissions.
    """
    if len(admissions) <= most:
        return admissions
    last: pd.DataFrame = admissions[admissions["year"] > admissions["year"].max() - LAST_YEARS].reset_index(drop=True)
    if len(last) <= most:
        return last
    same = ["draw", "region", "year", "gate", "option", "code", "school", "synthetic", "district"]
    sums = dict.fromkeys(("seats", "placed", "unfilled", "first_choices"), "sum")
    # A school with a field that did not fill up has no cut-off: everybody could enter.
    lines = {"cutoff": lambda found: found.min(skipna=False), "position": lambda found: found.max(skipna=False)}
    whole: pd.DataFrame = last.groupby(same, as_index=False).agg({**sums, **lines})
    whole["field"] = ""
    return whole.loc[:, list(last.columns)]
