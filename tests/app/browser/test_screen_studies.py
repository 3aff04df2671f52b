"""Studies on the screen: packages and what decides a target; they outlive a reload and can be stopped."""

import re

from planner import LATER, SOON
from playwright.sync_api import expect
from test_screen_work import cancelled, progress

LONG = 2 * LATER


def test_a_package_is_sought_survives_a_reload_and_is_adopted(planner):
    planner.open().choose("region|", "舟山市")
    expect(planner.headings.first).to_contain_text("舟山市", timeout=SOON)
    planner.go("solve")
    button = planner.widget("package_button").locator("button")
    button.click()
    expect(progress(planner, "package")).to_be_visible(timeout=SOON)
    expect(button).to_be_disabled()
    cancelled(planner, "package", planner.say("task_cancelled"))
    button.click()
    expect(progress(planner, "package")).to_be_visible(timeout=SOON)
    # The window is closed and opened again at the same address: the work goes on.
    planner.page.reload()
    expect(planner.headings.first).to_be_visible(timeout=SOON)
    aims = planner.page.locator('[data-part="package_aims"]')
    aims.wait_for(timeout=LONG)
    text = planner.main.inner_text()
    assert "独立复核" in text and "为什么达不到" in text
    assert "单独看也达不到 80%" in text or "不能同时达到" in text
    assert aims.locator("tbody tr").count() == 3


def test_a_package_of_zhejiang_is_adopted_and_makes_its_target_likely(planner):
    planner.open()
    before = planner.digest
    planner.go("solve")
    planner.click("package_button")
    moves = planner.page.locator('[data-part="package_moves"]')
    moves.wait_for(timeout=LONG)
    count = moves.locator("tbody tr").count() - 1
    assert count >= 2
    planner.click("package_apply")
    expect(planner.page.get_by_test_id("stAlertContentInfo").first).to_contain_text("已采用", timeout=SOON)
    planner.go("overview")
    assert planner.digest != before and len(planner.changes) == count


def test_what_decides_a_target_is_told_in_both_languages(planner):
    planner.open().choose("region|", "舟山市")
    expect(planner.headings.first).to_contain_text("舟山市", timeout=SOON)
    planner.go("influence")
    planner.click("influence_button")
    expect(progress(planner, "influence")).to_be_visible(timeout=SOON)
    # Other pages can be looked at meanwhile.
    planner.go("overview").go("influence")
    planner.page.locator('[data-part="influence_screening"]').wait_for(timeout=LONG)
    text = planner.main.inner_text()
    assert "逐项变动的影响" in text and "目标在哪些未来里落空" in text
    assert "nan" not in text and "−0." not in text
    assert re.search(r"\d+ 个不确定数字", text)
    planner.page.get_by_test_id("stSidebar").get_by_text("English").click()
    expect(planner.page.get_by_text("In which futures the target fails")).to_be_visible(timeout=SOON)
    assert "nan" not in planner.main.inner_text()
