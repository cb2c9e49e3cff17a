"""Intervals of quantiles from order statistics."""

import math
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.inference import quantiles
from analysis.inference.quantiles import (
    BUCKET_RATIO,
    QuantileInterval,
    bucket_edge_ns,
    histogram_quantile_interval,
    quantile_interval,
    quantile_ranks,
)

durations = st.lists(st.integers(1, 10**12), min_size=1, max_size=300)
shares = st.sampled_from([0.5, 0.9, 0.95, 0.99])


def bucket_of(duration_ns: float) -> int:
    """The bucket that the query `duration_minutes` puts a duration into."""
    return math.floor(math.log(duration_ns) / math.log(1.05))


@pytest.mark.parametrize(
    ("n", "ranks"), [(5, (None, None)), (6, (1, 6)), (10, (2, 9)), (20, (6, 15)), (100, (40, 61))]
)
def test_median_ranks_as_published(n: int, ranks: tuple[int | None, int | None]) -> None:
    """The ranks of the 95 % interval of a median are those of the tables for the sign test."""
    assert quantile_ranks(n, 0.5) == ranks


@given(st.integers(1, 400), shares, st.sampled_from([0.8, 0.95, 0.99]))
def test_ranks_by_their_definition(n: int, q: float, confidence: float) -> None:
    """l is the largest rank with P(B < l) <= tail, u the smallest with P(B >= u) <= tail."""
    tail = (1 - confidence) / 2
    chances = [math.comb(n, b) * q**b * (1 - q) ** (n - b) for b in range(n + 1)]
    low = max(r for r in range(n + 1) if math.fsum(chances[:r]) <= tail)
    high = min(r for r in range(n + 2) if math.fsum(chances[r:]) <= tail)
    assert quantile_ranks(n, q, confidence) == (low or None, high if high <= n else None)


@pytest.mark.parametrize("q", [0.5, 0.95, 0.99, 0.999])
@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
def test_large_samples(monkeypatch: pytest.MonkeyPatch, q: float, confidence: float) -> None:
    """Above 2,000 the approximate ranks are the exact ones, or one further outside."""
    sizes = [2_001, 2_777, 5_000, 12_345, 100_000]
    approximate = [quantile_ranks(n, q, confidence) for n in sizes]
    monkeypatch.setattr(quantiles, "EXACT_N_MAX", 10**9)
    for n, (low, high) in zip(sizes, approximate, strict=True):
        exact_low, exact_high = quantile_ranks(n, q, confidence)
        assert 0 <= (exact_low or 0) - (low or 0) <= 1
        assert 0 <= (high or n + 1) - (exact_high or n + 1) <= 1


def test_by_hand() -> None:
    """Of the values 1 to 10, the median is 5, between the second and the ninth."""
    assert quantile_interval(range(10, 0, -1), 0.5) == QuantileInterval(5, 2, 9)


def test_unknown_bounds() -> None:
    """A bound beyond the values is unknown: 100 values do not bound a p99 from above."""
    found = quantile_interval(range(1, 101), 0.99)
    assert (found.value, found.high) == (99, None)
    assert quantile_interval([], 0.5) == QuantileInterval(None, None, None)
    assert quantile_interval([7.0], 0.5) == QuantileInterval(7, None, None)


@given(durations, shares)
def test_buckets_hold_the_order_statistics(values: list[int], q: float) -> None:
    """From buckets, the bounds are the edges around the bounds from the values themselves."""
    exact = quantile_interval(values, q)
    buckets, counts = np.unique([bucket_of(value) for value in values], return_counts=True)
    found = histogram_quantile_interval(buckets, counts, q)
    assert found.value is not None
    assert exact.value is not None
    assert found.value == pytest.approx(exact.value, rel=0.026)
    assert (found.low is None, found.high is None) == (exact.low is None, exact.high is None)
    if exact.low is not None and found.low is not None:
        assert exact.low / BUCKET_RATIO <= found.low * (1 + 1e-9)
        assert found.low <= exact.low * (1 + 1e-9)
    if exact.high is not None and found.high is not None:
        assert exact.high <= found.high * (1 + 1e-9)
        assert found.high <= exact.high * BUCKET_RATIO * (1 + 1e-9)


@given(durations, shares, st.randoms())
def test_order_of_buckets(values: list[int], q: float, random: Random) -> None:
    """Buckets may come in any order, divided over several rows, and empty."""
    buckets = [bucket_of(value) for value in values]
    once, counts = np.unique(buckets, return_counts=True)
    expected = histogram_quantile_interval(once, counts, q)
    random.shuffle(buckets)
    found = histogram_quantile_interval([*buckets, 999, -5], [1] * len(buckets) + [0, 0], q)
    assert found == expected


def test_dispersion_widens() -> None:
    """Durations that come in fives count as a fifth: the same value, a wider interval."""
    buckets, counts = range(200, 300), [50] * 100
    plain = histogram_quantile_interval(buckets, counts, 0.9)
    wide = histogram_quantile_interval(buckets, counts, 0.9, dispersion=5)
    assert wide.value == plain.value
    assert plain.low is not None
    assert plain.high is not None
    assert wide.low is not None
    assert wide.high is not None
    assert wide.low < plain.low < plain.high < wide.high
    none = histogram_quantile_interval(buckets, counts, 0.9, dispersion=10_000)
    assert none == QuantileInterval(plain.value, None, None)


@given(st.lists(st.integers(1, 50), min_size=2, max_size=20), st.floats(1, 9), shares)
def test_never_beyond_the_last_bucket(counts: list[int], phi: float, q: float) -> None:
    """Ranks of fewer, effective, durations lead to buckets that there are."""
    found = histogram_quantile_interval(range(len(counts)), counts, q, 0.5, dispersion=phi)
    assert found.low is None or found.low >= bucket_edge_ns(0)
    assert found.high is None or found.high <= bucket_edge_ns(len(counts))


def test_edges() -> None:
    """The edge of a bucket is the shortest duration in it."""
    for bucket in (0, 1, 100, 300, 500):
        assert bucket_of(bucket_edge_ns(bucket) * (1 + 1e-9)) == bucket
        assert bucket_of(bucket_edge_ns(bucket + 1) * (1 - 1e-9)) == bucket
    assert histogram_quantile_interval([], [], 0.5) == QuantileInterval(None, None, None)
    assert histogram_quantile_interval([3], [0], 0.5) == QuantileInterval(None, None, None)


@pytest.mark.parametrize("q", [0.5, 0.95, 0.99])
def test_coverage(q: float) -> None:
    """The interval holds the true quantile in at least 95 % of the samples, and not in all."""
    rng = np.random.default_rng(9)
    truth = -math.log(1 - q)
    samples = np.sort(rng.exponential(size=(2000, 1000)), axis=1)
    low, high = quantile_ranks(1000, q)
    assert low is not None
    assert high is not None
    held = ((samples[:, low - 1] <= truth) & (truth <= samples[:, high - 1])).mean()
    assert 0.94 <= held <= 0.985


def test_nonsense_is_refused() -> None:
    """Quantiles, values and counts that cannot be are refused."""
    with pytest.raises(ValueError, match=r"between 0 and 1, seen: 1\.0"):
        quantile_ranks(10, 1.0)
    with pytest.raises(ValueError, match="not a number"):
        quantile_interval([1.0, math.nan], 0.5)
    with pytest.raises(ValueError, match=r"one shape \(b,\)"):
        histogram_quantile_interval([1, 2], [1], 0.5)
    with pytest.raises(ValueError, match="negative"):
        histogram_quantile_interval([1], [-1], 0.5)
    with pytest.raises(ValueError, match="at least 1, seen: 0"):
        histogram_quantile_interval([1], [1], 0.5, dispersion=0)
