"""One kind of series for a whole file: grades where every stage has them, else stages, their grades summed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from simvet.histories.labels import stage_facts
from simvet.histories.record import ENROLMENT, ENTRANTS, GRADUATES, Column, Floats, Record

Kind = Literal["grades", "stages"]


@dataclass(frozen=True, eq=False)
class Folded:
    """The series of a file, all of one kind.

    Notes
    -----
    Shape: ``counts`` (3, region, column, year); ``summed`` and ``whole`` (region, stage, year), the sum of the grades
    where all that a region has are known, and the count of the whole stage beside them. Unit: persons, NaN where
    unknown. Errors: none. Source: :func:`fold`.
    """

    kind: Kind
    columns: tuple[Column, ...]
    counts: Floats
    stages: tuple[str, ...]
    graded: NDArray[np.bool_]
    summed: Floats
    whole: Floats


@dataclass(frozen=True, eq=False)
class _Stage:
    """The counts of one stage: (3, region, grade, year) by grade and (3, region, year) as a whole."""

    name: str
    columns: tuple[Column, ...]
    grades: Floats
    whole: Floats
    has: NDArray[np.bool_]
    """(region, grade): the region has this grade in some year."""

    @property
    def graded(self) -> NDArray[np.bool_]:
        """(region,): most of the region's years give grades."""
        by_grade = ~np.isnan(self.grades[ENROLMENT]).all(axis=1)
        whole_only = ~np.isnan(self.whole[ENROLMENT]) & ~by_grade
        return np.asarray(self.has.any(axis=1) & (whole_only.sum(axis=1) <= by_grade.sum(axis=1)), dtype=bool)

    def summed(self) -> Floats:
        """(region, year): the enrolment of all grades, NaN where one is unknown."""
        total = np.where(self.has[:, :, None], self.grades[ENROLMENT], 0.0).sum(axis=1)
        total[~self.has.any(axis=1)] = np.nan
        return np.asarray(total, dtype=np.float64)

    def edges(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """The regions that have grades, with the places of their first and last one."""
        regions = np.flatnonzero(self.has.any(axis=1))
        if not regions.size:
            return regions, regions, regions
        has = self.has[regions]
        return regions, has.argmax(axis=1), has.shape[1] - 1 - has[:, ::-1].argmax(axis=1)


def fold(record: Record) -> Folded:
    """Return the series of a file as grades, or as stages if a stage is only counted as a whole or has one beside it.

    Parameters
    ----------
    record : Record.

    Returns
    -------
    Folded; grades win over a whole stage beside them.

    Notes
    -----
    Shape and unit: see Folded. Errors: none. Graduates beside the last grade in year t are those of the whole stage in
    summer t + 1. Source: the record.
    """
    stages = [_stage(record, name) for name in dict.fromkeys(column.stage for column in record.columns)]
    by_stage = any((~stage.graded & ~np.isnan(stage.whole[ENROLMENT]).all(axis=1)).any() for stage in stages)
    # Grades of stages that stand side by side (general and vocational) are no single line to be promoted along.
    places = [stage_facts(stage.name).position for stage in stages]
    by_stage = by_stage or len(set(places)) < len(places)
    shape = (len(record.regions), 0, len(record.years))
    parts = [_as_stage(stage) if by_stage else _as_grades(stage) for stage in stages]
    columns = [
        (Column(stage.name, None),) if by_stage else stage.columns for stage in stages
    ]  # fmt: skip
    return Folded(
        kind="stages" if by_stage else "grades",
        columns=tuple(column for part in columns for column in part),
        counts=np.concatenate([np.empty((3, *shape)), *parts], axis=2),
        stages=tuple(stage.name for stage in stages),
        graded=np.array([stage.has.any(axis=1) for stage in stages], dtype=bool).reshape(len(stages), shape[0]).T,
        summed=np.stack([stage.summed() for stage in stages], axis=1) if stages else np.empty(shape),
        whole=np.stack([stage.whole[ENROLMENT] for stage in stages], axis=1) if stages else np.empty(shape),
    )


def _stage(record: Record, name: str) -> _Stage:
    graded = [p for p, c in enumerate(record.columns) if c.stage == name and c.grade is not None]
    whole = [p for p, c in enumerate(record.columns) if c.stage == name and c.grade is None]
    empty = np.full((3, len(record.regions), len(record.years)), np.nan)
    grades = record.counts[:, :, graded]
    return _Stage(
        name, tuple(record.columns[p] for p in graded), grades, record.counts[:, :, whole[0]] if whole else empty,
        ~np.isnan(grades[ENROLMENT]).all(axis=2),
    )  # fmt: skip


def _as_grades(stage: _Stage) -> Floats:
    """Return (3, region, grade, year), what only the whole stage's rows say put beside its first and last grade."""
    counts = stage.grades.copy()
    regions, first, last = stage.edges()
    counts[ENTRANTS, regions, first] = _filled(counts[ENTRANTS, regions, first], stage.whole[ENTRANTS, regions])
    left = stage.whole[GRADUATES, regions]
    counts[GRADUATES, regions, last, :-1] = _filled(counts[GRADUATES, regions, last, :-1], left[:, 1:])
    return counts


def _as_stage(stage: _Stage) -> Floats:
    """Return (3, region, 1, year), the grades summed."""
    counts = stage.whole.copy()
    regions, first, last = stage.edges()
    counts[ENROLMENT] = _filled(stage.summed(), counts[ENROLMENT])
    entrants = _filled(stage.grades[ENTRANTS, regions, first], stage.grades[ENROLMENT, regions, first])
    counts[ENTRANTS, regions] = _filled(counts[ENTRANTS, regions], entrants)
    left = stage.grades[GRADUATES, regions, last]
    counts[GRADUATES, regions, 1:] = _filled(counts[GRADUATES, regions, 1:], left[:, :-1])
    return counts[:, :, None]


def _filled(wanted: Floats, instead: Floats) -> Floats:
    return np.where(np.isnan(wanted), instead, wanted)
