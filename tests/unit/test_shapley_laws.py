"""What makes a Shapley value: it adds up, gives nothing to who does nothing, and treats equals alike."""

from collections.abc import Callable
from itertools import combinations, permutations
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from simvet.decomposition import MOST_EXACT, Decomposition, decompose, sampled_shapley, shapley
from simvet.levers import Lever
from simvet.loading import load_scenario
from simvet.result import simulate

Floats = NDArray[np.float64]
Worth = Callable[[frozenset[int]], Floats]
DRAWS = 4
MANY = (
    ("intake_plan", "general_high", "multiply", 1.05),
    ("intake_plan", "higher_vocational", "multiply", 1.05),
    ("dropout_rate", "secondary_vocational", "multiply", 0.6),
    ("transfer_pass_rate", "", "multiply", 1.05),
    ("integrated_higher_share", "", "multiply", 1.2),
    ("block_share", "vocational", "multiply", 1.1),
    ("elsewhere_seats", "vocational_exam", "multiply", 1.3),
    ("books_growth", "higher_vocational", "add", 0.0),
)
"""Eight levers, one more than are combined exactly; the last changes nothing."""


def random_game(players: int, seed: int, draws: int = 3) -> Worth:
    """Return a game without any structure: every coalition has a worth of its own."""
    generator = np.random.default_rng(seed)
    worths = {
        frozenset(chosen): generator.normal(size=draws)
        for size in range(players + 1)
        for chosen in combinations(range(players), size)
    }
    return lambda pulled: worths[pulled]


def brute_force(worth: Worth, players: int) -> list[Floats]:
    gains: list[list[Floats]] = [[] for _ in range(players)]
    for order in permutations(range(players)):
        for place, player in enumerate(order):
            before = frozenset(order[:place])
            gains[player].append(worth(before | {player}) - worth(before))
    return [np.mean(gain, axis=0) for gain in gains]


@pytest.mark.parametrize("players", [1, 2, 4, 5])
def test_the_value_is_the_mean_gain_over_all_orders_of_any_game(players: int) -> None:
    worth = random_game(players, seed=players)
    for mine, true in zip(shapley(worth, players), brute_force(worth, players), strict=True):
        np.testing.assert_allclose(mine, true, atol=1e-12)


def test_no_player_no_part() -> None:
    assert shapley(lambda _: np.zeros(3), 0) == []
    assert sampled_shapley(lambda _: np.zeros(3), 0, seed=1) == []


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_sampled_parts_of_any_game_add_up_and_lie_within_their_error(seed: int) -> None:
    players = 9
    worth = random_game(players, seed)
    found = sampled_shapley(worth, players, seed)
    whole = worth(frozenset(range(players))) - worth(frozenset())
    np.testing.assert_allclose(sum(found), whole, atol=1e-9)
    # A gain is a difference of two standard normals; 48 orders, pairs counted as one.
    error = np.sqrt(2.0 / 24.0)
    for mine, true in zip(found, shapley(worth, players), strict=True):
        assert np.max(np.abs(mine - true)) < 4.5 * error


def test_sampled_parts_move_with_the_players_within_their_error() -> None:
    players = 9
    worth = random_game(players, seed=5)
    turn = [3, 1, 4, 0, 5, 8, 2, 6, 7]
    turned = sampled_shapley(lambda pulled: worth(frozenset(turn[p] for p in pulled)), players, seed=5)
    straight = sampled_shapley(worth, players, seed=5)
    error = np.sqrt(2.0 / 24.0)
    for place, player in enumerate(turn):
        assert np.max(np.abs(turned[place] - straight[player])) < 4.5 * np.sqrt(2.0) * error


def test_whoever_adds_nothing_gets_exactly_nothing_and_twins_get_the_same() -> None:
    inner = random_game(3, seed=9)

    def worth(pulled: frozenset[int]) -> Floats:
        """Player 3 adds nothing; players 0 and 4 stand for one another."""
        stands = {0} if pulled & {0, 4} else set()
        return inner(frozenset(stands | (pulled & {1, 2}))) + 2.0 * len(pulled & {0, 4})

    exact = shapley(worth, 5)
    assert np.array_equal(exact[3], np.zeros(3))
    np.testing.assert_allclose(exact[0], exact[4], atol=1e-12)
    assert np.array_equal(sampled_shapley(worth, 5, seed=1)[3], np.zeros(3))


def test_every_seed_samples_other_orders_and_the_same_seed_the_same() -> None:
    worth = random_game(9, seed=7)
    first, again, other = (sampled_shapley(worth, 9, seed) for seed in (1, 1, 2))
    assert all(np.array_equal(mine, same) for mine, same in zip(first, again, strict=True))
    assert any(not np.allclose(mine, another) for mine, another in zip(first, other, strict=True))


def levers(chosen: tuple[tuple[str, str, str, float], ...]) -> list[Lever]:
    return [
        Lever(f"{name} {key}", name, "zhejiang", key, operation, value, 2021, None, "city", "test", "test")  # type: ignore[arg-type]
        for name, key, operation, value in chosen
    ]


def split(chosen: tuple[tuple[str, str, str, float], ...]) -> Decomposition:
    scenario = load_scenario("zhejiang").with_levers(*levers(chosen)).with_horizon(2025)
    return decompose(simulate(scenario, DRAWS), "progression_rate", 2025)


def parts(found: Decomposition) -> dict[str, Floats]:
    return {part.labels.get("en", part.kind): part.values for part in found.parts}


@pytest.fixture(scope="module")
def many() -> Decomposition:
    return split(MANY)


def test_the_parts_of_many_levers_add_up_in_every_draw(many: Decomposition) -> None:
    assert not many.exact
    assert len(many.parts) == 2 + len(MANY) > 2 + MOST_EXACT
    total = many.base + sum(part.values for part in many.parts)
    np.testing.assert_allclose(total, many.final, rtol=0.0, atol=1e-9)


def test_of_many_levers_the_one_that_does_nothing_still_gets_exactly_nothing(many: Decomposition) -> None:
    found = parts(many)
    assert np.array_equal(found["books_growth higher_vocational"], np.zeros(DRAWS))
    assert sum(abs(values.mean()) > 1e-4 for values in found.values()) >= 6


def test_sampled_parts_of_a_run_are_the_exact_ones_to_a_fiftieth_of_the_change(many: Decomposition) -> None:
    """Without the lever that does nothing seven are left, few enough for all combinations."""
    exact = split(MANY[:-1])
    assert exact.exact
    assert exact.gap <= 1e-9
    sampled, true = parts(many), parts(exact)
    size = np.max(np.abs(many.final - many.base))
    for name, values in true.items():
        assert np.max(np.abs(sampled[name] - values)) <= size / 50.0, name


LEVER = """  - name: {name}
    title: {{zh: {name}, en: {name}}}
    quantity: {quantity}
    key: {key}
    operation: multiply
    value: {value}
    from: 2021
    owner: city
    source: "test"
"""


def test_the_order_of_levers_in_the_file_does_not_matter(tmp_path: Path) -> None:
    said = [
        LEVER.format(name="seats", quantity="intake_plan", key="general_high", value=1.05),
        LEVER.format(name="colleges", quantity="intake_plan", key="higher_vocational", value=1.05),
        LEVER.format(name="dropout", quantity="dropout_rate", key="secondary_vocational", value=0.6),
    ]
    found = []
    for place, order in enumerate(((0, 1, 2), (2, 0, 1))):
        path = tmp_path / f"plan{place}.yaml"
        text = "base: zhejiang\ntitle: {zh: 试, en: trial}\nuntil: 2026\nlevers:\n" + "".join(said[i] for i in order)
        path.write_text(text, encoding="utf-8")
        found.append(parts(decompose(simulate(str(path), DRAWS), "progression_rate", 2025)))
    first, second = found
    assert list(first) != list(second) and set(first) == set(second)
    for name, values in first.items():
        np.testing.assert_allclose(second[name], values, rtol=0.0, atol=1e-12)
    assert min(abs(first[name].mean()) for name in ("seats", "colleges", "dropout")) > 1e-5
