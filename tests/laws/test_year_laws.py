"""What holds in every school year, whatever the rates."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from simvet.draws import Draws, cohort_key
from simvet.loading import load_pathway
from simvet.rules.progress import pass_a_year

Floats = NDArray[np.float64]

LAW = settings(max_examples=80, deadline=None, derandomize=True, database=None)
PATHWAY = load_pathway()
TRACKS = len(PATHWAY.tracks)
LAST = np.array([track.first_cell + track.grades - 1 for track in PATHWAY.tracks])


@st.composite
def years(draw: st.DrawFn, ceiling: float = 0.25) -> tuple[Floats, list[Floats]]:
    """A stock in whole persons and four rates of every track, adding up to at most one."""
    seed = draw(st.integers(0, 10_000))
    random = np.random.default_rng(seed)
    stock = np.floor(random.uniform(0.0, draw(st.sampled_from([3.0, 500.0, 60_000.0])), (2, PATHWAY.cells)))
    stock[random.random(stock.shape) < 0.15] = 0.0
    high = draw(st.one_of(st.just(0.0), st.floats(1e-6, ceiling)))
    return stock, [random.uniform(0.0, high, (2, TRACKS)) for _ in range(4)]


def move(stock: Floats, rates: list[Floats], whole: bool = False) -> tuple[Floats, Floats, Floats]:
    low, high, number = Draws(3).key("progress")
    keys = np.tile(np.array([[low, high, number, 2025, cohort_key("law")]], dtype=np.uint64), (stock.shape[0], 1))
    rows = np.arange(stock.shape[0], dtype=np.int64)
    return pass_a_year(stock, PATHWAY.first_cell, PATHWAY.grades, PATHWAY.partner, *rates, whole, keys, rows)


def track_stock(stock: Floats) -> Floats:
    return np.stack([stock[:, PATHWAY.cells_of(track.name)].sum(axis=1) for track in PATHWAY.tracks], axis=1)


@LAW
@given(years())
def test_promotion_repetition_dropout_transfer_and_departure_add_up_to_one(year: Any) -> None:
    stock, rates = year
    for cell, (stage, track, _) in enumerate(PATHWAY.cell_table):
        if stock[0, cell] == 0.0:
            continue
        alone = np.zeros_like(stock)
        alone[0, cell] = stock[0, cell]
        stay, graduates, moves = move(alone, rates)
        position = PATHWAY.track_index[f"{stage}/{track}"]
        dropped, repeated, departed, transferred, _ = moves[0, position]
        promoted = graduates[0, position] if cell in LAST else stay[0, cell + 1]
        total = (promoted + repeated + dropped + transferred + departed) / stock[0, cell]
        assert abs(total - 1.0) <= 1e-12


@LAW
@given(years(ceiling=1.0), st.booleans())
def test_nobody_is_lost_or_invented_between_two_autumns(year: Any, whole: bool) -> None:
    stock, rates = year
    stay, graduates, moves = move(stock, rates, whole)
    dropped, _, departed, gone, come = (moves[..., event] for event in range(5))
    gap = track_stock(stay) - (track_stock(stock) - graduates - dropped - departed - gone + come)
    assert np.max(np.abs(gap)) <= (0.0 if whole else 1e-9 * max(1.0, stock.max()))
    assert np.array_equal(gone.sum(axis=1), come.sum(axis=1)) or not whole
    assert min(stay.min(), graduates.min(), moves.min()) >= -1e-9 * max(1.0, stock.max())


@LAW
@given(years(), st.sampled_from([2.0, 0.5, 64.0]))
def test_twice_the_students_make_twice_the_year(year: Any, factor: float) -> None:
    stock, rates = year
    for once, twice in zip(move(stock, rates), move(stock * factor, rates), strict=True):
        assert np.array_equal(twice, once * factor)


@LAW
@given(years(), years())
def test_two_cohorts_together_move_as_each_would_alone(one: Any, other: Any) -> None:
    (first, rates), (second, _) = one, other
    for a, b, both in zip(move(first, rates), move(second, rates), move(first + second, rates), strict=True):
        assert np.allclose(a + b, both, rtol=1e-12, atol=1e-9)


@LAW
@given(years())
def test_whole_persons_stay_whole(year: Any) -> None:
    for found in move(*year, whole=True):
        assert np.array_equal(found, np.rint(found))


@LAW
@given(years(), st.integers(0, 3), st.floats(0.0, 0.2))
def test_a_higher_rate_of_any_loss_never_graduates_more_of_the_same_students(
    year: Any, event: int, more: float
) -> None:
    stock, rates = year
    raised = [rate + more if position == event else rate for position, rate in enumerate(rates)]
    before, after = move(stock, rates)[1], move(stock, raised)[1]
    assert np.all(after <= before + 1e-9)
