"""The summary of the report: a few sentences that a reader in a hurry can rely on."""

from collections.abc import Iterator, Sequence

from analysis.comparison import BASELINE_KINDS, Comparison
from analysis.report.contents import Report
from analysis.report.exception_evidence import ShownException
from analysis.report.words import (
    UNKNOWN,
    counted,
    inline,
    milliseconds,
    of,
    percent,
    time,
    version_words,
)

_CHANCE_MAX = 0.01


def summary(report: Report) -> list[str]:
    """The sentences of the summary, as Markdown."""
    if report.comparison is None:
        return ["No span of this version is stored in the window that was asked for."]
    requests, failures = report.measure("requests", "spans"), report.measure("failures", "spans")
    if requests is None or failures is None:
        return _found(report)
    served, failed = int(requests.candidate or 0), int(failures.candidate or 0)
    sentences = [
        f"Since {time(report.comparison.candidate_from)} UTC {_subject(report)} served"
        f" {counted(served, 'request')}; {of(failed, served)} failed"
        f" ({_rate(report, candidate=True)})."
    ]
    if report.comparison.baseline_kind is not None:
        baseline = version_words(report.comparison.baseline_version)
        before = of(int(failures.baseline or 0), int(requests.baseline or 0))
        kind = BASELINE_KINDS.get(report.comparison.baseline_kind, "")
        rate = _rate(report, candidate=False)
        sentences.append(f"Compared with {baseline}, {kind}: {before} failed ({rate}).")
    return [*sentences, *_found(report), *_caveats(report, report.comparison)]


def _subject(report: Report) -> str:
    service = inline(report.name.service)
    version = report.name.version
    return f"version {inline(version)} of {service}" if version else f"{service} (no version sent)"


def _rate(report: Report, candidate: bool) -> str:
    measure = report.measure("failure rate", "share")
    if measure is None:
        return UNKNOWN
    return percent(measure.candidate if candidate else measure.baseline)


def _found(report: Report) -> list[str]:
    """What stands out."""
    found = [*_exception_found(report), *_origin_found(report), *_slower_found(report)]
    return found or [
        "No new, regressed or escalating exception, no failure and no slower endpoint was found."
    ]


def _exception_found(report: Report) -> Iterator[str]:
    compared = report.comparison is not None and report.comparison.baseline_kind is not None
    sure = [e for e in report.new_exceptions if _is_proven(e.probability_not_new)]
    if sure or not compared:
        shown = sure if compared else report.new_exceptions
        yield from _counted_exceptions(shown, "new exception" if compared else "exception")
    elif report.new_exceptions:
        count = counted(len(report.new_exceptions), "exception")
        yield (
            f"It records {count} not seen before, which may be chance:"
            f" {_named(report.new_exceptions[0])}."
        )
    yield from _counted_exceptions(report.regressed_exceptions, "exception", " that came back")
    yield from _counted_exceptions(report.escalating_exceptions, "known exception", " more often")


def _is_proven(probability: float | None) -> bool:
    """Chance explains it in one case of a hundred at most; unknown without requests to judge by."""
    return probability is None or probability <= _CHANCE_MAX


def _counted_exceptions(
    exceptions: Sequence[ShownException], noun: str, how: str = ""
) -> Iterator[str]:
    """The sentence about those of one state, which names the first."""
    if exceptions:
        first = " (the strongest evidence)" if len(exceptions) > 1 else ""
        count = counted(len(exceptions), noun)
        yield f"It records {count}{how}: {_named(exceptions[0])}{first}."


def _named(exception: ShownException) -> str:
    return (
        f"{inline(exception.exception_type or 'without a type')},"
        f" {counted(exception.sightings, 'time')} in {counted(exception.traces, 'trace')}"
    )


def _origin_found(report: Report) -> Iterator[str]:
    if report.origins and report.origins[0].candidate_failures:
        origin = report.origins[0]
        version = f" {inline(origin.service_version)}" if origin.service_version else ""
        calls = f", which calls {inline(origin.peer)}" if origin.peer else ""
        yield (
            f"The largest part of its failures, {percent(origin.candidate_share)}, starts in"
            f" {inline(origin.service_name)}{version}: {inline(origin.span_name)}{calls}."
        )


def _slower_found(report: Report) -> Iterator[str]:
    worst = next((latency for latency in report.latencies if latency.slower), None)
    if worst is not None:
        yield (
            f"It is slower: {worst.quantile} of {inline(worst.endpoint or 'all requests')} is"
            f" {milliseconds(worst.candidate_ms)}, of the baseline"
            f" {milliseconds(worst.baseline_ms)}."
        )


def _caveats(report: Report, comparison: Comparison) -> Iterator[str]:
    source = report.deployment.version_source if report.deployment else None
    if source and source != "service.version":
        yield f"The version was not sent as service.version; it was inferred from {inline(source)}."
    if comparison.baseline_kind is None:
        yield "Nothing is stored to compare it with, so nothing can be said to have changed."
    if comparison.baseline_kind == "before":
        yield (
            "The comparison is with an earlier time, so a change of load or of the time of day"
            " counts too."
        )
