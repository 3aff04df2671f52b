"""Assumed widths, floors and sizes of the opening balance stand in one table, each with its reason."""

import ast
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from simvet.errors import InputError
from simvet.loading import load_scenario
from simvet.opening.tolerances import tolerance, tolerance_table
from simvet.report.wording import complain
from simvet.tables import TOLERANCES, UNITS, home, named_numbers

PACKAGE = Path(__file__).parents[2] / "simvet"
MODELLED = ("accounts", "choice", "figures", "identities", "unknowns")
STRUCTURAL = {0.0, 0.5, 1.0, 1e-9, 1e-4}
"""Nothing, the middle of a score, the whole, and what keeps the solver from dividing by nothing."""


def calls() -> list[ast.Call]:
    """Return every call of ``tolerance`` in the package."""
    return [
        node
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "tolerance"
    ]


def used() -> set[str]:
    names = set()
    for call in calls():
        (name,) = call.args
        assert isinstance(name, ast.Constant) and isinstance(name.value, str), "a name must stand in the code as it is"
        names.add(name.value)
    return names


@pytest.fixture
def spoil(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[str], str]], None]:
    """Return what lets simvet read a changed copy of the table."""

    def change(how: Callable[[str], str]) -> None:
        copy = tmp_path / TOLERANCES
        copy.parent.mkdir(parents=True)
        for name in ("pathway.yaml", "wording.yaml"):
            shutil.copy(home() / "data" / name, tmp_path / "data")
        text = (home() / TOLERANCES).read_text(encoding="utf-8")
        changed = how(text)
        assert changed != text
        copy.write_text(changed, encoding="utf-8")
        monkeypatch.setenv("SIMVET_HOME", str(tmp_path))

    return change


def replaced(name: str, line: str) -> Callable[[str], str]:
    """Return what puts a line in the place of a row."""
    return lambda text: re.sub(rf"^{name},.*\n", line, text, flags=re.MULTILINE)


def test_every_name_in_the_code_has_a_row_and_every_row_is_used():
    assert used() == set(tolerance_table())


def test_every_row_says_what_it_is_and_why():
    for row in tolerance_table().values():
        assert row.status == "assumed"
        assert row.unit in UNITS
        assert row.reason.endswith(".") and len(row.reason.split()) >= 12, row.where
        assert re.search(r"[一-鿿]", row.meaning_zh) and not re.search(r"[一-鿿]", row.meaning_en), row.where
        assert re.fullmatch(r"[a-z]+(_[a-z]+)+", row.name), row.where


def test_the_tracks_of_a_degree_make_up_the_whole():
    parts = [tolerance(name) for name in tolerance_table() if name.startswith("split_degree_")]
    assert len(parts) == 3
    assert sum(parts) == pytest.approx(1.0)


@pytest.mark.parametrize("module", MODELLED)
def test_no_width_or_floor_stands_in_the_code(module: str):
    """Fractions in code are constants with a name of their own, or structural."""
    tree = ast.parse((PACKAGE / "opening" / f"{module}.py").read_text(encoding="utf-8"))
    named = {id(node) for part in tree.body if isinstance(part, ast.Assign) for node in ast.walk(part)}
    found = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, float) and id(node) not in named
    }
    assert {number for number in found if number != int(number)} <= STRUCTURAL


@pytest.mark.parametrize(
    ("how", "message"),
    [
        (
            replaced("spread_topup_rate", ""),
            "data/opening/tolerances.csv: there is no row for 'spread_topup_rate'. "
            "Add the row; the nearest name is 'spread_topup_split'",
        ),
        (
            replaced("ceiling_degree_wish", "ceiling_degree_wish,1 %,share,宽,width,assumed,why\n"),
            "data/opening/tolerances.csv:2: 'value' is '1 %', not a number. "
            "Write digits with a point, no thousands mark, no unit",
        ),
        (
            replaced("ceiling_degree_wish", "ceiling_degree_wish,nan,share,宽,width,assumed,why\n"),
            "data/opening/tolerances.csv:2: 'value' is 'nan', not a number. Write a finite number",
        ),
        (
            replaced("ceiling_degree_wish", "ceiling_degree_wish,0,share,宽,width,assumed,why\n"),
            "data/opening/tolerances.csv:2: 'ceiling_degree_wish' is 0, not above 0. Write a number above 0",
        ),
        (
            replaced("ceiling_degree_wish", "ceiling_degree_wish,99,share,宽,width,assumed,why\n"),
            "data/opening/tolerances.csv:2: a share of 99 to 99 is outside 0 to 1. Write 0.42 for 42 %",
        ),
        (
            replaced("ceiling_degree_wish", "ceiling_degree_wish,0.99,share,宽,width,assumed,\n"),
            "data/opening/tolerances.csv:2: an assumed number has no reason. "
            "Say in reason why it is assumed and so wide",
        ),
        (
            replaced("ceiling_degree_wish", "ceiling_degree_wish,0.99,share,宽,width,published,why\n"),
            "data/opening/tolerances.csv:2: 'status' is 'published'. Did you mean 'assumed'? It takes assumed",
        ),
        (
            replaced("ceiling_degree_wish", "ceiling_degree_wish,,share,宽,width,assumed,why\n"),
            "data/opening/tolerances.csv:2: 'value' is empty. "
            "A missing number is an error; write it, or leave the row out",
        ),
        (
            lambda text: text.replace(",unit,", ",", 1),
            "data/opening/tolerances.csv:1: column 'unit' is missing. Add it to the header",
        ),
        (
            lambda text: text + text.splitlines()[1] + "\n",
            "stands twice, first at data/opening/tolerances.csv:2. Keep one of the two",
        ),
    ],
)  # fmt: skip
def test_a_broken_table_is_one_line(spoil, how, message):
    spoil(how)
    with pytest.raises(InputError) as caught:
        tolerance("spread_topup_rate")
    told = str(caught.value)
    assert message in told and "\n" not in told
    assert re.search(r"[一-鿿]", complain(caught.value, "zh"))


def test_a_missing_table_is_one_line(tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    shutil.copy(home() / "data" / "pathway.yaml", tmp_path / "data")
    monkeypatch.setenv("SIMVET_HOME", str(tmp_path))
    with pytest.raises(InputError, match=r"data/opening/tolerances\.csv: there is no such file"):
        tolerance("spread_topup_rate")


def test_a_changed_tolerance_is_other_data_but_other_words_are_not(spoil):
    scenario = load_scenario("zhoushan")
    before = scenario.data_digest
    spoil(lambda text: text.replace("Judgement:", "Judged:"))
    assert scenario.data_digest == before
    table = home() / TOLERANCES
    text = table.read_text(encoding="utf-8")
    table.write_text(text.replace("spread_topup_rate,0.002", "spread_topup_rate,0.003"), encoding="utf-8")
    named_numbers.cache_clear()
    assert scenario.data_digest != before
