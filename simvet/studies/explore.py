"""From one target to what decides it: screening of everything, a tornado, shares of the variance, boxes of failure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from simvet.controls import bears_on, controls
from simvet.errors import InputError
from simvet.sampling import Uncertainty
from simvet.scenario import Scenario
from simvet.studies.batch import run_study
from simvet.studies.discovery import Discovery, discover
from simvet.studies.factors import Factor, lever_factor, uncertainties
from simvet.studies.influence import Sensitivity, sensitivity
from simvet.studies.outcomes import Outcome
from simvet.studies.study import study_of
from simvet.studies.swing import Tornado, tornado
from simvet.studies.workbench import load_workbench

Tell = Callable[[float, str], None]

TRAJECTORIES = 10
"""Morris trajectories through all uncertain numbers: some three thousand worlds, which run side by side."""
STRONGEST, SHARED = 8, 6
"""Factors that the tornado and the boxes look at, and those whose shares of the variance are computed."""
SAMPLES = 256
"""Base samples of the shares."""
FUTURES = 3000
"""Futures in which boxes of failure are sought; each has a luck of its own."""
STILL = Uncertainty(parameters=False, opening=False, drift=False)
"""All that is not varied stands at its most likely value."""


@dataclass(frozen=True)
class Explored:
    """What decides a target.

    Notes
    -----
    Shape: ``screened`` holds every uncertain number, ``swing`` the levers and the strongest numbers, ``shares`` the
    strongest alone. ``boxes`` is None where the EMA workbench is not installed. Unit: see each. Errors: none. Source:
    studies of one scenario.
    """

    screened: Sensitivity
    swing: Tornado
    shares: Sensitivity | None
    boxes: Discovery | None
    numbers: int


def explore(scenario: Scenario, outcome: Outcome, seed: int = 1, tell: Tell | None = None) -> Explored:
    """Return what decides one target of a scenario.

    Parameters
    ----------
    scenario : Scenario.
    outcome : Outcome; a target.
    seed : int.
    tell : callable, optional; told the part that is done, and what is being done.

    Returns
    -------
    Explored.

    Raises
    ------
    InputError : as a study's.

    Notes
    -----
    Unit: the target's. Levers act from the year after ``as_of``, over their own ranges. Source: Morris (1991), Saltelli
    et al. (2010), Friedman & Fisher (1999).
    """
    say = tell or (lambda _part, _key: None)
    short = scenario.with_horizon(max(outcome.year, scenario.base_year + 1))
    say(0.02, "screening")
    known = tuple(uncertainties(short).values())
    base = study_of(
        short, factors=known, outcomes=(outcome,), draws=1, noise=STILL, seed=seed, design="latin_hypercube"
    )
    screened = sensitivity(base, "morris", TRAJECTORIES, [outcome.name], "value")
    rows = screened.answers[0].rows
    by_name = {factor.name: factor for factor in known}
    strongest = tuple(by_name[row.factor.name] for row in rows[:STRONGEST])
    say(0.35, "tornado")
    levers = _levers(short, outcome)
    swing = tornado(replace(base, factors=(*levers, *strongest)), outcome.name, "value")
    shares = None
    if len(strongest) > 1:
        say(0.5, "shares")
        shares = sensitivity(replace(base, factors=strongest[:SHARED]), "sobol", SAMPLES, [outcome.name], "value")
    say(0.7, "futures")
    boxes = _boxes(short, outcome, strongest, seed)
    say(1.0, "done")
    return Explored(screened, swing, shares, boxes, len(known))


def _levers(scenario: Scenario, outcome: Outcome) -> tuple[Factor, ...]:
    """Return the levers that can still act by the target's year."""
    start = min(scenario.as_of + 1, outcome.year)
    region = scenario.regions[0].region
    if not scenario.base_year < start <= scenario.until:
        return ()
    return tuple(
        lever_factor(scenario, name, None, None, (), start, None, False, "explore")
        for name, control in controls().items()
        if bears_on(control, region)
    )


def _boxes(scenario: Scenario, outcome: Outcome, factors: tuple[Factor, ...], seed: int) -> Discovery | None:
    if not factors:
        return None
    try:
        load_workbench()
    except InputError:
        return None
    futures = study_of(
        scenario, factors=factors, outcomes=(outcome,), draws=1, luck="own", design="latin_hypercube", points=FUTURES,
        chunk=1000, seed=seed,
    )  # fmt: skip
    return discover(run_study(futures), outcome.name, failing=True, threshold=None)
