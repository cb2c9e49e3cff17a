"""Sound protobuf requests with something wrong: in their bytes, or in the fields of any depth."""

import random
from collections.abc import Callable

from receiver.otlp.wire_format import length_delimited, varint

_MEMBERS: tuple[bytes, ...] = (
    b"\x0a\x01x",
    b"\x10\x01",
    b"\x18\x05",
    b"\x21" + bytes(8),
    b"\x2a\x02\x0a\x00",
    b"\x32\x02\x0a\x00",
    b"\x3a\x01\xff",
    b"\x40\x05",
)
_VARINTS = (b"\xff" * 9 + b"\x01", b"\xff" * 10 + b"\x01", b"\x80" * 9 + b"\x00", b"\xff" * 4)


def mutate_protobuf(source: random.Random, sound: list[bytes]) -> tuple[str, bytes]:
    """A sound request with one or two things wrong, and the name of the last."""
    payload, kind = source.choice(sound), ""
    for _ in range(source.randint(1, 2)):
        if not payload:
            break
        if source.random() < 0.5:
            kind = source.choice(tuple(_BYTES))
            payload = _BYTES[kind](source, payload)
        elif source.random() < 0.1:
            kind, other = "splice", source.choice(sound)
            payload = payload[: source.randrange(len(payload))]
            payload += other[source.randrange(len(other)) :]
        else:
            kind = source.choice(tuple(_FIELDS))
            payload = _deep(source, payload, _FIELDS[kind])
    return kind, payload


def flip_bits(source: random.Random, payload: bytes) -> bytes:
    """The bytes with a few bits the other way."""
    content = bytearray(payload)
    for _ in range(source.randint(1, 3)):
        content[source.randrange(len(content))] ^= 1 << source.randrange(8)
    return bytes(content)


def _insert(source: random.Random, payload: bytes, fresh: bytes) -> bytes:
    place = source.randrange(len(payload))
    return payload[:place] + fresh + payload[place + source.choice((0, 0, len(fresh))) :]


_BYTES: dict[str, Callable[[random.Random, bytes], bytes]] = {
    "bit flips": flip_bits,
    "truncation": lambda source, payload: payload[: source.randrange(len(payload))],
    "random bytes": lambda source, payload: _insert(
        source, payload, source.randbytes(source.randint(1, 8))
    ),
    "huge varint": lambda source, payload: _insert(source, payload, source.choice(_VARINTS)),
    "wire type": lambda source, payload: _insert(source, payload, bytes([source.randrange(8) | 8])),
}

Field = tuple[int, int, bytes]  # number, wire type, what follows the tag (without its length)


def fields(content: bytes) -> list[Field] | None:
    """The fields of a message, None where the bytes are no message."""
    found: list[Field] = []
    at = 0
    while at < len(content):
        tag, start = _read_varint(content, at)
        end = start
        match tag & 7:
            case 0:
                _, end = _read_varint(content, start)
            case 1:
                end = start + 8
            case 2:
                size, start = _read_varint(content, start)
                end = start + size
            case 5:
                end = start + 4
            case _:
                return None
        if min(start, end) < 0 or end > len(content) or tag >> 3 == 0:
            return None
        found.append((tag >> 3, tag & 7, content[start:end]))
        at = end
    return found


def _read_varint(content: bytes, at: int) -> tuple[int, int]:
    """The number and where it ends; -2**70 where there is none."""
    number = shift = 0
    while 0 <= at < len(content) and shift < 64:
        number |= (content[at] & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if content[at - 1] < 0x80:
            return number, at
    return 0, -(2**70)


def message(parts: list[Field]) -> bytes:
    """The bytes of a message of these fields."""
    return b"".join(
        varint(number << 3 | kind) + (length_delimited(body) if kind == 2 else body)
        for number, kind, body in parts
    )


def _deep(
    source: random.Random, content: bytes, change: Callable[[random.Random, list[Field]], bytes]
) -> bytes:
    """The message changed at a random depth, with the lengths around the change corrected."""
    parts = fields(content)
    if not parts:
        return content
    inner = [at for at, (_, kind, body) in enumerate(parts) if kind == 2 and fields(body)]
    if inner and source.random() < 0.85:
        at = source.choice(inner)
        number, kind, body = parts[at]
        parts[at] = (number, kind, _deep(source, body, change))
        return message(parts)
    return change(source, parts)


def _with(parts: list[Field], at: int, raw: bytes, replaced: int = 0) -> bytes:
    return message(parts[:at]) + raw + message(parts[at + replaced :])


def _at(source: random.Random, parts: list[Field]) -> int:
    return source.randrange(len(parts))


def _duplicate(source: random.Random, parts: list[Field]) -> bytes:
    return _with(parts, _at(source, parts), message([source.choice(parts)] * source.randint(1, 3)))


def _shuffle(source: random.Random, parts: list[Field]) -> bytes:
    return message(source.sample(parts, len(parts)))


def _retyped(source: random.Random, parts: list[Field]) -> bytes:
    at = _at(source, parts)
    number, _, body = parts[at]
    kind = source.choice((0, 1, 2, 5))
    fresh = {0: varint(source.getrandbits(source.choice((7, 32, 63)))), 1: bytes(8), 5: bytes(4)}
    return _with(parts, at, message([(number, kind, fresh.get(kind, body))]), 1)


def _lying_length(source: random.Random, parts: list[Field]) -> bytes:
    at = _at(source, parts)
    number, _, body = parts[at]
    lie = max(0, len(body) + source.choice((-2, -1, 1, 2, 200, 2**31, 2**32, 2**63)))
    return _with(parts, at, varint(number << 3 | 2) + varint(lie) + body, 1)


def _bad_text(source: random.Random, parts: list[Field]) -> bytes:
    at = _at(source, parts)
    bad = source.choice((b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"a\x80"))
    return _with(parts, at, message([(parts[at][0], 2, bad)]), 1)


def _two_members(source: random.Random, parts: list[Field]) -> bytes:
    return _with(parts, _at(source, parts), b"".join(source.choices(_MEMBERS, k=2)))


def _group(source: random.Random, parts: list[Field]) -> bytes:
    number = source.choice((*(part[0] for part in parts), 1000))
    end = number if source.random() < 0.8 else number + 1
    return _with(parts, _at(source, parts), varint(number << 3 | 3) + varint(end << 3 | 4))


def _unknown(source: random.Random, parts: list[Field]) -> bytes:
    number, kind = source.choice((90, 1000, 2**29 - 1)), source.choice((0, 1, 2, 5))
    body = {0: b"\x05", 1: bytes(8), 2: b"\xff\xfe", 5: bytes(4)}[kind]
    return _with(parts, _at(source, parts), message([(number, kind, body)]))


def _nested(source: random.Random, parts: list[Field]) -> bytes:
    return _with(parts, _at(source, parts), nested_value(source.choice((10, 40, 90, 100, 3000))))


def nested_value(depth: int) -> bytes:
    """Members of an `AnyValue`: arrays in arrays, that deep."""
    value = b"\x18\x05"
    for _ in range(depth):
        value = b"\x2a" + length_delimited(b"\x0a" + length_delimited(value))
    return value


def _padded(source: random.Random, parts: list[Field]) -> bytes:
    at = _at(source, parts)
    number, kind, body = parts[at]
    tag = varint(number << 3 | kind)
    padded = tag[:-1] + bytes([tag[-1] | 0x80]) + b"\x80" * source.randint(0, 4) + b"\x00"
    return _with(parts, at, padded + (length_delimited(body) if kind == 2 else body), 1)


_FIELDS: dict[str, Callable[[random.Random, list[Field]], bytes]] = {
    "duplicated field": _duplicate,
    "reordered fields": _shuffle,
    "wrong wire type": _retyped,
    "lying length": _lying_length,
    "bad UTF-8": _bad_text,
    "two members of a oneof": _two_members,
    "group": _group,
    "unknown field": _unknown,
    "deep nesting": _nested,
    "padded tag": _padded,
}
