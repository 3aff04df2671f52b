"""The sheet that pictures are drawn on: size, colours, lettering, axes in the reader's units."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from simvet.report.fonts import use_chinese_font
from simvet.report.wording import MONEY, WAN, YI, Language, word

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DPI = 90
"""Dots per inch; a notebook with a dozen pictures stays well below a megabyte."""
WIDTH = 7.2
"""Width of every picture, inches."""
FIRST, SECOND, MARK, INK, PALE = "#0072B2", "#D55E00", "#1A1A1A", "#4D4D4D", "#9CC3DE"
"""Blue and vermilion of Okabe & Ito (2008), which colour-blind readers tell apart, and greys."""


def sheet(height: float, ratios: Sequence[float] = (1.0,)) -> tuple[Figure, list[Axes]]:
    """Return an empty figure with one axes for each ratio, Chinese lettering at hand.

    Parameters
    ----------
    height : float, inches.
    ratios : sequence of float; heights of the axes against each other.

    Returns
    -------
    (Figure, list of Axes).

    Notes
    -----
    Unit: inches. Errors: none. Source: the bundled font.
    """
    use_chinese_font()
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(WIDTH, height), dpi=DPI, layout="constrained", facecolor="white")
    grid = figure.subplots(len(ratios), 1, squeeze=False, height_ratios=list(ratios), sharex=True)
    return figure, list(grid[:, 0])


def axis_unit(unit: str, largest: float, language: Language, difference: bool) -> tuple[float, str]:
    """Return by what a value is divided before it is printed, and the unit of what is printed."""
    if unit == "share":
        return 0.01, word("text", "axis_points", language) if difference else "%"
    name = word("unit", unit, language)
    if unit in MONEY and largest >= YI:
        return (float(YI), word("text", "yi_yuan", language)) if language == "zh" else (1e9, "bn CNY")
    if language == "zh" and largest >= WAN:
        return float(WAN), f"{word('text', 'wan', language)}{name}"
    return 1.0, name


def scale_axis(axes: Axes, which: str, scale: float, signed: bool = False) -> None:
    """Print ticks divided by a scale, all with as many decimals as the one that needs most."""
    from matplotlib.ticker import FuncFormatter  # noqa: PLC0415

    axis = axes.xaxis if which == "x" else axes.yaxis

    def tick(value: float, _: float | None) -> str:
        near = [round(float(place) / scale, 4) for place in axis.get_majorticklocs()]
        digits = next((d for d in range(4) if all(abs(place - round(place, d)) < 1e-9 for place in near)), 4)
        shown = round(value / scale, digits) + 0.0
        return f"{shown:{'+' if signed and shown else ''},.{digits}f}"

    axis.set_major_formatter(FuncFormatter(tick))


def entitle(axes: Axes, title: str, columns: int = 4) -> None:
    """Write the title at the left and the legend in the free line below it."""
    handles, labels = axes.get_legend_handles_labels()
    lines = -(-len(labels) // columns)
    axes.set_title(title, loc="left", fontsize=12, pad=22 + 15 * lines)
    axes.legend(
        handles, labels, loc="lower left", bbox_to_anchor=(-0.005, 1.09), ncols=columns, frameon=False, fontsize=9,
        borderaxespad=0.0, borderpad=0.0, handlelength=1.8, columnspacing=1.6,
    )  # fmt: skip


def colon(language: Language) -> str:
    """Return a colon as the language writes it; unit, errors: none; source: usage."""
    return "：" if language == "zh" else ": "


def bracketed(text: str, language: Language) -> str:
    """Return a text in brackets as the language writes them; unit, errors: none; source: usage."""
    return f"（{text}）" if language == "zh" else f" ({text})"
