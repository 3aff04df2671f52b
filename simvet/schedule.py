"""Scenario -> Schedule: numbers drawn, levers and drift applied, one YearTerms a year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simvet.catalogue import CATALOGUE
from simvet.draws import Draws, cohort_key
from simvet.errors import InputError
from simvet.levers import apply_lever
from simvet.opening.state import Opening, open_region
from simvet.rules.drift import poisson_counts, wander
from simvet.sampling import Sample, Uncertainty, triangular
from simvet.scenario import Scenario
from simvet.tables import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Floats = NDArray[np.float64]

GROWTH = {
    ("intake_plan", "higher_vocational"): ("intake_plan_growth", "higher_vocational"),
    ("intake_plan", "bachelor"): ("intake_plan_growth", "bachelor"),
    ("topup_seats", ""): ("topup_seat_growth", ""),
    ("elsewhere_seats", "topup"): ("elsewhere_seat_growth", ""),
    ("elsewhere_seats", "vocational_exam"): ("elsewhere_seat_growth", ""),
    ("elsewhere_seats", "general_exam"): ("elsewhere_seat_growth", ""),
    ("teachers", "secondary_vocational"): ("teacher_growth", ""),
    ("international_students", ""): ("international_student_growth", ""),
    ("adult_demand", ""): ("adult_demand_growth", ""),
}
"""What grows by which yearly rate."""


@dataclass(frozen=True)
class YearTerms:
    """Everything that acts in one school year, levers and drift already in it.

    Notes
    -----
    Shape: :meth:`of` hands out (draw, region) arrays. Unit: each quantity's own. Errors: none. Source: the schedule.
    """

    year: int
    schedule: Schedule
    attractiveness: Floats

    def of(self, name: str, key: str = "") -> Floats:
        """Return a quantity in this year, shape (draw, region)."""
        return self.schedule.at(name, key, self.year)


class Schedule:
    """All paths of a run, drawn once.

    Notes
    -----
    Shape: paths are (draw, year) or, where nothing changes, (draw, 1). Unit: each quantity's own. Errors: InputError
    from the data. Source: the scenario, its data and its levers, MODEL section 7.
    """

    def __init__(
        self,
        scenario: Scenario,
        draws: Draws,
        count: int,
        uncertainty: Uncertainty,
        openings: list[Opening] | None = None,
    ) -> None:
        self.scenario = scenario
        self.draws = draws
        self.count = count
        self.uncertainty = uncertainty
        self.first = min(case.base_year for case in scenario.regions)
        self.calendar: NDArray[np.int64] = np.arange(self.first, scenario.until + 1)
        digest = scenario.data_digest
        self.openings: list[Opening] = openings or [
            open_region(case, scenario.pathway, scenario.rows[case.region], digest, draws, count, uncertainty)
            for case in scenario.regions
        ]
        self.held: dict[str, int] = {}
        self._paths: dict[tuple[int, str, str], Floats] = {}
        self._stacked: dict[tuple[str, str], Floats] = {}
        self.primary_entrants = np.stack([self._primary_entrants(position) for position in self.positions], axis=2)

    @property
    def positions(self) -> range:
        """Return the positions of the regions."""
        return range(len(self.scenario.regions))

    @property
    def years(self) -> list[int]:
        """Return the school years after the base year of the first region, in order."""
        return [int(year) for year in self.calendar[1:]]

    def terms(self, year: int, attractiveness: Floats) -> YearTerms:
        """Return what acts in a school year, given the attractiveness that last year's books left."""
        return YearTerms(year, self, attractiveness)

    def at(self, name: str, key: str, year: int) -> Floats:
        """Return a quantity in a year, shape (draw, region)."""
        stacked = self._stacked.get((name, key))
        if stacked is None:
            paths = [self.path(position, name, key) for position in self.positions]
            width = max(path.shape[1] for path in paths)
            stacked = np.stack([np.broadcast_to(path, (self.count, width)) for path in paths], axis=2)
            self._stacked[(name, key)] = stacked
        return stacked[:, 0 if stacked.shape[1] == 1 else year - self.first]

    def where_given(self, name: str, year: int) -> Floats:
        """Return a quantity that not every region has, NaN where its data give none, shape (draw, region)."""
        column = [
            self._whole(self.path(position, name))[:, year - self.first]
            if self._sample(position).has(name)
            else np.full(self.count, np.nan)
            for position in self.positions
        ]
        return np.stack(column, axis=1)

    def path(self, position: int, name: str, key: str = "") -> Floats:
        """Return a region's path of a quantity, shape (draw, year) or (draw, 1)."""
        found = self._paths.get((position, name, key))
        if found is None:
            # Drift first: what a lever sets stays set.
            drifted = self._with_drift(position, name, key, self._base(position, name, key))
            found = self._with_levers(position, name, key, drifted)
            self._paths[(position, name, key)] = found
        return found

    def _sample(self, position: int) -> Sample:
        return self.openings[position].sample

    def _whole(self, path: Floats) -> Floats:
        return np.broadcast_to(path, (self.count, len(self.calendar)))

    def _since(self, position: int) -> NDArray[np.int64]:
        return np.maximum(self.calendar - self.scenario.regions[position].base_year, 0)

    def _base(self, position: int, name: str, key: str) -> Floats:
        """Return the path before levers and drift."""
        opening = self.openings[position]
        if (name, key) == ("block_share", "general"):
            return self._rest_of_blocks(position)
        if (name, key) in opening.base:
            start = opening.base[(name, key)][:, None]
        elif name in CATALOGUE and CATALOGUE[name].origin == "neutral":
            start = np.full((self.count, 1), CATALOGUE[name].neutral)
        else:
            start = self._sample(position).of(name, key)[:, None]
        if (name, key) in GROWTH:
            start = np.asarray(start * self._growth(position, *GROWTH[(name, key)]))
        grown = {
            "block_share": self._grown_block,
            "intake_plan": self._less_converted,
            "licence": self._grown_licence,
            "places": self._grown_places,
            "work_in_region_share": self._grown_local_work,
        }.get(name)
        return np.asarray(grown(position, key, start) if grown else start)

    def _rest_of_blocks(self, position: int) -> Floats:
        """Return what the other pools leave of college seats to general leavers."""
        pools = ("vocational", "adult", "outside")
        others = sum(self._whole(self.path(position, "block_share", pool)) for pool in pools)
        crowded = int(np.count_nonzero(np.asarray(others) > 1.0 + 1e-9))
        if crowded:
            self.held["block_share"] = crowded
        return np.maximum(1.0 - np.asarray(others), 0.0)

    def _grown_block(self, position: int, key: str, start: Floats) -> Floats:
        """Return a block's share: that of vocational leavers grows faster or slower than the whole intake."""
        if key != "vocational":
            return start
        base = self.openings[position].base
        faster = self._growth(position, "vocational_block_growth", "")
        slower = self._growth(position, "intake_plan_growth", "higher_vocational")
        room = 1.0 - base[("block_share", "adult")] - base[("block_share", "outside")]
        return np.minimum(start * faster / slower, np.maximum(room, start[:, 0])[:, None])

    def _less_converted(self, position: int, key: str, start: Floats) -> Floats:
        """Return an intake plan less what colleges give up when they are raised to bachelor level."""
        if key != "higher_vocational":
            return start
        converted = self._whole(self.path(position, "approval_conversion_share")) * self._approved_intake(position)
        return np.maximum(start - converted, 0.0)

    def _grown_licence(self, position: int, _: str, start: Floats) -> Floats:
        return start + self._approved_intake(position)

    def _grown_places(self, position: int, key: str, start: Floats) -> Floats:
        places = start + self._project_places(position, key)
        below = int(np.count_nonzero(places < 0.0))
        if below:
            self.held["places"] = below
        return np.maximum(places, 0.0)

    def _grown_local_work(self, position: int, _: str, start: Floats) -> Floats:
        rate = self._whole(self.path(position, "work_in_region_growth"))
        trend = np.cumsum(np.where(self._since(position) > 0, rate, 0.0), axis=1)
        return _logistic(_logit(np.clip(start, 1e-9, 1 - 1e-9)) + trend)

    def _growth(self, position: int, name: str, key: str) -> Floats:
        """Return the product of yearly growth since the region's base year, shape (draw, year)."""
        rate = self._whole(self.path(position, name, key))
        after = self.calendar > self.scenario.regions[position].base_year
        return np.asarray(np.cumprod(np.where(after, 1.0 + rate, 1.0), axis=1), dtype=np.float64)

    def _approved_intake(self, position: int) -> Floats:
        """Return the intake of institutions approved since the base year, persons/year, shape (draw, year)."""
        region = self.scenario.regions[position]
        rate = self._whole(self.path(position, "approvals_per_year"))
        rate = np.where(self.calendar > region.base_year, rate, 0.0)
        if self.uncertainty.drift:
            low, high, decision = self.draws.key("approval")
            cohort = cohort_key(f"{region.region}/approvals")
            rate = poisson_counts(low, high, decision, cohort, self.first, np.ascontiguousarray(rate))
        approved = rate + self._whole(self.path(position, "approved_institutions"))
        running = np.cumsum(approved, axis=1)
        lag = np.rint(self._sample(position).of("approval_lag")).astype(np.int64)
        opened = np.zeros_like(running)
        for years in np.unique(lag):
            rows = lag == years
            opened[rows, years:] = running[rows, : running.shape[1] - years]
        return np.asarray(opened * self._whole(self.path(position, "approval_intake")))

    def _project_places(self, position: int, stage: str) -> Floats:
        """Return places opened (or closed) by projects since the base year, shape (draw, year)."""
        region = self.scenario.regions[position].region
        total = np.zeros((self.count, len(self.calendar)))
        for project in self.scenario.projects:
            if project.region == region and project.stage == stage:
                places, opening = self.project(region, project.name)
                total += np.where(self.calendar[None, :] >= opening[:, None], places[:, None], 0.0)
        return total

    def project(self, region: str, name: str) -> tuple[Floats, Floats]:
        """Return places and opening year of a project, shape (draw,) each."""
        project = next(p for p in self.scenario.projects if p.region == region and p.name == name)
        if not self.uncertainty.parameters:
            return np.full(self.count, project.places.value), np.full(self.count, np.rint(project.opening.value))
        drawn = []
        for part, spread in (("places", project.places), ("opening", project.opening)):
            uniform = self.draws.uniform("project", 0, f"{region}/{name}/{part}", self.count)
            drawn.append(triangular(uniform, spread.low, spread.value, spread.high))
        return drawn[0], np.rint(drawn[1])

    def opened_places(self, year: int) -> Floats:
        """Return the places that projects have opened by a year, closures left aside, shape (draw, region)."""
        total = np.zeros((self.count, len(self.scenario.regions)))
        for position in self.positions:
            region = self.scenario.regions[position].region
            for project in self.scenario.projects:
                if project.region == region and project.places.high > 0:
                    places, opening = self.project(region, project.name)
                    total[:, position] += np.where(opening <= year, places, 0.0)
        return total

    def _with_levers(self, position: int, name: str, key: str, path: Floats) -> Floats:
        region = self.scenario.regions[position].region
        for lever in self.scenario.levers:
            if (lever.region, lever.quantity, lever.key) == (region, name, key):
                path, held = apply_lever(lever, self._whole(path), self.calendar)
                if held:
                    self.held[lever.name] = self.held.get(lever.name, 0) + held
        return path

    def is_set(self, name: str, key: str, year: int) -> NDArray[np.bool_]:
        """Return in which regions a lever fixes a quantity in a year, shape (region,)."""
        fixed = [False] * len(self.scenario.regions)
        for lever in self.scenario.levers:
            if (
                (lever.quantity, lever.key) == (name, key)
                and lever.operation in ("set", "ramp")
                and lever.start <= year
            ):
                position = [case.region for case in self.scenario.regions].index(lever.region)
                fixed[position] = fixed[position] or lever.operation == "ramp" or year <= (lever.end or year)
        return np.array(fixed)

    def _with_drift(self, position: int, name: str, key: str, path: Floats) -> Floats:
        quantity = CATALOGUE.get(name)
        if quantity is None or quantity.drift == "none" or not self.uncertainty.drift:
            return path
        case = self.scenario.regions[position]
        low, high, decision = self.draws.key("drift")
        sample = self._sample(position)
        moved = wander(
            low, high, decision, cohort_key(f"{case.region}/{name}/{key}"), self.first, len(self.calendar),
            case.base_year, sample.of("drift_persistence"), sample.of("drift_sd"),
        )  # fmt: skip
        if quantity.drift == "add":
            return path + moved
        if quantity.drift == "log":
            return np.asarray(path * np.exp(moved))
        span = quantity.high - quantity.low
        inside = np.clip((path - quantity.low) / span, 1e-12, 1.0 - 1e-12)
        drifted = quantity.low + span * _logistic(_logit(inside) + moved)
        # A rate of exactly zero or one was written by someone and does not wander.
        return np.where((path <= quantity.low) | (path >= quantity.high), path, drifted)

    def _primary_entrants(self, position: int) -> Floats:
        """Return primary entrants by year, persons/year, shape (draw, year): births of the two years six before."""
        case = self.scenario.regions[position]
        births = self._births(position)
        total = np.zeros((self.count, len(self.calendar)))
        for column, year in enumerate(self.calendar):
            if year > case.base_year:
                total[:, column] = births(int(year) - 7, column) / 3.0 + births(int(year) - 6, column) * 2.0 / 3.0
        return total * self._whole(self.path(position, "primary_entry"))

    def _births(self, position: int) -> Callable[[int, int], Floats]:
        """Return a function from a year of birth and a column of entry to the children who enter school."""
        case = self.scenario.regions[position]
        rows: Mapping[int, Row] = {
            row.year: row for row in self.scenario.rows[case.region] if row.use == "path" and row.indicator == "births"
        }
        sample = self._sample(position)

        level = self._whole(self.path(position, "birth_level"))

        def children(year: int, column: int) -> Floats:
            if year not in rows:
                raise InputError(
                    f"data/{case.region}", "there is no row for {name!r} of {key!r}",
                    "Add a row with value, range, unit, status and reason", name=f"births {year}", key=case.region,
                )  # fmt: skip
            row = rows[year]
            uniform = self.draws.uniform("birth", year, f"{case.region}/births", self.count)
            drawn = (
                triangular(uniform, row.low, row.value, row.high)
                if self.uncertainty.parameters
                else np.full(self.count, row.value)
            )
            entered = drawn * sample.of("entrants_per_birth", row.definition)
            return entered * level[:, column] if row.status == "assumed" and year > case.base_year else entered

        return children


def _logit(share: Floats) -> Floats:
    return np.asarray(np.log(share) - np.log1p(-share))


def _logistic(value: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-value)))
