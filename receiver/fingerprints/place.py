"""Where and as what an exception was raised: all of it but the message of one occurrence."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from receiver.fingerprints.frame import Frame, Raised, distinct_frames
from receiver.fingerprints.messages.kind import parameterize
from receiver.fingerprints.rules import GroupingRules, KeyRule
from receiver.fingerprints.stacktrace import read

TYPE_LENGTH_MAX = 500
# A script's own module has no name in a traceback; the SDK gives it this one.
_SCRIPT = "__main__."
# Go's error types that say only how a text was wrapped; what failed is in the message.
_WRAPPERS = frozenset((
    "*errors.errorString", "*errors.joinError", "*fmt.wrapError", "*fmt.wrapErrors", ".string",
    "*errors.fundamental", "*errors.withStack", "*errors.withMessage", "*withstack.withStack",
    "*errutil.leafError", "*xerrors.errorString", "*xerrors.wrapError",
))  # fmt: skip
_WRAPPED = "error"
_TERM = re.compile(r"[{(\[\"' ]")


class Cause(NamedTuple):
    """An exception that led to the recorded one: class, kind of message, in-app frames."""

    type: str
    message: str
    frames: tuple[Frame, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """An exception without its message.

    `type` is the fullest name known of its class. `frames` are those that count, nearest the raise
    first: the in-app ones, none where nothing in the chain is in-app. `top` is the in-app frame
    nearest the raise, of the causes where the exception itself has none; without any, the library's
    frame nearest the raise, which is shown but does not count. `said` is the message as the stack
    has it. `rules` are those that fit but for the message.
    """

    type: str
    frames: tuple[Frame, ...]
    causes: tuple[Cause, ...]
    top: Frame | None
    said: str
    rules: tuple[KeyRule, ...]


def place(exception_type: str | None, chain: list[Raised], rules: GroupingRules) -> Place:
    """The place of an exception whose stack was read; without a stack the chain is empty."""
    first = chain[0] if chain else Raised(None, ())
    causes = tuple(sorted(set(map(_cause, chain[1:]))))
    own = _in_app(first.frames)
    counting = [frame for frames in (own, *(c.frames for c in causes)) for frame in frames]
    in_order = [frame for raised in chain for frame in raised.frames]
    top = next((frame for frame in in_order if frame.in_app), None) or next(iter(in_order), None)
    name = _fullest(exception_type, first.type)
    return Place(
        type=name,
        frames=own,
        causes=causes,
        top=top,
        said=first.message or "",
        rules=tuple(rule for rule in rules.keys if rule.matches_place(name, counting)),
    )


def read_chain(stacktrace: str, language: str | None, rules: GroupingRules) -> list[Raised]:
    """The exceptions of a stack, their frames as the rules see them."""
    chain = read(stacktrace, language)
    if not (rules.in_app or rules.not_in_app):
        return chain
    return [raised._replace(frames=tuple(map(rules.judged, raised.frames))) for raised in chain]


def _cause(raised: Raised) -> Cause:
    message = parameterize(raised.message) if raised.message else ""
    frames = tuple(_bare(frame) for frame in _in_app(raised.frames))
    return Cause((raised.type or "")[:TYPE_LENGTH_MAX], message, frames)


def _in_app(frames: Iterable[Frame]) -> tuple[Frame, ...]:
    return distinct_frames(frame for frame in frames if frame.in_app)


def _bare(frame: Frame) -> Frame:
    """The frame without what differs between two builds: causes that recur are one."""
    return frame._replace(reason="", file=None, line=None)


def _fullest(recorded: str | None, written: str | None) -> str:
    """The class with its package where the SDK or the stack's text names it.

    The Python SDK records `shop.OrderError` on a span and `OrderError` on a log record, .NET's too;
    the text of the stack is the same in both. Java's SDK writes a nested class with a dot, its
    stacks with a dollar sign. Erlang's type may be a term with values, `error:{no_row,4711}`.
    """
    name = (recorded or written or "").removeprefix(_SCRIPT)
    if name in _WRAPPERS:
        return _WRAPPED
    if recorded and written and _last_name(recorded) == _last_name(written):
        name = max(name, written, key=len)
    name = name[:TYPE_LENGTH_MAX].replace("$", ".")
    return parameterize(name) if _TERM.search(name) else name


def _last_name(name: str) -> str:
    for separator in ("::", "\\", "/", "+", "$"):
        name = name.replace(separator, ".")
    return name.rpartition(".")[2]
