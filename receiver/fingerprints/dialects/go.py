"""Stacks of Go: `runtime.Stack`, a crash, and what the packages for errors print with `%+v`."""

import re
from itertools import islice

from receiver.fingerprints.dialects import go_errors
from receiver.fingerprints.dialects.go_frame import Line, frames, lines
from receiver.fingerprints.frame import Raised, distinct_frames
from receiver.fingerprints.recursion import without_callers

GOROUTINE = re.compile(r"\ngoroutine [0-9]++ ")
PANIC = re.compile(r"\n(?:panic|runtime\.gopanic)\([^\n]*+\n[^\n]*+")
# What a crash and net/http say before the stack; a panic while panicking follows on a line its own.
HEADLINE = re.compile(
    r"\n(?:(panic|fatal error|runtime): |[^\n]{0,100}?http: panic serving \S*: )([^\n]*+)"
)
RECOVERED = re.compile(r" \[recovered(?:, repanicked)?\]$")
# A value that is no error is printed with its type: main.Reason("x"), (main.Order) {...}.
VALUE_TYPE = re.compile(r"\(?(\*?[\w./-]+\.\w+)(?:\) |[({])")
# The OpenTelemetry SDK keeps 2,048 bytes of a stack, so its lower end is there or not by chance.
KEEPS_THE_TOP = "/otel/sdk/trace.recordStackTrace("
# The last lines of a whole stack, which say who started the goroutine.
WHOLE = "\ncreated by "
MAIN = "main.main"


def read(text: str) -> list[Raised]:
    """One exception: of several goroutines the first, from the statement that panicked.

    What stands above `panic` is the deferred function that recovered and reported. A span that ends
    while a panic passes recovers it and panics again, so the lowest `panic` is the first. An error
    that was wrapped on its way is one exception too: the frames begin where it was made, and its
    message is the chain that `Error()` returns.
    """
    goroutines = list(islice(GOROUTINE.finditer(text), 2))
    if not goroutines:
        return go_errors.read(text)
    end = goroutines[1].start() if len(goroutines) > 1 else len(text)
    found = _raised_lines(text[goroutines[0].start() : end])
    if not found:
        return []
    kind, message = _headline(text[: goroutines[0].start()])
    stack = frames(text, found)
    if KEEPS_THE_TOP in text and WHOLE not in text and found[-1].name != MAIN:
        stack = without_callers(stack)
    return [Raised(kind, distinct_frames(stack), message)]


def _raised_lines(section: str) -> list[Line]:
    """The frames below the lowest `panic`; all of them where none panicked."""
    raised = max((match.end() for match in PANIC.finditer(section)), default=0)
    return lines(section[raised:]) or lines(section)


def _headline(head: str) -> tuple[str | None, str | None]:
    headline = HEADLINE.search(head)
    if headline is None:
        return None, None
    message = RECOVERED.sub("", headline[2])
    typed = VALUE_TYPE.match(message)
    return (typed[1] if typed else headline[1]), message or None
