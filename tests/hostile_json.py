"""Sound OTLP/JSON requests with something wrong: a value, a token or a byte."""

import random
import re
from itertools import pairwise

from tests.hostile_protobuf import flip_bits

_KINDS = ("value",) * 8 + ("token", "doubled", "removed", "inserted", "cut", "bytes")
_JSON_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|-?[0-9.eE+]+|true|false|null|[{}\[\]:,]')
_JSON_HOSTILE = (
    '"', "'", "1e999", "-1e999", "NaN", "-Infinity", "Infinity", "{}", "[]", "null", "true", "0",
    "-0", "0x10", "01", "1.0", "1e18", "18446744073709551616", "-9223372036854775809", "9" * 400,
    "9" * 5000, '"\\ud800"', '"\\udfff\\ud800"', '"\\u0000"', '"\x00"', '"\x1b[2J"', "/**/", "//\n",
    ",", ",,", "{", "}", "[", "]", ":", "\ufeff",
    '"zz"', '"ABC"', '"5"', '"+5"', '" 5"', '"\u0665"',
    '"NaN"', '"=="', '"AP8="', '"AP8"', '"_-8="', "[[[[]]]]", '{"a":1,"a":2}', '"SPAN_KIND_SERVER"',
    '"NO_SUCH_KIND"', "1.5", "-1", "2147483648", "4294967296", "[" * 2000, '{"a":' * 500, "5 5",
    '"stringValue"', '"intValue"', '"traceId"', '"attributes"', '"value"',
)  # fmt: skip


def mutate_json(source: random.Random, sound: list[bytes]) -> tuple[str, bytes]:
    """A sound OTLP/JSON request with one or two things wrong, and the name of the last."""
    text = source.choice(sound).decode()
    kind = ""
    for _ in range(source.randint(1, 2)):
        tokens = list(_JSON_TOKEN.finditer(text))
        if not tokens:
            break
        token = source.choice(tokens)
        kind = source.choice(_KINDS)
        if kind == "value":  # the text stays JSON, if what comes in is
            values = [a for b, a in pairwise(tokens) if b[0] == ":" and a[0] not in "{["]
            token = source.choice(values or [token])
        start, end = token.span()
        match kind:
            case "token" | "value":
                text = text[:start] + source.choice(_JSON_HOSTILE) + text[end:]
            case "inserted":
                text = text[:start] + source.choice(_JSON_HOSTILE) + text[start:]
            case "doubled":
                text = text[:end] + "," + text[start:]
            case "removed":
                text = text[:start] + text[end:]
            case "cut":
                text = text[:start] if source.random() < 0.2 else "\ufeff" + text
            case "bytes" if text:
                damaged = flip_bits(source, text.encode())
                return "json bytes", damaged
    return f"json {kind}", text.encode()
