"""A lever: a dated change to one quantity, with its owner and source. It knows no engine."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from simvet.catalogue import CATALOGUE, require_in_bounds, require_key
from simvet.errors import InputError, nearest

Floats = NDArray[np.float64]
Operation = Literal["set", "add", "multiply", "ramp"]
OPERATIONS: tuple[Operation, ...] = ("set", "add", "multiply", "ramp")


@dataclass(frozen=True)
class Lever:
    """One dated change.

    Notes
    -----
    Shape: one number. Unit: the quantity's own (a factor for ``multiply``). ``start`` and ``end`` are school years,
    both included; a ramp runs from the value of the year before ``start`` to ``value`` in ``end`` and stays there.
    Errors: checked when it is read. Source: ``source``, ``owner`` says who can pull it.
    """

    name: str
    quantity: str
    region: str
    key: str
    operation: Operation
    value: float
    start: int
    end: int | None
    owner: str
    source: str
    where: str = "Lever"
    labels: Mapping[str, str] = field(default_factory=dict)

    def title(self, language: str) -> str:
        """Return the lever's name in a language, its plain name where no title is given."""
        return self.labels.get(language, self.name)


def require_lever(lever: Lever, regions: Sequence[str]) -> Lever:
    """Return a lever if it touches something; complain about one that would silently do nothing.

    Parameters
    ----------
    lever : Lever.
    regions : sequence of str; the regions of the scenario.

    Returns
    -------
    Lever.

    Raises
    ------
    InputError : the quantity, its key, the operation or the region is unknown.

    Notes
    -----
    Unit: none. Source: CATALOGUE.
    """
    where = f"{lever.where} {lever.name!r}"
    require_key(lever.quantity, lever.key, where, lever.region if lever.region in regions else "")
    if not CATALOGUE[lever.quantity].lever:
        raise InputError(
            where, "quantity {name!r} belongs to the past and cannot be pulled",
            "Change a quantity that acts in later years", name=lever.quantity,
        )  # fmt: skip
    if isinstance(lever.value, str) or not math.isfinite(lever.value):
        raise InputError(
            where, "{name!r} is {value}, not a number", "Write a finite number", name="value", value=lever.value
        )
    if lever.operation in ("set", "ramp"):
        require_in_bounds(lever.quantity, lever.value, where)
    if lever.end is not None and lever.end < lever.start:
        raise InputError(
            where, "the lever ends in {end}, before it starts in {start}", "Swap the years", end=lever.end,
            start=lever.start,
        )  # fmt: skip
    for kind, word, known in (("region", lever.region, regions), ("operation", lever.operation, OPERATIONS)):
        if word not in known:
            raise InputError(
                where,
                "{kind} {word!r} is unknown",
                "Did you mean {near!r}?",
                kind=kind,
                word=word,
                near=nearest(word, known),
            )
    return lever


def apply_lever(lever: Lever, path: Floats, years: NDArray[np.int64]) -> tuple[Floats, int]:
    """Return the path of a quantity after a lever, and how many values had to be held at a bound.

    Parameters
    ----------
    lever : Lever.
    path : (draw, year) array, in the quantity's unit.
    years : (year,) array of school years.

    Returns
    -------
    path : (draw, year) array; a new one, years before the lever's start bit for bit as they were.
    held : int; number of values that the change would have pushed out of the catalogue's bounds.

    Notes
    -----
    Errors: none; levers are checked when they are read. Source: MODEL, section 7 (levers are dated changes).
    """
    changed = path.copy()
    until = lever.end if lever.end is not None and lever.operation != "ramp" else int(years[-1])
    active = (years >= lever.start) & (years <= until)
    if lever.operation == "set":
        changed[:, active] = lever.value
    elif lever.operation == "add":
        changed[:, active] += lever.value
    elif lever.operation == "multiply":
        changed[:, active] *= lever.value
    else:
        arrive = lever.end if lever.end is not None else lever.start
        before = path[:, np.searchsorted(years, lever.start - 1).clip(0, len(years) - 1)][:, None]
        done = np.clip((years[active] - lever.start + 1) / (arrive - lever.start + 1), 0.0, 1.0)
        changed[:, active] = before + (lever.value - before) * done
    quantity = CATALOGUE[lever.quantity]
    bounded = np.clip(changed, quantity.low, quantity.high)
    return bounded, int(np.count_nonzero(bounded != changed))
