"""A deployment of the past as the store lists it, and the windows it would have been judged in."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from analysis.asked_deployment import check_names
from analysis.asking import Asking
from analysis.backtest.asked_looks import AskedLook, answers
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

    def look(self, minutes: int) -> AskedLook:
        """It as of when so many minutes are known, from the one it was first seen in."""
        return AskedLook(
            self.service_name,
            self.service_version,
            self.environment_name,
            self.deployment_id,
            self.first_seen // MINUTE_NS + minutes,
        )

    def subject(self, comparison: pa.Table, minutes: int) -> Subject | None:
        """What is judged, by a row of `comparison_looks`; None without one, or without anything to
        compare with."""
        if not comparison.num_rows:
            return None
        row = comparison.slice(0, 1).to_pylist()[0]
        windows = Windows(**{field.name: row[field.name] for field in fields(Windows)})
        here = windows.service_namespace, windows.environment_name, windows.deployment_id
        place = self.service_namespace, self.environment_name, self.deployment_id
        if windows.baseline_kind is None or here != place:
            return None
        facts = Facts(
            self.vcs_revision, self.version_source, self.strategy, self.irreversible, None, None
        )
        return subject_of(self.service_name, self.service_version, windows, facts, minutes)


def subjects_of(
    store: Asking, past: Sequence[PastDeployment], minutes: int
) -> Iterator[Subject | None]:
    """What is judged of each when so many minutes are known, from the one it was first seen in.

    The baseline of each is worked out once, as of the last of them. Raises QueryError, StoreError.
    """
    compared = answers(store, "comparison_looks", [one.look(minutes) for one in past])
    for deployment, comparison in zip(past, compared, strict=True):
        yield deployment.subject(comparison, minutes)


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
