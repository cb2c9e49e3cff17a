"""Clients for measurements: each sends a request and says how it was answered, and when to come
back."""

import gzip
import http.client
from dataclasses import dataclass
from typing import Protocol

import grpc
from google.rpc.error_details_pb2 import RetryInfo

from tests.load import EXPORT
from tests.served import Addresses

_TIMEOUT_S = 10.0  # what the OTLP exporters of the SDKs wait
_GZIP_LEVEL = 6  # what exporters use
_OPTIONS = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_send_message_length", -1)]


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is no acknowledgement; `delay_s` is what the sender was told to wait."""

    code: str
    delay_s: float | None


class Sender(Protocol):
    """One client with a connection of its own."""

    def send(self, body: bytes) -> Refusal | None:
        """Sends an `ExportTraceServiceRequest`; None once it is acknowledged."""

    def close(self) -> None:
        """Ends the connection."""


class GrpcSender:
    """Sends over gRPC."""

    def __init__(self, address: str, compress: bool = False) -> None:
        """Connects when it first sends."""
        self._compression = grpc.Compression.Gzip if compress else grpc.Compression.NoCompression
        self._channel = grpc.insecure_channel(address, options=_OPTIONS)
        self._export = self._channel.unary_unary(EXPORT)

    def send(self, body: bytes) -> Refusal | None:
        """See Sender."""
        try:
            self._export(body, timeout=_TIMEOUT_S, compression=self._compression)
        except grpc.RpcError as error:
            trailing = dict(error.trailing_metadata() or ())
            info = trailing.get("google.rpc.retryinfo-bin")
            if info is None:
                return Refusal(error.code().name, None)
            delay = RetryInfo.FromString(info).retry_delay
            return Refusal(error.code().name, delay.seconds + delay.nanos / 1e9)
        return None

    def close(self) -> None:
        """See Sender."""
        self._channel.close()


class HttpSender:
    """Sends protobuf over HTTP."""

    def __init__(self, address: str, compress: bool = False) -> None:
        """Connects when it first sends."""
        self._compress = compress
        self._connection = http.client.HTTPConnection(address, timeout=_TIMEOUT_S)

    def send(self, body: bytes) -> Refusal | None:
        """See Sender."""
        fresh = self._connection.sock is None
        try:
            response = self._post(body)
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            if not fresh and isinstance(error, ConnectionError):
                return self.send(body)  # an idle connection was closed meanwhile
            return Refusal(type(error).__name__, None)
        if response.status == 200:
            return None
        delay = response.headers.get("Retry-After")
        return Refusal(str(response.status), None if delay is None else float(delay))

    def _post(self, body: bytes) -> http.client.HTTPResponse:
        headers = {"Content-Type": "application/x-protobuf"}
        if self._compress:
            headers["Content-Encoding"] = "gzip"
            body = gzip.compress(body, _GZIP_LEVEL)
        self._connection.request("POST", "/v1/traces", body, headers)
        response = self._connection.getresponse()
        response.read()
        return response

    def close(self) -> None:
        """See Sender."""
        self._connection.close()


def senders(addresses: Addresses, count: int) -> list[Sender]:
    """So many, half of them over gRPC and half over HTTP, four and four in turn."""
    return [
        GrpcSender(addresses.grpc) if number // 4 % 2 == 0 else HttpSender(addresses.http)
        for number in range(count)
    ]
