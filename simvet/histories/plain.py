"""The plain methods that a model has to beat: last value, drift, cohort survival or stage flow, smoothing."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np

from simvet.histories.components import Floats
from simvet.histories.grades import births_by_year
from simvet.histories.labels import stage_facts
from simvet.histories.outlook import sight_of, stage_sums
from simvet.histories.table import History

DRIFT_YEARS = 3
DAMPING = 0.9
GRID = tuple(itertools.product((0.2, 0.4, 0.6, 0.8, 1.0), (0.0, 0.1, 0.3, 0.6)))
"""Weights of level and slope that smoothing chooses from, by its own one-step errors before the origin."""


def plain_forecasts(history: History, leads: int) -> Mapping[str, Floats]:
    """Return what the plain methods foretell.

    Parameters
    ----------
    history : History.
    leads : int, years ahead.

    Returns
    -------
    dict of method -> (region, series, lead) array; series as in ``sight_of``.

    Notes
    -----
    ``naive``: last known value; ``drift3``: mean growth of three years goes on; ``smoothing``: Holt's exponential
    smoothing with a damped trend, on logs; ``cohort_survival`` (by grade) or ``stage_flow`` (by stage) with ratios of
    the last year or the mean of three. Unit: persons. Errors: none. Source: Gardner & McKenzie (1985) for smoothing;
    NCES, Projections of Education Statistics, appendix A, for cohort survival.
    """
    counts = sight_of(history).counts
    found = {
        "naive": np.repeat(_last(counts)[..., None], leads, axis=2),
        "drift3": _drift(counts, leads),
        "smoothing": _smoothing(counts, leads),
    }
    for years in (1, 3):
        if history.kind == "grades":
            found[f"cohort_survival_{years}y"] = _cohort_survival(history, leads, years)
        else:
            found[f"stage_flow_{years}y"] = _stage_flow(history, leads, years)
    return found


def _last(counts: Floats) -> Floats:
    known = np.isfinite(counts)
    place = counts.shape[-1] - 1 - np.argmax(known[..., ::-1], axis=-1)
    last: Floats = np.take_along_axis(counts, place[..., None], axis=-1)[..., 0]
    return last


def _drift(counts: Floats, leads: int) -> Floats:
    """Return the last known value grown on; the clock begins in the year of that value."""
    years = counts.shape[-1]
    ahead = np.full((*counts.shape[:-1], leads), np.nan)
    known = np.isfinite(counts)
    place = years - 1 - np.argmax(known[..., ::-1], axis=-1)
    for index in np.ndindex(counts.shape[:-1]):
        end = place[index]
        start = end - DRIFT_YEARS
        if start >= 0 and known[index][start] and counts[index][start] > 0:
            growth = (counts[index][end] / counts[index][start]) ** (1 / DRIFT_YEARS)
            ahead[index] = counts[index][end] * growth ** (np.arange(1, leads + 1) + years - 1 - end)
    return ahead


def _smoothing(counts: Floats, leads: int) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        logs = np.log(np.where(counts > 0, counts, np.nan))
    flat = logs.reshape(-1, logs.shape[-1])
    best = np.full(len(flat), np.inf)
    found = np.full((len(flat), leads), np.nan)
    for level_weight, slope_weight in GRID:
        level, slope = np.full(len(flat), np.nan), np.zeros(len(flat))
        loss, seen = np.zeros(len(flat)), np.zeros(len(flat))
        for year in range(flat.shape[1]):
            now = flat[:, year]
            foretold = level + DAMPING * slope
            error = np.where(np.isfinite(now) & np.isfinite(level), now - foretold, 0.0)
            first = np.isfinite(now) & ~np.isfinite(level)
            level = np.where(first, now, foretold + level_weight * error)
            slope = np.where(first, 0.0, DAMPING * slope + level_weight * slope_weight * error)
            loss, seen = loss + error**2, seen + 1
        better = (loss < best - 1e-15) & np.isfinite(level)
        best = np.where(better, loss, best)
        ahead = level[:, None] + slope[:, None] * np.cumsum(DAMPING ** np.arange(1, leads + 1))
        found[better] = ahead[better]
    return np.asarray(np.exp(found).reshape(*counts.shape[:-1], leads), dtype=float)


def _recent(ratios: Floats, years: int) -> Floats:
    """Return the mean of the last ``years`` positions of the last axis that are known; NaN where none is."""
    some = ratios[..., -years:]
    known = np.isfinite(some)
    total = np.where(known, some, 0.0).sum(axis=-1)
    mean: Floats = np.where(known.any(axis=-1), total / np.maximum(known.sum(axis=-1), 1), np.nan)
    return mean


def _cohort_survival(history: History, leads: int, years: int) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        enrolment = np.where(history.enrolment > 0, history.enrolment, np.nan)
        up = _recent(enrolment[:, 1:, 1:] / enrolment[:, :-1, :-1], years)
        left = history.graduates[:, -1] / enrolment[:, -1]
    known = np.isfinite(left)
    ends = left.shape[1] - 1 - np.argmax(known[:, ::-1], axis=1)
    leaving = np.array([_recent(left[r, : end + 1], years) if known[r].any() else np.nan for r, end in enumerate(ends)])
    births = births_by_year(history, history.years)
    last = history.years[-1]
    ahead_births = births_by_year(history, tuple(range(last + 1, last + leads + 1)))
    entry = _recent(enrolment[:, 0] / births, years) if births is not None else np.ones(len(enrolment))
    now, path, graduates = enrolment[:, :, -1], [], []
    for lead in range(leads):
        first = (ahead_births[:, lead] if ahead_births is not None else now[:, 0]) * entry
        now = np.concatenate([first[:, None], now[:, :-1] * up], axis=1)
        path.append(now)
        graduates.append(now[:, -1] * leaving)
    cells = np.stack(path, axis=2)
    sums = np.stack([cells[:, list(columns)].sum(axis=1) for _, columns in stage_sums(history)], axis=1)
    return np.concatenate([cells, sums, np.stack(graduates, axis=1)[:, None]], axis=1)


def _stage_flow(history: History, leads: int, years: int) -> Floats:
    facts = [stage_facts(column.stage) for column in history.columns]
    names = [one.canonical for one in facts]
    past = len(history.years)
    blank = np.full((len(history.regions), len(names), leads), np.nan)
    enrolment, entrants, graduates = (
        np.concatenate([np.where(one > 0, one, np.nan), blank], axis=2)
        for one in (history.enrolment, history.entrants, history.graduates)
    )
    order = sorted(range(len(facts)), key=lambda k: facts[k].position)
    with np.errstate(invalid="ignore", divide="ignore"):
        for now in range(past, past + leads):
            for s in order:
                length = facts[s].years
                ratio = (
                    graduates[:, s, length:past] / entrants[:, s, : past - length] if past > length else blank[:, s, :0]
                )
                usual = _recent(ratio, years) if ratio.shape[1] else np.full(len(blank), np.nan)
                flow = entrants[:, s, now - length] * usual if now >= length else usual
                graduates[:, s, now] = np.where(np.isfinite(flow), flow, graduates[:, s, past - 1])
            for s in order:
                feeders = [names.index(f) for f in facts[s].feeders if f in names]
                pool = graduates[:, feeders].sum(axis=1)
                rate = _recent(entrants[:, s, :past] / pool[:, :past], years)
                entrants[:, s, now] = rate * pool[:, now] if feeders else entrants[:, s, past - 1]
                kept = (enrolment[:, s, 1:past] - entrants[:, s, 1:past] + graduates[:, s, 1:past]) / enrolment[
                    :, s, : past - 1
                ]
                enrolment[:, s, now] = (
                    enrolment[:, s, now - 1] * _recent(kept, years) + entrants[:, s, now] - graduates[:, s, now]
                )
    return np.concatenate([enrolment[:, :, past:], entrants[:, :, past:], graduates[:, :, past:]], axis=1)
