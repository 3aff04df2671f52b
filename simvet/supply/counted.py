"""Items of a plan in every draw: things built or won, shares that spread, services, events."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from simvet.draws import cohort_key
from simvet.items import BASES, PACES, Item
from simvet.rules.adoption import adopted_share, won_by_year
from simvet.rules.drift import poisson_counts, wander
from simvet.schedule import Schedule
from simvet.supply.instruments import ACTS_ON, effect_of

Floats = NDArray[np.float64]

Change = Callable[[Floats], Floats]
"""A yearly pace -> another one; used to ask what pace a target would need."""


def item_path(schedule: Schedule, position: int, item: Item, change: Change | None = None) -> Floats:
    """Return an item over the years.

    Parameters
    ----------
    schedule : Schedule.
    position : int; the region.
    item : Item.
    change : callable, optional; what is done to its yearly pace.

    Returns
    -------
    (draw, year) array; things, share, amount a year, total since ``total_from``, or events a year.

    Raises
    ------
    InputError : the region's data lack the item's rows.

    Notes
    -----
    Unit: that of the register's row. Source: MODEL, section 6.
    """
    base = schedule.sample(position).of(BASES[item.family], item.id)
    pace = schedule.whole(schedule.path(position, PACES[item.family], item.id))
    pace = pace if change is None else np.asarray(change(pace))
    acting = schedule.calendar >= item.since
    return FAMILIES[item.family](schedule, position, item, base, np.where(acting, pace, 0.0))


def _count(schedule: Schedule, position: int, item: Item, base: Floats, pace: Floats) -> Floats:
    success = schedule.whole(schedule.path(position, "success_rate", item.process))
    lead = schedule.whole(schedule.path(position, "lead_time", item.process))
    starts = pace * np.maximum(1.0 + effect_of(schedule, position, item.key), 0.0)
    low, high, decision = schedule.draws.key("item")
    name = f"{schedule.scenario.regions[position].region}/{item.id}"
    # No more schools can be named than there are.
    most = item.units or np.inf
    if not schedule.uncertainty.drift:
        # Without chance every year wins its expectation.
        return np.minimum(base[:, None] + _expected(starts, success, lead), most)
    won = won_by_year(
        low, high, decision, cohort_key(name), schedule.first, np.ascontiguousarray(starts),
        np.ascontiguousarray(success), np.ascontiguousarray(lead),
        schedule.draws.each("item", 0, f"{name}/phase", schedule.count), schedule.draws.rows(schedule.count),
    )  # fmt: skip
    return np.minimum(np.rint(base)[:, None] + won, most)


def _expected(starts: Floats, success: Floats, lead: Floats) -> Floats:
    """Return the expected number won by each year, shape (draw, year)."""
    won = np.zeros(starts.shape)
    years = starts.shape[1]
    for column in range(years):
        arrival = column + np.rint(lead[:, column]).astype(np.int64)
        rows = np.flatnonzero(arrival < years)
        won[rows, arrival[rows]] += starts[rows, column] * success[rows, column]
    return np.cumsum(won, axis=1)


def _share(schedule: Schedule, position: int, item: Item, base: Floats, pace: Floats) -> Floats:
    lift = np.cumsum(pace, axis=1) + effect_of(schedule, position, item.key)
    units = float(item.units) if item.units else np.nan
    return adopted_share(base, lift, _drift(schedule, position, item), units)


def _service(schedule: Schedule, position: int, item: Item, base: Floats, pace: Floats) -> Floats:
    level = schedule.whole(schedule.path(position, "service_level", item.id))
    boost = np.maximum(1.0 + effect_of(schedule, position, item.key), 0.0)
    yearly = base[:, None] * np.cumprod(np.maximum(1.0 + pace, 0.0), axis=1) * level * boost
    yearly = yearly * np.exp(_drift(schedule, position, item))
    if not item.total_from:
        return np.asarray(yearly)
    return np.asarray(np.cumsum(np.where(schedule.calendar >= item.total_from, yearly, 0.0), axis=1))


def _event(schedule: Schedule, position: int, item: Item, base: Floats, pace: Floats) -> Floats:
    level = schedule.whole(schedule.path(position, "service_level", item.id))
    mean = base[:, None] * np.cumprod(np.maximum(1.0 + pace, 0.0), axis=1) * level
    if not schedule.uncertainty.drift:
        return np.asarray(mean)
    low, high, decision = schedule.draws.key("item")
    cohort = cohort_key(f"{schedule.scenario.regions[position].region}/{item.id}")
    return poisson_counts(
        low, high, decision, cohort, schedule.first, np.ascontiguousarray(mean), schedule.draws.rows(schedule.count)
    )


def _drift(schedule: Schedule, position: int, item: Item) -> Floats:
    """Return yearly drift, logit or log, zero up to the item's own base, shape (draw, year)."""
    case = schedule.scenario.regions[position]
    if not schedule.uncertainty.drift:
        return np.zeros((schedule.count, len(schedule.calendar)))
    low, high, decision = schedule.draws.key("drift")
    sample = schedule.sample(position)
    return wander(
        low, high, decision, cohort_key(f"{case.region}/item/{item.id}"), schedule.first, len(schedule.calendar),
        max(case.base_year, item.since - 1), sample.of("drift_persistence"), sample.of("drift_sd"),
        schedule.draws.rows(schedule.count),
    )  # fmt: skip


FAMILIES: dict[str, Callable[[Schedule, int, Item, Floats, Floats], Floats]] = {
    "count": _count,
    "share": _share,
    "service": _service,
    "event": _event,
}
"""How each family of items moves."""


RESTS_ON = frozenset((*PACES.values(), "service_level", "success_rate", "lead_time", *ACTS_ON))
"""Quantities whose levers move items."""


def counted(schedule: Schedule, key: str) -> Floats:
    """Return an item of all regions over the years.

    Parameters
    ----------
    schedule : Schedule.
    key : str; the item's name.

    Returns
    -------
    (draw, year, region) array; NaN in regions that do not count it.

    Raises
    ------
    InputError : a region's data lack the item's rows.

    Notes
    -----
    Unit: that of the register's row. Source: MODEL, section 6.
    """
    found = np.full((schedule.count, len(schedule.calendar), len(schedule.scenario.regions)), np.nan)
    for position in schedule.positions:
        items = schedule.scenario.items[schedule.scenario.regions[position].region]
        if key in items:
            made = partial(item_path, schedule, position, items[key])
            found[:, :, position] = schedule.kept(f"item/{position}/{key}", RESTS_ON, made)
    return found
