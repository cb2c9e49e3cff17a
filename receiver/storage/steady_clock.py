"""Whether the clock may be believed before anything is deleted because of its age.

A clock that is wrong by years would make everything old at once. The computer's clock is compared
with one that cannot be set, and, for the time before this process, with the times at which requests
were received. After a step forward the new time is believed once it has held for a day.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

DAY_NS = 86_400_000_000_000
_STEP_MAX_NS = 5 * 60_000_000_000


@dataclass(frozen=True, slots=True)
class Clocks:
    """The clock that is set, in unix nanoseconds, and one that only runs, also during suspend."""

    wall: Callable[[], int]
    running: Callable[[], int]


def system_clocks() -> Clocks:
    """The clocks of this computer."""
    boot = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return Clocks(time.time_ns, lambda: time.clock_gettime_ns(boot))


class SteadyClock:
    """Remembers since when the clock has not been set."""

    def __init__(self, clocks: Clocks) -> None:
        """Believes nothing from before this moment."""
        self._clocks = clocks
        self._offset = clocks.wall() - clocks.running()
        self.steady_since = clocks.wall()

    def now(self) -> int:
        """The time in unix nanoseconds; a step since it was last asked begins a new steady time."""
        wall, running = self._clocks.wall(), self._clocks.running()
        if abs(wall - running - self._offset) > _STEP_MAX_NS:
            self.steady_since = wall
        self._offset = wall - running
        return wall

    def proven(self, now: int) -> bool:
        """Whether it has held for a day."""
        return now - self.steady_since >= DAY_NS
