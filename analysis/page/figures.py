"""The charts within the page: one drawing for light and dark, and its data as a table."""

from dataclasses import dataclass

from markupsafe import Markup

from analysis.charts import palette
from analysis.charts.canvas import inline_svg
from analysis.charts.chart import Absent, Chart
from analysis.charts.drawn import drawings
from analysis.charts.svg_markup import recoloured
from analysis.page.table import Table, table
from analysis.report.contents import Report

# The colours of the drawing become those of the reader's scheme, which the style sheet names.
_VARIABLES = {
    palette.INK: "var(--ink)",
    palette.MUTED: "var(--muted)",
    palette.GRID: "var(--grid)",
    palette.PAPER: "var(--paper)",
    palette.CANDIDATE: "var(--candidate)",
    palette.BASELINE: "var(--baseline)",
    palette.OTHER: "var(--other)",
    palette.SHADE: "var(--shade)",
}


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart of the page. `svg` is markup that we drew; None when there is nothing to draw, and
    `words` says why."""

    name: str
    title: str
    words: str
    svg: Markup | None
    data: Table | None


def figures(report: Report) -> tuple[Figure, ...]:
    """Every chart, in order."""
    return tuple(_figure(drawing) for drawing in drawings(report))


def _figure(drawing: Chart | Absent) -> Figure:
    if isinstance(drawing, Absent):
        return Figure(drawing.name, drawing.title, drawing.why, None, None)
    # Matplotlib escapes all text in it, and the alternative text is escaped beside it.
    markup = Markup(recoloured(inline_svg(drawing), _VARIABLES))
    data = table(f"{drawing.title}: the data", drawing.header, drawing.rows)
    return Figure(drawing.name, drawing.title, drawing.alt, markup, data)
