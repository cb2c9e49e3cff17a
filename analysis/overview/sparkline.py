"""A failure rate over time as a line of blocks, which says the same without colour.

The scale is the same for all, so lines can be compared: each block stands for rates up to a bound.
"""

from bisect import bisect_left
from collections.abc import Sequence

from analysis.overview.deployment_line import FailureMinute

NO_TRAFFIC = "·"
BLOCKS = "▁▂▃▄▅▆▇█"
# The highest rate of each block but the last: no failure at all, half a percent, one, two ...
BOUNDS = (0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25)


def sparkline(minutes: Sequence[FailureMinute], end: int, length: int, cells: int) -> str:
    """The failure rate in the `length` minutes up to and with the minute `end`, in so many cells.

    A cell holds `length / cells` minutes, which must be whole; it shows the share of its requests
    that failed, and `·` when there was no request.
    """
    step = length // cells
    requests, failures = [0] * cells, [0.0] * cells
    for one in minutes:
        cell = (one.minute - (end - length + 1)) // step
        if 0 <= cell < cells and one.failure_rate is not None:
            requests[cell] += one.requests
            failures[cell] += one.failure_rate * one.requests
    return "".join(
        block(failed / asked) if asked else NO_TRAFFIC
        for failed, asked in zip(failures, requests, strict=True)
    )


def block(rate: float) -> str:
    """The block of a failure rate, 0 to 1."""
    return BLOCKS[bisect_left(BOUNDS, rate)]
