"""Everything that the rules of a verdict ask about: evidence weighed against thresholds.

Three claims can each prove harm: failures (all kinds but traffic together), slow answers, and
refused logins. Their e-values are averaged with the weights below, fixed beforehand, so that all of
them together are wrong at most once in 1/alpha deployments: a claim is proven when its e-value
times its weight reaches 1/alpha.
"""

import math
from dataclasses import dataclass

from analysis.inference.e_process import log_mean
from analysis.inference.multiplicity import e_bh
from analysis.verdict.changes import Change, amplified_calls, failing_dependencies, lost_traffic
from analysis.verdict.check import ExceptionState, Kinds, Onset
from analysis.verdict.counts import Counts
from analysis.verdict.effect import Effect, effect_of
from analysis.verdict.evidence import Evidence, LatencyChange
from analysis.verdict.health import Health, health_of
from analysis.verdict.onset import onset_of
from analysis.verdict.strength import combined, kinds_of, strata_log_e, strength_of
from analysis.verdict.thresholds import Thresholds

FAILURES, SLOW, REFUSED = "failures", "slow", "refused"
_WEIGHTS = {FAILURES: 0.8, SLOW: 0.1, REFUSED: 0.1}
# Kinds of client errors that a new version causes by itself; others may be meant.
LOGIN_ERRORS = ("unauthorized", "forbidden")


@dataclass(frozen=True, slots=True)
class Rise:
    """Something that rose, with its evidence: an endpoint's failures, a kind of client error."""

    name: str
    log_e: float
    effect: Effect
    share: float


@dataclass(frozen=True, slots=True)
class Assessment:
    """What is known of one deployment. Evidence as natural logarithms of e-values.

    `claims` are the log e-values of the claims times their weights. `endpoints` failed more, by
    e-BH; `client_errors` are the kinds that are counted. `slower` are durations that matter,
    `slightly_slower` those below the floor. `lost` is traffic that dried up, `amplified` are peers
    called more often, `dependencies` those whose calls fail more. `earlier` is the candidate
    against what served before it, `earlier_baseline` the version beside it so; `elsewhere` its
    failures that start in other services, against the baseline.
    """

    evidence: Evidence
    thresholds: Thresholds
    kinds: Kinds
    claims: dict[str, float]
    own: Effect
    failures: Effect
    participation: Effect | None
    unanswered: Effect | None
    earlier: Rise | None
    earlier_baseline: Rise | None
    elsewhere: Rise
    endpoints: tuple[Rise, ...]
    client_errors: tuple[Rise, ...]
    slower: tuple[LatencyChange, ...]
    slightly_slower: tuple[LatencyChange, ...]
    onset: Onset
    health: Health
    endpoint_health: dict[str, Health]
    lost: tuple[Change, ...]
    amplified: tuple[Change, ...]
    dependencies: tuple[Change, ...]
    new_exceptions: tuple[ExceptionState, ...]
    grown_exceptions: tuple[ExceptionState, ...]

    @property
    def log_proven(self) -> float:
        """What the logarithm of an e-value must reach."""
        return -math.log(self.thresholds.alpha)

    @property
    def log_growing(self) -> float:
        """From where evidence counts as growing."""
        return math.log(self.thresholds.hold_e_value)

    @property
    def own_new_failures(self) -> int:
        """The candidate's failing requests that start in it with an exception that is new."""
        new = {one.type for one in self.new_exceptions if one.type}
        here = self.evidence.service, self.evidence.version
        return sum(
            one.failures
            for one in self.evidence.origins
            if (one.service, one.version or "") == here and one.exception_type in new
        )

    @property
    def hits_both(self) -> bool:
        """Whether the version beside it fails much more than before as well: an outage of both."""
        old = self.earlier_baseline
        return old is not None and old.log_e >= self.log_growing and old.effect.matters

    def proven(self, claim: str) -> bool:
        """Whether the claim holds at every look."""
        return self.claims.get(claim, -math.inf) >= self.log_proven

    def growing(self, claim: str) -> bool:
        """Whether the claim may come to hold."""
        return self.claims.get(claim, -math.inf) >= self.log_growing

    @property
    def more_failures(self) -> bool:
        """Whether failures speak, not only traffic that dried up."""
        kinds = self.kinds.own, self.kinds.unanswered, self.kinds.participation
        return any(kind is not None and kind >= self.log_growing for kind in kinds)

    @property
    def requests(self) -> int:
        """Requests of the candidate."""
        return self.failures.totals.candidate_trials


def assess(evidence: Evidence, thresholds: Thresholds) -> Assessment:
    """Weigh the evidence."""
    kinds = kinds_of(evidence)
    own, failures = evidence.own_all, evidence.failures
    client_errors = _refusals(evidence, thresholds)
    slower = _slower(evidence, thresholds)
    tails = _tails(evidence, thresholds)
    return Assessment(
        evidence=evidence,
        thresholds=thresholds,
        kinds=kinds,
        claims=_claims(evidence, kinds, client_errors),
        own=effect_of(own, thresholds),
        failures=effect_of(failures, thresholds),
        participation=_effect(evidence.participation_all, thresholds),
        unanswered=_effect(evidence.unanswered, thresholds),
        earlier=_known_rise("earlier", evidence.earlier, thresholds),
        earlier_baseline=_known_rise("earlier", evidence.earlier_baseline, thresholds),
        elsewhere=_rise("elsewhere", evidence.elsewhere, thresholds),
        endpoints=_proven_endpoints(evidence, thresholds),
        client_errors=client_errors,
        slower=tuple(one for one in slower if one.endpoint in tails),
        slightly_slower=tuple(one for one in slower if one.endpoint not in tails),
        onset=onset_of(evidence),
        health=health_of(failures, thresholds.tolerance, thresholds.confidence),
        endpoint_health=_endpoint_health(evidence, thresholds),
        lost=lost_traffic(evidence, thresholds),
        amplified=amplified_calls(evidence, thresholds),
        dependencies=failing_dependencies(evidence, thresholds),
        new_exceptions=_new(evidence, thresholds),
        grown_exceptions=tuple(
            one for one in evidence.exceptions if one.state in ("regressed", "escalating")
        ),
    )


def _claims(evidence: Evidence, kinds: Kinds, client_errors: tuple[Rise, ...]) -> dict[str, float]:
    """The claims that something could be counted for; the weights of the others go to failures."""
    # Traffic that dried up may be meant: it proves nothing about failures.
    found = {FAILURES: combined(kinds, without=("traffic",))}
    if evidence.slow is not None:
        strata = evidence.slow_strata or (evidence.slow,)
        found[SLOW] = strata_log_e(strata)
    logins = [rise.log_e for rise in client_errors if rise.name in LOGIN_ERRORS]
    if logins:
        found[REFUSED] = log_mean(logins)
    others = sum(_WEIGHTS[name] for name in found if name != FAILURES)
    return {
        name: log_e + math.log(1 - others if name == FAILURES else _WEIGHTS[name])
        for name, log_e in found.items()
    }


def _effect(counts: Counts | None, thresholds: Thresholds) -> Effect | None:
    return None if counts is None else effect_of(counts, thresholds)


def _known_rise(name: str, counts: Counts | None, thresholds: Thresholds) -> Rise | None:
    return None if counts is None else _rise(name, counts, thresholds)


def _rise(name: str, counts: Counts, thresholds: Thresholds) -> Rise:
    return Rise(name, strength_of({name: counts}).log_e, effect_of(counts, thresholds), 1.0)


def _refusals(evidence: Evidence, thresholds: Thresholds) -> tuple[Rise, ...]:
    """Each kind of client error, compared endpoint by endpoint."""
    limits = "client_error_difference_min", "client_error_ratio_min"
    return tuple(
        Rise(
            name,
            strata_log_e(evidence.client_error_strata.get(name) or (counts,)),
            effect_of(counts, thresholds, *limits),
            1.0,
        )
        for name, counts in evidence.client_errors.items()
    )


def _proven_endpoints(evidence: Evidence, thresholds: Thresholds) -> tuple[Rise, ...]:
    """The endpoints whose own failures rose, proven by e-BH and large enough; surest first."""
    parts = strength_of(evidence.own).parts
    held = e_bh(list(parts.values()), thresholds.alpha)
    whole = max(1, evidence.own_all.totals.candidate_trials)
    rises = []
    for (name, log_e), proven in zip(parts.items(), held, strict=True):
        counts = evidence.own.get(name)
        if not proven or counts is None:
            continue
        effect = effect_of(counts, thresholds)
        if effect.matters:
            rises.append(Rise(name, log_e, effect, effect.totals.candidate_trials / whole))
    return tuple(sorted(rises, key=lambda rise: -rise.log_e))


def _endpoint_health(evidence: Evidence, thresholds: Thresholds) -> dict[str, Health]:
    """The health of each major endpoint."""
    whole = max(1, evidence.own_all.totals.candidate_trials)
    return {
        name: health_of(counts, thresholds.endpoint_tolerance, thresholds.confidence)
        for name, counts in evidence.own.items()
        if counts.totals.candidate_trials / whole >= thresholds.endpoint_share_min
    }


def _slower(evidence: Evidence, thresholds: Thresholds) -> list[LatencyChange]:
    """Quantiles much slower than the baseline's, with intervals apart."""
    return [
        change
        for change in evidence.latency
        if change.candidate_low is not None
        and change.baseline_high is not None
        and change.candidate_low > change.baseline_high
        and change.candidate >= change.baseline * thresholds.latency_ratio_min
    ]


def _tails(evidence: Evidence, thresholds: Thresholds) -> set[str | None]:
    """Major endpoints whose judged quantile is slow at all. The service as a whole is none: another
    mix of endpoints makes it slower, too."""
    requests = {name: one.totals.candidate_trials for name, one in evidence.own.items()}
    whole = max(1, sum(requests.values()))
    return {
        change.endpoint
        for change in evidence.latency
        if change.quantile == thresholds.latency_quantile
        and change.candidate >= thresholds.latency_ms_min
        and change.endpoint is not None
        and requests.get(change.endpoint, 0) >= thresholds.endpoint_share_min * whole
    }


def _new(evidence: Evidence, thresholds: Thresholds) -> tuple[ExceptionState, ...]:
    return tuple(
        one
        for one in evidence.exceptions
        if one.state == "new"
        and one.count >= thresholds.new_exception_traces_min
        and one.probability_not_new is not None
        and one.probability_not_new <= thresholds.new_exception_probability_max
    )
