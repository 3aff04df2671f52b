"""From a row with a range to numbers for every draw: parameter uncertainty, keyed by name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simvet.catalogue import CATALOGUE, require_in_bounds, require_key, require_quantity
from simvet.draws import Draws
from simvet.errors import InputError
from simvet.tables import Row

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Uncertainty:
    """Which kinds of uncertainty a run carries; they are kept apart.

    Notes
    -----
    Unit: none. ``parameters`` draws assumed numbers from their ranges, ``opening`` draws the opening balance,
    ``drift`` lets rates wander from year to year, ``chance`` moves whole persons. Errors: none. Source: MODEL,
    section 7.
    """

    parameters: bool = True
    opening: bool = True
    drift: bool = True
    chance: bool = False


def triangular(uniform: Floats, low: float, mode: float, high: float) -> Floats:
    """Return the quantiles of a triangular distribution.

    Parameters
    ----------
    uniform : (draw,) array in (0, 1).
    low, mode, high : float, in the unit of the result, in order.

    Returns
    -------
    (draw,) array between low and high.

    Raises
    ------
    ValueError : the three are not in order.

    Notes
    -----
    Source: Kotz & van Dorp (2004), Beyond Beta, chapter 1.
    """
    if not low <= mode <= high:
        raise ValueError(f"{low}, {mode}, {high} are not in order")
    if low == high:
        return np.full_like(uniform, mode)
    turn = (mode - low) / (high - low)
    rising = low + np.sqrt(uniform * (high - low) * (mode - low))
    falling = high - np.sqrt((1.0 - uniform) * (high - low) * (high - mode))
    return np.where(uniform < turn, rising, falling)


def quantity_rows(rows: Iterable[Row], region: str) -> dict[tuple[str, str], Row]:
    """Return the row of every quantity that a region's data give, checked against the catalogue.

    Parameters
    ----------
    rows : iterable of Row.
    region : str.

    Returns
    -------
    dict of (quantity, key) -> Row; key is a stage, gate or pool, or "" for one value a region.

    Raises
    ------
    InputError : a row names an unknown quantity or key, has the wrong unit or leaves the bounds.

    Notes
    -----
    Unit: the quantity's own. Source: ``data/<region>/assumptions.csv`` and ``data/standards/values.csv``.
    """
    found: dict[tuple[str, str], Row] = {}
    for row in rows:
        if row.use != "quantity":
            continue
        quantity = require_quantity(row.indicator, row.where)
        key = require_key(row.indicator, "" if row.stage == "region" else row.stage, row.where)
        if row.unit != quantity.unit:
            raise InputError(
                row.where, "{name!r} is given in {given!r}", "Its unit is {wanted!r}; convert the value",
                name=row.indicator, given=row.unit, wanted=quantity.unit,
            )  # fmt: skip
        for value in (row.low, row.value, row.high):
            require_in_bounds(row.indicator, value, row.where)
        if (row.indicator, key) in found:
            raise InputError(
                row.where, "the row stands twice, first at {first}", "Keep one of the two, or give one use = history",
                first=found[(row.indicator, key)].where,
            )  # fmt: skip
        found[(row.indicator, key)] = row
    weights = [row.value for (name, _), row in found.items() if name == "attractiveness_weight"]
    if abs(sum(weights) - 1.0) > 1e-9:
        raise InputError(
            f"data/{region}/assumptions.csv", "the attractiveness weights add up to {total:g}", "They must add up to 1",
            total=sum(weights),
        )  # fmt: skip
    return found


def parameter_address(region: str, province: str, name: str, key: str) -> str:
    """Return where the draws of a quantity have their address.

    Parameters
    ----------
    region, province : str; ``province`` is "" where the region shares no decisions.
    name, key : str; the quantity and what it is counted over, "" for one value a region.

    Returns
    -------
    str.

    Notes
    -----
    What the province decides is one decision: its cities draw it under the province's name. Unit: none. Errors:
    KeyError for an unknown quantity. Source: MODEL, section 7.
    """
    decides = province if CATALOGUE[name].owner == "province" and province else region
    return f"{decides}/{name}/{key}"


@dataclass
class Sample:
    """The drawn values of every quantity of one region.

    Notes
    -----
    Shape: (draw,) arrays. Unit: the quantity's own. Errors: a quantity without a row is an InputError. Source: the
    region's data.
    """

    region: str
    draws: Draws
    count: int
    vary: bool
    rows: dict[tuple[str, str], Row]
    province: str = ""
    values: dict[tuple[str, str], Floats] = field(default_factory=dict)

    def of(self, name: str, key: str = "") -> Floats:
        """Return the drawn values of a quantity, shape (draw,)."""
        if (name, key) not in self.values:
            if (name, key) not in self.rows:
                raise InputError(
                    f"data/{self.region}", "there is no row for {name!r} of {key!r}",
                    "Add a row with value, range, unit, status and reason", name=name, key=key or "region",
                )  # fmt: skip
            row = self.rows[(name, key)]
            address = parameter_address(self.region, self.province, name, key)
            if address in self.draws.given:
                self.values[(name, key)] = self.draws.given[address]
            elif self.vary:
                uniform = self.draws.each("parameter", 0, address, self.count)
                self.values[(name, key)] = triangular(uniform, row.low, row.value, row.high)
            else:
                self.values[(name, key)] = np.full(self.count, row.value)
        return self.values[(name, key)]

    def has(self, name: str, key: str = "") -> bool:
        """Return whether the region's data give this quantity."""
        return (name, key) in self.rows


def sample_region(region: str, rows: Iterable[Row], draws: Draws, count: int, vary: bool, province: str = "") -> Sample:
    """Return the sample of a region; values are drawn when they are first asked for.

    Parameters
    ----------
    region : str.
    rows : iterable of Row.
    draws : Draws, the keyed random numbers.
    count : int, draws.
    vary : bool; False holds every quantity at its central value.
    province : str; the region whose decisions this one shares, "" for none.

    Returns
    -------
    Sample.

    Raises
    ------
    InputError : a row is wrong.

    Notes
    -----
    Unit: each quantity's own. Source: the rows.
    """
    return Sample(region, draws, count, vary, quantity_rows(rows, region), province)


__all__ = ["CATALOGUE", "Sample", "Uncertainty", "parameter_address", "quantity_rows", "sample_region", "triangular"]
