"""Every field of the OTLP trace and logs messages is held by a column, or left out for a named
reason."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.descriptor import Descriptor
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.ingest import any_value, key_values, row, stored

NS = 1_700_000_000_000_000_000

# field -> (SQL expression over its table, the value that the request below puts there)
HELD: dict[str, tuple[str, str, object]] = {
    "ResourceSpans.schema_url": ("resources", "schema_url", "https://r"),
    "Resource.attributes": ("resources", "attributes->>'host.name'", "h1"),
    "Resource.dropped_attributes_count": ("resources", "dropped_attributes_count", 11),
    "Resource.entity_refs": ("resources", "entity_refs->'$[0]'->>'type'", "service"),
    "EntityRef.schema_url": ("resources", "entity_refs->'$[0]'->>'schemaUrl'", "https://e"),
    "EntityRef.type": ("resources", "entity_refs->'$[0]'->>'type'", "service"),
    "EntityRef.id_keys": ("resources", "entity_refs->'$[0].idKeys'->>0", "service.name"),
    "EntityRef.description_keys": (
        "resources",
        "entity_refs->'$[0].descriptionKeys'->>0",
        "service.version",
    ),
    "ScopeSpans.schema_url": ("spans", "scope_schema_url", "https://s"),
    "InstrumentationScope.name": ("spans", "scope_name", "lib"),
    "InstrumentationScope.version": ("spans", "scope_version", "1.2"),
    "InstrumentationScope.attributes": ("spans", "scope_attributes->>'k'", "v"),
    "InstrumentationScope.dropped_attributes_count": (
        "spans",
        "scope_dropped_attributes_count",
        12,
    ),
    "Span.trace_id": ("spans", "replace(trace_id::VARCHAR, '-', '')", "01" * 16),
    "Span.span_id": ("spans", "format('{:016x}', span_id)", "02" * 8),
    "Span.trace_state": ("spans", "trace_state", "ot=th:8"),
    "Span.parent_span_id": ("spans", "format('{:016x}', parent_span_id)", "03" * 8),
    "Span.flags": ("spans", "flags", 0x301),
    "Span.name": ("spans", "span_name", "GET /"),
    "Span.kind": ("spans", "span_kind", "SERVER"),
    "Span.start_time_unix_nano": ("spans", "start_time_unix_nano", NS),
    "Span.end_time_unix_nano": ("spans", "start_time_unix_nano + duration_ns", NS + 5),
    "Span.attributes": ("spans", "attributes->>'a'", "b"),
    "Span.dropped_attributes_count": ("spans", "dropped_attributes_count", 13),
    "Span.events": ("spans", "json_array_length(events)", 1),
    "Span.dropped_events_count": ("spans", "dropped_events_count", 14),
    "Span.links": ("spans", "json_array_length(links)", 1),
    "Span.dropped_links_count": ("spans", "dropped_links_count", 15),
    "Span.status": ("spans", "status_code", "ERROR"),
    "Status.message": ("spans", "status_message", "broken"),
    "Status.code": ("spans", "status_code", "ERROR"),
    "Event.time_unix_nano": ("spans", "(events->'$[0].time_unix_nano')::BIGINT", NS + 1),
    "Event.name": ("spans", "events->'$[0]'->>'name'", "exception"),
    "Event.attributes": ("spans", "events->'$[0].attributes'->>'exception.type'", "KeyError"),
    "Event.dropped_attributes_count": (
        "spans",
        "(events->'$[0].dropped_attributes_count')::INT",
        16,
    ),
    "Link.trace_id": ("spans", "links->'$[0]'->>'trace_id'", "04" * 16),
    "Link.span_id": ("spans", "links->'$[0]'->>'span_id'", "05" * 8),
    "Link.trace_state": ("spans", "links->'$[0]'->>'trace_state'", "l=1"),
    "Link.attributes": ("spans", "links->'$[0].attributes'->>'x'", "y"),
    "Link.dropped_attributes_count": (
        "spans",
        "(links->'$[0].dropped_attributes_count')::INT",
        17,
    ),
    "Link.flags": ("spans", "(links->'$[0].flags')::INT", 0x101),
    "ResourceLogs.schema_url": ("resources", "schema_url", "https://r"),
    "ScopeLogs.schema_url": ("log_records", "scope_schema_url", "https://s"),
    "LogRecord.time_unix_nano": ("log_records", "time_unix_nano", NS),
    "LogRecord.observed_time_unix_nano": ("log_records", "observed_time_unix_nano", NS + 9),
    "LogRecord.severity_number": ("log_records", "severity_number", 17),
    "LogRecord.severity_text": ("log_records", "severity_text", "Error"),
    "LogRecord.body": ("log_records", "body", "no\tstock"),
    "LogRecord.attributes": ("log_records", "attributes->>'a'", "b"),
    "LogRecord.dropped_attributes_count": ("log_records", "dropped_attributes_count", 18),
    "LogRecord.flags": ("log_records", "flags", 1),
    "LogRecord.trace_id": ("log_records", "replace(trace_id::VARCHAR, '-', '')", "01" * 16),
    "LogRecord.span_id": ("log_records", "format('{:016x}', span_id)", "02" * 8),
    "LogRecord.event_name": ("log_records", "event_name", "db.client.operation.exception"),
    "KeyValue.key": ("spans", "json_keys(attributes)[1]", "a"),
    "KeyValue.value": ("spans", "attributes->>'a'", "b"),
    "AnyValue.string_value": ("spans", "attributes->>'a'", "b"),
    "AnyValue.bool_value": ("spans", "attributes->'bool'", "true"),
    "AnyValue.int_value": ("spans", "attributes->'int'", "7"),
    "AnyValue.double_value": ("spans", "attributes->'double'", "2.5"),
    "AnyValue.array_value": ("spans", "attributes->'array'", "[1]"),
    "AnyValue.kvlist_value": ("spans", "attributes->'kvlist'->>'n'", "m"),
    "AnyValue.bytes_value": ("spans", "attributes->'bytes'->>'bytesValue'", "AQ=="),
    "ArrayValue.values": ("spans", "attributes->'array'", "[1]"),
    "KeyValueList.values": ("spans", "attributes->'kvlist'->>'n'", "m"),
}

LAYER = "a layer of the message: its fields become columns of the rows inside it"
PROFILES = "profiles only: OTLP says to treat it as absent in other signals (common.proto)"
LEFT_OUT: dict[str, str] = {
    "ExportTraceServiceRequest.resource_spans": LAYER,
    "ResourceSpans.resource": LAYER,
    "ResourceSpans.scope_spans": LAYER,
    "ScopeSpans.scope": LAYER,
    "ScopeSpans.spans": LAYER,
    "ExportLogsServiceRequest.resource_logs": LAYER,
    "ResourceLogs.resource": LAYER,
    "ResourceLogs.scope_logs": LAYER,
    "ScopeLogs.scope": LAYER,
    "ScopeLogs.log_records": LAYER,
    "KeyValue.key_strindex": PROFILES,
    "AnyValue.string_value_strindex": PROFILES,
}


def fields(message: Descriptor, seen: set[str]) -> Iterator[str]:
    """`Message.field` for every field reachable from a message type."""
    if message.name in seen:
        return
    seen.add(message.name)
    for field in message.fields:
        yield f"{message.name}.{field.name}"
        if field.message_type is not None:
            yield from fields(field.message_type, seen)


def test_every_field_has_a_place() -> None:
    """The official messages have no field that is neither held nor left out for a reason."""
    seen: set[str] = set()
    every = {
        name
        for request in (ExportTraceServiceRequest, ExportLogsServiceRequest)
        for name in fields(request.DESCRIPTOR, seen)
    }
    assert every == set(HELD) | set(LEFT_OUT)
    assert not set(HELD) & set(LEFT_OUT)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store into which every field went with a value of its own."""
    path = tmp_path_factory.mktemp("coverage") / "s.duckdb"
    stored(path, traces(), logs())
    return path


@pytest.mark.parametrize("field", HELD)
def test_column_holds_field(store: Path, field: str) -> None:
    """The named column holds exactly what was sent in the field."""
    table, expression, expected = HELD[field]
    found = row(store, f"SELECT {expression} AS found FROM {table}")["found"]
    assert found == expected, json.dumps({field: found}, default=str)


def traces() -> ExportTraceServiceRequest:
    """A request that sets every field of the trace messages."""
    request = ExportTraceServiceRequest()
    entry = fill_resource(request.resource_spans.add(schema_url="https://r"))
    scope = fill_scope(entry.scope_spans.add(schema_url="https://s"))
    span = scope.spans.add(
        trace_id=b"\x01" * 16,
        span_id=b"\x02" * 8,
        trace_state="ot=th:8",
        parent_span_id=b"\x03" * 8,
        flags=0x301,
        name="GET /",
        kind=2,
        start_time_unix_nano=NS,
        end_time_unix_nano=NS + 5,
        dropped_attributes_count=13,
        dropped_events_count=14,
        dropped_links_count=15,
    )
    span.status.code = 2
    span.status.message = "broken"
    kinds: dict[str, object] = {
        "a": "b",
        "bool": True,
        "int": 7,
        "double": 2.5,
        "array": [1],
        "kvlist": {"n": "m"},
        "bytes": b"\x01",
    }
    span.attributes.extend(key_values(kinds))
    event = span.events.add(time_unix_nano=NS + 1, name="exception", dropped_attributes_count=16)
    event.attributes.extend(key_values({"exception.type": "KeyError"}))
    link = span.links.add(
        trace_id=b"\x04" * 16,
        span_id=b"\x05" * 8,
        trace_state="l=1",
        dropped_attributes_count=17,
        flags=0x101,
    )
    link.attributes.extend(key_values({"x": "y"}))
    return request


def logs() -> ExportLogsServiceRequest:
    """A request that sets every field of the logs messages, from the same resource."""
    request = ExportLogsServiceRequest()
    entry = fill_resource(request.resource_logs.add(schema_url="https://r"))
    scope = fill_scope(entry.scope_logs.add(schema_url="https://s"))
    record = scope.log_records.add(
        time_unix_nano=NS,
        observed_time_unix_nano=NS + 9,
        severity_number=17,
        severity_text="Error",
        dropped_attributes_count=18,
        flags=1,
        trace_id=b"\x01" * 16,
        span_id=b"\x02" * 8,
        event_name="db.client.operation.exception",
    )
    record.body.CopyFrom(any_value("no\tstock"))
    record.attributes.extend(key_values({"a": "b"}))
    return request


def fill_resource(entry: Any) -> Any:  # Any: untyped generated messages
    """The resource entry with every field of its resource set."""
    resource = entry.resource
    resource.attributes.extend(key_values({"service.name": "shop", "host.name": "h1"}))
    resource.dropped_attributes_count = 11
    resource.entity_refs.add(
        schema_url="https://e",
        type="service",
        id_keys=["service.name"],
        description_keys=["service.version"],
    )
    return entry


def fill_scope(entry: Any) -> Any:  # Any: untyped generated messages
    """The scope entry with every field of its scope set."""
    entry.scope.name = "lib"
    entry.scope.version = "1.2"
    entry.scope.attributes.extend(key_values({"k": "v"}))
    entry.scope.dropped_attributes_count = 12
    return entry
