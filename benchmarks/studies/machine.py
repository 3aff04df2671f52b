"""What a measurement was made on, and where its figures are kept."""

from __future__ import annotations

import json
import os
import platform
import threading
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

RESULTS = Path(__file__).with_name("results.json")
PACKAGES = ("simvet", "numpy", "numba", "pyarrow", "distributed")


def machine() -> dict[str, Any]:
    """Return cores, load before the measurement and versions; no name of the machine."""
    return {
        "cores": os.cpu_count(), "load_before": round(os.getloadavg()[0], 2), "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES}, "date": time.strftime("%Y-%m-%d"),
    }  # fmt: skip


def keep(name: str, figures: dict[str, Any]) -> None:
    """Print the figures of a measurement and keep them under its name."""
    held = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    held[name] = figures
    RESULTS.write_text(json.dumps(held, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps({name: figures}, indent=1, ensure_ascii=False))


class Memory:
    """Watch the memory of this process and its children; GiB, proportional share of what they share where known."""

    def __init__(self) -> None:
        self.peak = self.peak_one = 0.0
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Memory:
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._watch.join()

    def _look(self) -> None:
        while not self._over.wait(0.5):
            each = []
            for process in [psutil.Process(), *psutil.Process().children(recursive=True)]:
                try:
                    each.append(process.memory_info().rss / 2**30)
                except psutil.Error:
                    continue
            self.peak, self.peak_one = max(self.peak, sum(each)), max(self.peak_one, *each, 0.0)
