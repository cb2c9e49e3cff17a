"""The timeline of a deployment: when it began, what failed first, when it was worst."""

from collections.abc import Iterator, Sequence

from analysis.comparison import Comparison
from analysis.deployment_name import DeploymentName
from analysis.report.contents import Event
from analysis.report.findings import Deployment, FailingEndpoint, NewException, Step

_EXCEPTIONS_MAX = 5


def events(
    name: DeploymentName,
    deployment: Deployment | None,
    comparison: Comparison | None,
    steps: Sequence[Step],
    endpoints: Sequence[FailingEndpoint],
    new_exceptions: Sequence[NewException],
) -> list[Event]:
    """Everything that has a time, in order."""
    found = [
        *_of_deployment(name, deployment, comparison),
        *_first_failure(endpoints),
        *_new_exceptions(new_exceptions),
        *_worst_step(steps),
    ]
    return sorted(found, key=lambda event: (event.time, event.what))


def _of_deployment(
    name: DeploymentName, deployment: Deployment | None, comparison: Comparison | None
) -> Iterator[Event]:
    version = name.version or "the spans without a version"
    if deployment is not None and deployment.marked_at:
        yield Event(deployment.marked_at, "deployment marked", deployment.note or version)
    if comparison is None:
        return
    if comparison.baseline_kind == "before" and comparison.baseline_until:
        before = comparison.baseline_version or "the spans without a version"
        yield Event(comparison.baseline_until, "last traffic before the deployment, of", before)
    yield Event(comparison.candidate_first_seen, "first traffic of", version)
    if deployment and deployment.last_seen and deployment.last_seen < comparison.candidate_until:
        yield Event(deployment.last_seen, "latest stored span of", version)


def _first_failure(endpoints: Sequence[FailingEndpoint]) -> Iterator[Event]:
    failed = [(e.first_failure, e.endpoint or "") for e in endpoints if e.first_failure]
    if failed:
        time, endpoint = min(failed)
        yield Event(time, "first failing request, of", endpoint)


def _new_exceptions(exceptions: Sequence[NewException]) -> Iterator[Event]:
    for exception in exceptions[:_EXCEPTIONS_MAX]:
        kind = exception.exception_type or exception.exception_message or "without a type"
        what = "first sighting of exception"
        yield Event(exception.first_seen, what, kind, exception.example_trace_id)


def _worst_step(steps: Sequence[Step]) -> Iterator[Event]:
    failing = [step for step in steps if step.side == "candidate" and step.failures]
    if len(failing) < 2:
        return
    worst, last = max(failing, key=lambda step: step.failures), failing[-1]
    counts = f"{worst.failures} of {worst.requests} requests"
    yield Event(worst.step_start, "the step with the most failures begins:", counts)
    if last is not worst:
        counts = f"{last.failures} of {last.requests} requests"
        yield Event(last.step_start, "the last step with a failure begins:", counts)
