"""Flows of students read off the books: each rate with its numerator and denominator spelled out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from simvet.books import Books
from simvet.indicators.view import Indicator, View
from simvet.rules.names import VOCATIONAL

Floats = NDArray[np.float64]


def ratio(above: Floats, below: Floats) -> Floats:
    """Return above / below; NaN where nobody stands below, because a rate of nobody is not a zero.

    Parameters
    ----------
    above, below : (...) arrays in any unit.

    Returns
    -------
    (...) array, ratio.

    Notes
    -----
    Errors: none. Source: MODEL, section 3.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(below > 0.0, above / np.where(below > 0.0, below, 1.0), np.nan))


def progression_rate(books: Books, five_year_counts: bool = True) -> Floats:
    """Return the share of secondary vocational graduates who enter a higher stage in the same autumn.

    Parameters
    ----------
    books : Books.
    five_year_counts : bool; whether graduates of integrated tracks (3+2, five-year, 3+4) count in both parts; if not,
        the rate is that of the exam's pool, in which those who failed the transfer sit beside the regular leavers.

    Returns
    -------
    (draw, year, region) array in [0, 1]; NaN where nobody graduates.

    Notes
    -----
    Numerator: entrants anywhere, other regions included. Denominator: graduates of summer t. Errors: none. Source:
    MODEL, section 3 (中职升学比例).
    """
    exam = np.nansum(books.gate("placed", "vocational_exam"), axis=-1)
    if five_year_counts:
        transfer = np.nansum(books.gate("placed", "transfer_selection"), axis=-1)
        return ratio(exam + transfer, books.stage("graduates", "secondary_vocational"))
    return ratio(exam, books.gate("pool", "vocational_exam"))


def retention_rate(books: Books) -> Floats:
    """Return the share of college leavers starting work who do so in the region.

    Parameters
    ----------
    books : Books.

    Returns
    -------
    (draw, year, region) array in [0, 1].

    Notes
    -----
    Denominator: higher vocational graduates who start work. Errors: none. Source: MODEL, section 3 (留舟率, 留温率).
    """
    position = books.pathway.stage_index["higher_vocational"]
    return ratio(books.arrays["work_in_region"][..., position], books.arrays["start_work"][..., position])


def _progression(view: View, _: str) -> Floats:
    return progression_rate(view.books, view.schedule.scenario.five_year_counts)


def _retention(view: View, _: str) -> Floats:
    return retention_rate(view.books)


def _enrolment(view: View, stage: str) -> Floats:
    return view.books.enrolment(stage)


def _enrolment_total(view: View, _: str) -> Floats:
    return np.asarray(sum(view.books.enrolment(stage) for stage in VOCATIONAL))


def _trained_in_three_years(view: View, _: str) -> Floats:
    """Count everyone who was in a vocational school at some time in the three years that end in t."""
    books = view.books
    stock = _enrolment_total(view, "")
    came = np.asarray(sum(books.stage("entrants", stage) for stage in VOCATIONAL))
    # Who moves up from one vocational school to the next was counted already.
    for gate, options in (("transfer_selection", (0, 1)), ("topup", (0,)), ("vocational_exam", (0, 1))):
        came = came - np.nansum(books.gate("placed", gate)[..., list(options)], axis=-1)
    total = np.full_like(stock, np.nan)
    total[:, 2:] = stock[:, :-2] + came[:, 1:-1] + came[:, 2:]
    return total


def _topup(view: View, _: str) -> Floats:
    placed = np.nansum(view.books.gate("placed", "topup"), axis=-1)
    return ratio(placed, view.books.stage("graduates", "higher_vocational"))


def _general_share(view: View, _: str) -> Floats:
    general = view.books.stage("entrants", "general_high")
    return ratio(general, general + view.books.stage("entrants", "secondary_vocational"))


def _universal_admission(view: View, stage: str) -> Floats:
    gates = ("senior_secondary",) if stage == "middle" else ("vocational_exam", "general_exam")
    placed = sum(np.nansum(view.books.gate("placed", gate), axis=-1) for gate in gates)
    unplaced = np.asarray(sum(view.books.gate("unplaced", gate) for gate in gates))
    # Less than half a person without a place is nobody.
    return ratio(np.asarray(placed), np.asarray(placed) + np.where(unplaced < 0.5, 0.0, unplaced))


def _dropout(view: View, stage: str) -> Floats:
    stages = VOCATIONAL if stage == "region" else (stage,)
    left = np.asarray(sum(view.books.stage("dropouts", s) for s in stages))
    stock = np.asarray(sum(view.books.enrolment(s) for s in stages))
    rate = np.full_like(stock, np.nan)
    rate[:, 1:] = ratio(left[:, 1:], stock[:, :-1])
    return rate


def _integrated_share(view: View, _: str) -> Floats:
    books = view.books
    integrated = sum(
        books.track("entrants", f"secondary_vocational/{t}") for t in ("integrated_higher", "integrated_bachelor")
    )
    return ratio(np.asarray(integrated), books.stage("entrants", "secondary_vocational"))


def _integrated_local_share(view: View, _: str) -> Floats:
    books = view.books
    entrants = books.stage("entrants", "higher_vocational")
    outside = books.arrays["outside_entrants"][..., books.pathway.stage_index["higher_vocational"]]
    return ratio(books.track("entrants", "higher_vocational/integrated"), entrants - outside)


def _integrated_lowest_college(view: View, _: str) -> Floats:
    """Read the lowest of the colleges, their spread around the mean drawn once for each draw."""
    mean = np.clip(_integrated_local_share(view, ""), 1e-9, 1.0 - 1e-9)
    lowest = np.zeros(mean.shape)
    for position, opening in enumerate(view.schedule.openings):
        sample = opening.sample
        if not (sample.has("college_count") and sample.has("college_spread")):
            lowest[:, :, position] = np.nan
            continue
        colleges = np.rint(sample.of("college_count"))
        offsets = [
            np.where(
                n < colleges,
                view.schedule.draws.normal("college", 0, f"{sample.region}/college {n}", view.schedule.count), np.inf,
            )
            for n in range(int(colleges.max()))
        ]  # fmt: skip
        lowest[:, :, position] = (np.min(offsets, axis=0) * sample.of("college_spread"))[:, None]
    return np.asarray(1.0 / (1.0 + np.exp(-(np.log(mean / (1.0 - mean)) + lowest))))


def _exam_admission(view: View, _: str) -> Floats:
    """Read the rate of those who wanted a place: who chose not to continue did not sit the exam for one."""
    placed = np.nansum(view.books.gate("placed", "vocational_exam"), axis=-1)
    return ratio(placed, placed + view.books.gate("unplaced", "vocational_exam"))


def _exam_admission_of_leavers(view: View, _: str) -> Floats:
    placed = np.nansum(view.books.gate("placed", "vocational_exam"), axis=-1)
    return ratio(placed, view.books.gate("pool", "vocational_exam"))


def _integrated_stays(view: View, _: str) -> Floats:
    """Read the other way: the share of integrated students whose later seat is in the region's own colleges."""
    placed = view.books.gate("placed", "transfer_selection")
    return ratio(placed[..., 0], np.nansum(placed[..., [0, 3]], axis=-1))


def _flat(name: str) -> Callable[[View, str], Floats]:
    def read(view: View, _: str) -> Floats:
        return view.books.arrays[name]

    return read


def _flow(name: str) -> Callable[[View, str], Floats]:
    def read(view: View, stage: str) -> Floats:
        return view.books.stage(name, stage)

    return read


def _graduates_total(view: View, _: str) -> Floats:
    return np.asarray(sum(view.books.stage("graduates", s) for s in ("secondary_vocational", "higher_vocational")))


_MOVES = ("dropout_rate", "repetition_rate", "departure_rate", "transfer_rate")
_FEED = ("births", "entrants_per_birth", "middle_entry_ratio", "middle_leaving_share", "arrivals")
_STOCK = ("enrolment", "entrants", "graduates", *_MOVES, *_FEED, "willing_general", "general_seat_elasticity",
          "spare_places", "intake_plan_growth", "approvals_per_year", "approval_intake")  # fmt: skip
_UPWARD = ("progression_rate", "progression_rate_prior", "vocational_block_growth", "intake_plan_growth",
           "willing_margin_vocational", "transfer_pass_rate", "integrated_higher_share_prior", "elsewhere_seat_growth",
           "bachelor_part_of_vocational_leavers")  # fmt: skip
_TOPUP = ("topup_rate", "topup_rate_prior", "topup_seat_growth", "willing_topup",
          "topup_vocational_bachelor_share_prior")  # fmt: skip
_INTEGRATED = ("integrated_higher_share_prior", "integrated_bachelor_share_prior", "integrated_share_growth",
               "transfer_pass_rate", "study_elsewhere_share")  # fmt: skip
_SPLIT = ("general_share_prior", "general_vocational_ratio_of_entrants", "willing_general", "general_seat_elasticity",
          "graduates")  # fmt: skip
_WILLING = ("transition_rate", "not_continuing_share", "willing_general", "spare_places", "willing_margin_vocational",
            "willing_margin_general", "intake_plan_growth")  # fmt: skip

FLOWS: dict[str, Indicator] = {
    "enrolment": Indicator(_enrolment, "persons", inputs=_STOCK),
    "enrolment_total": Indicator(_enrolment_total, "persons", ("region",), _STOCK),
    "trained_in_three_years": Indicator(_trained_in_three_years, "persons", ("region",), _STOCK),
    "entrants": Indicator(_flow("entrants"), "persons/year", inputs=_STOCK),
    "graduates": Indicator(_flow("graduates"), "persons/year", inputs=_STOCK),
    "graduates_total": Indicator(_graduates_total, "persons/year", ("region",), ("graduates_total", *_STOCK)),
    "progression_rate": Indicator(_progression, "share", ("secondary_vocational",), _UPWARD),
    "topup_rate": Indicator(_topup, "share", ("higher_vocational",), _TOPUP),
    "general_vocational_ratio": Indicator(_general_share, "share", ("middle",), _SPLIT),
    "universal_admission": Indicator(_universal_admission, "share", ("middle", "higher_vocational"), _WILLING),
    "dropout_rate": Indicator(_dropout, "share", inputs=("dropout_rate", "drift_sd", "drift_persistence")),
    "local_retention": Indicator(
        _retention, "share", ("higher_vocational",), ("work_in_region_share", "work_in_region_growth")
    ),
    "integrated_share": Indicator(_integrated_share, "share", ("secondary_vocational",), _INTEGRATED),
    "integrated_local_share": Indicator(_integrated_local_share, "share", ("higher_vocational",), _INTEGRATED),
    "integrated_lowest_college": Indicator(
        _integrated_lowest_college, "share", ("higher_vocational",), (*_INTEGRATED, "college_count", "college_spread")
    ),
    "integrated_stays": Indicator(_integrated_stays, "share", ("higher_vocational",), _INTEGRATED),
    "exam_admission_share": Indicator(_exam_admission, "share", ("secondary_vocational",), _UPWARD),
    "exam_admission_of_leavers": Indicator(_exam_admission_of_leavers, "share", ("secondary_vocational",), _UPWARD),
    "places": Indicator(_flat("places"), "places", ("secondary_vocational",), ("places", "spare_places", "projects")),
    "new_school_places": Indicator(_flat("opened_places"), "places", ("secondary_vocational",), ("projects",)),
    "international_students": Indicator(
        _flat("international_students"), "persons/year", ("region",),
        ("international_students", "international_student_growth"),
    ),
}  # fmt: skip
"""Indicators of students and their ways, by name."""
