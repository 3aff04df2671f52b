"""An uploaded workbook is data: it runs nothing, reaches nothing outside, and cannot eat the machine.

What bounds the time is counted (bytes inflated, elements looked at), so that these claims hold on a slow machine, too.
"""

from __future__ import annotations

import re
import struct
import sys
import tracemalloc
import zipfile
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import load_workbook

from simvet.errors import InputError
from simvet.loading import load_scenario, workbook_file
from simvet.loading.workbook import keep_region_workbook, read_region_workbook
from simvet.loading.workbook_file import MOST_ELEMENTS, MOST_PACKED, MOST_ROWS, MOST_UNPACKED, read_workbook
from simvet.own_region import check_region_workbook
from simvet.report.wording import complain
from simvet.tables import region_folder, regions_in, require_region

sys.path.append(str(Path(__file__).parents[1] / "cases"))
from bad_workbooks import edited, good, repacked, sheet_part, with_entities

CONTENT_TYPES = "[Content_Types].xml"
SHEET = sheet_part("items")
RELATION = (
    b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    b'<Relationship Id="r1" Type="http://x/%s" Target="%s"%s/></Relationships>'
)


def refused(content: bytes, folder: Path, name: str = "workbook.xlsx") -> str:
    with pytest.raises(InputError) as caught:
        check_region_workbook(content, folder, name)
    assert list(folder.iterdir()) == []
    assert re.search("[一-鿿]", complain(caught.value, "zh").split(": ", 1)[1])
    return str(caught.value)


def with_rows(rows: bytes) -> bytes:
    """Return the good workbook with more rows on sheet ``items``."""
    return repacked({SHEET: lambda text: text.replace(b"</sheetData>", rows + b"</sheetData>")})


@pytest.fixture
def elements(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count the elements of sheets that are looked at."""
    counted = [0]
    begin = workbook_file._Sheet.begin

    def count(self, name, given):
        counted[0] += 1
        begin(self, name, given)

    monkeypatch.setattr(workbook_file._Sheet, "begin", count)
    return counted


@pytest.fixture
def inflated(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count the bytes that are unpacked."""
    counted = [0]
    read = zipfile.ZipExtFile.read

    def count(self, size=-1):
        block = read(self, size)
        counted[0] += len(block)
        return block

    monkeypatch.setattr(zipfile.ZipExtFile, "read", count)
    return counted


@pytest.mark.parametrize("content", [b"", b"region,year\n", b"PK\x03\x04", b"%PDF-1.7", b"\x00" * 1000])
def test_what_is_no_workbook_is_refused(content, tmp_path):
    assert refused(content, tmp_path) == (
        "workbook.xlsx: this is not a workbook that can be read. Start from the template and save it as .xlsx"
    )


def test_a_workbook_with_a_password_is_refused(tmp_path):
    assert refused(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 5000, tmp_path) == (
        "workbook.xlsx: the workbook has a password or the old form .xls. Save it again as .xlsx without a password"
    )


def test_an_encrypted_part_is_refused(tmp_path):
    content = bytearray(good())
    # The flag of encryption in every entry of the directory.
    for found in re.finditer(b"PK\x01\x02", bytes(content)):
        content[found.start() + 8] |= 1
    assert "this is not a workbook that can be read" in refused(bytes(content), tmp_path)


@pytest.mark.parametrize(
    ("part", "kind"),
    [
        ("xl/vbaProject.bin", "macros"),
        ("xl/VBAPROJECT.BIN", "macros"),
        ("deep/er/vbaProject.bin", "macros"),
        ("xl/macrosheets/sheet1.xml", "macros"),
        ("xl/dialogsheets/sheet1.xml", "macros"),
        ("xl/externalLinks/externalLink1.xml", "links to other files"),
        ("xl/connections.xml", "links to other files"),
        ("xl/queryTables/queryTable1.xml", "links to other files"),
        ("xl/embeddings/oleObject1.bin", "embedded objects"),
        ("xl/activeX/activeX1.bin", "embedded objects"),
        ("xl/ctrlProps/ctrlProp1.xml", "embedded objects"),
    ],
)
def test_what_runs_or_reaches_outside_is_refused_by_its_part(part, kind, tmp_path):
    assert refused(repacked({}, {part: b"<a/>"}), tmp_path) == (
        f"workbook.xlsx: the workbook holds {kind} ({part}). "
        "Copy the plain values into the template and save it as .xlsx"
    )


@pytest.mark.parametrize(
    ("kind", "mode", "told"),
    [
        (b"vbaProject", b"", "macros (p.bin)"),
        (b"xlMacrosheet", b"", "macros (p.bin)"),
        (b"externalLink", b"", "links to other files (p.bin)"),
        (b"oleObject", b"", "embedded objects (p.bin)"),
        (b"attachedTemplate", b' TargetMode="External"', "links to other files (p.bin)"),
        (b"image", b' TargetMode="External"', "links to other files (p.bin)"),
        (b"image", b' TargetMode="external"', "links to other files (p.bin)"),
    ],
)
def test_another_name_of_a_part_hides_nothing(kind, mode, told, tmp_path):
    part = f"xl/worksheets/_rels/{SHEET.rpartition('/')[2]}.rels"
    content = repacked({}, {part: RELATION % (kind, b"p.bin", mode), "xl/worksheets/p.bin": b"x"})
    assert refused(content, tmp_path).startswith(f"workbook.xlsx: the workbook holds {told}")


def test_macros_are_refused_by_content_type_and_by_the_name_of_the_file(tmp_path):
    plain, macro = b"spreadsheetml.sheet.main+xml", b"sheet.macroEnabled.main+xml"
    content = repacked({CONTENT_TYPES: lambda text: text.replace(plain, macro)})
    assert "the workbook holds macros ([Content_Types].xml)" in refused(content, tmp_path)
    assert "the workbook holds macros (region.XLSM)" in refused(good(), tmp_path, "region.XLSM")


def test_a_web_address_in_a_cell_is_text_that_nobody_follows():
    part = f"xl/worksheets/_rels/{SHEET.rpartition('/')[2]}.rels"
    relation = RELATION % (b"hyperlink", b"https://example.org", b' TargetMode="External"')
    assert read_region_workbook(repacked({}, {part: relation})).key == read_region_workbook(good()).key


def typed(text: bytes) -> bytes:
    return re.sub(rb"(<\?xml[^>]*\?>)", rb"\1<!DOCTYPE a>", text, count=1)


def typed_in_utf_16(text: bytes) -> bytes:
    return typed(text).decode().replace("UTF-8", "UTF-16").encode("utf-16")


@pytest.mark.parametrize(
    "part", [SHEET, "xl/workbook.xml", "xl/sharedStrings.xml", "xl/styles.xml", "docProps/app.xml"]
)
@pytest.mark.parametrize("change", [typed, typed_in_utf_16])
def test_document_types_are_refused_in_every_part_and_encoding(part, change, tmp_path):
    told = f"workbook.xlsx: the workbook holds a document type or entities ({part})"
    assert refused(repacked({part: change}), tmp_path).startswith(told)


def test_a_document_type_on_the_border_of_two_blocks_is_seen(tmp_path, monkeypatch):
    for size in (7, 16, 64):
        monkeypatch.setattr(workbook_file, "BLOCK", size)
        assert "a document type or entities" in refused(repacked({"docProps/app.xml": typed}), tmp_path)


def test_entities_are_never_expanded(tmp_path, elements):
    assert "a document type or entities" in refused(with_entities(), tmp_path)
    assert elements == [0]


def test_a_zip_bomb_is_refused_before_anything_is_unpacked(tmp_path, inflated):
    bomb = repacked({}, {"xl/media/image1.png": b"\x00" * (MOST_UNPACKED + 1)})
    inflated[0] = 0
    assert len(bomb) < MOST_PACKED
    assert "the workbook holds 5" in refused(bomb, tmp_path)
    assert "swells more than 100 times" in refused(repacked({}, {"xl/a.xml": b" " * 2_000_000}), tmp_path)
    # What the second one was packed from is all that was read.
    assert inflated[0] < 2_000_000


def lying(content: bytes, part: str, size: int) -> bytes:
    """Return a workbook whose headers say that a part has another size when it is unpacked."""
    raw = bytearray(content)
    for mark, name_at, size_at in ((b"PK\x03\x04", 30, 22), (b"PK\x01\x02", 46, 24)):
        for found in re.finditer(re.escape(mark), content):
            start = found.start()
            if content[start + name_at : start + name_at + len(part)] == part.encode():
                raw[start + size_at : start + size_at + 4] = struct.pack("<I", size)
    return bytes(raw)


def test_a_header_that_lies_about_the_size_unpacks_no_more_than_it_says(tmp_path, inflated):
    content = lying(repacked({}, {"xl/a.xml": b" " * 40_000_000}), "xl/a.xml", 1000)
    inflated[0] = 0
    assert "this is not a workbook that can be read" in refused(content, tmp_path)
    assert inflated[0] < 2_000_000


def test_a_large_file_is_refused_before_it_is_opened(tmp_path, monkeypatch):
    monkeypatch.setattr(zipfile, "ZipFile", None)
    folder = tmp_path / "kept"
    folder.mkdir()
    assert refused(b"PK" + b"\x00" * MOST_PACKED, folder) == (
        "workbook.xlsx: the workbook holds 5.0 MB. A region takes less than 5 MB; delete what does not belong to it"
    )
    path = tmp_path / "large.xlsx"
    path.write_bytes(b"PK" + b"\x00" * MOST_PACKED)
    with pytest.raises(InputError, match=r"holds 5\.0 MB"):
        read_region_workbook(path)


def test_other_ways_of_packing_and_doubled_parts_are_refused(tmp_path):
    for kind in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        content = BytesIO()
        with zipfile.ZipFile(BytesIO(good())) as source, zipfile.ZipFile(content, "w", kind) as target:
            for part in source.namelist():
                target.writestr(part, source.read(part))
        assert "this is not a workbook that can be read" in refused(content.getvalue(), tmp_path)
    with pytest.warns(UserWarning, match="Duplicate name"):
        doubled = repacked({}, {SHEET: b"<worksheet/>"})
    assert "this is not a workbook that can be read" in refused(doubled, tmp_path)


@pytest.mark.parametrize(
    "row",
    [
        lambda number: b'<row r="%d"/>' % number,
        lambda number: b'<row r="%d" spans="1:20" s="3" customFormat="1" ht="15.%d"/>' % (number, number),
        lambda number: b'<row r="%d"><c r="A%d"><v>1</v></c></row>' % (number, number),
    ],
    ids=["bare", "formatted", "filled"],
)
def test_rows_without_end_are_refused_after_twenty_thousand(row: Callable[[int], bytes], tmp_path, elements):
    content = with_rows(b"".join(row(number) for number in range(100, 600_000)))
    assert refused(content, tmp_path) == (
        f"workbook.xlsx: items: the sheet has more than {MOST_ROWS} rows. Delete rows below the table, empty ones too"
    )
    assert elements[0] < 5 * MOST_ROWS


def test_a_single_row_at_the_far_end_and_a_claimed_size_cost_nothing(tmp_path, elements):
    assert "more than 20000 rows" in refused(with_rows(b'<row r="1048576"><c r="A1048576"/></row>'), tmp_path)
    assert elements[0] < 20_000
    claimed = repacked(
        {SHEET: lambda text: re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1:XFD1048576"', text)}
    )
    assert read_region_workbook(claimed).key == read_region_workbook(good()).key


def test_cells_without_end_are_refused(tmp_path, monkeypatch, elements):
    monkeypatch.setattr(workbook_file, "MOST_ELEMENTS", 50_000)
    monkeypatch.setattr(
        workbook_file._Book.__init__, "__defaults__", (50_000, *workbook_file._Book.__init__.__defaults__[1:])
    )
    wide = b'<row r="999">' + b"<c/>" * 100_000 + b"</row>"
    assert "the workbook has more than" in refused(with_rows(wide), tmp_path)
    assert elements[0] <= 50_000 < MOST_ELEMENTS


def test_a_cell_far_to_the_right_is_told_and_an_empty_one_is_nothing(tmp_path):
    assert "workbook.xlsx: items!XFD999: the cell stands beside the table" in refused(
        with_rows(b'<row r="999"><c r="XFD999"><v>1</v></c></row>'), tmp_path
    )
    assert read_region_workbook(with_rows(b'<row r="999"><c r="XFD999" s="1"/></row>'))


def test_one_shared_text_in_every_cell_does_not_fill_the_memory(tmp_path):
    with zipfile.ZipFile(BytesIO(good())) as packed:
        number = packed.read("xl/sharedStrings.xml").count(b"<si>")
    long = b"".join(b"%x" % (n * 7919) for n in range(8_000))[:32_000]
    rows = b"".join(
        b'<row r="%d">%s</row>'
        % (n, b"".join(b'<c r="%s%d" t="s"><v>%d</v></c>' % (c, n, number) for c in (b"A", b"S")))
        for n in range(100, 10_000)
    )
    content = repacked({
        "xl/sharedStrings.xml": lambda text: text.replace(b"</sst>", b"<si><t>%s</t></si></sst>" % long),
        SHEET: lambda text: text.replace(b"</sheetData>", rows + b"</sheetData>"),
    })  # fmt: skip
    tracemalloc.start()
    told = refused(content, tmp_path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "the workbook holds 10.0 MB" in told
    assert peak < 60_000_000


def test_a_text_longer_than_excel_allows_is_refused(tmp_path):
    long = b'<row r="999"><c r="A999" t="inlineStr"><is><t>%s</t></is></c></row>' % b"".join(
        b"%d" % n for n in range(9000)
    )
    assert "this is not a workbook that can be read" in refused(with_rows(long), tmp_path)


@pytest.mark.parametrize(
    "row",
    [
        b'<row r="x"/>',
        b'<row r="999"><c r="A998"><v>1</v></c></row>',
        b'<row r="999"><c r="A999"><v>1</v></c><c r="A999"><v>2</v></c></row>',
        b'<row r="999"><c r="A999" t="s"><v>99999999</v></c></row>',
        b'<row r="999"><c r="A999" s="x"><v>1</v></c></row>',
        b"<row><c><v>1</v></row>",
    ],
)
def test_a_sheet_that_contradicts_itself_is_refused(row, tmp_path):
    assert "this is not a workbook that can be read" in refused(with_rows(row), tmp_path)


@pytest.mark.parametrize("value", ["1e999", "nan", "1_000", "0x10", "١٢"])
def test_a_number_cell_that_holds_no_finite_number_is_refused(value, tmp_path):
    part = sheet_part("assumptions")

    def change(text: bytes) -> bytes:
        return re.sub(rb'(<c r="G2"[^>]*>)<v>[^<]*</v>', rb"\1<v>%s</v>" % value.encode(), text, count=1)

    assert refused(repacked({part: change}), tmp_path).startswith("workbook.xlsx: assumptions!G2: ")


@pytest.mark.parametrize("code", ["../china", "a/b", "A", "", "..", "con.", "x" * 41, "丽水", "own\\x", "a b", "9a"])
def test_a_code_never_becomes_a_path(code, tmp_path):
    def change(book):
        book["region"]["B2"] = code
        for sheet in ("figures", "assumptions", "resources"):
            for line in range(2, book[sheet].max_row + 1):
                book[sheet].cell(line, 1).value = code

    assert refused(edited(change), tmp_path).startswith("workbook.xlsx: region!B2: ")


@pytest.mark.parametrize(
    "key", ["../x", "own_x", "own_x_1234567g", "/etc/own_x_12345678", "own_../x_12345678", "zhoushan"]
)
def test_only_a_code_made_from_content_is_kept_or_found(key, tmp_path):
    book = replace(read_region_workbook(good()), key=key)
    with pytest.raises(InputError, match="is not a code of a region"):
        keep_region_workbook(book, tmp_path / "kept")
    assert list(tmp_path.iterdir()) == []
    with regions_in(tmp_path):
        assert tmp_path not in region_folder(key).parents


def test_a_scenario_reaches_no_folder_by_its_region(tmp_path, monkeypatch):
    monkeypatch.setenv("SIMVET_REGIONS", str(tmp_path / "kept"))
    outside = tmp_path / "own_x_12345678" / "data" / "own_x_12345678"
    outside.mkdir(parents=True)
    (outside / "assumptions.csv").write_text("x", encoding="utf-8")
    for region in (
        "../own_x_12345678",
        "own_x_12345678",
        "../data/zhoushan",
        "./zhoushan",
        "zhoushan/",
        "own_x_12345678\x00",
    ):
        with pytest.raises(InputError, match="has no data"):
            require_region(region, "plan.yaml:3")


def test_a_link_in_place_of_a_kept_region_is_not_followed(tmp_path):
    book = read_region_workbook(good())
    real = keep_region_workbook(book, tmp_path / "elsewhere").parent
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / book.key).symlink_to(real, target_is_directory=True)
    with pytest.raises(InputError, match="another region is kept"):
        keep_region_workbook(book, tmp_path / "kept")


def test_nothing_stays_where_writing_fails(tmp_path, monkeypatch):
    def fail(self, *_, **__):
        raise OSError(28, "No space left on device")

    book = read_region_workbook(good())
    monkeypatch.setattr(Path, "write_text", fail)
    with pytest.raises(InputError, match="the output cannot be written"):
        keep_region_workbook(book, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_region_on_trial_is_seen_by_nobody_else(tmp_path, monkeypatch):
    monkeypatch.setenv("SIMVET_REGIONS", str(tmp_path / "another"))
    scenario = check_region_workbook(good(), tmp_path / "kept")
    # It was kept elsewhere than where this process looks.
    with pytest.raises(InputError, match="has no data"):
        load_scenario(tmp_path / "kept" / scenario.name / f"{scenario.name}.yaml")


def test_the_template_holds_texts_and_numbers_only():
    with zipfile.ZipFile(BytesIO(good())) as packed:
        for part in packed.namelist():
            text = packed.read(part)
            assert b"<f>" not in text
            assert b"hyperlink" not in text
    kinds = {
        cell.data_type
        for sheet in load_workbook(BytesIO(good()))
        for row in sheet.iter_rows()
        for cell in row
        if cell.value
    }
    assert kinds == {"s", "n"}


def test_no_text_of_a_workbook_becomes_part_of_the_scenario_s_structure(tmp_path):
    text = "x\"\\ #: {zh: [*a, &b]} !!python/object %YAML ' \\n"

    def change(book):
        book["region"]["B4"] = text
        book["projects"]["C2"] = text
        book["targets"]["G2"] = text

    scenario = check_region_workbook(edited(change), tmp_path)
    assert scenario.labels["en"] == text
    assert scenario.projects[0].labels["en"] == text
    assert scenario.targets[0].labels["en"] == text


def test_chart_sheets_and_unknown_parts_are_not_read():
    assert read_workbook(repacked({}, {"customXml/item1.xml": b"<a/>"}), "workbook.xlsx")


@pytest.mark.parametrize(
    ("sheet", "column", "most"), [("assumptions", "C", 300), ("assumptions", "S", 5_000), ("region", "B", 300)]
)
def test_a_cell_holds_a_word_or_a_note_and_no_book(sheet, column, most, tmp_path):
    def change(book):
        book[sheet][f"{column}4"] = "dropout_rate" * 1000

    assert refused(edited(change), tmp_path) == (
        f"workbook.xlsx: {sheet}!{column}4: the cell holds 12000 characters. Write at most {most}"
    )


@pytest.mark.parametrize(("sheet", "most"), [("targets", 500), ("projects", 200), ("items", 1_000), ("region", 100)])
def test_a_plan_is_a_page_and_no_library(sheet, most, tmp_path):
    def change(book):
        for number in range(most + 1):
            book[sheet].append([f"n{number}"])

    told = f"the sheet has more than {most} rows. Delete rows below the table, empty ones too"
    assert refused(edited(change), tmp_path) == f"workbook.xlsx: {sheet}!A{most + 2}: {told}"


def test_figures_without_end_are_refused_before_they_are_balanced(tmp_path):
    def change(book):
        cells = [cell.value for cell in book["figures"][2]]
        for number in range(1_100):
            cells[5], cells[12] = f"d{number}", "figure"
            book["figures"].append(cells)

    told = refused(edited(change), tmp_path)
    assert re.match(r"workbook\.xlsx: figures!M1[0-9]{3}: the sheet has more than 1000 rows that are calculated", told)


def test_history_without_end_is_read(tmp_path):
    def change(book):
        cells = [cell.value for cell in book["figures"][2]]
        assert cells[12] == "history"
        for _ in range(2_000):
            book["figures"].append(cells)

    assert len(read_region_workbook(edited(change)).origins.rows["figures"]) > 2_000
