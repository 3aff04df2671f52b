"""What it would take as tables of the terminal and as files."""

from __future__ import annotations

import math

import pandas as pd
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from simvet.report.solve_words import (
    aim_bound,
    aim_name,
    barred_sentences,
    basis_sentence,
    check_sentence,
    money_text,
    verdict_sentence,
)
from simvet.report.study_words import value_text
from simvet.report.terminal import new_table
from simvet.report.wording import Language, require_language, word
from simvet.studies.answers import Answer, FrontPoint


def answer_tables(answer: Answer, language: str = "zh") -> RenderableType:
    """Return an answer as its reader wants it: the sentence, the package, the targets, what is in the way.

    Parameters
    ----------
    answer : Answer.
    language : str; zh or en.

    Returns
    -------
    a renderable of rich.

    Raises
    ------
    InputError : there is no such language.

    Notes
    -----
    Unit: said in every cell. Source: the answer.
    """
    spoken = require_language(language)
    parts: list[RenderableType] = [Text(verdict_sentence(answer, spoken), style="bold"), Text("")]
    if answer.moves:
        parts += [_moves(answer, spoken), Text(word("solve", "costs_note", spoken), style="dim"), Text("")]
    parts += [_aims(answer, spoken), Text(check_sentence(answer, spoken)), Text("")]
    if answer.barred:
        parts.append(Text(word("solve", "barred_title", spoken), style="bold"))
        parts += [Text(f"· {line}") for line in barred_sentences(answer, spoken)]
        parts += [Text(basis_sentence(answer, spoken), style="dim"), Text("")]
    if answer.front:
        parts += [_front(answer, answer.front, "front_number", spoken), Text("")]
    if answer.front_by_probability:
        parts += [_front(answer, answer.front_by_probability, "front_probability", spoken), Text("")]
    if answer.order:
        parts += [_order(answer, spoken), Text("")]
    if answer.outlooks:
        parts += [*_outlooks(answer, spoken), Text("")]
    return Group(*parts)


def _columns(table: Table, heads: tuple[str, ...], right: tuple[str, ...], language: Language) -> None:
    for head in heads:
        table.add_column(
            word("solve", f"column_{head}", language), justify="right" if head in right else "left", overflow="fold"
        )


def _moves(answer: Answer, language: Language) -> Table:
    table = new_table(word("solve", "moves_title", language))
    _columns(
        table, ("lever", "owner", "before", "after", "start", "cost", "band"), ("before", "after", "cost"), language
    )
    for move in sorted(answer.moves, key=lambda one: one.cost):
        band = f"{money_text(move.low, language)} – {money_text(move.high, language)}"
        table.add_row(
            move.labels[language], word("owner", move.owner, language), value_text(move.stands, move.unit, language),
            value_text(move.value, move.unit, language), str(move.start), money_text(move.cost, language), band,
        )  # fmt: skip
    band = f"{money_text(answer.cost_low, language)} – {money_text(answer.cost_high, language)}"
    table.add_row(word("solve", "sum", language), "", "", "", "", money_text(answer.cost, language), band)
    return table


def _aims(answer: Answer, language: Language) -> Table:
    table = new_table(word("solve", "aims_title", language, p=f"{answer.probability:.0%}"))
    numbers = ("p_before", "p_after", "p_fresh")
    _columns(table, ("target", "bound", *numbers, "standing"), numbers, language)
    order = {"won": 0, "held": 1, "edge": 2, "missed": 3}
    for aim in sorted(answer.aims, key=lambda one: order[one.standing]):
        table.add_row(
            aim_name(aim, language), aim_bound(aim, language), f"{aim.before:.0%}", f"{aim.after:.0%}",
            f"{aim.fresh:.1%} ± {aim.fresh_error:.1%}", word("solve", f"standing_{aim.standing}", language),
        )  # fmt: skip
    return table


def package_text(answer: Answer, package: tuple[float, ...], language: Language) -> str:
    """Return a package in one line: every lever moved, with its value; unit: said; errors: none; source: controls."""
    from simvet.controls import find_control  # noqa: PLC0415 - read where a front is shown alone

    told = []
    for name, value in zip(answer.offered, package, strict=True):
        if not math.isnan(value):
            control = find_control(name)
            told.append(f"{control.labels[language]} {value_text(value, control.unit, language)}")
    return word("solve", "list", language).join(told) if told else word("solve", "alone", language)


def _front(answer: Answer, points: tuple[FrontPoint, ...], title: str, language: Language) -> Table:
    table = new_table(word("solve", title, language))
    _columns(table, ("cost", "number", "mean", "package"), ("cost", "number", "mean"), language)
    for point in points:
        table.add_row(
            money_text(point.cost, language), str(point.number), f"{point.probability:.1%}",
            package_text(answer, point.package, language),
        )  # fmt: skip
    return table


def _order(answer: Answer, language: Language) -> Table:
    table = new_table(word("solve", "order_title", language))
    numbers = ("before", "after", "cost", "mean", "price")
    _columns(table, ("lever", "owner", *numbers), numbers, language)
    for step in answer.order:
        table.add_row(
            step.labels[language], word("owner", step.owner, language), value_text(step.before, step.unit, language),
            value_text(step.value, step.unit, language), money_text(step.cost, language), f"{step.probability:.1%}",
            money_text(step.price, language),
        )  # fmt: skip
    return table


def _outlooks(answer: Answer, language: Language) -> list[RenderableType]:
    table = new_table(word("solve", "robust_title", language))
    table.add_column(word("solve", "column_package", language), overflow="fold")
    table.add_column(word("solve", "column_cost", language), justify="right")
    for labels in answer.futures.values():
        table.add_column(labels[language], justify="right")
    table.add_column(word("solve", "column_regret", language), justify="right")
    for place, outlook in enumerate(answer.outlooks):
        mark = "▶ " if place == answer.robust else ""
        table.add_row(
            mark + package_text(answer, outlook.package, language), money_text(outlook.cost, language),
            *(f"{outlook.mean[name]:.0%}" for name in answer.futures), f"{outlook.regret:.1%}",
        )  # fmt: skip
    if answer.robust is None:
        return [table]
    chosen = answer.outlooks[answer.robust]
    return [table, Text(word("solve", "robust_why", language, regret=f"{chosen.regret:.1%}",
                             worst=f"{chosen.worst:.0%}", cost=money_text(chosen.cost, language)))]  # fmt: skip


def answer_frames(answer: Answer) -> dict[str, pd.DataFrame]:
    """Return an answer as tables for files, by name; empty ones are left out.

    Parameters
    ----------
    answer : Answer.

    Returns
    -------
    dict of name -> DataFrame: package, targets, front, order, regret.

    Notes
    -----
    Unit: said in each column. Errors: none. Source: the answer.
    """
    frames = {
        "package": pd.DataFrame([
            {"lever": m.name, "owner": m.owner, "unit": m.unit, "before": m.stands, "after": m.value, "from": m.start,
             "cost_cny": m.cost, "cost_low_cny": m.low, "cost_high_cny": m.high}
            for m in answer.moves
        ]),
        "targets": pd.DataFrame([
            {"document": a.document, "target": a.key, "reading": a.reading, "stage": a.stage, "year": a.year,
             "comparator": a.comparator, "bound": a.bound, "unit": a.unit, "standing": a.standing,
             "probability_before": a.before, "probability_after": a.after, "probability_fresh": a.fresh,
             "fresh_error": a.fresh_error, "median_before": a.median_before, "median_after": a.median_after,
             "best_probability_alone": a.best}
            for a in answer.aims
        ]),
        "front": pd.DataFrame([
            {"front": name, "cost_cny": p.cost, "cost_low_cny": p.low, "cost_high_cny": p.high, "targets": p.number,
             "mean_probability": p.probability, **dict(zip(answer.offered, p.package, strict=True))}
            for name, points in (("number", answer.front), ("probability", answer.front_by_probability))
            for p in points
        ]),
        "order": pd.DataFrame([
            {"lever": s.name, "owner": s.owner, "before": s.before, "after": s.value, "cost_cny": s.cost,
             "mean_probability": s.probability, "cny_per_point": s.price}
            for s in answer.order
        ]),
        "regret": pd.DataFrame([
            {"cost_cny": o.cost, "regret": o.regret, "worst": o.worst, **dict(o.mean),
             **dict(zip(answer.offered, o.package, strict=True))}
            for o in answer.outlooks
        ]),
    }  # fmt: skip
    return {name: frame for name, frame in frames.items() if len(frame)}
