"""A running receiver: opens the store, listens, and in the end drains and lets go."""

from contextlib import ExitStack

from receiver.grpc_service import GrpcService
from receiver.http_server import HttpServer
from receiver.http_service import HttpService
from receiver.pipeline import Pipeline
from receiver.settings import ReceiverSettings
from receiver.writer import Writer


class Receiver:
    """Receives OTLP over gRPC and HTTP into one store.

    `writer` is where readers in this process find the store.
    """

    def __init__(self, settings: ReceiverSettings) -> None:
        """Opens the store and binds the ports; raises StoreError or AddressInUse and holds nothing
        then."""
        with ExitStack() as undo:
            self.writer = Writer(settings.store, settings.store_lock_wait_s)
            undo.callback(self.writer.close)
            self._pipeline = Pipeline(self.writer, settings)
            self._http = HttpServer(
                HttpService(self._pipeline, settings).app(), settings.http, "OTLP/HTTP", "--http"
            )
            undo.callback(self._http.stop)
            self._grpc = GrpcService(self._pipeline, settings)
            undo.pop_all()
        self.grpc_address = self._grpc.address
        self.http_address = self._http.address

    def start(self) -> None:
        """Begins to receive."""
        self._pipeline.start()
        self._grpc.start()
        self._http.start()

    def stop(self) -> None:
        """Takes no new requests, commits and answers what was taken, closes the store."""
        self._grpc.stop()
        self._http.stop()
        self._pipeline.close()
        self.writer.close()
