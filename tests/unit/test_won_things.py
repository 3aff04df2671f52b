"""Spreading shares and things won, year by year: whose luck, which year's odds, which year's lead time."""

import numpy as np
import pytest
from numpy.typing import NDArray

from simvet.rules.adoption import adopted_share, won_by_year

Floats = NDArray[np.float64]


def share(base: float, lift: float, drift: float = 0.0, units: float = float("nan")) -> float:
    return float(adopted_share(np.array([base]), np.array([[lift]]), np.array([[drift]]), units)[0, 0])


def won(starts: list[float], success: list[float], lead: list[float], phase: float = 0.0) -> list[float]:
    given = (np.array([starts], dtype=float), np.array([success], dtype=float), np.array([lead], dtype=float))
    found = won_by_year(1, 0, 7, 0, 2020, *given, np.array([phase]), np.arange(1))
    return [float(value) for value in found[0]]


def luck(first_year: int, years: int, cohort: int = 0, seed: int = 1) -> Floats:
    """Return who wins the one thing that each of 300 draws tries for in every year, (draw, year)."""
    shape = (300, years)
    given = (np.ones(shape), np.full(shape, 0.5), np.zeros(shape), np.zeros(300))
    counted = won_by_year(seed, 0, 7, cohort, first_year, *given, np.arange(300))
    return np.diff(counted, axis=1, prepend=0.0)


def logit(value: float) -> float:
    return float(np.log(value / (1.0 - value)))


def test_drift_adds_to_the_lift_on_the_logit_scale() -> None:
    assert logit(share(0.3, 0.7, drift=0.4)) == pytest.approx(logit(0.3) + 1.1)
    assert logit(share(0.3, 0.7, drift=-0.4)) == pytest.approx(logit(0.3) + 0.3)


@pytest.mark.parametrize(("level", "schools"), [(0.52, 23.0), (0.53, 24.0), (0.004, 0.0), (0.996, 45.0)])
def test_of_45_schools_the_nearest_whole_number_counts(level: float, schools: float) -> None:
    assert share(0.5, logit(level), units=45.0) == schools / 45.0


def test_every_year_takes_its_own_lift() -> None:
    path = adopted_share(np.array([0.5]), np.array([[0.0, 1.0, 2.0]]), np.zeros((1, 3)), float("nan"))
    assert [logit(float(value)) for value in path[0]] == pytest.approx([0.0, 1.0, 2.0])


def test_a_start_meets_the_odds_of_the_year_in_which_it_is_made() -> None:
    assert won([1, 1, 1, 1], [0, 1, 0, 1], [0, 0, 0, 0]) == [0, 1, 1, 2]


def test_a_start_takes_the_lead_time_of_its_year_and_starts_that_arrive_together_add_up() -> None:
    assert won([2, 1, 0, 0], [1, 1, 1, 1], [1, 0, 0, 0]) == [0, 3, 3, 3]
    assert won([1, 2, 4, 0], [1, 1, 1, 1], [2, 2, 0, 0]) == [0, 0, 5, 7]


def test_lead_times_are_taken_in_the_nearest_whole_years() -> None:
    assert won([1, 0, 0, 0], [1] * 4, [1.6] * 4) == [0, 0, 1, 1]
    assert won([1, 0, 0, 0], [1] * 4, [1.4] * 4) == [0, 1, 1, 1]


def test_ten_tenths_of_a_start_are_one_start_and_eleven_are_no_more() -> None:
    assert won([0.1] * 12, [1] * 12, [0] * 12) == [0.0] * 9 + [1.0] * 3


def test_a_start_that_has_come_half_way_is_made_half_a_start_earlier() -> None:
    assert won([0.5] * 4, [1] * 4, [0] * 4, phase=0.5) == [1, 1, 2, 2]
    assert won([0.5] * 4, [1] * 4, [0] * 4, phase=0.0) == [0, 1, 1, 2]


def test_with_phases_spread_evenly_as_many_are_begun_on_average_as_starts_say() -> None:
    shape = (200, 5)
    given = (np.full(shape, 0.3), np.ones(shape), np.zeros(shape), (np.arange(200) + 0.5) / 200)
    assert won_by_year(1, 0, 7, 0, 2020, *given, np.arange(200)).mean(axis=0).tolist() == pytest.approx(
        [0.3, 0.6, 0.9, 1.2, 1.5]
    )


def test_starts_below_zero_take_nothing_back() -> None:
    assert won([1, -0.5, 0.5, 0.5], [1] * 4, [0] * 4) == [1, 1, 1, 2]


def test_the_luck_of_a_calendar_year_is_the_same_whenever_a_run_begins() -> None:
    assert np.array_equal(luck(2020, 4)[:, 1:], luck(2021, 3))


def test_years_cohorts_seeds_and_draws_each_have_a_luck_of_their_own() -> None:
    years = luck(2020, 2)
    for one, other in [
        (years[:, 0], years[:, 1]),
        (years[:, 0], luck(2020, 1, cohort=1)[:, 0]),
        (years[:, 0], luck(2020, 1, seed=2)[:, 0]),
        (years[:150, 0], years[150:, 0]),
    ]:
        # Two independent fair coins agree half of the time.
        assert np.mean(one == other) == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(one.size))


def test_what_is_won_scatters_as_independent_starts_do() -> None:
    shape = (4000, 1)
    given = (np.full(shape, 20.0), np.full(shape, 0.3), np.zeros(shape), np.zeros(4000))
    found = won_by_year(1, 0, 7, 0, 2020, *given, np.arange(4000))
    assert found.var() == pytest.approx(20 * 0.3 * 0.7, rel=0.1)
    assert np.array_equal(found, np.rint(found))
    assert found.min() >= 0.0 and found.max() <= 20.0
