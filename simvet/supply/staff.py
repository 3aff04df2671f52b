"""Teachers of a stage over the years: how many, with which qualifications, and how their time divides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simvet.rules.names import PROVIDERS, VOCATIONAL
from simvet.rules.resources import hires_between, next_qualified, trained_persons
from simvet.schedule import Schedule
from simvet.supply.instruments import ACTS_ON, effect_of

Floats = NDArray[np.float64]

CYCLE = 5
"""Years of the teachers' retraining cycle, as the plan prints it (5年一周期)."""
STAFF = (
    "teachers", "teaching_staff", "specialists", "dual_qualified", "dual_formed", "high_level_dual", "postgraduates",
    "abroad_teachers", "abroad_trips", "retrained_share", "practice_placements",
)  # fmt: skip
"""What is kept of teachers, each by stage."""


RESTS_ON = frozenset(
    (
        "teachers", "teacher_attrition", "teacher_retirement", "teacher_hiring", "dual_training_slots",
        "dual_training_funded", "dual_qualified_of_hires", "dual_expiry", "high_level_slots", "postgraduate_of_hires",
        "postgraduate_upgrades", "abroad_trips", "retraining_rate", "enterprise_practice", "training_level",
        "training_growth", "training_time_limit", "part_time_teacher_share", *ACTS_ON,
    )
)  # fmt: skip
"""Quantities whose levers move teachers or training."""


@dataclass(frozen=True)
class Staff:
    """Teachers of all regions and both vocational stages.

    Notes
    -----
    Shape: ``of`` maps the names of STAFF to (draw, year, region, provider) arrays; ``training`` is (draw, year,
    region), persons trained a year. Unit: persons, persons/year; ``retrained_share`` a share. Errors: none. Source:
    MODEL, section 5.
    """

    of: dict[str, Floats]
    training: Floats


def staff_of(schedule: Schedule) -> Staff:
    """Return the teachers of every region under a schedule.

    Parameters
    ----------
    schedule : Schedule.

    Returns
    -------
    Staff.

    Raises
    ------
    InputError : a region's data lack a row.

    Notes
    -----
    Unit: persons. Teachers do not depend on enrolment: hiring follows posts, not heads. Source: MODEL, section 5.
    """
    return schedule.kept("staff", RESTS_ON, lambda: _staff_of(schedule))


def _staff_of(schedule: Schedule) -> Staff:
    regions = []
    trainings = []
    for position in schedule.positions:
        stages = [_qualifications(schedule, position, stage) for stage in PROVIDERS]
        training = _training(schedule, position, stages)
        trainings.append(training)
        regions.append({name: np.stack([s[name] for s in stages], axis=-1) for name in STAFF})
    of = {name: np.stack([region[name] for region in regions], axis=2) for name in STAFF}
    return Staff(of, np.stack(trainings, axis=2))


def _qualifications(schedule: Schedule, position: int, stage: str) -> dict[str, Floats]:
    """Return a stage's teachers by qualification, (draw, year) arrays; slots are shares of the base year's."""

    def path(name: str) -> Floats:
        return schedule.whole(schedule.path(position, name, stage))

    of = schedule.sample(position).of
    teachers = path("teachers")
    leaving = np.clip(path("teacher_attrition") + path("teacher_retirement"), 0.0, 1.0)
    specialist = of("specialist_share", stage)[:, None]
    specialists = teachers * specialist
    slots, funded, trips = path("dual_training_slots"), path("dual_training_funded"), path("abroad_trips")
    high_slots, upgrades = path("high_level_slots"), path("postgraduate_upgrades")
    of_hires = np.clip(path("dual_qualified_of_hires") + effect_of(schedule, position, "dual_qualified_of_hires"), 0, 1)
    expiry, graduate_hires = path("dual_expiry"), path("postgraduate_of_hires")
    base = schedule.scenario.regions[position].base_year - schedule.first
    found = {name: np.zeros(teachers.shape) for name in STAFF}
    dual = of("dual_qualified_base", stage) * specialists[:, base]
    high = of("high_level_base", stage) * dual
    graduates, abroad = (of(name, stage) * teachers[:, base] for name in ("postgraduate_base", "abroad_base"))
    at_first, all_at_first = specialists[:, base], teachers[:, base]
    none, unlimited = np.zeros(teachers.shape[0]), np.full(teachers.shape[0], np.inf)
    for column in range(teachers.shape[1]):
        formed = none
        if column > base:
            last = column - 1
            gone = leaving[:, column]
            hires = hires_between(teachers[:, last], teachers[:, column], gone)
            dual_before = dual
            dual, formed = next_qualified(
                dual, specialists[:, last], gone, slots[:, column] * at_first, funded[:, column] * at_first,
                hires * specialist[:, 0], of_hires[:, column], expiry[:, column],
            )  # fmt: skip
            high, _ = next_qualified(
                high, dual_before, gone, high_slots[:, column] * at_first, unlimited, none, none, expiry[:, column]
            )
            graduates, _ = next_qualified(
                graduates, teachers[:, last], gone, upgrades[:, column] * all_at_first, unlimited, hires,
                graduate_hires[:, column], none,
            )  # fmt: skip
            new = trips[:, column] * all_at_first * (1.0 - abroad / np.maximum(teachers[:, last], 1e-9))
            abroad, _ = next_qualified(abroad, teachers[:, last], gone, new, unlimited, none, none, none)
            # Where posts are cut below those who would stay, the cut falls on all qualifications.
            dual, graduates, abroad = (
                np.minimum(dual, specialists[:, column]), np.minimum(graduates, teachers[:, column]),
                np.minimum(abroad, teachers[:, column]),
            )  # fmt: skip
            high = np.minimum(high, dual)
        for name, values in (
            ("dual_qualified", dual), ("dual_formed", formed), ("high_level_dual", high), ("postgraduates", graduates),
            ("abroad_teachers", abroad),
        ):  # fmt: skip
            found[name][:, column] = values
    found["teachers"], found["specialists"] = teachers, specialists
    found["abroad_trips"] = trips * all_at_first[:, None]
    found["retrained_share"] = _within_cycle(path("retraining_rate"))
    found["practice_placements"] = path("enterprise_practice") * specialists
    return found


def _within_cycle(rate: Floats) -> Floats:
    """Return the share of teachers retrained within the last cycle; before the first year the rate was as in it."""
    padded = np.concatenate([np.repeat(rate[:, :1], CYCLE - 1, axis=1), rate], axis=1)
    years = rate.shape[1]
    total = np.sum([padded[:, back : back + years] for back in range(CYCLE)], axis=0)
    return np.asarray(np.minimum(total, 1.0), dtype=np.float64)


def _training(schedule: Schedule, position: int, stages: list[dict[str, Floats]]) -> Floats:
    """Return persons trained a year, shape (draw, year), and write into each stage what is left for teaching."""
    sample = schedule.sample(position)
    base = schedule.scenario.regions[position].base_year - schedule.first
    opening, pathway = schedule.openings[position], schedule.scenario.pathway
    held = [np.ascontiguousarray(opening.stock[:, pathway.stage_cells(stage)]) for stage in VOCATIONAL]
    students = sum(cells.sum(axis=1) for cells in held)
    at_base = np.asarray(sample.of("training_ratio_base") * students)
    level = schedule.whole(schedule.path(position, "training_level"))
    wanted = at_base[:, None] * level * (1.0 + effect_of(schedule, position, "training_level"))
    staff_at_base = np.asarray(sum(stage["teachers"][:, base] for stage in stages))
    share = sample.of("training_time_share")
    each = np.where(at_base > 0.0, share * staff_at_base / np.maximum(at_base, 1e-9), 0.0)[:, None]
    most = schedule.whole(schedule.path(position, "training_time_limit"))
    weight = sample.of("part_time_weight")[:, None]
    part_time = schedule.whole(schedule.path(position, "part_time_teacher_share"))
    total = np.zeros(wanted.shape)
    for stage in stages:
        teachers = stage["teachers"]
        part = stage["teachers"][:, base] / np.maximum(staff_at_base, 1e-9)
        # A limit below what training takes already would cut what is going on.
        able = np.maximum(most, share[:, None])
        trained = trained_persons(wanted * part[:, None], teachers, np.broadcast_to(each, wanted.shape), able)
        extra_time = each * trained - share[:, None] * teachers
        from_outside = (part_time - part_time[:, base : base + 1]) * stage["specialists"] * weight
        stage["teaching_staff"] = np.maximum(teachers + from_outside - extra_time, 0.0)
        total += trained
    return total
