"""The rules for single students, twice: compiled for millions, in plain numpy for small runs and as a test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simvet.rules import choosing, drawn_lists, matching, rounds, student_year
from simvet.rules.compiled import machine_code_folder
from simvet.rules.mechanisms import Lists, deferred_acceptance

Ints = NDArray[np.int64]
Rows = NDArray[np.int32]
Small = NDArray[np.uint8]


def walk_lists_plainly(
    order: Rows, persons: NDArray[np.uint32], level: Small, group: Small, key: Rows, bin_of_key: Rows,
    edges: NDArray[np.float64], table_start: Ints, table_length: Ints, probability: NDArray[np.float32], other: Rows,
    seats: Rows, list_length: int, most_draws: int, distinct: bool, loyalty: float, address: Ints,
    choice: Rows, rank: Small, cutoff: Rows, first_choices: Rows,
) -> None:  # fmt: skip
    """Do what ``matching.walk_lists`` does by deferred acceptance with one priority; parameters are the same.

    Notes
    -----
    Shape and unit: as there. Errors: none. Source: Gale and Shapley (1962); with one priority both give one placement.
    """
    lists = Lists(
        persons, level, group, bin_of_key[key], edges, table_start, table_length, probability, other, list_length,
        most_draws, distinct, loyalty, address,
    )  # fmt: skip
    home = np.zeros(len(seats), dtype=np.int64)
    deferred_acceptance(order, key, lists, seats, None, home, choice, rank, cutoff, first_choices)


@dataclass(frozen=True)
class Kernels:
    """One set of rules for single students.

    Notes
    -----
    Shape, unit, errors and source: each rule's own.
    """

    pass_students: Callable[..., Any]
    enter_students: Callable[..., Any]
    sit_exam: Callable[..., Any]
    order_by_key: Callable[..., Any]
    walk_options: Callable[..., Any]
    walk_lists: Callable[..., Any]
    seat_the_rest: Callable[..., Any]
    settle: Callable[..., Any]
    count_students: Callable[..., Any]
    lots: Callable[..., Any]
    draw_lists: Callable[..., Any]
    defer: Callable[..., Any]
    accept_at_once: Callable[..., Any]


KERNELS = {
    "compiled": Kernels(
        student_year.pass_students, student_year.enter_students, student_year.sit_exam, matching.order_by_key,
        choosing.walk_options, matching.walk_lists, matching.seat_the_rest, matching.settle,
        student_year.count_students, student_year.lots, drawn_lists.draw_lists,
        rounds.defer, rounds.accept_at_once,
    ),
    "plain": Kernels(
        student_year.pass_students_plainly, student_year.enter_students_plainly, student_year.sit_exam_plainly,
        matching.order_by_key_plainly, choosing.walk_options_plainly, walk_lists_plainly,
        matching.seat_the_rest_plainly, matching.settle_plainly, student_year.count_students_plainly,
        student_year.lots_plainly, drawn_lists.draw_lists_plainly,
        rounds.defer_plainly, rounds.accept_at_once_plainly,
    ),
}  # fmt: skip
"""Both sets by name."""

LOADING, COMPILING = 0.5, 12.0
"""Seconds that it takes to load compiled rules from the disk, and to compile them for the first time."""
SAVED, SAVED_ON_LISTS = 0.8e-6, 10e-6
"""Seconds that compiled rules save for a student and year: at gates over options, and over lists of schools."""


def ready() -> bool:
    """Return whether the compiled rules lie ready on the disk.

    Returns
    -------
    bool.

    Notes
    -----
    Unit: none. Errors: none. Source: the compiler writes an index file for each rule that it has compiled.
    """
    found = {file.name.split("-")[0].split(".")[-1] for file in machine_code_folder().rglob("*.nbi")}
    return {"pass_students", "sit_exam", "walk_options", "walk_lists"} <= found


def kernels_for(student_years: float, lists: bool) -> str:
    """Return which set of rules ends a run sooner.

    Parameters
    ----------
    student_years : float; students times years.
    lists : bool; whether students choose schools.

    Returns
    -------
    str; a key of KERNELS. Both give the same bytes.

    Notes
    -----
    Unit: student-years. Errors: none. Source: measured, see ``benchmarks/agents``.
    """
    saved = student_years * (SAVED_ON_LISTS if lists else SAVED)
    return "compiled" if saved >= (LOADING if ready() else COMPILING) else "plain"
