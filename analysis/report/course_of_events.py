"""The course of the incident: the timeline, what set it off, when the data showed it, its end."""

from analysis.comparison import BASELINE_KINDS
from analysis.report.contents import Report
from analysis.report.document import Document
from analysis.report.impact import minutes
from analysis.report.judgement import onset_sentence
from analysis.report.markdown_block import Markdown, block, sentences
from analysis.report.words import NO_SPANS, UNKNOWN, cell, inline, time, trace_cell, version_words
from analysis.verdict.check import Verdict

PEOPLE = ("**to fill in**", "noticed, acknowledged, mitigated, resolved", UNKNOWN)


def timeline(report: Report) -> Markdown:
    """Everything that has a time, in order, and a row for what only people know."""
    document = Document()
    document.table("time | event | trace", [*_event_rows(report), PEOPLE])
    return block(document)


def known_timeline(report: Report) -> Markdown:
    """The same without the row for people."""
    document = Document()
    rows = _event_rows(report)
    if not rows:
        return Markdown("Nothing has a time: nothing of it was sent or marked.")
    document.table("time | event | trace", rows)
    return block(document)


def trigger(report: Report) -> Markdown:
    """The change that was made, when, and when failures rose after or before it."""
    return sentences(change_sentence(report), onset_sentence(report), _not_this(report))


def change_sentence(report: Report) -> Markdown:
    """Which version began to serve when, where, and what it replaced."""
    milestones, comparison = report.milestones, report.comparison
    at = milestones.deployed_at or (comparison.candidate_first_seen if comparison else None)
    if at is None:
        return Markdown(NO_SPANS)
    service = inline(report.name.service)
    version = version_words(report.name.version)
    environment = comparison.environment_name if comparison else None
    where = f" in {inline(environment)}" if environment else ""
    replaced = ""
    if comparison and comparison.baseline_kind:
        kind = BASELINE_KINDS.get(comparison.baseline_kind, "")
        replaced = f"; it is compared with {version_words(comparison.baseline_version)}, {kind}"
    return Markdown(
        f"At {time(at)} UTC a change was introduced to {service}{where}: {version}{replaced}."
    )


def detection(report: Report) -> Markdown:
    """When the data was enough to tell, and how long after failures rose that was."""
    milestones = report.milestones
    if milestones.detected_at is None:
        return Markdown("At no minute did the data prove harm by this deployment.")
    after = f", {minutes(milestones.detection_min)} after {milestones.beginning}"
    return Markdown(
        f"The data proved it at {time(milestones.detected_at)} UTC"
        f"{after if milestones.detection_min is not None else ''}."
    )


def resolution(report: Report) -> Markdown:
    """When failures were back to usual, how long that took, and which version serves since."""
    milestones = report.milestones
    if milestones.mitigated_at is None:
        return Markdown("No return of the failure rate to its usual band is stored.")
    took = f", {minutes(milestones.mitigation_min)} after {milestones.beginning}"
    back = milestones.back_to_version
    served = f" Most requests were served by {version_words(back)} from then on." if back else ""
    return Markdown(
        f"The failure rate was back in its usual band at {time(milestones.mitigated_at)} UTC"
        f"{took if milestones.mitigation_min is not None else ''}.{served}"
    )


def _event_rows(report: Report) -> list[tuple[str, str, str]]:
    return [
        (
            time(event.time),
            f"{event.what} {cell(event.subject)}".strip(),
            trace_cell(event.trace_id),
        )
        for event in report.events
    ]


def _not_this(report: Report) -> str:
    elsewhere = report.check is not None and report.check.verdict is Verdict.NOT_THIS_DEPLOYMENT
    return "The verdict is that this deployment is not the cause." if elsewhere else ""
