"""The plain methods against tables small enough to be worked out by hand."""

import numpy as np

from simvet.histories.outlook import sight_of
from simvet.histories.plain import plain_forecasts
from simvet.histories.record import ENROLMENT, ENTRANTS, GRADUATES, Births, Column, Record, frozen
from simvet.histories.table import History, history_of

NAN = np.nan
GRADES = (Column("primary", 1), Column("primary", 2), Column("primary", 3))


def history(columns, enrolment, entrants=None, graduates=None, births=None) -> History:
    """Return a history of one region from rows of years, one row a column, 2000 on."""
    shape = np.shape(enrolment)
    counts = np.full((3, 1, *shape), NAN)
    for place, rows in ((ENROLMENT, enrolment), (ENTRANTS, entrants), (GRADUATES, graduates)):
        if rows is not None:
            counts[place, 0] = rows
    table = None
    if births is not None:
        years = tuple(births)
        born = frozen(np.array([[year - 6 for year in years]], dtype=np.int64))
        table = Births(("here",), years, born, frozen(np.array([list(births.values())], dtype=float)))
    labels = np.full((1, *shape), "written", dtype=object)
    years = tuple(range(2000, 2000 + shape[1]))
    return history_of(Record("h", ("here",), years, tuple(columns), frozen(counts), frozen(labels), table))


def foretold(past: History, method: str, measure: str, stage: str, grade: int | None = None, leads: int = 3):
    places = [(s.measure, s.stage, s.grade) for s in sight_of(past).series]
    return plain_forecasts(past, leads)[method][0, places.index((measure, stage, grade))].tolist()


def near(found, wanted) -> bool:
    return np.allclose(found, wanted, rtol=1e-12, equal_nan=True)


def primary(counts) -> History:
    """Return a history of a stage that nobody says more about than its enrolment."""
    return history([Column("primary", None)], [counts])


def test_the_naive_method_repeats_the_last_count() -> None:
    assert foretold(primary([50, 60, 70, 80, 90]), "naive", "enrolment", "primary") == [90, 90, 90]


def test_the_naive_method_takes_the_last_count_that_is_known() -> None:
    two = history(GRADES[:2], [[50, 60, 70, 80, 90], [50, 60, 70, 80, NAN]])
    assert foretold(two, "naive", "enrolment", "primary", 2) == [80, 80, 80]


def test_drift_repeats_the_mean_growth_of_three_years() -> None:
    # From 80 to 640 in three years: twice as many every year.
    past = primary([999, 80, 100, 500, 640])
    assert near(foretold(past, "drift3", "enrolment", "primary"), [1280, 2560, 5120])


def test_drift_counts_the_years_that_went_by_since_its_last_count() -> None:
    past = history(GRADES[:2], [[1] * 6, [7, 10, 20, 40, 80, NAN]])
    # 80 stood in the year before the last one: the first year ahead is two years on.
    assert near(foretold(past, "drift3", "enrolment", "primary", 2), [320, 640, 1280])


def test_drift_says_nothing_without_a_count_three_years_before_the_last() -> None:
    past = history(GRADES[:2], [[1] * 5, [10, NAN, 20, 40, 80]])
    assert np.isnan(foretold(past, "drift3", "enrolment", "primary", 2)).all()


def test_smoothing_of_a_level_series_stays_level() -> None:
    assert near(foretold(primary([70] * 6), "smoothing", "enrolment", "primary"), [70, 70, 70])


def cohorts(graduates=(45, 45, 45, 45, NAN), births=None) -> History:
    """Of 100 in grade 1 always 90 come to grade 2, and 72 to grade 3 but 81 in the last year."""
    return history(
        GRADES,
        [[100, 100, 100, 100, 200], [90, 90, 90, 90, 90], [72, 72, 72, 72, 81]],
        graduates=[[NAN] * 5, [NAN] * 5, graduates],
        births=births,
    )


def test_cohort_survival_by_the_last_year_moves_every_grade_up_by_its_last_ratio() -> None:
    past, method = cohorts(), "cohort_survival_1y"
    assert near(foretold(past, method, "enrolment", "primary", 1), [200, 200, 200])
    assert near(foretold(past, method, "enrolment", "primary", 2), [200 * 0.9, 180, 180])
    # 81 of 90 came up in the last year.
    assert near(foretold(past, method, "enrolment", "primary", 3), [90 * 0.9, 180 * 0.9, 162])
    assert near(foretold(past, method, "enrolment", "primary"), [200 + 180 + 81, 200 + 180 + 162, 542])


def test_cohort_survival_by_three_years_moves_every_grade_up_by_its_mean_ratio() -> None:
    ratio = (0.8 + 0.8 + 0.9) / 3
    found = foretold(cohorts(), "cohort_survival_3y", "enrolment", "primary", 3)
    assert near(found, [90 * ratio, 180 * ratio, 180 * ratio])


def test_graduates_by_grade_are_those_of_a_year_known_one_year_late() -> None:
    # 45 of 72 graduated at the end of the year before the last; the last year's are not known yet.
    found = foretold(cohorts(), "cohort_survival_1y", "graduates", "primary")
    assert near(found, np.array([81, 162, 162]) * 45 / 72)


def test_the_mean_graduation_ratio_is_that_of_the_three_last_known_years() -> None:
    found = foretold(cohorts(graduates=(1, 36, 45, 54, NAN)), "cohort_survival_3y", "graduates", "primary")
    ratio = (0.8 + 0.8 + 0.9) / 3
    assert near(found, np.array([90 * ratio, 180 * ratio, 180 * ratio]) * (36 + 45 + 54) / 3 / 72)


def test_entry_follows_births_where_they_are_known_and_the_last_ones_are_held() -> None:
    births = {2000: 200, 2001: 200, 2002: 200, 2003: 200, 2004: 250, 2005: 300, 2006: 400}
    past = cohorts(births=births)
    assert near(foretold(past, "cohort_survival_1y", "enrolment", "primary", 1), [300 * 0.8, 400 * 0.8, 400 * 0.8])
    ratio = (0.5 + 0.5 + 0.8) / 3
    found = foretold(past, "cohort_survival_3y", "enrolment", "primary", 1)
    assert near(found, [300 * ratio, 400 * ratio, 400 * ratio])


def test_a_gap_leaves_out_the_ratios_that_it_hides_and_no_others() -> None:
    past = history(GRADES[:2], [[100, 100, 100, 100, 100], [50, 60, 70, NAN, 90]])
    # Of the last three ratios 0.7, none and 0.9 the mean is 0.8; the last one is 0.9.
    assert near(foretold(past, "cohort_survival_3y", "enrolment", "primary", 2), [80, 80, 80])
    assert near(foretold(past, "cohort_survival_1y", "enrolment", "primary", 2), [90, 90, 90])
    gone = history(GRADES[:2], [[100, 100, 100, 100, 100], [50, 60, 70, 90, NAN]])
    assert near(foretold(gone, "cohort_survival_3y", "enrolment", "primary", 2), [80, 80, 80])
    assert np.isnan(foretold(gone, "cohort_survival_1y", "enrolment", "primary", 2)).all()


def test_a_zero_is_taken_as_unknown() -> None:
    past = history(GRADES[:2], [[100, 100, 100, 100, 100], [50, 60, 70, 0, 90]])
    assert near(foretold(past, "cohort_survival_3y", "enrolment", "primary", 2), [80, 80, 80])


SCHOOLS = (Column("junior_secondary", None), Column("senior_general", None))


def flow(entrants=(60, 60, 60, 60, 90, 75)) -> History:
    """Three-year schools: 100 enter the lower one and leave it after three years; some go on to the upper one."""
    upper = [180, 180, 180, 180, 180, 180]
    return history(
        SCHOOLS,
        [[300] * 6, upper],
        entrants=[[100] * 6, entrants],
        graduates=[[100, 100, 100, 100, 100, 100], [60, 60, 60, 54, 60, 60]],
    )


def test_stage_flow_graduates_the_entrants_of_as_many_years_before_as_the_programme_takes() -> None:
    # 60 left of the 60 who had entered three years before; those who entered in 2003, 2004 and 2005 leave next.
    assert near(foretold(flow(), "stage_flow_1y", "graduates", "senior_general"), [60, 90, 75])
    # The ratios of the last three years are 54/60, 1 and 1.
    share = (0.9 + 1 + 1) / 3
    found = foretold(flow(), "stage_flow_3y", "graduates", "senior_general")
    assert near(found, [60 * share, 90 * share, 75 * share])


def test_stage_flow_lets_in_the_usual_share_of_those_who_leave_the_stage_before() -> None:
    assert near(foretold(flow(), "stage_flow_1y", "entrants", "senior_general"), [75, 75, 75])
    mean = (0.6 + 0.9 + 0.75) / 3 * 100
    assert near(foretold(flow(), "stage_flow_3y", "entrants", "senior_general"), [mean, mean, mean])


def test_stage_flow_repeats_the_entrants_of_a_stage_that_nobody_feeds() -> None:
    assert foretold(flow(), "stage_flow_1y", "entrants", "junior_secondary") == [100, 100, 100]


def test_stage_flow_adds_entrants_and_takes_off_graduates() -> None:
    # In the last year 180 - 75 + 60 = 165 of 180 stayed; 60, 90, 75 leave and 75 enter every year.
    stay = 165 / 180
    first = 180 * stay + 75 - 60
    second = first * stay + 75 - 90
    found = foretold(flow(), "stage_flow_1y", "enrolment", "senior_general")
    assert near(found, [first, second, second * stay + 75 - 75])


def test_stage_flow_with_a_gap_takes_the_ratios_that_are_left() -> None:
    found = foretold(flow((60, 60, 60, 60, NAN, 75)), "stage_flow_3y", "entrants", "senior_general")
    mean = (0.6 + 0.75) / 2 * 100
    assert near(found, [mean, mean, mean])
    # Nobody knows how many entered in the year of the gap: the graduates of the last year are repeated.
    graduates = foretold(flow((60, 60, 60, 60, NAN, 75)), "stage_flow_1y", "graduates", "senior_general")
    assert near(graduates, [60, 60, 75])


def test_a_method_says_nothing_rather_than_something_wrong_where_it_lacks_a_count() -> None:
    past = history(SCHOOLS, [[300] * 6, [180] * 6], entrants=[[NAN] * 6, [60] * 6], graduates=[[NAN] * 6, [60] * 6])
    for method in ("stage_flow_1y", "stage_flow_3y"):
        assert np.isnan(foretold(past, method, "entrants", "senior_general")).all()
        assert np.isnan(foretold(past, method, "enrolment", "senior_general")).all()
    assert np.isnan(foretold(past, "naive", "entrants", "junior_secondary")).all()
