"""What a table of histories may call its columns, stages and grades, and what is known about each stage."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from simvet.errors import InputError, nearest
from simvet.tables import home, number_of, read_cells, require_bare, require_filled, require_words

LABELS = "data/histories/labels.csv"
LABEL_COLUMNS = ("kind", "label", "key", "position", "years", "feeders", "admitted", "status", "source")
KINDS = ("stage", "column", "births", "whole", "before", "after", "numeral")
MOST_GRADES = 20
"""No pathway of the world counts more grades; a larger number is a count in the wrong column."""
HISTORY_COLUMNS = ("region", "year", "stage", "grade", "enrolment", "entrants", "graduates")
OPTIONAL_COLUMNS = ("entrants", "graduates")
BIRTHS_COLUMNS = ("region", "year_of_grade1", "birth_year", "births")
Table = Literal["column", "births"]
"""A table of histories, or one of births."""


@dataclass(frozen=True)
class StageFacts:
    """What is known about a stage whatever the region.

    Notes
    -----
    Shape: none. Unit: ``years`` of the programme; ``position`` on the pathway and ``admitted``, the turn in which the
    stages of one position fill up at their gate, count from 1; ``feeders`` are canonical names. Errors: none. Source:
    ``data/histories/labels.csv``.
    """

    key: str
    canonical: str
    position: int
    years: int
    feeders: tuple[str, ...]
    admitted: int


@lru_cache(maxsize=1)
def _labels() -> Mapping[str, Mapping[str, dict[str, str]]]:
    """Return kind -> label as it is compared -> row."""
    found: dict[str, dict[str, dict[str, str]]] = {kind: {} for kind in KINDS}
    for cells, where in read_cells(home() / LABELS, LABEL_COLUMNS):
        require_filled(cells, ("kind", "label", "key"), where)
        require_bare(cells, ("label", "key"), where)
        require_words(cells, (("kind", KINDS),), where)
        plain = plain_label(cells["label"])
        if plain in found[cells["kind"]]:
            raise InputError(
                where, "the row stands twice, first at {first}", "Keep one of the two",
                first=found[cells["kind"]][plain]["where"],
            )  # fmt: skip
        found[cells["kind"]][plain] = {**cells, "where": where}
    return found


def plain_label(text: str) -> str:
    """Return a label as it is compared: full-width letters, capitals and blanks around it do not count.

    Parameters
    ----------
    text : str.

    Returns
    -------
    str.

    Notes
    -----
    Shape and unit: none. Errors: none. Source: Unicode NFKC; Chinese keyboards write full-width digits and brackets.
    """
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def column_names(kind: Table) -> dict[str, str]:
    """Return the headers that a table may have.

    Parameters
    ----------
    kind : str; ``column`` for a table of histories, ``births`` for one of births.

    Returns
    -------
    dict of header as it is compared -> column.

    Raises
    ------
    InputError : the table of labels is wrong.

    Notes
    -----
    Shape and unit: none. Source: ``data/histories/labels.csv``.
    """
    return {label: row["key"] for label, row in _labels()[kind].items()}


def stage_facts(stage: str, where: str = "stage") -> StageFacts:
    """Return what is known about a stage.

    Parameters
    ----------
    stage : str; any of its names, English or Chinese.
    where : str; the place to name in a complaint.

    Returns
    -------
    StageFacts; ``canonical`` is the name that all its synonyms share.

    Raises
    ------
    InputError : no stage has this name, or the table of labels is wrong.

    Notes
    -----
    Unit: see StageFacts. Source: ``data/histories/labels.csv``.
    """
    names = _labels()["stage"]
    row = names.get(plain_label(stage))
    if row is None:
        known = [key for key, other in names.items() if key == other["key"]]
        raise InputError(
            where, "stage {stage!r} is unknown", "Did you mean {near!r}? It takes {known}", stage=stage,
            near=nearest(plain_label(stage), names), known=", ".join(known),
        )  # fmt: skip
    first = names[row["key"]]
    position, years, turn = (
        int(number_of(first[column], column, first["where"])) for column in ("position", "years", "admitted")
    )
    feeders = tuple(name for name in first["feeders"].split("+") if name)
    return StageFacts(stage.strip(), row["key"], position, years, feeders, turn)


@lru_cache(maxsize=1)
def _grade_pattern() -> re.Pattern[str]:
    before, after, numerals = (
        "|".join(map(re.escape, sorted(_labels()[kind], key=len, reverse=True)))
        for kind in ("before", "after", "numeral")
    )
    return re.compile(rf"(?:{before})?\s*(?:0*(\d{{1,2}})(?:\.0+)?|({numerals}))\s*(?:{after})?", re.ASCII)


def grade_of(text: str, where: str) -> int | None:
    """Return the grade that a label means.

    Parameters
    ----------
    text : str; such as ``9``, ``09``, ``9.0``, ``Grade 9``, ``G9``, or the Chinese for it.
    where : str; the place to name in a complaint.

    Returns
    -------
    int from 1 on; None for the whole stage.

    Raises
    ------
    InputError : it is no grade.

    Notes
    -----
    Unit: none. A grade is the number that stands there, whether it counts from the first grade of the stage or of all
    schooling. Source: ``data/histories/labels.csv``.
    """
    plain = plain_label(text)
    if not plain or plain in _labels()["whole"]:
        return None
    match = _grade_pattern().fullmatch(plain)
    if match:
        grade = int(match[1]) if match[1] else int(_labels()["numeral"][match[2]]["key"])
        if 1 <= grade <= MOST_GRADES:
            return grade
    raise InputError(
        where, "{text!r} is not a grade", "Write a number from 1 to {most}, or all for the whole stage", text=text,
        most=MOST_GRADES,
    )  # fmt: skip
