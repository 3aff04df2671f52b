"""A real Dask cluster on this machine's loopback: a scheduler and workers with nannies, each a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

QUIET = {"DASK_DISTRIBUTED__LOGGING__DISTRIBUTED": "error", "DASK_DISTRIBUTED__WORKER__MULTIPROCESSING_METHOD": "spawn"}


def free_port() -> int:
    """Return a port of the loopback that nobody listens on."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


def workers_under(process: psutil.Process) -> list[psutil.Process]:
    """Return the processes below one that run chunks: spawned by multiprocessing, its resource tracker aside."""
    found = []
    for child in process.children(recursive=True):
        try:
            if any("spawn_main" in word for word in child.cmdline()):
                found.append(child)
        except psutil.Error:
            continue
    return found


def end(process: subprocess.Popen[bytes] | None) -> None:
    """End a process and everything that it started."""
    if process is None or process.poll() is not None:
        return
    family = [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]
    for one in family:
        try:
            one.kill()
        except psutil.Error:
            continue
    process.wait(timeout=30)


class Cluster:
    """A scheduler and one process of nannies, started again when they end, as an operating system's services are."""

    def __init__(self, workers: int = 2) -> None:
        self.port, self.workers = free_port(), workers
        self.address = f"tcp://127.0.0.1:{self.port}"
        self.scheduler: subprocess.Popen[bytes] | None = None
        self.nannies: subprocess.Popen[bytes] | None = None
        self.nannies_started = self.schedulers_started = 0
        self._spare = tempfile.TemporaryDirectory()
        self._over = threading.Event()
        self._keeper = threading.Thread(target=self._keep, daemon=True)

    def __enter__(self) -> Cluster:
        self.start_scheduler()
        time.sleep(2)
        self._start_nannies()
        self._keeper.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._keeper.join()
        end(self.nannies)
        end(self.scheduler)
        self._spare.cleanup()

    def start_scheduler(self) -> None:
        """Start a scheduler on the cluster's port."""
        self.schedulers_started += 1
        self.scheduler = self._start("dask_scheduler", "--host", "127.0.0.1", "--port", str(self.port))

    def kill_scheduler(self) -> None:
        """End the scheduler without notice."""
        if self.scheduler is not None:
            self.scheduler.send_signal(signal.SIGKILL)
            self.scheduler.wait(timeout=30)

    def worker_processes(self) -> list[psutil.Process]:
        """Return the processes that run chunks at this moment."""
        if self.nannies is None or self.nannies.poll() is not None:
            return []
        try:
            return workers_under(psutil.Process(self.nannies.pid))
        except psutil.Error:
            return []

    def _start_nannies(self) -> None:
        self.nannies_started += 1
        self.nannies = self._start(
            "dask_worker", self.address, "--nworkers", str(self.workers), "--nthreads", "1", "--nanny",
            "--host", "127.0.0.1", "--memory-limit", "0", "--local-directory", self._spare.name,
        )  # fmt: skip

    def _start(self, name: str, *options: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.{name}", *options, "--no-dashboard"]
        return subprocess.Popen(
            command, cwd=Path.cwd(), env={**os.environ, **QUIET}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def _keep(self) -> None:
        while not self._over.wait(0.5):
            if self.nannies is not None and self.nannies.poll() is not None:
                self._start_nannies()
