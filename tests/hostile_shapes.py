"""Serialized requests, and parts of them, that no SDK would make: written field by field."""

from receiver.otlp.wire_format import length_delimited, varint
from tests.ingest import trace_request

MIB = 1024 * 1024
IDS = b"\x0a\x10" + b"a" * 16 + b"\x12\x08" + b"b" * 8


def field(number: int, content: bytes) -> bytes:
    """A length-delimited field."""
    return varint(number << 3 | 2) + length_delimited(content)


def request(*spans: bytes) -> bytes:
    """A trace request of these serialized spans."""
    return field(1, field(2, b"".join(field(2, span) for span in spans)))


def span(content: bytes) -> bytes:
    """A trace request of one span with these fields after its ids."""
    return request(IDS + content)


def string_attribute(key: bytes, value: bytes) -> bytes:
    """An attribute of a span."""
    return field(9, field(1, key) + field(2, field(1, value)))


def attribute(value: bytes) -> bytes:
    """An attribute `k` of a span, with these members of its value."""
    return field(9, field(1, b"k") + field(2, value))


def exception(number: int, stack: bytes) -> bytes:
    """An event of a span that is an exception with its own message."""
    pairs = {b"exception.type": b"E", b"exception.message": b"m%d" % number}
    if stack:
        pairs[b"exception.stacktrace"] = stack
    attributes = (field(3, field(1, k) + field(2, field(1, v))) for k, v in pairs.items())
    return field(11, field(2, b"exception") + b"".join(attributes))


def services(count: int) -> bytes:
    """A request with a span of each of that many services."""
    return b"".join(
        field(
            1,
            field(1, field(1, field(1, b"service.name") + field(2, field(1, b"service-%d" % n))))
            + field(2, field(2, IDS)),
        )
        for n in range(count)
    )


def scopes(count: int) -> bytes:
    """A request with a span of each of that many scopes."""
    one = (field(2, field(1, field(1, b"scope-%d" % n)) + field(2, IDS)) for n in range(count))
    return field(1, b"".join(one))


def numbered(count: int) -> bytes:
    """A span with that many different attributes."""
    return span(
        b"".join(field(9, field(1, b"key-%d" % n) + field(2, b"\x18\x05")) for n in range(count))
    )


def filled(size: int) -> bytes:
    """A request of exactly that many bytes: one span with one text."""
    whole = size
    while True:
        body = span(string_attribute(b"k", b"x" * whole))
        if len(body) <= size:
            return body
        whole -= len(body) - size


def times(start: int, end: int) -> bytes:
    """A request of one span of these times."""
    request = trace_request({}, start_time_unix_nano=start, end_time_unix_nano=end)
    content: bytes = request.SerializeToString()
    return content


def json_array(text: str) -> bytes:
    """A span as OTLP/JSON whose one attribute has this text as its value."""
    ids = f'"traceId":"{1:032x}","spanId":"{1:016x}"'
    one = f'{{{ids},"attributes":[{{"key":"k","value":{text}}}]}}'
    return f'{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{one}]}}]}}]}}'.encode()


def told(text: bytes) -> bytes:
    """An event of a span that is an exception with this message."""
    return field(11, field(3, field(1, b"exception.message") + field(2, field(1, text))))
