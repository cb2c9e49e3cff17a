"""What speaks for a signature, and what against it, in a sentence."""

from analysis.safe_text import shortened, shown
from analysis.signatures.conditions import onset_minute, round_duration_s
from analysis.signatures.deployment_conditions import amplified, outstanding_flag, retried
from analysis.signatures.hit import NAME_LENGTH_MAX
from analysis.signatures.situation import Situation
from analysis.signatures.table import signature_table


def evidence(
    seen: Situation, quote: str | None, holds: tuple[str, ...], against: tuple[str, ...]
) -> str:
    """The failure as it was seen and how often, the conditions that hold, and those that hold but
    speak against it. Everything from a span in it is made harmless and cut."""
    said = [] if quote is None else [f"{quote} ({_counted(seen)})"]
    said += _phrases(seen, holds)
    text = ", ".join(said)
    doubts = _phrases(seen, against)
    return f"{text}; but {', '.join(doubts)}" if doubts else text


def _counted(seen: Situation) -> str:
    new, old = seen.group.candidate_count, seen.group.old_version_count
    if new:
        return f"{new} failing request{'' if new == 1 else 's'}"
    return f"{old} failing request{'' if old == 1 else 's'} of the old version"


def _phrases(seen: Situation, conditions: tuple[str, ...]) -> list[str]:
    phrases, values = signature_table().phrases, _values(seen)
    return [phrases[name].format_map(values) for name in conditions if name != "named"]


def _values(seen: Situation) -> dict[str, str]:
    """What the phrases may name; an unknown value is a `?`, which no phrase that holds shows."""
    facts, group = seen.facts, seen.group
    numbers = {
        "onset": onset_minute(group),
        "old_count": group.old_version_count,
        "round_s": round_duration_s(group.durations_ms),
        "seen": facts.candidate_requests,
        "expected": facts.expected_requests and round(facts.expected_requests),
        "unanswered": facts.unanswered_calls,
        "gone": facts.short_lived_instances,
        "fatal": facts.fatal_logs,
    }
    texts = {name: "?" if value is None else f"{value:g}" for name, value in numbers.items()}
    return texts | {
        "peer": _shown(group.peer),
        "amplified": _amplified(seen),
        "retried": _retried(seen),
        "flag": _flag(seen),
    }


def _amplified(seen: Situation) -> str:
    peers = (one for one, is_so in zip(seen.facts.calls, amplified(seen), strict=True) if is_so)
    return ", ".join(
        f"{one.candidate_calls_per_request:.3g} calls to {_shown(one.peer)} per request instead of"
        f" {one.baseline_calls_per_request:.3g}"
        for one in peers
    )


def _retried(seen: Situation) -> str:
    peers = (one for one, is_so in zip(seen.facts.calls, retried(seen), strict=True) if is_so)
    return ", ".join(
        f"{one.candidate_resent_share:.0%} of the calls to {_shown(one.peer)} are sent again"
        + (
            ""
            if one.baseline_resent_share is None
            else f" (before {one.baseline_resent_share:.0%})"
        )
        for one in peers
    )


def _flag(seen: Situation) -> str:
    flag = outstanding_flag(seen)
    if flag is None:
        return "?"
    return (
        f"requests with {_shown(flag.key)} = {_shown(flag.variant)} fail {flag.risk_ratio:.3g}"
        " times as often as others"
    )


def _share(share: float | None) -> str:
    return "unknown" if share is None else f"{share:.0%}"


def _shown(text: str | None) -> str:
    return shortened(shown(text), NAME_LENGTH_MAX) if text else "?"
