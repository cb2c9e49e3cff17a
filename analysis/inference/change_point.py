"""The minute in which failures began: one rise in the rate of a Poisson count.

k_t failures in n_t requests. If the rate is p before minute s and p' from s on, the log likelihood,
up to a constant and with the best p and p', is

    l(s) = K ln(K / N) + K' ln(K' / N'),

the sums before s and from s on. The onset is the s with the largest l(s) among those where p' > p;
its interval is { s : l(s) >= max l - 1.92 } (1.92 is half the 95 % point of chi-square with one
degree of freedom); and it counts only if 2 (max l - l without a change) exceeds 12.4, as 1 % of the
simulated series of 90 minutes without a change do, half of them with a rise, the only kind counted
here. Bursts make everything look surer than it is, so a dispersion divides all of it.
Source: profile likelihood of a change point, as in Hinkley, Biometrika 57 (1970), 1-17.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

INTERVAL_DROP = 1.92
RATIO_MIN = 12.4

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Onset:
    """A rise: index of the first minute of the higher rate, and of its first and last candidate.

    `log_likelihood_ratio` is twice the gain in log likelihood, after division by the dispersion.
    """

    index: int
    low: int
    high: int
    log_likelihood_ratio: float


def onset(k: npt.ArrayLike, n: npt.ArrayLike, dispersion: float = 1.0) -> Onset | None:
    """When the rate of k failures in n requests per minute rose, shape (T,); None if it did not.

    The minutes may span versions: counts of the whole service, before and after a deployment. A
    minute without requests is never the onset, but the interval begins right after the last minute
    that is known to have been good. The dispersion should not come from these minutes as a whole,
    where the rise itself looks like dispersion: take minutes before, or `step_dispersions`.
    Raises ValueError for shapes that differ, negative counts, or a dispersion below 1.
    """
    failures, requests = _checked(k, n, dispersion)
    gains = _gains(failures, requests) / dispersion
    if not gains.size or not 2 * gains.max() > RATIO_MIN:
        return None
    best = int(gains.argmax())
    near = np.flatnonzero(gains >= gains[best] - INTERVAL_DROP)
    seen_before = np.flatnonzero(requests[: near[0]] > 0)
    return Onset(best, int(seen_before[-1]) + 1, int(near[-1]), 2 * float(gains[best]))


def _gains(failures: Floats, requests: Floats) -> Floats:
    """By how much a rise in each minute beats no change, in log likelihood; -inf if it is none."""
    k_before, n_before = np.cumsum(failures) - failures, np.cumsum(requests) - requests
    k_after, n_after = failures.sum() - k_before, requests.sum() - n_before
    possible = (requests > 0) & (n_before > 0)
    before = k_before / np.where(possible, n_before, 1.0)
    after = k_after / np.where(possible, n_after, 1.0)
    all_minutes = _k_log_rate(failures.sum(), failures.sum() / max(requests.sum(), 1.0))
    gains = _k_log_rate(k_before, before) + _k_log_rate(k_after, after) - all_minutes
    return np.where(possible & (after > before), gains, -np.inf)


def _k_log_rate(k: npt.ArrayLike, rate: npt.ArrayLike) -> Floats:
    """k ln(rate), which is 0 where there is no failure."""
    positive = np.asarray(rate) > 0
    return np.where(positive, k * np.log(np.where(positive, rate, 1.0)), 0.0)


def _checked(k: npt.ArrayLike, n: npt.ArrayLike, dispersion: float) -> tuple[Floats, Floats]:
    """Failures and requests as floats; no failures where there were no requests."""
    failures, requests = np.asarray(k, dtype=np.float64), np.asarray(n, dtype=np.float64)
    if failures.shape != requests.shape or failures.ndim != 1:
        raise ValueError(
            "failures and requests must have one shape (T,), "
            f"seen: {failures.shape} and {requests.shape}"
        )
    if not ((failures >= 0).all() and (requests >= 0).all()):
        raise ValueError("a count of failures or requests is negative or not a number")
    if not dispersion >= 1:
        raise ValueError(f"a dispersion is at least 1, seen: {dispersion}")
    return np.where(requests > 0, failures, 0.0), requests
