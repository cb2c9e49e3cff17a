"""The file home: a store that no receiver holds, opened read-only by this process.

An open file keeps a starting receiver waiting, so open late and close soon.
"""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from analysis.catalog import SavedQuery
from analysis.reading_room import (
    QUERY_TIMEOUT_S,
    ReadingRoom,
    SqlAnswer,
    SqlLimits,
    connect,
    lock_down,
)
from receiver.storage.statements import Statement, insert_statement
from receiver.storage.store import attach_read_only, open_store


class FileDatabase:
    """A store file, read by this process; several processes may do so at once."""

    name = "file"

    def __init__(self, store: Path) -> None:
        """Open the file; raises StoreError when it cannot be."""
        self._temporary = TemporaryDirectory(prefix="deploylens-")
        self._connection = connect(Path(self._temporary.name))
        try:
            attach_read_only(self._connection, store)
            self._room = ReadingRoom(self._connection)
            lock_down(self._connection)
        except BaseException:
            self.close()
            raise

    def run(
        self,
        query: SavedQuery,
        parameters: Mapping[str, object] | None = None,
        timeout_s: float = QUERY_TIMEOUT_S,
    ) -> pa.Table:
        """All rows of a saved query."""
        return self._room.run(query, parameters, timeout_s)

    def sql(
        self,
        text: str,
        parameters: Mapping[str, object] | None = None,
        limits: SqlLimits | None = None,
    ) -> SqlAnswer:
        """The first rows of a statement in the sandbox."""
        return self._room.sql(text, parameters, limits)

    def close(self) -> None:
        """Let go of the file, so that a receiver can have it."""
        self._connection.close()
        self._temporary.cleanup()


def tell_file(store: Path, statement: Statement) -> None:
    """Write what was told into the file, creating the store when there is none yet.

    A pipeline marks when it starts to deploy, which may be before the first span.
    """
    connection = open_store(store)
    try:
        insert_statement(connection, statement)
    finally:
        connection.close()
