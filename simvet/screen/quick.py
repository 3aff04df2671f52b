"""The answer under a planner's hand: few draws, computed beside the server so that no user waits for another's."""

from __future__ import annotations

import multiprocessing
import os
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from simvet.planning.answering import FEW, Answer, Answering, Shelf
from simvet.planning.plan import Plan
from simvet.runs import Run
from simvet.screen.work import quick_verdicts, stay_with_server

MOST_WORKERS = 4
"""Workers at most; one core is left to the server itself."""
SHELF = 64
"""Answers kept, some hundred kilobytes each."""


class Quick:
    """Answers of few draws.

    Notes
    -----
    Shape: ``draws`` worlds. Verdicts come from workers, because the server draws pages meanwhile and one interpreter
    does one thing at a time; what pages look at more closely is run here. Unit: none. Errors: InputError as the plan's.
    Source: ``simvet.planning.answering``.
    """

    def __init__(self) -> None:
        self.draws = FEW
        self._near = Answering(FEW, bases=6, answers=4, verdicts=SHELF)
        self._found: Shelf[Answer] = Shelf(SHELF)
        self._guard = threading.Lock()
        self._pool: ProcessPoolExecutor | None = None

    def verdicts(self, plan: Plan) -> Answer:
        """Return the answer to a plan without its run: verdicts and trends."""
        found = self._found.get(plan.digest)
        return found or self._found.put(plan.digest, self._asked(plan))

    def _asked(self, plan: Plan) -> Answer:
        for _ in range(2):
            pool = self._workers()
            try:
                return pool.submit(quick_verdicts, plan).result()
            except BrokenProcessPool:
                # A worker was killed: begin with new ones. The answer is the same wherever it is computed.
                with self._guard:
                    if self._pool is pool:
                        self._pool = None
        return self._near.verdicts(plan)

    def _workers(self) -> ProcessPoolExecutor:
        with self._guard:
            if self._pool is None:
                count = max(1, min(MOST_WORKERS, (os.cpu_count() or 2) - 1))
                context = multiprocessing.get_context("spawn")
                self._pool = ProcessPoolExecutor(count, mp_context=context, initializer=stay_with_server)
            return self._pool

    def answer(self, plan: Plan) -> Answer:
        """Return the answer to a plan with its run, from which every view can be had."""
        return self._near.answer(plan)

    def run(self, plan: Plan) -> Run:
        """Return the run of a plan."""
        return self._near.run(plan)

    def standing(self, plan: Plan, quantity: str, key: str, year: int) -> float:
        """Return where a quantity stands before any lever of the plan is moved; unit: its own."""
        return self._near.standing(plan, quantity, key, year)

    def close(self) -> None:
        """Stop the workers."""
        with self._guard:
            if self._pool is not None:
                self._pool.shutdown(wait=False, cancel_futures=True)
                self._pool = None
