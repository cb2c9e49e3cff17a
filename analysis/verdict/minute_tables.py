"""The minutes that a verdict is made of: the answers of the minute queries for one window."""

from dataclasses import dataclass

import pyarrow as pa


@dataclass(frozen=True, slots=True, eq=False)
class MinuteTables:
    """One Arrow table per query, as MINUTE_QUERIES names them; `minute` is minutes since 1970, UTC.
    All were asked with the same environment, and with the windows that their evidence needs."""

    requests: pa.Table
    instances: pa.Table
    origins: pa.Table
    calls: pa.Table
    traces: pa.Table
    durations: pa.Table
    exceptions: pa.Table


MINUTE_QUERIES = {
    "requests": "request_minutes",
    "instances": "instance_minutes",
    "origins": "origin_minutes",
    "calls": "call_minutes",
    "traces": "trace_minutes",
    "durations": "duration_minutes",
    "exceptions": "exception_minutes",
}
