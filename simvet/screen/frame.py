"""What stands around every page: language, region and preset, undo and redo, what is kept beside, what was said."""

from __future__ import annotations

import re
from pathlib import Path

import streamlit as st

from simvet.errors import InputError
from simvet.loading import load_scenario, scenario_files
from simvet.planning.link import LONGEST_TITLE, MOST_VARIANTS
from simvet.planning.own import OWN, find_plan_scenario
from simvet.planning.plan import Plan
from simvet.report.wording import LANGUAGES, Language, word
from simvet.screen.service import service
from simvet.screen.session import Session, session
from simvet.screen.window import cookie_script

LOOK = Path(__file__).parent / "look.css"
SPOKEN = {"zh": "<script>document.documentElement.lang = 'zh-CN'</script>",
          "en": "<script>document.documentElement.lang = 'en'</script>"}  # fmt: skip
QUIET = 1.1
"""Seconds after which the answer of few draws is followed by many: long enough for a hand that is still moving, and
seldom enough for twenty who ask."""


@st.cache_data(show_spinner=False)
def presets(language: Language) -> dict[str, dict[str, str]]:
    """Return the scenarios: region -> name -> title; unit: none; errors: InputError; source: ``scenarios/``."""
    found: dict[str, dict[str, str]] = {}
    for name in scenario_files():
        scenario = load_scenario(name)
        region = scenario.regions[0].region
        found.setdefault(region, {})[name] = scenario.labels[language]
    # The base of a region bears its name and comes first.
    return {region: {region: held[region], **held} for region, held in found.items()}


def open_frame() -> Session:
    """Draw what stands around the page, and return the planner's desk.

    Notes
    -----
    Unit: none. Errors: told on the page. Source: the desk.
    """
    st.html(LOOK)
    desk = session()
    # Screen readers ask the page for its language; only a script can change what the server wrote.
    st.html(SPOKEN[desk.language] + cookie_script(desk.browser), unsafe_allow_javascript=True)
    service().tasks.touch(desk.user)
    with st.sidebar:
        _language(desk)
        _scenario(desk)
        _steps(desk)
        _variants(desk)
    # In a place of their own, so that the page below does not move when they come and go.
    notices = st.container(key="notices")
    for kind, text in desk.notices:
        (notices.error if kind == "error" else notices.info)(unmarked(text))
    desk.notices.clear()
    return desk


def unmarked(text: str) -> str:
    """Return a text so that none of its letters is taken for markup; unit, errors: none; source: CommonMark."""
    return re.sub(r"([\\`*_{}\[\]()#+\-.!|$~<>:&])", r"\\\1", text)


def _language(desk: Session) -> None:
    # Each in its own language, whatever the other words are in.
    names = {language: word("screen", "own_name", language) for language in LANGUAGES}
    st.segmented_control(
        desk.say("language"), LANGUAGES, format_func=names.__getitem__, default=desk.language, required=True,
        key="language", on_change=_spoken, label_visibility="collapsed",
    )  # fmt: skip


def _spoken() -> None:
    chosen = st.session_state.get("language")
    if chosen in LANGUAGES:
        session().language = chosen
        session().epoch += 1


def _scenario(desk: Session) -> None:
    held = presets(desk.language)
    name = desk.plan.scenario
    region = next((region for region, found in held.items() if name in found), name)
    own = [one for one in dict.fromkeys([*desk.brought, *(plan.scenario for _, plan in desk.variants), name])
           if is_own(one)]  # fmt: skip
    regions = [*held, *own]

    def titled(one: str) -> str:
        if one in held:
            return held[one][one].split("·")[0].strip()
        try:
            return desk.say("uploaded_region", title=find_plan_scenario(one).labels[desk.language])
        except InputError:
            return desk.say("uploaded_gone")

    st.selectbox(
        desk.say("region"), regions, index=regions.index(region), format_func=titled, key=f"region|{desk.epoch}",
        on_change=_region_chosen, args=(f"region|{desk.epoch}",),
    )  # fmt: skip
    if region not in held:
        return
    names = list(held[region])
    st.selectbox(
        desk.say("preset"), names, index=names.index(name), format_func=held[region].__getitem__,
        key=f"preset|{desk.epoch}", on_change=_preset_chosen, args=(f"preset|{desk.epoch}",),
    )  # fmt: skip


def _region_chosen(key: str) -> None:
    session().adopt(Plan(st.session_state[key]))


def _preset_chosen(key: str) -> None:
    session().adopt(Plan(st.session_state[key], signatures=session().plan.signatures))


def _steps(desk: Session) -> None:
    with st.container(horizontal=True, gap="small"):
        st.button(desk.say("undo"), on_click=desk.undo, disabled=not desk.history.before, key="undo")
        st.button(desk.say("redo"), on_click=desk.redo, disabled=not desk.history.after, key="redo")
        changed = bool(desk.plan.settings or desk.plan.edits or desk.plan.as_of)
        st.button(desk.say("reset"), on_click=desk.reset, disabled=not changed, key="reset")


def _variants(desk: Session) -> None:
    st.markdown(f"**{desk.say('variants')}**")
    st.caption(desk.say("variants_note", most=MOST_VARIANTS))
    free = next(n for n in range(1, MOST_VARIANTS + 2) if desk.say("variant", number=n) not in dict(desk.variants))
    free = min(free, MOST_VARIANTS)
    title = st.text_input(
        desk.say("variant_title"), value=desk.say("variant", number=free), max_chars=LONGEST_TITLE,
        key=f"variant_title|{desk.epoch}|{len(desk.variants)}",
    )  # fmt: skip
    st.button(
        desk.say("keep"), on_click=desk.keep, args=(title.strip() or desk.say("variant", number=free),), key="keep"
    )
    for number, (name, plan) in enumerate(desk.variants):
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            st.text(name)
            st.button(desk.say("take"), on_click=_take, args=(plan,), key=f"take|{number}")
            st.button(desk.say("drop"), on_click=desk.drop, args=(name,), key=f"drop|{number}")


def _take(plan: Plan) -> None:
    session().adopt(plan)


def watch(desk: Session) -> None:
    """Ask for a sharper answer once the planner's hand rests, and draw the page again when it has come.

    Parameters
    ----------
    desk : Session.

    Notes
    -----
    Unit: none. Errors: a sharper answer that failed is told; the quick one stays. Source: ``Sharpener``.
    """
    if service().sharper.failed(desk.plan):
        st.warning(desk.say("sharpen_failed"))
        return
    best = service().sharper.best(desk.plan)
    if best is None or not best.searched:
        _watching(desk.plan, best is not None)
    elif any(_is_rough(plan) for plan in compared(desk)):
        _watching_others(desk.plan)


def compared(desk: Session) -> list[Plan]:
    """Return the plans that the one at hand is compared with; unit, errors: none; source: the desk."""
    base = [Plan(desk.plan.scenario)] if desk.plan.settings or desk.plan.edits or desk.variants else []
    return [*base, *(plan for _, plan in desk.variants)]


def _is_rough(plan: Plan) -> bool:
    return service().sharper.best(plan) is None and not service().sharper.failed(plan)


@st.fragment(run_every=QUIET)
def _watching_others(plan: Plan) -> None:
    """Have what stands beside the plan sharpened too, so that only equals are compared."""
    desk = session()
    rough = [other for other in compared(desk) if _is_rough(other)]
    if plan.digest != desk.plan.digest or not rough:
        st.rerun(scope="app")
    service().sharper.want(f"{desk.user} beside", rough[0], search=False)


@st.fragment(run_every=QUIET)
def _watching(plan: Plan, many: bool) -> None:
    desk, sharper = session(), service().sharper
    if plan.digest != desk.plan.digest:
        # The page shows an older plan: its drawing was broken off. Draw it again.
        st.rerun(scope="app")
    key = "watched"
    # The first run is the one that follows the lever at once: nothing is asked until the next.
    if st.session_state.get(key) != plan.digest:
        st.session_state[key] = plan.digest
        return
    best = sharper.best(plan)
    if (best is not None and (best.searched or not many)) or sharper.failed(plan):
        st.rerun(scope="app")
    sharper.want(desk.user, plan)


def is_own(name: str) -> bool:
    """Return whether a scenario was brought along by a planner; unit, errors: none; source: its name."""
    return bool(OWN.match(name))
