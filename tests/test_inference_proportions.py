"""Intervals of failure rates and of their difference."""

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.inference.proportions import (
    lower_bound_of_difference,
    newcombe,
    normal_quantile,
    upper_bound_of_difference,
    wilson,
)

side = st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_as_published(k: int, n: int, low: float, high: float) -> None:
    """Newcombe, Statistics in Medicine 17 (1998), 857-872, table I, method 3."""
    assert wilson(k, n) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("k1", "n1", "k0", "n0", "low", "high"),
    [
        (56, 70, 48, 80, 0.0524, 0.3339),
        (9, 10, 3, 10, 0.1705, 0.8090),
        (6, 7, 2, 7, 0.0582, 0.8062),
        (5, 56, 0, 29, -0.0381, 0.1926),
        (0, 10, 0, 20, -0.1611, 0.2775),
        (0, 10, 0, 10, -0.2775, 0.2775),
        (10, 10, 0, 20, 0.6791, 1.0000),
        (10, 10, 0, 10, 0.6075, 1.0000),
    ],
)
def test_newcombe_as_published(k1: int, n1: int, k0: int, n0: int, low: float, high: float) -> None:
    """Newcombe, Statistics in Medicine 17 (1998), 873-890, table II, method 10."""
    assert newcombe(k1, n1, k0, n0) == pytest.approx((low, high), abs=5e-5)


@given(side, st.floats(0.5, 0.999), st.floats(1, 50))
def test_wilson_holds_the_rate(counts: tuple[int, int], confidence: float, phi: float) -> None:
    """The interval holds the rate, lies within 0 and 1, and a dispersion widens it."""
    k, n = counts
    low, high = wilson(k, n, confidence, dispersion=phi)
    assert 0 <= low <= k / n <= high <= 1
    plain = wilson(k, n, confidence)
    assert low <= plain.low + 1e-12
    assert high >= plain.high - 1e-12


@given(side, side, st.floats(0.55, 0.999))
def test_difference(first: tuple[int, int], second: tuple[int, int], confidence: float) -> None:
    """The interval holds the difference, and turns round when the sides change places."""
    low, high = newcombe(*first, *second, confidence)
    assert -1 <= low <= first[0] / first[1] - second[0] / second[1] <= high <= 1
    assert newcombe(*second, *first, confidence) == pytest.approx((-high, -low))
    assert upper_bound_of_difference(*first, *second, confidence) <= high
    assert lower_bound_of_difference(*first, *second, confidence) >= low


def test_one_sided() -> None:
    """A one-sided bound at 97.5 % is an end of the two-sided interval at 95 %."""
    low, high = newcombe(9, 10, 3, 10)
    assert upper_bound_of_difference(9, 10, 3, 10, 0.975) == pytest.approx(high)
    assert lower_bound_of_difference(9, 10, 3, 10, 0.975) == pytest.approx(low)


def test_dispersion_divides_the_counts() -> None:
    """Failures that come in tens count as a tenth, and so do the requests."""
    tenth = newcombe(5, 56, 0, 29)
    assert newcombe(50, 560, 0, 290, dispersion=10) == pytest.approx(tenth)
    bound = upper_bound_of_difference(50, 560, 0, 290, dispersion=10)
    assert bound == pytest.approx(upper_bound_of_difference(5, 56, 0, 29))


def test_no_requests() -> None:
    """Without requests on one side nothing is known of the difference."""
    assert wilson(0, 0) == (0, 1)
    assert newcombe(1, 10, 0, 0) == (-1, 1)
    assert newcombe(0, 0, 1, 10) == (-1, 1)
    assert upper_bound_of_difference(1, 10, 0, 0) == 1
    assert lower_bound_of_difference(0, 0, 1, 10) == -1


def test_normal_quantile() -> None:
    """The well-known points of the normal distribution."""
    assert normal_quantile(0.975) == pytest.approx(1.959964, abs=1e-6)
    assert normal_quantile(0.5) == 0


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: wilson(3, 2), "0 <= k <= n, seen: 3 of 2"),
        (lambda: wilson(-1, 2), "0 <= k <= n"),
        (lambda: wilson(math.nan, 2), "0 <= k <= n"),
        (lambda: wilson(0, math.inf), "0 <= k <= n"),
        (lambda: wilson(1, 2, 1.0), "between 0 and 1 was needed"),
        (lambda: newcombe(1, 2, 1, 2, dispersion=0.5), "at least 1, seen: 0.5"),
        (lambda: upper_bound_of_difference(1, 2, 1, 2, 0.5), "between 0.5 and 1, seen: 0.5"),
        (lambda: lower_bound_of_difference(1, 2, 1, 2, 1.5), "between 0.5 and 1, seen: 1.5"),
    ],
)
def test_nonsense_is_refused(ask: Callable[[], object], message: str) -> None:
    """Counts, confidences and dispersions that cannot be are refused with what was seen."""
    with pytest.raises(ValueError, match=message):
        ask()
