"""The report as Markdown that pastes into GitHub, GitLab, Confluence and Notion.

The verdict first, then the order of the usual postmortem templates: what happened, to whom, when,
the evidence, and blanks for what only people know. The same report gives the same bytes.
"""

from analysis.report.contents import Report
from analysis.report.templates import rendered


def markdown(report: Report) -> str:
    """The whole report through the default template."""
    return rendered(report, "default")
