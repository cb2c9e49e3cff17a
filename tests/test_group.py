"""Requests that are committed together do not harm one another."""

import random
from pathlib import Path

import pytest

from receiver.errors import MalformedRequest
from receiver.export_request import read_request
from receiver.flatten.endpoint import EndpointLimit
from receiver.group import GroupBuilder
from receiver.otlp.wire import REQUEST_TYPES, requests_to_arrow
from receiver.signals import Signal
from tests.ingest import ingesting, log_request, row, trace_request

# A length of 2^64 - 1, at which the Rust decoder panics instead of failing.
PANIC = b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"


def test_panic_is_contained() -> None:
    """A panic of the decoder is an ordinary refusal."""
    with pytest.raises(MalformedRequest):
        requests_to_arrow(Signal.TRACES, [PANIC])
    with pytest.raises(MalformedRequest):
        read_request(Signal.TRACES, "test", PANIC, 0)


def test_wrong_wire_type_is_read_as_the_strict_parser_reads_it(tmp_path: Path) -> None:
    """A field of another wire type is unknown to protobuf: the span is stored without it."""
    span = b"\x0a\x10" + bytes(15) + b"\x01" + b"\x12\x08" + bytes(7) + b"\x02"
    span += b"\x28\x05"  # field 5, the name, as a number
    scope = b"\x12" + bytes([len(span)]) + span
    entry = b"\x12" + bytes([len(scope)]) + scope
    payload = b"\x0a" + bytes([len(entry)]) + entry
    store = tmp_path / "s.duckdb"
    with ingesting(store) as ingest:
        assert ingest.send(payload).accepted == 1
    assert row(store, "SELECT span_id, span_name FROM spans") == {"span_id": 2, "span_name": ""}


def test_unknown_fields_are_ignored(tmp_path: Path) -> None:
    """Fields of a later OTLP are ignored, and the rest is stored."""
    payload = trace_request({"a": 1}).SerializeToString() + b"\xfa\x3f\x03abc"
    store = tmp_path / "s.duckdb"
    with ingesting(store) as ingest:
        assert ingest.send(payload).accepted == 1


def test_both_signals_in_one_group() -> None:
    """Traces and logs of one group become one group of rows, each request with its own answer."""
    traces = trace_request({}, {})
    logs = log_request("a", "b", "c")
    requests = [
        read_request(Signal.LOGS, "test", logs.SerializeToString(), 5),
        read_request(Signal.TRACES, "test", traces.SerializeToString(), 5),
    ]
    group, refused = GroupBuilder(7, EndpointLimit()).build(requests)
    assert refused == []
    assert [answer.accepted for answer in group.answers] == [2, 3]
    assert [request.signal for request in group.requests] == [Signal.TRACES, Signal.LOGS]
    assert group.request_ids == (7, 8)


def test_mutated_requests_leave_neighbours_alone() -> None:
    """Whatever a request holds that the strict parser takes, its neighbours' rows are unchanged."""
    source = random.Random(11)
    good = trace_request({"n": 1, "text": "hello"}, {"n": 2}).SerializeToString()
    taken = 0
    for _ in range(400):
        mutated = bytearray(good)
        for _ in range(source.randint(1, 4)):
            mutated[source.randrange(len(mutated))] = source.randrange(256)
        try:
            odd = read_request(Signal.TRACES, "test", bytes(mutated), 5)
        except MalformedRequest:
            continue
        taken += 1
        sound = read_request(Signal.TRACES, "test", good, 5)
        group, _ = GroupBuilder(1, EndpointLimit()).build([sound, odd])
        tables = [table for name, table in group.tables if name == "spans"]
        mine = [one for table in tables for one in table.to_pylist() if one["request_id"] == 1]
        assert [one["attributes"] for one in mine] == ['{"n":1,"text":"hello"}', '{"n":2}']
        expected = REQUEST_TYPES[Signal.TRACES].FromString(bytes(mutated))
        spans = sum(len(s.spans) for r in expected.resource_spans for s in r.scope_spans)
        assert odd.record_count == spans
    assert taken > 50
