"""How sure a check is: the failure rates with their interval, the false-alarm bound, the onset."""

from collections.abc import Iterator

from analysis.check.figures import (
    counted,
    e_value,
    e_value_of_log,
    moment,
    percent,
    points,
    span_of_time,
)
from analysis.check.lines import QUIET, Line, Sent, line
from analysis.verdict.check import Check, Onset, Verdict
from analysis.verdict.thresholds import Thresholds

_PROVING = (Verdict.ROLL_BACK, Verdict.FIX_FORWARD)
_KINDS = (
    ("own", "own failures"),
    ("unanswered", "unanswered calls"),
    ("participation", "failing traces"),
    ("traffic", "lost traffic"),
)
_BASELINES = {"concurrent": "at the same time", "before": "before it", "named": "as asked"}
_RELATIONS = {
    "before": "before this deployment began",
    "at": "when this deployment began",
    "after": "after this deployment began",
}


def compared(check: Check) -> Iterator[Line]:
    """What stands against what, when, with how many requests."""
    deployment, baseline = check.deployment, check.baseline
    version = Sent(deployment.version) if deployment.version else "without a version"
    when = f", {span_of_time(check.window.since, check.window.until)}" if check.window else ""
    instances = deployment.instances
    where = f" from {counted(instances, 'instance')}" if instances else ""
    yield line("candidate ", version, f"{when}: {counted(deployment.requests, 'request')}{where}")
    if baseline is None:
        yield line("baseline none: there is nothing to compare with")
        return
    kind = _BASELINES.get(baseline.kind, baseline.kind)
    yield line(
        "baseline ",
        Sent(baseline.version) if baseline.version else "without a version",
        f" ({kind}), {span_of_time(baseline.since, baseline.until)}:"
        f" {counted(baseline.requests, 'request')}",
    )


def proof(check: Check) -> Iterator[Line]:
    """The failure rates, how sure the difference is, since when, and who was hit."""
    yield line(rate_text(check))
    yield line(bound_text(check))
    kinds = _kinds_text(check)
    if kinds:
        yield line(kinds, tone=QUIET, below=True)
    onset = onset_text(check.onset)
    if onset:
        yield line(onset)
    impact = check.impact
    if impact.failed_requests:
        users = "" if impact.users is None else f", {counted(impact.users, 'user')}"
        yield line(
            f"Failed: {impact.failed_requests:,} of {counted(impact.requests, 'request')},"
            f" {counted(impact.endpoints, 'endpoint')}, {counted(impact.services, 'service')}"
            f"{users}"
        )


def rate_text(check: Check) -> str:
    """`0.5 % -> 5.1 % (+4.6 points, 95 % sure between +3.9 and +5.4)`."""
    rate = check.failure_rate
    if rate.candidate is None:
        return "Failure rate unknown: no request of it was seen"
    if rate.baseline is None:
        return f"{percent(rate.candidate)} of its requests fail; there is nothing to compare with"
    change = f"{percent(rate.baseline)} -> {percent(rate.candidate)} of requests fail"
    if rate.difference is None:
        return change
    if rate.low is None or rate.high is None:
        return f"{change} ({points([rate.difference])[0]} points)"
    difference, low, high = points([rate.difference, rate.low, rate.high])
    sure = percent(_confidence(check))
    return f"{change} ({difference} points, {sure} sure between {low} and {high})"


def bound_text(check: Check) -> str:
    """How often such evidence misleads, in plain words; or how much of it is missing."""
    rate = check.failure_rate
    if check.verdict is Verdict.HEALTHY:
        return "No harm above the tolerance, overall and for each major endpoint"
    needed = 1 / rate.alpha
    own = rate.e_value
    if own is not None and own >= needed:
        proven, shown = (
            "The rise is proven",
            f" (e-value {e_value(own)}; {e_value(needed)} proves it)",
        )
    elif check.verdict in _PROVING:
        proven, shown = "Proven by all kinds of evidence together", ""
    else:
        if own is None:
            return "Not proven: nothing could be compared"
        return f"Not proven: its e-value is {e_value(own)}, and {e_value(needed)} would prove it"
    misled = f"wrong at most once in {round(needed):,} such deployments, however often you look"
    return f"{proven}: {misled}{shown}"


def onset_text(onset: Onset) -> str:
    """Since when failures rose, and how that lies to the deployment; empty when they did not."""
    if onset.at is None:
        return ""
    between = ""
    if onset.low is not None and onset.high is not None and onset.low != onset.high:
        between = f", between {moment(onset.low)[11:]} and {moment(onset.high)[11:]}"
    relation = _RELATIONS.get(onset.relation or "", "")
    return f"Failures rose at {moment(onset.at)} UTC{between}" + (f", {relation}" * bool(relation))


def _kinds_text(check: Check) -> str:
    """What each kind of evidence says that could be counted; empty when none could."""
    found = ((words, getattr(check.kinds, name)) for name, words in _KINDS)
    counted_kinds = [
        f"{words} {e_value(e_value_of_log(log))}" for words, log in found if log is not None
    ]
    return f"e-value by kind: {', '.join(counted_kinds)}" if counted_kinds else ""


def _confidence(check: Check) -> float:
    """How sure the interval is: as set, where that decided something, else the default."""
    stated = (one.value for one in check.thresholds if one.name == "confidence")
    return next(stated, Thresholds().confidence)
