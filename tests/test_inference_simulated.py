"""What the e-process does in an hour of minutes, simulated: false alarms and time to proof."""

import math

import numpy as np
import numpy.typing as npt
import pytest

from analysis.inference.dispersion import dispersions, step_dispersions
from analysis.inference.e_process import log_e_values

RUNS, MINUTES = 400, 60
Rates = float | npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


def failures(rng: np.random.Generator, n: Counts, rate: Rates, burst: int) -> Counts:
    """Failures at a rate, one by one or in bursts."""
    if burst == 1:
        return rng.binomial(n, rate)
    return np.minimum(rng.poisson(n * rate / burst) * burst, n)


def log_e_of(
    seed: int, requests: tuple[float, float], rates: tuple[Rates, Rates], burst: int = 1
) -> npt.NDArray[np.float64]:
    """ln E after each minute, (runs, minutes), with the dispersion as known at each look.

    requests and rates are of candidate and baseline; an hour before has the baseline's rate.
    """
    rng = np.random.default_rng(seed)
    n1, n0, before_n = (rng.poisson(mean, (RUNS, MINUTES)) for mean in (*requests, sum(requests)))
    k1, k0 = failures(rng, n1, rates[0], burst), failures(rng, n0, rates[1], burst)
    usual = rates[1] if isinstance(rates[1], float) else float(rates[1][0])
    before_k = failures(rng, before_n, usual, burst)
    baseline = dispersions(k0, n0, history_k=before_k, history_n=before_n)
    phi = np.maximum(baseline, step_dispersions(k1, n1))
    return log_e_values(k1, n1, k0, n0, phi, strata_axis=None)


def minutes_to_proof(log_e: npt.NDArray[np.float64], since: int = 0) -> npt.NDArray[np.float64]:
    """Minutes from the onset to the first look with E >= 100; infinite if there is none."""
    proven = log_e >= math.log(100)
    return np.where(proven.any(axis=1), proven.argmax(axis=1) + 1.0 - since, math.inf)


OUTAGE = np.where((np.arange(MINUTES) >= 20) & (np.arange(MINUTES) < 30), 0.3, 0.005)


@pytest.mark.parametrize(
    ("requests", "rate", "burst"),
    [
        ((200, 200), 0.005, 1),
        ((20, 380), 0.02, 1),
        ((200, 200), 0.02, 10),
        ((20, 380), 0.005, 10),
        ((200, 200), OUTAGE, 1),
        ((20, 380), OUTAGE, 10),
    ],
    ids=["halves", "canary", "bursts", "canary-bursts", "outage", "canary-outage-bursts"],
)
def test_false_alarms(requests: tuple[float, float], rate: Rates, burst: int) -> None:
    """Identical versions, looked at for an hour, are accused in at most 1 % of the runs."""
    log_e = log_e_of(14, requests, (rate, rate), burst)
    assert np.isfinite(minutes_to_proof(log_e)).mean() <= 0.01


def test_bursts_without_dispersion() -> None:
    """Without the dispersion, bursts of 10 accuse identical versions in every fourth run."""
    rng = np.random.default_rng(15)
    n1, n0 = rng.poisson(200, (2, RUNS, MINUTES))
    k1, k0 = failures(rng, n1, 0.02, 10), failures(rng, n0, 0.02, 10)
    log_e = log_e_values(k1, n1, k0, n0, strata_axis=None)
    assert np.isfinite(minutes_to_proof(log_e)).mean() > 0.15


def test_mean_at_a_stop() -> None:
    """Stopped at the first e-value above 5, or after an hour, the mean e-value is at most 1."""
    rng = np.random.default_rng(16)
    n1, n0 = rng.poisson(100, (2, 4000, MINUTES))
    k1, k0 = rng.binomial(n1, 0.01), rng.binomial(n0, 0.01)
    log_e = log_e_values(k1, n1, k0, n0, strata_axis=None)
    reached = log_e >= math.log(5)
    stop = np.where(reached.any(axis=1), reached.argmax(axis=1), MINUTES - 1)
    e = np.exp(log_e[np.arange(4000), stop])
    assert e.mean() <= 1 + 3 * e.std() / math.sqrt(4000)


def test_detection() -> None:
    """0.5 % to 5 % at 200 requests per minute each is proven in 3 minutes, by the median."""
    found = minutes_to_proof(log_e_of(17, (200, 200), (0.05, 0.005)))
    assert np.isfinite(found).all()
    assert np.median(found) <= 3


def test_detection_at_low_traffic() -> None:
    """0 to 1 % at 50 requests per minute each is proven within 30 minutes in 90 % of the runs."""
    found = minutes_to_proof(log_e_of(18, (50, 50), (0.01, 0.0)))
    assert (found <= 30).mean() >= 0.9


def test_detection_of_a_late_onset() -> None:
    """What breaks after 40 good minutes is proven as fast as if it had broken at once."""
    late = np.where(np.arange(MINUTES) < 40, 0.005, 0.5)
    found = minutes_to_proof(log_e_of(19, (200, 200), (late, 0.005)), since=40)
    assert np.median(found) <= 4


def test_detection_in_a_canary() -> None:
    """0.5 % to 5 % in a canary of 5 % of 400 requests per minute is proven within 10 minutes."""
    assert np.median(minutes_to_proof(log_e_of(20, (20, 380), (0.05, 0.005)))) <= 10
