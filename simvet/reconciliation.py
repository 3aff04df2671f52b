"""Two engines, one model: what they differ by, in units of their own Monte Carlo error, and which feature makes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from simvet.behaviour import NO_SCHOOLS, PARITY, RULES, AgentChoices
from simvet.books import Books
from simvet.draws import Draws
from simvet.errors import SimvetError
from simvet.loading import load_scenario, require_horizon
from simvet.runs import MOST_LIKELY, require_draws, require_students, run_world, run_years, will_compile
from simvet.sampling import Uncertainty
from simvet.scenario import Scenario
from simvet.schedule import Schedule
from simvet.yearly import World

Floats = NDArray[np.float64]

REPLICATIONS = 60
"""Runs of the cohort engine in whole persons that show what chance does."""
FALSE_ALARM = 1e-3
"""Probability that chance alone raises the alarm, over all cells together."""
ROUNDING = 0.5
"""Persons; what whole seats and whole persons leave in a cell, added to its error."""
NEARLY, LATE = 0.95, 10.0
"""An option stands at the kink when it fills this part of its seats, and its cut-off lies within so many of its own
standard deviations above zero."""
AGREE = ("stock", "entrants", "placed")
"""Arrays that must agree under the conditions of parity."""


class DisagreementError(SimvetError):
    """The engines differ by more than chance where they must agree: an error of the program, never of the user."""


@dataclass(frozen=True)
class Step:
    """One run of the agent engine, with one more feature switched on than the one before.

    Notes
    -----
    Shape: ``books`` as of a run; ``difference`` (draw, year, region, stage), persons, against the mean of the cohort
    engine; ``score`` the same in Monte Carlo errors. Unit: persons. Errors: none. Source: the runs.
    """

    key: str
    books: Books
    world: World
    difference: Floats
    score: Floats


@dataclass(frozen=True)
class Reconciliation:
    """What the engines say of the same scenario.

    Notes
    -----
    Shape: ``mean`` and ``error`` (draw, year, region, stage), persons: enrolment of the cohort engine in whole persons
    over replications of luck. ``largest`` is the largest difference of any cell under parity in Monte Carlo errors,
    ``place`` says where it is (array, year, region, cell, track or option), ``cells`` their number, ``bound`` what
    chance reaches once in a thousand such tables. Unit: persons. Errors: none. Source: MODEL, section 4 (parity).
    """

    scenario: Scenario
    mean: Floats
    error: Floats
    steps: tuple[Step, ...]
    largest: float
    place: tuple[str, int, str, str]
    cells: int
    bound: float
    expected: float
    replications: int
    seed: int

    @property
    def agree(self) -> bool:
        """Return whether the engines agree where they must."""
        return self.largest <= self.bound

    def require_agreement(self) -> Reconciliation:
        """Return this; complain loudly if the engines disagree where they must agree.

        Raises
        ------
        DisagreementError : the largest difference lies beyond the bound.
        """
        if not self.agree:
            raise DisagreementError(
                f"the engines disagree: {self.largest:.1f} Monte Carlo errors in {', '.join(map(str, self.place))}; "
                f"bound {self.bound:.1f} over {self.cells} cells"
            )
        return self


def ladder(choices: AgentChoices) -> dict[str, AgentChoices]:
    """Return the steps from parity to what a scenario asks for, each with one feature more.

    Parameters
    ----------
    choices : AgentChoices of the scenario.

    Returns
    -------
    dict of step -> AgentChoices: options alone; remembered scores; schools with lists that stay as they are; schools
    that decide. Steps that change nothing are left out.

    Notes
    -----
    Unit: none. Errors: none. Source: MODEL, section 4 (what belongs to the agent engine alone).
    """
    parity = replace(PARITY, kernels=choices.kernels)
    keep = {name: known[-1] for name, known in RULES.items()}
    steps = {
        "parity": parity,
        "scores": replace(parity, remember_scores=choices.remember_scores),
        "schools": replace(choices, rules={**keep, "hiring": "by_enrolment", "investment": "by_enrolment"}),
        "decisions": choices,
    }
    if choices.schools == NO_SCHOOLS:
        # Without schools, lists and decisions have nothing to act on.
        steps = {name: steps[name] for name in ("parity", "scores")}
    kept: dict[str, AgentChoices] = {}
    for name, step in steps.items():
        if not kept or step != list(kept.values())[-1]:
            kept[name] = step
    return kept


def reconcile(
    scenario: Scenario | str | Path, draws: int | None = None, seed: int = 1, until: int | None = None,
    replications: int = REPLICATIONS, uncertainty: Uncertainty | None = None,
    progress: Callable[[str], None] | None = None,
) -> Reconciliation:  # fmt: skip
    """Run both engines on one scenario and measure what they differ by.

    Parameters
    ----------
    scenario : Scenario, or the name or path of one.
    draws : int, optional; worlds, each with its own drawn numbers; by default one at the most likely numbers.
    seed : int.
    until : int, optional; last school year.
    replications : int; runs of the cohort engine, at least 10.
    uncertainty : Uncertainty, optional.
    progress : callable, optional; told what is being computed.

    Returns
    -------
    Reconciliation; :meth:`Reconciliation.require_agreement` raises where the engines must agree and do not.

    Raises
    ------
    InputError : the scenario or an argument is wrong.

    Notes
    -----
    Unit: persons. All runs share the drawn numbers of the schedule and differ in the luck of persons. A difference is
    held against the spread of the replications, enlarged for their number, for whole persons, and for options that
    just fill; the bound is that of Student's distribution for all cells together (Bonferroni). Source: MODEL, section
    4.
    """
    from scipy.stats import t as student  # noqa: PLC0415

    tell = progress or (lambda _: None)
    chosen = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
    if until is not None:
        chosen = chosen.with_horizon(require_horizon(until, chosen.base_year, "--until"))
    given = uncertainty or (MOST_LIKELY if draws is None else Uncertainty())
    persons = replace(given, chance=True)
    schedule = Schedule(chosen, Draws(seed), require_draws(1 if draws is None else draws), persons)
    require_students(schedule)
    if will_compile(schedule):
        tell("compiling")
    tell("cohort")
    runs = [run_years(schedule, "cohort", seed + 1 + number) for number in range(max(replications, 10))]
    count = len(runs)
    steps: list[Step] = []
    mean, error = _moments([_by_stage(books) for books in runs])
    largest, place, cells = 0.0, ("", 0, "", ""), 0
    for name, choices in ladder(chosen.agents).items():
        tell(name)
        world_schedule = Schedule(
            replace(chosen, agents=choices), schedule.draws, schedule.count, persons, schedule.openings, schedule.shared
        )
        books, world = run_world(world_schedule, "agents", seed)
        difference = _by_stage(books) - mean
        steps.append(Step(name, books, world, difference, difference / (error * np.sqrt(1.0 + 1.0 / count))))
        if name == "parity":
            largest, place, cells = _largest(books, runs)
    bound = float(student.isf(FALSE_ALARM / 2.0 / max(cells, 1), count - 1))
    expected = float(student.isf(0.5 / max(cells, 1), count - 1))
    return Reconciliation(
        chosen, mean, error, tuple(steps), largest, place, cells, bound, expected, count, seed
    )  # fmt: skip


def _by_stage(books: Books) -> Floats:
    """Return enrolment by stage, persons, shape (draw, year, region, stage)."""
    return np.stack([books.enrolment(stage) for stage in books.pathway.stages], axis=-1)


def _moments(samples: list[Floats]) -> tuple[Floats, Floats]:
    """Return mean and standard deviation over replications, a person's rounding added to the latter."""
    stacked = np.stack(samples)
    return stacked.mean(axis=0), np.sqrt(stacked.var(axis=0, ddof=1) + ROUNDING**2)


def _largest(books: Books, runs: list[Books]) -> tuple[float, tuple[str, int, str, str], int]:
    """Return the largest difference of any cell in Monte Carlo errors, where it is, and how many cells vary."""
    worst, where, cells = 0.0, ("", 0, "", ""), 0
    floors = _at_the_kink(runs)
    for name in AGREE:
        mean, error = _moments([run.arrays[name][:, 1:] for run in runs])
        error = np.maximum(error, floors[name])
        found = books.arrays[name][:, 1:]
        score = np.abs(found - mean) / (error * np.sqrt(1.0 + 1.0 / len(runs)))
        score = np.where(np.isfinite(score), score, 0.0)
        cells += int(np.count_nonzero(np.isfinite(mean) & (error > ROUNDING)))
        if score.size and score.max() > worst:
            at = tuple(int(n) for n in np.unravel_index(int(np.argmax(score)), score.shape))
            worst = float(score.max())
            where = (name, books.years[1 + at[1]], books.regions[at[2]], _label(books, name, at[3:]))
    return worst, where, cells


def _at_the_kink(runs: list[Books]) -> dict[str, Floats]:
    """Return how far chance reaches where an option fills in nearly every run, persons, by array of AGREE.

    Where demand just equals the seats an option is full as a rule and short by many now and then, which a few runs do
    not show: the spread of its demand, ``sqrt(n p (1 - p))``, stands in. Whoever entered so is in later grades later.
    """
    books = runs[0]
    pathway = books.pathway
    pool = np.mean([run.arrays["pool"] for run in runs], axis=0)[..., None]
    placed = np.nan_to_num(np.mean([run.arrays["placed"] for run in runs], axis=0))
    share = np.clip(placed / np.maximum(pool, 1.0), 0.0, 1.0)
    spread = pool * share * (1.0 - share)
    seats = np.nan_to_num(np.mean([run.arrays["seats"] for run in runs], axis=0), posinf=np.inf)
    cutoffs = np.stack([np.nan_to_num(run.arrays["cutoff"], nan=1.0) for run in runs])
    # The cut-off wanders by as much of the scale as its demand wanders; close above zero, demand may fall short.
    late = cutoffs.mean(axis=0) < LATE * cutoffs.std(axis=0)
    spread = np.where((placed > NEARLY * seats) & late, spread, 0.0)
    entrants = np.zeros_like(books.arrays["entrants"])
    for position, gate in enumerate(pathway.gates):
        for option, name in enumerate(gate.options):
            if name in pathway.track_index:
                entrants[..., pathway.track_index[name]] += spread[..., position, option]
    stock = np.zeros_like(books.arrays["stock"])
    for position, track in enumerate(pathway.tracks):
        for grade in range(track.grades):
            # Those of a grade entered so many years before; some fell back by a year.
            before = entrants[:, : max(entrants.shape[1] - grade, 0), :, position]
            stock[:, grade:, :, track.first_cell + grade] = before
    found = {"placed": spread, "entrants": entrants, "stock": stock}
    return {name: np.sqrt(values[:, 1:]) for name, values in found.items()}


def _label(books: Books, name: str, at: tuple[int, ...]) -> str:
    """Return what a place of an array is called: a grade of a track, a track, or an option of a gate."""
    pathway = books.pathway
    if name == "stock":
        stage, track, grade = pathway.cell_table[at[0]]
        return f"{stage}/{track}/{grade}"
    if name == "placed":
        gate = pathway.gates[at[0]]
        return f"{gate.key}: {gate.options[at[1]]}"
    return pathway.tracks[at[0]].name
