"""The parts of a change: they add up, and no order of levers matters."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest

from simvet.decomposition import Decomposition, decompose, sampled_shapley, shapley
from simvet.errors import InputError
from simvet.levers import Lever
from simvet.loading import load_scenario
from simvet.result import Result, simulate

DRAWS = 25


def lever(name: str, quantity: str, key: str, operation: str, value: float) -> Lever:
    return Lever(name, quantity, "zhejiang", key, operation, value, 2022, None, "city", "test", "test")  # type: ignore[arg-type]


LEVERS = (
    lever("general", "intake_plan", "general_high", "multiply", 1.08),
    lever("nothing", "books_growth", "higher_vocational", "add", 0.0),
    lever("dropout", "dropout_rate", "secondary_vocational", "multiply", 0.5),
)


def run(*levers: Lever) -> Result:
    return simulate(load_scenario("zhejiang").with_levers(*levers), DRAWS)


def toy(players: frozenset[int]) -> np.ndarray:
    """A game with synergies: worth grows with the square of the sum."""
    return np.array([float(sum(player + 1 for player in players)) ** 2, float(len(players))])


@pytest.fixture(scope="module")
def result() -> Result:
    return run(*LEVERS)


@pytest.fixture(scope="module")
def found(result: Result) -> Decomposition:
    return decompose(result, "progression_rate", 2025)


def test_the_parts_sum_to_the_change_in_every_draw(found: Decomposition) -> None:
    total = found.base + sum(part.values for part in found.parts)
    assert np.max(np.abs(total - found.final)) <= 1e-9
    assert found.gap <= 1e-9
    assert found.exact


def test_base_and_final_are_what_the_run_says(result: Result, found: Decomposition) -> None:
    values = result.indicator("progression_rate")[:, :, 0]
    assert np.array_equal(found.base, values[:, result.books.years.index(2020)])
    assert np.array_equal(found.final, values[:, result.books.years.index(2025)])


def test_a_lever_that_changes_nothing_gets_nothing_and_one_that_acts_gets_something(found: Decomposition) -> None:
    parts = {part.labels.get("en", part.kind): part.values for part in found.parts}
    assert np.array_equal(parts["nothing"], np.zeros(DRAWS))
    assert abs(parts["general"].mean()) > 1e-4


def test_the_order_of_levers_in_the_file_does_not_matter(found: Decomposition) -> None:
    turned = decompose(run(*reversed(LEVERS)), "progression_rate", 2025)
    for part in found.parts:
        same = next(p for p in turned.parts if (p.kind, p.labels) == (part.kind, part.labels))
        assert np.max(np.abs(same.values - part.values)) <= 1e-12


def test_two_equal_levers_share_equally() -> None:
    twin = lever("twin", "intake_plan", "general_high", "multiply", 1.04)
    parts = decompose(run(twin, replace(twin, name="other")), "progression_rate", 2025).parts
    assert np.allclose(parts[-1].values, parts[-2].values, atol=1e-12)


def test_projects_are_parts_too() -> None:
    places = decompose(simulate("zhoushan", DRAWS), "places", 2025, "secondary_vocational")
    parts = {part.labels.get("en", part.kind): part for part in places.parts}
    assert parts["new secondary vocational school (about 4,000 places)"].values.mean() > 2000
    assert parts["merging of small or non-compliant schools"].values.mean() < 0
    assert places.gap <= 1e-9


def test_shapley_is_the_mean_over_all_orders() -> None:
    wanted = [np.zeros(2) for _ in range(4)]
    orders = list(permutations(range(4)))
    for order in orders:
        pulled: frozenset[int] = frozenset()
        for player in order:
            wanted[player] = wanted[player] + (toy(pulled | {player}) - toy(pulled)) / len(orders)
            pulled = pulled | {player}
    for mine, brute in zip(shapley(toy, 4), wanted, strict=True):
        assert np.allclose(mine, brute)


def test_sampled_orders_still_add_up_and_come_close() -> None:
    players = 9
    found = sampled_shapley(toy, players, seed=3)
    whole = toy(frozenset(range(players))) - toy(frozenset())
    assert np.allclose(sum(found), whole, atol=1e-9)
    exact = shapley(toy, players)
    # Each order stands beside its reverse, and the toy has pairs only: the sample is exact.
    for mine, true in zip(found, exact, strict=True):
        assert np.allclose(mine, true, atol=1e-9)


def test_what_has_no_change_to_explain_is_refused(result: Result) -> None:
    with pytest.raises(InputError, match="no change to explain"):
        decompose(result, "progression_rate", 2020)
    with pytest.raises(InputError, match="not in this scenario"):
        decompose(result, "progression_rate", 2025, region="wenzhou")
