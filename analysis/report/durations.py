"""The durations of both versions as one pair of histograms, from the minutes of a check."""

from collections.abc import Iterator

import numpy as np

from analysis.inference.quantiles import BUCKET_RATIO
from analysis.report.findings import DurationBucket
from analysis.verdict.minute_rows import Mask, MinuteRows
from analysis.verdict.minute_tables import MinuteTables
from analysis.verdict.subject import Subject

BUCKETS_MAX = 60


def duration_buckets(tables: MinuteTables, subject: Subject) -> tuple[DurationBucket, ...]:
    """Requests that did not fail by duration; at most 60 bounds, the same for both sides.

    The buckets of the query duration_minutes are 5 % wide; so many neighbours are put together as
    it takes.
    """
    rows = MinuteRows.of(tables.durations, subject)
    candidate, baseline = rows.of_candidate(), rows.of_baseline()
    if subject.side_by_side:
        baseline = baseline & (rows.minute >= subject.first_minute)
    buckets = rows.numbers("duration_bucket")
    either = buckets[candidate | baseline]
    if not either.size:
        return ()
    low, high = int(either.min()), int(either.max())
    together = -(-(high - low + 1) // BUCKETS_MAX)
    return (
        *_side("candidate", rows, candidate, low, together),
        *_side("baseline", rows, baseline, low, together),
    )


def _side(
    side: str, rows: MinuteRows, chosen: Mask, low: int, together: int
) -> Iterator[DurationBucket]:
    merged = (rows.numbers("duration_bucket")[chosen] - low) // together
    counts = np.bincount(merged, weights=rows.numbers("requests")[chosen])
    for index in np.flatnonzero(counts):
        first = low + int(index) * together
        yield DurationBucket(
            side,
            low_ms=BUCKET_RATIO**first / 1e6,
            high_ms=BUCKET_RATIO ** (first + together) / 1e6,
            requests=round(counts[index]),
        )
