"""Seats and wishes of every gate in a year, from what acts in it: the same for every engine.

An engine says how many stay and how many stand at a gate; this says how many seats there are, how far utilities have
moved, and what the opening balances report of a base year.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simvet.rules.seats import regular_seats_by_pool, seats_and_binding
from simvet.rules.standards import card_limit
from simvet.schedule import Schedule, YearTerms

Floats = NDArray[np.float64]
Rows = dict[str, Floats]

SECONDARY = "secondary_vocational"
HIGHER = "higher_vocational"
DEGREES = ("vocational_bachelor", "bachelor")
POOLS = ("vocational", "general", "adult", "outside")


class Seating:
    """What the gates of a run offer, year by year.

    Notes
    -----
    Shape: (draw, region, ...). Unit: persons, persons/year. Errors: none; terms are checked before they get here.
    Source: MODEL, sections 4 and 5.
    """

    def __init__(self, schedule: Schedule, whole: bool) -> None:
        self.schedule = schedule
        self.pathway = schedule.scenario.pathway
        self.cases = schedule.scenario.regions
        self.shape = (schedule.count, len(self.cases))
        self.whole = whole
        openings = schedule.openings
        self.base_pool = np.stack([o.pool["senior_secondary"] for o in openings], axis=1)
        self.utility = {k: np.stack([o.utility[k] for o in openings], axis=1) for k in openings[0].utility}
        self.slope = {k: np.stack([o.slope[k] for o in openings], axis=1) for k in openings[0].slope}
        self.blocks = {k: np.stack([o.college_blocks[k] for o in openings], axis=1) for k in openings[0].college_blocks}
        self.entry_floor = np.stack([o.base[("entry_floor", SECONDARY)] for o in openings], axis=1)
        self.base_licence = np.stack([o.base[("licence", "vocational_bachelor")] for o in openings], axis=1)
        self.away = np.stack([o.sample.of("study_elsewhere_share", SECONDARY) for o in openings], axis=1)

    def opening_rows(self, base_year: int | None = None) -> Rows:
        """Return what the opening balances say of a base year, by default the first, shape (draw, region, ...)."""
        year = self.schedule.first if base_year is None else base_year
        openings = self.schedule.openings
        rows: Rows = {
            "stock": np.stack([o.stock for o in openings], axis=1),
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
        local = leavers * self.schedule.at("work_in_region_share", "", year)
        work = self.to_work(leavers, local)
        self.others_to_work(work["start_work"], pool[:, :, 3] - np.nansum(placed[:, :, 3], axis=-1), rows["graduates"])
        rows.update({name: self.round(number) for name, number in work.items()})
        rows["international_students"] = self.schedule.where_given("international_students", year)
        return rows

    def stage_seats(self, terms: YearTerms, stay: Floats, graduates: Floats) -> tuple[Floats, Floats]:
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

    def cohort_factor(self, terms: YearTerms, pool: Floats) -> Floats:
        """Return how general-school seats follow the number of middle leavers."""
        ratio = np.maximum(pool, 1e-9) / np.maximum(self.base_pool, 1e-9)
        followed = ratio ** terms.of("general_seat_elasticity")
        # A plan that somebody set is the plan; it does not follow the cohort any more.
        return np.where(self.schedule.is_set("intake_plan", "general_high", terms.year), 1.0, followed)

    def senior_seats(self, terms: YearTerms, pool: Floats, general: Floats, vocational: Floats, come: Floats) -> Floats:
        """Return the seats of general high, both integrated tracks and the regular track."""
        planned = np.minimum(vocational, np.maximum(pool - general, 0.0) + come)
        higher = terms.of("integrated_higher_share") * planned
        higher = np.minimum(higher, np.maximum(planned - come, 0.0))
        bachelor = np.minimum(terms.of("integrated_bachelor_share") * planned, np.maximum(planned - come - higher, 0.0))
        regular = np.maximum(vocational - come - higher - bachelor, 0.0)
        return np.stack([general, higher, bachelor, regular], axis=-1)

    def senior_shift(self, terms: YearTerms) -> Floats:
        """Return what moves the utility of vocational options: willingness and last year's attractiveness."""
        moved = terms.of("willingness", "senior_secondary") + terms.of("attractiveness_strength") * terms.attractiveness
        return np.stack([np.zeros(self.shape), moved, moved, moved], axis=-1)

    def shift(self, terms: YearTerms, gate: str, options: int) -> Floats:
        """Return what moves the utility of all options of a gate, logit, shape (draw, region, option)."""
        return np.repeat(terms.of("willingness", gate)[..., None], options, axis=-1)

    def topup_seats(self, terms: YearTerms) -> Floats:
        """Return the top-up seats of both bachelor stages and elsewhere, persons/year, shape (draw, region, option)."""
        total = terms.of("topup_seats")
        # New vocational bachelor institutions take top-up students as the old ones did; where there were none, none.
        there = self.base_licence >= 1.0
        grown = terms.of("licence", "vocational_bachelor") / np.where(there, self.base_licence, 1.0)
        share = terms.of("topup_vocational_bachelor_share") * np.where(there, grown, 0.0)
        vocational = total * np.minimum(share, 1.0)
        return np.stack([vocational, total - vocational, terms.of("elsewhere_seats", "topup")], axis=-1)

    def utility_of(self, gate: str, shift: Floats) -> Floats:
        """Return the utilities of a gate's options as a shift has moved them, logit, shape (draw, region, option)."""
        return np.asarray(self.utility[gate] + shift)

    def transfer_limits(self, seats: Floats) -> Floats:
        """Return the seats that integrated students find after transfer selection; elsewhere nothing limits them."""
        stage = self.pathway.stage_index
        found = [self.floor(seats[..., stage[name]]) for name in (HIGHER, *DEGREES)]
        return np.stack([*found, np.full(self.shape, np.inf)], axis=-1)

    def college_blocks(
        self, terms: YearTerms, seats: Floats, taken: Floats, reserved: Floats
    ) -> tuple[Floats, dict[str, Floats]]:
        """Return the seats of every pool of higher vocational colleges, and of both bachelor stages, by pool.

        Parameters
        ----------
        terms : YearTerms.
        seats : (draw, region, stage) array, persons/year.
        taken : (draw, region, option) array, persons who came through the transfer selection.
        reserved : (draw, region) array, persons; seats promised three years ago.

        Returns
        -------
        blocks : (draw, region, pool) array, pools as in POOLS.
        degree : stage -> (draw, region, 3) array; for vocational leavers, general leavers and from outside.

        Notes
        -----
        Unit: persons/year. Errors: none. Source: MODEL, section 4.
        """
        stage = self.pathway.stage_index
        share = np.stack([terms.of("block_share", pool) for pool in POOLS], axis=-1)
        share = share / np.maximum(share.sum(axis=-1, keepdims=True), 1.0)
        spill = self.schedule.scenario.seats_spill
        blocks, _ = regular_seats_by_pool(seats[..., stage[HIGHER]], taken[..., 0], reserved, share, spill)
        degree = {}
        for position, name in enumerate(DEGREES, start=1):
            rest = np.maximum(seats[..., stage[name]] - taken[..., position], 0.0)
            degree[name] = self.floor(rest[..., None] * self.blocks[name])
        return self.floor(blocks), degree

    def vocational_exam_seats(self, terms: YearTerms, blocks: Floats, degree: dict[str, Floats]) -> Floats:
        """Return the seats of the exam for vocational leavers, shape (draw, region, option)."""
        away = terms.of("elsewhere_seats", "vocational_exam")
        return np.stack([blocks[..., 0], *[degree[name][..., 0] for name in DEGREES], away], axis=-1)

    def general_exam_seats(self, terms: YearTerms, blocks: Floats, degree: dict[str, Floats], empty: Floats) -> Floats:
        """Return the seats of the exam for general leavers, those left empty before among them, same shape."""
        own = [degree[name][..., 1] + empty[..., 1 + n] for n, name in enumerate(DEGREES)]
        away = terms.of("elsewhere_seats", "general_exam")
        return np.stack([blocks[..., 1] + empty[..., 0], *own, away], axis=-1)

    def left_empty(self, limits: Floats, placed: Floats) -> Floats:
        """Return the seats that a gate passes on to the next one: none where seats do not spill."""
        return self.floor(limits) - placed if self.schedule.scenario.seats_spill else np.zeros_like(placed)

    def middle_entrants(self, year: int, before: Floats, graduates: Floats) -> tuple[Floats, Floats, Floats]:
        """Return who enters middle school, and who leaves or joins between primary and middle school.

        Parameters
        ----------
        year : int, school year.
        before : (draw, region, cell) array, persons of the autumn before.
        graduates : (draw, region, track) array, persons.

        Returns
        -------
        three (draw, region) arrays, persons/year.

        Notes
        -----
        Errors: none. Source: MODEL, section 1 (a loss between two levels is a departure at the gate).
        """
        index = self.pathway.track_index
        last = self.pathway.tracks[index["primary/regular"]]
        wanted = self.round(
            before[..., last.first_cell + last.grades - 1] * self.schedule.at("middle_entry_ratio", "", year)
        )
        leavers = graduates[..., index["primary/regular"]]
        return wanted, np.maximum(leavers - wanted, 0.0), np.maximum(wanted - leavers, 0.0)

    def arrivals(self, terms: YearTerms, stage: str) -> tuple[Floats, Floats]:
        """Return who joins the upper grades of a stage from elsewhere, in all and by grade.

        Parameters
        ----------
        terms : YearTerms.
        stage : str.

        Returns
        -------
        coming : (draw, region) array, persons/year.
        by_grade : (draw, region, grade) array, for the second grade and those above it.

        Notes
        -----
        Errors: none. Source: MODEL, section 1; spread evenly, what cannot be split goes to the second grade.
        """
        track = self.pathway.tracks[self.pathway.track_index[f"{stage}/regular"]]
        coming = self.round(terms.of("arrivals", stage))
        share = self.floor(coming / (track.grades - 1))
        by_grade = np.repeat(share[..., None], track.grades - 1, axis=-1)
        by_grade[..., 0] += coming - share * (track.grades - 1)
        return coming, by_grade

    def to_work(self, leavers: Floats, local: Floats) -> Rows:
        """Return who starts work after college, and of them in the region, shape (draw, region, stage)."""
        start = np.full((*self.shape, len(self.pathway.stages)), np.nan)
        here = np.full((*self.shape, len(self.pathway.stages)), np.nan)
        position = self.pathway.stage_index[HIGHER]
        start[..., position], here[..., position] = leavers, local
        return {"start_work": start, "work_in_region": here}

    def others_to_work(self, start: Floats, vocational_leavers: Floats, graduates: Floats) -> None:
        """Write who starts work after secondary vocational school or a bachelor programme; where, no figure says."""
        start[..., self.pathway.stage_index[SECONDARY]] = vocational_leavers
        for stage in ("vocational_bachelor", "bachelor"):
            start[..., self.pathway.stage_index[stage]] = graduates[..., list(self.pathway.stage_tracks(stage))].sum(
                axis=-1
            )

    def with_late_openings(self, year: int, rows: Rows) -> Rows:
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

    def round(self, number: Floats) -> Floats:
        """Return a number of persons, whole where the run moves whole persons."""
        return np.rint(number) if self.whole else number

    def floor(self, number: Floats) -> Floats:
        """Return a number of seats, whole where the run moves whole persons."""
        return np.floor(number) if self.whole else number


class GateBook:
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
