"""A chart on a canvas, as SVG or PNG. The same chart gives the same bytes."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from analysis.charts.chart import WIDTH_PT, Chart
from analysis.charts.palette import INK, SETTINGS
from analysis.charts.svg_markup import body

_POINTS_PER_INCH = 72
_PNG_DPI = 180
_TITLE_PT = 30
_RIGHT_PT, _TOP_PT, _BOTTOM_PT = 20, 28, 44
_NO_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}
_SMALL = {"optimize": True}
_NAMESPACES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'


def svg(chart: Chart) -> str:
    """A document of its own, with the title, and with the alternative text for those who cannot
    see it."""
    described = f"<title>{escape(chart.title)}</title>\n<desc>{escape(chart.alt)}</desc>"
    return f'<?xml version="1.0" encoding="utf-8"?>\n{_drawn(chart, described, titled=True)}\n'


def inline_svg(chart: Chart) -> str:
    """An element of a page, without the title, which the page shows itself; its ids begin with the
    name of the chart."""
    return _drawn(chart, "", titled=False)


def png(chart: Chart) -> bytes:
    """A picture with the title, 1000 pixels wide."""
    content = io.BytesIO()
    with _settings(chart.name):
        figure = _figure(chart, titled=True)
        canvas = FigureCanvasAgg(figure)
        canvas.print_png(content, metadata={"Software": None}, pil_kwargs=_SMALL)  # type: ignore[no-untyped-call]  # matplotlib does not type it
    return content.getvalue()


def _drawn(chart: Chart, described: str, *, titled: bool) -> str:
    content = io.BytesIO()
    with _settings(chart.name):
        figure = _figure(chart, titled=titled)
        canvas = FigureCanvasSVG(figure)
        canvas.print_svg(content, metadata=_NO_METADATA)  # type: ignore[no-untyped-call]  # matplotlib does not type it
    height = chart.height_pt + (_TITLE_PT if titled else 0)
    size = f'width="{WIDTH_PT}" height="{height}"' if titled else ""
    root = (
        f'<svg {_NAMESPACES} viewBox="0 0 {WIDTH_PT} {height}" {size} role="img"'
        f' aria-label="{escape(chart.alt)}" stroke-linejoin="round" stroke-linecap="butt">'
    )
    markup = body(content.getvalue().decode("utf-8"), chart.name, background=titled)
    return f"{root}\n{described}\n{markup}"


@contextmanager
def _settings(name: str) -> Iterator[None]:
    """Our settings for one drawing; a sign that the font lacks is no reason to warn."""
    with mpl.rc_context({**SETTINGS, "svg.hashsalt": name}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        warnings.filterwarnings("ignore", message="Matplotlib currently does not support")
        yield


def _figure(chart: Chart, *, titled: bool) -> Figure:
    above = _TITLE_PT if titled else 0
    height = chart.height_pt + above
    size = (WIDTH_PT / _POINTS_PER_INCH, height / _POINTS_PER_INCH)
    figure = Figure(figsize=size, dpi=_PNG_DPI)
    axes = figure.add_axes(
        (
            chart.left_pt / WIDTH_PT,
            _BOTTOM_PT / height,
            1 - (chart.left_pt + _RIGHT_PT) / WIDTH_PT,
            1 - (_BOTTOM_PT + _TOP_PT + above) / height,
        )
    )
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=3, labelsize=10.5)
    axes.set_axisbelow(True)
    chart.paint(axes)
    if titled:
        figure.text(
            12 / WIDTH_PT, 1 - 24 / height, chart.title, fontsize=13, fontweight="bold", color=INK
        )
    return figure
