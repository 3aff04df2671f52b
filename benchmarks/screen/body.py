"""The page's script alone: time inside the server for one move of a lever, without browser or network."""

from __future__ import annotations

import logging
import time
from typing import Any
from unittest.mock import patch

from streamlit.testing.v1 import AppTest

from benchmarks.screen.hands import Hand, Slider, link_to
from benchmarks.screen.summary import spread, told_load
from simvet.planning.answering import Answering
from simvet.planning.plan import Plan

SCRIPT = """
import time
from benchmarks.screen.body import TIMES
from simvet.screen.main import main
begun, worked = time.perf_counter(), time.thread_time()
main()
TIMES["script"].append(time.perf_counter() - begun)
TIMES["processor"].append(time.thread_time() - worked)
"""
"""The page as the server runs it, with a clock around it."""
TIMES: dict[str, list[float]] = {"script": [], "moved": [], "answer": [], "processor": []}
WARM = 5
"""Moves before the first that counts."""
SETTLE = 15.0
"""Seconds in which the worker that every server starts at once has done its first work."""


def _timed(name: str, function: Any, processor: bool = False) -> Any:
    def timed(*arguments: Any, **named: Any) -> Any:
        begun, worked = time.perf_counter(), time.thread_time()
        try:
            return function(*arguments, **named)
        finally:
            TIMES[name].append(time.perf_counter() - begun)
            if processor:
                TIMES["processor"].append(time.thread_time() - worked)

    return timed


def _tester(scenario: str) -> AppTest:
    tester = AppTest.from_string(SCRIPT, default_timeout=180)
    tester.query_params["s"] = link_to(scenario)
    return tester


def overhead(rounds: int) -> float:
    """Return what a run of an empty script costs in Streamlit's test bench; the median, seconds."""
    tester = AppTest.from_string("", default_timeout=60).run()
    found = []
    for _ in range(rounds):
        begun = time.perf_counter()
        tester.run()
        found.append(time.perf_counter() - begun)
    return spread(found)["median"]


def body(scenario: str, moves: int, met: set[str]) -> dict[str, Any]:
    """Move levers in Streamlit's own test bench, in this process.

    Parameters
    ----------
    scenario : str
        That is open.
    moves : int
        How many.
    met : set of str
        Digests of plans met before.

    Returns
    -------
    dict
        Seconds: ``body`` is callback and script, ``processor`` its processor time; ``answer`` the run of few draws in
        it; ``rest`` everything else; ``whole`` the run in the bench less that of an empty script, so with its reading
        of all elements.
    """
    # What the page asks of the shelf of answers, once for the plan and once for the base, is the model's part.
    with (
        patch("simvet.screen.levers._moved", _timed("moved", _moved(), processor=True)),
        patch.object(Answering, "verdicts", _timed("answer", Answering.verdicts)),
    ):
        return _measured(scenario, moves, met)


def _moved() -> Any:
    from simvet.screen import levers  # noqa: PLC0415

    return levers._moved


def _measured(scenario: str, moves: int, met: set[str]) -> dict[str, Any]:
    logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context").setLevel(logging.ERROR)
    tester, hand, plan = _tester(scenario).run(), Hand(11, met), Plan(scenario)
    time.sleep(SETTLE)
    empty = overhead(20)
    bodies, answers, wholes, worked = [], [], [], []
    for number in range(moves + WARM):
        sliders = [s for s in tester.slider if str(s.key).startswith("lever|")]
        shown = [Slider(s.key.split("|")[1], s.min, s.max, s.step, s.value) for s in sliders if ":" not in s.key]
        lever, value, plan = hand.next_move(plan, shown)
        for times in TIMES.values():
            times.clear()
        slider = next(s for s in sliders if s.key.split("|")[1] == lever).set_value(value)
        begun = time.perf_counter()
        slider.run()
        whole = time.perf_counter() - begun
        if plan.digest not in "".join(element.proto.body for element in tester.get("html")):
            raise RuntimeError("the board is not that of the plan")
        if number >= WARM:
            bodies.append(sum(TIMES["script"]) + sum(TIMES["moved"]))
            answers.append(sum(TIMES["answer"]))
            worked.append(sum(TIMES["processor"]))
            wholes.append(whole - empty)
    rest = [whole - part for whole, part in zip(bodies, answers, strict=True)]
    return {
        "body": spread(bodies), "processor": spread(worked), "answer": spread(answers), "rest": spread(rest),
        "whole": spread(wholes), "empty": empty, "load": told_load(),
    }  # fmt: skip
