"""Many runs by person: one worker process against two, and the same bytes wherever they ran.

Run from the project's folder with ``python -m benchmarks.studies.agents_scale``, a quarter of an hour.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.studies.machine import keep, machine
from simvet import studies
from simvet.draws import Draws
from simvet.loading import load_scenario
from simvet.runs import require_students
from simvet.sampling import Uncertainty
from simvet.scenario import Scenario
from simvet.schedule import Schedule
from simvet.studies.study import Study


def students_of(scenario: Scenario) -> int:
    """Return the students after primary school with whom a run starts, persons."""
    return round(require_students(Schedule(scenario, Draws(1), 1, Uncertainty(chance=True))))


def timed(study: Study, spare: Path, name: str, executor: str, workers: int) -> tuple[float, str]:
    """Run the study into a new folder; return seconds, start of the workers included, and the digest of all parts."""
    started = time.perf_counter()
    found = studies.ensemble(study, spare / name, executor, workers)
    return time.perf_counter() - started, found.digest


def pairs(study: Study, spare: Path, rounds: int) -> tuple[dict[str, Any], set[str]]:
    """Run one worker and two in turn; return the times, the ratio of each round, and the digests."""
    one, two, digests = [], [], set()
    for turn in range(rounds):
        # The order changes, so that a machine that grows busy favours neither.
        for workers in (1, 2) if turn % 2 == 0 else (2, 1):
            seconds, digest = timed(study, spare, f"pool-{turn}-{workers}", "processes", workers)
            (one if workers == 1 else two).append(round(seconds, 2))
            digests.add(digest)
            print(f"round {turn}: {workers} workers {seconds:.1f} s", flush=True)
    ratios = [round(alone / both, 3) for alone, both in zip(one, two, strict=True)]
    return {
        "seconds_one_worker": one, "seconds_two_workers": two, "ratios": ratios,
        "ratio": statistics.median(ratios), "runs_per_second_two_workers": round(study.draws / min(two), 3),
    }, digests  # fmt: skip


def main() -> None:
    """Run the pairs, then the same study here and on Dask, and keep the figures."""
    options = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    options.add_argument("--scenario", default="lishui")
    options.add_argument("--runs", type=int, default=200)
    options.add_argument("--chunk", type=int, default=4, help="runs of a chunk; a chunk should take a second or more")
    options.add_argument("--rounds", type=int, default=2, help="each round has both numbers of workers")
    chosen = options.parse_args()
    scenario = load_scenario(chosen.scenario)
    study = studies.study_of(scenario, engine="agents", draws=chosen.runs, chunk=chosen.chunk)
    about = machine()
    with tempfile.TemporaryDirectory() as folder:
        spare = Path(folder)
        # Kernels are compiled and the opening is solved before any clock starts.
        timed(studies.study_of(scenario, engine="agents", draws=1, chunk=1), spare, "warm", "here", 1)
        times, digests = pairs(study, spare, chosen.rounds)
        elsewhere = {}
        for executor in ("here", "dask"):
            seconds, digest = timed(study, spare, executor, executor, 2)
            elsewhere[executor] = round(seconds, 2)
            digests.add(digest)
    keep(
        f"agents_scale_{chosen.scenario}_{chosen.runs}",
        {
            "machine": about, "scenario": chosen.scenario, "students_at_the_start": students_of(scenario),
            "until": scenario.until, "runs": chosen.runs, "runs_of_a_chunk": chosen.chunk,
            "chunks": -(-chosen.runs // chosen.chunk), "seconds_of_a_chunk": round(
                elsewhere["here"] * chosen.chunk / chosen.runs, 2
            ),
            **times, "seconds_here": elsewhere["here"], "seconds_dask_two_workers": elsewhere["dask"],
            "different_digests": len(digests), "digest": min(digests)[:16],
        },
    )  # fmt: skip


if __name__ == "__main__":
    main()
