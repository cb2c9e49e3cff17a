"""What the fields of the messages mean, C11 to C17 (trace.proto, logs.proto, common.proto)."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList

from analysis.serving import Serving, running
from receiver.otlp.wire_format import length_delimited, varint
from receiver.signals import Signal
from tests.conformance.receivers import Request, Transport, accepted, send, settings
from tests.ingest import any_value, log_request, row, rows, trace_request

each_transport = pytest.mark.parametrize("transport", Transport)
each_protobuf = pytest.mark.parametrize("transport", [Transport.GRPC, Transport.HTTP_PROTOBUF])
NS = 1_700_000_000_000_000_000


def stored(store: Path, transport: Transport, *requests: Request) -> None:
    """Sends the requests, each of which must be stored whole, and stops the receiver."""
    with running(settings(store), api=None) as serving:
        for request in requests:
            signal = Signal.TRACES if hasattr(request, "resource_spans") else Signal.LOGS
            said = send(serving, transport, signal, request)
            assert said.code == accepted(transport)
            assert not said.response.HasField("partial_success")


@each_transport
@pytest.mark.parametrize(
    "invalid",
    [
        {"trace_id": b""},
        {"trace_id": bytes(16)},
        {"trace_id": b"\x01" * 15},
        {"trace_id": b"\x01" * 17},
        {"span_id": b""},
        {"span_id": bytes(8)},
        {"span_id": b"\x01" * 9},
        {"parent_span_id": b"\x01" * 7},
    ],
    ids=str,
)
def test_c11_invalid_ids_reject_the_span(
    serving: Serving, transport: Transport, invalid: dict[str, bytes]
) -> None:
    """A span whose ids are no ids is refused by number; its request is not."""
    request = trace_request({}, {})
    span = request.resource_spans[0].scope_spans[0].spans[0]
    for field, value in invalid.items():
        setattr(span, field, value)
    said = send(serving, transport, Signal.TRACES, request)
    assert said.code == accepted(transport)
    assert said.response.partial_success.rejected_spans == 1


@each_transport
def test_c11_invalid_ids_keep_the_log_record(store: Path, transport: Transport) -> None:
    """A log record with invalid ids, or none, is stored and belongs to no span."""
    fields: list[dict[str, Any]] = [
        {"trace_id": b"\x01" * 16, "span_id": b"\x02" * 8},
        {"trace_id": b"\x01" * 15, "span_id": b"\x02" * 8},
        {"trace_id": b"\x01" * 16, "span_id": bytes(8)},
        {"trace_id": bytes(16), "span_id": b"\x02" * 3},
        {},
    ]
    stored(store, transport, *(log_request(n, **given) for n, given in enumerate(fields)))
    found = rows(store, "SELECT trace_id, span_id FROM log_records ORDER BY body")
    trace, span = int.from_bytes(b"\x01" * 16), int.from_bytes(b"\x02" * 8)
    assert [(r["trace_id"] and r["trace_id"].int, r["span_id"]) for r in found] == [
        (trace, span),
        (None, span),
        (trace, None),
        (None, None),
        (None, None),
    ]


@each_transport
def test_c12_what_may_be_missing_from_a_span(store: Path, transport: Transport) -> None:
    """A span may have no name, no kind, no parent, and an end before its start."""
    bare = trace_request({}, name="", kind=0)
    backwards = trace_request({}, end_time_unix_nano=NS - 5, span_id=b"\x09" * 8)
    stored(store, transport, bare, backwards)
    found = rows(
        store,
        "SELECT span_name, span_kind, parent_span_id, duration_ns FROM spans ORDER BY duration_ns",
    )
    assert found == [
        {"span_name": "work", "span_kind": "SERVER", "parent_span_id": None, "duration_ns": -5},
        {
            "span_name": "",
            "span_kind": "UNSPECIFIED",
            "parent_span_id": None,
            "duration_ns": 250_000_000,
        },
    ]


@each_transport
def test_c13_flags_keep_every_bit(store: Path, transport: Transport) -> None:
    """The flags of spans and log records are stored with all 32 bits, reserved ones too."""
    flags = 0xFFFFFFFF
    stored(store, transport, trace_request({}, flags=flags), log_request("x", flags=flags))
    assert row(store, "SELECT flags FROM spans") == {"flags": flags}
    assert row(store, "SELECT flags FROM log_records") == {"flags": flags}


@each_transport
def test_c14_values_of_every_type(store: Path, transport: Transport) -> None:
    """Attributes and bodies hold nothing, bytes, and lists and maps of anything at any depth."""
    value: dict[str, object] = {
        "nothing": None,
        "bytes": b"\x01\xff",
        "list": ["a", 1, 2.5, True, None, [b"\x02"], {"deep": [{"deeper": None}]}],
        "map": {"": {"list": [[[]], {}]}},
    }
    expected: dict[str, Any] = {
        "nothing": None,
        "bytes": {"bytesValue": "Af8="},
        "list": ["a", 1, 2.5, True, None, [{"bytesValue": "Ag=="}], {"deep": [{"deeper": None}]}],
        "map": {"": {"list": [[[]], {}]}},
    }
    stored(store, transport, trace_request(value), log_request(value, attributes=value))
    assert json.loads(row(store, "SELECT attributes FROM spans")["attributes"]) == expected
    log = row(store, "SELECT attributes, body, body_type FROM log_records")
    assert json.loads(log["attributes"]) == json.loads(log["body"]) == expected
    assert log["body_type"] == "kvlist"


@each_transport
def test_c14_duplicate_keys(store: Path, transport: Transport) -> None:
    """Both values of a key that is given twice are stored, in order; readers get the first."""
    request = trace_request({"http.route": "/first"})
    attributes = request.resource_spans[0].scope_spans[0].spans[0].attributes
    attributes.append(KeyValue(key="http.route", value=any_value("/second")))
    stored(store, transport, request)
    assert row(store, "SELECT attributes, http_route FROM spans") == {
        "attributes": '{"http.route":"/first","http.route":"/second"}',
        "http_route": "/first",
    }


def with_profile_fields(signal: Signal) -> Request:
    """A request that refers to the string table that only profiles have, at every place."""
    indexed = AnyValue(string_value_strindex=7)
    nested = AnyValue(array_value=ArrayValue(values=[indexed]))
    listed = AnyValue(kvlist_value=KeyValueList(values=[KeyValue(key="k", key_strindex=5)]))
    attributes = [
        KeyValue(key="kept", value=any_value("v"), key_strindex=3),
        KeyValue(key="indexed", value=indexed),
        KeyValue(key="nested", value=nested),
        KeyValue(key="listed", value=listed),
    ]
    if signal is Signal.TRACES:
        request = trace_request({})
        request.resource_spans[0].scope_spans[0].spans[0].attributes.extend(attributes)
        return request
    logs = log_request("x")
    logs.resource_logs[0].scope_logs[0].log_records[0].attributes.extend(attributes)
    logs.resource_logs[0].scope_logs[0].log_records[0].body.CopyFrom(indexed)
    return logs


@each_transport
@pytest.mark.parametrize("signal", Signal)
def test_c15_fields_of_profiles_are_absent(
    store: Path, caplog: pytest.LogCaptureFixture, transport: Transport, signal: Signal
) -> None:
    """Indexes into the string table of profiles are no error: they count as absent, and the log
    warns."""
    with running(settings(store), api=None) as serving, caplog.at_level(logging.WARNING):
        for number in range(3):
            request = with_profile_fields(signal)
            neighbour = trace_request({"n": number})
            for one, kind in ((request, signal), (neighbour, Signal.TRACES)):
                said = send(serving, transport, kind, one)
                assert said.code == accepted(transport)
                assert not said.response.HasField("partial_success")
    table = "spans" if signal is Signal.TRACES else "log_records"
    found = row(store, f"SELECT attributes FROM {table} WHERE attributes LIKE '%kept%'")
    assert json.loads(found["attributes"]) == {
        "kept": "v",
        "indexed": None,
        "nested": [None],
        "listed": {"k": None},
    }
    if signal is Signal.LOGS:
        assert row(store, "SELECT body FROM log_records") == {"body": None}
    warned = [record for record in caplog.records if "profiles" in record.getMessage()]
    assert {record.levelname for record in warned} == {"WARNING"}


@each_transport
def test_c16_time_of_a_log_record(store: Path, transport: Transport) -> None:
    """A log record happened at its time, else when it was observed; 0 is an unknown time."""
    both = log_request("a", time_unix_nano=NS, observed_time_unix_nano=NS + 1)
    observed = log_request("b", time_unix_nano=0, observed_time_unix_nano=NS + 2)
    event = log_request("c", event_name="app.started")
    stored(store, transport, both, observed, event)
    found = rows(
        store,
        "SELECT time_unix_nano, observed_time_unix_nano, event_name FROM log_records ORDER BY body",
    )
    assert [tuple(one.values()) for one in found] == [
        (NS, NS + 1, None),
        (None, NS + 2, None),
        (NS, None, "app.started"),
    ]


@each_transport
def test_c16_unknown_time_of_an_exception(store: Path, transport: Transport) -> None:
    """An exception in a log record without a time has the time when it was observed."""
    attributes: dict[str, object] = {"exception.type": "Boom"}
    request = log_request(
        "b", attributes=attributes, time_unix_nano=0, observed_time_unix_nano=NS + 2
    )
    stored(store, transport, request)
    assert row(store, "SELECT time_unix_nano FROM exceptions") == {"time_unix_nano": NS + 2}


def unknown(number: int) -> bytes:
    """A field that no message has, as a client of the future may send it."""
    return varint(number << 3 | 2) + length_delimited(b"from the future")


@each_protobuf
def test_c17_unknown_protobuf_fields(store: Path, transport: Transport) -> None:
    """Fields that are not known yet are ignored at every level of the message."""
    span = trace_request({"k": "v"}).resource_spans[0].scope_spans[0].spans[0]
    record = span.SerializeToString() + unknown(900)
    scope = varint(2 << 3 | 2) + length_delimited(record) + unknown(901)
    resource = varint(2 << 3 | 2) + length_delimited(scope) + unknown(902)
    payload = varint(1 << 3 | 2) + length_delimited(resource) + unknown(903)
    with running(settings(store), api=None) as serving:
        said = send(serving, transport, Signal.TRACES, payload)
    assert said.code == accepted(transport)
    assert not said.response.HasField("partial_success")
    assert row(store, "SELECT attributes FROM spans") == {"attributes": '{"k":"v"}'}


def test_c17_unknown_json_fields(store: Path) -> None:
    """Names that are not known yet are ignored at every level of JSON."""
    span = {
        "traceId": "01" * 16,
        "spanId": "02" * 8,
        "name": "x",
        "futureField": {"a": [1, None]},
        "attributes": [{"key": "k", "value": {"intValue": 1, "future": 2}, "futureToo": []}],
    }
    scope = {"spans": [span], "f": 1}
    body = {"resourceSpans": [{"scopeSpans": [scope], "g": {}}], "h": ""}
    with running(settings(store), api=None) as serving:
        said = send(serving, Transport.HTTP_JSON, Signal.TRACES, json.dumps(body).encode())
    assert said.code == "200"
    assert row(store, "SELECT span_name FROM spans") == {"span_name": "x"}
