"""From the minutes of a window to the evidence on one deployment. Pure: the tables are not changed.

Only rows before the subject's `until_minute` are read, so evidence as of an earlier minute is made
from the same tables with an earlier end.
"""

from collections.abc import Mapping
from typing import TypedDict

import numpy as np

from analysis.signatures.matching import SignatureMatch
from analysis.verdict.check import ExceptionState
from analysis.verdict.counts import Counts, added
from analysis.verdict.evidence import Evidence, Instances
from analysis.verdict.latency import latency_changes, slow_requests
from analysis.verdict.minute_rows import Mask, MinuteRows, counts_of
from analysis.verdict.minute_tables import MinuteTables
from analysis.verdict.origins import origins_of, rivals_of
from analysis.verdict.participation import participation_of
from analysis.verdict.subject import Subject
from analysis.verdict.thresholds import Thresholds

CLIENT_ERRORS = ("unauthorized", "forbidden", "not_found", "invalid", "throttled")
# Versions whose failures weigh this much more or less against successes were sampled differently.
_SAMPLING_RATIO_MAX = 1.5
# A few requests without a weight do not make the others unknown.
_UNKNOWN_SHARE_MAX = 0.05


class _Named(TypedDict):
    """What a subject and its evidence both name."""

    irreversible: bool
    strategy: str | None
    service: str
    version: str


def evidence_of(
    tables: MinuteTables,
    subject: Subject,
    thresholds: Thresholds,
    exceptions: tuple[ExceptionState, ...] = (),
    signatures: tuple[SignatureMatch, ...] = (),
) -> Evidence:
    """All that the minutes say of a deployment; exceptions and signatures come from elsewhere."""
    requests, instances, calls, durations, origins = (
        MinuteRows.of(getattr(tables, name), subject)
        for name in ("requests", "instances", "calls", "durations", "origins")
    )
    own, elsewhere = _failures(requests)
    earlier, earlier_baseline = _earlier(requests)
    slow = slow_requests(durations)
    strata, all_traces = participation_of(tables.traces, subject)
    return Evidence(
        first_minute=subject.first_minute,
        minutes=subject.minutes,
        minutes_before=subject.first_minute - subject.served_since,
        side_by_side=subject.side_by_side,
        has_baseline=subject.baseline_kind is not None,
        own=own,
        elsewhere=elsewhere,
        earlier=earlier,
        earlier_baseline=earlier_baseline,
        **_named(subject),
        noise=counts_of(requests.sides("noise_failures"), requests.sides("noise_requests")),
        client_errors=_client_errors(requests),
        client_error_strata=_client_error_strata(requests),
        timeouts=counts_of(requests.sides("timeouts"), requests.sides("requests")),
        slow=added(slow.values(), subject.minutes) if slow else None,
        slow_strata=tuple(slow.values()),
        latency=latency_changes(durations, thresholds),
        calls=_calls(calls, requests),
        failed_calls=_failed_calls(calls),
        unanswered=_unanswered(calls),
        unanswered_others=_unanswered_others(calls),
        participation=strata,
        participation_all=all_traces,
        traffic=_traffic(instances),
        instances=_instances(instances),
        origins=origins_of(origins),
        exceptions=exceptions,
        signatures=signatures,
        rivals=rivals_of(instances, origins),
        sampling_differs=_sampling_differs(requests),
        weighted=_weighted(requests),
    )


def _named(subject: Subject) -> "_Named":
    """What the evidence repeats of its subject."""
    return {
        "irreversible": subject.irreversible,
        "strategy": subject.strategy,
        "service": subject.place.service_name,
        "version": subject.place.service_version or "",
    }


def _failures(requests: MinuteRows) -> tuple[Mapping[str, Counts], Counts]:
    """Own failures per endpoint, and those that start elsewhere; roll-out noise is in neither.

    An endpoint's failures are its own but for those of which every origin lies elsewhere.
    """
    columns = "requests", "failures", "elsewhere_failures"
    whole = [requests.parts("endpoint", column) for column in columns]
    noise = [requests.parts("endpoint", f"noise_{column}") for column in columns]
    own, others = dict[str, Counts](), list[Counts]()
    for name in whole[0]:
        tried, failed, away = (
            counted[name] - noisy[name] for counted, noisy in zip(whole, noise, strict=True)
        )
        own[name] = counts_of(failed - away, tried)
        others.append(counts_of(away, tried))
    return own, added(others, requests.subject.minutes)


def _earlier(requests: MinuteRows) -> tuple[Counts, Counts | None]:
    """The failures of both versions now, each against those of the service before; the baseline's
    only if it serves beside the candidate."""
    now_failed, now = requests.sides("failures"), requests.sides("requests")
    rows = requests.in_service() & ~requests.of_candidate()
    failed, before = requests.over_time("failures", rows), requests.over_time("requests", rows)
    against = failed.baseline, before.baseline, failed.history, before.history
    candidate = Counts(now_failed.candidate, now.candidate, *against)
    if not requests.subject.side_by_side:
        return candidate, None
    return candidate, Counts(now_failed.baseline, now.baseline, *against)


def _client_errors(requests: MinuteRows) -> dict[str, Counts]:
    trials = requests.sides("requests")
    return {name: counts_of(requests.sides(name), trials) for name in CLIENT_ERRORS}


def _client_error_strata(requests: MinuteRows) -> dict[str, tuple[Counts, ...]]:
    trials = requests.parts("endpoint", "requests")
    strata = {}
    for kind in CLIENT_ERRORS:
        events = requests.parts("endpoint", kind)
        strata[kind] = tuple(counts_of(events[name], tried) for name, tried in trials.items())
    return strata


def _calls(calls: MinuteRows, requests: MinuteRows) -> dict[str, Counts]:
    """Calls per request, for each peer that the service called."""
    trials = requests.sides("requests")
    return {
        peer: counts_of(made, trials) for peer, made in calls.parts("peer", "calls").items() if peer
    }


def _failed_calls(calls: MinuteRows) -> dict[str, Counts]:
    made, failed = calls.parts("peer", "calls"), calls.parts("peer", "failed_calls")
    return {peer: counts_of(failed[peer], made[peer]) for peer in made if peer}


def _unanswered(calls: MinuteRows) -> Counts | None:
    """Calls of others to the service that failed and reached nothing, against before."""
    rows = _calls_to(calls, here=True)
    if not rows.any():
        return None
    return counts_of(calls.over_time("unanswered_failures", rows), calls.over_time("calls", rows))


def _unanswered_others(calls: MinuteRows) -> Counts | None:
    """The same of the other services that its callers call."""
    rows = _calls_to(calls, here=False)
    if not rows.any():
        return None
    return counts_of(calls.over_time("unanswered_failures", rows), calls.over_time("calls", rows))


def _calls_to(calls: MinuteRows, *, here: bool) -> Mask:
    place = calls.subject.place
    to_it = calls.where(
        peer_service=place.service_name, environment_name=place.environment_name
    ) & ~calls.where(service_name=place.service_name)
    if here:
        return to_it
    callers = set(calls.table.filter(to_it).column("service_name").to_pylist())
    named = ~calls.where(peer_service=None) & ~calls.where(peer_service=place.service_name)
    by_them = np.zeros(len(calls.minute), np.bool_)
    for caller in callers:
        by_them |= calls.where(service_name=caller, environment_name=place.environment_name)
    return named & by_them


def _traffic(instances: MinuteRows) -> Counts | None:
    """Requests to the service, whatever version, per request to other services."""
    here = instances.in_service()
    place = instances.subject.place
    others = instances.where(environment_name=place.environment_name) & ~here
    if not others.any() or not here.any():
        return None
    return counts_of(instances.over_time("requests", here), instances.over_time("requests", others))


def _instances(instances: MinuteRows) -> Instances:
    """The candidate's instances, and the service before it."""
    subject = instances.subject
    before = instances.in_service() & ~instances.of_candidate()
    history = instances.over_time("requests", before), instances.over_time("failures", before)
    candidate = instances.of_candidate()
    names = instances.table.filter(candidate).column("instance_id").unique().to_pylist()
    rows = [candidate & instances.where(instance_id=name) for name in names] or [candidate]
    shape = (len(rows), subject.minutes)
    trials = [instances.sides("requests", one).candidate for one in rows]
    events = [instances.sides("failures", one).candidate for one in rows]
    return Instances(
        before_events=history[1].history,
        before_trials=history[0].history,
        events=np.reshape(events, shape),
        trials=np.reshape(trials, shape),
    )


def _weighted(requests: MinuteRows) -> tuple[float, float] | None:
    """Failure rates of candidate and baseline by weight; None where the senders did not say."""
    rates = []
    for rows in (requests.of_candidate(), _baseline_now(requests)):
        total = requests.sum("requests", rows)
        if not total or requests.sum("unknown_weights", rows) > _UNKNOWN_SHARE_MAX * total:
            return None
        weight = requests.sum("request_weight", rows)
        rates.append(requests.sum("failure_weight", rows) / weight if weight else 0.0)
    return rates[0], rates[1]


def _sampling_differs(requests: MinuteRows) -> bool:
    """Whether one version kept failures more eagerly, against its successes, than the other.

    A request of unknown weight stands for itself: a version that does not say is taken to keep all.
    """
    ratios = []
    for rows in (requests.of_candidate(), _baseline_now(requests)):
        total, failed = requests.sum("requests", rows), requests.sum("failures", rows)
        weight, failed_weight = (
            requests.sum(name, rows) for name in ("request_weight", "failure_weight")
        )
        if total and weight == total:
            ratios.append(1.0)
            continue
        if not failed or total == failed:
            return False
        ratios.append((failed_weight / failed) / ((weight - failed_weight) / (total - failed)))
    return max(ratios) > _SAMPLING_RATIO_MAX * min(ratios)


def _baseline_now(requests: MinuteRows) -> Mask:
    rows = requests.of_baseline()
    if requests.subject.side_by_side:
        rows = rows & (requests.minute >= requests.subject.first_minute)
    return rows
