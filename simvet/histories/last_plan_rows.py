"""An earlier plan looked at again: its rows, what would have been said of each, and the score of what was said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from simvet.histories.last_plan_file import PlanTarget

FAN = (0.1, 0.25, 0.5, 0.75, 0.9)
"""Quantiles of what was foretold; the outer two bound the 80 % band."""
CALLS: tuple[Literal["likely", "open", "unlikely"], ...] = ("likely", "open", "unlikely")
"""What a target may be called, by its probability; see ``verdicts.standing``."""
YearCount = tuple[int, float]
"""A year of the plan's clock and the persons counted in it."""


@dataclass(frozen=True)
class Foretold:
    """What would have been said of a target when the plan was made.

    Notes
    -----
    Shape: ``fan`` (FAN, year), years ``fan_years``, the last one that of the target. Unit: persons (persons/year for
    entrants and graduates), share of draws; ``error`` is the Monte Carlo error of ``probability``. ``naive`` holds the
    last value known, ``drift`` lets the mean growth of three years go on, None where fewer years were known. Errors:
    none. Source: :func:`last_plan`.
    """

    median: float
    low: float
    high: float
    probability: float
    error: float
    called: str
    naive: float
    naive_reaches: bool
    drift: float | None
    drift_reaches: bool | None
    fan_years: tuple[int, ...]
    fan: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class PlanRow:
    """A target, what would have been said of it, and what came.

    Notes
    -----
    Shape: ``past`` and ``later`` are (year, count) pairs up to and after the making of the plan. Unit: persons.
    ``foretold`` is None where it could not be foretold, ``missing`` then says why and with which facts; ``actual``,
    ``reached`` and ``inside`` are None where nobody knows yet. Errors: none. Source: :func:`last_plan`.
    """

    target: PlanTarget
    foretold: Foretold | None
    missing: tuple[str, Mapping[str, object]] | None
    past: tuple[YearCount, ...]
    later: tuple[YearCount, ...]
    actual: float | None
    reached: bool | None

    @property
    def inside(self) -> bool | None:
        """Return whether the 80 % band held what came; unit: none; errors: none; source: the row."""
        if self.foretold is None or self.actual is None:
            return None
        return self.foretold.low <= self.actual <= self.foretold.high

    @property
    def wrong(self) -> bool:
        """Return whether a call was wrong: likely and missed, or unlikely and reached; source: the row."""
        if self.foretold is None or self.reached is None:
            return False
        return self.foretold.called == ("unlikely" if self.reached else "likely")


@dataclass(frozen=True)
class LastPlan:
    """An earlier plan, looked at with what was known when it was made.

    Notes
    -----
    Shape: one row for each target, in the order of the file. ``assumed`` says that ``made_in`` was not given;
    ``known_until`` is the last year of the history that was used. Unit: see PlanRow. Errors: none. Source:
    :func:`last_plan`.
    """

    name: str
    made_in: int
    assumed: bool
    known_until: int
    draws: int
    seed: int
    rows: tuple[PlanRow, ...]


@dataclass(frozen=True)
class Score:
    """How well the calls of a plan would have done.

    Notes
    -----
    Shape: counts of targets. ``judged`` were foretold and their outcome is known; the others count among those.
    ``brier``, ``brier_naive`` and ``brier_drift`` are mean squared errors of the probabilities, 0 the best and 0.25
    that of always saying 50 %; ``off``, ``off_naive`` and ``off_drift`` are mean distances of the forecasts from what
    came, as shares of it. None where nothing was judged. Errors: none. Source: Brier, Verification of forecasts (1950).
    """

    targets: int
    foretold: int
    judged: int
    likely: int
    likely_reached: int
    open: int
    open_reached: int
    unlikely: int
    unlikely_missed: int
    inside: int
    brier: float | None
    brier_naive: float | None
    brier_drift: float | None
    naive_right: int
    drift_judged: int
    drift_right: int
    off: float | None
    off_naive: float | None
    off_drift: float | None


def score_of(plan: LastPlan) -> Score:
    """Return how well the calls of a plan would have done.

    Parameters
    ----------
    plan : LastPlan.

    Returns
    -------
    Score.

    Notes
    -----
    Shape and unit: see Score. Errors: none. Source: the rows whose outcome is known.
    """
    judged = [(row.foretold, row.reached, row.actual, row.inside) for row in plan.rows if row.foretold]
    known = [(f, bool(r), float(a), bool(i)) for f, r, a, i in judged if r is not None and a is not None]
    called: dict[str, list[bool]] = {word: [r for f, r, _, _ in known if f.called == word] for word in CALLS}
    drifts = [(f.drift, f.drift_reaches, r, a) for f, r, a, _ in known if f.drift is not None]
    return Score(
        targets=len(plan.rows), foretold=len(judged), judged=len(known),
        likely=len(called["likely"]), likely_reached=sum(called["likely"]),
        open=len(called["open"]), open_reached=sum(called["open"]),
        unlikely=len(called["unlikely"]), unlikely_missed=called["unlikely"].count(False),
        inside=sum(i for *_, i in known),
        brier=_mean([(f.probability - r) ** 2 for f, r, _, _ in known]),
        brier_naive=_mean([(float(f.naive_reaches) - r) ** 2 for f, r, _, _ in known]),
        brier_drift=_mean([(float(f.drift_reaches) - r) ** 2 for f, r, _, _ in known if f.drift_reaches is not None]),
        naive_right=sum(f.naive_reaches == r for f, r, _, _ in known),
        drift_judged=len(drifts), drift_right=sum(reaches == r for _, reaches, r, _ in drifts),
        off=_mean([abs(f.median / a - 1) for f, _, a, _ in known]),
        off_naive=_mean([abs(f.naive / a - 1) for f, _, a, _ in known]),
        off_drift=_mean([abs(drift / a - 1) for drift, _, _, a in drifts]),
    )  # fmt: skip


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None
