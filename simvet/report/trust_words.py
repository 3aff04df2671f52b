"""How far to trust a figure, in words: the light, its reasons, and when not to use the figure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from simvet.report.wording import LANGUAGES, Language, number, word
from simvet.tables import STANDARDS_REGION
from simvet.trust import LEVELS, Reason, Trust

SYMBOLS = {"high": "●", "medium": "◐", "low": "○"}
"""A full, half and empty disc: told apart without colour, and in the font that the brief carries."""
SHARES = ("apart", "agreement", "part", "error", "spread", "gap")
"""Facts that are parts of one."""
PACES = ("asked", "expected", "largest")
"""Facts that are yearly changes, in parts or in points."""
TRUST_FIELDS = (
    "trust", "trust_reasons", "trust_reasons_zh", "trust_reasons_en", "do_not_trust_zh", "do_not_trust_en",
)  # fmt: skip
"""Columns that tables which programs read give to a light."""
MOST_TIMES = 99.0
"""Beyond this many times nobody asks how many."""
MOST_REASONS = 3
"""Reasons and warnings that a short line names, the gravest."""
MOST_LINES = 4
"""Sets of weak reasons that a table explains below itself."""
MOST_NAMES = 3
"""Figures that a line about one reason names; the number of the others is said."""


def light_text(trust: Trust, language: Language) -> str:
    """Return the light as symbol and word; unit, errors: none; source: its level."""
    return level_text(trust.level, language)


def level_text(level: str, language: Language) -> str:
    """Return a level as symbol and word; unit, errors: none; source: LEVELS."""
    return word("trust", "light", language, symbol=SYMBOLS[level], level=word("trust", level, language))


def reason_text(reason: Reason, language: Language) -> str:
    """Return a reason as a part of a sentence; unit: printed; errors: none; source: its facts."""
    return word("trust", reason.case, language, **_told(reason, language))


def reasons_text(trust: Trust, language: Language) -> str:
    """Return all reasons of a light, the gravest first; unit: printed; errors: none; source: its reasons."""
    ordered = sorted(trust.reasons, key=lambda reason: -LEVELS.index(reason.level))
    return _listed([reason_text(reason, language) for reason in ordered], language)


def plain_reasons(trust: Trust) -> str:
    """Return the reasons of a light for a table that programs read.

    Parameters
    ----------
    trust : Trust.

    Returns
    -------
    str; ``case=level`` for each rule that could be judged, the gravest first, with blanks between.

    Notes
    -----
    Unit, errors: none. Source: its reasons; ``data/wording_trust.yaml`` has a sentence for every case.
    """
    ordered = sorted(trust.reasons, key=lambda reason: -LEVELS.index(reason.level))
    return " ".join(f"{reason.case}={reason.level}" for reason in ordered)


def trust_fields(trust: Trust) -> dict[str, str]:
    """Return a light as the fields of a table: level, reasons bare and in both languages, when not to trust it.

    Parameters
    ----------
    trust : Trust.

    Returns
    -------
    dict with the keys of TRUST_FIELDS.

    Notes
    -----
    Unit: printed with each figure. Errors: none. Source: its reasons.
    """
    told = {"trust": trust.level, "trust_reasons": plain_reasons(trust)}
    for language in LANGUAGES:
        told[f"trust_reasons_{language}"] = reasons_text(trust, language)
        told[f"do_not_trust_{language}"] = avoid_text(trust, language, len(trust.warnings))
    return {name: told[name] for name in TRUST_FIELDS}


def avoid_text(trust: Trust, language: Language, most: int = MOST_REASONS) -> str:
    """Return the sentence that says when not to trust a figure.

    Parameters
    ----------
    trust : Trust.
    language : str.
    most : int; cases that it names, the gravest first.

    Returns
    -------
    str; empty where nothing is to be watched.

    Notes
    -----
    Unit: printed with each figure. Errors: none. Source: the reasons that are not strong.
    """
    cases = [word("trust", f"avoid_{reason.case}", language) for reason in trust.warnings]
    if not cases:
        return ""
    return word("text", "trust_avoid_line", language, cases=_listed(cases[:most], language))


def counts_text(trusts: Sequence[Trust], language: Language) -> str:
    """Return how many figures stand at each level, as a line; unit: figures; errors: none; source: the lights."""
    return word("text", "trust_count", language, **_counted(trusts, language))


def counts_only(trusts: Sequence[Trust], language: Language) -> str:
    """Return how many figures stand at each level, bare; unit: figures; errors: none; source: the lights."""
    return _listed(list(_counted(trusts, language).values()), language)


def _counted(trusts: Sequence[Trust], language: Language) -> dict[str, str]:
    counted = Counter(trust.level for trust in trusts)
    return {
        level: word("text", "trust_counted", language, level=level_text(level, language), count=counted[level])
        for level in LEVELS
    }


def weak_lines(named: Sequence[tuple[str, Trust]], language: Language, most: int = MOST_LINES) -> tuple[list[str], int]:
    """Return why some figures are hardly to be trusted: a line for each set of weak reasons, with what it is about.

    Parameters
    ----------
    named : sequence of (name, Trust).
    language : str.
    most : int; lines at most.

    Returns
    -------
    (list of str, int); the lines of most figures first, and how many figures with a low light they leave out.

    Notes
    -----
    Unit: printed with each figure. Errors: none. Source: the reasons; one of many figures is told without its numbers.
    """
    groups: dict[tuple[str, ...], list[tuple[str, Trust]]] = {}
    for name, trust in named:
        if trust.level == "low":
            groups.setdefault(tuple(reason.case for reason in _weak(trust)), []).append((name, trust))
    ordered = sorted(groups.items(), key=lambda group: -len(group[1]))
    lines = []
    for cases, found in ordered[:most]:
        alone = len(found) == 1
        told = [reason_text(reason, language) for reason in _weak(found[0][1])]
        reasons = told if alone else [word("trust", f"rule_{case}", language) for case in cases]
        names = list(dict.fromkeys(name for name, _ in found))
        shown = word("text", "list_separator", language).join(names[:MOST_NAMES])
        if len(names) > MOST_NAMES:
            shown = word("text", "trust_more_names", language, names=shown, count=len(found))
        line = word("text", "trust_low_line", language, symbol=SYMBOLS["low"], names=shown,
                    reasons=_listed(reasons, language))  # fmt: skip
        lines.append(word("text", "trust_sentences", language, first=line, second=avoid_text(found[0][1], language)))
    return lines, sum(len(found) for _, found in ordered[most:])


def _weak(trust: Trust) -> list[Reason]:
    return [reason for reason in trust.reasons if reason.level == "low"]


def trust_lines(
    every: Sequence[Trust], named: Sequence[tuple[str, Trust]], scenario: str, language: Language
) -> list[str]:
    """Return how many figures carry which light, and why some of those that are shown are low.

    Parameters
    ----------
    every : sequence of Trust; of all figures.
    named : sequence of (name, Trust); those that are shown.
    scenario : str; its name.
    language : str.

    Returns
    -------
    list of str; empty where there is no figure.

    Notes
    -----
    Unit: figures. Errors: none. Source: the lights.
    """
    if not every:
        return []
    weak, left = weak_lines(named, language)
    left += sum(trust.level == "low" for trust in every) - sum(trust.level == "low" for _, trust in named)
    lines = [counts_text(every, language)]
    if weak:
        lines += [word("text", "trust_low_title", language), *weak]
    if left > 0:
        lines.append(word("text", "trust_more", language, count=left, name=scenario))
    return lines


def weak_rules(trusts: Sequence[Trust], language: Language) -> str:
    """Return which reasons make most lights low, with how many; unit: figures; errors: none; source: the reasons."""
    # Without their facts, which differ from figure to figure.
    found = Counter(
        word("trust", f"rule_{reason.case}", language)
        for trust in trusts if trust.level == "low" for reason in _weak(trust)
    )  # fmt: skip
    told = [word("text", "brief_trust_reason_count", language, reason=r, count=n) for r, n in found.most_common(3)]
    return _listed(told, language)


def _listed(parts: Sequence[str], language: Language) -> str:
    return word("text", "clause_separator", language).join(parts)


def _told(reason: Reason, language: Language) -> dict[str, object]:
    """Return the facts of a reason as they are printed."""
    points = bool(reason.facts.get("points", 0))
    return {name: _fact(name, value, points, language) for name, value in reason.facts.items()}


def _fact(name: str, value: str | float, points: bool, language: Language) -> object:
    if isinstance(value, str):
        nation = word("text", "brief_nation", language)
        return nation if value == STANDARDS_REGION else word("region", value, language)
    if name in SHARES:
        return number(value, "share", language)
    if name in PACES:
        if points:
            return word("text", "points", language, value=f"{value * 100 + 0.0:+.1f}")
        return number(value, "share", language, signed=True)
    if name == "times":
        return f">{MOST_TIMES:.0f}" if not math.isfinite(value) or value > MOST_TIMES else f"{value:.1f}"
    return value
