"""The failure rate of each version over time, with the deployment and the onset marked."""

from collections.abc import Sequence
from math import nan

from matplotlib.axes import Axes

from analysis.charts.chart import Absent, Chart
from analysis.charts.legend import legend, line_of, name_text
from analysis.charts.marks import mark_deployment, percent_axis
from analysis.charts.moments import clock, seconds, time_axis, usual_distance
from analysis.charts.palette import MUTED, SERIES, SHADE
from analysis.check.figures import counted, moment, percent, span_of_time
from analysis.report.contents import Report
from analysis.report.findings import Step

NAME, TITLE = "failure-rate", "Failure rate over time"
_SIDES = ("baseline", "candidate", "other")
_OTHERS = "other versions"
Line = tuple[str, str, Sequence[Step]]


def failure_rate(report: Report) -> Chart | Absent:
    """A line for each side; other versions are counted together."""
    steps = [step for step in report.steps if step.requests]
    if not steps:
        return Absent(NAME, TITLE, "No requests are stored, so there is no failure rate to draw.")
    return Chart(
        NAME,
        TITLE,
        _words(report, steps),
        ("@from (UTC)", "version", "side", "#requests", "#failed", "#rate"),
        tuple(
            (
                moment(step.step_start),
                name_text(step.service_version, 60),
                step.side,
                f"{step.requests:,}",
                f"{step.failures:,}",
                percent(step.failure_rate) if step.requests else "no requests",
            )
            for step in report.steps
        ),
        lambda axes: _paint(axes, report),
    )


def _sides(report: Report) -> list[tuple[str, list[Step]]]:
    found = ((side, [s for s in report.steps if s.side == side]) for side in _SIDES)
    return [(side, steps) for side, steps in found if any(s.requests for s in steps)]


def _words(report: Report, steps: Sequence[Step]) -> str:
    said = []
    for side, of_side in _sides(report):
        served = [step for step in of_side if step.requests]
        name = _OTHERS if side == "other" else f"{side} {name_text(served[0].service_version, 60)}"
        failed, requests = sum(s.failures for s in served), sum(s.requests for s in served)
        worst = max(served, key=lambda step: step.failure_rate or 0)
        most = f", at most {percent(worst.failure_rate)} at {clock(worst.step_start)}"
        said.append(
            f"{name}: {failed:,} of {counted(requests, 'request')} failed"
            + (most if failed else ", none at any time")
        )
    onset = report.check.onset if report.check else None
    if onset and onset.at:
        said.append(f"failures rose at {clock(onset.at)}")
    times = [step.step_start for step in steps]
    return f"Failure rate, {span_of_time(min(times), max(times))}. {'; '.join(said)}."


def _paint(axes: Axes, report: Report) -> None:
    sides = _sides(report)
    times = [seconds(step.step_start) for step in report.steps]
    length = usual_distance(times)
    entries = []
    for side, steps in sides:
        points = _points(steps)
        look = SERIES[side]
        marked = len(points) <= 45
        middle = [time + length / 2 for time, _ in points]
        more = {} if marked else {"markevery": max(1, len(points) // 20)}
        axes.plot(middle, [rate for _, rate in points], **line_of(look, **more))  # type: ignore[arg-type]  # matplotlib's arguments
        name = _OTHERS if side == "other" else f"{side} {name_text(steps[0].service_version)}"
        entries.append((look, name))
    low, high = min(times), max(times) + length
    time_axis(axes, low, high)
    percent_axis(
        axes, max((rate for _, s in sides for _, rate in _points(s) if rate == rate), default=0.0)
    )
    _shade_onset(axes, report)
    mark_deployment(axes, report, low, high)
    legend(axes, entries)


def _points(steps: Sequence[Step]) -> list[tuple[float, float]]:
    """Time and rate in percent; several versions in one step count together, none is a gap."""
    counts: dict[float, list[Step]] = {}
    for step in steps:
        counts.setdefault(seconds(step.step_start), []).append(step)
    return [(time, _rate(counts[time])) for time in sorted(counts)]


def _rate(steps: Sequence[Step]) -> float:
    if len(steps) == 1:
        rate = steps[0].failure_rate
        return nan if rate is None or not steps[0].requests else 100 * rate
    requests = sum(step.requests for step in steps)
    return 100 * sum(step.failures for step in steps) / requests if requests else nan


def _shade_onset(axes: Axes, report: Report) -> None:
    onset = report.check.onset if report.check else None
    if onset is None or onset.at is None:
        return
    low, high = seconds(onset.low or onset.at), seconds(onset.high or onset.at) + 60
    axes.axvspan(low, high, facecolor=SHADE, alpha=0.45, edgecolor=MUTED, hatch="///", linewidth=0)
    start, end = axes.get_xlim()
    left = high > start + 0.85 * (end - start)
    axes.annotate(
        "onset",
        (low if left else high, 0.86),
        (-4 if left else 4, 0),
        xycoords=axes.get_xaxis_transform(),
        textcoords="offset points",
        fontsize=10,
        ha="right" if left else "left",
        va="top",
    )
