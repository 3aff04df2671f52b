"""Every misuse in tests/cases/bad/ gets its one line, code 2, and leaves nothing behind.

``bad/expected.csv`` is the table to read: case, what is typed, which table of data/ is spoilt and how, and the line
that must come back. The files beside it are the faulty inputs. ``{bad}`` stands for that folder, ``{made}`` for a
folder with what cannot be kept under version control (a gigabyte, a pipe), ``{home}`` for the copy of the project whose
table is spoilt. How: ``add`` puts the rows of the case file under the header, ``swap`` takes out the rows with the same
first four cells before, ``drop`` only takes them out, ``whole`` puts the case file in the table's place, ``remove``
deletes the table, ``gigabyte`` blows it up.
"""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from simvet import load_scenario
from simvet.cli import main
from simvet.tables import home

BAD = Path(__file__).parent / "bad"
CHINESE = re.compile("[一-鿿]")
GIGABYTE = 1_000_000_000


def read_cases() -> list[dict[str, str]]:
    with (BAD / "expected.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


CASES = read_cases()


def forget() -> None:
    """Empty every cache of simvet, so that a case meets its own data."""
    for name, module in list(sys.modules.items()):
        if name == "simvet" or name.startswith("simvet."):
            for thing in vars(module).values():
                if hasattr(thing, "cache_clear"):
                    thing.cache_clear()


def make(folder: Path) -> None:
    """Make the inputs that cannot be kept under version control."""
    folder.mkdir()
    with (folder / "gigabyte.yaml").open("wb") as file:
        file.truncate(GIGABYTE)
    (folder / "long.yaml").write_text("base: lishui\n" + "# and so on\n" * 180_000)
    (folder / "folder.yaml").mkdir()
    os.mkfifo(folder / "pipe.yaml")
    (folder / "file").write_text("not a folder")
    (folder / "full").mkdir()
    (folder / "full" / "mine.txt").write_text("mine")
    (folder / "picture.png").write_bytes(b"mine")


def spoil(case: dict[str, str], new_home: Path) -> None:
    """Copy data and scenarios and put the case's fault into one table."""
    for part in ("data", "scenarios"):
        shutil.copytree(home() / part, new_home / part)
    change, table = case["change"], new_home / case["table"]
    if change == "home without data":
        shutil.rmtree(new_home / "data")
    elif change == "remove":
        table.unlink()
    elif change == "gigabyte":
        with table.open("r+b") as file:
            file.truncate(GIGABYTE)
    elif change == "whole":
        given = next(BAD.glob(f"{case['case']}.*"))
        shutil.copyfile(given, table)
    else:
        faulty = (BAD / f"{case['case']}.csv").read_text(encoding="utf-8").splitlines(keepends=True)[1:]
        header, *lines = table.read_text(encoding="utf-8-sig").splitlines(keepends=True)
        if change in ("swap", "drop"):
            gone = {tuple(line.split(",")[:4]) for line in faulty}
            kept = [line for line in lines if tuple(line.split(",")[:4]) not in gone]
            assert change == "swap" or len(kept) < len(lines), "the row to drop is not in the table"
            lines = kept
        table.write_text("".join([header, *(faulty if change != "drop" else []), *lines]), encoding="utf-8")


def typed(case: dict[str, str], tmp_path: Path, language: str) -> list[str]:
    """Return the arguments of a case, with the language and, for a run, a folder that must not come to be."""
    filled = case["arguments"].replace("{bad}", str(BAD)).replace("{made}", str(tmp_path / "made"))
    command, *rest = filled.replace("{long}", "long" * 100).split()
    extra = [] if "--lang" in rest else ["--lang", language]
    if command == "run" and "--out" not in rest:
        extra += ["--out", str(tmp_path / "out")]
    return [command, *extra, *rest]


def tree(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): path.stat().st_size for path in folder.rglob("*")}


@pytest.fixture
def misuse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    case: dict[str, str] = request.param
    make(tmp_path / "made")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    if case["change"]:
        spoil(case, tmp_path / "home")
        monkeypatch.setenv("SIMVET_HOME", str(tmp_path / "home"))
        forget()
    yield case
    monkeypatch.undo()
    if case["change"]:
        forget()


def by_name(case: dict[str, str]) -> str:
    return case["case"]


def test_there_are_enough_cases_and_no_file_is_left_out() -> None:
    assert len(CASES) >= 250
    assert len({case["case"] for case in CASES}) == len(CASES)
    files = {path.stem for path in BAD.iterdir()} - {"expected", "base_circle_other"}
    assert files <= {case["case"] for case in CASES}


@pytest.mark.parametrize("misuse", CASES, ids=by_name, indirect=True)
def test_misuse_gets_its_line_and_changes_nothing(
    misuse: dict[str, str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = tree(tmp_path)
    code = main(typed(misuse, tmp_path, "en"))
    out, err = capfd.readouterr()
    wanted = misuse["message"].replace("{made}", str(tmp_path / "made")).replace("{home}", str(tmp_path / "home"))
    assert err == wanted + "\n"
    assert code == 2
    assert "Traceback" not in out + err
    assert out == ""
    assert tree(tmp_path) == before


@pytest.mark.parametrize("misuse", CASES, ids=by_name, indirect=True)
def test_misuse_is_told_in_chinese(misuse: dict[str, str], tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code = main(typed(misuse, tmp_path, "zh"))
    _, err = capfd.readouterr()
    assert code == 2
    assert err.count("\n") == 1
    assert err.startswith("simvet: ")
    if misuse["change"] == "home without data":
        return  # the catalogue of wording is missing with everything else
    assert CHINESE.search(err)
    assert "--lang" in misuse["arguments"] or err.strip() != misuse["message"]


def test_message_has_place_fault_and_cure() -> None:
    for case in CASES:
        place, rest = case["message"].removeprefix("simvet: ").split(": ", 1)
        fault, cure = rest.split(". ", 1)
        assert all((place, fault, cure)), case["case"]


@pytest.mark.parametrize("name", ["lever_nan", "yaml_bomb"])
def test_the_shell_sees_code_2_and_one_line(name: str, tmp_path: Path) -> None:
    case = next(case for case in CASES if case["case"] == name)
    done = subprocess.run(
        [Path(sys.executable).parent / "simvet", *typed(case, tmp_path, "en")],
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (2, "", case["message"] + "\n")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "text",
    ["until: 2030\n", "﻿until: 2030\n", "until: 2030\r\n", "levers: []\n"],
    ids=["plain", "bom", "windows", "none"],
)
def test_unusual_but_right_files_are_read(text: str, tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    bom, body = (text[0], text[1:]) if text.startswith("﻿") else ("", text)
    path.write_text(f"{bom}base: lishui\ntitle: {{zh: 测试, en: test}}\n{body}", encoding="utf-8", newline="")
    assert load_scenario(path).regions[0].region == "lishui"


def test_a_number_may_be_written_with_an_exponent(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(
        "base: lishui\ntitle: {zh: 测试, en: test}\nlevers:\n  - {name: x, quantity: dropout_rate, key: bachelor, "
        "operation: set, value: 1e-3, from: 2023, owner: none, source: a test}\n"
    )
    assert load_scenario(path).levers[0].value == 1e-3
