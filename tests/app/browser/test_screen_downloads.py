"""Everything that is taken away opens, and says what the screen says."""

import io
import re
import zipfile

import docx
import pytest
from lxml import etree
from openpyxl import load_workbook
from PIL import Image
from planner import LATER, lever

from simvet.loading import load_scenario
from simvet.loading.workbook import read_region_workbook
from simvet.report.brief_rows import COLUMNS
from simvet.report.wording import word

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
CHANGES = [f"{lever('approvals')} +1，2024 年一次（省）", f"{lever('college_intake')} +3%，2024 年起（省）"]


@pytest.fixture(scope="module")
def taken(staying, tmp_path_factory):
    """Return a planner who has prepared the files, the board that was on the screen, and the files."""
    planner = staying().open().move("college_intake", *["ArrowRight"] * 3).move("approvals", "ArrowRight")
    planner.sharp(searched=True)
    shown = dict(planner.probabilities)
    assert planner.changes == CHANGES
    planner.go("takeaway").click("prepare")
    failed, ready = planner.say("task_failed"), planner.page.get_by_text(re.compile("^下载 Word 简报"))
    ready.or_(planner.page.get_by_text(failed)).first.wait_for(timeout=LATER)
    assert failed not in planner.alerts
    planner.rest()
    folder, files = tmp_path_factory.mktemp("taken"), {}
    for name in ("brief", "book", "pictures"):
        found = planner.download(f".st-key-file-{name}")
        found.save_as(folder / found.suggested_filename)
        files[name] = folder / found.suggested_filename
    assert [path.suffix for path in files.values()] == [".docx", ".xlsx", ".zip"]
    return planner, shown, files


def texts(element):
    return "".join(node.text or "" for node in element.iter(f"{W}t"))


def test_the_brief_has_a_row_for_every_headline_target_and_names_the_levers(taken):
    planner, shown, files = taken
    document = docx.Document(files["brief"])
    body = "\n".join(paragraph.text for paragraph in document.paragraphs)
    for change in CHANGES:
        assert change in body
    rows = [[cell.text for cell in row.cells] for table in document.tables for row in table.rows]
    told = {row[0].split("\n")[0]: row for row in rows if len(row) == len(COLUMNS)}
    forecast = COLUMNS.index("forecast")
    planner.go("overview")
    headlines = planner.board.locator("tr.headline th").evaluate_all("all => all.map(th => th.firstChild.textContent)")
    planner.go("takeaway")
    assert len(headlines) >= 5
    for name in headlines:
        percent = next(p for title, p in shown.items() if title.startswith(name))
        assert re.search(rf"\b{percent} ?±", told[name][forecast].replace("\n", " ")), name


def test_every_note_of_the_brief_is_there_and_it_says_what_nobody_signed(taken):
    _, _, files = taken
    with zipfile.ZipFile(files["brief"]) as archive:
        assert archive.testzip() is None
        body, notes = (etree.fromstring(archive.read(f"word/{part}.xml")) for part in ("document", "footnotes"))
    used = {node.get(f"{W}id") for node in body.iter(f"{W}footnoteReference")}
    held = {note.get(f"{W}id"): texts(note) for note in notes.findall(f"{W}footnote")}
    assert len(used) > 20
    assert all(len(held[number]) > 5 for number in used)
    assert "【未审签" in texts(body)


def test_the_verdicts_of_the_book_are_those_of_the_board_and_nothing_in_it_is_live(taken):
    _, shown, files = taken
    book = load_workbook(files["book"])
    assert {"about", "verdicts", "series", "flows", "inputs"} <= set(book.sheetnames)
    for sheet in book:
        for row in sheet.iter_rows():
            assert not [cell.coordinate for cell in row if cell.data_type == "f" or cell.hyperlink]
    rows = list(book["verdicts"].values)
    column = rows[0].index(word("text", "book_probability", "zh"))
    written = {
        (str(cell), f"{row[column] * 100:.0f}%") for row in rows[1:] if row[column] is not None for cell in row if cell
    }
    assert len(shown) >= 5
    for name, percent in shown.items():
        title = name.split("\n")[0].split("≥")[0].strip()
        assert [one for one in written if one[0].startswith(title.split("〔")[0]) and one[1] == percent], title
    about = " ".join(str(cell) for row in book["about"].values for cell in row if cell)
    assert all(change in about for change in CHANGES) and "未审签" in about


def test_the_pictures_are_whole(taken):
    _, _, files = taken
    with zipfile.ZipFile(files["pictures"]) as archive:
        assert archive.testzip() is None
        content = {name: archive.read(name) for name in archive.namelist()}
    kinds = {name.rpartition(".")[2] for name in content}
    assert kinds == {"png", "svg"} and len(content) >= 8
    for name, raw in content.items():
        if name.endswith(".png"):
            with Image.open(io.BytesIO(raw)) as picture:
                picture.load()
                assert picture.width > 600 and len(picture.convert("L").getcolors(256) or [0] * 9) > 8
        else:
            drawn = etree.fromstring(raw)
            assert drawn.tag.endswith("}svg") and drawn.find(".//{*}path") is not None
            assert drawn.find(".//{*}g[@id='mark']") is not None, f"{name} does not say that nobody signed"


def test_the_scenario_file_holds_the_levers(taken, tmp_path):
    planner, _, _ = taken
    path = tmp_path / "mine.yaml"
    planner.download(".st-key-scenario_file").save_as(path)
    assert "未审签" in path.read_text(encoding="utf-8").splitlines()[0]
    scenario = load_scenario(path)
    assert scenario.regions[0].region == "zhejiang"
    told = {(lever.quantity, lever.operation, lever.value, lever.start) for lever in scenario.levers}
    assert ("intake_plan", "multiply", 1.03, 2024) in told
    assert ("approved_institutions", "add", 1.0, 2024) in told


def test_the_template_is_a_good_workbook_of_the_region(planner, tmp_path):
    path = tmp_path / "template.xlsx"
    planner.open().choose("region|", "舟山市").go("data").download(".st-key-template").save_as(path)
    book = read_region_workbook(path.read_bytes(), "template.xlsx")
    assert book.key.startswith("own_zhoushan_")
    assert "new_school" in {row[0] for row in load_workbook(path)["projects"].values}
