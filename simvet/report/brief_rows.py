"""What the brief says of one target: eight cells, and behind each figure a note on where it comes from."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

import simvet
from simvet.indicators import find_item
from simvet.items import BASES
from simvet.report.context import ReportContext, printable, signed_text
from simvet.report.register import need_text
from simvet.report.terminal import bound_text, cause_text, change_text, full_name
from simvet.report.trust_words import avoid_text, light_text, reasons_text
from simvet.report.wording import Language, band, number, word
from simvet.result import Result
from simvet.scenario import Target
from simvet.tables import Row
from simvet.targets import BASE_FIGURES, BASE_QUANTITIES, is_reached
from simvet.trust import Trust
from simvet.verdicts import PLAN_YEARS, Verdict, standing

COLUMNS = ("target", "base", "bound", "status", "milestone", "forecast", "cause", "advice")
"""Columns of the brief's table, in order; FIGURES of them carry notes."""
FIGURES = ("base", "bound", "status", "milestone", "forecast")
MOST_SOURCES = 2
"""Sources that a note names; the number of the others is said."""


@dataclass(frozen=True)
class Line:
    """A line of a cell, with the notes behind its figures.

    Notes
    -----
    ``weight`` is ``plain``, ``strong`` or ``small``. Unit: none. Errors: none. Source: a verdict.
    """

    text: str
    notes: tuple[str, ...] = ()
    weight: str = "plain"


def target_key(verdict: Verdict) -> tuple[object, ...]:
    """Return what tells a target and its reading apart from all others, the same in every scenario of a region."""
    t = verdict.target
    return (t.document, t.region, t.locator, t.key, t.stage, t.year, t.comparator, t.labels["zh"], verdict.reading)


def verdict_titles(verdicts: Sequence[Verdict], language: Language, several: bool) -> list[str]:
    """Return a name for each verdict that tells it apart: document, reading, and region where there are several.

    Parameters
    ----------
    verdicts : sequence of Verdict.
    language : str.
    several : bool; whether the run has several regions.

    Returns
    -------
    list of str, printable.

    Notes
    -----
    Unit: none. Errors: none. Source: the register.
    """
    told = [(v.target.labels[language], v.target.stage, v.reading) for v in verdicts]
    names = []
    for verdict, same in zip(verdicts, told, strict=True):
        name = full_name(verdict.target, verdict.reading, language, told.count(same) > 1)
        if sum(other[0] == same[0] for other in told) > told.count(same) and language == "zh":
            # English names carry their stage already.
            stage = word("stage", verdict.target.stage, language)
            name = word("text", "of_stage", language, stage=stage, name=name)
        if verdict.target.kind == "baseline":
            name = word("text", "baseline_row", language, name=name)
        if several:
            name = f"{word('region', verdict.target.region, language)}·{name}"
        names.append(printable(name))
    return names


def base_rows(result: Result, target: Target) -> list[Row]:
    """Return the region's rows that hold the base of a target, those that ``targets.base_is_printed`` looks at.

    Parameters
    ----------
    result : Result.
    target : Target.

    Returns
    -------
    list of Row; empty where no row gives it, then the opening balance solves it.

    Notes
    -----
    Unit: each row's own. Errors: none. Source: the region's data.
    """
    rows = result.scenario.rows[target.region]
    item = find_item(result.scenario, target.key, target.stage)
    if item is not None and item.id in result.scenario.items[target.region]:
        return [row for row in rows if row.indicator == BASES[item.family] and row.stage == item.id]
    if target.key in BASE_QUANTITIES:
        both = ("secondary_vocational", "higher_vocational", "region")
        stages = both if target.stage == "region" else (target.stage,)
        return [row for row in rows if row.indicator == BASE_QUANTITIES[target.key] and row.stage in stages]
    wanted = BASE_FIGURES.get(target.key, ((target.key, target.stage),))
    return [row for row in rows if row.use == "figure" and (row.indicator, row.stage) in wanted]


def base_year(result: Result, verdict: Verdict) -> int:
    """Return the year of a verdict's base: the plan's, or the year in which the straight line of milestones begins.

    Parameters
    ----------
    result : Result.
    verdict : Verdict.

    Returns
    -------
    int, school year.

    Notes
    -----
    Unit: none. Errors: none. Source: the register, or ``verdicts.PLAN_YEARS`` before the target.
    """
    target, years = verdict.target, result.books.years
    if target.base_value is not None and target.base_year is not None:
        return target.base_year
    values = result.indicator(verdict.reading, target.stage)[:, :, result.books.regions.index(target.region)]
    seen = int(np.argmax(np.isfinite(values).any(axis=0)))
    return min(max(years[seen], target.year - PLAN_YEARS), years[-1])


def verdict_cells(
    result: Result, verdict: Verdict, title: str, context: ReportContext, before: Verdict | None,
    trust: Trust | None = None,
) -> Mapping[str, tuple[Line, ...]]:  # fmt: skip
    """Return what the brief says of a target, column by column.

    Parameters
    ----------
    result : Result.
    verdict : Verdict.
    title : str; its name.
    context : ReportContext.
    before : Verdict or None; the same target in the scenario that this one is held against.
    trust : Trust, optional; how far the figures carry.

    Returns
    -------
    mapping of COLUMNS -> lines.

    Notes
    -----
    Unit: printed with each figure. Errors: none. Source: the run and the register.
    """
    language = context.language
    unit = word("unit", verdict.unit, language)
    name = [Line(title, weight="strong" if verdict.headline else "plain")]
    if verdict.unit != "share":
        name.append(Line(word("text", "brief_unit", language, unit=unit), weight="small"))
    return {
        "target": tuple(name),
        "base": _base(result, verdict, context),
        "bound": (
            Line(printable(bound_text(verdict, language)), (target_note(verdict, language),)),
            Line(word("text", "brief_year", language, year=verdict.target.year), weight="small"),
        ),
        "status": _status(result, verdict, language),
        "milestone": _milestone(verdict, language),
        "forecast": (*_forecast(result, verdict, context, before), *_light(trust, language)),
        "cause": _cause(verdict, language),
        "advice": tuple(Line(text) for text in advice(verdict, language)),
    }


def _base(result: Result, v: Verdict, context: ReportContext) -> tuple[Line, ...]:
    mark = " †" if v.assumed_base else " *" if v.milestone_assumed else ""
    text = number(v.base_value, v.unit, context.language) + mark
    year = word("text", "brief_year", context.language, year=base_year(result, v))
    return Line(text, (base_note(result, v, context),)), Line(year, weight="small")


def _status(result: Result, v: Verdict, language: Language) -> tuple[Line, ...]:
    note = word("text", "brief_note_status", language, year=v.as_of, run=run_text(result, language))
    year = word("text", "brief_year", language, year=v.as_of)
    return Line(number(v.value_as_of, v.unit, language), (note,)), Line(year, weight="small")


def _milestone(v: Verdict, language: Language) -> tuple[Line, ...]:
    note = word("text", "brief_note_milestone", language, year=v.as_of)
    if v.target.kind == "baseline" or not math.isfinite(v.milestone):
        return (Line("–", (note,)),)
    due = word("text", "brief_due", language, value=number(v.milestone, v.unit, language))
    if not math.isfinite(v.value_as_of):
        return (Line(due, (note,)),)
    kept = bool(is_reached(v.target, np.array(v.value_as_of), np.array(v.milestone)))
    away = change_text(v.value_as_of - v.milestone, v.unit, language)
    pace = word("text", "brief_ahead" if kept else "brief_behind", language, change=away)
    return Line(due, (note,)), Line(pace, weight="small")


def _forecast(result: Result, v: Verdict, context: ReportContext, before: Verdict | None) -> tuple[Line, ...]:
    language = context.language
    note = word("text", "brief_note_forecast", language, run=run_text(result, language))
    chance = word(
        "text", "brief_chance", language, outlook=word("text", f"brief_{standing(v.probability)}", language),
        probability=f"{v.probability * 100:.0f}", error=f"{v.error * 100:.1f}", mark=" †" if v.assumed_base else "",
    )  # fmt: skip
    dagger = (word("text", "brief_note_dagger", language),) if v.assumed_base else ()
    lines = [Line(band(v.median, v.low, v.high, v.unit, language), (note,)), Line(chance, dagger, "strong")]
    if before is not None:
        moved = f"{(v.probability - before.probability) * 100 + 0.0:+.0f}"
        lines.append(Line(word("text", "brief_against_base", language, change=moved), weight="small"))
    return tuple(lines)


def _light(trust: Trust | None, language: Language) -> tuple[Line, ...]:
    """Return how far a forecast can be trusted, its reasons and when not to trust it in the note."""
    if trust is None:
        return ()
    note = word(
        "text", "brief_note_trust", language, level=word("trust", trust.level, language),
        reasons=reasons_text(trust, language), avoid=avoid_text(trust, language),
    )  # fmt: skip
    return (Line(word("text", "brief_trust_cell", language, light=light_text(trust, language)), (note.strip(),)),)


def _cause(v: Verdict, language: Language) -> tuple[Line, ...]:
    lines = [Line(printable(cause_text(v, language)))]
    if v.binding and v.owner:
        owner = word("text", "brief_owner", language, owner=word("owner", v.owner, language))
        lines.append(Line(owner, weight="small"))
    return tuple(lines)


def advice(v: Verdict, language: Language) -> list[str]:
    """Return what the run suggests for a target, in sentences.

    Parameters
    ----------
    v : Verdict.
    language : str.

    Returns
    -------
    list of str, at least one.

    Notes
    -----
    Unit: printed with each figure. Errors: none. Source: the verdict's need, late and owner; MODEL, section 8.
    """

    def say(key: str, **facts: object) -> str:
        return word("text", f"brief_advice_{key}", language, **facts)

    if v.target.kind == "baseline":
        return [say("check")]
    if standing(v.probability) == "likely":
        return [say("keep")]
    told: list[str] = []
    too_late = v.late is not None and v.late.too_late
    if v.late is not None:
        told.append(say("too_late" if too_late else "latest", year=v.late.latest_start))
    if v.need is not None and not too_late:
        if math.isinf(v.need.needed):
            told.append(say("out_of_reach", kind=word("need", v.need.kind, language)))
        else:
            # A change that rounds to nothing has no sign.
            told.append(
                say("need", need=re.sub(r"[+-](0\.0+)(?!\d)", r"\1", need_text(replace(v, late=None), language)))
            )
    if v.binding and v.owner:
        cause = word("cause", v.binding[0], language)
        owner = word("owner", v.owner, language)
        told.append(say("outside" if v.owner == "none" else "owner", owner=owner, cause=cause))
    return told or [say("watch")]


def run_text(result: Result, language: Language) -> str:
    """Return what is needed to compute a figure again: program, scenario, data, seed, draws.

    Parameters
    ----------
    result : Result.
    language : str.

    Returns
    -------
    str.

    Notes
    -----
    Unit: none. Errors: none. Source: the run.
    """
    return word(
        "text", "brief_run", language, version=simvet.__version__, name=result.scenario.name,
        digest=result.scenario.digest, data=result.scenario.data_digest, seed=result.seed, draws=f"{result.draws:,}",
        engine=word("text", f"brief_engine_{result.engine}", language),
    )  # fmt: skip


def target_note(v: Verdict, language: Language) -> str:
    """Return where a target stands in print; unit, errors: none; source: the register."""
    t = v.target
    document = word("document", t.document, language)
    region = word("region", t.region, language)
    if t.kind == "own":
        return word("text", "brief_note_own", language)
    key = "brief_note_relative" if t.bound is None else "brief_note_target"
    return word("text", key, language, region=region, document=document, locator=t.locator or "–", year=t.year)


def base_note(result: Result, v: Verdict, context: ReportContext) -> str:
    """Return where a base comes from: the plan, figures of the region, or an assumption and who signed it.

    Parameters
    ----------
    result : Result.
    v : Verdict.
    context : ReportContext.

    Returns
    -------
    str.

    Notes
    -----
    Unit: none. Errors: none. Source: the register and the region's rows.
    """
    language, t = context.language, v.target
    if t.base_value is not None:
        return word(
            "text", "brief_note_base_plan", language, region=word("region", t.region, language),
            document=word("document", t.document, language), locator=t.locator or "–", year=t.base_year,
        )  # fmt: skip
    rows = base_rows(result, t)
    if not rows:
        return word("text", "brief_note_base_solved", language)
    key = "brief_note_base_assumed" if v.assumed_base else "brief_note_base_figures"
    return word("text", key, language, sources=_sources(rows, context))


def _sources(rows: Iterable[Row], context: ReportContext) -> str:
    """Return the sources of some rows with grade, status and year, assumed ones with who signed them."""
    language = context.language
    told: dict[str, None] = {}
    for row in sorted(rows, key=lambda row: -row.year):
        status = word("status", row.status, language)
        if row.status == "assumed":
            signed = signed_text(row, context)
            status = word("text", "brief_status_signed", language, status=status, signed=signed)
        said = word(
            "text", "brief_source", language, title=printable(row.source_title), locator=printable(row.locator) or "–",
            grade=row.grade, status=status,
        )  # fmt: skip
        told[said] = None
    shown = list(told)
    text = word("text", "clause_separator", language).join(shown[:MOST_SOURCES])
    more = len(shown) - MOST_SOURCES
    return text + (word("text", "brief_more_sources", language, count=more) if more > 0 else "")


Lookup = Callable[[Verdict], Verdict | None]


def lookup(baseline: Sequence[Verdict]) -> Lookup:
    """Return a function that finds the same target among other verdicts; unit, errors: none; source: the register."""
    known = {target_key(v): v for v in baseline}
    return lambda verdict: known.get(target_key(verdict))
