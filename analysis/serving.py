"""Everything that `deploylens serve` runs: the receiver, its local API, and the lease that leads
readers to it."""

import logging
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from analysis.api_turns import Turns
from analysis.catalog import Catalog
from analysis.check_api import check_routes, default_thresholds
from analysis.exit_code import ExitCode
from analysis.local_api import build_app
from analysis.reading_room import ANSWER_BYTES_MAX, ReadingRoom, lock_down
from analysis.service_manager import ServiceManager
from analysis.stop_signals import StopSignals
from analysis.verdict.thresholds import Thresholds
from receiver.allocator import keep_freed_memory, sparing_started_objects
from receiver.lease import Lease, remove_lease, write_lease
from receiver.monitoring.metrics import program_version
from receiver.server import Receiver
from receiver.settings import Address, ReceiverSettings
from receiver.storage.reader_gate import STOP_WAIT_S
from receiver.storage.regrouping import Progress
from receiver.storage.store import SCHEMA_VERSION
from receiver.transport.exposure import exposure_warnings
from receiver.transport.http_server import HttpServer
from receiver.transport.listener import Listener

ThresholdsOf = Callable[[str], Thresholds]

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Serving:
    """Where a running receiver listens, and the store it writes. `api` is None when it is off."""

    store: Path
    grpc: Address
    http: Address
    api: Address | None


def serve(
    settings: ReceiverSettings,
    api: Address | None,
    on_ready: Callable[[Serving], None],
    thresholds: ThresholdsOf = default_thresholds,
) -> None:
    """Receives until SIGINT or SIGTERM, then drains: everything that was taken is committed.

    A second signal ends the process at once; what was acknowledged is stored then too. Raises
    StoreError or AddressInUse before anything is received. Must be called in the main thread, which
    does nothing but wait for signals.
    """
    keep_freed_memory()
    now: list[tuple[Serving, Receiver]] = []
    stop = StopSignals(lambda: _end_at_once(now))
    with stop.caught(), ThreadPoolExecutor(1, "deploylens-serve") as thread:
        served = thread.submit(_serve, settings, api, on_ready, thresholds, stop, now)
        try:
            served.result()
        except _StoppedAtStart:
            _LOG.info("stopped while stored exceptions were grouped again; nothing was changed")


def _serve(
    settings: ReceiverSettings,
    api: Address | None,
    on_ready: Callable[[Serving], None],
    thresholds: ThresholdsOf,
    stop: StopSignals,
    now: list[tuple[Serving, Receiver]],
) -> None:
    manager = ServiceManager()
    with (
        manager.watched(lambda: all(receiver.health.is_live() for _, receiver in now)),
        _started(settings, api, thresholds, _regrouping(manager, stop)) as (serving, receiver),
        sparing_started_objects(),
    ):
        now.append((serving, receiver))
        _LOG.info("started", extra=_facts(serving, settings))
        for warning in exposure_warnings(settings):
            _LOG.warning("%s", warning)
        on_ready(serving)
        manager.tell("READY=1", f"STATUS=receives on {serving.grpc} and {serving.http}")
        stop.asked.wait()
        load = receiver.load()
        manager.tell("STOPPING=1", f"STATUS=drains {load.requests} requests")
        _LOG.info("stopping", extra={"requests_waiting": load.requests})
    _LOG.info("stopped", extra=receiver.metrics.totals())


def _regrouping(manager: ServiceManager, stop: StopSignals) -> Progress:
    """Asks the service manager for more time, and ends what is done when a signal came."""

    def on_progress(done: int, total: int) -> None:
        status = f"STATUS=groups stored exceptions again: {done} of {total}"
        manager.tell("EXTEND_TIMEOUT_USEC=60000000", status)
        if stop.asked.is_set():
            raise _StoppedAtStart

    return on_progress


class _StoppedAtStart(Exception):
    """A signal came before anything was received."""


def _facts(serving: Serving, settings: ReceiverSettings) -> dict[str, object]:
    """What an operator wants to know of a receiver that starts; no secret is among it."""
    return {
        "version": program_version(),
        "pid": os.getpid(),
        "store": str(serving.store),
        "grpc": str(serving.grpc),
        "http": str(serving.http),
        "api": str(serving.api or "off"),
        "tls": settings.tls is not None,
        "request_bytes_max": settings.request_bytes_max,
        "queue_bytes_max": settings.queue_bytes_max,
        "retention_s": settings.retention_s,
        "disk_bytes_max": settings.disk_bytes_max,
    }


def _end_at_once(now: list[tuple[Serving, Receiver]]) -> None:
    """Ends the process without waiting for anything; called by the second signal."""
    for serving, receiver in now:
        load = receiver.load()
        _LOG.warning(
            "stopped at once by a second signal: requests that were not acknowledged may not be"
            " stored, and their senders will send them again; what was acknowledged is stored",
            extra={"requests": load.requests, "request_bytes": load.payload_bytes},
        )
        remove_lease(serving.store)
    logging.shutdown()
    os._exit(ExitCode.INTERRUPTED)


@contextmanager
def running(
    settings: ReceiverSettings,
    api: Address | None,
    thresholds: ThresholdsOf = default_thresholds,
) -> Iterator[Serving]:
    """A receiver in this process for the length of the block."""
    with _started(settings, api, thresholds) as (serving, _receiver):
        yield serving


@contextmanager
def _started(
    settings: ReceiverSettings,
    api: Address | None,
    thresholds: ThresholdsOf,
    on_regrouping: Progress | None = None,
) -> Iterator[tuple[Serving, Receiver]]:
    """At the end the receiver drains while the local API still answers, then that stops, and then
    the store is closed."""
    with ExitStack() as at_end:
        listener = None if api is None else Listener(api, "the local API", "--api")
        if listener is not None:
            at_end.callback(listener.close)
        receiver = Receiver(settings)
        at_end.callback(receiver.close)
        at_end.callback(receiver.drain)  # again if it was not reached below; then nothing is left
        token = secrets.token_urlsafe(32)
        receiver.start(on_regrouping)
        server = None if listener is None else _api_server(receiver, listener, token, thresholds)
        if server is not None:
            server.start()
            at_end.callback(_stop_questions, receiver)  # those that came meanwhile
            at_end.callback(server.stop)
            at_end.callback(_stop_questions, receiver)  # an endless one would hold up the end
        serving = Serving(
            store=settings.store,
            grpc=receiver.grpc_address,
            http=receiver.http_address,
            api=None if server is None else server.address,
        )
        write_lease(settings.store, _lease(serving, token))
        at_end.callback(remove_lease, settings.store)
        at_end.callback(receiver.drain)
        yield serving, receiver


def _stop_questions(receiver: Receiver) -> None:
    with receiver.writer.readers.closed(0.0, STOP_WAIT_S):
        pass


def _api_server(
    receiver: Receiver, listener: Listener, token: str, thresholds: ThresholdsOf
) -> HttpServer:
    started_at_unix_nano = time.time_ns()

    def status() -> Mapping[str, object]:
        return {"pid": os.getpid(), "started_at_unix_nano": started_at_unix_nano}

    room, catalog, turns = _Rooms(receiver), Catalog.load(), Turns()
    app = build_app(
        room.current,
        token,
        catalog,
        receiver.writer.tell,
        status,
        turns,
        open_routes=receiver.routes(),
        more_routes=[
            *receiver.import_routes(),
            *check_routes(room.current, catalog, thresholds, turns),
        ],
    )
    return HttpServer(app, listener)


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
                room = ReadingRoom(
                    connection,
                    readers=self._receiver.writer.readers,
                    answer_bytes_max=ANSWER_BYTES_MAX,
                )
                lock_down(connection)  # before anybody gets the room
                self._connection, self._room = connection, room
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
