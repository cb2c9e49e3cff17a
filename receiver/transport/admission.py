"""How many bytes of requests may be in memory at a time, over all transports, and when to come back
if there are too many.

A request counts from its first byte until it is answered: while it arrives, while it is read, and
while it waits to be stored. What is refused costs the sender a delay and nobody anything else.
"""

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from receiver.errors import Unavailable

# The Collector gives up after 5 s, the SDKs after 10.
ANSWER_S_MAX = 3.0
_SHRINK, _GROW = 0.97, 1.01
_LIMIT_SHARE_MIN = 1 / 8


class Admission:
    """The bytes in flight, and the limit on them."""

    def __init__(self, bytes_max: int, retry_delay_s: float) -> None:
        """Refuses past `bytes_max`; `retry_delay_s` is the least that a refused sender waits."""
        self._bytes_max = bytes_max
        self._retry_delay_s = retry_delay_s
        self._lock = threading.Lock()
        self._limit = float(bytes_max)
        self._bytes = 0
        self._waited_s = 0.0

    @property
    def bytes_in_flight(self) -> int:
        """How many bytes count now."""
        return self._bytes

    def take(self, size: int, held: int = 0) -> None:
        """Counts so many bytes more for a request that holds some already; raises Unavailable.

        One request is always taken, however large, so that none is refused forever.
        """
        with self._lock:
            others = self._bytes - held
            if others > 0 and self._bytes + size > self._limit:
                raise self.too_much()
            self._bytes += size

    def give_back(self, size: int, waited_s: float | None = None) -> None:
        """Counts so many bytes less; `waited_s` is how long that request took to be stored."""
        with self._lock:
            self._bytes -= size
            if waited_s is not None:
                self._waited_s = waited_s
                self._adapt()

    def _adapt(self) -> None:
        """A store that is slower than usual gets a shorter queue, so that answers come before
        senders give up on them: a little less room for each late answer, a little more for each
        in time."""
        step = _SHRINK if self._waited_s > ANSWER_S_MAX else _GROW
        least = self._bytes_max * _LIMIT_SHARE_MIN
        self._limit = min(max(self._limit * step, least), float(self._bytes_max))

    @contextmanager
    def arrival(self) -> Iterator["Arrival"]:
        """A request that is on its way in; what it holds is given back at the end of the block."""
        arrival = Arrival(self)
        try:
            yield arrival
        finally:
            arrival.leave()

    def delay_s(self) -> float:
        """When to come back: a request taken now would wait about as long as the last one did.

        Between half of that and all of it, by chance, so that refused senders do not all return in
        the same moment.
        """
        longest_s = max(self._retry_delay_s, self._waited_s)
        return random.uniform(longest_s / 2, longest_s)

    def too_much(self) -> Unavailable:
        """The refusal of a request for which there is no room."""
        return Unavailable(
            f"{self._bytes} bytes are waiting to be stored, the limit is {self._limit:.0f}."
            " Send again later.",
            self.delay_s(),
            "queue_full",
        )


class Arrival:
    """The bytes of one request before it is in the queue."""

    def __init__(self, admission: Admission) -> None:
        """Holds none yet."""
        self._admission = admission
        self._held = 0

    def add(self, size: int) -> None:
        """So many bytes more have come; raises Unavailable."""
        self._admission.take(size, self._held)
        self._held += size

    def leave(self) -> None:
        """Gives back what it holds: the request is over, or the queue counts it from now on."""
        self._admission.give_back(self._held)
        self._held = 0
