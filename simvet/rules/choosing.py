"""Admission to stages and tracks, student by student: every error of the logit model drawn, all options listed.

The same gate as ``admission.place_by_score`` walks through as a continuum, with persons. ``u + Gumbel`` is largest
where ``exponential / exp(u)`` is smallest, so an applicant draws one exponential number for each option and for "not to
continue" (at weight 1) and keeps them for life: another policy changes what is open, never what somebody likes.

Source: MODEL, section 4; the exponential race is Gumbel's maximum in another scale (Yellott 1977).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simvet.rules.chance import CHUNK, fill_words, keyed_words_of
from simvet.rules.compiled import compiled
from simvet.rules.matching import DECLINED, UNPLACED

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Rows = NDArray[np.int32]

SCORE_BINS = 1024
"""Steps of the score scale on which the odds of the options are tabled."""
STRETCHES = 65536
"""Stretches of the table of exponential numbers, straight lines between them."""


def exponential_table() -> Floats:
    """Return the knots between which exponential numbers are read off.

    Returns
    -------
    (STRETCHES + 1,) array; minus the logarithm of 0, 1, ..., STRETCHES parts of the unit interval; the first knot,
    which would be infinite, keeps the mean of its stretch.

    Notes
    -----
    Unit: none. Errors: none. A table gives the same bytes in both twins, a logarithm may not. Source: inverse
    transform.
    """
    part = np.arange(STRETCHES + 1, dtype=np.float64)
    # The mean of the curve over the first stretch is kept: 1 - log(1 / STRETCHES).
    part[0] = 1.0
    knots = -np.log(part / STRETCHES)
    knots[0] = 2.0 * (1.0 + np.log(STRETCHES)) - knots[1]
    return knots


def option_odds(utility: Floats, slope: Floats, bins: int = SCORE_BINS) -> Floats:
    """Return the odds of each option against not continuing, by score bin.

    Parameters
    ----------
    utility, slope : (option,) arrays, logit, and logit per 1.00 of the score quantile.
    bins : int; steps of the score scale.

    Returns
    -------
    (bin, option) array, ratio, at the middle of each bin.

    Notes
    -----
    Errors: none. Source: MODEL, section 4.
    """
    middle = (np.arange(bins) + 0.5) / bins
    return np.asarray(np.exp(utility + slope * middle[:, None]), dtype=np.float64)


def fresh_bins(levels: int, bins: int = SCORE_BINS) -> Rows:
    """Return the score bin of every key of a fresh score, which is uniform, shape (levels,)."""
    return (np.arange(levels, dtype=np.int64) * bins // levels).astype(np.int32)


def ranked_bins(key: Rows, levels: int, bins: int = SCORE_BINS) -> Rows:
    """Return the score bin of every key by its rank among the applicants.

    Parameters
    ----------
    key : (applicant,) array in [0, levels), points.
    levels : int.
    bins : int; steps of the score scale.

    Returns
    -------
    (levels,) array of int32; the bin of the middle of those who share the key.

    Notes
    -----
    Unit: none. Errors: none. Source: the score of MODEL, section 4, is a quantile of the pool.
    """
    many = np.bincount(key, minlength=levels)
    middle = np.cumsum(many) - 0.5 * many
    spot = middle / max(len(key), 1) * bins
    return np.minimum(spot.astype(np.int64), bins - 1).astype(np.int32)


@compiled
def _exponential(word: int, knots: Floats) -> float:
    """Return the exponential number of a random word."""
    stretch = word >> 16
    part = float(word & 65535) / 65536.0
    return float(knots[stretch] + (knots[stretch + 1] - knots[stretch]) * part)


@compiled
def walk_options(
    order: Rows, persons: NDArray[np.uint32], key: Rows, bin_of_key: Rows, odds: Floats, seats: Ints, knots: Floats,
    address: Ints, choice: Rows, cutoff: Rows,
) -> None:  # fmt: skip
    """Let applicants choose in order among the options that are open.

    Parameters
    ----------
    order : (applicant,) array; positions, the highest score first.
    persons, key : (applicant,) arrays; person number and points.
    bin_of_key : (points,) array; score bin of each key.
    odds : (bin, option) array; see :func:`option_odds`. At most seven options.
    seats : (option,) array, whole seats; what is left when the gate closes.
    knots : see :func:`exponential_table`.
    address : (5,) array; address of the random words; two steps are used.
    choice : (applicant,) array, filled; option, DECLINED or UNPLACED.
    cutoff : (option,) array; points of whoever took the last seat, else left alone.

    Notes
    -----
    Unit: persons and points. Errors: none. Source: MODEL, section 4.
    """
    seed_low, seed_high, decision, year, cohort = address[0], address[1], address[2], address[3], address[4]
    options = seats.shape[0]
    upcoming = np.empty(CHUNK, dtype=np.uint32)
    words = np.empty((4, CHUNK), dtype=np.uint32)
    more = np.empty((4, CHUNK), dtype=np.uint32)
    for start in range(0, order.shape[0], CHUNK):
        many = min(CHUNK, order.shape[0] - start)
        for turn in range(many):
            upcoming[turn] = persons[order[start + turn]]
        fill_words(seed_low, seed_high, decision, year, cohort, upcoming, many, words)
        fill_words(seed_low, seed_high, decision + 256, year, cohort, upcoming, many, more)
        for turn in range(many):
            applicant = order[start + turn]
            score_bin = bin_of_key[key[applicant]]
            none = _exponential(int(words[0, turn]), knots)
            best, value, wished = -1, none, False
            any_open = False
            for option in range(options):
                word = words[option + 1, turn] if option < 3 else more[option - 3, turn]
                wish = _exponential(int(word), knots) / odds[score_bin, option]
                wished = wished or wish < none
                if seats[option] > 0:
                    any_open = True
                    if wish < value:
                        best, value = option, wish
            if best >= 0:
                choice[applicant] = best
                seats[best] -= 1
                if seats[best] == 0:
                    cutoff[best] = key[applicant]
            else:
                choice[applicant] = DECLINED if any_open or not wished else UNPLACED


def walk_options_plainly(
    order: Rows, persons: NDArray[np.uint32], key: Rows, bin_of_key: Rows, odds: Floats, seats: Ints, knots: Floats,
    address: Ints, choice: Rows, cutoff: Rows,
) -> None:  # fmt: skip
    """Do what :func:`walk_options` does, in plain numpy, from one closing to the next; parameters are the same.

    Notes
    -----
    Shape, unit and source: as there. Errors: none.
    """
    options = len(seats)
    words = np.concatenate([keyed_words_of(address, persons[order]), keyed_words_of(address, persons[order], 1)])
    words = words[: options + 1].astype(np.int64)
    stretch = words >> 16
    value = knots[stretch] + (knots[stretch + 1] - knots[stretch]) * ((words & 65535).astype(np.float64) / 65536.0)
    value[1:] /= odds[bin_of_key[key[order]]].T
    at, best = 0, np.empty(len(order), dtype=np.int64)
    while at < len(order):
        closed = np.flatnonzero(seats <= 0)
        rest = value[:, at:].copy()
        rest[closed + 1] = np.inf
        found = np.argmin(rest, axis=0) - 1
        end = len(found)
        for option in np.flatnonzero(seats > 0):
            taken = np.flatnonzero(found == option)
            if len(taken) >= seats[option]:
                end = min(end, int(taken[seats[option] - 1]) + 1)
        seats -= np.bincount(found[:end][found[:end] >= 0], minlength=options).astype(seats.dtype)
        best[at : at + end] = found[:end]
        if len(closed) == options:
            willing = (value[1:, at:] < value[0, at:]).any(axis=0)
            best[at:] = np.where(willing, UNPLACED, DECLINED)
            end = len(found)
        last = at + end - 1
        if best[last] >= 0 and seats[best[last]] == 0:
            cutoff[best[last]] = key[order[last]]
        at += end
    choice[order] = best
