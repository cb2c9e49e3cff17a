"""The minute in which failures began."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.inference.change_point import INTERVAL_DROP, RATIO_MIN, Onset, onset

minutes = st.lists(
    st.integers(0, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), max_size=40
)


def log_likelihood(k: list[int], n: list[int], s: int) -> float:
    """l(s) of the module's docstring, term by term."""
    total = 0.0
    for part_k, part_n in ((sum(k[:s]), sum(n[:s])), (sum(k[s:]), sum(n[s:]))):
        total += part_k * math.log(part_k / part_n) if part_k else 0.0
    return total


def test_by_hand() -> None:
    """Ten quiet minutes and five with a tenth failing: the rise is in minute 10, and only there."""
    k, n = [0] * 10 + [10] * 5, [100] * 15
    ratio = 2 * (50 * math.log(50 / 500) - 50 * math.log(50 / 1500))
    found = onset(k, n)
    assert found is not None
    assert found == Onset(10, 10, 10, found.log_likelihood_ratio)
    assert found.log_likelihood_ratio == pytest.approx(ratio)


@given(minutes)
def test_by_its_definition(these: list[tuple[int, int]]) -> None:
    """The onset has the largest likelihood of all rises, and its interval those within 1.92."""
    k, n = [k for k, _ in these], [n for _, n in these]
    gains = {
        s: log_likelihood(k, n, s) - log_likelihood(k, n, 0)
        for s in range(1, len(k))
        if n[s] and sum(n[:s]) and sum(k[s:]) / sum(n[s:]) > sum(k[:s]) / sum(n[:s])
    }
    best = max(gains.values(), default=0.0)
    found = onset(k, n)
    if abs(2 * best - RATIO_MIN) < 1e-6:
        return
    assert (found is not None) == (2 * best > RATIO_MIN)
    if found:
        assert gains[found.index] == pytest.approx(best)
        near = [s for s, gain in gains.items() if gain >= best - INTERVAL_DROP + 1e-6]
        assert found.low <= min(near, default=found.index) <= found.index
        assert found.index <= max(near, default=found.index) <= found.high


def test_falls_do_not_count() -> None:
    """Failures that end are no onset."""
    assert onset([10] * 10 + [0] * 10, [100] * 20) is None


def test_quiet_minutes() -> None:
    """Without failures, without requests and without minutes there is no onset."""
    assert onset([0] * 9, [100] * 9) is None
    assert onset([0] * 9, [0] * 9) is None
    assert onset([], []) is None
    assert onset([5], [9]) is None


def test_a_gap() -> None:
    """If nobody asked for a while, the failures may have begun anywhere in the gap."""
    k, n = [0] * 5 + [0] * 4 + [50] * 5, [100] * 5 + [0] * 4 + [100] * 5
    found = onset(k, n)
    assert found is not None
    assert (found.low, found.index, found.high) == (5, 9, 9)


def test_dispersion() -> None:
    """A dispersion divides the likelihood: the interval widens, or there is no onset."""
    k, n = [1, 0, 2, 1, 0, 1, 4, 5, 6, 5, 4, 6], [100] * 12
    plain, wide = onset(k, n), onset(k, n, 1.5)
    assert plain is not None
    assert wide is not None
    assert wide.log_likelihood_ratio == pytest.approx(plain.log_likelihood_ratio / 1.5)
    assert wide.low <= plain.low <= plain.high <= wide.high
    assert onset(k, n, 5.0) is None


def test_false_alarms() -> None:
    """Of 1,000 series of 90 minutes without a change at most 1 % seem to have one."""
    rng = np.random.default_rng(10)
    for mean in (0.2, 2, 50):
        found = [onset(k, [1000] * 90) for k in rng.poisson(mean, (1000, 90))]
        assert sum(one is not None for one in found) <= 10


def test_where_it_is() -> None:
    """0.5 % to 5 % at 200 requests per minute is found to the minute, and lies in the interval."""
    rng = np.random.default_rng(11)
    rates = np.where(np.arange(90) < 60, 0.005, 0.05)
    found = [onset(k, [200] * 90) for k in rng.binomial(200, rates, (300, 90))]
    sure = [one for one in found if one]
    assert len(sure) == 300
    assert np.mean([abs(one.index - 60) <= 1 for one in sure]) >= 0.9
    assert np.mean([one.low <= 60 <= one.high for one in sure]) >= 0.92


def test_nonsense_is_refused() -> None:
    """Shapes that differ and numbers that cannot be are refused."""
    with pytest.raises(ValueError, match=r"one shape \(T,\)"):
        onset([1], [1, 2])
    with pytest.raises(ValueError, match="negative"):
        onset([-1], [1])
    with pytest.raises(ValueError, match=r"at least 1, seen: 0\.5"):
        onset([1], [1], 0.5)
