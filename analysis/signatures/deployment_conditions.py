"""What a signature may ask of the deployment as a whole, each condition under its name.

A condition holds, fails, or is unknown (None) when the facts do not say.
"""

from collections.abc import Callable, Mapping

from analysis.signatures.facts import FlagVariant
from analysis.signatures.situation import Situation

COUNT_MIN = 3
RESENT_SHARE_MIN = 0.2
UNANSWERED_MIN = 5
SHORT_LIVED_MIN = 2
RISK_RATIO_MIN = 3.0


def _few_requests(seen: Situation) -> bool | None:
    expected = seen.facts.expected_requests
    if not expected:
        return None
    return seen.facts.candidate_requests < seen.thresholds.traffic_ratio_max * expected


def _no_server_spans(seen: Situation) -> bool | None:
    unanswered = seen.facts.unanswered_calls
    return None if unanswered is None else unanswered >= UNANSWERED_MIN


def _short_lived_instances(seen: Situation) -> bool | None:
    gone = seen.facts.short_lived_instances
    return None if gone is None else gone >= SHORT_LIVED_MIN


def _fatal_logs(seen: Situation) -> bool | None:
    records = seen.facts.fatal_logs
    return None if records is None else records > 0


def _timeouts_follow(seen: Situation) -> bool | None:
    timeouts = seen.facts.timeouts
    if timeouts is None or not seen.facts.candidate_requests:
        return None
    share = timeouts / seen.facts.candidate_requests
    return timeouts >= COUNT_MIN and share >= seen.thresholds.difference_min


def _calls_ratio(seen: Situation) -> bool | None:
    return any(amplified(seen)) if seen.facts.calls else None


def amplified(seen: Situation) -> tuple[bool, ...]:
    """Of each peer, whether the candidate calls it so much more often per request that it counts
    (`amplification_ratio_min`, `amplification_calls_min`)."""
    limit = seen.thresholds
    pairs = [
        (one.candidate_calls_per_request, one.baseline_calls_per_request)
        for one in seen.facts.calls
    ]
    return tuple(
        new is not None
        and old is not None
        and new >= limit.amplification_ratio_min * old
        and new - old >= limit.amplification_calls_min
        for new, old in pairs
    )


def _retries(seen: Situation) -> bool | None:
    return any(retried(seen)) if seen.facts.calls else None


def retried(seen: Situation) -> tuple[bool, ...]:
    """Of each peer, whether a good part of the calls to it is sent again, and more than before."""
    shares = [(one.candidate_resent_share, one.baseline_resent_share) for one in seen.facts.calls]
    return tuple(
        new is not None
        and new >= RESENT_SHARE_MIN
        and (old is None or new >= seen.thresholds.amplification_ratio_min * old)
        for new, old in shares
    )


def _flag_attribute(seen: Situation) -> bool | None:
    return outstanding_flag(seen) is not None if seen.facts.flags else None


def outstanding_flag(seen: Situation) -> FlagVariant | None:
    """The variant of a feature flag that goes with failures most strongly, if it counts."""
    strong = (
        flag
        for flag in seen.facts.flags
        if flag.risk_ratio >= RISK_RATIO_MIN and flag.failures >= COUNT_MIN
    )
    return max(strong, key=lambda flag: flag.risk_ratio, default=None)


def _named(seen: Situation) -> bool | None:
    return seen.named


DEPLOYMENT_CONDITIONS: Mapping[str, Callable[[Situation], bool | None]] = {
    "few_requests": _few_requests,
    "no_server_spans": _no_server_spans,
    "short_lived_instances": _short_lived_instances,
    "fatal_logs": _fatal_logs,
    "timeouts_follow": _timeouts_follow,
    "calls_ratio": _calls_ratio,
    "retries": _retries,
    "flag_attribute": _flag_attribute,
    "named": _named,
}
