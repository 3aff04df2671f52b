"""What a planner sets: levers within their bounds, steps that can be undone, files that say the same."""

from dataclasses import replace
from pathlib import Path

import pytest

from simvet.controls import OWNERS, bears_on, controls, find_control, levers_of
from simvet.edits import Edit, identity_of
from simvet.errors import InputError
from simvet.loading import load_scenario
from simvet.planning.answering import plan_scenario
from simvet.planning.history import History
from simvet.planning.own import find_plan_scenario, keep_scenario, own_folder
from simvet.planning.plan import Plan, Setting, Signature
from simvet.planning.scenario_text import scenario_text
from simvet.planning.words import changes_of

NINE = ", ".join(["{}"] * 9)
BOMB = f"a: &a [{NINE.replace('{}', 'x')}]\n" + "".join(
    f"{name}: &{name} [{NINE.replace('{}', '*' + before)}]\n" for before, name in ("ab", "bc", "cd", "de", "ef")
)
"""Six lines that unfold to half a million values."""
REGIONS = ("zhejiang", "wenzhou", "lishui", "zhoushan")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SIMVET_CACHE", str(tmp_path))


def same_scenario(one, other) -> bool:
    return (one.digest, one.data_digest) == (other.digest, other.data_digest)


def dropout(plan: Plan):
    scenario = find_plan_scenario(plan.scenario)
    rows = scenario.rows[scenario.regions[0].region]
    return next(
        r for r in rows if (r.indicator, r.stage, r.use) == ("dropout_rate", "secondary_vocational", "quantity")
    )


def everything(name: str) -> Plan:
    """Return a plan in which every lever of the screen, every project and a limit are moved."""
    plan = Plan(name, as_of=2024)
    region = find_plan_scenario(name).regions[0].region
    for number, control in enumerate(c for c in controls().values() if bears_on(c, region)):
        ramp = number % 2 == 1
        setting = Setting(control.name, control.low + 3 * control.step, 2024, 2027 if ramp else None, ramp)
        plan = plan.with_setting(setting)
    for project in find_plan_scenario(name).projects:
        plan = plan.with_setting(Setting(f"project:{project.name}", 2.0, 2024))
    plan = plan.with_setting(Setting("limit:higher_vocational:card", 1.0, 2024))
    row = dropout(plan)
    return plan.with_edit(Edit(identity_of(row), row.value * 1.1, row.low, row.high * 1.2, "own count: 7 %"))


@pytest.mark.parametrize("region", REGIONS)
def test_a_region_is_offered_levers_of_every_owner(region):
    first = [control for control in controls().values() if region in control.first_for]
    assert {control.owner for control in first} == set(OWNERS)
    assert 8 <= len(first) <= 10


def test_every_lever_can_be_pulled_to_both_ends_in_every_region():
    for region in REGIONS:
        for control in controls().values():
            if not bears_on(control, region):
                with pytest.raises(InputError, match="counts nothing"):
                    plan_scenario(Plan(region).with_setting(Setting(control.name, control.high, 2024)))
                continue
            for value in (control.low, control.high):
                scenario = plan_scenario(Plan(region).with_setting(Setting(control.name, value, 2024)))
                assert len(scenario.levers) >= 1


@pytest.mark.parametrize("value", [-0.01, 0.41, float("nan"), float("inf")])
def test_a_lever_beyond_its_bounds_is_refused(value):
    with pytest.raises(InputError, match="college_seats_for_vocational"):
        plan_scenario(Plan("zhejiang").with_setting(Setting("college_seats_for_vocational", value, 2024)))


@pytest.mark.parametrize(("start", "end"), [(2020, None), (2050, None), (2024, 2023), (2024, 2099)])
def test_years_outside_the_horizon_or_swapped_are_refused(start, end):
    with pytest.raises(InputError):
        plan_scenario(Plan("zhejiang").with_setting(Setting("general_seats", 1.1, start, end)))


def test_unknown_levers_projects_and_limits_are_refused_with_the_nearest_name():
    for name, near in (("general_seat", "general_seats"), ("project:new_schol", "new_school"),
                       ("limit:secondary_vocational:place", "secondary_vocational:places")):  # fmt: skip
        with pytest.raises(InputError, match=near):
            plan_scenario(Plan("zhoushan").with_setting(Setting(name, 1.0, 2024)))


def test_a_ramp_grows_in_equal_steps_and_then_stays():
    levers = levers_of(find_control("general_seats"), 1.3, 2024, 2026, True, "zhejiang")
    assert [(round(lever.value, 10), lever.start, lever.end) for lever in levers] == [
        (1.1, 2024, 2024), (1.2, 2025, 2025), (1.3, 2026, None),
    ]  # fmt: skip


def test_approvals_happen_in_one_single_year():
    (lever,) = levers_of(find_control("approvals"), 3, 2024, None, False, "zhejiang")
    assert (lever.start, lever.end, lever.value) == (2024, 2024, 3)


@pytest.mark.parametrize(
    "name", [*REGIONS, "zhejiang_everything_on", "wenzhou_college_upgrade", "zhoushan_school_2026"]
)
def test_the_scenario_file_of_a_plan_is_the_plan(name, tmp_path):
    plan = everything(name)
    file = tmp_path / "plan.yaml"
    file.write_text(scenario_text(plan, {"zh": "试：一", "en": "trial # 1"}, "made\nby a test"), encoding="utf-8")
    back, meant = load_scenario(file), plan_scenario(plan)
    assert same_scenario(back, meant)
    assert back.as_of == meant.as_of == 2024
    assert back.labels == {"zh": "试：一", "en": "trial # 1"}


def test_every_change_is_said_in_both_languages():
    plan = everything("zhoushan")
    chinese, english = changes_of(plan, "zh"), changes_of(plan, "en")
    assert len(chinese) == len(english) == len(plan.settings) + 2
    assert any("7 %" in line for line in chinese)
    assert any(line.startswith("新建中职学校") and "推迟 2 年" in line for line in chinese)
    assert not any("_" in line for line in chinese), chinese


def test_a_project_moved_before_the_base_year_is_refused():
    project = (
        "base: zhoushan\ntitle: {zh: 早, en: early}\nprojects:\n  - {name: early, title: {zh: 早, en: early}, "
        "region: zhoushan, stage: secondary_vocational, places: 500, start: 2015.5, owner: city, source: x, "
        "status: assumed}\n"
    )
    plan = Plan(keep_scenario(project.encode(), "early.yaml"))
    plan_scenario(plan.with_setting(Setting("project:early", 1.0, 2017)))
    with pytest.raises(InputError, match="base year"):
        plan_scenario(plan.with_setting(Setting("project:early", -3.0, 2017)))


def test_undo_and_redo_walk_the_same_path():
    first = Plan("zhejiang")
    steps = [first.with_setting(Setting("general_seats", 1.0 + n / 100, 2024)) for n in range(1, 5)]
    history = History(first)
    for step in steps:
        history = history.then(step)
    assert history.then(steps[-1]) is history
    for expected in [*steps[-2::-1], first]:
        history = history.undone()
        assert history.now == expected
    assert history.undone() is history
    for expected in steps:
        history = history.redone()
        assert history.now == expected
    assert history.redone() is history
    branched = history.undone().then(first)
    assert branched.after == ()


def test_an_edited_number_is_assumed_and_loses_its_signature():
    plan = Plan("zhejiang")
    row = dropout(plan)
    signed = plan.with_signature(Signature(identity_of(row), "education bureau", "2026-01-31", "Wang"))
    edited = signed.with_edit(Edit(identity_of(row), row.value, row.low, row.high, "counted anew"))
    assert edited.signatures == (Signature(identity_of(row), "education bureau"),)
    found = next(r for r in plan_scenario(edited).rows["zhejiang"] if identity_of(r) == identity_of(row))
    assert (found.status, found.grade, found.note) == ("assumed", "D", "counted anew")
    assert signed.digest == plan.digest
    assert edited.without_edit(identity_of(row)).edits == ()


@pytest.mark.parametrize(
    ("value", "low", "high", "reason", "fault"),
    [
        (0.5, 0.6, 0.7, "x", "not between"), (0.1, 0.0, 1.2, "x", "outside"), (float("nan"), 0.0, 1.0, "x", "number"),
        (0.1, 0.0, 0.2, " ", "no reason"),
    ],
)  # fmt: skip
def test_a_wrong_edit_is_refused_with_its_place(value, low, high, reason, fault):
    plan = Plan("zhejiang")
    row = dropout(plan)
    with pytest.raises(InputError, match=fault) as told:
        plan_scenario(plan.with_edit(Edit(identity_of(row), value, low, high, reason)))
    assert "dropout_rate" in told.value.where


def test_an_edit_of_a_row_that_is_gone_is_refused():
    row = ("zhejiang", 1999, "dropout_rate", "secondary_vocational", "", "all", "quantity")
    with pytest.raises(InputError, match="no row"):
        plan_scenario(Plan("zhejiang").with_edit(Edit(row, 0.1, 0.0, 0.2, "x")))


def test_a_scenario_file_brought_along_is_kept_under_a_name_of_its_own():
    text = scenario_text(everything("lishui"), {"zh": "一", "en": "one"})
    name = keep_scenario(text.encode(), "../../etc/My plan.yaml")
    assert name.startswith("own_my_plan_")
    assert name == keep_scenario(text.encode(), "../../etc/My plan.yaml")
    assert same_scenario(find_plan_scenario(name), plan_scenario(everything("lishui")))
    written = [path.relative_to(own_folder()) for path in own_folder().rglob("*") if path.is_file()]
    assert written == [Path("scenarios") / f"{name}.yaml"]
    # What it can be built upon: another plan.
    again = Plan(name).with_setting(Setting("dropout", 0.5, 2024))
    assert len(plan_scenario(again).levers) == len(find_plan_scenario(name).levers) + 1


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("base: ../../secret\ntitle: {zh: a, en: b}\n", "not the name of a scenario"),
        ("base: zhejiang\ntitle: {zh: a, en: b}\nagents: {schools: /etc/passwd.csv}\n", "cannot reach|names the file"),
        ("base: zhejiang\ntitle: {zh: a, en: b}\nagents: {schools: ../x.xlsx}\n", "names the file"),
        ("base: zhejiang\ntitle: !!python/object/apply:os.system [ls]\n", "types"),
        (BOMB, "more than"),
        ("", "empty"), ("just text", "list of keys"), ("base: zhejiang\ntitle: {zh: a}\n", "en"),
    ],
)  # fmt: skip
def test_a_hostile_or_broken_scenario_file_is_refused_and_nothing_kept(text, fault):
    with pytest.raises(InputError, match=fault):
        keep_scenario(text.encode(), "plan.yaml")
    assert not [path for path in own_folder().rglob("*") if path.is_file()]


def test_bytes_that_are_no_text_and_files_that_are_too_large_are_refused():
    with pytest.raises(InputError, match="UTF-8"):
        keep_scenario(b"\xff\xfe\x00b", "plan.yaml")
    with pytest.raises(InputError, match="MB"):
        keep_scenario(b"#" * 21_000_000, "plan.yaml")


def test_a_name_that_is_no_scenario_is_refused():
    for name in ("atlantis", "own_gone_00000000", "../zhejiang"):
        with pytest.raises(InputError):
            find_plan_scenario(name)


def test_the_plan_of_a_project_region_needs_no_upload():
    assert plan_scenario(replace(Plan("zhejiang"), as_of=None)) is find_plan_scenario("zhejiang")


def test_what_was_brought_along_can_be_changed_taken_away_and_brought_back():
    name = keep_scenario(b"base: zhoushan\ntitle: {zh: x, en: y}\n", "mine.yaml")
    plan = Plan(name).with_setting(Setting("topup_seats", 1.5, 2024))
    text = scenario_text(plan, {"zh": "二", "en": "two"}, "reason with \x07 and\ttabs")
    back = keep_scenario(text.encode(), "again.yaml")
    assert same_scenario(find_plan_scenario(back), plan_scenario(plan))


@pytest.mark.parametrize(
    "title", ["舟山市2035年职业教育规划方案" * 8 + ".yaml", "方案.txt", "..", "a\x00b.yaml", "/etc/x", ""]
)
def test_any_file_name_will_do_and_no_folder_is_told(title):
    name = keep_scenario(b"base: zhoushan\ntitle: {zh: x, en: y}\n", title)
    assert find_plan_scenario(name).labels["zh"] == "x"
    with pytest.raises(InputError) as told:
        keep_scenario(b"base: nowhere\ntitle: {zh: x, en: y}\n", title)
    assert str(own_folder()) not in str(told.value)
    assert "trial" not in str(told.value)


@pytest.mark.parametrize("text", ["x" * 201, "two\\nlines", "turned \\u202e round"])
def test_a_title_is_one_line_that_fits_a_page(text):
    with pytest.raises(InputError, match="title"):
        keep_scenario(f'base: zhoushan\ntitle: {{zh: "{text}", en: y}}\n'.encode(), "plan.yaml")


def test_a_base_of_three_hundred_letters_is_no_name():
    with pytest.raises(InputError, match="not the name"):
        keep_scenario(b"base: " + b"b" * 300 + b"\ntitle: {zh: x, en: y}\n", "plan.yaml")


def test_a_folder_that_cannot_be_written_is_told(tmp_path, monkeypatch):
    taken = tmp_path / "taken"
    taken.write_text("a file in the place of the folder")
    monkeypatch.setenv("SIMVET_CACHE", str(taken))
    with pytest.raises(InputError, match="cannot be written"):
        keep_scenario(b"base: zhoushan\ntitle: {zh: x, en: y}\n", "plan.yaml")
