"""The loop that plans hope for: families who saw more vocational leavers go on want vocational school more."""

from dataclasses import replace

import numpy as np
import pytest

import simvet
from simvet.levers import Lever
from simvet.loading import load_scenario
from simvet.result import Result
from simvet.scenario import Scenario

FROM = 2019
UNTIL = 2022


def lever(quantity: str, key: str, value: float, operation: str = "set") -> Lever:
    return Lever(
        name=f"{quantity} {key}", labels={"zh": quantity, "en": quantity}, region="zhoushan", quantity=quantity,
        key=key,
        operation=operation, value=value, start=FROM, end=None, owner="province", source="test", where="test",
    )  # fmt: skip


def run(strength: float, college_seats: float) -> Result:
    """Run Zhoushan by person with a strength of the loop, and more college seats for vocational leavers."""
    base = load_scenario("zhoushan").with_horizon(UNTIL)
    changed: Scenario = base.with_levers(
        lever("attractiveness_strength", "", strength), lever("block_share", "vocational", college_seats)
    )
    # General schools take whoever wants them, or the loop changes who comes and not how many.
    changed = changed.with_levers(lever("intake_plan", "general_high", 20_000.0))
    return simvet.simulate(replace(changed, targets=()), engine="agents", seed=3)


@pytest.fixture(scope="module")
def vocational() -> dict[tuple[float, float], np.ndarray]:
    """Return first-year students of vocational school by year, for four worlds."""
    return {
        (strength, seats): run(strength, seats).books.stage("entrants", "secondary_vocational")[0, :, 0]
        for strength in (0.0, 4.0)
        for seats in (0.1, 0.6)
    }


def test_more_progression_brings_more_vocational_entrants_a_year_later(
    vocational: dict[tuple[float, float], np.ndarray],
) -> None:
    gained = vocational[(4.0, 0.6)] - vocational[(4.0, 0.1)]
    year = FROM - 2016
    assert gained[year] == 0.0
    # The same persons with the same luck: whatever differs is what they saw.
    assert gained[year + 1 :].min() > 0.0
    assert gained[year + 1 :].sum() > 20.0


def test_without_the_loop_families_look_at_nothing(vocational: dict[tuple[float, float], np.ndarray]) -> None:
    assert np.array_equal(vocational[(0.0, 0.6)], vocational[(0.0, 0.1)])
