"""The agent engine: one row for every student; the same year, terms and books as the cohort engine."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from simvet.behaviour import NO_SCHOOLS
from simvet.draws import Draws
from simvet.engines.cohort import RowKeys, pass_cells
from simvet.engines.groups import Group
from simvet.engines.population import Population
from simvet.engines.schools import Means, SchoolBook, SchoolModel
from simvet.engines.students import LEFT_BEFORE_EXAM
from simvet.errors import BalanceError
from simvet.opening.state import open_region
from simvet.passage import INTEGRATED, SchoolYear
from simvet.projects import Built
from simvet.rules.choosing import exponential_table
from simvet.rules.kernels import KERNELS, kernels_for
from simvet.rules.student_year import DEPARTED, DROPPED, GONE, REPEATED, TRANSFERRED
from simvet.schedule import Schedule, YearTerms
from simvet.schools import STAGES, TRACKS, SchoolList
from simvet.seating import SECONDARY, Seating
from simvet.synthetic import synthetic_schools

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Rows = dict[str, Floats]

LIST_SEED = 0
"""Seed of synthetic school lists: a region's list is the same in every run."""


class AgentWorld:
    """All students of all regions in all draws, moved on a school year at a time.

    Notes
    -----
    Shape: reports are (draw, region, ...), as those of the cohort engine. Unit: persons. Errors: BalanceError where a
    count of rows and the flows disagree. Children in primary school are numbers: they choose nothing yet. Source:
    MODEL, sections 1, 2, 4 and 5.
    """

    def __init__(self, schedule: Schedule, draws: Draws, model: SchoolModel | None = None) -> None:
        self.schedule, self.draws = schedule, draws
        self.choices = schedule.scenario.agents
        self.behaviour = self.choices.numbers()
        self.pathway = schedule.scenario.pathway
        self.cases = schedule.scenario.regions
        self.shape = (schedule.count, len(self.cases))
        self.seating = Seating(schedule, whole=True)
        self.keys = RowKeys(draws, [case.region for case in self.cases], schedule.count)
        self._name_cells()
        self.stock = np.rint(np.stack([o.stock for o in schedule.openings], axis=1))
        self.integrated = np.rint(np.stack([o.integrated for o in schedule.openings], axis=1))
        self.student_years = float(self.stock[..., 6:].sum()) * len(schedule.years)
        lists = self.choices.schools != NO_SCHOOLS
        self.kernels = KERNELS[self.choices.kernels or kernels_for(self.student_years, lists)]
        self.knots = exponential_table()
        self.lists: dict[str, SchoolList] = {}
        self.books: dict[tuple[int, int], SchoolBook] = {}
        self.model = model
        self.populations = [
            Population(self, draw, region) for draw in range(self.shape[0]) for region in range(self.shape[1])
        ]

    def book_of(self, draw: int, region: int) -> SchoolBook | None:
        """Return the schools of a population, as Mesa agents of one model; None where options stand alone."""
        if self.choices.schools == NO_SCHOOLS or self.model is None:
            return None
        name = self.cases[region].region
        if name not in self.lists:
            given = self.choices.lists.get(name)
            self.lists[name] = given or synthetic_schools(name, self._base_seats(region), Draws(LIST_SEED))
        projects = tuple(built.project.labels["zh"] for built in self._new_schools(region))
        book = SchoolBook(self.lists[name], self.pathway, self.choices, Draws(LIST_SEED), projects)
        self.books[(draw, region)] = book
        self.model.open(book)
        return book

    def _new_schools(self, region: int) -> list[Built]:
        """Return the projects that bring a region places of vocational schools."""
        found = [built for built in self.schedule.built(region) if built.project.stage == SECONDARY]
        return [built for built in found if built.project.places.high > 0.0]

    def _open_schools(self, year: int) -> None:
        """Let the schools of projects that open this year admit for the first time."""
        for population in self.active:
            if population.book is None:
                continue
            for number, built in enumerate(self._new_schools(population.region)):
                now, before = (float(built.brought(at)[population.draw]) for at in (year, year - 1))
                if now > 0.0 and before <= 0.0:
                    places = self.schedule.at("places", SECONDARY, year)[population.draw, population.region]
                    population.book.open_school(number, now, float(places))

    def _base_seats(self, region: int) -> dict[tuple[str, str], float]:
        """Return the region's entrants of the base year by stage and track, persons/year: the sizes of its schools."""
        # Those of the first draw, so that the list is the same however many there are.
        entrants = self._entrants_of_first_row(region)
        found: dict[tuple[str, str], float] = {}
        for position, track in enumerate(self.pathway.tracks):
            if track.stage in STAGES:
                key = (track.stage, track.key if track.key in TRACKS[track.stage] else "regular")
                found[key] = found.get(key, 0.0) + float(entrants[position])
        return found

    def _entrants_of_first_row(self, region: int) -> Floats:
        """Return the entrants of the ensemble's first row, shape (track,), persons/year."""
        schedule, draws = self.schedule, self.schedule.draws
        if not draws.first:
            return np.asarray(schedule.openings[region].entrants[0])
        scenario, case = schedule.scenario, self.cases[region]
        first = replace(draws.of_draw(0), first=0)
        opened = open_region(
            case, self.pathway, scenario.rows[case.region], scenario.data_digest, first, 1, schedule.uncertainty
        )
        return np.asarray(opened.entrants[0])

    def _schools_decide(self, year: int, terms: YearTerms) -> None:
        """Let all schools act once, on what the last year brought them."""
        if self.model is None:
            return
        teachers = [self.schedule.at("teachers", SECONDARY, at) for at in (year - 1, year)]
        hires = terms.of("teacher_hiring", SECONDARY) * teachers[0]
        standard = terms.of("students_per_teacher_standard", SECONDARY)
        kept = 1.0 - terms.of("equipment_depreciation", SECONDARY)
        value = np.stack([o.base[("equipment", SECONDARY)] for o in self.schedule.openings], axis=1)
        first = np.stack([o.base[("enrolment", SECONDARY)] for o in self.schedule.openings], axis=1)
        bought = terms.of("equipment_investment", SECONDARY) * first / np.maximum(value, 1e-9)
        for population in self.active:
            place = (population.draw, population.region)
            if year > population.base_year + 1:
                before, now = (float(number[place]) for number in teachers)
                means = Means(
                    before, now, float(hires[place]), float(standard[place]), float(kept[place]), float(bought[place])
                )
                self.model.decide(self.books[place], means)

    def _name_cells(self) -> None:
        """Look up which cell follows which."""
        pathway = self.pathway
        self.first_of = {track.name: track.first_cell for track in pathway.tracks}
        self.last_of = {track.name: track.first_cell + track.grades - 1 for track in pathway.tracks}
        self.primary = np.arange(pathway.cells_of("primary/regular").start, pathway.cells_of("primary/regular").stop)
        self.last_cells = np.array([cell for name, cell in self.last_of.items() if not name.startswith("primary")])
        self.track_of_cell = np.repeat(np.arange(len(pathway.tracks)), pathway.grades)
        self.promoted = np.arange(1, pathway.cells + 1, dtype=np.int64)
        self.promoted[list(self.last_of.values())] = -1
        self.transferred = np.full(pathway.cells, -1, dtype=np.int64)
        for position, partner in enumerate(pathway.partner):
            track = pathway.tracks[position]
            if partner >= 0:
                for grade in range(track.grades - 1):
                    self.transferred[track.first_cell + grade] = pathway.first_cell[partner] + grade + 1
        self.option_cells = [
            np.array([self.first_of.get(name, GONE) for name in gate.options], dtype=np.int64) for gate in pathway.gates
        ]

    def opening_rows(self) -> Rows:
        """Return what the opening balances say of the first year, shape (draw, region, ...)."""
        for population in self.populations:
            if population.base_year == self.schedule.first:
                population.students.remember(self.schedule.first)
        return self.seating.opening_rows()

    def step(self, year: int, terms: YearTerms) -> Rows:
        """Move every region on to autumn of ``year`` and report what happened, shape (draw, region, ...)."""
        self.active = [p for p in self.populations if year > p.base_year]
        for population in self.populations:
            if year == population.base_year:
                population.students.remember(year)
        self._open_schools(year)
        self._schools_decide(year, terms)
        reserved = np.rint(self.integrated[:, :, 0, 0] * (1.0 - self.seating.away))
        rows = SchoolYear(self.schedule, self.seating, self, terms).run(self.stock, reserved)
        self._move_on(year, rows)
        return rows

    def _move_on(self, year: int, rows: Rows) -> None:
        """Keep the new state, and hold the rows of students against the flows."""
        index = self.pathway.track_index
        new = np.stack([rows["entrants"][..., index[f"{SECONDARY}/{track}"]] for track in INTEGRATED], axis=-1)
        for population in self.active:
            place = (population.draw, population.region)
            self.stock[place] = rows["stock"][place]
            self.integrated[place] = np.concatenate([self.integrated[place][1:], new[place][None]])
            counted = population.count()
            told = self.stock[place].astype(np.int64)
            told[self.primary] = 0
            if not np.array_equal(counted, told):
                cell = int(np.flatnonzero(counted != told)[0])
                raise BalanceError(
                    f"rows and flows disagree in {year}, {self.cases[population.region].region}, "
                    f"{self.pathway.cell_table[cell]}: {counted[cell]} rows, {told[cell]} persons"
                )
            population.stock = counted
            population.students.remember(year)

    def pass_year(self, terms: YearTerms) -> tuple[Floats, Floats, Floats, Floats]:
        """Move everybody through the year; see :class:`simvet.passage.Flows`."""
        primary = np.zeros_like(self.stock)
        primary[..., self.primary] = self.stock[..., self.primary]
        stay, graduates, moves, arrivals = pass_cells(primary, self.seating, terms, self.keys)
        rates = self._rates(terms)
        _, by_grade = self.seating.arrivals(terms, "middle")
        second = self.first_of["middle/regular"] + 1
        for p in self.active:
            place = (p.draw, p.region)
            by_cell, finished = p.pass_year(terms.year, rates[place])
            stay[place] += self._stay(p.stock, by_cell, finished)
            self._book(by_cell, moves[place])
            for track, cell in enumerate(self.last_of.values()):
                graduates[(*place, track)] += finished[cell]
            for grade, number in enumerate(by_grade[place].astype(np.int64)):
                kind = "arrival" if grade == 0 else "arrival/upper"
                p.let_in(kind, terms.year, int(number), second + grade)
        return stay, graduates, moves, arrivals

    def _rates(self, terms: YearTerms) -> Floats:
        """Return dropout, repetition, departure and transfer by cell, shares, shape (draw, region, 4, cell)."""
        tracks = self.pathway.tracks
        names = ("dropout_rate", "repetition_rate", "departure_rate")
        rates = np.zeros((*self.shape, 4, self.pathway.cells))
        for cell, track in enumerate(self.track_of_cell):
            stage = tracks[track].stage
            for row, name in enumerate(names):
                rates[..., row, cell] = terms.of(name, stage)
            if self.transferred[cell] >= 0:
                rates[..., 3, cell] = terms.of("transfer_rate", stage)
        return rates

    def _stay(self, stock: Ints, moves: Ints, finished: Ints) -> Floats:
        """Return who is in each cell after the moves of the year, before anybody enters."""
        rest = stock - moves.sum(axis=1) - finished
        stay = moves[:, REPEATED].astype(np.float64)
        for cell in np.flatnonzero(rest):
            stay[self.promoted[cell]] += rest[cell]
        for cell in np.flatnonzero(moves[:, TRANSFERRED]):
            stay[self.transferred[cell]] += moves[cell, TRANSFERRED]
        return stay

    def _book(self, moves: Ints, table: Floats) -> None:
        """Add the moves of cells to those of tracks: dropped out, repeated, departed, transferred out and in."""
        for column, event in enumerate((DROPPED, REPEATED, DEPARTED, TRANSFERRED)):
            np.add.at(table[:, column], self.track_of_cell, moves[:, event])
        for cell in np.flatnonzero(moves[:, TRANSFERRED]):
            table[self.track_of_cell[self.transferred[cell]], 4] += moves[cell, TRANSFERRED]

    def _each(self) -> Floats:
        return np.zeros(self.shape)

    def leave_before_exam(self, terms: YearTerms, leavers: Floats) -> Floats:  # noqa: ARG002 - rows know it
        """Return who leaves the region before the exam; see :class:`simvet.passage.Flows`."""
        share, left = terms.of("middle_leaving_share"), self._each()
        for p in self.active:
            place = (p.draw, p.region)
            gone = p.lots("leaving", terms.year, p.standing[0], share[place])
            p.leave(p.standing[0].where(gone), LEFT_BEFORE_EXAM)
            p.standing[0] = p.standing[0].where(~gone)
            left[place] = gone.sum()
        return left

    def join_before_exam(self, terms: YearTerms, number: Floats) -> None:
        """Let newcomers stand at the entry to senior secondary school; see :class:`simvet.passage.Flows`."""
        for p in self.active:
            come = p.let_in("joined", terms.year, int(number[p.draw, p.region]), GONE)
            p.standing[0] = Group.together(p.standing[0], come)

    def gate(
        self,
        terms: YearTerms,
        position: int,
        pool: Floats,  # noqa: ARG002 - rows know it
        seats: Floats,
        utility: Floats,
    ) -> tuple[Floats, Floats, Floats, Floats]:
        """Run one gate over all draws and regions; see :class:`simvet.passage.Flows`."""
        slope = self.seating.slope[self.pathway.gates[position].key]
        placed, cutoff = np.zeros(seats.shape), np.zeros(seats.shape)
        declined, unplaced = self._each(), self._each()
        for p in self.active:
            place = (p.draw, p.region)
            found = p.gate(terms.year, position, seats[place], utility[place], slope[place])
            placed[place], cutoff[place], declined[place], unplaced[place] = found
        return placed, cutoff, declined, unplaced

    def select(self, terms: YearTerms, leavers: list[Floats], limits: Floats) -> Floats:  # noqa: ARG002 - rows know it
        """Run the transfer selection; see :class:`simvet.passage.Flows`."""
        share = terms.of("transfer_pass_rate")
        vocational = terms.of("integrated_bachelor_to_vocational_share")
        taken = np.zeros(limits.shape)
        for p in self.active:
            place = (p.draw, p.region)
            away = float(self.seating.away[place])
            taken[place] = p.select(terms.year, share[place], away, vocational[place], limits[place])
        return taken

    def find_work(self, terms: YearTerms, leavers: Floats) -> Floats:  # noqa: ARG002 - rows know it
        """Return who starts work in the region; see :class:`simvet.passage.Flows`."""
        share, local = terms.of("work_in_region_share"), self._each()
        for p in self.active:
            local[p.draw, p.region] = p.find_work(terms.year, share[p.draw, p.region])
        return local

    def enter(self, terms: YearTerms, track: str, kind: str, number: Floats) -> None:
        """Let entrants in who stood at no gate; see :class:`simvet.passage.Flows`."""
        named = f"outside/{track.split('/', maxsplit=1)[0]}" if kind == "outside" else kind
        for p in self.active:
            p.let_in(named, terms.year, int(number[p.draw, p.region]), self.first_of[track])
