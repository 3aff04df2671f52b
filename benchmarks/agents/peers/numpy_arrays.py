"""The workload in numpy alone: one array for each attribute, whole-population operations, a compact copy each year."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np

from benchmarks.agents import workload as w

DROP = w.DROP_BY_CODE.astype(np.float32)
REPEAT = w.REPEAT_BY_CODE.astype(np.float32)
SLOPE = np.float32(1 / w.TOP_SCORE)


def run(students: int, years: int, seed: int) -> dict[str, Any]:
    """Run the workload; see `workload.reference_run` for parameters and result."""
    sizes, rng, tally = w.Sizes(students), np.random.default_rng(seed), w.Tally(students)
    state = w.initial_students(students, rng)
    seats, places = sizes.seats(), sizes.higher_places()
    tally.start()
    for _ in range(years):
        tally.student_years += len(state["code"])
        state = year(state, sizes, seats, places, rng, tally)
        tally.record(state["code"], state["district"], state["school"])
    return tally.result()


def year(
    state: dict[str, np.ndarray],
    sizes: w.Sizes,
    seats: np.ndarray,
    places: np.ndarray,
    rng: np.random.Generator,
    tally: w.Tally,
) -> dict[str, np.ndarray]:
    """Run one year on the arrays; rows stay in the order of the persons' numbers, so stable sorts settle ties."""
    code = state["code"]
    draw = rng.random(len(code), dtype=np.float32)
    draw -= DROP[code] * (np.float32(1.5) - state["score"] * SLOPE)
    keep = draw >= 0
    tally.dropouts += len(code) - np.count_nonzero(keep)
    up = draw >= REPEAT[code]
    finish = np.flatnonzero(up & w.IS_LAST_BY_CODE[code])
    stage = code[finish] // 4
    code += up
    keep[finish] = False
    exam(state, keep, finish[stage == w.MIDDLE], seats, rng, tally)
    to_higher(state, keep, finish[stage == w.VOCATIONAL], places, rng)

    rows = finish[stage == w.HIGH]
    rows = rows[rng.random(len(rows)) < w.HIGH_TO_HIGHER]
    state["field"][rows] = rng.integers(0, w.FIELDS, len(rows))
    admit(state, keep, rows, rng)

    rows = finish[stage == w.HIGHER]
    rows = rows[rng.random(len(rows)) < w.APPLY_TO_BACHELOR]
    rows = rows[np.argsort(-state["score"][rows], kind="stable")[: sizes.bachelor_places]]
    code[rows], keep[rows] = w.FIRST_GRADE[w.BACHELOR], True

    new = w.entrants(sizes.entrants, rng)
    return {name: np.concatenate([column[keep], new[name]]) for name, column in state.items()}


def exam(
    state: dict[str, np.ndarray],
    keep: np.ndarray,
    rows: np.ndarray,
    seats: np.ndarray,
    rng: np.random.Generator,
    tally: w.Tally,
) -> None:
    """Hold the exam for the rows that finish middle school and place them."""
    change = np.floor(600 * (rng.random(len(rows)) + rng.random(len(rows)) - 1)).astype(np.int16)
    score = state["score"][rows] = np.clip(state["score"][rows] + change, 0, w.TOP_SCORE)
    rows = rows[np.argsort(-score, kind="stable")]
    shape = (len(rows), w.CHOICES)
    kind, place = rng.random(shape, dtype=np.float32), rng.random(shape)
    choices = w.list_choices(state["district"][rows], state["preference"][rows], kind, place)
    option = w.allocate(choices, seats)

    placed = option >= 0
    tally.placed += np.count_nonzero(placed)
    tally.left_unplaced += len(rows) - np.count_nonzero(placed)
    rows, option = rows[placed], option[placed]
    vocational = option < w.VOCATIONAL_OPTIONS
    keep[rows] = True
    state["code"][rows] = np.where(vocational, w.FIRST_GRADE[w.VOCATIONAL], w.FIRST_GRADE[w.HIGH])
    general_school = option + (w.VOCATIONAL_SCHOOLS - w.VOCATIONAL_OPTIONS)
    state["school"][rows] = np.where(vocational, option // w.FIELDS, general_school)
    state["field"][rows] = np.where(vocational, option % w.FIELDS, w.NO_FIELD)
    state["track"][rows] = vocational & (rng.random(len(rows)) < w.TRACK_SHARE)


def to_higher(
    state: dict[str, np.ndarray], keep: np.ndarray, rows: np.ndarray, places: np.ndarray, rng: np.random.Generator
) -> None:
    """Admit vocational finishers to higher vocational colleges, field by field."""
    track = state["track"][rows]
    applies = rng.random(len(rows)) < np.take(w.APPLY_BY_TRACK, track)
    rows, track = rows[applies], track[applies]
    key = state["score"][rows] + 7501 * track.astype(np.int16)
    rows = rows[np.argsort(-key, kind="stable")]
    programme = state["field"][rows]
    order = np.argsort(programme, kind="stable")
    sizes = np.bincount(programme, minlength=w.FIELDS)
    place = np.arange(len(rows)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    admit(state, keep, rows[order][place < places[programme[order]]], rng)


def admit(state: dict[str, np.ndarray], keep: np.ndarray, rows: np.ndarray, rng: np.random.Generator) -> None:
    """Put rows into the first year of a higher vocational college."""
    keep[rows] = True
    state["code"][rows] = w.FIRST_GRADE[w.HIGHER]
    state["school"][rows] = rng.integers(w.FIRST_HIGHER_SCHOOL, w.FIRST_HIGHER_SCHOOL + w.HIGHER_SCHOOLS, len(rows))


if __name__ == "__main__":
    w.main(run)
