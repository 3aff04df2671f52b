"""A run student by student in the terminal: years, gates, schools, a life, and both engines side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from simvet.lives import Biography, Chapter
from simvet.pathway import Pathway
from simvet.reconciliation import Reconciliation
from simvet.report.terminal import bound_text, full_name, new_table
from simvet.report.wording import Language, number, word
from simvet.result import Result
from simvet.rules.matching import SUPPLEMENTARY
from simvet.schools import known_fields
from simvet.verdicts import Verdict

SCHOOL_COLUMNS = ("column_school", "column_field", "column_track", "column_seats", "column_placed", "column_unfilled",
                  "column_cutoff", "column_position")  # fmt: skip
SHOWN = 8
"""Schools that are named of each kind."""
STAGES_SHOWN = (
    "middle",
    "general_high",
    "secondary_vocational",
    "higher_vocational",
    "vocational_bachelor",
    "bachelor",
)
RATES = (("progression_rate", "share"), ("topup_rate", "share"), ("general_vocational_ratio", "ratio"))


def agents_report(result: Result, verdicts: Sequence[Verdict], language: Language) -> RenderableType:
    """Return what a run of the agent engine brought: years, gates, schools, targets.

    Parameters
    ----------
    result : Result of the agent engine.
    verdicts : sequence of Verdict; of these the value in this world is told, never a probability of one draw.
    language : str.

    Returns
    -------
    rich renderable.

    Notes
    -----
    Unit: printed with each number. Errors: none. Source: the run.
    """
    parts: list[RenderableType] = []
    for position, region in enumerate(result.books.regions):
        parts.append(_years(result, position, region, language))
    if result.agents.books:
        parts += [_gates(result, language), *_schools(result, language)]
        book = next(iter(result.agents.books.values()))
        kind = "list_synthetic" if book.list.synthetic else "list_real"
        parts.append(Text(word("text", kind, language, source=book.list.source), style="bold"))
    if verdicts:
        parts.append(_targets(result, verdicts, language))
    elif result.scenario.targets:
        parts.append(Text(word("text", "agents_no_targets", language, until=result.scenario.until)))
    return Group(*parts)


def _years(result: Result, position: int, region: str, language: Language) -> Table:
    """Return enrolment and rates by year; with several draws the middle one of each."""
    rows = sum(p.students.rows for p in result.agents.populations if p.region == position)
    title = word(
        "text", "agents_title", language, title=result.scenario.labels[language],
        region=word("region", region, language), rows=f"{rows:,}", draws=result.draws, seed=result.seed,
    )  # fmt: skip
    table = new_table(title)
    table.add_column(word("text", "column_year", language))
    for stage in STAGES_SHOWN:
        table.add_column(word("stage", stage, language), justify="right")
    for name, _ in RATES:
        table.add_column(word("indicator", name, language), justify="right")
    for column, year in enumerate(result.books.years):
        cells = [str(year)]
        for stage in STAGES_SHOWN:
            value = float(np.median(result.books.enrolment(stage)[:, column, position]))
            cells.append(number(value, "persons", language))
        for name, unit in RATES:
            found = result.indicator(name)[:, column, position]
            known = found[np.isfinite(found)]
            cells.append(number(float(np.median(known)), unit, language) if len(known) else "—")
        table.add_row(*cells)
    return table


def _gates(result: Result, language: Language) -> Table:
    """Return how applicants and seats met at every gate in the year that the scenario looks at, and in the last one."""
    frame = result.matching()
    years = [year for year in (result.scenario.as_of, result.books.years[-1]) if year in set(frame["year"])]
    table = new_table(word("text", "gates_title", language))
    names = ("column_year", "column_gate", "column_applicants", "column_placed", "column_first_choice",
             "column_supplementary", "column_unfilled", "column_mismatch")  # fmt: skip
    for name in names:
        table.add_column(word("text", name, language), justify="right")
    for year in dict.fromkeys(years):
        for gate in result.scenario.pathway.gates:
            rows = frame[(frame["year"] == year) & (frame["gate"] == gate.key)]
            if rows.empty:
                continue
            middle = rows.drop(columns=["region", "gate"]).median()
            mismatch = middle["mismatch_share"]
            table.add_row(
                str(year), gate.labels[language],
                *[number(middle[c], "persons", language) for c in ("applicants", "placed")],
                number(middle["first_choice_share"], "share", language),
                *[number(middle[c], "persons", language) for c in ("supplementary", "unfilled")],
                number(mismatch, "share", language) if np.isfinite(mismatch) else "—",
            )  # fmt: skip
    return table


def _schools(result: Result, language: Language) -> list[RenderableType]:
    """Return the programmes with the highest cut-offs and those with most empty seats, in the last year."""
    frame = result.admissions()
    last = frame[(frame["year"] == frame["year"].max()) & (frame["gate"] == "senior_secondary") & (frame["draw"] == 0)]
    hard = last[last["cutoff"].notna()].sort_values(["cutoff", "code"], ascending=[False, True]).head(SHOWN)
    empty = last.sort_values(["unfilled", "code"], ascending=[False, True]).head(SHOWN)
    found: list[RenderableType] = []
    tracks = {track.name: track.labels[language] for track in result.scenario.pathway.tracks}
    for title, rows in (("hardest_title", hard), ("emptiest_title", empty)):
        table = new_table(word("text", title, language, year=int(last["year"].max()) if len(last) else 0))
        for name in SCHOOL_COLUMNS:
            table.add_column(word("text", name, language), justify="right")
        for row in rows.itertuples():
            cut = number(row.cutoff, "share", language) if np.isfinite(row.cutoff) else "—"
            # A rank is a place in a line, told to the last person.
            place = f"{row.position:,.0f}" if np.isfinite(row.position) else "—"
            field = known_fields()[row.field].labels[language] if row.field else "—"
            counts = (row.seats, row.placed, row.unfilled)
            table.add_row(
                row.school,
                field,
                tracks.get(row.option, "—"),
                *[number(c, "persons", language) for c in counts],
                cut,
                place,
            )
        found.append(table)
    return found


def _targets(result: Result, verdicts: Sequence[Verdict], language: Language) -> Table:
    """Return each target's value in this world, beside its bound."""
    key = "worlds_title" if result.schedule.uncertainty.parameters else "world_title"
    table = new_table(word("text", key, language, draws=result.draws))
    for name in ("column_target", "column_bound", "column_year", "column_world_value", "column_reached"):
        table.add_column(word("text", name, language))
    told = [(v.target.labels[language], v.reading) for v in verdicts]
    for verdict, pair in zip(verdicts, told, strict=True):
        twice = told.count(pair) > 1
        reached = "reached_yes" if verdict.probability >= 0.5 else "reached_no"
        table.add_row(
            full_name(verdict.target, verdict.reading, language, twice), bound_text(verdict, language),
            str(verdict.target.year), number(verdict.median, verdict.unit, language), word("text", reached, language),
        )  # fmt: skip
    return table


def reconciliation_report(found: Reconciliation, language: Language) -> RenderableType:
    """Return both engines side by side: what they differ by, in persons and in Monte Carlo errors, step by step.

    Parameters
    ----------
    found : Reconciliation.
    language : str.

    Returns
    -------
    rich renderable.

    Notes
    -----
    Unit: persons. Errors: none. Source: the reconciliation.
    """
    parts: list[RenderableType] = []
    for position, case in enumerate(found.scenario.regions):
        region = word("region", case.region, language)
        title = word(
            "text", "both_title", language, title=found.scenario.labels[language], region=region,
            replications=found.replications,
        )  # fmt: skip
        table = new_table(title)
        table.add_column(word("text", "column_year", language))
        table.add_column(word("text", "column_stage", language))
        table.add_column(word("text", "column_cohort", language), justify="right")
        for step in found.steps:
            table.add_column(word("text", f"step_{step.key}", language), justify="right")
        years = found.steps[0].books.years
        chosen = sorted({years[1], *[y for y in (2025, 2030) if y in years], years[-1]})
        for year in chosen:
            for place, stage in enumerate(found.scenario.pathway.stages):
                if stage in STAGES_SHOWN:
                    table.add_row(*_both_cells(found, years.index(year), year, position, place, language))
        parts.append(table)
    key = "both_agree" if found.agree else "both_disagree"
    facts = {
        "largest": f"{found.largest:.1f}", "where": _where(found, language), "cells": f"{found.cells:,}",
        "bound": f"{found.bound:.1f}",
        "expected": f"{found.expected:.1f}",
    }  # fmt: skip
    parts.append(Text(word("text", key, language, **facts), style="bold" if found.agree else "bold red"))
    parts.append(Text(word("text", "both_note", language)))
    return Group(*parts)


def _where(found: Reconciliation, language: Language) -> str:
    """Return where the largest difference is, in words."""
    array, year, region, label = found.place
    if not array:
        return "—"
    pathway = found.scenario.pathway
    # Keys of stages, tracks and gates are told by their labels; the number of a grade stays a number.
    for gate in pathway.gates:
        label = label.replace(f"{gate.key}: ", f"{gate.labels[language]}→")
    for track in pathway.tracks:
        if label.partition("→")[2] == track.name or label.partition("→")[0].startswith(track.name):
            told = f"{pathway.stage_labels[track.stage][language]}·{track.labels[language]}"
            label = label.replace(track.name, told)
            break
    label = label.replace("elsewhere", pathway.exit_labels["elsewhere"][language])
    return f"{word('text', f'array_{array}', language)} {year} {word('region', region, language)} {label}"


def _both_cells(
    found: Reconciliation, column: int, year: int, position: int, place: int, language: Language
) -> list[str]:
    stage = found.scenario.pathway.stages[place]
    mean = float(found.mean[:, column, position, place].mean())
    error = float(found.error[:, column, position, place].mean())
    middle = f"{number(mean, 'persons', language)} ±{number(error, 'persons', language)}"
    cells = [str(year), word("stage", stage, language), middle]
    for step in found.steps:
        difference = float(step.difference[:, column, position, place].mean())
        score = float(step.score[:, column, position, place].mean())
        cells.append(f"{number(difference, 'persons', language, signed=True)} ({score:+.1f})")
    return cells


def life_report(life: Biography, pathway: Pathway, language: Language, names: tuple[str, str]) -> RenderableType:
    """Return a student's life as a table, and beside it the life under another scenario.

    Parameters
    ----------
    life : Biography.
    pathway : Pathway.
    language : str.
    names : (str, str); titles of the two scenarios, the second "" where there is none.

    Returns
    -------
    rich renderable.

    Notes
    -----
    Unit: school years. Errors: none. Source: the biography.
    """
    table = new_table(
        word(
            "text",
            "life_title",
            language,
            person=life.person,
            region=word("region", life.region, language),
            district=life.district,
            score=f"{life.score / 10:.1f}",
        )
    )
    table.add_column(word("text", "column_year", language))
    table.add_column(names[0])
    if life.other is not None:
        table.add_column(names[1])
    mine = {chapter.year: chapter for chapter in life.chapters}
    theirs = {chapter.year: chapter for chapter in life.other or ()}
    for year in sorted({*mine, *theirs}):
        cells = [str(year), chapter_text(mine.get(year), pathway, language)]
        if life.other is not None:
            cells.append(chapter_text(theirs.get(year), pathway, language))
        table.add_row(*cells)
    note = ""
    if life.other is not None:
        key = "life_parts" if life.parts else "life_same"
        note = word("text", key, language, year=life.parts or 0)
    return Group(table, Text(note))


def chapter_text(chapter: Chapter | None, pathway: Pathway, language: Language) -> str:
    """Return one autumn of a life in words; unit: none; errors: none; source: the chapter, None where there is none."""
    if chapter is None:
        return "—"
    what = word("text", f"life_{chapter.what}", language)
    if not chapter.stage:
        return what
    labels = {track.name: track.labels[language] for track in pathway.tracks}
    where = labels[f"{chapter.stage}/{chapter.track}"]
    stage = pathway.stage_labels[chapter.stage][language]
    place = stage if where == stage else f"{stage}·{where}"
    told = word("text", "life_grade", language, what=what, place=place, grade=chapter.grade)
    field = known_fields()[chapter.field].labels[language] if chapter.field else ""
    more = [part for part in (chapter.school, field) if part]
    if chapter.rank:
        key = "life_supplementary" if chapter.rank == SUPPLEMENTARY else "life_rank"
        more.append(word("text", key, language, rank=chapter.rank))
    return f"{told} · {' · '.join(more)}" if more else told
