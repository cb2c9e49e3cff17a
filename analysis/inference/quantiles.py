"""Intervals of a quantile that assume nothing about how the values are distributed.

The number B of n independent values at or below the q-quantile is binomial(n, q). So the quantile
lies between the l-th and the u-th smallest value with at least the confidence c, where l is the
largest rank with P(B < l) <= (1 - c) / 2, and u the smallest with P(B >= u) <= (1 - c) / 2.
Source: David and Nagaraja, Order Statistics (3rd ed. 2003), section 7.1. A bound that would lie
beyond the values is unknown.

Durations come as counts per bucket: bucket b holds the durations from 1.05^b up to 1.05^(b + 1) ns.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.inference.proportions import normal_quantile

# Ratio of the upper to the lower edge of a bucket, as the query `duration_minutes` counts them.
BUCKET_RATIO = 1.05

# Up to here the binomial is summed; above, the normal approximation with a term for its skew is
# never narrower than the exact ranks and at most one rank wider.
EXACT_N_MAX = 2_000


@dataclass(frozen=True, slots=True)
class QuantileInterval:
    """A quantile and its interval; None is unknown: no value, or a bound beyond the sample."""

    value: float | None
    low: float | None
    high: float | None


def quantile_interval(
    values: npt.ArrayLike, q: float, confidence: float = 0.95
) -> QuantileInterval:
    """The q-quantile of values, shape (n,), and its interval, in the unit of the values.

    The quantile is the smallest value that at least the share q does not exceed.
    Raises ValueError for values that are not numbers, and unless 0 < q, confidence < 1.
    """
    ordered = np.sort(np.asarray(values, dtype=np.float64).reshape(-1))
    if np.isnan(ordered).any():
        raise ValueError("a value is not a number: leave out what is unknown")
    low, high = quantile_ranks(ordered.size, q, confidence)
    if not ordered.size:
        return QuantileInterval(None, None, None)
    return QuantileInterval(
        value=float(ordered[_rank_of(q, ordered.size) - 1]),
        low=None if low is None else float(ordered[low - 1]),
        high=None if high is None else float(ordered[high - 1]),
    )


def histogram_quantile_interval(
    buckets: npt.ArrayLike,
    counts: npt.ArrayLike,
    q: float,
    confidence: float = 0.95,
    *,
    dispersion: float = 1.0,
) -> QuantileInterval:
    """The q-quantile of durations counted per bucket, and its interval, in nanoseconds.

    buckets: numbers of buckets, shape (b,), in any order, a number may come twice; counts: how many
    durations each holds, shape (b,). The value is the middle of its bucket (at most 2.5 % off), the
    bounds are the outer edges of the buckets that hold the order statistics.
    dispersion: at least 1; n counts as n / dispersion independent durations.
    Raises ValueError for shapes that differ, negative counts, and as `quantile_interval` does.
    """
    numbers, totals = _cumulated(buckets, counts)
    n = float(totals[-1]) if totals.size else 0.0
    if not dispersion >= 1:
        raise ValueError(f"a dispersion is at least 1, seen: {dispersion}")
    effective = math.floor(n / dispersion)
    low, high = quantile_ranks(effective, q, confidence)
    if not n:
        return QuantileInterval(None, None, None)

    def bucket_of(rank: float) -> int:
        # A hair less than the rank: a whole number must not be rounded up into the next bucket.
        return int(numbers[np.searchsorted(totals, rank * (1 - 1e-12))])

    scale = n / max(effective, 1)
    middle = bucket_edge_ns(bucket_of(_rank_of(q, n))) * math.sqrt(BUCKET_RATIO)
    return QuantileInterval(
        value=middle,
        low=None if low is None else bucket_edge_ns(bucket_of(low * scale)),
        high=None if high is None else bucket_edge_ns(bucket_of(high * scale) + 1),
    )


def bucket_edge_ns(bucket: int) -> float:
    """The shortest duration that belongs into a bucket, in nanoseconds."""
    return float(BUCKET_RATIO**bucket)


def quantile_ranks(n: int, q: float, confidence: float = 0.95) -> tuple[int | None, int | None]:
    """Ranks, from 1, of the values between which the q-quantile of n lies; None: beyond them."""
    if not 0 < q < 1 or not 0 < confidence < 1:
        raise ValueError(f"q and confidence must be between 0 and 1, seen: {q} and {confidence}")
    if n <= 0:
        return None, None
    tail = (1 - confidence) / 2
    low, high = _exact_ranks(n, q, tail) if n <= EXACT_N_MAX else _approximate_ranks(n, q, tail)
    return (low if low >= 1 else None), (high if high <= n else None)


def _exact_ranks(n: int, q: float, tail: float) -> tuple[int, int]:
    """The ranks by summing the binomial distribution; 0 and n + 1 stand for "beyond"."""
    successes = np.arange(1, n + 1)
    # ln of P(B = b) / P(B = 0), a factor at a time.
    steps = np.log((n - successes + 1) / successes) + math.log(q / (1 - q))
    logs = np.concatenate([[0.0], np.cumsum(steps)])
    shares = np.exp(logs - logs.max())
    up_to = np.cumsum(shares) / shares.sum()
    from_on = np.cumsum(shares[::-1])[::-1] / shares.sum()
    # P(B < l) is up_to[l - 1]; P(B >= u) is from_on[u].
    low = int(np.searchsorted(up_to, tail, side="right"))
    high = n + 1 - int(np.searchsorted(from_on[::-1], tail, side="right"))
    return low, high


def _approximate_ranks(n: int, q: float, tail: float) -> tuple[int, int]:
    """The ranks by the normal approximation with the Cornish-Fisher term for the skew."""
    z = normal_quantile(1 - tail)
    middle = n * q + (1 - 2 * q) * (z * z - 1) / 6 - 0.5
    reach = z * math.sqrt(n * q * (1 - q))
    return math.ceil(middle - reach), math.ceil(middle + reach) + 1


def _rank_of(q: float, n: float) -> int:
    """The rank of the smallest of n values that at least the share q does not exceed."""
    return max(1, math.ceil(q * n * (1 - 1e-12)))


def _cumulated(
    buckets: npt.ArrayLike, counts: npt.ArrayLike
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """The buckets in ascending order, and how many durations lie in each or below."""
    numbers = np.asarray(buckets, dtype=np.int64)
    numbers_of = np.asarray(counts, dtype=np.float64)
    if numbers.shape != numbers_of.shape or numbers.ndim != 1:
        raise ValueError(
            "buckets and counts must have one shape (b,), "
            f"seen: {numbers.shape} and {numbers_of.shape}"
        )
    if not (numbers_of >= 0).all():
        raise ValueError("a count of durations is negative or not a number")
    order = np.argsort(numbers, kind="stable")
    return numbers[order], np.cumsum(numbers_of[order])
