"""One gate over the programmes of schools: lists drawn, seats given by a mechanism, what is left in a second round."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simvet.behaviour import AgentChoices
from simvet.engines.programmes import LIST_BINS, Tables, list_edges
from simvet.engines.schools import SchoolBook
from simvet.rules.chance import WORD
from simvet.rules.choosing import fresh_bins, ranked_bins
from simvet.rules.kernels import Kernels
from simvet.rules.matching import SUPPLEMENTARY

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Rows = NDArray[np.int32]
Small = NDArray[np.uint8]

DRAWS_AN_ENTRY = 4
"""Look-ups for each entry of a list: those who name a full programme again draw anew so often."""
TIE_LEVELS = 256
"""Levels of the second exam mark that decides between equal points."""
CLOSED = -700.0
"""Utility of an option that nobody offers this year: its odds are zero."""


@dataclass
class Applicants:
    """Who stands at a gate, and what decides about them.

    Notes
    -----
    Shape: (applicant,) arrays; person number, points, second mark, level of the wish to stay near home, and district or
    field. Unit: points. Errors: none. Source: the student store.
    """

    persons: NDArray[np.uint32]
    key: Rows
    tie: Rows
    level: Small
    group: Small
    levels: int


@dataclass
class Placement:
    """What a gate brought.

    Notes
    -----
    Shape: ``choice``, ``rank`` (applicant,); the others (programme,); ``cutoff`` points, -1 where a programme did not
    fill; ``first_cutoff`` the same before the second round. Unit: persons and points. Errors: none. Source: the
    mechanism.
    """

    choice: Rows
    rank: Small
    seats: Rows
    cutoff: Rows
    first_choices: Rows
    tables: Tables
    first_cutoff: Rows


def place_on_lists(
    kernels: Kernels, choices: AgentChoices, book: SchoolBook, position: int, applicants: Applicants, offered: Floats,
    utility: Floats, slope: Floats, address: Callable[[str], Ints],
) -> Placement:  # fmt: skip
    """Run a gate over programmes.

    Parameters
    ----------
    kernels : Kernels.
    choices : AgentChoices; mechanism, length of lists, second round.
    book : SchoolBook.
    position : int; the gate.
    applicants : Applicants.
    offered : (option,) array, persons; seats of the options.
    utility, slope : (option,) arrays, logit.
    address : callable; event -> address of its random words.

    Returns
    -------
    Placement.

    Notes
    -----
    Unit: persons. Errors: none. Ties go to the second mark, then to the lower person number. Source: MODEL, section 4.
    """
    seats = book.seats(position, offered)
    tables = book.tables(position, seats)
    wishes = np.where(book.exists(position, seats), utility, CLOSED)
    edges = list_edges(book.parts[position], wishes, slope)
    count = len(applicants.persons)
    order = kernels.order_by_key(applicants.tie, TIE_LEVELS, np.arange(count, dtype=np.int32))
    order = kernels.order_by_key(applicants.key, applicants.levels, order)
    if choices.remember_scores:
        bins = ranked_bins(applicants.key, applicants.levels, LIST_BINS)
    else:
        bins = fresh_bins(applicants.levels, LIST_BINS)
    numbers = choices.numbers()
    length = choices.list_length or int(numbers["list_length" if position == 0 else "college_list_length"])
    loyalty = numbers["option_loyalty" if position == 0 else "college_option_loyalty"] * WORD
    left = seats.copy()
    found = Placement(
        np.empty(count, dtype=np.int32), np.empty(count, dtype=np.uint8), seats,
        np.full(len(seats), -1, dtype=np.int32), np.zeros(len(seats), dtype=np.int32), tables,
        np.full(len(seats), -1, dtype=np.int32),
    )  # fmt: skip
    drawn = (tables.start, tables.length, tables.probability, tables.other)
    outcome = (found.choice, found.rank, found.cutoff, found.first_choices)
    if choices.mechanism == "serial_dictatorship":
        kernels.walk_lists(
            order, applicants.persons, applicants.level, applicants.group, applicants.key, bins, edges, *drawn, left,
            length, DRAWS_AN_ENTRY * length, True, loyalty, address(f"choice/{position}"), *outcome,
        )  # fmt: skip
    else:
        table = np.empty((count, length + 1), dtype=np.int32)
        kernels.draw_lists(
            applicants.persons, applicants.level, applicants.group, applicants.key, bins, edges, *drawn, length,
            DRAWS_AN_ENTRY * length, True, loyalty, address(f"choice/{position}"), table,
        )  # fmt: skip
        if choices.mechanism == "deferred_acceptance":
            # Colleges have no home district: their applicants are grouped by field.
            points = np.full(len(left), choices.home_points if position == 0 else 0, dtype=np.int64)
            home = book.programmes[position].home
            kernels.defer(table, applicants.group, order, applicants.key, left, points, home, *outcome)
        else:
            kernels.accept_at_once(table, order, applicants.key, left, *outcome)
    found.first_cutoff[:] = found.cutoff
    if choices.supplementary:
        kernels.seat_the_rest(
            order, applicants.persons, numbers["supplementary_acceptance"] * WORD, address(f"rest/{position}"),
            book.second_round(position), left, found.choice, found.rank, found.cutoff, applicants.key,
        )  # fmt: skip
        _lower_cutoffs(found, applicants.key)
    return found


def _lower_cutoffs(found: Placement, key: Rows) -> None:
    """Bring the cut-offs of programmes that the second round filled down to the lowest whom they admitted.

    That round begins again with the best who wait, so that its last may stand above the first round's.
    """
    late = np.unique(found.choice[found.rank == SUPPLEMENTARY])
    late = late[found.cutoff[late] >= 0]
    inside = np.isin(found.choice, late)
    lowest = np.full(len(found.cutoff), np.iinfo(np.int32).max, dtype=np.int32)
    np.minimum.at(lowest, found.choice[inside], key[inside])
    found.cutoff[late] = lowest[late]
