"""Every fault of an uploaded school list is told with its place, and a good list comes back as it was written.

``school_lists/expected.csv`` is the table to read: which cell of the good list is spoilt and how, and the line that
must come back from the CSV file and from the workbook, empty where the cell is right. The good list is GOOD below; row
1 is its header. In the table, ``{n}`` is a line break, ``number 1.5`` the number where a workbook would get a text.
"""

from __future__ import annotations

import csv
import re
import zipfile
from datetime import date
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest
from openpyxl import Workbook, load_workbook

from simvet.errors import InputError
from simvet.loading.school_list import (
    EXAMPLE,
    LIST_COLUMNS,
    MOST_ROWS,
    read_school_list,
    write_school_template,
)
from simvet.report.wording import complain
from simvet.schools import STAGES, TRACKS, known_fields

HEADER = list(LIST_COLUMNS)
GOOD = [
    ["V2", "第二职业学校", "secondary_vocational", "2", "transport", "regular", 80, ""],
    ["V2", "第二职业学校", "secondary_vocational", "2", "transport", "integrated_higher", 40, ""],
    ["V1", "第一职业学校", "secondary_vocational", "3", "tourism", "regular", 60, -0.5],
    ["G1", "第一中学", "general_high", "1", "", "regular", 400, 1.25],
    ["H1", "职业技术学院", "higher_vocational", "1", "finance_commerce", "regular", 0, ""],
]
CASES = list(
    csv.DictReader((Path(__file__).parent / "school_lists" / "expected.csv").open(encoding="utf-8", newline=""))
)
FORMS = ("csv", "xlsx")
CHINESE = re.compile("[一-鿿]")


def write(path: Path, rows: list[list[object]]) -> Path:
    if path.suffix == ".csv":
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows)
    else:
        book = Workbook()
        book.active.title = "名单"
        for row in rows:
            book.active.append([None if cell == "" else cell for cell in row])
        book.save(path)
    return path


def good(changes: dict[tuple[int, str], object] | None = None) -> list[list[object]]:
    """Return the good list with its header, some cells changed by (row, column); rows count from 1, the header."""
    rows: list[list[object]] = [HEADER[:], *[row[:] for row in GOOD]]
    for (row, column), cell in (changes or {}).items():
        rows[row - 1][HEADER.index(column)] = cell
    return rows


def complaint(path: Path, districts: int | tuple[str, ...] = 3) -> str:
    with pytest.raises(InputError) as caught:
        read_school_list(path, "lishui", districts)
    told = complain(caught.value, "zh")
    assert CHINESE.search(told.split(": ", 1)[1])
    assert "\n" not in told
    return str(caught.value)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_a_spoilt_cell_is_told_with_its_place(case, form, tmp_path):
    cell: object = case["cell"].replace("{n}", "\n")
    if case["cell"].startswith("number "):
        text = case["cell"].removeprefix("number ")
        cell = float(text) if form == "xlsx" else text
    path = write(tmp_path / f"list.{form}", good({(int(case["row"]), case["column"]): cell}))
    if case[form]:
        assert complaint(path) == case[form]
    else:
        read_school_list(path, "lishui", 3)


@pytest.mark.parametrize("form", FORMS)
def test_a_good_list_comes_back_as_it_was_written(form, tmp_path):
    schools = read_school_list(write(tmp_path / f"list.{form}", good()), "lishui", 3)
    assert (schools.region, schools.districts, schools.district_names) == ("lishui", 3, ())
    assert (schools.synthetic, schools.source) == (False, f"list.{form}")
    assert schools.codes == ("G1", "V1", "V2", "H1")
    assert schools.names == ("第一中学", "第一职业学校", "第二职业学校", "职业技术学院")
    assert schools.stage.tolist() == [0, 1, 1, 2]
    assert schools.district.tolist() == [0, 2, 1, 0]
    assert schools.quality.tolist() == [1.25, -0.5, 0.0, 0.0]
    fields = list(known_fields())
    assert list(
        zip(
            schools.programme_school,
            schools.programme_field,
            schools.programme_track,
            schools.programme_seats,
            strict=True,
        )
    ) == [
        (0, -1, 0, 400.0),
        (1, fields.index("tourism"), 0, 60.0),
        (2, fields.index("transport"), 0, 80.0),
        (2, fields.index("transport"), 1, 40.0),
        (3, fields.index("finance_commerce"), 0, 0.0),
    ]


def test_both_forms_and_any_order_of_rows_and_columns_give_the_same_list(tmp_path):
    rows = good()
    turned = [row[::-1] for row in (rows[0], *rows[:0:-1])]
    lists = [
        read_school_list(write(tmp_path / name, given), "lishui", 3)
        for name, given in (("a.csv", rows), ("b.xlsx", rows), ("c.csv", turned), ("d.xlsx", turned))
    ]
    for other in lists[1:]:
        assert other.codes == lists[0].codes
        for name in ("district", "quality", "programme_field", "programme_seats"):
            assert np.array_equal(getattr(other, name), getattr(lists[0], name))


@pytest.mark.parametrize("form", FORMS)
def test_quality_may_be_left_out_and_blank_rows_stand_anywhere(form, tmp_path):
    rows = [row[:-1] for row in good()]
    path = write(tmp_path / f"list.{form}", [[], rows[0], ["", ""], *rows[1:], ["", "", ""]])
    assert not read_school_list(path, "lishui", 3).quality.any()


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_line_ends_and_a_byte_order_mark_do_not_matter(ends, tmp_path):
    path = tmp_path / "list.csv"
    text = ends.join(",".join(str(cell) for cell in row) for row in good())
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert len(read_school_list(path, "lishui", 3).codes) == 4


def test_codes_that_excel_took_for_numbers_stay_whole(tmp_path):
    changes = {(2, "code"): 3301000002, (3, "code"): 3301000002.0, (5, "district"): 1}
    schools = read_school_list(write(tmp_path / "list.xlsx", good(changes)), "lishui", 3)
    assert schools.codes == ("G1", "3301000002", "V1", "H1")


@pytest.mark.parametrize("form", FORMS)
def test_district_names_are_numbered_or_must_be_those_given(form, tmp_path):
    names = dict(zip([(2, "district"), (3, "district"), (4, "district"), (5, "district"), (6, "district")],
                     ["云和", "云和", "缙云", "莲都", "莲都"], strict=True))  # fmt: skip
    path = write(tmp_path / f"list.{form}", good(names))
    place = {"csv": ("list.csv:2", "list.csv:5"), "xlsx": ("list.xlsx!名单!D2", "list.xlsx!名单!D5")}[form]
    numbered = read_school_list(path, "lishui", 3)
    assert numbered.district_names == ("云和", "缙云", "莲都")
    assert numbered.district.tolist() == [2, 1, 0, 2]
    known = read_school_list(path, "lishui", ("莲都", "缙云", "云和", "青田"))
    assert (known.districts, known.district.tolist()) == (4, [0, 1, 2, 0])
    assert complaint(path, ("莲都", "缙云")) == (
        f"{place[0]}: district '云和' is unknown. Did you mean '缙云'? It takes 莲都, 缙云"
    )
    assert complaint(path, 2) == (
        f"{place[1]}: '莲都' is one district more than the 2 of the region. "
        "Look for two spellings of one district, or write numbers from 1 to 2"
    )
    mixed = write(tmp_path / f"list.{form}", good({(5, "district"): "莲都"}))
    assert complaint(mixed).split(": ", 1)[1] == (
        "districts are written both as numbers and as names. Write all of them the same way"
    )


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (["code", "name", "stage", "district", "feild", "track", "seats"],
         "E1: column 'feild' is unknown. Did you mean 'field'? It takes " + ", ".join(LIST_COLUMNS)),
        (["code", "name", "stage", "district", "field", "track"],
         "A1: column 'seats' is missing. Add it to the header"),
        (["code", "", "stage", "district", "field", "track", "seats"],
         "B1: column '' is unknown. Did you mean 'code'? It takes " + ", ".join(LIST_COLUMNS)),
        (["code", "name", "stage", "district", "field", "track", "seats", "code"],
         "H1: column 'code' stands twice. Keep one of the two"),
    ],
)  # fmt: skip
def test_a_wrong_header_is_told(header, message, tmp_path):
    cell, fault = message.split(": ", 1)
    for form, place in (("csv", "list.csv:1"), ("xlsx", f"list.xlsx!名单!{cell}")):
        assert complaint(write(tmp_path / f"list.{form}", [header, *GOOD])) == f"{place}: {fault}"


def test_a_row_wider_than_the_header_is_told(tmp_path):
    rows = good()
    rows[2].append("note")
    cure = "Look for a cell beside the table, a comma outside quotes or a quote that is not closed"
    fault = f"the row has 9 cells, the header 8. {cure}"
    assert complaint(write(tmp_path / "list.csv", rows)) == f"list.csv:3: {fault}"
    assert complaint(write(tmp_path / "list.xlsx", rows)) == f"list.xlsx!名单!I3: {fault}"
    rows[2] = rows[2][:6]
    assert complaint(write(tmp_path / "list.csv", rows)) == f"list.csv:3: the row has 6 cells, the header 8. {cure}"


@pytest.mark.parametrize("form", FORMS)
def test_the_same_programme_twice_is_told(form, tmp_path):
    first, second = {"csv": ("list.csv:4", "list.csv:7"), "xlsx": ("list.xlsx!名单!A4", "list.xlsx!名单!A7")}[form]
    path = write(tmp_path / f"list.{form}", [*good(), GOOD[2]])
    assert complaint(path) == f"{second}: the row stands twice, first at {first}. Keep one of the two"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("stage", ["general_high", "secondary_vocational"])
def test_a_stage_that_every_region_has_must_be_there_with_seats(stage, form, tmp_path):
    message = (
        f"list.{form}: the list has no school of stage '{stage}' with seats. "
        "Add the schools of this stage; pupils of every region apply to them"
    )
    assert complaint(write(tmp_path / f"list.{form}", [r for r in good() if r[2] != stage])) == message
    empty = {(number, "seats"): 0 for number, row in enumerate(good(), 1) if row[2] == stage}
    assert complaint(write(tmp_path / f"list.{form}", good(empty))) == message


@pytest.mark.parametrize("form", FORMS)
def test_a_list_without_rows_is_told(form, tmp_path):
    message = f"list.{form}: the list has no rows. Write one row for each programme of each school"
    assert complaint(write(tmp_path / f"list.{form}", [HEADER])) == message
    assert complaint(write(tmp_path / "empty.xlsx", [])) == message.replace(f"list.{form}", "empty.xlsx")


def test_text_that_is_not_utf_8_is_told_by_line(tmp_path):
    path = tmp_path / "list.csv"
    path.write_bytes("\n".join(",".join(str(cell) for cell in row) for row in good()).encode("gb18030"))
    assert complaint(path) == "list.csv:2: the text is not UTF-8. Save the file as UTF-8 (Excel: CSV UTF-8)"


@pytest.mark.parametrize("content", [b"", b"code,name\n", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 80, b"PK\x03\x04"])
def test_what_is_no_workbook_is_told(content, tmp_path):
    path = tmp_path / "list.xlsx"
    path.write_bytes(content)
    assert complaint(path) == (
        "list.xlsx: this is not a workbook that can be read. Save it again as .xlsx without a password, or as CSV UTF-8"
    )


@pytest.mark.parametrize("kept", ["[Content_Types].xml", "xl/workbook.xml", "xl/worksheets/sheet1.xml"])
def test_a_workbook_that_lacks_or_breaks_a_part_is_told(kept, tmp_path):
    whole = write(tmp_path / "whole.xlsx", good())
    for change in ("lack", "break", "entities"):
        path = tmp_path / f"{change}.xlsx"
        with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w") as target:
            for part in source.namelist():
                text = source.read(part)
                if part == kept:
                    text = text[: len(text) // 2] if change == "break" else text
                    bomb = b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">%s]><a>&j;</a>' % b"".join(
                        b'<!ENTITY %c "%s">' % (98 + n, (b"&%c;" % (97 + n)) * 10) for n in range(9)
                    )
                    text = bomb if change == "entities" else text
                if part != kept or change != "lack":
                    target.writestr(part, text)
        assert "this is not a workbook that can be read" in complaint(path)


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        ("=10*9", "a formula"),
        (date(2021, 9, 1), "a date"),
        ("#REF!", "an error of the workbook"),
        (True, "true or false"),
    ],
)
def test_a_workbook_cell_that_is_no_plain_value_is_told(cell, kind, tmp_path):
    for column, letter in (("seats", "G"), ("code", "A")):
        path = write(tmp_path / "list.xlsx", good({(4, column): cell}))
        assert complaint(path) == (
            f"list.xlsx!名单!{letter}4: '{column}' holds {kind}, not a plain value. "
            "Paste formulas as values, and format codes and names as text"
        )


@pytest.mark.parametrize("name", ["list.xls", "list.ods", "list"])
def test_another_ending_is_told(name, tmp_path):
    ending = Path(name).suffix
    assert complaint(tmp_path / name) == f"{name}: no school list ends in {ending!r}. Choose one of .csv, .xlsx"


@pytest.mark.parametrize("form", FORMS)
def test_a_missing_file_and_a_folder_are_told(form, tmp_path):
    path = tmp_path / f"list.{form}"
    assert complaint(path) == f"list.{form}: there is no such file. Check the name and the folder"
    path.mkdir()
    assert complaint(path) == f"list.{form}: this is a folder, not a file. Name the file inside it"


def timed(path: Path) -> str:
    start = perf_counter()
    told = complaint(path)
    assert perf_counter() - start < 2.0
    return told


def row_text(number: int) -> str:
    return f"V{number},学校,secondary_vocational,1,transport,regular,9,\n"


def test_a_million_rows_are_refused_at_once(tmp_path):
    path = tmp_path / "list.csv"
    header = ",".join(HEADER) + "\n"
    path.write_text(header + "".join(map(row_text, range(1_000_000))), encoding="utf-8")
    assert timed(path) == "list.csv: the file has 58 MB. Files of more than 20 MB are refused; give the right one"
    path.write_text(header + "1,a,b,1,c,d,1,\n" * 1_000_000, encoding="utf-8")
    cure = "Delete rows that are no programmes, empty ones too"
    assert timed(path) == f"list.csv: the list has more than {MOST_ROWS} rows. {cure}"


def test_a_workbook_of_too_many_rows_is_refused_at_once(tmp_path):
    whole = write(tmp_path / "whole.xlsx", good())
    cell = b'<row r="%d"><c r="A%d"><v>1</v></c></row>'
    many = f"!名单: the list has more than {MOST_ROWS} rows. Delete rows that are no programmes, empty ones too"
    large = f": the workbook holds 150 MB. A list has at most {MOST_ROWS} rows; 100 MB are enough for it"
    bodies = {
        "rows": (b"".join(cell % (n, n) for n in range(7, 200_007)), many),
        "far": (cell % (1_048_576, 1_048_576), many),
        "bomb": (b" " * 150_000_000, large),
    }
    for name, (body, message) in bodies.items():
        path = tmp_path / f"{name}.xlsx"
        with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
            for part in source.namelist():
                text = source.read(part)
                if part == "xl/worksheets/sheet1.xml":
                    text = text.replace(b"</sheetData>", body + b"</sheetData>")
                target.writestr(part, text)
        assert timed(path) == path.name + message


def test_the_size_that_a_sheet_claims_is_not_believed(tmp_path):
    whole, path = write(tmp_path / "whole.xlsx", good()), tmp_path / "list.xlsx"
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w") as target:
        for part in source.namelist():
            text = source.read(part)
            target.writestr(part, re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1:XFD1048576"', text))
    start = perf_counter()
    assert len(read_school_list(path, "lishui", 3).codes) == 4
    assert perf_counter() - start < 2.0


@pytest.mark.parametrize("form", FORMS)
def test_the_template_is_a_good_list_of_any_region(form, tmp_path):
    path = tmp_path / f"template.{form}"
    write_school_template(path)
    schools = read_school_list(path, "zhoushan", 1)
    assert schools.codes == ("S001", "S002", "S003")
    assert schools.programme_seats.sum() == sum(row[6] for row in EXAMPLE)
    assert schools.seats("secondary_vocational", "integrated_higher") == 45.0
    if form == "xlsx":
        assert load_workbook(path).active["G2"].value == 400
    with pytest.raises(InputError, match="the file is there already"):
        write_school_template(path)
    with pytest.raises(InputError, match=r"no school list ends in '.ods'. Choose one of .csv, .xlsx"):
        write_school_template(tmp_path / "template.ods")
    with pytest.raises(InputError, match="the output cannot be written"):
        write_school_template(tmp_path / "nowhere" / f"template.{form}")


def test_every_case_of_the_table_has_its_own_name_and_the_good_list_every_stage_asked_for():
    assert len({case["case"] for case in CASES}) == len(CASES) >= 30
    assert {row[2] for row in GOOD} <= set(STAGES) == set(TRACKS)
