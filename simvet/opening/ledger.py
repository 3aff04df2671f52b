"""Unknowns and rows of an opening balance: what is not printed, and what is known about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Kind = Literal["identity", "figure", "soft", "check"]
Form = dict[str, Floats | float]


@dataclass(frozen=True)
class LedgerRow:
    """One linear statement about the unknowns: ``above - value * below`` (or ``above``) should be ``wanted``.

    Notes
    -----
    Shape: coefficients are numbers or (draw,) arrays. Unit: persons for ``above``, ``below`` and ``spread``. Errors:
    none. Source: ``label`` names the figure's row; identities come from MODEL, section 1.
    """

    label: str
    kind: Kind
    above: Mapping[str, Floats | float]
    below: Mapping[str, Floats | float]
    value: Floats | float
    low: float
    high: float
    spread: Floats | float
    offset: Floats | float = 0.0


@dataclass
class Ledger:
    """The unknowns with their prior, and the rows that bind them.

    Notes
    -----
    Shape: priors are numbers or (draw,) arrays. Unit: persons. Errors: a name that is not an unknown is a KeyError of
    the program. Source: ``data/<region>``.
    """

    draws: int
    names: dict[str, int] = field(default_factory=dict)
    prior: list[Floats | float] = field(default_factory=list)
    prior_spread: list[Floats | float] = field(default_factory=list)
    rows: list[LedgerRow] = field(default_factory=list)

    def unknown(self, name: str, prior: Floats | float, spread: Floats | float) -> None:
        """Add an unknown with its prior and spread, persons."""
        self.names[name] = len(self.prior)
        self.prior.append(prior)
        self.prior_spread.append(spread)

    def identity(self, label: str, form: Form, spread: Floats | float) -> None:
        """Add a statement that holds by accounting; its spread says how exactly the terms are known."""
        self.rows.append(LedgerRow(label, "identity", form, {}, 0.0, 0.0, 0.0, spread))

    def soft(self, label: str, form: Form, spread: Floats | float) -> None:
        """Add an assumed statement of the kind ``form = 0``."""
        self.rows.append(LedgerRow(label, "soft", form, {}, 0.0, 0.0, 0.0, spread))

    def known(
        self, label: str, kind: Kind, above: Form, value: float, low: float, high: float, spread: Floats | float,
        offset: Floats | float = 0.0,
    ) -> None:  # fmt: skip
        """Add a figure that is a count: ``above`` plus ``offset`` (what rates alone say) is ``value``."""
        self.rows.append(LedgerRow(label, kind, above, {}, value, low, high, spread, offset))

    def known_ratio(
        self, label: str, kind: Kind, above: Form, below: Form, value: Floats | float, low: float, high: float,
        spread: Floats | float,
    ) -> None:  # fmt: skip
        """Add a figure that is a ratio: ``above`` is ``value`` times ``below``; the spread is in persons."""
        self.rows.append(LedgerRow(label, kind, above, below, value, low, high, spread))

    def coefficients(self, form: Mapping[str, Floats | float]) -> Floats:
        """Return a form as a (draw, unknown) array."""
        dense = np.zeros((self.draws, len(self.names)))
        for name, number in form.items():
            dense[:, self.names[name]] += number
        return dense

    def dense_rows(self, rows: list[LedgerRow]) -> tuple[Floats, Floats, Floats]:
        """Return rows as arrays: coefficients (draw, row, unknown), wanted (draw, row), spread (draw, row)."""
        matrix = np.zeros((self.draws, len(rows), len(self.names)))
        wanted = np.zeros((self.draws, len(rows)))
        spread = np.zeros((self.draws, len(rows)))
        for position, row in enumerate(rows):
            matrix[:, position] = self.coefficients(row.above)
            if row.below:
                matrix[:, position] -= np.asarray(row.value)[..., None] * self.coefficients(row.below)
            else:
                wanted[:, position] = row.value - row.offset
            spread[:, position] = row.spread
        return matrix, wanted, spread

    def predict(self, row: LedgerRow, found: Floats) -> Floats:
        """Return what the unknowns say about a figure, in the figure's own unit, shape (draw,)."""
        above = np.asarray(np.einsum("du,du->d", self.coefficients(row.above), found), dtype=np.float64)
        if not row.below:
            return above + row.offset
        below = np.einsum("du,du->d", self.coefficients(row.below), found)
        return np.asarray(above / below, dtype=np.float64)

    def prior_arrays(self) -> tuple[Floats, Floats]:
        """Return prior and spread as (draw, unknown) arrays."""
        shape = (self.draws,)
        prior = np.stack([np.broadcast_to(np.asarray(p, dtype=np.float64), shape) for p in self.prior], axis=1)
        spread = np.stack([np.broadcast_to(np.asarray(p, dtype=np.float64), shape) for p in self.prior_spread], axis=1)
        return prior, spread


def add_forms(*forms: Mapping[str, Floats | float]) -> Form:
    """Return the sum of linear forms.

    Parameters
    ----------
    *forms : mappings of unknown -> coefficient.

    Returns
    -------
    dict of unknown -> coefficient.

    Notes
    -----
    Unit: none. Errors: none. Source: algebra.
    """
    total: Form = {}
    for form in forms:
        for name, number in form.items():
            total[name] = total.get(name, 0.0) + number
    return total


def scale_form(form: Mapping[str, Floats | float], factor: Floats | float) -> Form:
    """Return a linear form times a factor.

    Parameters
    ----------
    form : mapping of unknown -> coefficient.
    factor : float or (draw,) array.

    Returns
    -------
    dict of unknown -> coefficient.

    Notes
    -----
    Unit: none. Errors: none. Source: algebra.
    """
    return {name: number * factor for name, number in form.items()}
