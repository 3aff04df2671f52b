"""Errors that hindcasts have shown: how far forecasts of a stage were off, so many years ahead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from simvet.tables import STANDARDS_REGION, home, number_of, read_cells, require_filled

ERRORS = "data/validation/errors.csv"
ERROR_COLUMNS = ("data", "stage", "measure", "lead", "mape", "bias", "spread80", "coverage80", "forecasts")
STAGES = "data/trust/stages.csv"
STAGE_COLUMNS = ("stage", "history_stage", "why")


@dataclass(frozen=True)
class Hindcast:
    """How far forecasts were off that a history allows to check.

    Notes
    -----
    Unit: ``lead`` years; ``mape`` (mean absolute error), ``bias`` and ``spread80`` (80th percentile of the absolute
    error) as parts of the outcome; ``coverage80`` the share of outcomes inside the 80 % band. Errors: checked when it
    is read. Source: ``data/validation/errors.csv``, where they stand in per cent.
    """

    data: str
    stage: str
    measure: str
    lead: int
    mape: float
    bias: float
    spread80: float
    coverage80: float
    forecasts: int


def hindcasts(path: Path | None = None) -> tuple[Hindcast, ...]:
    """Return the errors that hindcasts have shown, none where they were not made yet.

    Parameters
    ----------
    path : Path, optional; by default ERRORS.

    Returns
    -------
    tuple of Hindcast.

    Raises
    ------
    InputError : a column is missing, or a cell is empty or not a number.

    Notes
    -----
    Unit: per cent in the file, parts of one in what is returned. Source: the file.
    """
    place = path or home() / ERRORS
    # A file that is written anew is read anew.
    return _read(place, place.stat().st_mtime_ns) if place.exists() else ()


@lru_cache(maxsize=4)
def _read(path: Path, written: int) -> tuple[Hindcast, ...]:  # noqa: ARG001 - part of what it is kept under
    found = []
    for cells, where in read_cells(path, ERROR_COLUMNS):
        # Where no band was drawn there is no coverage to tell.
        require_filled(cells, tuple(column for column in ERROR_COLUMNS if column != "coverage80"), where)
        numbers = {name: number_of(cells[name], name, where) for name in ("mape", "bias", "spread80", "forecasts")}
        covered = number_of(cells["coverage80"], "coverage80", where) if cells["coverage80"].strip() else float("nan")
        found.append(
            Hindcast(
                cells["data"], cells["stage"], cells["measure"], int(number_of(cells["lead"], "lead", where)),
                numbers["mape"] / 100.0, numbers["bias"] / 100.0, numbers["spread80"] / 100.0, covered,
                int(numbers["forecasts"]),
            )
        )  # fmt: skip
    return tuple(found)


@lru_cache(maxsize=1)
def _stages() -> Mapping[str, str]:
    return {cells["stage"]: cells["history_stage"] for cells, _ in read_cells(home() / STAGES, STAGE_COLUMNS)}


def hindcast_of(
    known: Sequence[Hindcast], region: str, stage: str, measure: str, lead: int, least: float
) -> Hindcast | None:
    """Return the error that stands for a forecast: of the region's own history before the nation's, of its lead.

    Parameters
    ----------
    known : sequence of Hindcast, in any order.
    region, stage, measure : str; the stage under its name in the program.
    lead : int, years.
    least : float; forecasts that it must rest on.

    Returns
    -------
    Hindcast, of the lead asked for or the next longer one, else of the longest; None where there is none.

    Notes
    -----
    Unit: years. Errors: none. Source: ``data/validation/errors.csv``.
    """
    wanted = _stages().get(stage, stage)
    for data in (region, STANDARDS_REGION):
        found = [
            one for one in known
            if (one.data, one.stage, one.measure) == (data, wanted, measure) and one.forecasts >= least
        ]  # fmt: skip
        if found:
            # What was tried further ahead says more than enough; what was tried less far is the most there is.
            return min(found, key=lambda one: (one.lead < lead, abs(one.lead - lead)))
    return None
