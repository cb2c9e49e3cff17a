"""The shortcut through columns: faithful to the strict reader, or it says nothing."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from receiver.errors import MalformedRequest
from receiver.otlp.json_columns import encode_regular
from receiver.otlp.request_json import encode, parse
from receiver.otlp.wire import REQUEST_TYPES
from receiver.signals import Signal
from tests.otlp_requests import SAMPLES, compact, requests, to_json

LINES = (SAMPLES / "collector" / "json.jsonl").read_bytes().splitlines()
TRACES = [line for line in LINES if line.startswith(b'{"resourceSpans"')]
LOGS = [line for line in LINES if line.startswith(b'{"resourceLogs"')]


def canonical(message: bytes, signal: Signal) -> bytes:
    """The bytes that protobuf itself writes for this message."""
    serialized: bytes = REQUEST_TYPES[signal].FromString(message).SerializeToString()
    return serialized


def strict(text: bytes, signal: Signal) -> bytes | None:
    """What the strict reader makes of it, None where it refuses."""
    try:
        return encode(parse(text), signal)
    except MalformedRequest:
        return None


def test_the_collector_is_regular() -> None:
    """All the Collector writes takes the shortcut, and comes out as from the strict reader."""
    for lines, signal in ((TRACES, Signal.TRACES), (LOGS, Signal.LOGS)):
        messages = encode_regular(lines, signal)
        assert messages is not None
        assert [canonical(message, signal) for message in messages] == [
            strict(line, signal) for line in lines
        ]


@pytest.mark.parametrize("signal", Signal)
@given(data=st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_faithful(signal: Signal, data: st.DataObject) -> None:
    """Of any requests side by side either each comes out exactly, or none."""
    originals = data.draw(st.lists(requests(signal), min_size=1, max_size=3))
    messages = encode_regular([compact(to_json(original)) for original in originals], signal)
    if messages is not None:
        assert [canonical(message, signal) for message in messages] == [
            original.SerializeToString() for original in originals
        ]


def value(**members: object) -> dict[str, Any]:
    """A trace request with one attribute that has these members of AnyValue."""
    attributes = [{"key": "k", "value": members}]
    return {"resourceSpans": [{"scopeSpans": [{"spans": [{"attributes": attributes}]}]}]}


@pytest.mark.parametrize(
    "document",
    [
        value(stringValue="x"),
        value(stringValue=""),
        value(stringValue="é😀\x00"),
        value(intValue="-5"),
        value(doubleValue=-0.0),
        value(boolValue=False),
        value(arrayValue={"values": [{"stringValue": "x"}, {}, {"intValue": "7"}]}),
        value(kvlistValue={"values": [{"key": "a", "value": {"boolValue": True}}, {"key": "b"}]}),
        value(arrayValue={}),
        value(stringValue=None, intValue="5"),
        {"resourceSpans": []},
        {"resourceSpans": [{}, {"resource": {}}, {"scopeSpans": [{}, {"spans": [{}]}]}]},
        {"resourceSpans": None},
        {},
    ],
    ids=str,
)
def test_regular(document: dict[str, Any]) -> None:
    """Regular values take the shortcut, and come out as from the strict reader."""
    text = compact(document)
    messages = encode_regular([text], Signal.TRACES)
    assert messages is not None
    assert canonical(messages[0], Signal.TRACES) == strict(text, Signal.TRACES)


@pytest.mark.parametrize(
    "document",
    [
        value(string_value="x"),
        value(newValue="x"),
        value(intValue=5),
        value(intValue="0x10"),
        value(intValue="9223372036854775808"),
        value(doubleValue="NaN"),
        value(bytesValue="AAAA"),
        value(stringValue="a", intValue="5"),
        value(arrayValue={"values": [None]}),
        value(arrayValue={"values": [{"arrayValue": {"values": []}}]}),
        value(kvlistValue={"values": [{"key": "a", "value": {"kvlistValue": {}}}]}),
        {"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "abc"}]}]}]},
        {"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "zz"}]}]}]},
        {"resourceSpans": [{"scopeSpans": [{"spans": [{"kind": "SPAN_KIND_SERVER"}]}]}]},
        {"resourceSpans": [None]},
        {"resourceLogs": []},
    ],
    ids=str,
)
def test_irregular(document: dict[str, Any]) -> None:
    """What columns would lose, or what needs a second look, is left to the strict reader."""
    assert encode_regular([compact(document)], Signal.TRACES) is None


@pytest.mark.parametrize(
    "texts",
    [
        [b"null"],
        [b""],
        [b"[]"],
        [b"{}{}"],
        [b"{}", b"null"],
        [b"{}{}", b""],
        [b'{"resourceSpans":[]', b"}"],
        [b'{"resourceSpans":[{}', b"{}]}"],
        [b'{"resourceSpans":[],"resourceSpans":[]}'],
        [b'{"resourceSpans":[{"schemaUrl":"\xff"}]}'],
        [b'{"resourceSpans":[{"schemaUrl":"\\ud800"}]}'],
        [b'{"resourceSpans":' + b"[" * 100_000 + b"}"],
    ],
    ids=lambda texts: str(texts[0][:40]),
)
def test_not_one_object_each(texts: list[bytes]) -> None:
    """Texts that are not one JSON object each, and JSON that is not valid, are left alone."""
    assert encode_regular(texts, Signal.TRACES) is None


_TOKENS = (
    b'null {} [] { } [ ] , : " 1 "a" true NaN 1e999 \\u0000 \\ud800 - 0 [null] [{}] "5" 0x1'.split()
)


@given(data=st.data())
@settings(max_examples=400, deadline=None)
def test_mutations(data: st.DataObject) -> None:
    """A request changed anywhere is either refused here or read as the strict reader reads it."""
    text = bytearray(data.draw(st.sampled_from([TRACES[0], json_of_every_field()])))
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        end = start + data.draw(st.sampled_from([0, 0, 1, 2, 5, 40]))
        text[start:end] = data.draw(st.sampled_from(_TOKENS))
    messages = encode_regular([bytes(text)], Signal.TRACES)
    if messages is not None:
        assert canonical(messages[0], Signal.TRACES) == strict(bytes(text), Signal.TRACES)


def json_of_every_field() -> bytes:
    """A short trace request in which every usual field occurs."""
    attributes = [{"key": "k", "value": {"intValue": "5"}}, {"key": "l", "value": {}}]
    link = {"traceId": "ab" * 16, "spanId": "cd" * 8, "attributes": attributes, "flags": 1}
    event = {"timeUnixNano": "3", "name": "e", "attributes": attributes}
    span = {
        "traceId": "ab" * 16,
        "spanId": "cd" * 8,
        "kind": 2,
        "name": "é",
        "startTimeUnixNano": "1",
        "endTimeUnixNano": "2",
        "attributes": attributes,
        "events": [event, {}],
        "links": [link],
        "status": {"code": 2},
    }
    scope = {"scope": {"name": "s"}, "spans": [span, {"status": {}}]}
    return json.dumps({"resourceSpans": [{"resource": {}, "scopeSpans": [scope]}]}).encode()
