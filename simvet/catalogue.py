"""Every input quantity, declared once: what it is counted over, its unit, its bounds, how it drifts, who owns it.

Names in zh and en live in ``data/wording.yaml`` under ``quantity``. Checks, levers and documentation grow from here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from simvet.errors import InputError, nearest

Axis = Literal["region", "stage", "gate", "pool"]
Origin = Literal["data", "opening", "neutral"]
Drift = Literal["none", "logit", "log", "add"]


@dataclass(frozen=True)
class Quantity:
    """One input quantity.

    Notes
    -----
    Shape: ``axis`` says what it is counted over besides draw, year and region. Unit: ``unit``, with period and
    denominator. Errors: none. Source: the row of ``data/<region>`` that carries its value; ``origin`` says whether the
    base value is read from data, solved by the opening balance, or neutral (a lever that nobody has pulled).
    """

    unit: str
    low: float
    high: float
    axis: Axis = "region"
    origin: Origin = "data"
    drift: Drift = "none"
    owner: str = "none"
    neutral: float = math.nan
    keys: tuple[str, ...] = ()
    yearly: bool = True
    lever: bool = True


_COLLEGES = ("higher_vocational", "vocational_bachelor", "bachelor")
_SCHOOLS = ("primary", "middle", "general_high", "secondary_vocational", *_COLLEGES)
_UPPER = ("general_high", "secondary_vocational", *_COLLEGES)
_PLANNED = ("general_high", "higher_vocational", "bachelor")
_GATES = ("senior_secondary", "topup", "vocational_exam", "general_exam")
POOLS = ("vocational", "general", "adult", "outside")
"""Blocks that the regular seats of higher vocational colleges are divided into."""

SHARE, YEARLY_SHARE, PERSONS, INTAKE = "share", "share/year", "persons", "persons/year"

CATALOGUE: dict[str, Quantity] = {
    # moves during the year, of the autumn stock
    "dropout_rate": Quantity(YEARLY_SHARE, 0, 1, "stage", drift="logit", owner="school", keys=_SCHOOLS),
    "repetition_rate": Quantity(YEARLY_SHARE, 0, 1, "stage", owner="school", keys=_SCHOOLS),
    "departure_rate": Quantity(YEARLY_SHARE, 0, 1, "stage", keys=_SCHOOLS),
    "transfer_rate": Quantity(YEARLY_SHARE, 0, 1, "stage", owner="city", keys=("general_high", "secondary_vocational")),
    "arrivals": Quantity(INTAKE, 0, math.inf, "stage", keys=("primary", "middle")),
    # the feeder
    "entrants_per_birth": Quantity(
        "ratio", 0, 5, "stage", keys=("resident_pre_census", "resident_census", "registered"), lever=False
    ),
    "birth_level": Quantity("ratio", 0, 5),
    "primary_entry": Quantity("ratio", 0, 5, origin="neutral", drift="log", neutral=1.0),
    "middle_entry_ratio": Quantity("ratio", 0, 2, drift="log"),
    # entry to senior secondary
    "middle_leaving_share": Quantity(SHARE, 0, 1, drift="logit"),
    "leavers_joining": Quantity(SHARE, 0, 1, origin="neutral", neutral=0.0),
    "not_continuing_share": Quantity(SHARE, 0, 1, lever=False),
    "outside_entrants": Quantity(INTAKE, 0, math.inf, origin="opening", drift="log"),
    "outside_entrant_share": Quantity(SHARE, 0, 1, lever=False),
    "general_share_prior": Quantity(SHARE, 0, 1, lever=False),
    "willing_general": Quantity(SHARE, 0, 1, lever=False),
    "integrated_preference": Quantity(SHARE, 0, 1, lever=False),
    "general_seat_elasticity": Quantity("ratio", -1, 3, owner="city"),
    "skilled_worker_share": Quantity(SHARE, 0, 1, lever=False),
    "integrated_higher_share": Quantity(SHARE, 0, 1, origin="opening", owner="province"),
    "integrated_bachelor_share": Quantity(SHARE, 0, 1, origin="opening", owner="province"),
    "integrated_higher_share_prior": Quantity(SHARE, 0, 1, lever=False),
    "integrated_bachelor_share_prior": Quantity(SHARE, 0, 1, lever=False),
    "integrated_share_growth": Quantity("log/year", -1, 1, lever=False),
    "transfer_pass_rate": Quantity(SHARE, 0, 1, drift="logit", owner="school"),
    "integrated_bachelor_to_vocational_share": Quantity(SHARE, 0, 1, origin="opening", owner="province"),
    "integrated_bachelor_to_vocational_share_prior": Quantity(SHARE, 0, 1, lever=False),
    # choice
    "willing_margin_vocational": Quantity(SHARE, 0, 1, lever=False),
    "willing_topup": Quantity(SHARE, 0, 1, lever=False),
    "willing_margin_general": Quantity(SHARE, 0, 1, lever=False),
    "willing_degree_vocational": Quantity(SHARE, 0, 0.99, lever=False),
    "willing_degree_general": Quantity(SHARE, 0, 0.99, lever=False),
    "vocational_bachelor_preference": Quantity(SHARE, 0, 1, lever=False),
    "score_slope": Quantity("logit", -20, 20, "stage", keys=_UPPER, lever=False),
    "attractiveness_weight": Quantity(
        SHARE, 0, 1, "pool", keys=("progression", "modernised", "dual_qualified", "work_retention"), lever=False
    ),
    "willingness": Quantity(
        "logit", -20, 20, "gate", origin="neutral", drift="add", neutral=0.0, keys=_GATES, owner="school"
    ),
    "attractiveness_strength": Quantity("logit", 0, 20),
    # seats
    "intake_plan": Quantity(
        INTAKE, 0, math.inf, "stage", origin="opening", drift="log", owner="province", keys=_PLANNED
    ),
    "intake_plan_growth": Quantity(
        "share/year", -0.5, 1, "stage", owner="province", keys=("higher_vocational", "bachelor")
    ),
    "licence": Quantity(
        INTAKE, 0, math.inf, "stage", origin="opening", owner="province", keys=("vocational_bachelor",)
    ),
    "approvals_per_year": Quantity("count/year", 0, 50, owner="province"),
    "approved_institutions": Quantity("count/year", 0, 50, origin="neutral", owner="province", neutral=0.0),
    "approval_intake": Quantity(INTAKE, 0, 100000, owner="province"),
    "approval_conversion_share": Quantity(SHARE, 0, 1, owner="province"),
    "approval_lag": Quantity("years", 0, 10, yearly=False, lever=False),
    "block_share": Quantity(SHARE, 0, 1, "pool", origin="opening", drift="none", owner="province", keys=POOLS),
    "vocational_block_growth": Quantity("share/year", -0.5, 1, owner="province"),
    "topup_seats": Quantity(INTAKE, 0, math.inf, origin="opening", owner="province"),
    "topup_seat_growth": Quantity("share/year", -0.5, 1, owner="province"),
    "topup_vocational_bachelor_share": Quantity(SHARE, 0, 1, origin="opening", owner="province"),
    "topup_vocational_bachelor_share_prior": Quantity(SHARE, 0, 1, lever=False),
    "elsewhere_seats": Quantity(
        INTAKE,
        0,
        math.inf,
        "gate",
        origin="opening",
        owner="province",
        keys=("topup", "vocational_exam", "general_exam"),
    ),
    "elsewhere_seat_growth": Quantity("share/year", -0.5, 1, owner="province"),
    "adult_demand_growth": Quantity("share/year", -0.5, 1),
    "places": Quantity("places", 0, math.inf, "stage", origin="opening", owner="city", keys=("secondary_vocational",)),
    "spare_places": Quantity(SHARE, -0.5, 3, lever=False),
    "teachers": Quantity(PERSONS, 0, math.inf, "stage", origin="opening", owner="city", keys=("secondary_vocational",)),
    "teacher_growth": Quantity("share/year", -0.5, 1, owner="city"),
    "students_per_teacher_base": Quantity("students/teacher", 1, 100, lever=False),
    "students_per_teacher_standard": Quantity("students/teacher", 1, 100, owner="province"),
    # who goes where
    "study_elsewhere_share": Quantity(
        SHARE, 0, 1, "stage", keys=("secondary_vocational", "general_high", "higher_vocational"), lever=False
    ),
    "college_outside_share": Quantity(SHARE, 0, 1, "stage", keys=("higher_vocational", "bachelor"), lever=False),
    "adult_share": Quantity(SHARE, 0, 1, lever=False),
    "bachelor_part_of_vocational_leavers": Quantity(SHARE, 0, 1, lever=False),
    "vocational_bachelor_part": Quantity(SHARE, 0, 1, lever=False),
    "vocational_bachelor_block_vocational": Quantity(SHARE, 0, 1, owner="province", lever=False),
    "general_not_continuing_share": Quantity(SHARE, 0, 1, lever=False),
    "work_in_region_share": Quantity(SHARE, 0, 1, drift="logit", owner="enterprise"),
    "work_in_region_growth": Quantity("logit/year", -1, 1, owner="enterprise"),
    # rates that condition the balance where no page prints them
    "progression_rate_prior": Quantity(SHARE, 0, 1, lever=False),
    "topup_rate_prior": Quantity(SHARE, 0, 1, lever=False),
    # uncertainty
    "drift_persistence": Quantity("per year", 0, 0.999, lever=False),
    "drift_sd": Quantity("logit", 0, 2, lever=False),
    # counts that stand beside the chain
    "international_students": Quantity(INTAKE, 0, math.inf, drift="log", owner="city"),
    "international_student_growth": Quantity("share/year", -0.5, 2, owner="city"),
    "college_count": Quantity("count", 1, 200, yearly=False, lever=False),
    "college_spread": Quantity("logit", 0, 5, lever=False),
}


def require_quantity(name: str, where: str) -> Quantity:
    """Return the quantity of that name; complain with the nearest known name if there is none.

    Parameters
    ----------
    name : str, as written in a file.
    where : str, the place to name in the complaint.

    Returns
    -------
    Quantity.

    Raises
    ------
    InputError : the catalogue has no such quantity.

    Notes
    -----
    Unit: none. Source: CATALOGUE.
    """
    if name not in CATALOGUE:
        raise InputError(
            where,
            "quantity {name!r} is not in the catalogue",
            "Did you mean {near!r}?",
            name=name,
            near=nearest(name, CATALOGUE),
        )
    return CATALOGUE[name]


def require_key(name: str, key: str, where: str) -> str:
    """Return the key (stage, gate or pool) if the quantity is counted over it; complain if not.

    Parameters
    ----------
    name, key : str.
    where : str, the place to name in the complaint.

    Returns
    -------
    str; the key, or "" for a quantity that has only one value a region.

    Raises
    ------
    InputError : the quantity has no such key.

    Notes
    -----
    Unit: none. Source: CATALOGUE.
    """
    quantity = require_quantity(name, where)
    if not quantity.keys:
        if key not in ("", "region"):
            raise InputError(
                where,
                "{name!r} has one value for a region and takes no {axis} {key!r}",
                "Leave it out",
                name=name,
                axis="key",
                key=key,
            )
        return ""
    if key not in quantity.keys:
        raise InputError(
            where,
            "{name!r} has no {axis} {key!r}",
            "Did you mean {near!r}? It takes {known}",
            name=name,
            axis=quantity.axis,
            key=key,
            near=nearest(key, quantity.keys),
            known=", ".join(quantity.keys),
        )
    return key


def require_in_bounds(name: str, value: float, where: str) -> float:
    """Return the value if it is finite and within the quantity's bounds; complain if not.

    Parameters
    ----------
    name : str; a quantity.
    value : float, in the quantity's unit.
    where : str, the place to name in the complaint.

    Returns
    -------
    float.

    Raises
    ------
    InputError : the value is not finite or out of bounds.

    Notes
    -----
    Unit: the quantity's own. Source: CATALOGUE.
    """
    quantity = require_quantity(name, where)
    if not math.isfinite(value):
        raise InputError(where, "{name!r} is {value}, not a number", "Write a finite number", name=name, value=value)
    if not quantity.low <= value <= quantity.high:
        raise InputError(
            where,
            "{name!r} is {value:g}, outside {low:g} to {high:g} {unit}",
            "Write a value inside these bounds",
            name=name,
            value=value,
            low=quantity.low,
            high=quantity.high,
            unit=quantity.unit,
        )
    return value
