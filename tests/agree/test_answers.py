"""The screen's quick answer, its sharper one and a plain run say the same of the same plan."""

import pickle

import numpy as np
import pytest

from simvet.controls import bears_on, controls, find_control
from simvet.planning.answering import Answering, plan_scenario, result_of
from simvet.planning.backsolve import backsolve, is_monotone, on_grid, verdict_on
from simvet.planning.own import find_plan_scenario
from simvet.planning.plan import Plan, Setting
from simvet.planning.views import wanted_views
from simvet.result import simulate
from simvet.screen.levers import first_levers

PLAN = Plan("zhoushan").with_setting(Setting("general_seats", 0.9, 2020)).with_setting(Setting("dropout", 0.5, 2019))
PROGRESSION = ("progression_rate", "secondary_vocational", "progression_rate")


@pytest.fixture(scope="module")
def few():
    return Answering(40)


def test_an_answer_is_the_verdict_of_a_plain_run_of_the_same_scenario(few):
    plain = simulate(plan_scenario(PLAN), draws=40, seed=1).verdicts(causes=False)
    quick = few.answer(PLAN).verdicts
    assert [(v.target.key, v.reading) for v in quick] == [(v.target.key, v.reading) for v in plain]
    for one, other in zip(quick, plain, strict=True):
        assert (one.probability, one.median, one.gap) == (other.probability, other.median, other.gap)


def test_a_lever_back_where_it_was_gives_the_first_answer_again(few):
    before = few.verdicts(Plan("zhoushan"))
    few.verdicts(PLAN)
    after = few.verdicts(PLAN.without_setting("general_seats").without_setting("dropout"))
    assert [v.probability for v in before.verdicts] == [v.probability for v in after.verdicts]


def test_a_packed_answer_carries_every_view_and_is_small(few):
    answer = few.answer(PLAN)
    run = answer.run
    packed = pickle.loads(pickle.dumps(answer.packed()))  # noqa: S301 - our own bytes
    assert packed.run is None
    for name, *arguments in wanted_views(run):
        packed.view(name, *arguments)
    with pytest.raises(KeyError):
        packed.view("flows", "zhoushan", 1999)
    assert len(pickle.dumps(packed)) < 500_000


def test_flows_of_a_gate_add_up_to_its_pool(few):
    answer = few.answer(PLAN)
    books = answer.run.books
    for year in (2020, 2025, 2035):
        flows = answer.view("flows", "zhoushan", year)
        for number, gate in enumerate(books.pathway.gates):
            pool = books.arrays["pool"][:, books.years.index(year), 0, number].mean()
            assert sum(f.persons for f in flows if f.gate == gate.key) == pytest.approx(pool, rel=1e-9)


def test_a_fan_shows_the_quantiles_of_the_indicator(few):
    answer = few.answer(PLAN)
    fan = answer.view("fan", "zhoushan", "enrolment", "secondary_vocational")
    values = result_of(answer.run).indicator("enrolment", "secondary_vocational")[:, -1, 0]
    assert np.allclose(fan.quantiles[:, -1], np.quantile(values, [0.1, 0.25, 0.5, 0.75, 0.9]))


def test_excess_places_are_never_more_than_were_built_or_stand_empty(few):
    found = few.answer(Plan("zhoushan")).view("cohorts", "zhoushan")
    assert 0.0 <= found.excess[1] <= found.empty[1]
    assert found.excess[2] < 4300
    nothing = few.answer(Plan("zhejiang")).view("cohorts", "zhejiang")
    assert nothing.excess == (0.0, 0.0, 0.0)
    assert nothing.cost == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("region", ["zhejiang", "wenzhou", "lishui", "zhoushan"])
def test_the_first_levers_of_a_region_are_those_that_move_its_targets_most(region):
    """The strongest lever of each owner, measured by the change in all probabilities together, is among them."""
    answering = Answering(60)
    base = [v.probability for v in answering.answer(Plan(region)).verdicts]
    effects: dict[str, float] = {}
    for control in (c for c in controls().values() if bears_on(c, region)):
        moved = answering.answer(Plan(region).with_setting(Setting(control.name, control.high, 2024))).verdicts
        effects[control.name] = sum(abs(v.probability - b) for v, b in zip(moved, base, strict=True))
    first = first_levers(find_plan_scenario(region))
    for owner in ("province", "city", "school", "enterprise"):
        strongest = max(
            (c for c in controls().values() if c.owner == owner and c.name in effects), key=lambda c: effects[c.name]
        )
        assert strongest in first, (owner, strongest.name, effects)


def test_the_back_solved_value_is_the_first_of_the_grid_that_brute_force_finds_likely():
    answering = Answering(60)
    control = find_control("topup_seats")
    target = ("topup_rate", "higher_vocational", "topup_rate")
    told: list[float] = []
    found = backsolve(answering, Plan("zhejiang"), "topup_seats", target, 2022, lambda done, _: told.append(done))
    steps = np.arange(control.low, control.high + control.step / 2, control.step)
    chances = {}
    for value in (on_grid(control, v) for v in steps):
        answer = answering.answer(Plan("zhejiang").with_setting(Setting("topup_seats", value, 2022)))
        chances[value] = verdict_on(answer.verdicts, target).probability
    assert found.value == min(value for value, chance in chances.items() if chance >= 0.8)
    assert found.low <= found.value <= found.high
    assert told == sorted(told)
    assert found.monotone
    for point in found.points:
        assert point.probability == chances[point.value]


def test_a_lever_that_comes_too_late_has_no_value_that_would_do():
    found = backsolve(Answering(40), Plan("zhejiang"), "integrated_share", PROGRESSION, 2024, lambda *_: None)
    assert found.value is None
    assert len({point.probability for point in found.points}) == 1
    assert is_monotone(list(found.points))
