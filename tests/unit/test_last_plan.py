"""What would have been said of an earlier plan rests on what was known when it was made, and is told as it is."""

import csv
import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from simvet.cli import main
from simvet.histories.labels import LABELS, plain_label, stage_facts
from simvet.histories.last_plan import last_plan, read_plan, score_of
from simvet.histories.last_plan_file import PLAN_COLUMNS, PLAN_LABELS
from simvet.histories.outlook import Series
from simvet.histories.reading import read_history
from simvet.report.last_plan import called_text, plan_lines, plan_tables
from simvet.report.last_plan_figures import plan_chart
from simvet.report.last_plan_file import plan_frame, write_plan
from simvet.report.wording import band, number, wording
from simvet.tables import home

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
HISTORY = ("region", "year", "stage", "grade", "enrolment", "entrants", "graduates")
TARGETS = ("name", "region", "year", "stage", "grade", "measure", "comparator", "value", "unit", "source")
VOCATIONAL = "secondary_vocational"


def written(folder, name, header, rows):
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def grown(count=10_000.0, growth=1.03, first=2004, last=2020, region="X"):
    """Return a stage that grows by the same part each year, as rows of a history."""
    return [
        (region, year, VOCATIONAL, "all", round(n), round(n / 3), round(n / 3.5))
        for year in range(first, last + 1)
        for n in (count * growth ** (year - first),)
    ]


def target(name, comparator, value, year=2020, measure="enrolment", stage=VOCATIONAL, region="X", unit="persons"):
    return (name, region, year, stage, "all", measure, comparator, value, unit, "told")


def plan_of(folder, targets, history=None, **choices):
    asked = read_plan(written(folder, "t.csv", TARGETS, targets))
    return last_plan(
        asked, read_history(written(folder, "h.csv", HISTORY, history or grown()), least=1), **{"draws": 200, **choices}
    )


def told(plan, language="zh", width=120):
    console = Console(width=width, file=io.StringIO(), markup=False, highlight=False)
    console.print(plan_tables(plan, language))
    return console.file.getvalue()


@pytest.fixture(scope="module")
def example():
    asked = read_plan(EXAMPLES / "last_plan_targets.csv")
    return last_plan(asked, read_history(EXAMPLES / "last_plan_history.csv", least=1))


# What is said


def test_of_steady_growth_a_target_below_the_trend_is_likely_and_reached_and_one_far_above_unlikely_and_missed(
    tmp_path,
):
    # Growth of 3 % a year brings 13 842 in 2015 and 16 047 in 2020.
    plan = plan_of(tmp_path, [target("low", ">=", 14_500), target("high", ">=", 20_000), target("cap", "<=", 18_000)])
    low, high, cap = plan.rows
    assert (plan.made_in, plan.assumed, plan.known_until) == (2015, True, 2015)
    assert (low.foretold.called, low.reached, low.wrong) == ("likely", True, False)
    assert (high.foretold.called, high.reached, high.wrong) == ("unlikely", False, False)
    assert (cap.foretold.called, cap.reached) == ("likely", True)
    assert low.foretold.median == pytest.approx(16_047, rel=0.03)
    assert low.actual == 16_047
    assert low.foretold.low < low.foretold.median < low.foretold.high
    assert not low.foretold.naive_reaches and low.foretold.naive == 13_842
    assert low.foretold.drift_reaches and low.foretold.drift == pytest.approx(16_047, rel=1e-3)
    assert 0 < low.foretold.error < 0.03
    score = score_of(plan)
    assert (score.likely, score.likely_reached, score.unlikely, score.unlikely_missed) == (2, 2, 1, 1)
    assert score.brier < 0.01 and score.naive_right == 2


def test_when_growth_stops_after_the_plan_the_call_was_wrong_and_it_is_said_by_how_much(tmp_path):
    history = grown(last=2015) + [("X", year, VOCATIONAL, "all", 12_000, 4_000, 3_500) for year in range(2016, 2021)]
    plan = plan_of(tmp_path, [target("grow", ">=", 14_500)], history)
    (row,) = plan.rows
    assert row.foretold.called == "likely" and row.reached is False and row.wrong and row.inside is False
    assert score_of(plan).brier > 0.25
    lines = "\n".join(plan_lines(plan, "en"))
    assert "right about 0 and wrong about 1" in lines and "no better than always saying 50 %" in lines
    assert "-2,500 (-17.2%)" in lines and "12,000 came" in lines
    assert "说错 1 项" in plan_lines(plan, "zh")[0]


def test_nothing_that_came_after_the_plan_was_made_changes_what_would_have_been_said(tmp_path):
    asked = [target("a", ">=", 14_500), target("b", "~", 4_900, measure="entrants"), target("c", "<=", 1, region="Y")]
    before = grown(last=2015) + grown(500, 0.97, last=2015, region="Y")
    rng = np.random.default_rng(3)
    after = [
        (region, year, VOCATIONAL, "all", *(int(n) for n in rng.integers(1, 90_000, 3)))
        for region in ("X", "Y", "Z") for year in range(2016, 2024)
    ]  # fmt: skip
    as_it_was = plan_of(tmp_path, asked, before, made_in=2015)
    otherwise = plan_of(tmp_path, asked, before + after, made_in=2015)
    assert [row.foretold for row in as_it_was.rows] == [row.foretold for row in otherwise.rows]
    assert [row.past for row in as_it_was.rows] == [row.past for row in otherwise.rows]
    assert all(row.actual is None and row.reached is None for row in as_it_was.rows)
    assert all(row.actual is not None for row in otherwise.rows)
    assert score_of(as_it_was).brier is None and "还不知道" in plan_lines(as_it_was, "zh")[0]


def test_about_allows_five_per_cent_below_and_exactly_none_as_in_a_plan_that_is_being_made(tmp_path):
    values = (16_047 / 0.951, 16_047 / 0.949)
    plan = plan_of(tmp_path, [*(target(f"{v:.0f}", "~", round(v)) for v in values), target("e", "==", 16_047)])
    assert [row.reached for row in plan.rows] == [True, False, True]


def test_what_the_history_lacks_is_listed_by_name_with_what_is_missing(tmp_path):
    asked = [
        target("good", ">=", 14_500), target("no region", ">=", 9, region="Xx"),
        target("no stage", ">=", 9, stage="bachelor"), target("short", ">=", 9, region="S"),
        target("past", ">=", 9, year=2014), target("ended", ">=", 9, region="E"),
    ]  # fmt: skip
    plan = plan_of(
        tmp_path, asked, grown() + grown(first=2014, region="S") + grown(last=2012, region="E"), made_in=2015
    )
    reasons = [row.missing and row.missing[0] for row in plan.rows]
    assert reasons == [None, "region", "series", "too_short", "over", "ended"]
    assert plan.rows[3].actual is not None, "what came is told where it is known"
    for language, enrolment in (("zh", "普通本科在校生数"), ("en", "enrolment of bachelor programmes")):
        text = re.sub(r"\s+", " ", told(plan, language))
        for name, *_ in asked[1:]:
            assert re.search(rf"· \S+ ?{name}", text), name
        assert enrolment in text and "Xx" in text
    assert len(plan_frame(plan)) == 6 and plan_frame(plan)["missing"].notna().sum() == 5
    assert score_of(plan).targets == 6 and score_of(plan).foretold == 1


def test_a_history_that_ends_before_the_plan_was_made_is_foretold_from_where_it_ends(tmp_path):
    plan = plan_of(tmp_path, [target("low", ">=", 14_500)], grown(last=2013))
    (row,) = plan.rows
    assert (plan.made_in, plan.known_until) == (2015, 2013)
    assert row.foretold.fan_years == tuple(range(2014, 2021)) and row.actual is None
    assert row.foretold.median == pytest.approx(16_047, rel=0.05)
    assert "2013" in told(plan)


def test_graduates_by_grade_leave_in_the_summer_that_the_target_names(tmp_path):
    # School year 2019 ends in summer 2020; by grade its graduates stand beside 2019.
    history = [
        ("X", year, "junior_secondary", grade, 1_000 + 10 * year - 20_000, "", 500 + year - 2000 if grade == 3 else "")
        for year in range(2004, 2021) for grade in (1, 2, 3)
    ]  # fmt: skip
    asked = [
        target("leave", ">=", 100, measure="graduates", stage="junior_secondary"),
        target("all", ">=", 100, stage="junior_secondary"),
        target("enter", ">=", 100, measure="entrants", stage="junior_secondary"),
    ]
    plan = plan_of(tmp_path, asked, history)
    leave, every, enter = plan.rows
    assert leave.actual == 519 and leave.past[-1] == (2015, 514.0) and leave.foretold.fan_years[-1] == 2020
    assert every.actual == 3 * 1_200 and every.foretold.called == "likely"
    assert enter.missing[0] == "series"


# What is refused


def test_too_short_a_history_before_the_plan_is_refused_with_the_reason(tmp_path, capsys):
    history = written(tmp_path, "h.csv", HISTORY, grown(first=2013))
    targets = written(tmp_path, "t.csv", TARGETS, [target("low", ">=", 1)])
    assert main(["last-plan", str(targets), str(history), "--lang", "en"]) == 2
    assert (
        "by 2015, when the plan was made, no region had 4 years in a row; the longest had 3" in capsys.readouterr().err
    )
    assert main(["last-plan", str(targets), str(history), "--made-in", "2001"]) == 2
    assert "最长的为 0 年" in capsys.readouterr().err
    assert main(["last-plan", str(targets), str(history), "--made-in", "2016", "--draws", "100"]) == 0
    assert main(["last-plan", str(targets), str(history), "--made-in", "2020"]) == 2
    assert main(["last-plan", str(targets), str(history), "--made-in", "2016", "--draws", "3"]) == 2


# How it is told


def test_table_csv_and_workbook_hold_the_same_numbers_in_both_languages(tmp_path, example):
    for language in ("zh", "en"):
        table = pd.read_csv(write_plan(example, tmp_path / f"{language}.csv", language))
        book = pd.read_excel(write_plan(example, tmp_path / f"{language}.xlsx", language), sheet_name=None)
        first, second = book.values()
        assert list(first.columns) == [wording()["last_plan"][f"head_{name}"][language] for name in table.columns]
        first.columns = table.columns
        pd.testing.assert_frame_equal(table, first, check_dtype=False)
        said = second.iloc[:, 0].tolist()
        assert said[: len(plan_lines(example, language))] == plan_lines(example, language)
        shown = told(example, language, 200)
        for row, (_, cells) in zip(example.rows, table.iterrows(), strict=True):
            assert cells["name"] == row.target.name and row.target.name in "".join(shown.split())
            if row.foretold:
                assert cells["median"] == row.foretold.median and cells["probability"] == row.foretold.probability
                assert f"{cells['probability'] * 100:.0f}% ±{cells['monte_carlo_error'] * 100:.1f}" in shown
                assert cells["actual"] == row.actual and cells["reached"] == row.reached
    twice = [write_plan(example, tmp_path / f"{n}.xlsx", "zh").read_bytes() for n in (1, 2)]
    assert twice[0] == twice[1]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_table_fits_120_columns_with_every_number_whole(example, language):
    lines = told(example, language).splitlines()
    assert "…" not in "".join(lines)
    for row in (row for row in example.rows if row.foretold):
        f, start = row.foretold, row.target.name[:5]
        (line,) = [line for line in lines if line.strip().startswith(start) and "±" in line]
        assert band(f.median, f.low, f.high, "persons", language) in line and f"{f.probability * 100:.0f}% ±" in line
        assert number(row.actual, "persons", language) in line and called_text(f.called, language) in line
        assert (" 万" in line) == (language == "zh")


def test_the_example_says_that_its_numbers_are_invented_and_shows_a_wrong_call(example):
    assert {row.target.source for row in example.rows} == {"invented for the example"}
    assert {row.target.region for row in example.rows} == {"示例市"}
    assert sum(row.wrong for row in example.rows) == 1 and sum(row.foretold is None for row in example.rows) == 1
    assert "编造" in (EXAMPLES / "last_plan.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_picture_has_a_panel_for_each_target_with_history_fan_target_and_what_came(example, language):
    figure = plan_chart(example, language)
    foretold = [row for row in example.rows if row.foretold]
    panels = [axes for axes in figure.axes if axes.lines]
    assert len(panels) == len(foretold)
    for axes, row in zip(panels, foretold, strict=True):
        past, median, came, mark = axes.lines
        assert tuple(past.get_ydata()) == tuple(count for _, count in row.past) and past.get_xdata()[-1] == 2015
        assert median.get_ydata()[-1] == row.foretold.median and came.get_ydata()[-1] == row.actual
        assert mark.get_ydata()[0] == row.target.bound and len(axes.collections) == 2
        assert ("万人" in axes.get_title(loc="left")) == (language == "zh")


def test_the_command_writes_what_it_says_and_overwrites_nothing(tmp_path, capsys):
    out, picture = tmp_path / "r.csv", tmp_path / "p.png"
    command = ["last-plan", str(EXAMPLES / "last_plan_targets.csv"), str(EXAMPLES / "last_plan_history.csv"),
               "--made-in", "2015", "--draws", "100", "--out", str(out), "--picture", str(picture)]  # fmt: skip
    assert main(command) == 0
    shown = capsys.readouterr().out
    assert "规划制定于 2015 年底" in shown and out.stat().st_size > 500 and picture.stat().st_size > 10_000
    assert main(command) == 2 and "已" in capsys.readouterr().err
    assert main([*command[:-4], "--out", str(tmp_path / "r.txt"), "--lang", "en"]) == 2
    assert "no table of results ends in '.txt'" in capsys.readouterr().err


def test_equal_seeds_say_the_same_and_regions_are_told_apart(tmp_path):
    asked = [target("low", ">=", 14_500), target("low", ">=", 700, region="Y")]
    history = grown() + grown(500, region="Y")
    one, other = (plan_of(tmp_path, asked, history, seed=7) for _ in range(2))
    assert one.rows == other.rows
    assert "X：low" in told(one) and "Y：low" in told(one)


# What a file may be


def test_a_plan_is_read_in_english_and_chinese_in_persons_and_in_wan(tmp_path):
    english = read_plan(written(tmp_path, "e.csv", TARGETS, [target("n", ">=", 52_000)]))
    header = ("目标名称", "地区", "目标年", "学段", "指标", "要求", "目标值", "单位")
    chinese = read_plan(
        written(tmp_path, "c.csv", header, [("n", "X", 2020, "中职", "在校生数", "不低于", 5.2, "万人")])
    )
    assert english[0].series == Series("enrolment", VOCATIONAL, None)
    assert replace(english[0], source="", where="") == replace(chinese[0], source="", where="")
    assert chinese[0].bound == 52_000 and chinese[0].where == "c.csv:2"


def test_every_label_means_what_the_reader_knows():
    rows = list(csv.DictReader((home() / PLAN_LABELS).read_text(encoding="utf-8").splitlines()))
    assert {row["key"] for row in rows if row["kind"] == "column"} == set(PLAN_COLUMNS)
    assert {row["key"] for row in rows if row["kind"] == "comparator"} == {">=", "<=", "==", "~"}
    labels = [(row["kind"], plain_label(row["label"])) for row in rows]
    assert len(set(labels)) == len(labels)


def test_every_stage_that_a_history_may_have_is_named_in_both_languages():
    stages = csv.DictReader((home() / LABELS).read_text(encoding="utf-8").splitlines())
    known = {stage_facts(row["label"]).canonical for row in stages if row["kind"] == "stage"}
    assert {f"stage_{stage}" for stage in known} <= set(wording()["last_plan"])
