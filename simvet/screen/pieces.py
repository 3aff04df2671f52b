"""Small things that several pages draw: a table in HTML that reads well on a telephone, and plain line charts."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import pandas as pd

from simvet.screen.settings import FONT

COLOURS = ("#005A94", "#B34700", "#00755A", "#7A3F6B", "#8A6D00", "#4D4D4D")
"""Okabe & Ito, darkened as in look.css; lines differ in dashes and marks too, so that nobody needs the colours."""
DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [4, 4], [1, 3])
MARKS = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down")
LIKELY_COLOUR = "#1A1A1A"

LABELS = """<style>
@media (max-width: 640px) {
  table.board td[data-label]::before { content: attr(data-label) "  "; color: #4d4d4d; }
}
</style>"""
"""On a telephone the heads of a table are out of sight: every cell then says its own."""
FACT_WIDTH = "30%"
"""A table without heads pairs a name with a fact, which needs the room."""


def html_table(
    caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]], part: str = "", first: str = ""
) -> str:
    """Return a table in the screen's look.

    Parameters
    ----------
    caption : str.
    heads : sequence of str; empty for a table that pairs names with facts.
    rows : sequence of sequence of str; the first cell heads its row.
    part : str; by which tests find the table.
    first : str; width of the first column, as CSS has it.

    Returns
    -------
    str, HTML; every text is escaped.

    Notes
    -----
    Unit: in the cells. Errors: none. Source: the cells.
    """
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    labels = [f' data-label="{escape(text)}"' for text in heads] or ["", ""]
    body = ""
    for row in rows:
        cells = "".join(f"<td{label}>{escape(cell)}</td>" for cell, label in zip(row[1:], labels[1:], strict=True))
        body += f'<tr><th scope="row">{escape(row[0])}</th>{cells}</tr>'
    width = first or ("" if heads else FACT_WIDTH)
    top = f'<colgroup><col style="width:{escape(width)}"></colgroup>' if width else ""
    top += f"<thead><tr>{head}</tr></thead>" if heads else ""
    return (
        f'<table class="board" data-part="{escape(part)}"><caption>{escape(caption)}</caption>{top}'
        f"<tbody>{body}</tbody></table>"
    )


def line_spec(
    data: pd.DataFrame, titles: tuple[str, str], order: Sequence[str] = (), whole: bool = True, from_zero: bool = True
) -> Any:
    """Return a line chart for Vega-Lite.

    Parameters
    ----------
    data : DataFrame; columns x, y and, where there are several lines, line. It is put into the spec, so that the chart
        is whole from the first.
    titles : (str, str); of both axes.
    order : sequence of str; names of the lines in the order of their colours, empty where there is one.
    whole : bool; x is a year, written without separators.
    from_zero : bool; the axis of y, a share shown in per cent, begins at zero.

    Returns
    -------
    dict.

    Notes
    -----
    Unit: as the columns. Errors: none. Source: Vega-Lite 6.
    """
    across, up = titles
    years: dict[str, Any] = {"format": "d"} if whole else {}
    encoding: dict[str, Any] = {
        "x": {"field": "x", "type": "quantitative", "title": across, "scale": {"zero": False, "nice": False},
              "axis": {"grid": False, **({**years, "tickMinStep": 1} if whole else {})}},
        "y": {"field": "y", "type": "quantitative", "title": up, "axis": {"format": "%"}, "scale": {"zero": from_zero}},
        "tooltip": [
            *([{"field": "line", "type": "nominal", "title": " "}] if order else []),
            {"field": "x", "type": "quantitative", "title": across, **years},
            {"field": "y", "type": "quantitative", "title": up, "format": ".1%"},
        ],
    }  # fmt: skip
    for channel, span in (("color", COLOURS), ("strokeDash", DASHES), ("shape", MARKS)) if order else ():
        encoding[channel] = {
            "field": "line", "type": "nominal", "title": None, "scale": {"domain": list(order), "range": list(span)},
            "legend": {"orient": "bottom", "columns": 2, "labelLimit": 260},
        }  # fmt: skip
    mark: dict[str, Any] = {"type": "line", "point": {"size": 34, "filled": True}, "strokeWidth": 2}
    if not order:
        mark["color"] = COLOURS[0]
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json", "width": "container",
        "height": 330 if order else 260, "data": {"values": data.to_dict("records")},
        "layer": [{"mark": mark, "encoding": encoding}],
        "config": {"font": FONT, "axis": {"labelFontSize": 12, "titleFontSize": 12}, "legend": {"labelFontSize": 12}},
    }  # fmt: skip


def with_level(spec: Any, level: float) -> Any:
    """Return a chart with a dashed line across at a level; unit: that of its y; errors: none; source: the chart."""
    rule = {
        "data": {"values": [{"y": level}]},
        "mark": {"type": "rule", "strokeDash": [4, 3], "color": LIKELY_COLOUR},
        "encoding": {"y": {"field": "y", "type": "quantitative"}},
    }
    return {**spec, "layer": [*spec["layer"], rule]}
