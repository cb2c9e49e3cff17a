"""Everything that `deploylens serve` runs: the receiver, its local API, and the lease that leads
readers to it."""

import os
import secrets
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from analysis.catalog import Catalog
from analysis.local_api import build_app
from analysis.reading_room import ReadingRoom, lock_down
from receiver.allocator import keep_freed_memory
from receiver.http_server import HttpServer
from receiver.lease import Lease, remove_lease, write_lease
from receiver.server import Receiver
from receiver.settings import Address, ReceiverSettings
from receiver.store import SCHEMA_VERSION


@dataclass(frozen=True, slots=True)
class Serving:
    """Where a running receiver listens, and the store it writes. `api` is None when it is off."""

    store: Path
    grpc: Address
    http: Address
    api: Address | None


def serve(
    settings: ReceiverSettings, api: Address | None, on_ready: Callable[[Serving], None]
) -> None:
    """Receives until SIGINT or SIGTERM, then drains: everything that was taken is committed.

    Raises StoreError or AddressInUse before anything is received.
    """
    keep_freed_memory()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with running(settings, api) as serving:
        on_ready(serving)
        stop.wait()


@contextmanager
def running(settings: ReceiverSettings, api: Address | None) -> Iterator[Serving]:
    """A receiver in this process for the length of the block."""
    receiver = Receiver(settings)
    with ExitStack() as at_end:
        at_end.callback(receiver.stop)
        token = secrets.token_urlsafe(32)
        server = None if api is None else _api_server(receiver, api, token)
        receiver.start()
        if server is not None:
            server.start()
            at_end.callback(server.stop)
        serving = Serving(
            store=settings.store,
            grpc=receiver.grpc_address,
            http=receiver.http_address,
            api=None if server is None else server.address,
        )
        write_lease(settings.store, _lease(serving, token))
        at_end.callback(remove_lease, settings.store)
        yield serving


def _api_server(receiver: Receiver, address: Address, token: str) -> HttpServer:
    started_at_unix_nano = time.time_ns()

    def status() -> Mapping[str, object]:
        return {"pid": os.getpid(), "started_at_unix_nano": started_at_unix_nano}

    room = _Rooms(receiver)
    app = build_app(room.current, token, Catalog.load(), receiver.writer.mark, status)
    return HttpServer(app, address, "the local API", "--api")


class _Rooms:
    """The reading room of the instance that holds the store now; the receiver may have to open it
    again."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._lock = threading.Lock()
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._room: ReadingRoom | None = None

    def current(self) -> ReadingRoom:
        """The room, made anew after the store was opened again."""
        with self._lock:
            connection = self._receiver.writer.connection
            if self._room is None or connection is not self._connection:
                self._connection, self._room = connection, ReadingRoom(connection)
                lock_down(connection)
            return self._room


def _lease(serving: Serving, token: str) -> Lease:
    return Lease(
        pid=os.getpid(),
        api=None if serving.api is None else f"http://{serving.api}",
        token=token,
        grpc=str(serving.grpc),
        http=str(serving.http),
        started_at_unix_nano=time.time_ns(),
        schema_version=SCHEMA_VERSION,
    )
