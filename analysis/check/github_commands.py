"""A check as GitHub Actions reads it: text in the log, and annotations of the run.

The runner takes a line that begins with `::` and, in an older form that it still reads, any line
with `##[` in it for a command. Text that came with telemetry is therefore either escaped inside an
annotation, or stands where commands are stopped. (docs.github.com, workflow commands;
actions/runner, src/Runner.Common/ActionCommand.cs.)
"""

import re
import secrets
from collections.abc import Iterator

from analysis.check.verdict_words import VERDICT_WORDS
from analysis.safe_text import shortened, shown
from analysis.verdict.check import Check, Finding, Gate

# GitHub shows ten annotations of each kind of one step.
ANNOTATIONS_MAX = 10
_AT_START = re.compile(r"(?<!\S)::")
_LENGTH_MAX = 1000
_TITLE_LENGTH_MAX = 200
_GATE_LEVELS = {Gate.FAIL: "error", Gate.WAIT: "warning", Gate.PASS: "notice"}


def github_log(check: Check, text: str) -> str:
    """The text of the check, in which no command is read, and its annotations."""
    token = secrets.token_hex(16)
    body = f"::stop-commands::{token}\n{text.rstrip()}\n::{token}::\n"
    return body + "".join(f"{line}\n" for line in annotations(check))


def annotations(check: Check) -> Iterator[str]:
    """The verdict and the strongest findings, each on one line."""
    deployment = check.deployment
    name = f"{deployment.service} {deployment.version or '(no version)'}"
    title = f"{VERDICT_WORDS[check.verdict].title}: {name} (gate: {check.gate})"
    told = " ".join(check.reasons) or title
    yield annotation(_GATE_LEVELS[check.gate], title, told)
    for finding in check.findings[: ANNOTATIONS_MAX - 1]:
        where = f"{finding.service} {finding.endpoint or ''}".strip()
        yield annotation(_level(finding, check.gate), f"{finding.kind}: {where}", finding.title)


def annotation(level: str, title: str, text: str) -> str:
    """`::error title=...::...`; whatever is in the texts, this is one command and ends with it."""
    short = shortened(shown(title), _TITLE_LENGTH_MAX)
    return f"::{level} title={_property(short)}::{_data(shortened(shown(text), _LENGTH_MAX))}"


def defused(text: str) -> str:
    """The lines of a log in which the runner reads no command. It skips space before one."""
    return _AT_START.sub(": :", text).replace("##[", "## [")


def _level(finding: Finding, gate: Gate) -> str:
    """An error only where the gate fails: a run that may go on shows no red."""
    if finding.severity == "info":
        return "notice"
    return "error" if finding.severity == "critical" and gate is Gate.FAIL else "warning"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
