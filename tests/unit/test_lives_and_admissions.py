"""One student's life, and what the gates brought school by school, hang together with the students themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from simvet.behaviour import NO_SCHOOLS
from simvet.engines.population import Population
from simvet.engines.students import COLUMNS, DECLINED, LEFT, NO_FIELD, UNPLACED
from simvet.errors import InputError
from simvet.levers import Lever
from simvet.lives import Biography, Chapter, told
from simvet.loading import load_scenario
from simvet.report.wording import complain
from simvet.result import Result, simulate
from simvet.rules.matching import SUPPLEMENTARY
from simvet.rules.names import MECHANISMS
from simvet.rules.student_year import GONE
from simvet.runs import rerun
from simvet.schools import STAGES, known_fields

UNTIL = 2023
SAMPLE = 6_000
LONGEST = 6
"""Entries of a list in these runs."""
SENIOR = ("general_high", "secondary_vocational")
LISTED = {*SENIOR, "higher_vocational/regular", "bachelor/regular", "bachelor/topup", "vocational_bachelor/regular"}
"""Stages and tracks that students enter by a list; into the later part of an integrated track they are selected."""
ADMISSION_COLUMNS = [
    "draw", "region", "year", "gate", "option", "code", "school", "synthetic", "district", "field", "seats", "placed",
    "unfilled", "first_choices", "cutoff", "position",
]  # fmt: skip
MATCHING_COLUMNS = [
    "draw", "region", "year", "gate", "applicants", "listed", "placed", "first_choice_share", "supplementary",
    "unfilled", "mismatch_share",
]  # fmt: skip
SCHOOL_COLUMNS = [
    "draw", "region", "code", "school", "synthetic", "stage", "district", "programmes", "planned", "enrolment",
    "standing", "progression", "teachers", "equipment",
]  # fmt: skip

Choose = Callable[..., Result]
Lives = list[tuple[int, Biography]]
Ints = NDArray[np.int64]


def run_with(until: int, **choices: object) -> Result:
    scenario = load_scenario("zhoushan")
    agents = replace(scenario.agents, **choices)  # type: ignore[arg-type]
    return simulate(replace(scenario, agents=agents), until=until, engine="agents")


@pytest.fixture(scope="module")
def run() -> Result:
    return run_with(UNTIL, list_length=LONGEST)


@pytest.fixture(scope="module")
def other(run: Result) -> Result:
    """The same persons where vocational schools lose five times as many from 2020 on."""
    lever = Lever(
        "law", "dropout_rate", "zhoushan", "secondary_vocational", "multiply", 5.0, 2020, None, "none", "law", "law"
    )
    found = rerun(run, run.scenario.with_levers(lever))
    return Result(found.scenario, found.schedule, found.books, found.seed, found.engine, found.world)


@pytest.fixture(scope="module")
def lives(run: Result) -> Lives:
    count = run.agents.populations[0].students.rows
    rows = np.random.default_rng(7).choice(count, SAMPLE, replace=False)
    return [(row, run.biography(row)) for row in sorted(rows.tolist())]


@pytest.fixture(scope="module")
def chosen() -> Choose:
    """One year of the region under other choices, each run once."""
    known: dict[str, Result] = {}

    def choose(**choices: object) -> Result:
        key = repr(sorted(choices.items()))
        if key not in known:
            known[key] = run_with(2017, **choices)
        return known[key]

    return choose


def column(population: Population, name: str) -> Ints:
    return population.students[name][: population.students.rows].astype(np.int64)


# Lives.


def test_a_student_of_the_opening_begins_where_the_opening_finds_him(run: Result, lives: Lives) -> None:
    opening = [(row, life) for row, life in lives if life.came == "opening"]
    assert len(opening) > 1_000
    past = run.agents.populations[0].students.past[2016]
    for row, life in opening:
        first = life.chapters[0]
        assert (first.year, first.what) == (2016, "entered")
        assert (first.stage, first.track, first.grade) == run.scenario.pathway.cell_table[past[row]]


def test_a_later_entrant_begins_in_his_own_year_and_way(lives: Lives) -> None:
    ways: dict[str, int] = {}
    for _, life in lives:
        if life.came == "opening":
            continue
        kind, year = life.came.split(" ")
        ways[kind] = ways.get(kind, 0) + 1
        first = life.chapters[0]
        assert first.year == int(year)
        if kind == "entry":
            assert (first.what, first.stage, first.grade) == ("entered", "middle", 1)
        elif kind == "adult":
            assert (first.what, first.stage, first.grade) == ("entered", "higher_vocational", 1)
        elif kind.startswith("arrival"):
            assert (first.what, first.stage) == ("entered", "middle")
            assert first.grade == (2 if kind == "arrival" else 3)
        elif kind.startswith("outside"):
            assert (first.what, first.stage, first.grade) == ("entered", kind.split("/")[1], 1)
    assert {"entry", "adult", "arrival", "arrival/upper", "outside/bachelor"} <= ways.keys()


def test_years_follow_each_other_without_a_gap(lives: Lives) -> None:
    for _, life in lives:
        years = [chapter.year for chapter in life.chapters]
        assert years == list(range(years[0], years[0] + len(years)))
        # Only those who have gone stop being told before the last year.
        assert years[-1] == UNTIL or life.chapters[-1].what in LEFT


def test_grades_follow_each_other(run: Result, lives: Lives) -> None:
    grades = {track.name: track.grades for track in run.scenario.pathway.tracks}
    seen: dict[str, int] = {}
    for _, life in lives:
        for before, now in zip(life.chapters, life.chapters[1:], strict=False):
            seen[now.what] = seen.get(now.what, 0) + 1
            same = (before.stage, before.track) == (now.stage, now.track)
            last = before.grade == grades[f"{before.stage}/{before.track}"]
            if now.what == "promoted":
                assert same and now.grade == before.grade + 1
            elif now.what == "repeated":
                assert same and now.grade == before.grade
            elif now.what == "transferred":
                assert {before.stage, now.stage} == set(SENIOR) and now.grade == before.grade + 1
            elif now.what == "admitted":
                assert last and now.grade == 1 and now.stage != before.stage
            else:
                assert now.what in LEFT and now.what
    assert {"promoted", "repeated", "transferred", "admitted", "dropout"} <= seen.keys()


def test_a_life_ends_with_the_word_for_it_and_holds_nothing_after(lives: Lives) -> None:
    last_grade = {"declined", "unplaced", "elsewhere", "work_in_region", "work_elsewhere", "graduated"}
    ends: set[str] = set()
    for _, life in lives:
        for place, chapter in enumerate(life.chapters):
            if chapter.grade == 0:
                assert place == len(life.chapters) - 1
                assert chapter == Chapter(chapter.year, chapter.what, "", "", 0, "", "", 0)
                ends.add(chapter.what)
                if place and chapter.what.startswith("work"):
                    assert life.chapters[place - 1].stage == "higher_vocational"
                if place and chapter.what == "graduated":
                    assert "bachelor" in life.chapters[place - 1].stage
                if place and chapter.what == "left_before_exam":
                    assert (life.chapters[place - 1].stage, life.chapters[place - 1].grade) == ("middle", 3)
    assert ends == {*last_grade, "dropout", "departure", "left_before_exam"}


def test_every_chapter_tells_a_school_of_its_own_stage(run: Result, lives: Lives) -> None:
    book = run.agents.populations[0].book
    assert book is not None
    stage_of = {name: STAGES[number] for name, number in zip(book.names, book.stage, strict=True)}
    wrong = [
        (row, chapter)
        for row, life in lives
        for chapter in life.chapters
        if chapter.stage in STAGES and stage_of.get(chapter.school) != chapter.stage
    ]
    assert not wrong, f"{len(wrong)} chapters, such as {wrong[0]}"


def test_every_chapter_of_a_school_with_fields_tells_one(lives: Lives) -> None:
    for row, life in lives:
        for chapter in life.chapters:
            if chapter.stage == "general_high" or chapter.stage not in STAGES:
                # Those who change school later keep their own; see the test above for the school.
                assert chapter.field == "" or any(c.what == "transferred" for c in life.chapters), (row, chapter)
            elif not any(c.what == "transferred" for c in life.chapters):
                assert chapter.field in known_fields(), (row, chapter)


def test_whoever_is_admitted_by_a_list_got_one_of_its_entries_or_a_seat_left_over(lives: Lives) -> None:
    ranks: list[int] = []
    wrong: list[tuple[int, Chapter]] = []
    for row, life in lives:
        for chapter in life.chapters:
            if chapter.what == "admitted" and {chapter.stage, f"{chapter.stage}/{chapter.track}"} & LISTED:
                ranks.append(chapter.rank)
                most = LONGEST
                if not 1 <= chapter.rank <= most and chapter.rank != SUPPLEMENTARY:
                    wrong.append((row, chapter))
    assert len(ranks) > 1_000 and SUPPLEMENTARY in ranks and {1, 2, 3} <= set(ranks)
    assert not wrong, f"{len(wrong)} of {len(ranks)} admissions without an entry, such as {wrong[0]}"


def test_whoever_is_selected_without_a_list_got_no_entry_of_one(lives: Lives) -> None:
    found = [
        (row, chapter)
        for row, life in lives
        for chapter in life.chapters
        if chapter.what == "admitted" and chapter.stage not in SENIOR and chapter.track == "integrated"
    ]
    assert len(found) > 20
    wrong = [one for one in found if one[1].rank != 0]
    assert not wrong, f"{len(wrong)} of {len(found)} tell the entry of an earlier list, such as {wrong[0]}"


def test_chapters_without_an_admission_tell_no_entry(lives: Lives) -> None:
    for _, life in lives:
        assert all(chapter.rank == 0 for chapter in life.chapters if chapter.what != "admitted")


def test_the_lives_add_up_to_the_books(run: Result) -> None:
    # A sample is no count; so every student of a small track is told.
    pathway, population = run.scenario.pathway, run.agents.populations[0]
    cells = pathway.cells_of("secondary_vocational/integrated_bachelor")
    here = np.flatnonzero(np.isin(population.students.past[2020], np.arange(cells.start, cells.stop)))
    stock = run.books.arrays["stock"][0, run.books.years.index(2020), 0, cells.start : cells.stop]
    grades = np.zeros(len(stock))
    for row in here.tolist():
        chapter = next(c for c in run.biography(row).chapters if c.year == 2020)
        assert (chapter.stage, chapter.track) == ("secondary_vocational", "integrated_bachelor")
        grades[chapter.grade - 1] += 1
    np.testing.assert_array_equal(grades, stock)


def test_a_table_of_a_life_has_a_row_for_each_chapter(lives: Lives) -> None:
    _, life = next(pair for pair in lives if any(c.rank == SUPPLEMENTARY for c in pair[1].chapters))
    rows = told(life)
    assert [row["year"] for row in rows] == [chapter.year for chapter in life.chapters]
    assert next(row["rank"] for row in rows if row["what"] == "admitted") == "supplementary"
    assert all(row["rank"] == "" for row in rows if row["what"] != "admitted")


def test_the_other_life_is_that_of_the_same_person(run: Result, other: Result) -> None:
    mine, theirs = run.agents.populations[0].students, other.agents.populations[0].students
    assert mine.rows != theirs.rows or not np.array_equal(mine["left"][: mine.rows], theirs["left"][: mine.rows])
    parted = set()
    for row in range(0, mine.rows, 41):
        life = run.biography(row, other)
        place = theirs.row_of(life.person)
        if place is None:
            assert life.other == ()
            continue
        twin = other.biography(place)
        assert (twin.person, twin.came, twin.district) == (life.person, life.came, life.district)
        assert life.other == twin.chapters
        pairs = {c.year: c for c in life.chapters}, {c.year: c for c in twin.chapters}
        differing = [year for year in range(2016, UNTIL + 1) if pairs[0].get(year) != pairs[1].get(year)]
        assert life.parts == (differing[0] if differing else None)
        parted.add(life.parts)
    assert None in parted
    assert {2021, 2022, 2023} <= parted


def test_a_life_told_alone_parts_from_nothing(run: Result) -> None:
    life = run.biography(5)
    assert life.other is None and life.parts is None
    assert run.biography(5, run).parts is None


def test_a_shorter_other_run_is_no_other_life(run: Result) -> None:
    # Where the other run stops, nothing is known of the other life: that is no difference.
    shorter = run_with(2019, list_length=LONGEST)
    assert [run.biography(row, shorter).parts for row in range(0, 60_000, 10_000)] == [None] * 6


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"student": -1}, "there is no student -1. Students are numbered from 0 to "),
        ({"student": 10_000_000}, "there is no student 10000000. Students are numbered from 0 to "),
        ({"student": 0, "draw": 1}, "there is no draw 1. The run has 1 draws"),
        ({"student": 0, "draw": -1}, "there is no draw -1. The run has 1 draws"),
        ({"student": 0, "region": "zhoshan"}, "region 'zhoshan' is unknown. Did you mean 'zhoushan'?"),
    ],
)
def test_a_student_who_is_not_there_is_told(run: Result, asked: dict[str, object], message: str) -> None:
    with pytest.raises(InputError) as caught:
        run.biography(**asked)  # type: ignore[arg-type]
    assert str(caught.value).startswith(f"biography: {message}")
    assert complain(caught.value, "zh") != str(caught.value)


def test_only_runs_with_single_students_tell_of_them(run: Result) -> None:
    numbers = simulate("zhoushan", draws=2, until=2018)
    for ask in (lambda: numbers.biography(0), numbers.admissions, numbers.matching, numbers.schools,
                lambda: run.biography(0, numbers)):  # fmt: skip
        with pytest.raises(InputError, match="the cohort engine has no single students"):
            ask()
    with pytest.raises(InputError, match="another seed or other regions"):
        run.biography(0, simulate("zhoushan", until=2017, seed=2, engine="agents"))


def test_a_run_without_schools_says_so_and_still_tells_lives(chosen: Choose) -> None:
    alone = chosen(schools=NO_SCHOOLS)
    for ask in (alone.admissions, alone.matching, alone.schools):
        with pytest.raises(InputError, match="this run has no schools"):
            ask()
    life = alone.biography(3)
    assert life.chapters[0].year == 2016
    assert all(c.school == c.field == "" for c in life.chapters)


# Admissions.


def test_frames_have_the_columns_and_units_that_they_promise(run: Result) -> None:
    admissions, matching, schools = run.admissions(), run.matching(), run.schools()
    assert list(admissions.columns) == ADMISSION_COLUMNS
    assert list(matching.columns) == MATCHING_COLUMNS
    assert list(schools.columns) == SCHOOL_COLUMNS
    for frame, counts in (
        (admissions, ("seats", "placed", "unfilled", "first_choices", "district", "year")),
        (matching, ("applicants", "listed", "placed", "supplementary", "unfilled", "year")),
    ):
        for name in counts:
            assert frame[name].dtype == np.int64 and (frame[name] >= 0).all(), name
    for share in (admissions["cutoff"], matching["first_choice_share"], matching["mismatch_share"]):
        known = share.dropna()
        assert len(known) > 10 and known.between(0.0, 1.0).all()
    for name in ("teachers", "equipment"):
        at = schools["stage"] == "secondary_vocational"
        assert schools.loc[at, name].sum() == pytest.approx(1.0)
    assert sorted(set(matching["year"])) == list(range(2017, UNTIL + 1))
    assert set(admissions["field"]) <= {*known_fields(), ""}
    assert (admissions.loc[admissions["option"] == "general_high/regular", "field"] == "").all()


def test_what_is_unfilled_is_what_is_offered_and_not_taken(run: Result) -> None:
    admissions, matching = run.admissions(), run.matching()
    assert (admissions["unfilled"] == admissions["seats"] - admissions["placed"]).all()
    here = admissions[admissions["option"] != "elsewhere"].groupby(["year", "gate"])["unfilled"].sum()
    for row in matching.itertuples():
        assert row.unfilled == here[(row.year, row.gate)]


@pytest.mark.parametrize("mechanism", MECHANISMS)
@pytest.mark.parametrize("supplementary", [True, False])
def test_a_cut_off_stands_exactly_where_a_programme_filled(chosen: Choose, mechanism: str, supplementary: bool) -> None:
    frame = chosen(mechanism=mechanism, supplementary=supplementary).admissions()
    full = frame["placed"] == frame["seats"]
    assert 0 < full.sum() < len(frame)
    assert (frame["cutoff"].notna() == full).all()
    assert (frame["position"].notna() == full).all()


def applicants_of_2017(population: Population) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the rows that stood at the entry to senior secondary school in 2017, and those of them with a seat."""
    pathway, students = population.pathway, population.students
    final = pathway.cells_of("middle/regular").stop - 1
    start = np.full(students.rows, GONE, dtype=np.int64)
    start[: len(students.past[2016])] = students.past[2016]
    joined = np.zeros(students.rows, dtype=bool)
    for first, end, number in students.blocks:
        joined[first:end] = students.kind_of(number) == "joined 2017"
    now, left = column(population, "cell"), column(population, "left")
    first_cells = [pathway.cells_of(f"{stage}/regular").start for stage in SENIOR]
    first_cells += [pathway.cells_of(f"secondary_vocational/{t}").start for t in
                    ("integrated_higher", "integrated_bachelor")]  # fmt: skip
    seated = np.isin(now, first_cells) & ((start == final) | joined)
    stood = seated | (((start == final) | joined) & (now == GONE) & np.isin(left, (DECLINED, UNPLACED)))
    return stood, seated


def test_positions_and_cut_offs_count_the_applicants_above_the_last_one_admitted(chosen: Choose) -> None:
    result = chosen()
    population = result.agents.populations[0]
    stood, seated = applicants_of_2017(population)
    assert stood.sum() == result.books.gate("pool", "senior_secondary")[0, 1, 0]
    score, book = column(population, "score"), population.book
    assert book is not None
    cell_of = population.world.first_of
    frame = result.admissions()
    senior = frame[frame["gate"] == "senior_secondary"]
    fields = [*known_fields()]
    checked = 0
    for row in senior.itertuples():
        mine = seated & (column(population, "cell") == cell_of[row.option])
        mine &= column(population, "school") == book.codes.index(row.code)
        mine &= column(population, "field") == (fields.index(row.field) if row.field else NO_FIELD)
        assert mine.sum() == row.placed
        if row.placed == row.seats:
            last = score[mine].min()
            assert row.position == (score[stood] >= last).sum()
            assert row.cutoff == pytest.approx((score[stood] < last).mean())
            checked += 1
    assert checked > 20


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_first_choices_and_left_over_seats_are_those_of_the_students(chosen: Choose, mechanism: str) -> None:
    result = chosen(mechanism=mechanism)
    population = result.agents.populations[0]
    stood, seated = applicants_of_2017(population)
    rank = column(population, "rank")
    row = result.matching().set_index("gate").loc["senior_secondary"]
    assert row["applicants"] == stood.sum() and row["placed"] == seated.sum()
    # Whoever would rather not continue whatever is open names nothing.
    assert row["listed"] == (stood & (column(population, "left") != DECLINED)).sum() < row["applicants"]
    assert row["first_choice_share"] == pytest.approx((rank[seated] == 1).sum() / row["listed"])
    assert row["supplementary"] == (rank[seated] == SUPPLEMENTARY).sum() > 0
    # Of those in a vocational programme, the part whose school lies in another district than their home.
    vocational = seated & (column(population, "field") != NO_FIELD)
    book = population.book
    assert book is not None
    away = book.district[column(population, "school")[vocational]] != column(population, "district")[vocational]
    assert row["mismatch_share"] == pytest.approx(away.mean())
    # Everybody who names anything names one thing first.
    first = result.admissions().groupby("gate")["first_choices"].sum()
    assert first["senior_secondary"] == row["listed"]


def test_among_first_come_first_served_more_get_what_they_name_first(chosen: Choose) -> None:
    share = {
        mechanism: chosen(mechanism=mechanism)
        .matching()
        .set_index("gate")
        .loc["senior_secondary", "first_choice_share"]
        for mechanism in MECHANISMS
    }
    assert share["immediate_acceptance"] > share["serial_dictatorship"] + 0.01


def test_without_priorities_of_schools_deferred_acceptance_places_as_score_order_does(chosen: Choose) -> None:
    serial, deferred = chosen(), chosen(mechanism="deferred_acceptance", home_points=0)
    one, two = (result.agents.populations[0] for result in (serial, deferred))
    assert one.students.rows == two.students.rows
    for name in COLUMNS:
        np.testing.assert_array_equal(column(one, name), column(two, name), err_msg=name)
    assert serial.admissions().equals(deferred.admissions())


def test_points_for_home_keep_more_students_in_their_own_district(chosen: Choose) -> None:
    away = [
        chosen(mechanism="deferred_acceptance", home_points=points)
        .matching()
        .set_index("gate")
        .loc["senior_secondary", "mismatch_share"]
        for points in (0, 1_000)
    ]
    assert away[1] < away[0]


def unplaced(result: Result) -> float:
    return float(result.books.gate("unplaced", "senior_secondary")[0, 1, 0])


def test_a_list_of_one_entry_leaves_more_without_a_place_than_one_of_ten(chosen: Choose) -> None:
    one, ten = (chosen(list_length=length, supplementary=False) for length in (1, 10))
    assert unplaced(one) > unplaced(ten) + 100.0
    for result, most in ((one, 1), (ten, 10)):
        population = result.agents.populations[0]
        rank = column(population, "rank")[applicants_of_2017(population)[1]]
        assert rank.min() == 1 and rank.max() <= most


def test_without_a_second_round_more_stay_without_a_place(chosen: Choose) -> None:
    with_round, without = chosen(), chosen(supplementary=False)
    assert unplaced(without) > unplaced(with_round)
    assert (without.matching()["supplementary"] == 0).all()
    # Every seat of the second round is one that stood empty before it.
    seats = with_round.matching().set_index("gate").loc["senior_secondary", "supplementary"]
    assert unplaced(without) - unplaced(with_round) == seats


def test_schools_hold_the_students_of_their_stage(run: Result) -> None:
    counted = run.schools().groupby("stage")["enrolment"].sum()
    for stage in STAGES:
        assert counted[stage] == run.books.enrolment(stage)[0, -1, 0]
