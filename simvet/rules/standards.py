"""Standards as limits: what a stage's resources carry, and the yellow and red card rule for colleges."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

YEARS_TO_RED = 3
"""Yellow years in a row after which a college may take nobody."""


def with_old_rights(standard: Floats, opened: Floats, base: Floats) -> Floats:
    """Return the amount per student that counts as full: a region below the standard keeps what it had.

    Parameters
    ----------
    standard : (...) array, amount per student that the standard asks for this year.
    opened : (...) array, the same in the base year.
    base : (...) array, amount per student in the base year.

    Returns
    -------
    (...) array, amount per student: the standard, or the base year's amount where that was lower; a standard raised
    since raises both in proportion.

    Notes
    -----
    Nobody sends students home because a school was crowded before the plan began; a stricter standard tightens what it
    may keep in proportion, so that a small step of the standard is a small step of the seats.
    Errors: none. Source: this model's reading of MODEL, section 5.
    """
    return np.minimum(standard, base * np.maximum(standard / opened, 1.0))


def share_below(mean: Floats, limit: Floats, spread: Floats, higher_is_worse: bool) -> Floats:
    """Return the share of colleges on the wrong side of a limit, spread around their mean.

    Parameters
    ----------
    mean : (...) array, above zero; the region's indicator.
    limit : (...) array, above zero; same unit.
    spread : (...) array; standard deviation between colleges on the log scale, 0 for one college.
    higher_is_worse : bool; True for students per teacher.

    Returns
    -------
    (...) array in [0, 1].

    Raises
    ------
    ValueError : a limit is not above zero.

    Notes
    -----
    Colleges are taken as log-normal around the mean. Source: assumed; no page prints single colleges.
    """
    from scipy.special import ndtr  # noqa: PLC0415 - importing scipy costs more than most runs need

    if np.any(limit <= 0.0):
        raise ValueError("a limit must be above zero")
    distance = np.log(np.maximum(mean, 1e-12)) - np.log(limit)
    worse = distance if higher_is_worse else -distance
    sharp = (worse > 0.0).astype(np.float64)
    smooth = np.asarray(ndtr(worse / np.where(spread > 0.0, spread, 1.0)))
    return np.where(spread > 0.0, smooth, sharp)


def cards(below: Floats) -> tuple[Floats, Floats]:
    """Return the shares of colleges with exactly one and with two or more indicators on the wrong side.

    Parameters
    ----------
    below : (indicator, ...) array in [0, 1]; share of colleges on the wrong side of each indicator's limit.

    Returns
    -------
    yellow, red : (...) arrays in [0, 1]; exactly one, and two or more.

    Notes
    -----
    Indicators are taken as independent between colleges; with shares of 0 and 1 this is the rule itself. Errors: none.
    Source: MODEL, section 5.
    """
    none = np.prod(1.0 - below, axis=0)
    one = np.zeros(np.shape(none))
    for position in range(below.shape[0]):
        others = np.prod(np.delete(1.0 - below, position, axis=0), axis=0)
        one = one + below[position] * others
    return one, np.clip(1.0 - none - one, 0.0, 1.0)


def card_limit(plan: Floats, graduates: Floats, yellow: Floats, red: Floats, lasting: Floats) -> Floats:
    """Return the entrants that cards leave of an intake plan.

    Parameters
    ----------
    plan : (...) array, persons/year.
    graduates : (...) array, persons/year; this year's.
    yellow, red : (...) arrays in [0, 1]; shares of colleges.
    lasting : (...) array in [0, 1]; share of colleges with a yellow card for the third year, part of ``yellow``.

    Returns
    -------
    (...) array, persons/year; the plan itself where no college holds a card.

    Notes
    -----
    A yellow card holds intake to the year's graduates; a red one, or a third yellow in a row, stops it. Errors: none.
    Source: MODEL, section 5; reprints of the national indicators of 2004.
    """
    stopped = np.clip(red + lasting, 0.0, 1.0)
    held = np.clip(yellow - lasting, 0.0, 1.0)
    free = np.clip(1.0 - stopped - held, 0.0, 1.0)
    return np.asarray(plan * free + np.minimum(plan, graduates) * held)


__all__ = ["YEARS_TO_RED", "card_limit", "cards", "share_below", "with_old_rights"]
