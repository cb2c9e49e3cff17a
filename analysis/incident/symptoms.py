"""What is seen to be wrong in the window, whoever is at fault: services that fail, calls that
nothing answers, traffic that is gone."""

from collections.abc import Mapping
from datetime import UTC, datetime

import numpy as np

from analysis.incident.gathering import Gathered
from analysis.incident.passages import Ints, Mask
from analysis.inference.change_point import onset
from analysis.inference.dispersion import step_dispersions
from analysis.verdict.check import Figure, Finding
from analysis.verdict.figures import name, percent
from analysis.verdict.thresholds import Thresholds

CRITICAL_RATE = 0.05
TRAFFIC_MINUTES = 10
_SYMPTOMS_MAX = 20


def symptoms_of(found: Gathered, thresholds: Thresholds) -> tuple[Finding, ...]:
    """The findings, those that concern most requests first."""
    examples = _examples(found)
    services = sorted({place.service_name for place in found.passages.places})
    findings = []
    for service in services:
        places = np.array([p.service_name == service for p in found.passages.places], np.bool_)
        findings += _failing(found, service, places, examples, thresholds)
        findings += _unanswered(found, service, thresholds)
        findings += _quiet(found, service, places, thresholds)
    order = sorted(findings, key=lambda pair: -pair[0])
    return tuple(finding for _weight, finding in order[:_SYMPTOMS_MAX])


def _failing(
    found: Gathered, service: str, places: Mask, examples: Mapping[str, str], thresholds: Thresholds
) -> list[tuple[float, Finding]]:
    table = found.passages.requests
    rows = places[table.place]
    failed = _per_minute(found, table.minute, table.failures, rows)
    requests = _per_minute(found, table.minute, table.requests, rows)
    risen = _risen(found, failed, requests, thresholds)
    if risen is None:
        return []
    rate, usual, evidence = risen
    title = f"{name(service)} fails {percent(rate)} of its requests, usually {percent(usual)}"
    example = (examples[service],) if service in examples else ()
    finding = Finding(
        "failing_service", _severity(rate), service, None, None, title, evidence, example
    )
    return [(float(evidence["failures"] or 0), finding)]


def _unanswered(
    found: Gathered, service: str, thresholds: Thresholds
) -> list[tuple[float, Finding]]:
    table = found.passages.calls
    behind = np.array([*(one == service for one in found.passages.peer_services), False], np.bool_)
    rows = behind[table.peer]
    failed = _per_minute(found, table.minute, table.unanswered, rows)
    calls = _per_minute(found, table.minute, table.calls, rows)
    risen = _risen(found, failed, calls, thresholds)
    if risen is None:
        return []
    rate, usual, evidence = risen
    title = (
        f"{percent(rate)} of the calls to {name(service)} fail and reach nothing that answers,"
        f" usually {percent(usual)}"
    )
    finding = Finding("dependency_failure", _severity(rate), service, None, None, title, evidence)
    return [(float(evidence["failures"] or 0), finding)]


def _quiet(
    found: Gathered, service: str, places: Mask, thresholds: Thresholds
) -> list[tuple[float, Finding]]:
    """A service that is asked much less at the end of the window than before it."""
    table, since = found.passages.requests, found.since - found.passages.first_minute
    requests = _per_minute(found, table.minute, table.requests, places[table.place])
    before, last = requests[:since], requests[-TRAFFIC_MINUTES:]
    if not before.any() or before.mean() * len(last) < thresholds.requests_min:
        return []
    ratio = float(last.mean() / before.mean())
    if ratio > thresholds.traffic_ratio_max:
        return []
    evidence = {
        "requests_per_minute": round(float(last.mean()), 2),
        "usual_requests_per_minute": round(float(before.mean()), 2),
        "ratio": round(ratio, 4),
    }
    title = f"{name(service)} is asked {percent(ratio)} of what it usually is"
    lost = float(before.mean() - last.mean()) * len(last)
    return [(lost, Finding("traffic_change", "warning", service, None, None, title, evidence))]


def _risen(
    found: Gathered, failed: Ints, trials: Ints, thresholds: Thresholds
) -> tuple[float, float | None, Mapping[str, Figure]] | None:
    """The rate since it rose, the rate before, and the numbers; None when it did not rise, or not
    by as much as matters."""
    spread = float(step_dispersions(failed, trials)[-1]) if failed.size else 1.0
    rise = onset(failed, trials, spread)
    since = found.since - found.passages.first_minute
    if rise is None or rise.high < since:
        return None
    now, before = slice(rise.index, None), slice(0, rise.index)
    rate = failed[now].sum() / max(1, trials[now].sum())
    usual = failed[before].sum() / trials[before].sum() if trials[before].sum() else None
    floor = thresholds.difference_min + (usual or 0.0)
    if rate < max(floor, thresholds.ratio_min * (usual or 0.0)):
        return None
    began = (found.passages.first_minute + rise.index) * 60
    evidence: dict[str, Figure] = {
        "failures": int(failed[now].sum()),
        "requests": int(trials[now].sum()),
        "failure_rate": round(float(rate), 6),
        "usual_failure_rate": None if usual is None else round(float(usual), 6),
        "began_at": datetime.fromtimestamp(began, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    return float(rate), None if usual is None else float(usual), evidence


def _per_minute(found: Gathered, minute: Ints, values: Ints, rows: Mask) -> Ints:
    sums = np.bincount(minute[rows], values[rows], minlength=found.passages.minutes)
    return sums.astype(np.int64)


def _severity(rate: float) -> str:
    return "critical" if rate >= CRITICAL_RATE else "warning"


def _examples(found: Gathered) -> dict[str, str]:
    """A trace in which each service failed, the latest."""
    columns = ("minute", "service_name", "example_trace_id")
    rows = zip(*(found.origins.column(column).to_pylist() for column in columns), strict=True)
    return {service: trace for _minute, service, trace in sorted(rows, key=lambda row: row[0])}
