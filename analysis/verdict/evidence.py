"""What a verdict reads: counts per minute of everything that can speak for or against a deployment.

Pure data, of which any prefix of minutes is evidence too: a verdict can be made as of any minute.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from analysis.signatures.matching import SignatureMatch
from analysis.verdict.check import ExceptionState, Origin
from analysis.verdict.counts import Counts, Series, added


@dataclass(frozen=True, slots=True, eq=False)
class Instances:
    """Failures among requests, before the candidate and of each of its instances.

    `before_*` are of the service before the candidate's first minute, shape (history minutes,).
    `events` and `trials` have the shape (instances, minutes); without instance ids there is one row
    for all. So failures can be counted by the age of each instance.
    """

    before_events: Series
    before_trials: Series
    events: Series
    trials: Series

    def until(self, minutes: int) -> "Instances":
        """The candidate's first minutes alone, and all before them."""
        return replace(self, events=self.events[:, :minutes], trials=self.trials[:, :minutes])


@dataclass(frozen=True, slots=True)
class LatencyChange:
    """A quantile of the duration of requests that did not fail, milliseconds, with its interval.

    `endpoint` is None for the service as a whole. A bound is None when there are too few requests.
    """

    endpoint: str | None
    quantile: float
    candidate: float
    candidate_low: float | None
    candidate_high: float | None
    baseline: float
    baseline_low: float | None
    baseline_high: float | None


@dataclass(frozen=True, slots=True)
class Rival:
    """Another deployment of the same minutes that may explain the same failures."""

    service: str
    version: str | None
    first_seen: str
    failures: int


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """Everything known of a deployment, of `minutes` minutes from `first_minute` (since 1970, UTC).

    `minutes_before` of it lie before these and are not judged.
    `side_by_side`: candidate and baseline served in the same minutes; else each minute stands
    against minutes from before. `own` are failures that start in the service itself, per endpoint;
    `elsewhere` those of its requests that start in another; both among requests. `earlier` is the
    candidate against what served before it, also where a concurrent baseline is the comparison;
    `earlier_baseline` the same of that baseline.
    `noise` are failures in the first and last minute of instances, in no count of failures of
    requests. `client_errors` are per kind of code. `slow` are requests slower than the usual 95th
    percentile. Both have their strata, the same per endpoint. `calls` are calls made per request,
    per peer; `failed_calls` those of them that failed. `unanswered` are calls to the service that
    failed without a request beneath, and `unanswered_others` the same of its callers' other peers.
    `participation` are failing traces among traces through either side, one entry for each endpoint
    and combination of the other services' versions; `participation_all` are they without that.
    `traffic` are requests to the service per request elsewhere.
    """

    first_minute: int
    minutes: int
    side_by_side: bool
    has_baseline: bool
    own: Mapping[str, Counts]
    elsewhere: Counts
    earlier: Counts | None = None
    earlier_baseline: Counts | None = None
    minutes_before: int = 0
    irreversible: bool = False
    strategy: str | None = None
    version: str = ""
    service: str = ""
    noise: Counts | None = None
    client_errors: Mapping[str, Counts] = field(default_factory=dict)
    timeouts: Counts | None = None
    client_error_strata: Mapping[str, tuple[Counts, ...]] = field(default_factory=dict)
    slow: Counts | None = None
    slow_strata: tuple[Counts, ...] = ()
    latency: tuple[LatencyChange, ...] = ()
    calls: Mapping[str, Counts] = field(default_factory=dict)
    failed_calls: Mapping[str, Counts] = field(default_factory=dict)
    unanswered: Counts | None = None
    unanswered_others: Counts | None = None
    participation: tuple[Counts, ...] = ()
    participation_all: Counts | None = None
    traffic: Counts | None = None
    instances: Instances | None = None
    origins: tuple[Origin, ...] = ()
    exceptions: tuple[ExceptionState, ...] = ()
    signatures: tuple[SignatureMatch, ...] = ()
    rivals: tuple[Rival, ...] = ()
    sampling_differs: bool = False
    weighted: tuple[float, float] | None = None
    clock_skew_s: float | None = None
    caveats: tuple[str, ...] = ()

    @property
    def own_all(self) -> Counts:
        """Own failures of all endpoints."""
        return added(self.own.values(), self.minutes)

    @property
    def failures(self) -> Counts:
        """Failures of its requests, wherever they start."""
        own, elsewhere = self.own_all, self.elsewhere
        return replace(
            own,
            candidate_events=own.candidate_events + elsewhere.candidate_events,
            baseline_events=own.baseline_events + elsewhere.baseline_events,
            history_events=own.history_events + elsewhere.history_events,
        )

    def until(self, minutes: int) -> "Evidence":
        """The same as of an earlier minute; what has no minutes of its own stays as it is."""

        def cut(counts: Counts | None) -> Counts | None:
            return None if counts is None else counts.until(minutes)

        def each(all_counts: Mapping[str, Counts]) -> dict[str, Counts]:
            return {name: counts.until(minutes) for name, counts in all_counts.items()}

        return replace(
            self,
            minutes=min(minutes, self.minutes),
            own=each(self.own),
            elsewhere=self.elsewhere.until(minutes),
            earlier=cut(self.earlier),
            earlier_baseline=cut(self.earlier_baseline),
            noise=cut(self.noise),
            client_errors=each(self.client_errors),
            timeouts=cut(self.timeouts),
            client_error_strata={
                name: tuple(counts.until(minutes) for counts in strata)
                for name, strata in self.client_error_strata.items()
            },
            slow=cut(self.slow),
            slow_strata=tuple(counts.until(minutes) for counts in self.slow_strata),
            calls=each(self.calls),
            failed_calls=each(self.failed_calls),
            unanswered=cut(self.unanswered),
            unanswered_others=cut(self.unanswered_others),
            participation=tuple(counts.until(minutes) for counts in self.participation),
            participation_all=cut(self.participation_all),
            traffic=cut(self.traffic),
            instances=None if self.instances is None else self.instances.until(minutes),
        )
