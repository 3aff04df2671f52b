"""What it would take: the starts, the lift, the slots or the approvals a year at which a target is likely."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from simvet.indicators import find_item
from simvet.items import PACES, Item
from simvet.levers import Lever
from simvet.runs import Run, rerun
from simvet.schedule import Schedule
from simvet.supply.counted import item_path
from simvet.supply.staff import staff_of
from simvet.targets import RATIO_BAND, Reading, column_of, is_reached, is_roughly_equal, unit_of

Floats = NDArray[np.float64]

LIKELY = 0.8
"""Probability at which a planner may count on a target, MODEL section 8."""
MOST_TIMES = 10.0
"""Largest multiple of a pace that is tried before a target is called out of reach by that way."""
STEPS = 12
"""Halvings of the bracket: the pace is found to a part in a few thousand."""
STAFF_SHARES: dict[str, str] = {
    "dual_qualified_share": "dual_training_slots", "dual_share_of_all": "dual_training_slots",
    "dual_qualified_teachers": "dual_training_slots", "dual_formed_in_three_years": "dual_training_slots",
    "high_level_dual_share": "high_level_slots", "high_level_share_of_all": "high_level_slots",
    "postgraduate_teacher_share": "postgraduate_upgrades", "postgraduate_share_of_secondary": "postgraduate_upgrades",
    "teachers_abroad_share": "abroad_trips", "teachers_abroad": "abroad_trips",
}  # fmt: skip
"""Readings about teachers, and the slots that raise them."""


@dataclass(frozen=True)
class Need:
    """What is done a year, and what would have to be done for the target to be likely.

    Notes
    -----
    Unit: ``unit`` of ``now`` and ``needed``; ``needed`` is infinite where no pace of this kind reaches the target.
    ``kind`` names the pace: starts, lift, growth, slots, approvals, or change (the yearly change of the indicator).
    ``besides`` says what else went on at its own pace (hires beside slots), NaN where nothing. Errors: none. Source:
    MODEL, sections 5, 6 and 8.
    """

    kind: str
    now: float
    needed: float
    unit: str
    besides: float = float("nan")


def need_of(run: Run, reading: Reading, searched: bool) -> Need | None:
    """Return the pace a year at which a target would be reached with probability LIKELY.

    Parameters
    ----------
    run : Run.
    reading : Reading; a target as the run reads it.
    searched : bool; whether whole runs may be tried again, for licences.

    Returns
    -------
    Need, or None where the target is likely already, or no year is left.

    Notes
    -----
    Unit: see Need. Errors: none. Everything else stays as it is, on the same random numbers. Source: MODEL, section 8.
    """
    column = column_of(run, reading.target.year)
    if float(np.mean(reading.reached(column))) >= LIKELY or column == 0:
        return None
    item = find_item(run.scenario, reading.target.key, reading.target.stage)
    if item is not None and item.id in run.scenario.items[reading.target.region]:
        return _of_item(run, reading, item)
    if reading.name in STAFF_SHARES:
        return _of_staff(run, reading)
    if searched and (reading.target.key, reading.target.stage) == ("enrolment", "vocational_bachelor"):
        return _of_approvals(run, reading)
    return _of_change(reading, column)


def _search(probability: Callable[[float], float], low: float, high: float) -> float:
    """Return the smallest pace at which a probability that rises with it is LIKELY; infinite where none is."""
    if probability(high) < LIKELY:
        return float("inf")
    for _ in range(STEPS):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if probability(middle) >= LIKELY else (middle, high)
    return high


def _of_item(run: Run, reading: Reading, item: Item) -> Need:
    schedule = run.schedule
    position = run.books.regions.index(reading.target.region)
    column = reading.target.year - schedule.first
    acting = (schedule.calendar >= item.since) & (schedule.calendar <= reading.target.year)
    pace = schedule.whole(schedule.path(position, PACES[item.family], item.id))[:, acting]
    now = float(np.median(pace.mean(axis=1)))
    bound = reading.bound[:, column_of(run, reading.target.year)]
    multiplies = item.family == "count"
    fewer = reading.target.comparator == "<="

    def probability(step: float) -> float:
        path = item_path(schedule, position, item, lambda p: p * step if multiplies else p + (-step if fewer else step))
        return float(np.mean(is_reached(reading.target, path[:, column], bound)))

    step = _search(probability, 1.0 if multiplies else 0.0, MOST_TIMES if multiplies else 5.0)
    kind = {"count": "starts", "share": "lift"}.get(item.family, "growth")
    unit = {"count": "count/year", "share": "logit/year"}.get(item.family, "share/year")
    if multiplies:
        return Need(kind, now, now * step, unit)
    return Need(kind, now, now - step if fewer else now + step, unit)


def _of_staff(run: Run, reading: Reading) -> Need:
    """Return the training slots a year at which a share of teachers is reached, with the hires beside them."""
    slots = STAFF_SHARES[reading.name]
    region = reading.target.region
    position = run.books.regions.index(region)
    column = column_of(run, reading.target.year)
    stages = (
        ("secondary_vocational", "higher_vocational") if reading.target.stage == "region" else (reading.target.stage,)
    )
    case = run.scenario.regions[position]
    first_year = case.base_year + 1

    def people(schedule: Schedule, name: str) -> Floats:
        """Return slots or hires a year in persons up to the target's year, shape (draw,)."""
        total = np.zeros(run.draws)
        for stage in stages:
            years = (schedule.calendar >= first_year) & (schedule.calendar <= reading.target.year)
            rate = schedule.whole(schedule.path(position, name, stage))[:, years].mean(axis=1)
            staff = schedule.openings[position].base[("teachers", stage)]
            special = schedule.sample(position).of("specialist_share", stage)
            total += rate * staff * (special if slots.startswith(("dual", "high")) else 1.0)
        return total

    def probability(times: float) -> float:
        names = [slots, *(["dual_training_funded"] if slots == "dual_training_slots" else [])]
        levers = [
            Lever("need", name, region, stage, "multiply", times, first_year, None, "none", "need", "need")
            for name in names
            for stage in stages
        ]
        scenario = run.scenario.with_levers(*levers)
        old = run.schedule
        schedule = Schedule(scenario, old.draws, run.draws, old.uncertainty, old.openings)
        staff = staff_of(schedule)
        begins = run.books.years[0] - schedule.first
        arrays = dict(run.books.arrays)
        arrays.update({name: values[:, begins : begins + len(run.books.years)] for name, values in staff.of.items()})
        changed = replace(run, schedule=schedule, books=replace(run.books, arrays=arrays))
        value = changed.indicator(reading.name, reading.target.stage)[:, column, position]
        return float(np.mean(is_reached(reading.target, value, reading.bound[:, column])))

    now, hires = float(np.median(people(run.schedule, slots))), float(np.median(people(run.schedule, "teacher_hiring")))
    times = _search(probability, 1.0, 16.0)
    return Need("slots", now, now * times, "persons/year", hires)


def _of_approvals(run: Run, reading: Reading) -> Need:
    """Return the approvals of vocational bachelor institutions a year at which their enrolment is reached."""
    region = reading.target.region
    position = run.books.regions.index(region)
    column = column_of(run, reading.target.year)
    first = run.scenario.regions[position].base_year + 1
    years = (run.schedule.calendar >= first) & (run.schedule.calendar < reading.target.year)
    now = float(np.median(run.schedule.whole(run.schedule.path(position, "approvals_per_year"))[:, years].mean(axis=1)))

    def probability(rate: float) -> float:
        lever = Lever("need", "approvals_per_year", region, "", "set", rate, first, None, "province", "need", "need")
        other = rerun(run, run.scenario.with_levers(lever))
        value = other.indicator("enrolment", "vocational_bachelor")[:, column, position]
        return float(np.mean(is_reached(reading.target, value, reading.bound[:, column])))

    return Need("approvals", now, _search(probability, 0.0, 8.0), "count/year")


def _of_change(reading: Reading, column: int) -> Need:
    """Return the yearly change of the indicator from the base year on, as it is and as it would have to be."""
    seen = int(np.argmax(np.isfinite(reading.value).any(axis=0)))
    years = max(column - seen, 1)
    now = float(np.nanmedian(reading.value[:, column] - reading.value[:, seen])) / years
    if is_roughly_equal(reading.target):
        return _of_balance(reading, column, now, years)
    value, bound = reading.value[:, column], reading.bound[:, column]
    sign = -1.0 if reading.target.comparator == "<=" else 1.0

    def probability(shift: float) -> float:
        return float(np.mean(is_reached(reading.target, value + sign * shift, bound)))

    furthest = float(np.nanmax(np.abs(bound - value)))
    return Need(
        "change", now, now + sign * _search(probability, 0.0, furthest) / years, unit_of(reading.target, reading.name)
    )


def _of_balance(reading: Reading, column: int, now: float, years: int) -> Need:
    """Return the yearly change that takes a two-sided target to the middle of its band; infinite where P stays low."""
    value = reading.value[:, column]
    shift = 0.5 * sum(RATIO_BAND) - float(np.nanmedian(value))
    reached = float(np.mean(is_reached(reading.target, value + shift, reading.bound[:, column])))
    return Need(
        "change", now, now + shift / years if reached >= LIKELY else float("inf"), unit_of(reading.target, reading.name)
    )
