"""Numbers and times as a tired person reads them."""

import math
from collections.abc import Sequence

from analysis.verdict.figures import short_power

E_VALUE_MAX = 1e300
_LOG_MAX = math.log(E_VALUE_MAX)


def percent(share: float | None) -> str:
    """A share as a percentage: `0.05 %`, `5.1 %`, `over 99.9 %`; all or nothing only when it is."""
    if share is None or not math.isfinite(share):
        return "unknown"
    value = 100 * share
    if 99.95 <= value < 100:
        return "over 99.9 %"
    if 0 < value < 0.001:
        return "under 0.001 %"
    text = f"{value:.1f}" if value >= 1 else f"{value:.{_decimals(value)}f}"
    return f"{_bare(text)} %"


def points(differences: Sequence[float]) -> list[str]:
    """Differences of shares in percentage points, all with as many decimals: `+4.6`."""
    largest = max((abs(100 * one) for one in differences), default=0.0)
    decimals = 1 if largest >= 1 else _decimals(largest)
    return [f"{100 * one:+.{decimals}f}" for one in differences]


def e_value(value: float) -> str:
    """Evidence as a number of few digits: `1.4`, `530`, `3e12`."""
    if not value < E_VALUE_MAX:
        return "over 1e300"
    if value >= 1e6:
        return short_power(value)
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def e_value_of_log(log: float) -> float:
    """The e-value with this natural logarithm, at most 1e300."""
    return math.exp(min(log, _LOG_MAX))


def number(value: float) -> str:
    """A number of our own evidence: whole when it is, else three digits."""
    if not math.isfinite(value):
        return "unknown"
    if value == int(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def counted(count: int, noun: str) -> str:
    """`1 request`, `2,000 requests`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def moment(time: str) -> str:
    """An RFC 3339 time to the minute: `2026-11-21 10:30`."""
    return time[:16].replace("T", " ")


def span_of_time(since: str, until: str) -> str:
    """Two times, the date not said twice: `2026-11-21 10:30 to 10:40 UTC`."""
    start = moment(since)
    return f"{start} to {moment(until).removeprefix(start[:11])} UTC"


def _decimals(value: float) -> int:
    """So many that two digits of a value below 1 are seen, at most four."""
    if value <= 0:
        return 0
    return min(4, max(1, 1 - math.floor(math.log10(value))))


def _bare(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text
