"""Score-ordered admission gates: the continuum with cut-offs, and the same in whole persons.

Students with score quantile ``s`` value option ``k`` at ``alpha_k + beta_k * s`` plus a standard Gumbel error, "do not
continue" at zero plus such an error. Seats go by serial dictatorship in score order. Going down the score scale the
share choosing ``k`` is the softmax over the options still open; an option closes at the score where its seats are used
up: its cut-off.

Sources: Azevedo & Leshno (2016) for market-clearing cut-offs; Chen & Kesten (2017) for the parallel mechanism.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from simvet.rules.chance import keyed_uniform
from simvet.rules.compiled import compiled
from simvet.rules.quantiles import binomial_quantile

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Keys = NDArray[np.uint64]

BINS = 20
"""Score bins of the continuum; with midpoint softmax the error is about 1e-5 of the mass, 2e-4 where a slope of 5 meets
two cut-offs (measured in tests/agree)."""
REFINEMENTS = 4
"""Rounds in which the score of a cut-off is found inside its bin."""
SLACK = 1.0 + 1e-12
"""Covers the rounding of the quick test whether an option may run out of seats."""
PERSON_BINS = 80
"""Score bins for whole persons, who cannot look for a cut-off inside a bin and so need finer ones."""


@compiled
def _weights(utility: Floats, slope: Floats, is_open: Flags, score: float, weight: Floats) -> float:
    """Fill ``weight`` with the odds of each open option against not continuing; return their sum."""
    total = 0.0
    for option in range(utility.shape[0]):
        weight[option] = math.exp(utility[option] + slope[option] * score) if is_open[option] else 0.0
        total += weight[option]
    return total


@compiled
def _some_may_close(taken: float, weight: Floats, seats: Floats, placed: Floats) -> bool:
    """Say whether any option may run out of seats in a bin; spares most bins the exact test with its divisions."""
    may_close = False
    for option in range(weight.shape[0]):
        may_close = may_close or taken * weight[option] * SLACK > seats[option] - placed[option]
    return may_close


@compiled
def _open_options(seats: Floats, whole: bool, placed: Floats, cutoff: Floats, is_open: Flags) -> bool:
    """Clear ``placed``, open every option that has a seat, and say whether any has."""
    any_open = False
    for option in range(seats.shape[0]):
        placed[option] = 0.0
        is_open[option] = seats[option] >= 1.0 if whole else seats[option] > 0.0
        cutoff[option] = 0.0 if is_open[option] else 1.0
        any_open = any_open or is_open[option]
    return any_open


@compiled
def _any_open(is_open: Flags) -> bool:
    """Say whether any option is still open."""
    any_open = False
    for option in range(is_open.shape[0]):
        any_open = any_open or is_open[option]
    return any_open


@compiled
def _first_to_close(
    mass: float, total: float, weight: Floats, seats: Floats, placed: Floats, is_open: Flags
) -> tuple[float, int]:
    """Return the part of a stretch after which the first option is full, and that option; 1 and -1 if none is."""
    part = 1.0
    closing = -1
    for option in range(weight.shape[0]):
        if is_open[option]:
            want = mass * weight[option] / (1.0 + total)
            left = seats[option] - placed[option]
            if want > left and left < part * want:
                part = left / want
                closing = option
    return part, closing


@compiled
def _steps_down(slope: Floats, width: float) -> Floats:
    """Return by what each option's odds change from one bin to the next lower one."""
    step_down = np.empty(slope.shape[0])
    for option in range(slope.shape[0]):
        step_down[option] = math.exp(-slope[option] * width)
    return step_down


@compiled
def _lower(weight: Floats, step_down: Floats) -> float:
    """Move the odds one bin down the score scale; return their sum."""
    total = 0.0
    for option in range(weight.shape[0]):
        weight[option] *= step_down[option]
        total += weight[option]
    return total


@compiled
def _place_pool(
    pool: float,
    utility: Floats,
    slope: Floats,
    seats: Floats,
    placed: Floats,
    cutoff: Floats,
) -> tuple[float, float]:
    """Walk one pool down the score scale; fill ``placed`` and ``cutoff``; return declined and unplaced."""
    options = utility.shape[0]
    weight = np.empty(options)
    is_open = np.empty(options, dtype=np.bool_)
    width = 1.0 / BINS
    any_open = _open_options(seats, False, placed, cutoff, is_open)
    declined = 0.0
    if pool <= 0.0:
        return declined, 0.0
    if not any_open:
        declined = pool * _never_willing(utility, slope, 1.0)
        return declined, pool - declined
    step_down = _steps_down(slope, width)
    total = _weights(utility, slope, is_open, 1.0 - 0.5 * width, weight)
    for index in range(BINS):
        top = 1.0 - index * width
        bottom = 1.0 - (index + 1) * width
        split = False
        while top - bottom > 1e-15:
            if split:
                total = _weights(utility, slope, is_open, 0.5 * (top + bottom), weight)
            mass = pool * (top - bottom)
            part = 1.0
            closing = -1
            attempts = REFINEMENTS if _some_may_close(mass / (1.0 + total), weight, seats, placed) else 0
            for attempt in range(attempts):
                if attempt > 0:
                    # The students before the cut-off have a midpoint of their own.
                    total = _weights(utility, slope, is_open, top - 0.5 * part * (top - bottom), weight)
                    split = True
                part, closing = _first_to_close(mass, total, weight, seats, placed, is_open)
                if closing < 0:
                    break
            taken = mass * part / (1.0 + total)
            for option in range(options):
                placed[option] += taken * weight[option]  # A closed option weighs nothing.
            declined += taken
            top -= part * (top - bottom)
            if closing < 0:
                break
            split = True
            placed[closing] = seats[closing]
            is_open[closing] = False
            cutoff[closing] = top
            if not _any_open(is_open):
                # Below the last cut-off nobody finds a seat; those who want nothing whatever is open have declined.
                unwilling = _never_willing(utility, slope, top)
                return declined + pool * unwilling, pool * (top - unwilling)
        below = bottom - 0.5 * width
        total = _weights(utility, slope, is_open, below, weight) if split else _lower(weight, step_down)
    return declined, 0.0


@compiled
def _odds_of_all(utility: Floats, slope: Floats, score: float) -> float:
    """Return one plus the odds of all options, open or not: one over the share that prefers none of them."""
    total = 1.0
    for option in range(utility.shape[0]):
        total += math.exp(utility[option] + slope[option] * score)
    return total


@compiled
def _never_willing(utility: Floats, slope: Floats, top: float) -> float:
    """Return the mass below score ``top`` that prefers not to continue whatever is open."""
    width = 1.0 / BINS
    mass = 0.0
    bottom = 0.0
    while bottom < top:
        upper = min(top, bottom + width)
        mass += (upper - bottom) / _odds_of_all(utility, slope, 0.5 * (bottom + upper))
        bottom = upper
    return mass


@compiled
def place_by_score(
    pool: Floats, utility: Floats, slope: Floats, seats: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return who is placed where when seats go in score order: the continuum limit.

    Parameters
    ----------
    pool : (row,) array, persons; one row for every draw and region.
    utility : (row, option) array, logit; against not continuing, at score 0.
    slope : (row, option) array, logit per 1.00 of the score quantile.
    seats : (row, option) array, persons; ``inf`` where nothing limits, 0 where the option does not exist.

    Returns
    -------
    placed : (row, option) array, persons; never above the seats.
    cutoff : (row, option) array, score quantile in [0, 1]; 0 where the option never closed, 1 where it had no seat.
    declined : (row,) array, persons who chose not to continue while an option was open, or whatever was open.
    unplaced : (row,) array, persons who would have taken a seat and found none open.

    Notes
    -----
    Errors: none are raised here; seats and pools are checked where they are made. ``placed + declined + unplaced``
    is the pool. Source: MODEL, section 4.
    """
    rows, options = utility.shape
    placed = np.empty((rows, options))
    cutoff = np.empty((rows, options))
    declined = np.empty(rows)
    unplaced = np.empty(rows)
    for row in range(rows):
        declined[row], unplaced[row] = _place_pool(
            pool[row], utility[row], slope[row], seats[row], placed[row], cutoff[row]
        )
    return placed, cutoff, declined, unplaced


@compiled
def unlimited_shares(utility: Floats, slope: Floats) -> Floats:
    """Return the share of a pool that would choose each option if nothing ever closed.

    Parameters
    ----------
    utility : (row, option) array, logit.
    slope : (row, option) array, logit per 1.00 of the score quantile.

    Returns
    -------
    (row, option) array in [0, 1]; what is missing to 1 does not continue.

    Notes
    -----
    Errors: none. Source: logit choice integrated over a uniform score, midpoint rule.
    """
    rows, options = utility.shape
    share = np.zeros((rows, options))
    weight = np.empty(options)
    for row in range(rows):
        for index in range(BINS):
            score = (index + 0.5) / BINS
            total = 1.0
            for option in range(options):
                weight[option] = math.exp(utility[row, option] + slope[row, option] * score)
                total += weight[option]
            for option in range(options):
                share[row, option] += weight[option] / total / BINS
    return share


@compiled
def utilities_from_shares(share: Floats, slope: Floats, rounds: int) -> Floats:
    """Return the utilities at which each option would be chosen by a given share if nothing closed.

    Parameters
    ----------
    share : (row, option) array in (0, 1), summing to less than 1 over the options; 0 where an option does not exist.
    slope : (row, option) array, logit per 1.00 of the score quantile.
    rounds : int; rounds of proportional fitting (60 give 1e-12 for slopes up to 5).

    Returns
    -------
    (row, option) array, logit; -50 where the share is 0, so that nobody chooses what does not exist.

    Notes
    -----
    Errors: none are raised; shares are checked where they are made. Source: iterative proportional fitting, not
    continuing included (Deming & Stephan 1940); Berry's (1994) contraction, which leaves it out, creeps where few stop.
    """
    rows, options = share.shape
    utility = np.empty((rows, options))
    chosen = np.empty(options)
    weight = np.empty(options)
    for row in range(rows):
        none = 1.0
        for option in range(options):
            none -= share[row, option]
        for option in range(options):
            utility[row, option] = -50.0 if share[row, option] <= 0.0 else math.log(share[row, option] / none)
        for _ in range(rounds):
            stopped = 0.0
            for option in range(options):
                chosen[option] = 0.0
            for index in range(BINS):
                score = (index + 0.5) / BINS
                total = 1.0
                for option in range(options):
                    weight[option] = math.exp(utility[row, option] + slope[row, option] * score)
                    total += weight[option]
                for option in range(options):
                    chosen[option] += weight[option] / total / BINS
                stopped += 1.0 / total / BINS
            # Not continuing is fitted with the others; without it the fit creeps where hardly anybody stops.
            for option in range(options):
                if share[row, option] > 0.0:
                    utility[row, option] += math.log(share[row, option] / chosen[option] * stopped / none)
    return utility


@compiled
def _uniform_of(key: Keys, row: int, count: int) -> float:
    """Return the next keyed uniform of one pool: the count runs inside the cohort word."""
    return keyed_uniform(key[0], key[1], key[2], key[3], (key[4] + np.uint64(count)) & np.uint64(0xFFFFFFFF), row)


@compiled
def _room(seats: float, placed: float) -> float:
    """Return the whole seats that are left."""
    return math.floor(seats) - placed if seats < math.inf else math.inf


@compiled
def _choose(
    waiting: float, total: float, weight: Floats, is_open: Flags, key: Keys, row: int, count: int, choice: Floats
) -> tuple[float, int]:
    """Let persons choose among the open options, one binomial each; return who chooses none, and the count."""
    rest = waiting
    odds = 1.0 + total
    for option in range(weight.shape[0]):
        choice[option] = 0.0
        if is_open[option]:
            choice[option] = binomial_quantile(_uniform_of(key, row, count), rest, min(1.0, weight[option] / odds))
            count += 1
            rest -= choice[option]
            odds -= weight[option]
    return rest, count


@compiled
def _first_full(choice: Floats, seats: Floats, placed: Floats, is_open: Flags) -> tuple[float, int]:
    """Return the part of the choosers after which the first option is full, and that option; 1 and -1 if none is."""
    part = 1.0
    closing = -1
    for option in range(choice.shape[0]):
        room = _room(seats[option], placed[option])
        if is_open[option] and choice[option] > room and room < part * choice[option]:
            part = room / choice[option]
            closing = option
    return part, closing


@compiled
def _place_part(
    part: float, closing: int, choice: Floats, seats: Floats, is_open: Flags, key: Keys, row: int, count: int,
    placed: Floats,
) -> tuple[float, int]:  # fmt: skip
    """Place the choosers who come before an option closes; return how many they are, and the count."""
    all_taken = 0.0
    for option in range(choice.shape[0]):
        if option == closing:
            taken = _room(seats[option], placed[option])
        else:
            taken = binomial_quantile(_uniform_of(key, row, count), choice[option], part)
            count += 1
            if is_open[option]:
                taken = min(taken, _room(seats[option], placed[option]))
        placed[option] += taken
        all_taken += taken
    return all_taken, count


@compiled
def _close_full(seats: Floats, placed: Floats, score: float, cutoff: Floats, is_open: Flags) -> bool:
    """Close the options that are full at a score, and say whether any is still open."""
    for option in range(seats.shape[0]):
        if is_open[option] and _room(seats[option], placed[option]) <= 0.0:
            is_open[option] = False
            cutoff[option] = score
    return _any_open(is_open)


@compiled
def _place_persons(
    pool: int,
    utility: Floats,
    slope: Floats,
    seats: Floats,
    key: Keys,
    row: int,
    placed: Floats,
    cutoff: Floats,
) -> tuple[float, float]:
    """Walk one pool of whole persons down the score scale."""
    options = utility.shape[0]
    weight = np.empty(options)
    choice = np.empty(options)
    is_open = np.empty(options, dtype=np.bool_)
    any_open = _open_options(seats, True, placed, cutoff, is_open)
    declined = 0.0
    unplaced = 0.0
    left_in_pool = float(pool)
    count = 0
    for index in range(PERSON_BINS):
        in_bin = binomial_quantile(_uniform_of(key, row, count), left_in_pool, 1.0 / (PERSON_BINS - index))
        count += 1
        left_in_pool -= in_bin
        top = 1.0 - index / PERSON_BINS
        bottom = 1.0 - (index + 1) / PERSON_BINS
        waiting = in_bin
        while waiting > 0.0 and any_open:
            total = _weights(utility, slope, is_open, 0.5 * (top + bottom), weight)
            rest, count = _choose(waiting, total, weight, is_open, key, row, count, choice)
            part, closing = _first_full(choice, seats, placed, is_open)
            if closing < 0:
                for option in range(options):
                    placed[option] += choice[option]
                declined += rest
                waiting = 0.0
                break
            # The first of the turned-away stands here; whoever comes after him chooses again among what is open.
            taken, count = _place_part(part, closing, choice, seats, is_open, key, row, count, placed)
            none = binomial_quantile(_uniform_of(key, row, count), rest, part)
            count += 1
            declined += none
            waiting -= taken + none
            top -= part * (top - bottom)
            any_open = _close_full(seats, placed, top, cutoff, is_open)
        if waiting > 0.0:
            odds = _odds_of_all(utility, slope, 0.5 * (top + bottom))
            none = binomial_quantile(_uniform_of(key, row, count), waiting, 1.0 / odds)
            count += 1
            declined += none
            unplaced += waiting - none
    return declined, unplaced


@compiled
def place_persons_by_score(
    pool: Floats, utility: Floats, slope: Floats, seats: Floats, keys: Keys, draw: NDArray[np.int64]
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return who is placed where, in whole persons, when seats go in score order.

    Parameters
    ----------
    pool : (row,) array, whole persons.
    utility, slope : (row, option) arrays, logit.
    seats : (row, option) array, persons; floored here, ``inf`` where nothing limits.
    keys : (row, 5) array of uint64; seed low, seed high, decision, year, cohort of each row's random numbers.
    draw : (row,) array of int; the draw that a row belongs to, its row in the key.

    Returns
    -------
    placed, cutoff, declined, unplaced : as in :func:`place_by_score`, in whole persons.

    Notes
    -----
    Errors: none are raised here. Within a bin the students who come before an option closes are a binomial thinning of
    the bin's choosers; those after it choose again, which the memoryless Gumbel preferences allow. Source: MODEL,
    section 4.
    """
    rows, options = utility.shape
    placed = np.empty((rows, options))
    cutoff = np.empty((rows, options))
    declined = np.empty(rows)
    unplaced = np.empty(rows)
    for row in range(rows):
        declined[row], unplaced[row] = _place_persons(
            int(pool[row]), utility[row], slope[row], seats[row], keys[row], draw[row], placed[row], cutoff[row]
        )
    return placed, cutoff, declined, unplaced
