"""Lives: what happened to one student, year by year, and what would have happened under another scenario."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simvet.engines.agents import AgentWorld
from simvet.engines.population import Population
from simvet.engines.students import LEFT, NO_FIELD
from simvet.errors import InputError
from simvet.rules.matching import SUPPLEMENTARY
from simvet.rules.student_year import BLOCK_BITS, GONE
from simvet.schools import known_fields


@dataclass(frozen=True)
class Chapter:
    """One autumn of a life.

    Notes
    -----
    Shape: ``what`` is entered, promoted, repeated, transferred, admitted, or one of ``engines.students.LEFT``;
    ``grade`` counts from 1, 0 for nobody in school. Unit: ``year`` a school year. Errors: none. Source: the student
    store.
    """

    year: int
    what: str
    stage: str
    track: str
    grade: int
    school: str
    field: str
    rank: int


@dataclass(frozen=True)
class Biography:
    """A student's life as far as the run goes.

    Notes
    -----
    Shape: ``chapters`` in the order of years; ``person`` the number that all random words of this student are keyed by;
    ``rank`` is the list entry that was granted, 255 for the supplementary round; ``both_until`` the last year that
    both runs reach. Unit: ``score`` tenths of a point of
    750 after the last exam. Errors: none. Source: the student store.
    """

    person: int
    region: str
    draw: int
    came: str
    district: int
    score: int
    chapters: tuple[Chapter, ...]
    other: tuple[Chapter, ...] | None = None
    both_until: int = 0

    @property
    def parts(self) -> int | None:
        """Return the first year in which the two lives differ while both runs go on, None where they never do."""
        if self.other is None:
            return None
        mine = {chapter.year: chapter for chapter in self.chapters}
        theirs = {chapter.year: chapter for chapter in self.other}
        years = [year for year in sorted({*mine, *theirs}) if year <= self.both_until]
        return next((year for year in years if mine.get(year) != theirs.get(year)), None)


def biography_of(world: AgentWorld, student: int, draw: int, region: int, other: AgentWorld | None) -> Biography:
    """Return the life of one student.

    Parameters
    ----------
    world : AgentWorld at the end of its run.
    student : int; row of the student store, from 0.
    draw, region : int; the population.
    other : AgentWorld, optional; another run with the same seed, whose same person is told beside.

    Returns
    -------
    Biography.

    Raises
    ------
    InputError : there is no such student.

    Notes
    -----
    Unit: school years. Source: the student store; the same person number meets the same random words in both runs.
    """
    population = _population(world, draw, region)
    rows = population.students.rows
    if isinstance(student, bool) or not isinstance(student, int | np.integer):
        raise InputError(
            "biography", "{given!r} is no student", "Students are numbered from 0 to {last}", given=student,
            last=rows - 1,
        )  # fmt: skip
    if not 0 <= student < rows:
        raise InputError(
            "biography", "there is no student {number}", "Students are numbered from 0 to {last}", number=student,
            last=rows - 1,
        )  # fmt: skip
    person = int(population.students.persons(np.array([student]))[0])
    told, both_until = None, 0
    if other is not None:
        twin = _population(other, draw, region)
        row = twin.students.row_of(person)
        told = _chapters(twin, row) if row is not None else ()
        both_until = min(max(population.students.past), max(twin.students.past))
    number = person >> BLOCK_BITS
    s = population.students
    return Biography(
        person, world.cases[region].region, draw, s.kind_of(number), int(s["district"][student]) + 1,
        int(s["score"][student]), _chapters(population, student), told, both_until,
    )  # fmt: skip


def _population(world: AgentWorld, draw: int, region: int) -> Population:
    for population in world.populations:
        if (population.draw, population.region) == (draw, region):
            return population
    raise InputError("biography", "there is no draw {number}", "The run has {count} draws", number=draw,
                     count=world.shape[0])  # fmt: skip


def _chapters(population: Population, row: int) -> tuple[Chapter, ...]:
    """Return a life: where somebody was each autumn, and how he got there."""
    s, pathway = population.students, population.pathway
    chapters: list[Chapter] = []
    before = GONE
    for year in sorted(s.past):
        cells = s.past[year]
        if row >= len(cells):
            continue
        cell = int(cells[row])
        if cell == GONE:
            if before != GONE or not chapters:
                chapters.append(Chapter(year, LEFT[int(s["left"][row])] or "left", "", "", 0, "", "", 0))
            before = cell
            if chapters:
                break
            continue
        stage, track, grade = pathway.cell_table[cell]
        what = _how(population, before, cell)
        school, field, rank = _place(population, row, stage, track, year)
        chapters.append(Chapter(year, what, stage, track, grade, school, field, rank if what == "admitted" else 0))
        before = cell
    return tuple(chapters)


def _how(population: Population, before: int, cell: int) -> str:
    """Return how a student came from one cell to another."""
    world = population.world
    if before == GONE:
        return "entered"
    if cell == before:
        return "repeated"
    if cell == world.promoted[before]:
        return "promoted"
    if cell == world.transferred[before]:
        return "transferred"
    return "admitted"


def _place(population: Population, row: int, stage: str, track: str, year: int) -> tuple[str, str, int]:
    """Return the school, field and list entry that belong to a stage of a student's life."""
    book, s = population.book, population.students
    if book is None or stage in ("primary", "middle"):
        return "", "", 0
    prefix = ""
    # What is written last stands in the plain columns; earlier schools were put aside when a later one came.
    at_college = int(s["first_school"][row]) >= 0
    topped_up = int(s["college_school"][row]) >= 0
    if stage in ("general_high", "secondary_vocational") and at_college:
        prefix = "first_"
    elif topped_up and track != "topup" and stage not in ("general_high", "secondary_vocational"):
        prefix = "college_"
    school, field, rank = (int(s[f"{prefix}{name}"][row]) for name in ("school", "field", "rank"))
    if stage in ("general_high", "secondary_vocational"):
        school, field, rank = _before_change(population, row, year) or (school, field, rank)
    name = book.names[school] if school >= 0 else ""
    return name, list(known_fields())[field] if field != NO_FIELD else "", rank


def _before_change(population: Population, row: int, year: int) -> tuple[int, int, int] | None:
    """Return school, field and list entry as they were before the next change of school, None where none follows."""
    changes = population.students.changes
    for later in sorted(changed for changed in changes if changed > year):
        rows, school, field, rank = changes[later]
        at = int(np.searchsorted(rows, row))
        if at < len(rows) and int(rows[at]) == row:
            return int(school[at]), int(field[at]), int(rank[at])
    return None


def told(biography: Biography, chapters: Sequence[Chapter] | None = None) -> list[dict[str, object]]:
    """Return a life as rows of a table.

    Parameters
    ----------
    biography : Biography.
    chapters : sequence of Chapter, optional; by default its own, not the other life.

    Returns
    -------
    list of dict with the fields of Chapter.

    Notes
    -----
    Unit: as Chapter. Errors: none. Source: the biography; ``rank`` 255 is written as ``supplementary``.
    """
    rows = []
    for chapter in biography.chapters if chapters is None else chapters:
        row: dict[str, object] = dict(vars(chapter))
        row["rank"] = "supplementary" if chapter.rank == SUPPLEMENTARY else chapter.rank or ""
        rows.append(row)
    return rows
