"""Laws of resources, whatever the numbers: nothing negative, nothing invented, more never counts for less."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from simvet.rules.adoption import adopted_share, won_by_year
from simvet.rules.pipeline import NEVER, opening_year, spent_in_year
from simvet.rules.resources import next_equipment, next_qualified, pay, qualified_path, stock_path
from simvet.rules.standards import card_limit, cards

RATES = st.floats(0.0, 1.0)
MONEY = st.floats(0.0, 1e9)


@settings(max_examples=80, deadline=None)
@given(RATES, RATES, RATES, RATES, st.floats(0, 500), st.floats(0, 500))
def test_qualified_teachers_are_never_negative_nor_more_than_teachers(
    part: float, leaving: float, of_hires: float, expiring: float, slots: float, hires: float
) -> None:
    plan = qualified_path(1000, 1000 * part, 12, leaving, slots, hires, of_hires, expiring=expiring)
    assert np.all(plan.qualified >= 0.0)
    assert np.all(plan.qualified <= plan.total + 1e-6)


@settings(max_examples=60, deadline=None)
@given(RATES, RATES, st.floats(0, 500), st.floats(0, 200))
def test_more_training_slots_never_form_fewer_teachers(part: float, leaving: float, slots: float, more: float) -> None:
    args = [np.array(v) for v in (1000 * part, 1000.0, leaving)]
    rest = [np.array(v) for v in (np.inf, 40.0, 0.2, 0.03)]
    fewer, _ = next_qualified(*args, np.array(slots), *rest)
    richer, _ = next_qualified(*args, np.array(slots + more), *rest)
    assert richer >= fewer


@settings(max_examples=60, deadline=None)
@given(MONEY, RATES, MONEY, RATES, st.floats(0, 2))
def test_no_stock_falls_below_zero(value: float, wear: float, bought: float, leaving: float, coming: float) -> None:
    assert next_equipment(np.array(value), np.array(wear), np.array(bought)) >= 0.0
    assert np.all(stock_path(np.array([value]), np.full((1, 9), leaving), np.full((1, 9), coming)) >= 0.0)


@settings(max_examples=80, deadline=None)
@given(st.lists(MONEY, min_size=1, max_size=5), MONEY)
def test_money_in_is_money_out(needs: list[float], available: float) -> None:
    paid, left = pay(tuple(np.array(need) for need in needs), np.array(available))
    assert abs(sum(paid) + left - available) <= 1e-9 * max(available, 1.0)
    assert left >= 0.0
    assert all(p <= need for p, need in zip(paid, needs, strict=True))
    # Nothing is left while something is short.
    assert left == 0.0 or all(p == need for p, need in zip(paid, needs, strict=True))


@settings(max_examples=80, deadline=None)
@given(st.lists(RATES, min_size=2, max_size=5), st.lists(RATES, min_size=5, max_size=5), MONEY, MONEY)
def test_cards_never_admit_above_the_plan_and_more_of_them_never_admit_more(
    below: list[float], worse: list[float], plan: float, graduates: float
) -> None:
    def intake(shares: list[float]) -> float:
        yellow, red = cards(np.array(shares)[:, None])
        assert np.all((yellow >= 0.0) & (red >= 0.0) & (yellow + red <= 1.0 + 1e-12))
        none = np.zeros(1)
        return float(card_limit(np.array([plan]), np.array([graduates]), yellow, red, none)[0])

    further = [max(a, b) for a, b in zip(below, worse, strict=False)]
    assert 0.0 <= intake(further) <= intake(below) + 1e-6 * max(plan, 1.0)
    assert intake(below) <= plan * (1 + 1e-12)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 9), min_size=6, max_size=6), st.lists(st.integers(0, 3), min_size=6, max_size=6), RATES,
    st.integers(0, 3), st.integers(0, 99),
)  # fmt: skip
def test_whole_starts_added_in_any_year_never_win_fewer_and_better_odds_neither(
    starts: list[int], more: list[int], success: float, lead: int, seed: int
) -> None:
    def won(planned: list[int], chance: float) -> np.ndarray:
        shape = (1, 6)
        odds, late = np.full(shape, chance), np.full(shape, float(lead))
        return won_by_year(seed, 0, 3, 1, 2020, np.array([planned], dtype=float), odds, late, np.zeros(1), np.arange(1))

    before = won(starts, success)
    assert np.all(won([a + b for a, b in zip(starts, more, strict=True)], success) >= before)
    assert np.all(won(starts, 1.0) >= before)
    assert np.all(np.diff(before, axis=1) >= 0.0)


@settings(max_examples=60, deadline=None)
@given(RATES, st.floats(-9, 9), st.floats(0, 9), st.one_of(st.integers(1, 60), st.just(float("nan"))))
def test_a_share_stays_a_share_and_a_lift_never_lowers_it(base: float, lift: float, more: float, units: float) -> None:
    lifts = np.array([[lift, lift + more]])
    low, high = adopted_share(np.array([base]), lifts, np.zeros((1, 2)), float(units))[0]
    assert 0.0 <= low <= high <= 1.0


@settings(max_examples=60, deadline=None)
@given(st.floats(2015, 2030), st.floats(0, 9), st.floats(0, 5), MONEY)
def test_a_longer_project_never_opens_earlier_and_costs_what_it_costs(
    start: float, duration: float, more: float, cost: float
) -> None:
    lasts = np.array(False)
    early, late = (float(opening_year(np.array(start), np.array(d), lasts)) for d in (duration, duration + more))
    assert early <= late < NEVER
    finish = np.array(start + duration)
    spent = sum(float(spent_in_year(np.array(start), finish, np.array(cost), year)) for year in range(2014, 2050))
    assert abs(spent - cost) <= 1e-6 * max(cost, 1.0)
