"""OTLP over gRPC: raw bytes in, an answer once they are durable."""

import logging
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError

import grpc

from receiver.errors import AddressInUse, ReceiverError, Unavailable
from receiver.export_request import Answer, read_request
from receiver.pipeline import Pipeline
from receiver.settings import Address, ReceiverSettings
from receiver.signals import Signal
from receiver.status import export_response, refusal_of

_LOG = logging.getLogger(__name__)
SERVICES = {
    Signal.TRACES: "opentelemetry.proto.collector.trace.v1.TraceService",
    Signal.LOGS: "opentelemetry.proto.collector.logs.v1.LogsService",
}


class GrpcService:
    """Listens for export requests; each is handled by one of a bounded number of threads."""

    def __init__(self, pipeline: Pipeline, settings: ReceiverSettings) -> None:
        """Binds the port; raises AddressInUse."""
        self._pipeline = pipeline
        self._settings = settings
        self._server = grpc.server(
            ThreadPoolExecutor(settings.grpc_threads, thread_name_prefix="deploylens-grpc"),
            options=[
                ("grpc.max_receive_message_length", settings.request_bytes_max),
                ("grpc.so_reuseport", 0),  # else a second receiver binds the same port silently
            ],
        )
        self._server.add_generic_rpc_handlers(tuple(self._handler(signal) for signal in Signal))
        self.address = self._bind(settings.grpc)

    def start(self) -> None:
        """Begins to take requests."""
        self._server.start()

    def stop(self) -> None:
        """Takes no new requests and waits until those under way are answered."""
        self._server.stop(self._settings.ack_timeout_s).wait()

    def _bind(self, address: Address) -> Address:
        try:
            port = self._server.add_insecure_port(str(address))
        except RuntimeError:
            port = 0
        if port == 0:
            raise AddressInUse(
                f"cannot listen for OTLP/gRPC on {address}: another program listens there, or that"
                " is no address of this host. Stop the program, or give another one with --grpc."
            )
        return Address(address.host, port)

    def _handler(self, signal: Signal) -> grpc.GenericRpcHandler:
        def export(payload: bytes, context: grpc.ServicerContext) -> bytes:
            return self._export(signal, payload, context)

        method = grpc.unary_unary_rpc_method_handler(export)
        return grpc.method_handlers_generic_handler(SERVICES[signal], {"Export": method})

    def _export(self, signal: Signal, payload: bytes, context: grpc.ServicerContext) -> bytes:
        try:
            request = read_request(signal, "grpc", payload, time.time_ns())
            answer = self._pipeline.submit(request).answer.result(self._settings.ack_timeout_s)
        except FutureTimeoutError:
            late = Unavailable("the store is slow; send again", self._settings.retry_delay_s)
            _abort(context, late)
        except Exception as error:  # the edge to the sender: everything gets an honest code
            if not isinstance(error, ReceiverError):
                _LOG.exception("an export request failed")
            _abort(context, error)
        context.set_trailing_metadata(_answer_metadata(answer))
        response: bytes = export_response(signal, answer).SerializeToString()
        return response


def _answer_metadata(answer: Answer) -> tuple[tuple[str, str | bytes], ...]:
    """What the OTLP response has no field for; other clients ignore it."""
    return (
        ("deploylens-accepted", str(answer.accepted)),
        ("deploylens-rejected", str(answer.rejected)),
        ("deploylens-rejected-reason-bin", (answer.reason or "").encode()),
        ("deploylens-duplicate", str(answer.duplicate).lower()),
    )


def answer_from_metadata(metadata: Iterable[tuple[str, str | bytes]]) -> Answer:
    """The answer that a receiver put into the trailing metadata of its response."""
    found = {key: value.decode() if isinstance(value, bytes) else value for key, value in metadata}
    return Answer(
        accepted=int(found.get("deploylens-accepted", 0)),
        rejected=int(found.get("deploylens-rejected", 0)),
        reason=found.get("deploylens-rejected-reason-bin") or None,
        duplicate=found.get("deploylens-duplicate") == "true",
    )


def _abort(context: grpc.ServicerContext, error: Exception) -> None:
    """Ends the call. RetryInfo goes out in two forms: Collectors read one, Python the other."""
    refusal = refusal_of(error)
    details = [("grpc-status-details-bin", refusal.status().SerializeToString())]
    if refusal.retry_delay_s is not None:
        details.append(("google.rpc.retryinfo-bin", refusal.retry_info().SerializeToString()))
    context.set_trailing_metadata(tuple(details))
    context.abort(refusal.grpc_code, refusal.message)
