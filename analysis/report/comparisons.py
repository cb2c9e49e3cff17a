"""What differs: between the two versions, and between this report and an earlier one."""

from analysis.report.contents import Report
from analysis.report.difference import ChangedFigure, ChangedList, Difference
from analysis.report.document import Document
from analysis.report.impact import minutes
from analysis.report.markdown_block import Markdown, block
from analysis.report.words import (
    NO_SPANS,
    cell,
    name_cell,
    number,
    percent,
    time,
    version_words,
)

_LISTED_MAX = 8


def what_changed(report: Report) -> Markdown:
    """What the telemetry tells of the change: attributes, libraries, runtimes, flags."""
    if not report.changes:
        nothing = "Nothing that the telemetry tells, apart from the version."
        return Markdown(NO_SPANS if report.comparison is None else nothing)
    document = Document()
    document.table(
        "kind | name | change | before | now",
        [
            [
                change.kind,
                cell(change.name),
                change.change,
                name_cell(change.baseline_values),
                name_cell(change.candidate_values),
            ]
            for change in report.changes
        ],
    )
    return block(document)


def since_previous(report: Report) -> Markdown:
    """What is other than in the earlier report; empty when none was named."""
    difference = report.difference
    if difference is None:
        return Markdown("")
    document = Document()
    document.paragraph(_previous(difference))
    if not difference.figures and not difference.lists:
        document.paragraph("Nothing changed.")
    if difference.figures:
        document.table(" | #before | #now", [_figure_row(one) for one in difference.figures])
    if difference.lists:
        document.table(" | came | went", [_list_row(one) for one in difference.lists])
    if difference.omitted:
        omitted = ", ".join(map(cell, difference.omitted))
        document.paragraph(f"The earlier report does not hold: {omitted}.")
    return block(document)


def _previous(difference: Difference) -> str:
    version = version_words(difference.previous_version)
    until = difference.previous_until
    when = "which had sent nothing" if until is None else f"up to {time(until)} UTC"
    return f"Against the report about {version}, {when}."


def _figure_row(one: ChangedFigure) -> list[str]:
    return [cell(one.name), _figure(one.unit, one.before), _figure(one.unit, one.after)]


def _figure(unit: str, value: str | float | None) -> str:
    if isinstance(value, str):
        return time(value) if unit == "time" else cell(value)
    if unit == "share":
        return percent(value)
    return minutes(value) if unit == "minutes" else number(value)


def _list_row(one: ChangedList) -> list[str]:
    return [cell(one.name), _names(one.began), _names(one.ceased)]


def _names(names: tuple[str, ...]) -> str:
    more = len(names) - _LISTED_MAX
    shown = ", ".join(map(cell, names[:_LISTED_MAX]))
    return f"{shown} and {more} more" if more > 0 else shown
