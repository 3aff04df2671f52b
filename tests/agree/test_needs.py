"""What a verdict says it takes is what it takes: pulled as a lever, the need makes the target likely."""

from __future__ import annotations

import numpy as np
import pytest

from simvet.items import PACES
from simvet.levers import Lever
from simvet.needs import LIKELY
from simvet.result import Result, simulate
from simvet.runs import rerun
from simvet.targets import column_of, is_reached
from simvet.verdicts import Verdict

DRAWS = 60


@pytest.fixture(scope="module")
def result() -> Result:
    return simulate("zhejiang", DRAWS)


@pytest.fixture(scope="module")
def verdicts(result: Result) -> list[Verdict]:
    return [v for v in result.verdicts(False) if v.need is not None and np.isfinite(v.need.needed)]


def probability(result: Result, verdict: Verdict, *levers: Lever) -> float:
    changed = rerun(result, result.scenario.with_levers(*levers))
    value = changed.indicator(verdict.reading, verdict.target.stage)[:, column_of(result, verdict.target.year), 0]
    return float(np.mean(is_reached(verdict.target, value, np.full(DRAWS, verdict.bound))))


def pace(result: Result, verdict: Verdict, by: float) -> list[Lever]:
    """Return the levers that move an item's pace by so much: counts by a factor, others by a step."""
    item = result.scenario.items["zhejiang"][
        verdict.target.key if verdict.target.stage == "region" else f"{verdict.target.key}/{verdict.target.stage}"
    ]
    operation = "multiply" if item.family == "count" else "add"
    return [
        Lever("need", PACES[item.family], "zhejiang", item.id, operation, by, item.since, None, "none", "need", "need")
    ]  # fmt: skip


def of_kind(verdicts: list[Verdict], kind: str, most: int = 5) -> list[Verdict]:
    found = [v for v in verdicts if v.need is not None and v.need.kind == kind][:most]
    assert found, kind
    return found


def test_the_starts_a_year_that_a_verdict_asks_for_make_it_likely(result: Result, verdicts: list[Verdict]) -> None:
    for verdict in of_kind(verdicts, "starts"):
        assert verdict.need is not None
        times = verdict.need.needed / verdict.need.now
        assert probability(result, verdict, *pace(result, verdict, times)) >= LIKELY, verdict.target.key
        assert probability(result, verdict, *pace(result, verdict, 1.0 + 0.5 * (times - 1.0))) < LIKELY


@pytest.mark.parametrize("kind", ["lift", "growth"])
def test_the_lift_a_year_that_a_verdict_asks_for_makes_it_likely(
    result: Result, verdicts: list[Verdict], kind: str
) -> None:
    for verdict in of_kind(verdicts, kind):
        assert verdict.need is not None
        step = verdict.need.needed - verdict.need.now
        assert probability(result, verdict, *pace(result, verdict, step)) >= LIKELY, verdict.target.key
        assert probability(result, verdict, *pace(result, verdict, 0.5 * step)) < LIKELY, verdict.target.key


def test_the_training_slots_that_a_verdict_asks_for_make_the_dual_share_likely(
    result: Result, verdicts: list[Verdict]
) -> None:
    found = [v for v in of_kind(verdicts, "slots") if v.target.key == "dual_qualified_share"]
    assert found
    for verdict in found:
        assert verdict.need is not None
        for part, wanted in ((1.0, True), (0.5, False)):
            times = 1.0 + part * (verdict.need.needed / verdict.need.now - 1.0)
            levers = [
                Lever("need", name, "zhejiang", verdict.target.stage, "multiply", times, 2021, None, "none", "n", "n")
                for name in ("dual_training_slots", "dual_training_funded")
            ]
            assert (probability(result, verdict, *levers) >= LIKELY) == wanted


def test_a_change_a_year_that_a_verdict_asks_for_is_what_is_short(result: Result, verdicts: list[Verdict]) -> None:
    for verdict in of_kind(verdicts, "change", 9):
        if verdict.target.comparator != ">=" or verdict.need is None:
            continue
        column = column_of(result, verdict.target.year)
        value = result.indicator(verdict.reading, verdict.target.stage)[:, column, 0]
        years = verdict.target.year - result.books.years[0]
        moved = value + years * (verdict.need.needed - verdict.need.now)
        assert float(np.mean(moved >= verdict.bound * (1.0 - 1e-9))) >= LIKELY
