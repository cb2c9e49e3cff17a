"""What a signature may ask of a group of failures, each condition under its name.

A condition holds, fails, or is unknown (None) when the facts do not say.
"""

from collections.abc import Callable, Mapping

from analysis.signatures.deployment_conditions import DEPLOYMENT_CONDITIONS
from analysis.signatures.facts import FailingGroup
from analysis.signatures.situation import Situation

FIRST_MINUTES = 1
LATER_MINUTES = 3
COUNT_MIN = 3
OLD_TOO_RATIO = 1 / 3
NEW_ONLY_RATIO = 0.1
REQUESTS_TO_COMPARE_MIN = 20
MOST = 0.9
PARTIAL = 0.5
SMALL_SHARE = 0.05
TREND_RATIO = 2.0
ROUND_SHARE = 0.6
# Defaults of client libraries and what people set: seconds.
ROUND_DURATIONS_S = (0.5, 1, 2, 3, 5, 10, 15, 20, 25, 30, 45, 60, 90, 100, 120, 300)
# A call that is cut off ends a little after its limit.
ROUND_BELOW, ROUND_ABOVE = 0.99, 1.08


def round_duration_s(durations_ms: tuple[float, ...]) -> float | None:
    """The round number of seconds where most of the durations lie; None where they do not."""
    if len(durations_ms) < COUNT_MIN:
        return None
    for seconds in ROUND_DURATIONS_S:
        low, high = seconds * 1000 * ROUND_BELOW, seconds * 1000 * ROUND_ABOVE
        if sum(low <= ms <= high for ms in durations_ms) >= ROUND_SHARE * len(durations_ms):
            return seconds
    return None


def onset_minute(group: FailingGroup) -> int | None:
    """Minutes from the candidate's first request to its first such failure."""
    return next((at for at, count in enumerate(group.minute_counts) if count), None)


def _old_version_too(seen: Situation) -> bool | None:
    if seen.facts.old_version_requests < REQUESTS_TO_COMPARE_MIN:
        return None
    if seen.group.old_version_count < COUNT_MIN:
        return False
    risen = seen.old_version_rate > seen.thresholds.ratio_min * seen.before_rate
    return risen and seen.old_version_rate >= OLD_TOO_RATIO * seen.candidate_rate


def _new_only(seen: Situation) -> bool | None:
    old_requests = seen.facts.old_version_requests
    before_requests = seen.facts.before_requests
    if max(old_requests, before_requests) < REQUESTS_TO_COMPARE_MIN:
        return None
    if not seen.group.candidate_count:
        return False
    limit = NEW_ONLY_RATIO * seen.candidate_rate
    return seen.old_version_rate <= limit and seen.before_rate <= limit


def _all_endpoints(seen: Situation) -> bool | None:
    if seen.group.endpoints is None or seen.facts.endpoints is None:
        return None
    return seen.facts.endpoints >= 2 and len(seen.group.endpoints) >= MOST * seen.facts.endpoints


def _all_instances(seen: Situation) -> bool | None:
    if seen.group.instances is None or seen.facts.instances is None:
        return None
    return seen.facts.instances >= 2 and len(seen.group.instances) >= seen.facts.instances


def _some_instances_only(seen: Situation) -> bool | None:
    if seen.group.instances is None or seen.facts.instances is None:
        return None
    enough = seen.group.candidate_count >= COUNT_MIN * seen.facts.instances
    return enough and 0 < len(seen.group.instances) < seen.facts.instances


def _from_first_minute(seen: Situation) -> bool | None:
    onset = onset_minute(seen.group)
    return None if onset is None else onset <= FIRST_MINUTES


def _minutes_later(seen: Situation) -> bool | None:
    onset = onset_minute(seen.group)
    return None if onset is None else onset >= LATER_MINUTES


def _share_of_endpoints(seen: Situation) -> float | None:
    requests = seen.group.endpoint_requests
    return seen.group.candidate_count / requests if requests else None


def _most_requests(seen: Situation) -> bool | None:
    share = _share_of_endpoints(seen)
    return None if share is None else share >= MOST


def _partial(seen: Situation) -> bool | None:
    share = _share_of_endpoints(seen)
    return None if share is None else share < PARTIAL


def _small_share(seen: Situation) -> bool | None:
    return seen.candidate_rate < SMALL_SHARE if seen.facts.candidate_requests else None


def _halves(seen: Situation) -> tuple[float, float] | None:
    """Failures per request of the first and second half of the minutes since the first failure."""
    counts, requests = seen.group.minute_counts, seen.facts.minute_requests
    onset = onset_minute(seen.group)
    if onset is None or len(counts) != len(requests) or len(counts) - onset < 4:
        return None
    middle = (onset + len(counts)) // 2
    parts = (slice(onset, middle), slice(middle, None))
    if not all(sum(requests[part]) for part in parts):
        return None
    early, late = (sum(counts[part]) / sum(requests[part]) for part in parts)
    return early, late


def _grows(seen: Situation) -> bool | None:
    halves = _halves(seen)
    if halves is None:
        return None
    return seen.group.candidate_count >= 10 and halves[1] >= TREND_RATIO * halves[0]


def _fades(seen: Situation) -> bool | None:
    halves = _halves(seen)
    if halves is None:
        return None
    return seen.group.candidate_count >= 10 and halves[0] >= TREND_RATIO * halves[1]


def _client_span_origin(seen: Situation) -> bool | None:
    kind = seen.group.origin_kind
    return None if kind is None else kind in ("CLIENT", "PRODUCER")


def _one_peer(seen: Situation) -> bool | None:
    return True if seen.group.peer else None


def _third_party_peer(seen: Situation) -> bool | None:
    if seen.group.peer is None or seen.group.peer_is_ours is None:
        return None
    return not seen.group.peer_is_ours


def _after_cache_hit(seen: Situation) -> bool | None:
    hits = seen.group.cache_hit_count
    return None if hits is None else hits > 0 and hits >= PARTIAL * seen.group.candidate_count


def _library_frame(seen: Situation) -> bool | None:
    in_app = seen.group.top_frame_in_app
    return None if in_app is None else not in_app


def _round_duration(seen: Situation) -> bool | None:
    if len(seen.group.durations_ms) < COUNT_MIN:
        return None
    return round_duration_s(seen.group.durations_ms) is not None


def _rollout_window_only(seen: Situation) -> bool | None:
    noise = seen.group.warm_up_count
    return None if noise is None else noise > 0 and noise >= MOST * seen.group.count


CONDITIONS: Mapping[str, Callable[[Situation], bool | None]] = {
    "all_endpoints": _all_endpoints,
    "all_instances": _all_instances,
    "some_instances_only": _some_instances_only,
    "from_first_minute": _from_first_minute,
    "minutes_later": _minutes_later,
    "old_version_too": _old_version_too,
    "new_only": _new_only,
    "most_requests": _most_requests,
    "partial": _partial,
    "small_share": _small_share,
    "grows": _grows,
    "fades": _fades,
    "client_span_origin": _client_span_origin,
    "one_peer": _one_peer,
    "third_party_peer": _third_party_peer,
    "after_cache_hit": _after_cache_hit,
    "library_frame": _library_frame,
    "round_duration": _round_duration,
    "rollout_window_only": _rollout_window_only,
    **DEPLOYMENT_CONDITIONS,
}
