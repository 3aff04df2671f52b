"""One lever and one target: the value that would do, what it costs, and whether it holds on other luck."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from simvet.controls import find_control, levers_of, on_grid
from simvet.errors import InputError
from simvet.loading import load_scenario
from simvet.runs import start_run
from simvet.scenario import Scenario
from simvet.studies.answers import Aim, Move
from simvet.studies.backsolve import Point, Progress, Solved, find_value
from simvet.studies.looking import Look, Looker
from simvet.studies.offers import Offer, offers_of
from simvet.studies.outcomes import Outcome
from simvet.studies.solving import FRESH_DRAWS, FRESH_SEED, Wishes, require_wishes, study_for
from simvet.verdicts import monte_carlo_error

ALONE = (float("nan"),)
"""The package of one lever that is left alone."""


@dataclass(frozen=True)
class LeverAnswer:
    """Where one lever would have to stand for each target that a name stands for.

    Notes
    -----
    Shape: ``aims``, ``solved`` and ``moves`` are as long as each other: a plan may ask for two bounds of one figure.
    ``move`` is None where no value does, or none is needed. Unit: the lever's and the targets', CNY. Errors: none.
    Source: runs.
    """

    scenario: str
    region: str
    lever: str
    labels: Mapping[str, str]
    owner: str
    unit: str
    stands: float
    start: int
    probability: float
    draws: int
    fresh_draws: int
    seed: int
    fresh_seed: int
    aims: tuple[Aim, ...]
    solved: tuple[Solved, ...]
    moves: tuple[Move | None, ...]

    @property
    def checked(self) -> bool:
        """Return whether the independent run bears out every target that a value makes likely, within two errors."""
        likely = [aim for aim in self.aims if aim.standing != "missed"]
        return all(aim.fresh >= self.probability - 2.0 * aim.fresh_error for aim in likely)


def require_one_lever(scenario: Scenario, wishes: Wishes) -> None:
    """Complain, before any work, about a question that is not about one target and one lever of the region.

    Parameters
    ----------
    scenario : Scenario.
    wishes : Wishes.

    Raises
    ------
    InputError : as ``require_wishes``; not exactly one of each is named, or the lever moves nothing in the region.

    Notes
    -----
    Unit: none. Source: the wishes.
    """
    for names, where in ((wishes.targets, "--target"), (wishes.levers, "--lever")):
        if names is None or len(names) != 1 or names == ("all",):
            raise InputError(where, "one name was expected", "One target needs --target and --lever, one name each")
    asked = require_wishes(scenario, wishes)
    control = find_control((wishes.levers or ("",))[0], "--lever")
    # Raises where the lever moves nothing here; the dated changes themselves are not wanted yet.
    levers_of(control, control.high, asked.start, None, False, scenario.regions[0].region)


def solve_lever(scenario: Scenario | str, wishes: Wishes, tell: Progress | None = None) -> LeverAnswer:
    """Return where one lever would have to stand for one target to be likely.

    Parameters
    ----------
    scenario : Scenario, or the name or path of one.
    wishes : Wishes; one target and one lever. Budget, workers and what goes beyond a package are not read.
    tell : callable, optional; told the part that is done, and the value that is tried.

    Returns
    -------
    LeverAnswer; what it found has been run again with another seed and more draws.

    Raises
    ------
    InputError : as :func:`require_one_lever`.

    Notes
    -----
    Unit: the lever's. Source: MODEL, section 8, inverse question (a).
    """
    chosen = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
    require_one_lever(chosen, wishes)
    asked = require_wishes(chosen, wishes)
    base = start_run(chosen.with_horizon(asked.end), wishes.draws, wishes.seed, None, "cohort", None)
    offers = offers_of(base, wishes.levers, asked.start, asked.end)
    study = study_for(chosen, asked.outcomes, offers, asked.start, asked.end, wishes)
    other = replace(study, draws=FRESH_DRAWS, seed=wishes.seed + FRESH_SEED)
    offer = offers[0]
    # A dozen runs in all: a second process would cost more than it brings.
    with Looker(study) as looker, Looker(other) as fresh:
        before, fresh_before = looker.look([ALONE])[0], fresh.look([ALONE])[0]
        aims, found, moves = [], [], []
        for place, outcome in enumerate(asked.outcomes):
            solved = _found(looker, offer, place, wishes, tell or (lambda _part, _value: None))
            needed = solved.value is not None and before.probability[place] < wishes.probability
            tried = solved.best.value if solved.value is None else solved.value if needed else float("nan")
            after, fresh_after = looker.look([(tried,)])[0], fresh.look([(tried,)])[0]
            standing = "missed" if solved.value is None else "won" if needed else "held"
            if before.probability[place] >= wishes.probability:
                standing = "held"
            aims.append(_aim(outcome, place, standing, (before, after, fresh_before, fresh_after), solved))
            found.append(solved)
            moves.append(_move(offer, tried, asked.start) if needed else None)
    return LeverAnswer(
        chosen.name, chosen.regions[0].region, offer.name, dict(offer.labels), offer.owner, offer.unit, offer.stands,
        asked.start, wishes.probability, wishes.draws, FRESH_DRAWS, wishes.seed, wishes.seed + FRESH_SEED,
        tuple(aims), tuple(found), tuple(moves),
    )  # fmt: skip


def _found(looker: Looker, offer: Offer, place: int, wishes: Wishes, tell: Progress) -> Solved:
    def look(value: float) -> Point:
        found = looker.look([(value,)])[0]
        hits = int((found.margins[:, place] >= 0.0).sum())
        return Point(
            value, hits / len(found.margins), monte_carlo_error(hits, len(found.margins)),
            float(np.median(found.values[:, place])),
        )  # fmt: skip

    control = find_control(offer.name)
    return find_value(control, look, on_grid(control, offer.stands), wishes.draws, tell, wishes.probability)


def _aim(outcome: Outcome, place: int, standing: str, looks: tuple[Look, Look, Look, Look], solved: Solved) -> Aim:
    target = outcome.target
    if target is None:
        raise ValueError(f"{outcome.name} reads no target")
    before, after, fresh_before, fresh_after = looks
    hits = int((fresh_after.margins[:, place] >= 0.0).sum())
    return Aim(
        target.key, outcome.indicator, outcome.stage, outcome.year, outcome.unit, target.comparator, target.bound,
        dict(target.labels), target.document, standing, float(before.probability[place]),
        float(after.probability[place]), float(fresh_after.probability[place]),
        float(fresh_before.probability[place]), monte_carlo_error(hits, len(fresh_after.margins)),
        float(np.median(before.values[:, place])), float(np.median(after.values[:, place])), solved.best.probability,
    )  # fmt: skip


def _move(offer: Offer, value: float, start: int) -> Move:
    return Move(
        offer.name, dict(offer.labels), offer.owner, offer.unit, offer.stands, value, start, offer.price(value),
        offer.price(value, "low"), offer.price(value, "high"),
    )  # fmt: skip
