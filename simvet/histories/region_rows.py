"""The history of one of the project's regions, from its rows of data, and its scenario refitted to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from simvet.edits import Edit, identity_of
from simvet.errors import InputError
from simvet.histories.components import Floats
from simvet.histories.few_years import FEWEST, FewYears, carry_few_years, fit_few_years, usual_rates
from simvet.histories.labels import stage_facts
from simvet.histories.posterior import keyed_normals
from simvet.histories.record import Column, Record
from simvet.histories.table import History, history_of
from simvet.scenario import Scenario
from simvet.tables import Row

STAGES = ("primary", "middle", "general_high", "secondary_vocational", "higher_vocational", "bachelor")
MEASURES = ("enrolment", "entrants", "graduates")
REASON = "fitted to the published stocks of {first} to {last} (simvet calibrate)"
INNER_90 = (0.05, 0.5, 0.95)


@dataclass(frozen=True)
class Refit:
    """A region's scenario refitted to its history.

    Notes
    -----
    Shape: ``stocks`` (draw, stage, lead) from the year after the history. ``left_out`` maps stages that could not be
    fitted to how many years of them are known. Unit: persons. Errors: none. Source: :func:`refit`.
    """

    fit: FewYears
    stages: tuple[str, ...]
    stocks: Floats
    edits: tuple[Edit, ...]
    left_out: dict[str, int]


def region_history(scenario: Scenario, region: str) -> tuple[History, dict[str, int]]:
    """Return what is published of a region's stages up to the base year of its scenario.

    Parameters
    ----------
    scenario : Scenario.
    region : str.

    Returns
    -------
    (History of whole stages, dict of stage left out -> years known).

    Raises
    ------
    InputError : no stage is known in two consecutive years.

    Notes
    -----
    Of several definitions of a stage the one with most years counts, since the others would break the series. Unit:
    persons. Source: the rows.
    """
    case = next(case for case in scenario.regions if case.region == region)
    rows = [
        row for row in scenario.rows[region]
        if row.indicator in MEASURES and row.stage in STAGES and not row.track and row.status != "assumed"
        and row.year <= case.base_year and row.definition != "plan_target"
    ]  # fmt: skip
    kept, left_out = [], {}
    for stage in STAGES:
        own = _one_definition([row for row in rows if row.stage == stage])
        years = {row.year for row in own if row.indicator == "enrolment"}
        if any(year + 1 in years for year in years) and stage_facts(stage).canonical in usual_rates():
            kept += own
        elif own:
            left_out[stage] = len(years)
    if not kept:
        raise InputError(
            region, "no stage is published for two consecutive years up to {year}", "Bring a table of its history",
            year=case.base_year,
        )  # fmt: skip
    return _history(kept, region), left_out


def _one_definition(rows: list[Row]) -> list[Row]:
    counted = Counter(row.definition for row in rows if row.indicator == "enrolment")
    if not counted:
        return []
    best = max(counted, key=lambda name: (counted[name], name))
    return [row for row in rows if row.definition == best]


def _history(rows: Iterable[Row], region: str) -> History:
    some = list(rows)
    years = tuple(range(min(row.year for row in some), max(row.year for row in some) + 1))
    stages = [stage for stage in STAGES if any(row.stage == stage for row in some)]
    counts = np.full((len(MEASURES), 1, len(stages), len(years)), np.nan)
    for row in reversed(some):
        counts[MEASURES.index(row.indicator), 0, stages.index(row.stage), row.year - years[0]] = row.value
    columns = tuple(Column(stage_facts(stage).canonical, None) for stage in stages)
    labels = np.full(counts.shape[1:], None, dtype=object)
    labels[np.isfinite(counts).any(axis=0)] = "all"
    return history_of(Record(region, (region,), years, columns, counts, labels, None), FEWEST)


def refit(scenario: Scenario, region: str, leads: int = 5, draws: int = 1000, seed: int = 1) -> Refit:
    """Fit a region's history, carry it forward, and put what was fitted in the place of what was assumed.

    Parameters
    ----------
    scenario : Scenario.
    region : str.
    leads : int, years ahead.
    draws : int.
    seed : int.

    Returns
    -------
    Refit.

    Raises
    ------
    InputError : the history is too short.

    Notes
    -----
    Assumed numbers of grades in the base year and of leavers are replaced by their posterior, 90 % of it between low
    and high. Unit: persons. Source: :mod:`simvet.histories.few_years`.
    """
    history, left_out = region_history(scenario, region)
    fit = fit_few_years(history)
    stages = tuple(stage for stage in STAGES if stage_facts(stage).canonical in [c.stage for c in history.columns])
    key = ("few years", region, history.years[-1])
    theta = fit.best + keyed_normals(seed, (*key, "posterior"), (draws, len(fit.best))) @ fit.root.T
    reason = REASON.format(first=history.years[0], last=history.years[-1])
    edits = []
    for row in scenario.rows[region]:
        if row.status == "assumed" and row.use == "prior" and row.stage in stages:
            drawn = _drawn(fit, theta, stages.index(row.stage), row)
            if drawn is not None:
                low, value, high = (float(round(x)) for x in np.quantile(drawn, INNER_90))
                edits.append(Edit(identity_of(row), value, low, high, reason))
    return Refit(fit, stages, carry_few_years(fit, leads, draws, seed), tuple(edits), left_out)


def _drawn(fit: FewYears, theta: Floats, stage: int, row: Row) -> Floats | None:
    """Return draws of what a row assumes; None where the fit does not say it."""
    cohorts, (retention, _) = theta[:, fit.cohort_slice(stage)], fit.rates(theta)
    kept = retention[:, stage]
    if row.indicator.startswith("enrolment_grade_"):
        age = int(row.indicator.rpartition("_")[2]) - 1
    elif row.indicator == "graduates":
        age = fit.facts[stage].years
    else:
        return None
    place = row.year - age - fit.first[stage]
    if not 0 <= place < cohorts.shape[1]:
        return None
    return np.asarray(np.exp(cohorts[:, place] + kept * age), dtype=float)
