"""A running receiver: binds its ports, opens the store, and in the end drains and lets go."""

import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import duckdb
from starlette.routing import Route

from receiver.export_request import ExportRequest
from receiver.monitoring.gauges import add_gauges
from receiver.monitoring.health import Health
from receiver.monitoring.health_routes import health_routes
from receiver.monitoring.metrics import Metrics
from receiver.pipeline import Load, Pipeline
from receiver.settings import ReceiverSettings
from receiver.storage.disk_room import checkpoint_bytes
from receiver.storage.regrouping import Progress, regroup_if_needed
from receiver.storage.retention import Retention
from receiver.storage.writer import Writer
from receiver.transport.admission import Admission
from receiver.transport.api_keys import ApiKeys
from receiver.transport.grpc_service import GrpcService
from receiver.transport.http_server import HttpServer
from receiver.transport.http_service import HttpService
from receiver.transport.import_service import ImportService
from receiver.transport.listener import Listener
from receiver.transport.tls import Certificates

_LOG = logging.getLogger(__name__)


class Receiver:
    """Receives OTLP over gRPC and HTTP into one store.

    `writer` is where readers in this process find the store, `pipeline` what takes requests;
    `health` and `metrics` say how it is.
    """

    def __init__(self, settings: ReceiverSettings) -> None:
        """Binds the ports, then opens the store; raises StoreError, AddressInUse or
        CredentialsUnusable, holds nothing then and has not touched the store unless it is that
        which failed."""
        keys = ApiKeys(settings.api_key_file, settings.api_keys)
        certificates = Certificates(settings.tls) if settings.tls else None
        self._settings = settings
        self.metrics = Metrics()
        admission = Admission(settings.queue_bytes_max, settings.retry_delay_s)
        with ExitStack() as undo:
            listener = Listener(settings.http, "OTLP/HTTP", "--http")
            undo.callback(listener.close)
            self._grpc = GrpcService(
                self.submit, settings, keys, certificates, self.metrics, admission
            )
            undo.callback(self._grpc.stop)
            self.writer = Writer(
                settings.store,
                settings.store_lock_wait_s,
                checkpoint_bytes(settings.disk_bytes_max),
            )
            undo.callback(self.writer.close)
            self.retention = Retention(
                self.writer, self.metrics.store, settings.retention_s, settings.disk_bytes_max
            )
            self.pipeline = Pipeline(self.writer, settings, self.metrics, admission)
            self.health = Health(self.pipeline, lambda: self.writer.connection, settings)
            add_gauges(self.metrics, self.pipeline, self.retention, self.health, settings)
            service = HttpService(self.pipeline, settings, keys, self.metrics, self.routes())
            tls = certificates.http_context() if certificates else None
            self._http = HttpServer(service.app(), listener, tls)
            undo.pop_all()
        self.grpc_address = self._grpc.address
        self.http_address = self._http.address

    def routes(self) -> list[Route]:
        """`/healthz`, `/readyz` and `/metrics`, new ones for each application."""
        return health_routes(self.health, self.metrics)

    def import_routes(self) -> list[Route]:
        """Where other processes of this host hand over what is in files."""
        return ImportService(self.pipeline, self._settings, self.metrics).routes()

    def load(self) -> Load:
        """What was taken and is not answered yet."""
        return self.pipeline.load()

    def start(self, on_regrouping: Progress | None = None) -> None:
        """Begins to receive; what comes waits while stored exceptions are grouped again, if the
        algorithm or the rules changed. `on_regrouping` is told how many are done, of how many."""
        self.health.prepare("looking at the store")
        self._grpc.start()
        self._http.start()
        self._regroup(on_regrouping)
        self.pipeline.start()
        self.retention.start()
        self.health.prepare(None)

    def drain(self) -> None:
        """Says that it is not ready, refuses what comes, commits and answers what was taken, and
        closes the ports."""
        self.health.leave()
        self.pipeline.close()
        with ThreadPoolExecutor(2) as at_once:
            for stopped in (at_once.submit(self._grpc.stop), at_once.submit(self._http.stop)):
                stopped.result()

    def close(self) -> None:
        """Closes the store of a receiver that has drained."""
        self.retention.stop()
        self.writer.close()

    def _regroup(self, on_progress: Progress | None) -> None:
        """A store that cannot be grouped again is received into all the same: losing what is sent
        would be worse than exceptions that look new."""

        def progress(done: int, total: int) -> None:
            self.health.prepare(f"groups stored exceptions again: {done:,} of {total:,}")
            if on_progress is not None:
                on_progress(done, total)

        try:
            regroup_if_needed(self.writer.connection, self._settings.grouping, progress)
        except duckdb.Error as error:
            _LOG.error(
                "stored exceptions could not be grouped again, and keep their groups; the same"
                " exceptions may look new until a start succeeds or `deploylens regroup` does: %s",
                error,
            )

    def submit(self, request: ExportRequest) -> ExportRequest:
        """Queues a request and returns the one whose answer to wait for; raises Unavailable."""
        return self.pipeline.submit(request)
