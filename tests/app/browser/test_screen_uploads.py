"""What planners bring along: a good file opens, a bad one is told by what is wrong with it and changes nothing."""

import re
import tempfile
from io import BytesIO
from pathlib import Path

import pytest
from bad_workbooks import BAD, good
from openpyxl import load_workbook
from planner import SOON
from playwright.sync_api import expect

TOLD = {
    "no_workbook": "不是可读取的工作簿",
    "macros": "工作簿中含有宏",
    "entities": "工作簿中含有文档类型声明或实体（xl/worksheets/sheet6.xml）",
    "missing_sheet": "缺少工作表 'items'",
    "unknown_sheet": "未知的工作表 'assumption'",
    "unknown_column": "assumptions!G1：未知的列 'valeu'",
    "formula": "assumptions!G2：单元格是公式",
    "text_for_a_number": "assumptions!G2：'value' 是文本 'about 4 %'",
    "range_out_of_order": "assumptions!G2：0.99 不在下限",
    "unknown_quantity": "assumptions!C81：目录中没有量 'dropout_rat'",
    "code_with_a_path": "region!B2：'../china' 不能作地区代码",
}
"""Name of a bad workbook -> what is told of it, colons as they come."""
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "\n".join(
    f"{one}: &{one} [{', '.join([f'*{before}'] * 9)}]" for before, one in zip("abcdefgh", "bcdefghi", strict=True)
)
MARK = Path(tempfile.gettempdir()) / "simvet_was_here"
HOSTILE = {
    "path_in_schools": (
        "base: zhoushan\ntitle: {zh: 甲, en: a}\nagents: {schools: /etc/passwd}\n", "情景引用了文件 '/etc/passwd'"
    ),
    "anchors": (f"{BOMB}\nbase: zhoushan\n", "文件展开后超过"),
    "python_tag": (f"base: !!python/object/apply:os.system ['touch {MARK}']\n", "不读取类型标记"),
    "base_with_a_path": ("base: ../../x\ntitle: {zh: 甲, en: a}\n", "base '../../x' 不是情景名称"),
}  # fmt: skip
"""Name -> a scenario file that must not be opened, and what is told."""


def plain(text):
    """Return a text with one kind of colon."""
    return re.sub(r"\s*[:：]\s*", "：", text)


@pytest.fixture(scope="module")
def patient(staying):
    """Return a planner who has moved a lever and brings one bad file after another."""
    return staying().open().move("college_intake", "ArrowRight")


def require_refused(planner, key, name, content, told):
    """Bring a bad file along, and fail unless it is told and the board stays what it was."""
    digest = planner.digest
    planner.go("data").upload(key, name, content)
    alerts = [plain(text) for text in planner.page.get_by_test_id("stAlertContentError").all_inner_texts()]
    assert len(alerts) == 1
    assert plain(told) in alerts[0], alerts
    assert name in alerts[0]
    planner.go("overview")
    assert planner.digest == digest
    assert planner.slider("college_intake").input_value() != "0"
    assert not planner.alerts


@pytest.mark.parametrize("name", BAD)
def test_a_bad_workbook_is_told_and_changes_nothing(patient, name):
    require_refused(patient, "workbook", "my_region.xlsx", BAD[name](), TOLD[name])


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_scenario_file_is_told_and_changes_nothing(patient, name):
    text, told = HOSTILE[name]
    require_refused(patient, "scenario", "my.yaml", text.encode(), told)
    assert not MARK.exists()


def test_the_server_still_answers_after_all_of_them(patient):
    before = patient.digest
    assert patient.move("college_intake", "ArrowRight").digest != before


def test_a_good_workbook_opens_its_region(planner):
    book = load_workbook(BytesIO(good("zhoushan")))
    content = BytesIO()
    book.save(content)
    planner.open().go("data").upload("workbook", "my_region.xlsx", content.getvalue())
    assert "已打开" in planner.page.get_by_test_id("stAlertContentInfo").first.inner_text()
    planner.go("overview")
    assert "舟山" in planner.headings.first.inner_text()
    assert "places/secondary_vocational" in planner.board.inner_html()
    planner.move("general_seats", "ArrowRight")
    assert len(planner.changes) == 1
    digest = planner.digest
    planner.page.reload()
    expect(planner.board).to_have_attribute("data-digest", digest, timeout=SOON)


def test_a_scenario_file_brought_back_gives_the_same_verdicts(visit, tmp_path):
    planner = visit().open().move("college_intake", *["ArrowRight"] * 5).move("approvals", "ArrowRight").sharp()
    told = planner.probabilities
    path = tmp_path / "my scenario.yaml"
    planner.go("takeaway").download(".st-key-scenario_file").save_as(path)
    other = visit().open().go("data").upload("scenario", path.name, path.read_bytes())
    assert "已打开" in other.page.get_by_test_id("stAlertContentInfo").first.inner_text()
    other.go("overview").sharp()
    assert other.probabilities == told
