"""A fitted history as files: its pathway, its rates, its parameters, what it foretells, draws for an ensemble."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from ruamel.yaml import YAML

from simvet.errors import InputError
from simvet.histories.components import LEAVING_PRIORS, REGION_PRIORS, SHARED_PRIORS, Floats
from simvet.histories.grades import GradeFit
from simvet.histories.labels import stage_facts
from simvet.histories.outlook import Outlook
from simvet.histories.parameters import Parameter, Rate, grade_rates, parameters_of, rate_draws, stage_rates
from simvet.histories.table import History

QUANTILES = (0.1, 0.5, 0.9)


@dataclass(frozen=True)
class Calibration:
    """A history with its fit and what it lets one expect.

    Notes
    -----
    Shape: ``drawn`` (draw, region, series, lead), scaled by experience. Unit: persons. Errors: none. Source:
    ``rolling.foresight``.
    """

    history: History
    view: Outlook
    drawn: Floats

    @property
    def rates(self) -> list[Rate]:
        """Return the rates of all regions."""
        fit = self.view.fit
        return grade_rates(fit) if isinstance(fit, GradeFit) else stage_rates(fit)

    @property
    def parameters(self) -> list[Parameter]:
        """Return the parameters of the covariances; none for a history by stage, whose structure is assumed."""
        fit = self.view.fit
        if not isinstance(fit, GradeFit):
            return []
        found = parameters_of(fit.shared, SHARED_PRIORS, "shared_")
        if fit.own is not None:
            priors = REGION_PRIORS | (LEAVING_PRIORS if fit.rates.with_graduates else {})
            found += parameters_of(fit.own, priors, "region_")
        return found


def rate_frame(found: Calibration) -> pd.DataFrame:
    """Return the rates as a table; columns are the fields of Rate, unit in each line."""
    return pd.DataFrame([vars(rate) for rate in found.rates], columns=[one.name for one in fields(Rate)])


def forecast_frame(found: Calibration) -> pd.DataFrame:
    """Return what is foretold as a table: region, measure, stage, grade, year, median, low80, high80; persons."""
    with np.errstate(invalid="ignore"):
        low, middle, high = np.quantile(found.drawn, QUANTILES, axis=0)
    rows = []
    for r, region in enumerate(found.view.regions):
        for s, one in enumerate(found.view.series):
            for lead in range(middle.shape[2]):
                if np.isfinite(middle[r, s, lead]):
                    grade = "all" if one.grade is None else one.grade
                    rows.append(
                        (region, one.measure, one.stage, grade, found.view.origin + lead + 1, middle[r, s, lead],
                         low[r, s, lead], high[r, s, lead])
                    )  # fmt: skip
    names = ["region", "measure", "stage", "grade", "year", "median", "low80", "high80"]
    return pd.DataFrame(rows, columns=names)


def pathway_of(history: History) -> dict[str, Any]:
    """Return the pathway of a history as plain data.

    Parameters
    ----------
    history : History.

    Returns
    -------
    dict: kind, years, regions, and for each stage its grades, length in years, feeders and turn at the gate.

    Notes
    -----
    Unit: years. Errors: none. Source: the history and ``data/histories/labels.csv``.
    """
    stages = []
    for name in dict.fromkeys(column.stage for column in history.columns):
        facts = stage_facts(name)
        grades = [column.grade for column in history.columns if column.stage == name and column.grade is not None]
        stages.append(
            {
                "stage": facts.canonical,
                "years": len(grades) or facts.years,
                "grades": grades or "unknown",
                "feeders": list(facts.feeders),
                "turn_at_the_gate": facts.admitted,
            }
        )
    return {
        "name": history.name, "kind": history.kind, "years": [history.years[0], history.years[-1]],
        "regions": list(history.regions), "stages": stages,
        "refused": {region: reason for region, (reason, _) in history.refused.items()},
        "flags": [{"kind": f.kind, "region": f.region, "year": f.year, "stage": f.stage} for f in history.flags],
    }  # fmt: skip


def write_calibration(found: Calibration, folder: Path, draws: int, seed: int) -> None:
    """Write a calibration into a new folder.

    Parameters
    ----------
    found : Calibration.
    folder : Path; checked before.
    draws : int, of the rates.
    seed : int.

    Raises
    ------
    InputError : the folder cannot be written.

    Notes
    -----
    ``scenario.yaml`` is the pathway with the fitted rates: all that is needed to carry the history forward by hand.
    Unit: said in each file. Source: the calibration.
    """
    rates = rate_frame(found)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        rates.to_csv(folder / "rates.csv", index=False, float_format="%.6g")
        forecast_frame(found).to_csv(folder / "forecast.csv", index=False, float_format="%.7g")
        told = [vars(one) | {"told_by_the_data": one.told} for one in found.parameters]
        heads = [*(one.name for one in fields(Parameter)), "told_by_the_data"]
        pd.DataFrame(told, columns=heads).to_csv(folder / "parameters.csv", index=False, float_format="%.5g")
        _write_scenario(found, rates, folder / "scenario.yaml")
        if isinstance(found.view.fit, GradeFit):
            _draw_frame(found.view.fit, draws, seed).to_parquet(folder / "rate_draws.parquet")
        else:
            _count_frame(found).to_parquet(folder / "forecast_draws.parquet")
    except OSError:
        raise InputError(folder.name, "the folder cannot be written", "Choose another folder") from None


def _write_scenario(found: Calibration, rates: pd.DataFrame, path: Path) -> None:
    said = pathway_of(found.history)
    said["status"] = "derived"
    said["source"] = f"simvet calibrate of {found.history.name}, years {found.history.years[0]}-{found.view.origin}"
    said["rates"] = {
        str(region): [
            {"stage": r.stage, "grade": r.grade, "rate": r.kind, "value": _short(r.value), "low": _short(r.low),
             "high": _short(r.high), "unit": r.unit}
            for r in found.rates if r.region == region
        ]
        for region in dict.fromkeys(rates["region"])
    }  # fmt: skip
    yaml = YAML()
    yaml.width = 110
    yaml.allow_unicode = True
    with path.open("w", encoding="utf-8") as out:
        yaml.dump(said, out)


def _short(value: float) -> float:
    return float(f"{value:.6g}")


def _count_frame(found: Calibration) -> pd.DataFrame:
    """Return draws of what is foretold by stage, one line a draw, region and series, one column a year; persons."""
    draws, regions, series, leads = found.drawn.shape
    years = [str(found.view.origin + lead) for lead in range(1, leads + 1)]
    table = pd.DataFrame(found.drawn.reshape(-1, leads), columns=years)
    table.insert(0, "stage", np.tile([one.stage for one in found.view.series], draws * regions))
    table.insert(0, "measure", np.tile([one.measure for one in found.view.series], draws * regions))
    table.insert(0, "region", np.tile(np.repeat(np.array(found.view.regions), series), draws))
    table.insert(0, "draw", np.repeat(np.arange(draws), regions * series))
    return table


def _draw_frame(fit: GradeFit, draws: int, seed: int) -> pd.DataFrame:
    """Return draws of the rates, one line a draw and region, one column a rate."""
    drawn = np.exp(rate_draws(fit, draws, seed))
    regions = len(fit.history.regions)
    table = pd.DataFrame(drawn.reshape(draws * regions, -1), columns=[f"rate_{series}" for series in fit.carried])
    table.insert(0, "region", np.tile(np.array(fit.history.regions), draws))
    table.insert(0, "draw", np.repeat(np.arange(draws), regions))
    return table
