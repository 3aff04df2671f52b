"""Keyed draws are addresses: the same address always holds the same number, and different addresses are unrelated."""

import subprocess
import sys
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from simvet.draws import DECISIONS, Draws, cohort_key, philox4x32
from simvet.errors import InputError
from simvet.rules.chance import keyed_uniform

WORD = st.integers(0, 2**32 - 1)
KNOWN_ANSWERS = [
    ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
]


def words(text: str) -> NDArray[np.uint64]:
    return np.array([int(word, 16) for word in text.split()], dtype=np.uint64)


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN_ANSWERS)
def test_philox_gives_the_published_answers(counter: str, key: str, answer: str) -> None:
    column = words(counter)[:, np.newaxis]
    np.testing.assert_array_equal(philox4x32(column, words(key))[:, 0], words(answer))


def test_philox_treats_columns_alike() -> None:
    counters = np.stack([words(counter) for counter, _, _ in KNOWN_ANSWERS], axis=1)
    key = words("12345678 9abcdef0")
    together = philox4x32(counters, key)
    for i in range(3):
        np.testing.assert_array_equal(together[:, i : i + 1], philox4x32(counters[:, i : i + 1], key))


def test_the_layout_is_row_cohort_year_decision_under_the_seed() -> None:
    counter = words("00000007 0000002a 000007ee 00000005")[:, np.newaxis]
    word = philox4x32(counter, words("89abcdef 01234567"))[:, 0]
    expected = ((int(word[0]) << 20 | int(word[1]) >> 12) + 0.5) / 2**52
    assert Draws(0x0123456789ABCDEF).uniform("progress", 2030, 42, np.array([7]))[0] == expected


def test_a_known_address_keeps_its_number_between_versions() -> None:
    draws = Draws(20250101)
    np.testing.assert_array_equal(
        draws.uniform("parameter", 2025, "zhejiang/dropout_rate/middle", 3),
        [0.5248519534338331, 0.39135965713293774, 0.8717821881792679],
    )


@given(seed=st.integers(0, 2**64 - 1), decision=st.sampled_from(sorted(DECISIONS)), year=WORD, cohort=WORD, row=WORD)
@settings(deadline=None)
def test_the_compiled_twin_gives_the_same_bits(seed: int, decision: str, year: int, cohort: int, row: int) -> None:
    draws = Draws(seed)
    plain = draws.uniform(decision, year, cohort, np.array([row]))[0]
    assert keyed_uniform(*draws.key(decision), year, cohort, row) == plain
    assert cast(Any, keyed_uniform).py_func(*draws.key(decision), year, cohort, row) == plain


def test_the_compiled_twin_gives_the_same_bits_over_many_rows() -> None:
    draws = Draws(2**64 - 3)
    key = draws.key("birth")
    twin = [keyed_uniform(*key, 2031, cohort_key("anji"), row) for row in range(20_000)]
    np.testing.assert_array_equal(draws.uniform("birth", 2031, "anji", 20_000), twin)


def test_a_row_keeps_its_number_however_many_rows_are_asked_for() -> None:
    draws = Draws(7)
    many = draws.uniform("gate", 2030, 3, 1000)
    np.testing.assert_array_equal(draws.uniform("gate", 2030, 3, 10), many[:10])
    chosen = np.array([999, 0, 500, 500])
    np.testing.assert_array_equal(draws.uniform("gate", 2030, 3, chosen), many[chosen])


def test_no_rows_give_no_numbers() -> None:
    assert Draws(1).uniform("gate", 2030, 0, 0).shape == (0,)
    assert Draws(1).uniform("gate", 2030, 0, np.array([], dtype=np.int64)).shape == (0,)


def test_uniforms_are_uniform() -> None:
    sample = Draws(11).uniform("college", 2030, "x", 200_000)
    assert 0.0 < sample.min() < sample.max() < 1.0
    assert stats.kstest(sample, "uniform").pvalue > 1e-3


def test_normals_are_normal_and_finite() -> None:
    sample = Draws(11).normal("drift", 2030, "x", 200_000)
    assert np.isfinite(sample).all()
    assert stats.kstest(sample, "norm").pvalue > 1e-3


def test_a_normal_is_the_quantile_of_the_uniform_at_its_address() -> None:
    draws = Draws(5)
    np.testing.assert_allclose(
        stats.norm.cdf(draws.normal("drift", 2030, 1, 100)), draws.uniform("drift", 2030, 1, 100), rtol=1e-12
    )


@pytest.mark.parametrize(
    ("seed", "decision", "year", "cohort"),
    [(7, "approval", 2030, 3), (7, "gate", 2031, 3), (7, "gate", 2030, 4), (8, "gate", 2030, 3)],
)
def test_neighbouring_addresses_are_unrelated(seed: int, decision: str, year: int, cohort: int) -> None:
    here = Draws(7).uniform("gate", 2030, 3, 50_000)
    there = Draws(seed).uniform(decision, year, cohort, 50_000)
    # Five standard errors of a correlation between unrelated samples.
    assert abs(np.corrcoef(here, there)[0, 1]) < 5 / np.sqrt(50_000)
    assert not np.isin(here, there).any()


def test_neighbouring_rows_are_unrelated() -> None:
    sample = Draws(7).uniform("gate", 2030, 3, 50_000)
    assert abs(np.corrcoef(sample[1:], sample[:-1])[0, 1]) < 5 / np.sqrt(50_000)


def test_the_high_half_of_the_seed_counts() -> None:
    assert Draws(1).uniform("gate", 2030, 0, 1) != Draws(1 + 2**32).uniform("gate", 2030, 0, 1)


def test_a_cohort_name_stands_for_its_lasting_number() -> None:
    assert cohort_key("zhejiang/dropout_rate/middle") == 0x02A22052
    draws = Draws(3)
    np.testing.assert_array_equal(
        draws.uniform("figure", 2025, "移民", 5), draws.uniform("figure", 2025, cohort_key("移民"), 5)
    )


def test_every_decision_has_a_number_of_its_own() -> None:
    assert len(set(DECISIONS.values())) == len(DECISIONS)


def test_an_unknown_decision_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(InputError, match=r"'progres'.*did you mean 'progress'"):
        Draws(1).uniform("progres", 2030, 0, 1)
    with pytest.raises(InputError, match="did you mean 'approval'"):
        Draws(1).key("aproval{}")


@pytest.mark.parametrize("seed", [-1, 2**64, 1.0, "1", None, True])
def test_a_seed_that_is_no_64_bit_number_is_refused(seed: int) -> None:
    with pytest.raises(InputError, match="draws: seed"):
        Draws(seed)


@pytest.mark.parametrize(
    ("year", "cohort", "rows", "where"),
    [
        (-1, 0, 1, "year"),
        (2030.0, 0, 1, "year"),
        (2030, 2**32, 1, "cohort"),
        (2030, True, 1, "cohort"),
        (2030, 0, -1, "rows"),
        (2030, 0, np.array([-1]), "rows"),
        (2030, 0, np.array([2**32]), "rows"),
        (2030, 0, np.array([0.5]), "rows"),
        (2030, 0, np.zeros((2, 2), dtype=np.int64), "rows"),
    ],
)
def test_an_address_that_does_not_fit_is_refused(
    year: int, cohort: int, rows: int | NDArray[np.int64], where: str
) -> None:
    with pytest.raises(InputError, match=f"draws: {where}"):
        Draws(1).uniform("gate", year, cohort, rows)


def test_drawing_needs_neither_the_compiler_nor_scipy() -> None:
    code = (
        "import sys; from simvet.draws import Draws; Draws(1).uniform('gate', 2030, 0, 3);"
        "sys.exit(bool({'numba', 'scipy', 'pandas'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
