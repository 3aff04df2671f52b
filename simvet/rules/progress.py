"""What happens to students during a year: drop out, repeat, transfer, leave the region, move up or graduate."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simvet.rules.chance import keyed_uniform
from simvet.rules.compiled import compiled
from simvet.rules.quantiles import binomial_quantile

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Keys = NDArray[np.uint64]

DROPPED, REPEATED, DEPARTED, TRANSFERRED = range(4)


@compiled
def _share_of(total: float, rate: float, whole: bool, key: Keys, draw: int, step: int) -> float:
    """Return the part of a group that meets an event: its expectation, or a keyed draw of whole persons."""
    if not whole:
        return total * rate
    uniform = keyed_uniform(key[0], key[1], key[2], key[3], (key[4] + np.uint64(step)) & np.uint64(0xFFFFFFFF), draw)
    return binomial_quantile(uniform, total, rate)


@compiled
def pass_a_year(
    stock: Floats,
    first_cell: Ints,
    grades: Ints,
    partner: Ints,
    dropout: Floats,
    repetition: Floats,
    departure: Floats,
    transfer: Floats,
    whole: bool,
    keys: Keys,
    draw: Ints,
) -> tuple[Floats, Floats, Floats]:
    """Return the stock that stays, the graduates, and the moves of one year, track by track.

    Parameters
    ----------
    stock : (row, cell) array, persons in autumn t - 1; a cell is a grade of a track.
    first_cell : (track,) array; the cell of each track's first grade.
    grades : (track,) array; years of the programme.
    partner : (track,) array; the track that transfers go to, -1 for none.
    dropout, repetition, departure, transfer : (row, track) arrays, share of the autumn t - 1 stock in the year; the
        last grade neither transfers nor, if it neither drops out, repeats nor departs, does anything but graduate.
    whole : bool; whole persons by keyed binomials instead of expectations.
    keys : (row, 5) array of uint64; seed low, seed high, decision, year, cohort of each row's random numbers.
    draw : (row,) array of int; the row word of the key.

    Returns
    -------
    stay : (row, cell) array, persons of autumn t before anybody enters.
    graduates : (row, track) array, persons of summer t.
    moves : (row, track, 5) array, persons: dropped out, repeated, departed, transferred out, transferred in.

    Notes
    -----
    Errors: none are raised here; each rate is checked where it is read ([0, 1]). Where they add up to more than 1,
    dropout goes first, then repetition, departure and transfer, until nobody is left. For every grade promotion +
    repetition + dropout + transfer + departure = 1. Source: MODEL, section 1.
    """
    rows, cells = stock.shape
    tracks = first_cell.shape[0]
    stay = np.zeros((rows, cells))
    graduates = np.zeros((rows, tracks))
    moves = np.zeros((rows, tracks, 5))
    for row in range(rows):
        for track in range(tracks):
            for grade in range(grades[track]):
                cell = first_cell[track] + grade
                here = stock[row, cell]
                if here <= 0.0:
                    continue
                last = grade == grades[track] - 1
                rest = here
                odds = 1.0
                moving = 0.0 if last or partner[track] < 0 else transfer[row, track]
                rates = (dropout[row, track], repetition[row, track], departure[row, track], moving)
                for event in range(4):
                    # Levers may ask for more than everybody: who has left already can do nothing else.
                    rate = min(rates[event], odds)
                    if rate <= 0.0:
                        continue
                    if whole:
                        part = _share_of(rest, min(1.0, rate / odds), whole, keys[row], draw[row], cell * 8 + event)
                    else:
                        part = here * rate
                    odds -= rate
                    rest -= part
                    moves[row, track, event] += part
                    if event == REPEATED:
                        stay[row, cell] += part
                    elif event == TRANSFERRED:
                        stay[row, first_cell[partner[track]] + grade + 1] += part
                        moves[row, partner[track], 4] += part
                if last:
                    graduates[row, track] += rest
                else:
                    stay[row, cell + 1] += rest
    return stay, graduates, moves


@compiled
def thin(total: Floats, rate: Floats, whole: bool, keys: Keys, draw: Ints, step: int) -> Floats:
    """Return the part of each group that meets an event.

    Parameters
    ----------
    total : (row,) array, persons.
    rate : (row,) array in [0, 1].
    whole : bool; whole persons by keyed binomials instead of expectations.
    keys, draw : as in :func:`pass_a_year`.
    step : int; tells this event from the others of the same key.

    Returns
    -------
    (row,) array, persons.

    Notes
    -----
    Errors: none. Source: binomial thinning.
    """
    part = np.empty_like(total)
    for row in range(total.shape[0]):
        part[row] = _share_of(total[row], rate[row], whole, keys[row], draw[row], step)
    return part
