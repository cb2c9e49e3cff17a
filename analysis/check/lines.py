"""What is told of a check, in lines that every rendering makes safe and lays out in its own way."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sent:
    """Text that came with telemetry: a name, a version, a message. Nothing in it is trusted."""

    text: str


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence in our words that may quote what came with telemetry. It is not trusted either."""

    text: str


@dataclass(frozen=True, slots=True)
class Typed:
    """A command to copy; what came with telemetry is quoted in it for a shell."""

    text: str


Word = str | Sent | Said | Typed

BAD, WARNING, GOOD, QUIET = "bad", "warning", "good", "quiet"


@dataclass(frozen=True, slots=True)
class Line:
    """One line; `below`: it tells more of the line above it."""

    words: tuple[Word, ...]
    tone: str = ""
    below: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """Lines under a title."""

    title: str
    lines: tuple[Line, ...]


def line(*words: Word | None, tone: str = "", below: bool = False) -> Line:
    """A line of the words that are there."""
    return Line(tuple(word for word in words if word is not None), tone, below)
