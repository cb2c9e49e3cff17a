"""Protobuf wire format to nested Arrow, through descriptors made for speed.

The descriptors are derived from the official OTLP ones and are wire-compatible with them. They
differ in three ways: every attribute (`KeyValue`) stays the bytes it was on the wire, so that each
*distinct* attribute is decoded once (`receiver.flatten.attributes`); the recursive parts of
`AnyValue` stay bytes and are decoded only where they occur; the members of its `oneof` are plain
optional fields. Fields that only profiles use are looked at and left out.

A message that occurs twice where one is expected is both merged, and the bytes of both one after
the other are the merged message. So a single message that stays bytes is declared repeated here,
and its occurrences are joined.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from ptars import HandlerPool

from receiver.errors import MalformedRequest
from receiver.otlp.wire_format import varint
from receiver.signals import Signal

PROFILES_ONLY = frozenset({"key_strindex", "string_value_strindex"})
_PACKAGE = "deploylens.wire"
_OPAQUE = frozenset({"KeyValue", "ArrayValue", "KeyValueList", "EntityRef"})
_JOINED = ("array_value", "kvlist_value")
_MANY = "s"
_VALUE_TAG = b"\x0a"  # field 1, length-delimited
_Field = descriptor_pb2.FieldDescriptorProto

REQUEST_TYPES: dict[Signal, Any] = {  # Any: the generated message classes are untyped
    Signal.TRACES: ExportTraceServiceRequest,
    Signal.LOGS: ExportLogsServiceRequest,
}


class ProfilesOnlyFields(MalformedRequest):
    """A request uses what only profiles have; `receiver.otlp.profile_fields` takes it out."""


def requests_to_arrow(signal: Signal, payloads: Sequence[bytes]) -> pa.RecordBatch:
    """Serialized export requests as one record batch, a row per request.

    Raises MalformedRequest when any of them does not decode; it cannot say which.
    """
    return _decode(REQUEST_TYPES[signal].DESCRIPTOR.name, payloads)


def key_values_to_arrow(serialized: pa.Array) -> pa.StructArray:
    """Serialized `KeyValue` messages as a struct of `key` and `value`, itself one of members."""
    pairs = _decode_each("KeyValue", serialized)
    if (pairs.field("key_strindex").to_numpy(zero_copy_only=False) != 0).any():
        raise ProfilesOnlyFields("an attribute has a key_strindex, which only profiles have")
    return pa.StructArray.from_arrays(
        [pairs.field("key"), _with_joined_members(pairs.field("value"))], ["key", "value"]
    )


def any_values_to_arrow(serialized: pa.Array) -> pa.StructArray:
    """Serialized `AnyValue` messages as a struct with a nullable field for each member."""
    return _with_joined_members(_decode_each("AnyValue", serialized))


def joined(occurrences: pa.Array) -> pa.Array:
    """The occurrences of a single message on the wire, a list by row, merged; NULL for none.

    The bytes of all rows lie one after the other already, so only the places of the cuts change.
    """
    content = pc.list_flatten(occurrences)
    if len(content) == 0:
        return pa.nulls(len(occurrences), pa.binary())
    counts = pc.fill_null(pc.list_value_length(occurrences), 0).to_numpy()
    _, offsets, data = content.buffers()
    cuts = np.frombuffer(offsets, np.int32)[content.offset :]
    cuts = cuts[np.concatenate([[0], np.cumsum(counts)])]
    some = pa.py_buffer(np.packbits(counts > 0, bitorder="little").tobytes())
    buffers = [some, pa.py_buffer(cuts.tobytes()), data]
    return pa.Array.from_buffers(pa.binary(), len(occurrences), buffers)


def _with_joined_members(values: pa.StructArray) -> pa.StructArray:
    indexed = pc.struct_field(values, "string_value_strindex")
    if indexed.null_count < len(indexed):
        raise ProfilesOnlyFields("a value has a string_value_strindex, which only profiles have")
    names = [name for name in values.type.names if name not in PROFILES_ONLY]
    members = [
        joined(pc.struct_field(values, name)) if name in _JOINED else pc.struct_field(values, name)
        for name in names
    ]
    return pa.StructArray.from_arrays(members, names)


def _decode_each(message_name: str, serialized: pa.Array) -> pa.StructArray:
    """A binary array of messages, decoded as the one message that would hold all of them.

    So no message becomes a Python object. Each value of the holding message's only field stands on
    the wire after its tag and its length.
    """
    lengths = pc.binary_length(serialized).dictionary_encode()
    heads = [_VALUE_TAG + varint(length) for length in lengths.dictionary.to_pylist()]
    head_by_row = pa.array(heads, pa.binary()).take(lengths.indices)
    whole = pc.binary_join_element_wise(head_by_row, serialized, pa.scalar(b"", pa.binary()))
    size = pc.sum(pc.binary_length(whole)).as_py() or 0
    content = whole.buffers()[2].slice(0, size).to_pybytes() if size else b""
    batch = _decode(f"{message_name}{_MANY}", [content])
    return pc.list_flatten(batch.column("values"))


def _decode(message_name: str, payloads: Sequence[bytes]) -> pa.RecordBatch:
    decode = _handler(message_name)
    try:
        return decode(list(payloads))
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of the Rust decoder is not an Exception
        raise MalformedRequest(f"{message_name} is not valid protobuf: {error}") from None


@cache
def _handler(message_name: str) -> Callable[[list[bytes]], pa.RecordBatch]:
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(_flat_file().SerializeToString())
    handlers = HandlerPool([pool.FindFileByName("deploylens/wire.proto")])
    descriptor = pool.FindMessageTypeByName(f"{_PACKAGE}.{message_name}")
    decode: Callable[[list[bytes]], pa.RecordBatch] = handlers.get_for_message(
        descriptor
    ).list_to_record_batch
    return decode


def _flat_file() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(
        name="deploylens/wire.proto", package=_PACKAGE, syntax="proto3"
    )
    seen: set[str] = set()
    for request_type in REQUEST_TYPES.values():
        _add_message(file, request_type.DESCRIPTOR, seen)
    for message_name in ("KeyValue", "AnyValue"):
        many = file.message_type.add(name=f"{message_name}{_MANY}")
        many.field.add(
            name="values",
            number=1,
            label=_Field.LABEL_REPEATED,
            type=_Field.TYPE_MESSAGE,
            type_name=f".{_PACKAGE}.{message_name}",
        )
    return file


def _add_message(
    file: descriptor_pb2.FileDescriptorProto, official: Descriptor, seen: set[str]
) -> None:
    if official.name in seen:
        return
    seen.add(official.name)
    message = file.message_type.add(name=official.name)
    for field in official.fields:
        _add_field(message, field)
        if field.message_type is not None:
            _add_message(file, field.message_type, seen)


def _add_field(message: descriptor_pb2.DescriptorProto, official: FieldDescriptor) -> None:
    field = message.field.add(name=official.name, number=official.number)
    field.label = _Field.LABEL_REPEATED if official.is_repeated else _Field.LABEL_OPTIONAL
    kind = official.message_type
    if kind is None:
        field.type = _Field.TYPE_INT32 if official.enum_type else official.type
    elif kind.name in _OPAQUE or (kind.name == "AnyValue" and message.name != "KeyValue"):
        field.type = _Field.TYPE_BYTES
        field.label = _Field.LABEL_REPEATED
    else:
        field.type = _Field.TYPE_MESSAGE
        field.type_name = f".{_PACKAGE}.{kind.name}"
    if official.containing_oneof is not None and field.label == _Field.LABEL_OPTIONAL:
        field.proto3_optional = True
        field.oneof_index = len(message.oneof_decl)
        message.oneof_decl.add(name=f"_{official.name}")
