"""Instruments that the plans name (ceilings, credits, rules of hiring): which outcome each of them acts on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simvet.schedule import Schedule

Floats = NDArray[np.float64]

ACTS_ON: dict[str, tuple[str, ...]] = {
    "performance_pay_uplift": ("training_level",),
    "service_pay_uplift_per_head": ("training_level",),
    "service_incentive_share": ("training_level",),
    "individual_pay_cap": ("training_level",),
    "research_reward_share": ("research_income",),
    "enterprise_tax_credit": ("enterprise_participation", "fusion_enterprises", "city_fusion_enterprises"),
    "teacher_hire_experience": ("dual_qualified_of_hires",),
}
"""Instrument -> quantities and items that it moves. The part-time share acts on the staff itself, see supply.staff."""
UNUSED: dict[str, float] = {"individual_pay_cap": 1.0}
"""Level of an instrument at which it does nothing, where that is not zero."""


def effect_of(schedule: Schedule, position: int, on: str) -> Floats:
    """Return what all instruments together add to a quantity or item.

    Parameters
    ----------
    schedule : Schedule.
    position : int; the region.
    on : str; a quantity or the key of an item.

    Returns
    -------
    (draw, year) array; a part of the amount for training and research (0.1 is 10 % more), logit for adoption, a part of
    the starts for counts, share for hires; zero where no instrument is used.

    Notes
    -----
    ``sum of effect * (level - unused)``; effects are assumed, wide, and include zero. Errors: InputError where the data
    lack an effect. Source: ``data/standards/values.csv``.
    """
    total = np.zeros((schedule.count, len(schedule.calendar)))
    for name, acts in ACTS_ON.items():
        if on in acts:
            level = schedule.whole(schedule.path(position, name)) - UNUSED.get(name, 0.0)
            total = total + schedule.sample(position).of("instrument_effect", name)[:, None] * level
    return total
