"""Answer whether a region's vocational education can reach the targets of its plan.

>>> import simvet
>>> result = simvet.simulate("zhejiang", draws=200)
>>> result.verdicts()  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simvet.behaviour import AgentChoices
    from simvet.checking import check
    from simvet.comparison import compare
    from simvet.decomposition import decompose
    from simvet.engines.world import RegionModel
    from simvet.errors import BalanceError, InputError, SimvetError
    from simvet.levers import Lever
    from simvet.loading import load_scenario
    from simvet.province import rest_of_province
    from simvet.reconciliation import reconcile
    from simvet.register import answer_targets
    from simvet.result import Result, simulate
    from simvet.rules.resources import qualified_path, slots_to_reach
    from simvet.sampling import Uncertainty
    from simvet.sources import chain_of
    from simvet.trust import trust_of

__version__ = "0.6.0"

_HOMES = {
    "BalanceError": "simvet.errors",
    "InputError": "simvet.errors",
    "Lever": "simvet.levers",
    "Result": "simvet.result",
    "SimvetError": "simvet.errors",
    "Uncertainty": "simvet.sampling",
    "AgentChoices": "simvet.behaviour",
    "RegionModel": "simvet.engines.world",
    "answer_targets": "simvet.register",
    "chain_of": "simvet.sources",
    "check": "simvet.checking",
    "compare": "simvet.comparison",
    "decompose": "simvet.decomposition",
    "load_scenario": "simvet.loading",
    "qualified_path": "simvet.rules.resources",
    "reconcile": "simvet.reconciliation",
    "rest_of_province": "simvet.province",
    "simulate": "simvet.result",
    "slots_to_reach": "simvet.rules.resources",
    "trust_of": "simvet.trust",
}

__all__ = [
    "AgentChoices", "BalanceError", "InputError", "Lever", "RegionModel", "Result", "SimvetError", "Uncertainty",
    "__version__", "answer_targets", "chain_of", "check", "compare", "decompose", "load_scenario",
    "qualified_path", "reconcile", "rest_of_province", "simulate", "slots_to_reach", "trust_of",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for, so that importing simvet stays quick."""
    if name not in _HOMES:
        raise AttributeError(f"module 'simvet' has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415

    return getattr(import_module(_HOMES[name]), name)
