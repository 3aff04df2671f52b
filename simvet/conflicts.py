"""Which targets pull each other down: what helps one and hurts another, by which lever, and by how much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from simvet.scenario import Target
from simvet.targets import RATIO_BAND, is_roughly_equal

Floats = NDArray[np.float64]

MATERIAL = 0.002
"""Part of the bound by which a target must move on average for a pull to count."""
MOSTLY = 0.5
"""Share of draws in which a target must get worse (or better) for a pull to count."""
MOST_RIVALS = 3
"""Rivals that a verdict names at most."""


class Cause(Protocol):
    """What relaxing one constraint did to a target, as conflicts see it."""

    @property
    def key(self) -> str:
        """Return the constraint."""

    @property
    def probability(self) -> float:
        """Return the change of the probability."""

    @property
    def value(self) -> float:
        """Return the change of the median."""

    @property
    def adverse(self) -> float:
        """Return the share of draws in which the target got worse."""


class Verdict(Protocol):
    """A verdict, as conflicts see it."""

    @property
    def target(self) -> Target:
        """Return the target."""

    @property
    def reading(self) -> str:
        """Return the indicator that reads it."""

    @property
    def bound(self) -> float:
        """Return its bound."""

    @property
    def binding(self) -> tuple[str, ...]:
        """Return its binding causes."""

    @property
    def causes(self) -> Sequence[Cause]:
        """Return what every relaxation did."""


@dataclass(frozen=True)
class Conflict:
    """One lever that raises a target and pulls another down.

    Notes
    -----
    Unit: ``gain`` and ``loss`` are means of the changes draw by draw, in each target's own unit, when the constraint
    ``cause`` is relaxed by 10 %; ``loss_probability`` is the change of the loser's probability. Errors: none. Source:
    the relaxations of MODEL section 8, on the same random numbers.
    """

    cause: str
    helped: Target
    helped_reading: str
    gain: float
    hurt: Target
    hurt_reading: str
    loss: float
    loss_probability: float


def adverse_share(target: Target, before: Floats, after: Floats, bound: Floats) -> float:
    """Return the share of draws in which a target gets worse.

    Parameters
    ----------
    target : Target.
    before, after : (draw,) arrays, in the target's unit.
    bound : (draw,) array.

    Returns
    -------
    float in [0, 1]; NaN where nothing is known.

    Notes
    -----
    Worse is lower for ``>=`` and ``~``, higher for ``<=``, further from the bound for ``==`` and further outside the
    band for a ratio that should be roughly equal. Errors: none. Source: MODEL, section 8.
    """
    known = np.isfinite(before) & np.isfinite(after)
    if not known.any():
        return float("nan")
    change = distance(target, after, bound) - distance(target, before, bound)
    return float(np.mean(change[known] > 1e-12 * np.maximum(np.abs(bound[known]), 1.0)))


def distance(target: Target, value: Floats, bound: Floats) -> Floats:
    """Return how far a value is on the wrong side of a target, larger is worse, same shape and unit as the value."""
    if is_roughly_equal(target):
        return np.maximum(np.maximum(RATIO_BAND[0] - value, value - RATIO_BAND[1]), 0.0)
    if target.comparator == "<=":
        return np.asarray(value - bound)
    if target.comparator == "==":
        return np.abs(value - bound)
    return np.asarray(bound - value)


def conflicts_of(verdicts: Sequence[Verdict]) -> list[Conflict]:
    """Return every lever that raises one target and pulls another down, the largest losses first.

    Parameters
    ----------
    verdicts : sequence of Verdict, with their causes searched.

    Returns
    -------
    list of Conflict; empty where causes were not searched.

    Notes
    -----
    A pull counts where the target moves by MATERIAL of its bound on average and most draws get worse. Losses are
    ordered by their size against the bound. Unit: see Conflict. Errors: none. Source: MODEL, section 8.
    """
    found: list[tuple[float, Conflict]] = []
    for helped in verdicts:
        for cause in helped.causes:
            if not _helps(helped, cause):
                continue
            for hurt in verdicts:
                loss = _cause(hurt, cause.key)
                if hurt.target is helped.target or loss is None or not _hurts(hurt, loss):
                    continue
                size = abs(loss.value) / max(abs(hurt.bound), 1e-12)
                pull = Conflict(
                    cause.key, helped.target, helped.reading, cause.value, hurt.target, hurt.reading, loss.value,
                    loss.probability,
                )  # fmt: skip
                found.append((size, pull))
    return [conflict for _, conflict in sorted(found, key=lambda pair: -pair[0])]


def fights_of(verdict: Verdict, verdicts: Sequence[Verdict]) -> tuple[Target, ...]:
    """Return the targets that what would help this one most pulls down, at most MOST_RIVALS, the hardest hit first.

    Parameters
    ----------
    verdict : Verdict, its binding cause searched.
    verdicts : sequence of Verdict of the same run.

    Returns
    -------
    tuple of Target.

    Notes
    -----
    Unit: none. Errors: none. Source: MODEL, section 8.
    """
    own = (verdict.target.region, verdict.target.key, verdict.target.stage)
    hit: dict[tuple[str, str, str], tuple[float, Target]] = {}
    for key in verdict.binding:
        for other in verdicts:
            loss = _cause(other, key)
            about = (other.target.region, other.target.key, other.target.stage)
            if about == own or loss is None or not _hurts(other, loss):
                continue
            size = abs(loss.value) / max(abs(other.bound), 1e-12)
            if size > hit.get(about, (0.0, other.target))[0]:
                hit[about] = (size, other.target)
    ranked = sorted(hit.values(), key=lambda pair: -pair[0])
    return tuple(target for _, target in ranked[:MOST_RIVALS])


def _cause(verdict: Verdict, key: str) -> Cause | None:
    return next((cause for cause in verdict.causes if cause.key == key), None)


def _moved(verdict: Verdict, cause: Cause) -> bool:
    return abs(cause.value) >= MATERIAL * max(abs(verdict.bound), 1e-12)


def _hurts(verdict: Verdict, cause: Cause) -> bool:
    return _moved(verdict, cause) and cause.adverse >= MOSTLY and not _better(verdict, cause)


def _helps(verdict: Verdict, cause: Cause) -> bool:
    return _moved(verdict, cause) and cause.adverse < MOSTLY and _better(verdict, cause)


def _better(verdict: Verdict, cause: Cause) -> bool:
    """Return whether a move has a good side and lies on it; what should hit a mark has none."""
    if is_roughly_equal(verdict.target) or verdict.target.comparator == "==":
        return False
    return cause.value < 0.0 if verdict.target.comparator == "<=" else cause.value > 0.0
