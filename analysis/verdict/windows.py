"""The minutes that are judged and those before them, from what the store says of a deployment."""

from dataclasses import dataclass
from datetime import UTC, datetime

from analysis.verdict.subject import Place, Subject

MINUTE_NS = 60 * 10**9
# How many earlier minutes are read to know how the service usually does.
HISTORY_MINUTES = 60


@dataclass(frozen=True, slots=True)
class Windows:
    """A row of the query `comparison`; times in nanoseconds since 1970, UTC."""

    service_namespace: str | None
    environment_name: str | None
    deployment_id: str | None
    candidate_first_seen: int
    candidate_from: int
    candidate_until: int
    baseline_version: str | None
    baseline_kind: str | None
    baseline_from: int | None
    baseline_until: int | None

    @property
    def side_by_side(self) -> bool:
        """Whether the baseline served in the candidate's own window."""
        return self.baseline_kind is not None and self.baseline_from == self.candidate_from


@dataclass(frozen=True, slots=True)
class Facts:
    """A row of the query `deployment_facts`."""

    vcs_revision: str | None
    version_source: str | None
    strategy: str | None
    irreversible: bool | None
    marked_at: int | None
    marked_environment: str | None


def subject_of(
    service: str, version: str | None, windows: Windows, facts: Facts, minutes_max: int
) -> Subject:
    """The subject of a deployment that sent something. Of a long window its latest minutes are
    judged, at most `minutes_max`."""
    begun = windows.candidate_from // MINUTE_NS
    until = _rounded_up(windows.candidate_until)
    first = max(begun, until - minutes_max)
    history_until = first
    if windows.baseline_until is not None and not windows.side_by_side:
        history_until = min(first, _rounded_up(windows.baseline_until))
    return Subject(
        place=Place(
            windows.service_namespace,
            service,
            version,
            windows.environment_name,
            windows.deployment_id,
        ),
        first_minute=first,
        until_minute=until,
        baseline_version=windows.baseline_version if windows.baseline_kind else None,
        baseline_kind=windows.baseline_kind,
        side_by_side=windows.side_by_side,
        history_from=history_until - HISTORY_MINUTES,
        history_until=history_until,
        served_since=windows.candidate_first_seen // MINUTE_NS,
        irreversible=bool(facts.irreversible),
        strategy=facts.strategy,
    )


def marked_subject(
    place: Place, marked_at: int, until: int, baseline_version: str | None, facts: Facts
) -> Subject:
    """The subject of a deployment that was marked and sent nothing: the minutes since the mark."""
    first = marked_at // MINUTE_NS
    return Subject(
        place=place,
        first_minute=first,
        until_minute=max(first + 1, _rounded_up(until)),
        baseline_version=baseline_version,
        baseline_kind="before",
        side_by_side=False,
        history_from=first - HISTORY_MINUTES,
        history_until=first,
        served_since=first,
        irreversible=bool(facts.irreversible),
        strategy=facts.strategy,
    )


def time_text(minute: int) -> str:
    """A minute as RFC 3339."""
    return datetime.fromtimestamp(minute * 60, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment_text(unix_nano: int) -> str:
    """A moment as RFC 3339, to the microsecond."""
    whole, nano = divmod(unix_nano, 10**9)
    text = datetime.fromtimestamp(whole, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{nano // 1000:06d}Z" if nano // 1000 else f"{text}Z"


def _rounded_up(unix_nano: int) -> int:
    return -(-unix_nano // MINUTE_NS)
