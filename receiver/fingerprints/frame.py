"""One line of a stack, and one exception with its lines, the same for every language."""

from collections.abc import Iterable
from typing import NamedTuple


class Frame(NamedTuple):
    """A function that was running when an exception was raised.

    `module` and `function` hold nothing that changes between two builds of the same code: no line
    number, no address, no build directory, no number a compiler gave to a lambda. `in_app` is False
    for the language's own library, frameworks and installed packages; `reason` says how that was
    told, for people. `file` and `line` are as the text has them, None where it does not say; they
    are for people and for finding the source, and never part of a fingerprint.

    A named tuple, not a dataclass: a stack has dozens, and each is hashed and compared.
    """

    module: str
    function: str
    in_app: bool
    reason: str = ""
    file: str | None = None
    line: int | None = None

    @property
    def name(self) -> str:
        """`module.function`, or the function alone where no module is known."""
        return f"{self.module}.{self.function}" if self.module else self.function


class Raised(NamedTuple):
    """One exception of a chain: its class, each distinct frame once, and its message.

    The frame nearest the raise comes first. `type` and `message` are None where the text does not
    say. A frame that recurs stays where it first appears, so the depth of a recursion changes
    nothing.
    """

    type: str | None
    frames: tuple[Frame, ...]
    message: str | None = None


def distinct_frames(frames: Iterable[Frame]) -> tuple[Frame, ...]:
    """Each function once, at the place, file and line of its first appearance."""
    first: dict[tuple[str, str, bool], Frame] = {}
    for frame in frames:
        first.setdefault(frame[:3], frame)
    return tuple(first.values())
