"""How much more the counts of a service vary from minute to minute than independent events would.

Failures come in bursts: one cause, ten failing requests. Ten times the variance is a tenth of the
evidence, so counts are divided by the dispersion before they are believed. It is Pearson's

    X2 / df = sum over minutes of (k - p n)^2 / (p n) / (minutes - 1),  p = sum k / sum n,

and never below 1: fewer surprises than chance would bring are no reason to believe more. The
variance is Poisson's, p n, because the e-process and the change point count failures as Poisson's.
Source: McCullagh and Nelder, Generalized Linear Models (2nd ed. 1989), section 6.2.3.

A rate that rises once also looks like dispersion. `step_dispersions` compares each minute only with
the one before it, so that a lasting rise counts once and not in every minute. And a trouble that
lasts some minutes is one burst in all of them: `block_dispersions` counts in blocks of minutes.
"""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def dispersion(k: npt.ArrayLike, n: npt.ArrayLike) -> float:
    """Dispersion of k failures in n requests per minute, shape (T,); at least 1, and 1 if unknown.

    Minutes without requests do not count. Unknown means no failure, or one minute.
    """
    values = dispersions(k, n)
    return float(values[-1]) if values.size else 1.0


def dispersions(
    k: npt.ArrayLike,
    n: npt.ArrayLike,
    *,
    history_k: npt.ArrayLike | None = None,
    history_n: npt.ArrayLike | None = None,
) -> Floats:
    """Dispersion as known after each minute: shape (..., T), each at least 1.

    history_k, history_n: minutes before the first of k, shape (..., H); they count, and have no
    value of their own in the result.
    """
    failures, requests, skipped = _with_history(k, n, history_k, history_n)
    safe = np.where(requests > 0, requests, 1.0)
    total = np.cumsum(failures, axis=-1)
    rate = total / np.maximum(np.cumsum(requests, axis=-1), 1.0)
    squares = np.cumsum(failures**2 / safe, axis=-1)
    pearson = squares / np.where(rate > 0, rate, 1.0) - total
    freedom = np.cumsum(requests > 0, axis=-1) - 1
    return _at_least_one(pearson, freedom, rate)[..., skipped:]


def step_dispersions(
    k: npt.ArrayLike,
    n: npt.ArrayLike,
    *,
    history_k: npt.ArrayLike | None = None,
    history_n: npt.ArrayLike | None = None,
) -> Floats:
    """Dispersion as known after each minute, from the steps between neighbouring minutes.

    The mean over pairs of neighbours of Pearson's X2 of the pair (one degree of freedom): von
    Neumann's mean square successive difference (1941), for counts. Pairs without a failure count as
    nothing seen, not as zero. A lasting rise enters one pair only; a burst of a minute enters two.
    Shapes as in `dispersions`; the neighbour of a minute is the minute before it in the array.
    """
    failures, requests, skipped = _with_history(k, n, history_k, history_n)
    before_k, before_n = failures[..., :-1], requests[..., :-1]
    after_k, after_n = failures[..., 1:], requests[..., 1:]
    known = (before_n > 0) & (after_n > 0) & (before_k + after_k > 0)
    # X2 of two Poisson counts with exposures a and b is (k_a b - k_b a)^2 / (a b (k_a + k_b)).
    cross = (before_k * after_n - after_k * before_n) ** 2
    scale = before_n * after_n * (before_k + after_k)
    squares = np.where(known, cross / np.where(known, scale, 1.0), 0.0)
    first = np.zeros_like(failures[..., :1])
    pearson = np.cumsum(np.concatenate([first, squares], axis=-1), axis=-1)
    pairs = np.cumsum(np.concatenate([first, known], axis=-1), axis=-1)
    return _at_least_one(pearson, pairs, pairs)[..., skipped:]


def block_dispersions(
    k: npt.ArrayLike,
    n: npt.ArrayLike,
    minutes: int = 5,
    *,
    history_k: npt.ArrayLike | None = None,
    history_n: npt.ArrayLike | None = None,
) -> Floats:
    """Dispersion as known after each minute, of counts in blocks of minutes instead of minutes.

    For independent minutes it is that of the minutes, less exactly known; a trouble that lasts for
    a block and then ends shows in full. Blocks begin with the first minute of all, history
    included; only whole blocks count, so it is 1 until two are over. Shapes as in `dispersions`.
    """
    if minutes < 1:
        raise ValueError(f"a block has at least 1 minute, seen: {minutes}")
    failures, requests, skipped = _with_history(k, n, history_k, history_n)
    blocks = failures.shape[-1] // minutes
    in_blocks = (
        one[..., : blocks * minutes].reshape(*one.shape[:-1], blocks, minutes).sum(axis=-1)
        for one in (failures, requests)
    )
    after_blocks = dispersions(*in_blocks)
    nothing_yet = np.ones_like(failures[..., :1])
    known = np.concatenate([nothing_yet, after_blocks], axis=-1)
    over = (np.arange(skipped, failures.shape[-1]) + 1) // minutes
    return np.asarray(known[..., over], dtype=np.float64)


def _at_least_one(pearson: Floats, freedom: npt.NDArray[np.int64], known: npt.ArrayLike) -> Floats:
    """Pearson's X2 per degree of freedom, where both are known, and at least 1."""
    ratio = pearson / np.maximum(freedom, 1.0)
    return np.where((freedom > 0) & (np.asarray(known) > 0), np.maximum(ratio, 1.0), 1.0)


def _with_history(
    k: npt.ArrayLike,
    n: npt.ArrayLike,
    history_k: npt.ArrayLike | None,
    history_n: npt.ArrayLike | None,
) -> tuple[Floats, Floats, int]:
    """Failures and requests with the history in front, and the length of the history."""
    if (history_k is None) != (history_n is None):
        raise ValueError("history_k and history_n come together: one of them is missing")
    failures, requests = _checked_counts(k, n)
    if history_k is None or history_n is None:
        return failures, requests, 0
    earlier_k, earlier_n = _checked_counts(history_k, history_n)
    return (
        np.concatenate([earlier_k, failures], axis=-1),
        np.concatenate([earlier_n, requests], axis=-1),
        earlier_k.shape[-1],
    )


def _checked_counts(k: npt.ArrayLike, n: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Failures and requests as floats of one shape; no failures where there were no requests."""
    failures, requests = np.asarray(k, dtype=np.float64), np.asarray(n, dtype=np.float64)
    if failures.shape != requests.shape or not failures.ndim:
        raise ValueError(
            "failures and requests must have one shape that ends in minutes, "
            f"seen: {failures.shape} and {requests.shape}"
        )
    if not ((failures >= 0).all() and (requests >= 0).all()):
        raise ValueError("a count of failures or requests is negative or not a number")
    return np.where(requests > 0, failures, 0.0), requests
