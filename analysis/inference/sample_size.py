"""How many more requests a question needs before it can be answered.

Both figures are for the candidate's requests and a steady share of the traffic. They are estimates
for planning ("about 40 minutes more"), not bounds: normal approximations of what the e-process and
the interval do on the way. In simulations the first asks for up to a quarter more requests than
were needed, the second is met in 70 % to 100 % of the runs where it promises 80 %.
"""

import math
from collections.abc import Sequence

from analysis.inference.e_process import RATIOS_UP
from analysis.inference.proportions import normal_quantile, upper_bound_of_difference

# More requests than this would be needed: more than anyone sends in an hour.
REQUESTS_MAX = 10**12


def requests_for_difference(
    p0: float,
    difference: float,
    share: float,
    alpha: float,
    power: float = 0.8,
    *,
    dispersion: float = 1.0,
    ratios: Sequence[float] = RATIOS_UP,
) -> int:
    """Requests of the candidate until a rise from p0 by `difference` is proven, with that power.

    share: the candidate's part of all requests. Per request of the candidate ln L(r) grows by
    g = p1 ln r - (p1 + p0 (1 - share) / share) c, c = ln(1 + share (r - 1)), with the variance
    v = p1 (ln r - c)^2 + p0 (1 - share) / share c^2. It has to reach b = ln(m / alpha), as one of m
    ratios has the weight 1 / m in the mean, so n g - z sqrt(n v) = b, with the best ratio.
    A bound for each minute (`factor_max`) is not in it: nothing is proven in fewer minutes than
    ln(1 / alpha) / ln(factor_max).
    Raises ValueError for rates, shares or powers that cannot be.
    """
    _check(p0, share, power, dispersion)
    if not difference > 0 or not 0 < alpha < 1:
        raise ValueError(
            f"a rise above 0 and 0 < alpha < 1 were needed, seen: {difference} and {alpha}"
        )
    p1 = min(1.0, p0 + difference)
    needed = [
        _requests_by_ratio(p0, p1, share, alpha, power, ratio, len(ratios)) for ratio in ratios
    ]
    return min(REQUESTS_MAX, math.ceil(min(needed) * dispersion))


def requests_for_upper_bound(
    p0: float,
    tolerance: float,
    confidence: float = 0.95,
    *,
    share: float = 0.5,
    power: float = 0.8,
    dispersion: float = 1.0,
) -> int:
    """Requests of the candidate until the upper bound of its rise falls below the tolerance.

    That is, if nothing is wrong: both sides fail at p0. The bound is the one-sided one of
    `upper_bound_of_difference`; it is below the tolerance with the probability `power`.
    Raises ValueError for rates, shares or powers that cannot be.
    """
    _check(p0, share, power, dispersion)
    if not 0 < tolerance < 1:
        raise ValueError(f"a tolerance between 0 and 1 was needed, seen: {tolerance}")
    z = max(0.0, normal_quantile(power))

    def too_few(n1: int) -> bool:
        n0 = n1 * (1 - share) / share
        unlucky = z * math.sqrt(p0 * (1 - p0) * dispersion * (1 / n1 + 1 / n0))
        k1 = min(1.0, p0 + unlucky) * n1
        bound = upper_bound_of_difference(k1, n1, p0 * n0, n0, confidence, dispersion=dispersion)
        return bound >= tolerance

    high = 1
    while too_few(high) and high < REQUESTS_MAX:
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if too_few(middle) else (low, middle)
    return min(high, REQUESTS_MAX)


def _requests_by_ratio(
    p0: float, p1: float, share: float, alpha: float, power: float, ratio: float, grid: int
) -> float:
    """Requests until one ratio of a grid alone carries the proof; infinite if it never grows."""
    baseline_failures = p0 * (1 - share) / share
    cost = math.log1p(share * (ratio - 1))
    gain = math.log(ratio) - cost
    growth = p1 * gain - baseline_failures * cost
    if growth <= 0:
        return float(REQUESTS_MAX)
    spread = normal_quantile(power) * math.sqrt(p1 * gain**2 + baseline_failures * cost**2)
    bar = math.log(grid / alpha)
    return ((spread + math.sqrt(spread**2 + 4 * growth * bar)) / (2 * growth)) ** 2


def _check(p0: float, share: float, power: float, dispersion: float) -> None:
    """Refuse what is no rate, no share, no power or no dispersion."""
    if not 0 <= p0 < 1 or not 0 < share < 1 or not 0 < power < 1:
        raise ValueError(
            "needed: a rate of at least 0 and below 1, a share and a power between 0 and 1; "
            f"seen: {p0}, {share} and {power}"
        )
    if not dispersion >= 1:
        raise ValueError(f"a dispersion is at least 1, seen: {dispersion}")
