"""What a picture of a run shows, in few numbers: bands, flows, binding limits, places, projects, cut-offs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simvet.projects import Built
from simvet.rules.names import LIMITS, PROVIDERS
from simvet.rules.pipeline import NEVER
from simvet.runs import Run
from simvet.targets import is_modelled

Floats = NDArray[np.float64]

LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9)
"""Quantiles of a band: the central 80 % and 50 % of draws, and the median."""
TOO_LATE = 0.5
"""Share of draws that have a project open by the year of its target, below which it is called too late."""


@dataclass(frozen=True)
class Fan:
    """An indicator over the years.

    Notes
    -----
    Shape: ``quantiles`` is (LEVELS, year), NaN where nothing is known. Unit: ``unit``. Errors: none. Source: the books.
    """

    indicator: str
    stage: str
    unit: str
    years: tuple[int, ...]
    quantiles: Floats


@dataclass(frozen=True, slots=True)
class Flow:
    """How many leavers of a pool take an option at a gate.

    Notes
    -----
    Unit: persons/year, mean over the draws, so that the flows of a gate add up to its pool. ``low`` and ``high`` bound
    the central 80 %. Errors: none. Source: the books, arrays ``placed``, ``declined`` and ``unplaced``.
    """

    gate: str
    option: str
    persons: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class CutOff:
    """Where an option closed.

    Notes
    -----
    Unit: score quantile from 0 to 1, median and central 80 %; ``closed`` is the share of draws in which it closed at
    all. Errors: none. Source: the books, array ``cutoff``.
    """

    gate: str
    option: str
    year: int
    median: float
    low: float
    high: float
    closed: float


@dataclass(frozen=True, slots=True)
class Bind:
    """Which limit sets the seats of a stage in a year.

    Notes
    -----
    Unit: share of draws. Errors: none. Source: the books, array ``binding``.
    """

    stage: str
    year: int
    limit: str
    share: float


@dataclass(frozen=True)
class Bar:
    """One unit of a project on the time line.

    Notes
    -----
    Unit: calendar years for ``start`` and ``finish`` (10 %, median, 90 %), a school year for ``needed_by`` (None where
    no target hangs on it), share of draws for ``in_time`` (open by then, NaN without a target) and ``never``; places
    (persons/year for an upgrade) and CNY for ``places`` and ``cost``, medians. Errors: none. Source: the project.
    """

    name: str
    labels: Mapping[str, str]
    stage: str
    number: int
    owner: str
    start: tuple[float, float, float]
    finish: tuple[float, float, float]
    needed_by: int | None
    in_time: float
    never: float
    places: float
    cost: float
    latest_start: int | None

    @property
    def too_late(self) -> bool:
        """Return whether more draws than not miss the year in which it is needed."""
        return self.needed_by is not None and self.in_time < TOO_LATE


@dataclass(frozen=True)
class Cohorts:
    """What falling cohorts do to the places of secondary vocational schools.

    Notes
    -----
    Unit: school years for ``peak`` (10 %, median, 90 % of draws); places for ``empty`` and ``excess`` (likewise) in
    the last year, ``excess`` being those of the empty ones that projects added; CNY for ``cost``, what the excess
    cost to build, 0 where nothing was built; NaN where no cost is known. Errors: none. Source: the books and projects.
    """

    last: int
    peak: tuple[float, float, float]
    peak_students: float
    last_students: float
    empty: tuple[float, float, float]
    excess: tuple[float, float, float]
    cost: tuple[float, float, float]


def fan_of(run: Run, region: str, indicator: str, stage: str) -> Fan:
    """Return an indicator of a region over the years; unit: its own; errors: InputError; source: the books."""
    values = run.indicator(indicator, stage)[:, :, run.books.regions.index(region)]
    quantiles = np.full((len(LEVELS), values.shape[1]), np.nan)
    known = np.isfinite(values).any(axis=0)
    if known.any():
        quantiles[:, known] = np.nanquantile(values[:, known], LEVELS, axis=0)
    return Fan(indicator, stage, run.unit(indicator, stage), tuple(run.books.years), quantiles)


def flows_of(run: Run, region: str, year: int) -> list[Flow]:
    """Return where the leavers of every pool go in a year.

    Notes
    -----
    Unit: persons/year. Errors: ValueError. Source: the books.
    """
    column, place = run.books.years.index(year), run.books.regions.index(region)
    arrays = run.books.arrays
    found = []
    for number, gate in enumerate(run.books.pathway.gates):
        for position, option in enumerate(gate.options):
            found.append(_flow(gate.key, option, arrays["placed"][:, column, place, number, position]))
        for rest in ("declined", "unplaced"):
            found.append(_flow(gate.key, rest, arrays[rest][:, column, place, number]))
    return [flow for flow in found if np.isfinite(flow.persons) and flow.persons > 0.0]


def _flow(gate: str, option: str, values: Floats) -> Flow:
    if not np.isfinite(values).any():
        return Flow(gate, option, float("nan"), float("nan"), float("nan"))
    low, high = (float(q) for q in np.nanquantile(values, [0.1, 0.9]))
    return Flow(gate, option, float(np.nanmean(values)), low, high)


def cutoffs_of(run: Run, region: str) -> list[CutOff]:
    """Return where the options of every gate closed, year by year.

    Notes
    -----
    Unit: score quantile. Errors: none. Source: books.
    """
    place = run.books.regions.index(region)
    values = run.books.arrays["cutoff"][:, :, place]
    found = []
    for number, gate in enumerate(run.books.pathway.gates):
        for position, option in enumerate(gate.options):
            for column, year in enumerate(run.books.years):
                drawn = values[:, column, number, position]
                if np.isfinite(drawn).any():
                    low, median, high = (float(q) for q in np.nanquantile(drawn, [0.1, 0.5, 0.9]))
                    closed = float(np.nanmean(drawn > 0.0))
                    found.append(CutOff(gate.key, option, year, median, low, high, closed))
    return found


def binding_of(run: Run, region: str) -> list[Bind]:
    """Return which limit sets the seats of each stage, year by year.

    Notes
    -----
    Unit: share of draws. Errors: none. Source: books.
    """
    place = run.books.regions.index(region)
    found = []
    for position, stage in enumerate(run.books.pathway.stages):
        for column, year in enumerate(run.books.years):
            drawn = run.books.arrays["binding"][:, column, place, position]
            for number in np.unique(drawn[np.isfinite(drawn)]):
                found.append(Bind(stage, year, LIMITS[int(number)], float(np.mean(drawn == number))))
    return found


def timeline_of(run: Run, region: str) -> list[Bar]:
    """Return the projects of a region, unit by unit; unit: see Bar; errors: none; source: the scenario."""
    bars = []
    for built in run.schedule.built(run.books.regions.index(region)):
        needed = _needed_by(run, built)
        for number in range(built.opening.shape[1]):
            there = built.exists[:, number]
            if not there.any():
                continue
            opening, opens = built.opening[there, number], built.opening[there, number] < NEVER
            in_time = float(np.mean(opening <= needed)) if needed is not None else float("nan")
            latest = built.latest_start(needed) if needed is not None and built.project.durations else None
            bars.append(
                Bar(
                    built.project.name, dict(built.project.labels), built.project.stage, number + 1,
                    built.project.owner, _three(built.start[there, number]), _three(built.finish[there, number]),
                    needed, in_time, float(np.mean(~opens)), float(np.median(built.places[there, number])),
                    float(np.median(built.cost[there, number])), latest,
                )
            )  # fmt: skip
    return bars


def _three(values: Floats) -> tuple[float, float, float]:
    if not np.isfinite(values).any():
        return (float("nan"),) * 3
    low, median, high = (float(q) for q in np.nanquantile(values, [0.1, 0.5, 0.9]))
    return low, median, high


PLACE_TARGETS = ("places", "new_school_places", "built_schools", "school_investment")


def _needed_by(run: Run, built: Built) -> int | None:
    """Return the first year in which a target hangs on a project, None where none does."""
    project = built.project
    if project.places.high <= 0.0:
        return None
    years = [
        target.year
        for target in run.scenario.targets
        if is_modelled(target)
        and target.region == project.region
        and (
            (project.stage == "secondary_vocational" and target.key in PLACE_TARGETS)
            or (target.key == "enrolment" and target.stage == project.stage)
        )
    ]
    return min(years, default=None)


def cohorts_of(run: Run, region: str) -> Cohorts:
    """Return what falling cohorts do to secondary vocational places; unit: see Cohorts; errors: none; source: books."""
    place = run.books.regions.index(region)
    students = run.indicator("enrolment", "secondary_vocational")[:, :, place]
    places = run.indicator("places")[:, :, place]
    years = np.asarray(run.books.years, dtype=np.float64)
    empty = np.maximum(places[:, -1] - students[:, -1], 0.0)
    built = [b for b in run.schedule.built(place) if b.project.stage == "secondary_vocational"]
    added = [b for b in built if b.project.places.high > 0.0]
    last = run.books.years[-1]
    opened = np.sum([b.brought(last) for b in added], axis=0) if added else np.zeros(run.draws)
    spent = (
        np.sum([np.where(b.open_by(last), b.cost, 0.0).sum(axis=1) for b in added], axis=0)
        if added
        else np.zeros(run.draws)
    )
    excess = np.minimum(empty, opened)
    with np.errstate(invalid="ignore", divide="ignore"):
        cost = np.where(opened > 0.0, spent * excess / opened, 0.0)
    peak = years[np.nanargmax(students, axis=1)]
    return Cohorts(
        last, _three(peak), float(np.nanmedian(np.nanmax(students, axis=1))), float(np.nanmedian(students[:, -1])),
        _three(empty), _three(excess), _three(cost),
    )  # fmt: skip


def trend_of(run: Run, region: str, reading: str, stage: str) -> tuple[float, ...]:
    """Return the median of a target's indicator, year by year.

    Notes
    -----
    Unit: the target's. Errors: InputError. Source: books.
    """
    values = run.indicator(reading, stage)[:, :, run.books.regions.index(region)]
    known = np.isfinite(values).any(axis=0)
    medians = np.full(values.shape[1], np.nan)
    if known.any():
        medians[known] = np.nanmedian(values[:, known], axis=0)
    return tuple(float(m) for m in medians)


VIEWS: dict[str, Callable[..., Any]] = {
    "fan": fan_of,
    "flows": flows_of,
    "cutoffs": cutoffs_of,
    "binding": binding_of,
    "timeline": timeline_of,
    "cohorts": cohorts_of,
    "trend": trend_of,
}
"""Every view that a page asks for, by name."""
STUDENT_FANS: tuple[tuple[str, str], ...] = (
    ("enrolment", "secondary_vocational"), ("enrolment", "general_high"), ("enrolment", "higher_vocational"),
    ("enrolment", "vocational_bachelor"), ("enrolment", "bachelor"), ("enrolment", "middle"),
    ("entrants", "secondary_vocational"), ("entrants", "general_high"), ("entrants", "higher_vocational"),
    ("graduates", "middle"), ("progression_rate", "region"), ("topup_rate", "region"),
    ("integrated_share", "region"), ("general_vocational_ratio", "region"), ("dropout_rate", "region"),
    ("local_retention", "region"),
)  # fmt: skip
"""Indicators of the page about students, in the order in which it offers them."""
CAPACITY_FANS: tuple[tuple[str, str], ...] = (
    ("places", "region"), ("recurrent_need", "region"), ("capital_need", "region"), ("financing_gap", "region"),
    *((name, stage) for name in ("students_per_teacher", "dual_qualified_share", "equipment_per_student",
                                 "effective_places") for stage in PROVIDERS),
)  # fmt: skip
"""Indicators of the page about capacity."""


def wanted_views(run: Run) -> list[tuple[Any, ...]]:
    """Return every view that the pages may ask of a run: what a worker packs up.

    Notes
    -----
    Unit, errors: none. Source: the pages.
    """
    region = run.books.regions[0]
    asked: list[tuple[Any, ...]] = [("fan", region, *pair) for pair in (*STUDENT_FANS, *CAPACITY_FANS)]
    asked += [("flows", region, year) for year in run.books.years[1:]]
    asked += [(name, region) for name in ("cutoffs", "binding", "timeline", "cohorts")]
    return asked
