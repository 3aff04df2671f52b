"""In which futures does a target fail: boxes of factors that hold the failures, by PRIM of the EMA workbench."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simvet.studies.batch import Ensemble
from simvet.studies.cases import FEWEST, POLICY, Cases, cases_of
from simvet.studies.subjects import Subject, Varied, find_outcome, subject_of
from simvet.studies.workbench import load_workbench

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

MOST_LIMITS = 4
"""Most factors that a box may limit; one with more is no answer that a reader can hold."""
MASS = 0.05
"""Smallest share of the cases that a box may hold."""
SIGNIFICANT = 0.05
"""Quasi-p-value above which a limit is dropped."""
GAIN = 1.2
"""How much denser a box must be than the cases at large."""
APART = 0.4
"""Share of the exceptions that a box must keep out where nearly every case is of interest."""
MORE = 0.1
"""Least share of the cases of interest that a second box must add."""
HALF = 0.5
"""Least density of a box of which it can be said that the target fails there; a second box must have it."""
MOST_BOXES = 3

REMARKS: dict[str, str] = {
    "no_case": "no case of interest",
    "every_case": "every case is of interest",
    "few_cases": "too few cases of interest",
    "few_others": "too few other cases",
    "constant": "factors that did not vary",
    "nothing_varied": "no factor varied",
    "no_box": "no box is denser than the whole",
    "loose": "less than half of the best box is of interest",
    "draws_alike": "draws of one experiment are no independent cases",
}
"""What can be said of a search for boxes; the sentences are in the wording catalogue."""


@dataclass(frozen=True)
class Limit:
    """The part of a factor's range that a box keeps.

    Notes
    -----
    Shape: one factor. ``low`` and ``high`` are None where the box is open on that side; ``low_p`` and ``high_p`` are
    their quasi-p-values: how likely the box would hold as many cases of interest without that limit. ``policies`` are
    the names of the policies inside, ``kept`` their labels, for the factor ``policy`` alone. Unit: the factor's.
    Errors: none. Source: Bryant & Lempert (2010).
    """

    factor: Varied
    low: float | None
    high: float | None
    low_p: float
    high_p: float
    kept: tuple[Mapping[str, str], ...] = ()
    policies: tuple[str, ...] = ()


@dataclass(frozen=True)
class Box:
    """A part of the futures in which cases of interest are dense.

    Notes
    -----
    Shape: one Limit for each limited factor, strongest first. ``coverage``: its share of all cases of interest;
    ``density``: the share of its cases that are of interest; ``mass``: its share of all cases. Cases of earlier boxes
    are not counted again. Unit: share. Errors: none. Source: PRIM.
    """

    limits: tuple[Limit, ...]
    coverage: float
    density: float
    mass: float
    cases: int
    of_interest: int


@dataclass(frozen=True)
class Discovery:
    """In which futures a target fails, or is reached.

    Notes
    -----
    Shape: boxes, the first the best. A case is an experiment whose probability is below ``threshold`` (at or above it
    where ``failing`` is False), or a single draw where ``threshold`` is None. ``remarks`` are keys of REMARKS;
    ``constant`` are factors left out. Errors: none. Source: :func:`discover`.
    """

    outcome: Subject
    failing: bool
    threshold: float | None
    cases: int
    of_interest: int
    boxes: tuple[Box, ...]
    factors: tuple[Varied, ...]
    constant: tuple[Varied, ...]
    remarks: tuple[str, ...]

    @property
    def share(self) -> float:
        """Return the share of cases that are of interest: the density of no box at all."""
        return self.of_interest / self.cases


def discover(
    ensemble: Ensemble, outcome: str | None = None, failing: bool = True, threshold: float | None = 0.8,
    most: int = MOST_BOXES,
) -> Discovery:  # fmt: skip
    """Return in which futures a target fails, or is reached.

    Parameters
    ----------
    ensemble : Ensemble.
    outcome : str or None; a target among its outcomes, the only one by default.
    failing : bool; False asks in which futures it is reached.
    threshold : float in (0, 1] or None; experiments with a probability below it count as failed. None counts every
        single draw.
    most : int; most boxes.

    Returns
    -------
    Discovery.

    Raises
    ------
    InputError : as :func:`cases_of`, or the EMA workbench is not installed.

    Notes
    -----
    Unit: shares, limits in each factor's. Of the peeling trajectories of PRIM (one for each way of scoring a peel) the
    box with the best harmonic mean of coverage and density is taken; limits with a quasi-p above 0.05 are dropped.
    Source: Friedman & Fisher (1999); Bryant & Lempert (2010), Technological Forecasting & Social Change 77;
    ema_workbench.
    """
    cases = cases_of(ensemble, outcome, failing, threshold)
    remarks = ["draws_alike"] if threshold is None and ensemble.study.draws > 1 else []
    remarks += ["constant"] if cases.constant else []
    boxes: tuple[Box, ...] = ()
    if cases.trouble:
        remarks.insert(0, cases.trouble)
    else:
        boxes = find_boxes(cases, most)
        remarks += ["no_box"] if not boxes else ["loose"] if boxes[0].density < HALF else []
    return Discovery(
        subject_of(find_outcome(ensemble.study, outcome)), failing, threshold, len(cases.interest),
        int(cases.interest.sum()), boxes, cases.factors, cases.constant, tuple(remarks),
    )  # fmt: skip


def find_boxes(cases: Cases, most: int = MOST_BOXES) -> tuple[Box, ...]:
    """Return the boxes of cases that can be searched.

    Parameters
    ----------
    cases : Cases; with cases of interest and others.
    most : int.

    Returns
    -------
    tuple of Box; empty where none is GAIN times as dense as the whole.

    Raises
    ------
    InputError : the EMA workbench is not installed.

    Notes
    -----
    Unit: see Box. Each further box is sought in what earlier boxes left. Source: PRIM.
    """
    left = np.ones(len(cases.interest), dtype=np.bool_)
    total = int(cases.interest.sum())
    found: list[Box] = []
    while len(found) < most and min(int(cases.interest[left].sum()), int((~cases.interest[left]).sum())) >= FEWEST:
        limits = _peel(cases, left)
        inside = left & _inside(cases.table, limits)
        held, hits = int(inside.sum()), int(cases.interest[inside].sum())
        density, coverage = hits / max(held, 1), hits / total
        # A further box must beat its own background: what earlier ones left.
        background = float(cases.interest[left].mean())
        sparse = density < min(GAIN * background, background + APART * (1.0 - background))
        small = bool(found) and (coverage < MORE or density < HALF)
        if not limits or sparse or small:
            break
        found.append(Box(limits, coverage, density, held / len(left), held, hits))
        left &= ~inside
    return tuple(found)


def _peel(cases: Cases, left: Flags) -> tuple[Limit, ...]:
    """Return the limits of the best box of the cases that are left."""
    prim = load_workbench("ema_workbench.analysis.prim")
    best: float = -1.0
    limits: tuple[Limit, ...] = ()
    table, flags = cases.table[left].reset_index(drop=True), cases.interest[left]
    # Each way of scoring a peel stalls somewhere (the lenient ones where two opposite corners fail), so all are tried.
    for scoring in prim.PRIMObjectiveFunctions:
        # Any positive threshold counts the ones; whether a box is good enough is judged by its caller.
        search = prim.Prim(table, flags.astype(np.int64), threshold=1e-9, mass_min=MASS, obj_function=scoring)
        tried = _limits(cases, search.find_box(), float(flags.mean()))
        inside = _inside(table, tried)
        density = flags[inside].mean() if inside.any() else 0.0
        score = _score(flags[inside].sum() / flags.sum(), density, flags.mean())
        if tried and score > best:
            best, limits = score, tried
    return limits


def _limits(cases: Cases, box: Any, base: float) -> tuple[Limit, ...]:
    """Return the limits of the box on a peeling trajectory that serves coverage and density best."""
    path = box.peeling_trajectory
    coverage, density = (path[name].to_numpy(dtype=np.float64) for name in ("coverage", "density"))
    score = _score(coverage, density, base)
    score[path["res_dim"].to_numpy() > MOST_LIMITS] = -1.0
    chosen = int(np.argmax(score))
    whole, kept, values = box.box_lims[0], box.box_lims[chosen], box.qp[chosen]
    known = {factor.name: factor for factor in cases.factors}
    limits = [
        _policy_limit(cases, kept[name].iloc[0], values[name])
        if name == POLICY
        else _limit(known[name], whole[name], kept[name], values[name])
        for name in values
    ]
    told = [limit for limit in limits if limit.kept or limit.low is not None or limit.high is not None]
    return tuple(sorted(told, key=lambda limit: min(limit.low_p, limit.high_p)))


def _score(coverage: Any, density: Any, base: float) -> Any:
    """Return how well a box serves both aims; where most cases are of interest, keeping the others out is one."""
    if base <= HALF:
        return _harmonic(coverage, density)
    others_inside = coverage * base * (1.0 - density) / np.maximum(density, 1e-12) / max(1.0 - base, 1e-12)
    return _harmonic(coverage, np.clip(1.0 - others_inside, 0.0, 1.0))


def _harmonic(coverage: Any, density: Any) -> Any:
    return 2.0 * coverage * density / np.maximum(coverage + density, 1e-12)


def _limit(factor: Varied, whole: Any, kept: Any, values: Sequence[float]) -> Limit:
    sides: list[float | None] = []
    chances: list[float] = []
    for side in (0, 1):
        limited = kept.iloc[side] != whole.iloc[side] and 0.0 <= values[side] <= SIGNIFICANT
        sides.append(float(kept.iloc[side]) if limited else None)
        chances.append(float(values[side]) if limited else float("nan"))
    # An open side has no chance of its own; it must not come first when limits are sorted.
    low_p, high_p = (1.0 if np.isnan(chance) else chance for chance in chances)
    return Limit(factor, sides[0], sides[1], low_p, high_p)


def _policy_limit(cases: Cases, kept: set[str], values: Sequence[float]) -> Limit:
    factor = Varied(POLICY, "lever", "", 0.0, 0.0, 0.0)
    if not 0.0 <= values[0] <= SIGNIFICANT:
        return Limit(factor, None, None, 1.0, 1.0)
    names = tuple(name for name in cases.policies if name in kept)
    return Limit(factor, None, None, float(values[0]), 1.0, tuple(cases.policies[name] for name in names), names)


def _inside(table: pd.DataFrame, limits: Sequence[Limit]) -> Flags:
    inside = np.ones(len(table), dtype=np.bool_)
    for limit in limits:
        column = table[limit.factor.name].to_numpy()
        if limit.policies:
            inside &= np.isin(column.astype(str), limit.policies)
        if limit.low is not None:
            inside &= column >= limit.low
        if limit.high is not None:
            inside &= column <= limit.high
    return inside


__all__ = ["REMARKS", "Box", "Cases", "Discovery", "Limit", "cases_of", "discover", "find_boxes"]
