"""Why a target's number changes: a waterfall whose parts add up, made in the background."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import streamlit as st

from simvet.decomposition import Decomposition
from simvet.planning.plan import Plan
from simvet.register import RegisterRow
from simvet.report.terminal import change_text
from simvet.report.wording import Language, number, word
from simvet.screen.pieces import html_table
from simvet.screen.progress import Kept, kept, running, show_task, tell_age
from simvet.screen.service import service
from simvet.screen.session import Session, session

WHY = "why"


@dataclass(frozen=True)
class WhyPart:
    """One reason for a change.

    Notes
    -----
    Unit: the indicator's; ``mean`` over the draws, ``low`` and ``high`` bound the central 80 %. ``kind`` and ``labels``
    as in ``simvet.decomposition``. Errors: none. Source: the decomposition.
    """

    kind: str
    labels: Mapping[str, str]
    owner: str
    mean: float
    low: float
    high: float

    def name(self, language: Language) -> str:
        """Return what the part is called."""
        return self.labels.get(language) or word("text", f"part_{self.kind}", language)


@dataclass(frozen=True)
class Why:
    """The change of an indicator in few numbers: means add up, the run behind them is left where it was made.

    Notes
    -----
    Unit: ``unit``; ``base`` and ``final`` are means over the draws. Errors: none. Source: the decomposition.
    """

    unit: str
    base_year: int
    year: int
    base: float
    final: float
    parts: tuple[WhyPart, ...]
    exact: bool


def why_of(found: Decomposition) -> Why:
    """Return a decomposition in few numbers, small enough to send; unit: its own; errors: none; source: its draws."""
    parts = []
    for part in found.parts:
        low, high = (float(q) for q in np.quantile(part.values, [0.1, 0.9]))
        parts.append(WhyPart(part.kind, dict(part.labels), part.owner, float(part.values.mean()), low, high))
    return Why(
        found.unit, found.base_year, found.year, float(found.base.mean()), float(found.final.mean()), tuple(parts),
        found.exact,
    )  # fmt: skip


def _made(result: Why | Decomposition) -> Why:
    return why_of(result) if isinstance(result, Decomposition) else result


def show_why(desk: Session, row: RegisterRow, plan: Plan, name: str) -> None:
    """Draw the button that asks why, how far the answer is, and the answer.

    Parameters
    ----------
    desk : Session.
    row : RegisterRow; with a verdict.
    plan : Plan; the one that answers for the row.
    name : str; of the row.

    Notes
    -----
    Unit: printed with each number. Errors: told on the page. Source: the task ``why``.
    """
    v = row.verdict
    if v is None:
        return
    asked = (v.reading, v.target.stage, v.target.year)
    st.header(desk.say("targets_why"))
    st.caption(desk.say("targets_why_note"))
    st.button(
        desk.say("targets_why_start"), on_click=_ask, args=(plan, *asked), disabled=running(desk, WHY), key="why_start"
    )
    show_task(desk, WHY, make=_made)

    def about_this(one: Kept) -> bool:
        return one.arguments == asked and one.plan.scenario == plan.scenario

    found = kept(WHY, plan, about_this)
    if found is not None:
        tell_age(desk, found, plan)
        _draw(desk, found.result, name)


def _ask(plan: Plan, indicator: str, stage: str, year: int) -> None:
    service().tasks.start(session().user, WHY, plan, indicator, stage, year)


def _draw(desk: Session, why: Why, name: str) -> None:
    language = desk.language
    rows = [(word("text", "part_base", language, year=why.base_year), "–", number(why.base, why.unit, language), "–")]
    for part in why.parts:
        mean, low, high = (change_text(value, why.unit, language) for value in (part.mean, part.low, part.high))
        owner = "–" if part.owner == "none" else word("owner", part.owner, language)
        rows.append((part.name(language), owner, mean, f"{low} … {high}"))
    rows.append((word("text", "part_final", language, year=why.year), "–", number(why.final, why.unit, language), "–"))
    _waterfall(desk, why)
    heads = tuple(desk.say(f"targets_why_{head}") for head in ("part", "owner", "mean", "band"))
    st.html(html_table(name, heads, rows, "why"))
    st.caption(word("text", "explain_exact" if why.exact else "explain_sampled", language))


def _waterfall(desk: Session, why: Why) -> None:
    """Draw the waterfall; the table below it says the same."""
    from simvet.screen.charts import waterfall  # noqa: PLC0415

    parts = [(part.name(desk.language), part.mean, part.low, part.high) for part in why.parts]
    ends = [
        word("text", f"part_{end}", desk.language, year=year)
        for end, year in (("base", why.base_year), ("final", why.year))
    ]
    drawn = waterfall(why.base, parts, why.final, why.unit, desk.language, *ends)
    st.vega_lite_chart(drawn.rows, drawn.spec, theme=None, width="stretch", key="why_chart", alt=drawn.alt)
