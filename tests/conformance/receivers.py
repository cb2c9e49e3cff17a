"""Receivers to send to, and senders that tell in one way what came back over any transport."""

import gzip
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import grpc
import httpx
from google.protobuf import json_format
from google.rpc.error_details_pb2 import BadRequest, RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from analysis.serving import Serving
from receiver.export_request import read_request
from receiver.pipeline import Pipeline
from receiver.settings import Address, ReceiverSettings
from receiver.signals import Signal
from receiver.storage.writer import Writer
from receiver.transport.grpc_service import SERVICES, GrpcService
from receiver.transport.http_server import HttpServer
from receiver.transport.http_service import HttpService
from receiver.transport.listener import Listener
from tests.ingest import log_request, trace_request
from tests.otlp_requests import compact, to_json

ANY_PORT = Address("127.0.0.1", 0)
PROTOBUF, JSON = "application/x-protobuf", "application/json"
RESPONSES: dict[Signal, Any] = {  # Any: the generated message classes are untyped
    Signal.TRACES: ExportTraceServiceResponse,
    Signal.LOGS: ExportLogsServiceResponse,
}
Request = ExportTraceServiceRequest | ExportLogsServiceRequest


class Transport(StrEnum):
    """A way to send, by its name in `export_requests`."""

    GRPC = "grpc"
    HTTP_PROTOBUF = "http/protobuf"
    HTTP_JSON = "http/json"


@dataclass(frozen=True, slots=True)
class Said:
    """What a receiver answered: the code, and one of the two messages."""

    code: str
    response: Any = None  # Any: an untyped generated message
    status: Status | None = None
    headers: Mapping[str, str | bytes] | None = None

    @property
    def retry_delay_s(self) -> float | None:
        """When to come back, as the details of the status say it."""
        found = self.detail(RetryInfo)
        return float(found.retry_delay.ToTimedelta().total_seconds()) if found else None

    @property
    def violations(self) -> list[Any]:
        """What is wrong with the request, as the details of the status say it."""
        found = self.detail(BadRequest)
        return list(found.field_violations) if found else []

    def detail(self, kind: Any) -> Any:
        """The detail of this message type, None without."""
        for packed in self.status.details if self.status else ():
            detail = kind()
            if packed.Unpack(detail):
                return detail
        return None


def settings(store: Path, **changes: Any) -> ReceiverSettings:  # Any: whatever the field holds
    """Settings on free ports."""
    return ReceiverSettings(**{"store": store, "grpc": ANY_PORT, "http": ANY_PORT, **changes})


def a_request(signal: Signal, number: int = 1) -> Request:
    """A request of one valid record, a different one for each number."""
    if signal is Signal.TRACES:
        return trace_request({"n": number})
    return log_request("hello", attributes={"n": number})


def send(
    serving: Serving,
    transport: Transport,
    signal: Signal,
    request: Request | bytes,
    compressed: bool = False,
) -> Said:
    """Sends a message, or bytes as they are."""
    if transport is Transport.GRPC:
        payload = request if isinstance(request, bytes) else request.SerializeToString()
        return send_grpc(serving, f"/{SERVICES[signal]}/Export", payload, compressed, signal)
    content_type = JSON if transport is Transport.HTTP_JSON else PROTOBUF
    if isinstance(request, bytes):
        body = request
    else:
        body = compact(to_json(request)) if content_type == JSON else request.SerializeToString()
    headers = {"Content-Type": content_type}
    if compressed:
        headers["Content-Encoding"] = "gzip"
        body = gzip.compress(body)
    return read(httpx.post(url(serving, signal), content=body, headers=headers), signal)


def send_grpc(
    serving: Serving,
    method: str,
    payload: bytes,
    compressed: bool = False,
    signal: Signal = Signal.TRACES,
) -> Said:
    """Calls a method with these bytes."""
    compression = grpc.Compression.Gzip if compressed else grpc.Compression.NoCompression
    options = [("grpc.max_send_message_length", -1), ("grpc.use_local_subchannel_pool", 1)]
    with grpc.insecure_channel(str(serving.grpc), options, compression) as channel:
        try:
            content, call = channel.unary_unary(method).with_call(payload, timeout=60)
        except grpc.RpcError as refused:
            metadata = dict(refused.trailing_metadata() or ())
            details = metadata.get("grpc-status-details-bin")
            status = None if details is None else Status.FromString(details)
            return Said(refused.code().name, status=status, headers=metadata)
    metadata = dict(call.trailing_metadata())
    return Said("OK", RESPONSES[signal].FromString(content), headers=metadata)


def read(response: httpx.Response, signal: Signal = Signal.TRACES) -> Said:
    """What an HTTP response says; a message that cannot be read is an error."""
    kind = RESPONSES[signal] if response.status_code == 200 else Status
    if response.headers["content-type"] == JSON:
        document = json.loads(response.content)
        message = json_format.ParseDict(document, kind())
    else:
        assert response.headers["content-type"] == PROTOBUF
        message = kind.FromString(response.content)
    code = str(response.status_code)
    if response.status_code == 200:
        return Said(code, message, headers=response.headers)
    return Said(code, status=message, headers=response.headers)


def url(serving: Serving, signal: Signal) -> str:
    """Where the signal goes over HTTP."""
    return f"http://{serving.http}/v1/{signal.value}"


def accepted(transport: Transport) -> str:
    """The code of success."""
    return "OK" if transport is Transport.GRPC else "200"


@contextmanager
def stalled(store: Path, **changes: Any) -> Iterator[Serving]:  # Any: whatever the field holds
    """A receiver for the length of the block that has taken one request and commits nothing."""
    shaped = settings(store, **changes)
    writer = Writer(store, lock_wait_s=0)
    pipeline = Pipeline(writer, shaped)
    service = GrpcService(pipeline.submit, shaped)
    listener = Listener(ANY_PORT, "OTLP/HTTP", "--http")
    server = HttpServer(HttpService(pipeline, shaped).app(), listener)
    service.start()
    server.start()
    payload = a_request(Signal.TRACES, number=-1).SerializeToString()
    taken = pipeline.submit(read_request(Signal.TRACES, "test", payload, 1))
    try:
        yield Serving(store, service.address, server.address, None)
    finally:
        pipeline.start()
        assert taken.answer.result(30).accepted == 1
        service.stop()
        server.stop()
        pipeline.close()
        writer.close()
