"""How fast spans become durable, end to end, beside what parsing alone would take.

    python -m benchmarks.ingest [--spans 8192] [--seconds 8] [--connections 16]
    python -m benchmarks.ingest --cases
    python -m benchmarks.ingest --incident

Runs `deploylens serve` in a process of its own and sends from this one, on the same cores. Every
acknowledgement means that the rows are committed. The same payloads are parsed by the strict
protobuf parser (upb) on one thread in the same run, before and after; the ratio to the faster of
the two is the figure to compare
between machines. `--cases` runs a case for each thing that could be slow, `--incident` a load
without exceptions and the same with stack traces of 3 KB on half of the spans.
"""

import argparse
import json
import os
import platform
import re
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from benchmarks.payloads import endless, payloads
from benchmarks.senders import GrpcSender, HttpSender, Sender
from receiver.lease import read_lease
from tests.ingest import row
from tests.served import Addresses, free_addresses, serving

_PAYLOAD_SPANS = 262_144
_WARM_UP_S = 1.5


@dataclass(frozen=True, slots=True)
class Case:
    """What is sent: `spans` in a request, over `connections` that each wait for their answer."""

    name: str
    spans: int = 8192
    connections: int = 16
    transport: str = "grpc"
    gzip: bool = False
    failing: float = 0.02
    distinct: bool = False
    stack_groups: int = 0


CASES = (
    Case("8,192 spans, 16 connections"),
    Case("8,192 spans, 1 connection", connections=1),
    Case("8,192 spans, 8 connections", connections=8),
    Case("8,192 spans, 64 connections", connections=64),
    Case("512 spans, 8 connections", spans=512, connections=8),
    Case("512 spans, 64 connections", spans=512, connections=64),
    Case("64 spans, 64 connections", spans=64, connections=64),
    Case("1 span, 64 connections", spans=1, connections=64),
    Case("8,192 spans, gzip", gzip=True),
    Case("8,192 spans, HTTP", transport="http"),
    Case("8,192 spans, HTTP, gzip", transport="http", gzip=True),
    Case("every attribute value distinct", distinct=True),
    Case("half of the spans with an exception", failing=0.5),
)
# Pairs: a load without exceptions, and the same in an incident.
INCIDENT = tuple(
    Case(f"{name}, {spans:,} spans", spans, connections, failing=failing, stack_groups=groups)
    for spans, connections in ((2_048, 16), (512, 64), (8_192, 5))
    for name, failing, groups in (("no exceptions", 0.0, 0), ("half with 3 KB of stack", 0.5, 200))
)


@dataclass(slots=True)
class Sent:
    """When each request was acknowledged, how long that took, how often one was told to come back,
    and how long all of it took."""

    acks: list[float] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    refusals: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Result:
    """One case. Rates are spans a second, latencies seconds from sending to acknowledgement, CPU
    times microseconds a span."""

    case: str
    spans: int
    payload_bytes_per_span: float
    spans_per_s: int
    upb_spans_per_s: int
    ratio_to_upb: float
    ack_p50_s: float
    ack_p99_s: float
    ack_gap_max_s: float
    refusals: int
    receiver_cpu_us: float
    sender_cpu_us: float
    receiver_rss_peak_mib: int
    stored_bytes_per_span: float


def main() -> None:
    """Measures and prints the figures as JSON, one object for each case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spans", type=int, default=8192, help="spans in a request")
    parser.add_argument("--seconds", type=float, default=8.0, help="length of a case")
    parser.add_argument("--connections", type=int, default=16, help="clients at the same time")
    parser.add_argument("--cases", action="store_true", help="run every case")
    parser.add_argument("--incident", action="store_true", help="compare with an incident")
    given = parser.parse_args()
    named = Case("as asked", spans=given.spans, connections=given.connections)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(json.dumps({"machine": machine}), file=sys.stderr)
    results = []
    for case in INCIDENT if given.incident else CASES if given.cases else (named,):
        with tempfile.TemporaryDirectory() as folder:
            results.append(measure(case, Path(folder) / "bench.duckdb", given.seconds))
        print(json.dumps(asdict(results[-1])), flush=True)
    if given.incident:
        for quiet, incident in zip(results[::2], results[1::2], strict=True):
            ratio = round(incident.spans_per_s / quiet.spans_per_s, 3)
            print(json.dumps({"case": incident.case, "speed, of the one before": ratio}))


def measure(case: Case, store: Path, seconds: float) -> Result:
    """Sends for that long and checks that every acknowledged span is stored once."""
    count = max(1, _PAYLOAD_SPANS // case.spans)
    made = payloads(
        min(count, 4096),
        case.spans,
        case.failing,
        distinct=case.distinct,
        stack_groups=case.stack_groups,
    )
    first = list(made)
    parse_s = parse_seconds(first)
    addresses = free_addresses()
    requests = endless(first)
    with serving(store, addresses):
        warm = send_for(_WARM_UP_S, requests, addresses, case)
        lease = read_lease(store)
        assert lease is not None
        before = process_cpu_s(lease.pid), time.process_time()
        sent = send_for(seconds, requests, addresses, case)
        receiver_s = process_cpu_s(lease.pid) - before[0]
        sender_s = time.process_time() - before[1]
        rss_peak = rss_peak_mib(lease.pid)
    upb_spans_per_s = len(first) * case.spans / min(parse_s, parse_seconds(first))
    acknowledged = (len(warm.acks) + len(sent.acks)) * case.spans
    stored = row(store, "SELECT count(*) AS n FROM spans")["n"]
    if stored != acknowledged:
        raise SystemExit(f"{acknowledged} spans were acknowledged, {stored} are stored")
    spans = len(sent.acks) * case.spans
    spans_per_s = spans / sent.seconds
    return Result(
        case=case.name,
        spans=spans,
        payload_bytes_per_span=round(sum(map(len, first)) / len(first) / case.spans, 1),
        spans_per_s=round(spans_per_s),
        upb_spans_per_s=round(upb_spans_per_s),
        ratio_to_upb=round(spans_per_s / upb_spans_per_s, 3),
        ack_p50_s=round(statistics.median(sent.latencies), 3),
        ack_p99_s=round(statistics.quantiles(sent.latencies, n=100)[98], 3),
        ack_gap_max_s=round(longest_gap(sent), 3),
        refusals=sent.refusals,
        receiver_cpu_us=round(receiver_s / spans * 1e6, 2),
        sender_cpu_us=round(sender_s / spans * 1e6, 2),
        receiver_rss_peak_mib=rss_peak,
        stored_bytes_per_span=round(store.stat().st_size / stored, 1),
    )


def send_for(seconds: float, requests: Iterator[bytes], addresses: Addresses, case: Case) -> Sent:
    """Sends for that long over every connection, a request after the other; one that is told to
    come back does."""
    sent, lock = Sent(), threading.Lock()
    errors: list[Exception] = []
    started = time.perf_counter()
    deadline = started + seconds

    def client(sender: Sender) -> None:
        try:
            while time.perf_counter() < deadline:
                with lock:
                    body = next(requests)
                began = time.perf_counter()
                while (refusal := sender.send(body)) is not None:
                    if refusal.delay_s is None:
                        raise RuntimeError(f"refused for good: {refusal.code}")
                    sent.refusals += 1
                    time.sleep(refusal.delay_s)
                ended = time.perf_counter()
                sent.acks.append(ended)
                sent.latencies.append(ended - began)
        except Exception as error:  # the edge of this thread
            errors.append(error)
        finally:
            sender.close()

    senders = [_sender(addresses, case) for _ in range(case.connections)]
    clients = [threading.Thread(target=client, args=(sender,)) for sender in senders]
    for thread in clients:
        thread.start()
    for thread in clients:
        thread.join()
    if errors:
        raise errors[0]
    sent.seconds = time.perf_counter() - started
    return sent


def _sender(addresses: Addresses, case: Case) -> Sender:
    if case.transport == "http":
        return HttpSender(addresses.http, case.gzip)
    return GrpcSender(addresses.grpc, case.gzip)


def parse_seconds(sent: list[bytes]) -> float:
    """How long one thread parses all of them with upb, one message alive at a time."""
    started = time.perf_counter()
    for payload in sent:
        ExportTraceServiceRequest.FromString(payload)
    return time.perf_counter() - started


def longest_gap(sent: Sent) -> float:
    """The longest time in which no request was acknowledged."""
    return max((later - sooner for sooner, later in pairwise(sorted(sent.acks))), default=0.0)


def process_cpu_s(pid: int) -> float:
    """User and system time that a process has used (proc_pid_stat(5), fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_peak_mib(pid: int) -> int:
    """The largest resident set that a process has had."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) // 1024 if found else 0


if __name__ == "__main__":
    main()
