"""Every row of the register with its answer: a verdict, the datum that it lacks, or what an instrument does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from simvet.catalogue import CATALOGUE
from simvet.indicators import INDICATORS
from simvet.items import item_id
from simvet.levers import Lever
from simvet.loading import load_register, load_scenario
from simvet.result import Result, simulate
from simvet.runs import DEFAULT_DRAWS, rerun
from simvet.scenario import Target
from simvet.targets import missing_datum
from simvet.trust import Trust, trust_of
from simvet.verdicts import Verdict

ANSWERED, LACKING, INSTRUMENT, BASE_FIGURE = "answered", "lacking", "instrument", "base_figure"
SHOWS: dict[str, tuple[tuple[str, str], ...]] = {
    "performance_pay_uplift": (("training_persons", "region"),),
    "service_pay_uplift_per_head": (("training_persons", "region"),),
    "service_incentive_share": (("training_persons", "region"),),
    "individual_pay_cap": (("training_persons", "region"),),
    "research_reward_share": (("research_income", "region"),),
    "enterprise_tax_credit": (("city_fusion_enterprises", "region"), ("fusion_enterprises", "region")),
    "teacher_hire_experience": (("dual_qualified_share", "secondary_vocational"),),
    "part_time_teacher_share": (("teaching_staff", "region"),),
}
"""Indicators (or items) by which the effect of an instrument is shown, the first that the region has."""


@dataclass(frozen=True)
class Instrument:
    """What an instrument does when it is pulled to the level that the plan prints, from the year after the base on.

    Notes
    -----
    Unit: ``level`` in the quantity's unit; ``change``, ``low`` and ``high`` (80 % band of the paired differences) in
    ``unit``. Errors: none. Source: two runs on the same random numbers.
    """

    quantity: str
    owner: str
    level: float
    level_unit: str
    indicator: str
    stage: str
    unit: str
    before: float
    change: float
    low: float
    high: float


@dataclass(frozen=True)
class RegisterRow:
    """One row of the register, in one reading, with its answer.

    Notes
    -----
    Unit: see the parts. ``number`` counts the rows of the register from 1. ``status`` is one of ANSWERED, LACKING,
    INSTRUMENT and BASE_FIGURE; ``trust`` is how far its verdict carries; a LACKING row whose ``missing`` is None
    lacks its year: it lies before the books begin. Errors: none. Source: ``data/targets/register.csv`` and a run.
    """

    number: int
    target: Target
    status: str
    verdict: Verdict | None = None
    missing: dict[str, str] | None = None
    instrument: Instrument | None = None
    trust: Trust | None = None


def register_regions() -> tuple[str, ...]:
    """Return the regions of the register, in its order; each has a base scenario of its name.

    Returns
    -------
    tuple of str.

    Notes
    -----
    Unit: none. Errors: InputError where the register is wrong. Source: ``data/targets/register.csv``.
    """
    return tuple(dict.fromkeys(target.region for target in load_register()))


def answer_register(result: Result, verdicts: Sequence[Verdict]) -> list[RegisterRow]:
    """Return every row of the register about a run's regions, each with its answer; own targets of a scenario after it.

    Parameters
    ----------
    result : Result.
    verdicts : sequence of Verdict of that run.

    Returns
    -------
    list of RegisterRow in register order; several rows where a text can be read in several ways.

    Notes
    -----
    Unit: see RegisterRow. A row whose year lies before the books begin lacks its year. Errors: none. Source: the
    register.
    """
    numbers = {target.where: number for number, target in enumerate(load_register(), start=1)}
    lights = list(zip(verdicts, trust_of(result, verdicts), strict=True))
    rows = []
    for target in result.scenario.targets:
        number = numbers.get(target.where, 0)
        found = [(v, trust) for v, trust in lights if v.target is target]
        if found:
            status = BASE_FIGURE if target.kind == "baseline" else ANSWERED
            rows += [RegisterRow(number, target, status, verdict=verdict, trust=trust) for verdict, trust in found]
        elif target.kind == "lever":
            rows.append(RegisterRow(number, target, INSTRUMENT, instrument=_pull(result, target)))
        else:
            rows.append(RegisterRow(number, target, LACKING, missing=missing_datum(target)))
    return rows


def answer_targets(
    *regions: str, draws: int = DEFAULT_DRAWS, seed: int = 1, causes: bool = True,
    progress: Callable[[str], None] | None = None,
) -> list[RegisterRow]:  # fmt: skip
    """Answer every row of the register about some regions, by default about all of them.

    Parameters
    ----------
    *regions : str; names of regions or scenarios.
    draws : int.
    seed : int.
    causes : bool; search binding causes, owners and rivals.
    progress : callable, optional; told what is being computed.

    Returns
    -------
    list of RegisterRow; 207 register rows when no region is named, some in several readings.

    Raises
    ------
    InputError : a scenario is wrong.

    Notes
    -----
    Unit: see RegisterRow. Source: MODEL, sections 6 and 8.
    """
    rows = []
    for name in dict.fromkeys(regions or register_regions()):
        result = simulate(load_scenario(name), draws, seed)
        rows += answer_register(result, result.verdicts(causes, progress))
    return rows


def _pull(result: Result, target: Target) -> Instrument | None:
    """Return what the instrument of a row does; None where the region has nothing that shows it."""
    position = result.books.regions.index(target.region)
    case = result.scenario.regions[position]
    shown = next(((name, stage) for name, stage in SHOWS[target.key] if _has(result, target.region, name, stage)), None)
    if shown is None or target.bound is None or target.year not in result.books.years:
        return None
    name, stage = shown
    lever = Lever(
        target.key, target.key, target.region, "", "set", target.bound, case.base_year + 1, None,
        CATALOGUE[target.key].owner, target.document, "register",
    )  # fmt: skip
    column = result.books.years.index(target.year)
    before = result.indicator(name, stage)[:, column, position]
    after = rerun(result, result.scenario.with_levers(lever)).indicator(name, stage)[:, column, position]
    low, middle, high = (float(q) for q in np.nanquantile(after - before, [0.1, 0.5, 0.9]))
    return Instrument(
        target.key, CATALOGUE[target.key].owner, target.bound, CATALOGUE[target.key].unit, name, stage,
        result.unit(name, stage), float(np.nanmedian(before)), middle, low, high,
    )  # fmt: skip


def _has(result: Result, region: str, name: str, stage: str) -> bool:
    return name in INDICATORS or item_id(name, stage) in result.scenario.items[region]
