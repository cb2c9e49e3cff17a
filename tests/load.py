"""A load of several clients that resend what was not acknowledged, as SDKs and Collectors do."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import grpc

from tests.ingest import trace_request

EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
_RETRY_S = 0.05


class Load:
    """Clients that each send one request after another and remember which were acknowledged.

    Request number n of a client has `spans` spans whose `flags` are n and whose service is the
    client's, so that every acknowledged span can be found again.
    """

    def __init__(self, address: str, clients: int, spans: int) -> None:
        """Sends to this address."""
        self._address = address
        self._spans = spans
        self._stopping = threading.Event()
        self.acknowledged: list[set[int]] = [set() for _ in range(clients)]
        self.refused: set[grpc.StatusCode] = set()
        self._threads = [
            threading.Thread(target=self._run, args=(number,)) for number in range(clients)
        ]

    @property
    def requests(self) -> int:
        """How many requests were acknowledged so far."""
        return sum(len(numbers) for numbers in self.acknowledged)

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
        number = 0
        while not self._stopping.is_set():
            number += 1
            payload = trace_request(
                *({"n": span} for span in range(self._spans)),
                resource={"service.name": f"client-{client}"},
                flags=number,
            ).SerializeToString()
            if self._send(payload):
                self.acknowledged[client].add(number)

    def _send(self, payload: bytes) -> bool:
        """Sends the same bytes until they are acknowledged; False if the load ends before."""
        while not self._stopping.is_set():
            with grpc.insecure_channel(self._address, options=_OPTIONS) as channel:
                try:
                    channel.unary_unary(EXPORT)(payload, timeout=10)
                except grpc.RpcError as error:
                    self.refused.add(error.code())
                    time.sleep(_RETRY_S)
                else:
                    return True
        return False


_OPTIONS = [("grpc.use_local_subchannel_pool", 1), ("grpc.initial_reconnect_backoff_ms", 50)]


@contextmanager
def loading(address: str, clients: int = 4, spans: int = 50) -> Iterator[Load]:
    """A load for the length of the block."""
    load = Load(address, clients, spans)
    load.start()
    try:
        yield load
    finally:
        load.stop()
