"""A history of enrolment: counts by region, series and year, what is odd about them, and what was known in any year."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simvet.errors import InputError, nearest
from simvet.histories.flags import Flag, find_flags
from simvet.histories.folding import Kind, fold
from simvet.histories.record import ENROLMENT, ENTRANTS, GRADUATES, Births, Column, Floats, Record, frozen

LEAST_YEARS = 5
"""Consecutive years that a region must have to be learned from: four changes, the least that show a spread."""


@dataclass(frozen=True, eq=False)
class History:
    """Enrolment, entrants and graduates of the regions of a file that have enough years.

    Notes
    -----
    Shape: ``enrolment``, ``entrants`` and ``graduates`` (region, column, year), read-only; ``years`` are consecutive.
    Unit: persons, NaN where unknown; a zero is one that the file has. Graduates stand beside the school year that they
    end in a history of kind ``grades`` (they leave in the summer after it) and beside the year in whose summer they
    leave in one of kind ``stages``. ``refused`` is region -> (reason, facts). Errors: none. Source: ``record``, the
    cells of the file, also of the regions refused; everything else follows from it.
    """

    name: str
    kind: Kind
    regions: tuple[str, ...]
    years: tuple[int, ...]
    columns: tuple[Column, ...]
    enrolment: Floats
    entrants: Floats
    graduates: Floats
    births: Births | None
    refused: Mapping[str, tuple[str, Mapping[str, object]]]
    least: int
    record: Record = field(repr=False)

    @cached_property
    def flags(self) -> tuple[Flag, ...]:
        """Return what is odd about the counts, by region and year; see :func:`simvet.histories.flags.find_flags`."""
        return find_flags(self.record, self.regions, self.refused)

    def until(self, year: int, least: int | None = None) -> History:
        """Return what was known in autumn of a year, as if the file had been written then.

        Parameters
        ----------
        year : int.
        least : int, optional; consecutive years that a region must have, by default as many as before.

        Returns
        -------
        History; the same whatever the file says of later years.

        Raises
        ------
        InputError : no region had enough years by then.

        Notes
        -----
        Unit: persons. Graduates beside a grade in ``year`` were not known yet, those of a whole stage were; births of
        ``year`` itself were. Source: ``record``.
        """
        return history_of(self.record.until(year), self.least if least is None else least)

    def only(self, regions: Collection[str]) -> History:
        """Return the history that a file of some of the regions would have given.

        Parameters
        ----------
        regions : collection of str; those refused may be among them.

        Returns
        -------
        History.

        Raises
        ------
        InputError : there is no such region, or all of them are refused.

        Notes
        -----
        Unit: persons. Source: ``record``.
        """
        for region in regions:
            if region not in self.record.regions:
                raise InputError(
                    self.name, "region {region!r} has no data", "Did you mean {near!r}? Known: {known}", region=region,
                    near=nearest(region, self.record.regions), known=", ".join(self.record.regions),
                )  # fmt: skip
        return history_of(self.record.only(regions), self.least)


def history_of(record: Record, least: int = LEAST_YEARS) -> History:
    """Return the history that a record gives.

    Parameters
    ----------
    record : Record.
    least : int; consecutive years with an enrolment that a region must have at the end of its series.

    Returns
    -------
    History.

    Raises
    ------
    InputError : no region has as many.

    Notes
    -----
    Shape and unit: see History. Source: the record alone.
    """
    folded = fold(record)
    runs = [_last_run(row) for row in (~np.isnan(folded.counts[ENROLMENT])).any(axis=1)]
    refused = _refused(record, runs, least)
    places = [place for place, (run, _) in enumerate(runs) if run >= max(least, 1)]
    if not places:
        raise _too_short(record, len(refused), least, max((run for run, _ in runs), default=0))
    known = ~np.isnan(folded.counts[:, places])
    columns, years = np.flatnonzero(known.any(axis=(0, 1, 3))), np.flatnonzero(known.any(axis=(0, 1, 2)))
    counts = folded.counts[:, places][:, :, columns, years[0] : years[-1] + 1]
    regions = tuple(record.regions[p] for p in places)
    return History(
        name=record.name, kind=folded.kind, regions=regions, years=record.years[years[0] : years[-1] + 1],
        columns=tuple(folded.columns[place] for place in columns),
        enrolment=_alone(counts[ENROLMENT]), entrants=_alone(counts[ENTRANTS]), graduates=_alone(counts[GRADUATES]),
        births=record.births.only(regions) if record.births else None,
        refused=refused, least=least, record=record,
    )  # fmt: skip


def _too_short(record: Record, count: int, least: int, most: int) -> InputError:
    return InputError(
        record.name, "of {count} regions none ends in {least} years in a row; the longest has {most}",
        "Give more years, or fill the years between", count=count, least=least, most=most,
    )  # fmt: skip


def _alone(counts: Floats) -> Floats:
    """Return a read-only copy in C order, so that equal tables give equal bytes."""
    return frozen(np.array(counts, order="C"))


def _last_run(known: NDArray[np.bool_]) -> tuple[int, NDArray[np.int64]]:
    """Return how many consecutive years a series ends in, and the places of all years that it has."""
    years = np.flatnonzero(known)
    gaps = np.flatnonzero(np.diff(years) > 1)
    return int(years.size - (gaps[-1] + 1 if gaps.size else 0)), years


def _refused(
    record: Record, runs: list[tuple[int, NDArray[np.int64]]], least: int
) -> dict[str, tuple[str, Mapping[str, object]]]:
    """Return the regions with too few consecutive years, with the reason; a region of later years only is none yet."""
    written = (record.labels != np.array(None)).any(axis=(1, 2))
    found: dict[str, tuple[str, Mapping[str, object]]] = {}
    for region, (run, years), here in zip(record.regions, runs, written, strict=True):
        if here and run < max(least, 1):
            alone = years.size > 1 and bool((np.diff(years) > 1).all())
            last = record.years[years[-1]] if years.size else None
            facts = {"years": run, "least": least, "last": last}
            found[region] = ("no_consecutive_years" if alone else "too_short", facts)
    return found
