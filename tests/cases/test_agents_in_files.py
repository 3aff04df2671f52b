"""What a scenario file and the command line may say about students and schools, and what comes back if it is wrong."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from simvet.behaviour import RULES, AgentChoices
from simvet.cli import main
from simvet.errors import InputError
from simvet.loading import load_scenario
from simvet.loading.agents import agent_choices
from simvet.loading.schema import read_sheet
from simvet.loading.school_list import write_school_template
from simvet.report.wording import complain
from simvet.result import Result, simulate
from simvet.scenario import Scenario

CHINESE = re.compile("[一-鿿]")
HEAD = "title: {zh: 试一试, en: a try}\nbase: zhoushan\nuntil: 2018\n"
LIMITS = (
    "{general_high: [intake_plan], secondary_vocational: [places], higher_vocational: [intake_plan], "
    "vocational_bachelor: [licence], bachelor: [intake_plan]}"
)
TWO = f"""\
title: {{zh: 试一试, en: a try}}
until: 2023
as_of: 2022
seats_spill: true
five_year_counts: true
province: zhejiang
headlines: [progression_rate]
regions:
  - {{region: zhoushan, base_year: 2016, limits: {LIMITS}}}
  - {{region: lishui, base_year: 2021, limits: {LIMITS}}}
"""
GOOD = """\
agents:
  schools: lists/mine.csv
  mechanism: deferred_acceptance
  remember_scores: false
  supplementary: false
  home_points: 50
  list_length: 4
  rules: {fields: keep, hiring: by_enrolment}
"""
MECHANISM_WORDS = "It takes serial_dictatorship, deferred_acceptance, immediate_acceptance"
BAD = {
    "unknown mechanism": (
        "agents:\n  mechanism: serial_dictatorshp\n",
        f"try.yaml:5: mechanism 'serial_dictatorshp' is unknown. Did you mean 'serial_dictatorship'? {MECHANISM_WORDS}",
    ),
    "unknown rule": (
        "agents:\n  mechanism: immediate_acceptance\n  rules:\n    classes: keep\n    fields: follow_demnd\n",
        "try.yaml:8: rule 'follow_demnd' is unknown. Did you mean 'follow_demand'? "
        "It takes follow_demand_and_work, follow_demand, keep",
    ),
    "a rule of another decision": (
        "agents:\n  rules: {hiring: to_weakest}\n",
        "try.yaml:5: rule 'to_weakest' is unknown. Did you mean 'by_shortage'? It takes by_shortage, by_enrolment",
    ),
    "unknown decision": (
        "agents:\n  rules: {feilds: keep}\n",
        "try.yaml:5: decision of schools 'feilds' is unknown. Did you mean 'fields'? "
        "It takes fields, classes, hiring, investment, appeal",
    ),
    "unknown key": (
        "agents:\n  schools: none\n  mechanisms: immediate_acceptance\n",
        "try.yaml:6: key 'mechanisms' is unknown here. Did you mean 'mechanism'?",
    ),
    "list of no entries": (
        "agents:\n  list_length: 0\n",
        "try.yaml:5: 'list_length' is 0, outside 1 to 100. Write a value inside these bounds",
    ),
    "list too long": (
        "agents:\n  schools: synthetic\n  list_length: 101\n",
        "try.yaml:6: 'list_length' is 101, outside 1 to 100. Write a value inside these bounds",
    ),
    "part of an entry": (
        "agents:\n  list_length: 2.5\n",
        "try.yaml:5: 'list_length' is '2.5', which is not a whole number. Write a whole number",
    ),
    "home points without priorities": (
        "agents:\n  home_points: 50\n",
        "try.yaml:4: home_points do nothing under 'serial_dictatorship'. "
        "Choose mechanism: deferred_acceptance, in which schools have priorities of their own",
    ),
    "home points below zero": (
        "agents:\n  mechanism: deferred_acceptance\n  home_points: -1\n",
        "try.yaml:6: 'home_points' is -1, outside 0 to 7500. Write a value inside these bounds",
    ),
    "neither true nor false": (
        "agents:\n  remember_scores: perhaps\n",
        "try.yaml:5: 'remember_scores' is 'perhaps', which is not true or false. Write true or false",
    ),
    "nothing said": ("agents:\n", "try.yaml:4: key 'agents' is empty. Write a value, or leave the key out"),
    "another ending": (
        "agents:\n  schools: mine.txt\n",
        "try.yaml:5: 'mine.txt' is no list of schools. Write synthetic, none, or the path of a .csv or .xlsx file",
    ),
    "a word misspelt": (
        "agents:\n  schools: synthtic\n",
        "try.yaml:5: 'synthtic' is no list of schools. Write synthetic, none, or the path of a .csv or .xlsx file",
    ),
}


def scenario_file(folder: Path, agents: str, head: str = HEAD) -> Path:
    path = folder / "try.yaml"
    path.write_text(head + agents, encoding="utf-8")
    return path


def complaint(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        load_scenario(path)
    assert "\n" not in str(caught.value)
    assert CHINESE.search(complain(caught.value, "zh").split(": ", 1)[1])
    return str(caught.value)


def school_list(path: Path, named: str = "定海一中") -> Path:
    """Write the example list with another name for its general school, and room for the region's students."""
    write_school_template(path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if row["code"] == "S001":
            row["name"] = named
        row["seats"] = str(8 * int(row["seats"]))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_a_good_block_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "lists").mkdir()
    school_list(tmp_path / "lists" / "mine.csv")
    agents = load_scenario(scenario_file(tmp_path, GOOD)).agents
    assert (agents.schools, agents.mechanism) == ("lists/mine.csv", "deferred_acceptance")
    assert (agents.remember_scores, agents.supplementary) == (False, False)
    assert (agents.home_points, agents.list_length) == (50, 4)
    # What the file leaves out stays as it is by default.
    assert agents.rules == {**AgentChoices().rules, "fields": "keep", "hiring": "by_enrolment"}
    assert agents.lists["zhoushan"].names == ("定海一中", "示例中职", "示例高职")
    assert not agents.lists["zhoushan"].synthetic


def test_a_path_is_one_from_the_file_and_not_from_where_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lists").mkdir()
    school_list(tmp_path / "lists" / "mine.csv")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert load_scenario(scenario_file(tmp_path, GOOD)).agents.lists


@pytest.mark.parametrize("case", BAD)
def test_a_bad_block_is_told_with_its_place(case: str, tmp_path: Path) -> None:
    agents, told = BAD[case]
    assert complaint(scenario_file(tmp_path, agents)) == told


def test_a_list_that_is_not_there_is_told_with_the_line_that_names_it(tmp_path: Path) -> None:
    # The file that must be corrected is the scenario: its line belongs in the complaint, as with all other faults.
    assert "try.yaml:5" in complaint(scenario_file(tmp_path, "agents:\n  schools: lost.csv\n"))


def test_an_ending_in_capitals_is_the_same_ending(tmp_path: Path) -> None:
    school_list(tmp_path / "LIST.csv").rename(tmp_path / "LIST.CSV")
    assert load_scenario(scenario_file(tmp_path, "agents:\n  schools: LIST.CSV\n")).agents.lists


def test_a_fault_inside_a_list_is_told_with_the_row_of_the_list(tmp_path: Path) -> None:
    path = school_list(tmp_path / "mine.csv")
    path.write_text(path.read_text(encoding="utf-8").replace("general_high,1", "general_high,77"), encoding="utf-8")
    told = complaint(scenario_file(tmp_path, "agents:\n  schools: mine.csv\n"))
    assert told.startswith("mine.csv:2: district 77 is outside 1 to ")


def test_a_list_for_two_regions_is_refused(tmp_path: Path) -> None:
    school_list(tmp_path / "mine.csv")
    told = complaint(scenario_file(tmp_path, "agents:\n  schools: mine.csv\n", TWO))
    assert told == "try.yaml:12: a school list is about one region, the scenario has 2. Run each region alone"


def test_a_file_says_what_differs_from_the_one_it_rests_on(tmp_path: Path) -> None:
    said = (
        "agents:\n  mechanism: immediate_acceptance\n  list_length: 5\n  rules: {fields: keep}\n",
        "",
        "agents:\n  list_length: 2\n  rules: {classes: keep}\n",
    )
    agents = agent_choices([read_sheet(scenario_file(tmp_path, text)) for text in said], ("zhoushan",))
    assert (agents.mechanism, agents.list_length) == ("immediate_acceptance", 2)
    assert agents.rules == {**AgentChoices().rules, "fields": "keep", "classes": "keep"}


def test_a_scenario_that_says_nothing_has_the_defaults_and_its_old_digest(tmp_path: Path) -> None:
    silent, spelt_out, other = (
        load_scenario(scenario_file(tmp_path, agents))
        for agents in ("", "agents:\n  schools: synthetic\n", "agents:\n  mechanism: immediate_acceptance\n")
    )
    assert silent.agents == AgentChoices() == spelt_out.agents
    assert silent.digest == spelt_out.digest != other.digest
    assert {name: known[0] for name, known in RULES.items()} == silent.agents.rules


def test_how_it_is_computed_is_no_part_of_what_an_author_said() -> None:
    scenario = load_scenario("zhoushan")
    for kernels in ("plain", "compiled"):
        # Both give the same bytes; a digest that differed would call them two scenarios.
        assert replace(scenario, agents=AgentChoices(kernels=kernels)).digest == scenario.digest


def test_another_list_is_another_scenario(tmp_path: Path) -> None:
    digests = []
    for name in ("定海一中", "定海一中", "另一所学校"):
        school_list(tmp_path / "mine.csv", name)
        digests.append(load_scenario(scenario_file(tmp_path, "agents:\n  schools: mine.csv\n")).digest)
        (tmp_path / "mine.csv").unlink()
    assert digests[0] == digests[1]
    path = school_list(tmp_path / "mine.csv")
    path.write_text(path.read_text(encoding="utf-8").replace(",3200,", ",3000,"), encoding="utf-8")
    assert load_scenario(scenario_file(tmp_path, "agents:\n  schools: mine.csv\n")).digest != digests[0]


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Scenario, Result]:
    """A run with a list of one's own."""
    folder = tmp_path_factory.mktemp("listed")
    school_list(folder / "mine.csv")
    scenario = load_scenario(scenario_file(folder, "agents:\n  schools: mine.csv\n"))
    return scenario, simulate(scenario, engine="agents")


def test_the_schools_of_a_list_are_those_that_admit(listed: tuple[Scenario, Result]) -> None:
    frame = listed[1].admissions()
    admitted = frame[(frame["placed"] > 0) & (frame["gate"] == "senior_secondary")]
    assert set(admitted["school"]) == {"定海一中", "示例中职"}
    assert not frame["synthetic"].any()
    assert simulate("zhoushan", until=2017, engine="agents").admissions()["synthetic"].all()
    general = admitted[admitted["school"] == "定海一中"]
    assert list(general["placed"]) == list(
        listed[1].books.stage("entrants", "general_high")[0, 1:, 0]
    )  # the only one there is


def test_a_list_given_by_hand_is_the_list_of_the_file(listed: tuple[Scenario, Result], tmp_path: Path) -> None:
    # The same list under another name on the command line gives the same run.
    school_list(tmp_path / "other.csv")
    scenario = load_scenario(scenario_file(tmp_path, "agents:\n  schools: other.csv\n"))
    again = simulate(scenario, engine="agents")
    assert again.admissions().equals(listed[1].admissions())


Told = Callable[..., tuple[int, str, str]]


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Told:
    def run(*arguments: str) -> tuple[int, str, str]:
        code = main([*arguments])
        output = capsys.readouterr()
        return code, output.out, output.err

    return run


COMMANDS = {
    "unknown mechanism": (
        ["--engine", "agents", "--mechanism", "serial"],
        f"--mechanism: mechanism 'serial' is unknown. Did you mean 'serial_dictatorship'? {MECHANISM_WORDS}",
    ),
    "unknown engine": (
        ["--engine", "agent"],
        "--engine: engine 'agent' is unknown. Did you mean 'agents'? It takes cohort, agents, both",
    ),
    "schools of the cohort engine": (
        ["--schools", "none"],
        "--engine: the cohort engine has neither schools nor mechanisms. Add --engine agents, or both",
    ),
    "schools of the cohort engine by name": (
        ["--engine", "cohort", "--schools", "mine.csv"],
        "--engine: the cohort engine has neither schools nor mechanisms. Add --engine agents, or both",
    ),
    "mechanism of the cohort engine": (
        ["--engine", "cohort", "--mechanism", "immediate_acceptance"],
        "--engine: the cohort engine has neither schools nor mechanisms. Add --engine agents, or both",
    ),
    "another ending": (
        ["--engine", "agents", "--schools", "mine.ods"],
        "--schools: 'mine.ods' is no list of schools. Write synthetic, none, or the path of a .csv or .xlsx file",
    ),
    "a list that is not there": (
        ["--engine", "both", "--schools", "lost.xlsx"],
        "--schools: there is no file 'lost.xlsx'. Check the name and the folder",
    ),
}


@pytest.mark.parametrize("case", COMMANDS)
def test_a_wrong_option_is_told_in_one_line_of_either_language(
    case: str, told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    options, message = COMMANDS[case]
    code, out, err = told("run", "zhoushan", *options, "--lang", "en")
    assert (code, out, err) == (2, "", f"simvet: {message}\n")
    code, out, err = told("run", "zhoushan", *options)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"simvet: {message.split(': ', 1)[0]}: ")
    assert CHINESE.search(err)
    assert "Write" not in err and "Did you mean" not in err and "Check" not in err


def test_the_command_line_refuses_a_list_for_two_regions(told: Told, tmp_path: Path) -> None:
    path = school_list(tmp_path / "mine.csv")
    two = scenario_file(tmp_path, "", TWO)
    code, out, err = told("run", str(two), "--engine", "agents", "--schools", str(path), "--lang", "en")
    assert (code, out) == (2, "")
    assert err == "simvet: --schools: a school list is about one region, the scenario has 2. Run each region alone\n"


def test_the_command_line_runs_a_list_and_says_that_it_is_real(told: Told, tmp_path: Path) -> None:
    path = school_list(tmp_path / "mine.csv")
    asked = ("run", "zhoushan", "--engine", "agents", "--until", "2018", "--lang", "en")
    code, out, err = told(*asked, "--schools", str(path), "--mechanism", "immediate_acceptance")
    assert (code, err) == (0, "")
    assert "定海一中" in out and "mine.csv" in out
    assert "none of its schools is real" not in out
    code, out, _ = told(*asked)
    assert code == 0
    assert "none of its schools is real" in out and "定海一中" not in out


def test_the_command_line_runs_without_schools(told: Told) -> None:
    code, out, err = told("run", "zhoushan", "--engine", "agents", "--until", "2018", "--schools", "none")
    assert (code, err) == (0, "")
    assert "2018" in out and "合成" not in out


def test_the_command_line_sets_both_engines_side_by_side(told: Told) -> None:
    code, out, err = told("run", "zhoushan", "--engine", "both", "--until", "2018", "--lang", "en")
    assert (code, err) == (0, "")
    assert "60 runs of the cohort engine" in out
    rows = [line.split() for line in out.splitlines() if line.startswith(" 2018   general high")]
    assert len(rows) == 1
    # What one engine has, with its error, and a difference for every step that adds a feature.
    assert len(re.findall(r"±", " ".join(rows[0]))) == 1
    assert len(rows[0]) > 8


def test_results_of_both_engines_are_written_or_the_folder_is_refused(told: Told, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    code, _, err = told("run", "zhoushan", "--engine", "both", "--until", "2018", "--out", str(folder))
    assert (folder.exists() and any(folder.iterdir())) or (code == 2 and "--out" in err)


def test_home_points_are_refused_under_a_mechanism_that_the_command_line_chooses(told: Told, tmp_path: Path) -> None:
    path = scenario_file(tmp_path, "agents:\n  mechanism: deferred_acceptance\n  home_points: 50\n")
    code, _, err = told("run", str(path), "--engine", "agents", "--mechanism", "serial_dictatorship", "--lang", "en")
    assert code == 2
    assert "home_points" in err


def test_the_command_line_tells_a_life_and_the_other_one(told: Told) -> None:
    code, out, err = told(
        "life", "zhoushan", "20000", "--until", "2018", "--other", "zhoushan_integrated_2021", "--lang", "en"
    )
    assert (code, err) == (0, "")
    assert "2016" in out and "2018" in out and "The two lives are the same" in out
    code, out, err = told("life", "zhoushan", "99999999", "--until", "2017", "--lang", "en")
    assert (code, out) == (2, "")
    assert re.fullmatch(r"simvet: biography: there is no student 99999999\. Students are numbered from 0 to \d+\n", err)


def test_the_mechanism_of_the_command_line_is_the_one_that_runs(told: Told) -> None:
    asked = ("run", "zhoushan", "--engine", "agents", "--until", "2017", "--lang", "en")
    serial, immediate = (
        told(*asked, "--mechanism", name)[1] for name in ("serial_dictatorship", "immediate_acceptance")
    )
    assert serial.splitlines()[:-1] == told(*asked)[1].splitlines()[:-1]
    assert serial.splitlines()[:-1] != immediate.splitlines()[:-1]


def test_choices_of_a_file_act(tmp_path: Path) -> None:
    base = load_scenario("zhoushan").with_horizon(2018)  # schools decide from the second year on
    said = {
        "mechanism": "agents:\n  mechanism: immediate_acceptance\n",
        "remember_scores": "agents:\n  remember_scores: false\n",
        "supplementary": "agents:\n  supplementary: false\n",
        "list_length": "agents:\n  list_length: 1\n",
        "rules": "agents:\n  rules: {fields: keep, classes: keep, appeal: constant}\n",
    }
    plain = simulate(base, engine="agents").admissions()
    for name, agents in said.items():
        chosen = load_scenario(scenario_file(tmp_path, agents))
        run = simulate(replace(base, agents=chosen.agents), engine="agents")
        assert not run.admissions().equals(plain), name
