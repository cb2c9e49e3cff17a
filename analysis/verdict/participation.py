"""Failing traces among traces through the candidate, against those through its baseline.

A wrong answer often breaks somebody else. So the whole trace counts, wherever its failure shows.
Traces are compared only with traces that asked the same endpoint of it and met the same versions of
the other services: another deployment of the same minutes, or another mix, is then on both sides.
"""

from collections import defaultdict

import numpy as np
import pyarrow as pa

from analysis.verdict.counts import Counts, added
from analysis.verdict.minute_rows import paired
from analysis.verdict.subject import Subject

# More combinations of versions than these, the rarest, are left out.
_STRATA_MAX = 200


def participation_of(
    traces: pa.Table, subject: Subject
) -> tuple[tuple[Counts, ...], Counts | None]:
    """Counts per combination of the other services' versions, and of all traces together.

    Without a baseline, or when both have one version, nothing can be told: (), None.
    """
    if subject.baseline_kind is None or subject.baseline_version == subject.place.service_version:
        return (), None
    if not subject.side_by_side:
        return _over_time(traces, subject)
    strata: dict[tuple[str | None, tuple[str, ...]], list[Counts]] = defaultdict(list)
    prefix = f"{subject.place.service_name}@"
    candidate, baseline = (
        prefix + (version or "")
        for version in (subject.place.service_version, subject.baseline_version)
    )
    for minute, endpoint, versions, total, failed in _rows(traces, subject):
        index = minute - subject.first_minute
        if index < 0 or not (candidate in versions or baseline in versions):
            continue
        others = tuple(one for one in versions if not one.startswith(prefix))
        side = "candidate" if candidate in versions else "baseline"
        strata[endpoint, others].append(_one(index, total, failed, side, subject.minutes))
    counted = [added(parts, subject.minutes) for parts in strata.values()]
    counted.sort(key=lambda counts: -int(counts.candidate_trials.sum()))
    if not counted:
        return (), None
    return tuple(counted[:_STRATA_MAX]), added(counted, subject.minutes)


def _over_time(traces: pa.Table, subject: Subject) -> tuple[tuple[Counts, ...], Counts | None]:
    """Traces through the service now, against before."""
    length = subject.history_until - subject.history_from
    now, before = np.zeros((2, subject.minutes), np.int64), np.zeros((2, length), np.int64)
    for minute, _endpoint, _versions, total, failed in _rows(traces, subject):
        index = minute - subject.first_minute
        if index >= 0:
            now[:, index] += failed, total
        elif 0 <= minute - subject.history_from < length:
            before[:, minute - subject.history_from] += failed, total
    against = [paired(series, subject.minutes) for series in before]
    counts = Counts(now[0], now[1], against[0], against[1], before[0], before[1])
    return (counts,), counts


def _rows(traces: pa.Table, subject: Subject) -> list[tuple[int, str | None, list[str], int, int]]:
    names = ("environment_name", "minute", "endpoint", "versions", "traces", "failed_traces")
    columns = [traces.column(name).to_pylist() for name in names]
    return [
        (minute, endpoint, versions, total, failed)
        for environment, minute, endpoint, versions, total, failed in zip(*columns, strict=True)
        if environment == subject.place.environment_name
        and subject.history_from <= minute < subject.until_minute
    ]


def _one(index: int, total: int, failed: int, side: str, minutes: int) -> Counts:
    events, trials = np.zeros(minutes, np.int64), np.zeros(minutes, np.int64)
    events[index], trials[index] = failed, total
    none, empty = np.zeros(minutes, np.int64), np.zeros(0, np.int64)
    if side == "candidate":
        return Counts(events, trials, none, none, empty, empty)
    return Counts(none, none, events, trials, empty, empty)
