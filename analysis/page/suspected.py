"""What a git checkout adds: commits that may be the cause, files that changed, teams to contact.

No person is named, as in the other forms of the report.
"""

from analysis.check.lines import Line, Said, Sent, Word, line
from analysis.page.table import Table, table
from analysis.report.contents import Report

_SUSPECTS_MAX, _FILES_MAX = 8, 40
_COMMIT_LENGTH, _COMMITS_MAX, _FILES_SHOWN = 12, 8, 4


def suspect_table(report: Report) -> Table | None:
    """The commits, the strongest first; None without a checkout."""
    if report.suspicion is None:
        return None
    return table(
        "Suspect commits",
        "=commit | change | files of it that matter",
        (
            (one.commit[:_COMMIT_LENGTH], one.summary, _files(one.files))
            for one in report.suspicion.suspects
        ),
        "No commit touches the lines that fail.",
        _SUSPECTS_MAX,
    )


def changed_files(report: Report) -> Table | None:
    """The files that changed and matter; None without a checkout."""
    if report.suspicion is None:
        return None
    return table(
        "Files that changed between baseline and candidate",
        "file | kind | commits | what",
        (
            (
                one.path,
                one.kind.replace("-", " "),
                " ".join(commit[:_COMMIT_LENGTH] for commit in one.commits[:_COMMITS_MAX]),
                "; ".join(one.details[:_COMMITS_MAX]),
            )
            for one in report.suspicion.changed
        ),
        "No configuration, migration, dependency or build file changed.",
        _FILES_MAX,
    )


def owner_lines(report: Report) -> tuple[Line, ...]:
    """Teams to contact, and what cannot be told of the code."""
    if report.suspicion is None:
        return ()
    words: list[Word] = []
    for owner in report.suspicion.owners:
        words += [", " if words else "Teams to contact: ", Sent(owner)]
    caveats = (line(Said(caveat)) for caveat in report.suspicion.caveats)
    return (*((line(*words),) if words else ()), *caveats)


def _files(names: tuple[str, ...]) -> str:
    more = len(names) - _FILES_SHOWN
    return ", ".join(names[:_FILES_SHOWN]) + (f" and {more} more" if more > 0 else "")
