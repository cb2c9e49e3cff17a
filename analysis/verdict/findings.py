"""What is worth a reader's time, with its numbers: the strongest first."""

import math
from collections.abc import Iterator, Mapping

from analysis.verdict import figures
from analysis.verdict.assessment import FAILURES, SLOW, Assessment, Rise
from analysis.verdict.changes import TOWARDS_IT
from analysis.verdict.check import ExceptionState, Figure, Finding
from analysis.verdict.effect import Effect
from analysis.verdict.evidence import LatencyChange
from analysis.verdict.judge import Judgement

CRITICAL, WARNING, INFO = "critical", "warning", "info"
_SEVERITIES = (CRITICAL, WARNING, INFO)
_LOG_MAX = 600.0
_EXAMPLES_MAX = 3
# Durations below the floor that grew by this factor are worth a warning all the same.
_MUCH_SLOWER_RATIO = 3.0


def findings_of(
    judgement: Judgement, examples: Mapping[str, tuple[str, ...]]
) -> tuple[Finding, ...]:
    """All findings. `examples` are traces by endpoint; '' holds some of the service as a whole."""
    found = judgement.assessment
    several = [
        *_failures(found, examples),
        *_client_errors(found),
        *_exceptions(found),
        *_latency(found),
        *_traffic(found),
        *_calls(found),
    ]
    # A stable sort: within a severity the order above, where each group has its surest first.
    return tuple(sorted(several, key=lambda one: _SEVERITIES.index(one.severity)))


def e_value(log_e: float) -> float:
    """An e-value from its logarithm, bounded: JSON has no infinity."""
    return math.exp(min(log_e, _LOG_MAX))


def _failures(found: Assessment, examples: Mapping[str, tuple[str, ...]]) -> Iterator[Finding]:
    evidence = found.evidence
    if found.growing(FAILURES) and found.more_failures:
        severity = CRITICAL if found.proven(FAILURES) and found.failures.matters else WARNING
        numbers = _effect(found.failures) | {"e_value": e_value(found.claims[FAILURES])}
        title = "More of its requests fail"
        traces = examples.get("", ())[:_EXAMPLES_MAX]
        yield _finding(found, "failing_service", severity, title, numbers, None, traces)
    for rise in found.endpoints:
        title = f"{figures.name(rise.name)} fails more"
        traces = examples.get(rise.name, ())[:_EXAMPLES_MAX]
        yield _finding(found, "failing_endpoint", CRITICAL, title, _rise(rise), rise.name, traces)
    kind, effect = found.kinds.unanswered, found.unanswered
    if kind is not None and kind >= found.log_proven and effect is not None:
        numbers = _effect(effect) | {"e_value": e_value(kind)}
        title = f"Calls to {figures.name(evidence.service)} reach nothing that answers"
        yield _finding(found, "silent_deployment", CRITICAL, title, numbers)


def _client_errors(found: Assessment) -> Iterator[Finding]:
    for rise in sorted(found.client_errors, key=lambda one: -one.log_e):
        if rise.log_e >= found.log_proven and rise.effect.matters:
            title = f"More requests are answered as {rise.name.replace('_', ' ')}"
            yield _finding(found, "client_error_endpoint", WARNING, title, _rise(rise))


def _exceptions(found: Assessment) -> Iterator[Finding]:
    surely_new = {one.fingerprint for one in found.new_exceptions}
    for one in found.evidence.exceptions:
        if one.fingerprint in surely_new or one.state in ("regressed", "escalating"):
            yield _exception(found, one)


def _exception(found: Assessment, one: ExceptionState) -> Finding:
    where = f" at {figures.name(one.top_frame)}" if one.top_frame else ""
    numbers: dict[str, Figure] = {
        "traces": one.count,
        "probability_not_new": one.probability_not_new,
        "fingerprint": one.fingerprint,
        "first_seen": one.first_seen,
    }
    title = f"{figures.name(one.type)}{where} is {one.state}"
    return _finding(found, f"{one.state}_exception", WARNING, title, numbers)


def _latency(found: Assessment) -> Iterator[Finding]:
    severity = CRITICAL if found.proven(SLOW) else WARNING
    if found.growing(SLOW):
        yield from (_slower(found, change, severity) for change in found.slower)
    for change in found.slightly_slower:
        much = change.candidate >= _MUCH_SLOWER_RATIO * change.baseline
        yield _slower(found, change, WARNING if much else INFO)


def _slower(found: Assessment, change: LatencyChange, severity: str) -> Finding:
    numbers: dict[str, Figure] = {
        "quantile": change.quantile,
        "baseline_ms": change.baseline,
        "candidate_ms": change.candidate,
        "candidate_low_ms": change.candidate_low,
        "candidate_high_ms": change.candidate_high,
        "e_value": e_value(found.claims[SLOW]) if SLOW in found.claims else None,
    }
    what = figures.name(change.endpoint) if change.endpoint else "It"
    title = f"{what} is slower at the {100 * change.quantile:g}th percentile"
    return _finding(found, "latency_regression", severity, title, numbers, change.endpoint)


def _traffic(found: Assessment) -> Iterator[Finding]:
    for change in found.lost:
        numbers: dict[str, Figure] = {
            "baseline_per_request": change.baseline,
            "candidate_per_request": change.candidate,
            "e_value": e_value(change.log_e),
        }
        to = found.evidence.service if change.name == TOWARDS_IT else change.name
        title = f"Traffic to {figures.name(to)} dried up"
        yield _finding(found, "traffic_change", WARNING, title, numbers | {"peer": change.name})


def _calls(found: Assessment) -> Iterator[Finding]:
    for kind, changes in (
        ("call_amplification", found.amplified),
        ("dependency_failure", found.dependencies),
    ):
        for change in changes:
            numbers: dict[str, Figure] = {
                "peer": change.name,
                "baseline": change.baseline,
                "candidate": change.candidate,
                "e_value": e_value(change.log_e),
            }
            more = "is called more often" if kind == "call_amplification" else "fails more"
            title = f"{figures.name(change.name)} {more}"
            yield _finding(found, kind, WARNING, title, numbers)


def _rise(rise: Rise) -> dict[str, Figure]:
    return _effect(rise.effect) | {"e_value": e_value(rise.log_e), "share": rise.share}


def _effect(effect: Effect) -> dict[str, Figure]:
    totals = effect.totals
    return {
        "baseline_rate": totals.baseline_rate,
        "candidate_rate": totals.candidate_rate,
        "difference": effect.difference,
        "low": effect.low,
        "high": effect.high,
        "candidate_failures": totals.candidate_events,
        "candidate_requests": totals.candidate_trials,
        "baseline_failures": totals.baseline_events,
        "baseline_requests": totals.baseline_trials,
    }


def _finding(
    found: Assessment,
    kind: str,
    severity: str,
    title: str,
    numbers: Mapping[str, Figure],
    endpoint: str | None = None,
    traces: tuple[str, ...] = (),
) -> Finding:
    evidence = found.evidence
    version = evidence.version or None
    return Finding(
        kind, severity, evidence.service, version, endpoint, title, dict(numbers), traces
    )
