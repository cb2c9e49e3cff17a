"""The e-process: evidence from failures per minute that holds at every look."""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.inference.e_process import (
    RATIOS_DOWN,
    RATIOS_UP,
    log_e_value,
    log_e_values,
    log_mean,
    log_means,
)

Column = list[int]
Counts = tuple[Column, Column, Column, Column]
Minute = tuple[int, int, int, int]


def as_counts(minutes: list[Minute]) -> Counts:
    """k1, n1, k0, n0 of minutes given as (k1, n1, k0, n0)."""
    k1, n1, k0, n0 = ([minute[side] for minute in minutes] for side in range(4))
    return k1, n1, k0, n0


def of_side(n: int) -> st.SearchStrategy[tuple[int, int]]:
    """Failures and requests of one side of a minute."""
    return st.tuples(st.integers(0, n), st.just(n))


side = st.integers(0, 1000).flatmap(of_side)
minute = st.tuples(side, side).map(lambda two: (*two[0], *two[1]))
counts = st.lists(minute, min_size=1, max_size=12).map(as_counts)


def binomial(n: int, share: float) -> list[float]:
    """P(0), P(1), ... P(n) of the binomial distribution."""
    return [math.comb(n, k) * share**k * (1 - share) ** (n - k) for k in range(n + 1)]


def hypergeometric(n1: int, n0: int, failures: int) -> list[float]:
    """P that 0, 1, ... of so many failures among n1 + n0 requests are among the n1."""
    ways = math.comb(n1 + n0, failures)
    return [math.comb(n1, k) * math.comb(n0, failures - k) / ways for k in range(failures + 1)]


def mean_e(
    n1: int, n0: int, failures: int, chances: list[float], phi: float = 1.0, cap: float = math.inf
) -> float:
    """The mean e-value of one minute over all ways to divide its failures."""
    return sum(
        chance * math.exp(log_e_value([k1], [n1], [failures - k1], [n0], phi, factor_max=cap))
        for k1, chance in enumerate(chances)
    )


def test_by_hand() -> None:
    """One minute is the mean over r of (theta/rho)^k1 ((1-theta)/(1-rho))^k0."""
    rho = 30 / 100
    factors = []
    for r in RATIOS_UP:
        theta = rho * r / (1 - rho + rho * r)
        factors.append((theta / rho) ** 3 * ((1 - theta) / (1 - rho)) ** 2)
    found = log_e_values([3], [30], [2], [70], factor_max=math.inf)
    assert found == pytest.approx([math.log(sum(factors) / len(factors))])


def test_ratios() -> None:
    """The grid of falls mirrors the grid of rises."""
    assert list(RATIOS_UP) == [1.25, 1.5, 2, 3, 5, 10, 30, 100]
    assert [1 / ratio for ratio in RATIOS_DOWN] == pytest.approx(RATIOS_UP)


@given(n1=st.integers(1, 40), n0=st.integers(1, 40), failures=st.integers(0, 25))
def test_mean_is_one_under_equal_rates(n1: int, n0: int, failures: int) -> None:
    """If failures fall where requests go, the mean e-value of a minute is exactly 1."""
    chances = binomial(failures, n1 / (n1 + n0))
    assert mean_e(n1, n0, failures, chances) == pytest.approx(1)


@given(
    n1=st.integers(1, 40),
    n0=st.integers(1, 40),
    failures=st.integers(0, 25),
    phi=st.floats(1, 20),
    cap=st.floats(1.5, 20),
)
def test_mean_is_at_most_one(n1: int, n0: int, failures: int, phi: float, cap: float) -> None:
    """The bound for each minute, a dispersion, and a fixed number of requests only lower it."""
    share = binomial(failures, n1 / (n1 + n0))
    assert mean_e(n1, n0, failures, share, phi, cap) <= 1 + 1e-9
    drawn = min(failures, n1 + n0)
    exact = hypergeometric(n1, n0, drawn)
    assert mean_e(n1, n0, drawn, exact, phi, cap) <= 1 + 1e-9


@given(counts, st.floats(1, 10))
def test_bound_lowers(these: Counts, phi: float) -> None:
    """With a bound for each minute the evidence is never more than without."""
    bounded = log_e_values(*these, phi)
    assert (bounded <= log_e_values(*these, phi, factor_max=math.inf) + 1e-9).all()
    assert (np.diff(bounded, prepend=0) <= math.log(10) + 1e-9).all()


@given(counts, st.floats(1, 10))
def test_last_look(these: Counts, phi: float) -> None:
    """The value of the last look is the last of the values of all looks."""
    assert log_e_value(*these, phi) == pytest.approx(log_e_values(*these, phi)[-1])


@given(counts, st.integers(0, 12), st.integers(0, 1000), st.booleans())
def test_empty_minutes_add_nothing(these: Counts, at: int, n: int, candidate: bool) -> None:
    """A minute in which only one side has requests changes nothing, however many fail."""
    lonely = (n, n, 0, 0) if candidate else (0, 0, n, n)
    k1, n1, k0, n0 = (
        [*column[:at], more, *column[at:]] for column, more in zip(these, lonely, strict=True)
    )
    assert log_e_value(k1, n1, k0, n0) == pytest.approx(log_e_value(*these))


@given(counts, counts, st.floats(1, 10))
def test_strata_multiply(these: Counts, those: Counts, phi: float) -> None:
    """Strata multiply: without bound, two strata are as much evidence as their minutes in a row."""
    length = min(len(these[0]), len(those[0]))
    pairs = [(a[:length], b[:length]) for a, b in zip(these, those, strict=True)]
    k1, n1, k0, n0 = (list(pair) for pair in pairs)
    in_strata = log_e_values(k1, n1, k0, n0, phi, factor_max=math.inf)
    k1, n1, k0, n0 = ([a + b] for a, b in pairs)
    in_a_row = log_e_values(k1, n1, k0, n0, phi, factor_max=math.inf)
    assert in_strata[-1] == pytest.approx(in_a_row[-1])


def test_bound_holds_for_all_strata_together() -> None:
    """One terrible minute brings at most a factor of 10, in however many endpoints it shows."""
    k1, n, k0 = [[50]] * 3, [[100]] * 3, [[0]] * 3
    assert log_e_value(k1, n, k0, n) == pytest.approx(math.log(10))


@given(counts, st.lists(st.floats(1, 30), min_size=12, max_size=12))
def test_each_look_uses_its_dispersion(these: Counts, phi: list[float]) -> None:
    """The look after minute t divides all minutes so far by the dispersion known at t."""
    known = phi[: len(these[0])]
    found = log_e_values(*these, known)
    for t, phi_then in enumerate(known):
        k1, n1, k0, n0 = (column[: t + 1] for column in these)
        assert found[t] == pytest.approx(log_e_values(k1, n1, k0, n0, phi_then)[-1])
        assert found[t] == pytest.approx(log_e_value(k1, n1, k0, n0, known[: t + 1]))


def test_many_runs_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs side by side give what they give one by one, in memory for a few looks at a time."""
    rng = np.random.default_rng(5)
    n1, n0 = rng.poisson(50, (2, 7, 3, 20))
    k1, k0 = rng.binomial(n1, 0.1), rng.binomial(n0, 0.05)
    phi = rng.uniform(1, 4, (7, 20))
    together = log_e_values(k1, n1, k0, n0, phi)
    one_by_one = [log_e_values(k1[i], n1[i], k0[i], n0[i], phi[i]) for i in range(7)]
    assert together.shape == (7, 20)
    assert together == pytest.approx(np.array(one_by_one))
    monkeypatch.setattr("analysis.inference.e_process.CELLS_MAX", 5000)
    assert log_e_values(k1, n1, k0, n0, phi) == pytest.approx(together)


def test_runs_without_strata() -> None:
    """With no axis of strata every row stands for itself, and may have its own dispersion."""
    k1, n1, k0, n0 = [[4, 5], [0, 1]], [[50, 50]] * 2, [[1, 0], [2, 2]], [[60, 40]] * 2
    found = log_e_values(k1, n1, k0, n0, [[1.0], [2.0]], strata_axis=None)
    assert found.shape == (2, 2)
    assert found[0] == pytest.approx(log_e_values(k1[0], n1[0], k0[0], n0[0]))
    assert found[1] == pytest.approx(log_e_values(k1[1], n1[1], k0[1], n0[1], 2.0))


def test_axis_of_strata_may_be_named() -> None:
    """The strata may be any axis."""
    rng = np.random.default_rng(6)
    n1, n0 = rng.poisson(50, (2, 3, 4, 20))
    k1, k0 = rng.binomial(n1, 0.1), rng.binomial(n0, 0.05)
    assert log_e_values(k1, n1, k0, n0, strata_axis=0).shape == (4, 20)
    turned = [np.moveaxis(one, 0, 1) for one in (k1, n1, k0, n0)]
    assert log_e_values(k1, n1, k0, n0, strata_axis=0) == pytest.approx(log_e_values(*turned))


@pytest.mark.parametrize("n", [1, 10**9, 10**15])
def test_huge_counts(n: int) -> None:
    """No count, however large or lopsided, gives an infinity or no number."""
    k1, n1, k0, n0 = [n, 0, n, 1], [n, n, n, 1], [0, n, n, 0], [n, n, 1, n]
    for ratios in (RATIOS_UP, RATIOS_DOWN):
        assert np.isfinite(log_e_values(k1, n1, [0, n, 1, 0], n0, ratios=ratios)).all()
        assert np.isfinite(log_e_values(k1, n1, k0, n0, [1, 2, 3, 4], ratios)).all()


def test_falls() -> None:
    """With ratios below 1 a fall is evidence and a rise is not."""
    k1, n1, k0, n0 = [1] * 30, [200] * 30, [10] * 30, [200] * 30
    assert log_e_value(k1, n1, k0, n0, ratios=RATIOS_DOWN) > math.log(100)
    assert log_e_value(k0, n0, k1, n1, ratios=RATIOS_DOWN) < 0


def test_no_minutes() -> None:
    """Without a minute there is no look, and the e-value is 1."""
    assert log_e_values([], [], [], []).shape == (0,)
    assert log_e_value([], [], [], []) == 0


def test_mean_of_e_values() -> None:
    """E-values are averaged, not their logarithms; none prove nothing."""
    assert log_mean([math.log(4), math.log(2), 0]) == pytest.approx(math.log(7 / 3))
    assert log_mean([]) == 0
    assert log_mean([5000.0, 0.0]) == pytest.approx(5000 - math.log(2))
    assert log_mean([-math.inf, -math.inf]) == -math.inf
    assert log_mean([-math.inf, 0.0]) == pytest.approx(-math.log(2))


def test_means_along_an_axis() -> None:
    """Kinds of evidence are averaged minute by minute."""
    kinds = np.log([[1.0, 10.0], [3.0, 30.0]])
    assert log_means(kinds) == pytest.approx(np.log([2.0, 20.0]))
    assert log_means(kinds, axis=1) == pytest.approx(np.log([5.5, 16.5]))


BAD: list[tuple[Callable[[], npt.ArrayLike], str]] = [
    (lambda: log_e_values([1], [2], [1, 1], [2]), r"one shape.*\(1,\).*\(2,\)"),
    (lambda: log_e_values(1, 2, 1, 2), "one shape"),
    (lambda: log_e_values([-1], [2], [1], [2]), "negative or not a number"),
    (lambda: log_e_values([math.nan], [2], [1], [2]), "negative or not a number"),
    (lambda: log_e_values([1], [2], [1], [2], 0.5), "at least 1, seen: 0.5"),
    (lambda: log_e_value([1], [2], [1], [2], [math.nan]), "at least 1"),
    (lambda: log_e_values([1], [2], [1], [2], ratios=[]), "ratios"),
    (lambda: log_e_values([1], [2], [1], [2], ratios=[0]), "ratios"),
    (lambda: log_e_values([1], [2], [1], [2], factor_max=1), "factor_max"),
]


@pytest.mark.parametrize(("ask", "message"), BAD)
def test_nonsense_is_refused(ask: Callable[[], npt.ArrayLike], message: str) -> None:
    """Shapes that differ, negative counts and impossible settings are refused."""
    with pytest.raises(ValueError, match=message):
        ask()
