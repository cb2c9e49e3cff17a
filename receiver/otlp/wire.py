"""Protobuf wire format to nested Arrow, through descriptors made for speed.

The descriptors are derived from the official OTLP ones and are wire-compatible with them. They
differ in three ways: every attribute (`KeyValue`) stays the bytes it was on the wire, so that each
*distinct* attribute is decoded once (`receiver.flatten.attributes`); the recursive parts of
`AnyValue` stay bytes and are decoded only where they occur; the members of its `oneof` are plain
optional fields. Fields that only profiles use are left out.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

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
_MANY = "s"
_VALUE_TAG = b"\x0a"  # field 1, length-delimited
_Field = descriptor_pb2.FieldDescriptorProto

REQUEST_TYPES: dict[Signal, Any] = {  # Any: the generated message classes are untyped
    Signal.TRACES: ExportTraceServiceRequest,
    Signal.LOGS: ExportLogsServiceRequest,
}


def requests_to_arrow(signal: Signal, payloads: Sequence[bytes]) -> pa.RecordBatch:
    """Serialized export requests as one record batch, a row per request.

    Raises MalformedRequest when any of them does not decode; it cannot say which.
    """
    return _decode(REQUEST_TYPES[signal].DESCRIPTOR.name, payloads)


def key_values_to_arrow(serialized: pa.Array) -> pa.StructArray:
    """Serialized `KeyValue` messages as a struct of `key` and `value`, itself one of members."""
    return _decode_each("KeyValue", serialized)


def any_values_to_arrow(serialized: pa.Array) -> pa.StructArray:
    """Serialized `AnyValue` messages as a struct with a nullable field for each member."""
    return _decode_each("AnyValue", serialized)


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
        if field.name in PROFILES_ONLY:
            continue
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
    else:
        field.type = _Field.TYPE_MESSAGE
        field.type_name = f".{_PACKAGE}.{kind.name}"
    if official.containing_oneof is not None:
        field.proto3_optional = True
        field.oneof_index = len(message.oneof_decl)
        message.oneof_decl.add(name=f"_{official.name}")
