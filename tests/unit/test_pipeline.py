"""Building projects: when they open, how they fill, what they cost."""

import numpy as np
import pytest

from simvet.rules.pipeline import NEVER, filled_share, latest_start, opening_year, spent_in_year

LASTS = np.array([False])


def opens(start: float, duration: float) -> float:
    return float(opening_year(np.array([start]), np.array([duration]), LASTS)[0])


def test_what_is_ready_by_the_first_of_september_opens_that_year() -> None:
    assert opens(2020.0, 3.0 + 2 / 3) == 2023.0


def test_what_is_ready_a_day_later_opens_a_year_later() -> None:
    assert opens(2020.0, 3.0 + 2 / 3 + 1 / 365) == 2024.0


def test_a_project_that_fails_never_opens() -> None:
    assert opening_year(np.array([2020.0]), np.array([1.0]), np.array([True])) == NEVER


def test_a_negative_duration_is_refused() -> None:
    with pytest.raises(ValueError, match="below zero"):
        opens(2020.0, -1.0)


def test_a_school_opened_in_t_teaches_its_third_grade_from_t_plus_2_on() -> None:
    filled = [float(filled_share(np.array([2023.0]), year, 3)[0]) for year in range(2021, 2028)]
    assert filled == pytest.approx([0.0, 0.0, 1 / 3, 2 / 3, 1.0, 1.0, 1.0])


def test_the_latest_start_is_the_last_year_that_still_opens_in_time() -> None:
    duration = np.full(100, 4.5)
    year = latest_start(duration, 2025, 0.5)
    assert year == 2021
    assert opens(year, 4.5) == 2026.0 - 1.0
    assert opens(year + 1, 4.5) > 2025.0
    with pytest.raises(ValueError, match="confidence"):
        latest_start(duration, 2025, 1.0)


@pytest.mark.parametrize(("start", "finish"), [(2020.25, 2024.75), (2021.0, 2021.5), (2022.4, 2022.4)])
def test_what_is_spent_over_the_years_is_the_cost(start: float, finish: float) -> None:
    spent = [
        float(spent_in_year(np.array([start]), np.array([finish]), np.array([3e8]), year)[0])
        for year in range(2018, 2030)
    ]
    assert sum(spent) == pytest.approx(3e8)
    assert min(spent) == 0.0
    assert spent[2020 - 2018] == 0.0 or start < 2021.0
