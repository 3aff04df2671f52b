"""The answer to a plan: few draws at once, many after, always on the same random numbers."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np

from simvet.lateness import LateLever, late_levers
from simvet.planning.own import find_plan_scenario
from simvet.planning.plan import Plan, scenario_of
from simvet.planning.views import VIEWS, wanted_views
from simvet.result import Result, simulate
from simvet.runs import Run, rerun
from simvet.scenario import Scenario
from simvet.trust import Trust, trust_of
from simvet.verdicts import Verdict, judge, province_of

FEW, MANY = 40, 500
"""Draws of the first answer, and of the one that follows."""
SEED = 1
"""The screen always meets the same luck, so that what changes is policy."""
TREND_KINDS = ("flow", "own")
"""Kinds of targets whose trend the board shows."""
Tell = Callable[[str], None]
Value = TypeVar("Value")


@dataclass
class Answer:
    """What a run says about a plan.

    Notes
    -----
    Shape: ``views`` holds what pages have asked for. Unit: see each view. ``searched`` says that causes, needs and late
    levers were looked for. ``trusts`` says of each verdict how far it carries. ``run`` is None in an answer that came
    from a worker: its views were packed with it.
    Errors: KeyError for a view that was not packed. Source: the run.
    """

    digest: str
    draws: int
    verdicts: tuple[Verdict, ...]
    searched: bool
    late: tuple[LateLever, ...] = ()
    held: dict[str, int] = field(default_factory=dict)
    run: Run | None = None
    views: dict[tuple[Any, ...], Any] = field(default_factory=dict)
    trusts: tuple[Trust, ...] = ()
    guard: ClassVar[threading.RLock] = threading.RLock()

    def view(self, name: str, *arguments: object) -> Any:
        """Return a view of the run by its name in VIEWS, computed once."""
        key = (name, *arguments)
        # Several users look at one answer, and the run behind it fills its own shelves as it is read.
        with self.guard:
            if key not in self.views:
                if self.run is None:
                    raise KeyError(key)
                self.views[key] = VIEWS[name](self.run, *arguments)
            return self.views[key]

    def holds(self, name: str, *arguments: object) -> bool:
        """Return whether a view is at hand, or can be computed."""
        return self.run is not None or (name, *arguments) in self.views

    def packed(self) -> Answer:
        """Return the answer with every view that a page may ask for, and without the run: small enough to send."""
        if self.run is not None:
            for name, *arguments in wanted_views(self.run):
                self.view(name, *arguments)
            for verdict in self.verdicts:
                self.view("trend", verdict.target.region, verdict.reading, verdict.target.stage)
        return replace(self, run=None)


class Shelf(Generic[Value]):
    """The things used last, so many of them and no more."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._held: OrderedDict[Any, Value] = OrderedDict()
        self._guard = threading.Lock()

    def get(self, key: object) -> Value | None:
        """Return what lies under a key, None if nothing does."""
        with self._guard:
            if key not in self._held:
                return None
            self._held.move_to_end(key)
            return self._held[key]

    def held(self) -> list[Any]:
        """Return what there is something under."""
        with self._guard:
            return list(self._held)

    def put(self, key: object, value: Value) -> Value:
        """Lay a thing under a key; what was used longest ago goes when there are too many."""
        with self._guard:
            self._held[key] = value
            self._held.move_to_end(key)
            while len(self._held) > self.most:
                self._held.popitem(last=False)
        return value


class Answering:
    """Runs plans of one size of ensemble, and keeps what the next plan can use again.

    Notes
    -----
    Shape: ``draws`` worlds. Opening balances are solved once for a scenario and its data; a plan then only walks the
    years. One plan at a time, for they would only take turns. Unit: none. Errors: InputError as the plan's. Source:
    MODEL, section 7 (common random numbers).
    """

    def __init__(self, draws: int, bases: int = 12, answers: int = 6, verdicts: int = 96) -> None:
        self.draws = draws
        self._bases: Shelf[Run] = Shelf(bases)
        self._provinces: Shelf[Run] = Shelf(4)
        self._answers: Shelf[Answer] = Shelf(answers)
        # Verdicts are a hundredth of a run in size, so that many more users' worth of them can be kept.
        self._verdicts: Shelf[Answer] = Shelf(verdicts)
        self._turn = threading.RLock()

    def run(self, plan: Plan) -> Run:
        """Return the run of a plan."""
        scenario = scenario_of(plan, find_plan_scenario(plan.scenario))
        with self._turn:
            return rerun(self._base(plan), scenario)

    def answer(self, plan: Plan, search: bool = False, tell: Tell | None = None) -> Answer:
        """Return the answer to a plan; ``search`` looks for causes, needs and late levers, which takes seconds."""
        key = (plan.digest, search)
        found = self._answers.get(key)
        if found is None:
            with self._turn:
                found = self._answers.get(key) or self._answers.put(key, self._answer(plan, search, tell))
        return found

    def verdicts(self, plan: Plan) -> Answer:
        """Return the answer to a plan without its run: verdicts and the trends of the headline and flow targets."""
        found = self._verdicts.get(plan.digest)
        if found is None:
            whole = self.answer(plan)
            for verdict in whole.verdicts:
                if verdict.headline or verdict.target.kind in TREND_KINDS:
                    whole.view("trend", verdict.target.region, verdict.reading, verdict.target.stage)
            trends = {key: value for key, value in list(whole.views.items()) if key[0] == "trend"}
            found = self._verdicts.put(plan.digest, replace(whole, run=None, views=trends))
        return found

    def standing(self, plan: Plan, quantity: str, key: str, year: int) -> float:
        """Return where a quantity stands in a year before any lever of the plan is moved: the median over the draws."""
        with self._turn:
            base = self._base(plan)
            path = base.schedule.path(0, quantity, key)
        column = min(max(year - base.schedule.first, 0), path.shape[1] - 1)
        return float(np.median(path[:, column]))

    def _answer(self, plan: Plan, search: bool, tell: Tell | None) -> Answer:
        run = self.run(plan)
        province = self._province(run)
        verdicts = tuple(judge(run, search, tell, province, needs=search))
        late = tuple(late_levers(run)) if search else ()
        return Answer(
            plan.digest, run.draws, verdicts, search, late, dict(run.schedule.held), run, trusts=trust_of(run, verdicts)
        )

    def _base(self, plan: Plan) -> Run:
        """Return the run of the plan's scenario and data, no lever moved: it supplies the opening balances."""
        bare = Plan(plan.scenario, edits=plan.edits)
        key = bare.digest
        found = self._bases.get(key)
        if found is None:
            scenario = scenario_of(bare, find_plan_scenario(plan.scenario))
            found = self._bases.put(key, simulate(scenario, self.draws, SEED))
        return found

    def _province(self, run: Run) -> Run | None:
        name = run.scenario.province
        if name == "none":
            return None
        found = self._provinces.get((name, run.scenario.until))
        if found is None:
            made = province_of(run)
            found = made and self._provinces.put((name, run.scenario.until), made)
        return found


def result_of(run: Run) -> Result:
    """Return a run in the hands of those who ask more of it; unit, errors: none; source: the run."""
    return Result(run.scenario, run.schedule, run.books, run.seed, run.engine, run.world)


def plan_scenario(plan: Plan) -> Scenario:
    """Return the scenario of a plan; unit: none; errors: InputError as :func:`scenario_of`; source: the plan."""
    return scenario_of(plan, find_plan_scenario(plan.scenario))
