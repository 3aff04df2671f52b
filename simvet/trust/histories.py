"""What was published about the quantity behind a target: years, values, and where the series breaks."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import pairwise

from simvet.items import BASES
from simvet.scenario import Target
from simvet.tables import Row, home, read_cells, require_filled, require_words
from simvet.targets import BASE_QUANTITIES

SERIES = "data/trust/series.csv"
SERIES_COLUMNS = ("indicator", "stage", "way", "form", "series", "series_stage", "measure", "why")
FORMS = ("value", "years", "odds", "sum", "share")
"""What the published series is to the indicator: itself, only its years, odds of it, its parts, its part and the rest.
"""
NO_OUTCOME = "plan_target"
"""Definition of a planned value, which is no outcome (cards of the regions)."""


@dataclass(frozen=True)
class Source:
    """A series behind an indicator.

    Notes
    -----
    Series of one ``way`` belong together, ways are alternatives. Unit, errors: none. Source: ``data/trust/series.csv``.
    """

    way: str
    form: str
    name: str
    stage: str
    measure: str = ""


@dataclass(frozen=True)
class History:
    """The published past of a quantity.

    Notes
    -----
    Shape: ``years`` in order, under whatever definition; ``values`` of those years that count alike, by year;
    ``mixed`` is how many years count otherwise; ``twice`` maps a year to the part by which two figures of one
    definition differ in it. Unit: the indicator's. Errors: none. Source: rows that are published, or derived by
    arithmetic from published ones, whatever their use.
    """

    years: tuple[int, ...] = ()
    values: Mapping[int, float] = field(default_factory=dict)
    mixed: int = 0
    twice: Mapping[int, float] = field(default_factory=dict)

    @property
    def missing(self) -> int:
        """Return how many years between the first and the last were not published."""
        return self.years[-1] - self.years[0] + 1 - len(self.years) if self.years else 0

    def changes(self, relative: bool) -> dict[int, float]:
        """Return the size of the yearly change up to each year: as a part of the year before, or as it is."""
        found: dict[int, float] = {}
        for before, after in pairwise(sorted(self.values)):
            start, end = self.values[before], self.values[after]
            if not relative:
                found[after] = abs(end - start) / (after - before)
            elif start > 0.0 and end > 0.0:
                found[after] = abs((end / start) ** (1.0 / (after - before)) - 1.0)
        return found


@lru_cache(maxsize=1)
def _listed() -> Mapping[tuple[str, str], tuple[Source, ...]]:
    """Return the series behind indicators that are not published under their own name."""
    found: dict[tuple[str, str], tuple[Source, ...]] = {}
    for cells, where in read_cells(home() / SERIES, SERIES_COLUMNS):
        require_filled(cells, tuple(column for column in SERIES_COLUMNS if column != "measure"), where)
        require_words(cells, (("form", FORMS),), where)
        key = (cells["indicator"], cells["stage"])
        one = Source(cells["way"], cells["form"], cells["series"], cells["series_stage"], cells["measure"])
        found[key] = (*found.get(key, ()), one)
    return found


def sources_of(target: Target, indicator: str, stage: str, item: tuple[str, str] | None = None) -> tuple[Source, ...]:
    """Return the series behind an indicator of a target.

    Parameters
    ----------
    target : Target.
    indicator : str; the reading of the target's text.
    stage : str; of the indicator.
    item : (str, str), optional; family and name of the item that is counted, where it is one.

    Returns
    -------
    tuple of Source; the indicator under its own name where nothing else is listed.

    Notes
    -----
    Unit: none. Errors: InputError where the table is wrong. Source: ``data/trust/series.csv``, and the quantities
    that hold the base of a target (``targets.BASE_QUANTITIES``).
    """
    if item is not None:
        return (Source("1", "value", BASES[item[0]], item[1]),)
    listed = _listed().get((indicator, stage))
    if listed is not None:
        return listed
    measure = indicator if indicator in ("enrolment", "entrants", "graduates") else ""
    found = [Source("1", "value", indicator, stage, measure)]
    if target.key in BASE_QUANTITIES:
        stages = ("secondary_vocational", "higher_vocational") if stage == "region" else (stage,)
        found += [Source("2", "years", BASE_QUANTITIES[target.key], one) for one in stages]
        found += [Source("3", "years", BASE_QUANTITIES[target.key], "region")] * (stage == "region")
    return tuple(found)


def history_of(
    rows: Iterable[Row], region: str, sources: Sequence[Source], printed: Iterable[tuple[int, float]] = ()
) -> History:
    """Return the published past behind an indicator.

    Parameters
    ----------
    rows : iterable of Row, in any order.
    region : str.
    sources : sequence of Source.
    printed : iterable of (year, value), optional; bases that plans print, in the indicator's unit.

    Returns
    -------
    History; of the way with most years, with the years of the others.

    Notes
    -----
    Unit: the indicator's. Errors: none. Source: the region's rows and the register.
    """
    held = [row for row in rows if row.region == region and row.status != "assumed" and row.definition != NO_OUTCOME]
    ways = []
    for way in dict.fromkeys(source.way for source in sources):
        found = [source for source in sources if source.way == way]
        parts = [
            _series([row for row in held if (row.indicator, row.stage) == (source.name, source.stage)])
            for source in found
        ]
        ways.append(_joined(found[0].form, parts))
    best = max(ways, key=lambda one: (len(one.values), len(one.years)), default=History())
    known = dict(printed)
    # The rows may hold what the plan prints under another definition: their value goes before.
    values = {**known, **best.values} if best.values or not best.years else dict(best.values)
    years = sorted({year for one in ways for year in one.years} | set(known))
    return replace(best, years=tuple(years), values=dict(sorted(values.items())))


def _series(rows: Sequence[Row]) -> History:
    """Return one series: all its years, and the values of the definition that the newest figure of a run has."""
    if not rows:
        return History()
    years = {row.year for row in rows}
    by_definition: dict[str, dict[int, list[float]]] = {}
    for row in rows:
        by_definition.setdefault(row.definition, {}).setdefault(row.year, []).append(row.value)
    read = [(row.year, row.definition) for row in rows if row.use in ("figure", "quantity", "path")]
    chosen = max(read)[1] if read else max(by_definition, key=lambda name: (len(by_definition[name]), name))
    found = by_definition[chosen]
    twice: dict[int, float] = {}
    for definition in by_definition.values():
        for year, values in definition.items():
            if max(values) > min(values):
                apart = (max(values) - min(values)) / max(abs(value) for value in values)
                twice[year] = max(apart, twice.get(year, 0.0))
    # A mean does not hang on the order of the rows; where two figures of a year agree it is theirs.
    middle = {year: statistics.fmean(sorted(values)) for year, values in sorted(found.items())}
    return History(tuple(sorted(years)), middle, len(years - set(found)), twice)


def _joined(form: str, parts: Sequence[History]) -> History:
    """Return the past of an indicator from its parts, of the years in which all of them were published."""
    years = set.intersection(*(set(part.years) for part in parts))
    alike = set.intersection(*(set(part.values) for part in parts))
    values: dict[int, float] = {}
    for year in sorted(alike):
        told = [part.values[year] for part in parts]
        if form == "odds":
            values[year] = told[0] / (1.0 + told[0])
        elif form == "share":
            values[year] = told[0] / sum(told)
        elif form in ("value", "sum"):
            values[year] = sum(told)
    twice = {year: max(part.twice.get(year, 0.0) for part in parts) for part in parts for year in part.twice}
    return History(tuple(sorted(years)), values, len(years - alike), twice)
