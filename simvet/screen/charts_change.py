"""What a change is made of, as a waterfall."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from simvet.report.canvas import FIRST, INK, MARK, SECOND, axis_unit
from simvet.report.terminal import change_text
from simvet.report.wording import Language, word
from simvet.screen.charts_base import Drawn, Rows, Spec, joined, only, standing, told

WRAP = {"zh": 12, "en": 22}
"""Letters in a line of a part's name, so that the bars keep half the width of a phone."""


def waterfall(
    base: float, parts: Sequence[tuple[str, float, float, float]], final: float, unit: str, language: Language,
    base_name: str = "", final_name: str = "",
) -> Drawn:  # fmt: skip
    """Return what a change is made of.

    Parameters
    ----------
    base, final : float; the level before and after.
    parts : sequence of (name, mean, low, high); changes, and the bounds of their central 80 %.
    unit : str.
    language : str.
    base_name, final_name : str; what the two levels are called.

    Returns
    -------
    Drawn; levels are diamonds, for the axis need not begin at zero and a cut bar would lie about its length.

    Notes
    -----
    Unit: ``unit``; means add up from ``base`` to ``final``. Errors: none. Source: a decomposition.
    """
    largest = max([abs(base), abs(final), *(abs(mean) for _, mean, _, _ in parts)])
    scale, axis = axis_unit(unit, largest, language, difference=False)
    first = base_name or word("screen", "chart_start", language)
    end = final_name or word("screen", "chart_end", language)
    rows: Rows = [_level_row(first, 0, base, scale, unit, language)]
    level = base
    for place, (name, mean, low, high) in enumerate(parts, start=1):
        after, text = level + mean, _change(mean, unit, language)
        rows.append({
            "kind": "part", "name": _wrapped(name, language), "order": place, "from": round(level / scale, 6),
            "to": round(after / scale, 6), "low": round((level + low) / scale, 6), "way": "up" if mean >= 0 else "down",
            "high": round((level + high) / scale, 6),
            "text": f"{'▲' if mean >= 0 else '▼'} {change_text(mean, unit, language)}",
            "told": word("screen", "chart_band", language, median=text, low=_change(low, unit, language),
                         high=_change(high, unit, language)),
        })  # fmt: skip
        level = after
    rows.append(_level_row(end, len(parts) + 1, final, scale, unit, language))
    sizes = [word("screen", "chart_alt_part", language, name=name, change=_change(mean, unit, language))
             for name, mean, _, _ in sorted(parts, key=lambda part: -abs(part[1]))[:3]]  # fmt: skip
    alt = word("screen", "chart_alt_waterfall", language, first=first, base=told(base, unit, language), end=end,
               final=told(final, unit, language), parts=joined(sizes, language))  # fmt: skip
    return Drawn(rows, _waterfall_spec(rows, axis, language), alt)


def _change(value: float, unit: str, language: Language) -> str:
    """Return a change with its sign and unit; unit: points for shares; errors: none; source: ``told``."""
    if unit == "share":
        return change_text(value, unit, language)
    return f"{'+' if value > 0.0 else ''}{told(value, unit, language)}"


def _wrapped(name: str, language: Language) -> str:
    return "\n".join(wrap(name, WRAP[language]))


def _level_row(name: str, order: int, value: float, scale: float, unit: str, language: Language) -> dict[str, object]:
    text = told(value, unit, language)
    at = round(value / scale, 6)
    return {"kind": "level", "name": _wrapped(name, language), "order": order, "from": at, "to": at, "low": at,
            "high": at, "text": text, "told": text}  # fmt: skip


def _waterfall_spec(rows: Rows, axis: str, language: Language) -> Spec:
    order = [row["name"] for row in rows]
    edges = [row[key] for row in rows for key in ("from", "to", "low", "high")]
    room = 0.04 * (max(edges) - min(edges) or 1.0)
    # On the right the amounts are written: a part of the width is theirs.
    domain = [min(edges) - room, max(edges) + room + 0.42 * (max(edges) - min(edges) or 1.0)]
    y = {"field": "name", "type": "nominal", "sort": order,
         "axis": {"title": None, "labelExpr": "split(datum.label, '\\n')", "labelLimit": 300, "ticks": False,
                  "domain": False, "labelFontSize": 12}}  # fmt: skip
    x = {"field": "from", "type": "quantitative", "scale": {"domain": domain, "nice": False, "zero": False},
         "axis": {"title": axis, "tickCount": 5}}  # fmt: skip
    tip = [{"field": "name", "title": word("text", "column_part", language)},
           {"field": "told", "title": word("text", "column_mean", language)}]  # fmt: skip
    way = {"field": "way", "type": "nominal", "legend": None,
           "scale": {"domain": ["up", "down"], "range": [FIRST, SECOND]}}  # fmt: skip
    layers: list[Spec] = [
        {"transform": only("part"), "mark": {"type": "bar", "height": {"band": 0.55}},
         "encoding": {"y": y, "x": x, "x2": {"field": "to"}, "color": way, "tooltip": tip}},
        {"transform": only("part"), "mark": {"type": "rule", "color": MARK},
         "encoding": {"y": y, "x": {**x, "field": "low"}, "x2": {"field": "high"}, "tooltip": tip}},
        {"transform": only("level"),
         "mark": {"type": "point", "shape": "diamond", "filled": True, "size": 130, "color": INK, "opacity": 1},
         "encoding": {"y": y, "x": x, "tooltip": tip}},
        {"mark": {"type": "text", "align": "left", "dx": 8, "fontSize": 12, "color": MARK},
         "encoding": {"y": y, "x": {**x, "field": "edge"}, "text": {"field": "text"}},
         "transform": [{"calculate": "max(datum.from, datum.to, datum.high)", "as": "edge"}]},
    ]  # fmt: skip
    lines = max(len(name.split("\n")) for name in order)
    return standing(40 + max(34, 15 * lines + 6) * len(rows), layers)
