"""Without a mouse, without sight, on paper: the screen can be used and read."""

import pytest
from planner import SOON, lever
from playwright.sync_api import expect

from simvet.screen.main import NAMES

ROLES = {
    "button", "checkbox", "combobox", "link", "listbox", "menuitem", "radio", "searchbox", "slider", "spinbutton",
    "switch", "tab", "textbox",
}  # fmt: skip
"""Roles of what can be used; each needs a name that is read out."""


def without_a_name(planner):
    """Return what can be used on a page and bears no name, as the browser tells it to a screen reader."""
    expect(planner.widget("keep").locator("button")).to_be_visible(timeout=SOON)
    talk = planner.context.new_cdp_session(planner.page)
    nodes, before = talk.send("Accessibility.getFullAXTree")["nodes"], -1
    while len(nodes) != before:
        planner.page.wait_for_timeout(300)
        nodes, before = talk.send("Accessibility.getFullAXTree")["nodes"], len(nodes)
    talk.detach()
    used = [node for node in nodes if not node.get("ignored") and node.get("role", {}).get("value") in ROLES]
    assert len(used) > 10
    return [
        f"{node['role']['value']} {[p for p in node.get('properties', []) if p['name'] != 'focusable']}"
        for node in used if not str(node.get("name", {}).get("value", "")).strip()
    ]  # fmt: skip


@pytest.mark.parametrize("language", ["zh", "en"])
def test_everything_that_can_be_used_has_a_name_and_every_picture_words(visit, language):
    planner = visit(language)
    found = {}
    for name in NAMES:
        planner.open("" if name == NAMES[0] else name)
        dumb = planner.page.locator("img:not([alt]), img[alt='']").count()
        found[name] = [*without_a_name(planner), *["picture without words"] * dumb]
    assert found == {name: [] for name in NAMES}


def test_a_lever_that_was_moved_is_read_out_without_signs_of_markup(planner):
    planner.open().move("college_intake", "ArrowRight")
    assert planner.page.locator('[aria-label*="*"]').evaluate_all("all => all.map(one => one.ariaLabel)") == []


def test_a_slider_is_reached_by_tab_and_moved_by_arrows(planner):
    planner.open()
    digest, reached = planner.digest, []
    for _ in range(60):
        planner.page.keyboard.press("Tab")
        kind = planner.page.evaluate("() => document.activeElement.type || document.activeElement.tagName")
        reached.append(kind)
        if kind == "range":
            break
    assert reached[-1] == "range", reached
    outline = planner.page.evaluate(
        """() => {
          for (let part = document.activeElement; part; part = part.parentElement) {
            if (part.dataset.testid === 'stSlider') return false;
            const style = getComputedStyle(part);
            if ((style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none')
              return true;
          }
        }"""
    )
    assert outline, "nothing shows where the keyboard is"
    planner.page.keyboard.press("ArrowRight")
    planner.waits_for_change(digest)
    assert len(planner.changes) == 1
    moved = planner.digest
    planner.page.keyboard.press("ArrowLeft")
    planner.waits_for_change(moved)
    assert planner.digest == digest


def test_on_paper_the_board_stands_alone(planner):
    planner.open().move("college_intake", "ArrowRight")
    planner.page.emulate_media(media="print")
    expect(planner.page.get_by_test_id("stSidebar")).to_be_hidden(timeout=SOON)
    expect(planner.page.get_by_test_id("stHeader")).to_be_hidden()
    expect(planner.slider("college_intake")).to_be_hidden()
    expect(planner.board).to_be_visible()
    expect(planner.page.locator('[data-part="changes"]')).to_contain_text(f"{lever('college_intake')} +1%")
    # Nothing is cut off at the edge of a window that paper does not have.
    cut = """part => { for (let one = part.parentElement; one; one = one.parentElement) {
        const style = getComputedStyle(one);
        if (['auto', 'scroll', 'hidden'].includes(style.overflowY) && one.scrollHeight > one.clientHeight + 1)
            return one.dataset.testid || one.tagName; } return ''; }"""
    assert planner.page.locator('[data-part="changes"]').evaluate(cut) == ""
