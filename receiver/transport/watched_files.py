"""Files that are read again when they change, without a restart."""

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

CHECK_INTERVAL_S = 1.0

# Times of modification and of change, inode and size of each file; None for one that is not there.
# A new owner or mode, and a time of modification that was set back, show in the time of change.
Stamp = tuple[tuple[int, int, int, int] | None, ...]


class WatchedFiles:
    """Tells whether any of some files changed; looks at them at most once an interval.

    Links are followed, so a mounted secret that is swapped by its link counts as changed.
    """

    def __init__(
        self, paths: Sequence[Path], clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        """The files as they are now count as seen."""
        self._paths = tuple(paths)
        self._clock_s = clock_s
        self._lock = threading.Lock()
        self._seen = self._stamp()
        self._next_check_s = clock_s() + CHECK_INTERVAL_S

    def changed(self) -> bool:
        """Whether the files are others than when this was last true; one caller is told."""
        if self._clock_s() < self._next_check_s:
            return False
        with self._lock:
            if self._clock_s() < self._next_check_s:
                return False
            self._next_check_s = self._clock_s() + CHECK_INTERVAL_S
            stamp = self._stamp()
            if stamp == self._seen:
                return False
            self._seen = stamp
            return True

    def _stamp(self) -> Stamp:
        return tuple(_stamp_of(path) for path in self._paths)


def _stamp_of(path: Path) -> tuple[int, int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_size
