"""The failure rate of each endpoint, from the baseline's to the candidate's."""

from collections.abc import Sequence

from matplotlib.axes import Axes

from analysis.charts.chart import Absent, Chart
from analysis.charts.legend import legend, line_of, name_text
from analysis.charts.marks import round_step
from analysis.charts.palette import MUTED, SERIES
from analysis.check.figures import counted, percent
from analysis.report.contents import Report
from analysis.report.findings import FailingEndpoint

NAME, TITLE = "endpoints", "Failing endpoints, baseline to candidate"
DRAWN_MAX = 8
_ROW_PT, _AROUND_PT, _LEFT_PT = 36, 76, 16
_NAME_LENGTH_MAX = 36


def endpoints(report: Report) -> Chart | Absent:
    """A row for each of the first endpoints that failed on either side."""
    failing = [e for e in report.endpoints if e.candidate_failures or e.baseline_failures]
    if not failing:
        none = "No requests are stored, so no endpoint is to be compared."
        well = "No endpoint of the service failed, before or now, so there is nothing to draw."
        return Absent(NAME, TITLE, none if report.comparison is None else well)
    drawn = failing[:DRAWN_MAX]
    return Chart(
        NAME,
        TITLE,
        _words(failing),
        ("endpoint", "#failed", "#of", "#rate", "#baseline failed", "#of", "#rate"),
        tuple(
            (
                name_text(one.endpoint, 200),
                f"{one.candidate_failures:,}",
                f"{one.candidate_requests:,}",
                percent(one.candidate_failure_rate),
                _known(one.baseline_failures),
                _known(one.baseline_requests),
                percent(one.baseline_failure_rate),
            )
            for one in failing
        ),
        lambda axes: _paint(axes, drawn),
        height_pt=_AROUND_PT + _ROW_PT * len(drawn),
        left_pt=_LEFT_PT,
    )


def _known(count: int | None) -> str:
    return "unknown" if count is None else f"{count:,}"


def _change(one: FailingEndpoint) -> str:
    if one.baseline_failure_rate is None:
        return f"{percent(one.candidate_failure_rate)}, nothing to compare with"
    return f"{percent(one.baseline_failure_rate)} \u2192 {percent(one.candidate_failure_rate)}"


def _words(failing: Sequence[FailingEndpoint]) -> str:
    said = [f"{name_text(one.endpoint, 60)}: {_change(one)}" for one in failing[:DRAWN_MAX]]
    more = len(failing) - DRAWN_MAX
    rest = f"; and {counted(more, 'more endpoint')} in the table" if more > 0 else ""
    return f"Share of requests that fail, baseline \u2192 candidate. {'; '.join(said)}{rest}."


def _paint(axes: Axes, drawn: Sequence[FailingEndpoint]) -> None:
    baseline, candidate = SERIES["baseline"], SERIES["candidate"]
    shares = [s for e in drawn for s in (e.baseline_failure_rate, e.candidate_failure_rate) if s]
    top = max(100 * max(shares, default=0.001), 0.1)
    for row, one in enumerate(drawn):
        y = len(drawn) - row - 0.8
        before, now = one.baseline_failure_rate, one.candidate_failure_rate
        if before is not None and now is not None:
            axes.plot([100 * before, 100 * now], [y, y], color=MUTED, linewidth=1.2, zorder=1)
        for look, share in ((baseline, before), (candidate, now)):
            if share is not None:
                style = line_of(look, linestyle="none", markersize=7, clip_on=False)
                axes.plot([100 * share], [y], **style)  # type: ignore[arg-type]  # matplotlib's arguments
        name = name_text(one.endpoint, _NAME_LENGTH_MAX)
        axes.text(0, y + 0.3, name, fontsize=10.5, va="bottom", clip_on=False)
        change = _change(one) if before is not None else percent(now)
        axes.text(top * 1.04, y + 0.3, change, fontsize=10.5, va="bottom", ha="right")
    axes.set_ylim(0, len(drawn))
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    _percent_x_axis(axes, top)
    compared = any(one.baseline_failure_rate is not None for one in drawn)
    entries = [(baseline, "baseline")] * compared + [(candidate, "candidate")]
    legend(axes, entries, dashes=False)


def _percent_x_axis(axes: Axes, top: float) -> None:
    step = round_step(top)
    ticks = [step * at for at in range(int(top / step + 1e-9) + 1)]
    axes.set_xlim(-0.02 * top, 1.04 * top)
    axes.set_xticks(ticks, [f"{tick:g} %" for tick in ticks])
    axes.set_xlabel("share of requests that fail")
    axes.grid(axis="x")
