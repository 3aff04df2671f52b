"""The agent workload on simvet's own kernels: the store, the year and the gates are those that a scenario runs on.

What only this workload asks for (a track and a college by lot) stands at the end, once compiled and once in numpy.
"""

from __future__ import annotations

import hashlib
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simvet.rules import student_year
from simvet.rules.chance import CHUNK, WORD, fill_words, keyed_words_of
from simvet.rules.compiled import compiled
from simvet.rules.kernels import KERNELS
from simvet.rules.matching import alias_table

Ints = NDArray[np.int64]

DISTRICTS, SCHOOLS, FIELDS, COLLEGES, GENERAL = 90, 250, 15, 50, 7
TOP = 7500
VOCATIONAL = SCHOOLS * FIELDS
CELLS = 17
MIDDLE, REGULAR, INTEGRATED, HIGH, COLLEGE, BACHELOR = 0, 3, 6, 9, 12, 15
STAGE_CELLS = (range(3), range(3, 9), range(9, 12), range(12, 15), range(15, 17))
SHARES = (0.45, 0.20, 0.21, 0.13, 0.01)
DROP = (0.002, 0.03, 0.005, 0.02, 0.01)
REPEAT = (0.005, 0.01, 0.005, 0.01, 0.01)
STATE, PASS, EXAM, LIST, REST, SPLIT, APPLY, HIGH_LEAVERS, TOPUP, ENTER = range(1, 11)


class Population:
    """All students of a run, one row each, and the year that they go through."""

    def __init__(self, students: int, years: int, seed: int, kernels: str) -> None:
        self.students, self.seed, self.kernels = students, seed, KERNELS[kernels]
        self.split_by_lot = split_by_lot if kernels == "compiled" else split_by_lot_plainly
        self.entrants = round(0.15 * students)
        room = students + years * self.entrants
        self.cell = np.empty(room, dtype=np.uint8)
        self.left = np.zeros(room, dtype=np.uint8)
        self.district = np.empty(room, dtype=np.uint8)
        self.score = np.empty(room, dtype=np.int16)
        self.preference = np.empty(room, dtype=np.uint8)
        self.school = np.full(room, -1, dtype=np.int16)
        self.field = np.full(room, 255, dtype=np.uint8)
        self.blocks: list[tuple[int, int, int]] = []
        self.rows = 0
        self.district_table = alias_table(np.ones(DISTRICTS))
        self.dropped = self.placed = self.unplaced = 0
        self.in_school = np.zeros(930, dtype=np.int64)
        self._tables()
        self._open()

    def _address(self, decision: int, year: int) -> Ints:
        return np.array([self.seed, 0, decision, year, 0], dtype=np.int64)

    def _tables(self) -> None:
        stage_of = np.array([next(s for s, cells in enumerate(STAGE_CELLS) if c in cells) for c in range(CELLS)])
        drop = np.array(DROP)[stage_of]
        self.drop, self.drop_by_score = drop * 1.5 * WORD, drop / TOP * WORD
        self.repeat = np.array(REPEAT)[stage_of] * WORD
        self.none = np.zeros(CELLS)
        self.promoted = np.arange(1, CELLS + 1, dtype=np.int64)
        self.last_cells = np.array([2, 5, 8, 11, 14, 16])
        self.promoted[self.last_cells] = -1
        self.nowhere = np.full(CELLS, -1, dtype=np.int64)
        # One alias table of all vocational programmes, then one of the seven general schools for each district.
        option = np.sqrt(np.arange(VOCATIONAL + 1) / VOCATIONAL)
        chance, other = alias_table(np.diff(option))
        general = VOCATIONAL + np.arange(GENERAL * DISTRICTS)
        self.probability = np.concatenate([chance, np.ones(len(general), dtype=np.float32)])
        self.other = np.concatenate([other, general, np.arange(VOCATIONAL), general]).astype(np.int32)
        start = VOCATIONAL + GENERAL * np.arange(DISTRICTS)
        self.table_start = np.stack([start, np.zeros(DISTRICTS, dtype=np.int64)])
        self.table_length = np.stack([np.full(DISTRICTS, GENERAL), np.full(DISTRICTS, VOCATIONAL)])
        levels = np.arange(256) / 256 * WORD
        self.edges = np.stack([levels, np.full(256, WORD)], axis=1)[:, None, :].copy()
        self.one_bin = np.zeros(2 * (TOP + 1), dtype=np.int32)
        of_vocational = np.arange(VOCATIONAL)
        programmes = VOCATIONAL + GENERAL * DISTRICTS
        self.cell_of = np.where(np.arange(programmes) < VOCATIONAL, REGULAR, HIGH).astype(np.int64)
        self.school_of = np.concatenate([of_vocational // FIELDS, SCHOOLS + np.arange(GENERAL * DISTRICTS)])
        self.field_of = np.concatenate([of_vocational % FIELDS, np.full(GENERAL * DISTRICTS, 255)])
        vocational = shared_out(round(0.5 * self.entrants), VOCATIONAL)
        vocational = vocational[np.random.RandomState(0).permutation(VOCATIONAL)]
        self.seats = np.concatenate([vocational, shared_out(round(0.5 * self.entrants), GENERAL * DISTRICTS)]).astype(
            np.int32
        )
        self.vocational_only = np.arange(programmes) < VOCATIONAL

    def _open(self) -> None:
        """Build the initial population, sorted by stage and grade."""
        random = np.random.default_rng(self.seed)
        count = self.students
        stage = random.choice(5, size=count, p=SHARES)
        grade = (random.random(count) * np.where(stage == 4, 2, 3)).astype(np.int64)
        order = np.lexsort((grade, stage))
        stage, grade = stage[order], grade[order]
        first = np.array([MIDDLE, REGULAR, HIGH, COLLEGE, BACHELOR])
        track = (stage == 1) & (random.random(count) < 0.3)
        self.cell[:count] = first[stage] + grade + 3 * track
        school, field = self.school[:count], self.field[:count]
        vocational, high, college = stage == 1, stage == 2, stage == 3
        school[vocational] = random.integers(SCHOOLS, size=vocational.sum())
        field[vocational] = random.integers(FIELDS, size=vocational.sum())
        self._enter(0, count)
        school[high] = SCHOOLS + GENERAL * self.district[:count][high] + random.integers(GENERAL, size=high.sum())
        school[college] = 880 + random.integers(COLLEGES, size=college.sum())
        field[college] = random.integers(FIELDS, size=college.sum())
        self.stock = np.bincount(self.cell[:count], minlength=CELLS)

    def _enter(self, year: int, count: int) -> None:
        first, number = self.rows, len(self.blocks)
        self.kernels.enter_students(
            first, first + count, number, 2500.0, *self.district_table, 64, 192, self._address(ENTER, year),
            self.district, self.score, self.preference,
        )  # fmt: skip
        self.blocks.append((first, first + count, number))
        self.rows = first + count

    def step(self, year: int) -> NDArray[np.int64]:
        """Move everybody on by a year; return the head count, shape (cell, district)."""
        first_finisher = np.zeros(CELLS, dtype=np.int64)
        first_finisher[self.last_cells] = np.cumsum(self.stock[self.last_cells]) - self.stock[self.last_cells]
        room = int(self.stock[self.last_cells].sum())
        finishers, persons = np.empty(room, dtype=np.int32), np.empty(room, dtype=np.uint32)
        moves, finished = self.kernels.pass_students(
            self.cell, self.score, self.left, np.array(self.blocks), self.drop, self.drop_by_score, self.repeat,
            self.repeat, self.repeat, self.promoted, self.nowhere, first_finisher, self._address(PASS, year), finishers,
            persons,
        )  # fmt: skip
        self.dropped += int(moves[:, 1].sum())
        groups = {
            int(cell): slice(int(first_finisher[cell]), int(first_finisher[cell] + finished[cell]))
            for cell in self.last_cells
        }
        self._exam(year, finishers[groups[2]], persons[groups[2]])
        both = [groups[5], groups[8]]
        self._to_college(
            year,
            np.concatenate([finishers[g] for g in both]),
            np.concatenate([persons[g] for g in both]),
            int(finished[5]),
        )
        self._from_high_school(year, finishers[groups[11]], persons[groups[11]])
        self._to_bachelor(year, finishers[groups[14]], persons[groups[14]])
        self.cell[finishers[groups[16]]] = student_year.GONE
        first = self.rows
        self._enter(year, self.entrants)
        self.cell[first : self.rows] = MIDDLE
        table = np.zeros((CELLS, DISTRICTS), dtype=np.int64)
        self.in_school = np.zeros(930, dtype=np.int64)
        self.kernels.count_students(
            self.cell, self.district, self.school, self.rows, REGULAR, HIGH, table, self.in_school
        )
        self.stock = table.sum(axis=1)
        return table

    def _exam(self, year: int, rows: NDArray[np.int32], persons: NDArray[np.uint32]) -> None:
        key = np.empty(len(rows), dtype=np.int32)
        self.kernels.sit_exam(rows, persons, 600.0, TOP, False, self._address(EXAM, year), self.score, key)
        order = self.kernels.order_by_key(key, TOP + 1, np.arange(len(rows), dtype=np.int32))
        seats = self.seats.copy()
        choice, rank, cutoff = self._walk(
            order, persons, self.preference[rows], self.district[rows], key, self.edges, self.table_start,
            self.table_length, self.probability, self.other, seats, 6, self._address(LIST, year),
        )  # fmt: skip
        self.kernels.seat_the_rest(
            order, persons, WORD, self._address(REST, year), self.vocational_only, seats, choice, rank, cutoff, key
        )
        self.kernels.settle(
            rows, choice, self.cell_of, self.school_of, self.field_of, self.cell, self.school, self.field, self.left,
            5, 6,
        )  # fmt: skip
        self.split_by_lot(
            rows, persons, self._address(SPLIT, year), 0.3 * WORD, REGULAR, INTEGRATED, self.cell, 0, 0, self.school
        )
        out = int(np.count_nonzero(choice < 0))
        self.unplaced += out
        self.placed += len(rows) - out

    def _walk(
        self, order: Any, persons: Any, level: Any, group: Any, key: Any, edges: Any, table_start: Any,
        table_length: Any, probability: Any, other: Any, seats: Ints, length: int, address: Ints,
    ) -> tuple[NDArray[np.int32], NDArray[np.uint8], Ints]:  # fmt: skip
        choice, rank = np.empty(len(persons), dtype=np.int32), np.empty(len(persons), dtype=np.uint8)
        cutoff, first_choices = np.full(len(seats), -1, dtype=np.int32), np.zeros(len(seats), dtype=np.int32)
        self.kernels.walk_lists(
            order, persons, level, group, key, self.one_bin, edges, table_start, table_length, probability, other,
            seats, length, length, False, 0.0, address, choice, rank, cutoff, first_choices,
        )  # fmt: skip
        return choice, rank, cutoff

    def _gate(
        self, year: int, decision: int, rows: Any, persons: Any, level: Any, key: Any, order: Any, apply: Any,
        by_field: bool, seats: Ints, cell: int,
    ) -> None:  # fmt: skip
        """Run a gate with one entry a list: one programme a field, or all fields by lot."""
        start = np.arange(FIELDS)[None, :] if by_field else np.zeros((1, FIELDS), dtype=np.int64)
        length = np.full((1, FIELDS), 1 if by_field else len(seats))
        group = self.field[rows] if by_field else np.zeros(len(rows), dtype=np.uint8)
        choice, _, _ = self._walk(
            order, persons, level, group, key, (np.array(apply) * WORD)[:, None, None], start, length,
            np.ones(len(seats), dtype=np.float32), np.tile(np.arange(len(seats), dtype=np.int32), 2),
            seats.astype(np.int32), 1, self._address(decision, year),
        )  # fmt: skip
        cells, number = np.full(len(seats), cell), np.arange(len(seats))
        self.kernels.settle(
            rows, choice, cells, 880 + number // FIELDS, number % FIELDS, self.cell, self.school, self.field,
            self.left, 5, 6,
        )  # fmt: skip
        if by_field:
            self.split_by_lot(
                rows, persons, self._address(decision + 20, year), 0.0, 0, 0, self.cell, 880, COLLEGES, self.school
            )

    def _to_college(self, year: int, rows: Any, persons: Any, regular: int) -> None:
        track = np.zeros(len(rows), dtype=np.uint8)
        track[regular:] = 1
        key = self.score[rows] + (TOP + 1) * track.astype(np.int32)
        order = self.kernels.order_by_key(key, 2 * (TOP + 1), np.arange(len(rows), dtype=np.int32))
        seats = shared_out(round(0.035 * self.students), FIELDS)
        self._gate(year, APPLY, rows, persons, track, key, order, (0.85, 0.98), True, seats, COLLEGE)

    def _from_high_school(self, year: int, rows: Any, persons: Any) -> None:
        zeros, anybody = np.zeros(len(rows), dtype=np.uint8), np.zeros(len(rows), dtype=np.int32)
        order = np.arange(len(rows), dtype=np.int32)
        seats = np.full(FIELDS * COLLEGES, self.students)
        self._gate(year, HIGH_LEAVERS, rows, persons, zeros, anybody, order, (0.2,), False, seats, COLLEGE)

    def _to_bachelor(self, year: int, rows: Any, persons: Any) -> None:
        zeros, key = np.zeros(len(rows), dtype=np.uint8), self.score[rows].astype(np.int32)
        order = self.kernels.order_by_key(key, TOP + 1, np.arange(len(rows), dtype=np.int32))
        seats = np.array([round(0.008 * self.students)])
        self._gate(year, TOPUP, rows, persons, zeros, key, order, (0.5,), False, seats, BACHELOR)


def shared_out(total: int, parts: int) -> Ints:
    """Return whole seats shared out as evenly as they go, shape (part,)."""
    edges = np.arange(parts + 1) * total // parts
    return np.diff(edges)


@compiled
def split_by_lot(
    rows: Any, persons: Any, address: Any, edge: float, from_cell: int, to_cell: int, cell: Any, first: int,
    colleges: int, school: Any,
) -> None:  # fmt: skip
    """Send a share of those in one cell to another, or give those who are still here a college by lot."""
    words = np.empty((4, CHUNK), dtype=np.uint32)
    for start in range(0, rows.shape[0], CHUNK):
        many = min(CHUNK, rows.shape[0] - start)
        fill_words(
            address[0], address[1], address[2], address[3], address[4], persons[start : start + many], many, words
        )
        for place in range(many):
            row = rows[start + place]
            if colleges > 0:
                if cell[row] != student_year.GONE:
                    school[row] = first + int(float(words[0, place]) * colleges / WORD)
            elif cell[row] == from_cell and float(words[0, place]) < edge:
                cell[row] = to_cell


def split_by_lot_plainly(
    rows: Any, persons: Any, address: Any, edge: float, from_cell: int, to_cell: int, cell: Any, first: int,
    colleges: int, school: Any,
) -> None:  # fmt: skip
    """Do what :func:`split_by_lot` does, in plain numpy."""
    word = keyed_words_of(address, persons)[0].astype(np.float64)
    here = cell[rows]
    if colleges > 0:
        staying = here != student_year.GONE
        school[rows[staying]] = first + (word[staying] * colleges / WORD).astype(np.int64)
    else:
        cell[rows[(here == from_cell) & (word < edge)]] = to_cell


def run(students: int, years: int, seed: int, kernels: str = "compiled") -> dict[str, Any]:
    """Run the workload and return its time, its totals and a digest of every column."""
    population = Population(students, years, seed, kernels)
    student_years, vocational = 0, []
    started, wall = time.process_time(), time.perf_counter()
    for year in range(1, years + 1):
        student_years += int(population.stock.sum())
        population.step(year)
        vocational.append(int(population.stock[REGULAR:HIGH].sum()))
    seconds, wall = time.process_time() - started, time.perf_counter() - wall
    rows = population.rows
    columns = (
        population.cell, population.left, population.district, population.score, population.preference,
        population.school, population.field,
    )  # fmt: skip
    digest = hashlib.sha256(b"".join(np.ascontiguousarray(column[:rows]).tobytes() for column in columns)).hexdigest()
    return {
        "students": students,
        "student_years": student_years,
        "cpu_seconds": seconds,
        "wall_seconds": wall,
        "stage_totals": [int(sum(population.stock[c] for c in cells)) for cells in STAGE_CELLS],
        "placed": population.placed,
        "dropouts": population.dropped,
        "left_unplaced": population.unplaced,
        "sv_by_year": vocational,
        "digest": digest,
    }
