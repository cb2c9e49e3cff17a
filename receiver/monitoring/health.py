"""Whether a receiver lives and whether it takes requests now, with what was seen."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from receiver.pipeline import Pipeline
from receiver.settings import ReceiverSettings
from receiver.stage import Stage

STUCK_S = 120.0
# Past this share of its limit the next request may find no room.
QUEUE_FULL = 0.9
DISK_FREE_BYTES_MIN = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """One thing that was looked at; `seen` says what was found, also when it is well."""

    name: str
    ok: bool
    seen: str


class Health:
    """Looks at the pipeline, the store and the disk of a running receiver.

    `connection` gives the DuckDB instance that holds the store now. A pipeline thread that is at
    the same group for longer than `stuck_s` seconds is taken for stuck.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        connection: Callable[[], duckdb.DuckDBPyConnection],
        settings: ReceiverSettings,
        stuck_s: float = STUCK_S,
        disk_free_bytes_min: int = DISK_FREE_BYTES_MIN,
    ) -> None:
        """Looks at nothing yet."""
        self._pipeline, self._connection, self._settings = pipeline, connection, settings
        self._stuck_s, self._disk_free_bytes_min = stuck_s, disk_free_bytes_min
        self._leaving = False
        self._preparing: str | None = None

    def prepare(self, what: str | None) -> None:
        """From now on this is done before requests are stored: it lives and is not ready; None: it
        is done."""
        self._preparing = what

    def leave(self) -> None:
        """From now on it is not ready; it still answers what it was sent."""
        self._leaving = True

    def live(self) -> list[HealthCheck]:
        """Whether both threads of the pipeline work; never waits for anything.

        Only a restart helps when one does not.
        """
        return [self._stage(stage) for stage in self._pipeline.stages]

    def is_live(self) -> bool:
        """Whether every check of `live` is well."""
        return all(check.ok for check in self.live())

    def ready(self) -> list[HealthCheck]:
        """Whether it takes requests now; waits for the store and the file system."""
        return [*self.live(), self._open(), self._queue(), self._store(), self._disk()]

    def is_ready(self) -> bool:
        """Whether every check of `ready` is well."""
        return all(check.ok for check in self.ready())

    def _stage(self, stage: Stage) -> HealthCheck:
        name = f"{stage.name}_thread"
        if stage.died:
            return HealthCheck(name, False, f"died of {stage.died}; restart the receiver")
        busy_s = stage.busy_s()
        if busy_s > self._stuck_s:
            return HealthCheck(name, False, f"at the same group for {busy_s:.0f} s")
        if self._preparing is not None:
            return HealthCheck(name, True, "starts when the store is prepared")
        if not stage.running and not self._leaving:
            return HealthCheck(name, False, "not running")
        return HealthCheck(name, True, f"busy for {busy_s:.1f} s" if busy_s else "waiting")

    def _open(self) -> HealthCheck:
        if self._leaving or self._pipeline.load().closing:
            return HealthCheck("intake", False, "stopping: send to another receiver")
        if self._preparing is not None:
            return HealthCheck("intake", False, self._preparing)
        return HealthCheck("intake", True, "open")

    def _queue(self) -> HealthCheck:
        load, most = self._pipeline.load(), self._settings.queue_bytes_max
        seen = f"{load.payload_bytes} of {most} bytes, {load.requests} requests"
        return HealthCheck("queue", load.payload_bytes < QUEUE_FULL * most, seen)

    def _store(self) -> HealthCheck:
        """A store that DuckDB gave up, or that could not be opened again, fails any statement."""
        try:
            with self._connection().cursor() as cursor:
                cursor.execute("SELECT schema_version FROM store.store_schema").fetchone()
        except duckdb.Error as error:
            return HealthCheck("store", False, f"not open: {error}")
        return HealthCheck("store", True, "open")

    def _disk(self) -> HealthCheck:
        try:
            free = disk_free_bytes(self._settings.store)
        except OSError as error:
            return HealthCheck("disk", False, f"cannot be looked at: {error.strerror}")
        least = self._disk_free_bytes_min
        seen = f"{free} bytes free, at least {least} wanted"
        return HealthCheck("disk", free >= least, seen)


def disk_free_bytes(store: Path) -> int:
    """What the file system of the store has left for this user; raises OSError."""
    return shutil.disk_usage(store.resolve().parent).free
