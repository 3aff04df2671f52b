"""What faults leave behind: workers killed, scheduler lost, client stopped, disk full. Every part must be the same.

Run from the project's folder with ``python -m benchmarks.studies.faults``, some minutes; ``--parts`` chooses some.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from benchmarks.studies.cluster import Cluster, workers_under
from benchmarks.studies.machine import RESULTS, keep, machine
from benchmarks.studies.trial import Killer, client, sums, trial, verdict
from simvet import studies
from simvet.studies.store import PARTS
from simvet.studies.study import Study

BETWEEN = (1.5, 4.0)
"""Seconds between two kills: a worker must get so far that a chunk is under way again."""


class Trial:
    """The study of one fault, and the parts that it must leave."""

    def __init__(self, spare: Path, chunks: int) -> None:
        self.spare, self.chunks = spare, chunks
        self.file, self.study = trial(spare, chunks)
        plain = spare / "undisturbed"
        studies.ensemble(self.study, plain, "processes", 2)
        self.undisturbed = sums(plain)

    def folder(self, name: str) -> Path:
        """Return the folder of a disturbed run."""
        return self.spare / name


def dask_workers_killed(given: Trial, kills: int) -> dict[str, Any]:
    """Kill worker processes under their nannies while a batch runs."""
    folder = given.folder("dask_workers")
    with Cluster() as cluster, Killer(cluster.worker_processes, kills, BETWEEN) as killer:
        found = _to_the_end(given.study, folder, killer, cluster.address)
    return {"kills": killer.kills, "kills_at_work": killer.at_work, **verdict(folder, given.undisturbed, found)}


def pool_workers_killed(given: Trial, kills: int) -> dict[str, Any]:
    """Kill worker processes of the pool while a batch runs."""
    folder = given.folder("pool_workers")
    with Killer(lambda: workers_under(psutil.Process()), kills, BETWEEN) as killer:
        found = _to_the_end(given.study, folder, killer)
    return {"kills": killer.kills, "kills_at_work": killer.at_work, **verdict(folder, given.undisturbed, found)}


def _to_the_end(study: Study, folder: Path, killer: Killer, address: str = "") -> dict[str, int]:
    found = studies.ensemble(study, folder, "processes", 2, address)
    if found.failed:
        print(found.failed)
    return {**found.counts, "kills_before_the_end": killer.kills}


def scheduler_killed(given: Trial, kills: int) -> dict[str, Any]:
    """Kill the scheduler while a batch runs and start another on the same port after some seconds."""
    folder, submitted = given.folder("scheduler"), _Submitted()
    over = threading.Event()
    done = {"kills": 0}
    with Cluster() as cluster:

        def strike() -> None:
            while done["kills"] < kills and not over.wait(12.0):
                cluster.kill_scheduler()
                done["kills"] += 1
                over.wait(3.0)
                cluster.start_scheduler()

        thread = threading.Thread(target=strike, daemon=True)
        thread.start()
        with submitted:
            found = studies.ensemble(given.study, folder, address=cluster.address)
        over.set()
        thread.join()
        nannies = cluster.nannies_started
    return {
        "scheduler_kills": done["kills"], "reconnects": found.counts["reconnected"], "nannies_started": nannies,
        "chunks_handed_out_again": submitted.count - given.chunks,
        **verdict(folder, given.undisturbed, found.counts),
    }  # fmt: skip


class _Submitted:
    """Count the chunks that are handed to a scheduler."""

    def __init__(self) -> None:
        import distributed  # noqa: PLC0415

        self.count, self._home = 0, distributed.Client
        self._real = distributed.Client.submit

    def __enter__(self) -> None:
        def counted(*given: Any, **told: Any) -> Any:
            self.count += 1
            return self._real(*given, **told)

        self._home.submit = counted

    def __exit__(self, *_: object) -> None:
        self._home.submit = self._real


def client_stopped(given: Trial, _: int) -> dict[str, Any]:
    """Stop ``simvet batch`` by SIGINT, then by SIGKILL, and let a third run finish; on a pool and on Dask."""
    told = {}
    told["pool"] = _stopped(given, given.folder("client_pool"), ["--workers", "2"])
    with Cluster() as cluster:
        told["dask"] = _stopped(given, given.folder("client_dask"), ["--dask", cluster.address])
    return told


def _stopped(given: Trial, folder: Path, options: list[str]) -> dict[str, Any]:
    kept, codes, orphans = [], [], 0
    for turn, sign in enumerate((signal.SIGINT, signal.SIGKILL, None), start=1):
        process = client(given.file, folder, *options)
        family: list[psutil.Process] = []
        if sign is not None:
            _wait_for(lambda turn=turn: _parts(folder) >= given.chunks * turn // 3, process)
            if process.poll() is None:
                family = workers_under(psutil.Process(process.pid))
                process.send_signal(sign)
        output = process.communicate(timeout=900)[0].decode()
        codes.append(process.returncode)
        kept.append(_parts(folder))
        if "Traceback" in output or process.returncode not in {0, 130, -signal.SIGINT, -signal.SIGKILL}:
            print(output)
        time.sleep(5)
        orphans += sum(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in family)
    if not kept[0] < kept[1] < kept[2]:
        raise RuntimeError(f"a stop came too late to be one: {kept} of {given.chunks} parts")
    return {
        "parts_after_sigint_sigkill_and_end": kept, "exit_codes": codes, "workers_that_outlived_the_client": orphans,
        **verdict(folder, given.undisturbed),
    }  # fmt: skip


def _parts(folder: Path) -> int:
    return len([*(folder / PARTS).glob("part-*.parquet")]) if folder.exists() else 0


def _wait_for(what: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 600
    while not what() and process.poll() is None and time.monotonic() < until:
        time.sleep(0.1)


def disk_full(given: Trial, _: int) -> dict[str, Any]:
    """Fill a small disk (tmpfs, needs root), resume while it is full, then give it room and resume."""
    room = sum(path.stat().st_size for path in (given.folder("undisturbed") / PARTS).iterdir())
    disk = given.folder("disk")
    disk.mkdir()
    unmount = ["umount", str(disk)]
    mount = ["mount", "-t", "tmpfs", "-o", f"size={room // 2}", "tmpfs", str(disk)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        return {"skipped": "no right to mount a disk"}
    try:
        folder = disk / "batch"
        first = studies.ensemble(given.study, folder, "processes", 2)
        before = _parts(folder)
        again = client(given.file, folder, "--workers", "2")
        complaint = again.communicate(timeout=600)[0].decode().strip().splitlines()
        more = ["mount", "-o", f"remount,size={room * 3}", str(disk)]
        subprocess.run(more, check=True, capture_output=True)
        last = studies.ensemble(given.study, folder, "processes", 2)
        return {
            "parts_with_half_the_room": before,
            "named": sorted(set(first.failed.values())),
            "chunks_named": len(first.failed),
            "exit_code_while_full": again.returncode,
            "complaint_while_full": complaint[-1].replace(str(given.spare), "FOLDER") if complaint else "",
            "tracebacks": sum("Traceback" in line for line in complaint),
            **verdict(folder, given.undisturbed, last.counts),
        }
    finally:
        subprocess.run(unmount, check=False, capture_output=True)


FAULTS: dict[str, tuple[Callable[[Trial, int], dict[str, Any]], int, int]] = {
    "dask_workers_killed": (dask_workers_killed, 160, 24),
    "pool_workers_killed": (pool_workers_killed, 160, 24),
    "scheduler_killed": (scheduler_killed, 80, 3),
    "client_stopped": (client_stopped, 40, 0),
    "disk_full": (disk_full, 40, 0),
}
"""Every fault: what does it, chunks of its batch, kills."""


def main() -> None:
    """Do one fault after the other and keep what became of each batch."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--parts", nargs="+", choices=[*FAULTS], default=[*FAULTS])
    options.add_argument("--chunks", type=int, default=0, help="chunks of each batch, else as many as the kills need")
    options.add_argument("--kills", type=int, default=0)
    chosen = options.parse_args()
    for name in chosen.parts:
        fault, chunks, kills = FAULTS[name]
        about = machine()
        # Under the working folder's own temporary place: nothing is left behind, whatever the fault.
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as spare:
            given = Trial(Path(spare), chosen.chunks or chunks)
            started = time.perf_counter()
            figures = fault(given, chosen.kills or kills)
        told = {"machine": about, "chunks": given.chunks, "seconds": round(time.perf_counter() - started, 1), **figures}
        keep(f"faults_{name}", told)
    print(f"kept in {RESULTS.name}")


if __name__ == "__main__":
    main()
