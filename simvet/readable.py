"""Which rows of the data the opening balance can read: what is published of what, and for how many years back."""

from __future__ import annotations

from collections.abc import Iterable

from simvet.errors import InputError, nearest
from simvet.pathway import Pathway
from simvet.tables import Row

READABLE_FIGURES = {
    ("enrolment", "primary"): 3, ("enrolment", "middle"): 2, ("enrolment", "general_high"): 3,
    ("enrolment", "secondary_vocational"): 3, ("enrolment", "higher_vocational"): 1,
    ("enrolment", "vocational_bachelor"): 0, ("enrolment", "bachelor"): 0,
    ("entrants", "primary"): 5, ("entrants", "middle"): 2, ("entrants", "general_high"): 5,
    ("entrants", "secondary_vocational"): 5, ("entrants", "higher_vocational"): 2,
    ("graduates", "primary"): 0, ("graduates", "middle"): 5, ("graduates", "general_high"): 2,
    ("graduates", "secondary_vocational"): 2, ("graduates", "higher_vocational"): 0,
    ("enrolment_change", "primary"): 0, ("enrolment_change", "middle"): 2, ("graduates_total", ""): 0,
    ("general_vocational_ratio_of_entrants", ""): 5, ("general_vocational_ratio_of_enrolment", ""): 3,
    ("progression_rate", ""): 0, ("topup_rate", ""): 0, ("transition_rate", "middle"): 5,
}  # fmt: skip
"""Figures that the opening balance can read, with the years back from the base year for which it can."""


def years_back(indicator: str, stage: str) -> int | None:
    """Return for how many years before the base year the opening balance can read a figure.

    Parameters
    ----------
    indicator, stage : str, as in a row of the data.

    Returns
    -------
    int, or None if no form reads such a figure.

    Notes
    -----
    Unit: years. Errors: none. Source: READABLE_FIGURES.
    """
    return READABLE_FIGURES.get((indicator, stage), READABLE_FIGURES.get((indicator, "")))


def require_readable(rows: Iterable[Row], base_year: int, pathway: Pathway) -> None:
    """Complain about rows that the opening balance would not read, or would read as something else.

    Parameters
    ----------
    rows : iterable of Row of one region.
    base_year : int, school year.
    pathway : Pathway.

    Raises
    ------
    InputError : a stage is not on the pathway, or a figure has no form or lies too far back.

    Notes
    -----
    Unit: none. Source: READABLE_FIGURES.
    """
    stages = (*pathway.stages, *(gate.key for gate in pathway.gates), "region")
    for row in rows:
        if row.use not in ("figure", "check", "prior"):
            continue
        if row.stage not in stages:
            raise InputError(
                row.where, "stage {stage!r} is not on the pathway", "Did you mean {near!r}?", stage=row.stage,
                near=nearest(row.stage, stages),
            )  # fmt: skip
        if row.use == "prior":
            continue
        back = years_back(row.indicator, row.stage)
        if back is None:
            raise InputError(
                row.where, "no form reads a figure of {name!r} for {key!r}",
                "Give the row use = history, or add the form", name=row.indicator, key=row.stage,
            )  # fmt: skip
        if not base_year - back <= row.year <= base_year:
            raise InputError(
                row.where, "the balance of {base} does not see {name!r} of {key!r} in {year}",
                "Give the row use = history, or change base_year", base=base_year, name=row.indicator,
                key=row.stage, year=row.year,
            )  # fmt: skip
