"""What becomes of ids that are missing or not valid."""

import json
from pathlib import Path

import pytest

from tests.ingest import ingesting, key_values, log_request, row, rows, stored, trace_request

TRACE, SPAN = b"\x0a" * 16, b"\x0b" * 8


@pytest.mark.parametrize("parent", [b"", bytes(8)])
def test_root_span(tmp_path: Path, parent: bytes) -> None:
    """A span without a parent, or with the all-zero one that some senders write, is a root."""
    store = tmp_path / "s.duckdb"
    stored(store, trace_request({}, parent_span_id=parent))
    assert row(store, "SELECT parent_span_id FROM spans") == {"parent_span_id": None}


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("trace_id", b"", "trace_id"),
        ("trace_id", bytes(16), "trace_id"),
        ("trace_id", b"\x01" * 17, "trace_id"),
        ("span_id", b"\x01" * 7, "span_id"),
        ("span_id", bytes(8), "span_id"),
        ("parent_span_id", b"\x01" * 9, "parent_span_id"),
        ("start_time_unix_nano", 2**63 - 1, "2200"),
        ("end_time_unix_nano", 2**64 - 1, "2200"),
    ],
)
def test_span_is_refused_alone(tmp_path: Path, field: str, value: object, reason: str) -> None:
    """A span that no row can hold is refused with the reason; its neighbours keep their values."""
    request = trace_request({"n": 1}, {"n": 2}, {"n": 3})
    setattr(request.resource_spans[0].scope_spans[0].spans[1], field, value)
    store = tmp_path / "s.duckdb"
    with ingesting(store) as ingest:
        answer = ingest.send(request)
    assert (answer.accepted, answer.rejected) == (2, 1)
    assert reason in (answer.reason or "")
    found = rows(store, "SELECT span_id, attributes FROM spans ORDER BY span_id")
    assert [(one["span_id"], one["attributes"]) for one in found] == [
        (1, '{"n":1}'),
        (3, '{"n":3}'),
    ]
    ledger = row(
        store, "SELECT accepted_count, rejected_count, rejected_reason FROM export_requests"
    )
    assert ledger == {
        "accepted_count": 2,
        "rejected_count": 1,
        "rejected_reason": answer.reason,
    }


@pytest.mark.parametrize(
    ("trace_id", "span_id", "in_trace", "in_span"),
    [
        (TRACE, SPAN, True, True),
        (b"", b"", False, False),
        (TRACE, b"", True, False),
        (b"\x01" * 5, SPAN, False, True),
        (bytes(16), bytes(8), False, False),
    ],
)
def test_log_record_is_never_refused(
    tmp_path: Path, trace_id: bytes, span_id: bytes, in_trace: bool, in_span: bool
) -> None:
    """A log record with invalid ids is kept; it is just not associated with a span."""
    store = tmp_path / "s.duckdb"
    stored(store, log_request("hello", trace_id=trace_id, span_id=span_id))
    found = row(store, "SELECT trace_id, span_id, body FROM log_records")
    assert (found["trace_id"] is not None, found["span_id"] is not None) == (in_trace, in_span)
    assert found["body"] == "hello"


def test_link_ids_are_kept_as_sent(tmp_path: Path) -> None:
    """A link with an id of any length is kept, as hex."""
    request = trace_request({})
    span = request.resource_spans[0].scope_spans[0].spans[0]
    span.links.add(trace_id=b"\x01\xff", span_id=b"")
    store = tmp_path / "s.duckdb"
    stored(store, request)
    (link,) = json.loads(row(store, "SELECT links FROM spans")["links"])
    assert (link["trace_id"], link["span_id"]) == ("01ff", "")


def test_same_ids_are_two_spans(tmp_path: Path) -> None:
    """Two spans with the same ids, as Zipkin-style senders have them, are both kept."""
    request = trace_request({"side": "client"}, {"side": "server"}, span_id=SPAN)
    store = tmp_path / "s.duckdb"
    stored(store, request)
    assert row(store, "SELECT count(*) AS n FROM spans") == {"n": 2}


def test_times(tmp_path: Path) -> None:
    """A span without an end has no duration; one that ends before it starts keeps the negative."""
    store = tmp_path / "s.duckdb"
    stored(
        store,
        trace_request({}, start_time_unix_nano=10, end_time_unix_nano=0),
        trace_request({}, start_time_unix_nano=10, end_time_unix_nano=4),
    )
    found = rows(store, "SELECT duration_ns FROM spans ORDER BY duration_ns NULLS LAST")
    assert [one["duration_ns"] for one in found] == [-6, None]


@pytest.mark.parametrize("time", [0, 2**63 - 1, 2**64 - 1])
def test_exception_at_an_impossible_time(tmp_path: Path, time: int) -> None:
    """An exception event whose time is unknown or past the year 2200 counts at its span's start."""
    request = trace_request({})
    span = request.resource_spans[0].scope_spans[0].spans[0]
    event = span.events.add(name="exception", time_unix_nano=time)
    event.attributes.extend(key_values({"exception.type": "KeyError"}))
    store = tmp_path / "s.duckdb"
    stored(store, request)
    found = row(store, "SELECT time_unix_nano FROM exceptions")
    assert found == {"time_unix_nano": span.start_time_unix_nano}


@pytest.mark.parametrize("time", [2**63 - 1, 2**64 - 1])
def test_log_record_at_an_impossible_time(tmp_path: Path, time: int) -> None:
    """A log record is kept when its time is past the year 2200, but that time is not."""
    store = tmp_path / "s.duckdb"
    stored(store, log_request("x", time_unix_nano=time, observed_time_unix_nano=7))
    found = row(store, "SELECT time_unix_nano, observed_time_unix_nano FROM log_records")
    assert found == {"time_unix_nano": None, "observed_time_unix_nano": 7}


def test_unknown_enum_values(tmp_path: Path) -> None:
    """A span kind or status that we do not know is stored as the unspecified one."""
    request = trace_request({}, kind=77)
    request.resource_spans[0].scope_spans[0].spans[0].status.code = 9
    store = tmp_path / "s.duckdb"
    stored(store, request)
    assert row(store, "SELECT span_kind, status_code, outcome FROM spans") == {
        "span_kind": "UNSPECIFIED",
        "status_code": "UNSET",
        "outcome": "ok",
    }
