"""Cohorts against arithmetic that fits on a page."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from simvet.result import rerun, simulate
from simvet.rules.names import LIMITS
from simvet.rules.progress import pass_a_year
from simvet.rules.seats import seats_and_binding, students_carried
from simvet.sampling import Uncertainty

Floats = NDArray[np.float64]

NO_KEYS = np.zeros((1, 5), dtype=np.uint64)
NO_DRAW = np.zeros(1, dtype=np.int64)


def school_year(stock: Floats, dropout: float, repetition: float = 0.0) -> tuple[Floats, float]:
    """Move one track on by a year; return its stock before anybody enters, and its graduates."""
    grades = stock.shape[1]
    nothing = np.zeros((1, 1))
    stay, graduates, _ = pass_a_year(
        stock, np.array([0]), np.array([grades]), np.array([-1]), np.full((1, 1), dropout), np.full((1, 1), repetition),
        nothing, nothing, False, NO_KEYS, NO_DRAW,
    )  # fmt: skip
    return stay, float(graduates[0, 0])


def uneven_year(stock: Floats, promotion: list[float], repetition: list[float]) -> tuple[Floats, float]:
    """Move one track on whose rates differ from grade to grade: each grade is a row of its own."""
    total, finished = np.zeros_like(stock), 0.0
    for grade, (up, again) in enumerate(zip(promotion, repetition, strict=True)):
        alone = np.zeros_like(stock)
        alone[0, grade] = stock[0, grade]
        stay, graduates = school_year(alone, 1.0 - up - again, again)
        total, finished = total + stay, finished + graduates
    return total, finished


@pytest.mark.parametrize(("grades", "dropout"), [(3, 0.012), (4, 0.2), (2, 0.0)])
def test_constant_entrants_settle_at_a_geometric_staircase(grades: int, dropout: float) -> None:
    stock = np.zeros((1, grades))
    graduates = 0.0
    for _ in range(grades + 3):
        stock, graduates = school_year(stock, dropout)
        stock[0, 0] += 1000.0
    assert stock[0] == pytest.approx(1000.0 * (1.0 - dropout) ** np.arange(grades), rel=1e-12)
    assert graduates == pytest.approx(1000.0 * (1.0 - dropout) ** grades, rel=1e-12)


def test_with_repeaters_the_steady_stock_is_entrants_times_years_in_the_grade() -> None:
    dropout, repetition = 0.03, 0.05
    stock = np.zeros((1, 3))
    for _ in range(60):
        stock, _ = school_year(stock, dropout, repetition)
        stock[0, 0] += 1000.0
    survive = (1.0 - dropout - repetition) / (1.0 - repetition)
    assert stock[0] == pytest.approx(1000.0 * survive ** np.arange(3) / (1.0 - repetition), rel=1e-9)


@pytest.mark.parametrize(("grades", "dropout"), [(3, 0.012), (4, 0.1)])
def test_a_pulse_of_entrants_graduates_once_after_the_years_of_the_programme(grades: int, dropout: float) -> None:
    stock = np.zeros((1, grades))
    stock[0, 0] = 500.0
    finished = []
    for _ in range(grades + 3):
        stock, graduates = school_year(stock, dropout)
        finished.append(graduates)
    wanted = np.zeros(grades + 3)
    wanted[grades - 1] = 500.0 * (1.0 - dropout) ** grades
    assert finished == pytest.approx(wanted.tolist(), rel=1e-12)


def test_the_reconstructed_cohort_has_the_efficiency_of_the_model_page() -> None:
    promotion, repetition, grades = [0.94, 0.96, 0.97], [0.03, 0.02, 0.01], 3
    stock = np.array([[1.0, 0.0, 0.0]])
    student_years = graduates = 0.0
    for _ in range(200):
        student_years += stock.sum()
        stock, finished = uneven_year(stock, promotion, repetition)
        graduates += finished
    assert stock.sum() < 1e-15
    assert graduates == pytest.approx(0.9301175, abs=5e-8)
    assert student_years / graduates == pytest.approx(3.2024567, abs=5e-8)
    assert grades * graduates / student_years == pytest.approx(0.9367808, abs=5e-8)


def test_teachers_bind_in_the_worked_example_and_more_floor_adds_nothing() -> None:
    no_limit = np.array([np.inf])

    def seats(floor_area: float) -> tuple[float, str]:
        carried = {
            "teachers": students_carried(np.array([180.0]), np.array([20.0]), per_student=False),
            "floor_area": students_carried(np.array([floor_area]), np.array([20.0]), per_student=True),
            "equipment": students_carried(np.array([14e6]), np.array([2500.0]), per_student=True),
        }
        found, binding = seats_and_binding(no_limit, no_limit, no_limit, carried, np.zeros(1))
        return float(found[0]), LIMITS[binding[0]]

    assert seats(95_000.0) == (3600.0, "teachers") == seats(200_000.0)
    assert seats(60_000.0) == (3000.0, "floor_area")


def test_a_pulse_of_integrated_entrants_reaches_the_colleges_three_years_later_and_no_other_year() -> None:
    # The same delay through a whole region: more integrated seats in 2022 alone are seen by the transfer of 2025 alone.
    still = Uncertainty(parameters=False, opening=False, drift=False)
    base = simulate("zhejiang", draws=1, until=2027, uncertainty=still)
    from simvet.levers import Lever

    pulse = Lever(
        "pulse", "integrated_higher_share", "zhejiang", "", "multiply", 1.2, 2022, 2022, "none", "test", "test"
    )
    # Without repeaters nobody is late.
    calm = base.scenario.with_levers(
        replace(
            pulse,
            quantity="repetition_rate",
            key="secondary_vocational",
            operation="set",
            value=0.0,
            start=2021,
            end=None,
        )
    )
    one, other = rerun(base, calm), rerun(base, calm.with_levers(pulse))
    taken = (other.books.gate("pool", "transfer_selection") - one.books.gate("pool", "transfer_selection"))[0, :, 0]
    entered = (
        other.books.track("entrants", "secondary_vocational/integrated_higher")
        - one.books.track("entrants", "secondary_vocational/integrated_higher")
    )[0, :, 0]
    years = one.books.years
    stay = 1.0 - one.schedule.path(0, "dropout_rate", "secondary_vocational")[0, 0] - one.schedule.path(
        0, "departure_rate", "secondary_vocational"
    )[0, 0]  # fmt: skip
    assert entered[years.index(2022)] > 1000.0
    assert taken[years.index(2025)] == pytest.approx(entered[years.index(2022)] * stay**3, rel=1e-9)
    assert np.all(taken[: years.index(2025)] == 0.0)
