"""Long work: finished, stopped, broken, wrong, forgotten; and nobody sees another's."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from simvet.errors import InputError
from simvet.planning.plan import Plan, Setting
from simvet.screen import tasks as tasks_module
from simvet.screen.tasks import AT_ONCE, Sharpener, Task, Tasks
from simvet.screen.work import WORK


@dataclass(frozen=True)
class Note:
    """An argument of this module: to read it, the worker imports the module, and so learns the work below."""

    text: str


def _quick(tell: Callable[[float, str], None], note: Note) -> str:
    tell(0.5, "half")
    return note.text.upper()


def _slow(tell: Callable[[float, str], None], note: Note) -> str:
    for step in range(200):
        tell(step / 200, f"{note.text} {step}")
        time.sleep(0.1)
    return note.text


def _die(tell: Callable[[float, str], None], note: Note) -> str:
    tell(0.1, note.text)
    os._exit(3)


WORK.update(test_quick=_quick, test_slow=_slow, test_die=_die)


@pytest.fixture
def held() -> Iterator[Tasks]:
    made = Tasks()
    yield made
    made.close()


def _until(held: Tasks, user: str, kind: str, fits: Callable[[Task], bool]) -> Task:
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        task = held.of(user, kind)
        assert task is not None
        if fits(task):
            return task
        time.sleep(0.05)
    raise AssertionError("the task never came so far")


def test_a_task_finishes_with_its_result(held: Tasks):
    held.start("anna", "test_quick", Note("done"))
    task = _until(held, "anna", "test_quick", lambda one: one.over)
    assert (task.state, task.result, task.done) == ("finished", "DONE", 1.0)


def test_a_running_task_tells_how_far_it_is_and_can_be_cancelled(held: Tasks):
    held.start("anna", "test_slow", Note("step"))
    task = _until(held, "anna", "test_slow", lambda one: one.done > 0)
    process = task.process
    assert task.state == "running" and task.about.startswith("step ") and process is not None
    held.cancel("anna", "test_slow")
    assert task.state == "cancelled" and task.result is None
    process.join(5)
    assert not process.is_alive()


def test_a_task_whose_process_dies_has_failed(held: Tasks):
    held.start("anna", "test_die", Note("x"))
    assert _until(held, "anna", "test_die", lambda one: one.over).state == "failed"


def test_a_users_mistake_comes_back_as_one(held: Tasks):
    held.start("anna", "solve", Plan("zhoushan"), "no_such_lever", ("places", "secondary_vocational", "places"), 2024)
    task = _until(held, "anna", "solve", lambda one: one.over)
    assert task.state == "wrong" and isinstance(task.error, InputError)
    assert "no_such_lever" in str(task.error)


def test_a_task_that_nobody_looks_at_is_stopped(held: Tasks, monkeypatch: pytest.MonkeyPatch):
    held.start("anna", "test_slow", Note("a"))
    task = _until(held, "anna", "test_slow", lambda one: one.done > 0)
    process = task.process
    monkeypatch.setattr(tasks_module, "FORGOTTEN", 0.2)
    time.sleep(0.4)
    # Whoever begins work next clears away what was forgotten.
    held.start("bert", "test_quick", Note("b"))
    assert task.state == "cancelled" and process is not None
    process.join(5)
    assert not process.is_alive()
    assert held.of("anna", "test_slow") is None


def test_two_users_never_see_each_others_results(held: Tasks):
    held.start("anna", "test_quick", Note("hers"))
    assert held.of("bert", "test_quick") is None
    held.start("bert", "test_quick", Note("his"))
    hers = _until(held, "anna", "test_quick", lambda one: one.over)
    his = _until(held, "bert", "test_quick", lambda one: one.over)
    assert (hers.result, his.result) == ("HERS", "HIS")
    held.forget("anna", "test_quick")
    assert held.of("anna", "test_quick") is None
    assert held.of("bert", "test_quick") is his


def test_a_new_task_of_the_same_kind_stops_the_users_old_one_and_too_many_wait(held: Tasks):
    old = held.start("anna", "test_slow", Note("old"))
    new = held.start("anna", "test_slow", Note("new"))
    assert (old.state, new.state) == ("cancelled", "running")
    others = [held.start(f"user {number}", "test_slow", Note("x")) for number in range(AT_ONCE)]
    assert [task.state for task in others].count("waiting") == 1
    held.cancel("anna", "test_slow")
    _until(held, f"user {AT_ONCE - 1}", "test_slow", lambda one: one.state == "running")


def test_every_work_that_a_page_starts_is_known():
    started = set()
    for path in (Path(__file__).parents[2] / "simvet" / "screen").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        named = dict(re.findall(r'^(\w+) = "(\w+)"', text, re.MULTILINE))
        for kind in re.findall(r"tasks\.start\(\s*[\w.()]+,\s*(\"?\w+\"?)", text):
            started.add(named.get(kind, kind.strip('"')))
    assert started == {kind for kind in WORK if not kind.startswith("test_")}


def test_a_worker_that_is_killed_while_idle_is_replaced():
    sharper = Sharpener()
    try:
        plans = [Plan("zhoushan").with_setting(Setting("dropout", 1.0 + n / 20, 2024)) for n in (1, 2)]
        assert sharper.want("a", plans[0], search=False)
        _waited(lambda: sharper.best(plans[0]) is not None)
        for process in sharper._pool._processes.values():
            process.kill()
        time.sleep(0.5)
        assert sharper.want("a", plans[1], search=False)
        _waited(lambda: sharper.want("a", plans[1], search=False) is False)
        assert sharper.best(plans[1]).draws == 500
        assert not sharper.failed(plans[1])
    finally:
        sharper.close()


def _waited(done: Callable[[], bool], patience: float = 90.0) -> None:
    until = time.monotonic() + patience
    while not done():
        assert time.monotonic() < until, "it took too long"
        time.sleep(0.1)
