"""What stands in the way: every constraint that is relaxed in turn, and how."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from simvet.levers import Lever, Operation
from simvet.scenario import Scenario, Spread

Relaxation = Callable[[Scenario], Scenario | None]
"""Scenario -> the same with one constraint relaxed, None where the constraint does not bear on it."""
RELAXED = 0.1
"""Relaxation of each constraint in the search for the binding one."""


def _pull(quantity: str, keys: tuple[str, ...], operation: Operation, value: float) -> Relaxation:
    def relax(scenario: Scenario) -> Scenario | None:
        levers = []
        for case in scenario.regions:
            for key in keys:
                lever = Lever(
                    f"relax {quantity} {key}", quantity, case.region, key, operation, value, case.base_year + 1, None,
                    "none", "search for the binding constraint", "relaxation",
                )  # fmt: skip
                levers.append(lever)
        return scenario.with_levers(*levers)

    return relax


def _together(*relaxations: Relaxation) -> Relaxation:
    def relax(scenario: Scenario) -> Scenario | None:
        for one in relaxations:
            scenario = one(scenario) or scenario
        return scenario

    return relax


def _sooner(scenario: Scenario) -> Scenario | None:
    """Open every project a year earlier, the unit in which time is relaxed."""
    if not scenario.projects:
        return None
    earlier = tuple(
        replace(p, opening=Spread(p.opening.value - 1, p.opening.low - 1, p.opening.high - 1))
        for p in scenario.projects
    )
    return replace(scenario, projects=earlier)


def _own_count(scenario: Scenario) -> Scenario | None:
    if not any(target.key == "international_students" for target in scenario.targets):
        return None
    return _pull("international_students", ("",), "multiply", 1.0 + RELAXED)(scenario)


RELAXATIONS: dict[str, Relaxation] = {
    "leavers": _pull("leavers_joining", ("",), "set", RELAXED),
    "willingness": _pull(
        "willingness", ("senior_secondary", "topup", "vocational_exam", "general_exam"), "add", float(np.log1p(RELAXED))
    ),
    "quota_general": _pull("intake_plan", ("general_high",), "multiply", 1.0 + RELAXED),
    "quota_integrated": _together(
        _pull("integrated_higher_share", ("",), "multiply", 1.0 + RELAXED),
        _pull("integrated_bachelor_share", ("",), "multiply", 1.0 + RELAXED),
    ),
    "quota_college": _pull("intake_plan", ("higher_vocational", "bachelor"), "multiply", 1.0 + RELAXED),
    "quota_block": _pull("block_share", ("vocational",), "multiply", 1.0 + RELAXED),
    "quota_topup": _pull("topup_seats", ("",), "multiply", 1.0 + RELAXED),
    "quota_elsewhere": _pull("elsewhere_seats", ("topup", "vocational_exam"), "multiply", 1.0 + RELAXED),
    "licence": _pull("licence", ("vocational_bachelor",), "multiply", 1.0 + RELAXED),
    "places": _pull("places", ("secondary_vocational",), "multiply", 1.0 + RELAXED),
    "teachers": _pull("teachers", ("secondary_vocational",), "multiply", 1.0 + RELAXED),
    "dropout": _pull(
        "dropout_rate", ("secondary_vocational", "higher_vocational", "vocational_bachelor"), "multiply", 1.0 - RELAXED
    ),
    "selection": _pull("transfer_pass_rate", ("",), "multiply", 1.0 + RELAXED),
    "local_work": _pull("work_in_region_share", ("",), "multiply", 1.0 + RELAXED),
    "recruitment": _own_count,
    "time": _sooner,
}
"""Every constraint that is relaxed in turn; names in zh and en live in the wording catalogue under ``cause``."""
