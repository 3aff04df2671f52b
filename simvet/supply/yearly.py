"""The resources of every school year: what they carry, what they cost, what is left."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simvet.errors import InputError
from simvet.rules.names import CARD_INDICATORS, CARRIED_LIMITS, PROVIDERS, STAGE_LIMITS
from simvet.rules.resources import next_equipment, pay
from simvet.rules.seats import students_carried
from simvet.rules.standards import YEARS_TO_RED, cards, share_below, with_old_rights
from simvet.schedule import Capacity, Schedule
from simvet.stocks import usable_places
from simvet.supply.counted import counted
from simvet.supply.staff import STAFF, staff_of

Floats = NDArray[np.float64]
Rows = dict[str, Floats]

SECONDARY = "secondary_vocational"
PER_STUDENT = {
    "floor_area": ("floor_area_standard", "floor_area_per_student_base"),
    "land": ("land_standard", "land_per_student_base"),
    "books": ("books_standard", "books_per_student_base"),
    "equipment": ("equipment_standard", "equipment_per_student_base"),
}
"""Limits that are an amount per student: the standard, and what the base year has."""
FOLLOWED = ("modern_school_share/secondary_vocational", "modern_schools/secondary_vocational")
"""Items that stand for modernised schools, the first that a region counts."""


class Supply:
    """Teachers, space, equipment and money of all regions, moved on a school year at a time; knows no engine.

    Notes
    -----
    Shape: (draw, region) and (draw, region, provider). Unit: persons, m2, volumes, CNY. Errors: InputError where data
    lack a row. Source: MODEL, section 5.
    """

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self.staff = staff_of(schedule)
        self.cases = schedule.scenario.regions
        self.shape = (schedule.count, len(self.cases))
        self.enrolment = self._base("enrolment")
        self.first_enrolment = self.enrolment
        self.equipment = self._base("equipment")
        self.reserve = np.zeros((*self.shape, len(PROVIDERS)))
        usable = [usable_places(schedule, position, SECONDARY) for position in schedule.positions]
        self.usable = np.stack(usable, axis=2)
        self.named = {
            stage: [set(case.limits.get(stage, ())) & set(STAGE_LIMITS[stage]) for case in self.cases]
            for stage in PROVIDERS
        }
        self.carded = any("card" in limits for limits in self.named["higher_vocational"])
        self.below_at_base = self._at_base() if self.carded else None
        self.yellow: list[Floats] = []
        self.modern = self._modern()

    def open_year(self, year: int) -> Capacity:
        """Return what the resources of an autumn carry."""
        carried = {stage: self._carried(year, place, stage) for place, stage in enumerate(PROVIDERS)}
        return Capacity(carried, self._cards(year) if self.carded else None)

    def close_year(self, year: int, stock: Floats) -> Rows:
        """Book what an autumn's students cost, buy equipment for the next one, and report the year.

        Parameters
        ----------
        year : int, school year.
        stock : (draw, region, cell) array, persons; the autumn's enrolment.

        Returns
        -------
        dict of name -> (draw, region[, provider[, limit]]) arrays, as ``books.AXES`` has them.

        Notes
        -----
        Unit: persons, m2, volumes, CNY, CNY/year. Errors: none. Source: MODEL, section 5.
        """
        pathway = self.schedule.scenario.pathway
        # Added up in memory order, so that a draw alone is the same to the last bit.
        held = [np.ascontiguousarray(stock[..., pathway.stage_cells(stage)]) for stage in PROVIDERS]
        students = np.stack([cells.sum(axis=-1) for cells in held], axis=-1)
        money, bought = self._money(year, students)
        rows: Rows = {name: self._staff(name, year) for name in STAFF}
        rows.update({name: self._stage(name, year) for name in ("floor_area", "land", "books")})
        rows["equipment"] = self.equipment
        rows["training_persons"] = self.staff.training[:, year - self.schedule.first]
        rows["places"] = self.schedule.at("places", SECONDARY, year)
        rows["opened_places"] = self.schedule.opened_places(year)
        rows["usable_places"] = self.usable[:, year - self.schedule.first]
        rows["carried"] = self._carried_table(year)
        rows.update(money)
        depreciation = self._stage("equipment_depreciation", year)
        self.equipment = np.where(
            self._begun(year)[:, None], next_equipment(self.equipment, depreciation, bought), self.equipment
        )
        self.reserve = np.where(self._begun(year)[:, None], money["reserve"], self.reserve)
        self.enrolment = np.where(self._begun(year)[:, None], students, self.enrolment)
        return rows

    def families_see(self, rows: Rows, year: int) -> Rows:
        """Return what families look at beside progression and work, shares, shape (draw, region) each."""
        dual, specialists = rows["dual_qualified"][..., 0], rows["specialists"][..., 0]
        share = np.where(specialists > 0.0, dual / np.where(specialists > 0.0, specialists, 1.0), np.nan)
        return {"dual_qualified": share, "modernised": self.modern[:, year - self.schedule.first]}

    def _begun(self, year: int) -> NDArray[np.bool_]:
        """Return which regions have begun by a year: from their base year on, shape (region,)."""
        return np.array([year >= case.base_year for case in self.cases])

    def _base(self, name: str) -> Floats:
        return np.stack(
            [np.stack([o.base[(name, stage)] for stage in PROVIDERS], axis=-1) for o in self.schedule.openings], axis=1
        )

    def _staff(self, name: str, year: int) -> Floats:
        return self.staff.of[name][:, year - self.schedule.first]

    def _stage(self, name: str, year: int) -> Floats:
        return np.stack([self.schedule.at(name, stage, year) for stage in PROVIDERS], axis=-1)

    def _sampled(self, name: str, stage: str = "") -> Floats:
        return np.stack([o.sample.of(name, stage) for o in self.schedule.openings], axis=1)

    def _opened(self, name: str, stage: str) -> Floats:
        """Return a standard as it was in each region's base year, shape (draw, region)."""
        return np.stack(
            [
                self.schedule.at(name, stage, case.base_year)[:, position]
                for position, case in enumerate(self.cases)
            ],
            axis=1,
        )  # fmt: skip

    def _carried(self, year: int, place: int, stage: str) -> dict[str, Floats]:
        """Return the students that each limit in force carries; ``inf`` in regions that do not count it."""
        on = self.named[stage]
        named = set().union(*on)
        found: dict[str, Floats] = {}
        for name in CARRIED_LIMITS:
            if name in named:
                allowed = self._allowed(name, year, place, stage)
                found[name] = np.where([name in region for region in on], allowed, np.inf)
        return found

    def _allowed(self, name: str, year: int, place: int, stage: str) -> Floats:
        """Return the students that a resource carries under its standard, shape (draw, region)."""
        if name == "places":
            return self.usable[:, year - self.schedule.first]
        if name == "teachers":
            opened, standard = (
                1.0 / value
                for value in (
                    self._opened("students_per_teacher_standard", stage),
                    self.schedule.at("students_per_teacher_standard", stage, year),
                )
            )
            base = self._outside(stage) / self._sampled("students_per_teacher_base", stage)
            return students_carried(
                self._teaching(year, place, stage), with_old_rights(standard, opened, base), per_student=True
            )
        if name == "money":
            cost = self.schedule.at("unit_cost", stage, year) * self._sampled("recurrent_cover", stage)
            return students_carried(
                self.schedule.at("recurrent_budget", stage, year), np.maximum(cost, 1e-9), per_student=True
            )
        standard_name, base_name = PER_STUDENT[name]
        amount = self.equipment[..., place] if name == "equipment" else self.schedule.at(name, stage, year)
        standard = self.schedule.at(standard_name, stage, year)
        full = with_old_rights(standard, self._opened(standard_name, stage), self._sampled(base_name, stage))
        return students_carried(amount, full, per_student=True)

    def _outside(self, stage: str, year: int | None = None) -> Floats | float:
        """Return teachers, those from outside among them, for one own teacher; in the base year where none is named."""
        if stage == SECONDARY:
            return 1.0
        if year is None:
            return 1.0 + self._opened("outside_teacher_share", "")
        return 1.0 + self.schedule.at("outside_teacher_share", "", year)

    def _teaching(self, year: int, place: int, stage: str) -> Floats:
        """Return the teachers that a standard counts: for colleges those from outside too, turned into posts."""
        added = (self._outside(stage, year) - 1.0) * self._staff("teachers", year)[..., place]
        return np.asarray(self._staff("teaching_staff", year)[..., place] + added)

    def _carried_table(self, year: int) -> Floats:
        """Return the students that every resource carries, in force or not, shape (draw, region, provider, limit)."""
        table = np.full((*self.shape, len(PROVIDERS), len(CARRIED_LIMITS)), np.nan)
        for place, stage in enumerate(PROVIDERS):
            for column, name in enumerate(CARRIED_LIMITS):
                if stage == SECONDARY or name != "places":
                    table[..., place, column] = self._allowed(name, year, place, stage)
        return table

    def _below(self, year: int) -> Floats:
        """Return the share of colleges on the wrong side of each limit of the card rule, (indicator, draw, region)."""
        stage, place = "higher_vocational", 1
        students = np.maximum(self.enrolment[..., place], 1e-9)
        teachers = self._teaching(year, place, stage)
        values = {
            "students_per_teacher": students / np.maximum(teachers, 1e-9),
            "postgraduate_share": self._staff("postgraduates", year)[..., place]
            / np.maximum(self._staff("teachers", year)[..., place], 1e-9),
            "floor_area": self.schedule.at("floor_area", stage, year) / students,
            "equipment": self.equipment[..., place] / students,
            "books": self.schedule.at("books", stage, year) / students,
        }
        spread = self._sampled("college_indicator_spread")
        return np.stack(
            [
                share_below(
                    values[name], self.schedule.at(f"card_limit_{name}", "", year), spread,
                    name == "students_per_teacher",
                )
                for name in CARD_INDICATORS
            ]
        )  # fmt: skip

    def _at_base(self) -> Floats:
        """Return the shares below each limit in every region's own base year, (indicator, draw, region)."""
        own = [self._below(case.base_year)[..., position] for position, case in enumerate(self.cases)]
        return np.stack(own, axis=-1)

    def _cards(self, year: int) -> tuple[Floats, Floats, Floats]:
        """Return shares of colleges with a yellow card, a red one, and a yellow one for the third year."""
        below = self._below(year)
        if self.below_at_base is not None:
            # What was so in the base year is in its intake already.
            below = np.clip(below - self.below_at_base, 0.0, 1.0)
        colleges = np.rint(self._sampled("college_count"))
        # Cards go to whole colleges.
        one, more = cards(below)
        red = np.rint(more * colleges) / colleges
        yellow = np.rint((one + more) * colleges) / colleges - red
        self.yellow = [*self.yellow[-(YEARS_TO_RED - 1) :], yellow]
        lasting = np.min(self.yellow, axis=0) if len(self.yellow) == YEARS_TO_RED else np.zeros(self.shape)
        return yellow, red, lasting

    def _money(self, year: int, students: Floats) -> tuple[Rows, Floats]:
        """Return the year's accounts, and the equipment that could be bought."""
        cost = self._stage("unit_cost", year)
        cover = np.stack([self._sampled("recurrent_cover", stage) for stage in PROVIDERS], axis=-1)
        recurrent = cost * students
        equipment = self._stage("equipment_investment", year) * self.first_enrolment
        building = self._building(year)
        budget = self._stage("recurrent_budget", year)
        own = np.maximum(1.0 - cover, 0.0) * recurrent
        capital = self._stage("capital_budget", year) * self.first_enrolment
        # Money for buildings and equipment pays no wages; what wages leave may buy equipment.
        (for_recurrent,), rest = pay((recurrent,), budget + own)
        for_capital, left = pay((equipment, building), capital + self.reserve + rest)
        paid = (for_recurrent, *for_capital)
        reserve = left * self.schedule.at("carry_over_share", "", year)[..., None]
        need = recurrent + equipment + building
        spent = np.asarray(sum(paid))
        rows: Rows = {
            "recurrent_need": recurrent, "capital_need": equipment + building, "recurrent_budget": budget,
            "own_income": own, "capital_budget": capital, "carried_over": self.reserve, "paid": spent,
            "reserve": reserve, "returned": left - reserve, "financing_gap": np.maximum(need - spent, 0.0),
            "equipment_bought": paid[1], "building_spent": building, "building_paid": paid[2],
        }  # fmt: skip
        return rows, paid[1]

    def _building(self, year: int) -> Floats:
        """Return what projects cost in a year, CNY/year, shape (draw, region, provider)."""
        total = np.zeros((*self.shape, len(PROVIDERS)))
        for position in self.schedule.positions:
            for built in self.schedule.built(position):
                place = 0 if built.project.stage == SECONDARY else 1
                total[:, position, place] += built.spent(year)
        return total

    def _modern(self) -> Floats:
        """Return the share of modernised schools where a region counts them, NaN elsewhere, (draw, year, region)."""
        found = np.full((self.schedule.count, len(self.schedule.calendar), len(self.cases)), np.nan)
        for position, case in enumerate(self.cases):
            items = self.schedule.scenario.items[case.region]
            name = next((n for n in FOLLOWED if n in items), None)
            if name is not None:
                values = counted(self.schedule, name)[:, :, position]
                whole = items[name].units if items[name].family == "count" else 1.0
                if whole <= 0.0:
                    raise InputError(
                        items[name].where, "{column!r} is empty",
                        "A missing number is an error; write it, or leave the row out", column="units",
                    )  # fmt: skip
                found[:, :, position] = np.minimum(values / whole, 1.0)
        return found
