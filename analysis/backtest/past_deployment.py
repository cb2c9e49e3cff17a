"""A deployment of the past as the store lists it, and the windows it would have been judged in."""

from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta

from analysis.asked_deployment import check_names
from analysis.asking import Asking
from analysis.backtest.nanoseconds import in_nanoseconds
from analysis.deployment_name import DeploymentName
from analysis.saved_query import bind
from analysis.verdict.subject import Subject
from analysis.verdict.windows import MINUTE_NS, Facts, Windows, subject_of


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which deployments are replayed and for how many minutes; `good` and `bad` are names as they
    are written, SERVICE@VERSION."""

    service: str | None = None
    environment: str | None = None
    since: str | None = None
    minutes: int = 60
    good: tuple[str, ...] = ()
    bad: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PastDeployment:
    """A row of the query `deployments`; `first_seen` in nanoseconds since 1970, UTC."""

    service_namespace: str | None
    service_name: str
    service_version: str | None
    environment_name: str | None
    deployment_id: str | None
    first_seen: int
    version_source: str | None
    vcs_revision: str | None
    strategy: str | None
    irreversible: bool | None
    note: str | None

    @property
    def name(self) -> DeploymentName:
        """Service and version."""
        return DeploymentName(self.service_name, self.service_version or "")

    def subject(self, store: Asking, minutes: int) -> Subject | None:
        """What is judged when that many minutes are known, from the one it was first seen in; None
        without anything to compare with. Its baseline is worked out once, as of the last of them.
        """
        given: dict[str, object] = {
            "service_name": self.service_name,
            "service_version": self.service_version or "",
            "environment_name": self.environment_name,
            "deployment_id": self.deployment_id,
            "until": _time((self.first_seen // MINUTE_NS + minutes) * MINUTE_NS),
        }
        said = {name: value for name, value in given.items() if value is not None}
        rows = in_nanoseconds(store.database.run(store.catalog["comparison"], said)).to_pylist()
        if not rows:
            return None
        windows = Windows(**{field.name: rows[0][field.name] for field in fields(Windows)})
        here = windows.service_namespace, windows.environment_name, windows.deployment_id
        place = self.service_namespace, self.environment_name, self.deployment_id
        if windows.baseline_kind is None or here != place:
            return None
        facts = Facts(
            self.vcs_revision, self.version_source, self.strategy, self.irreversible, None, None
        )
        return subject_of(self.service_name, self.service_version, windows, facts, minutes)


def past_deployments(store: Asking, wanted: Wanted) -> list[PastDeployment]:
    """What was deployed and sent something, the earliest first.

    Raises CommandFailed for a service or environment that is not stored, ParameterError for a time
    that is none.
    """
    asked = {"service_name": wanted.service, "environment_name": wanted.environment}
    given = {name: value for name, value in asked.items() if value is not None}
    check_names(store.deployed(), given)
    query = store.catalog["deployments"]
    since = None if wanted.since is None else bind(query, {"since": wanted.since})["since"]
    rows = in_nanoseconds(store.database.run(query, given)).to_pylist()
    found = [
        PastDeployment(**{field.name: row[field.name] for field in fields(PastDeployment)})
        for row in rows
        if row["first_seen"] is not None
        and (since is None or _time(row["first_seen"]) >= _naive(since))
    ]
    return sorted(found, key=lambda one: (one.first_seen, one.service_name))


def _time(unix_nano: int) -> datetime:
    """As bound to a query: naive UTC, to the microsecond above."""
    epoch = datetime(1970, 1, 1)  # noqa: DTZ001  # the queries' times are naive, and are UTC
    return epoch + timedelta(microseconds=-(-unix_nano // 1000))


def _naive(time: object) -> datetime:
    assert isinstance(time, datetime)  # the parameter is a TIMESTAMP
    return time.astimezone(UTC).replace(tzinfo=None) if time.tzinfo else time
