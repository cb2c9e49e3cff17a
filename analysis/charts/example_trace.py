"""The example trace as a waterfall: who asked whom, when, and where the failure starts."""

from collections.abc import Sequence

from matplotlib.axes import Axes

from analysis.charts.chart import Absent, Chart
from analysis.charts.legend import above
from analysis.charts.marks import round_step
from analysis.charts.palette import BASELINE, CANDIDATE, INK, OTHER
from analysis.check.figures import counted
from analysis.duration import duration_text
from analysis.report.contents import Report
from analysis.safe_text import shortened, shown
from analysis.waterfall import TraceSpan, focused

NAME, TITLE = "example-trace", "Example trace"
DRAWN_MAX = 20
ROWS_MAX = 200
_ROW_PT, _AROUND_PT, _LEFT_PT = 32, 76, 16
_LEGEND = "\u2717 on the failing path   \u25b6 the failure starts here"
_LABEL_LENGTH_MAX = 48
_INDENT = 0.02
_DEPTH_MAX = 12
_FAILED = ("server_error", "timeout")


def example_trace(report: Report) -> Chart | Absent:
    """A bar for each span that matters in it: those of the service, those that failed, and what is
    above them."""
    if not report.example_spans or not report.examples:
        return Absent(NAME, TITLE, "No trace of it is stored, so there is no example to draw.")
    spans = focused(report.example_spans, report.name.service) or list(report.example_spans)
    drawn = spans[:DRAWN_MAX]
    return Chart(
        NAME,
        TITLE,
        _words(report, len(drawn)),
        ("span", "service", "#starts after", "#took", "ended", "exception"),
        tuple(_row(span) for span in report.example_spans[:ROWS_MAX]),
        lambda axes: _paint(axes, drawn),
        height_pt=_AROUND_PT + _ROW_PT * len(drawn),
        left_pt=_LEFT_PT,
    )


def span_label(span: TraceSpan) -> str:
    """What the span did, behind the mark of the failing path or of its start."""
    mark = "\u25b6 " if span.origin else "\u2717 " if span.on_failing_path else ""
    return f"{mark}{shown(span.span_name[:200])}"


def _row(span: TraceSpan) -> tuple[str, ...]:
    code = f" {span.http_status_code}" if span.http_status_code else ""
    thrown = ": ".join(text for text in (span.exception_type, span.exception_message) if text)
    return (
        "\u00a0\u00a0" * min(span.depth, _DEPTH_MAX) + span_label(span),
        span.service,
        duration_text(span.offset_ms * 1e6),
        "unknown" if span.duration_ms is None else duration_text(span.duration_ms * 1e6),
        span.outcome.replace("_", " ") + code,
        shortened(shown(thrown[:400]), 300),
    )


def _end_ms(spans: Sequence[TraceSpan]) -> float:
    return max((span.offset_ms + (span.duration_ms or 0) for span in spans), default=0.0)


def _words(report: Report, drawn: int) -> str:
    spans = report.example_spans
    failed = [span for span in spans if span.outcome in _FAILED]
    services = len({span.service for span in spans})
    origins = [f"{span.service} ({shown(span.span_name[:80])})" for span in spans if span.origin]
    where = f" The failure starts in {', '.join(dict.fromkeys(origins[:3]))}." if origins else ""
    left_out = len(spans) - drawn
    rest = f" Drawn are the {drawn} that matter most." if left_out else ""
    if len(spans) > ROWS_MAX:
        rest += f" The table holds the first {ROWS_MAX}."
    return (
        f"Trace {shown(report.examples[0].trace_id)}: {counted(len(spans), 'span')} of"
        f" {counted(services, 'service')} in {duration_text(_end_ms(spans) * 1e6)},"
        f" {len(failed):,} failed.{where}{rest}"
    )


def _paint(axes: Axes, spans: Sequence[TraceSpan]) -> None:
    end = _end_ms(spans) or 1.0
    for row, span in enumerate(spans):
        y = len(spans) - row - 1
        failed = span.outcome in _FAILED
        usual = OTHER if span.outcome == "client_error" else BASELINE
        length = max(span.duration_ms or 0.0, 0.004 * end)
        axes.barh(
            y + 0.26,
            length,
            height=0.28,
            left=span.offset_ms,
            color=CANDIDATE if failed else usual,
            edgecolor=INK,
            linewidth=1.0 if span.origin else 0,
            hatch="////" if failed else None,
        )
        words = f"{span_label(span)}  \u00b7  {span.service}"
        axes.text(
            _INDENT * min(span.depth, _DEPTH_MAX) * end,
            y + 0.44,
            shortened(words, _LABEL_LENGTH_MAX - min(span.depth, _DEPTH_MAX)),
            fontsize=10,
            fontweight="bold" if span.origin else "normal",
            va="bottom",
        )
        took = "?" if span.duration_ms is None else duration_text(span.duration_ms * 1e6)
        axes.text(end * 1.04, y + 0.44, took, fontsize=10, va="bottom", ha="right")
    _axis(axes, end, len(spans))


def _axis(axes: Axes, end_ms: float, rows: int) -> None:
    step = round_step(end_ms)
    ticks = [step * at for at in range(int(end_ms / step + 1e-9) + 1)]
    axes.set_xlim(-0.01 * end_ms, 1.04 * end_ms)
    axes.set_ylim(0, rows)
    axes.set_yticks([])
    axes.set_xticks(ticks, [duration_text(tick * 1e6) for tick in ticks])
    axes.set_xlabel("since the start of the trace")
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")
    above(axes, _LEGEND)
