"""All that a file of histories says, cell by cell, before anything is concluded from it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
ENROLMENT, ENTRANTS, GRADUATES = range(3)
"""Places of the counts in ``Record.counts``."""


@dataclass(frozen=True)
class Column:
    """A series of a region: a grade of a stage, or the whole stage where ``grade`` is None.

    Notes
    -----
    Shape and unit: none. Errors: none. Source: the file; ``stage`` is the canonical name of data/histories/labels.csv.
    """

    stage: str
    grade: int | None


@dataclass(frozen=True, eq=False)
class Births:
    """Births behind the first grade.

    Notes
    -----
    Shape: ``birth_years`` and ``births`` (region, year of the first grade). Unit: persons; NaN where unknown, and the
    birth year is 0 there. Errors: none. Source: the file of births.
    """

    regions: tuple[str, ...]
    first_grade_years: tuple[int, ...]
    birth_years: NDArray[np.int64]
    births: Floats

    def until(self, year: int) -> Births | None:
        """Return the births up to a year, None if there are none; unit: persons; errors: none; source: the table."""
        later = self.birth_years > year
        return self._without(np.where(later, 0, self.birth_years), np.where(later, np.nan, self.births))

    def only(self, regions: tuple[str, ...]) -> Births | None:
        """Return the births of regions in their order, NaN for one that has none, or None if none of them has any.

        Notes
        -----
        Shape: (region, year). Unit: persons. Errors: none. Source: the table.
        """
        years = np.zeros((len(regions), len(self.first_grade_years)), dtype=np.int64)
        births = np.full(years.shape, np.nan)
        place = {region: row for row, region in enumerate(self.regions)}
        here = [row for row, region in enumerate(regions) if region in place]
        there = [place[regions[row]] for row in here]
        years[here], births[here] = self.birth_years[there], self.births[there]
        return Births(regions, self.first_grade_years, years, births)._without(years, births)

    def _without(self, years: NDArray[np.int64], births: Floats) -> Births | None:
        """Return the table without the years of which nothing is known."""
        known = ~np.isnan(births)
        some = np.asarray(known.any(axis=0), dtype=bool)
        if not some.any():
            return None
        kept = tuple(self.first_grade_years[place] for place in np.flatnonzero(some))
        return Births(self.regions, kept, frozen(np.where(known, years, 0)[:, some]), frozen(births[:, some]))


@dataclass(frozen=True, eq=False)
class Record:
    """The cells of a file, of regions too short to learn from as well.

    Notes
    -----
    Shape: ``counts`` (3, region, column, year): enrolment, entrants, graduates; ``labels`` (region, column, year): how
    the grade was written, None where the file has no row. Unit: persons, NaN where unknown. Errors: none. Source: the
    file; graduates beside a grade in year t leave in the summer after school year t, those of a whole stage in summer
    t of the same number.
    """

    name: str
    regions: tuple[str, ...]
    years: tuple[int, ...]
    columns: tuple[Column, ...]
    counts: Floats
    labels: NDArray[Any]
    births: Births | None

    def until(self, year: int) -> Record:
        """Return what was known in autumn of a year; shape, unit: as here; errors: none; source: the record."""
        kept = sum(1 for other in self.years if other <= year)
        counts = self.counts[..., :kept].copy()
        if kept and self.years[kept - 1] == year:
            graded = [place for place, column in enumerate(self.columns) if column.grade is not None]
            counts[GRADUATES, :, graded, -1] = np.nan
        births = self.births.until(year) if self.births else None
        return Record(
            self.name, self.regions, self.years[:kept], self.columns, frozen(counts),
            frozen(self.labels[..., :kept].copy()), births,
        )  # fmt: skip

    def only(self, regions: Collection[str]) -> Record:
        """Return the rows of some regions; shape, unit: as here; errors: none; source: the record."""
        places = [place for place, region in enumerate(self.regions) if region in regions]
        names = tuple(self.regions[place] for place in places)
        births = self.births.only(names) if self.births else None
        return Record(
            self.name, names, self.years, self.columns, frozen(self.counts[:, places]), frozen(self.labels[places]),
            births,
        )  # fmt: skip


def frozen(array: NDArray[Any]) -> NDArray[Any]:
    """Return the array, read-only from here on; shape, unit: its own; errors: none; source: the caller's own array."""
    array.setflags(write=False)
    return array
