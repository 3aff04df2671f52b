"""A region that somebody uploads: checked by loading and running it, and kept only if that works."""

from __future__ import annotations

import tempfile
from pathlib import Path

from simvet.errors import BalanceError, InputError
from simvet.loading import load_scenario
from simvet.loading.workbook import RegionWorkbook, keep_region_workbook, read_region_workbook
from simvet.loading.workbook_places import located
from simvet.result import simulate
from simvet.scenario import Scenario
from simvet.tables import regions_in
from simvet.targets import require_indicators, require_until

TRIAL_DRAWS = 5
"""Draws of the run that an uploaded region must pass; enough to balance its opening and to read every number."""


def check_region_workbook(source: Path | bytes, folder: Path, name: str = "workbook.xlsx") -> Scenario:
    """Return the scenario of an uploaded workbook, after it was loaded and run; keep it for later runs.

    Parameters
    ----------
    source : Path of an .xlsx file, or its content.
    folder : Path, where uploaded regions are kept; SIMVET_REGIONS must name it for later runs to find them.
    name : str; how a complaint names the workbook.

    Returns
    -------
    Scenario, under the region's unique code, which is also its name.

    Raises
    ------
    InputError : anything in the workbook is wrong; ``where`` names sheet and cell, and nothing stays in ``folder``.

    Notes
    -----
    Shape and unit: see Scenario. Source: the workbook. Nothing but this thread sees the region before it is kept.
    """
    book = read_region_workbook(source, name)
    with tempfile.TemporaryDirectory(prefix="simvet_") as place:
        path = keep_region_workbook(book, Path(place))
        try:
            with regions_in(Path(place)):
                scenario = _tried(path, book)
        except InputError as error:
            raise located(error, book.origins) from None
    keep_region_workbook(book, folder)
    return scenario


def _tried(path: Path, book: RegionWorkbook) -> Scenario:
    """Return the scenario after a short run."""
    scenario = load_scenario(path)
    require_indicators(scenario)
    require_until(scenario, scenario.until)
    try:
        simulate(scenario, draws=TRIAL_DRAWS)
    except BalanceError as error:
        # An error of the program for data that came with it; here the figures are the nearer suspect.
        raise InputError(
            f"data/{book.key}/values.csv", "no run balances with these figures ({problem})",
            "Compare the figures of the base year with those of the years before", problem=str(error)[:200],
        ) from None  # fmt: skip
    return scenario


__all__ = ["TRIAL_DRAWS", "check_region_workbook"]
