"""A tuning widget as a page of its own, opened from a file: it answers without a server and calls nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from planner import DESKTOP, OFFSHORE, PHONE
from playwright.sync_api import Browser, Page, expect

import simvet
from simvet.controls import find_control, levers_of
from simvet.loading import load_scenario
from simvet.report.tuning import TuningWidget, tuning_widget

DRAWS, START = 40, 2021
LEVERS = ("college_intake", "topup_seats")
Opening = Callable[..., Page]


@pytest.fixture(scope="module")
def widget() -> TuningWidget:
    return tuning_widget("zhejiang", LEVERS, None, DRAWS, 1, START)


@pytest.fixture
def opened(browser: Browser, widget: TuningWidget, tmp_path: Path) -> Iterator[Opening]:
    """Return a way to open a page from its file; at the end nobody was asked, and nothing was complained about."""
    wrong: list[str] = []
    contexts = []

    def open_page(html: str = "", size: dict[str, int] = DESKTOP, scripts: bool = True) -> Page:
        path = tmp_path / "tuning.html"
        path.write_text(html or widget.to_html(), encoding="utf-8")
        contexts.append(browser.new_context(viewport=size, java_script_enabled=scripts, offline=True))
        page = contexts[-1].new_page()
        page.on("console", lambda said: wrong.append(f"console: {said.text}"))
        page.on("pageerror", lambda error: wrong.append(f"page error: {error}"))
        allowed = (*OFFSHORE, path.as_uri())
        page.on("request", lambda asked: None if asked.url.startswith(allowed) else wrong.append(asked.url))
        page.goto(path.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []


def press(page: Page, lever: str, *keys: str) -> None:
    page.locator(f"input[data-lever={lever}]").first.focus()
    for key in keys:
        page.keyboard.press(key)


def percents(page: Page) -> list[str]:
    return page.locator(".live .percent").all_inner_texts()


def direct(widget: TuningWidget, place: tuple[int, int]) -> list[str]:
    """Return what a run of the whole scenario says, made without the widget."""
    levers = [
        lever for name, scale, stop in zip(LEVERS, widget.grid.stops, place, strict=True)
        for lever in levers_of(find_control(name), float(scale[stop] or 0.0), START, None, False, "zhejiang")
    ]  # fmt: skip
    run = simvet.simulate(load_scenario("zhejiang").with_levers(*levers), DRAWS, 1)
    told = {(v.target.key, v.target.stage, v.reading): v for v in run.verdicts(causes=False) if v.headline}
    shown = [one.verdict for one in widget.grid.shown[place]]
    return [f"{told[v.target.key, v.target.stage, v.reading].probability * 100:.0f}%" for v in shown]


def test_a_moved_slider_shows_what_a_direct_run_says(opened, widget):
    page = opened()
    rest = widget.grid.rest
    before = percents(page)
    assert before == direct(widget, rest)
    median = page.locator(".live .median").first.get_attribute("points")
    press(page, "college_intake", "ArrowRight", "ArrowRight")
    press(page, "topup_seats", "End")
    place = (rest[0] + 2, len(widget.grid.stops[1]) - 1)
    assert percents(page) == direct(widget, place) != before
    assert page.locator(".live .median").first.get_attribute("points") != median
    assert page.locator("output").all_inner_texts() == ["+25%", "+200%"]
    widths = page.locator(".live .bar span").evaluate_all("bars => bars.map(bar => bar.style.width)")
    assert widths == percents(page)
    page.get_by_role("button").click()
    assert percents(page) == before
    expect(page.get_by_role("button")).to_be_disabled()


def test_the_table_marks_the_place_of_the_sliders(opened, widget):
    page = opened()
    expect(page.locator("table").first).not_to_be_visible()
    page.locator("summary").click()
    press(page, "college_intake", "Home")
    press(page, "topup_seats", "Home")
    assert page.locator("td.here").all_inner_texts() == direct(widget, (0, 0))
    expect(page.locator("table").first).to_be_visible()


def test_without_scripts_pictures_and_table_are_there(opened, widget):
    page = opened(scripts=False)
    expect(page.locator(".still img").first).to_be_visible()
    expect(page.locator("table").first).to_be_visible()
    targets = len(widget.grid.shown[widget.grid.rest])
    assert page.locator("td[data-place]").count() == targets * len(widget.grid.shown)
    assert page.locator("input").count() == 0
    drawn = page.locator(".still img").evaluate_all("all => all.map(one => one.naturalWidth)")
    assert len(drawn) == targets and all(drawn)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desk", "telephone"])
def test_nothing_is_wider_than_the_window(opened, size):
    page = opened(size=size)
    page.locator("summary").click()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_two_of_them_on_one_page_and_a_saved_copy_do_not_disturb_each_other(opened, widget):
    one = widget._repr_html_()
    page = opened(f"<!doctype html><html><head><meta charset='utf-8'></head><body>{one}{one}</body></html>")
    before = percents(page)
    press(page, "college_intake", "End")
    targets = len(before) // 2
    after = percents(page)
    assert after[targets:] == before[targets:] and after[:targets] != before[:targets]
    saved = opened(page.content())
    assert percents(saved) == before
    press(saved, "college_intake", "End")
    assert percents(saved) == after


def test_chinese_is_drawn_by_letters_that_travel_along(opened):
    page = opened()
    # Asked for, because a machine with a Chinese font of its own never needs it.
    loaded = "Promise.all([...document.fonts].map(face => face.load())).then(all => all.map(face => face.status))"
    assert page.evaluate(loaded) == ["loaded"]
