"""The summary of the report: a few sentences that a reader in a hurry can rely on."""

from collections.abc import Iterator

from analysis.comparison import BASELINE_KINDS, Comparison
from analysis.report.contents import Report
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
    return found or ["No new exception, no failure and no slower endpoint was found."]


def _exception_found(report: Report) -> Iterator[str]:
    if report.new_exceptions:
        first, count = report.new_exceptions[0], len(report.new_exceptions)
        compared = report.comparison is not None and report.comparison.baseline_kind is not None
        new = "new " if compared else ""
        yield (
            f"It records {counted(count, f'{new}exception')}:"
            f" {inline(first.exception_type or 'without a type')},"
            f" {counted(first.sightings, 'time')} in {counted(first.traces, 'trace')}"
            f"{' (the most frequent)' if count > 1 else ''}."
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
