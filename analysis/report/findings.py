"""What a report holds: rows of saved queries, with columns as fields, and two more at the end.

Times are RFC 3339 text in UTC, rates are shares from 0 to 1, None is unknown."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Deployment:
    """The deployment itself: a row of `deployments`."""

    service_namespace: str | None
    service_name: str
    service_version: str | None
    environment_name: str | None
    deployment_id: str | None
    first_seen: str | None
    last_seen: str | None
    instances: int | None
    version_source: str | None
    vcs_revision: str | None
    previous_vcs_revision: str | None
    strategy: str | None
    irreversible: bool | None
    note: str | None
    marked_at: str | None


@dataclass(frozen=True, slots=True)
class Measure:
    """One number of both versions: a row of `version_comparison`."""

    measure: str
    unit: str
    candidate: float | None
    baseline: float | None
    difference: float | None
    ratio: float | None


@dataclass(frozen=True, slots=True)
class Step:
    """One version in one step of time: a row of `error_timeline`."""

    step_start: str
    service_version: str | None
    side: str
    requests: int
    failures: int
    failure_rate: float | None
    client_errors: int
    exceptions: int


@dataclass(frozen=True, slots=True)
class FailingEndpoint:
    """A row of `failing_endpoints`."""

    endpoint: str | None
    candidate_requests: int
    candidate_failures: int
    candidate_failure_rate: float | None
    candidate_timeouts: int
    candidate_client_error_rate: float | None
    baseline_requests: int | None
    baseline_failures: int | None
    baseline_failure_rate: float | None
    baseline_client_error_rate: float | None
    first_failure: str | None
    example_trace_id: str | None
    first_failure_trace_id: str | None = None


@dataclass(frozen=True, slots=True)
class FailingService:
    """A row of `failing_services`."""

    service_name: str
    service_version: str | None
    candidate_requests: int
    candidate_failures: int
    candidate_failure_rate: float | None
    candidate_origins: int
    baseline_requests: int | None
    baseline_failures: int | None
    baseline_failure_rate: float | None
    baseline_origins: int | None
    example_trace_id: str | None


@dataclass(frozen=True, slots=True)
class FailureOrigin:
    """A row of `failure_origins`."""

    service_name: str
    service_version: str | None
    span_name: str
    peer: str | None
    exception_type: str | None
    error: str | None
    message: str | None
    candidate_failures: int
    candidate_share: float | None
    baseline_failures: int | None
    example_trace_id: str | None


@dataclass(frozen=True, slots=True)
class NewException:
    """A row of `new_exceptions`."""

    exception_type: str | None
    exception_message: str | None
    exception_stacktrace: str | None
    top_frame: str | None
    sightings: int
    traces: int
    first_seen: str
    type_is_new: bool
    probability_not_new: float | None
    fingerprint: str
    example_trace_id: str | None
    endpoints: int
    top_endpoint: str | None
    instances: int
    users: int | None
    share_of_failures: float | None
    last_seen: str | None = None


@dataclass(frozen=True, slots=True)
class RegressedException:
    """A row of `regressed_exceptions`."""

    exception_type: str | None
    exception_message: str | None
    exception_stacktrace: str | None
    top_frame: str | None
    sightings: int
    traces: int
    first_seen: str
    why: str
    resolved_at: str | None
    last_seen_before: str | None
    absent_requests: int | None
    probability_absent_by_chance: float | None
    fingerprint: str
    example_trace_id: str | None
    endpoints: int
    top_endpoint: str | None
    instances: int
    users: int | None
    share_of_failures: float | None


@dataclass(frozen=True, slots=True)
class EscalatingException:
    """A row of `escalating_exceptions`."""

    exception_type: str | None
    exception_message: str | None
    exception_stacktrace: str | None
    top_frame: str | None
    sightings: int
    traces: int
    first_seen: str
    candidate_rate: float
    history_rate: float
    ratio: float
    e_value: float
    fingerprint: str
    example_trace_id: str | None
    endpoints: int
    top_endpoint: str | None
    instances: int
    users: int | None
    share_of_failures: float | None


@dataclass(frozen=True, slots=True)
class GoneException:
    """A row of `gone_exceptions`."""

    exception_type: str | None
    exception_message: str | None
    exception_stacktrace: str | None
    top_frame: str | None
    sightings: int
    traces: int
    last_seen: str
    probability_not_gone: float | None
    fingerprint: str
    example_trace_id: str | None


@dataclass(frozen=True, slots=True)
class Change:
    """A row of `what_changed`."""

    kind: str
    name: str
    change: str
    baseline_values: str | None
    candidate_values: str | None


@dataclass(frozen=True, slots=True)
class Latency:
    """A row of `latency_regressions`."""

    endpoint: str | None
    quantile: str
    candidate_requests: int
    candidate_ms: float | None
    candidate_ms_low: float | None
    candidate_ms_high: float | None
    baseline_requests: int | None
    baseline_ms: float | None
    baseline_ms_low: float | None
    baseline_ms_high: float | None
    ratio: float | None
    slower: bool | None


@dataclass(frozen=True, slots=True)
class Traffic:
    """A row of `traffic_changes`."""

    subject: str
    name: str | None
    candidate_count: int
    candidate_per_minute: float | None
    candidate_per_request: float | None
    baseline_count: int | None
    baseline_per_minute: float | None
    baseline_per_request: float | None


@dataclass(frozen=True, slots=True)
class StatusCode:
    """A row of `status_codes`."""

    outcome: str
    http_status_code: int | None
    rpc_status_code: str | None
    candidate_requests: int
    candidate_share: float | None
    baseline_requests: int | None
    baseline_share: float | None


@dataclass(frozen=True, slots=True)
class ExampleTrace:
    """A row of `example_traces`."""

    trace_id: str
    reason: str
    start_time: str
    endpoint: str | None
    outcome: str
    http_status_code: int | None
    duration_ms: float | None
    exception_type: str | None
    exception_message: str | None
    alike: int


@dataclass(frozen=True, slots=True)
class RolloutStep:
    """A row of `rollout_progress`; `request_share` is of all the service's requests in the step."""

    step_start: str
    service_version: str | None
    served_deployment_id: str | None
    candidate: bool
    instances: int | None
    requests: int
    request_share: float | None
    failures: int
    failure_rate: float | None


@dataclass(frozen=True, slots=True)
class DurationBucket:
    """Requests of a side (candidate, baseline) that did not fail, from `low_ms` to below `high_ms`;
    both sides have the same bounds, and empty buckets are left out."""

    side: str
    low_ms: float
    high_ms: float
    requests: int


@dataclass(frozen=True, slots=True)
class EvidenceMinute:
    """The natural logarithm of the e-value of all kinds of evidence together, as it was known when
    the minute that begins at `minute` was over."""

    minute: str
    log_e_value: float
