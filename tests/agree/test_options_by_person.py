"""Applicants who choose among options one by one agree with the continuum of cut-offs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from simvet.rules.admission import place_by_score, unlimited_shares
from simvet.rules.choosing import (
    SCORE_BINS,
    STRETCHES,
    exponential_table,
    fresh_bins,
    option_odds,
    ranked_bins,
)
from simvet.rules.kernels import KERNELS
from simvet.rules.matching import DECLINED, UNPLACED

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PERSONS = 200_000
FRESH_LEVELS = 65_536
UNLIMITED = 2**31 - 1
YEARS = 8
"""Independent gates, a year each."""
KNOTS = exponential_table()
INF = np.inf
SIGMAS = 4.5
KINK = 0.4
"""Standard deviations by which persons fill fewer seats where expected demand just equals them (MODEL, section 4)."""

GATES = {
    "all open": ([0.3, -0.4], [2.0, 1.0], [INF, INF]),
    "general school closes": ([0.2, 0.4], [3.0, 1.0], [70_000.0, INF]),
    "two close, one stays open": ([1.0, 0.2, 0.0], [3.0, 1.0, 0.0], [80_000.0, 40_000.0, INF]),
    "both close": ([2.05, -1.0], [0.8, 3.5], [82_000.0, 40_000.0]),
    "one has no seat at all": ([0.5, 0.5, 0.5, 0.5], [3.0, 1.0, 1.0, 0.0], [60_000.0, 40_000.0, 0.0, 30_000.0]),
    "seven options": (
        [0.4, -0.2, 0.0, 0.3, -1.0, 0.1, -0.5],
        [2.0, 0.0, 1.0, 0.5, 3.0, -1.0, 1.0],
        [40_000.0, 9_000.0, INF, 20_000.0, INF, 15_000.0, 10_000.0],
    ),
}


@dataclass
class Brought:
    """What a gate brought: who chose what, seats taken, cut-offs as score quantiles."""

    choice: NDArray[np.int32]
    placed: Ints
    cutoff: Floats


def gate(utility: Floats, slope: Floats, seats: Floats, year: int, count: int = PERSONS) -> Brought:
    """Let persons sit a fresh exam and choose in its order, as the agent engine has them do."""
    persons = np.arange(count, dtype=np.uint32)
    key, exam, choose = (np.empty(count, dtype=np.int32), *(np.array([7, 0, d, year, 9]) for d in (13, 14)))
    rules = KERNELS["compiled"]
    rules.sit_exam(
        np.arange(count, dtype=np.int32), persons, 0.0, FRESH_LEVELS - 1, True, exam, np.zeros(count, np.int16), key
    )
    order = rules.order_by_key(key, FRESH_LEVELS, np.arange(count, dtype=np.int32))
    left = np.minimum(seats, UNLIMITED).astype(np.int64)
    choice, last = np.empty(count, dtype=np.int32), np.full(len(seats), -1, dtype=np.int32)
    rules.walk_options(
        order, persons, key, fresh_bins(FRESH_LEVELS), option_odds(utility, slope), left, KNOTS, choose, choice, last
    )
    quantile = np.array([(key < points).mean() if points >= 0 else 0.0 for points in last])
    placed = np.bincount(choice[choice >= 0], minlength=len(seats))
    np.testing.assert_array_equal(np.minimum(seats, UNLIMITED).astype(np.int64) - placed, left)
    return Brought(choice, placed, np.where(seats < 1.0, 1.0, quantile))


def parts_of(name: str) -> tuple[Floats, Floats, Floats]:
    utility, slope, seats = (np.array(part, dtype=np.float64) for part in GATES[name])
    return utility, slope, seats


def continuum(utility: Floats, slope: Floats, seats: Floats, count: int = PERSONS) -> tuple[Floats, Floats, Floats]:
    """Return placed, cut-offs, and those who declined and those who are unplaced, of the cohort engine's gate."""
    placed, cutoff, declined, unplaced = place_by_score(
        np.array([float(count)]), *np.stack([utility, slope, seats])[:, None]
    )
    return placed[0], cutoff[0], np.array([declined[0], unplaced[0]])


@pytest.mark.parametrize("name", GATES)
def test_persons_are_placed_as_the_continuum_places_them(name: str) -> None:
    placed, cutoff, without = continuum(*parts_of(name))
    found = [gate(*parts_of(name), year) for year in range(YEARS)]
    for wanted, counted in (
        (placed, np.array([one.placed for one in found])),
        (without, np.array([[(one.choice == DECLINED).sum(), (one.choice == UNPLACED).sum()] for one in found])),
    ):
        share = wanted / PERSONS
        deviation = np.sqrt(PERSONS * share * (1.0 - share))
        for short, bound in (
            (wanted - counted, SIGMAS * deviation),
            (wanted - counted.mean(axis=0), SIGMAS * deviation / np.sqrt(YEARS)),
        ):
            assert np.all(short >= -bound - 2e-5 * PERSONS), name
            assert np.all(short <= bound + KINK * deviation + 2e-5 * PERSONS), name
    assert np.max(np.abs([one.cutoff - cutoff for one in found])) < 0.01
    assert np.max(np.abs(np.mean([one.cutoff for one in found], axis=0) - cutoff)) < 0.004


@pytest.mark.parametrize("name", GATES)
def test_a_gate_fills_what_closes_to_the_last_seat_and_nothing_beyond(name: str) -> None:
    utility, slope, seats = parts_of(name)
    found = gate(utility, slope, seats, 2025)
    cutoff = continuum(utility, slope, seats)[1]
    assert np.all(found.placed <= seats)
    closes = (cutoff > 0.01) & (cutoff < 1.0)
    np.testing.assert_array_equal(found.placed[closes], seats[closes])
    assert found.placed.sum() + (found.choice == DECLINED).sum() + (found.choice == UNPLACED).sum() == PERSONS
    # Where something never closes, nobody is left without a seat that he would take.
    assert np.isfinite(seats).all() or not (found.choice == UNPLACED).any()


def test_where_demand_just_equals_the_seats_persons_fill_fewer_by_four_tenths_of_a_deviation() -> None:
    count, seats, years = 5_000, 1_500.0, 300
    share = seats / count
    utility = np.array([np.log(share / (1.0 - share))])
    short = [seats - gate(utility, np.zeros(1), np.array([seats]), year, count).placed[0] for year in range(years)]
    deviation = np.sqrt(count * share * (1.0 - share))
    # A normal number cut at zero has mean 0.399 and standard deviation 0.584.
    assert np.mean(short) == pytest.approx(0.399 * deviation, abs=SIGMAS * 0.584 * deviation / np.sqrt(years))
    assert min(short) == 0.0


def test_another_policy_changes_what_is_open_and_never_what_somebody_likes() -> None:
    utility, slope, _ = parts_of("two close, one stays open")
    everything = gate(utility, slope, np.full(3, INF), 2025, 50_000).choice
    without = gate(utility, slope, np.array([INF, 0.0, INF]), 2025, 50_000).choice
    np.testing.assert_array_equal(without[everything != 1], everything[everything != 1])
    # Those who liked it best divide over the rest, and over "not to continue", as the odds say.
    turned = without[everything == 1]
    assert set(turned.tolist()) == {0, 2, DECLINED}
    nothing = gate(utility, slope, np.zeros(3), 2025, 50_000).choice
    np.testing.assert_array_equal(nothing == DECLINED, everything == DECLINED)
    assert np.all(nothing[everything != DECLINED] == UNPLACED)


def test_an_option_that_closes_moves_only_those_who_wanted_it() -> None:
    utility, slope, seats = np.array([0.5, 0.2]), np.zeros(2), np.array([9_000.0, INF])
    free = gate(utility, slope, np.full(2, INF), 2025, 50_000)
    tight = gate(utility, slope, seats, 2025, 50_000)
    moved = np.flatnonzero(free.choice != tight.choice)
    assert len(moved) > 1_000
    assert np.all(free.choice[moved] == 0)


def test_exponential_numbers_have_mean_and_variance_one() -> None:
    # Between two knots a number is uniform: its moments are exact.
    left, right = KNOTS[:-1], KNOTS[1:]
    assert len(left) == STRETCHES
    assert np.all(left > right)
    assert KNOTS[-1] == 0.0
    mean = ((left + right) / 2.0).mean()
    square = ((left * left + left * right + right * right) / 3.0).mean()
    assert mean == pytest.approx(1.0, abs=1e-3)
    assert square - mean * mean == pytest.approx(1.0, abs=1e-3)


def test_exponential_numbers_are_read_off_the_logarithm() -> None:
    part = np.arange(1, STRETCHES + 1) / STRETCHES
    np.testing.assert_allclose(KNOTS[1:], -np.log(part), atol=1e-15)
    # Each word is equally likely, so the knots are the quantiles: half of the numbers are below log 2.
    assert KNOTS[STRETCHES // 2] == pytest.approx(np.log(2.0), rel=1e-12)


@given(st.lists(st.tuples(st.floats(-5.0, 5.0), st.floats(-5.0, 5.0)), min_size=1, max_size=7), st.integers(1, 50))
@settings(max_examples=60, deadline=None)
def test_option_odds_are_those_of_the_logit_at_the_middle_of_each_bin(
    options: list[tuple[float, float]], bins: int
) -> None:
    utility, slope = np.array(options).T
    odds = option_odds(utility, slope, bins)
    assert odds.shape == (bins, len(options))
    for score_bin in (0, bins // 2, bins - 1):
        logit = utility + slope * (score_bin + 0.5) / bins
        np.testing.assert_allclose(np.log(odds[score_bin]), logit, atol=1e-12)


def test_the_odds_of_all_bins_give_the_shares_of_unlimited_seats() -> None:
    for name in GATES:
        utility, slope, _ = parts_of(name)
        odds = option_odds(utility, slope)
        assert len(odds) == SCORE_BINS
        share = (odds / (1.0 + odds.sum(axis=1, keepdims=True))).mean(axis=0)
        np.testing.assert_allclose(share, unlimited_shares(utility[None], slope[None])[0], atol=1e-4)


@given(st.sampled_from([1, 7, 1_023, 1_024, 7_501, 65_536]), st.sampled_from([1, 256, 1_024]))
def test_bins_of_a_fresh_score_divide_the_scale_evenly(levels: int, bins: int) -> None:
    found = fresh_bins(levels, bins)
    np.testing.assert_array_equal(found, np.floor(np.arange(levels) * bins / levels))
    assert np.ptp(np.bincount(found, minlength=bins)) <= 1


@given(st.lists(st.integers(0, 30), min_size=1, max_size=200))
@settings(max_examples=60, deadline=None)
def test_bins_by_rank_never_fall_and_hang_on_the_ranking_alone(points: list[int]) -> None:
    key = np.array(points, dtype=np.int32)
    found = ranked_bins(key, 31, 16)
    assert np.all(np.diff(found[np.unique(key)]) >= 0)
    assert found.min() >= 0 and found.max() <= 15
    # Twice the points are the same ranks.
    np.testing.assert_array_equal(ranked_bins(2 * key, 61, 16)[2 * key], found[key])
    # A bin is the place of the middle of those who share the points.
    for one in points[:5]:
        middle = ((key < one).sum() + 0.5 * (key == one).sum()) / len(key)
        assert found[one] == min(int(middle * 16), 15)
