"""Clients that send one request after the other, each when the one before is acknowledged."""

import gzip
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import grpc
import httpx

from tests.served import Addresses

_EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
_OPTIONS = (("grpc.use_local_subchannel_pool", 1), ("grpc.max_send_message_length", -1))
_GZIP_LEVEL = 6  # what exporters use


class HowToSend(Protocol):
    """The part of a benchmark's case that says how its requests travel."""

    @property
    def connections(self) -> int:
        """How many clients there are."""

    @property
    def transport(self) -> str:
        """`grpc` or `http`."""

    @property
    def gzip(self) -> bool:
        """Whether the bodies are compressed."""


@dataclass(slots=True)
class Sent:
    """When each request was acknowledged, how long that took, and how long all of it took."""

    acks: list[float] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0


def send_for(
    seconds: float, requests: Iterator[bytes], addresses: Addresses, how: HowToSend
) -> Sent:
    """Sends for that long from several clients; one refusal fails the run."""
    sent, lock = Sent(), threading.Lock()
    errors: list[Exception] = []
    started = time.perf_counter()
    deadline = started + seconds

    def client() -> None:
        try:
            with _Grpc(addresses, how) if how.transport == "grpc" else _Http(addresses, how) as way:
                while time.perf_counter() < deadline:
                    with lock:
                        payload = next(requests)
                    began = time.perf_counter()
                    way.send(payload)
                    ended = time.perf_counter()
                    sent.acks.append(ended)
                    sent.latencies.append(ended - began)
        except Exception as error:  # the edge of this thread
            errors.append(error)

    clients = [threading.Thread(target=client) for _ in range(how.connections)]
    for thread in clients:
        thread.start()
    for thread in clients:
        thread.join()
    if errors:
        raise errors[0]
    sent.seconds = time.perf_counter() - started
    return sent


class _Grpc:
    def __init__(self, addresses: Addresses, how: HowToSend) -> None:
        self._channel = grpc.insecure_channel(addresses.grpc, options=_OPTIONS)
        self._export = self._channel.unary_unary(_EXPORT)
        self._compression = grpc.Compression.Gzip if how.gzip else grpc.Compression.NoCompression

    def __enter__(self) -> "_Grpc":
        return self

    def __exit__(self, *_: object) -> None:
        self._channel.close()

    def send(self, payload: bytes) -> None:
        self._export(payload, timeout=60, compression=self._compression)


class _Http:
    def __init__(self, addresses: Addresses, how: HowToSend) -> None:
        self._client = httpx.Client(timeout=60)
        self._url = f"http://{addresses.http}/v1/traces"
        self._headers = {"Content-Type": "application/x-protobuf"}
        self._gzip = how.gzip
        if how.gzip:
            self._headers["Content-Encoding"] = "gzip"

    def __enter__(self) -> "_Http":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def send(self, payload: bytes) -> None:
        body = gzip.compress(payload, _GZIP_LEVEL) if self._gzip else payload
        self._client.post(self._url, content=body, headers=self._headers).raise_for_status()
