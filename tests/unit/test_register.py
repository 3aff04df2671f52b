"""Every row of the register has its answer, and every way of writing it down says the same."""

import csv
import io
import json
import math
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from simvet.cli import main
from simvet.conflicts import MOST_RIVALS
from simvet.errors import InputError
from simvet.items import BASES
from simvet.loading import load_register
from simvet.register import ANSWERED, BASE_FIGURE, INSTRUMENT, LACKING, RegisterRow, answer_register, answer_targets
from simvet.relaxations import OF_ITEM, RELAXATIONS
from simvet.report.register_file import FIELDS, flat_rows, require_format, write_register, written
from simvet.result import Result, simulate
from simvet.tables import home
from simvet.targets import BASE_QUANTITIES
from simvet.verdicts import Verdict, monte_carlo_error

DRAWS = 20
REGIONS = ("zhejiang", "zhoushan", "wenzhou", "lishui")
OWNERS = {"province", "city", "school", "enterprise", "none"}
WAYS = {"starts", "lift", "growth", "slots", "approvals", "change"}


def file_rows(*parts: str) -> list[dict[str, str]]:
    with home().joinpath("data", *parts).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def rows() -> list[RegisterRow]:
    return answer_targets(draws=DRAWS)


@pytest.fixture(scope="module")
def judged(rows: list[RegisterRow]) -> list[tuple[RegisterRow, Verdict]]:
    return [(row, row.verdict) for row in rows if row.verdict is not None]


@pytest.fixture(scope="module")
def island() -> Result:
    return simulate("zhoushan", draws=20)


def test_all_207_rows_are_there_in_the_order_and_the_words_of_the_file(rows: list[RegisterRow]) -> None:
    printed = file_rows("targets", "register.csv")
    numbers = [row.number for row in rows]
    assert sorted(set(numbers)) == list(range(1, 208))
    assert len(printed) == 207
    for row in rows:
        line = printed[row.number - 1]
        said = (row.target.document, row.target.region, row.target.key, row.target.stage, row.target.labels["zh"])
        assert said == (line["doc"], line["region"], line["key"], line["stage"], line["name_zh"])
        assert row.target.year == int(line["target_year"])
    for region in REGIONS:
        own = [row.number for row in rows if row.target.region == region]
        assert own == sorted(own)


def test_a_row_stands_twice_only_where_its_text_can_be_read_in_several_ways(rows: list[RegisterRow]) -> None:
    seen = Counter((row.number, row.verdict.reading if row.verdict else "") for row in rows)
    assert set(seen.values()) == {1}
    for number, times in Counter(row.number for row in rows).items():
        readings = {row.verdict.reading for row in rows if row.number == number and row.verdict}
        assert times == max(len(readings), 1)


def test_195_are_outcomes_11_instruments_and_one_a_base_figure(rows: list[RegisterRow]) -> None:
    kinds = {n: line["kind"] for n, line in enumerate(file_rows("targets", "register.csv"), start=1)}
    status = {row.number: row.status for row in rows}
    assert {n for n, told in status.items() if told == INSTRUMENT} == {n for n, k in kinds.items() if k == "lever"}
    assert {n for n, told in status.items() if told == BASE_FIGURE} == {n for n, k in kinds.items() if k == "baseline"}
    outcomes = [n for n, told in status.items() if told in (ANSWERED, LACKING)]
    counts = Counter(status.values())
    assert (len(outcomes), counts[INSTRUMENT], counts[BASE_FIGURE]) == (195, 11, 1)


def test_at_least_180_outcomes_have_a_probability_with_its_error(
    judged: list[tuple[RegisterRow, Verdict]],
) -> None:
    assert len({row.number for row, _ in judged if row.status == ANSWERED}) >= 180
    for _, v in judged:
        assert 0.0 <= v.probability <= 1.0
        assert v.probability * DRAWS == pytest.approx(round(v.probability * DRAWS))
        assert v.error == monte_carlo_error(round(v.probability * DRAWS), DRAWS)
        assert v.low <= v.median <= v.high
        assert v.gap == v.median - v.bound
        assert all(math.isfinite(value) for value in (v.low, v.median, v.high, v.bound, v.milestone, v.base_value))


def test_every_other_outcome_names_the_datum_that_it_lacks_in_both_languages(rows: list[RegisterRow]) -> None:
    listed = {(m["document"], m["key"], m["stage"]): m for m in file_rows("targets", "missing.csv")}
    lacking = [row for row in rows if row.status == LACKING]
    assert {(row.target.document, row.target.key, row.target.stage) for row in lacking} == set(listed)
    for row in lacking:
        line = listed[(row.target.document, row.target.key, row.target.stage)]
        assert row.verdict is None
        assert row.missing == {"zh": line["missing_zh"], "en": line["missing_en"]}
        assert min(len(text) for text in row.missing.values()) > 8


def test_the_first_year_reached_is_one_in_which_the_target_is_likelier_than_not(
    judged: list[tuple[RegisterRow, Verdict]],
) -> None:
    for _, v in judged:
        if v.probability >= 0.5 and v.target.kind != "baseline":
            assert v.first_year is not None and v.first_year <= v.target.year
        if v.first_year == v.target.year:
            assert v.probability >= 0.5


def test_a_need_is_told_exactly_where_a_target_is_not_likely_and_goes_beyond_what_is_done(
    judged: list[tuple[RegisterRow, Verdict]],
) -> None:
    for row, v in judged:
        if v.target.kind == "baseline":
            assert v.need is None
            continue
        assert (v.need is not None) == (v.probability < 0.8), (row.number, v.target.key)
        if v.need is None:
            continue
        assert v.need.kind in WAYS
        if v.target.key == "general_vocational_ratio":
            continue
        if v.target.comparator == "<=":
            assert v.need.needed < v.need.now
        else:
            assert v.need.needed > v.need.now


def test_the_kind_of_need_follows_from_how_the_thing_moves(judged: list[tuple[RegisterRow, Verdict]]) -> None:
    ways = {"count": "starts", "share": "lift", "service": "growth", "event": "growth"}
    items = {(r, i["key"], i["stage"]): i for r in REGIONS for i in file_rows(r, "items.csv")}
    seen = set()
    for _, v in judged:
        item = items.get((v.target.region, v.target.key, v.target.stage))
        if v.need is None:
            continue
        seen.add(v.need.kind)
        assert (item is None) == (v.need.kind in ("slots", "approvals", "change"))
        if item is not None:
            assert v.need.kind == ways[item["family"]]
    assert seen == WAYS


def test_what_would_be_needed_is_counted_in_the_unit_of_the_value(judged: list[tuple[RegisterRow, Verdict]]) -> None:
    for row, v in judged:
        if v.need is not None and v.need.kind == "change":
            assert v.need.unit.removesuffix("/year") == v.unit.removesuffix("/year"), (row.number, v.target.key)


def test_causes_and_owners_are_named_together_and_from_the_list(judged: list[tuple[RegisterRow, Verdict]]) -> None:
    items = {(r, i["key"], i["stage"]): i["owner"] for r in REGIONS for i in file_rows(r, "items.csv")}
    for row, v in judged:
        assert {cause.key for cause in v.causes} <= set(RELAXATIONS)
        assert len({cause.key for cause in v.causes}) == len(v.causes) > 10
        assert set(v.binding) <= {cause.key for cause in v.causes}
        assert bool(v.binding) == bool(v.owner), row.number
        if v.probability == 1.0:
            assert not v.binding
        if not v.binding:
            continue
        assert v.owner in OWNERS
        owner = RELAXATIONS[v.binding[0]].owner
        about = (v.target.region, v.target.key, v.target.stage)
        if owner != OF_ITEM:
            assert v.owner == owner
        elif about in items:
            assert v.owner == items[about]


def test_what_binds_is_what_moves_the_target_most(judged: list[tuple[RegisterRow, Verdict]]) -> None:
    for row, v in judged:
        effects = {cause.key: cause for cause in v.causes}
        flows = v.target.kind in ("flow", "baseline") or v.target.key in (
            "places", "new_school_places", "built_schools", "school_investment",
        )  # fmt: skip
        rivals = [c for c in v.causes if flows or not RELAXATIONS[c.key].of_flows]
        for key in v.binding:
            if v.by_value:
                sign = -1.0 if v.target.comparator == "<=" else 1.0
                best = max(sign * c.value for c in rivals)
                assert sign * effects[key].value >= 0.95 * best > 0.0, row.number
            else:
                clear = [c.probability for c in rivals if c.probability > 2.0 * c.error]
                assert effects[key].probability >= 0.95 * max(clear) > 0.0, row.number


def test_a_target_fights_only_with_others_that_what_binds_it_makes_worse(
    judged: list[tuple[RegisterRow, Verdict]],
) -> None:
    told = 0
    for _, v in judged:
        assert len(v.fights) <= MOST_RIVALS
        if v.fights:
            assert v.binding
        for rival in v.fights:
            told += 1
            assert (rival.key, rival.stage) != (v.target.key, v.target.stage)
            assert rival.region == v.target.region
            worse = [
                cause.adverse
                for _, other in judged
                if other.target is rival
                for cause in other.causes
                if cause.key in v.binding
            ]
            assert max(worse) >= 0.5
    assert told > 5


def test_a_base_is_called_assumed_exactly_where_nobody_prints_one(judged: list[tuple[RegisterRow, Verdict]]) -> None:
    register = file_rows("targets", "register.csv")
    items = {(r, i["key"], i["stage"]): i["status"] for r in REGIONS for i in file_rows(r, "items.csv")}
    resources = {r: [*file_rows(r, "resources.csv"), *file_rows(r, "assumptions.csv")] for r in REGIONS}
    figures = {
        r: {(f["indicator"], f["stage"]) for f in file_rows(r, "values.csv") if f["use"] == "figure"} for r in REGIONS
    }
    seen: Counter[str] = Counter()
    for row, v in judged:
        t = v.target
        printed = bool(register[row.number - 1]["base_value"])
        assert v.milestone_assumed != printed, row.number
        if printed:
            assert not v.assumed_base, row.number
            seen["plan"] += 1
        elif (t.region, t.key, t.stage) in items:
            assert v.assumed_base == (items[(t.region, t.key, t.stage)] == "assumed"), row.number
            seen[f"item {v.assumed_base}"] += 1
        elif t.key in BASE_QUANTITIES:
            about = [line for line in resources[t.region] if line["indicator"] == BASE_QUANTITIES[t.key]]
            about = [line for line in about if t.stage in ("region", line["stage"]) or not line["stage"]]
            assert about and v.assumed_base == any(line["status"] == "assumed" for line in about), row.number
            seen["quantity"] += 1
        elif t.key not in BASE_QUANTITIES and v.assumed_base:
            assert (t.key, t.stage) not in figures[t.region], row.number
            seen["figure"] += 1
    assert set(BASES) == {"count", "share", "service", "event"}
    assert seen["plan"] > 10 and seen["item True"] > 5 and seen["item False"] and seen["quantity"]


def readings(judged: list[tuple[RegisterRow, Verdict]], region: str, key: str) -> dict[str, Verdict]:
    return {v.reading: v for _, v in judged if (v.target.region, v.target.key) == (region, key)}


def test_the_200_000_of_wenzhou_are_a_stock_or_a_total_of_three_years(
    judged: list[tuple[RegisterRow, Verdict]],
) -> None:
    found = readings(judged, "wenzhou", "enrolment_total")
    assert set(found) == {"enrolment_total", "trained_in_three_years"}
    stock, total = found["enrolment_total"], found["trained_in_three_years"]
    assert stock.bound == total.bound == 200_000.0
    assert stock.median < total.median < 3.0 * stock.median
    assert total.probability >= stock.probability


def test_the_40_percent_of_wenzhou_hold_at_each_college_or_on_average(
    judged: list[tuple[RegisterRow, Verdict]],
) -> None:
    found = readings(judged, "wenzhou", "integrated_local_share")
    assert {"integrated_local_share", "integrated_lowest_college"} <= set(found)
    mean, each = found["integrated_local_share"], found["integrated_lowest_college"]
    assert mean.bound == each.bound == 0.4
    assert each.median < mean.median
    assert each.probability <= mean.probability


def test_every_instrument_does_something_and_in_the_right_direction(rows: list[RegisterRow]) -> None:
    found = [row for row in rows if row.status == INSTRUMENT]
    assert len(found) == 11
    for row in found:
        i = row.instrument
        assert i is not None, row.target.key
        assert i.quantity == row.target.key
        assert i.level == row.target.bound
        assert 0.0 <= i.low <= i.change <= i.high, row.target.key
        assert i.change > 0.0, row.target.key
        assert i.owner in OWNERS and i.unit


def test_an_instrument_pulled_to_nothing_does_nothing_and_half_way_less(island: Result) -> None:
    (target,) = [t for t in island.scenario.targets if t.key == "performance_pay_uplift"]
    changes = []
    for level in (0.0, 0.25, 0.5):
        other = replace(target, bound=level)
        asked = replace(island, scenario=replace(island.scenario, targets=(other,)))
        (row,) = answer_register(asked, [])
        assert row.instrument is not None
        changes.append(row.instrument.change)
    assert changes[0] == 0.0
    assert changes[0] < changes[1] < changes[2]


def test_the_base_figure_is_held_against_the_run(rows: list[RegisterRow]) -> None:
    (row,) = [row for row in rows if row.status == BASE_FIGURE]
    assert (row.target.key, row.target.year) == ("graduates_total", 2020)
    assert row.verdict is not None
    assert row.verdict.probability > 0.8
    assert row.verdict.median == pytest.approx(row.verdict.bound, rel=2e-3)


def test_targets_of_named_regions_are_those_rows_with_their_numbers(island: Result) -> None:
    found = answer_targets("zhoushan", draws=20, causes=False)
    numbers = [n for n, target in enumerate(load_register(), start=1) if target.region == "zhoushan"]
    assert [row.number for row in found] == numbers
    medians = {v.target.where: v.median for v in island.verdicts(causes=False)}
    assert {row.target.where: row.verdict.median for row in found if row.verdict} == medians


def test_an_own_target_of_a_scenario_has_no_number_in_the_register(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(
        "base: lishui\ntitle: {zh: 自设, en: own}\ntargets:\n  - {key: enrolment, stage: secondary_vocational, "
        "comparator: '>=', target: 100, year: 2030, title: {zh: 在校生, en: pupils}}\n",
        encoding="utf-8",
    )
    found = [row for row in answer_targets(str(path), draws=4, causes=False) if not row.number]
    assert [row.target.labels["en"] for row in found] == ["pupils"]
    assert flat_rows(found)[0]["row"] is None
    assert found[0].verdict is not None and found[0].verdict.probability == 1.0


def text_rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def sheet_rows(content: bytes) -> list[dict[str, Any]]:
    sheet = openpyxl.load_workbook(io.BytesIO(content))["targets"]
    head, *lines = list(sheet.iter_rows(values_only=True))
    return [dict(zip([str(name) for name in head], line, strict=True)) for line in lines]


def test_csv_json_and_workbook_carry_the_same_numbers(rows: list[RegisterRow]) -> None:
    flat = flat_rows(rows)
    plain = json.loads(written(rows, "json"))
    text, cells = text_rows(written(rows, "csv")), sheet_rows(written(rows, "xlsx"))
    assert len(flat) == len(plain) == len(text) == len(cells) == len(rows)
    for row, one, two, three in zip(flat, plain, text, cells, strict=True):
        assert list(row) == list(two) == list(FIELDS)
        assert row == one
        for name, value in row.items():
            if value is None:
                assert two[name] == "" and three[name] is None, name
            elif isinstance(value, bool):
                assert two[name] == str(value) and three[name] is value, name
            elif isinstance(value, int | float):
                assert float(two[name]) == value, name
                assert three[name] == pytest.approx(value, rel=1e-14, abs=1e-300), name
            else:
                assert two[name] == three[name] == value, name


def test_a_written_row_says_what_the_verdict_says(judged: list[tuple[RegisterRow, Verdict]]) -> None:
    for flat, (row, v) in zip(flat_rows([row for row, _ in judged]), judged, strict=True):
        told = (flat["row"], flat["locator"], flat["reading"], flat["target_year"], flat["comparator"], flat["owner"])
        assert told == (row.number, v.target.locator, v.reading, v.target.year, v.target.comparator, v.owner or None)
        numbers = ("bound", "low_80", "median", "high_80", "gap", "probability", "monte_carlo_error", "milestone")
        assert [flat[name] for name in numbers] == [
            v.bound, v.low, v.median, v.high, v.gap, v.probability, v.error, v.milestone
        ]  # fmt: skip
        assert (flat["first_year"], flat["assumed_base"]) == (v.first_year, v.assumed_base)
        assert (flat["binding_cause"] or "").split() == list(v.binding)
        assert (flat["fights_with"] or "").split() == [f"{t.key}/{t.stage}" for t in v.fights]
        if v.need is not None and math.isfinite(v.need.needed):
            need = (flat["need_kind"], flat["need_now"], flat["need_needed"], flat["need_unit"])
            assert need == (v.need.kind, v.need.now, v.need.needed, v.need.unit)


def test_what_is_unknown_is_null_and_never_nan(rows: list[RegisterRow]) -> None:
    def refuse(constant: str) -> float:
        raise AssertionError(constant)

    plain = json.loads(written(rows, "json"), parse_constant=refuse)
    assert any(row["need_hires"] is None and row["need_kind"] == "starts" for row in plain)
    assert {row["probability"] for row in plain if row["status"] == LACKING} == {None}
    assert any(row["need_needed"] == "out of reach" for row in plain)
    for text in text_rows(written(rows, "csv")):
        assert not {"nan", "NaN", "inf", "<NA>", "None"} & set(text.values())


def test_equal_runs_are_written_in_equal_bytes() -> None:
    one, again = (answer_targets("lishui", draws=5, causes=False) for _ in range(2))
    other = answer_targets("lishui", draws=5, seed=2, causes=False)
    for form in ("csv", "json", "xlsx"):
        assert written(one, form) == written(again, form) != written(other, form)


@pytest.mark.parametrize("text", ["=1+1", "{=1+1}", "+1", "@SUM(A1)", "https://example.org/?q=1", "12"])
def test_text_in_a_workbook_is_text_and_never_a_formula_a_link_or_a_number(rows: list[RegisterRow], text: str) -> None:
    row = replace(rows[0], target=replace(rows[0].target, labels={"zh": text, "en": text}, locator=text))
    sheet = openpyxl.load_workbook(io.BytesIO(written([row], "xlsx")))["targets"]
    for name in ("name_zh", "name_en", "locator"):
        cell = sheet.cell(2, FIELDS.index(name) + 1)
        assert (cell.data_type, cell.value, cell.hyperlink) == ("s", text, None)


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("cli") / "f.csv"
    assert main(["targets", "lishui", "--draws", "5", "--no-causes", "--format", "csv", "--out", str(out)]) == 0
    return out


def test_the_command_writes_the_file_and_says_so_in_one_line(
    tmp_path: Path, printed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "g.json"
    command = ["targets", "lishui", "--draws", "5", "--no-causes", "--format", "json", "--out", str(out)]
    assert main([*command, "--lang", "en"]) == 0
    said = capsys.readouterr()
    assert said.out == f"written to {out}\n"
    assert said.err == ""
    assert [path.name for path in tmp_path.iterdir()] == ["g.json"]
    plain = json.loads(out.read_text(encoding="utf-8"))
    lines = text_rows(printed.read_bytes())
    assert [int(line["row"]) for line in lines] == [row["row"] for row in plain]
    assert {row["region"] for row in plain} == {"lishui"}
    assert len({row["row"] for row in plain}) == sum(t.region == "lishui" for t in load_register())


def test_what_is_printed_is_what_is_written_in_any_process(printed: Path) -> None:
    command = [sys.executable, "-c", "from simvet.cli import entry; entry()", "targets", "lishui", "--draws", "5"]
    done = subprocess.run(
        [*command, "--no-causes", "--format", "csv"], check=True, capture_output=True,
        env={**os.environ, "PYTHONHASHSEED": "4242", "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    assert text_rows(done.stdout) == text_rows(printed.read_bytes())
    assert done.stderr == b""


def test_a_file_that_is_there_is_never_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "kept.csv"
    out.write_text("kept")
    command = ["targets", "lishui", "--draws", "5", "--no-causes", "--format", "csv", "--lang", "en"]
    assert main([*command, "--out", str(out)]) == 2
    said = capsys.readouterr()
    assert "the file is there already" in said.err and said.err.count("\n") == 1
    assert said.out == ""
    assert out.read_text() == "kept"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["lishui", "--format", "xls"], "format 'xls' is unknown. Did you mean 'xlsx'"),
        (["lishui", "--format", "xlsx"], "a workbook cannot be printed"),
        (["lishui", "--out", "no/such/folder/f.csv", "--format", "csv"], "the folder cannot be written"),
        (["lishui", "--out", "never_written.csv"], "a table is printed, not written"),
        ([], "name regions or write --all"),
        (["lishui", "--all"], "name regions or write --all"),
        (["lishu"], "Did you mean 'lishui'"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_one_line_before_anything_runs(
    words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["targets", *words, "--draws", "1000000", "--lang", "en"]) == 2
    said = capsys.readouterr()
    assert complaint in said.err and said.err.count("\n") == 1
    assert said.out == ""


def test_a_folder_that_vanishes_leaves_no_half_written_file(
    tmp_path: Path, rows: list[RegisterRow], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    out = tmp_path / "f.csv"
    assert require_format("csv", out) == "csv"
    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(InputError, match="the folder cannot be written"):
        write_register(rows[:3], "csv", out)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_table_names_every_row_and_the_datum_that_is_missing(
    language: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["targets", "zhoushan", "--draws", "10", "--no-causes", "--lang", language]) == 0
    out = capsys.readouterr().out
    squeezed: Callable[[str], str] = lambda text: "".join(text.split())  # noqa: E731
    for number, target in enumerate(load_register(), start=1):
        if target.region == "zhoushan":
            assert any(line.split()[:1] == [str(number)] for line in out.splitlines()), number
    lines = [line for line in out.splitlines() if line.strip()]
    column = squeezed("".join(line[0:200] for line in lines))
    for row in file_rows("targets", "missing.csv"):
        if row["document"] == "zs-action-plan":
            assert all(piece in column for piece in squeezed(row[f"missing_{language}"])[:4]), row
