"""OTLP over gRPC: raw bytes in, an answer once they are durable."""

import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError

import grpc

from receiver.errors import AddressInUse, ReceiverError, Unavailable
from receiver.export_request import ExportRequest, read_request
from receiver.monitoring.metrics import Metrics
from receiver.settings import Address, ReceiverSettings
from receiver.signals import Signal
from receiver.transport.admission import Admission
from receiver.transport.api_keys import ApiKeys
from receiver.transport.exchange import Exchange
from receiver.transport.grpc_auth import KeyInterceptor
from receiver.transport.grpc_calls import CallLimit
from receiver.transport.status import NOT_FOUND_STATUS, encode_answer, encode_protobuf, refusal_of
from receiver.transport.tls import Certificates

_LOG = logging.getLogger(__name__)
_GRACE_S = 5.0
# Calls that are refused need threads, too.
_REFUSING_THREADS = 4
SERVICES = {
    Signal.TRACES: "opentelemetry.proto.collector.trace.v1.TraceService",
    Signal.LOGS: "opentelemetry.proto.collector.logs.v1.LogsService",
}
_SIGNALS = {f"/{service}/Export": signal for signal, service in SERVICES.items()}


class GrpcService:
    """Listens for export requests; each is handled by one of a bounded number of threads."""

    def __init__(
        self,
        submit: Callable[[ExportRequest], ExportRequest],
        settings: ReceiverSettings,
        keys: ApiKeys | None = None,
        certificates: Certificates | None = None,
        metrics: Metrics | None = None,
        admission: Admission | None = None,
    ) -> None:
        """Binds the port; raises AddressInUse. Asks for a key, and speaks TLS, if given.

        `submit` queues a request and returns the one whose answer to wait for.
        """
        self._submit = submit
        self._settings = settings
        self._certificates = certificates
        self._metrics = (metrics or Metrics()).traffic
        self._admission = admission or Admission(settings.queue_bytes_max, settings.retry_delay_s)
        count = self._count_refusal
        self._calls = CallLimit(settings.grpc_calls_max, self._admission, on_refusal=count)
        threads = settings.grpc_calls_max + _REFUSING_THREADS
        self._server = grpc.server(
            ThreadPoolExecutor(threads, thread_name_prefix="deploylens-grpc"),
            interceptors=[*([KeyInterceptor(keys, count)] if keys else []), self._calls],
            options=[
                ("grpc.max_receive_message_length", settings.request_bytes_max),
                ("grpc.so_reuseport", 0),  # else a second receiver binds the same port silently
            ],
        )
        self._server.add_generic_rpc_handlers(
            (*(self._handler(signal) for signal in Signal), _Unknown())
        )
        self.address = self._bind(settings.grpc)

    def start(self) -> None:
        """Begins to take requests."""
        self._calls.start()
        self._server.start()

    def stop(self) -> None:
        """Takes no new requests, tells senders to connect elsewhere, and waits until those under
        way are answered."""
        self._server.stop(_GRACE_S).wait()
        self._calls.stop()

    def _count_refusal(self, method: str, error: ReceiverError, code: str) -> None:
        signal = _SIGNALS.get(method)
        if signal is not None:
            Exchange(self._metrics, "grpc", signal).refused(error, code)

    def _bind(self, address: Address) -> Address:
        try:
            port = self._listen(str(address))
        except RuntimeError:
            port = 0
        if port == 0:
            raise AddressInUse(
                f"cannot listen for OTLP/gRPC on {address}: another program listens there, or that"
                " is no address of this host. Stop the program, or give another one with --grpc."
            )
        return Address(address.host, port)

    def _listen(self, address: str) -> int:
        if self._certificates is None:
            return int(self._server.add_insecure_port(address))
        credentials = self._certificates.grpc_credentials()
        return int(self._server.add_secure_port(address, credentials))

    def _handler(self, signal: Signal) -> grpc.GenericRpcHandler:
        def export(payload: bytes, context: grpc.ServicerContext) -> bytes:
            return self._export(signal, payload, context)

        method = grpc.unary_unary_rpc_method_handler(export)
        return grpc.method_handlers_generic_handler(SERVICES[signal], {"Export": method})

    def _export(self, signal: Signal, payload: bytes, context: grpc.ServicerContext) -> bytes:
        exchange = Exchange(self._metrics, "grpc", signal)
        try:
            with self._admission.arrival() as arrival:
                arrival.add(len(payload))
                request = exchange.read(read_request(signal, "grpc", payload, time.time_ns()))
                arrival.leave()
                taken = self._submit(request)
            answer = taken.answer.result(self._settings.ack_timeout_s)
            response = encode_answer(
                signal, answer, encode_protobuf, self._settings.response_bytes_max
            )
        except FutureTimeoutError:
            delay_s = self._settings.retry_delay_s
            _abort(context, exchange, Unavailable("the store is slow; send again", delay_s, "late"))
        except Exception as error:  # the edge to the sender: everything gets an honest code
            if not isinstance(error, ReceiverError):
                _LOG.exception("an export request failed")
            _abort(context, exchange, error)
        exchange.answered(taken, answer, "OK")
        return response


class _Unknown(grpc.GenericRpcHandler):  # type: ignore[misc]  # grpc has no types
    """Every other method, among them those of signals that are not stored."""

    def service(self, _call: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        """A handler that says so. One of streams is called before any message is read."""
        return grpc.stream_unary_rpc_method_handler(_unimplemented)


def _unimplemented(_messages: Iterator[bytes], context: grpc.ServicerContext) -> None:
    status = NOT_FOUND_STATUS
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(grpc.StatusCode.UNIMPLEMENTED, status.message)


def _abort(context: grpc.ServicerContext, exchange: Exchange, error: Exception) -> None:
    """Ends the call."""
    refusal = refusal_of(error)
    exchange.refused(error, refusal.grpc_code.name)
    context.set_trailing_metadata(refusal.metadata())
    context.abort(refusal.grpc_code, refusal.message)
