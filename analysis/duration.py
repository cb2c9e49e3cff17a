"""Durations as people read them."""


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
