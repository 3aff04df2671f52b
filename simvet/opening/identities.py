"""What ties the unknowns of a region's accounts to each other: identities, and splits that are only assumed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simvet.opening.accounts import BACK, COLLEGES, DEGREES, TRACKS, Accounts
from simvet.opening.ledger import Form, add_forms, scale_form
from simvet.opening.tolerances import tolerance

Floats = NDArray[np.float64]

TIGHT = 1e-5
"""Spread of an accounting identity, as a share of the middle-school cohort."""


def add_identities(a: Accounts) -> None:
    """Add the rows that hold between the unknowns whatever the figures say.

    Parameters
    ----------
    a : Accounts, with all unknowns.

    Raises
    ------
    InputError : an assumed row is missing.

    Notes
    -----
    Shape: coefficients are numbers or (draw,) arrays. Unit: persons. Source: MODEL, sections 1 and 4.
    """
    _entry_to_senior(a)
    scale = a.prior("graduates", "middle", a.base)[0]
    size = tolerance("size_vocational_of_cohort") * scale
    _transfer(a, scale)
    _vocational_exam(a, size)
    _topup(a, scale)
    _general_exam(a, scale)
    _higher_vocational_entry(a, scale)
    _degree_entry(a, scale)
    if not a.has_figure("progression_rate", "secondary_vocational"):
        wanted = scale_form(a.graduates("secondary_vocational", a.base), -a.sample.of("progression_rate_prior"))
        spread = tolerance("spread_progression_rate") * size
        a.ledger.soft("assumed progression rate", add_forms(a.progressed(), wanted), spread)
    if not a.has_figure("topup_rate", "higher_vocational"):
        wanted = scale_form(a.graduates("higher_vocational", a.base), -a.sample.of("topup_rate_prior"))
        spread = tolerance("spread_topup_rate") * scale
        a.ledger.soft("assumed top-up rate", add_forms(_ones("topup", DEGREES), wanted), spread)


def _ones(gate: str, options: tuple[str, ...]) -> Form:
    """Return the sum of a gate's flows."""
    return {f"{gate}/{option}": 1.0 for option in options}


def _less(form: Form, whole: Form, share: Floats) -> Form:
    """Return a form less its assumed share of another."""
    return add_forms(form, scale_form(whole, -share))


def _entry_to_senior(a: Accounts) -> None:
    """Add what ties middle-school graduates to the entrants of both senior stages, year by year."""
    ledger, base = a.ledger, a.base
    leaving = a.sample.of("middle_leaving_share")
    outside = a.sample.of("outside_entrant_share")
    scale = a.prior("graduates", "middle", base)[0]
    widths = (tolerance("spread_integrated_higher_share"), tolerance("spread_integrated_bachelor_share"))
    for year in range(base - BACK, base + 1):
        general: Form = {f"general_high/{year}": 1.0}
        vocational = a.entrants("secondary_vocational", year)
        pool: Form = {f"middle_graduates/{year}": -(1.0 - leaving)}
        if year == base:
            local = add_forms(vocational, {"outside/secondary_vocational": -1.0}, {"senior_secondary/declined": 1.0})
            ledger.identity("middle leavers of the base year", add_forms(general, local, pool), TIGHT * scale)
            form = _less({"outside/secondary_vocational": 1.0}, vocational, outside)
            ledger.soft("entrants from outside", form, tolerance("spread_outside_entrants") * scale)
        else:
            kept = scale_form(pool, 1.0 - a.sample.of("not_continuing_share"))
            # Leaving in earlier years is only as well known as its drift.
            form = add_forms(general, scale_form(vocational, 1.0 - outside), kept)
            ledger.identity(f"middle leavers {year}", form, tolerance("spread_earlier_middle_leavers") * scale)
        share, spread = a.prior("general_share_prior", "middle", year)
        both = add_forms(general, vocational)
        form = add_forms(general, scale_form(both, -share))
        ledger.soft(f"assumed general share {year}", form, spread * scale * tolerance("size_senior_of_cohort"))
        for track, width in zip(TRACKS[1:], widths, strict=True):
            form = _less({f"secondary_vocational/{track}/{year}": 1.0}, vocational, a.track_share(track, year))
            ledger.soft(f"assumed {track} share {year}", form, width * scale * tolerance("size_vocational_of_cohort"))


def _transfer(a: Accounts, scale: float) -> None:
    """Add what ties integrated students to the colleges that they pass into after three years."""
    ledger, base, of = a.ledger, a.base, a.sample.of
    stay3 = a.stay("secondary_vocational") ** 3
    passed, away = of("transfer_pass_rate"), of("study_elsewhere_share", "secondary_vocational")
    to_vocational = of("integrated_bachelor_to_vocational_share_prior")
    for year in range(base - 2, base + 1):
        form = add_forms(
            {f"higher_vocational/integrated/{year}": 1.0},
            {f"secondary_vocational/integrated_higher/{year - 3}": -(1.0 - away) * passed * stay3},
        )
        spread = TIGHT * scale if year == base else tolerance("spread_earlier_transfer") * scale
        ledger.identity(f"integrated students who pass {year}", form, spread)
    higher = f"secondary_vocational/integrated_higher/{base - 3}"
    bachelor = f"secondary_vocational/integrated_bachelor/{base - 3}"
    here = _ones("transfer_selection", DEGREES[:2])
    ledger.identity("transfer to degrees", add_forms(here, {bachelor: -(1.0 - away) * passed * stay3}), TIGHT * scale)
    gone = -away * passed * stay3
    ledger.identity(
        "transfer elsewhere", {"transfer_selection/elsewhere": 1.0, bachelor: gone, higher: gone}, TIGHT * scale
    )
    form = _less({"transfer_selection/vocational_bachelor": 1.0}, here, to_vocational)
    ledger.soft("transfer to vocational bachelor", form, tolerance("spread_transfer_split") * scale)


def _vocational_exam(a: Accounts, size: float) -> None:
    """Add the assumed splits of those who enter a college by the vocational exam."""
    ledger, of = a.ledger, a.sample.of
    exam, degree = _ones("vocational_exam", COLLEGES), _ones("vocational_exam", DEGREES[:2])
    form = _less(degree, exam, of("bachelor_part_of_vocational_leavers"))
    ledger.soft("bachelor part of vocational leavers", form, tolerance("spread_degree_part_of_exam") * size)
    form = _less({"vocational_exam/vocational_bachelor": 1.0}, degree, of("vocational_bachelor_part"))
    ledger.soft("vocational bachelor part", form, tolerance("spread_vocational_bachelor_part_of_exam") * size)
    form = _less({"vocational_exam/elsewhere": 1.0}, exam, of("study_elsewhere_share", "secondary_vocational"))
    ledger.soft("vocational leavers elsewhere", form, tolerance("spread_exam_elsewhere") * size)


def _topup(a: Accounts, scale: float) -> None:
    """Add the assumed splits of top-up entrants."""
    ledger, of = a.ledger, a.sample.of
    away, vocational = of("study_elsewhere_share", "higher_vocational"), of("topup_vocational_bachelor_share_prior")
    form = _less({"topup/elsewhere": 1.0}, _ones("topup", DEGREES), away)
    ledger.soft("top-up elsewhere", form, tolerance("spread_topup_split") * scale)
    form = _less({"topup/vocational_bachelor": 1.0}, _ones("topup", DEGREES[:2]), vocational)
    ledger.soft("top-up in vocational bachelor", form, tolerance("spread_topup_split") * scale)


def _general_exam(a: Accounts, scale: float) -> None:
    """Add what ties the leavers of general high schools to what becomes of them."""
    ledger, of = a.ledger, a.sample.of
    general = a.graduates("general_high", a.base)
    gaokao = _ones("general_exam", (*COLLEGES, "declined"))
    ledger.identity("general leavers", add_forms(gaokao, scale_form(general, -1.0)), TIGHT * scale)
    size = tolerance("size_general_leavers_of_cohort") * scale
    form = _less({"general_exam/declined": 1.0}, general, of("general_not_continuing_share"))
    ledger.soft("general leavers not continuing", form, tolerance("spread_general_not_continuing") * size)
    form = _less({"general_exam/elsewhere": 1.0}, general, of("study_elsewhere_share", "general_high"))
    ledger.soft("general leavers elsewhere", form, tolerance("spread_general_elsewhere") * size)


def _higher_vocational_entry(a: Accounts, scale: float) -> None:
    """Add where the regular entrants of higher vocational colleges come from."""
    ledger, of = a.ledger, a.sample.of
    regular = f"higher_vocational/regular/{a.base}"
    ledger.identity(
        "entrants of higher vocational",
        {regular: 1.0, "vocational_exam/higher_vocational": -1.0, "general_exam/higher_vocational": -1.0,
         "adult/higher_vocational": -1.0, "outside/higher_vocational": -1.0}, TIGHT * scale,
    )  # fmt: skip
    spread = tolerance("spread_other_college_entrants") * scale
    ledger.soft("adults", {"adult/higher_vocational": 1.0, regular: -of("adult_share")}, spread)
    form: Form = {"outside/higher_vocational": 1.0, regular: -of("college_outside_share", "higher_vocational")}
    ledger.soft("college entrants from elsewhere", form, spread)


def _degree_entry(a: Accounts, scale: float) -> None:
    """Add where the entrants of both bachelor stages come from, track by track."""
    ledger = a.ledger
    extras: dict[str, Form] = {"vocational_bachelor": {}, "bachelor": {"outside/bachelor": -1.0}}
    for stage, extra in extras.items():
        regular: Form = {
            f"{stage}/regular/grade_1": 1.0,
            f"vocational_exam/{stage}": -1.0,
            f"general_exam/{stage}": -1.0,
        }
        ledger.identity(f"entrants of {stage}", add_forms(regular, extra), TIGHT * scale)
        topup: Form = {f"{stage}/topup/grade_1": 1.0, f"topup/{stage}": -1.0}
        ledger.identity(f"top-up entrants of {stage}", topup, TIGHT * scale)
        integrated: Form = {f"{stage}/integrated/grade_1": 1.0, f"transfer_selection/{stage}": -1.0}
        ledger.identity(f"integrated entrants of {stage}", integrated, TIGHT * scale)
    outside = a.sample.of("college_outside_share", "bachelor")
    form: Form = {"outside/bachelor": 1.0, "bachelor/regular/grade_1": -outside}
    ledger.soft("bachelor entrants from elsewhere", form, tolerance("spread_bachelor_outside") * scale)
