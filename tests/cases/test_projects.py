"""Projects as the plans print them: a school that opens in time or does not, thirty schools, a college raised."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

import simvet
from simvet.loading import load_scenario
from simvet.result import Result, rerun
from simvet.rules.names import PROJECT_STAGES
from simvet.runs import Run
from simvet.scenario import Project, Spread
from simvet.verdicts import Verdict

Floats = NDArray[np.float64]

DRAWS = 40
UNTIL = 2030
SECONDARY = "secondary_vocational"
SCHOOLS = ("zhoushan", "zhoushan_school_2023", "zhoushan_school_2026", "zhoushan_school_late")
AT_ONCE = dict.fromkeys(PROJECT_STAGES, Spread(0.0, 0.0, 0.0))
NONE = Spread(0.0, 0.0, 0.0)


def exactly(value: float) -> Spread:
    return Spread(value, value, value)


def project(scenario: str, name: str) -> Project:
    return next(p for p in load_scenario(scenario).projects if p.name == name)


def closing(places: float, kind: str = "closing", start: float = 2022.5) -> Project:
    """Return a closing or merging that surely happens, in the September after its start."""
    return replace(
        project("zhoushan", "merging"), name="less", kind=kind, places=exactly(places), start=exactly(start),
        durations=AT_ONCE, failure=NONE,
    )  # fmt: skip


def school(**changes: object) -> Project:
    """Return Zhoushan's new school, with changes."""
    return replace(project("zhoushan", "new_school"), **changes)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def schools() -> Mapping[str, Result]:
    return {name: simvet.simulate(name, draws=DRAWS, until=UNTIL) for name in SCHOOLS}


@pytest.fixture(scope="module")
def wenzhou() -> Result:
    return simvet.simulate("wenzhou", draws=DRAWS, until=UNTIL)


@pytest.fixture(scope="module")
def upgraded() -> Result:
    return simvet.simulate("wenzhou_college_upgrade", draws=DRAWS, until=UNTIL)


def having(run: Run, *projects: Project) -> Run:
    """Return the run with these projects and no others, in the same draws."""
    return rerun(run, replace(run.scenario, projects=projects))


def in_year(run: Run, name: str, year: int) -> Floats:
    """Return an array of the books of the only region in a year."""
    return run.books.of(name, year)[:, 0]


def verdict(result: Result, key: str) -> Verdict:
    return next(v for v in result.verdicts(causes=False) if v.target.key == key)


# The new school of Zhoushan


def test_the_date_of_the_new_school_decides_whether_zhoushan_has_12_000_places(schools: Mapping[str, Result]) -> None:
    likely = {name: verdict(result, "places").probability for name, result in schools.items()}
    assert all(verdict(result, "places").bound == 12_000 for result in schools.values())
    assert likely["zhoushan_school_2023"] >= likely["zhoushan"]
    for too_late in ("zhoushan_school_2026", "zhoushan_school_late"):
        assert likely["zhoushan"] > likely[too_late] + 0.5, too_late


def test_a_school_open_in_2023_leaves_no_draw_with_fewer_places_in_2025(schools: Mapping[str, Result]) -> None:
    best = in_year(schools["zhoushan_school_2023"], "places", 2025)
    for name in SCHOOLS:
        assert np.all(best >= in_year(schools[name], "places", 2025)), name


def test_a_school_of_2026_and_one_of_2023_give_the_same_places_in_the_end(schools: Mapping[str, Result]) -> None:
    early, late = schools["zhoushan_school_2023"], schools["zhoushan_school_2026"]
    assert np.all(in_year(early, "places", 2025) > in_year(late, "places", 2025) + 3_000)
    assert np.allclose(in_year(early, "places", 2026), in_year(late, "places", 2026))


@pytest.mark.parametrize("key", ["places", "new_school_places"])
@pytest.mark.parametrize("name", ["zhoushan_school_2026", "zhoushan_school_late"])
def test_a_school_that_cannot_be_there_is_called_too_late_with_the_year_in_which_it_had_to_begin(
    schools: Mapping[str, Result], name: str, key: str
) -> None:
    found = verdict(schools[name], key)
    assert found.probability == 0.0
    assert found.late is not None
    assert found.late.too_late
    # Between two and a half and five years pass from the proposal to the first lesson.
    assert found.target.year - 5 <= found.late.latest_start <= found.target.year - 3
    assert found.late.latest_start < schools[name].scenario.as_of


@pytest.mark.parametrize("key", ["places", "new_school_places"])
@pytest.mark.parametrize("name", ["zhoushan", "zhoushan_school_2023"])
def test_a_school_that_can_be_there_is_not_called_too_late(
    schools: Mapping[str, Result], name: str, key: str
) -> None:  # fmt: skip
    found = verdict(schools[name], key)
    assert found.probability > 0.3
    assert found.late is not None
    assert not found.late.too_late


def test_the_latest_start_is_a_promise_that_the_school_keeps_and_the_year_after_does_not(
    schools: Mapping[str, Result],
) -> None:
    base = schools["zhoushan"]
    late = verdict(schools["zhoushan_school_late"], "places").late
    assert late is not None

    def in_time(start: float) -> float:
        run = having(base, school(start=exactly(start), failure=NONE))
        return float(np.mean(in_year(run, "opened_places", 2025) > 0.0))

    assert in_time(late.latest_start) >= 0.5
    assert in_time(late.latest_start + 1.0) < 0.5


# How a project runs


def test_a_project_that_is_sure_to_fail_never_opens_and_costs_nothing(schools: Mapping[str, Result]) -> None:
    base = schools["zhoushan"]
    without, failed = having(base), having(base, school(failure=exactly(1.0)))
    for name in ("places", "usable_places", "opened_places", "building_spent", "stock"):
        assert np.array_equal(without.books.arrays[name], failed.books.arrays[name], equal_nan=True), name


@pytest.mark.parametrize(
    ("start", "opens"), [(2021.0, 2021), (2021.6, 2021), (2021.7, 2022), (2022.0, 2022), (2022.6, 2022)]
)
def test_a_project_that_takes_no_time_opens_in_the_next_september(
    schools: Mapping[str, Result], start: float, opens: int
) -> None:
    quick = school(start=exactly(start), durations=AT_ONCE, failure=NONE, places=exactly(3_000))
    run = having(schools["zhoushan"], quick)
    assert np.all(in_year(run, "opened_places", opens - 1) == 0.0)
    assert np.all(in_year(run, "opened_places", opens) == 3_000.0)


def test_longer_stages_never_open_a_school_earlier(schools: Mapping[str, Result]) -> None:
    base, plan = schools["zhoushan"], school(failure=NONE)
    slow = {**plan.durations, "land": Spread(2.0, 1.5, 3.0)}
    usual, delayed = (having(base, replace(plan, durations=d)) for d in (plan.durations, slow))
    early, late = (run.books.arrays["opened_places"] for run in (usual, delayed))
    assert np.all(late <= early)
    assert np.any(late < early)


def test_a_new_school_fills_by_grade_over_three_autumns(schools: Mapping[str, Result]) -> None:
    base = schools["zhoushan"]
    plan = school(start=exactly(2022.5), durations=AT_ONCE, failure=NONE, places=exactly(3_000))
    with_school, without = having(base, plan), having(base)
    more = [in_year(with_school, "usable_places", y) - in_year(without, "usable_places", y) for y in range(2021, 2026)]
    assert np.allclose(np.stack(more), np.array([0.0, 1_000.0, 2_000.0, 3_000.0, 3_000.0])[:, None])


@pytest.mark.parametrize("kind", ["closing", "merging"])
def test_closing_and_merging_take_their_places_away(schools: Mapping[str, Result], kind: str) -> None:
    base = schools["zhoushan"]
    before, after = having(base), having(base, closing(-1_000.0, kind))
    assert np.array_equal(in_year(before, "places", 2021), in_year(after, "places", 2021))
    for year in (2022, 2025, UNTIL):
        assert np.allclose(in_year(before, "places", year) - in_year(after, "places", year), 1_000.0)
    assert np.all(after.books.arrays["opened_places"] == 0.0)
    assert np.all(in_year(after, "floor_area", 2025)[:, 0] < in_year(before, "floor_area", 2025)[:, 0])


def test_a_closing_school_empties_by_grade_and_a_merged_one_is_gone_at_once(schools: Mapping[str, Result]) -> None:
    base = schools["zhoushan"]
    without = having(base)
    for kind, wanted in (("closing", (1_000.0, 2_000.0, 3_000.0)), ("merging", (3_000.0,) * 3)):
        run = having(base, closing(-3_000.0, kind))
        lost = [in_year(without, "usable_places", y) - in_year(run, "usable_places", y) for y in (2022, 2023, 2024)]
        assert np.allclose(np.stack(lost), np.array(wanted)[:, None]), kind


@pytest.mark.parametrize("kind", ["closing", "merging"])
def test_taking_away_more_places_than_there_are_leaves_none_and_is_said(
    schools: Mapping[str, Result], kind: str
) -> None:
    run = having(schools["zhoushan"], closing(-50_000.0, kind))
    places = run.books.arrays["places"]
    assert np.all(places >= 0.0)
    assert np.all(in_year(run, "places", 2022) == 0.0)
    assert run.schedule.held["places"] > 0
    for name in ("usable_places", "floor_area", "land", "stock"):
        assert np.all(run.books.arrays[name] >= 0.0), name


@pytest.mark.parametrize(
    ("kind", "places"),
    [
        ("closing", -3_000.0),
        ("merging", -3_000.0),
        ("merging", -50_000.0),
        ("closing", -50_000.0),
    ],
)
def test_a_region_that_closes_schools_never_has_more_usable_places_than_before(
    schools: Mapping[str, Result], kind: str, places: float
) -> None:
    base = schools["zhoushan"]
    before, after = having(base), having(base, closing(places, kind))
    assert np.all(after.books.arrays["usable_places"] <= before.books.arrays["usable_places"] + 1e-6)


# What a project costs


def test_what_a_project_costs_is_what_the_books_spend_on_building_over_the_years(
    schools: Mapping[str, Result],
) -> None:  # fmt: skip
    base, cost = schools["zhoushan"], 900e6
    run = having(base, school(start=exactly(2019.5), cost=exactly(cost), failure=NONE))
    spent = run.books.arrays["building_spent"][:, :, 0]
    assert np.allclose(spent[..., 0].sum(axis=1), cost, rtol=1e-9)
    assert np.all(spent[..., 1] == 0.0)
    assert np.all(in_year(run, "building_spent", 2018) == 0.0)
    # Half a year of three to five.
    assert np.all((in_year(run, "building_spent", 2019)[:, 0] > 0.08 * cost) & (spent[..., 0].max(axis=1) < 0.5 * cost))


def test_building_is_wanted_of_the_capital_budget_and_of_nothing_else(schools: Mapping[str, Result]) -> None:
    base = schools["zhoushan"]
    without, run = having(base), having(base, school(start=exactly(2019.5), cost=exactly(900e6), failure=NONE))
    more = run.books.arrays["capital_need"] - without.books.arrays["capital_need"]
    assert np.allclose(more, run.books.arrays["building_spent"], rtol=1e-9, atol=1.0)


def test_building_for_which_there_is_no_money_shows_as_a_financing_gap(schools: Mapping[str, Result]) -> None:
    base = schools["zhoushan"]
    dear = school(start=exactly(2019.5), cost=exactly(900e9), failure=NONE)
    for run in (base, having(base, dear)):
        a = run.books.arrays
        wanted = a["recurrent_need"] + a["capital_need"]
        assert np.allclose(wanted, a["paid"] + a["financing_gap"], rtol=1e-9, atol=1.0)
    gap = in_year(having(base, dear), "financing_gap", 2021)[:, 0]
    assert np.all(gap > 0.9 * in_year(having(base, dear), "building_spent", 2021)[:, 0])


def test_a_project_paid_at_once_is_paid_in_the_year_of_its_start(schools: Mapping[str, Result]) -> None:
    quick = school(start=exactly(2022.7), durations=AT_ONCE, failure=NONE, cost=exactly(5e8))
    run = having(schools["zhoushan"], quick)
    assert np.all(in_year(run, "building_spent", 2022)[:, 0] == 5e8)
    assert np.all(run.books.arrays["building_spent"].sum(axis=(1, 2, 3)) == 5e8)


# Wenzhou: thirty schools, ten billion yuan, a college raised


@pytest.mark.parametrize(
    ("key", "bound", "readings"),
    [
        ("built_schools", 30.0, {"built_schools", "begun_schools"}),
        ("school_investment", 1e10, {"school_investment", "school_investment_spent"}),
    ],
)
def test_wenzhous_building_programme_is_judged_in_both_readings(
    wenzhou: Result, key: str, bound: float, readings: set[str]
) -> None:
    found = {v.reading: v for v in wenzhou.verdicts(causes=False) if v.target.key == key}
    assert set(found) == readings
    assert all(v.bound == bound and v.target.year == 2025 for v in found.values())
    strict, generous = sorted(found.values(), key=lambda v: v.median)
    assert strict.median < generous.median
    assert strict.probability <= generous.probability


def test_no_draw_spends_more_money_than_is_committed(wenzhou: Result) -> None:
    spent, committed = wenzhou.indicator("school_investment_spent"), wenzhou.indicator("school_investment")
    assert np.all(spent <= committed * (1.0 + 1e-9))
    year = wenzhou.books.years.index(2023)
    assert np.all(spent[:, year] < 0.9 * committed[:, year])
    for money in (spent, committed):
        assert np.all(np.diff(money, axis=1) >= -1e-6)


def test_no_draw_opens_more_schools_than_were_begun(wenzhou: Result) -> None:
    opened, begun = wenzhou.indicator("built_schools"), wenzhou.indicator("begun_schools")
    assert np.all(opened <= begun)
    year = wenzhou.books.years.index(2023)
    assert np.all(opened[:, year] < begun[:, year])
    for count in (opened, begun):
        assert np.all(np.diff(count, axis=1) >= 0.0)
        assert np.array_equal(count, np.rint(count))
    assert np.all((begun[:, -1] >= 30) & (begun[:, -1] <= 40))


def test_the_books_spend_on_building_what_the_investment_indicator_adds_up(wenzhou: Result) -> None:
    spent = np.diff(wenzhou.indicator("school_investment_spent")[:, :, 0], axis=1)
    booked = wenzhou.books.arrays["building_spent"][:, 1:, 0, 0]
    assert np.allclose(spent, booked, rtol=1e-9, atol=1.0)
    assert booked.max() > 1e9


def seats(run: Run) -> Floats:
    return run.books.arrays["stage_seats"][:, 1:, 0, run.books.pathway.stage_index["vocational_bachelor"]]


def test_wenzhou_has_vocational_bachelor_seats_from_the_upgrade_on_and_none_without_it(upgraded: Result) -> None:
    others = [p for p in upgraded.scenario.projects if p.name != "college_upgrade"]
    without = having(upgraded, *others)
    assert np.all(seats(without) == 0.0)
    first = upgraded.books.years.index(2024) - 1
    assert np.all(seats(upgraded)[:, :first] == 0.0)
    assert np.all((seats(upgraded)[:, first:] >= 1_200.0) & (seats(upgraded)[:, first:] <= 3_000.0))
    entrants = upgraded.books.track("entrants", "vocational_bachelor/regular")[:, 1:, 0]
    assert np.all(entrants[:, :first] == 0.0)
    assert np.all(entrants[:, first:] > 500.0)


def test_an_upgrade_that_may_come_late_or_fail_never_gives_more_seats_than_one_fixed_at_2024(
    wenzhou: Result, upgraded: Result
) -> None:
    by_2026 = wenzhou.books.years.index(2026) - 1
    assert np.all(seats(wenzhou)[:, :by_2026] <= seats(upgraded)[:, :by_2026] + 1e-9)
    never = np.mean(seats(wenzhou)[:, -1] == 0.0)
    assert 0.05 < never < 0.6


def test_an_upgrade_brings_no_school_places(upgraded: Result) -> None:
    others = [p for p in upgraded.scenario.projects if p.name != "college_upgrade"]
    without = having(upgraded, *others)
    for name in ("places", "usable_places", "opened_places"):
        assert np.array_equal(without.books.arrays[name], upgraded.books.arrays[name]), name
