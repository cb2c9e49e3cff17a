"""Durations as people read and write them."""

import re

_UNITS_S = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DURATION = re.compile(r"\s*([0-9]{1,9}(?:\.[0-9]{1,9})?)\s*([a-z]+)\s*", re.ASCII)


def parse_duration_s(text: str) -> float:
    """The seconds in `90min`, `36h`, `14d` or `2w`, more than 0; raises ValueError naming what was
    seen."""
    match = _DURATION.fullmatch(text.lower())
    unit_s = _UNITS_S.get(match[2]) if match else None
    if match is None or unit_s is None or not float(match[1]):
        raise ValueError(
            f"{text!r} is not a duration, for example 14d or 36h. Units are s, min, h, d and w"
        )
    return float(match[1]) * unit_s


def duration_text(duration_ns: int | float) -> str:
    """A duration with the unit that reads best: `812 µs`, `12.3 ms`, `4.71 s`, `3 min 12 s`."""
    if duration_ns == 0:
        return "0 s"
    for unit, size, size_next in (("ns", 1, 1e3), ("µs", 1e3, 1e6), ("ms", 1e6, 1e9)):
        if abs(duration_ns) < size_next * 0.9995:
            return f"{duration_ns / size:.3g} {unit}"
    seconds = duration_ns / 1e9
    if abs(seconds) < 59.95:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
