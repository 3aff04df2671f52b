"""Packages of the real model against brute force, and the commands that ask for them."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from simvet.cli import main
from simvet.loading import load_scenario
from simvet.runs import start_run
from simvet.studies.looking import Looker
from simvet.studies.offers import offers_of, price_of
from simvet.studies.outcomes import target_outcomes
from simvet.studies.package import search
from simvet.studies.solving import Wishes, solve, study_for


@pytest.mark.parametrize(
    ("name", "targets", "levers", "start"),
    [
        ("zhoushan", ["progression_rate", "enrolment/higher_vocational"], ("college_intake", "dropout", "topup_seats"),
         2019),
        ("zhejiang", ["progression_rate", "topup_rate"], ("college_seats_for_vocational", "topup_seats",
         "college_intake"), 2022),
    ],
)  # fmt: skip
def test_the_package_is_that_of_brute_force_over_three_levers(name, targets, levers, start) -> None:
    scenario = load_scenario(name)
    outcomes = tuple(o for o in target_outcomes(scenario, targets, "test") if o.year == 2025)
    wishes = Wishes(levers=levers, draws=60)
    base = start_run(scenario.with_horizon(2025), 60, 1, None, "cohort", None)
    offers = offers_of(base, levers, start, 2025)
    coarse = tuple(type(o)(**{**vars(o), "levels": o.levels[::2], "step": o.high - o.low}) for o in offers)
    with Looker(study_for(scenario, outcomes, coarse, start, 2025, wishes), 1) as looker:
        every = [tuple(v) for v in product(*[(float("nan"), *o.levels) for o in coarse])]
        looks = looker.look(every)
        for probability in (0.3, 0.6):
            holds = [(look.likely(probability) >= 0.0).all() for look in looks]
            costs = [price_of(coarse, package) for package, ok in zip(every, holds, strict=True) if ok]
            found = search(looker, coarse, range(len(outcomes)), probability)
            assert (found is None) == (not costs)
            if found is not None:
                assert found.cost == pytest.approx(min(costs))


def test_zhoushan_gets_its_answer_and_an_independent_check() -> None:
    answer = solve("zhoushan", Wishes(workers=1, draws=100))
    assert answer.checked
    standing = {(aim.key, aim.stage): aim for aim in answer.aims}
    assert standing[("places", "secondary_vocational")].standing == "held"
    # Seats that nobody asks for and wishes that find no seat bring nothing alone; together they do.
    together = standing[("progression_rate", "secondary_vocational")]
    assert together.standing == "won" and together.before < 0.5 and len(answer.moves) >= 2
    late = next(aim for aim in answer.aims if aim.standing == "missed")
    assert late.stage == "higher_vocational" and late.best < answer.probability
    (barred,) = answer.barred
    assert barred.bound is not None and barred.bound < late.bound


def test_levers_from_earlier_reach_what_comes_too_late_from_2024() -> None:
    wishes = Wishes(targets=("progression_rate",), workers=1, draws=100)
    late = solve("zhejiang", Wishes(**{**vars(wishes), "start": 2025}))
    early = solve("zhejiang", Wishes(**{**vars(wishes), "start": 2021}))
    assert early.kind == "package" and early.checked
    assert late.aims[0].best <= early.aims[0].best
    if late.kind == "package":
        assert late.cost >= early.cost * 0.99


def test_a_budget_below_the_cheapest_package_is_said_to_be_too_small() -> None:
    whole = solve("zhejiang", Wishes(targets=("progression_rate",), workers=1, draws=100))
    assert whole.kind == "package" and whole.cost > 0.0
    short = solve("zhejiang", Wishes(targets=("progression_rate",), workers=1, draws=100, budget=0.5 * whole.cost))
    assert short.kind in ("budget", "none") and short.cost <= 0.5 * whole.cost
    assert short.needed_budget == pytest.approx(whole.cost)


BAD = [
    (["--levers", "placs"], "placs"),
    (["--targets", "placs"], "placs"),
    (["--budget", "-1"], "-1"),
    (["--budget", "much"], "much"),
    (["--budget", "nan"], "nan"),
    (["--probability", "1.5"], "1.5"),
    (["--draws", "0"], "0"),
    (["--from", "2099"], "2099"),
    (["--from", "2030"], "2030"),
    (["--readings", "some"], "some"),
    (["--levers", "places,places"], "places"),
]


@pytest.mark.parametrize(("options", "word"), BAD)
def test_a_bad_question_is_refused_before_any_work(tmp_path, capsys, monkeypatch, options, word) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("work began")

    if options[1] != "places,places":
        monkeypatch.setattr("simvet.studies.solving.start_run", never)
    assert main(["solve", "zhoushan", *options, "--out", str(tmp_path / "out")]) == 2
    told = capsys.readouterr().err
    assert word in told and told.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_folder_that_holds_something_else_is_refused(tmp_path, capsys) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    assert main(["solve", "zhoushan", "--out", str(tmp_path)]) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_the_command_writes_a_package_that_runs_as_it_was_promised(tmp_path, capsys) -> None:
    out = tmp_path / "out"
    options = ["--targets", "progression_rate", "--draws", "100", "--workers", "1", "--pareto", "--order", "--robust"]
    assert main(["solve", "zhejiang", *options, "--out", str(out), "--lang", "en"]) == 0
    told = capsys.readouterr().out
    assert "The cheapest package" in told and "Most robust" in told and "Order of measures" in told
    names = {path.name for path in out.iterdir()}
    assert names >= {"package.csv", "targets.csv", "front.csv", "order.csv", "regret.csv", "package.yaml", "front.png"}
    found = load_scenario(out / "package.yaml")
    run = start_run(found.with_horizon(2025), 400, 99, None, "cohort", None)
    share = (run.indicator("progression_rate", "secondary_vocational")[:, -1, 0] >= 0.5).mean()
    assert share >= 0.8 - 3 * np.sqrt(0.16 / 400)
