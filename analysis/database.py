"""The one way to ask a store, wherever it is: `open_database(store).run(query, parameters)`.

A DuckDB file that one process writes cannot be opened by another, not even for reading. So a store
has two homes: the file, when nobody writes it; else the receiver that does, found by the lease it
leaves beside the store. Who asks never sees the difference: while a receiver starts or stops, the
question waits and goes where the store then is.
"""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self, TypeVar

import pyarrow as pa

from analysis.catalog import SavedQuery
from analysis.home_error import LeaseUnreadable, ReceiverApiOff, ReceiverUnreachable
from analysis.query_error import QueryError
from analysis.reading_room import QUERY_TIMEOUT_S, SqlAnswer, SqlLimits
from receiver.lease import Lease, lease_path, process_lives, read_lease
from receiver.storage.marks import DeploymentMark
from receiver.storage.statements import Statement
from receiver.storage.store import StoreError, StoreLocked

HOME_WAIT_S = 5.0
_POLL_S = 0.1

__all__ = [
    "Database",
    "Home",
    "LeaseUnreadable",
    "ReceiverApiOff",
    "SqlAnswer",
    "SqlLimits",
    "mark_deployment",
    "open_database",
    "tell_store",
]

Answer = TypeVar("Answer")


class Home(Protocol):
    """Where a store is asked: the file, or the receiver that writes it."""

    name: str

    def run(
        self, query: SavedQuery, parameters: Mapping[str, object] | None, timeout_s: float
    ) -> pa.Table:
        """All rows of a saved query."""

    def sql(
        self, text: str, parameters: Mapping[str, object] | None, limits: SqlLimits | None
    ) -> SqlAnswer:
        """The first rows of a statement in the sandbox."""

    def close(self) -> None:
        """Let go of the store."""


class Database:
    """A store that can be asked. Close it soon: an open file keeps a starting receiver waiting."""

    def __init__(self, store: Path, wait_s: float = HOME_WAIT_S) -> None:
        """Find the store's home; raises StoreError when it has none within `wait_s` seconds."""
        self._store, self._wait_s = store, wait_s
        self._home = _find_home(store, wait_s)

    @property
    def home(self) -> str:
        """Where the store is asked now: `file` or `receiver`."""
        return self._home.name

    def run(
        self,
        query: SavedQuery,
        parameters: Mapping[str, object] | None = None,
        timeout_s: float = QUERY_TIMEOUT_S,
    ) -> pa.Table:
        """All rows of a saved query; what is not given takes its default.

        Raises ParameterError, QueryError or StoreError.
        """
        try:
            return self._asked(lambda home: home.run(query, parameters, timeout_s))
        except QueryError as error:
            raise type(error)(f"{query.name}: {error}") from error

    def sql(
        self,
        text: str,
        parameters: Mapping[str, object] | None = None,
        limits: SqlLimits | None = None,
    ) -> SqlAnswer:
        """The first rows of one SELECT that somebody else wrote, run in the sandbox.

        Raises QueryError or StoreError.
        """
        return self._asked(lambda home: home.sql(text, parameters, limits))

    def close(self) -> None:
        """Let go of the store."""
        self._home.close()

    def __enter__(self) -> Self:
        """The database itself, to be closed at the end of the block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let go of the store."""
        self.close()

    def _asked(self, question: Callable[[Home], Answer]) -> Answer:
        """The answer; asked once more where the store is now, should its receiver have gone."""
        try:
            return question(self._home)
        except ReceiverUnreachable:
            self._home.close()
            self._home = _find_home(self._store, self._wait_s)
            return question(self._home)


def open_database(store: Path, wait_s: float = HOME_WAIT_S) -> Database:
    """The store at this path, ready to be asked. Raises StoreError saying what to do next."""
    return Database(store, wait_s)


def mark_deployment(store: Path, mark: DeploymentMark, wait_s: float = HOME_WAIT_S) -> None:
    """Write the mark as `tell_store` does."""
    tell_store(store, mark, wait_s)


def tell_store(store: Path, statement: Statement, wait_s: float = HOME_WAIT_S) -> None:
    """Write a mark or a decision wherever the store is; one that is not there yet is created.

    Raises StoreError.
    """

    def at_file(path: Path) -> None:
        from analysis.file_database import tell_file

        tell_file(path, statement)

    def at_receiver(lease: Lease) -> None:
        from analysis.receiver_database import ReceiverDatabase

        home = ReceiverDatabase(lease)
        try:
            home.tell(statement)
        finally:
            home.close()

    _at_home(store, wait_s, at_file, at_receiver)


def _find_home(store: Path, wait_s: float) -> Home:
    # Each home loads what only it needs: httpx alone takes longer than the file's first answer.
    def at_file(path: Path) -> Home:
        from analysis.file_database import FileDatabase

        return FileDatabase(path)

    def at_receiver(lease: Lease) -> Home:
        from analysis.receiver_database import ReceiverDatabase

        return ReceiverDatabase(lease)

    return _at_home(store, wait_s, at_file, at_receiver)


def _at_home(
    store: Path,
    wait_s: float,
    at_file: Callable[[Path], Answer],
    at_receiver: Callable[[Lease], Answer],
) -> Answer:
    """Do it where the store is. A receiver that starts or stops meanwhile is waited for.

    Each round asks the receiver whose lease lies there, if it lives, and else the file; a lease
    whose receiver does not answer may be left over, so the file is tried then too.
    """
    path = store.expanduser().resolve()
    deadline = time.monotonic() + wait_s
    while True:
        lease, refusal = _living_lease(path)
        if lease is not None:
            try:
                return at_receiver(lease)
            except ReceiverUnreachable as error:
                refusal = error
        try:
            return at_file(path)
        except StoreLocked as locked:
            if time.monotonic() >= deadline:
                raise (refusal or locked) from None
        time.sleep(_POLL_S)


def _living_lease(store: Path) -> tuple[Lease | None, StoreError | None]:
    """The lease of a receiver that lives and can be asked; or why it cannot, if one is there."""
    try:
        lease = read_lease(store)
    except PermissionError:
        return None, LeaseUnreadable(
            f"{store} is held by a receiver of another user: {lease_path(store)} may be read by its"
            " owner only. Ask as that user."
        )
    if lease is None or not process_lives(lease.pid):
        return None, None
    if lease.api is None:
        return None, ReceiverApiOff(
            f"{store} is held by a receiver (process {lease.pid}) that offers no local API."
            " Start it without '--api off', or stop it to read the file."
        )
    return lease, None
