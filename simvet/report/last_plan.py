"""An earlier plan looked at again, as tables of the terminal and in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from simvet.histories.last_plan import LastPlan, PlanRow, PlanTarget, Score, score_of
from simvet.report.terminal import new_table
from simvet.report.wording import Language, band, number, require_language, word

BOUNDS = {">=": "at_least", "<=": "at_most", "==": "equals", "~": "about"}
STYLES = {"likely": "green", "open": "yellow", "unlikely": "red"}
SCORED_FROM = 20
"""Targets whose outcome is known from which a score is told without a warning; assumed."""
EVEN = 0.25
"""Brier score of always saying 50 %."""


def plan_tables(plan: LastPlan, language: str = "zh") -> RenderableType:
    """Return an earlier plan as its reader wants it: the sentence, each target, what was missing, the score.

    Parameters
    ----------
    plan : LastPlan.
    language : str; zh or en.

    Returns
    -------
    a renderable of rich, at most 120 columns wide where names are folded.

    Raises
    ------
    InputError : there is no such language.

    Notes
    -----
    Unit: said in every cell. Source: the plan.
    """
    spoken = require_language(language)
    first, *lines = plan_lines(plan, spoken)
    parts: list[RenderableType] = [Text(first, style="bold"), Text(basis_line(plan, spoken)), Text("")]
    if any(row.foretold for row in plan.rows):
        parts += [_table(plan, spoken), Text(word("last_plan", "note", spoken), style="dim"), Text("")]
    missing = missing_lines(plan, spoken)
    if missing:
        parts += [Text(line, style="yellow") for line in missing] + [Text("")]
    return Group(*parts, *(Text(line) for line in lines))


def _table(plan: LastPlan, language: Language) -> Table:
    table = new_table(
        word("last_plan", "title", language, made_in=plan.made_in, name=plan.name, draws=f"{plan.draws:,}",
             seed=plan.seed)
    )  # fmt: skip
    # Eleven columns fit a page of 120 with one blank between them.
    table.padding = (0, 1, 0, 0)
    right = ("bound", "band", "probability", "actual")
    for head in ("target", "year", "bound", "band", "probability", "called", "actual", "reached", "inside", "naive",
                 "drift"):  # fmt: skip
        table.add_column(
            word("last_plan", f"column_{head}", language), justify="right" if head in right else "left",
            overflow="fold", no_wrap=head in ("year", *right), min_width=12 if head == "target" else None,
        )  # fmt: skip
    for row in plan.rows:
        told = row.foretold
        if told is None:
            continue
        table.add_row(
            name_text(row.target, plan, language), str(row.target.year), bound_text(row.target, language),
            band(told.median, told.low, told.high, "persons", language),
            Text(f"{told.probability * 100:.0f}% ±{told.error * 100:.1f}", style=STYLES[told.called]),
            Text(called_text(told.called, language), style=STYLES[told.called]), count_text(row.actual, language),
            *(_yes(value, language) for value in (row.reached, row.inside, told.naive_reaches, told.drift_reaches)),
        )  # fmt: skip
    return table


def called_text(called: str, language: Language) -> str:
    """Return how the screen too calls a target of that probability; unit, errors: none; source: the wording."""
    return word("screen", f"standing_{called}", language)


def name_text(target: PlanTarget, plan: LastPlan, language: Language) -> str:
    """Return a target's name, with its region where the plan has several; unit, errors: none; source: the plan."""
    if len({row.target.region for row in plan.rows}) == 1:
        return target.name
    return word("last_plan", "regional", language, region=target.region, name=target.name)


def chance_text(probability: float) -> str:
    """Return a probability in whole per cent, never as if it were certain; unit: %; errors: none; source: draws."""
    return "<1%" if probability < 0.01 else ">99%" if probability > 0.99 else f"{probability:.0%}"


def bound_text(target: PlanTarget, language: Language) -> str:
    """Return what a target asks for with its comparator; unit: persons; errors: none; source: the target."""
    return word("text", BOUNDS[target.comparator], language, value=number(target.bound, "persons", language))


def count_text(value: float | None, language: Language) -> str:
    """Return a count, a dash where it is not known; unit: persons; errors: none; source: the plan."""
    return word("last_plan", "unknown", language) if value is None else number(value, "persons", language)


def _yes(value: bool | None, language: Language) -> str:
    return word("last_plan", "unknown" if value is None else "yes" if value else "no", language)


def basis_line(plan: LastPlan, language: Language) -> str:
    """Return when the plan was made and what was used; unit: year; errors: none; source: the plan."""
    key = "basis_assumed" if plan.assumed else "basis_given"
    return word("last_plan", key, language, made_in=plan.made_in, known_until=plan.known_until)


def missing_text(row: PlanRow, language: Language) -> str:
    """Return why a target could not be foretold, empty where it was; unit, errors: none; source: the row."""
    if row.missing is None:
        return ""
    key, facts = row.missing
    series, filled = row.target.series, {"region": row.target.region, **facts}
    filled["series"] = word(
        "last_plan", "series" if series.grade is None else "series_grade", language, grade=series.grade,
        stage=word("last_plan", f"stage_{series.stage}", language), measure=word("last_plan", series.measure, language),
    )  # fmt: skip
    return word("last_plan", f"missing_{key}", language, **filled)


def missing_lines(plan: LastPlan, language: Language) -> list[str]:
    """Return a line for each target that could not be foretold, by name; unit: said; errors: none; source: the plan."""
    rows = [row for row in plan.rows if row.missing is not None]
    lines = [word("last_plan", "missing_title", language, count=len(rows))] if rows else []
    for row in rows:
        reason = missing_text(row, language)
        if row.actual is not None:
            reason += word("last_plan", "missing_came", language, actual=number(row.actual, "persons", language))
        name = name_text(row.target, plan, language)
        lines.append(word("last_plan", "missing_line", language, name=name, year=row.target.year, reason=reason))
    return lines


def plan_lines(plan: LastPlan, language: Language) -> list[str]:
    """Return the score of a plan in sentences, the first one for a planner in a hurry.

    Parameters
    ----------
    plan : LastPlan.
    language : str.

    Returns
    -------
    list of str, at least one.

    Notes
    -----
    Unit: said. Errors: none. Source: :func:`simvet.histories.last_plan.score_of`.
    """
    score = score_of(plan)
    sure, wrong = score.likely + score.unlikely, [row for row in plan.rows if row.wrong]
    key = "plain" if sure else "plain_unsure" if score.judged else "plain_unknown"
    facts: dict[str, Any] = {**vars(score), "made_in": plan.made_in, "sure": sure, "wrong": len(wrong)}
    facts["right"] = sure - len(wrong)
    lines = [word("last_plan", key, language, **facts), word("last_plan", "count", language, **facts)]
    if score.brier is None:
        return lines
    lines += [word("last_plan", "calls", language, **facts), *_measures(score, score.brier, facts, language)]
    if wrong:
        lines += [word("last_plan", "wrong_title", language), *(_wrong_line(row, plan, language) for row in wrong)]
    return [*lines, *([word("last_plan", "few", language, **facts)] if score.judged < SCORED_FROM else [])]


def _measures(score: Score, brier: float, facts: Mapping[str, Any], language: Language) -> list[str]:
    told = {name: _part(getattr(score, name)) for name in ("off", "off_naive", "off_drift")}
    told |= {"brier": f"{brier:.3f}", "brier_naive": f"{score.brier_naive:.3f}"}
    told["brier_drift"] = "–" if score.brier_drift is None else f"{score.brier_drift:.3f}"
    key = "brier_better" if brier < EVEN else "brier_worse"
    plain = [one for one in (score.brier_naive, score.brier_drift) if one is not None]
    if key == "brier_better" and plain and min(plain) < brier:
        key = "brier_behind"
    return [word("last_plan", name, language, **{**facts, **told}) for name in (key, "off")]


def _part(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def _wrong_line(row: PlanRow, plan: LastPlan, language: Language) -> str:
    told, actual, one = row.foretold, row.actual, row.target
    if told is None or actual is None:
        return ""
    return word(
        "last_plan", "wrong_reached" if row.reached else "wrong_missed", language, year=one.year,
        name=name_text(one, plan, language), p=chance_text(told.probability), bound=bound_text(one, language),
        median=number(told.median, "persons", language), actual=number(actual, "persons", language),
        gap=number(actual - one.bound, "persons", language, signed=True),
        part=f"{actual / one.bound - 1:+.1%}" if one.bound else "–",
    )  # fmt: skip
