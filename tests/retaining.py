"""A store with a pipeline and its retention, and clocks that a test can set."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from receiver.export_request import Answer, read_request
from receiver.monitoring.metrics import Metrics
from receiver.pipeline import Pipeline
from receiver.settings import ReceiverSettings
from receiver.signals import Signal
from receiver.storage.disk_room import checkpoint_bytes
from receiver.storage.retention import Retention
from receiver.storage.steady_clock import Clocks, SteadyClock
from receiver.storage.writer import Writer
from tests.ingest import Request

HOUR_NS = 3_600_000_000_000
DAY_NS = 24 * HOUR_NS


@dataclass(slots=True)
class TestClock:
    """A clock that is `wall_ns` by the wall and has run for `running_ns`."""

    __test__ = False
    wall_ns: int = field(default_factory=time.time_ns)
    running_ns: int = 0

    def pass_time(self, length_ns: int) -> None:
        """Time passes, and both clocks show it."""
        self.wall_ns += length_ns
        self.running_ns += length_ns

    def steady(self) -> SteadyClock:
        """The clock as retention asks it."""
        return SteadyClock(Clocks(lambda: self.wall_ns, lambda: self.running_ns))


@dataclass(slots=True)
class Retained:
    """What a test holds: where to send, what deletes, and the time."""

    clock: TestClock
    writer: Writer
    pipeline: Pipeline
    retention: Retention

    def send(self, request: Request | bytes, signal: Signal = Signal.TRACES) -> Answer:
        """The answer to a request that is received now."""
        payload = request if isinstance(request, bytes) else request.SerializeToString()
        read = read_request(signal, "test", payload, self.clock.wall_ns)
        return self.pipeline.submit(read).answer.result(60)

    def count(self, table: str) -> int:
        """The rows of a table."""
        with self.writer.connection.cursor() as cursor:
            [(count,)] = cursor.execute(f"SELECT count(*) FROM store.{table}").fetchall()
        return int(count)


@contextmanager
def retaining(
    store: Path,
    clock: TestClock,
    retention_s: float | None = None,
    disk_bytes_max: int | None = None,
) -> Iterator[Retained]:
    """A pipeline into the store; its retention runs when the test says so."""
    writer = Writer(store, 0, checkpoint_bytes(disk_bytes_max))
    metrics = Metrics()
    pipeline = Pipeline(writer, ReceiverSettings(store=store), metrics)
    retention = Retention(writer, metrics.store, retention_s, disk_bytes_max, clock.steady())
    pipeline.start()
    try:
        yield Retained(clock, writer, pipeline, retention)
    finally:
        retention.stop()
        pipeline.close()
        writer.close()
