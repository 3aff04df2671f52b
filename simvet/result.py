"""A finished run in the hands of a notebook user, and the public way to get one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from simvet.conflicts import Conflict, conflicts_of
from simvet.errors import InputError, nearest
from simvet.rules.names import LIMITS, PROVIDERS
from simvet.runs import DEFAULT_DRAWS, Run, rerun, start_run
from simvet.sampling import Uncertainty
from simvet.scenario import Scenario
from simvet.trust import Trust, trust_of
from simvet.verdicts import Verdict, judge

if TYPE_CHECKING:
    import pandas
    import xarray

    from simvet.engines.agents import AgentWorld
    from simvet.lives import Biography


@dataclass
class Result(Run):
    """A run with what a notebook user asks of it.

    Notes
    -----
    Shape: arrays are (draw, year, region, ...). Unit: see each method. Errors: see each method. Source: the scenario.
    """

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
            unit = self.unit(name, stage)
            for position, region in enumerate(self.books.regions):
                for column, year in enumerate(self.books.years):
                    drawn = values[:, column, position]
                    if np.all(np.isnan(drawn)):
                        continue
                    low, median, high = np.nanquantile(drawn, [0.1, 0.5, 0.9])
                    rows.append(
                        (
                            self.scenario.name,
                            region,
                            name,
                            stage,
                            year,
                            unit,
                            median,
                            low,
                            high,
                            np.nanmean(drawn),
                        )
                    )
        columns = ["scenario", "region", "indicator", "stage", "year", "unit", "median", "low_80", "high_80", "mean"]
        return pd.DataFrame(rows, columns=columns)

    @property
    def scenario_indicators(self) -> list[tuple[str, str]]:
        """Return (indicator, stage) of the tidy table."""
        stages = self.scenario.pathway.stages
        pairs = [(name, stage) for name in ("enrolment", "entrants", "graduates") for stage in stages]
        single = [
            "enrolment_total", "graduates_total", "progression_rate", "topup_rate", "general_vocational_ratio",
            "dropout_rate", "local_retention", "integrated_share", "integrated_local_share", "exam_admission_share",
            "places", "training_persons", "training_ratio", "dual_qualified_share", "recurrent_need", "capital_need",
            "financing_gap", "funding_ratio_to_general", "public_funding_per_student", "appropriation_per_student",
        ]  # fmt: skip
        admission = [("universal_admission", "middle"), ("universal_admission", "higher_vocational")]
        staged = [
            (name, stage)
            for name in ("dual_qualified_share", "postgraduate_teacher_share", "students_per_teacher",
                         "equipment_per_student", "effective_places", "cost_per_graduate")
            for stage in PROVIDERS
        ]  # fmt: skip
        items = {item.id: item for found in self.scenario.items.values() for item in found.values()}
        counted = [(item.key, item.stage) for item in items.values()]
        return pairs + [(name, "region") for name in single] + admission + staged + counted

    def verdicts(self, causes: bool | None = None, progress: Callable[[str], None] | None = None) -> list[Verdict]:
        """Return the verdict on every target of the register that can be computed, in every reading of its text.

        Parameters
        ----------
        causes : bool, optional; search the binding cause by relaxing every limit in turn (some thirty more runs). By
            default yes for the cohort engine, no for the agent engine, whose runs take seconds each.
        progress : callable, optional; told what is being computed.

        Returns
        -------
        list of Verdict, headline targets first.

        Notes
        -----
        Unit: each target's own. Errors: InputError when a target names no indicator. Source: MODEL, section 8.
        """
        return judge(self, self.engine == "cohort" if causes is None else causes, progress)

    def trust(self, verdicts: Sequence[Verdict]) -> tuple[Trust, ...]:
        """Return how far to trust each of some verdicts, in their order; see :func:`simvet.trust.trust_of`."""
        return trust_of(self, verdicts)

    @property
    def agents(self) -> AgentWorld:
        """Return the students and schools of a run of the agent engine.

        Raises
        ------
        InputError : the run is one of another engine.
        """
        from simvet.engines.agents import AgentWorld  # noqa: PLC0415

        if not isinstance(self.world, AgentWorld):
            raise InputError(
                "result", "the {word} engine has no single students", "Run the scenario with engine agents",
                word=self.engine,
            )  # fmt: skip
        return self.world

    def biography(
        self, student: int, other: Result | None = None, draw: int = 0, region: str | None = None
    ) -> Biography:
        """Return the life of one student, and what would have become of the same person under another scenario.

        Parameters
        ----------
        student : int; row of the student store, from 0.
        other : Result, optional; a run of the agent engine with the same seed and regions.
        draw : int.
        region : str, optional; by default the first of the scenario.

        Returns
        -------
        Biography.

        Raises
        ------
        InputError : there is no such student, draw or region, or a run has no single students.

        Notes
        -----
        Unit: school years. Source: the student store; both lives meet the same random numbers.
        """
        from simvet.lives import biography_of  # noqa: PLC0415

        regions = self.books.regions
        if region is not None and region not in regions:
            raise InputError(
                "biography", "{kind} {word!r} is unknown", "Did you mean {near!r}?", kind="region", word=region,
                near=nearest(region, regions),
            )  # fmt: skip
        place = 0 if region is None else regions.index(region)
        if other is not None and (other.seed, other.books.regions) != (self.seed, regions):
            raise InputError(
                "biography",
                "the other run has another seed or other regions",
                "Run both with the same seed and regions",
            )
        return biography_of(self.agents, student, draw, place, None if other is None else other.agents)

    def admissions(self) -> pandas.DataFrame:
        """Return seats, placed, first choices and cut-offs by programme, gate and year; see ``simvet.admissions``."""
        from simvet.admissions import admissions_frame  # noqa: PLC0415

        return admissions_frame(self.agents)

    def matching(self) -> pandas.DataFrame:
        """Return first-choice share, empty seats and mismatch by gate and year; see ``simvet.admissions``."""
        from simvet.admissions import matching_frame  # noqa: PLC0415

        return matching_frame(self.agents)

    def schools(self) -> pandas.DataFrame:
        """Return every school as it stands at the end of the run; see ``simvet.admissions``."""
        from simvet.admissions import schools_frame  # noqa: PLC0415

        return schools_frame(self.agents)

    def conflicts(self, verdicts: Sequence[Verdict] | None = None) -> list[Conflict]:
        """Return which targets pull each other down, by which lever and how hard.

        Parameters
        ----------
        verdicts : sequence of Verdict, optional; as :meth:`verdicts` returns them, by default searched anew.

        Returns
        -------
        list of Conflict, the largest losses first.

        Notes
        -----
        Unit: each target's own. Errors: as :meth:`verdicts`. Source: MODEL, section 8.
        """
        return conflicts_of(self.verdicts() if verdicts is None else verdicts)

    def binding(self) -> pandas.DataFrame:
        """Return which limit sets the seats: one row for region, stage, year and limit, with its share of the draws.

        Returns
        -------
        pandas.DataFrame; columns region, stage, year, limit, share.

        Notes
        -----
        Unit: share of draws. Errors: none. Source: the books, array ``binding``, which holds every draw.
        """
        import pandas as pd  # noqa: PLC0415

        rows = []
        for position, region in enumerate(self.books.regions):
            for place, stage in enumerate(self.scenario.pathway.stages):
                for column, year in enumerate(self.books.years):
                    found = self.books.arrays["binding"][:, column, position, place]
                    for number in np.unique(found[np.isfinite(found)]):
                        share = float(np.mean(found == number))
                        rows.append((region, stage, year, LIMITS[int(number)], share))
        return pd.DataFrame(rows, columns=["region", "stage", "year", "limit", "share"])


def simulate(
    scenario: Scenario | str | Path, draws: int | None = None, seed: int = 1, until: int | None = None,
    engine: str = "cohort", uncertainty: Uncertainty | None = None, tell: Callable[[str], None] | None = None,
) -> Result:  # fmt: skip
    """Run a scenario.

    Parameters
    ----------
    scenario : Scenario, or the name or path of one.
    draws : int, optional; size of the ensemble: by default 1000 of the cohort engine, one world of the agent engine.
    seed : int; the same seed gives the same bytes.
    until : int, optional; last school year, by default the scenario's.
    engine : str; ``cohort``, or ``agents`` for one row a student.
    uncertainty : Uncertainty, optional; by default parameters, opening and drift, without chance; one world of single
        students stands at the most likely numbers unless ``draws`` or ``uncertainty`` are given.
    tell : callable, optional; told ``compiling`` before rules for single students are compiled for the first time.

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
    run = start_run(scenario, draws, seed, until, engine, uncertainty, tell)
    return Result(run.scenario, run.schedule, run.books, run.seed, run.engine, run.world)


__all__ = ["DEFAULT_DRAWS", "Result", "rerun", "simulate"]
