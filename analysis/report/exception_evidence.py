"""The exceptions of the report: new, regressed, escalating and gone ones."""

from analysis.formats.markdown_text import fenced
from analysis.report.contents import Report
from analysis.report.document import Document
from analysis.report.findings import (
    EscalatingException,
    GoneException,
    NewException,
    RegressedException,
)
from analysis.report.markdown_block import Markdown, block
from analysis.report.words import (
    clipped,
    counted,
    inline,
    number,
    percent,
    stack_excerpt,
    time,
    trace_cell,
)

EXCEPTIONS_MAX = 5
_MESSAGE_LENGTH_MAX = 2000

ShownException = NewException | RegressedException | EscalatingException


def exceptions(report: Report, deeper: int = 0) -> Markdown:
    """The four states that say something about the deployment, the worst first, each under a
    heading of level 3."""
    document = Document(deeper=deeper)
    for title, part in EXCEPTIONS:
        document.heading(3, title)
        document.paragraph(part(report))
    return block(document)


def new_exceptions(report: Report) -> Markdown:
    """Exceptions that had not been recorded before."""
    document, found = Document(), report.new_exceptions
    if not found:
        document.paragraph("None: nothing was recorded that had not been recorded before.")
    for exception in found[:EXCEPTIONS_MAX]:
        known = "" if exception.type_is_new else ", its type seen before elsewhere in the code"
        chance = number(exception.probability_not_new)
        _exception(
            document,
            exception,
            f"first {time(exception.first_seen)} UTC{known}",
            f"The chance to see this if it were not new: {chance}.",
            *_where(exception),
        )
    _more(document, len(found))
    return block(document)


def regressed_exceptions(report: Report) -> Markdown:
    """Exceptions that came back."""
    document, found = Document(), report.regressed_exceptions
    if not found:
        document.paragraph("None: nothing came back that was resolved or had been gone.")
    for exception in found[:EXCEPTIONS_MAX]:
        _exception(
            document,
            exception,
            f"first {time(exception.first_seen)} UTC",
            _why_regressed(exception),
            *_where(exception),
        )
    _more(document, len(found))
    return block(document)


def _why_regressed(exception: RegressedException) -> str:
    if exception.resolved_at is not None:
        return f"It was {inline(exception.why)}, said {time(exception.resolved_at)} UTC."
    absent = exception.absent_requests or 0
    return (
        f"It was gone: last seen before {time(exception.last_seen_before)} UTC, then not in"
        f" {counted(absent, 'request')}. The chance of that if it had still been there:"
        f" {number(exception.probability_absent_by_chance)}."
    )


def escalating_exceptions(report: Report) -> Markdown:
    """Known exceptions that come more often than in their history."""
    document, found = Document(), report.escalating_exceptions
    if not found:
        document.paragraph("None: nothing that was known is proven to come more often.")
    for exception in found[:EXCEPTIONS_MAX]:
        _exception(
            document,
            exception,
            f"first {time(exception.first_seen)} UTC",
            f"{number(exception.ratio)} times as often as in its history:"
            f" {percent(exception.candidate_rate)} of requests against"
            f" {percent(exception.history_rate)}; e-value {number(exception.e_value)}.",
            *_where(exception),
        )
    _more(document, len(found))
    return block(document)


def gone_exceptions(report: Report) -> Markdown:
    """Exceptions of the baseline that are missing now."""
    document, found = Document(), report.gone_exceptions
    if not found:
        document.paragraph("None: nothing that the baseline recorded is missing now.")
    for exception in found[:EXCEPTIONS_MAX]:
        _exception(
            document,
            exception,
            f"last {time(exception.last_seen)} UTC",
            "The chance not to see it if it were still there:"
            f" {number(exception.probability_not_gone)}.",
        )
    _more(document, len(found))
    return block(document)


def _where(exception: ShownException) -> list[str]:
    """Where it hits, as far as that is known."""
    parts = []
    if exception.top_endpoint is not None:
        mostly = "mostly " if exception.endpoints > 1 else ""
        parts.append(
            f"{counted(exception.endpoints, 'endpoint')} ({mostly}{inline(exception.top_endpoint)})"
        )
    if exception.instances:
        parts.append(counted(exception.instances, "instance"))
    if exception.users is not None:
        parts.append(counted(exception.users, "user"))
    if exception.share_of_failures is not None:
        parts.append(f"{percent(exception.share_of_failures)} of the failed requests")
    return [f"It hits {', '.join(parts)}."] if parts else []


def _exception(
    document: Document, exception: ShownException | GoneException, when: str, *details: str
) -> None:
    document.paragraph(
        f"**{inline(exception.exception_type or 'without a type')}**:"
        f" {counted(exception.sightings, 'time')} in {counted(exception.traces, 'trace')}, {when}.",
        *details,
        f"Fingerprint {inline(exception.fingerprint)}.",
        f"Example: {trace_cell(exception.example_trace_id)}.",
    )
    _message_and_stack(document, exception)


def _message_and_stack(document: Document, exception: ShownException | GoneException) -> None:
    """One stack trace, which begins with the message in most languages; else the message."""
    message = clipped(exception.exception_message or "", _MESSAGE_LENGTH_MAX)
    if exception.exception_stacktrace:
        document.paragraph(fenced(stack_excerpt(exception.exception_stacktrace)))
    elif message:
        document.paragraph(fenced(message))


def _more(document: Document, count: int) -> None:
    if count > EXCEPTIONS_MAX:
        document.paragraph(f"{count - EXCEPTIONS_MAX} more are left out here.")


EXCEPTIONS = (
    ("New exceptions", new_exceptions),
    ("Regressed exceptions", regressed_exceptions),
    ("Escalating exceptions", escalating_exceptions),
    ("Gone exceptions", gone_exceptions),
)
