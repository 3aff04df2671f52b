"""From the solved accounts to the state that a run starts from: stocks, flows, seats and utilities of the base year."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simvet.draws import Draws
from simvet.opening.accounts import COLLEGES, DEGREES, TRACKS, Accounts
from simvet.opening.balance import balance
from simvet.opening.choice import choice_parameters
from simvet.pathway import Pathway
from simvet.rules.names import PROVIDERS
from simvet.sampling import Sample, Uncertainty, triangular
from simvet.scenario import RegionCase
from simvet.tables import Row

Floats = NDArray[np.float64]


@dataclass
class Opening:
    """Stocks of autumn b and flows of year b of one region, draw by draw.

    Notes
    -----
    Shape: leading axis draw; ``stock`` (draw, cell), ``entrants`` and ``graduates`` (draw, track), ``placed`` gate ->
    (draw, option), ``pool`` and ``declined`` gate -> (draw,), ``integrated`` (draw, 3, 2): entrants of both integrated
    tracks in b-2, b-1, b. Unit: persons, persons/year; ``utility`` in logits. Errors: none. Source: the accounts.
    """

    case: RegionCase
    sample: Sample
    stock: Floats
    entrants: Floats
    graduates: Floats
    pool: dict[str, Floats]
    placed: dict[str, Floats]
    declined: dict[str, Floats]
    integrated: Floats
    utility: dict[str, Floats] = field(default_factory=dict)
    slope: dict[str, Floats] = field(default_factory=dict)
    base: dict[tuple[str, str], Floats] = field(default_factory=dict)
    college_blocks: dict[str, Floats] = field(default_factory=dict)


def open_region(
    case: RegionCase, pathway: Pathway, rows: Sequence[Row], data_digest: str, draws: Draws, count: int,
    uncertainty: Uncertainty,
) -> Opening:  # fmt: skip
    """Return the state that a run of one region starts from.

    Parameters
    ----------
    case : RegionCase.
    pathway : Pathway.
    rows : sequence of Row.
    data_digest : str.
    draws : Draws.
    count : int, draws.
    uncertainty : Uncertainty.

    Returns
    -------
    Opening.

    Raises
    ------
    InputError : a row is missing or wrong.

    Notes
    -----
    Unit: persons. Source: MODEL, sections 1, 4 and 5.
    """
    accounts, found = balance(case, rows, data_digest, draws, count, uncertainty)
    value = {name: found[:, position] for name, position in accounts.ledger.names.items()}
    opening = _stocks_and_flows(case, pathway, accounts, value)
    if uncertainty.chance:
        opening.stock = np.rint(opening.stock)
    opening.utility, opening.slope = choice_parameters(pathway, accounts.sample, opening.pool, opening.placed)
    _seats(opening, pathway, accounts, value, draws)
    _college_blocks(opening, value)
    return opening


def _stocks_and_flows(case: RegionCase, pathway: Pathway, a: Accounts, value: dict[str, Floats]) -> Opening:
    stock, entrants, graduates = _by_track(pathway, a, value)
    pool, placed, declined = _at_gates(pathway, a, value, graduates)
    recent = [[value[f"secondary_vocational/{t}/{a.base - back}"] for t in TRACKS[1:]] for back in (2, 1, 0)]
    integrated = np.stack([np.stack(year, axis=1) for year in recent], axis=1)
    return Opening(case, a.sample, stock, entrants, graduates, pool, placed, declined, integrated)


def _by_track(pathway: Pathway, a: Accounts, value: dict[str, Floats]) -> tuple[Floats, Floats, Floats]:
    """Return the stock of every cell, and the entrants and graduates of every track."""
    base = a.base
    count = a.ledger.draws
    stock = np.zeros((count, pathway.cells))
    entrants = np.zeros((count, len(pathway.tracks)))
    graduates = np.zeros((count, len(pathway.tracks)))
    for position, track in enumerate(pathway.tracks):
        stay = a.stay(track.stage)
        for grade in range(track.grades):
            if track.stage in ("primary", "middle"):
                number = value[f"{track.stage}/grade_{grade + 1}"]
            elif track.stage in ("vocational_bachelor", "bachelor"):
                number = value[f"{track.name}/grade_{grade + 1}"]
            else:
                prefix = "general_high" if track.stage == "general_high" else track.name
                number = value[f"{prefix}/{base - grade}"] * stay**grade
            stock[:, track.first_cell + grade] = number
        entrants[:, position] = stock[:, track.first_cell]
        # Students of the last grade a year before; where no older cohort is known, today's last grade stands for it.
        last = stock[:, track.first_cell + track.grades - 1] * stay
        prefix = "general_high" if track.stage == "general_high" else track.name
        older = f"{prefix}/{base - track.grades}"
        graduates[:, position] = value[older] * stay**track.grades if older in value else last
    index = pathway.track_index
    graduates[:, index["primary/regular"]] = value["primary_graduates"]
    graduates[:, index["middle/regular"]] = value[f"middle_graduates/{base}"]
    return stock, entrants, graduates


def _at_gates(
    pathway: Pathway, a: Accounts, value: dict[str, Floats], graduates: Floats
) -> tuple[dict[str, Floats], dict[str, Floats], dict[str, Floats]]:
    """Return who stood at each gate, who was placed by option, and who declined."""
    base, index = a.base, pathway.track_index
    pool: dict[str, Floats] = {}
    placed: dict[str, Floats] = {}
    declined: dict[str, Floats] = {}
    outside = value["outside/secondary_vocational"]
    tracks = [f"secondary_vocational/{track}/{base}" for track in (*TRACKS[1:], TRACKS[0])]
    transfers = [f"transfer_selection/{option}" for option in DEGREES]
    names = {
        "senior_secondary": [f"general_high/{base}", *tracks],
        "transfer_selection": [f"higher_vocational/integrated/{base}", *transfers],
        "topup": [f"topup/{option}" for option in DEGREES],
    }
    for exam in ("vocational_exam", "general_exam"):
        names[exam] = [f"{exam}/{option}" for option in COLLEGES]
    for gate in pathway.gates:
        placed[gate.key] = np.stack([value[name] for name in names[gate.key]], axis=1)
        pool[gate.key] = sum((graduates[:, index[track]] for track in gate.pool), start=np.zeros(a.ledger.draws))
    pool["senior_secondary"] = pool["senior_secondary"] * (1.0 - a.sample.of("middle_leaving_share"))
    placed["senior_secondary"][:, 3] = np.maximum(placed["senior_secondary"][:, 3] - outside, 0.0)
    passed = placed["transfer_selection"].sum(axis=1)
    pool["vocational_exam"] = pool["vocational_exam"] + pool["transfer_selection"] - passed
    for key, people in placed.items():
        declined[key] = np.maximum(pool[key] - people.sum(axis=1), 0.0)
    return pool, placed, declined


def _seats(o: Opening, pathway: Pathway, a: Accounts, value: dict[str, Floats], draws: Draws) -> None:
    """Read off the base year what later seats grow from."""
    base = a.base
    outside = value["outside/secondary_vocational"]
    senior = o.placed["senior_secondary"]
    planned = np.maximum(o.pool["senior_secondary"] - senior[:, 0] + outside, 1e-9)
    regular = value[f"higher_vocational/regular/{base}"]
    safe = np.maximum(regular, 1e-9)
    enrolment = o.stock[:, pathway.stage_cells("secondary_vocational")].sum(axis=1)
    places = _places(a, draws, enrolment)
    licence = value["vocational_bachelor/regular/grade_1"] + value["vocational_bachelor/integrated/grade_1"]
    gates = ("transfer_selection", "topup", "vocational_exam", "general_exam")
    transfer, topup, vocational, general = (o.placed[gate] for gate in gates)
    o.base.update(
        {
            ("outside_entrants", ""): outside,
            ("integrated_higher_share", ""): senior[:, 1] / planned,
            ("integrated_bachelor_share", ""): senior[:, 2] / planned,
            ("intake_plan", "general_high"): senior[:, 0],
            ("intake_plan", "higher_vocational"): regular + value[f"higher_vocational/integrated/{base}"],
            ("intake_plan", "bachelor"): value["bachelor/regular/grade_1"] + value["bachelor/integrated/grade_1"],
            ("licence", "vocational_bachelor"): licence,
            ("block_share", "vocational"): vocational[:, 0] / safe,
            ("block_share", "general"): general[:, 0] / safe,
            ("block_share", "adult"): value["adult/higher_vocational"] / safe,
            ("block_share", "outside"): value["outside/higher_vocational"] / safe,
            ("integrated_bachelor_to_vocational_share", ""): _part(transfer[:, 1], transfer[:, 2]),
            ("topup_vocational_bachelor_share", ""): _part(topup[:, 0], topup[:, 1]),
            ("topup_seats", ""): topup[:, 0] + topup[:, 1],
            ("elsewhere_seats", "topup"): topup[:, 2],
            ("elsewhere_seats", "vocational_exam"): vocational[:, 3],
            ("elsewhere_seats", "general_exam"): general[:, 3],
            ("adult_demand", ""): value["adult/higher_vocational"],
            ("places", "secondary_vocational"): np.maximum(places, enrolment),
            ("entry_floor", "secondary_vocational"): senior[:, 1:].sum(axis=1) + outside,
        }
    )  # fmt: skip
    for stage in PROVIDERS:
        # Added up in memory order, so that a draw alone is the same to the last bit.
        _resources(o, stage, np.ascontiguousarray(o.stock[:, pathway.stage_cells(stage)]).sum(axis=1))


def _resources(o: Opening, stage: str, enrolment: Floats) -> None:
    """Read off the base year what a stage has for its students: teachers, space, books, equipment, money."""
    of = o.sample.of
    o.base.update(
        {
            ("enrolment", stage): enrolment,
            ("teachers", stage): enrolment / of("students_per_teacher_base", stage),
            ("floor_area", stage): enrolment * of("floor_area_per_student_base", stage),
            ("land", stage): enrolment * of("land_per_student_base", stage),
            ("books", stage): enrolment * of("books_per_student_base", stage),
            ("equipment", stage): enrolment * of("equipment_per_student_base", stage),
            ("recurrent_budget", stage): enrolment * of("unit_cost", stage) * of("recurrent_cover", stage),
        }
    )


def _places(a: Accounts, draws: Draws, enrolment: Floats) -> Floats:
    """Return the places of secondary vocational schools: assumed outright, or enrolment and what is spare."""
    if a.has_prior("places", "secondary_vocational", a.base):
        row = next(r for r in a.rows if r.use == "prior" and r.indicator == "places")
        name = f"{a.sample.region}/places"
        if name in draws.given:
            return draws.given[name]
        if a.sample.vary:
            return triangular(draws.each("parameter", 0, name, a.ledger.draws), row.low, row.value, row.high)
        return np.full(a.ledger.draws, row.value)
    return np.asarray(enrolment * (1.0 + a.sample.of("spare_places")))


def _college_blocks(o: Opening, value: dict[str, Floats]) -> None:
    """Read off the base year how the regular seats of both bachelor stages are divided into blocks."""
    vocational, general = o.placed["vocational_exam"], o.placed["general_exam"]
    for stage, position in (("vocational_bachelor", 1), ("bachelor", 2)):
        total = vocational[:, position] + general[:, position]
        away = value["outside/bachelor"] if stage == "bachelor" else np.zeros_like(total)
        whole = np.maximum(total + away, 1e-9)
        start = (
            o.sample.of("vocational_bachelor_block_vocational")
            if stage == "vocational_bachelor"
            else np.zeros_like(total)
        )
        seen = total + away > 1e-3
        o.college_blocks[stage] = np.column_stack(
            [
                np.where(seen, vocational[:, position] / whole, start),
                np.where(seen, general[:, position] / whole, 1.0 - start),
                np.where(seen, away / whole, 0.0),
            ]
        )


def _part(one: Floats, other: Floats) -> Floats:
    """Return the share of the first in both, zero where there is neither."""
    return np.asarray(one / np.maximum(one + other, 1e-9))
