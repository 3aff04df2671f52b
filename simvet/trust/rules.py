"""The rules of trust: each looks at one thing and says how much it carries, as a pure function."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from simvet.trust.hindcasts import Hindcast
from simvet.trust.histories import History
from simvet.trust.levels import Fact, Reason, Thresholds, from_above, from_below, worst


@dataclass(frozen=True)
class Change:
    """The yearly change that a target asks for and that a run foretells.

    Notes
    -----
    Unit: parts of the base a year where ``relative``, else points a year; ``scale`` is the larger of base and bound in
    the same terms. ``clear`` says that nearly all draws give the same answer. Errors: none. Source: a verdict.
    """

    asked: float
    expected: float
    relative: bool
    scale: float
    clear: bool


def history_reason(past: History, limits: Thresholds) -> Reason:
    """Return what the length of the published history says.

    Parameters
    ----------
    past : History.
    limits : mapping of (rule, level) -> threshold.

    Returns
    -------
    Reason.

    Notes
    -----
    Unit: school years. Errors: none. Source: the rows of the region and the register.
    """
    count = len(past.years)
    facts: dict[str, Fact] = {"years": count}
    if count:
        facts |= {"first": past.years[0], "last": past.years[-1]}
    case = "history_none" if not count else "history_one" if count == 1 else "history_years"
    return Reason("history", from_below("history", count, limits), case, facts)


def break_reason(past: History, relative: bool, limits: Thresholds) -> Reason | None:
    """Return what breaks in the published history say: doubled years, jumps, other definitions, missing years.

    Parameters
    ----------
    past : History.
    relative : bool; changes are parts of the year before.
    limits : mapping of (rule, level) -> threshold.

    Returns
    -------
    Reason, of the gravest break; None where fewer than two years were published, in which nothing can break.

    Notes
    -----
    Unit: shares, years. Errors: none. Source: the rows of the region.
    """
    if len(past.years) < 2:
        return None
    found = [_twice(past, limits), _jump(past, relative, limits)]
    # Other definitions and missing years hide the path, but contradict nothing.
    found.append(Reason("break", "medium" if past.mixed else "high", "break_mixed", {"years": past.mixed}))
    gap = from_above("break_gap", past.missing, limits)
    span: dict[str, Fact] = {"missing": past.missing, "first": past.years[0], "last": past.years[-1]}
    found.append(Reason("break", gap, "break_gap", span))
    gravest = worst(*(reason.level for reason in found))
    if gravest == "high":
        return Reason("break", "high", "break_none", span)
    return next(reason for reason in found if reason.level == gravest)


def _twice(past: History, limits: Thresholds) -> Reason:
    """Return what it says that a year was published twice with different values."""
    if not past.twice:
        return Reason("break", "high", "break_twice")
    year = max(sorted(past.twice), key=lambda one: past.twice[one])
    apart = past.twice[year]
    return Reason("break", from_above("break_twice", apart, limits), "break_twice", {"year": year, "apart": apart})


def _jump(past: History, relative: bool, limits: Thresholds) -> Reason:
    """Return what the largest yearly change says, held against the usual one."""
    changes = past.changes(relative)
    calm = Reason("break", "high", "break_jump")
    if len(changes) < limits[("break_changes", "least")]:
        return calm
    year = max(sorted(changes), key=lambda one: changes[one])
    usual = statistics.median(size for other, size in changes.items() if other != year)
    if changes[year] < limits[("break_size", "least")] * (1.0 if relative else abs(past.values[year])):
        return calm
    times = changes[year] / usual if usual > 0.0 else math.inf
    level = from_above("break_jump", times, limits)
    return Reason("break", level, "break_jump", {"year": year, "change": changes[year], "times": times})


def assumed_reason(
    assumed: int, inputs: int, base: bool, agreement: float, limits: Thresholds
) -> Reason:  # fmt: skip
    """Return what the share of assumed inputs says, and whether the verdict hangs on them.

    Parameters
    ----------
    assumed, inputs : int; inputs that are assumed, and all that the indicator's chain reads.
    base : bool; the base of the target is assumed too.
    agreement : float; share of draws that give the same answer.
    limits : mapping of (rule, level) -> threshold.

    Returns
    -------
    Reason.

    Notes
    -----
    Nearly all that is drawn is drawn because it is assumed, so what the draws agree on does not hang on where in their
    ranges the assumptions fall; the share counts inputs, whatever each moves. Unit: shares. Errors: none. Source:
    the chain and the run.
    """
    share = assumed / inputs if inputs else 1.0
    level = worst(from_above("assumed_share", share, limits), "low" if base else "high")
    facts: dict[str, Fact] = {"assumed": assumed, "inputs": inputs, "share": share, "agreement": agreement}
    case = "assumed_base" if base else "assumed_share" if level != "high" else "assumed_few"
    if level == "low" and from_below("assumed_agreement", agreement, limits) != "low":
        return Reason("assumed", "medium", "assumed_clear", facts)
    return Reason("assumed", level, case, facts)


def distance_reason(past: History, change: Change, year: int, limits: Thresholds) -> Reason:
    """Return what it says how far the change lies from what the region has seen.

    Parameters
    ----------
    past : History.
    change : Change.
    year : int; of the target.
    limits : mapping of (rule, level) -> threshold.

    Returns
    -------
    Reason.

    Notes
    -----
    Where nearly all draws give the same answer the verdict rests on what the run foretells, and a target that asks for
    more than was ever seen only bears it out; else it rests on both. Unit: parts (or points) a year, years. Errors:
    none. Source: the history, the register and the run.
    """
    needed = abs(change.expected) if change.clear else max(abs(change.asked), abs(change.expected))
    changes = past.changes(change.relative)
    facts: dict[str, Fact] = {"asked": change.asked, "expected": change.expected, "points": int(not change.relative)}
    # From two or three figures far apart nobody can tell how much one year can bring.
    if len(changes) < limits[("distance_changes", "least")]:
        part = needed / change.scale if change.scale > 0.0 else math.inf
        facts |= {"part": part, "changes": len(changes)}
        level = from_above("distance_alone", part, limits)
        return Reason("distance", level, "distance_alone" if level != "low" else "distance_far", facts)
    lead, largest = year - past.years[-1], max(changes.values())
    times = needed / largest if largest > 0.0 else (0.0 if needed == 0.0 else math.inf)
    pace, age = from_above("distance_change", times, limits), from_above("distance_lead", lead, limits)
    facts |= {"largest": largest, "times": times, "lead": lead, "last": past.years[-1]}
    level = worst(pace, age)
    case = "distance_seen" if level == "high" else "distance_change" if level == pace else "distance_lead"
    return Reason("distance", level, case, facts)


def hindcast_reason(found: Sequence[Hindcast | None], region: str, lead: int, gap: float, limits: Thresholds) -> Reason:
    """Return what errors in hindcasts say, held against the gap between forecast and target.

    Parameters
    ----------
    found : sequence of Hindcast or None; of every series behind the indicator, None where one was never tried.
    region : str.
    lead : int; years from the last published figure to the target.
    gap : float; distance of median and bound as a part of the bound.
    limits : mapping of (rule, level) -> threshold.

    Returns
    -------
    Reason; not yet tested where any series was never tried.

    Notes
    -----
    Unit: parts of the outcome, years. Errors: none. Source: ``data/validation/errors.csv``.
    """
    tried = [one for one in found if one is not None]
    if not tried or len(tried) < len(found):
        return Reason("hindcast", "medium", "hindcast_untested")
    hardest = max(tried, key=lambda one: (one.mape, one.stage))
    level = from_above("hindcast_error", hardest.mape, limits)
    facts: dict[str, Fact] = {
        "data": hardest.data, "lead": hardest.lead, "error": hardest.mape, "spread": hardest.spread80, "gap": gap,
        "forecasts": hardest.forecasts,
    }  # fmt: skip
    if gap < hardest.mape:
        return Reason("hindcast", worst(level, "medium"), "hindcast_turns", facts)
    # What is known of the nation, or of fewer years ahead, is not quite what is asked.
    if hardest.data != region or hardest.lead < lead:
        return Reason("hindcast", worst(level, "medium"), "hindcast_elsewhere", facts)
    return Reason("hindcast", level, "hindcast_error", facts)
