"""Which levers come too late: they change no target by the year in which it is judged."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from simvet.levers import Lever
from simvet.runs import Run, rerun
from simvet.scenario import Target
from simvet.targets import Reading, read_targets


@dataclass(frozen=True)
class LateLever:
    """A lever that moves a headline target only after the year in which the target is judged.

    Notes
    -----
    Unit: school years; ``first`` is the first year in which the target moves. Errors: none. Source: paired runs with
    and without the lever.
    """

    lever: Lever
    target: Target
    first: int


def late_levers(result: Run) -> list[LateLever]:
    """Return which levers come too late for which headline targets.

    Parameters
    ----------
    result : Run.

    Returns
    -------
    list of LateLever; empty where every lever acts in time, or there is none.

    Notes
    -----
    A lever is too late for a target when the draws are bit for bit the same without it up to and in the target's year,
    and differ in a later year of the run. Errors: none. Source: MODEL, section 10.
    """
    levers = [lever for lever in result.scenario.levers if lever.where != "relaxation"]
    if not levers:
        return []
    with_all = _headlines(result)
    late = []
    for lever in levers:
        others = tuple(other for other in result.scenario.levers if other is not lever)
        without = _headlines(rerun(result, replace(result.scenario, levers=others)))
        for a, b in zip(with_all, without, strict=True):
            first = _first_effect(result, a, b)
            if first is not None and first > a.target.year:
                late.append(LateLever(lever, a.target, first))
    return late


def _headlines(result: Run) -> list[Reading]:
    kept = tuple(t for t in result.scenario.targets if t.key in result.scenario.headlines and t.bound is not None)
    seen = replace(result, scenario=replace(result.scenario, targets=kept))
    return read_targets(seen, None)


def _first_effect(result: Run, one: Reading, other: Reading) -> int | None:
    for column, year in enumerate(result.books.years):
        if not np.array_equal(one.value[:, column], other.value[:, column], equal_nan=True):
            return year
    return None
