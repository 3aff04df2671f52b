"""Rows and person numbers last for life, and list entries are drawn from tables that hold the right odds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from simvet.draws import Draws
from simvet.engines.programmes import LIST_BINS, Parts, Programmes, Tables, list_edges, parts_of, tables_of
from simvet.engines.students import (
    BYTES,
    COLUMNS,
    KINDS,
    LEFT,
    OPENING_BLOCKS,
    Students,
)
from simvet.errors import InputError
from simvet.rules.chance import WORD
from simvet.rules.choosing import option_odds
from simvet.rules.student_year import BLOCK_LIMIT, BLOCKS, DEPARTED, DROPPED, GONE

Floats = NDArray[np.float64]

COUNTS = st.lists(st.integers(0, 30), min_size=1, max_size=12)
SEEDS = st.integers(0, 2**32 - 1)


def filled(counts: list[int]) -> Students:
    """Return a store with a block of each size, numbered out of order."""
    students = Students(2021)
    for place, count in enumerate(counts):
        students.append((place * 37 + 5) % BLOCKS, count)
    return students


@given(COUNTS)
@settings(max_examples=100, deadline=None)
def test_no_two_students_share_a_person_number(counts: list[int]) -> None:
    persons = filled(counts).persons(np.arange(sum(counts)))
    assert persons.dtype == np.uint32
    assert len(set(persons.tolist())) == sum(counts)


@given(COUNTS, COUNTS)
@settings(max_examples=100, deadline=None)
def test_a_person_keeps_his_number_and_row_whoever_comes_later(counts: list[int], later: list[int]) -> None:
    students, more = filled(counts), filled(counts + later)
    rows = np.arange(sum(counts))
    np.testing.assert_array_equal(more.persons(rows), students.persons(rows))
    for row, person in enumerate(students.persons(rows).tolist()):
        assert more.row_of(person) == row


@given(COUNTS)
@settings(max_examples=60, deadline=None)
def test_a_person_number_hangs_on_block_and_place_and_not_on_who_came_before(counts: list[int]) -> None:
    one, other = Students(2021), Students(2021)
    for count in counts[1:]:
        other.append(400 + count, count)
    first, last = one.append(77, 9)
    start, end = other.append(77, 9)
    np.testing.assert_array_equal(one.persons(np.arange(first, last)), other.persons(np.arange(start, end)))


@given(COUNTS)
@settings(max_examples=100, deadline=None)
def test_the_row_of_a_person_and_the_person_of_a_row_undo_each_other(counts: list[int]) -> None:
    students = filled(counts)
    everybody = students.persons(np.arange(students.rows)).tolist()
    assert [students.row_of(person) for person in everybody] == list(range(students.rows))
    strangers = {person + 1 for person in everybody} - set(everybody)
    assert all(students.row_of(person) is None for person in strangers)
    assert students.row_of(BLOCKS * BLOCK_LIMIT - 1) is None


def test_rows_may_be_asked_for_in_any_order_and_empty_blocks_have_none() -> None:
    students = filled([0, 4, 0, 0, 3, 0])
    rows = np.array([6, 0, 3, 4, 0])
    np.testing.assert_array_equal(students.persons(rows), students.persons(np.arange(7))[rows])
    assert len(students.persons(np.array([], dtype=np.int64))) == 0


def test_a_block_has_the_same_number_for_the_same_kind_and_year_and_no_other() -> None:
    numbers = {
        (kind, year): Students(2021).block_number(kind, year) for year in range(2021, 2036) for kind in reversed(KINDS)
    }
    again = {place: filled([3, 5]).block_number(*place) for place in numbers}
    assert again == numbers
    assert len(set(numbers.values())) == len(numbers)
    # Those below are kept for the cells of the opening.
    assert min(numbers.values()) == OPENING_BLOCKS
    assert max(numbers.values()) < BLOCKS


def test_a_block_number_tells_how_and_when_its_students_came_in() -> None:
    students = Students(2021)
    for year in (2021, 2022, 2035):
        for kind in KINDS:
            assert students.kind_of(students.block_number(kind, year)) == f"{kind} {year}"
    assert {students.kind_of(number) for number in range(OPENING_BLOCKS)} == {"opening"}


def test_a_year_for_which_no_block_numbers_are_left_is_refused() -> None:
    students = Students(2021)
    for kind in KINDS:
        with pytest.raises(InputError, match="outside the horizon 2021 to"):
            students.block_number(kind, 2021 + BLOCKS)
        enough = (BLOCKS - OPENING_BLOCKS) // len(KINDS)
        assert max(students.block_number(kind, 2021 + year) for year in range(enough)) < BLOCKS


def test_every_kind_may_enter_in_the_last_year_that_a_refusal_names() -> None:
    students = Students(2021)
    with pytest.raises(InputError) as refused:
        students.block_number("adult", 2021 + BLOCKS)
    last = refused.value.facts["last"]
    for kind in KINDS:
        assert students.block_number(kind, last) < BLOCKS, (kind, last)


def test_more_students_than_a_block_can_number_are_refused_and_nothing_is_appended() -> None:
    students = filled([4])
    with pytest.raises(InputError, match=str(BLOCK_LIMIT)):
        students.append(9, BLOCK_LIMIT + 1)
    assert students.rows == 4
    assert len(students.blocks) == 1


def test_a_store_grows_as_students_come_and_keeps_what_was_written() -> None:
    students = Students(2021)
    written = []
    for number in range(20):
        first, end = students.append(number, 7)
        assert (first, end) == (7 * number, 7 * number + 7)
        for name, (kind, nothing) in COLUMNS.items():
            column = students[name]
            assert column.dtype == kind and len(column) >= end
            assert np.all(column[first:] == nothing), name
        students["score"][first:end] = 100 * number + np.arange(7)
        students["cell"][first:end] = number
        written.append(100 * number + np.arange(7))
    np.testing.assert_array_equal(students["score"][: students.rows], np.concatenate(written))
    np.testing.assert_array_equal(students["cell"][: students.rows], np.repeat(np.arange(20), 7))


def test_room_that_is_reserved_is_not_made_again_and_never_taken_back() -> None:
    students = filled([3])
    students.reserve(500)
    cell = students["cell"]
    assert len(cell) == 500
    students.reserve(10)
    students.append(99, 400)
    assert students["cell"] is cell
    assert students.rows == 403


def test_a_block_lives_while_anybody_is_in_it() -> None:
    students = filled([2, 0, 3, 4])
    assert students.living_blocks().shape == (0, 3)
    students["cell"][:9] = 5
    students["cell"][2:5] = GONE
    students["cell"][5:8] = GONE
    first, third = students.blocks[0], students.blocks[3]
    found = students.living_blocks()
    assert found.dtype == np.int64
    assert found.tolist() == [list(first), list(third)]


def test_nobody_at_all_lives_in_no_block() -> None:
    assert Students(2021).living_blocks().shape == (0, 3)


def test_what_is_remembered_of_an_autumn_does_not_change_afterwards() -> None:
    students = filled([3, 2])
    students["cell"][:5] = [1, 2, 3, 4, 5]
    students.remember(2022)
    students["cell"][:5] = GONE
    students.append(200, 4)
    students.remember(2023)
    assert students.past[2022].tolist() == [1, 2, 3, 4, 5]
    assert students.past[2023].tolist() == [GONE] * 9


def test_a_row_is_as_small_as_its_columns_and_the_year_says_how_somebody_left() -> None:
    students = filled([1])
    assert sum(students[name].itemsize for name in COLUMNS) == BYTES
    assert LEFT[DROPPED] == "dropout"
    assert LEFT[DEPARTED] == "departure"


# Three options: general schools near home alone, regular vocational ones near or anywhere, college places anywhere.
OPTION = np.array([0, 0, 0, 1, 1, 1, 1, 2, 2], dtype=np.int64)
HOME = np.array([0, 1, 1, 0, 0, 1, 1, 0, 1], dtype=np.int64)
WEIGHT = np.array([30.0, 10.0, 20.0, 5.0, 15.0, 40.0, 0.0, 7.0, 3.0])
GROUPS = 3
"""Districts; the last one has no programme at all."""
PROGRAMMES = Programmes(OPTION, np.arange(9), np.arange(9), HOME, OPTION)
NEAR = np.array([0.2, 0.5, 0.9])
PARTS = parts_of(3, np.array([False, True, False]), np.array([True, False, False]), NEAR)
UTILITY, SLOPE = np.array([0.5, -0.2, -1.0]), np.array([2.0, 0.5, 1.0])


def picked(tables: Tables, part: int, group: int) -> Floats:
    """Return the probability of every programme when a part and group draws from its table."""
    start, length = int(tables.start[part, group]), int(tables.length[part, group])
    found, places = np.zeros(len(OPTION)), len(tables.probability)
    for place in range(start, start + length):
        own = float(tables.probability[place])
        found[tables.other[places + place]] += own / length
        found[tables.other[place]] += (1.0 - own) / length
    return found


def share_of(chosen: NDArray[np.bool_]) -> Floats:
    weight = np.where(chosen, WEIGHT, 0.0)
    return weight / weight.sum()


def test_an_option_wished_for_near_home_or_anywhere_has_two_parts_whose_shares_add_up() -> None:
    assert PARTS.option.tolist() == [0, 1, 1, 2]
    assert PARTS.near.tolist() == [True, True, False, False]
    np.testing.assert_allclose(PARTS.share, np.stack([np.ones(3), NEAR, 1.0 - NEAR, np.ones(3)], axis=1))
    for option in range(3):
        np.testing.assert_allclose(PARTS.share[:, PARTS.option == option].sum(axis=1), 1.0)


def test_list_edges_are_the_odds_added_up_and_leave_the_rest_for_not_continuing() -> None:
    edges = list_edges(PARTS, UTILITY, SLOPE)
    odds = option_odds(UTILITY, SLOPE, LIST_BINS)
    assert edges.shape == (3, LIST_BINS, 4)
    none = WORD / (1.0 + odds.sum(axis=1))
    np.testing.assert_allclose(edges[:, :, -1] + none, WORD, rtol=1e-12)
    width = np.diff(edges, axis=2, prepend=0.0)
    assert np.all(width > 0.0)
    for option in range(3):
        # Against not continuing, an option weighs its odds whatever the wish to stay near home.
        mine = width[:, :, PARTS.option == option].sum(axis=2)
        np.testing.assert_allclose(mine / none, np.tile(odds[:, option], (3, 1)), rtol=1e-9)
    np.testing.assert_allclose(width[:, :, 1] / (width[:, :, 1] + width[:, :, 2]), np.tile(NEAR[:, None], LIST_BINS))


@given(st.lists(st.tuples(st.floats(-6.0, 6.0), st.floats(-3.0, 5.0)), min_size=1, max_size=4))
@settings(max_examples=50, deadline=None)
def test_list_edges_never_fall_and_never_pass_the_last_word(options: list[tuple[float, float]]) -> None:
    utility, slope = np.array(options).T
    nobody = np.zeros(len(utility), dtype=bool)
    parts = parts_of(len(utility), ~nobody, nobody, np.array([0.0, 0.4, 1.0]))
    edges = list_edges(parts, utility, slope)
    assert np.all(np.diff(edges, axis=2) >= 0.0)
    assert edges.min() >= 0.0 and edges.max() < WORD


def test_tables_pick_every_programme_by_its_weight_within_its_part() -> None:
    tables = tables_of(PROGRAMMES, PARTS, WEIGHT, GROUPS)
    for part, (option, near) in enumerate(zip(PARTS.option, PARTS.near, strict=True)):
        for group in range(GROUPS):
            here = (option == OPTION) & ((group == HOME) | (not near))
            if (WEIGHT[here] > 0.0).any():
                np.testing.assert_allclose(picked(tables, part, group), share_of(here), atol=1e-6)


def test_wishes_near_home_go_anywhere_where_there_is_nothing_near_home() -> None:
    tables = tables_of(PROGRAMMES, PARTS, WEIGHT, GROUPS)
    nowhere = GROUPS - 1
    np.testing.assert_allclose(picked(tables, 0, nowhere), share_of(OPTION == 0), atol=1e-6)
    np.testing.assert_allclose(picked(tables, 1, nowhere), share_of(OPTION == 1), atol=1e-6)
    # Also where what is near has no seat to wish for.
    weight = WEIGHT.copy()
    weight[[1, 2]] = 0.0
    np.testing.assert_allclose(picked(tables_of(PROGRAMMES, PARTS, weight, GROUPS), 0, 1), np.eye(9)[0], atol=1e-6)


def test_an_option_that_nobody_offers_has_no_table_and_takes_nothing_from_the_others() -> None:
    weight = np.where(OPTION == 1, 0.0, WEIGHT)
    tables = tables_of(PROGRAMMES, PARTS, weight, GROUPS)
    assert not tables.length[PARTS.option == 1].any()
    np.testing.assert_allclose(picked(tables, 3, 0), share_of(OPTION == 2), atol=1e-6)
    nothing = tables_of(PROGRAMMES, PARTS, np.zeros(9), GROUPS)
    assert not nothing.length.any()
    assert len(nothing.probability) == 1 and len(nothing.other) == 2


@given(SEEDS)
@settings(max_examples=60, deadline=None)
def test_tables_of_any_programmes_hold_their_weights(seed: int) -> None:
    random = np.random.default_rng(seed)
    option, home = random.integers(0, 3, 9), random.integers(0, GROUPS, 9)
    weight = np.where(random.random(9) < 0.3, 0.0, random.exponential(1.0, 9) ** 3)
    programmes = Programmes(option, option, option, home, option)
    split = random.random(3) < 0.5
    parts: Parts = parts_of(3, split, ~split & (random.random(3) < 0.5), NEAR)
    tables = tables_of(programmes, parts, weight, GROUPS)
    for part in range(len(parts.option)):
        for group in range(GROUPS):
            anywhere = np.where(option == parts.option[part], weight, 0.0)
            near = np.where(home == group, anywhere, 0.0)
            mine = near if parts.near[part] and near.any() else anywhere
            wanted = mine / mine.sum() if mine.any() else np.zeros(9)
            np.testing.assert_allclose(picked(tables, part, group), wanted, atol=1e-6)


def test_of_many_wishes_each_programme_gets_its_share_within_one_in_a_hundred() -> None:
    tables = tables_of(PROGRAMMES, PARTS, WEIGHT, GROUPS)
    part, group = 2, 0
    count = 400_000
    spot = Draws(5).uniform("student", 2025, "wishes", count) * tables.length[part, group]
    place = int(tables.start[part, group]) + spot.astype(np.int64)
    own = spot % 1.0 < tables.probability[place]
    named = np.where(own, tables.other[len(tables.probability) + place], tables.other[place])
    share = np.bincount(named, minlength=9) / count
    np.testing.assert_allclose(share, share_of(OPTION == 1), rtol=0.01)


def test_programmes_are_counted_by_their_rows() -> None:
    assert len(PROGRAMMES) == 9
