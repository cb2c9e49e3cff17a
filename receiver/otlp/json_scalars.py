"""One JSON value becomes the wire bytes of one protobuf scalar, or is refused with what was seen.

The bytes are those that follow a field's tag. Accepted is what proto3 JSON allows and what the
OpenTelemetry Collector accepts: numbers may be strings, bytes are base64 of either alphabet, with
or without padding. A string's lone surrogates, which UTF-8 cannot hold, become U+FFFD.
"""

import base64
import binascii
import math
import re
import reprlib
from collections.abc import Callable
from struct import pack

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor

from receiver.otlp.wire_format import length_delimited, varint

ScalarEncoder = Callable[[object], bytes]

_WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_SURROGATE = re.compile("[\ud800-\udfff]")
_URL_SAFE = str.maketrans("-_", "+/")
_INT32 = (-(2**31), 2**31 - 1)
_INT64 = (-(2**63), 2**63 - 1)
_UINT32_MAX = 2**32 - 1
_UINT64_MAX = 2**64 - 1


class JsonValueError(Exception):
    """A JSON value that its field cannot hold. `path` leads to it, innermost step first."""

    def __init__(self, reason: str) -> None:
        """Keeps the reason; whoever passes the error on appends its own step to `path`."""
        super().__init__(reason)
        self.path: list[str] = []


def expected(wanted: str, seen: object) -> JsonValueError:
    """The refusal of a value that is not what was wanted."""
    return JsonValueError(f"expected {wanted}, got {shown(seen)}")


def shown(value: object) -> str:
    """A JSON value as a refusal shows it: numbers shortened, of text only that it is one, for it
    may be a secret and refusals are logged."""
    match value:
        case str():
            return "a string"
        case list():
            return "a list"
        case dict():
            return "an object"
        case None | bool():
            return {None: "null", True: "true", False: "false"}[value]
    return reprlib.repr(value)


def hex_id(value: object) -> bytes:
    """A trace or span id; of any length, because a wrong one costs its span and not the request."""
    if type(value) is not str:
        raise expected("an id in hexadecimal", value)
    try:
        return length_delimited(binascii.unhexlify(value))
    except ValueError:  # binascii.Error for ASCII, its base class for the rest
        raise expected("an id in hexadecimal (OTLP/JSON ids are not base64)", value) from None


def enum_encoder(enum: EnumDescriptor) -> ScalarEncoder:
    """The encoder of this enum: its numbers, also those it does not know, and its names."""
    numbers = {name: member.number for name, member in enum.values_by_name.items()}

    def encode(value: object) -> bytes:
        if type(value) is str and value in numbers:
            return varint(numbers[value])
        try:
            return _int32(value)
        except JsonValueError:
            raise expected(f"a number or name of {enum.name}", value) from None

    return encode


def _string(value: object) -> bytes:
    if type(value) is not str:
        raise expected("a string", value)
    try:
        return length_delimited(value.encode())
    except UnicodeEncodeError:
        return length_delimited(_SURROGATE.sub("\ufffd", value).encode())


def _bytes(value: object) -> bytes:
    if type(value) is not str:
        raise expected("base64", value)
    digits = value.translate(_URL_SAFE).rstrip("=")
    try:
        return length_delimited(base64.b64decode(digits + "=" * (-len(digits) % 4), validate=True))
    except ValueError:
        raise expected("base64", value) from None


def _bool(value: object) -> bytes:
    if type(value) is not bool:
        raise expected("true or false", value)
    return b"\x01" if value else b"\x00"


def _double(value: object) -> bytes:
    number: float
    if type(value) is str and (value in _WORDS or _NUMBER.fullmatch(value)):
        number = _WORDS[value] if value in _WORDS else float(value)
    elif type(value) is float or (type(value) is int and abs(value) < 1 << 1023):
        number = float(value)
        if math.isinf(number):
            raise JsonValueError("a number is too large for a double")
    else:
        raise expected("a number", value)
    return pack("<d", number)


def _int32(value: object) -> bytes:
    return varint(_integer(value, *_INT32) & _UINT64_MAX)


def _int64(value: object) -> bytes:
    return varint(_integer(value, *_INT64) & _UINT64_MAX)


def _uint32(value: object) -> bytes:
    return varint(_integer(value, 0, _UINT32_MAX))


def _fixed32(value: object) -> bytes:
    return pack("<I", _integer(value, 0, _UINT32_MAX))


def _fixed64(value: object) -> bytes:
    return pack("<Q", _integer(value, 0, _UINT64_MAX))


def _integer(value: object, low: int, high: int) -> int:
    if type(value) is str:
        number = _decimal(value)
    elif type(value) is int:
        number = value
    elif type(value) is float and value.is_integer():
        number = int(value)
    else:
        number = None
    if number is None or not low <= number <= high:
        raise expected(f"an integer from {low} to {high}", value)
    return number


def _decimal(text: str) -> int | None:
    if not text.isascii() or len(text) > 40:
        return None
    digits = text[1:] if text[:1] in ("+", "-") else text
    return int(text) if digits.isdigit() else None


SCALAR_ENCODERS: dict[int, ScalarEncoder] = {
    FieldDescriptor.TYPE_STRING: _string,
    FieldDescriptor.TYPE_BYTES: _bytes,
    FieldDescriptor.TYPE_BOOL: _bool,
    FieldDescriptor.TYPE_DOUBLE: _double,
    FieldDescriptor.TYPE_INT32: _int32,
    FieldDescriptor.TYPE_INT64: _int64,
    FieldDescriptor.TYPE_UINT32: _uint32,
    FieldDescriptor.TYPE_FIXED32: _fixed32,
    FieldDescriptor.TYPE_FIXED64: _fixed64,
}
