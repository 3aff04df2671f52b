"""Indicator + bound + year -> verdict: how likely, by how much, from when, and what stands in the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from simvet.errors import InputError, nearest
from simvet.indicators import INDICATORS, READINGS
from simvet.loading import load_scenario, require_horizon
from simvet.relaxations import RELAXATIONS
from simvet.runs import Run, rerun, start_run
from simvet.scenario import Scenario, Target

Floats = NDArray[np.float64]

ABOUT = 0.05
"""Part below the bound that still counts as "about" (左右)."""
EXACT = 0.001
"""Part on either side of a bound with ``==`` that rounding in print explains."""
PLAN_YEARS = 5
"""A milestone without a printed base starts this many years before the target: the plans run for five years."""
BASE_FIGURES: dict[str, tuple[tuple[str, str], ...]] = {
    "general_vocational_ratio": (("entrants", "general_high"), ("entrants", "secondary_vocational")),
    "universal_admission": (("transition_rate", "middle"),),
    "enrolment_total": (("enrolment", "secondary_vocational"), ("enrolment", "higher_vocational")),
}
"""Figures (indicator, stage) that print the base of a target under another name."""
RATIO_BAND = (0.45, 0.55)
"""General share of entrants that counts as "roughly equal" (普职大体相当); assumed, MODEL section 8."""
TIE = 0.05
"""Causes whose effect comes within this part of the largest are named with it."""
MODELLED_KEYS = ("places", "new_school_places")
"""Targets of other kinds than flow that the flow model already decides."""


@dataclass(frozen=True)
class Cause:
    """One constraint, relaxed by 10 % from the base year on, and what that did.

    Notes
    -----
    Unit: ``probability`` is the change of the probability, ``error`` its paired Monte Carlo error, ``value`` the change
    of the median in the target's unit. Errors: none. Source: MODEL, section 8.
    """

    key: str
    probability: float
    value: float
    error: float


@dataclass(frozen=True)
class Verdict:
    """What a run says about one target, in one reading of its text.

    Notes
    -----
    Unit: values in the target's unit. ``error`` is the Monte Carlo standard error of ``probability``. ``milestone``
    is where a straight line from the base to the bound stands in ``as_of``; ``milestone_assumed`` says that no base is
    printed in the plan, ``assumed_base`` that no figure of the region prints it either. ``by_value`` says that the
    causes are ranked by the median, because no relaxation moves the probability beyond its noise. ``causes`` is empty
    where they were not searched. Errors: none. Source: MODEL, section 8.
    """

    target: Target
    reading: str
    headline: bool
    unit: str
    median: float
    low: float
    high: float
    bound: float
    gap: float
    probability: float
    error: float
    first_year: int | None
    until: int
    as_of: int
    milestone: float
    milestone_assumed: bool
    value_as_of: float
    base_value: float
    assumed_base: bool
    causes: tuple[Cause, ...]
    binding: tuple[str, ...]
    by_value: bool
    draws: int


def is_modelled(target: Target) -> bool:
    """Return whether the flow of students decides a target.

    Parameters
    ----------
    target : Target.

    Returns
    -------
    bool; True for flow targets, base figures of flows, places, and targets that a scenario adds itself.

    Notes
    -----
    Unit: none. Errors: none. Source: column ``kind`` of the register.
    """
    return target.kind in ("flow", "baseline", "own") or target.key in MODELLED_KEYS


def not_modelled(scenario: Scenario) -> list[Target]:
    """Return the targets that a run does not judge: of a kind not modelled yet, or of a year before the books begin.

    Parameters
    ----------
    scenario : Scenario.

    Returns
    -------
    list of Target, in register order.

    Notes
    -----
    Unit: none. Errors: none. Source: the register.
    """
    return [t for t in scenario.targets if not is_modelled(t) or t.year < scenario.base_year]


def require_indicators(scenario: Scenario) -> None:
    """Complain about a target whose key names no indicator.

    Parameters
    ----------
    scenario : Scenario.

    Raises
    ------
    InputError : a modelled target has no indicator.

    Notes
    -----
    Unit: none. Source: INDICATORS.
    """
    for target in scenario.targets:
        if is_modelled(target) and target.key not in INDICATORS:
            raise InputError(
                target.where, "target {key!r} has no such indicator", "Did you mean {near!r}?", key=target.key,
                near=nearest(target.key, INDICATORS),
            )  # fmt: skip
        about = INDICATORS[target.key].stages if is_modelled(target) else ()
        if target.kind == "own" and about and target.stage not in (*about, "region"):
            raise InputError(
                target.where, "target {key!r} says nothing of stage {stage!r}", "Write one of {known}", key=target.key,
                stage=target.stage, known=", ".join(about),
            )  # fmt: skip


def require_until(scenario: Scenario, until: int) -> None:
    """Complain about a run that would end before a target that it has to judge.

    Parameters
    ----------
    scenario : Scenario.
    until : int, school year.

    Raises
    ------
    InputError : the year is outside the feeder, or before a target's year.

    Notes
    -----
    Unit: school year. Source: the scenario's targets.
    """
    require_horizon(until, scenario.base_year, "--until")
    for target in scenario.targets:
        if is_modelled(target) and target.year > until:
            raise InputError(
                "--until", "the run ends in {until}, before the target year {year}", "Run at least to {year}",
                until=until, year=target.year,
            )  # fmt: skip


def is_roughly_equal(target: Target) -> bool:
    """Return whether a target asks for general and vocational schools to be roughly equal (普职大体相当).

    Parameters
    ----------
    target : Target.

    Returns
    -------
    bool; False for a bound on the general share that a scenario sets itself.

    Notes
    -----
    Unit: none. Errors: none. Source: MODEL, section 8.
    """
    return target.key == "general_vocational_ratio" and target.kind != "own"


def unit_of(target: Target, reading: str) -> str:
    """Return the unit in which a target's values are counted.

    Parameters
    ----------
    target : Target.
    reading : str; the indicator that reads it.

    Returns
    -------
    str; the target's own unit where the indicator counts in it, else the indicator's.

    Notes
    -----
    Errors: none. Source: the register and INDICATORS.
    """
    return target.unit if target.unit in ("share", "persons", "places", "persons/year") else INDICATORS[reading].unit


def is_reached(target: Target, value: Floats, bound: Floats) -> NDArray[np.bool_]:
    """Return where a value reaches a target.

    Parameters
    ----------
    target : Target.
    value : (...) array, in the target's unit; the general share of entrants for a ratio of general to vocational.
    bound : (...) array, in the same unit.

    Returns
    -------
    (...) array of bool.

    Notes
    -----
    ``~`` allows 5 % below, for counts the larger of 5 % and one; more than the bound counts as reached; roughly equal
    is a general share of 45 to 55 %. Errors: none. Source: MODEL, section 8.
    """
    if is_roughly_equal(target):
        return np.asarray((value >= RATIO_BAND[0]) & (value <= RATIO_BAND[1]))
    if target.comparator == ">=":
        return np.asarray(value >= bound)
    if target.comparator == "<=":
        return np.asarray(value <= bound)
    if target.comparator == "==":
        return np.asarray(np.abs(value - bound) <= EXACT * np.abs(bound))
    slack = ABOUT * np.abs(bound)
    if target.unit.startswith("count"):
        slack = np.maximum(slack, 1.0)
    return np.asarray(value >= bound - slack)


def monte_carlo_error(reached: int, draws: int) -> float:
    """Return the standard error of a probability counted from draws.

    Parameters
    ----------
    reached : int; draws in which the target is reached.
    draws : int.

    Returns
    -------
    float, share; above zero even when all draws agree.

    Notes
    -----
    Agresti-Coull with two pseudo-draws of each kind. Errors: none. Source: Agresti & Coull (1998).
    """
    share = (reached + 2.0) / (draws + 4.0)
    return float(np.sqrt(share * (1.0 - share) / (draws + 4.0)))


@dataclass(frozen=True)
class Reading:
    """A target in one reading, with the values of a run: (draw, year), and the bound: (draw, year).

    Notes
    -----
    Unit: the target's. Errors: none. Source: the run and, for relative targets, the province's run.
    """

    target: Target
    name: str
    value: Floats
    bound: Floats

    def reached(self, column: int) -> NDArray[np.bool_]:
        """Return in which draws the target is reached in a year."""
        return is_reached(self.target, self.value[:, column], self.bound[:, column])


def read_targets(result: Run, province: Run | None) -> list[Reading]:
    """Return every modelled target of a run, in every reading of its text.

    Parameters
    ----------
    result : Run.
    province : Run, optional; the province in the same draws, for relative targets.

    Returns
    -------
    list of Reading.

    Raises
    ------
    InputError : a target names no indicator, or is relative and there is no province.

    Notes
    -----
    Unit: each target's. Source: MODEL, section 8.
    """
    require_indicators(result.scenario)
    readings = []
    for target in result.scenario.targets:
        if not is_modelled(target) or target.year < result.books.years[0]:
            continue
        position = result.books.regions.index(target.region)
        for name in READINGS.get(target.key, (target.key,)):
            value = result.indicator(name, target.stage)[:, :, position]
            if target.bound is None:
                if province is None:
                    raise InputError(
                        target.where, "{name!r} is measured against the province, and none is given",
                        "Write province: with the name of its scenario", name=target.labels["en"],
                    )  # fmt: skip
                bound = _aligned(result, province, name, target.stage)
            else:
                number = 0.5 if is_roughly_equal(target) else target.bound
                bound = np.full_like(value, number)
            readings.append(Reading(target, name, value, bound))
    return readings


def _aligned(result: Run, province: Run, name: str, stage: str) -> Floats:
    """Return the province's indicator in the years of the run, NaN before the province's base year."""
    other = province.indicator(name, stage)[:, :, 0]
    bound = np.full((result.draws, len(result.books.years)), np.nan)
    for column, year in enumerate(result.books.years):
        if year in province.books.years:
            bound[:, column] = other[:, province.books.years.index(year)]
    return bound


def judge(result: Run, causes: bool, progress: Callable[[str], None] | None) -> list[Verdict]:
    """Return the verdicts of a run; see :meth:`simvet.result.Result.verdicts`.

    Parameters
    ----------
    result : Run.
    causes : bool; search the binding constraints.
    progress : callable, optional; told each step.

    Returns
    -------
    list of Verdict, headline targets first.

    Raises
    ------
    InputError : a target names no indicator.

    Notes
    -----
    Unit: each target's. Source: MODEL, section 8.
    """
    tell = progress or (lambda _: None)
    province = None
    if any(target.bound is None and is_modelled(target) for target in result.scenario.targets):
        tell("province")
        province = province_of(result)
    readings = read_targets(result, province)
    verdicts = [_verdict(result, reading) for reading in readings]
    if causes:
        effects: list[list[Cause]] = [[] for _ in verdicts]
        for key, relax in RELAXATIONS.items():
            tell(key)
            relaxed = relax(result.scenario)
            if relaxed is None:
                continue
            other = read_targets(rerun(result, relaxed), province)
            for position, (before, after) in enumerate(zip(readings, other, strict=True)):
                effects[position].append(_effect(result, key, before, after))
        verdicts = [_with_causes(v, found) for v, found in zip(verdicts, effects, strict=True)]
    order = {key: place for place, key in enumerate(result.scenario.headlines)}
    return sorted(verdicts, key=lambda v: (order.get(v.target.key, len(order)),))


def province_of(result: Run) -> Run | None:
    """Return the province of a run in the same draws, None where the scenario names none.

    Parameters
    ----------
    result : Run.

    Returns
    -------
    Run or None.

    Notes
    -----
    Unit: persons. Errors: InputError when the province's scenario is wrong. Source: MODEL, section 8.
    """
    if result.scenario.province == "none":
        return None
    scenario = load_scenario(result.scenario.province).with_horizon(result.scenario.until)
    return start_run(scenario, result.draws, result.seed, None, "cohort", result.schedule.uncertainty)


def column_of(result: Run, year: int) -> int:
    """Return where a year stands in the books of a run.

    Parameters
    ----------
    result : Run.
    year : int, school year.

    Returns
    -------
    int, from 0 on.

    Raises
    ------
    InputError : the run ends before that year.

    Notes
    -----
    Unit: none. Source: the years of the books.
    """
    if year not in result.books.years:
        raise InputError(
            "--until", "the run ends in {until}, before the target year {year}", "Run at least to {year}",
            until=result.books.years[-1], year=year,
        )  # fmt: skip
    return result.books.years.index(year)


def _verdict(result: Run, reading: Reading) -> Verdict:
    target, years = reading.target, result.books.years
    column = column_of(result, target.year)
    value, bound = reading.value[:, column], float(np.nanmedian(reading.bound[:, column]))
    if not np.isfinite(value).any():
        raise InputError(
            target.where, "target {key!r} has no value in {year}",
            "Choose another year, or a region whose data give it", key=target.key, year=target.year,
        )  # fmt: skip
    low, median, high = (float(q) for q in np.nanquantile(value, [0.1, 0.5, 0.9]))
    reached = int(np.count_nonzero(reading.reached(column)))
    first = None
    for place, year in enumerate(years):
        if place > 0 and np.mean(reading.reached(place)) >= 0.5:
            first = year
            break
    as_of = min(max(result.scenario.as_of, years[0]), years[-1])
    base, milestone = _milestone(result, reading, bound, as_of)
    return Verdict(
        target=target, reading=reading.name, headline=target.key in result.scenario.headlines,
        unit=unit_of(target, reading.name),
        median=median, low=low, high=high, bound=bound, gap=median - bound, probability=reached / result.draws,
        error=monte_carlo_error(reached, result.draws), first_year=first, until=years[-1], as_of=as_of,
        milestone=milestone, milestone_assumed=target.base_value is None,
        value_as_of=float(np.nanmedian(reading.value[:, years.index(as_of)])), base_value=base,
        assumed_base=not _base_is_printed(result, target), causes=(), binding=(), by_value=False, draws=result.draws,
    )  # fmt: skip


def _milestone(result: Run, reading: Reading, bound: float, as_of: int) -> tuple[float, float]:
    """Return the base and where a straight line from it to the bound stands; the bound once the base is past it."""
    target, years = reading.target, result.books.years
    if target.base_value is not None and target.base_year is not None:
        start, base = target.base_year, target.base_value
    else:
        seen = int(np.argmax(np.isfinite(reading.value).any(axis=0)))
        start = min(max(years[seen], target.year - PLAN_YEARS), years[-1])
        base = float(np.nanmedian(reading.value[:, years.index(start)]))
    if bool(is_reached(target, np.array(base), np.array(bound))):
        return base, bound
    done = min(max((as_of - start) / max(target.year - start, 1), 0.0), 1.0)
    return base, base + (bound - base) * done


def _base_is_printed(result: Run, target: Target) -> bool:
    """Return whether a page prints the base of a target, in the plan itself or among the figures of the region."""
    if target.base_value is not None:
        return True
    wanted = BASE_FIGURES.get(target.key, ((target.key, target.stage),))
    printed = {(row.indicator, row.stage) for row in result.scenario.rows[target.region] if row.use == "figure"}
    return set(wanted) <= printed


def _effect(result: Run, key: str, before: Reading, after: Reading) -> Cause:
    column = column_of(result, before.target.year)
    change = after.reached(column).astype(float) - before.reached(column).astype(float)
    moved = np.nanmedian(after.value[:, column]) - np.nanmedian(before.value[:, column])
    return Cause(key, float(change.mean()), float(moved), float(change.std() / np.sqrt(change.size)))


def _with_causes(verdict: Verdict, effects: Iterable[Cause]) -> Verdict:
    """Name the constraints whose relaxation raises the probability most, or the value where it stays 0 or 1."""
    found = tuple(effects)
    if verdict.probability >= 1.0:
        return replace(verdict, causes=found)
    two_sided = is_roughly_equal(verdict.target)
    clear = [cause for cause in found if cause.probability > 2.0 * cause.error]
    if clear or two_sided:
        gain = {cause.key: cause.probability for cause in clear}
    else:
        sign = -1.0 if verdict.target.comparator == "<=" else 1.0
        gain = {cause.key: sign * cause.value for cause in found}
    best = max(gain.values(), default=0.0)
    if best <= 1e-12:
        return replace(verdict, causes=found)
    binding = tuple(sorted((k for k, v in gain.items() if v >= best * (1.0 - TIE)), key=lambda k: -gain[k]))
    return replace(verdict, causes=found, binding=binding, by_value=not clear)
