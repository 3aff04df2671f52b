"""Gates in score order: who is placed, who declines, who finds nothing open."""

import numpy as np
import pytest
from numpy.typing import NDArray

from simvet.draws import Draws, cohort_key
from simvet.rules.admission import place_by_score, place_persons_by_score, unlimited_shares, utilities_from_shares

Floats = NDArray[np.float64]


def row(*numbers: float) -> Floats:
    return np.array([numbers], dtype=np.float64)


def keys_of(rows: int, seed: int = 1) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    low, high, number = Draws(seed).key("gate")
    key = np.array([[low, high, number, 2025, cohort_key("test/gate")]], dtype=np.uint64)
    return np.tile(key, (rows, 1)), np.arange(rows, dtype=np.int64)


def test_unlimited_seats_leave_nobody_unplaced_and_every_option_open() -> None:
    placed, cutoff, declined, unplaced = place_by_score(
        np.array([900.0]), row(0.0, 0.0), row(0.0, 0.0), row(np.inf, np.inf)
    )
    assert placed == pytest.approx(row(300.0, 300.0))
    assert declined == pytest.approx([300.0])
    assert unplaced[0] == 0.0
    assert np.all(cutoff == 0.0)


def test_seats_nobody_needs_change_nothing() -> None:
    wide = place_by_score(np.array([900.0]), row(0.3, 0.0), row(2.0, 1.0), row(np.inf, np.inf))
    ample = place_by_score(np.array([900.0]), row(0.3, 0.0), row(2.0, 1.0), row(900.0, 900.0))
    assert all(np.array_equal(a, b) for a, b in zip(wide, ample, strict=True))


def test_more_places_never_admit_fewer_to_that_stage() -> None:
    seats = np.linspace(0.0, 1200.0, 61)
    rows = len(seats)
    placed, cutoff, _, _ = place_by_score(
        np.full(rows, 1000.0), np.tile(row(1.0, 0.2), (rows, 1)), np.tile(row(3.0, 0.0), (rows, 1)),
        np.column_stack([seats, np.full(rows, 300.0)]),
    )  # fmt: skip
    assert np.all(np.diff(placed[:, 0]) >= 0.0)
    assert np.all(np.diff(cutoff[:, 0]) <= 0.0)


def test_seats_go_to_the_highest_scores_when_everybody_wants_them() -> None:
    placed, cutoff, declined, unplaced = place_by_score(np.array([1000.0]), row(40.0), row(0.0), row(250.0))
    assert placed[0, 0] == 250.0
    assert cutoff[0, 0] == pytest.approx(0.75)
    assert declined[0] == pytest.approx(0.0, abs=1e-9)
    assert unplaced[0] == pytest.approx(750.0)


def test_a_closed_option_leaves_the_rest_to_the_others_by_their_own_odds() -> None:
    # Three options alike, the first with a tenth of the pool: after it closes the other two and none share equally.
    placed, cutoff, declined, _ = place_by_score(
        np.array([1000.0]), row(0.0, 0.0, 0.0), row(0.0, 0.0, 0.0), row(100.0, np.inf, np.inf)
    )
    above = 100.0 / 0.25
    each = above * 0.25 + (1000.0 - above) / 3.0
    assert cutoff[0, 0] == pytest.approx(1.0 - above / 1000.0)
    assert placed == pytest.approx(row(100.0, each, each))
    assert declined == pytest.approx([each])


def test_an_option_without_seats_takes_nobody_and_shows_the_top_score() -> None:
    placed, cutoff, _, _ = place_by_score(np.array([1000.0]), row(5.0, 0.0), row(0.0, 0.0), row(0.0, np.inf))
    assert placed[0, 0] == 0.0
    assert cutoff[0].tolist() == [1.0, 0.0]


def test_with_nothing_open_the_unwilling_decline_and_the_willing_are_unplaced() -> None:
    _, cutoff, declined, unplaced = place_by_score(np.array([900.0]), row(0.0, 0.0), row(0.0, 0.0), row(0.0, 0.0))
    assert declined == pytest.approx([300.0])
    assert unplaced == pytest.approx([600.0])
    assert np.all(cutoff == 1.0)


def test_a_stronger_score_slope_fills_the_option_from_higher_up() -> None:
    seats = row(200.0, np.inf)
    flat = place_by_score(np.array([1000.0]), row(0.0, 0.0), row(0.0, 0.0), seats)[1]
    steep = place_by_score(np.array([1000.0]), row(-1.0, 0.0), row(4.0, 0.0), seats)[1]
    assert steep[0, 0] > flat[0, 0]


def test_rows_do_not_see_each_other() -> None:
    utility, slope, seats = row(1.0, 0.0), row(3.0, 1.0), row(300.0, 200.0)
    alone = place_by_score(np.array([1000.0]), utility, slope, seats)
    both = place_by_score(
        np.array([1000.0, 7.0]), np.vstack([utility, row(-3.0, 2.0)]), np.vstack([slope, row(0.0, 0.0)]),
        np.vstack([seats, row(1.0, 0.5)]),
    )  # fmt: skip
    assert all(np.array_equal(a[0], b[0]) for a, b in zip(alone, both, strict=True))


def test_utilities_are_found_back_from_the_shares_they_give() -> None:
    share, slope = row(0.55, 0.2, 0.15), row(3.0, 1.0, 0.0)
    utility = utilities_from_shares(share, slope, 60)
    assert unlimited_shares(utility, slope) == pytest.approx(share, abs=1e-9)


def test_nobody_chooses_what_does_not_exist() -> None:
    utility = utilities_from_shares(row(0.6, 0.0), row(2.0, 2.0), 60)
    assert utility[0, 1] == -50.0
    assert unlimited_shares(utility, row(2.0, 2.0))[0, 1] < 1e-20


def test_more_wish_for_an_option_raises_its_share_and_lowers_every_other() -> None:
    slope = row(3.0, 1.0)
    less, more = unlimited_shares(row(0.0, 0.0), slope), unlimited_shares(row(0.5, 0.0), slope)
    assert more[0, 0] > less[0, 0]
    assert more[0, 1] < less[0, 1]


def test_whole_persons_add_up_to_the_pool_exactly() -> None:
    rows = 200
    keys, draw = keys_of(rows)
    placed, _, declined, unplaced = place_persons_by_score(
        np.full(rows, 617.0), np.tile(row(1.0, 0.0, -2.0), (rows, 1)), np.tile(row(3.0, 1.0, 0.0), (rows, 1)),
        np.tile(row(210.7, 90.0, 3.0), (rows, 1)), keys, draw,
    )  # fmt: skip
    assert np.array_equal(placed.sum(axis=1) + declined + unplaced, np.full(rows, 617.0))
    assert np.array_equal(placed, np.rint(placed))
    assert np.all(placed <= [210.0, 90.0, 3.0])


def test_a_fraction_of_a_seat_seats_nobody() -> None:
    keys, draw = keys_of(1)
    placed, cutoff, _, _ = place_persons_by_score(
        np.array([50.0]), row(9.0, 9.0), row(0.0, 0.0), row(0.99, 2.99), keys, draw
    )
    assert placed[0].tolist() == [0.0, 2.0]
    assert cutoff[0, 0] == 1.0


def test_the_same_key_places_the_same_persons() -> None:
    keys, draw = keys_of(3)
    utility, seats = np.tile(row(0.5, 0.0), (3, 1)), np.tile(row(20.0, 20.0), (3, 1))
    given = (np.full(3, 100.0), utility, np.zeros((3, 2)), seats, keys, draw)
    first, again = place_persons_by_score(*given), place_persons_by_score(*given)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert len(set(first[2].tolist())) > 1
