"""Pictures of a run: fans over the years, probabilities of targets, two scenarios on the same luck.

Every function hands back a bare matplotlib ``Figure`` that no global state knows of: a notebook shows it when it is the
last word of a cell, ``figure.savefig`` writes it, and a thousand of them leave no window open.
"""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simvet.errors import InputError
from simvet.indicators import STAGED
from simvet.report.canvas import (
    FIRST,
    INK,
    MARK,
    PALE,
    SECOND,
    axis_unit,
    bracketed,
    colon,
    entitle,
    scale_axis,
    sheet,
)  # fmt: skip
from simvet.report.terminal import bound_text, target_name
from simvet.report.wording import Language, number, require_language, word
from simvet.targets import RATIO_BAND, is_modelled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from simvet.comparison import Comparison
    from simvet.result import Result
    from simvet.scenario import Scenario, Target
    from simvet.verdicts import Verdict

Floats = NDArray[np.float64]

MOST_YEARS = 9
"""Most years written below an axis; the base year is always one of them."""
LINE = {"zh": 20, "en": 44}
"""Longest line of a target's name on a board, letters."""
LABEL_WIDTH = 0.25
"""Part of the years that a target's label takes up."""
BANDS = ((0.1, 0.9, "80", 0.20), (0.25, 0.75, "50", 0.42))
"""Lower and upper quantile, per cent of draws between them, opacity."""


def fan_chart(
    result: Result, name: str, stage: str = "region", region: str | None = None, language: str = "zh",
    target: Target | None = None, milestone: bool = False,
) -> Figure:  # fmt: skip
    """Draw an indicator over the years: median, the central 50 % and 80 % of draws, and the target.

    Parameters
    ----------
    result : Result.
    name : str; a key of INDICATORS.
    stage : str; needed for enrolment, entrants and graduates.
    region : str, optional; by default the first of the scenario.
    language : str; ``zh`` or ``en``.
    target : Target, optional; by default the scenario's own target on this indicator, if it has one with a number.
    milestone : bool; with the straight line from the target's base to its bound.

    Returns
    -------
    matplotlib Figure with one axes; x school years from the base year to the horizon, y in the indicator's unit.

    Raises
    ------
    InputError : there is no such indicator, stage, region or language, or a stage is missing.

    Notes
    -----
    Shape: quantiles over the draw axis of a (draw, year, region) array, drawn in its own unit; ticks in 万 or per cent.
    Years in which the indicator is not known in any draw are left out. Source: the run's books.
    """
    chosen = require_language(language)
    values = _values(result, name, stage, region)
    aim = target or find_target(result.scenario, name, stage, region)
    figure, (axes,) = sheet(4.1)
    years = np.asarray(result.books.years)
    _draw_fan(axes, years, values, FIRST, chosen)
    if aim is not None and aim.bound is not None:
        if milestone:
            _draw_milestone(axes, aim, years, values, chosen)
        _draw_target(axes, aim, years, [values], chosen)
    _dress(axes, years, values, result.unit(name, stage), chosen)
    entitle(axes, f"{result.scenario.labels[chosen]}{colon(chosen)}{_what(result, name, stage, region, chosen)}")
    return figure


def comparison_chart(
    comparison: Comparison, name: str, stage: str = "region", language: str = "zh", region: str | None = None,
    target: Target | None = None,
) -> Figure:  # fmt: skip
    """Draw an indicator under two scenarios, and below it their difference draw by draw.

    Parameters
    ----------
    comparison : Comparison; two runs on the same random numbers.
    name : str; a key of INDICATORS.
    stage : str; needed for enrolment, entrants and graduates.
    language : str; ``zh`` or ``en``.
    region : str, optional; by default the first of the scenario.
    target : Target, optional; by default the first scenario's own target on this indicator.

    Returns
    -------
    matplotlib Figure with two axes: medians with 80 % bands of both runs, and the median and 80 % band of the paired
    differences.

    Raises
    ------
    InputError : there is no such indicator, stage, region or language, or a stage is missing.

    Notes
    -----
    Shape: quantiles over the draw axis of (draw, year, region) arrays. Unit: the indicator's; differences of shares in
    percentage points. The difference is much narrower than either band because both runs meet the same luck. Source:
    common random numbers, MODEL section 7.
    """
    chosen = require_language(language)
    first, second = (_values(run, name, stage, region) for run in (comparison.first, comparison.second))
    aim = target or find_target(comparison.first.scenario, name, stage, region)
    figure, (above, below) = sheet(5.4, (2.3, 1.0))
    years = np.asarray(comparison.first.books.years)
    names = run_names(comparison, chosen)
    _draw_band(above, years, first, FIRST, "-", names[0])
    _draw_band(above, years, second, SECOND, "--", names[1])
    if aim is not None and aim.bound is not None:
        _draw_target(above, aim, years, [first, second], chosen)
    unit = comparison.first.unit(name, stage)
    _dress(above, years, np.concatenate([first, second]), unit, chosen)
    entitle(above, _what(comparison.first, name, stage, region, chosen, with_region=True), columns=1)
    _draw_band(below, years, second - first, INK, "-", "")
    below.axhline(0.0, color=INK, linewidth=0.8)
    _dress(below, years, second - first, unit, chosen, difference=True)
    below.set_title(word("text", "figure_difference", chosen), loc="left", fontsize=10, pad=20)
    return figure


def probability_board(verdicts: Sequence[Verdict], language: str = "zh", title: str | None = None) -> Figure:
    """Draw how likely each target is reached, headline targets first, with the Monte Carlo error.

    Parameters
    ----------
    verdicts : sequence of Verdict; at least one.
    language : str; ``zh`` or ``en``.
    title : str, optional; whose verdicts these are, by default the region's.

    Returns
    -------
    matplotlib Figure with one axes; a bar for each verdict, x the probability.

    Raises
    ------
    InputError : the language is unknown, or there is no verdict.

    Notes
    -----
    Shape: one bar a verdict, from the top. Unit: x is a share, its ticks per cent; whiskers are one Monte Carlo
    standard error each way, within 0 and 1. Base-year checks come last. Source: MODEL, section 8.
    """
    chosen = require_language(language)
    if not verdicts:
        raise InputError(
            "verdicts", "there is no verdict to draw", "Give the verdicts of a run whose region has targets"
        )
    ordered = sorted(verdicts, key=lambda v: (v.target.kind == "baseline", not v.headline))
    names = verdict_names(ordered, chosen)
    room = np.array([name.count("\n") + 2.0 for name in names])
    places = np.cumsum(room) - room / 2.0
    figure, (axes,) = sheet(0.16 * float(room.sum()) + 1.25)
    for place, verdict in zip(places, ordered, strict=True):
        _draw_bar(axes, float(place), verdict)
    axes.set_yticks(places, names, fontsize=9, linespacing=1.25)
    axes.set(ylim=(float(room.sum()), 0.0), xlim=(0.0, 1.0))
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set(linewidth=0.6, color=INK)
    scale_axis(axes, "x", 0.01)
    axes.set_xlabel(f"{word('text', 'axis_probability', chosen)}{bracketed('%', chosen)}", fontsize=9)
    regions = dict.fromkeys(word("region", v.target.region, chosen) for v in ordered)
    whose = title or ("、" if chosen == "zh" else ", ").join(regions)
    told = word("text", "figure_board", chosen, draws=f"{ordered[0].draws:,}")
    figure.suptitle(f"{whose}{colon(chosen)}{told}", x=0.012, ha="left", fontsize=12)
    _explain(figure, ordered, chosen)
    return figure


def find_target(scenario: Scenario, name: str, stage: str = "region", region: str | None = None) -> Target | None:
    """Return a scenario's own target on an indicator.

    Parameters
    ----------
    scenario : Scenario.
    name : str; an indicator.
    stage : str; ``region`` also finds a target that is the only one of its indicator but names a stage.
    region : str, optional; by default the first of the scenario.

    Returns
    -------
    Target or None; None also where the only one is measured against the province and has no number of its own.

    Notes
    -----
    Unit: the target's. Errors: none. Source: the register and the scenario file.
    """
    place = region or scenario.regions[0].region
    known = [
        t for t in scenario.targets
        if t.key == name and t.region == place and t.bound is not None and t.kind != "baseline" and is_modelled(t)
    ]  # fmt: skip
    exact = [t for t in known if t.stage == stage]
    if exact:
        return exact[0]
    return known[0] if stage == "region" and len({t.stage for t in known}) == 1 else None


def verdict_names(verdicts: Sequence[Verdict], language: Language) -> list[str]:
    """Return each verdict's target and bound in two lines or more, told apart where two have the same name.

    Parameters
    ----------
    verdicts : sequence of Verdict.
    language : str.

    Returns
    -------
    list of str; name with its reading and document above, bound and year below.

    Notes
    -----
    Unit: printed with each bound. Errors: none. Source: the register.
    """
    told = [(target_name(v.target, language), v.reading) for v in verdicts]
    names = []
    for verdict, pair in zip(verdicts, told, strict=True):
        name = pair[0]
        if told.count(pair) > 1:
            document = word("document", verdict.target.document, language)
            name = word("text", "in_document", language, name=name, document=document)
        if verdict.target.kind == "baseline":
            name = word("text", "baseline_row", language, name=name)
        reading = word("reading", verdict.reading, language)
        if reading != verdict.reading:
            name = word("text", "reading", language, name=name, reading=reading)
        bound = word("text", "bound_cell", language, bound=bound_text(verdict, language), year=verdict.target.year)
        names.append("\n".join([*_folded(name, language), bound]))
    return names


def _folded(name: str, language: Language) -> list[str]:
    """Return a name in lines, broken before its bracketed reading and wherever else it is too long."""
    parts = name.replace("〔", "\n〔").replace(" [", "\n[").split("\n") if len(name) > LINE[language] else [name]
    return [line for part in parts for line in wrap(part, LINE[language])]


def run_names(comparison: Comparison, language: Language) -> tuple[str, str]:
    """Return names that tell two runs apart, with the added levers where both have the same title.

    Parameters
    ----------
    comparison : Comparison.
    language : str.

    Returns
    -------
    tuple of two str.

    Notes
    -----
    Unit: none. Errors: none. Source: titles of the scenarios and of their levers.
    """
    one, two = comparison.first.scenario, comparison.second.scenario
    first, second = one.labels[language], two.labels[language]
    if first != second:
        return first, second
    separator = "、" if language == "zh" else ", "
    added = separator.join(lever.title(language) for lever in two.levers if lever not in one.levers)
    return first, word("text", "figure_with", language, title=second, levers=added)


def _values(result: Result, name: str, stage: str, region: str | None) -> Floats:
    """Return an indicator of one region, shape (draw, year)."""
    values = result.indicator(name, stage)
    if name in STAGED and stage == "region":
        raise InputError("stage", "indicator {name!r} is counted by stage", "Name a stage, such as {stage!r}",
                         name=name, stage="secondary_vocational")  # fmt: skip
    regions = result.books.regions
    if region is not None and region not in regions:
        raise InputError("region", "region {region!r} is not in this scenario", "Did you mean {near!r}? Known: {known}",
                         region=region, near=regions[0], known=", ".join(regions))  # fmt: skip
    return values[:, :, 0 if region is None else regions.index(region)]


def _quantiles(values: Floats, shares: Sequence[float]) -> tuple[NDArray[np.bool_], list[Floats]]:
    """Return in which years anything is known, and the quantiles of those years."""
    known = np.asarray(np.isfinite(values).any(axis=0))
    return known, [np.asarray(row) for row in np.nanquantile(values[:, known], list(shares), axis=0)]


def _draw_fan(axes: Axes, years: NDArray[np.int64], values: Floats, colour: str, language: Language) -> None:
    known, (median,) = _quantiles(values, [0.5])
    for low, high, part, opacity in BANDS:
        _, (bottom, top) = _quantiles(values, [low, high])
        label = word("text", "figure_band_of", language, part=part)
        axes.fill_between(years[known], bottom, top, color=colour, alpha=opacity, linewidth=0, label=label)
    label = word("text", "figure_median", language)
    axes.plot(years[known], median, color=colour, linewidth=1.8, label=label, gid="median")


def _draw_band(axes: Axes, years: NDArray[np.int64], values: Floats, colour: str, style: str, label: str) -> None:
    known, (low, median, high) = _quantiles(values, [0.1, 0.5, 0.9])
    axes.fill_between(years[known], low, high, color=colour, alpha=0.18, linewidth=0)
    for edge in (low, high):
        axes.plot(years[known], edge, color=colour, linewidth=0.6, linestyle=style, alpha=0.7)
    axes.plot(years[known], median, color=colour, linewidth=1.8, linestyle=style, label=label or None, gid="median")


def _draw_target(
    axes: Axes, target: Target, years: NDArray[np.int64], runs: Sequence[Floats], language: Language
) -> None:
    """Mark a target: a short line at its bound in its year, dotted back to the axis, and what it says beside it."""
    low, high = RATIO_BAND if target.key == "general_vocational_ratio" else (target.bound, target.bound)
    for bound in sorted({float(low or 0.0), float(high or 0.0)}):
        axes.plot([years[0] - 0.2, target.year], [bound, bound], color=MARK, linewidth=0.8, linestyle=(0, (1, 3)))
        axes.plot(
            [target.year - 0.4, target.year + 0.4], [bound, bound], color=MARK, linewidth=3.0, solid_capstyle="butt",
            gid="target", zorder=4,
        )  # fmt: skip
    _label_target(axes, target, float(high or 0.0), years, runs, language)


def _label_target(
    axes: Axes, target: Target, bound: float, years: NDArray[np.int64], runs: Sequence[Floats], language: Language
) -> None:
    """Write what a target says above or below its line, where the medians leave more room, with a white rim."""
    from matplotlib.patheffects import withStroke  # noqa: PLC0415

    late = target.year > 0.5 * (years[0] + years[-1])
    reach = np.sort([target.year, target.year + (-1 if late else 1) * len(years) * LABEL_WIDTH])
    covered = (years >= reach[0]) & (years <= reach[1])
    lines = [row[covered[known]] for known, (row,) in (_quantiles(run, [0.5]) for run in runs)]
    half = 0.06 * float(np.ptp(axes.get_ylim()))
    room = {
        side: min((float(np.abs(x - bound - side * half).min()) for x in lines if x.size), default=0.0)
        for side in (1, -1)
    }
    above = room[1] >= room[-1]
    axes.annotate(
        target_label(target, language), (target.year + (0.1 if late else -0.1), bound), (0, 5 if above else -5),
        textcoords="offset points", ha="right" if late else "left", va="bottom" if above else "top", fontsize=9,
        color=MARK, zorder=5, path_effects=[withStroke(linewidth=2.5, foreground="white")], gid="target label",
    )  # fmt: skip


def target_label(target: Target, language: Language) -> str:
    """Return what a target says, short enough for a picture.

    Parameters
    ----------
    target : Target with a bound.
    language : str.

    Returns
    -------
    str, such as "目标：≥ 50.0%，2025 年".

    Notes
    -----
    Unit: printed with the bound. Errors: none. Source: the register.
    """
    if target.key == "general_vocational_ratio":
        bound = word("text", "ratio_bound", language)
    else:
        kind = {">=": "at_least", "<=": "at_most", "==": "equals", "~": "about"}[target.comparator]
        bound = word("text", kind, language, value=number(float(target.bound or 0.0), target.unit, language))
    told = word("text", "bound_cell", language, bound=bound, year=target.year)
    return f"{word('text', 'figure_target', language)}{colon(language)}{told}"


def _draw_milestone(axes: Axes, target: Target, years: NDArray[np.int64], values: Floats, language: Language) -> None:
    known, (median,) = _quantiles(values, [0.5])
    start = target.base_year if target.base_year is not None else int(years[known][0])
    base = target.base_value if target.base_value is not None else float(median[0])
    label = word("text", "figure_milestone" if target.base_value is not None else "figure_milestone_assumed", language)
    axes.plot(
        [start, target.year], [base, float(target.bound or 0.0)], color=MARK, linewidth=1.0, linestyle="-.", label=label
    )  # fmt: skip


def _dress(
    axes: Axes, years: NDArray[np.int64], values: Floats, unit: str, language: Language, difference: bool = False
) -> None:
    """Give an axes its years, its unit and thin lines."""
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415

    scale, name = axis_unit(unit, float(np.nanmax(np.abs(values))), language, difference)
    scale_axis(axes, "y", scale, signed=difference)
    axes.yaxis.set_major_locator(MaxNLocator(4 if difference else 6, steps=[1, 2, 5, 10]))
    axes.set_xticks(years[:: -(-len(years) // MOST_YEARS)])
    axes.set_xlim(float(years[0]) - 0.2, float(years[-1]) + 0.3)
    axes.set_ylabel(name, rotation=0, ha="left", va="bottom", fontsize=9, color=INK)
    axes.yaxis.set_label_coords(-0.055, 1.09 if difference else 1.025)
    axes.set_xlabel(word("text", "axis_school_year", language), fontsize=9, color=INK)
    axes.tick_params(labelsize=9, width=0.6, color=INK)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set(linewidth=0.6, color=INK)
    axes.grid(axis="y", linewidth=0.4, color="#DDDDDD")
    axes.set_axisbelow(True)
    axes.label_outer()


def _what(
    result: Result, name: str, stage: str, region: str | None, language: Language, with_region: bool = False
) -> str:
    """Return the name of an indicator with its stage, and the region where it is not clear."""
    what = word("indicator", name, language)
    if stage != "region":
        place = word("stage", stage, language)
        what = what if what.startswith(place) else f"{place}{'' if language == 'zh' else ' '}{what}"
    if with_region or len(result.books.regions) > 1:
        home = word("region", region or result.books.regions[0], language)
        what = f"{home}{colon(language)}{what}"
    return what


def _draw_bar(axes: Axes, place: float, verdict: Verdict) -> None:
    """Draw one probability with one standard error each way, and print it."""
    share, error = verdict.probability, verdict.error
    colour = "#C8C8C8" if verdict.target.kind == "baseline" else FIRST if verdict.headline else PALE
    axes.barh(place, share, height=1.5, color=colour, linewidth=0)
    low, high = min(error, share), min(error, 1.0 - share)
    axes.errorbar(share, place, xerr=[[low], [high]], color=MARK, linewidth=1.0, capsize=2.5)
    mark = " †" if verdict.assumed_base else ""
    text = f"{share * 100:.0f}% ±{error * 100:.1f}{mark}"
    axes.annotate(
        text, (1.0, place), (6, 0), textcoords="offset points", va="center", fontsize=9, annotation_clip=False
    )


def _explain(figure: Figure, verdicts: Sequence[Verdict], language: Language) -> None:
    """Say below a board what its colours, whiskers and marks mean."""
    notes = [word("text", "figure_board_note", language)]
    if any(v.assumed_base for v in verdicts):
        notes.append(word("text", "figure_board_assumed", language))
    figure.supxlabel((" " if language == "en" else "").join(notes), x=0.012, ha="left", fontsize=8, color=INK)


__all__ = [
    "comparison_chart", "fan_chart", "find_target", "probability_board", "run_names", "target_label", "verdict_names",
]  # fmt: skip
