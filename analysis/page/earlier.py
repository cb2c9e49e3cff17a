"""What is other than in an earlier report."""

from analysis.page.table import Table, table
from analysis.report.difference import ChangedFigure, Difference
from analysis.report.words import number, percent, time

_LISTED_MAX = 8


def earlier_note(difference: Difference) -> str:
    """Which report this one is compared with, and what that one does not hold."""
    until = difference.previous_until
    when = "which had sent nothing" if until is None else f"up to {time(until)} UTC"
    version = difference.previous_version or "spans without a version"
    said = f"Against the report about {version}, {when}."
    if not difference.figures and not difference.lists:
        said += " Nothing changed."
    if difference.omitted:
        said += f" The earlier report does not hold: {', '.join(difference.omitted)}."
    return said


def changed_figures(difference: Difference) -> Table | None:
    """The figures that are others now; None when none is."""
    if not difference.figures:
        return None
    rows = (
        (one.name, _figure(one, one.before), _figure(one, one.after)) for one in difference.figures
    )
    return table("Figures that changed", "figure | #before | #now", rows)


def changed_lists(difference: Difference) -> Table | None:
    """What came and what went; None when nothing did."""
    if not difference.lists:
        return None
    rows = ((one.name, _names(one.began), _names(one.ceased)) for one in difference.lists)
    return table("What came and what went", "of | came | went", rows)


def _figure(figure: ChangedFigure, value: str | float | None) -> str:
    if isinstance(value, str):
        return time(value) if figure.unit == "time" else value
    if figure.unit == "share":
        return percent(value)
    return number(value) + (" min" if figure.unit == "minutes" and value is not None else "")


def _names(names: tuple[str, ...]) -> str:
    more = len(names) - _LISTED_MAX
    return ", ".join(names[:_LISTED_MAX]) + (f" and {more} more" if more > 0 else "")
