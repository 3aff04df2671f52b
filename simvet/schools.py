"""Schools and their programmes: the list that students choose from, real or drawn, and the fields of study."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from simvet.errors import InputError
from simvet.tables import (
    GRADES,
    STATUSES,
    home,
    number_of,
    read_cells,
    require_bare,
    require_filled,
    require_not_negative,
    require_share,
    require_words,
)

STAGES = ("general_high", "secondary_vocational", "higher_vocational", "vocational_bachelor", "bachelor")
"""Stages whose schools a list holds, in the order of the list."""
TRACKS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(STAGES, ("regular",)),
    "secondary_vocational": ("regular", "integrated_higher", "integrated_bachelor"),
}
"""Tracks that students choose at each stage; later parts of integrated tracks and top-up are entered otherwise."""
FIELDLESS = ("general_high",)
"""Stages whose programmes have no field."""
FIELDS, COUNTS, LISTS = (f"data/agents/{name}.csv" for name in ("fields", "schools", "lists"))
FIELD_PARTS = ("share", "share_college", "work_placement")
FIELD_COLUMNS = (
    "key", "zh", "en", *(f"{part}{end}" for part in FIELD_PARTS for end in ("", "_low", "_high")), "status", "reason",
)  # fmt: skip
COUNT_COLUMNS = (
    "region", "indicator", "stage", "year", "value", "low", "high", "unit", "status", "source_title", "locator",
    "address", "grade", "note",
)  # fmt: skip
COUNT_UNITS = {"schools": "schools", "districts": "count"}


@dataclass(frozen=True)
class Field:
    """A group of programmes (专业大类) of the catalogue of vocational programmes of 2021.

    Notes
    -----
    Shape and unit: each number is (value, low, high): ``share`` of secondary vocational enrolment, ``share_college`` of
    higher vocational enrolment, ``work_placement`` demand of employers, a ratio around 1. Errors: none once it is read.
    Source: ``where``, a line of ``data/agents/fields.csv``; all three are assumed.
    """

    key: str
    labels: Mapping[str, str]
    share: tuple[float, float, float]
    share_college: tuple[float, float, float]
    work_placement: tuple[float, float, float]
    where: str


@dataclass(frozen=True, eq=False)
class SchoolList:
    """The schools of a region and their programmes, sorted by stage, then code.

    Notes
    -----
    Shape and unit: ``codes``, ``names``, ``stage`` (index into STAGES), ``district`` (0 to districts - 1) and
    ``quality`` (standard deviations around 0; 0 where unknown) are per school; ``programme_school`` (index of the
    school), ``programme_field`` (index into :func:`known_fields`, -1 where there is none), ``programme_track`` (index
    into TRACKS of the stage) and ``programme_seats`` (first-year seats of the base year, persons) per programme, sorted
    by school, track, field. ``district_names`` is empty where districts are only numbered. Errors: none once it is
    made. Source: ``source``; ``synthetic`` says that no school in it is real.
    """

    region: str
    districts: int
    district_names: tuple[str, ...]
    synthetic: bool
    source: str
    codes: tuple[str, ...]
    names: tuple[str, ...]
    stage: NDArray[np.int8]
    district: NDArray[np.int16]
    quality: NDArray[np.float64]
    programme_school: NDArray[np.int32]
    programme_field: NDArray[np.int16]
    programme_track: NDArray[np.int8]
    programme_seats: NDArray[np.float64]

    @property
    def digest(self) -> str:
        """Return the sha256 of everything that changes results, 16 hex digits."""
        parts = [str((self.districts, self.codes)).encode()]
        parts += [
            np.ascontiguousarray(getattr(self, name)).tobytes()
            for name in ("stage", "district", "quality", "programme_school", "programme_field", "programme_track",
                         "programme_seats")
        ]  # fmt: skip
        return hashlib.sha256(b"|".join(parts)).hexdigest()[:16]

    def seats(self, stage: str, track: str) -> float:
        """Return the first-year seats of a track, persons; errors: ValueError for an unknown one; source: the list."""
        chosen = self.stage[self.programme_school] == STAGES.index(stage)
        return float(self.programme_seats[chosen & (self.programme_track == TRACKS[stage].index(track))].sum())


@lru_cache(maxsize=1)
def known_fields() -> Mapping[str, Field]:
    """Return the fields of study by key.

    Returns
    -------
    mapping of key -> Field, in the order of the catalogue, which is that of the file.

    Raises
    ------
    InputError : a cell is wrong, a field stands twice, or shares do not add up to 1.

    Notes
    -----
    Unit: see Field. Source: ``data/agents/fields.csv``.
    """
    found: dict[str, Field] = {}
    for cells, where in read_cells(home() / FIELDS, FIELD_COLUMNS):
        require_filled(cells, FIELD_COLUMNS, where)
        require_bare(cells, ("key", "zh", "en"), where)
        require_words(cells, (("status", STATUSES),), where)
        if cells["key"] in found:
            raise InputError(
                where, "the row stands twice, first at {first}", "Keep one of the two", first=found[cells["key"]].where
            )
        share, college, placement = (_spread(cells, part, where) for part in FIELD_PARTS)
        for low, high in (share[1:], college[1:]):
            require_share(low, high, where)
        found[cells["key"]] = Field(
            cells["key"], {"zh": cells["zh"], "en": cells["en"]}, share, college, placement, where
        )
    for total in (sum(f.share[0] for f in found.values()), sum(f.share_college[0] for f in found.values())):
        if not math.isclose(total, 1.0, abs_tol=1e-9):
            raise InputError(
                FIELDS, "the shares of the fields add up to {total:g}", "They must add up to 1", total=total
            )
    return MappingProxyType(found)


@lru_cache(maxsize=1)
def _counts() -> Mapping[tuple[str, str, str], int]:
    """Return (region, indicator, stage) -> how many there are."""
    found: dict[tuple[str, str, str], int] = {}
    places: dict[tuple[str, str, str], str] = {}
    for cells, where in read_cells(home() / COUNTS, COUNT_COLUMNS):
        require_filled(cells, ("region", "year", "source_title", "note"), where)
        words = (("indicator", tuple(COUNT_UNITS)), ("stage", ("region", *STAGES)), ("status", STATUSES))
        require_words(cells, (*words, ("grade", GRADES), ("unit", tuple(COUNT_UNITS.values()))), where)
        value, _, _ = _spread(cells, "value", where, ends=("low", "high"))
        if value != int(value):
            raise InputError(
                where, "{name!r} is {value:g}, not a whole number from 0 on", "Write how many there are", name="value",
                value=value,
            )  # fmt: skip
        key = (cells["region"], cells["indicator"], cells["stage"])
        if key in found:
            raise InputError(where, "the row stands twice, first at {first}", "Keep one of the two", first=places[key])
        found[key], places[key] = int(value), where
    return MappingProxyType(found)


def count_of(region: str, indicator: str, stage: str = "region") -> int:
    """Return how many districts or schools of a stage a region has.

    Parameters
    ----------
    region : str.
    indicator : str; ``schools`` or ``districts``.
    stage : str; one of STAGES, ``region`` for districts.

    Returns
    -------
    int.

    Raises
    ------
    InputError : the table has no such row, or is wrong.

    Notes
    -----
    Unit: schools, or districts. Source: ``data/agents/schools.csv``.
    """
    found = _counts().get((region, indicator, stage))
    if found is None:
        raise InputError(
            COUNTS, "there is no row for {name!r} of {key!r}", "Add a row with value, range, unit, status and reason",
            name=indicator, key=f"{region}/{stage}",
        )  # fmt: skip
    return found


def _spread(
    cells: dict[str, str], name: str, where: str, ends: tuple[str, str] | None = None
) -> tuple[float, float, float]:
    columns = (name, *(ends or (f"{name}_low", f"{name}_high")))
    require_filled(cells, columns, where)
    value, low, high = (number_of(cells[column], column, where) for column in columns)
    if not low <= value <= high:
        raise InputError(
            where, "{name!r} is {value:g}, not between low {low:g} and high {high:g}", "Put the three in order",
            name=name, value=value, low=low, high=high,
        )  # fmt: skip
    require_not_negative(name, low, where)
    return value, low, high
