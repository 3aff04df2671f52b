"""Teachers, their qualifications and their time, and what growing schools do to equipment."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

import simvet
from simvet.levers import Lever
from simvet.loading import load_scenario
from simvet.result import Result, rerun
from simvet.rules.names import PROVIDERS
from simvet.runs import Run
from simvet.targets import Reading, read_targets
from simvet.verdicts import province_of

Floats = NDArray[np.float64]

DRAWS = 40
UNTIL = 2028
SECONDARY, HIGHER = PROVIDERS


@pytest.fixture(scope="module")
def wenzhou() -> Result:
    return simvet.simulate("wenzhou", draws=DRAWS, until=UNTIL)


@pytest.fixture(scope="module")
def lishui() -> Result:
    return simvet.simulate("lishui", draws=DRAWS, until=UNTIL)


def lever(quantity: str, operation: str, value: float, key: str = "", start: int = 2022) -> Lever:
    return Lever(quantity, quantity, "", key, operation, value, start, None, "city", "a test")  # type: ignore[arg-type]


def pulling(run: Run, *levers: Lever) -> Run:
    """Return the run with these levers in its only region, in the same draws."""
    region = run.books.regions[0]
    return rerun(run, run.scenario.with_levers(*(replace(pulled, region=region) for pulled in levers)))


def of(run: Run, name: str, stage: str, year: int) -> Floats:
    """Return an indicator of the only region in a year, shape (draw,)."""
    return run.indicator(name, stage)[:, run.books.years.index(year), 0]


def staff(run: Run, name: str, year: int, stage: str = SECONDARY) -> Floats:
    return run.books.provider(name, stage)[:, run.books.years.index(year), 0]


# Two denominators


@pytest.mark.parametrize("stage", [*PROVIDERS, "region"])
def test_the_dual_share_of_all_teachers_is_smaller_than_that_of_specialists(wenzhou: Result, stage: str) -> None:
    of_specialists, of_all = (wenzhou.indicator(name, stage) for name in ("dual_qualified_share", "dual_share_of_all"))
    assert np.all((of_all > 0.0) & (of_all < of_specialists) & (of_specialists <= 1.0))
    ratio = wenzhou.books.provider("specialists", stage) / wenzhou.books.provider("teachers", stage)
    assert np.allclose(of_all, of_specialists * ratio, rtol=1e-12)


def test_lishuis_dual_target_is_judged_by_both_denominators_and_is_harder_of_all_teachers(lishui: Result) -> None:
    found = {v.reading: v for v in lishui.verdicts(causes=False) if v.target.key == "dual_qualified_share"}
    assert set(found) == {"dual_qualified_share", "dual_share_of_all"}
    assert found["dual_share_of_all"].median < found["dual_qualified_share"].median
    assert found["dual_share_of_all"].probability <= found["dual_qualified_share"].probability


def test_those_with_a_qualification_are_never_more_than_those_who_can_have_it(wenzhou: Result) -> None:
    cut = pulling(wenzhou, lever("teachers", "multiply", 0.3, SECONDARY, 2023))
    gone = pulling(
        wenzhou, lever("teacher_attrition", "set", 1.0, SECONDARY), lever("teacher_hiring", "set", 0.0, SECONDARY)
    )
    for run in (wenzhou, cut, gone):
        books = run.books.arrays
        for few, many in (
            ("high_level_dual", "dual_qualified"), ("dual_qualified", "specialists"), ("specialists", "teachers"),
            ("postgraduates", "teachers"), ("abroad_teachers", "teachers"),
        ):  # fmt: skip
            assert np.all((books[few] >= 0.0) & (books[few] <= books[many] * (1.0 + 1e-12) + 1e-9)), few


# Dual-qualified teachers


def slots_and_money(run: Run, slots: float, money: float) -> Run:
    return pulling(
        run,
        lever("dual_training_slots", "multiply", slots, SECONDARY),
        lever("dual_training_funded", "multiply", money, SECONDARY),
    )


def test_more_training_slots_that_are_paid_for_raise_the_dual_share(wenzhou: Result) -> None:
    more = slots_and_money(wenzhou, 2.0, 2.0)
    before, after = (of(run, "dual_qualified_share", SECONDARY, 2022) for run in (wenzhou, more))
    assert np.all(after >= before)
    assert np.mean(after > before + 0.01) > 0.8
    later = of(more, "dual_qualified_share", SECONDARY, 2025) - of(wenzhou, "dual_qualified_share", SECONDARY, 2025)
    assert np.median(later) > 0.03


def test_slots_that_nobody_pays_for_train_nobody(wenzhou: Result) -> None:
    unpaid, more_unpaid = (slots_and_money(wenzhou, slots, 0.0) for slots in (1.0, 5.0))
    for name in ("dual_qualified", "dual_formed"):
        assert np.array_equal(unpaid.books.arrays[name], more_unpaid.books.arrays[name]), name
    before, after = (of(run, "dual_qualified_share", SECONDARY, 2027) for run in (wenzhou, unpaid))
    assert np.all(after < before)


def test_slots_for_schools_leave_the_teachers_of_colleges_alone(wenzhou: Result) -> None:
    more = slots_and_money(wenzhou, 2.0, 2.0)
    assert np.array_equal(
        more.indicator("dual_qualified_share", HIGHER), wenzhou.indicator("dual_qualified_share", HIGHER)
    )
    assert np.array_equal(more.books.arrays["teachers"], wenzhou.books.arrays["teachers"])


def test_hiring_only_dual_qualified_teachers_raises_their_share(wenzhou: Result) -> None:
    picky = pulling(wenzhou, lever("dual_qualified_of_hires", "set", 1.0, SECONDARY))
    before, after = (of(run, "dual_qualified_share", SECONDARY, 2022) for run in (wenzhou, picky))
    assert np.all(after >= before)
    assert np.mean(after > before) > 0.8


# Teachers and students


def test_hiring_fewer_leaves_fewer_teachers_with_more_students_each(lishui: Result) -> None:
    # Teachers are not what limits Lishui's schools, so its students stay.
    fewer = pulling(lishui, lever("teacher_hiring", "multiply", 0.3, SECONDARY))
    for year in (2022, 2025, UNTIL):
        assert np.all(staff(fewer, "teachers", year) < staff(lishui, "teachers", year))
        before, after = (of(run, "students_per_teacher", SECONDARY, year) for run in (lishui, fewer))
        assert np.mean(after > before) > 0.9
        assert np.median(after) > np.median(before)
    assert np.array_equal(staff(fewer, "teachers", 2021), staff(lishui, "teachers", 2021))


def test_hiring_fewer_shows_as_fuller_classes_or_as_fewer_students_in_every_draw(wenzhou: Result) -> None:
    fewer = pulling(wenzhou, lever("teacher_hiring", "multiply", 0.3, SECONDARY))
    fuller = of(fewer, "students_per_teacher", SECONDARY, 2027) > of(wenzhou, "students_per_teacher", SECONDARY, 2027)
    smaller = of(fewer, "enrolment", SECONDARY, 2027) < of(wenzhou, "enrolment", SECONDARY, 2027)
    assert np.all(fuller | smaller)
    assert np.mean(fuller) > 0.5


def test_part_time_teachers_add_to_teaching_and_not_to_the_teachers_counted(wenzhou: Result) -> None:
    more = pulling(wenzhou, lever("part_time_teacher_share", "add", 0.1))
    weight = wenzhou.schedule.sample(0).of("part_time_weight")
    for stage in PROVIDERS:
        added = staff(more, "teaching_staff", 2025, stage) - staff(wenzhou, "teaching_staff", 2025, stage)
        assert np.allclose(added, 0.1 * weight * staff(wenzhou, "specialists", 2025, stage), rtol=1e-9)
        assert np.array_equal(staff(more, "teachers", 2025, stage), staff(wenzhou, "teachers", 2025, stage))
        assert np.array_equal(staff(more, "teaching_staff", 2021, stage), staff(wenzhou, "teaching_staff", 2021, stage))


def test_part_time_teachers_let_schools_that_lack_teachers_hold_more_students(wenzhou: Result) -> None:
    strict = lever("students_per_teacher_standard", "set", 8.0, SECONDARY)
    short, helped = pulling(wenzhou, strict), pulling(wenzhou, strict, lever("part_time_teacher_share", "set", 0.5))
    before, after = (of(run, "enrolment", SECONDARY, 2027) for run in (short, helped))
    assert np.all(after >= before)
    assert np.median(after / before) > 1.05


# Training takes the teachers' time


def training(run: Run, year: int = 2026) -> Floats:
    return run.books.of("training_persons", year)[:, 0]


def time_share_used(run: Run, year: int = 2026) -> Floats:
    """Return the share of the teachers' time that training takes, shape (draw,)."""
    sample, base = run.schedule.sample(0), run.scenario.base_year
    teachers = [run.books.provider("teachers", "region")[:, run.books.years.index(y), 0] for y in (base, year)]
    each = sample.of("training_time_share") * teachers[0] / training(run, base)
    return each * training(run, year) / teachers[1]


def test_training_that_is_wanted_beyond_all_measure_stops_at_the_teachers_time(wenzhou: Result) -> None:
    much, more = (pulling(wenzhou, lever("training_level", "multiply", times)) for times in (100.0, 1000.0))
    assert np.array_equal(training(much), training(more))
    sample = wenzhou.schedule.sample(0)
    limit = np.maximum(sample.of("training_time_limit"), sample.of("training_time_share"))
    assert np.allclose(time_share_used(much), limit, rtol=1e-9)
    assert np.all(training(much) >= training(wenzhou))
    assert np.all(time_share_used(wenzhou) <= limit * (1.0 + 1e-9))


def test_training_takes_teachers_out_of_the_classroom_and_never_more_than_there_are(wenzhou: Result) -> None:
    much = pulling(wenzhou, lever("training_level", "multiply", 100.0))
    everything = pulling(
        wenzhou, lever("training_level", "multiply", 100.0), lever("training_time_limit", "set", 1.0),
        lever("part_time_teacher_share", "set", 0.0),
    )  # fmt: skip
    for stage in PROVIDERS:
        usual, less, least = (staff(run, "teaching_staff", 2026, stage) for run in (wenzhou, much, everything))
        assert np.all(less < usual)
        assert np.all((least >= 0.0) & (least < 0.2 * usual))
        assert np.array_equal(staff(much, "teachers", 2026, stage), staff(wenzhou, "teachers", 2026, stage))
    # Every trained person costs the same time, in whichever school.
    lost = sum(staff(wenzhou, "teaching_staff", 2026, s) - staff(much, "teaching_staff", 2026, s) for s in PROVIDERS)
    teachers = wenzhou.books.provider("teachers", "region")[:, wenzhou.books.years.index(2026), 0]
    assert np.allclose(lost, (time_share_used(much) - time_share_used(wenzhou)) * teachers, rtol=1e-9)


def test_without_training_its_time_goes_back_to_teaching(wenzhou: Result) -> None:
    none = pulling(wenzhou, lever("training_level", "set", 0.0))
    assert np.all(training(none) == 0.0)
    share = wenzhou.schedule.sample(0).of("training_time_share")
    for stage in PROVIDERS:
        teachers = staff(none, "teachers", 2026, stage)
        assert np.allclose(staff(none, "teaching_staff", 2026, stage), teachers * (1.0 + share), rtol=1e-9)


def test_a_limit_on_training_time_never_cuts_what_teachers_gave_in_the_base_year(wenzhou: Result) -> None:
    much = lever("training_level", "multiply", 100.0)
    run = pulling(wenzhou, much, lever("training_time_limit", "set", 0.0))
    share = wenzhou.schedule.sample(0).of("training_time_share")
    assert np.all(share > 0.0)
    assert np.allclose(time_share_used(run), share, rtol=1e-9)


def test_where_there_are_no_teachers_nobody_is_trained(wenzhou: Result) -> None:
    none = pulling(wenzhou, *(lever("teachers", "set", 0.0, stage, 2024) for stage in PROVIDERS))
    assert np.all(training(none, 2023) > 0.0)
    assert np.all(training(none, 2024) == 0.0)
    assert np.all(staff(none, "teaching_staff", 2024) == 0.0)


# Equipment: quantity against quality


def test_the_same_equipment_is_less_for_each_student_when_schools_grow(lishui: Result) -> None:
    grown = pulling(lishui, lever("intake_plan", "multiply", 0.8, "general_high"))
    students, equipment, each = (
        of(grown, name, SECONDARY, 2026) / of(lishui, name, SECONDARY, 2026)
        if name != "equipment"
        else staff(grown, name, 2026) / staff(lishui, name, 2026)
        for name in ("enrolment", "equipment", "equipment_per_student")
    )
    grown_by = students > 1.01
    assert np.mean(grown_by) > 0.8
    assert np.all(each[grown_by] < 1.0)
    # Where money is not short the equipment is the same, and only the students are more.
    same = np.isclose(equipment, 1.0, rtol=1e-9)
    assert np.mean(same) > 0.3
    assert np.allclose(each[same], 1.0 / students[same], rtol=1e-9)
    # Elsewhere the costs of more students come first.
    assert np.all(equipment <= 1.0 + 1e-9)


def test_buying_more_equipment_gives_each_student_more_where_the_money_is_there(lishui: Result) -> None:
    money = lever("capital_budget", "multiply", 4.0, SECONDARY)
    rich, bought = (
        pulling(lishui, money),
        pulling(lishui, money, lever("equipment_investment", "multiply", 2.0, SECONDARY)),
    )
    before, after = (of(run, "equipment_per_student", SECONDARY, 2026) for run in (rich, bought))
    assert np.all(after >= before)
    assert np.median(after / before) > 1.1


# Targets against the provincial average


@pytest.fixture(scope="module")
def province(lishui: Result) -> Run:
    found = province_of(lishui)
    assert found is not None
    return found


def relative(result: Run, province: Run) -> dict[str, Reading]:
    return {r.name: r for r in read_targets(result, province) if r.target.bound is None}


def test_lishuis_provincial_targets_are_compared_with_zhejiang_in_the_same_draw(lishui: Result, province: Run) -> None:
    alone = simvet.simulate(load_scenario("zhejiang").with_horizon(UNTIL), draws=DRAWS, seed=lishui.seed)
    found = relative(lishui, province)
    assert {"topup_rate", "skills_award_rate", "exam_admission_share"} <= set(found)
    for name, reading in found.items():
        assert reading.target.comparator == ">="
        for year in (2022, 2025):
            bound = reading.bound[:, lishui.books.years.index(year)]
            assert np.array_equal(bound, of(alone, name, reading.target.stage, year)), name
            assert np.ptp(bound) > 0.0
        column = lishui.books.years.index(2025)
        assert np.array_equal(reading.reached(column), reading.value[:, column] >= reading.bound[:, column])


def test_the_verdict_against_the_province_counts_the_draws_in_which_the_city_is_ahead(
    lishui: Result, province: Run
) -> None:
    found, column = relative(lishui, province), lishui.books.years.index(2025)
    judged = {v.reading: v for v in lishui.verdicts(causes=False) if v.target.bound is None}
    assert set(judged) == set(found)
    for name, reading in found.items():
        ahead = reading.value[:, column] >= reading.bound[:, column]
        assert judged[name].probability == pytest.approx(np.mean(ahead)), name
        assert judged[name].bound == pytest.approx(np.median(reading.bound[:, column])), name
    # It is a comparison draw by draw: against another draw's province some answers differ.
    top = found["topup_rate"]
    assert np.any((top.value >= np.roll(top.bound, 1, axis=0)) != (top.value >= top.bound))


def test_what_a_city_decides_does_not_move_the_average_it_is_measured_by(lishui: Result, province: Run) -> None:
    more = pulling(lishui, lever("topup_seats", "multiply", 2.0))
    moved = province_of(more)
    assert moved is not None
    column = lishui.books.years.index(2025)
    before, after = relative(lishui, province)["topup_rate"], relative(more, moved)["topup_rate"]
    assert np.array_equal(before.bound, after.bound, equal_nan=True)
    assert np.any(after.value[:, column] > before.value[:, column])
