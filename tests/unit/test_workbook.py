"""A region written as a workbook and read back is the same region."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import date
from io import BytesIO

import numpy as np
import pytest
from openpyxl import load_workbook

import simvet
from simvet.errors import InputError
from simvet.items import region_items
from simvet.loading import load_register, load_scenario
from simvet.loading.workbook import keep_region_workbook, read_region_workbook, row_identity
from simvet.loading.workbook_sheets import SHEET_COLUMNS, SHEETS, shown_number
from simvet.loading.workbook_template import write_region_workbook
from simvet.own_region import check_region_workbook
from simvet.report.wording import wording
from simvet.sampling import Uncertainty
from simvet.scenario import Scenario
from simvet.tables import home, region_rows, regions_in, require_region

REGIONS = sorted({target.region for target in load_register()})


def template(name: str) -> bytes:
    content = BytesIO()
    write_region_workbook(name, content)
    return content.getvalue()


def under_another_name(scenario: Scenario, key: str) -> Scenario:
    """Return a scenario whose region bears another name, which is the address of its random numbers."""
    old = scenario.regions[0].region
    return replace(
        scenario,
        regions=(replace(scenario.regions[0], region=key),),
        rows={key: tuple(replace(row, region=key) if row.region == old else row for row in scenario.rows[old])},
        items={key: scenario.items[old]},
        projects=tuple(replace(project, region=key) for project in scenario.projects),
        targets=tuple(replace(target, region=key) for target in scenario.targets),
    )


def same_books(first: simvet.Result, second: simvet.Result) -> bool:
    arrays, others = first.books.arrays, second.books.arrays
    return set(arrays) == set(others) and all(np.array_equal(arrays[n], others[n], equal_nan=True) for n in arrays)


@pytest.mark.parametrize("region", ["zhoushan", "zhejiang"])
def test_a_region_written_and_read_back_has_the_same_books(region, tmp_path):
    back = check_region_workbook(template(region), tmp_path)
    original = load_scenario(region)
    renamed = under_another_name(original, back.name)
    assert same_books(simvet.simulate(back, draws=20), simvet.simulate(renamed, draws=20))
    # Without luck the name plays no part at all.
    certain = Uncertainty(parameters=False, opening=False, drift=False)
    assert same_books(*(simvet.simulate(s, draws=1, uncertainty=certain) for s in (back, original)))


@pytest.mark.parametrize("region", REGIONS)
def test_the_template_of_every_region_of_the_register_is_accepted(region, tmp_path):
    back, original = check_region_workbook(template(region), tmp_path), load_scenario(region)
    assert back.name.startswith(f"own_{region}_")
    assert back.labels == original.labels
    assert (back.until, back.as_of, back.province) == (original.until, original.as_of, original.province)
    assert back.headlines == original.headlines
    assert back.regions[0].limits == original.regions[0].limits
    assert len(back.rows[back.name]) == len(original.rows[region])
    assert {i.id for i in back.items[back.name].values()} == set(region_items(region))
    strip = {"region": "", "where": "", "labels": {}}
    assert [replace(p, **strip) for p in back.projects] == [replace(p, **strip) for p in original.projects]
    assert 20 <= len(back.targets) <= len(original.targets)
    carried = {(t.key, t.stage, t.comparator, t.bound, t.year) for t in original.targets}
    assert {(t.key, t.stage, t.comparator, t.bound, t.year) for t in back.targets} <= carried


def test_an_uploaded_region_is_judged_like_any_other(tmp_path):
    back = check_region_workbook(template("zhoushan"), tmp_path)
    verdicts = simvet.simulate(back, draws=10).verdicts(causes=False)
    assert {verdict.target.document for verdict in verdicts} == {"own"}
    assert len(verdicts) >= len(back.targets)


def test_the_template_has_every_sheet_frozen_with_the_columns_of_the_tables(tmp_path):
    path = tmp_path / "zhoushan.xlsx"
    write_region_workbook("zhoushan", path)
    book = load_workbook(path)
    assert tuple(book.sheetnames) == SHEETS
    for sheet, columns in SHEET_COLUMNS.items():
        assert tuple(cell.value for cell in book[sheet][1]) == columns
        assert book[sheet].freeze_panes == "A2"
    rules = book["assumptions"].data_validations.dataValidation
    ruled = {str(rule.sqref).partition("2")[0]: rule.formula1 for rule in rules}
    assert ruled["L"] == '"published,derived,assumed"'
    assert ruled["H"].startswith("readme!$")
    assert book["assumptions"]["G2"].data_type == "n"
    told = {cell.value for row in book["readme"].iter_rows() for cell in row}
    assert {wording()["text"]["workbook_sheet_items"][language] for language in ("zh", "en")} <= told
    assert book["region"]["C2"].value == wording()["text"]["workbook_key_region"]["zh"]


def test_the_same_region_gives_the_same_workbook_and_the_same_code():
    assert template("zhoushan") == template("zhoushan")
    first, second = read_region_workbook(template("zhoushan")), read_region_workbook(template("lishui"))
    assert first.key == read_region_workbook(template("zhoushan")).key
    assert first.key == f"own_zhoushan_{first.digest[:8]}"
    assert second.digest != first.digest


def test_what_was_written_is_not_overwritten_and_only_as_a_workbook(tmp_path):
    path = tmp_path / "region.xlsx"
    write_region_workbook("zhoushan", path)
    for place, message in (
        (path, "the file is there already"),
        (tmp_path / "region.csv", "no workbook ends in '.csv'"),
        (tmp_path / "nowhere" / "region.xlsx", "the output cannot be written"),
    ):
        with pytest.raises(InputError, match=message):
            write_region_workbook("zhoushan", place)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("zhoushan_topup_doubled", "levers"), ("nowhere", "there is no scenario 'nowhere'")],
)
def test_what_a_workbook_does_not_carry_is_told(name, kind):
    with pytest.raises(InputError, match=kind):
        write_region_workbook(name, BytesIO())


def test_a_scenario_with_a_project_of_fixed_opening_is_carried(tmp_path):
    back, original = check_region_workbook(template("zhoushan_school_2026"), tmp_path), load_scenario(
        "zhoushan_school_2026"
    )  # fmt: skip
    strip = {"region": "", "where": "", "labels": {}}
    assert [replace(p, **strip) for p in back.projects] == [replace(p, **strip) for p in original.projects]


def test_signatures_are_kept_with_the_rows_that_they_answer_for():
    book = load_workbook(BytesIO(template("zhoushan")))
    sheet = book["assumptions"]
    sheet["T3"], sheet["U3"], sheet["V3"] = "statistics bureau", date(2021, 9, 1), "N. N."
    sheet["T4"], sheet["U4"], sheet["V4"] = "schools", "2021-10-02", "M. M."
    book["resources"]["T2"] = "education bureau"
    content = BytesIO()
    book.save(content)
    read = read_region_workbook(content.getvalue())
    assert sorted(read.signatures.values()) == [
        ("education bureau", "", ""), ("schools", "2021-10-02", "M. M."), ("statistics bureau", "2021-09-01", "N. N."),
    ]  # fmt: skip
    # Who signs changes no number, and so neither the code nor the digest.
    assert (read.key, read.digest) == (read_region_workbook(template("zhoushan")).key, read.digest)


def test_a_signature_is_found_by_the_row_of_the_run(tmp_path):
    book = load_workbook(BytesIO(template("zhoushan")))
    book["assumptions"]["T3"] = "statistics bureau"
    content = BytesIO()
    book.save(content)
    read = read_region_workbook(content.getvalue())
    scenario = check_region_workbook(content.getvalue(), tmp_path)
    signed = [row for row in scenario.rows[read.key] if row_identity(row) in read.signatures]
    assert [row.where for row in signed] == [f"data/{read.key}/assumptions.csv:3"]


def test_a_kept_region_is_found_only_where_regions_are_kept(tmp_path, monkeypatch):
    path = keep_region_workbook(read_region_workbook(template("zhoushan")), tmp_path)
    key = path.stem
    assert path == tmp_path / key / f"{key}.yaml"
    assert sorted(p.name for p in (tmp_path / key / "data" / key).iterdir()) == [
        "assumptions.csv", "items.csv", "resources.csv", "values.csv",
    ]  # fmt: skip
    monkeypatch.delenv("SIMVET_REGIONS", raising=False)
    with pytest.raises(InputError, match="has no data"):
        load_scenario(path)
    monkeypatch.setenv("SIMVET_REGIONS", str(tmp_path))
    assert load_scenario(path).regions[0].region == key
    with pytest.raises(InputError) as caught:
        require_region("zhoushn", "here")
    assert "own_" not in str(caught.value)


def test_a_kept_region_does_not_hide_one_of_the_project(tmp_path, monkeypatch):
    monkeypatch.setenv("SIMVET_REGIONS", str(tmp_path))
    folder = tmp_path / "zhoushan" / "data" / "zhoushan"
    folder.mkdir(parents=True)
    (folder / "assumptions.csv").write_text("nonsense", encoding="utf-8")
    with regions_in(tmp_path):
        assert require_region("zhoushan", "here") == "zhoushan"
        assert region_rows.__wrapped__("zhoushan")[0].where.startswith("data/zhoushan/")
    (tmp_path / "somewhere" / "data" / "somewhere").mkdir(parents=True)
    (tmp_path / "somewhere" / "data" / "somewhere" / "assumptions.csv").write_text("x", encoding="utf-8")
    with pytest.raises(InputError, match="has no data"):
        require_region("somewhere", "here")


def test_the_same_workbook_may_be_kept_twice_but_never_another_under_its_code(tmp_path):
    book = read_region_workbook(template("zhoushan"))
    assert keep_region_workbook(book, tmp_path / "kept") == keep_region_workbook(book, tmp_path / "kept")
    other = replace(book, scenario_text=book.scenario_text + "# another\n")
    with pytest.raises(InputError, match="another region is kept under the code"):
        keep_region_workbook(other, tmp_path / "kept")
    assert [path.name for path in (tmp_path / "kept").iterdir()] == [book.key]


def test_tables_hold_the_very_numbers_of_the_project():
    book = read_region_workbook(template("zhejiang"))
    for name in ("values.csv", "assumptions.csv", "resources.csv", "items.csv"):
        path = home() / "data" / "zhejiang" / name
        ours = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
        back = list(csv.DictReader(book.tables[name].splitlines()))
        assert len(ours) == len(back)
        for one, other in zip(ours, back, strict=True):
            for column, cell in one.items():
                if column == "region":
                    assert other[column] == book.key
                elif cell and column in ("value", "low", "high", "base", "pace"):
                    assert float(other[column]) == float(cell)


@pytest.mark.parametrize("number", [0.1, 1 / 3, 0.1 + 0.2, 5e-324, 1.7976931348623157e308, -2.0, 1e15, 123456789.0])
def test_a_number_is_shown_in_digits_that_give_it_back(number):
    assert float(shown_number(number)) == number
    assert not shown_number(number).endswith(".0") or abs(number) >= 1e15
