"""The store: one DuckDB file, attached as catalog `store` to an in-memory instance.

The schema is stamped into the file and checked before anything else touches it. Settings that were
measured (DuckDB 2.0, 2 cores): row groups of 16,384 rows and no vacuum of small ones let a commit
of that many rows write compressed column data straight into the file instead of first into the WAL,
2.2 µs a span instead of 5 to 7.
"""

import logging
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import duckdb

from receiver.fingerprints.fingerprint import FINGERPRINT_VERSION
from receiver.storage.migration import GROUPING_SINCE, MIGRATED_VERSIONS, Migration
from receiver.storage.wal_repair import repair_wal

SCHEMA_VERSION = 4
ROW_GROUP_ROWS = 16_384
CHECKPOINT_BYTES = 128_000_000
STORAGE_VERSION = "v1.5.0"  # the newest that the DuckDB 1.5 command line reads

_LOCK_POLL_S = 0.1
_HELD = re.compile("Could not set lock on file|Conflicting lock is held|is already attached by")
_LOG = logging.getLogger(__name__)
_SCHEMA = Path(__file__).with_name("schema.sql")
_CONFIG: dict[str, str | bool | int] = {
    # Flushing gives memory back to the system that the next group needs again.
    "allocator_flush_threshold": "1TB",
    "allocator_bulk_deallocation_flush_threshold": "1TB",
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "max_vacuum_tasks": 0,
    "memory_limit": "768MB",
    "python_enable_replacements": False,
}


class StoreError(Exception):
    """The store cannot be used; the message says what was seen and what to do next."""


class StoreMissing(StoreError):
    """There is no file at this path."""


class StoreNotDuckDB(StoreError):
    """The file is not a DuckDB database, or not one of deploylens."""


class StoreSchemaMismatch(StoreError):
    """The file was written by an older or newer deploylens."""


class StoreLocked(StoreError):
    """Another process holds the file; `pid` is its process id where the system tells."""

    def __init__(self, message: str, pid: int | None) -> None:
        """Keeps the process id for whoever wants to ask that process instead."""
        super().__init__(message)
        self.pid = pid


def open_store(
    path: Path, lock_wait_s: float = 0.0, checkpoint_bytes: int = CHECKPOINT_BYTES
) -> duckdb.DuckDBPyConnection:
    """An instance with the store attached for reading and writing; creates the file if there is
    none, and adds what a store of an older version lacks.

    Waits up to `lock_wait_s` seconds for a reader to let go of the file. The write-ahead log is
    emptied when it holds `checkpoint_bytes`. Raises StoreError.
    """
    deadline = time.monotonic() + lock_wait_s
    config: dict[str, str | bool | int | float | list[str]] = {
        **_CONFIG,
        "checkpoint_threshold": f"{checkpoint_bytes}B",
        "temp_directory": f"{path}.tmp",
    }
    while True:
        connection = duckdb.connect(config=config)
        try:
            _open(connection, path)
        except StoreLocked:
            connection.close()
            if time.monotonic() >= deadline:
                raise
            time.sleep(_LOCK_POLL_S)
        except BaseException:
            connection.close()
            raise
        else:
            return connection


def attach_read_only(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Attaches the store for reading as catalog `store`; several processes may do so at once.

    Raises StoreError; the file is not touched.
    """
    found = _stamp(connection, path) if path.exists() else None
    if found is None:
        raise StoreMissing(
            f"there is no store at {path}. Start `deploylens serve --store {path}` and point an"
            f" exporter at it, or run `deploylens import --store {path} FILE`."
        )
    if found in MIGRATED_VERSIONS:
        raise StoreSchemaMismatch(
            f"{path} was written by an older deploylens and is not touched by reading. Start"
            f" `deploylens serve --store {path}` once: it adds what is missing and keeps all rows."
        )
    with _store_errors(path):
        connection.execute(f"ATTACH {_quoted(path)} AS store (READ_ONLY)")


def _open(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    options = f"STORAGE_VERSION '{STORAGE_VERSION}', ROW_GROUP_SIZE {ROW_GROUP_ROWS}"
    with _store_errors(path):
        found = None
        if path.exists() and path.stat().st_size:
            repair_wal(path)
            found = _stamp(connection, path)
        path.parent.mkdir(parents=True, exist_ok=True)
        connection.execute(f"ATTACH {_quoted(path)} AS store ({options})")
        _create_tables(connection, path, found)


def _create_tables(connection: duckdb.DuckDBPyConnection, path: Path, found: int | None) -> None:
    """Creates the tables that are missing and stamps the store, in one transaction; an older store
    is brought up to date in it."""
    if found == SCHEMA_VERSION:
        return
    connection.execute("BEGIN")
    connection.execute("USE store")
    migration = Migration(connection, found)
    for statement in duckdb.extract_statements(_SCHEMA.read_text(encoding="utf-8")):
        if _made_by(statement) not in migration.kept:
            connection.execute(statement)
    if "retention_edge" not in migration.kept:
        connection.execute("INSERT INTO retention_edge VALUES (0, NULL, NULL, 0, 0, 0)")
    migration.move_rows()
    _stamp_anew(connection, found)
    connection.execute("COMMIT")
    connection.execute("USE memory")
    if found is not None:
        connection.execute("CHECKPOINT store")
        _LOG.warning("%s was brought from schema %d to %d", path, found, SCHEMA_VERSION)


def _stamp_anew(connection: duckdb.DuckDBPyConnection, found: int | None) -> None:
    """Notes the schema, and what the stored fingerprints were made with."""
    now = time.time_ns()
    connection.execute(
        "INSERT INTO store_schema VALUES ($version, $program, $now)",
        {"version": SCHEMA_VERSION, "program": _program(), "now": now},
    )
    if found is not None and found >= GROUPING_SINCE:
        return
    grouped_by = FINGERPRINT_VERSION if found is None else 1
    connection.execute(
        "INSERT INTO grouping VALUES ($version, '', $now)", {"version": grouped_by, "now": now}
    )


def _made_by(statement: duckdb.Statement) -> str:
    """The table that a CREATE TABLE statement makes."""
    found = re.search(r"CREATE TABLE (\w+)", statement.query)
    return found[1] if found else ""


def _stamp(connection: duckdb.DuckDBPyConnection, path: Path) -> int | None:
    """The schema version of the file, which is not touched; None if nothing is in it yet, as when
    who created it was killed. Raises StoreError unless it is ours or can be made so."""
    with _store_errors(path):
        connection.execute(f"ATTACH {_quoted(path)} AS store (READ_ONLY)")
    try:
        row = connection.execute("SELECT max(schema_version) FROM store.store_schema").fetchone()
    except duckdb.CatalogException:
        if _is_empty(connection):
            return None
        raise StoreNotDuckDB(
            f"{path} is a DuckDB database, but not a store of deploylens. Name another file."
        ) from None
    finally:
        connection.execute("DETACH store")
    found = row[0] if row else None
    if found != SCHEMA_VERSION and found not in MIGRATED_VERSIONS:
        age = "an older" if found is None or found < SCHEMA_VERSION else "a newer"
        raise StoreSchemaMismatch(
            f"{path} has schema version {found}, this program reads version {SCHEMA_VERSION}."
            f" It was written by {age} deploylens and was not touched. Use that version, or another"
            " file."
        )
    return int(found)


def _is_empty(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether nobody has made a table or a view in the attached file."""
    found = connection.execute(
        "SELECT 1 FROM duckdb_tables() WHERE database_name = 'store'"
        " UNION ALL SELECT 1 FROM duckdb_views() WHERE database_name = 'store' AND NOT internal"
    ).fetchone()
    return found is None


@contextmanager
def _store_errors(path: Path) -> Iterator[None]:
    """Turns what DuckDB or the system says about a file into an error of the store."""
    try:
        yield
    except (duckdb.Error, OSError) as error:
        raise _store_error(path, str(error)) from None


def _store_error(path: Path, message: str) -> StoreError:
    if _HELD.search(message):
        found = re.search(r"PID (\d+)", message)
        pid = int(found[1]) if found else None
        holder = f"process {pid}" if pid else "another process"
        return StoreLocked(
            f"{path} is held by {holder}. One process at a time can write a store: stop that one,"
            " or name another file with --store.",
            pid,
        )
    if "Corrupt WAL" in message:
        return StoreError(
            f"the write-ahead log of {path} is torn (power lost?). Start `deploylens serve --store"
            f" {path}` once: it keeps a copy of the log and cuts it at the damage."
        )
    if "not a valid DuckDB database" in message or "not a DuckDB" in message:
        return StoreNotDuckDB(
            f"{path} is not a DuckDB database file. Name another file with --store."
        )
    return StoreError(f"{path} cannot be opened: {message}")


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _program() -> str:
    try:
        return f"deploylens {version('deploylens')}"
    except PackageNotFoundError:
        return "deploylens"
