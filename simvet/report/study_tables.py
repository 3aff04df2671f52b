"""Tables of studies for the terminal: which factors decide, and in which futures a target fails."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from simvet.report.study_words import (
    discovery_sentences,
    event_text,
    factor_names,
    index_text,
    kind_text,
    limit_text,
    marks_of,
    percent,
    range_text,
    sensitivity_remarks,
    subject_name,
    value_text,
)
from simvet.report.terminal import change_text, new_table
from simvet.report.wording import Language, require_language, word
from simvet.studies.discovery import Discovery
from simvet.studies.influence import Answer, Sensitivity
from simvet.studies.swing import Tornado

SIGNS = {1: "sign_up", -1: "sign_down", 0: "sign_none"}


def sensitivity_table(found: Sensitivity, language: str = "zh") -> RenderableType:
    """Return the indices of every outcome as tables, doubtful numbers marked and explained.

    Parameters
    ----------
    found : Sensitivity.
    language : str; ``zh`` or ``en``.

    Returns
    -------
    rich renderable; a table for each outcome, its remarks below it.

    Raises
    ------
    InputError : the language is unknown.

    Notes
    -----
    Unit: printed with each number. Source: the indices.
    """
    chosen = require_language(language)
    parts: list[RenderableType] = []
    for answer in found.answers:
        parts += _answer_parts(answer, found, chosen)
    run = word("sensitivity", "run", chosen, experiments=f"{found.experiments:,}", draws=f"{found.draws:,}",
               seed=found.seed)  # fmt: skip
    parts += [Text(word("sensitivity", f"note_{found.method}", chosen), style="dim"), Text(run, style="dim")]
    return Group(*parts)


def _answer_parts(answer: Answer, found: Sensitivity, language: Language) -> list[RenderableType]:
    name = subject_name(answer.outcome, language, found.of)
    title = word("sensitivity", f"title_{found.method}", language, name=name)
    whole, marks, single = sensitivity_remarks(answer, found, language)
    said: list[RenderableType] = [Text(line, style="yellow") for line in whole]
    said += [Text(line, style="dim") for line in single]
    if not answer.rows:
        return [Text(title, style="bold"), *said, Text("")]
    table = new_table(title)
    heads = ("factor", "kind", "range", f"first_{found.method}", f"second_{found.method}", "sign")
    for head in heads:
        right = head.startswith(("first", "second"))
        table.add_column(word("sensitivity", f"column_{head}", language), justify="right" if right else "left",
                         overflow="fold")  # fmt: skip
    names = factor_names([row.factor for row in answer.rows], language)
    for row in answer.rows:
        factor = row.factor
        table.add_row(
            f"{names[factor.name]}{marks_of(row, marks)}", kind_text(factor, language),
            range_text(factor.low, factor.high, factor.unit, language),
            index_text(row.first, row.first_confidence, found.method, answer.unit, language),
            index_text(row.second, row.second_confidence, found.method, answer.unit, language),
            word("sensitivity", SIGNS[row.sign], language),
        )  # fmt: skip
    return [table, *said, Text("")]


def tornado_table(found: Tornado, language: str = "zh") -> RenderableType:
    """Return a tornado as a table, the widest bar first.

    Parameters
    ----------
    found : Tornado.
    language : str; ``zh`` or ``en``.

    Returns
    -------
    rich renderable.

    Raises
    ------
    InputError : the language is unknown.

    Notes
    -----
    Unit: printed with each number. Source: the experiments.
    """
    chosen = require_language(language)
    name = subject_name(found.outcome, chosen, found.of)
    table = new_table(word("sensitivity", "title_tornado", chosen, name=name))
    for head in ("factor", "kind", "range", "at_low", "at_high", "reach"):
        table.add_column(word("sensitivity", f"column_{head}", chosen), overflow="fold",
                         justify="right" if head in ("at_low", "at_high", "reach") else "left")  # fmt: skip
    names = factor_names([bar.factor for bar in found.bars], chosen)
    for bar in found.bars:
        factor = bar.factor
        table.add_row(
            names[factor.name], kind_text(factor, chosen), range_text(factor.low, factor.high, factor.unit, chosen),
            value_text(bar.at_low, found.unit, chosen), value_text(bar.at_high, found.unit, chosen),
            change_text(bar.at_high - bar.at_low, found.unit, chosen),
        )  # fmt: skip
    base = word("sensitivity", "base", chosen, value=value_text(found.base, found.unit, chosen))
    run = word("sensitivity", "run_tornado", chosen, draws=f"{found.draws:,}", seed=found.seed)
    return Group(table, Text(base), Text(run, style="dim"))


def discovery_table(found: Discovery, language: str = "zh") -> RenderableType:
    """Return the boxes of a search as a table, with the answer in sentences above it.

    Parameters
    ----------
    found : Discovery.
    language : str; ``zh`` or ``en``.

    Returns
    -------
    rich renderable; sentences alone where there is no box.

    Raises
    ------
    InputError : the language is unknown.

    Notes
    -----
    Unit: printed with each number. Source: the search.
    """
    chosen = require_language(language)
    event = event_text(found, chosen)
    title = word("discovery", "title", chosen, name=subject_name(found.outcome, chosen), event=event)
    background = word("discovery", "background", chosen, cases=f"{found.cases:,}", event=event,
                      of_interest=f"{found.of_interest:,}", share=percent(found.share))  # fmt: skip
    head = [Text(title, style="bold"), *(Text(line) for line in (*discovery_sentences(found, chosen), background))]
    if not found.boxes:
        return Group(*head)
    table = new_table("")
    for name in ("box", "limits", "full", "p", "coverage", "density", "mass"):
        table.add_column(word("discovery", f"column_{name}", chosen), overflow="fold",
                         justify="right" if name in ("p", "coverage", "density", "mass") else "left")  # fmt: skip
    names = factor_names(found.factors, chosen)
    for place, box in enumerate(found.boxes, start=1):
        numbers = [percent(share) for share in (box.coverage, box.density, box.mass)]
        for line, limit in enumerate(box.limits):
            factor = limit.factor
            table.add_row(
                str(place) if line == 0 else "", limit_text(limit, names.get(factor.name, ""), chosen),
                "" if limit.kept else range_text(factor.low, factor.high, factor.unit, chosen),
                p_text(min(limit.low_p, limit.high_p)), *(numbers if line == 0 else [""] * 3),
            )  # fmt: skip
    return Group(*head, table, Text(word("discovery", "note", chosen), style="dim"))


def p_text(chance: float) -> str:
    """Return a quasi-p-value, small ones as a bound; unit: probability; errors: none; source: the box."""
    return "<0.001" if chance < 0.001 else f"{chance:.3f}"
