"""What was changed since the base, in words."""

from __future__ import annotations

from simvet.controls import Control, find_control
from simvet.edits import identity_of
from simvet.planning.answering import plan_scenario
from simvet.planning.own import find_plan_scenario
from simvet.planning.plan import LIMIT, PROJECT, Plan, Setting
from simvet.report.wording import Language, number, word
from simvet.scenario import Scenario


def plan_title(plan: Plan, language: Language) -> str:
    """Return the title of the scenario that a plan starts from; unit: none; errors: InputError; source: its file."""
    return find_plan_scenario(plan.scenario).labels[language]


def changes_of(plan: Plan, language: Language) -> list[str]:
    """Return everything that a plan changes, one sentence each.

    Parameters
    ----------
    plan : Plan.
    language : str.

    Returns
    -------
    list of str; empty where nothing is changed.

    Raises
    ------
    InputError : the plan is wrong.

    Notes
    -----
    Unit: said in each sentence. Source: the plan.
    """
    scenario = plan_scenario(plan)
    told = [_setting(setting, scenario, language) for setting in plan.settings]
    told += edits_of(plan, language)
    if plan.as_of is not None:
        told.append(word("screen", "change_as_of", language, year=plan.as_of))
    return told


def edits_of(plan: Plan, language: Language) -> list[str]:
    """Return the numbers that a plan replaces, one sentence each; unit: said; errors: InputError; source: the plan."""
    scenario = plan_scenario(plan)
    told = []
    for edit in plan.edits:
        region, year, indicator, stage, _, _, _ = edit.row
        row = next(row for row in scenario.rows[region] if identity_of(row) == edit.row)
        facts = {"stage": _stage(stage, language), "year": year, "reason": edit.reason}
        name, value = quantity_name(indicator, language), number(edit.value, row.unit, language)
        told.append(word("screen", "change_edit", language, name=name, value=value, **facts))
    return told


def preset_of(plan: Plan, language: Language) -> list[str]:
    """Return what the scenario that a plan starts from changes by itself, one sentence each.

    Parameters
    ----------
    plan : Plan.
    language : str.

    Returns
    -------
    list of str; empty for a region's base.

    Raises
    ------
    InputError : there is no such scenario.

    Notes
    -----
    Unit: school years. Source: the levers of the scenario's file.
    """
    found = find_plan_scenario(plan.scenario)
    return [
        word(
            "screen", "preset_lever", language, lever=lever.title(language), start=lever.start,
            owner=word("owner", lever.owner, language),
        )
        for lever in found.levers
    ]  # fmt: skip


def quantity_name(name: str, language: Language) -> str:
    """Return the name of a quantity or indicator; unit, errors: none; source: the catalogue of wording."""
    found = word("quantity", name, language)
    return found if found != name else word("indicator", name, language)


def _stage(stage: str, language: Language) -> str:
    return "" if stage == "region" else word("stage", stage, language)


def _setting(setting: Setting, scenario: Scenario, language: Language) -> str:
    kind, _, rest = setting.control.partition(":")
    if kind == PROJECT and rest:
        project = next(p for p in scenario.projects if p.name == rest)
        later = "later" if setting.value > 0 else "earlier"
        return word(
            "screen", f"change_project_{later}", language, project=project.labels[language],
            years=f"{abs(setting.value):g}",
        )  # fmt: skip
    if kind == LIMIT and rest:
        stage, _, limit = rest.partition(":")
        return word(
            "screen", "change_limit_on" if setting.value else "change_limit_off", language,
            stage=scenario.pathway.stage_labels[stage][language], limit=word("limit", limit, language),
        )  # fmt: skip
    control = find_control(setting.control)
    years = years_text(setting, control, language)
    return word(
        "screen", "change_lever", language, owner=word("owner", control.owner, language),
        lever=control.labels[language], value=value_text(control, setting.value, language), years=years,
    )  # fmt: skip


def years_text(setting: Setting, control: Control, language: Language) -> str:
    """Return the years of a lever in words; unit: school years; errors: none; source: the setting."""
    if control.once:
        return word("screen", "years_once", language, start=setting.start)
    if setting.end is None:
        return word("screen", "years_from", language, start=setting.start)
    key = "years_ramp" if setting.ramp else "years_between"
    return word("screen", key, language, start=setting.start, end=setting.end)


def value_text(control: Control, value: float, language: Language) -> str:
    """Return where a lever stands, as its reader expects it; unit: said; errors: none; source: the control."""
    if control.operation == "multiply":
        return f"{(value - 1.0) * 100:+.0f}%"
    if control.unit == "share" and control.operation == "add":
        return word("text", "points", language, value=f"{value * 100:+.1f}")
    if control.unit == "share":
        return f"{value * 100:.1f}%"
    if control.once:
        return f"{value:+.0f}"
    return f"{value:+.2f}" if control.operation == "add" else f"{value:.2f}"
