"""Rows of the tables `exceptions` and `stacktraces`, from span events and from log records."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from receiver.flatten.attributes import Attributes
from receiver.flatten.columns import CodedColumn, Mask, constant
from receiver.flatten.exception_groups import ExceptionGroups
from receiver.flatten.outcome import is_timeout_name
from receiver.flatten.semconv import NAMES
from receiver.flatten.stack_attributes import StackAttributes
from receiver.signals import Signal

_NAMES = {
    "type": NAMES["exception.type"],
    "message": NAMES["exception.message"],
    "stacktrace": NAMES["exception.stacktrace"],
    "escaped": NAMES["exception.escaped"],
}
# Columns that an exception takes over from the span or log record that carries it.
_SHARED = (
    "trace_id",
    "span_id",
    "service_namespace",
    "service_name",
    "service_version",
    "version_source",
    "environment_name",
    "deployment_id",
    "instance_id",
    "resource_id",
    "endpoint",
    "adjusted_count",
    "severity_number",
    "request_id",
)

Rows = npt.NDArray[np.int64]
Texts = Callable[[Rows], Iterable[str | None]]


@dataclass(frozen=True, slots=True)
class Carried:
    """What may be exceptions, a row each: type, message, stack and whether it escaped. `texts`
    gives the stacks of rows; `has_stack` says which have one. `on_wire` are the stacks where they
    were left on the wire."""

    type: CodedColumn
    message: CodedColumn
    escaped: CodedColumn
    has_stack: Mask
    texts: Texts
    on_wire: StackAttributes | None = None

    @classmethod
    def of(cls, attributes: Attributes) -> "Carried":
        """What the attributes of span events or log records say."""
        found = attributes.columns(_NAMES)
        stacks = found["stacktrace"]
        return cls(
            type=found["type"],
            message=found["message"],
            escaped=found["escaped"],
            has_stack=stacks.known,
            texts=lambda rows: map(stacks.at, rows.tolist()),
        )

    def held(self, named: Mask) -> Rows:
        """The rows that are exceptions: those with an exception type or message, whatever their
        name, and those whose name says so that have a stack."""
        holds = self.type.known | self.message.known | (named & self.has_stack)
        return np.flatnonzero(holds)


@dataclass(frozen=True, slots=True)
class Carriers:
    """Things that may carry an exception: span events or log records, a row each.

    `record_rows` is the row of the span or log record that each belongs to.
    """

    signal: Signal
    event_name: CodedColumn
    time_unix_nano: pa.Array
    record_rows: Rows
    sdk_language: CodedColumn


@dataclass(frozen=True, slots=True)
class ExceptionRows:
    """Rows of `exceptions` and `stacktraces`, and by exception the row of the record that brought
    it, and whether it is a timeout."""

    exceptions: pa.Table | None
    stacktraces: pa.Table | None
    record_rows: Rows
    timeouts: Mask

    @property
    def tables(self) -> tuple[tuple[str, pa.Table | None], ...]:
        """The rows with the names of their tables."""
        return ("exceptions", self.exceptions), ("stacktraces", self.stacktraces)

    def on(self, records: int) -> Mask:
        """Which of so many records brought an exception."""
        mask = np.zeros(records, dtype=np.bool_)
        mask[self.record_rows] = True
        return mask


NO_EXCEPTIONS = ExceptionRows(None, None, np.empty(0, dtype=np.int64), np.empty(0, dtype=np.bool_))


def is_exception_event(name: str) -> bool:
    """Whether an event of this name is an exception (semantic conventions, exceptions in logs)."""
    return name in {"exception", "app.crash", "device.crash"} or name.endswith(".exception")


def exception_rows(
    carried: Carried,
    rows: Rows,
    carriers: Carriers,
    columns: Mapping[str, pa.Array],
    groups: ExceptionGroups,
) -> ExceptionRows:
    """The exceptions in these rows; `columns` are those of the records."""
    if len(rows) == 0:
        return NO_EXCEPTIONS
    record_rows = carriers.record_rows[rows]
    exception_type, message = carried.type.take(rows), carried.message.take(rows)
    language = carriers.sdk_language.merged().take(record_rows)
    if carried.on_wire is None:
        stacks = groups.stacks.read(carried.texts(rows), map(message.at, range(len(rows))))
    else:
        stacks = groups.stacks.read_on_wire(carried.on_wire, rows, exception_type, message)
    times = carriers.time_unix_nano.to_numpy()[rows].astype(np.int64)
    source = "log" if carriers.signal is Signal.LOGS else "event"
    table = pa.table(
        {
            **shared_columns(columns, record_rows),
            "time_unix_nano": pa.array(times),
            "signal": constant(carriers.signal.value, len(rows)).to_arrow(),
            "exception_source": constant(source, len(rows)).to_arrow(),
            "event_name": carriers.event_name.take(rows).to_arrow(),
            "exception_type": exception_type.to_arrow(),
            "exception_message": message.to_arrow(),
            **stacks.columns(),
            "exception_escaped": _booleans(carried.escaped.take(rows)),
            "sdk_language": language.to_arrow(),
            **groups.of_stacks(exception_type, message, stacks.texts, language),
        }
    )
    timeouts = exception_type.matches(is_timeout_name)
    return ExceptionRows(table, stacks.table(), record_rows, timeouts)


def shared_columns(columns: Mapping[str, pa.Array], record_rows: Rows) -> dict[str, pa.Array]:
    """What exceptions take over from their records."""
    taken = pa.array(record_rows)
    return {name: columns[name].take(taken) for name in _SHARED if name in columns}


def _booleans(column: CodedColumn) -> pa.Array:
    """Text as booleans: `true`, and `True` as Python senders write it; NULL where it is neither."""
    values = column.lookup(lambda text: {"true": 1, "false": 0}.get(text.lower(), -1), -1)
    return pa.array(values == 1, mask=values < 0)
