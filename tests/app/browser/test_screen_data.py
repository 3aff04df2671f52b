"""Numbers edited in place change the plan and say so; assumptions are signed."""

import re

from planner import SOON
from playwright.sync_api import expect


def unsigned(planner):
    """Return how many assumptions nobody has signed, and how many there are."""
    parts = re.split("[UA]", planner.say("unsigned", unsigned="U", assumed="A"))
    told = re.compile(r"(\d+)".join(map(re.escape, parts)))
    found = planner.page.get_by_test_id("stAlert").filter(has_text=told).first.inner_text()
    assumed, left = (int(one) for one in told.search(found).groups())
    return left, assumed


def search(planner, text):
    """Show only the rows of the table that hold a text, and return how many there are."""
    planner.page.get_by_label(planner.say("data_search")).fill(text)
    planner.page.get_by_label(planner.say("data_search")).press("Enter")
    shown = planner.page.get_by_text(re.compile(r"^显示 \d+ / \d+ 个数$"))
    whole = int(re.search(r"/ (\d+)", shown.inner_text())[1])
    expect(shown).not_to_have_text(f"显示 {whole} / {whole} 个数", timeout=SOON)
    planner.rest()
    count = int(re.search(r"\d+", shown.inner_text())[0])
    # The table is drawn later than what is said above it; its first row holds the headings.
    grid = planner.page.get_by_test_id("stDataFrame").last.locator("[role=grid]")
    expect(grid).to_have_attribute("aria-rowcount", str(count + 1), timeout=SOON)
    return count


def edit_first_row(planner, column_name, text):
    """Type into a column of the first row of the table, by the keyboard."""
    table = planner.page.get_by_test_id("stDataFrame").last
    table.scroll_into_view_if_needed()
    headings = table.locator("[role=columnheader]").all_inner_texts()
    wanted = headings.index(planner.say(f"column_{column_name}")) + 1
    chosen = table.locator("[role=gridcell][aria-selected=true]")
    table.locator(".dvn-scroller").click(position={"x": 40, "y": 52})
    # What a screen reader is told follows the keys a little later.
    expect(chosen).to_have_attribute("aria-colindex", "1", timeout=SOON)
    for column in range(2, wanted + 1):
        planner.page.keyboard.press("ArrowRight")
        expect(chosen).to_have_attribute("aria-colindex", str(column), timeout=SOON)
    planner.page.keyboard.press("Enter")
    typed = planner.page.locator("#portal :is(input, textarea)")
    typed.wait_for()
    # At the pace of a hand: the editor of a cell opens, and takes its text, a moment later than the key goes down.
    planner.page.wait_for_timeout(300)
    planner.page.keyboard.press("Control+a")
    planner.page.keyboard.type(text, delay=60)
    expect(typed).to_have_value(text)
    planner.page.wait_for_timeout(300)
    planner.page.keyboard.press("Enter")


def test_a_number_edited_in_the_table_changes_the_plan_and_says_so(planner):
    planner.open()
    before = planner.digest
    planner.go("data")
    assert search(planner, "流失率 secondary_vocational") == 1
    edit_first_row(planner, "value", "0.05")
    # A number is not replaced before somebody says why.
    expect(planner.page.get_by_test_id("stAlert").filter(has_text=planner.say("reason_wanted"))).to_be_visible()
    expect(planner.widget("undo").locator("button")).to_be_disabled()
    edit_first_row(planner, "reason", "trial")
    expect(planner.widget("undo").locator("button")).to_be_enabled(timeout=SOON)
    planner.go("overview")
    assert planner.digest != before
    assert len(planner.changes) == 1
    assert "流失率" in planner.changes[0] and "改为 0.05" in planner.changes[0]
    assert "trial" in planner.changes[0]
    assert planner.press("undo").digest == before


def test_a_number_that_cannot_be_is_told_and_changes_nothing(planner):
    planner.open()
    before = planner.digest
    planner.go("data")
    assert search(planner, "流失率 secondary_vocational") == 1
    edit_first_row(planner, "value", "1.5")
    edit_first_row(planner, "reason", "trial")
    expect(planner.page.get_by_test_id("stAlertContentError")).to_contain_text("1.5", timeout=8_000)
    assert planner.go("overview").digest == before


def test_signing_off_lowers_the_number_of_unsigned_assumptions(planner):
    planner.open()
    before = planner.digest
    planner.go("data")
    left, assumed = unsigned(planner)
    assert left == assumed > 100
    count = search(planner, "流失率")
    planner.page.get_by_text(planner.say("sign_shown", count=count), exact=True).click()
    sign = planner.widget("sign_button").locator("button")
    planner.page.wait_for_timeout(500)
    sign.click()
    expect(planner.page.get_by_text(planner.say("sign_who"))).to_be_visible(timeout=SOON)
    planner.widget("sign_owner").locator("input").fill("市教育局")
    planner.widget("sign_name").locator("input").fill("王某")
    sign.click()
    told = planner.say("unsigned", unsigned=left - count, assumed=assumed)
    expect(planner.page.get_by_test_id("stAlert").filter(has_text=told)).to_be_visible(timeout=SOON)
    planner.go("takeaway")
    assert unsigned(planner) == (left - count, assumed)
    # A signature changes no number.
    assert planner.go("overview").digest == before
    assert planner.changes == [planner.say("no_change")]
    planner.page.reload()
    planner.rest().go("data")
    assert unsigned(planner) == (left - count, assumed)


def test_the_year_from_which_milestones_are_seen_is_a_change(planner):
    planner.open().go("data").choose("as_of|", "2024")
    expect(planner.widget("undo").locator("button")).to_be_enabled(timeout=SOON)
    assert planner.go("overview").changes == ["序时进度看 2024 年"]
