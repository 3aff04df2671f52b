"""Engines: each moves a world on by one school year; they share rules and YearTerms, never base classes."""

from __future__ import annotations

from collections.abc import Callable

from simvet.behaviour import NO_SCHOOLS
from simvet.draws import Draws
from simvet.engines.cohort import CohortWorld
from simvet.schedule import Schedule
from simvet.yearly import World


def _agents(schedule: Schedule, draws: Draws) -> World:
    """Return the agent world; loaded when it is asked for, because its compiler and its schools take a second."""
    from simvet.engines.agents import AgentWorld  # noqa: PLC0415

    if schedule.scenario.agents.schools == NO_SCHOOLS:
        return AgentWorld(schedule, draws)
    from simvet.engines.world import Schools  # noqa: PLC0415

    return AgentWorld(schedule, draws, Schools())


ENGINES: dict[str, Callable[[Schedule, Draws], World]] = {"cohort": CohortWorld, "agents": _agents}
"""Every engine by name."""
