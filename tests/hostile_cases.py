"""Requests made by hand to take a receiver down, by name, each with what must become of it."""

import gzip
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from receiver.signals import Signal
from tests.hostile_payloads import Payload
from tests.hostile_protobuf import nested_value
from tests.hostile_shapes import (
    IDS,
    MIB,
    attribute,
    exception,
    field,
    filled,
    json_array,
    numbered,
    request,
    scopes,
    services,
    span,
    string_attribute,
    times,
    told,
)
from tests.ingest import trace_request

LIMIT_BYTES = 64 * MIB


@dataclass(frozen=True, slots=True)
class Case:
    """A request, and its fate: `stored` with so many spans, or `refused` with a word of why."""

    make: Callable[[], Payload]
    fate: str
    spans: int = 0
    rejected: int = 0
    says: str = ""


def grpc(body: Callable[[], bytes], fate: str, **told: Any) -> Case:  # Any: fields of Case
    """A trace request over gRPC."""
    return Case(lambda: Payload("case", Signal.TRACES, "grpc", body()), fate, **told)


def posted(body: Callable[[], bytes], says: str, **told: Any) -> Case:  # Any: fields of Case
    """A trace request as JSON over HTTP, which is refused."""
    return Case(
        lambda: Payload("case", Signal.TRACES, "http/json", body()), "refused", says=says, **told
    )


CASES: dict[str, Case] = {
    "AnyValue arrays, 40 deep": grpc(lambda: span(attribute(nested_value(40))), "stored", spans=1),
    "AnyValue arrays, 100 deep": grpc(
        lambda: span(attribute(nested_value(100))), "refused", says="MaxDepth"
    ),
    "AnyValue arrays, 10,000 deep": grpc(
        lambda: span(attribute(nested_value(10_000))), "refused", says="MaxDepth"
    ),
    "JSON, 100,000 brackets": posted(lambda: json_array("[" * 100_000), "nested too deeply"),
    "JSON, 4 million brackets": posted(
        lambda: json_array('{"a":' * 2_000_000), "nested too deeply"
    ),
    "JSON, 100,000 brackets that match": posted(
        lambda: json_array("[" * 100_000 + "]" * 100_000), "nested too deeply"
    ),
    "JSON, 10 million values": posted(
        lambda: json_array("[" + "0," * 10_000_000 + "0]"), "values, the limit"
    ),
    "JSON, 1,400,000 nested values": posted(
        lambda: json_array('{"arrayValue":{"values":[' + "{}," * 1_400_000 + "{}]}}"),
        "values in arrays and maps",
    ),
    "gzip bomb over HTTP": Case(
        lambda: Payload(
            "case", Signal.TRACES, "http/protobuf", gzip.compress(bytes(256 * MIB), 9), "gzip"
        ),
        "refused", says="larger",
    ),
    "gzip bomb over gRPC": Case(
        lambda: Payload("case", Signal.TRACES, "grpc", bytes(128 * MIB), "gzip"),
        "refused", says="larger than max",
    ),
    "1,000,000 attributes on a span": grpc(lambda: numbered(1_000_000), "stored", spans=1),
    "text of 64 MiB, just under": grpc(lambda: filled(LIMIT_BYTES), "stored", spans=1),
    "text of 64 MiB, just over": grpc(
        lambda: filled(LIMIT_BYTES + 1), "RESOURCE_EXHAUSTED"),
    "60 MiB of control characters": grpc(
        lambda: span(string_attribute(b"k", b"\x01" * (60 * MIB))),
        "refused", says="control characters",
    ),
    "60 MiB of control characters in an array": grpc(
        lambda: span(attribute(field(5, field(1, field(1, b"\x01" * 60 * MIB))))),
        "refused", says="control characters",
    ),
    "10 million control characters": grpc(
        lambda: span(string_attribute(b"k", b"\x01" * 10_000_000)), "stored", spans=1
    ),
    "exception message of 60 MiB": grpc(
        lambda: span(
            told(b"m" * 60 * MIB)
        ),
        "stored", spans=1,
    ),
    "100,000 services": grpc(lambda: services(100_000), "refused", says="resources and scopes"),
    "45,000 services": grpc(lambda: services(45_000), "refused", says="different resources"),
    "15,000 services": grpc(lambda: services(15_000), "stored", spans=15_000),
    "100,000 scopes": grpc(lambda: scopes(99_000), "stored", spans=99_000),
    "200,000 scopes": grpc(lambda: scopes(200_000), "refused", says="resources and scopes"),
    "100,000 endpoints": grpc(
        lambda: request(*(IDS + b"\x30\x02" + field(5, b"/end/p%dx" % n) for n in range(100_000))),
        "stored", spans=100_000,
    ),
    "100,000 long span names": grpc(
        lambda: request(
            *(IDS + b"\x30\x02" + field(5, b"_%d" % n + b"deadbeef_" * 60) for n in range(100_000))
        ),
        "stored", spans=100_000,
    ),
    "100,000 attribute keys on as many spans": grpc(
        lambda: request(*(IDS + string_attribute(b"key-%d" % n, b"v") for n in range(100_000))),
        "stored", spans=100_000,
    ),
    "32 million spans of nothing": grpc(
        lambda: field(1, field(2, b"\x12\x00" * 32_000_000)), "refused", says="of a few bytes"
    ),
    "450,000 spans of nothing": grpc(
        lambda: field(1, field(2, b"\x12\x00" * 450_000)), "stored", rejected=450_000
    ),
    "1 million spans": grpc(
        lambda: request(*[IDS] * 1_000_000), "refused", says="records"
    ),
    "490,000 spans": grpc(lambda: request(*[IDS] * 490_000), "stored", spans=490_000),
    "32 million resources of nothing": grpc(
        lambda: b"\x0a\x00" * 32_000_000, "refused", says="of a few bytes"
    ),
    "32 million events on a span": grpc(
        lambda: span(b"\x5a\x00" * 32_000_000), "refused", says="of a few bytes"
    ),
    "600,000 events on a span": grpc(
        lambda: span(b"\x5a\x00" * 600_000), "refused", says="events"
    ),
    "450,000 events on a span": grpc(
        lambda: span(b"\x5a\x00" * 450_000), "stored", spans=1
    ),
    "600,000 links on a span": grpc(
        lambda: span(b"\x6a\x00" * 600_000), "refused", says="links"
    ),
    "450,000 links on a span": grpc(
        lambda: span(b"\x6a\x00" * 450_000), "stored", spans=1
    ),
    "32 million values in an array": grpc(
        lambda: span(attribute(field(5, b"\x0a\x00" * 32_000_000))), "refused", says="few bytes"
    ),
    "900,000 values in an array": grpc(
        lambda: span(attribute(field(5, b"\x0a\x00" * 900_000))), "stored", spans=1
    ),
    "scope text of 30 MiB on 100,000 spans": grpc(
        lambda: field(1, field(2, field(1, field(1, b"s" * 30 * MIB)) + field(2, IDS) * 100_000)),
        "refused", says="repeated in the rows",
    ),
    "service name of 1 MiB on 100,000 spans": grpc(
        lambda: field(
            1,
            field(1, field(1, field(1, b"service.name") + field(2, field(1, b"s" * MIB))))
            + field(2, field(2, IDS) * 100_000),
        ),
        "refused", says="repeated in the rows",
    ),
    "exception stack of 10 MB": grpc(
        lambda: span(exception(1, b"\n#0 a.php(1): a()" * 600_000)), "stored", spans=1
    ),
    "100,000 exceptions on a span": grpc(
        lambda: span(b"".join(exception(n, b"") for n in range(100_000))), "stored", spans=1
    ),
    "60 MiB of different stack traces": grpc(
        lambda: span(b"".join(exception(n, b"%d" % n + b"\nNext A" * 9_000) for n in range(950))),
        "refused", says="stack traces",
    ),
    "7 MiB of different stack traces": grpc(
        lambda: span(b"".join(exception(n, b"%d" % n + b"\nNext A" * 9_000) for n in range(110))),
        "stored", spans=1,
    ),
    "60 MiB of different messages": grpc(
        lambda: span(b"".join(told(b"%d" % n + b" 0:" * 1_300) for n in range(15_000))),
        "refused", says="exception messages",
    ),
    "3 MiB of different messages": grpc(
        lambda: span(b"".join(told(b"%d" % n + b" 0:" * 1_300) for n in range(750))),
        "stored", spans=1,
    ),
    "trace state of 1 MB": grpc(
        lambda: trace_request({}, trace_state="ot=" * 333_000).SerializeToString(),
        "stored", spans=1,
    ),
    "1970, unknown times": grpc(lambda: times(0, 0), "stored", spans=1),
    "1970, one nanosecond": grpc(lambda: times(1, 1), "stored", spans=1),
    "year 2199": grpc(lambda: times(7_258_118_399_999_999_999, 0), "stored", spans=1),
    "year 2200": grpc(lambda: times(7_258_118_400_000_000_000, 0), "stored", rejected=1),
    "time 2^63": grpc(lambda: times(2**63, 2**63), "stored", rejected=1),
    "time 2^64 - 1": grpc(lambda: times(2**64 - 1, 1), "stored", rejected=1),
    "end before start": grpc(lambda: times(2_000_000_000, 1_000_000_000), "stored", spans=1),
    "end before start by 230 years": grpc(
        lambda: times(7_258_118_399_999_999_999, 1), "stored", spans=1
    ),
    "kind and status out of range": grpc(
        lambda: span(b"\x30\xff\xff\xff\xff\x07" + field(15, b"\x18\xff\xff\xff\xff\x07")),
        "stored", spans=1,
    ),
    "flags and counts at their largest": grpc(
        lambda: trace_request(
            {}, flags=2**32 - 1, dropped_attributes_count=2**32 - 1
        ).SerializeToString(),
        "stored", spans=1,
    ),
    "zero ids": grpc(
        lambda: request(b"\x0a\x10" + bytes(16) + IDS[18:]), "stored", rejected=1
    ),
    "ids of 15 and 9 bytes": grpc(
        lambda: request(field(1, b"a" * 15) + field(2, b"b" * 9)), "stored", rejected=1
    ),
    "numbers of 5,000 digits": grpc(
        lambda: trace_request(
            {"SampleRate": "9" * 5000, "rpc.status_code": "1" * 5000, "server.port": "9" * 5000,
             "http.response.status_code": "9" * 5000},
            trace_state="ot=th:" + "f" * 5000 + ";p:99",
        ).SerializeToString(),
        "stored", spans=1,
    ),
    "numbers at their ends": grpc(
        lambda: trace_request(
            {"a": 2**63 - 1, "b": -(2**63), "c": math.nan, "d": [math.inf, 5e-324], "": ""}
        ).SerializeToString(),
        "stored", spans=1,
    ),
    "duplicate and empty keys": grpc(
        lambda: span(attribute(b"\x18\x05") * 3 + field(9, b"") * 3), "stored", spans=1
    ),
    "an array that comes twice": grpc(
        lambda: span(
            field(9, field(1, b"k") + field(2, field(5, b"\x0a\x02\x18\x01")) * 2)
        ),
        "stored", spans=1,
    ),
}  # fmt: skip


# Each takes about a second or more, so only the benchmark sends them.
HEAVY = frozenset(
    {
        "JSON, 10 million values",
        "JSON, 1,400,000 nested values",
        "gzip bomb over gRPC",
        "text of 64 MiB, just under",
        "text of 64 MiB, just over",
        "60 MiB of control characters",
        "60 MiB of control characters in an array",
        "10 million control characters",
        "exception message of 60 MiB",
        "45,000 services",
        "100,000 long span names",
        "100,000 attribute keys on as many spans",
        "32 million resources of nothing",
        "32 million events on a span",
        "32 million values in an array",
        "1 million spans",
        "490,000 spans",
        "450,000 events on a span",
        "450,000 links on a span",
        "900,000 values in an array",
        "scope text of 30 MiB on 100,000 spans",
        "60 MiB of different stack traces",
        "60 MiB of different messages",
        "7 MiB of different stack traces",
        "3 MiB of different messages",
    }
)
