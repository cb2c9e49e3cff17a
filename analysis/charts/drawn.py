"""All charts of a report, in the order in which they are shown."""

from analysis.charts.canvas import png
from analysis.charts.chart import Absent, Chart
from analysis.charts.durations import durations
from analysis.charts.endpoints import endpoints
from analysis.charts.evidence import evidence
from analysis.charts.example_trace import example_trace
from analysis.charts.failure_rate import failure_rate
from analysis.charts.rollout import rollout
from analysis.report.contents import Report

__all__ = ["Absent", "Chart", "charts", "drawings", "png"]

_CHARTS = (failure_rate, rollout, endpoints, evidence, durations, example_trace)


def charts(report: Report) -> tuple[Chart, ...]:
    """The charts for which there is data."""
    return tuple(found for found in drawings(report) if isinstance(found, Chart))


def drawings(report: Report) -> tuple[Chart | Absent, ...]:
    """Every chart, or why it cannot be drawn."""
    return tuple(chart(report) for chart in _CHARTS)
