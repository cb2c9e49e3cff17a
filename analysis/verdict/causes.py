"""What the signatures look at, from the minutes and the exceptions of a deployment."""

import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pyarrow as pa

from analysis.signatures.facts import FailingGroup, PeerCalls, SignatureFacts
from analysis.verdict.evidence import Evidence
from analysis.verdict.minute_rows import Mask, MinuteRows
from analysis.verdict.minute_tables import MinuteTables
from analysis.verdict.strength import unanswered_left
from analysis.verdict.subject import Subject

_HTTP_STATUS = re.compile(r"[1-5][0-9]{2}")
_STATUS_OF_CLIENT_ERRORS = {
    "unauthorized": 401,
    "forbidden": 403,
    "not_found": 404,
    "invalid": 422,
    "throttled": 429,
}
# An instance that served for no more minutes, and is gone, did not stay up.
_SHORT_MINUTES = 2


def signature_facts(
    tables: MinuteTables, subject: Subject, evidence: Evidence, exceptions: pa.Table | None
) -> SignatureFacts:
    """The facts of a deployment; `exceptions` are rows of the query exception_states."""
    totals, history = evidence.failures.totals, evidence.failures.history_trials
    left = unanswered_left(evidence)
    unanswered = 0 if left is None else left.totals.candidate_events
    return SignatureFacts(
        groups=(
            *_exception_groups(tables, subject, evidence, exceptions),
            *_client_error_groups(evidence, subject),
        ),
        candidate_requests=totals.candidate_trials,
        old_version_requests=totals.baseline_trials if subject.side_by_side else 0,
        before_requests=int(history.sum()),
        minute_requests=tuple(evidence.failures.candidate_trials.tolist()),
        endpoints=sum(1 for one in evidence.own.values() if one.candidate_trials.any()) or None,
        instances=None if evidence.instances is None else len(evidence.instances.trials),
        timeouts=_timeouts(evidence),
        # Whoever called it and got no answer would have been a request to it.
        expected_requests=float(totals.candidate_trials + unanswered),
        unanswered_calls=None if left is None else unanswered,
        short_lived_instances=_short_lived(evidence),
        calls=tuple(_peer_calls(tables, subject, evidence)),
    )


def _exception_groups(
    tables: MinuteTables, subject: Subject, evidence: Evidence, exceptions: pa.Table | None
) -> Iterator[FailingGroup]:
    """A group of failures for each exception group that failing requests show."""
    if exceptions is None:
        return
    failures = evidence.failures.totals.candidate_events
    origins = MinuteRows.of(tables.origins, subject)
    calls = MinuteRows.of(tables.calls, subject)
    minutes = MinuteRows.of(tables.exceptions, subject)
    noisy = _noisy_share(evidence)
    for row in exceptions.to_pylist():
        share = row["share_of_failures"]
        count = row["traces"] if share is None else round(share * failures)
        rows = minutes.in_service() & minutes.where(fingerprint=row["fingerprint"])
        earlier = minutes.minute < subject.first_minute
        others = rows & ~minutes.of_candidate()
        group = FailingGroup(
            exception_type=row["exception_type"],
            message=row["exception_message"],
            top_frame=row["top_frame"],
            candidate_count=count,
            minute_counts=_minute_counts(minutes, rows & minutes.of_candidate()),
            old_version_count=int(minutes.sum("traces", others & ~earlier)),
            before_count=int(minutes.sum("traces", rows & earlier)),
            warm_up_count=None if noisy is None else round(noisy * count),
        )
        if group.count or group.before_count:
            beneath = origins.of_candidate() & origins.where(exception_type=row["exception_type"])
            yield _with_origin(group, origins, calls, beneath)


def _client_error_groups(evidence: Evidence, subject: Subject) -> Iterator[FailingGroup]:
    """Requests that were refused: no failures, but known causes are told by them."""
    for name, status in _STATUS_OF_CLIENT_ERRORS.items():
        counts = evidence.client_errors.get(name)
        if counts is None or not counts.candidate_events.any():
            continue
        totals = counts.totals
        yield FailingGroup(
            http_status=status,
            origin_kind="SERVER",
            candidate_count=totals.candidate_events,
            minute_counts=tuple(counts.candidate_events.tolist()),
            old_version_count=totals.baseline_events if subject.side_by_side else 0,
            before_count=int(counts.history_events.sum()),
        )


def _noisy_share(evidence: Evidence) -> float | None:
    """The share of the candidate's failures in the first and last seconds of instances."""
    if evidence.noise is None:
        return None
    noisy = evidence.noise.totals.candidate_events
    failures = evidence.failures.totals.candidate_events + noisy
    return noisy / failures if failures else None


def _minute_counts(minutes: MinuteRows, rows: Mask) -> tuple[int, ...]:
    counts = np.zeros(minutes.subject.minutes, np.int64)
    np.add.at(
        counts, minutes.minute[rows] - minutes.subject.first_minute, minutes.numbers("traces")[rows]
    )
    return tuple(counts.tolist())


def _with_origin(
    group: FailingGroup, origins: MinuteRows, calls: MinuteRows, rows: Mask
) -> FailingGroup:
    """The group with kind, peer and code of its most frequent origin, and all its endpoints."""
    chosen = origins.table.filter(pa.array(rows))
    if not chosen.num_rows:
        return group
    keys = ["origin_kind", "peer", "error"]
    grouped = chosen.group_by(keys).aggregate([("failures", "sum")]).to_pylist()
    largest = max(grouped, key=lambda one: (one["failures_sum"], str(one)))
    error, peer = largest["error"] or "", largest["peer"]
    by_call = largest["origin_kind"] in ("CLIENT", "PRODUCER")
    return replace(
        group,
        origin_kind=largest["origin_kind"],
        peer=peer,
        peer_is_ours=_is_ours(calls, peer) if peer else None,
        error=largest["error"],
        http_status=int(error) if _HTTP_STATUS.fullmatch(error) else None,
        db_status=error if by_call and error else None,
        endpoints=frozenset(chosen.column("endpoint").unique().to_pylist()),
    )


def _is_ours(calls: MinuteRows, peer: str) -> bool:
    return bool((calls.where(peer=peer) & ~calls.where(peer_service=None)).any())


def _peer_calls(tables: MinuteTables, subject: Subject, evidence: Evidence) -> Iterator[PeerCalls]:
    calls = MinuteRows.of(tables.calls, subject)
    for peer, counts in evidence.calls.items():
        rows = calls.where(peer=peer)
        yield PeerCalls(
            peer=peer,
            candidate_calls_per_request=counts.totals.candidate_rate,
            baseline_calls_per_request=counts.totals.baseline_rate,
            candidate_resent_share=_resent_share(calls, rows & calls.of_candidate()),
            baseline_resent_share=_resent_share(calls, rows & calls.of_baseline()),
        )


def _resent_share(calls: MinuteRows, rows: Mask) -> float | None:
    made = calls.sum("calls", rows)
    return calls.sum("resent_calls", rows) / made if made else None


def _timeouts(evidence: Evidence) -> int | None:
    return None if evidence.timeouts is None else evidence.timeouts.totals.candidate_events


def _short_lived(evidence: Evidence) -> int | None:
    """Instances that came, served a minute or two, and were gone before the window ended."""
    if evidence.instances is None:
        return None
    trials = evidence.instances.trials
    served = (trials > 0).sum(axis=1)
    gone = ~(trials[:, -_SHORT_MINUTES - 1 :] > 0).any(axis=1)
    return int(((served > 0) & (served <= _SHORT_MINUTES) & gone).sum())
