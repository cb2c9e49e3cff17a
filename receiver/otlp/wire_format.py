"""The few pieces of the protobuf wire format that are read or written by hand."""

from google.protobuf.descriptor import FieldDescriptor

VARINT, FIXED64, LENGTH_DELIMITED, FIXED32 = 0, 1, 2, 5

_WIRE_TYPES = {
    FieldDescriptor.TYPE_DOUBLE: FIXED64,
    FieldDescriptor.TYPE_FIXED64: FIXED64,
    FieldDescriptor.TYPE_SFIXED64: FIXED64,
    FieldDescriptor.TYPE_FLOAT: FIXED32,
    FieldDescriptor.TYPE_FIXED32: FIXED32,
    FieldDescriptor.TYPE_SFIXED32: FIXED32,
    FieldDescriptor.TYPE_STRING: LENGTH_DELIMITED,
    FieldDescriptor.TYPE_BYTES: LENGTH_DELIMITED,
    FieldDescriptor.TYPE_MESSAGE: LENGTH_DELIMITED,
}
# Nearly every length of a request, so that encoding one is an index.
_SHORT_VARINTS = tuple(
    bytes((number,)) if number < 0x80 else bytes((number & 0x7F | 0x80, number >> 7))
    for number in range(0x4000)
)


def wire_type(field: FieldDescriptor) -> int:
    """How one value of this field is laid out."""
    return _WIRE_TYPES.get(field.type, VARINT)


def tag(field: FieldDescriptor) -> bytes:
    """What stands before each value of this field."""
    return varint(field.number << 3 | wire_type(field))


def varint(number: int) -> bytes:
    """An unsigned integer, seven bits to a byte."""
    if number < 0x4000:
        return _SHORT_VARINTS[number]
    groups = bytearray()
    while number > 0x7F:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    groups.append(number)
    return bytes(groups)


def length_delimited(content: bytes) -> bytes:
    """The content after its own length."""
    return varint(len(content)) + content
