"""The EMA workbench's door: a study as its Model, an ensemble as its experiments and outcomes."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from simvet.controls import find_control, on_grid
from simvet.errors import InputError
from simvet.studies.batch import Ensemble
from simvet.studies.chunks import pack, unpack
from simvet.studies.experiments import run_experiments
from simvet.studies.factors import Factor
from simvet.studies.study import Study

if TYPE_CHECKING:
    import pandas as pd

PLAN = "plan"
"""Name of the lever that chooses among the policies of a study that has several."""
MODEL = "simvet"
"""Name of the model in the workbench's tables."""


def load_workbench(name: str = "ema_workbench") -> Any:
    """Return a module of the EMA workbench; complain if it is not installed.

    Parameters
    ----------
    name : str; the module.

    Returns
    -------
    module.

    Raises
    ------
    InputError : the workbench is not installed.

    Notes
    -----
    Unit: none. Loaded when first asked for: two seconds that other studies do without. Source: Kwakkel (2017),
    Environmental Modelling & Software 96.
    """
    import matplotlib as mpl  # noqa: PLC0415

    try:
        # It warns of an optional way to run in parallel, and restyles every later picture of the process.
        with warnings.catch_warnings(), mpl.rc_context():
            warnings.simplefilter("ignore", UserWarning)
            return import_module(name)
    except ModuleNotFoundError:
        raise InputError(
            "ema_workbench", "the EMA workbench is not installed", "Run: pip install 'simvet[discovery]'"
        ) from None


@dataclass(frozen=True)
class OneExperiment:
    """One experiment as the workbench calls it: names of factors with values in, outcomes out.

    Notes
    -----
    Shape: scalars. For every outcome its median over the draws, for every target also the share of draws that reach it,
    under the name of the ensemble's column ``reached``. Unit: each factor's and outcome's. Errors: as
    ``run_experiments``. Source: the study, packed so that workers can be handed it.
    """

    packed: bytes

    def __call__(self, **values: object) -> dict[str, float]:
        """Return the outcomes of one experiment."""
        study = _study(self.packed)
        policy = [p.name for p in study.policies].index(str(values.get(PLAN, study.policies[0].name)))
        numbers = np.array([[_value(factor, values) for factor in study.factors]])
        levers = {place: float(numbers[0, place]) for place in study.levers}
        found, reached = run_experiments(study, policy, levers, numbers, 0, study.draws)
        told: dict[str, float] = {}
        for place, outcome in enumerate(study.outcomes):
            told[outcome.name] = float(np.median(found[0, :, place]))
            if outcome.target is not None:
                told[outcome.reached_name] = float(reached[0, :, place].mean())
        return told


@lru_cache(maxsize=2)
def _study(packed: bytes) -> Study:
    return unpack(packed)


def _value(factor: Factor, values: dict[str, object]) -> float:
    if factor.name not in values:
        raise InputError("ema_workbench", "{name!r} has no value", "Give every factor of the study a value",
                         name=factor.name)  # fmt: skip
    number = float(cast(float, values[factor.name]))
    return on_grid(find_control(factor.name), number) if factor.kind == "lever" and not factor.levels else number


def as_model(study: Study) -> Any:
    """Return a study as a Model of the EMA workbench.

    Parameters
    ----------
    study : Study.

    Returns
    -------
    ema_workbench.Model with levers, uncertainties and ScalarOutcomes; its function runs one experiment on the study's
    draws and seed, in any process.

    Raises
    ------
    InputError : the workbench is not installed.

    Notes
    -----
    Uncertainties keep the triangle of their row; levels become a CategoricalParameter; several policies a lever
    ``plan``. Unit: each factor's. Source: the study.
    """
    workbench = load_workbench()
    model = workbench.Model(MODEL, function=OneExperiment(pack(study)))
    levers = [_parameter(workbench, factor) for factor in study.factors if factor.kind == "lever"]
    if len(study.policies) > 1:
        levers.append(workbench.CategoricalParameter(PLAN, [policy.name for policy in study.policies]))
    model.levers = levers
    model.uncertainties = [_parameter(workbench, factor) for factor in study.factors if factor.kind == "uncertainty"]
    model.outcomes = [workbench.ScalarOutcome(name) for name in outcome_names(study)]
    return model


def outcome_names(study: Study) -> list[str]:
    """Return the columns that the workbench is given; unit: each outcome's, or share; errors: none; source: it."""
    return [
        name for outcome in study.outcomes
        for name in (outcome.name, *((outcome.reached_name,) if outcome.target is not None else ()))
    ]  # fmt: skip


def _parameter(workbench: Any, factor: Factor) -> Any:
    if factor.levels:
        return workbench.CategoricalParameter(factor.name, list(factor.levels))
    if not factor.triangular:
        return workbench.RealParameter(factor.name, factor.low, factor.high)
    from scipy.stats import triang  # noqa: PLC0415

    width = factor.high - factor.low
    shape = triang((factor.mode - factor.low) / width, loc=factor.low, scale=width)
    return workbench.RealParameter.from_dist(factor.name, shape)


def experiments_and_outcomes(ensemble: Ensemble) -> tuple[pd.DataFrame, dict[str, np.ndarray[Any, Any]]]:
    """Return an ensemble as ``ema_workbench.perform_experiments`` returns its results.

    Parameters
    ----------
    ensemble : Ensemble.

    Returns
    -------
    experiments : DataFrame, one row an experiment: uncertainties, levers, then ``scenario``, ``policy``, ``model``.
    outcomes : dict of name -> (experiment,) array; medians over the draws, and shares of draws that reach each target.

    Notes
    -----
    Made without the workbench, so that its analyses can be run elsewhere. Unit: each factor's and outcome's. Errors:
    none. Source: the ensemble.
    """
    import pandas as pd  # noqa: PLC0415

    study = ensemble.study
    order = sorted(range(len(study.factors)), key=lambda place: study.factors[place].kind == "lever")
    columns: dict[str, Any] = {study.factors[place].name: ensemble.values[:, place] for place in order}
    per_policy = len(ensemble.policy) // len(study.policies)
    columns["scenario"] = np.arange(len(ensemble.policy)) % per_policy
    columns["policy"] = [study.policies[int(place)].name for place in ensemble.policy]
    columns["model"] = MODEL
    outcomes: dict[str, np.ndarray[Any, Any]] = {}
    for outcome in study.outcomes:
        outcomes[outcome.name] = np.asarray(ensemble.median(outcome.name))
        if outcome.target is not None:
            outcomes[outcome.reached_name] = np.asarray(ensemble.probability(outcome.name))
    return pd.DataFrame(columns), outcomes


__all__ = ["OneExperiment", "as_model", "experiments_and_outcomes", "load_workbench", "outcome_names"]
