"""Laws of a whole run: what limits, what is paid, what opens."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from simvet.errors import BalanceError
from simvet.levers import Lever
from simvet.loading import load_scenario
from simvet.result import Result, simulate
from simvet.rules.names import CARRIED_LIMITS, LIMITS, PROVIDERS
from simvet.runs import run_years
from simvet.scenario import Scenario
from simvet.schedule import Schedule

DRAWS = 30
REGION = "zhejiang"
STANDARDS = {"teachers", "floor_area", "land", "equipment", "books", "money", "card"}
RESOURCES = (
    "teachers", "specialists", "dual_qualified", "high_level_dual", "postgraduates", "abroad_teachers",
    "teaching_staff", "floor_area", "land", "books", "equipment", "training_persons", "places", "opened_places",
    "usable_places", "carried", "recurrent_need", "capital_need", "recurrent_budget", "own_income", "capital_budget",
    "carried_over", "paid", "reserve", "returned", "financing_gap", "equipment_bought", "building_spent",
    "building_paid",
)  # fmt: skip


@pytest.fixture(scope="module")
def everything() -> Result:
    return simulate("zhejiang_everything_on", DRAWS)


def with_limits(scenario: Scenario, stage: str, limits: tuple[str, ...]) -> Scenario:
    (case,) = scenario.regions
    return replace(scenario, regions=(replace(case, limits={**case.limits, stage: limits}),))


def intake(result: Result, stage: str) -> np.ndarray:
    return result.indicator("entrants", stage)[:, :, 0]


def seats(result: Result, stage: str) -> np.ndarray:
    return result.books.arrays["stage_seats"][:, :, 0, result.scenario.pathway.stages.index(stage)]


def pulled(quantity: str, key: str, operation: str, value: float, start: int = 2022) -> Lever:
    return Lever("test", quantity, REGION, key, operation, value, start, None, "city", "test", "test")  # type: ignore[arg-type]


def first_differences(before: np.ndarray, after: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return both in the first year in which each draw differs: until then both runs are in the same state."""
    moved = np.abs(after - before) > 1e-6
    rows = np.flatnonzero(moved.any(axis=1))
    columns = moved[rows].argmax(axis=1)
    return before[rows, columns], after[rows, columns]


@pytest.mark.parametrize("scenario", ["zhejiang_everything_on", "wenzhou", "lishui", "zhoushan"])
def test_no_resource_is_ever_negative_and_none_is_missing(scenario: str) -> None:
    books = simulate(scenario, DRAWS).books
    for name in RESOURCES:
        values = books.arrays[name]
        assert np.nanmin(values) >= 0.0, name
        if name != "carried":
            assert np.isfinite(values).all(), name


@pytest.mark.parametrize("scenario", ["zhejiang_everything_on", "wenzhou", "lishui", "zhoushan"])
def test_money_in_is_money_out_in_every_year_and_draw(scenario: str) -> None:
    books = simulate(scenario, DRAWS).books
    a = books.arrays
    came = a["recurrent_budget"] + a["own_income"] + a["capital_budget"] + a["carried_over"]
    went = a["paid"] + a["reserve"] + a["returned"]
    assert np.allclose(came, went, rtol=1e-9)
    assert np.allclose(a["carried_over"][:, 1:], a["reserve"][:, :-1], rtol=1e-12)
    assert np.allclose(a["financing_gap"], a["recurrent_need"] + a["capital_need"] - a["paid"], atol=1.0)


def test_books_with_a_yuan_too_many_are_refused(everything: Result) -> None:
    spoilt = dict(everything.books.arrays)
    spoilt["paid"] = spoilt["paid"] * 1.001
    with pytest.raises(BalanceError):
        replace(everything.books, arrays=spoilt).check_balance()


@pytest.mark.parametrize(
    ("stage", "limit"),
    [
        (stage, limit)
        for stage in PROVIDERS
        for limit in sorted(STANDARDS)
        if not (stage == "secondary_vocational" and limit == "card")
    ],
)
def test_turning_a_standard_off_never_lowers_that_stages_intake(everything: Result, stage: str, limit: str) -> None:
    on = everything.scenario.regions[0].limits[stage]
    off = simulate(with_limits(everything.scenario, stage, tuple(x for x in on if x != limit)), DRAWS)
    before, after = first_differences(seats(everything, stage), seats(off, stage))
    assert np.all(after >= before)
    before, after = first_differences(intake(everything, stage), intake(off, stage))
    assert np.all(after >= before - 1e-6)


def test_some_standard_does_bind_so_that_turning_it_off_admits_more(everything: Result) -> None:
    for stage, limit in (("secondary_vocational", "teachers"), ("higher_vocational", "teachers")):
        on = everything.scenario.regions[0].limits[stage]
        off = simulate(with_limits(everything.scenario, stage, tuple(x for x in on if x != limit)), DRAWS)
        assert np.any(seats(off, stage) > seats(everything, stage) + 1.0)


@pytest.mark.parametrize("value", [18.0, 14.0, 10.0])
def test_a_stricter_standard_never_admits_more(everything: Result, value: float) -> None:
    lever = pulled("students_per_teacher_standard", "secondary_vocational", "set", value)
    stricter = simulate(everything.scenario.with_levers(lever), DRAWS)
    before, after = first_differences(
        seats(everything, "secondary_vocational"), seats(stricter, "secondary_vocational")
    )
    assert np.all(after <= before)
    assert value > 14.0 or before.size


@pytest.mark.parametrize("more", [500.0, 20_000.0, 300_000.0])
def test_more_places_never_admit_fewer_to_that_stage(everything: Result, more: float) -> None:
    richer = simulate(everything.scenario.with_levers(pulled("places", "secondary_vocational", "add", more)), DRAWS)
    before, after = first_differences(
        intake(everything, "secondary_vocational"), intake(richer, "secondary_vocational")
    )
    assert np.all(after >= before - 1e-6)
    stock = [r.indicator("enrolment", "secondary_vocational")[:, :, 0] for r in (everything, richer)]
    assert np.all(stock[1].sum(axis=1) >= stock[0].sum(axis=1) - 1e-6)


@pytest.mark.parametrize("stage", PROVIDERS)
def test_the_limit_that_is_recorded_is_the_smallest(everything: Result, stage: str) -> None:
    arrays = everything.books.arrays
    on = everything.scenario.regions[0].limits[stage]
    columns = [number for number, name in enumerate(CARRIED_LIMITS) if name in on]
    carried = arrays["carried"][:, 1:, 0, PROVIDERS.index(stage)][..., columns]
    named = arrays["binding"][:, 1:, 0, everything.scenario.pathway.stages.index(stage)].astype(int)
    assert {LIMITS[number] for number in np.unique(named)} <= set(on)
    smallest = np.array([LIMITS.index(CARRIED_LIMITS[column]) for column in columns])[carried.argmin(axis=-1)]
    by_resource = np.isin(named, [LIMITS.index(CARRIED_LIMITS[column]) for column in columns])
    assert by_resource.mean() > 0.2
    assert np.array_equal(named[by_resource], smallest[by_resource])


def test_a_lever_from_2023_leaves_every_resource_of_2022_untouched(everything: Result) -> None:
    levers = [
        pulled("teacher_hiring", "secondary_vocational", "multiply", 1.5, 2023),
        pulled("equipment_investment", "higher_vocational", "multiply", 2.0, 2023),
        pulled("capital_budget", "secondary_vocational", "multiply", 0.5, 2023),
        pulled("training_level", "", "multiply", 2.0, 2023),
    ]
    changed = simulate(everything.scenario.with_levers(*levers), DRAWS)
    upto = everything.books.years.index(2022) + 1
    for name in RESOURCES:
        before, after = everything.books.arrays[name], changed.books.arrays[name]
        assert np.array_equal(before[:, :upto], after[:, :upto], equal_nan=True), name
    assert not np.array_equal(everything.books.arrays["equipment"], changed.books.arrays["equipment"])


def test_a_school_opened_in_t_fills_a_third_of_its_places_a_year() -> None:
    scenario = load_scenario("zhoushan_school_2023")
    alone = replace(scenario, projects=tuple(p for p in scenario.projects if p.kind == "new_school"))
    without = replace(scenario, projects=())
    one, none = simulate(alone, DRAWS).books, simulate(without, DRAWS).books
    usable = (one.arrays["usable_places"] - none.arrays["usable_places"])[:, :, 0]
    places = (one.arrays["places"] - none.arrays["places"])[:, :, 0]
    opened = one.years.index(2023)
    whole = places[:, opened]
    assert np.all(whole > 3000)
    assert np.all(usable[:, opened - 1] == 0)
    for year, part in ((2023, 1 / 3), (2024, 2 / 3), (2025, 1.0), (2030, 1.0)):
        assert np.allclose(usable[:, one.years.index(year)], part * whole), year


def test_the_first_draws_of_a_larger_run_are_the_smaller_run(everything: Result) -> None:
    larger = simulate("zhejiang_everything_on", 2 * DRAWS)
    for name in RESOURCES:
        assert np.array_equal(larger.books.arrays[name][:DRAWS], everything.books.arrays[name], equal_nan=True), name


def one_draw(values: object, draw: int) -> object:
    """Return the values of one draw, whatever holds them."""
    if isinstance(values, dict):
        return {name: one_draw(drawn, draw) for name, drawn in values.items()}
    assert isinstance(values, np.ndarray)
    return values[draw : draw + 1].copy()


def test_a_draw_alone_is_the_same_draw_to_the_last_bit(everything: Result) -> None:
    old = everything.schedule
    (opening,) = old.openings
    names = [field.name for field in fields(opening) if field.name not in ("case", "sample")]
    sample = replace(opening.sample, count=1, values=one_draw(opening.sample.values, 7))
    # Draw 0 of a run has the luck of row 0, so draw 7 is put there in both runs.
    first = replace(opening.sample, values=put_first(opening.sample.values, 7))
    alone = replace(opening, sample=sample, **{name: one_draw(getattr(opening, name), 7) for name in names})
    ahead = replace(opening, sample=first, **{name: put_first(getattr(opening, name), 7) for name in names})
    books = [
        run_years(Schedule(everything.scenario, old.draws, count, old.uncertainty, [given]), "cohort", 1)
        for count, given in ((1, alone), (DRAWS, ahead))
    ]
    for name, values in books[1].arrays.items():
        assert np.array_equal(books[0].arrays[name][0], values[0], equal_nan=True), name


def put_first(values: object, draw: int) -> object:
    """Return the values with one draw put first."""
    if isinstance(values, dict):
        return {name: put_first(drawn, draw) for name, drawn in values.items()}
    assert isinstance(values, np.ndarray)
    return np.concatenate([values[draw : draw + 1], values[1:]])
