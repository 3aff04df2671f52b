"""What students can name on a list: the programmes of a gate, and the tables that wishes are drawn from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simvet.rules.chance import WORD
from simvet.rules.choosing import option_odds
from simvet.rules.matching import alias_table

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LIST_BINS = 256
"""Steps of the score scale on which the odds of lists are tabled."""


@dataclass(frozen=True)
class Programmes:
    """The programmes of one gate.

    Notes
    -----
    Shape: (programme,) each; ``option`` is the gate's option, ``school`` -1 for a seat elsewhere, ``home`` the district
    (entry to senior secondary) or field (exams for college) whose own a programme is. Unit: none. Errors: none. Source:
    the school list.
    """

    option: Ints
    school: Ints
    field: Ints
    home: Ints
    cell: Ints

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.option)


@dataclass(frozen=True)
class Parts:
    """How a gate's options are split into what a list entry can point to: an option near home, or anywhere.

    Notes
    -----
    Shape: (part,) each; ``near`` tells whether a part holds only programmes of the applicant's own group, ``share`` is
    (level, part), the part's share of its option. Unit: share. Errors: none. Source: MODEL, section 4.
    """

    option: Ints
    near: NDArray[np.bool_]
    share: Floats


def parts_of(options: int, split: NDArray[np.bool_], always_near: NDArray[np.bool_], near: Floats) -> Parts:
    """Return the parts of a gate.

    Parameters
    ----------
    options : int.
    split : (option,) array; whether an option is wished for near home or anywhere.
    always_near : (option,) array; whether an option exists near home alone.
    near : (level,) array, share of wishes near home.

    Returns
    -------
    Parts.

    Notes
    -----
    Unit: share. Errors: none. Source: behaviour of students, assumed.
    """
    option: list[int] = []
    close: list[bool] = []
    share: list[Floats] = []
    for position in range(options):
        if split[position]:
            option += [position, position]
            close += [True, False]
            share += [near, 1.0 - near]
        else:
            option.append(position)
            close.append(bool(always_near[position]))
            share.append(np.ones(len(near)))
    return Parts(np.array(option), np.array(close), np.stack(share, axis=1))


def list_edges(parts: Parts, utility: Floats, slope: Floats) -> Floats:
    """Return the odds of all parts added up, as random words are held against them.

    Parameters
    ----------
    parts : Parts.
    utility, slope : (option,) arrays, logit.

    Returns
    -------
    (level, bin, part) array, times 2**32; what is above the last edge does not continue.

    Notes
    -----
    Unit: none. Errors: none. Source: the logit model, MODEL section 4.
    """
    odds = option_odds(utility, slope, LIST_BINS)
    weight = odds[None, :, parts.option] * parts.share[:, None, :]
    total = 1.0 + odds.sum(axis=1)
    return np.asarray(np.cumsum(weight, axis=2) / total[None, :, None] * WORD)


@dataclass(frozen=True)
class Tables:
    """Alias tables of a gate's programmes, one for each part and group.

    Notes
    -----
    Shape: ``start``, ``length`` (part, group); ``probability`` (place,), ``other`` (2 * place,). Unit: none. Errors:
    none. Source: ``rules.matching.alias_table``.
    """

    start: Ints
    length: Ints
    probability: NDArray[np.float32]
    other: NDArray[np.int32]


def tables_of(programmes: Programmes, parts: Parts, weight: Floats, groups: int) -> Tables:
    """Return the tables from which list entries are drawn.

    Parameters
    ----------
    programmes, parts : Programmes and Parts of the gate.
    weight : (programme,) array; how much each is wished for within its option.
    groups : int; districts or fields.

    Returns
    -------
    Tables; where a group has no programme of a part near home, its wishes go anywhere.

    Notes
    -----
    Unit: none. Errors: none. Source: the logit model within an option: seats times standing.
    """
    start = np.zeros((len(parts.option), groups), dtype=np.int64)
    length = np.zeros((len(parts.option), groups), dtype=np.int64)
    chance: list[NDArray[np.float32]] = []
    other: list[NDArray[np.int32]] = []
    own: list[NDArray[np.int32]] = []
    at = 0
    whole: dict[int, tuple[int, int]] = {}

    def write(chosen: Ints) -> tuple[int, int]:
        nonlocal at
        if not len(chosen):
            return 0, 0
        probability, alias = alias_table(weight[chosen])
        chance.append(probability)
        other.append(chosen[alias].astype(np.int32))
        own.append(chosen.astype(np.int32))
        place, at = at, at + len(chosen)
        return place, len(chosen)

    for part, option in enumerate(parts.option.tolist()):
        there = np.flatnonzero((programmes.option == option) & (weight > 0.0))
        if option not in whole:
            whole[option] = write(there)
        near = parts.near[part]
        for group in range(groups):
            chosen = there[programmes.home[there] == group] if near else there[:0]
            start[part, group], length[part, group] = write(chosen) if len(chosen) else whole[option]
    if not chance:
        nothing = np.zeros(1, dtype=np.float32)
        return Tables(start, length, nothing, np.zeros(2, dtype=np.int32))
    return Tables(start, length, np.concatenate(chance), np.concatenate([*other, *own]))
