"""A tuning grid as one HTML fragment: sliders and pictures where scripts are run, pictures and a table where not."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from html import escape
from itertools import product
from pathlib import Path

from simvet.controls import Control
from simvet.report.terminal import bound_text, full_name
from simvet.report.tuning_chart import Chart, chart_of, chart_svg
from simvet.report.tuning_grid import Place, Shown, TuningGrid
from simvet.report.web_font import font_address
from simvet.report.wording import Language, band, word
from simvet.scenario import digest_of
from simvet.verdicts import Verdict, standing

FOLDER = Path(__file__).parent
FONTS = '"PingFang SC", "Microsoft YaHei", "Noto Sans SC", "Source Han Sans SC"'
"""Letters of the reader's own machine, asked before those that travel along."""
COLOURS = {"likely": "#005a94", "open": "#8a6d00", "unlikely": "#b34700"}
"""Colours of the screen's board, in the cells themselves: where a page is cleaned, its style sheet goes first."""
STANDINGS = ("likely", "open", "unlikely")


def fragment(grid: TuningGrid, language: Language) -> str:
    """Return the widget as HTML that can stand anywhere in a page.

    Parameters
    ----------
    grid : TuningGrid.
    language : str.

    Returns
    -------
    str; style, words, pictures, table, numbers and script in one element. It asks nobody for anything, and every text
    of data or user is escaped.

    Notes
    -----
    Unit: printed with each number. Errors: none. Source: the grid.
    """
    charts = _charts(grid, language)
    body = _heading(grid, language) + _still(grid, charts, language) + _tables(grid, language)
    packed = json.dumps(_payload(grid, charts, language), ensure_ascii=False, separators=(",", ":"))
    # Nothing inside may end the script element or begin a comment there.
    packed = packed.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    name = f"simvet {digest_of([packed])[:8]}"
    address = font_address(body + packed)
    face = f'@font-face {{ font-family: "{name}"; src: url({address}) format("woff"); }}\n' if address else ""
    style = face + (FOLDER / "tuning.css").read_text(encoding="utf-8")
    script = (FOLDER / "tuning.js").read_text(encoding="utf-8")
    # One, two or four pictures stand in pairs, so that no row is left with a single one.
    abreast = 2 if len(charts) in (1, 2, 4) else 3
    return (
        f'<div class="simvet-tuning" lang="{"zh-CN" if language == "zh" else "en"}" '
        f"style='--most: {abreast}; font-family: {FONTS}, \"{name}\", sans-serif'>\n<style>\n{style}</style>\n{body}\n"
        f'<script type="application/json">{packed}</script>\n<script>\n{script}</script>\n</div>'
    )


def page(grid: TuningGrid, language: Language) -> str:
    """Return the widget as a page of its own, which forbids itself to call anybody.

    Notes
    -----
    Shape and unit: as :func:`fragment`. Errors: none. Source: the grid.
    """
    title = escape(word("tuning", "title", language, scenario=grid.scenario.labels[language]))
    policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; font-src data:"
    return (
        f'<!doctype html>\n<html lang="{"zh-CN" if language == "zh" else "en"}">\n<head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}"><title>{title}</title></head>\n'
        f"<body>\n{fragment(grid, language)}\n</body>\n</html>\n"
    )


def percent_text(verdict: Verdict) -> str:
    """Return a probability as the board writes it; unit: per cent; errors: none; source: the verdict."""
    return f"{verdict.probability * 100:.0f}%"


def stop_text(control: Control, value: float, language: Language) -> str:
    """Return where a lever stands, as its reader expects it; unit: said; errors: none; source: the control."""
    if value == control.neutral:
        return word("tuning", "unmoved", language)
    if control.operation == "multiply":
        return f"{(value - 1.0) * 100:+.0f}%"
    if control.unit == "share" and control.operation == "add":
        return word("text", "points", language, value=f"{value * 100:+.1f}")
    if control.unit == "share":
        return f"{value * 100:.1f}%"
    if control.step >= 1.0:
        return f"{value:+.0f}"
    return f"{value:+.2f}" if control.operation == "add" else f"{value:.2f}"


def _stops(grid: TuningGrid, language: Language) -> list[list[str]]:
    """Return the stops of each lever in words; one that is left alone says where it stands."""
    return [
        [
            stop_text(control, value, language) if value is not None
            else word("tuning", "unmoved_at", language, value=stop_text(control, standing_at, language))
            for value in scale
        ]
        for control, scale, standing_at in zip(grid.controls, grid.stops, grid.standing, strict=True)
    ]  # fmt: skip


def _when(grid: TuningGrid, control: Control, language: Language) -> str:
    key = "once" if control.once else "from"
    return word("tuning", key, language, start=grid.start, owner=word("owner", control.owner, language))


def _names(grid: TuningGrid, language: Language) -> list[str]:
    shown = [one.verdict for one in grid.shown[grid.rest]]
    told = [(v.target.labels[language], v.target.stage, v.reading) for v in shown]
    return [full_name(v.target, v.reading, language, told.count(t) > 1) for v, t in zip(shown, told, strict=True)]


def _bound(verdict: Verdict, language: Language) -> str:
    return word("text", "bound_cell", language, bound=bound_text(verdict, language), year=verdict.target.year)


def _expected(v: Verdict, language: Language) -> str:
    told = band(v.median, v.low, v.high, v.unit, language)
    return word("tuning", "expected", language, year=v.target.year, band=told)


def _charts(grid: TuningGrid, language: Language) -> list[Chart]:
    return [
        chart_of(one.verdict, [shown[n].band for shown in grid.shown.values()], grid.years, language)
        for n, one in enumerate(grid.shown[grid.rest])
    ]


def _heading(grid: TuningGrid, language: Language) -> str:
    title = word("tuning", "title", language, scenario=grid.scenario.labels[language])
    facts = {"runs": len(grid.shown), "draws": grid.draws, "seed": grid.seed}
    return (
        f'<p class="title">{escape(title)}</p>\n<p class="faint">{escape(word("tuning", "note", language, **facts))}'
        f'</p>\n<div class="live"></div>\n<p class="faint still">{escape(word("tuning", "still", language))}</p>\n'
        f'<p class="faint">{escape(word("tuning", "legend", language))}</p>\n'
    )


def _still(grid: TuningGrid, charts: Sequence[Chart], language: Language) -> str:
    """Return the pictures with no lever moved, as images: a cleaned page keeps or drops them whole."""
    parts = []
    for chart, one, name in zip(charts, grid.shown[grid.rest], _names(grid, language), strict=True):
        percent, expected = percent_text(one.verdict), _expected(one.verdict, language)
        svg = base64.b64encode(chart_svg(chart, one.verdict, one.band, one.band).encode()).decode()
        told = word("tuning", "picture", language, name=name, percent=percent, expected=expected)
        parts.append(
            f'<div class="card"><div class="name">{escape(name)}<small>{escape(_bound(one.verdict, language))}</small>'
            f'</div><div><b class="percent {standing(one.verdict.probability)}">{percent}</b> '
            f"<small>{escape(_standing(one.verdict, language))}</small></div><div>{escape(expected)}</div>"
            f"<small>{escape(word('tuning', 'unit', language, unit=chart.unit))}</small>"
            f'<img alt="{escape(told)}" src="data:image/svg+xml;base64,{svg}"></div>'
        )
    return f'<div class="still"><div class="cards">{"".join(parts)}</div></div>\n'


def _standing(v: Verdict, language: Language) -> str:
    return f"±{v.error * 100:.0f} · {word('tuning', f'standing_{standing(v.probability)}', language)}"


def _tables(grid: TuningGrid, language: Language) -> str:
    """Return the probabilities at every stop: a table for each target, or one for all where one lever is moved."""
    names, tables = _names(grid, language), []
    stops = _stops(grid, language)
    axes = [
        word("tuning", key, language, lever=control.labels[language], when=_when(grid, control, language))
        for key, control in zip(("rows", "columns"), grid.controls, strict=False)
    ]
    if len(grid.controls) == 1:
        cells = [[_cell(grid, (n,), target) for target in range(len(names))] for n in range(len(stops[0]))]
        tables.append(_table(axes[0], stops[0], names, cells))
    else:
        for target, name in enumerate(names):
            cells = [[_cell(grid, (i, j), target) for j in range(len(stops[1]))] for i in range(len(stops[0]))]
            bound = _bound(grid.shown[grid.rest][target].verdict, language)
            tables.append(_table(f"{name} · {bound}", stops[0], stops[1], cells))
    keys = " ".join(
        f'<span style="color:#fff;background:{COLOURS[s]}">&nbsp;{escape(word("tuning", f"key_{s}", language))}&nbsp;'
        f"</span>"
        for s in STANDINGS
    )
    where = "" if len(axes) == 1 else f'<p class="faint">{"<br>".join(map(escape, axes))}</p>'
    return (
        f"<details open><summary>{escape(word('tuning', 'all_stops', language))}</summary>\n<p>{keys}</p>{where}\n"
        f'<div class="tables">{"".join(tables)}</div></details>'
    )


def _cell(grid: TuningGrid, place: Place, target: int) -> str:
    verdict = grid.shown[place][target].verdict
    number = list(grid.shown).index(place)
    colour = COLOURS[standing(verdict.probability)]
    return f'<td data-place="{number}" style="color:#fff;background:{colour}">{percent_text(verdict)}</td>'


def _table(caption: str, rows: Sequence[str], columns: Sequence[str], cells: Sequence[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in columns)
    lines = "".join(
        f'<tr><th scope="row">{escape(row)}</th>{"".join(line)}</tr>' for row, line in zip(rows, cells, strict=True)
    )
    return (
        f'<div class="scroll"><table><caption>{escape(caption)}</caption><thead><tr><td></td>{head}</tr></thead>'
        f"<tbody>{lines}</tbody></table></div>\n"
    )


def _payload(grid: TuningGrid, charts: Sequence[Chart], language: Language) -> dict[str, object]:
    """Return everything that the script shows, in words and pixels: it computes nothing."""
    rest = grid.shown[grid.rest]
    return {
        "words": {key: word("tuning", key, language) for key in ("levers", "reset")},
        "levers": [
            {"name": c.name, "label": c.labels[language], "when": _when(grid, c, language), "rest": place,
             "stops": stops}
            for c, stops, place in zip(grid.controls, _stops(grid, language), grid.rest, strict=True)
        ],
        "x": [round(charts[0].x(year), 1) for year in grid.years],
        "targets": [
            {"key": f"{one.verdict.reading}/{one.verdict.target.stage}", "name": name,
             "bound": _bound(one.verdict, language), "unit": word("tuning", "unit", language, unit=chart.unit),
             "svg": chart_svg(chart, one.verdict, one.band, one.band)}
            for chart, one, name in zip(charts, rest, _names(grid, language), strict=True)
        ],
        "places": [
            [_entry(chart, one, before, language)
             for chart, one, before in zip(charts, grid.shown[place], rest, strict=True)]
            for place in product(*(range(len(scale)) for scale in grid.stops))
        ],
    }  # fmt: skip


def _entry(chart: Chart, one: Shown, before: Shown, language: Language) -> list[object]:
    change = one.verdict.probability - before.verdict.probability
    moved = f"{'▲' if change > 0 else '▼'}{abs(change) * 100:.0f}" if abs(change) >= 0.005 else ""
    return [
        percent_text(one.verdict), round(one.verdict.probability * 100), standing(one.verdict.probability),
        _standing(one.verdict, language), moved, _expected(one.verdict, language),
        *(chart.heights(row) for row in one.band),
    ]  # fmt: skip
