"""The workbook: everything readable, nothing live, what is not known empty."""

import datetime
import io
import math
import re
import zipfile
from dataclasses import replace

import openpyxl
import pytest

from simvet.report.answers_book import write_answers_book
from simvet.report.brief_rows import verdict_titles
from simvet.report.context import ReportContext, headlines_first, plain_cell, printable
from simvet.report.wording import word
from simvet.result import simulate

HOSTILE = '=HYPERLINK("http://evil.example","x")\x07\u202e <script>alert(1)</script> ' + "长" * 300


def context(language="zh", **changed):
    given = {
        "changes": (), "baseline": "base", "link": "http://10.0.0.1/", "unsigned": 12, "assumed": 30, "signatures": {},
        "made_on": datetime.date(2025, 11, 3),
    }  # fmt: skip
    return ReportContext(language, **{**given, **changed})


@pytest.fixture(scope="module")
def run():
    result = simulate("zhoushan", 60, 1)
    return result, result.verdicts()


@pytest.fixture(scope="module", params=["zh", "en"])
def book(request, run):
    data = write_answers_book(*run, context(request.param))
    return request.param, data, openpyxl.load_workbook(io.BytesIO(data))


def table(book, name, language):
    """Return the rows of a sheet as dicts by the catalogue's key of each heading."""
    rows = list(book[name].iter_rows(values_only=True))
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def head(key, language):
    return word("text", f"book_{key}", language)


def test_sheets_have_fixed_names_frozen_headings_and_filters(book):
    language, _, read = book
    names = ["about", "verdicts", "series", "flows", "binding", "inputs", "items", "projects", "late"]
    assert read.sheetnames == names
    for sheet in read:
        assert sheet.freeze_panes == "A2" and sheet.auto_filter.ref
        headings = [cell.value for cell in sheet[1]]
        assert all(headings) and len(set(headings)) == len(headings)
    assert read["verdicts"]["C1"].value == head("name", language)


def test_every_verdict_is_there_with_its_numbers(book, run):
    language, _, read = book
    _, verdicts = run
    ordered = headlines_first(verdicts)
    rows = table(read, "verdicts", language)
    assert len(rows) == len(verdicts)
    for row, v, title in zip(rows, ordered, verdict_titles(ordered, language, False), strict=True):
        assert row[head("name", language)] == plain_cell(title)
        found = {
            "probability": v.probability, "median": v.median, "low_80": v.low, "high_80": v.high, "bound": v.bound,
            "base_value": v.base_value, "value_as_of": v.value_as_of, "milestone": v.milestone, "gap": v.gap,
            "monte_carlo_error": v.error,
        }  # fmt: skip
        for key, value in found.items():
            cell = row[head(key, language)]
            assert cell == pytest.approx(value) if math.isfinite(value) else cell is None, key


def test_nothing_is_live(book):
    _, data, read = book
    for sheet in read:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f" and cell.hyperlink is None
                assert not (isinstance(cell.value, str) and cell.value.startswith(("=", "+", "-", "@")))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            content = archive.read(name)
            assert b"TargetMode" not in content
            assert b"<f>" not in content or not name.startswith("xl/worksheets")


def test_what_is_not_known_is_empty(book, run):
    language, _, read = book
    result, _ = run
    rows = table(read, "flows", language)
    first = [
        row for row in rows
        if row[head("flow", language)] == "declined" and row[head("year", language)] == result.books.years[0]
    ]  # fmt: skip
    gates = [gate.key for gate in result.books.pathway.gates]
    assert len(first) == len(gates)
    for row in first:
        values = result.books.gate("declined", row[head("gate", language)])[:, 0, 0]
        known = math.isfinite(values[0])
        assert (row[head("median", language)] is not None) == known
    assert any(row[head("median", language)] is None for row in rows)


def test_flows_say_what_the_books_say(book, run):
    language, _, read = book
    result, _ = run
    gate = result.books.pathway.gates[0]
    year = result.books.years[3]
    rows = table(read, "flows", language)
    for place, option in enumerate(gate.options):
        values = sorted(result.books.gate("placed", gate.key)[:, 3, 0, place])
        row = next(
            row for row in rows
            if [row[head(k, language)] for k in ("flow", "gate", "option", "year")]
            == ["placed", gate.key, option, year]
        )  # fmt: skip
        middle = (values[29] + values[30]) / 2
        assert row[head("median", language)] == pytest.approx(middle)
        assert row[head("low_80", language)] <= middle <= row[head("high_80", language)]


def test_series_limits_and_items_are_whole(book, run):
    language, _, read = book
    result, _ = run
    assert len(table(read, "series", language)) == len(result.to_frame())
    assert len(table(read, "binding", language)) == len(result.binding())
    assert len(table(read, "items", language)) == sum(len(found) for found in result.scenario.items.values())


def test_every_input_says_who_signed_it(run):
    result, verdicts = run
    rows = [row for found in result.scenario.rows.values() for row in found]
    one = next(row for row in rows if row.status == "assumed")
    told = context("en", signatures={one.where: ("city", "2025-10-01", "A. Planner")})
    read = openpyxl.load_workbook(io.BytesIO(write_answers_book(result, verdicts, told)))
    written = table(read, "inputs", "en")
    assert len(written) == len(set(rows))
    signed = {row["File and line"]: row["Signed off"] for row in written}
    assert "A. Planner" in signed[one.where] and "2025-10-01" in signed[one.where]
    for row in rows:
        if row.status == "assumed" and row.where != one.where:
            assert signed[row.where] == "not signed"
        elif row.status != "assumed":
            assert signed[row.where] is None


@pytest.mark.parametrize("unsigned", [0, 12])
def test_the_first_sheet_says_what_the_run_is_and_what_is_not_signed(run, unsigned):
    result, verdicts = run
    data = write_answers_book(result, verdicts, context("zh", unsigned=unsigned, changes=("甲", "乙")))
    told = [tuple(row) for row in openpyxl.load_workbook(io.BytesIO(data))["about"].iter_rows(values_only=True)]
    text = " ".join(str(cell) for row in told for cell in row)
    assert result.scenario.digest in text and result.scenario.data_digest in text
    assert ("【未审签】" in text) == bool(unsigned)
    assert [row[1] for row in told if row[0] == "改动"] == ["甲", "乙"]


def test_names_that_users_typed_come_through_as_text(run):
    result, verdicts = run
    labels = {"zh": HOSTILE, "en": HOSTILE}
    hostile = replace(result, scenario=replace(result.scenario, labels=labels))
    marked = [replace(v, target=replace(v.target, labels=labels)) for v in verdicts[:2]]
    data = write_answers_book(hostile, marked, context("en", changes=(HOSTILE, "@SUM(A1)", "-1+2"), link="=1+1"))
    read = openpyxl.load_workbook(io.BytesIO(data))
    told = [row[1] for row in read["about"].iter_rows(values_only=True)]
    assert f"'{printable(HOSTILE)}" in told and "'@SUM(A1)" in told and "'-1+2" in told and "'=1+1" in told
    assert "<script>" in read["verdicts"]["C2"].value
    assert all(cell.data_type != "f" for sheet in read for row in sheet.iter_rows() for cell in row)
    assert not re.search(r"[\x00-\x08]", "".join(str(text) for text in told))


def test_equal_runs_are_equal_bytes(run):
    assert write_answers_book(*run, context()) == write_answers_book(*run, context())


def test_shares_show_as_per_cent_and_years_without_commas(book):
    language, _, read = book
    sheet = read["verdicts"]
    column = {cell.value: cell.column for cell in sheet[1]}
    assert sheet.cell(2, column[head("probability", language)]).number_format == "0.0%"
    assert sheet.cell(2, column[head("target_year", language)]).number_format == "0"
