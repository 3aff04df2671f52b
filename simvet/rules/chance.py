"""Chance inside kernels: the compiled twin of ``simvet.draws``, and the numpy twin of the compiled words."""

import numpy as np
from numpy.typing import NDArray

from simvet.draws import philox4x32
from simvet.rules.compiled import compiled

Words = tuple[np.uint64, np.uint64, np.uint64, np.uint64]
WORD = 4294967296.0
"""One more than the largest 32-bit word."""
CHUNK = 512
"""Rows whose words a kernel looks up at once: their buffers stay in the nearest cache."""

LOW_WORD = np.uint64(0xFFFFFFFF)
WORD_BITS = np.uint64(32)
MULTIPLIER_FIRST = np.uint64(0xD2511F53)
MULTIPLIER_SECOND = np.uint64(0xCD9E8D57)
WEYL_FIRST = np.uint64(0x9E3779B9)
WEYL_SECOND = np.uint64(0xBB67AE85)


@compiled
def keyed_words(seed_low: int, seed_high: int, decision: int, year: int, cohort: int, row: int) -> Words:
    """Look up the four random words of one address.

    Parameters
    ----------
    seed_low, seed_high, decision, year, cohort, row : int, as for :func:`keyed_uniform`.

    Returns
    -------
    four uint64, each below 2**32.

    Notes
    -----
    Unit: none. Errors: none, a word's higher bits are dropped. Source: as :func:`keyed_uniform`, whose number is made
    of the first two words.
    """
    # Every operand is made unsigned first: a signed one would turn the whole expression into floats.
    first = np.uint64(row) & LOW_WORD
    second = np.uint64(cohort) & LOW_WORD
    third = np.uint64(year) & LOW_WORD
    fourth = np.uint64(decision) & LOW_WORD
    key_first = np.uint64(seed_low) & LOW_WORD
    key_second = np.uint64(seed_high) & LOW_WORD
    for _ in range(10):
        product_first = MULTIPLIER_FIRST * first
        product_second = MULTIPLIER_SECOND * third
        first = (product_second >> WORD_BITS) ^ second ^ key_first
        third = (product_first >> WORD_BITS) ^ fourth ^ key_second
        second = product_second & LOW_WORD
        fourth = product_first & LOW_WORD
        key_first = (key_first + WEYL_FIRST) & LOW_WORD
        key_second = (key_second + WEYL_SECOND) & LOW_WORD
    return first, second, third, fourth


@compiled
def keyed_uniform(seed_low: int, seed_high: int, decision: int, year: int, cohort: int, row: int) -> float:
    """Look up one uniform number, bit for bit the one ``simvet.draws.Draws.uniform`` gives at the same address.

    Parameters
    ----------
    seed_low, seed_high, decision : int; the three parts of ``Draws.key(decision)``.
    year, cohort, row : int in [0, 2**32).

    Returns
    -------
    float strictly between 0 and 1.

    Notes
    -----
    Unit: probability. Errors: none, a word's higher bits are dropped. Source: Salmon et al. (2011), "Parallel random
    numbers: as easy as 1, 2, 3", SC11, Philox4x32-10.
    """
    first, second, _, _ = keyed_words(seed_low, seed_high, decision, year, cohort, row)
    bits = (first << np.uint64(20)) | (second >> np.uint64(12))
    return (float(bits) + 0.5) * 2.0**-52


@compiled
def fill_words(
    seed_low: int,
    seed_high: int,
    decision: int,
    year: int,
    cohort: int,
    rows: NDArray[np.uint32],
    count: int,
    words: NDArray[np.uint32],
) -> None:
    """Look up the four random words of many addresses at once, as a kernel wants them.

    Parameters
    ----------
    seed_low, seed_high, decision, year, cohort : int, as for :func:`keyed_uniform`.
    rows : (place,) array; the row words.
    count : int; how many of them.
    words : (4, place) array, filled up to ``count``; what :func:`keyed_words` gives.

    Notes
    -----
    Unit: none. Errors: none. The rounds run outside, so that the processor handles several rows at a time: 4 ns a row
    instead of 13. Source: as :func:`keyed_words`.
    """
    first, second, third, fourth = words[0], words[1], words[2], words[3]
    for place in range(count):
        first[place] = rows[place]
        second[place] = cohort
        third[place] = year
        fourth[place] = decision
    key_first = np.uint64(seed_low) & LOW_WORD
    key_second = np.uint64(seed_high) & LOW_WORD
    for _ in range(10):
        for place in range(count):
            product_first = MULTIPLIER_FIRST * np.uint64(first[place])
            product_second = MULTIPLIER_SECOND * np.uint64(third[place])
            first[place] = (product_second >> WORD_BITS) ^ np.uint64(second[place]) ^ key_first
            third[place] = (product_first >> WORD_BITS) ^ np.uint64(fourth[place]) ^ key_second
            second[place] = product_second
            fourth[place] = product_first
        key_first = (key_first + WEYL_FIRST) & LOW_WORD
        key_second = (key_second + WEYL_SECOND) & LOW_WORD


def keyed_words_of(address: NDArray[np.int64], rows: NDArray[np.integer], step: int = 0) -> NDArray[np.uint64]:
    """Look up the four random words of many rows at once, in plain numpy.

    Parameters
    ----------
    address : (5,) array; seed low, seed high, decision, year, cohort.
    rows : (n,) array; the row word of each.
    step : int; added to the decision above its lowest 8 bits, as the kernels do.

    Returns
    -------
    (4, n) array of uint64, each below 2**32; bit for bit what :func:`keyed_words` gives.

    Notes
    -----
    Unit: none. Errors: none. Source: as :func:`keyed_words`.
    """
    counter = np.empty((4, len(rows)), dtype=np.uint64)
    counter[0] = rows
    counter[1] = int(address[4])
    counter[2] = int(address[3])
    counter[3] = int(address[2]) + (step << 8)
    return philox4x32(counter, address[:2].astype(np.uint64))
