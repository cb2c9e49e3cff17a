"""One trace as a waterfall: who asked whom, when, how long, and where a failure starts.

A service is named where it takes over. `✗` marks the failing path, `▶` the span where it starts,
`!` an exception under its span. Pure: the spans come from the saved query `trace`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from analysis.duration import duration_text
from analysis.safe_text import shortened, shown

_DURATION_WIDTH = 8
_BAR_WIDTH_MIN = 16
_MESSAGE_LENGTH_MAX = 400
_NAME_LENGTH_MAX = 80
_ORIGINS_MAX = 3
SPANS_MAX = 500
_LABEL_LENGTH_MAX = 1000
_ENDINGS = {"client_error": "client error", "server_error": "error", "timeout": "timeout"}
_STYLES = {"ok": "cyan", "client_error": "yellow", "server_error": "red", "timeout": "red"}


@dataclass(frozen=True, slots=True)
class TraceSpan:
    """One span in the order of the waterfall; the fields are columns of the saved query `trace`."""

    depth: int
    service_name: str
    service_version: str | None
    span_kind: str
    span_name: str
    peer: str | None
    start_time: str
    offset_ms: float
    duration_ms: float | None
    outcome: str
    http_status_code: int | None
    status_message: str | None
    on_failing_path: bool
    origin: bool
    parent_missing: bool
    exception_type: str | None
    exception_message: str | None

    @property
    def service(self) -> str:
        """`service@version`, or the service alone when no version is known."""
        version = f"@{_name(self.service_version)}" if self.service_version else ""
        return _name(self.service_name) + version


def waterfall(trace_id: str, spans: Sequence[TraceSpan], width: int) -> Iterator[Text]:
    """The lines of the waterfall, each at most `width` characters wide where that is possible."""
    total_ms = max((span.offset_ms + (span.duration_ms or 0) for span in spans), default=0.0)
    yield from _heading(trace_id, spans, total_ms)
    yield Text()
    layout = _Layout(width, total_ms)
    ancestors: list[str] = []
    for span in spans:
        del ancestors[span.depth :]
        if not ancestors or ancestors[-1] != span.service:
            yield layout.service_line(span)
        ancestors += [span.service] * (span.depth + 1 - len(ancestors))
        yield layout.span_line(span)
        yield from layout.notes(span)


def focused(spans: Sequence[TraceSpan], service_name: str) -> list[TraceSpan]:
    """The spans of one service, those that did not go well, and everything above them."""
    kept: set[int] = set()
    above: list[int] = []
    for index, span in enumerate(spans):
        del above[span.depth :]
        above.append(index)
        if span.service_name == service_name or span.outcome != "ok" or span.exception_type:
            kept.update(above)
    return [spans[index] for index in sorted(kept)]


def failing_path(spans: Sequence[TraceSpan]) -> list[TraceSpan]:
    """Of a large trace the first spans of the failing path, and what is above them; when nothing
    failed, the first spans. Of a trace that is not large, every span."""
    if len(spans) <= SPANS_MAX:
        return list(spans)
    kept: set[int] = set()
    above: list[int] = []
    for index, span in enumerate(spans):
        del above[span.depth :]
        above.append(index)
        if span.on_failing_path or span.origin:
            if len(kept.union(above)) > SPANS_MAX:
                break
            kept.update(above)
    return [spans[index] for index in sorted(kept)] or list(spans[:SPANS_MAX])


def _heading(trace_id: str, spans: Sequence[TraceSpan], total_ms: float) -> Iterator[Text]:
    services = {span.service for span in spans}
    start = min(span.start_time for span in spans)
    yield Text(f"trace {shown(trace_id)}", style="bold")
    yield Text(
        f"{start[:23].replace('T', ' ')} UTC, {duration_text(total_ms * 1e6)},"
        f" {_counted(len(spans), 'span')}, {_counted(len(services), 'service')}"
    )
    origins = list(
        dict.fromkeys(f"{span.service} ({_name(span.span_name)})" for span in spans if span.origin)
    )
    if origins:
        more = len(origins) - _ORIGINS_MAX
        rest = f" and {more} more" if more > 0 else ""
        first = ", ".join(origins[:_ORIGINS_MAX])
        yield Text(f"the failure starts in {first}{rest}", style="red")
    missing = sum(span.parent_missing for span in spans)
    if missing:
        yield Text(f"incomplete: {_counted(missing, 'span')} below a parent that is not stored")


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


class _Layout:
    """How the width is shared: two for the mark, then the label, the bar, the duration."""

    def __init__(self, width: int, total_ms: float) -> None:
        room = max(width, 50) - 2 - 1 - 1 - _DURATION_WIDTH
        self._bar = max(_BAR_WIDTH_MIN, room * 2 // 5)
        self._label = room - self._bar
        self._width = max(width, 50)
        self._total_ms = total_ms or 1.0

    def service_line(self, span: TraceSpan) -> Text:
        """Who takes over."""
        return Text(f"  {self._indent(span.depth)}{span.service}", style="bold")

    def span_line(self, span: TraceSpan) -> Text:
        """Mark, name, bar and duration of one span."""
        style = _STYLES.get(span.outcome, "")
        mark = "▶ " if span.origin else "✗ " if span.on_failing_path else "  "
        text = Text(mark, style="red" if span.on_failing_path else "")
        indent = self._indent(span.depth)
        name = _cut(_label(span), self._label - len(indent))
        label = set_cell_size(indent + name, self._label)
        text.append(label, style=style if span.outcome != "ok" else "")
        text.append(" ").append(self._bar_of(span), style=style).append(" ")
        known = span.duration_ms is not None
        duration = duration_text(span.duration_ms * 1e6) if span.duration_ms is not None else "?"
        return text.append(duration.rjust(_DURATION_WIDTH), style="" if known else "yellow")

    def notes(self, span: TraceSpan) -> Iterator[Text]:
        """What belongs under the span: that it is the origin; its exception, else why it failed."""
        if span.origin:
            yield self._note(span, "the failure starts here")
        said = [text for text in (span.exception_type, span.exception_message) if text]
        message = ": ".join(said) or (span.status_message if span.outcome != "ok" else None)
        if message:
            yield self._note(span, f"! {shortened(shown(message), _MESSAGE_LENGTH_MAX)}")

    def _note(self, span: TraceSpan, message: str) -> Text:
        indent = "  " + self._indent(span.depth) + "  "
        lines = wrap(message, max(20, self._width - len(indent)))
        return Text("\n".join(indent + line for line in lines), style="red")

    def _indent(self, depth: int) -> str:
        return "  " * min(depth + 1, self._label // 4)

    def _bar_of(self, span: TraceSpan) -> str:
        scale = self._bar / self._total_ms
        start = min(int(span.offset_ms * scale), self._bar - 1)
        length = max(1, round((span.duration_ms or 0) * scale))
        return (" " * start + "█" * length)[: self._bar].ljust(self._bar)


def _label(span: TraceSpan) -> str:
    """What the span did, and how it ended when that was not well."""
    name = shown(span.span_name[:_LABEL_LENGTH_MAX])
    called = span.span_kind in ("CLIENT", "PRODUCER")
    peer = f" → {_name(span.peer)}" if called and span.peer and span.peer not in name else ""
    if span.outcome == "ok":
        return name + peer
    status = f" {span.http_status_code}" if span.http_status_code else ""
    return f"{_ENDINGS.get(span.outcome, span.outcome)}{status}: {name}{peer}"


def _name(text: str) -> str:
    """A name on one line, cut when a sender made it very long."""
    return shortened(shown(text[: _NAME_LENGTH_MAX + 1]), _NAME_LENGTH_MAX)


def _cut(text: str, room: int) -> str:
    return text if cell_len(text) <= room else set_cell_size(text, room - 1) + "…"
