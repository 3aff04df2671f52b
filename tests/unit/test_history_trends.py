"""Trends that go on, and histories by stage: cohorts pass through, odd tables give a forecast or an honest unknown."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simvet.histories import stages
from simvet.histories.outlook import Outlook, outlook
from simvet.histories.record import Column, Record, frozen
from simvet.histories.rolling import hindcast
from simvet.histories.stages import fit_stages
from simvet.histories.table import History, history_of
from simvet.histories.trends import damped_path, drawn_paths, last_run, lasting_path, slope_of

NAN = np.nan
LAW = settings(max_examples=60, deadline=None, derandomize=True, database=None)
LEADS = 8
NAMES = ("junior_secondary", "senior_general", "secondary_vocational", "higher_vocational_short_cycle")
JUNIOR, GENERAL, VOCATIONAL, SHORT = range(4)
ENROLMENT, ENTRANTS, GRADUATES = range(3)


def history(counts, names=NAMES) -> History:
    """Return a history from (3, region, stage, year): enrolment, entrants, graduates."""
    regions, years = tuple(f"r{k}" for k in range(counts.shape[1])), tuple(range(2000, 2000 + counts.shape[3]))
    labels = np.full(counts.shape[1:], "", dtype=object)
    columns = tuple(Column(name, None) for name in names)
    return history_of(Record("h", regions, years, columns, frozen(counts.copy()), frozen(labels), None))


def counts_of(names=NAMES, regions=2, years=9, noise=0.02):
    """Stages with entrants that wander, graduates near them, and what is left of both."""
    random = np.random.default_rng(7)
    parts = np.array([1.0, 0.55, 0.35, 0.4, 0.3])[: len(names), None]
    entrants = np.geomspace(1_000, 40_000, regions)[:, None, None] * parts
    entrants = entrants * np.exp(np.cumsum(noise * random.standard_normal((regions, len(names), years)), axis=2))
    graduates = entrants * 0.97
    enrolment = np.empty(entrants.shape)
    enrolment[:, :, 0] = 2.9 * entrants[:, :, 0]
    for year in range(1, years):
        enrolment[:, :, year] = 0.99 * enrolment[:, :, year - 1] + entrants[:, :, year] - graduates[:, :, year]
    return np.stack([enrolment, entrants, graduates])


def foretold(counts, names=NAMES) -> Outlook:
    """Foretell; whatever numpy could warn of is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        return outlook(history(counts, names), LEADS, 60)


def part(view: Outlook, measure: int, stage: int):
    """Return the (region, lead) most likely counts of one measure and stage."""
    return view.middle[:, measure * (view.middle.shape[1] // 3) + stage]


def test_the_last_run_of_a_series_begins_after_its_last_gap() -> None:
    assert last_run(np.array([1.0, NAN, 2.0, 3.0])).tolist() == [2.0, 3.0]
    assert last_run(np.array([1.0, NAN, 2.0, 3.0, NAN])).tolist() == [2.0, 3.0]
    assert last_run(np.array([1.0, 2.0])).tolist() == [1.0, 2.0]
    assert last_run(np.array([NAN, NAN])).size == 0
    assert last_run(np.array([])).size == 0


def test_a_slope_is_the_mean_of_yearly_changes_later_years_weighing_more() -> None:
    assert slope_of(np.array([1.0, 2.0, 4.0]), 0.5) == pytest.approx((0.5 * 1 + 1.0 * 2) / 1.5)
    assert slope_of(np.array([1.0, 2.0, 4.0]), 1.0) == pytest.approx(1.5)
    assert slope_of(np.array([5.0])) == slope_of(np.array([])) == 0.0


@LAW
@given(st.lists(st.floats(-2.0, 2.0), min_size=2, max_size=12))
def test_a_damped_trend_moves_on_less_than_the_largest_step_of_the_past(changes) -> None:
    series = np.concatenate([[0.0], np.cumsum(changes)])
    steps = np.diff(damped_path(series, 6).mean, prepend=series[-1])
    assert (np.abs(steps) <= max(map(abs, changes)) + 1e-9).all()


@LAW
@given(st.lists(st.floats(-2.0, 2.0), min_size=1, max_size=12), st.floats(-3.0, 3.0))
def test_paths_do_not_care_about_the_level_of_a_series(values, level) -> None:
    series = np.array(values)
    for one, other in (
        (damped_path(series, 4), damped_path(series + level, 4)),
        (lasting_path(series, 0.1, 4), lasting_path(series + level, 0.1, 4)),
    ):
        assert np.allclose(one.mean + level, other.mean, atol=1e-9)
        assert np.allclose(one.root, other.root, atol=1e-9)


def test_a_steady_trend_goes_on_in_its_direction() -> None:
    mean = damped_path(np.arange(8.0) * 0.1, 3).mean
    # Part of a trend is taken for chance, so about half of it goes on.
    assert (np.diff(mean, prepend=0.7) > 0.04).all()
    assert (np.diff(mean, prepend=0.7) < 0.1).all()


def test_wilder_pasts_make_wider_bands_and_longer_ones_surer_sizes() -> None:
    swings = np.array([0.0, 1.0, -1.0, 1.0, 0.0, 1.0])
    calm, wild = damped_path(0.01 * swings, 3), damped_path(0.1 * swings, 3)
    assert (np.diag(wild.root) > 3.0 * np.diag(calm.root)).all()
    assert wild.freedom == damped_path(swings[:3], 3).freedom + 3.0


def test_sizes_of_shocks_are_drawn_but_never_without_end() -> None:
    path = damped_path(np.array([0.0]), 1)
    far = drawn_paths(path, np.ones((3, 1)), np.array([-50.0, 0.0, 50.0]))[:, 0] - path.mean[0]
    assert far[0] > far[1] > far[2] > 0.0
    assert far[0] < 15.0 * path.root[0, 0]


def test_stages_in_balance_stay_as_they_are() -> None:
    counts = np.empty((3, 1, 2, 9))
    counts[ENROLMENT], counts[ENTRANTS], counts[GRADUATES] = 300.0, 100.0, 100.0
    view = foretold(counts, NAMES[:2])
    assert np.allclose(part(view, ENROLMENT, JUNIOR), 300.0, rtol=1e-3)
    assert np.allclose(part(view, GRADUATES, GENERAL), 100.0, rtol=1e-3)


def test_a_wave_of_entrants_leaves_after_the_length_of_the_programme_and_moves_on() -> None:
    counts = np.empty((3, 1, 2, 9))
    counts[ENROLMENT], counts[ENTRANTS], counts[GRADUATES] = 300.0, 100.0, 100.0
    counts[ENTRANTS, 0, JUNIOR, 7:], counts[ENROLMENT, 0, JUNIOR, 7:] = 150.0, [350.0, 400.0]
    view = foretold(counts, NAMES[:2])
    # They entered in 2007 and 2008, three-year schools: 2010 and 2011, the second and third year ahead.
    assert np.allclose(part(view, GRADUATES, JUNIOR)[0, :3], [100.0, 150.0, 150.0], rtol=0.02)
    assert np.allclose(part(view, ENTRANTS, GENERAL)[0, :3], [100.0, 150.0, 150.0], rtol=0.05)


def test_yearly_losses_of_a_stage_fade() -> None:
    counts = np.empty((3, 1, 1, 9))
    counts[ENTRANTS], counts[GRADUATES] = 30.0, 40.0
    counts[ENROLMENT, 0, 0, 0] = 900.0
    for year in range(1, 9):
        counts[ENROLMENT, 0, 0, year] = 0.95 * counts[ENROLMENT, 0, 0, year - 1] + 30.0 - 40.0
    way = fit_stages(history(counts, NAMES[:1]), 4).ways[0, 0]
    assert np.allclose(way.retention.mean, np.log(0.95) * stages.FADING ** np.arange(1, 5))


def test_the_trend_of_an_option_is_drawn_halfway_to_that_of_its_gate() -> None:
    counts = np.full((3, 1, 3, 9), 300.0)
    counts[ENTRANTS], counts[GRADUATES] = 100.0, 100.0
    counts[ENTRANTS, 0, GENERAL] = 100.0 * 1.1 ** np.arange(9)
    ways = fit_stages(history(counts, NAMES[:3]), 4).ways
    own = np.log(1.1)
    common = slope_of(np.log(counts[ENTRANTS, 0, GENERAL] + 100.0))
    assert 0.0 < common < own
    rise, still = (np.diff(ways[0, stage].intake.mean) for stage in (GENERAL, VOCATIONAL))
    assert np.allclose(rise, (own + common) / 2)
    assert np.allclose(still, common / 2)


def test_where_few_leavers_go_on_seats_decide_not_the_leavers() -> None:
    counts = np.empty((3, 1, 2, 9))
    counts[ENROLMENT], counts[ENTRANTS], counts[GRADUATES] = 300.0, 100.0, 100.0
    counts[:, 0, GENERAL] *= 0.5
    counts[ENTRANTS, 0, JUNIOR, 7:], counts[ENROLMENT, 0, JUNIOR, 7:] = 150.0, [350.0, 400.0]
    view = foretold(counts, NAMES[:2])
    assert np.allclose(part(view, ENTRANTS, GENERAL)[0, :3], 50.0, rtol=0.03)


def test_what_is_foretold_adds_up_year_by_year() -> None:
    counts = counts_of()
    view = foretold(counts)
    fit = fit_stages(history(counts), LEADS)
    for (region, stage), way in fit.ways.items():
        stock, entrants, graduates = (part(view, measure, stage)[region] for measure in range(3))
        before = np.concatenate([counts[ENROLMENT, region, stage, -1:], stock[:-1]])
        assert np.allclose(stock, before * np.exp(way.retention.mean) + entrants - graduates)


@pytest.mark.parametrize(("measure", "unknown"), [(ENTRANTS, True), (GRADUATES, False)])
def test_a_stage_without_entrants_follows_its_trend_and_one_without_graduates_its_entrants(measure, unknown) -> None:
    counts, whole = counts_of(), foretold(counts_of())
    counts[measure, :, SHORT] = NAN
    view = foretold(counts)
    for one in (ENTRANTS, GRADUATES):
        assert np.isnan(part(view, one, SHORT)).all() == unknown
    assert np.allclose(part(view, ENROLMENT, SHORT), part(whole, ENROLMENT, SHORT), rtol=0.2)
    others = [k for k, one in enumerate(view.series) if one.stage != NAMES[SHORT]]
    assert view.middle[:, others].tobytes() == whole.middle[:, others].tobytes()
    if not unknown:
        assert np.allclose(view.middle, whole.middle, rtol=0.2)


def test_a_region_that_lacks_a_stage_is_foretold_in_the_others() -> None:
    for lacking in (JUNIOR, GENERAL, SHORT):
        for nothing in (NAN, 0.0):
            counts, whole = counts_of(), foretold(counts_of())
            counts[:, 0, lacking] = nothing
            view = foretold(counts)
            assert view.middle[1].tobytes() == whole.middle[1].tobytes()
            kept = [k for k, one in enumerate(view.series) if one.stage != NAMES[lacking]]
            gone = [k for k, one in enumerate(view.series) if one.stage == NAMES[lacking]]
            assert np.isfinite(view.middle[0, kept]).all()
            assert np.isnan(view.middle[0, gone]).all()


@pytest.mark.parametrize("nothing", [NAN, 0.0])
@pytest.mark.parametrize("years", [slice(4, 5), slice(0, 3), slice(3, None), slice(8, 9), slice(None), slice(0, 8)])
@pytest.mark.parametrize("measure", [ENROLMENT, ENTRANTS, GRADUATES])
def test_holes_in_a_stage_give_a_forecast_or_an_unknown_never_a_zero(measure, years, nothing) -> None:
    counts, whole = counts_of(), foretold(counts_of())
    counts[measure, 0, GENERAL, years] = nothing
    view = foretold(counts)
    assert view.middle[1].tobytes() == whole.middle[1].tobytes()
    change = view.middle[0] / whole.middle[0]
    known = np.isfinite(change)
    assert known[[k for k, one in enumerate(view.series) if one.stage == NAMES[JUNIOR]]].all()
    assert (change[known] > 0.5).all()
    assert (change[known] < 2.0).all()
    assert np.isfinite(view.drawn[:, 0][:, known]).all()


@pytest.mark.parametrize("measure", [ENROLMENT, ENTRANTS, GRADUATES])
def test_a_hole_of_zeros_is_as_good_as_one_of_blanks(measure) -> None:
    blank, zero = counts_of(), counts_of()
    blank[measure, 0, GENERAL, 5], zero[measure, 0, GENERAL, 5] = NAN, 0.0
    assert foretold(blank).middle.tobytes() == foretold(zero).middle.tobytes()


@pytest.mark.parametrize("measure", [ENROLMENT, ENTRANTS, GRADUATES])
def test_one_absurd_count_in_the_last_year_makes_nothing_without_bounds(measure) -> None:
    counts = counts_of()
    counts[measure, 0, GENERAL, -1] = 1.0
    view = foretold(counts)
    largest = np.concatenate(list(counts), axis=1)[0].max(axis=1)
    least = np.concatenate(list(counts), axis=1)[0].min(axis=1)
    assert (view.drawn[:, 0] <= largest[:, None] * stages.SEEN * 1.000001).all()
    assert (view.drawn[:, 0] >= least[:, None] / stages.SEEN * 0.999999).all()


@LAW
@given(st.integers(0, 10_000), st.integers(0, 1))
def test_counts_of_a_few_persons_stay_counts_of_a_few_dozen(seed, least) -> None:
    counts = np.random.default_rng(seed).integers(least, 6, (3, 1, 4, 8)).astype(float)
    view = foretold(counts)
    known = np.isfinite(view.middle)
    assert (view.middle[known] <= 50.0).all()
    assert (view.middle[known] >= 0.1).all()
    assert (view.drawn[:, known] > 0).all()


@pytest.mark.parametrize(
    "names",
    [("higher_vocational_short_cycle",), ("bachelor", "secondary_vocational"), ("primary", "junior_secondary"),
     ("primary",), ("junior_secondary", "senior_general", "secondary_vocational", "vocational_bachelor")],
    ids="+".join,
)  # fmt: skip
@pytest.mark.parametrize("years", [5, 7])
def test_any_choice_of_stages_is_foretold_also_without_those_that_feed_them(names, years) -> None:
    counts = counts_of(names, years=years)
    view = foretold(counts, names)
    assert np.isfinite(view.middle).all()
    # Six years of school with the pupils of three lose their way for a while; no count goes astray.
    seen = np.concatenate(list(counts), axis=1)[:, :, -1:]
    if "primary" not in names:
        assert np.allclose(view.middle / seen, 1.0, atol=0.6)
    found = hindcast(history(counts, names), 2, 8)
    assert found.origins == tuple(range(2003, 2000 + years - 1))
    assert np.isfinite(found.bands[:, np.isfinite(found.came)]).all()


def test_a_stage_that_begins_later_is_foretold_from_the_years_that_it_has() -> None:
    counts, whole = counts_of(), foretold(counts_of())
    counts[:, :, VOCATIONAL, :4] = NAN
    assert np.allclose(foretold(counts).middle, whole.middle, rtol=0.2)


def test_a_stage_that_has_ended_is_unknown() -> None:
    for nothing in (NAN, 0.0):
        counts = counts_of()
        counts[:, :, SHORT, 6:] = nothing
        view = foretold(counts)
        assert np.isnan(part(view, ENROLMENT, SHORT)).all()
        assert np.isfinite(part(view, ENROLMENT, GENERAL)).all()


def test_a_break_in_one_region_leaves_the_other_as_it_was_and_is_gone_on_from() -> None:
    counts, whole = counts_of(), foretold(counts_of())
    counts[:, 0, :, 5:] *= 0.5
    view = foretold(counts)
    assert view.middle[1].tobytes() == whole.middle[1].tobytes()
    level = view.middle[0, :, 0] / whole.middle[0, :, 0]
    assert np.allclose(level, 0.5, atol=0.1)
