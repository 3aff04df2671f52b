"""From the solved accounts to the state that a run starts from: stocks, flows, seats and utilities of the base year."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from simvet.draws import Draws
from simvet.opening.accounts import BACK, TRACKS, Accounts, open_accounts
from simvet.opening.solve import solve_bounded
from simvet.pathway import Pathway
from simvet.rules.admission import place_by_score, utilities_from_shares
from simvet.sampling import Sample, Uncertainty, sample_region, triangular
from simvet.scenario import RegionCase, digest_of
from simvet.tables import Row

Floats = NDArray[np.float64]

METHOD = 5
"""Raised whenever the balance is computed differently, so that no old cache is read."""
NEVER = 1e-3
"""Part of a pool that never continues, so that a gate which placed everybody can still be fitted."""
FITS = 100
"""Rounds of fitting a gate to the base year; most draws need none."""
LEAST = 1e-6
"""Share kept free above a placed share, so that an option never wants fewer than it placed."""


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


def balance(case: RegionCase, rows: Sequence[Row], data_digest: str, draws: Draws, count: int, uncertainty: Uncertainty) -> tuple[Accounts, Floats]:
    """Return the accounts of a region and their drawn solution, from the cache if it has been solved before.

    Parameters
    ----------
    case : RegionCase.
    rows : sequence of Row of the region.
    data_digest : str; names the data in the cache.
    draws : Draws.
    count : int, draws.
    uncertainty : Uncertainty; ``opening`` False solves for the centre alone.

    Returns
    -------
    accounts : Accounts.
    found : (draw, unknown) array, persons.

    Raises
    ------
    InputError : a row is missing or wrong.

    Notes
    -----
    Unit: persons. Source: MODEL, section 1; solved by :func:`simvet.opening.solve.solve_bounded`.
    """
    sample = sample_region(case.region, rows, draws, count, uncertainty.parameters)
    accounts = open_accounts(case.region, case.base_year, rows, sample, count)
    name = digest_of(
        [METHOD, data_digest, case.region, case.base_year, draws.seed, count, uncertainty.parameters, uncertainty.opening]
    )
    path = cache_folder() / f"opening-{case.region}-{name}.npy"
    shape = (count, len(accounts.ledger.names))
    if path.exists():
        found = np.load(path)
        if found.shape == shape:
            return accounts, found
    found = solve_accounts(accounts, draws, uncertainty.opening)
    _keep(path, found)
    return accounts, found


def solve_accounts(accounts: Accounts, draws: Draws, vary: bool, without: str = "", figures: bool = True) -> Floats:
    """Return the unknowns that agree best with prior and rows, draw by draw.

    Parameters
    ----------
    accounts : Accounts.
    draws : Draws.
    vary : bool; perturb prior and rows by their spreads.
    without : str; label of a figure to leave out.
    figures : bool; False leaves out every figure, which shows what prior and identities say alone.

    Returns
    -------
    (draw, unknown) array, persons.

    Notes
    -----
    Unit: persons. Errors: none. Source: MODEL, section 1.
    """
    ledger = accounts.ledger
    left_out = ("check",) if figures else ("check", "figure")
    used = [row for row in ledger.rows if row.kind not in left_out and row.label != without]
    matrix, wanted, spread = ledger.dense_rows(used)
    prior, prior_spread = ledger.prior_arrays()
    if vary:
        region = accounts.sample.region
        for position, row in enumerate(used):
            noise = draws.normal("figure", accounts.base, f"{region}/{row.label}", ledger.draws)
            wanted[:, position] += spread[:, position] * noise
        for unknown, position in ledger.names.items():
            noise = draws.normal("balance", accounts.base, f"{region}/{unknown}", ledger.draws)
            prior[:, position] += prior_spread[:, position] * noise
    return solve_bounded(matrix, wanted, spread, prior, prior_spread)


def cache_folder() -> Path:
    """Return the folder where solved balances are kept.

    Returns
    -------
    Path; ``SIMVET_CACHE`` if set, else ``simvet`` under the user's cache folder.

    Notes
    -----
    Unit: none. Errors: none. Source: XDG base directory specification.
    """
    chosen = os.environ.get("SIMVET_CACHE")
    return Path(chosen) if chosen else Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "simvet"


def _keep(path: Path, found: Floats) -> None:
    """Write a balance under its name in one step; a folder that cannot be written only costs time."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".npy")
        with os.fdopen(handle, "wb") as file:
            np.save(file, found)
        Path(temporary).replace(path)
    except OSError:
        return


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
    _utilities(opening, pathway)
    _seats(opening, pathway, accounts, value, draws)
    return opening


def _stocks_and_flows(case: RegionCase, pathway: Pathway, a: Accounts, value: dict[str, Floats]) -> Opening:
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
    pool: dict[str, Floats] = {}
    placed: dict[str, Floats] = {}
    declined: dict[str, Floats] = {}
    outside = value["outside/secondary_vocational"]
    names = {
        "senior_secondary": [f"general_high/{base}"] + [f"secondary_vocational/{t}/{base}" for t in (*TRACKS[1:], TRACKS[0])],
        "transfer_selection": [f"higher_vocational/integrated/{base}", *[f"transfer_selection/{o}" for o in ("vocational_bachelor", "bachelor", "elsewhere")]],
        "topup": [f"topup/{o}" for o in ("vocational_bachelor", "bachelor", "elsewhere")],
    }
    for exam in ("vocational_exam", "general_exam"):
        names[exam] = [f"{exam}/{o}" for o in ("higher_vocational", "vocational_bachelor", "bachelor", "elsewhere")]
    for gate in pathway.gates:
        placed[gate.key] = np.stack([value[name] for name in names[gate.key]], axis=1)
        pool[gate.key] = sum((graduates[:, index[track]] for track in gate.pool), start=np.zeros(count))
    pool["senior_secondary"] = pool["senior_secondary"] * (1.0 - a.sample.of("middle_leaving_share"))
    placed["senior_secondary"][:, 3] = np.maximum(placed["senior_secondary"][:, 3] - outside, 0.0)
    pool["vocational_exam"] = pool["vocational_exam"] + pool["transfer_selection"] - placed["transfer_selection"].sum(axis=1)
    for key in placed:
        declined[key] = np.maximum(pool[key] - placed[key].sum(axis=1), 0.0)
    integrated = np.stack(
        [np.stack([value[f"secondary_vocational/{t}/{base - back}"] for t in TRACKS[1:]], axis=1) for back in (2, 1, 0)],
        axis=1,
    )
    return Opening(case, a.sample, stock, entrants, graduates, pool, placed, declined, integrated)


def _utilities(o: Opening, pathway: Pathway) -> None:
    """Solve utilities where the base year fixes them; elsewhere take them from the assumed willingness."""
    of = o.sample.of
    for gate in pathway.gates:
        if gate.key == "transfer_selection":
            continue
        share = o.placed[gate.key] / np.maximum(o.pool[gate.key], 1e-9)[:, None]
        total = np.minimum(share.sum(axis=1), 1.0 - 2 * LEAST)
        slope = np.zeros_like(share)
        if gate.key == "senior_secondary":
            none = np.clip(1.0 - total, 1e-4, 1.0)
            general = np.maximum(of("willing_general"), share[:, 0] / (1.0 - none) + LEAST)
            vocational = (1.0 - general) * (1.0 - none)
            integrated = share[:, 1] + share[:, 2]
            sought = np.maximum(of("integrated_preference"), np.minimum(integrated / np.maximum(total - share[:, 0], LEAST), 0.98))
            part = share[:, 1:3] / np.maximum(integrated, LEAST)[:, None]
            wanted = np.column_stack(
                [general * (1.0 - none), vocational[:, None] * sought[:, None] * part, vocational * (1.0 - sought)]
            )
            slope[:, 0] = of("score_slope", "general_high")
            slope[:, 1:3] = of("score_slope", "secondary_vocational")[:, None]
            utility = utilities_from_shares(wanted, slope, 60)
            o.utility[gate.key] = _fit_declined(o, gate.key, utility, slope, none)
        else:
            for option, name in enumerate(gate.options):
                stage = name.split("/")[0]
                slope[:, option] = of("score_slope", "higher_vocational" if stage == "elsewhere" else stage)
            if gate.key == "topup":
                willing = np.minimum(np.maximum(of("willing_topup"), total + LEAST), 1.0 - LEAST)
                o.utility[gate.key] = _topup_utility(o, share, slope, willing)
            else:
                o.utility[gate.key] = _fit_placed(o, gate.key, _exam_utility(o, gate.key, share, slope), slope)
        o.slope[gate.key] = slope


def _topup_utility(o: Opening, share: Floats, slope: Floats, willing: Floats) -> Floats:
    """Return utilities of both bachelor options and of seats elsewhere: never wanted by fewer than were placed."""
    preference = o.sample.of("vocational_bachelor_preference")
    others = share[:, 1:] / np.maximum(share[:, 1:].sum(axis=1, keepdims=True), LEAST)
    wish = np.column_stack([preference * willing, ((1.0 - preference) * willing)[:, None] * others])
    wanted = np.maximum(wish, share * (1.0 + LEAST))
    return utilities_from_shares(wanted * np.minimum(1.0, (1.0 - LEAST) / wanted.sum(axis=1))[:, None], slope, 60)


def _exam_utility(o: Opening, gate: str, share: Floats, slope: Floats) -> Floats:
    """Return utilities of an exam's options: those left when degrees have closed first, then the degrees against them.

    A published split fixes the seats of what closes, not how many wanted it; the wish for a degree is assumed.
    """
    of = o.sample.of
    vocational = gate == "vocational_exam"
    last = [0, 3] if vocational else [0]
    degrees = [1, 2] if vocational else [1, 2, 3]
    if not vocational:
        slope[:, 3] = of("score_slope", "bachelor")
    left = 1.0 - share[:, degrees].sum(axis=1)
    placed = np.minimum(share[:, last].sum(axis=1) / np.maximum(left, LEAST), 1.0 - 2 * LEAST)
    margin = np.maximum(of("willing_margin_vocational" if vocational else "willing_margin_general"), LEAST)
    willing = np.minimum(placed + margin, 1.0 - LEAST)
    whole = share[:, last].sum(axis=1, keepdims=True)
    # Where the base year placed nobody, the wish that is left is split evenly: no seats are no proof of no wish.
    part = np.where(whole > LEAST, share[:, last] / np.maximum(whole, LEAST), 1.0 / len(last))
    utility = np.zeros_like(share)
    utility[:, last] = utilities_from_shares(part * willing[:, None], np.ascontiguousarray(slope[:, last]), 60)
    taken = share[:, degrees].sum(axis=1) / np.maximum(share.sum(axis=1), LEAST)
    wish = np.clip(np.maximum(of("willing_degree_vocational" if vocational else "willing_degree_general"), taken + 0.02), LEAST, 0.99)
    preference = np.maximum(of("vocational_bachelor_preference"), LEAST)
    rest = share[:, degrees[1:]] / np.maximum(share[:, degrees[1:]].sum(axis=1, keepdims=True), LEAST)
    split = np.column_stack([preference, (1.0 - preference)[:, None] * rest])
    centre = utility[:, last] + 0.5 * slope[:, last]
    level = np.log(np.exp(centre).sum(axis=1)) + np.log(wish / (1.0 - wish))
    utility[:, degrees] = level[:, None] + np.log(np.maximum(split, LEAST)) - 0.5 * slope[:, degrees]
    return utility


def _fit_placed(o: Opening, gate: str, utility: Floats, slope: Floats) -> Floats:
    """Raise what fewer want than it placed, until the gate gives back the base year."""
    total = o.placed[gate].sum(axis=1)
    placed = o.placed[gate] * np.minimum(1.0, o.pool[gate] * (1.0 - NEVER) / np.maximum(total, 1e-9))[:, None]
    for _ in range(FITS):
        found = place_by_score(o.pool[gate], utility, slope, placed)[0]
        short = found < placed * (1.0 - 1e-9)
        if not short.any():
            break
        utility = utility + np.where(short, np.log(np.maximum(placed, 1e-9) / np.maximum(found, 1e-9)), 0.0)
    return utility


def _fit_declined(o: Opening, gate: str, utility: Floats, slope: Floats, none: Floats) -> Floats:
    """Shift all options against not continuing until the gate gives back the share that did not continue."""
    seats = o.placed[gate].copy()
    seats[:, -1] = np.inf
    wanted = none * o.pool[gate]
    for _ in range(12):
        _, _, declined, _ = place_by_score(o.pool[gate], utility, slope, seats)
        utility = utility + np.log(np.maximum(declined, 1e-9) / wanted)[:, None]
    return utility


def _seats(o: Opening, pathway: Pathway, a: Accounts, value: dict[str, Floats], draws: Draws) -> None:
    """Read off the base year what later seats grow from."""
    base, of = a.base, a.sample.of
    outside = value["outside/secondary_vocational"]
    senior = o.placed["senior_secondary"]
    planned = np.maximum(o.pool["senior_secondary"] - senior[:, 0] + outside, 1e-9)
    regular = value[f"higher_vocational/regular/{base}"]
    safe = np.maximum(regular, 1e-9)
    enrolment = o.stock[:, pathway.stage_cells("secondary_vocational")].sum(axis=1)
    if a.has_prior("places", "secondary_vocational", base):
        row = next(r for r in a.rows if r.use == "prior" and r.indicator == "places")
        if o.sample.vary:
            uniform = draws.uniform("parameter", 0, f"{a.sample.region}/places", a.ledger.draws)
            places = triangular(uniform, row.low, row.value, row.high)
        else:
            places = np.full(a.ledger.draws, row.value)
    else:
        places = enrolment * (1.0 + of("spare_places"))
    topup, vocational, general = (o.placed[gate] for gate in ("topup", "vocational_exam", "general_exam"))
    o.base.update(
        {
            ("outside_entrants", ""): outside,
            ("integrated_higher_share", ""): senior[:, 1] / planned,
            ("integrated_bachelor_share", ""): senior[:, 2] / planned,
            ("intake_plan", "general_high"): senior[:, 0],
            ("intake_plan", "higher_vocational"): regular + value[f"higher_vocational/integrated/{base}"],
            ("intake_plan", "bachelor"): value["bachelor/regular/grade_1"] + value["bachelor/integrated/grade_1"],
            ("licence", "vocational_bachelor"): value["vocational_bachelor/regular/grade_1"] + value["vocational_bachelor/integrated/grade_1"],
            ("block_share", "vocational"): vocational[:, 0] / safe,
            ("block_share", "general"): general[:, 0] / safe,
            ("block_share", "adult"): value["adult/higher_vocational"] / safe,
            ("block_share", "outside"): value["outside/higher_vocational"] / safe,
            ("integrated_bachelor_to_vocational_share", ""): _part(o.placed["transfer_selection"][:, 1], o.placed["transfer_selection"][:, 2]),
            ("topup_vocational_bachelor_share", ""): _part(topup[:, 0], topup[:, 1]),
            ("topup_seats", ""): topup[:, 0] + topup[:, 1],
            ("elsewhere_seats", "topup"): topup[:, 2],
            ("elsewhere_seats", "vocational_exam"): vocational[:, 3],
            ("elsewhere_seats", "general_exam"): general[:, 3],
            ("adult_demand", ""): value["adult/higher_vocational"],
            ("places", "secondary_vocational"): np.maximum(places, enrolment),
            ("entry_floor", "secondary_vocational"): senior[:, 1:].sum(axis=1) + outside,
            ("teachers", "secondary_vocational"): enrolment / of("students_per_teacher_base"),
        }
    )  # fmt: skip
    for stage, position in (("vocational_bachelor", 1), ("bachelor", 2)):
        total = vocational[:, position] + general[:, position]
        away = value["outside/bachelor"] if stage == "bachelor" else np.zeros_like(total)
        whole = np.maximum(total + away, 1e-9)
        start = of("vocational_bachelor_block_vocational") if stage == "vocational_bachelor" else np.zeros_like(total)
        seen = total + away > 1e-3
        o.college_blocks[stage] = np.column_stack(
            [np.where(seen, vocational[:, position] / whole, start), np.where(seen, general[:, position] / whole, 1.0 - start), np.where(seen, away / whole, 0.0)]
        )


def _part(one: Floats, other: Floats) -> Floats:
    """Return the share of the first in both, zero where there is neither."""
    return np.asarray(one / np.maximum(one + other, 1e-9))


__all__ = ["BACK", "Opening", "balance", "cache_folder", "open_region", "solve_accounts"]
