"""The dispersion of failures per minute."""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.inference.dispersion import (
    block_dispersions,
    dispersion,
    dispersions,
    step_dispersions,
)

minutes = st.lists(
    st.integers(0, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    min_size=1,
    max_size=30,
)


def test_by_hand() -> None:
    """Three minutes of 100 requests with 1, 2 and 9 failures: X2 = (9 + 4 + 25) / 4, df = 2."""
    assert dispersion([1, 2, 9], [100, 100, 100]) == pytest.approx(38 / 4 / 2)


def test_unequal_minutes() -> None:
    """A minute is held against its own number of requests."""
    k, n = [1, 20], [100, 200]
    expected = [7, 14]
    assert dispersion(k, n) == pytest.approx((1 - 7) ** 2 / expected[0] + (20 - 14) ** 2 / 14)


def test_steps_by_hand() -> None:
    """Steps from 1 to 2 to 9 failures of 100: X2 of the pairs is 1/3 and 49/11."""
    found = step_dispersions([1, 2, 9], [100, 100, 100])
    assert found == pytest.approx([1, 1, (1 / 3 + 49 / 11) / 2])


@given(minutes)
def test_running(these: list[tuple[int, int]]) -> None:
    """The running dispersion is the dispersion of the minutes so far, and at least 1."""
    k, n = [k for k, _ in these], [n for _, n in these]
    found = dispersions(k, n)
    assert (found >= 1).all()
    assert found == pytest.approx([dispersion(k[: t + 1], n[: t + 1]) for t in range(len(k))])
    assert (step_dispersions(k, n) >= 1).all()


@given(minutes, minutes)
def test_history(these: list[tuple[int, int]], earlier: list[tuple[int, int]]) -> None:
    """History in front counts, and has no value of its own."""
    k, n, hk, hn = ([one[column] for one in rows] for rows in (these, earlier) for column in (0, 1))
    for running in (dispersions, step_dispersions):
        found = running(k, n, history_k=hk, history_n=hn)
        assert found == pytest.approx(running(hk + k, hn + n)[len(hk) :])


def test_blocks_by_hand() -> None:
    """In blocks of 2, the minutes 1, 0 | 4, 5 | 0 are 1 and 9 failures of 200, and a rest."""
    found = block_dispersions([1, 0, 4, 5, 0], [100] * 5, 2)
    known = dispersion([1, 9], [200, 200])
    assert found == pytest.approx([1, 1, 1, known, known])


@given(minutes, minutes)
def test_blocks_of_one_minute(these: list[tuple[int, int]], earlier: list[tuple[int, int]]) -> None:
    """Blocks of one minute are minutes, and history shifts the blocks."""
    k, n, hk, hn = ([one[column] for one in rows] for rows in (these, earlier) for column in (0, 1))
    ones = block_dispersions(k, n, 1, history_k=hk, history_n=hn)
    assert ones == pytest.approx(dispersions(k, n, history_k=hk, history_n=hn))
    threes = block_dispersions(k, n, 3, history_k=hk, history_n=hn)
    assert threes == pytest.approx(block_dispersions(hk + k, hn + n, 3)[len(hk) :])


def test_troubles_that_last() -> None:
    """Troubles of 5 minutes disperse blocks more than minutes; troubles of a minute do not."""
    rng = np.random.default_rng(21)
    n = np.full((200, 120), 200)
    trouble = np.repeat(rng.random((200, 24)) < 0.1, 5, axis=1)
    k = rng.binomial(n, np.where(trouble, 0.1, 0.005))
    assert np.median(block_dispersions(k, n)[:, -1] / dispersions(k, n)[:, -1]) > 3
    k = rng.binomial(n, np.where(rng.random(n.shape) < 0.1, 0.1, 0.005))
    assert np.median(block_dispersions(k, n)[:, -1] / dispersions(k, n)[:, -1]) < 1.2


@pytest.mark.parametrize("running", [dispersions, step_dispersions, block_dispersions])
def test_unknown_is_one(running: Callable[[list[int], list[int]], npt.NDArray[np.float64]]) -> None:
    """No failure, no request, or one minute says nothing: the dispersion is 1."""
    assert running([0, 0, 0], [5, 0, 7]).tolist() == [1, 1, 1]
    assert running([0, 0], [0, 0]).tolist() == [1, 1]
    assert running([9], [9]).tolist() == [1]
    assert running([], []).tolist() == []
    assert dispersion([], []) == 1


def test_minutes_without_requests() -> None:
    """Minutes without requests do not count, whatever is said to have failed in them."""
    assert dispersion([1, 7, 9], [100, 0, 100]) == dispersion([1, 9], [100, 100])


@pytest.mark.parametrize("burst", [1, 3, 10])
@pytest.mark.parametrize("rate", [0.002, 0.05])
def test_bursts(burst: int, rate: float) -> None:
    """Failures that come in bursts of b have a dispersion of about b, by either estimate."""
    rng = np.random.default_rng(7)
    n = rng.poisson(1000, (200, 60))
    k = rng.poisson(n * rate / burst) * burst
    for running in (dispersions, step_dispersions):
        assert np.median(running(k, n)[:, -1]) == pytest.approx(max(burst, 1), rel=0.25)


def test_a_lasting_rise() -> None:
    """A lasting rise looks like dispersion, but hardly in the steps between minutes."""
    rng = np.random.default_rng(8)
    n = np.full((100, 60), 200)
    k = rng.binomial(n, np.where(np.arange(60) < 40, 0.005, 0.5))
    assert np.median(dispersions(k, n)[:, -1]) > 50
    assert np.median(step_dispersions(k, n)[:, -1]) < 5


@pytest.mark.parametrize(
    ("k", "n"), [([1], [1, 2]), ([-1], [2]), ([1], [math.nan]), (1, 2)], ids=repr
)
def test_nonsense_is_refused(k: list[float], n: list[float]) -> None:
    """Shapes that differ and counts that cannot be are refused."""
    with pytest.raises(ValueError, match=r"one shape|negative or not a number"):
        dispersions(k, n)


def test_empty_blocks_are_refused() -> None:
    """A block without a minute is refused."""
    with pytest.raises(ValueError, match="at least 1 minute, seen: 0"):
        block_dispersions([1], [2], 0)


def test_half_a_history_is_refused() -> None:
    """A history of failures without one of requests is refused."""
    with pytest.raises(ValueError, match="one of them is missing"):
        dispersions([1], [2], history_k=[1])
