"""A table that a layman can read: what should come out, roughly, and why (tests/cases/verdicts.csv)."""

import csv
from functools import lru_cache
from pathlib import Path

import pytest

import simvet
from simvet.result import Result
from simvet.verdicts import Verdict

CASES = list(csv.DictReader((Path(__file__).parent / "verdicts.csv").read_text(encoding="utf-8").splitlines()))
DRAWS = 300


@lru_cache(maxsize=32)
def verdicts(scenario: str) -> tuple[Verdict, ...]:
    result: Result = simvet.simulate(scenario, draws=DRAWS)
    return tuple(result.verdicts(causes=False))


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c['scenario']}-{c['target']}-{c['stage']}")
def test_a_verdict_is_what_a_planner_would_expect(case):
    found = next(
        v for v in verdicts(case["scenario"])
        if (v.target.key, v.target.stage, str(v.target.year)) == (case["target"], case["stage"], case["year"])
    )  # fmt: skip
    assert float(case["median_low"]) <= found.median <= float(case["median_high"]), case["why"]
    assert float(case["probability_low"]) <= found.probability <= float(case["probability_high"]), case["why"]
    assert found.low <= found.median <= found.high


def test_the_binding_cause_of_too_few_top_up_places_is_the_top_up_quota():
    found = next(v for v in simvet.simulate("zhejiang", draws=DRAWS).verdicts() if v.target.key == "topup_rate")
    assert found.binding[0] == "quota_topup"


def test_vocational_bachelor_is_held_back_by_its_licence():
    found = next(
        v for v in simvet.simulate("zhejiang", draws=DRAWS).verdicts()
        if v.target.key == "enrolment" and v.target.stage == "vocational_bachelor"
    )  # fmt: skip
    assert found.binding[0] == "licence"


def test_the_new_schools_places_hang_on_time():
    found = next(v for v in simvet.simulate("zhoushan", draws=DRAWS).verdicts() if v.target.key == "new_school_places")
    assert found.binding == ("time",)


def test_a_target_against_the_province_compares_the_same_draws():
    verdict = next(
        v for v in simvet.simulate("lishui", draws=DRAWS).verdicts(causes=False) if v.target.key == "topup_rate"
    )
    province = simvet.simulate("zhejiang", draws=DRAWS)
    year = province.books.years.index(2025)
    import numpy as np

    assert verdict.bound == pytest.approx(float(np.median(province.indicator("topup_rate")[:, year, 0])))
