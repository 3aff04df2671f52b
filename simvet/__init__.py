"""Answer whether a region's vocational education can reach the targets of its plan.

>>> import simvet
>>> result = simvet.simulate("zhejiang", draws=200)
>>> result.verdicts()  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simvet.checking import check
    from simvet.comparison import compare
    from simvet.errors import BalanceError, InputError, SimvetError
    from simvet.levers import Lever
    from simvet.loading import load_scenario
    from simvet.province import rest_of_province
    from simvet.result import Result, simulate
    from simvet.sampling import Uncertainty

__version__ = "0.2.0"

_HOMES = {
    "BalanceError": "simvet.errors",
    "InputError": "simvet.errors",
    "Lever": "simvet.levers",
    "Result": "simvet.result",
    "SimvetError": "simvet.errors",
    "Uncertainty": "simvet.sampling",
    "check": "simvet.checking",
    "compare": "simvet.comparison",
    "load_scenario": "simvet.loading",
    "rest_of_province": "simvet.province",
    "simulate": "simvet.result",
}

__all__ = [
    "BalanceError", "InputError", "Lever", "Result", "SimvetError", "Uncertainty", "__version__", "check", "compare",
    "load_scenario", "rest_of_province", "simulate",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for, so that importing simvet stays quick."""
    if name not in _HOMES:
        raise AttributeError(f"module 'simvet' has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415

    return getattr(import_module(_HOMES[name]), name)
