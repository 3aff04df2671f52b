"""Seats for new entrants: the smallest of the intake plan, the licence, the entry capacity and what resources leave."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from simvet.rules.names import LIMITS

Floats = NDArray[np.float64]


def students_carried(resource: Floats, standard: Floats, per_student: bool) -> Floats:
    """Return how many students a resource carries under its standard.

    Parameters
    ----------
    resource : (...) array; persons, m2 or CNY.
    standard : (...) array; students per teacher, or m2 or CNY per student.
    per_student : bool; True where the standard is an amount per student, False where it is students per unit.

    Returns
    -------
    (...) array, students.

    Raises
    ------
    ValueError : a standard is not above zero.

    Notes
    -----
    Source: MODEL, section 5 (T=180, floor 95,000, equipment 14,000,000 carry 3,600, 4,750 and 5,600 students).
    """
    if np.any(np.asarray(standard) <= 0.0):
        raise ValueError("a standard must be above zero")
    return np.asarray(resource / standard if per_student else resource * standard, dtype=np.float64)


def seats_and_binding(
    intake_plan: Floats,
    licence: Floats,
    entry_capacity: Floats,
    carried: Mapping[str, Floats],
    continuing: Floats,
    card: Floats | None = None,
) -> tuple[Floats, NDArray[np.int8]]:
    """Return the seats for new entrants and the term that sets them.

    Parameters
    ----------
    intake_plan, licence, entry_capacity : (...) arrays, persons/year; ``inf`` where there is no such limit.
    carried : mapping of limit name (one of LIMITS) -> (...) array, students that the resource carries.
    continuing : (...) array, persons who keep their place, repeaters and reserved transfers among them.
    card : (...) array, optional, persons/year; what yellow and red cards leave of the intake plan.

    Returns
    -------
    seats : (...) array, persons/year, never below zero.
    binding : (...) array of int8, index into LIMITS of the smallest term.

    Raises
    ------
    ValueError : a limit has no place in LIMITS.

    Notes
    -----
    ``max(0, min(intake plan, licence, card, entry capacity, min(carried) - continuing))``. Source: MODEL, section 5.
    """
    unknown = set(carried) - set(LIMITS)
    if unknown:
        raise ValueError(f"unknown limits {sorted(unknown)}; known: {LIMITS}")
    terms = {"intake_plan": intake_plan, "licence": licence, "entry_capacity": entry_capacity}
    if card is not None:
        terms["card"] = card
    terms.update({name: students - continuing for name, students in carried.items()})
    seats = np.full(np.shape(continuing), np.inf)
    binding = np.full(np.shape(continuing), LIMITS.index("none"), dtype=np.int8)
    for position, name in enumerate(LIMITS):
        if name in terms:
            smaller = terms[name] < seats
            seats = np.where(smaller, terms[name], seats)
            binding = np.where(smaller, np.int8(position), binding)
    return np.maximum(seats, 0.0), binding


def regular_seats_by_pool(
    seats: Floats, taken: Floats, reserved: Floats, block_share: Floats, spill: bool
) -> tuple[Floats, Floats]:
    """Divide what the integrated tracks leave of a stage's seats among its pools.

    Parameters
    ----------
    seats : (...) array, persons/year, of the whole stage.
    taken : (...) array, persons/year who came in on reserved seats.
    reserved : (...) array, persons/year promised when those students entered.
    block_share : (..., pool) array in [0, 1], summing to at most 1 over the pools.
    spill : bool; whether reserved seats left empty return to the common pot.

    Returns
    -------
    blocks : (..., pool) array, persons/year.
    broken : (...) array, persons/year; reserved seats that the stage could not honour.

    Notes
    -----
    Errors: none; shares are checked where they are read. Source: MODEL, section 4.
    """
    held = np.minimum(taken if spill else np.maximum(taken, reserved), seats)
    blocks = (seats - held)[..., None] * block_share
    return blocks, np.maximum(reserved - seats, 0.0)
