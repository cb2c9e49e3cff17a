"""How long requests took that did not fail: the distribution of both sides."""

from collections.abc import Sequence
from itertools import accumulate
from math import ceil, floor, log10

from matplotlib.axes import Axes

from analysis.charts.chart import Absent, Chart
from analysis.charts.legend import legend
from analysis.charts.marks import percent_axis
from analysis.charts.palette import SERIES
from analysis.check.figures import counted, percent
from analysis.duration import duration_text
from analysis.report.contents import Report
from analysis.report.findings import DurationBucket

NAME, TITLE = "durations", "Durations of requests that did not fail"
_SIDES = ("baseline", "candidate")
_TICKS_MIN, _TICKS_MAX = 3, 6
# Ever finer ticks in each power of ten.
_TICKS = ((1,), (1, 2, 5), (1, 2, 3, 4, 6, 8), [one / 10 for one in range(10, 100, 2)])
_LOWEST_MS = 1e-6


def durations(report: Report) -> Chart | Absent:
    """A step line for each side, on a logarithmic axis of durations."""
    if not any(bucket.requests for bucket in report.durations):
        return Absent(NAME, TITLE, "No request without a failure is stored, so none took its time.")
    sides = {side: _of(report, side) for side in _SIDES}
    bounds = sorted({(bucket.low_ms, bucket.high_ms) for bucket in report.durations})
    return Chart(
        NAME,
        TITLE,
        _words(sides),
        ("from", "to", "#candidate", "#share", "#baseline", "#share"),
        tuple(
            (
                duration_text(low * 1e6),
                duration_text(high * 1e6),
                *_cells(sides["candidate"], low),
                *_cells(sides["baseline"], low),
            )
            for low, high in bounds
        ),
        lambda axes: _paint(axes, sides),
    )


def _of(report: Report, side: str) -> list[DurationBucket]:
    found = [bucket for bucket in report.durations if bucket.side == side and bucket.requests]
    return sorted(found, key=lambda bucket: bucket.low_ms)


def _cells(buckets: Sequence[DurationBucket], low_ms: float) -> tuple[str, str]:
    requests = sum(bucket.requests for bucket in buckets if bucket.low_ms == low_ms)
    every = sum(bucket.requests for bucket in buckets)
    return f"{requests:,}", percent(requests / every) if every else "unknown"


def _words(sides: dict[str, list[DurationBucket]]) -> str:
    said = []
    for side, buckets in sides.items():
        if not buckets:
            said.append(f"{side}: no requests")
            continue
        every = sum(bucket.requests for bucket in buckets)
        half, most = _quantile_bucket(buckets, 0.5), _quantile_bucket(buckets, 0.95)
        said.append(
            f"{side}: {counted(every, 'request')}, half of them took at most {_bound(half)},"
            f" 95 % at most {_bound(most)}"
        )
    return f"Distribution of durations, logarithmic. {'; '.join(said)}."


def _bound(bucket: DurationBucket) -> str:
    return duration_text(bucket.high_ms * 1e6)


def _quantile_bucket(buckets: Sequence[DurationBucket], share: float) -> DurationBucket:
    """The bucket in which the quantile lies."""
    below = accumulate(bucket.requests for bucket in buckets)
    needed = share * sum(bucket.requests for bucket in buckets)
    return next(b for b, count in zip(buckets, below, strict=True) if count >= needed)


def _paint(axes: Axes, sides: dict[str, list[DurationBucket]]) -> None:
    axes.set_xscale("log")
    entries, highest = [], 0.0
    for side, buckets in sides.items():
        if not buckets:
            continue
        look = SERIES[side]
        edges, shares = _outline(buckets)
        highest = max(highest, *shares)
        style = {"color": look.colour, "linestyle": look.dash, "linewidth": look.width}
        axes.stairs(shares, edges, **style)  # type: ignore[arg-type]  # matplotlib's arguments
        if side == "candidate":
            axes.stairs(shares, edges, fill=True, color=look.colour, alpha=0.14, linewidth=0)
        entries.append((look, side))
    percent_axis(axes, highest)
    every = [bucket for buckets in sides.values() for bucket in buckets]
    _duration_axis(axes, min(_low(b) for b in every), max(b.high_ms for b in every))
    axes.set_xlabel("duration, logarithmic (up: share of its requests)")
    legend(axes, entries)


def _low(bucket: DurationBucket) -> float:
    """Its lower bound; zero has no logarithm, so half the upper one instead."""
    return bucket.low_ms if bucket.low_ms > 0 else max(bucket.high_ms / 2, _LOWEST_MS)


def _outline(buckets: Sequence[DurationBucket]) -> tuple[list[float], list[float]]:
    """Edges and the percentage between each two; where no bucket is, it is zero."""
    every = sum(bucket.requests for bucket in buckets)
    edges, shares = [_low(buckets[0])], list[float]()
    for bucket in buckets:
        if _low(bucket) > edges[-1]:
            edges.append(_low(bucket))
            shares.append(0.0)
        edges.append(max(bucket.high_ms, edges[-1] * 1.0001))
        shares.append(100 * bucket.requests / every)
    return edges, shares


def _duration_axis(axes: Axes, low_ms: float, high_ms: float) -> None:
    """Round durations as ticks, so many that the axis can be read."""
    every = [_inside(by, low_ms, high_ms) for by in _TICKS]
    inside = next((ticks for ticks in every if len(ticks) >= _TICKS_MIN), every[-1])
    inside = inside[:: -(-len(inside) // _TICKS_MAX) or 1]
    room = max(high_ms / low_ms, 1.1) ** 0.03
    axes.set_xlim(low_ms / room, high_ms * room)
    axes.set_xticks(inside, [duration_text(tick * 1e6) for tick in inside])
    axes.set_xticks([], minor=True)


def _inside(factors: Sequence[float], low_ms: float, high_ms: float) -> list[float]:
    powers = range(floor(log10(low_ms)), ceil(log10(high_ms)) + 1)
    ticks = (by * 10.0**power for power in powers for by in factors)
    return [tick for tick in ticks if low_ms <= tick <= high_ms]
