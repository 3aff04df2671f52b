"""The coefficient of efficiency, against pupils who each draw their own lot; and for many cohorts at once."""

import numpy as np
import pytest

from simvet.rules.efficiency import reconstructed_cohort


def follow_pupils(promotion: list[float], repetition: list[float], pupils: int) -> tuple[float, float]:
    """Return the share of pupils who graduate and the mean years that one spends; every pupil draws every year."""
    luck = np.random.default_rng(20250901)
    grade, inside = np.zeros(pupils, dtype=np.int64), np.ones(pupils, dtype=np.bool_)
    spent = 0
    while inside.any():
        spent += int(inside.sum())
        drawn = luck.random(pupils)
        up, again = np.array(promotion)[grade % len(promotion)], np.array(repetition)[grade % len(promotion)]
        moves, stays = inside & (drawn < up), inside & (drawn >= up) & (drawn < up + again)
        grade = grade + moves
        inside = (moves & (grade < len(promotion))) | stays
    return float(np.mean(grade == len(promotion))), spent / pupils


@pytest.mark.parametrize(
    ("promotion", "repetition"),
    [([0.94, 0.96, 0.97], [0.03, 0.02, 0.01]), ([0.7, 0.8, 0.6, 0.9], [0.2, 0.1, 0.3, 0.0])],
)
def test_pupils_followed_one_by_one_give_the_same(promotion: list[float], repetition: list[float]) -> None:
    graduated, spent = follow_pupils(promotion, repetition, pupils=100_000)
    survival, years, efficiency = reconstructed_cohort(np.array(promotion), np.array(repetition))
    assert float(survival) == pytest.approx(graduated, abs=4 * 0.5 / np.sqrt(100_000))
    assert float(years) == pytest.approx(spent / graduated, rel=0.01)
    assert float(efficiency) == pytest.approx(len(promotion) * graduated / spent, rel=0.01)


def test_many_cohorts_at_once_are_each_as_they_are_alone() -> None:
    promotion = np.array([[[0.94, 0.96, 0.97], [0.7, 0.8, 0.6]], [[1.0, 1.0, 1.0], [0.9, 0.0, 0.5]]])
    repetition = np.array([[[0.03, 0.02, 0.01], [0.2, 0.1, 0.3]], [[0.0, 0.0, 0.0], [0.0, 0.5, 0.1]]])
    together = reconstructed_cohort(promotion, repetition)
    for place in np.ndindex(2, 2):
        alone = reconstructed_cohort(promotion[place], repetition[place])
        assert [float(part[place]) for part in together] == [float(part) for part in alone]


def test_repeating_costs_years_and_loses_nobody_who_would_have_passed() -> None:
    survival, years, efficiency = reconstructed_cohort(np.full(3, 0.8), np.full(3, 0.2))
    assert float(survival) == pytest.approx(1.0)
    assert float(years) == pytest.approx(3.0 / 0.8)
    assert float(efficiency) == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("promotion", "repetition"), [([-0.1, 0.9], [0.0, 0.0]), ([0.9, 0.9], [0.0, -0.1]), ([0.0, 0.9], [1.0, 0.0])]
)
def test_rates_below_zero_and_a_grade_that_keeps_everybody_are_refused(
    promotion: list[float], repetition: list[float]
) -> None:
    with pytest.raises(ValueError, match="shares"):
        reconstructed_cohort(np.array(promotion), np.array(repetition))
