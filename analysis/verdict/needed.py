"""How much more traffic it takes to decide."""

import math

from analysis.verdict.assessment import Assessment
from analysis.verdict.check import Needed

NOTHING_NEEDED = Needed(None, None)


def needed_of(found: Assessment) -> Needed:
    """Requests and minutes until health could be shown, at the traffic of now."""
    missing = [0 if found.health.shown else found.health.requests]
    whole = max(1, found.own.totals.candidate_trials)
    for name, health in found.endpoint_health.items():
        share = found.evidence.own[name].totals.candidate_trials / whole
        if not health.shown:
            missing.append(None if health.requests is None else int(health.requests / share))
    missing.append(_for_the_bound(found))
    known = [requests for requests in missing if requests is not None]
    if len(known) < len(missing) or not found.requests:
        return NOTHING_NEEDED
    requests = max(*known, found.thresholds.requests_min - found.requests, 1)
    noise = found.evidence.noise
    served = found.requests + (0 if noise is None else noise.totals.candidate_trials)
    per_minute = served / max(1, found.evidence.minutes)
    return Needed(requests, round(requests / per_minute, 1))


def _for_the_bound(found: Assessment) -> int:
    """Requests until the upper bound of the rise is below the tolerance, if there is no rise: its
    distance from the rise shrinks with the square root of them."""
    upper, difference = found.failures.upper, found.failures.difference
    if upper is None or difference is None or upper < found.thresholds.tolerance:
        return 0
    return math.ceil(
        found.requests * (((upper - difference) / found.thresholds.tolerance) ** 2 - 1)
    )
