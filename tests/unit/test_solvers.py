"""Solvers on cases whose best answer is known: knapsacks, interactions, two sides, clashes, budgets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simvet.controls import controls
from simvet.loading import load_scenario
from simvet.scenario import Target
from simvet.studies.costs import Cost, prices
from simvet.studies.front import front_by_number, front_by_probability
from simvet.studies.looking import Look
from simvet.studies.margins import likely_margin, margin_of
from simvet.studies.offers import Offer, Package, nothing, price_of
from simvet.studies.order import order_of_measures
from simvet.studies.package import search
from simvet.studies.reach import clash_of, reach_of
from simvet.studies.robust import known_futures, robust_place
from simvet.studies.surrogate import picture_of
from simvet.targets import is_reached, is_roughly_equal

DRAWS = 50
NOISE = np.linspace(-1.0, 1.0, DRAWS)


def offer(name: str, price: float, low: float = 0.0, high: float = 4.0, step: float = 1.0) -> Offer:
    levels = tuple(np.arange(low + step, high + step / 2, step))
    return Offer(name, "city", "factor", low, low, high, step, levels, Cost(price, price / 2, price * 2), {"zh": name})


class World:
    """A world of arithmetic: margins follow from the values by a formula, with the same noise in every package."""

    def __init__(self, offers: Sequence[Offer], formula: Callable[[np.ndarray], Sequence[float]], noise: float) -> None:
        self.offers, self.formula, self.noise, self.looked = offers, formula, noise, 0

    def look(self, packages: Sequence[Package]) -> list[Look]:
        """Return what each package does."""
        self.looked += len(packages)
        return [self._look(package) for package in packages]

    def _look(self, package: Package) -> Look:
        at = np.array([o.stands if np.isnan(v) else v for o, v in zip(self.offers, package, strict=True)])
        margins = np.array(self.formula(at), dtype=float)[None, :] + self.noise * NOISE[:, None]
        return Look(margins, margins)


def brute(world: World, targets: Sequence[int], probability: float) -> float:
    """Return the cost of the cheapest package of all, infinite where none holds."""
    costs = [np.inf]
    for values in product(*[(float("nan"), *o.levels) for o in world.offers]):
        (look,) = world.look([values])
        if (look.likely(probability)[list(targets)] >= 0.0).all():
            costs.append(price_of(world.offers, values))
    return min(costs)


KNAPSACK = (offer("a", 3.0), offer("b", 2.0), offer("c", 5.0))
FORMULAS = {
    "a sum": lambda x: [x[0] + x[1] + 2 * x[2] - 5.0],
    "two targets": lambda x: [x[0] + x[1] - 3.0, x[1] + 2 * x[2] - 4.0],
    "they help each other": lambda x: [x[0] * x[1] - 5.0, x[2] - 0.5],
    "they stand in each other's way": lambda x: [x[0] + x[1] + x[2] - x[0] * x[1] - 2.0],
    "two sides": lambda x: [min(x[0] + x[1] - 1.5, 3.5 - x[0] - x[1]), x[1] + x[2] - 2.5],
    "less of one is more of another": lambda x: [x[0] - 1.0, 4.0 - x[0] - 0.5 * x[1] + x[2] - 2.0],
    "a threshold": lambda x: [5.0 if x[0] >= 3 or x[2] >= 2 else -1.0],
}


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize("probability", [0.5, 0.8])
def test_the_cheapest_package_is_that_of_brute_force(name: str, probability: float) -> None:
    world = World(KNAPSACK, FORMULAS[name], 0.4)
    targets = range(len(FORMULAS[name](np.zeros(3))))
    found = search(world, KNAPSACK, targets, probability, elsewhere=True)
    best = brute(world, targets, probability)
    assert found is not None and np.isfinite(best)
    assert found.cost == pytest.approx(best)
    assert (world.look([found.package])[0].likely(probability)[list(targets)] >= 0.0).all()


def test_among_equal_costs_the_fewest_and_smallest_moves_win() -> None:
    free = (offer("a", 0.0), offer("b", 0.0), offer("c", 0.0))
    found = search(World(free, lambda x: [x[0] + x[1] + x[2] - 2.0], 0.0), free, [0], 0.8)
    assert found is not None
    moved = [value for value in found.package if not np.isnan(value)]
    assert moved == [2.0]


def test_nothing_is_moved_where_everything_is_reached() -> None:
    found = search(World(KNAPSACK, lambda x: [x[0] + 9.0], 0.0), KNAPSACK, [0], 0.8)
    assert found is not None and found.cost == 0.0 and np.isnan(found.package).all()


def test_what_no_package_reaches_has_none() -> None:
    world = World(KNAPSACK, lambda x: [x.sum() - 20.0], 0.2)
    assert search(world, KNAPSACK, [0], 0.8) is None


def test_a_budget_is_kept_and_more_money_never_reaches_less() -> None:
    world = World(KNAPSACK, lambda x: [x[0] - 0.5, x[1] - 1.5, x[2] - 2.5], 0.0)
    whole = search(world, KNAPSACK, [0, 1, 2], 0.8)
    assert whole is not None and whole.cost == pytest.approx(3 + 4 + 15)
    assert search(world, KNAPSACK, [0, 1, 2], 0.8, whole.cost - 0.01) is None
    picture = picture_of(world, KNAPSACK, nothing(KNAPSACK), 0.8)
    numbers = []
    for budget in (0.0, 2.9, 3.0, 6.9, 7.0, 21.9, 22.0, 100.0):
        points = front_by_number(world, KNAPSACK, picture, 0.8, budget)
        assert all(point.cost <= budget + 1e-9 for point in points)
        numbers.append(points[-1].number)
    assert numbers == sorted(numbers) == [0, 0, 1, 1, 2, 2, 3, 3]


def test_a_higher_probability_never_costs_less() -> None:
    world = World(KNAPSACK, FORMULAS["two targets"], 1.0)
    costs = [search(world, KNAPSACK, [0, 1], p) for p in (0.2, 0.5, 0.8, 0.95)]
    assert all(found is not None for found in costs)
    assert [f.cost for f in costs if f] == sorted(f.cost for f in costs if f)


def test_the_front_has_the_cheapest_package_of_every_number() -> None:
    world = World(KNAPSACK, lambda x: [x[0] - 0.5, x[1] - 1.5, x[2] - 2.5], 0.0)
    picture = picture_of(world, KNAPSACK, nothing(KNAPSACK), 0.8)
    points = front_by_number(world, KNAPSACK, picture, 0.8, np.inf)
    assert [(p.number, p.cost) for p in points] == [(0, 0.0), (1, 3.0), (2, 7.0), (3, 22.0)]
    assert [(p.low, p.high) for p in points][1] == (1.5, 6.0)


def test_the_front_by_probability_is_unbeaten_and_keeps_the_same_bytes() -> None:
    world = World(KNAPSACK, FORMULAS["two targets"], 1.0)
    also = search(world, KNAPSACK, [0, 1], 0.8)
    assert also is not None
    first, again = (front_by_probability(world, KNAPSACK, np.inf, 3, also.package) for _ in range(2))
    assert [p.cost for p in first] == [p.cost for p in again]
    costs, shares = [p.cost for p in first], [p.probability for p in first]
    assert costs == sorted(costs) and shares == sorted(shares) and len(set(shares)) == len(shares)
    best = {}
    for values in product(*[(float("nan"), *o.levels) for o in KNAPSACK]):
        cost = price_of(KNAPSACK, values)
        best[cost] = max(best.get(cost, 0.0), float(world.look([values])[0].probability.mean()))
    for point in first:
        cheaper = max(share for cost, share in best.items() if cost <= point.cost + 1e-9)
        assert point.probability >= cheaper - 0.05


def test_the_smallest_set_that_clashes_is_found_exactly() -> None:
    # The third holds alone and with either, but the first and the fourth never hold together.
    world = World(KNAPSACK, lambda x: [x[0] - 2.5, x[1] - 0.5, x[2] - 0.5, 2.5 - x[0] - 0.1 * x[1]], 0.0)
    picture = picture_of(world, KNAPSACK, nothing(KNAPSACK), 0.8)
    clash = clash_of(world, picture, (0, 1, 2), 3, 0.8)
    assert clash is not None and clash.targets == (0, 3) and clash.smallest
    assert clash_of(world, picture, (1, 2), 3, 0.8) is None


def test_three_may_clash_where_no_two_do() -> None:
    pool = (offer("a", 1.0), offer("b", 1.0), offer("c", 1.0))
    rule = lambda x: [x[0] - 0.5, x[1] - 0.5, 2.5 - x.sum() - (x[0] > 0.5) * 0.0 - 0.6 * x[0] - 0.6 * x[1]]  # noqa: E731
    world = World(pool, rule, 0.0)
    picture = picture_of(world, pool, nothing(pool), 0.8)
    clash = clash_of(world, picture, (0, 1), 2, 0.8)
    assert clash is not None and set(clash.targets) == {0, 1, 2} and clash.smallest


def test_the_best_of_a_target_is_that_of_its_corner() -> None:
    world = World(KNAPSACK, lambda x: [x[0] - x[1] + 2 * x[2] - 30.0, x[1] - 9.0], 0.1)
    picture = picture_of(world, KNAPSACK, nothing(KNAPSACK), 0.8)
    reach = reach_of(world, KNAPSACK, picture, 0.8, 1)
    assert (reach.margin < 0.0).all() and (reach.probability == 0.0).all()
    assert reach.package[0][0] == 4.0 and np.isnan(reach.package[0][1]) and reach.package[0][2] == 4.0


def test_measures_are_put_in_the_order_of_their_price() -> None:
    pool = (offer("dear", 10.0), offer("cheap", 1.0), offer("idle", 0.1))
    world = World(pool, lambda x: [(x[0] + x[1]) / 4.0 - 1.0], 1.0)
    steps = order_of_measures(world, pool, 0.95, np.inf)
    assert steps[0].name == "cheap" and "idle" not in {step.name for step in steps}
    assert [s.price for s in steps] == sorted(s.price for s in steps)
    assert [s.probability for s in steps] == sorted(s.probability for s in steps)


TARGETS = [
    target for name in ("zhejiang", "zhoushan", "wenzhou", "lishui") for target in load_scenario(name).targets
    if target.bound is not None
]  # fmt: skip


@given(st.sampled_from(TARGETS), st.floats(0.2, 3.0), st.booleans())
def test_a_margin_at_or_above_zero_is_a_target_reached(target: Target, factor: float, exact: bool) -> None:
    bound = np.array([0.5 if is_roughly_equal(target) else float(target.bound or 0.0)])
    value = bound.copy() if exact else bound * factor
    assert bool(margin_of(target, value, bound)[0] >= 0.0) == bool(is_reached(target, value, bound)[0])


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=40), st.floats(0.01, 1.0))
def test_the_likely_margin_has_the_sign_of_the_verdict(margins: list[float], probability: float) -> None:
    drawn = np.array(margins)[:, None]
    reached = float((drawn >= 0.0).mean())
    assert (likely_margin(drawn, probability)[0] >= 0.0) == (reached >= probability - 1e-9 / len(margins))


def test_every_lever_has_a_price_with_unit_band_and_reason() -> None:
    assert set(prices()) == set(controls())
    for price in prices().values():
        assert price.unit.startswith("CNY") and all(price.reasons.values()) and price.source
        if price.status == "assumed":
            assert price.low <= price.price / 1.3 and price.high >= 1.3 * price.price, price.lever


def test_every_future_is_named_and_one_is_the_scenario_itself() -> None:
    futures = known_futures()
    assert sum(not future.quantity for future in futures.values()) == 1
    scenario = load_scenario("zhoushan")
    for future in futures.values():
        there = future.of(scenario)
        assert (there.digest == scenario.digest) == (not future.quantity)


def test_no_package_is_robust_where_there_is_none() -> None:
    assert robust_place(()) is None
