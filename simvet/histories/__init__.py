"""Real histories: read, fitted, foretold, and held against what came.

>>> from simvet import histories
>>> history = histories.read_history(Path("states.csv"))  # doctest: +SKIP
>>> found = histories.hindcast(history, leads=5)  # doctest: +SKIP
>>> histories.score_table(found)  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simvet.histories.reading import read_folder, read_history
    from simvet.histories.region_rows import refit
    from simvet.histories.rolling import foresight, hindcast
    from simvet.histories.scores import best_plain, case_table, score_table
    from simvet.histories.simulated import known_history

_HOMES = {
    "best_plain": "scores",
    "case_table": "scores",
    "foresight": "rolling",
    "hindcast": "rolling",
    "known_history": "simulated",
    "read_folder": "reading",
    "read_history": "reading",
    "refit": "region_rows",
    "score_table": "scores",
}

__all__ = [
    "best_plain", "case_table", "foresight", "hindcast", "known_history", "read_folder", "read_history", "refit",
    "score_table",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for, so that importing histories stays quick."""
    if name not in _HOMES:
        raise AttributeError(f"module 'simvet.histories' has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415

    return getattr(import_module(f"simvet.histories.{_HOMES[name]}"), name)
