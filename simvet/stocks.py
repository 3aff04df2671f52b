"""What grows from the base year on, and by which rule: seats, places, licences, teachers, space, budgets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from simvet.draws import Draws, cohort_key
from simvet.opening.state import Opening
from simvet.projects import Built
from simvet.rules.drift import poisson_counts
from simvet.rules.names import PROVIDERS
from simvet.rules.resources import stock_path
from simvet.sampling import Sample, Uncertainty
from simvet.scenario import Scenario

Floats = NDArray[np.float64]

GROWTH = {
    ("intake_plan", "higher_vocational"): ("intake_plan_growth", "higher_vocational"),
    ("intake_plan", "bachelor"): ("intake_plan_growth", "bachelor"),
    ("topup_seats", ""): ("topup_seat_growth", ""),
    ("elsewhere_seats", "topup"): ("elsewhere_seat_growth", ""),
    ("elsewhere_seats", "vocational_exam"): ("elsewhere_seat_growth", ""),
    ("elsewhere_seats", "general_exam"): ("elsewhere_seat_growth", ""),
    ("international_students", ""): ("international_student_growth", ""),
    ("adult_demand", ""): ("adult_demand_growth", ""),
    ("training_level", ""): ("training_growth", ""),
    **{
        (name, stage): (growth, stage)
        for stage in PROVIDERS
        for name, growth in (
            ("floor_area", "floor_area_growth"), ("land", "land_growth"), ("books", "books_growth"),
            ("unit_cost", "unit_cost_growth"), ("recurrent_budget", "recurrent_budget_growth"),
            ("capital_budget", "capital_budget_growth"),
        )
    },
    **{
        ("public_funding_per_student", stage): ("public_funding_growth", stage)
        for stage in ("general_high", "secondary_vocational")
    },
    ("appropriation_per_student", "higher_vocational"): ("appropriation_growth", "higher_vocational"),
}  # fmt: skip
"""What grows by which yearly rate."""


class Paths(Protocol):
    """The paths of a schedule, as the rules of growth see them."""

    count: int
    calendar: NDArray[np.int64]
    first: int
    scenario: Scenario
    openings: list[Opening]
    draws: Draws
    uncertainty: Uncertainty
    held: dict[str, int]

    def path(self, position: int, name: str, key: str = "") -> Floats:
        """Return a region's path of a quantity, shape (draw, year) or (draw, 1)."""

    def whole(self, path: Floats) -> Floats:
        """Return a path with a value for every year, shape (draw, year)."""

    def built(self, position: int) -> Sequence[Built]:
        """Return a region's projects in every draw."""

    def sample(self, position: int) -> Sample:
        """Return a region's drawn numbers."""


def after_base(paths: Paths, position: int) -> NDArray[np.bool_]:
    """Return which years come after a region's base year, shape (year,)."""
    return np.asarray(paths.calendar > paths.openings[position].case.base_year)


def grown_by_rate(paths: Paths, position: int, name: str, key: str) -> Floats:
    """Return the product of a rate's yearly growth since the region's base year.

    Parameters
    ----------
    paths : Paths.
    position : int; the region.
    name, key : str; the rate, share/year.

    Returns
    -------
    (draw, year) array, ratio; 1 up to the base year.

    Notes
    -----
    Errors: none. Source: compound growth.
    """
    rate = paths.whole(paths.path(position, name, key))
    factor = np.where(after_base(paths, position), np.maximum(1.0 + rate, 0.0), 1.0)
    return np.asarray(np.cumprod(factor, axis=1), dtype=np.float64)


def rest_of_blocks(paths: Paths, position: int) -> Floats:
    """Return what the other pools leave of college seats to general leavers, share, shape (draw, year)."""
    pools = ("vocational", "adult", "outside")
    others = sum(paths.whole(paths.path(position, "block_share", pool)) for pool in pools)
    crowded = int(np.count_nonzero(np.asarray(others) > 1.0 + 1e-9))
    if crowded:
        paths.held["block_share"] = crowded
    return np.maximum(1.0 - np.asarray(others), 0.0)


def _block(paths: Paths, position: int, key: str, start: Floats) -> Floats:
    """Return a block's share: that of vocational leavers grows faster or slower than the whole intake."""
    if key != "vocational":
        return start
    base = paths.openings[position].base
    faster = grown_by_rate(paths, position, "vocational_block_growth", "")
    slower = grown_by_rate(paths, position, "intake_plan_growth", "higher_vocational")
    room = 1.0 - base[("block_share", "adult")] - base[("block_share", "outside")]
    return np.minimum(start * faster / slower, np.maximum(room, start[:, 0])[:, None])


def _less_converted(paths: Paths, position: int, key: str, start: Floats) -> Floats:
    """Return an intake plan less what colleges give up when they are raised to bachelor level."""
    if key != "higher_vocational":
        return start
    converted = paths.whole(paths.path(position, "approval_conversion_share")) * approved_intake(paths, position)
    return np.maximum(start - converted, 0.0)


def _licence(paths: Paths, position: int, _: str, start: Floats) -> Floats:
    return start + approved_intake(paths, position)


def approved_intake(paths: Paths, position: int) -> Floats:
    """Return the intake of institutions approved since the base year.

    Parameters
    ----------
    paths : Paths.
    position : int; the region.

    Returns
    -------
    (draw, year) array, persons/year: approvals as they come, those that a lever adds, and upgrades that are projects.

    Notes
    -----
    Errors: none. Source: MODEL, section 5 (approvals are projects too).
    """
    region = paths.openings[position].case.region
    rate = paths.whole(paths.path(position, "approvals_per_year"))
    rate = np.where(after_base(paths, position), rate, 0.0)
    if paths.uncertainty.drift:
        low, high, decision = paths.draws.key("approval")
        cohort = cohort_key(f"{region}/approvals")
        rate = poisson_counts(
            low, high, decision, cohort, paths.first, np.ascontiguousarray(rate), paths.draws.rows(paths.count)
        )
    running = np.cumsum(rate + paths.whole(paths.path(position, "approved_institutions")), axis=1)
    lag = np.rint(paths.sample(position).of("approval_lag")).astype(np.int64)
    opened = np.zeros_like(running)
    for years in np.unique(lag):
        rows = lag == years
        opened[rows, years:] = running[rows, : running.shape[1] - years]
    intake = opened * paths.whole(paths.path(position, "approval_intake"))
    return np.asarray(intake + project_total(paths, position, "vocational_bachelor"))


def project_total(paths: Paths, position: int, stage: str, only_opened: bool = False) -> Floats:
    """Return what a region's projects have brought a stage by each year.

    Parameters
    ----------
    paths : Paths.
    position : int; the region.
    stage : str.
    only_opened : bool; leave closures aside.

    Returns
    -------
    (draw, year) array; places, or persons/year for upgrades.

    Notes
    -----
    Errors: none. Source: MODEL, section 5.
    """
    total = np.zeros((paths.count, len(paths.calendar)))
    for built in paths.built(position):
        if built.project.stage == stage and (built.project.places.high > 0.0 or not only_opened):
            total += np.stack([built.brought(int(year)) for year in paths.calendar], axis=1)
    return total


def _places(paths: Paths, position: int, key: str, start: Floats) -> Floats:
    places = start + project_total(paths, position, key)
    below = int(np.count_nonzero(places < 0.0))
    if below:
        paths.held["places"] = below
    return np.maximum(places, 0.0)


def usable_places(paths: Paths, position: int, key: str) -> Floats:
    """Return the places that can hold students: new schools fill by grade, closing ones empty by grade.

    Parameters
    ----------
    paths : Paths.
    position : int; the region.
    key : str; the stage.

    Returns
    -------
    (draw, year) array, places, never below zero.

    Notes
    -----
    Errors: none. Source: MODEL, section 5 (a school opened in t cannot teach grade 3 before t + 2).
    """
    places = paths.whole(paths.path(position, "places", key))
    missing = np.zeros(places.shape)
    grades = paths.scenario.pathway.stage_grades(key)
    for built in paths.built(position):
        if built.project.stage == key:
            for column, year in enumerate(paths.calendar):
                missing[:, column] += built.brought(int(year)) - built.usable(int(year), grades)
    # No more can be emptied than there was.
    most = paths.openings[position].base[("places", key)][:, None] + project_total(paths, position, key, True)
    return np.clip(places - missing, 0.0, np.maximum(most, places))


def _local_work(paths: Paths, position: int, _: str, start: Floats) -> Floats:
    rate = paths.whole(paths.path(position, "work_in_region_growth"))
    trend = np.cumsum(np.where(after_base(paths, position), rate, 0.0), axis=1)
    return logistic(logit(np.clip(start, 1e-9, 1 - 1e-9)) + trend)


def _teachers(paths: Paths, position: int, key: str, start: Floats) -> Floats:
    """Return teachers: those who stay and those who are hired."""
    leaving = paths.whole(paths.path(position, "teacher_attrition", key)) + paths.whole(
        paths.path(position, "teacher_retirement", key)
    )
    hiring = paths.whole(paths.path(position, "teacher_hiring", key))
    moving = after_base(paths, position)
    return stock_path(start[:, 0], np.where(moving, leaving, 0.0), np.where(moving, hiring, 0.0))


def _space(standard: str) -> Callable[[Paths, int, str, Floats], Floats]:
    """Return the rule for space and books: projects come with what the standard asks for, and take theirs along."""

    def grown(paths: Paths, position: int, key: str, start: Floats) -> Floats:
        if key != "secondary_vocational" or not paths.built(position):
            return start
        brought = project_total(paths, position, key, only_opened=True)
        taken = project_total(paths, position, key) - brought
        asked = paths.whole(paths.path(position, standard, key))
        base = paths.openings[position].base
        per_place = start[:, :1] / np.maximum(base[("places", key)][:, None], 1e-9)
        return np.maximum(start + brought * asked + taken * per_place, 0.0)

    return grown


def logit(share: Floats) -> Floats:
    """Return the logit of a share inside (0, 1), same shape."""
    return np.asarray(np.log(share) - np.log1p(-share))


def logistic(value: Floats) -> Floats:
    """Return the share of a logit, same shape."""
    return np.asarray(1.0 / (1.0 + np.exp(-value)))


GROWN: dict[str, Callable[[Paths, int, str, Floats], Floats]] = {
    "block_share": _block,
    "intake_plan": _less_converted,
    "licence": _licence,
    "places": _places,
    "work_in_region_share": _local_work,
    "teachers": _teachers,
    "floor_area": _space("floor_area_standard"),
    "land": _space("land_standard"),
    "books": _space("books_standard"),
}
"""Rules of growth beyond a yearly rate, by quantity."""
