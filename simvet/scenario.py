"""All that a run needs, as its author said it: frozen, comparable, with a digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace

from simvet.levers import Lever, require_lever
from simvet.pathway import Pathway
from simvet.tables import TOLERANCES, Row, home, named_numbers


@dataclass(frozen=True)
class Spread:
    """A number with its range: most likely value, lowest and highest.

    Notes
    -----
    Unit: that of the field it fills. Errors: checked when it is read. Source: the block it stands in.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Project:
    """A construction project: places that open (or close, when negative) in a year nobody knows for sure.

    Notes
    -----
    Unit: places; ``opening`` a school year, open by 1 September. Errors: checked when it is read. Source: ``source``.
    """

    name: str
    labels: Mapping[str, str]
    region: str
    stage: str
    places: Spread
    opening: Spread
    owner: str
    source: str
    status: str
    where: str


@dataclass(frozen=True)
class RegionCase:
    """One region of a scenario: its base year and the limits that are switched on.

    Notes
    -----
    Shape: ``limits`` maps a stage to names out of ``rules.names.LIMITS``; ``province`` names the region whose
    decisions this one shares. Unit: ``base_year`` a school year. Errors: checked when it is read. Source: the file.
    """

    region: str
    base_year: int
    limits: Mapping[str, tuple[str, ...]]
    province: str = ""


@dataclass(frozen=True)
class Target:
    """One quantitative target: indicator, comparator, bound and year.

    Notes
    -----
    Unit: ``unit``; ``bound`` is None for targets that are measured against the province. Errors: checked when it is
    read. Source: ``document`` and ``locator``.
    """

    document: str
    region: str
    locator: str
    key: str
    labels: Mapping[str, str]
    stage: str
    kind: str
    unit: str
    base_year: int | None
    base_value: float | None
    comparator: str
    bound: float | None
    year: int
    note: str
    where: str


@dataclass(frozen=True)
class Scenario:
    """A scenario, resolved: nothing in it refers to another file any more.

    Notes
    -----
    Shape: regions in the order of the file. Unit: years are school years (autumn). Errors: checked when it is read.
    Source: ``where`` is the file; ``rows`` are the data of its regions with their provenance.
    """

    name: str
    labels: Mapping[str, str]
    regions: tuple[RegionCase, ...]
    until: int
    as_of: int
    seats_spill: bool
    five_year_counts: bool
    province: str
    levers: tuple[Lever, ...]
    projects: tuple[Project, ...]
    headlines: tuple[str, ...]
    targets: tuple[Target, ...]
    pathway: Pathway = field(repr=False)
    rows: Mapping[str, tuple[Row, ...]] = field(repr=False)
    where: str = ""

    @property
    def base_year(self) -> int:
        """Return the common first year of the books, the latest base year of the regions."""
        return max(case.base_year for case in self.regions)

    @property
    def digest(self) -> str:
        """Return the sha256 of everything the author said, 16 hex digits."""
        said = {
            "regions": [
                [c.region, c.province, c.base_year, {k: list(v) for k, v in sorted(c.limits.items())}]
                for c in self.regions
            ],
            "until": self.until,
            "switches": [self.seats_spill, self.five_year_counts],
            "levers": [
                {k: v for k, v in asdict(lever).items() if k not in ("where", "labels")} for lever in self.levers
            ],
            "projects": [{k: v for k, v in _plain(project).items() if k != "where"} for project in self.projects],
            "targets": [[t.region, t.key, t.stage, t.comparator, t.bound, t.year] for t in self.targets],
        }
        return digest_of(said)

    @property
    def data_digest(self) -> str:
        """Return the sha256 of every data row of the scenario's regions and of all tolerances, 16 hex digits."""
        rows = [[_row_key(row) for row in rows] for _, rows in sorted(self.rows.items())]
        return digest_of([rows, [number.key for number in named_numbers(home() / TOLERANCES).values()]])

    def with_levers(self, *levers: Lever, name: str = "", labels: Mapping[str, str] | None = None) -> Scenario:
        """Return the same scenario with more levers, applied after its own, under its own or another name.

        Raises
        ------
        InputError : a lever names no quantity, key, operation or region of this scenario.
        """
        regions = [case.region for case in self.regions]
        checked = tuple(require_lever(lever, regions) for lever in levers)
        return replace(self, levers=(*self.levers, *checked), name=name or self.name, labels=labels or self.labels)

    def with_horizon(self, until: int) -> Scenario:
        """Return the same scenario with another last year."""
        return replace(self, until=until)


def digest_of(content: object) -> str:
    """Return a short digest of anything that JSON can write.

    Parameters
    ----------
    content : lists, dicts, strings and numbers.

    Returns
    -------
    str; 16 hex digits of the sha256.

    Notes
    -----
    Unit: none. Errors: TypeError for what JSON cannot write. Source: FIPS 180-4.
    """
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:16]


def _plain(project: Project) -> dict[str, object]:
    return {
        "name": project.name, "region": project.region, "stage": project.stage,
        "places": asdict(project.places), "opening": asdict(project.opening), "owner": project.owner,
    }  # fmt: skip


def _row_key(row: Row) -> list[object]:
    return [
        row.region, row.year, row.indicator, row.stage, row.track, row.definition,
        row.value, row.low, row.high, row.unit, row.status, row.use,
    ]  # fmt: skip
