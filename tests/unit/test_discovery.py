"""Boxes that were planted are found, and what cannot be found is said in words."""

import pickle
from dataclasses import dataclass, replace
from io import StringIO
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from simvet.errors import InputError
from simvet.loading import load_scenario
from simvet.report.discovery_figures import box_chart, stacking_chart
from simvet.report.study_tables import discovery_table
from simvet.report.study_words import discovery_sentence, discovery_sentences
from simvet.report.wording import wording
from simvet.sampling import Uncertainty
from simvet.studies.discovery import REMARKS, discover
from simvet.studies.factors import lever_factor, uncertainty_factor
from simvet.studies.outcomes import indicator_outcomes, target_outcomes
from simvet.studies.stacking import stack
from simvet.studies.study import study_of
from simvet.studies.workbench import as_model, experiments_and_outcomes, load_workbench

COUNT = 400


def text_of(renderable):
    console = Console(width=160, record=True, file=StringIO())
    console.print(renderable)
    return console.export_text()


@dataclass
class Planted:
    """An ensemble whose results are written and not run."""

    study: Any
    policy: Any
    values: Any
    hits: Any

    def reached(self, _):
        """Return what was written, whatever the outcome."""
        return self.hits

    def probability(self, _):
        """Return what was written, whatever the outcome."""
        return self.hits.mean(axis=1)

    def median(self, _):
        """Return what was written, whatever the outcome."""
        return self.hits.mean(axis=1)


@pytest.fixture(scope="module")
def study():
    scenario = load_scenario("zhoushan").with_horizon(2025)
    factors = (
        lever_factor(scenario, "college_intake", None, None, (), 2020, None, False, "test"),
        uncertainty_factor(scenario, "transfer_pass_rate/", 0.7, 0.98, (), "test"),
        uncertainty_factor(scenario, "dropout_rate/secondary_vocational", None, None, (), "test"),
    )
    return study_of(
        scenario, factors=factors, outcomes=tuple(target_outcomes(scenario, ["progression_rate"], "test")),
        design="latin_hypercube", points=COUNT, draws=10, seed=2,
    )  # fmt: skip


def planted(study, fails, noise=0.0):
    """Return an ensemble in which points fail where ``fails`` of their places between 0 and 1 says so."""
    policy, values = study.experiments()
    missed = fails(np.tile(study.unit_points(), (len(study.policies), 1)))
    flips = np.random.default_rng(1).random(len(values)) < noise
    return Planted(study, policy, values, np.repeat((missed == flips)[:, None], study.draws, axis=1))


def corner(points):
    return (points[:, 0] < 0.4) & (points[:, 1] < 0.5)


def test_every_remark_has_a_sentence_in_both_languages():
    for key in REMARKS:
        assert set(wording()["discovery"][f"remark_{key}"]) == {"zh", "en"}


def test_a_planted_box_is_found(study):
    found = discover(planted(study, corner))
    (box,) = found.boxes
    assert box.coverage > 0.9 and box.density > 0.9
    limits = {limit.factor.name: limit for limit in box.limits}
    # A factor that has no part in it is not limited.
    assert set(limits) == {"college_intake", "zhoushan/transfer_pass_rate/"}
    assert limits["college_intake"].high == pytest.approx(0.7 + 0.4 * 0.8, abs=0.05)
    assert limits["college_intake"].low is None
    assert limits["zhoushan/transfer_pass_rate/"].high == pytest.approx(0.84, abs=0.02)
    assert all(limit.high_p < 0.001 for limit in box.limits)
    assert box.mass == pytest.approx(corner(study.unit_points()).mean(), abs=0.02)
    assert found.of_interest == corner(study.unit_points()).sum()


def test_noise_costs_density_and_not_the_box(study):
    clean, noisy = (discover(planted(study, corner, noise)).boxes[0] for noise in (0.0, 0.1))
    assert 0.75 < noisy.density < clean.density
    assert noisy.limits[0].high == pytest.approx(clean.limits[0].high, abs=0.1)


def test_the_numbers_of_a_box_are_those_of_its_limits(study):
    ensemble = planted(study, corner, 0.1)
    found = discover(ensemble)
    inside = np.ones(COUNT, dtype=bool)
    for limit in found.boxes[0].limits:
        column = ensemble.values[:, [f.name for f in study.factors].index(limit.factor.name)]
        inside &= (column >= (limit.low or -np.inf)) & (column <= (limit.high or np.inf))
    failed = ~ensemble.hits[:, 0]
    assert found.boxes[0].cases == inside.sum()
    assert found.boxes[0].density == pytest.approx(failed[inside].mean())
    assert found.boxes[0].coverage == pytest.approx((failed & inside).sum() / failed.sum())


def test_two_corners_make_two_boxes(study):
    found = discover(planted(study, lambda p: corner(p) | ((p[:, 0] > 0.7) & (p[:, 1] > 0.6))))
    assert len(found.boxes) == 2
    assert sum(box.coverage for box in found.boxes) > 0.85
    assert len(discovery_sentences(found, "zh")) == 2


def test_asking_for_success_finds_the_other_side(study):
    found = discover(planted(study, lambda p: p[:, 0] < 0.6), failing=False)
    (limit,) = found.boxes[0].limits
    assert limit.low == pytest.approx(0.7 + 0.6 * 0.8, abs=0.05) and limit.high is None


@pytest.mark.parametrize(
    ("fails", "remark"),
    [
        (lambda p: p[:, 0] < -1, "no_case"),
        (lambda p: p[:, 0] < 2, "every_case"),
        (lambda p: np.arange(len(p)) < 5, "few_cases"),
        (lambda p: np.arange(len(p)) >= 5, "few_others"),
        (lambda p: np.random.default_rng(3).random(len(p)) < 0.8, "no_box"),
    ],
)
def test_what_cannot_be_found_is_said(study, fails, remark):
    ensemble = planted(study, fails)
    found = discover(ensemble)
    assert found.boxes == ()
    assert remark in found.remarks
    for language in ("zh", "en"):
        sentence = discovery_sentence(found, language)
        assert "{" not in sentence and sentence.split()[0] in text_of(discovery_table(found, language))
        assert len(box_chart(found, language).axes) == 1
    if remark != "no_box":
        assert stack(ensemble).remarks == (remark,)
        assert stacking_chart(stack(ensemble), "zh").axes


def test_a_factor_that_does_not_vary_is_named(study):
    ensemble = planted(study, corner)
    ensemble.values[:, 2] = 0.012
    found = discover(ensemble)
    assert [factor.name for factor in found.constant] == ["zhoushan/dropout_rate/secondary_vocational"]
    assert "中职流失率" in discovery_sentences(found, "zh")[-1]
    ensemble.values[:] = ensemble.values[0]
    assert discover(ensemble).remarks[0] == "nothing_varied"


def test_single_draws_can_be_cases(study):
    found = discover(planted(study, corner), threshold=None)
    assert found.cases == COUNT * study.draws
    assert "draws_alike" in found.remarks
    assert found.boxes[0].density > 0.9


def test_policies_can_be_part_of_a_box(study):
    other = replace(study.policies[0], name="other", labels={"zh": "另一方案", "en": "another plan"})
    two = replace(study, policies=(study.policies[0], other))
    ensemble = planted(two, lambda p: (np.arange(len(p)) >= COUNT) & (p[:, 0] < 0.5))
    found = discover(ensemble)
    assert "采用另一方案" in discovery_sentence(found, "zh")
    assert "the plan is another plan" in discovery_sentence(found, "en")
    assert found.boxes[0].coverage > 0.9 and found.boxes[0].density > 0.9
    assert found.boxes[0].mass == pytest.approx(0.25, abs=0.02)
    assert box_chart(found, "en").axes
    pivot = stack(ensemble)
    assert pivot.count.sum() == 2 * COUNT
    assert stacking_chart(pivot, "zh").axes


def test_the_sentence_has_limits_coverage_and_density(study):
    found = discover(planted(study, corner))
    zh, en = (discovery_sentence(found, language) for language in ("zh", "en"))
    assert "达成概率低于 80%：覆盖 9" in zh and "“一体化转段通过率”不高于 8" in zh and "且" in zh
    assert "has a probability below 80% where" in en and " and " in en and "coverage 9" in en
    assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301


def test_the_pivot_counts_every_case_once(study):
    ensemble = planted(study, corner)
    pivot = stack(ensemble, levels=1, bins=4)
    assert pivot.share.shape == (4, 4)
    assert pivot.count.sum() == COUNT
    axes = {pivot.rows[0].factor.name, pivot.columns[0].factor.name}
    assert axes == {"college_intake", "zhoushan/transfer_pass_rate/"}
    assert pivot.share[0, 0] == 1.0 and pivot.share[-1, -1] == 0.0
    # Every cell is what counting by hand gives, row by row.
    columns = [[f.name for f in study.factors].index(axis[0].factor.name) for axis in (pivot.rows, pivot.columns)]
    for cell, share in np.ndenumerate(pivot.share):
        inside = np.ones(COUNT, dtype=bool)
        for column, axis, place in zip(columns, (pivot.rows, pivot.columns), cell, strict=True):
            low, high = axis[0].edges[place : place + 2]
            value = ensemble.values[:, column]
            inside &= ((value > low + 1e-9) | ((place == 0) & (value >= low - 1e-9))) & (value <= high + 1e-9)
        assert pivot.count[cell] == inside.sum()
        assert share == pytest.approx(1.0 - ensemble.hits[inside, 0].mean())
    assert np.nansum(pivot.share * pivot.count) == pytest.approx(corner(study.unit_points()).sum())
    assert np.array_equal(stack(ensemble, levels=1, bins=4).share, pivot.share)


def test_an_indicator_has_no_failures(study):
    outcomes = indicator_outcomes(study.policies[0], "enrolment", "secondary_vocational", [2025], "zhoushan", "test")
    plain = replace(study, outcomes=tuple(outcomes))
    with pytest.raises(InputError, match="is no target"):
        discover(planted(plain, corner))
    with pytest.raises(InputError, match="outside 0 to 1"):
        discover(planted(study, corner), threshold=1.5)


def test_a_missing_workbench_is_said_with_its_cure():
    with pytest.raises(InputError, match=r"pip install 'simvet\[discovery\]'"):
        load_workbench("ema_workbench_that_is_not_there")


def test_the_workbench_runs_a_study_and_reads_an_ensemble(study):
    small = replace(study, draws=5, noise=Uncertainty(drift=False))
    model = as_model(small)
    workbench = load_workbench()
    assert [lever.name for lever in model.levers] == ["college_intake"]
    assert len(model.uncertainties) == 2
    model.function = pickle.loads(pickle.dumps(model.function))  # noqa: S301 - as a worker gets it
    with workbench.SequentialEvaluator(model) as evaluator:
        experiments, outcomes = evaluator.perform_experiments(scenarios=2, policies=1)
    told, numbers = experiments_and_outcomes(planted(study, corner))
    assert set(experiments.columns) == set(told.columns)
    assert set(outcomes) == set(numbers)
    name = small.outcomes[0].name
    low, high = small.factors[2].low, small.factors[2].high
    assert experiments["zhoushan/dropout_rate/secondary_vocational"].between(low, high).all()
    # The same experiment run by the study itself.
    from simvet.studies.experiments import run_experiments

    numbers = experiments[[f.name for f in small.factors]].to_numpy(dtype=float)
    lever = round(numbers[0, 0], 2)
    values, reached = run_experiments(small, 0, {0: lever}, numbers[:1], 0, 5)
    assert outcomes[name][0] == pytest.approx(np.median(values[0, :, 0]))
    assert outcomes[f"{name}__reached"][0] == pytest.approx(reached[0, :, 0].mean())
