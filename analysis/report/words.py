"""Numbers and names as the report writes them."""

import math

from analysis.comparison import seconds_text
from analysis.duration import duration_text
from analysis.formats.markdown_text import cell, code, inline

UNKNOWN = "–"


def percent(share: float | None) -> str:
    """A share as a percentage with three digits."""
    return UNKNOWN if share is None else f"{100 * share:.3g} %"


def number(value: float | None) -> str:
    """A number with four digits, or whole when it is."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    return f"{value:,.0f}" if value == int(value) or abs(value) >= 1000 else f"{value:.3g}"


def of(part: int | None, whole: int | None) -> str:
    """`n of m`; unknown when there is nothing it could be of."""
    return f"{part:,} of {whole:,}" if part is not None and whole else UNKNOWN


def milliseconds(value: float | None) -> str:
    """A duration in milliseconds with the unit that reads best."""
    return UNKNOWN if value is None else duration_text(value * 1e6)


def interval(low: float | None, high: float | None) -> str:
    """Two durations in milliseconds as bounds; one beyond the sample is open."""
    if low is None and high is None:
        return UNKNOWN
    start, end = ("?" if bound is None else milliseconds(bound) for bound in (low, high))
    return f"{start} to {end}"


def time(text: str | None) -> str:
    """A time to the second; the column or sentence says that it is UTC."""
    return UNKNOWN if text is None else seconds_text(text)


def name_cell(text: str | None) -> str:
    """A name from a span in a table."""
    return UNKNOWN if text is None else cell(text)


def version_cell(service: str, version: str | None) -> str:
    """`service version` in a table."""
    return cell(f"{service} {version}" if version else service)


def trace_cell(trace_id: str | None) -> str:
    """A trace id, to be copied."""
    return UNKNOWN if trace_id is None else code(trace_id)


def version_words(version: str | None) -> str:
    """A version within a sentence."""
    return inline(version) if version else "spans without a version"


def counted(count: int, noun: str) -> str:
    """`1 request`, `2 requests`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
