"""One lever and one target in words, as a table, as a picture and as a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from simvet.report.canvas import FIRST, INK, sheet
from simvet.report.solve_words import aim_bound, aim_name, money_text
from simvet.report.study_words import value_text
from simvet.report.terminal import new_table
from simvet.report.wording import Language, number, require_language, word
from simvet.studies.one_lever import LeverAnswer

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def lever_sentence(answer: LeverAnswer, place: int, language: Language) -> str:
    """Return the answer for one target in words; unit: said; errors: none; source: the answer."""
    aim, solved, move = answer.aims[place], answer.solved[place], answer.moves[place]
    facts: dict[str, object] = {
        "lever": answer.labels[language], "target": f"{aim_name(aim, language)} {aim_bound(aim, language)}",
        "start": answer.start, "wanted": f"{answer.probability:.0%}", "draws": answer.draws,
        "at": value_text(answer.stands, answer.unit, language), "now": f"{aim.before:.0%}",
        "best": f"{solved.best.probability:.0%}", "where": value_text(solved.best.value, answer.unit, language),
    }  # fmt: skip
    if solved.value is None or solved.low is None or solved.high is None:
        key = "one_held_alone" if aim.standing == "held" else "one_never"
        return word("solve", key, language, **facts)
    if all(point.probability >= answer.probability for point in solved.points):
        return word("solve", "one_always", language, **facts)
    facts["value"] = value_text(solved.value, answer.unit, language)
    facts["low"], facts["high"] = (value_text(v, answer.unit, language) for v in (solved.low, solved.high))
    if move is None:
        return word("solve", "one_held", language, **facts)
    facts["cost"] = money_text(move.cost, language)
    facts["band"] = f"{money_text(move.low, language)} – {money_text(move.high, language)}"
    if not solved.monotone:
        return word("solve", "one_near", language, **facts)
    rises = solved.points[-1].probability >= solved.points[0].probability
    return word("solve", "one_at_least" if rises else "one_at_most", language, **facts)


def lever_tables(answer: LeverAnswer, language: str = "zh") -> RenderableType:
    """Return a lever's answer as its reader wants it: the sentence, the check, every value tried.

    Parameters
    ----------
    answer : LeverAnswer.
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
    parts: list[RenderableType] = []
    for place, (aim, solved) in enumerate(zip(answer.aims, answer.solved, strict=True)):
        parts += [Text(lever_sentence(answer, place, spoken), style="bold"), Text("")]
        table = new_table(word("solve", "one_title", spoken, lever=answer.labels[spoken], target=aim_name(aim, spoken)))
        for head in ("one_column_value", "one_column_probability", "one_column_median"):
            table.add_column(word("solve", head, spoken), justify="right")
        for point in solved.points:
            mark = "▶ " if point.value == solved.value else ""
            table.add_row(
                mark + value_text(point.value, answer.unit, spoken), f"{point.probability:.1%} ± {point.error:.1%}",
                number(point.median, aim.unit, spoken),
            )  # fmt: skip
        parts += [table]
        key = "one_fresh_best" if aim.standing == "missed" else "one_fresh"
        parts += [
            Text(word("solve", key, spoken, fresh=f"{aim.fresh:.1%}", error=f"{aim.fresh_error:.1%}",
                      draws=answer.fresh_draws, seed=answer.fresh_seed)), Text(""),
        ]  # fmt: skip
    if any(answer.moves):
        parts.append(Text(word("solve", "costs_note", spoken), style="dim"))
    return Group(*parts)


def lever_frame(answer: LeverAnswer) -> pd.DataFrame:
    """Return every value tried as a table for files; unit: in the columns; errors: none; source: the answer."""
    import pandas as pd  # noqa: PLC0415

    return pd.DataFrame([
        {"target": aim.key, "reading": aim.reading, "stage": aim.stage, "year": aim.year, "bound": aim.bound,
         "lever": answer.lever, "from": answer.start, "value": point.value, "unit": answer.unit,
         "probability": point.probability, "error": point.error, "median": point.median,
         "answer": point.value == solved.value}
        for aim, solved in zip(answer.aims, answer.solved, strict=True) for point in solved.points
    ])  # fmt: skip


def lever_chart(answer: LeverAnswer, place: int = 0, language: str = "zh") -> Figure:
    """Draw the probability of a target against the value of the lever.

    Parameters
    ----------
    answer : LeverAnswer.
    place : int; of the target.
    language : str; zh or en.

    Returns
    -------
    matplotlib Figure with one axes.

    Raises
    ------
    InputError : the language is unknown.

    Notes
    -----
    Unit: percent, the lever's; bars are one Monte Carlo error, the broken line is the probability asked. Source: the
    answer.
    """
    chosen = require_language(language)
    figure, (axes,) = sheet(3.2)
    points = answer.solved[place].points
    axes.errorbar(
        [p.value for p in points], [100.0 * p.probability for p in points], [100.0 * p.error for p in points],
        color=FIRST, marker="o", markersize=4, linewidth=1.2, ecolor=INK, elinewidth=0.7,
    )  # fmt: skip
    axes.axhline(100.0 * answer.probability, color=INK, linewidth=0.8, linestyle="--")
    axes.set_ylim(-2.0, 102.0)
    axes.xaxis.set_major_formatter(lambda value, _: value_text(value, answer.unit, chosen))
    axes.set_xlabel(answer.labels[chosen], fontsize=9)
    axes.set_ylabel(f"{word('solve', 'one_column_probability', chosen)} / %", fontsize=9)
    axes.set_title(aim_name(answer.aims[place], chosen), loc="left", fontsize=12, pad=12)
    axes.spines[["top", "right"]].set_visible(False)
    return figure
