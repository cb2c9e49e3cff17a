"""A limit for log lines that a sender could cause without end."""

import time
from collections.abc import Callable


class LogLimit:
    """Lets one line of a kind through in each interval and counts what the others would tell."""

    def __init__(self, interval_s: float = 60.0, now_s: Callable[[], float] = time.monotonic):
        """Lets the first one through."""
        self._interval_s = interval_s
        self._now_s = now_s
        self._next_s = 0.0
        self._count = 0

    def due(self, count: int) -> int | None:
        """Adds to the count; the sum since the last line if another may be written now."""
        self._count += count
        now_s = self._now_s()
        if now_s < self._next_s:
            return None
        told, self._count, self._next_s = self._count, 0, now_s + self._interval_s
        return told
