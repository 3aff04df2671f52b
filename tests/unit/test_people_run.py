"""Every student of a region for the screen: counted, sampled, small enough to send, and told year by year."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest

from simvet.planning.answering import plan_scenario
from simvet.planning.plan import Plan
from simvet.screen.people_lives import STUDYING, outcome_of, reached_by
from simvet.screen.people_run import LAST_YEARS, SAMPLED, PeopleFound, found_by_person, trimmed

Run = tuple[PeopleFound, list[tuple[float, str]]]
WANTED = 1234


@pytest.fixture(scope="module")
def run() -> Run:
    told: list[tuple[float, str]] = []
    plan = Plan("zhoushan")
    found = found_by_person(
        plan.digest, plan_scenario(plan), 1, WANTED, None, lambda done, about: told.append((done, about))
    )
    return found, told


def test_progress_rises_to_the_end_and_names_the_years(run: Run):
    found, told = run
    parts = [done for done, _ in told]
    assert parts == sorted(parts) and parts[-1] == pytest.approx(0.9)
    years = [about for _, about in told if about.isdigit()]
    assert years[-1] == str(found.matching["year"].max()) == "2035"


def test_students_are_counted_and_lives_sampled_over_all_of_them(run: Run):
    found, _ = run
    assert found.students > 100_000
    assert WANTED in found.lives and len(found.lives) in (SAMPLED, SAMPLED + 1)
    assert min(found.lives) < found.students / SAMPLED and max(found.lives) > found.students * (1 - 1 / SAMPLED)
    assert {outcome_of(life) for life in found.lives.values()} > {STUDYING, "elsewhere"}
    assert all(reached_by(life) for life in found.lives.values() if life.chapters)


def test_fills_are_parts_and_agree_with_the_admissions(run: Run):
    found, _ = run
    assert not found.cut and (found.fills["placed"] <= found.fills["seats"]).all()
    here = found.admissions[found.admissions["school"] != ""]
    assert found.fills["placed"].sum() == here["placed"].sum()
    assert found.schools["synthetic"].all()


def test_what_is_sent_back_is_small(run: Run):
    assert len(pickle.dumps(run[0])) < 5_000_000


def test_many_admissions_are_cut_to_the_last_years_and_then_to_whole_schools(run: Run):
    whole = run[0].admissions
    assert trimmed(whole) is whole
    last = trimmed(whole, len(whole) - 1)
    assert set(last["year"]) == {2035 - back for back in range(LAST_YEARS)}
    schools = trimmed(whole, 10)
    assert list(schools.columns) == list(whole.columns) and len(schools) < len(last)
    assert schools["seats"].sum() == last["seats"].sum()


def test_a_school_with_an_open_field_has_no_cut_off_of_its_own():
    same = {"draw": 0, "region": "x", "year": 2035, "gate": "g", "option": "o", "code": "c", "school": "s",
            "synthetic": True, "district": 1, "seats": 10, "first_choices": 5}  # fmt: skip
    frame = pd.DataFrame(
        [
            {**same, "field": "a", "placed": 10, "unfilled": 0, "cutoff": 0.5, "position": 7.0},
            {**same, "field": "b", "placed": 4, "unfilled": 6, "cutoff": np.nan, "position": np.nan},
        ]
    )
    one = trimmed(frame, 1)
    assert len(one) == 1 and one["placed"][0] == 14 and np.isnan(one["cutoff"][0]) and np.isnan(one["position"][0])
