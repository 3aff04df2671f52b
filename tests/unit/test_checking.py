"""The check shows what rests on what: leaving a figure out really leaves it out."""

from dataclasses import replace

import numpy as np
import pytest

from simvet.checking import check
from simvet.draws import Draws
from simvet.loading import load_scenario
from simvet.opening.balance import open_accounts, solve_accounts
from simvet.sampling import sample_region

DRAWS = 30


def left_out_prediction(region: str, label: str, factor: float) -> np.ndarray:
    """Return what the other figures say about a figure that has been multiplied by a factor."""
    scenario = load_scenario(region)
    case = scenario.regions[0]
    rows = []
    for row in scenario.rows[region]:
        told = f"{row.year} {row.indicator} {row.stage} {row.definition}"
        wrong = row.use == "figure" and told == label
        rows.append(
            replace(row, value=row.value * factor, low=row.low * factor, high=row.high * factor) if wrong else row
        )
    accounts = open_accounts(case.base_year, rows, sample_region(region, rows, Draws(1), DRAWS, True), DRAWS)
    found = solve_accounts(accounts, Draws(1), True, label)
    row = next(row for row in accounts.ledger.rows if row.label == label)
    return accounts.ledger.predict(row, found)


@pytest.mark.parametrize(
    ("region", "label"),
    [
        ("zhejiang", "2020 enrolment bachelor all"),
        ("zhejiang", "2020 enrolment vocational_bachelor all"),
        ("zhejiang", "2020 enrolment primary all"),
        ("zhejiang", "2020 entrants middle all"),
        ("zhejiang", "2020 topup_rate higher_vocational all"),
        ("zhoushan", "2016 entrants middle all"),
        ("zhoushan", "2016 enrolment primary all"),
        ("lishui", "2021 enrolment middle all"),
        ("wenzhou", "2020 enrolment general_high all"),
    ],
)
def test_a_figure_that_is_left_out_has_no_say_in_its_own_prediction(region, label):
    assert np.array_equal(left_out_prediction(region, label, 1.0), left_out_prediction(region, label, 1.4))


def test_a_figure_of_unsaid_coverage_is_compared_under_both_readings_and_one_is_a_tension():
    report = check("zhejiang", draws=60)[0]
    compared = {item.label: item for item in report.figures_left_out if not item.used}
    assert compared["2018 enrolment secondary_vocational without_skilled_worker"].tension
    assert not compared["2018 enrolment secondary_vocational with_skilled_worker"].tension


def test_what_is_solved_differs_between_a_province_with_figures_and_a_city_without():
    province, city = check("zhejiang", draws=60)[0], check("wenzhou", draws=60)[0]
    solved = {(c.gate, c.option) for c in province.choices if c.seats_solved}
    assert ("vocational_exam", "higher_vocational/regular") in solved
    assert ("vocational_exam", "higher_vocational/regular") not in {
        (c.gate, c.option) for c in city.choices if c.seats_solved
    }
    assert province.free == province.unknowns - province.rank > 0
