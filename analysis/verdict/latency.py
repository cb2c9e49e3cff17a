"""How long requests took: of the candidate, of its baseline, and as usual."""

from dataclasses import dataclass

import numpy as np

from analysis.inference.quantiles import histogram_quantile_interval
from analysis.verdict.counts import Counts, Series
from analysis.verdict.evidence import LatencyChange
from analysis.verdict.minute_rows import Mask, MinuteRows, counts_of
from analysis.verdict.thresholds import Thresholds

_USUAL_QUANTILE = 0.95
_QUANTILES = (0.5, 0.95)
_USUAL_REQUESTS_MIN = 100
_ENDPOINTS_MAX = 100


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """Requests by bucket of duration; a bucket may come several times."""

    buckets: Series
    requests: Series


def slow_requests(durations: MinuteRows) -> dict[str, Counts]:
    """Requests slower than the usual 95th percentile, per endpoint. That is the percentile of the
    minutes before, else of the baseline as a whole; nothing when there are neither."""
    buckets, requests = durations.numbers("duration_bucket"), durations.numbers("requests")
    before = durations.in_service() & (durations.minute < durations.subject.first_minute)
    rows = before if requests[before].sum() >= _USUAL_REQUESTS_MIN else durations.of_baseline()
    if not requests[rows].sum():
        return {}
    order = np.argsort(buckets[rows])
    reached = np.cumsum(requests[rows][order])
    at = int(np.searchsorted(reached, _USUAL_QUANTILE * reached[-1]))
    usual = buckets[rows][order][at]
    slow = durations.parts("endpoint", "requests", buckets > usual)
    whole = durations.parts("endpoint", "requests")
    return {name: counts_of(slow[name], sides) for name, sides in whole.items()}


def latency_changes(durations: MinuteRows, thresholds: Thresholds) -> tuple[LatencyChange, ...]:
    """Quantiles of the service as a whole, and the one that is judged of each endpoint."""
    judged, confidence = thresholds.latency_quantile, thresholds.confidence
    baseline = durations.of_baseline()
    if durations.subject.side_by_side:
        baseline = baseline & (durations.minute >= durations.subject.first_minute)
    candidate_wholes, candidate_parts = _histograms(durations, durations.of_candidate())
    baseline_wholes, baseline_parts = _histograms(durations, baseline)
    found = [
        _change(None, quantile, candidate_wholes, baseline_wholes, confidence)
        for quantile in sorted({*_QUANTILES, judged})
    ]
    busiest = sorted(candidate_parts, key=lambda name: -int(candidate_parts[name].requests.sum()))
    for endpoint in busiest[:_ENDPOINTS_MAX]:
        sides = candidate_parts[endpoint], baseline_parts[endpoint]
        found.append(_change(endpoint, judged, *sides, confidence))
    return tuple(change for change in found if change is not None)


def _histograms(durations: MinuteRows, rows: Mask) -> tuple[Histogram, dict[str, Histogram]]:
    """The durations in these rows, together and of each endpoint."""
    names, of_row = durations.names("endpoint")
    buckets = durations.numbers("duration_bucket")[rows]
    requests = durations.numbers("requests")[rows]
    order = np.argsort(of_row[rows], kind="stable")
    ends = np.cumsum(np.bincount(of_row[rows], minlength=len(names)))
    starts = np.concatenate([[0], ends])
    parts = {
        name: Histogram(buckets[order[start:end]], requests[order[start:end]])
        for name, start, end in zip(names, starts, ends, strict=False)
    }
    return Histogram(buckets, requests), parts


def _change(
    endpoint: str | None,
    quantile: float,
    candidate: Histogram,
    baseline: Histogram,
    confidence: float,
) -> LatencyChange | None:
    now, against = (
        histogram_quantile_interval(side.buckets, side.requests, quantile, confidence)
        for side in (candidate, baseline)
    )
    if now.value is None or against.value is None:
        return None
    return LatencyChange(
        endpoint=endpoint,
        quantile=quantile,
        candidate=now.value / 1e6,
        candidate_low=_milliseconds(now.low),
        candidate_high=_milliseconds(now.high),
        baseline=against.value / 1e6,
        baseline_low=_milliseconds(against.low),
        baseline_high=_milliseconds(against.high),
    )


def _milliseconds(duration_ns: float | None) -> float | None:
    return None if duration_ns is None else duration_ns / 1e6
