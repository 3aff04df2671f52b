"""A tuning widget shows what direct runs say, in one fragment that asks nobody for anything."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from fontTools.ttLib import TTFont

import simvet
from simvet.controls import controls, find_control, levers_of
from simvet.errors import InputError
from simvet.loading import load_scenario
from simvet.report.tuning import TuningWidget, tuning_widget
from simvet.report.tuning_chart import chart_of
from simvet.report.tuning_grid import STOPS, stops_of
from simvet.report.wording import complain
from simvet.verdicts import standing

DRAWS, START = 20, 2021
LEVERS = ("college_intake", "topup_seats")
HOSTILE = """</script><img src="http://evil.example/x" onerror='alert(1)'> & <b>"""


@cache
def widget() -> TuningWidget:
    return tuning_widget("zhejiang", LEVERS, ("progression_rate", "topup_rate"), DRAWS, 1, START, stops=3)


def payload(html: str) -> dict[str, Any]:
    """Return the numbers that travel inside the fragment."""
    found = re.search(r'<script type="application/json">(.*?)</script>', html, re.S)
    assert found
    return dict(json.loads(found[1]))


def direct(place: tuple[int, ...]) -> simvet.Result:
    """Return a run of the whole scenario at one place of the levers, made without the widget."""
    levers = []
    for name, scale, stop in zip(LEVERS, widget().grid.stops, place, strict=True):
        value = scale[stop]
        assert value is not None
        levers += levers_of(find_control(name), value, START, None, False, "zhejiang")
    return simvet.simulate(load_scenario("zhejiang").with_levers(*levers), DRAWS, 1)


@pytest.mark.parametrize("place", [(0, 0), (0, 1), (1, 2), (2, 0)])
def test_every_stop_shows_what_a_direct_run_says(place):
    run = direct(place)
    told = payload(widget()._repr_html_())
    entries = told["places"][place[0] * 3 + place[1]]
    grid = widget().grid
    for n, entry in enumerate(entries):
        shown = grid.shown[place][n].verdict
        verdict = next(v for v in run.verdicts(causes=False) if v.target == shown.target and v.reading == shown.reading)
        percent, width, css, _, _, expected, low, median, high = entry
        assert percent == f"{verdict.probability * 100:.0f}%" and width == round(verdict.probability * 100)
        assert css == standing(verdict.probability)
        assert f"{verdict.median * 100:.1f}%" in expected
        values = run.indicator(verdict.reading, verdict.target.stage)[:, :, 0]
        bands = [each[n].band for each in grid.shown.values()]
        chart = chart_of(verdict, bands, grid.years, "zh")
        direct_band = np.nanquantile(values, [0.1, 0.5, 0.9], axis=0)
        assert [low, median, high] == [chart.heights(row) for row in direct_band]


def test_the_table_that_stands_without_scripts_says_the_same():
    html = widget()._repr_html_()
    cells = [(int(n), text) for n, text in re.findall(r'<td data-place="(\d+)"[^>]*>(\d+%)</td>', html)]
    places = payload(html)["places"]
    assert len(cells) == len(places) * 2
    for target in (0, 1):
        assert cells[target * 9 : target * 9 + 9] == [(n, place[target][0]) for n, place in enumerate(places)]


def test_no_lever_moved_is_the_scenario_itself():
    base = simvet.simulate("zhejiang", DRAWS, 1)
    for one in widget().grid.shown[widget().grid.rest]:
        verdict = next(v for v in base.verdicts(causes=False) if v.target == one.verdict.target)
        assert (verdict.probability, verdict.median) == (one.verdict.probability, one.verdict.median)
    assert "TuningWidget(zhejiang" in repr(widget())


@pytest.mark.parametrize("name", controls())
def test_the_resting_place_is_always_among_the_stops(name):
    control = find_control(name)
    for count in (STOPS[0], 5, 7, STOPS[1]):
        found = stops_of(control, count, control.low + control.step * 1.5)
        values = [value for value in found if value is not None]
        assert 3 <= len(found) <= count and values == sorted(set(values))
        assert (control.neutral in found) if control.neutral is not None else found.count(None) == 1
        assert all(control.low <= value <= control.high for value in values)
        assert values[-1] == control.high


def test_a_lever_that_sets_a_value_says_where_it_stands_untouched():
    found = tuning_widget("lishui", ("integrated_share",), ("progression_rate",), 5, stops=4)
    (lever,) = payload(found._repr_html_())["levers"]
    assert re.fullmatch(r"不变（\d+\.\d%）", lever["stops"][lever["rest"]])
    assert lever["when"] == "2024 年起，省"


def test_one_lever_and_another_language_will_do():
    found = tuning_widget("zhoushan", "places", None, 5, language="en", stops=3)
    html = found._repr_html_()
    assert len(found.grid.shown) == 3 and not re.search(r"[一-鿿]", html)
    assert "@font-face" not in html and "@font-face" in widget()._repr_html_()


class Parts(HTMLParser):
    """The elements of a page and what they would fetch or run."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.tags.append(tag)
        for name, value in attrs:
            assert not name.startswith("on"), (tag, name)
            if name in ("src", "href", "srcset", "data"):
                self.addresses.append(value or "")


def test_every_text_is_escaped_and_nothing_is_fetched():
    scenario = load_scenario("zhoushan")
    labels = {"zh": HOSTILE, "en": HOSTILE}
    hostile = replace(
        scenario, labels=labels, targets=tuple(replace(target, labels=labels) for target in scenario.targets)
    )
    html = tuning_widget(hostile, ("places",), None, 5, stops=3).to_html()
    parts = Parts()
    parts.feed(html)
    assert parts.tags.count("script") == 2 and "b" in parts.tags
    assert parts.addresses and all(a.startswith("data:image/svg+xml;base64,") for a in parts.addresses)
    assert "<img src" not in html and "</script><img" not in html
    assert [target["name"] for target in payload(html)["targets"]] == [HOSTILE] * 3
    own = re.sub(r'xmlns=\\?"http://www.w3.org/2000/svg', "", html.replace(HOSTILE.split('"')[1], ""))
    assert not re.search(r"https?://|@import|url\((?!data:)|fetch\(|XMLHttpRequest|WebSocket", own)


def test_every_chinese_sign_has_its_letter_in_the_font_that_travels_along():
    html = widget()._repr_html_()
    packed = re.search(r"url\(data:font/woff;base64,([A-Za-z0-9+/=]+)\)", html)
    assert packed
    letters = TTFont(BytesIO(base64.b64decode(packed[1]))).getBestCmap()
    assert not {sign for sign in re.sub(r"/\*.*?\*/", "", html, flags=re.S) if "一" <= sign <= "鿿"} - set(
        map(chr, letters)
    )
    assert len(packed[1]) < 100_000


def test_the_same_seed_gives_the_same_bytes_and_another_another_page():
    made = [tuning_widget("zhoushan", ("places",), None, 5, seed, stops=3).to_html() for seed in (1, 1, 2)]
    assert made[0] == made[1] != made[2]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"controls": ("college_intak",)}, "lever: lever 'college_intak' is unknown. Did you mean 'college_intake'?"),
        ({"controls": ()}, "controls: 0 levers cannot be moved at once here. Name one or two"),
        ({"controls": (*LEVERS, "places")}, "controls: 3 levers cannot be moved at once here. Name one or two"),
        ({"controls": ("places", "places")}, "controls: the lever 'places' stands twice. Keep one of the two"),
        ({"targets": ("topup_rat",)}, "targets: target 'topup_rat' is unknown. Did you mean 'topup_rate'?"),
        ({"targets": ()}, "targets: 0 targets cannot be shown at once"),
        ({"draws": 0}, "--draws: 0 draws cannot be run. Choose 1 to 1000000"),
        ({"start": 2016}, "start: year 2016 is outside the horizon 2017 to 2035. Choose a year inside it"),
        ({"start": 2050}, "start: year 2050 is outside the horizon 2017 to 2035. Choose a year inside it"),
        ({"stops": 1}, "stops: 1 stops of a lever cannot be shown. Choose 3 to 15"),
        ({"language": "fr"}, "--lang: language 'fr' is unknown"),
        ({"scenario": replace(load_scenario("zhoushan"), targets=())}, "targets: scenario 'zhoushan' has no target"),
    ],
)  # fmt: skip
def test_a_wrong_wish_is_told_by_what_is_wrong_with_it(asked, told):
    with pytest.raises(InputError) as caught:
        tuning_widget(**{"scenario": "zhoushan", "draws": 5, **asked})
    assert str(caught.value).startswith(told)
    assert complain(caught.value, "zh") != str(caught.value)
