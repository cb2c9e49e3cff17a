"""Three other judges of a deployment, as they are used, looked at every minute.

Each takes simulated runs whose endpoints are one, and says at which looks it would roll back:
booleans of shape (runs, minutes). At a look they know what the candidate did so far, and of the
baseline the same minutes, or, when it served before, all of them.
"""

import numpy as np
import numpy.typing as npt

from benchmarks.simulated_minutes import Floats, Series, Simulated

Looks = npt.NDArray[np.bool_]

FIXED_REQUESTS_MIN = 1000
FIXED_RATE_MAX = 0.01
FIXED_RATIO_MAX = 1.5
FIXED_RATIO_RATE_MIN = 0.001
FISHER_ALPHA = 0.01
# The upper 1 % of the normal distribution: an interval of 98 %, as Kayenta's judge fixes it.
KAYENTA_Z = 2.3263478740408408
KAYENTA_TOLERANCE = 0.25
_NEGLIGIBLE = 1e-12


def fixed_threshold(simulated: Simulated) -> Looks:
    """Roll back when the candidate's failure rate is above 1 %, or 50 % above the baseline's and
    above 0.1 %; never on fewer than 1,000 requests."""
    failures, requests, base_failures, base_requests = _known(simulated)
    rate = failures / np.maximum(requests, 1)
    base_rate = base_failures / np.maximum(base_requests, 1)
    relative = (rate > FIXED_RATIO_MAX * base_rate) & (rate > FIXED_RATIO_RATE_MIN)
    return (requests >= FIXED_REQUESTS_MIN) & ((rate > FIXED_RATE_MAX) | relative)


def fisher(simulated: Simulated) -> Looks:
    """Roll back when Fisher's exact test, one-sided, says 1 % or less at this look."""
    return hypergeometric_tail(*_known(simulated)) <= FISHER_ALPHA


def hypergeometric_tail(k1: Series, n1: Series, k0: Series, n0: Series) -> Floats:
    """P(at least k1 of the k1 + k0 failures fall on the n1 requests), any shape.

    The first term by logarithms of factorials, each next one from the one before:
    P(x + 1) / P(x) = (K - x)(n1 - x) / ((x + 1)(n0 - K + x + 1)).
    """
    failures = k1 + k0
    logs = np.concatenate(
        [[0.0], np.cumsum(np.log(np.arange(1, int((n1 + n0).max(initial=0)) + 1)))]
    )

    def choose(n: Series, k: Series) -> Floats:
        return np.asarray(logs[n] - logs[k] - logs[n - k])

    term = np.exp(choose(n1, k1) + choose(n0, k0) - choose(n1 + n0, failures))
    total = term.copy()
    x = k1.copy()
    last = np.minimum(failures, n1)
    while ((term > _NEGLIGIBLE) & (x < last)).any():
        above = np.maximum((failures - x) * (n1 - x), 0)
        below = np.maximum((x + 1) * (n0 - failures + x + 1), 1)
        term = np.where(x < last, term * above / below, 0.0)
        total += term
        x += 1
    return np.minimum(total, 1.0)


def mann_whitney(simulated: Simulated) -> Looks:
    """Roll back when Kayenta's judge calls the failures per minute too high.

    Of the number of failures in each minute; of failures per 1,000 requests where both sides do not
    have the same traffic, as a careful user would set it up.
    """
    scenario = simulated.scenario
    candidate, baseline = (
        _events_or_rates(simulated, events[:, 0], trials[:, 0])
        for events, trials in (
            (simulated.candidate_events, simulated.candidate_trials),
            (simulated.baseline_events, simulated.baseline_trials),
        )
    )
    looks = np.zeros(candidate.shape, np.bool_)
    for minute in range(candidate.shape[1]):
        # Nobody looks again after a roll-back.
        open_runs = ~looks.any(axis=1)
        known = baseline.shape[1] if scenario.before else minute + 1
        looks[open_runs, minute] = classified_high(
            candidate[open_runs, : minute + 1], baseline[open_runs, :known]
        )
    return looks


def classified_high(candidate: Floats, baseline: Floats) -> Looks:
    """Whether Kayenta's judge calls the candidate's values too high: shapes (runs, values).

    High when the lower bound of the 98 % interval of the shift is above a quarter of the shift,
    which is the Hodges-Lehmann estimate: the median of all differences. The bound is the difference
    whose rank the normal approximation of the Mann-Whitney statistic gives; so few values that
    there is none pass. Source: the NetflixACAJudge of spinnaker/kayenta and its
    MannWhitneyClassifier, whose rules are applied here anew.
    """
    runs, m, n = len(candidate), candidate.shape[1], baseline.shape[1]
    rank = 1 + int(np.floor(m * n / 2 - KAYENTA_Z * np.sqrt(m * n * (m + n + 1) / 12)))
    if rank < 1 or not runs:
        return np.zeros(runs, np.bool_)
    differences = (candidate[:, :, None] - baseline[:, None, :]).reshape(runs, m * n)
    middle = m * n // 2
    ordered = np.partition(differences, sorted({rank - 1, middle - 1 + m * n % 2, middle}), axis=1)
    shift = (ordered[:, middle] + ordered[:, middle - 1 + m * n % 2]) / 2
    high: Looks = ordered[:, rank - 1] > KAYENTA_TOLERANCE * np.abs(shift)
    return high & _means_rose(candidate, baseline)


def _means_rose(candidate: Floats, baseline: Floats) -> Looks:
    """The effect that is allowed: a ratio of the means of 1; not asked when one of them is 0."""
    mean, base_mean = candidate.mean(axis=1), baseline.mean(axis=1)
    return np.asarray((mean == 0) | (base_mean == 0) | (mean >= base_mean))


def _events_or_rates(simulated: Simulated, events: Series, trials: Series) -> Floats:
    scenario = simulated.scenario
    equal = scenario.before or scenario.candidate_per_minute == scenario.baseline_per_minute
    same_traffic = equal and not scenario.rolling and not scenario.rhythm
    if same_traffic:
        return events.astype(np.float64)
    return np.where(trials > 0, 1000 * events / np.maximum(trials, 1), 0.0)


def _known(simulated: Simulated) -> tuple[Series, Series, Series, Series]:
    """Failures and requests of both sides as known at each look, shape (runs, minutes)."""
    failures, requests = (
        counts[:, 0].cumsum(axis=1)
        for counts in (simulated.candidate_events, simulated.candidate_trials)
    )
    base_failures, base_requests = (
        counts[:, 0].cumsum(axis=1)
        for counts in (simulated.baseline_events, simulated.baseline_trials)
    )
    if simulated.scenario.before:
        base_failures = np.broadcast_to(base_failures[:, -1:], base_failures.shape)
        base_requests = np.broadcast_to(base_requests[:, -1:], base_requests.shape)
    return failures, requests, base_failures, base_requests
