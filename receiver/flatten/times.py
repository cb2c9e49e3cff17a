"""Times on the wire: unsigned nanoseconds since 1970, zero for unknown."""

import numpy as np
import numpy.typing as npt

from receiver.flatten.columns import Mask

# 2200-01-01. DuckDB's timestamps end in 2262; the years between leave room for arithmetic on them.
TIME_MAX_UNIX_NANO = 7_258_118_400_000_000_000


def storable(times: npt.NDArray[np.uint64]) -> Mask:
    """Which times lie before the year 2200, the unknown one included."""
    return times < np.uint64(TIME_MAX_UNIX_NANO)


def known(times: npt.NDArray[np.uint64]) -> Mask:
    """Which times are neither unknown nor past the year 2200."""
    return (times > 0) & storable(times)
