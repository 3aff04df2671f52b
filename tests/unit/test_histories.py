"""What a table of real histories says is read as it stands, and what was known in a year never looks ahead."""

import csv
import io
import pickle
import random
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from simvet.errors import InputError
from simvet.histories.labels import LABELS, grade_of, stage_facts
from simvet.histories.reading import find_births, read_births, read_folder, read_history
from simvet.histories.record import Column
from simvet.histories.table import History
from simvet.loading import list_file
from simvet.report.wording import complain, wording
from simvet.tables import home, read_cells

HEADER = ("region", "year", "stage", "grade", "enrolment", "entrants", "graduates")
BIRTHS = ("region", "year_of_grade1", "birth_year", "births")
LAW = settings(max_examples=150, deadline=None, derandomize=True, database=None)
NO_GRADUATES = dict.fromkeys(range(2000, 2010), "")
"""Nobody has counted the graduates."""


def text_of(rows, header=HEADER):
    file = io.StringIO()
    csv.writer(file).writerows([header, *rows])
    return file.getvalue()


def written(folder, rows, name="h.csv", header=HEADER):
    path = folder / name
    path.write_text(text_of(rows, header), encoding="utf-8")
    return path


def series(region, stage, grade, counts, first=2000, graduates=NO_GRADUATES):
    """Return the rows of one series, a year each."""
    return [(region, first + n, stage, grade, c, "", graduates.get(first + n, "")) for n, c in enumerate(counts)]


def same(one: History, other: History) -> None:
    assert (one.name, one.kind, one.regions, one.years, one.columns) == (
        other.name, other.kind, other.regions, other.years, other.columns,
    )  # fmt: skip
    for name in ("enrolment", "entrants", "graduates"):
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes(), name
    assert one.flags == other.flags
    assert dict(one.refused) == dict(other.refused)
    assert (one.births is None) == (other.births is None)
    if one.births and other.births:
        assert one.births.regions == other.births.regions == one.regions
        assert one.births.first_grade_years == other.births.first_grade_years
        assert one.births.birth_years.tobytes() == other.births.birth_years.tobytes()
        assert one.births.births.tobytes() == other.births.births.tobytes()


def kinds(history):
    return {flag.kind for flag in history.flags}


def only_flag(history, kind):
    (flag,) = [flag for flag in history.flags if flag.kind == kind]
    return flag


def fault(folder, text, name="h.csv"):
    """Return what is wrong with a file, said in English; it can be said in Chinese too."""
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InputError) as caught:
        read_history(path)
    assert complain(caught.value, "zh") != str(caught.value)
    return str(caught.value)


# Reading


def test_counts_stand_by_region_series_and_year_and_nothing_is_zero_for_unknown(tmp_path):
    rows = [
        *series("B", "high", 10, [20, 21, 22, 23, 24]),
        *series("A", "high", 9, [10, 11, "", 13, 14]),
        *series("A", "primary", 1, [1, 2, 3, 4, 5]),
    ]
    history = read_history(written(tmp_path, rows, "states.csv"))
    assert (history.name, history.kind, history.regions) == ("states", "grades", ("A", "B"))
    assert history.years == (2000, 2001, 2002, 2003, 2004)
    assert history.columns == (Column("primary", 1), Column("high", 9), Column("high", 10))
    assert history.enrolment[0, 1, 1] == 11 and np.isnan(history.enrolment[0, 1, 2])
    assert np.isnan(history.enrolment[0, 2]).all() and np.isnan(history.graduates).all()
    assert history.births is None and history.refused == {}
    for array in (history.enrolment, history.entrants, history.graduates):
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0, 0] = 1.0


def test_columns_may_stand_in_any_order_and_the_optional_ones_be_left_out(tmp_path):
    rows = [(900 + n, "all", "bachelor", "X", 2000 + n) for n in range(5)]
    history = read_history(written(tmp_path, rows, header=("enrolment", "grade", "stage", "region", "year")))
    assert history.kind == "stages" and history.columns == (Column("bachelor", None),)
    assert history.enrolment[0, 0].tolist() == [900, 901, 902, 903, 904]


def test_the_names_of_the_table_of_labels_are_all_understood(tmp_path):
    rows = {kind: [] for kind in ("stage", "column", "whole")}
    for cells, _ in read_cells(home() / LABELS, ("kind", "label", "key", "position", "years", "feeders", "admitted",
                                                 "status", "source")):  # fmt: skip
        rows.setdefault(cells["kind"], []).append(cells)
    assert {stage_facts(row["label"]).canonical for row in rows["stage"]} == {row["key"] for row in rows["stage"]}
    chinese = {row["key"]: row["label"] for row in rows["column"] if not row["label"].isascii()}
    stage = next(row["label"] for row in rows["stage"] if row["key"] == "secondary_vocational" and row["label"] > "z")
    whole = next(row["label"] for row in rows["whole"] if not row["label"].isascii())
    table = [("X", 2000 + n, stage, whole, 5 + n, 2, 1) for n in range(5)]
    history = read_history(written(tmp_path, table, header=tuple(chinese[column] for column in HEADER)))
    assert history.columns == (Column("secondary_vocational", None),)
    assert history.entrants[0, 0].tolist() == [2] * 5
    numeral = next(row["label"] for row in rows["numeral"] if row["key"] == "9")
    (after,) = [row["label"] for row in rows["after"]]
    assert grade_of(numeral + after, "here") == grade_of("9" + after, "here") == 9


def test_what_is_known_of_stages_fits_together():
    assert stage_facts("middle").canonical == stage_facts("Junior_Secondary").canonical == "junior_secondary"
    assert stage_facts("higher_vocational").canonical == "higher_vocational_short_cycle"
    assert stage_facts("general_high").key == "general_high"
    years = {"primary": 6, "middle": 3, "senior_general": 3, "secondary_vocational": 3, "skilled_worker_schools": 3,
             "higher_vocational_short_cycle": 3, "bachelor": 4}  # fmt: skip
    assert {stage: stage_facts(stage).years for stage in years} == years
    assert stage_facts("higher_vocational").feeders == ("senior_general", "secondary_vocational")
    assert stage_facts("bachelor").feeders == ("senior_general",) and stage_facts("primary").feeders == ()
    for stage in (*years, "high", "vocational_bachelor"):
        facts = stage_facts(stage)
        for feeder in facts.feeders:
            assert stage_facts(feeder).canonical == feeder
            assert stage_facts(feeder).position < facts.position
    turn = {stage: stage_facts(stage).admitted for stage in years}
    assert turn["senior_general"] < turn["secondary_vocational"] <= turn["skilled_worker_schools"]
    assert turn["bachelor"] < turn["higher_vocational_short_cycle"]


@pytest.mark.parametrize("label", ["9", "09", "9.0", " 9 ", "Grade 9", "grade9", "G9", "year 9", "９"])
def test_a_grade_is_the_same_however_it_is_written(label):
    assert grade_of(label, "here") == 9


@pytest.mark.parametrize("label", ["", "all", "All", "total"])
def test_a_stage_as_a_whole_has_no_grade(label):
    assert grade_of(label, "here") is None


@pytest.mark.parametrize("label", ["0", "21", "9.5", "-1", "senior", "G", "9-12", "1e1"])
def test_what_is_no_grade_is_refused(label):
    with pytest.raises(InputError, match="is not a grade"):
        grade_of(label, "here")


def test_a_workbook_is_read_as_a_csv_file_is(tmp_path):
    rows = [*series("A", "middle", 7, [10, 11, 12, 13, 14.5]), *series("A", "middle", 8, [9, "", 8, 7, 6])]
    book = Workbook()
    for row in [HEADER, *rows]:
        book.active.append([None if cell == "" else cell for cell in row])
    book.save(tmp_path / "h.xlsx")
    same(read_history(tmp_path / "h.xlsx"), read_history(written(tmp_path, rows)))
    book.active["E3"] = "=1+1"
    book.save(tmp_path / "h.xlsx")
    with pytest.raises(InputError, match=r"h.xlsx!Sheet!E3: 'enrolment' holds a formula"):
        read_history(tmp_path / "h.xlsx")


# What is refused


ROW = "A,2000,high,9,5,,\n"
TOP = ",".join(HEADER) + "\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (TOP.replace("enrolment", "enrollment") + ROW, "column 'enrollment' is unknown. Did you mean 'enrolment'?"),
        (TOP.replace("enrolment", "year") + ROW, "column 'year' stands twice"),
        (TOP.replace(",grade,", ",").replace("enrolment,", "enrolment,") + ROW, "column 'grade' is missing"),
        (TOP + ROW + "A,2001,hihg,9,5,,\n", "h.csv:3: stage 'hihg' is unknown. Did you mean 'high'?"),
        (TOP + "A,2001,,9,5,,\n", "h.csv:2: 'stage' is empty"),
        (TOP + ROW + "A,2001,high,nine,5,,\n", "h.csv:3: 'nine' is not a grade"),
        (TOP + ROW + "A,2001,high,9,-5,,\n", "h.csv:3: 'enrolment' is '-5', not a number of persons"),
        (TOP + ROW + "A,2001,high,9,5,,inf\n", "h.csv:3: 'graduates' is 'inf', not a number"),
        (TOP + ROW + "A,2001,high,9,5,nan,\n", "h.csv:3: 'entrants' is 'nan', not a number"),
        (TOP + ROW + "A,2001,high,9,1e300,,\n", "h.csv:3: 'enrolment' is '1e300', not a number of persons"),
        (TOP + ROW + 'A,2001,high,9,"1,000",,\n', "h.csv:3: 'enrolment' is '1,000', not a number"),
        (TOP + ROW + "A,2001,high,9,1_000,,\n", "h.csv:3: 'enrolment' is '1_000', not a number in plain digits"),
        (TOP + ROW + "A,2001,high,9,=B2,,\n", "h.csv:3: 'enrolment' is '=B2', not a number"),
        (TOP + ROW + '"=HYPERLINK(""x"")",2001,high,9,5,,\n', "h.csv:3: 'region' holds a formula"),
        (TOP + ROW + " ,2001,high,9,5,,\n", "h.csv:3: 'region' is empty"),
        (TOP + ROW + "A\u200b,2001,high,9,5,,\n", "h.csv:3: the cell holds a line break or an invisible character"),
        (TOP + ROW + f"{'A' * 81},2001,high,9,5,,\n", "h.csv:3: the cell holds 81 characters"),
        (TOP + ROW + "A,1899,high,9,5,,\n", "h.csv:3: 'year' is 1899, not a year from 1900 to 2100"),
        (TOP + ROW + "A,2001.5,high,9,5,,\n", "h.csv:3: 'year' is 2001.5, not a year"),
        (TOP + ROW + "A,,high,9,5,,\n", "h.csv:3: 'year' is '', not a number"),
        (TOP + ROW + "B,2000,high,9,5,,\n" + "A,2000,high,G9,6,,\n", "h.csv:4: the row stands twice, first at h.csv:2"),
        (TOP + ROW + "A,2001,high,9,5\n", "h.csv:3: the row has 5 cells, the header 7"),
        (TOP + ROW + "A,2001,high,9,5,,,6\n", "h.csv:3: the row has 8 cells, the header 7"),
        (TOP, "the table has no rows"),
        ("", "the file is empty"),
        ((TOP + "A\x00,2001,high,9,5,,\n"), "h.csv:2: the text holds a zero byte"),
        ((TOP + ROW).encode() + b"\xff\xfe", "h.csv:3: the text is not UTF-8"),
        (TOP + '"' + "A" * 140_000, "a cell holds more than 131072 characters"),
        (b"A" * 20_000_001, "the file has 20 MB"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_line(tmp_path, text, said):
    assert said in fault(tmp_path, text)


def test_files_that_are_no_tables_are_refused(tmp_path):
    assert "no table of histories ends in '.txt'" in fault(tmp_path, TOP + ROW, "h.txt")
    assert "this is not a workbook that can be read" in fault(tmp_path, "no zip", "h.xlsx")
    with pytest.raises(InputError, match="there is no such file"):
        read_history(tmp_path / "none.csv")


def test_a_table_too_large_is_refused_before_it_fills_the_memory(tmp_path, monkeypatch):
    wide = [(f"R{n}", 1900 + n % 201, "high", n % 20 + 1, 5, "", "") for n in range(2000)]
    with pytest.raises(InputError, match="spans 2000 regions, 20 series and 201 years"):
        read_history(written(tmp_path, wide))
    monkeypatch.setattr(list_file, "MOST_ROWS", 100_000)
    with pytest.raises(InputError, match="the table has more than 100000 rows"):
        read_history(written(tmp_path, [("A", 2000, "high", 9, 5, "", "")] * 100_001))


# Regions with too little


def test_a_region_whose_series_ends_in_fewer_than_five_years_is_refused_with_the_reason(tmp_path):
    rows = [
        *series("long", "high", 9, [5, 6, 7, 8, 9]),
        *series("short", "high", 9, [5, 6, 7, 8]),
        *series("gap", "high", 9, [5, 6, 7, 8, 9, 9, "", 7, 8]),
        *series("odd", "high", 9, [5, "", 7, "", 9, "", 7, "", 8]),
        *series("empty", "high", 9, [""]),
    ]
    history = read_history(written(tmp_path, rows))
    assert history.regions == ("long",) and history.years == (2000, 2001, 2002, 2003, 2004)
    assert history.refused == {
        "short": ("too_short", {"years": 4, "least": 5, "last": 2003}),
        "gap": ("too_short", {"years": 2, "least": 5, "last": 2008}),
        "odd": ("no_consecutive_years", {"years": 1, "least": 5, "last": 2008}),
        "empty": ("too_short", {"years": 0, "least": 5, "last": None}),
    }
    assert {flag.region for flag in history.flags if flag.kind == "too_short"} == set(history.refused)
    assert history.until(2005).regions == ("gap", "long")
    assert history.until(2003, least=4).regions == ("gap", "long", "short")


def test_a_table_without_any_region_long_enough_is_refused_with_the_counts(tmp_path):
    rows = [*series("A", "high", 9, [5, 6, 7]), *series("B", "high", 9, [5, 6, 7, 8])]
    path = written(tmp_path, rows)
    with pytest.raises(InputError, match="of 2 regions none ends in 5 years in a row; the longest has 4"):
        read_history(path)
    assert read_history(path, least=4).regions == ("B",)


# What is odd


def test_a_missing_year_and_a_missing_cell_are_flagged_and_stay_unknown(tmp_path):
    rows = [
        *series("A", "high", 9, [5, "", 7, 8, 9, 9, 9]),
        *series("A", "high", 10, [5, "", 7, "", 9, 9, 9]),
        *series("A", "primary", 1, [5, "", 7, "", 9, 9, 9]),
    ]
    history = read_history(written(tmp_path, rows))
    assert [(f.kind, f.year, f.stage) for f in history.flags] == [
        ("missing_year", 2001, ""), ("missing_cell", 2003, "high"), ("missing_cell", 2003, "primary"),
    ]  # fmt: skip
    assert history.flags[1].facts == {"count": "enrolment", "grades": (10,)}
    assert np.isnan(history.enrolment[0, :, 1]).all()


def test_an_entrant_or_graduate_is_missing_only_between_two_known_ones(tmp_path):
    rows = [("A", 2000 + n, "bachelor", "all", 50, e, g)
            for n, (e, g) in enumerate([("", 1), (2, ""), (2, 1), (2, ""), (2, 1)])]  # fmt: skip
    found = read_history(written(tmp_path, rows)).flags
    assert [(f.year, f.facts["count"]) for f in found] == [(2001, "graduates"), (2003, "graduates")]


def test_a_zero_is_kept_and_flagged(tmp_path):
    history = read_history(written(tmp_path, series("A", "high", 9, [5, 6, 0, 8, 9, 8, 9])))
    assert history.enrolment[0, 0, 2] == 0.0
    assert [f.year for f in history.flags if f.kind == "zero_count"] == [2002]


def test_a_break_is_a_change_far_off_the_usual_one(tmp_path):
    steady = [1000.0 * 1.01**n for n in range(12)]
    broken = [*steady[:6], *(0.9 * count for count in steady[6:])]
    rows = [*series("even", "high", 9, steady), *series("torn", "high", 9, broken)]
    flag = only_flag(read_history(written(tmp_path, rows)), "break")
    assert (flag.region, flag.year) == ("torn", 2006)
    assert flag.facts == pytest.approx({"change": 0.9 * 1.01 - 1.0, "usual": 0.01})


@pytest.mark.parametrize(("drop", "breaks"), [(0.035, 0), (0.045, 1)])
def test_four_per_cent_are_the_least_break(tmp_path, drop, breaks):
    counts = [1000.0] * 6 + [1000.0 * (1.0 - drop)] * 6
    history = read_history(written(tmp_path, series("A", "high", 9, counts)))
    assert sum(flag.kind == "break" for flag in history.flags) == breaks


def test_swings_are_no_breaks_where_they_are_usual(tmp_path):
    counts = [100 * f for f in (1.0, 1.2, 1.0, 1.25, 1.0, 1.15, 1.0, 1.2, 1.05)]
    assert "break" not in kinds(read_history(written(tmp_path, series("A", "high", 9, counts))))


def test_a_new_series_is_no_break(tmp_path):
    rows = [*series("A", "high", 9, [100] * 8), *series("A", "primary", 1, [500] * 4, first=2004)]
    assert "break" not in kinds(read_history(written(tmp_path, rows)))


def test_a_region_that_vanishes_into_another_is_flagged(tmp_path):
    rows = [
        *series("gone", "high", 9, [100, 101, 102, 103, 104, 105]),
        *series("grown", "high", 9, [900, 901, 902, 903, 904, 905, 1010, 1011, 1012]),
        *series("other", "high", 9, [800, 801, 802, 803, 804, 805, 806, 807, 808]),
    ]
    flag = only_flag(read_history(written(tmp_path, rows)), "merged")
    assert (flag.region, flag.year, flag.facts["into"]) == ("gone", 2006, "grown")
    assert "merged" not in kinds(read_history(written(tmp_path, rows)).until(2005))


def test_a_region_that_ends_while_the_others_grow_as_usual_was_not_taken_over(tmp_path):
    rows = [
        *series("gone", "high", 9, [100, 101, 102, 103, 104, 105]),
        *series("large", "high", 9, [10_000 * 1.01**n for n in range(9)]),
    ]
    assert "merged" not in kinds(read_history(written(tmp_path, rows)))


def test_a_grade_written_otherwise_is_the_same_series_and_flagged(tmp_path):
    rows = [*series("A", "high", "9", [5, 6, 7]), *series("A", "middle", "Grade 8", [5, 6, 7, 8, 9, 9]),
            *series("A", "high", "Grade 9", [8, 9, 9], first=2003)]  # fmt: skip
    history = read_history(written(tmp_path, rows))
    assert history.columns == (Column("junior_secondary", 8), Column("high", 9))
    flag = only_flag(history, "renamed_grade")
    assert (flag.year, flag.facts) == (2003, {"grade": 9, "was": "9", "now": "Grade 9"})


# Grades and whole stages


def test_grades_win_over_their_stage_and_sums_that_differ_are_flagged(tmp_path):
    rows = [
        *series("A", "high", 9, [50] * 5),
        *series("A", "high", 10, [50] * 5),
        *series("A", "high", "all", [100, 101, 102, 100, 100], graduates={2001: 40}),
    ]
    history = read_history(written(tmp_path, rows))
    assert history.kind == "grades" and history.columns == (Column("high", 9), Column("high", 10))
    flag = only_flag(history, "sums_differ")
    assert (flag.year, flag.facts) == (2002, {"sum": 100.0, "whole": 102.0})
    # Who left the stage in summer 2001 was in its last grade in the school year 2000.
    assert history.graduates[0, 1, 0] == 40.0 and np.isnan(history.graduates[0, 1, 1:]).all()


def test_grades_beside_stages_that_have_none_are_summed(tmp_path):
    rows = [
        *series("A", "high", 9, [50, 51, 52, 53, 54]),
        *series("A", "high", 10, [40, 41, "", 43, 44], graduates={2000: 35, 2004: 39}),
        *series("A", "bachelor", "all", [10] * 5, graduates={2000: 3}),
    ]
    history = read_history(written(tmp_path, rows))
    assert history.kind == "stages" and history.columns == (Column("high", None), Column("bachelor", None))
    np.testing.assert_array_equal(history.enrolment[0, 0], [90, 92, np.nan, 96, 98])
    np.testing.assert_array_equal(history.entrants[0, 0], [50, 51, 52, 53, 54])
    np.testing.assert_array_equal(history.graduates[0, 0], [np.nan, 35, np.nan, np.nan, np.nan])
    assert history.graduates[0, 1, 0] == 3
    assert only_flag(history, "mixed_grades").stage == "high"


def test_entrants_that_are_written_are_not_replaced_by_the_first_grade(tmp_path):
    rows = [("A", 2000 + n, "high", "9", 50, 45, "") for n in range(5)] + series("A", "bachelor", "", [10] * 5)
    assert read_history(written(tmp_path, rows)).entrants[0, 0].tolist() == [45] * 5


# Until a year


def test_graduates_beside_a_grade_are_known_a_year_later_than_those_of_a_stage(tmp_path):
    by_year = dict.fromkeys(range(2000, 2008), 30)
    graded = read_history(written(tmp_path, series("A", "high", 12, [40] * 8, graduates=by_year))).until(2005)
    whole = read_history(written(tmp_path, series("A", "high", "all", [40] * 8, graduates=by_year))).until(2005)
    assert graded.years == whole.years == tuple(range(2000, 2006))
    assert np.isnan(graded.graduates[0, 0, -1]) and graded.graduates[0, 0, -2] == 30
    assert whole.graduates[0, 0, -1] == 30


def test_a_later_break_is_unknown_and_the_record_holds_nothing_later(tmp_path):
    counts = [1000.0] * 8 + [500.0] * 4
    history = read_history(written(tmp_path, series("A", "high", 9, counts)))
    assert "break" in kinds(history) and "break" not in kinds(history.until(2007))
    assert history.until(2007).record.counts.shape[-1] == 8
    with pytest.raises(InputError, match="none ends in 5 years"):
        history.until(2002)


VALUES = st.one_of(st.just(""), st.integers(0, 60), st.integers(900, 1100))
SERIES = st.sampled_from(
    [("primary", "1"), ("primary", "2"), ("primary", "Grade 2"), ("primary", "all"), ("middle", "7"),
     ("junior_secondary", "07"), ("bachelor", "all")]
)  # fmt: skip
ROWS = st.dictionaries(
    st.tuples(st.sampled_from("ABC"), st.integers(2000, 2009), SERIES), st.tuples(VALUES, VALUES, VALUES), max_size=120
)
BORN = st.dictionaries(st.tuples(st.sampled_from("ABD"), st.integers(2003, 2012)), st.integers(1, 99), max_size=20)


def table_of(cells):
    """Return rows, each series of a region and year once, however it is written."""
    rows = {}
    for (region, year, (stage, grade)), counts in cells.items():
        key = region, year, stage_facts(stage).canonical, grade_of(grade, "here")
        rows.setdefault(key, (region, year, stage, grade, *counts))
    return list(rows.values())


def known_in(rows, year):
    """Return the rows as they were in autumn of a year."""
    rows = [row for row in rows if row[1] <= year]
    return [(*row[:6], "") if row[1] == year and row[3] != "all" else row for row in rows]


def known(rows, births, year, least):
    """Return what two files say of a year, the history or the complaint."""
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder), rows)
        if births:
            written(Path(folder), births, "births.csv", BIRTHS)
        try:
            return read_history(path, least=1).until(year, least=least)
        except InputError as error:
            return str(error)


@LAW
@given(ROWS, ROWS, BORN, st.integers(2001, 2008), st.integers(1, 3), st.randoms())
def test_what_was_known_does_not_depend_on_what_came_later(now, later, born, year, least, shuffle):
    rows = [("A", 1999, "primary", "1", 1000, "", ""), ("A", 1998, "primary", "1", 1000, "", ""), *table_of(now)]
    # Enough until the end for the file to be read at all.
    last = [("Z", n, "primary", "1", 1000 + n, "", "") for n in range(1998, 2010)]
    births = [(region, entry, entry - 3, count) for (region, entry), count in born.items()]
    births_then = [row for row in births if row[2] <= year]
    changed = [*known_in(rows + last, year), *(row for row in table_of(later) if row[1] > year)]
    removed = known_in(rows + last, year)
    shuffle.shuffle(changed)
    one = known(rows + last, births, year, least)
    for other in (known(changed, births_then, year, least), known(removed, births_then, year, least)):
        if isinstance(one, str):
            assert one == other
        else:
            same(one, other)


@LAW
@given(ROWS, st.randoms())
def test_the_order_of_rows_does_not_matter(cells, shuffle):
    rows = table_of(cells)
    mixed = list(rows)
    shuffle.shuffle(mixed)
    one, other = known(rows, [], 2009, 1), known(mixed, [], 2009, 1)
    if isinstance(one, str):
        assert one == other
    else:
        same(one, other)


@LAW
@given(ROWS, st.integers(2001, 2009), st.integers(2001, 2009))
def test_two_looks_back_are_one_look_to_the_earlier_year(cells, one, other):
    rows = [*table_of(cells), *(("Z", n, "primary", "1", 1000 + n, "", "") for n in range(1998, 2010))]
    history = known(rows, [], 2009, 1)
    same(history.until(one).until(other), history.until(min(one, other)))


# Some of the regions


def test_some_regions_are_what_a_file_of_them_would_have_given(tmp_path):
    rows = [*series("A", "high", 9, [5, 6, 7, 8, 9]), *series("B", "primary", 1, [5, 6, 7, 8, 9, 9]),
            *series("C", "high", 9, [5, 6])]  # fmt: skip
    history = read_history(written(tmp_path, rows, "all.csv"))
    part = history.only(("A", "C"))
    folder = tmp_path / "part"
    folder.mkdir()
    same(part, read_history(written(folder, [row for row in rows if row[0] != "B"], "all.csv")))
    assert part.columns == (Column("high", 9),) and set(part.refused) == {"C"}
    same(part.until(2004), history.until(2004).only(("A", "C")))
    with pytest.raises(InputError, match=r"region 'a' has no data. Did you mean 'A'"):
        history.only(("a",))


# Births and folders


def births_rows(region="A", first=2000, years=6):
    return [(region, first + n, first + n - 6, 100 + n) for n in range(years)]


def test_births_that_lie_beside_a_history_are_taken_and_cut_with_it(tmp_path):
    path = written(tmp_path, [*series("A", "primary", 1, [5] * 7), *series("B", "primary", 1, [5] * 7)])
    assert find_births(path) is None
    born = written(tmp_path, [*births_rows("A", 2002, 9), *births_rows("Q")], "born.csv", BIRTHS)
    written(tmp_path, births_rows("Q"), "also.csv", BIRTHS)
    (tmp_path / "junk.csv").write_bytes(b"\xff\xfe\x00")
    assert find_births(path) == born
    births = read_history(path).births
    assert births.regions == ("A", "B") and births.first_grade_years == tuple(range(2002, 2011))
    assert births.births[0].tolist() == [100 + n for n in range(9)] and np.isnan(births.births[1]).all()
    assert births.birth_years[0, 0] == 1996 and births.birth_years[1, 0] == 0
    cut = read_history(path).until(2004, least=5).births
    assert cut.first_grade_years == tuple(range(2002, 2011))
    assert read_history(path).until(2004).only(["B"]).births is None


def test_births_after_the_year_are_unknown(tmp_path):
    path = written(tmp_path, series("A", "primary", 1, [5] * 7))
    written(tmp_path, [("A", 2001 + n, 1999 + n, 9) for n in range(8)], "born.csv", BIRTHS)
    assert read_history(path).until(2004).births.first_grade_years == tuple(range(2001, 2007))


def test_births_can_be_named_and_must_be_of_the_same_regions(tmp_path):
    path = written(tmp_path, series("A", "primary", 1, [5] * 7))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    born = written(elsewhere, births_rows("A"), "born.csv", BIRTHS)
    assert read_history(path).births is None
    assert read_history(path, born).births.births[0, 0] == 100
    with pytest.raises(InputError, match=r"no region of h.csv has births here"):
        read_history(path, written(elsewhere, births_rows("Q"), "other.csv", BIRTHS))


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([*births_rows(), ("A", 2000, 1994, 5)], "b.csv:8: the row stands twice, first at b.csv:2"),
        ([("A", 2000, 2000, 5)], "birth_year 2000 is not before year_of_grade1 2000"),
        ([("A", 2000, 1994, "")], "column 'births' has no number"),
        ([("A", 2000, 1994, -1)], "'births' is '-1', not a number of persons"),
        ([("A", 2000, "", 1)], "'birth_year' is '', not a number"),
    ],
)
def test_faults_of_births_are_named(tmp_path, rows, said):
    with pytest.raises(InputError) as caught:
        read_births(written(tmp_path, rows, "b.csv", BIRTHS))
    assert said in str(caught.value)


def test_a_folder_gives_its_histories_by_name_and_leaves_other_files_alone(tmp_path):
    with pytest.raises(InputError, match="the folder holds no history"):
        read_folder(tmp_path)
    written(tmp_path, series("A", "high", 9, [5] * 5), "b.csv")
    written(tmp_path, series("A", "primary", 1, [5] * 5), "a.csv")
    written(tmp_path, births_rows("A"), "born.csv", BIRTHS)
    (tmp_path / "README.md").write_text("Figures.", encoding="utf-8")
    (tmp_path / "~lock.csv").write_text("x", encoding="utf-8")
    (tmp_path / "more").mkdir()
    found = read_folder(tmp_path)
    assert [history.name for history in found] == ["a", "b"] and all(history.births for history in found)
    (tmp_path / "c.csv").write_text("name,price\nx,1\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"c.csv: the header is neither that of a history nor of births"):
        read_folder(tmp_path)
    (tmp_path / "c.csv").unlink()
    with pytest.raises(InputError, match="there is no such folder"):
        read_folder(tmp_path / "none")


# The whole


def test_every_flag_and_every_refusal_can_be_told():
    facts = {
        "missing_year": {}, "missing_cell": {}, "zero_count": {}, "break": {"change": 1, "usual": 1},
        "merged": {"into": "B"}, "renamed_grade": {"grade": 9, "was": "9", "now": "G9"},
        "too_short": {"years": 4, "least": 5}, "mixed_grades": {}, "sums_differ": {"sum": 1, "whole": 2},
    }  # fmt: skip
    for kind, own in facts.items():
        for text in wording()["histories"][f"flag_{kind}"].values():
            assert text.format(region="A", year=2000, stage="high", **own)
    for reason in ("too_short", "no_consecutive_years"):
        assert wording()["histories"][f"refused_{reason}"]["en"].format(years=4, least=5)


def test_a_history_survives_the_way_to_another_process(tmp_path):
    history = read_history(written(tmp_path, series("A", "high", 9, [5, 6, 0, 8, 9, 8, 9])))
    assert history.flags
    same(history, pickle.loads(pickle.dumps(history)))  # noqa: S301 - its own bytes


def test_sixty_regions_over_fifty_years_are_read_within_seconds_and_cut_at_once(tmp_path):
    draw = random.Random(7)  # noqa: S311 - no secret
    rows = [(f"R{r:02}", 1960 + y, "primary", g, draw.randint(900, 1100), "", "")
            for r in range(60) for y in range(50) for g in range(1, 16)]  # fmt: skip
    path = written(tmp_path, rows)
    begun = time.perf_counter()
    history = read_history(path)
    read = time.perf_counter()
    assert history.until(2000).flags is not None and history.enrolment.shape == (60, 15, 50)
    assert read - begun < 5.0 and time.perf_counter() - read < 1.0


def test_grades_of_stages_side_by_side_are_summed(tmp_path):
    rows = "".join(
        f"A,{2000 + year},{stage},{grade},{1000 + grade},,\n"
        for stage in ("middle", "general_high", "secondary_vocational")
        for grade in (1, 2, 3)
        for year in range(6)
    )
    path = tmp_path / "side_by_side.csv"
    path.write_text("region,year,stage,grade,enrolment,entrants,graduates\n" + rows, encoding="utf-8")
    history = read_history(path)
    assert history.kind == "stages"
    assert [column.grade for column in history.columns] == [None, None, None]
    assert {flag.kind for flag in history.flags} == {"mixed_grades"}
