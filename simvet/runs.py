"""One run: a scenario drawn, stepped through its years and booked; and the same again with something changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from simvet.behaviour import NO_SCHOOLS
from simvet.books import Books
from simvet.draws import Draws
from simvet.engines import ENGINES
from simvet.errors import InputError, nearest
from simvet.indicators import INDICATORS, STAGED, View, find_indicator, find_item
from simvet.loading import load_scenario, require_horizon
from simvet.sampling import Uncertainty
from simvet.scenario import Scenario
from simvet.schedule import Schedule
from simvet.yearly import World, YearLoop

Floats = NDArray[np.float64]

MOST_DRAWS = 1_000_000
DEFAULT_DRAWS = 1000
AGENT_DRAWS = 1
"""Draws of the agent engine by default: one world, every student in it."""
MOST_LIKELY = Uncertainty(parameters=False, opening=False, drift=False, chance=True)
"""One world at the most likely numbers, in whole persons."""
MOST_STUDENTS = 30_000_000
"""Students at the start of a run that agents carry: some 4 GB, for a row is kept for life and more enter every year."""


@dataclass
class Run:
    """A run: its scenario, its schedule and its balanced books.

    Notes
    -----
    Shape: arrays are (draw, year, region, ...). Unit: see each method. Errors: see each method. Source: the scenario.
    """

    scenario: Scenario
    schedule: Schedule
    books: Books
    seed: int
    engine: str = "cohort"
    world: World | None = None

    @property
    def view(self) -> View:
        """Return the run as indicators look at it."""
        return View(self.schedule, self.books)

    @property
    def draws(self) -> int:
        """Return the number of draws."""
        return self.schedule.count

    def indicator(self, name: str, stage: str = "region") -> Floats:
        """Return an indicator, shape (draw, year, region), in the unit of ``INDICATORS[name]``.

        Raises
        ------
        InputError : there is no such indicator or stage.
        """
        found = find_indicator(self.scenario, name, stage)
        if stage != "region":
            self.scenario.pathway.require_stage(stage, "stage")
        elif name in STAGED:
            raise InputError(
                "indicator", "indicator {name!r} is counted by stage", "Name a stage, such as {stage!r}", name=name,
                stage="secondary_vocational",
            )  # fmt: skip
        return found.read(self.view, stage)

    def stage_of(self, name: str, stage: str) -> str:
        """Return the stage to ask an indicator of: the one given, or the only one that it can be about.

        Raises
        ------
        InputError : there is no such indicator, or it is counted by stage and none is given.
        """
        if stage != "region":
            return stage
        if name in INDICATORS:
            about = INDICATORS[name].stages
        else:
            items = [i for found in self.scenario.items.values() for i in found.values() if i.key == name]
            about = tuple(dict.fromkeys(item.stage for item in items))
        if "region" in about or (not about and name not in STAGED):
            return stage
        if len(about) == 1:
            return about[0]
        if name in INDICATORS or about:
            raise InputError(
                "--stage", "indicator {name!r} is counted by stage", "Name a stage, such as {stage!r}", name=name,
                stage=about[0] if about else "secondary_vocational",
            )  # fmt: skip
        return stage

    def unit(self, name: str, stage: str = "region") -> str:
        """Return the unit of an indicator, of the register's row where it is an item that a plan counts.

        Raises
        ------
        InputError : there is no such indicator.
        """
        known = next((t.unit for t in self.scenario.targets if (t.key, t.stage) == (name, stage) and t.unit), None)
        is_item = find_item(self.scenario, name, stage) is not None
        return known if known and is_item else find_indicator(self.scenario, name, stage).unit


def run_world(schedule: Schedule, engine: str = "cohort", seed: int = 0) -> tuple[Books, World]:
    """Return the balanced books of a run, and the engine's state at its end; see :func:`run_years`.

    Notes
    -----
    Shape and unit: as there. Errors: as there. Source: as there.
    """
    # Where the luck of persons is that of the numbers, it is of the same rows: part of a larger ensemble.
    world = ENGINES[engine](schedule, schedule.draws if seed == schedule.draws.seed else Draws(seed))
    return YearLoop(schedule, world).finish(), world


def run_years(schedule: Schedule, engine: str = "cohort", seed: int = 0) -> Books:
    """Return the balanced books of a run.

    Parameters
    ----------
    schedule : Schedule.
    engine : str; a key of ENGINES.
    seed : int; of the luck of persons. What is drawn about a region's numbers is in the schedule.

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
    return run_world(schedule, engine, seed)[0]


def start_run(
    scenario: Scenario | str | Path, draws: int | None, seed: int, until: int | None, engine: str,
    uncertainty: Uncertainty | None, tell: Callable[[str], None] | None = None, luck: Draws | None = None,
) -> Run:  # fmt: skip
    """Run a scenario; see :func:`simvet.result.simulate`, which wraps this for notebook users.

    Parameters
    ----------
    scenario : Scenario, or the name or path of one.
    draws : int or None; by default 1000 of the cohort engine, 1 of the agent engine.
    seed : int.
    until : int or None; last school year.
    engine : str; a key of ENGINES.
    uncertainty : Uncertainty or None; by default parameters, opening and drift are drawn; where the agent engine is
        asked for no draws, it runs one world at the most likely numbers.
    tell : callable, optional; told ``compiling`` before rules are compiled for the first time.
    luck : Draws, optional; rows of a larger ensemble, by default the first rows of ``seed``.

    Returns
    -------
    Run.

    Raises
    ------
    InputError : the scenario, the data or an argument is wrong.

    Notes
    -----
    Unit: persons and persons/year. Source: MODEL.
    """
    chosen = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
    if engine not in ENGINES:
        raise InputError(
            "engine", "{kind} {word!r} is unknown", "Did you mean {near!r}?", kind="engine", word=engine,
            near=nearest(engine, ENGINES),
        )  # fmt: skip
    drawn = uncertainty or (MOST_LIKELY if engine == "agents" and draws is None else Uncertainty())
    if draws is None:
        draws = AGENT_DRAWS if engine == "agents" else DEFAULT_DRAWS
    require_draws(draws)
    # Students of the agent engine are persons, whatever the run is asked to draw besides.
    uncertainty = replace(drawn, chance=True) if engine == "agents" else drawn
    if until is not None:
        chosen = chosen.with_horizon(require_horizon(until, chosen.base_year, "--until"))
    schedule = Schedule(chosen, Draws(seed) if luck is None else luck, draws, uncertainty)
    if engine == "agents":
        require_students(schedule)
        if tell and will_compile(schedule):
            tell("compiling")
    seed = schedule.draws.seed
    books, world = run_world(schedule, engine, seed)
    return Run(chosen, schedule, books, seed, engine, world)


def will_compile(schedule: Schedule) -> bool:
    """Return whether a run of the agent engine is going to compile its rules first.

    Parameters
    ----------
    schedule : Schedule.

    Returns
    -------
    bool; False where they lie ready, or where numpy ends sooner.

    Notes
    -----
    Unit: none. Errors: none. Source: ``rules.kernels``.
    """
    from simvet.rules.kernels import kernels_for, ready  # noqa: PLC0415 - the cohort engine does without

    choices = schedule.scenario.agents
    if ready():
        return False
    student_years = require_students(schedule) * len(schedule.years)
    return (choices.kernels or kernels_for(student_years, choices.schools != NO_SCHOOLS)) == "compiled"


def require_students(schedule: Schedule) -> float:
    """Return how many students a run starts with, if the machine can carry them one by one; complain if not.

    Parameters
    ----------
    schedule : Schedule.

    Returns
    -------
    float, persons in all draws and regions, primary school aside.

    Raises
    ------
    InputError : there are more than MOST_STUDENTS.

    Notes
    -----
    Source: memory of a large machine.
    """
    pathway = schedule.scenario.pathway
    after_primary = pathway.cells_of("primary/regular").stop
    students = float(sum(opening.stock[:, after_primary:].sum() for opening in schedule.openings))
    if students > MOST_STUDENTS:
        raise InputError(
            "--draws", "{count} students would have to be carried one by one",
            "At most {most}; choose fewer draws, or --engine cohort", count=round(students), most=MOST_STUDENTS,
        )  # fmt: skip
    return students


def require_draws(draws: int) -> int:
    """Return the number of draws if it can be run; complain if not.

    Parameters
    ----------
    draws : int.

    Returns
    -------
    int.

    Raises
    ------
    InputError : it is below 1 or above MOST_DRAWS.

    Notes
    -----
    Unit: draws. Source: memory of a large machine.
    """
    if not isinstance(draws, int | np.integer) or isinstance(draws, bool) or not 1 <= draws <= MOST_DRAWS:
        raise InputError("--draws", "{draws} draws cannot be run", "Choose 1 to {most}", draws=draws, most=MOST_DRAWS)
    return draws


def rerun(run: Run, scenario: Scenario) -> Run:
    """Run another scenario of the same regions on the same opening balances and random numbers.

    Parameters
    ----------
    run : Run; supplies seed, draws and opening balances.
    scenario : Scenario with the same regions, base years and data.

    Returns
    -------
    Run.

    Raises
    ------
    ValueError : the regions differ.

    Notes
    -----
    Unit: persons. Source: common random numbers, MODEL section 7.
    """
    if [(c.region, c.base_year) for c in scenario.regions] != [(c.region, c.base_year) for c in run.scenario.regions]:
        raise ValueError("the regions or base years differ")
    old = run.schedule
    schedule = Schedule(scenario, old.draws, old.count, old.uncertainty, old.openings, old.shared)
    books, world = run_world(schedule, run.engine, run.seed)
    return Run(scenario, schedule, books, run.seed, run.engine, world)


def reread(run: Run, scenario: Scenario) -> Run:
    """Look at the books of a run under a scenario whose levers leave students and schools alone.

    Parameters
    ----------
    run : Run; supplies the books.
    scenario : Scenario with the same regions and data, that differs in what stands beside the chain.

    Returns
    -------
    Run; the same books, other paths of items and of funding.

    Notes
    -----
    Unit: persons. Errors: none. Source: items and funding feed nothing back.
    """
    old = run.schedule
    schedule = Schedule(scenario, old.draws, old.count, old.uncertainty, old.openings, old.shared)
    return Run(scenario, schedule, run.books, run.seed, run.engine, run.world)
