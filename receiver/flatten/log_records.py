"""Export requests of logs as rows of the tables `log_records` and `exceptions`."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from receiver.flatten import attributes, ids
from receiver.flatten.columns import coalesce, from_arrow
from receiver.flatten.envelope import open_envelope
from receiver.flatten.exception_groups import ExceptionGroups
from receiver.flatten.exceptions import Carriers, exception_rows
from receiver.flatten.log_exceptions import log_exceptions
from receiver.flatten.redaction import Redaction
from receiver.flatten.rows import Rejections, RequestRows, Rows
from receiver.flatten.semconv import NAMES
from receiver.flatten.times import known
from receiver.otlp.wire import joined
from receiver.signals import Signal

_READ = {
    name: NAMES[name]
    for name in ("service.version", "deployment.environment.name", "deployment.id", "event.name")
}


def log_rows(
    batch: pa.RecordBatch, requests: RequestRows, redaction: Redaction, groups: ExceptionGroups
) -> Rows:
    """The rows of a group of log export requests, a row of `batch` for each request."""
    envelope = open_envelope(batch, Signal.LOGS, redaction)
    records = envelope.records
    time, observed = _time(records, "time_unix_nano"), _time(records, "observed_time_unix_nano")
    found = attributes.decode(records.field("attributes"), redaction)
    read = found.columns(_READ)
    event_name = coalesce(from_arrow(records.field("event_name")), read["event.name"])
    bodies = joined(records.field("body"))
    body, body_type = _body(bodies, redaction)
    arrival = requests.columns(envelope.request_rows)
    columns = {
        **_ids(records),
        "flags": records.field("flags"),
        "time_unix_nano": time,
        "observed_time_unix_nano": observed,
        "severity_number": _known(records.field("severity_number")),
        "severity_text": from_arrow(records.field("severity_text")).to_arrow(),
        "event_name": event_name.to_arrow(),
        "body": body,
        "body_type": body_type,
        **{name: column.to_arrow() for name, column in envelope.identity_columns(read).items()},
        "resource_id": envelope.resource_ids(),
        **envelope.scope_columns(),
        "attributes": found.json(),
        "dropped_attributes_count": records.field("dropped_attributes_count"),
        **arrival,
    }
    carriers = Carriers(
        signal=Signal.LOGS,
        event_name=event_name,
        time_unix_nano=pc.coalesce(time, observed, arrival["received_at_unix_nano"]),
        record_rows=np.arange(len(records), dtype=np.int64),
        sdk_language=envelope.identity("sdk_language"),
    )
    numbers = records.field("severity_number")
    carried, rows = log_exceptions(found, bodies, event_name, numbers, redaction)
    recorded = exception_rows(carried, rows, carriers, columns, groups)
    return Rows(
        tables=(("log_records", pa.table(columns)), *recorded.tables),
        resources=envelope.resources,
        accepted=np.bincount(envelope.request_rows, minlength=len(batch)),
        rejections=Rejections.nothing(len(records), len(batch)),
    )


def _ids(records: pa.StructArray) -> dict[str, pa.Array]:
    """The ids, NULL where they are invalid: the record is then not associated with a span."""
    trace, span = records.field("trace_id"), records.field("span_id")
    in_trace = ids.valid_ids(trace, ids.TRACE_ID_BYTES)
    in_span = ids.valid_ids(span, ids.SPAN_ID_BYTES)
    return {
        "trace_id": ids.uuids(ids.words(trace, ids.TRACE_ID_BYTES, in_trace), in_trace),
        "span_id": ids.numbers(ids.words(span, ids.SPAN_ID_BYTES, in_span), in_span),
    }


def _time(records: pa.StructArray, field: str) -> pa.Array:
    """A time, NULL where it is unknown: zero, or past the year 2200."""
    times = records.field(field).to_numpy()
    return pa.array(times.astype(np.int64), mask=~known(times))


def _known(severity: pa.Array) -> pa.Array:
    """A severity number, NULL where it is UNSPECIFIED."""
    return pc.if_else(pc.equal(severity, 0), None, severity)


def _body(serialized: pa.Array, redaction: Redaction) -> tuple[pa.Array, pa.Array]:
    """Bodies as text and the type each was sent as: a string as it is, anything else as JSON."""
    texts, as_json, types = attributes.decode_any_values(serialized, redaction)
    plain = pc.fill_null(pc.equal(types, "string"), False)
    return pc.if_else(plain, texts, pc.if_else(pc.is_valid(types), as_json, None)), types
