"""Admission student by student: score order, parallel lists 平行志愿, tie-breaks, a supplementary round 征集志愿.

An applicant's list is drawn entry by entry: a group of programmes by the odds of the logit model, then a programme in
it by an alias table. Drawn with every programme's odds, the entries are ranked as Gumbel errors would rank them
(Plackett-Luce): the list is the top of the ranking that the continuum gate integrates over. An entry is looked up only
when the one before it is full, so that most applicants cost one look-up.

Sources: Abdulkadiroglu and Sonmez (2003) for the mechanisms; Chen and Kesten (2017) for the parallel one; Luce (1959)
and Plackett (1975) for the ranking; Walker (1977) for the alias table.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simvet.rules.chance import CHUNK, WORD, fill_words, keyed_words, keyed_words_of
from simvet.rules.compiled import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Rows = NDArray[np.int32]
Small = NDArray[np.uint8]
Chances = NDArray[np.float32]

DECLINED = -1
"""Choice of an applicant who would rather not continue."""
UNPLACED = -2
"""Choice of an applicant whose list ended before it led to a seat."""
REFUSED = -3
"""Choice of an applicant who found every programme full that he would rather take than stop."""
SUPPLEMENTARY = 255
"""Rank of a seat that came in the supplementary round."""


def alias_table(share: Floats) -> tuple[Chances, Rows]:
    """Return a table from which one uniform number picks an item by its share.

    Parameters
    ----------
    share : (item,) array, not negative, with a positive sum.

    Returns
    -------
    probability : (item,) array in [0, 1]; the part of the column that is the item's own.
    other : (item,) array of int; the item that the rest of the column belongs to.

    Raises
    ------
    ValueError : a share is negative or nothing is above zero.

    Notes
    -----
    Unit: share. Source: Walker (1977), in the order of Vose (1991).
    """
    share = np.asarray(share, dtype=np.float64)
    if share.ndim != 1 or np.any(share < 0.0) or not share.sum() > 0.0:
        raise ValueError("shares must be a flat array, not negative, with something above zero")
    scaled = share * (len(share) / share.sum())
    probability, other = np.ones(len(share)), np.arange(len(share), dtype=np.int64)
    small = [int(i) for i in np.flatnonzero(scaled < 1.0)]
    large = [int(i) for i in np.flatnonzero(scaled >= 1.0)]
    while small and large:
        less, more = small.pop(), large[-1]
        probability[less], other[less] = scaled[less], more
        scaled[more] -= 1.0 - scaled[less]
        if scaled[more] < 1.0:
            small.append(large.pop())
    return probability.astype(np.float32), other.astype(np.int32)


@compiled
def order_by_key(key: Rows, levels: int, before: Rows) -> Rows:
    """Return the applicants by falling key; equal keys stay in the order they had before.

    Parameters
    ----------
    key : (applicant,) array in [0, levels).
    levels : int.
    before : (applicant,) array; the order so far: later links of a tie-break chain first.

    Returns
    -------
    (applicant,) array of int32; positions of applicants, the highest key first.

    Notes
    -----
    Unit: none. Errors: none. Source: counting sort (Seward 1954), one pass for each link of the chain.
    """
    start = np.zeros(levels + 1, dtype=np.int64)
    for applicant in range(key.shape[0]):
        start[levels - key[applicant]] += 1
    total = 0
    for level in range(levels + 1):
        many = start[level]
        start[level] = total
        total += many
    order = np.empty(key.shape[0], dtype=np.int32)
    for applicant in before:
        level = levels - key[applicant]
        order[start[level]] = applicant
        start[level] += 1
    return order


def order_by_key_plainly(key: Rows, levels: int, before: Rows) -> Rows:
    """Do what :func:`order_by_key` does, in plain numpy; parameters, result and source are the same.

    Notes
    -----
    Shape and unit: as there. Errors: none. Source: as there.
    """
    return before[np.argsort((levels - key[before]), kind="stable")].astype(np.int32)


@compiled
def part_of(one: float, before: int, loyalty: float, wish: int, score_bin: int, edges: Floats) -> int:
    """Return the part that a random word points to; after a full programme it is the same one as a rule.

    Parameters
    ----------
    one : float; a random word.
    before : int; the part of the entry before, -1 for the first one.
    loyalty : float; probability of the same part again, times 2**32.
    wish, score_bin : int; preference level and score bin.
    edges : (level, bin, part) array; as in :func:`walk_lists`.

    Returns
    -------
    int; a part, or their number for "not to continue".

    Notes
    -----
    Unit: none. Errors: none. Source: the logit model, with nests that an applicant leaves as a rule only now and then.
    """
    parts = edges.shape[2]
    lot = one
    if before >= 0:
        if one < loyalty:
            return before
        lot = (one - loyalty) * (WORD / (WORD - loyalty))
    part = 0
    for step in range(parts):
        part += lot >= edges[wish, score_bin, step]
    return part


@compiled
def named_by(
    two: float, part: int, home: int, parts: int, table_start: Ints, table_length: Ints, probability: Chances,
    other: Rows,
) -> int:  # fmt: skip
    """Return the programme of a part that a random word names, DECLINED for "not to continue".

    Parameters
    ----------
    two : float; a random word.
    part, home : int; part, and district or field.
    parts : int; how many there are.
    table_start, table_length, probability, other : as in :func:`walk_lists`.

    Returns
    -------
    int; programme, or DECLINED.

    Notes
    -----
    Unit: none. Errors: none. Source: Walker (1977).
    """
    inside = min(part, parts - 1)
    spot = two * table_length[inside, home] / WORD
    column = int(spot)
    place = min(table_start[inside, home] + column, probability.shape[0] - 1)
    named = other[place + (probability.shape[0] if spot - column < probability[place] else 0)]
    return named if part < parts else DECLINED


@compiled
def walk_lists(  # noqa: PLR0912, PLR0915 - one loop, so that the compiler keeps its state in registers
    order: Rows,
    persons: NDArray[np.uint32],
    level: Small,
    group: Small,
    key: Rows,
    bin_of_key: Rows,
    edges: NDArray[np.float64],
    table_start: Ints,
    table_length: Ints,
    probability: Chances,
    other: Rows,
    seats: Rows,
    list_length: int,
    most_draws: int,
    distinct: bool,
    loyalty: float,
    address: Ints,
    choice: Rows,
    rank: Small,
    cutoff: Rows,
    first_choices: Rows,
) -> None:
    """Seat applicants one by one in order; each takes the first programme of the list that has a seat left.

    Parameters
    ----------
    order : (applicant,) array; positions, whoever goes first first.
    persons : (applicant,) array; person numbers.
    level, group : (applicant,) arrays; preference level, and district or field.
    key : (applicant,) array; points.
    bin_of_key : (points,) array; the score bin of each key.
    edges : (level, bin, part) array; odds of the parts of the programme table added up, times 2**32; from the last edge
        to 2**32 is not to continue.
    table_start, table_length : (part, group) arrays; the stretch of the alias tables.
    probability : (place,) array; alias tables of programmes.
    other : (2 * place,) array; the other programme of each place, then the place's own.
    seats : (programme,) array, whole seats; what is left when the round is over.
    list_length : int; entries of a list that can be used.
    most_draws : int; look-ups after which a list ends, for those who would name the same few again and again.
    distinct : bool; whether naming a programme twice uses up one entry only.
    loyalty : float; probability that the entry after a full programme comes from the same part, times 2**32. Below 1.
    address : (5,) array; address of the random words; one step for two draws.
    choice : (applicant,) array, filled; programme, DECLINED, UNPLACED or REFUSED.
    rank : (applicant,) array, filled; entry that was granted, from 1.
    cutoff : (programme,) array; points of the last admitted where the programme is full, else left alone.
    first_choices : (programme,) array, persons who name it first; added to.

    Notes
    -----
    Unit: persons and points. Errors: none. Whoever names nothing has declined; whoever comes to "not to continue" after
    full programmes found nothing acceptable open. Source: serial dictatorship, MODEL section 4.
    """
    seed_low, seed_high, decision, year, cohort = address[0], address[1], address[2], address[3], address[4]
    named = np.empty(list_length, dtype=np.int64)
    upcoming = np.empty(CHUNK, dtype=np.uint32)
    words = np.empty((4, CHUNK), dtype=np.uint32)
    wishes = np.empty(CHUNK, dtype=np.int32)
    parts_of = np.empty(CHUNK, dtype=np.int32)
    parts = edges.shape[2]
    wish_of = np.empty(CHUNK, dtype=np.uint8)
    home_of = np.empty(CHUNK, dtype=np.uint8)
    points_of = np.empty(CHUNK, dtype=np.uint32)
    for start in range(0, order.shape[0], CHUNK):
        many = min(CHUNK, order.shape[0] - start)
        # First wishes hang on no seat: they are found for a whole stretch of applicants before the first is seated.
        for turn in range(many):
            applicant = order[start + turn]
            upcoming[turn] = persons[applicant]
            wish_of[turn] = level[applicant]
            home_of[turn] = group[applicant]
            points_of[turn] = key[applicant]
        fill_words(seed_low, seed_high, decision, year, cohort, upcoming, many, words)
        for turn in range(many):
            part = part_of(
                float(words[0, turn]), -1, loyalty, wish_of[turn], bin_of_key[points_of[turn]], edges
            )  # fmt: skip
            parts_of[turn] = part
            wishes[turn] = named_by(
                float(words[1, turn]), part, home_of[turn], parts, table_start, table_length, probability, other
            )  # fmt: skip
        for turn in range(many):
            applicant = order[start + turn]
            entries = 0
            result = UNPLACED
            third, fourth = np.uint64(0), np.uint64(0)
            part = 0
            for draw in range(most_draws):
                if draw == 0:
                    programme = int(wishes[turn])
                    part = int(parts_of[turn])
                    third, fourth = np.uint64(words[2, turn]), np.uint64(words[3, turn])
                else:
                    if draw % 2 == 0:
                        one, two, third, fourth = keyed_words(
                            seed_low, seed_high, decision + ((draw >> 1) << 8), year, cohort, upcoming[turn]
                        )
                    else:
                        one, two = third, fourth
                    part = part_of(
                        float(one), part, loyalty, wish_of[turn], bin_of_key[points_of[turn]], edges
                    )  # fmt: skip
                    programme = named_by(
                        float(two), part, home_of[turn], parts, table_start, table_length, probability, other
                    )  # fmt: skip
                if programme < 0:
                    result = DECLINED if entries == 0 else REFUSED
                    break
                first_choices[programme] += entries == 0
                if seats[programme] > 0:
                    seats[programme] -= 1
                    entries += 1
                    result = programme
                    if seats[programme] == 0:
                        cutoff[programme] = points_of[turn]
                    break
                again = False
                if distinct:
                    for entry in range(entries):
                        again = again or named[entry] == programme
                if not again:
                    named[entries] = programme
                    entries += 1
                    if entries == list_length:
                        break
            choice[applicant] = result
            rank[applicant] = entries if result >= 0 else 0


@compiled
def seat_the_rest(
    order: Rows, persons: NDArray[np.uint32], acceptance: float, address: Ints, eligible: NDArray[np.bool_],
    seats: Rows, choice: Rows, rank: Small, cutoff: Rows, key: Rows,
) -> None:  # fmt: skip
    """Run the supplementary round: the k-th unplaced applicant who agrees takes the k-th seat that is left.

    Parameters
    ----------
    order, persons : (applicant,) arrays; as in :func:`walk_lists`.
    acceptance : float; share of the unplaced who agree to a seat that they did not list, times 2**32.
    address : (5,) array; address of the random words.
    eligible : (programme,) array; programmes that offer seats in this round.
    seats, choice, rank, cutoff, key : as in :func:`walk_lists`; the first four are changed.

    Notes
    -----
    Unit: persons. Errors: none. Source: 征集志愿; seats in the order of the programme list.
    """
    seed_low, seed_high, decision, year, cohort = address[0], address[1], address[2], address[3], address[4]
    programme = 0
    for applicant in order:
        if choice[applicant] != UNPLACED:
            continue
        while programme < seats.shape[0] and (seats[programme] <= 0 or not eligible[programme]):
            programme += 1
        if programme == seats.shape[0]:
            return
        word, _, _, _ = keyed_words(seed_low, seed_high, decision, year, cohort, persons[applicant])
        if float(word) < acceptance:
            seats[programme] -= 1
            choice[applicant] = programme
            rank[applicant] = SUPPLEMENTARY
            if seats[programme] == 0:
                cutoff[programme] = key[applicant]


def seat_the_rest_plainly(
    order: Rows, persons: NDArray[np.uint32], acceptance: float, address: Ints, eligible: NDArray[np.bool_],
    seats: Rows, choice: Rows, rank: Small, cutoff: Rows, key: Rows,
) -> None:  # fmt: skip
    """Do what :func:`seat_the_rest` does, in plain numpy; parameters and source are the same.

    Notes
    -----
    Shape and unit: as there. Errors: none. Source: as there.
    """
    waiting = order[choice[order] == UNPLACED]
    if not len(waiting):
        return
    agreed = waiting[keyed_words_of(address, persons[waiting])[0].astype(np.float64) < acceptance]
    # Nobody can take more seats than there are people: what is beyond need not be laid out.
    offered = np.repeat(np.arange(len(seats)), np.where(eligible, np.clip(seats, 0, len(agreed)), 0))
    taken = offered[: len(agreed)]
    agreed = agreed[: len(taken)]
    choice[agreed] = taken
    rank[agreed] = SUPPLEMENTARY
    seats -= np.bincount(taken, minlength=len(seats)).astype(seats.dtype)
    last = np.flatnonzero(np.diff(taken, append=-1))
    full = last[seats[taken[last]] == 0]
    cutoff[taken[full]] = key[agreed[full]]


@compiled
def settle(
    rows: Rows, choice: Rows, cell_of: Ints, school_of: Ints, field_of: Ints, cell: Small, school: NDArray[np.int16],
    field: Small, left: Small, declined: int, unplaced: int,
) -> None:  # fmt: skip
    """Write where applicants have been admitted, and who has left.

    Parameters
    ----------
    rows, choice : (applicant,) arrays; row, and programme, DECLINED, UNPLACED or REFUSED.
    cell_of, school_of, field_of : (programme,) arrays; first cell of its track (255 leads out), school and field.
    cell, school, field, left : (student,) arrays, changed.
    declined, unplaced : int; what ``left`` says of those without a seat.

    Notes
    -----
    Unit: none. Errors: none. Source: none needed.
    """
    for applicant in range(rows.shape[0]):
        row = rows[applicant]
        programme = choice[applicant]
        if programme >= 0:
            cell[row] = cell_of[programme]
            school[row] = school_of[programme]
            field[row] = field_of[programme]
        else:
            cell[row] = 255
            left[row] = declined if programme == DECLINED else unplaced


def settle_plainly(
    rows: Rows, choice: Rows, cell_of: Ints, school_of: Ints, field_of: Ints, cell: Small, school: NDArray[np.int16],
    field: Small, left: Small, declined: int, unplaced: int,
) -> None:  # fmt: skip
    """Do what :func:`settle` does, in plain numpy; parameters are the same.

    Notes
    -----
    Shape and unit: as there. Errors: none. Source: none needed.
    """
    seated = choice >= 0
    inside, programme = rows[seated], choice[seated]
    cell[inside], school[inside], field[inside] = cell_of[programme], school_of[programme], field_of[programme]
    cell[rows[~seated]] = 255
    left[rows[~seated]] = np.where(choice[~seated] == DECLINED, declined, unplaced)
