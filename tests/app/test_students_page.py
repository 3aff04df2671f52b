"""The pages about students and capacity show what they should, in both languages, for a large and a small region."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from simvet.planning.plan import Plan
from simvet.planning.views import wanted_views
from simvet.report.wording import word, wording
from simvet.screen import main
from simvet.screen.service import service

MAIN = str(Path(main.__file__).resolve())
HEADINGS = {
    "students": ("students_flows", "students_numbers", "students_ratios", "students_cutoffs"),
    "capacity": ("capacity_places", "capacity_binding", "capacity_resources", "capacity_projects"),
}
REGION = 0


def opened(page, region, language):
    screen = AppTest.from_file(MAIN, default_timeout=60)
    screen.query_params["lang"] = language
    screen.run()
    screen.sidebar.selectbox[REGION].set_value(region).run()
    return screen.switch_page(f"{main.PAGES.name}/{page}.py").run()


def written(screen):
    return " ".join(str(one.proto.body) for one in screen.get("html"))


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("region", ["zhejiang", "zhoushan"])
@pytest.mark.parametrize("page", ["students", "capacity"])
def test_a_page_shows_its_parts_in_the_readers_language(page, region, language):
    screen = opened(page, region, language)
    assert not screen.exception
    assert not screen.error
    assert screen.main.selectbox
    for key in HEADINGS[page]:
        assert word("screen", key, language) in written(screen)


def test_the_year_of_the_flows_stays_when_another_page_was_looked_at():
    screen = opened("students", "zhejiang", "zh")
    assert screen.slider[0].value == 2025
    screen.slider[0].set_value(2030).run()
    screen.switch_page(f"{main.PAGES.name}/capacity.py").run()
    screen.switch_page(f"{main.PAGES.name}/students.py").run()
    assert screen.slider[0].value == 2030


def test_a_region_without_projects_says_so_and_one_with_them_lists_them():
    without = opened("capacity", "zhejiang", "en")
    assert word("screen", "capacity_no_projects", "en") in [one.value for one in without.info]
    listed = opened("capacity", "zhoushan", "en")
    assert "new secondary vocational school" in written(listed)


def test_every_word_of_these_pages_stands_in_both_languages():
    for key, entry in wording()["screen"].items():
        if key.startswith(("students_", "capacity_", "chart_")):
            assert set(entry) == {"zh", "en"}, key


@pytest.mark.parametrize("name", ["students", "capacity"])
def test_whatever_a_page_looks_at_is_packed_with_the_sharp_answer(name, monkeypatch):
    """A view that were missing would be drawn from few draws under a badge that says many."""
    asked = []

    def noted(desk, view, *arguments):
        asked.append((view, *arguments))
        return service().quick.answer(desk.plan).view(view, *arguments)

    monkeypatch.setattr(f"simvet.screen.{name}.viewed", noted)
    monkeypatch.setattr("simvet.screen.students.viewed", noted)
    assert not opened(name, "zhejiang", "zh").exception
    packed = set(wanted_views(service().quick.run(Plan("zhejiang"))))
    assert len(asked) > 3
    assert set(asked) <= packed
