"""A million cohort draws of Zhejiang to 2035, streamed to disk. ``python -m benchmarks.studies.scale``."""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from benchmarks.studies.machine import Memory, keep, machine
from simvet import studies
from simvet.loading import load_scenario
from simvet.studies.batch import Progress


def main() -> None:
    """Run the batch and keep its figures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--draws", type=int, default=1_000_000)
    options.add_argument("--workers", type=int, default=2)
    options.add_argument("--chunk", type=int, default=2000)
    options.add_argument("--folder", type=Path, default=None)
    chosen = options.parse_args()
    study = studies.study_of(load_scenario("zhejiang").with_horizon(2035), draws=chosen.draws, chunk=chosen.chunk)
    before = machine()
    with tempfile.TemporaryDirectory() as spare, Memory() as memory:
        folder = chosen.folder or Path(spare) / "batch"
        started = time.perf_counter()
        found = studies.ensemble(study, folder, "processes", chosen.workers, tell=_tell)
        seconds = time.perf_counter() - started
        disk = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    keep(
        f"scale_{chosen.draws}",
        {
            "machine": before, "draws": chosen.draws, "workers": chosen.workers, "chunk": chosen.chunk,
            "outcomes": len(study.outcomes), "until": 2035, "seconds": round(seconds, 1),
            "draws_per_second": round(chosen.draws / seconds), "peak_memory_gib": round(memory.peak, 2),
            "largest_process_gib": round(memory.peak_one, 2), "disk_mib": round(disk / 2**20),
            "counts": found.counts, "digest": found.digest[:16],
        },
    )  # fmt: skip


def _tell(done: Progress) -> None:
    if done.done % 50 == 0:
        print(f"{done.done}/{done.total} chunks, {done.rate:.2f} a second, {done.left:.0f} s left", flush=True)


if __name__ == "__main__":
    main()
