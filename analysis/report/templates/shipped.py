"""The templates that are shipped, and what each is modelled on."""

from importlib import resources

SHIPPED = {
    "default": "everything, the verdict first",
    "google-sre": "the postmortem of the book Site Reliability Engineering",
    "pagerduty": "the postmortem of PagerDuty's incident response documentation",
    "atlassian": "the postmortem of Atlassian's incident handbook",
    "incident-io": "incident.io's post-mortem: contributors, mitigators, learnings and risks",
}
# What `--update` writes between its markers: the facts alone, with nothing for people to fill in.
BLOCK = "block"
SUFFIX = ".md.j2"


def source(name: str) -> str:
    """The text of a shipped template."""
    folder = resources.files("analysis.report.templates")
    return (folder / f"{name}{SUFFIX}").read_text(encoding="utf-8")
