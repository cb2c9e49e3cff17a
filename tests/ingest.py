"""Export requests into a real store through the real pipeline, without sockets."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from receiver.export_request import Answer, read_request
from receiver.pipeline import Pipeline
from receiver.settings import ReceiverSettings
from receiver.signals import Signal
from receiver.storage.writer import Writer

# The stored exceptions with the whole text of their stacks, to stand after FROM.
EXCEPTIONS = """(
    SELECT e.*, CASE WHEN e.message_at IS NULL THEN t.stacktrace ELSE
        substring(t.stacktrace, 1, e.message_at) || e.exception_message
        || substring(t.stacktrace, e.message_at + 1) END AS exception_stacktrace
    FROM exceptions AS e LEFT JOIN stacktraces AS t USING (stacktrace_id)
)"""

Request = ExportTraceServiceRequest | ExportLogsServiceRequest


class Ingest:
    """A pipeline into one store."""

    def __init__(self, pipeline: Pipeline) -> None:
        """Sends to this pipeline."""
        self._pipeline = pipeline

    def send(self, request: Request | bytes, signal: Signal = Signal.TRACES) -> Answer:
        """The answer to a request once it is stored; the type of a message tells its signal."""
        if isinstance(request, ExportLogsServiceRequest):
            signal = Signal.LOGS
        payload = request if isinstance(request, bytes) else request.SerializeToString()
        read = read_request(signal, "test", payload, time.time_ns())
        return self._pipeline.submit(read).answer.result(30)


@contextmanager
def ingesting(store: Path) -> Iterator[Ingest]:
    """A pipeline into the store for the length of the block."""
    writer = Writer(store, lock_wait_s=0)
    pipeline = Pipeline(writer, ReceiverSettings(store=store))
    pipeline.start()
    try:
        yield Ingest(pipeline)
    finally:
        pipeline.close()
        writer.close()


def stored(store: Path, *requests: Request) -> None:
    """Sends the requests into the store and closes it."""
    with ingesting(store) as ingest:
        for request in requests:
            ingest.send(request)


def rows(store: Path, sql: str) -> list[dict[str, Any]]:  # Any: whatever the columns hold
    """The rows of a query over a store that nobody holds, as column name to value."""
    with duckdb.connect(str(store), read_only=True) as connection:
        result = connection.execute(sql)
        names = [column[0] for column in result.description or ()]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def row(store: Path, sql: str) -> dict[str, Any]:  # Any: whatever the columns hold
    """The one row of a query."""
    (only,) = rows(store, sql)
    return only


def any_value(value: object) -> AnyValue:
    """A Python value as an `AnyValue`; None is the empty one."""
    match value:
        case None:
            return AnyValue()
        case bool():
            return AnyValue(bool_value=value)
        case int():
            return AnyValue(int_value=value)
        case float():
            return AnyValue(double_value=value)
        case bytes():
            return AnyValue(bytes_value=value)
        case list():
            result = AnyValue()
            result.array_value.SetInParent()
            result.array_value.values.extend(any_value(item) for item in value)
            return result
        case dict():
            result = AnyValue()
            result.kvlist_value.SetInParent()
            result.kvlist_value.values.extend(key_values(value))
            return result
    return AnyValue(string_value=str(value))


def key_values(attributes: Mapping[str, object]) -> list[KeyValue]:
    """Attributes as protobuf messages."""
    return [KeyValue(key=key, value=any_value(value)) for key, value in attributes.items()]


def trace_request(
    *attribute_sets: Mapping[str, object],
    resource: dict[str, object] | None = None,
    **fields: Any,  # Any: fields of an untyped generated message
) -> ExportTraceServiceRequest:
    """A request with a span for each set of attributes; `fields` are set on every span."""
    request = ExportTraceServiceRequest()
    entry = request.resource_spans.add()
    entry.resource.attributes.extend(key_values(resource or {"service.name": "shop"}))
    spans = entry.scope_spans.add().spans
    for number, attributes in enumerate(attribute_sets or ({},), start=1):
        given = {
            "trace_id": bytes(15) + b"\x01",
            "span_id": number.to_bytes(8, "big"),
            "name": "work",
            "kind": 2,
            "start_time_unix_nano": 1_700_000_000_000_000_000,
            "end_time_unix_nano": 1_700_000_000_250_000_000,
            **fields,
        }
        span = spans.add(**given)
        span.attributes.extend(key_values(attributes))
    return request


def log_request(
    *bodies: object,
    attributes: dict[str, object] | None = None,
    resource: dict[str, object] | None = None,
    **fields: Any,  # Any: fields of an untyped generated message
) -> ExportLogsServiceRequest:
    """A request with a log record for each body; `fields` are set on every record."""
    request = ExportLogsServiceRequest()
    entry = request.resource_logs.add()
    entry.resource.attributes.extend(key_values(resource or {"service.name": "shop"}))
    records = entry.scope_logs.add().log_records
    for body in bodies:
        record = records.add(**{"time_unix_nano": 1_700_000_000_000_000_000, **fields})
        record.body.CopyFrom(any_value(body))
        record.attributes.extend(key_values(attributes or {}))
    return request
