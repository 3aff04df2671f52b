"""Your own last plan: what simvet would have said of its targets when it was made, beside what came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from simvet.errors import InputError, nearest
from simvet.histories.components import Floats
from simvet.histories.last_plan_file import PlanTarget, read_plan
from simvet.histories.last_plan_rows import CALLS, FAN, Foretold, LastPlan, PlanRow, Score, YearCount, score_of
from simvet.histories.outlook import LEAST_YEARS_FIT, Outlook, Sight, sight_of
from simvet.histories.plain import plain_forecasts
from simvet.histories.rolling import Tell, foresight
from simvet.histories.table import History, history_of
from simvet.scenario import Target
from simvet.targets import is_reached
from simvet.verdicts import monte_carlo_error, standing

YEARS_BEFORE = 5
"""Years between the making of a plan and its first target year where nothing else is said: a five-year plan."""
FARTHEST = 30
"""Most years ahead; nobody plans farther, and a year beyond is a slip of the pen."""
LEAST_DRAWS, MOST_DRAWS = 50, 20_000


def last_plan(
    targets: Sequence[PlanTarget], history: History, made_in: int | None = None, draws: int = 1000, seed: int = 1,
    tell: Tell | None = None,
) -> LastPlan:  # fmt: skip
    """Return what would have been said of a plan's targets when it was made, and what came.

    Parameters
    ----------
    targets : sequence of PlanTarget.
    history : History; the years of the plan may be in it, as far as they are known.
    made_in : int, optional; year at whose end the plan was made, by default five years before the earliest target.
    draws : int.
    seed : int.
    tell : callable, optional; is told the origins done and all of them.

    Returns
    -------
    LastPlan.

    Raises
    ------
    InputError : too few years were known then, no target lies after it or one lies too far, or the draws are too few
        or too many.

    Notes
    -----
    Unit: persons. Forecasts come from ``history.until(made_in)`` alone: what the file says of later years is used for
    the outcome only. Measures that the plan itself brought are not in them. Source: MODEL, section 9.
    """
    if not targets:
        raise InputError("last plan", "the plan has no targets", "Write one row for each target")
    if not LEAST_DRAWS <= draws <= MOST_DRAWS:
        raise InputError(
            "--draws", "{draws} draws cannot be run", "Choose {least} to {most}", draws=draws, least=LEAST_DRAWS,
            most=MOST_DRAWS,
        )  # fmt: skip
    year = min(one.year for one in targets) - YEARS_BEFORE if made_in is None else made_in
    known = _known(history, year, made_in is None)
    origin = known.years[-1]
    leads = max(_place(one, known) - origin for one in targets)
    if leads < 1:
        raise InputError("--made-in", "no target lies after {year}", "Choose an earlier year", year=year)
    for one in targets:
        if one.year - year > FARTHEST:
            raise InputError(
                one.where, "the target year {year} lies more than {most} years after {made_in}, when the plan was made",
                "Correct the year, or say with --made-in when the plan was made", year=one.year, most=FARTHEST,
                made_in=year,
            )  # fmt: skip
    view, drawn = foresight(known, leads, draws, seed, tell)
    then = _Then(year, known, sight_of(known), view, drawn, plain_forecasts(known, leads))
    whole = history_of(history.record, 1)
    rows = tuple(_row(one, then, whole, sight_of(whole)) for one in targets)
    return LastPlan(history.name, year, made_in is None, origin, draws, seed, rows)


@dataclass(frozen=True, eq=False)
class _Then:
    """All that was known and foretold when the plan was made."""

    made_in: int
    known: History
    sight: Sight
    view: Outlook
    drawn: Floats
    plain: Mapping[str, Floats]


def _known(history: History, year: int, assumed: bool) -> History:
    """Return what was known at the end of a year; complain if that was too little to foretell anything."""
    most: object = 0
    if year >= history.record.years[0]:
        try:
            return history.until(year, LEAST_YEARS_FIT)
        except InputError as error:
            most = error.facts.get("most", 0)
    cure = "Bring a history that begins earlier, or choose a later year with --made-in"
    if assumed:
        cure = "That is five years before the earliest target; if the plan was made later, say so with --made-in"
    raise InputError(
        history.name, "by {year}, when the plan was made, no region had {least} years in a row; the longest had {most}",
        cure, year=year, least=LEAST_YEARS_FIT, most=most,
    )  # fmt: skip


def _place(target: PlanTarget, history: History) -> int:
    """Return the year in which a history has a target: graduates by grade stand beside the school year they end."""
    return target.year - _shift(target, history)


def _shift(target: PlanTarget, history: History) -> int:
    return int(history.kind == "grades" and target.series.measure == "graduates")


def _row(target: PlanTarget, then: _Then, whole: History, sight: Sight) -> PlanRow:
    counts = dict(_counts(target, whole, sight))
    actual = counts.get(target.year)
    missing = _missing(target, then)
    return PlanRow(
        target=target,
        foretold=_foretold(target, then) if missing is None else None,
        missing=missing,
        past=_counts(target, then.known, then.sight),
        later=tuple((year, count) for year, count in counts.items() if year > then.made_in),
        actual=actual,
        reached=None if actual is None else _reaches(target, actual),
    )


def _counts(target: PlanTarget, history: History, sight: Sight) -> tuple[YearCount, ...]:
    """Return the counts of a target's series by the plan's years; a zero is taken as unknown, as everywhere here."""
    if target.region not in history.regions or target.series not in sight.series:
        return ()
    row = sight.counts[history.regions.index(target.region), sight.series.index(target.series)]
    shift = _shift(target, history)
    return tuple((year + shift, float(one)) for year, one in zip(history.years, row, strict=True) if one > 0)


def _missing(target: PlanTarget, then: _Then) -> tuple[str, Mapping[str, object]] | None:
    """Return what is missing for a target to be foretold; None where nothing is."""
    view, known = then.view, then.known
    lead = _place(target, known) - view.origin
    if target.region not in view.regions:
        if target.region in known.refused:
            facts = known.refused[target.region][1]
            return "too_short", {"years": facts["years"], "least": facts["least"], "made_in": then.made_in}
        return "region", {"region": target.region, "near": nearest(target.region, known.regions)}
    if target.year <= then.made_in or lead < 1:
        return "over", {"year": target.year, "made_in": then.made_in}
    counts = _counts(target, known, then.sight)
    if target.series not in view.series or not counts:
        return "series", {"made_in": then.made_in}
    drawn = then.drawn[:, view.regions.index(target.region), view.series.index(target.series), :lead]
    if not np.isfinite(drawn).all():
        return "ended", {"last": counts[-1][0], "until": view.origin + _shift(target, known), "made_in": then.made_in}
    return None


def _foretold(target: PlanTarget, then: _Then) -> Foretold:
    view = then.view
    at = view.regions.index(target.region), view.series.index(target.series)
    lead = _place(target, then.known) - view.origin
    drawn = then.drawn[:, at[0], at[1], :lead]
    fan = np.quantile(drawn, FAN, axis=0)
    reached = _reaches_each(target, drawn[:, -1])
    naive, drift = (float(then.plain[name][at[0], at[1], lead - 1]) for name in ("naive", "drift3"))
    first = view.origin + 1 + _shift(target, then.known)
    return Foretold(
        median=float(fan[2, -1]), low=float(fan[0, -1]), high=float(fan[-1, -1]),
        probability=float(reached.mean()), error=monte_carlo_error(int(reached.sum()), len(drawn)),
        called=standing(float(reached.mean())), naive=naive, naive_reaches=_reaches(target, naive),
        drift=drift if np.isfinite(drift) else None,
        drift_reaches=_reaches(target, drift) if np.isfinite(drift) else None,
        fan_years=tuple(range(first, first + lead)), fan=tuple(tuple(map(float, line)) for line in fan),
    )  # fmt: skip


def _reaches(target: PlanTarget, value: float) -> bool:
    return bool(_reaches_each(target, np.array([value]))[0])


def _reaches_each(target: PlanTarget, values: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Return where values reach a target, by the same rules as the targets of a plan that is being made."""
    asked = Target(
        document="own", region=target.region, locator="", key=target.series.measure, labels={},
        stage=target.series.stage, kind="own", unit="persons", base_year=None, base_value=None,
        comparator=target.comparator, bound=target.bound, year=target.year, note="", where=target.where,
    )  # fmt: skip
    return is_reached(asked, values, np.full_like(values, target.bound))


__all__ = [
    "CALLS", "FAN", "Foretold", "LastPlan", "PlanRow", "PlanTarget", "Score", "last_plan", "read_plan", "score_of",
]  # fmt: skip
