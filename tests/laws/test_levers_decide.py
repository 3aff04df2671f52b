"""What a planner sets is what happens, and regions run together as they should."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

import simvet
from simvet.levers import Lever

DRAWS = 40


def lever(quantity: str, operation: str, value: float, key: str = "", start: int = 2022) -> Lever:
    return Lever(quantity, quantity, "zhejiang", key, operation, value, start, None, "province", "a test")


def run(*levers: Lever) -> simvet.Result:
    return simvet.simulate(simvet.load_scenario("zhejiang").with_levers(*levers), draws=DRAWS, until=2027)


def test_a_plan_for_general_schools_that_is_set_is_never_exceeded():
    result = run(lever("intake_plan", "set", 260_000.0, "general_high"))
    entrants = result.books.track("entrants", "general_high/regular")[:, 2:]
    assert entrants.max() <= 260_000.0 + 1e-6


def test_integrated_seats_that_are_set_are_set_in_every_draw():
    result = run(lever("integrated_higher_share", "set", 0.30))
    assert np.ptp(result.schedule.at("integrated_higher_share", "", 2025)) == 0.0


def test_a_stricter_standard_of_students_per_teacher_binds():
    base, strict = run(), run(lever("students_per_teacher_standard", "set", 10.0, "secondary_vocational"))
    year = base.books.years.index(2025)
    before, after = (r.indicator("entrants", "secondary_vocational")[:, year, 0] for r in (base, strict))
    assert np.all(after <= before + 1e-6)
    assert np.median(after) < 0.5 * np.median(before)


def test_a_college_raised_to_bachelor_level_gives_up_some_of_its_old_intake():
    base, raised = simvet.simulate("wenzhou", draws=DRAWS), simvet.simulate("wenzhou_college_upgrade", draws=DRAWS)
    year = base.books.years.index(2026)
    assert np.median(raised.indicator("enrolment", "vocational_bachelor")[:, year]) > 1000.0
    before, after = (r.indicator("entrants", "higher_vocational")[:, year] for r in (base, raised))
    assert np.median(after - before) < -100.0


@pytest.mark.parametrize(
    ("first", "second"), [*list(combinations(("zhejiang", "wenzhou", "lishui"), 2)), ("lishui", "zhejiang")]
)
def test_two_regions_run_together_and_answer_all_their_targets(tmp_path: Path, first: str, second: str):
    text = f"base: {first}\ntitle: {{zh: 两地, en: two}}\nprovince: zhejiang\nregions:\n"
    for region in (first, second):
        case = simvet.load_scenario(region).regions[0]
        text += f"  - region: {region}\n    base_year: {case.base_year}\n    limits:\n"
        text += "".join(f"      {stage}: [{', '.join(limits)}]\n" for stage, limits in case.limits.items())
    path = tmp_path / "two.yaml"
    path.write_text(text, encoding="utf-8")
    result = simvet.simulate(path, draws=5)
    verdicts = result.verdicts(causes=False)
    wanted = {first, second}
    assert {v.target.region for v in verdicts} == wanted
    assert all(np.isfinite(v.median) for v in verdicts)


def test_a_plan_compared_with_one_that_asks_more_answers_all_targets(tmp_path: Path):
    path = tmp_path / "own.yaml"
    path.write_text(
        "base: lishui\ntitle: {zh: 自设, en: own}\ntargets:\n  - {key: enrolment, stage: middle, comparator: '>=', "
        "target: 80000, year: 2030, title: {zh: 初中在校生, en: middle enrolment}}\n",
        encoding="utf-8",
    )
    comparison = simvet.compare("lishui", path, draws=5)
    assert [d.target.key for d in comparison.differences].count("enrolment") == 1
    assert all(d.identical for d in comparison.differences if d.target.key != "topup_rate")


def test_closing_more_places_than_there_are_leaves_none_and_says_so(tmp_path: Path):
    path = tmp_path / "closing.yaml"
    path.write_text(
        "base: zhoushan\ntitle: {zh: 关闭, en: closing}\nprojects:\n"
        "  - name: closing\n    title: {zh: 关闭, en: closing}\n"
        "    stage: secondary_vocational\n    places: -50000\n    opening: 2022\n    owner: city\n    source: a test\n"
        "    status: assumed\n",
        encoding="utf-8",
    )
    result = simvet.simulate(path, draws=5)
    year = result.books.years.index(2025)
    assert np.all(result.indicator("places")[:, year] >= 0.0)
    assert result.schedule.held["places"] > 0
