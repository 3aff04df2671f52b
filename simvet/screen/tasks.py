"""Long work on its way: started, watched, cancelled; one of a kind for each user, few at a time for the machine."""

from __future__ import annotations

import multiprocessing
import threading
import time
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from simvet.errors import InputError
from simvet.planning.answering import Answer, Shelf
from simvet.planning.plan import Plan
from simvet.screen.work import WORK, sharpen, yield_to_server

AT_ONCE = 2
"""Tasks that run at the same time; more would only share the same cores."""
KEPT = 1800.0
"""Seconds for which a finished task waits for a user who is away."""
FORGOTTEN = 120.0
"""Seconds after which a task that nobody has looked at is stopped: its window was closed."""
MOST_BREAKS = 3
"""Times that the worker may die over a plan before the plan is taken to be the reason."""
MOST_USERS = 500
"""Users whose latest wish is remembered."""
MOST_WAITING = 4
"""Answers that may wait to be sharpened; beyond that, few draws must do until there is room."""


@dataclass
class Task:
    """One piece of work.

    Notes
    -----
    Unit: ``done`` is a part from 0 to 1; ``seen`` is a clock in seconds. ``state`` is waiting, running, finished, wrong
    (the user's mistake, in ``error``), failed (the program's) or cancelled. Errors: none. Source: the worker's reports.
    """

    kind: str
    arguments: tuple[Any, ...]
    state: str = "waiting"
    done: float = 0.0
    about: str = ""
    result: Any = None
    error: InputError | None = None
    process: BaseProcess | None = None
    pipe: Connection | None = None
    seen: float = field(default_factory=time.monotonic)

    @property
    def over(self) -> bool:
        """Return whether nothing more will come."""
        return self.state not in ("waiting", "running")


def _run(pipe: Connection, kind: str, arguments: tuple[Any, ...]) -> None:
    """Do a piece of work in this process and send what comes of it."""
    yield_to_server()
    try:
        result = WORK[kind](lambda done, about: pipe.send(("progress", done, about)), *arguments)
        pipe.send(("finished", result, ""))
    except InputError as error:
        pipe.send(("wrong", error, ""))


class Tasks:
    """The tasks of all users.

    Notes
    -----
    Shape: at most one task for a user and a kind. Unit: none. Errors: none. Source: processes, because threads would
    make every planner wait.
    """

    def __init__(self) -> None:
        self._held: dict[tuple[str, str], Task] = {}
        self._context = multiprocessing.get_context("spawn")
        self._guard = threading.Lock()

    def start(self, user: str, kind: str, *arguments: object) -> Task:
        """Start work; what the same user had running of that kind is stopped."""
        self.cancel(user, kind)
        task = Task(kind, arguments)
        with self._guard:
            self._held[user, kind] = task
        self._look_after()
        return task

    def of(self, user: str, kind: str) -> Task | None:
        """Return a user's task as it stands now, None where none was started."""
        task = self._held.get((user, kind))
        if task is not None:
            task.seen = time.monotonic()
        if self._held:
            self._look_after()
        return task

    def users(self) -> set[str]:
        """Return the users who have a task."""
        return {user for user, _ in list(self._held)}

    def cancel(self, user: str, kind: str) -> None:
        """Stop a user's task, if it runs."""
        with self._guard:
            task = self._held.get((user, kind))
            if task is not None:
                _stop(task, "cancelled")

    def touch(self, user: str) -> None:
        """Note that a user is still there, on whatever page: nothing of theirs is forgotten."""
        for (owner, _), task in list(self._held.items()):
            if owner == user:
                task.seen = time.monotonic()

    def forget(self, user: str, kind: str) -> None:
        """Stop a user's task and keep nothing of it."""
        self.cancel(user, kind)
        with self._guard:
            self._held.pop((user, kind), None)

    def close(self) -> None:
        """Stop everything."""
        with self._guard:
            for task in self._held.values():
                _stop(task, "cancelled")

    def _look_after(self) -> None:
        """Take in what workers report, stop what nobody waits for, start what there is room for."""
        with self._guard:
            now = time.monotonic()
            for key, task in list(self._held.items()):
                if task.state == "running":
                    _take_in(task)
                if now - task.seen > (KEPT if task.over else FORGOTTEN):
                    _stop(task, "cancelled")
                    del self._held[key]
            free = AT_ONCE - sum(task.state == "running" for task in self._held.values())
            for task in [task for task in self._held.values() if task.state == "waiting"][: max(free, 0)]:
                self._begin(task)

    def _begin(self, task: Task) -> None:
        here, there = self._context.Pipe(duplex=False)
        task.process = self._context.Process(target=_run, args=(there, task.kind, task.arguments), daemon=True)
        task.process.start()
        there.close()
        task.pipe, task.state = here, "running"


def _take_in(task: Task) -> None:
    if task.pipe is None or task.process is None:
        return
    try:
        while task.pipe.poll():
            word, what, about = task.pipe.recv()
            if word == "progress":
                task.done, task.about = float(what), str(about)
            elif word == "finished":
                task.result, task.done = what, 1.0
                _stop(task, "finished")
                return
            else:
                task.error = what
                _stop(task, "wrong")
                return
    except (EOFError, OSError):
        _stop(task, "failed")
        return
    if not task.process.is_alive() and not task.pipe.poll():
        _stop(task, "failed")


def _stop(task: Task, state: str) -> None:
    """Put an end to a task, once: what is over stays what it is."""
    if task.over:
        return
    task.state = state
    if task.process is not None:
        if state == "finished":
            task.process.join(timeout=0.05)
        if task.process.is_alive():
            task.process.kill()
        task.process = None
    if task.pipe is not None:
        task.pipe.close()
        task.pipe = None


class Sharpener:
    """Many draws after few: one worker that keeps its opening balances, and a shelf of what it found.

    Notes
    -----
    Shape: answers by digest of the plan, and whether causes were searched. Unit: none. Errors: an answer that failed is
    told, and not tried again. Source: ``simvet.screen.work``.
    """

    def __init__(self, answers: int = 32) -> None:
        self._found: Shelf[Answer] = Shelf(answers)
        self._wrong: Shelf[str] = Shelf(200)
        self._waiting: dict[tuple[str, bool], Future[Answer]] = {}
        self._wanted: dict[str, tuple[str, bool]] = {}
        self._broke: dict[str, int] = {}
        self._guard = threading.Lock()
        self._pool: ProcessPoolExecutor | None = None

    def best(self, plan: Plan) -> Answer | None:
        """Return the best answer at hand: with causes, else of many draws, else None."""
        self._take_in()
        return self._found.get((plan.digest, True)) or self._found.get((plan.digest, False))

    def failed(self, plan: Plan) -> bool:
        """Return whether the plan's sharper answer could not be had."""
        return self._wrong.get(plan.digest) is not None

    def want(self, user: str, plan: Plan, search: bool = True) -> bool:
        """Ask for the next better answer to a user's plan; return whether one is on its way.

        Without ``search`` many draws will do, for a plan that another is compared with.
        """
        self._take_in()
        many = self._found.get((plan.digest, False)) is not None
        if self._found.get((plan.digest, True)) is not None or self.failed(plan) or (many and not search):
            return False
        key = (plan.digest, many)
        with self._guard:
            before = self._wanted.pop(user, None)
            self._wanted[user] = key
            if len(self._wanted) > MOST_USERS:
                del self._wanted[next(iter(self._wanted))]
            if before is not None and before != key and before not in self._wanted.values():
                # Nobody waits for it any more; what already runs is seen to its end.
                stale = self._waiting.get(before)
                if stale is not None and stale.cancel():
                    del self._waiting[before]
            if key not in self._waiting:
                if len(self._waiting) >= MOST_WAITING:
                    return True
                future = self._submit(plan, key[1])
                if future is not None:
                    self._waiting[key] = future
        return True

    def _submit(self, plan: Plan, search: bool) -> Future[Answer] | None:
        for _ in range(2):
            if self._pool is None:
                context = multiprocessing.get_context("spawn")
                self._pool = ProcessPoolExecutor(1, mp_context=context, initializer=yield_to_server)
            try:
                return self._pool.submit(sharpen, plan, search)
            except BrokenProcessPool:
                # The worker was killed while it had nothing to do: nobody was told. Begin with a new one.
                self._pool = None
        return None

    def _take_in(self) -> None:
        with self._guard:
            for key, future in list(self._waiting.items()):
                if not future.done():
                    continue
                del self._waiting[key]
                error = future.exception()
                if error is None:
                    self._found.put(key, future.result())
                    continue
                if isinstance(error, BrokenProcessPool):
                    # Killed with others in the queue: no fault of any plan, unless it happens to the same one again.
                    self._pool = None
                    self._broke[key[0]] = self._broke.get(key[0], 0) + 1
                    if self._broke[key[0]] >= MOST_BREAKS:
                        self._wrong.put(key[0], str(error))
                    continue
                self._wrong.put(key[0], str(error))

    def close(self) -> None:
        """Stop the worker."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None
