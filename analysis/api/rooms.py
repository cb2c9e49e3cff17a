"""The reading room of the instance that holds the store now."""

import threading
from typing import Protocol

import duckdb

from analysis.reading_room import ANSWER_BYTES_MAX, ReadingRoom, lock_down
from receiver.storage.reader_gate import ReaderGate


class StoreHolder(Protocol):
    """What writes the store: it may have to open it again, and has another connection then."""

    @property
    def readers(self) -> ReaderGate:
        """The gate that readers pass."""

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The instance that has the store open."""


class Rooms:
    """Gives the room to whoever asks; safe to use from several threads."""

    def __init__(self, holder: StoreHolder) -> None:
        """Nobody has asked yet."""
        self._holder = holder
        self._lock = threading.Lock()
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._room: ReadingRoom | None = None

    def current(self) -> ReadingRoom:
        """The room, made anew after the store was opened again."""
        with self._lock:
            connection = self._holder.connection
            if self._room is None or connection is not self._connection:
                room = ReadingRoom(
                    connection,
                    readers=self._holder.readers,
                    answer_bytes_max=ANSWER_BYTES_MAX,
                )
                lock_down(connection)  # before anybody gets the room
                self._connection, self._room = connection, room
            return self._room
