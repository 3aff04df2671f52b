"""The levers under the planner's hand: a slider each, its schedule behind it, grouped by who owns them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import streamlit as st

from simvet.controls import EVERY, OWNERS, Control, bears_on, controls, find_control
from simvet.loading import LAST_YEAR
from simvet.planning.own import find_plan_scenario
from simvet.planning.plan import EARLIEST, LATEST, LIMIT, PROJECT, Setting, switchable
from simvet.planning.words import years_text
from simvet.report.canvas import bracketed
from simvet.report.wording import word
from simvet.scenario import Project, Scenario
from simvet.screen.service import service
from simvet.screen.session import Session, session

OTHER = "other"
"""What the table of levers calls a region that is not one of the project's."""
PROJECT_STEP = 0.5


@dataclass(frozen=True)
class Scale:
    """How a lever's value is written on its slider.

    Notes
    -----
    Unit: shown = (value - ``zero``) x ``times``. Errors: none. Source: planners read per cent and points.
    """

    zero: float
    times: float
    form: str

    def shown(self, value: float) -> float:
        """Return what the slider shows for a value."""
        return round((value - self.zero) * self.times, 6)

    def value(self, shown: float) -> float:
        """Return the value behind what the slider shows."""
        return round(self.zero + shown / self.times, 10)


def scale_of(control: Control, desk: Session) -> Scale:
    """Return how a lever is shown: a factor as change in per cent, a share in per cent or points; source: its unit."""
    if control.operation == "multiply":
        return Scale(1.0, 100.0, "%+.0f%%")
    if control.unit == "share":
        fine = control.step < 0.01
        if control.operation == "add":
            return Scale(0.0, 100.0, word("screen", "form_points", desk.language))
        return Scale(0.0, 100.0, "%.1f%%" if fine else "%.0f%%")
    whole = control.step >= 1.0
    sign = "+" if control.operation == "add" else ""
    return Scale(0.0, 1.0, f"%{sign}.0f" if whole else f"%{sign}.2f")


def region_name(scenario: Scenario) -> str:
    """Return the name by which the table of levers knows a region; unit, errors: none; source: the table."""
    region = scenario.regions[0].region
    known = {name for control in controls().values() for name in control.first_for}
    return region if region in known else OTHER


def first_levers(scenario: Scenario) -> list[Control]:
    """Return the handful of levers that matter most for a region; unit, errors: none; source: measured effects."""
    region = region_name(scenario)
    return [control for control in controls().values() if region in control.first_for]


def default_start(scenario: Scenario) -> int:
    """Return the school year from which a lever acts unless said otherwise: the first after what is known."""
    return min(max(scenario.as_of + 1, scenario.base_year + 1), LAST_YEAR)


def standing_value(control: Control, desk: Session, start: int) -> float:
    """Return where a lever stands that nobody has moved; unit: the control's; errors: none; source: the base run."""
    if control.neutral is not None:
        return control.neutral
    quantity, key = control.pulls[0]
    value = service().quick.standing(desk.plan, quantity, "" if key == EVERY else key, start)
    steps = round((value - control.low) / control.step)
    return min(max(round(control.low + steps * control.step, 10), control.low), control.high)


def show_levers(desk: Session, scenario: Scenario) -> None:
    """Draw the levers: the handful first, by owner, then all others, the projects and the limits.

    Parameters
    ----------
    desk : Session.
    scenario : Scenario; the plan's base, no lever moved.

    Notes
    -----
    Unit: on each slider. Errors: told on the page. Source: ``data/levers/controls.csv``.
    """
    first = first_levers(scenario)
    for owner in OWNERS:
        held = [control for control in first if control.owner == owner]
        projects = [p for p in scenario.projects if p.owner == owner and p.region == scenario.regions[0].region]
        if not held and not projects:
            continue
        st.markdown(f"**{desk.say('owned_by', owner=word('owner', owner, desk.language))}**")
        for project in projects:
            _project_lever(desk, project)
        for control in held:
            _lever(desk, control, scenario)
    region = scenario.regions[0].region
    others = [control for control in controls().values() if control not in first and bears_on(control, region)]
    more = st.expander(desk.say("more_levers"), key="more_levers", on_change="rerun")
    if more.open:
        with more:
            for control in others:
                _lever(desk, control, scenario, with_owner=True)
    limits = st.expander(desk.say("limits"), key="limits", on_change="rerun")
    if limits.open:
        with limits:
            _limits(desk, scenario)


def _lever(desk: Session, control: Control, scenario: Scenario, with_owner: bool = False) -> None:
    setting = desk.plan.setting(control.name)
    start = setting.start if setting else default_start(scenario)
    scale = scale_of(control, desk)
    value = setting.value if setting else standing_value(control, desk, start)
    key = f"lever|{control.name}|{desk.epoch}"
    if key not in st.session_state:
        st.session_state[key] = scale.shown(value)
    label = control.labels[desk.language]
    if with_owner:
        label = f"{label} · {word('owner', control.owner, desk.language)}"
    if setting:
        years = bracketed(years_text(setting, control, desk.language), desk.language)
        label = f"{label}{years}"
    slider, schedule = st.columns([5, 2], gap="small", vertical_alignment="bottom", wrap=False)
    slider.slider(
        label, scale.shown(control.low), scale.shown(control.high),
        step=round(control.step * scale.times, 6), format=scale.form, key=key, on_change=_moved,
        args=(control.name, key, scale, start), help=control.reasons[desk.language],
    )  # fmt: skip
    with schedule:
        _schedule(desk, control, setting)


def _moved(name: str, key: str, scale: Scale, start: int) -> None:
    desk, control = session(), find_control(name)
    value = scale.value(float(st.session_state[key]))
    old = desk.plan.setting(name)
    if control.neutral is not None and abs(value - control.neutral) < 1e-9:
        desk.adopt(desk.plan.without_setting(name), forget=False)
        return
    setting = replace(old, value=value) if old else Setting(name, value, start)
    desk.adopt(desk.plan.with_setting(setting), forget=False)


def _schedule(desk: Session, control: Control, setting: Setting | None) -> None:
    # A label that followed the choice would close what stands open.
    popover = st.popover(
        desk.say("years"), key=f"years|{control.name}", on_change="rerun", width="stretch",
        disabled=setting is None, help=desk.say("schedule_help"),
    )  # fmt: skip
    if not popover.open or setting is None:
        return
    with popover:
        base = max(desk_base_year(desk) + 1, 2000)
        tag = f"{control.name}|{desk.epoch}"
        keys = {part: f"{part}|{tag}" for part in ("from", "to", "ramp")}
        begins = {keys["from"]: setting.start, keys["to"]: setting.end or 0, keys["ramp"]: setting.ramp}
        for key, value in begins.items():
            st.session_state.setdefault(key, value)
        years = list(range(base, LAST_YEAR + 1))
        st.selectbox(desk.say("from"), years, key=keys["from"], on_change=_rescheduled, args=(control.name, keys))
        st.button(desk.say("lever_back"), key=f"back|{control.name}", on_click=_put_back, args=(control.name,))
        if control.once:
            return
        st.selectbox(
            desk.say("to"), [0, *years], key=keys["to"], on_change=_rescheduled, args=(control.name, keys),
            format_func=lambda year: desk.say("for_good") if year == 0 else str(year),
        )  # fmt: skip
        st.checkbox(desk.say("ramp"), key=keys["ramp"], on_change=_rescheduled, args=(control.name, keys))


def _put_back(name: str) -> None:
    session().adopt(session().plan.without_setting(name))


def _rescheduled(name: str, keys: dict[str, str]) -> None:
    desk = session()
    setting = desk.plan.setting(name)
    if setting is None:
        return
    end = int(st.session_state.get(keys["to"], 0)) or None
    changed = replace(
        setting, start=int(st.session_state[keys["from"]]), end=end, ramp=bool(st.session_state.get(keys["ramp"]))
    )
    desk.adopt(desk.plan.with_setting(changed), forget=False)


def desk_base_year(desk: Session) -> int:
    """Return the base year of the plan's scenario; unit: school year; errors: InputError; source: the scenario."""
    return find_plan_scenario(desk.plan.scenario).base_year


def _project_lever(desk: Session, project: Project) -> None:
    name = f"{PROJECT}:{project.name}"
    setting = desk.plan.setting(name)
    key = f"lever|{name}|{desk.epoch}"
    if key not in st.session_state:
        st.session_state[key] = setting.value if setting else 0.0
    label = desk.say("project_shift", project=project.labels[desk.language])
    step = 1.0 if project.opening is not None else PROJECT_STEP
    st.slider(
        label, EARLIEST, LATEST, step=step, format=desk.say("form_years"), key=key,
        on_change=_project_moved, args=(name, key),
    )  # fmt: skip


def _project_moved(name: str, key: str) -> None:
    desk = session()
    value = float(st.session_state[key])
    if value == 0.0:
        desk.adopt(desk.plan.without_setting(name), forget=False)
        return
    desk.adopt(desk.plan.with_setting(Setting(name, value, desk_base_year(desk) + 1)), forget=False)


def _limits(desk: Session, scenario: Scenario) -> None:
    st.caption(desk.say("limits_note"))
    case = scenario.regions[0]
    for stage, limit in switchable(scenario):
        name = f"{LIMIT}:{stage}:{limit}"
        setting = desk.plan.setting(name)
        key = f"lever|{name}|{desk.epoch}"
        held = limit in case.limits.get(stage, ())
        if key not in st.session_state:
            st.session_state[key] = bool(setting.value) if setting else held
        place = scenario.pathway.stage_labels[stage][desk.language]
        st.checkbox(
            f"{place} · {word('limit', limit, desk.language)}", key=key, on_change=_limit_switched,
            args=(name, key, held),
        )  # fmt: skip


def _limit_switched(name: str, key: str, held: bool) -> None:
    desk = session()
    value = bool(st.session_state[key])
    if value == held:
        desk.adopt(desk.plan.without_setting(name), forget=False)
        return
    desk.adopt(desk.plan.with_setting(Setting(name, float(value), desk_base_year(desk) + 1)), forget=False)
