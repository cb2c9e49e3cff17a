"""How fast spans become durable, end to end over gRPC, beside what parsing alone would take.

    python -m benchmarks.ingest [--spans 8192] [--requests 120] [--connections 8]

Runs `deploylens serve` in a process of its own and sends from this one, on the same cores. Every
acknowledgement means that the rows are committed. The same payloads are parsed by the strict
protobuf parser (upb) on one thread in the same run; the ratio of the two is the figure to compare
between machines.
"""

import argparse
import json
import os
import platform
import statistics
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import grpc
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from benchmarks.payloads import payloads
from tests.ingest import row
from tests.served import free_addresses, serving

_EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"


@dataclass(frozen=True, slots=True)
class Result:
    """One run. Rates are spans a second, latencies seconds from sending to acknowledgement."""

    spans: int
    spans_per_request: int
    connections: int
    payload_bytes_per_span: float
    spans_per_s: float
    upb_spans_per_s: float
    ratio_to_upb: float
    ack_p50_s: float
    ack_p99_s: float
    stored_bytes_per_span: float


def main() -> None:
    """Measures once and prints the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spans", type=int, default=8192, help="spans in a request")
    parser.add_argument("--requests", type=int, default=120, help="requests in the run")
    parser.add_argument("--connections", type=int, default=8, help="clients at the same time")
    parser.add_argument("--failing", type=float, default=0.02, help="share of spans that fail")
    given = parser.parse_args()
    sent = list(payloads(given.requests, given.spans, given.failing))
    with tempfile.TemporaryDirectory() as folder:
        result = measure(Path(folder) / "bench.duckdb", sent, given.spans, given.connections)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(json.dumps({"machine": machine, **asdict(result)}, indent=2))


def measure(store: Path, sent: list[bytes], spans_per_request: int, connections: int) -> Result:
    """Sends the requests over that many connections and checks that every span is stored once."""
    addresses = free_addresses()
    spans = spans_per_request * len(sent)
    upb_spans_per_s = spans / parse_seconds(sent)
    with serving(store, addresses):
        warm_up, *measured = sent
        send(addresses.grpc, [warm_up], 1)
        started = time.perf_counter()
        latencies = send(addresses.grpc, measured, connections)
        seconds = time.perf_counter() - started
    stored = row(store, "SELECT count(*) AS n FROM spans")["n"]
    if stored != spans:
        raise SystemExit(f"{spans} spans were acknowledged, {stored} are stored")
    spans_per_s = spans_per_request * len(measured) / seconds
    return Result(
        spans=spans,
        spans_per_request=spans_per_request,
        connections=connections,
        payload_bytes_per_span=round(sum(map(len, sent)) / spans, 1),
        spans_per_s=round(spans_per_s),
        upb_spans_per_s=round(upb_spans_per_s),
        ratio_to_upb=round(spans_per_s / upb_spans_per_s, 3),
        ack_p50_s=round(statistics.median(latencies), 3),
        ack_p99_s=round(statistics.quantiles(latencies, n=100)[98], 3),
        stored_bytes_per_span=round(store.stat().st_size / spans, 1),
    )


def parse_seconds(sent: list[bytes]) -> float:
    """How long one thread parses all of them with upb, one message alive at a time."""
    started = time.perf_counter()
    for payload in sent:
        ExportTraceServiceRequest.FromString(payload)
    return time.perf_counter() - started


def send(address: str, sent: list[bytes], connections: int) -> list[float]:
    """Sends the requests from that many clients, each waiting for its acknowledgement; the
    latencies."""
    latencies: list[float] = []

    def client(mine: list[bytes]) -> None:
        options = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_send_message_length", -1)]
        with grpc.insecure_channel(address, options=options) as channel:
            export = channel.unary_unary(_EXPORT)
            for payload in mine:
                started = time.perf_counter()
                export(payload, timeout=60)
                latencies.append(time.perf_counter() - started)

    clients = [
        threading.Thread(target=client, args=(sent[number::connections],))
        for number in range(connections)
    ]
    for thread in clients:
        thread.start()
    for thread in clients:
        thread.join()
    return latencies


if __name__ == "__main__":
    main()
