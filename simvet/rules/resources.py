"""Teachers, equipment, training and money from one year to the next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def stock_path(start: Floats, leaving: Floats, coming: Floats) -> Floats:
    """Return the path of a stock that loses and gains a part of itself every year.

    Parameters
    ----------
    start : (draw,) array; the stock in the base year, any unit.
    leaving, coming : (draw, year) arrays, share/year of last year's stock; the first column is not read.

    Returns
    -------
    (draw, year) array in the unit of the stock, never below zero.

    Notes
    -----
    ``T[t] = T[t-1] * max(1 - leaving[t] + coming[t], 0)``. Errors: none. Source: MODEL, section 5.
    """
    factor = np.maximum(1.0 - leaving + coming, 0.0)
    factor[:, 0] = 1.0
    return np.asarray(start[:, None] * np.cumprod(factor, axis=1))


def hires_between(before: Floats, after: Floats, leaving: Floats) -> Floats:
    """Return how many teachers were hired between two autumns.

    Parameters
    ----------
    before, after : (...) arrays, persons.
    leaving : (...) array, share/year of ``before`` who leave or retire.

    Returns
    -------
    (...) array, persons/year, never below zero.

    Notes
    -----
    Errors: none. Source: MODEL, section 5: ``T[t+1] = (1 - q) T + hires``.
    """
    return np.maximum(after - (1.0 - leaving) * before, 0.0)


def next_qualified(
    qualified: Floats, total: Floats, leaving: Floats, slots: Floats, funded: Floats, hires: Floats, of_hires: Floats,
    expiring: Floats,
) -> tuple[Floats, Floats]:  # fmt: skip
    """Return qualified teachers a year later, and how many became so.

    Parameters
    ----------
    qualified, total : (...) arrays, persons; the qualified among the total of this year.
    leaving : (...) array, share/year of the stock.
    slots, funded : (...) arrays, persons/year that can be trained, and whose training is paid.
    hires : (...) array, persons/year.
    of_hires : (...) array, share of hires who come qualified.
    expiring : (...) array, share/year of the qualified whose recognition lapses.

    Returns
    -------
    qualified : (...) array, persons, never below zero.
    formed : (...) array, persons/year: trained, or hired qualified.

    Notes
    -----
    ``Q[t+1] = (1 - q) Q + min(slots, eligible, funded) + h * hires - expired`` with the eligible those who stay and are
    not qualified, or no longer. Errors: none. Source: MODEL, section 5 (420 of 1,000 with 60 slots and 45 hires of whom
    30 % are qualified: 0.4200 0.4743 0.5260 0.5751 0.6218 0.6663).
    """
    stay = (1.0 - leaving) * qualified
    eligible = np.maximum((1.0 - leaving) * (total - qualified), 0.0) + expiring * qualified
    trained = np.minimum(np.minimum(slots, funded), eligible)
    formed = trained + of_hires * hires
    return np.maximum(stay + formed - expiring * qualified, 0.0), formed


@dataclass(frozen=True)
class Staffing:
    """Teachers of a stage over the years, total and qualified.

    Notes
    -----
    Shape: (year,) arrays, the first the base year. Unit: persons, persons/year; ``share`` of ``total``. Errors: none.
    Source: MODEL, section 5.
    """

    total: Floats
    qualified: Floats
    share: Floats


def qualified_path(
    total: float, qualified: float, years: int, leaving: float, slots: float, hires: float, of_hires: float,
    funded: float = np.inf, expiring: float = 0.0,
) -> Staffing:  # fmt: skip
    """Return qualified teachers over the years under one staffing plan; the planner's own calculation.

    Parameters
    ----------
    total, qualified : float, persons in the base year.
    years : int; how many years to go.
    leaving : float, share/year who leave or retire.
    slots : float, training slots a year, persons.
    hires : float, persons/year.
    of_hires : float, share of hires who come qualified.
    funded : float, persons/year whose training is paid; no limit by default.
    expiring : float, share/year of the qualified whose recognition lapses.

    Returns
    -------
    Staffing of ``years + 1`` values.

    Raises
    ------
    ValueError : a number is not finite (``funded`` may be infinite), below zero, or the qualified outnumber the total.

    Notes
    -----
    Unit: persons. Source: MODEL, section 5.
    """
    given = (total, qualified, leaving, slots, hires, of_hires, expiring)
    if not all(np.isfinite(value) and value >= 0.0 for value in given) or not funded >= 0.0 or years < 0:
        raise ValueError("staffing numbers must be finite and not below zero")
    if qualified > total or max(leaving, of_hires, expiring) > 1.0:
        raise ValueError("a share above 1, or more qualified teachers than teachers")
    totals, found = [float(total)], [float(qualified)]
    for _ in range(years):
        one = [np.array(value) for value in (found[-1], totals[-1], leaving, slots, funded, hires, of_hires, expiring)]
        found.append(float(next_qualified(*one)[0]))
        totals.append((1.0 - leaving) * totals[-1] + hires)
    return Staffing(np.array(totals), np.array(found), np.array(found) / np.maximum(np.array(totals), 1e-9))


def slots_to_reach(
    target: float, total: float, qualified: float, years: int, leaving: float, hires: float, of_hires: float,
    expiring: float = 0.0,
) -> float:  # fmt: skip
    """Return the training slots a year at which the share of qualified teachers reaches a target.

    Parameters
    ----------
    target : float, share of all in the last year.
    total, qualified, years, leaving, hires, of_hires, expiring : as in :func:`qualified_path`.

    Returns
    -------
    float, persons/year; 0 where it is reached without training, ``inf`` where no number of slots reaches it.

    Raises
    ------
    ValueError : as in :func:`qualified_path`, or the target is not a share or no year is left.

    Notes
    -----
    Unit: persons/year. The share rises with the slots, so bisection finds it to 1e-9 of the total. Source: MODEL,
    section 5 (the back-calculation).
    """
    if not 0.0 <= target <= 1.0 or years < 1:
        raise ValueError("the target must be a share and lie at least a year ahead")

    def reached(slots: float) -> bool:
        path = qualified_path(total, qualified, years, leaving, slots, hires, of_hires, expiring=expiring)
        return bool(path.share[-1] >= target)

    low, high = 0.0, max(total + years * hires, 1.0)
    if reached(low):
        return 0.0
    if not reached(high):
        return float("inf")
    while high - low > 1e-9 * max(total, 1.0):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if reached(middle) else (middle, high)
    return high


def next_equipment(value: Floats, depreciation: Floats, investment: Floats) -> Floats:
    """Return the value of equipment a year later.

    Parameters
    ----------
    value : (...) array, CNY.
    depreciation : (...) array, share/year.
    investment : (...) array, CNY/year.

    Returns
    -------
    (...) array, CNY, never below zero.

    Notes
    -----
    ``V[t+1] = (1 - depreciation) V[t] + investment``. Errors: none. Source: MODEL, section 5.
    """
    return np.maximum((1.0 - depreciation) * value + investment, 0.0)


def trained_persons(wanted: Floats, teachers: Floats, time_per_person: Floats, most_time: Floats) -> Floats:
    """Return how many persons are trained: what is asked for, as far as teachers' time goes.

    Parameters
    ----------
    wanted : (...) array, persons/year.
    teachers : (...) array, persons.
    time_per_person : (...) array, teacher-years for each person trained.
    most_time : (...) array, share of teachers' time that may go to training.

    Returns
    -------
    (...) array, persons/year.

    Notes
    -----
    Errors: none; where training takes no time there is no limit. Source: MODEL, section 6 (capacity and utilisation,
    trainers shared with teaching).
    """
    able = np.where(time_per_person > 0.0, most_time * teachers / np.maximum(time_per_person, 1e-300), np.inf)
    return np.minimum(wanted, able)


def pay(needs: tuple[Floats, ...], available: Floats) -> tuple[tuple[Floats, ...], Floats]:
    """Pay needs in order of their rank as far as the money goes.

    Parameters
    ----------
    needs : tuple of (...) arrays, CNY/year; the first is served first.
    available : (...) array, CNY; this year's income and what was left over.

    Returns
    -------
    paid : tuple of (...) arrays, CNY/year, in the order of ``needs``.
    left : (...) array, CNY, carried to the next year, never below zero.

    Notes
    -----
    ``available = sum(paid) + left``: money in is money out. Errors: none. Source: MODEL, section 5.
    """
    paid = []
    left = np.maximum(available, 0.0)
    for need in needs:
        given = np.minimum(need, left)
        paid.append(given)
        left = left - given
    return tuple(paid), left
