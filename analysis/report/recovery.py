"""Whether the failures of a service ended, when, and which version serves since."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.inference.proportions import wilson
from analysis.verdict.gathering import Gathered
from analysis.verdict.minute_rows import MinuteRows
from analysis.verdict.subject import Place

# How long after the candidate's window is looked at, and how many well minutes are an end.
AFTER_MINUTES = 60
_WELL_MINUTES = 3
# Few minutes that are well lie outside of this by chance, and none that is badly wrong inside.
_CONFIDENCE = 0.99

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class InstanceMinute:
    """One instance of any version in one minute: a row of `instance_minutes`."""

    service_namespace: str | None
    service_version: str | None
    environment_name: str | None
    deployment_id: str | None
    minute: int
    requests: int
    failures: int


@dataclass(frozen=True, slots=True, eq=False)
class ServiceMinutes:
    """Requests to a service and failures of them, whatever version, in the minutes that served any;
    and `usual_max`: the share of failures that is usual at most, None without minutes before."""

    minute: Numbers
    requests: Numbers
    failures: Numbers
    usual_max: float | None

    @classmethod
    def of(
        cls, found: Gathered, after: Sequence[InstanceMinute], tolerance: float
    ) -> "ServiceMinutes":
        """From the minutes of a check and those after it."""
        rows = MinuteRows.of(found.tables.requests, found.subject)
        own, first = rows.in_service(), found.subject.first_minute
        requests, failures = rows.numbers("requests"), rows.numbers("failures")
        later = [one for one in after if _is_of(one, found.subject.place)]
        now = own & (rows.minute >= first)
        before = own & (rows.minute < first)
        minutes, tried, failed = _summed(
            np.concatenate([rows.minute[now], [one.minute for one in later]]),
            np.concatenate([requests[now], [one.requests for one in later]]),
            np.concatenate([failures[now], [one.failures for one in later]]),
        )
        n, k = int(requests[before].sum()), int(failures[before].sum())
        usual = max(wilson(k, n, _CONFIDENCE).high, k / n + tolerance) if n else None
        return cls(minutes, tried, failed, usual)

    def well_since(self, minute: int) -> int | None:
        """The first minute, at or after the given one, from which on failures were as usual to the
        end; None if they never were, or it cannot be told."""
        usual = self.usual_max
        if usual is None:
            return None
        wrong = [
            int(at)
            for at, k, n in zip(self.minute, self.failures, self.requests, strict=True)
            if wilson(k, n, _CONFIDENCE).low > usual
        ]
        well = self.minute >= max(minute, wrong[-1] + 1 if wrong else minute)
        if int(well.sum()) < _WELL_MINUTES:
            return None
        together = wilson(int(self.failures[well].sum()), int(self.requests[well].sum()))
        return int(self.minute[well][0]) if together.low <= usual else None


def version_after(
    found: Gathered, after: Sequence[InstanceMinute], minute: int
) -> tuple[str | None, bool]:
    """The version that served most from a minute on, and whether it is not the candidate."""
    place = found.subject.place
    counts: dict[tuple[str | None, str | None], int] = {}
    rows = MinuteRows.of(found.tables.requests, found.subject)
    chosen = (rows.in_service() & (rows.minute >= minute)).nonzero()[0]
    versions, ids = rows.table.column("service_version"), rows.table.column("deployment_id")
    requests = rows.numbers("requests")
    for at in chosen:
        key = versions[int(at)].as_py(), ids[int(at)].as_py()
        counts[key] = counts.get(key, 0) + int(requests[at])
    for one in after:
        if _is_of(one, place) and one.minute >= minute:
            key = one.service_version, one.deployment_id
            counts[key] = counts.get(key, 0) + one.requests
    if not counts:
        return None, False
    most = max(counts, key=lambda key: (counts[key], str(key)))
    return most[0], most != (place.service_version, place.deployment_id)


def _is_of(one: InstanceMinute, place: Place) -> bool:
    here = place.service_namespace, place.environment_name
    return (one.service_namespace, one.environment_name) == here


def _summed(
    minutes: Numbers, requests: Numbers, failures: Numbers
) -> tuple[Numbers, Numbers, Numbers]:
    """The sums of each minute, in order."""
    distinct, of_row = np.unique(minutes.astype(np.int64), return_inverse=True)
    tried = np.bincount(of_row, weights=requests, minlength=distinct.size)
    failed = np.bincount(of_row, weights=failures, minlength=distinct.size)
    return distinct, np.rint(tried).astype(np.int64), np.rint(failed).astype(np.int64)
