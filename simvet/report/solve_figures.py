"""The front as a picture: what each further target costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simvet.report.canvas import FIRST, INK, PALE, axis_unit, scale_axis, sheet
from simvet.report.wording import require_language, word
from simvet.studies.answers import Answer

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def front_chart(answer: Answer, language: str = "zh") -> Figure:
    """Draw the number of targets reached against the cost of the cheapest package that reaches so many.

    Parameters
    ----------
    answer : Answer; its front has been asked for.
    language : str; zh or en.

    Returns
    -------
    matplotlib Figure with one axes.

    Raises
    ------
    InputError : the language is unknown.

    Notes
    -----
    Unit: CNY, targets; pale lines bound the cost by its prices. Source: the front.
    """
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415

    chosen = require_language(language)
    figure, (axes,) = sheet(3.6)
    costs = [point.cost for point in answer.front]
    numbers = [point.number for point in answer.front]
    for point in answer.front:
        axes.plot([point.low, point.high], [point.number] * 2, color=PALE, linewidth=4, solid_capstyle="butt")
    axes.step(costs, numbers, where="post", color=INK, linewidth=0.8)
    axes.plot(costs, numbers, "o", color=FIRST, markersize=6)
    largest = max((point.high for point in answer.front), default=0.0)
    scale, unit = axis_unit("CNY", largest, chosen, difference=False)
    if chosen == "zh" and scale == 1.0:
        unit = word("unit", "CNY", chosen)
    scale_axis(axes, "x", scale)
    axes.set_xlabel(f"{word('solve', 'column_cost', chosen)} / {unit}", fontsize=9)
    axes.set_ylabel(word("solve", "column_number", chosen), fontsize=9)
    axes.set_title(word("solve", "front_number", chosen), loc="left", fontsize=12, pad=12)
    axes.margins(0.05)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.spines[["top", "right"]].set_visible(False)
    return figure
