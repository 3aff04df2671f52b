"""One target of a plan back-solved: the search of ``simvet.studies.backsolve`` on the answers to plans."""

from __future__ import annotations

from dataclasses import replace

from simvet.controls import EVERY, find_control, on_grid
from simvet.errors import InputError
from simvet.needs import LIKELY
from simvet.planning.answering import Answering
from simvet.planning.plan import Plan, Setting
from simvet.studies.backsolve import COARSE, WIDE, Point, Progress, Solved, find_value, is_monotone
from simvet.verdicts import Verdict


def backsolve(
    answering: Answering, plan: Plan, control: str, target: tuple[str, str, str], start: int, tell: Progress,
    wanted: float = LIKELY,
) -> Solved:  # fmt: skip
    """Return the value of a lever at which a target is reached with a wanted probability.

    Parameters
    ----------
    answering : Answering.
    plan : Plan; everything else stays as it is.
    control : str; the lever.
    target : (str, str, str); key, stage and reading of the target.
    start : int; school year from which the lever acts.
    tell : callable; told the part that is done and the value that is tried.
    wanted : float.

    Returns
    -------
    Solved.

    Raises
    ------
    InputError : there is no such lever or target.

    Notes
    -----
    Unit: the control's. Every value meets the same random numbers, so that the probability moves by policy alone.
    Source: MODEL, section 8; :func:`simvet.studies.backsolve.find_value`.
    """
    lever = find_control(control)
    stands = plan.setting(control)

    def look(value: float) -> Point:
        setting = replace(stands, value=value, start=start) if stands else Setting(control, value, start)
        verdict = verdict_on(answering.answer(plan.with_setting(setting)).verdicts, target)
        return Point(value, verdict.probability, verdict.error, verdict.median)

    at = stands.value if stands else lever.neutral
    if at is None:
        quantity, key = lever.pulls[0]
        at = on_grid(lever, answering.standing(plan, quantity, "" if key == EVERY else key, start))
    return find_value(lever, look, at, answering.draws, tell, wanted)


def verdict_on(verdicts: tuple[Verdict, ...], target: tuple[str, str, str]) -> Verdict:
    """Return the verdict on a target named by key, stage and reading.

    Raises
    ------
    InputError : none of the verdicts is about it.
    """
    for verdict in verdicts:
        if (verdict.target.key, verdict.target.stage, verdict.reading) == target:
            return verdict
    raise InputError("target", "target {key!r} has no such indicator", "Choose one of the list", key=target[0])


__all__ = [
    "COARSE", "WIDE", "Point", "Progress", "Solved", "backsolve", "find_value", "is_monotone", "on_grid", "verdict_on",
]  # fmt: skip
