"""Times on an axis: where the ticks stand and what they say."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise

from matplotlib.axes import Axes

_STEPS_S = (
    *(60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200),
    *(86400, 2 * 86400, 7 * 86400, 14 * 86400, 28 * 86400, 91 * 86400, 365 * 86400),
)
_TICKS_MAX = 6
_DAY_S = 86400


def seconds(time: str) -> float:
    """An RFC 3339 time in UTC as seconds since 1970, to the microsecond."""
    text = time.rstrip("Z").removesuffix("+00:00")[:26]
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def clock(time: str) -> str:
    """`11:04`."""
    return time[11:16]


def time_axis(axes: Axes, low_s: float, high_s: float) -> None:
    """Ticks at round times between the two; the axis says the date once when it is one day."""
    if high_s <= low_s:
        low_s, high_s = low_s - 60, high_s + 60
    axes.set_xlim(low_s, high_s)
    step = next((s for s in _STEPS_S if (high_s - low_s) / s <= _TICKS_MAX), _STEPS_S[-1])
    first = -(-low_s // step) * step
    ticks = [first + at * step for at in range(int((high_s - first) // step) + 1)]
    start, end = _date(low_s), _date(high_s)
    one_day = start == end
    axes.set_xticks(ticks, [_label(tick, one_day, step) for tick in ticks])
    axes.set_xlabel(f"{start}, UTC" if one_day else f"{start} to {end}, UTC")


def _label(moment_s: float, one_day: bool, step_s: int) -> str:
    moment = datetime.fromtimestamp(moment_s, UTC)
    if step_s >= _DAY_S:
        return f"{moment:%m-%d}" if step_s < 365 * _DAY_S else f"{moment:%Y}"
    at_midnight = not one_day and (moment.hour, moment.minute) == (0, 0)
    return f"{moment:%m-%d}" if at_midnight else f"{moment:%H:%M}"


def _date(moment_s: float) -> str:
    return f"{datetime.fromtimestamp(moment_s, UTC):%Y-%m-%d}"


def usual_distance(moments_s: Sequence[float]) -> float:
    """The length of a step: the smallest distance between two moments, a minute when unknown."""
    ordered = sorted(set(moments_s))
    return min((b - a for a, b in pairwise(ordered)), default=60.0)
