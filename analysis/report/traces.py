"""The example traces of the report, the first of them drawn."""

from analysis.formats.markdown_text import fenced
from analysis.printing import printed
from analysis.report.contents import Report
from analysis.report.document import Document
from analysis.report.markdown_block import Markdown, block
from analysis.report.words import (
    NO_SPANS,
    counted,
    milliseconds,
    name_cell,
    number,
    time,
    trace_cell,
)
from analysis.waterfall import focused, waterfall

_TRACE_WIDTH = 110
_TRACE_LINES_MAX = 80


def example_traces(report: Report) -> Markdown:
    """A table of them, and the first as a waterfall of what matters in it."""
    if not report.examples:
        return Markdown(NO_SPANS if report.comparison is None else "None.")
    document = Document()
    document.table(
        "trace | why | start (UTC) | endpoint | outcome | #duration | exception | #alike",
        [
            [
                trace_cell(example.trace_id),
                example.reason,
                time(example.start_time),
                name_cell(example.endpoint),
                " ".join([example.outcome, str(example.http_status_code or "")]).strip(),
                milliseconds(example.duration_ms),
                name_cell(example.exception_type),
                number(example.alike),
            ]
            for example in report.examples
        ],
    )
    if report.example_spans:
        document.paragraph(fenced(_drawn(report)))
    return block(document)


def _drawn(report: Report) -> str:
    spans = focused(report.example_spans, report.name.service)
    lines = waterfall(report.examples[0].trace_id, spans, _TRACE_WIDTH)
    text = printed(*lines, width=_TRACE_WIDTH).splitlines()[:_TRACE_LINES_MAX]
    left_out = len(report.example_spans) - len(spans)
    if left_out:
        text.append(f"({counted(left_out, 'span')} beside these, all well, left out)")
    return "\n".join(text)
