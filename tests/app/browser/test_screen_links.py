"""A link opens what was on the screen; one that is not whole is refused in the reader's language."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from simvet.planning.link import Desk, write_link
from simvet.planning.plan import Plan, Setting
from simvet.report.wording import word

PLAN = Plan("zhejiang", (Setting("college_intake", 1.1, 2024),))
BAD = {
    "too_long": ("x" * 6_001, "链接过长"),
    "malformed": ("%3Cscript%3Ealert(1)%3C/script%3E", "链接不完整或已损坏"),
    "unsigned": (write_link(Desk(PLAN), b"").rpartition(".")[0], "链接不完整或已损坏"),
    "of_another_server": (write_link(Desk(PLAN), b"another key"), "链接被改动过，或出自另一台服务器"),
    "old_version": (re.sub(r"^\d+", "0", write_link(Desk(PLAN), b"")), "链接版本为 0"),
}
"""Name -> what stands behind ?s=, and what is told."""


def link_of(planner):
    return parse_qs(urlsplit(planner.page.url).query)["s"][0]


def require_refused(planner, told):
    assert [text for text in planner.alerts if told in text], planner.alerts
    assert planner.changes == [planner.say("no_change")]
    assert planner.board.locator("tbody tr").count() > 5


@pytest.mark.parametrize("name", BAD)
def test_a_bad_link_is_told_and_the_base_shown(planner, name):
    link, told = BAD[name]
    planner.open(query=f"s={link}")
    require_refused(planner, told)
    assert planner.headings.first.inner_text() == "浙江省·基准"


@pytest.mark.parametrize("place", [5, -1], ids=["content", "signature"])
def test_a_link_with_another_letter_is_told_in_the_readers_language(visit, place):
    planner = visit("en").open().move("college_intake", "ArrowRight")
    link = link_of(planner)
    # The last letter of a signature carries four bits only: the one before it is changed.
    at = place if place > 0 else len(link) - 2
    altered = link[:at] + ("A" if link[at] != "A" else "B") + link[at + 1 :]
    other = visit("en").open(query=f"s={altered}")
    require_refused(other, "the link was changed, or another server made it")


def test_the_link_opens_the_same_desk_in_another_browser(visit):
    planner = visit(fresh=True).open().move("college_intake", "ArrowRight").keep("甲方案")
    planner.move("approvals", "ArrowRight")
    digest, changes = planner.digest, planner.changes
    compared = planner.page.locator('[data-part="compare"]').inner_text()
    link = planner.go("takeaway").link()
    assert link.startswith(f"{planner.address}/?s=1.")
    other = visit(fresh=True)
    other.page.goto(link)
    other.page.wait_for_selector('[data-part="compare"]')
    other.rest()
    assert (other.digest, other.changes) == (digest, changes)
    assert other.slider("college_intake").input_value() == "1"
    assert other.slider("approvals").input_value() == "1"
    assert other.page.locator('[data-part="compare"]').inner_text() == compared
    assert word("screen", "page_overview", "zh") in other.page.get_by_test_id("stSidebarNav").inner_text()
