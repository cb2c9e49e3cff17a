"""Intervals for a failure rate and for the difference of two, which also work at no failures.

Wilson's score interval for one rate (E. B. Wilson, JASA 22, 1927, 209-212), and Newcombe's hybrid
score interval for a difference, his method 10 (R. G. Newcombe, "Interval estimation for the
difference between independent proportions", Statistics in Medicine 17, 1998, 873-890): with the
Wilson intervals (l1, u1) and (l0, u0) of both rates,

    low  = p1 - p0 - sqrt((p1 - l1)^2 + (u0 - p0)^2)
    high = p1 - p0 + sqrt((u1 - p1)^2 + (p0 - l0)^2).

A dispersion phi >= 1 divides the counts: k / phi failures of n / phi requests. These intervals are
good for one look each, not for every look: a gate that looks often belongs to the e-process.
"""

import math
from statistics import NormalDist
from typing import NamedTuple


class Interval(NamedTuple):
    """Bounds between which a number lies with the confidence that was asked for."""

    low: float
    high: float


def wilson(k: float, n: float, confidence: float = 0.95, *, dispersion: float = 1.0) -> Interval:
    """Interval of a rate of which k in n were seen, two-sided; (0, 1) if n is 0: nothing is known.

    Raises ValueError unless 0 <= k <= n, 0 < confidence < 1 and dispersion >= 1.
    """
    _check(k, n, dispersion)
    z = normal_quantile(0.5 + confidence / 2)
    k, n = k / dispersion, n / dispersion
    if n == 0:
        return Interval(0.0, 1.0)
    rate = k / n
    middle = (k + z * z / 2) / (n + z * z)
    reach = z * math.sqrt(k * (1 - rate) + z * z / 4) / (n + z * z)
    # The exact bounds hold the rate; rounding must not push 0 of n above 0.
    return Interval(max(0.0, min(rate, middle - reach)), min(1.0, max(rate, middle + reach)))


def newcombe(
    k1: float,
    n1: float,
    k0: float,
    n0: float,
    confidence: float = 0.95,
    *,
    dispersion: float = 1.0,
) -> Interval:
    """Interval of the difference k1 / n1 - k0 / n0, two-sided; (-1, 1) if either n is 0.

    Raises ValueError as `wilson` does.
    """
    low1, high1 = wilson(k1, n1, confidence, dispersion=dispersion)
    low0, high0 = wilson(k0, n0, confidence, dispersion=dispersion)
    if n1 == 0 or n0 == 0:
        return Interval(-1.0, 1.0)
    rate1, rate0 = k1 / n1, k0 / n0
    difference = rate1 - rate0
    return Interval(
        max(-1.0, difference - math.hypot(rate1 - low1, high0 - rate0)),
        min(1.0, difference + math.hypot(high1 - rate1, rate0 - low0)),
    )


def upper_bound_of_difference(
    k1: float,
    n1: float,
    k0: float,
    n0: float,
    confidence: float = 0.95,
    *,
    dispersion: float = 1.0,
) -> float:
    """The bound that the rise k1 / n1 - k0 / n0 stays below with that confidence (one-sided).

    Below a tolerance, it says that the candidate is no worse than tolerated (non-inferiority). 1 if
    either n is 0. Raises ValueError unless 0.5 < confidence < 1, and as `wilson` does.
    """
    two_sided = _two_sided(confidence)
    return newcombe(k1, n1, k0, n0, two_sided, dispersion=dispersion).high


def lower_bound_of_difference(
    k1: float,
    n1: float,
    k0: float,
    n0: float,
    confidence: float = 0.95,
    *,
    dispersion: float = 1.0,
) -> float:
    """The bound that the rise k1 / n1 - k0 / n0 stays above with that confidence (one-sided).

    -1 if either n is 0. Raises ValueError as `upper_bound_of_difference` does.
    """
    two_sided = _two_sided(confidence)
    return newcombe(k1, n1, k0, n0, two_sided, dispersion=dispersion).low


def normal_quantile(probability: float) -> float:
    """The number that a standard normal variable stays below with that probability.

    Raises ValueError unless 0 < probability < 1.
    """
    if not 0 < probability < 1:
        raise ValueError(f"a probability between 0 and 1 was needed, seen: {probability}")
    return NormalDist().inv_cdf(probability)


def _two_sided(confidence: float) -> float:
    """The confidence of the two-sided interval whose bounds hold one-sided with `confidence`."""
    if not 0.5 < confidence < 1:
        raise ValueError(f"a one-sided confidence is between 0.5 and 1, seen: {confidence}")
    return 2 * confidence - 1


def _check(k: float, n: float, dispersion: float) -> None:
    """Refuse counts that cannot be."""
    if not (0 <= k <= n and math.isfinite(n)):
        raise ValueError(f"k of n needs 0 <= k <= n, seen: {k} of {n}")
    if not dispersion >= 1:
        raise ValueError(f"a dispersion is at least 1, seen: {dispersion}")
