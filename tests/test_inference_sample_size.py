"""How many more requests are needed: the figures against simulation."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from analysis.inference.e_process import log_e_values
from analysis.inference.proportions import upper_bound_of_difference
from analysis.inference.sample_size import (
    REQUESTS_MAX,
    requests_for_difference,
    requests_for_upper_bound,
)


@pytest.mark.parametrize(
    ("p0", "difference", "share"),
    [(0.005, 0.045, 0.5), (0.005, 0.005, 0.5), (0.0, 0.01, 0.5), (0.005, 0.045, 0.05)],
)
def test_proof_of_a_rise(p0: float, difference: float, share: float) -> None:
    """With as many requests as said, the rise is proven in about four of five runs."""
    rng = np.random.default_rng(12)
    needed = requests_for_difference(p0, difference, share, 0.01)
    n1 = rng.poisson(needed / 100, (300, 100))
    n0 = rng.poisson(needed / 100 * (1 - share) / share, (300, 100))
    k1, k0 = rng.binomial(n1, p0 + difference), rng.binomial(n0, p0)
    log_e = log_e_values(k1, n1, k0, n0, factor_max=math.inf, strata_axis=None)
    proven = (log_e >= math.log(100)).any(axis=1).mean()
    assert 0.7 <= proven <= 0.97


@pytest.mark.parametrize(
    ("p0", "tolerance", "share"),
    [(0.005, 0.005, 0.5), (0.1, 0.02, 0.5), (0.005, 0.005, 0.05), (0.001, 0.005, 0.5)],
)
def test_proof_of_health(p0: float, tolerance: float, share: float) -> None:
    """With as many requests as said, the bound is low enough in about four of five runs."""
    rng = np.random.default_rng(13)
    n1 = requests_for_upper_bound(p0, tolerance, share=share)
    n0 = round(n1 * (1 - share) / share)
    sides = zip(rng.binomial(n1, p0, 400).tolist(), rng.binomial(n0, p0, 400).tolist(), strict=True)
    below = [upper_bound_of_difference(k1, n1, k0, n0) < tolerance for k1, k0 in sides]
    assert 0.7 <= np.mean(below) <= 0.95


def test_smallest_number() -> None:
    """Without failures the number is exact: one request less leaves the bound too high."""
    n = requests_for_upper_bound(0.0, 0.005)
    assert upper_bound_of_difference(0, n, 0, n) < 0.005
    assert upper_bound_of_difference(0, n - 1, 0, n - 1) >= 0.005
    assert n == 539


def test_what_makes_it_longer() -> None:
    """Smaller rises, more certainty, more power and more dispersion need more requests."""
    plain = requests_for_difference(0.005, 0.01, 0.5, 0.01)
    assert requests_for_difference(0.005, 0.005, 0.5, 0.01) > plain
    assert requests_for_difference(0.005, 0.01, 0.5, 0.001) > plain
    assert requests_for_difference(0.005, 0.01, 0.5, 0.01, 0.95) > plain
    five = requests_for_difference(0.005, 0.01, 0.5, 0.01, dispersion=5)
    assert five == pytest.approx(5 * plain, rel=0.01)
    health = requests_for_upper_bound(0.005, 0.005)
    assert requests_for_upper_bound(0.005, 0.002) > health
    assert requests_for_upper_bound(0.005, 0.005, 0.99) > health
    assert requests_for_upper_bound(0.005, 0.005, dispersion=5) == pytest.approx(
        5 * health, rel=0.01
    )


def test_never_and_at_once() -> None:
    """A rise that no ratio of the grid fits is never proven; a rate stays at most 1."""
    assert requests_for_difference(0.5, 1e-9, 0.5, 0.01) == REQUESTS_MAX
    assert requests_for_upper_bound(0.5, 1e-9) == REQUESTS_MAX
    assert requests_for_difference(0.5, 3.0, 0.5, 0.01) == requests_for_difference(
        0.5, 0.5, 0.5, 0.01
    )
    assert requests_for_upper_bound(0.0, 0.999) <= 2


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: requests_for_difference(0.1, 0.0, 0.5, 0.01), "rise above 0"),
        (lambda: requests_for_difference(0.1, 0.1, 0.5, 0.0), "0 < alpha < 1"),
        (lambda: requests_for_difference(1.0, 0.1, 0.5, 0.01), "a rate of at least 0"),
        (lambda: requests_for_difference(0.1, 0.1, 1.0, 0.01), "a share and a power"),
        (lambda: requests_for_difference(0.1, 0.1, 0.5, 0.01, 1.0), "a share and a power"),
        (lambda: requests_for_upper_bound(0.1, 0.0), "tolerance between 0 and 1"),
        (lambda: requests_for_upper_bound(0.1, 0.1, dispersion=0.0), "at least 1"),
    ],
)
def test_nonsense_is_refused(ask: Callable[[], int], message: str) -> None:
    """Rates, shares, powers and tolerances that cannot be are refused."""
    with pytest.raises(ValueError, match=message):
        ask()
