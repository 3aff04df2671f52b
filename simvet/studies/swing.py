"""One at a time: what each factor does from its low to its high end while all others stand at their centre."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from simvet.errors import InputError
from simvet.studies.batch import run_study
from simvet.studies.study import Study, require_study
from simvet.studies.subjects import (
    Floats,
    Of,
    Subject,
    Varied,
    centre_of,
    find_outcome,
    measured,
    place_of,
    require_measure,
    subject_of,
    varied_of,
)


@dataclass(frozen=True)
class Bar:
    """One factor of a tornado.

    Notes
    -----
    Shape: one factor. ``at_low`` and ``at_high`` are the outcome with the factor at the low and the high end of its
    range. Unit: the outcome's, or share for a probability. Errors: none. Source: two experiments.
    """

    factor: Varied
    at_low: float
    at_high: float

    @property
    def reach(self) -> float:
        """Return how far the ends lie apart."""
        return abs(self.at_high - self.at_low)


@dataclass(frozen=True)
class Tornado:
    """What every factor alone does to one outcome.

    Notes
    -----
    Shape: one bar a factor, the widest first. ``base`` is the outcome with all factors at their centre. Unit: ``unit``.
    Errors: none. Source: :func:`tornado`.
    """

    outcome: Subject
    of: Of
    unit: str
    base: float
    bars: tuple[Bar, ...]
    draws: int
    seed: int
    policy: str
    labels: dict[str, str]

    @property
    def still(self) -> tuple[Bar, ...]:
        """Return the bars of factors that move nothing."""
        return tuple(bar for bar in self.bars if max(abs(bar.at_low - self.base), abs(bar.at_high - self.base)) == 0.0)


def tornado_points(study: Study) -> Floats:
    """Return the points of a tornado.

    Parameters
    ----------
    study : Study.

    Returns
    -------
    (1 + 2 * factor, factor) array in [0, 1]; all at the centre, then low and high end of each factor in turn.

    Raises
    ------
    InputError : there are no factors.

    Notes
    -----
    Unit: place within each range. Source: one-at-a-time design.
    """
    factors = study.factors
    if not factors:
        raise InputError(study.where, "{count} factors cannot be compared", "Name one or more", count=0)
    centre = [place_of(factor, centre_of(factor)) for factor in factors]
    points = np.tile(centre, (1 + 2 * len(factors), 1))
    for number, (factor, ends) in enumerate(zip(factors, varied_of(study), strict=True)):
        points[1 + 2 * number, number] = place_of(factor, ends.low)
        points[2 + 2 * number, number] = place_of(factor, ends.high)
    return points


def tornado(
    study: Study, outcome: str | None = None, of: str = "value", executor: str = "here", workers: int = 1,
    tell: Callable[..., None] | None = None,
) -> Tornado:  # fmt: skip
    """Return what each factor alone does to an outcome.

    Parameters
    ----------
    study : Study; one policy. Its design is not read.
    outcome : str or None; name of one of the study's outcomes, its only one by default.
    of : str; ``value`` for the median over the inner draws, ``probability`` for the share that reach the target.
    executor, workers, tell : as for ``run_study``.

    Returns
    -------
    Tornado.

    Raises
    ------
    InputError : there are no factors or several policies, the outcome is unknown, or a median is not finite.

    Notes
    -----
    Unit: the outcome's, or share. Ends are those of the range, which a triangle hardly ever reaches. Source: 1 + 2 x
    factors experiments on the same inner draws.
    """
    if len(study.policies) != 1:
        raise InputError(
            study.where, "the study has {count} policies, and factors are judged under one",
            "Keep one; the others make studies of their own", count=len(study.policies),
        )  # fmt: skip
    chosen = find_outcome(study, outcome)
    kind = require_measure(study, chosen, of)
    given = require_study(replace(study, table=tornado_points(study), outcomes=(chosen,)))
    values = measured(run_study(given, executor=executor, workers=workers, tell=tell), chosen, kind)
    bars = [
        Bar(factor, float(values[1 + 2 * number]), float(values[2 + 2 * number]))
        for number, factor in enumerate(varied_of(study))
    ]
    bars.sort(key=lambda bar: -bar.reach)
    policy = study.policies[0]
    return Tornado(
        subject_of(chosen), kind, "share" if kind == "probability" else chosen.unit, float(values[0]), tuple(bars),
        study.draws, study.seed, policy.name, dict(policy.labels),
    )  # fmt: skip


__all__ = ["Bar", "Tornado", "tornado", "tornado_points"]
