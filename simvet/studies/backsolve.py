"""One target back-solved: where a lever would have to stand for the target to be likely."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from simvet.controls import Control, on_grid
from simvet.needs import LIKELY

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


def find_value(
    lever: Control, look: Callable[[float], Point], at: float, draws: int, tell: Progress, wanted: float = LIKELY
) -> Solved:
    """Return the value of a lever at which a target is reached with a wanted probability.

    Parameters
    ----------
    lever : Control.
    look : callable; a value of the lever's grid -> Point, on the same random numbers every time.
    at : float; where the lever stands.
    draws : int; behind each point.
    tell : callable; told the part that is done and the value that is tried.
    wanted : float.

    Returns
    -------
    Solved.

    Notes
    -----
    Unit: the control's. Errors: as ``look``. A coarse row of values, then halving of the cell in which the probability
    crosses, down to the step of the lever; no value is looked at twice. Source: MODEL, section 8.
    """
    tried: dict[float, Point] = {}
    begins = int(np.log2(max((lever.high - lever.low) / lever.step, 2.0)))

    def once(value: float) -> Point:
        value = on_grid(lever, value)
        if value not in tried:
            tell(min(len(tried) / (COARSE + begins), 0.99), f"{value:g}")
            tried[value] = look(value)
        return tried[value]

    row = [once(value) for value in np.linspace(lever.low, lever.high, COARSE)]
    cell = _crossing(row, wanted, at)
    value = low = high = None
    if cell is not None:
        value = _halved(lever, once, cell, wanted)
        row = [tried[v] for v in sorted(tried)]
        low, high = _bounds(row, value, wanted)
    row = [tried[v] for v in sorted(tried)]
    best = max(row, key=lambda point: (point.probability, -abs(point.value - at)))
    return Solved(lever.name, wanted, value, low, high, best, tuple(row), is_monotone(row), draws)


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
