"""The accounts of a region in its base year: its ledger, and what stocks and flows are in terms of the unknowns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simvet.errors import InputError
from simvet.opening.ledger import Form, Ledger, add_forms, scale_form
from simvet.opening.tolerances import tolerance
from simvet.sampling import Sample
from simvet.tables import Row

Floats = NDArray[np.float64]

BACK = 5
"""School years of entrants before the base year that stocks and graduates of the base year and 2018 still show."""
RANGE_TO_SPREAD = 3.29
"""A range is read as the central 90 % of a normal prior: its width over 3.29 is the standard deviation."""
NOT_ZERO = 1e-3
"""Stands for a value of zero when a least spread is taken of it, so that the solver never divides by nothing."""
TRACKS = ("regular", "integrated_higher", "integrated_bachelor")
"""Tracks of secondary vocational schools."""
DEGREES = ("vocational_bachelor", "bachelor", "elsewhere")
"""Where transfer and top-up lead."""
COLLEGES = ("higher_vocational", *DEGREES)
"""Where both exams lead."""


@dataclass
class Accounts:
    """The ledger of one region, with the helpers that name its unknowns.

    Notes
    -----
    Shape: coefficients are (draw,) arrays. Unit: persons. Errors: a figure that no form reads is an InputError.
    Source: MODEL, sections 1 to 4; ``data/<region>``.
    """

    base: int
    sample: Sample
    ledger: Ledger
    rows: Sequence[Row]

    def stay(self, stage: str) -> Floats:
        """Return the share that neither drops out nor departs in a year."""
        return np.asarray(1.0 - self.sample.of("dropout_rate", stage) - self.sample.of("departure_rate", stage))

    def prior(self, indicator: str, stage: str, year: int) -> tuple[float, float]:
        """Return value and spread of an assumed row of the balance."""
        for row in self.rows:
            if row.use == "prior" and (row.indicator, row.stage, row.year) == (indicator, stage, year):
                least = tolerance("floor_relative_spread") * max(abs(row.value), NOT_ZERO)
                return row.value, max((row.high - row.low) / RANGE_TO_SPREAD, least)
        raise InputError(
            f"data/{self.sample.region}", "there is no row for {name!r} of {key!r}",
            "Add a row with value, range, unit, status and reason", name=f"{indicator} {year}", key=stage,
        )  # fmt: skip

    def has_prior(self, indicator: str, stage: str, year: int) -> bool:
        """Return whether there is such an assumed row."""
        return any(r.use == "prior" and (r.indicator, r.stage, r.year) == (indicator, stage, year) for r in self.rows)

    def figure(self, indicator: str, stage: str) -> float:
        """Return a figure of the base year, to centre a prior on."""
        for row in self.rows:
            if row.use == "figure" and (row.indicator, row.stage, row.year) == (indicator, stage, self.base):
                return row.value
        return self.prior(indicator, stage, self.base)[0]

    def has_figure(self, indicator: str, stage: str) -> bool:
        """Return whether a figure of the base year is published or derived."""
        wanted = (indicator, stage, self.base)
        return any(row.use == "figure" and (row.indicator, row.stage, row.year) == wanted for row in self.rows)

    def centre(self, form: Form) -> Floats:
        """Return what the priors alone say about a form, persons, shape (draw,)."""
        total = np.zeros(self.ledger.draws)
        for name, number in form.items():
            total = total + number * self.ledger.prior[self.ledger.names[name]]
        return total

    def cohorts(self, stage: str) -> list[tuple[str, int]]:
        """Return (unknown prefix, first year) of the tracks whose entrants are unknown."""
        if stage == "general_high":
            return [("general_high", self.base - BACK)]
        if stage == "secondary_vocational":
            return [(f"secondary_vocational/{track}", self.base - BACK) for track in TRACKS]
        return [("higher_vocational/regular", self.base - 3), ("higher_vocational/integrated", self.base - 2)]

    def entrants(self, stage: str, year: int) -> Form:
        """Return the entrants of a stage in a year, all tracks."""
        if stage in ("primary", "middle"):
            if year == self.base:
                return {f"{stage}/grade_1": 1.0}
            back = self.base - year
            return {f"{stage}/grade_{back + 1}": 1.0 / self.stay(stage) ** back}
        return {f"{prefix}/{year}": 1.0 for prefix, first in self.cohorts(stage) if year >= first}

    def graduates(self, stage: str, year: int) -> Form:
        """Return the graduates of a stage in summer of a year."""
        stay = self.stay(stage)
        if stage == "primary":
            return {"primary_graduates": 1.0}
        if stage == "middle":
            return {f"middle_graduates/{year}": 1.0}
        if stage == "higher_vocational":
            return {
                f"higher_vocational/regular/{year - 3}": stay**3,
                f"higher_vocational/integrated/{year - 2}": stay**2,
            }
        return scale_form(self.entrants(stage, year - 3), stay**3)

    def enrolment(self, stage: str, year: int) -> Form:
        """Return the autumn stock of a stage."""
        stay = self.stay(stage)
        back = self.base - year
        if stage in ("primary", "middle"):
            grades = 6 if stage == "primary" else 3
            form: Form = {f"{stage}/grade_{g}": 1.0 / stay**back for g in range(back + 1, grades + 1)}
            for gone in range(back):
                left = self._left_upper_grades(stage, self.base - gone)
                form = add_forms(form, scale_form(left, stay ** (gone - back)))
            return form
        if stage in ("vocational_bachelor", "bachelor"):
            sizes = {"regular": 4, "topup": 2, "integrated": 4}
            return {f"{stage}/{t}/grade_{g}": 1.0 for t, size in sizes.items() for g in range(1, size + 1)}
        total: Form = {}
        for prefix, _ in self.cohorts(stage):
            grades = 2 if prefix.endswith("higher_vocational/integrated") else 3
            for g in range(grades):
                total = add_forms(total, {f"{prefix}/{year - g}": stay**g})
        return total

    def progressed(self) -> Form:
        """Return the leavers of secondary vocational schools who go on to any college in the base year."""
        flows: Form = {f"transfer_selection/{option}": 1.0 for option in DEGREES}
        exam: Form = {f"vocational_exam/{option}": 1.0 for option in COLLEGES}
        return add_forms(flows, exam, {f"higher_vocational/integrated/{self.base}": 1.0})

    def track_share(self, track: str, year: int) -> Floats:
        """Return the assumed share of a track in the entrants of secondary vocational schools, shape (draw,)."""
        of = self.sample.of
        higher = of("integrated_higher_share_prior") * np.exp(of("integrated_share_growth") * (year - self.base))
        bachelor = of("integrated_bachelor_share_prior")
        shares = {"regular": 1.0 - higher - bachelor, "integrated_higher": higher, "integrated_bachelor": bachelor}
        return np.asarray(shares[track])

    def _left_upper_grades(self, stage: str, year: int) -> Form:
        """Return those who finished the stage in summer of a year: they stood in its last grade the autumn before."""
        if stage == "middle":
            return {f"middle_graduates/{year}": 1.0}
        if year == self.base:
            return {"primary_graduates": 1.0}
        return scale_form(self.entrants("middle", year), 1.0 / self.sample.of("middle_entry_ratio"))
