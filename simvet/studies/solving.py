"""What it would take: wishes in, answer out; the one door for the command line, the screen and notebooks."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from simvet.controls import find_control
from simvet.errors import InputError
from simvet.loading import load_scenario
from simvet.needs import LIKELY
from simvet.runs import require_draws, start_run
from simvet.scenario import Scenario
from simvet.studies.answers import Aim, Answer, Barred, Move
from simvet.studies.ascent import climbed, search_together
from simvet.studies.factors import Factor
from simvet.studies.front import front_by_number, front_by_probability
from simvet.studies.looking import Look, Looker, key_of
from simvet.studies.offers import Offer, Package, nothing, offers_of, price_of
from simvet.studies.order import order_of_measures
from simvet.studies.outcomes import Outcome, target_outcomes
from simvet.studies.package import Found, most_reached, search
from simvet.studies.reach import Reach, clash_of, reach_of
from simvet.studies.relaxed import relaxed
from simvet.studies.robust import known_futures, outlooks_of, robust_place
from simvet.studies.study import Study, study_of
from simvet.studies.surrogate import Picture, picture_of
from simvet.targets import readings_of
from simvet.verdicts import monte_carlo_error

Floats = NDArray[np.float64]
Tell = Callable[[float, str], None]

FRESH_DRAWS = 1000
"""Draws of the independent run that checks a package."""
FRESH_SEED = 7_919
"""Added to the seed of the search, so that the check meets other luck."""
TIGHTEN = 2
"""How often a package that the independent run does not bear out is sought again, each time an error stricter."""
CLOSER = 3
"""Times that more targets are sought around the best package so far."""
MOST_BARRED = 8
"""Targets whose rivals are searched; beyond that only their own reach is said."""


@dataclass(frozen=True)
class Wishes:
    """What is asked.

    Notes
    -----
    Shape: ``levers`` and ``targets`` are names; None is every lever, or the headline targets; ("all",) is every target.
    ``readings`` is first (the register's own reading of an ambiguous text) or all. Unit: ``budget`` CNY. Errors:
    checked by :func:`require_wishes`. Source: the planner.
    """

    targets: tuple[str, ...] | None = None
    levers: tuple[str, ...] | None = None
    probability: float = LIKELY
    budget: float | None = None
    draws: int = 200
    seed: int = 1
    start: int | None = None
    readings: str = "first"
    workers: int = 2
    front: bool = False
    order: bool = False
    robust: bool = False


@dataclass(frozen=True)
class _Question:
    """A question whose words have been checked."""

    scenario: Scenario
    wishes: Wishes
    outcomes: tuple[Outcome, ...]
    start: int
    end: int


def require_wishes(scenario: Scenario, wishes: Wishes) -> _Question:
    """Return the question if it can be asked; complain before any work starts.

    Parameters
    ----------
    scenario : Scenario.
    wishes : Wishes.

    Returns
    -------
    a checked question.

    Raises
    ------
    InputError : a lever or target is unknown, the budget is below zero, the probability no probability, there are no
        draws, or no target lies in or after the year from which levers act.

    Notes
    -----
    Unit: none. Source: the wishes.
    """
    for value, where, low, high in (
        (wishes.probability, "--probability", 0.01, 0.99),
        (0.0 if wishes.budget is None else wishes.budget, "--budget", 0.0, 1e15),
    ):
        if not math.isfinite(value) or not low <= value <= high:
            raise InputError(
                where, "{value:g} is outside {low:g} to {high:g}", "Choose a value inside", value=value, low=low,
                high=high,
            )  # fmt: skip
    require_draws(wishes.draws)
    for name in wishes.levers or ():
        find_control(name, "--levers")
    start = scenario.as_of + 1 if wishes.start is None else wishes.start
    if not scenario.base_year < start <= scenario.until:
        raise InputError(
            "--from", "year {year} is outside the horizon {first} to {last}", "Choose a year inside it", year=start,
            first=scenario.base_year + 1, last=scenario.until,
        )  # fmt: skip
    wanted = None if wishes.targets == ("all",) else wishes.targets or scenario.headlines
    outcomes = target_outcomes(scenario, wanted, "--targets")
    if wishes.readings == "first":
        outcomes = [o for o in outcomes if o.target is not None and o.indicator == readings_of(o.target)[0]]
    region = scenario.regions[0].region
    outcomes = [o for o in outcomes if o.region == region and o.year >= start]
    if not outcomes:
        raise InputError(
            "--targets", "no target lies in {year} or later, when the levers act", "Begin earlier with --from",
            year=start,
        )  # fmt: skip
    return _Question(scenario, wishes, tuple(outcomes), start, max(outcome.year for outcome in outcomes))


def solve(scenario: Scenario | str, wishes: Wishes | None = None, tell: Tell | None = None) -> Answer:
    """Return what it would take to reach targets, or what stands in the way.

    Parameters
    ----------
    scenario : Scenario, or the name or path of one.
    wishes : Wishes, optional.
    tell : callable, optional; told the part that is done, and what is being done.

    Returns
    -------
    Answer; the package has been run again with another seed and more draws.

    Raises
    ------
    InputError : as :func:`require_wishes`.

    Notes
    -----
    Unit: CNY and each lever's. Source: MODEL, section 8, inverse questions (b) and (c).
    """
    chosen = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
    asked = require_wishes(chosen, wishes or Wishes())
    say = tell or (lambda _part, _key: None)
    say(0.0, "opening")
    base = start_run(
        asked.scenario.with_horizon(asked.end), asked.wishes.draws, asked.wishes.seed, None, "cohort", None
    )
    offers = offers_of(base, asked.wishes.levers, asked.start, asked.end)
    study = study_for(asked.scenario, asked.outcomes, offers, asked.start, asked.end, asked.wishes)
    with Looker(study, asked.wishes.workers) as looker:
        return _Solving(asked, offers, study, looker, say).answer()


def study_for(
    scenario: Scenario, outcomes: tuple[Outcome, ...], offers: Sequence[Offer], start: int, until: int, wishes: Wishes
) -> Study:
    """Return the study whose experiments are packages; unit: none; errors: InputError as ``study_of``; source: them."""
    factors = tuple(
        Factor("lever", offer.name, offer.low, offer.high, offer.unit, start=start, labels=dict(offer.labels))
        for offer in offers
    )
    return study_of(
        scenario.with_horizon(until), factors=factors, outcomes=outcomes, draws=wishes.draws, seed=wishes.seed,
        table=np.zeros((1, len(factors))), design="given",
    )  # fmt: skip


class _Solving:
    """One question under way."""

    def __init__(self, asked: _Question, offers: tuple[Offer, ...], study: Study, looker: Looker, say: Tell) -> None:
        self.asked, self.offers, self.study, self.looker, self.say = asked, offers, study, looker, say
        self.targets = tuple(range(len(asked.outcomes)))
        self.budget = math.inf if asked.wishes.budget is None else asked.wishes.budget
        self.tightened = 0

    def answer(self) -> Answer:
        """Return the answer, sought again more strictly where an independent run does not bear it out."""
        wishes = self.asked.wishes
        for self.tightened in range(TIGHTEN + 1):
            # A package on the edge of the wanted probability would fail every second check.
            strict = wishes.probability + (1.0 + self.tightened) * self._error(wishes.probability)
            found = self._solve(min(strict, 1.0 - 0.5 / wishes.draws))
            if found.checked:
                break
        self.say(1.0, "done")
        return found

    def _error(self, probability: float) -> float:
        return float(np.sqrt(probability * (1.0 - probability) / self.asked.wishes.draws))

    def _solve(self, strict: float) -> Answer:
        self.say(0.05, "picture")
        picture = picture_of(self.looker, self.offers, nothing(self.offers), strict)
        self.say(0.35, "reach")
        corners = reach_of(self.looker, self.offers, picture, strict, self.asked.wishes.seed)
        reach = climbed(self.looker, self.offers, corners, strict)
        possible = tuple(target for target in self.targets if reach.margin[target] >= 0.0)
        self.say(0.5, "package")
        kind, found, needed = self._package(picture, possible, strict, corners, reach)
        self.say(0.75, "barred")
        reached = found.look.likely(strict) >= 0.0
        near = found.look.probability >= self.asked.wishes.probability
        barred = self._barred(picture, reach, reached | near, strict)
        self.say(0.85, "check")
        answer = self._told(kind, found, reached, reach, barred, needed)
        return self._more(answer, picture, found, strict)

    def _package(
        self, picture: Picture, possible: tuple[int, ...], strict: float, corners: Reach, reach: Reach
    ) -> tuple[str, Found, float | None]:
        """Return the kind of answer, the package, and what a whole one would cost where the budget is in the way."""
        whole = search_together(self.looker, picture, possible, strict, corners, reach)
        everything = len(possible) == len(self.targets)
        if whole is not None and whole.cost <= self.budget:
            empty = all(math.isnan(value) for value in whole.package)
            return ("nothing_needed" if empty and everything else "package" if everything else "part"), whole, None
        needed = None if whole is None else whole.cost
        most = most_reached(self.looker, picture, possible, strict, self.budget)
        alone = Found(nothing(self.offers), self.looker.look([nothing(self.offers)])[0], 0.0)
        if most is None:
            return ("budget" if needed is not None and everything else "none"), alone, needed
        held = tuple(target for target in possible if most.look.likely(strict)[target] >= 0.0)
        found = search(self.looker, self.offers, held, strict, self.budget, picture) or most
        found = self._more_targets(possible, found, strict)
        found = self._widened(picture, possible, found, strict)
        return ("budget" if needed is not None else "part"), found, needed

    def _more_targets(self, possible: tuple[int, ...], found: Found, strict: float) -> Found:
        """Return a package that reaches more, sought around the best one so far: the first picture is far away."""
        for _ in range(CLOSER):
            around = picture_of(self.looker, self.offers, found.package, strict)
            most = most_reached(self.looker, around, possible, strict, self.budget)
            now = [target for target in possible if found.look.likely(strict)[target] >= 0.0]
            held = [] if most is None else [t for t in possible if most.look.likely(strict)[t] >= 0.0]
            if most is None or len(held) <= len(now):
                break
            found = search(self.looker, self.offers, held, strict, self.budget, around) or most
        return found

    def _widened(self, picture: Picture, possible: tuple[int, ...], found: Found, strict: float) -> Found:
        """Return the package with further targets, where one more can truly be reached with all that are."""
        for target in possible:
            held = tuple(t for t in possible if found.look.likely(strict)[t] >= 0.0)
            if target not in held:
                self.say(0.6, "package")
                found = search(self.looker, self.offers, (*held, target), strict, self.budget, picture) or found
        return found

    def _barred(self, picture: Picture, reach: Reach, reached: NDArray[np.bool_], strict: float) -> tuple[Barred, ...]:
        held = tuple(target for target in self.targets if reached[target])
        told: list[Barred] = []
        helpful: list[Package] = []
        for target in self.targets:
            if reached[target]:
                continue
            rivals: tuple[int, ...] = ()
            smallest = True
            if reach.margin[target] >= 0.0 and len(told) < MOST_BARRED:
                clash = clash_of(self.looker, picture, held, target, strict)
                if clash is not None:
                    rivals, smallest = clash.targets[:-1], clash.smallest
            told.append(Barred(target, float(reach.probability[target]), rivals, smallest, None, None))
            helpful.append(reach.package[target])
        later = relaxed(self.asked.scenario, self.study, helpful, [one.target for one in told], strict)
        return tuple(replace(one, bound=bound, year=year) for one, (bound, year) in zip(told, later, strict=True))

    def _told(
        self, kind: str, found: Found, reached: NDArray[np.bool_], reach: Reach, barred: tuple[Barred, ...],
        needed: float | None,
    ) -> Answer:  # fmt: skip
        wishes, asked = self.asked.wishes, self.asked
        before = self.looker.look([nothing(self.offers)])[0]
        fresh = replace(self.study, draws=FRESH_DRAWS, seed=wishes.seed + FRESH_SEED)
        with Looker(fresh, wishes.workers) as other:
            fresh_before, fresh_after = other.look([nothing(self.offers), found.package])
        held = before.probability >= wishes.probability
        near = found.look.probability >= wishes.probability
        standings = [
            ("held" if held[n] else "won") if reached[n] else "edge" if near[n] else "missed" for n in self.targets
        ]
        aims = tuple(
            _aim(outcome, place, standings[place], before, found.look, fresh_before,
                 fresh_after, float(reach.probability[place]))
            for place, outcome in enumerate(asked.outcomes)
        )  # fmt: skip
        moves = tuple(
            Move(o.name, o.labels, o.owner, o.unit, o.stands, value, asked.start, o.price(value),
                 o.price(value, "low"), o.price(value, "high"))
            for o, value in zip(self.offers, found.package, strict=True)
            if not math.isnan(value)
        )  # fmt: skip
        costs = [price_of(self.offers, found.package, which) for which in ("value", "low", "high")]
        return Answer(
            kind, asked.scenario.name, asked.scenario.regions[0].region, asked.start, wishes.probability, wishes.draws,
            FRESH_DRAWS, wishes.seed, wishes.seed + FRESH_SEED, wishes.budget, moves, found.package, costs[0], costs[1],
            costs[2], aims, barred, tuple(offer.name for offer in self.offers), len(self.looker.seen), self.tightened,
            needed,
        )  # fmt: skip

    def _more(self, answer: Answer, picture: Picture, found: Found, strict: float) -> Answer:
        wishes = self.asked.wishes
        wants_front = wishes.front or wishes.robust
        if wants_front:
            self.say(0.9, "front")
            answer = replace(
                answer,
                front=front_by_number(self.looker, self.offers, picture, strict, self.budget, [found.package]),
                front_by_probability=front_by_probability(
                    self.looker, self.offers, self.budget, wishes.seed, found.package
                ),
            )
        if wishes.order:
            self.say(0.94, "order")
            answer = replace(answer, order=order_of_measures(self.looker, self.offers, strict, self.budget))
        if wishes.robust:
            self.say(0.96, "robust")
            every = [found.package, *(p.package for p in (*answer.front, *answer.front_by_probability))]
            packages = list({key_of(package): package for package in every}.values())
            outlooks = outlooks_of(self.study, self.offers, packages, wishes.probability)
            labels = {name: dict(future.labels) for name, future in known_futures().items()}
            answer = replace(answer, outlooks=outlooks, robust=robust_place(outlooks), futures=labels)
        return answer


def _aim(
    outcome: Outcome, place: int, standing: str, before: Look, after: Look, fresh_before: Look,
    fresh_after: Look, best: float,
) -> Aim:  # fmt: skip
    target = outcome.target
    if target is None:
        raise ValueError(f"{outcome.name} reads no target")
    hits = int((fresh_after.margins[:, place] >= 0.0).sum())
    return Aim(
        target.key, outcome.indicator, outcome.stage, outcome.year, outcome.unit, target.comparator, target.bound,
        dict(target.labels), target.document, standing, float(before.probability[place]),
        float(after.probability[place]), float(fresh_after.probability[place]),
        float(fresh_before.probability[place]), monte_carlo_error(hits, len(fresh_after.margins)),
        float(np.median(before.values[:, place])), float(np.median(after.values[:, place])), best,
    )  # fmt: skip
