"""Evidence that one failure rate is higher than another, which holds at every look.

Minute t has k1 failures of n1 requests on the candidate and k0 of n0 on the baseline. If both have
the same rate, each of the k1 + k0 failures falls on the candidate with probability
rho = n1 / (n1 + n0). If the candidate's rate is r times as high, that probability is
theta = rho r / (1 - rho + rho r), and the minute speaks for r with the likelihood ratio

    L(r) = (theta / rho)^k1 ((1 - theta) / (1 - rho))^k0 = r^k1 / (1 + rho (r - 1))^(k1 + k0).

The e-value after a minute is the mean over a grid of r of the product of the minutes so far.
Source: the conditional test of Lindon, Sanden and Shirikian, "Rapid Regression Detection in
Software Deployments through Sequential Testing" (KDD 2022, arXiv 2205.14762), mixed over a grid.

Why 1 / alpha is a bound however often one looks (Ville's inequality): given k1 + k0, and equal
rates, k1 is binomial for Poisson arrivals, so L(r) has mean 1; for a given number of requests it
is hypergeometric, which is smaller in convex order (Hoeffding 1963), so the mean is at most 1. The
share rho may change every minute. Two things make an e-value smaller and leave that true: the
power L^(1 / phi) for a fixed phi >= 1 has at most the mean that L has to that power (Jensen), and
min(L, 10) <= L, so its conditional mean is at most 1 as well. With a phi that is estimated anew at
every look the bound is no theorem; simulations in the tests hold it to account.
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

RATIOS_UP = (1.25, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 100.0)
RATIOS_DOWN = tuple(1 / ratio for ratio in RATIOS_UP)

# Looks times minutes times ratios that are held in memory at once (8 bytes each).
CELLS_MAX = 4_000_000


def log_e_values(
    k1: npt.ArrayLike,
    n1: npt.ArrayLike,
    k0: npt.ArrayLike,
    n0: npt.ArrayLike,
    phi: npt.ArrayLike = 1.0,
    ratios: Sequence[float] = RATIOS_UP,
    factor_max: float = 10.0,
    *,
    strata_axis: int | None = -2,
) -> Floats:
    """The logarithm of the e-value after each minute.

    k1, n1, k0, n0: failures and requests of candidate and baseline, shape (T,) or (strata, T); the
    result has shape (T,). Axes in front are simulated runs: (runs, strata, T) gives (runs, T). Runs
    without strata, (runs, T), need `strata_axis=None`. n may be any exposure, such as seconds.
    A minute in which one side has no requests adds nothing.
    phi: dispersion >= 1, a number or (T,) or (runs, T); the look after minute t divides ln L of all
    its minutes by phi[t]. (runs, 1) is a number for each run.
    ratios: the grid r, equal weights; r > 1 looks for a rise, r < 1 for a fall.
    factor_max: the most that one minute, all its strata together, may multiply the e-value by,
    after the division by phi, for each ratio; `math.inf` for no bound.
    Raises ValueError for shapes that differ, negative counts, phi < 1, and other nonsense.
    """
    minutes = _log_factors(k1, n1, k0, n0, ratios, strata_axis)
    dispersion = _checked_dispersion(phi)
    cap = _log_cap(factor_max)
    if dispersion.ndim == 0 or dispersion.shape[-1] == 1:
        totals = np.cumsum(np.minimum(minutes / dispersion, cap), axis=-1)
    else:
        totals = _totals_of_looks(minutes, dispersion, cap)
    return log_means(totals)


def log_e_value(
    k1: npt.ArrayLike,
    n1: npt.ArrayLike,
    k0: npt.ArrayLike,
    n0: npt.ArrayLike,
    phi: npt.ArrayLike = 1.0,
    ratios: Sequence[float] = RATIOS_UP,
    factor_max: float = 10.0,
) -> float:
    """The last of `log_e_values`, without the work for the looks before it; 0 without a minute.

    Shapes (T,) or (strata, T); phi a number or (T,), of which the last counts.
    """
    minutes = _log_factors(k1, n1, k0, n0, ratios, strata_axis=-2)
    if not minutes.shape[-1]:
        return 0.0
    last_phi = _checked_dispersion(phi).reshape(-1)[-1]
    totals = np.minimum(minutes / last_phi, _log_cap(factor_max)).sum(axis=-1)
    return log_mean(totals)


def log_mean(log_e: Sequence[float] | Floats) -> float:
    """The logarithm of the mean of e-values, itself one; 0 of none: nothing proven."""
    values = np.asarray(log_e, dtype=np.float64).reshape(-1)
    return float(log_means(values)) if values.size else 0.0


def log_means(log_e: npt.ArrayLike, axis: int = 0) -> Floats:
    """The logarithm of the mean of e-values along an axis, safe for any size of the logarithms."""
    values = np.asarray(log_e, dtype=np.float64)
    top = values.max(axis=axis, keepdims=True)
    # All -inf: e-values of 0, whose mean is 0.
    shift = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        means = shift + np.log(np.exp(values - shift).mean(axis=axis, keepdims=True))
    return np.asarray(means.squeeze(axis), dtype=np.float64)


def _log_factors(
    k1: npt.ArrayLike,
    n1: npt.ArrayLike,
    k0: npt.ArrayLike,
    n0: npt.ArrayLike,
    ratios: Sequence[float],
    strata_axis: int | None,
) -> Floats:
    """ln L of each minute, its strata together, for each ratio: shape (ratios, ..., T)."""
    failures, requests, base_failures, base_requests = _checked_counts(k1, n1, k0, n0)
    grid = np.asarray(ratios, dtype=np.float64)
    if grid.ndim != 1 or not grid.size or not (grid > 0).all():
        raise ValueError(f"ratios must be some numbers above 0, seen: {tuple(ratios)!r}")
    both = (requests > 0) & (base_requests > 0)
    share = requests / np.where(both, requests + base_requests, np.inf)
    failures = np.where(both, failures, 0.0)
    all_failures = failures + np.where(both, base_failures, 0.0)
    r = grid.reshape(-1, *(1,) * failures.ndim)
    factors = failures * np.log(r) - all_failures * np.log1p(share * (r - 1))
    if strata_axis is not None and failures.ndim > 1:
        factors = factors.sum(axis=strata_axis if strata_axis < 0 else strata_axis + 1)
    return np.asarray(factors, dtype=np.float64)


def _totals_of_looks(minutes: Floats, phi: Floats, cap: float) -> Floats:
    """ln E for each ratio at each look, when every look divides by its own phi.

    minutes: (ratios, ..., T); phi: (..., T). A block of looks at a time, because the table of looks
    by minutes would not fit into memory for many runs.
    """
    looks = minutes.shape[-1]
    phi = np.broadcast_to(phi, minutes.shape[1:])
    totals = np.zeros_like(minutes)
    block = max(1, CELLS_MAX // max(1, minutes.size))
    for start in range(0, looks, block):
        stop = min(looks, start + block)
        seen = np.tri(stop - start, stop, start)
        scaled = minutes[..., None, :stop] / phi[..., start:stop, None]
        np.minimum(scaled, cap, out=scaled)
        totals[..., start:stop] = np.einsum("...ts,ts->...t", scaled, seen)
    return totals


def _checked_counts(*counts: npt.ArrayLike) -> list[Floats]:
    """The counts as floats of one shape."""
    arrays = [np.asarray(one, dtype=np.float64) for one in counts]
    shapes = {one.shape for one in arrays}
    if len(shapes) != 1 or not arrays[0].ndim:
        raise ValueError(
            "failures and requests of both sides must have one shape that ends in minutes, "
            f"seen: {', '.join(str(one.shape) for one in arrays)}"
        )
    if not all((one >= 0).all() for one in arrays):
        raise ValueError("a count of failures or requests is negative or not a number")
    return arrays


def _checked_dispersion(phi: npt.ArrayLike) -> Floats:
    """The dispersion as floats, each at least 1."""
    dispersion = np.asarray(phi, dtype=np.float64)
    if not (dispersion >= 1).all():
        raise ValueError(f"a dispersion is at least 1, seen: {dispersion.min()}")
    return dispersion


def _log_cap(factor_max: float) -> float:
    """The most that a minute may add to ln E."""
    if not factor_max > 1:
        raise ValueError(f"factor_max must be above 1, seen: {factor_max}")
    return math.log(factor_max)
