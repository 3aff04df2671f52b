"""Schools and colleges as Mesa agents: the only door to Mesa, which sets the start method of new processes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mesa
import numpy as np

from simvet.engines.schools import GENERAL, SECONDARY, SchoolBook
from simvet.rules import schools as rules
from simvet.schools import STAGES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


class School(mesa.Agent):  # type: ignore[misc]
    """A school or college: once a year it claims teachers and equipment, changes its programmes and its standing.

    Notes
    -----
    Shape: attributes are numbers. Unit: persons, shares of the stage, standard deviations. Errors: none. Source: rules
    in ``rules.schools``, chosen by the scenario.
    """

    def __init__(self, model: mesa.Model, book: SchoolBook, place: int) -> None:
        super().__init__(model)
        self.book, self.place = book, place

    @property
    def code(self) -> str:
        """Return the code of the school list."""
        return self.book.codes[self.place]

    @property
    def name(self) -> str:
        """Return the name; a synthetic one says that it is."""
        return self.book.names[self.place]

    @property
    def stage(self) -> str:
        """Return the stage."""
        return STAGES[self.book.stage[self.place]]

    @property
    def district(self) -> int:
        """Return the number of the district, from 1."""
        return int(self.book.district[self.place]) + 1

    @property
    def seats(self) -> float:
        """Return the first-year seats that it plans, persons."""
        mine = slice(self.book.start[self.place], self.book.start[self.place + 1])
        return float(self.book.planned[mine].sum())

    @property
    def enrolment(self) -> float:
        """Return its students of the autumn, persons."""
        return float(self.book.enrolment[self.place])

    @property
    def filled(self) -> float:
        """Return whom it admitted this year at the entry to senior secondary school, persons."""
        return float(self.book.filled[self.place])

    @property
    def standing(self) -> float:
        """Return its standing among the schools of its stage, standard deviations."""
        return float(self.book.standing[self.place])

    @property
    def progression(self) -> float:
        """Return the share of its graduates who went on this year; NaN where nobody graduated."""
        return float(self.book.progression[self.place])

    @property
    def fields_offered(self) -> int:
        """Return how many fields it offers."""
        mine = slice(self.book.start[self.place], self.book.start[self.place + 1])
        return len(np.unique(self.book.field[mine][self.book.planned[mine] > 0.0]))

    def claim(self) -> None:
        """Claim new teachers and money for equipment, by the rules for hiring and investment."""
        book, place = self.book, self.place
        if book.stage[place] != SECONDARY:
            return
        model: Any = self.model
        year = model.school_years[book]
        students = book.enrolment[place]
        hiring = rules.HIRING[book.choices.rules["hiring"]]
        year.teacher_claims[place] = hiring(students, book.teachers[place] * year.teachers, year.standard)
        investing = rules.INVESTMENT[book.choices.rules["investment"]]
        year.equipment_claims[place] = investing(students, book.equipment[place])

    def act(self) -> None:
        """Change classes, programmes and standing, by the rules for them."""
        book, place = self.book, self.place
        model: Any = self.model
        year = model.school_years[book]
        if book.stage[place] == SECONDARY:
            self._adjust(year)
        if book.stage[place] in (GENERAL, SECONDARY):
            appeal = rules.APPEAL[book.choices.rules["appeal"]]
            book.standing[place] = appeal(
                book.standing[place], book.quality[place], year.progression[place], year.equipped[place],
                book.numbers["appeal_memory"],
            )  # fmt: skip

    def _adjust(self, year: SchoolYearView) -> None:
        book, place, numbers = self.book, self.place, self.book.numbers
        mine = book.regular_of.get(place)
        if mine is None:
            return
        before = float(book.planned[mine].sum())
        classes = rules.CLASSES[book.choices.rules["classes"]]
        planned = classes(self.seats, book.filled[place], book.wanted[place], year.most[place], numbers["class_size"])
        after = max(before + planned - self.seats, 0.0)
        if before > 0.0:
            book.planned[mine] *= after / before
        fields = rules.FIELDS[book.choices.rules["fields"]]
        book.planned[mine] = fields(
            book.planned[mine], year.demand[mine], year.pressure[mine], numbers["field_speed"], numbers["class_size"],
            numbers["smallest_class"],
        )  # fmt: skip


class SchoolYearView:
    """What the schools of one population see when they decide.

    Notes
    -----
    Shape: (school,) and (programme,) arrays. Unit: persons, standard deviations. Errors: none. Source: last year's
    book.
    """

    def __init__(self, book: SchoolBook, teachers: float, standard: float) -> None:
        self.teachers, self.standard = teachers, standard
        count = len(book.stage)
        self.teacher_claims, self.equipment_claims = np.zeros(count), np.zeros(count)
        self.demand, self.pressure = book.demand().copy(), book.pressure()
        self.progression, self.equipped = np.zeros(count), np.zeros(count)
        for stage in (GENERAL, SECONDARY):
            at = book.stage == stage
            self.progression[at] = rules.standardised(book.progression[at])
            per_student = book.equipment[at] / np.maximum(book.enrolment[at], 1.0)
            self.equipped[at] = rules.standardised(per_student)
        self.most = book.most(book.total[SECONDARY])


class Schools(mesa.Model):  # type: ignore[misc]
    """All schools of a run: Mesa agents whose students stand in the store of the agent engine.

    Notes
    -----
    Shape: one agent a school and population. Unit: persons. Errors: none. Source: MODEL, section 4; ARCHITECTURE.
    """

    def __init__(self) -> None:
        super().__init__(rng=0)
        self.school_years: dict[SchoolBook, SchoolYearView] = {}

    def open(self, book: SchoolBook) -> None:
        """Let the schools of a population in."""
        open_schools(self, book)


def open_schools(model: mesa.Model, book: SchoolBook) -> None:
    """Give a model one agent for every school of a population.

    Parameters
    ----------
    model : mesa.Model with ``school_years``.
    book : SchoolBook.

    Notes
    -----
    Shape and unit: none. Errors: none. Source: the school list.
    """
    for place in range(len(book.stage)):
        School(model, book, place)


def let_schools_decide(
    model: mesa.Model, book: SchoolBook, teachers: tuple[float, float], hires: float, standard: float, kept: float,
    bought: float,
) -> None:  # fmt: skip
    """Let every school of a population act once: claims first, then what they lead to, then decisions.

    Parameters
    ----------
    model : mesa.Model that holds the schools.
    book : SchoolBook.
    teachers : float, float; the region's teachers of vocational schools last year and this year, persons.
    hires : float, persons; hired this year.
    standard : float, students/teacher.
    kept : float, share; of last year's equipment that is still worth something.
    bought : float, share; this year's equipment as a part of last year's value.

    Notes
    -----
    Errors: none. Totals are those of the region, as the cohort engine has them; schools only share them out. Source:
    MODEL, section 5.
    """
    view = SchoolYearView(book, teachers[0], standard)
    holder: Any = model
    holder.school_years[book] = view
    mine = model.agents.select(lambda school: school.book is book)
    mine.do("claim")
    at = book.stage == SECONDARY
    stayed = max(teachers[1] - hires, 0.0)
    book.teachers[at] = _shares(book.teachers[at] * stayed + hires * _shares(view.teacher_claims[at]))
    book.equipment[at] = _shares(book.equipment[at] * kept + bought * _shares(view.equipment_claims[at]))
    mine.do("act")


def _shares(values: Floats) -> Floats:
    """Return values as parts of their sum; zeros where there is nothing."""
    total = values.sum()
    return np.asarray(values / total if total > 0.0 else values)
