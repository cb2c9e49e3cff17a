"""What the report is about: its title, and a table of the deployment and its baseline."""

from analysis.comparison import BASELINE_KINDS, Comparison, no_baseline_text, window_text
from analysis.report.contents import Report
from analysis.report.document import Document
from analysis.report.markdown_block import Markdown, block
from analysis.report.words import UNKNOWN, cell, name_cell, number

REDACTED = (
    "This report is redacted: names, texts and identifiers are replaced or taken out; times, counts"
    " and rates are as they were."
)


def title(report: Report) -> Markdown:
    """Service and version, for a heading or a cell."""
    version = cell(report.name.version) if report.name.version else "(no version sent)"
    return Markdown(f"{cell(report.name.service)} {version}")


def redaction_note(report: Report) -> Markdown:
    """That the report is redacted; empty when it is not."""
    return Markdown(f"> **{REDACTED}**" if report.redacted else "")


def deployment_table(report: Report) -> Markdown:
    """What was deployed where, which minutes are shown, and what they are compared with."""
    rows = [("Service", cell(report.name.service))]
    deployment, comparison = report.deployment, report.comparison
    if deployment is not None:
        rows += [
            ("Version", name_cell(deployment.service_version)),
            ("Version read from", name_cell(deployment.version_source)),
            ("Namespace", name_cell(deployment.service_namespace)),
            ("Environment", name_cell(deployment.environment_name)),
            ("Deployment id", name_cell(deployment.deployment_id)),
            ("Commit", name_cell(deployment.vcs_revision)),
            ("Commit before", name_cell(deployment.previous_vcs_revision)),
            ("Strategy", name_cell(deployment.strategy)),
            ("Irreversible", "yes" if deployment.irreversible else UNKNOWN),
            ("Instances", number(deployment.instances)),
        ]
    if comparison is not None:
        rows.append(("Window", window_text(comparison.candidate_from, comparison.candidate_until)))
        asked = report.parameters.get("baseline_version")
        rows.append(("Compared with", _baseline(comparison, asked)))
    document = Document()
    document.table(" | ", [row for row in rows if row[1] != UNKNOWN])
    return block(document)


def _baseline(comparison: Comparison, asked: str | None) -> str:
    if comparison.baseline_kind is None:
        deleted = comparison.baseline_version
        reason = no_baseline_text(
            None if asked is None else cell(asked), None if deleted is None else cell(deleted)
        )
        return f"nothing: {reason}"
    window = window_text(comparison.baseline_from or "", comparison.baseline_until or "")
    version = cell(comparison.baseline_version or "spans without a version")
    return f"{version}, {BASELINE_KINDS.get(comparison.baseline_kind, '')}: {window}"
