"""A check as a Code Quality report, which GitLab shows in a merge request and in its diff.

An array of objects with `description`, `check_name`, `fingerprint`, `severity` (info, minor, major,
critical, blocker) and `location`. (docs.gitlab.com/ci/testing/code_quality, report format.)
"""

import hashlib
from collections.abc import Iterator

from analysis.check.check_json import Json
from analysis.check.verdict_words import VERDICT_WORDS
from analysis.formats.json_rows import json_text
from analysis.safe_text import shown
from analysis.verdict.check import Check, Gate

# A report names a file for everything; without a suspect commit it is the one every project has.
NO_FILE = ".gitlab-ci.yml"
_SEVERITIES = {"critical": "critical", "warning": "major", "info": "info"}
_GATE_SEVERITIES = {Gate.FAIL: "blocker", Gate.WAIT: "minor"}


def code_quality(check: Check) -> str:
    """The report; an empty array when the gate passes and nothing was found."""
    entries = ",\n".join(json_text(entry) for entry in _entries(check))
    return f"[\n{entries}\n]\n" if entries else "[]\n"


def _entries(check: Check) -> Iterator[dict[str, Json]]:
    path = _suspect_file(check)
    service = check.deployment.service
    if check.gate is not Gate.PASS:
        told = f"{VERDICT_WORDS[check.verdict].title}: {service}. {' '.join(check.reasons)}"
        yield _entry("gate", told, _GATE_SEVERITIES[check.gate], path, service)
    seen: dict[str, int] = {}
    for finding in check.findings:
        key = "\0".join((service, finding.kind, finding.service, finding.endpoint or ""))
        seen[key] = seen.get(key, 0) + 1
        severity = _SEVERITIES.get(finding.severity, "info")
        yield _entry(finding.kind, finding.title, severity, path, f"{key}\0{seen[key]}")


def _entry(kind: str, description: str, severity: str, path: str, identity: str) -> dict[str, Json]:
    """One entry. The same finding has the same fingerprint in every run, whatever its numbers."""
    return {
        "description": shown(description),
        "check_name": f"deploylens/{kind}",
        "fingerprint": hashlib.sha256(f"{kind}\0{identity}".encode(errors="replace")).hexdigest(),
        "severity": severity,
        "location": {"path": path, "lines": {"begin": 1}},
    }


def _suspect_file(check: Check) -> str:
    for suspect in check.suspects:
        for file in suspect.files:
            return shown(file)
    return NO_FILE
