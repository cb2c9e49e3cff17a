"""Everything that is told of a check below its reasons, in order, for every rendering."""

import shlex
from collections.abc import Iterable, Iterator
from itertools import chain

from analysis.check.figures import counted, moment, number, percent
from analysis.check.finding_words import command_line, finding_lines, service_words
from analysis.check.lines import (
    QUIET,
    WARNING,
    Line,
    Said,
    Section,
    Sent,
    Word,
    line,
)
from analysis.check.proof import compared, proof
from analysis.check.verdict_words import needed_text
from analysis.safe_text import shown
from analysis.verdict.check import (
    Check,
    ExceptionState,
    Origin,
    SignatureShown,
    Suspect,
    UsedThreshold,
)

REASONS_FIRST = 3
LISTED_MAX = 8
_ALARMING = ("new", "regressed", "escalating")
# Which saved query shows what a finding of this kind says.
QUERY_OF_KIND = {
    "failing_endpoint": "failing_endpoints",
    "failing_service": "failing_services",
    "client_error_endpoint": "status_codes",
    "new_exception": "new_exceptions",
    "regressed_exception": "regressed_exceptions",
    "escalating_exception": "escalating_exceptions",
    "latency_regression": "latency_regressions",
    "traffic_change": "traffic_changes",
    "call_amplification": "call_amplification",
    "dependency_failure": "dependency_failures",
    "attribute_outlier": "attribute_outliers",
}
ALWAYS_ASKED = ("version_comparison", "error_timeline")
SILENT, SILENT_QUERY = "silent_deployment", "silent_deployments"


def sections(check: Check) -> list[Section]:
    """The sections that have something to tell."""
    later, missing = check.reasons[REASONS_FIRST:], needed_text(check.needed)
    told = (
        Section("Failures", tuple(proof(check))),
        Section("Compared", tuple(compared(check))),
        Section("More reasons", _said(later)),
        Section("Where failures start", _cut(map(origin_lines, check.origins))),
        Section("Findings", _cut(map(finding_lines, check.findings))),
        Section("Exceptions", _cut(map(_exception, check.exceptions))),
        Section("Known patterns", _cut(map(signature_lines, check.signatures))),
        Section("Suspects", (*_cut(map(_suspect, check.suspects)), *_owners(check.owners))),
        Section("Ruled out", _said(check.ruled_out)),
        Section("Caveats", _said(check.caveats)),
        Section("Still needed", (line(missing),) if missing else ()),
        Section("Thresholds that decided", tuple(map(_threshold, check.thresholds))),
        Section("See it", tuple(_commands(check))),
    )
    return [section for section in told if section.lines]


def name_words(check: Check) -> tuple[Word, ...]:
    """The deployment: `checkout 1.4.0 in prod`."""
    deployment = check.deployment
    version: Word = Sent(deployment.version) if deployment.version else "without a version"
    words: list[Word] = [Sent(deployment.service), " ", version]
    if deployment.environment:
        words += [" in ", Sent(deployment.environment)]
    return tuple(words)


def _said(sentences: Iterable[str]) -> tuple[Line, ...]:
    return tuple(line(Said(sentence)) for sentence in sentences)


def _cut(told: Iterable[tuple[Line, ...]]) -> tuple[Line, ...]:
    """The lines of the first things that are told, and how many more there are."""
    every = list(told)
    more = len(every) - LISTED_MAX
    last = (line(f"and {more:,} more", tone=QUIET),) if more > 0 else ()
    return (*chain.from_iterable(every[:LISTED_MAX]), *last)


def origin_lines(origin: Origin) -> tuple[Line, ...]:
    """Which share of the failures starts where."""
    thrown = (": ", Sent(origin.exception_type)) if origin.exception_type else ()
    share = f"{percent(origin.share)} ({counted(origin.failures, 'failure')}) in "
    where = (*service_words(origin.service, origin.version), ", ", Sent(origin.span_name))
    return (line(share, *where, *thrown),)


def _exception(one: ExceptionState) -> tuple[Line, ...]:
    message = (": ", Sent(one.message)) if one.message else ()
    tone = WARNING if one.state in _ALARMING else ""
    first = line(f"{one.state}: ", Sent(one.type or "(no type)"), *message, tone=tone)
    chance = one.probability_not_new
    words: list[Word] = [counted(one.count, "time")]
    if one.first_seen is not None:
        words.append(f", first {moment(one.first_seen)} UTC")
    if one.top_frame is not None:
        words += [", in ", Sent(one.top_frame)]
    if chance is not None:
        words.append(f", {percent(chance)} likely if it were not new")
    return first, line(*words, ", ", Sent(one.fingerprint), tone=QUIET, below=True)


def signature_lines(one: SignatureShown) -> tuple[Line, ...]:
    """A known pattern with its evidence, what to check first and the usual advice."""
    return (
        line(
            Said(one.name.replace("_", " ")),
            f" (confidence: {one.confidence}): ",
            Said(one.evidence),
        ),
        line("First check: ", Said(one.first_check), below=True),
        line("Usual advice: ", Said(one.advice), below=True),
    )


def _suspect(one: Suspect) -> tuple[Line, ...]:
    """A commit, not its author: what changed is asked about first. The JSON names both."""
    files = f"score {number(one.score)}" + (", " if one.files else "")
    first = Sent(one.files[0]) if one.files else ""
    more = f" and {len(one.files) - 1} more" if len(one.files) > 1 else ""
    return (line(Sent(one.commit), ": ", Sent(one.summary), f" ({files}", first, f"{more})"),)


def _owners(owners: Iterable[str]) -> tuple[Line, ...]:
    words: list[Word] = []
    for owner in owners:
        words += [", " if words else "Owners: ", Sent(owner)]
    return (line(*words),) if words else ()


def _threshold(one: UsedThreshold) -> Line:
    return line(f"{one.name} {number(one.value)} (", Said(one.origin), ")")


def _commands(check: Check) -> Iterator[Line]:
    """The saved queries that show it, and the whole document."""
    deployment = check.deployment
    given = {"service_name": deployment.service, "service_version": deployment.version or ""}
    given |= {
        name: value
        for name, value in (
            ("environment_name", deployment.environment),
            ("deployment_id", deployment.deployment_id),
        )
        if value is not None
    }
    values = " ".join(f"-p {shlex.quote(f'{name}={shown(v)}')}" for name, v in given.items())
    yield from command_line(f"deploylens query {ALWAYS_ASKED[0]} {values}")
    names = [*ALWAYS_ASKED[1:], *(QUERY_OF_KIND.get(one.kind) for one in check.findings)]
    names += ["failure_origins"] if check.origins else []
    names += ["new_exceptions"] if any(one.state == "new" for one in check.exceptions) else []
    others = ", ".join(dict.fromkeys(name for name in names if name))
    yield line(f"with the same -p also: {others}", below=True)
    if any(one.kind == SILENT for one in check.findings):
        service = shlex.quote(f"service_name={shown(deployment.service)}")
        yield from command_line(f"deploylens query {SILENT_QUERY} -p {service}")
    deployed = shlex.quote(shown(f"{deployment.service}@{deployment.version or ''}"))
    yield from command_line(f"deploylens report {deployed} -o incident.md")
