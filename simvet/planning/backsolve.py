"""One target back-solved: where a lever would have to stand for the target to be likely."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from simvet.controls import EVERY, Control, find_control, on_grid
from simvet.errors import InputError
from simvet.needs import LIKELY
from simvet.planning.answering import Answering
from simvet.planning.plan import Plan, Setting
from simvet.verdicts import Verdict

COARSE = 9
"""Values tried over the range first: they show whether the probability rises with the lever at all."""
WIDE = 1.96
"""Standard errors on either side that bound a probability with 95 %."""
Progress = Callable[[float, str], None]
"""Told the part that is done, from 0 to 1, and the value that is tried."""


@dataclass(frozen=True)
class Point:
    """One value of a lever with the probability of the target.

    Notes
    -----
    Unit: ``value`` the control's, ``median`` the target's. ``error`` is the Monte Carlo standard error. Errors: none.
    Source: a run on the same random numbers as every other point.
    """

    value: float
    probability: float
    error: float
    median: float


@dataclass(frozen=True)
class Solved:
    """Where a lever would have to stand.

    Notes
    -----
    Shape: ``points`` are all values tried, in order. Unit: ``value``, ``low`` and ``high`` the control's: ``low`` and
    ``high`` bound the answer by the Monte Carlo error of the probability. ``value`` is None where no value within the
    bounds of the lever makes the target likely; ``best`` is then the one that does most. Where every value makes it
    likely, ``value`` is the one tried next to where the lever stands. ``monotone`` is False where the probability
    falls somewhere on its way beyond its error: the answer is then the one nearest to where the lever stands. Errors:
    none. Source: MODEL, section 8, inverse question (a).
    """

    control: str
    wanted: float
    value: float | None
    low: float | None
    high: float | None
    best: Point
    points: tuple[Point, ...]
    monotone: bool
    draws: int


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
    Unit: the control's. Every value meets the same random numbers, so that the probability moves by policy alone; a
    coarse row of values, then halving of the cell in which it crosses, down to the step of the lever. Source: MODEL,
    section 8.
    """
    lever = find_control(control)
    tried: dict[float, Point] = {}
    stands = plan.setting(control)

    def fresh(value: float) -> Setting:
        return Setting(control, value, start)

    begins = int(np.log2(max((lever.high - lever.low) / lever.step, 2.0)))

    def look(value: float) -> Point:
        value = on_grid(lever, value)
        if value not in tried:
            tell(min(len(tried) / (COARSE + begins), 0.99), f"{value:g}")
            changed = plan.with_setting(replace(stands, value=value, start=start) if stands else fresh(value))
            verdict = verdict_on(answering.answer(changed).verdicts, target)
            tried[value] = Point(value, verdict.probability, verdict.error, verdict.median)
        return tried[value]

    at = stands.value if stands else lever.neutral
    if at is None:
        quantity, key = lever.pulls[0]
        at = on_grid(lever, answering.standing(plan, quantity, "" if key == EVERY else key, start))
    row = [look(value) for value in np.linspace(lever.low, lever.high, COARSE)]
    cell = _crossing(row, wanted, at)
    value = low = high = None
    if cell is not None:
        value = _halved(lever, look, cell, wanted)
        row = [tried[v] for v in sorted(tried)]
        low, high = _bounds(row, value, wanted)
    row = [tried[v] for v in sorted(tried)]
    best = max(row, key=lambda point: (point.probability, -abs(point.value - at)))
    return Solved(control, wanted, value, low, high, best, tuple(row), is_monotone(row), answering.draws)


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


def _crossing(row: list[Point], wanted: float, at: float) -> tuple[Point, Point] | None:
    """Return the cell nearest to where the lever stands in which the probability comes to the wanted one."""
    if not any(point.probability >= wanted for point in row):
        return None
    cells = [
        (a, b) for a, b in pairwise(row)
        if (a.probability >= wanted) != (b.probability >= wanted)
    ]  # fmt: skip
    if not cells:
        nearest = min(row, key=lambda point: abs(point.value - at))
        return nearest, nearest
    return min(cells, key=lambda cell: min(abs(cell[0].value - at), abs(cell[1].value - at)))


def _halved(control: Control, look: Callable[[float], Point], cell: tuple[Point, Point], wanted: float) -> float:
    """Return the value of the grid on the likely side of the crossing, next to it."""
    near, far = cell
    if near.probability < wanted:
        near, far = far, near
    while abs(near.value - far.value) > control.step * 1.001:
        middle = look(0.5 * (near.value + far.value))
        if middle.value in (near.value, far.value):
            break
        near, far = (middle, far) if middle.probability >= wanted else (near, middle)
    return near.value


def _bounds(row: list[Point], value: float, wanted: float) -> tuple[float, float]:
    """Return the values around the answer at which the probability is not told apart from the wanted one."""
    alike = [p.value for p in row if abs(p.probability - wanted) <= WIDE * p.error]
    return min([*alike, value]), max([*alike, value])


def is_monotone(row: list[Point]) -> bool:
    """Return whether the probability only rises, or only falls, along the values, as far as its error can tell.

    Parameters
    ----------
    row : list of Point, by value.

    Returns
    -------
    bool.

    Notes
    -----
    Unit: none. Errors: none. Draws are the same at every point, so that a fall counts once it exceeds the error of
    one. Source: MODEL, section 8.
    """
    moves = [(b.probability - a.probability, max(a.error, b.error)) for a, b in pairwise(row)]
    rises = any(move > WIDE * error for move, error in moves)
    falls = any(move < -WIDE * error for move, error in moves)
    return not (rises and falls)
