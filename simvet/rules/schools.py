"""What schools decide once a year, each rule a pure function of what one school or its region can see.

Programmes are stopped, cut, merged and added (停、减、整、增); classes open and close; teachers and equipment are
shared out; a school's standing follows its quality and what becomes of its students. All numbers behind them are
assumed and stand in ``data/agents/behaviour.csv``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def follow_demand(
    planned: Floats, wanted: Floats, pressure: Floats, speed: float, class_size: float, smallest: float,
    pressed: float,
) -> Floats:  # fmt: skip
    """Return a school's seats by programme, moved towards what its applicants want.

    Parameters
    ----------
    planned : (programme,) array, first-year seats; zero where the school does not offer the programme.
    wanted : (programme,) array, persons who named it first.
    pressure : (programme,) array, ratio; first choices for a seat of the programme's field in the region, zero where
        the school's turn to open it has not come.
    speed : float, share/year; part of the distance that is closed.
    class_size, smallest : float, persons; of a class, and below which a programme is stopped.
    pressed : float, ratio; pressure from which a missing field is added.

    Returns
    -------
    (programme,) array, persons; the sum stays as it was.

    Notes
    -----
    Errors: none. Cut and grow with demand; stop what falls below ``smallest`` and merge its seats into the rest; add
    the most wanted field that is missing. Source: 专业动态调整 (停、减、整、增), numbers assumed.
    """
    total = planned.sum()
    if total <= 0.0:
        return planned.copy()
    offered = planned > 0.0
    asked = np.where(offered, wanted, 0.0)
    goal = total * asked / asked.sum() if asked.sum() > 0.0 else planned
    moved = planned + speed * (goal - planned)
    stopped = offered & (moved < smallest)
    # The last programme is never stopped: that would be closing the school.
    stopped[np.argmax(moved)] = False
    moved[stopped] = 0.0
    missing = np.flatnonzero(~offered & (pressure >= pressed))
    if len(missing) and speed * total >= class_size / 2.0:
        moved[missing[np.argmax(pressure[missing])]] = min(class_size, speed * total)
    return np.asarray(moved * (total / moved.sum()), dtype=np.float64)


def keep_seats(
    planned: Floats, _wanted: Floats, _pressure: Floats, _speed: float, _class_size: float, _smallest: float,
    _pressed: float,
) -> Floats:  # fmt: skip
    """Return a school's seats by programme as they were; parameters as for :func:`follow_demand`.

    Notes
    -----
    Shape and unit: as there. Errors: none. Source: none needed.
    """
    return planned.copy()


def open_and_close(
    planned: float, filled: float, wanted: float, most: float, class_size: float, close_below: float, open_above: float
) -> float:
    """Return the first-year seats of a school after it has opened or closed a class.

    Parameters
    ----------
    planned : float, persons; seats of last year.
    filled : float, persons; placed last year.
    wanted : float, persons who named the school first.
    most : float, persons; what the school's own resources carry.
    class_size : float, persons.
    close_below, open_above : float; shares of filled seats below which a class that stands empty is closed, and from
        which one may be opened.

    Returns
    -------
    float, persons; one class more or less than before, or as many; the last class stays.

    Notes
    -----
    Errors: none. Source: classes are opened and closed as wholes; thresholds assumed, in data.
    """
    if planned <= 0.0:
        return planned
    share = filled / planned
    spare = filled <= planned - class_size or planned > most
    if (share < close_below or planned > most) and spare and planned >= 2.0 * class_size:
        return planned - class_size
    if share >= open_above and wanted > planned and planned + class_size <= most:
        return planned + class_size
    return planned


def keep_classes(
    planned: float, _filled: float, _wanted: float, _most: float, _class_size: float, _close_below: float,
    _open_above: float,
) -> float:  # fmt: skip
    """Return the first-year seats of a school as they were; parameters as for :func:`open_and_close`.

    Notes
    -----
    Shape and unit: as there. Errors: none. Source: none needed.
    """
    return planned


def shortage(students: float, teachers: float, standard: float) -> float:
    """Return how many teachers a school lacks under its standard.

    Parameters
    ----------
    students, teachers : float, persons.
    standard : float, students/teacher.

    Returns
    -------
    float, persons; a little above zero where none are lacking, so that everybody gets somebody.

    Notes
    -----
    Errors: none. Source: MODEL, section 5 (20 students a teacher).
    """
    return max(students / standard - teachers, 0.01 * teachers)


def by_size(students: float, _teachers: float, standard: float) -> float:
    """Return a school's claim on new teachers by its enrolment alone; parameters as for :func:`shortage`.

    Notes
    -----
    Shape and unit: as there. Errors: none. Source: none needed.
    """
    return students / standard


def claim_by_enrolment(students: float, _equipment: float) -> float:
    """Return a school's claim on the money for equipment: its students.

    Parameters
    ----------
    students : float, persons.
    equipment : float; part of the region's equipment that the school holds.

    Returns
    -------
    float; shared out in proportion.

    Notes
    -----
    Unit: persons. Errors: none. Source: money per student.
    """
    return students


def claim_of_the_weakest(students: float, equipment: float) -> float:
    """Return a school's claim on the money for equipment: more for a student who has less.

    Parameters
    ----------
    students, equipment : as for :func:`claim_by_enrolment`.

    Returns
    -------
    float; shared out in proportion.

    Notes
    -----
    Unit: persons. Errors: none. Source: bringing schools up to standard (办学条件达标).
    """
    return students * students / max(equipment, 1e-12)


def quality_and_progression(standing: float, merit: float, kept: float) -> float:
    """Return a school's standing after a year.

    Parameters
    ----------
    standing : float, standard deviations among the schools of the stage.
    merit : float, standard deviations; quality, graduates who went on and equipment for a student, in equal parts.
    kept : float, share of last year's standing that stays.

    Returns
    -------
    float, standard deviations.

    Notes
    -----
    Errors: none. Source: MODEL, section 4 (attractiveness), brought down to schools; weights assumed.
    """
    return kept * standing + (1.0 - kept) * merit


def constant_standing(standing: float, _merit: float, _kept: float) -> float:
    """Return a school's standing as it was; parameters as for :func:`quality_and_progression`.

    Notes
    -----
    Shape and unit: as there. Errors: none. Source: none needed.
    """
    return standing


def seats_of_schools(total: float, weight: Floats, most: Floats) -> Floats:
    """Return the seats of each school: by weight, none above what its own resources carry.

    Parameters
    ----------
    total : float, persons; seats of the region.
    weight : (school,) array; planned seats.
    most : (school,) array, persons; what each school carries.

    Returns
    -------
    (school,) array, persons; adds up to ``total`` unless all are full.

    Notes
    -----
    Errors: none. What one cannot take goes to the others by weight. Source: water filling.
    """
    found = np.zeros(len(weight))
    rest = total
    for _ in range(len(weight)):
        free = (found < most) & (weight > 0.0)
        if rest <= 1e-9 or not free.any():
            break
        share = np.where(free, weight, 0.0)
        step = rest * share / share.sum()
        full = free & (step >= most - found)
        # Filled to the last seat and not to a rounding below it, or a full school would go on taking its share.
        found = np.where(full, most, found + step)
        rest = total - found.sum()
    return found


def whole_seats(total: int, weight: Floats) -> NDArray[np.int32]:
    """Return whole seats shared out by weight, the largest remainders first.

    Parameters
    ----------
    total : int, persons.
    weight : (programme,) array, not negative.

    Returns
    -------
    (programme,) array of int32, persons; adds up to ``total`` unless all weights are zero.

    Notes
    -----
    Errors: none. Source: Hamilton's method; ties go to the first.
    """
    whole = weight.sum()
    if whole <= 0.0 or total <= 0:
        return np.zeros(len(weight), dtype=np.int32)
    exact = total * weight / whole
    seats = np.floor(exact).astype(np.int32)
    order = np.argsort(-(exact - seats), kind="stable")
    seats[order[: total - int(seats.sum())]] += 1
    found: NDArray[np.int32] = seats
    return found


def standardised(values: Floats) -> Floats:
    """Return values in standard deviations around their mean; zeros where all are equal or unknown.

    Parameters
    ----------
    values : (school,) array; NaN where unknown.

    Returns
    -------
    (school,) array.

    Notes
    -----
    Unit: standard deviations. Errors: none. Source: none needed.
    """
    known = np.isfinite(values)
    if known.sum() < 2 or np.ptp(values[known]) <= 1e-12:
        return np.zeros(len(values))
    found = (values - values[known].mean()) / values[known].std()
    return np.where(known, np.clip(found, -3.0, 3.0), 0.0)


FIELDS = {"follow_demand_and_work": follow_demand, "follow_demand": follow_demand, "keep": keep_seats}
CLASSES = {"follow_filling": open_and_close, "keep": keep_classes}
HIRING = {"by_shortage": shortage, "by_enrolment": by_size}
INVESTMENT = {"by_enrolment": claim_by_enrolment, "to_weakest": claim_of_the_weakest}
APPEAL = {"quality_and_progression": quality_and_progression, "constant": constant_standing}
"""Rules by the name that a scenario gives; ``follow_demand_and_work`` is given demand weighted with work placement."""
