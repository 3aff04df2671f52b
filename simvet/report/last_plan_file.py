"""An earlier plan looked at again, as files."""

from __future__ import annotations

import datetime
import os
from pathlib import Path
from typing import Any

import pandas as pd

from simvet.errors import InputError
from simvet.histories.last_plan import LastPlan, PlanRow
from simvet.report.last_plan import basis_line, missing_text, plan_lines
from simvet.report.wording import Language, require_language, word

ENDINGS = (".csv", ".xlsx")


def plan_frame(plan: LastPlan, language: str = "zh") -> pd.DataFrame:
    """Return an earlier plan as a tidy table, one row for each target, those that could not be foretold among them.

    Parameters
    ----------
    plan : LastPlan.
    language : str; of the column ``missing``.

    Returns
    -------
    pandas.DataFrame.

    Raises
    ------
    InputError : there is no such language.

    Notes
    -----
    Unit: persons (persons/year for entrants and graduates), share of draws. What is not known is empty, never zero.
    Source: the plan.
    """
    spoken = require_language(language)
    return pd.DataFrame([_flat(row, plan, spoken) for row in plan.rows]).convert_dtypes()


def _flat(row: PlanRow, plan: LastPlan, language: Language) -> dict[str, Any]:
    one, told = row.target, row.foretold
    flat: dict[str, Any] = {
        "name": one.name, "region": one.region, "year": one.year, "stage": one.series.stage,
        "grade": one.series.grade or "all", "measure": one.series.measure, "comparator": one.comparator,
        "bound_persons": one.bound, "made_in": plan.made_in, "known_until": plan.known_until,
    }  # fmt: skip
    names = ("median", "low", "high", "probability", "error", "called")
    heads = ("median", "low_80", "high_80", "probability", "monte_carlo_error", "called")
    flat |= {head: getattr(told, name) if told else None for head, name in zip(heads, names, strict=True)}
    flat |= {"actual": row.actual, "reached": row.reached, "inside_80": row.inside}
    flat["wrong"] = None if told is None or row.reached is None else row.wrong
    for name in ("naive", "naive_reaches", "drift", "drift_reaches"):
        flat[name] = getattr(told, name) if told else None
    return flat | {
        "missing": missing_text(row, language) or None, "draws": plan.draws, "seed": plan.seed,
        "source": one.source or None,
    }  # fmt: skip


def require_table_file(path: Path) -> Path:
    """Return the path of a table of results if it can be written; complain if not.

    Parameters
    ----------
    path : Path.

    Returns
    -------
    Path.

    Raises
    ------
    InputError : it ends in neither .csv nor .xlsx, is there already, or its folder cannot be written.

    Notes
    -----
    Unit: none. Source: ENDINGS.
    """
    if path.suffix.lower() not in ENDINGS:
        raise InputError(
            str(path), "no table of results ends in {ending!r}", "Choose one of {known}", ending=path.suffix,
            known=", ".join(ENDINGS),
        )  # fmt: skip
    if path.exists():
        raise InputError(str(path), "the file is there already", "Choose another name; nothing is overwritten")
    folder = path.absolute().parent
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise InputError(str(path), "the folder cannot be written", "Choose another folder")
    return path


def write_plan(plan: LastPlan, path: Path, language: str = "zh") -> Path:
    """Write an earlier plan to a new file: CSV, or a workbook whose second sheet holds the score in sentences.

    Parameters
    ----------
    plan : LastPlan.
    path : Path; its ending decides.
    language : str; of the workbook's headings and of the column ``missing``.

    Returns
    -------
    Path.

    Raises
    ------
    InputError : the file cannot be written, or there is no such language.

    Notes
    -----
    Unit: see :func:`plan_frame`. No clock time is written, so that equal plans are equal bytes. Source: the plan.
    """
    spoken, frame = require_language(language), plan_frame(plan, language)
    require_table_file(path)
    if path.suffix.lower() == ".csv":
        frame.to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\n")
        return path
    heads = {name: word("last_plan", f"head_{name}", spoken) for name in frame.columns}
    lines = [*plan_lines(plan, spoken), basis_line(plan, spoken), word("last_plan", "note", spoken)]
    options = {"strings_to_formulas": False, "strings_to_urls": False}
    with pd.ExcelWriter(path, engine="xlsxwriter", engine_kwargs={"options": options}) as writer:
        writer.book.set_properties({"created": datetime.datetime(2000, 1, 1)})
        name = word("last_plan", "sheet_targets", spoken)
        frame.rename(columns=heads).to_excel(writer, sheet_name=name, index=False, freeze_panes=(1, 1))
        writer.sheets[name].set_column(0, len(heads) - 1, 16)
        score = word("last_plan", "sheet_score", spoken)
        pd.DataFrame({score: lines}).to_excel(writer, sheet_name=score, index=False)
    return path
