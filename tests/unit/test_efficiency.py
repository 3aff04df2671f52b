"""The coefficient of efficiency, against a cohort walked through its grades."""

import numpy as np
import pytest

from simvet.rules.efficiency import reconstructed_cohort


def walk(promotion: list[float], repetition: list[float], years: int = 200) -> tuple[float, float]:
    """Return the graduates of a thousand entrants, and the pupil-years they all spend; year by year."""
    pupils = np.zeros(len(promotion))
    pupils[0] = 1000.0
    graduates = spent = 0.0
    for _ in range(years):
        spent += pupils.sum()
        moved = pupils * np.array(promotion)
        graduates += moved[-1]
        pupils = pupils * np.array(repetition) + np.concatenate([[0.0], moved[:-1]])
    return graduates, spent


def test_the_worked_example_of_the_model() -> None:
    survival, years, efficiency = reconstructed_cohort(np.array([0.94, 0.96, 0.97]), np.array([0.03, 0.02, 0.01]))
    assert float(survival) == pytest.approx(0.9301175, abs=5e-8)
    assert float(years) == pytest.approx(3.2024567, abs=5e-8)
    assert float(efficiency) == pytest.approx(0.9367808, abs=5e-8)


@pytest.mark.parametrize(
    ("promotion", "repetition"), [([0.94, 0.96, 0.97], [0.03, 0.02, 0.01]), ([0.7, 0.8, 0.6, 0.9], [0.2, 0.1, 0.3, 0])]
)
def test_a_thousand_pupils_walked_through_the_grades_give_the_same(
    promotion: list[float], repetition: list[float]
) -> None:
    graduates, spent = walk(promotion, repetition)
    survival, years, efficiency = reconstructed_cohort(np.array(promotion), np.array(repetition))
    assert float(survival) == pytest.approx(graduates / 1000.0)
    assert float(years) == pytest.approx(spent / graduates)
    assert float(efficiency) == pytest.approx(len(promotion) * graduates / spent)


def test_a_stage_that_loses_nobody_is_fully_efficient_and_one_that_loses_all_never_graduates_anyone() -> None:
    assert reconstructed_cohort(np.ones(3), np.zeros(3))[2] == 1.0
    survival, years, efficiency = reconstructed_cohort(np.array([0.9, 0.0]), np.array([0.0, 0.5]))
    assert (float(survival), float(years), float(efficiency)) == (0.0, float("inf"), 0.0)


def test_rates_that_are_no_shares_are_refused() -> None:
    with pytest.raises(ValueError, match="shares"):
        reconstructed_cohort(np.array([0.9]), np.array([0.2]))
