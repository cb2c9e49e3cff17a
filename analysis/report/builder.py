"""Asks everything a report holds. All questions share their parameters, and one moment as `now`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from analysis.asked_deployment import nothing_stored_of
from analysis.asking import Asking
from analysis.comparison import Comparison, comparison_of
from analysis.deployment_name import DeploymentName
from analysis.exit_code import CommandFailed
from analysis.parameters import value_text
from analysis.report.contents import AskedQuery, Report, rows_digest
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
    StatusCode,
    Step,
    Traffic,
)
from analysis.rows import Rows
from analysis.saved_query import bind
from analysis.waterfall import TraceSpan

STEPS_MAX = 80
_QUESTIONS = 17
_STEP_MINUTES = (1, 5, 15, 60, 360, 1440, 10080, 43200, 525600)

Record = TypeVar("Record")


def build_report(
    store: Asking,
    name: DeploymentName,
    given: Mapping[str, str],
    on_progress: Callable[[int, int], None] = lambda _asked, _all: None,
) -> Report:
    """The report of a deployment. `given` holds what was said besides service and version.

    `on_progress` is told how many of how many questions were asked.
    """
    questions = _Questions.about(store, name, given, on_progress)
    comparison = comparison_of(questions.ask("comparison"))
    steps: list[Step] = []
    examples: list[ExampleTrace] = []
    spans: list[TraceSpan] = []
    if comparison is not None:
        steps = questions.find("error_timeline", Step, step=_step(comparison))
        examples = questions.find("example_traces", ExampleTrace)
    if examples:
        spans = questions.find_alone("trace", TraceSpan, trace_id=examples[0].trace_id)
    deployment = _deployment(questions, name, comparison)
    _check_window(questions, deployment, comparison)
    endpoints = questions.find("failing_endpoints", FailingEndpoint)
    new = questions.find("new_exceptions", NewException)
    return Report(
        name=name,
        deployment=deployment,
        comparison=comparison,
        measures=tuple(questions.find("version_comparison", Measure)),
        steps=tuple(steps),
        endpoints=tuple(endpoints),
        services=tuple(questions.find("failing_services", FailingService)),
        origins=tuple(questions.find("failure_origins", FailureOrigin)),
        status_codes=tuple(questions.find("status_codes", StatusCode)),
        new_exceptions=tuple(new),
        regressed_exceptions=tuple(questions.find("regressed_exceptions", RegressedException)),
        escalating_exceptions=tuple(questions.find("escalating_exceptions", EscalatingException)),
        gone_exceptions=tuple(questions.find("gone_exceptions", GoneException)),
        latencies=tuple(questions.find("latency_regressions", Latency)),
        traffic=tuple(questions.find("traffic_changes", Traffic)),
        changes=tuple(questions.find("what_changed", Change)),
        examples=tuple(examples),
        example_spans=tuple(spans),
        events=tuple(events(name, deployment, comparison, steps, endpoints, new)),
        parameters=questions.shared_text(),
        queries=tuple(questions.asked),
    )


@dataclass(slots=True)
class _Questions:
    """What is asked with, and what was asked so far."""

    store: Asking
    shared: dict[str, object]
    on_progress: Callable[[int, int], None]
    asked: list[AskedQuery] = field(default_factory=list)

    @classmethod
    def about(
        cls,
        store: Asking,
        name: DeploymentName,
        given: Mapping[str, str],
        on_progress: Callable[[int, int], None],
    ) -> "_Questions":
        """Questions about one deployment; raises ParameterError for a value not of its type."""
        said = {"service_name": name.service, "service_version": name.version, **given}
        return cls(store, bind(store.catalog["comparison"], said), on_progress)

    def ask(self, query_name: str, **own: str) -> Rows:
        """The rows of a query about the deployment; `own` are parameters of this query only."""
        return self._rows(query_name, {**self.shared, **own}, own)

    def find(self, query_name: str, record_class: type[Record], **own: str) -> list[Record]:
        """The same as records."""
        return self.ask(query_name, **own).records(record_class)

    def find_alone(self, query_name: str, record_class: type[Record], **own: str) -> list[Record]:
        """The records of a query that does not take the shared parameters."""
        return self._rows(query_name, own, own).records(record_class)

    def shared_text(self) -> dict[str, str]:
        """The shared parameters as people write them, those that were worked out left out."""
        texts = {name: value_text(value) for name, value in self.shared.items()}
        return {name: text for name, text in texts.items() if text is not None}

    def _rows(self, query_name: str, values: Mapping[str, object], own: Mapping[str, str]) -> Rows:
        rows = self.store.rows(query_name, values)
        self.asked.append(AskedQuery(query_name, own, len(rows), rows_digest(rows)))
        self.on_progress(len(self.asked), _QUESTIONS)
        return rows


def _deployment(
    questions: _Questions, name: DeploymentName, comparison: Comparison | None
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
    questions: _Questions, deployment: Deployment | None, comparison: Comparison | None
) -> None:
    """Refuse a window without traffic; a deployment that was only marked has a report."""
    windowed = any(questions.shared[key] is not None for key in ("since", "until"))
    sent = deployment is not None and deployment.first_seen is not None
    if comparison is None and windowed and sent:
        raise CommandFailed(nothing_stored_of(questions.shared))


def _step(comparison: Comparison) -> str:
    """A length of step that cuts the time shown into not too many rows."""
    start = comparison.baseline_from or comparison.candidate_from
    length = _moment(comparison.candidate_until) - min(
        _moment(start), _moment(comparison.candidate_first_seen) - timedelta(minutes=30)
    )
    sides = 2 if comparison.baseline_kind else 1
    minutes_needed = length / timedelta(minutes=1) * sides / STEPS_MAX
    minutes = next((m for m in _STEP_MINUTES if m >= minutes_needed), _STEP_MINUTES[-1])
    return f"{minutes}m"


def _moment(time: str) -> datetime:
    return datetime.fromisoformat(time[:19] + "+00:00")
