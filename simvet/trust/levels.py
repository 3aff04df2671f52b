"""Three levels of trust, the reasons behind them, and the thresholds that tell the levels apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from simvet.errors import InputError
from simvet.tables import UNITS, home, number_of, read_cells, require_filled, require_words

LEVELS = ("high", "medium", "low")
"""How far a figure can be trusted, the best first."""
RULES = "data/trust/rules.csv"
RULE_COLUMNS = ("rule", "level", "threshold", "unit", "status", "why")
UNTESTED = "hindcast_untested"
"""Case of a figure of which no forecast was ever held against what came."""
LEAST = "least"
"""Level of a threshold below which a rule is not judged at all."""

Fact = str | int | float
Thresholds = Mapping[tuple[str, str], float]


@dataclass(frozen=True)
class Reason:
    """What one rule says about a figure.

    Notes
    -----
    Unit: ``facts`` are bare numbers, shares as parts of one; ``case`` names the sentence that tells them, in section
    ``trust`` of the wording. ``level`` is one of LEVELS. Errors: none. Source: a run and its data.
    """

    rule: str
    level: str
    case: str
    facts: Mapping[str, Fact] = field(default_factory=dict)


@dataclass(frozen=True)
class Trust:
    """How far a figure can be trusted, why, and when not at all.

    Notes
    -----
    Shape: one reason a rule that could be judged; ``warnings`` are those of ``reasons`` that say when the figure should
    not be used, the gravest first. Unit: see Reason. Errors: none. Source: ``simvet.trust``.
    """

    level: str
    reasons: tuple[Reason, ...]
    warnings: tuple[Reason, ...]


@lru_cache(maxsize=4)
def thresholds(path: Path | None = None) -> Thresholds:
    """Return the thresholds of the rules.

    Parameters
    ----------
    path : Path, optional; by default RULES.

    Returns
    -------
    mapping of (rule, level) -> float.

    Raises
    ------
    InputError : a column is missing, a cell is empty, not a number or out of its words, or a row stands twice.

    Notes
    -----
    Unit: column ``unit``. Source: ``data/trust/rules.csv``, every row assumed with its reason.
    """
    found: dict[tuple[str, str], float] = {}
    for cells, where in read_cells(path or home() / RULES, RULE_COLUMNS):
        require_filled(cells, RULE_COLUMNS, where)
        known = (("level", (*LEVELS, LEAST)), ("unit", UNITS), ("status", ("assumed",)))
        require_words(cells, known, where)
        key = (cells["rule"], cells["level"])
        if key in found:
            raise InputError(where, "the row stands twice, first at {first}", "Keep one of the two", first=str(key))
        found[key] = number_of(cells["threshold"], "threshold", where)
    return MappingProxyType(found)


def from_below(rule: str, value: float, limits: Thresholds) -> str:
    """Return the level of a value that is better the larger it is.

    Parameters
    ----------
    rule : str.
    value : float.
    limits : mapping, as :func:`thresholds` returns it; a rule without a level never reaches it.

    Returns
    -------
    str, one of LEVELS.

    Notes
    -----
    Unit: the rule's. Errors: none. Source: ``data/trust/rules.csv``.
    """
    return next((level for level in LEVELS[:2] if value >= limits.get((rule, level), float("inf"))), "low")


def from_above(rule: str, value: float, limits: Thresholds) -> str:
    """Return the level of a value that is better the smaller it is.

    Parameters
    ----------
    rule : str.
    value : float.
    limits : mapping, as :func:`thresholds` returns it; a rule without a level never reaches it.

    Returns
    -------
    str, one of LEVELS.

    Notes
    -----
    Unit: the rule's. Errors: none. Source: ``data/trust/rules.csv``.
    """
    return next((level for level in LEVELS[:2] if value <= limits.get((rule, level), float("-inf"))), "low")


def worst(*levels: str) -> str:
    """Return the worst of some levels; unit: none; errors: ValueError where there is none; source: LEVELS."""
    return max(levels, key=LEVELS.index)


def weigh(reasons: Sequence[Reason], limits: Thresholds) -> Trust:
    """Return the light that some reasons give together.

    Parameters
    ----------
    reasons : sequence of Reason.
    limits : mapping, as :func:`thresholds` returns it.

    Returns
    -------
    Trust.

    Notes
    -----
    One weak point is what nearly every figure has; as many as the rule ``light`` says make the light low, and so does
    an error that was measured, which is more than a judgement. It is high where as many strong points speak for the
    figure, none is weak, and forecasts of its kind were held against what came. Unit, errors: none. Source: the rules.
    """
    weak = sum(reason.level == "low" for reason in reasons)
    strong = sum(reason.level == "high" for reason in reasons)
    failed = sum(reason.level == "low" for reason in reasons if reason.rule == "hindcast")
    untested = any(reason.case == UNTESTED for reason in reasons)
    level = "medium"
    if weak >= limits[("light", "low")] or failed >= limits[("light_tested", "low")]:
        level = "low"
    elif weak == 0 and strong >= limits[("light", "high")] and not untested:
        level = "high"
    warned = sorted((r for r in reasons if r.level != "high"), key=lambda r: -LEVELS.index(r.level))
    return Trust(level, tuple(reasons), tuple(warned))
