"""Fast checks of the screen without a browser: every page, the levers, undo, language, settings."""

import tomllib
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from simvet.edits import identity_of
from simvet.planning.plan import Plan, Setting, Signature
from simvet.report.wording import word
from simvet.screen.data import _renumbered
from simvet.screen.main import NAMES
from simvet.screen.settings import ADDRESS, SETTINGS
from simvet.screen.signing import register_of
from simvet.screen.starting import options_of

HOME = Path(__file__).parents[2]
MAIN = str(HOME / "simvet" / "screen" / "main.py")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("SIMVET_CACHE", str(tmp_path_factory.getbasetemp() / "screen"))


def opened(**query: str) -> AppTest:
    page = AppTest.from_file(MAIN, default_timeout=120)
    for name, value in query.items():
        page.query_params[name] = value
    return page.run()


def board(page: AppTest) -> str:
    return next(html.value for html in page.get("html") if "data-digest" in html.value)


def text_of(page: AppTest) -> str:
    kinds = ("html", "markdown", "caption", "title", "subheader", "info", "warning", "error", "success")
    return "\n".join(str(element.value) for kind in kinds for element in page.get(kind))


def slider(page: AppTest, control: str):
    return next(s for s in page.slider if s.key.startswith(f"lever|{control}|"))


def test_the_first_page_shows_zhejiang_in_chinese_already_computed():
    page = opened()
    assert not page.exception
    assert Plan("zhejiang").digest in board(page)
    assert "中职学生直接升入高一级学校比例" in board(page)
    assert "没有改动" in text_of(page)


def test_a_lever_moved_gives_the_board_of_exactly_that_plan_and_says_so():
    page = opened()
    slider(page, "general_seats").set_value(10.0).run()
    plan = Plan("zhejiang").with_setting(Setting("general_seats", 1.1, 2024))
    assert plan.digest in board(page)
    assert "普高招生计划 +10%，2024 年起（市）" in text_of(page)
    slider(page, "general_seats").set_value(0.0).run()
    assert Plan("zhejiang").digest in board(page)


def test_undo_redo_and_reset_move_the_sliders_too():
    page = opened()
    for value in (5.0, 12.0):
        slider(page, "general_seats").set_value(value).run()
    page.button("undo").click().run()
    assert slider(page, "general_seats").value == 5.0
    page.button("redo").click().run()
    assert slider(page, "general_seats").value == 12.0
    page.button("reset").click().run()
    assert slider(page, "general_seats").value == 0.0
    assert Plan("zhejiang").digest in board(page)


def test_another_language_keeps_the_levers_and_changes_every_word():
    page = opened()
    slider(page, "topup_seats").set_value(50.0).run()
    digest = Plan("zhejiang").with_setting(Setting("topup_seats", 1.5, 2024)).digest
    page.segmented_control[0].set_value("en").run()
    assert digest in board(page)
    assert "top-up seats +50%, from 2024 (province)" in text_of(page)
    assert "目标" not in board(page)


def test_kept_scenarios_stand_beside_and_at_most_three_are_kept():
    page = opened()
    for number in range(1, 5):
        slider(page, "general_seats").set_value(float(number)).run()
        page.text_input[0].set_value(f"<b>方案{number}</b>").run()
        page.button("keep").click().run()
    compare = next(h.value for h in page.get("html") if 'data-part="compare"' in h.value)
    assert compare.count('<th scope="col">') == 6
    assert "&lt;b&gt;方案4&lt;/b&gt;" in compare
    assert "方案1" not in compare
    page.button("take|0").click().run()
    assert slider(page, "general_seats").value == 2.0


def test_the_address_reopens_the_same_desk():
    page = opened()
    slider(page, "general_seats").set_value(7.0).run()
    page.button("keep").click().run()
    given = page.query_params["s"]
    again = opened(s=given if isinstance(given, str) else given[0])
    assert not again.error
    assert Plan("zhejiang").with_setting(Setting("general_seats", 1.07, 2024)).digest in board(again)
    assert slider(again, "general_seats").value == 7.0
    assert any('data-part="compare"' in h.value for h in again.get("html"))


@pytest.mark.parametrize(
    "link", ["x", "1.AAAA.AAAAAAAAAAAAAAAAAAAAAA", "9.AAAA.AAAAAAAAAAAAAAAAAAAAAA", "1." + "A" * 9000]
)
def test_a_bad_link_is_told_in_both_languages_and_the_first_region_shown(link):
    for language in ("zh", "en"):
        page = opened(s=link, lang=language)
        assert not page.exception
        assert Plan("zhejiang").digest in board(page)
        assert len(page.error) == 1
        told = page.error[0].value
        assert ("链接" in told) == (language == "zh")


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("region", ["zhejiang", "zhoushan"])
def test_every_page_opens_in_every_language(name, language, region):
    page = opened(lang=language)
    if region != "zhejiang":
        page.sidebar.selectbox[0].set_value(region).run()
    page.switch_page(f"entries/{name}.py").run()
    assert not page.exception
    assert not page.error
    if name != "overview":
        assert word("screen", f"page_{name}", language) in text_of(page)


def test_a_schedule_moves_the_years_and_can_grow_step_by_step():
    page = opened()
    slider(page, "general_seats").set_value(20.0).run()
    desk = page.session_state["desk"]
    desk.adopt(desk.plan.with_setting(Setting("general_seats", 1.2, 2024, 2028, True)))
    page.run()
    assert "普高招生计划 +20%，2024→2028 逐年到位（市）" in text_of(page)


def test_a_plan_that_cannot_be_run_is_refused_and_the_last_good_one_stays():
    page = opened()
    desk = page.session_state["desk"]
    assert not desk.adopt(desk.plan.with_setting(Setting("general_seats", 9.0, 2024)))
    page.run()
    assert "普高招生计划" in page.error[0].value
    assert "超出" in page.error[0].value
    assert Plan("zhejiang").digest in board(page)


def test_settings_are_the_same_however_the_screen_is_started():
    written = tomllib.loads((HOME / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    flat = {f"{section}.{name}": value for section, held in written.items() for name, value in held.items()}
    assert flat == {**SETTINGS, "server.address": ADDRESS}
    options = options_of("127.0.0.1", 8501)
    for option in (
        "--server.enableXsrfProtection=true", "--browser.gatherUsageStats=false", "--server.maxUploadSize=5",
        "--server.address=127.0.0.1", "--server.enableCORS=true", "--client.showErrorDetails=none",
    ):  # fmt: skip
        assert option in options


def test_an_edit_fells_a_signature_and_the_exports_say_what_is_unsigned():
    page = opened()
    desk = page.session_state["desk"]
    row = next(r for r in register_of(desk.plan).assumed if r.indicator == "dropout_rate")
    signed = desk.plan.with_signature(Signature(identity_of(row), "bureau", "2026-01-31", "Wang"))
    said = {"value": row.value, "reason": "counted anew", "owner": "bureau", "signed_on": "2026-01-31"}
    plan, waits = _renumbered(signed, row, said, {"value": row.value, "low": row.low, "high": row.high})
    assert not waits
    assert plan.signatures[0].signed_on == ""
    page.switch_page("entries/takeaway.py").run()
    assert "未审签" in text_of(page)
