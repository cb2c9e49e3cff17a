"""The report as Markdown that pastes into GitHub, GitLab, Confluence and Notion.

The order is that of the usual postmortem templates: what happened, to whom, when, the evidence, and
blanks for what only people know. The same report gives the same bytes.
"""

from analysis.comparison import BASELINE_KINDS, Comparison, no_baseline_text, window_text
from analysis.formats.markdown_text import fenced
from analysis.printing import printed
from analysis.report.contents import Report
from analysis.report.document import Document
from analysis.report.evidence import write_evidence
from analysis.report.findings import Measure
from analysis.report.summary import summary
from analysis.report.words import (
    NO_SPANS,
    UNKNOWN,
    cell,
    counted,
    inline,
    milliseconds,
    name_cell,
    number,
    percent,
    time,
    trace_cell,
)
from analysis.waterfall import focused, waterfall

_TRACE_WIDTH = 110
_TRACE_LINES_MAX = 80
_BLANKS = (
    ("Root cause", "why it happened, and why it was not caught before."),
    ("Trigger", "the change that set it off; the section above lists what differs."),
    ("Detection", "who or what noticed it, and how long that took."),
    ("Response and recovery", "what was done, by whom, and when it worked."),
    ("Went well, went wrong, was luck", "one line each."),
    ("Action items", "each with an owner and a ticket: mitigate, prevent, improve."),
)


def markdown(report: Report) -> str:
    """The whole report."""
    document = Document()
    document.heading(1, f"{inline(report.name.service)} {_version(report)}")
    _facts(document, report)
    document.heading(2, "Summary")
    document.bullets(summary(report))
    document.blank("what happened, in two sentences, for somebody who was not there.")
    _impact(document, report)
    _timeline(document, report)
    write_evidence(document, report)
    _what_changed(document, report)
    _examples(document, report)
    for title, question in _BLANKS:
        document.heading(2, title)
        document.blank(question)
    _appendix(document, report)
    return document.text()


def _version(report: Report) -> str:
    return inline(report.name.version) if report.name.version else "(no version sent)"


def _facts(document: Document, report: Report) -> None:
    rows = [("Service", cell(report.name.service))]
    deployment, comparison = report.deployment, report.comparison
    if deployment is not None:
        rows += [
            ("Version", name_cell(deployment.service_version)),
            ("Version read from", name_cell(deployment.version_source)),
            ("Namespace", name_cell(deployment.service_namespace)),
            ("Environment", name_cell(deployment.environment_name)),
            ("Deployment id", name_cell(deployment.deployment_id)),
            ("Commit", name_cell(deployment.vcs_revision)),
            ("Commit before", name_cell(deployment.previous_vcs_revision)),
            ("Strategy", name_cell(deployment.strategy)),
            ("Irreversible", "yes" if deployment.irreversible else UNKNOWN),
            ("Instances", number(deployment.instances)),
        ]
    if comparison is not None:
        rows.append(("Window", window_text(comparison.candidate_from, comparison.candidate_until)))
        asked = report.parameters.get("baseline_version")
        rows.append(("Compared with", _baseline(comparison, asked)))
    rows = [row for row in rows if row[1] != UNKNOWN]
    document.table(" | ", [*rows, ("Status, severity, owner", "**to fill in**")])


def _baseline(comparison: Comparison, asked: str | None) -> str:
    if comparison.baseline_kind is None:
        deleted = comparison.baseline_version
        reason = no_baseline_text(
            None if asked is None else cell(asked), None if deleted is None else cell(deleted)
        )
        return f"nothing: {reason}"
    window = window_text(comparison.baseline_from or "", comparison.baseline_until or "")
    version = cell(comparison.baseline_version or "spans without a version")
    return f"{version}, {BASELINE_KINDS.get(comparison.baseline_kind, '')}: {window}"


def _impact(document: Document, report: Report) -> None:
    document.heading(2, "Impact")
    if report.measures:
        document.table(
            "measure | unit | #this version | #baseline | #difference",
            [_measure_row(m) for m in report.measures if (m.candidate, m.baseline) != (None, None)],
        )
    document.paragraph(NO_SPANS if report.comparison is None else _failed(report))
    document.blank("who was affected and how: customers, orders, support requests, money.")


def _failed(report: Report) -> str:
    failing = [endpoint for endpoint in report.endpoints if endpoint.candidate_failures]
    if not failing:
        return "No endpoint of the service itself failed."
    return f"{counted(len(failing), 'endpoint')} of the service failed."


def _measure_row(measure: Measure) -> list[str]:
    write = {"share": percent, "ms": milliseconds}.get(measure.unit, number)
    unit = "" if measure.unit in ("share", "ms", "spans", "instances") else measure.unit
    change = write(measure.difference)
    if measure.unit == "share" and measure.difference is not None:
        change = f"{number(100 * measure.difference)} points"
    return [measure.measure, unit, write(measure.candidate), write(measure.baseline), change]


def _timeline(document: Document, report: Report) -> None:
    document.heading(2, "Timeline (UTC)")
    rows = [
        [
            time(event.time),
            f"{event.what} {cell(event.subject)}".strip(),
            trace_cell(event.trace_id),
        ]
        for event in report.events
    ]
    people = ("**to fill in**", "noticed, acknowledged, mitigated, resolved", UNKNOWN)
    document.table("time | event | trace", [*rows, people])


def _what_changed(document: Document, report: Report) -> None:
    document.heading(2, "What changed")
    if not report.changes:
        nothing = "Nothing that the telemetry tells, apart from the version."
        document.paragraph(NO_SPANS if report.comparison is None else nothing)
        return
    document.table(
        "kind | name | change | before | now",
        [
            [
                change.kind,
                cell(change.name),
                change.change,
                name_cell(change.baseline_values),
                name_cell(change.candidate_values),
            ]
            for change in report.changes
        ],
    )


def _examples(document: Document, report: Report) -> None:
    document.heading(2, "Example traces")
    if not report.examples:
        document.paragraph(NO_SPANS if report.comparison is None else "None.")
        return
    document.table(
        "trace | why | start (UTC) | endpoint | outcome | #duration | exception | #alike",
        [
            [
                trace_cell(example.trace_id),
                example.reason,
                time(example.start_time),
                name_cell(example.endpoint),
                " ".join([example.outcome, str(example.http_status_code or "")]).strip(),
                milliseconds(example.duration_ms),
                name_cell(example.exception_type),
                number(example.alike),
            ]
            for example in report.examples
        ],
    )
    if report.example_spans:
        document.paragraph(fenced(_drawn(report)))


def _drawn(report: Report) -> str:
    """The first example as a waterfall of what matters in it."""
    spans = focused(report.example_spans, report.name.service)
    lines = waterfall(report.examples[0].trace_id, spans, _TRACE_WIDTH)
    text = printed(*lines, width=_TRACE_WIDTH).splitlines()[:_TRACE_LINES_MAX]
    left_out = len(report.example_spans) - len(spans)
    if left_out:
        text.append(f"({counted(left_out, 'span')} beside these, all well, left out)")
    return "\n".join(text)


def _appendix(document: Document, report: Report) -> None:
    document.heading(2, "Appendix: the queries behind this")
    document.paragraph(
        "Everything above comes from these saved queries; `deploylens query NAME -p KEY=VALUE` asks"
        " one again. The hash is over its rows: the same hash means the same rows."
    )
    document.table(
        "parameter of all | value",
        [[name, cell(value) or "(empty)"] for name, value in report.parameters.items()],
    )
    document.table(
        "query | parameters of its own | #rows | hash",
        [
            [
                query.name,
                " ".join(f"{key}={cell(value)}" for key, value in query.parameters.items()),
                number(query.row_count),
                f"`{query.digest}`",
            ]
            for query in report.queries
        ],
    )
