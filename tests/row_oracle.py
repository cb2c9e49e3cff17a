"""What must be stored of an export request, worked out record by record in plain Python.

Nothing here is shared with the receiver but the generated message classes: the strict parser reads
the request, and these functions say which rows it must become. Only columns that are proto fields,
or JSON of them, are compared; what is derived (endpoint, outcome, fingerprints) has its own tests.
"""

import base64
import hashlib
import json
import math
import uuid
from typing import Any

from receiver.otlp.wire import REQUEST_TYPES
from receiver.signals import Signal

Row = dict[str, Any]  # Any: whatever the columns hold

KINDS = ("UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER")
STATUSES = ("UNSET", "OK", "ERROR")
YEAR_2200_UNIX_NANO = 7_258_118_400_000_000_000
JSON_COLUMNS = frozenset({"attributes", "events", "links", "scope_attributes"})
FATAL = 21
OTHER = "(other)"  # a value that is not text
STACK = "exception.stacktrace"
_EXCEPTION = ("exception.type", "exception.message")
_CRASHES = ("exception", "app.crash", "device.crash")
_ELASTIC = ("error.type", "error.message", "error.stack_trace")


class Expected:
    """The rows of one request by table, and how many of its records must be refused."""

    def __init__(self, signal: Signal, payload: bytes) -> None:
        """Parses strictly; raises DecodeError."""
        self.rows: dict[str, list[Row]] = {"spans": [], "log_records": []}
        self.rejected = 0
        self.exceptions: list[str | None] = []  # the text of the stack of each
        request = REQUEST_TYPES[signal].FromString(payload)
        if signal is Signal.TRACES:
            for entry in request.resource_spans:
                for scope in entry.scope_spans:
                    for span in scope.spans:
                        self._add_span(span, _shared(entry, scope))
        else:
            for entry in request.resource_logs:
                for scope in entry.scope_logs:
                    for record in scope.log_records:
                        self.rows["log_records"].append(_log_row(record, _shared(entry, scope)))
                        self.exceptions += _log_exceptions(record)

    @property
    def records(self) -> int:
        """How many records the request holds."""
        return self.rejected + sum(map(len, self.rows.values()))

    def _add_span(self, span: Any, shared: Row) -> None:
        if not _is_storable(span):
            self.rejected += 1
            return
        self.rows["spans"].append(_span_row(span, shared))
        self.exceptions += [
            _first(event, STACK) for event in span.events if _is_exception(event.name, event)
        ]


def digest(signal: Signal, payload: bytes) -> uuid.UUID:
    """By what the ledger knows the request."""
    return uuid.UUID(bytes=hashlib.sha256(signal.encode() + b"\0" + payload).digest()[:16])


def comparable(row: Row) -> Row:
    """A stored row with its JSON parsed: keys in their order, doubled ones too, and NaN equal. The
    stacks of exceptions stand in another table and are compared by themselves."""
    parsed = {
        name: _parsed(value) if name in JSON_COLUMNS else _body(row) if name == "body" else value
        for name, value in row.items()
    }
    if parsed.get("events"):
        parsed["events"] = [_without_stack(event) for event in parsed["events"]]
    return parsed


def _body(row: Row) -> Any:
    body, kind = row["body"], row["body_type"]
    return body if body is None or kind == "string" else _parsed(body)


def _parsed(text: str | None) -> Any:
    return None if text is None else json.loads(text, object_pairs_hook=lambda pairs: ("{", pairs))


def _is_storable(span: Any) -> bool:
    parent = span.parent_span_id
    return (
        len(span.trace_id) == 16
        and any(span.trace_id)
        and len(span.span_id) == 8
        and any(span.span_id)
        and len(parent) in (0, 8)
        and span.start_time_unix_nano < YEAR_2200_UNIX_NANO
        and span.end_time_unix_nano < YEAR_2200_UNIX_NANO
    )


def _shared(entry: Any, scope: Any) -> Row:
    """The columns that every record of a scope has."""
    return {
        **_service(entry.resource.attributes),
        "scope_name": scope.scope.name or None,
        "scope_version": scope.scope.version or None,
        "scope_attributes": _members(scope.scope.attributes),
        "scope_schema_url": scope.schema_url or None,
        "scope_dropped_attributes_count": scope.scope.dropped_attributes_count,
    }


def _span_row(span: Any, shared: Row) -> Row:
    parent = span.parent_span_id if any(span.parent_span_id) else b""
    duration = span.end_time_unix_nano - span.start_time_unix_nano
    return {
        "trace_id": uuid.UUID(bytes=span.trace_id),
        "span_id": int.from_bytes(span.span_id, "big"),
        "parent_span_id": int.from_bytes(parent, "big") if parent else None,
        "trace_state": span.trace_state or None,
        "flags": span.flags,
        "span_kind": _name(KINDS, span.kind),
        "span_name": span.name,
        "start_time_unix_nano": span.start_time_unix_nano,
        "duration_ns": duration if span.end_time_unix_nano else None,
        "status_code": _name(STATUSES, span.status.code),
        "status_message": span.status.message or None,
        "attributes": _members(span.attributes),
        "dropped_attributes_count": span.dropped_attributes_count,
        "events": [_without_stack(_event(event)) for event in span.events] or None,
        "dropped_events_count": span.dropped_events_count,
        "links": [_link(link) for link in span.links] or None,
        "dropped_links_count": span.dropped_links_count,
        **shared,
    }


def _log_row(record: Any, shared: Row) -> Row:
    kind = record.body.WhichOneof("value") if record.HasField("body") else None
    kind = None if kind == "string_value_strindex" else kind
    trace = len(record.trace_id) == 16 and any(record.trace_id)
    span = len(record.span_id) == 8 and any(record.span_id)
    return {
        "trace_id": uuid.UUID(bytes=record.trace_id) if trace else None,
        "span_id": int.from_bytes(record.span_id, "big") if span else None,
        "flags": record.flags,
        "time_unix_nano": _time(record.time_unix_nano),
        "observed_time_unix_nano": _time(record.observed_time_unix_nano),
        "severity_number": record.severity_number or None,
        "severity_text": record.severity_text or None,
        "body": record.body.string_value
        if kind == "string_value"
        else _value(record.body)
        if kind
        else None,
        "body_type": kind.removesuffix("_value") if kind else None,
        "attributes": _members(record.attributes),
        "dropped_attributes_count": record.dropped_attributes_count,
        **shared,
    }


def _time(unix_nano: int) -> int | None:
    return unix_nano if 0 < unix_nano < YEAR_2200_UNIX_NANO else None


def _name(names: tuple[str, ...], number: int) -> str:
    return names[number] if 0 <= number < len(names) else names[0]


def _event(event: Any) -> Any:
    pairs = [
        ("time_unix_nano", event.time_unix_nano),
        ("name", event.name),
        ("attributes", _members(event.attributes) or ("{", [])),
        ("dropped_attributes_count", event.dropped_attributes_count),
    ]
    return "{", pairs


def _without_stack(event: Any) -> Any:
    """A parsed event without the texts of stacks, if it may be an exception."""
    pairs = dict(event[1])
    name, members = pairs["name"], pairs["attributes"][1]
    keys = {key for key, value in members if value not in (None, "")}
    if not (_is_crash(name) or keys.intersection(_EXCEPTION)):
        return event
    kept = [(k, v) for k, v in members if k != STACK or not isinstance(v, str) or not v]
    return "{", [(k, ("{", kept) if k == "attributes" else v) for k, v in event[1]]


def _link(link: Any) -> Any:
    pairs = [
        ("trace_id", link.trace_id.hex()),
        ("span_id", link.span_id.hex()),
        ("trace_state", link.trace_state),
        ("attributes", _members(link.attributes) or ("{", [])),
        ("dropped_attributes_count", link.dropped_attributes_count),
        ("flags", link.flags),
    ]
    return "{", pairs


def _members(attributes: Any) -> Any:
    return ("{", [(one.key, _value(one.value)) for one in attributes]) if attributes else None


def _value(value: Any) -> Any:
    """An `AnyValue` as its JSON comes out of `comparable`."""
    kind = value.WhichOneof("value")
    match kind:
        case "string_value" | "bool_value" | "int_value":
            return getattr(value, kind)
        case "double_value":
            number = value.double_value
            if math.isfinite(number):
                return number
            name = "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"
            return "{", [("doubleValue", name)]
        case "bytes_value":
            return "{", [("bytesValue", base64.b64encode(value.bytes_value).decode())]
        case "array_value":
            return [_value(item) for item in value.array_value.values]
        case "kvlist_value":
            return _members(value.kvlist_value.values) or ("{", [])
    return None


def _service(attributes: Any) -> Row:
    """The name of the service; nothing is said where that is not sent as text."""
    value = next((one.value for one in attributes if one.key == "service.name"), None)
    if value is None or value.WhichOneof("value") in (None, "string_value_strindex"):
        return {"service_name": "unknown_service"}
    if value.WhichOneof("value") != "string_value":
        return {}
    return {"service_name": value.string_value or "unknown_service"}


def _first(carrier: Any, key: str) -> str | None:
    """Text of the first attribute of this key, None where it is empty or absent."""
    for one in carrier.attributes:
        if one.key == key:
            kind = one.value.WhichOneof("value")
            if kind == "string_value":
                return one.value.string_value or None
            return None if kind in (None, "string_value_strindex") else OTHER
    return None


def _is_exception(name: str, carrier: Any, fatal: bool = False) -> bool:
    if any(_first(carrier, key) for key in _EXCEPTION):
        return True
    return (_is_crash(name) or fatal) and _first(carrier, STACK) is not None


def _is_crash(name: str) -> bool:
    return name in _CRASHES or name.endswith(".exception")


def _log_exceptions(record: Any) -> list[str | None]:
    """The stack of the exception of a log record, an empty list if it has none."""
    names = (_first(record, key) for key in ("otel.event.name", "event.name"))
    name = record.event_name or next(filter(None, names), "")
    carriers = [record]
    if record.HasField("body") and record.body.WhichOneof("value") == "kvlist_value":
        carriers.append(_Members(record.body.kvlist_value.values))
    for carrier in carriers:
        if _is_exception(name, carrier, record.severity_number >= FATAL):
            return [_first(carrier, STACK)]
        kind, message, stack = (_first(carrier, key) for key in _ELASTIC)
        named = _is_crash(name) or record.severity_number >= FATAL
        if stack and _first(carrier, STACK) is None and (kind or message or named):
            return [stack]
    return []


class _Members:
    """A list of keys and values that may carry an exception."""

    def __init__(self, attributes: Any) -> None:
        self.attributes = attributes
