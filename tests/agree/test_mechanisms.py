"""The three admission mechanisms against plain loops over written lists, and against what the theory says of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from simvet.engines.programmes import LIST_BINS, Programmes, list_edges, parts_of, tables_of
from simvet.rules.chance import WORD
from simvet.rules.choosing import fresh_bins
from simvet.rules.kernels import KERNELS
from simvet.rules.matching import DECLINED, REFUSED, UNPLACED
from simvet.rules.mechanisms import Lists, deferred_acceptance, immediate_acceptance

Ints = NDArray[np.int64]
Entries = list[list[int]]

SEEDS = st.integers(0, 2**32 - 1)
LEVELS = 60
"""Points of the exams here: few enough for ties."""


@dataclass
class Written:
    """Lists written down: programmes in the order of the wish, DECLINED at the end of those who would rather stop."""

    written: Entries
    group: Ints
    list_length: int = 8
    entries: Ints = field(init=False)
    turned: Ints = field(init=False)

    def __post_init__(self) -> None:
        self.entries = np.zeros(len(self.written), dtype=np.int64)
        self.turned = np.zeros(len(self.written), dtype=np.int64)

    def next_of(self, applicants: Ints) -> Ints:
        """Return the next line of each list, UNPLACED at its end."""
        found = np.full(len(applicants), UNPLACED, dtype=np.int64)
        for place, who in enumerate(applicants.tolist()):
            if self.turned[who] < len(self.written[who]):
                found[place] = self.written[who][self.turned[who]]
                self.turned[who] += 1
                self.entries[who] += found[place] >= 0
        return found


@dataclass
class Outcome:
    """What a mechanism has filled."""

    choice: NDArray[np.int32]
    rank: NDArray[np.uint8]
    cutoff: NDArray[np.int32]
    first_choices: NDArray[np.int32]
    left: NDArray[np.int32]


@dataclass
class Gate:
    """Applicants, their drawn lists and the seats that they compete for."""

    key: NDArray[np.int32]
    order: NDArray[np.int32]
    group: Ints
    seats: NDArray[np.int32]
    home: Ints
    lists: Callable[[], Any]
    arguments: tuple[Any, ...] = ()

    @cached_property
    def entries(self) -> Entries:
        """Everybody's list, read off to its end."""
        lists, asking = self.lists(), np.arange(len(self.key))
        found: Entries = [[] for _ in self.key]
        while len(asking):
            wishes = lists.next_of(asking)
            for who, wish in zip(asking.tolist(), wishes.tolist(), strict=True):
                found[who] += [wish] if wish != UNPLACED else []
            asking = asking[wishes >= 0]
        return found

    @cached_property
    def place(self) -> Ints:
        """Everybody's place in the order."""
        return np.argsort(self.order)

    def run(self, mechanism: str, points: int | None = None) -> Outcome:
        """Return what a mechanism makes of the gate: "deferred", "immediate", or a set of kernels by name."""
        count, programmes = len(self.key), len(self.seats)
        found = Outcome(
            np.full(count, -9, dtype=np.int32), np.full(count, 99, dtype=np.uint8),
            np.full(programmes, -1, dtype=np.int32), np.zeros(programmes, dtype=np.int32), self.seats.copy(),
        )  # fmt: skip
        filled = (found.choice, found.rank, found.cutoff, found.first_choices)
        if mechanism == "immediate":
            immediate_acceptance(self.order, self.key, self.lists(), found.left, *filled)
        elif mechanism == "deferred":
            priority = None if points is None else np.full(programmes, points, dtype=np.int64)
            deferred_acceptance(self.order, self.key, self.lists(), found.left, priority, self.home, *filled)
        else:
            before, after = self.arguments
            KERNELS[mechanism].walk_lists(*before, found.left, *after, *filled)
        return found


def order_of(key: NDArray[np.int32]) -> NDArray[np.int32]:
    return np.argsort(-key, kind="stable").astype(np.int32)


def drawn_gate(seed: int, count: int | None = None, loyalty: float | None = None) -> Gate:
    """Return a gate of a few options whose lists are drawn as the agent engine draws them."""
    random = np.random.default_rng(seed)
    count = int(random.integers(1, 60)) if count is None else count
    loyalty = float(random.choice([0.0, 0.6])) if loyalty is None else loyalty
    programmes, options, groups = int(random.integers(1, 9)), int(random.integers(1, 4)), 3
    option = random.integers(0, options, programmes)
    home = random.integers(0, groups, programmes)
    split = random.random(options) < 0.5
    parts = parts_of(options, split, ~split, random.random(2))
    utility = random.normal(1.0, 1.0, options)
    utility[np.bincount(option, minlength=options) == 0] = -700.0
    nothing = np.zeros(programmes, dtype=np.int64)
    tables = tables_of(Programmes(option, nothing, nothing, home, nothing), parts, random.random(programmes), groups)
    drawn = (tables.start, tables.length, tables.probability, tables.other)
    key = random.integers(0, LEVELS, count).astype(np.int32)
    persons = random.permutation(5_000)[:count].astype(np.uint32)
    level, group = random.integers(0, 2, count).astype(np.uint8), random.integers(0, groups, count).astype(np.uint8)
    edges, bins = list_edges(parts, utility, random.uniform(0.0, 2.0, options)), fresh_bins(LEVELS, LIST_BINS)
    length = int(random.integers(1, 6))
    how = (length, 4 * length, bool(random.random() < 0.7), loyalty * WORD, np.array([seed, 0, 13, 2025, 1]))
    seats = random.integers(0, 1 + max(1, 2 * count // programmes), programmes).astype(np.int32)
    order = order_of(key)
    return Gate(
        key, order, group, seats, home, lambda: Lists(persons, level, group, bins[key], edges, *drawn, *how),
        ((order, persons, level, group, key, bins, edges, *drawn), how),
    )  # fmt: skip


def written_gate(
    points: list[int], written: Entries, seats: list[int], group: list[int] | None = None, home: list[int] | None = None
) -> Gate:
    """Return a gate with lists by hand."""
    mine = np.array(group or [0] * len(points))
    key = np.array(points, dtype=np.int32)
    return Gate(
        key, order_of(key), mine, np.array(seats, dtype=np.int32), np.array(home or [1] * len(seats)),
        lambda: Written(written, mine),
    )  # fmt: skip


def written_market(seed: int, count: int = 5, programmes: int = 3) -> Gate:
    """Return a small market with lists of any length, home students and programmes of two districts."""
    random = np.random.default_rng(seed)
    written = []
    for _ in range(count):
        mine = random.permutation(programmes)[: random.integers(1, programmes + 1)].tolist()
        written.append([*mine, DECLINED] if random.random() < 0.2 else mine)
    points = random.integers(0, 20, count).tolist()
    seats, group, home = (random.integers(0, 2, many).tolist() for many in (programmes, count, programmes))
    return written_gate(points, written, seats, group, home)


def one_by_one(gate: Gate) -> tuple[list[int], list[int], list[int], list[int]]:
    """Return choice, rank, cut-offs and seats left of the serial dictatorship, in a loop."""
    entries, left = gate.entries, gate.seats.tolist()
    choice, rank, cutoff = [UNPLACED] * len(entries), [0] * len(entries), [-1] * len(left)
    for who in gate.order.tolist():
        for place, programme in enumerate(entries[who]):
            if programme == DECLINED:
                choice[who] = DECLINED if place == 0 else REFUSED
            elif left[programme] > 0:
                left[programme] -= 1
                choice[who], rank[who] = programme, place + 1
                if left[programme] == 0:
                    cutoff[programme] = int(gate.key[who])
                break
    return choice, rank, cutoff, left


def round_by_round(gate: Gate) -> tuple[list[int], list[int], list[int]]:
    """Return choice, rank and seats left of immediate acceptance, in a loop."""
    entries, left = gate.entries, gate.seats.tolist()
    choice, rank = [UNPLACED] * len(entries), [0] * len(entries)
    waiting = gate.order.tolist()
    for place in range(max(len(mine) for mine in entries)):
        still = []
        for who in waiting:
            wish = entries[who][place] if place < len(entries[who]) else UNPLACED
            if wish == DECLINED:
                choice[who] = DECLINED if place == 0 else REFUSED
            elif wish >= 0 and left[wish] > 0:
                left[wish] -= 1
                choice[who], rank[who] = wish, place + 1
            elif wish >= 0:
                still.append(who)
        waiting = still
    return choice, rank, left


def by_single_proposals(gate: Gate, points: int, random: np.random.Generator) -> list[int]:
    """Return what deferred acceptance gives when applicants apply one at a time, whoever the dice name next."""
    entries = gate.entries
    held: list[list[int]] = [[] for _ in gate.seats]
    choice, at, waiting = [UNPLACED] * len(entries), [0] * len(entries), list(range(len(entries)))
    while waiting:
        who = waiting.pop(int(random.integers(len(waiting))))
        choice[who] = UNPLACED
        if at[who] == len(entries[who]):
            continue
        choice[who] = entries[who][at[who]]
        at[who] += 1
        if choice[who] < 0:
            continue
        inside = held[choice[who]]
        inside.append(who)
        inside.sort(key=lambda other: standing(gate, other, choice[who], points))
        if len(inside) > gate.seats[choice[who]]:
            waiting.append(inside.pop())
    return choice


def standing(gate: Gate, who: int, programme: int, points: int) -> tuple[int, int]:
    """Return an applicant's place at a programme, the smallest first: points with those for home, then the order."""
    home = points if gate.group[who] == gate.home[programme] else 0
    return -(int(gate.key[who]) + home), int(gate.place[who])


def blocking(gate: Gate, choice: NDArray[np.int32], points: int) -> list[tuple[int, int]]:
    """Return every applicant and programme that would rather have each other."""
    found = []
    for who in range(len(choice)):
        for programme in refused(gate, choice, who):
            inside = np.flatnonzero(choice == programme).tolist()
            mine = standing(gate, who, programme, points)
            if len(inside) < gate.seats[programme] or any(standing(gate, o, programme, points) > mine for o in inside):
                found.append((who, programme))
    return found


def refused(gate: Gate, choice: NDArray[np.int32], who: int) -> list[int]:
    """Return the programmes that an applicant named before what came of it."""
    entries = gate.entries[who]
    return entries[: entries.index(choice[who])] if choice[who] in entries else [e for e in entries if e >= 0]


def is_home(gate: Gate, choice: NDArray[np.int32], who: int) -> bool:
    return bool(gate.home[choice[who]] == gate.group[who])


@given(SEEDS)
@settings(max_examples=40, deadline=None)
def test_lists_hang_on_the_applicant_alone(seed: int) -> None:
    gate = drawn_gate(seed)
    lists, alone = gate.lists(), []
    for who in range(len(gate.key)):
        mine = [int(lists.next_of(np.array([who]))[0])]
        while mine[-1] >= 0:
            mine.append(int(lists.next_of(np.array([who]))[0]))
        alone.append(mine[:-1] if mine[-1] == UNPLACED else mine)
    assert alone == gate.entries
    assert max(sum(wish >= 0 for wish in mine) for mine in alone) <= lists.list_length
    if lists.distinct:
        assert all(len(set(mine)) == len(mine) for mine in alone)


@given(SEEDS)
@settings(max_examples=80, deadline=None)
def test_serial_dictatorship_is_the_loop_over_lists_that_it_says_it_is(seed: int) -> None:
    gate = drawn_gate(seed)
    choice, rank, cutoff, left = one_by_one(gate)
    first = [mine[0] for mine in gate.entries]
    for outcome in (
        gate.run("compiled"), gate.run("plain"), gate.run("deferred"), gate.run("deferred", 0),
    ):  # fmt: skip
        assert outcome.choice.tolist() == choice
        assert outcome.rank.tolist() == rank
        assert outcome.cutoff.tolist() == cutoff
        assert outcome.left.tolist() == left
        assert outcome.first_choices.tolist() == [first.count(programme) for programme in range(len(left))]


@given(SEEDS)
@settings(max_examples=80, deadline=None)
def test_immediate_acceptance_is_the_loop_over_rounds_that_it_says_it_is(seed: int) -> None:
    gate = drawn_gate(seed)
    outcome = gate.run("immediate")
    choice, rank, left = round_by_round(gate)
    assert outcome.left.tolist() == left
    assert outcome.rank.tolist() == rank
    assert outcome.choice.tolist() == choice


@given(SEEDS, st.sampled_from([0, 1, 5, LEVELS]))
@settings(max_examples=80, deadline=None)
def test_deferred_acceptance_leaves_no_applicant_and_programme_who_would_rather_have_each_other(
    seed: int, points: int
) -> None:
    gate = drawn_gate(seed)
    assert blocking(gate, gate.run("deferred", points).choice, points) == []


def test_immediate_acceptance_does_leave_some() -> None:
    # The check above can fail: the old mechanism fails it.
    gates = [drawn_gate(seed, 60) for seed in range(10)]
    assert any(blocking(gate, gate.run("immediate").choice, 0) for gate in gates)


@given(SEEDS, st.sampled_from([0, 3, LEVELS]))
@settings(max_examples=60, deadline=None)
def test_deferred_acceptance_does_not_hang_on_who_applies_first(seed: int, points: int) -> None:
    gate = drawn_gate(seed)
    choice = np.array(by_single_proposals(gate, points, np.random.default_rng(seed)))
    outcome = gate.run("deferred", points)
    np.testing.assert_array_equal(np.where(outcome.choice < 0, -1, outcome.choice), np.where(choice < 0, -1, choice))


@given(SEEDS, st.sampled_from([0, 4, 30]))
@settings(max_examples=40, deadline=None)
def test_nobody_gains_from_a_list_that_is_not_his_own_under_deferred_acceptance(seed: int, points: int) -> None:
    gate = written_market(seed)
    honest, truth = gate.run("deferred", points).choice, gate.entries
    for who, mine in enumerate(truth):
        wishes = [programme for programme in mine if programme >= 0]
        mark = wishes.index(honest[who]) if honest[who] >= 0 else len(wishes)
        for many in range(1, len(gate.seats) + 1):
            for told in permutations(range(len(gate.seats)), many):
                lists = [list(told) if other == who else truth[other] for other in range(len(truth))]
                other_gate = written_gate(
                    gate.key.tolist(), lists, gate.seats.tolist(), gate.group.tolist(), gate.home.tolist()
                )
                assert other_gate.run("deferred", points).choice[who] not in wishes[:mark]


@given(SEEDS)
@settings(max_examples=80, deadline=None)
def test_every_mechanism_keeps_its_books(seed: int) -> None:
    gate = drawn_gate(seed)
    entries = gate.entries
    for name, points in (("compiled", None), ("plain", None), ("deferred", 7), ("immediate", None)):
        found = gate.run(name, points)
        placed = found.choice >= 0
        # Seats are never exceeded, and what is left is what was there less what was given.
        given_out = np.bincount(found.choice[placed], minlength=len(gate.seats))
        np.testing.assert_array_equal(found.left, gate.seats - given_out)
        assert np.all(found.left >= 0)
        # Everybody is placed, has declined or is unplaced.
        assert np.all(placed | np.isin(found.choice, (DECLINED, UNPLACED, REFUSED)))
        assert np.all(found.choice[placed] < len(gate.seats))
        # The rank is the entry of the list that was granted.
        for who in range(len(entries)):
            if placed[who]:
                assert entries[who][found.rank[who] - 1] == found.choice[who]
            else:
                assert found.rank[who] == 0
        # Nobody is placed who would rather stop, and only those decline.
        assert all(DECLINED in entries[who] for who in np.flatnonzero(found.choice == DECLINED))
        # The cut-off is the lowest admitted where a programme is full, and is left alone elsewhere.
        for programme in range(len(gate.seats)):
            inside = gate.key[found.choice == programme]
            full = len(inside) > 0 and found.left[programme] == 0
            assert found.cutoff[programme] == (inside.min() if full else -1), name


@given(SEEDS)
@settings(max_examples=60, deadline=None)
def test_serial_dictatorship_passes_nobody_over_for_a_lower_score(seed: int) -> None:
    gate = drawn_gate(seed)
    found = gate.run("compiled")
    for who in range(len(gate.key)):
        for programme in refused(gate, found.choice, who):
            assert found.left[programme] == 0
            assert gate.seats[programme] == 0 or found.cutoff[programme] >= gate.key[who]


@given(SEEDS)
@settings(max_examples=60, deadline=None)
def test_immediate_acceptance_grants_the_most_first_choices(seed: int) -> None:
    gate = drawn_gate(seed)
    granted = {name: int((gate.run(name, 0).rank == 1).sum()) for name in ("immediate", "deferred", "compiled")}
    wished = gate.run("immediate").first_choices
    assert granted["immediate"] == np.minimum(wished, gate.seats).sum()
    assert granted["immediate"] >= granted["deferred"] == granted["compiled"]


# A table that can be checked by hand: nursing and cooking have one seat each, car repair has two.
NURSING, COOKING, CARS = range(3)
POINTS = [95, 90, 85, 80, 75]
NAMES = ["An", "Bo", "Chen", "Dong", "Er"]
LISTS = [[NURSING, COOKING, CARS], [NURSING, COOKING], [COOKING, CARS], [CARS], [CARS]]
SEATS = [1, 1, 2]


@pytest.mark.parametrize(
    ("mechanism", "points", "choice", "rank", "cutoff"),
    [
        # By score: An takes nursing, Bo comes second there and takes cooking, Chen falls back on cars, Er is too late.
        ("deferred", None, [NURSING, COOKING, CARS, CARS, UNPLACED], [1, 2, 2, 1, 0], [95, 90, 80]),
        ("deferred", 0, [NURSING, COOKING, CARS, CARS, UNPLACED], [1, 2, 2, 1, 0], [95, 90, 80]),
        # All first wishes at once: cooking goes to Chen, who named it first, and Bo's second wish finds it taken.
        ("immediate", None, [NURSING, UNPLACED, COOKING, CARS, CARS], [1, 0, 1, 1, 1], [95, 85, 75]),
        # Ten points for those at home, and Chen is at home at the cooking school: 95 against Bo's 90.
        ("deferred", 10, [NURSING, UNPLACED, COOKING, CARS, CARS], [1, 0, 1, 1, 1], [95, 85, 75]),
        # Four points are not enough: 89 against 90.
        ("deferred", 4, [NURSING, COOKING, CARS, CARS, UNPLACED], [1, 2, 2, 1, 0], [95, 90, 80]),
    ],
)
def test_five_students_and_three_programmes_come_out_as_by_hand(
    mechanism: str, points: int | None, choice: list[int], rank: list[int], cutoff: list[int]
) -> None:
    found = written_gate(POINTS, LISTS, SEATS, [0, 0, 2, 0, 0], [1, 2, 1]).run(mechanism, points)
    assert dict(zip(NAMES, found.choice.tolist(), strict=True)) == dict(zip(NAMES, choice, strict=True))
    assert found.rank.tolist() == rank
    assert found.cutoff.tolist() == cutoff
    assert found.first_choices.tolist() == [2, 1, 2]
    assert found.left.tolist() == [0, 0, 0]


def test_the_worked_table_grants_four_first_wishes_at_once_and_two_by_score() -> None:
    gate = written_gate(POINTS, LISTS, SEATS)
    assert (gate.run("immediate").rank == 1).sum() == 4
    assert (gate.run("deferred").rank == 1).sum() == 2


def test_the_old_mechanism_rewards_a_list_that_is_not_true() -> None:
    # Bo goes without a seat for his true list; had he named cooking first, he would have it with his 90 points.
    told = [mine if name != "Bo" else [COOKING, NURSING] for name, mine in zip(NAMES, LISTS, strict=True)]
    assert written_gate(POINTS, LISTS, SEATS).run("immediate").choice[1] == UNPLACED
    assert written_gate(POINTS, told, SEATS).run("immediate").choice[1] == COOKING


@pytest.mark.parametrize("mechanism", ["deferred", "immediate"])
@pytest.mark.parametrize("cars", [1, 2])
def test_who_names_nothing_has_declined_and_who_stops_after_a_full_programme_was_refused(
    mechanism: str, cars: int
) -> None:
    # The last student finds nursing full and would rather stop than repair cars, whether or not there is room.
    lists = [[NURSING], [CARS], [NURSING, DECLINED]]
    found = written_gate([9, 8, 7], lists, [1, 0, cars]).run(mechanism)
    assert found.choice.tolist() == [NURSING, CARS, REFUSED]
    found = written_gate([9, 8, 7], [[NURSING], [CARS], [DECLINED]], [1, 0, cars]).run(mechanism)
    assert found.choice.tolist() == [NURSING, CARS, DECLINED]


def test_points_for_home_bring_home_students_in_and_a_high_enough_number_brings_them_first() -> None:
    inside = np.zeros(3)
    for gate in (drawn_gate(seed, 200) for seed in range(10)):
        for step, points in enumerate((0, 5, LEVELS)):
            choice = gate.run("deferred", points).choice
            seated = np.flatnonzero(choice >= 0)
            inside[step] += (gate.home[choice[seated]] == gate.group[seated]).sum()
            if points == LEVELS:
                # No stranger holds a seat that somebody at home, of whatever points, was refused.
                home = {(gate.group[who], wish) for who in range(200) for wish in refused(gate, choice, who)}
                assert all(
                    (gate.home[choice[who]], choice[who]) not in home or is_home(gate, choice, who) for who in seated
                )
    assert inside[0] < inside[1] < inside[2]


@pytest.mark.parametrize("loyalty", [0.0, 0.5, 0.9])
def test_after_a_full_programme_the_next_entry_is_of_the_same_kind_as_often_as_loyalty_says(loyalty: float) -> None:
    count = 60_000
    share = np.array([0.5, 0.3])
    programmes, nothing = np.arange(2), np.zeros(2, dtype=np.int64)
    parts = parts_of(2, np.zeros(2, dtype=bool), np.zeros(2, dtype=bool), np.zeros(1))
    tables = tables_of(Programmes(programmes, nothing, nothing, nothing, nothing), parts, np.ones(2), 1)
    edges = list_edges(parts, np.log(share / 0.2), np.zeros(2))
    nobody = np.zeros(count, dtype=np.uint8)
    lists = Lists(
        np.arange(count, dtype=np.uint32), nobody, nobody, nobody.astype(np.int32), edges, tables.start, tables.length,
        tables.probability, tables.other, 2, 2, False, loyalty * WORD, np.array([3, 0, 13, 2025, 4]),
    )  # fmt: skip
    first = lists.next_of(np.arange(count))
    going = np.flatnonzero(first >= 0)
    second = lists.next_of(going)
    odds = [*share.tolist(), 0.2]
    for kind, chance in zip((0, 1, DECLINED), odds, strict=True):
        assert abs((first == kind).sum() - count * chance) < 4.5 * np.sqrt(count * chance * (1.0 - chance))
        for before in (0, 1):
            mine = second[first[going] == before]
            wanted = loyalty * (before == kind) + (1.0 - loyalty) * chance
            error = np.sqrt(len(mine) * wanted * (1.0 - wanted))
            assert abs((mine == kind).sum() - len(mine) * wanted) < 4.5 * error, (before, kind)
