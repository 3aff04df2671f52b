"""The students of one region in one draw: their rows, and what a year does to them."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from simvet.behaviour import AgentChoices
from simvet.draws import Draws, cohort_key
from simvet.engines.groups import Group, admission_of, quantiles_of
from simvet.engines.lists import Applicants, place_on_lists
from simvet.engines.programmes import Tables
from simvet.engines.schools import SchoolBook
from simvet.engines.students import (
    DECLINED,
    ELSEWHERE,
    GRADUATED,
    NO_FIELD,
    UNPLACED,
    WORK_AWAY,
    WORK_HERE,
    Students,
)
from simvet.passage import INTEGRATED
from simvet.pathway import Pathway
from simvet.rules.chance import WORD
from simvet.rules.choosing import fresh_bins, option_odds, ranked_bins
from simvet.rules.kernels import Kernels
from simvet.rules.matching import alias_table
from simvet.rules.student_year import GONE, TRANSFERRED
from simvet.scenario import RegionCase
from simvet.schedule import Schedule
from simvet.seating import DEGREES, HIGHER, SECONDARY

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Outcome = tuple[Floats, Floats, float, float]
"""Placed and cut-offs by option, declined, unplaced."""

EVENTS = (
    "enter", "pass", "leaving", "pass/0", "pass/1", "away/0", "away/1", "to vocational", "work", "transfer exam",
    *(f"exam/{gate}" for gate in range(5)), *(f"choice/{gate}" for gate in range(5)),
    *(f"rest/{gate}" for gate in range(5)), "near", "programme", *(f"tie/{gate}" for gate in range(5)),
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


class Setting(Protocol):
    """What all populations of a run share.

    Notes
    -----
    Shape: cells as on the pathway. Unit: none. Errors: none. Source: the agent engine.
    """

    schedule: Schedule
    draws: Draws
    choices: AgentChoices
    behaviour: dict[str, float]
    pathway: Pathway
    cases: tuple[RegionCase, ...]
    kernels: Kernels
    knots: Floats
    primary: Ints
    last_cells: Ints
    first_of: dict[str, int]
    last_of: dict[str, int]
    promoted: Ints
    transferred: Ints
    option_cells: list[Ints]

    def book_of(self, draw: int, region: int) -> SchoolBook | None:
        """Return the schools of a population, None where it has none."""


class Population:
    """The students of one region in one draw, with the rules that move them.

    Notes
    -----
    Shape: ``stock`` (cell,), primary school left at zero. Unit: persons. Errors: none. Source: MODEL, sections 1 and 4.
    """

    def __init__(self, world: Setting, draw: int, region: int) -> None:
        self.world, self.draw, self.region = world, draw, region
        self.pathway = world.pathway
        self.kernels = world.kernels
        case = world.cases[region]
        self.base_year = case.base_year
        row = int(world.draws.rows(world.schedule.count)[draw])
        self.cohort = cohort_key(f"{case.region}/students/{row}")
        self.students = Students(self.base_year)
        self.standing = {gate: Group.nobody() for gate in range(5)}
        self.leaving = [Group.nobody(), Group.nobody()]
        self.book = world.book_of(draw, region)
        self.districts = alias_table(self.book.pupils_of_districts() if self.book else np.ones(1))
        self.opening_tables: dict[int, Tables] = self.book.opening_tables() if self.book else {}
        self.tables = dict(self.opening_tables)
        opening = world.schedule.openings[region]
        self.stock = np.rint(opening.stock[draw]).astype(np.int64)
        self.stock[world.primary] = 0
        self.students.reserve(int(self.stock.sum() + 1.1 * opening.stock[draw][world.primary].sum()))
        for cell in np.flatnonzero(self.stock):
            group = self._let_in(int(cell), int(self.stock[cell]), self.base_year, int(cell))
            self.assign(group, self.track_of(int(cell)), self.base_year)
        self.count()

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
        """Append the new students of a kind and year in a cell, and give them a school where the cell is in one."""
        group = self._let_in(self.students.block_number(kind, year), count, year, cell)
        if cell != GONE:
            self.assign(group, self.track_of(cell), year)
        return group

    def track_of(self, cell: int) -> str:
        """Return the ``stage/track`` of a cell."""
        return next(name for name, last in self.world.last_of.items() if cell <= last)

    def assign(self, group: Group, track: str, year: int) -> None:
        """Give a group who stood at no gate a school of a track, as wishes and seats would have it.

        Notes
        -----
        Shape: (student,). Unit: none. Errors: none; nothing happens where there are no schools. Source: MODEL,
        section 4.
        """
        stage = track.split("/", maxsplit=1)[0]
        if self.book is None or not len(group) or stage in ("primary", "middle"):
            return
        s = self.students
        position, option = self.book.place_of(track)
        near = self.kernels.lots(group.persons, self.address("near", year))
        spot = self.kernels.lots(group.persons, self.address("programme", year))
        home = s["district"][group.rows] if position == 0 else self.field_group(group)
        level = (
            (s["preference"][group.rows] >> 4).astype(np.uint8)
            if position == 0
            else np.zeros(len(group), dtype=np.uint8)
        )
        # Where a stage offers no seats this year, those who come in otherwise go where the list has its schools.
        offered = self.book.has(self.tables[position], position, option)
        tables = self.tables[position] if offered else self.opening_tables[position]
        found = self.book.pick(tables, position, option, level, home, near, spot)
        s["school"][group.rows] = np.where(found >= 0, self.book.programmes[position].school[found], -1)
        field = self.book.programmes[position].field[found]
        s["field"][group.rows] = np.where((found >= 0) & (field >= 0), field, NO_FIELD)

    def field_group(self, group: Group) -> NDArray[np.uint8]:
        """Return the field of each student as lists are drawn by it: one more for those who have none."""
        field = self.students["field"][group.rows]
        return np.where(field == NO_FIELD, self.book.fields if self.book else 0, field).astype(np.uint8)

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
        if moves[:, TRANSFERRED].any():
            self._give_new_schools(year)
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

    def _give_new_schools(self, year: int) -> None:
        """Give those who changed between general and vocational school (普职互转) a school of their new stage."""
        if self.book is None:
            return
        s = self.students
        wanted = np.full(GONE + 1, -1, dtype=np.int8)
        for stage in ("general_high", SECONDARY):
            wanted[self.pathway.stage_cells(stage)] = self.book.number_of(stage)
        # The last place is looked up by those who are in no school.
        held = np.append(self.book.stage, -1).astype(np.int8)
        found = []
        for first, end, _ in s.living_blocks().tolist():
            stage_of_cell, stage_of_school = wanted[s["cell"][first:end]], held[s["school"][first:end]]
            moved = (stage_of_cell >= 0) & (stage_of_school >= 0) & (stage_of_cell != stage_of_school)
            found.append(first + np.flatnonzero(moved))
        rows = np.concatenate(found)
        s.changes[year] = (rows, s["school"][rows], s["field"][rows], s["rank"][rows])
        s["rank"][rows] = 0
        to_general = wanted[s["cell"][rows]] == self.book.number_of("general_high")
        for chosen, track in ((to_general, "general_high/regular"), (~to_general, f"{SECONDARY}/regular")):
            group = Group(rows[chosen].astype(np.int32), s.persons(rows[chosen]))
            self.assign(group, track, year)

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

    def gate(self, year: int, position: int, seats: Floats, utility: Floats, slope: Floats) -> Outcome:
        """Run a gate: over the programmes of schools where there are any, else over options, all on everybody's list.

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
        if self.book is not None:
            return self.gate_of_schools(self.book, year, position, seats, utility, slope)
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
        quantile = quantiles_of(cutoff, key, levels)
        quantile = np.where(seats < 1.0, 1.0, np.nan_to_num(quantile))
        return placed, quantile, float((choice == -1).sum()), float((choice == -2).sum())

    def gate_of_schools(
        self, book: SchoolBook, year: int, position: int, seats: Floats, utility: Floats, slope: Floats
    ) -> Outcome:
        """Run a gate over the programmes of schools; parameters and results as for :meth:`gate`.

        Notes
        -----
        Shape and unit: as there. Errors: none. Source: MODEL, section 4.
        """
        group, s = self.standing[position], self.students
        key, levels = self.exam(f"exam/{position}", year, group)
        tie = (self.kernels.lots(group.persons, self.address(f"tie/{position}", year)) >> 24).astype(np.int32)
        senior = position == 0
        nobody = np.zeros(len(group), dtype=np.uint8)
        level = (s["preference"][group.rows] >> 4).astype(np.uint8) if senior else nobody
        home = s["district"][group.rows] if senior else self.field_group(group)
        applicants = Applicants(group.persons, key, tie, level, home, levels)
        found = place_on_lists(
            self.kernels, self.world.choices, book, position, applicants, seats, utility, slope,
            lambda event: self.address(event, year),
        )  # fmt: skip
        self.tables[position] = found.tables
        programmes = book.programmes[position]
        book.note(position, year, admission_of(programmes, found, key, levels, home))
        if position in (3, 4):
            book.count_leavers(s["school"][group.rows].astype(np.int64), found.choice >= 0)
        if position == 4:
            book.close_count()
        if not senior:
            self.remember_school(group.where(found.choice >= 0), "college" if position == 2 else "first")
        self.kernels.settle(
            group.rows, found.choice, programmes.cell, programmes.school,
            np.where(programmes.field < 0, NO_FIELD, programmes.field), s["cell"], s["school"], s["field"], s["left"],
            DECLINED, UNPLACED,
        )  # fmt: skip
        seated = found.choice >= 0
        s["rank"][group.rows[seated]] = found.rank[seated]
        s["left"][group.rows[seated & (programmes.cell[found.choice] == GONE)]] = ELSEWHERE
        placed = np.bincount(programmes.option[found.choice[seated]], minlength=len(seats)).astype(np.float64)
        self.standing[position] = group.where(~seated)
        # An option has closed when all its programmes have, and before the second round began with the best again.
        quantile = quantiles_of(found.first_cutoff, key, levels)
        closed = np.array(
            [
                np.nanmin(quantile[mine]) if mine.any() and np.isfinite(quantile[mine]).all() else np.nan
                for option in range(len(seats))
                for mine in [(programmes.option == option) & (found.seats > 0)]
            ]
        )
        closed = np.where(seats < 1.0, 1.0, np.nan_to_num(closed))
        return placed, closed, float((found.choice == -1).sum()), float((found.choice < -1).sum())

    def _count_leavers(self, group: Group) -> None:
        """Tell schools of leavers who went on without standing at an exam."""
        if self.book is not None:
            school = self.students["school"][group.rows].astype(np.int64)
            self.book.count_leavers(school, np.ones(len(group), dtype=bool))

    def select(self, year: int, share: float, away: float, to_vocational: float, limits: Floats) -> Floats:
        """Run the transfer selection; return who is taken by option, persons, shape (option,)."""
        taken = np.zeros(len(limits))
        wanting: list[Group] = []
        for track, leavers in enumerate(self.leaving):
            group = leavers
            passed = self.lots(f"pass/{track}", year, group, share)
            if self.world.choices.remember_scores:
                # As many as chance would pass, but the best of them.
                key, levels = self.exam("transfer exam", year, group)
                order = self.ranking(key, levels)
                chosen = order[: int(passed.sum())].astype(np.int64)
                failed = np.sort(order[int(passed.sum()) :]).astype(np.int64)
            else:
                chosen, failed = np.flatnonzero(passed), np.flatnonzero(~passed)
            self.standing[3] = Group.together(self.standing[3], group.where(failed))
            # The best first: where seats are fewer than promised, they go by score.
            group = group.where(chosen)
            gone = self.lots(f"away/{track}", year, group, away)
            self._count_leavers(group.where(gone))
            self.leave(group.where(gone), ELSEWHERE)
            taken[3] += gone.sum()
            wanting.append(group.where(~gone))
        vocational = self.lots("to vocational", year, wanting[1], to_vocational)
        options = [wanting[0], wanting[1].where(vocational), wanting[1].where(~vocational)]
        for option, (name, group) in enumerate(zip((HIGHER, *DEGREES), options, strict=True)):
            many = int(min(len(group), limits[option]))
            self._count_leavers(group.where(slice(0, many)))
            self.students["cell"][group.rows[:many]] = self.world.first_of[f"{name}/integrated"]
            self.remember_school(group.where(slice(0, many)))
            self.students["rank"][group.rows[:many]] = 0
            self.assign(group.where(slice(0, many)), f"{name}/integrated", year)
            self.standing[3] = Group.together(self.standing[3], group.where(slice(many, None)))
            taken[option] = many
        return taken

    def remember_school(self, group: Group, before: str = "first") -> None:
        """Keep where a group went to school so far, before a college or a bachelor programme takes its place."""
        s = self.students
        for name in ("school", "field", "rank"):
            s[f"{before}_{name}"][group.rows] = s[name][group.rows]

    def find_work(self, year: int, share: float) -> int:
        """Let leavers of colleges start work; return how many do so in the region."""
        group = self.standing[2]
        here = self.lots("work", year, group, share)
        self.students["left"][group.rows] = np.where(here, WORK_HERE, WORK_AWAY)
        return int(here.sum())

    def count(self) -> Ints:
        """Return the students of every cell, shape (cell,), and let schools see theirs."""
        table = np.zeros((len(self.stock), len(self.districts[0])), dtype=np.int64)
        s = self.students
        schools = np.zeros(len(self.book.stage) if self.book else 1, dtype=np.int64)
        senior = self.world.first_of["general_high/regular"] if self.book else len(self.stock)
        self.kernels.count_students(
            s["cell"], s["district"], s["school"], s.rows, senior, len(self.stock), table, schools
        )
        if self.book is not None:
            self.book.enrolment = schools.astype(np.float64)
        return np.asarray(table.sum(axis=1))
