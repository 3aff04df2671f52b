"""Why a number is what it is: the parts of a change, and the chain from indicator to source."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rich.console import Group, RenderableType
from rich.text import Text

from simvet.decomposition import Decomposition, Part
from simvet.indicators import INDICATORS
from simvet.items import BASES, PACES, known_processes, process_name
from simvet.report.terminal import change_text, new_table
from simvet.report.wording import Language, number, word
from simvet.scenario import Target
from simvet.sources import Chain
from simvet.tables import Row

ITEM_QUANTITIES = (*BASES.values(), *PACES.values())
"""Quantities whose key is an item, which the heading names already."""
MOST_ROWS = 40
"""Rows of inputs that are printed; the number of the others is said."""


def part_name(part: Part, language: Language) -> str:
    """Return the name of a part of a change."""
    return part.labels.get(language) or word("text", f"part_{part.kind}", language)


def indicator_name(name: str, stage: str, labels: dict[str, str] | None, language: Language) -> str:
    """Return an indicator's name with its stage, the register's own name where it is an item that a plan counts."""
    if labels is not None:
        return labels[language]
    told = word("indicator", name, language)
    if stage == "region" or told.startswith(word("stage", stage, language)):
        return told
    return word("text", "of_stage", language, stage=word("stage", stage, language), name=told)


def labels_of(name: str, stage: str, targets: Sequence[Target]) -> dict[str, str] | None:
    """Return the register's labels of an item, None for an indicator that has a name of its own."""
    if name in INDICATORS:
        return None
    return next((dict(t.labels) for t in targets if (t.key, t.stage) == (name, stage)), None)


def decomposition_table(found: Decomposition, language: Language) -> RenderableType:
    """Return the parts of a change as a table that adds up.

    Parameters
    ----------
    found : Decomposition.
    language : str.

    Returns
    -------
    rich renderable.

    Notes
    -----
    Unit: printed with each number. Means over the draws, because means add up; bands are of single parts. Errors: none.
    Source: MODEL, section 8.
    """
    labels = labels_of(found.indicator, found.stage, found.run.scenario.targets)
    title = word(
        "text", "explain_title", language, scenario=found.run.scenario.labels[language],
        region=word("region", found.region, language),
        name=indicator_name(found.indicator, found.stage, labels, language), base=found.base_year, year=found.year,
    )  # fmt: skip
    table = new_table(title)
    for name, right in (("column_part", False), ("column_owner", False), ("column_mean", True), ("column_band", True)):
        table.add_column(word("text", name, language), justify="right" if right else "left", overflow="fold")
    table.add_row(
        word("text", "part_base", language, year=found.base_year), "", _value(found.base, found, language), ""
    )
    for part in found.parts:
        low, high = (float(q) for q in np.quantile(part.values, [0.1, 0.9]))
        shown = [change_text(value, found.unit, language) for value in (float(part.values.mean()), low, high)]
        owner = "" if part.owner == "none" else word("owner", part.owner, language)
        table.add_row(part_name(part, language), owner, shown[0], f"{shown[1]} … {shown[2]}")
    table.add_row(
        Text(word("text", "part_final", language, year=found.year), style="bold"), "",
        Text(_value(found.final, found, language), style="bold"), "",
    )  # fmt: skip
    note = word("text", "explain_exact" if found.exact else "explain_sampled", language)
    return Group(table, Text(note, style="dim"))


def _value(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]], found: Decomposition, language: Language) -> str:
    return number(float(values.mean()), found.unit, language)


def chain_table(chain: Chain, language: Language, targets: Sequence[Target] = ()) -> RenderableType:
    """Return the chain behind an indicator: formula, then every input with its source, grade and status.

    Parameters
    ----------
    chain : Chain.
    language : str.
    targets : sequence of Target; they name the items that a plan counts.

    Returns
    -------
    rich renderable.

    Notes
    -----
    Unit: printed with each number. Errors: none. Source: the region's data.
    """
    name = indicator_name(chain.indicator, chain.stage, labels_of(chain.indicator, chain.stage, targets), language)
    told = word("text", "chain_formula", language, name=name, formula=word("formula", chain.formula, language))
    head: list[RenderableType] = [Text(told, style="bold")]
    table = new_table(word("text", "chain_title", language, count=len(chain.inputs)))
    for name in ("column_input", "column_year", "column_value", "column_status", "column_grade", "column_source"):
        table.add_column(word("text", name, language), overflow="fold")
    for row in chain.inputs[:MOST_ROWS]:
        table.add_row(*_row_cells(row, language))
    if len(chain.inputs) > MOST_ROWS:
        head.append(Text(word("text", "chain_more", language, count=len(chain.inputs) - MOST_ROWS), style="dim"))
    rest: list[RenderableType] = [
        Text(word("text", "chain_lever", language, lever=lever.title(language), source=lever.source))
        for lever in chain.levers
    ]
    rest += [
        Text(
            word(
                "text", "chain_project", language, project=project.labels[language], source=project.source,
                status=word("status", project.status, language),
            )
        )
        for project in chain.projects
    ]  # fmt: skip
    if chain.without:
        names = word("text", "list_separator", language).join(_input_name(name, language) for name in chain.without)
        rest.append(Text(word("text", "chain_without", language, names=names), style="dim"))
    return Group(*head, table, *rest)


def _row_cells(row: Row, language: Language) -> list[str]:
    name = _input_name(row.indicator, language)
    if row.stage in known_processes():
        name = f"{name}·{process_name(row.stage, language)}"
    elif row.stage not in ("region", "") and row.indicator not in ITEM_QUANTITIES:
        name = f"{name}·{word('stage', row.stage, language)}"
    spread = number(row.value, row.unit, language)
    if row.low < row.high:
        spread = f"{spread} ({number(row.low, row.unit, language)} – {number(row.high, row.unit, language)})"
    told = word("unit", row.unit, language)
    source = row.note if row.status == "assumed" else f"{row.source_title} {row.locator}".strip()
    unit = "" if row.unit in ("share", "persons") else f" {told}"
    return [name, str(row.year), f"{spread}{unit}", word("status", row.status, language), row.grade, source]


def _input_name(name: str, language: Language) -> str:
    told = word("quantity", name, language)
    return word("indicator", name, language) if told == name else told
