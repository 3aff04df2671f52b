"""How far the brief can be trusted, from which years its data are, which targets fight and what comes too late."""

from __future__ import annotations

from collections.abc import Sequence

from simvet.conflicts import Conflict
from simvet.lateness import late_levers
from simvet.report.context import ReportContext, printable
from simvet.report.terminal import change_text, full_name, late_lines
from simvet.report.trust_words import counts_only, weak_rules
from simvet.report.wording import Language, word
from simvet.result import Result
from simvet.sources import READ_USES
from simvet.tables import GRADES, Row
from simvet.targets import unit_of
from simvet.trust import Trust
from simvet.verdicts import Verdict

MOST_HELPED = 3
"""Helped targets that a pull names; the number of the others is said."""
MOST_SOURCES = 24
"""Sources in the table of data, those with most rows."""


def rows_read(result: Result) -> list[Row]:
    """Return every row that a run reads, once.

    Parameters
    ----------
    result : Result.

    Returns
    -------
    list of Row.

    Notes
    -----
    Unit: each row's own. Errors: none. Source: the scenario; checks and history are only compared with.
    """
    found = [row for rows in result.scenario.rows.values() for row in rows if row.use in READ_USES]
    return list(dict.fromkeys(found))


def trust_texts(
    result: Result, verdicts: Sequence[Verdict], context: ReportContext, trusts: Sequence[Trust] = ()
) -> list[str]:
    """Return how far the figures carry: assumed inputs, signatures, grades, assumed bases, noise of the draws.

    Parameters
    ----------
    result : Result.
    verdicts : sequence of Verdict.
    context : ReportContext.
    trusts : sequence of Trust, optional; of the verdicts.

    Returns
    -------
    list of str, one a paragraph.

    Notes
    -----
    Unit: inputs, targets, per cent. Errors: none. Source: the rows, the context and the verdicts.
    """
    language = context.language

    def say(key: str, **facts: object) -> str:
        return word("text", f"brief_{key}", language, **facts)

    rows, weak = rows_read(result), weak_rules(trusts, language)
    lights = "trust_lights" if weak else "trust_lights_well"
    assumed = sum(row.status == "assumed" for row in rows)
    told = [say(lights, counts=counts_only(trusts, language), **({"reasons": weak} if weak else {}))] if trusts else []
    told += [
        say(
            "trust_share",
            all=f"{len(rows):,}",
            assumed=f"{assumed:,}",
            share=f"{100 * assumed / max(len(rows), 1):.0f}",
        )
    ]
    key = "trust_unsigned" if context.unsigned > 0 else "trust_signed" if context.assumed else "trust_none_assumed"
    told.append(say(key, unsigned=f"{context.unsigned:,}", assumed=f"{context.assumed:,}"))
    counted = [
        say("trust_grade", grade=grade, meaning=say(f"grade_{grade}"), count=f"{count:,}")
        for grade in GRADES
        if (count := sum(row.grade == grade for row in rows))
    ]
    told.append(say("trust_grades", grades=word("text", "clause_separator", language).join(counted)))
    judged = [v for v in verdicts if v.target.kind != "baseline"]
    if judged:
        dagger = sum(v.assumed_base for v in judged)
        error = max(v.error for v in judged)
        told.append(say("trust_dagger", dagger=dagger, all=len(judged), error=f"{error * 100:.1f}"))
    return told


def data_rows(result: Result, language: Language) -> list[tuple[str, ...]]:
    """Return which years the data are from, source by source: region, source, years, rows, grade.

    Parameters
    ----------
    result : Result.
    language : str.

    Returns
    -------
    list of tuple of str; assumptions have no date of reference and are left out.

    Notes
    -----
    Unit: school years. Errors: none. Source: the rows.
    """
    groups: dict[tuple[str, str, str], list[int]] = {}
    for row in rows_read(result):
        if row.status != "assumed":
            groups.setdefault((row.region, printable(row.source_title), row.grade), []).append(row.year)
    largest = sorted(groups.items(), key=lambda found: (-len(found[1]), found[0]))[:MOST_SOURCES]
    told: list[tuple[str, ...]] = []
    for (region, source, grade), years in sorted(largest, key=lambda found: (found[0][0] == "china", found[0])):
        span = str(min(years)) if min(years) == max(years) else f"{min(years)}–{max(years)}"
        place = word("text", "brief_nation", language) if region == "china" else word("region", region, language)
        told.append((place, source, span, str(len(years)), grade))
    return told


def pull_rows(result: Result, verdicts: Sequence[Verdict], language: Language) -> list[tuple[str, ...]]:
    """Return which constraint, relaxed, pulls which target down: constraint, target, loss, what it helps.

    Parameters
    ----------
    result : Result.
    verdicts : sequence of Verdict, with their causes searched.
    language : str.

    Returns
    -------
    list of tuple of str, the largest losses first; empty where causes were not searched.

    Notes
    -----
    Unit: printed with each figure. Errors: none. Source: ``simvet.conflicts``.
    """
    pulls: dict[tuple[str, ...], list[Conflict]] = {}
    for c in result.conflicts(verdicts):
        pulls.setdefault((c.cause, c.hurt.key, c.hurt.stage, c.hurt_reading), []).append(c)
    told = []
    for found in pulls.values():
        one = found[0]
        helped = list(dict.fromkeys(full_name(c.helped, c.helped_reading, language, False) for c in found))
        names = word("text", "list_separator", language).join(helped[:MOST_HELPED])
        if len(helped) > MOST_HELPED:
            names += word("text", "brief_more_targets", language, count=len(helped) - MOST_HELPED)
        loss = change_text(one.loss, unit_of(one.hurt, one.hurt_reading), language)
        points = word("text", "points", language, value=f"{one.loss_probability * 100 + 0.0:+.0f}")
        loss = word("text", "brief_pull_size", language, loss=loss, points=points)
        hurt = full_name(one.hurt, one.hurt_reading, language, False)
        told.append(tuple(printable(text) for text in (word("cause", one.cause, language), hurt, loss, names)))
    return told


def late_texts(result: Result, verdicts: Sequence[Verdict], titles: Sequence[str], language: Language) -> list[str]:
    """Return which targets could only have been begun earlier, and which levers act too late.

    Parameters
    ----------
    result : Result.
    verdicts : sequence of Verdict.
    titles : sequence of str; a name for each verdict.
    language : str.

    Returns
    -------
    list of str, sentences; levers are only tried in the cohort engine, whose runs take parts of a second.

    Notes
    -----
    Unit: years. Errors: none. Source: the verdicts and ``simvet.lateness``.
    """
    told = [
        word("text", "too_late_line", language, target=title, year=v.target.year, latest=v.late.latest_start)
        for v, title in zip(verdicts, titles, strict=True)
        if v.late is not None and v.late.too_late
    ]
    if result.engine == "cohort":
        told += late_lines(late_levers(result), language)
    return [printable(text) for text in told]
