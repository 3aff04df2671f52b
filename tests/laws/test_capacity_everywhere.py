"""Laws of capacity in every region with every limit on: more never admits fewer, and what is named is what binds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from simvet.books import AXES, RESOURCES
from simvet.errors import BalanceError
from simvet.levers import Lever
from simvet.loading import load_scenario
from simvet.result import rerun, simulate
from simvet.rules.names import CARRIED_LIMITS, LIMITS, PROJECT_STAGES, PROVIDERS, STAGE_LIMITS
from simvet.runs import Run
from simvet.sampling import Uncertainty
from simvet.scenario import Project, Scenario, Spread

Floats = NDArray[np.float64]
Runs = Callable[[str], Run]

LAW = settings(max_examples=20, deadline=None, derandomize=True, database=None)
DRAWS = 24
UNTIL = 2030
REGIONS = ("zhejiang", "wenzhou", "lishui", "zhoushan")
SECONDARY, HIGHER = PROVIDERS
MONEY = ("carried_over", "recurrent_budget", "own_income", "capital_budget", "paid", "reserve", "returned")
AT_ONCE = dict.fromkeys(PROJECT_STAGES, Spread(0.0, 0.0, 0.0))
TIGHTER: dict[str, tuple[str, float]] = {
    "teachers": ("students_per_teacher_standard", 0.5),
    "floor_area": ("floor_area_standard", 2.0),
    "land": ("land_standard", 2.0),
    "equipment": ("equipment_standard", 40.0),
    "books": ("books_standard", 4.0),
    "money": ("unit_cost", 1.6),
    "card": ("card_limit_students_per_teacher", 0.5),
}
"""Limit -> the quantity that tightens it, and a factor at which it binds somewhere."""
STANDARDS = [(stage, limit) for stage in PROVIDERS for limit in TIGHTER if limit in STAGE_LIMITS[stage]]


def with_every_limit(scenario: Scenario) -> Scenario:
    limits = {stage: STAGE_LIMITS[stage] for stage in PROVIDERS}
    cases = tuple(replace(case, limits={**case.limits, **limits}) for case in scenario.regions)
    return replace(scenario, regions=cases)


def with_limits(scenario: Scenario, stage: str, limits: tuple[str, ...]) -> Scenario:
    (case,) = scenario.regions
    return replace(scenario, regions=(replace(case, limits={**case.limits, stage: limits}),))


@pytest.fixture(scope="module")
def everything() -> Runs:
    """Return every region with every limit on."""
    known = {
        name: simulate(with_every_limit(load_scenario(name)), draws=DRAWS, until=UNTIL)
        for name in (*REGIONS, "zhejiang_everything_on")
    }
    return known.__getitem__


@pytest.fixture(scope="module")
def usual() -> Runs:
    """Return every region with the limits of its scenario."""
    known = {name: simulate(name, draws=DRAWS, until=UNTIL) for name in REGIONS}
    return known.__getitem__


def pulling(run: Run, *pulls: tuple[str, str, str, float], start: int = 2022) -> Run:
    """Return the run with (quantity, key, operation, value) levers in its only region, in the same draws."""
    (region,) = run.books.regions
    levers = [
        Lever("law", quantity, region, key, operation, value, start, None, "city", "law", "law")  # type: ignore[arg-type]
        for quantity, key, operation, value in pulls
    ]
    return rerun(run, run.scenario.with_levers(*levers))


def school(region: str, places: float, **changes: object) -> Project:
    """Return a school that surely opens in the September after its start."""
    plan = next(p for p in load_scenario("zhoushan").projects if p.name == "new_school")
    return replace(
        plan,
        **{
            "name": "one more",
            "region": region,
            "durations": AT_ONCE,
            "failure": Spread(0.0, 0.0, 0.0),
            "places": Spread(places, places, places),
            "start": Spread(2022.5, 2022.5, 2022.5),
            "cost": Spread(0.0, 0.0, 0.0),
            **changes,
        },
    )  # type: ignore[arg-type]


def with_one_more(run: Run, project: Project) -> Run:
    return rerun(run, replace(run.scenario, projects=(*run.scenario.projects, project)))


def intake(run: Run, stage: str = SECONDARY) -> Floats:
    return run.indicator("entrants", stage)[:, :, 0]


def seats(run: Run, stage: str = SECONDARY) -> Floats:
    return run.books.arrays["stage_seats"][:, :, 0, run.books.pathway.stage_index[stage]]


def named(run: Run, stage: str) -> NDArray[np.int64]:
    """Return the recorded limit after the base year, index into LIMITS, shape (draw, year)."""
    return run.books.arrays["binding"][:, 1:, 0, run.books.pathway.stage_index[stage]].astype(np.int64)


def first_differences(before: Floats, after: Floats) -> Floats:
    """Return the change in the first year in which each draw differs: until then both are in the same state."""
    moved = np.abs(after - before) > 1e-6
    rows = np.flatnonzero(moved.any(axis=1))
    columns = moved[rows].argmax(axis=1)
    return after[rows, columns] - before[rows, columns]


# More places


@pytest.mark.parametrize("name", REGIONS)
@pytest.mark.parametrize("limits", ["usual", "everything"])
def test_more_places_or_one_more_school_never_admit_fewer_until_the_year_they_first_matter(
    usual: Runs, everything: Runs, name: str, limits: str
) -> None:
    base = (usual if limits == "usual" else everything)(name)
    admitted_more = 0
    for more in (100.0, 3_000.0, 100_000.0):
        for richer in (
            pulling(base, ("places", SECONDARY, "add", more)),
            with_one_more(base, school(name, more)),
            with_one_more(base, school(name, more, cost=Spread(5e9, 5e9, 5e9))),
        ):
            change = first_differences(intake(base), intake(richer))
            assert np.all(change > 0.0), more
            assert np.all(first_differences(seats(base), seats(richer)) > 0.0), more
            admitted_more += change.size
    assert admitted_more > 0


@pytest.mark.parametrize("name", REGIONS)
def test_more_places_never_teach_fewer_in_total_where_money_is_no_object(usual: Runs, name: str) -> None:
    # Where money is short the costs of more students come out of equipment, which then limits later intake.
    rich = (
        *(("capital_budget", stage, "multiply", 1000.0) for stage in PROVIDERS),
        ("attractiveness_strength", "", "set", 0.0),
    )
    base = pulling(usual(name), *rich)
    for more in (100.0, 3_000.0, 100_000.0):
        for richer in (
            pulling(usual(name), *rich, ("places", SECONDARY, "add", more)),
            with_one_more(base, school(name, more)),
        ):
            taught = [run.indicator("enrolment", SECONDARY)[:, :, 0].sum(axis=1) for run in (base, richer)]
            # A place taken earlier may be a seat short by a hair later on.
            assert np.all(taught[1] >= taught[0] - 1.0), more
            assert np.any(taught[1] > taught[0] + 1.0), more


@LAW
@given(
    name=st.sampled_from([*REGIONS, "zhejiang_everything_on"]), more=st.floats(1.0, 1e6), start=st.integers(2021, 2030)
)
def test_whenever_and_however_many_places_are_added_none_is_turned_away_for_it(
    everything: Runs, name: str, more: float, start: int
) -> None:
    base = everything(name)
    richer = pulling(base, ("places", SECONDARY, "add", more), start=start)
    assert np.all(first_differences(intake(base), intake(richer)) > 0.0)
    column = base.books.years.index(start)
    for array in RESOURCES:
        before, after = (run.books.arrays[array][:, :column] for run in (base, richer))
        assert np.array_equal(before, after), array


# Standards


@pytest.mark.parametrize("name", REGIONS)
@pytest.mark.parametrize(("stage", "limit"), STANDARDS)
def test_a_standard_that_binds_admits_more_once_it_is_turned_off_and_never_fewer(
    everything: Runs, name: str, stage: str, limit: str
) -> None:
    quantity, factor = TIGHTER[limit]
    key = "" if limit == "card" else stage
    tight = pulling(everything(name), (quantity, key, "multiply", factor))
    assert np.any(named(tight, stage) == LIMITS.index(limit))
    on = tight.scenario.regions[0].limits[stage]
    off = rerun(tight, with_limits(tight.scenario, stage, tuple(other for other in on if other != limit)))
    change = first_differences(seats(tight, stage), seats(off, stage))
    assert change.size > 0
    assert np.all(change > 0.0)
    change = first_differences(intake(tight, stage), intake(off, stage))
    assert change.size > 0
    assert np.all(change > 0.0)
    assert not np.any(named(off, stage) == LIMITS.index(limit))


@pytest.mark.parametrize("name", REGIONS)
@pytest.mark.parametrize(("stage", "limit"), STANDARDS)
def test_the_stricter_a_standard_the_fewer_it_admits_when_it_first_matters(
    everything: Runs, name: str, stage: str, limit: str
) -> None:
    quantity, most = TIGHTER[limit]
    key = "" if limit == "card" else stage
    steps = [
        everything(name),
        *(pulling(everything(name), (quantity, key, "multiply", most**p)) for p in (0.3, 1)),
    ]
    for looser, stricter in pairwise(steps):
        for read in (seats, intake):
            assert np.all(first_differences(read(looser, stage), read(stricter, stage)) < 0.0)
    assert first_differences(seats(steps[0], stage), seats(steps[-1], stage)).size > 0


@pytest.mark.parametrize("name", REGIONS)
def test_what_colleges_lacked_in_the_base_year_already_costs_no_seat_and_what_they_lack_since_does(
    everything: Runs, name: str
) -> None:
    base = everything(name)
    loose = [(f"card_limit_{other}", "", "multiply", 0.01) for other in ("floor_area", "equipment", "books")]
    loose.append(("card_limit_postgraduate_share", "", "set", 0.001))
    start = base.books.years[0]
    never, always = (
        pulling(base, *loose, ("card_limit_students_per_teacher", "", "set", limit), start=start)
        for limit in (200.0, 1.0)
    )
    assert np.array_equal(seats(never, HIGHER)[:, 1:], seats(always, HIGHER)[:, 1:])
    since = pulling(never, ("card_limit_students_per_teacher", "", "set", 1.0), start=2022)
    # Yellow for the third year: nobody is taken in.
    assert np.all(seats(since, HIGHER)[:, base.books.years.index(2024)] == 0.0)


# What binds


def rooms(run: Run, stage: str) -> dict[str, Floats]:
    """Return how many entrants each limit in force has room for, cards left aside, shape (draw, year after base)."""
    (case,) = run.scenario.regions
    years = run.books.years[1:]
    stayed = (run.books.enrolment(stage) - run.books.stage("entrants", stage))[:, 1:, 0]
    carried = run.books.arrays["carried"][:, 1:, 0, PROVIDERS.index(stage)]
    found: dict[str, Floats] = {}
    for limit in case.limits[stage]:
        if limit in CARRIED_LIMITS:
            found[limit] = carried[..., CARRIED_LIMITS.index(limit)] - stayed
        elif limit == "entry_capacity":
            first_years = np.stack([run.schedule.at("places", stage, year)[:, 0] for year in years], axis=1) / 3.0
            found[limit] = np.maximum(first_years, run.schedule.openings[0].base[("entry_floor", stage)][:, None])
        elif limit == "intake_plan":
            found[limit] = np.stack([run.schedule.at(limit, stage, year)[:, 0] for year in years], axis=1)
    return found


@pytest.mark.parametrize("name", REGIONS)
@pytest.mark.parametrize("stage", PROVIDERS)
@pytest.mark.parametrize("tight", [None, "teachers", "books", "equipment", "card"])
def test_the_seats_are_the_room_under_the_limit_that_is_named_and_no_limit_leaves_less(
    everything: Runs, name: str, stage: str, tight: str | None
) -> None:
    run = everything(name)
    if tight is not None and (stage, tight) in STANDARDS:
        quantity, factor = TIGHTER[tight]
        run = pulling(run, (quantity, "" if tight == "card" else stage, "multiply", factor))
    offered, recorded = seats(run, stage)[:, 1:], named(run, stage)
    limits = rooms(run, stage)
    assert len(limits) > 5
    for limit, room in limits.items():
        near = 1e-6 + 1e-9 * np.abs(room)
        assert np.all(offered <= np.maximum(room, 0.0) + near), limit
        here = recorded == LIMITS.index(limit)
        assert np.allclose(offered[here], np.maximum(room, 0.0)[here], rtol=1e-9, atol=1e-6), limit
    by_card = recorded == LIMITS.index("card")
    least = np.min(list(limits.values()), axis=0)
    assert np.all(offered[by_card] < np.maximum(least, 0.0)[by_card])
    assert not np.any(recorded == LIMITS.index("none"))


def test_where_no_college_holds_a_card_no_card_is_named(everything: Runs) -> None:
    base = everything("zhejiang")
    no_cards = pulling(
        base, ("card_limit_students_per_teacher", "", "set", 200.0),
        *((f"card_limit_{name}", "", "multiply", 0.01) for name in ("floor_area", "equipment", "books")),
    )  # fmt: skip
    on = tuple(limit for limit in no_cards.scenario.regions[0].limits[HIGHER] if limit != "intake_plan")
    run = rerun(no_cards, with_limits(no_cards.scenario, HIGHER, on))
    assert not np.any(named(run, HIGHER) == LIMITS.index("card"))


# A new school, year by year


@pytest.fixture(scope="module")
def one_school(usual: Runs) -> Callable[[tuple[str, ...]], tuple[Run, Run]]:
    """Return a run without and with a school of 3,000 places from 2023 on, under given limits."""

    def runs(limits: tuple[str, ...]) -> tuple[Run, Run]:
        base = usual("zhoushan")
        bare = replace(with_limits(base.scenario, SECONDARY, limits), projects=())
        without = rerun(base, bare)
        return without, with_one_more(
            without, school("zhoushan", 3_000.0, opening=Spread(2023.0, 2023.0, 2023.0), start=None)
        )

    return runs


def test_a_new_school_offers_a_third_of_its_places_in_its_first_autumn(
    one_school: Callable[[tuple[str, ...]], tuple[Run, Run]],
) -> None:
    without, having = one_school(("places",))
    opened = without.books.years.index(2023)
    assert np.array_equal(seats(without)[:, 1:opened], seats(having)[:, 1:opened])
    there = seats(without)[:, opened] > 0.0
    assert there.mean() > 0.9
    assert np.allclose((seats(having) - seats(without))[there, opened], 1_000.0)


def test_the_entry_capacity_grows_by_a_third_of_a_new_schools_places_and_stays_there(
    one_school: Callable[[tuple[str, ...]], tuple[Run, Run]],
) -> None:
    without, having = one_school(("entry_capacity",))
    opened = without.books.years.index(2023)
    more = (seats(having) - seats(without))[:, 1:]
    assert np.all(more[:, : opened - 1] == 0.0)
    # Where the base year took in more than a third of the places, the school makes up for that first.
    full = np.isclose(seats(without)[:, 1], without.books.arrays["places"][:, 1, 0] / 3.0)
    assert full.mean() > 0.5
    assert np.allclose(more[full, opened - 1 :], 1_000.0)
    assert np.all((more >= 0.0) & (more <= 1_000.0 + 1e-6))


def test_a_school_opened_in_2023_teaches_its_first_third_grade_in_2025(
    one_school: Callable[[tuple[str, ...]], tuple[Run, Run]],
) -> None:
    without, having = one_school(("entry_capacity", "places"))
    cells = [
        (number, grade)
        for number, (stage, _, grade) in enumerate(without.books.pathway.cell_table)
        if stage == SECONDARY
    ]
    assert {grade for _, grade in cells} == {1, 2, 3}
    for grade in (1, 2, 3):
        columns = [number for number, g in cells if g == grade]
        before, after = (run.books.arrays["stock"][:, :, 0, columns].sum(axis=-1) for run in (without, having))
        first = without.books.years.index(2023 + grade - 1)
        assert np.array_equal(before[:, :first], after[:, :first]), grade
        assert np.any(after[:, first] > before[:, first] + 1.0), grade


def test_a_project_begun_in_2023_leaves_every_resource_of_2022_and_before_untouched(everything: Runs) -> None:
    base = everything("wenzhou")
    building = {**AT_ONCE, "construction": Spread(2.0, 1.5, 3.0)}
    plan = school(
        "wenzhou", 9_000.0, start=Spread(2023.2, 2023.0, 2023.9), durations=building, cost=Spread(3e9, 2e9, 4e9)
    )
    after = with_one_more(base, plan)
    upto = base.books.years.index(2022) + 1
    for array in AXES:
        one, other = (run.books.arrays[array][:, :upto] for run in (base, after))
        assert np.array_equal(one, other, equal_nan=True), array
    for array in ("building_spent", "capital_need", "places", "floor_area", "land"):
        assert not np.array_equal(base.books.arrays[array], after.books.arrays[array]), array


# Money


@pytest.mark.parametrize("name", [*REGIONS, "zhejiang_everything_on"])
def test_every_yuan_that_comes_goes_somewhere_in_every_provider_region_year_and_draw(
    everything: Runs, name: str
) -> None:
    a = everything(name).books.arrays
    came = a["recurrent_budget"] + a["own_income"] + a["capital_budget"] + a["carried_over"]
    went = a["paid"] + a["reserve"] + a["returned"]
    assert np.all(np.abs(came - went) <= 1e-9 * came)
    assert np.all(a["carried_over"][:, 0] == 0.0)
    assert np.array_equal(a["carried_over"][:, 1:], a["reserve"][:, :-1])
    assert came.min() > 0.0


@pytest.mark.parametrize("name", MONEY)
@pytest.mark.parametrize("doctored", ["a millionth", "missing"])
def test_books_in_which_one_sum_of_money_is_doctored_are_refused(everything: Runs, name: str, doctored: str) -> None:
    books = everything("wenzhou").books
    assert books.check_balance() <= 1e-9
    values = books.arrays[name].copy()
    came = sum(books.arrays[source] for source in ("recurrent_budget", "own_income", "capital_budget"))
    values[3, 5, 0, 1] += 1e-6 * np.asarray(came)[3, 5, 0, 1] if doctored == "a millionth" else np.nan
    spoilt = replace(books, arrays={**books.arrays, name: values})
    with pytest.raises(BalanceError, match="money was lost or invented"):
        spoilt.check_balance()


def test_books_that_carry_over_what_nobody_kept_are_refused(everything: Runs) -> None:
    books = everything("wenzhou").books
    spoilt = dict(books.arrays)
    for name in ("carried_over", "paid"):
        spoilt[name] = spoilt[name].copy()
        spoilt[name][3, 5, 0, 1] += 1e9
    with pytest.raises(BalanceError):
        replace(books, arrays=spoilt).check_balance()


# Regions beside each other, and more draws


BESIDE = ("carried", "places", "usable_places", "training_persons", "stage_seats", "binding", "stock")


def beside(scenarios: Mapping[str, Scenario], order: tuple[str, ...]) -> Scenario:
    """Return the scenarios of several regions as one, without their targets."""
    chosen = [scenarios[name] for name in order]
    return replace(
        chosen[0],
        regions=tuple(s.regions[0] for s in chosen),
        projects=tuple(p for s in chosen for p in s.projects),
        levers=tuple(lever for s in chosen for lever in s.levers),
        rows={region: rows for s in chosen for region, rows in s.rows.items()},
        items={region: items for s in chosen for region, items in s.items.items()},
        targets=(),
        headlines=(),
    )


@pytest.mark.parametrize("limits", ["every limit in both", "every limit in one"])
def test_two_regions_with_their_projects_are_each_as_they_are_alone_in_either_order(
    usual: Runs, everything: Runs, limits: str
) -> None:
    alone = {
        name: pulling(
            (everything if name == "wenzhou" or limits == "every limit in both" else usual)(name),
            ("card_limit_students_per_teacher", "", "multiply", 0.6),
        )
        for name in ("wenzhou", "zhoushan")
    }
    assert np.any(named(alone["wenzhou"], HIGHER) == LIMITS.index("card"))
    for order in (("wenzhou", "zhoushan"), ("zhoushan", "wenzhou")):
        books = simulate(beside({n: run.scenario for n, run in alone.items()}, order), DRAWS, until=UNTIL).books
        assert books.regions == order
        for position, name in enumerate(order):
            single = alone[name].books
            begun = single.years.index(books.years[0])
            for array in (*RESOURCES, *BESIDE):
                there, here = books.arrays[array][:, :, position], single.arrays[array][:, begun:, 0]
                if array in ("stage_seats", "binding"):  # not known in the base year of the one that begins later
                    there, here = there[:, 1:], here[:, 1:]
                assert np.array_equal(there, here, equal_nan=True), (name, array)


def test_a_card_limit_from_before_a_regions_base_year_means_the_same_beside_a_region_that_begins_earlier(
    everything: Runs,
) -> None:
    # Zhoushan begins in 2016, Wenzhou in 2020: what Wenzhou's colleges lacked in 2020 under the limit is no card.
    alone = {
        name: pulling(everything(name), ("card_limit_students_per_teacher", "", "multiply", 0.7), start=2017)
        for name in ("wenzhou", "zhoushan")
    }
    together = simulate(
        beside({name: run.scenario for name, run in alone.items()}, ("wenzhou", "zhoushan")), DRAWS, until=UNTIL
    )
    assert np.array_equal(seats(together, HIGHER)[:, 1:], seats(alone["wenzhou"], HIGHER)[:, 1:])


@pytest.mark.parametrize("name", ["wenzhou", "lishui"])
def test_twice_the_draws_keep_the_first_half_of_every_resource(everything: Runs, name: str) -> None:
    scenario = everything(name).scenario
    for chance in (False, True):
        few, many = (
            simulate(scenario, draws=n, until=UNTIL, uncertainty=Uncertainty(chance=chance)).books.arrays
            for n in (DRAWS, 2 * DRAWS)
        )
        for array in AXES:
            assert np.array_equal(many[array][:DRAWS], few[array], equal_nan=True), array
