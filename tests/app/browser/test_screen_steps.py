"""Steps back and forth, presets and regions, what is kept beside, and that nothing is lost on the way."""

from planner import SOON, lever
from playwright.sync_api import expect

from simvet.loading import load_scenario

MOVED = ("college_intake", "topup_seats")


def test_undo_and_redo_go_step_by_step_and_reset_begins_anew(planner):
    planner.open()
    steps = [planner.digest]
    for name in MOVED:
        planner.move(name, "ArrowRight")
        steps.append(planner.digest)
    assert len(set(steps)) == 3 and len(planner.changes) == 2
    assert planner.press("undo").digest == steps[1]
    assert planner.slider("topup_seats").input_value() == "0"
    assert planner.slider("college_intake").input_value() == "1"
    assert planner.press("undo").digest == steps[0]
    assert planner.changes == [planner.say("no_change")]
    expect(planner.widget("undo").locator("button")).to_be_disabled()
    assert planner.press("redo").digest == steps[1]
    assert planner.press("redo").digest == steps[2]
    expect(planner.widget("redo").locator("button")).to_be_disabled()
    assert planner.slider("topup_seats").input_value() == "5"
    assert planner.press("reset").digest == steps[0]
    expect(planner.widget("reset").locator("button")).to_be_disabled()
    assert planner.press("undo").digest == steps[2]


def test_a_preset_and_a_region_open_with_a_board_of_their_own(planner):
    planner.open().move("college_intake", "ArrowRight")
    before, digest = planner.board.inner_text(), planner.digest
    title = load_scenario("zhejiang_topup_doubled").labels["zh"]
    planner.choose("preset|", title).waits_for_change(digest)
    assert title in planner.headings.first.inner_text()
    preset = planner.say("preset_lever", lever="", start="", owner="").partition("：")[0]
    assert planner.changes and all(change.startswith(preset) for change in planner.changes)
    assert planner.board.inner_text() != before
    digest = planner.digest
    planner.choose("region|", "温州市").waits_for_change(digest)
    assert "温州市" in planner.headings.first.inner_text()
    assert planner.digest != digest
    planner.press("undo")
    assert "浙江省" in planner.headings.first.inner_text()


def test_another_language_says_the_same_and_keeps_the_levers(planner):
    planner.open().move("college_intake", "ArrowRight", "ArrowRight")
    digest, chinese = planner.digest, planner.probabilities
    planner.speak("en")
    assert planner.digest == digest
    assert planner.slider("college_intake").input_value() == "2"
    assert planner.changes == [f"{lever('college_intake', 'en')} +2%, from 2024 (province)"]
    assert [p for _, p in planner.probabilities] == [p for _, p in chinese]
    assert not any("一" <= letter <= "鿿" for name, _ in planner.probabilities for letter in name)
    planner.move("college_intake", "ArrowRight").speak("zh")
    assert planner.changes == [f"{lever('college_intake')} +3%，2024 年起（省）"]


def test_scenarios_kept_beside_are_compared_three_at_most_taken_and_dropped(planner):
    planner.open()
    digests = {}
    for title in ("甲", "乙", "丙", "丁"):
        digests[title] = planner.move("college_intake", "ArrowRight").keep(title).digest
    planner.move("college_intake", "ArrowRight")
    compare = planner.page.locator('[data-part="compare"]')
    title = planner.headings.first.inner_text()
    heads = [planner.say("board_target"), planner.say("baseline", title=title), planner.say("at_hand")]
    assert compare.locator("thead th").all_inner_texts() == [*heads, "乙", "丙", "丁"]
    headline = planner.board.locator("tr.headline").count()
    assert compare.locator("tbody tr").count() == headline
    assert compare.locator("tbody td b").count() == headline * 5
    planner.press("take|1")
    assert planner.digest == digests["丙"]
    assert planner.slider("college_intake").input_value() == "3"
    row = compare.locator("tbody tr").first.locator("td").all_inner_texts()
    assert row[1] == row[3] != row[0]
    planner.click("drop|0")
    expect(compare.locator("thead th")).to_have_text([*heads, "丙", "丁"], timeout=SOON)


def test_what_is_set_survives_other_pages_and_a_reload(planner):
    planner.open().move("college_intake", "ArrowRight").keep("甲").move("topup_seats", "ArrowRight")
    digest, changes = planner.digest, planner.changes
    for name in ("students", "takeaway", "overview"):
        planner.go(name)
    for _ in range(2):
        assert (planner.digest, planner.changes) == (digest, changes)
        assert planner.slider("college_intake").input_value() == "1"
        assert planner.slider("topup_seats").input_value() == "5"
        assert "甲" in planner.page.locator('[data-part="compare"] thead').inner_text()
        planner.page.reload()
        planner.page.wait_for_selector('[data-part="compare"]')
        planner.rest()


def test_two_planners_never_see_each_others_levers(visit):
    one, other = visit(fresh=True).open(), visit("en", fresh=True).open()
    base = other.digest
    one.move("college_intake", "ArrowRight").keep("只有我")
    other.move("topup_seats", "ArrowLeft")
    assert len({base, one.digest, other.digest}) == 3
    for planner, name, resting in ((one, "topup_seats", "0"), (other, "college_intake", "0")):
        before, changes = planner.digest, planner.changes
        planner.go("students").go("overview")
        assert (planner.digest, planner.changes) == (before, changes) and len(changes) == 1
        assert planner.slider(name).input_value() == resting
    assert other.page.locator('[data-part="compare"]').count() == 0
    assert "只有我" not in other.page.locator("body").inner_text()
    assert visit().open().digest == base
