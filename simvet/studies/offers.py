"""Levers on offer: where each stands, the values it may take, and what a step costs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from simvet.catalogue import keys_of
from simvet.controls import EVERY, Control, bears_on, controls, find_control, on_grid
from simvet.errors import InputError
from simvet.runs import Run
from simvet.studies.costs import Cost, cost_of, prices

LEVELS = 9
"""Values of a lever that are tried first, spread over its range."""
Package = tuple[float, ...]
"""Value of every lever on offer; NaN where it is left alone."""


@dataclass(frozen=True)
class Offer:
    """A lever that may be pulled.

    Notes
    -----
    Shape: ``levels`` are the values tried first, without that at which nothing changes. ``stands`` is where the lever
    is when left alone: the value that changes nothing, or the median of what it would set. Unit: the lever's; ``cost``
    for each unit. Errors: none. Source: ``data/levers``.
    """

    name: str
    owner: str
    unit: str
    stands: float
    low: float
    high: float
    step: float
    levels: tuple[float, ...]
    cost: Cost
    labels: Mapping[str, str]

    def price(self, value: float, which: str = "value") -> float:
        """Return what a value costs, CNY; nothing where the lever is left alone."""
        if math.isnan(value):
            return 0.0
        return float(getattr(self.cost, which) * abs(value - self.stands))

    def reach(self, value: float) -> float:
        """Return how far a value is from where the lever stands, as a part of its range."""
        return 0.0 if math.isnan(value) else abs(value - self.stands) / (self.high - self.low)

    def snapped(self, value: float) -> float:
        """Return the value of the lever's own grid nearest to a number, NaN where it would stay where it stands."""
        steps = round((value - self.low) / self.step)
        near = min(max(round(self.low + steps * self.step, 10), self.low), self.high)
        return float("nan") if abs(near - self.stands) < 0.5 * self.step else float(near)


def offers_of(run: Run, names: Sequence[str] | None, start: int, end: int) -> tuple[Offer, ...]:
    """Return the levers on offer in a region.

    Parameters
    ----------
    run : Run; no lever moved.
    names : sequence of str or None; by default every lever that moves something in the region.
    start, end : int; school years in which they act: from the first year of a lever to the last target.

    Returns
    -------
    tuple of Offer.

    Raises
    ------
    InputError : a lever is unknown, named twice, or moves nothing here.

    Notes
    -----
    Unit: each lever's. Source: ``data/levers``.
    """
    region = run.scenario.regions[0].region
    chosen = [find_control(name, "--levers") for name in names] if names else list(controls().values())
    for control in chosen:
        if sum(other.name == control.name for other in chosen) > 1:
            raise InputError("--levers", "{name!r} stands twice", "Keep one of the two", name=control.name)
        if names and not bears_on(control, region):
            raise InputError(
                "--levers", "region {region!r} counts nothing that {name!r} could move", "Leave the lever out",
                region=region, name=control.name,
            )  # fmt: skip
    return tuple(_offer(run, control, start, end) for control in chosen if bears_on(control, region))


def _offer(run: Run, control: Control, start: int, end: int) -> Offer:
    stands = control.neutral
    if stands is None:
        quantity, key = control.pulls[0]
        key = keys_of(quantity, run.scenario.regions[0].region)[0] if key == EVERY else key
        path = run.schedule.whole(run.schedule.path(0, quantity, key))
        stands = float(np.median(path[:, start - run.schedule.first]))
    spread = {on_grid(control, value) for value in np.linspace(control.low, control.high, LEVELS)}
    sense = prices()[control.name].sense
    levels = tuple(
        value
        for value in sorted(spread)
        if (sense != "down" and value > stands + 0.5 * control.step)
        or (sense != "up" and value < stands - 0.5 * control.step)
    )
    return Offer(
        control.name, control.owner, control.unit, stands, control.low, control.high, control.step, levels,
        cost_of(run, control, start, end), dict(control.labels),
    )  # fmt: skip


def price_of(offers: Sequence[Offer], package: Package, which: str = "value") -> float:
    """Return what a package costs, CNY; ``which`` is value, low or high; errors: none; source: the offers."""
    return float(sum(offer.price(value, which) for offer, value in zip(offers, package, strict=True)))


def nothing(offers: Sequence[Offer]) -> Package:
    """Return the package that leaves every lever alone; unit, errors: none; source: the offers."""
    return (float("nan"),) * len(offers)
