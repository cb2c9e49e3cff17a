"""Stack traces as an incident brings them: a few groups, again and again, many with an id in their
message."""

import random
from dataclasses import dataclass
from functools import cache

STACK_BYTES = 3_000
_IN_APP_EVERY = 4
_TYPES = 7


@dataclass(frozen=True, slots=True)
class Failure:
    """One recorded exception."""

    type: str
    message: str
    stacktrace: str


def failure(groups: int, random_source: random.Random) -> Failure:
    """An exception of one of so many groups. In every second group each has an id of its own in
    the message."""
    group = random_source.randrange(groups)
    order = f"order {random_source.randrange(1_000_000)}" if group % 2 else f"list {group}"
    kind, message = f"shop.Error{group % _TYPES}", f"no price for {order}"
    return Failure(kind, message, f"{_frames(group)}{kind}: {message}\n")


@cache
def _frames(group: int) -> str:
    """A traceback of STACK_BYTES without its last line: every fourth frame is our own."""
    lines = random.Random(group)
    text = "Traceback (most recent call last):\n"
    number = 0
    while len(text) < STACK_BYTES:
        own = number % _IN_APP_EVERY == 0
        name = f"step_{group}_{number}" if own else f"call_{number}"
        folder = "/app/shop" if own else "/usr/lib/python3.12/site-packages/flask"
        text += (
            f'  File "{folder}/{name}.py", line {lines.randrange(1, 900)}, in {name}\n'
            f"    return {name}(order, context=context)\n"
        )
        number += 1
    return text
