"""Long work: what it would take, and every student one by one; it shows how far it is and can be stopped."""

import re

from planner import LATER, SOON, lever
from playwright.sync_api import expect

COMPILING = 150_000
"""Milliseconds in which the first run of all students must be done; it compiles its rules first."""


def progress(planner, kind):
    return planner.page.locator(f".st-key-progress_{kind}")


def cancelled(planner, kind, note):
    """Stop work, and fail unless it says so and the page goes on."""
    progress(planner, kind).locator("button").click()
    expect(planner.page.get_by_text(note)).to_be_visible(timeout=SOON)
    expect(progress(planner, kind)).to_have_count(0)
    planner.rest()


def test_what_it_would_take_is_answered_applied_and_can_be_stopped(planner):
    planner.open().choose("region|", "舟山市")
    expect(planner.headings.first).to_contain_text("舟山市", timeout=SOON)
    before = planner.digest
    planner.go("solve")
    start = planner.widget("solve_button").locator("button")
    answer = planner.page.locator('[data-part="solve"]')
    planner.find("solve_target|", "高职升本科比例")
    planner.find("solve_lever|", lever("topup_seats"))
    start.click()
    expect(progress(planner, "solve")).to_be_visible(timeout=SOON)
    expect(progress(planner, "solve")).to_contain_text(re.compile("正在计算|排队等待"))
    expect(start).to_be_disabled()
    answer.wait_for(timeout=LATER)
    told = planner.main.get_by_text(re.compile("至少调到|不高于|离当前位置最近")).first.inner_text()
    assert "高职升本科比例" in told and "80%" in told
    assert answer.locator("tbody tr").count() >= 3
    # Other work is begun and stopped: the note comes, and the last answer stays.
    table = answer.inner_text()
    planner.find("solve_lever|", lever("general_seats"))
    start.click()
    expect(progress(planner, "solve")).to_be_visible(timeout=SOON)
    cancelled(planner, "solve", planner.say("task_cancelled"))
    assert answer.inner_text() == table
    planner.find("solve_lever|", lever("topup_seats"))
    value = planner.widget("solve_apply").inner_text()
    planner.click("solve_apply")
    expect(planner.page.get_by_test_id("stAlertContentInfo").first).to_contain_text("已采用", timeout=SOON)
    planner.go("overview")
    assert planner.digest != before
    assert len(planner.changes) == 1
    assert (
        planner.changes[0].startswith(lever("topup_seats")) and re.search(r"[-+]\d+%", value)[0] in planner.changes[0]
    )


def test_every_student_of_zhoushan_is_run_one_by_one_and_a_life_is_told(planner):
    planner.open().choose("region|", "舟山市")
    expect(planner.headings.first).to_contain_text("舟山市", timeout=SOON)
    planner.go("people")
    assert planner.say("people_none") in planner.alerts
    start = planner.widget("people_start").locator("button")
    start.click()
    expect(progress(planner, "people")).to_be_visible(timeout=SOON)
    cancelled(planner, "people", planner.say("task_cancelled"))
    expect(start).to_be_enabled()
    start.click()
    # Other pages can be looked at meanwhile.
    planner.go("overview").go("people")
    life = planner.page.locator('[data-part="life"]')
    life.wait_for(timeout=COMPILING)
    assert planner.page.locator('[data-part="people_facts"] td').first.inner_text().replace(",", "").isdigit()
    assert "合成" in " ".join(planner.alerts)
    first = life.inner_text()
    assert life.locator("tbody tr").count() >= 2
    assert re.search(r"20\d\d", first) and "舟山" in first
    planner.click("people_next")
    expect(life).not_to_have_text(first, timeout=SOON)
    for tab in ("schools", "cutoffs", "matching"):
        planner.page.get_by_role("tab", name=planner.say(f"people_tab_{tab}")).click()
        expect(
            planner.page.get_by_role("tabpanel").get_by_test_id("stDataFrame").locator("visible=true").first
        ).to_be_visible()
