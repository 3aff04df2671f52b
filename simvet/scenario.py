"""All that a run needs, as its author said it: frozen, comparable, with a digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace

from simvet.behaviour import AgentChoices
from simvet.items import Item
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
class ProjectStandard:
    """What a kind of project usually takes: years of every stage, its risk, and the cost of a place.

    Notes
    -----
    Shape: ``durations`` maps each of ``rules.names.PROJECT_STAGES`` to years. Unit: years, share, CNY/place. Errors:
    checked when it is read. Source: ``data/standards/projects.csv``.
    """

    durations: Mapping[str, Spread]
    failure: Spread
    cost_per_place: Spread


@dataclass(frozen=True)
class Project:
    """A project: places that open (or close, when negative), or the intake of an institution that is to be approved.

    Notes
    -----
    Shape: ``count`` units of the same kind, each with its own luck. Unit: ``places`` and ``cost`` of one unit in places
    (persons/year for an upgrade) and CNY; ``opening`` a school year, open by 1 September; where it is None the project
    goes from ``start`` (a calendar year; units one after the other up to ``last_start``) through its stages, the first
    of them ``reached``. Errors: checked when it is read. Source: ``source``.
    """

    name: str
    labels: Mapping[str, str]
    region: str
    stage: str
    places: Spread
    opening: Spread | None
    owner: str
    source: str
    status: str
    where: str
    kind: str = "new_school"
    count: Spread = Spread(1.0, 1.0, 1.0)
    start: Spread | None = None
    last_start: float = 0.0
    reached: str = ""
    durations: Mapping[str, Spread] = field(default_factory=dict)
    failure: Spread = Spread(0.0, 0.0, 0.0)
    cost: Spread = Spread(0.0, 0.0, 0.0)


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
    items: Mapping[str, Mapping[str, Item]] = field(repr=False)
    where: str = ""
    agents: AgentChoices = field(default_factory=AgentChoices)

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
            "projects": [_plain(project) for project in self.projects],
            "targets": [[t.region, t.key, t.stage, t.comparator, t.bound, t.year] for t in self.targets],
        }
        if self.agents.said != AgentChoices().said:
            said["agents"] = self.agents.said
        return digest_of(said)

    @property
    def data_digest(self) -> str:
        """Return the sha256 of every data row of the scenario's regions and of all tolerances, 16 hex digits."""
        rows = [[_row_key(row) for row in rows] for _, rows in sorted(self.rows.items())]
        items = [[item.said for item in found.values()] for _, found in sorted(self.items.items())]
        return digest_of([rows, items, [number.key for number in named_numbers(home() / TOLERANCES).values()]])

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
    told = ("where", "labels", "source", "status")
    return {name: value for name, value in asdict(project).items() if name not in told}


def _row_key(row: Row) -> list[object]:
    return [
        row.region, row.year, row.indicator, row.stage, row.track, row.definition,
        row.value, row.low, row.high, row.unit, row.status, row.use,
    ]  # fmt: skip
