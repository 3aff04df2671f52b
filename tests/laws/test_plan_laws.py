"""Laws of plans: slots, cards, starts, spread and dates, whatever the numbers; the same examples in every run."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from simvet.rules.adoption import adopted_share, won_by_year
from simvet.rules.pipeline import NEVER, filled_share, latest_start, opening_year
from simvet.rules.resources import qualified_path, slots_to_reach
from simvet.rules.standards import card_limit, share_below

Floats = NDArray[np.float64]

LAW = settings(max_examples=150, deadline=None, derandomize=True, database=None)
SHARE = st.floats(0.0, 1.0)
PERSONS = st.floats(0.0, 1e6)
YEARS = 6


def six(each: st.SearchStrategy[float]) -> st.SearchStrategy[list[float]]:
    return st.lists(each, min_size=YEARS, max_size=YEARS)


def won(seed: int, starts: Floats, success: list[float], lead: list[int], phase: float = 0.0) -> Floats:
    given_lead = np.array([lead], dtype=np.float64)
    found: Floats = won_by_year(
        seed, 0, 3, 1, 2020, starts[None, :], np.array([success]), given_lead, np.array([phase]), np.arange(1)
    )
    last: Floats = found[0]
    return last


def limit(plan: float, graduates: float, yellow: float, red: float, lasting: float) -> float:
    return float(card_limit(*(np.array(value) for value in (plan, graduates, yellow, red, lasting))))


@LAW
@given(SHARE, SHARE, st.integers(1, 10), st.floats(0.01, 0.3), SHARE, SHARE, st.floats(0.0, 0.2))
def test_the_slots_found_reach_the_target_a_few_fewer_do_not_and_where_none_are_found_none_suffice(
    target: float, qualified: float, years: int, leaving: float, replaced: float, of_hires: float, expiring: float
) -> None:
    total = 1000.0
    # Hires replace at most those who leave: a staff that grows is a case of its own.
    hires = leaving * total * replaced

    def reached(slots: float) -> float:
        path = qualified_path(total, qualified * total, years, leaving, slots, hires, of_hires, expiring=expiring)
        return float(path.share[-1])

    slots = slots_to_reach(target, total, qualified * total, years, leaving, hires, of_hires, expiring)
    assert slots >= 0.0
    if np.isinf(slots):
        assert reached(1e9) < target
    else:
        assert reached(slots) >= target
        assert slots == 0.0 or reached(max(slots - 1e-5, 0.0)) < target


@LAW
@given(PERSONS, PERSONS, SHARE, SHARE, SHARE, SHARE)
def test_a_worse_card_for_any_college_never_admits_more(
    plan: float, graduates: float, carded: float, of_red: float, of_lasting: float, worse: float
) -> None:
    red = carded * of_red
    yellow = carded - red
    lasting = yellow * of_lasting
    found = limit(plan, graduates, yellow, red, lasting)
    slack = 1e-9 * max(plan, 1.0)
    assert 0.0 <= found <= plan + slack
    assert limit(plan, graduates, yellow + worse * (1.0 - carded), red, lasting) <= found + slack
    assert limit(plan, graduates, yellow - worse * (yellow - lasting), red + worse * (yellow - lasting), lasting) <= (
        found + slack
    )
    assert limit(plan, graduates, yellow, red, lasting + worse * (yellow - lasting)) <= found + slack
    assert limit(plan + graduates * worse, graduates, yellow, red, lasting) >= found - slack
    assert limit(plan, graduates + plan * worse, yellow, red, lasting) >= found - slack


@LAW
@given(
    st.floats(0.01, 1e5),
    st.floats(0.01, 1e5),
    st.one_of(st.just(0.0), st.floats(0.01, 2.0)),
    st.floats(1.0, 10.0),
    st.booleans(),
)
def test_a_worse_mean_never_puts_fewer_colleges_under_a_limit(
    mean: float, limit_value: float, spread: float, times: float, higher_is_worse: bool
) -> None:
    def below(value: float) -> float:
        return float(share_below(np.array(value), np.array(limit_value), np.array(spread), higher_is_worse))

    worse = mean * times if higher_is_worse else mean / times
    assert 0.0 <= below(mean) <= below(worse) <= 1.0


@LAW
@given(six(st.integers(0, 9)), six(st.integers(0, 9)), six(SHARE), six(st.integers(0, 3)), st.integers(0, 9999))
def test_whole_starts_more_in_any_year_never_win_fewer_by_any_year(
    starts: list[int], more: list[int], success: list[float], lead: list[int], seed: int
) -> None:
    few = np.array(starts, dtype=np.float64)
    assert np.all(won(seed, few + np.array(more), success, lead) >= won(seed, few, success, lead))


@LAW
@given(six(st.floats(0.0, 9.0)), six(SHARE), six(SHARE), six(st.integers(0, 3)), st.integers(0, 9999))
def test_better_odds_in_any_year_never_win_fewer_by_any_year(
    starts: list[float], success: list[float], other: list[float], lead: list[int], seed: int
) -> None:
    better = [max(pair) for pair in zip(success, other, strict=True)]
    assert np.all(won(seed, np.array(starts), better, lead) >= won(seed, np.array(starts), success, lead))


@LAW
@given(six(st.floats(0.0, 9.0)), six(SHARE), st.floats(0.0, 0.999), st.integers(0, 9999))
def test_things_won_are_whole_stay_won_and_are_never_more_than_were_started(
    starts: list[float], success: list[float], phase: float, seed: int
) -> None:
    found = won(seed, np.array(starts), success, [0] * YEARS, phase)
    assert np.array_equal(found, np.rint(found))
    assert np.all(np.diff(found, prepend=0.0) >= 0.0)
    assert np.all(found <= np.floor(phase + np.cumsum(starts) + 1e-6))


@LAW
@given(SHARE, six(st.floats(-9.0, 9.0)), six(st.floats(-3.0, 3.0)), st.integers(1, 500))
def test_a_share_of_whole_things_is_the_nearest_one_to_the_share_of_persons(
    base: float, lift: list[float], drift: list[float], units: int
) -> None:
    given_all = (np.array([base]), np.array([lift]), np.array([drift]))
    smooth, whole = (adopted_share(*given_all, count)[0] for count in (float("nan"), float(units)))
    assert np.all((smooth >= 0.0) & (smooth <= 1.0))
    assert (whole * units).tolist() == pytest.approx(np.rint(whole * units).tolist())
    assert np.all(np.abs(whole - smooth) <= 0.5 / units + 1e-12)


@LAW
@given(st.lists(st.integers(0, 5000), min_size=1, max_size=60), st.floats(0.05, 0.95), st.integers(2021, 2035))
def test_the_last_start_makes_it_as_often_as_asked_and_a_year_later_does_not(
    days: list[int], confidence: float, year: int
) -> None:
    duration = np.array(days) / 365.25
    lasts, one_draw = np.zeros(duration.size, dtype=np.bool_), 1.0 / duration.size
    start = latest_start(duration, year, confidence)

    def in_time(begun: int) -> float:
        return float(np.mean(opening_year(np.full(duration.size, float(begun)), duration, lasts) <= year))

    # Between two draws the quantile is interpolated: one draw either way.
    assert in_time(start) > confidence - one_draw
    assert in_time(start + 1) < confidence + one_draw


@LAW
@given(st.floats(2015.0, 2035.0), st.floats(0.0, 15.0), st.floats(0.0, 5.0), st.integers(1, 6), st.integers(2015, 2060))
def test_a_longer_project_opens_no_earlier_waits_less_than_a_year_and_holds_no_more(
    start: float, duration: float, more: float, grades: int, year: int
) -> None:
    begun, lasts = np.array(start), np.array(False)
    early, late = (opening_year(begun, np.array(length), lasts) for length in (duration, duration + more))
    assert early <= late < NEVER
    assert -1e-6 <= early + 2.0 / 3.0 - (start + duration) < 1.0
    held = filled_share(early, year, grades)
    assert filled_share(late, year, grades) <= held <= filled_share(early, year + 1, grades) <= 1.0
