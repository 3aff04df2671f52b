"""The study that the faults meet, its undisturbed run, and what is compared with it."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from simvet import studies
from simvet.studies.store import LOG, PARTS
from simvet.studies.study import Study

CHUNK = 1000
TEXT = """title: {{zh: 试, en: trial}}
scenario: zhoushan
draws: {draws}
chunk: {chunk}
"""


def trial(folder: Path, chunks: int) -> tuple[Path, Study]:
    """Write a study of so many chunks, each some tenths of a second of work; return its file and the study."""
    path = folder / f"trial_{chunks}.yaml"
    path.write_text(TEXT.format(draws=chunks * CHUNK, chunk=CHUNK), encoding="utf-8")
    return path, studies.load_study(path)


def sums(folder: Path) -> dict[str, str]:
    """Return the sha256 of every part of a batch."""
    parts = sorted((folder / PARTS).glob("part-*.parquet"))
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in parts}


def repeated(folder: Path) -> int:
    """Return how often a chunk was written that had been finished before."""
    noted = Counter(json.loads(line)["chunk"] for line in (folder / LOG).read_text(encoding="utf-8").splitlines())
    return sum(noted.values()) - len(noted)


def verdict(folder: Path, undisturbed: dict[str, str], counts: dict[str, int] | None = None) -> dict[str, Any]:
    """Return what became of a batch: whether every part is the undisturbed run's, and how much was done twice."""
    found = sums(folder)
    return {
        "parts": len(found),
        "parts_of_other_bytes": sum(found.get(name) != digest for name, digest in undisturbed.items()),
        "parts_that_should_not_be": len(found.keys() - undisturbed.keys()),
        "finished_chunks_repeated": repeated(folder),
        "left_half_written": len([*folder.rglob(".unfinished-*")]),
        **({"counts": counts} if counts else {}),
    }


def client(study: Path, folder: Path, *more: str) -> subprocess.Popen[bytes]:
    """Start ``simvet batch`` as a user does, in a process of its own."""
    command = [sys.executable, "-c", "from simvet.cli import entry; entry()", "batch", str(study), "--out", str(folder)]
    return subprocess.Popen(
        [*command, *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        preexec_fn=_hear,  # noqa: PLW1509
    )


def _hear() -> None:
    """Listen to SIGINT, to which a shell makes a script in the background deaf, and so its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Killer:
    """Kill one worker after another at random moments."""

    def __init__(self, workers: Callable[[], list[psutil.Process]], most: int, between: tuple[float, float]) -> None:
        self.kills, self.at_work = 0, 0
        self._workers, self._most, self._between = workers, most, between
        # Moments that can be repeated; nothing here guards a secret.
        self._chance = random.Random(1)  # noqa: S311
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._kill, daemon=True)

    def __enter__(self) -> Killer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _kill(self) -> None:
        while self.kills < self._most and not self._over.wait(self._chance.uniform(*self._between)):
            alive = self._workers()
            if not alive:
                continue
            chosen = self._chance.choice(alive)
            try:
                self.at_work += chosen.cpu_percent(0.05) > 50.0
                os.kill(chosen.pid, signal.SIGKILL)
            except (psutil.Error, ProcessLookupError):
                continue
            self.kills += 1
