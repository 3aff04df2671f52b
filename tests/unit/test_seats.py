"""Seats for entrants: the smallest limit, by name."""

import numpy as np
import pytest

from simvet.rules.names import LIMITS
from simvet.rules.seats import regular_seats_by_pool, seats_and_binding, students_carried

NO_LIMIT = np.array([np.inf])


def carried_by(teachers: float, floor_area: float, equipment: float) -> dict[str, np.ndarray]:
    return {
        "teachers": students_carried(np.array([teachers]), np.array([20.0]), per_student=False),
        "floor_area": students_carried(np.array([floor_area]), np.array([20.0]), per_student=True),
        "equipment": students_carried(np.array([equipment]), np.array([2500.0]), per_student=True),
    }


def test_teachers_bind_in_the_worked_example_of_the_model() -> None:
    carried = carried_by(180.0, 95_000.0, 14_000_000.0)
    assert [float(students[0]) for students in carried.values()] == [3600.0, 4750.0, 5600.0]
    seats, binding = seats_and_binding(NO_LIMIT, NO_LIMIT, NO_LIMIT, carried, np.array([2400.0]))
    assert seats[0] == 1200.0
    assert LIMITS[binding[0]] == "teachers"


def test_more_floor_adds_nothing_while_teachers_bind() -> None:
    before = seats_and_binding(
        NO_LIMIT, NO_LIMIT, NO_LIMIT, carried_by(180.0, 95_000.0, 14_000_000.0), np.array([2400.0])
    )
    after = seats_and_binding(
        NO_LIMIT, NO_LIMIT, NO_LIMIT, carried_by(180.0, 190_000.0, 14_000_000.0), np.array([2400.0])
    )
    assert np.array_equal(before[0], after[0])
    assert np.array_equal(before[1], after[1])


def test_more_teachers_add_seats_until_the_floor_binds() -> None:
    seats, binding = seats_and_binding(
        NO_LIMIT, NO_LIMIT, NO_LIMIT, carried_by(300.0, 95_000.0, 14_000_000.0), np.array([2400.0])
    )
    assert seats[0] == 4750.0 - 2400.0
    assert LIMITS[binding[0]] == "floor_area"


@pytest.mark.parametrize(
    ("plan", "licence", "entry", "name", "seats"),
    [
        (100.0, 200.0, 300.0, "intake_plan", 100.0),
        (200.0, 100.0, 300.0, "licence", 100.0),
        (300.0, 200.0, 100.0, "entry_capacity", 100.0),
        (np.inf, np.inf, np.inf, "places", 150.0),
        (150.0, 150.0, 150.0, "intake_plan", 150.0),
    ],
)
def test_the_smallest_limit_binds_and_ties_go_to_the_first(
    plan: float, licence: float, entry: float, name: str, seats: float
) -> None:
    found, binding = seats_and_binding(
        np.array([plan]), np.array([licence]), np.array([entry]), {"places": np.array([250.0])}, np.array([100.0])
    )
    assert found[0] == seats
    assert LIMITS[binding[0]] == name


def test_continuing_students_beyond_the_places_leave_no_seat_and_no_debt() -> None:
    seats, binding = seats_and_binding(NO_LIMIT, NO_LIMIT, NO_LIMIT, {"places": np.array([100.0])}, np.array([130.0]))
    assert seats[0] == 0.0
    assert LIMITS[binding[0]] == "places"


def test_without_any_limit_none_binds() -> None:
    seats, binding = seats_and_binding(NO_LIMIT, NO_LIMIT, NO_LIMIT, {}, np.array([10.0]))
    assert np.isinf(seats[0])
    assert LIMITS[binding[0]] == "none"


def test_a_standard_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="above zero"):
        students_carried(np.array([10.0]), np.array([0.0]), per_student=True)


def test_a_limit_without_a_name_is_refused() -> None:
    with pytest.raises(ValueError, match="playgrounds"):
        seats_and_binding(NO_LIMIT, NO_LIMIT, NO_LIMIT, {"playgrounds": NO_LIMIT}, np.array([0.0]))


def test_reserved_seats_left_empty_return_to_the_pot_only_if_they_spill() -> None:
    given = (np.array([100.0]), np.array([20.0]), np.array([30.0]), np.array([[0.5, 0.25]]))
    assert regular_seats_by_pool(*given, spill=True)[0].tolist() == [[40.0, 20.0]]
    assert regular_seats_by_pool(*given, spill=False)[0].tolist() == [[35.0, 17.5]]


def test_a_promise_that_cannot_be_kept_is_recorded_as_broken() -> None:
    blocks, broken = regular_seats_by_pool(
        np.array([25.0]), np.array([25.0]), np.array([30.0]), np.array([[0.5, 0.5]]), spill=True
    )
    assert broken[0] == 5.0
    assert not blocks.any()
