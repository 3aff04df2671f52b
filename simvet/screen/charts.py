"""Charts over the years, and all others by name: from views to data and specs; nothing here draws."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simvet.planning.views import CutOff, Fan
from simvet.report.canvas import INK, MARK, axis_unit, colon
from simvet.report.wording import Language, word
from simvet.scenario import Target
from simvet.screen.charts_base import (
    DASHES,
    LINES,
    Drawn,
    Rows,
    Spec,
    clauses,
    cleared,
    only,
    standing,
    told,
    told_band,
    value_axis,
    year_channel,
)
from simvet.screen.charts_change import waterfall
from simvet.screen.charts_maps import gantt, heat, option_name, sankey

__all__ = ["Mark", "cut_offs", "fan", "gantt", "heat", "mark_of", "option_name", "places_demand", "sankey", "waterfall"]

HEIGHT = 260
"""Pixels; three charts and their headings are seen at once on a sheet of paper."""
COMPARATORS = {">=": "at_least", "<=": "at_most", "==": "equals", "~": "about"}
MOSTLY = 0.5
"""Share of draws from which on an option is said to close."""


@dataclass(frozen=True)
class Mark:
    """A target as a chart marks it.

    Notes
    -----
    Unit: school years; ``bound`` and ``base`` (in ``base_year``, where the straight line to the bound begins) in that
    of the indicator. Errors: none. Source: the register.
    """

    year: int
    bound: float
    text: str
    base_year: int
    base: float


def mark_text(target: Target, language: Language) -> str:
    """Return what a target asks for and when, its unit with the number; errors: none; source: the register."""
    if target.key == "general_vocational_ratio":
        bound = word("text", "ratio_bound", language)
    elif target.bound is None:
        return word("text", "bound_cell", language, bound="–", year=target.year)
    else:
        value = told(float(target.bound), target.unit, language)
        bound = word("text", COMPARATORS[target.comparator], language, value=value)
    return word("text", "bound_cell", language, bound=bound, year=target.year)


def mark_of(target: Target | None, shown: Fan, language: Language) -> Mark | None:
    """Return how a target is marked, None where it has no number of the indicator's own kind inside the years.

    Notes
    -----
    Unit: the indicator's. Errors: none. Source: the register; without a printed base the model's first median stands.
    """
    if target is None or target.bound is None or target.unit != shown.unit or target.year not in shown.years:
        return None
    medians = shown.quantiles[2]
    known = [place for place in range(len(medians)) if math.isfinite(medians[place])]
    if target.base_year in shown.years and target.base_value is not None:
        start, base = target.base_year, target.base_value
    elif known:
        start, base = shown.years[known[0]], float(medians[known[0]])
    else:
        return None
    return Mark(target.year, float(target.bound), mark_text(target, language), int(start or target.year), base)


def is_empty(shown: Fan) -> bool:
    """Return whether nothing is known of an indicator in any year; unit, errors: none; source: the view."""
    return not bool(np.isfinite(shown.quantiles).any())


def fan(
    series: Sequence[tuple[str, Fan]], language: Language, mark: Mark | None = None, milestone: bool = False,
    unit_name: str = "",
) -> Drawn:  # fmt: skip
    """Return one or several indicators over the years.

    Parameters
    ----------
    series : sequence of (name, Fan), all of one kind of unit.
    language : str.
    mark : Mark, optional; the target.
    milestone : bool; draws the straight line from its base to the target.
    unit_name : str; written above the axis in place of the unit's name.

    Returns
    -------
    Drawn; one indicator shows the central 80 % and 50 % of draws, several only 80 %, for nine bands hide one another.

    Notes
    -----
    Unit: that of the axis, printed; texts carry their own. Errors: none. Source: the views.
    """
    unit = series[0][1].unit
    numbers = [shown.quantiles for _, shown in series]
    largest = max((float(np.nanmax(np.abs(q))) for q in numbers if np.isfinite(q).any()), default=1.0)
    scale, axis = axis_unit(unit, max(largest, abs(mark.bound) if mark else 0.0), language, difference=False)
    rows: Rows = []
    for name, shown in series:
        rows += _band_rows(name, shown, scale, language)
    years = series[0][1].years
    if mark is not None:
        rows += _mark_rows(mark, scale, years, milestone, language)
    return Drawn(rows, _fan_spec([name for name, _ in series], years, unit_name or axis, mark, language),
                 _fan_alt(series, mark, language))  # fmt: skip


def _band_rows(name: str, shown: Fan, scale: float, language: Language) -> Rows:
    rows: Rows = []
    for place, year in enumerate(shown.years):
        five = [float(value) for value in shown.quantiles[:, place]]
        if not math.isfinite(five[2]):
            continue
        low, lower, median, upper, high = (round(value / scale, 6) for value in five)
        text = told_band(five[2], five[0], five[4], shown.unit, language)
        rows.append({"kind": "band", "series": name, "year": year, "low": low, "lower": lower, "median": median,
                     "upper": upper, "high": high, "told": text})  # fmt: skip
    return rows


def _mark_rows(mark: Mark, scale: float, years: Sequence[int], milestone: bool, language: Language) -> Rows:
    bound = round(mark.bound / scale, 6)
    rows: Rows = [
        {
            "kind": "target",
            "year": mark.year,
            "until": years[0],
            "median": bound,
            "label": f"{word('text', 'figure_target', language)}{colon(language)}{mark.text}",
        }
    ]
    if milestone and mark.base_year < mark.year:
        base = round(mark.base / scale, 6)
        rows.append({"kind": "way", "year": mark.base_year, "median": base})
        rows.append({"kind": "way", "year": mark.year, "median": bound})
    return rows


def _fan_spec(names: Sequence[str], years: Sequence[int], axis: str, mark: Mark | None, language: Language) -> Spec:
    several = len(names) > 1
    x = year_channel(years, language)
    y = {"field": "median", "type": "quantitative", "scale": {"zero": False}, "axis": value_axis(axis)}
    # One legend for all layers: a paler one of the bands would be drawn instead, as Vega merges what differs.
    legend = {"symbolOpacity": 1, "symbolFillColor": "transparent"} if several else None
    colour = {"field": "series", "type": "nominal", "sort": None, "legend": legend,
              "scale": {"domain": list(names), "range": list(LINES[: len(names)])}}  # fmt: skip
    dash = {"field": "series", "type": "nominal", "sort": None, "legend": legend,
            "scale": {"domain": list(names), "range": list(DASHES[: len(names)])}}  # fmt: skip
    tip = [{"field": "series", "title": word("screen", "chart_what", language)},
           {"field": "year", "title": word("text", "axis_school_year", language)},
           {"field": "told", "title": word("text", "column_median", language)}]  # fmt: skip
    area = {"x": x, "color": colour}
    layers: list[Spec] = [
        {"transform": only("band"), "mark": {"type": "area", "opacity": 0.14 if several else 0.22},
         "encoding": {**area, "y": {**y, "field": "low"}, "y2": {"field": "high"}}},
    ]  # fmt: skip
    if not several:
        layers.append({"transform": only("band"), "mark": {"type": "area", "opacity": 0.3},
                       "encoding": {**area, "y": {**y, "field": "lower"}, "y2": {"field": "upper"}}})  # fmt: skip
    layers += [
        {"transform": only("band"), "mark": {"type": "line", "strokeWidth": 2.4},
         "encoding": {"x": x, "y": y, "color": colour, "strokeDash": dash}},
        {"transform": only("band"), "mark": {"type": "point", "filled": True, "size": 28, "opacity": 1},
         "encoding": {"x": x, "y": y, "color": colour, "tooltip": tip}},
    ]  # fmt: skip
    return standing(HEIGHT, layers + (_mark_layers(x, y) if mark else []))


def _mark_layers(x: Spec, y: Spec) -> list[Spec]:
    """Return the target's rule, its diamond, and its label at the left, where the narrowest chart has room for it."""
    text = {"type": "text", "align": "left", "dy": -9, "fontSize": 11, "fontWeight": "bold", "color": MARK}
    at = {"x": {"value": 3}, "y": y, "text": {"field": "label"}}
    tip = [{"field": "label", "title": " "}]
    return [
        {"transform": only("way"), "mark": {"type": "line", "strokeDash": [1, 3], "color": INK, "strokeWidth": 1.6},
         "encoding": {"x": x, "y": y}},
        {"transform": only("target"), "mark": {"type": "rule", "strokeDash": [6, 4], "color": MARK},
         "encoding": {"x": x, "x2": {"field": "until"}, "y": y}},
        {"transform": only("target"),
         "mark": {"type": "point", "shape": "diamond", "size": 110, "filled": True, "color": MARK, "opacity": 1},
         "encoding": {"x": x, "y": y, "tooltip": tip}},
        *cleared({"transform": only("target"), "mark": text, "encoding": at}),
    ]  # fmt: skip


def _fan_alt(series: Sequence[tuple[str, Fan]], mark: Mark | None, language: Language) -> str:
    parts = []
    for name, shown in series:
        known = [(year, [float(v) for v in shown.quantiles[:, place]]) for place, year in enumerate(shown.years)
                 if math.isfinite(shown.quantiles[2, place])]  # fmt: skip
        if not known:
            parts.append(word("screen", "chart_alt_nothing", language, name=name))
            continue
        peak = max(known, key=lambda pair: pair[1][2])
        (first, start), (last, end) = known[0], known[-1]
        parts.append(word(
            "screen", "chart_alt_fan", language, name=name, first=first, start=told(start[2], shown.unit, language),
            last=last, end=told_band(end[2], end[0], end[4], shown.unit, language), peak=peak[0],
            most=told(peak[1][2], shown.unit, language),
        ))  # fmt: skip
    if mark is not None:
        parts.append(word("screen", "chart_alt_target", language, target=mark.text))
    return ("" if language == "zh" else " ").join(parts)


def places_demand(
    places: Fan, usable: Fan, enrolment: Fan, language: Language, mark: Mark | None = None
) -> Drawn:  # fmt: skip
    """Return what secondary vocational schools offer against who is in them; see :func:`fan`."""
    names = [word("screen", f"chart_{key}", language) for key in ("places", "usable", "demand")]
    shown = [(name, one) for name, one in zip(names, (places, usable, enrolment), strict=True) if not is_empty(one)]
    largest = max((float(np.nanmax(one.quantiles)) for _, one in shown), default=0.0)
    wan = word("text", "wan", language) if axis_unit("places", largest, language, difference=False)[0] > 1.0 else ""
    return fan(shown, language, mark, unit_name=word("screen", "chart_places_or_students", language, wan=wan))


def closing(found: Sequence[CutOff], gate: str) -> tuple[list[str], list[str]]:
    """Return the options of a gate that close in more draws than not in some year, and those that never do.

    Notes
    -----
    Unit: none. Errors: none. Source: the view.
    """
    options = list(dict.fromkeys(one.option for one in found if one.gate == gate))
    closed = {one.option for one in found if one.gate == gate and one.closed > MOSTLY}
    return [one for one in options if one in closed], [one for one in options if one not in closed]


def cut_offs(found: Sequence[CutOff], gate: str, gate_name: str, language: Language) -> Drawn:
    """Return where the options of a gate close, year by year, those left out that never do.

    Parameters
    ----------
    found : sequence of CutOff.
    gate, gate_name : str; its key, and its name in the reader's language.
    language : str.

    Returns
    -------
    Drawn.

    Notes
    -----
    Unit: per cent of applicants that score lower. Errors: none. Source: the view ``cutoffs``.
    """
    options, _ = closing(found, gate)
    names = {option: option_name(option, language) for option in options}
    rows: Rows = []
    ends = []
    for option in options:
        mine = [one for one in found if one.gate == gate and one.option == option]
        for one in mine:
            text = told_band(one.median, one.low, one.high, "share", language)
            rows.append({"kind": "band", "series": names[option], "year": one.year,
                         "median": round(one.median * 100, 4), "told": text,
                         "closed": told(one.closed, "share", language)})  # fmt: skip
        ends.append(word("screen", "chart_alt_cutoff", language, name=names[option], first=mine[0].year,
                         start=told(mine[0].median, "share", language), last=mine[-1].year,
                         end=told(mine[-1].median, "share", language)))  # fmt: skip
    years = sorted({one.year for one in found}) or [0, 1]
    spec = _fan_spec(list(names.values()), years, word("screen", "chart_cutoff_axis", language), None, language)
    layers = [layer for layer in spec["layer"] if layer["mark"]["type"] != "area"]
    tip = layers[-1]["encoding"]["tooltip"]
    tip.append({"field": "closed", "title": word("screen", "chart_closed", language)})
    alt = word("screen", "chart_alt_cutoffs", language, gate=gate_name, parts=clauses(ends, language))
    return Drawn(rows, {**spec, "layer": layers}, alt)
