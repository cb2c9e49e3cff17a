"""Numbers and names as the report writes them."""

import math

from analysis.comparison import seconds_text
from analysis.duration import duration_text
from analysis.formats import markdown_text
from analysis.formats.markdown_text import code

UNKNOWN = "–"
_NAME_LENGTH_MAX = 200
_STACK_HEAD_LINES, _STACK_TAIL_LINES = 60, 20
_STACK_HEAD_LENGTH, _STACK_TAIL_LENGTH = 6000, 2000
NO_SPANS = "Unknown: no spans of it are stored."


def clipped(text: str, length_max: int) -> str:
    """The beginning of the text, and how much more of it there is."""
    more = len(text) - length_max
    return text if more <= 0 else f"{text[:length_max]}… {more:,} more characters"


def cell(text: str) -> str:
    """Text from a span in a table, its beginning when it is long."""
    return markdown_text.cell(clipped(text, _NAME_LENGTH_MAX))


def inline(text: str) -> str:
    """Text from a span within a line, its beginning when it is long."""
    return markdown_text.inline(clipped(text, _NAME_LENGTH_MAX))


def stack_excerpt(text: str) -> str:
    """A stack trace without the middle of a very long one: some languages end with the failure."""
    lines = text.split("\n")
    more = len(lines) - _STACK_HEAD_LINES - _STACK_TAIL_LINES
    if more > 0:
        tail = lines[-_STACK_TAIL_LINES:]
        lines = [*lines[:_STACK_HEAD_LINES], f"… {more:,} more lines …", *tail]
    excerpt = "\n".join(lines)
    more = len(excerpt) - _STACK_HEAD_LENGTH - _STACK_TAIL_LENGTH
    if more <= 0:
        return excerpt
    head, tail_text = excerpt[:_STACK_HEAD_LENGTH], excerpt[-_STACK_TAIL_LENGTH:]
    return f"{head}… {more:,} more characters …{tail_text}"


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
