"""How far the roll-out is: the share of requests of each version over time."""

from collections.abc import Sequence
from math import nan

from matplotlib.axes import Axes

from analysis.charts.chart import Absent, Chart
from analysis.charts.legend import legend, line_of, name_text
from analysis.charts.marks import mark_deployment, share_axis
from analysis.charts.moments import seconds, time_axis, usual_distance
from analysis.charts.palette import SERIES
from analysis.check.figures import counted, moment, percent
from analysis.report.contents import Report
from analysis.report.findings import RolloutStep

NAME, TITLE = "rollout", "Roll-out: share of requests"


def rollout(report: Report) -> Chart | Absent:
    """A line for the candidate, one for its baseline, one for all others together."""
    if not report.rollout:
        return Absent(NAME, TITLE, "No requests are stored, so no roll-out is to be seen.")
    return Chart(
        NAME,
        TITLE,
        _words(report),
        ("@from (UTC)", "version", "#instances", "#requests", "#share", "#failed"),
        tuple(
            (
                moment(step.step_start),
                name_text(step.service_version, 60),
                "unknown" if step.instances is None else f"{step.instances:,}",
                f"{step.requests:,}",
                percent(step.request_share),
                f"{step.failures:,}",
            )
            for step in report.rollout
        ),
        lambda axes: _paint(axes, report),
    )


def _side(report: Report, step: RolloutStep) -> str:
    if step.candidate:
        return "candidate"
    baseline = report.comparison.baseline_version if report.comparison else None
    return "baseline" if step.service_version == baseline else "other"


def _sides(report: Report) -> dict[str, list[RolloutStep]]:
    found: dict[str, list[RolloutStep]] = {"baseline": [], "candidate": [], "other": []}
    for step in report.rollout:
        found[_side(report, step)].append(step)
    return {side: steps for side, steps in found.items() if steps}


def _words(report: Report) -> str:
    candidate = _sides(report).get("candidate", [])
    if not candidate:
        return "The candidate served no request in the time shown."
    first, last = candidate[0], candidate[-1]
    most = max(step.instances or 0 for step in candidate)
    where = f", from at most {counted(most, 'instance')} at a time" if most else ""
    version = name_text(first.service_version, 60)
    later = f" and {percent(last.request_share)} at {moment(last.step_start)}"
    return (
        f"Version {version} serves {percent(first.request_share)} of the requests at"
        f" {moment(first.step_start)} UTC{'' if last is first else later}{where}."
    )


def _paint(axes: Axes, report: Report) -> None:
    times = sorted({seconds(step.step_start) for step in report.rollout})
    length = usual_distance(times)
    entries = []
    for side, steps in _sides(report).items():
        look = SERIES[side]
        shares = _shares(steps, times)
        middle = [time + length / 2 for time in times]
        every = max(1, len(times) // 20)
        axes.plot(middle, shares, **line_of(look, markevery=every))  # type: ignore[arg-type]  # matplotlib's arguments
        if side == "candidate":
            axes.fill_between(middle, shares, color=look.colour, alpha=0.14, linewidth=0)
        name = name_text(steps[-1].service_version)
        entries.append((look, "other versions" if side == "other" else f"{side} {name}"))
    time_axis(axes, times[0], times[-1] + length)
    share_axis(axes)
    mark_deployment(axes, report, times[0], times[-1] + length)
    legend(axes, entries)


def _shares(steps: Sequence[RolloutStep], times: Sequence[float]) -> list[float]:
    """Percent of the requests at each time; a version without a row there served none, and before
    its first there is nothing to draw."""
    first = min(seconds(step.step_start) for step in steps)
    found = {time: 0.0 if time >= first else nan for time in times}
    for step in steps:
        found[seconds(step.step_start)] += 100 * (step.request_share or 0.0)
    return [found[time] for time in times]
