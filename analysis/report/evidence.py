"""The evidence of the report: what failed, where it starts, what is new, what is slower."""

from collections.abc import Sequence

from analysis.report.contents import Report
from analysis.report.document import Document
from analysis.report.exception_evidence import write_exceptions
from analysis.report.findings import Step
from analysis.report.words import (
    NO_SPANS,
    UNKNOWN,
    cell,
    counted,
    interval,
    milliseconds,
    name_cell,
    number,
    of,
    percent,
    time,
    trace_cell,
    version_cell,
)

ROWS_MAX = 15


def write_evidence(document: Document, report: Report) -> None:
    """All sections of evidence, each also when it is empty: nothing found is a finding."""
    document.heading(2, "Evidence")
    if report.comparison is None:
        document.paragraph(NO_SPANS)
        return
    _steps(document, report)
    _endpoints(document, report)
    _services(document, report)
    _origins(document, report)
    _status_codes(document, report)
    write_exceptions(document, report)
    _latencies(document, report)
    _traffic(document, report)


def _table(
    document: Document, title: str, header: str, rows: Sequence[Sequence[str]], none: str
) -> None:
    """A section that is one table, cut after its strongest rows."""
    document.heading(3, title)
    if not rows:
        document.paragraph(none)
        return
    document.table(header, rows[:ROWS_MAX])
    if len(rows) > ROWS_MAX:
        document.paragraph(f"{len(rows) - ROWS_MAX} more are left out here.")


def _steps(document: Document, report: Report) -> None:
    document.heading(3, "Over time")
    if not report.steps:
        document.paragraph("No requests and no exceptions are stored.")
        return
    eventful = [s for s in report.steps if s.failures or s.client_errors or s.exceptions]
    few = len(report.steps) <= ROWS_MAX
    document.table(
        "from (UTC) | version |  | #requests | #failed | #rate | #client errors | #exceptions",
        [_step_row(step) for step in (report.steps if few else eventful)],
    )
    quiet = len(report.steps) - len(eventful)
    if quiet and not few:
        document.paragraph(f"{counted(quiet, 'step')} without any of these left out.")


def _step_row(step: Step) -> list[str]:
    return [
        time(step.step_start)[:16],
        name_cell(step.service_version),
        step.side,
        number(step.requests),
        number(step.failures),
        percent(step.failure_rate),
        number(step.client_errors),
        number(step.exceptions),
    ]


def _endpoints(document: Document, report: Report) -> None:
    _table(
        document,
        "Failing endpoints",
        "endpoint | #failed | #rate | #timeouts | #client errors | #baseline | #rate | example",
        [
            [
                name_cell(e.endpoint),
                of(e.candidate_failures, e.candidate_requests),
                percent(e.candidate_failure_rate),
                number(e.candidate_timeouts),
                percent(e.candidate_client_error_rate),
                of(e.baseline_failures, e.baseline_requests),
                percent(e.baseline_failure_rate),
                trace_cell(e.example_trace_id),
            ]
            for e in report.endpoints
        ],
        "No endpoint of the service failed, before or now.",
    )


def _services(document: Document, report: Report) -> None:
    _table(
        document,
        "Services that fail in the same traces",
        "service | #failed | #rate | #traces that start to fail here | #baseline | #rate | example",
        [
            [
                version_cell(s.service_name, s.service_version),
                of(s.candidate_failures, s.candidate_requests),
                percent(s.candidate_failure_rate),
                number(s.candidate_origins),
                of(s.baseline_failures, s.baseline_requests),
                percent(s.baseline_failure_rate),
                trace_cell(s.example_trace_id),
            ]
            for s in report.services
        ],
        "No service failed in the traces that passed through either version.",
    )


def _origins(document: Document, report: Report) -> None:
    _table(
        document,
        "Where the failures start",
        "service | span | calls | error | #failures | #share | #baseline | example",
        [
            [
                version_cell(o.service_name, o.service_version),
                cell(o.span_name),
                name_cell(o.peer),
                name_cell(o.exception_type or o.error),
                number(o.candidate_failures),
                percent(o.candidate_share),
                number(o.baseline_failures),
                trace_cell(o.example_trace_id),
            ]
            for o in report.origins
        ],
        "No request of the service failed, so no failure starts anywhere.",
    )


def _status_codes(document: Document, report: Report) -> None:
    _table(
        document,
        "How requests ended",
        "outcome | HTTP | RPC | #requests | #share | #baseline | #share",
        [
            [
                s.outcome,
                UNKNOWN if s.http_status_code is None else str(s.http_status_code),
                name_cell(s.rpc_status_code),
                number(s.candidate_requests),
                percent(s.candidate_share),
                number(s.baseline_requests),
                percent(s.baseline_share),
            ]
            for s in report.status_codes
        ],
        "No requests are stored.",
    )


def _latencies(document: Document, report: Report) -> None:
    _table(
        document,
        "Durations",
        "endpoint |  | #this version | #95 % interval | #baseline | #95 % interval | slower",
        [
            [
                name_cell(latency.endpoint),
                latency.quantile,
                milliseconds(latency.candidate_ms),
                interval(latency.candidate_ms_low, latency.candidate_ms_high),
                milliseconds(latency.baseline_ms),
                interval(latency.baseline_ms_low, latency.baseline_ms_high),
                {True: "**yes**", False: "no", None: UNKNOWN}[latency.slower],
            ]
            for latency in report.latencies
        ],
        "No requests are stored.",
    )


def _traffic(document: Document, report: Report) -> None:
    _table(
        document,
        "Traffic",
        " | name | #count | #per minute | #per request | #baseline | #per minute | #per request",
        [
            [
                traffic.subject,
                name_cell(traffic.name),
                number(traffic.candidate_count),
                number(traffic.candidate_per_minute),
                number(traffic.candidate_per_request),
                number(traffic.baseline_count),
                number(traffic.baseline_per_minute),
                number(traffic.baseline_per_request),
            ]
            for traffic in report.traffic
        ],
        "No requests and no calls are stored.",
    )
