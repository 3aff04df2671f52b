"""Pictures of discovery: boxes as ranges, and the pivot of stacked factors as a map."""

from __future__ import annotations

from itertools import product
from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np

from simvet.report.canvas import INK, MARK, SECOND, colon, sheet
from simvet.report.study_figures import LINE, NOTE, ROW, STRONG, entitle, kinds_patches
from simvet.report.study_words import (
    discovery_remarks,
    discovery_sentences,
    event_text,
    factor_names,
    folded,
    limit_text,
    percent,
    range_text,
    subject_name,
    value_text,
)
from simvet.report.wording import Language, require_language, word
from simvet.studies.cases import POLICY
from simvet.studies.discovery import Box, Discovery, Limit
from simvet.studies.stacking import Stack, Stacking

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

EMPTY = "#EFEFEF"
"""Colour of a range, and of a cell without cases."""
WORDY = 100
"""Most cells whose share is written into them."""
CLOSE = 0.005
"""Share of a range within which an outermost edge is written as the range's own end."""


def box_chart(found: Discovery, language: str = "zh") -> Figure:
    """Draw the boxes of a search: the part of each factor's range that they keep.

    Parameters
    ----------
    found : Discovery.
    language : str; ``zh`` or ``en``.

    Returns
    -------
    matplotlib Figure; an axes for each box, its sentence below. A sentence alone where there is no box.

    Raises
    ------
    InputError : the language is unknown.

    Notes
    -----
    Unit: each bar runs over the factor's full range, its ends written beside it. Source: the search.
    """
    chosen = require_language(language)
    heights = [float(len(box.limits)) for box in found.boxes] or [0.4]
    lines = [part for line in discovery_sentences(found, language)
             for part in folded(line, NOTE[chosen], chosen)]  # fmt: skip
    figure, axes = sheet(1.25 * ROW * sum(heights) + 0.5 * len(heights) + 0.9 + 0.18 * len(lines), heights)
    names = factor_names(found.factors, chosen)
    for place, (box, panel) in enumerate(zip(found.boxes, axes, strict=False), start=1):
        _panel(panel, box, names, chosen)
        panel.set_title(word("discovery", "box_numbers", chosen, number=place, coverage=percent(box.coverage),
                             density=percent(box.density)), loc="left", fontsize=10)  # fmt: skip
    if not found.boxes:
        axes[0].set_axis_off()
    patches = kinds_patches([limit.factor for box in found.boxes for limit in box.limits], ("of_kind",), chosen)
    title = word("discovery", "title", chosen, name=subject_name(found.outcome, chosen),
                 event=event_text(found, chosen))  # fmt: skip
    entitle(figure, title, chosen, patches)
    figure.supxlabel("\n".join(lines), x=0.012, ha="left", fontsize=8.5, color=INK)
    return figure


def _panel(axes: Axes, box: Box, names: dict[str, str], language: Language) -> None:
    for place, limit in enumerate(box.limits):
        axes.barh(place, 1.0, height=0.34, color=EMPTY, linewidth=0)
        if limit.kept:
            axes.text(0.5, place, limit_text(limit, "", language), ha="center", va="center", fontsize=9)
            continue
        _range(axes, limit, place, language)
    axes.set(xlim=(-0.16, 1.16), ylim=(len(box.limits) - 0.4, -0.75))
    told = [names.get(limit.factor.name, word("sensitivity", "policy", language)) for limit in box.limits]
    axes.set_yticks(np.arange(len(told)), ["\n".join(wrap(name, LINE[language])) for name in told], fontsize=9)
    axes.tick_params(axis="y", length=0)
    axes.set_xticks([])
    axes.spines[:].set_visible(False)


def _range(axes: Axes, limit: Limit, place: int, language: Language) -> None:
    factor = limit.factor
    width = factor.high - factor.low
    inside = [
        0.0 if limit.low is None else (limit.low - factor.low) / width,
        1.0 if limit.high is None else (limit.high - factor.low) / width,
    ]
    axes.barh(place, inside[1] - inside[0], left=inside[0], height=0.34, color=STRONG[factor.kind], linewidth=0,
              gid=factor.name)  # fmt: skip
    for at, value, side in ((0.0, factor.low, "right"), (1.0, factor.high, "left")):
        axes.annotate(value_text(value, factor.unit, language), (at, place), (-5 if side == "right" else 5, 0),
                      textcoords="offset points", ha=side, va="center", fontsize=8, color=INK)  # fmt: skip
    marks = [(at, value) for at, value in zip(inside, (limit.low, limit.high), strict=True) if value is not None]
    for number, (at, value) in enumerate(marks):
        # Two limits close together are written away from each other.
        away = "center" if len(marks) < 2 else ("right", "left")[number]
        axes.annotate(value_text(value, factor.unit, language), (at, place - 0.2), (0, 2), va="bottom",
                      textcoords="offset points", ha=away, fontsize=8.5, color=MARK)  # fmt: skip


def stacking_chart(found: Stacking, language: str = "zh") -> Figure:
    """Draw how often a target fails in every combination of stacked factors.

    Parameters
    ----------
    found : Stacking.
    language : str; ``zh`` or ``en``.

    Returns
    -------
    matplotlib Figure; cells as a heat map, outer factors at the outer edge, empty cells hatched, bins explained below.

    Raises
    ------
    InputError : the language is unknown.

    Notes
    -----
    Unit: share of cases. A remark alone where nothing could be stacked. Source: the pivot table.
    """
    chosen = require_language(language)
    event = event_text(found, chosen)
    rows = len(found.share)
    names = factor_names(found.factors, chosen) | {POLICY: word("sensitivity", "policy", chosen)}
    lines = discovery_remarks(found, chosen)
    lines += [_bins_line(stack, names, chosen) for stack in (*found.rows, *found.columns) if not stack.exact]
    if rows and np.isnan(found.share).any():
        lines.append(word("discovery", "stack_note", chosen))
    told = [part for line in lines for part in folded(line, NOTE[chosen], chosen)]
    figure, (axes,) = sheet(2.2 + 0.36 * max(rows, 4) + 0.17 * len(told) if rows else 1.4)
    if rows:
        _map(figure, axes, found, word("discovery", "axis_stack", chosen, event=event))
        _edge(axes, "y", found.rows, names, chosen)
        _edge(axes, "x", found.columns, names, chosen)
    else:
        axes.set_axis_off()
    name = subject_name(found.outcome, chosen)
    entitle(figure, word("discovery", "title_stack", chosen, name=name, event=event), chosen)
    if told:
        figure.supxlabel("\n".join(told), x=0.012, ha="left", fontsize=8, color=INK)
    return figure


def _map(figure: Figure, axes: Axes, found: Stacking, label: str) -> None:
    from matplotlib.colors import LinearSegmentedColormap  # noqa: PLC0415
    from matplotlib.ticker import PercentFormatter  # noqa: PLC0415

    colours = LinearSegmentedColormap.from_list("share", ["#F7F7F7", SECOND])
    axes.patch.set(facecolor=EMPTY, hatch="////", edgecolor="#BBBBBB")
    picture = axes.imshow(np.ma.masked_invalid(found.share), cmap=colours, vmin=0.0, vmax=1.0, aspect="auto")
    bar = figure.colorbar(picture, ax=axes, pad=0.015, fraction=0.035, format=PercentFormatter(1.0))
    bar.set_label(label, fontsize=9)
    bar.ax.tick_params(labelsize=8)
    if found.share.size <= WORDY:
        for (row, column), share in np.ndenumerate(found.share):
            if np.isfinite(share):
                axes.text(
                    column, row, percent(float(share)), ha="center", va="center", fontsize=7.5,
                    color="white" if share > 0.75 else INK,
                )  # fmt: skip
    axes.spines[:].set_linewidth(0.6)


def _edge(axes: Axes, which: str, stacks: tuple[Stack, ...], names: dict[str, str], language: Language) -> None:
    """Name the bins of one axis: the innermost factor at every cell, outer ones once for each group of cells."""
    inner = stacks[-1].bins if stacks else 1
    groups = list(product(*(range(stack.bins) for stack in stacks[:-1])))
    told = [_bin_name(stacks[-1], number, language) for number in range(inner)] if stacks else [""]
    # Outer names stand clear of the inner ones, whose width is guessed from their letters, points.
    aside = 16.0 + max(len(name) for name in told) * (8.0 if language == "zh" else 4.6)
    ticks = np.arange(inner * len(groups))
    (axes.set_xticks if which == "x" else axes.set_yticks)(ticks, told * len(groups), fontsize=8)
    axes.tick_params(axis="x" if which == "x" else "y", length=0)
    for place, group in enumerate(groups):
        outer = " · ".join(_bin_name(stack, n, language) for stack, n in zip(stacks, group, strict=False))
        middle = inner * (place + 0.5) - 0.5
        if which == "x":
            axes.annotate(outer, (middle, 0.0), (0, -17), xycoords=("data", "axes fraction"), va="top", ha="center",
                          textcoords="offset points", fontsize=8.5, color=MARK)  # fmt: skip
        else:
            axes.annotate(outer, (0.0, middle), (-aside, 0), xycoords=("axes fraction", "data"), va="center",
                          ha="center", textcoords="offset points", rotation=90, fontsize=8.5, color=MARK)  # fmt: skip
        if place:
            (axes.axvline if which == "x" else axes.axhline)(inner * place - 0.5, color=INK, linewidth=1.1)
    head = " / ".join(names[stack.factor.name] for stack in stacks)
    wide = 44 if which == "x" else 24
    label = "\n".join(wrap(head, wide * (1 if language == "zh" else 2)))
    if which == "x":
        axes.set_xlabel(label, fontsize=9, color=INK, labelpad=20)
    else:
        axes.set_ylabel(label, fontsize=9, color=INK, labelpad=24)


def _bin_name(stack: Stack, number: int, language: Language) -> str:
    if stack.kept:
        return "\n".join(wrap(stack.kept[number][language], 12))
    if stack.exact:
        return value_text(stack.edges[number], stack.factor.unit, language)
    if stack.bins <= 3:
        key = ("bin_low", "bin_high") if stack.bins == 2 else ("bin_low", "bin_middle", "bin_high")
        return word("discovery", key[number], language)
    return str(number + 1)


def _bins_line(stack: Stack, names: dict[str, str], language: Language) -> str:
    """Return the ranges behind the names of a factor's bins."""
    factor = stack.factor
    # Of thousands of futures the outermost stand next to the bounds: 0.00003 to 0.05 says no more than 0 to 0.05.
    edges = [
        next((end for end in (factor.low, factor.high) if abs(edge - end) < CLOSE * (factor.high - factor.low)), edge)
        for edge in stack.edges
    ]
    told = [
        f"{_bin_name(stack, n, language)} {range_text(edges[n], edges[n + 1], factor.unit, language)}"
        for n in range(stack.bins)
    ]
    return f"{names[stack.factor.name]}{colon(language)}{word('text', 'list_separator', language).join(told)}"


__all__ = ["box_chart", "stacking_chart"]
