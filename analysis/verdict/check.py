"""What is said of one deployment: the verdict and all that it rests on.

The fields are those of the JSON that `deploylens check` and `GET /api/check` answer with, in their
order. None is unknown. Times are RFC 3339, UTC. Shares and rates run from 0 to 1.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

SCHEMA_VERSION = 1

Figure = float | int | str | None


class Verdict(StrEnum):
    """The judgement on a deployment."""

    ROLL_BACK = "roll_back"
    FIX_FORWARD = "fix_forward"
    HOLD = "hold"
    HEALTHY = "healthy"
    NOT_ENOUGH_DATA = "not_enough_data"
    NOT_THIS_DEPLOYMENT = "not_this_deployment"


class Gate(StrEnum):
    """What a pipeline does with a verdict."""

    PASS = "pass"
    FAIL = "fail"
    WAIT = "wait"


GATES = {
    Verdict.ROLL_BACK: Gate.FAIL,
    Verdict.FIX_FORWARD: Gate.FAIL,
    Verdict.HOLD: Gate.WAIT,
    Verdict.HEALTHY: Gate.PASS,
    Verdict.NOT_ENOUGH_DATA: Gate.WAIT,
    Verdict.NOT_THIS_DEPLOYMENT: Gate.WAIT,
}


@dataclass(frozen=True, slots=True)
class CheckedDeployment:
    """The deployment under judgement. `instances` and `requests` are those of the window."""

    service: str
    namespace: str | None
    version: str | None
    environment: str | None
    deployment_id: str | None
    first_seen: str | None
    last_seen: str | None
    instances: int | None
    requests: int
    commit: str | None
    version_source: str | None


@dataclass(frozen=True, slots=True)
class Baseline:
    """What it is compared with. `kind` is concurrent, before or named; in JSON `from` and `to`."""

    kind: str
    version: str | None
    since: str
    until: str
    requests: int


@dataclass(frozen=True, slots=True)
class Window:
    """The minutes that were judged; the end is not included. In JSON `from` and `to`."""

    since: str
    until: str


@dataclass(frozen=True, slots=True)
class FailureRate:
    """Share of requests that failed, of both sides, and how sure the difference is.

    `low` and `high` are the bounds of the difference, `e_value` the evidence that the candidate's
    is higher: valid at every look, wrong at most once in 1/`alpha` deployments when it reaches it.
    """

    baseline: float | None
    candidate: float | None
    difference: float | None
    low: float | None
    high: float | None
    e_value: float | None
    alpha: float


@dataclass(frozen=True, slots=True)
class Onset:
    """When failures rose: the minute, its interval, and `relation` to the first traffic of the
    deployment: before, at, after; None when they did not rise."""

    at: str | None
    low: str | None
    high: str | None
    relation: str | None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something worth a reader's time. `severity` is critical, warning or info."""

    kind: str
    severity: str
    service: str
    version: str | None
    endpoint: str | None
    title: str
    evidence: Mapping[str, Figure]
    example_trace_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Origin:
    """Where failing requests of the candidate start; `share` of them, 0 to 1."""

    service: str
    version: str | None
    span_name: str
    exception_type: str | None
    share: float
    failures: int


@dataclass(frozen=True, slots=True)
class Impact:
    """Who was hit; `users` is None when no span names a user."""

    failed_requests: int
    requests: int
    endpoints: int
    services: int
    users: int | None


@dataclass(frozen=True, slots=True)
class ExceptionState:
    """An exception group and its state in this deployment."""

    type: str | None
    message: str | None
    fingerprint: str
    state: str
    count: int
    first_seen: str | None
    top_frame: str | None
    probability_not_new: float | None


@dataclass(frozen=True, slots=True)
class SignatureShown:
    """A known pattern of failure that was recognised."""

    name: str
    confidence: str
    evidence: str
    first_check: str
    advice: str


@dataclass(frozen=True, slots=True)
class Suspect:
    """A commit that may be the cause."""

    commit: str
    author: str
    summary: str
    files: tuple[str, ...]
    score: float


@dataclass(frozen=True, slots=True)
class Needed:
    """What a decision still needs; None when none is missing, or nothing can be said."""

    requests: int | None
    minutes: float | None


@dataclass(frozen=True, slots=True)
class Kinds:
    """Evidence of each kind as the natural logarithm of its e-value; None where nothing could be
    counted."""

    own: float | None = None
    unanswered: float | None = None
    participation: float | None = None
    traffic: float | None = None


@dataclass(frozen=True, slots=True)
class UsedThreshold:
    """A threshold that decided something, its value and where that was set."""

    name: str
    value: float
    origin: str


@dataclass(frozen=True, slots=True)
class Check:
    """The verdict on one deployment and everything that it rests on."""

    generated_at: str
    deployment: CheckedDeployment
    baseline: Baseline | None
    window: Window | None
    verdict: Verdict
    reasons: tuple[str, ...]
    failure_rate: FailureRate
    onset: Onset
    findings: tuple[Finding, ...]
    origins: tuple[Origin, ...]
    impact: Impact
    exceptions: tuple[ExceptionState, ...]
    signatures: tuple[SignatureShown, ...]
    suspects: tuple[Suspect, ...]
    owners: tuple[str, ...]
    ruled_out: tuple[str, ...]
    needed: Needed
    caveats: tuple[str, ...]
    kinds: Kinds
    thresholds: tuple[UsedThreshold, ...]

    @property
    def gate(self) -> Gate:
        """What a pipeline does with it."""
        return GATES[self.verdict]
