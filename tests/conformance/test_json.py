"""Rules of the JSON mapping, J1 to J6 (OTLP specification 1.11.0), and where we are more lenient.

A large request is read another way than a small one (`receiver.otlp.json_columns`), so each is sent
in both sizes.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analysis.serving import running
from receiver.otlp.request_json import REGULAR_BYTES_MIN
from receiver.signals import Signal
from tests.conformance.receivers import JSON, Said, Transport, send, settings
from tests.ingest import row, rows

Json = dict[str, Any]
TRACE, SPAN = "5B8EFFF798038103D269B633813FC60C", "eee19b7ec3c1B174"
each_size = pytest.mark.parametrize("bytes_min", [0, REGULAR_BYTES_MIN], ids=["small", "large"])


def span(**fields: object) -> Json:
    """A valid span with these fields besides."""
    times = {"startTimeUnixNano": "1544712660000000000", "endTimeUnixNano": "1544712661000000000"}
    return {"traceId": TRACE, "spanId": SPAN, "name": "x", **times, **fields}


def traces(spans: list[Json], names: tuple[str, str] = ("resourceSpans", "scopeSpans")) -> Json:
    """A trace request of these spans."""
    return {names[0]: [{names[1]: [{"spans": spans}]}]}


def logs(records: list[Json]) -> Json:
    """A log request of these records."""
    return {"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}


def exchanged(store: Path, signal: Signal, document: Json, bytes_min: int) -> Said:
    """The answer to this document, made at least this large by a resource attribute."""
    envelope = next(iter(document.values()))[0]
    if bytes_min:
        padding = {"key": "padding", "value": {"stringValue": "x" * bytes_min}}
        envelope["resource"] = {"attributes": [padding]}
    with running(settings(store), api=None) as serving:
        said = send(serving, Transport.HTTP_JSON, signal, json.dumps(document).encode())
        assert (said.headers or {})["content-type"] == JSON
    return said


@each_size
def test_j1_ids_are_hex(store: Path, bytes_min: int) -> None:
    """Ids of spans, parents, links and log records are hexadecimal in any case."""
    link = {"traceId": "ab" * 16, "spanId": "CD" * 8}
    one = span(parentSpanId="AbCdEf0123456789", links=[link])
    assert exchanged(store, Signal.TRACES, traces([one]), bytes_min).code == "200"
    record = {"traceId": TRACE, "spanId": SPAN, "body": {"stringValue": "b"}}
    assert exchanged(store, Signal.LOGS, logs([record]), bytes_min).code == "200"
    found = row(store, "SELECT trace_id, span_id, parent_span_id, links FROM spans")
    log = row(store, "SELECT trace_id, span_id FROM log_records")
    assert found["trace_id"].hex == log["trace_id"].hex == TRACE.lower()
    assert found["span_id"] == log["span_id"] == int(SPAN, 16)
    assert found["parent_span_id"] == 0xABCDEF0123456789
    (stored,) = json.loads(found["links"])
    assert "ab" * 16 in stored.values()
    assert "cd" * 8 in stored.values()


@each_size
@pytest.mark.parametrize("bad", [TRACE[:-2], TRACE + "00", "", "0" * 32])
def test_j1_ids_of_wrong_length(store: Path, bad: str, bytes_min: int) -> None:
    """A trace id of another length costs its span, not the request; the Collector refuses all."""
    document = traces([span(traceId=bad), span()])
    said = exchanged(store, Signal.TRACES, document, bytes_min)
    assert (said.code, said.response.partial_success.rejected_spans) == ("200", 1)
    assert row(store, "SELECT count(*) AS n FROM spans") == {"n": 1}


@each_size
def test_j1_ids_are_not_base64(store: Path, bytes_min: int) -> None:
    """An id that is no hexadecimal, as the base64 of plain proto3 JSON, is refused with its
    place."""
    document = traces([span(spanId="7uGbfsPBsXQ=")])
    said = exchanged(store, Signal.TRACES, document, bytes_min)
    assert said.code == "400"
    assert said.violations[0].field == "resourceSpans[0].scopeSpans[0].spans[0].spanId"
    assert "not base64" in said.violations[0].description


@each_size
def test_j1_other_bytes_are_base64(store: Path, bytes_min: int) -> None:
    """Bytes in values are base64."""
    attribute = {"key": "k", "value": {"bytesValue": "+/8="}}
    exchanged(store, Signal.TRACES, traces([span(attributes=[attribute])]), bytes_min)
    assert row(store, "SELECT attributes FROM spans") == {
        "attributes": '{"k":{"bytesValue": "+/8="}}'
    }


@each_size
@pytest.mark.parametrize("kind", [3, "3", "SPAN_KIND_CLIENT"])
def test_j2_enums_are_numbers(store: Path, kind: object, bytes_min: int) -> None:
    """Enums are numbers; their names are understood as well, as by the Collector."""
    status = {"code": "STATUS_CODE_ERROR" if isinstance(kind, str) else 2}
    exchanged(store, Signal.TRACES, traces([span(kind=kind, status=status)]), bytes_min)
    assert row(store, "SELECT span_kind, status_code FROM spans") == {
        "span_kind": "CLIENT",
        "status_code": "ERROR",
    }


@each_size
def test_j2_unknown_enum_names(store: Path, bytes_min: int) -> None:
    """A name that no enum has is refused with its place; an unknown number is kept as unspecified,
    so that a new one does no harm."""
    wrong = exchanged(store, Signal.TRACES, traces([span(kind="KLIENT")]), bytes_min)
    assert wrong.violations[0].field == "resourceSpans[0].scopeSpans[0].spans[0].kind"
    new = exchanged(store, Signal.TRACES, traces([span(kind=77)]), bytes_min)
    assert new.code == "200"
    assert row(store, "SELECT span_kind FROM spans") == {"span_kind": "UNSPECIFIED"}


@each_size
def test_j3_unknown_names(store: Path, bytes_min: int) -> None:
    """Names that are not known are ignored, at every level and whatever they hold."""
    strange: Json = {"future": {"a": [1, {"b": None}]}, "": 1, "spans2": []}
    one = span(attributes=[{"key": "k", "value": {"intValue": "1", **strange}, **strange}])
    document = traces([{**one, **strange}]) | strange
    document["resourceSpans"][0] |= strange
    document["resourceSpans"][0]["scopeSpans"][0] |= strange
    said = exchanged(store, Signal.TRACES, document, bytes_min)
    assert (said.code, said.response.HasField("partial_success")) == ("200", False)
    assert row(store, "SELECT attributes FROM spans") == {"attributes": '{"k":1}'}


@each_size
def test_j4_lower_camel_case(store: Path, bytes_min: int) -> None:
    """Names are lowerCamelCase; snake_case is understood as well, as by the Collector."""
    snake = {
        "trace_id": TRACE,
        "span_id": "02" * 8,
        "start_time_unix_nano": "1544712660000000000",
        "end_time_unix_nano": 1544712661000000000,
        "trace_state": "a=1",
        "attributes": [{"key": "k", "value": {"string_value": "v"}}],
    }
    camel = span(traceState="a=1", attributes=[{"key": "k", "value": {"stringValue": "v"}}])
    names = ("resource_spans", "scope_spans")
    exchanged(store, Signal.TRACES, traces([snake], names), bytes_min)
    exchanged(store, Signal.TRACES, traces([camel]), bytes_min)
    columns = "trace_id, trace_state, start_time_unix_nano, duration_ns, attributes"
    found = rows(store, f"SELECT {columns} FROM spans")
    assert len(found) == 2
    assert found[0] == found[1]


@each_size
@pytest.mark.parametrize("spelled", [str, int], ids=["text", "number"])
def test_j5_integers_as_text_or_number(
    store: Path, spelled: Callable[[int], object], bytes_min: int
) -> None:
    """64-bit integers are decimal text; numbers are taken as well, and none loses a digit."""
    attribute = {"key": "n", "value": {"intValue": spelled(9007199254740993)}}
    one = span(startTimeUnixNano=spelled(1544712660000000001), attributes=[attribute])
    exchanged(store, Signal.TRACES, traces([one]), bytes_min)
    assert row(store, "SELECT start_time_unix_nano AS t, attributes FROM spans") == {
        "t": 1544712660000000001,
        "attributes": '{"n":9007199254740993}',
    }


@each_size
def test_j5_other_numbers_as_text(store: Path, bytes_min: int) -> None:
    """32-bit integers and doubles may be text too, as for the Collector; a double without a
    fraction is an integer."""
    attribute = {"key": "d", "value": {"doubleValue": "2.5"}}
    one = span(flags="257", droppedEventsCount=3.0, attributes=[attribute])
    exchanged(store, Signal.TRACES, traces([one]), bytes_min)
    assert row(store, "SELECT flags, dropped_events_count AS n, attributes FROM spans") == {
        "flags": 257,
        "n": 3,
        "attributes": '{"d":2.5}',
    }


@each_size
def test_j6_null_is_the_default(store: Path, bytes_min: int) -> None:
    """null stands for a field that is not there, in any place."""
    one = span(kind=None, status=None, attributes=None, events=None, parentSpanId=None)
    document = traces([one])
    document["resourceSpans"][0]["scopeSpans"][0]["scope"] = None
    assert exchanged(store, Signal.TRACES, document, bytes_min).code == "200"
    assert row(store, "SELECT span_kind, status_code, attributes, events FROM spans") == {
        "span_kind": "UNSPECIFIED",
        "status_code": "UNSET",
        "attributes": None,
        "events": None,
    }


@each_size
@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_j6_special_doubles(store: Path, number: str, bytes_min: int) -> None:
    """NaN and the infinities are text; without quotes, which is no JSON, they are taken as well."""
    quoted = {"key": "a", "value": {"doubleValue": number}}
    bare = {"key": "b", "value": {"doubleValue": float(number)}}
    exchanged(store, Signal.TRACES, traces([span(attributes=[quoted, bare])]), bytes_min)
    assert json.loads(row(store, "SELECT attributes FROM spans")["attributes"]) == {
        "a": {"doubleValue": number},
        "b": {"doubleValue": number},
    }
