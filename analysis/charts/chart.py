"""A chart: what it shows in words and in rows, and how it is drawn."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH_PT = 400
HEIGHT_PT = 236


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart of a report. `name` is the stem of its file; text in it may come from a span.

    `alt` says in words, with the numbers, what is to be seen. `header` and `rows` hold the data as
    text; a name in the header begins with `#` above numbers and `@` above times. `paint` draws onto
    empty axes, which leave `left_pt` for the names beside them; `height_pt` is that of the picture
    without its title, which is 400 points wide.
    """

    name: str
    title: str
    alt: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    paint: Callable[["Axes"], None]
    height_pt: int = HEIGHT_PT
    left_pt: int = 50

    @property
    def svg(self) -> str:
        """The chart under its title as an SVG document on a light background."""
        from analysis.charts.canvas import svg

        return svg(self)


@dataclass(frozen=True, slots=True)
class Absent:
    """A chart that cannot be drawn, and why: one sentence."""

    name: str
    title: str
    why: str
