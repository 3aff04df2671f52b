"""The pages about targets, back-solving and single students, as a planner walks through them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from simvet.loading import load_register
from simvet.planning.answering import Answering
from simvet.planning.own import find_plan_scenario
from simvet.planning.plan import Plan
from simvet.register import ANSWERED, BASE_FIGURE, INSTRUMENT, LACKING, register_regions
from simvet.screen.target_rows import Filters, answered, row_id, standing

MAIN = str(Path(__file__).parents[2] / "simvet" / "screen" / "main.py")
REGIONS = ("zhejiang", "zhoushan", "wenzhou", "lishui")


def _open(page: str, region: str = "", english: bool = False) -> AppTest:
    at = AppTest.from_file(MAIN, default_timeout=120)
    if english:
        at.query_params["lang"] = "en"
    at.run()
    if region:
        next(box for box in at.selectbox if box.key.startswith("region|")).set_value(region).run()
    at.switch_page(f"entries/{page}.py").run()
    _sound(at)
    return at


def _sound(at: AppTest) -> None:
    assert not at.exception
    assert not at.error


def _html(at: AppTest) -> str:
    return "\n".join(element.proto.body for element in at.get("html"))


def _text(at: AppTest) -> str:
    return "\n".join(str(element.value) for kind in (at.caption, at.markdown, at.text, at.info) for element in kind)


def test_every_row_of_the_register_has_a_place_and_an_id_of_its_own():
    answering, rows = Answering(20), []
    for region in register_regions():
        rows += answered(find_plan_scenario(region).targets, answering.verdicts(Plan(region)).verdicts)
    assert len({row.number for row in rows}) == len(load_register()) == 207
    assert len({row_id(row) for row in rows}) == len(rows)
    assert {standing(row) for row in rows} >= {LACKING, INSTRUMENT, BASE_FIGURE, "likely", "unlikely"}
    assert all(row.verdict is None for row in rows if standing(row) in (LACKING, INSTRUMENT))
    only = Filters("all", standings=(INSTRUMENT,))
    assert len([row for row in rows if only.lets(row)]) == sum(t.kind == "lever" for t in load_register())
    assert {row.target.region for row in rows if Filters("lishui").lets(row)} == {"lishui"}


def test_all_regions_are_listed_and_filters_narrow_the_list():
    at = _open("targets", "zhoushan")
    assert "共 37 项" in _text(at)
    at.selectbox(key="targets_region|zhoushan").set_value("all").run()
    _sound(at)
    assert "共 207 项" in _text(at) and "列出 207 项" in _text(at)
    at.multiselect(key="targets_standings").set_value(["instrument"]).run()
    assert "列出 11 项" in _text(at)
    assert "政策工具：它是措施" in _html(at)
    at.multiselect(key="targets_standings").set_value([]).run()
    at.text_input(key="targets_text").set_value("<b>no such text").run()
    _sound(at)
    assert "列出 0 项" in _text(at)


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("english", [False, True])
def test_details_open_for_every_region_in_both_languages(region: str, english: bool):
    at = _open("targets", region, english)
    rows = answered(find_plan_scenario(region).targets, Answering(20).verdicts(Plan(region)).verdicts)
    # One row of each way of standing; the one with a number comes last, its chain goes down to the data.
    chosen = {row.status: row_id(row) for row in rows}
    for one in (*(found for status, found in chosen.items() if status != ANSWERED), chosen[ANSWERED]):
        at.selectbox(key="targets_choice").set_value(one).run()
        _sound(at)
        assert at.session_state["targets_choice"] == one
        assert 'data-part="target_facts"' in _html(at)
    assert ("Digest of the data" if english else "数据摘要码") in _html(at)


def test_the_base_scenario_answers_for_another_region():
    at = _open("targets", "zhoushan")
    at.selectbox(key="targets_region|zhoushan").set_value("lishui").run()
    _sound(at)
    assert "不是当前方案的地区" in _text(at) and "未查找约束因素" in _text(at)


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("english", [False, True])
def test_the_pages_about_solving_and_students_open(region: str, english: bool):
    for page in ("solve", "people"):
        at = _open(page, region, english)
        assert at.title[0].value


def test_back_solving_answers_in_a_sentence_and_its_value_can_be_applied():
    at = _open("solve", "zhoushan")
    at.selectbox(key="solve_target|zhoushan").set_value(
        ("progression_rate", "secondary_vocational", "progression_rate")
    )
    at.selectbox(key="solve_lever|zhoushan").set_value("college_seats_for_vocational").run()
    at.button(key="solve_button").click().run()
    _until(at, lambda: 'data-part="solve"' in _html(at))
    assert "80%" in at.text[0].value
    buttons = [button for button in at.button if button.key == "solve_apply"]
    if buttons:
        buttons[0].click().run()
        _sound(at)
        assert at.session_state["desk"].plan.setting("college_seats_for_vocational") is not None
        # The answer stays, for it is about everything else as it was.
        assert 'data-part="solve"' in _html(at)


def test_a_cancelled_run_of_students_says_so():
    at = _open("people", "zhoushan")
    at.button(key="people_start").click().run()
    _sound(at)
    at.button(key="cancel|people").click().run()
    at.run()
    _sound(at)
    assert "已取消" in _text(at)


def test_students_run_to_the_end_and_one_more_is_fetched_by_number():
    at = _open("people", "zhoushan")
    at.button(key="people_start").click().run()
    _until(at, lambda: 'data-part="life"' in _html(at))
    before = at.selectbox(key="people_life").value
    at.button(key="people_next").click().run()
    _sound(at)
    assert at.selectbox(key="people_life").value != before
    at.number_input(key="people_number").set_value(1234).run()
    at.button(key="people_again").click().run()
    # What was found before stays on the page while the run goes on.
    assert 'data-part="life"' in _html(at)
    _until(at, lambda: at.selectbox(key="people_life").value == 1234)
    assert "学生 1,234" in _html(at)
    at.switch_page("entries/targets.py").run()
    at.switch_page("entries/people.py").run()
    _sound(at)
    assert 'data-part="life"' in _html(at)


def _until(at: AppTest, there: Callable[[], bool]) -> None:
    ends = time.monotonic() + 120
    while not there() and time.monotonic() < ends:
        time.sleep(0.4)
        at.run()
        _sound(at)
    assert there()
