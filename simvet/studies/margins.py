"""How far a target is reached or missed, draw by draw: reached is at or above zero, as the verdict counts it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simvet.runs import Run
from simvet.scenario import Target
from simvet.studies.outcomes import Outcome, bound_of
from simvet.targets import (
    ABOUT,
    EXACT,
    FULL,
    OUTCOME_KINDS,
    RATIO_BAND,
    column_of,
    is_reached,
    is_roughly_equal,
)

Floats = NDArray[np.float64]
SMALLEST = 1e-12
"""Distance below zero of a target that rounding alone would call reached."""


def margin_of(target: Target, value: Floats, bound: Floats) -> Floats:
    """Return how far a value is on the right side of a target.

    Parameters
    ----------
    target : Target.
    value, bound : (...) arrays, in the target's unit.

    Returns
    -------
    (...) array, as a part of the bound; at or above zero where ``is_reached`` says so, below zero elsewhere.

    Notes
    -----
    Errors: none. Source: MODEL, section 8; :func:`simvet.targets.is_reached` has the last word.
    """
    scale = np.maximum(np.abs(bound), SMALLEST)
    if is_roughly_equal(target):
        far, scale = np.minimum(value - RATIO_BAND[0], RATIO_BAND[1] - value), np.ones_like(scale)
    elif target.comparator == ">=":
        whole = target.unit == "share" and target.kind in OUTCOME_KINDS[1:-1]
        far = value - np.where(whole & (bound == 1.0), FULL, bound)
    elif target.comparator == "<=":
        far = bound - value
    elif target.comparator == "==":
        far = EXACT * np.abs(bound) - np.abs(value - bound)
    else:
        slack = ABOUT * np.abs(bound)
        far = value - bound + (np.maximum(slack, 1.0) if target.unit.startswith("count") else slack)
    margin = far / scale
    reached = is_reached(target, value, bound)
    # Rounding must not make a miss of what the verdict counts as reached, nor the other way round.
    return np.where(reached, np.maximum(margin, 0.0), np.minimum(margin, -SMALLEST))


def read_margins(run: Run, outcomes: Sequence[Outcome], province: Run | None) -> tuple[Floats, Floats]:
    """Return the values of targets in a run, and their margins.

    Parameters
    ----------
    run : Run.
    outcomes : sequence of Outcome; each reads a target.
    province : Run or None; the province in the same draws.

    Returns
    -------
    values, margins : (draw, outcome) arrays; in each target's unit, and as parts of its bound.

    Raises
    ------
    InputError : a target is relative and there is no province.

    Notes
    -----
    A value that is not a number is a miss. Source: the books of the run.
    """
    values, margins = np.empty((run.draws, len(outcomes))), np.empty((run.draws, len(outcomes)))
    for place, outcome in enumerate(outcomes):
        if outcome.target is None:
            raise ValueError(f"{outcome.name} reads no target")
        path = run.indicator(outcome.indicator, outcome.stage)
        values[:, place] = path[:, column_of(run, outcome.year), run.books.regions.index(outcome.region)]
        margins[:, place] = margin_of(outcome.target, values[:, place], bound_of(outcome, run, province))
    return values, np.where(np.isfinite(margins), margins, -1e6)


def likely_margin(margins: Floats, probability: float) -> Floats:
    """Return the margin that a share of the draws has at least: at or above zero where the target is that likely.

    Parameters
    ----------
    margins : (draw, outcome) array.
    probability : float in (0, 1].

    Returns
    -------
    (outcome,) array, parts of the bound.

    Notes
    -----
    An order statistic, not an interpolated quantile: its sign is the verdict. Errors: none. Source: order statistics.
    """
    draws = len(margins)
    needed = min(max(int(np.ceil(probability * draws - 1e-9)), 1), draws)
    return np.asarray(np.sort(margins, axis=0)[draws - needed])
