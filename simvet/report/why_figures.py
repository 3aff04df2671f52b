"""Pictures that say why: which limit sets the intake, and what a change is made of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simvet.decomposition import Decomposition
from simvet.errors import InputError
from simvet.report.canvas import FIRST, INK, MARK, SECOND, axis_unit, bracketed, colon, scale_axis, sheet
from simvet.report.explain import indicator_name, labels_of, part_name
from simvet.report.wording import plain_zero, require_language, word
from simvet.rules.names import LIMITS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from simvet.result import Result

Floats = NDArray[np.float64]

PALETTE = {
    "intake_plan": "#0072B2", "licence": "#56B4E9", "entry_capacity": "#009E73", "places": "#7BC8A4",
    "teachers": "#D55E00", "floor_area": "#E69F00", "equipment": "#CC79A7", "land": "#B8860B", "books": "#8C6BB1",
    "money": "#1A1A1A", "card": "#A50026", "none": "#D9D9D9",
}  # fmt: skip
"""Colours of the limits, after Okabe & Ito (2008) as far as they go."""
LINE = {"zh": 20, "en": 34}
"""Longest line of a part's name, letters."""
TITLE = {"zh": 44, "en": 78}
"""Longest line of a title, letters."""
ENDINGS = (".png", ".svg", ".pdf")
"""Kinds of picture that can be written."""
MOST_YEARS = 9
"""Most years written below an axis."""


def binding_chart(
    result: Result, stage: str = "secondary_vocational", region: str | None = None, language: str = "zh"
) -> Figure:
    """Draw which limit sets the seats of a stage, as shares of the draws over the years.

    Parameters
    ----------
    result : Result.
    stage : str.
    region : str, optional; by default the first of the scenario.
    language : str; ``zh`` or ``en``.

    Returns
    -------
    matplotlib Figure with one axes; x school years after the base year, y share of draws, one colour a limit.

    Raises
    ------
    InputError : there is no such stage, region or language, or nothing limits the stage.

    Notes
    -----
    Shape: shares over the draw axis of the books' ``binding``. Unit: per cent of draws. Source: the books.
    """
    chosen = require_language(language)
    result.scenario.pathway.require_stage(stage, "stage")
    regions = result.books.regions
    place = region or regions[0]
    if place not in regions:
        raise InputError("region", "region {region!r} is not in this scenario", "Did you mean {near!r}?",
                         region=place, near=regions[0])  # fmt: skip
    found = result.books.arrays["binding"][:, :, regions.index(place), result.scenario.pathway.stage_index[stage]]
    known = np.flatnonzero(np.isfinite(found).all(axis=0))
    if not known.size:
        raise InputError("stage", "nothing limits stage {stage!r}", "Choose a stage that has limits", stage=stage)
    years = np.asarray(result.books.years)[known]
    figure, (axes,) = sheet(3.9)
    below = np.zeros(known.size)
    for number in np.unique(found[:, known]):
        name = LIMITS[int(number)]
        share = np.mean(found[:, known] == number, axis=0)
        axes.bar(
            years, share, bottom=below, width=0.86, color=PALETTE[name], linewidth=0,
            label=word("limit", name, chosen), gid=name,
        )  # fmt: skip
        below = below + share
    axes.set(ylim=(0.0, 1.0), xlim=(float(years[0]) - 0.6, float(years[-1]) + 0.6))
    axes.set_xticks(years[:: -(-len(years) // MOST_YEARS)])
    scale_axis(axes, "y", 0.01)
    axes.set_ylabel("%", rotation=0, ha="left", va="bottom", fontsize=9, color=INK)
    axes.yaxis.set_label_coords(-0.055, 1.02)
    axes.set_xlabel(word("text", "axis_school_year", chosen), fontsize=9, color=INK)
    axes.tick_params(labelsize=9, width=0.6, color=INK)
    axes.spines[["top", "right"]].set_visible(False)
    title = word(
        "text", "figure_binding", chosen, region=word("region", place, chosen), stage=word("stage", stage, chosen)
    )
    axes.set_title(title, loc="left", fontsize=12, pad=12)
    # The list reads from the top down as the bars do.
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(handles[::-1], labels[::-1], loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, fontsize=9)
    return figure


def waterfall_chart(found: Decomposition, language: str = "zh") -> Figure:
    """Draw the change of an indicator as a waterfall: base, every part, target year.

    Parameters
    ----------
    found : Decomposition.
    language : str; ``zh`` or ``en``.

    Returns
    -------
    matplotlib Figure with one axes; a bar for the base, one for each part and one for the target year.

    Raises
    ------
    InputError : the language is unknown.

    Notes
    -----
    Shape: means over the draws, which add up; whiskers bound the central 80 % of draws of each part. Unit: the
    indicator's, changes of shares in percentage points. Source: the decomposition.
    """
    chosen = require_language(language)
    means = np.array([float(part.values.mean()) for part in found.parts])
    base, final = float(found.base.mean()), float(found.final.mean())
    starts = base + np.concatenate([[0.0], np.cumsum(means)])[:-1]
    scale, unit = axis_unit(found.unit, max(abs(base), abs(final)), chosen, difference=False)
    names = [
        word("text", "part_base", chosen, year=found.base_year),
        *(part_name(part, chosen) for part in found.parts),
        word("text", "part_final", chosen, year=found.year),
    ]
    count = len(names)
    figure, (axes,) = sheet(0.52 * count + 1.5)
    colours = [FIRST if mean >= 0 else SECOND for mean in means]
    axes.barh(range(1, count - 1), means, left=starts, height=0.62, color=colours, linewidth=0)
    # Levels are points, not bars: the axis need not begin at zero, and a cut bar would lie about its length.
    (levels,) = axes.plot([base, final], [0, count - 1], "D", color=INK, markersize=8, clip_on=False)
    levels.set_gid("levels")
    bands = [np.quantile(part.values, [0.1, 0.9]) for part in found.parts]
    for place, (start, mean, band) in enumerate(zip(starts, means, bands, strict=True), start=1):
        reach = [[max(mean - band[0], 0.0)], [max(band[1] - mean, 0.0)]]
        axes.errorbar(start + mean, place, xerr=reach, color=MARK, linewidth=0.9, capsize=2.5)
    _connect(axes, [base, *(starts + means)])
    low, high = _span(base, final, starts, means, bands)
    axes.set(xlim=(low, high), ylim=(count - 0.45, -0.6))
    for place, text in enumerate(_amounts(base, means, final, scale, found.unit)):
        axes.annotate(
            text, (1.0, place), (6, 0), xycoords=("axes fraction", "data"), textcoords="offset points", va="center",
            fontsize=9, annotation_clip=False,
        )  # fmt: skip
    axes.set_yticks(range(count), ["\n".join(wrap(name, LINE[chosen])) for name in names], fontsize=9)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.grid(axis="x", linewidth=0.4, color="#DDDDDD")
    axes.set_axisbelow(True)
    scale_axis(axes, "x", scale)
    labels = labels_of(found.indicator, found.stage, found.run.scenario.targets)
    what = indicator_name(found.indicator, found.stage, labels, chosen)
    axes.set_xlabel(f"{what}{bracketed(unit, chosen)}", fontsize=9, color=INK)
    name = f"{found.run.scenario.labels[chosen]}{colon(chosen)}{what}"
    title = word("text", "figure_waterfall", chosen, name=name, base=found.base_year, year=found.year)
    figure.suptitle("\n".join(wrap(title, TITLE[chosen])), x=0.012, ha="left", fontsize=12)
    return figure


def _connect(axes: Axes, levels: Sequence[float]) -> None:
    """Draw thin lines from the end of each bar to the start of the next."""
    for place, level in enumerate(levels):
        axes.plot([level, level], [place + 0.31, place + 0.69], color=INK, linewidth=0.6)


def _span(
    base: float, final: float, starts: Floats, means: Floats, bands: Sequence[NDArray[np.float64]]
) -> tuple[float, float]:
    """Return the part of the axis to show: every level and every whisker, with some room."""
    ends = starts + means
    reach = [float(s + edge) for s, band in zip(starts, bands, strict=True) for edge in band]
    levels = [base, final, *ends.tolist(), *reach]
    low, high = min(levels), max(levels)
    room = 0.08 * max(high - low, 1e-12)
    return low - room, high + room


def _amounts(base: float, means: Floats, final: float, scale: float, unit: str) -> list[str]:
    digits = 1 if unit == "share" else 0 if max(abs(base), abs(final)) / scale >= 1000 else 2
    changes = [plain_zero(f"{mean / scale:+,.{digits}f}") for mean in means]
    return [f"{base / scale:,.{digits}f}", *changes, f"{final / scale:,.{digits}f}"]


def require_picture(path: Path) -> Path:
    """Return the path of a picture if it can be written; complain if not.

    Parameters
    ----------
    path : Path.

    Returns
    -------
    Path.

    Raises
    ------
    InputError : its ending is none of ENDINGS, it is there already, or its folder cannot be written.

    Notes
    -----
    Unit: none. Source: matplotlib's formats.
    """
    import os  # noqa: PLC0415

    if path.suffix.lower() not in ENDINGS:
        raise InputError(str(path), "no picture ends in {ending!r}", "Choose one of {known}", ending=path.suffix,
                         known=", ".join(ENDINGS))  # fmt: skip
    if path.exists():
        raise InputError(str(path), "the file is there already", "Choose another name; nothing is overwritten")
    folder = path.absolute().parent
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise InputError(str(path), "the folder cannot be written", "Choose another folder")
    return path


def save_picture(figure: Figure, path: Path) -> Path:
    """Write a picture to a new file; unit: none; errors: InputError where it cannot be written; source: the figure."""
    try:
        figure.savefig(require_picture(path), dpi=160)
    except OSError:
        raise InputError(str(path), "the folder cannot be written", "Choose another folder") from None
    return path


__all__ = ["binding_chart", "require_picture", "save_picture", "waterfall_chart"]
