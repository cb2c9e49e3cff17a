"""What the local API and its client say to each other: values, tables and errors.

Both ends use these functions, so one home of a store answers exactly like the other.
"""

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from types import NoneType
from typing import Any, get_args, get_type_hints

import pyarrow as pa

from analysis.catalog import ParameterError, QueryNameError
from analysis.parameters import EXPECTED, parse_value, value_text
from analysis.query_error import (
    QueryFailed,
    QueryInterrupted,
    QueryRefused,
    QueryTimeout,
    QueryTooLarge,
)
from receiver.storage.statements import STATEMENTS, Statement

ARROW_STREAM = "application/vnd.apache.arrow.stream"
TRUNCATED_HEADER = "deploylens-truncated"
UNKNOWN_DEPLOYMENT = "unknown_deployment"

# What came over the network as JSON, before it is checked.
Json = Any


class MalformedApiRequest(ValueError):
    """A request body that is not what the local API takes."""


class OtherEdition(Exception):
    """The receiver has this saved query with other SQL: it is another version of deploylens."""


class ReceiverBusy(Exception):
    """The receiver is answering as many questions as it is willing to at a time."""


ERRORS: dict[str, tuple[type[Exception], int]] = {
    "malformed": (MalformedApiRequest, 400),
    "parameter": (ParameterError, 400),
    "interrupted": (QueryInterrupted, 503),  # before what it is a kind of
    "failed": (QueryFailed, 400),
    "refused": (QueryRefused, 403),
    "unknown_query": (QueryNameError, 404),
    "other_edition": (OtherEdition, 409),
    "too_large": (QueryTooLarge, 413),
    "busy": (ReceiverBusy, 503),
    "timeout": (QueryTimeout, 504),
}
"""Every error that crosses the wire: its kind in JSON, its class, its HTTP status."""


def error_kind(error: Exception) -> tuple[str, int] | None:
    """The kind and HTTP status of an error, None for one that nobody expected."""
    for kind, (error_class, status) in ERRORS.items():
        if isinstance(error, error_class):
            return kind, status
    return None


def error_from(kind: str, message: str) -> Exception:
    """The error that the other end raised; a kind from a newer receiver is a failed query."""
    error_class, _status = ERRORS.get(kind, (QueryFailed, 400))
    return error_class(message)


def encode_parameters(values: Mapping[str, object]) -> dict[str, Json]:
    """Bound values as JSON: each with the type it is read back as."""
    return {
        name: {"type": _type_name(name, value), "value": value_text(value)}
        for name, value in values.items()
    }


def decode_parameters(parameters: Json) -> dict[str, object]:
    """Bound values from JSON; raises MalformedApiRequest or ParameterError."""
    if not isinstance(parameters, dict):
        raise MalformedApiRequest("'parameters' is not an object.")
    values: dict[str, object] = {}
    for name, entry in parameters.items():
        if not isinstance(entry, dict) or entry.get("type") not in EXPECTED:
            raise MalformedApiRequest(
                f"parameter {name!r} is not an object with 'type' (one of {', '.join(EXPECTED)})"
                " and 'value'."
            )
        try:
            values[name] = parse_value(entry["type"], entry.get("value"))
        except ValueError as error:
            raise ParameterError(f"parameter {name!r}: {error}.") from None
    return values


def encode_table(table: pa.Table) -> bytes:
    """A table as an Arrow IPC stream, compressed."""
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def decode_table(body: bytes) -> pa.Table:
    """The table in an Arrow IPC stream."""
    return pa.ipc.open_stream(body).read_all()


def encode_statement(statement: Statement) -> dict[str, Json]:
    """A mark or a decision as JSON."""
    return asdict(statement)


def decode_statement(name: str, body: Json) -> Statement:
    """What is told by this word, `mark` or another, from JSON; raises MalformedApiRequest unless
    every field is of its type."""
    told = STATEMENTS[name]
    known = {field.name for field in fields(told)}
    if not isinstance(body, dict) or not body.keys() <= known:
        raise MalformedApiRequest(f"{name!r} takes an object of: {', '.join(sorted(known))}.")
    hints = get_type_hints(told)
    for field, value in body.items():
        expected = get_args(hints[field]) or (hints[field],)
        if type(value) not in expected:
            words = " or ".join("null" if kind is NoneType else kind.__name__ for kind in expected)
            raise MalformedApiRequest(f"{field!r} of {name!r} is {value!r}, not {words}.")
        if not _can_be_stored(value):
            raise MalformedApiRequest(f"{field!r} of {name!r} cannot be stored.")
    try:
        return told(**body)
    except (TypeError, ValueError) as error:
        raise MalformedApiRequest(str(error)) from None


def _can_be_stored(value: Json) -> bool:
    """Whether a column can hold it: no half of a surrogate pair, no integer above 64 bits."""
    if isinstance(value, str):
        return value.isascii() or not any("\ud800" <= c <= "\udfff" for c in value)
    return not isinstance(value, int) or -(2**63) <= value < 2**63


def _type_name(name: str, value: object) -> str:
    for kind, type_name in _TYPE_NAMES:
        if value is None or isinstance(value, kind):
            return type_name
    raise ParameterError(f"parameter {name!r} is {value!r}, which no parameter type holds.")


_TYPE_NAMES: tuple[tuple[type, str], ...] = (
    (str, "VARCHAR"),
    (bool, "BOOLEAN"),
    (int, "BIGINT"),
    (float, "DOUBLE"),
    (datetime, "TIMESTAMP"),
    (timedelta, "INTERVAL"),
)
