"""What schools decide: seats add up, classes are whole, the last programme stays, standing comes to rest."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from simvet.rules.schools import (
    APPEAL,
    CLASSES,
    FIELDS,
    HIRING,
    INVESTMENT,
    claim_by_enrolment,
    claim_of_the_weakest,
    follow_demand,
    open_and_close,
    quality_and_progression,
    seats_of_schools,
    shortage,
    standardised,
    whole_seats,
)

Floats = NDArray[np.float64]

CLASS, SMALLEST = 40.0, 20.0
CLOSE_BELOW, OPEN_ABOVE, PRESSED = 0.85, 0.98, 1.25
MANY = st.floats(0.0, 2_000.0)
SPEED = st.floats(0.0, 1.0)
PROGRAMME = st.tuples(st.one_of(st.just(0.0), st.floats(1.0, 400.0)), MANY, st.floats(0.0, 3.0))
SCHOOL = st.lists(PROGRAMME, min_size=1, max_size=8)
CLAIM = st.one_of(st.just(0.0), st.floats(0.1, 500.0))


def columns(school: list[tuple[float, float, float]]) -> tuple[Floats, Floats, Floats]:
    planned, wanted, pressure = np.array(school, dtype=np.float64).T
    return planned.copy(), wanted.copy(), pressure.copy()


@given(SCHOOL, SPEED)
@settings(max_examples=200, deadline=None)
def test_following_demand_keeps_a_schools_seats_and_changes_nothing_that_it_is_given(
    school: list[tuple[float, float, float]], speed: float
) -> None:
    planned, wanted, pressure = columns(school)
    before = planned.copy()
    moved = follow_demand(planned, wanted, pressure, speed, CLASS, SMALLEST, PRESSED)
    assert moved.sum() == pytest.approx(before.sum(), rel=1e-12, abs=1e-12)
    assert np.all(moved >= 0.0)
    np.testing.assert_array_equal(planned, before)
    assert moved is not planned


@given(SCHOOL, SPEED)
@settings(max_examples=200, deadline=None)
def test_a_school_is_never_left_without_a_programme(school: list[tuple[float, float, float]], speed: float) -> None:
    planned, wanted, pressure = columns(school)
    assume(planned.any())
    moved = follow_demand(planned, wanted, pressure, speed, CLASS, 1e9, PRESSED)
    # Even where every programme is too small, the largest is not stopped.
    assert moved.any()
    kept = np.flatnonzero((planned > 0.0) & (moved > 0.0))
    assert len(kept) == 1


@given(SCHOOL, SPEED)
@settings(max_examples=200, deadline=None)
def test_a_programme_is_stopped_exactly_where_demand_brings_it_below_the_smallest_size(
    school: list[tuple[float, float, float]], speed: float
) -> None:
    planned, wanted, _ = columns(school)
    assume(planned.any())
    moved = follow_demand(planned, wanted, np.zeros(len(planned)), speed, CLASS, SMALLEST, PRESSED)
    asked = np.where(planned > 0.0, wanted, 0.0)
    goal = planned if asked.sum() == 0.0 else planned.sum() * asked / asked.sum()
    size = planned + speed * (goal - planned)
    assume(np.abs(size - SMALLEST).min() > 1e-9)
    largest = np.arange(len(size)) == np.argmax(size)
    np.testing.assert_array_equal(moved > 0.0, (planned > 0.0) & ((size >= SMALLEST) | largest))
    # What goes on shares the seats of what is stopped in proportion.
    on = moved > 0.0
    np.testing.assert_allclose(moved[on] / moved[on].sum(), size[on] / size[on].sum(), rtol=1e-9)


@given(SCHOOL, SPEED)
@settings(max_examples=200, deadline=None)
def test_a_school_adds_at_most_the_most_pressed_field_that_it_lacks(
    school: list[tuple[float, float, float]], speed: float
) -> None:
    planned, wanted, pressure = columns(school)
    assume(planned.any())
    moved = follow_demand(planned, wanted, pressure, speed, CLASS, SMALLEST, PRESSED)
    added = np.flatnonzero((planned == 0.0) & (moved > 0.0))
    lacking = np.where(planned == 0.0, pressure, -1.0)
    adds = lacking.max() >= PRESSED and speed * planned.sum() >= CLASS / 2.0
    assert added.tolist() == ([int(np.argmax(lacking))] if adds else [])


@pytest.mark.parametrize(
    ("pressure", "speed", "added"), [(PRESSED, 0.5, True), (PRESSED - 0.01, 0.5, False), (2.0, 0.19, False)]
)
def test_a_field_is_added_only_under_pressure_and_where_half_a_class_can_move(
    pressure: float, speed: float, added: bool
) -> None:
    moved = follow_demand(
        np.array([60.0, 40.0, 0.0]),
        np.array([60.0, 40.0, 500.0]),
        np.array([1.0, 1.0, pressure]),
        speed,
        CLASS,
        SMALLEST,
        PRESSED,
    )
    # Sixty, forty and a new class of forty share a hundred seats.
    wanted = [100 * 60 / 140, 100 * 40 / 140, 100 * 40 / 140] if added else [60.0, 40.0, 0.0]
    assert moved == pytest.approx(wanted)


def test_seats_go_the_way_of_demand_by_the_speed_of_the_school() -> None:
    planned, wanted, calm = np.array([100.0, 100.0]), np.array([90.0, 30.0]), np.ones(2)
    assert follow_demand(planned, wanted, calm, 0.0, CLASS, SMALLEST, PRESSED) == pytest.approx([100.0, 100.0])
    assert follow_demand(planned, wanted, calm, 0.5, CLASS, SMALLEST, PRESSED) == pytest.approx([125.0, 75.0])
    assert follow_demand(planned, wanted, calm, 1.0, CLASS, SMALLEST, PRESSED) == pytest.approx([150.0, 50.0])


def test_a_school_without_seats_or_applicants_stays_as_it_is() -> None:
    assert not follow_demand(np.zeros(3), np.ones(3), np.full(3, 2.0), 1.0, CLASS, SMALLEST, PRESSED).any()
    planned = np.array([80.0, 40.0])
    assert follow_demand(planned, np.zeros(2), np.ones(2), 1.0, CLASS, SMALLEST, PRESSED) == pytest.approx(planned)


@given(st.integers(0, 20), st.floats(0.0, 1.2), MANY, MANY)
@example(2, 0.5, 0.0, 2_000.0)
@example(1, 0.5, 0.0, 0.0)
@example(3, 1.0, 500.0, 160.0)
@settings(max_examples=300, deadline=None)
def test_classes_open_and_close_as_wholes_and_within_bounds(
    classes: int, filling: float, wanted: float, most: float
) -> None:
    planned = CLASS * classes
    seats = open_and_close(planned, filling * planned, wanted, most, CLASS, CLOSE_BELOW, OPEN_ABOVE)
    change = seats - planned
    assert change in (-CLASS, 0.0, CLASS)
    if change > 0.0:
        # Only a full school that more have named opens one, and never beyond what its own resources carry.
        assert filling >= OPEN_ABOVE - 1e-9 and wanted > planned and seats <= most
    if change < 0.0:
        # Only a school that is empty or too large closes one, and it keeps one at least.
        assert (filling < CLOSE_BELOW + 1e-9 or planned > most) and seats >= CLASS
    if planned > most:
        assert seats < planned or planned < 2.0 * CLASS


@pytest.mark.parametrize(
    ("filled", "wanted", "most", "seats"),
    [
        (120.0, 150.0, 200.0, 160.0),
        (120.0, 150.0, 159.0, 120.0),
        (120.0, 120.0, 200.0, 120.0),
        (110.0, 150.0, 200.0, 120.0),
        (101.0, 150.0, 200.0, 120.0),
        (80.0, 150.0, 200.0, 80.0),
        (120.0, 150.0, 119.0, 80.0),
    ],
)
def test_three_classes_become_four_or_two_or_stay(filled: float, wanted: float, most: float, seats: float) -> None:
    assert open_and_close(120.0, filled, wanted, most, CLASS, CLOSE_BELOW, OPEN_ABOVE) == seats


def test_the_last_class_is_never_closed_and_a_school_without_seats_opens_none() -> None:
    assert open_and_close(CLASS, 0.0, 0.0, 0.0, CLASS, CLOSE_BELOW, OPEN_ABOVE) == CLASS
    assert open_and_close(0.0, 0.0, 500.0, 500.0, CLASS, CLOSE_BELOW, OPEN_ABOVE) == 0.0


@given(st.floats(0.0, 3_000.0), st.lists(st.tuples(CLAIM, CLAIM), min_size=1, max_size=12))
@settings(max_examples=300, deadline=None)
def test_no_school_gets_more_seats_than_it_carries_and_they_add_up_unless_all_are_full(
    total: float, schools: list[tuple[float, float]]
) -> None:
    weight, most = np.array(schools).T
    seats = seats_of_schools(total, weight, most)
    assert np.all(seats <= most * (1.0 + 1e-12))
    assert np.all(seats >= 0.0)
    assert not seats[weight == 0.0].any()
    carried = most[weight > 0.0].sum()
    assert seats.sum() == pytest.approx(min(total, carried), rel=1e-9, abs=1e-6)
    # Of two that are not full, the seats are as the weights.
    free = (weight > 0.0) & (seats < most * (1.0 - 1e-9))
    if free.any() and total > 0.0:
        level = seats[free] / weight[free]
        assert level == pytest.approx(np.full(free.sum(), level.max()), rel=1e-6, abs=1e-9)
        assert np.all(seats[weight > 0.0] / weight[weight > 0.0] <= level.max() * (1.0 + 1e-6))


def test_what_one_school_cannot_take_goes_to_the_others_by_weight() -> None:
    seats = seats_of_schools(100.0, np.array([50.0, 30.0, 20.0]), np.array([20.0, 100.0, 100.0]))
    assert seats == pytest.approx([20.0, 48.0, 32.0])
    assert seats_of_schools(100.0, np.ones(2), np.array([20.0, 30.0])) == pytest.approx([20.0, 30.0])


def test_three_schools_that_can_carry_all_seats_do_carry_them() -> None:
    # 2.1 + 3.9 + 3.1 = 9.1: one school after the other fills, and the last one has room for what is left of nine.
    seats = seats_of_schools(9.0, np.array([18.0, 5.0, 2.0]), np.array([2.1, 3.9, 3.1]))
    assert seats == pytest.approx([2.1, 3.9, 3.0])


@given(st.integers(0, 100_000), st.lists(st.one_of(st.just(0.0), st.floats(1e-3, 1e4)), min_size=1, max_size=30))
@settings(max_examples=300, deadline=None)
def test_whole_seats_add_up_and_none_is_a_whole_seat_away_from_its_share(total: int, weights: list[float]) -> None:
    weight = np.array(weights)
    seats = whole_seats(total, weight)
    assert seats.dtype == np.int32
    if weight.any():
        assert seats.sum() == total
        assert np.all(np.abs(seats - total * weight / weight.sum()) < 1.0 + 1e-6)
        assert not seats[weight == 0.0].any()
        # Who weighs more never gets fewer.
        heavier = weight[:, None] > weight[None, :] * (1.0 + 1e-9)
        assert np.all((seats[:, None] >= seats[None, :]) | ~heavier)
    else:
        assert not seats.any()


def test_the_largest_remainders_get_the_last_seats_and_ties_go_to_the_first() -> None:
    assert whole_seats(10, np.array([3.4, 3.3, 3.3])).tolist() == [4, 3, 3]
    assert whole_seats(11, np.array([2.0, 2.0, 2.0])).tolist() == [4, 4, 3]
    assert whole_seats(1, np.array([0.2, 0.5, 0.3])).tolist() == [0, 1, 0]


@given(st.lists(st.one_of(st.just(np.nan), st.floats(-1e3, 1e3)), min_size=1, max_size=9))
@settings(max_examples=200, deadline=None)
def test_standardised_values_have_mean_zero_and_keep_their_order(values: list[float]) -> None:
    given_values = np.array(values)
    found = standardised(given_values)
    known = np.isfinite(given_values)
    assert not found[~known].any()
    if known.sum() < 2 or np.ptp(given_values[known]) <= 1e-9:
        assert not found.any() or np.ptp(given_values[known]) > 1e-12
        return
    # Nine values are never three deviations from their mean, so that nothing is cut here.
    assert found[known].mean() == pytest.approx(0.0, abs=1e-6)
    assert found[known].std() == pytest.approx(1.0, rel=1e-6)
    assert np.all(np.diff(found[known][np.argsort(given_values[known])]) >= 0.0)


def test_standardised_values_are_cut_at_three_deviations_and_equal_ones_are_zero() -> None:
    assert standardised(np.array([0.0] * 99 + [1.0]))[-1] == 3.0
    assert standardised(np.array([1.0] + [2.0] * 99))[0] == -3.0
    assert not standardised(np.full(5, 7.3)).any()
    assert not standardised(np.array([np.nan, 4.0])).any()


@given(st.floats(-3, 3), st.floats(-3, 3), st.floats(0.0, 0.95))
@settings(max_examples=100, deadline=None)
def test_standing_comes_to_rest_at_the_merit_of_the_school(standing: float, merit: float, kept: float) -> None:
    for year in range(1, 301):
        before, standing = standing, quality_and_progression(standing, merit, kept)
        # Every year what keeps it from there shrinks to the share that is kept.
        assert standing - merit == pytest.approx(kept * (before - merit), abs=1e-12), year
    assert standing == pytest.approx(merit, abs=1e-4)


def test_where_all_of_it_is_kept_standing_never_moves() -> None:
    assert quality_and_progression(0.7, 3.0, 1.0) == 0.7


def test_teachers_go_where_the_standard_is_missed_and_everybody_gets_somebody() -> None:
    assert shortage(2_000.0, 80.0, 20.0) == pytest.approx(20.0)
    assert shortage(1_000.0, 80.0, 20.0) == pytest.approx(0.8)
    assert HIRING["by_enrolment"](1_000.0, 80.0, 20.0) == pytest.approx(50.0)


def test_money_for_the_weakest_goes_by_what_a_student_lacks() -> None:
    # Two schools of the same size, one with half the equipment: it claims twice as much, not the same.
    assert claim_of_the_weakest(500.0, 0.1) == pytest.approx(2.0 * claim_of_the_weakest(500.0, 0.2))
    assert claim_by_enrolment(500.0, 0.1) == claim_by_enrolment(500.0, 0.2) == 500.0
    assert np.isfinite(claim_of_the_weakest(500.0, 0.0))


def test_every_set_of_rules_has_one_that_leaves_things_as_they_are_or_counts_heads() -> None:
    planned = np.array([50.0, 70.0])
    kept = FIELDS["keep"](planned, np.array([0.0, 900.0]), np.full(2, 3.0), 1.0, CLASS, SMALLEST, PRESSED)
    assert kept.tolist() == [50.0, 70.0]
    kept[0] = 0.0
    assert planned[0] == 50.0
    assert CLASSES["keep"](120.0, 0.0, 0.0, 0.0, CLASS, CLOSE_BELOW, OPEN_ABOVE) == 120.0
    assert APPEAL["constant"](0.4, 2.0, 0.1) == 0.4
    assert INVESTMENT["by_enrolment"](300.0, 0.9) == 300.0
    assert FIELDS["follow_demand_and_work"] is FIELDS["follow_demand"] is follow_demand
