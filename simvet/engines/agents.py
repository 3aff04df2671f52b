"""The agent engine: one row for every student, the same year, the same terms and the same books as the cohort engine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simvet.draws import Draws, cohort_key
from simvet.engines.cohort import RowKeys, pass_cells
from simvet.engines.students import (
    DECLINED,
    ELSEWHERE,
    GRADUATED,
    LEFT_BEFORE_EXAM,
    UNPLACED,
    WORK_AWAY,
    WORK_HERE,
    Students,
)
from simvet.errors import BalanceError
from simvet.passage import INTEGRATED, SchoolYear
from simvet.rules.chance import WORD
from simvet.rules.choosing import exponential_table, fresh_bins, option_odds, ranked_bins
from simvet.rules.kernels import KERNELS, kernels_for
from simvet.rules.matching import alias_table
from simvet.rules.student_year import DEPARTED, DROPPED, GONE, REPEATED, TRANSFERRED
from simvet.schedule import Schedule, YearTerms
from simvet.seating import DEGREES, HIGHER, SECONDARY, Seating

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Rows = dict[str, Floats]

EVENTS = (
    "enter", "pass", "leaving", "pass/0", "pass/1", "away/0", "away/1", "to vocational", "work", "transfer exam",
    *(f"exam/{gate}" for gate in range(5)), *(f"choice/{gate}" for gate in range(5)),
    *(f"rest/{gate}" for gate in range(5)), "track",
)  # fmt: skip
"""What draws random words for a student in a year; the place is part of the address, so new ones go at the end."""
EVENT_BITS = 16
"""Bits of the decision word below the event: decision and step."""
FRESH_LEVELS = 65_536
"""Levels of a fresh score; ties are decided by the person number."""
FULL_MARKS = 7_500
"""Tenths of a point of a remembered score."""
UNLIMITED = 2**31 - 1
"""Seats where nothing limits."""


@dataclass
class Group:
    """Students who stand somewhere together: their rows and person numbers.

    Notes
    -----
    Shape: (student,). Unit: none. Errors: none. Source: none needed.
    """

    rows: NDArray[np.int32]
    persons: NDArray[np.uint32]

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.rows)

    def where(self, chosen: NDArray[np.generic]) -> Group:
        """Return some of them, by a mask or by positions."""
        return Group(self.rows[chosen], self.persons[chosen])

    @classmethod
    def together(cls, *groups: Group) -> Group:
        """Return several groups as one, in their order."""
        return cls(np.concatenate([g.rows for g in groups]), np.concatenate([g.persons for g in groups]))

    @classmethod
    def nobody(cls) -> Group:
        """Return an empty group."""
        return cls(np.empty(0, dtype=np.int32), np.empty(0, dtype=np.uint32))


class Population:
    """The students of one region in one draw, with the rules that move them.

    Notes
    -----
    Shape: ``stock`` (cell,), primary school left at zero. Unit: persons. Errors: none. Source: MODEL, sections 1 and 4.
    """

    def __init__(self, world: AgentWorld, draw: int, region: int) -> None:
        self.world, self.draw, self.region = world, draw, region
        self.pathway = world.pathway
        self.kernels = world.kernels
        case = world.cases[region]
        self.base_year = case.base_year
        self.cohort = cohort_key(f"{case.region}/students/{draw}")
        self.students = Students(world.schedule.first)
        self.standing = {gate: Group.nobody() for gate in range(5)}
        self.leaving = [Group.nobody(), Group.nobody()]
        self.districts = alias_table(np.ones(1))
        opening = world.schedule.openings[region]
        self.stock = np.rint(opening.stock[draw]).astype(np.int64)
        self.stock[world.primary] = 0
        self.students.reserve(int(self.stock.sum() + 1.1 * opening.stock[draw][world.primary].sum()))
        for cell in np.flatnonzero(self.stock):
            self._let_in(int(cell), int(self.stock[cell]), world.schedule.first, int(cell))

    def address(self, event: str, year: int) -> Ints:
        """Return the address of an event's random words in a year, shape (5,)."""
        low, high, decision = self.world.draws.key("student")
        return np.array([low, high, decision + (EVENTS.index(event) << EVENT_BITS), year, self.cohort], dtype=np.int64)

    def lots(self, event: str, year: int, group: Group, share: float) -> NDArray[np.bool_]:
        """Return whom of a group an event of that probability meets."""
        return np.asarray(self.kernels.lots(group.persons, self.address(event, year)) < share * WORD)

    def _let_in(self, number: int, count: int, year: int, cell: int) -> Group:
        """Append a block of new students in a cell."""
        first, end = self.students.append(number, count)
        s = self.students
        self.kernels.enter_students(
            first, end, number, FULL_MARKS / 3.0, *self.districts, 0, 256, self.address("enter", year),
            s["district"], s["score"], s["preference"],
        )  # fmt: skip
        s["cell"][first:end] = cell
        rows = np.arange(first, end, dtype=np.int32)
        return Group(rows, s.persons(rows.astype(np.int64)))

    def let_in(self, kind: str, year: int, count: int, cell: int) -> Group:
        """Append the new students of a kind and year in a cell."""
        return self._let_in(self.students.block_number(kind, year), count, year, cell)

    def pass_year(self, year: int, rates: Floats) -> tuple[Ints, Ints]:
        """Move everybody through the year.

        Parameters
        ----------
        year : int, school year.
        rates : (4, cell) array, share of the autumn stock; dropout, repetition, departure, transfer.

        Returns
        -------
        moves : (cell, 5) array; finished : (cell,) array; both in persons.

        Notes
        -----
        Errors: none. Source: MODEL, section 1.
        """
        world, s = self.world, self.students
        last = world.last_cells
        first_finisher = np.zeros(len(self.stock), dtype=np.int64)
        first_finisher[last] = np.cumsum(self.stock[last]) - self.stock[last]
        room = int(self.stock[last].sum())
        finishers, persons = np.empty(room, dtype=np.int32), np.empty(room, dtype=np.uint32)
        dropped, repeated, departed, transferred = rates
        moves, finished = self.kernels.pass_students(
            s["cell"], s["score"], s["left"], s.living_blocks(), dropped * WORD, np.zeros(len(dropped)),
            repeated * WORD, (repeated + departed) * WORD, (repeated + departed + transferred) * WORD, world.promoted,
            world.transferred, first_finisher, self.address("pass", year), finishers, persons,
        )  # fmt: skip
        of_cell = {
            cell: Group(finishers[start : start + many], persons[start : start + many])
            for cell in last
            for start, many in [(int(first_finisher[cell]), int(finished[cell]))]
        }
        by_track = {name: of_cell[cell] for name, cell in world.last_of.items() if cell in of_cell}
        self.standing[0] = by_track["middle/regular"]
        self.leaving = [by_track[f"{SECONDARY}/{track}"] for track in INTEGRATED]
        self.standing[2] = Group.together(by_track[f"{HIGHER}/regular"], by_track[f"{HIGHER}/integrated"])
        self.standing[3] = by_track[f"{SECONDARY}/regular"]
        self.standing[4] = by_track["general_high/regular"]
        for name in DEGREES:
            for track in ("regular", "topup", "integrated"):
                self.leave(by_track[f"{name}/{track}"], GRADUATED)
        return moves, finished

    def leave(self, group: Group, reason: int) -> None:
        """Let a group leave for good."""
        self.students["cell"][group.rows] = GONE
        self.students["left"][group.rows] = reason

    def exam(self, event: str, year: int, group: Group) -> tuple[NDArray[np.int32], int]:
        """Let a group sit an exam; return the points of each and the number of levels."""
        fresh = not self.world.choices.remember_scores
        top = FRESH_LEVELS - 1 if fresh else FULL_MARKS
        key = np.empty(len(group), dtype=np.int32)
        self.kernels.sit_exam(
            group.rows, group.persons, self.world.behaviour["score_swing"], top, fresh, self.address(event, year),
            self.students["score"], key,
        )  # fmt: skip
        return key, top + 1

    def ranking(self, key: NDArray[np.int32], levels: int) -> NDArray[np.int32]:
        """Return positions by falling points; ties go to the lower person number."""
        return np.asarray(self.kernels.order_by_key(key, levels, np.arange(len(key), dtype=np.int32)))

    def gate(self, year: int, position: int, seats: Floats, utility: Floats, slope: Floats) -> tuple[Floats, ...]:
        """Run a gate over options: every option on everybody's list.

        Parameters
        ----------
        year, position : int; school year, and place of the gate on the pathway.
        seats : (option,) array, persons; inf where nothing limits.
        utility, slope : (option,) arrays, logit.

        Returns
        -------
        placed, cutoff : (option,) arrays; declined, unplaced : arrays without axis.

        Notes
        -----
        Unit: persons, score quantile. Errors: none. Source: MODEL, section 4.
        """
        group = self.standing[position]
        key, levels = self.exam(f"exam/{position}", year, group)
        order = self.ranking(key, levels)
        bins = ranked_bins(key, levels) if self.world.choices.remember_scores else fresh_bins(levels)
        left = np.minimum(seats, UNLIMITED).astype(np.int64)
        choice = np.empty(len(group), dtype=np.int32)
        cutoff = np.full(len(seats), -1, dtype=np.int32)
        self.kernels.walk_options(
            order, group.persons, key, bins, option_odds(utility, slope), left, self.world.knots,
            self.address(f"choice/{position}", year), choice, cutoff,
        )  # fmt: skip
        cells = self.world.option_cells[position]
        s = self.students
        none = np.full(len(cells), -1)
        self.kernels.settle(
            group.rows, choice, cells, none, np.full(len(cells), 255), s["cell"], s["school"], s["field"], s["left"],
            DECLINED, UNPLACED,
        )  # fmt: skip
        s["left"][group.rows[(choice >= 0) & (cells[choice] == GONE)]] = ELSEWHERE
        placed = np.bincount(choice[choice >= 0], minlength=len(seats)).astype(np.float64)
        self.standing[position] = group.where(choice < 0)
        below = np.cumsum(np.bincount(key, minlength=levels)) if len(key) else np.zeros(levels)
        quantile = np.where(cutoff >= 0, (below[cutoff] - 1.0) / max(len(key), 1), 0.0)
        quantile = np.where(seats < 1.0, 1.0, np.where(cutoff >= 0, np.maximum(quantile, 0.0), 0.0))
        return placed, quantile, np.float64((choice == -1).sum()), np.float64((choice == -2).sum())

    def select(self, year: int, share: float, away: float, to_vocational: float, limits: Floats) -> Floats:
        """Run the transfer selection; return who is taken by option, persons, shape (option,)."""
        taken = np.zeros(len(limits))
        wanting: list[Group] = []
        for track, group in enumerate(self.leaving):
            passed = self.lots(f"pass/{track}", year, group, share)
            if self.world.choices.remember_scores:
                # As many as chance would pass, but the best of them.
                key, levels = self.exam("transfer exam", year, group)
                order = self.ranking(key, levels)
                chosen = np.sort(order[: int(passed.sum())])
                passed = np.zeros(len(group), dtype=bool)
                passed[chosen] = True
            failed, group = group.where(~passed), group.where(passed)
            self.standing[3] = Group.together(self.standing[3], failed)
            gone = self.lots(f"away/{track}", year, group, away)
            self.leave(group.where(gone), ELSEWHERE)
            taken[3] += gone.sum()
            wanting.append(group.where(~gone))
        vocational = self.lots("to vocational", year, wanting[1], to_vocational)
        options = [wanting[0], wanting[1].where(vocational), wanting[1].where(~vocational)]
        for option, (name, group) in enumerate(zip((HIGHER, *DEGREES), options, strict=True)):
            many = int(min(len(group), limits[option]))
            self.move(group.where(slice(0, many)), self.world.first_of[f"{name}/integrated"])
            self.standing[3] = Group.together(self.standing[3], group.where(slice(many, None)))
            taken[option] = many
        return taken

    def move(self, group: Group, cell: int) -> None:
        """Move a group to a cell."""
        self.students["cell"][group.rows] = cell

    def find_work(self, year: int, share: float) -> int:
        """Let leavers of colleges start work; return how many do so in the region."""
        group = self.standing[2]
        here = self.lots("work", year, group, share)
        self.students["left"][group.rows] = np.where(here, WORK_HERE, WORK_AWAY)
        return int(here.sum())

    def count(self) -> Ints:
        """Return the students of every cell, shape (cell,)."""
        table = np.zeros((len(self.stock), len(self.districts[0])), dtype=np.int64)
        s = self.students
        self.kernels.count_students(s["cell"], s["district"], s["school"], s.rows, 0, 0, table, np.zeros(1, np.int64))
        return np.asarray(table.sum(axis=1))


class AgentWorld:
    """All students of all regions in all draws, moved on a school year at a time.

    Notes
    -----
    Shape: reports are (draw, region, ...), as those of the cohort engine. Unit: persons. Errors: BalanceError where a
    count of rows and the flows disagree. Children in primary school are numbers: they choose nothing yet. Source: MODEL,
    sections 1, 2, 4 and 5.
    """

    def __init__(self, schedule: Schedule, draws: Draws) -> None:
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
        self.kernels = KERNELS[self.choices.kernels or kernels_for(self.student_years)]
        self.knots = exponential_table()
        self.populations = [
            Population(self, draw, region) for draw in range(self.shape[0]) for region in range(self.shape[1])
        ]

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
            population.students.remember(self.schedule.first)
        return self.seating.opening_rows()

    def step(self, year: int, terms: YearTerms) -> Rows:
        """Move every region on to autumn of ``year`` and report what happened, shape (draw, region, ...)."""
        self.active = [p for p in self.populations if year > p.base_year]
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

    def leave_before_exam(self, terms: YearTerms, leavers: Floats) -> Floats:
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
        self, terms: YearTerms, position: int, pool: Floats, seats: Floats, utility: Floats
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

    def select(self, terms: YearTerms, leavers: list[Floats], limits: Floats) -> Floats:
        """Run the transfer selection; see :class:`simvet.passage.Flows`."""
        share = terms.of("transfer_pass_rate")
        vocational = terms.of("integrated_bachelor_to_vocational_share")
        taken = np.zeros(limits.shape)
        for p in self.active:
            place = (p.draw, p.region)
            away = float(self.seating.away[place])
            taken[place] = p.select(terms.year, share[place], away, vocational[place], limits[place])
        return taken

    def find_work(self, terms: YearTerms, leavers: Floats) -> Floats:
        """Return who starts work in the region; see :class:`simvet.passage.Flows`."""
        share, local = terms.of("work_in_region_share"), self._each()
        for p in self.active:
            local[p.draw, p.region] = p.find_work(terms.year, share[p.draw, p.region])
        return local

    def enter(self, terms: YearTerms, track: str, kind: str, number: Floats) -> None:
        """Let entrants in who stood at no gate; see :class:`simvet.passage.Flows`."""
        named = f"outside/{track.split('/')[0]}" if kind == "outside" else kind
        for p in self.active:
            p.let_in(named, terms.year, int(number[p.draw, p.region]), self.first_of[track])
