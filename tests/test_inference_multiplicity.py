"""Many questions about the same minutes."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.inference.multiplicity import e_bh

e_values = st.lists(st.floats(0, 1e6), min_size=1, max_size=20)


def logs(values: list[float]) -> list[float]:
    """Natural logarithms, of 0 too."""
    return [math.log(value) if value else -math.inf for value in values]


def test_by_hand() -> None:
    """Of 4 at alpha 0.1, the j-th largest has to reach 40 / j: 45, 21 and 14 do, 9 does not."""
    assert e_bh(logs([14, 45, 9, 21]), 0.1).tolist() == [True, True, False, True]


def test_a_later_rank_carries_the_earlier() -> None:
    """What fails at its own rank is accepted if a smaller one passes at its."""
    assert e_bh(logs([30, 21, 1, 1]), 0.1).tolist() == [True, True, False, False]


def test_alone() -> None:
    """A single e-value has to reach 1 / alpha."""
    assert e_bh(logs([100.001]), 0.01).tolist() == [True]
    assert e_bh(logs([99.999]), 0.01).tolist() == [False]
    assert e_bh([], 0.01).tolist() == []


@given(e_values, st.floats(0.001, 0.5))
def test_by_its_definition(values: list[float], alpha: float) -> None:
    """The j largest are accepted, for the largest j whose e-value is at least m / (j alpha)."""
    m, ordered = len(values), sorted(values, reverse=True)
    reached = [j for j in range(1, m + 1) if ordered[j - 1] * j * alpha >= m * (1 + 1e-9)]
    found = e_bh(logs(values), alpha)
    assert found.sum() >= max(reached, default=0)
    assert all(
        values[i] * int(found.sum()) * alpha >= m * (1 - 1e-9) for i in np.flatnonzero(found)
    )


@given(e_values, st.floats(0.001, 0.5))
def test_order_does_not_matter(values: list[float], alpha: float) -> None:
    """Which are accepted depends on the values, not on their order."""
    assert e_bh(logs(values[::-1]), alpha).tolist() == e_bh(logs(values), alpha).tolist()[::-1]


def test_nonsense_is_refused() -> None:
    """What is no number, or no alpha, is refused."""
    with pytest.raises(ValueError, match="e-values must be numbers"):
        e_bh([math.nan], 0.1)
    with pytest.raises(ValueError, match="e-values must be numbers"):
        e_bh([[1.0]], 0.1)
    with pytest.raises(ValueError, match="alpha"):
        e_bh([1.0], 1.0)
