"""Every input quantity, declared once: what it is counted over, its unit, its bounds, how it drifts, who owns it.

Names in zh and en live in ``data/wording.yaml`` under ``quantity``. Checks, levers and documentation grow from here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from simvet.errors import InputError, nearest
from simvet.items import known_items, known_processes, region_items
from simvet.rules.names import PROVIDERS

Axis = Literal["region", "stage", "gate", "pool", "item", "process", "instrument"]
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
    ``families`` names the items that it is counted over, where their list is data and not code.
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
    families: tuple[str, ...] = ()


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
    # teachers
    "teachers": Quantity(PERSONS, 0, math.inf, "stage", origin="opening", owner="city", keys=PROVIDERS),
    "teacher_attrition": Quantity(YEARLY_SHARE, 0, 1, "stage", drift="logit", owner="city", keys=PROVIDERS),
    "teacher_retirement": Quantity(YEARLY_SHARE, 0, 1, "stage", keys=PROVIDERS),
    "teacher_hiring": Quantity(YEARLY_SHARE, 0, 2, "stage", owner="city", keys=PROVIDERS),
    "students_per_teacher_base": Quantity("students/teacher", 1, 100, "stage", keys=PROVIDERS, lever=False),
    "students_per_teacher_standard": Quantity("students/teacher", 1, 100, "stage", owner="province", keys=PROVIDERS),
    "specialist_share": Quantity(SHARE, 0, 1, "stage", keys=PROVIDERS, lever=False),
    "dual_qualified_base": Quantity(SHARE, 0, 1, "stage", keys=PROVIDERS, lever=False),
    "dual_qualified_of_hires": Quantity(SHARE, 0, 1, "stage", owner="school", keys=PROVIDERS),
    "dual_training_slots": Quantity(YEARLY_SHARE, 0, 1, "stage", owner="city", keys=PROVIDERS),
    "dual_training_funded": Quantity(YEARLY_SHARE, 0, 1, "stage", owner="city", keys=PROVIDERS),
    "dual_expiry": Quantity(YEARLY_SHARE, 0, 1, "stage", owner="province", keys=PROVIDERS),
    "high_level_base": Quantity(SHARE, 0, 1, "stage", keys=PROVIDERS, lever=False),
    "high_level_slots": Quantity(YEARLY_SHARE, 0, 1, "stage", owner="city", keys=PROVIDERS),
    "postgraduate_base": Quantity(SHARE, 0, 1, "stage", keys=PROVIDERS, lever=False),
    "postgraduate_of_hires": Quantity(SHARE, 0, 1, "stage", owner="school", keys=PROVIDERS),
    "postgraduate_upgrades": Quantity(YEARLY_SHARE, 0, 1, "stage", owner="school", keys=PROVIDERS),
    "abroad_base": Quantity(SHARE, 0, 1, "stage", keys=PROVIDERS, lever=False),
    "abroad_trips": Quantity(YEARLY_SHARE, 0, 1, "stage", drift="logit", owner="school", keys=PROVIDERS),
    "retraining_rate": Quantity(YEARLY_SHARE, 0, 1, "stage", drift="logit", owner="city", keys=PROVIDERS),
    "enterprise_practice": Quantity("per year", 0, 5, "stage", drift="log", owner="enterprise", keys=PROVIDERS),
    "part_time_weight": Quantity(SHARE, 0, 1, lever=False),
    "outside_teacher_share": Quantity(SHARE, 0, 1, owner="school"),
    # space, equipment, books
    "floor_area": Quantity("m2", 0, math.inf, "stage", origin="opening", owner="city", keys=PROVIDERS),
    "land": Quantity("m2", 0, math.inf, "stage", origin="opening", owner="city", keys=PROVIDERS),
    "books": Quantity("volumes", 0, math.inf, "stage", origin="opening", owner="school", keys=PROVIDERS),
    "floor_area_per_student_base": Quantity("m2/student", 0.1, 500, "stage", keys=PROVIDERS, lever=False),
    "floor_area_standard": Quantity("m2/student", 0.1, 500, "stage", owner="province", keys=PROVIDERS),
    "floor_area_growth": Quantity("share/year", -0.5, 1, "stage", owner="city", keys=PROVIDERS),
    "land_per_student_base": Quantity("m2/student", 0.1, 500, "stage", keys=PROVIDERS, lever=False),
    "land_standard": Quantity("m2/student", 0.1, 500, "stage", owner="province", keys=PROVIDERS),
    "land_growth": Quantity("share/year", -0.5, 1, "stage", owner="city", keys=PROVIDERS),
    "books_per_student_base": Quantity("volumes/student", 0.1, 1000, "stage", keys=PROVIDERS, lever=False),
    "books_standard": Quantity("volumes/student", 0.1, 1000, "stage", owner="province", keys=PROVIDERS),
    "books_growth": Quantity("share/year", -0.5, 1, "stage", owner="school", keys=PROVIDERS),
    "equipment_per_student_base": Quantity("CNY/student", 1, 1e7, "stage", keys=PROVIDERS, lever=False),
    "equipment_standard": Quantity("CNY/student", 1, 1e7, "stage", owner="province", keys=PROVIDERS),
    "equipment_depreciation": Quantity(YEARLY_SHARE, 0, 1, "stage", owner="school", keys=PROVIDERS),
    "equipment_investment": Quantity("CNY/student/year", 0, 1e7, "stage", drift="log", owner="city", keys=PROVIDERS),
    # the card rule for colleges
    "card_limit_students_per_teacher": Quantity("students/teacher", 1, 200, owner="province"),
    "card_limit_postgraduate_share": Quantity(SHARE, 0.001, 1, owner="province"),
    "card_limit_floor_area": Quantity("m2/student", 0.1, 500, owner="province"),
    "card_limit_equipment": Quantity("CNY/student", 1, 1e7, owner="province"),
    "card_limit_books": Quantity("volumes/student", 0.1, 1000, owner="province"),
    "college_indicator_spread": Quantity("logit", 0, 5, lever=False),
    # money
    "public_funding_per_student": Quantity(
        "CNY/student/year", 1, 1e7, "stage", owner="city", keys=("general_high", "secondary_vocational")
    ),
    "public_funding_growth": Quantity(
        "share/year", -0.5, 2, "stage", owner="city", keys=("general_high", "secondary_vocational")
    ),
    "appropriation_per_student": Quantity(
        "CNY/student/year", 1, 1e7, "stage", owner="province", keys=("higher_vocational",)
    ),
    "appropriation_growth": Quantity("share/year", -0.5, 2, "stage", owner="province", keys=("higher_vocational",)),
    "unit_cost": Quantity("CNY/student/year", 1, 1e7, "stage", owner="school", keys=PROVIDERS),
    "unit_cost_growth": Quantity("share/year", -0.5, 2, "stage", owner="school", keys=PROVIDERS),
    "recurrent_cover": Quantity("ratio", 0, 10, "stage", keys=PROVIDERS, lever=False),
    "recurrent_budget_growth": Quantity("share/year", -0.5, 2, "stage", owner="city", keys=PROVIDERS),
    "capital_budget": Quantity("CNY/student/year", 0, 1e7, "stage", owner="city", keys=PROVIDERS),
    "capital_budget_growth": Quantity("share/year", -0.5, 2, "stage", owner="city", keys=PROVIDERS),
    "carry_over_share": Quantity(SHARE, 0, 1, owner="city"),
    # training and the teachers' time that it takes
    "training_ratio_base": Quantity("ratio", 0, 50, lever=False),
    "training_growth": Quantity("share/year", -0.5, 2, owner="school"),
    "training_level": Quantity("ratio", 0, 1000, origin="neutral", drift="log", neutral=1.0, owner="school"),
    "training_time_share": Quantity(SHARE, 0, 1, lever=False),
    "training_time_limit": Quantity(SHARE, 0, 1, owner="school"),
    "high_level_training_premium": Quantity("ratio", 0, 20, owner="school"),
    # what else a plan counts: see simvet.items
    "count_base": Quantity("count", 0, 1e9, "item", lever=False, families=("count",)),
    "starts": Quantity("count/year", 0, 1e6, "item", owner="city", families=("count",)),
    "success_rate": Quantity(SHARE, 0, 1, "process", owner="school"),
    "lead_time": Quantity("years", 0, 20, "process", owner="school"),
    "adoption_base": Quantity(SHARE, 0, 1, "item", lever=False, families=("share",)),
    "adoption_lift": Quantity("logit/year", -5, 20, "item", owner="school", families=("share",)),
    "service_base": Quantity("amount/year", 0, 1e12, "item", lever=False, families=("service",)),
    "event_base": Quantity("count/year", 0, 1e6, "item", lever=False, families=("event",)),
    "service_growth": Quantity("share/year", -1, 5, "item", owner="school", families=("service", "event")),
    "service_level": Quantity(
        "ratio", 0, 1000, "item", origin="neutral", neutral=1.0, owner="school", families=("service", "event")
    ),
    # instruments that the plans name: ceilings, credits, rules
    "performance_pay_uplift": Quantity(SHARE, 0, 2, origin="neutral", neutral=0.0, owner="province"),
    "service_pay_uplift_per_head": Quantity(SHARE, 0, 2, origin="neutral", neutral=0.0, owner="city"),
    "service_incentive_share": Quantity(SHARE, 0, 1, origin="neutral", neutral=0.0, owner="city"),
    "individual_pay_cap": Quantity("ratio", 1, 10, origin="neutral", neutral=1.0, owner="city"),
    "research_reward_share": Quantity(SHARE, 0, 1, origin="neutral", neutral=0.0, owner="school"),
    "enterprise_tax_credit": Quantity(SHARE, 0, 1, origin="neutral", neutral=0.0, owner="city"),
    "teacher_hire_experience": Quantity("years", 0, 20, origin="neutral", neutral=0.0, owner="province"),
    "part_time_teacher_share": Quantity(SHARE, 0, 1, owner="school"),
    "instrument_effect": Quantity(
        "ratio",
        -10,
        10,
        "instrument",
        keys=(
            "performance_pay_uplift",
            "service_pay_uplift_per_head",
            "service_incentive_share",
            "individual_pay_cap",
            "research_reward_share",
            "enterprise_tax_credit",
            "teacher_hire_experience",
        ),
        lever=False,
    ),
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


def keys_of(name: str, region: str = "") -> tuple[str, ...]:
    """Return what a quantity is counted over: stages, gates, pools, items or processes.

    Parameters
    ----------
    name : str; a quantity.
    region : str; for items, only those that this region counts; "" for all regions.

    Returns
    -------
    tuple of str; empty for a quantity that has one value a region.

    Notes
    -----
    Unit: none. Errors: InputError where a table of items is wrong. Source: CATALOGUE, and data for items.
    """
    quantity = CATALOGUE[name]
    if quantity.axis == "process":
        return known_processes() if not region or region_items(region) else ()
    if quantity.axis == "item":
        known = known_items(quantity.families)
        return tuple(key for key in known if key in region_items(region)) if region else known
    return quantity.keys


def require_key(name: str, key: str, where: str, region: str = "") -> str:
    """Return the key (stage, gate, pool, item or process) if the quantity is counted over it; complain if not.

    Parameters
    ----------
    name, key : str.
    where : str, the place to name in the complaint.
    region : str; for items, the region that must count it.

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
    keys = keys_of(name, region)
    if quantity.axis == "region":
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
    if key not in keys:
        near = nearest(key, keys) if keys else ""
        shown = keys if quantity.axis != "item" else keys[:0]
        raise InputError(
            where, "{name!r} has no {axis} {key!r}",
            "Did you mean {near!r}? It takes {known}" if shown else "Did you mean {near!r}?", name=name,
            axis=quantity.axis, key=key, near=near, known=", ".join(shown),
        )  # fmt: skip
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
