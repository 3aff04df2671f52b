"""What holds for whole regions, whatever is decided: balance, scale, names, time and luck."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from simvet.books import AXES, RESOURCES
from simvet.catalogue import CATALOGUE, keys_of
from simvet.levers import OPERATIONS, Lever
from simvet.loading import load_scenario
from simvet.result import rerun, simulate
from simvet.runs import Run
from simvet.sampling import Sample, Uncertainty
from simvet.scenario import Scenario
from simvet.schedule import Schedule

Floats = NDArray[np.float64]

LAW = settings(max_examples=25, deadline=None, derandomize=True, database=None)
UNTIL = 2028
CASES = Path(__file__).parents[1] / "cases" / "good"
COUNTS = ("persons", "persons/year", "places", "m2", "volumes")
"""Units that double when every count doubles."""
NOT_PERSONS = ("cutoff", "binding", "stage_seats", "places", "opened_places", "usable_places", "international_students",
               "training_persons", "carried", *RESOURCES)  # fmt: skip


def keys_everywhere(name: str) -> tuple[str, ...]:
    """Return the keys by which a quantity may be pulled in both regions that the laws run."""
    if CATALOGUE[name].axis == "region":
        return ("",)
    return tuple(key for key in keys_of(name, "zhejiang") if key in keys_of(name, "zhoushan"))


PULLED = [(name, key) for name, quantity in CATALOGUE.items() if quantity.lever for key in keys_everywhere(name)]
Bases = Callable[[str, bool], Run]


def pull(quantity: str, key: str, operation: str, value: float, start: int, end: int | None, region: str) -> Lever:
    return Lever("law", quantity, region, key, operation, value, start, end, "none", "law", "law")  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def bases() -> Bases:
    known = {
        (name, chance): simulate(name, draws=4, until=UNTIL, uncertainty=Uncertainty(chance=chance))
        for name in ("zhejiang", "zhoushan")
        for chance in (False, True)
    }
    return lambda name, chance: known[(name, chance)]


@st.composite
def levers(draw: st.DrawFn) -> Lever:
    """Any change within bounds to any quantity that may be pulled."""
    name, key = draw(st.sampled_from(PULLED))
    quantity = CATALOGUE[name]
    high = min(quantity.high, 1e6)
    operation = draw(st.sampled_from(OPERATIONS))
    if operation in ("set", "ramp"):
        value = draw(st.one_of(st.just(quantity.low), st.just(high), st.floats(quantity.low, high)))
    elif operation == "add":
        value = draw(st.floats(-(high - quantity.low), high - quantity.low))
    else:
        value = draw(st.floats(0.0, 3.0))
    start = draw(st.integers(2021, UNTIL))
    end = draw(st.one_of(st.none(), st.integers(start, UNTIL)))
    return pull(name, key, operation, value, start, end, "")


def with_pulled(result: Run, chosen: list[Lever]) -> Run:
    region = result.books.regions[0]
    return rerun(result, result.scenario.with_levers(*(replace(lever, region=region) for lever in chosen)))


def differing(one: Run, other: Run, until: int | None = None) -> set[str]:
    """Names of the arrays that are not bit for bit the same, up to a year."""
    last = None if until is None else one.books.years.index(until) + 1
    a, b = one.books.arrays, other.books.arrays
    return {name for name in AXES if a[name][:, :last].tobytes() != b[name][:, :last].tobytes()}


@LAW
@given(
    chosen=st.lists(levers(), min_size=1, max_size=5),
    name=st.sampled_from(["zhejiang", "zhoushan"]),
    chance=st.booleans(),
)
def test_books_balance_and_no_stage_takes_more_than_its_seats_whatever_is_decided(
    bases: Bases, chosen: list[Lever], name: str, chance: bool
) -> None:
    result = with_pulled(bases(name, chance), chosen)
    books = result.books
    assert books.check_balance() <= (0.0 if chance else 1e-9)
    for stage in ("general_high", "secondary_vocational", "higher_vocational", "vocational_bachelor", "bachelor"):
        entrants = books.stage("entrants", stage)[:, 1:]
        if "bachelor" in stage:  # Top-up seats are planned beside those of the four-year programmes.
            entrants = entrants - books.track("entrants", f"{stage}/topup")[:, 1:]
        seats = books.arrays["stage_seats"][:, 1:, :, books.pathway.stage_index[stage]]
        assert np.all(entrants <= seats * (1.0 + 1e-9) + 1e-6)
    if chance:
        for array in set(AXES) - set(NOT_PERSONS):
            found = books.arrays[array][np.isfinite(books.arrays[array])]
            assert np.array_equal(found, np.rint(found)), array


@pytest.mark.parametrize("chance", [False, True])
def test_students_from_outside_never_push_a_stage_over_its_seats(bases: Bases, chance: bool) -> None:
    # Integrated tracks take every planned seat, and outsiders ask for all there is.
    crowd = [
        pull("outside_entrants", "", "set", 50_000.0, 2021, None, ""),
        pull("integrated_higher_share", "", "set", 0.9, 2021, None, ""),
    ]
    books = with_pulled(
        bases("zhejiang", chance), [*crowd, pull("integrated_bachelor_share", "", "set", 0.1, 2021, None, "")]
    ).books
    seats = books.arrays["stage_seats"][..., books.pathway.stage_index["secondary_vocational"]]
    assert np.all(books.stage("entrants", "secondary_vocational")[:, 1:] <= seats[:, 1:] * (1.0 + 1e-9))


def test_a_college_seat_is_reserved_three_years_after_the_student_enters(bases: Bases) -> None:
    base = bases("zhejiang", False)
    entered = base.books.track("entrants", "secondary_vocational/integrated_higher")[:, :-3, 0]
    away = base.schedule.openings[0].sample.of("study_elsewhere_share", "secondary_vocational")
    assert np.allclose(base.books.arrays["reserved"][:, 3:, 0], entered * (1.0 - away)[:, None], rtol=1e-12)
    assert np.ptp(entered, axis=1).max() > 1.0  # the years differ, so that a wrong one would show


@LAW
@given(chosen=st.lists(levers(), max_size=3), chance=st.booleans())
def test_whoever_leaves_one_level_stands_at_the_next_gate_or_has_left_by_name(
    bases: Bases, chosen: list[Lever], chance: bool
) -> None:
    books = with_pulled(bases("zhejiang", chance), chosen).books
    a, stage = books.arrays, books.pathway.stage_index
    senior = stage["general_high"]
    leavers = books.stage("graduates", "middle") - a["left_at_gate"][..., senior] + a["joined_at_gate"][..., senior]
    assert np.allclose(books.gate("pool", "senior_secondary")[:, 1:], leavers[:, 1:], rtol=1e-9)
    placed = books.gate("placed", "senior_secondary")
    arrived = (
        books.stage("entrants", "secondary_vocational") - a["outside_entrants"][..., stage["secondary_vocational"]]
    )
    assert np.allclose(placed[:, 1:, :, 0], books.stage("entrants", "general_high")[:, 1:], rtol=1e-9)
    assert np.allclose(placed[:, 1:, :, 1:].sum(axis=-1), arrived[:, 1:], rtol=1e-9, atol=1e-6)
    middle = stage["middle"]
    entered = books.stage("graduates", "primary") - a["left_at_gate"][..., middle] + a["joined_at_gate"][..., middle]
    assert np.allclose(books.stage("entrants", "middle")[:, 1:], entered[:, 1:], rtol=1e-9)


@LAW
@given(where=st.sampled_from(PULLED), start=st.integers(2021, UNTIL), chance=st.booleans(), multiply=st.booleans())
def test_a_lever_that_changes_nothing_leaves_the_books_bit_identical(
    bases: Bases, where: tuple[str, str], start: int, chance: bool, multiply: bool
) -> None:
    base = bases("zhejiang", chance)
    operation, value = ("multiply", 1.0) if multiply else ("add", 0.0)
    assert not differing(base, with_pulled(base, [pull(*where, operation, value, start, None, "")]))


@LAW
@given(chosen=levers(), chance=st.booleans())
def test_a_lever_from_2023_leaves_2022_and_before_bit_identical(bases: Bases, chosen: Lever, chance: bool) -> None:
    base = bases("zhejiang", chance)
    assert not differing(base, with_pulled(base, [replace(chosen, start=2023, end=None)]), until=2022)


def test_levers_do_act() -> None:
    # The counterpart of the two laws above, which dead levers would pass as well.
    # Seats elsewhere bind in some worlds only, so a few are needed to see that lever act.
    base = simulate("zhejiang", draws=12, until=2026)
    for quantity, key in (
        ("dropout_rate", "secondary_vocational"),
        ("intake_plan", "general_high"),
        ("topup_seats", ""),
        ("teachers", "secondary_vocational"),
        ("block_share", "vocational"),
        ("integrated_higher_share", ""),
        ("elsewhere_seats", "topup"),
        ("arrivals", "middle"),
    ):
        changed = with_pulled(base, [pull(quantity, key, "multiply", 0.5, 2023, None, "")])
        assert "stock" in differing(base, changed), quantity


@pytest.mark.parametrize("chance", [False, True])
@pytest.mark.parametrize("name", ["zhejiang", "zhoushan"])
def test_a_row_does_not_depend_on_how_many_rows_are_drawn(name: str, chance: bool) -> None:
    many, few = (simulate(name, draws=n, until=2026, uncertainty=Uncertainty(chance=chance)) for n in (50, 20))
    for array in AXES:
        assert many.books.arrays[array][:20].tobytes() == few.books.arrays[array].tobytes(), array


def doubled(result: Run, *levers_too: Lever) -> Run:
    """Return the run with every student, seat, place, teacher, birth and count there is, twice."""

    def is_count(name: str) -> bool:
        solved = ("entry_floor", "adult_demand", "enrolment", "equipment", "recurrent_budget")
        return name in solved or (name in CATALOGUE and CATALOGUE[name].unit in COUNTS)

    def sample_of(sample: Sample) -> Sample:
        values = {(n, k): sample.of(n, k) * (2.0 if is_count(n) else 1.0) for n, k in sample.rows}
        return replace(sample, values=values)

    openings = [
        replace(
            o, sample=sample_of(o.sample), stock=o.stock * 2, entrants=o.entrants * 2, graduates=o.graduates * 2,
            integrated=o.integrated * 2, pool={k: v * 2 for k, v in o.pool.items()},
            placed={k: v * 2 for k, v in o.placed.items()}, declined={k: v * 2 for k, v in o.declined.items()},
            base={(n, k): v * (2.0 if is_count(n) else 1.0) for (n, k), v in o.base.items()},
        )
        for o in result.schedule.openings
    ]  # fmt: skip
    scenario: Scenario = result.scenario
    rows = {
        region: tuple(
            replace(r, value=r.value * 2, low=r.low * 2, high=r.high * 2)
            if (r.use, r.indicator) == ("path", "births")
            else r
            for r in given
        )
        for region, given in scenario.rows.items()
    }
    projects = tuple(
        replace(
            p,
            places=replace(p.places, value=p.places.value * 2, low=p.places.low * 2, high=p.places.high * 2),
            cost=replace(p.cost, value=p.cost.value * 2, low=p.cost.low * 2, high=p.cost.high * 2),
        )
        for p in scenario.projects
    )
    old = result.schedule
    scenario = replace(scenario, rows=rows, projects=projects).with_levers(*levers_too)
    schedule = Schedule(scenario, old.draws, old.count, old.uncertainty, openings)
    return rerun(Run(scenario, schedule, result.books, result.seed), scenario)


@pytest.mark.parametrize("name", ["zhejiang", "zhoushan", "wenzhou", "lishui"])
def test_doubling_every_count_doubles_every_result_and_leaves_every_rate(name: str) -> None:
    once = simulate(name, draws=12, until=UNTIL)
    more = [pull("intake_plan", "higher_vocational", "add", 500.0, 2022, None, name)]
    twice = doubled(once, replace(more[0], value=1000.0))
    once = rerun(once, once.scenario.with_levers(*more))
    for array in AXES:
        factor = 1.0 if array in ("cutoff", "binding", "retrained_share") else 2.0
        found, wanted = twice.books.arrays[array], once.books.arrays[array] * factor
        assert np.allclose(found, wanted, rtol=1e-9, atol=1e-6, equal_nan=True), array
    for rate in ("progression_rate", "topup_rate", "general_vocational_ratio", "integrated_share"):
        assert np.allclose(twice.indicator(rate), once.indicator(rate), rtol=1e-9, equal_nan=True)


@pytest.mark.parametrize("chance", [False, True])
def test_the_order_in_which_regions_are_listed_decides_nothing(chance: bool) -> None:
    listed, turned = (
        simulate(CASES / file, draws=12, until=UNTIL, uncertainty=Uncertainty(chance=chance))
        for file in ("wenzhou_lishui.yaml", "lishui_wenzhou.yaml")
    )
    assert listed.books.regions == ("wenzhou", "lishui") == turned.books.regions[::-1]
    for array in AXES:
        assert listed.books.arrays[array][:, :, ::-1].tobytes() == turned.books.arrays[array].tobytes(), array


def test_a_region_runs_beside_others_as_it_does_alone() -> None:
    together = simulate(CASES / "wenzhou_lishui.yaml", draws=12, until=UNTIL)
    for position, name in enumerate(together.books.regions):
        alone = simulate(replace(load_scenario(name), projects=()), draws=12, until=UNTIL)
        first = alone.books.years.index(together.books.years[0])
        for array in ("stock", "entrants", "graduates", "placed"):
            there, here = together.books.arrays[array][:, :, position], alone.books.arrays[array][:, first:, 0]
            assert np.array_equal(there, here, equal_nan=True), (name, array)


def test_a_region_with_a_later_base_year_starts_from_its_own_opening() -> None:
    result = simulate(CASES / "wenzhou_lishui.yaml", draws=12, until=UNTIL)
    lishui = result.books.regions.index("lishui")
    assert result.books.years[0] == 2021
    assert np.array_equal(result.books.arrays["stock"][:, 0, lishui], result.schedule.openings[lishui].stock)


def test_another_seed_meets_other_luck() -> None:
    one, other = (simulate("zhoushan", draws=6, until=2020, seed=seed) for seed in (1, 2))
    assert "stock" in differing(one, other)
