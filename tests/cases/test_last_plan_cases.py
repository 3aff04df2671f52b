"""Files of an earlier plan that cannot be used: the complaint names file and line and says the cure."""

import csv

import pytest
from openpyxl import Workbook

from simvet.errors import InputError
from simvet.histories.last_plan import last_plan, read_plan
from simvet.histories.reading import read_history
from simvet.report.wording import complain

GOOD = (
    "name,region,year,stage,grade,measure,comparator,value,unit,source\n数,X,2020,中职,all,enrolment,>=,5.2,wan,纲要\n"
)
BAD = [
    ("2020", "2O20", "t.csv:2: 'year' is '2O20', not a number"),
    ("2020", "20", "t.csv:2: 'year' is 20, not a year from 1900 to 2100"),
    ("2020", "", "t.csv:2: 'year' is '', not a number"),
    (",中职", ",中专校", "t.csv:2: stage '中专校' is unknown. Did you mean"),
    (",中职", ",", "t.csv:2: 'stage' is empty. Every target needs one"),
    (",all", ",第零", "t.csv:2: '第零' is not a grade"),
    ("enrolment", "enrollment", "t.csv:2: 'measure' is 'enrollment'. Did you mean 'enrolment'"),
    (",>=", ",>", "t.csv:2: 'comparator' is '>'. Did you mean '>='? It takes >=, <=, ==, ~"),
    (",>=", ",", "t.csv:2: 'comparator' is empty"),
    ("5.2", "", "t.csv:2: 'value' is empty. Every target needs one"),
    ("5.2", "-5.2", "t.csv:2: 'value' is '-5.2', not a number of persons"),
    ("5.2", "5.2万", "t.csv:2: 'value' is '5.2万', not a number"),
    ("5.2", "5_2", "t.csv:2: 'value' is '5_2', not a number in plain digits"),
    ("5.2", "nan", "t.csv:2: 'value' is 'nan', not a number"),
    ("wan", "亿人", "t.csv:2: 'unit' is '亿人'"),
    ("数,", ",", "t.csv:2: 'name' is empty"),
    ("数,", "=1+1,", "t.csv:2: 'name' holds a formula"),
    ("数,", "数" * 81 + ",", "t.csv:2: the cell holds 81 characters"),
    ("纲要", "@x", "t.csv:2: 'source' holds a formula"),
    ("纲要", "a\u200bb", "t.csv:2: the cell holds a line break or an invisible character (U+200B)"),
    ("X,", ",", "t.csv:2: 'region' is empty"),
    (",value", ",valeu", "t.csv:1: column 'valeu' is unknown. Did you mean 'value'"),
    ("name,region", "name,name", "t.csv:1: column 'name' stands twice"),
    (",纲要", "", "t.csv:2: the row has 9 cells, the header 10"),
    (GOOD[GOOD.index("数") :], "", "t.csv: the plan has no targets. Write one row for each target"),
    (GOOD, "", "t.csv: the file is empty"),
]  # fmt: skip


def fault(path):
    with pytest.raises(InputError) as caught:
        read_plan(path)
    assert complain(caught.value, "zh") != str(caught.value), "it can be said in Chinese too"
    return str(caught.value)


@pytest.mark.parametrize(("old", "new", "message"), BAD)
def test_a_bad_file_is_refused_with_the_line_and_the_cure(tmp_path, old, new, message):
    assert old in GOOD
    path = tmp_path / "t.csv"
    path.write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    assert message in fault(path)


def test_a_missing_column_a_doubled_row_and_a_wrong_ending_are_refused(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("name,region,year,stage,measure,comparator\nn,X,2020,中职,enrolment,>=\n", encoding="utf-8")
    assert "t.csv:1: column 'value' is missing. Add it to the header" in fault(path)
    path.write_text(GOOD + GOOD.splitlines()[1].replace("数", "again") + "\n", encoding="utf-8")
    assert "t.csv:3: the row stands twice, first at t.csv:2" in fault(path)
    assert "t.txt: no table of targets ends in '.txt'. Choose one of .csv, .xlsx" in fault(tmp_path / "t.txt")
    assert "no such file" in fault(tmp_path / "none.csv")
    path.write_text(GOOD.replace("数", '"a\nb"'), encoding="utf-8")
    assert "line break" in fault(path)
    (tmp_path / "b.xlsx").write_bytes(b"no workbook")
    assert "not a workbook" in fault(tmp_path / "b.xlsx")


def test_a_workbook_is_read_like_a_file_and_its_cells_are_named(tmp_path):
    rows = list(csv.reader(GOOD.splitlines()))
    rows[1][2], rows[1][7] = 2020, 5.2
    path = tmp_path / "t.xlsx"
    for value, expected in ((5.2, None), ("=1+1", "t.xlsx!Sheet!H2: 'value' holds a formula"), (-1, "H2: 'value' is")):
        book = Workbook()
        for row in (rows[0], [*rows[1][:7], value, *rows[1][8:]]):
            book.active.append(row)
        book.save(path)
        if expected is None:
            assert read_plan(path)[0].bound == 52_000
        else:
            assert expected in fault(path)


def test_a_target_too_far_ahead_is_a_slip_of_the_pen(tmp_path):
    path, history = tmp_path / "t.csv", tmp_path / "h.csv"
    path.write_text(GOOD + GOOD.splitlines()[1].replace("2020", "2090") + "\n", encoding="utf-8")
    lines = [f"X,{year},中职,all,{50_000 + year}" for year in range(2006, 2021)]
    history.write_text("\n".join(["region,year,stage,grade,enrolment", *lines]) + "\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"t\.csv:3: the target year 2090 lies more than 30 years after 2015"):
        last_plan(read_plan(path), read_history(history, least=1), draws=50)
    with pytest.raises(InputError, match="the plan has no targets"):
        last_plan((), read_history(history, least=1))
