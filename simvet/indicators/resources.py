"""Resources read off the books: teachers, equipment, money, training, projects."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from simvet.indicators.flows import ratio
from simvet.indicators.view import Indicator, View
from simvet.rules.efficiency import reconstructed_cohort
from simvet.rules.names import CARRIED_LIMITS, PROVIDERS, VOCATIONAL

Floats = NDArray[np.float64]

TOTAL_YEARS = 3
"""Years that the three-year plans of 2023-2025 count together."""
SECONDARY = "secondary_vocational"


def _share(above: str, below: str, stage: str | None = None) -> Callable[[View, str], Floats]:
    def read(view: View, asked: str) -> Floats:
        where = stage or asked
        return ratio(view.books.provider(above, where), view.books.provider(below, where))

    return read


def _amount(name: str) -> Callable[[View, str], Floats]:
    def read(view: View, stage: str) -> Floats:
        return view.books.provider(name, stage)

    return read


def _total(yearly: Callable[[View, str], Floats]) -> Callable[[View, str], Floats]:
    """Return the indicator that adds up the last three years; NaN where the books begin later."""

    def read(view: View, stage: str) -> Floats:
        values = yearly(view, stage)
        total = np.full(values.shape, np.nan)
        last = TOTAL_YEARS - 1
        summed = sum(values[:, back : values.shape[1] - last + back] for back in range(TOTAL_YEARS))
        total[:, last:] = np.asarray(summed)
        return total

    return read


def _students(view: View, stage: str) -> Floats:
    """Return the students whom a stage's resources serve, both vocational stages for a region."""
    stages = PROVIDERS if stage == "region" else (stage,)
    return np.asarray(sum(view.books.enrolment(s) for s in stages))


def _per_student(name: str) -> Callable[[View, str], Floats]:
    def read(view: View, stage: str) -> Floats:
        return ratio(view.books.provider(name, stage), _students(view, stage))

    return read


def _students_per_teacher(view: View, stage: str) -> Floats:
    return ratio(_students(view, stage), view.books.provider("teachers", stage))


def _retrained(view: View, _: str) -> Floats:
    teachers = view.books.arrays["teachers"]
    return ratio((view.books.arrays["retrained_share"] * teachers).sum(axis=-1), teachers.sum(axis=-1))


def _training(view: View, _: str) -> Floats:
    return view.books.arrays["training_persons"]


def _training_ratio(view: View, _: str) -> Floats:
    students = np.asarray(sum(view.books.enrolment(stage) for stage in VOCATIONAL))
    return ratio(view.books.arrays["training_persons"], students)


def _training_ratio_of_best(view: View, _: str) -> Floats:
    return _training_ratio(view, "") * view.paths("high_level_training_premium")


def _funding(view: View, _: str) -> Floats:
    return view.paths("public_funding_per_student", SECONDARY)


def _funding_ratio(view: View, _: str) -> Floats:
    return ratio(_funding(view, ""), view.paths("public_funding_per_student", "general_high"))


def _appropriation(view: View, _: str) -> Floats:
    return view.paths("appropriation_per_student", "higher_vocational")


def _projects(what: str) -> Callable[[View, str], Floats]:
    """Return an indicator of building projects: opened or begun units, their whole cost, or what has been spent."""

    def read(view: View, _: str) -> Floats:
        years = view.books.years
        found = np.zeros((view.schedule.count, len(years), len(view.schedule.scenario.regions)))
        for position in view.schedule.positions:
            for built in view.schedule.built(position):
                if built.project.stage != SECONDARY or built.project.places.high <= 0.0:
                    continue
                first = int(np.floor(np.min(built.start)))
                for column, year in enumerate(years):
                    if what == "spent":
                        found[:, column, position] += sum(built.spent(y) for y in range(first, year + 1))
                        continue
                    # Begun is what has been decided by the end of the year.
                    there = built.open_by(year) if what == "opened" else built.exists & (built.start < year + 1.0)
                    each = built.cost if what == "committed" else np.ones(there.shape)
                    found[:, column, position] += np.where(there, each, 0.0).sum(axis=1)
        return found

    return read


def _effective_places(view: View, stage: str) -> Floats:
    """Read the least of what the limits in force carry; not known in regions where none is."""
    place = PROVIDERS.index(stage)
    carried = view.books.arrays["carried"][..., place, :]
    found = np.full(carried.shape[:3], np.nan)
    for position, case in enumerate(view.schedule.scenario.regions):
        on = [column for column, name in enumerate(CARRIED_LIMITS) if name in case.limits.get(stage, ())]
        if on:
            found[:, :, position] = carried[:, :, position, on].min(axis=-1)
    return found


def _cost_per_graduate(view: View, stage: str) -> Floats:
    """Return unit cost times the years of schooling that a graduate takes at the rates of the year."""
    repetition = view.paths("repetition_rate", stage)
    lost = view.paths("dropout_rate", stage) + view.paths("departure_rate", stage)
    if stage == SECONDARY:
        lost = lost + view.paths("transfer_rate", stage)
    promotion = np.clip(1.0 - repetition - lost, 0.0, 1.0)
    grades = view.books.pathway.stage_grades(stage)
    _, years, _ = reconstructed_cohort(
        np.repeat(promotion[..., None], grades, axis=-1), np.repeat(repetition[..., None], grades, axis=-1)
    )
    return np.asarray(view.paths("unit_cost", stage) * years)


_DUAL = ("dual_qualified_base", "specialist_share", "dual_training_slots", "dual_training_funded", "dual_expiry",
         "dual_qualified_of_hires", "teacher_hiring", "teacher_attrition", "teacher_retirement",
         "teacher_hire_experience")  # fmt: skip
_STUDENTS = ("enrolment", "entrants")
_GRADUATE = ("postgraduate_base", "postgraduate_of_hires", "postgraduate_upgrades", "teacher_hiring",
             "teacher_attrition", "teacher_retirement")  # fmt: skip
_HIGH = ("high_level_base", "high_level_slots", *_DUAL)
_TRAIN = ("training_ratio_base", "training_growth", "training_level", "training_time_share", "training_time_limit",
          "performance_pay_uplift", "service_pay_uplift_per_head", "service_incentive_share",
          "individual_pay_cap")  # fmt: skip
_MONEY = ("unit_cost", "unit_cost_growth", "recurrent_cover", "recurrent_budget_growth", "equipment_investment",
          "capital_budget", "capital_budget_growth", "carry_over_share")  # fmt: skip

RESOURCES: dict[str, Indicator] = {
    "dual_qualified_share": Indicator(
        _share("dual_qualified", "specialists"), "share", ("secondary_vocational", "higher_vocational", "region"), _DUAL
    ),
    "dual_share_of_all": Indicator(
        _share("dual_qualified", "teachers"), "share", ("secondary_vocational", "higher_vocational", "region"), _DUAL
    ),
    "dual_qualified_teachers": Indicator(_amount("dual_qualified"), "persons", inputs=_DUAL),
    "dual_formed_in_three_years": Indicator(_total(_amount("dual_formed")), "persons", inputs=_DUAL),
    "high_level_dual_share": Indicator(_share("high_level_dual", "dual_qualified"), "share", inputs=_HIGH),
    "high_level_share_of_all": Indicator(_share("high_level_dual", "teachers"), "share", inputs=_HIGH),
    "postgraduate_teacher_share": Indicator(_share("postgraduates", "teachers"), "share", inputs=_GRADUATE),
    "postgraduate_share_of_secondary": Indicator(
        _share("postgraduates", "teachers", SECONDARY), "share", inputs=_GRADUATE
    ),
    "teachers_abroad_share": Indicator(
        _share("abroad_teachers", "teachers"), "share", inputs=("abroad_base", "abroad_trips", "teacher_hiring")
    ),
    "teachers_abroad": Indicator(_total(_amount("abroad_trips")), "persons", inputs=("abroad_trips", "teacher_hiring")),
    "teacher_practice": Indicator(
        _total(_amount("practice_placements")), "person-times", inputs=("enterprise_practice", "specialist_share")
    ),
    "teacher_rotation_coverage": Indicator(_retrained, "share", inputs=("retraining_rate",)),
    "teaching_staff": Indicator(
        _amount("teaching_staff"), "persons",
        inputs=("teacher_hiring", "part_time_teacher_share", "part_time_weight", "training_time_share"),
    ),
    "students_per_teacher": Indicator(
        _students_per_teacher, "students/teacher",
        inputs=("students_per_teacher_base", "teacher_hiring", "teacher_attrition", "teacher_retirement",
                *_STUDENTS),
    ),
    "equipment_per_student": Indicator(
        _per_student("equipment"), "CNY/student",
        inputs=("equipment_per_student_base", "equipment_depreciation", "equipment_investment", "capital_budget",
                *_STUDENTS),
    ),
    "floor_area_per_student": Indicator(
        _per_student("floor_area"), "m2/student",
        inputs=("floor_area_per_student_base", "floor_area_growth", *_STUDENTS),
    ),
    "books_per_student": Indicator(
        _per_student("books"), "volumes/student", inputs=("books_per_student_base", "books_growth", *_STUDENTS)
    ),
    "effective_places": Indicator(_effective_places, "places", PROVIDERS, inputs=(
        "students_per_teacher_standard", "floor_area_standard", "land_standard", "equipment_standard", "books_standard",
        "places", "teachers", "floor_area", "land", "books", "equipment_investment", "outside_teacher_share",
        "unit_cost", "recurrent_cover", "recurrent_budget_growth", "projects",
    )),
    "training_persons": Indicator(_training, "persons/year", ("region",), _TRAIN),
    "training_persons_cumulative": Indicator(_total(_training), "person-times", ("region",), _TRAIN),
    "training_ratio": Indicator(_training_ratio, "ratio", ("region",), _TRAIN),
    "high_level_training_ratio": Indicator(
        _training_ratio_of_best, "ratio", ("region",), (*_TRAIN, "high_level_training_premium")
    ),
    "public_funding_per_student": Indicator(
        _funding, "CNY/student/year", ("secondary_vocational",), ("public_funding_per_student", "public_funding_growth")
    ),
    "funding_ratio_to_general": Indicator(
        _funding_ratio, "ratio", ("secondary_vocational",), ("public_funding_per_student", "public_funding_growth")
    ),
    "appropriation_per_student": Indicator(
        _appropriation, "CNY/student/year", ("higher_vocational",),
        ("appropriation_per_student", "appropriation_growth"),
    ),
    "built_schools": Indicator(_projects("opened"), "count", ("region",), ("projects",)),
    "begun_schools": Indicator(_projects("begun"), "count", ("region",), ("projects",)),
    "school_investment": Indicator(_projects("committed"), "CNY", ("region",), ("projects",)),
    "school_investment_spent": Indicator(_projects("spent"), "CNY", ("region",), ("projects",)),
    "recurrent_need": Indicator(_amount("recurrent_need"), "CNY/year", inputs=_MONEY),
    "capital_need": Indicator(_amount("capital_need"), "CNY/year", inputs=(*_MONEY, "projects")),
    "financing_gap": Indicator(_amount("financing_gap"), "CNY/year", inputs=(*_MONEY, "projects")),
    "cost_per_graduate": Indicator(_cost_per_graduate, "CNY", PROVIDERS, (
        "unit_cost", "unit_cost_growth", "dropout_rate", "repetition_rate", "departure_rate", "transfer_rate",
    )),
}  # fmt: skip
"""Indicators of teachers, equipment, money, training and projects, by name."""
