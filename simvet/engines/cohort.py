"""The cohort engine: grades as numbers of students, all draws in one pass, expectations or whole persons."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simvet.draws import Draws, cohort_key
from simvet.rules.admission import place_by_score, place_persons_by_score
from simvet.rules.progress import pass_a_year, thin
from simvet.rules.seats import regular_seats_by_pool, seats_and_binding
from simvet.rules.standards import card_limit
from simvet.schedule import Schedule, YearTerms

Floats = NDArray[np.float64]
Rows = dict[str, Floats]

SECONDARY = "secondary_vocational"
HIGHER = "higher_vocational"


class CohortWorld:
    """The state of all regions in all draws, moved on a school year at a time.

    Notes
    -----
    Shape: (draw, region, ...). Unit: persons. Errors: none; terms are checked before they get here. Source: MODEL,
    sections 1, 2, 4 and 5.
    """

    def __init__(self, schedule: Schedule, draws: Draws) -> None:
        self.schedule = schedule
        self.pathway = schedule.scenario.pathway
        self.cases = schedule.scenario.regions
        self.shape = (schedule.count, len(self.cases))
        self.whole = schedule.uncertainty.chance
        self.keys = _RowKeys(draws, [case.region for case in self.cases], schedule.count)
        openings = schedule.openings
        self.stock = np.stack([o.stock for o in openings], axis=1)
        # Entrants of both integrated tracks in the last three years, oldest first: (draw, region, 3, 2).
        self.integrated = np.stack([o.integrated for o in openings], axis=1)
        self.base_pool = np.stack([o.pool["senior_secondary"] for o in openings], axis=1)
        self.utility = {k: np.stack([o.utility[k] for o in openings], axis=1) for k in openings[0].utility}
        self.slope = {k: np.stack([o.slope[k] for o in openings], axis=1) for k in openings[0].slope}
        self.blocks = {k: np.stack([o.college_blocks[k] for o in openings], axis=1) for k in openings[0].college_blocks}
        self.entry_floor = np.stack([o.base[("entry_floor", SECONDARY)] for o in openings], axis=1)
        self.base_licence = np.stack([o.base[("licence", "vocational_bachelor")] for o in openings], axis=1)
        self.away = {
            stage: np.stack([o.sample.of("study_elsewhere_share", stage) for o in openings], axis=1)
            for stage in (SECONDARY,)
        }
        if self.whole:
            self.integrated = np.rint(self.integrated)

    def opening_rows(self, base_year: int | None = None) -> Rows:
        """Return what the opening balances say of a base year, by default the first, shape (draw, region, ...)."""
        year = self.schedule.first if base_year is None else base_year
        openings = self.schedule.openings
        rows: Rows = {
            "stock": self.stock,
            "entrants": np.stack([o.entrants for o in openings], axis=1),
            "graduates": np.stack([o.graduates for o in openings], axis=1),
        }
        gates, most = len(self.pathway.gates), max(len(g.options) for g in self.pathway.gates)
        placed = np.full((*self.shape, gates, most), np.nan)
        pool = np.zeros((*self.shape, gates))
        for position, gate in enumerate(self.pathway.gates):
            for region, opening in enumerate(openings):
                placed[:, region, position, : len(gate.options)] = opening.placed[gate.key]
                pool[:, region, position] = opening.pool[gate.key]
        if self.whole:
            rows.update(entrants=np.rint(rows["entrants"]), graduates=np.rint(rows["graduates"]))
            placed, pool = np.rint(placed), np.rint(pool)
        rows.update(placed=placed, pool=pool)
        leavers = pool[:, :, 2] - np.nansum(placed[:, :, 2], axis=-1)
        work = self._to_work(leavers, self.schedule.at("work_in_region_share", "", year), 0)
        self._others_to_work(work["start_work"], pool[:, :, 3] - np.nansum(placed[:, :, 3], axis=-1), rows["graduates"])
        rows.update({name: self._round(number) for name, number in work.items()})
        rows["international_students"] = self.schedule.where_given("international_students", year)
        return rows

    def step(self, year: int, terms: YearTerms) -> Rows:
        """Move every region on to autumn of ``year`` and report what happened, shape (draw, region, ...)."""
        before = self.stock
        stay, graduates, moves, arrivals = self._pass(year, terms)
        seats, binding = self._stage_seats(terms, stay, graduates)
        gates = _GateBook(self.shape, [len(g.options) for g in self.pathway.gates])
        index = self.pathway.track_index
        entrants = np.zeros((*self.shape, len(self.pathway.tracks)))
        left, joined = self._stage_zeros(), self._stage_zeros()
        outside, adults = self._stage_zeros(), self._stage_zeros()
        stage = self.pathway.stage_index

        leavers = graduates[..., index["middle/regular"]]
        left[..., stage["general_high"]] = self._thin(year, "leaving", leavers, terms.of("middle_leaving_share"))
        joined[..., stage["general_high"]] = self._round(leavers * terms.of("leavers_joining"))
        pool = leavers - left[..., stage["general_high"]] + joined[..., stage["general_high"]]
        general_seats = seats[..., stage["general_high"]] * self._cohort_factor(terms, pool)
        seats[..., stage["general_high"]] = general_seats
        come = np.minimum(self._round(terms.of("outside_entrants")), self._floor(seats[..., stage[SECONDARY]]))
        senior = self._senior_seats(terms, pool, general_seats, seats[..., stage[SECONDARY]], come)
        placed = self._gate(year, 0, gates, pool, senior, self._senior_shift(terms))
        entrants[..., index["general_high/regular"]] = placed[..., 0]
        for option, track in enumerate(("integrated_higher", "integrated_bachelor", "regular"), start=1):
            entrants[..., index[f"{SECONDARY}/{track}"]] = placed[..., option] + (come if track == "regular" else 0.0)
        outside[..., stage[SECONDARY]] = come

        taken, failed, reserved = self._transfer(year, gates, graduates, terms, seats)
        entrants[..., index[f"{HIGHER}/integrated"]] = taken[..., 0]
        entrants[..., index["vocational_bachelor/integrated"]] = taken[..., 1]
        entrants[..., index["bachelor/integrated"]] = taken[..., 2]

        pool = graduates[..., index[f"{HIGHER}/regular"]] + graduates[..., index[f"{HIGHER}/integrated"]]
        topup = self._topup_seats(terms)
        placed = self._gate(year, 2, gates, pool, topup, self._shift(terms, "topup", 3))
        entrants[..., index["vocational_bachelor/topup"]] = placed[..., 0]
        entrants[..., index["bachelor/topup"]] = placed[..., 1]
        work = self._to_work(pool - placed.sum(axis=-1), terms.of("work_in_region_share"), year)

        self._exams(year, gates, graduates, terms, seats, taken, failed, reserved, entrants, outside, adults)
        self._feed(year, before, graduates, entrants, left, joined)
        self._others_to_work(
            work["start_work"], gates.narrow["declined"][..., 3] + gates.narrow["unplaced"][..., 3], graduates
        )

        for position, cell in enumerate(self.pathway.first_cell):
            stay[..., cell] += entrants[..., position]
        rows: Rows = {
            "stock": stay, "entrants": entrants, "graduates": graduates, "dropouts": moves[..., 0],
            "repeaters": moves[..., 1], "departures": moves[..., 2], "transfers_out": moves[..., 3],
            "transfers_in": moves[..., 4], "arrivals": arrivals, "stage_seats": seats, "binding": binding,
            "left_at_gate": left, "joined_at_gate": joined, "outside_entrants": outside, "adult_entrants": adults,
            "reserved": reserved,
            "reserved_broken": np.maximum(reserved - seats[..., stage[HIGHER]], 0.0), **gates.rows(), **work,
        }  # fmt: skip
        rows["international_students"] = self.schedule.where_given("international_students", year)
        rows = self._with_late_openings(year, rows)
        self._move_on(year, rows, entrants)
        return rows

    def _with_late_openings(self, year: int, rows: Rows) -> Rows:
        """Return the rows with the opening of every region whose own base year this is."""
        late = np.array([case.base_year == year for case in self.cases])
        if not late.any():
            return rows
        opening = self.opening_rows(year)
        kept = {}
        for name, values in rows.items():
            chosen = late.reshape(-1, *(1,) * (values.ndim - 2))
            kept[name] = np.where(chosen, opening.get(name, np.full(values.shape, np.nan)), values)
        return kept

    def _move_on(self, year: int, rows: Rows, entrants: Floats) -> None:
        """Keep the new state; a region whose base year is still ahead keeps its opening."""
        index = self.pathway.track_index
        started = np.array([year > case.base_year for case in self.cases])
        new = np.stack(
            [entrants[..., index[f"{SECONDARY}/{t}"]] for t in ("integrated_higher", "integrated_bachelor")], axis=-1
        )
        history = np.concatenate([self.integrated[:, :, 1:], new[:, :, None]], axis=2)
        self.stock = np.where(started[:, None], rows["stock"], self.stock)
        self.integrated = np.where(started[:, None, None], history, self.integrated)

    def _pass(self, year: int, terms: YearTerms) -> tuple[Floats, Floats, Floats, Floats]:
        """Return who stays, who graduates, the moves of the year, and arrivals."""
        tracks = self.pathway.tracks
        rate = {
            name: np.stack([terms.of(name, t.stage) for t in tracks], axis=-1).reshape(-1, len(tracks))
            for name in ("dropout_rate", "repetition_rate", "departure_rate")
        }
        transfer = np.zeros((*self.shape, len(tracks)))
        for position, track in enumerate(tracks):
            if self.pathway.partner[position] >= 0:
                transfer[..., position] = terms.of("transfer_rate", track.stage)
        flat = np.ascontiguousarray(self.stock.reshape(-1, self.pathway.cells))
        stay, graduates, moves = pass_a_year(
            flat, self.pathway.first_cell, self.pathway.grades, self.pathway.partner, rate["dropout_rate"],
            rate["repetition_rate"], rate["departure_rate"], transfer.reshape(-1, len(tracks)), self.whole,
            self.keys.of("progress", year, "year"), self.keys.draw,
        )  # fmt: skip
        stay = stay.reshape(*self.shape, -1)
        arrivals = np.zeros((*self.shape, len(tracks)))
        for stage in ("primary", "middle"):
            position = self.pathway.track_index[f"{stage}/regular"]
            track = tracks[position]
            coming = self._round(terms.of("arrivals", stage))
            share = self._floor(coming / (track.grades - 1))
            cells = slice(track.first_cell + 1, track.first_cell + track.grades)
            stay[..., cells] += share[..., None]
            stay[..., track.first_cell + 1] += coming - share * (track.grades - 1)
            arrivals[..., position] = coming
        return stay, graduates.reshape(*self.shape, -1), moves.reshape(*self.shape, len(tracks), 5), arrivals

    def _stage_seats(self, terms: YearTerms, stay: Floats, graduates: Floats) -> tuple[Floats, Floats]:
        """Return seats for entrants and the binding limit of every stage, shape (draw, region, stage)."""
        stages = self.pathway.stages
        seats = np.full((*self.shape, len(stages)), np.inf)
        binding = np.full((*self.shape, len(stages)), np.nan)
        for position, stage in enumerate(stages):
            switched = [set(case.limits.get(stage, ())) for case in self.cases]
            if not any(switched):
                continue
            continuing = np.ascontiguousarray(stay[..., self.pathway.stage_cells(stage)]).sum(axis=-1)

            def limit(name: str, path: Floats, on: list[set[str]] = switched) -> Floats:
                return np.where([name in region for region in on], path, np.inf)

            unlimited = np.full(self.shape, np.inf)
            named = set().union(*switched)
            plan = limit("intake_plan", terms.of("intake_plan", stage)) if "intake_plan" in named else unlimited
            licence = limit("licence", terms.of("licence", stage)) if "licence" in named else unlimited
            entry = unlimited
            if "entry_capacity" in named:
                per_year = terms.of("places", stage) / self.pathway.stage_grades(stage)
                entry = limit("entry_capacity", np.maximum(per_year, self.entry_floor))
            card = None
            if "card" in named and terms.capacity.cards is not None:
                leaving = graduates[..., list(self.pathway.stage_tracks(stage))].sum(axis=-1)
                left = card_limit(terms.of("intake_plan", stage), leaving, *terms.capacity.cards)
                yellow, red, _ = terms.capacity.cards
                card = limit("card", np.where(yellow + red > 0.0, left, np.inf))
            carried = terms.capacity.carried.get(stage, {})
            seats[..., position], found = seats_and_binding(plan, licence, entry, carried, continuing, card)
            binding[..., position] = found
        return seats, binding

    def _cohort_factor(self, terms: YearTerms, pool: Floats) -> Floats:
        """Return how general-school seats follow the number of middle leavers."""
        ratio = np.maximum(pool, 1e-9) / np.maximum(self.base_pool, 1e-9)
        followed = ratio ** terms.of("general_seat_elasticity")
        # A plan that somebody set is the plan; it does not follow the cohort any more.
        return np.where(self.schedule.is_set("intake_plan", "general_high", terms.year), 1.0, followed)

    def _senior_seats(
        self, terms: YearTerms, pool: Floats, general: Floats, vocational: Floats, come: Floats
    ) -> Floats:
        """Return the seats of general high, both integrated tracks and the regular track."""
        planned = np.minimum(vocational, np.maximum(pool - general, 0.0) + come)
        higher = terms.of("integrated_higher_share") * planned
        higher = np.minimum(higher, np.maximum(planned - come, 0.0))
        bachelor = np.minimum(terms.of("integrated_bachelor_share") * planned, np.maximum(planned - come - higher, 0.0))
        regular = np.maximum(vocational - come - higher - bachelor, 0.0)
        return np.stack([general, higher, bachelor, regular], axis=-1)

    def _senior_shift(self, terms: YearTerms) -> Floats:
        """Return what moves the utility of vocational options: willingness and last year's attractiveness."""
        moved = terms.of("willingness", "senior_secondary") + terms.of("attractiveness_strength") * terms.attractiveness
        return np.stack([np.zeros(self.shape), moved, moved, moved], axis=-1)

    def _shift(self, terms: YearTerms, gate: str, options: int) -> Floats:
        return np.repeat(terms.of("willingness", gate)[..., None], options, axis=-1)

    def _transfer(
        self, year: int, gates: _GateBook, graduates: Floats, terms: YearTerms, seats: Floats
    ) -> tuple[Floats, Floats, Floats]:
        """Return integrated students taken by stage, those who go back to the regular pool, and the reserved seats."""
        index, stage = self.pathway.track_index, self.pathway.stage_index
        passing = terms.of("transfer_pass_rate")
        leavers = [graduates[..., index[f"{SECONDARY}/{t}"]] for t in ("integrated_higher", "integrated_bachelor")]
        passed = [self._thin(year, f"pass/{n}", group, passing) for n, group in enumerate(leavers)]
        gone = [self._thin(year, f"away/{n}", group, self.away[SECONDARY]) for n, group in enumerate(passed)]
        here = [p - g for p, g in zip(passed, gone, strict=True)]
        to_vocational = self._thin(year, "to vocational", here[1], terms.of("integrated_bachelor_to_vocational_share"))
        wanted = np.stack([here[0], to_vocational, here[1] - to_vocational, gone[0] + gone[1]], axis=-1)
        limits = np.stack(
            [self._floor(seats[..., stage[s]]) for s in (HIGHER, "vocational_bachelor", "bachelor")]
            + [np.full(self.shape, np.inf)],
            axis=-1,
        )
        taken = np.minimum(wanted, limits)
        pool = leavers[0] + leavers[1]
        failed = pool - taken.sum(axis=-1)
        reserved = self._round(self.integrated[:, :, 0, 0] * (1.0 - self.away[SECONDARY]))
        # Those unplaced here are not lost: they go on to the exam for vocational leavers.
        gates.enter(1, pool, taken, limits, np.zeros_like(taken), np.zeros(self.shape), failed)
        return taken, failed, reserved

    def _topup_seats(self, terms: YearTerms) -> Floats:
        total = terms.of("topup_seats")
        # New vocational bachelor institutions take top-up students as the old ones did; where there were none, none.
        there = self.base_licence >= 1.0
        grown = terms.of("licence", "vocational_bachelor") / np.where(there, self.base_licence, 1.0)
        share = terms.of("topup_vocational_bachelor_share") * np.where(there, grown, 0.0)
        vocational = total * np.minimum(share, 1.0)
        return np.stack([vocational, total - vocational, terms.of("elsewhere_seats", "topup")], axis=-1)

    def _exams(
        self, year: int, gates: _GateBook, graduates: Floats, terms: YearTerms, seats: Floats, taken: Floats,
        failed: Floats, reserved: Floats, entrants: Floats, outside: Floats, adults: Floats,
    ) -> None:  # fmt: skip
        """Run the exams for vocational and general leavers, then fill the blocks of outsiders and adults."""
        index, stage = self.pathway.track_index, self.pathway.stage_index
        spill = self.schedule.scenario.seats_spill
        share = np.stack(
            [terms.of("block_share", pool) for pool in ("vocational", "general", "adult", "outside")], axis=-1
        )
        share = share / np.maximum(share.sum(axis=-1, keepdims=True), 1.0)
        blocks, _ = regular_seats_by_pool(seats[..., stage[HIGHER]], taken[..., 0], reserved, share, spill)
        blocks = self._floor(blocks)
        degree = {}
        for position, name in ((1, "vocational_bachelor"), (2, "bachelor")):
            rest = np.maximum(seats[..., stage[name]] - taken[..., position], 0.0)
            degree[name] = self._floor(rest[..., None] * self.blocks[name])
        pool = graduates[..., index[f"{SECONDARY}/regular"]] + failed
        order = ("vocational_bachelor", "bachelor")
        limits = np.stack(
            [blocks[..., 0], *[degree[name][..., 0] for name in order], terms.of("elsewhere_seats", "vocational_exam")],
            axis=-1,
        )
        first = self._gate(year, 3, gates, pool, limits, self._shift(terms, "vocational_exam", 4))
        empty = self._floor(limits) - first if spill else np.zeros_like(first)
        limits = np.stack(
            [
                blocks[..., 1] + empty[..., 0],
                *[degree[name][..., 1] + empty[..., 1 + n] for n, name in enumerate(order)],
                terms.of("elsewhere_seats", "general_exam"),
            ],
            axis=-1,
        )
        second = self._gate(
            year, 4, gates, graduates[..., index["general_high/regular"]], limits, self._shift(terms, "general_exam", 4)
        )
        empty_college = self._floor(limits)[..., 0] - second[..., 0] if spill else np.zeros(self.shape)
        grown = np.minimum(self._round(terms.of("adult_demand")), blocks[..., 2] + empty_college)
        adults[..., stage[HIGHER]] = grown
        outside[..., stage[HIGHER]] = blocks[..., 3]
        outside[..., stage["bachelor"]] = degree["bachelor"][..., 2]
        entrants[..., index[f"{HIGHER}/regular"]] = first[..., 0] + second[..., 0] + grown + blocks[..., 3]
        for n, name in enumerate(order, start=1):
            entrants[..., index[f"{name}/regular"]] = first[..., n] + second[..., n] + degree[name][..., 2]

    def _feed(
        self, year: int, before: Floats, graduates: Floats, entrants: Floats, left: Floats, joined: Floats
    ) -> None:
        """Let children enter primary school, and primary leavers enter middle school."""
        index, stage = self.pathway.track_index, self.pathway.stage_index
        entrants[..., index["primary/regular"]] = self._round(
            self.schedule.primary_entrants[:, year - self.schedule.first]
        )
        last = self.pathway.tracks[index["primary/regular"]]
        wanted = self._round(
            before[..., last.first_cell + last.grades - 1] * self.schedule.at("middle_entry_ratio", "", year)
        )
        leavers = graduates[..., index["primary/regular"]]
        left[..., stage["middle"]] = np.maximum(leavers - wanted, 0.0)
        joined[..., stage["middle"]] = np.maximum(wanted - leavers, 0.0)
        entrants[..., index["middle/regular"]] = wanted

    def _to_work(self, leavers: Floats, share: Floats, year: int) -> Rows:
        """Return who starts work, and in the region, for leavers of higher vocational colleges."""
        start, local = (
            np.full((*self.shape, len(self.pathway.stages)), np.nan),
            np.full((*self.shape, len(self.pathway.stages)), np.nan),
        )
        position = self.pathway.stage_index[HIGHER]
        start[..., position] = leavers
        local[..., position] = self._thin(year, "work", leavers, share) if year else leavers * share
        return {"start_work": start, "work_in_region": local}

    def _others_to_work(self, start: Floats, vocational_leavers: Floats, graduates: Floats) -> None:
        """Write who starts work after secondary vocational school or a bachelor programme; where, no figure says."""
        start[..., self.pathway.stage_index[SECONDARY]] = vocational_leavers
        for stage in ("vocational_bachelor", "bachelor"):
            start[..., self.pathway.stage_index[stage]] = graduates[..., list(self.pathway.stage_tracks(stage))].sum(
                axis=-1
            )

    def _gate(self, year: int, position: int, gates: _GateBook, pool: Floats, seats: Floats, shift: Floats) -> Floats:
        """Run one gate over all draws and regions; return the placed, shape (draw, region, option)."""
        gate = self.pathway.gates[position]
        options = len(gate.options)
        utility = (self.utility[gate.key] + shift).reshape(-1, options)
        slope = np.ascontiguousarray(self.slope[gate.key].reshape(-1, options))
        seats = self._floor(seats)
        flat = np.ascontiguousarray(seats.reshape(-1, options))
        people = np.ascontiguousarray(pool.reshape(-1))
        if self.whole:
            keys = self.keys.of("gate", year, gate.key)
            placed, cutoff, declined, unplaced = place_persons_by_score(
                people, utility, slope, flat, keys, self.keys.draw
            )
        else:
            placed, cutoff, declined, unplaced = place_by_score(people, utility, slope, flat)
        placed = placed.reshape(*self.shape, options)
        gates.enter(
            position, pool, placed, seats, cutoff.reshape(*self.shape, options), declined.reshape(self.shape),
            unplaced.reshape(self.shape),
        )  # fmt: skip
        return placed

    def _thin(self, year: int, event: str, group: Floats, rate: Floats) -> Floats:
        if not self.whole:
            return group * rate
        keys = self.keys.of("progress", year, event)
        rates = np.ascontiguousarray(np.broadcast_to(rate, group.shape).reshape(-1))
        return thin(np.ascontiguousarray(group.reshape(-1)), rates, self.whole, keys, self.keys.draw, 0).reshape(
            group.shape
        )

    def _round(self, number: Floats) -> Floats:
        return np.rint(number) if self.whole else number

    def _floor(self, number: Floats) -> Floats:
        return np.floor(number) if self.whole else number

    def _stage_zeros(self) -> Floats:
        return np.zeros((*self.shape, len(self.pathway.stages)))


class _GateBook:
    """Collects what the gates of one year report."""

    def __init__(self, shape: tuple[int, int], options: list[int]) -> None:
        count, most = len(options), max(options)
        self.wide = {name: np.full((*shape, count, most), np.nan) for name in ("placed", "seats", "cutoff")}
        self.narrow = {name: np.zeros((*shape, count)) for name in ("pool", "declined", "unplaced")}

    def enter(
        self,
        position: int,
        pool: Floats,
        placed: Floats,
        seats: Floats,
        cutoff: Floats,
        declined: Floats,
        unplaced: Floats,
    ) -> None:
        """Write one gate."""
        options = placed.shape[-1]
        for name, values in (("placed", placed), ("seats", seats), ("cutoff", cutoff)):
            self.wide[name][..., position, :options] = values
        for name, values in (("pool", pool), ("declined", declined), ("unplaced", unplaced)):
            self.narrow[name][..., position] = values

    def rows(self) -> Rows:
        """Return the arrays for the books."""
        return {**self.wide, **self.narrow}


class _RowKeys:
    """Random-number keys of every row (draw and region), one array for each event."""

    def __init__(self, draws: Draws, regions: list[str], count: int) -> None:
        self.draws = draws
        self.regions = regions
        self.count = count
        self.draw: NDArray[np.int64] = np.repeat(np.arange(count, dtype=np.int64), len(regions))

    def of(self, decision: str, year: int, event: str) -> NDArray[np.uint64]:
        """Return the keys of an event in a year, shape (row, 5)."""
        low, high, number = self.draws.key(decision)
        cohorts = [cohort_key(f"{region}/{event}") for region in self.regions]
        table = np.array([[low, high, number, year, cohort] for cohort in cohorts], dtype=np.uint64)
        return np.tile(table, (self.count, 1))
