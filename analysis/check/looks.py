"""Looking at a deployment again and again, until its gate is decided or the time is over."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from analysis.exit_code import CommandFailed
from analysis.home_error import ReceiverOverloaded, ReceiverUnreachable
from analysis.query_error import QueryInterrupted, QueryTimeout
from analysis.verdict.check import Check, Gate
from receiver.storage.store import StoreLocked

# What the next look may not meet again: a deployment that has sent nothing yet, a receiver that
# starts, is busy, or stopped the question to store or delete.
PASSING = (
    *(CommandFailed, QueryInterrupted, QueryTimeout),
    *(ReceiverOverloaded, ReceiverUnreachable, StoreLocked),
)


@dataclass(frozen=True, slots=True)
class Look:
    """What one look gave: a check, or why there is none."""

    check: Check | None
    trouble: Exception | None = None

    @property
    def is_decided(self) -> bool:
        """Whether the gate says pass or fail."""
        return self.check is not None and self.check.gate is not Gate.WAIT

    def found(self) -> Check:
        """The check; raises why there is none."""
        if self.check is None:
            raise self.trouble or LookupError("a look without an answer")
        return self.check


def looks(
    question: Callable[[], Check], interval_s: float, wait_s: float | None = None
) -> Iterator[Look]:
    """One look now and one after each interval, the last when the time is over; None: no end.

    Raises what no later look would mend.
    """
    end = None if wait_s is None else time.monotonic() + wait_s
    while True:
        yield _look(question)
        left_s = interval_s if end is None else end - time.monotonic()
        if left_s <= 0:
            return
        time.sleep(min(interval_s, left_s))


def _look(question: Callable[[], Check]) -> Look:
    try:
        return Look(question())
    except PASSING as error:
        return Look(None, error)
