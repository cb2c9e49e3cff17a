"""What became of requests on their way into the store, counted once per group."""

import time
from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from receiver.group import Group

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
_ROWS = (1, 8, 64, 512, 2048, 8192, 16_384, 32_768, 65_536, 131_072)


class StoreMetrics:
    """Counters of rows, groups and failures of the store."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Adds them to this registry, all zero."""
        self._rows = Counter(
            "deploylens_store_rows_total", "Rows committed.", ("table",), registry=registry
        )
        self._group_rows = Histogram(
            "deploylens_group_rows",
            "Rows of all tables that one transaction committed.",
            buckets=_ROWS,
            registry=registry,
        )
        self._decode_seconds = Histogram(
            "deploylens_decode_seconds",
            "To turn the requests of one group into rows.",
            buckets=_SECONDS,
            registry=registry,
        )
        self._commit_seconds = Histogram(
            "deploylens_commit_seconds",
            "To commit one group durably.",
            buckets=_SECONDS,
            registry=registry,
        )
        self._last_commit = Gauge(
            "deploylens_last_commit_timestamp_seconds",
            "When the last group was committed, 0 before the first.",
            registry=registry,
        )
        self._failures = Counter(
            "deploylens_store_failures_total",
            "Groups that the store failed to take; their senders were told to come back.",
            registry=registry,
        )
        self._reopened = Counter(
            "deploylens_store_reopened_total",
            "Times the store was opened again after a failure.",
            registry=registry,
        )
        self._deleted = Counter(
            "deploylens_retention_deleted_rows_total",
            "Rows deleted because of their age or the size of the store.",
            ("table",),
            registry=registry,
        )

    def decoded(self, seconds: float) -> None:
        """A group was turned into rows."""
        self._decode_seconds.observe(seconds)

    def committed(self, group: Group, seconds: float) -> None:
        """A group is durable."""
        self._commit_seconds.observe(seconds)
        self._group_rows.observe(sum(len(table) for _, table in group.tables))
        for name, table in group.tables:
            self._rows.labels(name).inc(len(table))
        self._last_commit.set(time.time())

    def failed(self) -> None:
        """The store did not take a group."""
        self._failures.inc()

    def reopened(self) -> None:
        """The store was opened again."""
        self._reopened.inc()

    def deleted(self, rows: Mapping[str, int]) -> None:
        """Retention deleted rows; their number by table."""
        for table, count in rows.items():
            self._deleted.labels(table).inc(count)
