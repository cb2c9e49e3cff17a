"""The sentences of a verdict: numbers first, then what they mean."""

from analysis.inference.proportions import wilson
from analysis.signatures.matching import SignatureMatch
from analysis.verdict.assessment import FAILURES, SLOW, Assessment, Rise
from analysis.verdict.changes import TOWARDS_IT, Change
from analysis.verdict.check import ExceptionState, Needed, Origin
from analysis.verdict.figures import deployed, e_value, name, percent, points, rates
from analysis.verdict.origins import main_origin

_NAMED_MAX = 3
SAMPLING_DIFFERS = (
    "The two versions were sampled by different rules: one kept failures more eagerly than the"
    " other, so their failures cannot be compared. Sample both alike."
)
UNANSWERED_BY_WHOM = (
    "Which version did not answer cannot be seen: calls that reach nothing are compared with the"
    " minutes before."
)
BESIDE_AT_FIRST = (
    "That is from the first minutes, when the version before it still served; what came later is"
    " judged against the time before."
)
IRREVERSIBLE = "It is marked as irreversible: going back is no way out, so fix it forward."


def proof(found: Assessment, log_e: float) -> str:
    """How much evidence there is, and how much is enough."""
    enough = round(1 / found.thresholds.alpha)
    return f"Proven: its e-value is {e_value(log_e)}, and {enough:,} are enough."


def harm(found: Assessment, kind: str) -> str:
    """One proven harm."""
    confidence = found.thresholds.confidence
    if kind == "own":
        rose = f"Failures that start in it rose {rates(found.own, confidence)}."
        return f"{rose} {proof(found, found.claims[FAILURES])}"
    if kind == "endpoint":
        worst = found.endpoints[0]
        where = f"Failures of {name(worst.name)} ({percent(worst.share)} of its requests)"
        rose = f"{where} rose {rates(worst.effect, confidence)}."
        return f"{rose} {proof(found, found.claims[FAILURES])}"
    if kind == "unanswered" and found.unanswered is not None:
        rose = rates(found.unanswered, confidence)
        return f"Calls to it that fail and reach nothing that answers rose {rose}."
    if kind == "participation" and found.participation is not None:
        rose = rates(found.participation, confidence)
        return f"Traces that pass through it fail more, wherever the failure shows: {rose}."
    if kind == SLOW:
        return slower(found)
    return "; ".join(client_error(rise, confidence) for rise in _refused(found))


def slower(found: Assessment) -> str:
    """The slowest quantile that rose."""
    worst = max(found.slower, key=lambda change: (change.quantile, change.endpoint is None))
    where = f" of {name(worst.endpoint)}" if worst.endpoint else ""
    low = worst.candidate_low
    least = "" if low is None else f" (at least {low:,.0f} ms)"
    return (
        f"The {100 * worst.quantile:g}th percentile of durations{where} rose from"
        f" {worst.baseline:,.0f} ms to {worst.candidate:,.0f} ms{least}."
    )


def client_error(rise: Rise, confidence: float) -> str:
    """A kind of client error that rose."""
    kind = rise.name.replace("_", " ")
    return f"Requests answered as {kind} rose {rates(rise.effect, confidence)}"


def _refused(found: Assessment) -> list[Rise]:
    logins = ("unauthorized", "forbidden")
    return [one for one in found.client_errors if one.name in logins and one.effect.matters]


def corroboration(found: Assessment) -> list[str]:
    """What else points at the deployment: onset, origin, new exceptions."""
    said = []
    largest = main_origin(found.evidence.origins)
    if largest is not None:
        said.append(origin(largest))
    if found.onset.relation == "at":
        said.append(f"It began with the roll-out, at {found.onset.at}.")
    elif found.onset.relation == "after":
        said.append(f"It began at {found.onset.at}, after the roll-out.")
    if found.new_exceptions:
        said.append(new_exception(found.new_exceptions[0]))
    return said


def origin(one: Origin) -> str:
    """Where most failures start."""
    what = f" as {name(one.exception_type)}" if one.exception_type else ""
    where = f"{deployed(one.service, one.version)} ({name(one.span_name)}){what}"
    return f"{percent(one.share)} of its failing requests start in {where}."


def new_exception(one: ExceptionState) -> str:
    """An exception that is new."""
    where = f" at {name(one.top_frame)}" if one.top_frame else ""
    what = name(one.type or one.message)
    chance = one.probability_not_new or 0.0
    by_chance = f"with probability {chance:.1g}" if chance > 1e-6 else "less than once in a million"
    return f"New exception {what}{where}, {one.count} times; by chance {by_chance}."


def only_before_after(found: Assessment) -> str:
    """Why before and after prove less than side by side."""
    promised = found.evidence.strategy in ("rolling", "canary")
    mark = f" (it is marked {found.evidence.strategy})" if promised else ""
    return (
        f"No other version served in the same minutes{mark}, so anything else that changed then"
        " may be the cause."
    )


def signature(match: SignatureMatch) -> str:
    """A known pattern that changes the verdict."""
    return f"{match.title}: {match.advice}"


def minor_endpoint(found: Assessment) -> str:
    """Why one small endpoint is no reason to roll back."""
    worst = found.endpoints[0]
    return f"Only {name(worst.name)} is hit, {percent(worst.share)} of its requests."


def suspicions(found: Assessment) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is not proven harm but no all-clear either, and the thresholds that say so."""
    reasons, decided = list[str](), list[str]()
    confidence = found.thresholds.confidence
    if found.growing(FAILURES) and found.more_failures:
        grown = found.claims[FAILURES]
        what = "is proven but small" if found.proven(FAILURES) else "is growing"
        rose = rates(found.failures, confidence)
        reasons.append(f"Evidence against it {what} ({e_value(grown)}): failures {rose}.")
        decided += ["hold_e_value", "alpha", "difference_min", "ratio_min"]
    if found.growing(SLOW) and found.slower:
        reasons.append(slower(found))
        decided += ["latency_ms_min", "latency_ratio_min"]
    for rise in found.client_errors:
        if rise.log_e >= found.log_proven and rise.effect.matters:
            reasons.append(f"{client_error(rise, confidence)}. It may be meant.")
            decided += ["client_error_difference_min", "client_error_ratio_min"]
    for change in found.lost[:_NAMED_MAX]:
        reasons.append(f"{lost(found, change)} Is that meant?")
        decided.append("traffic_ratio_max")
    for change in found.amplified[:_NAMED_MAX]:
        reasons.append(amplified(change))
        decided += ["amplification_ratio_min", "amplification_calls_min"]
    for one in found.new_exceptions[:_NAMED_MAX]:
        reasons.append(new_exception(one))
        decided += ["new_exception_probability_max", "new_exception_traces_min"]
    for one in found.grown_exceptions[:_NAMED_MAX]:
        reasons.append(f"Exception {name(one.type)} is {one.state}, {one.count} times.")
    return tuple(reasons), tuple(dict.fromkeys(decided))


def lost(found: Assessment, change: Change) -> str:
    """Traffic that dried up."""
    if change.name == TOWARDS_IT:
        left = change.candidate / change.baseline
        return f"Only {percent(left)} of the usual requests reach {name(found.evidence.service)}."
    return (
        f"It calls {name(change.name)} {change.candidate:.2g} times per request, where"
        f" {change.baseline:.2g} were usual."
    )


def amplified(change: Change) -> str:
    """Calls that became more."""
    return (
        f"It calls {name(change.name)} {change.candidate:.3g} times per request instead of"
        f" {change.baseline:.3g}."
    )


def healthy(found: Assessment) -> tuple[str, ...]:
    """What was shown."""
    totals, high = found.failures.totals, found.failures.upper or 0.0
    return (
        f"{totals.candidate_events:,} of {totals.candidate_trials:,} requests failed"
        f" ({percent(totals.candidate_rate)}; before {percent(totals.baseline_rate)}).",
        f"The failure rate did not rise by {points(found.thresholds.tolerance)[1:]} points"
        f" (at most {points(high)}; {100 * found.thresholds.confidence:g} % sure at every look).",
        "No exception is significantly new.",
    )


def too_little(found: Assessment, needed: Needed) -> tuple[str, ...]:
    """How much more is needed."""
    totals = found.failures.totals
    seen = (
        f"{totals.candidate_events:,} of {totals.candidate_trials:,} requests failed"
        f" ({percent(totals.candidate_rate)}; before {percent(totals.baseline_rate)}):"
        " neither harm nor health is shown."
    )
    if needed.requests is None:
        return (seen, "At this failure rate more traffic alone will not show it healthy.")
    minutes = "" if needed.minutes is None else f", about {needed.minutes:,.0f} minutes of it"
    return (seen, f"If nothing is wrong, {needed.requests:,} more requests show it{minutes}.")


def sent_nothing(found: Assessment) -> str:
    """Nothing arrived yet."""
    what = deployed(found.evidence.service, found.evidence.version)
    return f"{what} has not answered a request yet, and no call to it is known to have failed."


def without_baseline(found: Assessment) -> tuple[str, ...]:
    """Nothing to compare with."""
    totals = found.failures.totals
    return (
        "No earlier version of the service is stored, so nothing can be compared. Name one with"
        " --baseline, or wait for the next deployment.",
        f"{totals.candidate_events:,} of {totals.candidate_trials:,} requests failed.",
    )


def surely_above(found: Assessment) -> bool:
    """Whether the failure rate is above the largest that is taken without a known cause."""
    totals, thresholds = found.failures.totals, found.thresholds
    if totals.candidate_trials < thresholds.requests_min:
        return False
    events = min(totals.candidate_events, totals.candidate_trials)
    bounds = wilson(events, totals.candidate_trials, thresholds.confidence)
    return bounds.low > thresholds.absolute_max


def above_without_baseline(found: Assessment) -> tuple[str, ...]:
    """A large failure rate that nothing can be compared with."""
    limit = percent(found.thresholds.absolute_max)
    rate = percent(found.failures.totals.candidate_rate)
    return (f"{rate} of its requests fail, more than {limit}.", without_baseline(found)[0])
