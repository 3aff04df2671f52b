"""Every compiled rule for single students gives the bytes of its plain twin, and both look up the published words."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from simvet.draws import DECISIONS, Draws
from simvet.engines.programmes import LIST_BINS, Programmes, list_edges, parts_of, tables_of
from simvet.rules.chance import WORD, fill_words, keyed_uniform, keyed_words, keyed_words_of
from simvet.rules.choosing import exponential_table, fresh_bins, option_odds
from simvet.rules.kernels import KERNELS, Kernels, kernels_for
from simvet.rules.matching import DECLINED, SUPPLEMENTARY, UNPLACED, alias_table
from simvet.rules.student_year import (
    BLOCK_BITS,
    BLOCKS,
    DEPARTED,
    DROPPED,
    GONE,
    REPEATED,
    STAYED,
    TRANSFERRED,
)

Arguments = tuple[Any, ...]
Random = np.random.Generator

NAMES = [field.name for field in fields(Kernels)]
SEEDS = st.integers(0, 2**32 - 1)
WORDS = st.integers(0, 2**32 - 1)
SIZES = (0, 1, 2, 3, 5, 8, 17, 40, 150)
LONG = 2_600
"""More rows than a kernel looks up at once, and no multiple of four."""

# Two tracks of three grades; transfers lead from each track into the next grade of the other.
PROMOTED = np.array([1, 2, -1, 4, 5, -1], dtype=np.int64)
TRANSFER = np.array([4, 5, -1, 1, 2, -1], dtype=np.int64)
KNOTS = exponential_table()
UNLIMITED = 2**31 - 1
CLOSED = -700.0
KNOWN_ANSWERS = [
    ((0, 0, 0, 0, 0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 6, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0xA4093822, 0x299F31D0, 0x03707344, 0x13198A2E, 0x85A308D3, 0x243F6A88),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]
"""Seed low, seed high, decision, year, cohort and row, with the words that Random123 publishes for them."""


def both(name: str, arguments: Arguments) -> tuple[Any, Arguments]:
    """Call a rule of both sets on copies, hold all that they give and change together, and return it."""
    outcomes = []
    for kernels in (KERNELS["compiled"], KERNELS["plain"]):
        mine = tuple(part.copy() if isinstance(part, np.ndarray) else part for part in arguments)
        given_back = getattr(kernels, name)(*mine)
        outcomes.append((given_back if isinstance(given_back, tuple) else (given_back,), mine))
    (result, changed), (plain_result, plain_changed) = outcomes
    for place, (one, two) in enumerate(zip((*result, *changed), (*plain_result, *plain_changed), strict=True)):
        if isinstance(one, np.ndarray):
            assert one.dtype == two.dtype, (name, place)
            np.testing.assert_array_equal(one, two, err_msg=f"{name}, array {place}")
        else:
            assert one == two, (name, place)
    return result, changed


def address_of(random: Random) -> NDArray[np.int64]:
    low, high, cohort = random.integers(0, 2**32, 3)
    return np.array([low, high, 13 + (int(random.integers(0, 30)) << 16), 2021, cohort], dtype=np.int64)


def some_persons(random: Random, count: int) -> NDArray[np.uint32]:
    """Return person numbers of several blocks, each of them once."""
    numbers = random.integers(0, BLOCKS, 3) << BLOCK_BITS
    return np.unique(numbers[:, None] + np.arange(count))[:count].astype(np.uint32)


def shares(random: Random, most: float) -> NDArray[np.float64]:
    return random.uniform(0.0, most, len(PROMOTED)) * WORD


def a_year(
    random: Random, lengths: tuple[int, ...] | None = None, most: float | None = None, gone: float | None = None
) -> Arguments:
    """Return the arguments of ``pass_students``: blocks of given lengths, rates up to ``most``, a share long gone."""
    lengths = tuple(random.choice(SIZES, int(random.integers(0, 5)))) if lengths is None else lengths
    most = float(random.choice([0.0, 0.05, 0.3, 0.9])) if most is None else most
    gone = float(random.choice([0.0, 0.3, 1.0], p=[0.4, 0.5, 0.1])) if gone is None else gone
    edges = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    numbers = random.choice(BLOCKS, len(lengths), replace=False)
    blocks = np.stack([edges[:-1], edges[1:], numbers], axis=1).astype(np.int64).reshape(-1, 3)
    count = int(edges[-1])
    cell = random.integers(0, len(PROMOTED), count).astype(np.uint8)
    cell[random.random(count) < gone] = GONE
    score = random.integers(0, 7_501, count).astype(np.int16)
    repeated, departed, moved = (shares(random, most) for _ in range(3))
    departed += repeated
    moved += departed
    moved[PROMOTED < 0] = departed[PROMOTED < 0]
    stock = np.bincount(cell[cell != GONE], minlength=len(PROMOTED))
    first_finisher = np.where(PROMOTED < 0, np.cumsum(np.where(PROMOTED < 0, stock, 0)) - stock, 0)
    room = int(stock[PROMOTED < 0].sum())
    drop = shares(random, most)
    return (
        cell, score, np.zeros(count, dtype=np.uint8), blocks, drop, drop * random.uniform(0.0, 1.5) / 7_500.0, repeated,
        departed, moved, PROMOTED, TRANSFER, first_finisher, address_of(random), np.full(room, -7, dtype=np.int32),
        np.zeros(room, dtype=np.uint32),
    )  # fmt: skip


def an_entry(random: Random, count: int | None = None) -> Arguments:
    count = int(random.choice(SIZES)) if count is None else count
    before, after = random.integers(0, 5, 2)
    probability, other = alias_table(random.random(int(random.integers(1, 12))) + 1e-3)
    room = int(before) + count + int(after)
    return (
        int(before), int(before) + count, int(random.integers(0, BLOCKS)), 2_500.0, probability, other,
        int(random.integers(0, 64)), int(random.integers(1, 193)), address_of(random),
        np.full(room, 201, dtype=np.uint8), np.full(room, -3, dtype=np.int16), np.full(room, 203, dtype=np.uint8),
    )  # fmt: skip


def an_exam(random: Random, count: int | None = None, fresh: bool | None = None) -> Arguments:
    count = int(random.choice(SIZES)) if count is None else count
    fresh = bool(random.random() < 0.5) if fresh is None else fresh
    students = count + int(random.integers(0, 9))
    rows = random.permutation(students)[:count].astype(np.int32)
    swing = float(random.choice([0.0, 600.0, 7_500.0]))
    return (
        rows, some_persons(random, count), swing, 65_535 if fresh else 7_500, fresh, address_of(random),
        random.integers(0, 7_501, students).astype(np.int16), np.zeros(count, dtype=np.int32),
    )  # fmt: skip


def a_ranking(random: Random, count: int | None = None) -> Arguments:
    count = int(random.choice(SIZES)) if count is None else count
    levels = int(random.choice([1, 2, 7, 65_536]))
    key = random.integers(0, levels, count).astype(np.int32)
    return key, levels, random.permutation(count).astype(np.int32)


def some_seats(random: Random, programmes: int, applicants: int) -> NDArray[np.int64]:
    """Return seats of which some are none at all, some few, and some more than anybody could fill."""
    few = random.integers(0, 2 + applicants // programmes, programmes)
    return np.where(random.random(programmes) < 0.2, np.where(random.random(programmes) < 0.5, 0, UNLIMITED), few)


def a_gate_of_options(random: Random, count: int | None = None, willing: float | None = None) -> Arguments:
    count = int(random.choice(SIZES)) if count is None else count
    options, levels = int(random.integers(1, 8)), int(random.choice([1, 5, 65_536]))
    utility = random.normal(0.0, 1.5, options) if willing is None else np.full(options, willing)
    utility[random.random(options) < 0.1] = CLOSED
    key, before = random.integers(0, levels, count).astype(np.int32), np.arange(count, dtype=np.int32)
    return (
        KERNELS["plain"].order_by_key(key, levels, before), some_persons(random, count), key, fresh_bins(levels),
        option_odds(utility, random.uniform(0.0, 5.0, options)), some_seats(random, options, count), KNOTS,
        address_of(random), np.full(count, -9, dtype=np.int32), np.full(options, -1, dtype=np.int32),
    )  # fmt: skip


def a_gate_of_programmes(
    random: Random, count: int | None = None, length: int | None = None, distinct: bool | None = None,
    loyalty: float | None = None, willing: float | None = None, seats: int | None = None,
) -> Arguments:  # fmt: skip
    """Return the arguments of ``walk_lists``: programmes of a few options, wished for near home or anywhere."""
    count = int(random.choice(SIZES)) if count is None else count
    length = int(random.choice([1, 2, 3, 6])) if length is None else length
    distinct = bool(random.random() < 0.7) if distinct is None else distinct
    loyalty = float(random.choice([0.0, 0.5, 0.97])) if loyalty is None else loyalty
    programmes, options, groups = (int(random.integers(1, most)) for most in (10, 4, 4))
    levels, homes = int(random.choice([1, 4, 7_501])), 3
    option = random.integers(0, options, programmes)
    known = Programmes(
        option, np.zeros(programmes), np.zeros(programmes), random.integers(0, groups, programmes), option
    )
    split = random.random(options) < 0.5
    parts = parts_of(options, split, ~split & (random.random(options) < 0.5), random.random(homes))
    utility = random.normal(0.5, 1.5, options) if willing is None else np.full(options, willing)
    utility[np.bincount(option, minlength=options) == 0] = CLOSED
    tables = tables_of(known, parts, random.random(programmes) + 0.01, groups)
    many = some_seats(random, programmes, count) if seats is None else np.full(programmes, seats)
    key = random.integers(0, levels, count).astype(np.int32)
    return (
        KERNELS["plain"].order_by_key(key, levels, np.arange(count, dtype=np.int32)), some_persons(random, count),
        random.integers(0, homes, count).astype(np.uint8), random.integers(0, groups, count).astype(np.uint8), key,
        fresh_bins(levels, LIST_BINS), list_edges(parts, utility, random.uniform(0.0, 3.0, options)), tables.start,
        tables.length, tables.probability, tables.other, many.astype(np.int32), length,
        length * int(random.integers(1, 5)), distinct, loyalty * WORD, address_of(random),
        np.full(count, -9, dtype=np.int32), np.full(count, 77, dtype=np.uint8), np.full(programmes, -1, dtype=np.int32),
        random.integers(0, 3, programmes).astype(np.int32),
    )  # fmt: skip


def whole_lists(random: Random, count: int | None = None) -> Arguments:
    given = a_gate_of_programmes(random, count)
    return (*given[1:11], *given[12:17], np.full((len(given[1]), given[12] + 1), -9, dtype=np.int32))


def acceptance_in_rounds(random: Random, count: int | None = None) -> Arguments:
    """Return the arguments of ``defer``: lists of any length, points for home students, programmes without seats."""
    count = int(random.choice(SIZES)) if count is None else count
    programmes, length, levels = (
        int(random.integers(1, 9)),
        int(random.integers(1, 6)),
        int(random.choice([1, 7, 7_501])),
    )
    table = np.full((count, length + 1), UNPLACED, dtype=np.int32)
    for who in range(count):
        named = random.permutation(programmes)[: random.integers(0, length + 1)]
        table[who, : len(named)] = named
        if random.random() < 0.5:
            table[who, len(named)] = DECLINED
    key = random.integers(0, levels, count).astype(np.int32)
    return (
        table, random.integers(0, 3, count).astype(np.uint8),
        KERNELS["plain"].order_by_key(key, levels, np.arange(count, dtype=np.int32)), key,
        some_seats(random, programmes, count).astype(np.int32), random.integers(0, 3, programmes) * 40,
        random.integers(0, 3, programmes), np.full(count, -9, dtype=np.int32), np.full(count, 77, dtype=np.uint8),
        np.full(programmes, -1, dtype=np.int32), np.zeros(programmes, dtype=np.int32),
    )  # fmt: skip


def acceptance_at_once(random: Random, count: int | None = None) -> Arguments:
    given = acceptance_in_rounds(random, count)
    return (given[0], *given[2:5], *given[7:])


def a_second_round(random: Random, count: int | None = None, acceptance: float | None = None) -> Arguments:
    count = int(random.choice(SIZES)) if count is None else count
    acceptance = float(random.choice([0.0, 0.6, 1.0])) if acceptance is None else acceptance
    programmes = int(random.integers(1, 8))
    key = random.integers(0, 50, count).astype(np.int32)
    return (
        KERNELS["plain"].order_by_key(key, 50, np.arange(count, dtype=np.int32)), some_persons(random, count),
        acceptance * WORD, address_of(random), random.random(programmes) < 0.7,
        np.minimum(some_seats(random, programmes, count // 2), 1_000).astype(np.int32),
        random.choice([DECLINED, UNPLACED, programmes - 1], count, p=[0.2, 0.6, 0.2]).astype(np.int32),
        np.ones(count, dtype=np.uint8), np.full(programmes, -1, dtype=np.int32), key,
    )  # fmt: skip


def a_settling(random: Random, count: int | None = None) -> Arguments:
    count = int(random.choice(SIZES)) if count is None else count
    programmes, students = int(random.integers(1, 8)), count + 5
    return (
        random.permutation(students)[:count].astype(np.int32),
        random.integers(UNPLACED, programmes, count).astype(np.int32), random.choice([3, 6, 255], programmes),
        random.integers(-1, 930, programmes), random.choice([0, 14, 255], programmes),
        random.integers(0, 17, students).astype(np.uint8), np.full(students, -1, dtype=np.int16),
        np.full(students, 255, dtype=np.uint8), np.zeros(students, dtype=np.uint8), 5, 6,
    )  # fmt: skip


def a_count(random: Random, count: int | None = None) -> Arguments:
    count = int(random.choice(SIZES)) if count is None else count
    room = count + 4
    cell = random.integers(0, 6, room).astype(np.uint8)
    cell[random.random(room) < 0.3] = GONE
    first = int(random.integers(0, 6))
    return (
        cell, random.integers(0, 4, room).astype(np.uint8), random.integers(-1, 9, room).astype(np.int16), count, first,
        first + int(random.integers(0, 4)), random.integers(0, 3, (6, 4)), random.integers(0, 3, 9),
    )  # fmt: skip


def some_lots(random: Random, count: int | None = None) -> Arguments:
    return some_persons(random, int(random.choice(SIZES)) if count is None else count), address_of(random)


INPUTS: dict[str, Callable[..., Arguments]] = {
    "pass_students": a_year,
    "enter_students": an_entry,
    "sit_exam": an_exam,
    "order_by_key": a_ranking,
    "walk_options": a_gate_of_options,
    "walk_lists": a_gate_of_programmes,
    "draw_lists": whole_lists,
    "defer": acceptance_in_rounds,
    "accept_at_once": acceptance_at_once,
    "seat_the_rest": a_second_round,
    "settle": a_settling,
    "count_students": a_count,
    "lots": some_lots,
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_compiled_rule_and_its_plain_twin_give_the_same_bytes(name: str) -> None:
    @given(seed=SEEDS)
    @settings(max_examples=120, deadline=None)
    def holds(seed: int) -> None:
        both(name, INPUTS[name](np.random.default_rng(seed)))

    holds()


@pytest.mark.parametrize("name", [name for name in NAMES if name != "pass_students"])
@pytest.mark.parametrize("count", [0, 1, 511, 512, 513, LONG])
def test_twins_agree_whatever_the_number_of_students(name: str, count: int) -> None:
    for seed in range(4):
        both(name, INPUTS[name](np.random.default_rng([seed, count]), count))


@pytest.mark.parametrize(
    "lengths", [(), (0,), (1,), (0, 0, 3), (4,), (5, 7), (2_048, 2_049), (2_047, 0, LONG, 1), (1, 2, 3, 4, 5, 6, 7)]
)
@pytest.mark.parametrize("gone", [0.0, 0.5, 1.0])
def test_twins_agree_on_blocks_of_any_length_living_or_dead(lengths: tuple[int, ...], gone: float) -> None:
    for seed in range(3):
        _, changed = both("pass_students", a_year(np.random.default_rng(seed), lengths, 0.2, gone))
        assert gone < 1.0 or np.all(changed[0] == GONE)


def test_twins_agree_where_rates_add_up_to_more_than_one_and_dropout_goes_first() -> None:
    for seed in range(20):
        arguments = list(a_year(np.random.default_rng(seed), (301, 6, 57), 0.9, 0.2))
        arguments[4], arguments[5] = np.full(6, 1.3 * WORD), np.zeros(6)
        (moves, finished), changed = both("pass_students", tuple(arguments))
        assert np.all(changed[0] == GONE)
        assert moves.sum() == moves[:, DROPPED].sum() == (arguments[0] != GONE).sum()
        assert not finished.any()


def test_twins_agree_where_a_last_grade_transfers() -> None:
    # One student in the last grade, who transfers for certain into the first grade of the other track.
    nobody = np.zeros(6)
    arguments = (
        np.array([2], dtype=np.uint8), np.zeros(1, dtype=np.int16), np.zeros(1, dtype=np.uint8),
        np.array([[0, 1, 7]], dtype=np.int64), nobody, nobody, nobody, nobody, np.full(6, WORD), PROMOTED,
        np.array([4, 5, 3, 1, 2, 0], dtype=np.int64), np.zeros(6, dtype=np.int64), np.array([1, 0, 13, 2021, 5]),
        np.zeros(1, dtype=np.int32), np.zeros(1, dtype=np.uint32),
    )  # fmt: skip
    (moves, _), changed = both("pass_students", arguments)
    assert moves[2, TRANSFERRED] == 1
    assert changed[0][0] == 3


@pytest.mark.parametrize("length", [1, 2, 6])
@pytest.mark.parametrize("distinct", [False, True])
@pytest.mark.parametrize("loyalty", [0.0, 0.5])
def test_twins_agree_on_lists_of_every_kind(length: int, distinct: bool, loyalty: float) -> None:
    for seed in range(12):
        both("walk_lists", a_gate_of_programmes(np.random.default_rng(seed), 150, length, distinct, loyalty))


@pytest.mark.parametrize("seats", [0, 1, UNLIMITED // 16])
def test_twins_agree_where_there_are_no_seats_or_more_than_enough(seats: int) -> None:
    for seed in range(12):
        arguments = a_gate_of_programmes(np.random.default_rng(seed), 150, seats=seats)
        choice = both("walk_lists", arguments)[1][17]
        assert seats > 0 or np.all(choice < 0)
        assert seats < 150 or np.all(choice != UNPLACED)


def test_twins_agree_where_everybody_declines() -> None:
    for seed in range(8):
        lists = both("walk_lists", a_gate_of_programmes(np.random.default_rng(seed), 40, willing=CLOSED))[1]
        options = both("walk_options", a_gate_of_options(np.random.default_rng(seed), 40, willing=CLOSED))[1]
        assert np.all(lists[17] == DECLINED)
        assert np.all(options[8] == DECLINED)


def test_twins_agree_in_a_second_round_with_fewer_seats_than_wait_for_them() -> None:
    for seed in range(12):
        arguments = list(a_second_round(np.random.default_rng(seed), 150, 0.8))
        arguments[5], arguments[4] = (
            np.full(len(arguments[5]), 2, dtype=np.int32),
            np.ones(len(arguments[5]), dtype=bool),
        )
        _, changed = both("seat_the_rest", tuple(arguments))
        assert not changed[5].any()
        assert (changed[7] == SUPPLEMENTARY).sum() == 2 * len(changed[5])
        assert (changed[6] == UNPLACED).any()


def test_a_second_round_needs_no_more_room_for_ten_million_seats_than_for_ten() -> None:
    # Ten million seats stand for an option that nothing limits (``MOST_SEATS`` of the school book).
    for name in ("plain", "compiled"):
        arguments = list(a_second_round(np.random.default_rng(1), 40, 1.0))
        arguments[4:6] = [np.ones(1, dtype=bool), np.full(1, 10_000_000, dtype=np.int32)]
        arguments[6], arguments[8] = np.full(40, UNPLACED, dtype=np.int32), np.full(1, -1, dtype=np.int32)
        tracemalloc.start()
        KERNELS[name].seat_the_rest(*arguments)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert np.all(arguments[6] == 0)
        assert most < 5_000_000, f"{name}: {most:,} bytes for 40 applicants"


@pytest.mark.parametrize("fresh", [False, True])
def test_twins_agree_on_fresh_and_remembered_exams_and_a_fresh_one_leaves_the_memory_alone(fresh: bool) -> None:
    for seed in range(12):
        arguments = an_exam(np.random.default_rng(seed), 150, fresh)
        _, changed = both("sit_exam", arguments)
        rows, memory, key = changed[0], changed[6], changed[7]
        if fresh:
            np.testing.assert_array_equal(memory, arguments[6])
        else:
            np.testing.assert_array_equal(memory[rows], key)
            assert np.abs(key - arguments[6][rows]).max() <= arguments[2] + 1


def test_the_small_inputs_reach_every_outcome() -> None:
    moves, choices, ranks, closings = np.zeros((6, 5), dtype=np.int64), set(), set(), 0
    rest = set()
    for seed in range(60):
        moves += both("pass_students", a_year(np.random.default_rng(seed)))[0][0]
        lists = both("walk_lists", a_gate_of_programmes(np.random.default_rng(seed)))[1]
        options = both("walk_options", a_gate_of_options(np.random.default_rng(seed)))[1]
        choices |= set(np.concatenate([lists[17], options[8]]).tolist())
        ranks |= set(lists[18].tolist())
        closings += int((lists[19] >= 0).sum() + (options[9] >= 0).sum())
        rest |= set(both("seat_the_rest", a_second_round(np.random.default_rng(seed)))[1][7].tolist())
    assert np.all(moves[:, [DROPPED, REPEATED, DEPARTED]] > 0)
    assert np.all(moves[PROMOTED >= 0, TRANSFERRED] > 0)
    assert not moves[:, STAYED].any()
    assert choices >= {DECLINED, UNPLACED, 0, 1, 2, 3, 4, 5, 6}
    assert ranks >= {0, 1, 2, 3, 4}
    assert closings > 60
    assert rest == {1, SUPPLEMENTARY}


@pytest.mark.parametrize("ready", [True, False])
def test_small_runs_take_plain_rules_and_large_ones_compiled(ready: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simvet.rules.kernels.ready", lambda: ready)
    sizes = np.geomspace(1.0, 1e9, 40).tolist()
    for lists in (False, True):
        taken = [kernels_for(size, lists) for size in sizes]
        assert taken == sorted(taken, reverse=True)
        assert (taken[0], taken[-1]) == ("plain", "compiled")
        # Choosing schools is more work, so that compiled rules pay sooner.
        assert lists or taken.count("compiled") < [kernels_for(size, True) for size in sizes].count("compiled")


def test_a_students_year_does_not_depend_on_who_else_is_there() -> None:
    everybody = a_year(np.random.default_rng(3), (401, 30), 0.2, 0.0)
    stay = np.random.default_rng(4).random(431) < 0.4
    fewer = list(everybody)
    fewer[0] = np.where(stay, everybody[0], GONE).astype(np.uint8)
    _, all_changed = both("pass_students", everybody)
    _, few_changed = both("pass_students", tuple(fewer))
    np.testing.assert_array_equal(few_changed[0][stay], all_changed[0][stay])
    np.testing.assert_array_equal(few_changed[2][stay], all_changed[2][stay])


def test_everybody_moves_as_the_word_of_his_own_person_number_says() -> None:
    arguments = a_year(np.random.default_rng(8), (13, 0, 6, 50), 0.2, 0.1)
    cell, score, _, blocks, drop, by_score, repeated, departed, moved, *_ = arguments
    low, high, decision, year, cohort = arguments[12].tolist()
    (moves, finished), changed = both("pass_students", arguments)
    wanted, leavers = np.zeros((6, 5), dtype=np.int64), {2: [], 5: []}
    for first, end, number in blocks.tolist():
        for row in range(first, end):
            here, person = int(cell[row]), (number << BLOCK_BITS) + row - first
            if here == GONE:
                assert changed[0][row] == GONE
                continue
            lot = float(keyed_words(low, high, decision, year, cohort, person >> 2)[person & 3])
            edge = drop[here] - by_score[here] * float(score[row])
            stages = [edge, edge + repeated[here], edge + departed[here], edge + moved[here]]
            event = (DROPPED, REPEATED, DEPARTED, TRANSFERRED, STAYED)[sum(lot >= stage for stage in stages)]
            after = {DROPPED: GONE, DEPARTED: GONE, REPEATED: here, TRANSFERRED: TRANSFER[here]}
            if event != STAYED:
                wanted[here, event] += 1
            elif PROMOTED[here] < 0:
                leavers[here].append((row, person))
            assert changed[0][row] == after.get(event, PROMOTED[here] if PROMOTED[here] >= 0 else here)
            assert changed[2][row] == (event if event in (DROPPED, DEPARTED) else 0)
    np.testing.assert_array_equal(moves, wanted)
    for here, found in leavers.items():
        start = int(arguments[11][here])
        assert finished[here] == len(found) > 0
        mine = slice(start, start + len(found))
        assert list(zip(changed[13][mine].tolist(), changed[14][mine].tolist(), strict=True)) == found


def test_of_many_students_each_rate_takes_its_share() -> None:
    count = 120_000
    arguments = list(a_year(np.random.default_rng(12), (count,), 0.0, 0.0))
    arguments[0], arguments[1] = np.zeros(count, dtype=np.uint8), np.zeros(count, dtype=np.int16)
    arguments[1][::2] = 5_000
    rates = {DROPPED: 0.06, REPEATED: 0.02, DEPARTED: 0.03, TRANSFERRED: 0.04}
    one = np.full(6, WORD)
    arguments[4:9] = [0.06 * one, 0.04 / 5_000 * one, 0.02 * one, 0.05 * one, 0.09 * one]
    arguments[8][PROMOTED < 0] = 0.05 * WORD
    (moves, _), changed = both("pass_students", tuple(arguments))
    for event, rate in rates.items():
        # The half with good marks drops out at 2 % instead of 6 %.
        share = 0.04 if event == DROPPED else rate
        assert abs(moves[0, event] - count * share) < 4.5 * np.sqrt(count * share * (1.0 - share)), event
    dropped = changed[2] == DROPPED
    for half, share in ((dropped[::2], 0.02), (dropped[1::2], 0.06)):
        assert abs(half.sum() - len(half) * share) < 4.5 * np.sqrt(len(half) * share * (1.0 - share))
    assert (changed[0] == PROMOTED[0]).sum() == count - moves[0].sum()


def test_new_students_come_from_districts_by_weight_with_marks_around_the_middle() -> None:
    count, weight = 60_000, np.array([5.0, 0.0, 3.0, 2.0])
    arguments = list(an_entry(np.random.default_rng(1), count))
    arguments[4:8] = [*alias_table(weight), 64, 100]
    _, changed = both("enter_students", tuple(arguments))
    inside = slice(changed[0], changed[1])
    many = np.bincount(changed[9][inside], minlength=4)
    share = weight / weight.sum()
    assert np.all(np.abs(many - count * share) <= 4.5 * np.sqrt(count * share * (1.0 - share)))
    # Three uniform parts of 2,500 points each: mean 3,750, standard deviation 1,250.
    assert changed[10][inside].mean() == pytest.approx(3_750.0, abs=4.5 * 1_250.0 / np.sqrt(count) + 0.5)
    assert changed[10][inside].std() == pytest.approx(1_250.0, rel=0.02)
    assert set(changed[11][inside].tolist()) == set(range(64, 164))
    for column, nothing in ((9, 201), (10, -3), (11, 203)):
        assert np.all(changed[column][: changed[0]] == nothing)
        assert np.all(changed[column][changed[1] :] == nothing)


@pytest.mark.parametrize(("place", "answer"), KNOWN_ANSWERS)
def test_words_are_those_that_philox_publishes(place: tuple[int, ...], answer: tuple[int, ...]) -> None:
    low, high, decision, year, cohort, row = place
    assert tuple(int(word) for word in keyed_words(*place)) == answer
    words = np.zeros((4, 1), dtype=np.uint32)
    fill_words(low, high, decision, year, cohort, np.array([row], dtype=np.uint32), 1, words)
    assert tuple(words[:, 0].tolist()) == answer
    address = np.array([low, high, decision, year, cohort], dtype=np.int64)
    assert tuple(keyed_words_of(address, np.array([row]))[:, 0].tolist()) == answer


@given(seed=st.integers(0, 2**64 - 1), decision=st.sampled_from(sorted(DECISIONS)), year=WORDS, cohort=WORDS, row=WORDS)
@example(seed=0, decision="student", year=0, cohort=0, row=2**32 - 1)
@settings(deadline=None)
def test_the_first_two_words_make_the_uniform_number_of_the_address(
    seed: int, decision: str, year: int, cohort: int, row: int
) -> None:
    key = Draws(seed).key(decision)
    first, second, _, _ = (int(word) for word in keyed_words(*key, year, cohort, row))
    uniform = ((first << 20 | second >> 12) + 0.5) * 2.0**-52
    assert uniform == keyed_uniform(*key, year, cohort, row)
    assert uniform == Draws(seed).uniform(decision, year, cohort, np.array([row]))[0]


@pytest.mark.parametrize("step", [0, 1, 5])
def test_words_of_many_rows_are_the_words_of_each_step_and_row(step: int) -> None:
    low, high, decision = Draws(2**64 - 3).key("student")
    rows = np.random.default_rng(2).integers(0, 2**32, 300).astype(np.uint32)
    each = np.array([keyed_words(low, high, decision + 256 * step, 2031, 99, row) for row in rows.tolist()]).T
    address = np.array([low, high, decision, 2031, 99], dtype=np.int64)
    np.testing.assert_array_equal(keyed_words_of(address, rows, step), each)
    words = np.full((4, 300), 7, dtype=np.uint32)
    fill_words(low, high, decision + 256 * step, 2031, 99, rows, 299, words)
    np.testing.assert_array_equal(words[:, :299], each[:, :299])
    assert np.all(words[:, 299] == 7)
