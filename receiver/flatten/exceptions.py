"""Rows of the table `exceptions`, from span events and from log records."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from receiver.fingerprints.fingerprint import FINGERPRINT_VERSION, Fingerprint, Fingerprinter
from receiver.flatten import bounds
from receiver.flatten.attributes import Attributes
from receiver.flatten.columns import CodedColumn, constant, distinct
from receiver.flatten.outcome import is_timeout_name
from receiver.flatten.semconv import NAMES
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

# New messages of a known stack cost their message only.
_FINGERPRINTER = Fingerprinter()
# Repeats of one exception cost a look-up; long ones, which are rare, would fill the memory.
_remembered = lru_cache(maxsize=8_192)(_FINGERPRINTER.fingerprint)
_REMEMBERED_LENGTH_MAX = 16_384


@dataclass(frozen=True, slots=True)
class Carriers:
    """Things that may carry an exception: span events or log records, a row each.

    `record_rows` is the row of the span or log record that each belongs to.
    """

    signal: Signal
    attributes: Attributes
    event_name: CodedColumn
    time_unix_nano: pa.Array
    record_rows: npt.NDArray[np.int64]
    sdk_language: CodedColumn


def is_exception_event(name: str) -> bool:
    """Whether an event of this name is an exception (semantic conventions, exceptions in logs)."""
    return name in {"exception", "app.crash"} or name.endswith(".exception")


def exception_rows(
    carriers: Carriers, columns: Mapping[str, pa.Array]
) -> tuple[pa.Table | None, npt.NDArray[np.int64]]:
    """The rows of the exceptions that were carried, and the record rows of those that are timeouts.

    `columns` are those of the records. A carrier holds an exception if it has an exception type or
    message, whatever its name, or if its name says so and there is a stack trace.
    """
    found = carriers.attributes.columns(_NAMES)
    named = carriers.event_name.matches(is_exception_event)
    holds = found["type"].known | found["message"].known | (named & found["stacktrace"].known)
    rows = np.flatnonzero(holds)
    if len(rows) == 0:
        return None, rows
    record_rows = carriers.record_rows[rows]
    taken = {name: column.take(rows) for name, column in found.items()}
    language = carriers.sdk_language.take(record_rows)
    shared = pa.array(record_rows)
    times = carriers.time_unix_nano.to_numpy()[rows].astype(np.int64)
    table = pa.table(
        {
            **{name: columns[name].take(shared) for name in _SHARED if name in columns},
            "time_unix_nano": pa.array(times),
            "signal": constant(carriers.signal.value, len(rows)).to_arrow(),
            "event_name": carriers.event_name.take(rows).to_arrow(),
            "exception_type": taken["type"].to_arrow(),
            "exception_message": taken["message"].to_arrow(),
            "exception_stacktrace": taken["stacktrace"].to_arrow(),
            "exception_escaped": _booleans(taken["escaped"]),
            "sdk_language": language.to_arrow(),
            **_fingerprint_columns(taken, language),
        }
    )
    return table, record_rows[taken["type"].matches(is_timeout_name)]


def _fingerprint_columns(
    taken: Mapping[str, CodedColumn], language: CodedColumn
) -> dict[str, pa.Array]:
    parts = (taken["type"], taken["message"], taken["stacktrace"], language)
    rows, codes = distinct(*parts)
    prints = _fingerprints([part.at(row) for part in parts] for row in rows.tolist())
    version = pa.array(np.full(len(codes), FINGERPRINT_VERSION, dtype=np.int32))
    return {
        "fingerprint": CodedColumn(codes, [one.strict for one in prints]).to_arrow(),
        "fingerprint_loose": CodedColumn(codes, [one.loose for one in prints]).to_arrow(),
        "fingerprint_version": version,
        "top_frame": CodedColumn(codes, [one.top_frame for one in prints]).to_arrow(),
    }


def _fingerprints(exceptions: Iterable[Sequence[str | None]]) -> list[Fingerprint]:
    """The fingerprints of distinct exceptions: type, message, stack and language of each."""
    stacks = _FINGERPRINTER.stack_characters
    messages = _FINGERPRINTER.message_characters
    found = []
    for parts in exceptions:
        short = sum(len(part or "") for part in parts) <= _REMEMBERED_LENGTH_MAX
        found.append((_remembered if short else _FINGERPRINTER.fingerprint)(*parts))
        read = _FINGERPRINTER.stack_characters - stacks
        bounds.check(read, "characters of different stack traces", bounds.STACK_CHARACTERS_MAX)
        read = _FINGERPRINTER.message_characters - messages
        bounds.check(
            read, "characters of different exception messages", bounds.MESSAGE_CHARACTERS_MAX
        )
    return found


def _booleans(column: CodedColumn) -> pa.Array:
    """Text as booleans: `true`, and `True` as Python senders write it; NULL where it is neither."""
    values = column.lookup(lambda text: {"true": 1, "false": 0}.get(text.lower(), -1), -1)
    return pa.array(values == 1, mask=values < 0)
