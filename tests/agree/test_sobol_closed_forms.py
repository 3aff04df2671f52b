"""Sensitivity agrees with closed forms: Ishigami's function, and places of Zhoushan that are a plain sum."""

import numpy as np
import pytest

from simvet.loading import load_scenario
from simvet.sampling import Uncertainty
from simvet.studies.factors import uncertainty_factor
from simvet.studies.indices import indices
from simvet.studies.influence import sensitivity
from simvet.studies.outcomes import indicator_outcomes
from simvet.studies.study import study_of
from simvet.studies.swing import tornado

A, B = 7.0, 0.1


def ishigami(points):
    x = np.pi * (2.0 * points - 1.0)
    return (np.sin(x[:, 0]) + A * np.sin(x[:, 1]) ** 2 + B * x[:, 2] ** 4 * np.sin(x[:, 0]))[:, None]


def ishigami_shares():
    """Return S1 and ST of Ishigami's function (Ishigami & Homma 1990)."""
    alone = 0.5 * (1.0 + B * np.pi**4 / 5.0) ** 2
    second = A**2 / 8.0
    together = B**2 * np.pi**8 * (1.0 / 18.0 - 1.0 / 50.0)
    total = alone + second + together
    return np.array([alone, second, 0.0]) / total, np.array([alone + together, second, together]) / total, total


@pytest.mark.parametrize("seed", [0, 7])
def test_ishigami_lies_within_its_bands(seed):
    (found,) = indices("sobol", 3, ishigami, 2048, seed)
    first, total, variance = ishigami_shares()
    assert np.all(np.abs(found.first - first) < np.maximum(found.first_confidence, 0.01))
    assert np.all(np.abs(found.second - total) < np.maximum(found.second_confidence, 0.01))
    # Bands that hold anything would hold the truth, too.
    assert found.first_confidence.max() < 0.1 and found.second_confidence.max() < 0.1
    assert found.variance == pytest.approx(variance, rel=0.03)


def test_a_seed_gives_the_same_indices_and_bands_again():
    first, second = (indices("sobol", 3, ishigami, 64, 0)[0] for _ in range(2))
    assert np.array_equal(first.first, second.first)
    assert np.array_equal(first.first_confidence, second.first_confidence)
    first, second = (indices("morris", 3, ishigami, 10, 0)[0] for _ in range(2))
    assert np.array_equal(first.first, second.first)
    assert np.array_equal(first.first_confidence, second.first_confidence)


def test_morris_of_a_line_is_its_slopes():
    slopes = np.array([3.0, -2.0, 0.0])
    (found,) = indices("morris", 3, lambda points: (points @ slopes)[:, None], 8, 1)
    assert found.first == pytest.approx(np.abs(slopes), abs=1e-9)
    assert found.second == pytest.approx(np.zeros(3), abs=1e-9)
    assert found.sign.tolist() == [1, -1, 0]


def variance_of(factor):
    a, b, c = factor.low, factor.high, factor.mode
    return (a * a + b * b + c * c - a * b - a * c - b * c) / 18.0


NAMES = ("zhoushan/new_school/places", "zhoushan/merging/places", "zhoushan/unit_cost/secondary_vocational")


@pytest.fixture(scope="module")
def places_of_zhoushan():
    """Return a study of places in 2030: those of the base year, a new school, and what a merger gives up."""
    scenario = load_scenario("zhoushan").with_horizon(2030)
    return study_of(
        scenario,
        factors=tuple(uncertainty_factor(scenario, name, None, None, (), "test") for name in NAMES),
        outcomes=tuple(indicator_outcomes(scenario, "places", "secondary_vocational", [2030], "zhoushan", "test")),
        noise=Uncertainty(parameters=False, opening=False, drift=False),
        design="latin_hypercube", points=4, draws=1, seed=11,
    )  # fmt: skip


def test_places_are_a_sum_with_slopes_of_one(places_of_zhoushan):
    # Closed forms below rest on this: the ends of each range move the outcome by exactly their own width.
    found = tornado(places_of_zhoushan)
    reach = {bar.factor.name: (bar.at_low - found.base, bar.at_high - found.base) for bar in found.bars}
    for factor in places_of_zhoushan.factors[:2]:
        wanted = (factor.low - factor.mode, factor.high - factor.mode)
        assert reach[factor.name] == pytest.approx(wanted, abs=1e-6)
    assert reach[NAMES[2]] == pytest.approx((0.0, 0.0), abs=1e-9)
    assert [bar.factor.name for bar in found.still] == [NAMES[2]]
    assert found.bars[0].factor.name == NAMES[1]


def test_shares_of_places_are_those_of_the_triangles(places_of_zhoushan):
    found = sensitivity(places_of_zhoushan, "sobol", 256)
    variances = np.array([variance_of(factor) for factor in places_of_zhoushan.factors[:2]])
    shares = dict(zip(NAMES, [*(variances / variances.sum()), 0.0], strict=True))
    (answer,) = found.answers
    assert answer.variance == pytest.approx(variances.sum(), rel=0.06)
    for row in answer.rows:
        share = shares[row.factor.name]
        assert abs(row.first - share) <= max(row.first_confidence, 1e-9)
        assert abs(row.second - share) <= max(row.second_confidence, 1e-9)
        assert row.first_confidence < 0.2
    signs = {row.factor.name: row.sign for row in answer.rows}
    assert signs == {NAMES[0]: 1, NAMES[1]: 1, NAMES[2]: 0}
    assert answer.rows[-1].remarks == ("no_effect",)
