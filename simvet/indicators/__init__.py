"""What can be read off a run: every indicator by name, with its unit, its stages and what it rests on."""

from __future__ import annotations

from simvet.errors import InputError, nearest
from simvet.indicators.flows import FLOWS, progression_rate, retention_rate
from simvet.indicators.resources import RESOURCES
from simvet.indicators.view import Indicator, View
from simvet.items import BASES, PACES, Item, item_id
from simvet.scenario import Scenario
from simvet.supply.counted import counted

INDICATORS: dict[str, Indicator] = {**FLOWS, **RESOURCES}
"""Every indicator by name; the register finds them here, and what else a plan counts among the region's items."""

STAGED = ("enrolment", "entrants", "graduates", "equipment_per_student", "effective_places", "cost_per_graduate")
"""Indicators that are counted by stage and mean nothing for a region as a whole."""

READINGS: dict[str, tuple[str, ...]] = {
    "enrolment_total": ("enrolment_total", "trained_in_three_years"),
    "integrated_local_share": ("integrated_local_share", "integrated_lowest_college", "integrated_stays"),
    "exam_admission_share": ("exam_admission_share", "exam_admission_of_leavers"),
    "dual_qualified_teachers": ("dual_qualified_teachers", "dual_formed_in_three_years"),
    "high_level_dual_share": ("high_level_dual_share", "high_level_share_of_all"),
    "built_schools": ("built_schools", "begun_schools"),
    "school_investment": ("school_investment", "school_investment_spent"),
    "ls-action-plan:dual_qualified_share": ("dual_qualified_share", "dual_share_of_all"),
    "ls-action-plan:postgraduate_teacher_share": ("postgraduate_teacher_share", "postgraduate_share_of_secondary"),
}
"""Targets whose text can be read in several ways (of one document where it is named), and the indicators that do so."""

FAMILY_UNITS = {"count": "count", "share": "share", "service": "amount/year", "event": "count/year"}
"""Unit of an item where the register gives none."""


def find_item(scenario: Scenario, name: str, stage: str) -> Item | None:
    """Return the item of that key and stage in any region of a scenario, None if there is none.

    Parameters
    ----------
    scenario : Scenario.
    name, stage : str.

    Returns
    -------
    Item or None.

    Notes
    -----
    Unit: none. Errors: none. Source: the scenario's items.
    """
    wanted = item_id(name, stage)
    return next((items[wanted] for items in scenario.items.values() if wanted in items), None)


def find_indicator(scenario: Scenario, name: str, stage: str, where: str = "indicator") -> Indicator:
    """Return an indicator, or the item of a plan that bears its name.

    Parameters
    ----------
    scenario : Scenario; its regions say which items there are.
    name, stage : str.
    where : str, the place to name in a complaint.

    Returns
    -------
    Indicator.

    Raises
    ------
    InputError : there is neither an indicator nor an item of that name.

    Notes
    -----
    Unit: the indicator's own. Source: INDICATORS and ``data/<region>/items.csv``.
    """
    if name in INDICATORS:
        return INDICATORS[name]
    item = find_item(scenario, name, stage)
    if item is None:
        known = {*INDICATORS, *(i.key for items in scenario.items.values() for i in items.values())}
        raise InputError(
            where, "there is no indicator {name!r}", "Did you mean {near!r}?", name=name, near=nearest(name, known)
        )
    key = item.id
    rests = (BASES[item.family], PACES[item.family], *(("success_rate", "lead_time") if item.process else ()))
    return Indicator(
        lambda view, _: view.in_books(counted(view.schedule, key)), FAMILY_UNITS[item.family], (stage,), rests
    )


__all__ = [
    "FAMILY_UNITS", "INDICATORS", "READINGS", "STAGED", "Indicator", "View", "find_indicator", "find_item",
    "progression_rate", "retention_rate",
]  # fmt: skip
