"""What students want: utilities and slopes of every gate, fitted to the base year where it fixes them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simvet.opening.tolerances import tolerance
from simvet.pathway import Gate, Pathway
from simvet.rules.admission import place_by_score, utilities_from_shares
from simvet.sampling import Sample

Floats = NDArray[np.float64]

NEVER = 1e-3
"""Part of a pool that never continues, so that a gate which placed everybody can still be fitted."""
FITS = 100
"""Rounds of fitting a gate to the base year; most draws need none."""
LEAST = 1e-6
"""Share kept free above a placed share, so that an option never wants fewer than it placed."""


def choice_parameters(
    pathway: Pathway, sample: Sample, pool: dict[str, Floats], placed: dict[str, Floats]
) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Solve utilities where the base year fixes them; elsewhere take them from the assumed willingness.

    Parameters
    ----------
    pathway : Pathway.
    sample : Sample; slopes and willingness.
    pool : gate -> (draw,) array, persons who stood at the gate in the base year.
    placed : gate -> (draw, option) array, persons placed in the base year.

    Returns
    -------
    utility : gate -> (draw, option) array, logit, against not continuing at score 0.
    slope : gate -> (draw, option) array, logit per 1.00 of the score quantile.

    Raises
    ------
    InputError : an assumed row is missing.

    Notes
    -----
    Transfer is by selection, not by choice, and has neither. Source: MODEL, section 4.
    """
    utility: dict[str, Floats] = {}
    slope: dict[str, Floats] = {}
    for gate in pathway.gates:
        if gate.key == "transfer_selection":
            continue
        people, seats = pool[gate.key], placed[gate.key]
        share = seats / np.maximum(people, 1e-9)[:, None]
        if gate.key == "senior_secondary":
            slope[gate.key] = _senior_slope(sample, share)
            utility[gate.key] = _senior_utility(sample, share, slope[gate.key], people, seats)
        elif gate.key == "topup":
            slope[gate.key] = _college_slope(sample, gate, share)
            utility[gate.key] = _topup_utility(sample, share, slope[gate.key])
        else:
            slope[gate.key] = _college_slope(sample, gate, share)
            wanted = _exam_utility(sample, gate.key, share, slope[gate.key])
            utility[gate.key] = _fit_placed(people, seats, wanted, slope[gate.key])
    return utility, slope


def _placed_share(share: Floats) -> Floats:
    """Return the share of a pool that was placed, short of everybody."""
    return np.asarray(np.minimum(share.sum(axis=1), 1.0 - 2 * LEAST))


def _senior_slope(sample: Sample, share: Floats) -> Floats:
    slope = np.zeros_like(share)
    slope[:, 0] = sample.of("score_slope", "general_high")
    slope[:, 1:3] = sample.of("score_slope", "secondary_vocational")[:, None]
    return slope


def _college_slope(sample: Sample, gate: Gate, share: Floats) -> Floats:
    slope = np.zeros_like(share)
    elsewhere = "bachelor" if gate.key == "general_exam" else "higher_vocational"
    for option, name in enumerate(gate.options):
        stage = name.split("/")[0]
        slope[:, option] = sample.of("score_slope", elsewhere if stage == "elsewhere" else stage)
    return slope


def _senior_utility(sample: Sample, share: Floats, slope: Floats, pool: Floats, placed: Floats) -> Floats:
    """Return utilities of general high and of the vocational tracks; the last stays open and is solved."""
    of = sample.of
    total = _placed_share(share)
    none = np.clip(1.0 - total, 1e-4, 1.0)
    general = np.maximum(of("willing_general"), share[:, 0] / (1.0 - none) + LEAST)
    vocational = (1.0 - general) * (1.0 - none)
    integrated = share[:, 1] + share[:, 2]
    vocational_share = np.maximum(total - share[:, 0], LEAST)
    seen = np.minimum(integrated / vocational_share, tolerance("ceiling_integrated_seen"))
    sought = np.maximum(of("integrated_preference"), seen)
    part = share[:, 1:3] / np.maximum(integrated, LEAST)[:, None]
    wanted = np.column_stack(
        [general * (1.0 - none), vocational[:, None] * sought[:, None] * part, vocational * (1.0 - sought)]
    )
    return _fit_declined(pool, placed, utilities_from_shares(wanted, slope, 60), slope, none)


def _topup_utility(sample: Sample, share: Floats, slope: Floats) -> Floats:
    """Return utilities of both bachelor options and of seats elsewhere: never wanted by fewer than were placed."""
    willing = np.minimum(np.maximum(sample.of("willing_topup"), _placed_share(share) + LEAST), 1.0 - LEAST)
    preference = sample.of("vocational_bachelor_preference")
    others = share[:, 1:] / np.maximum(share[:, 1:].sum(axis=1, keepdims=True), LEAST)
    wish = np.column_stack([preference * willing, ((1.0 - preference) * willing)[:, None] * others])
    wanted = np.maximum(wish, share * (1.0 + LEAST))
    return utilities_from_shares(wanted * np.minimum(1.0, (1.0 - LEAST) / wanted.sum(axis=1))[:, None], slope, 60)


def _exam_utility(sample: Sample, gate: str, share: Floats, slope: Floats) -> Floats:
    """Return utilities of an exam's options: those left when degrees have closed first, then the degrees against them.

    A published split fixes the seats of what closes, not how many wanted it; the wish for a degree is assumed.
    """
    of = sample.of
    vocational = gate == "vocational_exam"
    last = [0, 3] if vocational else [0]
    degrees = [1, 2] if vocational else [1, 2, 3]
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
    willing = of("willing_degree_vocational" if vocational else "willing_degree_general")
    wish = np.maximum(willing, taken + tolerance("margin_degree_wish"))
    wish = np.clip(wish, LEAST, tolerance("ceiling_degree_wish"))
    preference = np.maximum(of("vocational_bachelor_preference"), LEAST)
    rest = share[:, degrees[1:]] / np.maximum(share[:, degrees[1:]].sum(axis=1, keepdims=True), LEAST)
    split = np.column_stack([preference, (1.0 - preference)[:, None] * rest])
    centre = utility[:, last] + 0.5 * slope[:, last]
    level = np.log(np.exp(centre).sum(axis=1)) + np.log(wish / (1.0 - wish))
    utility[:, degrees] = level[:, None] + np.log(np.maximum(split, LEAST)) - 0.5 * slope[:, degrees]
    return utility


def _fit_placed(pool: Floats, seats: Floats, utility: Floats, slope: Floats) -> Floats:
    """Raise what fewer want than it placed, until the gate gives back the base year."""
    placed = seats * np.minimum(1.0, pool * (1.0 - NEVER) / np.maximum(seats.sum(axis=1), 1e-9))[:, None]
    for _ in range(FITS):
        found = place_by_score(pool, utility, slope, placed)[0]
        short = found < placed * (1.0 - 1e-9)
        if not short.any():
            break
        utility = utility + np.where(short, np.log(np.maximum(placed, 1e-9) / np.maximum(found, 1e-9)), 0.0)
    return utility


def _fit_declined(pool: Floats, placed: Floats, utility: Floats, slope: Floats, none: Floats) -> Floats:
    """Shift all options against not continuing until the gate gives back the share that did not continue."""
    seats = placed.copy()
    seats[:, -1] = np.inf
    wanted = none * pool
    for _ in range(12):
        _, _, declined, _ = place_by_score(pool, utility, slope, seats)
        utility = utility + np.log(np.maximum(declined, 1e-9) / wanted)[:, None]
    return utility
