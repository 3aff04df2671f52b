"""The chain behind any number: indicator, formula, inputs, and where each input comes from."""

from __future__ import annotations

from dataclasses import dataclass

from simvet.indicators import find_indicator, find_item
from simvet.items import item_id
from simvet.levers import Lever
from simvet.runs import Run
from simvet.scenario import Project
from simvet.tables import Row

READ_USES = ("figure", "quantity", "prior", "path")
"""Uses of a row that a run reads; checks and history are only compared with."""


@dataclass(frozen=True)
class Chain:
    """What an indicator rests on.

    Notes
    -----
    Shape: ``inputs`` are rows with value, range, unit, status, grade and source; ``levers`` and ``projects`` are what
    the scenario adds. Unit: ``unit`` of the indicator, each row's own. ``formula`` is a key of the wording catalogue.
    ``without`` names inputs that no row gives: the opening balance solves them. Errors: none. Source: the scenario.
    """

    indicator: str
    stage: str
    region: str
    unit: str
    formula: str
    inputs: tuple[Row, ...]
    levers: tuple[Lever, ...]
    projects: tuple[Project, ...]
    without: tuple[str, ...]


def chain_of(run: Run, indicator: str, stage: str = "region", region: str | None = None) -> Chain:
    """Return the chain behind an indicator of a region.

    Parameters
    ----------
    run : Run.
    indicator : str; a key of INDICATORS, or the key of an item.
    stage : str.
    region : str, optional; by default the first of the scenario.

    Returns
    -------
    Chain.

    Raises
    ------
    InputError : there is no such indicator.

    Notes
    -----
    Unit: each row's own. Source: the region's data, row by row.
    """
    place = run.scenario.regions[0].region if region is None else region
    found = find_indicator(run.scenario, indicator, stage)
    item = find_item(run.scenario, indicator, stage)
    counted = item is not None and item.id in run.scenario.items.get(place, {})
    inputs: list[Row] = []
    without: list[str] = []
    for name in found.inputs:
        keys = None
        if counted and item is not None:
            keys = (item.process,) if name in ("success_rate", "lead_time") else (item_id(indicator, stage),)
        rows = [row for row in run.scenario.rows[place] if _feeds(row, name, stage, keys)]
        if not rows and keys is None:
            # A stage rests on quantities of others: students come from below and go on above.
            rows = [row for row in run.scenario.rows[place] if _feeds(row, name, "region", None)]
        inputs += rows
        if not rows and name != "projects":
            without.append(name)
    # Flows hang together, so any lever of the region may act; how much each did is the decomposition's to say.
    levers = tuple(lever for lever in run.scenario.levers if lever.region == place)
    projects = tuple(project for project in run.scenario.projects if project.region == place)
    formula = f"item_{item.family}" if counted and item is not None else indicator
    unit = run.unit(indicator, stage)
    return Chain(indicator, stage, place, unit, formula, tuple(inputs), levers, projects, tuple(without))


def _feeds(row: Row, name: str, stage: str, keys: tuple[str, ...] | None) -> bool:
    """Return whether a row is an input: of that name, read by the run, and about the stage where both name one."""
    if row.indicator != name or row.use not in READ_USES:
        return False
    if keys is not None:
        return row.stage in keys
    about = {stage, "region", "senior_secondary", "middle"}
    return stage == "region" or row.stage in about or row.use == "path"
