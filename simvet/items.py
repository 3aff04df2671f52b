"""What a plan counts beside students: things to build, shares that spread, services, events; one line of data each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from types import MappingProxyType

from simvet.errors import InputError
from simvet.tables import (
    GRADES,
    SCHOOL_YEARS,
    STATUSES,
    Row,
    home,
    number_of,
    read_cells,
    region_folder,
    require_bare,
    require_filled,
    require_not_negative,
    require_share,
    require_words,
)

FAMILIES = ("count", "share", "service", "event")
"""How an item moves: starts that succeed, logit-linear adoption, an amount that grows, events that happen."""
ITEM_COLUMNS = (
    "key", "stage", "family", "base", "base_low", "base_high", "pace", "pace_low", "pace_high", "units", "process",
    "since", "total_from", "owner", "status", "source_title", "locator", "address", "grade", "note",
)  # fmt: skip
PROCESS_COLUMNS = (
    "name", "success", "success_low", "success_high", "lead", "lead_low", "lead_high", "meaning_zh", "meaning_en",
    "note",
)  # fmt: skip
PROCESSES = "data/standards/processes.csv"
BASES = {"count": "count_base", "share": "adoption_base", "service": "service_base", "event": "event_base"}
"""Quantity that holds the value before an item's pace acts, by family."""
PACES = {"count": "starts", "share": "adoption_lift", "service": "service_growth", "event": "service_growth"}
"""Quantity that holds an item's yearly pace, by family."""
BASE_UNITS = {"count": "count", "share": "share", "service": "amount/year", "event": "count/year"}
PACE_UNITS = {"count": "count/year", "share": "logit/year", "service": "share/year", "event": "share/year"}
ITEM_OWNERS = ("province", "city", "school", "enterprise")
ITEM_STAGES = (
    "region", "primary", "middle", "general_high", "secondary_vocational", "higher_vocational", "vocational_bachelor",
    "bachelor",
)  # fmt: skip
"""Stages that an item can be about."""
USED_BY = {"process": ("count",), "units": ("count", "share"), "total_from": ("service",)}
"""Families of items that a column says something of; elsewhere it would be read by nobody."""


@dataclass(frozen=True)
class Item:
    """One thing that a plan counts.

    Notes
    -----
    Unit: ``units`` whole things that a share is of (0 where it is of persons); ``since`` the first school year in which
    the pace acts, ``total_from`` the first year of a total (0 where the target is a yearly amount). Errors: checked
    when it is read. Source: ``where``, a line of ``data/<region>/items.csv``.
    """

    key: str
    stage: str
    family: str
    units: float
    process: str
    since: int
    total_from: int
    owner: str
    where: str

    @property
    def id(self) -> str:
        """Return the name by which levers and data call it."""
        return item_id(self.key, self.stage)

    @property
    def said(self) -> list[object]:
        """Return what of the line changes results, for a digest."""
        return [value for name, value in asdict(self).items() if name != "where"]


def item_id(key: str, stage: str) -> str:
    """Return the name of an item: its key, with the stage where it is not about the whole region.

    Parameters
    ----------
    key, stage : str, as in the register.

    Returns
    -------
    str.

    Notes
    -----
    Unit: none. Errors: none. Source: the register counts some keys at several stages.
    """
    return key if stage == "region" else f"{key}/{stage}"


@lru_cache(maxsize=16)
def region_items(region: str) -> Mapping[str, Item]:
    """Return the items of a region by name.

    Parameters
    ----------
    region : str; a folder under data/.

    Returns
    -------
    mapping of name -> Item, in the order of the file; empty where the region counts nothing.

    Raises
    ------
    InputError : a column is missing, a cell is wrong, or an item stands twice.

    Notes
    -----
    Unit: see Item. Source: ``data/<region>/items.csv``.
    """
    return MappingProxyType({item.id: item for item, _ in _read(region)})


@lru_cache(maxsize=16)
def item_rows(region: str) -> tuple[Row, ...]:
    """Return base and pace of every item of a region, and the processes behind them, as rows of quantities.

    Parameters
    ----------
    region : str; a folder under data/.

    Returns
    -------
    tuple of Row; empty where the region counts nothing.

    Raises
    ------
    InputError : a table is wrong.

    Notes
    -----
    Unit: each row's own. Source: ``data/<region>/items.csv`` and ``data/standards/processes.csv``.
    """
    rows = tuple(row for _, pair in _read(region) for row in pair)
    return (*rows, *_process_rows()) if rows else ()


@lru_cache(maxsize=4)
def known_items(families: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of all items of some families in any region, in alphabetical order.

    Parameters
    ----------
    families : tuple of str, out of FAMILIES.

    Returns
    -------
    tuple of str.

    Notes
    -----
    Unit: none. Errors: as :func:`region_items`. Source: the folders under ``data/``.
    """
    folders = sorted(path.parent.name for path in (home() / "data").glob("*/items.csv"))
    return tuple(sorted({i.id for region in folders for i in region_items(region).values() if i.family in families}))


@lru_cache(maxsize=1)
def known_processes() -> tuple[str, ...]:
    """Return the names of all processes by which things are won or built.

    Returns
    -------
    tuple of str, in the order of the file.

    Notes
    -----
    Unit: none. Errors: InputError where the table is wrong. Source: ``data/standards/processes.csv``.
    """
    return tuple(row.stage for row in _process_rows() if row.indicator == "success_rate")


@lru_cache(maxsize=2)
def _process_names(language: str) -> Mapping[str, str]:
    cells = read_cells(home() / PROCESSES, PROCESS_COLUMNS)
    return MappingProxyType({row["name"]: row[f"meaning_{language}"] for row, _ in cells})


def process_name(name: str, language: str) -> str:
    """Return what a process is called in a language.

    Parameters
    ----------
    name : str; one of :func:`known_processes`.
    language : str; ``zh`` or ``en``.

    Returns
    -------
    str.

    Notes
    -----
    Unit: none. Errors: InputError where the table is wrong. Source: ``data/standards/processes.csv``.
    """
    return _process_names(language)[name]


def _read(region: str) -> tuple[tuple[Item, tuple[Row, Row]], ...]:
    path = region_folder(region) / "items.csv"
    if not path.exists():
        return ()
    found: dict[str, tuple[Item, tuple[Row, Row]]] = {}
    for cells, where in read_cells(path, ITEM_COLUMNS):
        item = _item(cells, where)
        if item.id in found:
            raise InputError(
                where, "the row stands twice, first at {first}", "Keep one of the two", first=found[item.id][0].where
            )
        found[item.id] = (item, _pair(region, item, cells))
    return tuple(found.values())


def _item(cells: dict[str, str], where: str) -> Item:
    require_filled(cells, ("key", "stage", "family", "since", "owner", "status", "grade", "note"), where)
    require_bare(cells, ("key", "stage"), where)
    words = (("stage", ITEM_STAGES), ("family", FAMILIES), ("owner", ITEM_OWNERS), ("status", STATUSES))
    require_words(cells, (*words, ("grade", GRADES)), where)
    for column, families in USED_BY.items():
        if cells[column] and cells["family"] not in families:
            raise InputError(
                where, "{column!r} does nothing for an item of family {name!r}",
                "Leave the cell empty; it is for {known}", column=column, name=cells["family"],
                known=", ".join(families),
            )  # fmt: skip
    if cells["family"] == "count":
        require_words(cells, (("process", known_processes()),), where)
    units = number_of(cells["units"], "units", where) if cells["units"] else 0.0
    if units < 0.0 or units != int(units):
        raise InputError(
            where, "{name!r} is {value:g}, not a whole number from 0 on", "Write how many there are", name="units",
            value=units,
        )  # fmt: skip
    years = {name: number_of(cells[name], name, where) if cells[name] else 0.0 for name in ("since", "total_from")}
    for name, year in years.items():
        if year and (year != int(year) or not SCHOOL_YEARS[0] <= year <= SCHOOL_YEARS[1]):
            raise InputError(
                where, "{key!r} is {value}, not a year from {first} to {last}", "Write a whole year with four digits",
                key=name, value=cells[name], first=SCHOOL_YEARS[0], last=SCHOOL_YEARS[1],
            )  # fmt: skip
    return Item(
        cells["key"], cells["stage"], cells["family"], units, cells["process"], int(years["since"]),
        int(years["total_from"]), cells["owner"], where,
    )  # fmt: skip


def _pair(region: str, item: Item, cells: dict[str, str]) -> tuple[Row, Row]:
    """Return the rows of base and pace."""
    base = _spread_row(
        cells, "base", BASES[item.family], item.id, BASE_UNITS[item.family], region, item.since - 1, item.where
    )
    pace = _spread_row(
        cells, "pace", PACES[item.family], item.id, PACE_UNITS[item.family], region, item.since, item.where
    )
    return base, replace(pace, status="assumed", grade="D", source_title="assumption of the model", address="")


def _spread_row(
    cells: dict[str, str], name: str, quantity: str, key: str, unit: str, region: str, year: int, where: str
) -> Row:
    columns = (name, f"{name}_low", f"{name}_high")
    require_filled(cells, columns, where)
    value, low, high = (number_of(cells[column], column, where) for column in columns)
    if not low <= value <= high:
        raise InputError(
            where, "{name!r} is {value:g}, not between low {low:g} and high {high:g}", "Put the three in order",
            name=name, value=value, low=low, high=high,
        )  # fmt: skip
    if unit == "share":
        require_share(low, high, where)
    if unit in ("count", "count/year", "amount/year", "years"):
        require_not_negative(name, low, where)
    return Row(
        region=region, year=year, indicator=quantity, stage=key, track="", definition="all", value=value, unit=unit,
        low=low, high=high, distribution="fixed" if low == high else "triangular",
        status=cells.get("status", "assumed"), use="quantity", formula="",
        source_title=cells.get("source_title", "assumption of the model"),
        locator=cells.get("locator", ""), address=cells.get("address", ""), grade=cells.get("grade", "D"),
        note=cells["note"], where=where,
    )  # fmt: skip


@lru_cache(maxsize=1)
def _process_rows() -> tuple[Row, ...]:
    rows: list[Row] = []
    seen: dict[str, str] = {}
    for cells, where in read_cells(home() / PROCESSES, PROCESS_COLUMNS):
        require_filled(cells, PROCESS_COLUMNS, where)
        name = cells["name"]
        if name in seen:
            raise InputError(where, "the row stands twice, first at {first}", "Keep one of the two", first=seen[name])
        seen[name] = where
        for column, quantity, unit in (("success", "success_rate", "share"), ("lead", "lead_time", "years")):
            rows.append(_spread_row(cells, column, quantity, name, unit, "china", 2020, where))
    if not rows:
        raise InputError(PROCESSES, "the table has no rows", "Restore them")
    return tuple(rows)
