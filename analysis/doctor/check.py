"""What came out of looking at one thing."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """`ok`; `warning`: works, and somebody should know; `failed`: does not work."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at, what was seen, and what to do next unless it is ok."""

    name: str
    state: State
    seen: str
    next_step: str | None = None


def ok(name: str, seen: str) -> Check:
    """It works."""
    return Check(name, State.OK, seen)


def warning(name: str, seen: str, next_step: str) -> Check:
    """It works, and somebody should know."""
    return Check(name, State.WARNING, seen, next_step)


def failed(name: str, seen: str, next_step: str) -> Check:
    """It does not work."""
    return Check(name, State.FAILED, seen, next_step)
