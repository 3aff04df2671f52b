"""A fit gives back the rates that made a history, and its intervals hold as often as they say."""

from __future__ import annotations

import numpy as np
import pytest

from simvet.histories.components import LEAVING_PRIORS, REGION_PRIORS
from simvet.histories.grades import fit_grades
from simvet.histories.parameters import NORMAL_90, grade_rates, parameters_of, rate_draws, underlying_rates
from simvet.histories.simulated import LEVELS, known_history

REGIONS = 220


@pytest.fixture(scope="module", params=[1, 2, 3])
def known(request):
    made = known_history(REGIONS, 11, 8, request.param)
    return made, fit_grades(made.history)


def test_ninety_per_cent_intervals_hold_the_true_rates_of_220_regions_as_often_as_they_say(known):
    made, fit = known
    mean, deviation = underlying_rates(fit)
    held = np.abs(mean - made.rates) < NORMAL_90 * deviation
    assert 0.85 <= held.mean() <= 0.95
    for series in range(held.shape[1]):
        assert 0.82 <= held[:, series].mean() <= 0.97, series


def test_the_table_of_rates_says_the_same_in_plain_ratios(known):
    made, fit = known
    rates = grade_rates(fit)
    assert len(rates) == REGIONS * made.rates.shape[1]
    truth = np.exp(made.rates.ravel())
    inside = [rate.low <= true <= rate.high for rate, true in zip(rates, truth, strict=True)]
    assert 0.85 <= np.mean(inside) <= 0.95
    assert {rate.kind for rate in rates} == {"entry", "progression", "graduation"}


def test_pooling_beats_each_regions_own_mean_ratio(known):
    made, fit = known
    mean, _ = underlying_rates(fit)
    values = fit.rates.values
    alone = np.nanmean(values[:, 1:-1, -6:], axis=2)
    truth = made.rates[:, 1:-1]
    assert np.sqrt(np.mean((mean[:, 1:-1] - truth) ** 2)) < 0.95 * np.sqrt(np.mean((alone - truth) ** 2))


def test_the_spreads_that_made_the_rates_are_found_again(known):
    _, fit = known
    found = {one.name: one for one in parameters_of(fit.own, REGION_PRIORS | LEAVING_PRIORS, "")}
    # A few per cent of the regions' size are taken by the scales, so a factor of one and a half is what can be asked.
    for name, made in (("region", "region"), ("cell", "series"), ("year", "year")):
        spread = np.exp(found[name].value / 2) * np.median(fit.own.scales)
        assert LEVELS[made] / 1.6 < spread < 1.6 * LEVELS[made], name
        assert found[name].told


def test_draws_of_the_rates_have_the_mean_and_spread_of_the_posterior(known):
    _, fit = known
    mean, deviation = underlying_rates(fit)
    drawn = rate_draws(fit, 4000, 1)
    assert np.abs(drawn.mean(axis=0) - mean).max() < 5 * deviation.max() / np.sqrt(4000)
    assert np.allclose(drawn.std(axis=0), deviation, rtol=0.08)
    assert np.array_equal(drawn, rate_draws(fit, 4000, 1))
    assert not np.array_equal(drawn, rate_draws(fit, 4000, 2))


def test_a_parameter_of_which_the_data_say_nothing_is_called_so():
    short = fit_grades(known_history(6, 5, 2, 4).history)
    found = parameters_of(short.own, REGION_PRIORS | LEAVING_PRIORS, "")
    assert any(not one.told for one in found)
    assert all(one.spread <= one.prior_spread for one in found)
