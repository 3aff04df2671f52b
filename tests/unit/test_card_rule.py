"""The yellow and red card rule: college by college, year after year, and among the limits of a stage."""

from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray

from simvet.rules.names import LIMITS
from simvet.rules.seats import seats_and_binding
from simvet.rules.standards import card_limit, cards, share_below
from simvet.supply.yearly import Supply

Floats = NDArray[np.float64]
PLAN, GRADUATES = 1000.0, 700.0


class OneCollege(Supply):
    """A region of one college whose indicators under their limits are written down year by year."""

    def __init__(self, below: list[list[float]], at_base: list[float] | None = None) -> None:
        self.script = below
        self.shape = (1, 1)
        self.yellow = []
        self.below_at_base = None if at_base is None else np.array(at_base)[:, None, None]

    def _below(self, year: int) -> Floats:
        return np.array(self.script[year])[:, None, None]

    def _sampled(self, name: str, stage: str = "") -> Floats:  # noqa: ARG002 - as in Supply
        return np.ones((1, 1))

    def entrants(self) -> list[float]:
        """Return the entrants that each year's cards leave."""
        plan, graduates = np.full((1, 1), PLAN), np.full((1, 1), GRADUATES)
        return [float(card_limit(plan, graduates, *self._cards(year))[0, 0]) for year in range(len(self.script))]


def entrants_by_the_rule(missed: int) -> float:
    return PLAN if missed == 0 else min(PLAN, GRADUATES) if missed == 1 else 0.0


def test_two_yellow_years_hold_intake_to_graduates_and_the_third_and_every_later_one_stop_it() -> None:
    assert OneCollege([[1.0, 0.0]] * 5).entrants() == [700.0, 700.0, 0.0, 0.0, 0.0]


def test_the_third_yellow_year_counts_whichever_indicator_is_missed() -> None:
    assert OneCollege([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]).entrants() == [700.0, 700.0, 0.0]


def test_a_year_without_a_card_starts_the_count_again() -> None:
    missed, met = [1.0, 0.0], [0.0, 0.0]
    found = OneCollege([missed, missed, met, missed, missed, missed]).entrants()
    assert found == [700.0, 700.0, 1000.0, 700.0, 700.0, 0.0]


def test_two_missed_indicators_stop_intake_in_the_first_year() -> None:
    assert OneCollege([[1.0, 1.0], [0.0, 0.0]]).entrants() == [0.0, 1000.0]


def test_what_was_missed_in_the_base_year_already_brings_no_card() -> None:
    assert OneCollege([[1.0, 0.0], [1.0, 1.0]], at_base=[1.0, 0.0]).entrants() == [1000.0, 700.0]


@pytest.mark.parametrize("below", [[0.5, 0.0, 0.0], [0.2, 0.7, 0.4], [0.1, 0.9, 1.0, 0.3]])
def test_shares_between_none_and_all_give_what_the_rule_gives_college_by_college(below: list[float]) -> None:
    expected = 0.0
    for missed in product((0, 1), repeat=len(below)):
        chance = np.prod([share if miss else 1.0 - share for share, miss in zip(below, missed, strict=True)])
        expected += float(chance) * entrants_by_the_rule(sum(missed))
    yellow, red = cards(np.array(below))
    found = card_limit(np.array(PLAN), np.array(GRADUATES), yellow, red, np.array(0.0))
    assert float(found) == pytest.approx(expected)


def test_intake_falls_in_a_straight_line_with_the_share_of_yellow_cards_and_of_those_that_last() -> None:
    none, share = np.zeros(5), np.linspace(0.0, 1.0, 5)
    plan, graduates = np.full(5, PLAN), np.full(5, GRADUATES)
    assert card_limit(plan, graduates, share, none, none).tolist() == pytest.approx(
        [1000.0, 925.0, 850.0, 775.0, 700.0]
    )
    assert card_limit(plan, graduates, none, share, none).tolist() == pytest.approx([1000.0, 750.0, 500.0, 250.0, 0.0])
    assert card_limit(plan, graduates, none + 1.0, none, share).tolist() == pytest.approx(
        [700.0, 525.0, 350.0, 175.0, 0.0]
    )


def test_the_card_is_one_of_the_limits_and_is_named_when_it_binds() -> None:
    plan, without, continuing = np.array([PLAN]), np.array([np.inf]), np.array([2000.0])
    carried = {"teachers": np.array([2900.0])}
    seats, binding = seats_and_binding(plan, without, without, carried, continuing, card=np.array([700.0]))
    assert (float(seats[0]), LIMITS[binding[0]]) == (700.0, "card")
    seats, binding = seats_and_binding(plan, without, without, carried, continuing, card=plan)
    assert (float(seats[0]), LIMITS[binding[0]]) == (900.0, "teachers")


@pytest.mark.parametrize("higher_is_worse", [True, False])
def test_a_college_exactly_at_its_limit_is_not_under_it(higher_is_worse: bool) -> None:
    limit = np.array([18.0])
    assert share_below(limit, limit, np.array([0.0]), higher_is_worse)[0] == 0.0


@pytest.mark.parametrize(("steps", "share"), [(-1.0, 0.1586553), (0.0, 0.5), (1.0, 0.8413447), (2.0, 0.9772499)])
@pytest.mark.parametrize("spread", [0.1, 0.4])
def test_colleges_spread_around_their_mean_on_the_log_scale(steps: float, share: float, spread: float) -> None:
    limit, given = np.array([18.0]), np.array([spread])
    crowded = share_below(limit * np.exp(steps * spread), limit, given, higher_is_worse=True)
    scarce = share_below(limit * np.exp(-steps * spread), limit, given, higher_is_worse=False)
    assert float(crowded[0]) == pytest.approx(share, abs=1e-6)
    assert float(scarce[0]) == pytest.approx(share, abs=1e-6)


def test_a_college_that_has_nothing_is_under_every_limit() -> None:
    assert share_below(np.array([0.0]), np.array([20.0]), np.array([0.0]), higher_is_worse=False)[0] == 1.0
