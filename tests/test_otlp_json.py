"""OTLP/JSON becomes the protobuf that google.protobuf would make of it, and more is understood."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from receiver.errors import MalformedRequest
from receiver.otlp.request_json import REGULAR_BYTES_MIN, encode, parse, to_protobuf
from receiver.otlp.wire import REQUEST_TYPES
from receiver.signals import Signal
from tests.otlp_requests import SAMPLES, compact, from_json, ids_to_hex, requests, to_json

VALID_SAMPLES = {
    "opentelemetry-proto/trace.json": Signal.TRACES,
    "opentelemetry-proto/logs.json": Signal.LOGS,
    "opentelemetry-proto/events.json": Signal.LOGS,
    "duckdb-otlp/logs_document.json": Signal.LOGS,
}
VALID_LINES = {
    "duckdb-otlp/traces_simple.jsonl": Signal.TRACES,
    "duckdb-otlp/traces_nulls.jsonl": Signal.TRACES,
    "duckdb-otlp/traces_deep_nesting.jsonl": Signal.TRACES,
    "duckdb-otlp/traces_large_attrs.jsonl": Signal.TRACES,
    "duckdb-otlp/logs_simple.jsonl": Signal.LOGS,
    "duckdb-otlp/logs_nulls.jsonl": Signal.LOGS,
    "duckdb-otlp/ts_overflow_logs.jsonl": Signal.LOGS,
}


def span(**fields: object) -> bytes:
    """A trace request of one span as JSON."""
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [fields]}]}]}).encode()


def read_span(text: bytes) -> Any:  # Any: the generated message classes are untyped
    """The first span that protobuf sees after the conversion."""
    request = REQUEST_TYPES[Signal.TRACES].FromString(to_protobuf(text, Signal.TRACES))
    return request.resource_spans[0].scope_spans[0].spans[0]


def read_value(value: object) -> Any:
    """The AnyValue that protobuf sees for this one in JSON."""
    return read_span(span(attributes=[{"key": "k", "value": value}])).attributes[0].value


@pytest.mark.parametrize("signal", Signal)
@given(data=st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_round_trip(signal: Signal, data: st.DataObject) -> None:
    """Any request written as OTLP/JSON is the same request again, byte for byte."""
    request = data.draw(requests(signal))
    assert to_protobuf(compact(to_json(request)), signal) == request.SerializeToString()


@pytest.mark.parametrize("name", VALID_SAMPLES)
def test_documents(name: str) -> None:
    """Published OTLP/JSON documents are read as google.protobuf reads them."""
    text = (SAMPLES / name).read_bytes()
    signal = VALID_SAMPLES[name]
    assert to_protobuf(text, signal) == from_json(text, signal).SerializeToString()


@pytest.mark.parametrize("name", VALID_LINES)
def test_lines(name: str) -> None:
    """Published OTLP/JSON lines are read as google.protobuf reads them."""
    signal = VALID_LINES[name]
    lines = (SAMPLES / name).read_bytes().splitlines()
    assert lines
    for line in lines:
        assert to_protobuf(line, signal) == from_json(line, signal).SerializeToString()


@pytest.mark.parametrize(("name", "signal"), [("traces", Signal.TRACES), ("logs", Signal.LOGS)])
def test_against_protobuf_file(name: str, signal: Signal) -> None:
    """The same telemetry as JSON and as protobuf is the same, enums by name and all."""
    folder = SAMPLES / "otlp2parquet"
    merged = REQUEST_TYPES[signal]()
    for line in (folder / f"{name}.jsonl").read_text().splitlines():
        merged.MergeFromString(to_protobuf(compact(ids_to_hex(json.loads(line))), signal))
    assert merged == REQUEST_TYPES[signal].FromString((folder / f"{name}.pb").read_bytes())


def test_ids_are_hex_in_any_case() -> None:
    """Trace and span ids are hexadecimal, upper or lower case, in spans and links."""
    link = {"traceId": "AB" * 16, "spanId": "cD" * 8}
    read = read_span(span(traceId="0aF" * 10 + "00", spanId="AbCdEf0123456789", links=[link]))
    assert read.trace_id == bytes.fromhex("0af" * 10 + "00")
    assert read.span_id == bytes.fromhex("abcdef0123456789")
    assert read.links[0].trace_id == b"\xab" * 16


@pytest.mark.parametrize("digits", ["", "00", "ab" * 15, "ab" * 17])
def test_ids_of_any_length_pass(digits: str) -> None:
    """An id of the wrong length is kept: it costs its span later, not the whole request."""
    assert read_span(span(traceId=digits)).trace_id == bytes.fromhex(digits)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"start_time_unix_nano": "7"}, Span(start_time_unix_nano=7)),
        (
            {"startTimeUnixNano": 1640000000000000001},
            Span(start_time_unix_nano=1640000000000000001),
        ),
        ({"startTimeUnixNano": 1e18}, Span(start_time_unix_nano=10**18)),
        ({"startTimeUnixNano": "18446744073709551615"}, Span(start_time_unix_nano=2**64 - 1)),
        ({"kind": "SPAN_KIND_SERVER"}, Span(kind=Span.SPAN_KIND_SERVER)),
        ({"kind": "2"}, Span(kind=Span.SPAN_KIND_SERVER)),
        ({"flags": "257", "droppedEventsCount": 3.0}, Span(flags=257, dropped_events_count=3)),
        ({"name": None, "kind": None, "events": None, "status": None}, Span()),
        ({"events": [None]}, Span(events=[Span.Event()])),
        ({"name": "x", "shoeSize": {"a": [1, {}]}}, Span(name="x")),
        ({"trace_state": "a=1", "traceState": "a=2"}, Span(trace_state="a=2")),
    ],
    ids=str,
)
def test_lenient_fields(fields: dict[str, object], expected: Any) -> None:
    """What the Collector understands is understood: other spellings, null, unknown fields."""
    assert read_span(span(**fields)) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"intValue": 200}, AnyValue(int_value=200)),
        ({"intValue": "-9223372036854775808"}, AnyValue(int_value=-(2**63))),
        ({"int_value": "+5"}, AnyValue(int_value=5)),
        ({"doubleValue": "1.5e3"}, AnyValue(double_value=1500.0)),
        ({"doubleValue": 5}, AnyValue(double_value=5.0)),
        ({"doubleValue": "-Infinity"}, AnyValue(double_value=-math.inf)),
        ({"doubleValue": math.inf}, AnyValue(double_value=math.inf)),
        ({"bytesValue": "-_8"}, AnyValue(bytes_value=b"\xfb\xff")),
        ({"bytesValue": "+/8="}, AnyValue(bytes_value=b"\xfb\xff")),
        ({"boolValue": False}, AnyValue(bool_value=False)),
        ({}, AnyValue()),
        ({"stringValue": None}, AnyValue()),
        ({"stringValue": "a", "intValue": "5"}, AnyValue(int_value=5)),
        ({"intValue": "5", "stringValue": "a"}, AnyValue(string_value="a")),
        ({"stringValue": "a\ud800b\udfff\ud83d\ude00"}, AnyValue(string_value="a\ufffdb\ufffd😀")),
    ],
    ids=str,
)
def test_values(value: object, expected: Any) -> None:
    """Of every member of an AnyValue all spellings are read; of two members the last one counts."""
    assert read_value(value) == expected


def test_unknown_enum_number() -> None:
    """An enum number that is not known yet is kept."""
    assert read_span(span(kind=77)).kind == 77


def test_nan() -> None:
    """NaN is a double, with quotes as in proto3 JSON and without as some writers have it."""
    assert math.isnan(read_value({"doubleValue": "NaN"}).double_value)
    assert math.isnan(read_value({"doubleValue": math.nan}).double_value)


def test_duplicate_names() -> None:
    """Of a name that is given twice in one object the last one counts, as in most JSON readers."""
    assert (
        read_span(span(name="first").replace(b'"name"', b'"name": "zero", "name"')).name == "first"
    )


def test_byte_order_mark() -> None:
    """A byte order mark before the JSON is skipped."""
    assert read_span(b"\xef\xbb\xbf" + span(name="x")).name == "x"


SPAN_PLACE = "resourceSpans[0].scopeSpans[0].spans[0]"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"traceId": "zz"},
            ".traceId: expected an id in hexadecimal (OTLP/JSON ids are not base64), got a string",
        ),
        (
            {"spanId": "abc"},
            ".spanId: expected an id in hexadecimal (OTLP/JSON ids are not base64), got a string",
        ),
        (
            {"spanId": "é" * 8},
            ".spanId: expected an id in hexadecimal (OTLP/JSON ids are not base64), got a string",
        ),
        ({"spanId": 5}, ".spanId: expected an id in hexadecimal, got 5"),
        ({"name": 5}, ".name: expected a string, got 5"),
        ({"kind": "SERVER"}, ".kind: expected a number or name of SpanKind, got a string"),
        ({"kind": True}, ".kind: expected a number or name of SpanKind, got true"),
        ({"flags": -1}, ".flags: expected an integer from 0 to 4294967295, got -1"),
        ({"flags": "1_0"}, ".flags: expected an integer from 0 to 4294967295, got a string"),
        ({"flags": "\u0665"}, ".flags: expected an integer from 0 to 4294967295, got a string"),
        (
            {"endTimeUnixNano": 2**64},
            f".endTimeUnixNano: expected an integer from 0 to {2**64 - 1}, got {2**64}",
        ),
        (
            {"endTimeUnixNano": 0.5},
            f".endTimeUnixNano: expected an integer from 0 to {2**64 - 1}, got 0.5",
        ),
        ({"events": {}}, ".events: expected a list, got an object"),
        ({"events": [{}, 7]}, ".events[1]: expected an object, got 7"),
        ({"status": []}, ".status: expected an object, got a list"),
    ],
    ids=str,
)
def test_refused_fields(fields: dict[str, object], message: str) -> None:
    """A value that its field cannot hold is refused with its place and what was seen."""
    with pytest.raises(MalformedRequest) as refused:
        to_protobuf(span(**fields), Signal.TRACES)
    assert str(refused.value) == SPAN_PLACE + message


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"boolValue": "true"}, ".boolValue: expected true or false, got a string"),
        ({"doubleValue": "1_0"}, ".doubleValue: expected a number, got a string"),
        ({"doubleValue": "nan"}, ".doubleValue: expected a number, got a string"),
        ({"bytesValue": "a!"}, ".bytesValue: expected base64, got a string"),
        ({"bytesValue": "a"}, ".bytesValue: expected base64, got a string"),
        (
            {"arrayValue": {"values": [{"intValue": "x"}]}},
            ".arrayValue.values[0].intValue: expected an integer from "
            f"{-(2**63)} to {2**63 - 1}, got a string",
        ),
    ],
    ids=str,
)
def test_refused_values(value: object, message: str) -> None:
    """A value that its AnyValue member cannot hold is refused with its place and what was seen."""
    with pytest.raises(MalformedRequest) as refused:
        read_value(value)
    assert str(refused.value) == f"{SPAN_PLACE}.attributes[0].value{message}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "not JSON: Expecting value (character 0)"),
        (b"1234", "expected a JSON object, got 1234"),
        (b"null", "expected a JSON object, got null"),
        (b'[{"resourceSpans":[]}]', "expected a JSON object, got a list"),
        (b'{"resourceSpans":[}', "not JSON: Expecting value (character 18)"),
        (b'{"resourceSpans":[]} x', "not JSON: Extra data (character 21)"),
        (b'{"a":"\xff"}', "not UTF-8: invalid start byte at byte 6"),
        (b'{"a":' + b"[" * 100_000, "JSON is nested too deeply"),
        (b'{"resourceSpans":5}', "resourceSpans: expected a list, got 5"),
    ],
    ids=lambda text: text[:30],
)
def test_refused_documents(text: bytes, message: str) -> None:
    """What is not a JSON object of an export request is refused with what was seen."""
    with pytest.raises(MalformedRequest) as refused:
        to_protobuf(text, Signal.TRACES)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    "attribute",
    [
        {"key": "password", "value": "SECRET"},
        {"key": "password", "value": ["SECRET"]},
        {"key": "password", "value": {"stringValue": ["SECRET"]}},
        {"key": "password", "value": {"stringValue": {"SECRET": 1}}},
        {"key": "password", "value": {"bytesValue": "SECRET!"}},
        {"key": "password", "value": {"intValue": "SECRET"}},
        {"key": ["SECRET"]},
        "SECRET",
    ],
    ids=str,
)
def test_a_refusal_shows_no_text(attribute: object) -> None:
    """No text of the request is in a refusal, for it may be a secret, and refusals are logged."""
    with pytest.raises(MalformedRequest) as refused:
        to_protobuf(span(attributes=[attribute]), Signal.TRACES)
    assert "SECRET" not in str(refused.value)
    assert "attributes[0]" in str(refused.value)


def test_refused_numbers() -> None:
    """Numbers that no field can hold are refused, also those that Python would not even read."""
    for digits in (b"1e400", b"-1e400", b"9" * 400, b"9" * 5000):
        text = span(attributes=[{"key": "k", "value": {"doubleValue": 5}}]).replace(b"5", digits)
        with pytest.raises(MalformedRequest):
            to_protobuf(text, Signal.TRACES)


def nested(levels: int) -> bytes:
    """A span with an array in an array in an array."""
    value: dict[str, object] = {"boolValue": True}
    for _ in range(levels):
        value = {"arrayValue": {"values": [value]}}
    return span(attributes=[{"key": "k", "value": value}])


def test_depth() -> None:
    """Values nest as deep as protobuf allows and no deeper."""
    deepest = read_span(nested(47)).attributes[0].value
    for _ in range(47):
        deepest = deepest.array_value.values[0]
    assert deepest.bool_value
    with pytest.raises(MalformedRequest, match="nested deeper than 100 messages"):
        read_span(nested(48))


@pytest.mark.parametrize(
    "path",
    sorted((SAMPLES / "otlp2parquet" / "invalid").glob("[lt]*.json")),
    ids=lambda path: path.name,
)
def test_invalid_samples(path: Path) -> None:
    """Published invalid requests are refused: enum names nobody knows, ids that are no hex."""
    signal = Signal.LOGS if path.name.startswith("log") else Signal.TRACES
    with pytest.raises(MalformedRequest, match=r"\[0\]\.(severityNumber|kind|traceId): expected"):
        to_protobuf(path.read_bytes(), signal)


def test_large_requests() -> None:
    """A request that is large enough for the shortcut through columns gives the same bytes."""
    one = json.loads((SAMPLES / "collector" / "json.jsonl").read_bytes().splitlines()[0])
    large = compact({"resourceSpans": one["resourceSpans"] * 40})
    assert len(large) > REGULAR_BYTES_MIN
    for text in (
        large,
        b" " + large + b"\n",
        large.replace(b'"kind":2', b'"kind":"SPAN_KIND_SERVER"'),
    ):
        assert to_protobuf(text, Signal.TRACES) == encode(parse(large), Signal.TRACES)
