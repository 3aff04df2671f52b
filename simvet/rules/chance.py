"""Chance inside kernels: the compiled twin of ``simvet.draws``."""

import numpy as np

from simvet.rules.compiled import compiled

LOW_WORD = np.uint64(0xFFFFFFFF)
WORD_BITS = np.uint64(32)
MULTIPLIER_FIRST = np.uint64(0xD2511F53)
MULTIPLIER_SECOND = np.uint64(0xCD9E8D57)
WEYL_FIRST = np.uint64(0x9E3779B9)
WEYL_SECOND = np.uint64(0xBB67AE85)


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
    bits = (first << np.uint64(20)) | (second >> np.uint64(12))
    return (float(bits) + 0.5) * 2.0**-52
