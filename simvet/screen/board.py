"""The board of targets: one table that says how likely each is, by how much, from when, and what stands in the way."""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from html import escape

from simvet.planning.answering import Answer
from simvet.report.canvas import bracketed
from simvet.report.terminal import bound_text, cause_text, full_name, gap_text
from simvet.report.trust_words import avoid_text, light_text, reasons_text
from simvet.report.wording import Language, band, word
from simvet.trust import Trust
from simvet.verdicts import Verdict, standing

SHOWN = ("flow", "own")
"""Kinds of targets on the board besides the headline ones; the page about targets has all."""
SPARK = (72, 22)
"""Width and height of a trend, pixels."""


def shown_on_board(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Return the verdicts that the board shows, headline ones first; unit, errors: none; source: their kinds."""
    return [v for v in verdicts if v.headline or v.target.kind in SHOWN]


def board_html(answer: Answer, before: Sequence[Verdict], searched: Answer | None, language: Language) -> str:
    """Return the board as a table.

    Parameters
    ----------
    answer : Answer.
    before : sequence of Verdict; of the base scenario, to say what the levers changed.
    searched : Answer, optional; the last one whose causes were searched, shown faintly until the new ones are there.
    language : str.

    Returns
    -------
    str, HTML; every text of data or user is escaped.

    Notes
    -----
    Unit: printed with each number. Errors: none. Source: MODEL, section 8.
    """

    def say(key: str, **facts: object) -> str:
        return escape(word("screen", key, language, **facts))

    heads = ("board_target", "board_probability", "board_expected", "board_gap", "board_cause")
    shown = shown_on_board(answer.verdicts)
    told = [(v.target.labels[language], v.reading) for v in shown]
    trusts = dict(zip(map(id, answer.verdicts), answer.trusts, strict=False))
    rows = [
        _row(v, told.count(pair) > 1, trusts.get(id(v)), answer, before, searched, language)
        for v, pair in zip(shown, told, strict=True)
    ]
    head = "".join(f'<th scope="col">{say(key)}</th>' for key in heads)
    return (
        f'<table class="board" data-digest="{answer.digest}" data-draws="{answer.draws}" '
        f'data-searched="{int(answer.searched)}"><caption>{say("board_caption", draws=answer.draws)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


def key_of(verdict: Verdict) -> tuple[str, str, str, str]:
    """Return region, key, stage and reading of a verdict; unit, errors: none; source: its target."""
    return (verdict.target.region, verdict.target.key, verdict.target.stage, verdict.reading)


def _row(
    v: Verdict, twice: bool, trust: Trust | None, answer: Answer, before: Sequence[Verdict], searched: Answer | None,
    language: Language,
) -> str:  # fmt: skip
    name = escape(full_name(v.target, v.reading, language, twice))
    bound = escape(word("text", "bound_cell", language, bound=bound_text(v, language), year=v.target.year))
    first = word("screen", "first_never" if v.first_year is None else "first_in", language, year=v.first_year)
    css = "headline" if v.headline else "more"
    gap, why = (escape(word("screen", key, language)) for key in ("board_gap_short", "board_cause_short"))
    return (
        f'<tr class="{css}" data-key="{escape(v.reading)}/{escape(v.target.stage)}">'
        f'<th scope="row">{name}<small>{bound}</small></th>'
        f'<td class="p">{_probability(v, before, language)}</td>'
        f"<td>{escape(band(v.median, v.low, v.high, v.unit, language))}{_trend(v, answer, language)}"
        f"{light_html(trust, language)}</td>"
        f'<td data-label="{gap}">{escape(gap_text(v, language))}<small>{escape(first)}</small></td>'
        f'<td data-label="{why}">{_cause(v, answer, searched, language)}</td></tr>'
    )


def light_html(trust: Trust | None, language: Language) -> str:
    """Return a light with its reasons folded below it.

    Parameters
    ----------
    trust : Trust, optional.
    language : str.

    Returns
    -------
    str, HTML that opens and closes without scripts; empty where nothing is known.

    Notes
    -----
    Unit: printed with each figure. Errors: none. Source: the light.
    """
    if trust is None:
        return ""
    texts = (reasons_text(trust, language), avoid_text(trust, language))
    why = "".join(f"<p>{escape(text)}</p>" for text in texts if text)
    light = escape(word("screen", "board_trust", language, light=light_text(trust, language)))
    return f'<details class="trust" data-level="{trust.level}"><summary>{light}</summary>{why}</details>'


def _probability(v: Verdict, before: Sequence[Verdict], language: Language) -> str:
    found = standing(v.probability)
    told = escape(word("screen", f"standing_{found}", language))
    percent = f"{v.probability * 100:.0f}%"
    moved = ""
    old = next((b for b in before if key_of(b) == key_of(v)), None)
    if old is not None and abs(v.probability - old.probability) >= 0.005:
        up = v.probability > old.probability
        moved = f'<span class="moved">{"▲" if up else "▼"}{abs(v.probability - old.probability) * 100:.0f}</span>'
    mark = " †" if v.assumed_base else ""
    return (
        f'<span class="bar"><span class="{found}" style="width:{v.probability * 100:.0f}%"></span></span>'
        f"<b>{percent}</b>{mark} <small>±{v.error * 100:.0f} · {told}</small>{moved}"
    )


def _cause(v: Verdict, answer: Answer, searched: Answer | None, language: Language) -> str:
    if v.probability >= 1.0:
        return "–"
    if answer.searched:
        text, css = cause_text(v, language, short=True), ""
    else:
        old = next((b for b in (searched.verdicts if searched else ()) if key_of(b) == key_of(v)), None)
        if old is None:
            return f'<span class="faint">{escape(word("screen", "cause_searching", language))}</span>'
        text, css = f"{cause_text(old, language, short=True)} …", "faint"
        v = old
    owner = bracketed(word("owner", v.owner, language), language) if v.owner else ""
    return f'<span class="{css}">{escape(text + owner)}</span>'


def _trend(v: Verdict, answer: Answer, language: Language) -> str:
    values = answer.views.get(("trend", v.target.region, v.reading, v.target.stage))
    if values is None:
        return ""
    picture, words = sparkline(values, v.bound, language)
    return f'<img alt="{escape(words)}" width="{SPARK[0]}" height="{SPARK[1]}" src="{picture}">'


def sparkline(values: Sequence[float], bound: float, language: Language) -> tuple[str, str]:
    """Return a small picture of a trend against its target, and the trend in a word.

    Parameters
    ----------
    values : sequence of float; year by year, NaN where nothing is known.
    bound : float.
    language : str.

    Returns
    -------
    (str, str); an address that holds the picture itself, and rising, falling or steady in the reader's language.

    Notes
    -----
    Unit: the target's. Errors: none. Source: the medians of the run.
    """
    known = [(place, value) for place, value in enumerate(values) if math.isfinite(value)]
    if len(known) < 2:
        return "data:image/svg+xml;base64,", word("screen", "trend_unknown", language)
    low = min([bound, *(value for _, value in known)])
    high = max([bound, *(value for _, value in known)])
    span = (high - low) or 1.0
    width, height = SPARK

    def at(place: int, value: float) -> str:
        x = 1 + place / (len(values) - 1) * (width - 2)
        return f"{x:.1f},{height - 2 - (value - low) / span * (height - 4):.1f}"

    line = " ".join(at(place, value) for place, value in known)
    y = height - 2 - (bound - low) / span * (height - 4)
    picture = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">'
        f'<line x1="0" y1="{y:.1f}" x2="{width}" y2="{y:.1f}" stroke="#1A1A1A" stroke-dasharray="2 3"/>'
        f'<polyline points="{line}" fill="none" stroke="#005A94" stroke-width="1.8"/></svg>'
    )
    change = known[-1][1] - known[0][1]
    way = "steady" if abs(change) < 0.02 * span or change == 0.0 else "rising" if change > 0 else "falling"
    packed = base64.b64encode(picture.encode()).decode()
    return f"data:image/svg+xml;base64,{packed}", word("screen", f"trend_{way}", language)
