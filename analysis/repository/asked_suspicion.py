"""The suspicion against a checked deployment: what the store knows, asked of a checkout."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from analysis.asking import Asking
from analysis.repository.failing_frames import FailingStack, failing_frames
from analysis.repository.git_command import GitFailed, opened
from analysis.repository.revisions import tagged
from analysis.repository.suspicion import Suspicion, suspicion
from analysis.repository_settings import RepositorySettings
from analysis.safe_text import shortened, shown
from analysis.verdict.check import Check
from receiver.fingerprints.rules import GroupingRules

_ONGOING = "ongoing"
_GONE = "gone"


@dataclass(frozen=True, slots=True)
class StackRow:
    """Columns of the saved query `failing_stacks`."""

    fingerprint: str
    exception_stacktrace: str
    sdk_language: str | None
    traces: int


@dataclass(frozen=True, slots=True)
class CommitRow:
    """Columns of the saved query `deployment_facts`."""

    vcs_revision: str | None
    previous_vcs_revision: str | None


def asked_suspicion(
    store: Asking,
    check: Check,
    repository: Path,
    settings: RepositorySettings,
    rules: GroupingRules,
) -> Suspicion:
    """What the checkout says of the deployment of this check.

    The exceptions are those of the deployment in the window of the check. What git cannot tell
    becomes a caveat: a verdict is never lost for it. Raises UsageRefused when there is no git, or
    no repository at the path; QueryError or StoreError.
    """
    place, baseline = check.deployment, check.baseline
    candidate = _commits(store, check, place.version or "")
    before = None
    if baseline is not None and baseline.version not in (None, place.version):
        before = _commits(store, check, baseline.version or "").vcs_revision
    caveats: list[str] = []
    new = place.commit or candidate.vcs_revision
    old = before or candidate.previous_vcs_revision
    if new is None:
        new = _tag(repository, place.service, place.version, "candidate", caveats)
    if old is None and baseline is not None and baseline.version != place.version:
        old = _tag(repository, place.service, baseline.version, "baseline", caveats)
    try:
        found = suspicion(
            repository,
            settings.mappings_of(place.service),
            failing_frames(_stacks(store, check), rules),
            old,
            new,
            settings.codeowners,
        )
    except GitFailed as error:
        return Suspicion(caveats=(f"The checkout could not be read: {error}",))
    return replace(found, caveats=(*caveats, *found.caveats))


def with_suspicion(check: Check, found: Suspicion) -> Check:
    """The check with suspects, owners, and what limits them."""
    return replace(
        check,
        suspects=found.suspects,
        owners=found.owners,
        caveats=(*check.caveats, *found.caveats),
    )


def _commits(store: Asking, check: Check, version: str) -> CommitRow:
    """What was sent and told of the commits of a version of the service."""
    place = check.deployment
    asked = {
        "service_name": place.service,
        "service_version": version,
        "service_namespace": place.namespace,
        "environment_name": place.environment,
        "deployment_id": place.deployment_id if version == place.version else None,
    }
    rows = store.rows("deployment_facts", asked).records(CommitRow)
    return rows[0] if rows else CommitRow(None, None)


def _stacks(store: Asking, check: Check) -> Sequence[FailingStack]:
    """The stack traces of the deployment; of exceptions that the check does not list, as ongoing
    ones. Silenced exceptions are not listed and count as little."""
    place, window = check.deployment, check.window
    asked = {
        "service_name": place.service,
        "service_version": place.version or "",
        "environment_name": place.environment,
        "deployment_id": place.deployment_id,
        "since": None if window is None else _moment(window.since),
        "until": None if window is None else _moment(window.until),
    }
    states = {one.fingerprint: one.state for one in check.exceptions}
    return [
        FailingStack(
            stacktrace=row.exception_stacktrace,
            language=row.sdk_language,
            state=states.get(row.fingerprint, _ONGOING),
            traces=row.traces,
        )
        for row in store.rows("failing_stacks", asked).records(StackRow)
        if states.get(row.fingerprint) != _GONE
    ]


def _moment(text: str) -> datetime:
    """As queries take it: UTC, without saying so."""
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)


def _tag(
    repository: Path, service: str, version: str | None, side: str, caveats: list[str]
) -> str | None:
    """The tag that is named like the version, when no commit was sent."""
    name = tagged(opened(repository), service, version) if version else None
    if name is not None:
        caveats.append(
            f"The {side}'s commit was not sent; the tag {shortened(shown(name), 80)} was taken."
        )
    return name
