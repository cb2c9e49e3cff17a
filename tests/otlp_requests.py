"""Random export requests, and any request as OTLP/JSON, made with google.protobuf's own tools."""

import base64
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message_factory import GetMessageClass
from hypothesis import strategies as st

from receiver.otlp.wire import PROFILES_ONLY, REQUEST_TYPES
from receiver.signals import Signal

SAMPLES = Path(__file__).parent / "data" / "otlp-samples"

_ID_NAMES = ("traceId", "spanId", "parentSpanId", "trace_id", "span_id", "parent_span_id")
_ID_LENGTHS = {"trace_id": 16, "span_id": 8, "parent_span_id": 8}
_SCALARS = {
    FieldDescriptor.TYPE_STRING: st.text(max_size=6),
    FieldDescriptor.TYPE_BYTES: st.binary(max_size=6),
    FieldDescriptor.TYPE_BOOL: st.booleans(),
    # JSON has one NaN, where a double has many.
    FieldDescriptor.TYPE_DOUBLE: st.floats(allow_nan=False) | st.just(math.nan),
    FieldDescriptor.TYPE_INT64: st.integers(-(2**63), 2**63 - 1),
    FieldDescriptor.TYPE_FIXED64: st.integers(0, 2**64 - 1),
    FieldDescriptor.TYPE_UINT32: st.integers(0, 2**32 - 1),
    FieldDescriptor.TYPE_FIXED32: st.integers(0, 2**32 - 1),
    FieldDescriptor.TYPE_ENUM: st.integers(-1, 30),
}


def requests(signal: Signal) -> st.SearchStrategy[Any]:  # Any: the message classes are untyped
    """Export request messages with any field set or unset, values nested up to three deep."""
    return messages(REQUEST_TYPES[signal].DESCRIPTOR)


def messages(descriptor: Descriptor) -> st.SearchStrategy[Any]:
    """Messages of one type with any field set or unset, values nested up to three deep."""
    return _messages(descriptor, 3)


def to_json(message: Any) -> dict[str, Any]:
    """The message as OTLP/JSON has it: ids in hex, enums as integers."""
    return ids_to_hex(json_format.MessageToDict(message, use_integers_for_enums=True))


def ids_to_hex(document: dict[str, Any]) -> dict[str, Any]:
    """The same document, which protobuf's own JSON writer made, with its ids as OTLP wants them."""
    _translate_ids(document, lambda encoded: base64.b64decode(encoded).hex())
    return document


def from_json(text: str | bytes, signal: Signal) -> Any:
    """The message that google.protobuf reads from OTLP/JSON, with its ids translated for it."""
    document = json.loads(text)
    _translate_ids(document, lambda digits: base64.b64encode(bytes.fromhex(digits)).decode())
    return json_format.ParseDict(document, REQUEST_TYPES[signal](), ignore_unknown_fields=True)


def compact(document: dict[str, Any]) -> bytes:
    """The document as text without whitespace, as the Collector writes it."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def _translate_ids(node: Any, translate: Callable[[str], str]) -> None:
    if isinstance(node, dict):
        for name, value in node.items():
            if name in _ID_NAMES and isinstance(value, str):
                node[name] = translate(value)
            else:
                _translate_ids(value, translate)
    elif isinstance(node, list):
        for item in node:
            _translate_ids(item, translate)


def _messages(descriptor: Descriptor, depth: int) -> st.SearchStrategy[Any]:
    fields = {
        field.name: _values(field, depth)
        for field in descriptor.fields
        if field.name not in PROFILES_ONLY and (depth or field.message_type is None)
    }
    given = st.fixed_dictionaries({}, optional=fields)
    return given.map(lambda values: GetMessageClass(descriptor)(**values))


def _values(field: FieldDescriptor, depth: int) -> st.SearchStrategy[Any]:
    kind = field.message_type
    if kind is not None:
        inner = depth - (field.name in ("array_value", "kvlist_value"))
        one = st.deferred(lambda: _messages(kind, inner))
    elif field.name in _ID_LENGTHS:
        length = _ID_LENGTHS[field.name]
        one = st.binary(min_size=length, max_size=length) | st.binary(max_size=4)
    else:
        one = _SCALARS[field.type]
    return st.lists(one, max_size=3) if field.is_repeated else one
