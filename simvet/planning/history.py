"""Undo and redo: plans in the order in which they were made."""

from __future__ import annotations

from dataclasses import dataclass

from simvet.planning.plan import Plan

MOST_STEPS = 100
"""Plans kept; a plan is a few hundred bytes."""


@dataclass(frozen=True)
class History:
    """The plans before and after the present one.

    Notes
    -----
    Shape: ``before`` ends with the latest, ``after`` begins with the next. Unit: none. Errors: none. Source: the
    planner's steps.
    """

    now: Plan
    before: tuple[Plan, ...] = ()
    after: tuple[Plan, ...] = ()

    def then(self, plan: Plan) -> History:
        """Return the history with a new plan; what was undone is gone. The same plan again is no step."""
        if plan == self.now:
            return self
        return History(plan, (*self.before, self.now)[-MOST_STEPS:], ())

    def undone(self) -> History:
        """Return the history one step back; itself where there is none."""
        if not self.before:
            return self
        return History(self.before[-1], self.before[:-1], (self.now, *self.after))

    def redone(self) -> History:
        """Return the history one step forward; itself where there is none."""
        if not self.after:
            return self
        return History(self.after[0], (*self.before, self.now), self.after[1:])
