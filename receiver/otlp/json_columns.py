"""Regular OTLP/JSON becomes protobuf as columns, in C++ and Rust and never span by span.

Regular is JSON as the OpenTelemetry Collector writes it: lowerCamelCase names, nothing unknown,
64-bit integers as strings, enums as numbers, arrays and maps of attributes one level deep. Of
anything else nothing is guessed: the caller is told, and `receiver.otlp.request_json` reads it.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import Descriptor, FieldDescriptor, FileDescriptor
from ptars import HandlerPool

from receiver.otlp.wire import PROFILES_ONLY, REQUEST_TYPES
from receiver.signals import Signal

_JSON_TYPES = {
    FieldDescriptor.TYPE_STRING: pa.string(),
    FieldDescriptor.TYPE_BYTES: pa.string(),
    FieldDescriptor.TYPE_BOOL: pa.bool_(),
    FieldDescriptor.TYPE_DOUBLE: pa.float64(),
    FieldDescriptor.TYPE_ENUM: pa.int32(),
    FieldDescriptor.TYPE_UINT32: pa.uint32(),
    FieldDescriptor.TYPE_FIXED32: pa.uint32(),
    FieldDescriptor.TYPE_INT64: pa.string(),
    FieldDescriptor.TYPE_FIXED64: pa.string(),
}
_INTEGERS_IN_STRINGS = {
    FieldDescriptor.TYPE_INT64: pa.int64(),
    FieldDescriptor.TYPE_FIXED64: pa.uint64(),
}
_LISTS_OF_VALUES = frozenset({"ArrayValue", "KeyValueList"})
_NOT_HEX = 255
_HEX_DIGITS = np.full(256, _NOT_HEX, np.uint8)
for _digit in "0123456789abcdefABCDEF":
    _HEX_DIGITS[ord(_digit)] = int(_digit, 16)


class _IrregularError(Exception):
    """The JSON holds something that these columns would not carry faithfully."""


def encode_regular(documents: Sequence[bytes], signal: Signal) -> list[bytes] | None:
    """The protobuf bytes of each JSON export request, or None if any of them is not regular."""
    # An object each, so that as many rows mean one row each; pyarrow 26 crashes on a first null.
    if not all(document[:1] == b"{" and document[-1:] == b"}" for document in documents):
        return None
    text = b"\n".join(documents)
    try:
        text.decode()  # pyarrow does not look
        rows = _parse(text, signal)
        if len(rows) != len(documents):
            return None
        messages: list[bytes] = _encode(rows, REQUEST_TYPES[signal].DESCRIPTOR).to_pylist()
    except (pa.ArrowException, _IrregularError, UnicodeDecodeError):
        return None
    return messages


def _parse(text: bytes, signal: Signal) -> pa.StructArray:
    table = pyarrow.json.read_json(
        pa.BufferReader(text),
        pyarrow.json.ReadOptions(use_threads=False, block_size=len(text) + 1),
        pyarrow.json.ParseOptions(
            explicit_schema=_schema(signal), unexpected_field_behavior="error"
        ),
    )
    return table.combine_chunks().to_struct_array().combine_chunks()


@cache
def _schema(signal: Signal) -> pa.Schema:
    return pa.schema(list(_json_struct(REQUEST_TYPES[signal].DESCRIPTOR, nested=False)))


def _json_struct(message: Descriptor, nested: bool) -> pa.StructType:
    fields = [
        field
        for field in message.fields
        if field.name not in PROFILES_ONLY and not _too_deep(field, nested)
    ]
    nested = nested or message.name in _LISTS_OF_VALUES
    return pa.struct([(field.json_name, _json_type(field, nested)) for field in fields])


def _too_deep(field: FieldDescriptor, nested: bool) -> bool:
    return nested and field.message_type is not None and field.message_type.name in _LISTS_OF_VALUES


def _json_type(field: FieldDescriptor, nested: bool) -> pa.DataType:
    kind = field.message_type
    single = _JSON_TYPES[field.type] if kind is None else _json_struct(kind, nested)
    return pa.list_(single) if field.is_repeated else single


def _encode(rows: pa.StructArray, message: Descriptor) -> pa.BinaryArray:
    """Serialized messages of these rows."""
    batch = pa.RecordBatch.from_struct_array(_message(rows, message))
    return _handlers().get_for_message(message).record_batch_to_array(batch)


@cache
def _handlers() -> HandlerPool:
    pool = descriptor_pool.DescriptorPool()
    return HandlerPool([_add_file(pool, kind.DESCRIPTOR.file) for kind in REQUEST_TYPES.values()])


def _add_file(pool: descriptor_pool.DescriptorPool, file: FileDescriptor) -> FileDescriptor:
    """The official file, but where AnyValue is inside AnyValue it is bytes: ptars drops it else."""
    for dependency in file.dependencies:
        _add_file(pool, dependency)
    content = descriptor_pb2.FileDescriptorProto()
    file.CopyToProto(content)
    for message in content.message_type:
        if message.name in _LISTS_OF_VALUES:
            message.field[0].type = FieldDescriptor.TYPE_BYTES
            message.field[0].ClearField("type_name")
    pool.AddSerializedFile(content.SerializeToString())
    return pool.FindFileByName(file.name)


def _message(rows: pa.StructArray, message: Descriptor) -> pa.StructArray:
    """The rows with the proto's names and types. Columns without any value are left out."""
    fields = {field.json_name: field for field in message.fields}
    given = {column.name: rows.field(index) for index, column in enumerate(rows.type)}
    filled = [name for name, values in given.items() if values.null_count < len(values)]
    columns = {
        fields[name].name: _column(given[name], fields[name])
        for name in filled or list(given)[:1]  # a struct needs one to have a length
    }
    if message.name == "AnyValue":
        _refuse_two_members(list(columns.values()))
    return pa.StructArray.from_arrays(
        list(columns.values()), list(columns), mask=rows.is_null() if rows.null_count else None
    )


def _column(values: pa.Array, field: FieldDescriptor) -> pa.Array:
    if not field.is_repeated:
        return _single(values, field)
    elements = values.flatten()
    if elements.null_count:
        raise _IrregularError
    return pa.ListArray.from_arrays(
        values.offsets,
        _single(elements, field),
        mask=values.is_null() if values.null_count else None,
    )


def _single(values: pa.Array, field: FieldDescriptor) -> pa.Array:
    if field.message_type is not None:
        recursive = field.containing_type.name in _LISTS_OF_VALUES
        return (_encode if recursive else _message)(values, field.message_type)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return _unhex(values, field)
    if field.type in _INTEGERS_IN_STRINGS:
        _, characters = _text(values)
        if characters.max(initial=0) > ord("9"):  # Arrow would read 0x10 as sixteen
            raise _IrregularError
        return pc.cast(values, _INTEGERS_IN_STRINGS[field.type])
    return values


def _unhex(values: pa.StringArray, field: FieldDescriptor) -> pa.BinaryArray:
    if not field.name.endswith("_id"):  # base64 is rare
        raise _IrregularError
    offsets, characters = _text(values.fill_null(""))
    digits = _HEX_DIGITS[characters]
    if (offsets & 1).any() or digits.max(initial=0) == _NOT_HEX:
        raise _IrregularError
    content = digits[0::2] << 4 | digits[1::2]
    buffers = [None, pa.py_buffer(offsets // 2), pa.py_buffer(content)]
    return pa.Array.from_buffers(pa.binary(), len(values), buffers)


def _text(values: pa.StringArray) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
    """Where each string begins and the last one ends, and the bytes of all."""
    if not len(values):
        return np.zeros(1, np.int32), np.empty(0, np.uint8)
    _, offsets, data = values.buffers()
    starts = np.frombuffer(offsets, np.int32)[values.offset :][: len(values) + 1]
    characters = np.frombuffer(data or b"", np.uint8)[starts[0] : starts[-1]]
    return starts - starts[0], characters


def _refuse_two_members(members: list[pa.Array]) -> None:
    """A oneof with two members set: which one counts is the order in the text, lost in columns."""
    given = sum(len(member) - member.null_count for member in members)
    any_given = members[0].is_valid()
    for member in members[1:]:
        any_given = pc.or_(any_given, member.is_valid())
    if any_given.true_count != given:
        raise _IrregularError
