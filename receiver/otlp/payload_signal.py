"""Which signal a serialized export request carries: protobuf does not say, its records show it.

The requests for traces, logs and metrics have the same outer shape: field 1 resources, in them
field 2 scopes, in them field 2 records. The records differ in how their fields are laid out: field
1 is the bytes of a trace id in a Span, a fixed64 time in a LogRecord and a name in a Metric.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

from google.protobuf.descriptor import Descriptor
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import DecodeError
from google.protobuf.unknown_fields import UnknownFieldSet
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from receiver.otlp.wire import REQUEST_TYPES
from receiver.otlp.wire_format import LENGTH_DELIMITED, wire_type
from receiver.signals import Signal

METRICS = "metrics"

_RECORDS_SAMPLED = 32
_CONTRADICTION_COST = 8


def payload_signal(payload: bytes, usual: Signal) -> str | None:
    """A Signal, or METRICS, or None for records of another kind, by the first of them.

    It is what is `usual` where the records leave a choice, or there are none. Raises
    google.protobuf's DecodeError for what is no protobuf.
    """
    with suppress(DecodeError):
        if _shows(REQUEST_TYPES[usual].FromString(payload), usual):
            return usual
    records = list(islice(_records(payload), _RECORDS_SAMPLED))
    scores = {shape.name: sum(map(shape.score, records)) for shape in _SHAPES}
    best = max(scores.values())
    if best < 0:
        return None
    names = [name for name, score in scores.items() if score == best]
    return usual if usual in names else names[0]


def _shows(request: Any, usual: Signal) -> bool:  # Any: the generated message classes are untyped
    """Whether its first record has what no other kind of record can be read to have; quick."""
    if usual is Signal.TRACES:
        scopes = (scope for group in request.resource_spans for scope in group.scope_spans)
        span = next((span for scope in scopes for span in scope.spans), None)
        return span is not None and bool(span.trace_id and span.start_time_unix_nano)
    scopes = (scope for group in request.resource_logs for scope in group.scope_logs)
    record = next((record for scope in scopes for record in scope.log_records), None)
    return record is not None and bool(record.time_unix_nano or record.observed_time_unix_nano)


_Fields = list[tuple[int, int, object]]  # number, wire type, value


def _records(payload: bytes) -> Iterator[_Fields]:
    for resource in _messages(payload, 1):
        for scope in _messages(resource, 2):
            for record in _messages(scope, 2):
                yield _fields(record)


def _messages(payload: bytes, number: int) -> Iterator[bytes]:
    for field_number, layout, value in _fields(payload):
        if field_number == number and layout == LENGTH_DELIMITED and isinstance(value, bytes):
            yield value


def _fields(payload: bytes) -> _Fields:
    """The fields of a message as they are laid out: to an empty message all of them are unknown."""
    fields = UnknownFieldSet(Empty.FromString(payload))
    return [(field.field_number, field.wire_type, field.data) for field in fields]


@dataclass(frozen=True, slots=True)
class _Shape:
    """How the fields of one kind of record are laid out, which it must have, and their lengths."""

    name: str
    layouts: dict[int, int]
    required: frozenset[int] = frozenset()
    lengths: frozenset[tuple[int, int]] = frozenset()

    def score(self, record: _Fields) -> int:
        """The fields that fit, less a price for each that contradicts this shape."""
        given = {number: value for number, _, value in record}
        fitting = sum(self.layouts.get(number) == layout for number, layout, _ in record)
        contradicting = sum(
            self.layouts.get(number, layout) != layout for number, layout, _ in record
        )
        contradicting += len(self.required - given.keys())
        if self.lengths:
            sizes = {
                (number, len(value)) for number, value in given.items() if isinstance(value, bytes)
            }
            fitting += 1 if self.lengths <= sizes else -1
        return fitting - _CONTRADICTION_COST * contradicting


def _layouts(record: Descriptor) -> dict[int, int]:
    return {
        field.number: LENGTH_DELIMITED if field.is_repeated else wire_type(field)
        for field in record.fields
    }


_SHAPES = (
    _Shape(
        Signal.TRACES, _layouts(Span.DESCRIPTOR), frozenset({1, 2}), frozenset({(1, 16), (2, 8)})
    ),
    _Shape(Signal.LOGS, _layouts(LogRecord.DESCRIPTOR)),
    _Shape(METRICS, _layouts(Metric.DESCRIPTOR), frozenset({1})),
)
