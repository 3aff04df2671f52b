"""The unknowns of a region's accounts, each with what is assumed of it before any figure is read."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simvet.opening.accounts import BACK, RANGE_TO_SPREAD, TRACKS, Accounts
from simvet.opening.ledger import Form
from simvet.opening.tolerances import tolerance

Floats = NDArray[np.float64]


def add_unknowns(a: Accounts) -> None:
    """Add every unknown of the accounts with its prior, and what is assumed of the stocks of colleges.

    Parameters
    ----------
    a : Accounts, still empty.

    Raises
    ------
    InputError : an assumed row is missing.

    Notes
    -----
    Shape: priors are numbers or (draw,) arrays. Unit: persons. Source: MODEL, section 1; ``data/<region>``.
    """
    _schools(a)
    _senior_schools(a)
    _higher_vocational(a)
    for stage in ("vocational_bachelor", "bachelor"):
        _degrees(a, stage)
    if a.has_prior("enrolment", "bachelor", a.base):
        value, spread = a.prior("enrolment", "bachelor", a.base)
        form = a.enrolment("bachelor", a.base)
        a.ledger.known("assumed bachelor enrolment", "soft", form, value, value, value, spread)


def add_flows(a: Accounts) -> None:
    """Add the flows of the base year into colleges as unknowns.

    Parameters
    ----------
    a : Accounts, with the unknowns of all stages.

    Raises
    ------
    InputError : an assumed row is missing.

    Notes
    -----
    Shape: priors are (draw,) arrays. Unit: persons. Source: MODEL, sections 1 and 4; ``data/<region>``.
    """
    scale = a.prior("graduates", "middle", a.base)[0]
    for name, centre in _flow_centres(a).items():
        # As wide as it is high: the figures and the assumed splits decide, not this centre.
        a.ledger.unknown(name, centre, centre + tolerance("floor_prior_college_flow") * scale)


def _schools(a: Accounts) -> None:
    """Add the unknowns of primary and middle schools."""
    ledger, base = a.ledger, a.base
    for stage, grades in (("primary", 6), ("middle", 3)):
        # Never centred on a figure: leaving that figure out would then change nothing.
        for grade in range(1, grades + 1):
            ledger.unknown(f"{stage}/grade_{grade}", *a.prior(f"enrolment_grade_{grade}", stage, base))
    ledger.unknown("primary_graduates", *a.prior("graduates", "primary", base))
    for year in range(base - BACK, base + 1):
        ledger.unknown(f"middle_graduates/{year}", *a.prior("graduates", "middle", year))


def _senior_schools(a: Accounts) -> None:
    """Add the unknowns of general high and secondary vocational schools."""
    ledger, base = a.ledger, a.base
    leaving = a.sample.of("middle_leaving_share")
    for year in range(base - BACK, base + 1):
        leavers = a.prior("graduates", "middle", year)[0] * (1.0 - leaving)
        share = a.prior("general_share_prior", "middle", year)[0]
        ledger.unknown(
            f"general_high/{year}", leavers * share, tolerance("prior_width_general_entrants") * leavers * share
        )
    for track in TRACKS:
        for year in range(base - BACK, base + 1):
            leavers = a.prior("graduates", "middle", year)[0] * (1.0 - leaving)
            total = leavers * (1.0 - a.prior("general_share_prior", "middle", year)[0])
            part = total * a.track_share(track, year)
            spread = (
                tolerance("prior_width_vocational_track") * part + tolerance("floor_prior_vocational_track") * total
            )
            ledger.unknown(f"secondary_vocational/{track}/{year}", part, spread)
    pool = a.prior("graduates", "middle", base)[0] * (1.0 - leaving)
    declined = a.sample.of("not_continuing_share")
    ledger.unknown("senior_secondary/declined", pool * declined, tolerance("prior_width_declined") * pool * declined)
    outside = a.sample.of("outside_entrant_share") * leavers * tolerance("size_vocational_part_of_leavers")
    ledger.unknown("outside/secondary_vocational", outside, outside + tolerance("floor_prior_outside_entrants") * pool)


def _higher_vocational(a: Accounts) -> None:
    """Add the entrants of higher vocational colleges, and the assumed total of both tracks."""
    ledger, base = a.ledger, a.base
    width, ceiling = tolerance("prior_width_college_entrants"), tolerance("ceiling_passing_share_of_entrants")
    for year in range(base - 3, base + 1):
        value, spread = a.prior("entrants", "higher_vocational", year)
        integrated_part = np.minimum(_passing_here(a, max(year, base - 2)), ceiling * value)
        ledger.unknown(f"higher_vocational/regular/{year}", value - integrated_part, width * value)
        if year > base - 3:
            ledger.unknown(f"higher_vocational/integrated/{year}", integrated_part, width * value)
        integrated = f"higher_vocational/integrated/{max(year, base - 2)}"
        both: Form = {f"higher_vocational/regular/{year}": 1.0, integrated: 1.0}
        ledger.known(
            f"assumed entrants of higher vocational {year}", "soft", both, value, value - RANGE_TO_SPREAD / 2 * spread,
            value + RANGE_TO_SPREAD / 2 * spread, spread,
        )  # fmt: skip


def _degrees(a: Accounts, stage: str) -> None:
    """Add the grades of a bachelor stage, and what is assumed of how they follow each other."""
    ledger, base = a.ledger, a.base
    total = a.prior("enrolment", stage, base)[0]
    width, floor = tolerance("prior_width_degree_grade"), tolerance("floor_prior_degree_grade")
    for track, grades, share in (
        ("regular", 4, tolerance("split_degree_regular")),
        ("topup", 2, tolerance("split_degree_topup")),
        ("integrated", 4, tolerance("split_degree_integrated")),
    ):
        for grade in range(1, grades + 1):
            name = f"enrolment_grade_{grade}"
            if track == "regular" and a.has_prior(name, stage, base):
                value, spread = a.prior(name, stage, base)
            else:
                value, spread = total * share / grades, width * total * share / grades + floor * total
            ledger.unknown(f"{stage}/{track}/grade_{grade}", value, spread)
    if total == 0.0:
        return
    if stage == "bachelor":
        for grade in range(2, 5):
            form = _like_the_first(a, stage, "regular", grade)
            ledger.soft(f"grades of {stage} alike", form, tolerance("spread_degree_grades_alike") * total / 4)
    growing = a.stay(stage) / tolerance("growth_topup_entrants")
    form = {f"{stage}/topup/grade_2": 1.0, f"{stage}/topup/grade_1": -growing}
    ledger.soft(f"two years of top-up in {stage}", form, tolerance("spread_topup_years_alike") * total)
    for grade in range(2, 5):
        form = _like_the_first(a, stage, "integrated", grade)
        ledger.soft(f"grades of integrated {stage} alike", form, tolerance("spread_integrated_grades_alike") * total)


def _like_the_first(a: Accounts, stage: str, track: str, grade: int) -> Form:
    """Return by how much a grade exceeds what the first would have become by then."""
    return {f"{stage}/{track}/grade_{grade}": 1.0, f"{stage}/{track}/grade_1": -(a.stay(stage) ** (grade - 1))}


def _passing_here(a: Accounts, year: int) -> Floats:
    """Return the centre of integrated students who pass into the region's own colleges in a year."""
    of = a.sample.of
    leavers = a.centre({f"secondary_vocational/integrated_higher/{year - 3}": a.stay("secondary_vocational") ** 3})
    return np.asarray(leavers * of("transfer_pass_rate") * (1.0 - of("study_elsewhere_share", "secondary_vocational")))


def _flow_centres(a: Accounts) -> dict[str, Floats]:
    """Return centres of the base year's flows into colleges, from the assumed rates and shares, never from a figure."""
    of, base = a.sample.of, a.base
    away = of("study_elsewhere_share", "secondary_vocational")
    stay3 = a.stay("secondary_vocational") ** 3
    vocational = a.centre(a.graduates("secondary_vocational", base))
    general = a.centre(a.graduates("general_high", base))
    college = a.centre(a.graduates("higher_vocational", base))
    entering = a.centre({f"higher_vocational/regular/{base}": 1.0})
    passed = a.centre({f"secondary_vocational/{t}/{base - 3}": stay3 for t in TRACKS[1:]}) * of("transfer_pass_rate")
    bachelor = a.centre({f"secondary_vocational/{TRACKS[2]}/{base - 3}": stay3})
    to_degree = bachelor * of("transfer_pass_rate") * (1.0 - away)
    to_vocational = of("integrated_bachelor_to_vocational_share_prior")
    least = tolerance("floor_exam_share_of_leavers") * vocational
    exam = np.maximum(of("progression_rate_prior") * vocational - passed, least)
    degree = of("bachelor_part_of_vocational_leavers") * exam
    topup = of("topup_rate_prior") * college
    topup_away = of("study_elsewhere_share", "higher_vocational") * topup
    topup_vocational = of("topup_vocational_bachelor_share_prior") * (topup - topup_away)
    adults, outside = of("adult_share") * entering, of("college_outside_share", "higher_vocational") * entering
    exam_college = exam * (1.0 - away) - degree
    least = tolerance("floor_general_share_of_college_entrants") * entering
    general_college = np.maximum(entering - exam_college - adults - outside, least)
    elsewhere = of("study_elsewhere_share", "general_high") * general
    declined = of("general_not_continuing_share") * general
    first_vocational = a.centre({"vocational_bachelor/regular/grade_1": 1.0})
    degree_rest = general - general_college - elsewhere - declined - first_vocational
    return {
        "transfer_selection/vocational_bachelor": to_vocational * to_degree,
        "transfer_selection/bachelor": (1.0 - to_vocational) * to_degree,
        "transfer_selection/elsewhere": passed * away,
        "vocational_exam/higher_vocational": np.maximum(exam_college, 0.0),
        "vocational_exam/vocational_bachelor": of("vocational_bachelor_part") * degree,
        "vocational_exam/bachelor": (1.0 - of("vocational_bachelor_part")) * degree,
        "vocational_exam/elsewhere": exam * away,
        "topup/vocational_bachelor": topup_vocational,
        "topup/bachelor": topup - topup_away - topup_vocational,
        "topup/elsewhere": topup_away,
        "general_exam/higher_vocational": general_college,
        "general_exam/vocational_bachelor": first_vocational,
        "general_exam/bachelor": np.maximum(degree_rest, tolerance("floor_degree_share_of_general_leavers") * general),
        "general_exam/elsewhere": elsewhere,
        "general_exam/declined": declined,
        "adult/higher_vocational": adults,
        "outside/higher_vocational": outside,
        "outside/bachelor": of("college_outside_share", "bachelor") * a.centre({"bachelor/regular/grade_1": 1.0}),
    }
