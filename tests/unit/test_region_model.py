"""The region as a Mesa model: it steps, stops, collects and repeats itself."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import mesa
import numpy as np
import pandas as pd
import pytest

import simvet
from simvet.behaviour import RULES
from simvet.books import AXES
from simvet.engines.world import School, with_choices
from simvet.errors import InputError
from simvet.loading import load_scenario
from simvet.report.wording import complain
from simvet.schools import STAGES

UNTIL = 2020
FROZEN = {"fields": "keep", "classes": "keep"}


def model_of(until: int = UNTIL, **choices: Any) -> simvet.RegionModel:
    return simvet.RegionModel("zhoushan", until=until, **choices)


def run_through(model: simvet.RegionModel) -> simvet.RegionModel:
    while model.running:
        model.step()
    return model


@pytest.fixture(scope="module")
def finished() -> simvet.RegionModel:
    return run_through(model_of())


def test_a_step_is_a_school_year_and_the_model_stops_by_itself() -> None:
    model = model_of(2018)
    assert (model.year, model.running) == (2016, True)
    model.step()
    assert (model.year, model.steps, model.running) == (2017, 1, True)
    run_through(model)
    assert (model.year, model.running) == (2018, False)
    assert len(model.datacollector.get_model_vars_dataframe()) == 3


def test_run_model_of_mesa_ends_after_the_last_year() -> None:
    model = model_of(2018)
    model.run_model()
    assert (model.year, model.running) == (2018, False)


def test_a_step_after_the_last_year_is_refused_in_words_or_changes_nothing() -> None:
    model = run_through(model_of(2017))
    before = model.datacollector.get_model_vars_dataframe()
    try:
        model.step()
    except InputError as error:
        assert "2017" in str(error)  # noqa: PT017 - either way out is a right one
    assert model.year == 2017
    assert model.datacollector.get_model_vars_dataframe().equals(before)


def test_agents_are_the_schools_of_the_region(finished: simvet.RegionModel) -> None:
    assert isinstance(finished, mesa.Model)
    assert len(finished.agents) > 15
    for school in finished.agents:
        assert isinstance(school, School) and isinstance(school, mesa.Agent)
        assert school.stage in STAGES
        assert school.seats >= 0.0 and school.enrolment >= 0.0
        assert "合成" in school.name or "placeholder" in school.name or "规划新校" in school.name
        assert school.district >= 1
    codes = [school.code for school in finished.agents]
    assert len(set(codes)) == len(codes)
    enrolled = sum(s.enrolment for s in finished.agents if s.stage == "secondary_vocational")
    assert enrolled == finished.loop.books.enrolment("secondary_vocational")[0, -1, 0]


def test_the_collector_holds_every_year_of_the_model_and_of_each_school(finished: simvet.RegionModel) -> None:
    frame = finished.datacollector.get_model_vars_dataframe()
    books = finished.loop.books
    assert list(frame["year"]) == list(range(2016, UNTIL + 1)) == list(books.years)
    for stage in books.pathway.stages:
        assert frame[f"enrolment/{stage}"].iloc[1:].tolist() == books.enrolment(stage)[0, 1:, 0].tolist()
    result = simvet.simulate("zhoushan", until=UNTIL, engine="agents")
    for name in ("progression_rate", "topup_rate"):
        assert frame[name].tolist() == pytest.approx(result.indicator(name)[0, :, 0].tolist())
    matching = result.matching()
    senior = matching[matching["gate"] == "senior_secondary"]
    # Nobody has stood at a gate in the year of the opening.
    assert np.isnan(frame["first_choice_share"].iloc[0]) and np.isnan(frame["unfilled"].iloc[0])
    assert frame["first_choice_share"].iloc[1:].tolist() == pytest.approx(senior["first_choice_share"].tolist())
    assert frame["unfilled"].iloc[1:].tolist() == senior["unfilled"].tolist()

    schools = finished.datacollector.get_agent_vars_dataframe()
    assert list(schools.columns) == ["code", "stage", "enrolment", "seats", "filled", "standing", "fields_offered"]
    assert len(schools) == (UNTIL - 2016 + 1) * len(finished.agents)
    for step in range(1, UNTIL - 2016 + 1):
        now = schools.loc[step]
        for stage in ("general_high", "secondary_vocational"):
            entered = books.gate("placed", "senior_secondary")[0, step, 0]
            taken = entered[0] if stage == "general_high" else entered[1:].sum()
            assert now.loc[now["stage"] == stage, "filled"].sum() == taken
            assert now.loc[now["stage"] == stage, "enrolment"].sum() == books.enrolment(stage)[0, step, 0]


def test_the_model_is_the_run_of_the_agent_engine(finished: simvet.RegionModel) -> None:
    result = simvet.simulate("zhoushan", until=UNTIL, engine="agents")
    for name in AXES:
        assert finished.loop.books.arrays[name].tobytes() == result.books.arrays[name].tobytes(), name


def test_the_same_seed_gives_the_same_and_another_seed_another(finished: simvet.RegionModel) -> None:
    same, other = run_through(model_of()), run_through(model_of(seed=2))
    frames = [model.datacollector.get_model_vars_dataframe() for model in (finished, same, other)]
    assert frames[0].equals(frames[1])
    assert not frames[0].equals(frames[2])
    schools = [model.datacollector.get_agent_vars_dataframe() for model in (finished, same)]
    assert schools[0].equals(schools[1])


def test_drawn_numbers_are_others_than_the_most_likely_ones(finished: simvet.RegionModel) -> None:
    drawn, again = run_through(model_of(drawn=True)), run_through(model_of(drawn=True))
    frames = [model.datacollector.get_model_vars_dataframe() for model in (finished, drawn, again)]
    assert frames[1].equals(frames[2])
    gap = (frames[0]["enrolment/higher_vocational"] - frames[1]["enrolment/higher_vocational"]).abs().max()
    assert gap > 50.0


def test_the_generator_of_mesa_moves_nothing(finished: simvet.RegionModel) -> None:
    other = run_through(model_of(rng=99))
    assert other.datacollector.get_model_vars_dataframe().equals(finished.datacollector.get_model_vars_dataframe())


@pytest.fixture(scope="module")
def batch() -> pd.DataFrame:
    """Every year of two mechanisms, one row for each school and year."""
    found = mesa.batch_run(
        simvet.RegionModel,
        {"scenario": "zhoushan", "until": 2018, "mechanism": ["serial_dictatorship", "immediate_acceptance"]},
        number_processes=1,
        data_collection_period=1,
        display_progress=False,
    )
    return pd.DataFrame(found)


def test_a_batch_runs_over_mechanisms(batch: pd.DataFrame) -> None:
    share = {}
    for mechanism, rows in batch.groupby("mechanism"):
        share[mechanism] = rows.drop_duplicates("year").set_index("year")["first_choice_share"]
        alone = run_through(model_of(2018, mechanism=mechanism)).datacollector.get_model_vars_dataframe()
        assert share[mechanism][2017] == alone.set_index("year")["first_choice_share"][2017]
    assert share["immediate_acceptance"][2017] > share["serial_dictatorship"][2017]
    assert len(share) == 2


def test_a_batch_brings_the_last_year_too(batch: pd.DataFrame) -> None:
    # Mesa 3.3 reads a collector up to its steps less one: the year of the plan must not be the one that is missing.
    assert sorted(set(batch["year"])) == [2016, 2017, 2018]


def planned(model: simvet.RegionModel) -> np.ndarray:
    (book,) = model.world.books.values()
    return book.planned.copy()


def test_schools_that_keep_their_programmes_leave_every_planned_seat() -> None:
    model = model_of(**FROZEN)
    (book,) = model.world.books.values()
    before = planned(model)
    run_through(model)
    after = planned(model)
    # As many as the region offers in the year, in the same parts; a school that a project opens stands beside them.
    old = ~np.isin(book.school, book.projects)
    for track in range(3):
        mine = old & (book.track == track) & (book.stage[book.school] == STAGES.index("secondary_vocational"))
        np.testing.assert_allclose(after[mine] / after[mine].sum(), before[mine] / before[mine].sum(), atol=1e-9)


def test_schools_that_follow_demand_move_seats_between_fields_and_keep_their_sum() -> None:
    model = model_of(fields="follow_demand", classes="keep")
    (book,) = model.world.books.values()
    before = planned(model)
    run_through(model)
    after = planned(model)
    # Only vocational schools have fields to move between, and integrated tracks are planned by others.
    vocational = (book.stage[book.school] == STAGES.index("secondary_vocational")) & (book.track == 0)
    assert np.array_equal(after[book.stage[book.school] == 0], before[book.stage[book.school] == 0])
    mine = vocational & ~np.isin(book.school, book.projects)
    parts = [np.bincount(book.school[mine], seats[mine]) / seats[mine].sum() for seats in (before, after)]
    np.testing.assert_allclose(parts[1], parts[0], atol=1e-9)
    moved = np.abs(after[mine] / after[mine].sum() - before[mine] / before[mine].sum())
    assert moved.max() > 1e-3


def test_schools_that_follow_filling_change_how_many_they_plan() -> None:
    model = model_of(fields="keep", classes="follow_filling")
    before = planned(model)
    run_through(model)
    assert np.abs(planned(model).sum() - before.sum()) > 1.0


@pytest.mark.parametrize(
    ("decision", "what"), [("hiring", "teachers"), ("investment", "equipment"), ("appeal", "standing")]
)
def test_every_rule_of_the_schools_acts_on_what_it_decides(decision: str, what: str) -> None:
    found = []
    for rule in RULES[decision]:
        model = run_through(model_of(**FROZEN, **{decision: rule}))
        (book,) = model.world.books.values()
        found.append(getattr(book, what))
    assert np.abs(found[0] - found[1]).max() > 1e-4


def test_a_constant_appeal_stays_what_it_was() -> None:
    model = model_of(appeal="constant")
    (book,) = model.world.books.values()
    before = book.standing.copy()
    run_through(model)
    np.testing.assert_array_equal(book.standing, before)


def test_a_model_without_schools_has_no_agents_and_still_runs() -> None:
    model = run_through(model_of(2017, schools="none"))
    assert len(model.agents) == 0
    frame = model.datacollector.get_model_vars_dataframe()
    assert frame["first_choice_share"].isna().all()
    assert (frame["enrolment/secondary_vocational"] > 0).all()


TWO_REGIONS = Path(__file__).parents[1] / "cases" / "good" / "lishui_wenzhou.yaml"


def test_a_scenario_of_two_regions_is_counted_whole_or_refused() -> None:
    # Empty seats and first choices are those of all regions: enrolment beside them must not be that of the first alone.
    try:
        model = simvet.RegionModel(str(TWO_REGIONS), until=2022, schools="none")
    except InputError:
        return
    model.step()
    told = model.datacollector.get_model_vars_dataframe()["enrolment/secondary_vocational"].iloc[-1]
    assert told == model.loop.books.enrolment("secondary_vocational")[0, model.loop.books.years.index(model.year)].sum()


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"mechanism": "lottery"}, "mechanism: mechanism 'lottery' is unknown"),
        ({"fields": "follow_work_and_demand"}, "fields: rule 'follow_work_and_demand' is unknown"),
        ({"classes": "follow_demand"}, "classes: rule 'follow_demand' is unknown"),
        ({"mechanisms": "serial_dictatorship"}, "choices: choice 'mechanisms' is unknown. Did you mean 'mechanism'?"),
        ({"rules": {"fields": "keep"}}, "choices: choice 'rules' is unknown"),
        ({"schools": "mine.csv"}, "schools: 'mine.csv' is no list of schools. Write synthetic or none"),
        ({"until": 1990}, "until: "),
        ({"scenario": "zhousan"}, "scenarios/: there is no scenario 'zhousan'. Did you mean 'zhoushan"),
    ],
)
def test_an_unknown_choice_is_told(choices: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        simvet.RegionModel(**{"scenario": "zhoushan", "until": 2017, **choices})
    assert str(caught.value).startswith(message)
    assert complain(caught.value, "zh") != str(caught.value)


@pytest.mark.parametrize(
    "choices",
    [
        {"list_length": 0},
        {"list_length": -3},
        {"home_points": -5, "mechanism": "deferred_acceptance"},
        {"home_points": 50, "mechanism": "serial_dictatorship"},
        {"remember_scores": "no"},
        {"kernels": "quick"},
    ],
    ids=repr,
)
def test_a_choice_that_a_file_may_not_make_is_refused_here_too(choices: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        with_choices(load_scenario("zhoushan").agents, choices)


def test_a_run_leaves_the_random_numbers_of_others_alone() -> None:
    random.seed(5)
    np.random.seed(5)  # noqa: NPY002 - the global state is what this is about
    before = random.getstate(), np.random.get_state()[1].tolist(), np.random.get_state()[2]  # noqa: NPY002
    run_through(model_of(2018))
    simvet.simulate("zhoushan", until=2017, engine="agents")
    after = random.getstate(), np.random.get_state()[1].tolist(), np.random.get_state()[2]  # noqa: NPY002
    assert before == after


def test_the_random_numbers_of_others_leave_a_run_alone(finished: simvet.RegionModel) -> None:
    random.seed(77)
    np.random.seed(77)  # noqa: NPY002 - as above
    again = run_through(model_of())
    assert again.datacollector.get_model_vars_dataframe().equals(finished.datacollector.get_model_vars_dataframe())


def test_schools_that_follow_work_too_give_more_seats_to_fields_where_work_is_found() -> None:
    plain, worked = (model_of(fields=rule, classes="keep") for rule in ("follow_demand", "follow_demand_and_work"))
    for model in (plain, worked):
        run_through(model)
    (book,) = worked.world.books.values()
    mine = (book.stage[book.school] == STAGES.index("secondary_vocational")) & (book.track == 0)
    change = np.bincount(book.field[mine], planned(worked)[mine]) - np.bincount(book.field[mine], planned(plain)[mine])
    sought = book.work[: len(change)] > 1.0
    assert change[sought].sum() > 10.0 > -10.0 > change[~sought].sum()
