"""What happens to every single student during a year: the same moves as ``progress``, one random word a student.

A student is a row of plain columns. Rows stand in blocks, one for every entry cohort; the person number (block number
and place in the block) is the row word of every random number of a student for life. Four neighbours share one look-up
of four words. Each kernel has a plain numpy twin that gives the same bytes; it serves small runs, which would wait
longer for the compiler than for the answer.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simvet.rules.chance import CHUNK, WORD, fill_words, keyed_words_of
from simvet.rules.compiled import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Cells = NDArray[np.uint8]
Scores = NDArray[np.int16]
Rows = NDArray[np.int32]
Persons = NDArray[np.uint32]

GONE = 255
"""Cell of a student who has left."""
BLOCK_BITS = 23
"""Bits of the place inside a block: more than eight million students may enter in one block."""
BLOCK_LIMIT = 1 << BLOCK_BITS
"""Students that a block can hold."""
BLOCKS = 1 << (32 - BLOCK_BITS)
"""Blocks that a population can have."""
STAYED, DROPPED, REPEATED, DEPARTED, TRANSFERRED = range(5)
"""What a year may bring; whoever stayed moved up or finished."""


@compiled
def pass_students(
    cell: Cells,
    score: Scores,
    left: Cells,
    blocks: Ints,
    drop: Floats,
    drop_by_score: Floats,
    repeated: Floats,
    departed: Floats,
    moved: Floats,
    promoted: Ints,
    transferred: Ints,
    first_finisher: Ints,
    address: Ints,
    finishers: Rows,
    finisher_persons: Persons,
) -> tuple[Ints, Ints]:
    """Move every student through a year; list those who finish their programme.

    Parameters
    ----------
    cell, score, left : (student,) arrays; grade of a track (GONE for none), exam points, and the year's move of those
        who have left. ``cell`` and ``left`` are changed.
    blocks : (block, 3) array; first row, row after the last, block number.
    drop : (cell,) array; share of the autumn stock that drops out in the year, times 2**32, at a score of zero.
    drop_by_score : (cell,) array; what ``drop`` loses with every point of the score.
    repeated, departed, moved : (cell,) arrays; share that repeats; repeats or departs; repeats, departs or transfers,
        times 2**32.
    promoted : (cell,) array; the next cell, -1 where the programme ends.
    transferred : (cell,) array; the cell that a transfer leads to, -1 for none.
    first_finisher : (cell,) array; where in ``finishers`` the students of a last grade begin.
    address : (5,) array; seed low, seed high, decision, year, cohort of the random words.
    finishers, finisher_persons : (places,) arrays, filled; row and person number of everybody who finishes.

    Returns
    -------
    moves : (cell, 5) array, persons; dropped out, repeated, departed and transferred, by the cell that they came from.
    finished : (cell,) array, persons who finish, by their last cell.

    Notes
    -----
    Errors: none; rates are checked where they are read. Where they add up to more than 1, dropout goes first, then
    repetition, departure and transfer. Source: MODEL, section 1.
    """
    cells = drop.shape[0]
    moves = np.zeros((cells, 5), dtype=np.int64)
    finished = np.zeros(cells, dtype=np.int64)
    seed_low, seed_high, decision, year, cohort = address[0], address[1], address[2], address[3], address[4]
    # The words of a stretch of rows are looked up first, for living students only; one extra place holds the start.
    groups = np.empty(CHUNK + 1, dtype=np.uint32)
    words = np.empty((4, CHUNK + 1), dtype=np.uint32)
    living = np.empty(4 * CHUNK, dtype=np.uint32)
    group_of = np.empty(4 * CHUNK, dtype=np.uint32)
    for block in range(blocks.shape[0]):
        first, end = blocks[block, 0], blocks[block, 1]
        number = blocks[block, 2] << BLOCK_BITS
        for start in range(first, end, 4 * CHUNK):
            found = 0
            group = 0
            last = np.int64(-1)
            for row in range(start, min(start + 4 * CHUNK, end)):
                alive = cell[row] != GONE
                four = (row - first) >> 2
                group += alive & (four != last)
                last = four if alive else last
                groups[group] = (number >> 2) + last
                living[found] = row
                group_of[found] = group
                found += alive
            fill_words(seed_low, seed_high, decision, year, cohort, groups, group + 1, words)
            offset = np.uint32(first)
            for place in range(found):
                row = living[place]
                here = cell[row]
                lot = float(words[(row - offset) & np.uint32(3), group_of[place]])
                edge = drop[here] - drop_by_score[here] * score[row]
                if lot >= edge + moved[here]:
                    next_cell = promoted[here]
                    if next_cell >= 0:
                        cell[row] = next_cell
                    else:
                        spot = first_finisher[here] + finished[here]
                        finishers[spot] = row
                        finisher_persons[spot] = number + np.int64(row) - first
                        finished[here] += 1
                elif lot < edge:
                    moves[here, DROPPED] += 1
                    cell[row] = GONE
                    left[row] = DROPPED
                elif lot < edge + repeated[here]:
                    moves[here, REPEATED] += 1
                elif lot < edge + departed[here]:
                    moves[here, DEPARTED] += 1
                    cell[row] = GONE
                    left[row] = DEPARTED
                else:
                    moves[here, TRANSFERRED] += 1
                    cell[row] = transferred[here]
    return moves, finished


def pass_students_plainly(
    cell: Cells,
    score: Scores,
    left: Cells,
    blocks: Ints,
    drop: Floats,
    drop_by_score: Floats,
    repeated: Floats,
    departed: Floats,
    moved: Floats,
    promoted: Ints,
    transferred: Ints,
    first_finisher: Ints,
    address: Ints,
    finishers: Rows,
    finisher_persons: Persons,
) -> tuple[Ints, Ints]:
    """Do what :func:`pass_students` does, in plain numpy; parameters, results and source are the same.

    Notes
    -----
    Shape and unit: as there. Errors: none. Source: as there; held to it bit for bit in ``tests/agree``.
    """
    cells = drop.shape[0]
    moves = np.zeros((cells, 5), dtype=np.int64)
    finished = np.zeros(cells, dtype=np.int64)
    for first, end, number in blocks.tolist():
        row = first + np.flatnonzero(cell[first:end] != GONE)
        if not len(row):
            continue
        person = (number << BLOCK_BITS) + row - first
        lot = _words_by_four(address, person).astype(np.float64)
        here = cell[row].astype(np.int64)
        edge = drop[here] - drop_by_score[here] * score[row]
        last = promoted[here] < 0
        event = np.full(len(row), STAYED)
        event[lot < edge + moved[here]] = TRANSFERRED
        event[lot < edge + departed[here]] = DEPARTED
        event[lot < edge + repeated[here]] = REPEATED
        event[lot < edge] = DROPPED
        out = (event == DROPPED) | (event == DEPARTED)
        left[row[out]] = event[out]
        after = np.where(event == TRANSFERRED, transferred[here], promoted[here])
        after = np.where((event == REPEATED) | (last & (event == STAYED)), here, after)
        cell[row] = np.where(out, GONE, after)
        np.add.at(moves, (here[event != STAYED], event[event != STAYED]), 1)
        ends = last & (event == STAYED)
        for origin in np.unique(here[ends]):
            chosen = ends & (here == origin)
            place = first_finisher[origin] + finished[origin]
            many = int(np.count_nonzero(chosen))
            finishers[place : place + many] = row[chosen]
            finisher_persons[place : place + many] = person[chosen]
            finished[origin] += many
    return moves, finished


def _words_by_four(address: Ints, person: Ints) -> NDArray[np.uint64]:
    """Return each person's word, four neighbours sharing a look-up, shape (person,)."""
    groups, where = np.unique(person >> 2, return_inverse=True)
    return np.asarray(keyed_words_of(address, groups)[person & 3, where])


@compiled
def enter_students(
    first: int,
    end: int,
    number: int,
    score_third: float,
    district_probability: NDArray[np.float32],
    district_other: Rows,
    levels_from: int,
    levels: int,
    address: Ints,
    district: Cells,
    score: Scores,
    preference: Cells,
) -> None:
    """Give new students what they keep for life: district, exam points and preference.

    Parameters
    ----------
    first, end : int; their rows. A block begins at ``first``.
    number : int; block number.
    score_third : float, points; a score is the sum of three parts, each uniform up to here.
    district_probability, district_other : (district,) arrays; alias table, see ``matching.alias_table``.
    levels_from, levels : int; preference is uniform on ``levels`` whole numbers from ``levels_from`` on.
    address : (5,) array; address of the random words; two steps are used.
    district, score, preference : (student,) arrays, filled from ``first`` to ``end``.

    Notes
    -----
    Unit: points. Errors: none. Source: MODEL, section 2; the sum of three uniforms stands for an exam of several
    papers.
    """
    seed_low, seed_high, decision, year, cohort = address[0], address[1], address[2], address[3], address[4]
    districts = district_probability.shape[0]
    persons = np.empty(CHUNK, dtype=np.uint32)
    words = np.empty((4, CHUNK), dtype=np.uint32)
    more = np.empty((4, CHUNK), dtype=np.uint32)
    for start in range(first, end, CHUNK):
        many = min(CHUNK, end - start)
        for place in range(many):
            persons[place] = (number << BLOCK_BITS) + start - first + place
        fill_words(seed_low, seed_high, decision, year, cohort, persons, many, words)
        fill_words(seed_low, seed_high, decision + 256, year, cohort, persons, many, more)
        for place in range(many):
            row = start + place
            spot = float(words[0, place]) * districts / WORD
            column = int(spot)
            district[row] = column if spot - column < district_probability[column] else district_other[column]
            parts = float(words[1, place]) + float(words[2, place]) + float(words[3, place])
            score[row] = int(score_third * (parts / WORD))
            preference[row] = levels_from + int(float(more[0, place]) * levels / WORD)


def enter_students_plainly(
    first: int,
    end: int,
    number: int,
    score_third: float,
    district_probability: NDArray[np.float32],
    district_other: Rows,
    levels_from: int,
    levels: int,
    address: Ints,
    district: Cells,
    score: Scores,
    preference: Cells,
) -> None:
    """Do what :func:`enter_students` does, in plain numpy; parameters and source are the same.

    Notes
    -----
    Shape and unit: as there. Errors: none. Source: as there.
    """
    person = (number << BLOCK_BITS) + np.arange(end - first, dtype=np.int64)
    one, two, three, four = keyed_words_of(address, person).astype(np.float64)
    five = keyed_words_of(address, person, 1)[0].astype(np.float64)
    spot = one * len(district_probability) / WORD
    place = spot.astype(np.int64)
    district[first:end] = np.where(spot - place < district_probability[place], place, district_other[place])
    score[first:end] = (score_third * ((two + three + four) / WORD)).astype(np.int64)
    preference[first:end] = levels_from + (five * levels / WORD).astype(np.int64)


@compiled
def sit_exam(
    rows: Rows, persons: Persons, swing: float, top: int, fresh: bool, address: Ints, score: Scores, key: Rows
) -> None:
    """Let students sit an exam: last score and a swing around it, or a fresh score.

    Parameters
    ----------
    rows, persons : (applicant,) arrays; row and person number.
    swing : float, points; a remembered score moves by up to this much, triangular around zero.
    top : int, points; full marks.
    fresh : bool; draw the score anew, uniform, and leave the remembered one alone.
    address : (5,) array; address of the random words.
    score : (student,) array, points; changed where scores are remembered.
    key : (applicant,) array, filled; the points of this exam.

    Notes
    -----
    Unit: points. Errors: none. Source: MODEL, section 4 (drawn anew unless the agent engine remembers scores).
    """
    seed_low, seed_high, decision, year, cohort = address[0], address[1], address[2], address[3], address[4]
    words = np.empty((4, CHUNK), dtype=np.uint32)
    for start in range(0, rows.shape[0], CHUNK):
        many = min(CHUNK, rows.shape[0] - start)
        fill_words(seed_low, seed_high, decision, year, cohort, persons[start : start + many], many, words)
        for place in range(many):
            applicant = start + place
            one, two = float(words[0, place]), float(words[1, place])
            if fresh:
                key[applicant] = int(one * (top + 1) / WORD)
            else:
                row = rows[applicant]
                moved = score[row] + int(np.floor(swing * ((one + two) / WORD - 1.0)))
                points = min(max(moved, 0), top)
                score[row] = points
                key[applicant] = points


def sit_exam_plainly(
    rows: Rows, persons: Persons, swing: float, top: int, fresh: bool, address: Ints, score: Scores, key: Rows
) -> None:
    """Do what :func:`sit_exam` does, in plain numpy; parameters and source are the same.

    Notes
    -----
    Shape and unit: as there. Errors: none. Source: as there.
    """
    one, two, _, _ = keyed_words_of(address, persons).astype(np.float64)
    if fresh:
        key[:] = (one * (top + 1) / WORD).astype(np.int64)
        return
    moved = score[rows] + np.floor(swing * ((one + two) / WORD - 1.0)).astype(np.int64)
    key[:] = np.clip(moved, 0, top)
    score[rows] = key


@compiled
def lots(persons: NDArray[np.uint32], address: Ints) -> NDArray[np.uint32]:
    """Return one random word for each person.

    Parameters
    ----------
    persons : (person,) array; person numbers.
    address : (5,) array; address of the random words.

    Returns
    -------
    (person,) array; below a share times 2**32 with that share's probability.

    Notes
    -----
    Unit: none. Errors: none. Source: MODEL, section 7.
    """
    found = np.empty(persons.shape[0], dtype=np.uint32)
    words = np.empty((4, CHUNK), dtype=np.uint32)
    for start in range(0, persons.shape[0], CHUNK):
        many = min(CHUNK, persons.shape[0] - start)
        fill_words(
            address[0], address[1], address[2], address[3], address[4], persons[start : start + many], many, words
        )
        found[start : start + many] = words[0, :many]
    return found


def lots_plainly(persons: NDArray[np.uint32], address: Ints) -> NDArray[np.uint32]:
    """Do what :func:`lots` does, in plain numpy; parameters, result and source are the same.

    Notes
    -----
    Shape and unit: as there. Errors: none. Source: as there.
    """
    found: NDArray[np.uint32] = keyed_words_of(address, persons)[0].astype(np.uint32)
    return found


@compiled
def count_students(
    cell: Cells, district: Cells, school: Scores, rows_end: int, first_cell: int, end_cell: int, by_district: Ints,
    by_school: Ints,
) -> None:  # fmt: skip
    """Count students by cell and district, and those in a run of cells by school.

    Parameters
    ----------
    cell, district, school : (student,) arrays; a school of -1 is none.
    rows_end : int; the rows in use.
    first_cell, end_cell : int; the cells that are counted by school, the last one excluded.
    by_district : (cell, district) array, persons; added to.
    by_school : (school,) array, persons; added to.

    Notes
    -----
    Unit: persons. Errors: none. Source: none needed.
    """
    for row in range(rows_end):
        here = cell[row]
        if here != GONE:
            by_district[here, district[row]] += 1
            if first_cell <= here < end_cell and school[row] >= 0:
                by_school[school[row]] += 1


def count_students_plainly(
    cell: Cells, district: Cells, school: Scores, rows_end: int, first_cell: int, end_cell: int, by_district: Ints,
    by_school: Ints,
) -> None:  # fmt: skip
    """Do what :func:`count_students` does, in plain numpy; parameters are the same.

    Notes
    -----
    Shape and unit: as there. Errors: none. Source: none needed.
    """
    here = cell[:rows_end]
    alive = here != GONE
    flat = here[alive].astype(np.int64) * by_district.shape[1] + district[:rows_end][alive]
    by_district += np.bincount(flat, minlength=by_district.size).reshape(by_district.shape)
    inside = (here >= first_cell) & (here < end_cell) & (school[:rows_end] >= 0)
    by_school += np.bincount(school[:rows_end][inside], minlength=len(by_school))
