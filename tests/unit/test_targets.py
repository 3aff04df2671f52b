"""When a target counts as reached, how sure that is, and where this year's milestone stands."""

from dataclasses import replace

import numpy as np
import pytest

from simvet.loading import load_scenario
from simvet.result import Result, simulate
from simvet.scenario import Scenario, Target
from simvet.targets import is_modelled, is_reached, missing_datum
from simvet.verdicts import monte_carlo_error

TARGET = Target(
    document="test",
    region="zhejiang",
    locator="test",
    key="enrolment",
    labels={"zh": "在校生", "en": "enrolment"},
    stage="secondary_vocational",
    kind="own",
    unit="persons",
    base_year=2020,
    base_value=743_000.0,
    comparator=">=",
    bound=760_000.0,
    year=2025,
    note="",
    where="test_targets.py",
)


def reached(comparator: str, unit: str, bound: float, *values: float, key: str = "enrolment") -> list[bool]:
    target = replace(TARGET, comparator=comparator, unit=unit, key=key)
    return is_reached(target, np.array(values), np.full(len(values), bound)).tolist()


def test_at_least_is_reached_at_the_bound_itself() -> None:
    assert reached(">=", "persons", 760.0, 759.999, 760.0, 800.0) == [False, True, True]


def test_at_most_is_reached_at_the_bound_itself() -> None:
    assert reached("<=", "share", 0.02, 0.0201, 0.02, 0.0) == [False, True, True]


def test_equal_allows_what_rounding_in_print_explains_and_no_more() -> None:
    assert reached("==", "persons", 1000.0, 998.9, 999.0, 1001.0, 1001.1) == [False, True, True, False]


def test_about_allows_five_percent_below_and_anything_above() -> None:
    assert reached("~", "share", 0.4, 0.3799, 0.3801, 0.4, 0.9) == [False, True, True, True]
    assert reached("~", "places", 4000.0, 3799.0, 3800.0, 9000.0) == [False, True, True]


def test_about_a_small_count_allows_one_less() -> None:
    assert reached("~", "count", 10.0, 8.9, 9.0, 10.0) == [False, True, True]
    assert reached("~", "count", 100.0, 94.9, 95.0) == [False, True]
    assert reached("~", "share", 10.0, 9.0) == [False]


def test_roughly_equal_is_a_general_share_of_45_to_55_percent() -> None:
    plan = replace(TARGET, kind="flow", key="general_vocational_ratio", comparator="~", bound=1.0)
    shares = np.array([0.449, 0.451, 0.549, 0.551])
    assert is_reached(plan, shares, np.full(4, 0.5)).tolist() == [False, True, True, False]


def test_a_bound_on_the_general_share_that_a_scenario_sets_itself_is_that_bound() -> None:
    own = replace(TARGET, kind="own", key="general_vocational_ratio", comparator=">=", bound=0.65)
    shares = np.array([0.5, 0.66])
    assert is_reached(own, shares, np.full(2, 0.65)).tolist() == [False, True]


def test_a_value_that_is_missing_reaches_nothing() -> None:
    for comparator in (">=", "<=", "==", "~"):
        assert reached(comparator, "share", 0.5, np.nan) == [False]


def test_the_error_of_a_probability_follows_the_binomial_and_never_claims_certainty() -> None:
    assert monte_carlo_error(500, 1000) == pytest.approx(np.sqrt(0.25 / 1000), rel=0.01)
    assert monte_carlo_error(0, 1000) > 0.0
    assert monte_carlo_error(1000, 1000) == pytest.approx(monte_carlo_error(0, 1000))
    assert monte_carlo_error(5, 10) > monte_carlo_error(50, 100) > monte_carlo_error(500, 1000)


def test_outcomes_and_own_targets_are_judged_instruments_and_rows_that_lack_a_datum_are_not() -> None:
    assert is_modelled(TARGET)
    assert is_modelled(replace(TARGET, kind="resource", key="places"))
    assert is_modelled(replace(TARGET, kind="project_count", key="studios"))
    assert not is_modelled(replace(TARGET, kind="lever", key="performance_pay_uplift"))
    without = replace(TARGET, document="zs-action-plan", key="contribution_index", stage="region", kind="attainment")
    assert not is_modelled(without)
    assert set(missing_datum(without) or {}) == {"zh", "en"}


def test_full_coverage_of_people_is_read_to_the_whole_per_cent_and_of_students_is_not() -> None:
    shares = np.array([0.994, 0.996, 1.0])
    service = replace(TARGET, kind="service", unit="share", comparator=">=", key="career_experience_coverage")
    assert is_reached(service, shares, np.ones(3)).tolist() == [False, True, True]
    flow = replace(service, kind="flow")
    assert is_reached(flow, shares, np.ones(3)).tolist() == [False, False, True]


def judged(result: Result, **changes: object) -> Scenario:
    target = replace(TARGET, **changes)  # type: ignore[arg-type]
    return replace(result.scenario, targets=(target,), headlines=("enrolment",))


@pytest.fixture(scope="module")
def base() -> Result:
    return simulate("zhejiang", draws=40, until=2026)


def verdict_of(base: Result, **changes: object):  # type: ignore[no-untyped-def]
    result = Result(judged(base, **changes), base.schedule, base.books, base.seed)
    return result.verdicts(causes=False)[0]


def test_the_milestone_is_a_straight_line_from_the_printed_base(base: Result) -> None:
    verdict = verdict_of(base)
    assert verdict.as_of == 2023
    assert verdict.milestone == pytest.approx(743_000.0 + 17_000.0 * 3.0 / 5.0)
    assert not verdict.milestone_assumed


def test_a_milestone_without_printed_base_starts_from_the_run_and_says_so(base: Result) -> None:
    verdict = verdict_of(base, base_year=None, base_value=None)
    own = float(np.median(base.indicator("enrolment", "secondary_vocational")[:, 0, 0]))
    assert verdict.milestone == pytest.approx(own + (760_000.0 - own) * 3.0 / 5.0)
    assert verdict.milestone_assumed


def test_a_target_whose_year_is_past_has_its_bound_as_milestone(base: Result) -> None:
    assert verdict_of(base, year=2022).milestone == pytest.approx(760_000.0)


def test_the_probability_is_the_part_of_draws_that_reach_the_bound(base: Result) -> None:
    values = base.indicator("enrolment", "secondary_vocational")[:, 5, 0]
    verdict = verdict_of(base)
    assert verdict.probability == np.mean(values >= 760_000.0)
    assert verdict.gap == pytest.approx(np.median(values) - 760_000.0)
    assert verdict.low <= verdict.median <= verdict.high


def test_a_lower_bound_is_never_less_likely(base: Result) -> None:
    found = [verdict_of(base, bound=bound).probability for bound in (600_000.0, 740_000.0, 760_000.0, 900_000.0)]
    assert found == sorted(found, reverse=True)
    assert found[0] == 1.0
    assert found[-1] == 0.0


def test_the_first_year_reached_is_after_the_base_year(base: Result) -> None:
    assert verdict_of(base, bound=1.0).first_year == 2021
    assert verdict_of(base, bound=9e9).first_year is None


def test_the_register_of_the_province_is_judged_without_a_missing_indicator() -> None:
    keys = {target.key for target in load_scenario("zhejiang").targets if is_modelled(target)}
    assert {"enrolment", "progression_rate", "topup_rate", "general_vocational_ratio"} <= keys
