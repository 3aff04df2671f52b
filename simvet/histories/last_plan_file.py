"""Reading the targets of an earlier plan: one row for each, complaints name the file and the line."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from simvet.errors import InputError, nearest
from simvet.histories.labels import grade_of, plain_label, stage_facts
from simvet.histories.outlook import Series
from simvet.histories.rows import FORMULA_MARKS, LONGEST_NAME, _blank, _fill, _rows, count_in, region_in, year_in
from simvet.loading.list_file import ENDINGS, LETTERS, Line, Odd, Value
from simvet.tables import home, place_of, read_cells, require_words

PLAN_LABELS = "data/histories/plan_labels.csv"
PLAN_COLUMNS = ("name", "region", "year", "stage", "grade", "measure", "comparator", "value", "unit", "source")
OPTIONAL_PLAN_COLUMNS = ("grade", "unit", "source")
KINDS = ("column", "measure", "comparator", "unit")
PERSONS_IN = {"persons": 1.0, "wan": 10_000.0}
"""Persons in a unit that a plan may count in."""
MOST_TARGETS = 1_000
"""Targets of a plan; the longest plans have a few dozen."""


@dataclass(frozen=True)
class PlanTarget:
    """A target of an earlier plan.

    Notes
    -----
    Shape: none. Unit: ``bound`` is in persons (persons/year for entrants and graduates) whatever the file counts in.
    ``year`` is the autumn for enrolment and entrants and the summer for graduates. Errors: checked when it is read.
    Source: ``source`` as the file says it; ``where`` is the file with the line.
    """

    name: str
    region: str
    year: int
    series: Series
    comparator: str
    bound: float
    source: str
    where: str


def read_plan(path: Path) -> tuple[PlanTarget, ...]:
    """Return the targets that a file holds.

    Parameters
    ----------
    path : Path of a CSV file or workbook with the columns name, region, year, stage, measure, comparator and value
        and, where wanted, grade, unit and source, in any order, English or Chinese.

    Returns
    -------
    tuple of PlanTarget, in file order.

    Raises
    ------
    InputError : the file cannot be read, a column or cell is wrong, or a row stands twice.

    Notes
    -----
    Unit: persons; ``wan`` is 10 000 persons. Source: the file.
    """
    found: dict[tuple[str, int, Series, str, float], PlanTarget] = {}
    for line in _lines(path):
        target = _target_in(line)
        key = target.region, target.year, target.series, target.comparator, target.bound
        if key in found:
            raise InputError(
                target.where, "the row stands twice, first at {first}", "Keep one of the two", first=found[key].where
            )
        found[key] = target
        if len(found) > MOST_TARGETS:
            raise InputError(target.where, "the plan has more than {most} targets", "Split the file", most=MOST_TARGETS)
    if not found:
        raise InputError(place_of(path), "the plan has no targets", "Write one row for each target")
    return tuple(found.values())


@lru_cache(maxsize=1)
def _labels() -> Mapping[str, Mapping[str, str]]:
    """Return kind -> label as it is compared -> what it means."""
    found: dict[str, dict[str, str]] = {kind: {} for kind in KINDS}
    for cells, where in read_cells(home() / PLAN_LABELS, ("kind", "label", "key")):
        require_words(cells, (("kind", KINDS),), where)
        found[cells["kind"]][plain_label(cells["label"])] = cells["key"]
    return found


def _lines(path: Path) -> Iterator[Line]:
    """Yield the rows that are not blank, their cells by the columns' English names."""
    book = path.suffix.lower() == ".xlsx"
    if path.suffix.lower() not in ENDINGS:
        raise InputError(
            place_of(path), "no table of targets ends in {ending!r}", "Choose one of {known}", ending=path.suffix,
            known=", ".join(ENDINGS),
        )  # fmt: skip
    header: list[str] = []
    letters: dict[str, str] = {}
    for place, number, values in _rows(path):
        if not header:
            header = _header(values, Line({}, place, number, {"": "A"} if book else {}))
            letters = dict(zip(header, LETTERS, strict=False)) if book else {}
        elif not all(map(_blank, values)):
            line = Line(dict.fromkeys(OPTIONAL_PLAN_COLUMNS, ""), place, number, letters)
            _fill(line, header, values)
            yield line


def _header(values: list[Value], line: Line) -> list[str]:
    names, header = _labels()["column"], list[str]()
    while values and _blank(values[-1]):
        values.pop()
    for value in values:
        text = value.kind if isinstance(value, Odd) else str("" if value is None else value).strip()
        column = names.get(plain_label(text))
        if column is None:
            raise InputError(
                line.where(""), "column {column!r} is unknown", "Did you mean {near!r}? It takes {known}", column=text,
                near=nearest(text, names), known=", ".join(PLAN_COLUMNS),
            )  # fmt: skip
        if column in header:
            raise InputError(line.where(""), "column {column!r} stands twice", "Keep one of the two", column=text)
        header.append(column)
    for column in PLAN_COLUMNS if header else ():
        if column not in header and column not in OPTIONAL_PLAN_COLUMNS:
            raise InputError(line.where(""), "column {column!r} is missing", "Add it to the header", column=column)
    return header


def _target_in(line: Line) -> PlanTarget:
    name = _text_in(line, "name")
    if not name:
        raise _empty(line, "name")
    if not line.cells["stage"].strip():
        raise _empty(line, "stage")
    stage = stage_facts(line.cells["stage"], line.where("stage")).canonical
    series = Series(_word_in(line, "measure"), stage, grade_of(line.cells["grade"], line.where("grade")))
    value = count_in(line, "value")
    if math.isnan(value):
        raise _empty(line, "value")
    unit = _word_in(line, "unit") if line.cells["unit"].strip() else "persons"
    return PlanTarget(
        name, region_in(line), year_in(line, "year"), series, _word_in(line, "comparator"), value * PERSONS_IN[unit],
        _text_in(line, "source"), line.where("name"),
    )  # fmt: skip


def _word_in(line: Line, column: str) -> str:
    """Return what the word of a cell means."""
    names = _labels()[column]
    text = line.cells[column]
    if not text.strip():
        raise _empty(line, column)
    found = names.get(plain_label(text))
    if found is None:
        raise InputError(
            line.where(column), "{column!r} is {word!r}", "Did you mean {near!r}? It takes {known}", column=column,
            word=text, near=nearest(plain_label(text), names), known=", ".join(dict.fromkeys(names.values())),
        )  # fmt: skip
    return found


def _text_in(line: Line, column: str) -> str:
    """Return a text in one line that no spreadsheet takes for a formula."""
    text, where = line.cells[column].strip(), line.where(column)
    if text.startswith(FORMULA_MARKS):
        raise InputError(
            where, "{column!r} holds {kind}, not a plain value",
            "Paste formulas as values, and format codes and names as text", column=column, kind="a formula",
        )  # fmt: skip
    unseen = next((letter for letter in text if not letter.isprintable()), None)
    if unseen is not None:
        raise InputError(
            where, "the cell holds a line break or an invisible character (U+{code})",
            "Write the text in one line, without it", code=f"{ord(unseen):04X}",
        )  # fmt: skip
    most = LONGEST_NAME if column == "name" else 10 * LONGEST_NAME
    if len(text) > most:
        raise InputError(
            where, "the cell holds {size} characters", "Shorten it to {most} characters", size=len(text), most=most
        )
    return text


def _empty(line: Line, column: str) -> InputError:
    return InputError(
        line.where(column), "{column!r} is empty", "Every target needs one; write it, or leave the row out",
        column=column,
    )  # fmt: skip
