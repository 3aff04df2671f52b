"""What answers of studies are about, copied out of the study so that an answer travels alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from simvet.controls import find_control
from simvet.errors import InputError, nearest
from simvet.scenario import Scenario
from simvet.studies.batch import Ensemble
from simvet.studies.factors import Factor
from simvet.studies.outcomes import Outcome
from simvet.studies.study import Study

Floats = NDArray[np.float64]
Of = Literal["value", "probability"]
MEASURES: tuple[Of, ...] = ("value", "probability")
"""What is read of an experiment: the median over its draws, or the share of them that reach the target."""


@dataclass(frozen=True)
class Varied:
    """A factor as answers name it.

    Notes
    -----
    Shape: one factor. ``quantity`` and ``key`` are those of an uncertainty, ``quantity`` the part of a project where
    ``project`` is True; ``labels`` name the lever, the project or the item, and are empty where the wording catalogue
    names the rest. ``centre`` is the most likely value, for a lever the value that changes nothing. Unit: ``unit``.
    Errors: none. Source: the study.
    """

    name: str
    kind: Literal["lever", "uncertainty"]
    unit: str
    low: float
    high: float
    centre: float
    start: int = 0
    region: str = ""
    quantity: str = ""
    key: str = ""
    project: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Subject:
    """An outcome as answers name it; unit: ``unit``; errors: none; source: the study."""

    name: str
    indicator: str
    stage: str
    region: str
    year: int
    unit: str
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_target(self) -> bool:
        """Return whether a target is read, and not an indicator alone."""
        return bool(self.labels)


def subject_of(outcome: Outcome) -> Subject:
    """Return an outcome as answers name it; unit: its own; errors: none; source: the study."""
    labels = dict(outcome.target.labels) if outcome.target else {}
    return Subject(outcome.name, outcome.indicator, outcome.stage, outcome.region, outcome.year, outcome.unit, labels)


def varied_of(study: Study) -> tuple[Varied, ...]:
    """Return the factors of a study as answers name them.

    Parameters
    ----------
    study : Study.

    Returns
    -------
    tuple of Varied, in the study's order.

    Raises
    ------
    InputError : a lever is unknown.

    Notes
    -----
    Unit: each factor's. Source: the study and its first policy.
    """
    return tuple(_varied(factor, study.policies[0]) for factor in study.factors)


def centre_of(factor: Factor) -> float:
    """Return where a factor stands while others move.

    Parameters
    ----------
    factor : Factor.

    Returns
    -------
    float; the most likely value of an uncertainty, of a lever the value that changes nothing where its range has it,
    else the middle of the range, or the middle level.

    Raises
    ------
    InputError : a lever is unknown.

    Notes
    -----
    Unit: the factor's. Source: the row, or the lever's line.
    """
    if factor.triangular:
        return factor.mode
    neutral = find_control(factor.name).neutral if factor.kind == "lever" else None
    levels = sorted(factor.levels)
    if neutral is not None and (neutral in levels if levels else factor.low <= neutral <= factor.high):
        return neutral
    return levels[(len(levels) - 1) // 2] if levels else 0.5 * (factor.low + factor.high)


def place_of(factor: Factor, value: float) -> float:
    """Return the number between 0 and 1 at which a factor takes a value.

    Parameters
    ----------
    factor : Factor.
    value : float, in the factor's unit; one of its levels where it has levels.

    Returns
    -------
    float in [0, 1].

    Notes
    -----
    Errors: none; a value outside the range counts as its end. Source: inverse of :meth:`Factor.values`.
    """
    if factor.levels:
        nearest_level = int(np.argmin(np.abs(np.array(factor.levels) - value)))
        return (nearest_level + 0.5) / len(factor.levels)
    low, mode, high = factor.low, factor.mode, factor.high
    inside = min(max(value, low), high)
    if not factor.triangular:
        return (inside - low) / (high - low)
    if inside <= mode:
        return 0.0 if inside == low else (inside - low) ** 2 / ((high - low) * (mode - low))
    return 1.0 - (high - inside) ** 2 / ((high - low) * (high - mode))


def _varied(factor: Factor, scenario: Scenario) -> Varied:
    ends = (min(factor.levels), max(factor.levels)) if factor.levels else (factor.low, factor.high)
    centre = centre_of(factor)
    if factor.kind == "lever":
        return Varied(factor.name, "lever", factor.unit, *ends, centre, factor.start, labels=dict(factor.labels))
    region, middle, key = (*factor.name.split("/", 2), "", "")[:3]
    project = next((p for p in scenario.projects if (p.region, p.name) == (region, middle)), None)
    if project is not None:
        return Varied(factor.name, "uncertainty", factor.unit, *ends, centre, region=region, quantity=key,
                      project=True, labels=dict(project.labels))  # fmt: skip
    # An item that a plan counts is called what the plan calls it.
    item, _, stage = key.partition("/")
    named = [t for t in scenario.targets if t.key == item and (not stage or t.stage == stage)]
    labels = dict(named[0].labels) if named and item else {}
    return Varied(factor.name, "uncertainty", factor.unit, *ends, centre, region=region, quantity=middle, key=key,
                  labels=labels)  # fmt: skip


def find_outcome(study: Study, name: str | None) -> Outcome:
    """Return the outcome of a name; the only one where none is given.

    Parameters
    ----------
    study : Study.
    name : str or None; a column such as ``progression_rate__2025``, or its start where one alone starts so.

    Returns
    -------
    Outcome.

    Raises
    ------
    InputError : there is no such outcome, or more than one.

    Notes
    -----
    Unit: none. Source: the study.
    """
    known = {outcome.name: outcome for outcome in study.outcomes}
    if name in known:
        return known[name]
    found = [o for key, o in known.items() if name is None or key.startswith(f"{name}__")]
    if len(found) == 1:
        return found[0]
    if found:
        raise InputError(
            study.where, "{name!r} may be any of {known}", "Write the whole name", name=name or "outcome",
            known=", ".join([outcome.name for outcome in found][:6]),
        )  # fmt: skip
    raise InputError(
        study.where, "{kind} {word!r} is unknown", "Did you mean {near!r}?", kind="outcome", word=name,
        near=nearest(str(name), known),
    )  # fmt: skip


def require_measure(study: Study, outcome: Outcome, of: str) -> Of:
    """Return what is read of an experiment if the outcome has it; complain if not.

    Parameters
    ----------
    study : Study.
    outcome : Outcome.
    of : str; one of MEASURES.

    Returns
    -------
    str.

    Raises
    ------
    InputError : the word is unknown, or the outcome is no target and has no probability.

    Notes
    -----
    Unit: none. Source: MEASURES.
    """
    for known in MEASURES:
        if of == known:
            if known == "probability" and outcome.target is None:
                raise InputError(
                    study.where, "{name!r} is no target, so nothing says when it is reached",
                    "Name a target, or ask of its value", name=outcome.name,
                )  # fmt: skip
            return known
    raise InputError(
        study.where, "{kind} {word!r} is unknown", "Did you mean {near!r}?", kind="measure", word=of,
        near=nearest(of, MEASURES),
    )  # fmt: skip


def measured(ensemble: Ensemble, outcome: Outcome, of: Of) -> Floats:
    """Return one number an experiment.

    Parameters
    ----------
    ensemble : Ensemble.
    outcome : Outcome; of its study.
    of : str; ``value`` or ``probability``.

    Returns
    -------
    (experiment,) array; medians over the draws, or shares of the draws that reach the target.

    Raises
    ------
    InputError : a number is missing or not finite.

    Notes
    -----
    Unit: the outcome's, or share. Source: the ensemble.
    """
    found = ensemble.probability(outcome.name) if of == "probability" else ensemble.median(outcome.name)
    numbers = np.asarray(found, dtype=np.float64)
    missing = int(np.count_nonzero(~np.isfinite(numbers)))
    if missing:
        raise InputError(
            ensemble.study.where, "{name!r} has no value in {count} of {total} experiments",
            "Narrow the ranges, or choose another outcome", name=outcome.name, count=missing, total=len(numbers),
        )  # fmt: skip
    return numbers
