"""How far to trust a figure: every rule on a past made by hand, and the lights of whole runs."""

import csv
import datetime
import io
import re
import zipfile
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
from rich.cells import cell_len
from rich.console import Console

import simvet
from simvet.errors import InputError
from simvet.planning.answering import Answering
from simvet.planning.plan import Plan
from simvet.register import answer_register
from simvet.report.brief import write_brief
from simvet.report.context import ReportContext
from simvet.report.export import verdict_frame
from simvet.report.fonts import FONT_PATH
from simvet.report.terminal import verdict_table
from simvet.report.trust_words import (
    SYMBOLS,
    TRUST_FIELDS,
    avoid_text,
    light_text,
    reason_text,
    reasons_text,
    trust_fields,
    weak_lines,
)
from simvet.report.wording import wording
from simvet.result import Result
from simvet.screen.board import board_html, shown_on_board
from simvet.screen.target_rows import answered
from simvet.tables import Row, home
from simvet.trust import LEVELS, Reason, Trust, trust_of
from simvet.trust.hindcasts import ERROR_COLUMNS, ERRORS, Hindcast, hindcast_of, hindcasts
from simvet.trust.histories import FORMS, SERIES, Source, history_of
from simvet.trust.levels import RULES, thresholds, weigh
from simvet.trust.rules import (
    Change,
    assumed_reason,
    break_reason,
    distance_reason,
    hindcast_reason,
    history_reason,
)
from simvet.verdicts import Verdict

REGIONS = ("zhejiang", "wenzhou", "lishui", "zhoushan")
LIMITS = thresholds()
ENROLMENT = (Source("1", "value", "enrolment", "secondary_vocational", "enrolment"),)


def row(year: int, value: float, **changed: object) -> Row:
    made = Row(
        "here", year, "enrolment", "secondary_vocational", "", "all", value, "persons", value, value, "exact",
        "published", "history", "", "a yearbook", "", "", "A", "", f"here.csv:{year}",
    )  # fmt: skip
    return replace(made, **changed)  # type: ignore[arg-type]


def past(*rows: Row, printed: tuple[tuple[int, float], ...] = ()):
    return history_of(rows, "here", ENROLMENT, printed)


def steady(count: int, last: int = 2020):
    return [row(last - back, 1000.0 * 1.02 ** (count - back)) for back in range(count)]


def growth(asked: float, expected: float, clear: bool = False) -> Change:
    return Change(asked, expected, relative=True, scale=1.0, clear=clear)


def level_of(found: Reason | None) -> str:
    assert found is not None
    return found.level


@pytest.fixture(scope="module")
def runs() -> dict[str, tuple[Result, list[Verdict]]]:
    made = {region: simvet.simulate(region, 100) for region in REGIONS}
    return {region: (result, result.verdicts(causes=False)) for region, result in made.items()}


@pytest.mark.parametrize(("years", "level"), [(0, "low"), (1, "low"), (2, "medium"), (7, "medium"), (8, "high")])
def test_a_longer_history_is_trusted_more(years, level):
    assert history_reason(past(*steady(years)), LIMITS).level == level


def test_only_what_was_published_of_the_region_itself_counts_as_history():
    rows = [
        row(2014, 1.0), row(2015, 1.0, status="assumed"), row(2016, 1.0, region="there"),
        row(2017, 1.0, definition="plan_target"), row(2018, 1.0, use="check"), row(2018, 1.0, use="history"),
        row(2019, 1.0, stage="general_high"), row(2020, 1.0, use="figure"),
    ]  # fmt: skip
    assert past(*rows).years == (2014, 2018, 2020)


def test_a_base_that_the_plan_prints_is_a_published_year():
    assert past(row(2018, 900.0), printed=((2020, 950.0),)).years == (2018, 2020)
    assert past(printed=((2020, 950.0),)).values == {2020: 950.0}


def test_a_sum_is_published_in_the_years_in_which_all_its_parts_are():
    sources = tuple(
        Source("1", "sum", "enrolment", stage) for stage in ("secondary_vocational", "higher_vocational")
    )  # fmt: skip
    rows = [row(2018, 10.0), row(2019, 11.0), row(2019, 5.0, stage="higher_vocational")]
    assert dict(history_of(rows, "here", sources).values) == {2019: 16.0}


def test_a_series_without_a_break_says_so_and_a_single_year_cannot_break():
    assert break_reason(past(*steady(6)), True, LIMITS).case == "break_none"
    assert break_reason(past(row(2020, 1.0)), True, LIMITS) is None


def test_a_missing_year_lowers_trust_a_little_and_never_much():
    found = break_reason(past(row(1990, 900.0), row(2020, 1000.0)), True, LIMITS)
    assert (found.case, found.level, found.facts["missing"]) == ("break_gap", "medium", 29)


@pytest.mark.parametrize(("second", "level"), [(1010.0, "high"), (1050.0, "medium"), (1300.0, "low")])
def test_the_same_year_published_twice_is_weighed_by_how_far_both_are_apart(second, level):
    rows = [row(2019, 1000.0), row(2020, 1000.0), row(2020, second)]
    assert level_of(break_reason(past(*rows), True, LIMITS)) == level


def test_two_definitions_of_one_year_are_no_contradiction_but_a_change_of_definition_is_told():
    rows = [row(2019, 1000.0), row(2020, 1000.0, use="figure"), row(2020, 400.0, definition="without_skilled_worker")]
    assert break_reason(past(*rows), True, LIMITS).case == "break_none"
    changed = [row(2019, 400.0, definition="without_skilled_worker"), row(2020, 1000.0, use="figure")]
    assert break_reason(past(*changed), True, LIMITS).case == "break_mixed"


def test_a_jump_far_outside_the_other_changes_is_a_break():
    rows = steady(6)
    broken = [replace(one, value=one.value * (1.5 if one.year >= 2019 else 1.0)) for one in rows]
    found = break_reason(past(*broken), True, LIMITS)
    assert (found.case, found.level, found.facts["year"]) == ("break_jump", "low", 2019)
    assert level_of(break_reason(past(*rows), True, LIMITS)) == "high"


@pytest.mark.parametrize(
    ("assumed", "base", "agreement", "level"),
    [(1, False, 0.6, "high"), (6, False, 0.6, "medium"), (10, False, 0.6, "low"), (6, True, 0.6, "low"),
     (10, True, 0.97, "medium"), (10, False, 0.97, "medium")],
)  # fmt: skip
def test_assumed_inputs_weigh_where_the_verdict_hangs_on_them(assumed, base, agreement, level):
    assert assumed_reason(assumed, 10, base, agreement, LIMITS).level == level


def test_without_any_input_nothing_is_known():
    assert assumed_reason(0, 0, False, 0.5, LIMITS).level == "low"


@pytest.mark.parametrize(("asked", "level"), [(0.01, "high"), (0.03, "medium"), (0.2, "low")])
def test_a_target_is_held_against_the_largest_change_ever_seen(asked, level):
    found = distance_reason(past(*steady(6)), growth(asked, 0.01), 2025, LIMITS)
    assert found.level == level
    assert found.facts["largest"] == pytest.approx(0.02)


def test_what_a_target_asks_for_beyond_experience_bears_out_that_it_is_missed():
    far = distance_reason(past(*steady(6)), growth(0.2, 0.01, clear=True), 2025, LIMITS)
    assert far.level == "high"
    assert distance_reason(past(*steady(6)), growth(0.0, 0.2, clear=True), 2025, LIMITS).level == "low"


@pytest.mark.parametrize(("year", "level"), [(2025, "high"), (2028, "medium"), (2035, "low")])
def test_the_last_published_figure_ages(year, level):
    assert distance_reason(past(*steady(6)), growth(0.01, 0.01), year, LIMITS).level == level


def test_where_there_is_no_history_the_lack_of_experience_is_told_and_a_fast_pace_is_not_trusted():
    slow = distance_reason(past(row(2020, 1000.0)), growth(0.05, 0.05), 2025, LIMITS)
    fast = distance_reason(past(row(2020, 1000.0)), growth(0.2, 0.05), 2025, LIMITS)
    assert (slow.case, slow.level) == ("distance_alone", "medium")
    assert (fast.case, fast.level) == ("distance_far", "low")


def errors(folder: Path, *lines: str) -> Path:
    path = folder / "errors.csv"
    path.write_text("\n".join((",".join(ERROR_COLUMNS), *lines)) + "\n", encoding="utf-8")
    return path


def test_what_was_never_tested_on_history_says_so(tmp_path):
    assert hindcasts(tmp_path / "errors.csv") == ()
    found = hindcast_reason([None], "here", 5, 0.1, LIMITS)
    assert (found.case, found.level) == ("hindcast_untested", "medium")


def test_the_regions_own_history_goes_before_the_nations_and_the_longer_lead_before_the_shorter(tmp_path):
    path = errors(
        tmp_path,
        "china,secondary_vocational,enrolment,5,8,1,12,0.8,20",
        "china,higher_vocational_short_cycle,enrolment,3,4,1,6,,20",
        "china,higher_vocational_short_cycle,enrolment,7,9,1,14,0.8,20",
        "here,secondary_vocational,enrolment,5,3,1,4,0.8,20",
        "here,bachelor,enrolment,5,3,1,4,0.8,1",
    )
    known = hindcasts(path)
    own = hindcast_of(known, "here", "secondary_vocational", "enrolment", 5, 3)
    assert (own.data, own.mape) == ("here", 0.03)
    assert hindcast_of(known, "here", "higher_vocational", "enrolment", 5, 3).lead == 7
    assert hindcast_of(known, "here", "higher_vocational", "enrolment", 9, 3).lead == 7
    assert hindcast_of(known, "here", "bachelor", "enrolment", 5, 3) is None, "one forecast is luck"
    assert hindcast_of(known, "here", "middle", "entrants", 5, 3) is None


@pytest.mark.parametrize(
    ("mape", "gap", "level", "case"),
    [(3, 0.2, "high", "hindcast_error"), (3, 0.01, "medium", "hindcast_turns"), (10, 0.2, "medium", "hindcast_error"),
     (30, 0.5, "low", "hindcast_error"), (30, 0.1, "low", "hindcast_turns")],
)  # fmt: skip
def test_a_gap_smaller_than_the_error_shown_means_the_verdict_could_turn(tmp_path, mape, gap, level, case):
    known = hindcasts(errors(tmp_path, f"here,secondary_vocational,enrolment,5,{mape},1,{mape * 2},0.8,20"))
    found = hindcast_reason([known[0]], "here", 5, gap, LIMITS)
    assert (found.level, found.case) == (level, case)


def test_an_error_shown_elsewhere_or_less_far_ahead_is_never_fully_trusted(tmp_path):
    (known,) = hindcasts(errors(tmp_path, "china,secondary_vocational,enrolment,5,1,1,2,0.8,20"))
    assert hindcast_reason([known], "here", 5, 0.2, LIMITS).level == "medium"
    assert hindcast_reason([replace(known, data="here")], "here", 8, 0.2, LIMITS).level == "medium"


def test_a_broken_table_of_errors_is_refused_by_line(tmp_path):
    with pytest.raises(InputError, match=r"errors.csv:2"):
        hindcasts(errors(tmp_path, "china,secondary_vocational,enrolment,5,many,1,2,0.8,20"))


def test_one_weak_point_is_what_any_figure_has_and_two_are_too_many():
    def light(*levels: str) -> str:
        return weigh([Reason("history", level, "history_years") for level in levels], LIMITS).level

    assert light("low", "high", "high") == "medium"
    assert light("low", "low", "high", "high", "high") == "low"
    assert light("medium", "high", "high") == "high"
    assert light("medium", "medium", "high") == "medium"
    assert weigh([Reason("hindcast", "low", "hindcast_error")], LIMITS).level == "low", "a measured error alone"


TESTED = Hindcast("here", "all", "enrolment", 5, 0.1, 0.0, 0.12, 0.8, 20)


def test_a_figure_of_which_no_forecast_was_ever_tested_is_not_trusted_highly():
    strong = [Reason("history", "high", "history_years"), Reason("break", "high", "break_none")]
    assert weigh(strong, LIMITS).level == "high"
    assert weigh([*strong, Reason("hindcast", "medium", "hindcast_untested")], LIMITS).level == "medium"


def made_light(rows: list[Row]) -> str:
    found = history_of(rows, "here", ENROLMENT)
    reasons = [
        history_reason(found, LIMITS), break_reason(found, True, LIMITS), assumed_reason(6, 10, False, 0.6, LIMITS),
        distance_reason(found, growth(0.02, 0.02), 2025, LIMITS), hindcast_reason([TESTED], "here", 5, 0.1, LIMITS),
    ]  # fmt: skip
    return weigh([reason for reason in reasons if reason is not None], LIMITS).level


def test_a_longer_history_that_goes_on_as_before_never_lowers_the_light():
    lights = [LEVELS.index(made_light(steady(count))) for count in range(1, 16)]
    assert lights == sorted(lights, reverse=True)
    assert lights[-1] == LEVELS.index("high")


@pytest.mark.parametrize("seed", range(20))
def test_a_longer_history_never_lowers_the_light_however_it_wavers(seed):
    dice = np.random.default_rng(seed)
    rows = [row(2020 - back, 1000.0 * dice.uniform(0.98, 1.02)) for back in range(14)]
    lights = [LEVELS.index(made_light(rows[:count])) for count in range(1, 15)]
    assert lights == sorted(lights, reverse=True)


@pytest.mark.parametrize("region", REGIONS)
def test_the_light_does_not_hang_on_the_order_of_rows(runs, region):
    result, verdicts = runs[region]
    rows = list(result.scenario.rows[region])
    np.random.default_rng(1).shuffle(rows)
    mixed = MappingProxyType({**result.scenario.rows, region: tuple(rows)})
    other = replace(result, scenario=replace(result.scenario, rows=mixed))
    assert trust_of(other, verdicts) == trust_of(result, verdicts) == result.trust(verdicts)


def test_the_lights_of_the_regions_tell_figures_apart(runs):
    for region in REGIONS:
        result, verdicts = runs[region]
        lights = {trust.level for trust in result.trust(verdicts)}
        assert len(lights) > 1, region


def test_a_published_base_is_trusted_more_than_an_assumed_one_of_the_same_plan(runs, tmp_path):
    result, verdicts = runs["zhejiang"]
    untested = trust_of(result, verdicts, tmp_path / "none.csv")
    lights = {(v.target.key, v.target.stage): t for v, t in zip(verdicts, untested, strict=True)}
    assert lights["dual_qualified_share", "secondary_vocational"].level == "medium"
    assert lights["funding_ratio_to_general", "secondary_vocational"].level == "low"
    assert lights["enrolment", "vocational_bachelor"].level == "low", "six times as many within five years"
    cases = {reason.rule: reason.case for reason in lights["enrolment", "secondary_vocational"].reasons}
    assert (cases["history"], cases["hindcast"]) == ("history_years", "hindcast_untested")


def test_an_error_that_hindcasts_show_reaches_the_light(runs, tmp_path):
    result, verdicts = runs["zhejiang"]
    path = errors(tmp_path, "zhejiang,secondary_vocational,enrolment,5,30,1,45,0.5,20")
    none = trust_of(result, verdicts, tmp_path / "none.csv")
    both = zip(verdicts, trust_of(result, verdicts, path), none, strict=True)
    changed = [(v.target.key, v.target.stage) for v, with_errors, without in both if with_errors != without]
    assert changed == [("enrolment", "secondary_vocational")]
    tested = trust_of(result, verdicts, path)[[v.target.key for v in verdicts].index("enrolment")]
    assert tested.level == "low"
    assert "30.0%" in reasons_text(tested, "zh")


def test_a_single_world_never_agrees_with_itself():
    result = simvet.simulate("zhoushan", 1)
    for trust in result.trust(result.verdicts(causes=False)):
        assert "assumed_clear" not in [reason.case for reason in trust.reasons]


def test_every_light_has_reasons_and_says_when_not_to_trust_the_figure_in_both_languages(runs):
    for result, verdicts in runs.values():
        for trust in result.trust(verdicts):
            assert trust.level in LEVELS
            for language in ("zh", "en"):
                for text in (reasons_text(trust, language), light_text(trust, language), avoid_text(trust, language)):
                    assert text
                    assert "{" not in text
                    assert not re.search(r"[a-z]+_[a-z]+", text), text
                    assert "nan" not in text


def cases_in_code() -> set[str]:
    told = "".join(path.read_text(encoding="utf-8") for path in (home() / "simvet" / "trust").glob("*.py"))
    return set(re.findall(r'"((?:history|break|assumed|distance|hindcast)_[a-z]+)"', told))


def test_every_case_that_a_rule_can_name_has_its_sentences():
    said = wording()["trust"]
    limits = {rule for rule, _ in thresholds()}
    cases = {case for case in cases_in_code() - {"history_stage"} if case not in limits or case in said}
    assert len(cases) >= 18
    strong = {"break_none", "assumed_few", "distance_seen"}
    assert cases <= set(said)
    assert {f"avoid_{case}" for case in cases - strong} <= set(said)
    assert set(said) >= set(LEVELS)
    never_weak = {
        "history_years", "break_mixed", "break_gap", "assumed_clear", "distance_alone", "hindcast_untested",
    }  # fmt: skip
    assert {f"rule_{case}" for case in cases - strong - never_weak} <= set(said)


def test_changes_are_told_with_their_sign_and_endless_times_with_a_bound():
    facts = {"asked": 0.05, "expected": -0.01, "points": 1, "largest": 0.001, "times": float("inf")}
    told = reason_text(Reason("distance", "low", "distance_change", facts), "en")
    assert "+5.0 points" in told
    assert "-1.0 points" in told
    assert ">99 times" in told


def test_the_symbols_are_told_apart_without_colour_and_stand_in_the_bundled_font():
    from fontTools.ttLib import TTFont

    known = TTFont(FONT_PATH).getBestCmap()
    assert len(set(SYMBOLS.values())) == len(LEVELS)
    assert all(ord(symbol) in known for symbol in SYMBOLS.values())


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_terminal_shows_a_light_beside_every_verdict_within_120_columns(runs, language):
    result, verdicts = runs["zhejiang"]
    paper = io.StringIO()
    Console(width=120, file=paper).print(verdict_table(result, verdicts, [], language, 120))
    text = paper.getvalue()
    lines = text.splitlines()
    assert max(map(cell_len, lines)) <= 120
    shown = [line for line in lines if "▶" in line]
    assert len(shown) == sum(v.headline for v in verdicts)
    assert all(any(symbol in line for symbol in SYMBOLS.values()) for line in shown)
    assert wording()["text"]["trust_low_title"][language] in text


def test_lines_about_weak_figures_group_what_is_weak_for_the_same_reasons():
    weak = weigh([Reason("history", "low", "history_none"), Reason("assumed", "low", "assumed_share",
                  {"assumed": 4, "inputs": 4})], LIMITS)  # fmt: skip
    fine = Trust("medium", (), ())
    lines, left = weak_lines([("a", weak), ("b", fine), ("c", weak), ("d", weak), ("e", weak)], "en")
    assert len(lines) == 1
    assert left == 0
    assert "a, c, d and others (4 in all)" in lines[0]
    assert weak_lines([("b", fine)], "en") == ([], 0)
    assert weak_lines([("a", weak)], "en", most=0) == ([], 1)


def test_tables_that_programs_read_carry_the_light(runs):
    result, verdicts = runs["lishui"]
    trusts = result.trust(verdicts)
    frame = verdict_frame(verdicts, trusts)
    assert set(TRUST_FIELDS) <= set(frame.columns)
    assert list(frame["trust"]) == [trust.level for trust in trusts]
    assert not set(TRUST_FIELDS) & set(verdict_frame(verdicts).columns)
    assert "=low" in trust_fields(next(t for t in trusts if t.level == "low"))["trust_reasons"]


def test_the_brief_says_of_every_target_how_far_to_trust_it_and_when_not_to(runs):
    result, verdicts = runs["zhoushan"]
    told = ReportContext(
        language="zh", made_on=datetime.date(2026, 1, 2), assumed=1, unsigned=0, baseline="", changes=(), link="",
        signatures={},
    )  # fmt: skip
    held = zipfile.ZipFile(io.BytesIO(write_brief(result, verdicts, told)))
    body, notes = (
        re.sub(r"<[^>]+>", "", held.read(f"word/{name}.xml").decode()) for name in ("document", "footnotes")
    )  # fmt: skip
    lights = re.findall(r"可信度：([●◐○]) (较高|一般|较低)", body)
    assert len(lights) == len(verdicts)
    # The same note stands once, however many figures refer to it.
    assert notes.count("出现下列情况时不要采信") == len(
        {(t.level, reasons_text(t, "zh")) for t in result.trust(verdicts)}
    )
    assert "各项数字的可信度由数据和计算得出" in body


def test_the_board_shows_each_light_with_its_reasons_folded_below():
    answer = Answering(20).answer(Plan("zhoushan"))
    page = board_html(answer, (), None, "zh")
    assert len(answer.trusts) == len(answer.verdicts)
    assert page.count('<details class="trust"') == len(shown_on_board(answer.verdicts))
    assert "出现下列情况时不要采信" in page
    assert "<script" not in page
    assert '<details class="trust"' not in board_html(replace(answer, trusts=()), (), None, "zh")


def test_the_page_about_targets_has_the_light_of_every_answered_row(runs):
    result, verdicts = runs["lishui"]
    rows = answered(result.scenario.targets, verdicts, result.trust(verdicts))
    assert all((one.trust is None) == (one.verdict is None) for one in rows)
    by_register = [one.trust for one in answer_register(result, verdicts)]
    assert [one.trust for one in rows] == by_register


def test_every_threshold_and_every_series_has_its_reason():
    for name, column in ((RULES, "why"), (SERIES, "why")):
        with (home() / name).open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert rows
        assert all(one[column].strip() for one in rows)
        if name == SERIES:
            assert {one["form"] for one in rows} <= set(FORMS)
        else:
            assert {one["status"] for one in rows} == {"assumed"}


def test_a_rule_is_stricter_the_better_its_level():
    for rule in {rule for rule, _ in LIMITS}:
        if (rule, "high") in LIMITS and (rule, "medium") in LIMITS:
            upward = rule in ("history", "assumed_agreement")
            assert (LIMITS[rule, "high"] > LIMITS[rule, "medium"]) == upward, rule


def test_the_errors_of_hindcasts_are_read_where_they_are_there():
    path = home() / ERRORS
    assert bool(hindcasts()) == path.exists()
