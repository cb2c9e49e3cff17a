"""Who is who in a chart: a line above it for each series, with its dash and its mark."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.charts.palette import Series
from analysis.safe_text import shortened, shown

_NAME_LENGTH_MAX = 24
_WORDS_LENGTH_MAX = 50
_LEFT_SHARE = 0.02


def name_text(version: str | None, length_max: int = _NAME_LENGTH_MAX) -> str:
    """A version, or any other name that came with telemetry, short enough for a chart."""
    return shortened(shown(version), length_max) if version else "(no version)"


def line_of(series: Series, **more: object) -> Mapping[str, object]:
    """How a series is drawn, as arguments for matplotlib."""
    return {
        "color": series.colour,
        "linestyle": series.dash,
        "linewidth": series.width,
        "marker": series.marker,
        "markersize": 4,
        "markerfacecolor": "white" if series.marker == "s" else series.colour,
    } | more


def legend(axes: Axes, entries: Sequence[tuple[Series, str]], *, dashes: bool = True) -> None:
    """The entries side by side above the axes, each a series and its name."""
    more = {} if dashes else {"linestyle": "none", "markersize": 6}
    handles = [Line2D([], [], **line_of(series, **more)) for series, _ in entries]  # type: ignore[arg-type]  # matplotlib's arguments
    figure = figure_of(axes)
    drawn = axes.legend(
        handles,
        [str(number) for number in range(len(entries))],
        loc="lower left",
        bbox_to_anchor=(_LEFT_SHARE, axes.get_position().y1),
        bbox_transform=figure.transFigure,
        ncols=len(entries),
        frameon=False,
        borderaxespad=0.2,
        handlelength=2.6 if dashes else 1.2,
        handletextpad=0.5,
        columnspacing=1.2,
        fontsize=10.5,
    )
    # Matplotlib hides entries whose label begins with `_`, as a version may.
    room = _WORDS_LENGTH_MAX // max(1, len(entries))
    for text, (_, name) in zip(drawn.get_texts(), entries, strict=True):
        text.set_text(shortened(name, max(room, 8)))


def above(axes: Axes, words: str) -> None:
    """What the y axis counts, said above it: beside it there is no room on a phone."""
    figure = figure_of(axes)
    figure.text(_LEFT_SHARE, axes.get_position().y1 + 0.025, words, fontsize=10.5)


def figure_of(axes: Axes) -> Figure:
    """The figure that holds the axes."""
    figure = axes.get_figure(root=True)
    if figure is None:
        raise LookupError("axes outside a figure")
    return figure
