"""OTLP/JSON export requests become the protobuf bytes of the same request.

The mapping is proto3 JSON with OTLP's exceptions (ids are hex, enums are integers), read from the
official message descriptors and as leniently as the OpenTelemetry Collector reads it: unknown
fields are ignored, snake_case names and enum names are understood, integers may be strings or
numbers, null is the default. Of a field that is given twice, or of two members of a oneof, the
last one counts.

Large requests that are as regular as the Collector writes them take a shortcut through columns
(`receiver.otlp.json_columns`). All others are encoded here, by one table of fields per message
type: three times faster than `google.protobuf.json_format`, which is the oracle of the tests.
"""

import json
from collections.abc import Callable, Sequence

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from receiver.errors import MalformedRequest
from receiver.otlp.json_columns import encode_regular
from receiver.otlp.json_scalars import (
    SCALAR_ENCODERS,
    JsonValueError,
    ScalarEncoder,
    enum_encoder,
    expected,
    hex_id,
    shown,
)
from receiver.otlp.request_bounds import check_json
from receiver.otlp.wire import REQUEST_TYPES
from receiver.otlp.wire_format import length_delimited, tag
from receiver.signals import Signal

# What the strict protobuf parser accepts.
MESSAGE_DEPTH_MAX = 100
# About 80 spans: from there on the fixed cost of the columns, some 1.5 ms, is earned back.
REGULAR_BYTES_MIN = 64 * 1024

_ID_FIELDS = frozenset({"trace_id", "span_id", "parent_span_id"})
Document = dict[str, object]
# A field's bytes, tag first, for its JSON value; the number counts the messages around it.
_FieldEncoder = Callable[[object, int], bytes]


def to_protobuf(payload: bytes, signal: Signal) -> bytes:
    """The protobuf bytes of an OTLP/JSON export request of this signal.

    Ids keep whatever length they have. Raises MalformedRequest, which says what was seen and where:
    not UTF-8, not JSON, a value that its field cannot hold, or nesting deeper than protobuf allows.
    """
    check_json(payload)
    regular = regular_to_protobuf([payload.strip()], signal)
    return regular[0] if regular else encode(parse(payload), signal)


def regular_to_protobuf(payloads: Sequence[bytes], signal: Signal) -> list[bytes] | None:
    """As `to_protobuf` of each, several times faster, or None: then nothing is said about them.

    None for small requests too, where the columns would cost more than they save.
    """
    if sum(map(len, payloads)) < REGULAR_BYTES_MIN:
        return None
    encoded = encode_regular(payloads, signal)
    return encoded and [_canonical(message, signal) for message in encoded]


def parse(payload: bytes) -> Document:
    """The JSON object in these bytes; raises MalformedRequest where they hold anything else."""
    try:
        document = _DECODER.decode(payload.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise MalformedRequest(f"not UTF-8: {error.reason} at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise MalformedRequest(f"not JSON: {error.msg} (character {error.pos})") from None
    except RecursionError:
        raise MalformedRequest("JSON is nested too deeply") from None
    except ValueError as error:  # an integer of thousands of digits
        raise MalformedRequest(f"not JSON: {error}") from None
    if type(document) is not dict:
        raise MalformedRequest(f"expected a JSON object, got {shown(document)}")
    return document


def encode(document: Document, signal: Signal) -> bytes:
    """The protobuf bytes of a parsed export request of this signal; raises MalformedRequest."""
    try:
        return _canonical(_REQUESTS[signal].encode(document, 1), signal)
    except JsonValueError as refused:
        place = "".join(reversed(refused.path)).removeprefix(".")
        if not place:
            raise MalformedRequest(str(refused)) from None
        raise MalformedRequest(f"{place}: {refused}", field=place) from None


def _canonical(message: bytes, signal: Signal) -> bytes:
    """The same bytes for the same request, however it was converted: a resent one is recognised."""
    canonical: bytes = REQUEST_TYPES[signal].FromString(message).SerializeToString()
    return canonical


class _Message:
    """The encoder of one message type.

    `fields` has both spellings of every name, with a slot: fields of one slot replace each other.
    It is filled once all messages exist, because some hold each other.
    """

    def __init__(self) -> None:
        self.fields: dict[str, tuple[str, _FieldEncoder]] = {}

    def encode(self, value: object, depth: int) -> bytes:
        """The message's bytes without tag and length. `depth` counts messages, the request is 1."""
        if type(value) is not dict:
            raise expected("an object", value)
        if depth > MESSAGE_DEPTH_MAX:
            raise JsonValueError(f"nested deeper than {MESSAGE_DEPTH_MAX} messages")
        fields = self.fields
        written: dict[str, bytes] = {}
        for name, item in value.items():
            if item is not None and name in fields:
                slot, encode_field = fields[name]
                try:
                    written[slot] = encode_field(item, depth)
                except JsonValueError as refused:
                    refused.path.append(f".{name}")
                    raise
        return b"".join(written.values())


def _message(descriptor: Descriptor, messages: dict[str, _Message]) -> _Message:
    if descriptor.full_name in messages:
        return messages[descriptor.full_name]
    message = messages[descriptor.full_name] = _Message()
    for field in descriptor.fields:
        slot = field.containing_oneof.name if field.containing_oneof else field.name
        entry = (slot, _field_encoder(field, messages))
        message.fields[field.json_name] = message.fields[field.name] = entry
    return message


def _field_encoder(field: FieldDescriptor, messages: dict[str, _Message]) -> _FieldEncoder:
    if field.message_type is None:
        one = _scalar(tag(field), _scalar_encoder(field))
        return _repeated(one, "") if field.is_repeated else one
    one = _submessage(tag(field), _message(field.message_type, messages))
    return _repeated(one, {}) if field.is_repeated else one


def _scalar_encoder(field: FieldDescriptor) -> ScalarEncoder:
    if field.name in _ID_FIELDS:
        return hex_id
    if field.enum_type is not None:
        return enum_encoder(field.enum_type)
    return SCALAR_ENCODERS[field.type]


def _scalar(field_tag: bytes, encode_scalar: ScalarEncoder) -> _FieldEncoder:
    return lambda value, _depth: field_tag + encode_scalar(value)


def _submessage(field_tag: bytes, message: _Message) -> _FieldEncoder:
    return lambda value, depth: field_tag + length_delimited(message.encode(value, depth + 1))


def _repeated(encode_one: _FieldEncoder, default: object) -> _FieldEncoder:
    """Each element after the other; a null stands for an element with nothing in it."""

    def encode_all(values: object, depth: int) -> bytes:
        if type(values) is not list:
            raise expected("a list", values)
        parts: list[bytes] = []
        try:
            for value in values:
                parts.append(encode_one(default if value is None else value, depth))
        except JsonValueError as refused:
            refused.path.append(f"[{len(parts)}]")
            raise
        return b"".join(parts)

    return encode_all


# NaN and Infinity without quotes are not JSON, but some writers make them: as if they were quoted.
_DECODER = json.JSONDecoder(parse_constant=str)
_MESSAGES: dict[str, _Message] = {}
_REQUESTS = {
    signal: _message(request_type.DESCRIPTOR, _MESSAGES)
    for signal, request_type in REQUEST_TYPES.items()
}
