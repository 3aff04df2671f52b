"""An earlier plan as a picture: for each target what was known, what would have been foretold, and what came."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simvet.histories.last_plan import LastPlan, PlanRow
from simvet.report.canvas import FIRST, INK, MARK, PALE, SECOND, axis_unit, bracketed, scale_axis, sheet
from simvet.report.last_plan import basis_line, bound_text, called_text, chance_text, name_text
from simvet.report.study_words import folded
from simvet.report.wording import Language, require_language, word

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST = 12
"""Most targets that a picture shows."""
COLUMNS = 2
PANEL = 2.25
"""Height of a panel, inches."""
LINE = {"zh": 24, "en": 46}
"""Letters in a line of a panel's title."""
NOTE = {"zh": 54, "en": 122}
"""Letters in a line below the picture."""
OUTER = "#D3E4F0"
"""Shade of the 80 % band, paler than PALE, that of the 50 % band."""


def plan_chart(plan: LastPlan, language: str = "zh") -> Figure:
    """Draw each target that could be foretold: history until the plan was made, fan, target, what came.

    Parameters
    ----------
    plan : LastPlan.
    language : str; zh or en.

    Returns
    -------
    matplotlib Figure with one axes for each target, at most MOST of them.

    Raises
    ------
    InputError : the language is unknown.

    Notes
    -----
    Unit: persons, in Chinese 10 000 persons where there are so many. Targets left out are counted below. Source: the
    plan.
    """
    spoken = require_language(language)
    rows = [row for row in plan.rows if row.foretold]
    shown = rows[:MOST]
    lines = -(-max(len(shown), 1) // COLUMNS)
    figure, (whole,) = sheet(PANEL * lines + 1.5)
    whole.remove()
    panels = list(figure.subplots(lines, COLUMNS, squeeze=False).flat)
    for axes, row in zip(panels, shown, strict=False):
        _panel(axes, row, plan, spoken)
    for axes in panels[len(shown) :]:
        axes.set_axis_off()
    title = word("last_plan", "picture_title", spoken, made_in=plan.made_in)
    # One legend for all panels; its title is that of the picture.
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper left", ncols=3, frameon=False, fontsize=8.5, title=title,
                  title_fontsize=12, alignment="left")  # fmt: skip
    notes = [basis_line(plan, spoken)]
    if len(plan.rows) > len(shown):
        notes.append(word("last_plan", "picture_more", spoken, count=len(plan.rows) - len(shown)))
    told = "\n".join(line for note in notes for line in folded(note, NOTE[spoken], spoken))
    figure.supxlabel(told, x=0.02, ha="left", fontsize=8, color=INK)
    return figure


def _panel(axes: Axes, row: PlanRow, plan: LastPlan, language: Language) -> None:
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415

    told = row.foretold
    if told is None:
        return
    years, counts = zip(*row.past, strict=True)
    axes.plot(years, counts, color=INK, linewidth=1.4, marker="o", markersize=2.5,
              label=word("last_plan", "picture_past", language))  # fmt: skip
    # The fan begins at the last value known.
    ahead = (years[-1], *told.fan_years)
    low, inner_low, median, inner_high, high = ((counts[-1], *line) for line in told.fan)
    for lower, upper, shade, name in ((low, high, OUTER, "outer"), (inner_low, inner_high, PALE, "inner")):
        axes.fill_between(ahead, lower, upper, color=shade, linewidth=0,
                          label=word("last_plan", f"picture_{name}", language))  # fmt: skip
    axes.plot(ahead, median, color=FIRST, linewidth=1.4, label=word("last_plan", "picture_median", language))
    later = [pair for pair in row.later if pair[0] <= row.target.year]
    axes.plot(*(zip(*later, strict=True) if later else ((), ())), color=SECOND, linewidth=1.0, marker="o",
              markersize=4, label=word("last_plan", "picture_later", language))  # fmt: skip
    axes.plot([row.target.year], [row.target.bound], color=MARK, marker="D", markersize=6, linestyle="none",
              markerfacecolor="white", markeredgewidth=1.4, zorder=5,
              label=word("last_plan", "picture_target", language))  # fmt: skip
    largest = max(*counts, *high, row.target.bound, *(count for _, count in later))
    scale, unit = axis_unit("persons", largest, language, difference=False)
    scale_axis(axes, "y", scale)
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    _entitle(axes, row, plan, unit, language)


def _entitle(axes: Axes, row: PlanRow, plan: LastPlan, unit: str, language: Language) -> None:
    """Write name and unit, and below them what was asked for and said."""
    told = row.foretold
    if told is None:
        return
    name = name_text(row.target, plan, language) + bracketed(unit, language)
    said = word(
        "last_plan", "picture_said", language, bound=bound_text(row.target, language), p=chance_text(told.probability),
        called=called_text(told.called, language),
    )  # fmt: skip
    axes.set_title(
        "\n".join([*folded(name, LINE[language], language), said]), loc="left", fontsize=8.5, linespacing=1.3
    )


__all__ = ["plan_chart"]
