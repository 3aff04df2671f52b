"""The gate with cut-offs against students who queue one by one with preferences of their own."""

import sys

import numpy as np
import pytest
from numba import njit
from numpy.typing import NDArray

from simvet.draws import Draws, cohort_key
from simvet.result import rerun, simulate
from simvet.rules.admission import place_by_score, place_persons_by_score
from simvet.sampling import Uncertainty

Floats = NDArray[np.float64]

STUDENTS = 200_000
REPLICATIONS = 24
INF = np.inf

GATES = {
    "all open": ([0.3, -0.4], [2.0, 1.0], [INF, INF]),
    "general school closes": ([0.2, 0.4], [3.0, 1.0], [70_000.0, INF]),
    "two close, one stays open": ([1.0, 0.2, 0.0], [3.0, 1.0, 0.0], [80_000.0, 40_000.0, INF]),
    "both close in the same part of the scale": ([2.05, -1.0], [0.8, 3.5], [82_000.0, 40_000.0]),
    "a fourth has no seat at all": ([0.5, 0.5, 0.5, 0.5], [3.0, 1.0, 1.0, 0.0], [60_000.0, 40_000.0, 0.0, 30_000.0]),
}


@njit(cache=True)
def queue(score: Floats, utility: Floats, slope: Floats, error: Floats, seats: Floats) -> tuple[Floats, Floats, int]:
    """Seat students one by one, best score first; return placed, cut-offs and how many declined."""
    options = utility.shape[0]
    placed, cutoff, declined = np.zeros(options), np.zeros(options), 0
    for option in range(options):
        cutoff[option] = 1.0 if seats[option] < 1.0 else 0.0
    for student in range(score.shape[0]):
        best, value = -1, error[student, options]
        any_open = False
        for option in range(options):
            if placed[option] + 1.0 <= seats[option]:
                any_open = True
                wish = utility[option] + slope[option] * score[student] + error[student, option]
                if wish > value:
                    best, value = option, wish
        if best < 0:
            if any_open:
                declined += 1
            else:
                content = True
                for option in range(options):
                    wish = utility[option] + slope[option] * score[student] + error[student, option]
                    content = content and wish <= error[student, options]
                declined += content
            continue
        placed[best] += 1.0
        if placed[best] + 1.0 > seats[best]:
            cutoff[best] = score[student]
    return placed, cutoff, declined


def students(gate: str, count: int, replications: int) -> tuple[Floats, Floats, Floats]:
    """Return placed, cut-offs and declined of many queues of fresh students."""
    utility, slope, seats = (np.array(part, dtype=np.float64) for part in GATES[gate])
    seats = seats * count / STUDENTS
    random = np.random.default_rng(20_250_901)
    found = []
    for _ in range(replications):
        score = np.sort(random.random(count))[::-1]
        error = random.gumbel(size=(count, len(utility) + 1))
        placed, cutoff, declined = queue(np.ascontiguousarray(score), utility, slope, error, seats)
        found.append((placed, cutoff, float(declined)))
    return (
        np.array([f[0] for f in found]),
        np.array([f[1] for f in found]),
        np.array([f[2] for f in found]),
    )


def rows_of(gate: str, rows: int = 1, count: int = STUDENTS) -> tuple[Floats, Floats, Floats, Floats]:
    utility, slope, seats = (np.tile(np.array(part, dtype=np.float64), (rows, 1)) for part in GATES[gate])
    return np.full(rows, float(count)), utility, slope, seats * count / STUDENTS


def persons(pool: Floats, utility: Floats, slope: Floats, seats: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    low, high, number = Draws(7).key("gate")
    rows = len(pool)
    keys = np.tile(np.array([[low, high, number, 2025, cohort_key("agree")]], dtype=np.uint64), (rows, 1))
    return place_persons_by_score(pool, utility, slope, seats, keys, np.arange(rows, dtype=np.int64))


@pytest.mark.parametrize("gate", GATES)
def test_the_continuum_places_as_many_as_students_one_by_one(gate: str) -> None:
    counted, cuts, stopped = students(gate, STUDENTS, REPLICATIONS)
    placed, cutoff, declined, _ = place_by_score(*rows_of(gate))
    for found, wanted in ((placed[0], counted), (declined[0], stopped)):
        error = wanted.std(axis=0, ddof=1) / np.sqrt(REPLICATIONS)
        assert np.all(np.abs(found - wanted.mean(axis=0)) <= 5.0 * error + 1e-6), (gate, error)
    assert np.max(np.abs(cutoff[0] - cuts.mean(axis=0))) <= 0.002


@pytest.mark.parametrize("gate", GATES)
def test_whole_persons_average_to_the_continuum(gate: str) -> None:
    rows = 600
    placed, cutoff, declined, _ = persons(*rows_of(gate, rows))
    wanted = place_by_score(*rows_of(gate))
    for found, target in ((placed, wanted[0][0]), (declined, wanted[2][0])):
        error = found.std(axis=0, ddof=1) / np.sqrt(rows)
        # Both stand on bins, 80 and 20 of them: a few persons in 200,000.
        assert np.all(np.abs(found.mean(axis=0) - target) <= 5.0 * error + 2e-5 * STUDENTS)
    assert np.max(np.abs(cutoff.mean(axis=0) - wanted[1][0])) <= 0.002


@pytest.mark.parametrize("gate", ["two close, one stays open", "both close in the same part of the scale"])
def test_whole_persons_scatter_as_much_as_students_do(gate: str) -> None:
    # A kernel that drew too little or too much chance would make false bands even with the right mean.
    count = 3_000
    counted, _, stopped = students(gate, count, 400)
    placed, _, declined, _ = persons(*rows_of(gate, 3_000, count))
    assert declined.std() == pytest.approx(stopped.std(), rel=0.15)
    assert placed.std(axis=0) == pytest.approx(counted.std(axis=0), rel=0.15, abs=0.5)


@pytest.mark.parametrize(("count", "seats"), [(600, 47), (50_000, 3_935)])
def test_where_demand_just_equals_the_seats_persons_fill_fewer(count: int, seats: int) -> None:
    share = seats / count
    utility, level = np.array([np.log(share / (1.0 - share))]), 0.4 * np.sqrt(count * share * (1.0 - share))
    queues = 4_000 if count == 600 else 300
    random = np.random.default_rng(11)
    counted = []
    for _ in range(queues):
        score = np.sort(random.random(count))[::-1]
        error = random.gumbel(size=(count, 2))
        counted.append(queue(np.ascontiguousarray(score), utility, np.zeros(1), error, np.array([float(seats)]))[0][0])
    rows = 4_000
    given = (
        np.full(rows, float(count)),
        np.tile(utility, (rows, 1)),
        np.zeros((rows, 1)),
        np.full((rows, 1), float(seats)),
    )
    smooth = place_by_score(*given)[0][0, 0]
    drawn = persons(*given)[0][:, 0]
    by_students, by_kernel = seats - np.mean(counted), seats - drawn.mean()
    errors = np.std(counted) / np.sqrt(queues), drawn.std() / np.sqrt(rows)
    sys.stdout.write(
        f"kink {count}: continuum {smooth:.1f}, students short by {by_students:.2f} (se {errors[0]:.2f}), "
        f"kernel by {by_kernel:.2f} (se {errors[1]:.2f}), 0.4 sqrt(np(1-p)) = {level:.2f}\n"
    )
    assert smooth == pytest.approx(seats, abs=1e-6)
    assert abs(by_kernel - by_students) <= 5.0 * np.hypot(*errors)
    assert by_students == pytest.approx(level, rel=0.1, abs=4.0 * errors[0])
    assert by_kernel == pytest.approx(level, rel=0.1, abs=4.0 * errors[1])


def test_away_from_the_kink_persons_fill_what_the_continuum_fills() -> None:
    rows = 4_000
    for seats in (30.0, 70.0):
        given = (
            np.full(rows, 600.0),
            np.full((rows, 1), np.log(47.0 / 553.0)),
            np.zeros((rows, 1)),
            np.full((rows, 1), seats),
        )
        drawn, smooth = persons(*given)[0][:, 0], place_by_score(*given)[0][0, 0]
        assert abs(drawn.mean() - smooth) <= 5.0 * drawn.std() / np.sqrt(rows) + 0.02


def test_unlimited_seats_give_the_closed_form_logit_shares() -> None:
    # One option: the share is the integral of 1 / (1 + exp(-(a + b s))) over a uniform score.
    for level, slope in ((-1.0, 3.0), (0.5, 1.0), (0.0, -4.0)):
        exact = (np.logaddexp(0.0, level + slope) - np.logaddexp(0.0, level)) / slope
        placed = place_by_score(np.ones(1), np.array([[level]]), np.array([[slope]]), np.array([[INF]]))[0][0, 0]
        assert placed == pytest.approx(exact, abs=1e-4)
    # Without slopes: plain multinomial logit.
    utility = np.array([[1.0, 0.0, -0.7]])
    odds = np.exp(utility[0])
    placed, _, declined, _ = place_by_score(np.ones(1), utility, np.zeros((1, 3)), np.full((1, 3), INF))
    assert placed[0] == pytest.approx(odds / (1.0 + odds.sum()), rel=1e-12)
    assert declined[0] == pytest.approx(1.0 / (1.0 + odds.sum()), rel=1e-12)


def fine_gate(
    pool: float, utility: Floats, slope: Floats, seats: Floats, bins: int = 2_000
) -> tuple[Floats, Floats, float]:
    """Return placed, cut-offs and declined of the continuum on a fine score scale, in plain numpy."""
    placed, declined = np.zeros(len(utility)), 0.0
    is_open = seats > 0.0
    cutoff = np.where(is_open, 0.0, 1.0)
    for index in range(bins):
        top, bottom = 1.0 - index / bins, 1.0 - (index + 1) / bins
        while top - bottom > 1e-15:
            odds = np.exp(utility + slope * 0.5 * (top + bottom))
            if not is_open.any():
                declined += pool * (top - bottom) / (1.0 + odds.sum())
                break
            odds = np.where(is_open, odds, 0.0)
            wish = pool * (top - bottom) * odds / (1.0 + odds.sum())
            room = np.where(is_open & (wish > seats - placed), (seats - placed) / np.maximum(wish, 1e-300), 1.0)
            part = float(room.min())
            placed = placed + part * wish
            declined += part * pool * (top - bottom) / (1.0 + odds.sum())
            top -= part * (top - bottom)
            if part >= 1.0:
                break
            closing = int(room.argmin())
            placed[closing] = seats[closing]
            is_open = is_open & (np.arange(len(seats)) != closing)
            cutoff[closing] = top
    return placed, cutoff, declined


def bin_error(pool: Floats, utility: Floats, slope: Floats, seats: Floats) -> Floats:
    """Return the largest error of each row, as a part of the pool."""
    placed, _, declined, _ = place_by_score(pool, utility, slope, seats)
    worst = []
    for row in range(len(pool)):
        fine, _, stopped = fine_gate(float(pool[row]), utility[row], slope[row], seats[row])
        worst.append(max(np.abs(placed[row] - fine).max(), abs(declined[row] - stopped)) / pool[row])
    return np.array(worst)


@pytest.mark.parametrize("gate", GATES)
def test_twenty_bins_come_within_a_ten_thousandth_of_two_thousand(gate: str) -> None:
    assert bin_error(*rows_of(gate))[0] < 1e-4


def test_twenty_bins_come_within_a_ten_thousandth_in_the_gates_of_the_province(monkeypatch: pytest.MonkeyPatch) -> None:
    base = simulate("zhejiang", draws=8, until=2021)
    seen: list[tuple[Floats, Floats, Floats, Floats]] = []

    def spy(pool: Floats, utility: Floats, slope: Floats, seats: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        seen.append((pool, utility, slope, seats))
        return place_by_score(pool, utility, slope, seats)

    monkeypatch.setattr("simvet.engines.cohort.place_by_score", spy)
    rerun(base, base.scenario)
    monkeypatch.undo()
    errors = np.concatenate([bin_error(*gate) for gate in seen])
    sys.stdout.write(
        f"bins, {len(errors)} gates of Zhejiang: median {np.median(errors):.1e}, largest {errors.max():.1e}\n"
    )
    assert len(seen) == 4
    assert np.median(errors) < 2e-5
    assert errors.max() < 2e-4


def test_twenty_bins_hold_even_for_steep_wishes_and_many_closures() -> None:
    random = np.random.default_rng(0)
    errors = []
    for _ in range(60):
        options = int(random.integers(1, 5))
        seats = random.uniform(0.0, 0.5, (1, options))
        seats[random.random((1, options)) < 0.25] = INF
        utility, slope = random.normal(0.0, 1.5, (1, options)), random.uniform(0.0, 5.0, (1, options))
        errors.append(bin_error(np.ones(1), utility, slope, seats)[0])
    sys.stdout.write(f"bins, 60 gates, slopes to 5: median {np.median(errors):.1e}, largest {max(errors):.1e}\n")
    assert np.median(errors) < 5e-5
    assert max(errors) < 2e-4


def test_gates_give_back_the_placements_they_were_fitted_to() -> None:
    for name in ("zhejiang", "zhoushan", "wenzhou", "lishui"):
        base = simulate(name, draws=60, until=2022)
        opening = base.schedule.openings[0]
        for gate in ("senior_secondary", "topup", "vocational_exam", "general_exam"):
            pool = opening.pool[gate]
            placed = place_by_score(pool, opening.utility[gate], opening.slope[gate], opening.placed[gate])[0]
            missed = np.abs(placed - opening.placed[gate]).max(axis=1) / pool
            assert np.median(missed) < 2e-4, (name, gate)
            assert missed.max() < 0.02, (name, gate)


def test_chance_is_switched_off_unless_asked_for() -> None:
    still = simulate("zhoushan", draws=3, until=2018, uncertainty=Uncertainty(False, False, False))
    assert np.ptp(still.books.arrays["stock"], axis=0).max() == 0.0
