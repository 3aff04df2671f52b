"""What a planner's hand does: moves that nobody has made before, and the plan that each must lead to."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any, NamedTuple

from simvet.controls import find_control
from simvet.errors import InputError
from simvet.planning.answering import plan_scenario
from simvet.planning.link import Desk, signing_key, write_link
from simvet.planning.own import find_plan_scenario
from simvet.planning.plan import PROJECT, Plan, Setting
from simvet.screen.levers import default_start, scale_of

TRIES = 200
"""Moves drawn before a hand gives up finding a new one."""
READER: Any = SimpleNamespace(language="zh")
"""All that the scale of a lever asks of a desk."""


class Slider(NamedTuple):
    """A slider as the page shows it; values are what it shows, not what lies behind them."""

    lever: str
    low: float
    high: float
    step: float
    value: float


def link_to(scenario: str) -> str:
    """Return the text of a link that opens a scenario, signed with the server's key."""
    return write_link(Desk(Plan(scenario)), signing_key())


def plan_after(plan: Plan, lever: str, shown: float) -> Plan:
    """Return the plan that must stand after a slider was moved.

    Parameters
    ----------
    plan : Plan
        As it stood.
    lever : str
        Name of the lever.
    shown : float
        What the slider shows.

    Returns
    -------
    Plan
        As ``simvet.screen.levers`` has to make it.
    """
    scenario = find_plan_scenario(plan.scenario)
    old = plan.setting(lever)
    if lever.startswith(f"{PROJECT}:"):
        neutral: float | None = 0.0
        value, start = shown, scenario.base_year + 1
    else:
        control = find_control(lever)
        neutral = control.neutral
        value = scale_of(control, READER).value(shown)
        start = old.start if old else default_start(scenario)
    if neutral is not None and abs(value - neutral) < 1e-9:
        return plan.without_setting(lever)
    return plan.with_setting(Setting(lever, value, start))


class Hand:
    """Draws moves; no plan is met twice, by whatever hand, so that no answer can be cached."""

    met: set[str]

    def __init__(self, seed: int, met: set[str]) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - nothing secret
        self.met = met

    def next_move(self, plan: Plan, sliders: list[Slider]) -> tuple[str, float, Plan]:
        """Return lever, value shown and the plan that must follow; RuntimeError if there is nothing new to try."""
        for _ in range(TRIES):
            slider = self._chance.choice(sliders)
            steps = round((slider.high - slider.low) / slider.step)
            shown = round(slider.low + self._chance.randint(0, steps) * slider.step, 6)
            after = plan_after(plan, slider.lever, shown)
            if shown == slider.value or after.digest in self.met or not _can_run(after):
                continue
            self.met.add(after.digest)
            return slider.lever, shown, after
        raise RuntimeError("no new plan was found")


def _can_run(plan: Plan) -> bool:
    try:
        plan_scenario(plan)
    except InputError:
        return False
    return True
