"""What a school's resources carry, and the card rule for colleges."""

from itertools import pairwise

import numpy as np
import pytest

from simvet.rules.names import LIMITS
from simvet.rules.seats import seats_and_binding, students_carried
from simvet.rules.standards import card_limit, cards, share_below, with_old_rights

SCHOOL = {"teachers": 180.0, "floor_area": 95_000.0, "land": 160_000.0, "equipment": 14e6, "books": 130_000.0}
STANDARDS = {"teachers": 20.0, "floor_area": 20.0, "land": 33.0, "equipment": 2500.0, "books": 30.0}
NO_LIMIT = np.array([np.inf])


def carried(school: dict[str, float]) -> dict[str, np.ndarray]:
    return {
        name: students_carried(np.array([amount]), np.array([STANDARDS[name]]), per_student=name != "teachers")
        for name, amount in school.items()
    }


def seats(school: dict[str, float], continuing: float = 2400.0) -> tuple[float, str]:
    found, binding = seats_and_binding(NO_LIMIT, NO_LIMIT, NO_LIMIT, carried(school), np.array([continuing]))
    return float(found[0]), LIMITS[binding[0]]


def card(below: list[float], years: int = 1, plan: float = 1000.0, graduates: float = 700.0) -> float:
    """Return the entrants that cards leave to a college which has stood below these limits for so many years."""
    yellow, red = cards(np.array(below)[:, None])
    lasting = yellow if years >= 3 else np.zeros(1)
    return float(card_limit(np.array([plan]), np.array([graduates]), yellow, red, lasting)[0])


def test_five_resources_carry_what_the_model_says() -> None:
    whole = {name: int(students[0]) for name, students in carried(SCHOOL).items()}
    assert whole == {"teachers": 3600, "floor_area": 4750, "land": 4848, "equipment": 5600, "books": 4333}


def test_teachers_bind_among_the_five() -> None:
    assert seats(SCHOOL) == (1200.0, "teachers")


@pytest.mark.parametrize("name", ["floor_area", "land", "equipment", "books"])
def test_more_of_what_does_not_bind_adds_nothing(name: str) -> None:
    assert seats({**SCHOOL, name: 3.0 * SCHOOL[name]}) == seats(SCHOOL)


def test_once_teachers_suffice_books_bind_next() -> None:
    found, name = seats({**SCHOOL, "teachers": 300.0})
    assert (int(found), name) == (4333 - 2400, "books")


def test_a_full_school_takes_nobody_and_never_less_than_nobody() -> None:
    assert seats(SCHOOL, continuing=5000.0)[0] == 0.0


@pytest.mark.parametrize(
    ("below", "years", "entrants"),
    [
        ([0, 0, 0], 3, 1000.0),
        ([1, 0, 0], 1, 700.0),
        ([1, 0, 0], 2, 700.0),
        ([1, 0, 0], 3, 0.0),
        ([1, 1, 0], 1, 0.0),
        ([1, 1, 1], 1, 0.0),
    ],
)
def test_one_missed_limit_holds_intake_to_graduates_two_or_three_yellow_years_stop_it(
    below: list[float], years: int, entrants: float
) -> None:
    assert card(below, years) == entrants


def test_a_yellow_card_never_raises_intake_above_the_plan() -> None:
    assert card([1, 0], plan=500.0, graduates=700.0) == 500.0


def test_more_colleges_below_a_limit_never_admit_more() -> None:
    intakes = [card([share, 0.3, 0.1]) for share in np.linspace(0.0, 1.0, 21)]
    assert all(later <= before + 1e-9 for before, later in pairwise(intakes))
    assert intakes[0] > intakes[-1]


def test_the_share_below_a_limit_is_half_at_the_limit_and_all_or_nothing_without_spread() -> None:
    limit, spread, none = np.array([18.0]), np.array([0.2]), np.array([0.0])
    assert share_below(np.array([18.0]), limit, spread, higher_is_worse=True) == pytest.approx(0.5)
    assert share_below(np.array([19.0]), limit, none, higher_is_worse=True) == 1.0
    assert share_below(np.array([19.0]), limit, none, higher_is_worse=False) == 0.0
    with pytest.raises(ValueError, match="above zero"):
        share_below(np.array([19.0]), none, spread, higher_is_worse=False)


def test_a_crowded_region_keeps_what_it_had_and_a_stricter_standard_tightens_that_in_proportion() -> None:
    standard, base = np.array([20.0]), np.array([16.0])
    assert with_old_rights(standard, opened=standard, base=base) == 16.0
    assert with_old_rights(np.array([22.0]), opened=standard, base=base) == pytest.approx(16.0 * 1.1)
    assert with_old_rights(standard, opened=standard, base=np.array([25.0])) == 20.0
