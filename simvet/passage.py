"""The order of a school year, the same for every engine: moves, resources, gates, entrants, record.

An engine knows how students move; this knows in which order, and what is written down. Source: MODEL, sections 1 and 4.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from simvet.pathway import Pathway
from simvet.schedule import Schedule, YearTerms
from simvet.seating import DEGREES, HIGHER, SECONDARY, GateBook, Rows, Seating

Floats = NDArray[np.float64]

INTEGRATED = ("integrated_higher", "integrated_bachelor")
TRACKS_OF_GATE = (*INTEGRATED, "regular")


class Flows(Protocol):
    """What a year asks of an engine.

    Notes
    -----
    Shape: (draw, region, ...). Unit: persons. Errors: none. Source: MODEL, section 1.
    """

    def pass_year(self, terms: YearTerms) -> tuple[Floats, Floats, Floats, Floats]:
        """Move everybody through the year; return who stays by cell, graduates, five moves and arrivals by track."""

    def leave_before_exam(self, terms: YearTerms, leavers: Floats) -> Floats:
        """Return how many leavers of middle school leave the region before the exam."""

    def join_before_exam(self, terms: YearTerms, number: Floats) -> None:
        """Let newcomers stand at the entry to senior secondary school."""

    def gate(
        self, terms: YearTerms, position: int, pool: Floats, seats: Floats, utility: Floats
    ) -> tuple[Floats, Floats, Floats, Floats]:
        """Run a gate; return placed and cut-offs by option, declined and unplaced."""

    def select(self, terms: YearTerms, leavers: list[Floats], limits: Floats) -> Floats:
        """Run the transfer selection of both integrated tracks; return who is taken, by option."""

    def find_work(self, terms: YearTerms, leavers: Floats) -> Floats:
        """Return how many leavers of colleges who start work do so in the region."""

    def enter(self, terms: YearTerms, track: str, kind: str, number: Floats) -> None:
        """Let entrants in who stood at no gate: children, adults, students from elsewhere."""


class SchoolYear:
    """One school year of all regions and draws on its way into the books.

    Notes
    -----
    Shape: (draw, region, ...). Unit: persons, persons/year. Errors: none. Source: MODEL, sections 1, 4 and 5.
    """

    def __init__(self, schedule: Schedule, seating: Seating, engine: Flows, terms: YearTerms) -> None:
        self.schedule, self.seating, self.engine, self.terms = schedule, seating, engine, terms
        self.pathway: Pathway = schedule.scenario.pathway
        self.shape = seating.shape
        self.gates = GateBook(self.shape, [len(g.options) for g in self.pathway.gates])
        self.entrants = np.zeros((*self.shape, len(self.pathway.tracks)))
        self.left, self.joined, self.outside, self.adults = (self._by_stage() for _ in range(4))

    def _by_stage(self) -> Floats:
        return np.zeros((*self.shape, len(self.pathway.stages)))

    def run(self, before: Floats, reserved: Floats) -> Rows:
        """Run the year.

        Parameters
        ----------
        before : (draw, region, cell) array, persons of the autumn before.
        reserved : (draw, region) array, persons; college seats promised three years ago.

        Returns
        -------
        dict of name -> (draw, region, ...) array, as ``books.AXES`` has them.

        Notes
        -----
        Unit: persons, persons/year. Errors: none. Source: MODEL, section 1.
        """
        stay, graduates, moves, arrivals = self.engine.pass_year(self.terms)
        seats, binding = self.seating.stage_seats(self.terms, stay, graduates)
        self._senior_secondary(graduates, seats)
        taken, failed = self._transfer(graduates, seats)
        work = self._topup(graduates)
        self._exams(graduates, seats, taken, failed, reserved)
        self._feed(before, graduates)
        self.seating.others_to_work(
            work["start_work"], self.gates.narrow["declined"][..., 3] + self.gates.narrow["unplaced"][..., 3], graduates
        )
        for position, cell in enumerate(self.pathway.first_cell):
            stay[..., cell] += self.entrants[..., position]
        year = self.terms.year
        rows: Rows = {
            "stock": stay, "entrants": self.entrants, "graduates": graduates, "dropouts": moves[..., 0],
            "repeaters": moves[..., 1], "departures": moves[..., 2], "transfers_out": moves[..., 3],
            "transfers_in": moves[..., 4], "arrivals": arrivals, "stage_seats": seats, "binding": binding,
            "left_at_gate": self.left, "joined_at_gate": self.joined, "outside_entrants": self.outside,
            "adult_entrants": self.adults, "reserved": reserved,
            "reserved_broken": np.maximum(reserved - seats[..., self.pathway.stage_index[HIGHER]], 0.0),
            **self.gates.rows(), **work,
        }  # fmt: skip
        rows["international_students"] = self.schedule.where_given("international_students", year)
        return self.seating.with_late_openings(year, rows)

    def _gate(self, position: int, pool: Floats, seats: Floats, shift: Floats) -> Floats:
        """Run one gate and note it; return the placed, shape (draw, region, option)."""
        seats = self.seating.floor(seats)
        utility = self.seating.utility_of(self.pathway.gates[position].key, shift)
        placed, cutoff, declined, unplaced = self.engine.gate(self.terms, position, pool, seats, utility)
        self.gates.enter(position, pool, placed, seats, cutoff, declined, unplaced)
        return placed

    def _senior_secondary(self, graduates: Floats, seats: Floats) -> None:
        """Place the leavers of middle school; the seats of general schools follow their number."""
        seating, terms = self.seating, self.terms
        index, stage = self.pathway.track_index, self.pathway.stage_index
        general, vocational = stage["general_high"], stage[SECONDARY]
        leavers = graduates[..., index["middle/regular"]]
        self.left[..., general] = self.engine.leave_before_exam(terms, leavers)
        self.joined[..., general] = seating.round(leavers * terms.of("leavers_joining"))
        self.engine.join_before_exam(terms, self.joined[..., general])
        pool = leavers - self.left[..., general] + self.joined[..., general]
        seats[..., general] = seats[..., general] * seating.cohort_factor(terms, pool)
        come = np.minimum(seating.round(terms.of("outside_entrants")), seating.floor(seats[..., vocational]))
        senior = seating.senior_seats(terms, pool, seats[..., general], seats[..., vocational], come)
        placed = self._gate(0, pool, senior, seating.senior_shift(terms))
        self.entrants[..., index["general_high/regular"]] = placed[..., 0]
        for option, track in enumerate(TRACKS_OF_GATE, start=1):
            number = placed[..., option] + (come if track == "regular" else 0.0)
            self.entrants[..., index[f"{SECONDARY}/{track}"]] = number
        self.engine.enter(terms, f"{SECONDARY}/regular", "outside", come)
        self.outside[..., vocational] = come

    def _transfer(self, graduates: Floats, seats: Floats) -> tuple[Floats, Floats]:
        """Place the leavers of integrated tracks; return who is taken, by option, and who goes on to the exam."""
        index = self.pathway.track_index
        leavers = [graduates[..., index[f"{SECONDARY}/{track}"]] for track in INTEGRATED]
        limits = self.seating.transfer_limits(seats)
        taken = self.engine.select(self.terms, leavers, limits)
        pool = leavers[0] + leavers[1]
        failed = pool - taken.sum(axis=-1)
        # Those unplaced here are not lost: they go on to the exam for vocational leavers.
        self.gates.enter(1, pool, taken, limits, np.zeros_like(taken), np.zeros(self.shape), failed)
        for option, name in enumerate((HIGHER, *DEGREES)):
            self.entrants[..., index[f"{name}/integrated"]] = taken[..., option]
        return taken, failed

    def _topup(self, graduates: Floats) -> Rows:
        """Place the leavers of colleges; the others start work."""
        index = self.pathway.track_index
        pool = graduates[..., index[f"{HIGHER}/regular"]] + graduates[..., index[f"{HIGHER}/integrated"]]
        placed = self._gate(2, pool, self.seating.topup_seats(self.terms), self.seating.shift(self.terms, "topup", 3))
        for option, name in enumerate(DEGREES):
            self.entrants[..., index[f"{name}/topup"]] = placed[..., option]
        leavers = pool - placed.sum(axis=-1)
        return self.seating.to_work(leavers, self.engine.find_work(self.terms, leavers))

    def _exams(self, graduates: Floats, seats: Floats, taken: Floats, failed: Floats, reserved: Floats) -> None:
        """Run the exams for vocational and general leavers, then fill the blocks of outsiders and adults."""
        seating, terms = self.seating, self.terms
        index, stage = self.pathway.track_index, self.pathway.stage_index
        blocks, degree = seating.college_blocks(terms, seats, taken, reserved)
        limits = seating.vocational_exam_seats(terms, blocks, degree)
        pool = graduates[..., index[f"{SECONDARY}/regular"]] + failed
        first = self._gate(3, pool, limits, seating.shift(terms, "vocational_exam", 4))
        limits = seating.general_exam_seats(terms, blocks, degree, seating.left_empty(limits, first))
        pool = graduates[..., index["general_high/regular"]]
        second = self._gate(4, pool, limits, seating.shift(terms, "general_exam", 4))
        empty = seating.left_empty(limits, second)[..., 0]
        grown = np.minimum(seating.round(terms.of("adult_demand")), blocks[..., 2] + empty)
        self.adults[..., stage[HIGHER]] = grown
        self.outside[..., stage[HIGHER]] = blocks[..., 3]
        self.outside[..., stage["bachelor"]] = degree["bachelor"][..., 2]
        self.entrants[..., index[f"{HIGHER}/regular"]] = first[..., 0] + second[..., 0] + grown + blocks[..., 3]
        self.engine.enter(terms, f"{HIGHER}/regular", "adult", grown)
        self.engine.enter(terms, f"{HIGHER}/regular", "outside", blocks[..., 3])
        for option, name in enumerate(DEGREES, start=1):
            outside = degree[name][..., 2]
            self.entrants[..., index[f"{name}/regular"]] = first[..., option] + second[..., option] + outside
            self.engine.enter(terms, f"{name}/regular", "outside", outside)

    def _feed(self, before: Floats, graduates: Floats) -> None:
        """Let children enter primary school, and primary leavers enter middle school."""
        index, stage, year = self.pathway.track_index, self.pathway.stage_index, self.terms.year
        children = self.schedule.primary_entrants[:, year - self.schedule.first]
        self.entrants[..., index["primary/regular"]] = self.seating.round(children)
        wanted, left, joined = self.seating.middle_entrants(year, before, graduates)
        self.left[..., stage["middle"]], self.joined[..., stage["middle"]] = left, joined
        self.entrants[..., index["middle/regular"]] = wanted
        self.engine.enter(self.terms, "middle/regular", "entry", wanted)
