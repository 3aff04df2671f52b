"""What would it take for many targets: the cheapest package, its front, the order of measures, what is in the way."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from simvet.controls import find_control
from simvet.planning.answering import Answer as PlanAnswer
from simvet.planning.plan import Plan, Setting
from simvet.planning.words import value_text
from simvet.report.solve_tables import package_text
from simvet.report.solve_words import (
    aim_bound,
    aim_name,
    barred_sentences,
    basis_sentence,
    check_sentence,
    money_text,
    verdict_sentence,
)
from simvet.report.wording import word
from simvet.scenario import Scenario
from simvet.screen.pieces import COLOURS, html_table
from simvet.screen.progress import Kept, kept, running, show_task, tell_age
from simvet.screen.service import service
from simvet.screen.session import Session, session
from simvet.screen.settings import FONT
from simvet.screen.target_rows import same_region
from simvet.studies.answers import Answer, FrontPoint

PACKAGE = "package"
YI = 1e8
"""The unit in which a budget is typed, CNY."""
MOST_SHOWN = 60
"""Sentences about what is out of reach."""


def show_packages(desk: Session, scenario: Scenario, judged: PlanAnswer) -> None:
    """Draw the question for a package and the last answer to it.

    Parameters
    ----------
    desk : Session.
    scenario : Scenario; of the plan at hand.
    judged : the answer of the board; says which targets there are.

    Notes
    -----
    Unit: printed with each number. Errors: told on the page. Source: ``studies.solving``.
    """
    st.header(desk.say("solve_packages"))
    st.caption(desk.say("package_intro"))
    _question(desk, scenario, judged)
    show_task(desk, PACKAGE, about=lambda key: word("solve", f"step_{key}", desk.language))
    found = kept(PACKAGE, desk.plan, lambda one: same_region(one.plan, desk.plan))
    if found is None:
        st.info(desk.say("package_none"))
        return
    tell_age(desk, found)
    _draw(desk, found)


def _question(desk: Session, scenario: Scenario, judged: PlanAnswer) -> None:
    region = scenario.regions[0].region
    begins = min(scenario.as_of + 1, scenario.until)
    names: dict[str, str] = {}
    for v in judged.verdicts:
        if v.target.kind != "baseline" and v.target.year >= begins:
            names.setdefault(f"{v.target.key}/{v.target.stage}", v.target.labels[desk.language])
    first = [f"{v.target.key}/{v.target.stage}" for v in judged.verdicts if v.headline]
    every = st.toggle(desk.say("package_every"), key=f"package_every|{region}")
    chosen = st.multiselect(
        desk.say("package_targets"), list(names), default=[name for name in dict.fromkeys(first) if name in names],
        format_func=lambda name: names.get(name, name), key=f"package_targets|{region}", disabled=every,
    )  # fmt: skip
    left, middle, right = st.columns(3, gap="small", vertical_alignment="bottom")
    budget = left.number_input(
        desk.say("package_budget"), min_value=0.0, max_value=1e6, value=None, step=1.0, key=f"package_budget|{region}",
        placeholder=desk.say("package_no_budget"),
    )  # fmt: skip
    likely = middle.number_input(
        desk.say("package_probability"), min_value=50, max_value=95, value=80, step=5, key=f"package_likely|{region}"
    )
    years = list(range(scenario.base_year + 1, scenario.until + 1))
    start = right.selectbox(desk.say("solve_start"), years, index=years.index(begins), key=f"package_start|{region}")
    more = st.toggle(desk.say("package_more"), key=f"package_more|{region}", help=desk.say("package_more_help"))
    wanted = ("all",) if every else tuple(chosen)
    st.button(
        desk.say("package_button"), key="package_button", type="primary", disabled=running(desk, PACKAGE) or not wanted,
        on_click=_ask, args=(desk.plan, wanted, None if budget is None else float(budget) * YI, int(likely) / 100.0,
                             int(start), bool(more)),
    )  # fmt: skip


def _ask(
    plan: Plan, targets: tuple[str, ...], budget: float | None, probability: float, start: int, more: bool
) -> None:
    service().tasks.start(session().user, PACKAGE, plan, targets, budget, probability, start, more)


def _draw(desk: Session, found: Kept) -> None:
    answer: Answer = found.result
    language = desk.language
    st.subheader(desk.say("package_answer"))
    st.markdown(f"**{verdict_sentence(answer, language)}**")
    st.caption(check_sentence(answer, language))
    if answer.moves:
        _moves(desk, answer)
    heads = [word("solve", f"column_{h}", language)
             for h in ("target", "bound", "p_before", "p_after", "p_fresh", "standing")]  # fmt: skip
    order = {"won": 0, "held": 1, "edge": 2, "missed": 3}
    rows = [
        (aim_name(aim, language), aim_bound(aim, language), f"{aim.before:.0%}", f"{aim.after:.0%}",
         f"{aim.fresh:.0%} ±{aim.fresh_error * 100:.1f}", word("solve", f"standing_{aim.standing}", language))
        for aim in sorted(answer.aims, key=lambda one: order[one.standing])
    ]  # fmt: skip
    title = word("solve", "aims_title", language, p=f"{answer.probability:.0%}")
    st.html(html_table(title, heads, rows, "package_aims"))
    _fronts(desk, answer)
    _order(desk, answer)
    _outlooks(desk, answer)
    st.header(desk.say("solve_relaxations"))
    if not answer.barred:
        st.info(desk.say("package_nothing_barred"))
        return
    for line in barred_sentences(answer, language, MOST_SHOWN):
        st.text(f"· {line}")
    st.caption(basis_sentence(answer, language))


def _moves(desk: Session, answer: Answer) -> None:
    language = desk.language
    heads = [word("solve", f"column_{h}", language) for h in ("lever", "owner", "before", "after", "cost", "band")]
    rows = [
        (m.labels[language], word("owner", m.owner, language), value_text(find_control(m.name), m.stands, language),
         value_text(find_control(m.name), m.value, language), money_text(m.cost, language),
         f"{money_text(m.low, language)} – {money_text(m.high, language)}")
        for m in sorted(answer.moves, key=lambda one: one.cost)
    ]  # fmt: skip
    band = f"{money_text(answer.cost_low, language)} – {money_text(answer.cost_high, language)}"
    rows.append((word("solve", "sum", language), "", "", "", money_text(answer.cost, language), band))
    st.html(html_table(word("solve", "moves_title", language), heads, rows, "package_moves"))
    st.caption(word("solve", "costs_note", language))
    settings = tuple((move.name, move.value, move.start) for move in answer.moves)
    st.button(desk.say("package_apply"), key="package_apply", on_click=_apply, args=(settings,))


def _apply(settings: tuple[tuple[str, float, int], ...]) -> None:
    desk = session()
    plan = desk.plan
    for name, value, start in settings:
        plan = plan.with_setting(Setting(name, value, start))
    if desk.adopt(plan):
        desk.notices.append(("info", desk.say("package_applied", count=len(settings))))


def _fronts(desk: Session, answer: Answer) -> None:
    language = desk.language
    for points, title, part in (
        (answer.front, "front_number", "package_front"),
        (answer.front_by_probability, "front_probability", "package_front_probability"),
    ):
        if not points:
            continue
        st.subheader(word("solve", title, language))
        by_number = part == "package_front"
        st.vega_lite_chart(
            None, _front_spec(points, by_number, desk), theme=None, width="stretch", key=f"{part}_chart",
            alt=word("solve", title, language),
        )  # fmt: skip
        heads = [word("solve", f"column_{h}", language) for h in ("cost", "number", "mean", "package")]
        rows = [
            (money_text(p.cost, language), str(p.number), f"{p.probability:.0%}",
             package_text(answer, p.package, language))
            for p in points
        ]  # fmt: skip
        with st.expander(desk.say("package_table")):
            st.html(html_table("", heads, rows, part))


def _front_spec(points: tuple[FrontPoint, ...], by_number: bool, desk: Session) -> dict[str, Any]:
    language = desk.language
    scale, unit = (YI, desk.say("package_axis_zh")) if language == "zh" else (1e9, desk.say("package_axis_en"))
    values = [
        {"x": p.cost / scale, "low": p.low / scale, "high": p.high / scale,
         "y": p.number if by_number else p.probability} for p in points
    ]  # fmt: skip
    title = word("solve", "column_number" if by_number else "column_mean", language)
    axis = {"tickMinStep": 1, "format": "d"} if by_number else {"format": "%"}
    y = {"field": "y", "type": "quantitative", "title": title, "axis": axis, "scale": {"zero": False}}
    across = {"type": "quantitative", "title": f"{word('solve', 'column_cost', language)} / {unit}"}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json", "width": "container", "height": 260,
        "data": {"values": pd.DataFrame(values).to_dict("records")},
        "layer": [
            {"mark": {"type": "rule", "strokeWidth": 4, "opacity": 0.25, "color": COLOURS[0]},
             "encoding": {"x": {"field": "low", **across}, "x2": {"field": "high"}, "y": y}},
            {"mark": {"type": "line", "interpolate": "step-after", "color": COLOURS[5], "strokeWidth": 1},
             "encoding": {"x": {"field": "x", **across}, "y": y}},
            {"mark": {"type": "point", "filled": True, "size": 60, "color": COLOURS[0]},
             "encoding": {"x": {"field": "x", **across}, "y": y,
                          "tooltip": [{"field": "x", "type": "quantitative", "format": ",.2f", "title": unit},
                                      {"field": "y", "type": "quantitative", "title": title,
                                       **({} if by_number else {"format": ".0%"})}]}},
        ],
        "config": {"font": FONT, "axis": {"labelFontSize": 12, "titleFontSize": 12}},
    }  # fmt: skip


def _order(desk: Session, answer: Answer) -> None:
    if not answer.order:
        return
    language = desk.language
    columns = ("lever", "owner", "before", "after", "cost", "mean", "price")
    heads = [word("solve", f"column_{column}", language) for column in columns]
    rows = [
        (s.labels[language], word("owner", s.owner, language), value_text(find_control(s.name), s.before, language),
         value_text(find_control(s.name), s.value, language), money_text(s.cost, language), f"{s.probability:.0%}",
         money_text(s.price, language))
        for s in answer.order
    ]  # fmt: skip
    st.html(html_table(word("solve", "order_title", language), heads, rows, "package_order"))


def _outlooks(desk: Session, answer: Answer) -> None:
    if not answer.outlooks or answer.robust is None:
        return
    language = desk.language
    heads = [
        word("solve", "column_package", language),
        word("solve", "column_cost", language),
        *(labels[language] for labels in answer.futures.values()),
        word("solve", "column_regret", language),
    ]
    rows = [
        (("▶ " if n == answer.robust else "") + desk.say("package_numbered", number=n + 1),
         money_text(o.cost, language), *(f"{o.mean[name]:.0%}" for name in answer.futures), f"{o.regret:.0%}")
        for n, o in enumerate(answer.outlooks)
    ]  # fmt: skip
    st.html(html_table(word("solve", "robust_title", language), heads, rows, "package_outlooks"))
    with st.expander(desk.say("package_table")):
        for n, o in enumerate(answer.outlooks):
            st.text(f"{desk.say('package_numbered', number=n + 1)}: {package_text(answer, o.package, language)}")
    chosen = answer.outlooks[answer.robust]
    st.caption(word("solve", "robust_why", language, regret=f"{chosen.regret:.1%}", worst=f"{chosen.worst:.0%}",
                    cost=money_text(chosen.cost, language)))  # fmt: skip
