"""Student by student or grade by grade: both engines say the same wherever they compute the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import norm

from simvet import reconciliation
from simvet.behaviour import PARITY
from simvet.books import Books
from simvet.draws import Draws
from simvet.levers import Lever
from simvet.loading import load_scenario
from simvet.reconciliation import DisagreementError, Reconciliation, ladder, reconcile
from simvet.runs import run_world, run_years
from simvet.sampling import Uncertainty
from simvet.scenario import Scenario
from simvet.schedule import Schedule
from simvet.yearly import World

Floats = NDArray[np.float64]

LUCK = Uncertainty(parameters=False, opening=False, drift=False, chance=True)
WORLDS, NUMBERS = 50, 1_000
FALSE_ALARM = 1e-3
"""Probability that chance alone raises the alarm, over all cells together."""
COMPARED = ("stock", "entrants", "graduates", "dropouts", "placed")
RARE = 0.1
"""Persons squared: variances below it are raised to it, since what happens to hardly anybody is no normal number."""
KINK = 0.4
"""Standard deviations by which persons fill fewer seats where expected demand just equals them (MODEL, section 4)."""


def dropout(factor: float) -> Lever:
    """Return a lever on the dropout of vocational schools from the first year on."""
    return Lever(
        "law", "dropout_rate", "zhoushan", "secondary_vocational", "multiply", factor, 2017, None, "none", "law", "law"
    )


def scenario(until: int = 2023) -> Scenario:
    return replace(load_scenario("zhoushan").with_horizon(until), agents=PARITY)


def worlds_of_agents(chosen: Scenario) -> Books:
    return run_world(Schedule(chosen, Draws(1), WORLDS, LUCK), "agents", 11)[0]


@pytest.fixture(scope="module")
def agents() -> Books:
    return worlds_of_agents(scenario())


@pytest.fixture(scope="module")
def cohort() -> Books:
    return run_years(Schedule(scenario(), Draws(1), NUMBERS, LUCK), "cohort", 12)


@pytest.fixture(scope="module")
def expected() -> Books:
    return run_years(Schedule(scenario(), Draws(1), 1, replace(LUCK, chance=False)), "cohort", 12)


def scores(agents: Books, cohort: Books, name: str) -> Floats:
    """Return the difference of the means in standard errors, cell by cell, NaN where nothing varies."""
    one, other = agents.arrays[name][:, 1:], cohort.arrays[name][:, 1:]
    variance = other.var(axis=0, ddof=1)
    error = np.sqrt(np.maximum(variance, RARE) * (1.0 / WORLDS + 1.0 / NUMBERS))
    return np.where(variance > 0.0, (one.mean(axis=0) - other.mean(axis=0)) / error, np.nan)


def bound(agents: Books, cohort: Books) -> float:
    """Return what the largest of so many normal numbers exceeds once in a thousand such tables."""
    cells = sum(np.isfinite(scores(agents, cohort, name)).sum() for name in COMPARED)
    return float(norm.isf(FALSE_ALARM / 2.0 / cells))


@pytest.mark.parametrize("name", COMPARED)
def test_no_cell_of_any_year_differs_by_more_than_chance(agents: Books, cohort: Books, name: str) -> None:
    assert np.nanmax(np.abs(scores(agents, cohort, name))) < bound(agents, cohort)


@pytest.mark.parametrize("name", COMPARED)
def test_differences_are_as_large_as_chance_makes_them(agents: Books, cohort: Books, name: str) -> None:
    common = cohort.arrays[name][:, 1:].var(axis=0, ddof=1) >= RARE
    found = scores(agents, cohort, name)[common]
    assert len(found) > 40
    assert 0.8 < np.sqrt(np.mean(found**2)) < 1.2


def test_persons_meet_as_much_luck_as_numbers_do(agents: Books, cohort: Books) -> None:
    one, other = (books.arrays["stock"][:, 1:].var(axis=0, ddof=1) for books in (agents, cohort))
    common = other >= 1.0
    assert common.sum() > 100
    # The mean of many ratios, each with a standard deviation of a fifth, of cells that go together in part.
    assert np.mean(one[common] / other[common]) == pytest.approx(1.0, abs=0.12)


@pytest.mark.parametrize("name", COMPARED)
def test_what_never_varies_is_equal_to_the_person(agents: Books, cohort: Books, name: str) -> None:
    one, other = agents.arrays[name][:, 1:], cohort.arrays[name][:, 1:]
    still = np.ptp(other, axis=0) == 0.0
    assert still.any()
    np.testing.assert_array_equal(one[:, still], np.broadcast_to(other[:1, still], one[:, still].shape))


def test_the_opening_is_the_same_in_both_engines(agents: Books, cohort: Books) -> None:
    for name in COMPARED:
        np.testing.assert_array_equal(agents.arrays[name][:, 0], cohort.arrays[name][:WORLDS, 0])


def at_the_kink(agents: Books, expected: Books) -> Floats:
    """Return by how many persons each option may stay below its expectation, shape (year, gate, option).

    Only an option that fills up in some worlds and not in others is at the kink. A person is added everywhere for the
    floor under its seats.
    """
    placed, seats = agents.arrays["placed"][:, 1:, 0], agents.arrays["seats"][:, 1:, 0]
    full = placed >= np.floor(seats)
    share = expected.arrays["placed"][0, 1:, 0] / np.maximum(expected.arrays["pool"][0, 1:, 0, :, None], 1.0)
    deviation = np.sqrt(expected.arrays["pool"][0, 1:, 0, :, None] * share * (1.0 - share))
    return 1.0 + np.where(full.any(axis=0) & ~full.all(axis=0), KINK * np.nan_to_num(deviation), 0.0)


def test_persons_are_placed_as_expected_but_for_seats_that_demand_just_fills(agents: Books, expected: Books) -> None:
    allowed = at_the_kink(agents, expected)
    placed = agents.arrays["placed"][:, 1:, 0]
    found = placed.mean(axis=0) - expected.arrays["placed"][0, 1:, 0]
    known = np.isfinite(found)
    error = placed.std(axis=0, ddof=1) / np.sqrt(WORLDS)
    limit = norm.isf(FALSE_ALARM / 2.0 / known.sum()) * error + allowed
    assert np.all(np.abs(found[known]) <= limit[known])
    # Few options stand at the kink: the allowance is no licence.
    assert 0 < (allowed[known] > 1.0).sum() < 0.2 * known.sum()


@pytest.mark.parametrize("what", ["enrolment", "entrants", "graduates"])
def test_every_stage_holds_the_students_that_are_expected(agents: Books, expected: Books, what: str) -> None:
    stages, years = agents.pathway.stages, len(agents.years) - 1
    allowed = at_the_kink(agents, expected)
    bound_of_all = norm.isf(FALSE_ALARM / 2.0 / (len(stages) * years))
    for stage in stages:
        entering = np.zeros(years)
        for position, gate in enumerate(agents.pathway.gates):
            for option, name in enumerate(gate.options):
                if name.split("/")[0] == stage:
                    entering += allowed[:, position, option]
        # What one year's seats left empty is missing for as long as that year stays.
        missing = entering if what == "entrants" else np.cumsum(entering)
        read: Callable[[Books], Floats] = {
            "enrolment": lambda books, stage=stage: books.enrolment(stage)[:, 1:, 0],
            "entrants": lambda books, stage=stage: books.stage("entrants", stage)[:, 1:, 0],
            "graduates": lambda books, stage=stage: books.stage("graduates", stage)[:, 1:, 0],
        }[what]
        found = read(agents)
        error = found.std(axis=0, ddof=1) / np.sqrt(WORLDS)
        difference = np.abs(found.mean(axis=0) - read(expected)[0])
        assert np.all(difference <= bound_of_all * error + missing + 1.0), stage


def test_a_tenth_more_dropouts_would_ring_the_alarm(cohort: Books) -> None:
    changed = worlds_of_agents(scenario().with_levers(dropout(1.1)))
    limit = bound(changed, cohort)
    tracks = list(cohort.pathway.stage_tracks("secondary_vocational"))
    found = scores(changed, cohort, "dropouts")
    assert np.nanmax(found[..., tracks]) > limit
    # Nobody else is meant by it.
    assert np.nanmax(np.abs(np.delete(found, tracks, axis=-1))) < limit
    cells = cohort.pathway.stage_cells("secondary_vocational")
    assert np.nanmean(scores(changed, cohort, "stock")[..., cells]) < -1.0


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_reconciliation_finds_that_the_engines_agree(seed: int) -> None:
    found = reconcile(scenario(2020), seed=seed, replications=40)
    assert found.require_agreement() is found
    assert 0.0 < found.largest <= found.bound
    assert found.cells > 150
    assert found.steps[0].key == "parity"
    assert np.abs(found.steps[0].score).max() <= found.bound


def test_a_reconciliation_of_drawn_numbers_holds_each_world_against_its_own_luck() -> None:
    found = reconcile(scenario(2020), draws=4)
    assert found.mean.shape[0] == 4
    assert np.ptp(found.mean, axis=0).max() > 10.0
    assert found.agree


@pytest.mark.parametrize("seed", [48, 51])
def test_an_option_that_once_in_fifty_worlds_stays_short_of_its_seats_is_no_disagreement(seed: int) -> None:
    # In these seeds one world of the agents meets such luck; over many runs both engines place the same there.
    found = reconcile(scenario(2019), draws=3, seed=seed)
    assert found.agree, f"{found.largest:.1f} of {found.bound:.1f} in {found.place}"


def wilfully_wrong(factor: float) -> Reconciliation:
    """Return the reconciliation of engines of which that of agents alone has another dropout."""
    honest = reconciliation.run_world

    def run_wrong(schedule: Schedule, engine: str = "cohort", seed: int = 0) -> tuple[Books, World]:
        wrong = schedule.scenario.with_levers(dropout(factor))
        return honest(
            Schedule(wrong, schedule.draws, schedule.count, schedule.uncertainty, schedule.openings), engine, seed
        )

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reconciliation, "run_world", run_wrong)
        return reconcile(scenario(2021), replications=40)


def test_a_reconciliation_of_engines_that_differ_complains_loudly() -> None:
    found = wilfully_wrong(2.0)
    assert not found.agree
    assert found.largest > found.bound
    with pytest.raises(DisagreementError, match=r"the engines disagree: .* Monte Carlo errors in .* bound"):
        found.require_agreement()
    assert wilfully_wrong(1.0).agree


def test_a_reconciliation_adds_one_feature_after_the_other() -> None:
    full = load_scenario("zhoushan").agents
    steps = ladder(full)
    assert list(steps) == ["parity", "scores", "schools", "decisions"]
    assert steps["parity"] == PARITY
    assert steps["scores"].schools == "none" and steps["scores"].remember_scores
    assert steps["schools"].rules["fields"] == steps["schools"].rules["classes"] == "keep"
    assert steps["decisions"] == full


def test_a_reconciliation_leaves_out_steps_that_change_nothing() -> None:
    # Without schools nothing that schools decide can change anything.
    assert list(ladder(PARITY)) == ["parity"]
    assert list(ladder(replace(PARITY, remember_scores=True))) == ["parity", "scores"]


def test_the_differences_of_a_reconciliation_are_those_of_its_runs() -> None:
    found = reconcile(load_scenario("zhoushan"), until=2019, replications=20)
    assert [step.key for step in found.steps] == ["parity", "scores", "schools", "decisions"]
    assert found.agree
    for step in found.steps:
        for place, stage in enumerate(step.books.pathway.stages):
            difference = step.books.enrolment(stage) - found.mean[..., place]
            np.testing.assert_array_equal(step.difference[..., place], difference)
    # Whoever chooses schools among few on a list fills other seats than one who chooses options alone.
    assert np.any(found.steps[2].books.arrays["placed"] != found.steps[0].books.arrays["placed"])
