"""What every chart of the screen shares: colours, font, axes in the reader's units, and tables for a phone too."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from simvet.report.canvas import INK, MARK
from simvet.report.wording import Language, number, word
from simvet.screen.settings import FONT

Rows = list[dict[str, Any]]
Spec = dict[str, Any]

LINES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#8A6D00")
"""Okabe & Ito (2008), their yellow darkened until a thin line of it is seen on white."""
DASHES: tuple[list[int], ...] = ([1, 0], [7, 3], [2, 2], [8, 3, 2, 3], [4, 4])
"""Each series has a dash of its own, so that none is told by colour alone."""
LETTERS = f"{FONT}, sans-serif"
CONFIG: Spec = {
    "font": LETTERS,
    "background": "white",
    "view": {"stroke": None},
    "axis": {
        "labelColor": INK, "titleColor": INK, "labelFontSize": 11, "titleFontSize": 11, "titleFontWeight": "normal",
        "gridColor": "#E3E8EC", "domainColor": "#8795A1", "tickColor": "#8795A1",
    },
    "legend": {
        "orient": "top", "labelColor": MARK, "labelFontSize": 12, "labelLimit": 300, "title": None, "symbolSize": 300,
        "symbolStrokeWidth": 2.5, "symbolType": "stroke", "columns": 2, "rowPadding": 2,
        "offset": 26,
    },
}  # fmt: skip
"""Vega's configuration, the same for all; letters of eleven pixels are still read on a phone."""
STYLE = """<style>
table.facts { border-collapse: collapse; width: 100%; font-size: 0.84rem; line-height: 1.35; color: #1a1a1a; }
table.facts caption { text-align: left; color: #4d4d4d; font-size: 0.8rem; padding-bottom: 0.3rem; caption-side: top; }
table.facts th, table.facts td { text-align: left; padding: 0.28rem 0.45rem; vertical-align: top; }
table.facts th, table.facts td { border-bottom: 1px solid #d9dee3; }
table.facts thead th { font-weight: 600; border-bottom: 2px solid #8795a1; }
table.facts tbody th { font-weight: 600; }
table.facts small { display: block; color: #4d4d4d; font-weight: 400; font-size: 0.76rem; }
table.facts td small { white-space: nowrap; }
table.facts .late { color: #b34700; font-weight: 700; }
table.facts .swatch { display: inline-block; width: 1rem; height: 0.8rem; margin-right: 0.35rem; }
table.facts .swatch { border: 1px solid #4d4d4d; }
h4.part { margin: 0.6rem 0 0; padding: 0; }
@media (max-width: 640px) {
  table.facts thead { position: absolute; left: -9999px; }
  table.facts caption { display: block; }
  table.facts td small { display: inline; margin-left: 0.4rem; }
  table.facts, table.facts tbody, table.facts tr, table.facts td, table.facts tbody th { display: block; width: auto; }
  table.facts tr { border: 1px solid #d9dee3; border-radius: 6px; margin-bottom: 0.5rem; padding: 0.2rem; }
  table.facts th, table.facts td { border-bottom: none; padding: 0.1rem 0.4rem; }
  table.facts td::before { content: attr(data-label); display: inline-block; min-width: 7.5rem; color: #4d4d4d; }
  table.facts td::before { margin-right: 0.5rem; }
}
</style>"""
"""Look of the tables beside charts: on a phone every row becomes a card, and each cell says its column."""


@dataclass(frozen=True)
class Drawn:
    """A chart that is ready to be shown.

    Notes
    -----
    Shape: ``rows`` are its data, empty where the spec holds them; ``spec`` is JSON; ``alt`` says in a sentence or two
    what it shows. Unit: in each text. Errors: none. Source: a view.
    """

    rows: Rows
    spec: Spec
    alt: str


@dataclass(frozen=True)
class Cell:
    """A cell of a table: a text, a smaller one below it, a class of the style, a colour before it; source: a page."""

    text: str
    small: str = ""
    css: str = ""
    colour: str = ""


def told(value: float, unit: str, language: Language) -> str:
    """Return a number with its unit, 万 and per cent as the reader expects; errors: none; source: ``number``."""
    text = number(value, unit, language)
    if not math.isfinite(value) or text.endswith(("%", word("text", "yi_yuan", "zh"), "CNY")):
        return text
    name = word("unit", unit, language)
    return f"{text}{name}" if text.endswith(word("text", "wan", "zh")) else f"{text} {name}"


def told_band(median: float, low: float, high: float, unit: str, language: Language) -> str:
    """Return a median with its central 80 %, units and all; errors: none; source: ``told``."""
    return word(
        "screen", "chart_band", language, median=told(median, unit, language), low=told(low, unit, language),
        high=told(high, unit, language),
    )  # fmt: skip


def year_channel(years: Sequence[int], language: Language) -> Spec:
    """Return a horizontal channel of school years, every year a tick and as many labels as there is room for."""
    return {
        "field": "year",
        "type": "quantitative",
        "scale": {"domain": [years[0] - 0.3, years[-1] + 0.3], "nice": False, "zero": False},
        "axis": {
            "values": list(years), "format": "d", "labelOverlap": "greedy", "labelSeparation": 6, "grid": False,
            "title": word("text", "axis_school_year", language),
        },
    }  # fmt: skip


def value_axis(title: str) -> Spec:
    """Return a vertical axis with its unit written flat above it; unit: ``title``; errors: none; source: usage."""
    return {
        "title": title, "titleAngle": 0, "titleAlign": "left", "titleAnchor": "start", "titleBaseline": "bottom",
        "titleX": -34, "titleY": -8, "tickCount": 5, "domain": False, "ticks": False,
    }  # fmt: skip


def standing(height: int, layers: list[Spec]) -> Spec:
    """Return a spec of layers of a fixed height, as wide as the page; unit: pixels; errors: none; source: CONFIG."""
    return {
        "height": height, "config": CONFIG, "autosize": {"type": "fit", "contains": "padding", "resize": True},
        "layer": layers,
    }  # fmt: skip


def only(kind: str) -> list[Spec]:
    """Return a transform that keeps the rows of one kind; unit, errors: none; source: the rows."""
    return [{"filter": f"datum.kind == '{kind}'"}]


def cleared(layer: Spec) -> list[Spec]:
    """Return a text layer with a white edge below it, so that it is read across lines; source: cartography."""
    edge = {**layer["mark"], "stroke": "white", "strokeWidth": 4, "strokeJoin": "round", "color": "white"}
    shown = {key: channel for key, channel in layer["encoding"].items() if key not in ("color", "tooltip")}
    return [{**layer, "mark": edge, "encoding": shown}, layer]


def facts_table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    """Return a table as HTML, the first cell of each row being its heading.

    Parameters
    ----------
    caption : str.
    heads : sequence of str; one a column.
    rows : sequence of sequences of Cell.

    Returns
    -------
    str, HTML; every text is escaped.

    Notes
    -----
    Unit: in each text. Errors: ValueError where a row has another length than the heads. Source: a page.
    """
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    body = ""
    for row in rows:
        cells = [
            _cell(cell, label, first=not place) for place, (cell, label) in enumerate(zip(row, heads, strict=True))
        ]
        body += f"<tr>{''.join(cells)}</tr>"
    return (
        f'<table class="facts"><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table>"
    )


def _cell(cell: Cell, label: str, first: bool) -> str:
    small = f"<small>{escape(cell.small)}</small>" if cell.small else ""
    swatch = f'<span class="swatch" style="background:{cell.colour}"></span>' if cell.colour else ""
    css = f' class="{cell.css}"' if cell.css else ""
    inside = f"{swatch}{escape(cell.text)}{small}"
    if first:
        return f'<th scope="row"{css}>{inside}</th>'
    return f'<td data-label="{escape(label)}"{css}>{inside}</td>'


def luminance(colour: str) -> float:
    """Return how light a colour is, 0 to 1; errors: ValueError; source: WCAG 2.2, relative luminance."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def ink_on(colour: str) -> str:
    """Return the ink that is read best on a colour, black or white; unit, errors: none; source: WCAG 2.2."""
    # Pure black and white: one of the two always keeps 4.5 : 1, which a softer black does not.
    light = luminance(colour)
    return "#000000" if (light + 0.05) / 0.05 >= 1.05 / (light + 0.05) else "#FFFFFF"


def faded(colour: str, share: float) -> str:
    """Return a colour mixed with white, the more of it the larger the share; errors: ValueError; source: none."""
    parts = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    return "#" + "".join(f"{round(255 - (255 - part) * share):02X}" for part in parts)


def joined(names: Sequence[str], language: Language) -> str:
    """Return names as a list in the reader's language; unit, errors: none; source: usage."""
    return word("text", "list_separator", language).join(names)


def clauses(parts: Sequence[str], language: Language) -> str:
    """Return clauses one after the other; unit, errors: none; source: usage."""
    return word("text", "clause_separator", language).join(parts)


def named(key: str, labels: Mapping[str, str], language: Language) -> str:
    """Return a label of the data, the key where it has none; unit, errors: none; source: the data."""
    return labels.get(language, key)
