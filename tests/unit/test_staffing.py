"""Staffing plans at their edges: money for training, lapsing recognition, shrinking staff and empty purses."""

import numpy as np
import pytest
from numpy.typing import NDArray

from simvet.rules.resources import hires_between, next_qualified, pay, qualified_path, slots_to_reach, stock_path

PLAN = {"total": 1000.0, "qualified": 420.0, "leaving": 0.04, "hires": 45.0, "of_hires": 0.3}


def one(value: float) -> NDArray[np.float64]:
    return np.array([value])


def test_the_first_year_of_the_model_forms_sixty_trained_and_the_qualified_among_the_hires() -> None:
    given = [one(value) for value in (420.0, 1000.0, 0.04, 60.0, np.inf, 45.0, 0.3, 0.0)]
    qualified, formed = next_qualified(*given)
    assert float(formed[0]) == pytest.approx(60.0 + 0.3 * 45.0)
    assert float(qualified[0]) == pytest.approx(0.96 * 420.0 + 73.5)


def test_slots_beyond_what_is_paid_for_train_nobody() -> None:
    paid_for_40 = qualified_path(years=5, slots=60.0, funded=40.0, **PLAN)
    forty_slots = qualified_path(years=5, slots=40.0, **PLAN)
    assert np.array_equal(paid_for_40.qualified, forty_slots.qualified)
    assert paid_for_40.share[-1] < qualified_path(years=5, slots=60.0, **PLAN).share[-1]


def test_recognition_that_lapses_has_to_be_made_up_for_by_more_slots() -> None:
    slots = slots_to_reach(0.6, years=5, expiring=0.05, **PLAN)
    assert slots > slots_to_reach(0.6, years=5, **PLAN) + 10.0
    assert qualified_path(years=5, slots=slots, expiring=0.05, **PLAN).share[-1] >= 0.6
    assert qualified_path(years=5, slots=slots - 0.01, expiring=0.05, **PLAN).share[-1] < 0.6


@pytest.mark.parametrize("funded", [-1.0, float("nan")])
def test_money_for_training_below_zero_or_unknown_is_refused(funded: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        qualified_path(years=5, slots=60.0, funded=funded, **PLAN)


@pytest.mark.parametrize("target", [-0.1, 1.1, float("nan")])
def test_a_target_that_is_no_share_is_refused(target: float) -> None:
    with pytest.raises(ValueError, match="share"):
        slots_to_reach(target, years=5, **PLAN)


def test_a_plan_of_no_years_is_the_base_year_alone() -> None:
    assert qualified_path(years=0, slots=60.0, **PLAN).share.tolist() == [0.42]


def test_more_leaving_than_there_are_empties_a_stock_and_owes_nothing() -> None:
    path = stock_path(one(100.0), np.full((1, 4), 1.2), np.zeros((1, 4)))
    assert path[0].tolist() == [100.0, 0.0, 0.0, 0.0]


def test_the_rates_of_the_base_year_change_nothing() -> None:
    leaving = np.array([[np.nan, 0.1]])
    assert stock_path(one(100.0), leaving, np.zeros((1, 2)))[0].tolist() == pytest.approx([100.0, 90.0])


def test_a_staff_that_shrinks_faster_than_people_leave_hired_nobody() -> None:
    assert float(hires_between(one(100.0), one(80.0), one(0.05))[0]) == 0.0


def test_an_overdrawn_purse_pays_nobody_and_leaves_nothing() -> None:
    paid, left = pay((one(10.0), one(5.0)), one(-3.0))
    assert [float(part[0]) for part in paid] == [0.0, 0.0]
    assert float(left[0]) == 0.0


def test_each_draw_pays_from_its_own_purse() -> None:
    paid, left = pay((np.array([60.0, 60.0]), np.array([30.0, 30.0])), np.array([70.0, 200.0]))
    assert [part.tolist() for part in paid] == [[60.0, 60.0], [10.0, 30.0]]
    assert left.tolist() == [0.0, 110.0]
