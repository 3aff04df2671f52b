"""Results on disk: tidy tables, the labelled dataset and a manifest, in one folder, all or nothing."""

from __future__ import annotations

import json
import os
import platform
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from simvet.errors import InputError
from simvet.reconciliation import Reconciliation
from simvet.report.trust_words import trust_fields
from simvet.report.why_figures import binding_chart, save_picture
from simvet.report.wording import Language
from simvet.result import Result
from simvet.rules.names import PROVIDERS
from simvet.scenario import digest_of
from simvet.tables import home
from simvet.targets import not_modelled
from simvet.trust import Trust
from simvet.verdicts import Verdict

PACKAGES = ("numpy", "scipy", "numba", "pandas", "xarray")


def require_new_folder(folder: Path) -> Path:
    """Return the folder if results can be written there; complain if not.

    Parameters
    ----------
    folder : Path.

    Returns
    -------
    Path.

    Raises
    ------
    InputError : there is a file of that name, or the folder holds something already.

    Notes
    -----
    Unit: none. Source: results of two runs are never mixed.
    """
    try:
        if folder.exists() and not folder.is_dir():
            raise InputError(str(folder), "there is a file of that name", "Choose another folder")
        above = next((parent for parent in folder.absolute().parents if parent.exists()), folder)
        if not above.is_dir() or not os.access(above, os.W_OK):
            raise InputError(str(folder), "the folder cannot be written", "Choose another folder")
        if folder.exists() and any(folder.iterdir()):
            raise InputError(str(folder), "the folder is not empty", "Choose a new folder; results are never mixed")
    except OSError:
        raise InputError(str(folder), "the folder cannot be written", "Choose another folder") from None
    return folder


def verdict_frame(verdicts: Sequence[Verdict], trusts: Sequence[Trust] = ()) -> pd.DataFrame:
    """Return verdicts as a tidy table, one row for target and reading.

    Parameters
    ----------
    verdicts : sequence of Verdict.
    trusts : sequence of Trust, optional; of each verdict, as ``result.trust(verdicts)`` returns them: where given,
        columns say how far each row carries.

    Returns
    -------
    pandas.DataFrame.

    Notes
    -----
    Unit: the column ``unit``. Errors: none. Source: MODEL, section 8.
    """
    rows = []
    for place, v in enumerate(verdicts):
        row: dict[str, Any] = {
            "document": v.target.document, "region": v.target.region, "locator": v.target.locator, "key": v.target.key,
            "name_zh": v.target.labels["zh"], "name_en": v.target.labels["en"], "stage": v.target.stage,
            "reading": v.reading, "unit": v.unit, "comparator": v.target.comparator, "bound": v.bound,
            "year": v.target.year,
            "median": v.median, "low_80": v.low, "high_80": v.high, "gap": v.gap, "probability": v.probability,
            "monte_carlo_error": v.error, "first_year": v.first_year, "as_of": v.as_of, "value_as_of": v.value_as_of,
            "milestone": v.milestone, "milestone_assumed": v.milestone_assumed, "assumed_base": v.assumed_base,
            "binding_cause": " ".join(v.binding), "draws": v.draws,
        }  # fmt: skip
        if trusts:
            row |= trust_fields(trusts[place])
        for cause in v.causes:
            row[f"effect_{cause.key}"] = cause.probability
        rows.append(row)
    return pd.DataFrame(rows).convert_dtypes()


def manifest(result: Result) -> dict[str, Any]:
    """Return what it takes to repeat a run.

    Parameters
    ----------
    result : Result.

    Returns
    -------
    dict; scenario, digests, seed, draws, uncertainty, versions; no clock time, so that equal runs are equal bytes.

    Notes
    -----
    Unit: none. Errors: none. Source: the run.
    """
    told: dict[str, Any] = {}
    if result.engine == "agents":
        world = result.agents
        told = {
            "students": sum(population.students.rows for population in world.populations),
            "agents": result.scenario.agents.said, "agents_data_digest": agents_data_digest(),
            "schools": sorted({book.list.source for book in world.books.values()}),
        }  # fmt: skip
    return told | {
        "simvet": version("simvet"), "scenario": result.scenario.name, "title": dict(result.scenario.labels),
        "scenario_digest": result.scenario.digest, "data_digest": result.scenario.data_digest, "seed": result.seed,
        "draws": result.draws, "until": result.scenario.until, "engine": result.engine,
        "uncertainty": asdict(result.schedule.uncertainty), "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES},
        "not_modelled": [f"{t.document}: {t.key} ({t.stage})" for t in not_modelled(result.scenario)],
    }  # fmt: skip


def reconciliation_frame(found: Reconciliation) -> pd.DataFrame:
    """Return both engines side by side as a tidy table.

    Parameters
    ----------
    found : Reconciliation.

    Returns
    -------
    pandas.DataFrame; one row for draw, region, year, stage and step; columns cohort_mean, cohort_sd, difference, score.

    Notes
    -----
    Unit: persons; ``score`` in Monte Carlo errors. Errors: none. Source: the reconciliation.
    """
    rows = []
    years, regions = found.steps[0].books.years, found.steps[0].books.regions
    for step in found.steps:
        for place, score in np.ndenumerate(step.score):
            draw, column, region, stage = place
            rows.append(
                (
                    draw, regions[region], years[column], found.scenario.pathway.stages[stage], step.key,
                    found.mean[place], found.error[place], step.difference[place], score,
                )
            )  # fmt: skip
    columns = ["draw", "region", "year", "stage", "step", "cohort_mean", "cohort_sd", "difference", "score"]
    return pd.DataFrame(rows, columns=columns)


def write_reconciliation(found: Reconciliation, folder: Path) -> Path:
    """Write both engines side by side to a new folder, all or nothing.

    Parameters
    ----------
    found : Reconciliation.
    folder : Path; new or empty.

    Returns
    -------
    Path; the folder.

    Raises
    ------
    InputError : the folder is taken or cannot be written.

    Notes
    -----
    Unit: persons. ``reconciliation.csv`` and a manifest. Source: the reconciliation.
    """
    require_new_folder(folder)
    said = {
        "simvet": version("simvet"), "scenario": found.scenario.name, "scenario_digest": found.scenario.digest,
        "data_digest": found.scenario.data_digest, "agents_data_digest": agents_data_digest(), "seed": found.seed,
        "replications": found.replications, "largest": found.largest, "place": found.place, "bound": found.bound,
        "expected": found.expected, "cells": found.cells, "agree": found.agree,
    }  # fmt: skip
    try:
        folder.mkdir(parents=True, exist_ok=True)
        frame = reconciliation_frame(found)
        frame.to_csv(folder / "reconciliation.csv", index=False, encoding="utf-8-sig", lineterminator="\n")
        text = json.dumps(said, ensure_ascii=False, indent=2, sort_keys=True)
        (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")
    except OSError:
        raise InputError(str(folder), "the folder cannot be written", "Choose another folder") from None
    return folder


def agents_data_digest() -> str:
    """Return the sha256 of the tables that the agent engine alone reads, 16 hex digits.

    Returns
    -------
    str.

    Notes
    -----
    Unit: none. Errors: none. Source: ``data/agents``.
    """
    tables = sorted((home() / "data" / "agents").glob("*.csv"))
    return digest_of([[table.name, table.read_text(encoding="utf-8")] for table in tables])


def write_results(result: Result, verdicts: Sequence[Verdict], folder: Path, language: Language = "zh") -> list[Path]:
    """Write a run to a new folder: indicators, verdicts and binding limits, books, a manifest, a picture of the limits.

    Parameters
    ----------
    result : Result.
    verdicts : sequence of Verdict.
    folder : Path; new or empty.
    language : str; of the pictures.

    Returns
    -------
    list of Path.

    Raises
    ------
    InputError : the folder is taken or cannot be written.

    Notes
    -----
    Unit: in each file. Tables are CSV and Parquet, the books NetCDF, the manifest JSON, pictures PNG. The folder
    appears whole or not at all. Source: the run.
    """
    require_new_folder(folder)
    folder = folder.resolve()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".simvet-"))
    except OSError:
        raise InputError(str(folder), "the folder cannot be written", "Choose another folder") from None
    try:
        tables = {
            "indicators": result.to_frame(), "verdicts": verdict_frame(verdicts, result.trust(verdicts)),
            "binding": result.binding(),
        }  # fmt: skip
        if not verdicts:
            del tables["verdicts"]
        if result.engine == "agents" and result.agents.books:
            tables |= {
                "admissions": result.admissions(), "matching": result.matching(), "schools": result.schools(),
            }  # fmt: skip
        for name, frame in tables.items():
            frame.to_csv(building / f"{name}.csv", index=False, encoding="utf-8-sig", lineterminator="\n")
            frame.to_parquet(building / f"{name}.parquet", index=False)
        dataset = result.to_dataset()
        small = {name: {"zlib": True, "complevel": 1} for name in dataset.data_vars}
        dataset.to_netcdf(building / "books.nc", engine="h5netcdf", encoding=small)
        for case in result.scenario.regions:
            for stage in (stage for stage in PROVIDERS if case.limits.get(stage)):
                chart = binding_chart(result, stage, case.region, language)
                save_picture(chart, building / f"binding_{case.region}_{stage}.png")
        text = json.dumps(manifest(result), ensure_ascii=False, indent=2, sort_keys=True)
        (building / "manifest.json").write_text(text + "\n", encoding="utf-8")
        building.chmod(0o755)
        if folder.exists():
            for file in building.iterdir():
                file.rename(folder / file.name)
        else:
            building.rename(folder)
    except OSError:
        raise InputError(str(folder), "the folder cannot be written", "Choose another folder") from None
    finally:
        if building.exists():
            shutil.rmtree(building)
    return sorted(folder.iterdir())
