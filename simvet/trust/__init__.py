"""How far to trust each figure of a run: a light of three levels, its reasons, and when not to use the figure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from simvet.indicators import find_item
from simvet.runs import Run
from simvet.sources import chain_of
from simvet.targets import is_reached
from simvet.trust.hindcasts import Hindcast, hindcast_of, hindcasts
from simvet.trust.histories import History, Source, history_of, sources_of
from simvet.trust.levels import LEVELS, Reason, Thresholds, Trust, from_below, thresholds, weigh
from simvet.trust.rules import (
    Change,
    assumed_reason,
    break_reason,
    distance_reason,
    hindcast_reason,
    history_reason,
)  # fmt: skip
from simvet.verdicts import PLAN_YEARS, Verdict

POINTS = ("share",)
"""Units whose changes are told in points; all others change by a part of what they were."""


def trust_of(run: Run, verdicts: Sequence[Verdict], errors: Path | None = None) -> tuple[Trust, ...]:
    """Return how far to trust what a run says about each target.

    Parameters
    ----------
    run : Run.
    verdicts : sequence of Verdict of that run.
    errors : Path, optional; errors of hindcasts, by default ``data/validation/errors.csv``.

    Returns
    -------
    tuple of Trust, one a verdict, in their order.

    Raises
    ------
    InputError : a table of rules or errors is wrong.

    Notes
    -----
    Unit: see Reason. The same for any order of the data's rows. Source: the data behind each figure, the run, and
    ``data/trust/rules.csv``.
    """
    limits, known = thresholds(), hindcasts(errors)
    return tuple(weigh(reasons_of(run, verdict, known, limits), limits) for verdict in verdicts)


def reasons_of(run: Run, v: Verdict, known: Sequence[Hindcast], limits: Thresholds) -> list[Reason]:
    """Return the reasons behind the light of one verdict.

    Parameters
    ----------
    run : Run.
    v : Verdict.
    known : sequence of Hindcast.
    limits : mapping of (rule, level) -> threshold.

    Returns
    -------
    list of Reason, one a rule that can be judged.

    Notes
    -----
    Unit: see Reason. Errors: none. Source: the data and the run.
    """
    target = v.target
    stage = run.stage_of(v.reading, target.stage)
    item = find_item(run.scenario, v.reading, stage)
    counted = (item.family, item.id) if item is not None and item.id in run.scenario.items[target.region] else None
    sources = sources_of(target, v.reading, stage, counted)
    past = history_of(run.scenario.rows[target.region], target.region, sources, _printed(run, v))
    relative = v.unit not in POINTS
    found = [history_reason(past, limits), break_reason(past, relative, limits), _assumed(run, v, stage, limits)]
    if target.kind != "baseline":
        found += [_distance(run, v, past, relative, limits), _tested(run, v, sources, past, known, limits)]
    return [reason for reason in found if reason is not None]


def _printed(run: Run, v: Verdict) -> list[tuple[int, float]]:
    """Return the bases that plans of the region print for what a verdict is about."""
    return [
        (t.base_year, t.base_value)
        for t in sorted(run.scenario.targets, key=lambda t: t.where)
        if (t.region, t.key, t.stage, t.unit) == (v.target.region, v.target.key, v.target.stage, v.target.unit)
        and t.base_value is not None and t.base_year is not None and v.reading == v.target.key
    ]  # fmt: skip


def _assumed(run: Run, v: Verdict, stage: str, limits: Thresholds) -> Reason:
    chain = chain_of(run, v.reading, stage, v.target.region)
    # What hangs on building alone rests on the projects' own facts.
    statuses = [row.status for row in chain.inputs] or [project.status for project in chain.projects]
    return assumed_reason(statuses.count("assumed"), len(statuses), v.assumed_base, _agreement(v, limits), limits)


def _gap(v: Verdict) -> float:
    """Return how far the median lies from where the verdict would turn."""
    return abs(v.median - v.bound)


def _agreement(v: Verdict, limits: Thresholds) -> float:
    """Return the share of draws that give the same answer, half where too few were drawn to agree on anything."""
    return max(v.probability, 1.0 - v.probability) if v.draws >= limits[("assumed_draws", "least")] else 0.5


def _base_year(run: Run, v: Verdict) -> int:
    """Return the year of a verdict's base, as the milestones have it."""
    if v.target.base_value is not None and v.target.base_year is not None:
        return v.target.base_year
    years = run.books.years
    place = run.books.regions.index(v.target.region)
    values = run.indicator(v.reading, run.stage_of(v.reading, v.target.stage))[:, :, place]
    seen = int(np.argmax(np.isfinite(values).any(axis=0)))
    return min(max(years[seen], v.target.year - PLAN_YEARS), years[-1])


def _distance(run: Run, v: Verdict, past: History, relative: bool, limits: Thresholds) -> Reason | None:
    """Return what the distance says; nothing where no base or no time lies between base and target."""
    span = v.target.year - _base_year(run, v)
    if span <= 0 or not np.isfinite([v.base_value, v.median, v.bound]).all():
        return None
    there = bool(is_reached(v.target, np.array(v.base_value), np.array(v.bound)))
    changes = [(0.0 if there else v.bound - v.base_value), v.median - v.base_value]
    # From nothing no growth can be told in parts of what was.
    whole = abs(v.base_value) or abs(v.bound) or 1.0
    parts = [change / span / (whole if relative else 1.0) for change in changes]
    scale = max(abs(v.bound), abs(v.base_value)) / (whole if relative else 1.0)
    clear = from_below("assumed_agreement", _agreement(v, limits), limits) != "low"
    change = Change(parts[0], parts[1], relative, scale, clear)
    return distance_reason(past, change, v.target.year, limits)


def _tested(
    run: Run, v: Verdict, sources: Sequence[Source], past: History, known: Sequence[Hindcast], limits: Thresholds
) -> Reason:
    case = next(case for case in run.scenario.regions if case.region == v.target.region)
    lead = max(v.target.year - (past.years[-1] if past.years else case.base_year), 1)
    least = limits[("hindcast_forecasts", "least")]
    measured = [source for source in sources if source.measure]
    found = [
        hindcast_of(known, v.target.region, source.stage, source.measure, lead, least) for source in measured
    ]  # fmt: skip
    gap = _gap(v) / abs(v.bound) if v.bound else np.inf
    return hindcast_reason(found, v.target.region, lead, float(gap), limits)


__all__ = ["LEVELS", "Reason", "Trust", "reasons_of", "trust_of"]
