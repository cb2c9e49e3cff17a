"""What one request may unfold to, checked before anything of it is made.

A few bytes on the wire can stand for a whole message: `12 00` is a span, which the strict parser
keeps in 173 bytes. So 64 MiB of them would take 5.5 GiB. Requests below `SMALL_BYTES` cannot take
much whatever they hold (measured: less than 100 MiB) and are not looked at. Up to `PLAIN_BYTES` it
is enough that few bytes can be the length of a message of a few bytes, which is quick to know.
"""

from functools import cache
from typing import Any

import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass

from receiver.errors import MalformedRequest

SMALL_BYTES = 1024 * 1024
PLAIN_BYTES = 24 * 1024 * 1024
RECORDS_MAX = 500_000
ENTRIES_MAX = 100_000
TINY_MESSAGES_MAX = 4_000_000
JSON_VALUES_MAX = 4_000_000

# A message of so few bytes takes more memory parsed than ten times what it takes on the wire.
_TINY_BYTES = 6
_MESSAGE_BYTES_MIN = 2  # tag and length
_SLICE_BYTES = 128 * 1024  # stays in the cache of a core
_Field = descriptor_pb2.FieldDescriptorProto


def check_protobuf(payload: bytes) -> None:
    """Raises MalformedRequest if the request would take too much memory; says nothing else.

    The rest `check_parsed` can see.
    """
    size = len(payload)
    if size <= SMALL_BYTES:
        return
    small = _small_bytes(payload)
    if size <= PLAIN_BYTES and small <= RECORDS_MAX:
        return
    if size > TINY_MESSAGES_MAX * _MESSAGE_BYTES_MIN and small > TINY_MESSAGES_MAX:
        tiny = _tiny_messages(payload)
        if tiny > TINY_MESSAGES_MAX:
            raise _refusal(tiny, "messages of a few bytes", TINY_MESSAGES_MAX)
    try:
        entries = _layers().FromString(payload).entries
    except DecodeError:
        return  # what is wrong, the strict parser says
    scopes = sum(len(entry.scopes) for entry in entries)
    records = sum(len(scope.records) for entry in entries for scope in entry.scopes)
    check_parsed(len(entries) + scopes, records)


def check_parsed(entries: int, records: int) -> None:
    """Raises MalformedRequest for more resources and scopes, or more records, than one may have."""
    if entries > ENTRIES_MAX:
        raise _refusal(entries, "resources and scopes", ENTRIES_MAX)
    if records > RECORDS_MAX:
        raise _refusal(records, "records", RECORDS_MAX)


def check_json(payload: bytes) -> None:
    """Raises MalformedRequest if the text may hold too many values; each takes some 100 bytes.

    Every value but the first stands after a comma or a bracket, so counting those is enough.
    """
    if len(payload) > SMALL_BYTES:
        values = sum(map(payload.count, (b",", b"[", b"{")))
        if values > JSON_VALUES_MAX:
            raise _refusal(values, "values", JSON_VALUES_MAX)


def _refusal(seen: int, what: str, most: int) -> MalformedRequest:
    return MalformedRequest(
        f"the request holds up to {seen} {what}, the limit of one request is {most}."
        " Let the exporter send smaller batches."
    )


def _small_bytes(payload: bytes) -> int:
    """How many bytes could be the length of a message of a few bytes: not less than there are such
    messages, and quick to know. In a text there is none."""
    content = np.frombuffer(payload, np.uint8)
    return sum(
        int(np.count_nonzero(content[start : start + _SLICE_BYTES] <= _TINY_BYTES))
        for start in range(0, len(content), _SLICE_BYTES)
    )


def _tiny_messages(payload: bytes) -> int:
    """Not less than the number of messages of a few bytes, by the bytes that must begin one.

    Those are a tag, whose low bits say that a length follows, and the length; each may be written
    with zeros behind it, which no encoder does.
    """
    found = 0
    content = np.frombuffer(payload, np.uint8)
    for start in range(0, len(content), _SLICE_BYTES):
        piece = content[start : start + _SLICE_BYTES + 1]
        first, second = piece[:-1], piece[1:]
        short = ((first & 7) == 2) & (second <= _TINY_BYTES)
        padded = (first >= 0x80) & (second == 0)
        found += int(np.count_nonzero(short | padded))
    return found


@cache
def _layers() -> Any:  # Any: a message class made at run time
    """The request as resources, scopes and records, which stay bytes; the same for both signals."""
    file = descriptor_pb2.FileDescriptorProto(
        name="deploylens/layers.proto", package="deploylens.layers", syntax="proto3"
    )
    for name, field, number, of in (
        ("Request", "entries", 1, "Entry"),
        ("Entry", "scopes", 2, "Scope"),
        ("Scope", "records", 2, None),
    ):
        file.message_type.add(name=name).field.add(
            name=field,
            number=number,
            label=_Field.LABEL_REPEATED,
            type=_Field.TYPE_MESSAGE if of else _Field.TYPE_BYTES,
            type_name=f".deploylens.layers.{of}" if of else None,
        )
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return GetMessageClass(pool.FindMessageTypeByName("deploylens.layers.Request"))
