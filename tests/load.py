"""A load of several clients that resend what was not acknowledged, as SDKs and Collectors do."""

import gzip
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import grpc
import httpx

from tests.ingest import trace_request
from tests.otlp_requests import compact, to_json
from tests.served import Addresses

EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
EXCEPTION_EVERY = 7
_RETRY_S = (0.05, 0.4)
_TIMEOUT_S = 10.0
_GRPC_OPTIONS = [
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.max_reconnect_backoff_ms", 200),
]
_TYPES = {"protobuf": "application/x-protobuf", "json": "application/json"}


@dataclass(frozen=True, slots=True)
class Way:
    """How a client sends: to which address, over `grpc` or as `protobuf` or `json` over HTTP."""

    address: str
    encoding: str = "grpc"
    compressed: bool = False


def all_ways(addresses: Addresses) -> list[Way]:
    """Every way there is to send to a receiver."""
    return [
        Way(addresses.grpc if encoding == "grpc" else addresses.http, encoding, compressed)
        for compressed in (False, True)
        for encoding in ("grpc", "protobuf", "json")
    ]


class Load:
    """Clients that each send one request after another and remember which were acknowledged.

    Request number n of a client has the client's service, n as `flags` of its spans, a trace id of
    its own, and its size and number of exceptions follow from n, so that every acknowledged span
    can be found again. What is refused or not answered is sent again, the same bytes.
    """

    def __init__(self, ways: Sequence[Way], sizes: Sequence[int]) -> None:
        """One client for each way; a request has one of these numbers of spans."""
        self._ways, self._sizes = ways, sizes
        self._stopping = threading.Event()
        self.acknowledged: list[set[int]] = [set() for _ in ways]
        self.refused: set[grpc.StatusCode | int] = set()
        self.resent = Counter[str]()
        self._threads = [
            threading.Thread(target=self._run, args=(number,)) for number in range(len(ways))
        ]

    @property
    def requests(self) -> int:
        """How many requests were acknowledged so far."""
        return sum(len(numbers) for numbers in self.acknowledged)

    def size(self, client: int, number: int) -> int:
        """How many spans this request has."""
        return self._sizes[(client + number) % len(self._sizes)]

    def wait_for(self, requests: int, timeout_s: float = 60.0) -> None:
        """Waits until that many requests are acknowledged."""
        deadline = time.monotonic() + timeout_s
        while self.requests < requests:
            assert time.monotonic() < deadline, f"{self.requests} of {requests} acknowledged"
            time.sleep(0.01)

    def start(self) -> None:
        """Begins to send."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ends; a request that is not acknowledged yet stays so."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _run(self, client: int) -> None:
        sender = _sender(self._ways[client])
        number = 0
        while not self._stopping.is_set():
            number += 1
            body = _body(client, number, self.size(client, number), self._ways[client])
            if self._send(sender, body):
                self.acknowledged[client].add(number)
        sender.close()

    def _send(self, sender: "_Sender", body: bytes) -> bool:
        """Sends the same bytes until they are acknowledged; False if the load ends before."""
        shortest, longest = _RETRY_S
        wait_s = shortest
        while not self._stopping.is_set():
            refusal = sender.send(body)
            if refusal is None:
                return True
            self.refused.add(refusal)
            self.resent[str(refusal)] += 1
            self._stopping.wait(wait_s)
            wait_s = min(2 * wait_s, longest)
        return False


class _Sender(Protocol):
    def send(self, body: bytes) -> grpc.StatusCode | int | None:
        """None once acknowledged, else the code; 0 if there was no answer over HTTP."""

    def close(self) -> None: ...


class _GrpcSender:
    def __init__(self, way: Way) -> None:
        self._compression = grpc.Compression.Gzip if way.compressed else None
        self._channel = grpc.insecure_channel(way.address, options=_GRPC_OPTIONS)
        self._export = self._channel.unary_unary(EXPORT)

    def send(self, body: bytes) -> grpc.StatusCode | int | None:
        try:
            self._export(body, timeout=_TIMEOUT_S, compression=self._compression)
        except grpc.RpcError as error:
            code: grpc.StatusCode = error.code()
            return code
        return None

    def close(self) -> None:
        self._channel.close()


class _HttpSender:
    def __init__(self, way: Way) -> None:
        self._url = f"http://{way.address}/v1/traces"
        self._compressed = way.compressed
        headers = {"Content-Type": _TYPES[way.encoding]}
        if way.compressed:
            headers["Content-Encoding"] = "gzip"
        self._client = httpx.Client(headers=headers, timeout=_TIMEOUT_S, trust_env=False)

    def send(self, body: bytes) -> grpc.StatusCode | int | None:
        content = gzip.compress(body, 1) if self._compressed else body
        try:
            code = self._client.post(self._url, content=content).status_code
        except httpx.TransportError:
            return 0
        return None if code == 200 else code

    def close(self) -> None:
        self._client.close()


def _sender(way: Way) -> _Sender:
    return _GrpcSender(way) if way.encoding == "grpc" else _HttpSender(way)


def trace_id(client: int, number: int) -> uuid.UUID:
    """The trace id of all spans of a request."""
    return uuid.UUID(int=(client + 1) << 64 | number)


def exceptions_of(size: int) -> int:
    """How many spans of a request of this size carry an exception."""
    return len(range(0, size, EXCEPTION_EVERY))


def _body(client: int, number: int, size: int, way: Way) -> bytes:
    request = trace_request(
        *({"n": span} for span in range(size)),
        resource={"service.name": f"client-{client}"},
        flags=number,
        trace_id=trace_id(client, number).bytes,
    )
    for span in request.resource_spans[0].scope_spans[0].spans[::EXCEPTION_EVERY]:
        attribute = span.events.add(name="exception", time_unix_nano=1).attributes.add()
        attribute.key, attribute.value.string_value = "exception.type", "OutOfStock"
    if way.encoding == "json":
        return compact(to_json(request))
    body: bytes = request.SerializeToString()
    return body


@contextmanager
def loading(address: str, clients: int = 4, spans: int = 50) -> Iterator[Load]:
    """A load over gRPC for the length of the block."""
    with running_load(Load([Way(address)] * clients, [spans])) as load:
        yield load


@contextmanager
def running_load(load: Load) -> Iterator[Load]:
    """The load for the length of the block."""
    load.start()
    try:
        yield load
    finally:
        load.stop()
