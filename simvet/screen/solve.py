"""What would it take: where a lever would have to stand for a target to be likely."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from simvet.controls import OWNERS, Control, controls, find_control
from simvet.loading import LAST_YEAR
from simvet.needs import LIKELY
from simvet.planning.answering import Answer
from simvet.planning.backsolve import Solved
from simvet.planning.own import find_plan_scenario
from simvet.planning.plan import Plan, Setting
from simvet.planning.words import value_text
from simvet.report.register import need_text
from simvet.report.terminal import bound_text, full_name
from simvet.report.wording import number, word
from simvet.scenario import Scenario
from simvet.screen.frame import watch
from simvet.screen.levers import default_start, first_levers, scale_of
from simvet.screen.overview import badge
from simvet.screen.packages import show_packages
from simvet.screen.pieces import LABELS, html_table, line_spec, with_level
from simvet.screen.progress import Kept, kept, running, show_task
from simvet.screen.service import service
from simvet.screen.session import Session, best_answer, session
from simvet.screen.target_rows import region_of, same_region
from simvet.verdicts import Verdict

SOLVE = "solve"
Asked = tuple[str, str, str]
"""Key, stage and reading of a target: what the back-solver tells targets apart by."""


def show() -> None:
    """Draw the page; unit: printed with each number; errors: told on the page; source: the back-solver."""
    desk = session()
    answer = best_answer(desk)
    scenario = find_plan_scenario(desk.plan.scenario)
    st.html(LABELS)
    st.title(desk.say("page_solve"))
    st.html(badge(desk, answer))
    st.caption(desk.say("solve_intro", wanted=f"{LIKELY * 100:.0f}"))
    asked = judged(answer)
    if not asked:
        st.info(desk.say("solve_no_target"))
    else:
        control, target, start = _question(desk, scenario, asked)
        _answered(desk, control, target, start, asked)
    _needs(desk, answer)
    show_packages(desk, scenario, answer)
    watch(desk)


def judged(answer: Answer) -> dict[Asked, Verdict]:
    """Return the targets that can be asked about, headline ones first; unit, errors: none; source: the verdicts."""
    found: dict[Asked, Verdict] = {}
    for v in answer.verdicts:
        if v.target.kind != "baseline":
            found.setdefault((v.target.key, v.target.stage, v.reading), v)
    return found


def _name(v: Verdict, asked: dict[Asked, Verdict], desk: Session) -> str:
    told = [(one.target.labels[desk.language], one.reading) for one in asked.values()]
    return full_name(v.target, v.reading, desk.language, told.count((v.target.labels[desk.language], v.reading)) > 1)


def offered(scenario: Scenario) -> list[Control]:
    """Return the levers, those that matter most for the region first, each group by owner; source: the table."""
    first = first_levers(scenario)
    others = [control for control in controls().values() if control not in first]
    order = {owner: place for place, owner in enumerate(OWNERS)}
    return [*sorted(first, key=lambda c: order[c.owner]), *sorted(others, key=lambda c: order[c.owner])]


def _question(desk: Session, scenario: Scenario, asked: dict[Asked, Verdict]) -> tuple[str, Asked, int]:
    """Draw what can be asked, and return what is: lever, target and year."""
    region = region_of(desk.plan)
    unsure = next((key for key, v in asked.items() if v.headline and v.probability < LIKELY), next(iter(asked)))
    targets = list(asked)

    def told(key: Asked) -> str:
        v = asked[key]
        bound = word("text", "bound_cell", desk.language, bound=bound_text(v, desk.language), year=v.target.year)
        return f"{_name(v, asked, desk)} · {bound} · {v.probability * 100:.0f}%"

    target = st.selectbox(
        desk.say("solve_target"), targets, index=targets.index(unsure), format_func=told, key=f"solve_target|{region}"
    )
    target = target if target in asked else unsure
    names = [control.name for control in offered(scenario)]
    left, right = st.columns([3, 1], gap="small", vertical_alignment="bottom")
    control = left.selectbox(
        desk.say("solve_lever"), names, key=f"solve_lever|{region}", format_func=lambda name: lever_name(name, desk)
    )
    until = asked[target].target.year
    first = scenario.base_year + 1
    years = list(range(first, max(min(until, LAST_YEAR), first) + 1))
    begins = min(max(default_start(scenario), years[0]), years[-1])
    start = right.selectbox(
        desk.say("solve_start"), years, index=years.index(begins), key=f"solve_start|{region}|{years[-1]}"
    )
    st.button(
        desk.say("solve_button"), on_click=_ask, args=(desk.plan, control, target, int(start)), type="primary",
        key="solve_button", disabled=running(desk, SOLVE),
    )  # fmt: skip
    return control, target, int(start)


def lever_name(name: str, desk: Session) -> str:
    """Return a lever's name with its owner; unit: none; errors: InputError; source: the table of levers."""
    control = find_control(name)
    return f"{control.labels[desk.language]} · {word('owner', control.owner, desk.language)}"


def _ask(plan: Plan, control: str, target: Asked, start: int) -> None:
    service().tasks.start(session().user, SOLVE, plan, control, target, start)


def _answered(desk: Session, control: str, target: Asked, start: int, asked: dict[Asked, Verdict]) -> None:
    """Draw how far the work is, and the last good answer: to this question if there is one, else to an earlier."""

    def tried(text: str) -> str:
        task = service().tasks.of(desk.user, SOLVE)
        if task is None:
            return text
        return desk.say("solve_trying", value=value_text(find_control(task.arguments[1]), float(text), desk.language))

    show_task(desk, SOLVE, about=tried)

    def of_region(one: Kept) -> bool:
        return same_region(one.plan, desk.plan) and one.arguments[1] in asked

    found = kept(SOLVE, desk.plan, lambda one: of_region(one) and one.arguments == (control, target, start))
    found = found or kept(SOLVE, desk.plan, of_region)
    if found is None:
        return
    name, _, begun = found.arguments
    if found.plan.without_setting(name).digest != desk.plan.without_setting(name).digest:
        st.info(desk.say("task_older", title=find_plan_scenario(found.plan.scenario).labels[desk.language]))
    _draw(desk, found.result, asked[found.arguments[1]], begun, _name(asked[found.arguments[1]], asked, desk))


def sentence(desk: Session, found: Solved, start: int, year: int, name: str) -> str:
    """Return the answer in words.

    Parameters
    ----------
    desk : Session.
    found : Solved.
    start, year : int; when the lever begins, and the target's year.
    name : str; of the target.

    Returns
    -------
    str.

    Notes
    -----
    Unit: the slider's. Errors: none. Source: the answer.
    """
    control = find_control(found.control)
    facts: dict[str, object] = {
        "lever": control.labels[desk.language], "target": name, "start": start, "year": year, "draws": found.draws,
        "wanted": f"{found.wanted * 100:.0f}", "best": f"{found.best.probability * 100:.0f}",
        "error": f"{found.best.error * 100:.1f}", "at": value_text(control, found.best.value, desk.language),
    }  # fmt: skip
    if found.value is None or found.low is None or found.high is None:
        return desk.say("solve_never", **facts)
    if all(point.probability >= found.wanted for point in found.points):
        return desk.say("solve_always", **facts)
    low, high = (value_text(control, value, desk.language) for value in (found.low, found.high))
    facts["value"] = value_text(control, found.value, desk.language)
    facts["range"] = desk.say("solve_range_none") if low == high else desk.say("solve_range", low=low, high=high)
    if not found.monotone:
        return desk.say("solve_near", **facts)
    rises = found.points[-1].probability >= found.points[0].probability
    return desk.say("solve_at_least" if rises else "solve_at_most", **facts)


def _draw(desk: Session, found: Solved, v: Verdict, start: int, name: str) -> None:
    control = find_control(found.control)
    st.header(desk.say("solve_answer"))
    st.text(sentence(desk, found, start, v.target.year, name))
    if not found.monotone:
        st.caption(desk.say("solve_not_monotone"))
    certain = all(point.probability >= found.wanted for point in found.points)
    if found.value is not None and not certain:
        st.button(
            desk.say("solve_apply", value=value_text(control, found.value, desk.language)), key="solve_apply",
            on_click=apply, args=(found.control, found.value, start),
        )  # fmt: skip
    chart, table = st.columns([3, 2], gap="medium")
    with chart:
        _chart(desk, found, control)
    heads = [desk.say(f"solve_column_{head}") for head in ("value", "probability", "median")]
    rows = [
        (value_text(control, p.value, desk.language), f"{p.probability * 100:.0f}% ±{p.error * 100:.1f}",
         number(p.median, v.unit, desk.language))
        for p in found.points
    ]  # fmt: skip
    table.html(html_table(desk.say("solve_table", draws=found.draws), heads, rows, "solve"))


def _chart(desk: Session, found: Solved, control: Control) -> None:
    scale = scale_of(control, desk)
    unit = desk.say("solve_points") if control.unit == "share" and control.operation == "add" else "%"
    if control.unit not in ("share", "factor"):
        unit = word("unit", control.unit, desk.language)
    x, y = desk.say("solve_axis", lever=control.labels[desk.language], unit=unit), desk.say("board_probability")
    data = pd.DataFrame({"x": [scale.shown(p.value) for p in found.points], "y": [p.probability for p in found.points]})
    spec = with_level(line_spec(data, (x, y), whole=False), found.wanted)
    spec["layer"][0]["encoding"]["y"]["scale"] = {"domain": [0, 1]}
    st.vega_lite_chart(None, spec, theme=None, width="stretch", key="solve_chart", alt=desk.say("solve_chart_alt"))


def apply(control: str, value: float, start: int) -> None:
    """Set the lever of the plan at hand; unit: the control's; errors: told; source: the answer."""
    desk, lever = session(), find_control(control)
    if lever.neutral is not None and abs(value - lever.neutral) < 1e-9:
        done = desk.adopt(desk.plan.without_setting(control))
    else:
        done = desk.adopt(desk.plan.with_setting(Setting(control, value, start)))
    if done:
        text = desk.say("solve_applied", lever=lever.labels[desk.language],
                        value=value_text(lever, value, desk.language), start=start)  # fmt: skip
        desk.notices.append(("info", text))


def _needs(desk: Session, answer: Answer) -> None:
    """Draw what there is today beyond a single lever: what a year would have to bring for each headline target."""
    st.header(desk.say("solve_needs"))
    if not answer.searched:
        st.caption(desk.say("cause_searching"))
        return
    headline = [v for v in answer.verdicts if v.headline and v.target.kind != "baseline"]
    told = [(v.target.labels[desk.language], v.reading) for v in headline]
    rows = []
    for v, pair in zip(headline, told, strict=True):
        name = full_name(v.target, v.reading, desk.language, told.count(pair) > 1)
        need = desk.say("solve_need_none") if v.probability >= LIKELY else need_text(v, desk.language)
        rows.append((name, f"{v.probability * 100:.0f}% ±{v.error * 100:.1f}", need))
    heads = [word("text", column, desk.language) for column in ("column_target", "column_probability", "column_need")]
    st.html(html_table(desk.say("solve_needs_note"), heads, rows, "needs"))
