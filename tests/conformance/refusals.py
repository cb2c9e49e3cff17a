"""Every way in which an export request can be refused, provoked over a real socket."""

import gzip
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.serving import Serving, running
from receiver.signals import Signal
from tests.conformance.receivers import (
    Request,
    Said,
    Transport,
    a_request,
    send,
    send_grpc,
    settings,
    stalled,
)

LIMIT_BYTES = 100_000
METRICS = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A way to be refused, and the codes that say so. Retryable or not is what the codes mean."""

    name: str
    grpc_code: str
    http_code: str
    provoke: Callable[[Path, Transport, Signal], Said]

    def __str__(self) -> str:
        """The name, for the names of tests."""
        return self.name


def _changed(store: Path, **changes: Any) -> AbstractContextManager[Serving]:
    """A running receiver with these settings changed."""
    return running(settings(store, **changes), api=None)


def _malformed(store: Path, transport: Transport, signal: Signal) -> Said:
    with _changed(store) as serving:
        return send(serving, transport, signal, b"\xff\xff")


def _too_large(store: Path, transport: Transport, signal: Signal) -> Said:
    with _changed(store, request_bytes_max=LIMIT_BYTES) as serving:
        return send(serving, transport, signal, bytes(LIMIT_BYTES + 1))


def _too_large_unpacked(store: Path, transport: Transport, signal: Signal) -> Said:
    bomb = bytes(100 * LIMIT_BYTES)
    assert len(gzip.compress(bomb)) < LIMIT_BYTES
    with _changed(store, request_bytes_max=LIMIT_BYTES) as serving:
        return send(serving, transport, signal, bomb, compressed=True)


def _queue_full(store: Path, transport: Transport, signal: Signal) -> Said:
    with stalled(store, queue_bytes_max=1) as serving:
        return send(serving, transport, signal, a_request(signal))


def _late(store: Path, transport: Transport, signal: Signal) -> Said:
    with stalled(store, ack_timeout_s=0.05) as serving:
        return send(serving, transport, signal, a_request(signal))


def _without_key(store: Path, transport: Transport, signal: Signal) -> Said:
    with _changed(store, api_keys="a-key-that-nobody-shows") as serving:
        return send(serving, transport, signal, a_request(signal))


def _answer_too_large(store: Path, transport: Transport, signal: Signal) -> Said:
    request: Request = a_request(Signal.TRACES)
    request.resource_spans[0].scope_spans[0].spans[0].span_id = b""
    with _changed(store, response_bytes_max=1) as serving:
        return send(serving, transport, Signal.TRACES, request)


def _unknown_method(store: Path, transport: Transport, signal: Signal) -> Said:
    """Over HTTP the path that is not served is a test of its own."""
    with _changed(store) as serving:
        return send_grpc(serving, METRICS, a_request(signal).SerializeToString())


REFUSALS = (
    Refusal("malformed", "INVALID_ARGUMENT", "400", _malformed),
    Refusal("too large", "RESOURCE_EXHAUSTED", "413", _too_large),
    Refusal("too large unpacked", "RESOURCE_EXHAUSTED", "413", _too_large_unpacked),
    Refusal("queue full", "UNAVAILABLE", "503", _queue_full),
    Refusal("late", "UNAVAILABLE", "503", _late),
    Refusal("without key", "UNAUTHENTICATED", "401", _without_key),
    Refusal("answer too large", "RESOURCE_EXHAUSTED", "500", _answer_too_large),
)
UNKNOWN_METHOD = Refusal("unknown method", "UNIMPLEMENTED", "404", _unknown_method)
