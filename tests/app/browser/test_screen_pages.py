"""Every page, in both languages, on a desk and on a telephone."""

import pytest
from planner import DESKTOP, PHONE
from playwright.sync_api import expect

from simvet.screen.main import NAMES

LANGUAGES = ("zh", "en")
TITLES = {"zh": "浙江省·基准", "en": "Zhejiang · base"}


def require_drawn(planner, name):
    """Fail unless a page shows its title, and no error, and does not reach beyond its sides."""
    wanted = TITLES[planner.language] if name == NAMES[0] else planner.say(f"page_{name}")
    assert wanted in " ".join(planner.headings.all_inner_texts())
    assert planner.page.get_by_test_id("stException").count() == 0
    assert planner.page.get_by_test_id("stAlertContentError").count() == 0
    planner.page.wait_for_timeout(250)
    assert planner.overflow() == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_opens_from_the_navigation(visit, language):
    planner = visit(language).open()
    shown = [text.strip() for text in planner.page.get_by_test_id("stSidebarNavLink").all_inner_texts()]
    assert shown == [planner.say(f"page_{name}") for name in NAMES]
    for name in (*NAMES[1:], NAMES[0]):
        require_drawn(planner.go(name), name)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desk", "telephone"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_opens_by_its_own_address_and_fits(visit, language, size):
    planner = visit(language, size)
    for name in NAMES:
        require_drawn(planner.open("" if name == NAMES[0] else name), name)


def test_on_a_telephone_the_board_comes_before_the_levers(visit):
    planner = visit(size=PHONE).open()
    board, lever = planner.board.bounding_box(), planner.slider("college_intake").bounding_box()
    assert board["y"] + board["height"] <= lever["y"]
    assert board["width"] <= PHONE["width"]
    expect(planner.page.get_by_test_id("stSidebarNav")).not_to_be_in_viewport()
