"""The workbook that a planner takes away: everything the brief says as cells to sort and filter, nothing live in it."""

from __future__ import annotations

import datetime
import io
import math
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

import simvet
from simvet.lateness import late_levers
from simvet.report.book_rows import input_rows, item_rows, project_rows, verdict_rows
from simvet.report.context import ReportContext, headlines_first, plain_cell, unsigned_text
from simvet.report.explain import indicator_name, labels_of
from simvet.report.wording import WHOLE, Language, word
from simvet.result import Result
from simvet.verdicts import Verdict

GATE_ARRAYS = ("placed", "seats", "cutoff", "pool", "declined", "unplaced")
"""Arrays of the books about entry to the next level; the first three by option."""
BY_OPTION = 3
WIDE = (
    "name",
    "project",
    "source",
    "locator",
    "address",
    "note",
    "advice",
    "cause",
    "told",
    "base_source",
    "target_source",
    "trust_reasons",
    "trust_avoid",
)
"""Columns of long texts."""
LONGEST = 32_000
"""Letters that a cell of Excel can hold, a little less."""

Sheet = tuple[Sequence[str], Iterable[Mapping[str, Any]]]


def write_answers_book(result: Result, verdicts: Sequence[Verdict], context: ReportContext) -> bytes:
    """Write a run as a workbook: verdicts, series, flows at the gates, limits, inputs with who signed them, items.

    Parameters
    ----------
    result : Result.
    verdicts : sequence of Verdict of that run.
    context : ReportContext.

    Returns
    -------
    bytes, an .xlsx file; sheets about, verdicts, series, flows, binding, inputs, items, and projects and late where
    there are any.

    Notes
    -----
    Shape: one table a sheet, headings in the reader's language. Unit: column ``unit`` row by row. What is not known is
    an empty cell, never zero. No cell is a formula or a link: a text that begins with one of ``= + - @`` stays text in
    Excel, and carries an apostrophe so that it stays text where the sheet goes on as CSV. Equal input gives equal
    bytes. Errors: none. Source: the run.
    """
    import xlsxwriter  # noqa: PLC0415 - slow to import

    language, ordered = context.language, headlines_first(verdicts)
    stream = io.BytesIO()
    options = {
        "in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
        "nan_inf_to_errors": False,
    }  # fmt: skip
    book = xlsxwriter.Workbook(stream, options)
    # No clock time and nobody's name, so that equal runs are equal bytes.
    made = datetime.datetime.combine(context.made_on, datetime.time())
    book.set_properties({"title": word("text", "book_title", language), "created": made})
    pen = _Pen(book, language)
    pen.write("about", _about(result, context))
    pen.write("verdicts", verdict_rows(result, ordered, context))
    pen.write("series", _series(result, language))
    pen.write("flows", _flows(result, language))
    pen.write("binding", _binding(result, language))
    pen.write("inputs", input_rows(result, context))
    pen.write("items", item_rows(result, language))
    if result.scenario.projects:
        pen.write("projects", project_rows(result, language))
    late = _late(result, ordered, language)
    if late[1]:
        pen.write("late", late)
    book.close()
    return stream.getvalue()


class _Pen:
    """Writes tables into a workbook, texts as texts and numbers in the format of their unit."""

    def __init__(self, book: Any, language: Language) -> None:
        self.book, self.language = book, language
        self.formats: dict[str, Any] = {}
        self.head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#E8ECF1"})
        self.wrapped = book.add_format({"text_wrap": True, "valign": "top"})

    def write(self, name: str, table: Sheet) -> None:
        """Write a sheet with a frozen heading and a filter."""
        columns, rows = table
        sheet = self.book.add_worksheet(name)
        for column, key in enumerate(columns):
            sheet.write_string(0, column, word("text", f"book_{key}", self.language), self.head)
            sheet.set_column(column, column, 38 if key in WIDE else 14)
        line = 0
        for line, row in enumerate(rows, start=1):
            for column, key in enumerate(columns):
                self._cell(sheet, line, column, row.get(key), _unit_of(key, row))
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, max(line, 1), len(columns) - 1)

    def _cell(self, sheet: Any, line: int, column: int, value: Any, unit: str) -> None:
        if value is None or (isinstance(value, str) and not value):
            return
        if isinstance(value, bool | np.bool_):
            value = word("text", "book_yes" if value else "book_no", self.language)
        if isinstance(value, str):
            wrap = self.wrapped if sheet.get_name() == "about" else None
            sheet.write_string(line, column, plain_cell(value)[:LONGEST], wrap)
        elif math.isfinite(float(value)):
            sheet.write_number(line, column, float(value), self._format(unit))

    def _format(self, unit: str) -> Any:
        form = "0" if unit == "year" else "0.0%" if unit == "share" else "#,##0" if unit in WHOLE else "#,##0.0##"
        if form not in self.formats:
            self.formats[form] = self.book.add_format({"num_format": form})
        return self.formats[form]


def _unit_of(column: str, row: Mapping[str, Any]) -> str:
    """Return the unit of a column in a row: a year, a share, a count, or what the row says."""
    if column in ("probability", "monte_carlo_error", "share_of_draws"):
        return "share"
    if column == "year" or column.endswith("_year") or column in ("as_of", "first", "since", "latest_start", "order"):
        return "year"
    if column in ("need_now", "need_needed", "need_hires"):
        return str(row.get("need_unit_key", ""))
    return str(row.get("unit_key", ""))


def _about(result: Result, context: ReportContext) -> Sheet:
    language, scenario = context.language, result.scenario
    facts: list[tuple[str, str | None]] = [
        ("warning", unsigned_text(context) or word("text", "book_all_signed", language)),
        ("scenario", scenario.labels[language]), ("scenario_name", scenario.name), ("digest", scenario.digest),
        ("data_digest", scenario.data_digest), ("seed", str(result.seed)), ("draws", str(result.draws)),
        ("engine", word("text", f"brief_engine_{result.engine}", language)), ("version", simvet.__version__),
        ("as_of", str(scenario.as_of)), ("until", str(result.books.years[-1])),
        ("made_on", context.made_on.isoformat()), ("baseline", context.baseline),
        ("assumed_inputs", str(context.assumed)), ("unsigned_inputs", str(context.unsigned)), ("link", context.link),
    ]  # fmt: skip
    facts += [("change", change) for change in context.changes] or [("change", word("text", "book_none", language))]
    facts += [("rule", word("text", f"book_rule_{name}", language)) for name in ("empty", "prefix", "band")]
    rows = [{"fact": word("text", f"book_{name}", language), "told": text} for name, text in facts]
    return ("fact", "told"), rows


def _series(result: Result, language: Language) -> Sheet:
    columns = (
        "scenario", "region", "region_name", "indicator", "stage", "name", "year", "unit", "median", "low_80",
        "high_80", "mean",
    )  # fmt: skip
    names: dict[tuple[str, str], str] = {}
    rows = []
    for row in result.to_frame().to_dict("records"):
        about = (str(row["indicator"]), str(row["stage"]))
        if about not in names:
            labels = labels_of(*about, result.scenario.targets)
            names[about] = indicator_name(*about, labels, language)
        rows.append(
            {
                **{str(key): value for key, value in row.items()}, "name": names[about], "unit_key": row["unit"],
                "unit": word("unit", str(row["unit"]), language),
                "region_name": word("region", str(row["region"]), language),
            }
        )  # fmt: skip
    return columns, rows


def _flows(result: Result, language: Language) -> Sheet:
    columns = (
        "flow", "flow_name", "region", "gate", "gate_name", "option", "year", "unit", "median", "low_80", "high_80"
    )  # fmt: skip
    books, rows = result.books, []
    for name in GATE_ARRAYS:
        unit = "" if name == "cutoff" else "persons/year"
        told = word("text", f"book_flow_{name}", language)
        for place, gate in enumerate(books.pathway.gates):
            found = books.arrays[name][:, :, :, place]
            options = gate.options if name in GATE_ARRAYS[:BY_OPTION] else ("",)
            for number, option in enumerate(options):
                values = found[..., number] if option else found
                for (column, position), band in _bands(values):
                    rows.append(
                        {
                            "flow": name, "flow_name": told, "region": books.regions[position], "gate": gate.key,
                            "gate_name": gate.labels[language], "option": option, "year": books.years[column],
                            "unit": word("unit", unit, language) if unit else word("text", "book_quantile", language),
                            "unit_key": unit, "low_80": band[0], "median": band[1], "high_80": band[2],
                        }
                    )  # fmt: skip
    return columns, rows


def _bands(values: np.ndarray[Any, np.dtype[np.float64]]) -> list[tuple[tuple[int, int], list[float]]]:
    """Return low, median and high over the draws for each year and region; NaN where nothing is known."""
    with warnings.catch_warnings():
        # A year in which no draw knows anything stays NaN, which is what is wanted.
        warnings.simplefilter("ignore", RuntimeWarning)
        found = np.nanquantile(values, [0.1, 0.5, 0.9], axis=0)
    return [(place, [float(q) for q in found[(slice(None), *place)]]) for place in np.ndindex(*found.shape[1:])]


def _binding(result: Result, language: Language) -> Sheet:
    columns = ("region", "stage", "stage_name", "year", "limit", "limit_name", "share_of_draws")
    rows = [
        {
            **{str(key): value for key, value in row.items()}, "share_of_draws": row["share"],
            "stage_name": word("stage", str(row["stage"]), language),
            "limit_name": word("limit", str(row["limit"]), language),
        }
        for row in result.binding().to_dict("records")
    ]  # fmt: skip
    return columns, rows


def _late(
    result: Result, verdicts: Sequence[Verdict], language: Language
) -> tuple[Sequence[str], list[dict[str, Any]]]:
    """Return targets with their latest start, and levers that act too late (of the cohort engine, which is quick)."""
    columns = ("kind", "name", "target_year", "latest_start", "too_late", "lever", "first")
    rows: list[dict[str, Any]] = [
        {
            "kind": word("text", "book_late_target", language), "name": v.target.labels[language],
            "target_year": v.target.year, "latest_start": v.late.latest_start, "too_late": v.late.too_late,
        }
        for v in verdicts if v.late is not None
    ]  # fmt: skip
    for found in late_levers(result) if result.engine == "cohort" else []:
        rows.append(
            {
                "kind": word("text", "book_late_lever", language), "name": found.target.labels[language],
                "target_year": found.target.year, "too_late": True, "lever": found.labels[language],
                "first": found.first,
            }
        )  # fmt: skip
    return columns, rows
