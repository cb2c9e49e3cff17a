r"""Rows as strict JSON: one array of objects, or one object per line.

There is no NaN or Infinity in JSON, so they are null. Numbers are written out exactly, however
large. Characters that steer a terminal are written as `\u` escapes, which mean the same to a
parser.
"""

import json
import math
import re
from collections.abc import Iterator
from decimal import Decimal

from analysis.arrow_values import Value
from analysis.rows import Rows

_STEERING = re.compile("[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


def json_array(rows: Rows) -> Iterator[str]:
    """The rows as one JSON array, one object per line, keyed by column name."""
    lines = list(json_lines(rows))
    if not lines:
        yield "[]\n"
        return
    yield "[\n" + ",\n".join(line.rstrip("\n") for line in lines) + "\n]\n"


def json_lines(rows: Rows) -> Iterator[str]:
    """The rows as JSON objects keyed by column name, one per line."""
    keys = [json_text(name) for name in rows.names]
    for row in rows:
        pairs = (f"{key}: {json_text(value)}" for key, value in zip(keys, row, strict=True))
        yield "{" + ", ".join(pairs) + "}\n"


def json_text(value: Value) -> str:
    """One value as JSON."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            text = json.dumps(value, ensure_ascii=False)
            return _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
        case int():
            return str(value)
        case float():
            return repr(value) if math.isfinite(value) else "null"
        case Decimal():
            return f"{value:f}" if value.is_finite() else "null"
        case dict():
            pairs = (f"{json_text(k)}: {json_text(v)}" for k, v in value.items())
            return "{" + ", ".join(pairs) + "}"
        case _:
            return "[" + ", ".join(json_text(item) for item in value) + "]"
