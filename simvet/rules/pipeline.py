"""Building projects: from the decision through five stages to an opening, then filled grade by grade."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FIRST_OF_SEPTEMBER = 2.0 / 3.0
"""Part of a calendar year that has passed when the school year begins."""
NEVER = 9999.0
"""Opening year of a project that fails."""


def opening_year(start: Floats, duration: Floats, failed: NDArray[np.bool_]) -> Floats:
    """Return the school year in which projects open.

    Parameters
    ----------
    start : (...) array, calendar years with fraction; when the decision is taken.
    duration : (...) array, years; all stages together, never below zero.
    failed : (...) array of bool; projects that come to nothing.

    Returns
    -------
    (...) array, school years; ``NEVER`` where the project failed.

    Raises
    ------
    ValueError : a duration is below zero.

    Notes
    -----
    What is ready by 1 September of a year opens in that year, what is ready later opens a year later. Source: MODEL,
    section 5.
    """
    if np.any(np.asarray(duration) < 0.0):
        raise ValueError("a duration must not be below zero")
    opened = np.ceil(start + duration - FIRST_OF_SEPTEMBER - 1e-9)
    return np.where(failed, NEVER, opened)


def latest_start(duration: Floats, year: int, confidence: float) -> int:
    """Return the last calendar year at whose beginning a project could be approved and still open in time.

    Parameters
    ----------
    duration : (draw,) array, years; all stages together.
    year : int, school year in which it has to be open.
    confidence : float in (0, 1); part of the draws in which it has to make it.

    Returns
    -------
    int, calendar year.

    Raises
    ------
    ValueError : the confidence is not a share.

    Notes
    -----
    Failure is left aside: it does not depend on the date. Source: MODEL, section 5.
    """
    if not 0.0 < confidence < 1.0:
        raise ValueError("the confidence must lie between 0 and 1")
    return int(np.floor(year + FIRST_OF_SEPTEMBER - np.quantile(duration, confidence, method="higher") + 1e-9))


def filled_share(opening: Floats, year: int, grades: int) -> Floats:
    """Return which part of a new school's places can hold students: it fills by grade.

    Parameters
    ----------
    opening : (...) array, school years.
    year : int, school year.
    grades : int; years of the programme.

    Returns
    -------
    (...) array in [0, 1]; 1/grades in the opening year, 1 from the year in which the last grade is taught.

    Notes
    -----
    Errors: none. A school opened in t teaches grade g from t + g - 1 on. Source: MODEL, section 5.
    """
    return np.clip((year - opening + 1.0) / grades, 0.0, 1.0)


def spent_in_year(start: Floats, finish: Floats, cost: Floats, year: int) -> Floats:
    """Return what projects cost in a calendar year, spread evenly from decision to completion.

    Parameters
    ----------
    start, finish : (...) arrays, calendar years with fraction.
    cost : (...) array, CNY.
    year : int, calendar year.

    Returns
    -------
    (...) array, CNY/year; over all years it adds up to ``cost``.

    Notes
    -----
    Errors: none. A project of no duration is paid in the year of its start. Source: MODEL, section 5; an even spread
    stands in for payment plans, which no page prints.
    """
    length = finish - start
    inside = np.clip(np.minimum(finish, year + 1.0) - np.maximum(start, year), 0.0, None)
    at_once = (np.floor(start) == year).astype(np.float64)
    part = np.where(length > 1e-9, inside / np.where(length > 1e-9, length, 1.0), at_once)
    return np.asarray(cost * part)
