"""Calibration of histories and of the project's own regions: what is fitted, written, left out and refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from simvet.cli import main
from simvet.errors import InputError
from simvet.histories.few_years import carry_few_years, fit_few_years, usual_rates
from simvet.histories.reading import read_history
from simvet.histories.region_rows import refit, region_history
from simvet.histories.simulated import known_history
from simvet.loading import load_scenario

CITY = """region,year,stage,grade,enrolment,entrants,graduates
city,2018,primary,all,60000,,
city,2019,primary,all,60000,,
city,2020,primary,all,60000,,
city,2018,middle,all,29000,,
city,2019,middle,all,29000,,
city,2020,middle,all,29000,,
city,2018,general_high,all,16400,,
city,2019,general_high,all,16400,,
city,2020,general_high,all,16400,,
"""


def table_of(known):
    history = known.history
    rows = []
    for r, region in enumerate(history.regions):
        for c, column in enumerate(history.columns):
            for y, year in enumerate(history.years):
                left = history.graduates[r, c, y]
                rows.append(
                    (
                        region,
                        year,
                        column.stage,
                        column.grade,
                        history.enrolment[r, c, y],
                        "" if np.isnan(left) else left,
                    )
                )
    return pd.DataFrame(rows, columns=["region", "year", "stage", "grade", "enrolment", "graduates"])


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    path = tmp_path_factory.mktemp("city") / "city.csv"
    path.write_text(CITY, encoding="utf-8")
    return read_history(path, least=2)


def test_a_city_that_stands_still_goes_on_standing_still(city):
    stocks = carry_few_years(fit_few_years(city), 3, draws=400)
    middle = np.median(stocks, axis=0)
    assert np.allclose(middle[:, 0], [60000, 29000, 16400], rtol=0.02)
    low, high = np.quantile(stocks, (0.1, 0.9), axis=0)
    assert (np.diff(high - low, axis=1) > 0).all(), "bands widen with the years"


def test_cohorts_of_a_stage_add_up_to_its_stock(city):
    fit = fit_few_years(city)
    retention, _ = fit.rates(fit.best)
    for s, facts in enumerate(fit.facts):
        cohorts = fit.best[fit.cohort_slice(s)]
        ages = np.arange(facts.years)
        stock = np.exp(cohorts[len(cohorts) - 1 - ages] + retention[s] * ages).sum()
        assert stock == pytest.approx(city.enrolment[0, s, -1], rel=0.01)


def test_what_the_data_do_not_say_stays_as_usual(city):
    fit = fit_few_years(city)
    retention, shares = fit.rates(fit.best)
    names = [column.stage for column in city.columns]
    assert retention[0] == pytest.approx(usual_rates()["primary"].retention, abs=0.01)
    # 16,400 in three grades out of 29,000 in three grades below them: 0.57 of the leavers.
    assert shares[names.index("senior_general")] == pytest.approx(0.57, abs=0.04)


def test_few_years_of_several_regions_are_refused(tmp_path):
    path = tmp_path / "two.csv"
    path.write_text(CITY + CITY.replace("city,", "town,").split("\n", 1)[1], encoding="utf-8")
    with pytest.raises(InputError, match="one region"):
        fit_few_years(read_history(path, least=2))


def test_wenzhou_is_refitted_to_the_years_up_to_its_base_alone():
    scenario = load_scenario("wenzhou")
    history, left_out = region_history(scenario, "wenzhou")
    assert history.years[-1] == 2020
    assert [column.stage for column in history.columns] == [
        "primary", "junior_secondary", "senior_general", "secondary_vocational",
    ]  # fmt: skip
    assert left_out == {}
    found = refit(scenario, "wenzhou", leads=2, draws=200)
    assert found.stocks.shape == (200, 4, 2)
    grades = [edit for edit in found.edits if edit.row[2].startswith("enrolment_grade_") and edit.row[3] == "middle"]
    assert sum(edit.value for edit in grades) == pytest.approx(282300, rel=0.01)


def test_a_region_without_two_years_in_a_row_is_refused_with_the_reason():
    with pytest.raises(InputError, match="two consecutive years up to 2016"):
        refit(load_scenario("zhoushan"), "zhoushan")


@pytest.mark.parametrize("name", ["wenzhou", "zhejiang", "lishui"])
def test_the_fitted_scenarios_are_what_calibrate_writes(name, tmp_path, capsys):
    assert main(["calibrate", name, "--out", str(tmp_path / "out")]) == 0
    capsys.readouterr()
    written = YAML(typ="safe").load((tmp_path / "out" / f"{name}_fitted.yaml").read_text(encoding="utf-8"))
    kept = load_scenario(f"{name}_fitted")
    assert written["base"] == name
    found = {
        (row.indicator, row.stage, row.year): row.value
        for rows in kept.rows.values()
        for row in rows
        if row.use == "prior"
    }
    for edit in written["edits"]:
        assert found[edit["indicator"], edit["stage"], edit["year"]] == pytest.approx(edit["value"], rel=1e-3)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_history_is_written_as_pathway_rates_and_forecast(tmp_path, capsys, lang):
    path = tmp_path / "known.csv"
    table_of(known_history(5, 8, 3, 1)).to_csv(path, index=False)
    out = tmp_path / "out"
    assert main(["calibrate", str(path), "--leads", "3", "--draws", "50", "--out", str(out), "--lang", lang]) == 0
    assert capsys.readouterr().out
    scenario = YAML(typ="safe").load((out / "scenario.yaml").read_text(encoding="utf-8"))
    assert scenario["stages"] == [
        {"stage": "high", "years": 3, "grades": [1, 2, 3], "feeders": ["junior_secondary"], "turn_at_the_gate": 1}
    ]
    assert len(scenario["rates"]) == 5
    forecast = pd.read_csv(out / "forecast.csv")
    assert (forecast["low80"] <= forecast["median"]).all() and (forecast["median"] <= forecast["high80"]).all()
    assert set(forecast["year"]) == {2008, 2009, 2010}
    assert len(pd.read_parquet(out / "rate_draws.parquet")) == 5 * 50
    assert {"told_by_the_data", "name"} <= set(pd.read_csv(out / "parameters.csv").columns)


def test_hindcast_writes_scores_cases_and_a_picture(tmp_path, capsys):
    path = tmp_path / "known.csv"
    table_of(known_history(5, 9, 3, 2)).to_csv(path, index=False)
    out, picture = tmp_path / "out", tmp_path / "errors.png"
    asked = ["hindcast", str(path), "--leads", "3", "--draws", "50", "--out", str(out), "--picture", str(picture)]
    assert main(asked) == 0
    said = capsys.readouterr().out
    assert "80 % 区间" in said
    scores, cases = pd.read_csv(out / "scores.csv"), pd.read_csv(out / "cases.csv")
    ours = cases[(cases["measure"] == "enrolment") & (cases["grade"] != "all") & (cases["lead"] == 1)]
    mape = 100 * (ours["simvet"] / ours["came"] - 1).abs().mean()
    line = scores[(scores["stage"] == "grade") & (scores["lead"] == 1) & (scores["method"] == "simvet")]
    assert line["mape"].item() == pytest.approx(mape, rel=1e-4)
    held = ((ours["came"] >= ours["low80"]) & (ours["came"] <= ours["high80"])).mean()
    assert line["coverage80"].item() == pytest.approx(held, abs=0.01)
    assert picture.stat().st_size > 10_000


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (["hindcast", "nowhere.csv"], "nowhere.csv"),
        (["hindcast", "known.csv", "--by", "colour"], "colour"),
        (["hindcast", "known.csv", "--from", "1990"], "1990"),
        (["calibrate", "nowhere.csv"], "nowhere.csv"),
        (["calibrate", "nowhere"], "nowhere"),
        (["calibrate", "zhoushan"], "2016"),
    ],
)
def test_a_mistake_is_told_in_one_line_and_nothing_is_written(asked, reason, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    table_of(known_history(2, 6, 2, 3)).to_csv("known.csv", index=False)
    before = sorted(tmp_path.iterdir())
    assert main(asked) == 2
    said = capsys.readouterr().err
    assert reason in said and len(said.strip().splitlines()) == 1 and "Traceback" not in said
    assert sorted(tmp_path.iterdir()) == before


def city_of(counts, entrants=""):
    head = "region,year,stage,grade,enrolment,entrants,graduates\n"
    return head + "".join(
        f"city,{2010 + y},{s},all,{n},{entrants},\n" for s, row in counts.items() for y, n in enumerate(row)
    )


@pytest.mark.parametrize("command", ["hindcast", "calibrate"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_city_that_only_counts_its_students_is_foretold_by_their_trend(command, lang, tmp_path, capsys):
    path = tmp_path / "city.csv"
    grown = {"middle": [30000 + 300 * y for y in range(8)], "general_high": [16000 + 100 * y for y in range(8)]}
    path.write_text(city_of(grown), encoding="utf-8")
    out = tmp_path / "out"
    assert main([command, str(path), "--leads", "3", "--draws", "40", "--out", str(out), "--lang", lang]) == 0
    assert capsys.readouterr().out
    if command == "calibrate":
        forecast = pd.read_csv(out / "forecast.csv")
        assert set(forecast["measure"]) == {"enrolment"}
        middle = forecast[(forecast["stage"] == "junior_secondary") & (forecast["year"] == 2018)]["median"].item()
        assert middle == pytest.approx(32400, rel=0.02)
        assert len(pd.read_csv(out / "parameters.csv")) == 0
        drawn = pd.read_parquet(out / "forecast_draws.parquet")
        middles = drawn[(drawn["measure"] == "enrolment") & (drawn["stage"] == "junior_secondary")]["2018"]
        assert len(middles) == 40 and middles.median() == pytest.approx(middle, rel=1e-3)


def test_more_entrants_than_students_is_said(tmp_path):
    path = tmp_path / "units.csv"
    path.write_text(city_of({"middle": [3.1] * 6}, entrants=10000), encoding="utf-8")
    flags = read_history(path).flags
    assert {flag.kind for flag in flags} >= {"entrants_exceed"}


@pytest.mark.parametrize("command", ["hindcast", "calibrate"])
def test_a_single_grade_without_births_is_no_reason_to_stumble(command, tmp_path, capsys):
    path = tmp_path / "grade.csv"
    rows = "".join(f"A,{2000 + y},high,9,{1000 + 10 * y},,\n" for y in range(9))
    path.write_text("region,year,stage,grade,enrolment,entrants,graduates\n" + rows, encoding="utf-8")
    assert main([command, str(path), "--leads", "2", "--draws", "40"]) == 0
    assert capsys.readouterr().out


def test_nothing_is_judged_on_a_few_forecasts(tmp_path, capsys):
    path = tmp_path / "short.csv"
    path.write_text(city_of({"middle": [30000, 30500, 30100, 30700, 35000]}), encoding="utf-8")
    assert main(["hindcast", str(path), "--leads", "2", "--draws", "40"]) == 0
    said = capsys.readouterr().out
    assert "不足以评判" in said and "不宜依赖" not in said


def test_every_public_name_of_histories_is_there_and_documented():
    from simvet import histories

    for name in histories.__all__:
        assert "Notes" in getattr(histories, name).__doc__, name
    with pytest.raises(AttributeError, match="nothing_such"):
        _ = histories.nothing_such
    made = histories.known_history(5, 7, 2, 1).history
    found = histories.hindcast(made, leads=2, draws=20)
    assert len(histories.best_plain(histories.score_table(found)))
