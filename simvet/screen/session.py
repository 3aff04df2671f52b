"""One planner's desk: what is set, what was set before, what is kept beside it; nothing of it is lost on the way."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import streamlit as st

from simvet.controls import controls
from simvet.errors import InputError, SimvetError
from simvet.planning.answering import Answer, plan_scenario
from simvet.planning.history import History
from simvet.planning.link import LONGEST_TITLE, MOST_VARIANTS, Desk, clean, read_link, write_link
from simvet.planning.plan import Plan
from simvet.report.wording import Language, complain, word
from simvet.screen.service import FIRST, service
from simvet.screen.window import WINDOW, has_work, window_of

_DESK = "desk"


@dataclass
class Session:
    """What the server knows of one planner.

    Notes
    -----
    Shape: ``variants`` are up to MOST_VARIANTS pairs of title and plan. ``epoch`` counts the times that widgets had to
    forget what they show. ``notices`` are told once. Unit: none. Errors: none. Source: the planner.
    """

    user: str
    browser: str
    language: Language
    history: History
    variants: list[tuple[str, Plan]] = field(default_factory=list)
    epoch: int = 0
    notices: list[tuple[str, str]] = field(default_factory=list)
    searched: Answer | None = None
    uploads: int = 0
    brought: list[str] = field(default_factory=list)
    tables: int = 0
    last_good: Answer | None = None
    prepared_for: object = None

    @property
    def plan(self) -> Plan:
        """Return the plan at hand."""
        return self.history.now

    def say(self, key: str, **facts: object) -> str:
        """Return a text of the screen in the planner's language."""
        return word("screen", key, self.language, **facts)

    def tell(self, error: InputError) -> None:
        """Show a complaint when the page is drawn next."""
        told = complain(error, self.language)
        lever = controls().get(error.where)
        if lever is not None:
            told = lever.labels[self.language] + told.removeprefix(error.where)
        self.notices.append(("error", told))

    def adopt(self, plan: Plan, forget: bool = True) -> bool:
        """Take a new plan if it can be run; say why not, and keep the old one, if it cannot.

        Parameters
        ----------
        plan : Plan.
        forget : bool; widgets take their values from the plan again.

        Returns
        -------
        bool.

        Notes
        -----
        Unit: none. Errors: none; they are told. Source: the planner.
        """
        try:
            plan_scenario(plan)
        except InputError as error:
            self.tell(error)
            self.epoch += 1
            return False
        self.history = self.history.then(plan)
        if forget:
            self.epoch += 1
        return True

    def undo(self) -> None:
        """Go one step back."""
        self.history = self.history.undone()
        self.epoch += 1

    def redo(self) -> None:
        """Go one step forward."""
        self.history = self.history.redone()
        self.epoch += 1

    def reset(self) -> None:
        """Put every lever, number and year back as the scenario has them; signatures stay."""
        self.adopt(Plan(self.plan.scenario, signatures=self.plan.signatures))

    def keep(self, title: str) -> None:
        """Keep the plan at hand beside the next ones; the oldest goes when there are too many."""
        title = clean(title, LONGEST_TITLE)
        others = [(name, plan) for name, plan in self.variants if name != title]
        self.variants = [*others, (title, self.plan)][-MOST_VARIANTS:]

    def drop(self, title: str) -> None:
        """Forget a scenario kept beside."""
        self.variants = [(name, plan) for name, plan in self.variants if name != title]

    def link(self, slot: str = "") -> str | None:
        """Return the text of the link to this desk, None where nothing differs from a fresh one or none can be made."""
        desk = Desk(self.plan, tuple(self.variants))
        if desk == Desk(Plan(FIRST)):
            return None
        try:
            return write_link(desk, service().key, slot)
        except InputError:
            return None


def session() -> Session:
    """Return the desk of the planner who is looking; a new one is opened from the link in the address.

    Notes
    -----
    Unit: none. Errors: none; a bad link is told, and the first scenario shown. Source: the address.
    """
    held = st.session_state.get(_DESK)
    if held is None:
        held = _opened()
        st.session_state[_DESK] = held
    found: Session = held
    return found


def _opened() -> Session:
    lang: Language = "en" if st.query_params.get("lang") == "en" else "zh"
    fresh = Session(*window_of(), lang, History(Plan(FIRST)))
    link = st.query_params.get("s")
    if link:
        try:
            desk = read_link(link, service().key)
            plan_scenario(desk.plan)
            fresh = replace(fresh, history=History(desk.plan))
        except InputError as error:
            fresh.tell(error)
            return fresh
        for title, plan in desk.variants:
            # One that cannot be had any more takes nothing else with it.
            try:
                plan_scenario(plan)
                fresh.variants.append((title, plan))
            except InputError as error:
                fresh.tell(error)
    return fresh


def keep_address(desk: Session) -> None:
    """Write the desk into the address, so that a reload, or a colleague, finds exactly this.

    Parameters
    ----------
    desk : Session.

    Notes
    -----
    Unit: none. Errors: none. Source: Streamlit loses the query when a page is left, so that every run writes it anew.
    """
    wanted: dict[str, str] = {}
    link = desk.link(desk.user)
    if link is not None:
        wanted["s"] = link
    if desk.language == "en":
        wanted["lang"] = "en"
    if has_work(desk.user):
        wanted[WINDOW] = desk.user
    if dict(st.query_params) != wanted:
        st.query_params.from_dict(wanted)


def best_answer(desk: Session) -> Answer:
    """Return the best answer at hand to the plan: of many draws if there is one, else of few, which is quick.

    Parameters
    ----------
    desk : Session.

    Returns
    -------
    Answer; the last good one, with a note on the page, where the plan at hand cannot be run.

    Raises
    ------
    SimvetError : the plan cannot be run and there is no earlier answer.

    Notes
    -----
    Unit: see Answer. Source: the server's shelves.
    """
    sharp = service().sharper.best(desk.plan)
    if sharp is not None:
        if sharp.searched:
            desk.searched = sharp
        desk.last_good = sharp
        return sharp
    try:
        desk.last_good = service().quick.verdicts(desk.plan)
    except SimvetError as error:
        if desk.last_good is None:
            raise
        told = complain(error, desk.language) if isinstance(error, InputError) else desk.say("run_failed")
        st.error(f"{told} {desk.say('last_good_stays')}")
    return desk.last_good


def viewed(desk: Session, name: str, *arguments: object) -> object:
    """Return a view of the best answer, computed from few draws where no other is at hand.

    Parameters
    ----------
    desk : Session.
    name : str; a key of VIEWS.
    *arguments : what the view takes after the run.

    Returns
    -------
    What the view returns.

    Raises
    ------
    InputError : the plan cannot be run.

    Notes
    -----
    Unit: see the view. Source: ``simvet.planning.views``.
    """
    sharp = service().sharper.best(desk.plan)
    if sharp is not None and sharp.holds(name, *arguments):
        return sharp.view(name, *arguments)
    return service().quick.answer(desk.plan).view(name, *arguments)
