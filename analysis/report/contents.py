"""The report as an object: everything that any rendering of it shows, and nothing made for one of
them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from analysis.arrow_values import Value
from analysis.backtest.replay import Look
from analysis.comparison import Comparison
from analysis.deployment_name import DeploymentName
from analysis.formats.json_rows import json_text
from analysis.report.difference import Difference
from analysis.report.findings import (
    Change,
    Deployment,
    DurationBucket,
    EscalatingException,
    EvidenceMinute,
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
from analysis.report.milestones import NO_MILESTONES, Milestones
from analysis.rows import Rows
from analysis.verdict.check import Check
from analysis.waterfall import TraceSpan

if TYPE_CHECKING:
    from analysis.repository.suspicion import Suspicion

_DIGEST_LENGTH = 16
_SIGNIFICANT_DIGITS = 12


@dataclass(frozen=True, slots=True)
class AskedQuery:
    """One query that the report rests on: its name, its own parameters, and a hash of its rows."""

    name: str
    parameters: Mapping[str, str]
    row_count: int
    digest: str


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, for the timeline: what, to which subject, and a trace that shows it.

    `what` is in our words, `subject` may come from a span.
    """

    time: str
    what: str
    subject: str = ""
    trace_id: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """One deployment against its baseline. `comparison` is None when it sent nothing.

    `check` is the verdict; its `generated_at` is not for showing: the moment that counts is
    `comparison.candidate_until`. `looks` are those at which the verdict became another one, and
    `evidence` is the e-process behind them, minute by minute; both may be empty. `suspicion` needs
    a git checkout, `difference` an earlier report. `redacted`: names and texts were taken out.
    """

    name: DeploymentName
    deployment: Deployment | None = None
    comparison: Comparison | None = None
    measures: tuple[Measure, ...] = ()
    steps: tuple[Step, ...] = ()
    endpoints: tuple[FailingEndpoint, ...] = ()
    services: tuple[FailingService, ...] = ()
    origins: tuple[FailureOrigin, ...] = ()
    status_codes: tuple[StatusCode, ...] = ()
    new_exceptions: tuple[NewException, ...] = ()
    regressed_exceptions: tuple[RegressedException, ...] = ()
    escalating_exceptions: tuple[EscalatingException, ...] = ()
    gone_exceptions: tuple[GoneException, ...] = ()
    latencies: tuple[Latency, ...] = ()
    traffic: tuple[Traffic, ...] = ()
    changes: tuple[Change, ...] = ()
    examples: tuple[ExampleTrace, ...] = ()
    example_spans: tuple[TraceSpan, ...] = ()
    events: tuple[Event, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)
    queries: tuple[AskedQuery, ...] = ()
    check: Check | None = None
    looks: tuple[Look, ...] = ()
    evidence: tuple[EvidenceMinute, ...] = ()
    rollout: tuple[RolloutStep, ...] = ()
    durations: tuple[DurationBucket, ...] = ()
    milestones: Milestones = NO_MILESTONES
    suspicion: "Suspicion | None" = None
    difference: Difference | None = None
    redacted: bool = False

    def measure(self, name: str, unit: str) -> Measure | None:
        """The measure of that name and unit, when there is one."""
        return next((m for m in self.measures if (m.measure, m.unit) == (name, unit)), None)


def rows_digest(rows: Rows) -> str:
    """A hash of the rows, blind to their order and to the last digits of sums, which may differ."""
    lines = sorted(json_text([_stable(value) for value in row]) for row in rows)
    content = "\n".join([json_text(list(rows.names)), *lines])
    return hashlib.sha256(content.encode()).hexdigest()[:_DIGEST_LENGTH]


def _stable(value: Value) -> Value:
    if isinstance(value, float):
        return float(f"{value:.{_SIGNIFICANT_DIGITS}g}")
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value
