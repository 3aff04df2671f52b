"""Pictures of hindcasts: errors by years ahead beside the plain methods, and how often the bands held."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simvet.histories.rolling import OURS, Hindcast
from simvet.histories.scores import score_table
from simvet.report.canvas import DPI, FIRST, INK, PALE, SECOND, WIDTH
from simvet.report.fonts import use_chinese_font
from simvet.report.hindcast_words import series_name
from simvet.report.wording import Language, word

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

ACROSS = 3
"""Pictures in a row."""
HEIGHT = 2.3
"""Height of a row, inches."""
STYLES = {
    OURS: (FIRST, "-", 2.4), "naive": ("#999999", ":", 1.4), "drift3": ("#999999", "--", 1.4),
    "smoothing": (PALE, "-", 1.4),
    "cohort_survival_1y": ("#F3BE9A", "-", 1.4), "cohort_survival_3y": (SECOND, "-", 1.4),
    "stage_flow_1y": ("#F3BE9A", "-", 1.4), "stage_flow_3y": (SECOND, "-", 1.4),
}  # fmt: skip


def error_chart(found: Hindcast, language: Language = "zh") -> Figure:
    """Draw the mean absolute error of every method by years ahead, a picture for each series.

    Parameters
    ----------
    found : Hindcast.
    language : str.

    Returns
    -------
    matplotlib Figure.

    Notes
    -----
    The axis ends a little above the model's own largest error or the best plain method's, so that a method that runs
    away does not hide the others. Unit: per cent, years. Errors: none. Source: the scores.
    """
    use_chinese_font()
    from matplotlib.figure import Figure  # noqa: PLC0415

    table = score_table(found)
    groups = list(table.groupby(["measure", "stage"], sort=False))
    rows = -(-len(groups) // ACROSS)
    figure = Figure(figsize=(WIDTH + 1.2, HEIGHT * rows + 0.9), dpi=DPI, layout="constrained", facecolor="white")
    grid = figure.subplots(rows, ACROSS, squeeze=False)
    for place, ((measure, stage), part) in zip(grid.ravel(), groups, strict=False):
        _panel(place, part, series_name(str(measure), str(stage), language), language)
    for place in grid.ravel()[len(groups) :]:
        place.set_visible(False)
    for row in range(rows):
        grid[row, 0].set_ylabel(word("histories", "figure_error", language), fontsize=8, color=INK)
    for column in range(min(ACROSS, len(groups))):
        below = max(row for row in range(rows) if row * ACROSS + column < len(groups))
        grid[below, column].set_xlabel(word("histories", "figure_lead", language), fontsize=8, color=INK)
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False, fontsize=8)
    figure.suptitle(word("histories", "figure_title", language, name=found.name), x=0.01, ha="left", fontsize=12)
    return figure


def _panel(axes: Axes, part: DataFrame, title: str, language: Language) -> None:
    top = 0.0
    for method, line in part.groupby("method", sort=False):
        colour, dash, width = STYLES[str(method)]
        leads = line["lead"].to_numpy()
        axes.plot(
            leads, line["mape"].to_numpy(), dash, color=colour, linewidth=width,
            label=word("history_method", str(method), language),
            zorder=3 if method == OURS else 2, marker="o" if len(leads) == 1 else None,
        )  # fmt: skip
        if method == OURS:
            top = max(top, float(line["mape"].max()))
    best = part[part["method"] != OURS].groupby("lead")["mape"].min()
    axes.set_ylim(0, 1.35 * max(top, float(best.max()) if len(best) else top, 0.1))
    axes.set_title(title, loc="left", fontsize=9)
    axes.tick_params(labelsize=7, colors=INK)
    axes.set_xticks(sorted(part["lead"].unique()))
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
