"""When failures rose, and whether that was before, at or after the deployment's first traffic.

Instances of a rolling deployment start one after the other. What is wrong with the version shows in
each from its own first minute on, so the candidate's failures are counted by the age of the
instance; what happens to the service as a whole shows at one moment at all ages.
"""

import numpy as np

from analysis.inference.change_point import onset
from analysis.inference.dispersion import step_dispersions
from analysis.verdict.check import Onset
from analysis.verdict.counts import Series
from analysis.verdict.evidence import Evidence, Instances
from analysis.verdict.windows import time_text

UNKNOWN = Onset(None, None, None, None)
# A roll-out's first failures may be this many minutes away from its first traffic on either side.
AT_MINUTES = 2
_MINUTES_MIN = 4


def onset_of(evidence: Evidence) -> Onset:
    """The change point of the service's failures, the candidate's by the age of its instances."""
    instances = evidence.instances
    if instances is None:
        return UNKNOWN
    events = np.concatenate([instances.before_events, _by_age(instances, instances.events)])
    trials = np.concatenate([instances.before_trials, _by_age(instances, instances.trials)])
    if trials.size < _MINUTES_MIN:
        return UNKNOWN
    spread = step_dispersions(events, trials)
    found = onset(events, trials, float(spread[-1]))
    if found is None:
        return UNKNOWN
    switch = instances.before_events.size
    ages = [index - switch for index in (found.index, found.low, found.high)]
    at, low, high = (time_text(evidence.first_minute + age) for age in ages)
    return Onset(at, low, high, _relation(*(age + evidence.minutes_before for age in ages)))


def _by_age(instances: Instances, counts: Series) -> Series:
    """Counts of all instances by minutes since the first request of each, shape (minutes,)."""
    minutes = counts.shape[1]
    total = np.zeros(minutes, np.int64)
    for own, trials in zip(counts, instances.trials, strict=True):
        served = np.flatnonzero(trials)
        if served.size:
            first = int(served[0])
            total[: minutes - first] += own[first:]
    return total


def _relation(age: int, low: int, high: int) -> str:
    """Against the first traffic, at age 0: an interval that holds it leaves no other claim."""
    if high < 0 and age < -AT_MINUTES:
        return "before"
    if low > AT_MINUTES:
        return "after"
    return "at"
