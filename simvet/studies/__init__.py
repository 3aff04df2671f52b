"""Many runs: ensembles, sensitivity, discovery, and what it would take.

>>> from simvet import studies
>>> study = studies.load_study("zhejiang_futures")
>>> found = studies.ensemble(study)  # doctest: +SKIP
>>> found.probability("progression_rate__2025")  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simvet.studies.batch import Ensemble
    from simvet.studies.batch import run_study as ensemble
    from simvet.studies.discovery import discover
    from simvet.studies.factors import uncertainties
    from simvet.studies.influence import sensitivity
    from simvet.studies.reading import read_ensemble
    from simvet.studies.solving import Wishes, solve
    from simvet.studies.study import Study, study_of
    from simvet.studies.study_file import load_study
    from simvet.studies.swing import tornado

_HOMES = {
    "Ensemble": ("simvet.studies.batch", "Ensemble"),
    "Study": ("simvet.studies.study", "Study"),
    "discover": ("simvet.studies.discovery", "discover"),
    "ensemble": ("simvet.studies.batch", "run_study"),
    "load_study": ("simvet.studies.study_file", "load_study"),
    "read_ensemble": ("simvet.studies.reading", "read_ensemble"),
    "sensitivity": ("simvet.studies.influence", "sensitivity"),
    "solve": ("simvet.studies.solving", "solve"),
    "study_of": ("simvet.studies.study", "study_of"),
    "tornado": ("simvet.studies.swing", "tornado"),
    "uncertainties": ("simvet.studies.factors", "uncertainties"),
    "Wishes": ("simvet.studies.solving", "Wishes"),
}

__all__ = [
    "Ensemble", "Study", "Wishes", "discover", "ensemble", "load_study", "read_ensemble", "sensitivity", "solve",
    "study_of", "tornado", "uncertainties",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for, so that importing studies stays quick."""
    if name not in _HOMES:
        raise AttributeError(f"module 'simvet.studies' has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415

    module, attribute = _HOMES[name]
    return getattr(import_module(module), attribute)
