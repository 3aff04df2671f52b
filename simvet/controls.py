"""The levers that a planner is offered: which quantities each one pulls, how far, and who owns it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Literal

from simvet.catalogue import CATALOGUE, keys_of, require_key, require_quantity
from simvet.errors import InputError, nearest
from simvet.levers import Lever, Operation
from simvet.tables import home, number_of, read_cells, require_filled, require_words

CONTROLS = "data/levers/controls.csv"
"""One line for each lever of the screen."""
CONTROL_COLUMNS = (
    "name", "pulls", "operation", "low", "high", "step", "once", "owner", "first_for", "label_zh", "label_en",
    "reason_zh", "reason_en",
)  # fmt: skip
OWNERS = ("province", "city", "school", "enterprise")
"""Who can pull a lever, in the order in which the screen groups them."""
EVERY = "*"
"""Key that stands for everything that the region counts by a quantity."""
NEUTRAL: dict[str, float] = {"multiply": 1.0, "add": 0.0}
"""Value at which a lever changes nothing; a ``set`` has none."""
Kind = Literal["multiply", "add", "set"]


@dataclass(frozen=True)
class Control:
    """One lever of the screen.

    Notes
    -----
    Shape: ``pulls`` are pairs of quantity and key that move together. Unit: ``low``, ``high`` and ``step`` in the unit
    of the first quantity (a factor for ``multiply``). ``once`` says that it acts in one single year. ``first_for``
    names the regions for which it belongs to the handful shown first. Errors: checked when it is read. Source:
    ``reasons``, a line of ``data/levers/controls.csv``.
    """

    name: str
    pulls: tuple[tuple[str, str], ...]
    operation: Kind
    low: float
    high: float
    step: float
    once: bool
    owner: str
    first_for: tuple[str, ...]
    labels: Mapping[str, str]
    reasons: Mapping[str, str]

    @property
    def unit(self) -> str:
        """Return the unit of the value: ``factor``, or that of the quantity."""
        return "factor" if self.operation == "multiply" else CATALOGUE[self.pulls[0][0]].unit

    @property
    def neutral(self) -> float | None:
        """Return the value at which nothing changes; None for a lever that sets a value."""
        return NEUTRAL.get(self.operation)

    def require(self, value: float) -> float:
        """Return a value of the lever if it lies within its bounds.

        Raises
        ------
        InputError : it is no finite number, or outside.
        """
        if not math.isfinite(value) or not self.low - 1e-9 <= value <= self.high + 1e-9:
            raise InputError(
                self.name, "{value:g} is outside {low:g} to {high:g}", "Choose a value inside", value=value,
                low=self.low, high=self.high,
            )  # fmt: skip
        return value


@lru_cache(maxsize=1)
def controls() -> Mapping[str, Control]:
    """Return the levers of the screen.

    Returns
    -------
    mapping of name -> Control, in the order of the table.

    Raises
    ------
    InputError : a line names no quantity, owner or operation, or its range holds nothing.

    Notes
    -----
    Unit: see Control. Source: ``data/levers/controls.csv``.
    """
    found: dict[str, Control] = {}
    for cells, where in read_cells(home() / CONTROLS, CONTROL_COLUMNS):
        control = _control(cells, where)
        if control.name in found:
            raise InputError(where, "the lever {name!r} stands twice", "Keep one of the two", name=control.name)
        found[control.name] = control
    return MappingProxyType(found)


def _control(cells: dict[str, str], where: str) -> Control:
    require_filled(cells, tuple(c for c in CONTROL_COLUMNS if c != "first_for"), where)
    require_words(cells, (("operation", ("multiply", "add", "set")), ("owner", OWNERS), ("once", ("yes", "no"))), where)
    low, high, step = (number_of(cells[column], column, where) for column in ("low", "high", "step"))
    if not (low < high and 0 < step <= high - low):
        raise InputError(
            where, "a range of {low:g} to {high:g} in steps of {step:g} holds nothing",
            "Write low below high, and a step that fits between them", low=low, high=high, step=step,
        )  # fmt: skip
    pulls = tuple((pull.partition(":")[0], pull.partition(":")[2]) for pull in cells["pulls"].split())
    for quantity, key in pulls:
        require_quantity(quantity, where)
        if key != EVERY:
            require_key(quantity, key, where, "")
    operation: Kind = "set" if cells["operation"] == "set" else "add" if cells["operation"] == "add" else "multiply"
    return Control(
        cells["name"], pulls, operation, low, high, step, cells["once"] == "yes", cells["owner"],
        tuple(cells["first_for"].split()), MappingProxyType({"zh": cells["label_zh"], "en": cells["label_en"]}),
        MappingProxyType({"zh": cells["reason_zh"], "en": cells["reason_en"]}),
    )  # fmt: skip


def on_grid(control: Control, value: float) -> float:
    """Return the value of a lever's grid nearest to a number; unit: the control's; errors: none; source: its step."""
    steps = round((float(value) - control.low) / control.step)
    return float(min(max(round(control.low + steps * control.step, 10), control.low), control.high))


def find_control(name: str, where: str = "lever") -> Control:
    """Return the lever of a name.

    Parameters
    ----------
    name : str.
    where : str; the place to name in a complaint.

    Returns
    -------
    Control.

    Raises
    ------
    InputError : there is no such lever.

    Notes
    -----
    Unit: none. Source: :func:`controls`.
    """
    known = controls()
    if name not in known:
        raise InputError(
            where, "{kind} {word!r} is unknown", "Did you mean {near!r}?", kind="lever", word=name,
            near=nearest(name, known),
        )  # fmt: skip
    return known[name]


def levers_of(control: Control, value: float, start: int, end: int | None, ramp: bool, region: str) -> list[Lever]:
    """Return the dated changes that a lever of the screen stands for.

    Parameters
    ----------
    control : Control.
    value : float; where the lever stands, in the unit of the control.
    start, end : int, school years, both included; ``end`` None is for good.
    ramp : bool; the change grows in equal steps from ``start`` and is whole in ``end``, then it stays.
    region : str.

    Returns
    -------
    list of Lever; one for each quantity and key, for each year of a ramp of factors or additions one.

    Raises
    ------
    InputError : the value lies outside the bounds, the years are in the wrong order, or a ramp has no end.

    Notes
    -----
    Unit: the control's. Source: MODEL, section 7 (levers are dated changes).
    """
    control.require(value)
    if control.once:
        end, ramp = start, False
    if ramp and end is None:
        raise InputError(control.name, "key {key!r} is missing", "A ramp needs the year in which it arrives", key="to")
    if end is not None and end < start:
        raise InputError(
            control.name, "the lever ends in {end}, before it starts in {start}", "Swap the years", end=end, start=start
        )
    if not bears_on(control, region):
        raise InputError(
            control.name, "region {region!r} counts nothing that {name!r} could move", "Leave the lever out",
            region=region, name=control.pulls[0][0],
        )  # fmt: skip
    found = []
    for quantity, key in control.pulls:
        keys = keys_of(quantity, region) if key == EVERY else (key,)
        for one in keys:
            found += _dated(control, quantity, one, value, start, end, ramp and end != start, region)
    return found


def bears_on(control: Control, region: str) -> bool:
    """Return whether a lever moves anything in a region: one that counts no services has no scale of them.

    Parameters
    ----------
    control : Control.
    region : str.

    Returns
    -------
    bool.

    Notes
    -----
    Unit: none. Errors: none. Source: the items of the region.
    """
    return all(key != EVERY or keys_of(quantity, region) for quantity, key in control.pulls)


def _dated(
    control: Control, quantity: str, key: str, value: float, start: int, end: int | None, ramp: bool, region: str
) -> list[Lever]:
    def lever(operation: Operation, amount: float, first: int, last: int | None) -> Lever:
        many = f" {quantity} {key}".rstrip() if len(control.pulls) > 1 or control.pulls[0][1] == EVERY else ""
        name = f"{control.name}{many}" + (f" {first}" if ramp and control.operation != "set" else "")
        return Lever(
            name, quantity, region, key, operation, amount, first, last, control.owner, "set by the planner", "lever",
            dict(control.labels),
        )  # fmt: skip

    if not ramp or end is None:
        return [lever(control.operation, value, start, end)]
    if control.operation == "set":
        return [lever("ramp", value, start, end)]
    neutral = NEUTRAL[control.operation]
    steps = end - start + 1
    amounts = [neutral + (value - neutral) * (n + 1) / steps for n in range(steps)]
    each = [lever(control.operation, amount, start + n, start + n) for n, amount in enumerate(amounts[:-1])]
    return [*each, lever(control.operation, value, end, None)]
