"""Charts add up, say in words what they show, and carry nothing from elsewhere."""

import json
from itertools import pairwise

import numpy as np
import pytest

from simvet.loading import load_scenario
from simvet.planning.views import Bar, Bind, CutOff, Fan, binding_of, cutoffs_of, fan_of, flows_of
from simvet.report.figures import find_target
from simvet.report.wording import word
from simvet.result import simulate
from simvet.screen.charts import (
    cut_offs,
    fan,
    gantt,
    heat,
    mark_of,
    option_name,
    places_demand,
    sankey,
    waterfall,
)
from simvet.screen.charts_base import Cell, facts_table, faded, ink_on, luminance
from simvet.screen.charts_maps import DESTINATIONS, dominant, pools_of
from simvet.screen.settings import FONT

PARTS = [("生源变化", 0.05, 0.01, 0.09), ("措施", -0.02, -0.04, 0.0), ("偶然", 0.003, -0.02, 0.02)]


def bar(number, in_time, needed=2025):
    return Bar(
        "school", {"zh": "新校", "en": "new school"}, "secondary_vocational", number, "city", (2020.1, 2020.5, 2021.0),
        (2023.0, 2024.2, 2025.9), needed, in_time, 0.1, 500.0, 3e8, 2021,
    )  # fmt: skip


@pytest.fixture(scope="module")
def run():
    return simulate(load_scenario("zhoushan"), 12, 1)


@pytest.fixture(scope="module")
def charts(run):
    """Every chart in both languages: name -> language -> chart."""
    students = fan_of(run, "zhoushan", "enrolment", "secondary_vocational")
    places = fan_of(run, "zhoushan", "places", "region")
    usable = fan_of(run, "zhoushan", "effective_places", "secondary_vocational")
    target = find_target(run.scenario, "places", "region", "zhoushan")
    cuts = cutoffs_of(run, "zhoushan")
    return {
        "fan": {x: fan([("F", places)], x, mark_of(target, places, x), milestone=True) for x in ("zh", "en")},
        "places": {x: places_demand(places, usable, students, x) for x in ("zh", "en")},
        "cut_offs": {x: cut_offs(cuts, "senior_secondary", "G", x) for x in ("zh", "en")},
        "sankey": {x: sankey(flows_of(run, "zhoushan", 2025), 2025, x) for x in ("zh", "en")},
        "heat": {x: heat(binding_of(run, "zhoushan"), x) for x in ("zh", "en")},
        "gantt": {x: gantt([bar(1, 0.9), bar(2, 0.1)], x) for x in ("zh", "en")},
        "waterfall": {x: waterfall(0.42, PARTS, 0.453, "share", x) for x in ("zh", "en")},
    }


def test_flows_of_the_sankey_add_up_to_their_pools(run):
    flows = flows_of(run, "zhoushan", 2025)
    drawn = sankey(flows, 2025, "zh")
    column, place = run.books.years.index(2025), run.books.regions.index("zhoushan")
    arrays = run.books.arrays
    for gate, total in pools_of(flows).items():
        number = [g.key for g in run.books.pathway.gates].index(gate)
        placed = np.nansum(arrays["placed"][:, column, place, number], axis=-1)
        whole = placed + arrays["declined"][:, column, place, number] + arrays["unplaced"][:, column, place, number]
        mine = [row for row in drawn.rows if row["gate"] == gate]
        assert sum(row["value"] for row in mine) == pytest.approx(total)
        assert total == pytest.approx(float(np.mean(whole)), rel=1e-9)
        assert sum(row["share"] for row in mine) == pytest.approx(1.0)


def test_every_option_of_the_pathway_has_a_destination_and_a_name(run):
    known = {option for options in DESTINATIONS.values() for option in options}
    for gate in run.books.pathway.gates:
        for option in gate.options:
            assert option in known
            assert not option_name(option, "zh").startswith("chart_")


def test_a_waterfall_ends_at_the_final_level():
    rows = waterfall(0.42, PARTS, 0.453, "share", "zh").rows
    assert rows[0]["to"] == pytest.approx(42.0)
    assert rows[-2]["to"] == pytest.approx(rows[-1]["to"]) == pytest.approx(45.3)
    for before, after in pairwise(rows):
        assert after["from"] == pytest.approx(before["to"])


def test_specs_are_json_with_the_font_and_without_addresses(charts):
    for name, both in charts.items():
        for drawn in both.values():
            text = json.dumps([drawn.spec, drawn.rows], allow_nan=False)
            assert FONT in text, name
            assert "http" not in text, name


def test_words_differ_between_the_languages_and_name_numbers(charts):
    for name, both in charts.items():
        assert both["zh"].alt != both["en"].alt, name
        for drawn in both.values():
            assert any(letter.isdigit() for letter in drawn.alt), name
            assert "{" not in drawn.alt, name


def test_heat_writes_the_limit_that_binds_most():
    found = [
        Bind("secondary_vocational", 2024, "places", 0.3), Bind("secondary_vocational", 2024, "teachers", 0.7),
        Bind("higher_vocational", 2024, "intake_plan", 1.0),
    ]  # fmt: skip
    rows = {row["stage"]: row for row in heat(found, "zh").rows}
    assert {one.limit for one in dominant(found)} == {"teachers", "intake_plan"}
    assert rows["中职"]["text"] == f"{word('screen', 'chart_limit_teachers', 'zh')} 70%"
    assert rows["高职"]["text"] == word("screen", "chart_limit_intake_plan", "zh")
    assert rows["中职"]["told"] == "教师 70%、学位 30%"


def test_words_on_colours_keep_their_contrast(charts):
    for row in charts["heat"]["en"].rows:
        light, dark = sorted((luminance(row["colour"]), luminance(row["ink"])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5
    assert ink_on("#1A1A1A") == "#FFFFFF"
    assert faded("#000000", 0.0) == "#FFFFFF"


def test_a_project_that_misses_its_year_is_called_too_late():
    rows = [row for row in gantt([bar(1, 0.9), bar(2, 0.1), bar(3, 0.1, None)], "en").rows if row["kind"] == "bar"]
    assert [row["late"] for row in rows] == ["", "too late", ""]
    assert rows[0]["need"] == pytest.approx(2025 + 8 / 12)
    assert rows[2]["need"] is None


def test_a_target_of_another_unit_or_year_is_not_marked(run):
    share = fan_of(run, "zhoushan", "general_vocational_ratio", "region")
    ratio = next(t for t in run.scenario.targets if t.key == "general_vocational_ratio")
    assert mark_of(ratio, share, "zh") is None
    assert mark_of(None, share, "zh") is None


def test_what_is_not_known_is_said_and_not_drawn():
    empty = Fan("enrolment", "middle", "persons", (2020, 2021), np.full((5, 2), np.nan))
    drawn = fan([("E", empty)], "en")
    assert drawn.rows == []
    assert drawn.alt == word("screen", "chart_alt_nothing", "en", name="E")


def test_options_that_never_fill_up_have_no_line():
    closed = CutOff("g", "elsewhere", 2024, 0.4, 0.3, 0.5, 0.9)
    never = CutOff("g", "bachelor/regular", 2024, 0.0, 0.0, 0.1, 0.2)
    rows = cut_offs([closed, never], "g", "gate", "en").rows
    assert {row["series"] for row in rows} == {"study elsewhere"}
    assert rows[0]["median"] == pytest.approx(40.0)


def test_tables_escape_what_data_say():
    html = facts_table("<b>", ["a", "b"], [[Cell("<script>"), Cell("1 & 2", "small")]])
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert 'data-label="b"' in html
