"""Asks everything a report holds. All questions share their parameters, and one moment as `now`."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from analysis.asked_deployment import check_names, nothing_stored_of
from analysis.asking import Asking
from analysis.comparison import Comparison, comparison_of
from analysis.deployment_name import DeploymentName, named_deployment
from analysis.exit_code import CommandFailed
from analysis.report.contents import Report
from analysis.report.events import events
from analysis.report.findings import (
    Change,
    Deployment,
    EscalatingException,
    ExampleTrace,
    FailingEndpoint,
    FailingService,
    FailureOrigin,
    GoneException,
    Latency,
    Measure,
    NewException,
    RegressedException,
    RolloutStep,
    StatusCode,
    Step,
    Traffic,
)
from analysis.report.judged import judged
from analysis.report.questions import Questions
from analysis.verdict.thresholds import Thresholds
from analysis.waterfall import TraceSpan

STEPS_MAX = 240
_STEP_MINUTES = (1, 5, 15, 60, 360, 1440, 10080, 43200, 525600)
# Which query fills which field, with which records.
_FIELDS: dict[str, tuple[str, type]] = {
    "steps": ("error_timeline", Step),
    "rollout": ("rollout_progress", RolloutStep),
    "examples": ("example_traces", ExampleTrace),
    "measures": ("version_comparison", Measure),
    "endpoints": ("failing_endpoints", FailingEndpoint),
    "services": ("failing_services", FailingService),
    "origins": ("failure_origins", FailureOrigin),
    "status_codes": ("status_codes", StatusCode),
    "new_exceptions": ("new_exceptions", NewException),
    "regressed_exceptions": ("regressed_exceptions", RegressedException),
    "escalating_exceptions": ("escalating_exceptions", EscalatingException),
    "gone_exceptions": ("gone_exceptions", GoneException),
    "latencies": ("latency_regressions", Latency),
    "traffic": ("traffic_changes", Traffic),
    "changes": ("what_changed", Change),
}
# What is asked only of a deployment that sent something.
_OF_TRAFFIC = ("error_timeline", "rollout_progress", "example_traces")
# How long before the candidate's first traffic the query rollout_progress begins.
_ROLLOUT_BEFORE = timedelta(minutes=10)


def asked_report(
    store: Asking,
    deployment: str,
    given: Mapping[str, str],
    thresholds_of: Callable[[str], Thresholds],
    on_progress: Callable[[int, int], None] = lambda _asked, _all: None,
) -> Report:
    """The report of what was asked for as `SERVICE@VERSION`; raises CommandFailed or UsageRefused
    for what is not stored, else as `build_report`."""
    deployed = store.deployed()
    name = named_deployment(deployment, [one.name for one in deployed])
    said = {"service_name": name.service, "service_version": name.version, **given}
    check_names(deployed, said)
    return build_report(store, name, given, thresholds_of, on_progress)


def build_report(
    store: Asking,
    name: DeploymentName,
    given: Mapping[str, str],
    thresholds_of: Callable[[str], Thresholds],
    on_progress: Callable[[int, int], None] = lambda _asked, _all: None,
) -> Report:
    """The report of a deployment. `given` holds what was said besides service and version.

    `on_progress` is told how many of how many questions were asked. Raises CommandFailed,
    ParameterError, QueryError or StoreError.
    """
    questions = Questions.about(store, name, given, on_progress)
    comparison = comparison_of(questions.ask("comparison"))
    deployment = _deployment(questions, name, comparison)
    _check_window(questions, deployment, comparison)
    found = _found(questions, comparison)
    spans: list[TraceSpan] = []
    if found.examples:
        spans = questions.find_alone("trace", TraceSpan, trace_id=found.examples[0].trace_id)
    report = replace(
        found,
        deployment=deployment,
        example_spans=tuple(spans),
        parameters=questions.shared_text(),
    )
    report = judged(report, questions, thresholds_of(name.service))
    return replace(report, events=tuple(events(report)), queries=tuple(questions.asked))


def _found(questions: Questions, comparison: Comparison | None) -> Report:
    """A report that holds the rows of every query about the deployment, and no more."""
    own: dict[str, Mapping[str, str]] = {}
    if comparison is not None:
        own["error_timeline"] = {"step": _step(comparison)}
        own["rollout_progress"] = {"step": _rollout_step(comparison)}
    fields = {
        field: (query, record)
        for field, (query, record) in _FIELDS.items()
        if comparison is not None or query not in _OF_TRAFFIC
    }
    answers = questions.ask_all([(query, own.get(query, {})) for query, _ in fields.values()])
    records: dict[str, Any] = {  # Any: each field has records of its own class
        field: tuple(rows.records(record))
        for (field, (_, record)), rows in zip(fields.items(), answers, strict=True)
    }
    return Report(questions.name, comparison=comparison, **records)


def _deployment(
    questions: Questions, name: DeploymentName, comparison: Comparison | None
) -> Deployment | None:
    """The row of the deployment that is compared; when nothing is, the latest that was named."""
    rows = questions.find_alone("deployments", Deployment, service_name=name.service)
    named = [row for row in rows if (row.service_version or "") == name.version]
    if comparison is not None:
        place = _place(comparison)
        return next((row for row in named if _place(row) == place), None)
    asked = {key: questions.shared[key] for key in ("environment_name", "deployment_id")}
    said = {key: value for key, value in asked.items() if value is not None}
    return next((row for row in named if all(getattr(row, key) == said[key] for key in said)), None)


def _place(found: Comparison | Deployment) -> tuple[str | None, str | None, str | None]:
    return found.service_namespace, found.environment_name, found.deployment_id


def _check_window(
    questions: Questions, deployment: Deployment | None, comparison: Comparison | None
) -> None:
    """Refuse a window without traffic; a deployment that was only marked has a report."""
    windowed = any(questions.shared[key] is not None for key in ("since", "until"))
    sent = deployment is not None and deployment.first_seen is not None
    if comparison is None and windowed and sent:
        raise CommandFailed(nothing_stored_of(questions.shared))


def _step(comparison: Comparison) -> str:
    """A length of step that cuts the time shown into not too many rows."""
    start = comparison.baseline_from or comparison.candidate_from
    begun = min(_moment(start), _moment(comparison.candidate_first_seen) - timedelta(minutes=30))
    sides = 2 if comparison.baseline_kind else 1
    return _cut((_moment(comparison.candidate_until) - begun) * sides)


def _rollout_step(comparison: Comparison) -> str:
    """A length of step that cuts the roll-out into at most as many steps."""
    begun = _moment(comparison.candidate_first_seen) - _ROLLOUT_BEFORE
    return _cut(_moment(comparison.candidate_until) - begun + timedelta(minutes=2))


def _cut(length: timedelta) -> str:
    minutes_needed = length / timedelta(minutes=1) / STEPS_MAX
    minutes = next((m for m in _STEP_MINUTES if m >= minutes_needed), _STEP_MINUTES[-1])
    return f"{minutes}m"


def _moment(time: str) -> datetime:
    return datetime.fromisoformat(time[:19] + "+00:00")
