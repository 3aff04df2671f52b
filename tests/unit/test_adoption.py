"""Shares that spread and things that are won."""

import numpy as np
import pytest

from simvet.rules.adoption import adopted_share, won_by_year


def share(base: float, lift: float, units: float = float("nan")) -> float:
    return float(adopted_share(np.array([base]), np.array([[lift]]), np.zeros((1, 1)), units)[0, 0])


def won(starts: list[float], success: float, lead: float = 0.0, phase: float = 0.0) -> list[float]:
    shape = (1, len(starts))
    luck, late = np.full(shape, success), np.full(shape, lead)
    found = won_by_year(1, 0, 7, 0, 2020, np.array([starts]), luck, late, np.array([phase]), np.arange(1))
    return [float(value) for value in found[0]]


def test_a_lift_adds_on_the_logit_scale() -> None:
    assert share(0.5, 1.0) == pytest.approx(1 / (1 + np.exp(-1)))
    assert share(0.5, 0.0) == 0.5


def test_a_share_of_schools_comes_in_whole_schools() -> None:
    assert share(0.9, 0.6, units=45) * 45 == pytest.approx(round(share(0.9, 0.6, units=45) * 45))
    assert share(0.9, 5.0, units=45) == 1.0
    assert share(0.9, 5.0) < 1.0


def test_nothing_and_everything_stay_as_somebody_wrote_them() -> None:
    assert share(0.0, 3.0) == 0.0
    assert share(1.0, -3.0) == 1.0


def test_every_start_that_cannot_fail_is_counted_after_its_lead_time() -> None:
    assert won([2, 3, 0, 1], success=1.0) == [2, 5, 5, 6]
    assert won([2, 3, 0, 1], success=1.0, lead=2) == [0, 0, 2, 5]
    assert won([2, 3, 0, 1], success=0.0) == [0, 0, 0, 0]


def test_half_a_start_a_year_is_a_start_every_other_year() -> None:
    assert won([0.5] * 6, success=1.0) == [0, 1, 1, 2, 2, 3]


def test_as_many_succeed_as_the_rate_says() -> None:
    shape = (4000, 1)
    found = won_by_year(
        1, 0, 7, 0, 2020, np.full(shape, 20.0), np.full(shape, 0.3), np.zeros(shape), np.zeros(4000), np.arange(4000)
    )
    assert found.mean() == pytest.approx(6.0, abs=4 * np.sqrt(20 * 0.3 * 0.7 / 4000))


def test_a_start_that_is_half_way_comes_first() -> None:
    assert won([0.5] * 4, success=1.0, phase=0.5) == [1, 1, 2, 2]


def test_with_phases_spread_evenly_as_many_are_begun_as_planned() -> None:
    shape, phases = (1000, 5), (np.arange(1000) + 0.5) / 1000
    found = won_by_year(
        1, 0, 7, 0, 2020, np.full(shape, 0.3), np.ones(shape), np.zeros(shape), phases, np.arange(len(phases))
    )
    assert np.allclose(found.mean(axis=0), 0.3 * np.arange(1, 6), atol=2e-3)
