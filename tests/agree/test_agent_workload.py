"""The benchmark's workload on simvet's kernels: the same bytes from both sets, the totals of the plain reference."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.agents import simvet_engine, workload

STUDENTS, YEARS = 3_000, 4


@pytest.mark.parametrize("seed", [1, 2])
def test_compiled_and_plain_kernels_give_the_same_bytes(seed: int) -> None:
    compiled, plain = (simvet_engine.run(STUDENTS, YEARS, seed, kernels) for kernels in ("compiled", "plain"))
    assert compiled["digest"] == plain["digest"]
    assert compiled["stage_totals"] == plain["stage_totals"]


def test_another_seed_is_another_world() -> None:
    assert (
        simvet_engine.run(STUDENTS, YEARS, 1, "plain")["digest"]
        != simvet_engine.run(STUDENTS, YEARS, 2, "plain")["digest"]
    )


def test_totals_are_those_of_the_plain_reference() -> None:
    seeds = range(1, 13)
    names = ("placed", "dropouts", "left_unplaced")
    ours = [simvet_engine.run(STUDENTS, YEARS, seed, "compiled") for seed in seeds]
    theirs = [workload.reference_run(STUDENTS, YEARS, seed) for seed in seeds]
    read = [lambda run, n=name: run[n] for name in names]
    read += [lambda run, s=stage: run["stage_totals"][s] for stage in range(5)]
    for value in read:
        a, b = (np.array([value(run) for run in runs], dtype=float) for runs in (ours, theirs))
        error = np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / len(a)) + 0.5
        assert abs(a.mean() - b.mean()) < 4.5 * error
