"""What is odd about a history: gaps, zeros, breaks, mergers, labels that change, sums that do not meet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from simvet.histories.folding import Folded, fold
from simvet.histories.record import ENROLMENT, ENTRANTS, Floats, Record

COUNTS = ("enrolment", "entrants", "graduates")
SPREADS = 6.0
"""Robust standard deviations that a change must lie off the usual one to be a break."""
TO_DEVIATION = 1.4826
"""Standard deviations of a normal distribution in its median absolute deviation, Rousseeuw and Croux (1993)."""
LEAST_DEVIATION = 0.005
"""Share; a region whose changes are all but equal would make a break of any other change."""
LEAST_BREAK = 0.04
"""Share; a smaller departure is none, however even the other years are."""
MERGER = (0.5, 1.5)
"""Share of a vanished region's last total by which another one may have jumped to have taken it over."""
SUMS_APART = 0.01
"""Share by which grades and their stage may differ, from pupils without a grade."""


@dataclass(frozen=True)
class Flag:
    """Something odd about a region; its counts stand as they are.

    Notes
    -----
    Shape: none. Unit: ``facts`` hold shares and persons. ``kind`` is missing_year, missing_cell, zero_count, break,
    merged, entrants_exceed, renamed_grade, too_short, mixed_grades or sums_differ; ``year`` is None and ``stage``
    empty where they do not matter. Errors: none. Source: :func:`find_flags`.
    """

    kind: str
    region: str
    year: int | None
    stage: str
    facts: Mapping[str, object] = field(hash=False)


def find_flags(
    record: Record, regions: tuple[str, ...], refused: Mapping[str, tuple[str, Mapping[str, object]]]
) -> tuple[Flag, ...]:
    """Return what is odd about the regions of a history.

    Parameters
    ----------
    record : Record; it holds nothing of later years than are looked at.
    regions : tuple of str; those that are learned from.
    refused : mapping of region -> (reason, facts).

    Returns
    -------
    tuple of Flag, by region, year, stage and kind.

    Notes
    -----
    Shape: none. Unit: see Flag. Errors: none. A region taken over may be one of those refused. Source: the record.
    """
    folded = fold(record)
    places = [record.regions.index(region) for region in regions]
    own = _Own(regions, record.years, folded, places)
    found = [Flag("too_short", region, None, "", facts) for region, (_, facts) in refused.items()]
    for part in (
        _gaps(own),
        _zeros(own),
        _breaks(own),
        _entrants(own),
        _mergers(record, folded),
        _renamed(record, places),
        _sums(own),
    ):
        found += part
    return tuple(sorted(found, key=lambda f: (f.region, f.year or 0, f.stage, f.kind, str(sorted(f.facts.items())))))


class _Own:
    """The series of the regions that are learned from."""

    def __init__(self, regions: tuple[str, ...], years: tuple[int, ...], folded: Folded, places: list[int]) -> None:
        self.regions, self.years, self.columns, self.stages = regions, years, folded.columns, folded.stages
        self.counts, self.kind, self.graded = folded.counts[:, places], folded.kind, folded.graded[places]
        self.summed, self.whole = folded.summed[places], folded.whole[places]

    def by_stage(self, kind: str, count: int, cells: NDArray[np.bool_]) -> Iterator[Flag]:
        """Yield one flag for each region, year and stage with a marked (region, column, year) cell."""
        for stage in self.stages:
            columns = [place for place, column in enumerate(self.columns) if column.stage == stage]
            for r, y in np.argwhere(cells[:, columns].any(axis=1)):
                marked = [self.columns[place].grade for place in columns if cells[r, place, y]]
                grades = tuple(grade for grade in marked if grade is not None)
                facts = {"count": COUNTS[count], "grades": grades}
                yield Flag(kind, self.regions[r], self.years[y], stage, facts)


def _span(known: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which years lie from the first to the last known one of each series, along the last axis."""
    begun = np.logical_or.accumulate(known, axis=-1)
    lasting = np.logical_or.accumulate(known[..., ::-1], axis=-1)[..., ::-1]
    return np.asarray(begun & lasting, dtype=bool)


def _gaps(own: _Own) -> Iterator[Flag]:
    """Yield the years, and in other years the cells, that are empty within a region's span."""
    known = ~np.isnan(own.counts)
    years = known[ENROLMENT].any(axis=1)
    span = _span(years)
    for r, y in np.argwhere(span & ~years):
        yield Flag("missing_year", own.regions[r], own.years[y], "", {})
    has = known[ENROLMENT].any(axis=2)
    yield from own.by_stage("missing_cell", ENROLMENT, has[:, :, None] & years[:, None] & ~known[ENROLMENT])
    for count in range(len(COUNTS)):
        if count != ENROLMENT:
            # These columns are optional: only what is empty between two known ones is missing.
            cells = _span(known[count]) & ~known[count] & years[:, None]
            yield from own.by_stage("missing_cell", count, cells)


def _zeros(own: _Own) -> Iterator[Flag]:
    for count in range(len(COUNTS)):
        yield from own.by_stage("zero_count", count, own.counts[count] == 0.0)


def _changes(enrolment: Floats) -> tuple[Floats, Floats]:
    """Return the totals before and after each pair of years, (region, year - 1), over the columns known in both."""
    both = ~np.isnan(enrolment[..., 1:]) & ~np.isnan(enrolment[..., :-1])
    before, after = (np.where(both, part, 0.0).sum(axis=1) for part in (enrolment[..., :-1], enrolment[..., 1:]))
    before[~both.any(axis=1) | (before <= 0.0)] = np.nan
    return before, after


def _usual(changes: Floats) -> float:
    """Return the median of the known changes of a region, 0 where there are none."""
    known = changes[~np.isnan(changes)]
    return float(np.median(known)) if known.size else 0.0


def _breaks(own: _Own) -> Iterator[Flag]:
    before, after = _changes(own.counts[ENROLMENT])
    changes = after / before - 1.0
    for region, row in zip(own.regions, changes, strict=True):
        usual = _usual(row)
        off = np.abs(row - usual)
        limit = max(SPREADS * max(TO_DEVIATION * _usual(off), LEAST_DEVIATION), LEAST_BREAK)
        for y in np.flatnonzero(off > limit):
            yield Flag("break", region, own.years[y + 1], "", {"change": float(row[y]), "usual": usual})


def _entrants(own: _Own) -> Iterator[Flag]:
    """Yield the stages that count more entrants than students: units or coverage differ."""
    if own.kind == "stages":
        with np.errstate(invalid="ignore"):
            more = own.counts[ENTRANTS] > own.counts[ENROLMENT]
        for r, s, y in np.argwhere(more):
            yield Flag("entrants_exceed", own.regions[r], own.years[y], own.stages[s], {})


def _mergers(record: Record, folded: Folded) -> Iterator[Flag]:
    """Yield the regions whose series ends as another one jumps by about their last total, beyond its usual growth."""
    enrolment = folded.counts[ENROLMENT]
    if enrolment.shape[2] < 2:
        return
    known = ~np.isnan(enrolment).all(axis=1)
    before, after = _changes(enrolment)
    changes = after / before - 1.0
    usual = np.array([_usual(row) for row in changes])
    jumps = after - before * (1.0 + usual[:, None])
    for gone in np.flatnonzero(known.any(axis=1) & ~known[:, -1]):
        last = int(np.flatnonzero(known[gone])[-1])
        total = float(np.nansum(enrolment[gone, :, last]))
        shares = jumps[:, last] / total if total > 0.0 else np.full(len(jumps), np.nan)
        taken = np.flatnonzero((shares >= MERGER[0]) & (shares <= MERGER[1]))
        if taken.size:
            into = min(taken, key=lambda place: abs(shares[place] - 1.0))
            facts = {"into": record.regions[into], "share": float(shares[into])}
            yield Flag("merged", record.regions[gone], record.years[last + 1], "", facts)


def _renamed(record: Record, places: list[int]) -> Iterator[Flag]:
    """Yield the years in which a region writes a grade otherwise than before."""
    for c, column in enumerate(record.columns):
        if column.grade is None:
            continue
        for place in places:
            written = [(y, label) for y, label in enumerate(record.labels[place, c]) if label is not None]
            if len({label for _, label in written}) < 2:
                continue
            for (_, was), (y, now) in pairwise(written):
                if was != now:
                    facts = {"grade": column.grade, "was": was, "now": now}
                    yield Flag("renamed_grade", record.regions[place], record.years[y], column.stage, facts)


def _sums(own: _Own) -> Iterator[Flag]:
    """Yield the stages that were summed from grades, and the years in which grades and their stage do not meet."""
    if own.kind == "stages":
        for r, s in np.argwhere(own.graded):
            yield Flag("mixed_grades", own.regions[r], None, own.stages[s], {})
    with np.errstate(invalid="ignore"):
        apart = np.abs(own.summed - own.whole) > SUMS_APART * own.whole
    for r, s, y in np.argwhere(apart):
        facts = {"sum": float(own.summed[r, s, y]), "whole": float(own.whole[r, s, y])}
        yield Flag("sums_differ", own.regions[r], own.years[y], own.stages[s], facts)
