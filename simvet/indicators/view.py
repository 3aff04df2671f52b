"""A finished run as indicators look at it, and what an indicator is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simvet.books import Books
from simvet.schedule import Schedule

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class View:
    """A finished run, as indicators look at it.

    Notes
    -----
    Shape: the books' (draw, year, region, ...). Unit: each indicator's own. Errors: none. Source: the run.
    """

    schedule: Schedule
    books: Books

    def in_books(self, paths: Floats) -> Floats:
        """Return what a schedule gives for its calendar in the years of the books alone, (draw, year, ...)."""
        first = self.books.years[0] - self.schedule.first
        return paths[:, first : first + len(self.books.years)]

    def paths(self, name: str, key: str = "") -> Floats:
        """Return a quantity of every region in the years of the books, shape (draw, year, region)."""
        whole = [self.schedule.whole(self.schedule.path(p, name, key)) for p in self.schedule.positions]
        return self.in_books(np.stack(whole, axis=2))


@dataclass(frozen=True)
class Indicator:
    """One thing that can be read off the books.

    Notes
    -----
    Shape: ``read`` returns (draw, year, region). Unit: ``unit``. ``stages`` names what it is about, empty where any
    stage can be asked for. ``inputs`` names the quantities and figures that it rests on; its formula in words is in the
    wording catalogue under ``formula``. Errors: none. Source: MODEL, section 3.
    """

    read: Callable[[View, str], Floats]
    unit: str
    stages: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
