"""What the signatures are matched against: failures in groups, and what is known of a deployment.

None is unknown. Whatever cannot be worked out may stay so: a condition on it then neither holds nor
fails.
"""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class FailingGroup:
    """Failing requests of the judged service that are alike: one origin, exception, code and peer.

    - `exception_type`, `message`: of the exception at the origin, as recorded.
    - `error`: `error.type` or the status description of the origin; for a failure without an
      exception it is all there is.
    - `http_status`, `rpc_status`, `db_status`: codes of the origin: HTTP, gRPC, SQLSTATE or the
      number of the database (`1054`, `ORA-00904`).
    - `origin_kind`: SERVER, CONSUMER, CLIENT, PRODUCER or INTERNAL.
    - `peer`: what the origin called, if it is a call; `peer_is_ours`: whether a stored service
      answers calls to it.
    - `top_frame`: the top frame of our own code as `module.function`, or of any code;
      `top_frame_in_app`: whether it is our own code.
    - `candidate_count`: failing requests of the candidate; `minute_counts`: the same per minute
      from its first request on, () if unknown.
    - `old_version_count`: failing requests of other versions of the service since then.
    - `before_count`: failing requests of the service in the window before.
    - `warm_up_count`: those of `candidate_count` and `old_version_count` in the first and last
      minute of an instance.
    - `endpoints`, `instances`: those of the candidate that are hit; None if unknown.
    - `endpoint_requests`: all requests of the candidate to those endpoints.
    - `cache_hit_count`: those of `candidate_count` right after a read of a cache or session store
      that succeeded.
    - `durations_ms`: how long the failing calls or requests took, a sample; () if unknown.
    """

    exception_type: str | None = None
    message: str | None = None
    error: str | None = None
    http_status: int | None = None
    rpc_status: int | None = None
    db_status: str | None = None
    origin_kind: str | None = None
    peer: str | None = None
    peer_is_ours: bool | None = None
    top_frame: str | None = None
    top_frame_in_app: bool | None = None
    candidate_count: int = 0
    minute_counts: tuple[int, ...] = ()
    old_version_count: int = 0
    before_count: int = 0
    warm_up_count: int | None = None
    endpoints: frozenset[str] | None = None
    endpoint_requests: int | None = None
    instances: frozenset[str] | None = None
    cache_hit_count: int | None = None
    durations_ms: tuple[float, ...] = ()

    @property
    def count(self) -> int:
        """Failing requests since the candidate's first one, whatever version."""
        return self.candidate_count + self.old_version_count


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerCalls:
    """How the candidate calls one peer, against how the baseline does.

    `resent_share`: of its calls, how many were sent again after a failure, 0 to 1.
    """

    peer: str
    candidate_calls_per_request: float | None = None
    baseline_calls_per_request: float | None = None
    candidate_resent_share: float | None = None
    baseline_resent_share: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagVariant:
    """A variant of a feature flag on the failing requests.

    `risk_ratio`: how many times likelier a request with it fails than one without, any version;
    `failures`: failing requests with it.
    """

    key: str
    variant: str
    risk_ratio: float
    failures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureFacts:
    """The failing groups, largest first, and what is known of the deployment as a whole.

    - `candidate_requests`, `old_version_requests`, `before_requests`: all requests in the windows
      of the counts of a group; `minute_requests`: those of the candidate per minute, () if unknown.
    - `endpoints`, `instances`: how many the candidate has; None if unknown.
    - `timeouts`: requests of the candidate that ended in a timeout.
    - `expected_requests`: how many the candidate should have had in its window by the service's
      traffic and its instances.
    - `unanswered_calls`: failing calls to the service since the candidate's first sign of life,
      without a request beneath, beyond what was usual before and outside roll-out noise.
    - `short_lived_instances`: instances of the candidate that were gone again within minutes.
    - `fatal_logs`: log records of the candidate at FATAL.
    """

    groups: tuple[FailingGroup, ...] = ()
    candidate_requests: int = 0
    old_version_requests: int = 0
    before_requests: int = 0
    minute_requests: tuple[int, ...] = ()
    endpoints: int | None = None
    instances: int | None = None
    timeouts: int | None = None
    expected_requests: float | None = None
    unanswered_calls: int | None = None
    short_lived_instances: int | None = None
    fatal_logs: int | None = None
    calls: tuple[PeerCalls, ...] = ()
    flags: tuple[FlagVariant, ...] = ()


def merged(groups: tuple[FailingGroup, ...]) -> FailingGroup:
    """All failures together: counts added, endpoints and instances united; what one does not know
    is unknown. Texts, codes and the peer are those of the first; no groups make an empty one."""
    if not groups:
        return FailingGroup()
    first, *others = groups
    for other in others:
        first = _both(first, other)
    return first


def _both(one: FailingGroup, other: FailingGroup) -> FailingGroup:
    # Requests to the endpoints of both are not the sum if they share one; the larger is a floor.
    requests = (one.endpoint_requests, other.endpoint_requests)
    disjoint = one.endpoints and other.endpoints and one.endpoints.isdisjoint(other.endpoints)
    return replace(
        one,
        candidate_count=one.candidate_count + other.candidate_count,
        old_version_count=one.old_version_count + other.old_version_count,
        before_count=one.before_count + other.before_count,
        minute_counts=_added_up(one.minute_counts, other.minute_counts),
        warm_up_count=_sum(one.warm_up_count, other.warm_up_count),
        endpoints=_united(one.endpoints, other.endpoints),
        endpoint_requests=_sum(*requests) if disjoint else _larger(*requests),
        instances=_united(one.instances, other.instances),
        cache_hit_count=_sum(one.cache_hit_count, other.cache_hit_count),
        durations_ms=one.durations_ms + other.durations_ms,
        origin_kind=one.origin_kind if one.origin_kind == other.origin_kind else None,
        peer=one.peer if one.peer == other.peer else None,
        peer_is_ours=one.peer_is_ours if one.peer_is_ours == other.peer_is_ours else None,
    )


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


def _larger(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else max(one, other)


def _united(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    return None if one is None or other is None else one | other


def _added_up(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    if not one or not other:
        return ()
    length = max(len(one), len(other))
    padded = [counts + (0,) * (length - len(counts)) for counts in (one, other)]
    return tuple(a + b for a, b in zip(*padded, strict=True))
