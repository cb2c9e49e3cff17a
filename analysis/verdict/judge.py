"""The verdict: rules in order, of which the first that applies decides. No rule asks for anything.

Whether it matters is a question of size, whether it is real one of evidence, and whether it is this
deployment one of onset and origin; only all three together roll anything back.
"""

from collections.abc import Callable
from dataclasses import dataclass

from analysis.verdict import exoneration, wording
from analysis.verdict.assessment import FAILURES, REFUSED, SLOW, Assessment, assess
from analysis.verdict.check import Needed, Verdict
from analysis.verdict.evidence import Evidence
from analysis.verdict.harms import (
    corroborated,
    floors_of,
    harms_of,
    is_unanswered,
    only_minor,
    own_spoke,
    stands_out,
)
from analysis.verdict.needed import NOTHING_NEEDED, needed_of
from analysis.verdict.thresholds import Thresholds

# Minutes of services whose clocks differ by more say nothing of what came first.
SKEW_MAX_S = 60.0


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict, what it was reached by, and the thresholds that decided, by name."""

    verdict: Verdict
    reasons: tuple[str, ...]
    decided_by: tuple[str, ...]
    needed: Needed
    assessment: Assessment


@dataclass(frozen=True, slots=True)
class Decision:
    """What a rule decides, and why."""

    verdict: Verdict
    reasons: tuple[str, ...]
    decided_by: tuple[str, ...] = ()
    needed: Needed = NOTHING_NEEDED


Rule = Callable[[Assessment], Decision | None]


def judge(evidence: Evidence, thresholds: Thresholds) -> Judgement:
    """The verdict on a deployment as of the last minute of its evidence."""
    return judge_assessed(assess(evidence, thresholds))


def judge_assessed(found: Assessment) -> Judgement:
    """The verdict when the evidence has been weighed."""
    for rule in RULES:
        decision = rule(found)
        if decision is not None:
            break
    else:
        raise AssertionError("the last rule always decides")
    return Judgement(
        decision.verdict, decision.reasons, decision.decided_by, decision.needed, found
    )


def _sent_nothing(found: Assessment) -> Decision | None:
    """No request yet: only calls to it that nothing answered can tell."""
    noise = found.evidence.noise
    starting = noise is not None and noise.totals.candidate_trials
    if found.requests or starting or is_unanswered(found):
        return None
    return Decision(Verdict.NOT_ENOUGH_DATA, (wording.sent_nothing(found),))


def _nothing_to_compare(found: Assessment) -> Decision | None:
    """Without an earlier version nothing is proven; a large failure rate is told all the same."""
    compared = found.own.totals.baseline_trials or not found.requests
    if found.evidence.has_baseline and compared:
        return None
    if wording.surely_above(found):
        return Decision(Verdict.HOLD, wording.above_without_baseline(found), ("absolute_max",))
    return Decision(Verdict.NOT_ENOUGH_DATA, wording.without_baseline(found))


def _not_comparable(found: Assessment) -> Decision | None:
    """Versions that were sampled by different rules cannot be compared."""
    if not found.evidence.sampling_differs:
        return None
    return Decision(Verdict.NOT_ENOUGH_DATA, (wording.SAMPLING_DIFFERS,))


def _harm(found: Assessment) -> Decision | None:
    """A proven rise that is large enough."""
    harms = harms_of(found)
    if not harms:
        return None
    reasons = tuple(wording.harm(found, name) for name in harms)
    decided = ("alpha", *floors_of(found, harms))
    if found.onset.relation == "before" and not found.evidence.side_by_side:
        if (found.evidence.clock_skew_s or 0) >= SKEW_MAX_S:
            return Decision(Verdict.HOLD, (*reasons, exoneration.clocks_differ(found)), decided)
        said = (exoneration.began_before(found), *reasons)
        return Decision(Verdict.NOT_THIS_DEPLOYMENT, said, decided)
    if found.hits_both and not stands_out(found):
        return Decision(Verdict.HOLD, (*reasons, exoneration.during_outage(found)), decided)
    if harms == ("unanswered",) and found.requests:
        return Decision(Verdict.HOLD, (*reasons, wording.UNANSWERED_BY_WHOM), decided)
    if not found.evidence.side_by_side:
        if exoneration.rival_origin(found):
            return Decision(Verdict.NOT_THIS_DEPLOYMENT, exoneration.elsewhere(found), decided)
        if exoneration.mostly_elsewhere(found) or not corroborated(found):
            return Decision(Verdict.HOLD, (*reasons, wording.only_before_after(found)), decided)
    return _what_to_do(found, harms, reasons, decided)


def _what_to_do(
    found: Assessment, harms: tuple[str, ...], reasons: tuple[str, ...], decided: tuple[str, ...]
) -> Decision:
    """Roll back, unless going back is impossible, useless, or more than is called for."""
    failing = set(harms) - {SLOW, REFUSED}
    said = (reasons[0], *(wording.corroboration(found) if failing else ()), *reasons[1:])
    known = next((match for match in found.evidence.signatures if match.effect), None)
    if known is not None and known.effect in ("hold", "ignore"):
        return Decision(Verdict.HOLD, _second(said, wording.signature(known)), decided)
    if found.evidence.irreversible:
        return Decision(Verdict.FIX_FORWARD, _second(said, wording.IRREVERSIBLE), decided)
    if known is not None and known.effect == "fix_forward":
        return Decision(Verdict.FIX_FORWARD, _second(said, wording.signature(known)), decided)
    if not {SLOW, REFUSED, "unanswered"} & set(harms) and only_minor(found):
        by = (*decided, "minor_endpoint_share_max")
        return Decision(Verdict.FIX_FORWARD, _second(said, wording.minor_endpoint(found)), by)
    return Decision(Verdict.ROLL_BACK, said, decided)


def _second(said: tuple[str, ...], why: str) -> tuple[str, ...]:
    """The reasons with why it is not rolled back right after the first."""
    return (said[0], why, *said[1:])


def _began_elsewhere(found: Assessment) -> Decision | None:
    """Failures that are real, but start in another service or were there before."""
    risen = found.earlier
    real = risen is not None and risen.log_e >= found.log_proven and risen.effect.matters
    if not real or (found.growing(FAILURES) and own_spoke(found)):
        return None
    known = next((one for one in found.evidence.signatures if one.effect), None)
    if found.hits_both and known is not None and known.effect in ("hold", "fix_forward"):
        said = (wording.signature(known), *exoneration.old_and_new(found))
        return Decision(Verdict.HOLD, said, ("alpha",))
    surely_before = (found.evidence.clock_skew_s or 0) < SKEW_MAX_S
    if found.onset.relation == "before" and surely_before:
        return Decision(Verdict.NOT_THIS_DEPLOYMENT, exoneration.before(found), ("alpha",))
    if exoneration.rival_origin(found) and not found.elsewhere.effect.matters:
        return Decision(Verdict.NOT_THIS_DEPLOYMENT, exoneration.elsewhere(found), ("alpha",))
    if found.hits_both and not found.failures.matters:
        return Decision(Verdict.NOT_THIS_DEPLOYMENT, exoneration.old_and_new(found), ("alpha",))
    if exoneration.mostly_elsewhere(found):
        return Decision(Verdict.HOLD, exoneration.elsewhere(found), ("alpha",))
    return None


def _suspicion(found: Assessment) -> Decision | None:
    """Evidence that is growing, or that speaks of a change rather than of harm."""
    reasons, decided = wording.suspicions(found)
    return Decision(Verdict.HOLD, reasons, decided) if reasons else None


def _health(found: Assessment) -> Decision | None:
    """Shown to do no harm: as a whole, and at each major endpoint."""
    thresholds, most = found.thresholds, found.failures.upper
    if found.requests < thresholds.requests_min or not found.health.shown:
        return None
    if most is None or most >= thresholds.tolerance:
        return None
    if not all(health.shown for health in found.endpoint_health.values()):
        return None
    decided = ("tolerance", "endpoint_tolerance", "confidence")
    return Decision(Verdict.HEALTHY, wording.healthy(found), decided)


def _too_little(found: Assessment) -> Decision:
    """Nothing proven either way: what it takes to decide."""
    needed = needed_of(found)
    decided = ("tolerance", "confidence", "requests_min")
    return Decision(Verdict.NOT_ENOUGH_DATA, wording.too_little(found, needed), decided, needed)


RULES: tuple[Rule, ...] = (
    _sent_nothing,
    _nothing_to_compare,
    _not_comparable,
    _harm,
    _began_elsewhere,
    _suspicion,
    _health,
    _too_little,
)
