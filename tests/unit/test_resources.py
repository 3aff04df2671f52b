"""Teachers, equipment, training and money: the planner's sums, checked by hand."""

import numpy as np
import pytest

from simvet.rules.resources import (
    hires_between,
    next_equipment,
    next_qualified,
    pay,
    qualified_path,
    slots_to_reach,
    stock_path,
    trained_persons,
)

MODEL_PLAN = {"total": 1000, "qualified": 420, "leaving": 0.04, "hires": 45, "of_hires": 0.3}


def one(value: float) -> np.ndarray:
    return np.array([value])


def test_the_six_dual_qualified_shares_of_the_model() -> None:
    plan = qualified_path(years=5, slots=60, **MODEL_PLAN)
    assert [f"{share:.4f}" for share in plan.share] == ["0.4200", "0.4743", "0.5260", "0.5751", "0.6218", "0.6663"]
    assert np.round(plan.total[:3], 1).tolist() == [1000.0, 1005.0, 1009.8]


def test_slots_to_reach_is_the_calculation_backwards() -> None:
    assert slots_to_reach(0.6663, years=5, **MODEL_PLAN) == pytest.approx(60.0, abs=0.02)
    slots = slots_to_reach(0.9, years=5, **MODEL_PLAN)
    assert qualified_path(years=5, slots=slots, **MODEL_PLAN).share[-1] >= 0.9
    assert qualified_path(years=5, slots=slots - 0.01, **MODEL_PLAN).share[-1] < 0.9


def test_no_slots_are_needed_where_hires_do_it_and_none_suffice_where_nobody_is_left_to_train() -> None:
    assert slots_to_reach(0.39, years=5, **MODEL_PLAN) == 0.0
    # Untrained hires of the last year cannot be trained in time.
    assert slots_to_reach(1.0, years=5, **MODEL_PLAN) == float("inf")


def test_training_stops_at_the_eligible_and_at_the_money() -> None:
    args = [one(900), one(1000), one(0.0), one(500), one(np.inf), one(0), one(0), one(0)]
    assert next_qualified(*args)[0] == 1000.0
    args[4] = one(30)
    assert next_qualified(*args)[0] == 930.0
    args[7] = one(0.1)
    assert next_qualified(*args)[0] == 930.0 - 90.0


@pytest.mark.parametrize(
    "wrong", [{"total": -1}, {"qualified": 1200}, {"leaving": 1.2}, {"of_hires": float("nan")}, {"hires": float("inf")}]
)
def test_a_staffing_plan_that_cannot_be_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"share|finite"):
        qualified_path(years=5, slots=60, **{**MODEL_PLAN, **wrong})
    with pytest.raises(ValueError, match="a year ahead"):
        slots_to_reach(0.5, years=0, **MODEL_PLAN)


def test_teachers_leave_and_are_hired_and_the_hires_can_be_read_back() -> None:
    leaving, coming = np.full((1, 4), 0.05), np.full((1, 4), 0.08)
    path = stock_path(one(1000.0), leaving, coming)
    assert path[0].tolist() == pytest.approx([1000.0, 1030.0, 1060.9, 1092.727])
    assert hires_between(path[:, :-1], path[:, 1:], leaving[:, 1:])[0].tolist() == pytest.approx([80.0, 82.4, 84.872])


def test_equipment_wears_out_and_is_bought() -> None:
    assert next_equipment(one(14e6), one(0.1), one(2e6)) == pytest.approx(14.6e6)


def test_equipment_per_student_falls_when_the_same_investment_serves_more_students() -> None:
    value = next_equipment(one(14e6), one(0.1), one(1.4e6))
    assert value / 5500 < one(14e6) / 5000


def test_training_is_capped_by_the_time_that_teachers_may_give() -> None:
    wanted, teachers = np.array([1000.0, 9000.0]), np.array([100.0, 100.0])
    trained = trained_persons(wanted, teachers, one(0.005), one(0.2))
    assert trained.tolist() == [1000.0, 4000.0]
    assert trained_persons(wanted, teachers, one(0.0), one(0.2)).tolist() == wanted.tolist()


def test_money_goes_by_rank_and_what_is_not_needed_is_left() -> None:
    paid, left = pay((one(60.0), one(30.0), one(40.0)), one(100.0))
    assert [float(p[0]) for p in paid] == [60.0, 30.0, 10.0]
    assert left == 0.0
    paid, left = pay((one(60.0), one(30.0)), one(100.0))
    assert sum(float(p[0]) for p in paid) + float(left[0]) == 100.0


def test_a_staff_that_grows_can_be_trained_beyond_its_first_size() -> None:
    slots = slots_to_reach(0.5, 100, 20, 4, 0.04, 300, 0.1)
    assert 100 < slots < 250
    assert qualified_path(100, 20, 4, 0.04, slots, 300, 0.1).share[-1] >= 0.5
