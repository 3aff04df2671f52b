"""The cohort engine: grades as numbers of students, all draws in one pass, expectations or whole persons."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simvet.draws import Draws, cohort_key
from simvet.passage import INTEGRATED, SchoolYear
from simvet.rules.admission import place_by_score, place_persons_by_score
from simvet.rules.progress import pass_a_year, thin
from simvet.schedule import Schedule, YearTerms
from simvet.seating import SECONDARY, Seating

Floats = NDArray[np.float64]
Rows = dict[str, Floats]


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
        self.seating = Seating(schedule, self.whole)
        self.keys = RowKeys(draws, [case.region for case in self.cases], schedule.count)
        self.stock = np.stack([o.stock for o in schedule.openings], axis=1)
        # Entrants of both integrated tracks in the last three years, oldest first: (draw, region, 3, 2).
        self.integrated = self.seating.round(np.stack([o.integrated for o in schedule.openings], axis=1))

    def opening_rows(self) -> Rows:
        """Return what the opening balances say of the first year, shape (draw, region, ...)."""
        return self.seating.opening_rows()

    def step(self, year: int, terms: YearTerms) -> Rows:
        """Move every region on to autumn of ``year`` and report what happened, shape (draw, region, ...)."""
        reserved = self.seating.round(self.integrated[:, :, 0, 0] * (1.0 - self.seating.away))
        rows = SchoolYear(self.schedule, self.seating, self, terms).run(self.stock, reserved)
        self._move_on(year, rows)
        return rows

    def _move_on(self, year: int, rows: Rows) -> None:
        """Keep the new state; a region whose base year is still ahead keeps its opening."""
        index = self.pathway.track_index
        started = np.array([year > case.base_year for case in self.cases])
        new = np.stack([rows["entrants"][..., index[f"{SECONDARY}/{track}"]] for track in INTEGRATED], axis=-1)
        history = np.concatenate([self.integrated[:, :, 1:], new[:, :, None]], axis=2)
        self.stock = np.where(started[:, None], rows["stock"], self.stock)
        self.integrated = np.where(started[:, None, None], history, self.integrated)

    def pass_year(self, terms: YearTerms) -> tuple[Floats, Floats, Floats, Floats]:
        """Move everybody through the year; see :class:`simvet.passage.Flows`."""
        return pass_cells(self.stock, self.seating, terms, self.keys)

    def leave_before_exam(self, terms: YearTerms, leavers: Floats) -> Floats:
        """Return who leaves the region before the exam; see :class:`simvet.passage.Flows`."""
        return self._thin(terms.year, "leaving", leavers, terms.of("middle_leaving_share"))

    def join_before_exam(self, terms: YearTerms, number: Floats) -> None:
        """Let newcomers stand at the entry to senior secondary school: numbers need no room."""

    def gate(
        self, terms: YearTerms, position: int, pool: Floats, seats: Floats, utility: Floats
    ) -> tuple[Floats, Floats, Floats, Floats]:
        """Run one gate over all draws and regions; see :class:`simvet.passage.Flows`."""
        gate = self.pathway.gates[position]
        options = len(gate.options)
        slope = np.ascontiguousarray(self.seating.slope[gate.key].reshape(-1, options))
        flat = np.ascontiguousarray(seats.reshape(-1, options))
        people = np.ascontiguousarray(pool.reshape(-1))
        if self.whole:
            keys = self.keys.of("gate", terms.year, gate.key)
            placed, cutoff, declined, unplaced = place_persons_by_score(
                people, utility.reshape(-1, options), slope, flat, keys, self.keys.draw
            )
        else:
            placed, cutoff, declined, unplaced = place_by_score(people, utility.reshape(-1, options), slope, flat)
        wide = (*self.shape, options)
        return placed.reshape(wide), cutoff.reshape(wide), declined.reshape(self.shape), unplaced.reshape(self.shape)

    def select(self, terms: YearTerms, leavers: list[Floats], limits: Floats) -> Floats:
        """Run the transfer selection; see :class:`simvet.passage.Flows`."""
        year, passing = terms.year, terms.of("transfer_pass_rate")
        passed = [self._thin(year, f"pass/{n}", group, passing) for n, group in enumerate(leavers)]
        gone = [self._thin(year, f"away/{n}", group, self.seating.away) for n, group in enumerate(passed)]
        here = [p - g for p, g in zip(passed, gone, strict=True)]
        to_vocational = self._thin(year, "to vocational", here[1], terms.of("integrated_bachelor_to_vocational_share"))
        wanted = np.stack([here[0], to_vocational, here[1] - to_vocational, gone[0] + gone[1]], axis=-1)
        return np.minimum(wanted, limits)

    def find_work(self, terms: YearTerms, leavers: Floats) -> Floats:
        """Return who starts work in the region; see :class:`simvet.passage.Flows`."""
        return self._thin(terms.year, "work", leavers, terms.of("work_in_region_share"))

    def enter(self, terms: YearTerms, track: str, kind: str, number: Floats) -> None:
        """Let entrants in who stood at no gate: numbers need no room."""

    def _thin(self, year: int, event: str, group: Floats, rate: Floats) -> Floats:
        if not self.whole:
            return group * rate
        keys = self.keys.of("progress", year, event)
        rates = np.ascontiguousarray(np.broadcast_to(rate, group.shape).reshape(-1))
        return thin(np.ascontiguousarray(group.reshape(-1)), rates, self.whole, keys, self.keys.draw, 0).reshape(
            group.shape
        )


def pass_cells(
    stock: Floats, seating: Seating, terms: YearTerms, keys: RowKeys
) -> tuple[Floats, Floats, Floats, Floats]:
    """Move grades as numbers of students through a year.

    Parameters
    ----------
    stock : (draw, region, cell) array, persons of the autumn before.
    seating : Seating; says whether persons are whole, and who arrives.
    terms : YearTerms.
    keys : RowKeys.

    Returns
    -------
    stay : (draw, region, cell) array; graduates : (draw, region, track) array; moves : (draw, region, track, 5) array;
    arrivals : (draw, region, track) array; all in persons.

    Notes
    -----
    Errors: none. Source: MODEL, section 1.
    """
    pathway = seating.pathway
    tracks, shape = pathway.tracks, seating.shape
    rate = {
        name: np.stack([terms.of(name, t.stage) for t in tracks], axis=-1).reshape(-1, len(tracks))
        for name in ("dropout_rate", "repetition_rate", "departure_rate")
    }
    transfer = np.zeros((*shape, len(tracks)))
    for position, track in enumerate(tracks):
        if pathway.partner[position] >= 0:
            transfer[..., position] = terms.of("transfer_rate", track.stage)
    flat = np.ascontiguousarray(stock.reshape(-1, pathway.cells))
    stay, graduates, moves = pass_a_year(
        flat, pathway.first_cell, pathway.grades, pathway.partner, rate["dropout_rate"], rate["repetition_rate"],
        rate["departure_rate"], transfer.reshape(-1, len(tracks)), seating.whole,
        keys.of("progress", terms.year, "year"), keys.draw,
    )  # fmt: skip
    stay = stay.reshape(*shape, -1)
    arrivals = np.zeros((*shape, len(tracks)))
    for stage in ("primary", "middle"):
        position = pathway.track_index[f"{stage}/regular"]
        track = tracks[position]
        arrivals[..., position], by_grade = seating.arrivals(terms, stage)
        stay[..., track.first_cell + 1 : track.first_cell + track.grades] += by_grade
    return stay, graduates.reshape(*shape, -1), moves.reshape(*shape, len(tracks), 5), arrivals


class RowKeys:
    """Random-number keys of every row (draw and region), one array for each event.

    Notes
    -----
    Shape: :meth:`of` gives (row, 5). Unit: none. Errors: none. Source: MODEL, section 7.
    """

    def __init__(self, draws: Draws, regions: list[str], count: int) -> None:
        self.draws = draws
        self.regions = regions
        self.count = count
        self.draw: NDArray[np.int64] = np.repeat(draws.rows(count), len(regions))

    def of(self, decision: str, year: int, event: str) -> NDArray[np.uint64]:
        """Return the keys of an event in a year, shape (row, 5)."""
        low, high, number = self.draws.key(decision)
        cohorts = [cohort_key(f"{region}/{event}") for region in self.regions]
        table = np.array([[low, high, number, year, cohort] for cohort in cohorts], dtype=np.uint64)
        return np.tile(table, (self.count, 1))
