"""The one writer: puts a group of rows into the store in one transaction."""

import dataclasses
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
import pyarrow as pa

from receiver.flatten.resources import Resource
from receiver.group import Group
from receiver.ledger import Ledger
from receiver.marks import DeploymentMark, insert_mark
from receiver.store import open_store

_RESOURCE_FIELDS = tuple(field.name for field in dataclasses.fields(Resource))


class Writer:
    """Holds the store open for writing.

    `connection` is the instance that readers in this process take cursors from; it changes when the
    store had to be opened again after a failure (a full disk makes DuckDB give up the instance;
    what was committed is safe).
    """

    def __init__(self, path: Path, lock_wait_s: float) -> None:
        """Opens the store; raises StoreError."""
        self._path = path
        self._lock = threading.Lock()
        self.connection = open_store(path, lock_wait_s)
        self.ledger = Ledger(self.connection)
        self._resource_ids = self._stored_resource_ids()

    def reopen(self) -> None:
        """Opens the store again after DuckDB gave up the instance; raises StoreError if that fails
        too."""
        with self._lock:
            with suppress(duckdb.Error):
                self.connection.close()
            self.connection = open_store(self._path)
            self.ledger = Ledger(self.connection)
            self._resource_ids = self._stored_resource_ids()

    def next_request_id(self) -> int:
        """One more than the largest request id in the store."""
        return self._scalar("SELECT coalesce(max(request_id), 0) + 1 FROM store.export_requests")

    def stored_endpoints(self) -> dict[str, set[str]]:
        """The endpoints of every service in the store."""
        cursor = self.connection.cursor()
        rows = cursor.execute(
            "SELECT service_name, list(DISTINCT endpoint) FROM store.spans"
            " WHERE endpoint IS NOT NULL GROUP BY service_name"
        ).fetchall()
        cursor.close()
        return {service_name: set(endpoints) for service_name, endpoints in rows}

    def mark(self, mark: DeploymentMark) -> None:
        """Stores what somebody told us about a deployment."""
        with self._lock, _transaction(self.connection) as cursor:
            insert_mark(cursor, mark)

    def close(self) -> None:
        """Writes everything into the one file and lets go of it."""
        with self._lock:
            with suppress(duckdb.Error):
                self.connection.execute("CHECKPOINT store")
            self.connection.close()

    def commit(self, group: Group) -> None:
        """Stores a group whole, or not at all and raises duckdb.Error."""
        with self._lock, _transaction(self.connection) as cursor:
            for name, table in group.tables:
                _insert(cursor, name, table)
            fresh = [r for r in group.resources if r.resource_id not in self._resource_ids]
            if fresh:
                received = min(request.received_at_unix_nano for request in group.requests)
                _insert(cursor, "resources", _resource_table(fresh, received))
            _insert(cursor, "export_requests", _ledger_table(group))
        self.ledger.add(request.digest for request in group.requests)
        self._resource_ids.update(resource.resource_id for resource in fresh)

    def _stored_resource_ids(self) -> set[int]:
        table = self.connection.sql("SELECT resource_id FROM store.resources").to_arrow_table()
        return set(table.column("resource_id").to_pylist())

    def _scalar(self, sql: str) -> int:
        cursor = self.connection.cursor()
        row = cursor.execute(sql).fetchone()
        cursor.close()
        return int(row[0]) if row else 0


@contextmanager
def _transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    cursor = connection.cursor()
    try:
        cursor.execute("BEGIN")
        yield cursor
        cursor.execute("COMMIT")
    except BaseException:
        with suppress(duckdb.Error):
            cursor.execute("ROLLBACK")
        raise
    finally:
        with suppress(duckdb.Error):
            cursor.close()


def _insert(cursor: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    cursor.register("fresh_rows", table)
    cursor.execute(f"INSERT INTO store.{name} BY NAME SELECT * FROM fresh_rows")
    cursor.unregister("fresh_rows")


def _resource_table(resources: Sequence[Resource], received_at_unix_nano: int) -> pa.Table:
    columns = {
        name: pa.array(
            [getattr(resource, name) for resource in resources],
            pa.uint64() if name == "resource_id" else None,
        )
        for name in _RESOURCE_FIELDS
    }
    received = pa.array([received_at_unix_nano] * len(resources), pa.int64())
    return pa.table({**columns, "received_at_unix_nano": received})


def _ledger_table(group: Group) -> pa.Table:
    requests, answers = group.requests, group.answers
    return pa.table(
        {
            "request_id": pa.array(group.request_ids, pa.int64()),
            "digest": pa.array([request.digest for request in requests], pa.uuid()),
            "signal": pa.array([request.signal.value for request in requests]),
            "transport": pa.array([request.transport for request in requests]),
            "payload_bytes": pa.array([len(request.payload) for request in requests], pa.int64()),
            "accepted_count": pa.array([answer.accepted for answer in answers], pa.int64()),
            "rejected_count": pa.array([answer.rejected for answer in answers], pa.int64()),
            "rejected_reason": pa.array([answer.reason for answer in answers], pa.string()),
            "received_at_unix_nano": pa.array(
                [request.received_at_unix_nano for request in requests], pa.int64()
            ),
        }
    )
