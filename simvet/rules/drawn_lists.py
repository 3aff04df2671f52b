"""Whole lists, drawn before any seat is given: what mechanisms in rounds walk down."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simvet.rules.chance import keyed_words
from simvet.rules.compiled import compiled
from simvet.rules.matching import DECLINED, UNPLACED, named_by, part_of
from simvet.rules.mechanisms import Lists

Ints = NDArray[np.int64]
Rows = NDArray[np.int32]
Small = NDArray[np.uint8]


@compiled
def draw_lists(
    persons: NDArray[np.uint32], level: Small, group: Small, key: Rows, bin_of_key: Rows, edges: NDArray[np.float64],
    table_start: Ints, table_length: Ints, probability: NDArray[np.float32], other: Rows, list_length: int,
    most_draws: int, distinct: bool, loyalty: float, address: Ints, entries: NDArray[np.int32],
) -> None:  # fmt: skip
    """Draw the whole list of every applicant.

    Parameters
    ----------
    persons, level, group, key, bin_of_key, edges, table_start, table_length, probability, other, list_length,
    most_draws, distinct, loyalty, address : as in ``matching.walk_lists``; the same words give the same entries.
    entries : (applicant, list_length + 1) array, filled; programmes in the order of the list, then DECLINED where the
        applicant would rather stop, else UNPLACED.

    Notes
    -----
    Unit: none. Errors: none. Source: as ``matching.walk_lists``.
    """
    seed_low, seed_high, decision, year, cohort = address[0], address[1], address[2], address[3], address[4]
    parts = edges.shape[2]
    for applicant in range(persons.shape[0]):
        score_bin = bin_of_key[key[applicant]]
        count = 0
        part = -1
        third, fourth = np.uint64(0), np.uint64(0)
        for entry in range(list_length + 1):
            entries[applicant, entry] = UNPLACED
        for draw in range(most_draws):
            if count == list_length:
                break
            if draw % 2 == 0:
                one, two, third, fourth = keyed_words(
                    seed_low, seed_high, decision + ((draw >> 1) << 8), year, cohort, persons[applicant]
                )
            else:
                one, two = third, fourth
            part = part_of(float(one), part, loyalty, level[applicant], score_bin, edges)
            programme = named_by(
                float(two), part, group[applicant], parts, table_start, table_length, probability, other
            )
            if programme < 0:
                entries[applicant, count] = DECLINED
                break
            again = False
            if distinct:
                for entry in range(count):
                    again = again or entries[applicant, entry] == programme
            if not again:
                entries[applicant, count] = programme
                count += 1


def draw_lists_plainly(
    persons: NDArray[np.uint32], level: Small, group: Small, key: Rows, bin_of_key: Rows, edges: NDArray[np.float64],
    table_start: Ints, table_length: Ints, probability: NDArray[np.float32], other: Rows, list_length: int,
    most_draws: int, distinct: bool, loyalty: float, address: Ints, entries: NDArray[np.int32],
) -> None:  # fmt: skip
    """Do what :func:`draw_lists` does, in plain numpy; parameters are the same.

    Notes
    -----
    Shape and unit: as there. Errors: none. Source: as there.
    """
    lists = Lists(
        persons, level, group, bin_of_key[key], edges, table_start, table_length, probability, other, list_length,
        most_draws, distinct, loyalty, address,
    )  # fmt: skip
    entries[:] = UNPLACED
    going = np.arange(len(persons), dtype=np.int64)
    for entry in range(list_length + 1):
        found = lists.next_of(going)
        entries[going, entry] = found
        going = going[found >= 0]


class DrawnLists:
    """Lists that are drawn already, handed out entry by entry.

    Notes
    -----
    Shape: ``table`` (applicant, entry) as :func:`draw_lists` fills it; ``entries`` (applicant,), how many programmes
    each has named so far; ``group`` (applicant,). Unit: none. Errors: none. Source: the lists.
    """

    def __init__(self, table: NDArray[np.int32], group: Small) -> None:
        self.table, self.group = table, group
        self.list_length = table.shape[1] - 1
        self.entries = np.zeros(len(table), dtype=np.int64)

    def next_of(self, applicants: Ints) -> Ints:
        """Return the next entry of each applicant's list, and count it where it is a programme."""
        found = self.table[applicants, self.entries[applicants]].astype(np.int64)
        self.entries[applicants] += found >= 0
        return found
