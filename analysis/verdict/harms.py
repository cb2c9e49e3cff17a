"""What is proven against a deployment and matters, and what else bears on it."""

from analysis.verdict.assessment import FAILURES, LOGIN_ERRORS, REFUSED, SLOW, Assessment
from analysis.verdict.effect import Effect

# An endpoint that explains less of the rise is not the only one.
_EXPLAINED_MIN = 0.8
# While both versions fail more than before, the candidate has to fail so many times as much.
_OUTAGE_RATIO_MIN = 3.0


def harms_of(found: Assessment) -> tuple[str, ...]:
    """The names of what is proven and matters, the most telling first."""
    names = []
    if found.proven(FAILURES):
        if own_proven(found) and found.own.matters:
            names.append("own")
        elif found.endpoints:
            names.append("endpoint")
        if is_unanswered(found):
            names.append("unanswered")
        if _passed_through(found):
            names.append("participation")
    if found.proven(SLOW) and found.slower:
        names.append(SLOW)
    logins = [rise for rise in found.client_errors if rise.name in LOGIN_ERRORS]
    if found.proven(REFUSED) and any(rise.effect.matters for rise in logins):
        names.append(REFUSED)
    return tuple(names)


def own_proven(found: Assessment) -> bool:
    """Whether failures of its own are proven by themselves."""
    return found.kinds.own is not None and found.kinds.own >= found.log_proven


def own_spoke(found: Assessment) -> bool:
    """Whether evidence of failures of its own is growing."""
    return found.kinds.own is not None and found.kinds.own >= found.log_growing


def is_unanswered(found: Assessment) -> bool:
    """Whether calls to it that nothing answers are proven, and matter."""
    kind, effect = found.kinds.unanswered, found.unanswered
    return kind is not None and kind >= found.log_proven and effect is not None and effect.matters


def _passed_through(found: Assessment) -> bool:
    kind, effect = found.kinds.participation, found.participation
    return kind is not None and kind >= found.log_proven and effect is not None and effect.matters


def corroborated(found: Assessment) -> bool:
    """Whether more than a comparison with earlier minutes says so: half of its failing requests and
    more start in it, with an exception that is new; or it answers nothing; or its failures show the
    known signs of a version that cannot start."""
    if found.onset.relation == "after":
        return False
    if not found.requests:
        return is_unanswered(found)
    failing = found.failures.totals.candidate_events
    return (failing > 0 and 2 * found.own_new_failures >= failing) or any(
        match.effect == "roll_back" and match.confidence == "high"
        for match in found.evidence.signatures
    )


def stands_out(found: Assessment) -> bool:
    """Whether the candidate fails so much more than a baseline that fails, too, that an outage of
    both does not explain it."""
    totals = found.failures.totals
    candidate, baseline = totals.candidate_rate, totals.baseline_rate
    return candidate is not None and candidate >= _OUTAGE_RATIO_MIN * (baseline or 0.0)


def only_minor(found: Assessment) -> bool:
    """Whether one endpoint with little traffic explains nearly all of the rise."""
    if len(found.endpoints) != 1:
        return False
    worst = found.endpoints[0]
    risen = _excess(found.failures)
    explains = risen <= 0 or _excess(worst.effect) >= _EXPLAINED_MIN * risen
    return explains and worst.share <= found.thresholds.minor_endpoint_share_max


def _excess(effect: Effect) -> float:
    """Failures beyond those of the baseline's rate."""
    return (effect.difference or 0.0) * effect.totals.candidate_trials


def floors_of(found: Assessment, harms: tuple[str, ...]) -> tuple[str, ...]:
    """The floors of size that what is proven passed."""
    floors: list[str] = []
    effects = {"own": found.own, "unanswered": found.unanswered}
    effects |= {"participation": found.participation}
    for name in harms:
        effect = effects.get(name)
        if effect is not None:
            floors += effect.floors
        elif name == "endpoint":
            floors += found.endpoints[0].effect.floors
        elif name == SLOW:
            floors += ["latency_ms_min", "latency_ratio_min"]
        else:
            floors += ["client_error_difference_min", "client_error_ratio_min"]
    return tuple(dict.fromkeys(floors))
