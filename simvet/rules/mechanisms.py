"""Admission mechanisms in rounds, in plain numpy: serial dictatorship, deferred acceptance, immediate acceptance.

With one priority for all programmes, deferred acceptance gives the placement of the serial dictatorship by another way,
and is therefore the twin that ``matching.walk_lists`` is held to. They part where programmes have priorities of their
own (points for home students). Immediate acceptance is the old sequential mechanism 志愿优先.

Sources: Gale and Shapley (1962); Abdulkadiroglu and Sonmez (2003); Chen and Kesten (2017). Lists are taken as they are:
nobody misstates his wishes, which the old mechanism would reward.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from simvet.rules.chance import WORD, keyed_words_of
from simvet.rules.matching import DECLINED, REFUSED, UNPLACED

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Rows = NDArray[np.int32]
Small = NDArray[np.uint8]


class EntryByEntry(Protocol):
    """Lists of all applicants, asked entry by entry.

    Notes
    -----
    Shape: ``entries`` (applicant,), programmes named so far; ``group`` (applicant,). Unit: none. Errors: none. Source:
    the applicants.
    """

    entries: Ints
    group: Small
    list_length: int

    def next_of(self, applicants: Ints) -> Ints:
        """Return the next programme of each applicant's list, DECLINED or UNPLACED at its end."""


@dataclass
class Lists:
    """The lists of all applicants, drawn entry by entry: the twin of the drawing in ``matching.walk_lists``.

    Notes
    -----
    Shape: parameters as in ``matching.walk_lists``; ``draws``, ``entries`` (applicant,), ``named`` (applicant, entry).
    Unit: none. Errors: none. Source: as there.
    """

    persons: NDArray[np.uint32]
    level: Small
    group: Small
    score_bin: Rows
    edges: Floats
    table_start: Ints
    table_length: Ints
    probability: NDArray[np.float32]
    other: Rows
    list_length: int
    most_draws: int
    distinct: bool
    loyalty: float
    address: Ints

    def __post_init__(self) -> None:
        count = len(self.persons)
        self.draws = np.zeros(count, dtype=np.int64)
        self.entries = np.zeros(count, dtype=np.int64)
        self.before = np.full(count, -1, dtype=np.int64)
        self.named = np.full((count, self.list_length), -1, dtype=np.int64)
        self._words: dict[int, tuple[Ints, NDArray[np.uint64]]] = {}

    def next_of(self, applicants: Ints) -> Ints:
        """Return the next programme of each applicant's list, DECLINED at "not to continue", UNPLACED at its end."""
        found = np.full(len(applicants), UNPLACED, dtype=np.int64)
        asking = np.flatnonzero(self.entries[applicants] < self.list_length)
        while len(asking):
            who = applicants[asking]
            more = self.draws[who] < self.most_draws
            asking, who = asking[more], who[more]
            programme = self._draw(who)
            if self.distinct:
                again = (self.named[who] == programme[:, None]).any(axis=1) & (programme >= 0)
            else:
                again = np.zeros(len(who), dtype=bool)
            new = ~again & (programme >= 0)
            self.named[who[new], self.entries[who[new]]] = programme[new]
            self.entries[who[new]] += 1
            found[asking[~again]] = programme[~again]
            asking = asking[again]
        return found

    def _draw(self, who: Ints) -> Ints:
        draw = self.draws[who]
        self.draws[who] += 1
        words = np.empty((2, len(who)), dtype=np.float64)
        for step in np.unique(draw):
            here = draw == step
            four = keyed_words_of(self.address, self.persons[who[here]], int(step) >> 1)
            words[:, here] = four[2 * (step % 2) : 2 * (step % 2) + 2]
        edges = self.edges[self.level[who], self.score_bin[who]]
        before = self.before[who]
        stays = (before >= 0) & (words[0] < self.loyalty)
        lot = np.where(before >= 0, (words[0] - self.loyalty) * (WORD / (WORD - self.loyalty)), words[0])
        part = np.where(stays, before, (lot[:, None] >= edges).sum(axis=1))
        self.before[who] = part
        declined = part == edges.shape[1]
        part = np.where(declined, 0, part)
        group = self.group[who]
        spot = words[1] * self.table_length[part, group] / WORD
        step_in = spot.astype(np.int64)
        place = self.table_start[part, group] + step_in
        places = len(self.probability)
        # Whoever declines may look into an empty stretch: what is found there is not used.
        place = np.minimum(place, places - 1)
        own = spot - step_in < self.probability[place]
        return np.where(declined, DECLINED, np.where(own, self.other[places + place], self.other[place]))


def deferred_acceptance(
    order: Rows, key: Rows, lists: EntryByEntry, seats: Rows, priority: Ints | None, programme_group: Ints,
    choice: Rows, rank: Small, cutoff: Rows, first_choices: Rows,
) -> None:  # fmt: skip
    """Let applicants apply down their lists while programmes hold their best applicants until nobody is turned away.

    Parameters
    ----------
    order : (applicant,) array; positions by the common priority, the first one first.
    key : (applicant,) array, points.
    lists : Lists.
    seats : (programme,) array, whole seats; what is left afterwards.
    priority : (programme,) array, points that each programme adds for applicants of its own group; None for none.
    programme_group : (programme,) array; the district or field that is home to a programme.
    choice, rank, cutoff, first_choices : as in ``matching.walk_lists``, filled.

    Notes
    -----
    Unit: persons and points. Errors: none. Source: Gale and Shapley (1962).
    """
    count = len(order)
    place_in_order = np.empty(count, dtype=np.int64)
    place_in_order[order] = np.arange(count)
    held = np.full(count, UNPLACED, dtype=np.int64)
    merit = np.zeros(count, dtype=np.int64)
    granted = np.zeros(count, dtype=np.int64)
    waiting = np.arange(count, dtype=np.int64)
    first = True
    while len(waiting):
        wish = lists.next_of(waiting)
        if first:
            first_choices += np.bincount(wish[wish >= 0], minlength=len(seats)).astype(first_choices.dtype)
            first = False
        held[waiting] = wish
        applying = waiting[wish >= 0]
        granted[applying] = lists.entries[applying]
        merit[applying] = place_in_order[applying]
        if priority is not None:
            home = programme_group[held[applying]] == lists.group[applying]
            points = key[applying] + np.where(home, priority[held[applying]], 0)
            merit[applying] -= points * count
        # Only where somebody applied in this round can anybody be turned away.
        asked = np.zeros(len(seats), dtype=bool)
        asked[held[applying]] = True
        waiting = _turned_away(held, merit, seats, asked)
    inside = np.flatnonzero(held >= 0)
    np.subtract.at(seats, held[inside], 1)
    _report(order, key, held, granted, seats, choice, rank, cutoff)


def _turned_away(held: Ints, merit: Ints, seats: Rows, asked: NDArray[np.bool_]) -> Ints:
    """Return the applicants that programmes cannot hold, the worst of each; only of those that were asked."""
    inside = np.flatnonzero(held >= 0)
    many = np.bincount(held[inside], minlength=len(seats))
    tight = (many > seats) & asked
    inside = inside[tight[held[inside]]]
    inside = inside[np.lexsort((merit[inside], held[inside]))]
    programme = held[inside]
    starts = np.searchsorted(programme, programme, side="left")
    return inside[np.arange(len(inside)) - starts >= seats[programme]]


def immediate_acceptance(
    order: Rows,
    key: Rows,
    lists: EntryByEntry,
    seats: Rows,
    choice: Rows,
    rank: Small,
    cutoff: Rows,
    first_choices: Rows,
) -> None:
    """Seat all first entries by priority for good, then all second ones with the seats that are left, and so on.

    Parameters
    ----------
    order, key, lists, seats, choice, rank, cutoff, first_choices : as in :func:`deferred_acceptance`.

    Notes
    -----
    Unit: persons and points. Errors: none. Source: the Boston mechanism, Abdulkadiroglu and Sonmez (2003).
    """
    count = len(order)
    place_in_order = np.empty(count, dtype=np.int64)
    place_in_order[order] = np.arange(count)
    held = np.full(count, UNPLACED, dtype=np.int64)
    granted = np.zeros(count, dtype=np.int64)
    waiting = np.arange(count, dtype=np.int64)
    for entry in range(lists.list_length + 1):
        wish = lists.next_of(waiting)
        held[waiting] = wish
        applying = waiting[wish >= 0]
        if entry == 0:
            first_choices += np.bincount(wish[wish >= 0], minlength=len(seats)).astype(first_choices.dtype)
        applied = np.full(count, UNPLACED, dtype=np.int64)
        applied[applying] = held[applying]
        granted[applying] = lists.entries[applying]
        waiting = _turned_away(applied, place_in_order, seats, np.ones(len(seats), dtype=bool))
        held[waiting] = UNPLACED
        inside = applying[held[applying] >= 0]
        np.subtract.at(seats, held[inside], 1)
        if not len(waiting):
            break
    _report(order, key, held, granted, seats, choice, rank, cutoff)


def _report(
    order: Rows, key: Rows, held: Ints, granted: Ints, seats: Rows, choice: Rows, rank: Small, cutoff: Rows
) -> None:
    """Write choices, ranks and cut-offs; whoever stops after full programmes was refused."""
    choice[:] = np.where((held == DECLINED) & (granted > 0), REFUSED, held)
    rank[:] = np.where(held >= 0, granted, 0)
    inside = order[held[order] >= 0]
    lowest = np.full(len(seats), -1, dtype=np.int64)
    lowest[held[inside]] = key[inside]
    full = (lowest >= 0) & (seats == 0)
    cutoff[full] = lowest[full]
