"""Take away: the scenario as a file and as a link, the brief for Word, the numbers for Excel, the pictures."""

from __future__ import annotations

import datetime

import streamlit as st

from simvet.planning.answering import MANY
from simvet.planning.link import Desk
from simvet.planning.plan import Plan
from simvet.planning.scenario_text import scenario_text
from simvet.planning.words import changes_of, plan_title
from simvet.screen.progress import Kept, kept, show_task
from simvet.screen.service import FIRST, service
from simvet.screen.session import Session, session
from simvet.screen.signing import register_of

FILES: dict[str, tuple[str, str]] = {
    "brief": ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "book": ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "pictures": ("zip", "application/zip"),
}
"""What is prepared: ending and type of each file."""


def show() -> None:
    """Draw the page; unit: on it; errors: told on it; source: the plan."""
    desk = session()
    st.title(desk.say("page_takeaway"))
    st.caption(f"{plan_title(desk.plan, desk.language)} · {desk.say('take_draws', draws=MANY)}")
    unsigned_mark(desk)
    _link(desk)
    _scenario_file(desk)
    _prepared(desk)


def unsigned_mark(desk: Session) -> None:
    """Say how many assumptions nobody has signed; unit: assumptions; errors: InputError; source: the register."""
    register = register_of(desk.plan)
    if register.unsigned:
        st.warning(desk.say("unsigned", unsigned=len(register.unsigned), assumed=len(register.assumed)))
    else:
        st.success(desk.say("all_signed", assumed=len(register.assumed)))


def address_of(desk: Session) -> str | None:
    """Return the whole address of this desk, None where it would be too long; unit, errors: none; source: the link."""
    link = desk.link()
    here = (st.context.url or "").split("?")[0]
    root = here.rsplit("/", 1)[0] + "/" if here else ""
    language = "&lang=en" if desk.language == "en" else ""
    if link is None:
        fresh = Desk(desk.plan, tuple(desk.variants)) == Desk(Plan(FIRST))
        return f"{root}{'?lang=en' if language else ''}" if fresh else None
    return f"{root}?s={link}{language}"


def _link(desk: Session) -> None:
    st.subheader(desk.say("take_link"))
    address = address_of(desk)
    if address is None:
        st.info(desk.say("link_impossible"))
        return
    st.caption(desk.say("link_note"))
    st.code(address, language=None, wrap_lines=True)


def _name(plan: Plan, ending: str) -> str:
    return f"simvet_{plan.scenario}_{plan.digest[:8]}.{ending}"


def _scenario_file(desk: Session) -> None:
    st.subheader(desk.say("take_scenario"))
    st.caption(desk.say("scenario_note"))
    title = {lang: f"{plan_title(desk.plan, lang)} · {desk.plan.digest[:8]}" for lang in ("zh", "en")}
    register = register_of(desk.plan)
    counts = {"unsigned": len(register.unsigned), "assumed": len(register.assumed)}
    warning = [desk.say("unsigned", **counts)] if register.unsigned else []
    text = scenario_text(desk.plan, title, "; ".join([*warning, *changes_of(desk.plan, desk.language)]))
    st.download_button(
        desk.say("download_scenario"), text.encode(), _name(desk.plan, "yaml"), "application/yaml", key="scenario_file"
    )


def _prepared(desk: Session) -> None:
    st.subheader(desk.say("take_files"))
    st.caption(desk.say("files_note"))
    wanted = (desk.plan, tuple(desk.variants), desk.language)
    if st.button(desk.say("prepare"), key="prepare", type="primary"):
        service().tasks.start(
            desk.user, "takeaway", desk.plan, desk.language, address_of(desk) or "", datetime.date.today()
        )
        desk.prepared_for = wanted
    show_task(desk, "takeaway", most=1)
    made = kept("takeaway", desk.plan)
    if made is None:
        return
    if desk.prepared_for != wanted:
        st.info(desk.say("prepared_before"))
    _buttons(desk, made)


def _buttons(desk: Session, made: Kept) -> None:
    with st.container(horizontal=True, gap="small"):
        for name, (ending, kind) in FILES.items():
            size = len(made.result[name]) / 1e6
            st.download_button(
                desk.say(f"download_{name}", size=f"{size:.1f}"), made.result[name], _name(made.plan, ending), kind,
                key=f"file|{name}",
            )  # fmt: skip
