"""Hindcasts know nothing of later years, draws depend on their key alone, and units of counting do not matter."""

import itertools
import multiprocessing
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simvet.errors import InputError
from simvet.histories.bands import Experience
from simvet.histories.outlook import Outlook, outlook
from simvet.histories.record import ENROLMENT, GRADUATES, Births, Column, Record, frozen
from simvet.histories.rolling import Hindcast, _Memory, foresight, hindcast
from simvet.histories.table import history_of

FIRST = 2000
YEARS = 9
LEADS = 3
DRAWS = 8
STAGES = ("junior_secondary", "senior_general", "secondary_vocational", "higher_vocational_short_cycle")


def law(examples):
    return settings(max_examples=examples, deadline=None, derandomize=True, database=None)


def record_of(columns, counts, births=None, names=None):
    names = names or tuple(f"r{k}" for k in range(counts.shape[1]))
    labels = np.full(counts.shape[1:], None, dtype=object)
    labels[~np.isnan(counts).all(axis=0)] = "written"
    years = tuple(range(FIRST, FIRST + counts.shape[3]))
    return Record("h", names, years, tuple(columns), frozen(counts.copy()), frozen(labels), births)


def births_of(births, names=None):
    names = names or tuple(f"r{k}" for k in range(len(births)))
    years = tuple(range(FIRST, FIRST + births.shape[1]))
    born = np.broadcast_to(np.array(years) - 6, births.shape).astype(np.int64)
    return Births(names, years, frozen(born.copy()), frozen(births.copy()))


@lru_cache
def by_grade(regions=5, grades=4, years=YEARS):
    """Cohorts that pass through grades with noise, births behind them, graduates of the last grade."""
    random = np.random.default_rng(regions)
    births = np.geomspace(500, 20_000, regions)[:, None] * np.exp(0.05 * random.standard_normal((regions, years + 7)))
    rates = np.array([1.02, *np.linspace(0.99, 0.96, grades - 1)])
    enrolment = np.empty((regions, grades, years))
    enrolment[:, :, 0] = births[:, :1] * np.cumprod(rates)
    for year in range(years):
        enrolment[:, 0, year] = births[:, year] * rates[0]
        if year:
            enrolment[:, 1:, year] = enrolment[:, :-1, year - 1] * rates[1:]
        enrolment[:, :, year] *= np.exp(0.01 * random.standard_normal((regions, grades)))
    counts = np.full((3, *enrolment.shape), np.nan)
    counts[ENROLMENT] = np.round(enrolment)
    counts[GRADUATES, :, -1] = np.round(enrolment[:, -1] * 0.9)
    return record_of([Column("primary", k + 1) for k in range(grades)], counts, births_of(np.round(births)))


@lru_cache
def by_stage(regions=2, years=YEARS):
    """Four stages with entrants, graduates and what is left of them."""
    random = np.random.default_rng(7)
    entrants = np.geomspace(1_000, 40_000, regions)[:, None, None] * np.array([1.0, 0.55, 0.35, 0.4])[:, None]
    entrants = entrants * np.exp(np.cumsum(0.03 * random.standard_normal((regions, 4, years)), axis=2))
    graduates = entrants * 0.97
    enrolment = np.empty(entrants.shape)
    enrolment[:, :, 0] = 2.9 * entrants[:, :, 0]
    for year in range(1, years):
        enrolment[:, :, year] = 0.99 * enrolment[:, :, year - 1] + entrants[:, :, year] - graduates[:, :, year]
    counts = np.round(np.stack([enrolment, entrants, graduates]))
    return record_of([Column(stage, None) for stage in STAGES], counts)


@lru_cache
def cast(record):
    return hindcast(history_of(record), LEADS, DRAWS)


def with_counts(record, counts):
    return record_of(record.columns, counts, record.births, record.regions)


def after(record, year):
    """Return which counts were not known in autumn of a year."""
    later = np.broadcast_to(np.array(record.years) > year, record.counts.shape).copy()
    graded = [place for place, column in enumerate(record.columns) if column.grade is not None]
    later[GRADUATES, :, graded, year - FIRST] = True
    return later


def scaled(counts, later, random):
    return np.where(later, counts * random.choice([1e-3, 0.5, 3.0, 1e3]), counts)


def shaken(counts, later, random):
    return np.where(later, np.round(counts * np.exp(random.standard_normal(counts.shape))) + 1.0, counts)


def emptied(counts, later, random):
    return np.where(later & (random.random(counts.shape) < 0.5), np.nan, counts)


def zeroed(counts, later, random):
    return np.where(later & (random.random(counts.shape) < 0.5), 0.0, counts)


def removed(counts, later, random):
    return np.where(later, np.nan, counts)


def broken(counts, later, random):
    halved = counts.copy()
    halved[:, 0] = np.where(later[:, 0], counts[:, 0] * 0.5, counts[:, 0])
    return halved


def merged(counts, later, random):
    """The first region ends, the last one takes it over."""
    joined = counts.copy()
    joined[:, -1] = np.where(later[:, -1], counts[:, -1] + counts[:, 0], counts[:, -1])
    joined[:, 0] = np.where(later[:, 0], np.nan, counts[:, 0])
    return joined


def pausing(counts, later, random):
    """The last region misses a year, so that it is refused in the end."""
    gap = counts.copy()
    first = np.flatnonzero(later[ENROLMENT, 0, 0])[:1]
    gap[:, -1, :, first] = np.nan
    return gap


CHANGES = (scaled, shaken, emptied, zeroed, removed, broken, merged, pausing)


def longer(record, random):
    """Return the record with two years more."""
    more = record.counts[..., -2:] * np.exp(random.standard_normal((*record.counts.shape[:-1], 2)))
    return with_counts(record, np.concatenate([record.counts, more], axis=3))


def other_births(record, year, random):
    births = record.births
    if births is None:
        return record
    later = births.birth_years > year
    new = births.births * np.where(later, np.exp(random.standard_normal(births.births.shape)), 1.0)
    return replace(record, births=replace(births, births=frozen(new)))


def agree_up_to(one: Hindcast, other: Hindcast, year: int) -> int:
    """Assert that two hindcasts say the same from every origin up to a year; return how many cases there were."""
    cases = 0
    regions = [r for r in one.regions if r in other.regions]
    series = [s for s in one.series if s in other.series]
    at = [([h.regions.index(r) for r in regions], [h.series.index(s) for s in series]) for h in (one, other)]
    for origin in set(one.origins) & set(other.origins) & set(range(year + 1)):
        places = [h.origins.index(origin) for h in (one, other)]
        for method in one.foretold:
            first, second = (
                h.foretold[method][place][np.ix_(*ix)] for h, place, ix in zip((one, other), places, at, strict=True)
            )
            assert first.tobytes() == second.tobytes(), (method, origin)
            cases += int(np.isfinite(first).sum())
        first, second = (
            h.bands[:, place][:, *np.ix_(*ix)] for h, place, ix in zip((one, other), places, at, strict=True)
        )
        assert first.tobytes() == second.tobytes(), ("bands", origin)
    return cases


@law(10)
@given(st.sampled_from(CHANGES), st.integers(FIRST + 4, FIRST + 6), st.integers(0, 99), st.booleans())
def test_forecasts_by_grade_and_their_bands_are_the_same_whatever_comes_later(how, year, seed, more):
    record, random = by_grade(), np.random.default_rng(seed)
    changed = with_counts(record, how(record.counts, after(record, year), random))
    changed = other_births(longer(changed, random) if more and how is not removed else changed, year, random)
    assert agree_up_to(cast(record), hindcast(history_of(changed), LEADS, DRAWS), year)


@law(25)
@given(st.sampled_from(CHANGES), st.integers(FIRST + 4, FIRST + 6), st.integers(0, 99), st.booleans())
def test_forecasts_by_stage_and_their_bands_are_the_same_whatever_comes_later(how, year, seed, more):
    record, random = by_stage(), np.random.default_rng(seed)
    changed = with_counts(record, how(record.counts, after(record, year), random))
    changed = longer(changed, random) if more and how is not removed else changed
    assert agree_up_to(cast(record), hindcast(history_of(changed), LEADS, DRAWS), year)


def test_what_is_foretold_in_the_last_year_is_what_a_hindcast_from_that_year_says() -> None:
    for record in (by_grade(), by_stage()):
        year = FIRST + 6
        known = history_of(record.until(year))
        view, drawn = foresight(known, LEADS, DRAWS)
        found = cast(record)
        place = found.origins.index(year)
        columns = [found.series.index(one) for one in view.series]
        assert np.array_equal(view.middle, found.foretold["simvet"][place][:, columns], equal_nan=True)
        bands = np.quantile(drawn, (0.1, 0.5, 0.9), axis=0)
        assert np.array_equal(bands, found.bands[:, place][:, :, columns], equal_nan=True)


def test_graduates_of_the_year_of_an_origin_do_not_move_its_bands() -> None:
    record, year = by_grade(), FIRST + 6
    counts = record.counts.copy()
    counts[GRADUATES, :, -1, year - FIRST] *= 0.7
    assert agree_up_to(cast(record), hindcast(history_of(with_counts(record, counts)), LEADS, DRAWS), year)


def test_errors_are_learned_from_in_the_year_in_which_they_show_graduates_by_grade_one_year_late() -> None:
    for record, late in ((by_grade(), 1), (by_stage(), 0)):
        past = history_of(record)
        memory = _Memory(Experience(past.kind))
        for origin in (FIRST + 4, FIRST + 5, FIRST + 6):
            memory.learn(past.until(origin, 1))
            memory.keep(outlook(past.until(origin), LEADS, DRAWS))
        seen = {measure: set() for measure in ("enrolment", "graduates")}
        for ((measure, _), lead), errors in memory.experience.errors.items():
            if measure in seen:
                seen[measure] |= {(year, lead) for year, _, _ in errors}
        # From 2004 one year ahead and two, from 2005 one.
        assert seen["enrolment"] == {(2005, 1), (2006, 1), (2006, 2)}
        assert seen["graduates"] == ({(2006, 1)} if late else seen["enrolment"])


def test_a_region_refused_later_with_a_grade_of_its_own_is_no_reason_to_fail() -> None:
    record = by_grade()
    counts = record.counts.copy()
    counts[:, 1:, -1] = np.nan
    counts[:, 0, :, -2] = np.nan
    found = hindcast(history_of(with_counts(record, counts)), LEADS, DRAWS)
    assert found.regions == record.regions[1:]
    assert np.isfinite(found.foretold["simvet"][:, :, 0]).all()


def test_origins_at_which_the_table_was_of_another_kind_do_not_count() -> None:
    record, begins = by_grade(), 5
    stage = np.full((3, len(record.regions), 1, YEARS), np.nan)
    stage[ENROLMENT, :, :, begins:] = 500.0
    record = record_of((*record.columns, Column("junior_secondary", None)), np.concatenate([record.counts, stage], 2))
    found = hindcast(history_of(record), LEADS, DRAWS)
    assert found.kind == "stages"
    assert found.origins == tuple(range(FIRST + begins, FIRST + YEARS - 1))


def test_a_year_that_nobody_counted_is_no_origin_and_shifts_no_outcome() -> None:
    record = by_grade(years=13)
    counts = record.counts.copy()
    counts[..., 5] = np.nan
    found = hindcast(history_of(with_counts(record, counts)), LEADS, DRAWS)
    # Four years must follow the one without counts.
    assert found.origins == (2003, 2004, 2009, 2010, 2011)
    assert np.array_equal(found.came[2, :, 0, 0], counts[ENROLMENT, :, 0, 10])
    assert np.nanmax(np.abs(np.log(found.foretold["simvet"] / found.came))) < 0.3


def test_a_history_that_only_its_last_year_makes_what_it_is_has_no_origin() -> None:
    record = by_grade()
    stage = np.full((3, len(record.regions), 1, YEARS), np.nan)
    stage[ENROLMENT, :, :, -1] = 500.0
    record = record_of((*record.columns, Column("junior_secondary", None)), np.concatenate([record.counts, stage], 2))
    with pytest.raises(InputError, match="no origin from"):
        hindcast(history_of(record), LEADS, DRAWS)


def views(record, seed=1) -> Outlook:
    return outlook(history_of(record), LEADS, DRAWS, seed)


@pytest.mark.parametrize("record", [by_grade(), by_stage()], ids=["grades", "stages"])
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(record) -> None:
    once, again, other = views(record), views(record), views(record, seed=2)
    assert once.drawn.tobytes() == again.drawn.tobytes()
    assert once.middle.tobytes() == other.middle.tobytes()
    assert not (once.drawn == other.drawn).any()


def _bytes_of(which: str) -> tuple[bytes, bytes]:
    view = views(by_grade() if which == "grades" else by_stage())
    return view.middle.tobytes(), view.drawn.tobytes()


def test_the_number_of_processes_changes_no_draw() -> None:
    here = [_bytes_of(which) for which in ("grades", "stages")]
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert pool.map(_bytes_of, ("stages", "grades")) == here[::-1]


def reordered(record, order):
    names = tuple(record.regions[k] for k in order)
    births = None if record.births is None else births_of(record.births.births[order], names)
    return record_of(record.columns, record.counts[:, order], births, names)


@law(4)
@given(st.permutations(range(5)))
def test_the_order_of_regions_changes_no_forecast_by_grade(order) -> None:
    straight, turned = views(by_grade()), views(reordered(by_grade(), list(order)))
    assert turned.regions == tuple(straight.regions[k] for k in order)
    assert np.allclose(turned.middle, straight.middle[order], rtol=1e-9, atol=0)
    assert np.allclose(turned.drawn, straight.drawn[:, order], rtol=1e-9, atol=0)


def test_the_order_of_regions_changes_no_forecast_by_stage_by_a_single_bit() -> None:
    straight, turned = views(by_stage()), views(reordered(by_stage(), [1, 0]))
    assert turned.middle.tobytes() == straight.middle[[1, 0]].tobytes()
    assert turned.drawn.tobytes() == straight.drawn[:, [1, 0]].tobytes()


def test_what_a_region_by_stage_is_foretold_does_not_depend_on_the_other_regions() -> None:
    together, alone = views(by_stage()), views(by_stage().only(["r1"]))
    assert alone.middle[0].tobytes() == together.middle[1].tobytes()
    assert alone.drawn[:, 0].tobytes() == together.drawn[:, 1].tobytes()


def test_regions_and_stages_have_draws_of_their_own() -> None:
    record = by_stage()
    twin = record.counts.copy()
    twin[:, 1] = twin[:, 0]
    view = views(with_counts(record, twin))
    assert view.middle[0].tobytes() == view.middle[1].tobytes()
    assert not (view.drawn[:, 0] == view.drawn[:, 1]).any()
    spread = np.log(view.drawn / view.middle)[:, 0, :4, 0]
    for one, other in itertools.combinations(range(4), 2):
        assert not np.allclose(spread[:, one], spread[:, other], rtol=0.01)


@law(8)
@given(st.sampled_from([1e-1, 7.0, 1e3, 1e6]))
def test_counting_in_thousands_changes_no_forecast_by_stage(factor) -> None:
    record = by_stage()
    small, large = views(record), views(with_counts(record, record.counts * factor))
    assert np.allclose(large.middle, small.middle * factor, rtol=1e-9, atol=0)
    assert np.allclose(large.drawn, small.drawn * factor, rtol=1e-9, atol=0)


@law(4)
@given(st.sampled_from([7.0, 1e3]))
def test_counting_in_thousands_changes_no_forecast_by_grade(factor) -> None:
    record = by_grade()
    larger = with_counts(record, record.counts * factor)
    larger = replace(larger, births=births_of(record.births.births * factor))
    small, large = views(record), views(larger)
    # The search for parameters ends at points that differ by rounding alone.
    assert np.allclose(large.middle, small.middle * factor, rtol=1e-8, atol=0)
    assert np.allclose(large.drawn, small.drawn * factor, rtol=1e-8, atol=0)
