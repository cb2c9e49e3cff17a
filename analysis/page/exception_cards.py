"""Exceptions as the page shows them: what they are, how sure that is, and a stack trace."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analysis.page.table import cell_text
from analysis.report.contents import Report
from analysis.report.findings import (
    EscalatingException,
    GoneException,
    NewException,
    RegressedException,
)
from analysis.report.words import clipped, counted, number, percent, stack_excerpt, time
from analysis.safe_text import shown_lines

_CARDS_MAX = 5
_MESSAGE_LENGTH_MAX = 2000

Known = NewException | RegressedException | EscalatingException | GoneException


@dataclass(frozen=True, slots=True)
class Card:
    """One exception group. `stack` is its stack trace, else its message; empty without both."""

    type: str
    said: tuple[str, ...]
    fingerprint: str
    trace_id: str | None
    stack: str


@dataclass(frozen=True, slots=True)
class Group:
    """The exceptions of one state, and how many more there are; `none` says what it means that
    there are none."""

    title: str
    cards: tuple[Card, ...]
    left_out: int
    none: str


def exception_groups(report: Report) -> tuple[Group, ...]:
    """A group for each state that says something about the deployment, the worst first."""
    return (
        _group(
            "New exceptions",
            report.new_exceptions,
            "None: nothing was recorded that had not been recorded before.",
        ),
        _group(
            "Regressed exceptions",
            report.regressed_exceptions,
            "None: nothing came back that was resolved or had been gone.",
        ),
        _group(
            "Escalating exceptions",
            report.escalating_exceptions,
            "None: nothing that was known is proven to come more often.",
        ),
        _group(
            "Gone exceptions",
            report.gone_exceptions,
            "None: nothing that the baseline recorded is missing now.",
        ),
    )


def _group(title: str, found: Sequence[Known], none: str) -> Group:
    cards = tuple(_card(one) for one in found[:_CARDS_MAX])
    return Group(title, cards, max(0, len(found) - _CARDS_MAX), none)


def _card(one: Known) -> Card:
    count = f"{counted(one.sightings, 'time')} in {counted(one.traces, 'trace')}"
    when = (
        f"last {time(one.last_seen)}"
        if isinstance(one, GoneException)
        else f"first {time(one.first_seen)}"
    )
    stack = one.exception_stacktrace
    message = clipped(one.exception_message or "", _MESSAGE_LENGTH_MAX)
    return Card(
        type=cell_text(one.exception_type or "without a type"),
        said=(f"{count}, {when} UTC.", *_sure(one), *_where(one)),
        fingerprint=cell_text(one.fingerprint),
        trace_id=None if one.example_trace_id is None else cell_text(one.example_trace_id),
        stack=shown_lines(stack_excerpt(stack) if stack else message),
    )


def _sure(one: Known) -> Iterator[str]:
    """Why it is in this state, and how likely chance is."""
    match one:
        case NewException():
            if not one.type_is_new:
                yield "Its type was seen before elsewhere in the code."
            yield (f"The chance to see this if it were not new: {number(one.probability_not_new)}.")
        case RegressedException() if one.resolved_at is not None:
            yield f"It was {cell_text(one.why)}, said {time(one.resolved_at)} UTC."
        case RegressedException():
            yield (
                f"It was gone: last seen before {time(one.last_seen_before)} UTC, then not in"
                f" {counted(one.absent_requests or 0, 'request')}. The chance of that if it had"
                f" still been there: {number(one.probability_absent_by_chance)}."
            )
        case EscalatingException():
            yield (
                f"{number(one.ratio)} times as often as in its history:"
                f" {percent(one.candidate_rate)} of requests against {percent(one.history_rate)};"
                f" e-value {number(one.e_value)}."
            )
        case GoneException():
            yield (
                "The chance not to see it if it were still there:"
                f" {number(one.probability_not_gone)}."
            )


def _where(one: Known) -> Iterator[str]:
    """Where it hits, as far as that is known."""
    if isinstance(one, GoneException):
        return
    parts = []
    if one.top_endpoint is not None:
        mostly = "mostly " if one.endpoints > 1 else ""
        parts.append(
            f"{counted(one.endpoints, 'endpoint')} ({mostly}{cell_text(one.top_endpoint)})"
        )
    if one.instances:
        parts.append(counted(one.instances, "instance"))
    if one.users is not None:
        parts.append(counted(one.users, "user"))
    if one.share_of_failures is not None:
        parts.append(f"{percent(one.share_of_failures)} of the failed requests")
    if parts:
        yield f"It hits {', '.join(parts)}."
