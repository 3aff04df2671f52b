"""What stands in the way: every constraint that is relaxed in turn, how, and who could do it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from simvet.catalogue import keys_of
from simvet.levers import Lever, Operation
from simvet.rules.names import CARD_INDICATORS, PROVIDERS
from simvet.scenario import Project, Scenario, Spread

Change = Callable[[Scenario], Scenario | None]
"""Scenario -> the same with one constraint relaxed, None where the constraint does not bear on it."""
RELAXED = 0.1
"""Relaxation of each constraint in the search for the binding one."""
OF_ITEM = "item"
"""Owner of a relaxation that belongs to whoever owns the item it is about."""


@dataclass(frozen=True)
class Relaxation:
    """One constraint relaxed by 10 % (time: by a year) from the base year on.

    Notes
    -----
    Unit: none. ``owner`` is who could do it; ``OF_ITEM`` where each item has its own. ``beside`` says that students and
    schools do not notice it. ``of_flows`` says that it sends students elsewhere: it may change how many share a
    resource, but is no constraint on the resource. Errors: none. Source: MODEL, section 8.
    """

    change: Change
    owner: str
    beside: bool = False
    of_flows: bool = False

    def __call__(self, scenario: Scenario) -> Scenario | None:
        """Return the scenario with the constraint relaxed, None where it does not bear on it."""
        return self.change(scenario)


def _pull(quantity: str, keys: tuple[str, ...], operation: Operation, value: float) -> Change:
    return _pull_each(quantity, lambda _: keys, operation, value)


def _pull_items(quantity: str, operation: Operation, value: float) -> Change:
    """Return the change that pulls a quantity for everything that each region counts by it."""
    return _pull_each(quantity, lambda region: keys_of(quantity, region), operation, value)


def _pull_each(quantity: str, keys: Callable[[str], tuple[str, ...]], operation: Operation, value: float) -> Change:
    def relax(scenario: Scenario) -> Scenario | None:
        levers = [
            Lever(
                f"relax {quantity} {key}", quantity, case.region, key, operation, value, case.base_year + 1, None,
                "none", "search for the binding constraint", "relaxation",
            )
            for case in scenario.regions
            for key in keys(case.region)
        ]  # fmt: skip
        return scenario.with_levers(*levers) if levers else None

    return relax


def _together(*changes: Change) -> Change:
    def relax(scenario: Scenario) -> Scenario | None:
        relaxed: Scenario | None = None
        for one in changes:
            after = one(relaxed or scenario)
            relaxed = after or relaxed
        return relaxed

    return relax


def _earlier(project: Project) -> Project:
    def before(spread: Spread) -> Spread:
        return Spread(spread.value - 1, spread.low - 1, spread.high - 1)

    if project.opening is not None:
        return replace(project, opening=before(project.opening))
    if project.start is None:
        return project
    return replace(project, start=before(project.start), last_start=project.last_start - 1)


def _sooner(scenario: Scenario) -> Scenario | None:
    """Begin every project a year earlier, the unit in which time is relaxed."""
    if not scenario.projects:
        return None
    return replace(scenario, projects=tuple(_earlier(project) for project in scenario.projects))


def _more_projects(scenario: Scenario) -> Scenario | None:
    """Build a tenth more: more units where there are many, larger ones where there are few."""
    if not any(project.places.high > 0 for project in scenario.projects):
        return None
    return replace(scenario, projects=tuple(_larger(project) for project in scenario.projects))


def _larger(project: Project) -> Project:
    def more(spread: Spread) -> Spread:
        return Spread(*(value * (1.0 + RELAXED) for value in (spread.value, spread.low, spread.high)))

    if project.places.high <= 0:
        return project
    if project.count.low * RELAXED >= 1.0:
        return replace(project, count=more(project.count))
    return replace(project, places=more(project.places))


def _own_count(scenario: Scenario) -> Scenario | None:
    if not any(target.key == "international_students" for target in scenario.targets):
        return None
    return _pull("international_students", ("",), "multiply", 1.0 + RELAXED)(scenario)


def _cards(scenario: Scenario) -> Scenario | None:
    if not any("card" in limits for case in scenario.regions for limits in case.limits.values()):
        return None
    looser = [
        _pull(
            f"card_limit_{name}", ("",), "multiply",
            1.0 + RELAXED if name == "students_per_teacher" else 1.0 - RELAXED,
        )
        for name in CARD_INDICATORS
    ]  # fmt: skip
    return _together(*looser)(scenario)


_MORE = 1.0 + RELAXED

RELAXATIONS: dict[str, Relaxation] = {
    "leavers": Relaxation(_pull("leavers_joining", ("",), "set", RELAXED), "none", of_flows=True),
    "willingness": Relaxation(
        _pull(
            "willingness",
            ("senior_secondary", "topup", "vocational_exam", "general_exam"),
            "add",
            float(np.log1p(RELAXED)),
        ),
        "school",
        of_flows=True,
    ),
    "quota_general": Relaxation(_pull("intake_plan", ("general_high",), "multiply", _MORE), "city", of_flows=True),
    "quota_integrated": Relaxation(
        _together(
            _pull("integrated_higher_share", ("",), "multiply", _MORE),
            _pull("integrated_bachelor_share", ("",), "multiply", _MORE),
        ),
        "province",
        of_flows=True,
    ),
    "quota_college": Relaxation(
        _pull("intake_plan", ("higher_vocational", "bachelor"), "multiply", _MORE), "province", of_flows=True
    ),
    "quota_block": Relaxation(_pull("block_share", ("vocational",), "multiply", _MORE), "province", of_flows=True),
    "quota_topup": Relaxation(_pull("topup_seats", ("",), "multiply", _MORE), "province", of_flows=True),
    "quota_elsewhere": Relaxation(
        _pull("elsewhere_seats", ("topup", "vocational_exam"), "multiply", _MORE), "province", of_flows=True
    ),
    "licence": Relaxation(_pull("licence", ("vocational_bachelor",), "multiply", _MORE), "province", of_flows=True),
    "places": Relaxation(_pull("places", ("secondary_vocational",), "multiply", _MORE), "city"),
    "projects": Relaxation(_more_projects, "city"),
    "teachers": Relaxation(_pull("teachers", PROVIDERS, "multiply", _MORE), "city"),
    "hiring": Relaxation(_pull("teacher_hiring", PROVIDERS, "multiply", _MORE), "city"),
    "hire_quality": Relaxation(
        _together(
            _pull("dual_qualified_of_hires", PROVIDERS, "multiply", _MORE),
            _pull("postgraduate_of_hires", PROVIDERS, "multiply", _MORE),
        ),
        "school",
    ),
    "teacher_training": Relaxation(
        _together(
            *(
                _pull(name, PROVIDERS, "multiply", _MORE)
                for name in (
                    "dual_training_slots",
                    "dual_training_funded",
                    "high_level_slots",
                    "postgraduate_upgrades",
                    "abroad_trips",
                    "retraining_rate",
                    "enterprise_practice",
                )
            )
        ),
        "city",
    ),
    "teacher_leaving": Relaxation(_pull("teacher_attrition", PROVIDERS, "multiply", 1.0 - RELAXED), "city"),
    "space": Relaxation(
        _together(_pull("floor_area", PROVIDERS, "multiply", _MORE), _pull("land", PROVIDERS, "multiply", _MORE)),
        "city",
    ),
    "books": Relaxation(_pull("books", PROVIDERS, "multiply", _MORE), "school"),
    "equipment": Relaxation(_pull("equipment_investment", PROVIDERS, "multiply", _MORE), "city"),
    "funding": Relaxation(
        _together(
            _pull("public_funding_per_student", ("secondary_vocational",), "multiply", _MORE),
            _pull("appropriation_per_student", ("higher_vocational",), "multiply", _MORE),
        ),
        "city",
        beside=True,
    ),
    "capital": Relaxation(_pull("capital_budget", PROVIDERS, "multiply", _MORE), "city"),
    "card": Relaxation(_cards, "province"),
    "training": Relaxation(_pull("training_level", ("",), "multiply", _MORE), "school"),
    "dropout": Relaxation(
        _pull(
            "dropout_rate",
            ("secondary_vocational", "higher_vocational", "vocational_bachelor"),
            "multiply",
            1.0 - RELAXED,
        ),
        "school",
        of_flows=True,
    ),
    "selection": Relaxation(_pull("transfer_pass_rate", ("",), "multiply", _MORE), "school", of_flows=True),
    "local_work": Relaxation(_pull("work_in_region_share", ("",), "multiply", _MORE), "enterprise"),
    "recruitment": Relaxation(_own_count, "city"),
    "starts": Relaxation(_pull_items("starts", "multiply", _MORE), OF_ITEM),
    "success": Relaxation(_pull_items("success_rate", "multiply", _MORE), OF_ITEM),
    "lift": Relaxation(_pull_items("adoption_lift", "multiply", _MORE), OF_ITEM),
    "service": Relaxation(_pull_items("service_level", "multiply", _MORE), OF_ITEM, beside=True),
    "fewer_events": Relaxation(_pull_items("service_level", "multiply", 1.0 - RELAXED), OF_ITEM, beside=True),
    "time": Relaxation(_sooner, OF_ITEM),
}
"""Every constraint that is relaxed in turn; names in zh and en live in the wording catalogue under ``cause``."""
