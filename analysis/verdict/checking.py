"""The check of one deployment: asked, weighed, judged, and put together as it is shown."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc

from analysis.asked_deployment import nothing_stored_of
from analysis.asking import Asking
from analysis.deployment_name import DeploymentName
from analysis.exit_code import CommandFailed
from analysis.signatures.matching import SignatureMatch, match
from analysis.verdict import wording
from analysis.verdict.assessment import FAILURES
from analysis.verdict.building import evidence_of
from analysis.verdict.causes import signature_facts
from analysis.verdict.caveats import caveats_of, clock_skew_s, ruled_out_of
from analysis.verdict.check import (
    Baseline,
    Check,
    CheckedDeployment,
    ExceptionState,
    FailureRate,
    Finding,
    Impact,
    SignatureShown,
    UsedThreshold,
    Verdict,
    Window,
)
from analysis.verdict.factors import Factors, factor_findings, flag_variants
from analysis.verdict.findings import e_value, findings_of
from analysis.verdict.gathering import Gathered, ask_factors, gather
from analysis.verdict.judge import Judgement, judge
from analysis.verdict.minute_rows import MinuteRows
from analysis.verdict.side_by_side import side_by_side_part
from analysis.verdict.thresholds import Thresholds
from analysis.verdict.windows import moment_text, time_text

_EXAMPLES_MAX = 5


def check_deployment(
    store: Asking,
    name: DeploymentName,
    given: Mapping[str, str],
    thresholds_of: Callable[[str], Thresholds],
    clock: Callable[[], datetime],
    *,
    factors: bool = False,
) -> Check:
    """The verdict on a deployment, and all it rests on.

    `given` holds environment_name, deployment_id, baseline_version, since and until as text, where
    they were said; until is the moment to judge at. With `factors` the store is also asked what the
    failing requests have in common, which takes longer. Raises CommandFailed when nothing of it is
    stored there, ParameterError, QueryError or StoreError.
    """
    thresholds = thresholds_of(name.service)
    found = gather(store, name, given, thresholds)
    if found is None:
        values = {"service_name": name.service, "service_version": name.version}
        raise CommandFailed(nothing_stored_of({**values, "since": None, "until": None, **given}))
    return checked(found, thresholds, clock(), ask_factors(store, name, given) if factors else None)


def checked(
    found: Gathered, thresholds: Thresholds, now: datetime, factors: Factors | None = None
) -> Check:
    """The check that the gathered rows make."""
    exceptions = exception_states(found.exceptions)
    evidence = evidence_of(found.tables, found.subject, thresholds, exceptions)
    facts = signature_facts(found.tables, found.subject, evidence, found.exceptions)
    common: tuple[Finding, ...] = ()
    if factors is not None:
        facts = replace(facts, flags=flag_variants(factors))
        common = factor_findings(factors, found.subject.place)
    signatures = match(facts, thresholds)
    evidence = replace(evidence, signatures=signatures, clock_skew_s=clock_skew_s(found))
    judgement = judge(evidence, thresholds)
    beside = side_by_side_part(found.tables, found.subject)
    if beside is not None and judgement.verdict in (Verdict.HOLD, Verdict.NOT_ENOUGH_DATA):
        earlier = evidence_of(found.tables, beside, thresholds, exceptions)
        shared = judge(replace(earlier, signatures=signatures), thresholds)
        if shared.verdict in (Verdict.ROLL_BACK, Verdict.FIX_FORWARD):
            said = (shared.reasons[0], wording.BESIDE_AT_FIRST, *shared.reasons[1:])
            judgement = replace(shared, reasons=said)
    return Check(
        generated_at=now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        deployment=_deployment(found, judgement),
        baseline=_baseline(found, judgement),
        window=_window(found),
        verdict=judgement.verdict,
        reasons=judgement.reasons,
        failure_rate=_failure_rate(judgement, thresholds),
        onset=judgement.assessment.onset,
        findings=(*findings_of(judgement, _examples(found)), *common),
        origins=evidence.origins,
        impact=_impact(found, judgement),
        exceptions=exceptions,
        signatures=tuple(_shown(one) for one in signatures),
        suspects=(),
        owners=(),
        ruled_out=ruled_out_of(judgement),
        needed=judgement.needed,
        caveats=caveats_of(found, judgement),
        kinds=judgement.assessment.kinds,
        thresholds=tuple(
            UsedThreshold(name, getattr(thresholds, name), thresholds.origin_of(name))
            for name in dict.fromkeys((*judgement.decided_by, "confidence"))
        ),
    )


def exception_states(rows: pa.Table | None) -> tuple[ExceptionState, ...]:
    """Rows of exception_states as they are shown; silenced ones are left out."""
    if rows is None:
        return ()
    return tuple(
        ExceptionState(
            type=row["exception_type"],
            message=row["exception_message"],
            fingerprint=row["fingerprint"],
            state=row["state"],
            count=row["traces"] or row["candidate_sightings"],
            first_seen=None if row["first_seen"] is None else moment_text(row["first_seen"]),
            top_frame=row["top_frame"],
            probability_not_new=row["probability_not_new"],
        )
        for row in rows.to_pylist()
        if not row["silenced"]
    )


def _deployment(found: Gathered, judgement: Judgement) -> CheckedDeployment:
    place, windows, evidence = found.subject.place, found.windows, judgement.assessment.evidence
    instances = MinuteRows.of(found.tables.instances, found.subject)
    names = instances.table.filter(pa.array(instances.of_candidate())).column("instance_id")
    return CheckedDeployment(
        service=place.service_name,
        namespace=place.service_namespace,
        version=place.service_version,
        environment=place.environment_name,
        deployment_id=place.deployment_id,
        first_seen=None if windows is None else moment_text(windows.candidate_first_seen),
        last_seen=_last_seen(found),
        instances=len(pc.unique(names.drop_null())) or None,
        requests=evidence.failures.totals.candidate_trials + _noise(judgement),
        commit=found.facts.vcs_revision,
        version_source=found.facts.version_source,
    )


def _noise(judgement: Judgement) -> int:
    noise = judgement.assessment.evidence.noise
    return 0 if noise is None else noise.totals.candidate_trials


def _last_seen(found: Gathered) -> str | None:
    """The last minute in which it answered a request."""
    requests = MinuteRows.of(found.tables.requests, found.subject)
    minutes = requests.minute[requests.of_candidate()]
    return time_text(int(minutes.max())) if minutes.size else None


def _baseline(found: Gathered, judgement: Judgement) -> Baseline | None:
    windows, subject = found.windows, found.subject
    if subject.baseline_kind is None:
        return None
    if windows is None or windows.baseline_from is None or windows.baseline_until is None:
        span = time_text(subject.history_from), time_text(subject.history_until)
    else:
        span = moment_text(windows.baseline_from), moment_text(windows.baseline_until)
    requests = judgement.assessment.failures.totals.baseline_trials
    return Baseline(subject.baseline_kind, subject.baseline_version, *span, requests)


def _window(found: Gathered) -> Window:
    windows, subject = found.windows, found.subject
    if windows is None:
        return Window(time_text(subject.first_minute), time_text(subject.until_minute))
    since = max(windows.candidate_from, subject.first_minute * 60 * 10**9)
    return Window(moment_text(since), moment_text(windows.candidate_until))


def _failure_rate(judgement: Judgement, thresholds: Thresholds) -> FailureRate:
    """By weight where the senders told how they sample; then without an interval."""
    found = judgement.assessment
    effect, totals = found.failures, found.failures.totals
    candidate, baseline = totals.candidate_rate, totals.baseline_rate
    weighted = found.evidence.weighted
    low, high, difference = effect.low, effect.high, effect.difference
    if weighted is not None and None not in (candidate, baseline):
        changed = abs(weighted[0] - (candidate or 0)) > 1e-9
        if changed or abs(weighted[1] - (baseline or 0)) > 1e-9:
            candidate, baseline = weighted
            low, high, difference = None, None, candidate - baseline
    known = found.evidence.has_baseline and found.requests > 0
    return FailureRate(
        baseline=baseline,
        candidate=candidate,
        difference=difference,
        low=low,
        high=high,
        e_value=e_value(found.claims[FAILURES]) if known else None,
        alpha=thresholds.alpha,
    )


def _impact(found: Gathered, judgement: Judgement) -> Impact:
    evidence = judgement.assessment.evidence
    own = evidence.own.values()
    failed = sum(1 for one in own if one.candidate_events.any())
    services = {origin.service for origin in evidence.origins} | {evidence.service}
    totals, noise = evidence.failures.totals, evidence.noise
    noisy = (0, 0) if noise is None else (noise.totals.candidate_events, _noise(judgement))
    return Impact(
        failed_requests=totals.candidate_events + noisy[0],
        requests=totals.candidate_trials + noisy[1],
        endpoints=failed,
        services=len(services) if totals.candidate_events else 0,
        users=_users(found),
    )


def _users(found: Gathered) -> int | None:
    if found.exceptions is None:
        return None
    users = [count for count in found.exceptions.column("users").to_pylist() if count is not None]
    return max(users) if users else None


def _examples(found: Gathered) -> dict[str, tuple[str, ...]]:
    """Traces of failing requests by endpoint, the latest first; '' for any."""
    origins = MinuteRows.of(found.tables.origins, found.subject)
    rows = origins.table.filter(pa.array(origins.of_candidate()))
    names = rows.column("endpoint").to_pylist()
    traces = rows.column("example_trace_id").to_pylist()
    found_by: dict[str, list[str]] = {}
    for endpoint, trace in reversed(list(zip(names, traces, strict=True))):
        for key in (endpoint or "", ""):
            known = found_by.setdefault(key, [])
            if trace not in known and len(known) < _EXAMPLES_MAX:
                known.append(trace)
    return {key: tuple(known) for key, known in found_by.items()}


def _shown(one: SignatureMatch) -> SignatureShown:
    return SignatureShown(one.name, one.confidence, one.evidence, one.first_check, one.advice)
