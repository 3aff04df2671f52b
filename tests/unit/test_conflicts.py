"""Targets that pull each other down."""

import pytest

from simvet.cli import main
from simvet.conflicts import Conflict
from simvet.levers import Lever
from simvet.loading import load_scenario
from simvet.result import Result, simulate
from simvet.verdicts import Verdict


@pytest.fixture(scope="module")
def result() -> Result:
    return simulate("zhejiang", 60)


@pytest.fixture(scope="module")
def verdicts(result: Result) -> list[Verdict]:
    return result.verdicts()


@pytest.fixture(scope="module")
def conflicts(result: Result, verdicts: list[Verdict]) -> list[Conflict]:
    return result.conflicts(verdicts)


def about(conflict: Conflict) -> tuple[str, str]:
    return f"{conflict.helped.key}/{conflict.helped.stage}", f"{conflict.hurt.key}/{conflict.hurt.stage}"


def test_more_students_mean_less_equipment_for_each(conflicts: list[Conflict]) -> None:
    pairs = {about(c) for c in conflicts}
    assert ("enrolment/secondary_vocational", "equipment_per_student/secondary_vocational") in pairs
    assert ("enrolment/higher_vocational", "equipment_per_student/higher_vocational") in pairs


def test_more_college_students_lower_the_top_up_share(conflicts: list[Conflict]) -> None:
    assert ("enrolment/higher_vocational", "topup_rate/higher_vocational") in {about(c) for c in conflicts}


def test_a_conflict_is_one_lever_that_helps_one_and_hurts_the_other(
    verdicts: list[Verdict], conflicts: list[Conflict]
) -> None:
    for conflict in conflicts:
        effects = {}
        for verdict in verdicts:
            for cause in verdict.causes:
                effects[(verdict.target.where, verdict.reading, cause.key)] = cause.value
        gain = effects[(conflict.helped.where, conflict.helped_reading, conflict.cause)]
        loss = effects[(conflict.hurt.where, conflict.hurt_reading, conflict.cause)]
        assert gain == conflict.gain and loss == conflict.loss
        assert gain < 0 if conflict.helped.comparator == "<=" else gain > 0
        if conflict.hurt.comparator == ">=":
            assert loss < 0
        if conflict.hurt.comparator == "<=":
            assert loss > 0


def test_the_hardest_pull_stands_first(conflicts: list[Conflict]) -> None:
    sizes = [abs(c.loss) / abs(c.hurt.bound) for c in conflicts if c.hurt.bound and c.hurt.comparator == ">="]
    assert sizes == sorted(sizes, reverse=True)


def test_where_teachers_bind_training_others_and_teaching_students_fight() -> None:
    """At 20 students per teacher they seldom bind; at 11 they always do, and training takes their time."""
    strict = Lever(
        "strict", "students_per_teacher_standard", "zhejiang", "secondary_vocational", "set", 11.0, 2021, None,
        "province", "test", "test",
    )  # fmt: skip
    crowded = simulate(load_scenario("zhejiang").with_levers(strict), 60)
    found = [c for c in crowded.conflicts(crowded.verdicts()) if c.cause == "training"]
    assert ("training_persons/region", "enrolment/secondary_vocational") in {about(c) for c in found}
    assert all(c.gain > 0 for c in found if c.helped.key == "training_persons")


def test_the_rivals_of_a_verdict_are_hurt_by_its_binding_cause(
    verdicts: list[Verdict], conflicts: list[Conflict]
) -> None:
    hurt_by = {(c.cause, c.hurt.key, c.hurt.stage) for c in conflicts}
    with_rivals = [v for v in verdicts if v.fights]
    assert with_rivals
    for verdict in with_rivals:
        for rival in verdict.fights:
            assert any((cause, rival.key, rival.stage) in hurt_by for cause in verdict.binding)


def test_the_command_prints_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["conflicts", "zhejiang", "--draws", "30", "--most", "5"]) == 0
    assert "生均仪器设备值" in capsys.readouterr().out
