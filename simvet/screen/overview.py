"""Overview: the targets on a board, the levers beside it, scenarios side by side, and what was changed."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from simvet.errors import InputError
from simvet.planning.answering import Answer
from simvet.planning.own import find_plan_scenario
from simvet.planning.plan import Plan
from simvet.planning.words import changes_of, plan_title, preset_of
from simvet.report.canvas import colon
from simvet.report.register import need_text
from simvet.report.terminal import bound_text, full_name, late_lines
from simvet.report.trust_words import counts_text
from simvet.report.wording import band, word
from simvet.screen.board import board_html, key_of, shown_on_board
from simvet.screen.frame import watch
from simvet.screen.levers import show_levers
from simvet.screen.service import service
from simvet.screen.session import Session, best_answer, session
from simvet.verdicts import Verdict, standing


def show() -> None:
    """Draw the page; unit: on the page; errors: told; source: the answer to the plan."""
    desk = session()
    scenario = find_plan_scenario(desk.plan.scenario)
    board, levers = st.columns([13, 6], gap="medium")
    with board:
        answer = best_answer(desk)
        bare = Plan(desk.plan.scenario)
        before = _of_same_size(bare, answer) if desk.plan.settings or desk.plan.edits else ()
        st.html(f"<h3>{escape(plan_title(desk.plan, desk.language))}</h3>{badge(desk, answer)}")
        st.html(board_html(answer, before, desk.searched, desk.language))
        _changes(desk)
        _below(desk, answer)
    with levers:
        st.html(f"<h3>{escape(desk.say('levers'))}</h3>")
        with st.container(key="levers"):
            show_levers(desk, scenario)
    if desk.variants:
        _side_by_side(desk)
    watch(desk)


def _of_same_size(plan: Plan, answer: Answer) -> Sequence[Verdict]:
    """Return the verdicts on another plan from as many draws, none while there are none: differences are policy."""
    if answer.draws == service().quick.draws:
        return service().quick.verdicts(plan).verdicts
    sharp = service().sharper.best(plan)
    return sharp.verdicts if sharp is not None and sharp.draws == answer.draws else ()


def badge(desk: Session, answer: Answer) -> str:
    """Return how sharp the answer is, as HTML; unit: draws; errors: none; source: the answer."""
    state = "searched" if answer.searched else "many" if answer.draws > service().quick.draws else "few"
    text = escape(desk.say(f"badge_{state}", draws=answer.draws))
    css = "" if state == "few" else " sharp"
    return f'<span class="badge{css}" role="status" data-state="{state}">{text}</span>'


def _below(desk: Session, answer: Answer) -> None:
    others = [v for v in answer.verdicts if v not in shown_on_board(answer.verdicts)]
    likely = sum(standing(v.probability) == "likely" for v in others)
    st.caption(desk.say("board_note", draws=answer.draws))
    if answer.trusts:
        st.caption(counts_text(answer.trusts, desk.language))
    if others:
        st.caption(desk.say("board_others", count=len(others), likely=likely))
    for line in late_lines(answer.late, desk.language):
        st.warning(line)
    for name, count in answer.held.items():
        st.warning(word("text", "held", desk.language, lever=word("quantity", name, desk.language), count=count))
    needs = [(v, need_text(v, desk.language)) for v in answer.verdicts if v.headline and v.need is not None]
    if answer.searched and needs:
        lines = "".join(
            f"<li>{escape(full_name(v.target, v.reading, desk.language, False))}{colon(desk.language)}"
            f"{escape(text)}</li>" for v, text in needs
        )  # fmt: skip
        st.html(f'<div class="plain"><b>{escape(desk.say("needs"))}</b><ul>{lines}</ul></div>')


def _changes(desk: Session) -> None:
    changes = [*preset_of(desk.plan, desk.language), *changes_of(desk.plan, desk.language)]
    lines = "".join(f"<li>{escape(line)}</li>" for line in changes) or f"<li>{escape(desk.say('no_change'))}</li>"
    st.html(f'<div class="plain" data-part="changes"><b>{escape(desk.say("changes"))}</b><ul>{lines}</ul></div>')


def _side_by_side(desk: Session) -> None:
    """Draw baseline, the plan at hand and the scenarios kept beside it, the headline targets as rows."""
    base = desk.say("baseline", title=plan_title(desk.plan, desk.language))
    columns = [(base, Plan(desk.plan.scenario)), (desk.say("at_hand"), desk.plan), *desk.variants]
    answers, draws = _same_draws(desk, columns)
    shown = [v for v in answers[1][1].verdicts if v.headline] if answers[1][1] else []
    head = "".join(f'<th scope="col">{escape(title)}</th>' for title, _ in answers)
    body = ""
    for v in shown:
        cells = "".join(_beside(desk, v, found) for _, found in answers)
        name = escape(full_name(v.target, v.reading, desk.language, False))
        bound = escape(
            word("text", "bound_cell", desk.language, bound=bound_text(v, desk.language), year=v.target.year)
        )
        body += f'<tr><th scope="row">{name}<small>{bound}</small></th>{cells}</tr>'
    st.html(
        f'<h4>{escape(desk.say("side_by_side"))}</h4><table class="board" data-part="compare"><caption>'
        f"{escape(desk.say('side_note', draws=draws))}</caption><thead><tr>"
        f'<th scope="col">{escape(desk.say("board_target"))}</th>{head}</tr></thead><tbody>{body}</tbody></table>'
    )
    for title, found in answers:
        if found is None:
            st.caption(desk.say("other_region", title=title))


def _same_draws(desk: Session, columns: list[tuple[str, Plan]]) -> tuple[list[tuple[str, Answer | None]], int]:
    """Return the answers of all columns, every one of the same draws: of many where all are there, else of few."""
    region = find_plan_scenario(desk.plan.scenario).regions[0].region
    mine = [(title, plan if _is_about(plan, region) else None) for title, plan in columns]
    shared = service()
    sharp = {plan.digest: shared.sharper.best(plan) for _, plan in mine if plan is not None}
    if all(found is not None for found in sharp.values()):
        answers = [(title, sharp[plan.digest] if plan else None) for title, plan in mine]
        return answers, next(found.draws for found in sharp.values() if found is not None)
    return [(title, shared.quick.verdicts(plan) if plan else None) for title, plan in mine], shared.quick.draws


def _is_about(plan: Plan, region: str) -> bool:
    """Return whether a plan is of a region; one whose upload is gone is of none."""
    try:
        return find_plan_scenario(plan.scenario).regions[0].region == region
    except InputError:
        return False


def _beside(desk: Session, v: Verdict, found: Answer | None) -> str:
    if found is None:
        return "<td>–</td>"
    other = next((o for o in found.verdicts if key_of(o) == key_of(v)), None)
    if other is None:
        return "<td>–</td>"
    told = band(other.median, other.low, other.high, other.unit, desk.language)
    return f"<td><b>{other.probability * 100:.0f}%</b><small>{escape(told)}</small></td>"
