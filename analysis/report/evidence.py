"""The evidence of the report: what failed, where it starts, what is new, what is slower."""

from collections.abc import Sequence

from analysis.report.contents import Report
from analysis.report.document import Document
from analysis.report.exception_evidence import EXCEPTIONS
from analysis.report.findings import Step
from analysis.report.markdown_block import Markdown, block
from analysis.report.readable_steps import readable_steps
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


def evidence(report: Report, deeper: int = 0) -> Markdown:
    """All tables of evidence under headings of level 3, also the empty ones: nothing found is a
    finding. `deeper` puts the headings further down."""
    if report.comparison is None:
        return Markdown(NO_SPANS)
    document = Document(deeper=deeper)
    for title, part in (*_FIRST, *EXCEPTIONS, *_LAST):
        document.heading(3, title)
        document.paragraph(part(report))
    return block(document)


def over_time(report: Report) -> Markdown:
    """Requests, failures, client errors and exceptions per step of time and version; steps are
    joined until the table can be read."""
    if not report.steps:
        return Markdown("No requests and no exceptions are stored.")
    shown = readable_steps(report.steps)
    document = Document()
    if shown.steps:
        document.table(
            "from (UTC) | version |  | #requests | #failed | #rate | #client errors | #exceptions",
            [_step_row(step) for step in shown.steps],
        )
    length, quiet = shown.joined_min, shown.quiet
    document.paragraph(
        f"Each row joins {length} minutes; JSON and the page have every step." if length else "",
        f"{counted(quiet, 'step')} without failures, client errors and exceptions left out."
        if quiet
        else "",
        f"{counted(shown.left_out, 'later row')} left out." if shown.left_out else "",
    )
    return block(document)


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


def endpoints(report: Report) -> Markdown:
    """The endpoints that fail, in both versions."""
    return _table(
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


def services(report: Report) -> Markdown:
    """The services that fail in traces of either version."""
    return _table(
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


def origins(report: Report) -> Markdown:
    """The spans where failures start."""
    return _table(
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


def status_codes(report: Report) -> Markdown:
    """How requests ended: outcome and status code."""
    return _table(
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


def latencies(report: Report) -> Markdown:
    """Quantiles of durations with their intervals."""
    return _table(
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


def traffic(report: Report) -> Markdown:
    """Requests per endpoint and calls per peer."""
    return _table(
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


def _table(header: str, rows: Sequence[Sequence[str]], none: str) -> Markdown:
    """A table, cut after its strongest rows."""
    if not rows:
        return Markdown(none)
    document = Document()
    document.table(header, rows[:ROWS_MAX])
    if len(rows) > ROWS_MAX:
        document.paragraph(f"{len(rows) - ROWS_MAX} more are left out here.")
    return block(document)


_FIRST = (
    ("Over time", over_time),
    ("Failing endpoints", endpoints),
    ("Services that fail in the same traces", services),
    ("Where the failures start", origins),
    ("How requests ended", status_codes),
)
_LAST = (("Durations", latencies), ("Traffic", traffic))
