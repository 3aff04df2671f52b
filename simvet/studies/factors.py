"""What a study varies: levers, which somebody may pull, and uncertainties, which happen; never mixed up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from simvet.controls import bears_on, find_control, on_grid
from simvet.errors import InputError, nearest
from simvet.rules.names import PROJECT_STAGES
from simvet.sampling import parameter_address, quantity_rows, triangular
from simvet.scenario import Project, Scenario, Spread

Floats = NDArray[np.float64]
PROJECT_PARTS = ("count", "places", "cost", "start", "failure", "opening", *PROJECT_STAGES)
"""Numbers of a project that a study may vary; the same for all of its units."""


@dataclass(frozen=True)
class Factor:
    """One thing that a study varies.

    Notes
    -----
    Shape: one number an experiment. ``kind`` says whether somebody decides it (lever) or it happens (uncertainty).
    ``name`` is that of a lever of ``data/levers/controls.csv``, or the address of a drawn number such as
    ``zhejiang/dropout_rate/secondary_vocational``. Between ``low`` and ``high`` values are spread evenly, or as a
    triangle with its top at ``mode``; ``levels`` are the values of a grid. ``start``, ``end`` and ``ramp`` date a
    lever. Unit: ``unit``. Errors: checked when it is made. Source: the study and the row or line that it names.
    """

    kind: Literal["lever", "uncertainty"]
    name: str
    low: float
    high: float
    unit: str
    mode: float = float("nan")
    levels: tuple[float, ...] = ()
    start: int = 0
    end: int | None = None
    ramp: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def triangular(self) -> bool:
        """Return whether values follow the triangle of the data and not an even spread."""
        return bool(np.isfinite(self.mode))

    def values(self, uniform: Floats) -> Floats:
        """Return the values at numbers between 0 and 1, same shape, in the unit of the factor.

        Notes
        -----
        A lever takes the values of its own steps. Errors: none. Source: quantiles of the factor's distribution.
        """
        if self.levels:
            place = np.minimum((uniform * len(self.levels)).astype(np.int64), len(self.levels) - 1)
            return np.array(self.levels)[place]
        if self.triangular:
            inside = np.clip(uniform, 0.0, 1.0)
            return triangular(inside.ravel(), self.low, self.mode, self.high).reshape(uniform.shape)
        spread = self.low + (self.high - self.low) * uniform
        if self.kind == "lever":
            lever = find_control(self.name)
            return np.array([on_grid(lever, value) for value in spread.ravel()]).reshape(spread.shape)
        return spread


def lever_factor(
    scenario: Scenario, name: str, low: float | None, high: float | None, levels: tuple[float, ...], start: int | None,
    end: int | None, ramp: bool, where: str,
) -> Factor:  # fmt: skip
    """Return a lever as a factor; see Factor.

    Parameters
    ----------
    scenario : Scenario; its first region pulls the lever.
    name : str; a lever of ``data/levers/controls.csv``.
    low, high : float or None; by default the lever's own bounds.
    levels : tuple of float; the values of a grid, may be empty.
    start : int or None; by default the year after the scenario's ``as_of``.
    end : int or None; for good.
    ramp : bool.
    where : str; the place to name in a complaint.

    Returns
    -------
    Factor.

    Raises
    ------
    InputError : the lever is unknown or moves nothing here, the range is empty or outside its bounds, or the years are
        outside the horizon.

    Notes
    -----
    Unit: the lever's. Source: the study.
    """
    lever = find_control(name, where)
    region = scenario.regions[0].region
    if not bears_on(lever, region):
        raise InputError(
            where, "region {region!r} counts nothing that {name!r} could move", "Leave the lever out", region=region,
            name=lever.name,
        )  # fmt: skip
    bounds = (lever.low if low is None else low, lever.high if high is None else high)
    require_range(*bounds, bool(levels), where)
    for value in (*bounds, *levels):
        if not np.isfinite(value) or not lever.low - 1e-9 <= value <= lever.high + 1e-9:
            raise InputError(
                where, "{value:g} is outside {low:g} to {high:g}", "Choose a value inside", value=value, low=lever.low,
                high=lever.high,
            )  # fmt: skip
    first = scenario.as_of + 1 if start is None else start
    for year in (first, *(() if end is None else (end,))):
        if not scenario.base_year < year <= scenario.until:
            raise InputError(
                where, "year {year} is outside the horizon {first} to {last}", "Choose a year inside it", year=year,
                first=scenario.base_year + 1, last=scenario.until,
            )  # fmt: skip
    if end is not None and end < first:
        raise InputError(where, "the lever ends in {end}, before it starts in {start}", "Swap the years", end=end,
                         start=first)  # fmt: skip
    return Factor("lever", name, *bounds, lever.unit, levels=levels, start=first, end=end, ramp=ramp,
                  labels=dict(lever.labels))  # fmt: skip


def require_range(low: float, high: float, has_levels: bool, where: str) -> None:
    """Complain about a range that holds nothing.

    Parameters
    ----------
    low, high : float.
    has_levels : bool; a list of values needs no range.
    where : str.

    Raises
    ------
    InputError : a bound is not finite, or low is not below high.

    Notes
    -----
    Unit: the factor's. Source: the study.
    """
    for value in (low, high):
        if not np.isfinite(value):
            raise InputError(where, "{name!r} is {value}, not a number", "Write a finite number", name="range",
                             value=value)  # fmt: skip
    if not has_levels and low >= high:
        raise InputError(
            where, "the range from {low:g} to {high:g} is empty", "Write low below high", low=low, high=high
        )


def uncertainties(scenario: Scenario) -> dict[str, Factor]:
    """Return everything of a scenario's data that is drawn from a range, by address.

    Parameters
    ----------
    scenario : Scenario.

    Returns
    -------
    dict of address -> Factor with the triangle of its row; quantities first, then the numbers of projects.

    Notes
    -----
    Unit: each row's. Errors: InputError where a row is wrong. Source: rows with status assumed or derived, and
    projects.
    """
    found: dict[str, Factor] = {}
    for case in scenario.regions:
        for (name, key), row in quantity_rows(scenario.rows[case.region], case.region).items():
            if row.low < row.high:
                address = parameter_address(case.region, case.province, name, key)
                found.setdefault(address, Factor("uncertainty", address, row.low, row.high, row.unit, mode=row.value))
    for project in scenario.projects:
        for part, (spread, unit) in _project_spreads(project).items():
            if spread.low < spread.high:
                address = f"{project.region}/{project.name}/{part}"
                found[address] = Factor("uncertainty", address, spread.low, spread.high, unit, mode=spread.value)
    return found


def _project_spreads(project: Project) -> dict[str, tuple[Spread, str]]:
    spreads: dict[str, tuple[Spread, str]] = {
        "count": (project.count, "count"), "places": (project.places, "places"), "cost": (project.cost, "CNY"),
        "failure": (project.failure, "share"),
        **{stage: (spread, "years") for stage, spread in project.durations.items()},
    }  # fmt: skip
    if project.opening is not None:
        spreads["opening"] = (project.opening, "year")
    if project.start is not None:
        spreads["start"] = (project.start, "year")
    return spreads


def uncertainty_factor(
    scenario: Scenario, name: str, low: float | None, high: float | None, levels: tuple[float, ...], where: str
) -> Factor:
    """Return a drawn number as a factor; see Factor.

    Parameters
    ----------
    scenario : Scenario.
    name : str; an address, or its end where only one address ends so.
    low, high : float or None; by default the row's own range and triangle, else values are spread evenly between them.
    levels : tuple of float; the values of a grid, may be empty.
    where : str; the place to name in a complaint.

    Returns
    -------
    Factor.

    Raises
    ------
    InputError : nothing, or more than one thing, is drawn under that name, or the range is empty.

    Notes
    -----
    Unit: the row's. Source: the study and the row.
    """
    known = uncertainties(scenario)
    ends = [address for address in known if address == name or address.rstrip("/").endswith(f"/{name.strip('/')}")]
    if len(ends) > 1 and name not in known:
        raise InputError(
            where, "{name!r} may be any of {known}", "Write the whole name", name=name, known=", ".join(ends[:6])
        )
    if not ends:
        raise InputError(
            where, "{kind} {word!r} is unknown", "Did you mean {near!r}?", kind="uncertainty", word=name,
            near=nearest(name, known),
        )  # fmt: skip
    own = known[name if name in known else ends[0]]
    if low is None and high is None and not levels:
        return own
    bounds = (own.low if low is None else low, own.high if high is None else high)
    require_range(*bounds, bool(levels), where)
    _require_sensible(own, (*bounds, *levels), where)
    return Factor("uncertainty", own.name, *bounds, own.unit, levels=levels)


def _require_sensible(own: Factor, values: tuple[float, ...], where: str) -> None:
    """Complain about a share outside 0 to 1, or a number below zero where the data have none."""
    low = 0.0 if own.low >= 0.0 else -np.inf
    high = 1.0 if own.unit.startswith("share") and own.low >= 0.0 else np.inf
    for value in values:
        if not low <= value <= high:
            raise InputError(
                where, "{value:g} is outside {low:g} to {high:g}", "Choose a value inside", value=value, low=low,
                high=high,
            )  # fmt: skip
