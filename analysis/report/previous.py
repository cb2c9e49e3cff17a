"""An earlier report in a file, and what changed since."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from analysis.exit_code import UsageRefused
from analysis.report.contents import Report
from analysis.report.difference import difference_of
from analysis.report.facts import DamagedReport, Facts, facts_of
from analysis.report.report_json import KIND, SCHEMA_VERSION, report_document

BYTES_MAX = 256 * 1024 * 1024
_WRITE_IT = "Write one with `deploylens report SERVICE@VERSION -o FILE.json`"


def read_previous(path: Path) -> Facts:
    """The facts of an earlier JSON report; raises UsageRefused for any other file, OSError for one
    that cannot be read."""
    if path.stat().st_size > BYTES_MAX:
        raise UsageRefused(f"{path} is larger than {BYTES_MAX // 1024**2} MB: no report is.")
    try:
        document = json.loads(path.read_bytes(), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        told = "nested too deeply" if isinstance(error, RecursionError) else error
        raise UsageRefused(f"{path} is not JSON ({told}). {_WRITE_IT}.") from None
    if not isinstance(document, dict) or document.get("kind") != KIND:
        raise UsageRefused(
            f"{path} is JSON, but no report of deploylens. {_WRITE_IT}, and name it here."
        )
    version = document.get("schema_version")
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise UsageRefused(f"{path} is damaged: its schema_version is {ascii(version)[:40]}.")
    if version > SCHEMA_VERSION:
        raise UsageRefused(
            f"{path} has schema version {version}; this version of deploylens reads"
            f" {SCHEMA_VERSION}. Update deploylens, or write the earlier report again with this"
            " one and --until."
        )
    try:
        return facts_of(document)
    except DamagedReport as error:
        raise UsageRefused(f"{path} is a damaged report: {error}. {_WRITE_IT} again.") from None


def with_difference(report: Report, previous: Facts, path: Path) -> Report:
    """The report with what changed since; raises UsageRefused for one that cannot be compared."""
    if previous.redacted:
        raise UsageRefused(
            f"{path} is redacted, so its names cannot be compared. Keep the whole report for that."
        )
    if previous.service != report.name.service:
        raise UsageRefused(
            f"{path} is a report of {previous.service}, and this one is of {report.name.service}."
            " Name a report of the same service."
        )
    difference = difference_of(previous, facts_of(report_document(report)))
    return replace(report, difference=difference)


def _refuse(constant: str) -> Any:  # Any: what json calls
    raise ValueError(f"{constant} is no number in JSON")
