"""What is told of an incident, in lines that every rendering makes safe and lays out by itself."""

import math
from collections.abc import Iterator, Sequence
from datetime import datetime

from analysis.check.figures import counted, moment, span_of_time
from analysis.check.lines import BAD, GOOD, QUIET, WARNING, Line, Said, Section, Sent, line
from analysis.check.verdict_words import VERDICT_WORDS
from analysis.incident.incident import Accused, Incident
from analysis.verdict.check import Verdict
from analysis.verdict.figures import e_value, percent

_QUIET_SHOWN_MAX = 12
_ADVICE = {
    Verdict.ROLL_BACK: "roll it back",
    Verdict.FIX_FORWARD: "fix it forward",
}


def headline(incident: Incident) -> Line:
    """The answer in one line."""
    if not incident.deployments:
        return line("No deployment went out in the window or in the hour before it.", tone=WARNING)
    accused = incident.at_fault
    if not accused:
        count = counted(len(incident.deployments), "deployment")
        return line(f"None of these: nothing speaks against any of {count}.", tone=GOOD)
    first = accused[0]
    twin = next((one for one in accused if _name(one) == first.confounded_with), None)
    if twin is not None:
        rest = f", deployed {_age(first, incident)} and {_age(twin, incident)} before: hold both."
        told = " No trace can tell them apart: see what changed in each."
        return line(
            *deployment_words(first), " or ", *deployment_words(twin), rest, told, tone=WARNING
        )
    parts = [f" ({_part(first, incident.deployments)} of the evidence)"]
    parts.append(f", deployed {_age(first, incident)} before")
    parts.append(f": {_ADVICE.get(first.verdict, 'hold it and look closer')}")
    more = len(accused) - 1
    if more:
        parts.append(f". {counted(more, 'more deployment')} at fault, see below")
    tone = BAD if first.verdict in _ADVICE else WARNING
    return line(*deployment_words(first), "".join(parts) + ".", tone=tone)


def _name(accused: Accused) -> str:
    return f"{accused.deployment.service}@{accused.deployment.version or ''}"


def deployment_words(accused: Accused) -> tuple[Sent | str, ...]:
    """SERVICE@VERSION."""
    place = accused.deployment
    return Sent(place.service), "@", Sent(place.version or "")


def sections(incident: Incident) -> Iterator[Section]:
    """Everything below the headline."""
    accused = incident.at_fault
    symptoms = [
        line(Said(finding.title), tone=_tone(finding.severity)) for finding in incident.symptoms
    ]
    nothing = line("No service fails more than it usually does.", tone=QUIET)
    yield Section("What is wrong", tuple(symptoms) or (nothing,))
    if accused:
        yield Section("At fault", tuple(_told(accused, incident)))
    rest = [one for one in incident.deployments if not one.at_fault]
    if rest:
        yield Section("Not at fault", tuple(_told(rest[:_QUIET_SHOWN_MAX], incident, rest)))
    yield from _unexplained(incident)
    window = span_of_time(incident.window.since, incident.window.until)
    looked = [
        line(
            f"Window {window}, ", *_environment(incident), "; deployments also of the hour before."
        )
    ]
    looked += [line(Said(caveat), tone=WARNING) for caveat in incident.caveats]
    yield Section("What was looked at", tuple(looked))


def _environment(incident: Incident) -> tuple[Sent | str, ...]:
    if incident.environment is None:
        return ("spans without an environment",)
    return "environment ", Sent(incident.environment)


def _told(
    several: Sequence[Accused], incident: Incident, every: Sequence[Accused] = ()
) -> Iterator[Line]:
    for accused in several:
        title = VERDICT_WORDS[accused.verdict].title.lower()
        share = "" if not accused.share else f", {percent(accused.share)} of the failing traces"
        began = f"{moment(accused.began_at)[11:]} UTC"
        rest = f": {title}, since {began}{share}, evidence {e_value(accused.log_e_value)}"
        yield line(*deployment_words(accused), rest, tone=BAD if accused.at_fault else "")
        for reason in accused.reasons if accused.at_fault else accused.reasons[:1]:
            yield line(Said(reason), below=True)
        if accused.at_fault and accused.first_evidence_at is not None:
            seen = moment(accused.first_evidence_at)[11:]
            yield line(f"First evidence at {seen} UTC.", below=True, tone=QUIET)
    hidden = len(every) - len(several)
    if hidden > 0:
        yield line(f"and {counted(hidden, 'more deployment')} (--format json has all)", tone=QUIET)


def _unexplained(incident: Incident) -> Iterator[Section]:
    left = incident.unexplained
    if left.share is None and not left.origins:
        return
    lines = []
    if left.share is not None:
        lines.append(line(f"{percent(left.share)} of the failing traces above the usual rate."))
    for origin in left.origins:
        where = (Sent(origin.service), "@", Sent(origin.version or ""), " ", Sent(origin.span_name))
        what = (" ", Sent(origin.exception_type)) if origin.exception_type else ()
        lines.append(line(*where, *what, f": {counted(origin.failures, 'failure')}"))
    yield Section("What none of them explains", tuple(lines))


def _part(first: Accused, every: Sequence[Accused]) -> str:
    """Its part of all evidence."""
    top = max(one.log_e_value for one in every)
    total = sum(math.exp(one.log_e_value - top) for one in every)
    part = math.exp(first.log_e_value - top) / total
    return "over 99.99 %" if part > 0.9999 else f"{100 * part:.4g} %"


def _age(first: Accused, incident: Incident) -> str:
    minutes = (_time(incident.window.until) - _time(first.began_at)).total_seconds() / 60
    return f"{round(minutes)} min" if minutes < 120 else f"{minutes / 60:.1f} h"


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _tone(severity: str) -> str:
    return {"critical": BAD, "warning": WARNING}.get(severity, "")
