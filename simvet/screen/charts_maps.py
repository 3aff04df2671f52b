"""Charts that are not lines: who goes where, what binds where, and when projects open."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

from simvet.planning.views import Bar, Bind, Flow
from simvet.report.canvas import INK, MARK
from simvet.report.why_figures import PALETTE
from simvet.report.wording import Language, number, word
from simvet.screen.charts_base import (
    LETTERS,
    LINES,
    Drawn,
    Rows,
    Spec,
    clauses,
    cleared,
    faded,
    ink_on,
    joined,
    named,
    only,
    standing,
    told,
    told_band,
)

POOLS = ("senior_secondary", "vocational_exam", "general_exam", "topup", "transfer_selection")
"""Gates in the order in which their pools stand on the left."""
DESTINATIONS: Mapping[str, tuple[str, ...]] = {
    "general": ("general_high/regular",),
    "vocational_regular": ("secondary_vocational/regular",),
    "vocational_integrated": ("secondary_vocational/integrated_higher", "secondary_vocational/integrated_bachelor"),
    "higher": ("higher_vocational/regular", "higher_vocational/integrated"),
    "vocational_bachelor": (
        "vocational_bachelor/regular", "vocational_bachelor/topup", "vocational_bachelor/integrated",
    ),
    "bachelor": ("bachelor/regular", "bachelor/topup", "bachelor/integrated"),
    "elsewhere": ("elsewhere",),
    "declined": ("declined",),
    "unplaced": ("unplaced",),
}  # fmt: skip
"""What stands on the right, in order, and the options that go there."""
AUTUMN = 8 / 12
"""Share of a calendar year that is over on 1 September, when a school year begins."""
SURE = 0.95
"""Share of draws from which on a limit is named without its share."""


def option_name(option: str, language: Language) -> str:
    """Return the name of an option of a gate; unit: none; errors: none; source: the catalogue."""
    return word("screen", f"chart_option_{option.replace('/', '_')}", language)


def destination_of(option: str) -> str:
    """Return the place on the right to which an option goes; errors: KeyError for a new option; source: the table."""
    return next(key for key, options in DESTINATIONS.items() if option in options)


def pools_of(flows: Sequence[Flow]) -> dict[str, float]:
    """Return how many stand before each gate: the sum of where they go; unit: persons/year; source: the flows."""
    sums = {gate: sum(flow.persons for flow in flows if flow.gate == gate) for gate in POOLS}
    return {gate: total for gate, total in sums.items() if total > 0.0}


def sankey(flows: Sequence[Flow], year: int, language: Language) -> Drawn:
    """Return where the leavers of every pool go in a year.

    Parameters
    ----------
    flows : sequence of Flow; of that year.
    year : int.
    language : str.

    Returns
    -------
    Drawn; ``rows`` are the links, one for each pool and destination, for the table below the chart.

    Notes
    -----
    Unit: persons/year, means over the draws, so that the flows of a pool add up to it. Errors: none. Source: ``flows``.
    """
    pools = pools_of(flows)
    rows = _links(flows, pools, language)
    arrived: dict[str, float] = {}
    for row in rows:
        arrived[row["to"]] = arrived.get(row["to"], 0.0) + row["value"]
    nodes: list[Spec] = []
    for place, (gate, total) in enumerate(pools.items()):
        nodes.append(_node(word("screen", f"chart_pool_{gate}", language), total, 0, LINES[place], language))
    for key in DESTINATIONS:
        name = word("screen", f"chart_to_{key}", language)
        if name in arrived:
            nodes.append(_node(name, arrived[name], 1, INK, language))
    shares = [word("screen", "chart_alt_flow", language, pool=word("screen", f"chart_pool_{gate}", language),
                   total=told(total, "persons", language), **_largest(rows, gate))
              for gate, total in pools.items()]  # fmt: skip
    alt = word("screen", "chart_alt_sankey", language, year=year, flows=clauses(shares, language))
    return Drawn(rows, _sankey_spec(nodes, rows), alt)


def _links(flows: Sequence[Flow], pools: Mapping[str, float], language: Language) -> Rows:
    rows: Rows = []
    for gate, total in pools.items():
        for key, options in DESTINATIONS.items():
            mine = [flow for flow in flows if flow.gate == gate and flow.option in options]
            if not mine:
                continue
            value = sum(flow.persons for flow in mine)
            # Bands of several options cannot be added up; one option keeps its own.
            band = told_band(value, mine[0].low, mine[0].high, "persons", language) if len(mine) == 1 else ""
            rows.append({
                "gate": gate, "from": word("screen", f"chart_pool_{gate}", language), "share": value / total,
                "to": word("screen", f"chart_to_{key}", language), "value": value,
                "persons": told(value, "persons", language), "band": band,
                "told": word("screen", "chart_of_pool", language, share=number(value / total, "share", language)),
            })  # fmt: skip
    return rows


def _largest(rows: Rows, gate: str) -> dict[str, str]:
    most = max((row for row in rows if row["gate"] == gate), key=lambda row: float(row["value"]))
    return {"to": most["to"], "share": f"{most['share'] * 100:.0f}%"}


def _node(name: str, total: float, depth: int, colour: str, language: Language) -> Spec:
    gap = "\n" if depth == 0 else " "
    persons = told(total, "persons", language)
    return {
        "name": name, "depth": depth, "itemStyle": {"color": colour},
        "label": {"position": "left" if depth else "right", "formatter": f"{name}{gap}{persons}"},
        "tooltip": {"formatter": escape(f"{name} {persons}")},
    }  # fmt: skip


def _sankey_spec(nodes: list[Spec], rows: Rows) -> Spec:
    links = [
        {"source": row["from"], "target": row["to"], "value": round(row["value"], 3),
         "tooltip": {"formatter": f"{escape(row['from'])} → {escape(row['to'])}<br>{escape(row['persons'])} · "
                                  f"{escape(row['told'])}"}}
        for row in rows
    ]  # fmt: skip
    return {
        "textStyle": {"fontFamily": LETTERS},
        "tooltip": {"trigger": "item", "confine": True, "textStyle": {"fontFamily": LETTERS, "fontSize": 13}},
        "animation": False,
        "series": [{
            "type": "sankey", "left": 4, "right": 4, "top": 8, "bottom": 8, "nodeWidth": 14, "nodeGap": 18,
            "layoutIterations": 0, "draggable": False, "emphasis": {"focus": "adjacency"},
            "label": {"fontFamily": LETTERS, "fontSize": 12, "color": MARK, "lineHeight": 15,
                      "textBorderColor": "#FFFFFF", "textBorderWidth": 3},
            "lineStyle": {"color": "source", "opacity": 0.32, "curveness": 0.5},
            "data": nodes, "links": links,
        }],
    }  # fmt: skip


def dominant(found: Sequence[Bind]) -> list[Bind]:
    """Return the limit that binds in most draws, for each stage and year; unit: share; errors: none; source: view."""
    best: dict[tuple[str, int], Bind] = {}
    for one in found:
        held = best.get((one.stage, one.year))
        if held is None or one.share > held.share:
            best[(one.stage, one.year)] = one
    return list(best.values())


def heat(found: Sequence[Bind], language: Language) -> Drawn:
    """Return what sets the seats of each stage, year by year.

    Parameters
    ----------
    found : sequence of Bind.
    language : str.

    Returns
    -------
    Drawn; years run downward and stages across, so that a phone has room for the words.

    Notes
    -----
    Unit: share of draws, written where it is below SURE; the paler, the smaller. Errors: none. Source: ``binding``.
    """
    rows: Rows = []
    tops = dominant(found)
    for one in tops:
        colour = faded(PALETTE[one.limit], 0.3 + 0.55 * max(one.share - 0.2, 0.0) / 0.8)
        short = word("screen", f"chart_limit_{one.limit}", language)
        others = [b for b in found if (b.stage, b.year) == (one.stage, one.year)]
        shares = [f"{word('limit', b.limit, language)} {b.share * 100:.0f}%" for b in sorted(others, key=_falling)]
        rows.append({
            "stage": word("stage", one.stage, language), "year": str(one.year), "limit": one.limit, "colour": colour,
            "ink": ink_on(colour), "text": short if one.share >= SURE else f"{short} {one.share * 100:.0f}%",
            "told": joined(shares, language),
        })  # fmt: skip
    return Drawn(rows, _heat_spec(rows, language), _heat_alt(tops, language))


def _falling(one: Bind) -> float:
    return -one.share


def _heat_alt(tops: Sequence[Bind], language: Language) -> str:
    told_stages = []
    for stage in dict.fromkeys(one.stage for one in tops):
        mine = sorted((one for one in tops if one.stage == stage), key=lambda one: one.year)
        first, last = mine[0], mine[-1]
        told_stages.append(word(
            "screen", "chart_alt_bind", language, stage=word("stage", stage, language), first=first.year,
            limit=word("limit", first.limit, language), share=number(first.share, "share", language), last=last.year,
            later=word("limit", last.limit, language), last_share=number(last.share, "share", language),
        ))  # fmt: skip
    return word("screen", "chart_alt_heat", language, stages=clauses(told_stages, language))


def _heat_spec(rows: Rows, language: Language) -> Spec:
    years = sorted({row["year"] for row in rows})
    # Vega writes the second line of a label below the first: it needs room above the cells.
    lines = max((len(row["stage"].split(" ")) for row in rows), default=1)
    x = {"field": "stage", "type": "nominal", "sort": None,
         "axis": {"orient": "top", "title": None, "labelAngle": 0, "labelExpr": "split(datum.label, ' ')",
                  "labelFontSize": 12, "labelLimit": 130,
                  "labelPadding": 4 + 15 * (lines - 1), "ticks": False, "domain": False}}  # fmt: skip
    y = {"field": "year", "type": "ordinal", "sort": years,
         "axis": {"title": None, "ticks": False, "domain": False, "labelFontSize": 12}}  # fmt: skip
    tip = [{"field": "stage", "title": word("text", "column_stage", language)},
           {"field": "year", "title": word("text", "axis_school_year", language)},
           {"field": "told", "title": word("screen", "chart_share_of_draws", language)}]  # fmt: skip
    layers: list[Spec] = [
        {"mark": {"type": "rect", "stroke": "white", "strokeWidth": 2},
         "encoding": {"x": x, "y": y, "color": {"field": "colour", "type": "nominal", "scale": None}, "tooltip": tip}},
        {"mark": {"type": "text", "fontSize": 11},
         "encoding": {"x": x, "y": y, "text": {"field": "text"}, "tooltip": tip,
                      "color": {"field": "ink", "type": "nominal", "scale": None}}},
    ]  # fmt: skip
    return standing(35 + 15 * lines + 22 * len(years), layers)


def gantt(bars: Sequence[Bar], language: Language) -> Drawn:
    """Return when the units of the projects begin and end.

    Parameters
    ----------
    bars : sequence of Bar.
    language : str.

    Returns
    -------
    Drawn; a line of text for each project, below it one bar a unit, with its number where there are several.

    Notes
    -----
    Unit: calendar years. The rule at which a unit is needed stands at 1 September of that school year. Errors: none.
    Source: the view ``timeline``.
    """
    rows: Rows = []
    names = list(dict.fromkeys(bar.name for bar in bars))
    for name in names:
        mine = [bar for bar in bars if bar.name == name]
        title = named(name, mine[0].labels, language)
        if len(mine) > 1:
            title = word("screen", "chart_project", language, name=title, count=len(mine))
        line = len(rows)
        rows.append({"kind": "title", "line": f"{line:03d}", "label": title})
        rows += [_bar_row(bar, line + place, len(mine) > 1, language) for place, bar in enumerate(mine, start=1)]
    dated = [row for row in rows if row["kind"] == "bar"]
    return Drawn(rows, _gantt_spec(rows, dated, language), _gantt_alt(bars, names, language))


def _bar_row(bar: Bar, line: int, several: bool, language: Language) -> dict[str, object]:
    known = [edge for edge in (*bar.start, *bar.finish) if math.isfinite(edge)]
    late = word("screen", "chart_too_late", language) if bar.too_late else ""
    needed = word("screen", "chart_september", language, year=bar.needed_by) if bar.needed_by else "–"
    latest = f"{bar.latest_start}" if bar.latest_start is not None else "–"
    return {
        "kind": "bar", "line": f"{line:03d}", "number": f"{bar.number}" if several else "", "late": late,
        "start": bar.start[1], "start_low": bar.start[0], "start_high": bar.start[2], "finish": bar.finish[1],
        "finish_low": bar.finish[0], "finish_high": bar.finish[2], "state": "late" if bar.too_late else "fine",
        "left": min(known, default=None), "right": max(known, default=None),
        "need": bar.needed_by + AUTUMN if bar.needed_by is not None else None, "latest": bar.latest_start,
        "span": word("screen", "chart_span", language, start=_year(bar.start), finish=_year(bar.finish)),
        "needed": needed, "latest_text": latest,
    }  # fmt: skip


def _year(three: tuple[float, float, float]) -> str:
    """Return a calendar year with its band, in tenths; unit: calendar years; errors: none; source: the bar."""
    if not math.isfinite(three[1]):
        return "–"
    return f"{three[1]:.1f} ({three[0]:.1f}–{three[2]:.1f})"


def _gantt_alt(bars: Sequence[Bar], names: Sequence[str], language: Language) -> str:
    finishes = [bar.finish[1] for bar in bars if math.isfinite(bar.finish[1])]
    return word(
        "screen", "chart_alt_gantt", language, projects=len(names), units=len(bars),
        late=sum(bar.too_late for bar in bars), first=f"{min(finishes, default=0.0):.0f}",
        last=f"{max(finishes, default=0.0):.0f}",
    )  # fmt: skip


def _gantt_spec(rows: Rows, dated: Rows, language: Language) -> Spec:
    edges = [float(row[key]) for row in dated for key in ("left", "right", "need", "latest") if row[key] is not None]
    low, high = math.floor(min(edges, default=0.0)), math.ceil(max(edges, default=1.0))
    domain = [low - 0.6, high + 1.2]
    y = {"field": "line", "type": "ordinal", "axis": None, "scale": {"domain": [row["line"] for row in rows]}}
    x = {"field": "start", "type": "quantitative", "scale": {"domain": domain, "nice": False, "zero": False},
         "axis": {"format": "d", "values": list(range(low, high + 1)), "labelOverlap": "greedy", "labelSeparation": 6,
                  "title": word("screen", "chart_calendar_year", language)}}  # fmt: skip
    tip = [{"field": "number", "title": word("screen", "chart_unit_number", language)},
           {"field": "span", "title": word("screen", "chart_start_finish", language)},
           {"field": "needed", "title": word("screen", "chart_needed", language)},
           {"field": "latest_text", "title": word("screen", "chart_latest", language)}]  # fmt: skip
    state = {"field": "state", "type": "nominal", "legend": None,
             "scale": {"domain": ["fine", "late"], "range": ["#56B4E9", "#D55E00"]}}  # fmt: skip

    def span(begin: str, end: str, mark: Spec, **more: Spec) -> Spec:
        return {"transform": only("bar"), "mark": mark,
                "encoding": {"y": y, "x": {**x, "field": begin}, "x2": {"field": end}, "tooltip": tip,
                             **more}}  # fmt: skip

    def text(field: str, at: str, kind: str, mark: Spec) -> list[Spec]:
        where = {"value": 4} if kind == "title" else {**x, "field": at}
        return cleared({"transform": only(kind), "mark": {"type": "text", "fontSize": 12, "color": MARK, **mark},
                        "encoding": {"y": y, "x": where, "text": {"field": field}}})  # fmt: skip

    step = 18 if len(rows) > 12 else 26
    layers: list[Spec] = [
        span("start", "finish", {"type": "bar", "height": {"band": 0.55}}, color=state),
        span("start_low", "start_high", {"type": "rule", "color": INK, "strokeWidth": 1.4}),
        span("finish_low", "finish_high", {"type": "rule", "color": INK, "strokeWidth": 1.4}),
        {"transform": only("bar"), "mark": {"type": "tick", "color": MARK, "thickness": 3, "height": {"band": 1.0}},
         "encoding": {"y": y, "x": {**x, "field": "need"}, "tooltip": tip}},
        {"transform": only("bar"),
         "mark": {"type": "point", "shape": "triangle-right", "filled": True, "size": 60, "color": LINES[4],
                  "opacity": 1},
         "encoding": {"y": y, "x": {**x, "field": "latest"}, "tooltip": tip}},
        *text("label", "", "title", {"align": "left", "fontWeight": "bold"}),
        *text("number", "left", "bar", {"align": "right", "dx": -5, "fontSize": 11, "color": INK}),
        *text("late", "right", "bar", {"align": "left", "dx": 6, "fontWeight": "bold", "color": "#B34700"}),
    ]  # fmt: skip
    return standing(40 + step * len(rows), layers)
