"""What moving a lever costs: a price times the amount that the lever moves, summed over the years in which it acts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from simvet.catalogue import keys_of
from simvet.controls import Control, controls
from simvet.errors import InputError, nearest
from simvet.runs import Run
from simvet.tables import home, number_of, read_cells, require_filled, require_words

Floats = NDArray[np.float64]

COSTS = "data/levers/costs.csv"
"""One line for each lever."""
COLUMNS = (
    "lever", "sense", "basis", "subject", "price_row", "price", "low", "high", "unit", "status", "grade", "source",
    "reason_zh", "reason_en",
)  # fmt: skip
SENSES = ("up", "down", "both")
"""Directions in which a lever may be a measure: no plan is served by making things worse on purpose."""
GRADES_OF_STUDY = 3.0
"""School years after which a larger intake fills every grade of a stage."""
TOPUP_YEARS = 2.0
"""School years of a bachelor programme after a higher vocational one."""


@dataclass(frozen=True)
class Price:
    """What one unit of a lever's amount costs.

    Notes
    -----
    Shape: ``sense`` says in which direction the lever is a measure that somebody would take: more training, less
    dropout, seats either way. ``price_row`` names the row of the region's data that holds the price, "" where the
    table does. Unit: ``unit``. Errors: checked when it is read. Source: a line of ``data/levers/costs.csv``.
    """

    lever: str
    sense: str
    basis: str
    subject: str
    price_row: str
    price: float
    low: float
    high: float
    unit: str
    status: str
    source: str
    reasons: Mapping[str, str]


@dataclass(frozen=True)
class Cost:
    """What a lever costs for each unit of its value away from where it stands.

    Notes
    -----
    Unit: CNY for each unit of the lever's value, summed over the years from the lever's start to the last target, in
    prices of the base year, not discounted; ``low`` and ``high`` bound the price. Errors: none. Source: the price and
    the run.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Span:
    """A run, and the school years in which a lever acts, both included.

    Notes
    -----
    Unit: school years. Errors: none. Source: the question.
    """

    run: Run
    control: Control
    subject: str
    start: int
    end: int

    @property
    def years(self) -> list[int]:
        """Return the years in which the lever acts."""
        return [year for year in self.run.books.years if self.start <= year <= self.end]

    def of(self, array: Floats, year: int) -> float:
        """Return the median over the draws of a (draw, year, region) array in the first region."""
        return float(np.nanmedian(array[:, self.run.books.years.index(year), 0]))

    def read(self, indicator: str, stage: str, year: int) -> float:
        """Return the median of an indicator in a year."""
        return self.of(self.run.indicator(indicator, stage), year)

    def path(self, quantity: str, key: str, year: int) -> float:
        """Return the median of an input quantity in a year."""
        schedule = self.run.schedule
        return float(np.median(schedule.whole(schedule.path(0, quantity, key))[:, year - schedule.first]))


Basis = Callable[[Span], float]


def _decision(span: Span) -> float:
    """Return the amount of a decision: its whole range once, whatever the year."""
    return 1.0 / (span.control.high - span.control.low)


def _student_years(span: Span) -> float:
    """Return the student-years of a stage that follow when its intake doubles."""
    return sum(
        span.read("entrants", span.subject, year) * min(span.end - year + 1, GRADES_OF_STUDY) for year in span.years
    )


def _topup_years(span: Span) -> float:
    seats = [span.path("topup_seats", "", year) for year in span.years]
    return sum(seat * min(span.end - year + 1, TOPUP_YEARS) for seat, year in zip(seats, span.years, strict=True))


def _units(_: Span) -> float:
    return 1.0


def _places(span: Span) -> float:
    return span.read("places", span.subject, span.start)


def _staff_years(span: Span) -> float:
    """Return the years of pay that follow when hiring doubles: who is hired stays."""
    teachers = span.run.schedule.openings[0].base[("teachers", span.subject)]
    hires = [span.path("teacher_hiring", span.subject, year) * float(np.median(teachers)) for year in span.years]
    return sum(hire * (span.end - year + 1) for hire, year in zip(hires, span.years, strict=True))


def _training_slots(span: Span) -> float:
    total = 0.0
    for stage in ("secondary_vocational", "higher_vocational"):
        teachers = float(np.median(span.run.schedule.openings[0].base[("teachers", stage)]))
        share = float(np.median(span.run.schedule.sample(0).of("specialist_share", stage)))
        total += sum(span.path("dual_training_slots", stage, year) * teachers * share for year in span.years)
    return total


def _practice_years(span: Span) -> float:
    total = 0.0
    for stage in ("secondary_vocational", "higher_vocational"):
        teachers = float(np.median(span.run.schedule.openings[0].base[("teachers", stage)]))
        total += sum(span.path("enterprise_practice", stage, year) * teachers for year in span.years)
    return total


def _money(span: Span) -> float:
    """Return the money that doubling an outlay per student takes."""
    return sum(
        span.path(quantity, key, year) * span.read("enrolment", key, year)
        for quantity, key in span.control.pulls
        if quantity == span.subject
        for year in span.years
    )


def _item_starts(span: Span) -> float:
    return sum(
        span.path("starts", key, year)
        for key in keys_of("starts", span.run.scenario.regions[0].region)
        for year in span.years
    )


def _items(span: Span) -> float:
    quantity = span.control.pulls[0][0]
    return float(len(keys_of(quantity, span.run.scenario.regions[0].region)))


def _student_count(span: Span) -> float:
    return sum(span.read("enrolment", span.subject, year) for year in span.years)


def _trainees(span: Span) -> float:
    return sum(span.read("training_persons", "region", year) for year in span.years)


def _leavers(span: Span) -> float:
    """Return the leavers who stay for work when the share doubles."""
    # Stages whose leavers start no work have no number.
    stay = np.nansum(span.run.books.arrays["work_in_region"], axis=-1)
    return sum(span.of(stay, year) for year in span.years)


BASES: dict[str, Basis] = {
    "decision": _decision,
    "student_years": _student_years,
    "topup_years": _topup_years,
    "units": _units,
    "places": _places,
    "staff_years": _staff_years,
    "training_slots": _training_slots,
    "practice_years": _practice_years,
    "money": _money,
    "item_starts": _item_starts,
    "items": _items,
    "student_count": _student_count,
    "trainees": _trainees,
    "leavers": _leavers,
}
"""What one unit of a lever's value moves: the amount that is multiplied by the price."""


@lru_cache(maxsize=1)
def prices() -> Mapping[str, Price]:
    """Return the price of every lever.

    Returns
    -------
    mapping of lever -> Price.

    Raises
    ------
    InputError : a line names no lever or basis, its numbers are out of order, or a lever has no line.

    Notes
    -----
    Unit: see Price. Source: ``data/levers/costs.csv``.
    """
    found: dict[str, Price] = {}
    for cells, where in read_cells(home() / COSTS, COLUMNS):
        price = _price(cells, where)
        if price.lever in found:
            raise InputError(where, "{name!r} stands twice", "Keep one of the two", name=price.lever)
        found[price.lever] = price
    for name in controls():
        if name not in found:
            raise InputError(
                COSTS, "there is no row for {name!r} of {key!r}",
                "Add a row with value, range, unit, status and reason", name=name, key="cost",
            )  # fmt: skip
    return MappingProxyType(found)


def _price(cells: dict[str, str], where: str) -> Price:
    require_filled(cells, ("lever", "basis", "unit", "status", "grade", "source", "reason_zh", "reason_en"), where)
    require_words(
        cells, (("sense", SENSES), ("basis", tuple(BASES)), ("status", ("published", "derived", "assumed"))), where
    )
    if cells["lever"] not in controls():
        raise InputError(
            where, "{kind} {word!r} is unknown", "Did you mean {near!r}?", kind="lever", word=cells["lever"],
            near=nearest(cells["lever"], controls()),
        )  # fmt: skip
    price = low = high = float("nan")
    if not cells["price_row"]:
        price, low, high = (number_of(cells[name], name, where) for name in ("price", "low", "high"))
        if not 0.0 <= low <= price <= high:
            raise InputError(
                where, "{value:g} is not between low {low:g} and high {high:g}", "Put the three in order", value=price,
                low=low, high=high,
            )  # fmt: skip
    return Price(
        cells["lever"], cells["sense"], cells["basis"], cells["subject"], cells["price_row"], price, low, high,
        cells["unit"], cells["status"], cells["source"],
        MappingProxyType({"zh": cells["reason_zh"], "en": cells["reason_en"]}),
    )  # fmt: skip


def cost_of(run: Run, control: Control, start: int, end: int) -> Cost:
    """Return what each unit of a lever's value costs in a region.

    Parameters
    ----------
    run : Run; no lever moved.
    control : Control.
    start, end : int; school years in which the lever acts, both included.

    Returns
    -------
    Cost.

    Raises
    ------
    InputError : the price's row is missing from the region's data.

    Notes
    -----
    Unit: CNY for each unit of the lever's value. Medians over the draws; a lever that nothing hangs on costs nothing.
    Source: MODEL, section 8 (sum of c |x - x0|); ``data/levers/costs.csv``.
    """
    price = prices()[control.name]
    amount = max(BASES[price.basis](Span(run, control, price.subject, start, end)), 0.0)
    if not price.price_row:
        return Cost(price.price * amount, price.low * amount, price.high * amount)
    name, _, key = price.price_row.partition(":")
    row = run.schedule.sample(0).rows.get((name, key))
    if row is None:
        raise InputError(
            f"data/{run.scenario.regions[0].region}", "there is no row for {name!r} of {key!r}",
            "Add a row with value, range, unit, status and reason", name=name, key=key,
        )  # fmt: skip
    return Cost(row.value * amount, row.low * amount, row.high * amount)


__all__ = ["BASES", "COSTS", "Cost", "Price", "Span", "cost_of", "prices"]
