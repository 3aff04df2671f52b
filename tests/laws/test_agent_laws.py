"""What holds for every student and school, whatever is decided."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from simvet.behaviour import NO_SCHOOLS, PARITY, RULES, AgentChoices
from simvet.books import AXES, Books
from simvet.catalogue import CATALOGUE, keys_of
from simvet.engines.agents import AgentWorld
from simvet.engines.population import Population
from simvet.engines.students import COLUMNS
from simvet.engines.world import RegionModel
from simvet.levers import OPERATIONS, Lever
from simvet.loading import load_scenario
from simvet.result import Result, simulate
from simvet.rules.names import MECHANISMS
from simvet.rules.student_year import GONE
from simvet.runs import rerun
from simvet.sampling import Uncertainty
from simvet.schools import STAGES

LAW = settings(max_examples=12, deadline=None, derandomize=True, database=None)
UNTIL = 2022
FROM = 2020
LUCK = Uncertainty(parameters=False, opening=False, drift=False, chance=True)
REGION = """\
  - region: {name}
    base_year: {year}
    limits:
      general_high: [intake_plan]
      secondary_vocational: [entry_capacity, places, teachers, floor_area, land, equipment, books]
      higher_vocational: [intake_plan]
      vocational_bachelor: [licence]
      bachelor: [intake_plan]
"""
BASE_YEARS = {"zhoushan": 2016, "lishui": 2021}


def pull(quantity: str, key: str, operation: str, value: float, start: int = FROM, end: int | None = None) -> Lever:
    return Lever("law", quantity, "zhoushan", key, operation, value, start, end, "none", "law", "law")  # type: ignore[arg-type]


CHANGES = {
    "more dropouts": pull("dropout_rate", "secondary_vocational", "multiply", 3.0),
    "more seats in general school": pull("intake_plan", "general_high", "multiply", 1.15),
    "more moves between kinds of school": pull("transfer_rate", "secondary_vocational", "set", 0.05),
    "more integrated tracks": pull("integrated_higher_share", "", "multiply", 2.0),
    "no seats for vocational leavers": pull("block_share", "vocational", "set", 0.0),
}
NOTHING = (
    pull("dropout_rate", "secondary_vocational", "multiply", 1.0),
    pull("intake_plan", "general_high", "add", 0.0),
    pull("teachers", "secondary_vocational", "multiply", 1.0, 2017),
    pull("willingness", "senior_secondary", "add", 0.0, 2017),
)
PULLED = [
    (name, key)
    for name, quantity in CATALOGUE.items()
    if quantity.lever
    for key in ([""] if quantity.axis == "region" else keys_of(name, "zhoushan"))
]


def run_with(
    until: int = UNTIL, draws: int = 1, seed: int = 1, uncertainty: Uncertainty = LUCK, **choices: object
) -> Result:
    scenario = load_scenario("zhoushan")
    agents = replace(scenario.agents, **choices)  # type: ignore[arg-type]
    return simulate(replace(scenario, agents=agents), draws, seed, until, "agents", uncertainty)


def changed(run: Result, *levers: Lever, **choices: object) -> Result:
    """Return the run on the same random numbers with levers, or with other choices."""
    agents = replace(run.scenario.agents, **choices)  # type: ignore[arg-type]
    found = rerun(run, replace(run.scenario, agents=agents).with_levers(*levers))
    return Result(found.scenario, found.schedule, found.books, found.seed, found.engine, found.world)


def digest(books: Books, until: int | None = None) -> str:
    last = None if until is None else books.years.index(until) + 1
    return hashlib.sha256(b"|".join(books.arrays[name][:, :last].tobytes() for name in AXES)).hexdigest()


def same_students(one: Population, other: Population) -> bool:
    """Return whether two populations hold the same students, column by column."""
    rows = one.students.rows
    return other.students.rows == rows and all(
        np.array_equal(one.students[name][:rows], other.students[name][:rows]) for name in COLUMNS
    )


def stage_numbers(population: Population) -> np.ndarray:
    """Return the number of the stage that every cell belongs to, -1 for those without schools and nobody's."""
    table = np.full(256, -1)
    for cell, (stage, _, _) in enumerate(population.pathway.cell_table):
        table[cell] = STAGES.index(stage) if stage in STAGES else -1
    return table


def in_the_wrong_school(population: Population) -> int:
    """Return how many students stand in a school of another stage than the one they are in."""
    assert population.book is not None
    students, rows = population.students, population.students.rows
    stage = stage_numbers(population)[students["cell"][:rows]]
    school = students["school"][:rows].astype(np.int64)
    inside = (stage >= 0) & (school >= 0)
    return int((population.book.stage[school[inside]] != stage[inside]).sum())


def without_a_school(population: Population) -> int:
    """Return how many students of general, vocational and higher stages stand in no school."""
    students, rows = population.students, population.students.rows
    stage = stage_numbers(population)[students["cell"][:rows]]
    return int(((stage >= 0) & (students["school"][:rows] < 0)).sum())


@pytest.fixture(scope="module")
def base() -> Result:
    return run_with()


@pytest.fixture(scope="module")
def alternatives(base: Result) -> dict[str, Result]:
    return {name: changed(base, lever) for name, lever in CHANGES.items()}


@pytest.mark.parametrize("schools", ["synthetic", NO_SCHOOLS])
def test_the_plain_and_the_compiled_kernels_give_the_same_bytes(schools: str) -> None:
    plain, compiled = (run_with(2017, schools=schools, kernels=kernels) for kernels in ("plain", "compiled"))
    assert digest(plain.books) == digest(compiled.books)
    assert same_students(plain.agents.populations[0], compiled.agents.populations[0])


@pytest.mark.parametrize("schools", ["synthetic", NO_SCHOOLS])
def test_the_same_seed_gives_the_same_bytes_and_another_seed_other_luck(schools: str) -> None:
    one, again, other = (run_with(2018, seed=seed, schools=schools) for seed in (1, 1, 2))
    assert digest(one.books) == digest(again.books) != digest(other.books)
    assert same_students(one.agents.populations[0], again.agents.populations[0])


@pytest.mark.parametrize(
    ("uncertainty", "schools"),
    [(LUCK, "synthetic"), (LUCK, NO_SCHOOLS), (Uncertainty(), NO_SCHOOLS)],
    ids=["luck and schools", "luck alone", "numbers drawn too"],
)
def test_a_world_does_not_depend_on_how_many_worlds_are_drawn(uncertainty: Uncertainty, schools: str) -> None:
    # A synthetic list is made for the mean of the drawn openings, and so hangs on their number where they are drawn.
    few, many = (run_with(2018, draws, uncertainty=uncertainty, schools=schools) for draws in (2, 3))
    for draw in range(2):
        assert same_students(few.agents.populations[draw], many.agents.populations[draw])
    for name in AXES:
        assert few.books.arrays[name].tobytes() == many.books.arrays[name][:2].tobytes(), name
    # Worlds differ by luck, or the law above would hold of copies.
    assert not same_students(few.agents.populations[0], few.agents.populations[1])


@st.composite
def decisions(draw: st.DrawFn) -> Lever:
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
    return pull(name, key, operation, value, draw(st.integers(2017, UNTIL)))


@st.composite
def behaviours(draw: st.DrawFn) -> AgentChoices:
    """Any way for students to be admitted and for schools to decide."""
    return AgentChoices(
        schools=draw(st.sampled_from(["synthetic", "synthetic", NO_SCHOOLS])),
        # Mechanisms other than the first take seconds a run; they are held against it elsewhere.
        remember_scores=draw(st.booleans()),
        supplementary=draw(st.booleans()),
        list_length=draw(st.sampled_from([None, 1, 3])),
        rules={name: draw(st.sampled_from(known)) for name, known in RULES.items()},
    )


@LAW
@given(levers=st.lists(decisions(), min_size=1, max_size=4), choices=behaviours())
@example(levers=[CHANGES["no seats for vocational leavers"]], choices=AgentChoices())
@example(levers=[pull("intake_plan", "general_high", "set", 0.0, 2018)], choices=AgentChoices())
@example(levers=[pull("dropout_rate", "middle", "set", 1.0, 2019)], choices=PARITY)
def test_books_balance_and_nobody_is_in_two_places_whatever_is_decided(
    base: Result, levers: list[Lever], choices: AgentChoices
) -> None:
    found = rerun(base, replace(base.scenario, agents=choices).with_levers(*levers))
    assert found.books.check_balance() == 0.0
    world = found.world
    assert isinstance(world, AgentWorld)
    for population in world.populations:
        counted = np.bincount(population.students["cell"][: population.students.rows], minlength=256)
        stock = found.books.arrays["stock"][0, -1, 0]
        primary = population.pathway.cells_of("primary/regular")
        cells = np.setdiff1d(np.arange(len(stock)), np.arange(primary.start, primary.stop))
        np.testing.assert_array_equal(counted[cells], stock[cells])
        if population.book is not None:
            assert in_the_wrong_school(population) == 0
            for admission in population.book.admissions.values():
                assert np.all(admission.placed <= admission.seats)


@pytest.fixture(scope="module")
def admitted() -> dict[tuple[str, bool], Result]:
    """One year under every mechanism, with and without a supplementary round."""
    return {
        (mechanism, more): run_with(2017, mechanism=mechanism, supplementary=more)
        for mechanism in MECHANISMS
        for more in (True, False)
    }


@pytest.mark.parametrize("mechanism", MECHANISMS)
@pytest.mark.parametrize("supplementary", [True, False])
def test_no_programme_takes_more_than_its_seats(
    admitted: dict[tuple[str, bool], Result], mechanism: str, supplementary: bool
) -> None:
    run = admitted[(mechanism, supplementary)]
    frame = run.admissions()
    assert (frame["placed"] <= frame["seats"]).all()
    assert (frame["placed"] == frame["seats"]).any() and (frame["placed"] < frame["seats"]).any()
    gates = run.scenario.pathway.gates
    for (gate, option), rows in frame[frame["option"] != "elsewhere"].groupby(["gate", "option"]):
        position = [g.key for g in gates].index(gate)
        place = (0, 1, 0, position, gates[position].options.index(option))
        # Programmes share out what the stage has, and none invents a seat.
        assert rows["seats"].sum() <= np.floor(run.books.arrays["seats"][place] + 1e-6)
        assert rows["placed"].sum() == run.books.arrays["placed"][place]


@pytest.mark.parametrize("mechanism", MECHANISMS)
@pytest.mark.parametrize("supplementary", [True, False])
def test_every_applicant_is_placed_or_declines_or_stays_unplaced(
    admitted: dict[tuple[str, bool], Result], mechanism: str, supplementary: bool
) -> None:
    run = admitted[(mechanism, supplementary)]
    a, gates = run.books.arrays, [gate.key for gate in run.scenario.pathway.gates]
    placed = np.nansum(a["placed"], axis=-1)
    np.testing.assert_array_equal((placed + a["declined"] + a["unplaced"])[:, 1], a["pool"][:, 1])
    frame = run.matching()
    # Every gate but the transfer selection, which asks for no wishes.
    assert list(frame["gate"]) == [gate for gate in gates if gate != "transfer_selection"]
    for row in frame.itertuples():
        place = (0, 1, 0, gates.index(row.gate))
        assert (row.applicants, row.placed) == (a["pool"][place], placed[place])
    assert (a["unplaced"][:, 1, :, 0] > 0).all()


@pytest.mark.parametrize("name", CHANGES)
def test_a_lever_leaves_the_years_before_it_untouched_in_the_books(
    base: Result, alternatives: dict[str, Result], name: str
) -> None:
    other = alternatives[name]
    assert digest(base.books, FROM - 1) == digest(other.books, FROM - 1)
    assert digest(base.books) != digest(other.books)
    for table in (Result.admissions, Result.matching):
        one, two = (frame[frame["year"] < FROM].reset_index(drop=True) for frame in (table(base), table(other)))
        assert len(one) > 0
        assert one.equals(two)


@pytest.mark.parametrize("name", CHANGES)
def test_a_lever_leaves_the_place_of_everybody_untouched_before_it(
    base: Result, alternatives: dict[str, Result], name: str
) -> None:
    one, two = (run.agents.populations[0].students for run in (base, alternatives[name]))
    for year in range(2016, FROM):
        assert len(one.past[year]) > 50_000
        np.testing.assert_array_equal(one.past[year], two.past[year])
    rows = np.arange(len(one.past[FROM - 1]))
    np.testing.assert_array_equal(one.persons(rows), two.persons(rows))
    for column in ("district", "preference"):
        np.testing.assert_array_equal(one[column][: len(rows)], two[column][: len(rows)])


@pytest.mark.parametrize("name", CHANGES)
def test_a_lever_leaves_every_chapter_before_it_untouched(
    base: Result, alternatives: dict[str, Result], name: str
) -> None:
    other = alternatives[name]
    rows = np.random.default_rng(4).choice(
        len(base.agents.populations[0].students.past[FROM - 1]), 4_000, replace=False
    )
    rewritten = []
    for row in rows.tolist():
        life = base.biography(row, other)
        told = [[c for c in chapters if c.year < FROM] for chapters in (life.chapters, life.other or ())]
        if told[0] != told[1]:
            rewritten.append((row, *told))
    assert not rewritten, f"{len(rewritten)} of {len(rows)} lives are told differently before {FROM}: {rewritten[0]}"


def test_a_person_has_the_same_number_under_every_policy(base: Result, alternatives: dict[str, Result]) -> None:
    # More or fewer students enter, and still each entrant of a year is the same person.
    one = base.agents.populations[0].students
    for other in alternatives.values():
        two = other.agents.populations[0].students
        known = set(one.persons(np.arange(one.rows)).tolist())
        shared = [row for row in range(0, two.rows, 997) if int(two.persons(np.array([row]))[0]) in known]
        assert len(shared) > 50
        for row in shared:
            person = int(two.persons(np.array([row]))[0])
            mine = one.row_of(person)
            assert mine is not None
            assert one["district"][mine] == two["district"][row]
            assert one["preference"][mine] == two["preference"][row]


@pytest.mark.parametrize("schools", ["synthetic", NO_SCHOOLS])
def test_a_lever_that_changes_nothing_leaves_books_and_students_bit_identical(schools: str) -> None:
    run = run_with(schools=schools)
    for lever in NOTHING:
        other = changed(run, lever)
        assert digest(run.books) == digest(other.books)
        assert same_students(run.agents.populations[0], other.agents.populations[0])


def test_schools_never_change_who_is_there_before_anybody_chooses(base: Result) -> None:
    # Schools come in at the gates alone: children and the first year's moves know nothing of them.
    alone = changed(base, schools=NO_SCHOOLS)
    for name in ("graduates", "dropouts", "repeaters", "departures", "left_at_gate"):
        np.testing.assert_array_equal(base.books.arrays[name][:, 1], alone.books.arrays[name][:, 1])
    middle = base.scenario.pathway.stage_cells("middle")
    np.testing.assert_array_equal(base.books.arrays["stock"][..., middle], alone.books.arrays["stock"][..., middle])


def test_in_every_autumn_a_student_stands_in_a_school_of_the_stage_that_he_is_in() -> None:
    scenario = load_scenario("zhoushan").with_levers(replace(CHANGES["more moves between kinds of school"], start=2017))
    model = RegionModel(scenario, until=2020)
    while model.running:
        population = model.world.populations[0]
        assert in_the_wrong_school(population) == 0
        assert without_a_school(population) == 0
        model.step()
    moved = model.loop.books.stage("transfers_out", "secondary_vocational")
    assert moved[:, 1:].min() > 100.0


@pytest.mark.parametrize("name", ["no seats for vocational leavers", "more dropouts", "more seats in general school"])
def test_nobody_in_a_stage_with_schools_is_without_one(alternatives: dict[str, Result], name: str) -> None:
    run = alternatives[name]
    assert without_a_school(run.agents.populations[0]) == 0
    counted = run.schools().groupby("stage")["enrolment"].sum()
    for stage in STAGES:
        assert counted[stage] == run.books.enrolment(stage)[0, -1, 0], stage


def test_more_seats_in_general_school_raise_its_entrants_and_lower_those_of_vocational_school(base: Result) -> None:
    entrants: list[np.ndarray] = []
    vocational: list[np.ndarray] = []
    for factor in (0.9, 1.0, 1.1):
        run = changed(base, pull("intake_plan", "general_high", "multiply", factor))
        first = run.books.years.index(FROM)
        entrants.append(run.books.stage("entrants", "general_high")[0, first:, 0])
        vocational.append(run.books.stage("entrants", "secondary_vocational")[0, first:, 0])
    assert np.all(np.diff(entrants, axis=0) > 50.0)
    # Where vocational schools are full already, fewer general seats bring them nobody.
    assert np.all(np.diff(vocational, axis=0) <= 0.0)
    assert np.all(vocational[2] < vocational[1] - 50.0)


@pytest.mark.parametrize("name", ["more dropouts", "more seats in general school"])
def test_no_row_is_ever_used_again(alternatives: dict[str, Result], name: str) -> None:
    students = alternatives[name].agents.populations[0].students
    persons = students.persons(np.arange(students.rows))
    assert len(np.unique(persons)) == students.rows
    years = sorted(students.past)
    assert years == list(range(2016, UNTIL + 1))
    gone = np.zeros(0, dtype=bool)
    for year in years:
        now = students.past[year] == GONE
        # Rows are only ever appended, and whoever is gone in one autumn is gone in all that follow.
        assert len(now) >= len(gone)
        assert np.all(now[: len(gone)][gone])
        gone = now
    assert 10_000 < gone.sum() < len(gone)


def regions_file(folder: Path, *names: str) -> Path:
    """Write a scenario of regions in this order; return its path."""
    path = folder / f"{'_'.join(names)}.yaml"
    regions = "".join(REGION.format(name=name, year=BASE_YEARS[name]) for name in names)
    path.write_text(
        f"title: {{zh: 几个地区, en: some regions}}\nregions:\n{regions}until: 2023\nas_of: 2022\nseats_spill: true\n"
        "five_year_counts: true\nprovince: zhejiang\nheadlines: [progression_rate, enrolment]\n",
        encoding="utf-8",
    )
    return path


Named = Callable[..., Result]


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Named:
    """Regions run together in the order in which they are named."""
    folder, known = tmp_path_factory.mktemp("regions"), {}

    def run(*names: str) -> Result:
        if names not in known:
            known[names] = simulate(regions_file(folder, *names), None, 1, None, "agents")
        return known[names]

    return run


def test_the_order_in_which_regions_are_named_decides_nothing(named: Named) -> None:
    listed, turned = named("zhoushan", "lishui"), named("lishui", "zhoushan")
    assert listed.books.regions == ("zhoushan", "lishui") == turned.books.regions[::-1]
    for name in AXES:
        assert listed.books.arrays[name][:, :, ::-1].tobytes() == turned.books.arrays[name].tobytes(), name
    for population in listed.agents.populations:
        assert same_students(population, turned.agents.populations[1 - population.region])
    for region in listed.books.regions:
        one, two = (frame[frame["region"] == region].reset_index(drop=True)
                    for frame in (listed.admissions(), turned.admissions()))  # fmt: skip
        assert len(one) > 0 and one.equals(two)


def test_a_region_with_a_later_base_year_begins_its_lives_in_that_year(named: Named) -> None:
    run = named("zhoushan", "lishui")
    students = run.agents.populations[1].students
    assert sorted(students.past) == [2021, 2022, 2023]
    for row in range(0, len(students.past[min(students.past)]), 20_000):
        years = [chapter.year for chapter in run.biography(row, region="lishui").chapters]
        assert years[0] == 2021, "an opening student is there from the opening on"
        assert years == list(range(2021, 2021 + len(years)))


def test_a_region_runs_beside_others_as_it_does_alone(named: Named) -> None:
    together = named("zhoushan", "lishui")
    for position, name in enumerate(together.books.regions):
        alone = named(name)
        first = alone.books.years.index(together.books.years[0])
        for array in ("stock", "entrants", "graduates", "placed"):
            there, here = together.books.arrays[array][:, :, position], alone.books.arrays[array][:, first:, 0]
            np.testing.assert_array_equal(there, here, err_msg=f"{name}: {array}")
