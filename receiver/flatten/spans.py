"""Export requests of spans as rows of the tables `spans` and `exceptions`."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from receiver.flatten import attributes, ids
from receiver.flatten.columns import CodedColumn, Mask, coalesce, combine, from_arrow, where
from receiver.flatten.endpoint import EndpointLimit, endpoints
from receiver.flatten.envelope import Envelope, open_envelope
from receiver.flatten.events import links_json, read_events
from receiver.flatten.exception_groups import ExceptionGroups
from receiver.flatten.failed_spans import FailedSpans
from receiver.flatten.outcome import outcomes
from receiver.flatten.peer import peers, server_columns
from receiver.flatten.redaction import Redaction
from receiver.flatten.rows import Rejections, RequestRows, Rows, integers
from receiver.flatten.sampling import adjusted_counts
from receiver.flatten.semconv import DB_SYSTEM_RENAMES, NAMES, RPC_SYSTEM_RENAMES, grpc_code_name
from receiver.flatten.times import storable
from receiver.signals import Signal

SPAN_KINDS = ("UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER")
STATUS_CODES = ("UNSET", "OK", "ERROR")
_SERVER, _CONSUMER = SPAN_KINDS.index("SERVER"), SPAN_KINDS.index("CONSUMER")
_CLIENT, _PRODUCER = SPAN_KINDS.index("CLIENT"), SPAN_KINDS.index("PRODUCER")
_ERROR = STATUS_CODES.index("ERROR")

# Attributes that are read from spans; the names they have had come from the one table in semconv.
_READ = tuple(
    name
    for name in NAMES
    if name
    not in {
        "exception.type",
        "exception.message",
        "exception.stacktrace",
        "exception.escaped",
        "event.name",
    }
)


@dataclass(frozen=True, slots=True)
class Kinds:
    """Which spans are requests, calls and failed by status."""

    codes: npt.NDArray[np.int32]
    requests: Mask
    calls: Mask
    status_error: Mask


def span_rows(
    batch: pa.RecordBatch, requests: RequestRows, limit: EndpointLimit, redaction: Redaction,
    groups: ExceptionGroups,
) -> Rows:  # fmt: skip
    """The rows of a group of trace export requests, a row of `batch` for each request."""
    opened = open_envelope(batch, Signal.TRACES, redaction)
    envelope, rejections = _without_invalid(opened, len(batch))
    spans = envelope.records
    kinds = _kinds(spans)
    found = attributes.decode(spans.field("attributes"), redaction)
    read = found.columns({name: NAMES[name] for name in _READ})
    identity = envelope.identity_columns(read)
    span_name = from_arrow(spans.field("name"))
    endpoint = limit.apply(identity["service_name"], _endpoints(kinds, read, span_name))
    trace_words = ids.words(spans.field("trace_id"), ids.TRACE_ID_BYTES, _all(spans))
    states = from_arrow(spans.field("trace_state"))
    counts = adjusted_counts(states, trace_words[:, 1], read["sample.rate"])
    columns = {
        **_ids(spans, trace_words),
        **_plain(spans, kinds, span_name),
        **{name: column.to_arrow() for name, column in identity.items()},
        "resource_id": envelope.resource_ids(),
        **envelope.scope_columns(),
        "endpoint": endpoint.to_arrow(),
        "adjusted_count": pa.array(counts, mask=np.isnan(counts)),
        **_promoted(kinds, read),
        "attributes": found.json(),
        "links": links_json(spans.field("links"), redaction),
        **requests.columns(envelope.request_rows),
    }
    events = spans.field("events")
    recorded, columns["events"] = read_events(events, envelope, columns, redaction, groups)
    outcome = _outcomes(kinds, read, recorded.record_rows[recorded.timeouts])
    columns["outcome"] = outcome.to_arrow()
    failed = (kinds.status_error | outcome.matches(_is_failure)) & ~recorded.on(len(spans))
    language = envelope.identity("sdk_language").merged()
    failures = FailedSpans(failed, read["error.type"], endpoint, span_name, language)
    return Rows(
        tables=(
            ("spans", pa.table(columns)),
            *recorded.tables,
            ("exceptions", failures.rows(columns, groups)),
        ),
        resources=envelope.resources,
        accepted=np.bincount(envelope.request_rows, minlength=len(batch)),
        rejections=rejections,
    )


def _is_failure(outcome: str) -> bool:
    return outcome in {"server_error", "timeout"}


def _without_invalid(envelope: Envelope, request_count: int) -> tuple[Envelope, Rejections]:
    """The envelope without the spans that no row can hold, and why those were left out."""
    spans = envelope.records
    start = spans.field("start_time_unix_nano").to_numpy()
    end = spans.field("end_time_unix_nano").to_numpy()
    parent = spans.field("parent_span_id")
    child = ids.valid_ids(parent, ids.SPAN_ID_BYTES)
    root = ids.empty_ids(parent) | ids.zero_ids(parent, ids.SPAN_ID_BYTES)
    checks = {
        "trace_id is not 16 bytes, or all zero": ids.valid_ids(
            spans.field("trace_id"), ids.TRACE_ID_BYTES
        ),
        "span_id is not 8 bytes, or all zero": ids.valid_ids(
            spans.field("span_id"), ids.SPAN_ID_BYTES
        ),
        "parent_span_id is neither empty nor 8 bytes": child | root,
        "a time is past the year 2200": storable(start) & storable(end),
    }
    rejections = Rejections.of(checks, envelope.request_rows, request_count)
    return (envelope if rejections.none else envelope.keep(rejections.kept)), rejections


def _kinds(spans: pa.StructArray) -> Kinds:
    kind = spans.field("kind").to_numpy().astype(np.int32)
    kind = np.where((kind < 0) | (kind >= len(SPAN_KINDS)), 0, kind).astype(np.int32)
    status = pc.fill_null(pc.struct_field(spans.field("status"), "code"), 0).to_numpy()
    return Kinds(
        codes=kind,
        requests=(kind == _SERVER) | (kind == _CONSUMER),
        calls=(kind == _CLIENT) | (kind == _PRODUCER),
        status_error=status == _ERROR,
    )


def _ids(spans: pa.StructArray, trace_words: npt.NDArray[np.uint64]) -> dict[str, pa.Array]:
    parent = spans.field("parent_span_id")
    child = ids.valid_ids(parent, ids.SPAN_ID_BYTES)
    every = _all(spans)
    span_words = ids.words(spans.field("span_id"), ids.SPAN_ID_BYTES, every)
    return {
        "trace_id": ids.uuids(trace_words, every),
        "span_id": ids.numbers(span_words, every),
        "parent_span_id": ids.numbers(ids.words(parent, ids.SPAN_ID_BYTES, child), child),
    }


def _plain(spans: pa.StructArray, kinds: Kinds, span_name: CodedColumn) -> dict[str, pa.Array]:
    """The columns that are proto fields as they were sent."""
    start = spans.field("start_time_unix_nano").to_numpy().astype(np.int64)
    end = spans.field("end_time_unix_nano").to_numpy().astype(np.int64)
    status = spans.field("status")
    status_code = pc.fill_null(pc.struct_field(status, "code"), 0).to_numpy()
    status_code = np.where((status_code < 0) | (status_code > _ERROR), 0, status_code)
    counts = ("dropped_attributes_count", "dropped_events_count", "dropped_links_count")
    return {
        "trace_state": from_arrow(spans.field("trace_state")).to_arrow(),
        "flags": spans.field("flags"),
        "span_kind": CodedColumn(kinds.codes, SPAN_KINDS).to_arrow(),
        "span_name": pc.fill_null(span_name.to_arrow().cast(pa.string()), ""),
        "start_time_unix_nano": pa.array(start),
        "duration_ns": pa.array(end - start, mask=end == 0),
        "status_code": CodedColumn(status_code.astype(np.int32), STATUS_CODES).to_arrow(),
        "status_message": from_arrow(pc.struct_field(status, "message")).to_arrow(),
        **{name: spans.field(name) for name in counts},
    }


def _endpoints(kinds: Kinds, read: dict[str, CodedColumn], span_name: CodedColumn) -> CodedColumn:
    return endpoints(
        kinds.requests,
        http_method(read),
        read["http.route"],
        rpc_method(read),
        read["messaging.operation.type"],
        coalesce(read["messaging.destination.template"], read["messaging.destination.name"]),
        span_name,
    )


def http_method(read: dict[str, CodedColumn]) -> CodedColumn:
    """The method; `_OTHER` gives way to the original one."""
    method = read["http.request.method"]
    return where(
        method.matches("_OTHER".__eq__) & read["http.request.method_original"].known,
        read["http.request.method_original"],
        method,
    )


def rpc_method(read: dict[str, CodedColumn]) -> CodedColumn:
    """The fully qualified method, `package.Service/Method`, from the new name or the old pair."""
    method, service = read["rpc.method"], read["rpc.service"]
    if not service.known.any():
        return method

    def qualified(name: str | None, owner: str | None) -> str | None:
        if name is None or owner is None or "/" in name:
            return name
        return f"{owner}/{name}"

    return combine(method, service, qualified)


def _promoted(kinds: Kinds, read: dict[str, CodedColumn]) -> dict[str, pa.Array]:
    """The attribute columns beside `attributes`."""
    address, port = server_columns(kinds.requests, read)
    text = {
        "error_type": read["error.type"],
        "http_request_method": http_method(read),
        "http_route": read["http.route"],
        "rpc_system": read["rpc.system.name"].map(lambda name: RPC_SYSTEM_RENAMES.get(name, name)),
        "rpc_method": rpc_method(read),
        "rpc_status_code": read["rpc.status_code"].map(grpc_code_name),
        "db_system": read["db.system.name"].map(lambda name: DB_SYSTEM_RENAMES.get(name, name)),
        "db_namespace": read["db.namespace"],
        "db_operation": read["db.operation.name"],
        "db_collection": read["db.collection.name"],
        "db_status_code": read["db.response.status_code"],
        "messaging_operation": read["messaging.operation.type"],
        "messaging_destination": read["messaging.destination.name"],
        "server_address": address,
        "user_id": read["user.id"],
        "peer": peers(kinds.calls, address, port, read),
    }
    numbers = {
        "http_status_code": read["http.response.status_code"],
        "http_resend_count": read["http.request.resend_count"],
        "server_port": port,
    }
    return {
        **{name: column.to_arrow() for name, column in text.items()},
        **{name: integers(column) for name, column in numbers.items()},
    }


def _outcomes(
    kinds: Kinds, read: dict[str, CodedColumn], timeouts: npt.NDArray[np.int64]
) -> CodedColumn:
    timeout_exception = np.zeros(len(kinds.codes), dtype=np.bool_)
    timeout_exception[timeouts] = True
    http_status = integers(read["http.response.status_code"]).fill_null(0).to_numpy()
    return outcomes(
        kinds.status_error,
        http_status,
        read["rpc.status_code"].map(grpc_code_name),
        read["error.type"],
        timeout_exception,
    )


def _all(spans: pa.StructArray) -> Mask:
    return np.ones(len(spans), dtype=np.bool_)
