"""Cases of an ensemble: futures, and which of them are those that are asked about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simvet.errors import InputError
from simvet.studies.batch import Ensemble
from simvet.studies.subjects import Varied, find_outcome, require_measure, varied_of

if TYPE_CHECKING:
    import pandas as pd

Flags = NDArray[np.bool_]

POLICY = "policy"
"""Column that tells the policies of a study apart."""
FEWEST = 10
"""Fewest cases of interest, and fewest others, that a box is drawn from."""
MOST_CASES = 200_000
"""Cases that PRIM gets through in a minute or so."""


@dataclass(frozen=True)
class Cases:
    """Cases of an ensemble: a table of factors, and which rows are of interest.

    Notes
    -----
    Shape: ``table`` has a column a factor, and one for the policy where there are several; ``interest`` is (case,).
    Unit: each factor's. Errors: none. Source: the ensemble.
    """

    table: pd.DataFrame
    interest: Flags
    factors: tuple[Varied, ...]
    constant: tuple[Varied, ...]
    policies: Mapping[str, Mapping[str, str]]

    @property
    def trouble(self) -> str:
        """Return the remark that forbids any search, "" where there is none."""
        found, others = int(self.interest.sum()), int((~self.interest).sum())
        checks = (
            ("no_case", found == 0), ("every_case", others == 0), ("few_cases", found < FEWEST),
            ("few_others", others < FEWEST), ("nothing_varied", not len(self.table.columns)),
        )  # fmt: skip
        return next((key for key, holds in checks if holds), "")


def cases_of(ensemble: Ensemble, outcome: str | None, failing: bool, threshold: float | None) -> Cases:
    """Return the cases of an ensemble; see Discovery for what counts as one.

    Parameters
    ----------
    ensemble : Ensemble.
    outcome : str or None; a target among its outcomes.
    failing : bool.
    threshold : float or None.

    Returns
    -------
    Cases; factors that did not vary are left out of the table.

    Raises
    ------
    InputError : the outcome is unknown or no target, the threshold is no probability, or there are too many cases.

    Notes
    -----
    Unit: each factor's. Source: the ensemble.
    """
    import pandas as pd  # noqa: PLC0415

    study = ensemble.study
    chosen = find_outcome(study, outcome)
    require_measure(study, chosen, "probability")
    if threshold is not None and not 0.0 < threshold <= 1.0:
        raise InputError("threshold", "{value:g} is outside {low:g} to {high:g}", "Choose a value inside",
                         value=threshold, low=0, high=1)  # fmt: skip
    if threshold is None:
        reached = np.asarray(ensemble.reached(chosen.name))
        interest, times = (~reached if failing else reached).reshape(-1), reached.shape[1]
    else:
        below = np.asarray(ensemble.probability(chosen.name)) < threshold
        interest, times = (below if failing else ~below), 1
    if len(interest) > MOST_CASES:
        raise InputError(
            "threshold", "{count} draws are too many cases to search",
            "Give a threshold, so that experiments are cases", count=len(interest),
        )  # fmt: skip
    values = np.repeat(np.asarray(ensemble.values, dtype=np.float64), times, axis=0)
    varied = varied_of(study)
    # What moves by rounding alone would still be peeled.
    moves = [bool(np.ptp(column) > 1e-12 * max(abs(f.high - f.low), 1e-300))
             for f, column in zip(varied, values.T, strict=True)]  # fmt: skip
    table = pd.DataFrame({f.name: values[:, n] for n, f in enumerate(varied) if moves[n]})
    if len(set(np.asarray(ensemble.policy).tolist())) > 1:
        names = [study.policies[int(place)].name for place in ensemble.policy]
        table[POLICY] = np.repeat(np.array(names, dtype=object), times)
    return Cases(
        table, np.asarray(interest, dtype=np.bool_), varied,
        tuple(f for n, f in enumerate(varied) if not moves[n]),
        {policy.name: dict(policy.labels) for policy in study.policies},
    )  # fmt: skip


__all__ = ["FEWEST", "POLICY", "Cases", "cases_of"]
