"""What every planner should be able to expect: the direction, and the order, of a change."""

import sys

import numpy as np
import pytest
from numpy.typing import NDArray

from simvet.levers import Lever
from simvet.loading import load_scenario
from simvet.result import rerun, simulate
from simvet.runs import Run
from simvet.sampling import Uncertainty

Floats = NDArray[np.float64]

DRAWS = 240
UNTIL = 2028


def lever(quantity: str, key: str, operation: str, value: float, start: int = 2021) -> Lever:
    return Lever("sign", quantity, "zhejiang", key, operation, value, start, None, "none", "test", "test")  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def base() -> Run:
    return simulate("zhejiang", draws=DRAWS, until=UNTIL)


def variant(base: Run, name: str) -> Run:
    return rerun(base, load_scenario(name).with_horizon(UNTIL))


def pulled(base: Run, *levers: Lever) -> Run:
    return rerun(base, base.scenario.with_levers(*levers))


def at(run: Run, indicator: str, year: int, stage: str = "region") -> Floats:
    return run.indicator(indicator, stage)[:, run.books.years.index(year), 0]


def change(base: Run, other: Run, indicator: str, year: int, stage: str = "region") -> Floats:
    """Return the paired change and say it."""
    moved = at(other, indicator, year, stage) - at(base, indicator, year, stage)
    low, high = np.quantile(moved, [0.1, 0.9])
    pulled_on = [item.quantity for item in other.scenario.levers]
    sys.stdout.write(
        f"{other.scenario.name} {pulled_on} {indicator} {stage} {year}: mean {moved.mean():+.4g} "
        f"(80 % {low:+.4g} to {high:+.4g}), up in {np.mean(moved > 0):.2f}, down in {np.mean(moved < 0):.2f}\n"
    )
    return moved


def test_integrated_tracks_enlarged_in_2023_are_too_late_for_2025(base: Run) -> None:
    other = variant(base, "zhejiang_integrated_2023")
    assert at(other, "progression_rate", 2025).tobytes() == at(base, "progression_rate", 2025).tobytes()
    assert np.mean(change(base, other, "integrated_share", 2023) > 0.0) > 0.95
    assert np.median(change(base, other, "progression_rate", 2026)) > 0.01


def test_integrated_tracks_enlarged_in_2021_do_raise_progression_in_2025(base: Run) -> None:
    moved = change(base, variant(base, "zhejiang_integrated_2021"), "progression_rate", 2025)
    assert np.median(moved) > 0.03
    assert np.mean(moved > 0.0) > 0.9


def test_twenty_points_of_college_seats_for_vocational_leavers_raise_progression_by_six_to_fourteen(base: Run) -> None:
    moved = change(base, variant(base, "zhejiang_colleges_for_vocational"), "progression_rate", 2025)
    assert 0.06 < moved.mean() < 0.14
    # Where seats were free already only attractiveness moves: more leavers, a hair lower share.
    assert np.all(moved > -1e-3)


def test_more_higher_vocational_entrants_lower_the_top_up_rate_once_they_graduate(base: Run) -> None:
    other = pulled(base, lever("intake_plan", "higher_vocational", "multiply", 1.2))
    assert np.all(change(base, other, "topup_rate", 2023) == 0.0)
    later = change(base, other, "topup_rate", 2025)
    assert np.all(later <= 1e-12)
    assert later.mean() < -0.01


def test_less_dropout_lowers_progression_where_seats_bind(base: Run) -> None:
    other = pulled(base, lever("dropout_rate", "secondary_vocational", "multiply", 0.5))
    assert np.all(change(base, other, "graduates", 2023, "secondary_vocational") > 0.0)
    moved = change(base, other, "progression_rate", 2025)
    # Seats bind where the exam's main option closed: its cut-off lies above the lowest score.
    binds = base.books.gate("cutoff", "vocational_exam")[:, base.books.years.index(2025), 0, 0] > 0.0
    more = change(base, other, "graduates", 2025, "secondary_vocational") > 0.0
    assert binds.mean() > 0.5
    assert moved.mean() < -0.002
    assert np.mean(moved[binds & more] < 0.0) > 0.98


def test_more_general_seats_raise_progression_and_cost_vocational_students(base: Run) -> None:
    other = pulled(base, lever("intake_plan", "general_high", "multiply", 1.1))
    assert np.median(change(base, other, "progression_rate", 2025)) > 0.01
    moved = change(base, other, "enrolment", 2025, "secondary_vocational")
    assert np.mean(moved < 0.0) > 0.9
    assert -120_000.0 < moved.mean() < -30_000.0


def test_doubled_top_up_seats_raise_the_top_up_rate(base: Run) -> None:
    other = variant(base, "zhejiang_topup_doubled")
    assert np.all(change(base, other, "topup_rate", 2021) == 0.0)
    moved = change(base, other, "topup_rate", 2025)
    assert np.all(moved > 0.0)
    assert moved.mean() > 0.05


def test_more_approvals_in_2021_bring_more_vocational_bachelors(base: Run) -> None:
    moved = change(base, variant(base, "zhejiang_three_approvals"), "enrolment", 2025, "vocational_bachelor")
    assert np.all(moved > 0.0)
    reached = [
        np.mean(at(run, "enrolment", 2025, "vocational_bachelor") >= 30_000.0)
        for run in (base, variant(base, "zhejiang_three_approvals"))
    ]
    sys.stdout.write(f"vocational bachelor 30,000 in 2025: P {reached[0]:.2f} -> {reached[1]:.2f}\n")
    assert reached[1] > reached[0] + 0.2


def shrink(base: Run, *levers: Lever) -> tuple[float, float]:
    """Return by what part general and vocational entrants of 2025 fall when a tenth of leavers goes away."""
    before = pulled(base, *levers)
    after = pulled(base, *levers, lever("middle_leaving_share", "", "add", 0.10))
    parts = []
    for stage in ("general_high", "secondary_vocational"):
        parts.append(float(np.median(at(after, "entrants", 2025, stage) / at(before, "entrants", 2025, stage) - 1.0)))
    sys.stdout.write(f"a tenth fewer leavers: general entrants {parts[0]:+.1%}, vocational {parts[1]:+.1%}\n")
    return parts[0], parts[1]


def test_a_falling_cohort_hits_vocational_intake_first(base: Run) -> None:
    general, vocational = shrink(base)
    assert vocational < general < 0.0


def test_where_general_seats_stand_still_vocational_schools_lose_the_whole_cohort(base: Run) -> None:
    general, vocational = shrink(base, lever("general_seat_elasticity", "", "set", 0.0))
    assert general == 0.0
    assert vocational < -0.15


def test_where_general_seats_follow_the_cohort_both_lose_alike(base: Run) -> None:
    general, vocational = shrink(base, lever("general_seat_elasticity", "", "set", 1.0))
    assert vocational == pytest.approx(general, abs=0.015)


def places_in_2025(name: str) -> float:
    run = simulate(name, draws=DRAWS, until=2025)
    return float(np.mean(at(run, "places", 2025) >= 12_000.0))


def test_the_opening_year_of_the_school_decides_the_places_of_zhoushan() -> None:
    soon, late, base = (places_in_2025(f"zhoushan{end}") for end in ("_school_2023", "_school_2026", ""))
    sys.stdout.write(
        f"Zhoushan 12,000 places in 2025: P {soon:.2f} if open in 2023, {late:.2f} if in 2026, {base:.2f} as it may\n"
    )
    assert soon > 0.9
    assert late < 0.05
    assert late <= base <= soon


def test_more_teachers_never_mean_fewer_students_where_teachers_bind() -> None:
    still = simulate("zhejiang", draws=40, until=2024, uncertainty=Uncertainty(drift=False))
    fewer = pulled(still, lever("teachers", "secondary_vocational", "multiply", 0.8))
    more = pulled(still, lever("teachers", "secondary_vocational", "multiply", 1.2))
    low, middle, high = (at(run, "enrolment", 2021, "secondary_vocational") for run in (fewer, still, more))
    assert np.all(low <= middle + 1e-6)
    assert np.all(middle <= high + 1e-6)
    assert (
        at(fewer, "enrolment", 2023, "secondary_vocational").mean()
        < 0.95 * at(still, "enrolment", 2023, "secondary_vocational").mean()
    )
