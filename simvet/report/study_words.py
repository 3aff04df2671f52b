"""Names and sentences of studies: factors, outcomes, what is doubtful, and the boxes in words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from textwrap import wrap

import numpy as np

from simvet.items import known_processes, process_name
from simvet.report.canvas import bracketed
from simvet.report.explain import indicator_name
from simvet.report.wording import Language, number, require_language, word, wording
from simvet.rules.names import PROJECT_STAGES
from simvet.studies.cases import POLICY
from simvet.studies.discovery import Box, Discovery, Limit
from simvet.studies.influence import Answer, Row, Sensitivity
from simvet.studies.stacking import Stacking
from simvet.studies.subjects import Subject, Varied

BARE = ("share", "persons", "count")
"""Units that a reader does without."""
STOPS = "，。：；、）”》%"
"""Marks that open no line."""
MARKS = "abcdefghijklmnopqrstuvwxyz"


def value_text(value: float, unit: str, language: Language) -> str:
    """Return a value with its unit; errors: none; source: usage."""
    if unit == "factor":
        return word("sensitivity", "times", language, value=f"{value:.3g}")
    if unit == "year":
        return word("sensitivity", "year_value", language, value=f"{value:.1f}".removesuffix(".0"))
    if unit in ("share", "share/year") and abs(value) < 1.0:
        told = f"{value * 100:.2g}%" if 0.0 < abs(value) < 0.01 else number(value, "share", language)
        return told if unit == "share" else word("sensitivity", "share_a_year", language, value=told)
    told = number(value, unit, language)
    if unit in BARE or (unit == "ratio" and language == "en"):
        return told
    return f"{told} {word('unit', unit, language)}"


def range_text(low: float, high: float, unit: str, language: Language) -> str:
    """Return both ends of a range; errors: none; source: usage."""
    ends = [value_text(value, unit, language) for value in (low, high)]
    return word("sensitivity", "range", language, low=ends[0], high=ends[1])


def _factor_name(factor: Varied, language: Language) -> str:
    if factor.name == POLICY:
        return word("sensitivity", "policy", language)
    if factor.kind == "lever":
        return factor.labels[language]
    if factor.project:
        section, key = ("project_stage", factor.quantity) if factor.quantity in PROJECT_STAGES else (
            "sensitivity", f"part_{factor.quantity}")  # fmt: skip
        return word("sensitivity", "project_part", language, project=factor.labels[language],
                    part=word(section, key, language))  # fmt: skip
    # English names go on after a colon to define a ratio, which is for the list of inputs.
    told = word("quantity", factor.quantity, language).split(":", maxsplit=1)[0]
    if not factor.key:
        return told
    key = factor.key
    if factor.labels:
        key = factor.labels[language]
    elif key in wording()["stage"]:
        return word("text", "of_stage", language, stage=word("stage", key, language), name=told)
    elif key in known_processes():
        key = process_name(key, language)
    return f"{told}{bracketed(key.replace('_', ' '), language)}"


def folded(text: str, width: int, language: Language) -> list[str]:
    """Return a text in lines of so many letters; Chinese is broken between any two, but for stops and numbers.

    Parameters
    ----------
    text : str.
    width : int, letters of the language.
    language : str.

    Returns
    -------
    list of str; later lines are set in.

    Notes
    -----
    Unit: none. Errors: none. Source: Chinese typesetting (no stop opens a line); ``textwrap`` breaks at blanks alone.
    """
    if language == "en":
        return wrap(text, width, subsequent_indent="    ")
    lines, line, long = [], "", 0.0
    for part in re.findall(r"[!-~]+|.", text):
        size = sum(0.55 if letter < "\u2000" else 1.0 for letter in part)
        if long + size > width and line and part not in STOPS:
            lines.append(line)
            line, long = ("  ", 1.1) if part != " " else (" ", 0.55)
        line, long = line + part, long + size
    return [*lines, line]


def factor_names(factors: Sequence[Varied], language: Language) -> dict[str, str]:
    """Return what factors are called, told apart by region or kind where two would be called alike.

    Parameters
    ----------
    factors : sequence of Varied.
    language : str.

    Returns
    -------
    dict of factor -> name.

    Notes
    -----
    Unit: none. Errors: none. Source: sections ``quantity``, ``stage`` and ``project_stage`` of the wording catalogue,
    labels of levers, projects and items.
    """
    told = {factor.name: _factor_name(factor, language) for factor in factors}
    twice = Counter(told.values())
    drawn = Counter(told[factor.name] for factor in factors if factor.kind == "uncertainty")
    for factor in factors:
        name = told[factor.name]
        if twice[name] > 1 and factor.kind == "uncertainty":
            # A lever may be called what the number that it pulls is called; else two regions draw the same number.
            apart = word("region", factor.region, language) if drawn[name] > 1 else kind_text(factor, language)
            told[factor.name] = f"{name}{bracketed(apart, language)}"
    return told


def kind_text(factor: Varied, language: Language) -> str:
    """Return whether somebody decides a factor, and from when; unit, errors: none; source: the study."""
    kind = word("sensitivity", factor.kind, language)
    return word("sensitivity", "from_year", language, kind=kind, start=factor.start) if factor.start else kind


def subject_name(subject: Subject, language: Language, of: str = "value") -> str:
    """Return what an outcome is called, with its year; unit, errors: none; source: the register, or the catalogue."""
    labels = dict(subject.labels) or None
    name = indicator_name(subject.indicator, subject.stage, labels, language)
    dated = word("sensitivity", "of_year", language, name=name, year=subject.year)
    return word("sensitivity", f"of_{of}", language, name=dated)


def sensitivity_remarks(
    answer: Answer, found: Sensitivity, language: Language
) -> tuple[list[str], dict[str, str], list[str]]:
    """Return what must be said of an answer.

    Parameters
    ----------
    answer : Answer.
    found : Sensitivity; that it belongs to.
    language : str.

    Returns
    -------
    (sentences about the whole, mark of each remark key, marked sentences about single factors).

    Notes
    -----
    Unit: none. Errors: none. Source: the remarks of the answer.
    """
    facts = {
        "sum": f"{answer.sum_of_first:.2f}", "mean": value_text(answer.mean, answer.unit, language),
        "draws": found.draws,
    }  # fmt: skip
    whole = [word("sensitivity", f"remark_{key}", language, **facts) for key in answer.remarks]
    keys = list(dict.fromkeys(key for row in answer.rows for key in row.remarks))
    marks = dict(zip(keys, MARKS, strict=False))
    single = [f"[{mark}] {word('sensitivity', f'remark_{key}', language, **facts)}" for key, mark in marks.items()]
    return whole, marks, single


def marks_of(row: Row, marks: dict[str, str]) -> str:
    """Return the marks of a row in brackets, "" where there is nothing to say; unit, errors: none; source: the row."""
    told = "".join(marks[key] for key in row.remarks)
    return f" [{told}]" if told else ""


def index_text(value: float, half: float, method: str, unit: str, language: Language) -> str:
    """Return an index with half its band; one below zero is not printed; errors: none; source: the row."""
    if method == "sobol":
        if value < 0.005:
            return word("sensitivity", "about_zero", language)
        return f"{value:.2f}" if np.isnan(half) else f"{value:.2f} ± {half:.2f}"
    if unit == "share":
        band = "" if np.isnan(half) else f" ± {half * 100:.1f}"
        return f"{value * 100:.1f}{band} {word('text', 'axis_points', language)}"
    told = value_text(value, unit, language)
    return told if np.isnan(half) else f"{told} ± {number(half, unit, language)}"


def event_text(found: Discovery | Stacking, language: Language) -> str:
    """Return what is looked for, as the end of a sentence; unit, errors: none; source: the search."""
    if found.threshold is None:
        return word("discovery", "event_missed" if found.failing else "event_met", language)
    key = "event_unlikely" if found.failing else "event_likely"
    return word("discovery", key, language, threshold=f"{found.threshold:.0%}")


def limit_text(limit: Limit, name: str, language: Language) -> str:
    """Return a limit as a condition; unit: the factor's; errors: none; source: the box."""
    if limit.kept:
        names = word("discovery", "or", language).join(labels[language] for labels in limit.kept)
        return word("discovery", "among", language, names=names)
    unit = limit.factor.unit
    ends = {
        side: value_text(value, unit, language)
        for side, value in (("low", limit.low), ("high", limit.high)) if value is not None
    }  # fmt: skip
    key = "between" if len(ends) == 2 else "above" if "low" in ends else "below"
    return word("discovery", key, language, factor=name, **ends)


def percent(share: float) -> str:
    """Return a share in whole per cent; one that is not all is never told as 100; errors: none; source: usage."""
    told = f"{share:.0%}"
    return f"{share:.1%}" if told in ("100%", "0%") and 0.0 < share < 1.0 else told


def discovery_sentences(found: Discovery, language: str = "zh") -> list[str]:
    """Return the boxes as sentences, or why there is none; then what else must be said.

    Parameters
    ----------
    found : Discovery.
    language : str; ``zh`` or ``en``.

    Returns
    -------
    list of str; one a box, then the remarks.

    Raises
    ------
    InputError : the language is unknown.

    Notes
    -----
    Unit: printed with each number. Source: the search.
    """
    chosen = require_language(language)
    told = [_box_sentence(found, box, place, chosen) for place, box in enumerate(found.boxes)]
    return told + discovery_remarks(found, chosen)


def discovery_sentence(found: Discovery, language: str = "zh") -> str:
    """Return the answer of a search in one sentence: its first box, or why there is none; as the list of all."""
    return discovery_sentences(found, language)[0]


def _box_sentence(found: Discovery, box: Box, place: int, language: Language) -> str:
    names = factor_names(found.factors, language)
    told = [limit_text(limit, names.get(limit.factor.name, ""), language) for limit in box.limits]
    return word(
        "discovery", "sentence_next" if place else "sentence", language, name=subject_name(found.outcome, language),
        conditions=word("discovery", "and", language).join(told), event=event_text(found, language),
        coverage=percent(box.coverage), density=percent(box.density), mass=percent(box.mass),
    )  # fmt: skip


def discovery_remarks(found: Discovery | Stacking, language: Language) -> list[str]:
    """Return what must be said of a search besides its boxes; unit, errors: none; source: its remarks."""
    names = factor_names(found.factors, language)
    constant, boxes = (found.constant, found.boxes) if isinstance(found, Discovery) else ((), ())
    facts = {
        "event": event_text(found, language), "cases": f"{found.cases:,}", "of_interest": f"{found.of_interest:,}",
        "names": word("text", "list_separator", language).join(names[factor.name] for factor in constant),
        "density": percent(boxes[0].density) if boxes else "",
    }  # fmt: skip
    return [word("discovery", f"remark_{key}", language, **facts) for key in found.remarks]
