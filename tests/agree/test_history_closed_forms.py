"""Forecasts of histories against closed forms: autocovariances, conditioning, slopes, cohort survival, coverage."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime

from simvet.histories import fitting, trends
from simvet.histories.bands import Experience, widened
from simvet.histories.components import (
    LEAVING_PRIORS,
    REGION_PRIORS,
    SHARED_PRIORS,
    Cells,
    momentum_kernel,
    noise_variance,
    region_covariance,
    shared_covariance,
)
from simvet.histories.fitting import Fitted
from simvet.histories.outlook import Series, outlook
from simvet.histories.plain import plain_forecasts
from simvet.histories.posterior import foresee
from simvet.histories.record import ENROLMENT, GRADUATES, Births, Column, Record, frozen
from simvet.histories.table import history_of
from simvet.histories.trends import damped_path, drawn_paths, lasting_path

LAW = settings(max_examples=60, deadline=None, derandomize=True, database=None)
STAGE = Series("enrolment", "primary")


def cells_of(series, years, leaving=None):
    one, year = (axis.ravel() for axis in np.meshgrid(np.arange(series), years, indexing="ij"))
    return Cells(one, year, one == leaving if leaving is not None else np.zeros(one.size, dtype=bool))


def means_of(priors):
    return {name: prior.mean for name, prior in priors.items()}


@LAW
@given(st.floats(0.1, 0.98), st.floats(0.02, 0.95))
def test_momentum_is_the_autocorrelation_that_the_yule_walker_equations_give(slow, part) -> None:
    fast = slow * part
    first, second = slow + fast, -slow * fast
    # g0 = a g1 + b g2 + 1, g1 = a g0 + b g1, g2 = a g1 + b g0: Hamilton (1994), equations 3.4.36 to 3.4.38.
    equations = np.array([[1.0, -first, -second], [-first, 1.0 - second, 0.0], [-second, -first, 1.0]])
    expected = list(np.linalg.solve(equations, [1.0, 0.0, 0.0]))
    for _ in range(12):
        expected.append(first * expected[-1] + second * expected[-2])
    found = momentum_kernel(np.arange(15.0), slow, fast)
    assert np.allclose(found, np.array(expected) / expected[0], rtol=1e-6, atol=1e-9)


def test_momentum_is_what_a_long_simulation_shows() -> None:
    slow, fast = 0.9, 0.45
    shocks = np.random.default_rng(3).standard_normal(300_000)
    x = np.zeros(len(shocks))
    for t in range(2, len(x)):
        x[t] = (slow + fast) * x[t - 1] - slow * fast * x[t - 2] + shocks[t]
    seen = [np.mean(x[: len(x) - lag] * x[lag:]) / np.mean(x**2) for lag in range(6)]
    assert np.allclose(momentum_kernel(np.arange(6.0), slow, fast), seen, atol=0.01)


def textbook(covariance_of, known, wanted, values):
    """Return mean and covariance of some cells given others, each pair of cells looked at by itself."""
    across = np.array([[covariance_of(w, k) for k in known] for w in wanted])
    among = np.array([[covariance_of(one, other) for other in known] for one in known])
    ahead = np.array([[covariance_of(one, other) for other in wanted] for one in wanted])
    weights = np.linalg.solve(among, across.T).T
    return weights @ values, ahead - weights @ across.T


def shared_by_pair(at):
    """Return the shared covariance written out anew for one pair of (series, year)."""
    slow = 1 / (1 + np.exp(-at["fading"]))
    fast = 0.999 * slow / (1 + np.exp(-at["momentum"]))
    persistence = 1 / (1 + np.exp(-at["year_persistence"]))

    def covariance(one, other):
        apart = abs(one[1] - other[1])
        size = np.exp(at["level"]) + (np.exp(at["entry"]) if one[0] == 0 else 0.0)
        weight = (slow ** (apart + 1) / (1 - slow**2) - fast ** (apart + 1) / (1 - fast**2)) / (
            slow / (1 - slow**2) - fast / (1 - fast**2)
        )
        found = np.exp(at["year"]) * persistence**apart + (size * weight if one[0] == other[0] else 0.0)
        return found + (np.exp(at["noise"]) if one == other else 0.0)

    return covariance


def test_forecasts_of_rates_are_textbook_conditioning_on_the_cells_that_are_known() -> None:
    at = means_of(SHARED_PRIORS)
    cells, wanted = cells_of(2, range(2000, 2004)), cells_of(2, range(2004, 2007))
    random = np.random.default_rng(1)
    values = 0.05 * random.standard_normal((3, 8))
    values[0, 2], values[1, [0, 5, 7]] = np.nan, np.nan
    scales = np.array([1.0, 2.0, 0.5])
    found = foresee(Fitted(shared_covariance, at, cells, values, scales, {}), wanted)
    for region in range(3):
        known = np.isfinite(values[region])
        pairs = [list(zip(c.series.tolist(), c.year.tolist(), strict=True)) for c in (cells.take(known), wanted)]
        mean, covariance = textbook(shared_by_pair(at), *pairs, values[region, known])
        assert np.allclose(found.mean[region], mean, rtol=1e-9, atol=1e-12)
        spread = found.roots[region] @ found.roots[region].T / scales[region] ** 2
        assert np.allclose(spread, covariance, rtol=1e-5, atol=1e-9)


def test_without_anything_known_a_forecast_is_the_prior() -> None:
    at, cells, wanted = means_of(SHARED_PRIORS), cells_of(1, range(4)), cells_of(1, [4])
    found = foresee(Fitted(shared_covariance, at, cells, np.full((1, 4), np.nan), np.ones(1), {}), wanted)
    assert found.mean.tolist() == [[0.0]]
    expected = sum(np.exp(at[name]) for name in ("level", "entry", "year", "noise"))
    assert found.variance()[0, 0] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("covariance", "priors"),
    [(shared_covariance, SHARED_PRIORS), (region_covariance, REGION_PRIORS | LEAVING_PRIORS)],
    ids=["shared", "region"],
)
def test_the_slope_that_the_fit_follows_is_that_of_its_loss(covariance, priors) -> None:
    cells = cells_of(3, range(6), leaving=2 if "leaving_level" in priors else None)
    random = np.random.default_rng(4)
    values = 0.03 * random.standard_normal((4, 18))
    values[1, :6], values[2, 7] = np.nan, np.nan
    loss = fitting.loss_of(covariance, priors, cells, values)
    for _ in range(3):
        x = np.array([prior.mean + 0.3 * random.standard_normal() for prior in priors.values()])
        total, slope = loss(x)
        assert np.isfinite(total)
        numeric = approx_fprime(x, lambda at: loss(at)[0], 1e-6)
        assert np.allclose(slope, numeric, rtol=1e-3, atol=2e-3)


def test_the_loss_is_the_penalised_density_of_a_normal_distribution() -> None:
    cells, values = cells_of(2, range(3)), 0.05 * np.random.default_rng(5).standard_normal((1, 6))
    names = list(SHARED_PRIORS)
    x = np.array([SHARED_PRIORS[name].mean + 0.1 * k for k, name in enumerate(names)])
    at = dict(zip(names, x, strict=True))
    pairs = [(s, y) for s, y in zip(cells.series.tolist(), cells.year.tolist(), strict=True)]
    full = np.array([[shared_by_pair(at)(one, other) for other in pairs] for one in pairs])
    fit = 0.5 * float(values[0] @ np.linalg.solve(full, values[0])) + 0.5 * float(np.linalg.slogdet(full)[1])
    penalty = 0.5 * sum(((at[name] - prior.mean) / prior.spread) ** 2 for name, prior in SHARED_PRIORS.items())
    assert fitting.loss_of(shared_covariance, SHARED_PRIORS, cells, values)(x)[0] == pytest.approx(fit + penalty)


@LAW
@given(st.integers(1, 4), st.integers(1, 6), st.lists(st.floats(-1.0, 1.0), min_size=12, max_size=12))
def test_covariances_are_symmetric_and_have_a_root_whatever_the_parameters(series, years, moves) -> None:
    for covariance, priors in ((shared_covariance, SHARED_PRIORS), (region_covariance, REGION_PRIORS | LEAVING_PRIORS)):
        cells = cells_of(series, range(years), leaving=series - 1 if series > 1 else None)
        items = zip(priors.items(), moves, strict=False)
        at = means_of(priors) | {name: prior.mean + 2 * prior.spread * move for (name, prior), move in items}
        full = covariance(fitting.Pairs.of(cells, cells), at) + np.diag(noise_variance(cells, at))
        assert np.array_equal(full, full.T)
        assert np.linalg.eigvalsh(full)[0] > 0.0


def steady(regions, grades=5, years=9, rates=(1.02, 0.99, 0.97, 0.98, 0.99)):
    """Every cohort loses the same share at every step, for ever: pure cohort survival."""
    random = np.random.default_rng(9)
    births = np.geomspace(1e6, 5e6, regions)[:, None] * np.exp(0.05 * random.standard_normal((regions, years + 8)))
    enrolment = np.empty((regions, grades, years))
    enrolment[:, :, 0] = births[:, :1] * np.cumprod(rates[:grades])
    for year in range(years):
        enrolment[:, 0, year] = births[:, year] * rates[0]
        if year:
            enrolment[:, 1:, year] = enrolment[:, :-1, year - 1] * np.array(rates[1:grades])
    counts = np.full((3, *enrolment.shape), np.nan)
    counts[ENROLMENT], counts[GRADUATES, :, -1] = enrolment, enrolment[:, -1] * 0.9
    names, ages = tuple(f"r{k}" for k in range(regions)), tuple(range(2000, 2000 + births.shape[1]))
    born = np.broadcast_to(np.array(ages) - 6, births.shape).astype(np.int64).copy()
    labels = np.full(enrolment.shape, "written", dtype=object)
    columns = tuple(Column("primary", k + 1) for k in range(grades))
    table = Births(names, ages, frozen(born), frozen(births))
    return history_of(Record("h", names, tuple(range(2000, 2000 + years)), columns, frozen(counts), labels, table))


@pytest.mark.parametrize("regions", [1, 2, 5])
def test_rates_that_never_change_are_foretold_as_pure_cohort_survival(regions) -> None:
    # The prior lets losses fade by some 8 % a year, also where they have not: 1 % of a count after a year of losses
    # of 10 % (graduation), twice that after two.
    past = steady(regions)
    view, exact = outlook(past, 2, 20), plain_forecasts(past, 2)["cohort_survival_1y"]
    off = np.abs(view.middle / exact - 1.0)
    assert off[..., 0].max() < 0.01
    assert off[..., 1].max() < 0.02
    progression = [k for k, one in enumerate(view.series) if one.measure == "enrolment"]
    assert off[:, progression, 0].max() < 0.003


def test_a_path_without_any_change_goes_straight_on_and_its_band_widens() -> None:
    for path in (damped_path(np.full(6, 2.5), 5), lasting_path(np.full(6, 2.5), 0.0, 5)):
        assert np.allclose(path.mean, 2.5)
        spread = np.sqrt((path.root**2).sum(axis=1))
        assert (np.diff(spread) > 0).all()


def test_a_damped_trend_is_the_best_linear_forecast_of_slope_shock_and_misreading() -> None:
    values, leads = np.array([0.0, 0.1, 0.05, 0.3, 0.32, 0.5]), 3
    past, years = len(values) - 1, len(values) - 1 + leads
    # A change is the slope of its year, one that lasts, a shock, and what is misread this year less that of last year.
    apart = np.abs(np.subtract.outer(np.arange(years), np.arange(years)))
    slopes = np.linalg.cholesky(trends.SLOPE * trends.SLOPE_PERSISTENCE**apart)
    lasting = np.full((years, 1), np.sqrt(trends.LASTING))
    misread = np.sqrt(trends.MISREAD) * (np.eye(years, years + 1, 1) - np.eye(years, years + 1))
    causes = np.hstack([slopes, lasting, np.eye(years), misread])
    full = causes @ causes.T
    known, changes = full[:past, :past], np.diff(values)
    ahead = full[past:, :past] @ np.linalg.solve(known, changes)
    left = full[past:, past:] - full[past:, :past] @ np.linalg.solve(known, full[:past, past:])
    shocks = float(changes @ np.linalg.solve(known, changes))
    size = (trends.GUESS_WEIGHT * trends.GUESS**2 + shocks) / (trends.GUESS_WEIGHT + past)
    found, add_up = damped_path(values, leads), np.tril(np.ones((leads, leads)))
    assert np.allclose(found.mean, values[-1] + np.cumsum(ahead))
    assert np.allclose(found.root @ found.root.T, size * add_up @ left @ add_up.T)


def test_a_trend_of_a_plan_goes_on_as_it_is_told() -> None:
    assert np.allclose(lasting_path(np.array([1.0, 1.2]), 0.1, 3).mean, [1.3, 1.4, 1.5])


def test_draws_of_a_path_have_the_covariance_of_its_root() -> None:
    path = damped_path(np.linspace(0.0, 0.4, 200), 3)
    random = np.random.default_rng(2)
    drawn = drawn_paths(path, random.standard_normal((40_000, 3)), random.standard_normal(40_000))
    assert np.allclose(drawn.mean(axis=0), path.mean, atol=4e-3)
    assert np.allclose(np.cov(drawn.T), path.root @ path.root.T, rtol=0.05)


def experienced(spread, origins=60, regions=20, lead=1):
    """Return an experience of errors that are ``spread`` times as wide as was thought, and as many errors more."""
    random = np.random.default_rng(11)
    errors = spread * random.standard_normal((origins + 60, regions))
    known = Experience("grades")
    small = np.arange(regions) < regions // 2
    for origin in range(origins):
        known.add(STAGE, lead, 2000 + origin, errors[origin], small)
    return known, errors[origins:]


@pytest.mark.parametrize("spread", [0.4, 1.0, 2.5])
def test_bands_come_to_hold_four_fifths_of_what_comes(spread) -> None:
    known, new = experienced(spread)
    for small in (False, True):
        scale = known.scale(STAGE, 1, 2060, small)
        assert scale == pytest.approx(spread, rel=0.1)
        assert np.mean(np.abs(new) <= 1.2815515655446004 * scale) == pytest.approx(0.81, abs=0.03)


def test_small_regions_get_wider_bands_where_they_were_less_well_foretold() -> None:
    known, random = Experience("grades"), np.random.default_rng(6)
    small = np.arange(20) < 10
    for origin in range(40):
        known.add(STAGE, 1, origin, np.where(small, 3.0, 1.0) * random.standard_normal(20), small)
    assert known.scale(STAGE, 1, 99, small=True) > 1.3 * known.scale(STAGE, 1, 99, small=False)


def test_errors_that_are_seen_later_do_not_count() -> None:
    known, _ = experienced(1.0, origins=5)
    before = known.scale(STAGE, 1, 2004, small=False)
    for later in range(2005, 2020):
        known.add(STAGE, 1, later, np.full(20, 6.0), np.zeros(20, dtype=bool))
    assert known.scale(STAGE, 1, 2004, small=False) == before
    assert known.scale(STAGE, 1, 2019, small=False) > 1.5 * before


def test_a_series_learns_nothing_from_another_stage_but_grades_learn_from_each_other() -> None:
    known, _ = experienced(4.0)
    fresh = Experience("grades")
    other = Series("enrolment", "high")
    assert known.scale(other, 1, 2060, small=False) == fresh.scale(other, 1, 2060, small=False)
    first, second = Series("enrolment", "primary", 1), Series("enrolment", "high", 9)
    known.add(first, 1, 2000, np.full(20, 5.0), np.zeros(20, dtype=bool))
    assert known.scale(second, 1, 2060, small=False) > fresh.scale(second, 1, 2060, small=False)


@LAW
@given(
    st.lists(
        st.lists(st.sampled_from([0.0, 1e-300, 1e300, np.nan, np.inf, -np.inf, -2.0, 0.7]), min_size=3, max_size=3),
        max_size=8,
    ),
    st.booleans(), st.integers(1, 10), st.sampled_from(["grades", "stages"]),
)  # fmt: skip
def test_no_experience_makes_a_band_of_no_width_or_without_end(errors, small, lead, kind) -> None:
    known = Experience(kind)
    for origin, some in enumerate(errors):
        known.add(STAGE, 1 + origin % 3, origin, np.array(some), np.array([True, False, True]))
    assert 0.05 < known.scale(STAGE, lead, 10, small) < 6.0


def test_widening_scales_the_distance_of_every_draw_on_the_log_scale() -> None:
    drawn = np.exp(np.random.default_rng(8).standard_normal((101, 4)))
    middle = np.full(4, 50.0)
    away = np.log(drawn) - np.median(np.log(drawn), axis=0)
    for scale in (0.5, 1.0, 3.0):
        found = np.log(widened(drawn, middle, np.full(4, scale)) / 50.0)
        assert np.allclose(found, scale * away)
        assert np.allclose(np.median(found, axis=0), 0.0, atol=1e-12)
