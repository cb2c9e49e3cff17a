"""The parameters of a saved query: their types, and the values people write for them.

A value is written as text on a command line and travels as text to a receiver; `parse_value` and
`value_text` are inverses, so both homes of a store bind the same Python object.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

BIGINT_MAX = 2**63 - 1
YEAR_MIN, YEAR_MAX = 1970, 2200
DURATION_MAX = timedelta(days=36525)
UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "ms": 0.001, "us": 0.000001}
_UNIT_BY_WORD = {
    **{unit: unit for unit in UNIT_SECONDS},
    **dict.fromkeys(("sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), "m"),
    **dict.fromkeys(("hr", "hrs", "hour", "hours"), "h"),
    **dict.fromkeys(("day", "days"), "d"),
    **dict.fromkeys(("week", "weeks"), "w"),
    **dict.fromkeys(("millisecond", "milliseconds"), "ms"),
    **dict.fromkeys(("microsecond", "microseconds"), "us"),
}
_DURATION_PART = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*")
_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}

EXPECTED = {
    "VARCHAR": "text",
    "BIGINT": f"a whole number from -{BIGINT_MAX + 1} to {BIGINT_MAX}",
    "DOUBLE": "a finite number",
    "BOOLEAN": "true or false",
    "TIMESTAMP": "a time in UTC such as 2026-11-21T09:26:00Z or '2026-11-21 09:26',"
    " or an age such as 30m or '2h ago',"
    f" in the years {YEAR_MIN} to {YEAR_MAX}",
    "INTERVAL": "a duration such as 30s, 15m, 1h30m, 14d or '2 hours',"
    " above 0 and at most a hundred years",
}
"""Every type a parameter may have, with what people write for it."""


class ParameterError(ValueError):
    """A parameter that is missing, unknown or not of its type; the message names it."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One `$name` of a saved query; `default` is a SQL literal, None when a value must be given."""

    name: str
    type: str
    default: str | None
    description: str

    @property
    def required(self) -> bool:
        """Whether a value must be given, because the query states no default."""
        return self.default is None


def parse_value(type_name: str, given: object, now: datetime | None = None) -> object:
    """What is bound for a value of this type: str, int, float, bool, naive UTC datetime, timedelta.

    Text is parsed; a Python value of the right kind passes; None is NULL. `now` is what an age
    counts back from. Raises ValueError saying what was seen and what is expected.
    """
    if given is None:
        return None
    try:
        return _PARSERS[type_name](given, now or datetime.now(UTC))
    except (ValueError, OverflowError, TypeError):
        raise ValueError(f"{given!r} is not {EXPECTED[type_name]}") from None


def value_text(value: object) -> str | None:
    """A bound value as the text that `parse_value` reads back to the same value; NULL is None."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return f"{value // timedelta(microseconds=1)}us"
    return None if value is None else str(value)


def default_value(parameter: Parameter, now: datetime | None = None) -> object:
    """The value of a parameter's default literal; raises ValueError when it is not of the type."""
    literal = parameter.default or "NULL"
    if literal.upper() == "NULL":
        return None
    quoted = re.fullmatch(r"(?:[A-Za-z_]+\s+)?'((?:[^']|'')*)'", literal)
    text = quoted.group(1).replace("''", "'") if quoted else literal
    if parameter.type == "VARCHAR" and not quoted:
        raise ValueError(f"{literal} is not a SQL text literal; write it as '{literal}'")
    return parse_value(parameter.type, text, now)


def parse_duration(text: str) -> timedelta:
    """`30s`, `15m`, `1h30m`, `14d`, `2 hours` as a timedelta; raises ValueError otherwise.

    Units have a fixed length, so there are no months; `m` is minutes.
    """
    seconds, rest = 0.0, text.strip().lower()
    if not rest:
        raise ValueError(f"{text!r} is not {EXPECTED['INTERVAL']}")
    while rest:
        part = _DURATION_PART.match(rest)
        if part is None or part.group(2) not in _UNIT_BY_WORD:
            raise ValueError(f"{text!r} is not {EXPECTED['INTERVAL']}")
        seconds += float(part.group(1)) * UNIT_SECONDS[_UNIT_BY_WORD[part.group(2)]]
        rest = rest[part.end() :]
    return timedelta(seconds=seconds)


def parse_time(text: str, now: datetime) -> datetime:
    """A time as people write it, as a naive UTC datetime; raises ValueError otherwise.

    RFC 3339, `2026-11-21 09:26`, `2026-11-21`, `now`, or an age: `30m`, `2h ago`.
    """
    stripped = text.strip()
    if stripped.lower() == "now":
        return _naive_utc(now)
    try:
        return _naive_utc(datetime.fromisoformat(stripped))
    except ValueError:
        age = stripped.lower().removesuffix("ago")
        return _naive_utc(now) - parse_duration(age)


def _naive_utc(time: datetime) -> datetime:
    return time.astimezone(UTC).replace(tzinfo=None) if time.tzinfo else time


def _varchar(given: object, _now: datetime) -> str:
    if not isinstance(given, str):
        raise TypeError
    return given


def _bigint(given: object, _now: datetime) -> int:
    if isinstance(given, bool) or not isinstance(given, int | str):
        raise TypeError
    if isinstance(given, str) and not re.fullmatch(r"[+-]?[0-9]{1,20}", given.strip()):
        raise ValueError
    number = int(given)
    if not -BIGINT_MAX - 1 <= number <= BIGINT_MAX:
        raise OverflowError
    return number


def _double(given: object, _now: datetime) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        raise TypeError
    number = float(given)
    if not math.isfinite(number):
        raise ValueError
    return number


def _boolean(given: object, _now: datetime) -> bool:
    if isinstance(given, bool):
        return given
    if not isinstance(given, str) or given.strip().lower() not in _BOOLEANS:
        raise ValueError
    return _BOOLEANS[given.strip().lower()]


def _timestamp(given: object, now: datetime) -> datetime:
    if not isinstance(given, datetime | str):
        raise TypeError
    time = _naive_utc(given) if isinstance(given, datetime) else parse_time(given, now)
    if not YEAR_MIN <= time.year <= YEAR_MAX:
        raise ValueError
    return time


def _interval(given: object, _now: datetime) -> timedelta:
    if not isinstance(given, timedelta | str):
        raise TypeError
    length = given if isinstance(given, timedelta) else parse_duration(given)
    if not timedelta() < length <= DURATION_MAX:
        raise ValueError
    return length


_PARSERS: dict[str, Callable[[object, datetime], object]] = {
    "VARCHAR": _varchar,
    "BIGINT": _bigint,
    "DOUBLE": _double,
    "BOOLEAN": _boolean,
    "TIMESTAMP": _timestamp,
    "INTERVAL": _interval,
}
