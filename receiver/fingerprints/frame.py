"""One line of a stack, and one exception with its lines, the same for every language."""

from typing import NamedTuple


class Frame(NamedTuple):
    """A function that was running when an exception was raised.

    `module` and `function` hold nothing that changes between two builds of the same code: no line
    number, no address, no build directory, no number a compiler gave to a lambda. `in_app` is False
    for the language's own library, frameworks and installed packages.

    A named tuple, not a dataclass: a stack has dozens, and each is hashed and compared.
    """

    module: str
    function: str
    in_app: bool


class Raised(NamedTuple):
    """One exception of a chain: its class, and each distinct frame once, nearest the raise first.

    `type` is None where the text does not name it. A frame that recurs stays where it first
    appears, so the depth of a recursion changes nothing.
    """

    type: str | None
    frames: tuple[Frame, ...]
