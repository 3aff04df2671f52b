"""Every pull helps one target and hurts another, and a reader can tell which."""

from dataclasses import replace

import numpy as np
import pytest

from simvet.cli import main
from simvet.conflicts import MATERIAL, MOSTLY, Conflict, adverse_share, conflicts_of, distance, fights_of
from simvet.loading import load_register
from simvet.relaxations import RELAXATIONS
from simvet.report.terminal import full_name
from simvet.report.wording import word
from simvet.result import Result, simulate
from simvet.scenario import Target
from simvet.targets import RATIO_BAND, is_roughly_equal
from simvet.verdicts import Cause, Verdict

DRAWS = 40
REGIONS = ("zhejiang", "zhoushan")


@pytest.fixture(scope="module")
def runs() -> dict[str, Result]:
    return {region: simulate(region, DRAWS) for region in REGIONS}


@pytest.fixture(scope="module")
def judged(runs: dict[str, Result]) -> dict[str, list[Verdict]]:
    return {region: run.verdicts() for region, run in runs.items()}


@pytest.fixture(scope="module")
def pulls(judged: dict[str, list[Verdict]]) -> list[Conflict]:
    return [pull for verdicts in judged.values() for pull in conflicts_of(verdicts)]


def better(target: Target, change: float) -> bool:
    return change < 0.0 if target.comparator == "<=" else change > 0.0


def test_every_region_has_pulls_between_two_different_targets_of_its_own(pulls: list[Conflict]) -> None:
    assert {pull.helped.region for pull in pulls} == set(REGIONS)
    for pull in pulls:
        assert pull.helped.region == pull.hurt.region
        assert pull.helped.where != pull.hurt.where
        assert pull.cause in RELAXATIONS


def test_whoever_is_helped_is_better_off_by_something_that_can_be_seen(
    judged: dict[str, list[Verdict]], pulls: list[Conflict]
) -> None:
    bounds = {(v.target.where, v.reading): v.bound for verdicts in judged.values() for v in verdicts}
    for pull in pulls:
        assert not is_roughly_equal(pull.helped)
        assert better(pull.helped, pull.gain)
        assert abs(pull.gain) >= MATERIAL * abs(bounds[(pull.helped.where, pull.helped_reading)])
        assert abs(pull.loss) >= MATERIAL * abs(bounds[(pull.hurt.where, pull.hurt_reading)])


def test_whoever_is_hurt_gets_worse_in_most_draws(judged: dict[str, list[Verdict]], pulls: list[Conflict]) -> None:
    effects = {
        (v.target.where, v.reading, cause.key): cause
        for verdicts in judged.values()
        for v in verdicts
        for cause in v.causes
    }
    for pull in pulls:
        worse = effects[(pull.hurt.where, pull.hurt_reading, pull.cause)]
        fine = effects[(pull.helped.where, pull.helped_reading, pull.cause)]
        assert worse.adverse >= MOSTLY > fine.adverse
        assert (worse.value, worse.probability) == (pull.loss, pull.loss_probability)


def test_the_loss_of_whoever_is_hurt_is_a_loss(pulls: list[Conflict]) -> None:
    wrong = [pull for pull in pulls if not is_roughly_equal(pull.hurt) and better(pull.hurt, pull.loss)]
    assert not wrong, [(p.cause, p.helped.key, p.hurt.region, p.hurt.key, p.loss) for p in wrong]


def test_two_lines_never_read_alike(pulls: list[Conflict]) -> None:
    rows = {(p.hurt.region, p.hurt.key, p.hurt.stage, p.hurt_reading, p.cause): p for p in pulls}.values()
    lines = [(pull.hurt.region, pull.cause, full_name(pull.hurt, pull.hurt_reading, "en", False)) for pull in rows]
    assert len(set(lines)) == len(lines)


def test_a_verdict_without_causes_knows_no_pull_and_no_rival(judged: dict[str, list[Verdict]]) -> None:
    blind = [replace(verdict, causes=(), binding=()) for verdict in judged["zhejiang"]]
    assert conflicts_of(blind) == []
    assert {fights_of(verdict, blind) for verdict in blind} == {()}


TARGET = next(
    t for t in load_register() if (t.region, t.key, t.stage) == ("zhejiang", "enrolment", "higher_vocational")
)


@pytest.mark.parametrize(
    ("comparator", "values", "far"),
    [(">=", (9.0, 10.0, 12.0), (1.0, 0.0, -2.0)), ("<=", (9.0, 10.0, 12.0), (-1.0, 0.0, 2.0)),
     ("~", (9.0, 10.0, 12.0), (1.0, 0.0, -2.0)), ("==", (9.0, 10.0, 12.0), (1.0, 0.0, 2.0))],
)  # fmt: skip
def test_how_far_a_value_is_on_the_wrong_side_follows_the_comparator(
    comparator: str, values: tuple[float, ...], far: tuple[float, ...]
) -> None:
    target = replace(TARGET, comparator=comparator)
    assert distance(target, np.array(values), np.full(3, 10.0)).tolist() == list(far)


def test_a_ratio_that_should_be_even_is_only_hurt_outside_its_band() -> None:
    target = replace(TARGET, key="general_vocational_ratio", comparator="~", kind="flow")
    low, high = RATIO_BAND
    assert distance(target, np.array([low, 0.5, high]), np.full(3, 0.5)).tolist() == [0.0, 0.0, 0.0]
    before = np.array([0.48, 0.50, 0.54, 0.40])
    after = np.array([0.54, 0.46, 0.58, 0.44])
    assert adverse_share(target, before, after, np.full(4, 0.5)) == 0.25


def test_the_share_of_draws_that_get_worse_leaves_out_what_is_unknown() -> None:
    before, after = np.array([1.0, 1.0, np.nan, 1.0]), np.array([0.9, 1.0, 0.0, 1.2])
    assert adverse_share(TARGET, before, after, np.ones(4)) == pytest.approx(1.0 / 3.0)
    assert np.isnan(adverse_share(TARGET, np.array([np.nan]), np.array([1.0]), np.ones(1)))


def verdict(pattern: Verdict, key: str, **effects: float) -> Verdict:
    """Return a verdict with a bound of 100 whose median moves so much by each cause."""
    causes = tuple(Cause(name, 0.0, value, 0.0, 1.0 if value < 0.0 else 0.0) for name, value in effects.items())
    return replace(pattern, target=replace(TARGET, key=key, where=key), bound=100.0, causes=causes, reading=key)


def test_pulls_are_found_lever_by_lever_and_told_from_the_hardest_down(judged: dict[str, list[Verdict]]) -> None:
    pattern = judged["zhejiang"][0]
    made = [
        verdict(pattern, "up", teachers=5.0, hiring=5.0),
        verdict(pattern, "down", teachers=-4.0, hiring=-9.0),
        verdict(pattern, "still", teachers=-0.05, hiring=0.0),
        verdict(pattern, "also_up", hiring=1.0),
    ]
    found = [(p.cause, p.helped.key, p.hurt.key, p.gain, p.loss) for p in conflicts_of(made)]
    assert found == [
        ("hiring", "up", "down", 5.0, -9.0), ("hiring", "also_up", "down", 1.0, -9.0),
        ("teachers", "up", "down", 5.0, -4.0),
    ]  # fmt: skip
    bound = replace(made[0], binding=("teachers", "hiring"))
    assert [target.key for target in fights_of(bound, made)] == ["down"]
    assert fights_of(replace(made[0], binding=()), made) == ()


def test_the_command_prints_as_many_rows_as_asked_and_says_how_many_there_are(
    pulls: list[Conflict], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["conflicts", "zhoushan", "--draws", str(DRAWS), "--lang", "en", "--most", "3"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    rows = {(pull.cause, pull.hurt.where, pull.hurt_reading) for pull in pulls if pull.hurt.region == "zhoushan"}
    assert f"({len(rows)} pulls)" in said.out.splitlines()[0]
    causes = {word("cause", pull.cause, "en") for pull in pulls}
    assert sum(line.strip().startswith(tuple(causes)) for line in said.out.splitlines()) == 3
