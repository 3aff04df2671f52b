"""Dimensional stacking: how often a target fails in every combination of the factors that matter most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simvet.studies.batch import Ensemble
from simvet.studies.cases import POLICY, Cases, cases_of
from simvet.studies.subjects import Subject, Varied, find_outcome, subject_of
from simvet.studies.workbench import load_workbench

Floats = NDArray[np.float64]

BINS = 3
"""Parts of a range."""
FEW_VALUES = 5
"""A factor that takes no more values than this keeps them all, instead of parts of its range."""


@dataclass(frozen=True)
class Stack:
    """One factor of a stacking, cut into bins.

    Notes
    -----
    Shape: ``edges`` are the ends of the bins, one more than there are; where ``exact``, the values themselves, one a
    bin. ``kept`` are the labels of policies, for the factor ``policy`` alone. Unit: the factor's. Errors: none.
    Source: the cases.
    """

    factor: Varied
    edges: tuple[float, ...]
    exact: bool = False
    kept: tuple[dict[str, str], ...] = ()

    @property
    def bins(self) -> int:
        """Return the number of bins."""
        return len(self.kept) or len(self.edges) - (0 if self.exact else 1)


@dataclass(frozen=True, eq=False)
class Stacking:
    """A pivot table over stacked factors.

    Notes
    -----
    Shape: ``share`` and ``count`` are (row, column) arrays; rows run through every combination of ``rows``, the last
    factor fastest, columns through those of ``columns``. ``share`` is that of cases of interest, nan in an empty cell.
    Where nothing could be stacked both are empty and ``remarks`` say why (keys as in discovery). Unit: share, cases.
    Errors: none. Source: :func:`stack`.
    """

    outcome: Subject
    failing: bool
    threshold: float | None
    rows: tuple[Stack, ...]
    columns: tuple[Stack, ...]
    share: Floats
    count: NDArray[np.int64]
    factors: tuple[Varied, ...]
    cases: int
    of_interest: int
    remarks: tuple[str, ...] = ()


def stack(
    ensemble: Ensemble, outcome: str | None = None, failing: bool = True, threshold: float | None = 0.8,
    levels: int = 2, bins: int = BINS,
) -> Stacking:  # fmt: skip
    """Return how often a target fails in every combination of the most telling factors.

    Parameters
    ----------
    ensemble : Ensemble.
    outcome, failing, threshold : as for ``discover``.
    levels : int; factors on each axis.
    bins : int; parts of each range.

    Returns
    -------
    Stacking.

    Raises
    ------
    InputError : as ``discover``.

    Notes
    -----
    Factors are ordered by extremely randomised trees (seeded by the study) and dealt to rows and columns in turn, as in
    ema_workbench.analysis.dimensional_stacking, whose drawing is seaborn's and draws its seed from the process. Bins
    are of equal width, a value on an edge belongs to the lower one. Unit: share. Source: LeBlanc, Ward & Wittels
    (1990); ema_workbench.analysis.feature_scoring.
    """
    cases = cases_of(ensemble, outcome, failing, threshold)
    subject = subject_of(find_outcome(ensemble.study, outcome))
    facts = (cases.factors, len(cases.interest), int(cases.interest.sum()))
    if cases.trouble:
        nothing = np.zeros((0, 0))
        return Stacking(subject, failing, threshold, (), (), nothing, nothing.astype(np.int64), *facts,
                        (cases.trouble,))  # fmt: skip
    names = _order(cases, ensemble.study.seed)[: 2 * levels]
    stacks = {name: _stack(cases, name, bins) for name in names}
    rows, columns = names[::2], names[1::2]
    share, count = _pivot(cases, stacks, rows, columns)
    told = [tuple(stacks[name][0] for name in axis) for axis in (rows, columns)]
    return Stacking(subject, failing, threshold, told[0], told[1], share, count, *facts)


def _order(cases: Cases, seed: int) -> list[str]:
    scoring = load_workbench("ema_workbench.analysis.feature_scoring")
    table = cases.table
    scores, _ = scoring.get_ex_feature_scores(
        table, cases.interest, max_features=max(1, round(len(table.columns) / 3)), random_state=seed % 2**32
    )
    return [str(name) for name in scores.index]


def _stack(cases: Cases, name: str, bins: int) -> tuple[Stack, NDArray[np.int64]]:
    """Return a factor's bins, and the bin of every case."""
    column = cases.table[name].to_numpy()
    values, place = np.unique(column, return_inverse=True)
    if name == POLICY:
        kept = tuple(dict(cases.policies[str(value)]) for value in values)
        return Stack(Varied(POLICY, "lever", "", 0.0, 0.0, 0.0), (), True, kept), place
    factor = next(f for f in cases.factors if f.name == name)
    if len(values) <= max(FEW_VALUES, bins):
        return Stack(factor, tuple(float(value) for value in values), True), place
    edges = np.linspace(values[0], values[-1], bins + 1)
    # Bins as the workbench's discretize makes them, but for levers: their steps often fall on an edge, and rounding
    # would send some of them up and some down. Here they all belong to the lower bin.
    inner = edges[1:-1] + 1e-9 * (edges[-1] - edges[0])
    return Stack(factor, tuple(float(edge) for edge in edges)), np.searchsorted(inner, column.astype(np.float64))


def _pivot(
    cases: Cases, stacks: dict[str, tuple[Stack, NDArray[np.int64]]], rows: list[str], columns: list[str]
) -> tuple[Floats, NDArray[np.int64]]:
    shape, cells = [], []
    for axis in (rows, columns):
        sizes = [stacks[name][0].bins for name in axis]
        places = [stacks[name][1] for name in axis]
        shape.append(int(np.prod(sizes)) if sizes else 1)
        cells.append(np.ravel_multi_index(places, sizes) if sizes else np.zeros(len(cases.interest), dtype=np.int64))
    cell = cells[0] * shape[1] + cells[1]
    total = shape[0] * shape[1]
    count = np.bincount(cell, minlength=total)
    hits = np.bincount(cell, weights=cases.interest, minlength=total)
    share = np.divide(hits, count, out=np.full(total, np.nan), where=count > 0)
    return share.reshape(shape), count.reshape(shape).astype(np.int64)


__all__ = ["Stack", "Stacking", "stack"]
