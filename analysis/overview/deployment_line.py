"""What an overview knows of one deployment: a row of `deployments`, and its latest minutes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

MINUTE_S = 60


@dataclass(frozen=True, slots=True)
class DeploymentRow:
    """A row of the query `deployments`; times are RFC 3339, UTC; None is unknown."""

    service_namespace: str | None
    service_name: str | None
    service_version: str | None
    environment_name: str | None
    deployment_id: str | None
    first_seen: str | None
    last_seen: str | None
    requests: int
    failures: int
    failure_rate: float | None
    marked_at: str | None

    @property
    def key(self) -> tuple[str | None, ...]:
        """What tells it from every other deployment."""
        return (*self.place, self.service_version, self.deployment_id)

    @property
    def place(self) -> tuple[str | None, ...]:
        """The service and the environment, which one version serves after the other."""
        return (self.service_namespace, self.service_name, self.environment_name)

    @property
    def began_at(self) -> str:
        """When it was first heard of: its first span, else its mark; empty when neither is known.

        Times of one form and zone are ordered as their texts are.
        """
        return self.first_seen or self.marked_at or ""


@dataclass(frozen=True, slots=True)
class FailureMinute:
    """A row of the query `failure_minutes`; `minute` counts minutes since 1970, UTC."""

    service_namespace: str | None
    service_name: str | None
    service_version: str | None
    environment_name: str | None
    deployment_id: str | None
    minute: int
    spans: int
    requests: int
    failures: int
    failure_rate: float | None
    last_time: str

    @property
    def key(self) -> tuple[str | None, ...]:
        """The deployment it belongs to, as DeploymentRow.key has it."""
        return (
            *(self.service_namespace, self.service_name, self.environment_name),
            *(self.service_version, self.deployment_id),
        )


def minutes_by_deployment(
    minutes: Iterable[FailureMinute],
) -> dict[tuple[str | None, ...], list[FailureMinute]]:
    """The minutes of each deployment, by its key, in order."""
    found: dict[tuple[str | None, ...], list[FailureMinute]] = {}
    for one in minutes:
        found.setdefault(one.key, []).append(one)
    return found


def minute_of(moment: datetime) -> int:
    """Minutes since 1970, UTC."""
    return int(moment.timestamp()) // MINUTE_S


def last_time(minutes: Sequence[FailureMinute]) -> datetime | None:
    """The last time of anything stored, None when the hour holds nothing."""
    if not minutes:
        return None
    return datetime.fromisoformat(f"{minutes[0].last_time[:19]}+00:00")
