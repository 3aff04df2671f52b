"""The server under test: started as a user starts it, its memory and processor time read from outside."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import NamedTuple

import psutil

MEBI = 2**20
PATIENCE = 90.0
"""Seconds in which the server has to listen."""


class Usage(NamedTuple):
    """Resident memory in MiB and processor time in seconds, of the server alone and of its worker processes."""

    server: float
    workers: float
    server_seconds: float
    worker_seconds: float


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Served:
    """``simvet app`` on a free port, with a cache of its own; a context."""

    def __init__(self) -> None:
        self.port = free_port()
        self._log = tempfile.NamedTemporaryFile("w+", suffix=".log", delete=False)  # noqa: SIM115 - closed on exit
        self._started: psutil.Popen | None = None
        self._server: psutil.Process | None = None

    @property
    def address(self) -> str:
        """Return the address of the screen."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Served:
        start = "from simvet.cli import entry; entry()"
        command = [sys.executable, "-c", start, "app", "--no-browser", "--port", str(self.port)]
        self._started = psutil.Popen(command, stdout=self._log, stderr=subprocess.STDOUT, env=dict(os.environ))
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            try:
                with urllib.request.urlopen(f"{self.address}/_stcore/health", timeout=5):  # noqa: S310 - our own server
                    break
            except OSError:
                time.sleep(0.2)
            if self._started.poll() is not None:
                break
        self._server = next((child for child in self._started.children() if "streamlit" in child.cmdline()), None)
        if self._server is None:
            said = Path(self._log.name).read_text(encoding="utf-8", errors="replace")
            self.__exit__()
            raise RuntimeError(f"the server does not listen: {said[-500:]}")
        return self

    def __exit__(self, *_: object) -> None:
        if self._started is not None:
            family = [self._started, *self._started.children(recursive=True)]
            for process in reversed(family):
                if process.is_running():
                    process.terminate()
            _, alive = psutil.wait_procs(family, timeout=10)
            for process in alive:
                process.kill()
        self._log.close()
        Path(self._log.name).unlink()

    def usage(self) -> Usage:
        """Return what the server and its workers use."""
        if self._server is None:
            raise RuntimeError("the server is not started")
        memory = seconds = 0.0
        for child in self._server.children(recursive=True):
            try:
                memory += child.memory_info().rss / MEBI
                seconds += child.cpu_times().user + child.cpu_times().system
            except psutil.NoSuchProcess:
                continue
        times = self._server.cpu_times()
        return Usage(self._server.memory_info().rss / MEBI, memory, times.user + times.system, seconds)

    def tracebacks(self) -> int:
        """Return how many errors the server has written to its log."""
        return Path(self._log.name).read_text(encoding="utf-8", errors="replace").count("Traceback (most recent")
