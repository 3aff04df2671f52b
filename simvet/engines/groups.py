"""Students who stand somewhere together, and what a gate made of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simvet.engines.lists import Placement
from simvet.engines.programmes import Programmes
from simvet.engines.schools import Admission
from simvet.rules.matching import DECLINED, SUPPLEMENTARY

Floats = NDArray[np.float64]


@dataclass
class Group:
    """Students who stand somewhere together: their rows and person numbers.

    Notes
    -----
    Shape: (student,). Unit: none. Errors: none. Source: none needed.
    """

    rows: NDArray[np.int32]
    persons: NDArray[np.uint32]

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.rows)

    def where(self, chosen: NDArray[np.generic] | slice) -> Group:
        """Return some of them, by a mask or by positions."""
        return Group(self.rows[chosen], self.persons[chosen])

    @classmethod
    def together(cls, *groups: Group) -> Group:
        """Return several groups as one, in their order."""
        return cls(np.concatenate([g.rows for g in groups]), np.concatenate([g.persons for g in groups]))

    @classmethod
    def nobody(cls) -> Group:
        """Return an empty group."""
        return cls(np.empty(0, dtype=np.int32), np.empty(0, dtype=np.uint32))


def admission_of(
    programmes: Programmes, found: Placement, key: NDArray[np.int32], levels: int, group: NDArray[np.uint8]
) -> Admission:
    """Return what a gate brought, programme by programme.

    Parameters
    ----------
    programmes : Programmes.
    found : Placement.
    key : (applicant,) array, points.
    levels : int.
    group : (applicant,) array; district or field of each applicant.

    Returns
    -------
    Admission.

    Notes
    -----
    Unit: persons, score quantile. Errors: none. Source: the gate.
    """
    seated = found.choice >= 0
    quantile = quantiles_of(found.cutoff, key, levels)
    above = np.concatenate([np.cumsum(np.bincount(key, minlength=levels)[::-1])[::-1], [0]])
    place = np.where(found.cutoff >= 0, above[np.maximum(found.cutoff, 0)].astype(np.float64), np.nan)
    chosen = found.choice[seated]
    has_field = programmes.field[chosen] >= 0
    return Admission(
        programmes, found.seats.astype(np.int64), np.bincount(chosen, minlength=len(programmes)),
        found.first_choices.astype(np.int64), quantile, place, int((found.rank == SUPPLEMENTARY).sum()), len(key),
        int((found.choice != DECLINED).sum()),
        int((found.rank == 1).sum()), int((has_field & (programmes.home[chosen] == group[seated])).sum()),
        int(has_field.sum()),
    )  # fmt: skip


def quantiles_of(cutoff: NDArray[np.int32], key: NDArray[np.int32], levels: int) -> Floats:
    """Return cut-offs as score quantiles of the applicants.

    Parameters
    ----------
    cutoff : (option,) array, points of the last admitted, -1 where an option never closed.
    key : (applicant,) array, points.
    levels : int.

    Returns
    -------
    (option,) array in [0, 1]; the share of applicants with fewer points, NaN where an option never closed.

    Notes
    -----
    Errors: none. Source: MODEL, section 4.
    """
    below = np.concatenate([[0], np.cumsum(np.bincount(key, minlength=levels))])
    return np.where(cutoff >= 0, below[np.maximum(cutoff, 0)] / max(len(key), 1), np.nan)
