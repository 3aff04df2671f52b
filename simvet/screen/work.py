"""Work that takes longer than a glance: done in processes of its own, so that no user waits for another's."""

from __future__ import annotations

import datetime
import multiprocessing
import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from simvet.planning.answering import FEW, MANY, Answer, Answering, plan_scenario, result_of
from simvet.planning.plan import Plan

if TYPE_CHECKING:
    from simvet.planning.backsolve import Solved
    from simvet.report.wording import Language
    from simvet.screen.people_run import PeopleFound
    from simvet.screen.target_why import Why
    from simvet.studies.answers import Answer as Package
    from simvet.studies.explore import Explored

Tell = Callable[[float, str], None]
"""Told the part that is done, from 0 to 1, and a word of the catalogue or a value about it."""
NICENESS = 10
"""Steps by which work in the background yields to the server: the lever under a planner's hand comes first."""
_KEPT: dict[int, Answering] = {}


def stay_with_server() -> None:
    """End when the server does, however it ends; unit, errors: none; source: the process that started this one."""
    threading.Thread(target=_end_with_server, daemon=True).start()


def _end_with_server() -> None:
    server = multiprocessing.parent_process()
    if server is not None:
        server.join()
        os._exit(0)


def yield_to_server() -> None:
    """Let the server go first, and end with it; unit, errors: none; source: nice(2)."""
    stay_with_server()
    os.nice(NICENESS)


def answering(draws: int = MANY) -> Answering:
    """Return what this process keeps from one plan to the next; unit, errors: none; source: ``simvet.planning``."""
    return _KEPT.setdefault(draws, Answering(draws, bases=6, answers=1))


def quick_verdicts(plan: Plan) -> Answer:
    """Return the verdicts of few draws on a plan, without its run; unit: none; errors: InputError; source: a run."""
    return answering(FEW).verdicts(plan)


def sharpen(plan: Plan, search: bool) -> Answer:
    """Return the answer of many draws to a plan, packed for the way back; unit: none; errors: InputError; source: run.

    Notes
    -----
    Without ``search`` it takes a fraction of a second, with it some seconds.
    """
    return answering().answer(plan, search).packed()


def people(tell: Tell, plan: Plan, seed: int, student: int | None, beside: bool) -> PeopleFound:
    """Run every student of a plan's region one by one.

    Parameters
    ----------
    tell : callable.
    plan : Plan.
    seed : int.
    student : int, optional; whose life is wanted.
    beside : bool; tell the same persons under the scenario before any lever was moved.

    Returns
    -------
    PeopleFound.

    Raises
    ------
    InputError : the plan is wrong, there is no such student, or there are more than the machine carries.

    Notes
    -----
    Unit: persons. Source: the agent engine, one world at the most likely numbers.
    """
    from simvet.screen.people_run import found_by_person  # noqa: PLC0415

    other = plan_scenario(Plan(plan.scenario)) if beside else None
    return found_by_person(plan.digest, plan_scenario(plan), seed, student, other, tell)


def solve(tell: Tell, plan: Plan, control: str, target: tuple[str, str, str], start: int) -> Solved:
    """Return where a lever would have to stand; unit: the control's; errors: InputError; source: ``backsolve``."""
    from simvet.planning.backsolve import backsolve  # noqa: PLC0415

    return backsolve(answering(), plan, control, target, start, tell)


def why(tell: Tell, plan: Plan, indicator: str, stage: str, year: int) -> Why:
    """Return the change of an indicator, split over drift and levers; unit: its own; errors: InputError; source: it."""
    from simvet.decomposition import decompose  # noqa: PLC0415
    from simvet.screen.target_why import why_of  # noqa: PLC0415

    tell(0.1, "")
    result = result_of(answering(150).run(plan))
    return why_of(decompose(result, indicator, year, result.stage_of(indicator, stage)))


def takeaway(tell: Tell, plan: Plan, language: Language, link: str, made_on: datetime.date) -> dict[str, bytes]:
    """Make the files that a planner takes along.

    Parameters
    ----------
    tell : callable.
    plan : Plan.
    language : str.
    link : str; the address that reopens the plan, "" where it has none.
    made_on : date; printed in the files.

    Returns
    -------
    dict; ``brief`` (Word), ``book`` (Excel) and ``pictures`` (PNG and SVG in one archive).

    Raises
    ------
    InputError : the plan is wrong.

    Notes
    -----
    Unit: in the files. Source: a run of many draws with its causes searched.
    """
    from simvet.planning.words import changes_of, plan_title  # noqa: PLC0415
    from simvet.report.answers_book import write_answers_book  # noqa: PLC0415
    from simvet.report.brief import write_brief  # noqa: PLC0415
    from simvet.report.context import ReportContext, unsigned_text  # noqa: PLC0415
    from simvet.report.pictures import picture_files, zip_files  # noqa: PLC0415
    from simvet.screen.signing import register_of  # noqa: PLC0415

    found = answering()
    tell(0.05, "")
    answer = found.answer(plan, True)
    tell(0.5, "")
    base = found.verdicts(Plan(plan.scenario)).verdicts if plan.settings or plan.edits else ()
    register = register_of(plan)
    context = ReportContext(
        language, tuple(changes_of(plan, language)), plan_title(plan, language), link, len(register.unsigned),
        len(register.assumed), register.by_place(), made_on,
    )  # fmt: skip
    result = result_of(found.run(plan))
    files = {"brief": write_brief(result, answer.verdicts, context, base)}
    tell(0.75, "")
    files["book"] = write_answers_book(result, answer.verdicts, context)
    tell(0.85, "")
    files["pictures"] = zip_files(picture_files(result, answer.verdicts, language, unsigned_text(context)))
    return files


def package(
    tell: Tell, plan: Plan, targets: tuple[str, ...], budget: float | None, probability: float, start: int, more: bool
) -> Package:
    """Return the cheapest package for many targets.

    Parameters
    ----------
    tell : callable.
    plan : Plan; everything else stays as it is.
    targets : tuple of str; ("all",) for every target.
    budget : float or None; CNY.
    probability : float.
    start : int; school year from which the levers act.
    more : bool; front, order of measures and other futures too.

    Returns
    -------
    Answer of ``simvet.studies``.

    Raises
    ------
    InputError : the plan or the question is wrong.

    Notes
    -----
    Unit: CNY. Source: ``simvet.studies.solving``. One process: this one may have no children.
    """
    from simvet.studies import solving  # noqa: PLC0415

    wishes = solving.Wishes(
        targets, None, probability, budget, start=start, workers=1, front=more, order=more, robust=more
    )
    return solving.solve(plan_scenario(plan), wishes, tell)


def influence(tell: Tell, plan: Plan, target: tuple[str, str, str, int]) -> Explored:
    """Return what decides a target; unit: the target's; errors: InputError; source: ``simvet.studies.explore``."""
    from simvet.errors import InputError  # noqa: PLC0415
    from simvet.studies.explore import explore  # noqa: PLC0415
    from simvet.studies.outcomes import target_outcomes  # noqa: PLC0415

    scenario = plan_scenario(plan)
    key, stage, reading, year = target
    for outcome in target_outcomes(scenario, [f"{key}/{stage}"], "target"):
        if (outcome.indicator, outcome.year) == (reading, year):
            return explore(scenario, outcome, tell=tell)
    raise InputError("target", "target {key!r} has no such indicator", "Choose one of the list", key=key)


WORK: dict[str, Callable[..., Any]] = {
    "people": people,
    "solve": solve,
    "why": why,
    "takeaway": takeaway,
    "package": package,
    "influence": influence,
}
"""Everything that is done in a process of its own, by name."""
