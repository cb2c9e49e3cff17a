"""The moments of an incident that the data tells, and the times between them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from statistics import median
from typing import TYPE_CHECKING

from analysis.verdict.check import Onset
from analysis.verdict.onset import UNKNOWN

if TYPE_CHECKING:
    from analysis.report.contents import Report
    from analysis.report.findings import Step

# A step with less than this share of the usual requests of a step has no rate worth telling.
_REQUESTS_SHARE_MIN = 0.1


@dataclass(frozen=True, slots=True)
class Milestones:
    """When what happened (RFC 3339, UTC; None is unknown, or has not happened).

    `deployed_at` is its mark or first traffic, whichever was first; `rollout_started_at` and
    `rollout_ended_at` the first traffic of its first and of its last instance. `detected_at` is
    the end of the first minute after which the verdict was to roll back or fix forward.
    `mitigated_at` is from when on the service's failures were as usual again, to the end of what is
    stored or an hour more; `back_to_version` is the version that served most then, if it is another
    one. `detection_min` and `mitigation_min` are minutes since `began_at`. `peak_failure_rate` is
    the highest of a step of `Report.steps`, 0 to 1, which begins at `peak_at`.
    """

    deployed_at: str | None
    rollout_started_at: str | None
    rollout_ended_at: str | None
    first_failure_at: str | None
    first_failure_trace_id: str | None
    onset: Onset
    detected_at: str | None
    mitigated_at: str | None
    back_to_version: str | None
    detection_min: float | None
    mitigation_min: float | None
    peak_failure_rate: float | None
    peak_at: str | None

    @property
    def began_at(self) -> str | None:
        """When the failures began: the onset, else the first failing request if any was found to
        matter; None when nothing is known to have risen."""
        if self.onset.at is not None:
            return self.onset.at
        return self.first_failure_at if self.detected_at is not None else None

    @property
    def beginning(self) -> str:
        """What `began_at` is: that from which times to detect and to mitigate are counted."""
        return "failures rose" if self.onset.at is not None else "the first failing request"


NO_MILESTONES = Milestones(
    deployed_at=None,
    rollout_started_at=None,
    rollout_ended_at=None,
    first_failure_at=None,
    first_failure_trace_id=None,
    onset=UNKNOWN,
    detected_at=None,
    mitigated_at=None,
    back_to_version=None,
    detection_min=None,
    mitigation_min=None,
    peak_failure_rate=None,
    peak_at=None,
)


def stored_milestones(report: "Report") -> Milestones:
    """The moments that the rows of a report tell; those that need its minutes are unknown."""
    seen = report.comparison.candidate_first_seen if report.comparison else None
    marked = report.deployment.marked_at if report.deployment else None
    deployed = [time for time in (seen, marked) if time is not None]
    failed = [
        (one.first_failure, one.first_failure_trace_id)
        for one in report.endpoints
        if one.first_failure is not None
    ]
    first = min(failed, key=lambda one: one[0], default=(None, None))
    worst = worst_step([step for step in report.steps if step.side == "candidate"])
    return replace(
        NO_MILESTONES,
        deployed_at=min(deployed, default=None),
        rollout_started_at=seen,
        first_failure_at=first[0],
        first_failure_trace_id=first[1],
        onset=report.check.onset if report.check else UNKNOWN,
        peak_failure_rate=worst.failure_rate if worst else None,
        peak_at=worst.step_start if worst else None,
    )


def with_lengths(found: Milestones) -> Milestones:
    """The same with its times of detection and mitigation."""
    return replace(
        found,
        detection_min=minutes_between(found.began_at, found.detected_at),
        mitigation_min=minutes_between(found.began_at, found.mitigated_at),
    )


def minutes_between(start: str | None, end: str | None) -> float | None:
    """Minutes from one time to another, 0 when it was not later; None unless both are known."""
    if start is None or end is None:
        return None
    seconds = (_moment(end) - _moment(start)).total_seconds()
    return round(max(0.0, seconds / 60), 1)


def worst_step(steps: Sequence["Step"]) -> "Step | None":
    """The step with the highest failure rate among those with enough requests; None if none
    failed."""
    served = [step.requests for step in steps if step.requests]
    enough = _REQUESTS_SHARE_MIN * median(served) if served else 0
    failing = [step for step in steps if step.failures and step.requests >= enough]
    return max(failing, key=lambda step: (step.failure_rate or 0, step.failures), default=None)


def _moment(time: str) -> datetime:
    return datetime.fromisoformat(f"{time[:19]}+00:00")
