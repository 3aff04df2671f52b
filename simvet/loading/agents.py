"""What a scenario says about students and schools one by one: read, checked, with the school lists that it names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from simvet.behaviour import NO_SCHOOLS, RULES, SYNTHETIC, AgentChoices
from simvet.errors import InputError
from simvet.loading.checks import require_word
from simvet.loading.schema import AgentsFile, Sheet
from simvet.loading.school_list import read_school_list
from simvet.rules.names import MECHANISMS
from simvet.schools import count_of

LONGEST_LIST = 100
"""Entries; the longest lists that anybody may hand in are shorter."""
MOST_HOME_POINTS = 7_500
"""Tenths of a point; full marks."""


def agent_choices(chain: list[Sheet], regions: tuple[str, ...]) -> AgentChoices:
    """Return what a scenario and those it inherits from say about students and schools.

    Parameters
    ----------
    chain : list of Sheet, the root first; later ones replace single keys.
    regions : tuple of str; the regions of the scenario.

    Returns
    -------
    AgentChoices.

    Raises
    ------
    InputError : a word is unknown, a number out of range, or a school list is wrong.

    Notes
    -----
    Unit: ``home_points`` tenths of a point. Source: the files; defaults of AgentChoices.
    """
    choices = AgentChoices()
    for sheet in chain:
        if sheet.given.agents is not None:
            choices = _with(choices, sheet.given.agents, sheet, regions)
    return choices


def _with(choices: AgentChoices, given: AgentsFile, sheet: Sheet, regions: tuple[str, ...]) -> AgentChoices:
    if given.mechanism is not None:
        require_word(given.mechanism, "mechanism", MECHANISMS, sheet.place("agents", "mechanism"))
    for name, rule in given.rules.items():
        where = sheet.place("agents", "rules", name)
        require_word(name, "decision of schools", tuple(RULES), where)
        require_word(rule, "rule", RULES[name], where)
    _require_within(given.list_length, "list_length", 1, LONGEST_LIST, sheet)
    _require_within(given.home_points, "home_points", 0, MOST_HOME_POINTS, sheet)
    told = {
        name: getattr(given, name)
        for name in ("mechanism", "remember_scores", "supplementary", "home_points", "list_length")
        if getattr(given, name) is not None
    }
    chosen = replace(choices, **told, rules={**choices.rules, **given.rules})
    if chosen.home_points and chosen.mechanism != "deferred_acceptance":
        raise InputError(
            sheet.place("agents"), "home_points do nothing under {word!r}",
            "Choose mechanism: deferred_acceptance, in which schools have priorities of their own",
            word=chosen.mechanism,
        )  # fmt: skip
    if given.schools is None:
        return chosen
    return with_schools(chosen, given.schools, regions, sheet.path.parent, sheet.place("agents", "schools"))


def with_schools(
    choices: AgentChoices, schools: str, regions: tuple[str, ...], folder: Path, where: str
) -> AgentChoices:
    """Return choices with the schools that a text names.

    Parameters
    ----------
    choices : AgentChoices.
    schools : str; ``synthetic``, ``none`` or the path of a list.
    regions : tuple of str.
    folder : Path; where a relative path starts.
    where : str, the place to name in a complaint.

    Returns
    -------
    AgentChoices.

    Raises
    ------
    InputError : the list cannot be read, is wrong, or the scenario has more than one region.

    Notes
    -----
    Unit: none. Source: the list.
    """
    if schools in (SYNTHETIC, NO_SCHOOLS):
        return replace(choices, schools=schools, lists={})
    if not schools.endswith((".csv", ".xlsx")):
        raise InputError(
            where, "{word!r} is no list of schools", "Write synthetic, none, or the path of a .csv or .xlsx file",
            word=schools,
        )  # fmt: skip
    if len(regions) != 1:
        raise InputError(
            where, "a school list is about one region, the scenario has {count}", "Run each region alone",
            count=len(regions),
        )  # fmt: skip
    found = read_school_list(folder / schools, regions[0], count_of(regions[0], "districts"))
    return replace(choices, schools=schools, lists={regions[0]: found})


def _require_within(value: int | None, name: str, low: int, high: int, sheet: Sheet) -> None:
    if value is not None and not low <= value <= high:
        raise InputError(
            sheet.place("agents", name), "{name!r} is {value}, outside {low} to {high}",
            "Write a value inside these bounds", name=name, value=value, low=low, high=high,
        )  # fmt: skip
