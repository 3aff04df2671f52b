"""Dates of projects to the month: the first of September, the last start, grade by grade, year by year."""

import numpy as np
import pytest

from simvet.rules.pipeline import NEVER, filled_share, latest_start, opening_year, spent_in_year


def opens(start: float, duration: float) -> float:
    return float(opening_year(np.array(start), np.array(duration), np.array(False)))


def spent(start: float, finish: float, cost: float, years: range) -> list[float]:
    return [float(spent_in_year(np.array(start), np.array(finish), np.array(cost), year)) for year in years]


@pytest.mark.parametrize("month", range(12))
def test_whatever_month_it_began_a_project_ready_on_the_first_of_september_opens_that_year(month: int) -> None:
    for years in range(1, 9):
        duration = years + (8 - month) / 12.0
        assert opens(2020.0 + month / 12.0, duration) == 2020.0 + years
        assert opens(2020.0 + month / 12.0, duration + 1.0 / 365.0) == 2021.0 + years


@pytest.mark.parametrize("years", range(13))
def test_the_last_start_of_a_project_that_takes_until_september_is_at_the_turn_of_the_year(years: int) -> None:
    duration = np.full(20, years + 2.0 / 3.0)
    assert latest_start(duration, 2025, 0.8) == 2025 - years
    assert latest_start(duration + 1.0 / 365.0, 2025, 0.8) == 2024 - years


def test_more_confidence_asks_for_an_earlier_start() -> None:
    # Nine of ten take a year and a half, one takes ten years.
    duration = np.array([1.5] * 90 + [10.5] * 10)
    assert [latest_start(duration, 2025, confidence) for confidence in (0.05, 0.5, 0.8, 0.95)] == [
        2024,
        2024,
        2024,
        2015,
    ]


@pytest.mark.parametrize("confidence", [0.0, 1.0, -0.1, 80.0, float("nan")])
def test_a_confidence_that_is_no_share_is_refused(confidence: float) -> None:
    with pytest.raises(ValueError, match="confidence"):
        latest_start(np.array([2.0]), 2025, confidence)


@pytest.mark.parametrize("grades", [2, 3, 4])
def test_a_new_school_adds_one_grade_a_year_until_all_are_taught(grades: int) -> None:
    places = [float(filled_share(np.array(2023.0), 2023 + later, grades)) * grades for later in range(-1, grades + 1)]
    assert places == pytest.approx([0.0, *range(1, grades + 1), grades])


def test_a_project_that_failed_never_holds_a_student() -> None:
    never = opening_year(np.array([2020.0]), np.array([1.0]), np.array([True]))
    assert never.tolist() == [NEVER]
    assert not any(filled_share(never, year, 3).any() for year in range(2020, 2100))


def test_cost_is_spread_evenly_from_the_decision_to_completion() -> None:
    assert spent(2020.25, 2022.75, 250.0, range(2019, 2025)) == pytest.approx([0.0, 75.0, 100.0, 75.0, 0.0, 0.0])
    assert spent(2021.25, 2021.5, 250.0, range(2020, 2023)) == pytest.approx([0.0, 250.0, 0.0])


def test_a_project_of_no_duration_is_paid_in_the_year_of_its_start() -> None:
    assert spent(2022.4, 2022.4, 50.0, range(2021, 2024)) == [0.0, 50.0, 0.0]
    assert spent(2022.0, 2022.0, 50.0, range(2021, 2024)) == [0.0, 50.0, 0.0]


def test_two_thirds_of_a_year_written_to_ten_decimals_are_still_the_first_of_september() -> None:
    assert opens(2020.0, 3.6666666667) == 2023.0
    assert latest_start(np.full(20, 3.6666666667), 2025, 0.8) == 2022
