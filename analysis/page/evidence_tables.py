"""What failed, where it starts, what is slower and what else differs, as tables of the page."""

from analysis.page.table import Table, table
from analysis.report.contents import Report
from analysis.report.words import interval, milliseconds, number, of, percent

ROWS_MAX = 30
_UNITS_WITHOUT_NAME = ("share", "ms", "spans", "instances")


def measures(report: Report) -> Table:
    """The measures of both versions."""
    rows = []
    for one in report.measures:
        if (one.candidate, one.baseline) == (None, None):
            continue
        write = {"share": percent, "ms": milliseconds}.get(one.unit, number)
        unit = "" if one.unit in _UNITS_WITHOUT_NAME else f" ({one.unit})"
        change = write(one.difference)
        if one.unit == "share" and one.difference is not None:
            change = f"{number(100 * one.difference)} points"
        rows.append((one.measure + unit, write(one.candidate), write(one.baseline), change))
    header = "measure | #this version | #baseline | #difference"
    return table("Both versions in numbers", header, rows, "Nothing was measured.")


def endpoints(report: Report) -> Table:
    """The endpoints that failed, before or now."""
    return table(
        "Failing endpoints",
        "endpoint | #failed | #rate | #timeouts | #client errors | #baseline | #rate | =example",
        (
            (
                e.endpoint,
                of(e.candidate_failures, e.candidate_requests),
                percent(e.candidate_failure_rate),
                number(e.candidate_timeouts),
                percent(e.candidate_client_error_rate),
                of(e.baseline_failures, e.baseline_requests),
                percent(e.baseline_failure_rate),
                e.example_trace_id,
            )
            for e in report.endpoints
        ),
        "No endpoint of the service failed, before or now.",
        ROWS_MAX,
    )


def services(report: Report) -> Table:
    """The services that fail in the same traces."""
    return table(
        "Services that fail in the same traces",
        "service | #failed | #rate | #traces that start to fail here | #baseline | #rate"
        " | =example",
        (
            (
                _version(s.service_name, s.service_version),
                of(s.candidate_failures, s.candidate_requests),
                percent(s.candidate_failure_rate),
                number(s.candidate_origins),
                of(s.baseline_failures, s.baseline_requests),
                percent(s.baseline_failure_rate),
                s.example_trace_id,
            )
            for s in report.services
        ),
        "No service failed in the traces that passed through either version.",
        ROWS_MAX,
    )


def origins(report: Report) -> Table:
    """Where the failures start."""
    return table(
        "Where the failures start",
        "service | span | calls | error | #failures | #share | #baseline | =example",
        (
            (
                _version(o.service_name, o.service_version),
                o.span_name,
                o.peer,
                o.exception_type or o.error,
                number(o.candidate_failures),
                percent(o.candidate_share),
                number(o.baseline_failures),
                o.example_trace_id,
            )
            for o in report.origins
        ),
        "No request of the service failed, so no failure starts anywhere.",
        ROWS_MAX,
    )


def status_codes(report: Report) -> Table:
    """How requests ended."""
    return table(
        "How requests ended",
        "outcome | HTTP | RPC | #requests | #share | #baseline | #share",
        (
            (
                s.outcome.replace("_", " "),
                None if s.http_status_code is None else str(s.http_status_code),
                s.rpc_status_code,
                number(s.candidate_requests),
                percent(s.candidate_share),
                number(s.baseline_requests),
                percent(s.baseline_share),
            )
            for s in report.status_codes
        ),
        "No requests are stored.",
        ROWS_MAX,
    )


def latencies(report: Report) -> Table:
    """Quantiles of durations per endpoint."""
    return table(
        "Durations",
        "endpoint | quantile | #this version | #95 % interval | #baseline | #95 % interval"
        " | slower",
        (
            (
                one.endpoint or "all requests",
                one.quantile,
                milliseconds(one.candidate_ms),
                interval(one.candidate_ms_low, one.candidate_ms_high),
                milliseconds(one.baseline_ms),
                interval(one.baseline_ms_low, one.baseline_ms_high),
                {True: "yes", False: "no", None: None}[one.slower],
            )
            for one in report.latencies
        ),
        "No requests are stored.",
        ROWS_MAX,
    )


def traffic(report: Report) -> Table:
    """Requests and calls, and how many there are per minute and per request."""
    return table(
        "Traffic",
        "what | name | #count | #per minute | #per request | #baseline | #per minute"
        " | #per request",
        (
            (
                one.subject,
                one.name,
                number(one.candidate_count),
                number(one.candidate_per_minute),
                number(one.candidate_per_request),
                number(one.baseline_count),
                number(one.baseline_per_minute),
                number(one.baseline_per_request),
            )
            for one in report.traffic
        ),
        "No requests and no calls are stored.",
        ROWS_MAX,
    )


def changes(report: Report) -> Table:
    """What differs between the versions, as far as the telemetry tells."""
    return table(
        "What changed, as the telemetry tells it",
        "kind | name | change | before | now",
        (
            (one.kind, one.name, one.change, one.baseline_values, one.candidate_values)
            for one in report.changes
        ),
        "Nothing that the telemetry tells, apart from the version.",
        ROWS_MAX * 2,
    )


def _version(service: str, version: str | None) -> str:
    return f"{service} {version}" if version else service
