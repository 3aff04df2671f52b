"""Every word exists in both languages, and every complaint can be made in Chinese."""

import ast
import re
import string
from pathlib import Path

import pytest

from simvet.catalogue import CATALOGUE
from simvet.errors import InputError
from simvet.indicators import INDICATORS, READINGS
from simvet.relaxations import RELAXATIONS
from simvet.report.wording import complain, number, word, wording

PACKAGE = Path(__file__).parents[2] / "simvet"


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def templates() -> dict[str, str]:
    """Return every English template of an InputError in the package, with the file it stands in."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "InputError":
                for argument in node.args[1:3]:
                    for part in ast.walk(argument):
                        if isinstance(part, ast.Constant) and isinstance(part.value, str):
                            found[part.value] = path.name
    return found


def test_every_complaint_has_a_chinese_wording_with_the_same_placeholders():
    known = wording()["errors"]
    for template, file in templates().items():
        assert template in known, f"{file}: no Chinese for {template!r}"
        assert {f.split(":")[0].split("!")[0] for f in fields(template)} == {
            f.split(":")[0].split("!")[0] for f in fields(known[template])
        }, template


def test_both_languages_fill_the_same_placeholders():
    for section, entries in wording().items():
        if section == "errors":
            continue
        for key, texts in entries.items():
            assert set(texts) == {"zh", "en"}, f"{section}.{key}"
            assert fields(texts["zh"]) == fields(texts["en"]), f"{section}.{key}"


@pytest.mark.parametrize(
    ("section", "names"), [("indicator", INDICATORS), ("cause", RELAXATIONS), ("quantity", CATALOGUE)]
)
def test_whatever_is_computed_has_a_name(section, names):
    assert set(names) <= set(wording()[section])


def test_every_reading_of_a_target_is_told_apart():
    for readings in READINGS.values():
        told = [word("reading", name, "zh") for name in readings]
        assert len(set(told)) == len(told) == len(readings)


def test_a_complaint_is_one_line_in_the_readers_language():
    error = InputError("plan.yaml:3", "key {key!r} is missing", "Add it", key="until")
    assert str(error) == "plan.yaml:3: key 'until' is missing. Add it"
    assert complain(error, "zh") == "plan.yaml:3: 缺少键 'until'. 请补上"


@pytest.mark.parametrize(
    ("value", "unit", "zh", "en"),
    [
        (743_000, "persons", "74.30 万", "743,000"),
        (3_727_300, "persons", "372.7 万", "3,727,300"),
        (9_999, "persons", "9,999", "9,999"),
        (0.42, "share", "42.0%", "42.0%"),
        (0.9996, "share", "99.96%", "99.96%"),
        (1.0, "share", "100.0%", "100.0%"),
        (-0.00001, "share", "0.0%", "0.0%"),
        (float("nan"), "persons", "–", "–"),
    ],
)
def test_numbers_are_written_as_their_reader_expects(value, unit, zh, en):
    assert number(value, unit, "zh") == zh
    assert number(value, unit, "en") == en


def test_no_chinese_sentence_stands_in_the_code_outside_the_catalogue():
    # Help of commands and options stands where they are declared, in both languages.
    allowed = {
        "cli.py", "cli_by_person.py", "cli_histories.py", "cli_last_plan.py", "cli_solve.py", "cli_studies.py",
        "options.py", "books.py",
    }  # fmt: skip
    for path in PACKAGE.rglob("*.py"):
        if path.name in allowed:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.search(r"[一-鿿]{7,}", node.value):
                assert '"""' not in node.value
                docstring = isinstance(node.value, str) and "\n" in node.value
                assert docstring, f"{path.name}:{node.lineno}: {node.value!r}"
