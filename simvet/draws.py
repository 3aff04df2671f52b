"""Keyed common random numbers: every draw has an address, so two policies meet the same luck.

A number is looked up, never handed out in turn: it depends only on the seed, the decision, the year, the cohort and the
row. Adding a quantity, a row or a year therefore moves no other number, and the difference between two policies under
one seed is an effect and not noise.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from operator import index
from typing import cast
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from simvet.errors import InputError, nearest

# The numbers are part of the result: renumbering a decision changes every run, so new ones go at the end.
DECISIONS: dict[str, int] = {
    "parameter": 1,
    "drift": 2,
    "balance": 3,
    "figure": 4,
    "progress": 5,
    "gate": 6,
    "approval": 7,
    "college": 8,
    "project": 9,
    "birth": 10,
    "item": 11,
    "school": 12,
    "student": 13,
}

WORD_LIMIT = 2**32
SEED_LIMIT = 2**64
ROUNDS = 10

_LOW_WORD = np.uint64(0xFFFFFFFF)
_WORD_BITS = np.uint64(32)
_MULTIPLIER_FIRST = np.uint64(0xD2511F53)
_MULTIPLIER_SECOND = np.uint64(0xCD9E8D57)
_WEYL_FIRST = 0x9E3779B9
_WEYL_SECOND = 0xBB67AE85


_OWN = re.compile(r"\bown_([a-z0-9_]+)_[0-9a-f]{8}(?=/)")


def cohort_key(name: str) -> int:
    """Give a name its lasting 32-bit number, so that adding a quantity moves no other quantity's draws.

    Parameters
    ----------
    name : str; any text, such as ``"zhejiang/dropout_rate/middle"``.

    Returns
    -------
    int in [0, 2**32); the CRC-32 of the name in UTF-8.

    Notes
    -----
    Unit: none. Two names may share a number (one pair in 4.3 billion); they then share their luck, which is no error.
    A region that somebody brought along under the code of another (``own_zhoushan_1a2b3c4d``) meets the luck of that
    one, so that the two differ by their data alone. Source: ISO 3309 CRC-32 as in ``zlib``; Python's own ``hash``
    changes between processes.
    """
    return crc32((_OWN.sub(r"\1", name) if "own_" in name else name).encode("utf-8"))


def philox4x32(counter: NDArray[np.uint64], key: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Scramble counters into random words with ten rounds of Philox.

    Parameters
    ----------
    counter : uint64 array (4, n); each value below 2**32.
    key : uint64 array (2,); each value below 2**32.

    Returns
    -------
    uint64 array (4, n); four independent random words per column, each below 2**32.

    Notes
    -----
    Unit: none. Errors: none, values are taken as given. Source: Salmon, Moraes, Dror and Shaw (2011), "Parallel random
    numbers: as easy as 1, 2, 3", SC11, Philox4x32-10.
    """
    first, second, third, fourth = counter
    key_first, key_second = int(key[0]), int(key[1])
    for _ in range(ROUNDS):
        product_first = _MULTIPLIER_FIRST * first
        product_second = _MULTIPLIER_SECOND * third
        first = (product_second >> _WORD_BITS) ^ second ^ np.uint64(key_first)
        third = (product_first >> _WORD_BITS) ^ fourth ^ np.uint64(key_second)
        second = product_second & _LOW_WORD
        fourth = product_first & _LOW_WORD
        key_first = (key_first + _WEYL_FIRST) % WORD_LIMIT
        key_second = (key_second + _WEYL_SECOND) % WORD_LIMIT
    return np.stack((first, second, third, fourth))


def decision_number(decision: str) -> int:
    """Look up the number of a decision.

    Parameters
    ----------
    decision : str; one of ``DECISIONS``.

    Returns
    -------
    int; the decision's word in the counter.

    Raises
    ------
    InputError
        If the decision is not known; the nearest known name is offered.

    Notes
    -----
    Unit: none. Source: this project's own numbering.
    """
    if decision in DECISIONS:
        return DECISIONS[decision]
    raise InputError(
        "draws: decision",
        "{decision} is not a decision that draws numbers",
        "did you mean {near}? Known: {known}",
        decision=repr(decision),
        near=repr(nearest(str(decision), DECISIONS)),
        known=", ".join(DECISIONS),
    )


def _word(value: object, name: str) -> int:
    """Check that one part of an address is a whole number that fits into a 32-bit word.

    Returns
    -------
    int in [0, 2**32). Unit: none.

    Raises
    ------
    InputError
        If it is not whole or does not fit.
    """
    try:
        number = index(cast(int, value))
    except TypeError:
        number = -1
    if isinstance(value, bool) or not 0 <= number < WORD_LIMIT:
        raise InputError(
            f"draws: {name}",
            "{value} is not a whole number in [0, 2**32)",
            "give a valid {name}",
            value=repr(value),
            name=name,
        )
    return number


def _row_numbers(rows: int | NDArray[np.integer]) -> NDArray[np.uint64]:
    """Turn a number of rows, or the row numbers themselves, into counter words.

    Returns
    -------
    uint64 array (n,). Unit: none.

    Raises
    ------
    InputError
        If the row numbers are not a flat array of whole numbers in [0, 2**32).
    """
    if not isinstance(rows, np.ndarray):
        return np.arange(_word(rows, "rows"), dtype=np.uint64)
    if rows.ndim != 1 or not np.issubdtype(rows.dtype, np.integer):
        raise InputError(
            "draws: rows",
            "a {kind} array of shape {shape} does not number rows",
            "give a flat array of whole numbers, or how many rows there are",
            kind=rows.dtype,
            shape=rows.shape,
        )
    if rows.size and (rows.min() < 0 or rows.max() >= WORD_LIMIT):
        raise InputError("draws: rows", "a row number lies outside [0, 2**32)", "number the rows from 0")
    return rows.astype(np.uint64)


@dataclass(frozen=True)
class Draws:
    """All random numbers of one seed, each at a fixed address.

    Parameters
    ----------
    seed : int in [0, 2**64).
    first : int; row of the run's first draw, so that a part of a large ensemble meets the numbers of the whole.
    period : int; after so many draws the rows begin again: experiments side by side meet the same luck. 0 is never.
    given : mapping of address -> (draw,) array; numbers that a design chooses instead of chance, such as
        ``zhejiang/dropout_rate/secondary_vocational``, in the unit of the quantity.

    Raises
    ------
    InputError
        If the seed, the first row or the period is not such a number.

    Notes
    -----
    Key: (seed low word, seed high word). Counter: (row, cohort, year, decision). Unit: none. Two are compared by
    :attr:`said`. Source: Salmon et al. (2011); for common random numbers Glasserman and Yao (1992), Management Science
    38(6).
    """

    seed: int
    first: int = 0
    period: int = 0
    given: Mapping[str, NDArray[np.float64]] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        _word(self.first, "first")
        _word(self.period, "period")
        if isinstance(self.seed, bool) or not isinstance(self.seed, int) or not 0 <= self.seed < SEED_LIMIT:
            raise InputError(
                "draws: seed",
                "{seed} is not a whole number in [0, 2**64)",
                "give a seed such as 20250101",
                seed=repr(self.seed),
            )

    @property
    def plain(self) -> bool:
        """Return whether the draws are rows 0, 1, 2, ... of chance alone."""
        return not (self.first or self.period or self.given)

    def rows(self, count: int) -> NDArray[np.int64]:
        """Return the row of every draw of a run.

        Parameters
        ----------
        count : int; draws of the run.

        Returns
        -------
        int64 array (count,).

        Raises
        ------
        InputError
            If a row would not fit into 32 bits.

        Notes
        -----
        Unit: none. Source: the key layout above.
        """
        turn: NDArray[np.int64] = np.arange(count, dtype=np.int64)
        if self.period:
            turn %= self.period
        if count:
            _word(self.first + int(turn.max()), "rows")
        return turn + self.first

    def each(self, decision: str, year: int, cohort: str, count: int) -> NDArray[np.float64]:
        """Look up one uniform number for every draw of a run, shape (count,); as ``uniform`` of :meth:`rows`."""
        return self.uniform(decision, year, cohort, self.rows(count))

    def of_draw(self, draw: int) -> Draws:
        """Return the numbers of one draw of a run, as the only draw of another."""
        row = self.first + (draw % self.period if self.period else draw)
        return replace(
            self, first=row, period=0, given={name: value[draw : draw + 1] for name, value in self.given.items()}
        )

    def key(self, decision: str) -> tuple[int, int, int]:
        """Give what a compiled kernel needs to look up the same numbers.

        Parameters
        ----------
        decision : str; one of ``DECISIONS``.

        Returns
        -------
        (int, int, int); seed low word, seed high word, decision number: the leading arguments of
        ``simvet.rules.chance.keyed_uniform``.

        Raises
        ------
        InputError
            If the decision is not known.

        Notes
        -----
        Unit: none. Source: the key layout above.
        """
        return self.seed % WORD_LIMIT, self.seed // WORD_LIMIT, decision_number(decision)

    def uniform(
        self, decision: str, year: int, cohort: int | str, rows: int | NDArray[np.integer]
    ) -> NDArray[np.float64]:
        """Look up uniform numbers strictly between 0 and 1.

        Parameters
        ----------
        decision : str; one of ``DECISIONS``.
        year : int in [0, 2**32); calendar year.
        cohort : int in [0, 2**32), or a name that ``cohort_key`` turns into one.
        rows : int for rows 0, 1, ..., rows - 1, or an integer array (n,) of row numbers.

        Returns
        -------
        float64 array (n,); 52 random bits, centred in their cells, so neither 0 nor 1 can occur.

        Raises
        ------
        InputError
            If the decision is not known or a part of the address does not fit into 32 bits.

        Notes
        -----
        Unit: probability. Row r's number does not depend on which other rows are asked for. Source: Salmon et al.
        (2011).
        """
        seed_low, seed_high, number = self.key(decision)
        cohort_number = cohort_key(cohort) if isinstance(cohort, str) else _word(cohort, "cohort")
        row_numbers = _row_numbers(rows)
        counter = np.empty((4, row_numbers.size), dtype=np.uint64)
        counter[0] = row_numbers
        counter[1] = cohort_number
        counter[2] = _word(year, "year")
        counter[3] = number
        words = philox4x32(counter, np.array((seed_low, seed_high), dtype=np.uint64))
        bits = (words[0] << np.uint64(20)) | (words[1] >> np.uint64(12))
        uniform: NDArray[np.float64] = (bits.astype(np.float64) + 0.5) * 2.0**-52
        return uniform

    def normal(
        self, decision: str, year: int, cohort: int | str, rows: int | NDArray[np.integer]
    ) -> NDArray[np.float64]:
        """Look up standard normal numbers: the normal quantile of the uniform at the same address.

        Parameters
        ----------
        decision, year, cohort, rows : as for ``uniform``.

        Returns
        -------
        float64 array (n,); finite, mean 0, standard deviation 1.

        Raises
        ------
        InputError
            As for ``uniform``.

        Notes
        -----
        Unit: standard deviations. Source: inverse transform; ``scipy.special.ndtri`` (Cephes).
        """
        from scipy.special import ndtri  # noqa: PLC0415 - importing scipy costs more than most runs' draws

        return cast(NDArray[np.float64], ndtri(self.uniform(decision, year, cohort, rows)))
