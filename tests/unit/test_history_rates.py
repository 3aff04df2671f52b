"""Rates of histories by grade: read off as they stand, fitted without being thrown by odd tables, drawn by key."""

import warnings

import numpy as np
import pytest

from simvet.histories.components import REGION_PRIORS, SHARED_PRIORS, Cells, region_covariance, shared_covariance
from simvet.histories.fitting import _guess_by_size, fit_panel, pattern_groups
from simvet.histories.grades import GradeFit, Rates, _roll, births_by_year, describe, fit_grades, middle_of, rates_of
from simvet.histories.outlook import Outlook, outlook
from simvet.histories.posterior import keyed_normals
from simvet.histories.record import ENROLMENT, GRADUATES, Births, Column, Record, frozen
from simvet.histories.rolling import hindcast
from simvet.histories.table import History, history_of

NAN = np.nan
FIRST = 2000
LEADS = 4


def history(enrolment, graduates=None, births=None, least=5) -> History:
    """Return a history from (region, grade, year), graduates (region, year) of the last grade and births."""
    enrolment = np.asarray(enrolment, dtype=float)
    regions, grades, years = enrolment.shape
    counts = np.full((3, *enrolment.shape), NAN)
    counts[ENROLMENT] = enrolment
    if graduates is not None:
        counts[GRADUATES, :, -1] = graduates
    names, table = tuple(f"r{k:02d}" for k in range(regions)), None
    if births is not None:
        ages = tuple(range(FIRST, FIRST + len(births[0])))
        born = np.broadcast_to(np.array(ages) - 6, np.shape(births)).astype(np.int64).copy()
        table = Births(names, ages, frozen(born), frozen(np.array(births, dtype=float))).only(names)
    labels = np.full(enrolment.shape, None, dtype=object)
    labels[~np.isnan(counts).all(axis=0)] = "written"
    columns = tuple(Column("primary", k + 1) for k in range(grades))
    spans = tuple(range(FIRST, FIRST + years))
    return history_of(Record("h", names, spans, columns, frozen(counts), frozen(labels), table), least)


class Table:
    """Cohorts of several regions that pass through grades with a little noise; to be spoilt before use."""

    def __init__(self, regions=5, grades=4, years=9, noise=0.01, size=None):
        random = np.random.default_rng(regions)
        self.size = np.geomspace(300, 30_000, regions) if size is None else np.full(regions, float(size))
        swings = np.exp(0.05 * random.standard_normal((regions, years + 7)))
        self.births: np.ndarray | None = self.size[:, None] * swings
        kept = np.array([1.02, *np.linspace(0.99, 0.97, grades)])[:grades]
        self.enrolment = np.empty((regions, grades, years))
        self.enrolment[:, :, 0] = self.size[:, None] * np.cumprod(kept)
        for year in range(years):
            self.enrolment[:, 0, year] = self.births[:, year] * kept[0]
            if year:
                self.enrolment[:, 1:, year] = self.enrolment[:, :-1, year - 1] * kept[1:]
            self.enrolment[:, :, year] *= np.exp(noise * random.standard_normal((regions, grades)))
        self.graduates: np.ndarray | None = self.enrolment[:, -1] * 0.9

    def bare(self) -> "Table":
        """Leave births and graduates away."""
        self.births = self.graduates = None
        return self

    def history(self) -> History:
        """Return the table as it would have been read."""
        return history(self.enrolment, self.graduates, self.births)

    def outlook(self) -> Outlook:
        """Foretell; whatever numpy could warn of is an error."""
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            return outlook(self.history(), LEADS, 40)


def grade(view: Outlook, number: int):
    return [(one.measure, one.grade) for one in view.series].index(("enrolment", number))


def plausible(view: Outlook, most: float) -> None:
    """What is foretold is unknown or a count within reach, and drawn wherever it is foretold."""
    known = np.isfinite(view.middle)
    assert not np.isinf(view.middle).any()
    assert (view.middle[known] > 0).all()
    assert (view.middle[known] < most).all()
    assert np.isfinite(view.drawn[:, known]).all()


def test_rates_are_the_logs_of_what_comes_up_enters_and_graduates() -> None:
    past = history(
        [[[100, 110, 120, 130, 140], [80, 90, 99, 108, 117]]], [[72, 72, 99, 54, NAN]], [[200, 220, 240, 260, 280]]
    )
    rates = rates_of(past)
    assert rates.by_births
    assert rates.with_graduates
    assert rates.years == tuple(range(2000, 2006))
    entry, progression, graduation = np.exp(rates.values[0])
    assert np.allclose(entry, [0.5, 0.5, 0.5, 0.5, 0.5, NAN], equal_nan=True)
    assert np.allclose(progression, [NAN, 0.9, 0.9, 0.9, 0.9, NAN], equal_nan=True)
    # Graduates of a school year stand at the next one.
    assert np.allclose(graduation, [NAN, 0.9, 0.8, 1.0, 0.5, NAN], equal_nan=True)


def test_without_births_entry_is_the_growth_of_the_first_grade() -> None:
    rates = rates_of(history([[[100, 110, 121, 0, 100], [80] * 5]]))
    assert not rates.by_births
    assert np.allclose(np.exp(rates.values[0, 0]), [NAN, 1.1, 1.1, NAN, NAN, NAN], equal_nan=True)


def test_births_of_years_to_come_alone_do_not_make_a_rate() -> None:
    births = [[NAN] * 6 + [100.0] * 4] * 4
    assert not rates_of(history(np.full((4, 2, 5), 100.0), births=births)).by_births


def test_births_are_held_after_the_last_known_year_but_not_invented_between() -> None:
    past = history([[[10] * 5, [10] * 5]], births=[[100, 200, NAN, 400]])
    assert past.births is not None
    found = births_by_year(past, tuple(range(1999, 2006)))
    assert found is not None
    assert np.array_equal(found, [[NAN, 100, 200, NAN, 400, 400, 400]], equal_nan=True)


def test_what_regions_share_is_their_median() -> None:
    values = np.array([[[0.0]], [[0.1]], [[0.9]]])
    assert middle_of(values).tolist() == [[0.1]]


def test_what_fewer_than_half_of_the_regions_know_is_not_shared() -> None:
    values = np.full((5, 2, 2), 0.1)
    values[:3, 0, 0] = NAN
    assert np.array_equal(middle_of(values), [[NAN, 0.1], [0.1, 0.1]], equal_nan=True)


def test_regions_that_have_ended_do_not_hide_what_the_others_have_since() -> None:
    values = np.full((5, 2, 4), 0.1)
    values[:3, :, 2:] = NAN
    assert (middle_of(values) == 0.1).all()


def test_graduates_that_two_of_five_regions_count_are_learned_from() -> None:
    table = Table()
    assert table.graduates is not None
    table.graduates = table.graduates * np.array([1, 1, 1, 0.5, 0.5])[:, None]
    table.graduates[:3] = NAN
    view = table.outlook()
    ratio = view.middle[:, -1, 0] / view.middle[:, grade(view, 4), 0]
    assert np.allclose(ratio, 0.45, atol=0.03)


def test_regions_with_the_same_gaps_share_their_algebra() -> None:
    values = np.array([[1.0, NAN], [2.0, 3.0], [4.0, NAN]])
    groups = [(known.tolist(), members.tolist()) for known, members in pattern_groups(values)]
    assert groups == [([True, False], [0, 2]), ([True, True], [1])]


def test_draws_depend_on_their_key_and_on_nothing_drawn_before() -> None:
    first = keyed_normals(1, ("region", "r0", 2005), (3, 4))
    keyed_normals(1, ("region", "r1", 2005), (100, 100))
    assert keyed_normals(1, ("region", "r0", 2005), (3, 4)).tobytes() == first.tobytes()
    for other in ((2, ("region", "r0", 2005)), (1, ("region", "r1", 2005)), (1, ("region", "r0", 2006))):
        assert not (keyed_normals(*other, (3, 4)) == first).any()


def test_more_draws_begin_with_the_same_ones() -> None:
    assert keyed_normals(1, ("r",), (9, 4))[:3].tobytes() == keyed_normals(1, ("r",), (3, 4)).tobytes()


def test_draws_are_standard_normal() -> None:
    drawn = keyed_normals(1, ("r",), (200_000,))
    assert abs(drawn.mean()) < 0.01
    assert abs(drawn.std() - 1.0) < 0.01


def test_counts_ahead_are_those_of_the_grade_below_times_the_ratio_of_the_year_in_which_they_arrive() -> None:
    rates = Rates((2000,), np.zeros((1, 3, 1)), True, True)
    # Entry per birth, progression and graduation, by the year in which the step ends: three for two years ahead.
    ratios = np.array([[[0.5, 0.6, 9.0], [0.9, 0.8, 9.0], [9.0, 0.7, 0.4]]])
    path, left = _roll(np.array([[100.0, 50.0]]), np.log(ratios), np.array([[300.0, 200.0]]), 2, rates)
    assert np.allclose(path, [[[150.0, 120.0], [90.0, 120.0]]])
    # Who stands in the last grade in the first year graduates in the second.
    assert left is not None
    assert np.allclose(left, [[90.0 * 0.7, 120.0 * 0.4]])


def test_fewer_than_four_regions_are_each_fitted_for_themselves() -> None:
    three, four = fit_grades(Table(3).history()), fit_grades(Table(4).history())
    assert not three.pooled
    assert len(three.shared.values) == 3
    assert four.pooled
    assert len(four.shared.values) == 1
    assert {name.split("_")[0] for name in describe(four)} == {"shared", "region"}
    assert {name.split("_")[0] for name in describe(three)} == {"shared"}


def breaking(regions, year, factor):
    """Return two outlooks, the second of a table in which the way of counting of one region changes in a year."""
    plain, broken = Table(regions).bare(), Table(regions).bare()
    broken.enrolment[2, :, year:] *= factor
    return plain.outlook(), broken.outlook()


@pytest.mark.parametrize(("regions", "year", "factor"), [(5, 5, 0.5), (8, 4, 0.5), (8, 8, 0.5), (6, 6, 2.0)])
def test_a_break_is_found_the_region_goes_on_from_its_new_level_and_the_others_as_before(regions, year, factor) -> None:
    plain, broken = breaking(regions, year, factor)
    others = [k for k in range(regions) if k != 2]
    known = np.isfinite(plain.middle)
    off = np.abs(np.where(known, broken.middle / plain.middle, 1.0) - 1.0)
    assert off[others].max() < 0.01
    level = np.where(known, broken.middle / plain.middle / factor, 1.0)[2]
    assert np.abs(level - 1.0).max() < 0.03
    assert isinstance(broken.fit, GradeFit)
    assert broken.fit.own is not None
    shock = broken.fit.own.breaks[2, FIRST + year]
    assert shock == pytest.approx(np.log(factor), abs=0.05)
    assert {region for region, _ in broken.fit.own.breaks} == {2}


def test_how_much_rates_move_is_guessed_from_the_size_of_a_region_and_never_grows_with_it() -> None:
    sizes, counts = np.geomspace(100, 100_000, 12), np.full(12, 40.0)
    assert np.allclose(_guess_by_size(50.0 / sizes, counts, sizes), 50.0 / sizes)
    assert np.allclose(np.diff(_guess_by_size(sizes, counts, sizes)), 0.0)
    # Seven regions are too few to see what size does.
    assert np.allclose(_guess_by_size(50.0 / sizes[:7], counts[:7], sizes[:7]), (50.0 / sizes[:7]).mean())


def test_one_odd_count_is_pulled_in() -> None:
    plain, odd = Table(8), Table(8)
    odd.enrolment[1, 1, 4] *= 1.5
    change = odd.outlook().middle / plain.outlook().middle
    assert np.abs(change - 1.0).max() < 0.02


def spoilt_by(how, **kind):
    """Return the outlook of a table that was spoilt."""
    table = Table(**kind)
    how(table)
    return table.outlook()


def gap_in_a_series(table):
    table.enrolment[-1, 2, 4] = NAN


def gap_of_a_year(table):
    table.enrolment[-1, :, 3] = NAN


def begins_later(table):
    table.enrolment[-1, :, :4] = NAN
    table.graduates[-1, :4] = NAN


def no_graduates_in_some_years(table):
    table.graduates[:, [1, 3]] = NAN


def births_missing_between(table):
    table.births[:, 3:5] = NAN


def births_missing_in_one_region(table):
    table.births[-1, 2:4] = NAN


def constant(table):
    table.enrolment[:], table.graduates[:], table.births[:] = 100.0, 90.0, 100.0


def constant_without_births(table):
    table.bare().enrolment[:] = 100.0


def tiny(table):
    random = np.random.default_rng(3)
    table.enrolment[:] = random.integers(1, 6, table.enrolment.shape)
    table.graduates[:] = random.integers(1, 6, table.graduates.shape)
    table.births[:] = random.integers(1, 6, table.births.shape)


def tiny_beside_many_births(table):
    table.enrolment[:] = np.random.default_rng(3).integers(1, 6, table.enrolment.shape)


def bare(table):
    table.bare()


def without_graduates(table):
    table.graduates = None


@pytest.mark.parametrize(
    "how",
    [
        gap_in_a_series, gap_of_a_year, begins_later, no_graduates_in_some_years, births_missing_between,
        births_missing_in_one_region, constant, constant_without_births, tiny, tiny_beside_many_births, bare,
    ],
)  # fmt: skip
@pytest.mark.parametrize("regions", [1, 2, 5])
def test_odd_tables_are_foretold_in_full_and_within_reach(how, regions) -> None:
    view = spoilt_by(how, regions=regions)
    enrolment = [k for k, one in enumerate(view.series) if one.measure == "enrolment"]
    assert np.isfinite(view.middle[:, enrolment]).all()
    plausible(view, 1e6)


@pytest.mark.parametrize("grades", [1, 2])
@pytest.mark.parametrize("regions", [1, 2, 5])
@pytest.mark.parametrize("years", [5, 9])
@pytest.mark.parametrize("how", [bare, without_graduates, Table.history], ids=["bare", "births only", "full"])
def test_short_histories_of_few_grades_are_foretold(grades, regions, years, how) -> None:
    view = spoilt_by(how, regions=regions, grades=grades, years=years)
    assert np.isfinite(view.middle[:, grade(view, 1)]).all()
    plausible(view, 1e6)
    assert hindcast(view.fit.history, 2, 8).origins[0] == FIRST + 3


def test_constant_counts_go_on_as_they_are() -> None:
    for regions in (1, 2, 5):
        view = spoilt_by(constant_without_births, regions=regions)
        known = np.isfinite(view.middle)
        assert np.allclose(view.middle[:, :4], 100.0, rtol=1e-6)
        assert known[:, :4].all()


def all_zero(table):
    table.enrolment[:] = 0.0
    table.graduates[:] = 0.0


def one_region_zero(table):
    table.enrolment[1], table.graduates[1] = 0.0, 0.0


def test_a_region_of_zeros_is_unknown_and_harms_no_other() -> None:
    view, plain = spoilt_by(one_region_zero), Table().outlook()
    # Whoever enters is foretold from births, and comes to grade 4 in the fourth year.
    assert np.isnan(view.middle[1, grade(view, 4), :3]).all()
    others = [0, 2, 3, 4]
    assert np.allclose(view.middle[others], plain.middle[others], rtol=0.05)
    nothing = spoilt_by(all_zero)
    assert np.isnan(nothing.middle[:, grade(nothing, 4), :3]).all()


def test_a_zero_at_the_end_leaves_its_cohort_unknown_and_no_other() -> None:
    table = Table()
    table.enrolment[1, 1, -1] = 0.0
    view = table.outlook()
    unknown = np.argwhere(np.isnan(view.middle[1, :4]))
    # The cohort of grade 2 is foretold in no grade that it comes to.
    assert unknown.tolist() == [[2, 0], [3, 1]]


def test_a_region_without_a_first_grade_still_moves_up_those_it_has() -> None:
    table = Table()
    table.enrolment[1, 0] = NAN
    view, plain = table.outlook(), Table().outlook()
    assert np.isfinite(view.middle[1, grade(view, 3), 0])
    assert view.middle[1, grade(view, 3), 0] == pytest.approx(plain.middle[1, grade(plain, 3), 0], rel=0.02)
    assert np.isnan(view.middle[1, grade(view, 2), 0])


def test_a_region_without_births_is_unknown_where_births_lead_and_nowhere_else() -> None:
    table = Table()
    assert table.births is not None
    table.births[1] = NAN
    view = table.outlook()
    assert np.isnan(view.middle[1, grade(view, 1)]).all()
    assert np.isfinite(view.middle[1, grade(view, 4), :3]).all()
    assert np.isfinite(np.delete(view.middle, 1, axis=0)).all()


def test_regions_whose_years_do_not_overlap_are_foretold_or_unknown() -> None:
    table = Table(years=22)
    assert table.graduates is not None
    for region in range(5):
        there = np.zeros(22, dtype=bool)
        there[4 * region : 4 * region + 6] = True
        table.enrolment[region][:, ~there], table.graduates[region, ~there] = NAN, NAN
    view = table.outlook()
    assert np.isfinite(view.middle[4]).all()
    plausible(view, 1e6)


@pytest.mark.parametrize("priors", [SHARED_PRIORS, REGION_PRIORS], ids=["shared", "region"])
def test_a_panel_of_which_nothing_is_known_is_fitted_by_its_priors(priors) -> None:
    cells = Cells(np.zeros(3, dtype=int), np.arange(3), np.zeros(3, dtype=bool))
    covariance = shared_covariance if priors is SHARED_PRIORS else region_covariance
    found = fit_panel(covariance, priors, cells, np.full((5, 3), NAN), np.full(5, 100.0))
    assert all(found.at[name] == pytest.approx(prior.mean) for name, prior in priors.items())
    assert np.isfinite(found.scales).all()
    assert not found.breaks
