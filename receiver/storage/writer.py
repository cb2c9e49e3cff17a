"""The one writer: puts a group of rows into the store in one transaction."""

import dataclasses
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
import pyarrow as pa

from receiver.flatten.resources import Resource
from receiver.group import Group
from receiver.storage.ledger import Ledger
from receiver.storage.reader_gate import ReaderGate
from receiver.storage.stacktraces import Stacktraces, delete_stacktraces, unused_stacktraces
from receiver.storage.statements import Statement, insert_statement
from receiver.storage.store import CHECKPOINT_BYTES, open_store

_RESOURCE_FIELDS = tuple(field.name for field in dataclasses.fields(Resource))
_COMMENT = "'rows as they were received'"
_REFERRING = ("spans", "exceptions", "log_records")
_UNUSED_RESOURCES = (
    "SELECT resource_id FROM store.resources WHERE received_at_unix_nano < $before"
    + "".join(f" EXCEPT SELECT resource_id FROM store.{table}" for table in _REFERRING)
)
_USED_SINCE = " UNION ".join(
    f"SELECT resource_id FROM store.{table}"
    " WHERE request_id > $seen AND resource_id IN (SELECT unnest($unused))"
    for table in _REFERRING
)


class Writer:
    """Holds the store open for writing.

    `connection` is the instance that readers in this process take cursors from; it changes when the
    store had to be opened again after a failure (a full disk makes DuckDB give up the instance;
    what was committed is safe). They pass `readers`. `make_room` is told the bytes of a group
    before it is committed, and may raise Unavailable.
    """

    def __init__(
        self, path: Path, lock_wait_s: float, checkpoint_bytes: int = CHECKPOINT_BYTES
    ) -> None:
        """Opens the store; raises StoreError."""
        self.path = path
        self.readers = ReaderGate()
        self.make_room: Callable[[int], None] = lambda _payload_bytes: None
        self._checkpoint_bytes = checkpoint_bytes
        self._lock = threading.Lock()
        self._stacktraces = Stacktraces()
        self.connection, self.ledger, self._resource_ids = self._open(lock_wait_s)

    def reopen(self) -> None:
        """Opens the store again after DuckDB gave up the instance.

        Raises StoreError or duckdb.Error if that fails too; then nothing can be committed, for the
        connection is closed.
        """
        with self._lock:
            with suppress(duckdb.Error):
                self.connection.close()
            self._stacktraces.forget()
            self.connection, self.ledger, self._resource_ids = self._open(0.0)

    def next_request_id(self) -> int:
        """One more than the largest request id that the store ever had."""
        return self._scalar(
            "SELECT 1 + greatest((SELECT max(request_id) FROM store.export_requests),"
            " (SELECT max(last_request_id) FROM store.retention_edge))"
        )

    def stored_endpoints(self) -> dict[str, set[str]]:
        """The endpoints of every service in the store."""
        cursor = self.connection.cursor()
        rows = cursor.execute(
            "SELECT service_name, list(DISTINCT endpoint) FROM store.spans"
            " WHERE endpoint IS NOT NULL GROUP BY service_name"
        ).fetchall()
        cursor.close()
        return {service_name: set(endpoints) for service_name, endpoints in rows}

    def tell(self, statement: Statement) -> None:
        """Stores what somebody told us: a deployment mark, or a decision about an exception."""
        with self._lock, _transaction(self.connection) as cursor:
            insert_statement(cursor, statement)

    @contextmanager
    def transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A transaction beside the commits of groups; it must not change the rows they write."""
        with _transaction(self.connection) as cursor:
            yield cursor

    def checkpoint(self, patience_s: float, interrupt_s: float = 0.0) -> bool:
        """Writes the log into the file; whether that also freed the blocks of deleted rows.

        Readers are waited for as in ReaderGate.closed; one that stays keeps the blocks in use.
        """
        with (
            self.readers.closed(patience_s, interrupt_s) as alone,
            self._lock,
            self.connection.cursor() as cursor,
        ):
            try:
                if alone:
                    # A checkpoint passes over a table in which nothing is new, and so over what one
                    # in a commit had to leave because somebody read. A comment is new.
                    for table in _REFERRING:
                        cursor.execute(f"COMMENT ON TABLE store.{table} IS {_COMMENT}")
                cursor.execute("CHECKPOINT store")
            except duckdb.TransactionException:  # another transaction is not over yet
                return False
        return alone

    def forget_unused_resources(self, received_before_unix_nano: int) -> int:
        """Deletes the resources first received before this that no row refers to any more; their
        number."""
        with self.transaction() as cursor:
            seen = _scalar(cursor, "SELECT max(request_id) FROM store.export_requests")
            cursor.execute(_UNUSED_RESOURCES, {"before": received_before_unix_nano})
            unused = [resource_id for (resource_id,) in cursor.fetchall()]
        if not unused:
            return 0
        with self._lock:
            try:
                deleted = self._delete_resources(unused, seen)
            except BaseException:  # a commit that raises may be durable all the same
                self._resource_ids = _stored_resource_ids(self.connection)
                raise
            self._resource_ids -= deleted
        return len(deleted)

    def forget_unused_stacktraces(self) -> int:
        """Deletes the texts of stacks that no exception refers to any more; their number."""
        with self.transaction() as cursor:
            seen = _scalar(cursor, "SELECT max(request_id) FROM store.export_requests")
            unused = unused_stacktraces(cursor)
        if not unused:
            return 0
        with self._lock:
            self._stacktraces.forget(unused)  # at once: a commit that raises may be durable
            with self.transaction() as cursor:
                return len(delete_stacktraces(cursor, unused, seen))

    def close(self) -> None:
        """Writes everything into the one file and lets go of it."""
        with self._lock:
            with suppress(duckdb.Error):
                self.connection.execute("CHECKPOINT store")
            self.connection.close()

    def commit(self, group: Group) -> None:
        """Stores a group whole, or not at all and raises duckdb.Error or Unavailable."""
        self.make_room(sum(len(request.payload) for request in group.requests))
        with self._lock, _transaction(self.connection) as cursor:
            for name, table in group.tables:
                if name == "stacktraces":
                    self._stacktraces.insert(cursor, table)
                else:
                    _insert(cursor, name, table)
            fresh = [r for r in group.resources if r.resource_id not in self._resource_ids]
            if fresh:
                received = min(request.received_at_unix_nano for request in group.requests)
                _insert(cursor, "resources", _resource_table(fresh, received))
            _insert(cursor, "export_requests", _ledger_table(group))
        self.remember(group)

    def remember(self, group: Group) -> None:
        """Takes note of a group that is stored, so that nothing of it is stored again."""
        self.ledger.add(request.digest for request in group.requests)
        self._resource_ids.update(resource.resource_id for resource in group.resources)
        for name, table in group.tables:
            if name == "stacktraces":
                self._stacktraces.remember(table)

    def _open(self, lock_wait_s: float) -> tuple[duckdb.DuckDBPyConnection, Ledger, set[int]]:
        """The store with its ledger and resource ids: all of them, or it is closed again."""
        connection = open_store(self.path, lock_wait_s, self._checkpoint_bytes)
        try:
            return connection, Ledger(connection), _stored_resource_ids(connection)
        except BaseException:
            connection.close()
            raise

    def _delete_resources(self, unused: Sequence[int], seen: int) -> set[int]:
        """Deletes those of the resources that no request after `seen` refers to; returns them."""
        with self.transaction() as cursor:
            cursor.execute(_USED_SINCE, {"seen": seen, "unused": unused})
            still_unused = set(unused) - {resource_id for (resource_id,) in cursor.fetchall()}
            cursor.execute(
                "DELETE FROM store.resources WHERE resource_id IN (SELECT unnest($unused))",
                {"unused": list(still_unused)},
            )
        return still_unused

    def _scalar(self, sql: str) -> int:
        with self.connection.cursor() as cursor:
            return _scalar(cursor, sql)


def _stored_resource_ids(connection: duckdb.DuckDBPyConnection) -> set[int]:
    with connection.cursor() as cursor:
        table = cursor.sql("SELECT resource_id FROM store.resources").to_arrow_table()
    return set(table.column("resource_id").to_pylist())


def _scalar(cursor: duckdb.DuckDBPyConnection, sql: str) -> int:
    row = cursor.execute(sql).fetchone()
    return int(row[0] or 0) if row else 0


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
