"""Export requests as an enemy, or a broken exporter, sends them; the same for the same seed."""

import gzip
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from receiver.otlp.wire import REQUEST_TYPES
from receiver.otlp_files.files import FileRecord, read_records
from receiver.signals import Signal
from tests.hostile_json import mutate_json
from tests.hostile_protobuf import flip_bits, mutate_protobuf
from tests.ingest import key_values, log_request, trace_request
from tests.otlp_requests import SAMPLES, compact, to_json

DEMO = Path(__file__).parents[1] / "analysis" / "demo_data" / "otel-demo"
TRANSPORTS = ("grpc", "http/protobuf", "http/json")
_BASE_BYTES_MAX = 6_000


@dataclass(frozen=True, slots=True)
class Payload:
    """One request on the wire. `plain` is the body without its compression, as it was meant."""

    kind: str
    signal: Signal
    transport: str
    body: bytes
    encoding: str = "identity"
    content_type: str | None = None


def bases() -> dict[Signal, list[bytes]]:
    """Sound requests to start from: recorded ones, demo data, and one with every kind of field."""
    found: dict[Signal, list[bytes]] = {Signal.TRACES: [], Signal.LOGS: []}
    files = [*SAMPLES.rglob("*.jsonl"), *SAMPLES.rglob("*.pb"), *DEMO.glob("*.otlp.gz")]
    for path in sorted(files):
        for record in list(read_records(path))[:12]:
            if isinstance(record, FileRecord) and 0 < len(record.payload) <= _BASE_BYTES_MAX:
                found[record.signal].append(record.payload)
    for signal, payload in every_field().items():
        found[signal] += [payload] * max(1, len(found[signal]) // 2)
    return found


def every_field() -> dict[Signal, bytes]:
    """A request of each signal in which every usual field and every type of value occurs."""
    values = {"n": 5, "d": 1.5, "b": True, "x": b"\xff", "a": [1, "a", [2.5]], "m": {"k": {}}}
    traces = trace_request({"http.route": "/x", **values}, {"empty": None}, trace_state="ot=th:8")
    entry = traces.resource_spans[0]
    entry.schema_url = entry.scope_spans[0].schema_url = "https://example.com/1"
    entry.resource.dropped_attributes_count = 3
    entry.resource.entity_refs.add(type="service", id_keys=["service.name"])
    scope = entry.scope_spans[0]
    scope.scope.name, scope.scope.version = "scope", "1"
    scope.scope.attributes.extend(key_values({"s": 1}))
    span = scope.spans[0]
    span.status.code, span.status.message, span.flags = 2, "bad", 257
    event = span.events.add(name="exception", time_unix_nano=7, dropped_attributes_count=1)
    event.attributes.extend(key_values({"exception.type": "T", "exception.message": "m 5"}))
    link = span.links.add(trace_id=b"a" * 16, span_id=b"b" * 8, trace_state="q", flags=3)
    link.attributes.extend(key_values({"l": 1}))
    logs = log_request(
        "body", values, None, b"x", attributes={"x": 1, "exception.type": "Y"}, severity_number=9,
        severity_text="INFO", event_name="ev", flags=1, trace_id=b"c" * 16, span_id=b"d" * 8,
        observed_time_unix_nano=99,
    )  # fmt: skip
    return {Signal.TRACES: traces.SerializeToString(), Signal.LOGS: logs.SerializeToString()}


def as_json(signal: Signal, payload: bytes) -> bytes:
    """The same request as OTLP/JSON."""
    return compact(to_json(REQUEST_TYPES[signal].FromString(payload)))


def payloads(count: int, seed: int) -> Iterator[Payload]:
    """That many mutated requests over both encodings, both signals and all transports."""
    source = random.Random(seed)
    sound = bases()
    texts = {signal: [as_json(signal, one) for one in ones] for signal, ones in sound.items()}
    for _ in range(count):
        signal = source.choice(tuple(Signal))
        transport = source.choice(TRANSPORTS)
        if transport == "http/json":
            kind, body = mutate_json(source, texts[signal])
        else:
            kind, body = mutate_protobuf(source, sound[signal])
        yield _sent(source, kind, signal, transport, body)


def _sent(source: random.Random, kind: str, signal: Signal, transport: str, body: bytes) -> Payload:
    """Sometimes compressed, sometimes with damage to that, sometimes under another's name."""
    chance = source.random()
    if transport == "grpc" or chance > 0.15:
        return Payload(kind, signal, transport, body)
    if chance > 0.1:
        return Payload(f"{kind}, gzip", signal, transport, gzip.compress(body, 1), "gzip")
    if chance > 0.04:
        damaged = flip_bits(source, gzip.compress(body, 1))
        return Payload("damaged gzip", signal, transport, damaged, "gzip")
    if chance > 0.02:
        return Payload("undeclared gzip", signal, transport, gzip.compress(body, 1))
    other = "http/json" if transport == "http/protobuf" else "http/protobuf"
    return Payload("other content type", signal, other, body)
