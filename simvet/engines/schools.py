"""The schools of one population: what they offer, what became of it, and what they can see when they decide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from simvet.behaviour import AgentChoices
from simvet.draws import Draws
from simvet.engines.programmes import Parts, Programmes, Tables, parts_of, tables_of
from simvet.pathway import Pathway
from simvet.rules import schools as rules
from simvet.rules.chance import WORD
from simvet.rules.student_year import GONE
from simvet.schools import STAGES, TRACKS, SchoolList, known_fields
from simvet.stocks import logistic, logit

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

GENERAL, SECONDARY, HIGHER, VOCATIONAL_BACHELOR, BACHELOR = range(5)
LEVELS = 16
"""Levels of the wish to stay near home."""
UNLIMITED = 2**31 - 1
"""Seats where nothing limits."""
NOTHING = 1e-6
"""Seats planned by an institution that waits for its approval: a weight, not a seat."""
TO_BE_APPROVED = "待设院校（占位） / institution to be approved (placeholder)"
OF_A_PROJECT = "（规划新校） / (planned school)"
MOST_SEATS = 10_000_000
"""Seats of an option that nothing limits, shared out like any others."""
MOST_APPEAL = 3.0
"""Standard deviations of standing beyond which a school is not wished for more."""


@dataclass
class Admission:
    """What a gate brought, programme by programme, in one year.

    Notes
    -----
    Shape: (programme,) arrays; ``cutoff`` is the score quantile of the last admitted where a programme filled, NaN
    elsewhere, ``position`` the place 位次 of that applicant. Unit: persons. Errors: none. Source: the gate.
    """

    programmes: Programmes
    seats: Ints
    placed: Ints
    first_choices: Ints
    cutoff: Floats
    position: Floats
    supplementary: int
    applicants: int
    listed: int
    first_served: int
    in_field: int
    with_field: int


@dataclass(frozen=True)
class Means:
    """What a region has for its vocational schools in a year, as the resources of the cohort engine have it.

    Notes
    -----
    Shape: numbers. Unit: ``teachers_before``, ``teachers``, ``hires`` persons; ``standard`` students/teacher;
    ``equipment_kept`` part of last year's value, ``equipment_bought`` part of the base year's. Errors: none. Source:
    MODEL, section 5.
    """

    teachers_before: float
    teachers: float
    hires: float
    standard: float
    equipment_kept: float
    equipment_bought: float


class SchoolModel(Protocol):
    """A model whose agents are schools, as the agent engine asks for it; it knows no Mesa itself.

    Notes
    -----
    Shape and unit: none. Errors: none. Source: ARCHITECTURE (Mesa stays behind one door).
    """

    def open(self, book: SchoolBook) -> None:
        """Let the schools of a population in."""

    def decide(self, book: SchoolBook, means: Means) -> None:
        """Let the schools of a population act once."""


class SchoolBook:
    """All schools of one region in one draw.

    Notes
    -----
    Shape: (school,) and (programme,) arrays. ``planned`` are first-year seats as the schools mean them, before the
    region's limits. Unit: persons, shares, standard deviations. Errors: none. Source: the school list; rules in
    ``rules.schools``.
    """

    def __init__(
        self, schools: SchoolList, pathway: Pathway, choices: AgentChoices, draws: Draws,
        projects: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        self.list, self.pathway, self.choices = schools, pathway, choices
        self.numbers = choices.numbers()
        self.fields = len(known_fields())
        self.work = np.array([known.work_placement[0] for known in known_fields().values()])
        self.stage = schools.stage.astype(np.int64)
        self.district = schools.district.astype(np.int64)
        self.codes, self.names = schools.codes, schools.names
        quality = schools.quality
        missing = [number for number in range(HIGHER, len(STAGES)) if not (self.stage == number).any()]
        # Seats that come with an approval or a project need somewhere to be.
        more = [(number, f"new-{STAGES[number]}", TO_BE_APPROVED) for number in missing]
        more += [(SECONDARY, f"project-{n + 1}", f"{name}{OF_A_PROJECT}") for n, name in enumerate(projects)]
        for number, code, name in more:
            self.stage = np.append(self.stage, number)
            self.district, quality = np.append(self.district, 0), np.append(quality, 0.0)
            self.codes, self.names = (*self.codes, code), (*self.names, name)
        self.projects = tuple(range(len(self.stage) - len(projects), len(self.stage)))
        self._programmes(schools, len(self.stage) - len(more))
        count = len(self.stage)
        drawn = draws.normal("school", 0, f"{schools.region}/quality", count) * self.numbers["quality_spread"]
        self.quality = quality if np.any(quality != 0.0) else drawn
        self.standing = np.zeros(count)
        for stage in range(len(STAGES)):
            at = self.stage == stage
            self.standing[at] = rules.standardised(self.quality[at])
        self.graduates, self.went_on = np.zeros(count), np.zeros(count)
        size = np.bincount(self.school, self.planned, minlength=count)
        of_stage = np.bincount(self.stage, size, minlength=len(STAGES))
        share = size / np.maximum(of_stage[self.stage], 1e-9)
        self.teachers, self.equipment, self.places = share.copy(), share.copy(), share.copy()
        self.enrolment = size * 3.0
        self.filled, self.wanted = size.copy(), size.copy()
        self.progression = np.full(count, np.nan)
        self.first_choices = self.planned.copy()
        self.admissions: dict[tuple[int, int], Admission] = {}
        self.total = of_stage.copy()
        self._gates()

    def _programmes(self, schools: SchoolList, known: int) -> None:
        """Lay out all programmes; vocational schools hold a place for every field that they do not offer yet."""
        school, field = schools.programme_school.astype(np.int64), schools.programme_field.astype(np.int64)
        track, seats = schools.programme_track.astype(np.int64), schools.programme_seats.astype(np.float64)
        vocational = np.flatnonzero(self.stage == SECONDARY)
        offered = set(zip(school[track == 0].tolist(), field[track == 0].tolist(), strict=True))
        more = [(s, f) for s in vocational.tolist() for f in range(self.fields) if (s, f) not in offered]
        more += [
            (s, f) for s in range(known, len(self.stage)) if self.stage[s] != SECONDARY for f in range(self.fields)
        ]
        extra = np.array(more, dtype=np.int64).reshape(-1, 2)
        self.school = np.concatenate([school, extra[:, 0]])
        self.field = np.concatenate([field, extra[:, 1]])
        self.track = np.concatenate([track, np.zeros(len(extra), dtype=np.int64)])
        placeholder = (extra[:, 0] >= known) & (self.stage[extra[:, 0]] != SECONDARY)
        self.planned = np.concatenate([seats, np.where(placeholder, NOTHING, 0.0)])
        self._fill_gaps()
        order = np.lexsort((self.field, self.track, self.school))
        for name in ("school", "field", "track", "planned"):
            setattr(self, name, getattr(self, name)[order])
        self.of_stage = self.stage[self.school]
        regular = np.flatnonzero((self.of_stage == SECONDARY) & (self.track == 0))
        self.regular_of = {
            int(s): regular[self.school[regular] == s] for s in np.unique(self.school[regular])
        }  # fmt: skip
        self.start = np.searchsorted(self.school, np.arange(len(self.stage) + 1))

    def _fill_gaps(self) -> None:
        """Let a track without seats stand where its stage has some, or the region's seats would vanish."""
        of_stage = self.stage[self.school]
        for number, stage in enumerate(STAGES):
            for track in range(len(TRACKS[stage])):
                mine = (of_stage == number) & (self.track == track)
                if self.planned[mine].sum() > 0.0:
                    continue
                seated = np.flatnonzero((of_stage == number) & (self.planned > 0.0))
                if len(seated):
                    have = set(zip(self.school[mine].tolist(), self.field[mine].tolist(), strict=True))
                    pairs = sorted({(int(self.school[n]), int(self.field[n])) for n in seated})
                    new = [pair for pair in pairs if pair not in have]
                    weight = dict.fromkeys(pairs, 0.0)
                    for n in seated:
                        weight[(int(self.school[n]), int(self.field[n]))] += NOTHING * float(self.planned[n])
                    for n in np.flatnonzero(mine):
                        self.planned[n] = weight.get((int(self.school[n]), int(self.field[n])), 0.0)
                    self.school = np.append(self.school, np.array([s for s, _ in new], dtype=np.int64))
                    self.field = np.append(self.field, np.array([f for _, f in new], dtype=np.int64))
                    self.track = np.append(self.track, np.full(len(new), track))
                    self.planned = np.append(self.planned, [weight[pair] for pair in new])
                    of_stage = self.stage[self.school]
                elif track == 0 and mine.any():
                    self.planned[mine] = 1.0

    def _gates(self) -> None:
        """Lay out which programmes stand at which gate, and how wishes divide between near and far."""
        first = {track.name: track.first_cell for track in self.pathway.tracks}
        spread = self.numbers["home_spread"] * _normal_levels()
        near_home = logistic(logit(np.full(LEVELS, self.numbers["local_share"])) + spread)
        own_field = np.full(1, self.numbers["same_field_share"])
        anywhere = np.zeros(1)
        self.index: dict[int, Ints] = {}
        self.programmes: dict[int, Programmes] = {}
        self.parts: dict[int, Parts] = {}
        for position, gate in enumerate(self.pathway.gates):
            if gate.key == "transfer_selection":
                continue
            chosen, option = self._at_gate(gate.options)
            senior = position == 0
            home = self.district[self.school[chosen]] if senior else self.field[chosen]
            cell = np.array([first[gate.options[o]] for o in option], dtype=np.int64)
            self.index[position] = chosen
            made = Programmes(option, self.school[chosen], self.field[chosen], home, cell)
            self.programmes[position] = made if senior else _with_elsewhere(made, len(gate.options) - 1)
            count = len(gate.options)
            names = [name.split("/")[0] for name in gate.options]
            split = np.array([name not in {"general_high", "elsewhere"} for name in names])
            always = np.array([name == "general_high" for name in names])
            near = near_home if senior else anywhere if gate.key == "general_exam" else own_field
            self.parts[position] = parts_of(count, split, always, near)

    def _at_gate(self, options: tuple[str, ...]) -> tuple[Ints, Ints]:
        """Return the programmes that a gate's options lead to, and the option of each."""
        option = np.full(len(self.school), -1, dtype=np.int64)
        for position, name in enumerate(options):
            stage, _, track = name.partition("/")
            if stage == "elsewhere":
                continue
            at = self.of_stage == STAGES.index(stage)
            if stage == "secondary_vocational":
                at &= self.track == TRACKS[stage].index(track)
            option[at] = position
        chosen = np.flatnonzero(option >= 0)
        return chosen, option[chosen]

    def seats(self, position: int, offered: Floats) -> NDArray[np.int32]:
        """Return the seats of a gate's programmes, given those of its options.

        Parameters
        ----------
        position : int; the gate.
        offered : (option,) array, persons; inf where nothing limits.

        Returns
        -------
        (programme,) array of int32, persons.

        Notes
        -----
        Errors: none. Vocational schools take what their own resources carry; what nobody carries is not offered.
        Source: MODEL, section 5.
        """
        programmes = self.programmes[position]
        planned = self.planned[self.index[position]]
        seats = np.zeros(len(programmes), dtype=np.int32)
        vocational = [1, 2, 3] if position == 0 else []
        index = self.index[position]
        part, offered = 1.0, offered.copy()
        if vocational:
            total = float(np.minimum(offered[vocational], MOST_SEATS).sum())
            carried = rules.seats_of_schools(total, self._weight(SECONDARY), self.most(total))
            part = carried.sum() / max(total, 1e-9)
            grow = carried / np.maximum(self._weight(SECONDARY), 1e-9)
            planned = np.where(programmes.option > 0, planned * grow[programmes.school], planned)
            self.total[SECONDARY] = total
        for option, number in enumerate(offered):
            mine = programmes.option == option
            if programmes.school[-1] < 0 and option == len(offered) - 1:
                seats[-1] = int(min(number, UNLIMITED))
            else:
                most = min(number, MOST_SEATS) * (part if option in vocational else 1.0)
                weight = planned[mine[: len(planned)]]
                seats[mine] = rules.whole_seats(int(np.floor(most + 1e-6)), weight)
                if option in vocational and most >= 1.0 and weight.sum() > 0.0:
                    # What schools mean to offer is told in seats of this year, so that they can hold it against demand.
                    self.planned[index[mine[: len(planned)]]] = weight * (most / weight.sum())
        return seats

    def _weight(self, stage: int) -> Floats:
        """Return the planned seats of the schools of a stage, zero for others, shape (school,)."""
        size = np.bincount(self.school, self.planned, minlength=len(self.stage))
        return np.where(self.stage == stage, size, 0.0)

    def most(self, total: float) -> Floats:
        """Return the first-year seats that each vocational school's own resources carry, shape (school,)."""
        share = np.minimum(np.minimum(self.teachers, self.equipment), self.places)
        return np.asarray((1.0 + self.numbers["capacity_slack"]) * total * share)

    def tables(self, position: int, seats: NDArray[np.int32]) -> Tables:
        """Return the tables from which the lists of a gate are drawn: seats times standing."""
        programmes = self.programmes[position]
        appeal = np.clip(self.standing, -MOST_APPEAL, MOST_APPEAL)
        strength = self.numbers["appeal_strength"] * np.where(programmes.school < 0, 0.0, appeal[programmes.school])
        weight = np.minimum(seats, 1_000_000) * np.exp(strength)
        groups = self.list.districts if position == 0 else self.fields + 1
        return tables_of(programmes, self.parts[position], weight, groups)

    def exists(self, position: int, seats: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Return which options of a gate have any seat this year, shape (option,)."""
        found = np.zeros(int(self.parts[position].option.max()) + 1, dtype=bool)
        found[self.programmes[position].option[seats > 0]] = True
        return found

    def pupils_of_districts(self) -> Floats:
        """Return the weight of each district by its seats of general and vocational schools, shape (district,)."""
        senior = (self.of_stage == GENERAL) | (self.of_stage == SECONDARY)
        return np.bincount(
            self.district[self.school[senior]], self.planned[senior], minlength=self.list.districts
        ).astype(np.float64)  # fmt: skip

    def opening_tables(self) -> dict[int, Tables]:
        """Return the tables of every gate as the list has it, from which the opening's students get their schools."""
        found = {}
        for position, programmes in self.programmes.items():
            seats = np.zeros(len(programmes), dtype=np.int32)
            index = self.index[position]
            seats[: len(index)] = np.ceil(self.planned[index])
            found[position] = self.tables(position, seats)
        return found

    def place_of(self, track: str) -> tuple[int, int]:
        """Return a gate and option whose programmes are those of a ``stage/track``."""
        stage, _, name = track.partition("/")
        senior = stage in ("general_high", "secondary_vocational")
        position = 0 if senior else 3
        options = self.pathway.gates[position].options
        wanted = track if senior and name in TRACKS[stage] else f"{stage}/regular"
        return position, options.index(wanted)

    def number_of(self, stage: str) -> int:
        """Return the number of a stage in the list."""
        return STAGES.index(stage)

    def has(self, tables: Tables, position: int, option: int) -> bool:
        """Return whether tables hold any programme of an option."""
        return bool(tables.length[self.parts[position].option == option].any())

    def pick(
        self, tables: Tables, position: int, option: int, level: NDArray[np.uint8], group: NDArray[np.uint8],
        near: NDArray[np.uint32], spot: NDArray[np.uint32],
    ) -> Ints:  # fmt: skip
        """Return a programme of an option for students who stood at no gate.

        Parameters
        ----------
        tables : Tables.
        position, option : int; gate and option.
        level, group : (student,) arrays; wish to stay near home, district or field.
        near, spot : (student,) arrays of random words.

        Returns
        -------
        (student,) array; programme, -1 where the option has none.

        Notes
        -----
        Unit: none. Errors: none. Source: the same tables that lists are drawn from.
        """
        parts = self.parts[position]
        mine = np.flatnonzero(parts.option == option)
        part = np.full(len(spot), mine[0])
        if len(mine) > 1:
            part = np.where(near < parts.share[level, mine[0]] * WORD, mine[0], mine[1])
        length = tables.length[part, group]
        column = spot * (length / WORD)
        whole = column.astype(np.int64)
        places = len(tables.probability)
        place = np.minimum(tables.start[part, group] + whole, places - 1)
        own = column - whole < tables.probability[place]
        return np.where(length > 0, np.where(own, tables.other[places + place], tables.other[place]), -1)

    def second_round(self, position: int) -> NDArray[np.bool_]:
        """Return which programmes offer seats in the supplementary round, shape (programme,).

        At the entry to senior secondary school vocational ones do; at the exams for college all of the region.
        """
        programmes = self.programmes[position]
        return np.asarray(programmes.option > 0 if position == 0 else programmes.school >= 0)

    @property
    def stages(self) -> tuple[str, ...]:
        """Return the stages that ``stage`` counts."""
        return STAGES

    def note(self, position: int, year: int, admission: Admission) -> None:
        """Keep what a gate brought, and what its schools see of it."""
        self.admissions[(year, position)] = admission
        if position != 0:
            return
        index, programmes = self.index[0], admission.programmes
        self.first_choices[index] = admission.first_choices
        count = len(self.stage)
        self.filled = np.bincount(programmes.school, admission.placed, minlength=count).astype(np.float64)
        self.wanted = np.bincount(programmes.school, admission.first_choices, minlength=count).astype(np.float64)

    def open_school(self, number: int, places: float, of_all: float) -> None:
        """Let a project's school begin to admit.

        Parameters
        ----------
        number : int; which of the projects.
        places : float, places that it brings.
        of_all : float, places of the region with it.

        Notes
        -----
        Shape: none. Errors: none. It opens with the largest fields, and brings the teachers and equipment of its part
        of the places. Source: the scenario's projects; MODEL, section 5.
        """
        place, part = self.projects[number], min(places / max(of_all, 1e-9), 0.9)
        mine = self.regular_of[place]
        shares = np.array([known.share[0] for known in known_fields().values()])[self.field[mine]]
        chosen = mine[np.argsort(-shares, kind="stable")[: int(self.numbers["new_school_fields"])]]
        first_year = places / self.pathway.stage_grades("secondary_vocational")
        of_chosen = np.array([known.share[0] for known in known_fields().values()])[self.field[chosen]]
        self.planned[chosen] = first_year * of_chosen / of_chosen.sum()
        at = self.stage == SECONDARY
        for shared in (self.teachers, self.equipment, self.places):
            shared[at] *= 1.0 - part
            shared[place] += part

    def count_leavers(self, school: Ints, went_on: NDArray[np.bool_]) -> None:
        """Add leavers of a year to their schools, and those of them who went on to a higher stage."""
        known = school >= 0
        self.graduates += np.bincount(school[known], minlength=len(self.stage))
        self.went_on += np.bincount(school[known & went_on], minlength=len(self.stage))

    def close_count(self) -> None:
        """Turn the leavers of the year into the share who went on, school by school, and begin to count anew."""
        share = self.went_on / np.maximum(self.graduates, 1.0)
        self.progression = np.where(self.graduates > 0.0, share, self.progression)
        self.graduates, self.went_on = np.zeros(len(self.stage)), np.zeros(len(self.stage))

    def pressure(self) -> Floats:
        """Return first choices for a seat of each programme's field among vocational schools, shape (programme,)."""
        mine = (self.of_stage == SECONDARY) & (self.track == 0)
        wanted = self.demand()
        by_field = np.bincount(self.field[mine], wanted[mine], minlength=self.fields)
        seats = np.bincount(self.field[mine], self.planned[mine], minlength=self.fields)
        ratio = by_field / np.maximum(seats, 1e-9) * (seats.sum() / max(by_field.sum(), 1e-9))
        return np.where(self.field >= 0, ratio[self.field], 0.0)

    def may_open(self) -> NDArray[np.bool_]:
        """Return which programmes that nobody offers yet may open this year, shape (programme,).

        As many schools as the region lacks classes of a field, those of the best standing first; otherwise every school
        would answer the same shortage.
        """
        chosen = np.zeros(len(self.school), dtype=bool)
        mine = (self.of_stage == SECONDARY) & (self.track == 0)
        pressure, wanted = self.pressure(), self.demand()
        size = np.bincount(self.school, self.planned, minlength=len(self.stage))
        able = mine & (self.planned <= 0.0) & (size[self.school] > 0.0) & (pressure >= self.numbers["field_pressure"])
        for field in np.unique(self.field[able]):
            of_field = mine & (self.field == field)
            lacking = (wanted[of_field].sum() - self.planned[of_field].sum()) / self.numbers["class_size"]
            candidates = np.flatnonzero(able & (self.field == field))
            best = candidates[np.argsort(-self.standing[self.school[candidates]], kind="stable")]
            chosen[best[: max(int(np.ceil(lacking)), 0)]] = True
        return chosen

    def demand(self) -> Floats:
        """Return what programmes are wished for, with the work that their field finds where the rule asks for it."""
        if self.choices.rules["fields"] != "follow_demand_and_work":
            return self.first_choices
        return np.where(self.field >= 0, self.first_choices * self.work[self.field], self.first_choices)


def _with_elsewhere(programmes: Programmes, option: int) -> Programmes:
    """Return a gate's programmes with the seats elsewhere as the last one."""
    return Programmes(
        np.append(programmes.option, option), np.append(programmes.school, -1), np.append(programmes.field, -1),
        np.append(programmes.home, -1), np.append(programmes.cell, GONE),
    )  # fmt: skip


def _normal_levels() -> Floats:
    """Return the normal quantiles in the middle of each level, standard deviations, shape (level,)."""
    from scipy.special import ndtri  # noqa: PLC0415 - importing scipy costs more than most runs

    return np.asarray(ndtri((np.arange(LEVELS) + 0.5) / LEVELS), dtype=np.float64)
