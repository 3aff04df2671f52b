"""Files that the program reads: errors of hindcasts for the lights, drift for the scenarios."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from scipy.optimize import least_squares

from simvet.histories.rolling import OURS, Hindcast
from simvet.histories.scores import SINGLE_GRADES, score_table

ERROR_COLUMNS = ("data", "stage", "measure", "lead", "mape", "bias", "spread80", "coverage80", "forecasts")
DRIFT_LEADS = 5
HIGHEST = 0.99


def data_name(found: Hindcast) -> str:
    """Return how the program calls a history: its region where it has one, else what the file says before its kind."""
    return found.regions[0].lower() if len(found.regions) == 1 else found.name.split("_by_")[0]


def write_errors(found: dict[str, Hindcast], path: Path) -> None:
    """Write the model's errors by stage, measure and lead."""
    path.parent.mkdir(exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as out:
        rows = csv.writer(out)
        rows.writerow(ERROR_COLUMNS)
        for one in found.values():
            table = score_table(one)
            for line in table[(table["method"] == OURS) & (table["stage"] != SINGLE_GRADES)].itertuples():
                shares = (f"{value:.3f}" for value in (line.mape, line.bias, line.spread80, line.coverage80))
                rows.writerow([data_name(one), line.stage, line.measure, line.lead, *shares, line.forecasts])


def write_drift(found: dict[str, Hindcast], path: Path) -> None:
    """Write the drift that errors of entrants by lead amount to, and how errors grow as regions get smaller."""
    with path.open("w", newline="", encoding="utf-8") as out:
        rows = csv.writer(out)
        rows.writerow(["data", "quantity", "value", "unit", "forecasts", "what"])
        for one in found.values():
            if one.kind == "stages":
                sizes, count = error_sizes(one)
                sd, persistence = drift_fit(sizes)
                what = "typical error of entrants (median / 0.6745) at leads 1 to 5, all stages but the first"
                rows.writerow([data_name(one), "drift_sd", f"{sd:.4f}", "log points", count, what])
                rows.writerow([data_name(one), "drift_persistence", f"{persistence:.3f}", "per year", count, what])
            elif len(one.regions) >= 10:
                slope, count = size_slope(one)
                what = "slope of the log of typical errors of single grades a year ahead on the log of students"
                rows.writerow([data_name(one), "size_slope", f"{slope:.3f}", "log per log", count, what])


def error_sizes(found: Hindcast) -> tuple[np.ndarray, int]:
    """Return the typical size of log errors of entrants by lead, and how many there are."""
    errors = np.log(found.came / found.foretold[OURS])
    first = found.series[0].stage
    some = [k for k, one in enumerate(found.series) if one.measure == "entrants" and one.stage != first]
    sizes = [np.nanmedian(np.abs(errors[:, :, some, lead])) / 0.6745 for lead in range(DRIFT_LEADS)]
    return np.array(sizes), int(np.isfinite(errors[:, :, some, :DRIFT_LEADS]).sum())


def drift_fit(sizes: np.ndarray) -> tuple[float, float]:
    """Return spread and persistence of an AR(1) whose errors by lead have these sizes."""
    leads = np.arange(1, len(sizes) + 1)

    def miss(x: np.ndarray) -> np.ndarray:
        grown = (1 - x[1] ** (2 * leads)) / (1 - x[1] ** 2)
        return np.log(x[0]) + np.log(grown) / 2 - np.log(sizes)

    best = least_squares(miss, [0.03, 0.7], bounds=([1e-4, 0.0], [1.0, HIGHEST])).x
    return float(best[0]), float(best[1])


def size_slope(found: Hindcast) -> tuple[float, int]:
    """Return the slope of log errors a year ahead on log size over regions, and how many errors it rests on."""
    errors = np.log(found.came / found.foretold[OURS])
    some = [k for k, one in enumerate(found.series) if one.grade is not None]
    typical = np.nanmedian(np.abs(errors[:, :, some, 0]), axis=(0, 2))
    count = int(np.isfinite(errors[:, :, some, 0]).sum())
    return float(np.polyfit(np.log(found.sizes), np.log(typical), 1)[0]), count
