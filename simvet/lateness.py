"""Which levers come too late: they change no target by the year in which it is judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from simvet.runs import Run, rerun
from simvet.scenario import Scenario, Target
from simvet.targets import Reading, read_targets

MATERIAL = 0.01
"""Part of the bound by which the median must move in a later year for a lever to count as acting at all."""


@dataclass(frozen=True)
class LateLever:
    """A lever or project that moves a headline target only after the year in which the target is judged.

    Notes
    -----
    Unit: school years; ``first`` is the first year in which the target moves. Errors: none. Source: paired runs with
    and without the lever or project.
    """

    labels: Mapping[str, str]
    target: Target
    first: int


def late_levers(result: Run) -> list[LateLever]:
    """Return which levers and projects come too late for which headline targets.

    Parameters
    ----------
    result : Run.

    Returns
    -------
    list of LateLever; empty where everything acts in time, or there is nothing.

    Notes
    -----
    A lever is too late for a target when the draws are bit for bit the same without it up to and in the target's year,
    and the median differs by MATERIAL of the bound or more in a later year. Errors: none. Source: MODEL, sections 5
    and 10.
    """
    scenario = result.scenario
    without: list[tuple[Mapping[str, str], Scenario]] = []
    for lever in scenario.levers:
        others = tuple(other for other in scenario.levers if other is not lever)
        without.append(({lang: lever.title(lang) for lang in ("zh", "en")}, replace(scenario, levers=others)))
    for project in scenario.projects:
        rest = tuple(other for other in scenario.projects if other is not project)
        without.append((project.labels, replace(scenario, projects=rest)))
    if not without:
        return []
    with_all = _headlines(result)
    late: list[LateLever] = []
    for labels, reduced in without:
        for a, b in zip(with_all, _headlines(rerun(result, reduced)), strict=True):
            first = _first_effect(result, a, b)
            if first is not None and first > a.target.year and _is_material(result, a, b):
                late.append(LateLever(labels, a.target, first))
    return late


def _headlines(result: Run) -> list[Reading]:
    kept = tuple(t for t in result.scenario.targets if t.key in result.scenario.headlines and t.bound is not None)
    seen = replace(result, scenario=replace(result.scenario, targets=kept))
    return read_targets(seen, None)


def _is_material(result: Run, one: Reading, other: Reading) -> bool:
    later = [column for column, year in enumerate(result.books.years) if year > one.target.year]
    moved = np.nanmedian(one.value[:, later], axis=0) - np.nanmedian(other.value[:, later], axis=0)
    return bool(np.max(np.abs(moved)) >= MATERIAL * abs(float(np.nanmedian(one.bound))))


def _first_effect(result: Run, one: Reading, other: Reading) -> int | None:
    for column, year in enumerate(result.books.years):
        if not np.array_equal(one.value[:, column], other.value[:, column], equal_nan=True):
            return year
    return None
