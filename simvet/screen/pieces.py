"""Small things that several pages draw: a table in HTML that reads well on a telephone, and plain line charts."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from simvet.screen.settings import FONT

COLOURS = ("#005A94", "#B34700", "#00755A", "#7A3F6B", "#8A6D00", "#4D4D4D")
"""Okabe & Ito, darkened as in look.css; lines differ in dashes and marks too, so that nobody needs the colours."""
DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [4, 4], [1, 3])
MARKS = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down")
LIKELY_COLOUR = "#1A1A1A"

FACT_WIDTHS = '<colgroup><col style="width:30%"><col></colgroup>'
"""A table without heads pairs a name with a fact, which needs the room."""


def html_table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]], part: str = "") -> str:
    """Return a table in the screen's look; unit: in its cells; errors: none; source: the cells, every one escaped."""
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    body = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in row[1:])}</tr>'
        for row in rows
    )
    top = f"<thead><tr>{head}</tr></thead>" if heads else FACT_WIDTHS
    return (
        f'<table class="board" data-part="{escape(part)}"><caption>{escape(caption)}</caption>{top}'
        f"<tbody>{body}</tbody></table>"
    )


def line_spec(x: str, y: str, series: str, order: Sequence[str], share: bool = True, whole: bool = True) -> Any:
    """Return a line chart for Vega-Lite.

    Parameters
    ----------
    x, y, series : str; columns of the data, which are the titles of the axes and of the legend too; ``series`` may be
        "" where there is one line.
    order : sequence of str; names of the lines in the order of their colours.
    share : bool; ``y`` is a share, shown in per cent from 0.
    whole : bool; ``x`` is a year, written without separators.

    Returns
    -------
    dict.

    Notes
    -----
    Unit: as the columns. Errors: none. Source: Vega-Lite 5.
    """
    encoding: dict[str, Any] = {
        "x": {"field": x, "type": "quantitative", "title": x, "scale": {"zero": False, "nice": False},
              "axis": {"format": "d", "tickMinStep": 1, "grid": False} if whole else {"grid": False}},
        "y": {"field": y, "type": "quantitative", "title": y, "axis": {"format": "%"} if share else {},
              "scale": {"zero": True}},
        "tooltip": [
            *([{"field": series, "type": "nominal"}] if series else []),
            {"field": x, "type": "quantitative", **({"format": "d"} if whole else {})},
            {"field": y, "type": "quantitative", "format": ".1%" if share else ",.1f"},
        ],
    }  # fmt: skip
    if series:
        names = list(order)
        for channel, span in (("color", COLOURS), ("strokeDash", DASHES), ("shape", MARKS)):
            encoding[channel] = {
                "field": series, "type": "nominal", "title": None, "scale": {"domain": names, "range": list(span)},
                "legend": {"orient": "bottom", "columns": 2, "labelLimit": 260},
            }  # fmt: skip
    mark = {"type": "line", "point": {"size": 34, "filled": True}, "strokeWidth": 2}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json", "height": 240, "width": "container",
        "layer": [{"mark": mark if series else {**mark, "color": COLOURS[0]}, "encoding": encoding}],
        "config": {"font": FONT, "axis": {"labelFontSize": 12, "titleFontSize": 12}, "legend": {"labelFontSize": 12}},
    }  # fmt: skip


def with_level(spec: Any, level: float, y: str) -> Any:
    """Return a chart with a dashed line across at a level; unit: that of its y; errors: none; source: the chart."""
    rule = {
        "data": {"values": [{y: level}]},
        "mark": {"type": "rule", "strokeDash": [4, 3], "color": LIKELY_COLOUR},
        "encoding": {"y": {"field": y, "type": "quantitative"}},
    }
    return {**spec, "layer": [*spec["layer"], rule]}
