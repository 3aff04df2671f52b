"""Scenario -> Schedule: numbers drawn, levers and drift applied, one YearTerms a year."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from simvet.catalogue import CATALOGUE
from simvet.draws import Draws, cohort_key
from simvet.errors import InputError
from simvet.levers import apply_lever
from simvet.opening.state import Opening, open_region
from simvet.projects import Built, build
from simvet.rules.drift import wander
from simvet.sampling import Sample, Uncertainty, triangular
from simvet.scenario import Scenario
from simvet.stocks import GROWN, GROWTH, grown_by_rate, logistic, logit, project_total, rest_of_blocks
from simvet.tables import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping, Sequence

Floats = NDArray[np.float64]

SECONDARY = "secondary_vocational"
MOST_SHARED = 600
"""Things kept for schedules of the same draws: a region's items and staff under some ten settings of their levers."""
Kept = TypeVar("Kept")


@dataclass(frozen=True)
class Capacity:
    """What the resources of one autumn allow, stage by stage.

    Notes
    -----
    Shape: ``carried`` stage -> limit -> (draw, region) array, students; ``cards`` (yellow, red, lasting) arrays (draw,
    region), shares of colleges, or None where the rule is off. Unit: students, share. Errors: none. Source: MODEL,
    section 5.
    """

    carried: Mapping[str, Mapping[str, Floats]]
    cards: tuple[Floats, Floats, Floats] | None = None


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
    capacity: Capacity

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
        shared: dict[tuple[object, ...], Any] | None = None,
    ) -> None:
        self.scenario = scenario
        self.draws = draws
        self.count = count
        self.uncertainty = uncertainty
        self.first = min(case.base_year for case in scenario.regions)
        self.calendar: NDArray[np.int64] = np.arange(self.first, scenario.until + 1)
        self.openings: list[Opening] = openings or self._opened_regions()
        self.held: dict[str, int] = {}
        # Looked through some hundred times a run: what each lever says, once.
        self._said = [
            (each.quantity, (each.region, each.quantity, each.key, each.operation, each.value, each.start, each.end))
            for each in scenario.levers
        ]
        self._fixing = [lever for lever in scenario.levers if lever.operation in ("set", "ramp")]
        self._paths: dict[tuple[int, str, str], Floats] = {}
        self._stacked: dict[tuple[str, str], Floats] = {}
        self._built: dict[int, list[Built]] = {}
        self._opened: Floats | None = None
        self.shared: dict[tuple[object, ...], Any] = {} if shared is None else shared
        self.primary_entrants = np.stack([self._primary_entrants(position) for position in self.positions], axis=2)

    def _opened_regions(self) -> list[Opening]:
        scenario, digest = self.scenario, self.scenario.data_digest
        return [
            open_region(
                case, scenario.pathway, scenario.rows[case.region], digest, self.draws, self.count, self.uncertainty
            )
            for case in scenario.regions
        ]

    @property
    def positions(self) -> range:
        """Return the positions of the regions."""
        return range(len(self.scenario.regions))

    @property
    def years(self) -> list[int]:
        """Return the school years after the base year of the first region, in order."""
        return [int(year) for year in self.calendar[1:]]

    def terms(self, year: int, attractiveness: Floats, capacity: Capacity) -> YearTerms:
        """Return what acts in a school year, given last year's attractiveness and what schools have this autumn."""
        return YearTerms(year, self, attractiveness, capacity)

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
            self.whole(self.path(position, name))[:, year - self.first]
            if self.sample(position).has(name)
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

    def sample(self, position: int) -> Sample:
        """Return a region's drawn numbers."""
        return self.openings[position].sample

    def whole(self, path: Floats) -> Floats:
        """Return a path with a value for every year, shape (draw, year)."""
        return np.broadcast_to(path, (self.count, len(self.calendar)))

    def built(self, position: int) -> Sequence[Built]:
        """Return a region's projects in every draw, in the order of the scenario."""
        if position not in self._built:
            region = self.scenario.regions[position].region
            self._built[position] = [
                self.kept(
                    f"project/{project}",
                    (),
                    partial(build, project, self.draws, self.count, self.uncertainty.parameters),
                )
                for project in self.scenario.projects
                if project.region == region
            ]
        return self._built[position]

    def kept(self, name: str, rests_on: Container[str], make: Callable[[], Kept]) -> Kept:
        """Return something that follows from the schedule alone, made once for equal levers on what it rests on.

        Schedules of the same draws, openings and horizon share what is kept: most levers leave most of it as it was.
        """
        key = (name, self.scenario.until, tuple(said for quantity, said in self._said if quantity in rests_on))
        # What was used last stays: a screen walks through as many levers as its users have ideas.
        found: Kept = self.shared.pop(key) if key in self.shared else make()
        self.shared[key] = found
        while len(self.shared) > MOST_SHARED:
            del self.shared[next(iter(self.shared))]
        return found

    def _base(self, position: int, name: str, key: str) -> Floats:
        """Return the path before levers and drift."""
        opening = self.openings[position]
        if (name, key) == ("block_share", "general"):
            return rest_of_blocks(self, position)
        if (name, key) in opening.base:
            start = opening.base[(name, key)][:, None]
        elif name in CATALOGUE and CATALOGUE[name].origin == "neutral":
            start = np.full((self.count, 1), CATALOGUE[name].neutral)
        else:
            start = self.sample(position).of(name, key)[:, None]
        if (name, key) in GROWTH:
            start = np.asarray(start * grown_by_rate(self, position, *GROWTH[(name, key)]))
        grown = GROWN.get(name)
        return np.asarray(grown(self, position, key, start) if grown else start)

    def opened_places(self, year: int) -> Floats:
        """Return the places that projects have opened by a year, closures left aside, shape (draw, region)."""
        if self._opened is None:
            paths = [project_total(self, position, SECONDARY, only_opened=True) for position in self.positions]
            self._opened = np.stack(paths, axis=2)
        return self._opened[:, year - self.first]

    def _with_levers(self, position: int, name: str, key: str, path: Floats) -> Floats:
        region = self.scenario.regions[position].region
        for lever in self.scenario.levers:
            if (lever.region, lever.quantity, lever.key) == (region, name, key):
                path, held = apply_lever(lever, self.whole(path), self.calendar)
                if held:
                    self.held[lever.name] = self.held.get(lever.name, 0) + held
        return path

    def is_set(self, name: str, key: str, year: int) -> NDArray[np.bool_]:
        """Return in which regions a lever fixes a quantity in a year, shape (region,)."""
        fixed = [False] * len(self.scenario.regions)
        for lever in self._fixing:
            if (lever.quantity, lever.key) == (name, key) and lever.start <= year:
                position = [case.region for case in self.scenario.regions].index(lever.region)
                fixed[position] = fixed[position] or lever.operation == "ramp" or year <= (lever.end or year)
        return np.array(fixed)

    def _with_drift(self, position: int, name: str, key: str, path: Floats) -> Floats:
        quantity = CATALOGUE.get(name)
        if quantity is None or quantity.drift == "none" or not self.uncertainty.drift:
            return path
        case = self.scenario.regions[position]
        low, high, decision = self.draws.key("drift")
        sample = self.sample(position)
        moved = wander(
            low, high, decision, cohort_key(f"{case.region}/{name}/{key}"), self.first, len(self.calendar),
            case.base_year, sample.of("drift_persistence"), sample.of("drift_sd"), self.draws.rows(self.count),
        )  # fmt: skip
        if quantity.drift == "add":
            return path + moved
        if quantity.drift == "log":
            return np.asarray(path * np.exp(moved))
        span = quantity.high - quantity.low
        inside = np.clip((path - quantity.low) / span, 1e-12, 1.0 - 1e-12)
        drifted = quantity.low + span * logistic(logit(inside) + moved)
        # A rate of exactly zero or one was written by someone and does not wander.
        return np.where((path <= quantity.low) | (path >= quantity.high), path, drifted)

    def _primary_entrants(self, position: int) -> Floats:
        """Return primary entrants by year, persons/year, shape (draw, year): births of the two years six before."""
        # Asked for here, so that a lever held at a bound is noted even where the entrants themselves are at hand.
        entry = self.whole(self.path(position, "primary_entry"))
        self.path(position, "birth_level")
        born = self.kept(f"primary/{position}", ("birth_level",), partial(self._born, position))
        return born * entry

    def _born(self, position: int) -> Floats:
        """Return the children who would enter primary school at the base rate, by year, shape (draw, year)."""
        case = self.scenario.regions[position]
        births = self._births(position)
        total = np.zeros((self.count, len(self.calendar)))
        for column, year in enumerate(self.calendar):
            if year > case.base_year:
                total[:, column] = births(int(year) - 7, column) / 3.0 + births(int(year) - 6, column) * 2.0 / 3.0
        return total

    def _births(self, position: int) -> Callable[[int, int], Floats]:
        """Return a function from a year of birth and a column of entry to the children who enter school."""
        case = self.scenario.regions[position]
        rows: Mapping[int, Row] = {
            row.year: row for row in self.scenario.rows[case.region] if row.use == "path" and row.indicator == "births"
        }
        sample = self.sample(position)

        level = self.whole(self.path(position, "birth_level"))

        def children(year: int, column: int) -> Floats:
            if year not in rows:
                raise InputError(
                    f"data/{case.region}", "there is no row for {name!r} of {key!r}",
                    "Add a row with value, range, unit, status and reason", name=f"births {year}", key=case.region,
                )  # fmt: skip
            row = rows[year]
            uniform = self.draws.each("birth", year, f"{case.region}/births", self.count)
            drawn = (
                triangular(uniform, row.low, row.value, row.high)
                if self.uncertainty.parameters
                else np.full(self.count, row.value)
            )
            entered = drawn * sample.of("entrants_per_birth", row.definition)
            return entered * level[:, column] if row.status == "assumed" and year > case.base_year else entered

        return children
