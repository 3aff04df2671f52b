"""A lever changes one quantity between two years and touches nothing else."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from simvet.errors import InputError
from simvet.levers import Lever, apply_lever
from simvet.loading import load_scenario

YEARS = np.arange(2020, 2027)
BASE = Lever(
    "test", "topup_seats", "zhejiang", "", "set", 500.0, 2022, None, "province", "made up for a test", "test_levers.py"
)


def path() -> NDArray[np.float64]:
    return np.tile(np.linspace(100.0, 106.0, 7), (3, 1)) + np.array([[0.0], [10.0], [20.0]])


def test_set_holds_the_value_from_its_first_year_on() -> None:
    changed, held = apply_lever(BASE, path(), YEARS)
    assert np.all(changed[:, 2:] == 500.0)
    assert held == 0


@pytest.mark.parametrize("operation", ["set", "add", "multiply", "ramp"])
def test_years_before_the_lever_stay_bit_for_bit(operation: str) -> None:
    lever = replace(BASE, operation=operation, start=2023, end=2025, value=3.0)
    changed, _ = apply_lever(lever, path(), YEARS)
    assert np.array_equal(changed[:, :3], path()[:, :3])
    assert not np.array_equal(changed[:, 3:], path()[:, 3:])


@pytest.mark.parametrize(("operation", "value"), [("add", 0.0), ("multiply", 1.0)])
def test_a_lever_that_changes_nothing_changes_no_bit(operation: str, value: float) -> None:
    lever = replace(BASE, operation=operation, value=value)
    assert np.array_equal(apply_lever(lever, path(), YEARS)[0], path())


def test_add_and_multiply_end_with_their_last_year() -> None:
    added, _ = apply_lever(replace(BASE, operation="add", value=5.0, end=2023), path(), YEARS)
    assert np.array_equal(added - path(), np.tile([0.0, 0.0, 5.0, 5.0, 0.0, 0.0, 0.0], (3, 1)))
    doubled, _ = apply_lever(replace(BASE, operation="multiply", value=2.0, end=2022), path(), YEARS)
    assert np.array_equal(doubled / path(), np.tile([1.0, 1.0, 2.0, 1.0, 1.0, 1.0, 1.0], (3, 1)))


def test_a_ramp_climbs_in_even_steps_from_the_year_before_and_stays() -> None:
    flat = np.full((2, 7), 100.0)
    changed, _ = apply_lever(replace(BASE, operation="ramp", value=400.0, start=2022, end=2024), flat, YEARS)
    assert changed[0].tolist() == [100.0, 100.0, 200.0, 300.0, 400.0, 400.0, 400.0]


def test_a_ramp_starts_from_each_draws_own_value() -> None:
    changed, _ = apply_lever(replace(BASE, operation="ramp", value=200.0, start=2021, end=2022), path(), YEARS)
    assert changed[:, 1] == pytest.approx([150.0, 155.0, 160.0])


def test_values_pushed_out_of_bounds_are_held_and_counted() -> None:
    changed, held = apply_lever(replace(BASE, operation="add", value=-110.0, start=2025), path(), YEARS)
    assert changed.min() == 0.0
    assert held == 2


def test_the_path_that_was_given_is_left_alone() -> None:
    given = path()
    apply_lever(BASE, given, YEARS)
    assert np.array_equal(given, path())


def test_two_levers_act_in_their_order() -> None:
    add, double = replace(BASE, operation="add", value=10.0), replace(BASE, operation="multiply", value=2.0)
    first = apply_lever(double, apply_lever(add, path(), YEARS)[0], YEARS)[0]
    second = apply_lever(add, apply_lever(double, path(), YEARS)[0], YEARS)[0]
    assert np.array_equal(first[:, 2:] - second[:, 2:], np.full((3, 5), 10.0))


@pytest.mark.parametrize(
    "wrong", [{"quantity": "topup_seat"}, {"region": "zhejang"}, {"key": "vocational"}, {"operation": "double"}]
)
def test_a_lever_that_would_silently_do_nothing_is_refused(wrong):
    said = {"quantity": "topup_seats", "region": "zhejiang", "key": "", "operation": "multiply"} | wrong
    lever = Lever("test", value=2.0, start=2022, end=None, owner="province", source="a test", **said)
    with pytest.raises(InputError):
        load_scenario("zhejiang").with_levers(lever)
