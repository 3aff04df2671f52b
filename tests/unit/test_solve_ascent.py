"""Levers that help only together: the climb finds what corners of levers moved alone miss."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

import numpy as np
import pytest

from simvet.studies.ascent import TRIED, _values, climbed, movers_of, search_from, search_together
from simvet.studies.costs import Cost
from simvet.studies.looking import Look
from simvet.studies.offers import Offer, Package, nothing, price_of
from simvet.studies.reach import Reach, reach_of
from simvet.studies.surrogate import picture_of

NOISE = np.linspace(-1.0, 1.0, 50)


def offer(name: str, price: float) -> Offer:
    return Offer(
        name, "city", "factor", 0.0, 0.0, 4.0, 1.0, (1.0, 2.0, 3.0, 4.0), Cost(price, price, price), {"zh": name}
    )


POOL = (offer("seats", 1.0), offer("wish", 2.0), offer("idle", 0.1))


class World:
    """Margins follow from the values by a formula, with the same noise in every package."""

    def __init__(self, formula: Callable[[np.ndarray], Sequence[float]], noise: float) -> None:
        self.formula, self.noise = formula, noise

    def look(self, packages: Sequence[Package]) -> list[Look]:
        """Return what each package does."""
        found = []
        for package in packages:
            at = np.nan_to_num(np.array(package))
            margins = np.array(self.formula(at), dtype=float)[None, :] + self.noise * NOISE[:, None]
            found.append(Look(margins, margins))
        return found


def together(x: np.ndarray) -> list[float]:
    """Who finds a seat is the smaller of seats and wishes, which start level: neither helps alone."""
    return [min(x[0], x[1]) - 2.5]


def many(x: np.ndarray) -> list[float]:
    """Return the same, with a second target that both levers hurt a little."""
    return [min(x[0], x[1]) - 2.5, 9.0 - x[0] - x[1]]


def cheapest(world: World, targets: Sequence[int], probability: float) -> float:
    costs = [np.inf]
    for values in product(*[(float("nan"), *one.levels) for one in POOL]):
        if (world.look([values])[0].likely(probability)[list(targets)] >= 0.0).all():
            costs.append(price_of(POOL, values))
    return min(costs)


def test_a_climb_reaches_what_the_corners_of_single_levers_miss() -> None:
    world = World(together, 0.1)
    picture = picture_of(world, POOL, nothing(POOL), 0.8)
    first = reach_of(world, POOL, picture, 0.8, 1)
    # The reach of the corner, as if no random package had been lucky.
    poor = type(first)(np.array([-2.5]), np.array([0.0]), (nothing(POOL),), 1)
    better = climbed(world, POOL, poor, 0.8)
    assert better.margin[0] >= 0.0 and better.probability[0] >= 0.8
    assert (world.look([better.package[0]])[0].likely(0.8) >= 0.0).all()
    assert better.tried > poor.tried


def test_a_climb_never_takes_anything_away_and_leaves_the_impossible_impossible() -> None:
    world = World(lambda x: [min(x[0], x[1]) - 9.0, x[0] - 1.0], 0.1)
    picture = picture_of(world, POOL, nothing(POOL), 0.8)
    first = reach_of(world, POOL, picture, 0.8, 1)
    better = climbed(world, POOL, first, 0.8)
    assert (better.margin >= first.margin).all() and (better.probability >= first.probability).all()
    assert better.margin[0] < 0.0 and better.probability[0] == 0.0
    for target, package in enumerate(better.package):
        assert world.look([package])[0].likely(0.8)[target] == better.margin[target]


def test_the_package_kept_for_a_step_back_is_that_of_the_best_likely_margin() -> None:
    # The fourth value wins more draws and loses the rest by more: worse to step back from.
    spread = {0.0: (-9.0, -9.0), 1.0: (-9.0, -9.0), 2.0: (-9.0, -9.0), 3.0: (-1.0, -1.0), 4.0: (1.0, -5.0)}

    class Torn(World):
        def look(self, packages: Sequence[Package]) -> list[Look]:
            found = []
            for package in packages:
                at = np.nan_to_num(np.array(package))
                won, lost = spread[min(at[0], at[1])]
                margins = np.where(np.arange(50) < 25, won, lost)[:, None]
                found.append(Look(margins, margins))
            return found

    world = Torn(together, 0.0)
    three = (3.0, 3.0, float("nan"))
    first = Reach(np.array([-1.0]), np.array([0.0]), (three,), 1)
    better = climbed(world, POOL, first, 0.8)
    assert better.package == (three,) and better.margin[0] == -1.0 and better.probability[0] == 0.5


def test_a_target_that_one_lever_moves_is_not_climbed_for() -> None:
    world = World(lambda x: [x[0] - 9.0], 0.1)
    assert movers_of(world, POOL) == [(0,)]
    first = reach_of(world, POOL, picture_of(world, POOL, nothing(POOL), 0.8), 0.8, 1)
    assert climbed(world, POOL, first, 0.8).tried == first.tried


def test_levers_that_do_nothing_alone_are_movers_all_the_same() -> None:
    assert movers_of(World(together, 0.1), POOL) == [(0, 1)]


def test_movers_are_those_of_any_draw() -> None:
    class Rare(World):
        def look(self, packages: Sequence[Package]) -> list[Look]:
            looks = super().look(packages)
            for package, look in zip(packages, looks, strict=True):
                look.margins[0, 0] += np.nan_to_num(package[2])
            return looks

    assert movers_of(Rare(lambda x: [x[0] - 1.0], 0.1), POOL) == [(0, 2)]


@pytest.mark.parametrize("formula", [together, many])
@pytest.mark.parametrize("probability", [0.5, 0.8, 0.95])
def test_the_cheapest_package_of_levers_that_help_only_together_is_that_of_brute_force(formula, probability) -> None:
    world = World(formula, 0.3)
    targets = range(len(formula(np.zeros(3))))
    picture = picture_of(world, POOL, nothing(POOL), probability)
    first = reach_of(world, POOL, picture, probability, 1)
    reach = climbed(world, POOL, first, probability)
    found = search_together(world, picture, targets, probability, first, reach)
    assert found is not None
    assert found.cost == pytest.approx(cheapest(world, targets, probability))
    assert (found.look.likely(probability)[list(targets)] >= 0.0).all()


def test_the_search_keeps_a_budget_and_says_when_there_is_none() -> None:
    world = World(many, 0.0)
    start = (4.0, 4.0, float("nan"))
    whole = search_from(world, POOL, [0, 1], 0.8, np.inf, [start])
    assert whole is not None and whole.cost == pytest.approx(9.0)
    assert search_from(world, POOL, [0, 1], 0.8, 8.9, [start]) is None
    never = World(lambda x: [x[0] - 2.5, 1.5 - x[0]], 0.0)
    assert search_from(never, POOL, [0, 1], 0.8, np.inf, [start]) is None


def test_the_values_of_a_round_hold_both_ends() -> None:
    values = _values(POOL[0])
    assert np.isnan(values[0]) and values[1] == 1.0 and values[-1] == 4.0 and len(values) <= TRIED + 1
