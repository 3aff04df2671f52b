"""Deferred and immediate acceptance for millions: the mechanisms of ``mechanisms``, compiled, over lists drawn before.

Deferred acceptance takes applicants one at a time and lets whoever is turned away apply again at once; the placement
does not depend on the order of proposals (McVitie and Wilson 1971). Each programme holds its applicants in a heap, the
worst on top. The plain twins are the rounds of ``mechanisms``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simvet.rules.compiled import compiled
from simvet.rules.drawn_lists import DrawnLists
from simvet.rules.matching import DECLINED, REFUSED, UNPLACED
from simvet.rules.mechanisms import deferred_acceptance, immediate_acceptance

Ints = NDArray[np.int64]
Rows = NDArray[np.int32]
Small = NDArray[np.uint8]


@compiled
def _sink(held: Ints, worth: Ints, start: int, size: int) -> None:
    """Let the top of a heap sink to its place, the least worth on top."""
    at = 0
    while True:
        child = 2 * at + 1
        if child >= size:
            return
        if child + 1 < size and worth[start + child + 1] < worth[start + child]:
            child += 1
        if worth[start + child] >= worth[start + at]:
            return
        held[start + at], held[start + child] = held[start + child], held[start + at]
        worth[start + at], worth[start + child] = worth[start + child], worth[start + at]
        at = child


@compiled
def _rise(held: Ints, worth: Ints, start: int, size: int) -> None:
    """Let the last of a heap rise to its place."""
    at = size - 1
    while at > 0:
        above = (at - 1) // 2
        if worth[start + above] <= worth[start + at]:
            return
        held[start + at], held[start + above] = held[start + above], held[start + at]
        worth[start + at], worth[start + above] = worth[start + above], worth[start + at]
        at = above


@compiled
def defer(  # noqa: PLR0912 - one loop, so that the compiler keeps its state in registers
    table: NDArray[np.int32], group: Small, order: Rows, key: Rows, seats: Rows, points: Ints, home: Ints,
    choice: Rows, rank: Small, cutoff: Rows, first_choices: Rows,
) -> None:  # fmt: skip
    """Run deferred acceptance over drawn lists.

    Parameters
    ----------
    table : (applicant, entry + 1) array; lists, see ``drawn_lists.draw_lists``.
    group : (applicant,) array; district or field.
    order : (applicant,) array; positions by the common priority, the first one first.
    key : (applicant,) array, points.
    seats : (programme,) array, whole seats; what is left afterwards.
    points, home : (programme,) arrays; points for applicants of the programme's own group, and that group.
    choice, rank, cutoff, first_choices : as in ``matching.walk_lists``, filled.

    Notes
    -----
    Unit: persons and points. Errors: none. Source: Gale and Shapley (1962); McVitie and Wilson (1971).
    """
    count, programmes = order.shape[0], seats.shape[0]
    start = np.zeros(programmes + 1, dtype=np.int64)
    for programme in range(programmes):
        start[programme + 1] = start[programme] + min(max(seats[programme], 0), count)
    held, worth = np.empty(start[programmes], dtype=np.int64), np.empty(start[programmes], dtype=np.int64)
    size = np.zeros(programmes, dtype=np.int64)
    place = np.empty(count, dtype=np.int64)
    for turn in range(count):
        place[order[turn]] = turn
    asked = np.zeros(count, dtype=np.int64)
    for applicant in range(count):
        choice[applicant] = UNPLACED
        rank[applicant] = 0
        if table[applicant, 0] >= 0:
            first_choices[table[applicant, 0]] += 1
    for turn in range(count):
        applicant = int(order[turn])
        while True:
            programme = table[applicant, asked[applicant]]
            if programme < 0:
                if programme == DECLINED:
                    choice[applicant] = DECLINED if asked[applicant] == 0 else REFUSED
                break
            asked[applicant] += 1
            room = start[programme + 1] - start[programme]
            if room == 0:
                continue
            bonus = points[programme] if home[programme] == group[applicant] else 0
            merit = (key[applicant] + bonus) * count + count - place[applicant]
            first = start[programme]
            if size[programme] < room:
                held[first + size[programme]] = applicant
                worth[first + size[programme]] = merit
                size[programme] += 1
                _rise(held, worth, first, size[programme])
                break
            if merit > worth[first]:
                turned_away = int(held[first])
                held[first] = applicant
                worth[first] = merit
                _sink(held, worth, first, size[programme])
                applicant = turned_away
    for programme in range(programmes):
        lowest = np.int64(2**31 - 1)
        for at in range(start[programme], start[programme] + size[programme]):
            choice[held[at]] = programme
            rank[held[at]] = asked[held[at]]
            lowest = min(lowest, np.int64(key[held[at]]))
        seats[programme] -= size[programme]
        if size[programme] > 0 and seats[programme] == 0:
            cutoff[programme] = lowest


def defer_plainly(
    table: NDArray[np.int32], group: Small, order: Rows, key: Rows, seats: Rows, points: Ints, home: Ints,
    choice: Rows, rank: Small, cutoff: Rows, first_choices: Rows,
) -> None:  # fmt: skip
    """Do what :func:`defer` does, in rounds of plain numpy; parameters are the same.

    Notes
    -----
    Shape and unit: as there. Errors: none. Source: as there.
    """
    lists = DrawnLists(table, group)
    deferred_acceptance(order, key, lists, seats, points, home, choice, rank, cutoff, first_choices)


@compiled
def accept_at_once(
    table: NDArray[np.int32], order: Rows, key: Rows, seats: Rows, choice: Rows, rank: Small, cutoff: Rows,
    first_choices: Rows,
) -> None:  # fmt: skip
    """Run immediate acceptance over drawn lists.

    Parameters
    ----------
    table, order, key, seats, choice, rank, cutoff, first_choices : as in :func:`defer`.

    Notes
    -----
    Unit: persons and points. Errors: none. Source: the Boston mechanism, Abdulkadiroglu and Sonmez (2003).
    """
    count = order.shape[0]
    waiting = order.copy()
    left = count
    for applicant in range(count):
        choice[applicant] = UNPLACED
        rank[applicant] = 0
    for entry in range(table.shape[1]):
        still = 0
        for turn in range(left):
            applicant = waiting[turn]
            programme = table[applicant, entry]
            if programme < 0:
                if programme == DECLINED:
                    choice[applicant] = DECLINED if entry == 0 else REFUSED
                continue
            if entry == 0:
                first_choices[programme] += 1
            if seats[programme] > 0:
                seats[programme] -= 1
                choice[applicant] = programme
                rank[applicant] = entry + 1
            else:
                waiting[still] = applicant
                still += 1
        left = still
    for applicant in range(count):
        programme = choice[applicant]
        if programme >= 0 and seats[programme] == 0 and (cutoff[programme] < 0 or key[applicant] < cutoff[programme]):
            cutoff[programme] = key[applicant]


def accept_at_once_plainly(
    table: NDArray[np.int32], order: Rows, key: Rows, seats: Rows, choice: Rows, rank: Small, cutoff: Rows,
    first_choices: Rows,
) -> None:  # fmt: skip
    """Do what :func:`accept_at_once` does, in rounds of plain numpy; parameters are the same.

    Notes
    -----
    Shape and unit: as there. Errors: none. Source: as there.
    """
    lists = DrawnLists(table, np.zeros(len(table), dtype=np.uint8))
    immediate_acceptance(order, key, lists, seats, choice, rank, cutoff, first_choices)
