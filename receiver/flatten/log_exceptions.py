"""The exceptions in log records: in their attributes, or in a body that is a list of keys.

Known forms: `exception.*` attributes on a record of any name (semantic conventions, exceptions in
logs; the SDKs' logging handlers), the events `exception`, `*.exception`, `app.crash` and
`device.crash` (mobile SDKs), and the fields of the Elastic Common Schema, `error.type`,
`error.message` and `error.stack_trace`. Of these the last must be there: `error.type` alone stands
on records that are no exceptions.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

from receiver.flatten import attributes, bounds
from receiver.flatten.attributes import Attributes
from receiver.flatten.columns import CodedColumn, where
from receiver.flatten.exceptions import Carried, Rows, is_exception_event
from receiver.flatten.redaction import Redaction
from receiver.flatten.semconv import NAMES

FATAL = 21  # SeverityNumber
_NAMES = {
    **{name: NAMES[f"exception.{name}"] for name in ("type", "message", "stacktrace", "escaped")},
    "other type": ("error.type",),
    "other message": ("error.message",),
    "other stacktrace": ("error.stack_trace",),
}
_IN_BODIES = ("exception.", "error.stack_trace")


def log_exceptions(
    found: Attributes,
    bodies: pa.Array,
    event_name: CodedColumn,
    severity_number: pa.Array,
    redaction: Redaction,
) -> tuple[Carried, Rows]:
    """What may be exceptions, a row for each log record, and the rows that are.

    `bodies` are serialized `AnyValue` messages or NULL.
    """
    fatal = severity_number.to_numpy() >= FATAL
    named = event_name.matches(is_exception_event) | fatal
    columns = _columns(found)
    rows = _carried(columns).held(named)
    lists = _body_lists(bodies, np.setdiff1d(np.arange(len(bodies)), rows))
    if lists is not None:
        inside = _columns(attributes.decode(lists, redaction))
        bare = np.ones(len(bodies), dtype=np.bool_)
        bare[rows] = False
        columns = {name: where(bare, inside[name], columns[name]) for name in columns}
        rows = _carried(columns).held(named)
    return _carried(columns), rows


def _columns(found: Attributes) -> dict[str, CodedColumn]:
    """Type, message, stack and whether it escaped, in the names of the semantic conventions, else
    in those of Elastic."""
    read = found.columns(_NAMES)
    known = read["type"].known | read["message"].known | read["stacktrace"].known
    other = read["other stacktrace"].known & ~known
    return {
        **{n: where(other, read[f"other {n}"], read[n]) for n in ("type", "message", "stacktrace")},
        "escaped": read["escaped"],
    }


def _carried(columns: dict[str, CodedColumn]) -> Carried:
    stacks = columns["stacktrace"]
    return Carried(
        type=columns["type"],
        message=columns["message"],
        escaped=columns["escaped"],
        has_stack=stacks.known,
        texts=lambda rows: map(stacks.at, rows.tolist()),
    )


def _body_lists(bodies: pa.Array, rows: Rows) -> pa.Array | None:
    """The members of bodies that are lists of keys, as `KeyValue` messages, empty where a body is
    anything else; None if none of these rows may hold an exception."""
    if bodies.null_count == len(bodies):
        return None
    likely = np.zeros(len(bodies), dtype=np.bool_)
    for text in _IN_BODIES:
        hits = pc.match_substring(bodies, text)
        likely |= pc.fill_null(hits, False).to_numpy(zero_copy_only=False)
    rows = rows[likely[rows]]
    if len(rows) == 0:
        return None
    lists: list[Sequence[bytes]] = [()] * len(bodies)
    members = 0
    for row, content in zip(rows.tolist(), bodies.take(pa.array(rows)).to_pylist(), strict=True):
        lists[row] = _members(content)
        members += len(lists[row])
        bounds.check(members, "values in arrays and maps", bounds.NESTED_VALUES_MAX)
    return pa.array(lists, pa.list_(pa.binary()))


def _members(body: bytes) -> list[bytes]:
    value = AnyValue.FromString(body)
    if value.WhichOneof("value") != "kvlist_value":
        return []
    return [member.SerializeToString() for member in value.kvlist_value.values]
