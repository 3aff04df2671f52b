"""Rows of the workbook: verdicts, inputs with who signed them, items, projects."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from simvet.report.brief_rows import advice, base_note, base_year, target_note, verdict_titles
from simvet.report.context import ReportContext, signed_text
from simvet.report.terminal import bound_text, cause_text
from simvet.report.trust_words import avoid_text, light_text, reasons_text
from simvet.report.wording import Language, word
from simvet.result import Result
from simvet.scenario import Spread
from simvet.trust import Trust
from simvet.verdicts import Verdict, standing

Rows = tuple[Sequence[str], list[Mapping[str, Any]]]

VERDICT_COLUMNS = (
    "order", "headline", "name", "region", "indicator", "stage", "reading", "kind", "document", "locator", "unit",
    "base_year", "base_value", "assumed_base", "comparator", "bound_text", "bound", "target_year", "as_of",
    "value_as_of", "milestone", "milestone_assumed", "median", "low_80", "high_80", "gap", "probability",
    "monte_carlo_error", "outlook", "trust", "trust_reasons", "trust_avoid", "first_year",
    "cause", "owner", "advice", "need_kind", "need_now", "need_needed",
    "need_unit", "need_hires", "latest_start", "too_late", "fights", "base_source", "target_source", "note",
)  # fmt: skip
INPUT_COLUMNS = (
    "region", "indicator", "stage", "track", "definition", "year", "value", "low", "high", "unit", "distribution",
    "status", "use", "grade", "signed", "source", "locator", "address", "formula_told", "note", "where",
)  # fmt: skip
ITEM_COLUMNS = ("region", "indicator", "stage", "name", "family", "units", "process", "since", "owner", "where")
PROJECT_COLUMNS = (
    "project", "region", "stage", "kind", "count", "places", "places_low", "places_high", "opening_year", "start_year",
    "cost", "owner", "status", "source",
)  # fmt: skip


def verdict_rows(result: Result, verdicts: Sequence[Verdict], context: ReportContext) -> Rows:
    """Return every verdict as a row; unit: column ``unit``; errors: none; source: the run."""
    titles = verdict_titles(verdicts, context.language, len(result.books.regions) > 1)
    trusts = result.trust(verdicts)
    rows: list[Mapping[str, Any]] = [
        {**_verdict(result, v, title, place, context), **_trust(trust, context.language)}
        for place, (v, title, trust) in enumerate(zip(verdicts, titles, trusts, strict=True), start=1)
    ]
    return VERDICT_COLUMNS, rows


def _trust(trust: Trust, language: Language) -> Mapping[str, Any]:
    return {
        "trust": light_text(trust, language), "trust_reasons": reasons_text(trust, language),
        "trust_avoid": avoid_text(trust, language, len(trust.warnings)),
    }  # fmt: skip


def _verdict(result: Result, v: Verdict, title: str, place: int, context: ReportContext) -> Mapping[str, Any]:
    language, t = context.language, v.target
    separator = word("text", "list_separator", language)
    reading = word("reading", v.reading, language)
    row: dict[str, Any] = {
        "order": place, "headline": v.headline, "name": title, "region": word("region", t.region, language),
        "indicator": t.key, "stage": word("stage", t.stage, language),
        "reading": "" if reading == v.reading else reading,
        "kind": t.kind, "document": word("document", t.document, language), "locator": t.locator,
        "unit": word("unit", v.unit, language), "unit_key": v.unit, "base_year": base_year(result, v),
        "base_value": v.base_value, "assumed_base": v.assumed_base, "comparator": t.comparator,
        "bound_text": bound_text(v, language), "bound": v.bound, "target_year": t.year, "as_of": v.as_of,
        "value_as_of": v.value_as_of, "milestone": v.milestone, "milestone_assumed": v.milestone_assumed,
        "median": v.median, "low_80": v.low, "high_80": v.high, "gap": v.gap, "probability": v.probability,
        "monte_carlo_error": v.error, "outlook": word("text", f"brief_{standing(v.probability)}", language),
        "first_year": v.first_year, "cause": cause_text(v, language),
        "owner": word("owner", v.owner, language) if v.owner else "", "advice": " ".join(advice(v, language)),
        "fights": separator.join(rival.labels[language] for rival in v.fights),
        "base_source": base_note(result, v, context), "target_source": target_note(v, language), "note": t.note,
    }  # fmt: skip
    if v.need is not None:
        reach = v.need.needed if math.isfinite(v.need.needed) else word("text", "out_of_reach", language)
        row |= {
            "need_kind": word("need", v.need.kind, language), "need_now": v.need.now, "need_needed": reach,
            "need_unit": word("unit", v.need.unit, language), "need_unit_key": v.need.unit,
            "need_hires": v.need.besides,
        }  # fmt: skip
    if v.late is not None:
        row |= {"latest_start": v.late.latest_start, "too_late": v.late.too_late}
    return row


def input_rows(result: Result, context: ReportContext) -> Rows:
    """Return every row of the scenario's data; unit: column ``unit``; errors: none; source: the rows themselves."""
    language = context.language
    rows: list[Mapping[str, Any]] = [
        {
            "region": row.region, "indicator": row.indicator, "stage": row.stage, "track": row.track,
            "definition": row.definition, "year": row.year, "value": row.value, "low": row.low, "high": row.high,
            "unit": word("unit", row.unit, language), "unit_key": row.unit, "distribution": row.distribution,
            "status": word("status", row.status, language), "use": row.use, "grade": row.grade,
            "signed": signed_text(row, context) if row.status == "assumed" else "", "source": row.source_title,
            "locator": row.locator, "address": row.address, "formula_told": row.formula, "note": row.note,
            "where": row.where,
        }
        for row in dict.fromkeys(row for found in result.scenario.rows.values() for row in found)
    ]  # fmt: skip
    return INPUT_COLUMNS, rows


def item_rows(result: Result, language: Language) -> Rows:
    """Return what the plans count beside students; unit: whole things; errors: none; source: the items."""
    names = {(t.region, t.key, t.stage): t.labels[language] for t in result.scenario.targets}
    rows: list[Mapping[str, Any]] = [
        {
            "region": region, "indicator": item.key, "stage": item.stage, "family": item.family,
            "name": names.get((region, item.key, item.stage), ""), "units": item.units or None,
            "process": item.process, "since": item.since, "owner": word("owner", item.owner, language),
            "where": item.where,
        }
        for region, items in result.scenario.items.items()
        for item in items.values()
    ]  # fmt: skip
    return ITEM_COLUMNS, rows


def project_rows(result: Result, language: Language) -> Rows:
    """Return the scenario's projects; unit: places, CNY, years; errors: none; source: the scenario."""

    def middle(spread: Spread | None) -> float | None:
        return None if spread is None else spread.value

    rows: list[Mapping[str, Any]] = [
        {
            "project": p.labels[language], "region": p.region, "stage": word("stage", p.stage, language),
            "kind": p.kind, "count": p.count.value, "places": p.places.value, "places_low": p.places.low,
            "places_high": p.places.high, "opening_year": middle(p.opening), "start_year": middle(p.start),
            "cost": p.cost.value or None, "owner": word("owner", p.owner, language), "status": p.status,
            "source": p.source, "unit_key": "places",
        }
        for p in result.scenario.projects
    ]  # fmt: skip
    return PROJECT_COLUMNS, rows
