"""What Dask adds to a chunk: many tiny chunks on a LocalCluster against the same chunks in this process.

Run from the project's folder with ``python -m benchmarks.studies.dask_overhead``, one or two minutes.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import Any

import distributed

from benchmarks.studies.machine import keep, machine
from simvet import studies
from simvet.loading import load_scenario
from simvet.studies.chunks import Chunk, pack, run_chunk
from simvet.studies.executors import EXECUTORS, Work
from simvet.studies.study import Study


def seconds_of(study: Study, chunks: int, executor: str, client: Any = None) -> float:
    """Return how long so many chunks of one draw take on an executor; parts are dropped as they come."""
    same = [Chunk(number, 0, 1, 0, 1) for number in range(chunks)]
    work = Work(pack(study), same, lambda chunk, part: True, 1, "", client)  # noqa: ARG005
    started = time.perf_counter()
    EXECUTORS[executor](work)
    return time.perf_counter() - started


def main() -> None:
    """Measure rounds of both and keep the figures."""
    options = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    options.add_argument("--chunks", type=int, default=400)
    options.add_argument("--rounds", type=int, default=5)
    chosen = options.parse_args()
    scenario = load_scenario("zhoushan").with_horizon(2025)
    # The same draw again and again: a chunk costs the same here and there, and the difference is Dask's.
    study = studies.study_of(scenario, draws=chosen.chunks, chunk=1)
    about = machine()
    packed = pack(study)
    part = run_chunk(packed, Chunk(0, 0, 1, 0, 1))
    here, there, added = [], [], []
    with (
        # One worker with one thread: both sides do one chunk at a time.
        distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None, silence_logs=50) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        for executor, given in (("here", None), ("dask", client)):
            seconds_of(study, 20, executor, given)
        for _ in range(chosen.rounds):
            here.append(seconds_of(study, chosen.chunks, "here") * 1000 / chosen.chunks)
            there.append(seconds_of(study, chosen.chunks, "dask", client) * 1000 / chosen.chunks)
            added.append(there[-1] - here[-1])
    keep(
        "dask_overhead",
        {
            "machine": about, "chunks": chosen.chunks, "rounds": chosen.rounds, "bytes_of_the_study": len(packed),
            "bytes_of_a_part": len(part), "ms_per_chunk_here": round(statistics.median(here), 2),
            "ms_per_chunk_dask": round(statistics.median(there), 2),
            "ms_added_by_dask": round(statistics.median(added), 2), "ms_added_each_round": [round(a, 2) for a in added],
        },
    )  # fmt: skip


if __name__ == "__main__":
    main()
