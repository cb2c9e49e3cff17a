"""Ages and counts in so few letters that a screen has room for many."""

from datetime import timedelta

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "m"))
_THOUSANDS = ((1_000_000_000, "G"), (1_000_000, "M"), (10_000, "k"))


def age_text(age: timedelta) -> str:
    """An age in its largest whole unit: `3d`, `5h`, `12m`, `40s`; none is below 0."""
    seconds = max(0, int(age.total_seconds()))
    for size, unit in _UNITS:
        if seconds >= 2 * size or (seconds >= size and unit == "m"):
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def count_text(count: int) -> str:
    """A count of three or four digits: `950`, `9,500`, `41.8k`, `2M`."""
    for size, unit in _THOUSANDS:
        if count >= size:
            value = count / (1_000 if unit == "k" else size)
            return f"{value:.3g}{unit}" if value < 100 else f"{value:.0f}{unit}"
    return f"{count:,}"
