"""Whether a deployment is shown to do no harm, and how much more traffic it takes to show it.

Absence of proof is no proof of absence: `healthy` is a claim of its own, that failures did not rise
by the tolerance. It has an e-process too, so it may be asked at every look. Under the claim's
opposite, failures of the candidate's n requests are Poisson with a rate of b = p0 + tolerance or
more; against b, a rate q below it has the likelihood ratio (q / b)^k exp(n (b - q)), whose mean is
then at most 1. Without a failure it grows as exp(n tolerance): the rule of three, for every look.
The baseline's rate p0 is not known but estimated from all its minutes and the history.
"""

import math
from dataclasses import dataclass

from analysis.inference.e_process import log_mean
from analysis.verdict.counts import Counts
from analysis.verdict.strength import dispersion_of

# Rates q below b that the claim is mixed over: parts of p0, and p0 with parts of the tolerance.
_BELOW = (0.1, 0.5, 0.8)
_ABOVE = (0.0, 0.1, 0.25, 0.5)


@dataclass(frozen=True, slots=True)
class Health:
    """Evidence that the rise is below the tolerance, and what it still needs to be shown.

    `log_e` reaches `log_needed` when it is shown. `requests` is how many more requests that takes
    at the usual failure rate; None when it is shown, or cannot be at the candidate's own rate.
    """

    log_e: float
    log_needed: float
    requests: int | None

    @property
    def shown(self) -> bool:
        """Whether there is enough evidence."""
        return self.log_e >= self.log_needed


def health_of(counts: Counts, tolerance: float, confidence: float) -> Health:
    """How well the counts show that the candidate's rate did not rise by a tolerance."""
    needed = -math.log1p(-confidence)
    trials = int(counts.baseline_trials.sum() + counts.history_trials.sum())
    if not trials:
        return Health(0.0, needed, None)
    events = int(counts.baseline_events.sum() + counts.history_events.sum())
    phi = float(dispersion_of(counts)[-1]) if counts.candidate_trials.size else 1.0
    usual = events / trials
    bound = usual + tolerance
    k, n = float(counts.candidate_events.sum()) / phi, float(counts.candidate_trials.sum()) / phi
    rates = [*(part * usual for part in _BELOW), *(usual + part * tolerance for part in _ABOVE)]
    log_e = log_mean([_log_ratio(k, n, rate, bound) for rate in rates])
    missing = needed - log_e
    if missing <= 0:
        return Health(log_e, needed, None)
    expected = min(usual, (k + 0.5) / (n + 1))
    growth = max(_growth(expected, rate, bound) for rate in rates)
    requests = math.ceil((missing + math.log(len(rates))) / growth * phi) if growth > 0 else None
    return Health(log_e, needed, requests)


def _log_ratio(k: float, n: float, rate: float, bound: float) -> float:
    if rate == 0 and k > 0:
        return -math.inf
    return (k * math.log(rate / bound) if k else 0.0) + n * (bound - rate)


def _growth(expected: float, rate: float, bound: float) -> float:
    """Growth of the log per request of a candidate that goes on failing at the expected rate."""
    if rate == 0:
        return bound if expected == 0 else -math.inf
    return expected * math.log(rate / bound) + bound - rate
