"""What holds at every gate, whoever applies and whatever is open."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from simvet.draws import Draws, cohort_key
from simvet.rules.admission import place_by_score, place_persons_by_score, unlimited_shares, utilities_from_shares

Floats = NDArray[np.float64]

LAW = settings(max_examples=150, deadline=None, derandomize=True, database=None)
OPTIONS = st.integers(1, 5)


@st.composite
def gates(draw: st.DrawFn, largest: int = 1_000_000) -> tuple[Floats, Floats, Floats, Floats]:
    """One gate: pool, utilities, slopes and seats, many of them none or without limit."""
    options = draw(OPTIONS)
    seat = st.one_of(st.just(0.0), st.just(np.inf), st.floats(0.0, float(largest)), st.floats(0.0, 3.0))

    def numbers(each: st.SearchStrategy[float]) -> Floats:
        return np.array([draw(st.lists(each, min_size=options, max_size=options))])

    pool = np.array([float(draw(st.integers(0, largest)))])
    return pool, numbers(st.floats(-8.0, 8.0)), numbers(st.floats(-5.0, 5.0)), numbers(seat)


def key_of(seed: int) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    low, high, number = Draws(seed).key("gate")
    return np.array([[low, high, number, 2025, cohort_key("law")]], dtype=np.uint64), np.zeros(1, dtype=np.int64)


@LAW
@given(gates())
def test_a_gate_never_exceeds_its_seats_and_accounts_for_every_applicant(gate: Any) -> None:
    pool, utility, slope, seats = gate
    placed, cutoff, declined, unplaced = place_by_score(pool, utility, slope, seats)
    assert np.all(placed >= 0.0)
    assert np.all(placed <= seats * (1.0 + 1e-12))
    assert declined[0] >= 0.0
    assert unplaced[0] >= -1e-9 * pool[0]
    assert abs(placed.sum() + declined[0] + unplaced[0] - pool[0]) <= 1e-9 * max(1.0, pool[0])
    assert np.all((cutoff >= -1e-12) & (cutoff <= 1.0))


@LAW
@given(gates(5_000), st.integers(0, 50))
def test_whole_persons_stay_whole_within_whole_seats_and_add_up_exactly(gate: Any, seed: int) -> None:
    pool, utility, slope, seats = gate
    placed, cutoff, declined, unplaced = place_persons_by_score(pool, utility, slope, seats, *key_of(seed))
    for found in (placed, declined, unplaced):
        assert np.array_equal(found, np.rint(found))
        assert np.all(found >= 0.0)
    assert np.all(placed <= np.floor(seats))
    assert placed.sum() + declined[0] + unplaced[0] == pool[0]
    assert np.all((cutoff >= 0.0) & (cutoff <= 1.0))


@LAW
@given(gates(), st.integers(0, 4), st.floats(0.0, 100_000.0))
def test_more_seats_of_an_option_never_reduce_who_is_placed_there(gate: Any, option: int, more: float) -> None:
    pool, utility, slope, seats = gate
    chosen = option % seats.shape[1]
    wider = seats.copy()
    wider[0, chosen] += more
    before, after = (place_by_score(pool, utility, slope, given_seats)[0][0, chosen] for given_seats in (seats, wider))
    assert after >= before - 1e-9 * pool[0]
    if np.isfinite(seats[0, chosen]) and before < seats[0, chosen] * (1.0 - 1e-9):
        assert after == before


@LAW
@given(gates())
def test_an_option_that_stays_open_never_shows_a_cut_off_and_a_full_one_always_does(gate: Any) -> None:
    pool, utility, slope, seats = gate
    placed, cutoff, _, _ = place_by_score(pool, utility, slope, seats)
    full = placed >= seats
    assert np.all(cutoff[~full] == 0.0)
    assert np.all(cutoff[seats == 0.0] == 1.0)


@LAW
@given(gates())
def test_an_empty_pool_fills_no_seat(gate: Any) -> None:
    _, utility, slope, seats = gate
    nobody = np.zeros(1)
    for found in (
        place_by_score(nobody, utility, slope, seats),
        place_persons_by_score(nobody, utility, slope, seats, *key_of(1)),
    ):
        placed, _, declined, unplaced = found
        assert not placed.any()
        assert declined[0] == unplaced[0] == 0.0


@LAW
@given(gates(5_000))
def test_with_all_options_closed_everybody_declines_or_is_unplaced(gate: Any) -> None:
    pool, utility, slope, seats = gate
    closed = np.zeros_like(seats)
    continuum = place_by_score(pool, utility, slope, closed)
    persons = place_persons_by_score(pool, utility, slope, closed, *key_of(1))
    for placed, cutoff, declined, unplaced in (continuum, persons):
        assert not placed.any()
        assert np.all(cutoff == 1.0)
        assert abs(declined[0] + unplaced[0] - pool[0]) <= 1e-9 * max(1.0, pool[0])


@LAW
@given(gates(), st.sampled_from([2.0, 0.5, 1024.0]))
def test_twice_the_applicants_for_twice_the_seats_is_twice_the_result(gate: Any, factor: float) -> None:
    pool, utility, slope, seats = gate
    once = place_by_score(pool, utility, slope, seats)
    twice = place_by_score(pool * factor, utility, slope, seats * factor)
    assert np.array_equal(twice[1], once[1])
    for part in (0, 2, 3):
        assert np.array_equal(twice[part], once[part] * factor)


@LAW
@given(gates(), st.randoms(use_true_random=False))
def test_the_order_in_which_options_are_listed_decides_nothing(gate: Any, random: Any) -> None:
    pool, utility, slope, seats = gate
    order = list(range(seats.shape[1]))
    random.shuffle(order)
    listed = place_by_score(pool, utility, slope, seats)
    shuffled = place_by_score(pool, *(np.ascontiguousarray(part[:, order]) for part in (utility, slope, seats)))
    assert np.allclose(shuffled[0], listed[0][:, order], rtol=1e-9, atol=1e-9 * (1.0 + pool[0]))
    assert np.allclose(shuffled[1], listed[1][:, order], atol=1e-9)


@LAW
@given(
    st.lists(st.floats(0.01, 1.0), min_size=2, max_size=5), st.floats(1e-4, 1.0),
    st.lists(st.floats(0.0, 5.0), min_size=5, max_size=5),
)  # fmt: skip
def test_utilities_always_give_back_the_shares_they_were_fitted_to(parts: Any, none: float, slopes: Any) -> None:
    weight = np.array([[*parts, none]])
    share = np.ascontiguousarray((weight / weight.sum())[:, :-1])
    slope = np.array([slopes[: len(parts)]])
    assert np.allclose(unlimited_shares(utilities_from_shares(share, slope, 60), slope), share, atol=1e-9)
