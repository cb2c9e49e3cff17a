"""What several charts mark alike: the deployment on a time axis, shares on an axis of percent."""

from math import floor, log10

from matplotlib.axes import Axes

from analysis.charts.moments import clock, seconds
from analysis.charts.palette import INK
from analysis.report.contents import Report

_TICKS = 4


def deployed_at(report: Report) -> tuple[str, str] | None:
    """When the deployment began and by what that is known: first traffic, else that it was
    marked."""
    if report.comparison is not None:
        return report.comparison.candidate_first_seen, "first traffic"
    if report.deployment is not None and report.deployment.marked_at:
        return report.deployment.marked_at, "deployed"
    return None


def mark_deployment(axes: Axes, report: Report, low_s: float, high_s: float) -> None:
    """A vertical line where the deployment began, with its time beside it."""
    known = deployed_at(report)
    if known is None or not low_s <= seconds(known[0]) <= high_s:
        return
    at, word = known
    moment_s = seconds(at)
    right = moment_s > low_s + 0.6 * (high_s - low_s)
    axes.axvline(moment_s, color=INK, linestyle=(0, (4, 2)), linewidth=1.2)
    axes.annotate(
        f"{word} {clock(at)}",
        (moment_s, 1.0),
        (-4 if right else 4, -1),
        xycoords=axes.get_xaxis_transform(),
        textcoords="offset points",
        fontsize=10,
        ha="right" if right else "left",
        va="top",
    )


def percent_axis(axes: Axes, highest: float) -> None:
    """The y axis from zero to a little over the highest percentage, with few round ticks."""
    top = max(highest, 0.1) * 1.28
    step = round_step(top)
    ticks = [step * at for at in range(int(top / step) + 1) if step * at <= 100.001]
    decimals = max(0, -floor(log10(step))) if step < 1 else 0
    axes.set_ylim(0, top)
    axes.set_yticks(ticks, [f"{tick:.{decimals}f} %" for tick in ticks])
    axes.grid(axis="y")


def share_axis(axes: Axes) -> None:
    """The y axis from none to all, with room above for a word."""
    ticks = range(0, 101, 25)
    axes.set_ylim(0, 116)
    axes.set_yticks(ticks, [f"{tick} %" for tick in ticks])
    axes.grid(axis="y")


def round_step(length: float, ticks: int = _TICKS) -> float:
    """A distance of 1, 2 or 5 times a power of ten that cuts the length into about so many."""
    power = 10.0 ** floor(log10(length / ticks))
    return next(power * by for by in (1, 2, 5, 10) if length / (power * by) <= ticks + 1)
