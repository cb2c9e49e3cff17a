"""The text of `exception.stacktrace` as exceptions and frames, whatever language wrote it."""

import re
from collections.abc import Callable

from receiver.fingerprints.dialects import (
    dart,
    dotnet,
    erlang,
    go,
    java,
    javascript,
    php,
    python,
    ruby,
    rust,
)
from receiver.fingerprints.frame import Frame, Raised
from receiver.fingerprints.language_marks import MARKS

__all__ = ["Frame", "Raised", "read"]

TEXT_LENGTH_MAX = 64 * 1024
# Of a longer text its beginning and its end are read: the raise is at one, causes at the other.
END_LENGTH = 16 * 1024
FRAMES_MAX = 500
CHAIN_MAX = 50
MESSAGE_LENGTH_MAX = 4096
# Nearly every stack shows its language in its first lines; some after a long message.
RECOGNISED_LENGTHS = (2048, 16 * 1024)

Reader = Callable[[str], list[Raised]]

# Values of telemetry.sdk.language, and the names of languages that share a stack's form with one.
READERS: dict[str, Reader] = {
    "python": python.read,
    "java": java.read,
    "kotlin": java.read,
    "scala": java.read,
    "android": java.read,
    "nodejs": javascript.read,
    "webjs": javascript.read,
    "go": go.read,
    "dotnet": dotnet.read,
    "ruby": ruby.read,
    "php": php.read,
    "rust": rust.read,
    "dart": dart.read,
    "erlang": erlang.read,
    "elixir": erlang.read,
}

# Written with the raise at the end, so more is kept there of a long text.
RAISE_LAST = frozenset(("python",))

# Escapes of terminals: colours that Ruby, Elixir and eyre write.
ESCAPE = re.compile(r"\x1b\[[0-9;]{0,32}[A-Za-z]")


def read(text: str, language: str | None) -> list[Raised]:
    """The exceptions of a stack: the recorded one first, its causes after it; empty without frames.

    `language` is `telemetry.sdk.language`. Where it is unknown, or the text is of another language
    (a launcher reports what its program wrote), the text itself tells. Of a long text 64 KiB
    are read, 16 of them from its end, of an exception 500 distinct frames, of a chain 50
    exceptions: work is bounded whatever is sent.
    """
    named = language.lower() if language else None
    for candidate in _candidates(text, named):
        chain = READERS[candidate](_bounded(text, candidate))
        if any(raised.frames for raised in chain):
            return [_limited(raised) for raised in chain[:CHAIN_MAX]]
    return []


def recognise(text: str, told: str | None = None) -> str | None:
    """The language whose stacks look like this text, as `telemetry.sdk.language` names it.

    `told` is what the sender says; it counts where a particular mark of it is in the text.
    """
    text = _bounded(text, None)
    reader = READERS.get(told or "")
    for length in RECOGNISED_LENGTHS:
        told_fits = any(
            mark.particular
            and READERS[mark.language] is reader
            and mark.pattern.search(text, 0, length)
            for mark in MARKS
        )
        if told_fits:
            return told
        for mark in MARKS:
            if mark.pattern.search(text, 0, length):
                return mark.language
    return None


def _candidates(text: str, named: str | None) -> list[str]:
    """Which languages to read the text as, until one finds frames."""
    seen = recognise(text, named)
    told = named if named in READERS else None
    return list(dict.fromkeys(name for name in (seen, told) if name))


def _limited(raised: Raised) -> Raised:
    message = raised.message[:MESSAGE_LENGTH_MAX] if raised.message else None
    return Raised(raised.type, raised.frames[:FRAMES_MAX], message)


def _bounded(text: str, language: str | None) -> str:
    """What is read of a text, as dialects expect it: after a line end, and with no other kind."""
    if len(text) > TEXT_LENGTH_MAX:
        end = TEXT_LENGTH_MAX - END_LENGTH if language in RAISE_LAST else END_LENGTH
        text = _whole_lines(text[: TEXT_LENGTH_MAX - end], text[-end:])
    if "\r" in text:  # Java and .NET on Windows
        text = text.replace("\r\n", "\n")
    return "\n" + (ESCAPE.sub("", text) if "\x1b" in text else text)


def _whole_lines(beginning: str, end: str) -> str:
    """Both parts without the line that was cut in two, where they have more than one."""
    first, _, _ = beginning.rpartition("\n")
    _, _, last = end.partition("\n")
    return f"{first or beginning}\n{last or end}"
