"""Which deployment is judged, when it served, and against what."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """Identity of a deployment; None is unknown, or not sent."""

    service_namespace: str | None
    service_name: str
    service_version: str | None
    environment_name: str | None
    deployment_id: str | None


@dataclass(frozen=True, slots=True)
class Subject:
    """A deployment under judgement. Minutes are since 1970, UTC; ends are not included.

    `baseline_kind` is concurrent, before or named, or None when there is nothing to compare with.
    `side_by_side`: the baseline served in the candidate's own minutes. From `history_from` to
    `history_until`, at most the first minute, lie the minutes that are read to know how the service
    usually does, and that the candidate stands against when the baseline is not beside it.
    `served_since` is the minute of its first traffic: earlier than the first that is judged when
    only its latest minutes are.
    """

    place: Place
    first_minute: int
    until_minute: int
    baseline_version: str | None
    baseline_kind: str | None
    side_by_side: bool
    history_from: int
    history_until: int
    served_since: int
    irreversible: bool = False
    strategy: str | None = None

    @property
    def minutes(self) -> int:
        """How many minutes are judged."""
        return self.until_minute - self.first_minute
