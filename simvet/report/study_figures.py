"""Pictures of sensitivity: the tornado, Sobol's shares and Morris' effects, levers apart from uncertainties."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np

from simvet.report.canvas import FIRST, INK, MARK, PALE, SECOND, axis_unit, scale_axis, sheet
from simvet.report.study_words import (
    factor_names,
    folded,
    marks_of,
    sensitivity_remarks,
    subject_name,
    value_text,
)
from simvet.report.wording import Language, require_language, word
from simvet.studies.influence import Answer, Row, Sensitivity
from simvet.studies.subjects import Varied
from simvet.studies.swing import Bar, Tornado

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

STRONG = {"lever": FIRST, "uncertainty": SECOND}
WEAK = {"lever": PALE, "uncertainty": "#F3BE9A"}
"""Blue is what somebody decides, vermilion what happens; the paler shade is the weaker or lower part."""
MOST = 14
"""Most factors that a picture shows."""
LINE = {"zh": 18, "en": 36}
"""Longest line of a factor's name, letters."""
TITLE = {"zh": 41, "en": 78}
NOTE = {"zh": 57, "en": 118}
"""Longest line of a title, and of the notes below a picture, letters."""
ROW = 0.46
"""Height of a factor, inches."""


def tornado_chart(found: Tornado, language: str = "zh", most: int = MOST) -> Figure:
    """Draw what each factor alone does to an outcome, the widest bar on top.

    Parameters
    ----------
    found : Tornado.
    language : str; ``zh`` or ``en``.
    most : int; factors shown.

    Returns
    -------
    matplotlib Figure with one axes; x the outcome, a bar from the value at each end of a factor to the base.

    Raises
    ------
    InputError : the language is unknown.

    Notes
    -----
    Unit: the outcome's; the ends of each range stand at the bars. Factors without effect are named below. Source: the
    experiments.
    """
    chosen = require_language(language)
    still = {bar.factor.name for bar in found.still}
    bars = [bar for bar in found.bars if bar.factor.name not in still]
    shown = bars[:most]
    names = factor_names([bar.factor for bar in found.bars], chosen)
    figure, (axes,) = sheet(ROW * max(len(shown), 1) + 2.3)
    for place, bar in enumerate(shown):
        _ends(axes, bar, place, found.base, chosen)
    axes.axvline(found.base, color=MARK, linewidth=0.9)
    axes.annotate(
        word("sensitivity", "base", chosen, value=value_text(found.base, found.unit, chosen)), (found.base, 1.0),
        (0, 3), xycoords=("data", "axes fraction"), textcoords="offset points", ha="center", va="bottom", fontsize=9,
    )  # fmt: skip
    values = [found.base, *(value for bar in shown for value in (bar.at_low, bar.at_high))]
    # Room at both sides for the ends of the ranges, which stand outside the bars.
    width = max(max(values) - min(values), 1e-9 * max(abs(found.base), 1e-9))
    axes.set_xlim(min(values) - 0.3 * width, max(values) + 0.3 * width)
    _name_rows(axes, [names[bar.factor.name] for bar in shown], chosen)
    scale, unit = axis_unit(found.unit, max(abs(value) for value in values), chosen, difference=False)
    scale_axis(axes, "x", scale)
    name = subject_name(found.outcome, chosen, found.of)
    axes.set_xlabel(word("sensitivity", "axis_outcome", chosen, name=name, unit=unit), fontsize=9, color=INK)
    patches = kinds_patches([bar.factor for bar in shown], ("high_end", "low_end"), chosen)
    lines = []
    if len(bars) > len(shown):
        lines.append(word("sensitivity", "more", chosen, count=len(bars) - len(shown)))
    if still:
        told = [names[bar.factor.name] for bar in found.still]
        lines.append(word("sensitivity", "still", chosen, names=word("text", "list_separator", chosen).join(told)))
    lines.append(word("sensitivity", "run_tornado", chosen, draws=f"{found.draws:,}", seed=found.seed))
    _frame(figure, word("sensitivity", "title_tornado", chosen, name=name), lines, patches, chosen)
    return figure


def _ends(axes: Axes, bar: Bar, place: int, base: float, language: Language) -> None:
    """Draw both ends of a factor; where they fall on one side, the shorter lies over the longer."""
    factor = bar.factor
    ends = [(bar.at_low, factor.low, WEAK), (bar.at_high, factor.high, STRONG)]
    ends.sort(key=lambda end: -abs(end[0] - base))
    one_side = (bar.at_low - base) * (bar.at_high - base) > 0
    for order, (value, _, shade) in enumerate(ends):
        height = 0.62 if not (one_side and order) else 0.36
        axes.barh(place, value - base, left=base, height=height, color=shade[factor.kind], linewidth=0,
                  gid=factor.name)  # fmt: skip
    left, right = sorted(ends, key=lambda end: (end[0], end[1]))
    for (value, told, _), side in ((left, -1), (right, 1)):
        # Both labels of a one-sided bar would meet: the inner one moves across the base.
        at = min(value, base) if side < 0 else max(value, base)
        axes.annotate(
            value_text(told, factor.unit, language), (at, place), (4 * side, 0), textcoords="offset points",
            ha="right" if side < 0 else "left", va="center", fontsize=8, color=INK,
        )  # fmt: skip


def sobol_chart(found: Sensitivity, outcome: str | None = None, language: str = "zh", most: int = MOST) -> Figure:
    """Draw Sobol's shares of the variance of one outcome: S1 over ST, with 95 % bands.

    Parameters
    ----------
    found : Sensitivity; of method ``sobol`` (of ``morris``, effects are drawn as by :func:`morris_chart`).
    outcome : str or None; its name, the first by default.
    language : str; ``zh`` or ``en``.
    most : int; factors shown.

    Returns
    -------
    matplotlib Figure with one axes; its remarks below it, alone where the outcome does not move.

    Raises
    ------
    InputError : the outcome was not asked about, or the language is unknown.

    Notes
    -----
    Unit: share of the variance. Indices below zero are drawn as zero and marked. Source: the indices.
    """
    if found.method == "morris":
        return morris_chart(found, outcome, language, most)
    chosen = require_language(language)
    answer = found.answer(outcome) if outcome else found.answers[0]
    figure, axes = _bars(answer, found, chosen, most, ("alone", "in_all"))
    rows = answer.rows[:most]
    for place, row in enumerate(rows):
        kind = row.factor.kind
        axes.barh(place - 0.17, max(row.first, 0.0), height=0.3, color=STRONG[kind], linewidth=0, gid=row.factor.name)
        axes.barh(place + 0.17, max(row.second, 0.0), height=0.3, color=WEAK[kind], linewidth=0)
        for value, half, shift in (
            (row.first, row.first_confidence, -0.17), (row.second, row.second_confidence, 0.17),
        ):  # fmt: skip
            _band(axes, value, half, place + shift)
    top = max((row.second + row.second_confidence for row in rows), default=1.0)
    axes.set_xlim(0.0, max(0.1, 1.04 * top))
    axes.set_xlabel(word("sensitivity", "axis_share", chosen), fontsize=9, color=INK)
    return figure


def morris_chart(found: Sensitivity, outcome: str | None = None, language: str = "zh", most: int = MOST) -> Figure:
    """Draw Morris' mean effects of one outcome with 95 % bands; as :func:`sobol_chart`, in the outcome's unit.

    Notes
    -----
    Shape, errors: as there. Unit: the outcome's, for a move across the whole range. Source: the measures.
    """
    chosen = require_language(language)
    answer = found.answer(outcome) if outcome else found.answers[0]
    figure, axes = _bars(answer, found, chosen, most, ("effect",))
    rows = answer.rows[:most]
    for place, row in enumerate(rows):
        axes.barh(place, row.first, height=0.56, color=STRONG[row.factor.kind], linewidth=0, gid=row.factor.name)
        _band(axes, row.first, row.first_confidence, place)
    largest = max((row.first + row.first_confidence for row in rows), default=1.0)
    axes.set_xlim(0.0, 1.04 * largest)
    scale, unit = axis_unit(answer.unit, largest, chosen, difference=True)
    scale_axis(axes, "x", scale)
    axes.set_xlabel(word("sensitivity", "axis_effect", chosen, unit=unit), fontsize=9, color=INK)
    return figure


def _band(axes: Axes, value: float, half: float, place: float) -> None:
    low, high = max(value - half, 0.0), max(value + half, 0.0)
    axes.plot([low, high], [place, place], color=MARK, linewidth=0.9, solid_capstyle="butt")


def _bars(
    answer: Answer, found: Sensitivity, language: Language, most: int, parts: Sequence[str]
) -> tuple[Figure, Axes]:
    """Return a figure with rows named and remarks below, for the bars of an answer."""
    shown: tuple[Row, ...] = answer.rows[:most]
    whole, marks, single = sensitivity_remarks(answer, found, language)
    figure, (axes,) = sheet(ROW * max(len(shown), 1) + 1.9 + 0.17 * (len(whole) + len(single)))
    names = factor_names([row.factor for row in answer.rows], language)
    _name_rows(axes, [f"{names[row.factor.name]}{marks_of(row, marks)}" for row in shown], language)
    patches = kinds_patches([row.factor for row in shown], parts, language)
    if not shown:
        axes.set_axis_off()
    more = len(answer.rows) - len(shown)
    lines = [*whole, *single, *([word("sensitivity", "more", language, count=more)] if more else [])]
    lines.append(word("sensitivity", "run", language, experiments=f"{found.experiments:,}", draws=f"{found.draws:,}",
                      seed=found.seed))  # fmt: skip
    name = subject_name(answer.outcome, language, found.of)
    _frame(figure, word("sensitivity", f"title_{found.method}", language, name=name), lines, patches, language)
    return figure, axes


def _name_rows(axes: Axes, names: Sequence[str], language: Language) -> None:
    axes.set_ylim(len(names) - 0.45, -0.6)
    axes.set_yticks(np.arange(len(names)), ["\n".join(wrap(name, LINE[language])) for name in names], fontsize=9)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=9, width=0.6, color=INK)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.grid(axis="x", linewidth=0.4, color="#DDDDDD")
    axes.set_axisbelow(True)


def kinds_patches(factors: Sequence[Varied], parts: Sequence[str], language: Language) -> list[Patch]:
    """Return what the colours mean, of the kinds that are shown; the first part is the strong shade.

    Notes
    -----
    Shape, unit, errors: none. Source: STRONG and WEAK.
    """
    from matplotlib.patches import Patch  # noqa: PLC0415

    kinds = {"lever": "levers", "uncertainty": "uncertainties"}
    return [
        Patch(color=shade[kind], label=word("sensitivity", part, language, kind=word("sensitivity", name, language)))
        for kind, name in kinds.items()
        if any(factor.kind == kind for factor in factors)
        for part, shade in zip(parts, (STRONG, WEAK), strict=False)
    ]


def entitle(figure: Figure, title: str, language: Language, patches: Sequence[Patch] = ()) -> None:
    """Write the title above everything else, at the left, and the legend below it.

    Notes
    -----
    Shape, unit, errors: none. The layout knows of titles and not of legends of a figure, so that the title gets empty
    lines where the legend goes. Source: the caller.
    """
    told = folded(f"{title[:1].upper()}{title[1:]}", TITLE[language], language)
    lines = [line.strip() for line in told]
    rows = 1 + -(-len(patches) // 2) if patches else 0
    figure.suptitle("\n".join([*lines, *[" "] * rows]), x=0.012, ha="left", fontsize=12)
    if patches:
        top = 1.0 - (0.09 + 0.2 * len(lines)) / figure.get_figheight()
        figure.legend(
            handles=list(patches), loc="upper left", bbox_to_anchor=(0.004, top), ncols=2, frameon=False, fontsize=9,
            handlelength=1.4, borderaxespad=0.2,
        )  # fmt: skip


def _frame(figure: Figure, title: str, lines: Sequence[str], patches: Sequence[Patch], language: Language) -> None:
    """Write the title above and the notes below everything else."""
    entitle(figure, title, language, patches)
    told = [part for line in lines for part in folded(line, NOTE[language], language)]
    if told:
        figure.supxlabel("\n".join(told), x=0.012, ha="left", fontsize=8, color=INK)


__all__ = ["morris_chart", "sobol_chart", "tornado_chart"]
