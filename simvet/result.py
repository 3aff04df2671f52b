"""A finished run in the hands of a notebook user, and the public ways to get one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simvet.books import Books
from simvet.draws import Draws
from simvet.errors import InputError, nearest
from simvet.indicators import INDICATORS, View
from simvet.loading import load_scenario, require_horizon
from simvet.sampling import Uncertainty
from simvet.scenario import Scenario
from simvet.schedule import Schedule
from simvet.yearly import run

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas
    import xarray

    from simvet.targets import Verdict

Floats = NDArray[np.float64]

MOST_DRAWS = 1_000_000
DEFAULT_DRAWS = 1000


@dataclass
class Result:
    """A run: its scenario, its schedule and its balanced books.

    Notes
    -----
    Shape: arrays are (draw, year, region, ...). Unit: see each method. Errors: see each method. Source: the scenario.
    """

    scenario: Scenario
    schedule: Schedule
    books: Books
    seed: int

    @property
    def view(self) -> View:
        """Return the run as indicators look at it."""
        return View(self.schedule, self.books)

    @property
    def draws(self) -> int:
        """Return the number of draws."""
        return self.schedule.count

    def indicator(self, name: str, stage: str = "region") -> Floats:
        """Return an indicator, shape (draw, year, region), in the unit of ``INDICATORS[name]``.

        Raises
        ------
        InputError : there is no such indicator or stage.
        """
        if name not in INDICATORS:
            raise InputError(
                "indicator", "there is no indicator {name!r}", "Did you mean {near!r}?", name=name, near=nearest(name, INDICATORS)
            )
        if stage != "region":
            self.scenario.pathway.require_stage(stage, "indicator")
        return INDICATORS[name].read(self.view, stage)

    def to_dataset(self) -> xarray.Dataset:
        """Return the books as a labelled dataset with units and long names (xarray)."""
        dataset = self.books.to_dataset()
        dataset.attrs.update(
            title=self.scenario.labels["en"], scenario=self.scenario.name, scenario_digest=self.scenario.digest,
            data_digest=self.scenario.data_digest, seed=self.seed, draws=self.draws,
        )  # fmt: skip
        return dataset

    def to_frame(self) -> pandas.DataFrame:
        """Return the main indicators as a tidy table: one row for indicator, stage, region and year, with quantiles.

        Returns
        -------
        pandas.DataFrame; columns scenario, region, indicator, stage, year, unit, median, low_80, high_80, mean.

        Notes
        -----
        Unit: the column ``unit``; ``low_80`` and ``high_80`` bound the central 80 % of draws. Errors: none. Source: the
        books.
        """
        import pandas as pd  # noqa: PLC0415

        rows = []
        for name, stage in self.scenario_indicators:
            values = self.indicator(name, stage)
            for position, region in enumerate(self.books.regions):
                for column, year in enumerate(self.books.years):
                    drawn = values[:, column, position]
                    if np.all(np.isnan(drawn)):
                        continue
                    low, median, high = np.nanquantile(drawn, [0.1, 0.5, 0.9])
                    rows.append(
                        (self.scenario.name, region, name, stage, year, INDICATORS[name].unit, median, low, high, np.nanmean(drawn))
                    )
        columns = ["scenario", "region", "indicator", "stage", "year", "unit", "median", "low_80", "high_80", "mean"]
        return pd.DataFrame(rows, columns=columns)

    @cached_property
    def scenario_indicators(self) -> list[tuple[str, str]]:
        """Return (indicator, stage) of the tidy table."""
        stages = self.scenario.pathway.stages
        pairs = [(name, stage) for name in ("enrolment", "entrants", "graduates") for stage in stages]
        single = [
            "enrolment_total", "graduates_total", "progression_rate", "topup_rate", "general_vocational_ratio",
            "dropout_rate", "local_retention", "integrated_share", "integrated_local_share", "exam_admission_share", "places",
        ]  # fmt: skip
        admission = [("universal_admission", "middle"), ("universal_admission", "higher_vocational")]
        return pairs + [(name, "region") for name in single] + admission

    def verdicts(self, causes: bool = True, progress: Callable[[str], None] | None = None) -> list[Verdict]:
        """Return the verdict on every target of the register that the flow of students decides.

        Parameters
        ----------
        causes : bool; search the binding cause by relaxing every limit in turn (a dozen more runs).
        progress : callable, optional; told what is being computed.

        Returns
        -------
        list of Verdict, headline targets first.

        Notes
        -----
        Unit: each target's own. Errors: InputError when a target names no indicator. Source: MODEL, section 8.
        """
        from simvet.targets import judge  # noqa: PLC0415

        return judge(self, causes, progress)


def simulate(
    scenario: Scenario | str | Path, draws: int = DEFAULT_DRAWS, seed: int = 1, until: int | None = None,
    engine: str = "cohort", uncertainty: Uncertainty | None = None,
) -> Result:  # fmt: skip
    """Run a scenario.

    Parameters
    ----------
    scenario : Scenario, or the name or path of one.
    draws : int; size of the ensemble.
    seed : int; the same seed gives the same bytes.
    until : int, optional; last school year, by default the scenario's.
    engine : str; ``cohort``.
    uncertainty : Uncertainty, optional; by default parameters, opening and drift, without chance.

    Returns
    -------
    Result.

    Raises
    ------
    InputError : the scenario, the data or an argument is wrong.
    BalanceError : students were lost or invented; an error of the program.

    Notes
    -----
    Unit: persons and persons/year. Source: MODEL.
    """
    chosen = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
    require_draws(draws)
    if until is not None:
        chosen = chosen.with_horizon(require_horizon(until, chosen.base_year, "--until"))
    keyed = Draws(seed)
    schedule = Schedule(chosen, keyed, draws, uncertainty or Uncertainty())
    return Result(chosen, schedule, run(schedule, engine, seed), seed)


def require_draws(draws: int) -> int:
    """Return the number of draws if it can be run; complain if not.

    Parameters
    ----------
    draws : int.

    Returns
    -------
    int.

    Raises
    ------
    InputError : it is below 1 or above MOST_DRAWS.

    Notes
    -----
    Unit: draws. Source: memory of a large machine.
    """
    if not isinstance(draws, int) or isinstance(draws, bool) or not 1 <= draws <= MOST_DRAWS:
        raise InputError("--draws", "{draws} draws cannot be run", "Choose 1 to {most}", draws=draws, most=MOST_DRAWS)
    return draws


def rerun(result: Result, scenario: Scenario) -> Result:
    """Run another scenario of the same regions on the same opening balances and random numbers.

    Parameters
    ----------
    result : Result; supplies seed, draws and opening balances.
    scenario : Scenario with the same regions, base years and data.

    Returns
    -------
    Result.

    Raises
    ------
    ValueError : the regions differ.

    Notes
    -----
    Unit: persons. Source: common random numbers, MODEL section 7.
    """
    if [(c.region, c.base_year) for c in scenario.regions] != [(c.region, c.base_year) for c in result.scenario.regions]:
        raise ValueError("the regions or base years differ")
    old = result.schedule
    schedule = Schedule(scenario, old.draws, old.count, old.uncertainty, old.openings)
    return Result(scenario, schedule, run(schedule, seed=result.seed), result.seed)
