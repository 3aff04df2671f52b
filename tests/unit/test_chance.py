"""Quantiles inside kernels: exact against scipy, and never falling, so that policies stay coupled head by head."""

import math
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import special, stats

from simvet.draws import Draws
from simvet.rules.compiled import compiled
from simvet.rules.quantiles import (
    SLACK,
    WALK_MEAN,
    binomial_mass,
    binomial_quantile,
    cornish_fisher,
    few_events,
    few_successes,
    many_events,
    many_successes,
    normal_quantile,
    poisson_mass,
    poisson_quantile,
    stirling_error,
)

Shares = NDArray[np.float64]

TIE = 1e-12
OPEN_UNIT = st.floats(2.0**-53, 1.0 - 2.0**-53)
HEADS = st.one_of(st.integers(0, 300), st.integers(300, 20_000_000))
FEW = [(1, 0.5), (1, 0.75), (7, 0.3), (30, 0.97), (100, 0.01), (59, 0.5), (3000, 0.999), (2_000_000, 1e-6)]
MANY = [(61, 0.5), (400, 0.1), (350, 0.9), (900, 0.5), (5_000, 0.02), (5_000, 0.7), (1_000_000, 0.05), (10**8, 0.4)]


@compiled
def binomial_quantiles(u: Shares, n: float, p: float) -> Shares:
    return np.array([binomial_quantile(u[i], n, p) for i in range(u.size)])


@compiled
def poisson_quantiles(u: Shares, mean: float) -> Shares:
    return np.array([poisson_quantile(u[i], mean) for i in range(u.size)])


@compiled
def middles(u: Shares, mean: float, variance: float, lean: float, excess: float) -> Shares:
    return np.array([cornish_fisher(u[i], mean, variance, lean, excess)[0] for i in range(u.size)])


def shares(rows: int = 20_000) -> Shares:
    """Ordinary shares and both far tails, down to the smallest one a keyed uniform can be."""
    tail = np.geomspace(2.0**-53, 1e-3, 200)
    return np.concatenate([Draws(1).uniform("figure", 2025, "chance", rows), tail, 1.0 - tail])


def assert_inverse(u: Shares, k: Shares, distribution: Any) -> None:
    """Check the definition of the quantile itself: F(k - 1) < u <= F(k), but for ties within rounding."""
    lower = u <= 0.5
    assert (distribution.cdf(k[lower]) >= u[lower] * (1 - TIE)).all()
    assert (distribution.cdf(k[lower] - 1) <= u[lower] * (1 + TIE)).all()
    assert (distribution.sf(k[~lower]) <= (1 - u[~lower]) * (1 + TIE)).all()
    assert (distribution.sf(k[~lower] - 1) >= (1 - u[~lower]) * (1 - TIE)).all()


@pytest.mark.parametrize(("n", "p"), FEW + MANY)
def test_binomial_quantile_is_the_exact_inverse(n: float, p: float) -> None:
    u = shares()
    assert_inverse(u, binomial_quantiles(u, float(n), p), stats.binom(n, p))


# No larger mean: scipy's own tail is several per cent off beyond 4.5 standard deviations at a mean of ten million.
@pytest.mark.parametrize("mean", [1e-9, 0.3, 5.0, 29.9, 30.1, 47.0, 399.0, 401.0, 1e5])
def test_poisson_quantile_is_the_exact_inverse(mean: float) -> None:
    u = shares()
    assert_inverse(u, poisson_quantiles(u, mean), stats.poisson(mean))


@pytest.mark.parametrize(("n", "p"), FEW + MANY)
def test_binomial_quantile_agrees_with_scipy(n: float, p: float) -> None:
    u = Draws(2).uniform("figure", 2025, "scipy", 5_000)
    np.testing.assert_array_equal(binomial_quantiles(u, float(n), p), stats.binom.ppf(u, n, p))


@pytest.mark.parametrize(("n", "p"), [(20, 0.3), (1200, 0.5), (4_000, 0.98), (10**6, 0.2)])
def test_binomial_counts_have_the_right_mean_and_spread(n: float, p: float) -> None:
    # One share per cell leaves only the error of the rule, not that of the sample.
    u = (np.arange(200_000) + 0.5) / 200_000
    k = binomial_quantiles(u, float(n), p)
    spread = math.sqrt(n * p * (1 - p))
    assert k.mean() == pytest.approx(n * p, abs=1e-4 * spread)
    assert k.var() == pytest.approx(spread**2, rel=1e-3)


@pytest.mark.parametrize("smaller", [WALK_MEAN, 60.0, 400.0, 10_000.0])
@pytest.mark.parametrize("p", [1e-6, 0.01, 0.1, 0.3, 0.5, 0.8, 0.999])
def test_cornish_fisher_errs_by_less_than_half_its_slack(smaller: float, p: float) -> None:
    n = math.ceil(smaller / min(p, 1 - p))
    variance = n * p * (1 - p)
    reach = 9 * math.sqrt(variance)
    k = np.arange(max(0, n * p - reach) // 1, min(n - 1, n * p + reach) // 1 + 1)
    u = stats.binom.cdf(k, n, p)
    # Closer to 1 the rounding of u itself would be measured; that tail is the lower tail of 1 - p.
    kept = (u > 1e-16) & (u < 1 - 1e-9)
    k, u = k[kept], u[kept]
    error = np.abs(middles(u, n * p, variance, 1 - 2 * p, 1 - 6 * p * (1 - p)) - k)
    slack = SLACK * (1 + special.ndtri(u) ** 4) / (variance - 1 / 12)
    assert (error <= slack / 2 + 1e-6).all()


@given(u=OPEN_UNIT, n=HEADS, p=st.floats(0, 1), rise=st.floats(0, 1))
@settings(max_examples=300, deadline=None)
def test_a_higher_chance_never_takes_fewer_heads(u: float, n: float, p: float, rise: float) -> None:
    assert binomial_quantile(u, float(n), p) <= binomial_quantile(u, float(n), p + (1 - p) * rise)


@given(u=OPEN_UNIT, n=HEADS, p=st.floats(0, 1), more=st.integers(0, 200))
@settings(max_examples=300, deadline=None)
def test_more_heads_never_mean_fewer_taken(u: float, n: float, p: float, more: int) -> None:
    fewer_taken, more_taken = binomial_quantile(u, float(n), p), binomial_quantile(u, float(n + more), p)
    assert fewer_taken <= more_taken <= fewer_taken + more


@given(u=OPEN_UNIT, v=OPEN_UNIT, n=HEADS, p=st.floats(0, 1))
@settings(max_examples=300, deadline=None)
def test_a_higher_share_never_means_fewer_heads(u: float, v: float, n: float, p: float) -> None:
    assert binomial_quantile(min(u, v), float(n), p) <= binomial_quantile(max(u, v), float(n), p)


@given(u=OPEN_UNIT, mean=st.floats(0, 1e6), rise=st.floats(0, 100))
@settings(max_examples=300, deadline=None)
def test_a_higher_mean_never_brings_fewer_events(u: float, mean: float, rise: float) -> None:
    assert poisson_quantile(u, mean) <= poisson_quantile(u, mean + rise)


@pytest.mark.parametrize("p", [0.001, 0.2, 0.5, 0.8, 0.999])
def test_the_two_paths_meet_without_a_step(p: float) -> None:
    n = float(round(WALK_MEAN / min(p, 1 - p)))
    for u in shares(1_000):
        assert few_successes(u, n, p) == many_successes(u, n, p)


def test_the_two_poisson_paths_meet_without_a_step() -> None:
    for u in shares(1_000):
        assert few_events(u, WALK_MEAN) == many_events(u, WALK_MEAN)


@given(u=OPEN_UNIT, n=HEADS, p=st.floats(0, 1))
@settings(deadline=None)
def test_a_count_is_whole_and_within_the_heads(u: float, n: float, p: float) -> None:
    k = binomial_quantile(u, float(n), p)
    assert 0 <= k <= n
    assert k == int(k)


@pytest.mark.parametrize(
    ("u", "n", "p", "expected"),
    [
        (0.5, 0.0, 0.5, 0.0),
        (0.5, -3.0, 0.5, 0.0),
        (0.5, 0.9, 0.5, 0.0),
        (0.5, 10.0, 0.0, 0.0),
        (0.5, 10.0, -0.1, 0.0),
        (0.5, 10.0, 1.0, 10.0),
        (0.5, 10.9, 1.1, 10.0),
        (0.0, 10.0, 0.5, 0.0),
        (1.0, 10.0, 0.5, 10.0),
        (0.5, 1.0, 0.5, 0.0),
        (0.25, 1.0, 0.75, 0.0),
        (0.5, 1e6, 1e-300, 0.0),
        (0.5, 1e6, 1 - 2.0**-53, 1e6),
        (1 - 2.0**-53, 1e6, 1 - 2.0**-53, 1e6),
    ],
)
def test_binomial_corner_cases_are_settled(u: float, n: float, p: float, expected: float) -> None:
    assert binomial_quantile(u, n, p) == expected
    assert cast(Any, binomial_quantile).py_func(u, n, p) == expected


def test_poisson_corner_cases_are_settled() -> None:
    assert poisson_quantile(0.5, 0.0) == poisson_quantile(0.5, -1.0) == poisson_quantile(0.0, 5.0) == 0.0
    assert poisson_quantile(1.0, 5.0) == math.inf


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_what_is_no_number_stays_none(bad: float) -> None:
    assert math.isnan(binomial_quantile(bad, 10.0, 0.5))
    assert math.isnan(binomial_quantile(0.5, bad, 0.5))
    assert math.isnan(binomial_quantile(0.5, 10.0, bad))
    assert math.isnan(poisson_quantile(0.5, bad))


def test_whole_number_types_give_the_same_counts() -> None:
    assert binomial_quantile(0.3, 500, 0.4) == binomial_quantile(0.3, 500.0, 0.4)


@pytest.mark.parametrize(("n", "p"), [(1, 0.3), (40, 0.5), (1000, 0.03), (10**8, 0.25)])
def test_binomial_mass_matches_scipy(n: float, p: float) -> None:
    for k in {0, 1, n // 3, int(n * p), n - 1, n}:
        expected = stats.binom.pmf(k, n, p)
        if expected > 1e-290:
            assert binomial_mass(float(k), float(n), p) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("mean", [0.5, 20.0, 3000.0])
def test_poisson_mass_matches_scipy(mean: float) -> None:
    for k in (0, 1, 15, 16, 17, 3000):
        expected = stats.poisson.pmf(k, mean)
        if expected > 1e-290:
            assert poisson_mass(float(k), mean) == pytest.approx(expected, rel=1e-10)


def test_the_stirling_series_joins_the_direct_formula() -> None:
    for x in (16.0, 20.0, 50.0):
        direct = math.lgamma(x + 1) - (x + 0.5) * math.log(x) + x - 0.5 * math.log(2 * math.pi)
        assert stirling_error(x) == pytest.approx(direct, abs=1e-13)


def test_normal_quantile_matches_scipy_far_into_the_tails() -> None:
    u = np.concatenate([shares(5_000), np.geomspace(1e-300, 1e-16, 100)])
    ours = np.array([normal_quantile(x) for x in u])
    np.testing.assert_allclose(ours, special.ndtri(u), rtol=2e-14, atol=1e-16)


def test_normal_quantile_is_infinite_at_the_ends_and_no_number_beyond() -> None:
    assert normal_quantile(0.0) == -math.inf
    assert normal_quantile(1.0) == math.inf
    assert normal_quantile(0.5) == 0.0
    assert math.isnan(normal_quantile(-0.1))
    assert math.isnan(normal_quantile(1.1))
    assert math.isnan(normal_quantile(math.nan))
