"""Packages of the real model against every package of a coarse grid, where levers help only together."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from simvet.loading import load_scenario
from simvet.runs import start_run
from simvet.studies.ascent import climbed, search_together
from simvet.studies.looking import Looker
from simvet.studies.offers import nothing, offers_of, price_of
from simvet.studies.outcomes import target_outcomes
from simvet.studies.reach import reach_of
from simvet.studies.solving import Wishes, solve, study_for
from simvet.studies.surrogate import picture_of

TOGETHER = ("college_seats_for_vocational", "college_intake", "continuing")
"""More seats for vocational leavers and more who want them: in Zhoushan neither reaches 55 % alone."""


@pytest.fixture(scope="module")
def grid():
    """Return offers on a coarse grid, a looker, and every package with what it does."""
    scenario = load_scenario("zhoushan")
    outcomes = tuple(target_outcomes(scenario, ["progression_rate"], "test"))[:1]
    base = start_run(scenario.with_horizon(2025), 60, 1, None, "cohort", None)
    offers = tuple(
        type(o)(**{**vars(o), "levels": o.levels[1::2], "step": o.high - o.low})
        for o in offers_of(base, TOGETHER, 2024, 2025)
    )
    wishes = Wishes(levers=TOGETHER, draws=60)
    with Looker(study_for(scenario, outcomes, offers, 2024, 2025, wishes), 1) as looker:
        every = [tuple(v) for v in product(*[(float("nan"), *o.levels) for o in offers])]
        yield offers, looker, every, looker.look(every)


@pytest.mark.parametrize("probability", [0.3, 0.4, 0.6, 0.8, 0.9])
def test_the_cheapest_package_of_levers_that_help_only_together_is_that_of_brute_force(grid, probability) -> None:
    offers, looker, every, looks = grid
    costs = [
        price_of(offers, package)
        for package, look in zip(every, looks, strict=True)
        if (look.likely(probability) >= 0.0).all()
    ]
    picture = picture_of(looker, offers, nothing(offers), probability)
    first = reach_of(looker, offers, picture, probability, 1)
    reach = climbed(looker, offers, first, probability)
    assert reach.probability[0] == pytest.approx(max(look.probability[0] for look in looks), abs=0.02) or (
        reach.margin[0] >= 0.0
    )
    found = search_together(looker, picture, [0], probability, first, reach) if reach.margin[0] >= 0.0 else None
    assert (found is None) == (not costs)
    if found is not None:
        assert found.cost == pytest.approx(min(costs))


def test_no_lever_alone_reaches_what_three_reach_together(grid) -> None:
    _, _, every, looks = grid
    alone = max(look.probability[0] for package, look in zip(every, looks, strict=True) if np.isnan(package).sum() >= 2)
    assert alone < 0.5
    assert max(look.probability[0] for look in looks) >= 0.8


def test_more_money_never_reaches_fewer_and_a_higher_probability_never_costs_less() -> None:
    wishes = Wishes(
        targets=("progression_rate", "topup_rate"), levers=("college_seats_for_vocational", "topup_seats"),
        workers=1, draws=60, start=2022,
    )  # fmt: skip

    def asked(**changes):
        return solve("zhejiang", Wishes(**{**vars(wishes), **changes}))

    costs = [asked(probability=p) for p in (0.5, 0.8)]
    assert all(answer.kind == "package" for answer in costs)
    assert costs[0].cost <= costs[1].cost
    numbers = []
    for part in (0.0, 0.5, 1.01):
        answer = asked(budget=part * costs[1].cost)
        assert answer.cost <= part * costs[1].cost + 1e-6
        numbers.append(sum(aim.standing in ("held", "won") for aim in answer.aims))
    assert numbers == sorted(numbers) and numbers[-1] == 2
