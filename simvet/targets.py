"""What a plan asks for, and how a run answers it: indicator, bound, year, and when the bound counts as reached."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simvet.errors import InputError, nearest
from simvet.indicators import FAMILY_UNITS, INDICATORS, READINGS, find_indicator, find_item
from simvet.items import BASES, item_id
from simvet.loading import require_horizon
from simvet.loading.register import load_missing
from simvet.runs import Run
from simvet.scenario import Scenario, Target

Floats = NDArray[np.float64]

ABOUT = 0.05
"""Part below the bound that still counts as "about" (左右)."""
EXACT = 0.001
"""Part on either side of a bound with ``==`` that rounding in print explains."""
FULL = 0.995
"""Share of persons that is printed as 100 %: full coverage of people is read to the whole per cent."""
RATIO_BAND = (0.45, 0.55)
"""General share of entrants that counts as "roughly equal" (普职大体相当); assumed, MODEL section 8."""
BASE_FIGURES: dict[str, tuple[tuple[str, str], ...]] = {
    "general_vocational_ratio": (("entrants", "general_high"), ("entrants", "secondary_vocational")),
    "universal_admission": (("transition_rate", "middle"),),
    "enrolment_total": (("enrolment", "secondary_vocational"), ("enrolment", "higher_vocational")),
}
"""Figures (indicator, stage) that print the base of a target under another name."""
BASE_QUANTITIES: dict[str, str] = {
    "dual_qualified_share": "dual_qualified_base", "dual_qualified_teachers": "dual_qualified_base",
    "high_level_dual_share": "high_level_base", "postgraduate_teacher_share": "postgraduate_base",
    "teachers_abroad_share": "abroad_base", "teachers_abroad": "abroad_base",
    "equipment_per_student": "equipment_per_student_base", "training_persons": "training_ratio_base",
    "training_persons_cumulative": "training_ratio_base", "training_ratio": "training_ratio_base",
    "high_level_training_ratio": "training_ratio_base", "teacher_rotation_coverage": "retraining_rate",
    "teacher_practice": "enterprise_practice", "public_funding_per_student": "public_funding_per_student",
    "funding_ratio_to_general": "public_funding_per_student", "appropriation_per_student": "appropriation_per_student",
}  # fmt: skip
"""Quantity whose rows say whether the base of a target about resources is printed."""
OUTCOME_KINDS = (
    "flow", "resource", "project_count", "project_share", "partnership", "attainment", "service", "own",
)  # fmt: skip
"""Kinds of register rows that a run has to answer; the others are instruments and a figure of the base year."""


def is_outcome(target: Target) -> bool:
    """Return whether a row asks for an outcome: not an instrument, not a figure of the base year.

    Parameters
    ----------
    target : Target.

    Returns
    -------
    bool.

    Notes
    -----
    Unit: none. Errors: none. Source: column ``kind`` of the register.
    """
    return target.kind in OUTCOME_KINDS


def missing_datum(target: Target) -> dict[str, str] | None:
    """Return which datum a target lacks so that it cannot be computed, in both languages; None where it can.

    Parameters
    ----------
    target : Target.

    Returns
    -------
    dict of language -> text, or None.

    Notes
    -----
    Unit: none. Errors: none. Source: ``data/targets/missing.csv``.
    """
    return load_missing().get((target.document, target.key, target.stage))


def is_modelled(target: Target) -> bool:
    """Return whether a run answers a row with a probability, or checks it in the base year.

    Parameters
    ----------
    target : Target.

    Returns
    -------
    bool; False for instruments, and for outcomes that lack a datum.

    Notes
    -----
    Unit: none. Errors: none. Source: the register.
    """
    return (is_outcome(target) or target.kind == "baseline") and missing_datum(target) is None


def not_modelled(scenario: Scenario) -> list[Target]:
    """Return the rows that a run does not judge: instruments, rows that lack a datum, years before the books begin.

    Parameters
    ----------
    scenario : Scenario.

    Returns
    -------
    list of Target, in register order.

    Notes
    -----
    Unit: none. Errors: none. Source: the register.
    """
    return [t for t in scenario.targets if not is_modelled(t) or t.year < scenario.base_year]


def require_indicators(scenario: Scenario) -> None:
    """Complain about a target whose key names neither an indicator nor an item of its region.

    Parameters
    ----------
    scenario : Scenario.

    Raises
    ------
    InputError : a modelled target has no indicator, or asks of a stage that its indicator says nothing of.

    Notes
    -----
    Unit: none. Source: INDICATORS and the items of the regions.
    """
    for target in scenario.targets:
        if not is_modelled(target):
            continue
        items = scenario.items[target.region]
        if target.key not in INDICATORS and item_id(target.key, target.stage) not in items:
            known = {*INDICATORS, *(item.key for item in items.values())}
            raise InputError(
                target.where, "target {key!r} has no such indicator", "Did you mean {near!r}?", key=target.key,
                near=nearest(target.key, known),
            )  # fmt: skip
        about = find_indicator(scenario, target.key, target.stage).stages
        if target.kind == "own" and about and target.stage not in (*about, "region"):
            raise InputError(
                target.where, "target {key!r} says nothing of stage {stage!r}", "Write one of {known}", key=target.key,
                stage=target.stage, known=", ".join(about),
            )  # fmt: skip


def require_until(scenario: Scenario, until: int) -> None:
    """Complain about a run that would end before a target that it has to judge.

    Parameters
    ----------
    scenario : Scenario.
    until : int, school year.

    Raises
    ------
    InputError : the year is outside the feeder, or before a target's year.

    Notes
    -----
    Unit: school year. Source: the scenario's targets.
    """
    require_horizon(until, scenario.base_year, "--until")
    for target in scenario.targets:
        if is_modelled(target) and target.year > until:
            raise InputError(
                "--until", "the run ends in {until}, before the target year {year}", "Run at least to {year}",
                until=until, year=target.year,
            )  # fmt: skip


def readings_of(target: Target) -> tuple[str, ...]:
    """Return the indicators that read a target, one for each way in which its text can be understood.

    Parameters
    ----------
    target : Target.

    Returns
    -------
    tuple of str; mostly the target's own key.

    Notes
    -----
    Unit: none. Errors: none. Source: READINGS.
    """
    own = READINGS.get(f"{target.document}:{target.key}")
    return own or READINGS.get(target.key, (target.key,))


def is_roughly_equal(target: Target) -> bool:
    """Return whether a target asks for general and vocational schools to be roughly equal (普职大体相当).

    Parameters
    ----------
    target : Target.

    Returns
    -------
    bool; False for a bound on the general share that a scenario sets itself.

    Notes
    -----
    Unit: none. Errors: none. Source: MODEL, section 8.
    """
    return target.key == "general_vocational_ratio" and target.kind != "own"


def unit_of(target: Target, reading: str) -> str:
    """Return the unit in which a target's values are counted.

    Parameters
    ----------
    target : Target.
    reading : str; the indicator that reads it.

    Returns
    -------
    str; the register's unit, save where the indicator counts in another one (a general share for a ratio).

    Notes
    -----
    Errors: none. Source: the register and INDICATORS.
    """
    if reading in INDICATORS and (is_roughly_equal(target) or not target.unit):
        return INDICATORS[reading].unit
    return target.unit or FAMILY_UNITS["count"]


def is_reached(target: Target, value: Floats, bound: Floats) -> NDArray[np.bool_]:
    """Return where a value reaches a target.

    Parameters
    ----------
    target : Target.
    value : (...) array, in the target's unit; the general share of entrants for a ratio of general to vocational.
    bound : (...) array, in the same unit.

    Returns
    -------
    (...) array of bool.

    Notes
    -----
    ``~`` allows 5 % below, for counts the larger of 5 % and one; more than the bound counts as reached; roughly equal
    is a general share of 45 to 55 %; 100 % of people is read to the whole per cent. Errors: none. Source: MODEL,
    section 8.
    """
    if is_roughly_equal(target):
        return np.asarray((value >= RATIO_BAND[0]) & (value <= RATIO_BAND[1]))
    if target.comparator == ">=":
        whole = target.unit == "share" and target.kind in OUTCOME_KINDS[1:-1]
        return np.asarray(value >= np.where(whole & (np.asarray(bound) == 1.0), FULL, bound))
    if target.comparator == "<=":
        return np.asarray(value <= bound)
    if target.comparator == "==":
        return np.asarray(np.abs(value - bound) <= EXACT * np.abs(bound))
    slack = ABOUT * np.abs(bound)
    if target.unit.startswith("count"):
        slack = np.maximum(slack, 1.0)
    return np.asarray(value >= bound - slack)


@dataclass(frozen=True)
class Reading:
    """A target in one reading, with the values of a run: (draw, year), and the bound: (draw, year).

    Notes
    -----
    Unit: the target's. Errors: none. Source: the run and, for relative targets, the province's run.
    """

    target: Target
    name: str
    value: Floats
    bound: Floats

    def reached(self, column: int) -> NDArray[np.bool_]:
        """Return in which draws the target is reached in a year."""
        return is_reached(self.target, self.value[:, column], self.bound[:, column])


def read_targets(result: Run, province: Run | None) -> list[Reading]:
    """Return every modelled target of a run, in every reading of its text.

    Parameters
    ----------
    result : Run.
    province : Run, optional; the province in the same draws, for relative targets.

    Returns
    -------
    list of Reading.

    Raises
    ------
    InputError : a target names no indicator, or is relative and there is no province.

    Notes
    -----
    Unit: each target's. Source: MODEL, section 8.
    """
    require_indicators(result.scenario)
    readings = []
    for target in result.scenario.targets:
        if not is_modelled(target) or target.year < result.books.years[0]:
            continue
        position = result.books.regions.index(target.region)
        for name in readings_of(target):
            value = result.indicator(name, target.stage)[:, :, position]
            if target.bound is None:
                if province is None:
                    raise InputError(
                        target.where, "{name!r} is measured against the province, and none is given",
                        "Write province: with the name of its scenario", name=target.labels["en"],
                    )  # fmt: skip
                bound = _aligned(result, province, name, target.stage)
            else:
                number = 0.5 if is_roughly_equal(target) else target.bound
                bound = np.full_like(value, number)
            readings.append(Reading(target, name, value, bound))
    return readings


def _aligned(result: Run, province: Run, name: str, stage: str) -> Floats:
    """Return the province's indicator in the years of the run, NaN before the province's base year."""
    other = province.indicator(name, stage)[:, :, 0]
    bound = np.full((result.draws, len(result.books.years)), np.nan)
    for column, year in enumerate(result.books.years):
        if year in province.books.years:
            bound[:, column] = other[:, province.books.years.index(year)]
    return bound


def column_of(result: Run, year: int) -> int:
    """Return where a year stands in the books of a run.

    Parameters
    ----------
    result : Run.
    year : int, school year.

    Returns
    -------
    int, from 0 on.

    Raises
    ------
    InputError : the run ends before that year.

    Notes
    -----
    Unit: none. Source: the years of the books.
    """
    if year not in result.books.years:
        raise InputError(
            "--until", "the run ends in {until}, before the target year {year}", "Run at least to {year}",
            until=result.books.years[-1], year=year,
        )  # fmt: skip
    return result.books.years.index(year)


def base_is_printed(result: Run, target: Target) -> bool:
    """Return whether a page prints the base of a target, in the plan itself or among the figures of the region.

    Parameters
    ----------
    result : Run.
    target : Target.

    Returns
    -------
    bool.

    Notes
    -----
    Unit: none. Errors: none. Source: the register and the region's rows.
    """
    if target.base_value is not None:
        return True
    rows = result.scenario.rows[target.region]
    item = find_item(result.scenario, target.key, target.stage)
    if item is not None and item.id in result.scenario.items[target.region]:
        bases = [row for row in rows if row.indicator == BASES[item.family] and row.stage == item.id]
        return bool(bases) and all(row.status != "assumed" for row in bases)
    if target.key in BASE_QUANTITIES:
        stages = (
            (target.stage,) if target.stage != "region" else ("secondary_vocational", "higher_vocational", "region")
        )
        bases = [row for row in rows if row.indicator == BASE_QUANTITIES[target.key] and row.stage in stages]
        return bool(bases) and all(row.status != "assumed" for row in bases)
    wanted = BASE_FIGURES.get(target.key, ((target.key, target.stage),))
    printed = {(row.indicator, row.stage) for row in rows if row.use == "figure"}
    return set(wanted) <= printed
