"""Three kinds of uncertainty, kept apart; and the same seed, the same bytes, anywhere."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from simvet.books import AXES, RESOURCES
from simvet.comparison import compare
from simvet.loading import load_scenario
from simvet.result import Result, rerun, simulate
from simvet.sampling import Uncertainty

Floats = NDArray[np.float64]

DRAWS = 300
NOT_PERSONS = ("cutoff", "binding", "stage_seats", "places", "opened_places", "usable_places", "international_students",
               "training_persons", "carried", *RESOURCES)  # fmt: skip
FINGERPRINT = """
import hashlib, simvet
books = simvet.simulate("zhejiang", draws=12, until=2024, uncertainty=simvet.Uncertainty(chance={chance})).books
digest = hashlib.sha256()
for name in sorted(books.arrays):
    digest.update(name.encode() + books.arrays[name].tobytes())
print(digest.hexdigest())
"""


def enrolment_2025(uncertainty: Uncertainty) -> Floats:
    result = simulate("zhejiang", draws=DRAWS, until=2025, uncertainty=uncertainty)
    return result.indicator("enrolment", "secondary_vocational")[:, -1, 0]


def band(values: Floats) -> float:
    low, high = np.quantile(values, [0.1, 0.9])
    return float(high - low)


def said(name: str, values: Floats) -> None:
    low, median, high = np.quantile(values, [0.1, 0.5, 0.9])
    sys.stdout.write(f"{name}: {median:,.0f} ({low:,.0f} to {high:,.0f})\n")


@pytest.fixture(scope="module")
def everything() -> Floats:
    return enrolment_2025(Uncertainty())


@pytest.fixture(scope="module")
def parameters_alone() -> Floats:
    return enrolment_2025(Uncertainty(parameters=True, opening=False, drift=False))


def test_drawn_opening_balances_widen_the_band(everything: Floats) -> None:
    fixed = enrolment_2025(Uncertainty(opening=False))
    said("secondary enrolment 2025, balance drawn", everything)
    said("secondary enrolment 2025, balance fixed", fixed)
    assert band(everything) > 1.1 * band(fixed)


def test_a_drawn_balance_alone_already_spreads_wider_than_the_parameters_do(parameters_alone: Floats) -> None:
    opening = enrolment_2025(Uncertainty(parameters=False, opening=True, drift=False))
    said("secondary enrolment 2025, balance alone", opening)
    assert band(opening) > band(parameters_alone)


def test_chance_alone_makes_a_ridiculously_narrow_band(everything: Floats, parameters_alone: Floats) -> None:
    chance = enrolment_2025(Uncertainty(parameters=False, opening=False, drift=False, chance=True))
    said("secondary enrolment 2025, parameters alone", parameters_alone)
    said("secondary enrolment 2025, chance alone", chance)
    assert 0.0 < band(chance) < band(parameters_alone) / 10.0
    assert band(chance) < band(everything) / 50.0


def test_with_every_uncertainty_off_all_draws_agree() -> None:
    still = enrolment_2025(Uncertainty(parameters=False, opening=False, drift=False))
    assert np.ptp(still) == 0.0


def test_a_scenario_against_itself_differs_by_exactly_nothing() -> None:
    comparison = compare("zhejiang", "zhejiang", draws=30, until=2025)
    assert comparison.differences
    for difference in comparison.differences:
        assert difference.identical
        assert (difference.change, difference.low, difference.high) == (0.0, 0.0, 0.0)
        assert difference.probability_change == difference.error == 0.0


def test_common_luck_makes_a_difference_far_surer_than_two_separate_runs() -> None:
    base = simulate("zhejiang", draws=DRAWS, until=2025)
    other = rerun(base, load_scenario("zhejiang_three_approvals").with_horizon(2025))
    apart = simulate("zhejiang_three_approvals", draws=DRAWS, seed=2, until=2025)
    one, two, stranger = (run.indicator("enrolment", "vocational_bachelor")[:, -1, 0] for run in (base, other, apart))
    paired, separate = (two - one).std(), (stranger - one).std()
    sys.stdout.write(
        f"three approvals: {np.mean(two - one):,.0f}, sd {paired:,.0f} on common luck, {separate:,.0f} apart\n"
    )
    assert paired < 0.5 * separate


@pytest.mark.parametrize("chance", [False, True])
def test_the_same_seed_gives_the_same_bytes_in_another_process_without_any_cache(chance: bool, tmp_path: Path) -> None:
    digests = []
    for place in ("one", "two"):
        environment = {**os.environ, "SIMVET_CACHE": str(tmp_path / place)}
        threads = {"NUMBA_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"} if place == "one" else {}
        found = subprocess.run(
            [sys.executable, "-c", FINGERPRINT.format(chance=chance)],
            env={**environment, **threads}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        digests.append(found.stdout.strip())
    books = simulate("zhejiang", draws=12, until=2024, uncertainty=Uncertainty(chance=chance)).books
    here = hashlib.sha256()
    for name in sorted(books.arrays):
        here.update(name.encode() + books.arrays[name].tobytes())
    assert len(digests[0]) == 64
    assert digests == [here.hexdigest()] * 2


def run_in(mode: str, draws: int) -> Result:
    still = Uncertainty(parameters=False, opening=False, drift=False, chance=mode == "persons")
    return simulate("zhejiang", draws=draws, until=2026, uncertainty=still)


@pytest.fixture(scope="module")
def persons() -> Result:
    return run_in("persons", 200)


def test_books_in_whole_persons_hold_whole_numbers(persons: Result) -> None:
    for name in set(AXES) - set(NOT_PERSONS):
        found = persons.books.arrays[name][np.isfinite(persons.books.arrays[name])]
        assert np.array_equal(found, np.rint(found)), name


def test_whole_persons_average_to_the_expectation(persons: Result) -> None:
    smooth = run_in("expectation", 1).books
    worst = 0.0
    for stage in persons.scenario.pathway.stages:
        drawn, wanted = persons.books.enrolment(stage)[:, :, 0], smooth.enrolment(stage)[0, :, 0]
        error = drawn.std(axis=0, ddof=1) / np.sqrt(persons.draws)
        gap = np.abs(drawn.mean(axis=0) - wanted)
        # Besides sampling, stocks are rounded once (half a person a grade) and seats floored (one an option and year).
        allowed = 5.0 * error + 6.0 + 3.0 * np.arange(len(gap))
        sys.stdout.write(
            f"{stage}: largest gap {gap.max():.1f} of {wanted[-1]:,.0f}, {(gap / (error + 1.0)).max():.1f} errors\n"
        )
        worst = max(worst, float((gap / allowed).max()))
    assert worst <= 1.0
