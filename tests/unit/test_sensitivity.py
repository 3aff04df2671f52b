"""Sensitivity says what is doubtful, keeps levers and uncertainties apart, and talks both languages."""

import pickle
from dataclasses import replace
from io import StringIO

import numpy as np
import pytest
from rich.console import Console

from simvet.errors import InputError
from simvet.loading import load_scenario
from simvet.report.study_figures import morris_chart, sobol_chart, tornado_chart
from simvet.report.study_tables import sensitivity_table, tornado_table
from simvet.report.wording import wording
from simvet.studies.experiments import run_experiments
from simvet.studies.factors import lever_factor, uncertainty_factor
from simvet.studies.indices import Indices, indices
from simvet.studies.influence import REMARKS, answer_of, morris_remarks, sensitivity, sobol_remarks
from simvet.studies.outcomes import indicator_outcomes, target_outcomes
from simvet.studies.study import study_of
from simvet.studies.subjects import centre_of, place_of, varied_of
from simvet.studies.swing import tornado

FACTORS = ("transfer_pass_rate/", "dropout_rate/secondary_vocational")


@pytest.fixture(scope="module")
def study():
    scenario = load_scenario("zhoushan").with_horizon(2025)
    levers = (
        lever_factor(scenario, "dropout", 0.5, 1.5, (), 2020, None, False, "test"),
        lever_factor(scenario, "general_seats", None, None, (0.9, 1.0, 1.2), 2020, None, False, "test"),
    )
    drawn = tuple(uncertainty_factor(scenario, name, None, None, (), "test") for name in FACTORS)
    return study_of(
        scenario, factors=(*levers, *drawn), outcomes=tuple(target_outcomes(scenario, ["progression_rate"], "test")),
        draws=20, seed=5,
    )  # fmt: skip


@pytest.fixture(scope="module")
def screened(study):
    return sensitivity(study, "morris", 3)


@pytest.fixture(scope="module")
def blown(study):
    return tornado(study)


def found_indices(first, half, total, total_half=None, variance=1.0):
    zeros = np.zeros(len(first))
    return Indices(
        np.array(first), np.array(half), np.array(total), zeros if total_half is None else np.array(total_half),
        zeros.astype(np.int64), 0.5, variance,
    )  # fmt: skip


def text_of(renderable):
    console = Console(width=160, record=True, file=StringIO())
    console.print(renderable)
    return console.export_text()


def test_every_remark_has_a_sentence_in_both_languages():
    for key in REMARKS:
        assert set(wording()["sensitivity"][f"remark_{key}"]) == {"zh", "en"}


@pytest.mark.parametrize(
    ("first", "half", "total", "wanted"),
    [
        (0.5, 0.05, 0.6, ()),
        (-0.02, 0.05, 0.1, ("below_zero",)),
        (0.04, 0.05, 0.1, ("not_apart",)),
        (0.5, 0.15, 0.6, ("wide",)),
        (0.5, 0.05, 0.45, ("total_below_first",)),
        (0.0, 0.0, 0.0, ("no_effect",)),
    ],
)
def test_doubtful_shares_are_remarked_upon(first, half, total, wanted):
    assert sobol_remarks(found_indices([first], [half], [total]), 0) == wanted


def test_a_line_needs_no_remark_and_a_product_of_signs_needs_two():
    (line,) = indices("morris", 2, lambda p: p.sum(axis=1, keepdims=True), 8, 1)
    assert morris_remarks(line, 0) == morris_remarks(line, 1) == ()
    (cross,) = indices("morris", 2, lambda p: (p[:, :1] - 0.5) * (p[:, 1:] - 0.5), 20, 1)
    assert {"both_ways", "not_linear"} <= set(morris_remarks(cross, 0))


@pytest.mark.parametrize(
    ("first", "variance", "of", "draws", "wanted"),
    [
        ([0.7, 0.4], 1.0, "value", 100, ("sum_above_one",)),
        ([0.2, 0.1], 1.0, "value", 100, ("together",)),
        ([0.2, 0.1], 0.7, "value", 100, ("total_short",)),
        ([0.6, 0.38], 1.0, "value", 100, ()),
        ([0.6, 0.38], 1.0, "probability", 5, ("coarse",)),
        ([0.0, 0.0], 0.0, "value", 100, ("no_variance",)),
        ([0.0, 0.0], 0.0, "probability", 100, ("stuck",)),
    ],
)
def test_the_whole_is_remarked_upon(study, first, variance, of, draws, wanted):
    # Totals hold the whole variance at least once, whatever the factors do alone; with 0.7 they do not.
    total = [max(share, variance / 2) for share in first] if variance != 0.7 else first
    found = found_indices(first, [0.01, 0.01], total, variance=variance)
    answer = answer_of("sobol", study.outcomes[0], of, varied_of(study)[:2], found, draws)
    assert answer.remarks == wanted
    assert bool(answer.rows) == (variance > 0)


def test_a_function_that_stands_still_gives_no_indices():
    (found,) = indices("sobol", 2, lambda p: np.full((len(p), 1), 0.3), 8, 1)
    assert not found.moves
    assert not found.first.any() and not found.second.any()


def test_no_share_below_zero_is_printed(study, screened):
    found = found_indices([0.9, -0.03, 0.02, -0.5], [0.01] * 4, [0.95, 0.05, 0.04, 0.03])
    answer = answer_of("sobol", study.outcomes[0], "value", varied_of(study), found, 100)
    told = replace(screened, method="sobol", answers=(answer,))
    for language, zero in (("zh", "约 0"), ("en", "about 0")):
        text = text_of(sensitivity_table(told, language))
        assert "-0." not in text and "−0." not in text
        assert text.count(zero) == 2
        assert wording()["sensitivity"]["remark_below_zero"][language][:12] in text


def test_rows_are_sorted_and_know_their_kind(screened):
    (answer,) = screened.answers
    sizes = [row.first for row in answer.rows]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > 0
    assert [row.factor.kind for row in answer.rows].count("lever") == 2
    assert screened.experiments == 3 * 5
    frame = screened.frame()
    assert list(frame["mu_star"]) == sizes
    assert set(frame["factor"]) == {row.factor.name for row in answer.rows}


def test_answers_travel(screened, blown):
    assert pickle.loads(pickle.dumps(screened)).frame().equals(screened.frame())  # noqa: S301
    assert pickle.loads(pickle.dumps(blown)) == blown  # noqa: S301


def test_ends_of_a_tornado_are_those_of_single_runs(study, blown):
    # Levers stand where they change nothing, so that the base is the plan as it is.
    assert [centre_of(factor) for factor in study.factors[:2]] == [1.0, 1.0]
    place = [factor.name for factor in study.factors].index("zhoushan/transfer_pass_rate/")
    values = np.array([[centre_of(factor) for factor in study.factors]] * 2)
    values[:, place] = study.factors[place].low, study.factors[place].high
    ends, _ = run_experiments(study, 0, {0: 1.0, 1: 1.0}, values, 0, study.draws)
    bar = next(bar for bar in blown.bars if bar.factor.name == "zhoushan/transfer_pass_rate/")
    assert (bar.at_low, bar.at_high) == pytest.approx(tuple(np.median(ends[:, :, 0], axis=1)), abs=1e-12)
    assert bar.at_low != bar.at_high
    assert [bar.reach for bar in blown.bars] == sorted((bar.reach for bar in blown.bars), reverse=True)


def test_the_place_of_a_value_leads_back_to_it(study):
    for factor in study.factors:
        between = (factor.low, 0.4 * factor.low + 0.6 * factor.high, 0.9 * factor.low + 0.1 * factor.high, factor.high)
        for value in (*(factor.levels or between), centre_of(factor)):
            assert factor.values(np.array([place_of(factor, value)]))[0] == pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_pictures_and_tables_name_their_factors(screened, blown, language):
    chart = tornado_chart(blown, language)
    shown = " ".join(label.get_text().replace("\n", " ") for label in chart.axes[0].get_yticklabels())
    table = text_of(tornado_table(blown, language))
    name = {"zh": "一体化转段通过率", "en": "integrated students who pass"}[language]
    assert name in shown and name in table
    colours = {patch.get_gid(): patch.get_facecolor()[:3] for patch in chart.axes[0].patches}
    levers = {colours[bar.factor.name] for bar in blown.bars if bar.factor.kind == "lever" and bar not in blown.still}
    drawn = {colours[bar.factor.name] for bar in blown.bars if bar.factor.kind != "lever" and bar not in blown.still}
    assert levers and drawn and not levers & drawn
    told = replace(screened, method="sobol")
    for figure in (sobol_chart(told, None, language), morris_chart(screened, None, language)):
        assert len(figure.axes[0].get_yticklabels()) == 4


def test_a_probability_of_an_indicator_is_refused(study):
    scenario = study.policies[0]
    plain = replace(study, outcomes=tuple(
        indicator_outcomes(scenario, "enrolment", "secondary_vocational", [2025], "zhoushan", "test")))  # fmt: skip
    with pytest.raises(InputError, match="is no target"):
        sensitivity(plain, "morris", 2, of="probability")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"method": "sobel"}, "Did you mean 'sobol'"),
        ({"outcomes": ["progresion"]}, "Did you mean 'progression_rate"),
        ({"of": "odds"}, "measure 'odds' is unknown"),
        ({"method": "sobol", "samples": 12}, "no power of two"),
        ({"method": "morris", "samples": 1}, "Choose 2 or more"),
    ],
)
def test_what_cannot_be_asked_is_said(study, arguments, said):
    with pytest.raises(InputError, match=said):
        sensitivity(study, **{"method": "morris", "samples": 2, **arguments})


def test_one_factor_and_two_policies_are_refused(study):
    with pytest.raises(InputError, match="1 factors cannot be compared"):
        sensitivity(replace(study, factors=study.factors[:1]), "morris", 2)
    second = replace(study.policies[0], name="other")
    with pytest.raises(InputError, match="2 policies"):
        tornado(replace(study, policies=(study.policies[0], second)))
