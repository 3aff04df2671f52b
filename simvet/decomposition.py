"""Why an indicator changes from the base to a later year: what was under way, drift, and every lever, adding up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from math import factorial

import numpy as np
from numpy.typing import NDArray

from simvet.draws import Draws
from simvet.errors import InputError
from simvet.indicators import find_item
from simvet.runs import Run, rerun, run_years
from simvet.scenario import Scenario
from simvet.schedule import Schedule
from simvet.targets import column_of

Floats = NDArray[np.float64]
Worth = Callable[[frozenset[int]], Floats]
"""Which levers are pulled (by number) -> what that is worth, one value a draw."""

MOST_EXACT = 7
"""Levers up to which every combination is run (128 runs); beyond that orders are sampled."""
ORDERS = 24
"""Orders of levers that are sampled beyond that, each with its reverse."""


@dataclass(frozen=True)
class Part:
    """One reason for a change.

    Notes
    -----
    Shape: ``values`` is (draw,). Unit: the indicator's. ``kind`` is ``under_way`` (what the base year and steady rates
    bring), ``drift`` (yearly ups and downs), ``lever`` or ``project``; ``labels`` its name. Errors: none. Source: the
    runs.
    """

    kind: str
    labels: Mapping[str, str]
    owner: str
    values: Floats


@dataclass(frozen=True)
class Decomposition:
    """The change of an indicator from the base year to a target year, split into parts that add up in every draw.

    Notes
    -----
    Shape: ``base`` and ``final`` are (draw,). Unit: ``unit``. ``exact`` says that every combination of levers was run.
    Errors: none. Source: Shapley (1953), A value for n-person games; MODEL, section 8.
    """

    run: Run
    indicator: str
    stage: str
    region: str
    unit: str
    base_year: int
    year: int
    base: Floats
    final: Floats
    parts: tuple[Part, ...]
    exact: bool

    @property
    def gap(self) -> float:
        """Return the largest difference in any draw between the change and the sum of its parts."""
        return float(np.max(np.abs(self.final - self.base - sum(part.values for part in self.parts))))


def decompose(run: Run, indicator: str, year: int, stage: str = "region", region: str | None = None) -> Decomposition:
    """Split the change of an indicator from the base year to another year over drift and every lever and project.

    Parameters
    ----------
    run : Run.
    indicator : str; a key of INDICATORS, or the key of an item.
    year : int, school year.
    stage : str.
    region : str, optional; by default the first of the scenario.

    Returns
    -------
    Decomposition; the parts sum to the change in every draw.

    Raises
    ------
    InputError : the indicator, stage, region or year is wrong, or the indicator is not known in one of both years.

    Notes
    -----
    The worth of a set of levers is the indicator in that year with only these levers, on the same random numbers; each
    lever gets its Shapley value, so the order in which levers are named does not matter. Drift and the luck of
    starts come before the levers and are one part; what levers make of them is the levers'. Unit: the indicator's.
    Source: MODEL, section 8.
    """
    place = run.scenario.regions[0].region if region is None else region
    if place not in run.books.regions:
        raise InputError(
            "region", "region {region!r} is not in this scenario", "Did you mean {near!r}?", region=place,
            near=run.books.regions[0],
        )  # fmt: skip
    position = run.books.regions.index(place)
    values = run.indicator(indicator, stage)[:, :, position]
    column = column_of(run, year)
    known = np.flatnonzero(np.isfinite(values).all(axis=0))
    if not known.size or column not in known or column == known[0]:
        raise InputError(
            indicator, "the indicator has no change to explain from {base} to {year}",
            "Choose a later year, and an indicator that the region's data give",
            base=run.books.years[int(known[0])] if known.size else run.books.years[0], year=year,
        )  # fmt: skip
    start = int(known[0])
    item = find_item(run.scenario, indicator, stage)
    if item is not None and item.id in run.scenario.items[place]:
        # What a plan counts has a base of its own, which may be later than the students'.
        start = min(max(start, item.since - 1 - run.books.years[0]), column - 1)
    levers = _levers_of(run.scenario)

    def worth(pulled: frozenset[int]) -> Floats:
        if len(pulled) == len(levers):
            return values[:, column]
        return _read(rerun(run, _only(run.scenario, pulled)), indicator, stage, position, column)

    cached = _remembered(worth)
    exact = len(levers) <= MOST_EXACT
    shares = shapley(cached, len(levers)) if exact else sampled_shapley(cached, len(levers), run.seed)
    alone = cached(frozenset())
    steady = _read(_without_drift(run), indicator, stage, position, column)
    base = values[:, start]
    parts = [
        Part("under_way", {}, "none", steady - base),
        Part("drift", {}, "none", alone - steady),
        *(Part(kind, labels, owner, share) for (kind, labels, owner), share in zip(levers, shares, strict=True)),
    ]
    unit = run.unit(indicator, stage)
    return Decomposition(
        run, indicator, stage, place, unit, run.books.years[start], year, base, values[:, column], tuple(parts), exact
    )


def shapley(worth: Worth, players: int) -> list[Floats]:
    """Return the Shapley value of every player, all coalitions tried.

    Parameters
    ----------
    worth : callable; set of players -> (draw,) array.
    players : int.

    Returns
    -------
    list of (draw,) arrays; they sum to ``worth(all) - worth(none)``.

    Notes
    -----
    Unit: that of the worth. Errors: none. Source: Shapley (1953).
    """
    found = []
    for player in range(players):
        others = [other for other in range(players) if other != player]
        total = np.zeros_like(worth(frozenset()))
        for size in range(players):
            weight = factorial(size) * factorial(players - size - 1) / factorial(players)
            for chosen in combinations(others, size):
                before = frozenset(chosen)
                total = total + weight * (worth(before | {player}) - worth(before))
        found.append(total)
    return found


def sampled_shapley(worth: Worth, players: int, seed: int) -> list[Floats]:
    """Return Shapley values from sampled orders, each with its reverse; they still add up exactly.

    Parameters
    ----------
    worth : callable; set of players -> (draw,) array.
    players : int.
    seed : int; keys the orders.

    Returns
    -------
    list of (draw,) arrays; they sum to ``worth(all) - worth(none)``.

    Notes
    -----
    Unit: that of the worth. Errors: none. Source: Castro, Gomez & Tejada (2009), Polynomial calculation of the Shapley
    value based on sampling.
    """
    keyed = Draws(seed)
    drawn = [
        tuple(int(i) for i in np.argsort(keyed.uniform("item", number, "shapley/order", players)))
        for number in range(ORDERS)
    ]
    orders = [order for one in drawn for order in (one, one[::-1])]
    found = [np.zeros_like(worth(frozenset())) for _ in range(players)]
    for order in orders:
        pulled: frozenset[int] = frozenset()
        for player in order:
            after = pulled | {player}
            found[player] = found[player] + (worth(after) - worth(pulled)) / len(orders)
            pulled = after
    return found


def _remembered(worth: Worth) -> Worth:
    known: dict[frozenset[int], Floats] = {}

    def look(pulled: frozenset[int]) -> Floats:
        if pulled not in known:
            known[pulled] = worth(pulled)
        return known[pulled]

    return look


def _levers_of(scenario: Scenario) -> list[tuple[str, Mapping[str, str], str]]:
    """Return kind, name and owner of every lever, then of every project."""
    levers = [("lever", {lang: lever.title(lang) for lang in ("zh", "en")}, lever.owner) for lever in scenario.levers]
    return [*levers, *(("project", project.labels, project.owner) for project in scenario.projects)]


def _only(scenario: Scenario, pulled: frozenset[int]) -> Scenario:
    """Return the scenario with only some of its levers and projects."""
    count = len(scenario.levers)
    levers = tuple(lever for number, lever in enumerate(scenario.levers) if number in pulled)
    projects = tuple(project for number, project in enumerate(scenario.projects) if count + number in pulled)
    return replace(scenario, levers=levers, projects=projects)


def _without_drift(run: Run) -> Run:
    """Return the run with no lever, no project and no drift."""
    scenario = _only(run.scenario, frozenset())
    old = run.schedule
    steady = replace(old.uncertainty, drift=False)
    schedule = Schedule(scenario, old.draws, old.count, steady, old.openings)
    return Run(scenario, schedule, run_years(schedule, run.engine, run.seed), run.seed, run.engine)


def _read(run: Run, indicator: str, stage: str, position: int, column: int) -> Floats:
    return run.indicator(indicator, stage)[:, column, position]
