"""The accounts of a region in its base year: unknown entrants and stocks, identities, and what each figure says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simvet.errors import InputError
from simvet.opening.ledger import Form, Kind, Ledger, add_forms, scale_form
from simvet.sampling import Sample
from simvet.tables import Row

Floats = NDArray[np.float64]

BACK = 5
"""School years of entrants before the base year that stocks and graduates of the base year and 2018 still show."""
RANGE_TO_SPREAD = 3.29
"""A range is read as the central 90 % of a normal prior: its width over 3.29 is the standard deviation."""
TIGHT = 1e-5
"""Spread of an accounting identity, as a share of the middle-school cohort."""
TRACKS = ("regular", "integrated_higher", "integrated_bachelor")


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
                return row.value, max((row.high - row.low) / RANGE_TO_SPREAD, 1e-4 * max(abs(row.value), 1e-3))
        raise InputError(
            f"data/{self.sample.region}/assumptions.csv", "there is no row for {name!r} of {key!r}",
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
        return any(
            row.use == "figure" and (row.indicator, row.stage, row.year) == (indicator, stage, self.base) for row in self.rows
        )

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
                form = add_forms(form, scale_form(self._left_upper_grades(stage, self.base - gone), stay ** (gone - back)))
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

    def _left_upper_grades(self, stage: str, year: int) -> Form:
        """Return those who finished the stage in summer of a year: they stood in its last grade the autumn before."""
        if stage == "middle":
            return {f"middle_graduates/{year}": 1.0}
        if year == self.base:
            return {"primary_graduates": 1.0}
        return scale_form(self.entrants("middle", year), 1.0 / self.sample.of("middle_entry_ratio"))


def open_accounts(region: str, base: int, rows: Sequence[Row], sample: Sample, draws: int) -> Accounts:
    """Return the accounts of a region: unknowns, identities, assumed splits and figures.

    Parameters
    ----------
    region : str.
    base : int; base year.
    rows : sequence of Row of the region.
    sample : Sample; drawn rates and shares.
    draws : int.

    Returns
    -------
    Accounts.

    Raises
    ------
    InputError : a needed row is missing, or a figure has no form.

    Notes
    -----
    Unit: persons. Source: MODEL, sections 1 to 4.
    """
    accounts = Accounts(base, sample, Ledger(draws), rows)
    _schools(accounts)
    _colleges(accounts)
    _entry_to_senior(accounts)
    _entry_to_colleges(accounts)
    for row in rows:
        if row.use in ("figure", "check"):
            _figure(accounts, row, "figure" if row.use == "figure" else "check")
    return accounts


def _schools(a: Accounts) -> None:
    """Add the unknowns of primary, middle, general high and secondary vocational schools."""
    ledger, base = a.ledger, a.base
    for stage, grades in (("primary", 6), ("middle", 3)):
        mean = a.figure("enrolment", stage) / grades
        for grade in range(1, grades + 1):
            name = f"enrolment_grade_{grade}"
            value, spread = a.prior(name, stage, base) if a.has_prior(name, stage, base) else (mean, 0.1 * mean)
            ledger.unknown(f"{stage}/grade_{grade}", value, spread)
    cohort = a.figure("enrolment", "primary") / 6
    ledger.unknown("primary_graduates", cohort, 0.1 * cohort)
    for year in range(base - BACK, base + 1):
        ledger.unknown(f"middle_graduates/{year}", *a.prior("graduates", "middle", year))
    leaving = a.sample.of("middle_leaving_share")
    for year in range(base - BACK, base + 1):
        leavers = a.prior("graduates", "middle", year)[0] * (1.0 - leaving)
        share = a.prior("general_share_prior", "middle", year)[0]
        ledger.unknown(f"general_high/{year}", leavers * share, 0.2 * leavers * share)
    for track in TRACKS:
        for year in range(base - BACK, base + 1):
            leavers = a.prior("graduates", "middle", year)[0] * (1.0 - leaving)
            total = leavers * (1.0 - a.prior("general_share_prior", "middle", year)[0])
            part = total * _track_share(a, track, year)
            ledger.unknown(f"secondary_vocational/{track}/{year}", part, 0.25 * part + 0.01 * total)
    pool = a.prior("graduates", "middle", base)[0] * (1.0 - leaving)
    ledger.unknown("senior_secondary/declined", pool * a.sample.of("not_continuing_share"), 0.3 * pool * a.sample.of("not_continuing_share"))
    outside = a.sample.of("outside_entrant_share") * leavers * 0.5
    ledger.unknown("outside/secondary_vocational", outside, outside + 1e-3 * pool)


def _track_share(a: Accounts, track: str, year: int) -> Floats:
    higher = a.sample.of("integrated_higher_share_prior") * np.exp(a.sample.of("integrated_share_growth") * (year - a.base))
    bachelor = a.sample.of("integrated_bachelor_share_prior")
    return {"regular": 1.0 - higher - bachelor, "integrated_higher": higher, "integrated_bachelor": bachelor}[track]


def _colleges(a: Accounts) -> None:
    """Add the unknowns of higher vocational, vocational bachelor and bachelor, and the flows of the base year."""
    ledger, base = a.ledger, a.base
    for year in range(base - 3, base + 1):
        value, spread = a.prior("entrants", "higher_vocational", year)
        integrated_part = np.minimum(_passing_here(a, max(year, base - 2)), 0.8 * value)
        ledger.unknown(f"higher_vocational/regular/{year}", value - integrated_part, 0.3 * value)
        if year > base - 3:
            ledger.unknown(f"higher_vocational/integrated/{year}", integrated_part, 0.3 * value)
        integrated = f"higher_vocational/integrated/{max(year, base - 2)}"
        ledger.known(
            f"assumed entrants of higher vocational {year}", "soft", {f"higher_vocational/regular/{year}": 1.0, integrated: 1.0},
            value, value - 1.645 * spread, value + 1.645 * spread, spread,
        )  # fmt: skip
    for stage in ("vocational_bachelor", "bachelor"):
        total = a.figure("enrolment", stage)
        for track, grades, share in (("regular", 4, 0.92), ("topup", 2, 0.07), ("integrated", 4, 0.01)):
            for grade in range(1, grades + 1):
                name = f"enrolment_grade_{grade}"
                if track == "regular" and a.has_prior(name, stage, base):
                    value, spread = a.prior(name, stage, base)
                else:
                    value, spread = total * share / grades, 0.5 * total * share / grades + 0.01 * total
                ledger.unknown(f"{stage}/{track}/grade_{grade}", value, spread)
        if total == 0.0:
            continue
        if stage == "bachelor":
            for grade in range(2, 5):
                form: Form = {f"{stage}/regular/grade_{grade}": 1.0, f"{stage}/regular/grade_1": -a.stay(stage) ** (grade - 1)}
                ledger.soft(f"grades of {stage} alike", form, 0.1 * total / 4)
        ledger.soft(
            f"two years of top-up in {stage}",
            {f"{stage}/topup/grade_2": 1.0, f"{stage}/topup/grade_1": -a.stay(stage) / 1.05}, 0.02 * total,
        )  # fmt: skip
        for grade in range(2, 5):
            ledger.soft(
                f"grades of integrated {stage} alike",
                {f"{stage}/integrated/grade_{grade}": 1.0, f"{stage}/integrated/grade_1": -a.stay(stage) ** (grade - 1)},
                0.003 * total,
            )  # fmt: skip
    if not a.has_prior("enrolment", "bachelor", base):
        return
    value, spread = a.prior("enrolment", "bachelor", base)
    ledger.known("assumed bachelor enrolment", "soft", a.enrolment("bachelor", base), value, value, value, spread)


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
    to_degree = a.centre({f"secondary_vocational/{TRACKS[2]}/{base - 3}": stay3}) * of("transfer_pass_rate") * (1.0 - away)
    to_vocational = of("integrated_bachelor_to_vocational_share_prior")
    exam = np.maximum(of("progression_rate_prior") * vocational - passed, 0.05 * vocational)
    degree = of("bachelor_part_of_vocational_leavers") * exam
    topup = of("topup_rate_prior") * college
    topup_away = of("study_elsewhere_share", "higher_vocational") * topup
    topup_vocational = of("topup_vocational_bachelor_share_prior") * (topup - topup_away)
    adults, outside = of("adult_share") * entering, of("college_outside_share", "higher_vocational") * entering
    exam_college = exam * (1.0 - away) - degree
    general_college = np.maximum(entering - exam_college - adults - outside, 0.05 * entering)
    elsewhere = of("study_elsewhere_share", "general_high") * general
    declined = of("general_not_continuing_share") * general
    first_vocational = a.centre({"vocational_bachelor/regular/grade_1": 1.0})
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
        "general_exam/bachelor": np.maximum(general - general_college - elsewhere - declined - first_vocational, 0.1 * general),
        "general_exam/elsewhere": elsewhere,
        "general_exam/declined": declined,
        "adult/higher_vocational": adults,
        "outside/higher_vocational": outside,
        "outside/bachelor": of("college_outside_share", "bachelor") * a.centre({"bachelor/regular/grade_1": 1.0}),
    }


def _entry_to_senior(a: Accounts) -> None:
    """Add what ties middle-school graduates to the entrants of both senior stages, year by year."""
    ledger, base = a.ledger, a.base
    leaving = a.sample.of("middle_leaving_share")
    outside = a.sample.of("outside_entrant_share")
    scale = a.prior("graduates", "middle", base)[0]
    for year in range(base - BACK, base + 1):
        general: Form = {f"general_high/{year}": 1.0}
        vocational = a.entrants("secondary_vocational", year)
        pool: Form = {f"middle_graduates/{year}": -(1.0 - leaving)}
        if year == base:
            local = add_forms(vocational, {"outside/secondary_vocational": -1.0}, {"senior_secondary/declined": 1.0})
            ledger.identity("middle leavers of the base year", add_forms(general, local, pool), TIGHT * scale)
            ledger.soft(
                "entrants from outside", add_forms({"outside/secondary_vocational": 1.0}, scale_form(vocational, -outside)),
                1e-3 * scale,
            )  # fmt: skip
        else:
            kept = scale_form(pool, 1.0 - a.sample.of("not_continuing_share"))
            # Leaving in earlier years is only as well known as its drift: 2 % of the cohort.
            ledger.identity(
                f"middle leavers {year}", add_forms(general, scale_form(vocational, 1.0 - outside), kept), 0.02 * scale
            )
        share, spread = a.prior("general_share_prior", "middle", year)
        both = add_forms(general, vocational)
        ledger.soft(f"assumed general share {year}", add_forms(general, scale_form(both, -share)), spread * scale * 0.9)
        for track, width in (("integrated_higher", 0.03), ("integrated_bachelor", 0.005)):
            form = add_forms(
                {f"secondary_vocational/{track}/{year}": 1.0}, scale_form(vocational, -_track_share(a, track, year))
            )
            ledger.soft(f"assumed {track} share {year}", form, width * scale * 0.45)


def _entry_to_colleges(a: Accounts) -> None:
    """Add the flows of the base year into colleges: transfer, top-up, both exams, adults and outsiders."""
    ledger, base, of = a.ledger, a.base, a.sample.of
    scale = a.prior("graduates", "middle", base)[0]
    vocational = a.graduates("secondary_vocational", base)
    general = a.graduates("general_high", base)
    college = a.graduates("higher_vocational", base)
    size_v, size_g = 0.45 * scale, 0.5 * scale
    for name, centre in _flow_centres(a).items():
        # As wide as it is high: the figures and the assumed splits below decide, not this centre.
        ledger.unknown(name, centre, centre + 1e-3 * scale)
    stay3 = a.stay("secondary_vocational") ** 3
    passed, away, to_vocational = of("transfer_pass_rate"), of("study_elsewhere_share", "secondary_vocational"), of(
        "integrated_bachelor_to_vocational_share_prior"
    )
    for year in range(base - 2, base + 1):
        ledger.identity(
            f"integrated students who pass {year}",
            add_forms(
                {f"higher_vocational/integrated/{year}": 1.0},
                {f"secondary_vocational/integrated_higher/{year - 3}": -(1.0 - away) * passed * stay3},
            ),
            TIGHT * scale if year == base else 0.01 * scale,
        )
    higher = f"secondary_vocational/integrated_higher/{base - 3}"
    bachelor = f"secondary_vocational/integrated_bachelor/{base - 3}"
    here: Form = {"transfer_selection/vocational_bachelor": 1.0, "transfer_selection/bachelor": 1.0}
    ledger.identity("transfer to degrees", add_forms(here, {bachelor: -(1.0 - away) * passed * stay3}), TIGHT * scale)
    ledger.identity(
        "transfer elsewhere",
        {"transfer_selection/elsewhere": 1.0, bachelor: -away * passed * stay3, higher: -away * passed * stay3}, TIGHT * scale,
    )  # fmt: skip
    ledger.soft(
        "transfer to vocational bachelor",
        add_forms({"transfer_selection/vocational_bachelor": 1.0}, scale_form(here, -to_vocational)), 0.001 * scale,
    )  # fmt: skip
    exam: Form = {f"vocational_exam/{o}": 1.0 for o in ("higher_vocational", "vocational_bachelor", "bachelor", "elsewhere")}
    degree: Form = {"vocational_exam/vocational_bachelor": 1.0, "vocational_exam/bachelor": 1.0}
    ledger.soft("bachelor part of vocational leavers", add_forms(degree, scale_form(exam, -of("bachelor_part_of_vocational_leavers"))), 0.01 * size_v)
    ledger.soft("vocational bachelor part", add_forms({"vocational_exam/vocational_bachelor": 1.0}, scale_form(degree, -of("vocational_bachelor_part"))), 0.001 * size_v)
    ledger.soft("vocational leavers elsewhere", add_forms({"vocational_exam/elsewhere": 1.0}, scale_form(exam, -away)), 0.005 * size_v)
    topup: Form = {f"topup/{o}": 1.0 for o in ("vocational_bachelor", "bachelor", "elsewhere")}
    local_topup: Form = {"topup/vocational_bachelor": 1.0, "topup/bachelor": 1.0}
    ledger.soft("top-up elsewhere", add_forms({"topup/elsewhere": 1.0}, scale_form(topup, -of("study_elsewhere_share", "higher_vocational"))), 0.001 * scale)
    ledger.soft("top-up in vocational bachelor", add_forms({"topup/vocational_bachelor": 1.0}, scale_form(local_topup, -of("topup_vocational_bachelor_share_prior"))), 0.001 * scale)
    gaokao: Form = {f"general_exam/{o}": 1.0 for o in ("higher_vocational", "vocational_bachelor", "bachelor", "elsewhere", "declined")}
    ledger.identity("general leavers", add_forms(gaokao, scale_form(general, -1.0)), TIGHT * scale)
    ledger.soft("general leavers not continuing", add_forms({"general_exam/declined": 1.0}, scale_form(general, -of("general_not_continuing_share"))), 0.01 * size_g)
    ledger.soft("general leavers elsewhere", add_forms({"general_exam/elsewhere": 1.0}, scale_form(general, -of("study_elsewhere_share", "general_high"))), 0.05 * size_g)
    regular = f"higher_vocational/regular/{base}"
    ledger.identity(
        "entrants of higher vocational",
        {regular: 1.0, "vocational_exam/higher_vocational": -1.0, "general_exam/higher_vocational": -1.0,
         "adult/higher_vocational": -1.0, "outside/higher_vocational": -1.0}, TIGHT * scale,
    )  # fmt: skip
    ledger.soft("adults", {"adult/higher_vocational": 1.0, regular: -of("adult_share")}, 0.003 * scale)
    ledger.soft("college entrants from elsewhere", {"outside/higher_vocational": 1.0, regular: -of("college_outside_share", "higher_vocational")}, 0.003 * scale)
    for stage, extra in (("vocational_bachelor", {}), ("bachelor", {"outside/bachelor": -1.0})):
        ledger.identity(
            f"entrants of {stage}",
            add_forms({f"{stage}/regular/grade_1": 1.0, f"vocational_exam/{stage}": -1.0, f"general_exam/{stage}": -1.0}, extra),
            TIGHT * scale,
        )
        ledger.identity(f"top-up entrants of {stage}", {f"{stage}/topup/grade_1": 1.0, f"topup/{stage}": -1.0}, TIGHT * scale)
        ledger.identity(
            f"integrated entrants of {stage}", {f"{stage}/integrated/grade_1": 1.0, f"transfer_selection/{stage}": -1.0}, TIGHT * scale
        )
    ledger.soft("bachelor entrants from elsewhere", {"outside/bachelor": 1.0, "bachelor/regular/grade_1": -of("college_outside_share", "bachelor")}, 0.01 * scale)
    if not a.has_figure("progression_rate", "secondary_vocational"):
        progressed = scale_form(vocational, -of("progression_rate_prior"))
        ledger.soft("assumed progression rate", add_forms(_progressed(a), progressed), 0.005 * size_v)
    if not a.has_figure("topup_rate", "higher_vocational"):
        ledger.soft("assumed top-up rate", add_forms(topup, scale_form(college, -of("topup_rate_prior"))), 0.002 * scale)


def _progressed(a: Accounts) -> Form:
    flows: Form = {f"transfer_selection/{o}": 1.0 for o in ("vocational_bachelor", "bachelor", "elsewhere")}
    exam: Form = {f"vocational_exam/{o}": 1.0 for o in ("higher_vocational", "vocational_bachelor", "bachelor", "elsewhere")}
    return add_forms(flows, exam, {f"higher_vocational/integrated/{a.base}": 1.0})


def _covered(a: Accounts, row: Row, form: Form) -> Form:
    """Return the form of what a figure covers: city bulletins leave skilled-worker schools out."""
    if row.definition == "without_skilled_worker":
        return scale_form(form, 1.0 - a.sample.of("skilled_worker_share"))
    return form


def _figure(a: Accounts, row: Row, kind: Kind) -> None:
    """Add a published or derived figure as a row of the ledger."""
    ledger = a.ledger
    label = f"{row.year} {row.indicator} {row.stage} {row.definition}"
    spread = max((row.high - row.low) / 3.46, 1e-4 * abs(row.value))
    if row.indicator in ("enrolment", "entrants", "graduates"):
        form = getattr(a, row.indicator)(row.stage, row.year)
        if row.stage == "secondary_vocational":
            form = _covered(a, row, form)
        ledger.known(label, kind, form, row.value, row.low, row.high, max(spread, 1.0))
    elif row.indicator == "enrolment_change":
        stock = a.figure("enrolment", row.stage) - row.value
        left = a.sample.of("dropout_rate", row.stage) + a.sample.of("departure_rate", row.stage)
        form = add_forms(a.entrants(row.stage, row.year), scale_form(a.graduates(row.stage, row.year), -1.0))
        moved = left * stock - a.sample.of("arrivals", row.stage)
        ledger.known(label, kind, form, row.value, row.low, row.high, max(spread, 1e-3 * stock), -moved)
    elif row.indicator == "graduates_total":
        form = add_forms(a.graduates("secondary_vocational", row.year), a.graduates("higher_vocational", row.year))
        ledger.known(label, kind, form, row.value, row.low, row.high, spread)
    elif row.indicator in ("general_vocational_ratio_of_entrants", "general_vocational_ratio_of_enrolment"):
        measure = a.entrants if row.indicator.endswith("entrants") else a.enrolment
        below = _covered(a, row, measure("secondary_vocational", row.year))
        size = 0.45 * a.prior("graduates", "middle", a.base)[0] * (1.0 if measure == a.entrants else 3.0)
        ledger.known_ratio(label, kind, measure("general_high", row.year), below, row.value, row.low, row.high, spread * size)
    elif row.indicator == "progression_rate":
        below = a.graduates("secondary_vocational", row.year)
        size = 0.45 * a.prior("graduates", "middle", a.base)[0]
        ledger.known_ratio(label, kind, _progressed(a), below, row.value, row.low, row.high, spread * size)
    elif row.indicator == "topup_rate":
        above: Form = {f"topup/{o}": 1.0 for o in ("vocational_bachelor", "bachelor", "elsewhere")}
        size = a.prior("entrants", "higher_vocational", a.base)[0]
        ledger.known_ratio(label, kind, above, a.graduates("higher_vocational", row.year), row.value, row.low, row.high, spread * size)
    elif row.indicator == "transition_rate" and row.stage == "middle":
        vocational = scale_form(a.entrants("secondary_vocational", row.year), 1.0 - a.sample.of("outside_entrant_share"))
        above = add_forms(a.entrants("general_high", row.year), vocational)
        below = {f"middle_graduates/{row.year}": 1.0 - a.sample.of("middle_leaving_share")}
        size = a.prior("graduates", "middle", a.base)[0]
        ledger.known_ratio(label, kind, above, below, row.value, row.low, row.high, max(spread, 0.002) * size)
    else:
        raise InputError(
            row.where, "no form reads a figure of {name!r} for {key!r}", "Give the row use = history, or add the form",
            name=row.indicator, key=row.stage,
        )  # fmt: skip
