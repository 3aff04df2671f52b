"""The verdict on every target: how likely, by how much, from when, what stands in the way, and what it would take."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from simvet.conflicts import adverse_share, fights_of
from simvet.draws import Draws
from simvet.errors import InputError
from simvet.indicators import find_item
from simvet.loading import load_scenario
from simvet.needs import LIKELY, Need, need_of
from simvet.relaxations import OF_ITEM, RELAXATIONS
from simvet.runs import Run, reread, rerun, start_run
from simvet.scenario import Target
from simvet.targets import Reading, base_is_printed, column_of, is_modelled, is_reached, is_roughly_equal, read_targets
from simvet.targets import unit_of as unit_of_target

Floats = NDArray[np.float64]

PLAN_YEARS = 5
"""A milestone without a printed base starts this many years before the target: the plans run for five years."""
TIE = 0.05
"""Causes whose effect comes within this part of the largest are named with it."""
UNLIKELY = 0.2
"""Probability up to which a target is called unlikely; likely begins at ``needs.LIKELY``, open lies between."""
HARDLY = 0.01
"""Probability up to which a target whose time is past is called too late."""
NOTICED = 1e-3
"""Share of its bound by which a relaxation must move a target to be named when the probability tells nothing."""
PROJECT_KEYS: dict[str, str] = {
    "places": "secondary_vocational",
    "new_school_places": "secondary_vocational",
    "built_schools": "secondary_vocational",
    "school_investment": "secondary_vocational",
}
"""Targets that hang on building projects, and the stage of those projects; vocational bachelor hangs on upgrades."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One constraint, relaxed by 10 % from the base year on, and what that did.

    Notes
    -----
    Unit: ``probability`` is the change of the probability, ``error`` its paired Monte Carlo error, ``value`` the change
    of the median in the target's unit, ``adverse`` the share of draws in which the target got worse. Errors: none.
    Source: MODEL, section 8.
    """

    key: str
    probability: float
    value: float
    error: float
    adverse: float


@dataclass(frozen=True)
class Late:
    """When a target that hangs on things that take time could last have been begun.

    Notes
    -----
    Unit: ``latest_start`` is the last calendar year (school year for things that are not built) in which it could have
    been approved; ``too_late`` says that hardly a draw reaches the target (HARDLY) and that, seen from the scenario's
    ``as_of``, that year is over. Errors: none. Source: MODEL, section 5.
    """

    latest_start: int
    too_late: bool


@dataclass(frozen=True)
class Verdict:
    """What a run says about one target, in one reading of its text.

    Notes
    -----
    Unit: values in the target's unit. ``error`` is the Monte Carlo standard error of ``probability``. ``milestone``
    is where a straight line from the base to the bound stands in ``as_of``; ``milestone_assumed`` says that no base is
    printed in the plan, ``assumed_base`` that no figure of the region prints it either. ``by_value`` says that the
    causes are ranked by the median, because no relaxation moves the probability beyond its noise. ``causes`` is empty
    where they were not searched; then ``owner`` is "" and ``fights`` empty too. ``need`` is None where the target is
    likely already. Errors: none. Source: MODEL, section 8.
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
    need: Need | None = None
    late: Late | None = None
    owner: str = ""
    fights: tuple[Target, ...] = ()


def standing(probability: float) -> str:
    """Return likely, open or unlikely.

    Parameters
    ----------
    probability : float.

    Returns
    -------
    str.

    Notes
    -----
    Unit: share of draws. Errors: none. Source: MODEL, section 8 (0.8), mirrored.
    """
    return "likely" if probability >= LIKELY else "unlikely" if probability <= UNLIKELY else "open"


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


def judge(
    result: Run, causes: bool, progress: Callable[[str], None] | None, province: Run | None = None, needs: bool = True
) -> list[Verdict]:
    """Return the verdicts of a run; see :meth:`simvet.result.Result.verdicts`.

    Parameters
    ----------
    result : Run.
    causes : bool; search the binding constraints.
    progress : callable, optional; told each step.
    province : Run, optional; the province in the same draws where it is at hand, by default it is run.
    needs : bool; search what a year would have to bring, which takes longer than all the rest together.

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
    relative = any(target.bound is None and is_modelled(target) for target in result.scenario.targets)
    if province is None and relative:
        tell("province")
        province = province_of(result)
    readings = read_targets(result, province)
    bands = _bands([reading.value[:, column_of(result, reading.target.year)] for reading in readings])
    verdicts = [_verdict(result, reading, band, causes, needs) for reading, band in zip(readings, bands, strict=True)]
    if causes:
        effects: list[list[Cause]] = [[] for _ in verdicts]
        for key, relax in RELAXATIONS.items():
            tell(key)
            relaxed = relax(result.scenario)
            if relaxed is None:
                continue
            again = reread(result, relaxed) if relax.beside else rerun(result, relaxed)
            other = read_targets(again, province)
            for position, (before, after) in enumerate(zip(readings, other, strict=True)):
                effects[position].append(_effect(result, key, before, after))
        verdicts = [_with_causes(result, v, found) for v, found in zip(verdicts, effects, strict=True)]
        verdicts = [replace(v, fights=fights_of(v, verdicts)) for v in verdicts]
    order = {key: place for place, key in enumerate(result.scenario.headlines)}
    return sorted(verdicts, key=lambda v: (order.get(v.target.key, len(order)),))


def _luck_of(result: Run) -> Draws:
    """Return the random numbers that another run needs to stand in the same draws."""
    drawn = result.schedule.draws
    return drawn if drawn.seed == result.seed else Draws(result.seed)


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
    old = result.schedule
    return start_run(scenario, result.draws, result.seed, None, "cohort", old.uncertainty, luck=_luck_of(result))


def _bands(values: Sequence[Floats]) -> list[tuple[float, float, float]]:
    """Return the median and the central 80 % of every reading, of what is known; all readings in one go.

    One call for a hundred readings, because the call itself costs more than its work on a few dozen draws.
    """
    if not values:
        return []
    table = np.stack(values)
    whole = ~np.isnan(table).any(axis=1)
    found = np.full((3, len(values)), np.nan)
    found[:, whole] = np.quantile(table[whole], [0.1, 0.5, 0.9], axis=1)
    for place in np.flatnonzero(~whole):
        known = table[place][~np.isnan(table[place])]
        if known.size:
            found[:, place] = np.quantile(known, [0.1, 0.5, 0.9])
    return [(float(low), float(median), float(high)) for low, median, high in found.T]


def _verdict(result: Run, reading: Reading, band: tuple[float, float, float], searched: bool, needs: bool) -> Verdict:
    target, years = reading.target, result.books.years
    column = column_of(result, target.year)
    value, bound = reading.value[:, column], _median(reading.bound[:, column])
    if not np.isfinite(value).any():
        raise InputError(
            target.where, "target {key!r} has no value in {year}",
            "Choose another year, or a region whose data give it", key=target.key, year=target.year,
        )  # fmt: skip
    low, median, high = band
    reached = int(np.count_nonzero(reading.reached(column)))
    likely = np.flatnonzero(is_reached(target, reading.value, reading.bound)[:, 1:].mean(axis=0) >= 0.5)
    first = years[int(likely[0]) + 1] if likely.size else None
    as_of = min(max(result.scenario.as_of, years[0]), years[-1])
    base, milestone = _milestone(result, reading, bound, as_of)
    return Verdict(
        target=target, reading=reading.name, headline=target.key in result.scenario.headlines,
        unit=unit_of_target(target, reading.name),
        median=median, low=low, high=high, bound=bound, gap=median - bound, probability=reached / result.draws,
        error=monte_carlo_error(reached, result.draws), first_year=first, until=years[-1], as_of=as_of,
        milestone=milestone, milestone_assumed=target.base_value is None,
        value_as_of=_median(reading.value[:, years.index(as_of)]), base_value=base,
        assumed_base=not base_is_printed(result, target), causes=(), binding=(), by_value=False, draws=result.draws,
        need=need_of(result, reading, searched) if needs else None, late=_late(result, reading, reached),
    )  # fmt: skip


def _median(values: Floats) -> float:
    """Return the median of what is known, NaN where nothing is."""
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else float("nan")


def _milestone(result: Run, reading: Reading, bound: float, as_of: int) -> tuple[float, float]:
    """Return the base and where a straight line from it to the bound stands; the bound once the base is past it."""
    target, years = reading.target, result.books.years
    if target.base_value is not None and target.base_year is not None:
        start, base = target.base_year, target.base_value
    else:
        seen = int(np.argmax(np.isfinite(reading.value).any(axis=0)))
        start = min(max(years[seen], target.year - PLAN_YEARS), years[-1])
        base = _median(reading.value[:, years.index(start)])
    if bool(is_reached(target, np.array(base), np.array(bound))):
        return base, bound
    done = min(max((as_of - start) / max(target.year - start, 1), 0.0), 1.0)
    return base, base + (bound - base) * done


def _built_for(target: Target) -> str | None:
    """Return the stage whose building projects decide a target, None where none do."""
    if (target.key, target.stage) == ("enrolment", "vocational_bachelor"):
        return "vocational_bachelor"
    return PROJECT_KEYS.get(target.key)


def _late(result: Run, reading: Reading, reached: int) -> Late | None:
    """Return the latest start that could still meet the target, where it hangs on things that take time."""
    target = reading.target
    position = result.books.regions.index(target.region)
    stage = _built_for(target)
    if stage is not None:
        built = [
            b for b in result.schedule.built(position) if b.project.stage == stage and b.project.places.high > 0.0
            and b.project.durations
        ]  # fmt: skip
        if not built:
            return None
        latest = max(b.latest_start(target.year) for b in built)
        return Late(latest, reached <= HARDLY * result.draws and result.scenario.as_of > latest)
    item = find_item(result.scenario, target.key, target.stage)
    if item is None or item.family != "count" or item.id not in result.scenario.items[target.region]:
        return None
    lead = round(float(np.median(result.schedule.path(position, "lead_time", item.process)[:, 0])))
    latest = target.year - lead
    return Late(latest, reached <= HARDLY * result.draws and result.scenario.as_of > latest)


def _effect(result: Run, key: str, before: Reading, after: Reading) -> Cause:
    column = column_of(result, before.target.year)
    change = after.reached(column).astype(float) - before.reached(column).astype(float)
    # The mean of the paired differences moves where a median of whole things, or of most draws, stands still.
    moved = np.nanmean(after.value[:, column] - before.value[:, column])
    worse = adverse_share(before.target, before.value[:, column], after.value[:, column], before.bound[:, column])
    return Cause(key, float(change.mean()), float(moved), float(change.std() / np.sqrt(change.size)), worse)


def _with_causes(result: Run, verdict: Verdict, effects: Iterable[Cause]) -> Verdict:
    """Name the constraints whose relaxation raises the probability most, or the value where it stays 0 or 1."""
    found = tuple(effects)
    if verdict.probability >= 1.0:
        return replace(verdict, causes=found)
    two_sided = is_roughly_equal(verdict.target)
    # Sending students elsewhere is no constraint on what those who stay share.
    about_flows = verdict.target.kind in ("flow", "own", "baseline") or verdict.target.key in PROJECT_KEYS
    eligible = [cause for cause in found if about_flows or not RELAXATIONS[cause.key].of_flows]
    clear = [cause for cause in eligible if cause.probability > 2.0 * cause.error]
    if clear or two_sided:
        gain = {cause.key: cause.probability for cause in clear}
    else:
        sign = -1.0 if verdict.target.comparator == "<=" else 1.0
        gain = {cause.key: sign * cause.value for cause in eligible}
    best = max(gain.values(), default=0.0)
    if best <= (0.0 if clear or two_sided else NOTICED * abs(verdict.bound)):
        return replace(verdict, causes=found)
    binding = tuple(sorted((k for k, v in gain.items() if v >= best * (1.0 - TIE)), key=lambda k: -gain[k]))
    owner = _owner(result, verdict.target, binding[0])
    return replace(verdict, causes=found, binding=binding, by_value=not clear, owner=owner)


def _owner(result: Run, target: Target, cause: str) -> str:
    """Return who could relax the binding cause of a target."""
    owner = RELAXATIONS[cause].owner
    if owner != OF_ITEM:
        return owner
    item = find_item(result.scenario, target.key, target.stage)
    if item is not None:
        return item.owner
    stage = _built_for(target)
    projects = [p for p in result.scenario.projects if (p.region, p.stage) == (target.region, stage)]
    return projects[0].owner if projects else "none"
