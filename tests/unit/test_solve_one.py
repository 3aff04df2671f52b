"""One lever back-solved on curves whose answer is known, and the words and commands around it."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from simvet.cli import main
from simvet.controls import find_control, on_grid
from simvet.loading import load_scenario
from simvet.planning import backsolve as adapter
from simvet.report.solve_one import lever_frame, lever_sentence
from simvet.studies import backsolve as core
from simvet.studies.backsolve import Point, find_value
from simvet.studies.one_lever import solve_lever
from simvet.studies.solving import Wishes

PLACES = find_control("places")


def solved(curve, wanted=0.8, at=1.0, tell=lambda *_: None):
    return find_value(PLACES, lambda value: Point(value, float(curve(value)), 0.001, value), at, 500, tell, wanted)


def grid():
    steps = np.arange(PLACES.low, PLACES.high + PLACES.step / 2, PLACES.step)
    return [on_grid(PLACES, value) for value in steps]


@pytest.mark.parametrize("centre", [0.87, 1.0, 1.234, 1.5])
def test_a_rising_curve_is_solved_to_the_first_likely_value_of_the_grid(centre) -> None:
    curve = lambda value: 1 / (1 + np.exp(-30 * (value - centre)))  # noqa: E731
    found = solved(curve)
    assert found.value == min(value for value in grid() if curve(value) >= 0.8)
    assert found.monotone and found.low <= found.value <= found.high


def test_a_falling_curve_is_solved_to_the_last_likely_value() -> None:
    curve = lambda value: 1 / (1 + np.exp(30 * (value - 1.2)))  # noqa: E731
    assert solved(curve).value == max(value for value in grid() if curve(value) >= 0.8)


def test_a_curve_below_what_is_asked_has_no_value_but_a_best_one() -> None:
    found = solved(lambda value: 0.4 + 0.1 * value)
    assert found.value is None and found.low is None and found.best.value == PLACES.high


def test_a_curve_with_a_summit_gives_the_side_nearest_to_where_the_lever_stands() -> None:
    curve = lambda value: np.exp(-(((value - 1.2) / 0.2) ** 2))  # noqa: E731
    likely = [value for value in grid() if curve(value) >= 0.8]
    below, above = solved(curve, at=0.9), solved(curve, at=1.6)
    assert (below.value, above.value) == (min(likely), max(likely))
    assert not below.monotone


def test_no_value_is_looked_at_twice_and_what_is_done_only_grows() -> None:
    told, looked = [], []

    def look(value):
        looked.append(value)
        return Point(value, float(value > 1.3), 0.0, value)

    find_value(PLACES, look, 1.0, 10, lambda part, _: told.append(part))
    assert len(looked) == len(set(looked)) == len(told)
    assert told == sorted(told) and max(told) < 1.0


def test_plans_and_scenarios_are_solved_by_the_same_search() -> None:
    for name in ("Solved", "Point", "is_monotone", "find_value", "COARSE", "WIDE"):
        assert getattr(adapter, name) is getattr(core, name)


def test_a_lever_that_is_not_needed_is_said_not_to_be_and_costs_nothing() -> None:
    answer = solve_lever("zhoushan", Wishes(targets=("places",), levers=("places",), draws=60))
    (aim,), (move,), (found,) = answer.aims, answer.moves, answer.solved
    assert aim.standing == "held" and move is None and answer.checked
    assert found.value < 1.0 and aim.before == aim.after
    assert pickle.loads(pickle.dumps(answer)) == answer  # noqa: S301
    assert len(lever_frame(answer)) == len(found.points)
    for language in ("zh", "en"):
        told = lever_sentence(answer, 0, language)
        assert "96%" in told or f"{aim.before:.0%}" in told


def test_what_is_found_holds_on_other_luck_and_has_a_price_with_a_band() -> None:
    scenario = load_scenario("zhejiang")
    wishes = Wishes(targets=("topup_rate",), levers=("topup_seats",), start=2022, draws=100)
    answer = solve_lever(scenario, wishes)
    (aim,), (move,), (found,) = answer.aims, answer.moves, answer.solved
    assert aim.standing == "won" and aim.before < 0.8 <= aim.after and answer.checked
    assert move.value == found.value and move.low < move.cost < move.high
    chances = {point.value: point.probability for point in found.points}
    assert all(chances[value] < 0.8 for value in chances if value < found.value)
    dearer = solve_lever(scenario, Wishes(**{**vars(wishes), "probability": 0.95}))
    assert dearer.moves[0] is None or dearer.moves[0].cost >= move.cost


BAD = [
    (["--target", "places"], "--lever"),
    (["--lever", "places"], "--target"),
    (["--target", "places", "--lever", "placs"], "places"),
    (["--target", "placs", "--lever", "places"], "places"),
    (["--target", "places", "--lever", "places", "--budget", "5"], "--budget"),
    (["--target", "places", "--lever", "places", "--pareto"], "--pareto"),
    (["--target", "places,progression_rate", "--lever", "places"], "--target"),
    (["--target", "all", "--lever", "places"], "--target"),
    (["--target", "places", "--lever", "places", "--probability", "0"], "0"),
    (["--levers", "places,places"], "places"),
]


@pytest.mark.parametrize(("options", "word"), BAD)
def test_a_bad_question_about_one_lever_is_refused_before_any_work(tmp_path, capsys, monkeypatch, options, word):
    def never(*_: object, **__: object) -> None:
        raise AssertionError("work began")

    for module in ("simvet.studies.solving", "simvet.studies.one_lever"):
        monkeypatch.setattr(f"{module}.start_run", never)
    assert main(["solve", "zhoushan", *options, "--out", str(tmp_path / "out")]) == 2
    told = capsys.readouterr().err
    assert word in told and told.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_the_command_writes_the_curve_and_a_scenario_that_runs(tmp_path, capsys) -> None:
    out = tmp_path / "out"
    options = ["--target", "topup_rate", "--lever", "topup_seats", "--from", "2022", "--draws", "60", "--lang", "en"]
    assert main(["solve", "zhejiang", *options, "--out", str(out)]) == 0
    assert "An independent run" in capsys.readouterr().out
    assert {path.name for path in out.iterdir()} == {"curve.csv", "curve.png", "curve.svg", "package.yaml"}
    found = load_scenario(out / "package.yaml")
    assert [(lever.quantity, lever.start) for lever in found.levers[-2:]] == [
        ("topup_seats", 2022), ("elsewhere_seats", 2022),
    ]  # fmt: skip
