"""Copies a store into a new file, so that it takes no more room than its rows need.

The copy has another name until it is whole and on the disk; then it takes the place of the store in
one step. A crash before leaves the store as it was, and a draft that the next compaction removes.
"""

import os
import shutil
from pathlib import Path

import duckdb

from receiver.storage.store import StoreError, open_store

_TABLES = "SELECT table_name FROM duckdb_tables() WHERE database_name = 'store'"


def compact(path: Path) -> None:
    """Compacts a store that nobody has open; raises StoreError, and OSError when there is no room
    for the copy or its owner cannot be kept."""
    path = path.resolve()  # a link stays; what it leads to is replaced
    draft = path.with_name(f"{path.name}.compact")
    _remove(draft)
    open_store(path).close()  # checks the stamp and repairs a torn log
    try:
        with open_store(draft) as connection:
            # Attached until the end: nobody can open the old file and write what would be lost.
            connection.execute(f"ATTACH '{_escaped(path)}' AS old")
            connection.execute("CHECKPOINT old")
            _copy(connection)
            connection.execute("DETACH store")
            status = path.stat()
            os.chown(draft, status.st_uid, status.st_gid)
            shutil.copymode(path, draft)
            _sync(draft)
            draft.replace(path)
            _sync(path.parent)
    except duckdb.Error as error:
        raise StoreError(f"{path} was not compacted and is as it was: {error}") from None
    finally:
        _remove(draft)


def _copy(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("BEGIN")
    for (table,) in connection.execute(_TABLES).fetchall():
        connection.execute(f"DELETE FROM store.{table}")
        connection.execute(f"INSERT INTO store.{table} BY NAME FROM old.{table}")
    connection.execute("COMMIT")
    connection.execute("CHECKPOINT store")


def _remove(draft: Path) -> None:
    for path in (draft, draft.with_name(f"{draft.name}.wal")):
        path.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _escaped(path: Path) -> str:
    return str(path).replace("'", "''")
