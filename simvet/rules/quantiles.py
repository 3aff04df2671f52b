"""Quantiles inside kernels: from a uniform number to the normal value or the count that stands there.

Counts come from the inverse distribution function at a keyed uniform. The inverse is exact on every path, so it never
falls when the uniform, the size or the probability rises: two policies under one seed stay coupled head by head.
"""

import math

import numpy as np

from simvet.rules.compiled import compiled

# Below this mean, summing from zero beats the normal quantile plus its correction.
WALK_MEAN = 30.0
# Cornish-Fisher's error in heads is at most 0.0088 (1 + z^4) / variance for means above WALK_MEAN, measured against
# the exact distributions in tests/unit/test_chance.py; doubled for safety.
SLACK = 0.02
# A sum that approaches 1 has lost the digits of what is left above it; for a remainder below this, sum that instead.
RARE = 1e-3
# A tail term this small against its sum no longer changes a float64.
NEGLIGIBLE = 1e-17

CENTRE_TOP = (
    3.3871328727963666080e0,
    1.3314166789178437745e2,
    1.9715909503065514427e3,
    1.3731693765509461125e4,
    4.5921953931549871457e4,
    6.7265770927008700853e4,
    3.3430575583588128105e4,
    2.5090809287301226727e3,
)
CENTRE_BOTTOM = (
    1.0,
    4.2313330701600911252e1,
    6.8718700749205790830e2,
    5.3941960214247511077e3,
    2.1213794301586595867e4,
    3.9307895800092710610e4,
    2.8729085735721942674e4,
    5.2264952788528545610e3,
)
TAIL_TOP = (
    1.42343711074968357734e0,
    4.63033784615654529590e0,
    5.76949722146069140550e0,
    3.64784832476320460504e0,
    1.27045825245236838258e0,
    2.41780725177450611770e-1,
    2.27238449892691845833e-2,
    7.74545014278341407640e-4,
)
TAIL_BOTTOM = (
    1.0,
    2.05319162663775882187e0,
    1.67638483018380384940e0,
    6.89767334985100004550e-1,
    1.48103976427480074590e-1,
    1.51986665636164571966e-2,
    5.47593808499534494600e-4,
    1.05075007164441684324e-9,
)
FAR_TOP = (
    6.65790464350110377720e0,
    5.46378491116411436990e0,
    1.78482653991729133580e0,
    2.96560571828504891230e-1,
    2.65321895265761230930e-2,
    1.24266094738807843860e-3,
    2.71155556874348757815e-5,
    2.01033439929228813265e-7,
)
FAR_BOTTOM = (
    1.0,
    5.99832206555887937690e-1,
    1.36929880922735805310e-1,
    1.48753612908506148525e-2,
    7.86869131145613259100e-4,
    1.84631831751005468180e-5,
    1.42151175831644588870e-7,
    2.04426310338993978564e-15,
)


@compiled
def polynomial_ratio(top: tuple[float, ...], bottom: tuple[float, ...], x: float) -> float:
    """Divide two polynomials of degree seven at x, coefficients by rising power.

    Returns
    -------
    float. Unit: that of the coefficients. Errors: none. Source: Horner's rule.
    """
    upper = top[7]
    lower = bottom[7]
    for i in range(6, -1, -1):
        upper = upper * x + top[i]
        lower = lower * x + bottom[i]
    return upper / lower


@compiled
def normal_quantile(u: float) -> float:
    """Find the standard normal value below which a share u of all draws lies.

    Parameters
    ----------
    u : float in [0, 1].

    Returns
    -------
    float; minus or plus infinity at 0 and 1, not a number outside of [0, 1].

    Notes
    -----
    Unit: standard deviations; relative error about 1e-15. Source: Wichura (1988), algorithm AS 241 (PPND16), Applied
    Statistics 37(3).
    """
    centred = u - 0.5
    if abs(centred) <= 0.425:
        return centred * polynomial_ratio(CENTRE_TOP, CENTRE_BOTTOM, 0.180625 - centred * centred)
    tail = min(u, 1.0 - u)
    if not tail > 0.0:
        return math.copysign(math.inf, centred) if tail == 0.0 else math.nan
    depth = math.sqrt(-math.log(tail))
    if depth <= 5.0:
        size = polynomial_ratio(TAIL_TOP, TAIL_BOTTOM, depth - 1.6)
    else:
        size = polynomial_ratio(FAR_TOP, FAR_BOTTOM, depth - 5.0)
    return math.copysign(size, centred)


@compiled
def cornish_fisher(u: float, mean: float, variance: float, lean: float, excess: float) -> tuple[float, float]:
    """Approximate a count's quantile from its first four cumulants, and say how wrong that can be.

    Parameters
    ----------
    u : float in (0, 1); share of draws at or below the quantile.
    mean, variance : float; of the count.
    lean, excess : float; third and fourth cumulant, each divided by the variance.

    Returns
    -------
    (float, float); the quantile before rounding up, and the largest error it can have.

    Notes
    -----
    Unit: heads. Errors: none. The variance loses 1/12 because a count sits on whole numbers (Sheppard's correction),
    and the half head is the continuity correction. Source: Cornish and Fisher (1938), third order; Kolassa and
    McCullagh (1990), "Edgeworth series for lattice distributions", Annals of Statistics 18(2).
    """
    z = normal_quantile(u)
    square = z * z
    spread2 = variance - 1.0 / 12.0
    spread = math.sqrt(spread2)
    skewness = lean * variance / (spread2 * spread)
    kurtosis = excess * variance / (spread2 * spread2)
    shift = skewness * (square - 1.0) / 6.0 + kurtosis * z * (square - 3.0) / 24.0
    shift -= skewness * skewness * z * (2.0 * square - 5.0) / 36.0
    return mean + spread * (z + shift) - 0.5, SLACK * (1.0 + square * square) / spread2


@compiled
def stirling_error(x: float) -> float:
    """Measure what Stirling's formula leaves out of log(x!).

    Parameters
    ----------
    x : float >= 1.

    Returns
    -------
    float; log(x!) - log(sqrt(2 pi x) (x / e)^x).

    Notes
    -----
    Unit: none; absolute error below 1e-14. Errors: none. Source: Loader (2000), "Fast and accurate computation of
    binomial probabilities"; Abramowitz and Stegun 6.1.41.
    """
    if x < 16.0:
        return math.lgamma(x + 1.0) - (x + 0.5) * math.log(x) + x - 0.5 * math.log(2.0 * math.pi)
    inverse = 1.0 / x
    square = inverse * inverse
    series = 1.0 / 360.0 - square * (1.0 / 1260.0 - square * (1.0 / 1680.0 - square / 1188.0))
    return inverse * (1.0 / 12.0 - square * series)


@compiled
def deviance(x: float, mean: float) -> float:
    """Measure how unlikely x is around its mean: x log(x / mean) + mean - x, without losing digits near the mean.

    Parameters
    ----------
    x, mean : float > 0.

    Returns
    -------
    float >= 0.

    Notes
    -----
    Unit: none. Errors: none. Source: Loader (2000), function bd0.
    """
    gap = x - mean
    return x * math.log1p(gap / mean) - gap


@compiled
def binomial_mass(k: float, n: float, p: float) -> float:
    """Compute the probability of exactly k successes in n trials.

    Parameters
    ----------
    k : float; whole, in [0, n].
    n : float; whole, >= 1.
    p : float in (0, 1).

    Returns
    -------
    float in [0, 1].

    Notes
    -----
    Unit: probability. Errors: none. Source: Loader (2000), the saddle-point form, because logarithms of factorials
    lose six digits at a hundred million trials.
    """
    rest = n - k
    if k <= 0.0:
        return math.exp(n * math.log1p(-p))
    if rest <= 0.0:
        return math.exp(n * math.log(p))
    exponent = stirling_error(n) - stirling_error(k) - stirling_error(rest)
    exponent -= deviance(k, n * p) + deviance(rest, n * (1.0 - p))
    return math.exp(exponent) * math.sqrt(n / (2.0 * math.pi * k * rest))


@compiled
def poisson_mass(k: float, mean: float) -> float:
    """Compute the probability of exactly k events.

    Parameters
    ----------
    k : float; whole, >= 0.
    mean : float > 0.

    Returns
    -------
    float in [0, 1].

    Notes
    -----
    Unit: probability. Errors: none. Source: Loader (2000).
    """
    if k <= 0.0:
        return math.exp(-mean)
    return math.exp(-stirling_error(k) - deviance(k, mean)) / math.sqrt(2.0 * math.pi * k)


@compiled
def growth(k: float, family: tuple[float, float, float]) -> float:
    """Divide the probability of k + 1 by that of k, for both families at once.

    Parameters
    ----------
    k : float; whole, >= 0.
    family : (float, float, float); (0, trials, p / (1 - p)) for the binomial, (mean, 0, 0) for the Poisson.

    Returns
    -------
    float >= 0.

    Notes
    -----
    Unit: none. Errors: none. Source: Panjer (1981), ASTIN Bulletin 12(1), the (a, b, 0) recurrence.
    """
    base, trials, odds = family
    return (base + odds * (trials - k)) / (k + 1.0)


@compiled
def settle_from_below(u: float, k: float, mass: float, family: tuple[float, float, float]) -> float:
    """Find the exact quantile in the lower half, given a count that is not above it.

    Parameters
    ----------
    u : float in (0, 0.5].
    k : float; whole, >= 0, at most the quantile.
    mass : float; probability of k.
    family : (float, float, float); as for ``growth``.

    Returns
    -------
    float; whole, the smallest count whose distribution function reaches u.

    Notes
    -----
    Unit: heads. Errors: none. Source: the definition of the quantile; the lower tail is summed outwards, so that no
    digits are lost however small u is.
    """
    below = mass
    term = mass
    i = k
    while i > 0.0 and term > NEGLIGIBLE * below:
        i -= 1.0
        term /= growth(i, family)
        below += term
    while below < u:
        mass *= growth(k, family)
        k += 1.0
        below += mass
    return k


@compiled
def settle_from_above(beyond: float, k: float, mass: float, family: tuple[float, float, float]) -> float:
    """Find the exact quantile in the upper half, given a count that is not below it.

    Parameters
    ----------
    beyond : float in (0, 0.5]; largest probability that may lie above the quantile.
    k : float; whole, at least the quantile.
    mass : float; probability of k.
    family : (float, float, float); as for ``growth``.

    Returns
    -------
    float; whole, the smallest count with at most ``beyond`` above it.

    Notes
    -----
    Unit: heads. Errors: none. Source: as for ``settle_from_below``, with the upper tail.
    """
    above = 0.0
    term = mass
    i = k
    while term > NEGLIGIBLE * above:
        term *= growth(i, family)
        i += 1.0
        above += term
    while k > 0.0 and above + mass <= beyond:
        above += mass
        k -= 1.0
        mass /= growth(k, family)
    return k


@compiled
def walk_up(target: float, strict: bool, mass: float, family: tuple[float, float, float]) -> float:
    """Sum probabilities from zero until they reach the target.

    Parameters
    ----------
    target : float in (0, 1 - RARE).
    strict : bool; whether the sum has to exceed the target rather than reach it.
    mass : float > 0; probability of zero.
    family : (float, float, float); as for ``growth``.

    Returns
    -------
    float; whole, the first count whose sum reaches the target.

    Notes
    -----
    Unit: heads. Errors: none. Source: the definition of the quantile.
    """
    k = 0.0
    total = mass
    while total < target or (strict and total == target):
        mass *= growth(k, family)
        k += 1.0
        total += mass
    return k


@compiled
def walk_back(beyond: float, mass: float, family: tuple[float, float, float]) -> float:
    """Find a quantile far up in the tail: walk past it, then come back summing what lies above.

    Parameters
    ----------
    beyond : float in (0, RARE]; largest probability that may lie above the quantile.
    mass : float > 0; probability of zero.
    family : (float, float, float); as for ``growth``.

    Returns
    -------
    float; whole, the smallest count with at most ``beyond`` above it.

    Notes
    -----
    Unit: heads. Errors: none. Source: the definition of the quantile.
    """
    k = 0.0
    step = growth(k, family)
    while step > 0.0 and not (step < 0.5 and mass < NEGLIGIBLE * beyond):
        mass *= step
        k += 1.0
        step = growth(k, family)
    return settle_from_above(beyond, k, mass, family)


@compiled
def few_successes(u: float, n: float, p: float) -> float:
    """Find a binomial quantile by summing from the nearer end.

    Parameters
    ----------
    u : float in (0, 1).
    n : float; whole, >= 1, with n min(p, 1 - p) small.
    p : float in (0, 1).

    Returns
    -------
    float; whole, in [0, n].

    Notes
    -----
    Unit: heads. Errors: none. Source: the definition of the quantile.
    """
    q = 1.0 - p
    # Above one half, counting those who are not taken keeps the sum short and its first term above underflow.
    if p > 0.5:
        none = math.exp(n * math.log(p))
        return n - (walk_back(u, none, (0.0, n, q / p)) if u < RARE else walk_up(1.0 - u, True, none, (0.0, n, q / p)))
    none = math.exp(n * math.log1p(-p))
    if 1.0 - u < RARE:
        return walk_back(1.0 - u, none, (0.0, n, p / q))
    return walk_up(u, False, none, (0.0, n, p / q))


@compiled
def many_successes(u: float, n: float, p: float) -> float:
    """Find a binomial quantile by Cornish-Fisher, and by an exact sum where its error could matter.

    Parameters
    ----------
    u : float in (0, 1).
    n : float; whole, with n min(p, 1 - p) above ``WALK_MEAN``.
    p : float in (0, 1).

    Returns
    -------
    float; whole, in [0, n].

    Notes
    -----
    Unit: heads. Errors: none. Source: as for ``cornish_fisher`` and ``settle_from_below``.
    """
    q = 1.0 - p
    middle, slack = cornish_fisher(u, n * p, n * p * q, q - p, 1.0 - 6.0 * p * q)
    lowest = min(max(float(np.ceil(middle - slack)), 0.0), n)
    highest = min(max(float(np.ceil(middle + slack)), 0.0), n)
    if lowest == highest:
        return lowest
    if u <= 0.5:
        return settle_from_below(u, lowest, binomial_mass(lowest, n, p), (0.0, n, p / q))
    return settle_from_above(1.0 - u, highest, binomial_mass(highest, n, p), (0.0, n, p / q))


@compiled
def few_events(u: float, mean: float) -> float:
    """Find a Poisson quantile by summing from zero.

    Parameters
    ----------
    u : float in (0, 1).
    mean : float > 0; small.

    Returns
    -------
    float; whole, >= 0.

    Notes
    -----
    Unit: events. Errors: none. Source: the definition of the quantile.
    """
    none = math.exp(-mean)
    if 1.0 - u < RARE:
        return walk_back(1.0 - u, none, (mean, 0.0, 0.0))
    return walk_up(u, False, none, (mean, 0.0, 0.0))


@compiled
def many_events(u: float, mean: float) -> float:
    """Find a Poisson quantile by Cornish-Fisher, and by an exact sum where its error could matter.

    Parameters
    ----------
    u : float in (0, 1).
    mean : float above ``WALK_MEAN``.

    Returns
    -------
    float; whole, >= 0.

    Notes
    -----
    Unit: events. Errors: none. Source: as for ``many_successes``.
    """
    middle, slack = cornish_fisher(u, mean, mean, 1.0, 1.0)
    lowest = max(float(np.ceil(middle - slack)), 0.0)
    highest = max(float(np.ceil(middle + slack)), 0.0)
    if lowest == highest:
        return lowest
    if u <= 0.5:
        return settle_from_below(u, lowest, poisson_mass(lowest, mean), (mean, 0.0, 0.0))
    return settle_from_above(1.0 - u, highest, poisson_mass(highest, mean), (mean, 0.0, 0.0))


@compiled
def binomial_quantile(u: float, n: float, p: float) -> float:
    """Find how many of n heads a chance p takes, at the share u of the binomial distribution.

    Parameters
    ----------
    u : float in (0, 1); a keyed uniform.
    n : float; heads, a fraction of a head is dropped.
    p : float; chance of each head, taken as 0 below 0 and as 1 above 1.

    Returns
    -------
    float; whole, in [0, n]. Not a number if an argument is not finite.

    Notes
    -----
    Unit: heads. Errors: none. Never falls when u, n or p rises: it is the exact inverse, but for ties within rounding.
    Source: Cornish and Fisher (1938); Loader (2000).
    """
    if not math.isfinite(u + n + p):
        return math.nan
    trials = float(np.floor(n))
    if trials <= 0.0 or p <= 0.0 or u <= 0.0:
        return 0.0
    if p >= 1.0 or u >= 1.0:
        return trials
    if trials * min(p, 1.0 - p) <= WALK_MEAN:
        return few_successes(u, trials, p)
    return many_successes(u, trials, p)


@compiled
def poisson_quantile(u: float, mean: float) -> float:
    """Find how many events happen, at the share u of the Poisson distribution.

    Parameters
    ----------
    u : float in (0, 1); a keyed uniform.
    mean : float; expected events, taken as 0 below 0.

    Returns
    -------
    float; whole, >= 0, infinite at u = 1. Not a number if an argument is not finite.

    Notes
    -----
    Unit: events. Errors: none. Never falls when u or the mean rises. Source: as for ``binomial_quantile``.
    """
    if not math.isfinite(u + mean):
        return math.nan
    if mean <= 0.0 or u <= 0.0:
        return 0.0
    if u >= 1.0:
        return math.inf
    if mean <= WALK_MEAN:
        return few_events(u, mean)
    return many_events(u, mean)
