"""A school year inside a stage: everybody drops out, repeats, departs, transfers, moves up or graduates."""

import numpy as np
import pytest
from numpy.typing import NDArray

from simvet.draws import Draws, cohort_key
from simvet.rules.progress import pass_a_year, thin

Floats = NDArray[np.float64]

# Two tracks of three grades each, the partner of one being the other; a third of two grades stands alone.
FIRST = np.array([0, 3, 6])
GRADES = np.array([3, 3, 2])
PARTNER = np.array([1, 0, -1])


def keys_of(rows: int) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    low, high, number = Draws(1).key("progress")
    key = np.array([[low, high, number, 2025, cohort_key("test/progress")]], dtype=np.uint64)
    return np.tile(key, (rows, 1)), np.arange(rows, dtype=np.int64)


def year(
    stock: Floats, dropout: float = 0.0, repetition: float = 0.0, departure: float = 0.0, transfer: float = 0.0,
    whole: bool = False,
) -> tuple[Floats, Floats, Floats]:  # fmt: skip
    rows = stock.shape[0]
    rates = [np.full((rows, 3), rate) for rate in (dropout, repetition, departure, transfer)]
    return pass_a_year(stock, FIRST, GRADES, PARTNER, *rates, whole, *keys_of(rows))


def stock_of(rows: int = 1) -> Floats:
    return np.tile(np.array([300.0, 200.0, 100.0, 50.0, 40.0, 30.0, 8.0, 7.0]), (rows, 1))


def test_with_no_moves_everybody_goes_up_one_grade_and_the_last_grade_graduates() -> None:
    stay, graduates, moves = year(stock_of())
    assert stay[0].tolist() == [0.0, 300.0, 200.0, 0.0, 50.0, 40.0, 0.0, 8.0]
    assert graduates[0].tolist() == [100.0, 30.0, 7.0]
    assert not moves.any()


def test_dropouts_are_the_rate_times_the_autumn_stock_of_every_grade() -> None:
    _, graduates, moves = year(stock_of(), dropout=0.05)
    assert moves[0, :, 0] == pytest.approx([30.0, 6.0, 0.75])
    assert graduates[0] == pytest.approx([95.0, 28.5, 6.65])


def test_repeaters_stand_in_the_same_grade_next_autumn() -> None:
    stay, _, moves = year(stock_of(), repetition=0.1)
    assert stay[0, :3] == pytest.approx([30.0, 270.0 + 20.0, 180.0 + 10.0])
    assert moves[0, 0, 1] == pytest.approx(60.0)


def test_transfers_arrive_one_grade_up_in_the_other_track() -> None:
    stay, _, moves = year(stock_of(), transfer=0.1)
    assert stay[0, :6] == pytest.approx([0.0, 270.0 + 5.0, 180.0 + 4.0, 0.0, 45.0 + 30.0, 36.0 + 20.0])
    assert moves[0, 0, 3] == pytest.approx(50.0) == moves[0, 1, 4]
    assert moves[0, 1, 3] == pytest.approx(9.0) == moves[0, 0, 4]


def test_the_last_grade_and_a_track_without_partner_never_transfer() -> None:
    _, graduates, moves = year(stock_of(), transfer=0.5)
    assert graduates[0].tolist() == [100.0, 30.0, 7.0]
    assert not moves[0, 2].any()


def test_departures_are_no_dropouts() -> None:
    _, _, moves = year(stock_of(), departure=0.02)
    assert moves[0, 0, 2] == pytest.approx(12.0)
    assert moves[0, 0, 0] == 0.0


def test_an_empty_school_stays_empty() -> None:
    stay, graduates, moves = year(np.zeros((1, 8)), 0.1, 0.1, 0.1, 0.1)
    assert not stay.any()
    assert not graduates.any()
    assert not moves.any()


def test_rates_that_ask_for_more_than_everybody_leave_nobody_and_no_debt() -> None:
    stay, graduates, moves = year(stock_of(), dropout=0.7, repetition=0.6, departure=0.9, transfer=0.5)
    assert np.all(stay >= 0.0)
    assert np.all(graduates == pytest.approx(0.0, abs=1e-9))
    assert moves[0, 0] == pytest.approx([420.0, 180.0, 0.0, 0.0, 0.0], abs=1e-9)


def test_whole_persons_stay_whole_and_none_is_lost() -> None:
    rows = 500
    stay, graduates, moves = year(stock_of(rows), 0.03, 0.02, 0.01, 0.04, whole=True)
    for found in (stay, graduates, moves):
        assert np.array_equal(found, np.rint(found))
        assert np.all(found >= 0.0)
    gone = moves[:, :, [0, 2]].sum(axis=(1, 2))
    assert np.array_equal(stay.sum(axis=1) + graduates.sum(axis=1) + gone, stock_of(rows).sum(axis=1))


def test_whole_persons_average_to_the_expectation() -> None:
    rows = 4000
    drawn = year(stock_of(rows), 0.03, 0.02, 0.01, 0.04, whole=True)
    expected = year(stock_of(1), 0.03, 0.02, 0.01, 0.04)
    for found, wanted in zip(drawn, expected, strict=True):
        error = found.std(axis=0) / np.sqrt(rows)
        assert np.all(np.abs(found.mean(axis=0) - wanted[0]) <= 5.0 * error + 1e-9)


def test_more_dropout_never_leaves_more_graduates_under_the_same_luck() -> None:
    less, more = (year(stock_of(300), dropout=rate, whole=True) for rate in (0.05, 0.06))
    assert np.all(more[1] <= less[1])
    assert np.any(more[1] < less[1])


def test_thinning_keeps_its_share_and_whole_persons_within_the_group() -> None:
    total, rate = np.full(2000, 40.0), np.full(2000, 0.3)
    keys, draw = keys_of(2000)
    assert np.array_equal(thin(total, rate, False, keys, draw, 0), np.full(2000, 12.0))
    drawn = thin(total, rate, True, keys, draw, 0)
    assert np.array_equal(drawn, np.rint(drawn))
    assert drawn.min() >= 0.0
    assert drawn.max() <= 40.0
    assert abs(drawn.mean() - 12.0) < 5.0 * np.sqrt(40.0 * 0.3 * 0.7 / 2000)


def test_another_step_of_the_same_key_meets_other_luck() -> None:
    keys, draw = keys_of(50)
    total, rate = np.full(50, 400.0), np.full(50, 0.3)
    assert not np.array_equal(thin(total, rate, True, keys, draw, 0), thin(total, rate, True, keys, draw, 1))
