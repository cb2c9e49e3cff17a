"""Colours, lines and marks of the charts.

The colours of data are those of Okabe and Ito, which people who see fewer colours can tell apart
(Color Universal Design, 2008); every series also has a dash and a mark of its own.
"""

from dataclasses import dataclass
from typing import Any

INK = "#1b2430"
MUTED = "#556070"
GRID = "#dce1e8"
PAPER = "#ffffff"
CANDIDATE = "#d55e00"
BASELINE = "#0072b2"
OTHER = "#757575"
SHADE = "#f0e442"

Dash = str | tuple[int, tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class Series:
    """How one series looks: its colour, its dash, its mark, and how thick its line is."""

    colour: str
    dash: Dash
    marker: str
    width: float = 1.6


SERIES = {
    "candidate": Series(CANDIDATE, "-", "o", 2.0),
    "baseline": Series(BASELINE, (0, (5, 2)), "s"),
    "other": Series(OTHER, (0, (1, 1.5)), "^"),
}

# Text stays text: nothing in a name is mathematics, and letters are not turned into shapes.
# Any: matplotlib names the type of each key
SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "text.parse_math": False,
    "text.usetex": False,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 11.5,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.facecolor": PAPER,
    "figure.facecolor": PAPER,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "hatch.color": INK,
    "hatch.linewidth": 0.7,
    "axes.unicode_minus": True,
    "path.simplify": False,
}
