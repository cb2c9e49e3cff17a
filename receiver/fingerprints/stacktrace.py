"""The text of `exception.stacktrace` as exceptions and frames, whatever language wrote it."""

import re
from collections.abc import Callable

from receiver.fingerprints.dialects import (
    dart,
    dotnet,
    go,
    java,
    javascript,
    php,
    python,
    ruby,
    rust,
)
from receiver.fingerprints.frame import Frame, Raised

__all__ = ["Frame", "Raised", "read"]

TEXT_LENGTH_MAX = 64 * 1024
FRAMES_MAX = 500
CHAIN_MAX = 50
# Nearly every stack shows its language in its first lines.
RECOGNISED_LENGTH = 2048

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
}

# What only that language's stacks contain, the more particular first.
MARKS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("python", re.compile(r'\n[ |]*+File "[^"\n]++", line [0-9]++, in ')),
    ("go", re.compile(r"\ngoroutine [0-9]++ \[|\n\t[^\n]+\.go:[0-9]++")),
    ("dart", re.compile(r"\n#[0-9]++ ++[^\n(]++\((?:dart|package|file):")),
    ("php", re.compile(r"\n#[0-9]++ (?:\{main\}|\[internal|[^\n(]++\([0-9]++\): )")),
    ("ruby", re.compile(r":[0-9]++:in [`'][^`'\n]++'")),
    ("rust", re.compile(r"\n *+[0-9]++: [^\n]*::|\nstack backtrace:")),
    ("php", re.compile(r"\n[ \t]++at [^\s(]++\([^)\n]*\.php:[0-9]++\)")),
    (
        "java",
        re.compile(
            r"\n[ \t]++at [^\s(]++\((?:Native Method|Unknown Source|<generated>"
            r"|[^()\s]*\.(?:java|kt|scala|groovy|clj)(?::[0-9]++)?)\)"
        ),
    ),
    (
        "dotnet",
        re.compile(
            r"\n[ \t]++at [^\n(]++\((?:[^\n]*+\n[ \t]*+--- End of "
            r"|[^)\n]*+\)(?: in [^\n]*:line [0-9]| \[0x))"
        ),
    ),
    (
        "nodejs",
        re.compile(
            r"\n[ \t]++at [^\n]*:[0-9]++(?::[0-9]++)?\)?(?=\n|\Z)"
            r"|\n[A-Za-z ]*+[^\s@]*+@\S+:[0-9]++(?=\n|\Z)"
        ),
    ),
    ("dotnet", re.compile(r"\n[ \t]++at [^\n(]++\(")),
)

# Written with the raise at the end, so that is what must be kept of a long text.
RAISE_LAST = frozenset(("python",))


def read(text: str, language: str | None) -> list[Raised]:
    """The exceptions of a stack: the recorded one first, its causes after it; empty without frames.

    `language` is `telemetry.sdk.language`. Where it is unknown, or the text is of another language
    (a launcher reports what its program wrote), the text itself tells. Of a long text 64 KiB
    are read, of an exception 500 distinct frames, of a chain 50 exceptions: work is bounded
    whatever is sent.
    """
    named = language.lower() if language else None
    told = READERS.get(named) if named else None
    chain = told(_bounded(text, named)) if told else []
    if not any(raised.frames for raised in chain):
        seen = recognise(text)
        chain = READERS[seen](_bounded(text, seen)) if seen and seen != named else []
    return [Raised(raised.type, raised.frames[:FRAMES_MAX]) for raised in chain[:CHAIN_MAX]]


def recognise(text: str) -> str | None:
    """The language whose stacks look like this text, as `telemetry.sdk.language` names it."""
    text = _bounded(text, None)
    for length in (RECOGNISED_LENGTH, len(text)):
        for language, mark in MARKS:
            if mark.search(text, 0, length):
                return language
    return None


def _bounded(text: str, language: str | None) -> str:
    """What is read of a text, as dialects expect it: after a line end, and with no other kind."""
    last = language in RAISE_LAST
    text = text[-TEXT_LENGTH_MAX:] if last else text[:TEXT_LENGTH_MAX]
    # Java and .NET on Windows.
    return "\n" + (text.replace("\r\n", "\n") if "\r" in text else text)
