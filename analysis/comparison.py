"""What a deployment is compared with: the last columns of every query about one deployment."""

from dataclasses import dataclass, fields

from analysis.rows import Rows
from analysis.safe_text import shown


@dataclass(frozen=True, slots=True)
class Comparison:
    """The windows and the baseline that were worked out; fields are columns, times RFC 3339.

    A `baseline_version` without a `baseline_kind` is one whose rows were deleted.
    """

    service_namespace: str | None
    environment_name: str | None
    deployment_id: str | None
    candidate_first_seen: str
    candidate_from: str
    candidate_until: str
    baseline_version: str | None
    baseline_kind: str | None
    baseline_from: str | None
    baseline_until: str | None


BASELINE_KINDS = {"concurrent": "at the same time", "before": "before it", "named": "as asked"}
COMPARISON_COLUMNS = tuple(field.name for field in fields(Comparison))


def comparison_of(rows: Rows) -> Comparison | None:
    """What the rows compare; None when they compare nothing, or there are none."""
    if not len(rows) or not set(COMPARISON_COLUMNS) <= set(rows.names):
        return None
    return rows.records(Comparison)[0]


def comparison_text(
    comparison: Comparison, service: str, version: str, asked_baseline: str | None = None
) -> str:
    """Two lines that say what stands against what."""
    where = f" in {shown(comparison.environment_name)}" if comparison.environment_name else ""
    name = version_text(version)
    window = window_text(comparison.candidate_from, comparison.candidate_until)
    first = f"candidate  {shown(service)} {name}{where}, {window}"
    if comparison.baseline_kind is None:
        reason = no_baseline_text(asked_baseline, comparison.baseline_version)
        return f"{first}\nbaseline   none: {reason}"
    baseline = version_text(comparison.baseline_version)
    window = window_text(comparison.baseline_from or "", comparison.baseline_until or "")
    kind = BASELINE_KINDS.get(comparison.baseline_kind, comparison.baseline_kind)
    return f"{first}\nbaseline   {baseline} ({kind}), {window}"


def no_baseline_text(asked: str | None, deleted: str | None) -> str:
    """Why there is no baseline: the rows of `deleted` are gone, or the version asked for, or any
    other, served nothing here."""
    if deleted is not None:
        return f"all rows of {shown(deleted)}, which served before, were deleted for age or room"
    if asked is None:
        return "no other version of it served before or beside it"
    name = shown(asked) or "spans without a version"
    return f"nothing else of {name} is stored in this environment and window"


def version_text(version: str | None) -> str:
    """A version as words; spans without one have none."""
    return shown(version) if version else "without a version"


def window_text(since: str, until: str) -> str:
    """Two times as one window, the date not said twice: `2023-01-29 08:43:17 to 08:44:58 UTC`."""
    start, end = seconds_text(since), seconds_text(until)
    return f"{start} to {end.removeprefix(start[:11])} UTC"


def seconds_text(time: str) -> str:
    """An RFC 3339 time without its fraction: `2023-01-29 08:43:17`."""
    return time[:19].replace("T", " ")
