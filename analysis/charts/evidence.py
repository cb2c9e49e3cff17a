"""The evidence of harm over time, with the line that proves it."""

from collections.abc import Sequence
from math import ceil, floor, log

from matplotlib.axes import Axes

from analysis.charts.chart import Absent, Chart
from analysis.charts.legend import above, line_of
from analysis.charts.moments import clock, seconds, time_axis
from analysis.charts.palette import INK, SERIES
from analysis.check.figures import e_value, e_value_of_log, moment
from analysis.report.contents import Report
from analysis.report.findings import EvidenceMinute

NAME, TITLE = "evidence", "Evidence of harm, minute by minute"
_TEN = log(10)
# What lies below the first says no more than that nothing is proven, above the second that all is.
_LOWEST_POWER, _HIGHEST_POWER = -3.0, 9999.0
_TICKS_MAX = 6
_MINUTE_S = 60
# Of the axes, what the name of the line takes at their right end.
_NAMED_SHARE, _NAME_HEIGHT_SHARE = 0.35, 0.12


def evidence(report: Report) -> Chart | Absent:
    """The e-value of all kinds of evidence together, as known after each minute."""
    if not report.evidence or report.check is None:
        return Absent(NAME, TITLE, "Nothing could be compared, so there is no evidence to draw.")
    alpha = report.check.failure_rate.alpha
    return Chart(
        NAME,
        TITLE,
        _words(report.evidence, alpha),
        ("@minute (UTC)", "#e-value", "proven"),
        tuple(
            (moment(one.minute), _number(one), "yes" if _proves(one, alpha) else "no")
            for one in report.evidence
        ),
        lambda axes: _paint(axes, report.evidence, alpha),
    )


def _number(one: EvidenceMinute) -> str:
    return e_value(e_value_of_log(one.log_e_value))


def _proves(one: EvidenceMinute, alpha: float) -> bool:
    return one.log_e_value >= -log(alpha)


def _words(minutes: Sequence[EvidenceMinute], alpha: float) -> str:
    first = next((one for one in minutes if _proves(one, alpha)), None)
    crossed = (
        f"It reached {e_value(1 / alpha)}, which proves harm, with the minute {clock(first.minute)}"
        if first
        else f"It never reached {e_value(1 / alpha)}, which would prove harm"
    )
    highest = max(minutes, key=lambda one: one.log_e_value)
    return (
        f"E-value of all kinds of evidence together. {crossed}. Highest {_number(highest)}, at last"
        f" {_number(minutes[-1])} ({clock(minutes[-1].minute)} UTC)."
    )


def _paint(axes: Axes, minutes: Sequence[EvidenceMinute], alpha: float) -> None:
    # What is known after a minute is drawn at its end.
    times = [seconds(one.minute) + _MINUTE_S for one in minutes]
    powers = [min(max(one.log_e_value / _TEN, _LOWEST_POWER), _HIGHEST_POWER) for one in minutes]
    line = -log(alpha) / _TEN
    every = max(1, len(times) // 30)
    axes.plot(times, powers, **line_of(SERIES["candidate"], markevery=every))  # type: ignore[arg-type]  # matplotlib's arguments
    axes.axhline(line, color=INK, linestyle=(0, (4, 2)), linewidth=1.2)
    below = _is_crowded_above(powers, line)
    axes.annotate(
        f"proven from {e_value(1 / alpha)}",
        (1, line),
        (0, -3 if below else 3),
        xycoords=axes.get_yaxis_transform(),
        textcoords="offset points",
        fontsize=10,
        ha="right",
        va="top" if below else "bottom",
    )
    time_axis(axes, times[0] - _MINUTE_S, times[-1] + _MINUTE_S / 2)
    _power_axis(axes, min(*powers, 0.0), max(*powers, line + 0.6))


def _is_crowded_above(powers: Sequence[float], line: float) -> bool:
    """Whether the right end of the curve, beside which the line is named, runs just above it."""
    beside = powers[int(len(powers) * (1 - _NAMED_SHARE)) :]
    room = _NAME_HEIGHT_SHARE * (max(*powers, line) - min(*powers, 0.0))
    return max(beside) > line and min(beside) < line + room


def _power_axis(axes: Axes, low: float, high: float) -> None:
    """Powers of ten as the numbers they are."""
    start, end = floor(low), ceil(high * 1.05)
    step = max(1, -(-(end - start) // _TICKS_MAX))
    ticks = [power for power in range(start, end + 1) if power % step == 0]
    axes.set_ylim(start - 0.1, end + 0.04 * (end - start))
    axes.set_yticks(ticks, [_power_text(power) for power in ticks])
    above(axes, "e-value, logarithmic")
    axes.grid(axis="y")


def _power_text(power: int) -> str:
    if power < 0:
        return f"{10.0**power:g}"
    return f"{10**power:,}" if power < 4 else f"1e{power}"
