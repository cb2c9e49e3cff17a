"""Which known causes the failures after a deployment look like.

A match is a guess with a confidence, worth a first check. How it is made stands in
`signatures.toml`: texts and codes give a cause away, conditions on the facts make it surer or less
so, and say what it does to the verdict. Pure: facts in, matches out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from analysis.safe_text import shortened, shown
from analysis.signatures.conditions import CONDITIONS
from analysis.signatures.deployment_conditions import outstanding_flag
from analysis.signatures.evidence import evidence
from analysis.signatures.facts import FailingGroup, SignatureFacts, merged
from analysis.signatures.failure_text import FailureText, failure_text
from analysis.signatures.hit import (
    NAME_LENGTH_MAX,
    Hit,
    all_hold,
    explained_share,
    hit_of_deployment,
    hit_of_group,
)
from analysis.signatures.situation import Situation
from analysis.signatures.table import Signature, signature_table
from analysis.verdict.thresholds import Thresholds

# A signature that explains fewer of the failures says nothing about the verdict on all of them.
EXPLAINED_SHARE_MIN = 0.5
GROUPS_MAX = 50
FRAME_LENGTH_MAX = 300
REQUESTS_TO_COMPARE_MIN = 20
CONFIDENCES = ("low", "medium", "high")
_LOW, _MEDIUM, _HIGH = range(len(CONFIDENCES))


@dataclass(frozen=True, slots=True)
class SignatureMatch:
    """A cause that the failures look like.

    `effect` is what it does to the verdict: hold, fix_forward, roll_back, ignore, or None for
    nothing; only a match of medium confidence or more that explains at least half of the failures
    has one. `explained` is that share, 0 to 1; None for a match that is about the deployment as a
    whole.
    """

    name: str
    title: str
    confidence: str
    evidence: str
    first_check: str
    advice: str
    effect: str | None
    explained: float | None


def match(
    facts: SignatureFacts, thresholds: Thresholds | None = None
) -> tuple[SignatureMatch, ...]:
    """The causes that the facts look like, the surest first, then what explains most.

    Only failures that rose count, and of these the `GROUPS_MAX` largest groups.
    """
    limits = thresholds or Thresholds()
    risen = [group for group in facts.groups if _risen(Situation(facts, group, limits))]
    largest = sorted(risen, key=lambda group: -group.count)[:GROUPS_MAX]
    everything = Situation(facts, merged(tuple(largest)), limits)
    failures = [(group, failure_text(group)) for group in largest]
    found = [
        result
        for signature in signature_table().signatures
        if (result := _matched(signature, everything, failures))
    ]
    return tuple(sorted(found, key=_weight, reverse=True))


def _weight(one: SignatureMatch) -> tuple[int, float]:
    whole = 1.0
    return CONFIDENCES.index(one.confidence), whole if one.explained is None else one.explained


def _risen(seen: Situation) -> bool:
    if not seen.group.count:
        return False
    if seen.facts.before_requests < REQUESTS_TO_COMPARE_MIN:
        return True
    rate = max(seen.candidate_rate, seen.old_version_rate)
    return rate > seen.thresholds.ratio_min * seen.before_rate


def _matched(
    signature: Signature,
    everything: Situation,
    failures: Sequence[tuple[FailingGroup, FailureText]],
) -> SignatureMatch | None:
    hits = [
        (group, hit)
        for group, text in failures
        if (hit := hit_of_group(signature, replace(everything, group=group), text))
    ]
    if not hits:
        whole = hit_of_deployment(signature, everything)
        share = explained_share(whole, everything) if whole else None
        return _described(signature, everything, whole, share) if whole else None
    hits.sort(key=lambda pair: pair[1].strength, reverse=True)
    best = hits[0][1]
    group = merged(tuple(group for group, _ in hits))
    seen = replace(everything, group=group, named=best.name is not None)
    return _described(signature, seen, best, group.count / everything.group.count)


def _described(
    signature: Signature, seen: Situation, best: Hit, explained: float | None
) -> SignatureMatch | None:
    raising = tuple(name for name in signature.raised_by if CONDITIONS[name](seen))
    lowering = tuple(name for name in signature.lowered_by if CONDITIONS[name](seen))
    frame = (seen.group.top_frame or "")[:FRAME_LENGTH_MAX]
    in_frame = bool(signature.frames and signature.frames.search(frame))
    confidence = _confidence(best.specific, bool(raising) or in_frame, bool(lowering))
    if confidence < _LOW:
        return None
    rule = next((rule for rule in signature.effects if all_hold(rule.when, seen)), None)
    weighty = confidence >= _MEDIUM and (explained is None or explained >= EXPLAINED_SHARE_MIN)
    holds = tuple(dict.fromkeys((*best.needs, *raising, *(rule.when if rule else ()))))
    name = best.name or _flag_key(signature, seen) or signature.unnamed or ""
    return SignatureMatch(
        name=signature.name,
        title=signature.title,
        confidence=CONFIDENCES[confidence],
        evidence=evidence(seen, best.quote, holds, lowering),
        first_check=signature.first_check.replace("{name}", name),
        advice=signature.advice.replace("{name}", name),
        effect=rule.effect if rule and weighty else None,
        explained=explained,
    )


def _confidence(specific: bool, raised: bool, lowered: bool) -> int:
    """A step up for what speaks for it, a step down for what speaks against it; below `low` it is
    no match."""
    start, most = (_MEDIUM, _HIGH) if specific else (_LOW, _MEDIUM)
    return min(start + raised - lowered, most)


def _flag_key(signature: Signature, seen: Situation) -> str | None:
    flag = outstanding_flag(seen) if signature.name == "feature_flag" else None
    return shortened(shown(flag.key), NAME_LENGTH_MAX) if flag else None
