"""A scenario at every stop of one or two levers, all on the same luck: what a tuning widget shows without a kernel."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from simvet.controls import EVERY, Control, find_control, levers_of, on_grid
from simvet.errors import InputError, nearest
from simvet.loading import LAST_YEAR
from simvet.result import Result, simulate
from simvet.runs import Run, rerun
from simvet.scenario import Scenario, Target
from simvet.targets import is_modelled, read_targets
from simvet.verdicts import Verdict, judge, province_of

Floats = NDArray[np.float64]
Place = tuple[int, ...]
"""Which stop each lever stands at, counted from 0."""

MOST_LEVERS = 2
"""Levers of a widget: every further one would multiply the runs, and no table could show them all."""
MOST_TARGETS = 6
"""Targets of a widget, so that all of them are seen while a lever is moved."""
STOPS = (3, 15)
"""Fewest and most stops of a lever: both ends of its range and its resting place, at least."""
BAND = (0.1, 0.5, 0.9)
"""Quantiles of a picture: the edges of the central 80 % of draws, and the median."""


@dataclass(frozen=True)
class Shown:
    """One target at one place of the levers.

    Notes
    -----
    Shape: ``band`` is (3, year): lower edge, median, upper edge of the central 80 % of draws; NaN where nothing is
    known. Unit: the verdict's. Errors: none. Source: the run at that place.
    """

    verdict: Verdict
    band: Floats


@dataclass(frozen=True)
class TuningGrid:
    """A scenario at every stop of its levers.

    Notes
    -----
    Shape: ``stops`` holds the values of each lever, None where a lever that sets a value is left alone, and
    ``standing`` where it stands then; ``rest`` is the place at which nothing is changed; ``shown`` maps a place to the
    targets, always in the same order. Unit: the controls' and the targets'. Errors: none. Source: one run for each
    place, on common random numbers.
    """

    scenario: Scenario
    controls: tuple[Control, ...]
    stops: tuple[tuple[float | None, ...], ...]
    standing: tuple[float, ...]
    rest: Place
    start: int
    years: tuple[int, ...]
    draws: int
    seed: int
    shown: Mapping[Place, tuple[Shown, ...]]


def run_grid(
    scenario: Scenario, names: Sequence[str], targets: Sequence[str] | None, draws: int, seed: int, start: int | None,
    stops: int,
) -> TuningGrid:  # fmt: skip
    """Run a scenario at every stop of one or two levers; see :func:`simvet.report.tuning.tuning_widget`.

    Parameters
    ----------
    scenario : Scenario.
    names : sequence of str; one or two levers of ``data/levers/controls.csv``.
    targets : sequence of str, optional; ``key``, or ``key/stage`` for one of several; by default the headline ones.
    draws, seed : int.
    start : int, optional; school year from which the levers act, by default the first after what is known.
    stops : int; values of each lever.

    Returns
    -------
    TuningGrid; ``stops`` to the power of the number of levers runs.

    Raises
    ------
    InputError : a lever or target is unknown, a number is out of range, or the scenario has no target to show.

    Notes
    -----
    Unit: see TuningGrid. Source: common random numbers, MODEL section 7.
    """
    region = scenario.regions[0].region
    controls = _controls(names)
    first = _start(scenario, start)
    for control in controls:
        # Before anything is run: a lever that moves nothing here is told at once.
        levers_of(control, control.high, first, None, False, region)
    chosen = _targets(scenario, targets)
    if not STOPS[0] <= stops <= STOPS[1]:
        raise InputError(
            "stops", "{count} stops of a lever cannot be shown", "Choose {fewest} to {most}", count=stops,
            fewest=STOPS[0], most=STOPS[1],
        )  # fmt: skip
    base = simulate(replace(scenario, targets=chosen), draws, seed)
    province = province_of(base) if any(target.bound is None for target in chosen) else None
    standing = tuple(_standing(base, control, first) for control in controls)
    scales = tuple(stops_of(control, stops, at) for control, at in zip(controls, standing, strict=True))
    rest = tuple(
        scale.index(control.neutral if control.neutral in scale else None)
        for control, scale in zip(controls, scales, strict=True)
    )
    shown = {}
    for place in product(*(range(len(scale)) for scale in scales)):
        values = [scale[stop] for scale, stop in zip(scales, place, strict=True)]
        shown[place] = _shown(base if place == rest else _moved(base, controls, values, first), province)
    return TuningGrid(scenario, controls, scales, standing, rest, first, tuple(base.books.years), draws, seed, shown)


def stops_of(control: Control, count: int, standing: float) -> tuple[float | None, ...]:
    """Return the values of a lever that are run, the one that changes nothing always among them.

    Parameters
    ----------
    control : Control.
    count : int; how many, at least three.
    standing : float; where the lever stands that nobody has moved.

    Returns
    -------
    tuple of float, rising; among them None, for "left alone", where a lever sets a value. Fewer than ``count`` where
    the lever has not so many steps.

    Notes
    -----
    Unit: the control's. Errors: none. Source: evenly spaced on either side of the neutral value, and on the lever's
    own steps.
    """
    if control.neutral is None:
        free = np.linspace(control.low, control.high, count - 1)
        values = sorted({on_grid(control, float(value)) for value in free})
        return (*(v for v in values if v < standing), None, *(v for v in values if v >= standing))
    neutral = min(max(control.neutral, control.low), control.high)
    gaps = count - 1
    part = (neutral - control.low) / (control.high - control.low)
    below = min(max(round(gaps * part), int(part > 0.0)), gaps - int(part < 1.0))
    ends = [*np.linspace(control.low, neutral, below + 1), *np.linspace(neutral, control.high, gaps - below + 1)]
    return tuple(sorted({control.neutral, *(on_grid(control, float(value)) for value in ends)}))


def _standing(base: Run, control: Control, start: int) -> float:
    """Return where a lever stands that nobody has moved: its neutral value, or the median of what it would set."""
    if control.neutral is not None:
        return control.neutral
    quantity, key = control.pulls[0]
    path = base.schedule.path(0, quantity, "" if key == EVERY else key)
    return float(np.median(path[:, min(max(start - base.schedule.first, 0), path.shape[1] - 1)]))


def _controls(names: Sequence[str]) -> tuple[Control, ...]:
    given = (names,) if isinstance(names, str) else tuple(names)
    if not 1 <= len(given) <= MOST_LEVERS:
        raise InputError(
            "controls", "{count} levers cannot be moved at once here", "Name one or two", count=len(given)
        )  # fmt: skip
    if len(set(given)) < len(given):
        raise InputError("controls", "the lever {name!r} stands twice", "Keep one of the two", name=given[0])
    return tuple(find_control(name) for name in given)


def _start(scenario: Scenario, start: int | None) -> int:
    earliest = scenario.base_year + 1
    if start is None:
        return min(max(scenario.as_of + 1, earliest), scenario.until)
    last = min(scenario.until, LAST_YEAR)
    if isinstance(start, bool) or not isinstance(start, int) or not earliest <= start <= last:
        raise InputError(
            "start", "year {year} is outside the horizon {first} to {last}", "Choose a year inside it", year=start,
            first=earliest, last=last,
        )  # fmt: skip
    return start


def _targets(scenario: Scenario, names: Sequence[str] | None) -> tuple[Target, ...]:
    """Return the targets to show, each once, in the order in which they are named."""
    judged = [
        t for t in scenario.targets if is_modelled(t) and t.kind != "baseline" and t.year >= scenario.base_year
    ]  # fmt: skip
    if not judged:
        raise InputError(
            "targets", "scenario {name!r} has no target that could be shown", "Choose one whose region has targets",
            name=scenario.name,
        )  # fmt: skip
    if names is None:
        headline = [t for key in scenario.headlines for t in judged if t.key == key]
        return tuple((headline or judged)[:MOST_TARGETS])
    found: list[Target] = []
    for name in (names,) if isinstance(names, str) else names:
        key, _, stage = name.partition("/")
        those = [t for t in judged if t.key == key and stage in ("", t.stage)]
        if not those:
            known = {t.key for t in judged} | {f"{t.key}/{t.stage}" for t in judged}
            raise InputError(
                "targets", "{kind} {word!r} is unknown", "Did you mean {near!r}?", kind="target", word=name,
                near=nearest(name, known),
            )  # fmt: skip
        found += [t for t in those if t not in found]
    if not 1 <= len(found) <= MOST_TARGETS:
        raise InputError(
            "targets", "{count} targets cannot be shown at once", "Name one to {most}, as key/stage where a key has "
            "several", count=len(found), most=MOST_TARGETS,
        )  # fmt: skip
    return tuple(found)


def _moved(base: Result, controls: Sequence[Control], values: Sequence[float | None], start: int) -> Run:
    """Return the base with its levers moved, on the same luck."""
    region = base.scenario.regions[0].region
    levers = [
        lever for control, value in zip(controls, values, strict=True)
        if value is not None and value != control.neutral
        for lever in levers_of(control, value, start, None, False, region)
    ]  # fmt: skip
    return rerun(base, base.scenario.with_levers(*levers))


def _shown(run: Run, province: Run | None) -> tuple[Shown, ...]:
    readings = {(id(r.target), r.name): r for r in read_targets(run, province)}
    verdicts = judge(run, False, None, province, needs=False)
    place = {id(target): n for n, target in enumerate(run.scenario.targets)}
    found = []
    for verdict in sorted(verdicts, key=lambda v: place[id(v.target)]):
        values = readings[id(verdict.target), verdict.reading].value
        with warnings.catch_warnings():
            # A year in which nothing is known stays NaN, and that is no news.
            warnings.simplefilter("ignore", RuntimeWarning)
            found.append(Shown(verdict, np.asarray(np.nanquantile(values, BAND, axis=0))))
    return tuple(found)
