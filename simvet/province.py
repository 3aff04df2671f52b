"""What is left of a province when some of its cities are looked at by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from simvet.errors import InputError
from simvet.runs import Run

if TYPE_CHECKING:
    import xarray

COUNTS = {"enrolment": "persons", "entrants": "persons/year", "graduates": "persons/year"}
"""What adds up over regions, with its unit."""


def rest_of_province(province: Run, cities: Sequence[Run]) -> xarray.Dataset:
    """Return the residual region "rest of province", so that cities and rest add up to the province draw by draw.

    Parameters
    ----------
    province : Run of one region.
    cities : sequence of Run, each of regions that name the province's scenario; same draws and seed.

    Returns
    -------
    xarray.Dataset; enrolment, entrants and graduates by (draw, year, stage) in the years that all runs share. The
    attribute ``draws_below_zero`` counts the draws in which independent balances leave less than nothing somewhere.

    Raises
    ------
    InputError : draws or seeds differ, a city belongs elsewhere, or no year is common.

    Notes
    -----
    Unit: persons, persons/year. Source: MODEL, section 2.
    """
    import xarray as xr  # noqa: PLC0415

    for city in cities:
        if city.scenario.province != province.scenario.name:
            raise InputError(
                city.scenario.name, "the scenario does not name {province!r} as its province",
                "Write province: {province}", province=province.scenario.name,
            )  # fmt: skip
        if (city.draws, city.seed) != (province.draws, province.seed):
            raise InputError(city.scenario.name, "draws or seed differ from the province's", "Run both with the same")
    years = sorted(set(province.books.years).intersection(*(city.books.years for city in cities)))
    if not years:
        raise InputError("rest of province", "the runs share no year", "Run them further")
    stages = list(province.scenario.pathway.stages)
    variables = {}
    for name, unit in COUNTS.items():
        left = _by_stage(province, name, years)
        for city in cities:
            left = left - _by_stage(city, name, years)
        variables[name] = (("draw", "year", "stage"), left, {"units": unit})
    rest = xr.Dataset(variables, coords={"draw": np.arange(province.draws), "year": years, "stage": stages})
    below = np.any([np.any(rest[name].values < 0.0, axis=(1, 2)) for name in COUNTS], axis=0)
    return rest.assign_attrs(draws_below_zero=int(np.count_nonzero(below)))


def _by_stage(run: Run, name: str, years: list[int]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return a count of all regions of a run together, shape (draw, year, stage)."""
    columns = [run.books.years.index(year) for year in years]
    stages = [run.indicator(name, stage)[:, columns].sum(axis=-1) for stage in run.scenario.pathway.stages]
    return np.stack(stages, axis=-1)
