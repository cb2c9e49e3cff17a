"""What a template may name: the report and facts of it, and blocks that are ready Markdown."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from analysis.check.lines import Said, line
from analysis.check.markdown_lines import line_markdown
from analysis.check.verdict_words import VERDICT_WORDS, to_do
from analysis.report.appendix import appendix
from analysis.report.comparisons import since_previous, what_changed
from analysis.report.contents import Report
from analysis.report.course_of_events import (
    change_sentence,
    detection,
    known_timeline,
    resolution,
    timeline,
    trigger,
)
from analysis.report.evidence import (
    endpoints,
    evidence,
    latencies,
    origins,
    over_time,
    services,
    status_codes,
    traffic,
)
from analysis.report.exception_evidence import (
    escalating_exceptions,
    exceptions,
    gone_exceptions,
    new_exceptions,
    regressed_exceptions,
)
from analysis.report.identity import deployment_table, redaction_note, title
from analysis.report.impact import counts, fault, impact, impact_numbers
from analysis.report.judgement import (
    caveats,
    contributing_factors,
    findings,
    onset_sentence,
    patterns,
    ruled_out,
    sureness,
    suspects,
    verdict,
    verdict_history,
    verdict_sentence,
)
from analysis.report.markdown_block import Markdown, sentences
from analysis.report.summary import summary
from analysis.report.traces import example_traces

# What a name stands for: a fact of any type, or Markdown.
Value = Any


@dataclass(frozen=True, slots=True)
class Offered:
    """A name that a template may use, what it stands for, and how it comes from a report."""

    name: str
    meaning: str
    value: Callable[[Report], Value]


def context(report: Report) -> Mapping[str, Value]:
    """Every name with its value."""
    return {one.name: one.value(report) for one in OFFERED}


def _summary(report: Report) -> Markdown:
    return Markdown("\n".join(f"- {sentence}" for sentence in summary(report)))


def _compared(report: Report, field: str) -> str | None:
    found: str | None = getattr(report.comparison, field, None)
    return found


def _failure_rate(report: Report) -> float | None:
    measure = report.measure("failure rate", "share")
    return None if measure is None else measure.candidate


def _verdict_title(report: Report) -> str | None:
    return None if report.check is None else VERDICT_WORDS[report.check.verdict].title


def _to_do(report: Report) -> Markdown:
    return sentences("" if report.check is None else line_markdown(to_do(report.check)))


def _blank(question: str) -> Markdown:
    return Markdown(f"> **To fill in:** {question}")


def _prose(text: str) -> Markdown:
    return Markdown(line_markdown(line(Said(text))))


FACTS = (
    Offered("report", "the whole report, see below", lambda r: r),
    Offered(
        "check", "the verdict with all its fields (docs/verdict.md), or none", lambda r: r.check
    ),
    Offered("milestones", "the moments of the incident, see below", lambda r: r.milestones),
    Offered("service", "name of the service", lambda r: r.name.service),
    Offered("version", "its version, empty when none was sent", lambda r: r.name.version),
    Offered("environment", "where it runs, or none", lambda r: _compared(r, "environment_name")),
    Offered(
        "baseline_version", "what it is compared with", lambda r: _compared(r, "baseline_version")
    ),
    Offered("since", "start of the window", lambda r: _compared(r, "candidate_from")),
    Offered(
        "until",
        "end of the window: nothing later was read",
        lambda r: _compared(r, "candidate_until"),
    ),
    Offered("requests", "requests of this version", lambda r: counts(r)[0]),
    Offered("failed_requests", "how many of them failed", lambda r: counts(r)[1]),
    Offered("failure_rate", "their share, 0 to 1: `| percent`", _failure_rate),
    Offered("verdict_title", "the verdict in words: ROLL BACK", _verdict_title),
    Offered("redacted", "whether names and texts were taken out", lambda r: r.redacted),
)
BLOCKS = (
    Offered("title", "service and version, for a heading", title),
    Offered("redaction_note", "that it is redacted; empty if not", redaction_note),
    Offered("deployment_table", "what was deployed where, and its window", deployment_table),
    Offered("verdict", "the verdict, what to do and every reason", verdict),
    Offered("verdict_sentence", "the verdict in one sentence, with its bound", verdict_sentence),
    Offered("to_do", "what to do now, one sentence", _to_do),
    Offered("sureness", "what was compared, and how sure it is", sureness),
    Offered("verdict_history", "when the verdict became another one, and why", verdict_history),
    Offered("summary", "a few sentences as a list", _summary),
    Offered("impact", "every measure of both versions", impact),
    Offered("impact_numbers", "failed requests n of m, peak, users, times", impact_numbers),
    Offered("fault", "how many requests failed, and where most", fault),
    Offered("timeline", "the timeline, with a row for people", timeline),
    Offered("known_timeline", "the timeline without that row", known_timeline),
    Offered("change_sentence", "which version began to serve, and when", change_sentence),
    Offered("trigger", "the same, and when failures rose", trigger),
    Offered("onset", "when failures rose", onset_sentence),
    Offered("detection", "when the data was enough to tell", detection),
    Offered("resolution", "when failures were back to usual", resolution),
    Offered("contributing_factors", "known patterns and origins", contributing_factors),
    Offered("findings", "the findings, strongest first", findings),
    Offered("patterns", "known patterns of failure with their evidence", patterns),
    Offered("ruled_out", "causes that do not hold, with numbers", ruled_out),
    Offered("caveats", "why to take all this with care", caveats),
    Offered("suspects", "commits, changed files, teams; empty without --repo", suspects),
    Offered("what_changed", "what the telemetry tells of the change", what_changed),
    Offered(
        "since_previous", "what changed since an earlier report; empty without one", since_previous
    ),
    Offered("evidence", "all tables of evidence, with headings of level 3", evidence),
    Offered("over_time", "requests and failures per step", over_time),
    Offered("endpoints", "the endpoints that fail", endpoints),
    Offered("services", "the services that fail in the same traces", services),
    Offered("origins", "where failures start", origins),
    Offered("status_codes", "how requests ended", status_codes),
    Offered("exceptions", "the four below, with headings of level 3", exceptions),
    Offered("new_exceptions", "exceptions not recorded before", new_exceptions),
    Offered("regressed_exceptions", "exceptions that came back", regressed_exceptions),
    Offered("escalating_exceptions", "exceptions that come more often", escalating_exceptions),
    Offered("gone_exceptions", "exceptions that are missing now", gone_exceptions),
    Offered("latencies", "quantiles of durations", latencies),
    Offered("traffic", "requests per endpoint, calls per peer", traffic),
    Offered("example_traces", "example traces, the first one drawn", example_traces),
    Offered("appendix", "the queries behind the report", appendix),
)
FUNCTIONS = (
    Offered("blank", '`blank("...")`: something that people must write', lambda _: _blank),
    Offered(
        "deeper_evidence", "`evidence` with headings of level 4", lambda r: evidence(r, deeper=1)
    ),
    Offered("prose", "`prose(text)`: a sentence of ours that may quote names", lambda _: _prose),
)
OFFERED = (*FACTS, *BLOCKS, *FUNCTIONS)
NAMES = tuple(one.name for one in OFFERED)
