"""Who was hit, how much, and for how long."""

from analysis.check.figures import percent as short_percent
from analysis.duration import duration_text
from analysis.report.contents import Report
from analysis.report.document import Document
from analysis.report.findings import Measure
from analysis.report.markdown_block import Markdown, block, sentences
from analysis.report.words import (
    NO_SPANS,
    counted,
    inline,
    milliseconds,
    number,
    of,
    percent,
    time,
)

_MINUTE_NS = 60 * 10**9


def impact(report: Report) -> Markdown:
    """Every measure of both versions, and how much of the service failed."""
    document = Document()
    measures = [m for m in report.measures if (m.candidate, m.baseline) != (None, None)]
    if measures:
        document.table(
            "measure | unit | #this version | #baseline | #difference", map(_measure_row, measures)
        )
    document.paragraph(NO_SPANS if report.comparison is None else _failed(report))
    return block(document)


def impact_numbers(report: Report) -> Markdown:
    """The exact numbers of the impact as a table: n of m, the peak, and how long it lasted."""
    document, milestones = Document(), report.milestones
    requests, failed = counts(report)
    rows = [("Failed requests", _with_share(failed, requests))]
    if milestones.peak_failure_rate is not None:
        peak = f"{percent(milestones.peak_failure_rate)} from {time(milestones.peak_at)} UTC"
        rows.append(("Highest failure rate of a step", peak))
    impact_ = report.check.impact if report.check else None
    if impact_ is not None:
        rows.append(("Endpoints that fail more", number(impact_.endpoints)))
        rows.append(("Services hit", number(impact_.services)))
        known = "no span names a user" if impact_.users is None else number(impact_.users)
        rows.append(("Users hit", known))
    rows.append(("First failed request", time(milestones.first_failure_at)))
    rows.append(("Failure rate usual again", time(milestones.mitigated_at)))
    rows.append(("Time to detect by the data", minutes(milestones.detection_min)))
    rows.append(("Time to mitigate", minutes(milestones.mitigation_min)))
    document.table(" | #", [list(row) for row in rows])
    return block(document)


def fault(report: Report) -> Markdown:
    """How many requests failed, where, and at what rate, in sentences."""
    requests, failed = counts(report)
    if report.comparison is None or not requests:
        return Markdown(NO_SPANS)
    failing = [e for e in report.endpoints if e.candidate_failures]
    worst = max(failing, key=lambda e: e.candidate_failures, default=None)
    most = ""
    if worst is not None:
        name = inline(worst.endpoint or "without a name")
        most = f"Most at {name}: {_with_share(worst.candidate_failures, worst.candidate_requests)}."
    return sentences(f"{_with_share(failed, requests)} requests failed.", most, _failed(report))


def in_all(report: Report) -> str:
    """Why the verdict's rates are not those of all requests, with those; empty when they are the
    same."""
    rate, measured = report.measure("failure rate", "share"), report.check
    if rate is None or measured is None or measured.failure_rate.candidate is None:
        return ""
    judged = measured.failure_rate
    said = [_rate(report, "candidate", rate.candidate)]
    pairs = [(judged.candidate, rate.candidate)]
    if judged.baseline is not None and rate.baseline is not None:
        said.append(f"of the baseline {_rate(report, 'baseline', rate.baseline)}")
        pairs.append((judged.baseline, rate.baseline))
    if all(short_percent(one) == short_percent(other) for one, other in pairs):
        return ""
    return (
        "The rates above count whole minutes, without the first and last seconds of instances."
        f" Of all requests {', '.join(said)} failed."
    )


def _rate(report: Report, side: str, rate: float | None) -> str:
    requests, failures = (report.measure(name, "spans") for name in ("requests", "failures"))
    tried, failed = (int(getattr(m, side, None) or 0) for m in (requests, failures))
    return f"{of(failed, tried)} ({short_percent(rate)})"


def counts(report: Report) -> tuple[int | None, int | None]:
    """Requests of the candidate, and how many of them failed; None is unknown."""
    found = [report.measure(name, "spans") for name in ("requests", "failures")]
    requests, failed = (None if m is None else int(m.candidate or 0) for m in found)
    return requests, failed


def minutes(value: float | None) -> str:
    """Minutes with the unit that reads best; unknown is said."""
    return "unknown" if value is None else duration_text(value * _MINUTE_NS)


def _with_share(part: int | None, whole: int | None) -> str:
    share = "" if part is None or not whole else f" ({percent(part / whole)})"
    return f"{of(part, whole)}{share}"


def _failed(report: Report) -> str:
    failing = [endpoint for endpoint in report.endpoints if endpoint.candidate_failures]
    if not failing:
        return "No endpoint of the service itself failed."
    return f"{counted(len(failing), 'endpoint')} of the service failed."


def _measure_row(measure: Measure) -> list[str]:
    write = {"share": percent, "ms": milliseconds}.get(measure.unit, number)
    unit = "" if measure.unit in ("share", "ms", "spans", "instances") else measure.unit
    change = write(measure.difference)
    if measure.unit == "share" and measure.difference is not None:
        change = f"{number(100 * measure.difference)} points"
    return [measure.measure, unit, write(measure.candidate), write(measure.baseline), change]
