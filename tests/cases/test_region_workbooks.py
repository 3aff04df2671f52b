"""Every fault of an uploaded region is told with its sheet and cell, in both languages.

``region_workbooks/expected.csv`` is the table to read: which cell of the template of Zhoushan is spoilt and how, and
the line that must come back. A row is named by what it begins with (``indicator/stage``, a key or a name) and stands as
``{row}`` in the line. In the table, ``{n}`` is a line break, ``{zw}`` a character that nobody sees, ``number 1.5`` and
``date 2021-09-01`` what Excel makes of them, and ``'`` in front keeps a text a text.
"""

from __future__ import annotations

import csv
import re
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from bad_workbooks import BAD, edited, good, place, repacked, sheet_part, spoilt
from openpyxl import Workbook, load_workbook

from simvet.errors import InputError
from simvet.loading.workbook import read_region_workbook
from simvet.own_region import check_region_workbook
from simvet.report.wording import complain

CASES = list(
    csv.DictReader((Path(__file__).parent / "region_workbooks" / "expected.csv").open(encoding="utf-8", newline=""))
)
CHINESE = re.compile("[一-鿿]")
RATE = "dropout_rate/secondary_vocational"


def cell_of(text: str) -> Any:
    if text.startswith("number "):
        return float(text.removeprefix("number "))
    if text.startswith("date "):
        return date.fromisoformat(text.removeprefix("date "))
    if text in ("", "true"):
        return True if text else None
    return text.replace("{n}", "\n").replace("{zw}", "\u200b")


def complaint(content: bytes, folder: Path) -> tuple[str, str]:
    """Return the complaint in English and in Chinese; nothing may be kept."""
    with pytest.raises(InputError) as caught:
        check_region_workbook(content, folder)
    assert list(folder.iterdir()) == []
    told = complain(caught.value, "zh")
    assert CHINESE.search(told.split(": ", 1)[1])
    assert "\n" not in told
    assert "own_zhoushan" not in told
    return str(caught.value), told


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_a_spoilt_cell_is_told_with_sheet_and_cell_in_both_languages(case, tmp_path):
    content = spoilt(case["sheet"], case["row"], case["column"], cell_of(case["cell"]))
    row = place(load_workbook(BytesIO(good())), case["sheet"], case["row"], case["column"])[0]
    wanted = tuple(case[language].replace("{row}", str(row)) for language in ("en", "zh"))
    assert complaint(content, tmp_path) == wanted


def test_every_case_has_its_own_name_and_names_a_cell():
    assert len({case["case"] for case in CASES}) == len(CASES) >= 40
    for case in CASES:
        assert re.match(r"workbook\.xlsx: [a-z]+![A-Z]+(\{row\}|[0-9]+): ", case["en"]), case["case"]
    assert {case["sheet"] for case in CASES} == {
        "region", "figures", "assumptions", "resources", "items", "targets", "projects",
    }  # fmt: skip


def without(sheet: str) -> bytes:
    return edited(lambda book: book.remove(book[sheet]))


def more_sheets(book: Workbook) -> None:
    book.create_sheet("assumption")


def doubled_column(book: Workbook) -> None:
    book["assumptions"]["I1"] = "value"


def missing_column(book: Workbook) -> None:
    book["items"].delete_cols(4)


def merged(book: Workbook) -> None:
    book["figures"].merge_cells("C3:D4")


def beside(book: Workbook) -> None:
    book["targets"]["K3"] = "see page 4"


def emptied(book: Workbook) -> None:
    book["targets"].delete_rows(1, 1000)


def signed_some_day(book: Workbook) -> None:
    book["assumptions"]["U2"], book["assumptions"]["V2"] = "soon", "N. N."


def key_twice(book: Workbook) -> None:
    book["region"]["A7"] = "until"


def row_twice(book: Workbook) -> None:
    sheet = book["assumptions"]
    line = place(book, "assumptions", RATE, "value")[0]
    sheet.append([cell.value for cell in sheet[line]])


def project_twice(book: Workbook) -> None:
    book["projects"]["A3"] = book["projects"]["A2"].value


@pytest.mark.parametrize(
    ("content", "en", "zh"),
    [
        (lambda: without("items"),
         "workbook.xlsx: sheet 'items' is missing. Add it with its header, as the template has it",
         "workbook.xlsx: 缺少工作表 'items'. 请按模板补上工作表及其表头"),
        (lambda: edited(more_sheets),
         "workbook.xlsx: assumption: sheet 'assumption' is unknown. Did you mean 'assumptions'? It takes readme, "
         "region, figures, assumptions, resources, items, targets, projects",
         "workbook.xlsx: assumption: 未知的工作表 'assumption'. 是否想写 'assumptions'？可用：readme, region, "
         "figures, assumptions, resources, items, targets, projects"),
        (lambda: edited(doubled_column),
         "workbook.xlsx: assumptions!I1: column 'value' stands twice. Keep one of the two",
         "workbook.xlsx: assumptions!I1: 列 'value' 出现两次. 请保留一个"),
        (lambda: edited(missing_column),
         "workbook.xlsx: items!A1: column 'base' is missing. Add it to the header",
         "workbook.xlsx: items!A1: 缺少列 'base'. 请在表头补上"),
        (lambda: edited(merged),
         "workbook.xlsx: figures!C3:D4: cells are merged. Split them, and write a value into each cell",
         "workbook.xlsx: figures!C3:D4: 有合并的单元格. 请取消合并，并逐格填写"),
        (lambda: edited(beside),
         "workbook.xlsx: targets!K3: the cell stands beside the table. Delete it, or move it to a sheet of your own "
         "file",
         "workbook.xlsx: targets!K3: 单元格在表格之外. 请删去，或移到自己的其他文件中"),
        (lambda: edited(emptied),
         "workbook.xlsx: targets!A1: sheet 'targets' is empty. Add it with its header, as the template has it",
         "workbook.xlsx: targets!A1: 工作表 'targets' 是空的. 请按模板补上工作表及其表头"),
        (lambda: edited(signed_some_day),
         "workbook.xlsx: assumptions!U2: 'signed_on' is 'soon', not a day. Write year-month-day, such as 2021-09-01, "
         "or format the cell as a date",
         "workbook.xlsx: assumptions!U2: 'signed_on' 写的是 'soon'，不是日期. 请写成 2021-09-01 这样的年-月-日，"
         "或把单元格设为日期格式"),
        (lambda: edited(key_twice),
         "workbook.xlsx: region!A7: a key stands twice. Keep one of the two",
         "workbook.xlsx: region!A7: 同一个键出现两次. 请保留一个"),
        (lambda: edited(project_twice),
         "workbook.xlsx: projects!A3: project 'new_school' stands twice. Give each project its own name",
         None),
    ],
)  # fmt: skip
def test_a_wrong_sheet_or_column_is_told(content, en, zh, tmp_path):
    told = complaint(content(), tmp_path)
    assert told[0] == en
    assert zh is None or told[1] == zh


def test_a_row_that_stands_twice_is_told_with_both_places(tmp_path):
    book = load_workbook(BytesIO(good()))
    first, last = place(book, "assumptions", RATE, "value")[0], book["assumptions"].max_row + 1
    assert complaint(edited(row_twice), tmp_path)[0] == (
        f"workbook.xlsx: assumptions!C{last}: the row stands twice, first at assumptions!A{first}. "
        "Keep one of the two, or give one use = history"
    )


def test_rows_keep_their_numbers_where_blank_rows_stand_in_between(tmp_path):
    def change(book: Workbook) -> None:
        book["assumptions"].insert_rows(2, 3)
        line, column = place(book, "assumptions", RATE, "status")
        book["assumptions"].cell(line, column).value = "assumd"

    row = place(load_workbook(BytesIO(good())), "assumptions", RATE, "status")[0] + 3
    assert complaint(edited(change), tmp_path)[0].startswith(f"workbook.xlsx: assumptions!L{row}: 'status' is 'assumd'")


def test_columns_keep_their_letters_in_any_order(tmp_path):
    def change(book: Workbook) -> None:
        sheet = book["items"]
        for line in range(1, sheet.max_row + 1):
            cells = [sheet.cell(line, column).value for column in range(1, 21)]
            for column, cell in enumerate(reversed(cells), start=1):
                sheet.cell(line, column).value = cell
        sheet["R2"] = "counts"

    assert complaint(edited(change), tmp_path)[0].startswith("workbook.xlsx: items!R2: 'family' is 'counts'")


def test_a_number_that_is_missing_altogether_is_told_by_name(tmp_path):
    def change(book: Workbook) -> None:
        book["assumptions"].delete_rows(place(book, "assumptions", RATE, "value")[0])

    assert complaint(edited(change), tmp_path)[0] == (
        "workbook.xlsx: there is no row for 'dropout_rate' of 'secondary_vocational'. "
        "Add a row with value, range, unit, status and reason"
    )


def test_the_name_of_the_file_is_told_and_nothing_else_of_it(tmp_path):
    for name, told in (
        ("../../丽水 数据.xlsx", "丽水 数据.xlsx"),
        ("a\nb\u202e.xlsx", "ab.xlsx"),
        ("", "workbook.xlsx"),
    ):
        with pytest.raises(InputError) as caught:
            check_region_workbook(BAD["text_for_a_number"](), tmp_path, name)
        assert str(caught.value).startswith(f"{told}: assumptions!G2: ")


def test_numbers_stored_as_text_count_where_they_are_plain():
    whole = read_region_workbook(good())
    line, column = place(load_workbook(BytesIO(good())), "assumptions", RATE, "value")
    value = load_workbook(BytesIO(good()))["assumptions"].cell(line, column).value
    for text in (f"'{value}", f"' {value} ", f"'+{value}"):
        assert read_region_workbook(spoilt("assumptions", RATE, "value", text)).tables == whole.tables


@pytest.mark.parametrize("text", ["=1+1", "+86 580", "-", "@home", "=cmd|' /C calc'!A0", "_x000A_b", 'say "yes", no'])
def test_a_text_may_begin_like_a_formula_and_stays_a_text(text):
    # What looks like an escaped line break is written as it stands, so it is a text as well.
    book = read_region_workbook(spoilt("assumptions", RATE, "locator", "'" + text.replace("_x", "_x005F_x")))
    rows = list(csv.DictReader(book.tables["assumptions.csv"].splitlines()))
    assert [row["locator"] for row in rows if row["locator"]].count(text) == 1


def test_truth_may_be_typed_or_chosen_and_hidden_sheets_are_read():
    def change(book: Workbook) -> None:
        book["region"].cell(*place(book, "region", "seats_spill", "value")).value = True
        book["assumptions"].sheet_state = "veryHidden"
        del book["readme"]

    assert read_region_workbook(edited(change)).key == read_region_workbook(good()).key


def test_readme_may_say_whatever_it_likes():
    def change(book: Workbook) -> None:
        book["readme"]["A40"] = "first\nsecond"
        book["readme"].merge_cells("A41:C42")

    assert read_region_workbook(edited(change)).key == read_region_workbook(good()).key


def test_every_bad_workbook_of_the_collection_is_refused(tmp_path):
    assert len(BAD) >= 10
    told = {name: complaint(build(), tmp_path)[0] for name, build in BAD.items()}
    assert len(set(told.values())) == len(told)
    assert told["formula"].startswith("workbook.xlsx: assumptions!G2: the cell holds a formula")
    assert told["code_with_a_path"].startswith("workbook.xlsx: region!B2: '../china' is not a code of a region")


def test_a_formula_counts_as_one_whatever_value_is_kept_with_it(tmp_path):
    part = sheet_part("assumptions")

    def change(text: bytes) -> bytes:
        return re.sub(rb'(<c r="G2"[^>]*>)', rb"\1<f>0.02*2</f>", text, count=1)

    assert complaint(repacked({part: change}), tmp_path)[0] == (
        "workbook.xlsx: assumptions!G2: the cell holds a formula, not a plain value. "
        "Paste formulas as values, and format codes and names as text"
    )


def test_an_item_that_no_region_counts_yet_is_told_by_its_key(tmp_path):
    def change(book: Workbook) -> None:
        book["items"].append(["modern_school", *(cell.value for cell in book["items"][2][1:])])

    row = load_workbook(BytesIO(good()))["items"].max_row + 1
    assert complaint(edited(change), tmp_path)[0].startswith(
        f"workbook.xlsx: items!A{row}: 'count_base' has no item 'modern_school/secondary_vocational'. "
    )
