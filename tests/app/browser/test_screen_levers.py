"""Every type of lever moves the board, is told in words, and moves its target the way that it should."""

import re

import pytest
from planner import SOON, lever
from playwright.sync_api import expect

PROGRESSION = "progression_rate/secondary_vocational"
VOCATIONAL = "enrolment/secondary_vocational"
COLLEGE = "enrolment/higher_vocational"
BACHELOR = "enrolment/vocational_bachelor"
TOPUP = "topup_rate/higher_vocational"
INTEGRATED = "integrated_share/secondary_vocational"
UP, DOWN = 1, -1


def require_moved(planner, name, gesture, told, target, way):
    """Pull a lever, and fail unless the board, the list of changes and the target follow."""
    planner.sharp()
    before, digest = planner.expected(target), planner.digest
    gesture(planner)
    assert planner.digest != digest
    assert len(planner.changes) == 1
    for part in told:
        assert part in planner.changes[0]
    planner.sharp()
    assert (planner.expected(target) - before) * way > 0
    mark = planner.board.locator(f'tr[data-key="{target}"] .moved').first
    assert mark.inner_text().startswith("▲" if way == UP else "▼")
    if name is not None and ":" not in name:
        expect(planner.slider(name)).to_have_attribute("aria-label", re.compile("（.*年.*）$"))


@pytest.mark.parametrize(
    ("name", "key", "told", "target", "way"),
    [
        ("topup_seats", "End", (f"{lever('topup_seats')} +200%", "2024 年起", "省"), TOPUP, UP),
        ("general_seats", "End", (f"{lever('general_seats')} +30%", "2024 年起", "市"), VOCATIONAL, DOWN),
        (
            "college_seats_for_vocational", "End",
            (f"{lever('college_seats_for_vocational')} +40.0 百分点", "2024 年起"), PROGRESSION, UP,
        ),
        ("approvals", "End", (f"{lever('approvals')} +5", "2024 年一次", "省"), BACHELOR, UP),
    ],
    ids=["multiply_up", "multiply_more_of_another", "add", "add_once"],
)  # fmt: skip
def test_a_lever_moves_its_target(planner, name, key, told, target, way):
    require_moved(planner.open(), name, lambda one: one.move(name, key), told, target, way)


def test_a_lever_that_sets_a_value_starts_where_the_base_run_stands(planner):
    planner.open().choose("region|", "丽水市")
    expect(planner.headings.first).to_contain_text("丽水市", timeout=SOON)
    standing = float(planner.slider("integrated_share").input_value())
    assert 0 < standing < 60
    told = (f"{lever('integrated_share')} 60.0%", "2024 年起", "省")
    require_moved(planner, "integrated_share", lambda one: one.move("integrated_share", "End"), told, INTEGRATED, UP)


def test_a_lever_among_the_others_can_be_pulled_too(planner):
    planner.open()
    assert planner.slider("equipment").count() == 0
    planner.page.get_by_text(planner.say("more_levers"), exact=True).click()
    planner.slider("equipment").wait_for()
    before = planner.digest
    planner.move("equipment", "ArrowRight", "ArrowRight")
    assert planner.digest != before
    assert planner.changes == [f"{lever('equipment')} +10%，2024 年起（市）"]


def test_a_new_school_that_starts_later_lowers_the_places_of_zhoushan(planner):
    planner.open().choose("region|", "舟山市")
    expect(planner.headings.first).to_contain_text("舟山市", timeout=SOON)
    name = "project:new_school"
    told = ("新建中职学校", "推迟 6 年启动")
    require_moved(planner, name, lambda one: one.move(name, "End"), told, "places/secondary_vocational", DOWN)


def test_a_limit_switched_on_lowers_what_it_limits(planner):
    planner.open()
    planner.page.get_by_text(planner.say("limits"), exact=True).click()
    switch = planner.widget("lever|limit:higher_vocational:card|")
    expect(switch.locator("input")).not_to_be_checked(timeout=SOON)

    def switched(one):
        before = one.digest
        switch.locator("label").click()
        one.waits_for_change(before)

    require_moved(planner, None, switched, ("高职", "启用约束"), COLLEGE, DOWN)


def schedule(planner, name):
    """Open the years of a lever, where they are not open already, and return the button that does so."""
    years = planner.widget(f"years|{name}").locator("button:visible")
    if planner.page.get_by_test_id("stPopoverBody").count() == 0:
        years.click()
    planner.page.get_by_test_id("stPopoverBody").wait_for()
    return years


def test_a_schedule_sets_from_and_to_and_step_by_step(planner):
    planner.open().sharp()
    base = planner.expected(TOPUP)
    years = planner.widget("years|topup_seats").locator("button:visible")
    expect(years).to_be_disabled()
    planner.move("topup_seats", "End").sharp()
    whole = planner.expected(TOPUP)
    for key, year, told in (("from|topup_seats", "2023", "2023 年起"), ("to|topup_seats", "2030", "2023–2030 年")):
        before = planner.digest
        schedule(planner, "topup_seats")
        planner.choose(key, year).waits_for_change(before)
        assert told in planner.changes[0]
    before = planner.digest
    schedule(planner, "topup_seats")
    planner.widget("ramp|topup_seats").locator("label").click()
    planner.waits_for_change(before)
    assert planner.changes == [f"{lever('topup_seats')} +200%，2023→2030 逐年到位（省）"]
    expect(planner.slider("topup_seats")).to_have_attribute("aria-label", re.compile("（2023→2030 逐年到位）$"))
    assert planner.slider("topup_seats").input_value() == "200"
    planner.sharp()
    assert base < planner.expected(TOPUP) < whole


def test_the_years_stay_open_until_all_of_them_are_set(planner):
    planner.open().move("topup_seats", "ArrowRight")
    before = planner.digest
    schedule(planner, "topup_seats")
    planner.choose("from|topup_seats", "2023").waits_for_change(before)
    expect(planner.page.get_by_test_id("stPopoverBody")).to_be_visible(timeout=2_000)


def test_step_by_step_without_a_last_year_is_told_and_changes_nothing(planner):
    planner.open().move("topup_seats", "ArrowRight")
    digest = planner.digest
    schedule(planner, "topup_seats")
    planner.widget("ramp|topup_seats").locator("label").click()
    expect(planner.page.get_by_test_id("stAlertContentError")).to_contain_text(lever("topup_seats"), timeout=SOON)
    assert planner.digest == digest
    assert planner.slider("topup_seats").input_value() == "5"
