"""Calibrations as tables of the terminal: rates, what the data tell, what they cannot, and the years to come."""

from __future__ import annotations

import numpy as np
import pandas as pd
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from simvet.histories.calibrate_file import Calibration, forecast_frame, rate_frame
from simvet.histories.region_rows import Refit
from simvet.report.hindcast_words import flag_sentences, series_name, stage_name
from simvet.report.terminal import new_table
from simvet.report.wording import Language, number, word

CANNOT = {"grades": ("promotion", "willingness"), "stages": ("dropout", "willingness", "structure")}
"""What counts of this kind can never tell, by the name of the sentence that says so."""
MOST_LEADS = 3
"""Years ahead in the terminal, so that a line fits; the files have all."""


def calibration_report(found: Calibration, language: Language) -> RenderableType:
    """Return a calibration as its reader wants it.

    Parameters
    ----------
    found : Calibration.
    language : str.

    Returns
    -------
    a renderable of rich.

    Notes
    -----
    Of several regions the median and the range of their rates are shown; ``rates.csv`` has each. Unit: said in the
    table. Errors: none. Source: the calibration.
    """
    parts: list[RenderableType] = [_rates(rate_frame(found), language), Text("")]
    told = found.parameters
    if told:
        silent = [one.name for one in told if not one.told]
        key = "parameters_some" if silent else "parameters_all"
        names = word("text", "list_separator", language).join(silent)
        parts.append(Text(word("histories", key, language, told=len(told) - len(silent), all=len(told), names=names)))
    parts += [Text(word("histories", f"cannot_{name}", language)) for name in CANNOT[found.history.kind]]
    if len(found.view.regions) == 1:
        parts += [Text(""), _forecast(forecast_frame(found), found.view.regions[0], language)]
    else:
        parts.append(Text(word("histories", "forecast_in_file", language)))
    refused = [
        word("histories", f"refused_{reason}", language, **facts) for reason, facts in found.history.refused.values()
    ]
    for region, why in zip(found.history.refused, refused, strict=True):
        parts.append(Text(word("histories", "refused_line", language, region=region, why=why)))
    parts += [Text(f"· {line}") for line in flag_sentences(found.history.flags, language)]
    return Group(*parts)


def _rates(rates: pd.DataFrame, language: Language) -> Table:
    grid = new_table(word("histories", "rates_title", language))
    for head in ("rate", "value", "range", "unit"):
        name = word("histories", f"column_{head}", language)
        grid.add_column(name, justify="right" if head in ("value", "range") else "left", overflow="fold")
    rates = rates.assign(grade=rates["grade"].fillna(-1))
    for key, part in rates.groupby(["stage", "grade", "kind"], sort=False):
        stage, kind, grade = str(key[0]), str(key[2]), int(part["grade"].iloc[0])
        name = word("histories", f"rate_{kind}", language)
        where = stage_name(stage, language)
        if grade >= 0:
            where = word("histories", "rate_grade", language, stage=where, grade=grade)
        low, high = (part["low"], part["high"]) if len(part) == 1 else (part["value"], part["value"])
        shown = f"{low.min():.3f} – {high.max():.3f}"
        unit = word("history_unit", str(part["unit"].iloc[0]), language)
        grid.add_row(f"{where} {name}", f"{part['value'].median():.3f}", shown, unit)
    return grid


def _forecast(table: pd.DataFrame, region: str, language: Language) -> Table:
    grid = new_table(word("histories", "forecast_title", language, region=region))
    grid.add_column(word("histories", "column_series", language), overflow="fold")
    years = sorted(table["year"].unique())[:MOST_LEADS]
    for year in years:
        grid.add_column(str(year), justify="right")
    whole = table[table["grade"] == "all"]
    for (measure, stage), part in whole.groupby(["measure", "stage"], sort=False):
        lines = part.set_index("year")
        cells = [_cell(lines.loc[year], language) if year in lines.index else "" for year in years]
        grid.add_row(series_name(str(measure), str(stage), language), *cells)
    return grid


def _cell(line: pd.Series[float], language: Language) -> str:
    middle, low, high = (number(float(line[key]), "persons", language) for key in ("median", "low80", "high80"))
    wan = word("text", "wan", language)
    if all(text.endswith(wan) for text in (middle, low, high)):
        middle, low = middle.removesuffix(wan).rstrip(), low.removesuffix(wan).rstrip()
    return word("histories", "band", language, middle=middle, low=low, high=high)


def refit_report(found: Refit, region: str, language: Language) -> RenderableType:
    """Return the refit of a region's scenario: the stocks to come, what was replaced, what was left out.

    Parameters
    ----------
    found : Refit.
    region : str, its name in the reader's language.
    language : str.

    Returns
    -------
    a renderable of rich.

    Notes
    -----
    Unit: persons. Errors: none. Source: the refit.
    """
    last = found.fit.history.years[-1]
    grid = new_table(word("histories", "forecast_title", language, region=region))
    grid.add_column(word("histories", "column_series", language))
    leads = min(found.stocks.shape[2], MOST_LEADS)
    for lead in range(leads):
        grid.add_column(str(last + lead + 1), justify="right")
    for s, stage in enumerate(found.stages):
        low, middle, high = np.quantile(found.stocks[:, s], (0.1, 0.5, 0.9), axis=0)
        cells = [
            _cell(pd.Series({"median": middle[k], "low80": low[k], "high80": high[k]}), language) for k in range(leads)
        ]
        grid.add_row(series_name("enrolment", stage, language), *cells)
    parts: list[RenderableType] = [grid, Text("")]
    parts.append(Text(word("histories", "refit_edits", language, count=len(found.edits))))
    for stage, years in found.left_out.items():
        name = stage_name(stage, language)
        parts.append(Text(word("histories", "refit_left_out", language, stage=name, years=years)))
    parts += [Text(word("histories", f"cannot_{name}", language)) for name in CANNOT["stages"][:2]]
    return Group(*parts)
