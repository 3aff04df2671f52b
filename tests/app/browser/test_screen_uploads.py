"""What planners bring along: a good file opens, a bad one is told by what is wrong with it and changes nothing."""

import re
from io import BytesIO

import pytest
from bad_workbooks import BAD, good
from openpyxl import load_workbook
from playwright.sync_api import expect
from planner import SOON

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
HOSTILE = {
    "path_in_schools": "base: zhoushan\nlabels: {zh: 甲, en: a}\nagents: {schools: /etc/passwd}\n",
    "anchors": f"{BOMB}\nbase: zhoushan\n",
    "python_tag": "base: !!python/object/apply:os.system ['touch /tmp/simvet_was_here']\n",
    "base_with_a_path": "base: ../../x\nlabels: {zh: 甲, en: a}\n",
}
"""Name -> a scenario file that must not be opened."""


def plain(text):
    """Return a text with one kind of colon."""
    return re.sub(r"\s*[:：]\s*", "：", text)


def on_data_page(planner):
    planner.open().move("college_intake", "ArrowRight")
    return planner.digest, planner.board.locator("tbody").inner_text(), planner.go("data")


def require_refused(planner, key, name, content, told):
    """Bring a bad file along, and fail unless it is told and neither board nor server suffered."""
    digest, _, _ = on_data_page(planner)
    planner.upload(key, name, content)
    alerts = [plain(text) for text in planner.page.get_by_test_id("stAlertContentError").all_inner_texts()]
    assert len(alerts) == 1
    assert plain(told) in alerts[0], alerts
    assert name in alerts[0]
    assert "Traceback" not in alerts[0]
    planner.go("overview")
    assert planner.digest == digest
    assert planner.slider("college_intake").input_value() == "1"
    assert not planner.alerts
    planner.move("college_intake", "ArrowRight")


@pytest.mark.parametrize("name", BAD)
def test_a_bad_workbook_is_told_and_changes_nothing(planner, name):
    require_refused(planner, "workbook", "my_region.xlsx", BAD[name](), TOLD[name])


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_scenario_file_is_told_and_changes_nothing(planner, name, tmp_path):
    told = {"path_in_schools": "情景引用了文件 '/etc/passwd'"}.get(name, "my.yaml")
    require_refused(planner, "scenario", "my.yaml", HOSTILE[name].encode(), told)


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
    planner.go("takeaway").download("st-key-scenario_file").save_as(path)
    other = visit().open().go("data").upload("scenario", path.name, path.read_bytes())
    assert "已打开" in other.page.get_by_test_id("stAlertContentInfo").first.inner_text()
    other.go("overview").sharp()
    assert other.probabilities == told
