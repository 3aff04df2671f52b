"""The workload on simvet's own rules for single students, in plain numpy, as small runs take them."""

from __future__ import annotations

from typing import Any

from benchmarks.agents import simvet_engine


def run(students: int, years: int, seed: int) -> dict[str, Any]:
    """Run the workload; see ``benchmarks.agents.simvet_engine.run``."""
    return simvet_engine.run(students, years, seed, "plain")
