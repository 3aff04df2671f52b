"""Sensitivity and discovery: which levers and uncertain numbers decide a target, and in which futures it fails."""

from __future__ import annotations

import streamlit as st

from simvet.planning.answering import Answer
from simvet.report.study_words import (
    discovery_remarks,
    discovery_sentences,
    factor_names,
    index_text,
    kind_text,
    range_text,
    sensitivity_remarks,
)
from simvet.report.study_words import value_text as told_value
from simvet.report.terminal import bound_text, full_name
from simvet.report.wording import Language, word
from simvet.screen.frame import watch
from simvet.screen.overview import badge
from simvet.screen.pieces import COLOURS, LABELS, html_table
from simvet.screen.progress import Kept, kept, running, show_task, tell_age
from simvet.screen.service import service
from simvet.screen.session import Session, best_answer, session
from simvet.screen.settings import FONT
from simvet.screen.target_rows import same_region
from simvet.studies.discovery import Discovery
from simvet.studies.explore import Explored
from simvet.studies.influence import Sensitivity
from simvet.studies.swing import Tornado
from simvet.verdicts import Verdict

INFLUENCE = "influence"
MOST = 12
"""Factors that a chart or table shows; the others move less."""
Asked = tuple[str, str, str, int]
"""Key, stage, reading and year of a target."""


def show() -> None:
    """Draw the page; unit: printed with each number; errors: told on the page; source: ``studies.explore``."""
    desk = session()
    answer = best_answer(desk)
    st.html(LABELS)
    st.title(desk.say("page_influence"))
    st.html(badge(desk, answer))
    st.caption(desk.say("influence_intro"))
    asked = _judged(answer)
    if asked:
        chosen = _question(desk, asked)
        show_task(desk, INFLUENCE, about=lambda key: desk.say(f"influence_step_{key}"))
        found = _found(desk, chosen)
        if found is None:
            st.info(desk.say("influence_none"))
        else:
            tell_age(desk, found)
            _draw(desk, found.result)
    else:
        st.info(desk.say("solve_no_target"))
    watch(desk)


def _judged(answer: Answer) -> dict[Asked, Verdict]:
    found: dict[Asked, Verdict] = {}
    for v in answer.verdicts:
        if v.target.kind != "baseline":
            found.setdefault((v.target.key, v.target.stage, v.reading, v.target.year), v)
    return found


def _question(desk: Session, asked: dict[Asked, Verdict]) -> Asked:
    targets = list(asked)

    def told(key: Asked) -> str:
        v = asked[key]
        bound = word("text", "bound_cell", desk.language, bound=bound_text(v, desk.language), year=v.target.year)
        return f"{full_name(v.target, v.reading, desk.language, True)} · {bound} · {v.probability * 100:.0f}%"

    region = asked[targets[0]].target.region
    chosen = st.selectbox(desk.say("influence_target"), targets, format_func=told, key=f"influence_target|{region}")
    chosen = chosen if chosen in asked else targets[0]
    st.button(
        desk.say("influence_button"), type="primary", key="influence_button", disabled=running(desk, INFLUENCE),
        on_click=_ask, args=(chosen,),
    )  # fmt: skip
    return chosen


def _ask(target: Asked) -> None:
    service().tasks.start(session().user, INFLUENCE, session().plan, target)


def _found(desk: Session, target: Asked) -> Kept | None:
    def of_region(one: Kept) -> bool:
        return same_region(one.plan, desk.plan)

    return kept(INFLUENCE, desk.plan, lambda one: of_region(one) and one.arguments == (target,))


def _draw(desk: Session, found: Explored) -> None:
    language = desk.language
    _tornado(desk, found.swing)
    _screened(desk, found)
    if found.shares is not None:
        _shares(desk, found.shares)
    st.header(desk.say("influence_boxes"))
    if found.boxes is None:
        st.info(desk.say("influence_no_workbench"))
        return
    for sentence in discovery_sentences(found.boxes, language):
        st.markdown(f"**{sentence}**")
    _boxes(desk, found.boxes, language)


def _tornado(desk: Session, swing: Tornado) -> None:
    language = desk.language
    st.header(desk.say("influence_tornado"))
    st.caption(desk.say("influence_tornado_note", base=told_value(swing.base, swing.unit, language)))
    bars = [bar for bar in swing.bars if bar.reach > 0.0][:MOST]
    if not bars:
        st.info(desk.say("influence_still"))
        return
    names = factor_names([bar.factor for bar in bars], language)
    share = swing.unit == "share"
    rows = [
        {"name": names[b.factor.name], "order": n, "low": b.at_low, "high": b.at_high,
         "kind": kind_of(b.factor.kind, desk)}
        for n, b in enumerate(bars)
    ]  # fmt: skip
    kinds = [kind_of("lever", desk), kind_of("uncertainty", desk)]
    axis = {"tickCount": 8, "labelOverlap": True, "format": ".0%" if share else ",.3~s"}
    x = {"type": "quantitative", "title": swing.outcome.labels.get(language, swing.outcome.name),
         "scale": {"zero": False}, "axis": axis}  # fmt: skip
    y = {"field": "name", "type": "nominal", "sort": {"field": "order"}, "title": None,
         "axis": {"labelLimit": 260, "ticks": False, "domain": False}}  # fmt: skip
    spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json", "width": "container",
        "height": {"step": 26}, "data": {"values": rows},
        "layer": [
            {"mark": {"type": "bar", "height": 14},
             "encoding": {"x": {"field": "low", **x}, "x2": {"field": "high"}, "y": y,
                          "color": {"field": "kind", "type": "nominal", "title": None,
                                    "scale": {"domain": kinds, "range": [COLOURS[0], COLOURS[1]]},
                                    "legend": {"orient": "top"}}}},
            {"mark": {"type": "rule", "color": "#1A1A1A", "strokeDash": [4, 3]},
             "encoding": {"x": {"datum": swing.base, "type": "quantitative"}}},
        ],
        "config": {"font": FONT, "axis": {"labelFontSize": 12, "titleFontSize": 12}},
    }  # fmt: skip
    st.vega_lite_chart(None, spec, theme=None, width="stretch", key="influence_tornado",
                       alt=desk.say("influence_tornado"))  # fmt: skip
    heads = [word("sensitivity", f"column_{h}", language) for h in ("factor", "kind", "range", "at_low", "at_high")]
    table = [
        (names[b.factor.name], kind_text(b.factor, language),
         range_text(b.factor.low, b.factor.high, b.factor.unit, language),
         told_value(b.at_low, swing.unit, language), told_value(b.at_high, swing.unit, language))
        for b in bars
    ]  # fmt: skip
    with st.expander(desk.say("package_table")):
        st.html(html_table("", heads, table, "influence_tornado"))


def kind_of(kind: str, desk: Session) -> str:
    """Return lever or uncertainty in the reader's language; unit, errors: none; source: the catalogue."""
    return word("sensitivity", "levers" if kind == "lever" else "uncertainties", desk.language)


def _screened(desk: Session, found: Explored) -> None:
    st.header(desk.say("influence_screening"))
    st.caption(desk.say("influence_screening_note", numbers=found.numbers, experiments=found.screened.experiments))
    _indices(desk, found.screened, "influence_screening")


def _shares(desk: Session, found: Sensitivity) -> None:
    st.header(desk.say("influence_shares"))
    st.caption(desk.say("influence_shares_note", experiments=found.experiments))
    _indices(desk, found, "influence_shares")


def _indices(desk: Session, found: Sensitivity, part: str) -> None:
    language = desk.language
    answer = found.answers[0]
    whole, marks, single = sensitivity_remarks(answer, found, language)
    rows = answer.rows[:MOST]
    names = factor_names([row.factor for row in rows], language)
    heads = [word("sensitivity", f"column_{h}", language)
             for h in ("factor", "range", f"first_{found.method}", f"second_{found.method}")]  # fmt: skip
    table = [
        (names[r.factor.name] + (f" [{''.join(marks[k] for k in r.remarks)}]" if r.remarks else ""),
         range_text(r.factor.low, r.factor.high, r.factor.unit, language),
         index_text(r.first, r.first_confidence, found.method, answer.unit, language),
         index_text(r.second, r.second_confidence, found.method, answer.unit, language))
        for r in rows
    ]  # fmt: skip
    if table:
        st.html(html_table("", heads, table, part))
    used = {mark for row in rows for key in row.remarks for mark in (marks[key],)}
    for line in [*whole, *(line for line in single if line[1:2] in used)]:
        st.caption(line)


def _boxes(desk: Session, found: Discovery, language: Language) -> None:
    if not found.boxes:
        return
    names = factor_names([limit.factor for box in found.boxes for limit in box.limits], language)
    heads = [desk.say(f"influence_column_{h}") for h in ("box", "limits", "coverage", "density", "mass")]
    rows = []
    for number, box in enumerate(found.boxes, start=1):
        limits = [
            f"{names[one.factor.name]}: " + " – ".join(
                "…" if end is None else told_value(end, one.factor.unit, language) for end in (one.low, one.high)
            )
            for one in box.limits
        ]  # fmt: skip
        rows.append((str(number), "; ".join(limits), f"{box.coverage:.0%}", f"{box.density:.0%}", f"{box.mass:.0%}"))
    st.html(html_table(desk.say("influence_boxes_note", cases=found.cases), heads, rows, "influence_boxes"))
    for remark in discovery_remarks(found, language):
        st.caption(remark)
