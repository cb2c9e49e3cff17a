"""The deployment itself, when what happened, example traces and queries, as tables of the page."""

from collections.abc import Iterator

from analysis.check.figures import moment
from analysis.check.verdict_words import VERDICT_WORDS
from analysis.comparison import BASELINE_KINDS, Comparison, no_baseline_text, window_text
from analysis.page.table import Table, table
from analysis.report.contents import Report
from analysis.report.milestones import Milestones
from analysis.report.words import milliseconds, number, percent, time

_EXAMPLES_MAX = 12


def facts(report: Report) -> Table:
    """What is reported on; what is unknown is left out."""
    known = [(name, text) for name, text in _facts(report) if text]
    return table("The deployment", "what | value", known)


def _facts(report: Report) -> Iterator[tuple[str, str | None]]:
    yield "Service", report.name.service
    yield "Version", report.name.version or "(no version sent)"
    deployment, comparison = report.deployment, report.comparison
    if deployment is not None:
        yield "Version read from", deployment.version_source
        yield "Namespace", deployment.service_namespace
        yield "Environment", deployment.environment_name
        yield "Deployment id", deployment.deployment_id
        yield "Commit", deployment.vcs_revision
        yield "Commit before", deployment.previous_vcs_revision
        yield "Strategy", deployment.strategy
        yield "Irreversible", "yes" if deployment.irreversible else None
        yield "Note", deployment.note
        yield "Instances", None if deployment.instances is None else number(deployment.instances)
    if comparison is not None:
        yield "Window", window_text(comparison.candidate_from, comparison.candidate_until)
        yield "Compared with", _baseline(comparison, report.parameters.get("baseline_version"))


def _baseline(comparison: Comparison, asked: str | None) -> str:
    if comparison.baseline_kind is None:
        return f"nothing: {no_baseline_text(asked, comparison.baseline_version)}"
    window = window_text(comparison.baseline_from or "", comparison.baseline_until or "")
    version = comparison.baseline_version or "spans without a version"
    return f"{version}, {BASELINE_KINDS.get(comparison.baseline_kind, '')}: {window}"


def timeline(report: Report) -> Table:
    """Everything that has a time."""
    rows = ((time(e.time), f"{e.what} {e.subject}".strip(), e.trace_id) for e in report.events)
    return table("Timeline, times in UTC", "@time | event | =trace", rows, "Nothing happened.")


def looks(report: Report) -> Table:
    """How the verdict became what it is."""
    return table(
        "How the verdict came about",
        "verdict | #minutes known | why",
        (
            (VERDICT_WORDS[one.verdict].title, f"{one.minutes:,}", " ".join(one.reasons[:1]))
            for one in report.looks
        ),
        "The verdict was not followed over time.",
    )


def milestones(report: Report) -> Table:
    """The moments that an incident document asks for; what is unknown is left out."""
    known = [(what, text) for what, text in _milestones(report.milestones) if text]
    return table("Milestones, times in UTC", "what | when", known, "None is known.")


def _milestones(found: Milestones) -> Iterator[tuple[str, str | None]]:
    yield "Deployed", _moment(found.deployed_at)
    yield "First instance served", _moment(found.rollout_started_at)
    yield "Last instance began to serve", _moment(found.rollout_ended_at)
    yield "First failing request", _moment(found.first_failure_at)
    yield "Failures rose", _moment(found.onset.at)
    yield "The verdict accused it", _after(found, found.detected_at, found.detection_min)
    yield "Failures back to usual", _after(found, found.mitigated_at, found.mitigation_min)
    yield "Most served then by", found.back_to_version
    if found.peak_failure_rate is not None and found.peak_at is not None:
        yield "Worst step", f"{_moment(found.peak_at)}: {percent(found.peak_failure_rate)} failed"


def _moment(at: str | None) -> str | None:
    return None if at is None else moment(at)


def _after(found: Milestones, at: str | None, minutes: float | None) -> str | None:
    if at is None or minutes is None:
        return _moment(at)
    return f"{moment(at)}, {number(minutes)} min after {found.beginning}"


def examples(report: Report) -> Table:
    """Traces to look at, each for a reason."""
    return table(
        "Example traces",
        "=trace | why | @start (UTC) | endpoint | outcome | #duration | exception | #alike",
        (
            (
                one.trace_id,
                one.reason,
                time(one.start_time),
                one.endpoint,
                f"{one.outcome.replace('_', ' ')} {one.http_status_code or ''}".strip(),
                milliseconds(one.duration_ms),
                one.exception_type,
                number(one.alike),
            )
            for one in report.examples
        ),
        "None.",
        _EXAMPLES_MAX,
    )


def parameters(report: Report) -> Table:
    """What every query was asked with."""
    given = report.parameters.items()
    rows = ((name, value or "(empty)") for name, value in given)
    return table("Parameters of all queries", "parameter | =value", rows)


def queries(report: Report) -> Table:
    """The queries that the report rests on, with a hash of the rows of each."""
    return table(
        "Queries and the hash of their rows",
        "=query | parameters of its own | #rows | =hash",
        (
            (
                query.name,
                " ".join(f"{key}={value}" for key, value in query.parameters.items()),
                number(query.row_count),
                query.digest,
            )
            for query in report.queries
        ),
    )
