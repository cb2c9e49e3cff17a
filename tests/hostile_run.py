"""Hostile requests, each among good neighbours, into a real receiver; and what became of all."""

import http.client
import json
import subprocess
import sys
import threading
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import grpc
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from receiver.signals import Signal
from receiver.transport.grpc_service import SERVICES
from tests.hostile_payloads import Payload
from tests.hostile_verdict import Verdict, verdict
from tests.ingest import EXCEPTIONS, log_request, trace_request
from tests.row_oracle import OTHER, Row, comparable
from tests.served import Addresses, free_addresses, rows, running

CONTENT_TYPES = {"http/protobuf": "application/x-protobuf", "http/json": "application/json"}
REFUSED, STORED, RETRY, BROKEN = "refused", "stored", "retry", "broken"
_TIMEOUT_S = 60.0
_TABLES = {Signal.TRACES: "spans", Signal.LOGS: "log_records"}


@dataclass(frozen=True, slots=True)
class Fate:
    """What the sender was told; `rejected` records were left out of a request that is stored."""

    fate: str
    rejected: int = 0
    detail: str = ""


@dataclass(slots=True)
class Findings:
    """What was wrong, each with the request that shows it, and how many there were of each fate."""

    fates: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrong: list[tuple[str, Payload, str]] = field(default_factory=list)
    lenient: Counter[str] = field(default_factory=Counter)
    stricter: Counter[str] = field(default_factory=Counter)
    neighbours: int = 0

    def add(self, what: str, payload: Payload, detail: str = "") -> None:
        """Keeps one thing that is wrong."""
        self.wrong.append((what, payload, detail))


def neighbour(number: int) -> Payload:
    """A good request that no other equals, over one of the transports."""
    signal = (Signal.TRACES, Signal.LOGS)[number % 2]
    resource: dict[str, object] = {"service.name": "neighbour", "number": number}
    if signal is Signal.TRACES:
        request: Any = trace_request({"n": number, "t": "ü"}, {"m": [number]}, resource=resource)
    else:
        request = log_request(f"good {number}", {"n": number}, resource=resource)
    transport = ("grpc", "http/protobuf")[number // 2 % 2]
    return Payload("neighbour", signal, transport, request.SerializeToString())


class Senders:
    """Clients of both transports, a connection for each thread."""

    def __init__(self, addresses: Addresses) -> None:
        """Connects when something is sent."""
        self._addresses = addresses
        self._channel = grpc.insecure_channel(
            addresses.grpc, options=[("grpc.max_send_message_length", -1)]
        )
        self._local = threading.local()
        self._opened: list[http.client.HTTPConnection] = []

    def close(self) -> None:
        """Lets go of all connections."""
        self._channel.close()
        for connection in self._opened:
            connection.close()

    def send(self, payload: Payload) -> Fate:
        """Sends it once and says what the answer was."""
        return self._grpc(payload) if payload.transport == "grpc" else self._http(payload)

    def _grpc(self, payload: Payload) -> Fate:
        export = self._channel.unary_unary(f"/{SERVICES[payload.signal]}/Export")
        compression = grpc.Compression.Gzip if payload.encoding == "gzip" else None
        try:
            answer = export(payload.body, timeout=_TIMEOUT_S, compression=compression)
        except grpc.RpcError as error:
            return _grpc_refusal(error)
        return _stored(payload.signal, answer)

    def _http(self, payload: Payload) -> Fate:
        headers = {"Content-Type": payload.content_type or CONTENT_TYPES[payload.transport]}
        if payload.encoding != "identity":
            headers["Content-Encoding"] = payload.encoding
        for attempt in range(2):  # the server may just have closed an idle connection
            connection = self._connection(fresh=attempt > 0)
            try:
                connection.request("POST", f"/v1/{payload.signal.value}", payload.body, headers)
                response = connection.getresponse()
                content = response.read()
                break
            except (OSError, http.client.HTTPException) as error:
                if attempt:
                    return Fate(BROKEN, detail=repr(error))
        if response.status == 200 and payload.transport == "http/json":
            return Fate(STORED, _rejected_json(content))
        if response.status == 200:
            return _stored(payload.signal, content)
        detail = f"{response.status} {_status_text(content)}"
        if response.status in (429, 502, 503, 504):
            return Fate(RETRY, detail=detail)
        return Fate(REFUSED if response.status in (400, 413, 415) else BROKEN, detail=detail)

    def _connection(self, fresh: bool) -> http.client.HTTPConnection:
        if fresh or not hasattr(self._local, "http"):
            self._local.http = http.client.HTTPConnection(self._addresses.http, timeout=_TIMEOUT_S)
            self._opened.append(self._local.http)
        connection: http.client.HTTPConnection = self._local.http
        return connection


def _grpc_refusal(error: Any) -> Fate:  # Any: grpc has no types
    code = error.code()
    detail = f"{code.name} {error.details()}"
    retry_info = any(key == "google.rpc.retryinfo-bin" for key, _ in error.trailing_metadata())
    if code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED) or retry_info:
        return Fate(RETRY, detail=detail)
    honest = (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.RESOURCE_EXHAUSTED)
    return Fate(REFUSED if code in honest else BROKEN, detail=detail)


def _stored(signal: Signal, answer: bytes) -> Fate:
    if signal is Signal.TRACES:
        return Fate(
            STORED, ExportTraceServiceResponse.FromString(answer).partial_success.rejected_spans
        )
    partial = ExportLogsServiceResponse.FromString(answer).partial_success
    return Fate(STORED, partial.rejected_log_records)


def _rejected_json(content: bytes) -> int:
    return int(json.loads(content).get("partialSuccess", {}).get("rejectedSpans", 0))


def _status_text(content: bytes) -> str:
    try:
        return str(Status.FromString(content).message)
    except Exception:
        return content[:300].decode(errors="replace")


@contextmanager
def receiving(store: Path) -> Iterator[tuple[Addresses, subprocess.Popen[bytes]]]:
    """`deploylens serve` that redacts nothing, so that rows are what was sent; it must exit 0."""
    addresses = free_addresses()
    command = [sys.executable, "-m", "analysis", "serve", "--store", str(store), "--redact", "off"]
    command += ["--grpc", addresses.grpc, "--http", addresses.http, "--api", addresses.api]
    listening = [addresses.grpc, addresses.http]
    with running(command, store.with_suffix(".serve.txt"), listening) as process:
        yield addresses, process


def attack(
    senders: Senders, payloads: Iterable[Payload], findings: Findings, together: int = 48
) -> dict[UUID, tuple[Payload, Verdict]]:
    """Sends them, `together` at a time with three good neighbours; what must now be stored."""
    must: dict[UUID, tuple[Payload, Verdict]] = {}
    stream: Iterator[Payload] = iter(payloads)
    with ThreadPoolExecutor(together + 3) as pool:
        while batch := list(islice(stream, together)):
            good = [neighbour(findings.neighbours + number) for number in range(3)]
            findings.neighbours += len(good)
            batch[len(batch) // 2 : len(batch) // 2] = good
            for payload, fate in zip(batch, pool.map(senders.send, batch), strict=True):
                _judge(payload, fate, findings, must)
    return must


def _judge(
    payload: Payload, fate: Fate, findings: Findings, must: dict[Any, tuple[Payload, Verdict]]
) -> None:
    findings.fates[payload.kind, fate.fate] += 1
    wanted = verdict(payload)
    if fate.fate in (RETRY, BROKEN):
        findings.add("not an honest answer for good", payload, fate.detail)
    elif fate.fate == STORED and not wanted.accepted:
        if wanted.sure:
            findings.add("accepted though refused", payload, wanted.reason)
        else:
            findings.lenient[wanted.reason[:60]] += 1
    elif fate.fate == REFUSED and wanted.accepted:
        if wanted.sure:
            findings.add("refused though sound", payload, fate.detail)
        else:
            findings.stricter[fate.detail[:80]] += 1
    elif wanted.accepted and wanted.expected is not None:
        if fate.rejected != wanted.expected.rejected:
            findings.add("wrong count", payload, f"{fate.rejected} not {wanted.expected.rejected}")
        if wanted.expected.records:
            must[wanted.digest] = payload, wanted


def compare(store: Path, must: dict[UUID, tuple[Payload, Verdict]], findings: Findings) -> int:
    """Compares every row that must be stored with the one that is; how many those were."""
    ledger = rows(store, "SELECT request_id, digest FROM export_requests")
    numbers = {row["digest"]: row["request_id"] for row in ledger}
    assert len(numbers) == len(ledger) == len({row["request_id"] for row in ledger})
    stored: dict[tuple[str, int], list[Row]] = {}
    for table in _TABLES.values():
        for row in rows(store, f"SELECT * FROM {table} ORDER BY rowid"):
            stored.setdefault((table, row["request_id"]), []).append(row)
    exceptions: defaultdict[int, list[str | None]] = defaultdict(list)
    recorded = (
        f"SELECT request_id, exception_stacktrace FROM {EXCEPTIONS}"
        " WHERE exception_source <> 'status'"
    )
    for row in rows(store, recorded):
        exceptions[row["request_id"]].append(row["exception_stacktrace"])
    compared = 0
    for key, (payload, wanted) in must.items():
        assert wanted.expected is not None
        if key not in numbers:
            findings.add("other request stored, or none", payload)
            continue
        found, table = exceptions[numbers[key]], _TABLES[payload.signal]
        if not _same_texts(found, wanted.expected.exceptions):
            findings.add("wrong exceptions", payload, str(found)[:600])
        expected = wanted.expected.rows[table]
        _compare_rows(payload, expected, stored.get((table, numbers[key]), []), findings)
        compared += len(expected)
    return compared


def _same_texts(stored: list[str | None], wanted: list[str | None]) -> bool:
    """Whether the stacks are those; of one that was not sent as text only that it is there."""
    if OTHER in wanted:
        return len(stored) == len(wanted)
    return sorted(map(repr, stored)) == sorted(map(repr, wanted))


def _compare_rows(
    payload: Payload, expected: list[Row], stored: list[Row], findings: Findings
) -> None:
    if len(stored) != len(expected):
        findings.add("wrong number of rows", payload, f"{len(stored)} not {len(expected)}")
    for wanted, row in zip(expected, stored, strict=False):
        seen = comparable({name: row[name] for name in wanted})
        wrong = {n: (v, seen[n]) for n, v in wanted.items() if repr(v) != repr(seen[n])}
        if wrong:
            findings.add("wrong row", payload, str(wrong)[:600])
