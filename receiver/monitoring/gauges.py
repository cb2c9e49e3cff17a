"""What a receiver is like at the moment somebody asks."""

from collections.abc import Callable
from pathlib import Path

from receiver.monitoring.health import Health, disk_free_bytes
from receiver.monitoring.metrics import Metrics
from receiver.pipeline import Pipeline
from receiver.settings import ReceiverSettings
from receiver.storage.retention import Retention


def add_gauges(
    metrics: Metrics,
    pipeline: Pipeline,
    retention: Retention,
    health: Health,
    settings: ReceiverSettings,
) -> None:
    """Adds the queue, the store's size, the disk and the health to the metrics."""
    store = settings.store
    wal = store.with_name(store.name + ".wal")
    gauges: list[tuple[str, str, Callable[[], float]]] = [
        ("ready", "1 when it takes requests now, else 0.", health.is_ready),
        (
            "queue_bytes",
            "Bytes of requests that are not answered yet.",
            lambda: pipeline.load().payload_bytes,
        ),
        (
            "queue_requests",
            "Requests that are not answered yet.",
            lambda: pipeline.load().requests,
        ),
        (
            "queue_bytes_limit",
            "Bytes from which on requests are refused.",
            lambda: settings.queue_bytes_max,
        ),
        ("store_file_bytes", "Size of the store's file.", lambda: _size_bytes(store)),
        ("store_wal_bytes", "Size of its write-ahead log.", lambda: _size_bytes(wal)),
        (
            "retention_last_run_timestamp_seconds",
            "When old rows were last looked for, 0 before the first time.",
            lambda: (retention.last_run_unix_nano or 0) / 1e9,
        ),
        (
            "disk_free_bytes",
            "Bytes left on the file system of the store.",
            lambda: disk_free_bytes(store),
        ),
    ]
    for name, text, read in gauges:
        metrics.gauge(f"deploylens_{name}", text, read)


def _size_bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
