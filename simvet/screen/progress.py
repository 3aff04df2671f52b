"""Long work as the planner sees it: how far it is, a way to stop it, and the last good result until the next one."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from simvet.planning.plan import Plan
from simvet.planning.words import plan_title
from simvet.report.wording import complain, word
from simvet.screen.service import service
from simvet.screen.session import Session, session
from simvet.screen.tasks import Task

POLL = 0.5
"""Seconds between two looks at work that runs."""
MOST_KEPT = 8
"""Finished results of a kind that are kept for a planner; of the largest kind the page asks for fewer."""
About = Callable[[str], str]


@dataclass(frozen=True)
class Kept:
    """A finished result.

    Notes
    -----
    Shape: ``arguments`` are those of the work after the plan. Unit: none. Errors: none. Source: the worker.
    """

    plan: Plan
    arguments: tuple[Any, ...]
    result: Any

    def fits(self, plan: Plan) -> bool:
        """Return whether the result is about a plan."""
        return self.plan.digest == plan.digest


def show_task(
    desk: Session, kind: str, about: About | None = None, make: Callable[[Any], Any] | None = None,
    most: int = MOST_KEPT,
) -> Task | None:  # fmt: skip
    """Draw how a planner's work stands, and take its result in when it is there.

    Parameters
    ----------
    desk : Session.
    kind : str; a key of WORK.
    about : callable, optional; puts what the work says about itself into words.
    make : callable, optional; what of the result is kept.
    most : int; results of this kind that are kept.

    Returns
    -------
    Task, or None where none was started; a finished one is handed over once, its result then is among :func:`kept`.

    Notes
    -----
    Unit: none. Errors: told on the page. Source: ``Tasks``.
    """
    task = service().tasks.of(desk.user, kind)
    if task is None:
        return None
    if not task.over:
        _polling(kind, about)
    elif task.state == "finished":
        _keep(kind, task, make, most)
        service().tasks.forget(desk.user, kind)
    elif task.state == "wrong" and task.error is not None:
        st.error(complain(task.error, desk.language))
    else:
        (st.warning if task.state == "failed" else st.info)(desk.say(f"task_{task.state}"))
    return task


@st.fragment(run_every=POLL)
def _polling(kind: str, about: About | None) -> None:
    """Draw progress and the way to stop, again and again; the page is drawn anew when the work is over."""
    desk = session()
    task = service().tasks.of(desk.user, kind)
    if task is None or task.over:
        st.rerun(scope="app")
    with st.container(key=f"progress_{kind}"):
        st.progress(min(max(task.done, 0.0), 1.0), text=_doing(desk, task, about))
        st.button(desk.say("task_cancel"), on_click=_cancel, args=(kind,), key=f"cancel|{kind}")


def _doing(desk: Session, task: Task, about: About | None) -> str:
    if task.state == "waiting":
        return desk.say("task_waiting")
    if task.about == "compiling":
        return word("text", "compiling", desk.language)
    told = about(task.about) if about is not None and task.about else task.about
    text = desk.say("task_running", percent=f"{task.done * 100:.0f}")
    return f"{text} · {told}" if told else text


def _cancel(kind: str) -> None:
    service().tasks.cancel(session().user, kind)


def running(desk: Session, kind: str) -> bool:
    """Return whether work of a kind is on its way; unit, errors: none; source: ``Tasks``."""
    task = service().tasks.of(desk.user, kind)
    return task is not None and not task.over


def _keep(kind: str, task: Task, make: Callable[[Any], Any] | None, most: int) -> None:
    """Lay a result by under the planner's own word: it survives other pages and a reload, and no one else sees it."""
    plan, *rest = task.arguments
    shelf = service().results
    held = shelf.get((session().user, kind)) or shelf.put((session().user, kind), OrderedDict())
    result = task.result if make is None else make(task.result)
    key = (plan.digest, *rest)
    held[key] = Kept(plan, tuple(rest), result)
    held.move_to_end(key)
    while len(held) > most:
        held.popitem(last=False)


def kept(kind: str, plan: Plan, fits: Callable[[Kept], bool] | None = None) -> Kept | None:
    """Return a planner's last good result: of the plan at hand if there is one, else of an earlier one.

    Parameters
    ----------
    kind : str.
    plan : Plan; the one at hand.
    fits : callable, optional; which results count.

    Returns
    -------
    Kept or None.

    Notes
    -----
    Unit: none. Errors: none. Source: the server's shelf of this planner.
    """
    held = service().results.get((session().user, kind)) or OrderedDict()
    found = [one for one in held.values() if fits is None or fits(one)]
    fresh = [one for one in found if one.fits(plan)]
    chosen = fresh or found
    return chosen[-1] if chosen else None


def tell_age(desk: Session, one: Kept, plan: Plan | None = None) -> None:
    """Say that a result belongs to an earlier setting, where it does; unit, errors: none; source: the digests."""
    if not one.fits(plan or desk.plan):
        st.info(desk.say("task_older", title=plan_title(one.plan, desk.language)))
