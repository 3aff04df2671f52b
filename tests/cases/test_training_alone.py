"""More training of teachers by itself: what it moves, and what it leaves alone."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

import simvet
from simvet.books import AXES
from simvet.levers import Lever
from simvet.result import rerun
from simvet.rules.names import PROVIDERS
from simvet.runs import Run

Floats = NDArray[np.float64]

DRAWS = 40
UNTIL = 2028
SECONDARY, HIGHER = PROVIDERS
REGIONS = ("zhejiang", "wenzhou", "lishui", "zhoushan")


@pytest.fixture(scope="module")
def bases() -> Callable[[str], Run]:
    known = {name: simvet.simulate(name, draws=DRAWS, until=UNTIL) for name in REGIONS}
    return known.__getitem__


def pulling(run: Run, *pulls: tuple[str, str, str, float], start: int = 2022) -> Run:
    levers = (
        Lever(q, q, run.books.regions[0], key, operation, value, start, None, "city", "a test")  # type: ignore[arg-type]
        for q, key, operation, value in pulls
    )
    return rerun(run, run.scenario.with_levers(*levers))


def slots(times: float, stage: str = SECONDARY) -> tuple[tuple[str, str, str, float], ...]:
    """Return training slots and the money for them, multiplied."""
    return (
        ("dual_training_slots", stage, "multiply", times),
        ("dual_training_funded", stage, "multiply", times),
    )


def differing(one: Run, other: Run, upto: int | None = None) -> set[str]:
    """Return the names of the arrays that are not the same in every draw, up to a column."""
    return {
        name
        for name in AXES
        if not np.array_equal(one.books.arrays[name][:, :upto], other.books.arrays[name][:, :upto], equal_nan=True)
    }


@pytest.mark.parametrize("name", REGIONS)
@pytest.mark.parametrize("stage", PROVIDERS)
def test_training_more_teachers_moves_their_qualifications_and_nothing_else_where_families_do_not_look(
    bases: Callable[[str], Run], name: str, stage: str
) -> None:
    blind = ("attractiveness_strength", "", "set", 0.0)
    usual, more = pulling(bases(name), blind), pulling(bases(name), blind, *slots(2.0, stage))
    moved = differing(usual, more)
    assert "dual_qualified" in moved
    assert moved <= {"dual_qualified", "dual_formed", "high_level_dual"}
    other = PROVIDERS.index(HIGHER if stage == SECONDARY else SECONDARY)
    for array in moved:
        before, after = (run.books.arrays[array][..., other] for run in (usual, more))
        assert np.array_equal(before, after), array


@pytest.mark.parametrize("name", REGIONS)
def test_families_notice_better_trained_teachers_a_year_later_and_not_before(
    bases: Callable[[str], Run], name: str
) -> None:
    base = bases(name)
    more = pulling(base, *slots(3.0))
    upto = base.books.years.index(2022) + 1
    assert differing(base, more, upto) <= {"dual_qualified", "dual_formed", "high_level_dual"}
    assert "entrants" in differing(base, more)


@pytest.mark.parametrize("name", REGIONS)
def test_both_denominators_are_read_and_the_share_of_all_teachers_is_the_smaller(
    bases: Callable[[str], Run], name: str
) -> None:
    run = bases(name)
    for stage in (*PROVIDERS, "region"):
        dual, specialists, teachers = (
            run.books.provider(array, stage) for array in ("dual_qualified", "specialists", "teachers")
        )
        assert np.allclose(run.indicator("dual_qualified_share", stage), dual / specialists, rtol=1e-12)
        assert np.allclose(run.indicator("dual_share_of_all", stage), dual / teachers, rtol=1e-12)
        assert np.all(dual / teachers < dual / specialists)


@pytest.mark.parametrize("name", REGIONS)
def test_more_slots_raise_the_dual_share_in_the_first_year_that_they_matter(
    bases: Callable[[str], Run], name: str
) -> None:
    base = bases(name)
    for times in (1.2, 2.0, 10.0):
        more = pulling(base, *slots(times))
        before, after = (run.indicator("dual_qualified_share", SECONDARY)[:, :, 0] for run in (base, more))
        moved = np.abs(after - before) > 1e-9
        rows = np.flatnonzero(moved.any(axis=1))
        columns = moved[rows].argmax(axis=1)
        assert rows.size > 0.8 * DRAWS
        assert np.all(after[rows, columns] > before[rows, columns])


def test_more_slots_never_lower_the_dual_share_in_any_later_year(bases: Callable[[str], Run]) -> None:
    base = bases("zhejiang")
    more = pulling(base, *slots(2.0))
    before, after = (run.indicator("dual_qualified_share", SECONDARY) for run in (base, more))
    assert np.all(after >= before - 1e-9)


@pytest.mark.parametrize("name", REGIONS)
def test_training_others_costs_seats_only_where_teachers_are_what_is_missing(
    bases: Callable[[str], Run], name: str
) -> None:
    short = pulling(bases(name), ("students_per_teacher_standard", SECONDARY, "set", 8.0))
    busy = rerun(
        short,
        short.scenario.with_levers(
            Lever("t", "training_level", name, "", "multiply", 3.0, 2022, None, "school", "a test")
        ),
    )
    where = short.books.pathway.stage_index[SECONDARY]
    before, after = (run.books.arrays["stage_seats"][:, 1:, 0, where] for run in (short, busy))
    moved = np.abs(after - before) > 1e-6
    rows = np.flatnonzero(moved.any(axis=1))
    columns = moved[rows].argmax(axis=1)
    assert rows.size > 0.5 * DRAWS
    assert np.all(after[rows, columns] < before[rows, columns])
    staff = [run.books.arrays["teaching_staff"][..., 0] for run in (short, busy)]
    assert np.all(staff[1] <= staff[0])
    assert np.array_equal(short.books.arrays["teachers"], busy.books.arrays["teachers"])
    # Without the teachers' standard the same training costs no seat.
    limits = tuple(limit for limit in short.scenario.regions[0].limits[SECONDARY] if limit != "teachers")
    free = [
        rerun(
            run,
            replace(
                run.scenario,
                regions=(
                    replace(run.scenario.regions[0], limits={**run.scenario.regions[0].limits, SECONDARY: limits}),
                ),
            ),
        )
        for run in (short, busy)
    ]
    assert np.array_equal(*(run.books.arrays["stage_seats"][:, 1:, 0, where] for run in free))
