"""Published and derived figures as rows of the ledger: each indicator has one reader."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from simvet.errors import InputError
from simvet.opening.accounts import DEGREES, Accounts
from simvet.opening.ledger import Form, Kind, add_forms, scale_form
from simvet.opening.tolerances import tolerance
from simvet.readable import years_back
from simvet.tables import Row

UNSAID = "coverage_not_said"
COVERAGES = ("with_skilled_worker", "without_skilled_worker")
"""What a figure of secondary vocational schools can cover."""
WIDTH_TO_SPREAD = 3.46
"""A printed figure is uniform within its rounding: the width of its range over the square root of 12 is its spread."""


def add_figure(a: Accounts, row: Row) -> None:
    """Add a published or derived figure as a row of the ledger.

    Parameters
    ----------
    a : Accounts, with all unknowns.
    row : Row whose use is ``figure`` or ``check``.

    Raises
    ------
    InputError : no form reads such a figure.

    Notes
    -----
    Unit: the figure's own; its spread in persons. Source: the row; MODEL, section 1.
    """
    read = READERS.get(row.indicator)
    if read is None or years_back(row.indicator, row.stage) is None:
        raise InputError(
            row.where, "no form reads a figure of {name!r} for {key!r}", "Give the row use = history, or add the form",
            name=row.indicator, key=row.stage,
        )  # fmt: skip
    kind: Kind = "figure" if row.use == "figure" else "check"
    spread = max((row.high - row.low) / WIDTH_TO_SPREAD, tolerance("floor_relative_spread") * abs(row.value))
    # A figure whose page does not say what it covers is compared under both readings, and joined under neither.
    readings = COVERAGES if row.definition == UNSAID else (row.definition,)
    for definition in readings:
        read(
            a, replace(row, definition=definition), f"{row.year} {row.indicator} {row.stage} {definition}",
            "check" if row.definition == UNSAID else kind, spread,
        )  # fmt: skip


def _covered(a: Accounts, row: Row, form: Form) -> Form:
    """Return the form of what a figure covers: city bulletins leave skilled-worker schools out."""
    if row.definition == "without_skilled_worker":
        return scale_form(form, 1.0 - a.sample.of("skilled_worker_share"))
    return form


def _cohort(a: Accounts) -> float:
    """Return the middle-school cohort of the base year, persons, to turn the spread of a ratio into persons."""
    return a.prior("graduates", "middle", a.base)[0]


def _vocational(a: Accounts) -> float:
    """Return about how many enter or leave secondary vocational schools in a year, persons, for the same purpose."""
    return tolerance("size_vocational_of_cohort") * _cohort(a)


def _count(a: Accounts, row: Row, label: str, kind: Kind, spread: float) -> None:
    form: Form = getattr(a, row.indicator)(row.stage, row.year)
    if row.stage == "secondary_vocational":
        form = _covered(a, row, form)
    a.ledger.known(label, kind, form, row.value, row.low, row.high, max(spread, tolerance("floor_count_spread")))


def _enrolment_change(a: Accounts, row: Row, label: str, kind: Kind, spread: float) -> None:
    stock = a.figure("enrolment", row.stage) - row.value
    left = a.sample.of("dropout_rate", row.stage) + a.sample.of("departure_rate", row.stage)
    form = add_forms(a.entrants(row.stage, row.year), scale_form(a.graduates(row.stage, row.year), -1.0))
    moved = left * stock - a.sample.of("arrivals", row.stage)
    spread = max(spread, tolerance("floor_enrolment_change_spread") * stock)
    a.ledger.known(label, kind, form, row.value, row.low, row.high, spread, -moved)


def _graduates_total(a: Accounts, row: Row, label: str, kind: Kind, spread: float) -> None:
    form = add_forms(a.graduates("secondary_vocational", row.year), a.graduates("higher_vocational", row.year))
    a.ledger.known(label, kind, form, row.value, row.low, row.high, spread)


def _ratio_of_entrants(a: Accounts, row: Row, label: str, kind: Kind, spread: float) -> None:
    below = _covered(a, row, a.entrants("secondary_vocational", row.year))
    above = a.entrants("general_high", row.year)
    a.ledger.known_ratio(label, kind, above, below, row.value, row.low, row.high, spread * _vocational(a))


def _ratio_of_enrolment(a: Accounts, row: Row, label: str, kind: Kind, spread: float) -> None:
    below = _covered(a, row, a.enrolment("secondary_vocational", row.year))
    above = a.enrolment("general_high", row.year)
    a.ledger.known_ratio(label, kind, above, below, row.value, row.low, row.high, spread * (_vocational(a) * 3.0))


def _progression_rate(a: Accounts, row: Row, label: str, kind: Kind, spread: float) -> None:
    below = a.graduates("secondary_vocational", row.year)
    above = a.progressed()
    a.ledger.known_ratio(label, kind, above, below, row.value, row.low, row.high, spread * _vocational(a))


def _topup_rate(a: Accounts, row: Row, label: str, kind: Kind, spread: float) -> None:
    above: Form = {f"topup/{option}": 1.0 for option in DEGREES}
    below = a.graduates("higher_vocational", row.year)
    size = a.prior("entrants", "higher_vocational", a.base)[0]
    a.ledger.known_ratio(label, kind, above, below, row.value, row.low, row.high, spread * size)


def _transition_rate(a: Accounts, row: Row, label: str, kind: Kind, spread: float) -> None:
    vocational = scale_form(a.entrants("secondary_vocational", row.year), 1.0 - a.sample.of("outside_entrant_share"))
    above = add_forms(a.entrants("general_high", row.year), vocational)
    below: Form = {f"middle_graduates/{row.year}": 1.0 - a.sample.of("middle_leaving_share")}
    spread = max(spread, tolerance("floor_transition_rate_spread")) * _cohort(a)
    a.ledger.known_ratio(label, kind, above, below, row.value, row.low, row.high, spread)


READERS: dict[str, Callable[[Accounts, Row, str, Kind, float], None]] = {
    "enrolment": _count,
    "entrants": _count,
    "graduates": _count,
    "enrolment_change": _enrolment_change,
    "graduates_total": _graduates_total,
    "general_vocational_ratio_of_entrants": _ratio_of_entrants,
    "general_vocational_ratio_of_enrolment": _ratio_of_enrolment,
    "progression_rate": _progression_rate,
    "topup_rate": _topup_rate,
    "transition_rate": _transition_rate,
}
"""Indicator -> what adds its figures to the ledger; :mod:`simvet.readable` says of which stages and years."""
