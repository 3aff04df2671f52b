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


@dataclass(frozen=True)
class PeopleFound:
    """What a run of single students leaves for the screen.

    Notes
    -----
    Shape: frames as :mod:`simvet.admissions` describes them, the admissions of the last years only; ``lives`` map rows
    of the student store to biographies. Unit: in the frames. Errors: none. Source: the agent engine.
    """

    digest: str
    students: int
    schools: pd.DataFrame
    admissions: pd.DataFrame
    matching: pd.DataFrame
    lives: dict[int, Biography]


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
    admissions = mine.admissions()
    return PeopleFound(digest, rows, mine.schools(), admissions, mine.matching(), lives)
