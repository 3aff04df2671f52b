"""Hindcasts as tables of the terminal and as files."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from simvet.errors import InputError
from simvet.histories.rolling import OURS, Hindcast
from simvet.histories.scores import SINGLE_GRADES, best_plain, case_table, score_table
from simvet.histories.table import History
from simvet.report.export import require_new_folder
from simvet.report.hindcast_words import flag_sentences, hindcast_sentences, series_name
from simvet.report.terminal import new_table
from simvet.report.wording import Language, word


def hindcast_report(
    found: Hindcast, history: History, by: str, language: Language, every: bool = False
) -> RenderableType:
    """Return a hindcast as its reader wants it: sentences, the table, what is odd about the data.

    Parameters
    ----------
    found : Hindcast.
    history : History.
    by : str; ``stage`` or ``region``.
    language : str.
    every : bool; whether each plain method has a line, or the best of them at each lead alone.

    Returns
    -------
    a renderable of rich.

    Notes
    -----
    Unit: per cent. Errors: none. Source: the hindcast.
    """
    table = score_table(found)
    parts: list[RenderableType] = [Text(line) for line in hindcast_sentences(found, table, language)]
    shown = score_table(found, True) if by == "region" else table
    parts += [Text(""), _grid(shown if every or by == "region" else _with_best(table), by, language)]
    flags = flag_sentences(history.flags, language)
    if flags:
        parts += [Text(""), Text(word("histories", "flags_title", language), style="bold")]
        parts += [Text(f"· {line}") for line in flags]
    return Group(*parts)


def _with_best(table: pd.DataFrame) -> pd.DataFrame:
    """Return the model's lines and, below each, the error of the best plain method at each lead."""
    best = best_plain(table)
    best = best.assign(method="best", mape=best["best"])
    return pd.concat([table[table["method"] == OURS], best], ignore_index=True)


def _grid(table: pd.DataFrame, by: str, language: Language) -> Table:
    """Return errors by lead: a line for each series and method, or for each region."""
    grid = new_table(word("histories", "table_title", language))
    first = "column_region" if by == "region" else "column_series"
    grid.add_column(word("histories", first, language), overflow="fold")
    grid.add_column(word("histories", "column_method", language), overflow="fold")
    leads = range(1, int(table["lead"].max()) + 1) if len(table) else range(1, 2)
    for lead in leads:
        grid.add_column(word("histories", "column_lead", language, lead=lead), justify="right")
    if by == "region":
        table = table[(table["method"] == OURS) & (table["stage"] != SINGLE_GRADES)]
    keys = ["region", "measure", "stage"] if by == "region" else ["measure", "stage", "region"]
    for key, lines in table.groupby(keys, sort=False):
        named = dict(zip(keys, map(str, key), strict=True))
        head = series_name(named["measure"], named["stage"], language)
        head = f"{named['region']} {head}" if by == "region" else head
        for method, part in lines.groupby("method", sort=False):
            _rows(grid, head, str(method), part.set_index("lead"), leads, by, language)
            head = ""
    return grid


def _rows(grid: Table, head: str, method: str, part: pd.DataFrame, leads: range, by: str, language: Language) -> None:
    shown = [f"{part['mape'][k]:.2f}" if k in part.index else "" for k in leads]
    style = "bold" if method == OURS and by != "region" else ""
    grid.add_row(head, word("history_method", method, language), *shown, style=style)
    if method == OURS:
        held = [_whole(part["coverage80"], k) for k in leads]
        grid.add_row("", word("histories", "row_coverage", language), *held, style="dim")
        signed = [f"{part['bias'][k]:+.1f}" if k in part.index else "" for k in leads]
        grid.add_row("", word("histories", "row_bias", language), *signed, style="dim")


def _whole(shares: pd.Series[float], lead: int) -> str:
    """Return a share as whole per cent, nothing where it is not known."""
    return f"{100 * shares[lead]:.0f}" if lead in shares.index and pd.notna(shares[lead]) else ""


def write_hindcast(found: Hindcast, history: History, folder: Path, language: Language) -> None:
    """Write a hindcast into a new folder: scores, scores by region, every case, remarks.

    Parameters
    ----------
    found : Hindcast.
    history : History.
    folder : Path; must not exist or be empty.
    language : str.

    Raises
    ------
    InputError : the folder holds something, or cannot be written.

    Notes
    -----
    Unit: per cent; persons in ``cases.csv``. Source: the hindcast.
    """
    require_new_folder(folder)
    table = score_table(found)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        table.to_csv(folder / "scores.csv", index=False, float_format="%.6g")
        score_table(found, True).to_csv(folder / "scores_by_region.csv", index=False, float_format="%.6g")
        case_table(found).to_csv(folder / "cases.csv", index=False, float_format="%.8g")
        lines = [*hindcast_sentences(found, table, language), *flag_sentences(history.flags, language)]
        (folder / "remarks.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError:
        raise InputError(folder.name, "the folder cannot be written", "Choose another folder") from None
