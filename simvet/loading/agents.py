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
    told = {
        name: getattr(given, name)
        for name in ("mechanism", "remember_scores", "supplementary", "home_points", "list_length")
        if getattr(given, name) is not None
    }
    try:
        chosen = replace(choices, **told, rules={**choices.rules, **given.rules})
    except InputError as error:
        name = str(error.facts.get("name", ""))
        where = sheet.place("agents", name) if name in told else sheet.place("agents")
        raise InputError(where, error.what, error.cure, **error.facts) from None
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
    if not schools.lower().endswith((".csv", ".xlsx")):
        raise InputError(
            where, "{word!r} is no list of schools", "Write synthetic, none, or the path of a .csv or .xlsx file",
            word=schools,
        )  # fmt: skip
    if len(regions) != 1:
        raise InputError(
            where, "a school list is about one region, the scenario has {count}", "Run each region alone",
            count=len(regions),
        )  # fmt: skip
    if not (folder / schools).exists():
        raise InputError(where, "there is no file {word!r}", "Check the name and the folder", word=schools)
    found = read_school_list(folder / schools, regions[0], count_of(regions[0], "districts"))
    return replace(choices, schools=schools, lists={regions[0]: found})
