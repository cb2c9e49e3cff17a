"""Everything that `deploylens serve` runs: the receiver, its local API, and the lease that leads
readers to it."""

import logging
import os
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from analysis.announcing.announcer import Announcer, Rhythm
from analysis.announcing.looking import Looking
from analysis.announcing.targets import Targets
from analysis.api.checks import check_routes
from analysis.api.gate_app import gate_app
from analysis.api.local import build_app
from analysis.api.room_checks import default_thresholds, room_checks
from analysis.api.rooms import Rooms
from analysis.api.shared_checks import SharedChecks
from analysis.api.turns import ApiLimits, Turns
from analysis.catalog import Catalog
from analysis.exit_code import ExitCode
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
from receiver.transport.api_keys import ApiKeys
from receiver.transport.exposure import exposure_warnings
from receiver.transport.http_server import HttpServer
from receiver.transport.listener import Listener
from receiver.transport.tls import Certificates

ThresholdsOf = Callable[[str], Thresholds]
GATE_LIMITS = ApiLimits(queries_max=2, waiting_max=64)

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Serving:
    """Where a running receiver listens, and the store it writes. `api` and `gate` are None when
    they are off."""

    store: Path
    grpc: Address
    http: Address
    api: Address | None
    gate: Address | None = None


@dataclass(frozen=True, slots=True)
class Offered:
    """What a receiver offers to those who ask: commands of its host at `api`, pipelines on other
    machines at `gate` (None: nowhere), by which thresholds it judges; and to which `targets` it
    announces, in which `rhythm`."""

    api: Address | None
    gate: Address | None = None
    thresholds: ThresholdsOf = default_thresholds
    targets: Targets = field(default_factory=Targets)
    rhythm: Rhythm = field(default_factory=Rhythm)


def serve(
    settings: ReceiverSettings, offered: Offered, on_ready: Callable[[Serving], None]
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
        served = thread.submit(_serve, settings, offered, on_ready, stop, now)
        try:
            served.result()
        except _StoppedAtStart:
            _LOG.info("stopped while stored exceptions were grouped again; nothing was changed")


def _serve(
    settings: ReceiverSettings,
    offered: Offered,
    on_ready: Callable[[Serving], None],
    stop: StopSignals,
    now: list[tuple[Serving, Receiver]],
) -> None:
    manager = ServiceManager()
    with (
        manager.watched(lambda: all(receiver.health.is_live() for _, receiver in now)),
        _started(settings, offered, _regrouping(manager, stop)) as (serving, receiver),
        sparing_started_objects(),
    ):
        now.append((serving, receiver))
        _LOG.info("started", extra=_facts(serving, settings))
        for warning in exposure_warnings(settings, offered.gate):
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
        "gate": str(serving.gate or "off"),
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
    gate: Address | None = None,
) -> Iterator[Serving]:
    """A receiver in this process for the length of the block."""
    with _started(settings, Offered(api, gate, thresholds)) as (serving, _receiver):
        yield serving


@contextmanager
def _started(
    settings: ReceiverSettings, offered: Offered, on_regrouping: Progress | None = None
) -> Iterator[tuple[Serving, Receiver]]:
    """At the end the receiver drains while questions are still answered, then that stops, and then
    the store is closed."""
    with ExitStack() as at_end:
        api = _listener(at_end, offered.api, "the local API", "--api")
        gate = _listener(at_end, offered.gate, "gates", "--gate")
        receiver = Receiver(settings)
        at_end.callback(receiver.close)
        at_end.callback(receiver.drain)  # again if it was not reached below; then nothing is left
        token = secrets.token_urlsafe(32)
        receiver.start(on_regrouping)
        asked = _AskedReceiver(receiver, settings, offered.thresholds)
        servers = [asked.api_server(api, token)] if api else []
        servers += [asked.gate_server(gate)] if gate else []
        for server in servers:
            server.start()
            at_end.callback(_stop_questions, receiver)  # those that came meanwhile
            at_end.callback(server.stop)
            at_end.callback(_stop_questions, receiver)  # an endless one would hold up the end
        serving = Serving(
            store=settings.store,
            grpc=receiver.grpc_address,
            http=receiver.http_address,
            api=api.address if api else None,
            gate=gate.address if gate else None,
        )
        write_lease(settings.store, _lease(serving, token))
        at_end.callback(remove_lease, settings.store)
        at_end.callback(receiver.drain)
        if offered.targets.all:
            announcer = asked.announcer(offered)
            at_end.callback(announcer.stop)
            announcer.start()
        yield serving, receiver


def _stop_questions(receiver: Receiver) -> None:
    with receiver.writer.readers.closed(0.0, STOP_WAIT_S):
        pass


def _listener(
    at_end: ExitStack, address: Address | None, purpose: str, flag: str
) -> Listener | None:
    """The port, which is bound before the store is touched; None if there is no address."""
    if address is None:
        return None
    listener = Listener(address, purpose, flag)
    at_end.callback(listener.close)
    return listener


class _AskedReceiver:
    """The servers that answer questions about the store of a receiver."""

    def __init__(
        self, receiver: Receiver, settings: ReceiverSettings, thresholds: ThresholdsOf
    ) -> None:
        self._receiver, self._settings, self._thresholds = receiver, settings, thresholds
        self._room, self._catalog = Rooms(receiver.writer), Catalog.load()

    def api_server(self, listener: Listener, token: str) -> HttpServer:
        """For commands of this host, which show the token."""
        started_at_unix_nano = time.time_ns()

        def status() -> Mapping[str, object]:
            return {"pid": os.getpid(), "started_at_unix_nano": started_at_unix_nano}

        turns = Turns()
        app = build_app(
            self._room.current,
            token,
            self._catalog,
            self._receiver.writer.tell,
            status,
            turns,
            open_routes=self._receiver.routes(),
            more_routes=[
                *self._receiver.import_routes(),
                *check_routes(self._checks(turns)),
            ],
        )
        return HttpServer(app, listener)

    def gate_server(self, listener: Listener) -> HttpServer:
        """For pipelines elsewhere. They have turns of their own: no long question of a command
        keeps a gate waiting."""
        settings, receiver = self._settings, self._receiver
        keys = ApiKeys(settings.api_key_file, settings.api_keys)
        checks = self._checks(Turns(GATE_LIMITS))
        app = gate_app(checks, receiver.writer.tell, receiver.routes(), keys)
        tls = Certificates(settings.tls).http_context() if settings.tls else None
        return HttpServer(app, listener, tls)

    def announcer(self, offered: Offered) -> Announcer:
        """For targets elsewhere. It asks one question at a time, at the priority of all readers."""
        looking = Looking(self._room.current, self._catalog, self._thresholds)
        writer, metrics = self._receiver.writer, self._receiver.metrics.announcements
        return Announcer(offered.targets, writer, looking, metrics, offered.rhythm)

    def _checks(self, turns: Turns) -> SharedChecks:
        return room_checks(self._room.current, self._catalog, self._thresholds, turns)


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
