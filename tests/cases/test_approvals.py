"""Vocational bachelor institutions: an approval or an upgrade brings seats, and where there is none there are none."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

import simvet
from simvet.levers import Lever
from simvet.result import Result, rerun
from simvet.runs import Run

Floats = NDArray[np.float64]

DRAWS = 40
UNTIL = 2030
BACHELOR, HIGHER = "vocational_bachelor", "higher_vocational"


@pytest.fixture(scope="module")
def zhejiang() -> Result:
    return simvet.simulate("zhejiang", draws=DRAWS, until=UNTIL)


def pulling(run: Run, quantity: str, operation: str, value: float, end: int | None = None) -> Run:
    lever = Lever(quantity, quantity, run.books.regions[0], "", operation, value, 2021, end, "province", "a test")  # type: ignore[arg-type]
    return rerun(run, run.scenario.with_levers(lever))


@pytest.fixture(scope="module")
def none(zhejiang: Result) -> Run:
    """Return Zhejiang in which nobody is approved any more."""
    return pulling(zhejiang, "approvals_per_year", "set", 0.0)


@pytest.fixture(scope="module")
def three(none: Run) -> Run:
    """Return the same with three institutions approved in 2021, and no others."""
    return pulling(none, "approved_institutions", "add", 3.0, end=2021)


def seats(run: Run) -> Floats:
    """Return the seats of vocational bachelor programmes after the base year, shape (draw, year)."""
    return run.books.arrays["stage_seats"][:, 1:, 0, run.books.pathway.stage_index[BACHELOR]]


def enrolment(run: Run) -> Floats:
    return run.indicator("enrolment", BACHELOR)[:, :, 0]


def numbers(run: Run, name: str) -> Floats:
    return run.schedule.sample(0).of(name)


def test_without_approvals_there_is_not_one_seat_more_than_in_the_base_year(zhejiang: Result, none: Run) -> None:
    licence = zhejiang.schedule.openings[0].base[("licence", BACHELOR)]
    assert np.all(seats(none) == licence[:, None])
    assert np.all(seats(zhejiang) >= seats(none))
    assert np.mean(seats(zhejiang)[:, -1] > seats(none)[:, -1]) > 0.9


def test_three_approvals_bring_three_intakes_when_their_time_has_come_and_none_before(none: Run, three: Run) -> None:
    opens = 2021 + np.rint(numbers(three, "approval_lag"))
    assert set(np.unique(opens)) == {2022.0, 2023.0}
    years = np.array(three.books.years[1:])
    wanted = np.where(years[None, :] >= opens[:, None], 3.0 * numbers(three, "approval_intake")[:, None], 0.0)
    assert np.allclose(seats(three) - seats(none), wanted, rtol=1e-12, atol=1e-6)


def test_approvals_raise_enrolment_in_every_draw_from_the_autumn_in_which_they_open(none: Run, three: Run) -> None:
    opens = 2021 + np.rint(numbers(three, "approval_lag"))
    open_now = np.array(three.books.years)[None, :] >= opens[:, None]
    before, after = enrolment(none), enrolment(three)
    assert np.array_equal(after[~open_now], before[~open_now])
    assert np.all(after[open_now] > before[open_now] + 1_000.0)
    reached = [np.mean(run[:, 5] >= 30_000.0) for run in (before, after)]
    assert reached[1] > reached[0] + 0.1


def test_colleges_that_are_raised_give_up_their_part_of_the_old_intake(none: Run, three: Run) -> None:
    for year in (2021, 2022, 2025, UNTIL):
        gained = seats(three)[:, year - 2021] - seats(none)[:, year - 2021]
        lost = none.schedule.at("intake_plan", HIGHER, year) - three.schedule.at("intake_plan", HIGHER, year)
        share = three.schedule.at("approval_conversion_share", "", year)[:, 0]
        # Drift multiplies the whole plan, so it multiplies what is given up.
        assert np.all((lost[:, 0] > 0.0) == (gained > 0.0))
        if year == UNTIL:
            assert np.corrcoef(lost[:, 0], share * gained)[0, 1] > 0.95
            assert 0.8 < np.median(lost[:, 0] / (share * gained)) < 1.25


@pytest.mark.parametrize("name", ["zhejiang_everything_on", "wenzhou"])
def test_upgrades_bring_between_none_and_all_of_their_intakes_and_keep_them(name: str) -> None:
    run = simvet.simulate(name, draws=DRAWS, until=UNTIL)
    (upgrade,) = (p for p in run.scenario.projects if p.kind == "upgrade")
    without = rerun(run, replace(run.scenario, projects=tuple(p for p in run.scenario.projects if p is not upgrade)))
    more = seats(run) - seats(without)
    units = round(upgrade.count.value)
    assert np.all(more <= units * upgrade.places.high + 1e-6)
    assert np.all((np.abs(more) < 1e-6) | (more >= upgrade.places.low - 1e-6))
    assert np.all(np.diff(more, axis=1) >= -1e-6)
    assert np.mean(more[:, -1] > 0.0) > 0.5
    assert np.all(enrolment(run)[:, -1][more[:, -1] > 0.0] > enrolment(without)[:, -1][more[:, -1] > 0.0])
    assert np.array_equal(more[:, 0], np.zeros(DRAWS))


def test_an_upgrade_of_wenzhou_is_its_only_way_to_vocational_bachelor_seats() -> None:
    run = simvet.simulate("wenzhou_college_upgrade", draws=DRAWS, until=UNTIL)
    without = rerun(run, replace(run.scenario, projects=()))
    assert np.all(seats(without) == 0.0)
    opened = run.books.years.index(2024)
    assert np.all(enrolment(run)[:, opened] > enrolment(without)[:, opened] + 500.0)
    assert np.all(run.books.track("entrants", f"{BACHELOR}/regular")[:, :opened, 0] == 0.0)


def test_a_city_without_a_vocational_bachelor_institution_has_no_vocational_bachelor_students() -> None:
    run = simvet.simulate("wenzhou", draws=DRAWS, until=UNTIL)
    without = rerun(run, replace(run.scenario, projects=()))
    assert np.all(enrolment(without) == 0.0)
