"""A finding in lines: what it is, where, its numbers, and a trace that shows it."""

import shlex
from collections.abc import Iterator, Mapping

from analysis.check.figures import e_value, number, percent, points
from analysis.check.lines import BAD, QUIET, WARNING, Line, Said, Sent, Typed, Word, line
from analysis.safe_text import shown
from analysis.verdict.check import Figure, Finding

_EVIDENCE_MAX = 6
_COMMAND_LENGTH_MAX = 400
_TONES = {"critical": BAD, "warning": WARNING, "info": QUIET}
_RATES = ("baseline_rate", "candidate_rate", "difference", "low", "high")
_SHARES = ("share", "probability_not_new", "quantile")


def finding_lines(finding: Finding) -> tuple[Line, ...]:
    """The finding and what is below it."""
    tone = _TONES.get(finding.severity, "")
    below = [*service_words(finding.service, finding.version)]
    if finding.endpoint is not None:
        below += [", ", Sent(finding.endpoint)]
    for figure in _figures(finding.evidence):
        below += ["; ", *figure]
    told = [line(f"{finding.severity}: ", Said(finding.title), tone=tone)]
    told.append(line(*below, tone=QUIET, below=True))
    if finding.example_trace_ids:
        trace = shlex.quote(shown(finding.example_trace_ids[0]))
        told += command_line(f"deploylens trace {trace}", below=True)
    return tuple(told)


def service_words(service: str, version: str | None) -> tuple[Word, ...]:
    """SERVICE@VERSION."""
    return (Sent(f"{service}@{version}" if version else service),)


def command_line(command: str, *, below: bool = False) -> tuple[Line, ...]:
    """A command to copy; nobody copies one in which a sender wrote a page."""
    if len(command) > _COMMAND_LENGTH_MAX:
        return ()
    return (line(Typed(command), tone=QUIET if below else "", below=below),)


def _figures(evidence: Mapping[str, Figure]) -> Iterator[tuple[Word, ...]]:
    """The numbers of a finding, the rates of both sides as one."""
    rates = _rates(evidence)
    if rates:
        yield (rates,)
    rest = [name for name in evidence if not rates or name not in _RATES]
    for name in rest[:_EVIDENCE_MAX]:
        yield Sent(name.replace("_", " ")), " ", _figure(name, evidence[name])


def _rates(evidence: Mapping[str, Figure]) -> str:
    """`0.5 % -> 12 % (+11.5 points, between +9.8 and +13.1)`; empty without both rates."""
    baseline, candidate, difference, low, high = (evidence.get(name) for name in _RATES)
    if not isinstance(baseline, float | int) or not isinstance(candidate, float | int):
        return ""
    text = f"{percent(baseline)} -> {percent(candidate)}"
    bounds = [one for one in (difference, low, high) if isinstance(one, float | int)]
    if len(bounds) < 3:
        return text
    rose, least, most = points(bounds)
    return f"{text} ({rose} points, between {least} and {most})"


def _figure(name: str, value: Figure) -> Word:
    if value is None:
        return "unknown"
    if isinstance(value, str):
        return Sent(value)
    if name in _SHARES:
        return percent(value)
    return e_value(value) if name == "e_value" else number(value)
