"""The timeline of a deployment: when it began, what failed first, how the verdict changed, and when
it was over."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from analysis.check.figures import e_value as e_value_text
from analysis.check.figures import e_value_of_log
from analysis.report.contents import Event, Report
from analysis.report.milestones import worst_step

_EXCEPTIONS_MAX = 5
_NO_VERSION = "the spans without a version"


def events(report: Report) -> list[Event]:
    """Everything that has a time, in order."""
    found = [
        *_of_deployment(report),
        *_of_rollout(report),
        *_first_failure(report),
        *_new_exceptions(report),
    ]
    known_to_minute = [*_onset(report), *_steps(report), *_verdicts(report)]
    # In the same second a deployment stands before what it may have caused; without the Z a whole
    # second comes before its fractions.
    order = dict.fromkeys(found, 0) | dict.fromkeys(known_to_minute, 1)
    return sorted(
        order,
        key=lambda one: (one.time[:19], order[one], one.time.rstrip("Z"), one.what, one.subject),
    )


def _of_deployment(report: Report) -> Iterator[Event]:
    deployment, comparison = report.deployment, report.comparison
    version = report.name.version or _NO_VERSION
    if deployment is not None and deployment.marked_at:
        yield Event(deployment.marked_at, "deployment marked", deployment.note or version)
    if comparison is None:
        return
    if comparison.baseline_kind == "before" and comparison.baseline_until:
        before = comparison.baseline_version or _NO_VERSION
        yield Event(comparison.baseline_until, "last traffic before the deployment, of", before)
    yield Event(comparison.candidate_first_seen, "first traffic of", version)
    if deployment and deployment.last_seen and deployment.last_seen < comparison.candidate_until:
        yield Event(deployment.last_seen, "latest stored span of", version)


def _of_rollout(report: Report) -> Iterator[Event]:
    found, version = report.milestones, report.name.version or _NO_VERSION
    started = found.rollout_started_at
    ended = found.rollout_ended_at
    # The end is a whole minute; with one instance it is that of the first traffic.
    if ended is not None and started is not None and ended[:16] > started[:16]:
        yield Event(ended, "first traffic of the last instance of", version)
    if found.mitigated_at is not None:
        yield Event(found.mitigated_at, "failures as usual again from here on")
        if found.back_to_version is not None:
            back = found.back_to_version or _NO_VERSION
            yield Event(found.mitigated_at, "most requests served again by", back)


def _first_failure(report: Report) -> Iterator[Event]:
    failed = [(e.first_failure, e.endpoint or "") for e in report.endpoints if e.first_failure]
    if failed:
        time, endpoint = min(failed)
        trace_id = report.milestones.first_failure_trace_id
        yield Event(time, "first failing request, of", endpoint, trace_id)


def _onset(report: Report) -> Iterator[Event]:
    onset = report.milestones.onset
    if onset.at is not None:
        yield Event(onset.at, f"failures rise{_interval(onset.low, onset.high)}")


def _interval(low: str | None, high: str | None) -> str:
    if low is None or high is None or low == high:
        return " within this minute (onset)"
    return f" (onset), between {low[11:16]} and {high[11:16]}"


def _new_exceptions(report: Report) -> Iterator[Event]:
    """The first and the last sighting of each."""
    for exception in report.new_exceptions[:_EXCEPTIONS_MAX]:
        kind = exception.exception_type or exception.exception_message or "without a type"
        trace_id = exception.example_trace_id
        yield Event(exception.first_seen, "first sighting of exception", kind, trace_id)
        if exception.last_seen is not None and exception.last_seen != exception.first_seen:
            yield Event(exception.last_seen, "last sighting of exception", kind)


def _steps(report: Report) -> Iterator[Event]:
    failing = [step for step in report.steps if step.side == "candidate" and step.failures]
    if len(failing) < 2:
        return
    most, last = max(failing, key=lambda step: step.failures), failing[-1]
    counts = f"{most.failures} of {most.requests} requests"
    yield Event(most.step_start, "the step with the most failures begins:", counts)
    worst = worst_step([step for step in report.steps if step.side == "candidate"])
    if worst is not None and worst is not most:
        counts = f"{worst.failures} of {worst.requests} requests"
        yield Event(worst.step_start, "the step with the highest failure rate begins:", counts)
    if last is not most:
        counts = f"{last.failures} of {last.requests} requests"
        yield Event(last.step_start, "the last step with a failure begins:", counts)


def _verdicts(report: Report) -> Iterator[Event]:
    """Every change of the verdict, at the end of the minute after which it was another one."""
    if not report.evidence:
        return
    begun = datetime.fromisoformat(report.evidence[0].minute)
    for look in report.looks:
        time = (begun + timedelta(minutes=look.minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")
        known = report.evidence[: look.minutes]
        evidence = f" (evidence {e_value_text(e_value_of_log(known[-1].log_e_value))})"
        yield Event(time, f"verdict: {look.verdict.replace('_', ' ')}{evidence}")
